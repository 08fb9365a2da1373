"""The questions about queues: this instant, a window, a day by the quarter of an hour.

In: a connection and the question's parameters; `as_of` is the instant asked about. Out: a typed frame with metrics.
The rule it guards: a number is asked for in one way only, so that a page, an export and a script show the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, Unpack

import polars as pl
from sqlalchemy import Connection

from sql import metrics
from sql.warehouse import frame

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
ADDITIVE_COLUMNS = (
    *EVENT_COLUMNS,
    "callback_calls",
    "overflowed_calls",
    "timed_out_calls",
    "withdrawn_calls",
    "interrupted_calls",
    "waiting_calls",
    "in_progress_calls",
    "handled_calls",
    "transferred_calls",
    "answered_wait_seconds",
    "abandoned_wait_seconds",
    "flowed_out_wait_seconds",
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
    return _by_queue(*_live_sums(connection, as_of))


def live_floor(connection: Connection, *, as_of: datetime) -> dict[str, pl.DataFrame]:
    """The answers of live_queues and live_totals at the instant, of the same rows, asked once."""
    sums = _live_sums(connection, as_of)
    return {"live_queues": _by_queue(*sums), "live_totals": _all_together(connection, *sums, as_of)}


def _live_sums(connection: Connection, as_of: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Per queue what stands and what the day has brought; per queue and window what was decided."""
    names = ("queries/live_queues", "queries/live_service_level")
    queues, windows = (frame(connection, name, as_of=as_of) for name in names)
    return queues, windows


def _by_queue(queues: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    settings = queues.select("queue_id", "service_level_formula_name")
    windows = windows.join(settings, on="queue_id", how="left")
    return metrics.with_metrics(_with_windows(queues, windows), *LIVE_METRICS)


def _together(name: str) -> pl.Expr:
    """The sum of a column; null where a part of it is not told: a part is not the whole."""
    return pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name)


def _crew(states: pl.DataFrame) -> list[pl.Expr]:
    """How many agents are in each state, and why it is not told where too few are signed in."""
    told = [
        pl.lit(states.filter(pl.col("state_name") == state)["agents_count"].sum(), pl.Int64)
        for state in AGENT_STATES
    ]
    kept = {
        name: states[0, name]
        for name in ("withheld_name", "fewest_agents")
        if name in states.columns and states.height
    }
    if kept.get("withheld_name") is None:
        return [count.alias(f"{state}_agents") for state, count in zip(AGENT_STATES, told, strict=True)]
    return [pl.lit(None, pl.Int64).alias(f"{state}_agents") for state in AGENT_STATES] + [
        pl.lit(value).alias(name) for name, value in kept.items()
    ]


def _with_windows(queues: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    """Adds decided_calls and the service level of today and of the last 15 and 30 minutes."""
    windows = metrics.with_metrics(windows, "service_level_ratio")
    names = {
        "today": ("service_level_ratio", "decided_calls"),
        "last_15_minutes": ("service_level_15_minutes_ratio", "decided_15_minutes_calls"),
        "last_30_minutes": ("service_level_30_minutes_ratio", "decided_30_minutes_calls"),
    }
    # One plan, carried out at once: each step of its own would wait for its turn among the pages that are being drawn.
    plan, told = queues.lazy(), windows.lazy()
    for window, (ratio, count) in names.items():
        part = told.filter(pl.col("window_name") == window).select(
            "queue_id",
            pl.col("service_level_ratio").alias(ratio),
            metrics.metric("service_level_ratio").population().cast(pl.Int64).alias(count),
            *([pl.col("answered_in_threshold_calls")] if window == "today" else []),
        )
        plan = plan.join(part, on="queue_id", how="left", maintain_order="left").with_columns(
            pl.col(count).fill_null(0)
        )
    return plan.with_columns(pl.col("answered_in_threshold_calls").fill_null(0)).collect()


def live_totals(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row: all queues together at the instant, each agent counted once.

    Threshold, target and formula are null where the queues differ; without a common formula the service level is null.
    """
    return _all_together(connection, *_live_sums(connection, as_of), as_of)


def _all_together(
    connection: Connection, queues: pl.DataFrame, windows: pl.DataFrame, as_of: datetime
) -> pl.DataFrame:
    states = frame(connection, "queries/live_states", as_of=as_of)
    alone = [
        pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
        for name in SETTING_COLUMNS
    ]
    totals = queues.select(
        *alone,
        *(_together(name) for name in LIVE_ADDITIVE),
        pl.col("oldest_wait_seconds", "longest_wait_seconds").max(),
    ).with_columns(_crew(states))
    windows = windows.group_by("window_name").agg(pl.col(EVENT_COLUMNS).sum())
    windows = windows.join(totals.select("service_level_formula_name"), how="cross").with_columns(
        queue_id=pl.lit(0)
    )
    totals = _with_windows(totals.with_columns(queue_id=pl.lit(0)), windows).drop("queue_id")
    return metrics.with_metrics(totals, *LIVE_METRICS)


def live_agents(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per agent who is signed in at the instant: his one state, since when, and what he handled today."""
    return frame(connection, "queries/live_agents", as_of=as_of)


class Narrowing(TypedDict, total=False):
    """What every question about calls can be narrowed to; an empty text means the stays without one.

    channel_name is the stay's own. team_id, site_name and agent_id choose the stays that such an agent answered (the team
    by the local day of the answer). is_business_hours: only what was offered while the queue's timetable is open.
    """

    queue_id: int | None
    group_name: str | None
    channel_name: str | None
    topic_name: str | None
    team_id: int | None
    site_name: str | None
    agent_id: int | None
    is_business_hours: bool


class Chosen(Narrowing, total=False):
    """A narrowing, another threshold or formula of the service level than each queue's own, and what was known when.

    known_at: an instant of the past; contacts count as they stood then, in flight or not yet offered (None: as known today).
    """

    threshold_seconds: int | None
    formula_name: str | None
    known_at: datetime | None


def narrowing(given: Narrowing) -> dict[str, Any]:
    """The parameters of a statement that narrows: every name, null where nothing was given."""
    values: dict[str, Any] = {**dict.fromkeys(Narrowing.__annotations__), **given}
    return values | {"is_business_hours": bool(values["is_business_hours"])}


def _values(chosen: Chosen) -> dict[str, Any]:
    """The same with the settings of the service level; null where the queue's own count."""
    return {**narrowing({}), "threshold_seconds": None, "formula_name": None, "known_at": None, **chosen}


def _counted(
    connection: Connection, question: str, window_start: datetime, window_end: datetime, chosen: Chosen
) -> pl.DataFrame:
    """The answer with each row's settings, which are null where the chosen queues differ, and every metric."""
    values = _values(chosen)
    values.pop("formula_name")
    window = {"window_start": window_start, "window_end": window_end}
    counted = frame(connection, f"queries/{question}", **window, **values)
    return metrics.with_metrics(counted.join(_settings(connection, chosen), how="cross"))


def _settings(connection: Connection, chosen: Chosen) -> pl.DataFrame:
    """One row: threshold, target and formula of the chosen queues together; null where they differ."""
    found = frame(connection, "queries/queues")
    if (queue_id := chosen.get("queue_id")) is not None:
        found = found.filter(pl.col("queue_id") == queue_id)
    if (group_name := chosen.get("group_name")) is not None:
        found = found.filter(pl.col("group_name").fill_null("") == group_name)
    others = {
        "service_level_threshold_seconds": chosen.get("threshold_seconds"),
        "service_level_formula_name": chosen.get("formula_name"),
    }
    found = found.with_columns(
        pl.lit(value).alias(name) for name, value in others.items() if value is not None
    )
    return found.select(
        pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
        for name in SETTING_COLUMNS
    )


def queue_totals(
    connection: Connection, *, window_start: datetime, window_end: datetime, **chosen: Unpack[Chosen]
) -> pl.DataFrame:
    """One row per queue for contacts offered in [window_start, window_end): additive columns and every metric of them.

    Only the chosen queue or group; a queue without a chosen contact has 0 offered and null ratios. threshold_seconds and
    formula_name: others than each queue's own. offered = answered + abandoned + flowed out + interrupted + waiting holds
    in every row (flowed out: callback, overflowed, timed out, withdrawn).
    """
    window = {"window_start": window_start, "window_end": window_end}
    return metrics.with_metrics(frame(connection, "queries/queue_totals", **window, **_values(chosen)))


def queue_together(
    connection: Connection, *, window_start: datetime, window_end: datetime, **chosen: Unpack[Chosen]
) -> pl.DataFrame:
    """One row: all chosen queues together for the window; additive columns and every metric of them.

    Threshold, target and formula are null where the queues differ; without a common formula the service level is null.
    withheld_name, for whoever does not see every agent: why the figures of agents' work are null.
    """
    queues = queue_totals(connection, window_start=window_start, window_end=window_end, **chosen)
    if "withheld_name" in queues.columns:  # the work of agents is told to this reader of days, not of queues
        queues = queue_days(connection, window_start=window_start, window_end=window_end, **chosen)
    totals = queues.select(
        *(_together(name) for name in ADDITIVE_COLUMNS),
        pl.col("longest_wait_seconds").max(),
        *(
            pl.col(name).drop_nulls().first()
            for name in ("withheld_name", "fewest_agents")
            if name in queues.columns
        ),
    )
    if "withheld_name" in queues.columns and queues.is_empty():  # a part of the agents was asked for
        totals = totals.with_columns(withheld_name=pl.lit("finer"))
    return metrics.with_metrics(totals.join(_settings(connection, chosen), how="cross"))


def queue_intervals(
    connection: Connection, *, window_start: datetime, window_end: datetime, **chosen: Unpack[Chosen]
) -> pl.DataFrame:
    """One row per 15 minutes of the window, all chosen queues together: additive columns and every metric of them.

    An interval without contacts has 0 offered and null ratios; formula, threshold and target are null where the
    queues taken together differ.
    """
    return _counted(connection, "queue_intervals", window_start, window_end, chosen)


def queue_days(
    connection: Connection, *, window_start: datetime, window_end: datetime, **chosen: Unpack[Chosen]
) -> pl.DataFrame:
    """One row per local day of the site in the window, all chosen queues together, with every metric.

    A day that lies in the window only in part counts only that part.
    """
    return _counted(connection, "queue_days", window_start, window_end, chosen)


def queue_hours(
    connection: Connection, *, window_start: datetime, window_end: datetime, **chosen: Unpack[Chosen]
) -> pl.DataFrame:
    """One row per weekday_number (0 is Monday) and 15 minutes of the local day (interval_start_seconds since midnight).

    Sums over all such quarters of the window, all chosen queues together, with every metric; days_count is on how many
    days the quarter occurs. On the night when the clock goes back one day has it twice.
    """
    return _counted(connection, "queue_hours", window_start, window_end, chosen)


def wait_times(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    known_at: datetime | None = None,
    **narrowed: Unpack[Narrowing],
) -> pl.DataFrame:
    """One row per stretch of wait, after_seconds < wait <= until_seconds: answered, abandoned and flowed out.

    The first row (after_seconds null) counts a wait of 0 s, the last (until_seconds null) what waited longer than all.
    """
    window = {"window_start": window_start, "window_end": window_end, "threshold_seconds": None}
    return frame(connection, "queries/wait_times", **window, known_at=known_at, **narrowing(narrowed))


def call_names(connection: Connection) -> pl.DataFrame:
    """One row per kind (queue, group, channel, topic, team, agent, site, schedule) and name that filters can offer.

    name_id is null where the kind goes by its name; an empty name_text stands for those without one.
    """
    return frame(connection, "queries/call_names")


def queues(connection: Connection) -> pl.DataFrame:
    """One row per queue with its threshold, target and formula."""
    return frame(connection, "queries/queues")


def sites(connection: Connection) -> pl.DataFrame:
    """One row per site with its time zone; empty before the first load."""
    return frame(connection, "queries/sites")


QUESTIONS = (
    live_queues,
    live_totals,
    live_agents,
    queue_totals,
    queue_together,
    queue_intervals,
    queue_days,
    queue_hours,
    wait_times,
    call_names,
    queues,
    sites,
)
