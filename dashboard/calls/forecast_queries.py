"""The questions about what was to be expected, and was promised: forecasts, intervals on target, what stood behind one.

In: a connection and the question's parameters. Out: a typed frame with metrics.
The rule it guards: a forecast, and what was usual, is the median of comparable days and nothing else; where fewer than
three days compare there is none, and none is null, never 0.

Comparable days: the last six of the same weekday within ten weeks on which contacts were offered and which no timetable
of the chosen queues names a holiday (warehouse.comparable_days).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Unpack

import polars as pl
from sqlalchemy import Connection

from dashboard.calls.call_queries import Chosen, narrowing
from sql import metrics
from sql.warehouse import frame

INTERVAL = timedelta(minutes=15)


def queue_forecast(
    connection: Connection, *, day_date: date, queue_id: int | None = None, group_name: str | None = None
) -> pl.DataFrame:
    """One row per 15 minutes of the site's local day, the chosen queues together: what was to come, and what came.

    forecast_calls with the least and the most of the comparable days (`week_count` of them); week_before_calls: the same
    interval seven days before; forecast_error_calls: how far the two lie apart. Intervals compare by the clock on the wall,
    on both nights of the clock change. Forecasts are null on a holiday (is_holiday) and where fewer than three days compare.
    """
    return frame(
        connection, "queries/queue_forecast", day_date=day_date, queue_id=queue_id, group_name=group_name
    )


def queue_forecast_totals(
    connection: Connection,
    *,
    first_date: date,
    last_date: date,
    as_of: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
) -> pl.DataFrame:
    """One row per queue, and one (queue_id null) for all chosen together: offers forecast in a period, and made.

    Of the day of `as_of` both count until then. forecasted_offered_calls are the offers of the days that have a forecast
    (`forecast_day_count` of `day_count`); the forecast is null where no day has one.
    """
    return frame(
        connection,
        "queries/queue_forecast_totals",
        first_date=first_date,
        last_date=last_date,
        as_of=as_of,
        queue_id=queue_id,
        group_name=group_name,
    )


def queue_targets(
    connection: Connection, *, window_start: datetime, window_end: datetime, **chosen: Unpack[Chosen]
) -> pl.DataFrame:
    """One row per queue that had chosen contacts in the window: its intervals on target, of those judged.

    Each queue counts by its own formula and target, unless others are given; an interval without a contact that counts
    is not judged.
    """
    settings = {name: chosen.pop(name, None) for name in ("threshold_seconds", "formula_name", "known_at")}  # type: ignore[misc]
    intervals = frame(
        connection,
        "queries/queue_targets",
        window_start=window_start,
        window_end=window_end,
        **narrowing(chosen),
        **settings,
    )
    judged = metrics.with_metrics(intervals, "service_level_ratio")
    level = pl.col("service_level_ratio")
    found = judged.group_by("queue_id", maintain_order=True).agg(
        level.is_not_null().sum().cast(pl.Int64).alias("judged_intervals"),
        (level >= pl.col("service_level_target_ratio")).sum().cast(pl.Int64).alias("on_target_intervals"),
    )
    return metrics.with_metrics(found, "intervals_on_target_ratio")


def interval_causes(
    connection: Connection,
    *,
    interval_start: datetime,
    as_of: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
) -> pl.DataFrame:
    """One row: what stood behind the 15 minutes that hold `interval_start`, beside what is usual then.

    Offers and usual offers, the densest five minutes, agents' seconds signed in, available and paused, handle time,
    the longest wait and its queue, and the sources that were not read or failed for a part of it (empty: none).
    usual_* are null where fewer than three days compare.
    """
    found = frame(
        connection,
        "queries/interval_causes",
        interval_start=interval_start,
        as_of=as_of,
        queue_id=queue_id,
        group_name=group_name,
    )
    if found.is_empty():
        return found.with_columns(
            pl.lit(None, pl.Float64).alias("average_handle_time_seconds"),
            pl.lit(None, pl.Float64).alias("usual_average_handle_time_seconds"),
            outage_source_text=pl.lit(None, pl.String),
        )
    starts_at: datetime = found[0, "interval_start_at"]
    until = max(starts_at, min(as_of, starts_at + INTERVAL))
    states = frame(connection, "queries/outages", window_start=starts_at, as_of=until)
    lost = states.filter(pl.col("state_name").is_in(["not_read", "failing"]) & ~pl.col("is_loader"))
    usual = metrics.with_metrics(
        found.select(
            pl.col("usual_handle_seconds").alias("talk_seconds"),
            hold_seconds=pl.lit(0, pl.Int64),
            wrap_up_seconds=pl.lit(0, pl.Int64),
            handled_calls="usual_handled_calls",
        ),
        "average_handle_time_seconds",
    )["average_handle_time_seconds"]
    return metrics.with_metrics(found, "average_handle_time_seconds").with_columns(
        usual.alias("usual_average_handle_time_seconds"),
        outage_source_text=pl.lit(", ".join(lost["source_name"].unique().sort()), pl.String),
    )


QUESTIONS = (queue_forecast, queue_forecast_totals, queue_targets, interval_causes)
