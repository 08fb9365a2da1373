"""The questions about badges that leave the house: which can be taken home, and which were.

In: a connection that reads as the person, the agent. Out: typed frames.
The rule it guards: a badge that was taken back cannot be taken home; the signed text itself is in none of these answers.
"""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def game_takeable(connection: Connection, *, agent_id: int) -> pl.DataFrame:
    """One row per rule of which the agent holds a badge: the highest tier that stands, and its newest entry."""
    return frame(connection, "queries/game_takeable", agent_id=agent_id)


def game_credentials(connection: Connection, *, agent_id: int) -> pl.DataFrame:
    """One row per time that the agent took a badge home, the newest first; reason_name: why it holds no longer."""
    return frame(connection, "queries/game_credentials", agent_id=agent_id)


QUESTIONS = (game_takeable, game_credentials)
