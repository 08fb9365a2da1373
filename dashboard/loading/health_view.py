"""Data health: how each source stands, whether it holds what its origin tells, and the most urgent next step in words.

In: the frames of the questions about sources, refused rows and comparisons. Out: blocks for `board.show`.
The rule it guards: every fault is named with its next step, the gravest first.
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count

NIGHTS_SHOWN = 14
_COMMAND = re.compile(r"`([^`\n]{1,300})`")


def next_step(health: pl.DataFrame, reasons: pl.DataFrame, *, knows_refused: bool = True) -> Block:
    """One sentence on the state of all sources and of refused rows, and what to do about the most urgent fault.

    knows_refused: whether the reader is told of refused rows; who is not hears nothing of them, not that there are none.
    """
    rows = list(health.iter_rows(named=True))
    failed = [row for row in rows if row["error_text"]]
    stale = [row for row in rows if row["is_stale"] or row["is_unread"]]
    differing = [row for row in rows if row["reconciliation_name"] in ("differs", "failed")]
    refused = refused_rows(reasons)
    if failed:
        return _failed(failed[0])
    if stale:
        return board.notice(
            "off", t("{source} is silent", source=stale[0]["source_name"]), _silence(stale[0])
        )
    if differing:
        return _difference(differing[0])
    if refused:
        return board.notice(
            "near",
            t_count("{n} row was refused", "{n} rows were refused", sum(refused.values())),
            t(
                "Nothing else is missing. The reasons are below; rows are kept word for word. Once their cause is mended, "
                "try them again below, or with `floorboard etl replay --source {source}`.",
                source=shlex.quote(max(refused, key=lambda name: refused[name])),
            ),
        )
    on_time = t("All sources deliver on time and no row waits for you.")
    return board.notice(
        "good", t("Everything arrives."), on_time if knows_refused else t("All sources deliver on time.")
    )


def _failed(row: Row) -> Block:
    """That a source cannot be read, with the reason word for word."""
    return board.notice(
        "off",
        t("{source} cannot be read", source=row["source_name"]),
        t(
            "{error} Put that right; the next run continues where the last good one stopped.",
            error=row["error_text"],
        ),
    )


def failures(health: pl.DataFrame) -> list[Block]:
    """What keeps sources from being read, one notice each; `key` names it."""
    failing = health.filter(pl.col("error_text").is_not_null())
    return [{**_failed(row), "key": f"fault-{row['source_name']}"} for row in failing.iter_rows(named=True)]


def _difference(row: Row) -> Block:
    """That a night's comparison with the origin did not come out even, and how to compare once more."""
    again = t(
        "Compare it once more: `floorboard etl reconcile --source {source} --from {day} --to {day}`.",
        source=shlex.quote(row["source_name"]),
        day=row["reconciled_date"].isoformat(),
    )
    if row["reconciliation_name"] == "failed":
        title = t("{source} could not be compared with its origin", source=row["source_name"])
    else:
        title = t("{source} differs from its origin", source=row["source_name"])
    return board.notice("near", title, " ".join(text for text in (row["reconciliation_text"], again) if text))


def refused_rows(reasons: pl.DataFrame) -> dict[str, int]:
    """How many rows of each source stand refused, the source with the most first."""
    totals = reasons.group_by("source_name").agg(pl.col("reject_rows").sum())
    return dict(totals.sort("reject_rows", "source_name", descending=[True, False]).iter_rows())


def _silence(row: Row) -> str:
    if row["checked_age_seconds"] is None:
        return t(
            "It was never read. Start the loader: `floorboard etl run`, or everything together: `floorboard up`."
        )
    if row["checked_age_seconds"] > row["stale_after_seconds"]:
        return t(
            "It was last read {age} ago. See that the loader runs: `floorboard etl run`, or everything together: "
            "`floorboard up`.",
            age=words.age(row["checked_age_seconds"]),
        )
    return t(
        "It was read {checked} ago, but its newest event is {age} old. See that the phone system "
        "still writes to the "
        "path named in `floorboard.toml`.",
        checked=words.age(row["checked_age_seconds"]),
        age=words.age(row["newest_event_age_seconds"]),
    )


def source_cards(
    health: pl.DataFrame, nights: pl.DataFrame, *, at: datetime, is_unread: bool, zone_name: str
) -> Block:
    """One card per source: the age of its newest event, last and next read, 24 hours of rows, its last nights.

    is_unread: nobody reads at present, so that no next read can be promised.
    """
    cards = [
        _source_card(
            row,
            nights.filter(pl.col("source_name") == row["source_name"]),
            at,
            is_unread=is_unread,
            zone_name=zone_name,
        )
        for row in health.iter_rows(named=True)
    ]
    return {"kind": "sources", "cards": cards, "label": t("Sources")}


def source_status(row: Row, *, is_unread: bool) -> Block:
    """How a source stands, as a mark with its word: the gravest of what can be said of it."""
    if row["error_text"]:
        return board.status("off", t("Reading failed"))
    if is_unread or row["is_unread"]:
        return board.status("off", t("Not read"))
    if row["newest_event_at"] is None:
        return board.status("near", t("No event yet"))
    return board.status("off", t("Stale")) if row["is_stale"] else board.status("good", t("Fresh"))


def standings(
    health: pl.DataFrame, *, at: datetime, is_unread: bool
) -> dict[str, tuple[Block, str, str, str]]:
    """Of each source its status, and how long ago its newest event and last read were, and when it is read next."""
    return {
        row["source_name"]: (
            source_status(row, is_unread=is_unread),
            _ago(row["newest_event_age_seconds"]),
            _ago(row["checked_age_seconds"]),
            _next(row, at, is_unread=is_unread),
        )
        for row in health.iter_rows(named=True)
    }


def _source_card(row: Row, nights: pl.DataFrame, at: datetime, *, is_unread: bool, zone_name: str) -> Block:
    refused = row["open_reject_rows"]
    facts: list[Block] = [
        _fact(t("Last read"), _ago(row["checked_age_seconds"])),
        _fact(t("Next read"), _next(row, at, is_unread=is_unread)),
        _fact(t("Last failure"), _failure(row, at)),
        _fact(t("Refused, open"), words.number(refused), tone="near" if refused else "none"),
    ]
    account = t(
        "24 h: {read} read = {loaded} loaded + {unchanged} unchanged + {rejected} refused",
        read=words.number(row["read_rows"]),
        loaded=words.number(row["loaded_rows"]),
        unchanged=words.number(row["unchanged_rows"]),
        rejected=words.number(row["rejected_rows"]),
    )
    return {
        "key": row["source_name"],
        "name": row["source_name"],
        "status": source_status(row, is_unread=is_unread),
        "value": words.age(row["newest_event_age_seconds"]),
        "unit": t("since the newest event"),
        "limit": t("stale after {age}", age=words.age(row["stale_after_seconds"])),
        "tip": t("Newest event: {instant}", instant=words.instant(row["newest_event_at"], zone_name)),
        "facts": facts,
        "account": account,
        "nights_label": t("Nights"),
        "nights": [_night(night) for night in nights.head(NIGHTS_SHOWN).reverse().iter_rows(named=True)],
        "night_text": _last_night(row),
    }


def _fact(label: str, value: str, *, tone: str = "none") -> Block:
    return {"label": label, "value": value, "tone": tone}


def _ago(seconds: int | None) -> str:
    return words.UNKNOWN if seconds is None else t("{age} ago", age=words.age(seconds))


def _next(row: Row, at: datetime, *, is_unread: bool) -> str:
    if is_unread or row["next_run_at"] is None:
        return words.UNKNOWN
    left = (row["next_run_at"] - at).total_seconds()
    return t("now") if left < 1 else t("in {age}", age=words.age(left))


def _failure(row: Row, at: datetime) -> str:
    if row["last_failed_at"] is None:
        return t("never")
    return _ago(int((at - row["last_failed_at"]).total_seconds()))


def _night(row: Row) -> Block:
    found = night_mark(row["outcome_name"])
    told = t(
        "{day}: {word}, {here} of {origin} rows",
        day=words.day(row["day_date"]),
        word=found["word"].lower(),
        here=words.number(row["warehouse_rows"]),
        origin=words.number(row["origin_rows"]),
    )
    return {**found, "text": told}


def night_mark(outcome_name: str) -> Block:
    """How a comparison with the origin ended, as a mark with its word."""
    known = {
        "agreed": ("good", t("Agreed")),
        "mended": ("good", t("Mended")),
        "differs": ("off", t("Differs")),
        "failed": ("near", t("Could not be read")),
        "not_comparable": ("none", t("Cannot be compared")),
    }
    return board.status(*known[outcome_name])


def _last_night(row: Row) -> str:
    """What the last comparison with the origin found, with its numbers."""
    if row["reconciled_date"] is None:
        return t("not compared with its origin yet")
    day = words.short_day(row["reconciled_date"])
    if row["reconciliation_name"] == "mended":
        return t_count(
            "{day}: {n} missing row was loaded",
            "{day}: {n} missing rows were loaded",
            row["reconciled_missing_rows"],
            day=day,
        )
    if row["reconciliation_name"] == "differs":
        return t_count(
            "{day}: {n} row still differs",
            "{day}: {n} rows still differ",
            row["reconciled_unmended_rows"],
            day=day,
        )
    return t("{day}: {word}", day=day, word=night_mark(row["reconciliation_name"])["word"].lower())


def night_table(nights: pl.DataFrame) -> Block:
    """The nights of the last month, the newest first: what the origin told, what stood here, what was mended."""
    columns = [
        column(t("Day")),
        column(t("Source")),
        column(t("Outcome")),
        column(t("At the origin"), "end", wide=True),
        column(t("Here"), "end"),
        column(t("Missing or different"), "end", wide=True),
        column(t("Mended"), "end", wide=True),
        column(t("Only here"), "end", wide=True),
        column(t("Remarks"), "text", wide=True),
    ]
    rows = [
        {
            "key": f"{row['source_name']}-{row['day_date']}",
            "tone": "off" if row["outcome_name"] == "differs" else "none",
            "cells": [
                words.short_day(row["day_date"]),
                row["source_name"],
                night_mark(row["outcome_name"]),
                *_night_counts(row),
                commands_marked(row["reason_text"] or ""),
            ],
        }
        for row in nights.iter_rows(named=True)
    ]
    counts = dict(nights.group_by("outcome_name").len().iter_rows())
    order = ("agreed", "mended", "differs", "failed", "not_comparable")
    told = [
        f"{words.number(counts[name])} {night_mark(name)['word'].lower()}" for name in order if name in counts
    ]
    return board.table(
        t("Comparisons with the origins"),
        columns,
        rows,
        nothing=t(
            "No day has been compared yet. Each night the day that ended is read once more and compared."
        ),
        title=t("Each night against the origin"),
        lead=" · ".join(told),
    )


def commands_marked(text: str) -> str:
    """A text with the commands in it in quotation marks, for a cell, which shows backticks as they are."""
    return _COMMAND.sub("\u201c\\1\u201d", text)


def _night_counts(row: Row) -> list[str]:
    """The figures of a comparison; none where there was nothing to compare with."""
    counts = (
        row["origin_rows"],
        row["warehouse_rows"],
        row["missing_rows"] + row["differing_rows"],
        row["mended_rows"],
        row["surplus_rows"],
    )
    is_compared = row["outcome_name"] not in ("failed", "not_comparable")
    return [words.number(count if is_compared else None) for count in counts]
