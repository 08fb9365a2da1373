"""The answers of the questions about queues for the drawn floor, all made from one small table of offers by the hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from sql import metrics, warehouse

ZONE = ZoneInfo("Europe/Tallinn")
FIRST_DAY = date(2026, 3, 10)
#        local hour: offered, answered in time, answered late; the rest gave up after 60 s
DRAWN = {9: (10, 9, 1), 10: (20, 12, 4), 11: (10, 8, 2)}
PROMISE = {
    "service_level_threshold_seconds": 20,
    "service_level_target_ratio": 0.8,
    "service_level_formula_name": "offered_no_short",
}
COUNTS = (
    "offered_calls",
    "answered_calls",
    "answered_in_threshold_calls",
    "abandoned_calls",
    "short_abandoned_calls",
    "abandoned_in_threshold_calls",
    "flowed_out_calls",
    "flowed_out_in_threshold_calls",
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
QUARTER = timedelta(minutes=15)


def typed(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {name: pl.Int64 if name.endswith("_id") else warehouse.column_type(name, 0) for name in rows[0]}
    return pl.DataFrame(rows, schema=schema, orient="row")


def counts(offered: int, in_time: int, late: int) -> dict[str, int]:
    found = dict.fromkeys(COUNTS, 0)
    answered = in_time + late
    return found | {
        "offered_calls": offered,
        "answered_calls": answered,
        "answered_in_threshold_calls": in_time,
        "abandoned_calls": offered - answered,
        "handled_calls": answered,
        "answered_wait_seconds": in_time * 10 + late * 40,
        "abandoned_wait_seconds": (offered - answered) * 60,
        "talk_seconds": answered * 200,
        "wrap_up_seconds": answered * 40,
    }


def quarters(window_start: datetime, window_end: datetime) -> list[dict[str, Any]]:
    rows, at = [], window_start
    while at < window_end:
        local = at.astimezone(ZONE)
        drawn = DRAWN.get(local.hour) if local.minute == 0 and local.date() >= FIRST_DAY else None
        ends = {
            "interval_start_at": at,
            "interval_end_at": at + QUARTER,
            "longest_wait_seconds": 60 if drawn else None,
        }
        rows.append({**ends, **counts(*(drawn or (0, 0, 0)))})
        at += QUARTER
    return rows


def settings(chosen: dict[str, Any]) -> dict[str, Any]:
    return PROMISE | (
        {"service_level_formula_name": chosen["formula_name"]} if "formula_name" in chosen else {}
    )


def queue_intervals(
    _connection: object, *, window_start: datetime, window_end: datetime, **chosen: Any
) -> pl.DataFrame:
    rows = [{**row, **settings(chosen)} for row in quarters(window_start, window_end)]
    none = {"interval_start_at": window_start, "interval_end_at": window_end, "longest_wait_seconds": None}
    found = typed(rows or [{**none, **counts(0, 0, 0), **settings(chosen)}])
    return metrics.with_metrics(found if rows else found.clear())


def queue_together(connection: object, **chosen: Any) -> pl.DataFrame:
    intervals = queue_intervals(connection, **chosen)
    sums = intervals.select(pl.col(COUNTS).sum(), pl.col("longest_wait_seconds").max())
    alone = typed([settings(chosen)])
    return metrics.with_metrics(sums.join(alone, how="cross"))


def queue_totals(connection: object, **chosen: Any) -> pl.DataFrame:
    """Sales has all calls; nobody called the other queue."""
    together = queue_together(connection, **chosen).select(*COUNTS, "longest_wait_seconds", *PROMISE)
    quiet = together.with_columns(pl.lit(0, pl.Int64).alias(name) for name in COUNTS)
    rows = [
        one.with_columns(queue_id=pl.lit(place, pl.Int64), queue_name=pl.lit(name))
        for place, name, one in ((1, "Sales", together), (3, "Вопросы", quiet))
    ]
    return metrics.with_metrics(pl.concat(rows))


def queue_targets(connection: object, **chosen: Any) -> pl.DataFrame:
    levels = queue_intervals(connection, **chosen)["service_level_ratio"].drop_nulls()
    row = {"queue_id": 1, "judged_intervals": len(levels), "on_target_intervals": int((levels >= 0.8).sum())}
    return metrics.with_metrics(typed([row]), "intervals_on_target_ratio")


def queue_forecast(_connection: object, *, day_date: date, **_narrowed: Any) -> pl.DataFrame:
    """Each drawn hour was to bring 12 calls; of the day before the first no forecast can be made."""
    start = datetime.combine(day_date, time(), ZONE).astimezone(UTC)
    rows = []
    for row in quarters(start, start + timedelta(days=1)):
        local = row["interval_start_at"].astimezone(ZONE)
        expected = 12 if local.hour in DRAWN and local.minute == 0 else 0
        known = day_date >= FIRST_DAY
        rows.append(
            {
                "interval_start_at": row["interval_start_at"],
                "interval_end_at": row["interval_end_at"],
                "offered_calls": row["offered_calls"],
                "forecast_calls": expected if known else None,
                "week_before_calls": expected,
                "forecast_error_calls": abs(row["offered_calls"] - expected) if known else None,
                "forecasted_offered_calls": row["offered_calls"] if known else None,
                "week_count": 5 if known else 2,
                "is_holiday": False,
            }
        )
    return typed(rows)


def queue_forecast_totals(
    _connection: object, *, first_date: date, last_date: date, as_of: datetime, **_narrowed: Any
) -> pl.DataFrame:
    days = (last_date - first_date).days + 1
    rows = [
        {
            "queue_id": queue_id,
            "forecast_calls": 36 * days,
            "forecast_least_calls": 30 * days,
            "forecast_most_calls": 44 * days,
            "forecasted_offered_calls": 40 * days,
            "forecast_day_count": days,
            "day_count": days,
        }
        for queue_id in (None, 1)
    ]
    return typed(rows)


def queue_days(connection: object, **chosen: Any) -> pl.DataFrame:
    local = pl.col("interval_start_at").dt.convert_time_zone(str(ZONE)).dt.date().alias("day_date")
    days = (
        queue_intervals(connection, **chosen).group_by(local, maintain_order=True).agg(pl.col(COUNTS).sum())
    )
    return metrics.with_metrics(days.join(typed([settings(chosen)]), how="cross"))


def queue_hours(connection: object, **chosen: Any) -> pl.DataFrame:
    intervals = queue_intervals(connection, **chosen)
    local = pl.col("interval_start_at").dt.convert_time_zone(str(ZONE))
    second = local.dt.hour().cast(pl.Int64) * 3600 + local.dt.minute().cast(pl.Int64) * 60
    sums = (
        intervals.with_columns(
            (local.dt.weekday().cast(pl.Int64) - 1).alias("weekday_number"),
            second.alias("interval_start_seconds"),
        )
        .group_by("weekday_number", "interval_start_seconds", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("days_count"), pl.col(COUNTS).sum())
    )
    return metrics.with_metrics(sums.join(typed([settings(chosen)]), how="cross"))


def wait_times(connection: object, **chosen: Any) -> pl.DataFrame:
    row = queue_together(connection, **chosen).row(0, named=True)
    late = row["answered_calls"] - row["answered_in_threshold_calls"]
    drawn = [
        (None, 0, 0, 0),
        (0, 20, row["answered_in_threshold_calls"], 0),
        (20, 60, late, row["abandoned_calls"]),
        (60, None, 0, 0),
    ]
    rows = [
        {
            "after_seconds": after,
            "until_seconds": until,
            "answered_calls": answered,
            "abandoned_calls": abandoned,
            "flowed_out_calls": 0,
        }
        for after, until, answered, abandoned in drawn
    ]
    return typed(rows)


def interval_causes(
    _connection: object, *, interval_start: datetime, as_of: datetime, **_narrowed: Any
) -> pl.DataFrame:
    """20 called where 12 are usual; 3 of 5 agents paused where 1 is usual; calls took 6:10 where 4:40 is usual."""
    row = {
        "interval_start_at": interval_start,
        "offered_calls": 20,
        "usual_calls": 12,
        "burst_calls": 14,
        "longest_wait_seconds": 401,
        "longest_wait_queue_name": "Sales",
        "handled_calls": 16,
        "signed_in_seconds": 5 * 900,
        "available_seconds": 400,
        "paused_seconds": 3 * 900,
        "usual_signed_in_seconds": 7 * 900,
        "usual_paused_seconds": 900,
        "week_count": 5,
        "average_handle_time_seconds": 370,
        "usual_average_handle_time_seconds": 280,
        "outage_source_text": "",
    }
    return typed([row])


ANSWERS = {
    question.__name__: question
    for question in (
        queue_intervals,
        queue_together,
        queue_totals,
        queue_targets,
        queue_forecast,
        queue_forecast_totals,
        queue_days,
        queue_hours,
        wait_times,
        interval_causes,
    )
}
