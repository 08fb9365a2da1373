"""What came in equals what became of it: by the rollups, by the facts, and by when contacts left, on drawn days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import strategies as some

from dashboard.definitions import balance_queries, balance_view
from dashboard.definitions.balance_queries import OUTCOMES
from sql import warehouse
from tests.db.test_records import Row, ask, tell
from tests.laws import law

DAY = datetime(2026, 3, 2, tzinfo=UTC)
GAPS = ("outcome_gap_calls", "rollup_gap_calls", "border_gap_calls")
Drawn = tuple[str, str, str | None, str | None, str]


def clock(text: str | None) -> datetime | None:
    """ "08:05" or "08:05:30" of the drawn day."""
    if text is None:
        return None
    hour, minute, second = (int(part) for part in f"{text}:00".split(":")[:3])
    return DAY + timedelta(hours=hour, minutes=minute, seconds=second)


def stay(drawn: Drawn, *, queue_name: str = "sales", **more: Any) -> Row:
    name, offered, answered, ended, outcome = drawn
    offered_at, answered_at, ended_at = clock(offered), clock(answered), clock(ended)
    left_at = answered_at or ended_at
    assert offered_at is not None
    return {
        "call_id": name,
        "queue_name": queue_name,
        "agent_name": "mari" if answered else None,
        "offered_at": offered_at,
        "answered_at": answered_at,
        "ended_at": ended_at,
        "outcome_name": outcome,
        "wait_seconds": None if left_at is None else int((left_at - offered_at).total_seconds()),
        "talk_seconds": int((ended_at - answered_at).total_seconds()) if ended_at and answered_at else None,
        **more,
    }


# Two quarters of an hour, 08:00 to 08:30, and who stood at their borders.
#  name, offered, answered, ended, outcome
FLOW: list[Drawn] = [
    ("early", "02:00", None, None, "waiting"),  # six hours before, and there still
    ("patient", "02:00", None, "08:07", "abandoned"),  # six hours before, gave up in the first quarter
    ("c1", "07:55", "08:02", "08:09", "answered"),  # came before, left in the first quarter
    ("c2", "08:01", None, "08:03", "abandoned"),
    ("c3", "08:05", None, "08:06", "callback"),
    ("c4", "08:10", None, "08:16", "overflowed"),  # stood at 08:15
    ("c5", "08:14", "08:20", "08:40", "answered"),  # stood at 08:15
    ("c6", "08:20", None, "08:25", "timed_out"),
    ("c7", "08:21", None, "08:22", "withdrawn"),
    ("c8", "08:23", None, "08:24", "interrupted"),
    ("c9", "08:24", None, None, "waiting"),
    ("c10", "08:29:59", "08:30", "08:31", "answered"),  # answered on the border: it stood there
]
WINDOW = {"window_start": DAY + timedelta(hours=8), "window_end": DAY + timedelta(hours=8, minutes=30)}


def question(engine: sa.Engine, name: str, **params: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        found: pl.DataFrame = getattr(balance_queries, name)(connection, **params)
    return found


def test_every_contact_of_two_quarters_is_counted_by_its_coming_and_by_its_leaving(engine: sa.Engine) -> None:
    outbound = stay(("out", "08:03", "08:04", "08:05", "answered"), direction_name="outbound")
    tell(engine, {"calls": [*(stay(drawn) for drawn in FLOW), outbound]})
    found = question(engine, "balance_intervals", **WINDOW)
    told = found.select(
        "offered_calls", *(f"{name}_calls" for name in OUTCOMES), "queued_before_calls", "left_calls",
        "offered_earlier_calls", "left_later_calls", "queued_after_calls",
    ).rows()  # fmt: skip
    # offered: answered abandoned callback overflowed timed_out withdrawn interrupted waiting
    # | before left earlier later after
    assert told == [
        (4, 1, 1, 1, 1, 0, 0, 0, 0, 3, 4, 2, 2, 3),  # c2-c5 | early patient c1 | left: patient c1 c2 c3
        (5, 1, 0, 0, 0, 1, 1, 1, 1, 3, 5, 2, 2, 3),  # c6-c10 | early c4 c5 | left: c4 to c8
    ]
    assert found.select(GAPS).rows() == [(0, 0, 0)] * 2
    assert found["left_abandoned_calls"].to_list() == [2, 0]  # patient and c2
    assert found["left_answered_calls"].to_list() == [1, 1]  # c1; c5, and c10 only after the border


def test_the_contacts_behind_a_border_are_those_that_were_counted(engine: sa.Engine) -> None:
    drawn = [
        ("before", 0, "early patient c1"),
        ("left", 0, "patient c1 c2 c3"),
        ("after", 0, "early c4 c5"),
        ("before", 1, "early c4 c5"),
        ("left", 1, "c4 c5 c6 c7 c8"),
        ("after", 1, "early c9 c10"),
    ]
    tell(engine, {"calls": [stay(drawn) for drawn in FLOW]})
    for side, quarter, names in drawn:
        start = WINDOW["window_start"] + timedelta(minutes=15 * quarter)
        window = {"window_start": start, "window_end": start + timedelta(minutes=15)}
        rows = question(engine, "balance_rows", **window, side_name=side)
        assert sorted(rows["contact_id"]) == sorted(names.split()), (side, quarter)
    whole = question(engine, "balance_intervals", **WINDOW).rows(named=True)
    for row in whole:
        window = {"window_start": row["interval_start_at"], "window_end": row["interval_end_at"]}
        for name in balance_view.LEFT_BY:
            rows = question(engine, "balance_rows", **window, side_name="left", of_name=name)
            assert rows.height == balance_view.left_by(row, name), (name, row["interval_start_at"])
    assert sum(balance_view.left_by(row, "abandoned") for row in whole) == 2


@pytest.mark.parametrize(
    ("spoiling", "gap"),
    [
        (
            "update warehouse.queue_intervals set answered_calls = answered_calls + 1 "
            "where interval_start_at = '2026-03-02 08:00+00'",
            "rollup_gap_calls",
        ),
        (
            "delete from warehouse.queue_intervals where interval_start_at = '2026-03-02 08:00+00'",
            "rollup_gap_calls",
        ),
    ],
)
def test_a_rollup_that_is_not_what_the_facts_say_is_a_gap(engine: sa.Engine, spoiling: str, gap: str) -> None:
    tell(engine, {"calls": [stay(drawn) for drawn in FLOW]})
    with engine.begin() as connection:
        connection.execute(sa.text(spoiling))
    found = question(engine, "balance_intervals", **WINDOW)
    assert (found[gap][0] > 0, found[gap][1]) == (True, 0)
    assert found["outcome_gap_calls"].to_list() == [0, 0]


def test_one_queue_or_group_is_balanced_by_itself(engine: sa.Engine) -> None:
    other: list[Drawn] = [("x1", "08:02", None, "08:17", "abandoned")]
    calls = [
        *(stay(drawn) for drawn in FLOW),
        *(stay(drawn, queue_name="billing") for drawn in other),
    ]
    tell(engine, {"calls": calls})
    [(queue_id,)] = ask(engine, "select queue_id from warehouse.queues where queue_name = 'billing'")
    with engine.begin() as connection:
        connection.execute(
            sa.text("update warehouse.queues set group_name = 'Money' where queue_id = :queue_id"),
            {"queue_id": queue_id},
        )
    for narrowing in ({"queue_id": queue_id}, {"group_name": "Money"}):
        found = question(engine, "balance_intervals", **WINDOW, **narrowing)
        assert found.select("offered_calls", "left_calls", "queued_after_calls").rows() == [
            (1, 0, 1),
            (0, 1, 0),
        ]
    without = question(engine, "balance_intervals", **WINDOW, group_name="")
    assert without["offered_calls"].to_list() == [4, 5]


@pytest.mark.parametrize(
    ("first", "hours"), [(date(2026, 3, 28), (24, 23, 24)), (date(2026, 10, 24), (24, 25, 24))]
)
def test_the_days_of_both_clock_changes_are_local_and_lose_nobody(
    engine: sa.Engine, first: date, hours: tuple[int, ...]
) -> None:
    # Tallinn: two hours before UTC in winter, three in summer. One contact in every hour of three local days.
    begin = (
        datetime(2026, 3, 27, 22, tzinfo=UTC) if first.month == 3 else datetime(2026, 10, 23, 21, tzinfo=UTC)
    )
    instants = [begin + timedelta(hours=hour) for hour in range(sum(hours))]
    calls = [
        {
            **stay((f"c{place}", "00:00", None, "00:00", "abandoned")),
            "offered_at": at,
            "ended_at": at + timedelta(minutes=90),  # each stands at the next hour's beginning
            "wait_seconds": 5400,
        }
        for place, at in enumerate(instants)
    ]
    tell(engine, {"calls": calls})
    window = {"window_start": begin, "window_end": begin + timedelta(hours=sum(hours))}
    days = question(engine, "balance_days", **window)
    assert days["offered_calls"].to_list() == list(hours)
    assert days["queued_before_calls"].to_list() == [0, 1, 1]  # the last of the day before, 30 minutes to go
    assert days.select(GAPS).rows() == [(0, 0, 0)] * 3
    lengths = (days["interval_end_at"] - days["interval_start_at"]).dt.total_hours()
    assert lengths.to_list() == list(hours)


@some.composite
def drawn_stays(draw: some.DrawFn) -> list[Row]:
    """Stays within two hours, of every outcome, some of which last beyond them."""
    rows: list[Row] = []
    for place in range(draw(some.integers(1, 12))):
        offered = DAY + timedelta(seconds=draw(some.integers(0, 7200)))
        wait = draw(some.sampled_from([0, 1, 5, 20, 899, 900, 901, 4000]))
        outcome = draw(some.sampled_from([*OUTCOMES, "in_progress"]))
        is_answered = outcome in ("answered", "in_progress")
        left = None if outcome == "waiting" else offered + timedelta(seconds=wait)
        is_over = outcome not in ("waiting", "in_progress")
        rows.append(
            {
                "call_id": f"c{place}",
                "queue_name": draw(some.sampled_from(["sales", "billing"])),
                "agent_name": "mari" if is_answered else None,
                "offered_at": offered,
                "answered_at": left if is_answered else None,
                "ended_at": (left + timedelta(seconds=60) if is_answered else left)
                if is_over and left
                else None,
                "outcome_name": outcome,
                "wait_seconds": None if outcome == "waiting" else wait,
            }
        )
    return rows


@law(6, long=200, allows=(HealthCheck.function_scoped_fixture,))
@given(drawn_stays())
def test_no_floor_has_a_gap_and_a_day_is_the_sum_of_its_quarters(engine: sa.Engine, rows: list[Row]) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text("truncate warehouse.calls, warehouse.queue_intervals, ops.runs, ops.cursors")
        )
    tell(engine, {"calls": rows})
    window = {"window_start": DAY, "window_end": DAY + timedelta(hours=4)}
    quarters = question(engine, "balance_intervals", **window)
    days = question(engine, "balance_days", **window)
    assert quarters.select(GAPS).sum().row(0) == (0, 0, 0)
    assert quarters["offered_calls"].sum() == len(rows) == days["offered_calls"].sum()
    assert quarters["queued_before_calls"][1:].to_list() == quarters["queued_after_calls"][:-1].to_list()
    for name in ("answered", "waiting", "left", "left_abandoned", "rolled_offered"):
        assert quarters[f"{name}_calls"].sum() == days[f"{name}_calls"].sum()


def test_each_source_is_told_by_day_with_what_became_of_its_rows(engine: sa.Engine) -> None:
    told = [stay(drawn) for drawn in FLOW[1:5]]
    tell(engine, {"calls": told}, name="pbx")
    tell(engine, {"calls": told}, name="pbx")  # once more: everything is known already
    [(ended_at,)] = ask(engine, "select max(ended_at) from ops.runs")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into ops.reconciliations (checked_at, day_date, origin_rows, warehouse_rows, missing_rows, "
                "differing_rows, mended_rows, surplus_rows, duration_seconds, source_name, outcome_name, reason_text) "
                "values "
                "(:at, '2026-03-09', 4, 3, 1, 0, 1, 0, 1, 'pbx', 'mended', 'One call was missing.'), "
                "(:later, '2026-03-09', 4, 4, 0, 0, 0, 0, 1, 'pbx', 'agreed', null)"
            ),
            {"at": ended_at, "later": ended_at + timedelta(hours=1)},
        )
    window = {
        "window_start": datetime(2026, 3, 8, 22, tzinfo=UTC),
        "window_end": datetime(2026, 3, 9, 22, tzinfo=UTC),
    }
    [row] = question(engine, "balance_sources", **window).iter_rows(named=True)
    assert row["day_date"] == date(2026, 3, 9)
    assert (row["read_rows"], row["loaded_rows"], row["unchanged_rows"], row["rejected_rows"]) == (8, 4, 4, 0)
    assert (row["origin_rows"], row["agreed_rows"], row["mended_rows"]) == (4, 4, 1)
    assert (row["outcome_name"], row["source_agreement_ratio"], row["unexplained_rows"]) == ("mended", 1.0, 0)


def test_the_refused_rows_of_a_day_are_as_many_as_are_counted(engine: sa.Engine) -> None:
    good = stay(FLOW[3])
    tell(
        engine,
        {"calls": [good, {**good, "call_id": "bad", "ended_at": good["offered_at"] - timedelta(1)}]},
        name="pbx",
    )
    window = {
        "window_start": datetime(2026, 3, 8, 22, tzinfo=UTC),
        "window_end": datetime(2026, 3, 9, 22, tzinfo=UTC),
    }
    [row] = question(engine, "balance_sources", **window).iter_rows(named=True)
    refused = question(engine, "refused_rows", source_name="pbx", **window)
    assert (row["read_rows"], row["loaded_rows"], row["rejected_rows"]) == (2, 1, 1)
    assert row["open_rejected_rows"] == refused.height == 1
    assert row["refused_ratio"] == 1 / 2
    assert row["agreed_rows"] is None
