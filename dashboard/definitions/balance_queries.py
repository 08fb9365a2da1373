"""The questions that prove the counts: does what came in equal what became of it, and does each source say the same?

In: a connection, a window, the queues chosen. Out: typed frames in which every contact and every row is accounted for.
The rule it guards: the same contacts are counted in three ways that know nothing of each other (the rollups, the facts by
the time they came, the facts by the time they left); what does not agree is a gap, and a gap is shown, never filled.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql import metrics
from sql.warehouse import frame

KINDS = ("answered", "abandoned", "callback", "overflowed", "timed_out", "withdrawn", "interrupted")
"""What becomes of an offered contact; whoever still waits is the eighth."""

OUTCOMES = (*KINDS, "waiting")


def balance_intervals(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
) -> pl.DataFrame:
    """One row per 15 minutes of the window: offered and its outcomes by facts and rollups, who left, who stood there.

    Three differences stand in each row, all 0 in a warehouse that is whole: outcome_gap_calls (offered less its outcomes),
    rollup_gap_calls (all that the rollups count otherwise), border_gap_calls (who stood there before and came, less who left
    and stood there after).
    """
    return _balance(connection, window_start, window_end, queue_id, group_name, is_by_day=False)


def balance_days(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
) -> pl.DataFrame:
    """The same as balance_intervals, one row per local day of the site."""
    return _balance(connection, window_start, window_end, queue_id, group_name, is_by_day=True)


def balance_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    side_name: str,
    of_name: str | None = None,
    queue_id: int | None = None,
    group_name: str | None = None,
) -> pl.DataFrame:
    """One row per contact that left the queues in the window (side_name left) or stood there at its border (before, after).

    of_name: only those that were answered, abandoned, led elsewhere or interrupted, or that came earlier than the window.
    The first 500 in the order in which they were offered; left_at is null for whoever still waits.
    """
    return frame(
        connection,
        "queries/balance_rows",
        window_start=window_start,
        window_end=window_end,
        side_name=side_name,
        of_name=of_name,
        queue_id=queue_id,
        group_name=group_name,
    )


def balance_sources(connection: Connection, *, window_start: datetime, window_end: datetime) -> pl.DataFrame:
    """One row per source and local day: rows read and what became of them, and the last comparison with the source.

    The columns of the comparison are null where there was none. unexplained_rows: read less loaded, unchanged and rejected.
    """
    days = frame(connection, "queries/balance_sources", window_start=window_start, window_end=window_end)
    rest = pl.col("read_rows") - pl.col("loaded_rows") - pl.col("unchanged_rows") - pl.col("rejected_rows")
    return metrics.with_metrics(days.with_columns(rest.alias("unexplained_rows")))


def refused_rows(
    connection: Connection, *, source_name: str, window_start: datetime, window_end: datetime
) -> pl.DataFrame:
    """The newest 500 rows of one source that were refused in the window and that no replay has taken since."""
    window = {"window_start": window_start, "window_end": window_end}
    return frame(connection, "queries/refused_rows", source_name=source_name, **window)


def _balance(
    connection: Connection,
    window_start: datetime,
    window_end: datetime,
    queue_id: int | None,
    group_name: str | None,
    *,
    is_by_day: bool,
) -> pl.DataFrame:
    found = frame(
        connection,
        "queries/balance_intervals",
        window_start=window_start,
        window_end=window_end,
        queue_id=queue_id,
        group_name=group_name,
        is_by_day=is_by_day,
    )
    outcomes = pl.sum_horizontal(f"{name}_calls" for name in OUTCOMES)
    rolled = pl.sum_horizontal(
        (pl.col(f"rolled_{name}_calls") - pl.col(f"{name}_calls")).abs() for name in ("offered", *OUTCOMES)
    )
    stood = pl.col("queued_before_calls") + pl.col("offered_calls")
    went = pl.col("left_calls") + pl.col("queued_after_calls")
    return found.with_columns(
        (pl.col("offered_calls") - outcomes).alias("outcome_gap_calls"),
        rolled.alias("rollup_gap_calls"),
        (stood - went).alias("border_gap_calls"),
    )


QUESTIONS = (balance_intervals, balance_days, balance_rows, balance_sources, refused_rows)
