"""The metrics of tickets on one row of sums, worked out by hand, and how long work is told to have lain."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboard import words
from sql import metrics
from tests.laws import law

HOUR = 3600
SUMS = {
    "first_reply_seconds": 30 * HOUR,
    "first_replied_tickets": 10,
    "first_reply_business_seconds": 8 * HOUR,
    "first_replied_in_business_tickets": 8,
    "first_resolution_seconds": 60 * HOUR,
    "first_resolved_tickets": 6,
    "first_resolution_business_seconds": 20 * HOUR,
    "first_resolved_in_business_tickets": 5,
    "full_resolution_seconds": 90 * HOUR,
    "resolved_tickets": 9,
    "full_resolution_business_seconds": 28 * HOUR,
    "resolved_in_business_tickets": 7,
    "requester_wait_seconds": 32 * HOUR,
    "waited_tickets": 8,
    "requester_wait_business_seconds": 12 * HOUR,
    "waited_in_business_tickets": 6,
    "one_touch_tickets": 4,
    "two_touch_tickets": 3,
    "solved_tickets": 12,
    "reopened_in_7_days_tickets": 3,
    "due_targets_tickets": 20,  # 14 met, 4 late, 2 open and overdue
    "met_targets_tickets": 14,
    "csat_tickets": 5,
    "csat_satisfied_tickets": 4,
    "backlog_tickets": 4,
    "backlog_age_seconds": 100 * HOUR,
    "owed_tickets": 2,
    "owed_wait_seconds": 5 * HOUR,
    "measured_tickets": 4,
    "measured_total_seconds": 6 * HOUR,
}
EXPECTED = {
    "average_first_reply_seconds": 30 * HOUR / 10,
    "average_first_reply_business_seconds": 8 * HOUR / 8,
    "average_first_resolution_seconds": 60 * HOUR / 6,
    "average_first_resolution_business_seconds": 20 * HOUR / 5,
    "average_full_resolution_seconds": 90 * HOUR / 9,
    "average_full_resolution_business_seconds": 28 * HOUR / 7,
    "average_requester_wait_seconds": 32 * HOUR / 8,
    "average_requester_wait_business_seconds": 12 * HOUR / 6,
    "one_touch_ratio": 4 / 9,
    "two_touch_ratio": 3 / 9,
    "reopened_in_7_days_ratio": 3 / 12,
    "sla_attainment_ratio": 14 / (14 + 4 + 2),
    "ticket_csat_ratio": 4 / 5,
    "average_backlog_age_seconds": 100 * HOUR / 4,
    "average_owed_wait_seconds": 5 * HOUR / 2,
    "average_measured_seconds": 6 * HOUR / 4,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_metric_of_tickets_is_a_ratio_of_sums(name: str) -> None:
    found = metrics.with_metrics(pl.DataFrame([SUMS]), name)[name][0]
    assert found == pytest.approx(EXPECTED[name])


@pytest.mark.parametrize("name", EXPECTED)
def test_each_metric_of_tickets_is_unknown_without_its_n(name: str) -> None:
    nothing = pl.DataFrame([dict.fromkeys(SUMS, 0)])
    assert metrics.with_metrics(nothing, name)[name][0] is None


@pytest.mark.parametrize(
    ("seconds", "calendar", "business"),
    [
        (None, "–", "–"),
        (8, "8 s", "8 s"),
        (47 * HOUR, "47 h", "47 h"),
        (3 * HOUR + 300, "3 h 5 min", "3 h 5 min"),
        (3.6 * 24 * HOUR, "3.6 days", "86.4 h"),  # a business day is no 24 hours
        (130 * HOUR, "5.4 days", "130 h"),
    ],
)
def test_long_work_is_told_in_days_and_business_time_in_hours(
    seconds: float | None, calendar: str, business: str
) -> None:
    assert (words.long_time(seconds), words.long_time(seconds, in_days=False)) == (calendar, business)


@pytest.mark.parametrize(
    ("seconds", "parts"),
    [
        (None, ("–", "")),
        (59, ("59", "s")),
        (3599, ("59", "min")),
        (3.1 * HOUR, ("3 h", "6 min")),
        (24 * HOUR, ("24", "h")),
        (3.6 * 24 * HOUR, ("3.6", "days")),
    ],
)
def test_the_figure_of_a_tile_has_its_unit_apart(seconds: float | None, parts: tuple[str, str]) -> None:
    assert words.long_time_parts(seconds) == parts
    assert " ".join(parts).strip() == words.long_time(seconds)


@law(100)
@given(
    some.dates(date(2000, 1, 1), date(2090, 1, 1)),
    some.sampled_from(["Europe/Tallinn", "UTC", "America/Lima"]),
)
def test_a_day_begins_where_the_day_before_it_ends(day: date, zone: str) -> None:
    start, end = words.day_start(day, zone), words.day_start(words.shifted_day(day, 1), zone)
    assert words.local_day(start, zone) == day
    assert (end - start).total_seconds() / HOUR in {23, 24, 25}
    assert words.day_before(end, zone) == start


def test_the_same_time_yesterday_is_told_by_the_local_clock() -> None:
    after = datetime(2026, 3, 29, 11, tzinfo=UTC)  # 14:00 on the day the clock went forward in Tallinn
    assert words.clock(words.day_before(after, "Europe/Tallinn"), "Europe/Tallinn") == "14:00"
    assert words.day_before(after, "Europe/Tallinn") == datetime(2026, 3, 28, 12, tzinfo=UTC)


def test_a_short_day_has_no_year() -> None:
    assert (words.short_day(date(2026, 3, 14)), words.short_day(None)) == ("14 Mar", "–")
