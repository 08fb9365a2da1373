"""How the sources and the loader stand, for programs and terminals: each source in plain columns, each fault in a sentence.

In: the frames of the questions about sources and the loader. Out: rows for `floorboard etl status`, reasons for monitoring.
The rule it guards: no address, no secret, and nothing of what a source delivered is part of a reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from dashboard import words
from dashboard.words import t, t_count

STATUS_COLUMNS = {
    "source_name": "source_name",
    "kind_name": "kind_name",
    "newest_event_age_seconds": "lag_seconds",
    "newest_event_at": "newest_event_at",
    "stale_after_seconds": "stale_after_seconds",
    "last_succeeded_at": "last_succeeded_at",
    "last_failed_at": "last_failed_at",
    "last_error_text": "last_error_text",
    "next_run_at": "next_run_at",
    "read_rows": "read_rows",
    "loaded_rows": "loaded_rows",
    "unchanged_rows": "unchanged_rows",
    "rejected_rows": "rejected_rows",
    "open_reject_rows": "open_reject_rows",
    "reconciled_date": "reconciled_date",
    "reconciliation_name": "reconciliation_name",
    "reconciled_missing_rows": "reconciled_missing_rows",
    "reconciled_unmended_rows": "reconciled_unmended_rows",
    "is_stale": "is_stale",
    "is_unread": "is_unread",
}


def statuses(health: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per source: lag, last success and failure, next run, rows of 24 hours, reconciliation, what is wrong."""
    shown = health.select(pl.col(name).alias(told) for name, told in STATUS_COLUMNS.items())
    return shown.with_columns(is_failing=health["error_text"].is_not_null()).to_dicts()


def reasons(health: pl.DataFrame, loader: pl.DataFrame) -> list[str]:
    """What keeps the site from being well, a sentence each, the gravest first; empty while all is well."""
    found = []
    beat = loader.row(0, named=True) if loader.height else {"is_silent": True, "beat_age_seconds": None}
    if beat["is_silent"]:
        found.append(_silence(beat["beat_age_seconds"]))
    if health.is_empty():
        found.append(
            t("No source has been read yet; name one in floorboard.toml and run `floorboard etl run`.")
        )
    for row in health.iter_rows(named=True):
        found += _of_source(row, is_silent=bool(beat["is_silent"]))
    return found


def _silence(age_seconds: int | None) -> str:
    if age_seconds is None:
        return t("The loader has never run; start it with `floorboard etl run` or `floorboard up`.")
    return t(
        "The loader has given no sign of life for {age}, expected one every 10 s; start it with `floorboard etl run` "
        "or `floorboard up`.",
        age=words.age(age_seconds),
    )


def _of_source(row: dict[str, Any], *, is_silent: bool) -> list[str]:
    name, found = row["source_name"], []
    if row["error_text"] is not None:
        at: datetime = row["last_failed_at"]
        found.append(
            t(
                "{source} cannot be read (last try {instant} UTC); `floorboard etl status` has the reason.",
                source=name,
                instant=words.instant(at, "UTC"),
            )
        )
    elif row["is_unread"] and not is_silent:  # else the loader's silence says it
        found.append(
            t("{source} was last read {age} ago.", source=name, age=words.age(row["checked_age_seconds"]))
        )
    if row["newest_event_at"] is None:
        found.append(t("{source} has not delivered a single event yet.", source=name))
    elif row["is_stale"]:
        found.append(
            t(
                "The newest event of {source} is {age} old, its limit is {limit}.",
                source=name,
                age=words.age(row["newest_event_age_seconds"]),
                limit=words.age(row["stale_after_seconds"]),
            )
        )
    if row["reconciliation_name"] == "differs":
        found.append(
            t_count(
                "{source} differs from its origin on {day}: {n} row could not be mended.",
                "{source} differs from its origin on {day}: {n} rows could not be mended.",
                row["reconciled_unmended_rows"],
                source=name,
                day=row["reconciled_date"].isoformat(),
            )
        )
    return found
