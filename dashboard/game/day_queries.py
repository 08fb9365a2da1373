"""The questions of an agent's own day in the game: what was given for what, what waits, what is disputed, how it went
for weeks.

In: a connection that reads as the person, the agent, the working days. Out: typed frames.
The rule it guards: the database answers an agent about themselves alone, and a supervisor about agents of theirs; what
is secret until it is earned is told by none of these answers.
"""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection

from dashboard.game.rule_texts import rule_of
from sql.warehouse import frame


def game_standing(connection: Connection, *, agent_id: int, as_of: datetime) -> pl.DataFrame:
    """One row: the agent's working day at that instant, the season, lifetime points, coins, badges, how many rules are on.

    day_date: by the agent's own clock and the hour at which working days begin; posts_at: when its points are written.
    No row where the reader finds no such agent; season_* are null between two seasons.
    """
    return frame(connection, "queries/game_standing", agent_id=agent_id, as_of=as_of)


def game_today(connection: Connection, *, agent_id: int) -> pl.DataFrame:
    """One row per award that is not posted yet, as the facts stand at made_at; badges that are secret are left out."""
    found = frame(connection, "queries/game_today", agent_id=agent_id)
    return found.filter(~_is_secret(found))


def game_entries(
    connection: Connection, *, agent_id: int, first_date: date, last_date: date, entry_id: int | None = None
) -> pl.DataFrame:
    """One row per entry of the ledger for these working days, the newest first; those that were taken back are marked.

    spec_text: of the version under which it was made; null for what no rule has given. entry_id: that one alone.
    """
    asked = {"first_date": first_date, "last_date": last_date, "entry_id": entry_id}
    return frame(connection, "queries/game_entries", agent_id=agent_id, **asked)


def game_evidence(connection: Connection, *, agent_id: int, entry_id: int) -> pl.DataFrame:
    """One row per working day and kind of work that was counted for the entry: their sums make its workings.

    expected_value: what everybody's rate makes of the same work; null where a rule does not compare.
    """
    return frame(connection, "queries/game_evidence", agent_id=agent_id, entry_id=entry_id)


def game_evidence_days(
    connection: Connection,
    *,
    agent_id: int,
    entry_id: int,
    place_number: int,
    start_date: date,
    above_text: str,
    below_text: str,
    is_by_month: bool,
) -> pl.DataFrame:
    """One row per working day and kind of work inside one row of evidence that spans several days.

    above_text, below_text: the columns that are counted, with a sign before each that is taken away, split by blanks;
    is_by_month: the row is of a month of a queue, else of a period of one kind of work.
    """
    asked = {"entry_id": entry_id, "place_number": place_number, "start_date": start_date}
    told = {"above_text": above_text, "below_text": below_text, "is_by_month": is_by_month}
    return frame(connection, "queries/game_evidence_days", agent_id=agent_id, **asked, **told)


def game_moments(connection: Connection, *, agent_id: int, since_at: datetime) -> pl.DataFrame:
    """One row per piece of good news that was not seen yet, or is not older than since_at; the newest first."""
    return frame(connection, "queries/game_moments", agent_id=agent_id, since_at=since_at)


def game_holds(connection: Connection, *, agent_id: int, first_date: date) -> pl.DataFrame:
    """One row per award and guard that asked a person to look; those that wait, and those of days from first_date on.

    Of a badge that is secret neither its name nor its rule is told.
    """
    found = frame(connection, "queries/game_holds", agent_id=agent_id, first_date=first_date)
    is_secret = _is_secret(found)
    return found.with_columns(
        pl.when(is_secret).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("rule_name", "spec_text", "entry_key")
    )


def game_disputes(connection: Connection, *, agent_id: int, since_at: datetime) -> pl.DataFrame:
    """One row per time that the agent disagreed: the open ones, and those said since then, with what came of them."""
    found = frame(connection, "queries/game_disputes", agent_id=agent_id, since_at=since_at)
    is_secret = _is_secret(found) & pl.col("entry_id").is_null()
    return found.with_columns(
        pl.when(is_secret).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("rule_name", "spec_text")
    )


def game_trend(connection: Connection, *, agent_id: int, first_date: date, last_date: date) -> pl.DataFrame:
    """One row per week (its Monday) with work or points: the sums behind the agent's own figures; null where none exist."""
    days = {"first_date": first_date, "last_date": last_date}
    return frame(connection, "queries/game_trend", agent_id=agent_id, **days)


def _is_secret(found: pl.DataFrame) -> pl.Series:
    """Of which rows the rule is one that nobody may know before they have earned it."""
    rules = [rule_of(text) for text in found["spec_text"].to_list()]
    return pl.Series([rule is not None and rule.is_secret for rule in rules], dtype=pl.Boolean)


QUESTIONS = (
    game_standing,
    game_today,
    game_entries,
    game_evidence,
    game_evidence_days,
    game_moments,
    game_holds,
    game_disputes,
    game_trend,
)
