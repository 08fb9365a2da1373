"""The questions about thanks: who thanked whom for what, as far as the reader may know, and whom can they thank?

In: a connection that reads as the reader. Out: typed frames.
The rule it guards: the database decides whose name stands there; thanks to whoever allows no name are read by nobody else.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def game_kudos(connection: Connection, *, window_start: datetime, window_end: datetime) -> pl.DataFrame:
    """One row per thank-you of the window that the reader may read, the newest first; from_name null: a colleague."""
    return frame(connection, "queries/game_kudos", window_start=window_start, window_end=window_end)


def game_colleagues(connection: Connection) -> pl.DataFrame:
    """One row per agent whom the reader can thank, by name."""
    return frame(connection, "queries/game_colleagues")


def game_social_settings(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row: the limits of thanks, coins and the month, the rate at which points make coins, the site's working day."""
    return frame(connection, "queries/game_social_settings", as_of=as_of)


QUESTIONS = (game_kudos, game_colleagues, game_social_settings)
