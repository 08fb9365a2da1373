"""Reads any file or folder of files (CSV, TSV, JSON lines, JSON, Parquet, XLSX; text also as .gz) through a mapping.

Format: a table whose columns [sources.fields] turns into fields, see docs/sources/any-file.md. Grain: one row.
Cursor: for each file its content up to where it was read; text files are read on as they grow, others as a whole.
Delay: none; a last line without its end is taken a minute after the file was last written to.
What it cannot know: whatever the file does not tell. Rows of a file without ids are known by their content: one that is
corrected in the file counts as another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Literal

import polars as pl
from pydantic import Field, field_validator

from etl import LoadError
from etl.customer_key import customer_key
from etl.mappings.mapping import Mapping
from etl.mappings.mapping_facts import KEY, ROW, SEQ, map_rows
from etl.mappings.mapping_values import HIDDEN_KEY, Context, cleaned, is_hidden
from etl.masking import is_masked
from etl.sources import PIECE_BYTES, REJECT_SCHEMA, UNUSED_SCHEMA, Batch, Reader, SettingsPath, Site
from etl.sources.files.file_chunks import Chunk, Wanted, told_names
from etl.sources.files.file_open import LONGEST_KEPT, cut, shown
from etl.sources.files.file_rows import Layout
from etl.sources.files.file_states import Position
from etl.sources.files.followed_files import FollowedFiles

LINE = "#line"
MOST_KNOWN_KEYS = 200_000
FILTERED, EMPTY_STATES, NO_ROWS = (
    "row passed over by a filter",
    "state of no length",
    "blank row or repeated header",
)
FormatName = Literal["csv", "tsv", "jsonl", "json", "parquet", "xlsx"]
Encoding = Literal[
    "utf-8", "utf-16", "cp1250", "cp1251", "cp1252", "cp1257", "iso-8859-1", "iso-8859-2", "iso-8859-15", "koi8-r",
    "cp932", "gb18030",
]  # fmt: skip


class MappedFileSettings(Mapping):
    """A file, a folder or a pattern (with *) of files that are read through a mapping."""

    kind: Literal["file"]
    path: SettingsPath
    format: FormatName | None = None
    """Without it the ending of the file's name tells it."""
    sheet: Annotated[str, Field(min_length=1)] | None = None
    """The sheet of a workbook, else its first."""
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    quote_sign: Annotated[str, Field(max_length=1)] = '"'
    encoding: Encoding = "utf-8"
    header_row: Annotated[int, Field(ge=1, le=1000)] = 1
    """The row with the names of the columns; rows above it are passed over."""
    has_header: bool = True
    """Without one, columns are named "1", "2", "3"."""

    @field_validator("separator")
    @classmethod
    def _is_no_letter(cls, value: str | None) -> str | None:
        if value is not None and (value.isalnum() or value in '"\r\n'):
            raise ValueError('a sign such as ";" or "\\t"')
        return value

    def reader(self, site: Site, secret: bytes) -> MappedFiles:
        """The reader of these files."""
        return MappedFiles(self, site, secret)

    def origin_text(self) -> str:
        """The path, what its rows are, and which of them are taken."""
        rules = [
            {column: condition.model_dump(exclude_unset=True) for column, condition in rule.items()}
            for rule in (*self.only, *self.skip)
        ]
        return f'path = "{self.path}" with facts = "{self.facts}"' + (
            f" of the rows {rules}" if rules else ""
        )

    def layout(self) -> Layout:
        """How a text file is laid out."""
        return Layout("csv", self.separator, self.quote_sign, self.encoding, self.header_row, self.has_header)


@dataclass(frozen=True)
class MappedFiles(Reader):
    """Files that are read through a mapping; `secret` keys the hash that stands for a customer."""

    settings: MappedFileSettings
    site: Site
    secret: bytes
    known_keys: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)
    """Hashes made already, of those who call often; never shown, and gone with the reader."""

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Everything that the files hold beyond the position, the file that was changed first before the others.

        A file that cannot be read does not hold up the others: it is named in a LoadError at the end.
        """
        try:
            position = Position.from_text(position_text)
        except ValueError as error:
            raise LoadError(
                f"the stored cursor is not usable, {error}. Run `floorboard etl run --source {self.settings.name} "
                "--from-start`; rows loaded already do not count twice."
            ) from error
        found = self.files.new_chunks(position, now=now, piece_bytes=piece_bytes)
        for path, chunk, after in found:
            if chunk is None:
                yield Batch({}, 0, after.to_text(), carry_text)
                continue
            notice = self._notice(position, chunk.column_names, shown(path.name))
            batch = self._batch(chunk, shown(path.name), now=now, refusal=refusal)
            yield replace(batch, position_text=after.to_text(), carry_text=carry_text, notice=notice)
            position, refusal = after, None

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Rows once refused, read once more: a batch of those taken now, and which (from 0) are still refused."""
        still: set[int] = set()
        rows: list[dict[str, str | None]] = []
        places: list[int] = []
        for place, raw_text in enumerate(raw_texts):
            row = _kept_row(raw_text)
            if (
                row is None
                or self._has_lost_names(row)
                or not set(self.settings.column_names) <= row.keys() | self.settings.optional_column_names
            ):
                still.add(place)
            else:
                rows.append(row)
                places.append(place)
        table = pl.DataFrame(
            {name: [row.get(name) for row in rows] for name in (*self.settings.column_names, ROW, KEY)},
            schema_overrides=dict.fromkeys((*self.settings.column_names, ROW, KEY), pl.String()),
        ).with_columns(pl.col(ROW).cast(pl.Int64), pl.Series(SEQ, places, dtype=pl.Int64))
        mapped = map_rows(table if self.settings.makes_ids else table.drop(KEY), self._context(), now=now)
        still |= set(mapped.faults["seq"].to_list())
        batch = Batch(
            mapped.facts,
            len(raw_texts) - len(still),
            "",
            carry_text,
            mapped.newest_event_at,
            rows=self._rows(table, "", mapped.seqs),
            names=mapped.names,
        )
        return batch, frozenset(still)

    @property
    def files(self) -> FollowedFiles:
        """The files, and what is wanted of them."""
        settings = self.settings
        wanted = Wanted(settings.column_names, settings.optional_column_names, settings.makes_ids)
        return FollowedFiles(settings.path, settings.format, settings.layout(), settings.sheet, wanted)

    def _context(self) -> Context:
        return Context(self.settings, self.settings.time_zone or self.site.time_zone_name, self._key)

    def _key(self, text: str) -> str | None:
        if text not in self.known_keys:
            if len(self.known_keys) >= MOST_KNOWN_KEYS:
                self.known_keys.clear()
            self.known_keys[text] = customer_key(self.secret, text, self.site.country_name)
        return self.known_keys[text]

    def _batch(self, chunk: Chunk, file_name: str, *, now: datetime, refusal: str | None) -> Batch:
        """The batch of a chunk; of its rows those that tell nothing new are counted among the rows read only."""
        table = chunk.table.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(SEQ))
        if refusal:
            every = table.select(pl.col(SEQ).alias("seq"), reason_text=pl.lit(refusal))
            mapped = replace(map_rows(table.clear(), self._context(), now=now), faults=every)
        else:
            mapped = map_rows(table, self._context(), now=now)
        split = [
            (f"{file_name}:{line}", "", reason, json.dumps({LINE: text}, ensure_ascii=False))
            for line, reason, text in chunk.faults
        ]
        refused = self._rows(table, file_name, mapped.faults["seq"]).join(mapped.faults, on="seq")
        rejects = pl.concat(
            [
                pl.DataFrame(split, schema=REJECT_SCHEMA, orient="row"),
                refused.with_columns(file_key=pl.lit("")).select(REJECT_SCHEMA.keys()),
            ]
        )
        passed = (
            (FILTERED, mapped.filtered_rows),
            (EMPTY_STATES, mapped.empty_rows),
            (NO_ROWS, chunk.passed_rows),
        )
        return Batch(
            mapped.facts,
            table.height + len(chunk.faults) + chunk.passed_rows,
            "",
            "",
            mapped.newest_event_at,
            rows=self._rows(table, file_name, mapped.seqs),
            rejects=rejects,
            unused=pl.DataFrame(
                [(name, True, rows) for name, rows in passed if rows], schema=UNUSED_SCHEMA, orient="row"
            ),
            names=mapped.names,
        )

    def _rows(self, table: pl.DataFrame, file_name: str, seqs: pl.Series) -> pl.DataFrame:
        """The rows of these numbers with their place and their text, in which customers are hashes."""
        rows = table.filter(pl.col(SEQ).is_in(seqs.implode())).with_columns(pl.col(ROW).cast(pl.String))
        kept = [name for name in (*self.settings.column_names, KEY, ROW) if name in rows.columns]
        return rows.with_columns(self._hidden(rows)).select(
            pl.col(SEQ).alias("seq"),
            pl.concat_str(pl.lit(f"{file_name}:"), ROW).alias("place_text"),
            _cut(pl.struct(kept).struct.json_encode()).alias("raw_text"),
        )

    def _has_lost_names(self, row: dict[str, str | None]) -> bool:
        """Whether a number or an address was taken out of another column than the customer's."""
        spec = self.settings.fields.get("customer")
        private = spec.column_names if spec else ()
        used = (name for name in self.settings.column_names if name not in private)
        return any(is_masked(row.get(name)) for name in used)

    def _hidden(self, rows: pl.DataFrame) -> list[pl.Series]:
        """The columns of customers with hashes for their numbers and addresses; what is neither is left out."""
        spec = self.settings.fields.get("customer")
        hidden = []
        for name in dict.fromkeys(spec.column_names if spec else ()):
            texts = rows.select(cleaned(pl.col(name), self.settings.null_texts)).to_series()
            keys = {text: self._hash(text) for text in texts.drop_nulls().unique().to_list()}
            hidden.append(texts.replace_strict(keys, default=None, return_dtype=pl.String).alias(name))
        return hidden

    def _hash(self, text: str) -> str | None:
        if is_hidden(text):
            return text
        key = self._key(text)
        return None if key is None else f"{HIDDEN_KEY}{key}"

    def _notice(self, position: Position, columns: tuple[str, ...], file_name: str) -> str | None:
        """Names columns that no file had before, once; they may be worth a field."""
        new = [column for column in columns if column and column not in position.column_names]
        unused = [column for column in new if column not in self.settings.column_names]
        if not position.files or not unused:
            return None
        return f"{file_name}: new columns that no field uses: {told_names(unused)}."


def _cut(text: pl.Expr) -> pl.Expr:
    """Texts to be kept; a very long one is cut and says so."""
    is_long = text.str.len_chars() > LONGEST_KEPT
    return pl.when(is_long).then(text.map_elements(cut, return_dtype=pl.String)).otherwise(text)


def _kept_row(raw_text: str) -> dict[str, str | None] | None:
    """The row of a raw text; None where it was kept as a line that could not be split."""
    try:
        row = json.loads(raw_text)
    except ValueError:
        return None
    if not isinstance(row, dict) or LINE in row:
        return None
    return row if all(value is None or isinstance(value, str) for value in row.values()) else None
