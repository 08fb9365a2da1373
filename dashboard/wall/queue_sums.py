"""Some of the queues as one: what a wall shows that is made for a part of the floor.

In: the live question's rows, one per queue. Out: the rows that a text names, and one row for all of them together.
The rule it guards: a ratio of several queues is the ratio of their sums, never an average of ratios; queues that count by
different formulas have no common one, and a part that is not told makes the whole unknown.
"""

from __future__ import annotations

import polars as pl

from dashboard.board import Row
from dashboard.calls.call_queries import LIVE_ADDITIVE, LIVE_METRICS, SETTING_COLUMNS
from sql import metrics

WINDOWS = ("", "_15_minutes", "_30_minutes")


def matching(queues: pl.DataFrame, text: str) -> pl.DataFrame:
    """The queues whose name or group holds the text, whatever its case, by name."""
    ordered = queues.sort("queue_name", "queue_id")
    if not text:
        return ordered
    wanted = text.casefold()
    return ordered.filter(
        [
            wanted in f"{row['queue_name']} {row['group_name'] or ''}".casefold()
            for row in ordered.iter_rows(named=True)
        ]
    )


def together(queues: pl.DataFrame) -> Row:
    """One row of these queues: their sums, their service levels and answer speed; null where it cannot be told.

    Agents are not part of it: one agent may serve several of the queues.
    """
    settings = [
        pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
        for name in SETTING_COLUMNS
    ]
    sums = [
        pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name)
        for name in (*LIVE_ADDITIVE, *(f"decided{window}_calls" for window in WINDOWS))
    ]
    # What a formula counts as good is its ratio times its n: whole calls again.
    levels = [
        pl.when(
            (pl.col("service_level_formula_name").n_unique() == 1)
            & (pl.col(f"decided{window}_calls").sum() > 0)
        )
        .then(
            (pl.col(f"service_level{window}_ratio") * pl.col(f"decided{window}_calls")).round().sum()
            / pl.col(f"decided{window}_calls").sum()
        )
        .alias(f"service_level{window}_ratio")
        for window in WINDOWS
    ]
    found = queues.select(
        *settings, *sums, pl.col("oldest_wait_seconds", "longest_wait_seconds").max(), *levels
    )
    return metrics.with_metrics(found, *LIVE_METRICS).row(0, named=True)
