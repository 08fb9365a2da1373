"""Tells which local days of a site have ended, so that what is due once a day is done once for each of them.

In: a time zone, an instant, and the days that are done. Out: days of the calendar, oldest first.
Rule: a day ends where the next one begins on the site's clocks, be it 23, 24 or 25 hours long; a day that the
calendar left out (Samoa, 30 December 2011) never ends, because it never was.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_DAYS_BACK = 7


def ended_days(
    zone: ZoneInfo,
    now: datetime,
    done: Collection[date],
    *,
    settle: timedelta = timedelta(0),
    most_days_back: int = MOST_DAYS_BACK,
) -> list[date]:
    """The local days that have ended `settle` ago or longer and are not `done`, oldest first.

    Looks at most `most_days_back` days back, and never before the oldest day that is done; where none is, only the
    day that ended last is due: what was before the first of them is nobody's duty.
    """
    at = now - settle
    today = at.astimezone(zone).date()
    first = max(today - timedelta(days=most_days_back), min(done, default=date.min))
    candidates = [first + timedelta(days=days) for days in range((today - first).days + 1)]
    due = [
        day for day in candidates if day not in done and is_a_day(zone, day) and end_of_day(zone, day) <= at
    ]
    return due if done else due[-1:]


def is_a_day(zone: ZoneInfo, day: date) -> bool:
    """Whether the zone's calendar has that day; the date line has moved over a few of them."""
    return _begin(zone, day) < end_of_day(zone, day)


def end_of_day(zone: ZoneInfo, day: date) -> datetime:
    """The instant, UTC, from which on it is never that day again in the zone."""
    return _begin(zone, day + timedelta(days=1))


def _begin(zone: ZoneInfo, day: date) -> datetime:
    """The instant from which on it is that day or a later one; a clock set back over midnight shows the day twice."""
    midnight = datetime.combine(day, time.min, zone)
    first, again = (midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    was = (again - timedelta(microseconds=1)).astimezone(zone).date()
    return again if again > first and was < day else first
