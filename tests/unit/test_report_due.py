"""When a report is due: once for each day, week and month, on the clocks of the site."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.reports.due import MOST_BACK, Period, Schedule, due, due_at
from tests.laws import law

TALLINN = ZoneInfo("Europe/Tallinn")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
AT_06_30 = 6 * 3600 + 30 * 60


def schedule(kind: str, *, seconds: int = AT_06_30, made_at: datetime = LONG_AGO) -> Schedule:
    return Schedule(1, kind, seconds, made_at)


def local(text: str, zone: ZoneInfo = TALLINN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_a_daily_report_is_due_the_morning_after() -> None:
    early, on_time = local("2026-11-22T06:29:59"), local("2026-11-22T06:30:00")
    assert due(schedule("daily"), TALLINN, early)[-1] == Period(date(2026, 11, 20), date(2026, 11, 20))
    assert due(schedule("daily"), TALLINN, on_time)[-1] == Period(date(2026, 11, 21), date(2026, 11, 21))


def test_a_weekly_report_runs_from_monday_to_sunday_and_is_due_on_monday() -> None:
    """22 November 2026 is a Sunday."""
    newest = Period(date(2026, 11, 16), date(2026, 11, 22))
    assert due(schedule("weekly"), TALLINN, local("2026-11-23T06:29:00"))[-1] != newest
    assert due(schedule("weekly"), TALLINN, local("2026-11-23T06:30:00"))[-1] == newest


def test_a_monthly_report_has_the_whole_month_february_too() -> None:
    found = due(schedule("monthly"), TALLINN, local("2028-03-01T07:00:00"))
    assert found[-1] == Period(date(2028, 2, 1), date(2028, 2, 29))
    assert found[0] == Period(date(2028, 1, 1), date(2028, 1, 31))


def test_nothing_is_due_of_the_time_before_a_schedule_was_made() -> None:
    made_at = local("2026-11-22T10:00:00")
    assert due(schedule("daily", made_at=made_at), TALLINN, local("2026-11-22T23:00:00")) == []
    (first,) = due(schedule("daily", made_at=made_at), TALLINN, local("2026-11-23T06:30:00"))
    assert first == Period(date(2026, 11, 22), date(2026, 11, 22))


def test_after_an_outage_the_missed_days_are_due_but_not_a_whole_archive() -> None:
    found = due(schedule("daily"), TALLINN, local("2026-11-22T12:00:00"))
    assert [one.first_date.day for one in found] == [15, 16, 17, 18, 19, 20, 21]
    assert {
        kind: len(due(schedule(kind), TALLINN, local("2026-11-22T12:00:00"))) for kind in MOST_BACK
    } == MOST_BACK


@pytest.mark.parametrize(
    ("last", "seconds", "utc"),
    [
        # 28 March 2027, Tallinn: the clocks leap from 03:00 (UTC+2) to 04:00 (UTC+3); 03:30 is when it would have been
        ("2027-03-27", 3 * 3600 + 1800, "2027-03-28T01:30:00+00:00"),
        # 25 October 2026: 03:30 comes at 00:30 and at 01:30 UTC; the first time counts
        ("2026-10-24", 3 * 3600 + 1800, "2026-10-25T00:30:00+00:00"),
        ("2026-10-24", 0, "2026-10-24T21:00:00+00:00"),
        ("2026-10-25", 0, "2026-10-25T22:00:00+00:00"),
    ],
)
def test_on_both_nights_of_the_clock_change_a_report_has_one_instant(
    last: str, seconds: int, utc: str
) -> None:
    day = date.fromisoformat(last)
    assert due_at(Period(day, day), seconds, TALLINN) == datetime.fromisoformat(utc)


def test_a_day_that_the_calendar_left_out_has_no_report() -> None:
    """Samoa went from 29 to 31 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    found = due(
        schedule("daily", made_at=datetime(2011, 1, 1, tzinfo=UTC)), apia, local("2012-01-02T12:00:00", apia)
    )
    assert [one.first_date.isoformat()[5:] for one in found][-3:] == ["12-29", "12-31", "01-01"]


@law(60)
@given(
    kind=st.sampled_from(sorted(MOST_BACK)),
    seconds=st.integers(0, 86_399),
    zone=st.sampled_from(
        ["Europe/Tallinn", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
    ),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001
    steps=st.lists(st.integers(1, 40 * 3600), min_size=1, max_size=40),
)
def test_however_often_it_is_asked_each_period_is_due_once_and_none_is_left_out(
    kind: str, seconds: int, zone: str, start: datetime, steps: list[int]
) -> None:
    """Asked at any instants less than a week apart, the periods follow each other without gap or doubling."""
    now, seen = start.replace(tzinfo=UTC), list[Period]()
    one = schedule(kind, seconds=seconds, made_at=now)
    for step in steps:
        now += timedelta(seconds=step)
        for period in due(one, ZoneInfo(zone), now):
            assert due_at(period, seconds, ZoneInfo(zone)) <= now
            if period not in seen:
                seen.append(period)
    assert seen == sorted(seen, key=lambda period: period.first_date)
    for before, after in pairwise(seen):
        assert after.first_date == before.last_date + timedelta(days=1)
