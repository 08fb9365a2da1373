"""The questions about boards: teams, who stands where, who gained, and how places changed.

In: a connection that reads as whoever looks, and days. Out: a typed frame.
The rule it guards: the database decides whose name and place the reader is told (access.game_board); what they may not
know never reaches a page.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame

Board = Literal["everyone", "team", "league"]


def game_board(
    connection: Connection, *, board_name: Board, first_date: date, last_date: date, season_name: str
) -> pl.DataFrame:
    """One row "all" for the whole board, then one per agent of whom the reader may be told, the highest points first.

    row_name: named (low_place_number to high_place_number holds the true place in nine of ten cases; place_number for the
    top, and for whoever answers for the agent; tier_name top, middle, settling, waiting), nameless (somebody stands there),
    alias (of a league: alias_number, low_points to high_points of many). day_points: for a full day's work; null below
    needed_hours_value. next_points: that the reader lacks to the next place. quarter_points, half_points: what the upper
    quarter and half reach; null of few. No row while the policy has no figures of single agents in the game.
    """
    return frame(
        connection,
        "queries/game_board",
        board_name=board_name,
        first_date=first_date,
        last_date=last_date,
        season_name=season_name,
    )


def game_teams(connection: Connection, *, first_date: date, last_date: date) -> pl.DataFrame:
    """One row per team with ranked agents: points for a full day's work of a member; null, and withheld_name, of few."""
    return frame(connection, "queries/game_teams", first_date=first_date, last_date=last_date)


def game_improved(connection: Connection, *, first_date: date, last_date: date) -> pl.DataFrame:
    """One row per agent who surely gained on the own eight weeks before, at most ten, and the reader's own row."""
    return frame(connection, "queries/game_improved", first_date=first_date, last_date=last_date)


def game_board_steps(
    connection: Connection,
    *,
    board_name: Literal["teams", "everyone", "team", "league"],
    first_date: date,
    last_date: date,
    season_name: str,
) -> pl.DataFrame:
    """One row per step (at most 13) and line: the place by points so far, of lines_count."""
    return frame(
        connection,
        "queries/game_board_steps",
        board_name=board_name,
        first_date=first_date,
        last_date=last_date,
        season_name=season_name,
    )


def game_board_periods(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per period of a board: the day, week and month that run, and each season; season_name null outside of one."""
    return frame(connection, "queries/game_board_periods", as_of=as_of)


def game_board_settings(connection: Connection) -> pl.DataFrame:
    """One row: names_name (names, initials, top), the hours of a full day, the part of full time that ranks somebody."""
    return frame(connection, "queries/game_board_settings")


QUESTIONS = (
    game_board,
    game_teams,
    game_improved,
    game_board_steps,
    game_board_periods,
    game_board_settings,
)
