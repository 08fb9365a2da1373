"""What is older than the site keeps it goes, from every table; the figures stay, and nothing brings the rows back."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.loading import source_queries
from dashboard.people import agent_queries as people
from dashboard.people.team_queries import team_days
from etl import LoadError, load
from etl.backfill import backfill
from etl.backup import backup, restore
from etl.config import Settings, SiteSettings
from etl.prove import prove
from etl.reconcile import reconcile_day
from etl.retention import OldRows, old_dumps_text, plan, retain
from etl.retention_settings import RetentionSettings
from etl.retention_tables import tables
from etl.schedule import nightly
from sql import audit, warehouse
from tests.conftest import engine_of_copy
from tests.db.test_records import Row, Teller, Told, ask, batch
from tests.old_rows import DRAWN
from tests.typed import typed

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
# Midnight in Tallinn (two hours ahead of UTC, three in summer), so many months before 23 November 2026.
KEPT_FROM = {
    6: datetime(2026, 5, 22, 21, 0, tzinfo=UTC),
    12: datetime(2025, 11, 22, 22, 0, tzinfo=UTC),
    24: datetime(2024, 11, 22, 22, 0, tzinfo=UTC),
}
OLD, YOUNG = datetime(2023, 7, 3, 8, 0, tzinfo=UTC), datetime(2026, 11, 9, 8, 0, tzinfo=UTC)


def settings(**months: Any) -> Settings:
    source = Teller(name="records", every_seconds=60)
    return Settings.model_construct(
        site=SiteSettings(name="Here", time_zone="Europe/Tallinn"),
        sources=(source,),
        retention=RetentionSettings(**months),
    )


def tell(
    engine: sa.Engine, *batches: dict[str, list[Row]], now: datetime = NOW, name: str = "records"
) -> load.RunSummary:
    """Reads the source anew from its beginning, which tells these batches."""
    found = settings()
    load.reset_cursor(engine, name)
    reader = Told([batch(place, **facts) for place, facts in enumerate(batches, start=1)])
    return load.run_source(
        engine, found, found.sources[0], now=lambda: now, readers=load.Readers({name: reader})
    )


def night(engine: sa.Engine, now: datetime = NOW, **months: Any) -> dict[str, int]:
    return retain(engine, settings(**months), now=lambda: now)


def call(call_id: str, offered_at: datetime, *, lasts: timedelta = timedelta(minutes=5)) -> Row:
    return {
        "call_id": call_id,
        "queue_name": "sales",
        "agent_name": "mari",
        "offered_at": offered_at,
        "answered_at": offered_at + timedelta(minutes=1),
        "ended_at": offered_at + lasts,
        "outcome_name": "answered",
        "wait_seconds": 60,
        "talk_seconds": 240,
    }


def state(started_at: datetime, ended_at: datetime | None, state_name: str = "available") -> Row:
    return {
        "agent_name": "mari",
        "started_at": started_at,
        "ended_at": ended_at,
        "state_name": state_name,
    }


def event(ticket_id: str, occurred_at: datetime, event_name: str = "created", **more: Any) -> Row:
    return {
        "ticket_id": ticket_id,
        "occurred_at": occurred_at,
        "event_name": event_name,
        "event_number": 0,
        **more,
    }


def ticket(ticket_id: str, created_at: datetime) -> list[Row]:
    """The events of a ticket that is solved after half an hour."""
    solved_at = created_at + timedelta(minutes=30)
    return [
        event(ticket_id, created_at),
        event(ticket_id, solved_at, "status", value_text="solved", event_number=1),
    ]


def world(offered: list[datetime]) -> dict[str, list[Row]]:
    """At each instant a call, the five minutes of its agent before it, and a ticket; named by their month."""
    return {
        "calls": [call(f"c{at:%y%m}", at) for at in offered],
        "agent_states": [state(at - timedelta(minutes=5), at) for at in offered],
        "ticket_events": [one for at in offered for one in ticket(f"t{at:%y%m}", at)],
    }


def months_back(count: int) -> list[datetime]:
    """The 9th of each of so many months at eight, the newest last."""
    places = [NOW.year * 12 + NOW.month - 1 - back for back in reversed(range(count))]
    return [datetime(place // 12, place % 12 + 1, 9, 8, 0, tzinfo=UTC) for place in places]


FIGURES = {
    "queue_intervals": "select * from warehouse.queue_intervals order by interval_start_at, queue_id",
    "ticket_days": "select * from warehouse.ticket_days order by day_date, group_name",
    "agent_intervals": "select * from warehouse.agent_intervals where interval_start_at >= '2025-11-22 22:00Z' "
    "order by interval_start_at, agent_id",
}


def figures(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    return {name: ask(engine, text) for name, text in FIGURES.items()}


# --- every table is in the list, and every limit holds


def test_every_table_of_the_warehouse_stands_in_the_list(shared_engine: sa.Engine) -> None:
    there = ask(
        shared_engine,
        "select n.nspname || '.' || c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "where n.nspname in ('ops', 'warehouse', 'access', 'game', 'staging') and c.relkind in ('r', 'p') "
        "and not c.relispartition",
    )
    assert {name for (name,) in there} == set(tables())


TOLD = (
    "calls",
    "agent_states",
    "agent_intervals",
    "queue_intervals",
    "tickets",
    "ticket_events",
    "ticket_days",
)


@pytest.fixture(scope="module")
def full(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A warehouse in which every table with a limit holds something old and something young."""
    with engine_of_copy(server_url, template_name) as engine:
        tell(engine, world([OLD, YOUNG]))
        with engine.begin() as connection:
            connection.execute(
                sa.text("set local session_replication_role = replica")
            )  # what they hang on is not the point
            for name, text in DRAWN.items():
                for number, at in enumerate((OLD, YOUNG), start=1):
                    command = f"insert into {name} {text}".replace(":n", "cast(:n as text)")
                    connection.execute(sa.text(command), {"n": str(number), "at": at})
        yield engine


def limited() -> list[str]:
    return [name for name, table in tables().items() if not table.is_kept]


def instants(engine: sa.Engine, name: str) -> list[str]:
    return [
        column
        for (column,) in ask(
            engine,
            "select attname from pg_attribute join pg_type t on t.oid = atttypid where attnum > 0 "  # noqa: S608
            f"and not attisdropped and attrelid = '{name}'::regclass and typname in ('timestamptz', 'date')",
        )
    ]


def test_every_table_with_a_limit_is_drawn_here() -> None:
    assert set(limited()) == set(DRAWN) | {f"warehouse.{name}" for name in TOLD}


def rows_of(engine: sa.Engine, name: str, condition: str = "true") -> int:
    [(rows,)] = ask(engine, f"select count(*) from {name} as t where {condition}")  # noqa: S608
    return int(rows)


def old_rows_of(engine: sa.Engine, name: str) -> int:
    """Rows of which no instant at all is of the last 24 months, whatever the list of tables says."""
    newest = ", ".join(f"{column}::timestamptz" for column in instants(engine, name)) or "null"
    return rows_of(engine, name, f"greatest({newest}) < '2024-11-01'")


def test_nothing_is_older_than_its_limit_in_any_table(full: sa.Engine) -> None:
    """V6: facts, raw and refused rows, uploads, ledgers, reports, sessions and the trail."""
    before = {name: (rows_of(full, name), old_rows_of(full, name)) for name in limited()}
    assert all(rows >= 2 for rows, _ in before.values()), before
    told = {one.table_name: one.old_rows for one in plan(full, settings(figures=24), now=lambda: NOW)}
    deleted = night(full, figures=24)
    for name in limited():
        assert old_rows_of(full, name) == 0, name
        assert rows_of(full, name) >= 1, name
    assert all(rows_of(full, name) == 1 for name in limited() if not instants(full, name))
    cascaded = {name for name, table in tables().items() if table.cascades}
    assert {name: rows for name, rows in told.items() if name not in cascaded and rows} == deleted
    assert all(told[name] == 1 for name in cascaded)
    assert night(full, figures=24) == {}


# --- the figures stay, whatever is done to the warehouse afterwards

OFFERED = months_back(30)
"""The 9th of each month from June 2024 on at 08:00 UTC: 7 of them are kept as calls, 12 as states, 24 as tickets."""


@pytest.fixture(scope="module")
def cleared(server_url: str, template_name: str) -> Iterator[tuple[sa.Engine, dict[str, Any]]]:
    """Thirty months of history after their first night, and the figures as they were before it."""
    with engine_of_copy(server_url, template_name) as engine:
        tell(engine, world(OFFERED))
        before = figures(engine)
        night(engine)
        yield engine, before


def test_rows_go_and_figures_stay(cleared: tuple[sa.Engine, dict[str, Any]]) -> None:
    engine, before = cleared
    kept = {"calls": 6, "agent_states": 12, "tickets": 24, "ticket_events": 48}  # two changes of each ticket
    for name, rows in kept.items():
        assert rows_of(engine, f"warehouse.{name}") == rows, name
    assert figures(engine) == before
    assert ask(engine, "select sum(offered_calls), sum(created_tickets) from warehouse.queue_intervals "
    "cross join (select sum(created_tickets) as created_tickets from warehouse.ticket_days) as d")[0][0] == 30  # fmt: skip
    assert len(before["queue_intervals"]) == 30 and len(before["ticket_days"]) == 30  # noqa: PT018


def test_what_an_agent_did_on_days_whose_calls_went_is_told_from_what_was_counted(
    cleared: tuple[sa.Engine, dict[str, Any]],
) -> None:
    """Of the 9ths of January to June 2026 the call of June alone is there; each had 240 s of talk."""
    engine, _ = cleared

    def asked(month: int, **narrowed: Any) -> tuple[Any, ...]:
        with warehouse.connected(engine) as connection:
            found = people.agent_totals(
                connection, window_start=datetime(2026, month, 1, tzinfo=UTC),
                window_end=datetime(2026, 7, 1, tzinfo=UTC), as_of=NOW, **narrowed,
            )  # fmt: skip
        [row] = found.to_dicts()
        names = (
            "handled_calls",
            "talk_seconds",
            "average_talk_seconds",
            "longest_call_seconds",
            "short_handled_calls",
        )
        return tuple(row[name] for name in names)

    assert asked(1) == (6, 6 * 240, 240, None, None)  # which was the longest of them is not known any more
    assert asked(6) == (1, 240, 240, 240, 0)
    [(queue_id,)] = ask(engine, "select queue_id from warehouse.queues")
    assert asked(1, queue_id=queue_id)[:2] == (
        1,
        240,
    )  # narrowed: from the rows that are there, as the page says


def test_the_contacts_of_a_team_on_days_whose_calls_went_are_unknown_and_not_none(
    cleared: tuple[sa.Engine, dict[str, Any]],
) -> None:
    engine, _ = cleared
    with warehouse.connected(engine) as connection:
        days = team_days(
            connection,
            window_start=datetime(2026, 5, 1, tzinfo=UTC),
            window_end=datetime(2026, 7, 1, tzinfo=UTC),
        ).filter("is_floor")
    names = ("day_date", "handled_calls", "talk_seconds", "average_handle_time_seconds", "signed_in_seconds")
    assert days.select(names).rows() == [
        (date(2026, 5, 9), None, None, None, 300),  # its time stands: it is kept for twelve months
        (date(2026, 6, 9), 1, 240, 240, 300),
    ]


def test_months_that_are_old_as_a_whole_are_dropped(cleared: tuple[sa.Engine, dict[str, Any]]) -> None:
    engine, _ = cleared
    there = {
        name: ask(engine, f"select to_regclass('warehouse.{name}') is not null")[0][0]
        for name in (
            *("calls_2026_04", "calls_2026_05", "agent_states_2025_10", "agent_states_2025_11"),
            "queue_intervals_2024_06",
        )
    }
    assert there == {
        "calls_2026_04": False,
        "calls_2026_05": True,  # it holds the 9th, which is old, and the 23rd, which would not be
        "agent_states_2025_10": False,
        "agent_states_2025_11": True,
        "queue_intervals_2024_06": True,
    }


def test_a_proof_and_a_recount_leave_what_can_no_longer_be_counted(
    cleared: tuple[sa.Engine, dict[str, Any]],
) -> None:
    engine, before = cleared
    proof = prove(
        engine, window_start=OFFERED[0], window_end=datetime(2026, 6, 10, tzinfo=UTC), is_repair=True
    )
    assert proof.is_proven, proof.figures
    assert "Calls before 2026-05-22 21:00 UTC were deleted for their age" in proof.sentences()[1]
    # of the 9th of June alone, and 19 days of tickets, from December 2024 to June 2026
    assert (proof.compared_rows["queue_intervals"], proof.compared_rows["ticket_days"]) == (1, 19)
    backfill(engine)
    assert figures(engine) == before


def test_a_source_read_from_its_start_brings_nothing_back(
    cleared: tuple[sa.Engine, dict[str, Any]],
) -> None:
    engine, before = cleared
    summary = tell(engine, world(OFFERED))
    told = 30 * (1 + 1 + 2)  # a call, a state, two changes of a ticket
    assert (summary.read_rows, summary.loaded_rows, summary.rejected_rows) == (told, 0, 0)
    assert summary.unchanged_rows == told
    # 30 - 6 calls, 30 - 12 states, 2 * (30 - 24) changes of tickets
    assert f"{24 + 18 + 12} facts are older than what is kept and were not loaded again" in summary.notices[0]
    assert figures(engine) == before
    assert rows_of(engine, "warehouse.calls") == 6


def test_a_recount_of_deleted_days_is_refused_with_the_next_step(
    cleared: tuple[sa.Engine, dict[str, Any]],
) -> None:
    engine, before = cleared
    with pytest.raises(LoadError, match=r"`floorboard etl backfill --from 2026-05-22T21:00Z`"):
        backfill(engine, window_start=KEPT_FROM[6] - timedelta(minutes=15))
    backfill(engine, window_start=KEPT_FROM[6])
    assert figures(engine) == before


def test_a_deleted_day_cannot_be_compared_with_its_origin_and_a_kept_one_can(
    cleared: tuple[sa.Engine, dict[str, Any]],
) -> None:
    engine, before = cleared
    found = settings()
    told = [
        reconcile_day(
            engine, found, found.sources[0], at.date(), now=lambda: NOW, reader=Told([batch(1, **world(OFFERED))])
        )
        for at in (OFFERED[0], OFFERED[-2])
    ]  # fmt: skip
    assert [one.outcome_name for one in told] == ["not_comparable", "agreed"]
    assert "deleted for their age" in str(told[0].reason_text)
    assert figures(engine) == before


def test_pages_are_told_from_when_on_rows_are_there_and_what_went_last(
    cleared: tuple[sa.Engine, dict[str, Any]],
) -> None:
    engine, _ = cleared
    with warehouse.connected(engine) as connection:
        told = {row["kind_name"]: row for row in source_queries.retention(connection).to_dicts()}
    assert list(told) == ["calls", "agents", "tickets", "money", "loads", "sessions", "audit", "figures"]
    assert told["calls"] == {
        "kind_name": "calls",
        "kept_months": 6,
        "whole_from_at": KEPT_FROM[6],
        "noted_at": NOW,
        "deleted_at": NOW,
        "deleted_rows": 24,
    }
    assert told["agents"]["deleted_rows"] == 18 + 2 * 18
    assert (told["figures"]["whole_from_at"], told["figures"]["deleted_rows"]) == (None, None)


def test_what_went_is_noted_by_table_and_in_the_trail(cleared: tuple[sa.Engine, dict[str, Any]]) -> None:
    engine, _ = cleared
    noted = ask(engine, "select table_name, deleted_rows from ops.retention_deletions order by 1")
    assert noted == [
        ("warehouse.agent_intervals", 2 * 18),
        ("warehouse.agent_states", 18),
        ("warehouse.calls", 24),
        ("warehouse.ticket_events", 12),
        ("warehouse.tickets", 6),
    ]
    [(lines,)] = ask(engine, "select count(*) from ops.audit_lines where what_name = 'retention.applied'")
    assert lines == 1
    known = ask(engine, "select kind_name, kept_months, whole_from_at from ops.retentions order by 1")
    assert {row[0]: row[1:] for row in known} == {
        "agents": (12, KEPT_FROM[12]),
        "audit": (24, None),
        "calls": (6, KEPT_FROM[6]),
        "figures": (None, None),
        "loads": (6, None),
        "money": (24, None),
        "sessions": (1, None),
        "tickets": (24, KEPT_FROM[24]),
    }


TEAM_KNOWN: list[tuple[dict[str, Any], list[str]]] = [
    ({"calls": "unlimited"}, ["new", "old"]),
    ({"tickets": "unlimited"}, ["new", "old"]),
    ({"agents": "unlimited", "tickets": 6}, ["new", "old"]),
    ({}, ["new"]),  # tickets are kept for 24 months
    ({"tickets": 6}, []),  # agents for 12: nothing is there any more that is as old
]


def test_a_team_is_known_as_long_as_any_rows_that_it_is_asked_for(engine: sa.Engine) -> None:
    """Memberships that ended 20 and 30 months ago: a call or ticket of those days still has its team."""
    ended = {"new": date(2025, 3, 23), "old": date(2024, 5, 23)}
    text = (
        "insert into warehouse.team_members (agent_id, team_id, started_date, ended_date) "
        "select agent_id, 1, '2020-01-01', :ended from warehouse.agents where agent_name = :name"
    )
    with engine.begin() as connection:
        connection.execute(sa.text("insert into warehouse.teams (team_id, team_name) values (1, 'Day')"))
        for name, day in ended.items():
            connection.execute(
                sa.text("insert into warehouse.agents (agent_name) values (:name)"), {"name": name}
            )
            connection.execute(sa.text(text), {"name": name, "ended": day})
    there = 2
    for months, stays in TEAM_KNOWN:
        told = {one.table_name: one.old_rows for one in plan(engine, settings(**months), now=lambda: NOW)}
        assert told.get("warehouse.team_members", 0) == there - len(stays), months
        night(engine, **months)
        found = ask(
            engine,
            "select agent_name from warehouse.team_members inner join warehouse.agents using (agent_id) order by 1",
        )
        assert [name for (name,) in found] == stays, months
        there = len(stays)


def test_without_the_note_a_recount_would_wipe_the_figures_out(engine: sa.Engine) -> None:
    """The negative control: it is the noted day alone that keeps them."""
    tell(engine, world(OFFERED[-9:]))
    night(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("delete from ops.retentions"))
    start, end = OFFERED[-9], OFFERED[-9] + timedelta(days=1)
    assert not prove(engine, window_start=start, window_end=end).is_proven
    backfill(engine, window_start=start, window_end=end)
    assert len(figures(engine)["queue_intervals"]) == 8


# --- where the border lies


def test_a_row_is_as_old_as_its_end(engine: sa.Engine) -> None:
    edge, hour = KEPT_FROM[6], timedelta(hours=1)
    year = KEPT_FROM[12]
    tell(
        engine,
        {
            "calls": [
                call("gone", edge - hour),
                call("over midnight", edge - hour, lasts=2 * hour),
                call("first", edge),
            ],
            "agent_states": [
                state(year - 9 * hour, year - 8 * hour),
                state(year - hour, year + hour, "paused"),
            ],
        },
    )
    night(engine)
    assert [row[0] for row in ask(engine, "select call_id from warehouse.calls order by 1")] == [
        "first",
        "over midnight",
    ]
    assert ask(engine, "select state_name from warehouse.agent_states") == [("paused",)]
    assert prove(engine).is_proven


@pytest.mark.parametrize(("months", "is_there"), [(12, False), (13, False), (14, True)])
def test_a_state_that_never_ended_is_of_31_days(engine: sa.Engine, months: int, is_there: bool) -> None:
    """Signed out on 1 October 2025: as of 1 November, which is older than 12 months (and than 13 it is not)."""
    tell(
        engine,
        {"agent_states": [state(datetime(2025, 10, 1, tzinfo=UTC) - timedelta(days=31), None, "signed_out")]},
    )
    night(engine, agents=months)
    assert (rows_of(engine, "warehouse.agent_states") == 1) is is_there


def test_an_old_ticket_of_which_something_new_is_told_stays_whole(engine: sa.Engine) -> None:
    old = KEPT_FROM[24] - timedelta(days=40)
    tell(engine, {"ticket_events": [*ticket("alive", old), *ticket("gone", old)]})
    reopened = event("alive", YOUNG, "status", value_text="open", event_number=2)
    tell(engine, {"ticket_events": [reopened]})
    night(engine)
    assert ask(engine, "select ticket_id, count(*) from warehouse.ticket_events group by 1") == [("alive", 3)]
    later = event("alive", YOUNG + timedelta(hours=1), "status", value_text="solved", event_number=3)
    summary = tell(engine, {"ticket_events": [*ticket("alive", old), *ticket("gone", old), reopened, later]})
    assert (summary.loaded_rows, summary.unchanged_rows) == (1, 5)
    assert ask(engine, "select ticket_id, reopen_count from warehouse.tickets") == [("alive", 1)]
    assert prove(engine).is_proven


def test_a_promise_that_is_due_later_keeps_its_ticket(engine: sa.Engine) -> None:
    old = KEPT_FROM[24] - timedelta(days=40)
    tell(engine, {"ticket_events": ticket("promised", old)})
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.ticket_targets (applied_at, due_at, target_seconds, is_business, "
                "source_name, ticket_id, target_name) values (:old, :due, 60, false, 'records', 'promised', 'resolution')"
            ),
            {"old": old, "due": KEPT_FROM[24]},
        )
    night(engine)
    assert rows_of(engine, "warehouse.tickets") == 1
    night(engine, NOW + timedelta(days=1))
    assert rows_of(engine, "warehouse.tickets") == rows_of(engine, "warehouse.ticket_targets") == 0


# --- other months


def test_a_plan_changes_nothing_and_says_what_would_go(engine: sa.Engine) -> None:
    tell(engine, world(OFFERED))
    told = {one.table_name: one for one in plan(engine, settings(calls=3), now=lambda: NOW)}
    assert told["warehouse.calls"] == OldRows(
        "warehouse.calls", "calls", 3, datetime(2026, 8, 22, 21, 0, tzinfo=UTC), 27, OFFERED[0] + timedelta(minutes=5)
    )  # fmt: skip
    assert told["warehouse.ticket_events"].old_rows == 12
    assert rows_of(engine, "warehouse.calls") == 30
    assert rows_of(engine, "ops.retentions") == rows_of(engine, "ops.retention_deletions") == 0


def test_fewer_months_delete_at_the_next_night_and_more_bring_nothing_back(engine: sa.Engine) -> None:
    tell(engine, world(OFFERED[-14:]))
    before = figures(engine)
    night(engine)
    night(engine, calls=3, agents="unlimited")
    assert (rows_of(engine, "warehouse.calls"), rows_of(engine, "warehouse.agent_states")) == (3, 12)
    night(engine, calls="unlimited", agents="unlimited")
    tell(engine, world(OFFERED[-14:]))
    assert (rows_of(engine, "warehouse.calls"), rows_of(engine, "warehouse.agent_states")) == (3, 12)
    assert figures(engine) == before
    changes = ask(
        engine,
        "select told_text from ops.audit_lines where what_name = 'retention.settings' order by line_number",
    )
    assert [json.loads(told) for (told,) in changes] == [
        {"calls": {"before": 6, "after": 3}, "agents": {"before": 12, "after": None}},
        {"calls": {"before": 3, "after": None}},
    ]


def test_a_first_history_is_counted_whole_before_its_rows_go(engine: sa.Engine) -> None:
    night(engine)
    assert ask(engine, "select count(whole_from_at) from ops.retentions") == [(0,)]
    assert tell(engine, world(OFFERED[-9:])).loaded_rows == 9 * 4
    before = figures(engine)
    night(engine)
    assert figures(engine) == before


def test_of_24_months_night_by_night_nothing_is_ever_older_than_its_limit(engine: sa.Engine) -> None:
    """V6, a night in each half year: the oldest call, state and ticket, and every offered call still in the figures."""
    for number in range(6, 25, 6):
        told = OFFERED[-25:][number - 6 : number]
        day_after = told[-1] + timedelta(days=1)
        tell(engine, world(told), now=day_after)
        night(engine, day_after + timedelta(hours=8), tickets=12)
        # what was of the 9th, so many months ago, has just gone
        kept = {"calls": min(number, 6), "agent_states": min(number, 12), "tickets": min(number, 12)}
        assert {name: rows_of(engine, f"warehouse.{name}") for name in kept} == kept, day_after
        assert ask(engine, "select sum(offered_calls) from warehouse.queue_intervals") == [(number,)]
    assert rows_of(engine, "warehouse.ticket_days") == 24


def test_the_agents_day_of_a_deleted_call_keeps_its_figures(engine: sa.Engine) -> None:
    """Eight months ago the calls are gone and the states are there: a new state of that time cannot undo the sums."""
    at = OFFERED[-9]
    tell(engine, world(OFFERED[-9:]))
    night(engine)
    handled = "select sum(handled_calls), sum(talk_seconds) from warehouse.agent_intervals"
    assert ask(engine, handled) == [(9, 9 * 240)]
    tell(engine, {"agent_states": [state(at + timedelta(minutes=1), at + timedelta(minutes=2), "paused")]})
    assert ask(engine, handled) == [(9, 9 * 240)]


def test_logs_that_were_put_aside_go_when_they_are_old(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOORBOARD_HOME", str(tmp_path))
    (tmp_path / "logs").mkdir()
    for name, at in (("etl.log.1", OLD), ("pages.log.1", YOUNG), ("etl.log", OLD)):
        (tmp_path / "logs" / name).write_text("x")
        os.utime(tmp_path / "logs" / name, (at.timestamp(), at.timestamp()))
    assert night(engine, loads="unlimited") == {}
    assert night(engine) == {"logs that were put aside": 1}
    assert {file.name for file in (tmp_path / "logs").iterdir()} == {"pages.log.1", "etl.log"}


def test_it_is_done_once_a_night_for_the_site(engine: sa.Engine) -> None:
    tell(engine, world(OFFERED[-9:]))
    due = [one for one in nightly.due(engine, settings(), now=NOW) if one.work_name == "retention"]
    assert {one.source_name for one in due} == {nightly.SITE}
    done = nightly.work("retention")(
        engine, settings(), settings().sources[0], due[-1].day_date, now=lambda: NOW
    )
    assert done is not None
    assert done.startswith("Deleted, because they are older than they are kept: 3 of warehouse.calls.")


# --- backups, commands, a load beside it


def test_a_restored_backup_holds_nothing_that_is_too_old(
    engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    tell(engine, world(OFFERED[-9:]))
    before = figures(engine)
    kept = backup(database_url, tmp_path / "nine.dump", tell=lambda _name: None)
    night(engine)
    done = restore(
        engine, database_url, kept.path, settings(), replacing=True, now=lambda: NOW, tell=lambda _name: None
    )
    assert done.deleted_rows == 3  # the calls of March, April and May
    assert rows_of(engine, "warehouse.calls") == 6
    assert figures(engine) == before


def test_backups_that_are_too_old_are_named_and_left_to_the_operator(engine: sa.Engine) -> None:
    assert old_dumps_text(engine, settings(), now=lambda: NOW) is None
    with warehouse.connected(engine) as connection:
        told = {"file_name": "spring.dump", "file_bytes": 9}
        audit.note(connection, what_name="exported.dump", told=told)
    later = datetime.now(UTC) + timedelta(days=200)
    text = old_dumps_text(engine, settings(), now=lambda: later)
    assert text is not None
    assert f"spring.dump of {datetime.now(UTC):%Y-%m-%d}" in text
    assert "delete those files that are still there" in text
    assert old_dumps_text(engine, settings(calls="unlimited"), now=lambda: later) is None


CONFIG = """\
[site]
name = "Here"
time_zone = "Europe/Tallinn"

[[sources]]
name = "pbx"
kind = "asterisk_queue_log"
path = "queue_log"
every_seconds = 5

[retention]
calls = 3
"""


def test_the_command_says_what_would_go_and_then_deletes_it(
    engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    tell(engine, world(OFFERED[-9:]))
    (tmp_path / "floorboard.toml").write_text(CONFIG)
    (tmp_path / "queue_log").write_text("")
    variables = {
        **os.environ,
        "DATABASE_URL": database_url,
        "FLOORBOARD_CONFIG": "floorboard.toml",
        "FLOORBOARD_NOW": NOW.isoformat(),
    }

    def etl(*arguments: str) -> subprocess.CompletedProcess[str]:
        return typed("etl", *arguments, cwd=tmp_path, variables=variables)

    planned = etl("retention", "--dry-run", "--json")
    [calls] = [one for one in json.loads(planned.stdout) if one["old_rows"]]
    assert calls == {
        "table_name": "warehouse.calls",
        "kind_name": "calls",
        "kept_months": 3,
        "kept_from_at": "2026-08-22T21:00:00+00:00",
        "old_rows": 6,
        "oldest_at": "2026-03-09T08:05:00+00:00",
        "deleted_rows": 0,
    }
    assert "6 rows would be deleted in the next night" in planned.stderr
    assert rows_of(engine, "warehouse.calls") == 9
    done = etl("retention")
    assert "Deleted, because they are older than they are kept: 6 of warehouse.calls." in done.stderr, (
        done.stderr
    )
    assert rows_of(engine, "warehouse.calls") == 3
    assert "Nothing is older than it is kept." in etl("retention").stderr
    refused = etl("backfill", "--from", "2026-08-01T00:00:00Z")
    assert refused.returncode == 1
    assert "Run `floorboard etl backfill --from 2026-08-22T21:00Z`" in refused.stderr
    (tmp_path / "floorboard.toml").write_text(CONFIG.replace("calls = 3", "calls = 2"))
    assert "calls from 3 months to 2 months. Fewer months delete rows" in etl("run", "--once").stderr


def test_it_waits_for_the_batch_that_is_being_loaded(engine: sa.Engine) -> None:
    """A batch that began before the day was noted would bring back what goes: both sides wait for each other."""
    tell(engine, world(OFFERED[-9:]))
    done: list[dict[str, int]] = []
    other = threading.Thread(target=lambda: done.append(night(engine)))
    with warehouse.connected(engine) as batch_at_work:
        warehouse.one_row(batch_at_work, "merge/facts_lock", source_name="records")
        other.start()
        other.join(timeout=0.3)
        assert done == []
        assert ask(engine, "select count(*) from ops.retentions") == [(0,)]
    other.join(timeout=20)
    assert done == [{"warehouse.calls": 3}]


def test_a_reader_who_holds_on_to_a_month_is_not_waited_for(engine: sa.Engine) -> None:
    """What cannot be dropped within a moment is deleted row by row; the month itself goes another night."""
    tell(engine, world(OFFERED[-9:]))
    with engine.begin() as reader:
        reader.execute(sa.text("select 1 from warehouse.calls_2026_03 limit 1"))
        assert night(engine) == {"warehouse.calls": 3}
    assert ask(engine, "select to_regclass('warehouse.calls_2026_03') is not null") == [(True,)]
    night(engine, NOW + timedelta(days=1))
    assert ask(engine, "select to_regclass('warehouse.calls_2026_03') is not null") == [(False,)]
