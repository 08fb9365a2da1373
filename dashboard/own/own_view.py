"""What a person sees about themselves: what is kept, where their name may stand, who looked, and what they can ask for.

In: the answers of the questions about one person. Out: blocks.
The rule it guards: said in words that need no lawyer, with the figure that is behind them.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dashboard import board, words
from dashboard.audit import audit_view
from dashboard.board import Block, column
from dashboard.words import t, t_count

LOOK_DAYS = 30


def board_words(board_name: str) -> tuple[str, str]:
    """What that kind of board is called, and who sees it."""
    return {
        "wall": (
            t("Wall displays"),
            t("Everybody in the room, visitors too, sees your name with your standing."),
        ),
        "leaderboard": (
            t("Leaderboards"),
            t("Colleagues of all teams see your name instead of another name."),
        ),
        "team_board": (
            t("The board of your team"),
            t("Your own team sees your name instead of another name."),
        ),
    }[board_name]


def nobody(*, is_person: bool) -> Block:
    """What stands there without an agent: for whoever has none, how to look up another."""
    if is_person:
        return board.notice(
            "none",
            t("This account belongs to no agent"),
            t(
                "Nothing is kept about your work. Your account, its sessions and your saved views are all there is."
            ),
            page=True,
        )
    return board.notice(
        "none",
        t("Whose data?"),
        t("Choose an agent above, to answer somebody who asks what is kept about them."),
        steps=[
            t("The archive is for that person; taking it along is noted."),
            t("On the console: `floorboard agent export NAME --output FILE.zip`."),
        ],
        page=True,
    )


def tiles(
    kept: pl.DataFrame,
    consents: pl.DataFrame,
    boards: Sequence[str],
    *,
    looks: pl.DataFrame | None,
    zone_name: str,
) -> Block:
    """How much is kept, since when, and where the name may stand."""
    held = kept.filter(pl.col("row_count") > 0)
    oldest = held.drop_nulls("first_at").sort("first_at").get_column("first_at").to_list()[:1]
    looked = t("in the last {n} days", n=LOOK_DAYS)
    allowed = consents.filter(pl.col("withdrawn_at").is_null()).height
    return {
        "kind": "tiles",
        "tiles": [
            {
                "key": "rows",
                "label": t("Rows about this person"),
                "value": words.number(int(held["row_count"].sum())),
                "more": t_count("in {n} table", "in {n} tables", held.height),
            },
            {
                "key": "oldest",
                "label": t("The oldest"),
                "value": words.day(words.local_day(oldest[0], zone_name)) if oldest else words.number(None),
                "more": t("what is older was deleted, or never was"),
            },
            {
                "key": "boards",
                "label": t("Boards with the name"),
                "value": t("{n} of {all}", n=allowed, all=len(boards)),
                "more": t("without leave, another name stands there"),
            },
            *(
                []
                if looks is None
                else [board.count_tile("looks", t("Looks by others"), looks.height, more=looked)]
            ),
        ],
    }


def look_table(looks: pl.DataFrame, *, zone_name: str) -> Block:
    """Who saw, took along or changed data of the person, the newest first."""
    rows = [
        {
            "key": str(place),
            "tone": "none",
            "cells": [
                words.value("noted_at", row["noted_at"], zone_name=zone_name),
                words.name(row["login_name"]) if row["login_name"] else t("Erased person"),
                audit_view.what_word(row["what_name"]),
                row["place_text"],
            ],
        }
        for place, row in enumerate(looks.to_dicts())
    ]
    return board.table(
        t("Who looked"),
        [
            column(t("When")),
            column(t("Who"), "text"),
            column(t("What"), "text"),
            column(t("Where"), wide=True),
        ],
        rows,
        nothing=t("Nobody but you in the last {n} days.", n=LOOK_DAYS),
        title=t("Who looked"),
        lead=t("In the last {n} days; once per person, page and quarter of an hour.", n=LOOK_DAYS),
    )


def consent_table(consents: pl.DataFrame, boards: Sequence[str], *, zone_name: str) -> Block:
    """Each kind of board: what it shows to whom, and whether the name may stand there."""
    standing = {row["board_name"]: row for row in consents.reverse().to_dicts()}
    rows = []
    for board_name in boards:
        title, shown_to = board_words(board_name)
        row = standing.get(board_name)
        is_allowed = row is not None and row["withdrawn_at"] is None
        rows.append(
            {
                "key": board_name,
                "cells": [title, shown_to, _standing(row, zone_name)],
                "tone": "good" if is_allowed else "none",
            }
        )
    return board.table(
        t("Where the name may stand"),
        [column(t("Board")), column(t("Who sees it"), "text"), column(t("Now"), "text")],
        rows,
        nothing="",
        title=t("Where the name may stand"),
        lead=t("Nothing is allowed until the person allows it, and it can be taken back at any time."),
    )


def _standing(row: dict[str, object] | None, zone_name: str) -> str:
    if row is None:
        return t("not allowed")
    if row["withdrawn_at"] is None:
        return t(
            "allowed since {instant}", instant=words.value("given_at", row["given_at"], zone_name=zone_name)
        )
    when = words.value("withdrawn_at", row["withdrawn_at"], zone_name=zone_name)
    return t("taken back {instant}", instant=when)


def kept_table(kept: pl.DataFrame, *, zone_name: str) -> Block:
    """One row per table with rows about the person."""
    held = kept.filter(pl.col("row_count") > 0).sort("row_count", descending=True)
    rows = [
        {
            "key": row["table_name"],
            "cells": [
                row["about_text"].removeprefix("Grain: ").partition(". ")[0] or row["table_name"],
                row["table_name"],
                words.number(row["row_count"]),
                words.value("first_at", row["first_at"], zone_name=zone_name),
                words.value("last_at", row["last_at"], zone_name=zone_name),
            ],
            "tone": "none",
        }
        for row in held.to_dicts()
    ]
    columns = [
        column(t("What is kept"), "text"),
        column(t("Table"), wide=True),
        column(t("Rows"), "end"),
        column(t("From"), "end", wide=True),
        column(t("To"), "end", wide=True),
    ]
    return board.table(
        t("What is kept about this person"),
        columns,
        rows,
        nothing=t("Nothing is kept about this person."),
        title=t("What is kept about this person"),
        lead=t(
            "Every table that can hold rows of a single agent was looked through; the archive holds each of these rows."
        ),
    )


def rights_notice() -> Block:
    """What a person can ask for, and of whom."""
    return board.notice(
        "none",
        t("What you can ask for"),
        t("No figure has consequences by itself: people decide, and can be asked."),
        steps=[
            t(
                "How a figure is made stands on the page Definitions; the rows behind it are a click on the number away."
            ),
            t("If a row is wrong, tell your supervisor: a source is read again and every figure follows."),
            t("To object, or to have your name erased when you leave, ask whoever runs Floorboard here."),
        ],
    )
