"""Makes the events of tickets from the rows of a file: from whole tickets, from their states after each change, from events.

In: rows whose texts have been read. Out: ticket_events in the warehouse's words.
The rule it guards: an event has the same number at every load, so that a file that is read again adds nothing.
"""

from __future__ import annotations

import polars as pl

from etl.mappings.mapping import Mapping
from etl.shapes import INSTANT

ROW = "#row"
_STEP = 8  # numbers that one change of a ticket may use
_COLUMNS = (
    "occurred_at",
    "version_number",
    "seq",
    "event_number",
    "ticket_id",
    "event_name",
    "actor_name",
    "value_text",
    "agent_name",
)


def ticket_records(typed: pl.DataFrame) -> pl.DataFrame:
    """The events of tickets of which a row tells how each ended.

    Priority, group and agent are known as they were at the end only; they count from the creation on.
    """
    created, solved, closed = pl.col("created_at"), pl.col("solved_at"), pl.col("closed_at")
    status, updated = pl.col("status_name"), pl.col("updated_at")
    is_told = ((status == "closed") & closed.is_not_null()) | (
        (status == "solved") & (solved.is_not_null() | closed.is_not_null())
    )
    status_at = pl.coalesce(
        updated,
        pl.when(status.is_in(("solved", "closed"))).then(solved),
        "reopened_at",
        closed,
        solved,
        created,
    )
    events = [
        _events(typed, "created", created, 0),
        _events(typed, "priority", created, 1, value=pl.col("priority_name")),
        _events(typed, "group", created, 2, value=pl.col("group_name")),
        _events(
            typed.filter(pl.col("agent_name").is_not_null()), "agent", created, 3, agent=pl.col("agent_name")
        ),
        _events(typed, "reply", pl.col("first_reply_at"), 4, actor="agent"),
        _events(typed, "status", pl.col("reopened_at"), 5, value=pl.lit("open")),
        _events(typed, "status", solved, 6, value=pl.lit("solved")),
        _events(typed.filter(~is_told), "status", status_at, 7, value=status),
        _events(typed, "status", closed, 8, value=pl.lit("closed")),
        _events(typed, "csat", pl.coalesce(closed, solved, updated, created), 9, value=_score()),
    ]
    return pl.concat(events)


def ticket_changes(typed: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """The events of tickets of which a row tells the state after a change; what did not change is told again.

    Changes of one instant are in the order of change_number, else of the rows in the file.
    """
    first = (pl.coalesce("change_number", ROW) + 1) * _STEP
    changed = pl.col("updated_at")
    once = typed.with_columns(version_number=pl.lit(0, pl.Int64))  # the creation is the same in every row
    events = [
        _events(once, "created", pl.col("created_at"), 0).unique(
            "ticket_id", keep="first", maintain_order=True
        )
    ]
    for number, (name, field) in enumerate(
        (("status", "status_name"), ("priority", "priority_name"), ("group", "group_name"))
    ):
        events.append(_events(typed, name, changed, first + number, value=pl.col(field)))
    if "agent_name" in mapping.fields:
        events.append(_events(typed, "agent", changed, first + 3, agent=pl.col("agent_name")))
    events.append(_events(typed, "csat", changed, first + 4, value=_score()))
    return pl.concat(events)


def ticket_events(typed: pl.DataFrame) -> pl.DataFrame:
    """Events as the file tells them, one in a row."""
    return typed.with_columns(event_number=pl.coalesce("change_number", ROW)).select(_COLUMNS)


def _score() -> pl.Expr:
    return pl.col("csat_score").round().cast(pl.Int64).cast(pl.String)


def _events(
    typed: pl.DataFrame,
    name: str,
    at: pl.Expr,
    number: int | pl.Expr,
    *,
    value: pl.Expr | None = None,
    agent: pl.Expr | None = None,
    actor: str | None = None,
) -> pl.DataFrame:
    """One kind of event, for the rows that tell when it was and, where it has a value, which."""
    found = typed.select(
        "version_number",
        "seq",
        "ticket_id",
        occurred_at=at.cast(INSTANT),
        event_number=(pl.lit(number) if isinstance(number, int) else number).cast(pl.Int64),
        event_name=pl.lit(name),
        actor_name=pl.lit(actor, pl.String),
        value_text=pl.lit(None, pl.String) if value is None else value.cast(pl.String),
        agent_name=pl.lit(None, pl.String) if agent is None else agent,
    ).select(_COLUMNS)
    is_told = pl.col("occurred_at").is_not_null()
    return found.filter(is_told if value is None else is_told & pl.col("value_text").is_not_null())
