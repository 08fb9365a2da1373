"""What a page says of rows that were deleted for their age: from which day on they are there, and what went last.

In: the answer of the question `retention`, and the days that are shown. Out: blocks for `board.show`.
The rule it guards: where rows behind a number are missing because they were deleted, the page says so by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, column
from dashboard.words import t, t_count

KINDS_OF_ROWS = {
    **dict.fromkeys(("calls", "agent_calls", "live", "given", "rings", "intervals"), "calls"),
    **dict.fromkeys(("states", "shifts", "pauses", "strains", "live_agents", "surveys", "reviews"), "agents"),
    "tickets": "tickets",
}
"""Which limit holds for each kind of list behind a number."""


def _names() -> dict[str, tuple[str, str]]:
    """What each kind is called, and what it is made of."""
    return {
        "calls": (
            t("Calls"),
            t("stays in queues, links, attempts, recordings, self-service, follow-ups"),
        ),
        "agents": (
            t("Days of agents"),
            t("states, intervals, shifts, surveys, reviews, coaching, finished reports"),
        ),
        "tickets": (t("Tickets"), t("with their changes and promises")),
        "money": (t("Costs and revenues"), ""),
        "loads": (t("Loads"), t("refused rows, uploads, runs, comparisons, alerts and their deliveries")),
        "sessions": (t("Sign-ins that are over"), ""),
        "audit": (t("Audit trail"), t("who saw, exported or changed what")),
        "figures": (t("Sums without names"), t("intervals of queues, days of tickets and goals")),
    }


def deleted_notice(
    kept: pl.DataFrame, kinds: Collection[str], window_start: datetime, *, zone_name: str
) -> Block | None:
    """Says from which day on the rows of these kinds are there; None where the window lies wholly within."""
    missing = kept.filter(pl.col("kind_name").is_in(list(kinds)) & (pl.col("whole_from_at") > window_start))
    if missing.is_empty():
        return None
    names = _names()
    days = [
        t("{kind} from {day} on", kind=names[kind][0], day=words.day(words.local_day(at, zone_name)))
        for kind, at in missing.select("kind_name", "whole_from_at").iter_rows()
    ]
    return board.notice(
        "none",
        t("Some of these days are too old to be shown row by row"),
        t(
            "Single rows are deleted when they reach the age that this site keeps. There are still: {days}. Sums of queues "
            "and days from before stay as they were counted; what is narrowed to a team, a person, a channel or a subject "
            "is counted from the rows that are there.",
            days="; ".join(days),
        ),
    )


def kept_table(kept: pl.DataFrame, *, zone_name: str) -> Block:
    """For how long each kind is kept, from when on it is there, and what went in the last night in which any of it did."""
    columns = [
        column(t("What"), "text"),
        column(t("Kept for")),
        column(t("There from")),
        column(t("Last deleted"), wide=True),
        column(t("Rows"), "end", wide=True),
    ]
    rows = [{"key": row["kind_name"], "cells": _cells(row, zone_name)} for row in kept.iter_rows(named=True)]
    return board.table(
        t("How long rows are kept"),
        columns,
        rows,
        nothing=t(
            "The loader notes it in its first night; [retention] in floorboard.toml says how long each kind is kept."
        ),
        title=t("How long rows are kept"),
    )


def _cells(row: dict[str, Any], zone_name: str) -> list[Any]:
    name, parts = _names().get(row["kind_name"], (row["kind_name"], ""))
    months = row["kept_months"]
    return [
        f"{name}: {parts}" if parts else name,
        t("no limit") if months is None else t_count("{n} month", "{n} months", months),
        t("the beginning")
        if row["whole_from_at"] is None
        else words.day(words.local_day(row["whole_from_at"], zone_name)),
        t("nothing yet") if row["deleted_at"] is None else words.moment(row["deleted_at"], zone_name),
        "" if row["deleted_rows"] is None else words.number(row["deleted_rows"]),
    ]
