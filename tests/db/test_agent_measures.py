"""Agents on a real Postgres: inbound apart from the rest, teams by the day, one state at a time, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from etl import prove
from etl.on_request.key_moves import recount
from sql import warehouse
from tests.db.test_records import call, tell

DAY = datetime(2026, 3, 1, 22, tzinfo=UTC)
"""Monday, 2 March 2026 begins in Tallinn (UTC+2)."""
WINDOW = {"window_start": DAY, "window_end": DAY + timedelta(days=1), "as_of": DAY + timedelta(days=7)}


def h(hour: float) -> datetime:
    """That hour of the local day."""
    return DAY + timedelta(hours=hour)


def answer(engine: sa.Engine, name: str, **params: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return queries.QUESTIONS[name](connection, **params)


def change(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def talk(number: int, hour: float, seconds: int, **changes: Any) -> dict[str, Any]:
    """A call answered at that hour that lasted so long, of mari in sales."""
    at = h(hour)
    return call(
        f"c{number}",
        offered_at=at - timedelta(seconds=10),
        answered_at=at,
        ended_at=at + timedelta(seconds=seconds),
        wait_seconds=10,
        talk_seconds=seconds,
        **changes,
    )


def states(agent: str, *drawn: tuple[float, str] | tuple[float, str, str]) -> list[dict[str, Any]]:
    """The states of an agent, each from its hour to the next one's; a third word is the reason. The last one stays open."""
    rows = []
    for place, row in enumerate(drawn):
        rows.append(
            {
                "agent_name": agent,
                "started_at": h(row[0]),
                "ended_at": h(drawn[place + 1][0]) if place + 1 < len(drawn) else None,
                "state_name": row[1],
                "reason_name": row[2] if len(row) > 2 else None,
                "queue_name": "sales" if row[1] in ("on_contact", "wrap_up", "ringing") else None,
            }
        )
    return rows


def row_of(frame: pl.DataFrame, agent: str) -> dict[str, Any]:
    return frame.filter(pl.col("agent_name") == agent).row(0, named=True)


def test_handled_and_aht_are_of_contacts_that_came_in_and_the_rest_stands_apart(engine: sa.Engine) -> None:
    #                        hour  talk  direction
    tell(
        engine,
        {
            "calls": [
                talk(1, 9, 240, hold_seconds=30, wrap_up_seconds=60, transfer_kind_name="blind"),
                talk(2, 10, 120, transfer_kind_name="attended"),
                talk(3, 11, 600, direction_name="outbound"),
                talk(4, 12, 300, direction_name="internal", transfer_kind_name="blind"),
                talk(5, 13, 50, direction_name="outbound"),
            ]
        },
    )
    mari = row_of(answer(engine, "agent_totals", **WINDOW), "mari")
    assert (mari["handled_calls"], mari["outbound_calls"], mari["internal_calls"]) == (2, 2, 1)
    assert (mari["outbound_talk_seconds"], mari["internal_talk_seconds"]) == (600 + 50, 300)
    assert mari["average_handle_time_seconds"] == (240 + 30 + 60 + 120) / 2
    passed_on = [mari[f"{kind}transferred_calls"] for kind in ("", "blind_", "attended_")]
    assert passed_on == [2, 1, 1]  # the internal one is no handled contact
    assert mari["longest_call_seconds"] == 240 + 30 + 60


def test_a_transfer_of_a_contact_that_was_not_handled_is_none(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [
                talk(1, 9, 240),
                talk(2, 10, 60, transfer_kind_name="blind", outcome_name="interrupted"),
                talk(3, 11, 60, transfer_kind_name="attended", outcome_name="interrupted"),
            ]
        },
    )
    names = ["handled_calls", "transferred_calls", "blind_transferred_calls", "attended_transferred_calls"]
    mari = row_of(answer(engine, "agent_totals", **WINDOW), "mari")
    assert ([mari[name] for name in names], mari["transfer_ratio"]) == ([1, 0, 0, 0], 0 / 1)
    queue = answer(engine, "queue_totals", **WINDOW).row(0, named=True)
    assert (queue["handled_calls"], queue["transferred_calls"]) == (1, 0)
    with engine.connect() as connection:
        rollup = connection.execute(
            sa.text(
                "select sum(handled_calls), sum(transferred_calls), sum(blind_transferred_calls), "
                "sum(attended_transferred_calls) from warehouse.agent_intervals"
            )
        )
        assert list(rollup.one()) == [1, 0, 0, 0]
    assert prove.prove(engine).is_proven
    days = {"window_start": DAY, "window_end": DAY + timedelta(days=1)}
    found = [
        answer(engine, "agent_call_rows_count", **days, of_name=name)["found_rows"].item() for name in names
    ]
    assert found == [1, 0, 0, 0]


def test_the_rollup_of_agents_says_the_same_as_the_facts(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [talk(1, 9, 240), talk(2, 10, 60, direction_name="outbound"), talk(3, 23.99, 100)],
            "agent_states": states(
                "mari", (8, "available"), (9, "ringing"), (9.1, "on_contact"), (10, "signed_out")
            ),
        },
    )
    names = [
        "handled_calls",
        "outbound_calls",
        "talk_seconds",
        "outbound_talk_seconds",
        "ringing_seconds",
        "available_seconds",
    ]
    with engine.connect() as connection:
        rollup = connection.execute(
            sa.text(
                "select sum(handled_calls), sum(outbound_calls), sum(talk_seconds), sum(outbound_talk_seconds), "
                "sum(ringing_seconds), sum(available_seconds) from warehouse.agent_intervals"
            )
        ).one()
    mari = row_of(answer(engine, "agent_totals", **WINDOW), "mari")
    assert [mari[name] for name in names] == [2, 1, 240 + 100, 60, 360, 3600 + 360] == list(rollup)
    assert prove.prove(engine).is_proven


def test_a_figure_that_counts_outbound_calls_as_handled_is_found_and_counted_anew(engine: sa.Engine) -> None:
    tell(engine, {"calls": [talk(1, 9, 240), talk(2, 10, 60, direction_name="outbound")]})
    # As it stood before outbound calls were told apart.
    change(
        engine,
        "update warehouse.agent_intervals set handled_calls = 1, outbound_calls = 0, outbound_talk_seconds = 0",
    )
    found = prove.prove(engine)
    assert {figure.column_name for figure in found.figures} == {
        "handled_calls",
        "outbound_calls",
        "outbound_talk_seconds",
    }
    change(engine, "insert into ops.recounts (asked_at, reason_text) values (now(), 'outbound apart')")
    assert recount(engine, now=lambda: datetime.now(UTC)) == 1
    assert prove.prove(engine).is_proven


def test_an_agent_in_two_queues_counts_once(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [talk(1, 9, 100), talk(2, 10, 200, queue_name="billing")],
            "agent_states": states("mari", (9, "available"), (11, "signed_out")),
        },
    )
    totals = answer(engine, "agent_totals", **WINDOW)
    assert totals.height == 1
    assert (totals["handled_calls"][0], totals["signed_in_seconds"][0]) == (2, 2 * 3600)
    queue_id = {row["queue_name"]: row["queue_id"] for row in answer(engine, "queues").iter_rows(named=True)}
    billing = row_of(answer(engine, "agent_totals", **WINDOW, queue_id=queue_id["billing"]), "mari")
    assert (billing["handled_calls"], billing["average_handle_time_seconds"]) == (1, 200)
    assert billing["signed_in_seconds"] == 2 * 3600  # nobody is signed in for one of his queues only


def test_what_he_did_belongs_to_the_team_of_its_day(engine: sa.Engine) -> None:
    tell(engine, {"calls": [talk(1, 9, 100), talk(2, 33, 200), talk(3, 34, 300)]})
    change(
        engine,
        "insert into warehouse.teams (team_id, team_name) values (1, 'Day'), (2, 'Late')",
        "insert into warehouse.team_members (team_id, agent_id, started_date, ended_date) "
        "select 1, agent_id, date '2026-01-01', date '2026-03-03' from warehouse.agents where agent_name = 'mari' "
        "union all select 2, agent_id, date '2026-03-03', null from warehouse.agents where agent_name = 'mari'",
    )
    both = {**WINDOW, "window_end": DAY + timedelta(days=2)}
    teams = answer(engine, "team_totals", **both)
    assert teams.select("team_name", "handled_calls", "talk_seconds").rows() == [
        ("Day", 1, 100),
        ("Late", 2, 500),
    ]
    assert row_of(answer(engine, "agent_totals", **both), "mari")["team_name"] == "Late"
    in_day = answer(engine, "agent_totals", **both, team_id=1)
    assert in_day.select("handled_calls", "average_handle_time_seconds").rows() == [(1, 100.0)]


def test_a_night_shift_is_split_at_the_local_midnight(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [talk(1, 9, 1)],
            "agent_states": states(
                "mari", (22, "available"), (23, "paused", "Lunch"), (25, "available"), (30, "signed_out")
            ),
        },
    )
    first = row_of(answer(engine, "agent_totals", **WINDOW), "mari")
    second = row_of(
        answer(engine, "agent_totals", **{**WINDOW, "window_start": h(24), "window_end": h(48)}), "mari"
    )
    assert (first["signed_in_seconds"], first["paused_seconds"]) == (2 * 3600, 3600)
    assert (second["signed_in_seconds"], second["paused_seconds"]) == (6 * 3600, 3600)
    pauses = answer(engine, "agent_pauses", **WINDOW)
    assert pauses.select("reason_name", "paused_seconds", "pause_count").rows() == [("Lunch", 3600, 1)]


@pytest.mark.parametrize(
    ("start", "hours"),
    [(datetime(2026, 3, 28, 22, tzinfo=UTC), 23), (datetime(2026, 10, 24, 21, tzinfo=UTC), 25)],
)
def test_a_day_of_the_clock_change_has_the_hours_it_has(
    engine: sa.Engine, start: datetime, hours: int
) -> None:
    all_day = [
        {
            "agent_name": "mari",
            "started_at": start - timedelta(hours=1),
            "ended_at": start + timedelta(hours=hours + 1),
            "state_name": "paused",
            "reason_name": "Night",
            "queue_name": None,
        },
        {
            "agent_name": "mari",
            "started_at": start + timedelta(hours=hours + 1),
            "ended_at": None,
            "state_name": "signed_out",
            "reason_name": None,
            "queue_name": None,
        },
    ]
    tell(engine, {"calls": [talk(1, 9, 1)], "agent_states": all_day})
    window = {
        "window_start": start,
        "window_end": start + timedelta(hours=hours),
        "as_of": start + timedelta(days=30),
    }
    assert row_of(answer(engine, "agent_totals", **window), "mari")["paused_seconds"] == hours * 3600
    pauses = answer(engine, "agent_pauses", **window)
    assert pauses.select("paused_seconds", "pause_count").rows() == [
        (hours * 3600, 0)
    ]  # began the day before


def test_of_two_systems_the_weightier_state_stands_and_nothing_is_counted_twice(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [talk(1, 9, 1)],
            "agent_states": states(
                "mari", (8, "available"), (9, "on_contact"), (10, "available"), (12, "signed_out")
            ),
        },
    )
    tell(engine, {"agent_states": states("mari2", (8.5, "paused", "Lunch"), (11, "signed_out"))}, name="desk")
    change(
        engine,
        "insert into warehouse.agent_keys (source_name, source_key, agent_id) "
        "select 'desk', 'mari', agent_id from warehouse.agents where agent_name = 'mari' on conflict do nothing",
        "update warehouse.agent_states set agent_id = (select agent_id from warehouse.agents where agent_name = 'mari')",
    )
    lanes = answer(engine, "agent_lanes", window_start=h(0), window_end=h(24), as_of=h(24))
    drawn = [
        (
            (row["started_at"] - DAY).total_seconds() / 3600,
            (row["ended_at"] - DAY).total_seconds() / 3600,
            row["state_name"],
        )
        for row in lanes.iter_rows(named=True)
    ]
    assert drawn == [
        (8, 8.5, "available"),
        (8.5, 9, "paused"),
        (9, 10, "on_contact"),
        (10, 11, "paused"),
        (11, 12, "available"),
    ]


def test_a_state_that_lasts_ends_at_the_instant_asked_about(engine: sa.Engine) -> None:
    tell(
        engine,
        {"calls": [talk(1, 9, 1)], "agent_states": states("mari", (8, "available"), (9, "paused", "Lunch"))},
    )
    lanes = answer(engine, "agent_lanes", window_start=h(0), window_end=h(24), as_of=h(9.5))
    assert lanes.select("state_name", "ended_at", "is_open").rows() == [
        ("available", h(9), False),
        ("paused", h(9.5), True),
    ]
    assert answer(engine, "agent_pauses", **WINDOW).is_empty()  # it is not over


def test_a_pause_that_lasts_is_in_no_sum_of_pauses(engine: sa.Engine) -> None:
    tell(
        engine,
        {"agent_states": states("mari", (8, "paused", "Lunch"), (9, "available"), (10, "paused", "Lunch"))},
    )
    now = {**WINDOW, "as_of": h(11)}
    pauses = answer(engine, "agent_pauses", **now)
    assert pauses.select("paused_seconds", "pause_count").rows() == [(3600, 1)]  # 8-9, not 10 until now
    assert row_of(answer(engine, "agent_totals", **now), "mari")["paused_seconds"] == 3600


def test_a_pause_over_midnight_counts_on_the_day_on_which_it_began(engine: sa.Engine) -> None:
    #                                    22 to 25 of the clock; the other one begins with the second day's midnight
    tell(
        engine,
        {
            "agent_states": [
                *states("mari", (22, "paused", "Night"), (25, "available"), (26, "signed_out")),
                *states("jaan", (23, "available"), (24, "paused", "Night"), (25, "signed_out")),
            ]
        },
    )
    asked = [(0, 24), (24, 48), (0, 48)]
    found = [
        answer(engine, "agent_pauses", **{**WINDOW, "window_start": h(start), "window_end": h(end)})
        for start, end in asked
    ]
    mari, jaan = (
        [
            frame.join(agents, on="agent_id")
            .filter(pl.col("agent_name") == name)
            .select("paused_seconds", "pause_count")
            .rows()
            for frame in found
        ]
        for agents in [answer(engine, "agents", as_of=h(48)).select("agent_id", "agent_name")]
        for name in ("mari", "jaan")
    )
    assert mari == [[(2 * 3600, 1)], [(3600, 0)], [(3 * 3600, 1)]]  # 1 + 0 = 1
    assert jaan == [[], [(3600, 1)], [(3600, 1)]]  # 0 + 1 = 1


def test_without_a_group_lists_only_who_handled_such_a_contact(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [talk(1, 9, 240), talk(2, 10, 60, queue_name="billing", agent_name="jaan")],
            "agent_states": [
                *states("mari", (9, "available"), (11, "signed_out")),
                *states("jaan", (9, "available"), (11, "signed_out")),
            ],
        },
    )
    change(engine, "update warehouse.queues set group_name = 'Money' where queue_name = 'billing'")
    found = answer(engine, "agent_totals", **WINDOW, group_name="")
    assert found.select("agent_name", "handled_calls").rows() == [
        ("mari", 1)
    ]  # jaan's only one was in a group
    teams = answer(engine, "team_totals", **WINDOW, group_name="")
    assert teams.select("handled_calls", "working_agents").rows() == [(1, 1)]
