"""Reads files that are written as a whole (Parquet, Excel sheets, JSON) as chunks of rows of text.

In: a file that is finished, and how many of its rows were read before. Out: chunks of rows, as of a text file.
The rule it guards: a value is given as it stands in the file, an instant as 2026-01-31T23:59:59, a clock time as 23:59:59.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import fastexcel
import polars as pl

from etl import LoadError
from etl.mappings.mapping_facts import ROW
from etl.sources.files.file_chunks import MOST_ROWS, Chunk, Wanted, digest, masked, places
from etl.sources.files.file_open import opened_file, refuse_no_file, shown
from etl.sources.files.file_rows import as_object, value_at
from etl.sources.files.file_workbook import check_workbook

ROW_BYTES = 200  # about what a row takes, of a file that does not tell
LARGEST_JSON_BYTES = 256 << 20
_BLANK = re.compile(r"[ \t\r\n]*")
_ELAPSED = re.compile(r"^(1899-12-31|1900-0[12]-[0-9]{2}) ([0-9]{2}):([0-9]{2}:[0-9]{2})(?:\.[0-9]+)?$")


class TooShortError(LoadError):
    """A sheet has fewer rows than the one in which its columns are named."""


class _Table(Protocol):
    """A file as rows of text."""

    @property
    def height(self) -> int:
        """How many rows there are."""

    @property
    def first_row_number(self) -> int:
        """The number of the first row in its file."""

    def part(self, first: int, count: int, wanted: Wanted) -> tuple[pl.DataFrame, list[bytes]]:
        """Some rows: the wanted columns (all null where a row tells nothing), and the digests of their content."""

    def fault(self, row: int) -> tuple[str, str] | None:
        """Why the row cannot be read, and its text."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns that there are."""


def whole_chunks(
    path: Path,
    format_name: str,
    wanted: Wanted,
    *,
    start_row: int,
    sheet: str | None,
    header_row: int,
    piece_bytes: int,
) -> Iterator[Chunk]:
    """The rows after the first `start_row`, in chunks of about `piece_bytes`; LoadError where the file is broken.

    Of a file with fewer rows nobody read so many: that is a LoadError too.
    """
    table = _opened(path, format_name, sheet, header_row)
    if start_row > table.height:
        raise LoadError(
            f"{shown(path)}: the stored cursor stands after row {start_row}, found {table.height} rows; expected a place "
            "within the file. Run `floorboard etl run --source NAME --from-start`; rows loaded already do not count twice."
        )
    most = max(1, min(MOST_ROWS, piece_bytes // ROW_BYTES))
    first = 0 if wanted.with_digests else start_row
    while first < table.height:
        is_earlier = first < start_row
        count = min(MOST_ROWS, start_row - first) if is_earlier else min(most, table.height - first)
        frame, digests = table.part(first, count, wanted)
        yield _chunk(table, frame, digests, first, is_earlier=is_earlier)
        first += count


def column_names_of(path: Path, format_name: str, header_row: int) -> tuple[str, ...]:
    """The columns of a file; none where it is shorter than that row."""
    try:
        return _opened(path, format_name, None, header_row).column_names
    except TooShortError:
        return ()


def _chunk(
    table: _Table, frame: pl.DataFrame, digests: list[bytes], first: int, *, is_earlier: bool
) -> Chunk:
    numbers = [first + table.first_row_number + place for place in range(frame.height)]
    told = [table.fault(first + place) for place in range(frame.height)]
    faults = [(number, *fault) for number, fault in zip(numbers, told, strict=True) if fault]
    is_blank = frame.select(pl.all_horizontal(pl.all().is_null()).alias("b"))["b"].to_list()
    kept = [not blank and not fault for blank, fault in zip(is_blank, told, strict=True)]
    rows = frame.with_columns(pl.Series(ROW, numbers, dtype=pl.Int64)).filter(
        pl.Series(kept, dtype=pl.Boolean)
    )
    return Chunk(
        rows.clear() if is_earlier else rows,
        [item for item, is_kept in zip(digests, kept, strict=True) if is_kept] if digests else [],
        [] if is_earlier else faults,
        0 if is_earlier else len(kept) - sum(kept) - len(faults),
        first + frame.height,
        numbers[-1] + 1 if numbers else 1,
        "",
        is_earlier,
        table.column_names,
    )


def _opened(path: Path, format_name: str, sheet: str | None, header_row: int) -> _Table:
    refuse_no_file(path)
    if format_name == "json":
        return _Objects.of(path)
    if format_name == "xlsx":
        return _Sheet.of(path, sheet, header_row)
    return _Parquet.of(path)


def _chosen(frame: pl.DataFrame, wanted: Wanted, file_name: str) -> pl.DataFrame:
    found = places(frame.columns, wanted, file_name)
    return pl.DataFrame(
        [
            frame.to_series(place).alias(name)
            if place is not None
            else pl.Series(name, [None], pl.String).new_from_index(0, frame.height)
            for name, place in found.items()
        ]
    )


def _digests(frame: pl.DataFrame) -> list[bytes]:
    return [digest("\x1f".join((text or "").strip() for text in row)) for row in frame.iter_rows()]


@dataclass
class _Parquet:
    path: Path
    file_columns: tuple[str, ...]
    height: int
    first_row_number: int = 1

    @classmethod
    def of(cls, path: Path) -> _Parquet:
        if shown(path) != str(path):
            raise LoadError(
                f"{shown(path)}: found a name that is not UTF-8; expected one that is. Rename the file."
            )
        try:
            columns = pl.read_parquet_schema(path)
            height = pl.scan_parquet(path).select(pl.len()).collect().item()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise LoadError(
                f"{path}: it cannot be read as Parquet ({str(error).splitlines()[0][:200]}); expected a finished Parquet "
                "file. Write it under another name first, and rename it when it is whole."
            ) from error
        return cls(path, tuple(columns), height)

    @property
    def column_names(self) -> tuple[str, ...]:
        return self.file_columns

    def fault(self, row: int) -> None:
        del row

    def part(self, first: int, count: int, wanted: Wanted) -> tuple[pl.DataFrame, list[bytes]]:
        rows = pl.scan_parquet(self.path).slice(first, count).collect()
        texts = rows.select(_as_text(pl.col(name), dtype).alias(name) for name, dtype in rows.schema.items())
        nested = [name for name in wanted.names if name not in texts.columns and "." in name]
        inner = [
            _as_text(_inside(name), rows.select(_inside(name)).to_series().dtype).alias(name)
            for name in nested
            if _has_inside(rows.schema, name)
        ]
        texts = texts.hstack(rows.select(inner)) if inner else texts
        return _chosen(texts, wanted, self.path.name), _digests(texts) if wanted.with_digests else []


def _inside(name: str) -> pl.Expr:
    first, *rest = name.split(".")
    value = pl.col(first)
    for part in rest:
        value = value.struct.field(part)
    return value


def _has_inside(schema: pl.Schema, name: str) -> bool:
    first, *rest = name.split(".")
    dtype: object = schema.get(first)
    for part in rest:
        inner = dtype.to_schema() if isinstance(dtype, pl.Struct) else {}
        dtype = inner.get(part)
    return dtype is not None


def _as_text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is not None:
            return value.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.f+00:00")
        return value.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
    if dtype == pl.Time:
        return value.dt.strftime("%H:%M:%S%.f")
    if isinstance(dtype, pl.Duration):
        return (value.dt.total_microseconds() / 1_000_000).cast(pl.String)
    if isinstance(dtype, pl.Struct):
        return value.struct.json_encode()
    if isinstance(dtype, pl.List | pl.Array):
        return pl.struct(items=value).struct.json_encode()
    return value.cast(pl.String, strict=False)


@dataclass
class _Sheet:
    """A sheet of a workbook; its cells as text, a blank row as nulls."""

    file_name: str
    frame: pl.DataFrame
    height: int
    first_row_number: int

    @classmethod
    def of(cls, path: Path, sheet: str | None, header_row: int) -> _Sheet:
        check_workbook(path, sheet)
        try:
            book = fastexcel.read_excel(path if shown(path) == str(path) else path.read_bytes())
            if sheet is not None and sheet not in book.sheet_names:
                raise LoadError(
                    f"{path}: there is no sheet '{sheet}'; found {', '.join(book.sheet_names)}. "
                    "Correct sheet in floorboard.toml."
                )
            cells = book.load_sheet(
                sheet if sheet is not None else 0, header_row=None, dtypes="string"
            ).to_polars()
        except (fastexcel.FastExcelError, OSError) as error:
            raise LoadError(
                f"{path}: it cannot be read as a workbook ({str(error).splitlines()[0][:200]}); "
                "expected a finished XLSX file. Save it again from Excel, or as CSV."
            ) from error
        if cells.height < header_row:
            raise TooShortError(
                f"{path}: found {cells.height} rows; expected the names of the columns in row {header_row}."
            )
        names = [(name or "").strip() for name in cells.row(header_row - 1)]
        while names and not names[-1]:
            names.pop()
        body = cells.slice(header_row)[:, : len(names)]
        body = _without_blank_end(body.select(_clock(pl.col(name)) for name in body.columns))
        body.columns = [f"{place}\x00{name}" for place, name in enumerate(names)]
        return cls(path.name, body, body.height, header_row + 1)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(name.partition("\x00")[2] for name in self.frame.columns)

    def fault(self, row: int) -> None:
        del row

    def part(self, first: int, count: int, wanted: Wanted) -> tuple[pl.DataFrame, list[bytes]]:
        rows = self.frame.slice(first, count)
        found = places(list(self.column_names), wanted, self.file_name)
        chosen = [
            rows.to_series(place).alias(name)
            if place is not None
            else pl.Series(name, [None], pl.String).new_from_index(0, rows.height)
            for name, place in found.items()
        ]
        return pl.DataFrame(chosen), _digests(rows) if wanted.with_digests else []


def _without_blank_end(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows up to the last that tells something: a sheet goes on for as long as somebody coloured its cells."""
    if not rows.width:
        return rows.clear()
    filled = rows.select(pl.any_horizontal(pl.all().is_not_null()).arg_true().max()).item()
    return rows.head(0 if filled is None else filled + 1)


def _clock(cell: pl.Expr) -> pl.Expr:
    """A cell with a time only comes as a time of 1899 or 1900; it is a time of day, or hours that have passed."""
    day = cell.str.extract(_ELAPSED.pattern, 1).str.to_date("%Y-%m-%d", strict=False)
    hours = (day - pl.date(1899, 12, 31)).dt.total_days() * 24 + cell.str.extract(_ELAPSED.pattern, 2).cast(
        pl.Int64
    )
    rest = cell.str.extract(_ELAPSED.pattern, 3)
    clock = pl.concat_str(hours.cast(pl.String).str.zfill(2), rest, separator=":")
    text = cell.str.strip_chars()
    return pl.coalesce(clock, pl.when(text != "").then(cell))


@dataclass
class _Objects:
    """The objects of a JSON file: of a list, of the one list within an object, or one after the other."""

    objects: list[dict[str, object] | None]
    faults: dict[int, tuple[str, str]] = field(default_factory=dict)
    first_row_number: int = 1

    @classmethod
    def of(cls, path: Path) -> _Objects:
        with opened_file(path) as file:
            data = file.read(LARGEST_JSON_BYTES + 1)
        if len(data) > LARGEST_JSON_BYTES:
            raise LoadError(
                f"{shown(path)}: found more than {LARGEST_JSON_BYTES >> 20} MB of JSON; expected less. "
                "Write it as JSON lines (.jsonl)."
            )
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise LoadError(
                f"{path}: found a byte that is not UTF-8 (at {error.start}); expected UTF-8."
            ) from None
        found = cls([])
        has_halves = "\\ud" in text.lower()
        for number, value in enumerate(_values(text, path)):
            try:
                found.objects.append(as_object(value, may_hold_halves=has_halves))
            except ValueError as error:
                found.objects.append(None)
                found.faults[number] = (f"found {error}", masked(json.dumps(value)))
        return found

    @property
    def height(self) -> int:
        return len(self.objects)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for found in self.objects[:1000] if found for name in found))

    def fault(self, row: int) -> tuple[str, str] | None:
        return self.faults.get(row)

    def part(self, first: int, count: int, wanted: Wanted) -> tuple[pl.DataFrame, list[bytes]]:
        rows = self.objects[first : first + count]
        columns = [
            pl.Series(name, [None if row is None else value_at(row, name) for row in rows], dtype=pl.String)
            for name in wanted.names
        ]
        digests = [digest(json.dumps(row, sort_keys=True)) for row in rows] if wanted.with_digests else []
        return pl.DataFrame(columns), digests


def _after_blanks(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _values(text: str, path: Path) -> Iterator[object]:
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
    at = _after_blanks(text, 0)
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise LoadError(
                f"{path}: no whole JSON ({getattr(error, 'msg', 'nested too deep')} at character "
                f"{getattr(error, 'pos', at)}); "
                "expected a list of objects. Write it under another name first, and rename it when it is whole."
            ) from None
        at = _after_blanks(text, at)
        inner = [item for item in value.values() if isinstance(item, list)] if isinstance(value, dict) else []
        if isinstance(value, list):
            yield from value
        elif (
            len(inner) == 1
            and inner[0]
            and all(isinstance(item, dict) for item in inner[0])
            and at == len(text)
        ):
            yield from inner[0]
        else:
            yield value
