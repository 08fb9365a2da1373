"""Looks through a workbook before it is opened: how far its cells reach, how long they are, how much there is to unpack.

In: the path of an XLSX file, and the name of a sheet. Out: nothing, or a sentence for a workbook that must not be opened.
The rule it guards: a file of some kilobytes cannot take the memory of the machine; it is read in pieces and by its real
cells, whatever its own directory claims.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn
from xml.etree import ElementTree

from etl import LoadError
from etl.sources.files.file_open import opened_file, shown

MOST_UNPACKED_BYTES = 1 << 30
MOST_CELLS = 20_000_000
LONGEST_CELL_BYTES = 1 << 20
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384  # of Excel itself
SCATTERED_CELLS = 1_000_000  # from here on a sheet must be filled to a hundredth
_LARGEST_DIRECTORY = 4 << 20
_BLOCK = 1 << 20
_CELL = re.compile(
    rb"<(?:[\w.-]+:)?(c|row)\s(?:[^<]*?\s)??r\s*=\s*[\"']([A-Za-z]*+)([0-9]*+)([^\"'<]{0,64}+)[\"']([^<]*)(?=<(/?))"
)
_ANY_CELL = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")
_ROW = re.compile(rb"<(?:[\w.-]+:)?row[\s/>]")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


@dataclass
class _Reach:
    """How far the cells of a sheet reach that hold something, and how many they are.

    Cells may tell no place (unplaced): they stand one beside the other, `widest` at most, in the rows that are marked.
    """

    rows: int = 0
    columns: int = 0
    cells: int = 0
    row_marks: int = 0
    unplaced: int = 0
    row_tags: int = 0
    begun: int = 0
    widest: int = 0


def check_workbook(path: Path, sheet: str | None) -> None:
    """Raises LoadError where the workbook is too large to be opened, or its cells stand where none can stand."""
    now = path.stat()
    _check_once(path, sheet, (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns))


@lru_cache(maxsize=16)
def _check_once(path: Path, sheet: str | None, look: tuple[int, ...]) -> None:
    """A workbook is opened several times while it is looked at; only what was found sound is remembered."""
    del look
    name = shown(path)
    with opened_file(path) as file:
        if file.read(2) != b"PK":
            return  # no package: what reads it says what is wrong
        try:
            with zipfile.ZipFile(file) as book:
                _check(book, sheet, name)
        except LoadError:
            raise
        except (*_BROKEN, ElementTree.ParseError) as error:
            raise LoadError(
                f"{name}: it cannot be read as a workbook ({error}); expected a finished XLSX file. Save it again from "
                "Excel, or as CSV."
            ) from error


def _check(book: zipfile.ZipFile, sheet: str | None, name: str) -> None:
    parts = book.infolist()
    known = {part.filename.lower(): part for part in parts}
    if len(known) < len(parts):
        _refuse(name, "two parts of one name", "each once")
    if "xl/workbook.xml" not in known:
        _refuse(name, "a package without a workbook", "an XLSX file")
    sheets, chosen = _sheets(book, known, sheet, name)
    unpacked = 0
    for key, part in known.items():
        is_chosen = key == chosen or (not chosen and key in sheets)
        if not is_chosen and (key in sheets or not key.endswith((".xml", ".rels"))):
            continue
        reach = _Reach()
        for block, count in _blocks(book, part, name):
            unpacked += count
            if unpacked > MOST_UNPACKED_BYTES:
                _refuse(name, f"more than {MOST_UNPACKED_BYTES >> 20} MB when unpacked", "less")
            if is_chosen:
                _add(reach, block, name)
        if is_chosen:
            _judge(reach, name)


def _sheets(
    book: zipfile.ZipFile, known: dict[str, zipfile.ZipInfo], sheet: str | None, name: str
) -> tuple[set[str], str]:
    """The parts that are sheets, and the one that will be read (the first, where none is named)."""
    targets = {}
    if "xl/_rels/workbook.xml.rels" in known:
        for item in _tree(book, known["xl/_rels/workbook.xml.rels"], name):
            targets[item.get("Id", "")] = _part_name(item.get("Target", ""))
    found: list[tuple[str, str]] = []
    for item in _tree(book, known["xl/workbook.xml"], name).iter():
        if item.tag.rpartition("}")[2] == "sheet":
            ids = [value for key, value in item.attrib.items() if key.rpartition("}")[2] == "id"]
            found.append((item.get("name", ""), targets.get(ids[0], "") if ids else ""))
    chosen = next((part for title, part in found if sheet is None or title == sheet), "")
    if chosen and chosen not in known:
        _refuse(name, "a sheet without its part", "the sheet in the package")
    return {part for _, part in found}, chosen


def _part_name(target: str) -> str:
    parts: list[str] = []
    whole = f"/{target}" if target.startswith("xl/") else target
    for part in PurePosixPath("/xl", whole).parts[1:]:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts).lower()


def _tree(book: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> ElementTree.Element:
    with _opened(book, part) as stream:
        data = stream.read(_LARGEST_DIRECTORY + 1)
    if len(data) > _LARGEST_DIRECTORY or b"<!DOCTYPE" in data:
        _refuse(name, "a directory of sheets that is none", "the one that Excel writes")
    return ElementTree.fromstring(data)  # small, and without a document type


def _opened(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> IO[bytes]:
    part.file_size = 1 << 62  # to its real end: what the directory says of its length need not be true
    return book.open(part)


def _blocks(book: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> Iterator[tuple[bytes, int]]:
    """The part in blocks that end within a tag, each with how many bytes of it are new; refuses what has no end."""
    rest = b""
    with _opened(book, part) as stream:
        while block := stream.read(_BLOCK):
            if not rest and (block.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in block[:64]):
                _refuse(name, f"another encoding in {part.filename}", "UTF-8")
            whole = rest + block
            last = whole.rfind(b"<")
            yield whole[: last + 2] if last >= 0 else b"", len(block)
            rest = whole[max(last, 0) :]
            if len(rest) > LONGEST_CELL_BYTES or _longest(whole) > LONGEST_CELL_BYTES:
                _refuse(
                    name, f"a cell of more than {LONGEST_CELL_BYTES >> 20} MB", "32,767 characters at most"
                )


def _longest(block: bytes) -> int:
    """The longest stretch without a tag; only looked for where one can be too long."""
    if len(block) <= LONGEST_CELL_BYTES:
        return 0
    return max(map(len, block.split(b"<")))


def _add(reach: _Reach, block: bytes, name: str) -> None:
    found = _CELL.findall(block)
    cells = [item for item in found if item[0] == b"c"]
    rows = {item[2] for item in found if item[0] == b"row"}
    strange = next((item for item in found if item[3] or bool(item[1]) != (item[0] == b"c")), None)
    if strange is not None:
        _refuse_place(b"".join(strange[1:4]), name)
    _check_places({item[1] for item in cells}, {item[2] for item in cells} | rows, name)
    filled = [item for item in cells if not item[5] and not item[4].endswith(b"/>")]
    reach.cells += len(filled)
    reach.rows = max([reach.rows, *(int(digits) for digits in {item[2] for item in filled})])
    reach.columns = max([reach.columns, *(_column(letters) for letters in {item[1] for item in filled})])
    reach.row_marks = max([reach.row_marks, *map(int, rows)])
    unplaced = len(_ANY_CELL.findall(block)) - len(cells)
    reach.unplaced += unplaced
    for number, row in enumerate(_ROW.split(block) if unplaced else ()):
        reach.begun = (0 if number else reach.begun) + len(_ANY_CELL.findall(row))
        reach.widest = max(reach.widest, reach.begun)
        reach.row_tags += bool(number)


def _check_places(letters: set[bytes], digits: set[bytes], name: str) -> None:
    for text in letters:
        if len(text) > 3 or _column(text) > MOST_COLUMNS:
            _refuse_place(text, name)
    for text in digits:
        if not 1 <= len(text) <= 7 or not 1 <= int(text) <= MOST_ROWS:
            _refuse_place(text, name)


def _refuse_place(text: bytes, name: str) -> NoReturn:
    told = text.decode("ascii", "replace")[:40]
    _refuse(name, f"'{told}' as the place of a cell or a row", f"a place from A1 to XFD{MOST_ROWS}")


def _column(letters: bytes) -> int:
    """The number of a column, from 1: AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _letters(column: int) -> str:
    text = ""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        text = chr(65 + letter) + text
    return text


def _judge(reach: _Reach, name: str) -> None:
    rows, columns = reach.rows, reach.columns
    if reach.unplaced:
        rows, columns = max(rows, reach.row_marks + reach.row_tags), columns + reach.widest
    area = rows * columns
    held = reach.cells + reach.unplaced
    if area > SCATTERED_CELLS and held < area / 100:
        _refuse(
            name,
            f"{held:,} cells that reach to {_letters(columns)}{rows}, one far away from the others",
            "rows that stand together",
        )
    if area > MOST_CELLS:
        _refuse(
            name,
            f"a sheet of {rows:,} rows and {columns:,} columns",
            f"at most {MOST_CELLS:,} cells",
        )


def _refuse(name: str, found: str, expected: str) -> NoReturn:
    raise LoadError(
        f"{name}: found {found}; expected {expected}. Delete what does not belong there and save it again from Excel, or "
        "save the rows as CSV."
    )
