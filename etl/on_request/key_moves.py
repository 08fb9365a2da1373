"""Moves what a source has told of an agent or queue to the one to whom a person gave its key.

In: the open rows of ops.key_moves, written by whoever joined two agents or queues. Out: facts under their new number,
the rollups of both, and the row marked as done, in one transaction per move.
The rule it guards: no load of that source runs meanwhile, so no fact is left behind under the old number.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from etl import LoadError
from etl.backfill import backfill
from etl.load import DEADLINE_SECONDS
from etl.merge import roll_up
from etl.tickets.ticket_merge import roll_up_days, settle_tickets
from sql import warehouse

MOST_MOVES = 1000  # in one go; more wait for the next


def move_keys(engine: sa.Engine, *, now: Callable[[], datetime]) -> int:
    """Carries out every open move, the oldest first; how many were done.

    A move that the rows themselves forbid is marked with the reason and does not hold up the others. Raises
    LoadError when the warehouse is away; that move is tried again with the next call.
    """
    done = 0
    for _ in range(MOST_MOVES):
        move: dict[str, Any] | None = None
        try:
            with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
                move = _next(connection)
                if move is None:
                    return done
                _carry_out(connection, move, now=now)
            done += 1
        except warehouse.WarehouseError as error:
            if move is None or not error.is_data_fault:
                raise LoadError(f"Moving a key to another {_kind(move)}: {error}") from error
            _note_failure(engine, move, str(error))
    return done


def _kind(move: dict[str, Any] | None) -> str:
    return str(move["kind_name"]) if move else "agent or queue"


def _next(connection: sa.Connection) -> dict[str, Any] | None:
    found = connection.execute(sa.text(warehouse.statement("moves/open"))).mappings().one_or_none()
    return dict(found) if found is not None else None


def _carry_out(connection: sa.Connection, move: dict[str, Any], *, now: Callable[[], datetime]) -> None:
    """Moves the facts of one key, if its past moves, and counts anew what they touch."""
    moved_rows = 0
    if move["has_past"]:
        # Waits for whoever loads under the source's name: it may have read to whom the key belonged before.
        warehouse.one_row(connection, "merge/facts_lock", source_name=move["source_name"])
        connection.exec_driver_sql(warehouse.statement("merge/stage"))
        ids = {name: move[name] for name in ("source_name", "from_id", "to_id")}
        moved_rows = (
            _move_agent(connection, ids) if move["kind_name"] == "agent" else _move_queue(connection, ids)
        )
        warehouse.one_row(connection, "rollups/lock_shared")
        roll_up(connection)
    if move["kind_name"] == "agent":
        warehouse.execute(connection, "moves/agent_accounts", from_id=move["from_id"], to_id=move["to_id"])
    warehouse.execute(connection, "moves/done", move_id=move["move_id"], moved_rows=moved_rows, done_at=now())


def _move_agent(connection: sa.Connection, ids: dict[str, Any]) -> int:
    """The number of facts moved from one agent to another; the intervals of both are noted as dirty."""
    moved = [warehouse.one_row(connection, "moves/agent_calls", **ids)[0]]
    warehouse.execute(connection, "moves/agent_states_doubled", **ids)
    moved.append(warehouse.one_row(connection, "moves/agent_states", **ids)[0])
    warehouse.execute(connection, "moves/agent_members_doubled", **ids)
    moved.append(warehouse.one_row(connection, "moves/agent_others", **ids)[0])
    source = {"source_name": ids["source_name"]}
    mixed = warehouse.frame(connection, "moves/agent_tickets_mixed", **source, to_id=ids["to_id"])
    if mixed.height:
        settle_tickets(connection, mixed["ticket_id"].to_list(), **source)
        roll_up_days(connection)
    return sum(moved)


def _move_queue(connection: sa.Connection, ids: dict[str, Any]) -> int:
    """The number of facts moved from one queue to another; the intervals of both are noted as dirty."""
    warehouse.execute(connection, "moves/queue_calls_doubled", **ids)
    moved = [warehouse.one_row(connection, "moves/queue_calls", **ids)[0]]
    warehouse.execute(connection, "moves/queue_members_doubled", **ids)
    moved.append(warehouse.one_row(connection, "moves/queue_others", **ids)[0])
    return sum(moved)


def _note_failure(engine: sa.Engine, move: dict[str, Any], error_text: str) -> None:
    try:
        with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            warehouse.execute(connection, "moves/failed", move_id=move["move_id"], error_text=error_text)
    except warehouse.WarehouseError as error:
        raise LoadError(str(error)) from error


def recount(engine: sa.Engine, *, now: Callable[[], datetime]) -> int:
    """Counts the past anew where a saved change asks for it (a threshold, opening hours); how many asked.

    Raises LoadError; what was asked for stays asked for until it is done.
    """
    try:
        with warehouse.connected(engine) as connection:
            waiting = warehouse.frame(connection, "organisation/recounts_open")["recount_id"].to_list()
        if not waiting:
            return 0
        backfill(engine)
        with warehouse.connected(engine) as connection:
            warehouse.execute(connection, "organisation/recounts_done", recount_ids=waiting, done_at=now())
    except warehouse.WarehouseError as error:
        raise LoadError(f"Counting the past anew: {error}") from error
    return len(waiting)


def teams_of_today(engine: sa.Engine, *, now: Callable[[], datetime]) -> int:
    """Gives agents the team of the site's present day, as their dated memberships say; how many changed."""
    try:
        with warehouse.connected(engine) as connection:
            return warehouse.execute(connection, "organisation/teams_today", as_of=now())
    except warehouse.WarehouseError as error:
        raise LoadError(f"The teams of today: {error}") from error
