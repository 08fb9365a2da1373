"""Reads a table out of a CSV file row by row, however long its texts are; a row that cannot be split is refused alone.

In: a file with a header, and the columns without which it is another file. Out: rows as column -> text, or why not.
The rule it guards: a quote that stands wrong costs the line in which it stands, never the rows after it.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, TextIO

from etl import LoadError
from etl.sources.files.file_open import opened_file

LONGEST_FIELD = 1 << 20  # sixteen times what a comment of a ticket may hold
LONGEST_KEPT = 500
_HARMLESS = re.compile(r"[0-9TZ:. +/-]{0,40}|TRUE|FALSE|[a-z_]{1,20}_id", re.IGNORECASE)


class TableRow(NamedTuple):
    """One row: its number from 1, its texts by column; or the reason why it has none, and what may be kept of it."""

    number: int
    texts: dict[str, str]
    fault: str | None = None
    kept_text: str = ""


def table_rows(file: Path, required: tuple[str, ...]) -> Iterator[TableRow]:
    """The rows of a file; LoadError where it cannot be read or lacks a column."""
    before = csv.field_size_limit(LONGEST_FIELD)  # one for the whole process: others read by their own
    try:
        with TextIOWrapper(opened_file(file), encoding="utf-8-sig", errors="replace", newline="\n") as opened:
            yield from _rows(opened, file, required)
    except OSError as error:
        raise LoadError(
            f"{file}: the file cannot be read ({error.strerror}), expected a readable one. Check its permissions."
        ) from error
    finally:
        csv.field_size_limit(before)


def _rows(opened: TextIO, file: Path, required: tuple[str, ...]) -> Iterator[TableRow]:
    lines = _Lines(opened)
    header = lines.row(width=None)
    names = [name.strip().lower() for name in header.cells] if header else []
    missing = [name for name in required if name not in names]
    if missing:
        raise LoadError(
            f"{file}: found no column {missing[0]}, expected {', '.join(required)}. "
            "Export the table whole, in the Fivetran schema."
        )
    number = 0
    while (found := lines.row(width=len(names))) is not None:
        number += 1
        if found.fault:
            yield TableRow(number, {}, found.fault, _kept(found.text))
            continue
        texts = dict(zip(names, [*found.cells, *[""] * (len(names) - len(found.cells))], strict=False))
        width = len(found.cells)
        fault = (
            f"{width} fields, more fields than the header; expected {len(names)}"
            if width > len(names)
            else None
        )
        yield TableRow(number, texts, fault)


class _Split(NamedTuple):
    """The cells of one row, or why its first line has none, and that line."""

    cells: list[str]
    fault: str | None
    text: str


class _Lines:
    """The lines of a file, of which those that a wrong quote swallowed are given back."""

    def __init__(self, opened: TextIO) -> None:
        self._opened, self._given_back = opened, deque[str]()
        self._taken: list[str] = []

    def row(self, *, width: int | None) -> _Split | None:
        """The next row that is not blank; None at the end. width: of a row over several lines, its number of cells."""
        while True:
            self._taken = []
            try:
                cells = next(csv.reader(self, strict=True), None)
            except csv.Error as error:
                return self._refused(f"found no CSV in the row ({error}); expected fields in quotes that end")
            if cells is None:
                return None
            if len(self._taken) > 1 and width is not None and len(cells) != width:
                return self._refused("found a quote that is never closed; expected fields in quotes that end")
            if cells:
                return _Split(cells, None, "")

    def _refused(self, fault: str) -> _Split:
        first, *others = self._taken
        self._given_back.extendleft(reversed(others))
        return _Split([], fault, first)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._opened.readline(LONGEST_FIELD)
        if not line:
            raise StopIteration
        self._taken.append(line)
        if len(line) >= LONGEST_FIELD and not line.endswith("\n"):
            while (rest := self._opened.readline(LONGEST_FIELD)) and not rest.endswith("\n"):
                continue
            raise csv.Error(f"a line of more than {LONGEST_FIELD:,} characters")
        return line


def _kept(line: str) -> str:
    """Of a line that nobody could split what can be no word of a customer: numbers, instants, names of columns."""
    parts = re.split(r'([,"]+)', line.rstrip("\r\n")[:LONGEST_KEPT])
    return "".join(
        part if place % 2 or _HARMLESS.fullmatch(part) else "\u2026" for place, part in enumerate(parts)
    )
