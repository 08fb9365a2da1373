"""Sources: what is read, how each source stands, and which files people have uploaded.

In: the frames of the questions about sources, the loader and uploads. Out: blocks for `board.show`.
The rule it guards: every state is a word with its shape, every fault comes with its next step, and a silent loader is
said before anything else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count

Standing = tuple[Block, str, str, str]
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


def source_table(sources: pl.DataFrame, standings: Mapping[str, Standing]) -> Block:
    """One row per source: kind, state, newest event, last and next run, the rows of 24 hours and its settings.

    standings: how each source that is read stands (`health_view.standings`), in the very words of Data health.
    """
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
    rows = [_source_row(row, standings.get(row["source_name"])) for row in sources.iter_rows(named=True)]
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


def _source_row(row: Row, standing: Standing | None) -> Block:
    found, newest, checked, following = standing if standing and row["is_current"] else _without(row)
    refused = row["open_reject_rows"] or 0
    return {
        "key": row["source_name"],
        "tone": "off" if found["tone"] == "off" else "none",
        "cells": [
            row["source_name"],
            found,
            newest,
            checked,
            following,
            words.number(row["read_rows"]),
            board.status("near", words.number(refused)) if refused else words.number(0),
            _settings(row),
        ],
    }


def _without(row: Row) -> Standing:
    """How a source stands that is not read: not yet, or not any more."""
    word = t("Not read yet") if row["is_current"] else t("No longer in the settings")
    ages = (row["newest_event_age_seconds"], row["checked_age_seconds"])
    newest, checked = (
        words.UNKNOWN if seconds is None else t("{age} ago", age=words.age(seconds)) for seconds in ages
    )
    return board.status("none", word), newest, checked, words.UNKNOWN


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
