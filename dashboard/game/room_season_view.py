"""The seasons of the game, ready to draw: when each is, how far it is closed, by whom, and the hash its ledger had then.

In: the answers of the room's questions. Out: blocks for `board.show`.
The rule it guards: a closed season shows with what it was closed, so that anybody can check that nothing was changed since.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count

SHORT_HASH = 12


def state(row: Row, today: date) -> Block:
    """How a season stands, as a mark with its word."""
    if row["state_name"] == "closed":
        return board.status("good", t("Closed"))
    if row["state_name"] == "settling":
        return board.status("near", t("Is being closed"))
    if row["start_date"] > today:
        return board.status("none", t("Comes"))
    return (
        board.status("good", t("Running"))
        if row["end_date"] > today
        else board.status("near", t("Over, to be closed"))
    )


def table(seasons: pl.DataFrame, *, today: date, zone_name: str) -> Block:
    """One row per season."""
    rows = [
        {
            "key": row["season_name"],
            "tone": "none",
            "cells": [
                words.name(row["season_name"]),
                words.days(row["start_date"], words.shifted_day(row["end_date"], -1)),
                state(row, today),
                board.amount(
                    t("{n} of {m} days", n=row["closed_days"], m=row["season_days"]),
                    row["closed_days"] / row["season_days"],
                ),
                words.number(row["given_points"]),
                words.number(row["given_agents"]),
                words.number(row["freeze_count"]),
                _closed_by(row, zone_name),
                (row["hash_text"] or row["last_hash_text"] or words.UNKNOWN)[:SHORT_HASH],
            ],
        }
        for row in seasons.iter_rows(named=True)
    ]
    columns = [
        column(t("Season"), "text"),
        column(t("Working days"), "text"),
        column(t("State")),
        column(t("Closed"), "end"),
        column(t("Points"), "end"),
        column(t("Agents"), "end", wide=True),
        column(t("Freezes"), "end", wide=True),
        column(t("Closed by"), "text", wide=True),
        column(t("Hash"), "raw", wide=True),
    ]
    return board.table(
        t("Seasons"), columns, rows, title=t("Seasons"),
        lead=t(
            "A season is a stretch of working days with a board and streaks of its own. Closing it fixes every day of it; "
            "what turns out differently later is put right in the open one."
        ),
        nothing=t("No season yet. Points count all the same; a season gives the boards a beginning and an end."),
    )  # fmt: skip


def _closed_by(row: Row, zone_name: str) -> str:
    if row["closed_by_name"] is None:
        return words.UNKNOWN
    when = words.moment(row["closed_at"], zone_name, in_seconds=False) if row["closed_at"] else t("asked for")
    return f"{words.name(row['closed_by_name'])}, {when}"


def closes(days: pl.DataFrame, *, zone_name: str, season_name: str) -> Block:
    """The closed days of a season, each with the hash of the ledger after it."""
    rows = [
        {
            "key": row["day_date"].isoformat(),
            "tone": "none",
            "cells": [
                words.day(row["day_date"]),
                words.moment(row["closed_at"], zone_name, in_seconds=False),
                words.number(row["entry_count"]),
                row["hash_text"],
            ],
        }
        for row in days.iter_rows(named=True)
    ]
    columns = [
        column(t("Working day")),
        column(t("Closed"), wide=True),
        column(t("Entries"), "end"),
        column(t("Hash of the ledger"), "raw"),
    ]
    title = t("Closed days of {season}", season=words.name(season_name))
    lead = t("Each hash holds the one before it: whoever changed an old entry would change all that follow.")
    return board.table(title, columns, rows, nothing=t("No day of it is closed yet."), title=title, lead=lead)


def may_close(row: Row, today: date) -> str:
    """Why a season cannot be closed yet; empty where it can."""
    if row["state_name"] == "settling":
        return t("It was asked for already; the loader closes it within minutes.")
    left = (row["end_date"] - today).days
    if left > 0:
        return t_count("It runs for {n} more day.", "It runs for {n} more days.", left)
    return ""
