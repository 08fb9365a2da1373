"""Finding calls and tickets: what can be asked for, the table of what was found, and what to do where nothing was.

In: the address's words and the frame of the search. Out: choices, the question's arguments, and blocks for `board.show`.
The rule it guards: a word of the address counts only when it is on a list; a customer's number is never put into one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, column
from dashboard.contacts import row_view
from dashboard.tickets.ticket_view import group_word, status_word
from dashboard.words import t, t_count

CALL_OUTCOMES = (
    "answered",
    "abandoned",
    "callback",
    "overflowed",
    "timed_out",
    "withdrawn",
    "interrupted",
    "waiting",
    "in_progress",
)
TICKET_STATUSES = ("new", "open", "pending", "on_hold", "needs_rework", "solved", "closed")
BESIDE = ("kind", "outcome", "wait")
"""What stands in the row itself; the rest is a click away."""

SECONDS = (20, 60, 120, 300, 600, 1800)
CUSTOMER_KEY = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"\+?[\d\s()./-]{7,}")


def choices() -> dict[str, tuple[str, dict[str, str]]]:
    """What a search can be narrowed by, beside period and place: key of the address -> its label and its options."""
    waits = {str(seconds): t("Wait over {time}", time=words.duration(seconds)) for seconds in SECONDS}
    handles = {str(seconds): t("Handled over {time}", time=words.duration(seconds)) for seconds in SECONDS}
    outcomes = {name: _outcome_word(name) for name in CALL_OUTCOMES}
    statuses = {name: status_word(name) for name in TICKET_STATUSES}
    directions = {name: row_view.direction_word(name) for name in ("inbound", "outbound", "internal")}
    scores = {"low": t("CSAT 1 and 2"), "high": t("CSAT 4 and 5"), "given": t("CSAT given")}
    return {
        "kind": (
            t("Calls and tickets"),
            _any(t("Calls and tickets")) | {"call": t("Calls"), "ticket": t("Tickets")},
        ),
        "outcome": (t("Outcome or status"), _any(t("Any outcome")) | outcomes | statuses),
        "direction": (t("Direction"), _any(t("Any direction")) | directions),
        "wait": (t("Wait"), _any(t("Any wait")) | waits),
        "handle": (t("Handle time"), _any(t("Any handle time")) | handles),
        "passed": (
            t("Passed on"),
            _any(t("Passed on or not")) | {"yes": t("Passed on"), "no": t("Not passed on")},
        ),
        "csat": (t("CSAT"), _any(t("Any CSAT")) | scores),
    }


def _any(word: str) -> dict[str, str]:
    return {"any": word}


def _outcome_word(name: str) -> str:
    found = row_view.outcome(name)
    return str(found["word"]) if isinstance(found, dict) else found


def arguments(chosen: Mapping[str, str], text: str) -> dict[str, Any]:
    """The arguments of the search that these choices and this text mean; what stands on "any" is left out."""
    made: dict[str, Any] = {}
    told = {key: value for key, value in chosen.items() if value != "any"}
    names = {"kind": "kind_name", "outcome": "outcome_name", "direction": "direction_name"}
    made |= {name: told[key] for key, name in names.items() if key in told}
    numbers = {"wait": "wait_over_seconds", "handle": "handle_over_seconds"}
    made |= {name: int(told[key]) for key, name in numbers.items() if key in told}
    if "passed" in told:
        made["is_transferred"] = told["passed"] == "yes"
    if "csat" in told:
        made["csat_name"] = told["csat"]
    if CUSTOMER_KEY.fullmatch(text):
        return made | {"customer_key": text}
    return made | ({"search_text": text} if text else {})


def looks_like_a_number(text: str) -> bool:
    """Whether somebody searches for a caller by the number."""
    return bool(_NUMBER.fullmatch(text)) or "@" in text


def number_notice() -> Block:
    """Why a caller's number finds nothing here, and what does."""
    return board.notice(
        "none",
        t("Customers' numbers and addresses are not kept."),
        t(
            "Each stands here as a keyed hash, and the key is not in the database. Whoever runs Floorboard finds a "
            "customer with `floorboard customer find`, which asks for the number and answers with an address of this page."
        ),
    )


def found_heading(found: pl.DataFrame, *, shown: int) -> Block:
    """The title over what was found: how many calls and tickets, and how many of them are on this page."""
    calls, tickets = found.row(0, named=True)["found_calls"], found.row(0, named=True)["found_tickets"]
    told = [
        *([t_count("{n} call", "{n} calls", calls)] if calls else []),
        *([t_count("{n} ticket", "{n} tickets", tickets)] if tickets else []),
    ]
    lead = t("newest first") if shown >= calls + tickets else t("{n} on this page", n=words.number(shown))
    return {"kind": "section", "title": t(" and ").join(told), "lead": lead, "legend": []}


def found_table(rows: pl.DataFrame, *, zone_name: str) -> Block:
    """What was found, the newest first; each row leads to its contact's journey."""
    drawn = []
    for row in rows.iter_rows(named=True):
        is_call = row["kind_name"] == "call"
        outcome = row_view.outcome(row["outcome_name"]) if is_call else status_word(row["outcome_name"])
        place = words.name(row["queue_name"]) if is_call else group_word(row["queue_name"])
        identity = f"{row['record_id']} ({row['source_name']})"
        drawn.append(
            {
                "key": row["row_text"],
                "cells": [
                    board.leading(
                        words.moment(row["started_at"], zone_name), row_view.contact_address(_contact(row))
                    ),
                    t("Call") if is_call else t("Ticket"),
                    place,
                    words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                    outcome,
                    words.duration(row["wait_seconds"]) if is_call else words.long_time(row["wait_seconds"]),
                    words.duration(row["handle_seconds"]),
                    row_view.transfer_word(row["transfer_kind_name"]),
                    row["topic_name"] or words.UNKNOWN,
                    words.number(row["csat_score"]),
                    identity if is_call else board.linked(identity, row["url_text"]),
                ],
            }
        )
    columns = [
        column(t("When")),
        column(t("What")),
        column(t("Queue or group")),
        column(t("Agent")),
        column(t("Outcome or status")),
        column(t("Wait"), "end"),
        column(t("Handle time"), "end"),
        column(t("Passed on"), wide=True),
        column(t("Topic"), "text", wide=True),
        column(t("CSAT"), "end", wide=True),
        column(t("Id (source)"), wide=True),
    ]
    return board.table(
        t("Calls and tickets"), columns, drawn, nothing=t("No call and no ticket fits this search.")
    )


def _contact(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A ticket is looked up by its own id, which is that of its contact only where the source says so."""
    return row if row["kind_name"] == "call" else {**row, "contact_id": row["contact_id"] or row["record_id"]}


def nothing_found(text: str) -> Block:
    """The page of a search that fits nothing."""
    steps = [t("Choose a longer period, or fewer filters.")]
    if text:
        steps = [
            t("A whole id is found at any time; a part of one, from its beginning, only in the period."),
            *steps,
        ]
    return board.notice(
        "none",
        t("No call and no ticket fits this search."),
        t("Nothing that was read so far has all that is asked for."),
        steps=steps,
        page=True,
    )
