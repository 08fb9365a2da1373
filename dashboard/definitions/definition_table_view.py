"""The tables below the definitions: counts and sums, the settings of the queues, the versions, and all as a file.

In: the records of sql/metrics and the queues' settings. Out: blocks for `board.show`, and a frame.
The rule it guards: nothing here is written a second time; names, meanings and versions come from the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.definitions import definition_view
from dashboard.words import t, t_count
from sql import metrics
from sql.metrics import Column, Metric


def count_table(shown: Sequence[Column]) -> Block:
    """The plain counts and sums: what a column of that name says, wherever it stands."""
    columns = [
        column(t("Name")),
        column(t("What it counts"), "text"),
        column(t("Rows")),
        column(t("Column"), wide=True),
    ]
    rows = [
        {
            "key": one.name,
            "cells": [
                t(one.label),
                t(one.meaning) + (" " + t("Rows become one by the largest.") if one.combine == "max" else ""),
                definition_view.kind_word(one.kind),
                one.name,
            ],
        }
        for one in shown
    ]
    return board.table(
        t("Counts and sums"),
        columns,
        rows,
        nothing=t("No count or sum has these words in it."),
        title=t("Counts and sums"),
        lead=t_count(
            "{n} column of which the numbers above are made.",
            "{n} columns of which the numbers above are made.",
            len(rows),
        ),
    )


def settings_table(queues: pl.DataFrame) -> Block:
    """By which settings each queue counts."""
    columns = [
        column(t("Queue")),
        column(t("Threshold"), "end"),
        column(t("Target"), "end"),
        column(t("Formula"), "text"),
        column(t("Short abandon below"), "end"),
        column(t("Timetable")),
    ]
    rows = [
        {
            "key": str(row["queue_id"]),
            "cells": [
                words.name(row["queue_name"]),
                words.duration(row["service_level_threshold_seconds"]),
                words.target_ratio(row["service_level_target_ratio"]),
                board.formula_word(row["service_level_formula_name"]),
                words.duration(row["short_abandon_seconds"]),
                _timetable(row),
            ],
        }
        for row in queues.iter_rows(named=True)
    ]
    return board.table(
        t("Settings of the queues"),
        columns,
        rows,
        nothing=t("No queue is known yet. The first load brings the queues with it."),
        title=t("By which settings each queue counts"),
        lead=t(
            "A wait of exactly the threshold is in time. Organisation changes them; the past is then counted anew."
        ),
    )


def _timetable(row: Row) -> str:
    if row["schedule_name"] is None:
        return t("none")
    return (
        t("{name} (default)", name=row["schedule_name"])
        if row["is_default_schedule"]
        else row["schedule_name"]
    )


def version_table() -> Block:
    """The versions of the definitions, the newest first: what changed, and which numbers moved."""
    rows = [
        {
            "key": str(one.version),
            "cells": [
                words.number(one.version),
                words.day(one.changed_date),
                t(one.what),
                t(one.moved),
                words.number(len(one.formulas)),
            ],
        }
        for one in reversed(metrics.changes())
    ]
    columns = [
        column(t("Version"), "end"),
        column(t("Since")),
        column(t("What changed"), "text"),
        column(t("Which numbers moved"), "text"),
        column(t("Formulas"), "end", wide=True),
    ]
    return board.table(
        t("Versions of the definitions"),
        columns,
        rows,
        nothing="",
        title=t("Versions"),
        lead=t("Every export and report carries the version by which it was counted."),
    )


def as_frame(shown: Iterable[Metric]) -> pl.DataFrame:
    """The definitions as a table, for a file."""
    return pl.DataFrame(
        [
            {
                "metric_name": one.name,
                "label_name": t(one.label),
                "group_name": t(one.group),
                "meaning_text": t(one.meaning),
                "counted_text": t(one.counted),
                "formula_text": one.formula_text,
                "unit_name": one.unit,
                "direction_name": one.direction,
                "target_text": definition_view.target_word(one),
                "source_text": one.source,
                "definition_version": metrics.definition_version(),
            }
            for one in shown
        ]
    )
