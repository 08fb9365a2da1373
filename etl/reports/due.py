"""Tells which reports are due: one for every day, week or month that has ended on the site's clocks.

In: a schedule, a time zone, the present instant. Out: the local days of each report that is due, oldest first.
Rule: a report is due at a time on the clock on the wall, so a night of 23 or 25 hours has it once; what was missed
while nothing ran is due still, but not what ended before the schedule was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from etl.schedule.local_days import end_of_day, is_a_day

DAY = timedelta(days=1)
MOST_BACK = {"daily": 7, "weekly": 4, "monthly": 2}
"""How many missed reports of a kind are made up for."""


@dataclass(frozen=True)
class Period:
    """The local days of one report, both part of it."""

    first_date: date
    last_date: date


@dataclass(frozen=True)
class Schedule:
    """One row of ops.report_schedules that has not ended."""

    schedule_id: int
    kind_name: str
    due_seconds: int
    made_at: datetime


def due(schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Period]:
    """The periods whose report is due by now, the oldest first; those missed too, as far as MOST_BACK."""
    found: list[Period] = []
    for period in _ended(schedule.kind_name, now.astimezone(zone).date()):
        at = due_at(period, schedule.due_seconds, zone)
        if at <= schedule.made_at or len(found) == MOST_BACK[schedule.kind_name]:
            break
        if at <= now and is_a_day(zone, period.last_date):
            found.append(period)
    return found[::-1]


def due_at(period: Period, due_seconds: int, zone: ZoneInfo) -> datetime:
    """The instant at which the site's clocks show that time on the day after; never before the period has ended.

    A time that the clocks leap over is due when they would have shown it; one that they show twice, the first time.
    """
    hour, rest = divmod(due_seconds, 3600)
    wall = datetime.combine(period.last_date + DAY, time(hour, rest // 60, rest % 60), zone)
    return max(wall.astimezone(UTC), end_of_day(zone, period.last_date))


def _ended(kind_name: str, today: date) -> Iterator[Period]:
    """The periods of a kind that end before today, the newest first."""
    if kind_name == "daily":
        for back in range(1, 30):
            yield Period(today - back * DAY, today - back * DAY)
    elif kind_name == "weekly":
        monday = today - today.weekday() * DAY
        for back in range(1, 10):
            yield Period(monday - back * 7 * DAY, monday - ((back - 1) * 7 + 1) * DAY)
    else:
        last = today.replace(day=1) - DAY
        for _ in range(6):
            yield Period(last.replace(day=1), last)
            last = last.replace(day=1) - DAY
