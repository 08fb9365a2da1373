"""The ledger of Data health: rows that were refused and why, what became of them, and every run of the loader.

In: the frames of the questions about runs, refused rows and events that no figure uses. Out: blocks for `board.show`.
The rule it guards: refused rows are shown word for word as text, and every one of them with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count

RUNS_SHOWN = 50
REPLAYS_SHOWN = 10


def being_tried(replays: pl.DataFrame) -> frozenset[str]:
    """The sources whose refused rows are being read again now."""
    return frozenset(replays.filter(pl.col("done_at").is_null()).get_column("source_name"))


def try_again_word(source_name: str, rows: int, *, is_running: bool) -> str:
    """What the button says that has a source's refused rows read again."""
    name = words.in_markdown(source_name)
    if is_running:
        return t("{source}: being read again", source=name)
    return t_count("Try {n} row of {source} again", "Try {n} rows of {source} again", rows, source=name)


def replay_table(replays: pl.DataFrame, *, zone_name: str) -> Block:
    """What became of the refused rows that were tried again, the newest first."""
    columns = [
        column(t("Asked")),
        column(t("Source")),
        column(t("Outcome")),
        column(t("Taken now"), "end"),
        column(t("Still refused"), "end"),
        column(t("By"), wide=True),
        column(t("Remarks"), "text", wide=True),
    ]
    rows = [
        {
            "key": str(row["replay_id"]),
            "tone": "off" if row["error_text"] else "none",
            "cells": [
                words.moment(row["asked_at"], zone_name),
                row["source_name"],
                _replayed(row),
                words.number(row["taken_rows"]),
                words.number(row["refused_rows"]),
                row["viewer_name"],
                row["error_text"] or "",
            ],
        }
        for row in replays.head(REPLAYS_SHOWN).iter_rows(named=True)
    ]
    return board.table(
        t("Rows tried again"), columns, rows, nothing=t("None yet."), title=t("Rows tried again")
    )


def _replayed(row: Row) -> Block:
    if row["done_at"] is None:
        return board.status("none", t("Is being read"))
    if row["error_text"]:
        return board.status("off", t("Failed"))
    if row["refused_rows"]:
        return board.status("near", t("Some still refused") if row["taken_rows"] else t("All still refused"))
    return board.status("good", t("All taken"))


def not_shown() -> Block:
    """In the place of runs and refused rows, for whoever does not look after the sources."""
    return board.notice(
        "none",
        t("Runs and refused rows are shown to administrators."),
        t(
            "They hold what sources delivered word for word. What is missing of a day stands above, for everybody."
        ),
    )


def reason_table(reasons: pl.DataFrame, *, zone_name: str) -> Block:
    """The kinds of reasons for refused rows with an example of each, the most frequent first."""
    columns = [
        column(t("Reason"), "text"),
        column(t("Source")),
        column(t("Rows"), "end"),
        column(t("Last time"), wide=True),
        column(t("Such a row"), "raw", wide=True),
    ]
    rows = [
        {
            "key": f"{row['source_name']}-{row['kind_text']}",
            "cells": [
                _reason(row),
                row["source_name"],
                words.number(row["reject_rows"]),
                words.moment(row["newest_rejected_at"], zone_name),
                f"{row['example_place_text']}  {row['example_raw_text']}",
            ],
        }
        for row in reasons.iter_rows(named=True)
    ]
    return board.table(
        t("Reasons for refused rows"),
        columns,
        rows,
        nothing=t("No row has been refused."),
        title=t("Why rows were refused"),
    )


def _reason(row: Row) -> str:
    """The reason; of several alike the newest as it was told."""
    if not row["has_other_values"]:
        return str(row["reason_text"])
    return t("{reason} (and others like it with other values)", reason=row["reason_text"])


def reject_table(rejects: pl.DataFrame, *, zone_name: str) -> Block:
    """The newest refused rows, word for word."""
    columns = [
        column(t("When")),
        column(t("Source"), wide=True),
        column(t("Place"), wide=True),
        column(t("Reason"), "text"),
        column(t("The row itself"), "raw"),
    ]
    rows = [
        {
            "key": str(row["reject_id"]),
            "cells": [
                words.moment(row["rejected_at"], zone_name),
                row["source_name"],
                row["place_text"] or words.UNKNOWN,
                row["reason_text"],
                row["raw_text"] or words.UNKNOWN,
            ],
        }
        for row in rejects.iter_rows(named=True)
    ]
    return board.table(
        t("Refused rows"),
        columns,
        rows,
        nothing=t("No row has been refused."),
        title=t("Refused rows"),
        lead=t("the newest 200") if len(rows) >= 200 else "",
    )


def run_table(runs: pl.DataFrame, *, zone_name: str) -> Block:
    """The newest runs of the loader with their row counts and faults."""
    columns = [
        column(t("Started")),
        column(t("Source")),
        column(t("Outcome")),
        column(t("Took"), "end", wide=True),
        column(t("Read"), "end"),
        column(t("Loaded"), "end"),
        column(t("Unchanged"), "end", wide=True),
        column(t("Refused"), "end"),
        column(t("Remarks"), "text", wide=True),
    ]
    return board.table(
        t("Runs of the loader"),
        columns,
        [_run_row(row, zone_name) for row in runs.head(RUNS_SHOWN).iter_rows(named=True)],
        nothing=t("The loader has not run yet. Start it: floorboard etl run"),
        title=t("Runs"),
        lead=t("the newest {n}", n=words.number(RUNS_SHOWN)) if runs.height > RUNS_SHOWN else "",
    )


def _run_row(row: Row, zone_name: str) -> Block:
    if row["outcome_name"] == "failed":
        outcome = board.status("off", t("Failed"))
    elif row["outcome_name"] == "succeeded":
        outcome = board.status("good", t("Done"))
    else:
        outcome = board.status("none", t("Running"))
    counts = [words.number(row[f"{name}_rows"]) for name in ("read", "loaded", "unchanged", "rejected")]
    remarks = " ".join(text for text in (row["error_text"], row["notice_text"]) if text)
    return {
        "key": str(row["run_id"]),
        "tone": "off" if row["outcome_name"] == "failed" else "none",
        "cells": [
            words.moment(row["started_at"], zone_name),
            row["source_name"],
            outcome,
            words.duration(row["duration_seconds"]),
            *counts,
            remarks,
        ],
    }


def unused_table(events: pl.DataFrame) -> Block:
    """Kinds of events that were read but feed no figure."""
    columns: Sequence[Block] = [
        column(t("Event")),
        column(t("Source")),
        column(t("Rows"), "end"),
        column(t("Known"), "text"),
    ]
    rows = [
        {
            "key": f"{row['source_name']}-{row['event_name']}",
            "cells": [
                row["event_name"],
                row["source_name"],
                words.number(row["read_rows"]),
                t("yes, but no figure needs it")
                if row["is_known"]
                else t("no; tell us about it, it may hold something of worth"),
            ],
        }
        for row in events.iter_rows(named=True)
    ]
    return board.table(
        t("Events read but not used"),
        columns,
        rows,
        nothing=t("Every event that was read is used."),
        title=t("Events read but not used"),
    )
