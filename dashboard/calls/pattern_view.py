"""Patterns of a period: which times of the week are hard, and how long people wait before they are answered or give up.

In: sums by weekday and quarter of an hour, sums by length of wait. Out: frames for the charts, tables and texts.
The rule it guards: a quarter without calls is told from one with a value of zero, and a share is always of those whom it
could have happened to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import accumulate

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.words import t, t_count

MEASURES = ("offered", "service_level", "average_speed_of_answer", "abandonment")
COLUMNS: Mapping[str, str] = {
    "service_level": "service_level_ratio",
    "average_speed_of_answer": "average_speed_of_answer_seconds",
    "abandonment": "abandonment_ratio",
}
HALF_HOUR = 1800
MONDAY = date(2024, 1, 1)


def measure_word(measure_name: str) -> str:
    """The reader's word for what the map of the week shows."""
    known = {
        "offered": t("Offered"),
        "service_level": t("Service level"),
        "average_speed_of_answer": t("ASA"),
        "abandonment": t("Abandonment"),
    }
    return known.get(measure_name, measure_name)


def weekday_word(weekday_number: int) -> str:
    """The short name of a weekday, 0 for Monday."""
    return words.day(MONDAY + timedelta(days=weekday_number)).split(",")[0]


def week_frame(
    hours: pl.DataFrame, *, measure_name: str, filters: Filters, other: Mapping[str, object]
) -> pl.DataFrame:
    """What the map of the week draws: one row per weekday and quarter of an hour, from the first busy time to the last.

    value: the measure, offers as an average per day; null where nobody called (of a ratio: where it has no value).
    here_text: the address of the calls of those weekdays and times.
    """
    busy = hours.filter(pl.col("offered_calls") > 0).get_column("interval_start_seconds")
    first = int(busy.min() or 0) if len(busy) else 0  # type: ignore[arg-type]
    last = int(busy.max() or 0) if len(busy) else 86_399  # type: ignore[arg-type]
    shown = hours.filter(pl.col("interval_start_seconds").is_between(first, last)).sort(
        "weekday_number", "interval_start_seconds"
    )
    rows = list(shown.iter_rows(named=True))
    values = [_value(row, measure_name) for row in rows]
    return pl.DataFrame(
        {
            "weekday_text": [weekday_word(row["weekday_number"]) for row in rows],
            "label_text": [clock_text(row["interval_start_seconds"]) for row in rows],
            "value": values,
            "is_quiet": [not row["offered_calls"] for row in rows],
            "here_text": [cell_address(row, measure_name, filters, other) for row in rows],
            "value_text": [_value_text(measure_name, value) for value in values],
            "offered_text": [
                t_count("{all} in {n} day", "{all} in {n} days", row["days_count"], all=words.number(row["offered_calls"]))
                for row in rows
            ],
        },
        schema_overrides={"value": pl.Float64, "weekday_text": pl.String, "label_text": pl.String, "value_text": pl.String,
                          "here_text": pl.String},
    )  # fmt: skip


def cell_address(row: Row, measure_name: str, filters: Filters, other: Mapping[str, object]) -> str:
    """The address of the calls offered on a weekday in a quarter of an hour of the clock on the wall."""
    place = {"weekday": row["weekday_number"], "quarter": row["interval_start_seconds"]}
    return behind(COLUMNS.get(measure_name, "offered_calls"), filters, **other, **place)


def _value(row: Mapping[str, object], measure_name: str) -> float | None:
    if measure_name != "offered":
        found = row[COLUMNS[measure_name]]
        return None if found is None else float(str(found))
    days = int(str(row["days_count"]))
    return int(str(row["offered_calls"])) / days if days else None


def _value_text(measure_name: str, value: float | None) -> str:
    if measure_name == "offered":
        return words.number(None if value is None else round(value, 1))
    return words.value(COLUMNS[measure_name], value)


def clock_text(seconds: int) -> str:
    """Seconds since midnight as the clock on the wall shows them."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def week_texts(measure_name: str) -> Mapping[str, str]:
    """The words on the map of the week."""
    return {
        "weekday": t("Weekday"),
        "interval": t("Interval from"),
        "value": t("Offered a day") if measure_name == "offered" else measure_word(measure_name),
        "offered": t("Offered"),
        "quiet": t("no call"),
    }


def week_heading(hours: pl.DataFrame, *, measure_name: str) -> Block:
    """The title over the map of the week, with how its empty cells are meant."""
    days = int(hours.get_column("days_count").max() or 0)  # type: ignore[arg-type]
    lead = t_count(
        "{measure} by weekday and quarter of an hour ({n} such day). A dot: nobody called. Blank: not in the period.",
        "{measure} by weekday and quarter of an hour ({n} such days). A dot: nobody called. Blank: not in the period.",
        days,
        measure=measure_word(measure_name),
    )
    return {"kind": "section", "title": t("The week"), "lead": lead, "legend": []}


def wait_label(after_seconds: int | None, until_seconds: int | None) -> str:
    """A stretch of wait in words: "at once", "5 to 10 s", "over 10:00"."""
    if after_seconds is None:
        return t("at once")
    if until_seconds is None:
        return t("over {time}", time=words.duration(after_seconds))
    return t("{first} to {last}", first=_short(after_seconds), last=words.duration(until_seconds))


def _short(seconds: int) -> str:
    return words.duration(seconds).removesuffix(" s")


def wait_frame(waits: pl.DataFrame) -> pl.DataFrame:
    """One row per stretch of wait with what the chart and the table need, up to the longest wait there was.

    reached_calls: those who waited longer than the stretch's beginning; gave_up_ratio: the share of them who gave up in it.
    """
    rows = list(waits.sort(pl.col("after_seconds").fill_null(-1)).iter_rows(named=True))
    ends = [row["answered_calls"] + row["abandoned_calls"] + row["flowed_out_calls"] for row in rows]
    reached = [sum(ends) - before for before in accumulate([0, *ends[:-1]])]
    used = max((place for place, count in enumerate(ends) if count), default=-1) + 1
    kept = list(zip(rows, reached, strict=True))[:used]
    return pl.DataFrame(
        {
            "label_text": [wait_label(row["after_seconds"], row["until_seconds"]) for row, _ in kept],
            "after_seconds": [row["after_seconds"] for row, _ in kept],
            "until_seconds": [row["until_seconds"] for row, _ in kept],
            "answered_calls": [row["answered_calls"] for row, _ in kept],
            "abandoned_calls": [row["abandoned_calls"] for row, _ in kept],
            "flowed_out_calls": [row["flowed_out_calls"] for row, _ in kept],
            "reached_calls": [count for _, count in kept],
            "gave_up_ratio": [row["abandoned_calls"] / count if count else None for row, count in kept],
        },
        schema_overrides={
            "after_seconds": pl.Int64,
            "until_seconds": pl.Int64,
            "gave_up_ratio": pl.Float64,
            "label_text": pl.String,
        },
    )


def threshold_place(frame: pl.DataFrame, threshold_seconds: int | None) -> tuple[str, float] | None:
    """Where the threshold stands among the stretches: the label of its stretch and how far into it, 0 to 1."""
    if threshold_seconds is None:
        return None
    before = 0
    for label, until in frame.select("label_text", "until_seconds").iter_rows():
        if until is None or until >= threshold_seconds:
            span = (until - before) if until else 0
            return str(label), (threshold_seconds - before) / span if span > 0 else 1.0
        before = until
    return None


def wait_texts() -> Mapping[str, str]:
    """The words on the chart of waits."""
    return {
        "wait": t("Wait"),
        "answered": t("answered"),
        "abandoned": t("abandoned"),
        "flowed_out": t("led elsewhere"),
        "calls": t("Calls"),
        "how": t("How the wait ended"),
    }


def wait_heading(threshold_seconds: int | None) -> Block:
    """The title over the chart of waits."""
    lead = (
        t("How long contacts waited and how their wait ended. The queues chosen have no common threshold.")
        if threshold_seconds is None
        else t(
            "How long contacts waited and how their wait ended. The line is the threshold, {time}.",
            time=words.duration(threshold_seconds),
        )
    )
    return {"kind": "section", "title": t("Waits"), "lead": lead, "legend": []}


def _behind_waits(row: Row, name: str, filters: Filters, other: Mapping[str, object]) -> Block | str:
    """A count of one stretch of wait, which leads to its rows."""
    count, after = row[f"{name}_calls"], row["after_seconds"]
    first = None if after is None else after + 1  # a stretch begins after its lower end
    leads = behind(f"{name}_calls", filters, **other, wait_from=first, wait_to=row["until_seconds"])
    return board.leading(words.number(count), leads) if count else words.number(count)


def _behind_reached(row: Row, filters: Filters, other: Mapping[str, object]) -> str | None:
    """The address of those who waited longer than a stretch's beginning, however their wait ended."""
    first = None if row["after_seconds"] is None else row["after_seconds"] + 1
    return behind("ended_wait_calls", filters, **other, wait_from=first) if row["reached_calls"] else None


def wait_table(frame: pl.DataFrame, *, filters: Filters, other: Mapping[str, object]) -> Block:
    """Patience in figures: of those who had waited so long, how many gave up in each stretch."""
    most = max([0.0, *frame.get_column("gave_up_ratio").drop_nulls().to_list()]) or 1.0
    rows = []
    for row in frame.iter_rows(named=True):
        share = row["gave_up_ratio"]
        rows.append(
            {
                "key": row["label_text"],
                "cells": [
                    row["label_text"],
                    *(
                        _behind_waits(row, name, filters, other)
                        for name in ("answered", "abandoned", "flowed_out")
                    ),
                    board.leading(words.number(row["reached_calls"]), _behind_reached(row, filters, other)),
                    board.amount(words.ratio(share), share / most if share else None),
                ],
            }
        )
    columns = [
        column(t("Wait")),
        column(t("Answered"), "end"),
        column(t("Abandoned"), "end"),
        column(t("Led elsewhere"), "end", wide=True),
        column(t("Waited so long"), "end"),
        column(t("of them gave up here"), "end"),
    ]
    return board.table(
        t("Patience"),
        columns,
        rows,
        nothing=t("Nobody waited in this period."),
        title=t("Patience"),
        lead=t("Of the contacts that had waited so long, the share that gave up in this stretch of wait."),
    )
