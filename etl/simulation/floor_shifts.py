"""The rota of the simulated floor: who was scheduled when, for which breaks, and who was on leave or ill.

In: the floor's seed and zone, and the local days wanted. Out: a file of shifts as a planning tool would export it.
The rule it guards: the rota is what was planned, to five minutes; what people then did is told by the telephones alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from etl.simulation.floor_plan import AGENTS, SHIFTS, TURNS

FILE_NAME = "shifts.jsonl"
AHEAD = timedelta(days=28)
BREAKS = ((0.27, "break", 15), (0.0, "lunch", 30), (0.24, "break", 15))
"""Planned breaks of a long shift: place in it (those after the first count from lunch), name, minutes."""
DAY = timedelta(days=1)


def write_shifts(path: Path, *, first: date, last: date, zone: ZoneInfo, seed: int) -> int:
    """Appends the rota of the days that the file does not have yet; the number of rows written."""
    known = _last_day(path)
    day = max(first, known + DAY) if known else first
    written = 0
    with path.open("a", encoding="utf-8") as file:
        while day <= last:
            for row in rota(day, zone, seed):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                written += 1
            day += DAY
    return written


def rota(day: date, zone: ZoneInfo, seed: int) -> Iterator[dict[str, object]]:
    """The rows of one local day: work, the breaks in it, and leave or illness instead of it."""
    for number, agent in enumerate(AGENTS):
        is_rostered = day.weekday() < 5
        if agent.days == TURNS:
            is_rostered = (day.toordinal() + 3 * number) % 7 < 5
        if not is_rostered:
            continue
        year, week, _ = day.isocalendar()
        is_on_leave = Random(f"{seed}/leave/{number}/{year}-{week}").random() < 0.12
        is_ill = Random(f"{seed}/shift/{number}/{day}").random() < 0.03
        start, end = _planned(number, day, zone)
        key = f"{day.isoformat()}/{number}"
        if is_on_leave:
            yield _row(f"{key}/leave", agent.name, "leave", start, end)
            continue
        yield _row(f"{key}/work", agent.name, "work", start, end)
        if is_ill:
            yield _row(f"{key}/sick", agent.name, "sick", start, end)
            continue
        yield from _breaks(key, number, start, end)


def _planned(number: int, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Begin and end of the shift as planned, staggered as the floor staggers its agents."""
    begin_time, end_time, stagger_minutes, _ = SHIFTS[AGENTS[number].shift]
    end_day = day if end_time > begin_time else day + DAY
    stagger = timedelta(minutes=5 * round(stagger_minutes * (number * 2 % 5) / 4 / 5))
    return datetime.combine(day, begin_time, zone) + stagger, datetime.combine(
        end_day, end_time, zone
    ) + stagger


def _breaks(key: str, number: int, start: datetime, end: datetime) -> Iterator[dict[str, object]]:
    length = end - start
    is_long = length > timedelta(hours=6)
    lunch_share = SHIFTS[AGENTS[number].shift][3]
    for place, (share, name, minutes) in enumerate(BREAKS if is_long else BREAKS[:1]):
        at = start + (share if place == 0 else lunch_share + share) * length
        at -= timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
        row_end = at + timedelta(minutes=minutes)
        yield _row(f"{key}/{place}", AGENTS[number].name, name, at, row_end)


def _row(key: str, agent_name: str, activity: str, start: datetime, end: datetime) -> dict[str, object]:
    return {
        "id": key,
        "who": agent_name,
        "what": activity,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "planned": "no" if activity == "sick" else "yes",
    }


def _last_day(path: Path) -> date | None:
    """The last day of which the file has a row; None for a file that is not there or empty."""
    if not path.exists():
        return None
    last = None
    for line in path.read_text(encoding="utf-8").splitlines():
        last = line
    return date.fromisoformat(json.loads(last)["id"].partition("/")[0]) if last else None
