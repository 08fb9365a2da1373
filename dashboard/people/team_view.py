"""Teams as a whole: what each handled, how long it took, and where its time went, beside the whole floor.

In: the frames of the questions about the work of teams. Out: blocks for `board.show`.
The rule it guards: what is kept back says so in its cell; a figure of some days says of how many.
"""

from __future__ import annotations

import polars as pl

from dashboard import board, withheld, words
from dashboard.board import Block, Row, column
from dashboard.words import t

CONTACTS, TIME = "contacts_withheld_name", "time_withheld_name"


def nobody() -> Block:
    """The days on which nobody worked."""
    title = t("Nobody handled a contact or was signed in on these days.")
    return board.notice("none", title, t("Choose other days."))


def running_notice(days: pl.DataFrame) -> Block | None:
    """That the running day is not told yet, with what to choose instead; None where all days are told or kept for good."""
    running = days.filter(pl.col("is_floor") & (pl.col(CONTACTS) == "open"))
    if running.is_empty():
        return None
    body = withheld.sentence("open", None)
    if running.height == days.filter("is_floor").height:
        return board.notice(
            "none", t("Told when the day is over."), body, steps=[t("Choose yesterday, or the last 7 days.")]
        )
    return board.notice("none", t("The running day is left out."), body)


def team_table(teams: pl.DataFrame) -> Block:
    """The teams by name and the whole floor last, in contacts and in time."""
    rows = [
        {"key": _key(row), "cells": [_name(row), *_figures(row), _days(row)]}
        for row in teams.iter_rows(named=True)
    ]
    lead = t(
        "Contacts belong to the day on which they came in, time to its own. What would tell of the work of a few is kept "
        "back; a sum is made of the days that are told."
    )
    columns = [column(t("Team")), *_columns(), column(t("Days told"), "end")]
    return board.table(t("Teams"), columns, rows, nothing=t("No team."), title=t("Teams"), lead=lead)


def day_table(days: pl.DataFrame, *, of_name: str) -> Block:
    """One team, or the whole floor, day by day."""
    rows = [
        {"key": row["day_date"].isoformat(), "cells": [words.day(row["day_date"]), *_figures(row)]}
        for row in days.sort("day_date").iter_rows(named=True)
    ]
    title = t("{team} day by day", team=of_name)
    return board.table(title, [column(t("Day")), *_columns()], rows, nothing=t("No day."), title=title)


def team_word(row: Row) -> str:
    """What a row is of: the whole floor, a team, or the agents without one."""
    if row["is_floor"]:
        return t("The whole floor")
    return words.name(row["team_name"]) if row["team_name"] else t("No team")


def _key(row: Row) -> str:
    return "floor" if row["is_floor"] else str(row["team_id"])


def _name(row: Row) -> str:
    return team_word(row)


def _columns() -> list[Block]:
    return [
        column(t("Handled"), "end"),
        column(t("AHT"), "end"),
        column(t("Transfers"), "end", wide=True),
        column(t("Occupancy"), "end"),
        column(t("Paused"), "end", wide=True),
        column(t("Signed in"), "end", wide=True),
    ]


def _figures(row: Row) -> list[Block | str]:
    contacts = withheld.of(row, CONTACTS) if row["handled_calls"] is None else ""
    time = withheld.of(row, TIME) if row["signed_in_seconds"] is None else ""
    rest = words.UNKNOWN
    return [
        contacts or words.number(row["handled_calls"]),
        rest if contacts else words.duration(row["average_handle_time_seconds"]),
        rest if contacts else words.ratio(row["transfer_ratio"]),
        time or words.ratio(row["occupancy_ratio"]),
        rest if time else words.ratio(row["paused_ratio"]),
        rest if time else words.long_time(row["signed_in_seconds"] or None, in_days=False),
    ]


def _days(row: Row) -> str:
    contacts, time, every = row["contacts_days_count"], row["time_days_count"], row["days_count"]
    if contacts == time:
        return t("{n} of {all}", n=words.number(contacts), all=words.number(every))
    return t(
        "contacts {n}, time {other} of {all}",
        n=words.number(contacts),
        other=words.number(time),
        all=words.number(every),
    )
