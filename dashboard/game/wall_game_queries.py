"""The questions that a wall asks about the game: what people reached, and whom colleagues thanked.

In: a connection and `as_of`, the instant asked about. Out: typed frames.
The rule it guards: only those are named who allow their name on a wall, now; the database sees to it, whoever asks.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def wall_game_moments(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per badge, level, record or streak of the last seven days that stands, the newest first, at most thirty.

    spec_text: of the rule's version, null where no rule gave it; it says whether its name may be told.
    """
    return frame(connection, "queries/wall_game_moments", as_of=as_of)


def wall_game_kudos(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per thank-you of the last seven days to somebody who allows their name, the newest first, at most thirty.

    One row without a name where there is none. from_agent_name: null for a giver who does not allow theirs, or is no agent;
    week_count: how many there were in all.
    """
    return frame(connection, "queries/wall_game_kudos", as_of=as_of)


QUESTIONS = (wall_game_moments, wall_game_kudos)
