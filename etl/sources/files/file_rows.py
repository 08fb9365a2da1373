"""Splits a text file (CSV, TSV, JSON lines) into its rows while it may still be growing, whatever its writer did to it.

In: an open file and how it is laid out. Out: rows one after the other, each with its line and the byte after it.
The rule it guards: a row that cannot be split is refused alone; the rows after it are read, however broken it is.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from etl import LoadError

LONGEST_LINE_BYTES = 1 << 20
BLOCK_BYTES = 1 << 20
SAMPLE_BYTES = 64 * 1024
MOST_QUOTED_LINES = 500
SEPARATORS = (",", ";", "\t", "|")
_SEP_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # Excel writes it to tell itself
NEVER_CLOSED = "a quote that is never closed; expected a closing one"
STILL_OPEN = "a quote that is still open"


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out, as the settings say; what they leave open is found from its content."""

    format_name: str
    separator: str | None = None
    quote_sign: str = '"'
    encoding: str = "utf-8"
    header_row: int = 1
    has_header: bool = True


class Row(NamedTuple):
    """One row: the line where it begins, its cells or object (or the reason for which it has none), and its end."""

    line_number: int
    cells: list[str] | dict[str, object] | None
    reason: str
    text: str
    end_offset: int
    end_line: int
    is_whole: bool
    data: bytes


@dataclass(frozen=True)
class Dialect:
    """How this very file is laid out: its columns, and where its first row begins."""

    layout: Layout
    codec: str
    newline: bytes
    separator: str
    column_names: list[str]
    first_offset: int
    first_line: int


class _Line(NamedTuple):
    data: bytes
    byte_count: int
    is_whole: bool
    is_overlong: bool


@dataclass
class _Lines:
    """The lines of a file, of which some can be given back."""

    found: Iterator[_Line]
    given_back: deque[_Line] = field(default_factory=deque)

    def take(self) -> _Line | None:
        return self.given_back.popleft() if self.given_back else next(self.found, None)

    def give_back(self, lines: list[_Line]) -> None:
        self.given_back.extendleft(reversed(lines))


def _lines(file: BinaryIO, newline: bytes) -> Iterator[_Line]:
    """Lines without their ends; of one that is too long its beginning only, in bounded memory."""
    width, buffer, skipped = len(newline), b"", 0
    while block := file.read(BLOCK_BYTES):
        buffer += block
        start = 0
        while (end := _find(buffer, newline, start, width)) >= 0:
            count = end - start + width + skipped
            is_long = bool(skipped) or count > LONGEST_LINE_BYTES
            yield _Line(buffer[start : min(end, start + LONGEST_LINE_BYTES)], count, True, is_long)
            start, skipped = end + width, 0
        buffer = buffer[start:]
        if len(buffer) > 2 * LONGEST_LINE_BYTES:
            keep = LONGEST_LINE_BYTES
            drop = (len(buffer) - keep) // width * width
            skipped += drop
            buffer = buffer[:keep] + buffer[keep + drop :]
    if buffer:
        is_long = bool(skipped) or len(buffer) > LONGEST_LINE_BYTES
        yield _Line(buffer[:LONGEST_LINE_BYTES], len(buffer) + skipped, False, is_long)


def _find(buffer: bytes, newline: bytes, start: int, width: int) -> int:
    end = buffer.find(newline, start)
    while end >= 0 and (end - start) % width:
        end = buffer.find(newline, end + 1)
    return end


def dialect_of(file: BinaryIO, layout: Layout, file_name: str) -> Dialect | None:
    """How the file is laid out; None where it has no header yet. Raises LoadError where its layout cannot be told."""
    file.seek(0)
    sample = file.read(SAMPLE_BYTES)
    codec, mark_bytes = _codec(sample, layout.encoding)
    newline = _newline(sample, codec)
    file.seek(mark_bytes)
    lines = _Lines(_lines(file, newline))
    if layout.format_name == "jsonl":
        return Dialect(layout, codec, newline, "", [], mark_bytes, 1)
    offset, number, separator = mark_bytes, 1, layout.separator
    if sep := _SEP_LINE.match(sample[mark_bytes : mark_bytes + 16].decode(codec, errors="replace")):
        separator = separator or sep.group(1)
        lines_to_pass = layout.header_row
    else:
        lines_to_pass = layout.header_row - 1
    for _ in range(lines_to_pass):
        if (line := lines.take()) is None:
            return None
        offset, number = offset + line.byte_count, number + 1
    if separator is None:
        separator = (
            "\t"
            if layout.format_name == "tsv"
            else _separator(sample[offset:].decode(codec, errors="replace"))
        )
    dialect = Dialect(layout, codec, newline, separator, [], offset, number)
    first = next(_split(lines, dialect, offset, number, is_settled=False), None)
    if first is not None and first.cells is None and len(first.data) >= LONGEST_LINE_BYTES:
        raise LoadError(
            f"{file_name}, line {first.line_number}: found {first.reason} with the names of the columns. Write the rows "
            "into lines of their own."
        )
    if first is None or not (first.is_whole or not layout.has_header):
        return None
    if not isinstance(first.cells, list):
        raise LoadError(
            f"{file_name}, line {first.line_number}: found {first.reason}; expected the names of the columns."
        )
    if not layout.has_header:
        names = [str(place) for place in range(1, len(first.cells) + 1)]
        return Dialect(layout, codec, newline, separator, names, offset, number)
    names = [cell.strip().strip("\ufeff") for cell in first.cells]
    while names and not names[-1]:
        names.pop()
    return Dialect(layout, codec, newline, separator, names, first.end_offset, first.end_line)


def _codec(sample: bytes, encoding: str) -> tuple[str, int]:
    """The codec of the file and the length of its byte order mark."""
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if sample.startswith(mark):
            return codec, len(mark)
    return ("utf-16-le" if encoding == "utf-16" else encoding), 0


def _newline(sample: bytes, codec: str) -> bytes:
    newline, carriage = "\n".encode(codec), "\r".encode(codec)
    return carriage if newline not in sample and carriage in sample[:-1] else newline


def _separator(text: str) -> str:
    """The sign that splits the most lines into as many cells as the header has."""
    lines = [line for line in text.splitlines()[:30] if line.strip()]
    best = (0, 0, ",")
    for separator in SEPARATORS:
        counts = [len(next(csv.reader([line], delimiter=separator), [])) for line in lines]
        if counts and counts[0] > 1:
            alike = sum(count == counts[0] for count in counts)
            best = max(best, (alike, counts[0], separator))
    return best[2]


def rows_of(
    file: BinaryIO, dialect: Dialect, offset: int, line_number: int, *, is_settled: bool
) -> Iterator[Row]:
    """The rows from that byte on; the last is not whole where its line has no end.

    is_settled: nobody writes on, so that a quote that is open at the end is never closed.
    """
    file.seek(offset)
    lines = _Lines(_lines(file, dialect.newline))
    if dialect.layout.format_name == "jsonl":
        return _objects(lines, dialect, offset, line_number)
    return _split(lines, dialect, offset, line_number, is_settled=is_settled)


def _split(lines: _Lines, dialect: Dialect, offset: int, number: int, *, is_settled: bool) -> Iterator[Row]:
    quote = dialect.layout.quote_sign
    while (line := lines.take()) is not None:
        taken, cells, reason = [line], None, ""
        try:
            text = _decoded(line, dialect)
        except ValueError as error:
            text, reason = line.data[:8192].decode(dialect.codec, errors="replace"), str(error)
        if not reason:
            if not text.strip():
                offset, number = offset + line.byte_count, number + 1
                continue
            if quote and quote in text:
                cells, reason, text = _quoted(lines, taken, text, dialect, is_settled=is_settled)
            else:
                cells = text.split(dialect.separator)
        begun = number
        offset, number = offset + sum(part.byte_count for part in taken), number + len(taken)
        is_whole = reason != STILL_OPEN and all(part.is_whole for part in taken)
        yield Row(
            begun, cells, reason, text, offset, number, is_whole, b"\n".join(part.data for part in taken)
        )


def _decoded(line: _Line, dialect: Dialect) -> str:
    if line.is_overlong:
        raise ValueError(f"a line of more than {LONGEST_LINE_BYTES} bytes; expected one row")
    try:
        text = line.data.decode(dialect.codec)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"a byte that is not {dialect.codec} (at {error.start}); expected another encoding"
        ) from None
    return text[:-1] if text.endswith("\r") else text


def _quoted(
    lines: _Lines, taken: list[_Line], text: str, dialect: Dialect, *, is_settled: bool
) -> tuple[list[str] | None, str, str]:
    """The cells of a row with quotes, over as many lines as its quotes need; `taken` gets these lines."""
    quote, first = dialect.layout.quote_sign, text
    while True:
        try:
            reader = csv.reader([text], delimiter=dialect.separator, quotechar=quote, strict=True)
            cells = next(reader)
        except csv.Error as error:
            is_open = "unexpected end of data" in str(error)
            if not is_open and len(taken) == 1:
                return None, f"{error}; expected fields whose inner quotes are doubled", first
        else:
            if len(taken) == 1 or len(cells) == len(dialect.column_names) or not dialect.column_names:
                return cells, "", text
            is_open = False
        if not is_open:  # the quote that ended it was the beginning of another
            lines.give_back(taken[1:])
            del taken[1:]
            return None, NEVER_CLOSED, first
        has_quote = False
        while not has_quote:
            is_too_long = len(taken) >= MOST_QUOTED_LINES or len(text) > LONGEST_LINE_BYTES
            line = None if is_too_long else lines.take()
            if line is None and not is_too_long and not is_settled:
                return None, STILL_OPEN, first
            try:
                more = _decoded(line, dialect) if line is not None else None
            except ValueError:
                more = None
            if line is None or more is None:
                lines.give_back(taken[1:] + ([line] if line is not None else []))
                del taken[1:]
                return None, NEVER_CLOSED, first
            taken.append(line)
            text, has_quote = f"{text}\n{more}", quote in more


def _objects(lines: _Lines, dialect: Dialect, offset: int, number: int) -> Iterator[Row]:
    while (line := lines.take()) is not None:
        offset, number = offset + line.byte_count, number + 1
        reason, found, text = "", None, ""
        try:
            text = _decoded(line, dialect)
            if not text.strip():
                continue
            found = object_of(text)
        except ValueError as error:
            reason = str(error)
            text = text or line.data[:8192].decode(dialect.codec, errors="replace")
        yield Row(number - 1, found, reason, text, offset, number, line.is_whole, line.data)


def object_of(text: str) -> dict[str, object]:
    """A JSON object with its numbers as they are written; raises ValueError with what was found."""
    try:
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        said = getattr(error, "msg", "it is nested too deep")
        raise ValueError(f"no JSON ({said}); expected an object in {{ }}") from None
    return as_object(found, may_hold_halves="\\u" in text)


def as_object(found: object, *, may_hold_halves: bool) -> dict[str, object]:
    """The value where it is an object of whole characters; raises ValueError with what it is instead."""
    if not isinstance(found, dict):
        raise ValueError(f"a JSON {type(found).__name__}; expected an object in {{ }}")
    if may_hold_halves:
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("half of a surrogate pair; expected whole characters") from None
    return found


def value_at(found: dict[str, object], name: str) -> str | None:
    """The value of that name, or under that path of names with points, as text; null where there is none."""
    value: object = found.get(name) if name in found else None
    if name not in found and "." in name:
        value = found
        for part in name.split("."):
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
    return as_text(value)


def as_text(value: object) -> str | None:
    """A JSON value as text: numbers as they are written, true and false, lists and objects as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
