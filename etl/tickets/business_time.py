"""Business time: how much of a stretch of time fell into a site's opening hours, and when so much of it will have passed.

In: a schedule (opening hours of each weekday on the local clock, holidays, time zone) and columns of UTC instants.
Out: seconds within the opening hours, or the instant at which a promise of so many business seconds falls due.
The rule it guards: opening hours are what the clock on the wall says, also in the two nights in which it is put forward
or back; a place that is open all day long has then 23 or 25 hours.

Opening hours are laid out once as UTC intervals with a running sum; every question is then a search in that list. Where
the clock shows an opening time twice, the first one counts, and the second one for a closing time; an opening or closing
time that the clock leaps over is the instant of the leap. An interval that ends at 24:00 ends when the next day begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl import LoadError

Array = NDArray[Any]
Instants = pl.Series | Array
MICROSECONDS = 1_000_000
DAY_MINUTES = 1440
FIRST_YEAR, LAST_YEAR = 1900, 2200  # outside of these years every place counts as closed
_INSTANT = pl.Datetime("us", "UTC")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOOK_AHEAD_YEARS = (1, 2, 5, 20, 100)
_LONGEST_SECONDS = 10_000_000_000  # some 300 years: never reached, and no overflow


@dataclass(frozen=True)
class Schedule:
    """A timetable of business hours: (weekday from 0 = Monday, start minute, end minute) of the local day, up to 1440.

    Holidays are runs of local days, first and last day included. Intervals that overlap count once.
    Raises LoadError for hours, holidays or a time zone that make no sense.
    """

    schedule_name: str
    time_zone_name: str
    hours: tuple[tuple[int, int, int], ...]
    holidays: tuple[tuple[date, date], ...] = ()

    def __post_init__(self) -> None:
        if not is_time_zone(self.time_zone_name):
            raise LoadError(
                f"The schedule '{self.schedule_name}' has the time zone '{self.time_zone_name}'; expected an IANA name "
                "such as Europe/Tallinn. Correct it in the organisation's schedules."
            )
        for weekday, start_minute, end_minute in self.hours:
            if not (0 <= weekday <= 6 and 0 <= start_minute < end_minute <= DAY_MINUTES):
                raise LoadError(
                    f"The schedule '{self.schedule_name}' has opening hours ({weekday}, {start_minute}, {end_minute}); "
                    "expected a weekday from 0 (Monday) to 6 and minutes with 0 <= start < end <= 1440. Correct this row; "
                    "hours past midnight are two rows."
                )
        for first_date, last_date in self.holidays:
            if first_date > last_date:
                raise LoadError(
                    f"The schedule '{self.schedule_name}' has a holiday from {first_date} to {last_date}; expected the "
                    "first day not to be after the last. Correct this holiday."
                )


def is_time_zone(name: str) -> bool:
    """Whether the name is a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@dataclass(frozen=True, eq=False)
class Openings:
    """The opening intervals of a run of years as UTC microseconds, in order and apart, and the running sum before each."""

    starts: Array
    ends: Array
    before: Array

    @property
    def whole(self) -> int:
        """All opening time of these years, in microseconds."""
        return int(self.before[-1])

    def passed(self, instants: Array) -> Array:
        """Microseconds of opening time from the beginning of these years up to each instant."""
        if len(self.starts) == 0:
            return np.zeros(len(instants), dtype=np.int64)
        at = np.searchsorted(self.starts, instants, side="right") - 1
        inside = np.maximum(at, 0)
        open_for = np.minimum(instants, self.ends[inside]) - self.starts[inside]
        return np.asarray(np.where(at < 0, 0, self.before[inside] + open_for), dtype=np.int64)

    def reached(self, passed: Array) -> Array:
        """The first instant at which so much opening time has passed; the caller sees to 0 < passed <= whole."""
        at = np.searchsorted(self.before[1:], passed, side="left")
        return np.asarray(self.ends[at] - (self.before[at + 1] - passed), dtype=np.int64)


def business_seconds(schedule: Schedule, from_at: Instants, to_at: Instants) -> pl.Series:
    """Whole seconds of opening hours in [from_at, to_at), one Int64 per row; null where an instant is null.

    Columns of equal length: Polars datetimes (UTC) or numpy datetime64 (taken as UTC). 0 where to_at is before from_at.
    """
    begin, end = _instants(from_at), _instants(to_at)
    known = (begin.is_not_null() & end.is_not_null()).to_numpy()
    starts, ends = _microseconds(begin)[known], _microseconds(end)[known]
    seconds = np.zeros(len(known), dtype=np.int64)
    seconds[known] = business_microseconds(schedule, starts, ends) // MICROSECONDS
    return _nulled(pl.Series("business_seconds", seconds), known)


def business_microseconds(schedule: Schedule, starts: Array, ends: Array) -> Array:
    """Microseconds of opening hours between instants that are themselves given as microseconds since 1970 UTC."""
    if len(starts) == 0:
        return np.zeros(0, dtype=np.int64)
    openings = openings_between(
        schedule, int(min(starts.min(), ends.min())), int(max(starts.max(), ends.max()))
    )
    return np.asarray(np.maximum(openings.passed(ends) - openings.passed(starts), 0), dtype=np.int64)


def add_business_seconds(
    schedule: Schedule, from_at: Instants, seconds: int | pl.Series | Array
) -> pl.Series:
    """The instants at which so many seconds of opening hours have passed since from_at, one UTC datetime per row.

    The end of an opening interval is taken where the time is used up exactly there, not the next opening; 0 seconds or
    fewer give from_at itself. Null where an input is null, or where it never comes: no opening hours within 100 years.
    """
    begin = _instants(from_at)
    given = (
        pl.repeat(seconds, len(begin), dtype=pl.Int64, eager=True)
        if isinstance(seconds, int)
        else pl.Series(seconds)
    )
    known = (begin.is_not_null() & given.is_not_null()).to_numpy()
    starts = _microseconds(begin)[known]
    wanted = (
        given.cast(pl.Int64).fill_null(0).clip(upper_bound=_LONGEST_SECONDS).to_numpy()[known] * MICROSECONDS
    )
    instants, comes = reach(schedule, starts, wanted)
    due = np.zeros(len(known), dtype=np.int64)
    due[known] = instants
    known[known] = comes
    return _nulled(pl.Series("business_at", due).cast(_INSTANT), known)


def reach(schedule: Schedule, starts: Array, wanted: Array) -> tuple[Array, Array]:
    """Of instants and durations in microseconds: the instants at which they have passed, and whether they ever do."""
    instants, comes = starts.copy(), wanted <= 0
    for years in _LOOK_AHEAD_YEARS if schedule.hours else ():
        rest = np.flatnonzero(~comes)
        if len(rest) == 0:
            break
        last = int(starts[rest].max()) + years * 366 * 86_400 * MICROSECONDS
        openings = openings_between(schedule, int(starts[rest].min()), last)
        passed = openings.passed(starts[rest]) + wanted[rest]
        found = rest[passed <= openings.whole]
        instants[found] = openings.reached(passed[passed <= openings.whole])
        comes[found] = True
    return instants, comes


def openings_between(schedule: Schedule, first: int, last: int) -> Openings:
    """The opening intervals that cover two instants in microseconds since 1970, in whole years, remembered."""
    years = np.array([first, last], dtype="datetime64[us]").astype("datetime64[Y]").astype(int) + 1970
    first_year, last_year = np.clip(years, FIRST_YEAR + 1, LAST_YEAR - 1)
    return _openings(schedule, int(first_year) - 1, int(last_year) + 1)


@lru_cache(maxsize=256)
def _openings(schedule: Schedule, first_year: int, last_year: int) -> Openings:
    """The opening intervals of whole local years; days without a change of the clock are laid out by mere addition."""
    zone = ZoneInfo(schedule.time_zone_name)
    first, after = date(first_year, 1, 1), date(last_year + 1, 1, 1)
    days = np.arange(first.toordinal(), after.toordinal())
    is_open = np.ones(len(days), dtype=bool)
    for first_date, last_date in schedule.holidays:
        is_open &= (days < first_date.toordinal()) | (days > last_date.toordinal())
    offsets = _offsets(zone, first.toordinal(), after.toordinal())
    is_plain = (offsets[:-1] == offsets[1:]).all(axis=1)
    midnights = (days - date(1970, 1, 1).toordinal()) * 86_400 - offsets[:-1, 0]
    starts: list[Array] = []
    ends: list[Array] = []
    for weekday, start_minute, end_minute in schedule.hours:
        chosen = is_open & ((days - 1) % 7 == weekday)  # the ordinal day 1 was a Monday
        plain = midnights[chosen & is_plain]
        turning = days[chosen & ~is_plain]
        starts += [plain + start_minute * 60, _shown(zone, turning, start_minute, is_end=False)]
        ends += [plain + end_minute * 60, _shown(zone, turning, end_minute, is_end=True)]
    if not starts:
        return _joined(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    return _joined(np.concatenate(starts) * MICROSECONDS, np.concatenate(ends) * MICROSECONDS)


@lru_cache(maxsize=64)
def _offsets(zone: ZoneInfo, first_day: int, last_day: int) -> Array:
    """Seconds east of UTC at each local midnight, read as the first and as the second time it is shown."""
    offsets = np.zeros((last_day - first_day + 1, 2), dtype=np.int64)
    for row, day in enumerate(range(first_day, last_day + 1)):
        midnight = datetime.fromordinal(day)
        for fold in (0, 1):
            offset = midnight.replace(tzinfo=zone, fold=fold).utcoffset()
            offsets[row, fold] = 0 if offset is None else round(offset.total_seconds())
    return offsets


def _shown(zone: ZoneInfo, days: Array, minute: int, *, is_end: bool) -> Array:
    """The seconds since 1970 at which the local clock shows a minute of each day (ordinals)."""
    # The end of the day is the next midnight's first showing: a midnight shown twice has already begun the next day.
    fold = 1 if is_end and minute < DAY_MINUTES else 0
    walls = [datetime.fromordinal(int(day)) + timedelta(minutes=minute) for day in days]
    return np.array([_seconds_of(zone, wall, fold) for wall in walls], dtype=np.int64)


def _seconds_of(zone: ZoneInfo, wall: datetime, fold: int) -> int:
    first, second = (round((wall.replace(tzinfo=zone, fold=f) - _EPOCH).total_seconds()) for f in (0, 1))
    if first <= second:  # shown once, or twice
        return second if fold else first
    low, high = (
        second - 1,
        first,
    )  # never shown: the leap is the first second after which the clock is past it
    while high - low > 1:
        middle = (low + high) // 2
        shown = (_EPOCH + timedelta(seconds=middle)).astimezone(zone).replace(tzinfo=None)
        low, high = (low, middle) if shown >= wall else (middle, high)
    return high


def _joined(starts: Array, ends: Array) -> Openings:
    """Intervals in order, empty ones left out, overlapping and touching ones made one."""
    order = np.lexsort((ends, starts))
    order = order[ends[order] > starts[order]]
    starts, ends = starts[order], ends[order]
    if len(starts):
        latest = np.maximum.accumulate(ends)
        begins = np.append(True, starts[1:] > latest[:-1])
        starts, ends = starts[begins], latest[np.append(np.flatnonzero(begins)[1:] - 1, len(latest) - 1)]
    return Openings(starts, ends, np.append(np.int64(0), np.cumsum(ends - starts)))


def _instants(column: Instants) -> pl.Series:
    series = column if isinstance(column, pl.Series) else pl.Series(column)
    if series.dtype == pl.Null:
        return series.cast(_INSTANT)
    if not isinstance(series.dtype, pl.Datetime):
        raise LoadError(
            f"A column of {series.dtype} was given as instants ('{series.name}'); expected UTC datetimes. Convert it first."
        )
    zoned = series.dt.replace_time_zone("UTC") if series.dtype.time_zone is None else series
    return zoned.dt.convert_time_zone("UTC").dt.cast_time_unit("us")


def _microseconds(instants: pl.Series) -> Array:
    return instants.to_physical().fill_null(0).to_numpy().astype(np.int64)


def _nulled(values: pl.Series, known: Array) -> pl.Series:
    empty = pl.Series(values.name, [None], dtype=values.dtype)
    return values.zip_with(pl.Series(known), empty)
