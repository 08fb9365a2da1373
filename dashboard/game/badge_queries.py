"""The questions about badges: which there are, which an agent holds, how far the next tier is, how rare each one is.

In: a connection that reads as the person, the agent, their working day. Out: typed frames.
The rule it guards: of a badge that is secret and not earned there is a row and nothing else: no name, no rule, no
family.
"""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import Connection

from dashboard.game.rule_texts import rule_of
from sql.warehouse import frame

_COUNTS = ("plain_count", "bronze_count", "silver_count", "gold_count")
_TOLD = ("is_on", *_COUNTS)
"""What is told of a badge that nobody may know: that it is there, and that it is not held."""


def game_badges(connection: Connection, *, agent_id: int, day_date: date) -> pl.DataFrame:
    """One row per badge that can be earned on that working day or that the agent holds, secret ones last.

    *_count: how often it stands in that tier; *_ratio: the share of agents who hold it in that tier or a higher one, in
    steps of a twentieth, null where so few or so nearly all hold it that it would tell of single people.
    """
    found = frame(connection, "queries/game_badges", agent_id=agent_id, day_date=day_date)
    shares = frame(connection, "queries/game_badge_shares")
    for tier_name in ("plain", "bronze", "silver", "gold"):
        share = shares.filter(pl.col("tier_name") == tier_name).select(
            "rule_name", pl.col("holders_ratio").alias(f"{tier_name}_ratio")
        )
        found = found.join(share, on="rule_name", how="left", maintain_order="left")
    rules = [rule_of(text) for text in found["spec_text"].to_list()]
    is_secret = pl.Series([rule is not None and rule.is_secret for rule in rules], dtype=pl.Boolean)
    found = found.with_columns(is_secret=is_secret & (pl.sum_horizontal(_COUNTS) == 0))
    hidden = [name for name in found.columns if name not in (*_TOLD, "is_secret")]
    masked = found.with_columns(
        pl.when(pl.col("is_secret")).then(None).otherwise(pl.col(name)).alias(name) for name in hidden
    )
    return masked.sort("is_secret", maintain_order=True)


def game_badge_shares(connection: Connection) -> pl.DataFrame:
    """One row per badge and tier that somebody holds, secret ones left out: the share of agents who hold it or a higher.

    In steps of a twentieth; null where so few or so nearly all hold it that it would tell of single people.
    """
    found = frame(connection, "queries/game_badge_shares")
    rules = [rule_of(text) for text in found["spec_text"].to_list()]
    is_open = pl.Series([rule is not None and not rule.is_secret for rule in rules], dtype=pl.Boolean)
    return found.filter(is_open).drop("spec_text")


QUESTIONS = (game_badges, game_badge_shares)
