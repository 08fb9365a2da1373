"""The queues of a period: tiles and a table against target, forecast and other days; all eight formulas of service level.

In: the frames of the questions about queues, and the reader's choices. Out: blocks for `board.show`.
The rule it guards: who needs help stands first, every figure leads to its rows, a forecast is always called one, and
where there is none the page says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from dashboard import board, withheld, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.words import t, t_count
from sql import metrics

LEAST_WEEKS = 3
FORMULAS = metrics.SERVICE_LEVEL_FORMULAS
FORECAST_NARROWING = frozenset({"queue_id", "group_name"})
"""What a forecast can be narrowed to: nothing is forecast of single agents, topics or opening hours."""


def compared_word(comparison_name: str | None) -> str:
    """What a figure is compared with, as it stands after "than" (words.compared)."""
    known = {
        "before": t("in the days before"),
        "last_week": t("a week before"),
        "last_year": t("52 weeks before"),
    }
    return known.get(comparison_name or "", t("in the days before"))


def unrecorded_notice(compared: str) -> Block:
    """What stands above the tiles where the days compared with begin before anything was recorded."""
    return board.notice(
        "none",
        t("No comparison: not all was recorded {when}", when=compared),
        t(
            "Those days begin before the first recorded call, so a change would say nothing. Choose a shorter period."
        ),
    )


def has_forecast(filters: Filters) -> bool:
    """Whether a forecast can be made for what the reader has chosen."""
    return set(filters.narrowed()) <= FORECAST_NARROWING


def _moved(name: str, value: float | None, earlier: float | None) -> tuple[float, str] | None:
    """How far a figure moved, and that in words without a sign: points of a ratio, seconds, or a share of a count."""
    if value is None or earlier is None:
        return None
    unit = name.rpartition("_")[2]
    if unit == "calls":
        return (value - earlier, words.ratio(abs(value - earlier) / earlier)) if earlier else None
    if unit == "ratio":
        moved = round((value - earlier) * 100, 1)
        return moved, t("1 point") if abs(moved) == 1 else t("{n} points", n=words.number(abs(moved)))
    whole = round(value) - round(earlier)
    return whole, words.duration(abs(whole))


def change_text(name: str, value: float | None, earlier: float | None) -> str | None:
    """How far a figure is from an earlier one, with its sign, for a column of changes; None if unknown."""
    found = _moved(name, value, earlier)
    if found is None:
        return None
    moved, shown = found
    sign = "+" if moved > 0 else "−" if moved < 0 else "±"  # the sign is a minus, no hyphen
    return f"{sign}{shown}"


def change(name: str, value: float | None, earlier: float | None, compared: str) -> Block:
    """The mark of a change: whether it is better or worse than the period compared with, in shape and words."""
    found = _moved(name, value, earlier)
    if found is None:
        return board.status("none", t("not known {when}", when=compared))
    moved, shown = found
    is_count = name.endswith("_calls")
    direction = "none" if is_count else metrics.metric(name).direction
    better = moved * {"up": 1, "down": -1}.get(direction, 0)
    tone = "good" if better > 0 else "off" if better < 0 else "none"
    return board.status(tone, words.compared(shown, moved, compared, is_count=is_count))


def targets_of(intervals: pl.DataFrame) -> Row:
    """Intervals on target of a view's intervals, in one row: judged_intervals, on_target_intervals and their ratio."""
    judged = intervals.filter(
        pl.col("service_level_ratio").is_not_null() & pl.col("service_level_target_ratio").is_not_null()
    )
    kept = judged.filter(pl.col("service_level_ratio") >= pl.col("service_level_target_ratio"))
    one = pl.DataFrame({"judged_intervals": [judged.height], "on_target_intervals": [kept.height]})
    return metrics.with_metrics(one, "intervals_on_target_ratio").row(0, named=True)


def tiles(
    row: Row,
    earlier: Row | None,
    *,
    targets: Row,
    forecast: Row | None,
    forecast_at: datetime,
    filters: Filters,
    compared: str,
    other: Mapping[str, object],
) -> Block:
    """The tiles of a view: service level, offers against the forecast, ASA, abandonment, AHT, intervals on target.

    other: `threshold` and `formula`, where the reader counts by others than the queues' own.
    """
    before: Mapping[str, object] = earlier or {}

    def against(name: str) -> list[Block]:
        return [change(name, row[name], before.get(name), compared)] if earlier is not None else []  # type: ignore[arg-type]

    def led(tile: Block, of_name: str) -> Block:
        ways: list[Block] = []
        if of_name == "offered_calls" and forecast is not None and forecast["forecast_calls"]:
            word = t("forecast {n}: its days", n=words.number(forecast["forecast_calls"]))
            ways = [{**board.status("none", word), "here": behind_forecast(filters, forecast_at)}]
        return {**tile, "strip": [*against(of_name), *ways], "here": behind(of_name, filters, **other)}

    n = row["decided_calls"]
    level = board.service_level_tile(
        row,
        n,
        label=t("Service level"),
        reason=t("Unknown: no call of this view counts for it."),
        mixed=t("The queues count by different formulas. Choose a queue, or one formula for all."),
    )
    found = [led(level, "service_level_ratio"), led(offered_tile(row, forecast), "offered_calls")]
    found += [led(_plain(name, row), name) for name in TILE_METRICS]
    return {"kind": "tiles", "tiles": [*found, targets_tile(targets, filters, other)]}


TILE_METRICS = ("average_speed_of_answer_seconds", "abandonment_ratio", "average_handle_time_seconds")


def _plain(name: str, row: Row) -> Block:
    if metrics.metric(name).is_of_agents and (kept := withheld.of(row)):
        return board.plain_tile(name, row, n=0, basis=kept, reason=withheld.why(row))
    over, n = metrics.metric(name).counts(row)
    basis = {
        "average_speed_of_answer_seconds": t_count("{n} answered", "{n} answered", n),
        "abandonment_ratio": t("{count} of {n}", count=words.number(over), n=words.number(n)),
        "average_handle_time_seconds": t_count("{n} handled", "{n} handled", n),
    }[name]
    return board.plain_tile(name, row, n=n, basis=basis, reason=t("Unknown: no such call in this view."))


def offered_tile(row: Row, forecast: Row | None) -> Block:
    """The tile of offers, with the forecast of the same days as the mark on its bar; why there is none, the chart says."""
    offered = row["offered_calls"]
    tile = board.count_tile("offered", t("Offered"), offered, units=2)
    expected = forecast["forecast_calls"] if forecast else None
    if forecast is None or not expected:
        return tile
    came = forecast["forecasted_offered_calls"]
    most = max(came, expected) or 1
    told = t("forecast {n}", n=words.number(expected))
    if forecast["forecast_day_count"] == 1:
        least, utmost = forecast["forecast_least_calls"], forecast["forecast_most_calls"]
        told = t(
            "forecast {n} ({least} to {most})",
            n=words.number(expected),
            least=words.number(least),
            most=words.number(utmost),
        )
    else:
        told = t_count(
            "forecast {expected} on {n} day", "forecast {expected} on {n} days", forecast["forecast_day_count"],
            expected=words.number(expected),
        )  # fmt: skip
    return {
        **tile,
        "share": came / most,
        "goal": expected / most,
        "aria": t(
            "{came} offered against a forecast of {n}", came=words.number(came), n=words.number(expected)
        ),
        "more": f"{told} · {change_text('offered_calls', came, expected) or words.UNKNOWN}",
        "tip": t(
            "The mark on the bar is the forecast: the median of the same weekday in the last weeks, of the day so far. "
            "No goal, only what was to be expected."
        ),
    }


def targets_tile(targets: Row, filters: Filters, other: Mapping[str, object]) -> Block:
    """The tile of intervals on target, which leads to them and to the worst."""
    judged = targets["judged_intervals"]
    return board.count_tile(
        "intervals",
        t("Intervals on target"),
        targets["on_target_intervals"] if judged else None,
        unit=t("of {n}", n=words.number(judged)),
        more=t("quarters of an hour with calls"),
        here=behind("intervals_on_target_ratio", filters, **other) if judged else None,
        tip=t(metrics.metric("intervals_on_target_ratio").meaning),
    )


def with_n(row: Row) -> Row:
    """The row with `decided_calls`: the n of its service level, or all offers where the queues share no formula."""
    one = pl.DataFrame([dict(row)], infer_schema_length=None)
    if row["service_level_formula_name"] is None:
        return {**row, "decided_calls": row["offered_calls"]}
    n = one.select(metrics.metric("service_level_ratio").population()).item()
    return {**row, "decided_calls": int(n or 0)}


def need(queues: pl.DataFrame) -> pl.DataFrame:
    """The queues in the order of their need: calls missed against the target first, those without calls last."""
    missed = (pl.col("service_level_target_ratio") - pl.col("service_level_ratio")) * pl.col("offered_calls")
    return queues.with_columns(missed.alias("need_calls")).sort(
        pl.col("need_calls").fill_null(-1e9), "offered_calls", "queue_name", descending=[True, True, False]
    )


def queue_table(
    queues: pl.DataFrame,
    *,
    earlier: pl.DataFrame,
    forecasts: pl.DataFrame | None,
    forecast_at: datetime,
    targets: pl.DataFrame,
    filters: Filters,
    compared: str,
    other: Mapping[str, object],
) -> Block:
    """One row per queue, who needs help first: service level, offers, waits, handle time, intervals on target."""
    before = {row["queue_id"]: row for row in earlier.iter_rows(named=True)}
    expected = (
        {row["queue_id"]: row for row in forecasts.iter_rows(named=True)} if forecasts is not None else {}
    )
    kept = {row["queue_id"]: row for row in targets.iter_rows(named=True)}
    rows = []
    for row in need(queues).iter_rows(named=True):
        queue_id = row["queue_id"]
        rows.append(
            {
                "key": str(queue_id),
                "cells": _queue_cells(
                    row,
                    before.get(queue_id),
                    expected.get(queue_id),
                    kept.get(queue_id),
                    filters,
                    other,
                    forecast_at,
                ),
            }
        )
    columns = [
        column(t("Queue")),
        column(t("Service level"), "end"),
        column(t("Against target")),
        column(t("Offered"), "end"),
        column(t("Forecast"), "end"),
        column(t("Change"), "end", wide=True),
        column(t("ASA"), "end"),
        column(t("Abandoned"), "end"),
        column(t("Longest"), "end", wide=True),
        column(t("AHT"), "end", wide=True),
        column(t("On target"), "end", wide=True),
    ]
    return board.table(
        t("Queues"),
        columns,
        rows,
        nothing=t("No queue is left by these filters. Choose fewer of them."),
        title=t("Queues"),
        lead=t(
            "Who needs help first: the most calls missed against the target. Change: of offers, against those {when}.",
            when=compared,
        ),
    )


def _queue_cells(
    row: Row,
    earlier: Row | None,
    forecast: Row | None,
    kept: Row | None,
    filters: Filters,
    other: Mapping[str, object],
    forecast_at: datetime,
) -> list[Block | str]:
    level, target, queue_id = row["service_level_ratio"], row["service_level_target_ratio"], row["queue_id"]
    against = board.against_target(level, target)
    alone = filters.changed(queue_id=queue_id)

    def led(text: str, of_name: str, known: object = True) -> Block | str:
        return board.leading(text, behind(of_name, alone, **other)) if known else text

    expected = forecast["forecast_calls"] if forecast else None
    judged = kept["judged_intervals"] if kept else 0
    return [
        board.inside(
            words.name(row["queue_name"]), **alone.address(), **{key: str(one) for key, one in other.items()}
        ),
        board.amount(
            words.ratio(level, against=target),
            level,
            tone=str(against["tone"]),
            address=behind("service_level_ratio", alone, **other) if level is not None else None,
        ),
        against,
        led(words.number(row["offered_calls"]), "offered_calls", row["offered_calls"]),
        board.leading(
            words.number(expected),
            behind_forecast(filters, forecast_at, of_queue=queue_id) if expected is not None else None,
        ),
        change_text("offered_calls", row["offered_calls"], earlier["offered_calls"] if earlier else None)
        or words.UNKNOWN,
        led(
            words.duration(row["average_speed_of_answer_seconds"]),
            "average_speed_of_answer_seconds",
            row["answered_calls"],
        ),
        led(words.ratio(row["abandonment_ratio"]), "abandonment_ratio", row["offered_calls"]),
        led(
            words.duration(row["longest_wait_seconds"]),
            "longest_wait_seconds",
            row["longest_wait_seconds"] is not None,
        ),
        led(
            withheld.of(row) or words.duration(row["average_handle_time_seconds"]),
            "average_handle_time_seconds",
            row["handled_calls"] and not withheld.of(row),
        ),
        led(
            t("{n} of {all}", n=words.number(kept["on_target_intervals"]), all=words.number(judged)),
            "intervals_on_target_ratio",
        )
        if kept and judged
        else words.UNKNOWN,
    ]


def behind_forecast(filters: Filters, as_of: datetime, *, of_queue: int | None = None) -> str:
    """The address of the days that a forecast is made of; of_queue: those of one of the chosen queues alone."""
    return behind("forecast_calls", filters, as_of=as_of, of_queue=of_queue)


def accuracy_text(forecast: pl.DataFrame, day_date: date) -> str:
    """How good the forecast of a day was, with the formula of its error; says so where there was none."""
    known = forecast.filter(pl.col("forecast_calls").is_not_null())
    sums = known.select(pl.col("forecast_error_calls", "forecasted_offered_calls").sum())
    row = metrics.with_metrics(sums, "forecast_error_ratio").row(0, named=True)
    if row["forecast_error_ratio"] is None:
        return t("No forecast was made for {day}.", day=words.day(day_date))
    return t(
        "The forecast of {day} was off by {ratio}: its intervals differed by {off} calls together, of {n} offered (WAPE).",
        day=words.day(day_date),
        ratio=words.ratio(row["forecast_error_ratio"]),
        off=words.number(row["forecast_error_calls"]),
        n=words.number(row["forecasted_offered_calls"]),
    )


def forecast_text(forecast: pl.DataFrame) -> str:
    """Of what the forecast of a day is made, or why there is none."""
    first = forecast.row(0, named=True)
    if first["is_holiday"]:
        return t("No forecast: the timetable names this day a holiday.")
    if first["week_count"] < LEAST_WEEKS:
        return t_count(
            "No forecast: it takes three comparable weeks, there is {n}.",
            "No forecast: it takes three comparable weeks, there are {n}.",
            first["week_count"],
        )
    return t_count(
        "Forecast: the median of the same weekday and quarter of an hour of {n} week, holidays left out.",
        "Forecast: the median of the same weekday and quarter of an hour of {n} weeks, holidays left out.",
        first["week_count"],
    )
