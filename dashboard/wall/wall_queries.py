"""The questions about the walls of a site: its own boards and playlists, who saved them, and what its people tell the floor.

In: a connection, for what changes with time `as_of`. Out: a typed frame.
The rule it guards: what hangs on a wall is what was saved, and every earlier version can be found again.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def wall_boards(connection: Connection) -> pl.DataFrame:
    """One row per board that the site has saved, as it stands; toml_text is null where the shipped one stands again."""
    return frame(connection, "queries/wall_boards")


def wall_playlists(connection: Connection) -> pl.DataFrame:
    """One row per playlist that the site has saved, as it stands; toml_text is null where it was taken back."""
    return frame(connection, "queries/wall_playlists")


def wall_messages(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per message that stands on every wall at that instant; at most one."""
    return frame(connection, "queries/wall_messages", as_of=as_of)


def wall_saves(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per save of a board or a playlist, the newest first: who, when, and what it says from then on."""
    return frame(connection, "queries/wall_saves", as_of=as_of)


def wall_message_log(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per message of the last 92 days, the newest first: who put it up, until when, and who took it down before."""
    return frame(connection, "queries/wall_message_log", as_of=as_of)


def known_since(connection: Connection) -> pl.DataFrame:
    """One row: the beginning of the first quarter of an hour with a contact; null where there is none."""
    return frame(connection, "queries/known_since")


QUESTIONS = (known_since, wall_boards, wall_playlists, wall_messages, wall_saves, wall_message_log)
