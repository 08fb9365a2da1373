"""The sheets of the organisation as rows: what may stand in a cell, what is wrong, and what an edit changes.

In: rows as they are and rows as somebody wants them. Out: the changes between the two, and every fault with its row and
column. The rule it guards: nothing is saved that a rule forbids, and no row is taken for another one.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

Value = str | int | float | bool | date | datetime | None
Row = dict[str, Any]
Kind = Literal["text", "whole", "ratio", "flag", "date", "instant", "clock"]
Action = Literal["add", "change", "remove"]
LONGEST_TEXT = 200
DATES = (date(1990, 1, 1), date(2099, 12, 31))
FORMULAS = (
    "answered", "strict", "abandons", "no_short", "offered_no_short", "abandons_late", "abandons_good", "removed",
)  # fmt: skip
TARGETS = ("first_reply", "next_reply", "requester_wait", "resolution")
PRIORITIES = ("urgent", "high", "normal", "low")
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")
_CLOCK = re.compile(r"^([01]?\d|2[0-4]):([0-5]\d)$")
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


class OrganisationError(Exception):
    """What was asked for cannot be saved; the message is one or two sentences fit for a page and a terminal."""


@dataclass(frozen=True)
class Column:
    """What may stand in a column. `known` names the list of `Known` from which a value must come."""

    name: str
    kind: Kind = "text"
    is_required: bool = False
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    known: str = ""
    default: Value = None


@dataclass(frozen=True)
class Sheet:
    """A table that people edit: its key, its columns, and whether rows may be added and taken away by hand."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    shown: tuple[str, ...] = ()
    id_column: str = ""
    may_add: bool = True
    may_remove: bool = True

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    def key_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What tells the row from all others."""
        return tuple(row.get(name) for name in self.key)

    def values(self, row: Mapping[str, Any]) -> Row:
        """The row with its key and the columns that are saved, and nothing else."""
        names = dict.fromkeys(
            (*((self.id_column,) if self.id_column else ()), *(c.name for c in self.columns))
        )
        return {name: row.get(name) for name in names}


@dataclass(frozen=True)
class Known:
    """What rows may refer to."""

    teams: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    schedules: frozenset[str] = frozenset()
    agents: Mapping[int, str] = field(default_factory=dict)
    queues: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What is wrong, where: the row as a person finds it, the column, and a sentence."""

    place_text: str
    column_name: str
    sentence: str


@dataclass(frozen=True)
class Change:
    """One row added (before is None), changed, or removed (after is None)."""

    sheet_name: str
    action: Action
    before: Row | None
    after: Row | None


_ZONE = Column("time_zone_name", known="zones")
SHEETS: dict[str, Sheet] = {
    sheet.name: sheet
    for sheet in (
        Sheet("teams", ("team_id",), (Column("team_name", is_required=True),), id_column="team_id"),
        Sheet(
            "agents",
            ("agent_id",),
            (
                Column("agent_name", is_required=True),
                Column("alias_name"),
                Column("site_name", known="sites"),
                _ZONE,
                Column("is_active", "flag", is_required=True, default=True),
            ),
            id_column="agent_id",
            may_remove=False,
        ),
        Sheet(
            "team_members",
            ("agent_id", "started_date"),
            (
                Column("agent_id", "whole", is_required=True, known="agents"),
                Column("team_name", is_required=True, known="teams"),
                Column("started_date", "date", is_required=True),
                Column("ended_date", "date"),
            ),
            shown=("agent_name",),
        ),
        Sheet("work_rules", ("team_name",),
              (Column("team_name", known="teams"),
               Column("grace_seconds", "whole", is_required=True, low=0, high=3600, default=300),
               Column("short_call_seconds", "whole", is_required=True, low=0, high=3600, default=10))),
        Sheet("schedules", ("schedule_name",),
              (Column("schedule_name", is_required=True), Column("time_zone_name", is_required=True, known="zones"),
               Column("is_default", "flag", is_required=True, default=False))),
        Sheet("business_hours", ("schedule_name", "weekday_number", "opens_seconds"),
              (Column("schedule_name", is_required=True, known="schedules"),
               Column("weekday_number", "whole", is_required=True, choices=tuple(range(7))),
               Column("opens_seconds", "clock", is_required=True, low=0, high=86_340),
               Column("closes_seconds", "clock", is_required=True, low=60, high=86_400))),
        Sheet("holidays", ("schedule_name", "first_date"),
              (Column("schedule_name", is_required=True, known="schedules"),
               Column("first_date", "date", is_required=True), Column("last_date", "date", is_required=True),
               Column("holiday_name", is_required=True))),
        Sheet(
            "queues",
            ("queue_id",),
            (
                Column("queue_name", is_required=True),
                Column("group_name"),
                Column("channel_name", is_required=True),
                Column("time_zone_name", is_required=True, known="zones"),
                Column("schedule_name", known="schedules"),
                Column("service_level_threshold_seconds", "whole", is_required=True, low=0, high=14_400),
                Column("service_level_target_ratio", "ratio", is_required=True, low=0, high=1),
                Column("service_level_formula_name", is_required=True, choices=FORMULAS),
                Column("short_abandon_seconds", "whole", is_required=True, low=0, high=14_400),
                Column("callback_promise_seconds", "whole", low=60, high=2_592_000),
                Column("is_active", "flag", is_required=True, default=True),
            ),
            id_column="queue_id",
            may_add=False,
            may_remove=False,
        ),
        Sheet(
            "ticket_policies",
            ("policy_id",),
            (
                Column("policy_name", is_required=True),
                Column("target_name", is_required=True, choices=TARGETS),
                Column("priority_name", choices=PRIORITIES),
                Column("target_seconds", "whole", is_required=True, low=60, high=31_622_400),
                Column("is_business", "flag", is_required=True, default=True),
                Column("valid_from_at", "instant", is_required=True),
                Column("valid_until_at", "instant"),
            ),
            id_column="policy_id",
        ),
        *(
            Sheet(f"{kind}_keys", ("source_name", "source_key"),
                  (Column("source_name", is_required=True), Column("source_key", is_required=True),
                   Column(f"{kind}_id", "whole", is_required=True, known=f"{kind}s")),
                  shown=(f"{kind}_name",), may_remove=False)
            for kind in ("agent", "queue")
        ),
    )
}  # fmt: skip


def parsed(column: Column, text: str) -> Value:
    """The value that a text stands for, null for an empty one; OrganisationError says what was expected."""
    if not text.strip():
        return None
    text = text if column.kind == "text" else text.strip()
    wrong = OrganisationError(f'"{text[:60]}" is not {_expected(column)}.')
    try:
        match column.kind:
            case "whole":
                if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
                    raise wrong
                return int(text)
            case "ratio":
                if not re.fullmatch(r"-?\d{1,6}(\.\d{1,20})?(e-?\d{1,2})?", text, re.ASCII | re.I):
                    raise wrong
                return float(text)
            case "flag":
                if text.casefold() not in _TRUE | _FALSE:
                    raise wrong
                return text.casefold() in _TRUE
            case "date":
                return date.fromisoformat(text)
            case "instant":
                found = datetime.fromisoformat(text)
                if found.tzinfo is None:
                    raise wrong
                return found.astimezone(UTC)
            case "clock":
                return _clock_seconds(text)
            case _:
                return text
    except (ValueError, OverflowError) as error:
        raise wrong from error


def written(column: Column, value: Any) -> str:
    """The value as `parsed` reads it again; an empty text for null."""
    if value is None:
        return ""
    if column.kind == "flag":
        return "true" if value else "false"
    if column.kind == "instant":
        return str(value.astimezone(UTC).isoformat())
    if column.kind == "date":
        return str(value.isoformat())
    if column.kind == "clock":
        return f"{value // 3600:02d}:{value % 3600 // 60:02d}"
    return repr(value) if isinstance(value, float) else str(value)


def _clock_seconds(text: str) -> int:
    found = _CLOCK.match(text)
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 if found else -1
    if not 0 <= seconds <= 86_400:
        raise ValueError(text)
    return seconds


def _expected(column: Column) -> str:
    return {
        "whole": "a whole number",
        "ratio": "a share from 0 to 1, such as 0.8",
        "flag": "true or false",
        "date": "a day such as 2026-11-22",
        "instant": "an instant with its zone, such as 2026-11-22T08:00:00+02:00",
        "clock": "a time such as 09:00 (24:00 for midnight at the end of the day)",
        "text": "a text",
    }[column.kind]


def cell_fault(column: Column, value: Any, known: Known) -> str | None:
    """Why this value may not stand in this column, as a sentence; None where it may."""
    if value is None:
        return "This must not be empty." if column.is_required else None
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return f"{len(value)} characters are too many; at most {LONGEST_TEXT} are expected."
        if any(unicodedata.category(letter) in _UNSEEN for letter in value):
            return "A line break or control character stands in it; write it without."
    if isinstance(value, float) and not math.isfinite(value):
        return "This is no number; expected one such as 0.8."
    if column.choices and value not in column.choices:
        return f'"{value}" is not known; expected one of: {", ".join(map(str, column.choices))}.'
    if column.low is not None and column.high is not None and not column.low <= value <= column.high:
        low, high = (written(column, type(value)(limit)) for limit in (column.low, column.high))
        return f"{written(column, value)} is out of range; expected {low} to {high}."
    if column.kind in ("date", "instant"):
        day = value.date() if isinstance(value, datetime) else value
        if not DATES[0] <= day <= DATES[1]:
            return f"The year {day.year} is out of range; expected {DATES[0].year} to {DATES[1].year}."
    return _reference_fault(column, value, known)


def _reference_fault(column: Column, value: Any, known: Known) -> str | None:
    if not column.known:
        return None
    if column.known == "zones":
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            return f'"{value}" is no time zone; expected a name such as Europe/Tallinn.'
        return None
    names = getattr(known, column.known)
    if value in names:
        return None
    if isinstance(value, int):
        return f"There is no {column.known[:-1]} with the number {value}."
    some = ", ".join(sorted(names)[:12]) or "none yet"
    return f'There is no "{value}" among the {column.known}; expected one of: {some}.'


def faults(sheet: Sheet, rows: Sequence[tuple[str, Row]], known: Known) -> list[Fault]:
    """What is wrong in the rows, each given with its place ("row 3"): cells first, then rows against each other."""
    found = [fault for place, row in rows for fault in row_faults(sheet, place, row, known)]
    return found or crossed_faults(sheet, rows)


def row_faults(sheet: Sheet, place: str, row: Row, known: Known, *, before: Row | None = None) -> list[Fault]:
    """What is wrong in the cells of one row; of a row that was there before, only in those that differ from it."""
    return [
        Fault(place, column.name, sentence)
        for column in sheet.columns
        if before is None or row.get(column.name) != before.get(column.name)
        if (sentence := cell_fault(column, row.get(column.name), known))
    ]


def crossed_faults(sheet: Sheet, rows: Sequence[tuple[str, Row]]) -> list[Fault]:
    """What is wrong between rows whose cells are right: keys that stand twice, spans that lie over each other."""
    return [*_doubled(sheet, rows), *_crossed(sheet, rows)]


def _doubled(sheet: Sheet, rows: Sequence[tuple[str, Row]]) -> Iterable[Fault]:
    """Two rows with one key, or with one name where a name tells them apart."""
    keys = [sheet.key] if not sheet.id_column else []
    keys += [("team_name",)] if sheet.name == "teams" else []
    for key in keys:
        seen: dict[tuple[Any, ...], str] = {}
        for place, row in rows:
            value = tuple(row.get(name) for name in key)
            if value in seen:
                yield Fault(place, key[-1], f"This stands in {seen[value]} already; keep one of the two.")
            seen.setdefault(value, place)


_SPANS = {  # sheet: (what belongs together, first, last, whether the last is part of it)
    "team_members": (("agent_id",), "started_date", "ended_date", False),
    "business_hours": (("schedule_name", "weekday_number"), "opens_seconds", "closes_seconds", False),
    "holidays": (("schedule_name",), "first_date", "last_date", True),
    "ticket_policies": (
        ("policy_name", "target_name", "priority_name"), "valid_from_at", "valid_until_at", False,
    ),
}  # fmt: skip


def _crossed(sheet: Sheet, rows: Sequence[tuple[str, Row]]) -> Iterable[Fault]:
    """Spans that end before they begin or lie over each other, and more than one default."""
    if sheet.name == "schedules":
        defaults = [place for place, row in rows if row["is_default"]]
        yield from (
            Fault(place, "is_default", f"{defaults[0]} is the default already; choose one.")
            for place in defaults[1:]
        )
    if sheet.name not in _SPANS:
        return
    group, first, last, is_closed = _SPANS[sheet.name]
    before: dict[tuple[Any, ...], tuple[str, Row]] = {}
    for place, row in sorted(rows, key=lambda each: each[1][first]):
        if row[last] is not None and (row[last] < row[first] or (row[last] == row[first] and not is_closed)):
            yield Fault(place, last, "This ends before it begins; correct one of the two.")
        together = tuple(row[name] for name in group)
        if together in before:
            other, earlier = before[together]
            end = earlier[last]
            if end is None or row[first] < end or (is_closed and row[first] == end):
                yield Fault(place, first, f"This begins before {other} has ended; end that one earlier.")
        before[together] = (place, row)


def differences(sheet: Sheet, before: Sequence[Row], after: Sequence[tuple[int | None, Row]]) -> list[Change]:
    """The changes that lead from the rows as they were to the rows as they are wanted.

    Each wanted row comes with the place of the row that it was, None for a new one; a row that is wanted no more is
    removed. Only the columns that are saved count.
    """
    kept = {place for place, _ in after if place is not None}
    gone = [
        Change(sheet.name, "remove", sheet.values(row), None)
        for place, row in enumerate(before)
        if place not in kept
    ]
    found = []
    for place, row in after:
        wanted = sheet.values(row)
        if place is None:
            found.append(Change(sheet.name, "add", None, wanted))
        elif wanted != (was := sheet.values(before[place])):
            found.append(Change(sheet.name, "change", was, wanted))
    return [*gone, *found]
