"""Sources: what is read, how each source stands, and which files people have uploaded.

In: the frames of the questions about sources, the loader and uploads. Out: blocks for `board.show`.
The rule it guards: every state is a word with its shape, every fault comes with its next step, and a silent loader is
said before anything else.
"""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count

BUSY_STATES = frozenset({"waiting", "looking", "asked", "loading"})
SETTING_LETTERS = 200


def kind_word(kind_name: str) -> str:
    """What a kind of source is called."""
    known = {
        "asterisk_queue_log": t("Asterisk queue log"),
        "asterisk_realtime": t("Asterisk queue log in a database"),
        "asterisk_ami": t("Asterisk live events (AMI)"),
        "asterisk_cdr": t("Asterisk call records (CDR)"),
        "asterisk_cel": t("Asterisk channel events (CEL)"),
        "amazon_connect": t("Amazon Connect"),
        "genesys_cloud": t("Genesys Cloud"),
        "zendesk": t("Zendesk"),
        "zendesk_csv": t("Zendesk as CSV"),
        "liveagent": t("LiveAgent"),
        "file": t("Files through a mapping"),
        "upload": t("Uploaded file"),
    }
    return known.get(kind_name, kind_name.replace("_", " "))


def source_table(sources: pl.DataFrame, *, as_of: datetime, is_silent: bool) -> Block:
    """One row per source: kind, state, newest event, last and next run, the rows of 24 hours and its settings."""
    columns = [
        column(t("Source")),
        column(t("State")),
        column(t("Newest event"), "end"),
        column(t("Last read"), "end", wide=True),
        column(t("Next read"), "end", wide=True),
        column(t("Read in 24 h"), "end", wide=True),
        column(t("Refused, open"), "end"),
        column(t("Kind and settings"), "text", wide=True),
    ]
    rows = [_source_row(row, as_of, is_silent=is_silent) for row in sources.iter_rows(named=True)]
    return board.table(
        t("Sources"),
        columns,
        rows,
        nothing=t(
            "The loader has not told of its sources yet: name them in floorboard.toml and start floorboard etl run. "
            "A file can be uploaded below at once."
        ),
        title=t("What is read"),
        lead=t_count("{n} source", "{n} sources", int(sources.get_column("is_current").sum())),
    )


def _source_row(row: Row, as_of: datetime, *, is_silent: bool) -> Block:
    found = _state(row)
    refused = row["open_reject_rows"] or 0
    return {
        "key": row["source_name"],
        "tone": "off" if found["tone"] == "off" else "none",
        "cells": [
            row["source_name"],
            found,
            _ago(row["newest_event_age_seconds"]),
            _ago(row["checked_age_seconds"]),
            _next(row, as_of, is_silent=is_silent),
            words.number(row["read_rows"]),
            board.status("near", words.number(refused)) if refused else words.number(0),
            _settings(row),
        ],
    }


def _state(row: Row) -> Block:
    if not row["is_current"]:
        return board.status("none", t("No longer in the settings"))
    if row["outcome_name"] == "failed":
        return board.status("off", t("Reading failed"))
    if row["checked_age_seconds"] is None:
        return board.status("none", t("Not read yet"))
    if row["newest_event_at"] is None:
        return board.status("near", t("No event yet"))
    return board.status("off", t("Stale")) if row["is_stale"] else board.status("good", t("Fresh"))


def _ago(seconds: int | None) -> str:
    return words.UNKNOWN if seconds is None else t("{age} ago", age=words.age(seconds))


def _next(row: Row, as_of: datetime, *, is_silent: bool) -> str:
    if is_silent or row["next_check_at"] is None:
        return words.UNKNOWN
    left = (row["next_check_at"] - as_of).total_seconds()
    return t("now") if left < 1 else t("in {age}", age=words.age(left))


def _settings(row: Row) -> str:
    try:
        told: dict[str, str] = json.loads(row["settings_text"])
    except ValueError:
        told = {}
    first = kind_word(row["kind_name"])
    rest = [f"{key.replace('_', ' ')}: {value}" for key, value in told.items()]
    every = t("every {age}", age=words.age(row["every_seconds"]))
    text = " · ".join([first, every, *rest])
    return text if len(text) <= SETTING_LETTERS else f"{text[: SETTING_LETTERS - 1]}…"


def fault_notices(sources: pl.DataFrame) -> list[Block]:
    """What keeps a source from being read, word for word; `key` names it."""
    failed = sources.filter(pl.col("is_current") & (pl.col("outcome_name") == "failed"))
    return [
        {
            **board.notice(
                "off",
                t("{source} cannot be read", source=row["source_name"]),
                t(
                    "{error} Put that right; the next run continues where the last good one stopped.",
                    error=row["error_text"],
                ),
            ),
            "key": f"fault-{row['source_name']}",
        }
        for row in failed.iter_rows(named=True)
    ]


def upload_state(row: Row) -> Block:
    """How an upload stands, as a mark with its word."""
    known = {
        "waiting": ("none", t("Waits for the loader")),
        "looking": ("none", t("Is being looked at")),
        "ready": ("near", t("Waits for your decision")),
        "unfit": ("near", t("Needs a mapping")),
        "asked": ("none", t("Waits to be loaded")),
        "loading": ("none", t("Is being loaded")),
        "loaded": ("good", t("Loaded")),
        "failed": ("off", t("Loading failed")),
        "discarded": ("none", t("Discarded")),
    }
    return board.status(*known[row["state_name"]])


def upload_table(uploads: pl.DataFrame, *, zone_name: str) -> Block:
    """The files that people uploaded, the newest first, each leading to its page."""
    columns = [
        column(t("File")),
        column(t("State")),
        column(t("Uploaded")),
        column(t("By"), wide=True),
        column(t("Read"), "end"),
        column(t("Loaded"), "end"),
        column(t("Unchanged"), "end", wide=True),
        column(t("Refused"), "end"),
    ]
    rows = [
        {
            "key": str(row["upload_id"]),
            "tone": "off" if row["state_name"] == "failed" else "none",
            "cells": [
                board.inside(row["file_name"], upload=str(row["upload_id"])),
                upload_state(row),
                words.moment(row["uploaded_at"], zone_name),
                row["viewer_name"],
                *(words.number(row[f"{name}_rows"]) for name in ("read", "loaded", "unchanged", "rejected")),
            ],
        }
        for row in uploads.iter_rows(named=True)
    ]
    return board.table(
        t("Uploaded files"),
        columns,
        rows,
        nothing=t("No file has been uploaded in the last 30 days."),
        title=t("Uploaded files"),
        lead=t("kept for 30 days; the rows of a loaded file stay"),
    )
