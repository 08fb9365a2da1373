"""For how long rows are kept: the settings, the day with which the kept time begins, and which facts are too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.config import load_settings
from etl.retention_settings import RetentionSettings, kept_from
from etl.retention_tables import tables
from etl.shapes import INSTANT
from tests.unit.test_config import GOOD, refused, write


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_without_the_table_the_months_are_those_of_the_documents(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, GOOD)).retention.months() == {
        "calls": 6,
        "agents": 12,
        "tickets": 24,
        "money": 24,
        "loads": 6,
        "sessions": 1,
        "audit": 24,
        "figures": None,
    }


def test_months_are_read_and_unlimited_is_a_word(tmp_path: Path) -> None:
    told = GOOD + '\n[retention]\ncalls = 3\nagents = "unlimited"\n'
    found = load_settings(write(tmp_path, told)).retention
    assert (found.calls, found.agents, found.tickets) == (3, None, 24)


@pytest.mark.parametrize("value", ["0", "-1", "1201", "2.5", "true", '"6"', '"for ever"', "[6]"])
def test_what_is_no_number_of_months_is_refused_with_its_line(tmp_path: Path, value: str) -> None:
    sentence = refused(tmp_path, GOOD + f"\n[retention]\ncalls = {value}\n")
    line = GOOD.count("\n") + 3
    assert sentence.startswith(f", line {line}: found calls = ")
    assert sentence.endswith(
        'expected a whole number of months from 1 to 1200 such as 6, or "unlimited"; correct that line.'
    )


def test_the_trail_is_kept_for_half_a_year_at_least_and_an_unknown_kind_is_named(tmp_path: Path) -> None:
    assert "months from 6 to 1200" in refused(tmp_path, GOOD + "\n[retention]\naudit = 5\n")
    assert 'did you mean "calls"' in refused(tmp_path, GOOD + "\n[retention]\ncall = 5\n")


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        ("2026-11-23T09:00Z", 6, "2026-05-22T21:00Z"),  # winter: two hours ahead; six months ago three
        ("2026-11-22T22:30Z", 6, "2026-05-22T21:00Z"),  # already the 23rd in Tallinn
        ("2026-11-22T21:30Z", 6, "2026-05-21T21:00Z"),
        ("2026-08-31T09:00Z", 6, "2026-02-27T22:00Z"),  # February has no 31st
        ("2028-08-31T09:00Z", 6, "2028-02-28T22:00Z"),
        ("2026-01-15T09:00Z", 1, "2025-12-14T22:00Z"),
        ("2026-12-15T09:00Z", 12, "2025-12-14T22:00Z"),
        ("2026-09-29T09:00Z", 6, "2026-03-28T22:00Z"),  # the night of 23 hours begins as every other
        ("2027-04-25T09:00Z", 6, "2026-10-24T21:00Z"),  # and that of 25 hours
    ],
)
def test_what_is_kept_begins_with_a_local_midnight(now: str, months: int, expected: str) -> None:
    assert kept_from(months, now=at(now), time_zone_name="Europe/Tallinn") == at(expected)


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given a zone there
    st.integers(1, 60),
    st.sampled_from(("Europe/Tallinn", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia")),
)
def test_the_border_moves_on_every_day_and_never_back(now: datetime, months: int, zone_name: str) -> None:
    border = kept_from(months, now=now, time_zone_name=zone_name)
    following = kept_from(months, now=now + timedelta(days=1), time_zone_name=zone_name)
    assert timedelta(0) <= following - border <= timedelta(days=4, hours=2)
    assert border.timestamp() % 900 == 0
    assert kept_from(months + 1, now=now, time_zone_name=zone_name) < border
    months_between = (
        now.astimezone(ZoneInfo(zone_name)).date() - border.astimezone(ZoneInfo(zone_name)).date()
    ).days
    assert 28 * months <= months_between <= 31 * months + 1


BEFORE = at("2026-05-22T21:00Z")


@pytest.mark.parametrize(
    ("table_name", "row", "is_older"),
    [
        ("calls", ("2026-05-22T20:59Z", None, None), True),  # open since then: nobody talks for six months
        ("calls", ("2026-05-22T20:59Z", "2026-05-22T20:59Z", "2026-05-22T21:00Z"), False),
        ("calls", ("2026-05-22T20:50Z", None, "2026-05-22T20:59:59Z"), True),
        ("calls", ("2026-05-22T21:00Z", None, None), False),
        ("agent_states", ("2026-05-22T20:00Z", "2026-05-22T21:00Z"), False),
        ("agent_states", ("2026-05-22T20:00Z", "2026-05-22T20:59Z"), True),
        ("agent_states", ("2026-04-21T21:00Z", None), False),  # of 31 days: until the border itself
        ("agent_states", ("2026-04-21T20:59Z", None), True),
        ("agent_states", ("2026-04-21T20:59Z", "2026-06-30T00:00Z"), True),
        ("queue_members", (None,), False),  # a member to this day
        ("queue_members", ("2026-05-22T20:59Z",), True),
    ],
)
def test_a_fact_is_as_old_as_its_end(table_name: str, row: tuple[str | None, ...], is_older: bool) -> None:
    table = tables()[f"warehouse.{table_name}"]
    frame = pl.DataFrame(
        [tuple(text and at(text) for text in row)],
        schema=dict.fromkeys(table.age, INSTANT),
        orient="row",
    )
    assert frame.select(table.told_older(pl.lit(BEFORE, INSTANT), table.age)).item() is is_older


def test_every_kind_of_the_list_has_its_months_and_the_other_way_round() -> None:
    kinds = {table.kind_name for table in tables().values()} - {"kept"}
    assert kinds == set(RetentionSettings.model_fields)


def test_every_table_ages_by_itself_or_goes_with_another() -> None:
    for name, table in tables().items():
        assert table.is_kept or table.age or table.since or table.with_name, name
        assert not (table.with_name and not table.by), name
        assert table.held_by_name is None or tables()[table.held_by_name].by, name
