"""The whole organisation as files for a spreadsheet, and back: one CSV per sheet, together in a ZIP.

In: the sheets, or the bytes of such a ZIP or of one of its CSV files. Out: bytes, or what an import would change and what
is wrong with it, by line and column. The rule it guards: no cell can act as a formula, what was written is read again
exactly, and nothing is taken away because a file does not name it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from dashboard.export import harmless
from dashboard.organisation import organisation
from dashboard.organisation.organisation_rows import (
    SHEETS,
    Change,
    Fault,
    Known,
    OrganisationError,
    Row,
    Sheet,
    crossed_faults,
    parsed,
    row_faults,
    written,
)
from sql import audit

MOST_BYTES = 20_000_000  # unpacked, all files together
MOST_LINES = 50_000  # per file
MOST_FAULTS = 200
LONGEST_CELL = 32_767  # as in a spreadsheet
_MARK = "\ufeff"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Plan:
    """What an import would do: its changes, how many rows stay as they are, and what is wrong (then nothing is done)."""

    changes: tuple[Change, ...] = ()
    unchanged_rows: int = 0
    faults: tuple[Fault, ...] = ()


@dataclass
class _Reading:
    """What has been read so far, over all files."""

    rows: dict[str, list[tuple[str, int | None, Row]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def export_zip(connection: Connection) -> bytes:
    """Every sheet as `<sheet>.csv` in one ZIP; two exports of the same organisation are equal byte for byte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in SHEETS:
            member = zipfile.ZipInfo(f"{name}.csv", date_time=(2000, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, sheet_csv(SHEETS[name], organisation.rows(connection, name)))
    audit.note(connection, what_name="exported.organisation")
    return out.getvalue()


def sheet_csv(sheet: Sheet, rows: Sequence[Row]) -> bytes:
    """One line per row: number, saved columns, and what is only shown; text that could be a formula is guarded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    saved = {column.name: column for column in sheet.columns}
    names = [*([sheet.id_column] if sheet.id_column else []), *saved, *sheet.shown]
    writer.writerow(names)
    for row in rows:
        writer.writerow(
            [
                guarded(written(saved[name], row[name]))
                if name in saved and saved[name].kind == "text"
                else written(saved[name], row[name])
                if name in saved
                else guarded("" if row[name] is None else str(row[name]))
                for name in names
            ]
        )
    return (_MARK + out.getvalue()).encode("utf-8")


def guarded(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet, or `unguarded`, could take it for something else."""
    return f"'{text}" if _needs_guard(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given; a name that begins with an apostrophe of its own keeps it."""
    return text[1:] if text.startswith("'") and _needs_guard(text[1:]) else text


def _needs_guard(text: str) -> bool:
    return harmless(text) != text or (text.startswith("'") and _needs_guard(text[1:]))


def plan_import(connection: Connection, file_name: str, data: bytes) -> Plan:
    """What importing the file would change, and what is wrong in it by line and column.

    A row is known by its number or its own key; a row without a number that is not there is new. What the file does not
    name stays; a column that it does not have stays as it is. Raises OrganisationError for a file of another kind.
    """
    stored = {name: organisation.rows(connection, name) for name in SHEETS}
    there = organisation.known(connection)
    reading = _Reading()
    for name, member in _members(file_name, data):
        _read_sheet(name, SHEETS[_sheet_name(name)], member, stored, reading)
    brought = ((name, row) for name, found in reading.rows.items() for _, _, row in found)
    there = organisation.with_new(there, brought)
    changes: list[Change] = []
    unchanged = 0
    for sheet_name in SHEETS:
        found, same = _sheet_changes(SHEETS[sheet_name], stored[sheet_name], reading, there)
        changes += found
        unchanged += same
    if reading.faults:
        return Plan(faults=tuple(reading.faults[:MOST_FAULTS]), unchanged_rows=unchanged)
    return Plan(tuple(changes), unchanged)


def import_file(
    connection: Connection, file_name: str, data: bytes, *, viewer_name: str, now: datetime | None = None
) -> tuple[Plan, int | None]:
    """Imports the file whole or not at all; what it changed and the number of the save (None: nothing to change).

    Raises OrganisationError when anything in the file is wrong: the first fault, and how many there are.
    """
    plan = plan_import(connection, file_name, data)
    if plan.faults:
        first = plan.faults[0]
        more = f" There are {len(plan.faults) - 1} more." if len(plan.faults) > 1 else ""
        raise OrganisationError(
            f"{first.place_text}, {first.column_name}: {first.sentence}{more} Nothing was imported; correct the file."
        )
    if not plan.changes:
        return plan, None
    at = now or datetime.now(UTC)
    return plan, organisation.save(connection, plan.changes, viewer_name=viewer_name, now=at)


def _members(file_name: str, data: bytes) -> list[tuple[str, bytes]]:
    """The CSV files of an upload by name; refuses what is too large or something else."""
    if len(data) > MOST_BYTES:
        raise OrganisationError(
            f"The file has {len(data):,} bytes, expected {MOST_BYTES:,} at the most; split it."
        )
    if not data.startswith(_ZIP):
        return [(_base_name(file_name), data)]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [
                info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename
            ]
            if len(infos) > 3 * len(SHEETS) or sum(info.file_size for info in infos) > MOST_BYTES:
                raise OrganisationError(
                    f"The ZIP would unpack to more than {MOST_BYTES:,} bytes or {3 * len(SHEETS)} files; expected one CSV "
                    "file per sheet."
                )
            found, rest = [], MOST_BYTES
            for info in infos:
                with archive.open(info) as member:
                    content = member.read(rest + 1)  # the size that a ZIP states need not be true
                rest -= len(content)
                if rest < 0:
                    raise OrganisationError(f"The ZIP unpacks to more than {MOST_BYTES:,} bytes; split it.")
                found.append((_base_name(info.filename), content))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise OrganisationError(
            "The ZIP cannot be read (damaged, or locked by a password); export it again and change that one."
        ) from error
    return found


def _base_name(file_name: str) -> str:
    return file_name.replace("\\", "/").rpartition("/")[2][:100]


def _sheet_name(file_name: str) -> str:
    """The sheet that a file is named after; a browser's "queues (1).csv" is still queues."""
    stem = file_name.rpartition(".")[0].partition(" ")[0].casefold()
    if not file_name.casefold().endswith(".csv") or stem not in SHEETS:
        names = ", ".join(f"{name}.csv" for name in SHEETS)
        raise OrganisationError(
            f'"{file_name}" is no sheet of the organisation, expected one of: {names}, or a ZIP of them; rename it.'
        )
    return stem


def _read_sheet(
    file_name: str, sheet: Sheet, data: bytes, stored: Mapping[str, list[Row]], reading: _Reading
) -> None:
    """Reads the lines of one file; what is wrong is noted by line and column."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OrganisationError(
            f"{file_name} is not UTF-8 (byte {error.start:,}); save it as CSV UTF-8."
        ) from error
    first = text.partition("\n")[0]
    if first.casefold().startswith("sep="):
        text, first = text.partition("\n")[2], text.partition("\n")[2].partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        _refuse_header(file_name, sheet, header)
        by_key = {sheet.key_of(row): place for place, row in enumerate(stored[sheet.name])}
        for cells in lines:
            place = f"{file_name}, line {lines.line_num}"
            if lines.line_num > MOST_LINES:
                raise OrganisationError(f"{file_name} has more than {MOST_LINES:,} lines; split it.")
            if any(cell.strip() for cell in cells):
                _read_line(place, sheet, dict(zip(header, cells, strict=False)), len(cells) - len(header),
                           stored[sheet.name], by_key, reading)  # fmt: skip
    except csv.Error as error:
        raise OrganisationError(
            f"{file_name}, line {lines.line_num}: this is not CSV ({error}); correct the quotation marks there."
        ) from error


def _refuse_header(file_name: str, sheet: Sheet, header: Sequence[str]) -> None:
    names = {sheet.id_column, *(column.name for column in sheet.columns), *sheet.shown} - {""}
    unknown = [name for name in header if name not in names]
    doubled = sorted({name for name in header if header.count(name) > 1})
    if unknown or doubled or not header:
        found = f'the column "{(unknown or doubled)[0][:60]}"' if header else "no line"
        raise OrganisationError(
            f"{file_name} has {found}, expected each of these once: {', '.join(sorted(names))}."
        )
    needed = set(sheet.key) - {sheet.id_column}
    if missing := sorted(needed - set(header)):
        raise OrganisationError(
            f'{file_name} has no column "{missing[0]}", by which its rows are known; add it.'
        )


def _read_line(
    place: str, sheet: Sheet, cells: Row, more_cells: int, stored: list[Row],
    by_key: Mapping[tuple[Any, ...], int], reading: _Reading,
) -> None:  # fmt: skip
    """Takes one line up as a row, on top of the row that is stored under its key."""
    if more_cells:
        reading.faults.append(
            Fault(
                place, "", f"The line has {abs(more_cells)} cells too {'many' if more_cells > 0 else 'few'}."
            )
        )
        return
    read: Row = {}
    faults: list[Fault] = []
    for name, text in cells.items():
        if name == sheet.id_column:
            if text.strip() and not (
                text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 10
            ):
                faults.append(
                    Fault(place, name, f'"{text[:60]}" is not a number; leave it empty for a new row.')
                )
            else:
                read[name] = int(text) if text.strip() else None
        elif name not in sheet.shown:
            column = sheet.column(name)
            try:
                read[name] = parsed(column, unguarded(text[:LONGEST_CELL]) if column.kind == "text" else text)
            except OrganisationError as error:
                faults.append(Fault(place, name, str(error)))
    if not faults:
        known_place = by_key.get(sheet.key_of(read))
        if known_place is None and read.get(sheet.id_column) is not None:
            faults.append(
                Fault(place, sheet.id_column, f"There is no row with the number {read[sheet.id_column]}.")
            )
        elif known_place is None and not sheet.may_add:
            faults.append(
                Fault(
                    place,
                    sheet.key[0],
                    "New rows come from the sources here; give the number of a known one.",
                )
            )
        else:
            base = (
                stored[known_place] if known_place is not None else {c.name: c.default for c in sheet.columns}
            )
            blank = {name for name, value in base.items() if isinstance(value, str) and not value.strip()}
            read = {
                k: base[k] if v is None and k in blank else v for k, v in read.items()
            }  # as it was stored
            reading.rows.setdefault(sheet.name, []).append(
                (place, known_place, {**sheet.values(base), **read})
            )
    reading.faults += faults


def _sheet_changes(
    sheet: Sheet, stored: list[Row], reading: _Reading, there: Known
) -> tuple[list[Change], int]:
    """The changes of one sheet and how many of its lines change nothing; faults are added to the reading."""
    lines = reading.rows.get(sheet.name, [])
    changes: list[Change] = []
    seen: dict[int, str] = {}
    unchanged = 0
    for place, known_place, row in lines:
        before = sheet.values(stored[known_place]) if known_place is not None else None
        reading.faults += row_faults(sheet, place, row, there, before=before)
        if known_place is not None and known_place in seen:
            reading.faults.append(
                Fault(place, sheet.key[-1], f"This row stands in {seen[known_place]} already; keep one.")
            )
        elif known_place is not None:
            seen[known_place] = place
        if before == row:
            unchanged += 1
        else:
            changes.append(Change(sheet.name, "add" if before is None else "change", before, row))
    if changes and not reading.faults:
        kept = [(f"row {n}", row) for n, row in enumerate(stored, start=1) if n - 1 not in seen]
        reading.faults += crossed_faults(sheet, [*kept, *((place, row) for place, _, row in lines)])
    return changes, unchanged
