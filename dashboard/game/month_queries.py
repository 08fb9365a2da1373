"""The questions about the employee of the month: the archive, the proposals, and what a proposal rests on.

In: a connection that reads as the reader. Out: typed frames.
The rule it guards: a name stands in the archive when its owner lets it; proposals are read by who answers for the agents.
"""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def game_months(connection: Connection) -> pl.DataFrame:
    """One row per month that was decided, the newest first; agent_name null where its owner lets it not stand there."""
    return frame(connection, "queries/game_months")


def game_month_proposals(connection: Connection, *, month_date: date) -> pl.DataFrame:
    """One row per agent who was proposed for the month, with the evidence as JSON."""
    return frame(connection, "queries/game_month_proposals", month_date=month_date)


def game_month_days(connection: Connection, *, month_date: date) -> pl.DataFrame:
    """One row per active agent and working day of the month: points of the rules, seconds of work."""
    return frame(connection, "queries/game_month_days", month_date=month_date)


def game_month_evidence(connection: Connection, *, month_date: date) -> pl.DataFrame:
    """One row per active agent: thanks, reviews, satisfaction, awards that wait, and the month they were chosen last."""
    return frame(connection, "queries/game_month_evidence", month_date=month_date)


QUESTIONS = (game_months, game_month_proposals, game_month_days, game_month_evidence)
