"""Every local day is closed once: nights of 23 and 25 hours, midnights that are left out, days that never were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from etl.schedule.local_days import end_of_day, ended_days, is_a_day

ZONES = (
    "Europe/Tallinn", "Europe/London", "Europe/Lisbon", "America/New_York", "America/St_Johns", "America/Sao_Paulo",
    "America/Havana", "America/Santiago", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca", "Africa/Cairo",
    "Atlantic/Azores", "America/Asuncion",
)  # fmt: skip


def closings(zone_name: str, looks: Iterable[datetime]) -> list[tuple[date, datetime]]:
    """What a job closes that looks at these instants: the day and when. The day of the first look is taken as done."""
    zone, done, found = ZoneInfo(zone_name), set[date](), list[tuple[date, datetime]]()
    for now in looks:
        done = {day for day in done if now.date() - day < timedelta(days=10)} or {now.astimezone(zone).date()}
        for day in ended_days(zone, now, done):
            found.append((day, now))
            done.add(day)
    return found


def every(minutes: int, start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += timedelta(minutes=minutes)


def calendar(zone_name: str, start: datetime, end: datetime) -> list[date]:
    """The days that begin and end between the two instants, as the zone's clocks show them."""
    zone = ZoneInfo(zone_name)
    return sorted({now.astimezone(zone).date() for now in every(30, start, end)})[1:-1]


def turns(zone_name: str, start: datetime, end: datetime) -> list[datetime]:
    """When the zone's clocks are set."""
    zone = ZoneInfo(zone_name)
    hours = list(every(60, start, end))
    offsets = [now.astimezone(zone).utcoffset() for now in hours]
    return [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1]]


@pytest.mark.parametrize("zone_name", ZONES)
@pytest.mark.parametrize("year", [2011, 2026])
def test_every_day_of_a_year_is_closed_exactly_once_and_in_order(zone_name: str, year: int) -> None:
    start, end = datetime(year, 1, 1, 12, tzinfo=UTC), datetime(year + 1, 1, 1, 12, tzinfo=UTC)
    closed = closings(zone_name, every(6 * 60, start, end + timedelta(hours=24)))
    expected = calendar(zone_name, start, end)
    assert [day for day, _ in closed if day <= expected[-1]] == expected


@pytest.mark.parametrize("zone_name", ZONES)
@pytest.mark.parametrize("year", [2011, 2026])
def test_around_the_nights_on_which_clocks_are_set_each_day_is_closed_as_soon_as_it_is_over(
    zone_name: str, year: int
) -> None:
    zone = ZoneInfo(zone_name)
    for turn in turns(zone_name, datetime(year, 1, 5, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)):
        start, end = turn - timedelta(days=2), turn + timedelta(days=2)
        closed = closings(zone_name, every(10, start, end))
        assert len({day for day, _ in closed}) == len(closed) >= 2
        for day, instant in closed:
            before = instant - timedelta(minutes=10)
            assert instant.astimezone(zone).date() > day >= before.astimezone(zone).date()


@pytest.mark.parametrize(
    ("zone_name", "day", "hours"),
    [
        ("Europe/Tallinn", date(2026, 3, 29), 23.0),
        ("Europe/Tallinn", date(2026, 10, 25), 25.0),
        ("Europe/Tallinn", date(2026, 6, 1), 24.0),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Havana", date(2026, 3, 8), 23.0),  # midnight itself is left out
        ("America/Havana", date(2026, 11, 1), 25.0),
        ("Atlantic/Azores", date(2026, 10, 25), 25.0),  # back from 1:00 to midnight: midnight comes twice
        ("Africa/Casablanca", date(2026, 2, 15), 25.0),
        ("Africa/Casablanca", date(2026, 3, 22), 23.0),
        ("America/St_Johns", date(2006, 10, 28), 25.0),  # at 0:01 back to 23:01 of the day before
    ],
)
def test_a_day_lasts_as_long_as_the_clocks_of_its_site_say(zone_name: str, day: date, hours: float) -> None:
    zone = ZoneInfo(zone_name)
    lasts = end_of_day(zone, day) - end_of_day(zone, day - timedelta(days=1))
    assert lasts == timedelta(hours=hours)


def test_the_day_that_samoa_left_out_is_never_closed() -> None:
    zone = ZoneInfo("Pacific/Apia")
    assert [is_a_day(zone, date(2011, 12, day)) for day in (29, 30, 31)] == [True, False, True]
    closed = closings(
        "Pacific/Apia", every(10, datetime(2011, 12, 28, tzinfo=UTC), datetime(2012, 1, 2, tzinfo=UTC))
    )
    assert [day.day for day, _ in closed] == [28, 29, 31, 1]


def test_after_a_silence_the_missed_days_are_made_up_for_and_no_older_ones() -> None:
    zone, now = ZoneInfo("Europe/Tallinn"), datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert ended_days(zone, now, set()) == [date(2026, 11, 21)]
    done = {date(2026, 11, 17), date(2026, 11, 19)}
    assert [day.day for day in ended_days(zone, now, done)] == [18, 20, 21]
    long_ago = {date(2026, 9, 1)}
    assert [day.day for day in ended_days(zone, now, long_ago, most_days_back=3)] == [19, 20, 21]


def test_a_day_is_due_only_after_it_has_settled() -> None:
    zone, done = ZoneInfo("Europe/Tallinn"), {date(2026, 11, 20)}
    midnight = datetime(2026, 11, 21, 22, tzinfo=UTC)  # 00:00 in Tallinn
    settle = timedelta(hours=1)
    assert ended_days(zone, midnight + timedelta(minutes=59), done, settle=settle) == []
    assert ended_days(zone, midnight + settle, done, settle=settle) == [date(2026, 11, 21)]


def test_a_trigger_in_the_local_zone_would_fail_this() -> None:
    """The negative control: 03:30 by the clock comes twice on the autumn night and not at all on the spring night."""
    zone = ZoneInfo("Europe/Tallinn")

    def times_shown(day: date) -> int:
        first = end_of_day(zone, day - timedelta(days=1))
        shown = (first + timedelta(minutes=minute) for minute in range(25 * 60))
        return sum(
            (each.astimezone(zone).date(), each.astimezone(zone).strftime("%H:%M")) == (day, "03:30")
            for each in shown
        )

    assert [times_shown(date(2026, 3, 29)), times_shown(date(2026, 10, 25))] == [0, 2]
