"""The gate that every record passes before it is loaded, and the shape that each kind of fact must have.

In: a frame as a source delivers it. Out: the rows that the warehouse will take, and the others with a reason each.
The rule it guards: a broken shape stops the load and says so; a broken row is refused, kept and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

INSTANT = pl.Datetime("us", "UTC")
FIRST_INSTANT = pl.lit("1990-01-01T00:00:00Z").str.to_datetime(time_unit="us", time_zone="UTC")
LAST_INSTANT = pl.lit("2100-01-01T00:00:00Z").str.to_datetime(time_unit="us", time_zone="UTC")
MOST = {pl.Int16: 2**15 - 1, pl.Int32: 2**31 - 1}


class FrameError(Exception):
    """A frame does not have the shape that its table needs; the message names the column."""


@dataclass(frozen=True)
class Shape:
    """The staging table of a kind of fact: its columns in order with their types, and those that may not be null."""

    fact_name: str
    columns: dict[str, pl.DataType | type[pl.DataType]]
    required: frozenset[str]
    in_order: tuple[tuple[str, str], ...] = ()


CALLS = Shape(
    "calls",
    {
        "offered_at": INSTANT,
        "answered_at": INSTANT,
        "ended_at": INSTANT,
        "version_number": pl.Int64,
        "new_rows": pl.Int64,
        "queue_id": pl.Int32,
        "agent_id": pl.Int32,
        "stay_number": pl.Int32,
        "wait_seconds": pl.Int32,
        "ring_seconds": pl.Int32,
        "talk_seconds": pl.Int32,
        "hold_seconds": pl.Int32,
        "wrap_up_seconds": pl.Int32,
        "entry_position": pl.Int32,
        "call_id": pl.String,
        "contact_id": pl.String,
        "channel_name": pl.String,
        "direction_name": pl.String,
        "outcome_name": pl.String,
        "ended_by_name": pl.String,
        "transfer_kind_name": pl.String,
        "transferred_to_name": pl.String,
        "customer_key": pl.String,
    },
    frozenset(
        {
            "offered_at",
            "version_number",
            "new_rows",
            "queue_id",
            "stay_number",
            "call_id",
            "contact_id",
            "channel_name",
            "direction_name",
            "outcome_name",
        }
    ),
    (("offered_at", "answered_at"), ("answered_at", "ended_at"), ("offered_at", "ended_at")),
)
AGENT_STATES = Shape(
    "agent_states",
    {
        "started_at": INSTANT,
        "ended_at": INSTANT,
        "version_number": pl.Int64,
        "new_rows": pl.Int64,
        "agent_id": pl.Int32,
        "queue_id": pl.Int32,
        "state_name": pl.String,
        "reason_name": pl.String,
    },
    frozenset({"started_at", "version_number", "new_rows", "agent_id", "state_name"}),
    (("started_at", "ended_at"),),
)
QUEUE_MEMBERS = Shape(
    "queue_members",
    {
        "started_at": INSTANT,
        "ended_at": INSTANT,
        "version_number": pl.Int64,
        "queue_id": pl.Int32,
        "agent_id": pl.Int32,
    },
    frozenset({"started_at", "version_number", "queue_id", "agent_id"}),
    (("started_at", "ended_at"),),
)
REJECTS = Shape(
    "rejects",
    {"place_text": pl.String, "reason_text": pl.String, "raw_text": pl.String},
    frozenset({"place_text", "reason_text", "raw_text"}),
)
FACTS = (CALLS, AGENT_STATES, QUEUE_MEMBERS)


def gate(frame: pl.DataFrame, shape: Shape) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that the table takes, in the table's column order, and the others with `reason_text` added.

    Raises FrameError where a column is missing or has another type: then the source, not a row, is broken.
    """
    for name, dtype in shape.columns.items():
        if name not in frame.columns:
            raise FrameError(f"{shape.fact_name}: there is no column '{name}'; expected it as {dtype}.")
        if frame.schema[name] != dtype:
            raise FrameError(f"{shape.fact_name}: column '{name}' is {frame.schema[name]}, expected {dtype}.")
    reasons = [*_column_faults(shape)]
    reasons += [
        pl.when(pl.col(first) > pl.col(second)).then(pl.lit(f"{second} is before {first}")) for first, second in shape.in_order
    ]
    judged = frame.with_columns(reason_text=pl.coalesce(reasons))
    if judged["reason_text"].null_count() == judged.height:
        return frame.select(shape.columns.keys()), judged.clear()
    good = judged.filter(pl.col("reason_text").is_null())
    return good.select(shape.columns.keys()), judged.filter(pl.col("reason_text").is_not_null())


def _column_faults(shape: Shape) -> list[pl.Expr]:
    faults = []
    for name, dtype in shape.columns.items():
        column = pl.col(name)
        if name in shape.required:
            faults.append(pl.when(column.is_null()).then(pl.lit(f"{name} is missing")))
        if dtype == INSTANT:
            outside = (column < FIRST_INSTANT) | (column >= LAST_INSTANT)
            faults.append(pl.when(outside).then(pl.lit(f"{name} is outside the years 1990 to 2099")))
        elif name.endswith(("_seconds", "_number", "_rows")):
            faults.append(pl.when(column < 0).then(pl.lit(f"{name} is negative")))
        elif dtype == pl.String:
            faults.append(pl.when(column.str.contains("\x00", literal=True)).then(pl.lit(f"{name} holds a NUL byte")))
    return faults
