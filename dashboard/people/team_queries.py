"""The questions about the work of teams as a whole: day by day, and over a window.

In: a connection and a window. Out: a typed frame with metrics.
The rule it guards: what is kept back of a team is null with its reason, and a sum says over how many of its days it is made.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql import metrics
from sql.warehouse import frame

CONTACT_COLUMNS = ("handled_calls", "transferred_calls", "talk_seconds", "hold_seconds", "wrap_up_seconds")
TIME_COLUMNS = (
    "on_contact_seconds",
    "wrapping_up_seconds",
    "available_seconds",
    "paused_seconds",
    "signed_in_seconds",
)
REASONS = ("contacts_withheld_name", "time_withheld_name")


def team_days(connection: Connection, *, window_start: datetime, window_end: datetime) -> pl.DataFrame:
    """One row per local day and team that worked (team_id null: agents without one), and one per day for the whole floor.

    is_floor: the row of the whole floor. contacts_withheld_name, time_withheld_name: why the figures of contacts or of
    time are null for this reader (few, beside, open, finer), null where they are told; fewest_agents: how many it takes.
    """
    found = frame(connection, "queries/team_days", window_start=window_start, window_end=window_end)
    missing = [
        pl.lit(None, pl.Int64 if name == "fewest_agents" else pl.String).alias(name)
        for name in (*REASONS, "fewest_agents")
        if name not in found.columns
    ]
    return metrics.with_metrics(found.with_columns(missing))


def team_work(connection: Connection, *, window_start: datetime, window_end: datetime) -> pl.DataFrame:
    """One row per team by name, agents without one after them, the whole floor last: the sums of the days that are told.

    days_count: on how many days it worked; contacts_days_count, time_days_count: of how many of them the figures are
    made; they are null where that is none. The reasons are those of a day that is kept back.
    """
    days = team_days(connection, window_start=window_start, window_end=window_end)
    kept = [pl.col(name).drop_nulls().first() for name in (*REASONS, "fewest_agents")]
    found = days.group_by("is_floor", "team_id", "team_name", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("days_count"),
        pl.col("handled_calls").count().cast(pl.Int64).alias("contacts_days_count"),
        pl.col("signed_in_seconds").count().cast(pl.Int64).alias("time_days_count"),
        *(
            pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)
            for name in (*CONTACT_COLUMNS, *TIME_COLUMNS)
        ),
        *kept,
    )
    return metrics.with_metrics(found.sort("is_floor", "team_name", "team_id", nulls_last=True))


QUESTIONS = (team_days, team_work)
