"""Puts what a queue's events told into the warehouse's words, the same way for the log file and for the table.

In: events and the sessions made of them. Out: facts, the kinds of event that no fact is made of, callers as hashes.
The rule it guards: a caller's number goes no further than here, and every way to the same events gives the same facts.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from etl.customer_key import customer_key
from etl.sources.pbx.queue_events import CONTROL, ENTRY, KNOWN_VERBS, NEVER_ENTERED, Sessions

_INTEGERS = (
    "stay_number",
    "wait_seconds",
    "ring_seconds",
    "talk_seconds",
    "wrap_up_seconds",
    "entry_position",
)


def without_numbers(events: pl.DataFrame, secret: bytes, country_name: str | None) -> pl.DataFrame:
    """The events with callers' numbers (p2 of an ENTERQUEUE) as keyed hashes; the number itself goes no further."""
    is_entry = pl.col("verb") == ENTRY
    numbers = events.filter(is_entry & pl.col("p2").is_not_null())["p2"].unique().to_list()
    keys = {number: customer_key(secret, number, country_name) for number in numbers}
    hashed = pl.col("p2").replace_strict(keys, default=None, return_dtype=pl.String)
    return events.with_columns(
        p2=pl.when(is_entry).then(hashed).otherwise("p2"), p1=pl.when(~is_entry).then("p1")
    )


def unused_events(events: pl.DataFrame) -> pl.DataFrame:
    """The kinds of event that no fact is made of, one row each, with how many there were."""
    return (
        events.filter(~pl.col("verb").is_in(KNOWN_VERBS) | pl.col("verb").is_in((*NEVER_ENTERED, *CONTROL)))
        .group_by(pl.col("verb").str.slice(0, 60).alias("event_name"))
        .agg(is_known=pl.col("verb").is_in(KNOWN_VERBS).all(), read_rows=pl.len().cast(pl.Int64))
        .sort("event_name")
    )


def facts_of(
    sessions: Sessions, place_of: Callable[[pl.Expr], pl.Expr] | None = None
) -> dict[str, pl.DataFrame]:
    """The facts in the warehouse's columns, but for the ids; place_of: where the event of a seq stands in the source."""
    told_seq = pl.when(pl.col("told_seq") >= 0).then(pl.col("told_seq"))
    place = pl.lit(None, pl.String) if place_of is None else place_of(told_seq)
    calls = sessions.stays.select(
        *(_instant(name) for name in ("answered_at", "ended_at")),
        "version_number",
        "new_rows",
        "queue_name",
        "agent_name",
        *(pl.col(name).cast(pl.Int32) for name in _INTEGERS),
        "call_id",
        "outcome_name",
        "ended_by_name",
        "transfer_kind_name",
        "transferred_to_name",
        offered_at=_instant("event_at"),
        hold_seconds=pl.lit(None, pl.Int32),
        contact_id="call_id",
        channel_name=pl.lit("call"),
        direction_name=pl.lit("inbound"),
        customer_key="p2",
        place_text=place,
    )
    spans = [_instant("started_at"), _instant("ended_at")]
    return {
        "calls": calls,
        "agent_states": sessions.states.with_columns(spans),
        "queue_members": sessions.members.with_columns(spans),
    }


def _instant(name: str) -> pl.Expr:
    return (pl.col(name) * 1_000_000).cast(pl.Datetime("us", "UTC")).alias(name)
