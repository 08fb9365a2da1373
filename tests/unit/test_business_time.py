"""Business time: opening hours by the clock on the wall, holidays, and both nights in which the clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl import LoadError
from etl.tickets.business_time import Schedule, add_business_seconds, business_seconds
from tests.laws import law

H = 3600
DAYS = range(7)
OFFICE = tuple((day, 9 * 60, 17 * 60) for day in range(5))
ALL_DAY = tuple((day, 0, 1440) for day in DAYS)


def schedule(zone: str = "Europe/Tallinn", hours: Any = OFFICE, holidays: Any = ()) -> Schedule:
    return Schedule("test", zone, tuple(hours), tuple(holidays))


def instants(*texts: str | None) -> pl.Series:
    return pl.Series(
        [text and datetime.fromisoformat(f"{text}+00:00") for text in texts], dtype=pl.Datetime("us", "UTC")
    )


def seconds(timetable: Schedule, from_at: str, to_at: str) -> int | None:
    result: int | None = business_seconds(timetable, instants(from_at), instants(to_at))[0]
    return result


def due(timetable: Schedule, from_at: str, after: int) -> str | None:
    at = add_business_seconds(timetable, instants(from_at), after)[0]
    return at and f"{at:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("from_at", "to_at", "expected"),
    [
        # 2026-01-12 is a Monday; Tallinn is two hours ahead of UTC in winter: open from 07:00 to 15:00 UTC.
        ("2026-01-12 06:00", "2026-01-12 16:00", 8 * H),
        ("2026-01-12 08:00", "2026-01-12 08:00:07", 7),
        ("2026-01-12 14:30", "2026-01-13 07:15", 30 * 60 + 15 * 60),
        ("2026-01-16 14:00", "2026-01-19 08:00", 1 * H + 1 * H),  # over a weekend
        ("2026-01-17 06:00", "2026-01-18 16:00", 0),  # the weekend itself
        ("2026-01-12 06:00", "2026-01-12 07:00", 0),  # up to the opening
        ("2026-01-12 15:00", "2026-01-12 20:00", 0),  # from the closing on
        ("2026-01-13 10:00", "2026-01-12 10:00", 0),  # backwards
        ("2026-07-13 05:00", "2026-07-13 15:00", 8 * H),  # in summer from 06:00 to 14:00 UTC
        ("2026-07-13 14:00", "2026-07-13 15:00", 0),
    ],
)
def test_only_the_local_opening_hours_count(from_at: str, to_at: str, expected: int) -> None:
    assert seconds(schedule(), from_at, to_at) == expected


def test_a_day_may_have_several_intervals_in_any_order_that_overlap_or_touch() -> None:
    siesta = schedule(hours=[(0, 14 * 60, 18 * 60), (0, 9 * 60, 12 * 60)])
    assert seconds(siesta, "2026-01-12 00:00", "2026-01-13 00:00") == (4 + 3) * H
    assert seconds(siesta, "2026-01-12 09:30", "2026-01-12 12:30") == (30 + 30) * 60  # 11:30 to 14:30
    doubled = schedule(
        hours=[(0, 9 * 60, 12 * 60), (0, 11 * 60, 13 * 60), (0, 10 * 60, 11 * 60), (0, 13 * 60, 14 * 60)]
    )
    assert seconds(doubled, "2026-01-12 00:00", "2026-01-13 00:00") == 5 * H


def test_an_interval_may_end_at_24_00_and_go_on_next_day() -> None:
    night = schedule(hours=[(0, 22 * 60, 1440), (1, 0, 6 * 60)])
    assert seconds(night, "2026-01-12 12:00", "2026-01-13 12:00") == 8 * H


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Tallinn", date(2026, 3, 29), 23),
        ("Europe/Tallinn", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),  # put back by half an hour
        ("America/Havana", date(2026, 11, 1), 25),  # at 01:00 back to 00:00: midnight is shown twice
        ("America/Havana", date(2026, 10, 31), 24),
        ("Asia/Beirut", date(2026, 3, 29), 23),  # at 00:00 on to 01:00: midnight is not shown
        ("Asia/Beirut", date(2026, 3, 28), 24),
        ("America/Sao_Paulo", date(2018, 2, 17), 25),  # at 24:00 back to 23:00
        ("Pacific/Apia", date(2011, 12, 30), 0),  # the day was left out
        ("Pacific/Apia", date(2011, 12, 31), 24),
        ("Asia/Kathmandu", date(2026, 1, 12), 24),
        ("UTC", date(2026, 3, 29), 24),
    ],
)
def test_a_place_that_is_always_open_has_as_many_hours_as_the_local_day(
    zone: str, day: date, hours: float
) -> None:
    only_this_day = schedule(zone, [(day.weekday(), 0, 1440)])
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    around = (pl.Series([noon - timedelta(days=3)]), pl.Series([noon + timedelta(days=3)]))
    assert business_seconds(only_this_day, *around).to_list() == [hours * H]


@pytest.mark.parametrize(
    ("hours", "from_at", "to_at", "expected"),
    [
        # Tallinn, 2026-03-29 (Sunday): at 01:00 UTC the clock leaps from 03:00 to 04:00.
        (
            (2 * 60, 6 * 60),
            "2026-03-28 22:00",
            "2026-03-29 22:00",
            3 * H,
        ),  # 02:00 to 06:00 without 03:00 to 04:00
        (
            (3 * 60 + 30, 6 * 60),
            "2026-03-28 22:00",
            "2026-03-29 22:00",
            2 * H,
        ),  # opens at the leap, shown 04:00
        ((2 * 60, 3 * 60 + 30), "2026-03-28 22:00", "2026-03-29 22:00", 1 * H),  # closes at the leap
        ((3 * 60 + 10, 3 * 60 + 50), "2026-03-28 22:00", "2026-03-29 22:00", 0),  # these minutes do not exist
        ((9 * 60, 17 * 60), "2026-03-29 06:00", "2026-03-29 07:00", 1 * H),  # open from 06:00 UTC on
        # 2026-10-25 (Sunday): at 01:00 UTC the clock goes back from 04:00 to 03:00.
        ((2 * 60, 6 * 60), "2026-10-24 21:00", "2026-10-25 22:00", 5 * H),  # 03:00 to 04:00 comes twice
        ((3 * 60 + 30, 6 * 60), "2026-10-24 21:00", "2026-10-25 22:00", 3.5 * H),  # from the first 03:30
        ((2 * 60, 3 * 60 + 30), "2026-10-24 21:00", "2026-10-25 22:00", 2.5 * H),  # to the second 03:30
        ((9 * 60, 17 * 60), "2026-10-25 06:00", "2026-10-25 07:00", 0),  # not before 07:00 UTC
    ],
)
def test_both_nights_of_the_clock_change(
    hours: tuple[int, int], from_at: str, to_at: str, expected: float
) -> None:
    assert seconds(schedule(hours=[(6, *hours)]), from_at, to_at) == expected


def test_intervals_that_meet_in_the_doubled_hour_count_it_once() -> None:
    halves = schedule(hours=[(6, 0, 3 * 60 + 30), (6, 3 * 60 + 30, 1440)])
    assert seconds(halves, "2026-10-24 12:00", "2026-10-26 12:00") == 25 * H


def test_a_week_with_the_clock_change_has_the_same_office_hours() -> None:
    assert seconds(schedule(), "2026-03-22 22:00", "2026-04-05 21:00") == 10 * 8 * H


@pytest.mark.parametrize(
    ("holidays", "expected"),
    [
        ([], 5 * 8 * H),  # 2025-12-22, a Monday, to the Sunday after
        ([(date(2025, 12, 24), date(2025, 12, 26))], 2 * 8 * H),
        ([(date(2025, 12, 26), date(2025, 12, 26))], 4 * 8 * H),
        ([(date(2025, 12, 27), date(2025, 12, 28))], 5 * 8 * H),  # on the weekend
        ([(date(2025, 12, 1), date(2026, 1, 31))], 0),
        ([(date(2025, 12, 24), date(2025, 12, 25)), (date(2025, 12, 25), date(2025, 12, 26))], 2 * 8 * H),
    ],
)
def test_holidays_are_whole_local_days_first_and_last_included(
    holidays: list[tuple[date, date]], expected: int
) -> None:
    assert seconds(schedule(holidays=holidays), "2025-12-21 22:00", "2025-12-28 22:00") == expected


def test_a_holiday_begins_at_local_midnight() -> None:
    always = schedule("Asia/Tokyo", ALL_DAY, [(date(2026, 1, 2), date(2026, 1, 2))])  # 15:00 to 15:00 UTC
    assert seconds(always, "2026-01-01 14:00", "2026-01-01 16:00") == 1 * H
    assert seconds(always, "2026-01-02 14:00", "2026-01-02 16:00") == 1 * H


def test_null_in_is_null_out_and_rows_stay_in_order() -> None:
    begin = instants("2026-01-12 08:00", None, "2026-01-12 08:00", None, "2026-01-12 14:00")
    end = instants("2026-01-12 09:00", "2026-01-12 09:00", None, None, "2026-01-12 16:00")
    result = business_seconds(schedule(), begin, end)
    assert result.dtype == pl.Int64
    assert result.to_list() == [H, None, None, None, H]
    due_at = add_business_seconds(schedule(), begin, pl.Series([60, 60, None, None, 2 * H]))
    assert due_at.to_list() == [*instants("2026-01-12 08:01", None, None, None, "2026-01-13 08:00")]


def test_columns_may_be_numpy_empty_or_all_null() -> None:
    begin = np.array(["2026-01-12T08:00", "NaT"], dtype="datetime64[us]")
    assert business_seconds(schedule(), begin, begin + np.timedelta64(90, "m")).to_list() == [90 * 60, None]
    assert business_seconds(schedule(), instants(), instants()).to_list() == []
    assert business_seconds(schedule(), pl.Series([None]), pl.Series([None])).to_list() == [None]
    assert add_business_seconds(schedule(), instants(None), 60).to_list() == [None]


def test_numbers_given_as_instants_are_refused_with_what_to_do() -> None:
    with pytest.raises(LoadError, match=r"Int64.*expected UTC datetimes"):
        business_seconds(schedule(), pl.Series([1]), pl.Series([2]))


@pytest.mark.parametrize(
    ("from_at", "after", "expected"),
    [
        ("2026-01-12 08:00:00", 1 * H, "2026-01-12 09:00:00"),
        ("2026-01-12 05:00:00", 1 * H, "2026-01-12 08:00:00"),  # before the opening
        ("2026-01-12 14:30:00", 1 * H, "2026-01-13 07:30:00"),  # over night
        ("2026-01-16 14:30:00", 1 * H, "2026-01-19 07:30:00"),  # over the weekend
        ("2026-01-12 07:00:00", 8 * H, "2026-01-12 15:00:00"),  # the whole day: its end, not the next opening
        ("2026-01-12 07:00:00", 80 * H, "2026-01-23 15:00:00"),  # ten days
        ("2026-01-17 12:00:00", 0, "2026-01-17 12:00:00"),  # nothing to wait for, though closed
        ("2026-01-17 12:00:00", -5, "2026-01-17 12:00:00"),
        ("2026-03-27 14:00:00", 2 * H, "2026-03-30 07:00:00"),  # the clock is put forward in between
        ("2025-12-23 14:00:00", 2 * H, "2025-12-29 08:00:00"),  # Christmas, then a weekend
    ],
)
def test_a_promise_falls_due_when_so_much_business_time_has_passed(
    from_at: str, after: int, expected: str
) -> None:
    closed = schedule(holidays=[(date(2025, 12, 24), date(2025, 12, 26))])
    assert due(closed, from_at, after) == expected


def test_a_promise_years_ahead_is_found_and_an_unreachable_one_is_null() -> None:
    rare = schedule(hours=[(0, 0, 1)])  # a minute a week: 60 hours take 3600 weeks
    last = datetime(2026, 1, 12, 0, 1, tzinfo=ZoneInfo("Europe/Tallinn")) + timedelta(
        weeks=3599
    )  # local time goes on
    assert due(rare, "2026-01-11 22:00:00", 60 * H) == f"{last.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    assert due(schedule(hours=[]), "2026-01-12 08:00:00", 1) is None
    assert seconds(schedule(hours=[]), "2026-01-12 08:00:00", "2027-01-12 08:00:00") == 0
    assert due(schedule(holidays=[(date(1990, 1, 1), date(2999, 12, 31))]), "2026-01-12 08:00:00", 1) is None
    assert due(schedule(), "2026-01-12 08:00:00", 2**62) is None


def test_years_far_out_do_no_harm() -> None:
    far = pl.Series([datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
    assert business_seconds(schedule(), far, far).to_list() == [0, 0]
    assert add_business_seconds(schedule(), far, 60)[1] is None


@pytest.mark.parametrize(
    ("zone", "hours", "holidays", "word"),
    [
        ("Tallinn", OFFICE, (), "time zone 'Tallinn'; expected an IANA name"),
        ("", OFFICE, (), "time zone ''"),
        ("UTC", [(7, 0, 60)], (), r"weekday from 0 \(Monday\) to 6"),
        ("UTC", [(0, 60, 60)], (), "0 <= start < end <= 1440"),
        ("UTC", [(0, 22 * 60, 30 * 60)], (), "hours past midnight are two rows"),
        ("UTC", OFFICE, [(date(2026, 1, 2), date(2026, 1, 1))], "first day not to be after the last"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(zone: str, hours: Any, holidays: Any, word: str) -> None:
    with pytest.raises(LoadError, match=word):
        schedule(zone, hours, holidays)


ZONES = st.sampled_from(
    ["Europe/Tallinn", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana", "UTC"]
)
MINUTES = st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda pair: pair[0] != pair[1])
HOURS = st.lists(
    st.tuples(st.integers(0, 6), MINUTES).map(lambda row: (row[0], min(row[1]), max(row[1]))),
    min_size=1,
    max_size=9,
)
FIRST = st.dates(date(2025, 10, 1), date(2026, 12, 1))
HOLIDAYS = st.lists(
    st.tuples(FIRST, st.integers(0, 9)).map(lambda row: (row[0], row[0] + timedelta(days=row[1]))), max_size=3
)
SCHEDULES = st.builds(lambda zone, hours, holidays: schedule(zone, hours, holidays), ZONES, HOURS, HOLIDAYS)
MOMENTS = st.integers(0, 425 * 86_400).map(
    lambda second: datetime(2025, 10, 1, tzinfo=UTC) + timedelta(seconds=second)
)


@law(60)
@given(SCHEDULES, st.lists(MOMENTS, min_size=3, max_size=3).map(sorted))
def test_business_time_is_additive_over_a_cut(timetable: Schedule, moments: list[datetime]) -> None:
    first, cut, last = (pl.Series([moment]) for moment in moments)
    whole = business_seconds(timetable, first, last)[0]
    assert whole == business_seconds(timetable, first, cut)[0] + business_seconds(timetable, cut, last)[0]
    assert 0 <= whole <= (moments[2] - moments[0]).total_seconds()


@law(60)
@given(SCHEDULES, MOMENTS, st.integers(1, 2_000_000))
# Found once: a minute a week needs 101 years for so much.
@example(schedule("Europe/Tallinn", [(0, 0, 1)], []), datetime(2025, 10, 1, tzinfo=UTC), 316_981)
def test_the_instant_when_it_is_due_is_the_first_with_so_much_business_time(
    timetable: Schedule, at: datetime, after: int
) -> None:
    due_at = add_business_seconds(timetable, pl.Series([at]), after)
    if due_at.to_list() == [None]:  # it is so promised: never, where a hundred years are not enough
        century = pl.Series([at + timedelta(days=100 * 366)])
        assert business_seconds(timetable, pl.Series([at]), century)[0] < after
        return
    assert business_seconds(timetable, pl.Series([at]), due_at).to_list() == [after]
    earlier = due_at - timedelta(seconds=1)
    assert business_seconds(timetable, pl.Series([at]), earlier).to_list() == [after - 1]


@law(40)
@given(SCHEDULES, MOMENTS)
def test_a_day_agrees_with_a_walk_over_its_minutes(timetable: Schedule, at: datetime) -> None:
    """A second way to the same figure: ask the clock on the wall, minute by minute (outside of the doubled hour)."""
    zone = ZoneInfo(timetable.time_zone_name)
    begin = at.replace(second=0)
    minutes = [begin + timedelta(minutes=minute) for minute in range(1440)]
    walls = [minute.astimezone(zone) for minute in minutes]
    if any(wall.utcoffset() != walls[0].utcoffset() for wall in walls):
        return

    def is_open(wall: datetime) -> bool:
        minute = wall.hour * 60 + wall.minute
        return any(
            day == wall.weekday() and start <= minute < end for day, start, end in timetable.hours
        ) and not any(first <= wall.date() <= last for first, last in timetable.holidays)

    expected = 60 * sum(map(is_open, walls))
    assert business_seconds(
        timetable, pl.Series([begin]), pl.Series([begin + timedelta(days=1)])
    ).to_list() == [expected]
