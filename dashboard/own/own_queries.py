"""The questions that a person asks about themselves: what is kept about me, and where may my name stand?

In: a connection that reads as the person, and their number. Out: a typed frame.
The rule it guards: the database answers for the person alone, and for whoever answers for the site.
"""

from __future__ import annotations

from typing import Literal

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame

Board = Literal["wall", "leaderboard", "team_board"]


def own_data(connection: Connection, *, agent_id: int) -> pl.DataFrame:
    """One row per table that can hold rows of a single agent: about_text (its comment), row_count of this agent's rows.

    first_at, last_at: of its first column of time; null without a row, or without such a column.
    """
    return frame(connection, "queries/own_data", agent_id=agent_id)


def consents(connection: Connection, *, agent_id: int) -> pl.DataFrame:
    """One row per time that the person allowed their name on a kind of board; withdrawn_at null while it holds."""
    return frame(connection, "queries/consents", agent_id=agent_id)


def consented_agents(connection: Connection, *, board_name: Board) -> pl.DataFrame:
    """Whose names that kind of board may show now, one row per person."""
    return frame(connection, "queries/consented_agents", board_name=board_name)


QUESTIONS = (own_data, consents, consented_agents)
