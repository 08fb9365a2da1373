"""The questions about queues: this instant, a window, a day by the quarter of an hour.

In: a connection and the question's parameters; `as_of` is the instant asked about. Out: a typed frame with metrics.
The rule it guards: a number is asked for in one way only, so that a page, an export and a script show the same.
"""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection

from sql import metrics
from sql.warehouse import frame

INTERVAL_SECONDS = 900
EVENT_COLUMNS = (
    "offered_calls",
    "answered_calls",
    "answered_in_threshold_calls",
    "abandoned_calls",
    "short_abandoned_calls",
    "abandoned_in_threshold_calls",
    "flowed_out_calls",
    "flowed_out_in_threshold_calls",
)
SETTING_COLUMNS = (
    "service_level_threshold_seconds",
    "service_level_target_ratio",
    "service_level_formula_name",
)
LIVE_METRICS = ("average_speed_of_answer_seconds", "abandonment_ratio", "average_handle_time_seconds")
LIVE_ADDITIVE = (
    "waiting_calls",
    "in_progress_calls",
    "offered_calls",
    "answered_calls",
    "abandoned_calls",
    "short_abandoned_calls",
    "flowed_out_calls",
    "callback_calls",
    "handled_calls",
    "answered_wait_seconds",
    "talk_seconds",
    "hold_seconds",
    "wrap_up_seconds",
)
AGENT_STATES = ("available", "ringing", "on_contact", "wrap_up", "paused")


def live_queues(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per queue at the instant: who waits, who works, and the local day until then.

    Service level by the event rule: a contact counts the moment it is answered, leaves, or passes the threshold
    while it waits; decided_calls is its n. oldest_wait_seconds is null while nobody waits; ratios are null without n.
    """
    queues = frame(connection, "queries/live_queues", as_of=as_of)
    settings = queues.select("queue_id", "service_level_formula_name")
    windows = frame(connection, "queries/live_service_level", as_of=as_of).join(
        settings, on="queue_id", how="left"
    )
    return metrics.with_metrics(_with_windows(queues, windows), *LIVE_METRICS)


def _with_windows(queues: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    """Adds decided_calls and the service level of today and of the last 15 and 30 minutes."""
    windows = metrics.with_metrics(windows, "service_level_ratio")
    names = {
        "today": ("service_level_ratio", "decided_calls"),
        "last_15_minutes": ("service_level_15_minutes_ratio", "decided_15_minutes_calls"),
        "last_30_minutes": ("service_level_30_minutes_ratio", "decided_30_minutes_calls"),
    }
    for window, (ratio, count) in names.items():
        part = windows.filter(pl.col("window_name") == window).select(
            "queue_id",
            pl.col("service_level_ratio").alias(ratio),
            metrics.metric("service_level_ratio").population().cast(pl.Int64).alias(count),
            *([pl.col("answered_in_threshold_calls")] if window == "today" else []),
        )
        queues = queues.join(part, on="queue_id", how="left", maintain_order="left").with_columns(
            pl.col(count).fill_null(0)
        )
    return queues.with_columns(pl.col("answered_in_threshold_calls").fill_null(0))


def live_totals(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row: all queues together at the instant, each agent counted once.

    Threshold, target and formula are null where the queues differ; without a common formula the service level is null.
    """
    queues = frame(connection, "queries/live_queues", as_of=as_of)
    agents = frame(connection, "queries/live_agents", as_of=as_of)
    alone = [
        pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
        for name in SETTING_COLUMNS
    ]
    totals = queues.select(
        *alone,
        *(pl.col(name).sum() for name in LIVE_ADDITIVE),
        pl.col("oldest_wait_seconds", "longest_wait_seconds").max(),
    ).with_columns(
        pl.lit((agents["state_name"] == state).sum(), pl.Int64).alias(f"{state}_agents")
        for state in AGENT_STATES
    )
    windows = frame(connection, "queries/live_service_level", as_of=as_of)
    windows = windows.group_by("window_name").agg(pl.col(EVENT_COLUMNS).sum())
    windows = windows.join(totals.select("service_level_formula_name"), how="cross").with_columns(
        queue_id=pl.lit(0)
    )
    totals = _with_windows(totals.with_columns(queue_id=pl.lit(0)), windows).drop("queue_id")
    return metrics.with_metrics(totals, *LIVE_METRICS)


def live_agents(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per agent who is signed in at the instant: his one state, since when, and what he handled today."""
    return frame(connection, "queries/live_agents", as_of=as_of)


def queue_totals(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    threshold_seconds: int | None = None,
) -> pl.DataFrame:
    """One row per queue for contacts offered in [window_start, window_end): additive columns and every metric of them.

    threshold_seconds: another threshold than each queue's own. offered = answered + abandoned + flowed out +
    interrupted + waiting holds in every row (flowed out: callback, overflowed, timed out, withdrawn).
    """
    window = {"window_start": window_start, "window_end": window_end}
    is_whole = all(instant.timestamp() % INTERVAL_SECONDS == 0 for instant in window.values())
    if threshold_seconds is None and is_whole:
        totals = frame(connection, "queries/queue_totals_of_intervals", **window)
    else:
        totals = frame(connection, "queries/queue_totals", **window, threshold_seconds=threshold_seconds)
    return metrics.with_metrics(totals)


def service_level_intervals(
    connection: Connection, *, day_date: date, queue_id: int | None = None
) -> pl.DataFrame:
    """One row per 15 minutes of the local day, for one queue or all: additive columns, service level, ASA, abandonment.

    An interval without contacts has 0 offered and null ratios; formula, threshold and target are null where the
    queues taken together differ.
    """
    intervals = frame(connection, "queries/service_level_intervals", day_date=day_date, queue_id=queue_id)
    return metrics.with_metrics(intervals)


def queues(connection: Connection) -> pl.DataFrame:
    """One row per queue with its threshold, target and formula."""
    return frame(connection, "queries/queues")


def sites(connection: Connection) -> pl.DataFrame:
    """One row per site with its time zone; empty before the first load."""
    return frame(connection, "queries/sites")


QUESTIONS = (live_queues, live_totals, live_agents, queue_totals, service_level_intervals, queues, sites)
