"""Why an interval missed its target, in sentences with numbers; and the days of a period by their intervals on target.

In: the rows of `interval_causes`, the intervals of a period. Out: a table of the worst, the frame of the calendar.
The rule it guards: a sentence says only what the facts say, always beside what is usual, and where nothing stands out it
says that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.calls.pattern_view import weekday_word
from dashboard.filters import OWN_DAYS, Filters, behind
from dashboard.words import t, t_count
from sql import metrics

INTERVAL_SECONDS = 900
MUCH_RATIO = 0.2
LEAST_CALLS = 3
LEAST_AGENTS = 0.75
LONGER_RATIO = 0.15
BURST_RATIO = 0.5
LEAST_BURST = 5


def cause_sentences(row: Row) -> list[str]:
    """What stood behind an interval, the plain count of offers first; what is as usual is left out after it."""
    found = [_offers(row), *_agents(row)]
    usual_aht, aht = row["usual_average_handle_time_seconds"], row["average_handle_time_seconds"]
    if usual_aht and aht and row["handled_calls"] >= LEAST_CALLS and aht > usual_aht * (1 + LONGER_RATIO):
        found.append(
            t("AHT {now} against {usual} usually", now=words.duration(aht), usual=words.duration(usual_aht))
        )
    if row["outage_source_text"]:
        found.append(t("{sources} was not read for a part of it", sources=row["outage_source_text"]))
    if row["longest_wait_seconds"] is not None and row["longest_wait_queue_name"]:
        found.append(
            t(
                "the longest wait was {time}, in {queue}",
                time=words.duration(row["longest_wait_seconds"]),
                queue=words.name(row["longest_wait_queue_name"]),
            )
        )
    return found


def _offers(row: Row) -> str:
    offered, usual, burst = row["offered_calls"], row["usual_calls"], row["burst_calls"]
    told = t("{n} offered", n=words.number(offered))
    if usual is not None:
        off = offered - usual
        if abs(off) >= max(LEAST_CALLS, MUCH_RATIO * usual):
            kind = t("{n} more than usual") if off > 0 else t("{n} fewer than usual")
            told += ", " + kind.format(n=words.number(abs(off)))
        else:
            told += ", " + t("about as usual ({n})", n=words.number(usual))
    if burst >= LEAST_BURST and burst > BURST_RATIO * offered:
        told += ", " + t("{n} of them within five minutes", n=words.number(burst))
    return told


def _agents(row: Row) -> list[str]:
    if row["signed_in_seconds"] is None:  # not told to this reader
        return []
    signed_in, paused = (row[f"{name}_seconds"] / INTERVAL_SECONDS for name in ("signed_in", "paused"))
    if not signed_in:
        return [t("nobody was signed in")] if row["offered_calls"] else []
    found = []
    usual = row["usual_signed_in_seconds"]
    less = usual / INTERVAL_SECONDS - signed_in if usual is not None else 0
    if less >= LEAST_AGENTS:
        found.append(
            t("{n} agents signed in, {less} fewer than usual", n=_people(signed_in), less=_people(less))
        )
    usual_paused = row["usual_paused_seconds"]
    more = paused - usual_paused / INTERVAL_SECONDS if usual_paused is not None else 0
    if more >= LEAST_AGENTS:
        found.append(t("{n} of {all} agents paused", n=_people(paused), all=_people(signed_in)))
    free = row["available_seconds"]
    if free < 0.05 * row["signed_in_seconds"]:
        found.append(t("nobody was free for most of it"))
    return found


def _people(count: float) -> str:
    return words.number(round(count))


def is_unexplained(row: Row) -> bool:
    """Whether nothing but the plain counts can be said of an interval."""
    usual = row["usual_calls"]
    is_usual = usual is not None and abs(row["offered_calls"] - usual) < max(LEAST_CALLS, MUCH_RATIO * usual)
    has_burst = row["burst_calls"] >= LEAST_BURST and row["burst_calls"] > BURST_RATIO * row["offered_calls"]
    plain = 1 + (row["longest_wait_seconds"] is not None and bool(row["longest_wait_queue_name"]))
    return is_usual and not has_burst and len(cause_sentences(row)) <= plain


def worst_table(
    worst: pl.DataFrame,
    causes: Sequence[Row | None],
    *,
    filters: Filters,
    other: Mapping[str, object],
    zone_name: str,
    is_one_day: bool,
) -> Block:
    """The worst intervals, each with what stood behind it; causes: one row each, None where the view has none."""
    rows = []
    for row, cause in zip(worst.iter_rows(named=True), causes, strict=True):
        start: datetime = row["interval_start_at"]
        at = words.clock(start, zone_name)
        told = at if is_one_day else f"{words.short_day(words.local_day(start, zone_name))}, {at}"
        n = metrics.metric("service_level_ratio")
        level, target = row["service_level_ratio"], row["service_level_target_ratio"]
        leads = {**other, "start": start, "end": row["interval_end_at"]}
        rows.append(
            {
                "key": start.isoformat(),
                "cells": [
                    told,
                    board.amount(
                        words.ratio(level, against=target),
                        level,
                        tone=str(board.against_target(level, target)["tone"]),
                        address=behind(n.name, filters, **leads),
                    ),
                    board.leading(
                        words.number(row["offered_calls"]), behind("offered_calls", filters, **leads)
                    ),
                    words.number(round(row["missed_calls"], 1)),
                    _why(cause),
                ],
            }
        )
    columns = [
        column(t("From")),
        column(t("Service level"), "end"),
        column(t("Offered"), "end"),
        column(t("Missed"), "end", wide=True),
        column(t("What stood behind it"), "text"),
    ]
    return board.table(
        t("The worst intervals, and why"),
        columns,
        rows,
        nothing=t("Every interval was on target. Nothing to explain."),
        title=t("The worst intervals, and why"),
        lead=t(
            "Missed: how many calls in time were lacking for the target. Usual: the same weekday and time of the last weeks."
        ),
    )


def _why(cause: Row | None) -> str:
    if cause is None:
        return t("Causes are told of queues and groups; take away the other filters.")
    told = "; ".join(cause_sentences(cause))
    if cause["week_count"] < 1:
        return f"{told}. " + t("What is usual is not known yet: it takes three comparable weeks.")
    if is_unexplained(cause):
        return f"{told}. " + t("Nothing else stands out.")
    return f"{told}."


def day_targets(intervals: pl.DataFrame, *, zone_name: str) -> pl.DataFrame:
    """One row per local day of the intervals: judged_intervals, on_target_intervals, their ratio, and the day's sums."""
    level, target = pl.col("service_level_ratio"), pl.col("service_level_target_ratio")
    counts = [name for name in intervals.columns if name.endswith("_calls")]
    is_judged = level.is_not_null() & target.is_not_null()
    days = (
        intervals.with_columns(
            pl.col("interval_start_at").dt.convert_time_zone(zone_name).dt.date().alias("day_date")
        )
        .group_by("day_date", maintain_order=True)
        .agg(
            is_judged.sum().cast(pl.Int64).alias("judged_intervals"),
            (is_judged & (level >= target)).sum().cast(pl.Int64).alias("on_target_intervals"),
            pl.col("service_level_formula_name", "service_level_target_ratio").first(),
            pl.col(counts).sum(),
        )
    )
    return metrics.with_metrics(days, "intervals_on_target_ratio", "service_level_ratio")


def calendar_frame(days: pl.DataFrame) -> pl.DataFrame:
    """What the calendar draws: one row per day, its week named by the Monday."""
    rows = list(days.iter_rows(named=True))
    mondays = [row["day_date"] - timedelta(days=row["day_date"].weekday()) for row in rows]
    return pl.DataFrame(
        {
            "week_text": [words.short_day(monday) for monday in mondays],
            "weekday_text": [weekday_word(row["day_date"].weekday()) for row in rows],
            "day_text": [words.day(row["day_date"]) for row in rows],
            "number_text": [str(row["day_date"].day) for row in rows],
            "share": [row["intervals_on_target_ratio"] for row in rows],
            "share_text": [_share_text(row) for row in rows],
            "level_text": [
                words.ratio(row["service_level_ratio"], against=row["service_level_target_ratio"])
                for row in rows
            ],
            "offered_text": [words.number(row["offered_calls"]) for row in rows],
        },
        schema_overrides={"share": pl.Float64, "share_text": pl.String, "week_text": pl.String},
    )


def _share_text(row: Row) -> str:
    share = row["intervals_on_target_ratio"]
    return words.UNKNOWN if share is None else words.ratio(share).replace(".0%", "%")


def calendar_texts() -> Mapping[str, str]:
    """The words on the calendar."""
    return {
        "weekdays": "|".join(weekday_word(day) for day in range(7)),
        "day": t("Day"),
        "share": t("Intervals on target"),
        "level": t("Service level"),
        "offered": t("Offered"),
    }


def calendar_heading(days: pl.DataFrame) -> Block:
    """The title over the calendar."""
    judged, kept = (int(days.get_column(f"{name}_intervals").sum()) for name in ("judged", "on_target"))
    lead = t_count(
        "The share of intervals on target: {kept} of {n} quarter of an hour with calls. A dashed day had none.",
        "The share of intervals on target: {kept} of {n} quarters of an hour with calls. A dashed day had none.",
        judged,
        kept=words.number(kept),
    )
    return {"kind": "section", "title": t("Day by day"), "lead": lead, "legend": []}


def day_list(days: pl.DataFrame, *, filters: Filters, other: Mapping[str, object]) -> Block:
    """The days in figures, the newest first; each leads to the page of that day alone."""
    rows = []
    for row in days.sort("day_date", descending=True).iter_rows(named=True):
        if not row["judged_intervals"]:
            continue
        day = row["day_date"].isoformat()
        level, target = row["service_level_ratio"], row["service_level_target_ratio"]
        alone = filters.changed(period_name=OWN_DAYS, first_date=row["day_date"], last_date=row["day_date"])
        share = row["intervals_on_target_ratio"]
        kept = behind("intervals_on_target_ratio", alone, **other)
        rows.append(
            {
                "key": day,
                "cells": [
                    board.inside(words.day(row["day_date"]), **alone.address()),
                    board.amount(words.ratio(share), share, address=kept),
                    board.leading(
                        t(
                            "{n} of {all}",
                            n=words.number(row["on_target_intervals"]),
                            all=words.number(row["judged_intervals"]),
                        ),
                        kept,
                    ),
                    board.leading(
                        words.ratio(level, against=target), behind("service_level_ratio", alone, **other)
                    ),
                    board.against_target(level, target),
                    board.leading(
                        words.number(row["offered_calls"]), behind("offered_calls", alone, **other)
                    ),
                ],
            }
        )
    columns = [
        column(t("Day")),
        column(t("Intervals on target"), "end"),
        column(t("Counted"), "end", wide=True),
        column(t("Service level"), "end"),
        column(t("Against target")),
        column(t("Offered"), "end"),
    ]
    return board.table(
        t("Days"), columns, rows, nothing=t("No day with calls."), title=t("By day"), lead=t("Newest first.")
    )
