"""What happened to one ticket: each change of status, group, priority and agent, each reply, and what was an escalation.

In: the changes of a ticket as its source told them. Out: a table for `board.show`.
The rule it guards: only what the source told stands here, never the words that were written, and each row names its load.
"""

from __future__ import annotations

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_view import channel_word, group_word, priority_word, status_word, target_word
from dashboard.words import t, t_count


def event_word(event_name: str) -> str:
    """What happened, in the reader's words."""
    known = {
        "created": t("Created"),
        "status": t("Status"),
        "priority": t("Priority"),
        "group": t("Group"),
        "agent": t("Given to an agent"),
        "reply": t("Reply"),
        "request": t("Word of the requester"),
        "note": t("Internal note"),
        "schedule": t("Timetable"),
        "csat": t("Rating"),
        "channel": t("Channel"),
        "target": t("Promise"),
        "deleted": t("Deleted"),
    }
    return known.get(event_name, event_name)


def change_table(changes: pl.DataFrame, *, zone_name: str) -> Block:
    """A ticket's changes in the order of time: from what to what, by whom, which of them escalated it, with which load."""
    rows = [
        {
            "key": f"{row['occurred_at']}-{row['event_number']}",
            "cells": [
                words.moment(row["occurred_at"], zone_name),
                event_word(row["event_name"]),
                _value(row, "value_before_text") if row["value_before_text"] else words.UNKNOWN,
                _value(row, "value_text") if row["value_text"] else words.UNKNOWN,
                board.status("near", t("Escalated")) if row["is_escalation"] else words.UNKNOWN,
                _by(row),
                t("no. {n}", n=str(row["run_id"])),
            ],
        }
        for row in changes.iter_rows(named=True)
    ]
    columns = [
        column(t("When")),
        column(t("What")),
        column(t("Before"), wide=True),
        column(t("Then")),
        column(t("Escalation")),
        column(t("By or to"), wide=True),
        column(t("Load"), wide=True),
    ]
    raised = int(changes["is_escalation"].sum()) if changes.height else 0
    told = [t_count("{n} change", "{n} changes", changes.height)]
    told.append(t_count("escalated once", "escalated {n} times", raised) if raised else t("never escalated"))
    ticket_id = changes["ticket_id"][0] if changes.height else ""
    title = t("What happened to ticket {id}", id=ticket_id)
    return board.table(
        title,
        columns,
        rows,
        nothing=t("The source told nothing of its changes."),
        title=title,
        lead=" · ".join(told),
    )


def _value(row: Row, name: str) -> str:
    known = {
        "created": status_word,
        "status": status_word,
        "priority": priority_word,
        "group": group_word,
        "channel": channel_word,
        "target": target_word,
    }
    text = str(row[name])
    return known[row["event_name"]](text) if row["event_name"] in known else text


def _by(row: Row) -> str:
    if row["agent_name"]:
        return words.name(row["agent_name"])
    known = {"agent": t("an agent"), "requester": t("the requester"), "system": t("the system")}
    return known.get(row["actor_name"] or "", words.UNKNOWN)
