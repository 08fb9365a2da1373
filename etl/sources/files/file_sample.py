"""Takes the first rows of a file of which nothing is known, with all its columns, and finds out how it is laid out.

In: a file. Out: some rows as text, and the settings without which it could not be read.
The rule it guards: what is found here is written into the settings, so that a load finds the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from etl import LoadError
from etl.mappings.mapping_facts import ROW
from etl.sources.files.file_chunks import Chunk, Wanted, text_chunks
from etl.sources.files.file_open import UNPACKING_FAULTS, broken_packing, opened, refuse_no_file, shown
from etl.sources.files.file_rows import SAMPLE_BYTES, Dialect, Layout, dialect_of, rows_of
from etl.sources.files.followed_files import ENDINGS, TEXT_FORMATS, format_of
from etl.sources.files.whole_files import column_names_of, whole_chunks

SAMPLE_ROWS = 20_000
MOST_COLUMNS = 1_000
MOST_TITLE_ROWS = 10
PIECE = 4 << 20


@dataclass(frozen=True)
class Sample:
    """Some rows of a file as text, and the settings (header_row, encoding, separator) that its layout needs."""

    rows: pl.DataFrame
    settings: dict[str, Any] = field(default_factory=dict)
    left_out_columns: int = 0
    """How many columns were not looked at, of a file with very many."""


def sample(path: Path) -> Sample:
    """The first rows of a file; LoadError where it is none that can be read."""
    refuse_no_file(path)
    if not path.exists():
        raise LoadError(f"{shown(path)}: there is no such file; expected one to look at. Correct the path.")
    format_name = format_of(path)
    settings: dict[str, Any] = {}
    if format_name is None:
        raise LoadError(
            f"{shown(path)}: its name tells no format; expected one of {', '.join(ENDINGS)}, the text ones also with .gz."
        )
    try:
        if format_name in TEXT_FORMATS:
            chunk, settings = _of_text(path, format_name)
        else:
            chunk, settings = _of_whole(path, format_name)
    except LoadError as error:
        raise LoadError(shown(str(error))) from error
    except UNPACKING_FAULTS as error:
        raise broken_packing(path, error) from error
    except OSError as error:
        raise LoadError(
            f"{shown(path)}: it cannot be read ({error.strerror or error}); expected a file that may be read."
        ) from error
    if chunk is None:
        raise LoadError(
            f"{shown(path)}: there are no rows in it; expected the names of the columns and a row at least."
        )
    return Sample(
        chunk.table.drop(ROW).head(SAMPLE_ROWS), settings, max(0, len(chunk.column_names) - MOST_COLUMNS)
    )


def _of_text(path: Path, format_name: str) -> tuple[Chunk | None, dict[str, Any]]:
    settings: dict[str, Any] = {}
    with opened(path) as file:
        encoding = _encoding(file.read(SAMPLE_BYTES))
        if encoding != "utf-8":
            settings["encoding"] = encoding
        layout = Layout(format_name, encoding=encoding)
        if format_name == "jsonl":
            dialect = dialect_of(file, layout, path.name)
        else:
            dialect, header_row = _with_header(file, layout, path.name)
            if header_row > 1:
                settings["header_row"] = header_row
        if dialect is None:
            return None, settings
        names = _unique(dialect.column_names) if format_name != "jsonl" else _keys(file, dialect)
        chunks = text_chunks(
            file,
            dialect,
            Wanted(names, frozenset(names)),
            file_name=path.name,
            start=(0, 1),
            is_settled=True,
            piece_bytes=PIECE,
        )
        return next(chunks, None), settings


def _with_header(file: Any, layout: Layout, file_name: str) -> tuple[Dialect | None, int]:
    """The first row that names several columns: rows above it are a title."""
    first = dialect_of(file, layout, file_name)
    for number in range(1, MOST_TITLE_ROWS + 1):
        told = Layout(layout.format_name, encoding=layout.encoding, header_row=number)
        dialect = dialect_of(file, told, file_name)
        if dialect is None:
            break
        if len([name for name in dialect.column_names if name]) > 1:
            return dialect, number
    return first, 1


def _unique(names: list[str]) -> tuple[str, ...]:
    """The names by which columns are called in a mapping: of two alike the second is "name#2"."""
    times, before, given = Counter(names), Counter[str](), []
    for name in names:
        before[name] += 1
        if name:
            given.append(f"{name}#{before[name]}" if times[name] > 1 else name)
    return tuple(name for name in given if name.partition("#")[0])[:MOST_COLUMNS]


def _keys(file: Any, dialect: Dialect) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for number, row in enumerate(rows_of(file, dialect, dialect.first_offset, 1, is_settled=True)):
        if number >= SAMPLE_ROWS:
            break
        if isinstance(row.cells, dict):
            names |= dict.fromkeys(_paths(row.cells))
    return tuple(names)[:MOST_COLUMNS]


def _paths(found: dict[str, object], before: str = "") -> list[str]:
    """The names of the values of an object, of inner objects as paths with points."""
    paths: list[str] = []
    for name, value in found.items():
        if isinstance(value, dict) and before.count(".") < 3:
            paths += _paths(value, f"{before}{name}.")
        elif not isinstance(value, list):
            paths.append(f"{before}{name}")
    return paths


def _of_whole(path: Path, format_name: str) -> tuple[Chunk | None, dict[str, Any]]:
    rows = range(1, MOST_TITLE_ROWS + 1) if format_name == "xlsx" else range(1, 2)
    named = {row: [name for name in column_names_of(path, format_name, row) if name] for row in rows}
    widest = max(len(names) for names in named.values())
    if not widest:
        return None, {}
    header_row = next(row for row, names in named.items() if len(names) >= max(1, widest - 1))
    names = _unique(list(column_names_of(path, format_name, header_row)))
    chunks = whole_chunks(
        path,
        format_name,
        Wanted(names, frozenset(names)),
        start_row=0,
        sheet=None,
        header_row=header_row,
        piece_bytes=SAMPLE_ROWS * 200,
    )
    return next(chunks, None), {"header_row": header_row} if header_row > 1 else {}


def _encoding(beginning: bytes) -> str:
    """UTF-8 where it is that; UTF-16 by its mark or its many zero bytes; else Western European."""
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")) or beginning[1:400:2].count(0) > 100:
        return "utf-16"
    for cut in range(4):  # the last sign may be cut
        try:
            beginning[: len(beginning) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return "utf-8"
    return "cp1252"
