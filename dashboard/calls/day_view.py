"""Service level of one local day: its tiles, its chart's data and its table of intervals.

In: the day's intervals and the totals by queue. Out: blocks for `board.show` and the frame for the chart.
The rule it guards: ratios are made from sums, each queue counts by its own formula, and every figure names
its n.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count
from sql import metrics

WORST_INTERVALS = 3
PROMISE = ("service_level_target_ratio", "service_level_threshold_seconds", "service_level_formula_name")
WAITS = ("answered_wait_seconds",)
DAY_METRICS = ("service_level_ratio", "average_speed_of_answer_seconds", "abandonment_ratio")


def day_tiles(totals: Row) -> list[Block]:
    """The tiles of one day: service level with n and formula, offered, answer speed, abandonment.

    With a common formula and target also how many intervals were on it.
    """
    offered, answered = totals["offered_calls"], totals["answered_calls"]
    abandoned, n_abandonable = metrics.metric("abandonment_ratio").counts(totals)
    tiles = [
        board.service_level_tile(
            totals,
            totals["decided_calls"],
            label=t("Service level"),
            reason=t("Unknown: no call of this day counts for it."),
            mixed=t(
                "The queues count by different formulas, so they have no common service level. Choose a queue."
            ),
        ),
        board.count_tile(
            "offered",
            t("Offered"),
            offered,
            more=t("{answered} answered", answered=words.number(answered)),
        ),
        board.plain_tile(
            "average_speed_of_answer_seconds",
            totals,
            n=answered,
            basis=t_count("{n} answered", "{n} answered", answered),
            reason=t("Unknown: no call was answered."),
        ),
        board.plain_tile(
            "abandonment_ratio",
            totals,
            n=n_abandonable,
            basis=t(
                "{abandoned} of {n}, short ones left out",
                abandoned=words.number(abandoned),
                n=words.number(n_abandonable),
            ),
            reason=t("Unknown: no call was offered."),
        ),
    ]
    if has_mixed_formulas(totals) or totals["service_level_target_ratio"] is None:
        return tiles
    return [
        *tiles,
        board.count_tile(
            "intervals",
            t("Intervals on target"),
            totals["on_target_intervals"],
            unit=t("of {n}", n=words.number(totals["judged_intervals"])),
            share=_share(totals["on_target_intervals"], totals["judged_intervals"]),
            goal=None,
            aria=t("Share of intervals on target"),
            more=t("quarters of an hour with calls"),
        ),
    ]


def day_totals(intervals: pl.DataFrame) -> Row:
    """One day in one row: the intervals' sums, the ratios made from these sums, and n (`decided_calls`).

    Target, threshold and formula are None where the queues taken together differ; so is the service level
    then.
    """
    counts = [name for name in intervals.columns if name.endswith("_calls") or name in WAITS]
    sums = intervals.select(pl.col(*PROMISE).first(), *(pl.col(name).sum() for name in counts))
    n = pl.coalesce(metrics.metric("service_level_ratio").population(), "offered_calls").alias(
        "decided_calls"
    )
    row = metrics.with_metrics(sums, *DAY_METRICS).with_columns(n).row(0, named=True)
    judged = intervals.filter(pl.col("service_level_ratio").is_not_null())
    on_target = judged.filter(pl.col("service_level_ratio") >= pl.col("service_level_target_ratio"))
    return {
        **row,
        "judged_intervals": judged.height,
        "on_target_intervals": on_target.height,
    }


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


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def day_heading(day_date: date, *, is_today: bool, is_drawn: bool) -> Block:
    """The title over the chart of a day, with the chart's legend where one is drawn."""
    lead = (
        t("So far; a call counts in the interval in which it was offered.")
        if is_today
        else t("A call counts in the interval in which it was offered.")
    )
    legend: list[Block] = [
        board.status("good", t("on target")),
        board.status("near", t("just below")),
        board.status("off", t("below")),
        {"line": "key-line", "word": t("target")},
        {"line": "key-bar", "word": t("calls offered (right scale)")},
    ]
    return {
        "kind": "section",
        "title": words.day(day_date),
        "lead": lead,
        "legend": legend if is_drawn else [],
    }


def quiet_day(day_date: date, *, is_today: bool) -> Block:
    """The page of a day on which nobody called."""
    when = t("No call yet today.") if is_today else t("No call on {day}.", day=words.day(day_date))
    steps = [
        t("Choose another day, or all queues."),
        t("If there should have been calls, see Data health for when each source last delivered."),
    ]
    body = t("Service level has no value without calls; it is not zero.")
    return board.notice("none", when, body, steps=steps, page=True)


def tone(value: float | None, target: float | None) -> str | None:
    """`good`, `near` or `off` against the target; None where either is unknown."""
    found = str(board.against_target(value, target)["tone"])
    return None if found == "none" else found


def chart_frame(intervals: pl.DataFrame, *, zone_name: str) -> pl.DataFrame:
    """What the day's chart draws: the intervals from the first call to the last, with their texts."""
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


def chart_texts() -> Mapping[str, str]:
    """The words on the day's chart."""
    return {
        "service_level": t("Service level"),
        "offered": t("Offered"),
        "target": t("Target"),
        "interval": t("Interval from"),
    }


def worst_intervals(intervals: pl.DataFrame) -> set[Any]:
    """The starts of the three intervals that cost the day most: gap to the target times calls offered.

    One late call in a quiet quarter of an hour is a gap of 100 points, and still only one call.
    """
    gap = (pl.col("service_level_target_ratio") - pl.col("service_level_ratio")) * pl.col("offered_calls")
    cost = intervals.with_columns(missed_calls=gap).filter(pl.col("missed_calls") > 0)
    ordered = cost.sort("missed_calls", "interval_start_at", descending=[True, False])
    return set(ordered.head(WORST_INTERVALS).get_column("interval_start_at"))


def interval_table(intervals: pl.DataFrame, *, zone_name: str) -> Block:
    """The intervals with calls, the newest first, the worst marked."""
    shown = intervals.filter(pl.col("offered_calls") > 0)
    worst = worst_intervals(shown)
    labels = words.interval_labels(shown.get_column("interval_start_at").to_list(), zone_name)
    rows = []
    for label, row in zip(labels, shown.iter_rows(named=True), strict=True):
        level, target = row["service_level_ratio"], row["service_level_target_ratio"]
        is_worst = row["interval_start_at"] in worst
        found = board.against_target(level, target)
        if level is None:
            is_mixed = has_mixed_formulas(row)
            found = board.status("none", t("Formulas differ") if is_mixed else t("No call counts"))
        rows.append(
            {
                "key": label,
                "tone": "off" if is_worst else "none",
                "cells": [
                    label,
                    words.ratio(level, against=target),
                    {**found, "word": t("Among the worst three")} if is_worst else found,
                    *(
                        words.number(row[f"{name}_calls"])
                        for name in (
                            "offered",
                            "answered",
                            "answered_in_threshold",
                            "abandoned",
                            "short_abandoned",
                        )
                    ),
                    words.ratio(row["abandonment_ratio"]),
                    words.duration(row["average_speed_of_answer_seconds"]),
                ],
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
