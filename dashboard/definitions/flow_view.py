"""One day's flow through the queues, for its picture: who came in, who left and how, who stood there.

In: the intervals of `balance_intervals`. Out: the frame and the words of the picture, and its heading.
The rule it guards: the picture shows the same counts as the tables below it, none of them smoothed.
"""

from __future__ import annotations

import polars as pl

from dashboard import board, words
from dashboard.board import Block
from dashboard.definitions.balance_view import ELSEWHERE, busy, labels
from dashboard.filters import Filters
from dashboard.words import t


def flow_heading(filters: Filters) -> Block:
    """The title over the picture of the day's flow, with its legend."""
    legend: list[Block] = [
        {"line": "key-bar", "word": t("came in")},
        board.status("good", t("answered")),
        board.status("near", t("led elsewhere")),
        board.status("off", t("abandoned")),
        {"tone": "none", "shape": "diamond", "word": t("still in the queues at the end of the interval")},
    ]
    return {
        "kind": "section",
        "title": t("In and out"),
        "lead": t(
            "Above the line who came in, below it who left, and how; {day}.",
            day=words.day(filters.first_date),
        ),
        "legend": legend,
    }


def flow_frame(frame: pl.DataFrame, *, zone_name: str) -> pl.DataFrame:
    """What the picture draws: the intervals from the first contact to the last, below zero what left."""
    places = busy(frame.with_row_index("place")).get_column("place")
    first, last = (int(places[0]), int(places[-1]) + 1) if len(places) else (0, frame.height)
    part = frame.slice(first, last - first)
    return part.select(
        pl.Series("label_text", labels(part, zone_name=zone_name, is_by_day=False)),
        "offered_calls",
        (-pl.col("left_answered_calls")).alias("answered_below_calls"),
        (-pl.sum_horizontal(f"left_{name}_calls" for name in ELSEWHERE)).alias("elsewhere_below_calls"),
        (-(pl.col("left_abandoned_calls") + pl.col("left_interrupted_calls"))).alias("lost_below_calls"),
        "queued_after_calls",
        "left_answered_calls",
        "left_abandoned_calls",
        pl.sum_horizontal(f"left_{name}_calls" for name in ELSEWHERE).alias("left_elsewhere_calls"),
    )


def flow_texts() -> dict[str, str]:
    """The words on the picture."""
    return {
        "interval": t("Interval from"),
        "offered": t("Came in"),
        "answered": t("Answered"),
        "abandoned": t("Abandoned"),
        "elsewhere": t("Led elsewhere"),
        "queued": t("In the queues at its end"),
    }
