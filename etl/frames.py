"""The gate that every record passes before it is loaded, and the shape that each kind of fact must have.

In: a frame as a source delivers it. Out: the rows that the warehouse will take, and the others with a reason each.
The rule it guards: a broken shape stops the load and says so; a broken row is refused, kept and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl import LoadError

Array = NDArray[Any]
INSTANT = pl.Datetime("us", "UTC")
FIRST_INSTANT = pl.lit("1990-01-01T00:00:00Z").str.to_datetime(time_unit="us", time_zone="UTC")
LAST_INSTANT = pl.lit("2100-01-01T00:00:00Z").str.to_datetime(time_unit="us", time_zone="UTC")
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"
COPY_ROWS = 50_000
_POSTGRES_EPOCH_MICROSECONDS = 946_684_800_000_000  # 2000-01-01, from which Postgres counts


@dataclass(frozen=True)
class Shape:
    """The staging table of a kind of fact: its columns in order with their types, and those that may not be null."""

    fact_name: str
    columns: dict[str, pl.DataType | type[pl.DataType]]
    required: frozenset[str]
    in_order: tuple[tuple[str, str], ...] = ()
    key: tuple[str, ...] = ()

    @property
    def table_name(self) -> str:
        """The temporary table of sql/merge/stage.sql into which it is copied."""
        return self.fact_name if self.fact_name.startswith("dirty_") else f"stage_{self.fact_name}"


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
    ("queue_id", "offered_at", "call_id", "stay_number"),
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
    ("agent_id", "started_at"),
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
    ("queue_id", "agent_id", "started_at"),
)
REJECTS = Shape(
    "rejects",
    {"place_text": pl.String, "file_key": pl.String, "reason_text": pl.String, "raw_text": pl.String},
    frozenset({"place_text", "file_key", "reason_text", "raw_text"}),
)
DIRTY_QUEUE_INTERVALS = Shape(
    "dirty_queue_intervals",
    {"queue_id": pl.Int32, "interval_start_at": INSTANT},
    frozenset({"queue_id", "interval_start_at"}),
)
DIRTY_AGENT_INTERVALS = Shape(
    "dirty_agent_intervals",
    {"agent_id": pl.Int32, "interval_start_at": INSTANT},
    frozenset({"agent_id", "interval_start_at"}),
)
FACTS = (CALLS, AGENT_STATES, QUEUE_MEMBERS)


def gate(frame: pl.DataFrame, shape: Shape) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that the table takes, in the table's column order, and the others with `reason_text` added.

    Raises LoadError where a column is missing or has another type: then the source, not a row, is broken.
    """
    for name, dtype in shape.columns.items():
        if name not in frame.columns:
            raise LoadError(f"{shape.fact_name}: there is no column '{name}'; expected it as {dtype}.")
        if frame.schema[name] != dtype:
            raise LoadError(f"{shape.fact_name}: column '{name}' is {frame.schema[name]}, expected {dtype}.")
    reasons = _column_faults(shape)
    reasons += [
        pl.when(pl.col(first) > pl.col(second)).then(pl.lit(f"{second} is before {first}"))
        for first, second in shape.in_order
    ]
    judged = frame.with_columns(reason_text=pl.coalesce(reasons))
    if judged["reason_text"].null_count() == judged.height:
        return frame.select(shape.columns.keys()), judged.clear()
    good = judged.filter(pl.col("reason_text").is_null())
    return good.select(shape.columns.keys()), judged.filter(pl.col("reason_text").is_not_null())


def _column_faults(shape: Shape) -> list[pl.Expr]:
    faults: list[pl.Expr] = []
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
            faults.append(
                pl.when(column.str.contains("\x00", literal=True)).then(pl.lit(f"{name} holds a NUL byte"))
            )
    return faults


def binary_rows(frame: pl.DataFrame) -> bytes:
    """The rows in the format of COPY ... (FORMAT binary), built column by column, without header and trailer.

    Takes instants (to timestamptz), Int64 (bigint), Int32 (integer) and text; raises LoadError for another type: a
    number sent as another type than the column's would be stored wrong without a word.
    """
    rows = frame.height
    fields = [_Field.of(series) for series in frame]
    widths = np.stack([field.widths for field in fields])  # bytes after the length word; 0 where null
    starts = np.cumsum(np.concatenate([np.full((1, rows), 2), widths[:-1] + 4]), axis=0)
    row_widths = widths.sum(axis=0) + 4 * len(fields) + 2
    row_starts = np.concatenate([[0], np.cumsum(row_widths)])
    out = np.zeros(int(row_starts[-1]), dtype=np.uint8)
    _scatter(out, row_starts[:-1], np.full(rows, len(fields), dtype=">i2"))
    for field, offsets in zip(fields, starts, strict=True):
        at = row_starts[:-1] + offsets
        _scatter(out, at, np.where(field.is_null, -1, field.widths).astype(">i4"))
        field.write(out, at + 4)
    return out.tobytes()


def _scatter(out: Array, at: Array, values: Array) -> None:
    """Writes fixed-width values, each at its own place."""
    width = values.dtype.itemsize
    raw = values.view(np.uint8).reshape(-1, width)
    for byte in range(width):
        out[at + byte] = raw[:, byte]


@dataclass(frozen=True)
class _Field:
    """One column, ready to be written: the width of each value, which are null, and the values."""

    widths: Array
    is_null: Array
    values: Array | None
    text: bytes = b""

    @classmethod
    def of(cls, series: pl.Series) -> _Field:
        is_null = series.is_null().to_numpy()
        if series.dtype == pl.String:
            filled = series.fill_null("")
            widths = filled.str.len_bytes().to_numpy().astype(np.int64)
            return cls(widths, is_null, None, "".join(filled.to_list()).encode())
        if series.dtype == INSTANT:
            numbers = series.dt.epoch("us").fill_null(0).to_numpy() - _POSTGRES_EPOCH_MICROSECONDS
            values = numbers.astype(">i8")
        elif series.dtype in (pl.Int64, pl.Int32):
            values = series.fill_null(0).to_numpy().astype(">i8" if series.dtype == pl.Int64 else ">i4")
        else:
            raise LoadError(
                f"column '{series.name}' is {series.dtype}; expected an instant, Int64, Int32 or text."
            )
        return cls(np.where(is_null, 0, values.dtype.itemsize).astype(np.int64), is_null, values)

    def write(self, out: Array, at: Array) -> None:
        if self.values is not None:
            there = ~self.is_null
            _scatter(out, at[there], self.values[there])
            return
        text = np.frombuffer(self.text, dtype=np.uint8)
        ends = np.cumsum(self.widths)
        shifts = np.repeat(at - (ends - self.widths), self.widths)
        out[np.arange(len(text)) + shifts] = text
