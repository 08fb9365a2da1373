"""Puts the weeks of an invented floor in which some cheat into an empty warehouse, as if every system had told of them.

In: an empty migrated warehouse and the plain rows of etl/simulation/floor_cheats.py. Out: facts, their rollups and
the sums of the game, made by the same statements as anywhere else.
The rule it guards: the guards are measured on a real warehouse, through the real sums; nothing is counted in their favour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from psycopg import sql as words

from etl.backfill import backfill
from etl.game import sums
from etl.simulation.floor_cheats import Facts, Row
from etl.simulation.floor_plan import AGENTS, QUEUES
from sql import warehouse

SOURCE: Final = "invented"
_TOLD: Final = (SOURCE, 1, 1)  # source_name, version_number, run_id
_TOLD_COLUMNS: Final = ("source_name", "version_number", "run_id")
_CALLS: Final = (
    "offered_at", "answered_at", "ended_at", "queue_id", "agent_id", "wait_seconds", "ring_seconds", "talk_seconds",
    "hold_seconds", "wrap_up_seconds", "call_id", "ended_by_name", "transfer_kind_name", "customer_key", "topic_name",
)  # fmt: skip
_TICKETS: Final = (
    "created_at", "first_resolved_at", "last_resolved_at", "resolved_at", "agent_id", "reopen_count", "is_one_touch",
    "ticket_id", "status_name", "channel_name", "group_name", "customer_key",
)  # fmt: skip
_TICKET_EVENTS: Final = (
    "occurred_at",
    "event_number",
    "agent_id",
    "ticket_id",
    "event_name",
    "actor_name",
    "value_text",
)


def fill(engine: sa.Engine, facts: Facts, *, first_date: date, last_date: date, zone_name: str) -> None:
    """Writes all facts of the floor, then makes rollups and sums; the warehouse must be empty and its figures allowed."""
    at = datetime.combine(last_date, datetime.min.time(), UTC) + timedelta(days=30)
    with warehouse.connected(engine, deadline_seconds=600) as connection:
        _write_people(connection, facts, zone_name)
        months = [first_date, last_date, last_date + timedelta(days=8)]
        connection.execute(
            sa.text("select warehouse.create_months(cast(:months as date []))"), {"months": months}
        )
        _copy(connection, "warehouse.calls", (*_CALLS, "contact_id", "stay_number", "channel_name", "direction_name",
              "outcome_name"), [(*row, row[10], 1, "call", "inbound", "answered") for row in facts.calls])  # fmt: skip
        _copy(
            connection,
            "warehouse.agent_states",
            ("started_at", "ended_at", "agent_id", "queue_id", "state_name"),
            facts.states,
        )
        shifts = [(row[1], *row[2:], "work", True) for row in facts.shifts]
        columns = ("shift_id", "agent_id", "started_at", "ended_at", "activity_name", "is_planned")
        _copy(connection, "warehouse.shifts", columns, shifts)
        columns = ("answered_at", "queue_id", "agent_id", "csat_score", "survey_id", "call_id")
        _copy(connection, "warehouse.surveys", columns, facts.surveys)
        _copy(connection, "warehouse.tickets", _TICKETS, facts.tickets)
        _copy(connection, "warehouse.ticket_events", _TICKET_EVENTS, facts.ticket_events)
        kudos = [(*row, "help", "Thank you!") for row in facts.kudos]
        columns = ("agent_id", "from_agent_id", "given_at", "given_date", "category_name", "message_text")
        _copy(connection, "game.kudos", columns, kudos, is_told=False)
        connection.execute(sa.text("analyze"))
    backfill(engine)
    sums.refresh(engine, first_date=first_date, last_date=last_date, now=at)
    with warehouse.connected(engine, deadline_seconds=600) as connection:
        connection.execute(sa.text("analyze game.day_sums"))


def _write_people(connection: sa.Connection, facts: Facts, zone_name: str) -> None:
    _copy(
        connection, "warehouse.sites", ("site_name", "time_zone_name"), [("Floor", zone_name)], is_told=False
    )
    queues = [(number, SOURCE, queue.name, zone_name) for number, queue in enumerate(QUEUES, 1)]
    columns = ("queue_id", "source_name", "queue_name", "time_zone_name")
    _copy(connection, "warehouse.queues", columns, queues, is_told=False)
    agents = [(person.agent_id, AGENTS[person.number].name, "Floor") for person in facts.people]
    _copy(connection, "warehouse.agents", ("agent_id", "agent_name", "site_name"), agents, is_told=False)


def _copy(
    connection: sa.Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    is_told: bool = True,
) -> None:
    """COPY of rows; those of facts say which source told them."""
    names = (*columns, *_TOLD_COLUMNS) if is_told else tuple(columns)
    text = words.SQL("copy {} ({}) from stdin").format(
        words.Identifier(*table.split(".")), words.SQL(", ").join(map(words.Identifier, names))
    )
    driver = warehouse.driver_connection(connection)
    with driver.cursor() as cursor, cursor.copy(text) as copy:
        for row in rows:
            copy.write_row((*row, *_TOLD) if is_told else row)
