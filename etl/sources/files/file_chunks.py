"""Reads the rows of a text file as columns of text: some thousands at a time, from where reading stood.

In: a file (CSV, TSV, JSON lines), its layout, the columns that are wanted. Out: chunks of rows.
The rule it guards: a file is never held in memory as a whole, and a column that is not there is named at once.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import polars as pl

from etl import LoadError
from etl.mappings.mapping_facts import ROW
from etl.sources.files.file_rows import Dialect, Row, rows_of, value_at

MOST_ROWS = 50_000
DIGEST_BYTES = 16
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,:]*")
_TOLD = re.compile(
    r"(?<![^\s@])[^\s@]++@[^\s@]+\."
    r"|[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}[ T][0-9]{1,2}:[0-9]{2}|\+?[0-9][0-9 ()\-]{7,}[0-9]"
)
_PRIVATE = re.compile(r"[^\s@,;|\"]{1,128}+@[^\s@,;|\"]+|\+?[0-9][0-9 ()\-]{5,}[0-9]")


@dataclass(frozen=True)
class Wanted:
    """Which columns are read, which of them may be absent, and whether rows are named by their content."""

    names: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    with_digests: bool = False


@dataclass
class Chunk:
    """Some rows: their columns as text beside #row, the rows that could not be split, and where reading goes on.

    digests: of each row's whole content. is_earlier: rows that were read before, of which only the digests are wanted.
    """

    table: pl.DataFrame
    digests: list[bytes] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    passed_rows: int = 0
    end_offset: int = 0
    end_line: int = 1
    pending_sha256: str = ""
    is_earlier: bool = False
    column_names: tuple[str, ...] = ()


def places(header: list[str], wanted: Wanted, file_name: str) -> dict[str, int | None]:
    """Where each wanted column stands; raises LoadError for one that is absent or stands there twice.

    A column of a name that stands twice is named with its number: "wait#2".
    """
    exact: dict[str, list[int]] = {}
    lowered: dict[str, list[int]] = {}
    for place, given in enumerate(map(_plain, header)):
        exact.setdefault(given, []).append(place)
        lowered.setdefault(given.casefold(), []).append(place)
    found: dict[str, int | None] = {}
    for name in wanted.names:
        matches = exact.get(_plain(name)) or lowered.get(_plain(name).casefold(), [])
        numbered = re.fullmatch(r"(.+)#([0-9]{1,5})", name)
        if not matches and numbered:
            alike = exact.get(_plain(numbered[1]), [])
            number = int(numbered[2])
            matches = alike[number - 1 : number] if number else []
        if len(matches) > 1:
            raise LoadError(
                f"{file_name}: the column '{name}' stands there {len(matches)} times; expected one of that name. "
                f"Write '{name}#1' or '{name}#2' in floorboard.toml."
            )
        if not matches and name not in wanted.optional:
            raise _no_column(header, name, file_name)
        found[name] = matches[0] if matches else None
    return found


def _no_column(header: list[str], name: str, file_name: str) -> LoadError:
    if looks_like_data(header):
        return LoadError(
            f"{file_name}: there is no column '{name}'; found {told_names(header)}. The first row looks like data: set "
            'has_header = false in floorboard.toml and name the columns "1", "2", "3", or write a header into the file.'
        )
    return LoadError(
        f"{file_name}: there is no column '{name}'; found {told_names(header) or 'none'}. Correct [sources.fields] in "
        "floorboard.toml, or write is_optional = true for the field."
    )


def looks_like_data(header: Sequence[str]) -> bool:
    """Whether the names of columns seem to be a row: an instant, an address or a number of a customer, many numbers."""
    if list(header) == [str(place) for place in range(1, len(header) + 1)]:
        return False
    cells = [name.strip() for name in header if name.strip()]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in cells)
    return any(_TOLD.search(cell) for cell in cells) or 0 < len(cells) <= 3 * numbers


def told_names(header: Sequence[str]) -> str:
    """Names of columns for a message: of a row that seems to be data three beginnings, else twenty names at most."""
    names = [name for name in header if name]
    if looks_like_data(header):
        told, most = [f"'{masked(name)[:2]}…'" for name in names[:3]], 3
    else:
        told, most = [masked(name)[:60] for name in names[:20]], 20
    return ", ".join(told) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def masked(text: str) -> str:
    """A row that could not be split, without what may be the address or the number of a customer."""
    return _PRIVATE.sub("…", text[:8192]).replace("\x00", "\u2400")


def text_chunks(
    file: BinaryIO,
    dialect: Dialect,
    wanted: Wanted,
    *,
    file_name: str,
    start: tuple[int, int],
    is_settled: bool,
    pending_sha256: str = "",
    piece_bytes: int,
) -> Iterator[Chunk]:
    """The rows of a text file from `start` (byte, line) on, in chunks of about `piece_bytes`.

    A last line without its end is read only where the file is settled; reading then goes on before it, so that it is
    read again when it grows. pending_sha256: such a line that was read before.
    """
    begin = (dialect.first_offset, dialect.first_line)
    offset, line = max(start, begin) if start[0] else begin
    begin = begin if wanted.with_digests else (offset, line)
    chunk, taken_bytes, taken = _Builder(wanted, dialect, file_name), 0, 0
    done = begin[0]
    for row in rows_of(file, dialect, *begin, is_settled=is_settled):
        is_earlier = row.end_offset <= offset
        if not row.is_whole and not is_settled:
            break
        if is_earlier != chunk.is_earlier and taken:
            yield chunk.done()
            chunk, taken_bytes, taken = _Builder(wanted, dialect, file_name), 0, 0
        chunk.is_earlier = is_earlier
        if not row.is_whole:
            sha256 = hashlib.sha256(row.data).hexdigest()
            if sha256 == pending_sha256:
                break
            chunk.pending_sha256 = sha256
        chunk.add(row, end=(done, row.line_number) if not row.is_whole else (row.end_offset, row.end_line))
        taken, taken_bytes, done = taken + 1, taken_bytes + row.end_offset - done, row.end_offset
        if taken >= MOST_ROWS or (taken_bytes >= piece_bytes and not is_earlier):
            yield chunk.done()
            chunk, taken_bytes, taken = _Builder(wanted, dialect, file_name), 0, 0
    if taken:
        yield chunk.done()


class _Builder:
    """Gathers the rows of a chunk."""

    def __init__(self, wanted: Wanted, dialect: Dialect, file_name: str) -> None:
        self.wanted, self.dialect, self.file_name = wanted, dialect, file_name
        is_table = dialect.layout.format_name != "jsonl"
        self.found_at = places(dialect.column_names, wanted, file_name) if is_table else None
        self.lists: list[list[str]] = []
        self.objects: list[dict[str, object]] = []
        self.numbers: list[int] = []
        self.digests: list[bytes] = []
        self.faults: list[tuple[int, str, str]] = []
        self.passed_rows, self.end, self.pending_sha256, self.is_earlier = 0, (0, 1), "", False
        self.others: dict[str, None] = {}

    def add(self, row: Row, *, end: tuple[int, int]) -> None:
        self.end = end
        cells, reason = row.cells, row.reason
        if isinstance(cells, list):
            self._refuse_another_header(cells, row.line_number)
            cells, reason = self._checked(cells)
            if cells is None and not reason:
                self.passed_rows += 1
                return
        if cells is None:
            self.faults.append((row.line_number, f"found {reason}", masked(row.text)))
            return
        self.numbers.append(row.line_number)
        if isinstance(cells, list):
            self.lists.append(cells)
            content = "\x1f".join(cell.strip() for cell in cells)
        else:
            self.objects.append(cells)
            self.others |= dict.fromkeys(cells)
            content = json.dumps(cells, sort_keys=True) if self.wanted.with_digests else ""
        if self.wanted.with_digests:
            self.digests.append(digest(content))

    def _refuse_another_header(self, cells: list[str], line_number: int) -> None:
        """A header in another order would turn every row after it into something else, unseen."""
        names = self.dialect.column_names
        plain = [cell.strip() for cell in cells]
        is_header = len(names) > 1 and sorted(plain) == sorted(names) and plain != names
        if is_header and self.dialect.layout.has_header:
            raise LoadError(
                f"{self.file_name}, line {line_number}: the columns stand in another order from here on; expected one "
                "header, or the same one again. Put the rows that follow into a file of their own."
            )

    def _checked(self, cells: list[str]) -> tuple[list[str] | None, str]:
        """The cells where there are as many as columns; None without a reason for a row that tells nothing."""
        names, has_header = self.dialect.column_names, self.dialect.layout.has_header
        width = len(names)
        if not any(cell.strip() for cell in cells):
            return None, ""
        if has_header and len(cells) >= width and [cell.strip() for cell in cells[:width]] == names:
            return None, ""
        if len(cells) == width:
            return cells, ""
        if len(cells) > width and (not has_header or not any(cell.strip() for cell in cells[width:])):
            return cells[:width], ""
        if not has_header:
            return [*cells, *[""] * (width - len(cells))], ""
        return None, f"{len(cells)} fields; expected {width} as the header has"

    def done(self) -> Chunk:
        columns: dict[str, Iterable[str | None]] = {}
        if not self.is_earlier and self.found_at is not None:
            turned = list(zip(*self.lists, strict=True)) if self.lists else []
            for name, place in self.found_at.items():
                is_there = place is not None and bool(turned)
                columns[name] = turned[place] if is_there and place is not None else [None] * len(self.lists)
        elif not self.is_earlier:
            columns = {name: [value_at(found, name) for found in self.objects] for name in self.wanted.names}
        rows = [] if self.is_earlier else self.numbers
        return Chunk(
            _table(columns, rows),
            self.digests,
            [] if self.is_earlier else self.faults,
            0 if self.is_earlier else self.passed_rows,
            *self.end,
            self.pending_sha256,
            self.is_earlier,
            tuple(self.dialect.column_names or self.others),
        )


def _table(columns: dict[str, Iterable[str | None]], rows: list[int]) -> pl.DataFrame:
    given = [pl.Series(name, values, dtype=pl.String, strict=False) for name, values in columns.items()]
    return pl.DataFrame([*given, pl.Series(ROW, rows, dtype=pl.Int64)])


def digest(content: str) -> bytes:
    """A short name of a row's content."""
    return hashlib.blake2b(content.encode(), digest_size=DIGEST_BYTES).digest()
