"""Ours beside the source's own count: what each source delivered day by day, what became of it, and what it counts itself.

In: the answers of `balance_sources` and `refused_rows`, the reader's view. Out: blocks for `board.show`.
The rule it guards: read = loaded + unchanged + refused in every line, and a day without a comparison is said to have none.
"""

from __future__ import annotations

from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters
from dashboard.loading.health_view import night_mark
from dashboard.words import t, t_count

COMPARED = (
    "origin_rows",
    "agreed_rows",
    "missing_rows",
    "differing_rows",
    "mended_rows",
    "surplus_rows",
)


def delivered_table(days: pl.DataFrame, *, address: Filters) -> Block:
    """Day by day and source by source: the rows that were read on that day, and what became of them."""
    counts = ("read", "loaded", "unchanged", "rejected")
    rows = [
        {
            "key": f"{row['day_date']}-{row['source_name']}",
            "tone": "off" if row["unexplained_rows"] else "none",
            "cells": [
                words.day(row["day_date"]),
                row["source_name"],
                *(words.number(row[f"{name}_rows"]) for name in counts),
                board.leading(words.number(row["open_rejected_rows"]), _refused_address(row, address)),
            ],
        }
        for row in days.iter_rows(named=True)
        if row["open_rejected_rows"] or any(row[f"{name}_rows"] for name in counts)
    ]
    columns = [
        column(t("Read on")),
        column(t("Source")),
        column(t("Read"), "end"),
        column(t("= loaded"), "end"),
        column(t("+ unchanged"), "end", wide=True),
        column(t("+ refused"), "end"),
        column(t("still refused"), "end"),
    ]
    return board.table(
        t("What each source delivered"),
        columns,
        rows,
        nothing=t("No row was read in these days."),
        title=t("What each source delivered"),
        lead=t("Rows by the day on which they were read, whenever the contact came."),
    )


def compared_table(days: pl.DataFrame) -> Block:
    """Day by day and source by source: what the source itself tells of that day, and how much of it agrees."""
    rows = [
        {
            "key": f"{row['day_date']}-{row['source_name']}",
            "tone": "off" if row["outcome_name"] == "differs" else "none",
            "cells": [
                words.day(row["day_date"]),
                row["source_name"],
                night_mark(row["outcome_name"]),
                *(words.number(row[name] if is_compared(row) else None) for name in COMPARED),
                row["reason_text"] or "",
            ],
        }
        for row in days.iter_rows(named=True)
        if row["outcome_name"]
    ]
    columns = [
        column(t("Day")),
        column(t("Source")),
        column(t("Against the source")),
        column(t("There"), "end"),
        column(t("agreed"), "end"),
        column(t("missing"), "end", wide=True),
        column(t("different"), "end", wide=True),
        column(t("mended"), "end", wide=True),
        column(t("only here"), "end", wide=True),
        column(t("Remarks"), "text", wide=True),
    ]
    return board.table(
        t("Ours beside the source's own count"),
        columns,
        rows,
        nothing=t("No comparison ran for these days: a day is compared in the night after it."),
        title=t("Ours beside the source's own count"),
        lead=t(
            "Records by their own day. Each night the day that ended is read once more at its source and compared, record "
            "by record; there: what the source tells."
        ),
    )


def is_compared(row: Row) -> bool:
    """Whether a comparison with the source gave counts."""
    return row["outcome_name"] not in (None, "failed", "not_comparable")


def _refused_address(row: Row, filters: Filters) -> str | None:
    if not row["open_rejected_rows"]:
        return None
    told = {**filters.address(), "source": row["source_name"], "day": row["day_date"].isoformat()}
    return f"?{urlencode(told)}"


def refused_lead(source_name: str, day_text: str, count: int) -> Block:
    """The heading over the refused rows of one day."""
    return {
        "kind": "section",
        "title": t_count(
            "{n} refused row of {source}", "{n} refused rows of {source}", count, source=source_name
        ),
        "lead": t(
            "Refused on {day} and not taken since; Data health has the button to try them again.",
            day=day_text,
        ),
        "legend": [],
    }
