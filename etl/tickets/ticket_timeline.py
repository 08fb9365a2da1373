"""The life of each ticket as a row of stretches: from each event to the next, what was the case, and for how long.

In: tickets and their events, in any order; timetables. Out: one row per event, in order, with the status, agent and
timetable in force from then on, the calendar and business time up to the next event, and the clock of business time.
The rule it guards: every measure and every promise is reckoned from the same stretches.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from etl import LoadError
from etl.tickets.business_time import Schedule, business_microseconds

DataType = pl.DataType | type[pl.DataType]
INSTANT = pl.Datetime("us", "UTC")
SOLVED = ("solved", "closed")
STATUSES = ("new", "open", "pending", "on_hold", *SOLVED, "needs_rework")
PRIORITIES = ("urgent", "high", "normal", "low")
# What is counted of a ticket's time, by its statuses.
STATES = {
    "requester_wait": ("new", "open", "needs_rework", "on_hold"),
    "agent_wait": ("pending",),
    "on_hold": ("on_hold",),
    "agent_work": ("new", "open", "needs_rework"),
    "new_status": ("new",),
    "open_status": ("open", "needs_rework"),
    "solve": ("new", "open", "needs_rework", "on_hold", "pending"),
}
OPENING = pl.duration(seconds=5)
TOLD = pl.col("value_text")


def is_event(*names: str) -> pl.Expr:
    """Whether a row of the timeline is an event of one of these names."""
    return pl.col("event_name").is_in(names)


def is_agents_reply() -> pl.Expr:
    """Whether a row of the timeline is a public comment by a person, not an automatic answer."""
    return is_event("reply") & pl.col("actor_name").ne_missing("system")


def shaped(frame: pl.DataFrame, columns: Mapping[str, DataType], what: str) -> pl.DataFrame:
    """The columns asked for, of the types asked for; raises LoadError where one is missing or of another kind."""
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise LoadError(
            f"The frame of {what} has no column {', '.join(missing)}; expected {', '.join(columns)}. "
            "Add it, null where it is unknown."
        )
    try:
        return frame.select(pl.col(name).cast(dtype) for name, dtype in columns.items())
    except pl.exceptions.PolarsError as error:
        raise LoadError(
            f"The frame of {what} has {dict(frame.schema)}; expected {dict(columns)}. Convert it first."
        ) from error


def timeline_of(
    births: pl.DataFrame, events: pl.DataFrame, schedules: Mapping[str, Schedule], default: str | None
) -> pl.DataFrame:
    """One row per event and one for each ticket's birth, in order: what holds from then on, and for how long."""
    happened = events.join(births, on="ticket_id", how="inner").filter(pl.col("occurred_at").is_not_null())
    born = births.with_columns(pl.lit("birth").alias("event_name"), pl.col("created_at").alias("occurred_at"))
    rows = pl.concat([born, happened], how="diagonal").sort(
        "ticket_id", ~is_event("birth"), "occurred_at", "event_number", maintain_order=True
    )
    timeline = _states(rows.with_columns(pl.max_horizontal("occurred_at", "created_at").alias("at")), default)
    is_known = timeline["schedule_name"].is_in(list(schedules)).to_numpy()
    starts = timeline["at"].to_physical().to_numpy()
    ends = starts + timeline["calendar"].to_numpy()
    business = np.zeros(len(timeline), dtype=np.int64)
    for name in timeline["schedule_name"].unique().to_list():
        if name in schedules:
            held = (timeline["schedule_name"] == name).to_numpy()
            business[held] = business_microseconds(schedules[name], starts[held], ends[held])
    unclear = pl.Series("is_unclear", ~is_known & (ends > starts))
    return timeline.with_columns(pl.Series("business", business), unclear).with_columns(
        pl.when(pl.col("is_unclear").cum_sum().over("ticket_id") - pl.col("is_unclear").cast(pl.UInt32) == 0)
        .then(pl.col("business").cum_sum().over("ticket_id") - pl.col("business"))
        .alias("business_clock")
    )


def _states(rows: pl.DataFrame, default: str | None) -> pl.DataFrame:
    """Adds what is in force from each row on: status, whether it has an agent, is deleted, and its timetable."""
    is_birth, is_status = is_event("birth"), is_event("status") & TOLD.is_in(STATUSES)
    said = pl.when(is_birth).then(pl.lit("new")).when(is_status).then(TOLD)
    rows = rows.with_row_index("row").with_columns(
        _lasting(said).alias("said"),
        _lasting(pl.when(is_status & ~TOLD.is_in(("new", "open"))).then(TOLD)).alias("anchor"),
        _lasting(
            pl.when(is_birth | is_status).then(False).when(is_event("deleted")).then(True)
        ).alias("is_deleted"),
        _lasting(
            pl.when(is_birth).then(False).when(is_event("agent")).then(pl.col("agent_id").is_not_null())
        ).alias("is_assigned"),
        _lasting(
            pl.when(is_birth).then(pl.lit(default or ""))
            .when(is_event("schedule")).then(TOLD.fill_null(default or ""))
        ).alias("schedule_name"),
        (pl.col("at").shift(-1).over("ticket_id") - pl.col("at")).dt.total_microseconds().fill_null(0).alias("calendar"),
    )  # fmt: skip
    comes_back = pl.col("said").is_in(("new", "open")) & pl.col("anchor").is_in((*SOLVED, "needs_rework"))
    rows = rows.with_columns(
        pl.when(comes_back.fill_null(False))
        .then(pl.lit("needs_rework"))
        .otherwise("said")
        .alias("status_name")
    )
    return _comings_and_goings(rows)


def _comings_and_goings(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds where the status changed, where the ticket was solved or came back, and in which kinds of time it counts."""
    status, was = pl.col("status_name"), pl.col("status_name").shift(1).over("ticket_id")
    is_changed, solved, was_solved = (
        status.ne_missing(was),
        status.is_in(SOLVED),
        was.is_in(SOLVED).fill_null(False),
    )
    rows = rows.with_columns(
        is_changed.alias("is_changed"),
        (solved & ~was_solved).alias("is_resolving"),
        (~solved & (was_solved | (is_changed & (status == "needs_rework")))).alias("is_reopening"),
        *(
            (status.is_in(names) & ~pl.col("is_deleted")).alias(f"is_{state}")
            for state, names in STATES.items()
        ),
    )
    return rows.with_columns(_lasting(pl.when("is_resolving").then("at")).alias("solved_at"))


def _lasting(value: pl.Expr) -> pl.Expr:
    """What was said last of a ticket, on every row until something else is said."""
    return value.forward_fill().over("ticket_id")


def words_of(timeline: pl.DataFrame) -> pl.DataFrame:
    """One row per public word that counts in turns (a requester's word, a reply), with the turn in which it falls.

    turn_number from 1; turn_start_at and turn_start_clock: from when the requester has waited in this turn; request_at,
    request_row: the turn's first word of the requester, null where there is none; is_answer: the reply that ends a turn.
    """
    is_reply = is_agents_reply()
    words = timeline.filter(is_reply | is_event("request")).with_columns(
        (pl.int_range(pl.len()).over("ticket_id") == 0).alias("is_first"), is_reply.alias("is_reply")
    )
    is_opening = pl.col("is_first") & pl.col("is_reply") & (pl.col("at") - pl.col("created_at") <= OPENING)
    opened = words.filter(is_opening).select("ticket_id", pl.lit(True).alias("is_agent_opened"))
    words = words.filter(~is_opening).join(opened, on="ticket_id", how="left", maintain_order="left")
    was_reply = pl.col("is_reply").shift(1).over("ticket_id")
    words = words.with_columns(
        was_reply.fill_null(True).alias("was_reply"), was_reply.is_null().alias("is_first")
    ).with_columns(
        (pl.col("is_first") | (pl.col("was_reply") & ~pl.col("is_reply"))).alias("is_turn"),
        (pl.col("is_reply") & (pl.col("is_first") | ~pl.col("was_reply"))).alias("is_answer"),
    )
    asked = ~pl.col("is_reply") & pl.col("is_turn")

    def of_turn(first: pl.Expr, later: str) -> pl.Expr:
        begun = pl.when("is_first").then(first).when("is_turn").then(later)
        return begun.forward_fill().over("ticket_id")

    words = words.with_columns(
        pl.col("is_turn").cum_sum().over("ticket_id").alias("turn_number"),
        of_turn(pl.col("created_at"), "at").alias("turn_start_at"),
        of_turn(pl.lit(0, dtype=pl.Int64), "business_clock").alias("turn_start_clock"),
        pl.col("is_agent_opened").fill_null(False),
    )
    turn = ["ticket_id", "turn_number"]
    return words.with_columns(
        pl.when(asked).then("at").max().over(turn).alias("request_at"),
        pl.when(asked).then("row").max().over(turn).alias("request_row"),
    )
