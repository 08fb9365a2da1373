"""The questions about what is read and what people ask of the loader: sources, uploads, replays.

In: a connection and the instant asked about. Out: a typed frame.
The rule it guards: what a page shows of the loader's work is what the loader wrote down itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def sources(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per source of the settings (and past ones): kind, settings, state, last run, 24 hours of rows, next run."""
    return frame(connection, "queries/sources", as_of=as_of)


def loader(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row: since when the loader runs, how long ago it proved to be alive (nulls where it never ran), is_silent."""
    return frame(connection, "queries/loader", as_of=as_of)


def outages(connection: Connection, *, as_of: datetime, days: int = 1) -> pl.DataFrame:
    """One row per source, or the loader (is_loader), and stretch of one state in the days before as_of, since its first run.

    state_name: delivering, catching_up (with the rows it brought), silent (read, but no event within the source's own
    limit), not_read (the loader gave no sign of life) or failing (with the last error). The stretches of a source
    neither overlap nor leave a gap.
    """
    return frame(connection, "queries/outages", window_start=as_of - timedelta(days=days), as_of=as_of)


def runs_of_day(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per source: its runs by outcome and their rows since 00:00 UTC of that instant's day."""
    midnight = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return frame(connection, "queries/runs_of_day", window_start=midnight, as_of=as_of)


def uploads(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """The newest 50 files that people uploaded, with their state and row counts."""
    return frame(connection, "queries/uploads", as_of=as_of)


def upload(connection: Connection, *, upload_id: int) -> pl.DataFrame:
    """One upload with its mapping and preview; no row where there is none of that number (or no more)."""
    return frame(connection, "queries/upload", upload_id=upload_id)


def replays(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """The newest 20 times that somebody asked to read refused rows again, with their outcome."""
    return frame(connection, "queries/replays", as_of=as_of)
