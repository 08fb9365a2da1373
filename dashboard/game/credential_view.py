"""What a person sees of a badge that leaves the house: what is in the file, which were taken home, whether they still hold.

In: the answers of the questions about credentials, the content of one. Out: blocks for `board.show`.
The rule it guards: whoever takes a badge home has read before what others can read in it, and what they cannot.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block
from dashboard.game import badge_art
from dashboard.game.rule_texts import rule_of, title_of
from dashboard.words import t

PICTURE_SIDE = 176


def tier_word(tier_name: str | None) -> str:
    """What a tier is called; empty for a badge without tiers."""
    return {"bronze": t("Bronze"), "silver": t("Silver"), "gold": t("Gold")}.get(tier_name or "", "")


def name_of(row: Mapping[str, Any]) -> str:
    """What a badge is called, with its tier."""
    title, tier = title_of(row["spec_text"], row["rule_name"]), tier_word(row["tier_name"])
    return f"{title} · {tier}" if tier else title


def art_of(row: Mapping[str, Any], *, size: int) -> str:
    """The badge's drawing."""
    rule = rule_of(row["spec_text"])
    family, emblem = (rule.family, rule.icon) if rule else ("level", "star")
    return badge_art.svg(
        row["rule_name"], family, row["tier_name"], size=size, emblem=emblem, title=name_of(row)
    )


def picture_of(row: Mapping[str, Any]) -> str:
    """The badge's drawing as an address that holds it."""
    drawn = art_of(row, size=PICTURE_SIDE).encode()
    return "data:image/svg+xml;base64," + base64.b64encode(drawn).decode()


def without_address() -> Block:
    """What stands in the place where a badge could be taken home, had the site an address."""
    return board.notice(
        "near",
        t("Badges cannot leave this site yet"),
        t(
            "Whoever is shown a badge outside checks it at the site's public address; this site has none in its settings."
        ),
        steps=[
            t("Whoever runs the site adds `public_url` to `[game]` in floorboard.toml and starts it again."),
            t("The badges stay where they are until then; nothing is lost."),
        ],
    )


def nothing_held() -> Block:
    """What stands there before the first badge."""
    return board.notice(
        "none",
        t("No badge to take home yet"),
        t(
            "With the first badge that stands in the ledger you can take it along from here, signed by this site."
        ),
    )


def not_yours() -> Block:
    """What whoever looks at another person's page is told."""
    return board.notice(
        "none",
        t("Badges are taken home by whoever earned them"),
        t(
            "Signed in with their own account they find the way to do it here. Nobody else can do it for them."
        ),
    )


def promise() -> Block:
    """What will be in the file, before it is made."""
    return board.table(
        t("What others will read in it"),
        [board.column(t("In the file"), "text"), board.column(t("What it says"), "text")],
        [
            {"key": "badge", "cells": [t("The badge"), t("its name, its tier, what it is given for, and its picture")]},
            {"key": "day", "cells": [t("When"), t("the working day on which you reached it, and when you took it home")]},
            {"key": "who", "cells": [t("Whose it is"), t("your address, hashed: who knows it can check it")]},
            {"key": "site", "cells": [t("Who gave it"), t("the name and the public address of this site")]},
            {"key": "not", "cells": [t("Not in it"), t("your name, your figures, your team, anybody else")]},
        ],
        nothing="",
        title=t("What others will read in it"),
    )  # fmt: skip


def content(told: Mapping[str, Any]) -> Block:
    """What is in a credential, as anybody who has the file reads it."""
    subject = told["credentialSubject"]
    achievement, [identity] = subject["achievement"], subject["identifier"]
    lines = {
        t("Badge"): achievement["name"],
        t("Given for"): achievement["description"],
        t("Given by"): f"{told['issuer']['name']} ({told['issuer']['url']})",
        t("Holds from"): told["validFrom"],
        t("Evidence"): told["evidence"][0]["narrative"],
        t("Your address"): f"{identity['identityHash'][:23]}…",
        t("Asked whether it holds"): told["credentialStatus"]["statusListCredential"],
        t("Number"): told["id"],
    }
    return board.table(
        t("What is in it"),
        [board.column(t("In the file"), "text"), board.column(t("What it says"), "text")],
        [{"key": str(place), "cells": [name, text]} for place, (name, text) in enumerate(lines.items())],
        nothing="",
    )


def taken_table(taken: pl.DataFrame, *, zone_name: str) -> Block:
    """Every time that a badge was taken home, and whether it still holds."""
    return board.table(
        t("Badges that you took home"),
        [
            board.column(t("Badge"), "text"),
            board.column(t("Taken home")),
            board.column(t("Whether it holds"), "text"),
        ],
        [
            {
                "key": row["credential_key"],
                "cells": [
                    name_of(row),
                    words.instant(row["issued_at"], zone_name),
                    standing_word(row["reason_name"]),
                ],
            }
            for row in taken.to_dicts()
        ],
        nothing=t("None yet."),
        title=t("Taken home so far"),
    )


def standing_word(reason_name: str | None) -> str:
    """Whether a credential holds, and why not."""
    return {
        "asked": t("Taken back by you"),
        "replaced": t("Replaced by a newer file"),
        "reversed": t("The badge itself was taken back"),
        "key": t("Its key was lost"),
    }.get(reason_name or "", t("Holds"))
