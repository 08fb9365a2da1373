"""Service level of one local day: its tiles, its chart's data and its table of intervals.

In: the day's intervals and the totals by queue. Out: blocks for `board.show` and the frame for the chart.
The rule it guards: ratios are made from sums, each queue counts by its own formula, and every figure names
its n.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.words import t, t_count
from sql import metrics

WORST_INTERVALS = 3


def has_mixed_formulas(totals: Row) -> bool:
    """Whether the queues taken together count by different formulas, and so share no service level."""
    return totals["service_level_formula_name"] is None


def mixed_notice() -> Block:
    """What stands in the chart's place where there is no common service level to draw."""
    return board.notice(
        "none",
        t("Queues use different formulas; choose a queue"),
        t("A service level made of unlike formulas would mean nothing. Each queue has its own chart."),
    )


def export_frame(intervals: pl.DataFrame, *, queue_name: str | None, as_of: datetime) -> pl.DataFrame:
    """One row per interval that has begun by `as_of`, for a file that explains itself.

    Each row names its queue (None: all of them) and the version of the definitions behind its figures;
    is_complete is false for the interval that is still running.
    """
    begun = intervals.filter(pl.col("interval_start_at") <= as_of)
    return begun.select(
        pl.lit(t("All queues") if queue_name is None else words.name(queue_name)).alias("queue_name"),
        pl.lit(metrics.definition_version()).alias("definition_version"),
        "interval_start_at",
        "interval_end_at",
        (pl.col("interval_end_at") <= as_of).alias("is_complete"),
        pl.exclude("interval_start_at", "interval_end_at"),
    )


def export_name(day_date: date, *, queue_name: str | None, queue_id: int | None) -> str:
    """The file's name: day and queue, with nothing in it that a file system or a shell could misread."""
    if queue_id is None:
        place = "all-queues"
    else:
        plain = unicodedata.normalize("NFC", queue_name or "").casefold()
        kept = [letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in plain]
        place = "-".join("".join(kept).split())[:60].rstrip("-") or f"queue-{queue_id}"
    return f"service-level-{day_date.isoformat()}-{place}.csv"


def day_heading(
    day_date: date, *, is_today: bool, is_drawn: bool, forecast: pl.DataFrame | None = None
) -> Block:
    """The title over the chart of a day with its legend; is_drawn: whether there is a service level to draw.

    The legend names the lines of a forecast only where they are drawn.
    """
    lines = {
        "forecast_calls": ("key-thin", t("forecast")),
        "week_before_calls": ("key-shade", t("a week before")),
    }
    lead = (
        t("So far; a call counts in the interval in which it was offered.")
        if is_today
        else t("A call counts in the interval in which it was offered.")
    )
    levels: list[Block] = [
        board.status("good", t("on target")),
        board.status("near", t("just below")),
        board.status("off", t("below")),
        {"line": "key-line", "word": t("target")},
    ]
    legend: list[Block] = [
        *(levels if is_drawn else []),
        {"line": "key-bar", "word": t("calls offered (right scale)")},
        *(
            {"line": line, "word": word}
            for name, (line, word) in lines.items()
            if forecast is not None and forecast[name].count()
        ),
    ]
    return {
        "kind": "section",
        "title": words.day(day_date),
        "lead": lead,
        "legend": legend,
    }


def quiet(filters: Filters, *, today: date) -> Block:
    """The view of days on which nobody called, with what can be done about it."""
    first, last = filters.first_date, filters.last_date
    if first != last:
        title = t("No call from {first} to {last}.", first=words.day(first), last=words.day(last))
    elif last == today:
        title = t("No call yet today.")
    else:
        title = t("No call on {day}.", day=words.day(last))
    steps = [
        t("Choose other days, or fewer filters."),
        t("If there should have been calls, see Data health for when each source last delivered."),
    ]
    body = t("Service level has no value without calls; it is not zero.")
    return board.notice("none", title, body, steps=steps, page=True)


def tone(value: float | None, target: float | None) -> str | None:
    """`good`, `near` or `off` against the target; None where either is unknown."""
    found = str(board.against_target(value, target)["tone"])
    return None if found == "none" else found


def chart_frame(
    intervals: pl.DataFrame, *, zone_name: str, forecast: pl.DataFrame | None = None
) -> pl.DataFrame:
    """What the day's chart draws: the intervals from the first call to the last, with their texts.

    forecast: the day's rows of `queue_forecast`; then what was to be expected, and the week before, are drawn too, also
    of the hours that are still to come.
    """
    if forecast is not None:
        return _expected_frame(intervals, forecast, zone_name=zone_name)
    busy = intervals.with_row_index("place").filter(pl.col("offered_calls") > 0).get_column("place")
    first = max(0, int(busy[0]) - 2) if len(busy) else 0
    last = min(intervals.height, int(busy[-1]) + 3) if len(busy) else intervals.height
    part = intervals.slice(first, last - first)
    labels = words.interval_labels(part.get_column("interval_start_at").to_list(), zone_name)
    rows = list(part.iter_rows(named=True))
    return pl.DataFrame(
        {
            "label_text": labels,
            "service_level_ratio": part.get_column("service_level_ratio"),
            "offered_calls": part.get_column("offered_calls"),
            "target_ratio": part.get_column("service_level_target_ratio"),
            "tone_name": [
                tone(row["service_level_ratio"], row["service_level_target_ratio"]) for row in rows
            ],
            "level_text": [
                words.ratio(row["service_level_ratio"], against=row["service_level_target_ratio"])
                for row in rows
            ],
            "target_text": [words.target_ratio(row["service_level_target_ratio"]) for row in rows],
            "offered_text": [words.number(row["offered_calls"]) for row in rows],
        },
        schema_overrides={
            "tone_name": pl.String,
            "target_ratio": pl.Float64,
            "service_level_ratio": pl.Float64,
        },
    )


def _expected_frame(intervals: pl.DataFrame, forecast: pl.DataFrame, *, zone_name: str) -> pl.DataFrame:
    """The same with forecast and the week before; what has not begun has no offers, rather than none."""
    begun = intervals.select(
        "interval_start_at", "service_level_ratio", "service_level_target_ratio", "offered_calls"
    )
    expected = forecast.select("interval_start_at", "forecast_calls", "week_before_calls")
    joined = expected.join(begun, on="interval_start_at", how="left", maintain_order="left")
    sums = joined.select(
        pl.sum_horizontal("offered_calls", "forecast_calls", "week_before_calls")
    ).to_series()
    busy = [place for place, count in enumerate(sums) if count]
    first, last = (max(0, busy[0] - 2), busy[-1] + 3) if busy else (0, joined.height)
    part = joined.slice(first, last - first)
    plain = chart_frame(part.with_columns(pl.col("offered_calls").fill_null(1)), zone_name=zone_name)
    return plain.with_columns(
        part.get_column("offered_calls"),
        part.get_column("forecast_calls"),
        part.get_column("week_before_calls"),
        *(
            pl.Series(f"{name}_text", [words.number(count) for count in part.get_column(f"{name}_calls")])
            for name in ("offered", "forecast", "week_before")
        ),
    )


def chart_texts() -> Mapping[str, str]:
    """The words on the day's chart."""
    return {
        "service_level": t("Service level"),
        "offered": t("Offered"),
        "target": t("Target"),
        "interval": t("Interval from"),
        "forecast": t("Forecast"),
        "week_before": t("A week before"),
    }


def worst_intervals(intervals: pl.DataFrame, most: int = WORST_INTERVALS) -> pl.DataFrame:
    """The intervals that cost the period most, the worst first: gap to the target times calls offered (missed_calls).

    One late call in a quiet quarter of an hour is a gap of 100 points, and still only one call.
    """
    gap = (pl.col("service_level_target_ratio") - pl.col("service_level_ratio")) * pl.col("offered_calls")
    cost = intervals.with_columns(missed_calls=gap).filter(pl.col("missed_calls") > 0)
    return cost.sort("missed_calls", "interval_start_at", descending=[True, False]).head(most)


COUNTS = ("offered", "answered", "answered_in_threshold", "abandoned", "short_abandoned")


def _interval_cells(
    row: Row, filters: Filters, other: Mapping[str, object], *, is_worst: bool
) -> list[Block | str]:
    """The figures of one interval, each of which leads to its rows."""
    level, target = row["service_level_ratio"], row["service_level_target_ratio"]
    found = board.against_target(level, target)
    if level is None:
        word = t("Formulas differ") if has_mixed_formulas(row) else t("No call counts")
        found = board.status("none", word)

    def led(text: str, of_name: str, known: object) -> Block | str:
        span = {"start": row["interval_start_at"], "end": row["interval_end_at"]}
        return board.leading(text, behind(of_name, filters, **other, **span)) if known else text

    return [
        led(words.ratio(level, against=target), "service_level_ratio", level is not None),
        {**found, "word": t("Among the worst three")} if is_worst else found,
        *(led(words.number(row[f"{name}_calls"]), f"{name}_calls", row[f"{name}_calls"]) for name in COUNTS),
        led(words.ratio(row["abandonment_ratio"]), "abandonment_ratio", row["offered_calls"]),
        led(
            words.duration(row["average_speed_of_answer_seconds"]),
            "average_speed_of_answer_seconds",
            row["answered_calls"],
        ),
    ]


def interval_table(
    intervals: pl.DataFrame, *, zone_name: str, filters: Filters, other: Mapping[str, object]
) -> Block:
    """The intervals with calls, the newest first, the worst marked."""
    shown = intervals.filter(pl.col("offered_calls") > 0)
    worst = set(worst_intervals(shown).get_column("interval_start_at"))
    labels = words.interval_labels(shown.get_column("interval_start_at").to_list(), zone_name)
    rows = []
    for label, row in zip(labels, shown.iter_rows(named=True), strict=True):
        is_worst = row["interval_start_at"] in worst
        rows.append(
            {
                "key": label,
                "tone": "off" if is_worst else "none",
                "cells": [label, *_interval_cells(row, filters, other, is_worst=is_worst)],
            }
        )
    columns = [
        column(t("From")),
        column(t("Service level"), "end"),
        column(t("Against target")),
        column(t("Offered"), "end"),
        column(t("Answered"), "end"),
        column(t("in time"), "end", wide=True),
        column(t("Abandoned"), "end"),
        column(t("of them short"), "end", wide=True),
        column(t("Abandonment"), "end", wide=True),
        column(t("ASA"), "end"),
    ]
    quiet = intervals.height - shown.height
    left_out = t_count(
        "Newest first; {n} interval without calls is left out.",
        "Newest first; {n} intervals without calls are left out.",
        quiet,
    )
    return board.table(
        t("Service level by interval"),
        columns,
        rows[::-1],
        nothing=t("No calls."),
        title=t("By interval"),
        lead=left_out if quiet else t("Newest first."),
    )
