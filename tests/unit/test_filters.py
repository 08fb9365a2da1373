"""What an address says of a view, and back: periods, comparisons, and what in it cannot be."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import words
from dashboard.filters import (
    COMPARISONS,
    NAMES,
    NUMBERS,
    OWN_DAYS,
    PERIODS,
    Filters,
    behind,
    beside,
    comparison_words,
    described,
    filters_of,
    misread,
    period_words,
)

TODAY = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("period_name", "first", "last"),
    [
        ("today", "2026-11-22", "2026-11-22"),
        ("yesterday", "2026-11-21", "2026-11-21"),
        ("this_week", "2026-11-16", "2026-11-22"),
        ("last_week", "2026-11-09", "2026-11-15"),
        ("7_days", "2026-11-16", "2026-11-22"),
        ("28_days", "2026-10-26", "2026-11-22"),
        ("90_days", "2026-08-25", "2026-11-22"),
        ("this_month", "2026-11-01", "2026-11-22"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("this_year", "2026-01-01", "2026-11-22"),
    ],
)
def test_a_relative_period_is_counted_from_the_present_day(period_name: str, first: str, last: str) -> None:
    found = filters_of({"period": period_name}, today=TODAY)
    assert (found.first_date.isoformat(), found.last_date.isoformat()) == (first, last)


def test_the_month_before_january_is_december() -> None:
    found = filters_of({"period": "last_month"}, today=date(2026, 1, 31))
    assert (found.first_date, found.last_date) == (date(2025, 12, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("comparison_name", "first", "last"),
    [
        ("before", "2026-11-09", "2026-11-15"),
        ("last_week", "2026-11-09", "2026-11-15"),
        ("last_year", "2025-11-17", "2025-11-23"),
    ],
)
def test_a_period_stands_beside_days_as_many_as_its_own(comparison_name: str, first: str, last: str) -> None:
    compared = filters_of({"period": "7_days", "compare": comparison_name}, today=TODAY).compared()
    assert compared is not None
    assert (compared.first_date.isoformat(), compared.last_date.isoformat()) == (first, last)
    assert compared.first_date.weekday() == 0
    assert compared.comparison_name is None


@pytest.mark.parametrize(
    "params",
    [
        {"period": "never"},
        {"from": "2026-11-23", "to": "2026-11-24"},
        {"from": "2026-11-20", "to": "2026-11-10"},
        {"from": "2000-01-01", "to": "2000-01-02"},
        {"from": "2020-01-01", "to": "2026-01-01"},
        {"from": "today", "to": "2026-11-22", "period": "days"},
        {"compare": "nothing", "queue": "-1", "team": "1;drop", "agent": "٣"},
        {"queue": "9" * 40},
    ],
)
def test_what_cannot_be_counts_as_not_chosen(params: dict[str, str]) -> None:
    assert filters_of(params, today=TODAY) == Filters("today", TODAY, TODAY)


ASKED = [
    # the address, and of each wrong part its key, what stood there, and what is shown instead
    ({"period": "never"}, [("period", "never", "Today")]),
    ({"period": "days"}, [("period", "days", "Today")]),
    ({"from": "2026-11-23", "to": "2026-11-24"}, [("from", "2026-11-23&to=2026-11-24", "Today")]),
    ({"to": "2026-11-20"}, [("to", "2026-11-20", "Today")]),
    ({"period": "7_days", "from": "2026-11-01", "to": "2026-11-02"}, [("from", "2026-11-01&to=2026-11-02", "Last 7 days")]),
    ({"period": "days", "from": "2026-11-01", "to": "2026-11-02"}, []),
    ({"compare": "nothing", "hours": "late"}, [("compare", "nothing", "no other days"), ("hours", "late", "all hours")]),
    ({"queue": "-1", "team": "4", "agent": "٣"}, [("queue", "-1", "all"), ("agent", "٣", "all")]),
    ({"queue": "4", "topic": "", "hours": "business", "compare": "before", "period": "today", "measure": "x"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("params", "told"), ASKED)
def test_what_of_an_address_cannot_be_is_told_with_what_is_shown_instead(
    params: dict[str, str], told: list[tuple[str, str, str]]
) -> None:
    found = misread(params, filters_of(params, today=TODAY))
    assert [(one.key, one.text, one.shown) for one in found] == told
    assert all(one.expected for one in found)


def test_a_window_holds_whole_local_days_also_where_the_clock_changes() -> None:
    found = filters_of({"from": "2026-10-25", "to": "2026-10-25"}, today=TODAY).window("Europe/Tallinn")
    assert found == {
        "window_start": datetime(2026, 10, 24, 21, tzinfo=UTC),  # summer time: 3 hours ahead
        "window_end": datetime(2026, 10, 25, 22, tzinfo=UTC),  # winter time: 2 hours ahead, a day of 25 hours
    }


def test_only_what_was_chosen_is_asked_for() -> None:
    found = filters_of({"queue": "4", "topic": "", "hours": "business"}, today=TODAY)
    assert found.narrowed() == {"queue_id": 4, "topic_name": "", "is_business_hours": True}
    assert found.narrowed("queue_id", "team_id") == {"queue_id": 4}


def test_the_rows_behind_a_number_are_those_of_its_view_and_of_its_row() -> None:
    view = filters_of({"period": "7_days", "group": "A & B"}, today=TODAY)
    found = behind("abandoned_calls", view, queue=7, agent=None, start=datetime(2026, 11, 22, 8, tzinfo=UTC))
    assert found == (
        "contacts?of=abandoned_calls&period=7_days&group=A+%26+B&queue=7&start=2026-11-22T08%3A00%3A00%2B00%3A00"
    )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "period": st.sampled_from([*PERIODS, "days", "x"]),
            "from": st.dates(date(2010, 1, 1), date(2030, 1, 1)).map(str),
            "to": st.dates(date(2010, 1, 1), date(2030, 1, 1)).map(str),
            "compare": st.sampled_from([*COMPARISONS, "x"]),
            "hours": st.sampled_from(["business", "x"]),
            **dict.fromkeys(NUMBERS, st.integers(-5, 10**12).map(str) | texts),
            **dict.fromkeys(NAMES, texts),
        },
    )
)
def test_the_address_of_a_view_gives_the_same_view(params: dict[str, str]) -> None:
    found = filters_of(params, today=TODAY)
    assert filters_of(found.address(), today=TODAY) == found
    assert misread(found.address(), found) == []
    assert found.first_date <= found.last_date <= TODAY


#   the address, and what the line below the filters says (22 November 2026 is a Sunday)
LINES = [
    ({}, "Today, Sun, 22 Nov 2026"),
    ({"period": "7_days", "compare": "before"},
     "Last 7 days, 16–22 Nov 2026, compared with the 7 days before (9–15 Nov 2026)"),
    ({"compare": "before"}, "Today, Sun, 22 Nov 2026, compared with the day before (Sat, 21 Nov 2026)"),
    ({"from": "2026-10-31", "to": "2026-11-02", "queue": "4", "group": "", "hours": "business"},
     "31 Oct – 2 Nov 2026; queue Sales; group (none); business hours only"),
    ({"team": "7", "topic": "price"}, "Today, Sun, 22 Nov 2026; team 7; topic price"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "line"), LINES)
def test_a_view_is_told_in_one_line(address: dict[str, str], line: str) -> None:
    found = described(filters_of(address, today=TODAY), {("queue", 4): "Sales"})
    assert found.replace("\u2009", " ") == line


def test_every_period_and_comparison_has_its_words() -> None:
    assert set(period_words()) == {*PERIODS, OWN_DAYS}
    assert set(comparison_words(filters_of({}, today=TODAY))) == set(COMPARISONS)


def test_what_an_address_says_beside_the_view_is_left_alone() -> None:
    address = {
        "period": "today",
        "from": "x",
        "to": "y",
        "compare": "before",
        "hours": "business",
        "view": "days",
    }
    address |= dict.fromkeys((*NUMBERS, *NAMES), "1")
    assert beside(address) == {"view": "days"}


def test_a_run_of_days_names_what_its_ends_share_once() -> None:
    ends = (date(2025, 12, 30), date(2026, 1, 2))
    assert words.days(*ends).replace("\u2009", " ") == "30 Dec 2025 – 2 Jan 2026"


def test_the_last_days_of_a_longer_period_are_days_of_their_own_and_a_shorter_one_stays_itself() -> None:
    shown = filters_of({"period": "90_days"}, today=TODAY).last_days(31)
    assert (shown.period_name, shown.first_date, shown.last_date) == (OWN_DAYS, date(2026, 10, 23), TODAY)
    for period_name in ("today", "28_days"):
        chosen = filters_of({"period": period_name}, today=TODAY)
        assert chosen.last_days(28) is chosen
