"""The questions about goals: how each stands, how it went day by day, who changed it, and what a baseline would be.

In: a connection and the question's parameters; `as_of` is the instant asked about. Out: a typed frame.
The rule it guards: what a goal measures is measured in one way only, for its baseline and for every day after it.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql import measures
from sql.warehouse import frame


def goals(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per goal, open ones first: its values and its newest measurement with enough to judge by (null: none)."""
    return frame(connection, "queries/goals", as_of=as_of)


def goal_days(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per goal and local day: the metric over the goal's window that ends with the day, and its n."""
    return frame(connection, "queries/goal_days", as_of=as_of)


def goal_saves(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per save of a goal, the newest first: who, when, what, and the values from then on as JSON."""
    return frame(connection, "queries/goal_saves", as_of=as_of)


def goal_baseline(
    connection: Connection,
    *,
    metric_name: str,
    scope_kind_name: str,
    scope_key: str,
    window_start: datetime,
    window_end: datetime,
    known_at: datetime | None = None,
) -> pl.DataFrame:
    """One row per scope: the metric over whole local days, its n; contacts belong to the day on which they were offered.

    known_at: the moment of measuring; a reply, an answer or a return that came after it changes nothing (None: it does).
    Raises MeasureError where the metric cannot be told for such a scope.
    """
    return measures.history(
        connection,
        metric_name=metric_name,
        scope_kind_name=scope_kind_name,
        scope_key=scope_key,
        window_start=window_start,
        window_end=window_end,
        known_at=known_at,
    )


def measured_scopes(connection: Connection) -> pl.DataFrame:
    """One row per queue, group, team and source of which something can be measured by itself."""
    return frame(connection, "queries/measured_scopes")


QUESTIONS = (goals, goal_days, goal_saves, goal_baseline, measured_scopes)
