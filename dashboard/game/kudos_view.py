"""Thanks between people as cards, and how often the reader may still thank this week.

In: the answers of the questions about thanks. Out: blocks for `board.show`.
The rule it guards: a name stands there only as the database gave it; whoever is not named is "a colleague".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block
from dashboard.words import t

FEED_DAYS = 60
MOST_CARDS = 60


def category_word(name: str) -> str:
    """What thanks of that category are for."""
    return {
        "help": t("A helping hand"),
        "customer": t("Great with a customer"),
        "teaching": t("Shared what they know"),
        "idea": t("A good idea"),
        "calm": t("Kept calm"),
        "welcome": t("Made somebody welcome"),
    }[name]


def tiles(feed: pl.DataFrame, limits: Mapping[str, Any], *, week_start: datetime) -> Block:
    """How often the reader thanked this week and may still, what came back, and how lively it is."""
    given = feed.filter(pl.col("is_given_by_me") & (pl.col("given_at") >= week_start)).height
    standing = feed.filter(pl.col("state_name") == "standing")
    mine = standing.filter(pl.col("is_for_me")).height
    left = max(0, limits["kudos_week_count"] - given)
    people = standing["agent_name"].n_unique()
    return {
        "kind": "tiles",
        "tiles": [
            board.count_tile(
                "left",
                t("Thanks left this week"),
                left,
                more=t(
                    "of {all} a week, {each} to one colleague",
                    all=limits["kudos_week_count"],
                    each=limits["kudos_colleague_count"],
                ),
            ),
            board.count_tile("mine", t("Thanks for me"), mine, more=t("in the last {n} days", n=FEED_DAYS)),
            board.count_tile(
                "all",
                t("All thanks"),
                standing.height,
                more=t("to {n} people, in the last {days} days", n=people, days=FEED_DAYS),
            ),
        ],
    }


def feed_block(feed: pl.DataFrame, *, zone_name: str) -> Block:
    """The thanks themselves, the newest first."""
    rows = feed.head(MOST_CARDS).to_dicts()
    return {
        "kind": "thanks",
        "label": t("Thanks"),
        "cards": [_card(row, zone_name) for row in rows],
    }


def _card(row: dict[str, Any], zone_name: str) -> Block:
    to = t("You") if row["is_for_me"] else words.name(row["agent_name"])
    team = f" · {row['team_name']}" if row["team_name"] else ""
    mark = t("for you") if row["is_for_me"] else t("from you") if row["is_given_by_me"] else ""
    word = category_word(row["category_name"])
    return {
        "key": str(row["kudos_id"]),
        "kind": row["category_name"],
        "state": row["state_name"],
        "word": word,
        "mark": t("hidden") if row["state_name"] == "hidden" else mark,
        "message": row["message_text"],
        "to": to,
        "by": f"{giver_text(row)}{team}",
        "when": words.moment(row["given_at"], zone_name, in_seconds=False),
        "contact": t("the contact") if row["contact_id"] else None,
        "contact_here": f"contacts?{urlencode({'contact': row['contact_id'], 'source': row['source_name']})}"
        if row["contact_id"]
        else "",
        "note": row["note_text"] if row["state_name"] == "hidden" else None,
        "spoken": t("{word}, for {name}", word=word, name=to),
    }


def giver_text(row: Mapping[str, Any]) -> str:
    """By whom the thanks are, as far as the reader may know."""
    if row["is_given_by_me"]:
        return t("thanked by you")
    if row["from_role_name"] != "agent":
        role = {"supervisor": t("a supervisor"), "manager": t("a manager")}.get(row["from_role_name"])
        name = row["from_name"] or role or t("whoever answers for the floor")
        return t("thanked by {name}", name=name)
    return t("thanked by {name}", name=row["from_name"]) if row["from_name"] else t("thanked by a colleague")


def empty(*, has_colleagues: bool) -> Block:
    """The feed without thanks that the reader may read, with what to do."""
    steps = [
        t("Choose a colleague, say what they did, press “Thank”. They are told at once, on their own page."),
        t("Others read it here where the colleague allows their name (page Personal data)."),
    ]
    if not has_colleagues:
        steps.insert(
            0, t("Colleagues appear in the list as soon as agents belong to teams (page Organisation).")
        )
    return board.notice(
        "none",
        t("Who made your day easier?"),
        t("Thanks are from person to person. They never move a level, and nobody is ranked by them."),
        steps=steps,
        page=True,
    )
