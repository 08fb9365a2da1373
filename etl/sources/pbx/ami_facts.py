"""Puts the live floor into the warehouse's words: what changed since the batch before.

In: the floor. Out: calls, agent_states and queue_members with instants, the source's names of queues and agents.
The rule it guards: states and memberships told live have the version 0, so that every other telling of them is stronger.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.sources.pbx.ami_floor import Floor, Stay

INSTANT = pl.Datetime("us", "UTC")
_COUNTS = ("wait_seconds", "ring_seconds", "talk_seconds", "entry_position")
_WORDS = ("outcome_name", "ended_by_name", "transfer_kind_name", "transferred_to_name", "customer_key")
_CALLS: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(("offered_at", "answered_at", "ended_at"), pl.Int64),
    **dict.fromkeys(("version_number", "new_rows"), pl.Int64),
    **dict.fromkeys(("queue_name", "agent_name", "call_id", "contact_id"), pl.String),
    **dict.fromkeys(("stay_number", *_COUNTS), pl.Int32),
    **dict.fromkeys(_WORDS, pl.String),
}
_SPANS: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(("started_at", "ended_at", "version_number"), pl.Int64),
    **dict.fromkeys(("agent_name", "queue_name"), pl.String),
}
_STATES = {**_SPANS, "new_rows": pl.Int64, "state_name": pl.String, "reason_name": pl.String}


def facts_of(floor: Floor) -> dict[str, pl.DataFrame]:
    """What changed, in the warehouse's words. Every open stay is told each time: a log that was read later than it was
    written may have told less of it meanwhile."""
    open_stays = {stay.place: stay for stay in floor.stays.values() if stay.ended_at is None}
    stays = {**open_stays, **floor.changed_stays} if floor.new_rows or floor.changed_stays else {}
    calls = [_call(stay, floor.new_rows.get(place, 0)) for place, stay in stays.items()]
    states = [row for name in floor.agents for row in _states(floor, name)]
    members: list[dict[str, object]] = [
        {"started_at": told.started_at, "ended_at": told.ended_at, "version_number": 0,
         "agent_name": agent, "queue_name": queue}
        for (agent, queue, _), told in floor.changed_members.items()
    ]  # fmt: skip
    return {
        "calls": _frame(calls, _CALLS).with_columns(
            pl.lit("call").alias("channel_name"), pl.lit("inbound").alias("direction_name")
        ),
        "agent_states": _frame(states, _STATES),
        "queue_members": _frame(members, _SPANS),
    }


def _call(stay: Stay, new_rows: int) -> dict[str, object]:
    names = (
        "offered_at",
        "answered_at",
        "ended_at",
        "queue_name",
        "agent_name",
        "call_id",
        *_COUNTS,
        *_WORDS,
    )
    row: dict[str, object] = {name: getattr(stay, name) for name in names}
    return row | {
        "version_number": stay.version,
        "new_rows": new_rows,
        "contact_id": stay.call_id,
        "stay_number": stay.number,
        "agent_name": stay.agent_name if stay.answered_at is not None else None,
    }


def _states(floor: Floor, name: str) -> Iterator[dict[str, object]]:
    """The agent's states that changed, each with its end; the events count for the newest."""
    agent = floor.agents[name]
    if agent.changed_from is None:
        return
    ends = [state.started_at for state in agent.states[1:]]
    for state, ended_at in zip(agent.states, [*ends, None], strict=True):
        if state.started_at >= agent.changed_from:
            yield {
                "started_at": state.started_at,
                "ended_at": ended_at,
                "version_number": 0,
                "agent_name": name,
                "queue_name": state.queue_name,
                "new_rows": floor.new_rows.get(name, 0) if ended_at is None else 0,
                "state_name": state.state_name,
                "reason_name": state.reason_name,
            }


def _frame(rows: list[dict[str, object]], schema: dict[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    instants = [name for name in ("offered_at", "answered_at", "started_at", "ended_at") if name in schema]
    return frame.with_columns((pl.col(name) * 1_000_000).cast(INSTANT) for name in instants)
