"""The questions about the store: what there is, who ordered what, what came into a wallet and went out of it.

In: a connection that reads as the reader. Out: typed frames.
The rule it guards: coins are what the ledger adds up to; orders are those of agents whom the reader sees.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def game_store_items(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per thing of the store: left_count null for without end, own_count of the reader's orders."""
    return frame(connection, "queries/game_store_items", as_of=as_of)


def game_store_orders(connection: Connection) -> pl.DataFrame:
    """One row per order of an agent whom the reader sees, those that wait first; the newest 200."""
    return frame(connection, "queries/game_store_orders")


def game_coins(connection: Connection, *, agent_id: int) -> pl.DataFrame:
    """One row per entry of the agent's coins, the newest first, with the balance after it."""
    return frame(connection, "queries/game_coins", agent_id=agent_id)


def game_store_budgets(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per team: what it may spend in a month (null: without limit), and what it has spent in this one."""
    return frame(connection, "queries/game_store_budgets", as_of=as_of)


QUESTIONS = (game_store_items, game_store_orders, game_coins, game_store_budgets)
