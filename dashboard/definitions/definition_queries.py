"""The question of the definitions: by which settings does each queue count?

In: a connection. Out: a typed frame.
The rule it guards: what the page of definitions says of a queue is what the questions count by.
"""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def queue_settings(connection: Connection) -> pl.DataFrame:
    """One row per queue: threshold, short-abandon limit, target, formula, and its timetable (null: none is known)."""
    return frame(connection, "queries/queue_settings")


QUESTIONS = (queue_settings,)
