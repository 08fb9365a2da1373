"""The gate that every record passes before it is loaded, and the bytes in which it is sent.

In: a frame as a source delivers it. Out: the rows that the warehouse will take, and the others with a reason each.
The rule it guards: a broken shape stops the load and says so; a broken row is refused, kept and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import sqlalchemy as sa
from numpy.typing import NDArray
from psycopg import sql as pg_sql

from etl import LoadError
from etl.shapes import CALLS, INSTANT, LEFT_OUTCOMES, OPEN_OUTCOMES, DataType, Shape
from sql import warehouse

Array = NDArray[Any]
FIRST_INSTANT = pl.lit("1990-01-01T00:00:00Z").str.to_datetime(time_unit="us", time_zone="UTC")
LAST_INSTANT = pl.lit("2100-01-01T00:00:00Z").str.to_datetime(time_unit="us", time_zone="UTC")
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"
COPY_ROWS = 50_000
LONGEST_SECONDS = 31 * 86_400  # what is told to last longer is a lost end, or no duration
LONGEST_TEXT = 500  # of an id or a name: what is longer is another column, and too long for an index
_LARGEST_INT32 = 2**31 - 1
_POSTGRES_EPOCH_MICROSECONDS = 946_684_800_000_000  # 2000-01-01, from which Postgres counts


_FIXED_WIDTHS: dict[pl.DataType, str] = {
    pl.Int64(): ">i8", pl.Int32(): ">i4", pl.Float64(): ">f8", pl.Boolean(): "u1"
}  # fmt: skip


def complete(frame: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """The frame with every column of the shape: what the source does not know is null or the shape's default.

    Raises LoadError where a required column is missing or a column has another type: then the source, not a row, is
    broken. Whole numbers may come wider than the table's; the gate refuses those that do not fit.
    """
    for name, dtype in shape.columns.items():
        if name not in frame.columns:
            if name in shape.required and name not in shape.defaults:
                raise LoadError(f"{shape.fact_name}: there is no column '{name}'; expected it as {dtype}.")
        elif frame.schema[name] != dtype and not _is_narrowed(frame.schema[name], dtype):
            raise LoadError(f"{shape.fact_name}: column '{name}' is {frame.schema[name]}, expected {dtype}.")
    absent = [
        pl.lit(None, dtype).alias(name) for name, dtype in shape.columns.items() if name not in frame.columns
    ]
    filled = [
        pl.col(name).fill_null(value if isinstance(value, pl.Expr) else pl.lit(value, shape.columns[name]))
        for name, value in shape.defaults.items()
    ]
    return frame.with_columns(absent).with_columns(filled)


def _is_narrowed(found: pl.DataType, expected: DataType) -> bool:
    if expected in (pl.Int32, pl.Int64):
        return (
            found in (pl.Int64, pl.Int32, pl.Int16, pl.Int8, pl.UInt32, pl.UInt16, pl.UInt8)
            or found == pl.Null
        )
    return found == pl.Null or (expected == pl.Float64 and found.is_numeric() and not found.is_decimal())


def judged(frame: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """The frame with every column of the shape and `reason_text`: why the warehouse does not take the row, else null.

    Raises LoadError where a required column is missing or has another type (see `complete`).
    """
    frame = complete(frame, shape)
    return frame.with_columns(reason_text=_reason(shape))


def fitted(frame: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """Rows that passed, in the table's columns and types."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in shape.columns.items())


def gate(frame: pl.DataFrame, shape: Shape) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that the table takes, in the table's columns and types, and the others with `reason_text` added."""
    rows = judged(frame, shape)
    is_good = pl.col("reason_text").is_null()
    return fitted(rows.filter(is_good), shape), rows.filter(~is_good)


@cache
def _reason(shape: Shape) -> pl.Expr:
    """The first fault of a row; made once for each shape, for a small batch it costs more than to apply it."""
    return pl.coalesce(*_column_faults(shape), *_row_faults(shape))


def _column_faults(shape: Shape) -> list[pl.Expr]:
    faults: list[pl.Expr] = []
    for name, dtype in shape.columns.items():
        column = pl.col(name)
        if name in shape.required:
            faults.append(pl.when(column.is_null()).then(pl.lit(f"{name} is missing")))
        if name in shape.bounds:
            least, most = shape.bounds[name]
            inside = column.is_between(least, most) & (column.is_not_nan() if dtype == pl.Float64 else True)
            faults.append(
                pl.when(~inside).then(
                    pl.format("{} is {}; expected {} to {}", pl.lit(name), column, least, most)
                )
            )
        elif dtype == INSTANT:
            outside = (column < FIRST_INSTANT) | (column >= LAST_INSTANT)
            faults.append(pl.when(outside).then(pl.lit(f"{name} is outside the years 1990 to 2099")))
        elif name.endswith(("_seconds", "_number", "_rows")):
            faults.append(pl.when(column < 0).then(pl.lit(f"{name} is negative")))
            if dtype == pl.Int32 and name.endswith("_seconds"):
                longest = pl.lit(f"{name} is more than {LONGEST_SECONDS:,} s, 31 days")
                faults.append(pl.when(column > LONGEST_SECONDS).then(longest))
        elif dtype == pl.String:
            faults.append(
                pl.when(column.str.contains("\x00", literal=True)).then(pl.lit(f"{name} holds a NUL byte"))
            )
            if name.endswith(("_id", "_name", "_key", "value_text")):  # what indexes hold
                told = pl.lit(f"{name} has more than {LONGEST_TEXT} characters")
                faults.append(pl.when(column.str.len_chars() > LONGEST_TEXT).then(told))
        if name in ("queue_id", "agent_id"):
            of = name.removesuffix("_id")
            told = pl.lit(f"{of}_name is empty, too long, or holds a NUL byte; expected the key of a {of}")
            faults.append(pl.when(column < 0).then(told))
        if dtype == pl.Int32:
            outside = (column > _LARGEST_INT32) | (column < -_LARGEST_INT32)
            faults.append(pl.when(outside).then(pl.format("{} is {}; too large", pl.lit(name), column)))
        if name in shape.one_of:
            words = sorted(shape.one_of[name])
            faults.append(
                pl.when(~column.is_in(words)).then(
                    pl.format(
                        "{} is '{}'; expected one of {}", pl.lit(name), column, pl.lit(", ".join(words))
                    )
                )
            )
    return faults


def _row_faults(shape: Shape) -> list[pl.Expr]:
    faults: list[pl.Expr] = [
        pl.when(pl.col(first) > pl.col(second)).then(pl.lit(f"{second} is before {first}"))
        for first, second in shape.in_order
    ]
    if shape.lasts:
        is_empty = pl.col("started_at") == pl.col("ended_at")
        faults.append(pl.when(is_empty).then(pl.lit("ended_at is started_at; expected it to last")))
    if shape is CALLS:
        is_open = pl.col("outcome_name").is_in(OPEN_OUTCOMES)
        faults += [
            pl.when(is_open & pl.col("ended_at").is_not_null()).then(
                pl.format("the outcome is {} and ended_at is given; expected one of them", "outcome_name")
            ),
            pl.when(~is_open & pl.col("ended_at").is_null()).then(
                pl.format("the outcome is {} and ended_at is missing", "outcome_name")
            ),
            pl.when(
                pl.col("outcome_name").is_in(("answered", "in_progress")) & pl.col("answered_at").is_null()
            ).then(pl.format("the outcome is {} and answered_at is missing", "outcome_name")),
            pl.when(
                pl.col("outcome_name").is_in((*LEFT_OUTCOMES, "waiting"))
                & pl.col("answered_at").is_not_null()
            ).then(
                pl.format("the outcome is {} and answered_at is given; expected one of them", "outcome_name")
            ),
        ]
    return faults


def copy_to_stage(connection: sa.Connection, frame: pl.DataFrame, shape: Shape) -> None:
    """COPY into the staging table, in Postgres's binary format; the columns are named, so their order is the frame's."""
    if frame.is_empty():
        return
    columns = pg_sql.SQL(", ").join(pg_sql.Identifier(name) for name in frame.columns)
    command = pg_sql.SQL("copy {} ({}) from stdin (format binary)").format(
        pg_sql.Identifier(shape.table_name), columns
    )
    with warehouse.driver_connection(connection).cursor() as cursor, cursor.copy(command) as copy:
        copy.write(COPY_HEADER)
        for part in frame.iter_slices(COPY_ROWS):
            copy.write(binary_rows(part))
        copy.write(COPY_TRAILER)


def binary_rows(frame: pl.DataFrame) -> bytes:
    """The rows in the format of COPY ... (FORMAT binary), built column by column, without header and trailer.

    Takes instants (to timestamptz), Int64 (bigint), Int32 (integer), Float64, Boolean and text; raises LoadError for
    another type: a number sent as another type than the column's would be stored wrong without a word.
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
        if series.dtype not in (pl.String, INSTANT, *_FIXED_WIDTHS):
            raise LoadError(
                f"column '{series.name}' is {series.dtype}; expected an instant, Int64, Int32, Float64, Boolean or text."
            )
        rows, nulls = len(series), series.null_count()
        if nulls == rows:  # most columns of most batches: their source does not tell it
            return cls(np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=bool), None)
        is_null = series.is_null().to_numpy() if nulls else np.zeros(rows, dtype=bool)
        if series.dtype == pl.String:
            filled = series.fill_null("") if nulls else series
            widths = filled.str.len_bytes().to_numpy().astype(np.int64)
            return cls(widths, is_null, None, "".join(filled.to_list()).encode())
        if series.dtype == INSTANT:
            values = (series.to_numpy().view(np.int64) - _POSTGRES_EPOCH_MICROSECONDS).astype(">i8")
        else:
            nothing = False if series.dtype == pl.Boolean else 0
            filled = series.fill_null(nothing) if nulls else series
            values = filled.to_numpy().astype(_FIXED_WIDTHS[series.dtype])
        return cls(np.where(is_null, 0, values.dtype.itemsize).astype(np.int64), is_null, values)

    def write(self, out: Array, at: Array) -> None:
        if self.values is not None:
            there = ~self.is_null
            _scatter(out, at[there], self.values[there])
            return
        if not self.text:
            return
        text = np.frombuffer(self.text, dtype=np.uint8)
        ends = np.cumsum(self.widths)
        shifts = np.repeat(at - (ends - self.widths), self.widths)
        out[np.arange(len(text)) + shifts] = text
