"""One agent's day from first to last, as a list: each call with its parts, each thing done to a ticket with the way to it.

In: the rows of agent_day. Out: a table for `board.show`.
The rule it guards: calls and tickets stand in one order of time, each kind with its own shape and word.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_view import group_word, status_word
from dashboard.words import t, t_count


def deed_word(kind_name: str, what_name: str) -> Block:
    """What an agent did, with a shape for each kind: call, reply, note, assignment, status."""
    if kind_name == "call":
        words_of_calls = {
            "answered": t("Call"),
            "outbound": t("Outbound call"),
            "internal": t("Internal call"),
        }
        word = words_of_calls.get(what_name, t("Call in progress"))
        return {"shape": "square", "state": "on_contact", "word": word}
    known = {
        "reply": ("circle", "available", t("Reply")),
        "note": ("ring", "wrap_up", t("Note")),
        "agent": ("diamond", "ringing", t("Ticket received")),
        "solved": ("half", "available", t("Ticket solved")),
        "closed": ("half", "available", t("Ticket closed")),
    }
    set_to = t("Set to {status}", status=status_word(what_name).lower())
    shape, state, word = known.get(what_name, ("bars", "paused", set_to))
    return {"shape": shape, "state": state, "word": word}


def day_table(deeds: pl.DataFrame, *, zone_name: str) -> Block:
    """One agent's day from first to last: each call with its parts, each thing done to a ticket with the way to it."""
    rows = [_deed_row(place, row, zone_name) for place, row in enumerate(deeds.iter_rows(named=True))]
    columns = [
        column(t("Time")),
        column(t("What")),
        column(t("Queue or group"), wide=True),
        column(t("Ticket")),
        column(t("Topic"), "text", wide=True),
        column(t("Handle time"), "end"),
        column(t("Talk"), "end", wide=True),
        column(t("Hold"), "end", wide=True),
        column(t("Wrap-up"), "end", wide=True),
    ]
    lead = t_count("{n} entry, in the order of time.", "{n} entries, in the order of time.", len(rows))
    return board.table(
        t("The day"),
        columns,
        rows,
        nothing=t("No call and no ticket on this day."),
        title=t("The day"),
        lead=t("the first 1,000") if len(rows) >= 1000 else lead,
    )


def _deed_row(place: int, row: Row, zone_name: str) -> Block:
    is_call = row["kind_name"] == "call"
    spent = (
        words.duration(row[name]) if is_call else ""
        for name in ("handle_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds")
    )
    return {
        "key": f"{place}-{row['reference_text']}-{row['what_name']}",
        "cells": [
            _clock(row["happened_at"], zone_name),
            deed_word(row["kind_name"], row["what_name"]),
            words.name(row["place_name"]) if is_call else group_word(row["place_name"]),
            words.UNKNOWN if is_call else board.linked(row["reference_text"], row["url_text"]),
            row["topic_name"] or words.UNKNOWN,
            *spent,
        ],
    }


def _clock(at: datetime, zone_name: str) -> str:
    return words.moment(at, zone_name).rpartition(" ")[2]
