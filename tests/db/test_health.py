"""What Data health and monitoring are told: outages and catch-ups from the ledger and the heartbeats, never from a log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.loading import source_queries
from sql import warehouse

T0 = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LIMIT = 5  # minutes without an event, then the source is silent


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


def tell(
    engine: sa.Engine, *runs: tuple[Any, ...], every_seconds: int = 60, source_name: str = "pbx"
) -> None:
    """A source and its runs, drawn as (minute it ended, outcome, minute of its newest event, rows loaded)."""
    newest = [run[2] for run in runs if run[2] is not None]
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into ops.sources values (:name, 'asterisk_queue_log', '{}', :every, true, :at)"
                " on conflict do nothing"
            ),
            {"name": source_name, "every": every_seconds, "at": T0},
        )
        connection.execute(
            sa.text(
                "insert into ops.cursors (source_name, position_text, carry_text, newest_event_at,"
                " stale_after_seconds, checked_at) values (:name, '', '', :newest, :limit, :checked)"
                " on conflict (source_name) do update set"
                " newest_event_at = greatest(excluded.newest_event_at, ops.cursors.newest_event_at),"
                " checked_at = excluded.checked_at"
            ),
            {
                "name": source_name,
                "newest": at(max(newest)) if newest else None,
                "limit": LIMIT * 60,
                "checked": at(runs[-1][0]),
            },
        )
        for ended, outcome, event, rows in runs:
            connection.execute(
                sa.text(
                    "insert into ops.runs (started_at, ended_at, newest_event_at, read_rows, loaded_rows,"
                    " source_name, outcome_name, error_text) values"
                    " (:start, :end, :newest, :rows, :rows, :name, :outcome, :error)"
                ),
                {
                    "start": at(ended) - timedelta(seconds=6),
                    "end": at(ended),
                    "newest": None if event is None else at(event),
                    "rows": rows,
                    "name": source_name,
                    "outcome": outcome,
                    "error": "The file is gone." if outcome == "failed" else None,
                },
            )


def beat(engine: sa.Engine, minute: float, *, silent_seconds: float = 0, name: str = "etl") -> None:
    """A heartbeat at this minute; the one before it is as old as `silent_seconds` on the warehouse's own clock."""
    with warehouse.connected(engine) as connection:
        connection.execute(
            sa.text("update ops.heartbeats set noted_at = now() - make_interval(secs => :age)"),
            {"age": silent_seconds},
        )
        warehouse.execute(
            connection, "merge/heartbeats", process_name=name, started_at=T0, beat_at=at(minute)
        )


def grow_old(engine: sa.Engine, seconds: float) -> None:
    """Lets this much time pass on the warehouse's own clock since the last heartbeat."""
    with engine.begin() as connection:
        connection.execute(
            sa.text("update ops.heartbeats set noted_at = noted_at - make_interval(secs => :age)"),
            {"age": seconds},
        )


def drawn(engine: sa.Engine, *, until: float, days: int = 1, source_name: str | None = "pbx") -> list[Any]:
    """The stretches as (state, from minute, to minute)."""
    with warehouse.connected(engine) as connection:
        found = source_queries.outages(connection, as_of=at(until), days=days)
    own = found.filter(pl.col("source_name").eq_missing(source_name))
    return [
        (
            row["state_name"],
            round((row["started_at"] - T0).total_seconds() / 60, 1),
            round((row["ended_at"] - T0).total_seconds() / 60, 1),
        )
        for row in own.iter_rows(named=True)
    ]


def health(engine: sa.Engine, minute: float, source_name: str = "pbx") -> dict[str, Any]:
    with warehouse.connected(engine) as connection:
        found = source_queries.source_health(connection, as_of=at(minute))
    return found.filter(pl.col("source_name") == source_name).row(0, named=True)


def is_silent(engine: sa.Engine, minute: float) -> bool:
    with warehouse.connected(engine) as connection:
        return bool(source_queries.loader(connection, as_of=at(minute))[0, "is_silent"])


def test_a_source_delivers_until_its_own_limit_and_is_silent_then(engine: sa.Engine) -> None:
    tell(engine, (0, "succeeded", 0, 5), (3, "succeeded", 3, 5), (20, "succeeded", 20, 1))
    # The event of minute 3 counts until 3 + 5; nothing comes before minute 20.
    assert drawn(engine, until=22) == [("delivering", 0, 8), ("silent", 8, 20), ("delivering", 20, 22)]


def test_a_failing_source_fails_until_the_first_load_that_succeeds(engine: sa.Engine) -> None:
    failures = [(minute, "failed", None, 0) for minute in (2, 3, 4)]
    tell(engine, (0, "succeeded", 0, 5), *failures, (5, "succeeded", 5, 40), (6, "succeeded", 6, 1))
    assert drawn(engine, until=7) == [
        ("delivering", 0, 1.9),  # a load begins 6 s before it ends
        ("failing", 1.9, 4.9),
        ("catching_up", 4.9, 5),
        ("delivering", 5, 7),
    ]
    with warehouse.connected(engine) as connection:
        found = source_queries.outages(connection, as_of=at(7))
    assert found.filter(pl.col("state_name") == "catching_up")["loaded_rows"].to_list() == [40]
    assert found.filter(pl.col("state_name") == "failing")["error_text"].to_list() == ["The file is gone."]


def test_a_failure_that_nothing_follows_lasts_two_of_the_source_s_intervals(engine: sa.Engine) -> None:
    tell(engine, (0, "succeeded", 0, 5), (1, "failed", None, 0), every_seconds=90)
    assert drawn(engine, until=10) == [
        ("delivering", 0, 0.9),
        ("failing", 0.9, 4),  # 1 + 2 x 90 s
        ("delivering", 4, 5),
        ("silent", 5, 10),
    ]


def test_what_piled_up_while_the_loader_was_away_is_a_catch_up_with_its_rows(engine: sa.Engine) -> None:
    beat(engine, 0)
    beat(engine, 2)
    tell(engine, (0, "succeeded", 0, 5), (2, "succeeded", 2, 5))
    beat(engine, 32, silent_seconds=1800)  # 30 minutes without a heartbeat
    tell(engine, (32.5, "succeeded", 20, 400), (33, "succeeded", 33, 100), (34, "succeeded", 34, 1))
    assert drawn(engine, until=35) == [
        ("delivering", 0, 2),
        ("not_read", 2, 32),
        ("catching_up", 32, 33),  # until a load is within the limit again
        ("delivering", 33, 35),
    ]
    assert drawn(engine, until=35, source_name=None) == [
        ("delivering", 0, 2),
        ("not_read", 2, 32),
        ("delivering", 32, 35),
    ]
    with warehouse.connected(engine) as connection:
        found = source_queries.outages(connection, as_of=at(35))
    assert found.filter(pl.col("state_name") == "catching_up")["loaded_rows"].to_list() == [500]


def test_an_outage_in_which_nothing_happened_needs_no_catch_up(engine: sa.Engine) -> None:
    beat(engine, 0)
    beat(engine, 2)
    tell(engine, (0, "succeeded", 0, 5), (2, "succeeded", 2, 5))
    beat(engine, 4, silent_seconds=120)
    tell(engine, (6.5, "succeeded", 6.5, 1))  # 2.4 minutes later, of a source that is read every minute
    assert drawn(engine, until=7) == [("delivering", 0, 2), ("not_read", 2, 4), ("delivering", 4, 7)]


def test_a_loader_that_is_silent_now_is_an_outage_without_an_end(engine: sa.Engine) -> None:
    tell(engine, (0, "succeeded", 0, 5), (2, "succeeded", 2, 5))
    beat(engine, 2)
    assert drawn(engine, until=4)[-1] == ("delivering", 0, 4)
    grow_old(engine, 21)
    assert drawn(engine, until=4)[-1] == ("not_read", 2, 4)
    assert drawn(engine, until=4, source_name=None)[-1] == ("not_read", 2, 4)


def test_a_source_that_somebody_else_reads_is_no_outage_while_the_loader_is_away(engine: sa.Engine) -> None:
    tell(engine, (0, "succeeded", 0, 5))
    beat(engine, 0)
    tell(engine, (4, "succeeded", 4, 5), (8, "succeeded", 8, 5))  # `etl run --once`, from outside
    beat(engine, 12, silent_seconds=720)
    assert drawn(engine, until=12) == [("delivering", 0, 12)]


def test_a_night_s_comparison_of_old_days_is_no_catch_up(engine: sa.Engine) -> None:
    tell(engine, (0, "succeeded", 0, 5), (1, "succeeded", -600, 7), (2, "succeeded", 2, 5))
    assert drawn(engine, until=3) == [("delivering", 0, 3)]


def test_a_window_shows_only_what_lies_in_it(engine: sa.Engine) -> None:
    day = 1440
    tell(engine, (0, "succeeded", 0, 5), (day, "succeeded", day, 1), (day + 60, "succeeded", day + 60, 1))
    assert drawn(engine, until=day + 10) == [
        ("silent", 10, day),
        ("delivering", day, day + 5),
        ("silent", day + 5, day + 10),
    ]
    assert drawn(engine, until=day + 10, days=7)[0] == ("delivering", 0, 5)


def test_the_stretches_of_a_source_neither_overlap_nor_leave_a_gap(engine: sa.Engine) -> None:
    outcomes = ["succeeded", "failed", "succeeded", "succeeded", "failed", "failed", "succeeded"]
    runs = [
        (number * 3.7, outcome, None if outcome == "failed" else number * 3.7 - (number % 3) * 4, number)
        for number, outcome in enumerate(outcomes)
    ]
    tell(engine, *runs)
    beat(engine, 1)
    beat(engine, 15, silent_seconds=840)
    found = drawn(engine, until=40)
    assert found[0][1] == 0
    assert found[-1][2] == 40
    assert [before[2] for before in found[:-1]] == [after[1] for after in found[1:]]


@pytest.mark.parametrize(("age_seconds", "found"), [(19, False), (21, True)])
def test_the_loader_is_silent_after_two_heartbeats(engine: sa.Engine, age_seconds: int, found: bool) -> None:
    tell(engine, (2, "succeeded", 2, 5))
    beat(engine, 2)
    grow_old(engine, age_seconds)
    assert is_silent(engine, 3) is found


def test_a_loader_of_another_machine_s_clock_is_not_taken_for_a_silent_one(engine: sa.Engine) -> None:
    beat(engine, -500)  # its clock is far behind
    assert not is_silent(engine, 3)
    with warehouse.connected(engine) as connection:
        assert source_queries.loader(connection, as_of=at(3))[0, "beat_age_seconds"] == 0


def test_loads_that_are_started_from_outside_count_as_a_loader_for_a_quarter_of_an_hour(
    engine: sa.Engine,
) -> None:
    assert is_silent(engine, 0)
    tell(engine, (2, "succeeded", 2, 5))
    assert not is_silent(engine, 16)
    assert is_silent(engine, 18)


def test_a_heartbeat_in_time_leaves_no_silence(engine: sa.Engine) -> None:
    for minute, age in ((0, 0), (0.2, 10), (0.4, 19)):
        beat(engine, minute, silent_seconds=age)
    beat(engine, 5, silent_seconds=30, name="etl standby")  # its first one
    with engine.begin() as connection:
        assert connection.execute(sa.text("select count(*) from ops.silences")).scalar() == 0


def test_a_failure_is_over_once_its_job_has_succeeded_though_nothing_new_was_there(engine: sa.Engine) -> None:
    tell(engine, (0, "succeeded", 0, 5), (1, "failed", None, 0))
    assert health(engine, 1.5)["error_text"] == "The file is gone."
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into ops.jobs (job_name, every_seconds, next_run_at, last_started_at, last_ended_at,"
                " outcome_name, host_name, process_number, seen_at)"
                " values ('pbx', 60, :next, :end, :end, 'succeeded', 'h', 1, now())"
            ),
            {"end": at(2), "next": at(3)},
        )
    row = health(engine, 2.5)
    assert (row["error_text"], row["last_error_text"]) == (None, "The file is gone.")
    assert (row["last_succeeded_at"], row["last_failed_at"], row["next_run_at"]) == (at(2), at(1), at(3))


def test_a_source_that_nobody_looks_at_is_unread(engine: sa.Engine) -> None:
    tell(engine, (0, "succeeded", 0, 5))  # every minute: 3 x 60 s + 2 minutes
    assert not health(engine, 4.9)["is_unread"]
    assert health(engine, 5.1)["is_unread"]


def test_a_source_shows_its_last_reconciliation_and_what_still_differs(engine: sa.Engine) -> None:
    tell(engine, (0, "succeeded", 0, 5))
    told = [(-2, 10, 4, 4, "mended"), (-1, 12, 3, 1, "differs")]
    with engine.begin() as connection:
        for days, origin, missing, mended, outcome in told:
            connection.execute(
                sa.text(
                    "insert into ops.reconciliations (checked_at, day_date, origin_rows, warehouse_rows, missing_rows,"
                    " mended_rows, duration_seconds, source_name, outcome_name, reason_text)"
                    " values (:at, :day, :origin, :origin - :missing, :missing, :mended, 1, 'pbx', :outcome, 'why')"
                ),
                {
                    "at": T0,
                    "day": (T0 + timedelta(days=days)).date(),
                    "origin": origin,
                    "missing": missing,
                    "mended": mended,
                    "outcome": outcome,
                },
            )
    row = health(engine, 1)
    assert str(row["reconciled_date"]) == "2026-11-21"
    assert (row["reconciliation_name"], row["reconciled_missing_rows"], row["reconciled_unmended_rows"]) == (
        "differs", 3, 2,
    )  # fmt: skip
