"""The questions about contests: which there are, on what terms, where everybody stands, and who took each step.

In: a connection that reads as the reader. Out: typed frames.
The rule it guards: the facts are counted anew each time; names stand there as the database gives them to this reader.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def game_contests(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per contest that the reader may know of, those under way first."""
    return frame(connection, "queries/game_contests", as_of=as_of)


def game_contest_board(connection: Connection, *, contest_id: int) -> pl.DataFrame:
    """One row per agent who takes part, for whoever takes part or answers for agents; agent_name null: another name."""
    return frame(connection, "queries/game_contest_board", contest_id=contest_id)


def game_contest_tiers(connection: Connection) -> pl.DataFrame:
    """One row per contest and tier of prizes, the highest first."""
    return frame(connection, "queries/game_contest_tiers")


def game_contest_moves(connection: Connection, *, contest_id: int) -> pl.DataFrame:
    """One row per step of the contest, the newest first; for those who answer for agents."""
    return frame(connection, "queries/game_contest_moves", contest_id=contest_id)


def game_points_rules(connection: Connection) -> pl.DataFrame:
    """One row per rule that gives points now, with what it says."""
    return frame(connection, "queries/game_points_rules")


QUESTIONS = (game_contests, game_contest_board, game_contest_tiers, game_contest_moves, game_points_rules)
