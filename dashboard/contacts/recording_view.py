"""Recordings as blocks: when they were made, how long they are, and the way to them or why there is none.

In: the frames of the questions about recordings, the rules of the site. Out: blocks for `board.show`.
The rule it guards: the page leads to no recording itself, only to the door that counts who opens it; where there is no way,
the reference stands there with what to set.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.contacts import row_view
from dashboard.contacts.recording_rules import Rules, ends_at, host_of, verdict
from dashboard.words import t, t_count

DOOR = "recording"
"""The address at which openings are counted (dashboard/server.py)."""


def door(**which: object) -> str:
    """The address that leads to a recording and counts it."""
    return f"{DOOR}?{urlencode(which)}"


def way(row: Row, rules: Rules, *, zone_name: str, as_of: datetime) -> Block | str:
    """A cell: the link to a recording, or in words why there is none."""
    said = verdict(
        rules, url_text=row["url_text"], started_at=row["started_at"], as_of=as_of, erased_at=row["erased_at"]
    )
    if said == "erased":
        day = words.short_day(words.local_day(row["erased_at"], zone_name))
        return board.status("none", t("Erased on {day}", day=day))
    if said == "expired":
        end = ends_at(rules, row["started_at"])
        day = words.short_day(words.local_day(end, zone_name)) if end else words.UNKNOWN
        told = t("Deleted there since {day}: kept for {n} days", day=day, n=words.number(rules.kept_days))
        return board.status("none", told)
    if said == "open":
        return {"text": t("Open the recording"), "href": _address(row)}
    if said == "unlisted":
        return str(row["url_text"])
    return t("{reference} (no address of the web)", reference=row["url_text"] or words.UNKNOWN)


def _lead(rows: pl.DataFrame, rules: Rules, *, as_of: datetime, told: str) -> str:
    """What stands over a table of recordings: what it tells, and which hosts must be listed so that all can be opened."""
    missing = {
        host_of(row["url_text"]) or ""
        for row in rows.filter(pl.col("url_text").is_not_null()).iter_rows(named=True)
        if verdict(rules, url_text=row["url_text"], started_at=row["started_at"], as_of=as_of) == "unlisted"
    }
    if not missing:
        return told
    hosts = ", ".join(sorted(missing)[:5])
    return (
        told
        + " "
        + t(
            "Some cannot be opened from here yet: ask whoever runs Floorboard to add {hosts} to hosts in [recordings] of "
            "floorboard.toml.",
            hosts=hosts,
        )
    )


def _address(row: Row) -> str:
    if row.get("review_id") is not None:
        return door(review=row["review_id"])
    return door(source=row["source_name"], id=row["recording_id"])


def media_word(media_name: str) -> str:
    """What was recorded."""
    known = {"voice": t("Voice"), "screen": t("Screen"), "video": t("Video"), "text": t("Text")}
    return known.get(media_name, media_name)


def recording_table(recordings: pl.DataFrame, rules: Rules, *, zone_name: str, as_of: datetime) -> Block:
    """The recordings of one contact, in the order of time, each with the way to it."""
    rows = [
        {
            "key": f"{row['source_name']}-{row['recording_id']}-{place}",
            "cells": [
                words.moment(row["started_at"], zone_name),
                words.duration(row["length_seconds"]),
                media_word(row["media_name"]),
                words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                way(row, rules, zone_name=zone_name, as_of=as_of),
                f"{row['recording_id']} ({row['source_name']})"
                if row["recording_id"]
                else row["source_name"],
            ],
        }
        for place, row in enumerate(recordings.iter_rows(named=True))
    ]
    columns = [
        column(t("Made")), column(t("Length"), "end"), column(t("What"), wide=True), column(t("Agent"), wide=True),
        column(t("The recording"), "text"), column(t("Id (source)"), wide=True),
    ]  # fmt: skip
    return board.table(
        t("Recordings"),
        columns,
        rows,
        title=t("Recordings"),
        lead=_lead(
            recordings, rules, as_of=as_of, told=t("They stay where they lie; each opening is counted.")
        )
        if recordings.height
        else "",
        nothing=t(
            'No source tells of a recording of this contact. A file of them is mapped with facts = "recordings".'
        ),
    )


def typed(review: Row) -> pl.DataFrame:
    """The link that a reviewer wrote beside a review, as a row of the table; none where there is none."""
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "started_at": pl.Datetime("us", "UTC"), "length_seconds": pl.Int64, "media_name": pl.String,
        "agent_name": pl.String, "source_name": pl.String, "recording_id": pl.String, "url_text": pl.String,
        "erased_at": pl.Datetime("us", "UTC"), "review_id": pl.Int64,
    }  # fmt: skip
    row = {
        "started_at": review["reviewed_at"],
        "media_name": t("named by {name}", name=review["reviewer_name"]),
        "url_text": review["recording_url_text"],
        "source_name": t("this review"),
        "review_id": review["review_id"],
    }
    return pl.DataFrame([row] if review["recording_url_text"] else [], schema=columns)


def recorded_tiles(total: Row) -> list[Block]:
    """How many of the answered calls were recorded."""
    recorded, answered = total["recorded_calls"], total["answered_calls"]
    return [
        board.count_tile(
            "recorded_calls", t("Recorded calls"), recorded,
            more=t("of {n} answered", n=words.number(answered)),
        )
    ]  # fmt: skip


def recorded_table(
    calls: pl.DataFrame, rules: Rules, *, total: int, zone_name: str, as_of: datetime
) -> Block:
    """The recorded calls, the newest first, each with its recording and its journey; `total` is how many there are."""
    rows = [
        {
            "key": f"{row['call_source_name']}-{row['call_id']}",
            "cells": [
                board.leading(
                    words.moment(row["offered_at"], zone_name),
                    row_view.contact_address({**row, "source_name": row["call_source_name"]}),
                ),
                words.name(row["queue_name"]) if row["queue_name"] else words.UNKNOWN,
                words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                words.duration(row["length_seconds"]),
                way(row, rules, zone_name=zone_name, as_of=as_of),
                t_count("{n} recording", "{n} recordings", row["recording_count"]),
            ],
        }
        for row in calls.iter_rows(named=True)
    ]
    columns = [
        column(t("Call")), column(t("Queue"), wide=True), column(t("Agent"), wide=True),
        column(t("Length"), "end", wide=True),
        column(t("The recording"), "text"), column(t("In all"), wide=True),
    ]  # fmt: skip
    shown = t("the newest {n} of {all}", n=words.number(calls.height), all=words.number(total))
    told = (t_count("{n} call", "{n} calls", total) if total == calls.height else shown) + "."
    lead = _lead(calls, rules, as_of=as_of, told=told)
    return board.table(
        t("Recorded calls"),
        columns,
        rows,
        title=t("Recorded calls"),
        lead=lead,
        nothing=t(
            "No answered call of this time was recorded, or no source tells of it. Map the list of your recordings: "
            'facts = "recordings" (docs/sources/any-file.md).'
        ),
    )
