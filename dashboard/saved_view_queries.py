"""The question about the views of a page that a person has kept under names of their own.

In: a connection, the person and the page. Out: a typed frame.
The rule it guards: a person is shown their own views only.
"""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def saved_views(connection: Connection, *, viewer_name: str, page_name: str) -> pl.DataFrame:
    """One row per view that the person kept of the page, by name: its address, and whether the page opens with it."""
    return frame(connection, "queries/saved_views", viewer_name=viewer_name, page_name=page_name)


QUESTIONS = (saved_views,)
