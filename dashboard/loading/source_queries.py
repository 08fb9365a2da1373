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


def retention(connection: Connection) -> pl.DataFrame:
    """One row per kind of rows: its months (null: no limit), from when on it is whole, what was deleted last for its age.

    No row before the loader's first night; whole_from_at is null while nothing of the kind was ever deleted.
    """
    return frame(connection, "queries/retention")


def replays(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """The newest 20 times that somebody asked to read refused rows again, with their outcome."""
    return frame(connection, "queries/replays", as_of=as_of)


def source_health(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per source: age of the newest event, last and next read, rows of 24 hours, its last reconciliation.

    error_text is that of a load that fails now; last_error_text that of the last one that ever failed.
    reconciled_missing_rows is what the last comparison found missing, reconciled_unmended_rows what still differs.
    """
    return frame(connection, "queries/source_health", as_of=as_of)


def recent_runs(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """The newest 200 batches of the ledger."""
    return frame(connection, "queries/recent_runs", as_of=as_of)


def recent_rejects(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """The newest 200 refused rows that no replay has taken, whole, with place and reason."""
    return frame(connection, "queries/recent_rejects", as_of=as_of)


def reject_reasons(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per source and kind of reason (alike but for numbers and quoted values) for which rows stand refused."""
    return frame(connection, "queries/reject_reasons", as_of=as_of)


def unused_events(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per source and kind of event that was read but that no fact uses."""
    return frame(connection, "queries/unused_events", as_of=as_of)


def reconciliations(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per source and ended local day of the last 30: whether the warehouse holds what the origin tells.

    outcome_name: agreed, mended (what was missing or outdated was loaded), differs (something could not be mended, or
    the warehouse holds what the origin no longer tells), not_comparable (the origin cannot be read again) or failed
    (it could not be read that night); reason_text says why in a sentence. missing_rows and differing_rows are what
    the last comparison found, mended_rows what all comparisons of the day mended.
    """
    return frame(connection, "queries/reconciliations", as_of=as_of)


QUESTIONS = (
    sources,
    loader,
    outages,
    runs_of_day,
    uploads,
    upload,
    retention,
    replays,
    source_health,
    recent_runs,
    recent_rejects,
    reject_reasons,
    unused_events,
    reconciliations,
)
