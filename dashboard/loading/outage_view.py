"""The timeline of Data health: when each source delivered, when it did not, and how long it took to catch up.

In: the frame of the question about outages. Out: blocks for `board.show`.
The rule it guards: every stretch is told by its height, pattern and word, and whatever is drawn also stands in words.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.loading.health_view import commands_marked
from dashboard.words import t, t_count

STATES = ("delivering", "catching_up", "silent", "not_read", "failing")
UNKNOWN_STATE = "unknown"  # of the time before a source was read at all: nothing is drawn there
DOWN = ("failing", "not_read")
CALM = ("delivering", "silent")
LONG_SILENCE_SECONDS = 1800  # shorter ones are drawn, and are no line of the list: at night nobody calls
OUTAGES_SHOWN = 50
FINEST_SHARE = 0.0008  # of the band's width: what is narrower is no part of its own
TICK_HOURS = {1: 3, 7: 24}


def state_word(state_name: str, *, is_loader: bool = False) -> str:
    """What a stretch of the timeline is called."""
    if is_loader:
        return t("Running") if state_name == "delivering" else t("No sign of life")
    known = {
        "delivering": t("Delivering"),
        "catching_up": t("Catching up"),
        "silent": t("Silent"),
        "not_read": t("Not read"),
        "failing": t("Failing"),
    }
    return known[state_name]


def timeline(outages: pl.DataFrame, *, as_of: datetime, days: int, zone_name: str) -> Block:
    """One band for the loader and one per source over the last days, with the hours or days below them."""
    window_start = as_of - timedelta(days=days)
    seconds = days * 86_400.0
    bands = []
    for (is_loader, source_name), part in outages.group_by(["is_loader", "source_name"], maintain_order=True):
        label = t("Loader") if is_loader else str(source_name)
        bands.append(
            {
                "key": "loader" if is_loader else f"source-{source_name}",
                "label": label,
                **_summary(part, is_loader=bool(is_loader)),
                "parts": [
                    {
                        "state": row["state_name"],
                        "left": _share(row["started_at"] - window_start, seconds),
                        "width": _share(row["ended_at"] - row["started_at"], seconds),
                        "text": _stretch_text(row, zone_name, as_of),
                    }
                    for row in _drawable(part, seconds)
                ],
            }
        )
    return {
        "kind": "timeline",
        "title": t("Outages and catch-ups"),
        "lead": t("the last 24 hours") if days == 1 else t_count("the last day", "the last {n} days", days),
        "nothing": t("Nothing has been read yet."),
        "legend": [
            *({"state": name, "word": state_word(name)} for name in STATES),
            *([{"state": UNKNOWN_STATE, "word": t("Not read before")}] if _has_blanks(bands) else []),
        ],
        "bands": bands,
        "ticks": ticks(window_start, as_of, zone_name=zone_name, step_hours=TICK_HOURS.get(days, 24)),
        "now": t("now"),
    }


def _has_blanks(bands: list[Block]) -> bool:
    """Whether a band begins empty: its source was first read within the window."""
    return any(found["parts"] and found["parts"][0]["left"] > 100 * FINEST_SHARE for found in bands)


def _share(span: timedelta, seconds: float) -> float:
    return round(100 * span.total_seconds() / seconds, 3)


def _drawable(part: pl.DataFrame, seconds: float) -> list[dict[str, Any]]:
    """The stretches to draw: calm ones too short to be seen join the calm before them; outages all stay as they were."""
    drawn: list[dict[str, Any]] = []
    for row in part.iter_rows(named=True):
        before = drawn[-1]["state_name"] if drawn else None
        is_fine = row["duration_seconds"] < FINEST_SHARE * seconds and row["state_name"] in CALM
        if before == row["state_name"] or (is_fine and before in CALM):
            drawn[-1] |= {"ended_at": row["ended_at"]}
        else:
            drawn.append(dict(row))
    return drawn


def _stretch_text(row: Row, zone_name: str, as_of: datetime) -> str:
    until = t("now") if row["ended_at"] >= as_of else words.moment(row["ended_at"], zone_name)
    text = t(
        "{state}: {start} to {until}",
        state=state_word(row["state_name"], is_loader=row["is_loader"]),
        start=words.moment(row["started_at"], zone_name),
        until=until,
    )
    return f"{text} ({words.age((row['ended_at'] - row['started_at']).total_seconds())})"


def _summary(part: pl.DataFrame, *, is_loader: bool) -> Block:
    """How the band ends, and its outages in one line."""
    last = part.row(-1, named=True)["state_name"]
    tones = {
        "delivering": "good",
        "catching_up": "near",
        "silent": "near",
        "not_read": "off",
        "failing": "off",
    }
    down = part.filter(pl.col("state_name").is_in(DOWN))
    if down.is_empty():
        text = t("no outage")
    else:
        text = t_count(
            "{n} outage, {age}",
            "{n} outages, {age}",
            down.height,
            age=words.age(int(down["duration_seconds"].sum())),
        )
    return {
        "status": board.status(tones[last], state_word(last, is_loader=is_loader)),
        "summary": text,
        "has_outage": down.height > 0,
    }


def ticks(window_start: datetime, window_end: datetime, *, zone_name: str, step_hours: int) -> list[Block]:
    """The full hours (every third) or the midnights of the place within the window, as shares of its width."""
    seconds = (window_end - window_start).total_seconds()
    step = timedelta(minutes=15)  # no zone is off by less
    at = window_start - timedelta(seconds=window_start.timestamp() % step.total_seconds()) + step
    found = []
    while at < window_end:
        local = at.astimezone(words.zone(zone_name))
        if local.minute == 0 and local.hour % step_hours == 0:
            label = words.short_day(local.date()) if step_hours == 24 else words.clock(at, zone_name)
            found.append({"left": _share(at - window_start, seconds), "label": label})
        at += step
    return found


def outage_table(outages: pl.DataFrame, *, as_of: datetime, zone_name: str) -> Block:
    """The outages of the window, the newest first: since when, how long, why, and how the source caught up."""
    columns = [
        column(t("Since")),
        column(t("Source")),
        column(t("What")),
        column(t("Lasted"), "end"),
        column(t("Caught up"), wide=True),
        column(t("Why"), "text", wide=True),
    ]
    rows = [
        {
            "key": f"{row['source_name']}-{row['started_at'].isoformat()}",
            "tone": "off" if row["ended_at"] >= as_of and row["state_name"] in DOWN else "none",
            "cells": [
                _since(row["started_at"], zone_name),
                t("Loader") if row["is_loader"] else row["source_name"],
                board.status(
                    "off" if row["state_name"] in DOWN else "near",
                    state_word(row["state_name"], is_loader=row["is_loader"]),
                ),
                t("{age} so far", age=words.age(row["duration_seconds"]))
                if row["ended_at"] >= as_of
                else words.age(row["duration_seconds"]),
                _caught_up(row, outages, as_of),
                _why(row),
            ],
        }
        for row in _listed(outages).head(OUTAGES_SHOWN).iter_rows(named=True)
    ]
    return board.table(
        t("Outages"),
        columns,
        rows,
        nothing=t("None: every source was read without a break."),
        title=t("Outages in words"),
        lead=t("silences count from {age} on", age=words.age(LONG_SILENCE_SECONDS)),
    )


def _since(instant: datetime, zone_name: str) -> str:
    day = words.short_day(words.local_day(instant, zone_name))
    return f"{day}, {words.clock(instant, zone_name)}"


def _listed(outages: pl.DataFrame) -> pl.DataFrame:
    """What stands in the list: a silence of the loader once, and not again for every source that it did not read."""
    loader = outages.filter(pl.col("is_loader") & (pl.col("state_name") == "not_read"))
    is_down = pl.col("state_name").is_in(DOWN)
    is_long = (pl.col("state_name") == "silent") & (pl.col("duration_seconds") >= LONG_SILENCE_SECONDS)
    own = outages.filter(~pl.col("is_loader") & (is_down | is_long))
    unread = own.filter(pl.col("state_name") == "not_read").join(
        loader.select(loader_from="started_at", loader_until="ended_at"), how="cross"
    )
    known = unread.filter(
        (pl.col("started_at") >= pl.col("loader_from")) & (pl.col("ended_at") <= pl.col("loader_until"))
    ).select("source_name", "started_at")
    own = own.join(known, on=["source_name", "started_at"], how="anti")
    return pl.concat([loader, own]).sort(
        "started_at", "is_loader", "source_name", descending=[True, True, False]
    )


def _caught_up(row: Row, outages: pl.DataFrame, as_of: datetime) -> str:
    """When the sources that this outage kept from being read were within their limits again, and with how many rows."""
    if row["ended_at"] >= as_of:
        return words.UNKNOWN
    after = outages.filter(
        (pl.col("state_name") == "catching_up") & (pl.col("started_at") == row["ended_at"])
    )
    if not row["is_loader"]:
        after = after.filter(pl.col("source_name") == row["source_name"])
    if row["state_name"] == "silent" or after.is_empty():
        return t("nothing had piled up") if row["state_name"] in DOWN else words.UNKNOWN
    return t_count(
        "{n} row in {age}",
        "{n} rows in {age}",
        int(after["loaded_rows"].sum()),
        age=words.age(max(1, int(after["duration_seconds"].max() or 0))),  # type: ignore[arg-type]
    )


def _why(row: Row) -> str:
    if row["state_name"] == "failing":
        return commands_marked(row["error_text"] or "")
    if row["state_name"] == "silent":
        return t("It was read, and had nothing to tell.")
    return t(
        "The loader did not run, or could not reach the database; nothing is lost, it reads on from there."
    )
