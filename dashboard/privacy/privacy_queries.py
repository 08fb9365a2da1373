"""The questions about privacy: which figures of single agents may exist, and what the warehouse holds of whom.

In: a connection. Out: a typed frame.
The rule it guards: what is said of the tables is read from the warehouse itself; nothing is listed by hand.
"""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from sql import policy
from sql.warehouse import frame


def individual_figures(connection: Connection) -> pl.DataFrame:
    """One row per family of figures of single agents: is_on, purpose, legal basis, works agreement, since when, by whom.

    is_taken_over: it existed before there was a policy. A family without a row is off.
    """
    return policy.standing(connection)


def data_tables(connection: Connection) -> pl.DataFrame:
    """One row per table: its comment, about how many rows, and whether they are of agents, callers, users, or hold words."""
    return frame(connection, "queries/data_tables")


def consent_counts(connection: Connection) -> pl.DataFrame:
    """One row per kind of board: how many agents allow their name there now."""
    return frame(connection, "queries/consent_counts")


QUESTIONS = (individual_figures, data_tables, consent_counts)
