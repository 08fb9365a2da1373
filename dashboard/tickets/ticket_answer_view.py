"""Who owes an answer: we by agent and group, or the requester; and the tickets that have waited longest for ours.

In: the frames of the questions about answers. Out: blocks for `board.show`.
The rule it guards: whoever wrote last waits for the other; every figure leads to its tickets, every ticket to its journey.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_list_view import (
    agent_word,
    newest_note,
    source_cells,
    source_columns,
    ticket_cell,
    topic_text,
)
from dashboard.tickets.ticket_shown_view import Shown
from dashboard.tickets.ticket_view import group_word, metric_tile, priority_word, status_word
from dashboard.words import t, t_count
from sql import metrics


def answer_tiles(row: Row, shown: Shown) -> list[Block]:
    """The tiles of who owes: we, the requester, nobody; each of the unsolved tickets, and each leads to its own."""
    n, owed, theirs = row["backlog_tickets"], row["owed_tickets"], row["requester_owes_tickets"]
    of_all = t_count("of {n} unsolved ticket", "of {n} unsolved tickets", n)

    oldest = row["oldest_wait_seconds"]
    ours = board.count_tile(
        "owed_tickets", t("We owe an answer"), owed, unit=of_all, share=owed / n if n else None, goal=None
    )
    waits = t("the requester wrote last; the oldest word waits for {time}", time=words.long_time(oldest))
    return [
        {
            **ours,
            "units": 2,
            "here": shown.behind("owed_tickets"),
            "aria": t("Share of tickets in which we owe an answer"),
            "more": [shown.cell(waits, owed, "longest_owed_wait_seconds")]
            if oldest is not None
            else t("no requester waits for a word of ours"),
            "tip": t("Unsolved tickets in which the requester wrote last, whatever their status."),
        },
        metric_tile(
            "average_owed_wait_seconds",
            row,
            basis=t("n = {n}", n=words.number(owed)),
            reason=t("Unknown: we owe no answer."),
            shown=shown,
        ),
        board.count_tile(
            "requester_owes",
            t("The requester owes"),
            theirs,
            more=t("pending, and our word was the last"),
            here=shown.behind("requester_owes_tickets"),
        ),
        board.count_tile(
            "nobody_owes",
            t("Nobody owes"),
            n - owed - theirs,
            more=t("new, open or on hold without a question"),
            here=shown.behind("nobody_owes_tickets"),
        ),
    ]


def answer_table(answers: pl.DataFrame, *, by_agent: bool, shown: Shown) -> Block:
    """Who owes answers: one row per agent or per group, those who owe most first; each figure leads to its tickets."""
    name = "agent_name" if by_agent else "group_name"
    keys = ["agent_id", "agent_name"] if by_agent else ["group_name"]
    sums = answers.group_by(keys).agg(
        pl.col("backlog_tickets", "owed_tickets", "requester_owes_tickets", "owed_wait_seconds").sum(),
        pl.col("oldest_owed_at").min(),
    )
    listed = metrics.with_metrics(sums, "average_owed_wait_seconds").sort(
        "owed_tickets", name, descending=[True, False], nulls_last=True
    )
    most = max(listed.get_column("owed_tickets").max() or 0, 1)
    rows = []
    for place, row in enumerate(listed.iter_rows(named=True)):
        owed, theirs, n = row["owed_tickets"], row["requester_owes_tickets"], row["backlog_tickets"]
        waits = (
            None if row["oldest_owed_at"] is None else (shown.as_of - row["oldest_owed_at"]).total_seconds()
        )
        oldest, average = words.long_time(waits), words.long_time(row["average_owed_wait_seconds"])
        of = _whose(row, by_agent=by_agent)
        rows.append(
            {
                "key": str(row["agent_id"] if by_agent else row["group_name"] or "-") + f"-{place}",
                "cells": [
                    agent_word(row["agent_name"]) if by_agent else group_word(row["group_name"]),
                    board.amount(
                        words.number(owed),
                        owed / most if owed else None,
                        address=shown.behind("owed_tickets", **of) if owed else None,
                    ),
                    shown.cell(oldest, owed, "longest_owed_wait_seconds", **of),
                    shown.cell(average, owed, "average_owed_wait_seconds", **of),
                    shown.cell(words.number(theirs), theirs, "requester_owes_tickets", **of),
                    shown.cell(words.number(n), n, "backlog_tickets", **of),
                ],
            }
        )
    columns = [
        column(t("Agent") if by_agent else t("Group")),
        column(t("We owe"), "end"),
        column(t("Oldest"), "end"),
        column(t("On average"), "end", wide=True),
        column(t("They owe"), "end"),
        column(t("Unsolved"), "end", wide=True),
    ]
    title = t("By agent") if by_agent else t("By group")
    return board.table(title, columns, rows, nothing=t("Every ticket is solved."), title=title)


def _whose(row: Row, *, by_agent: bool) -> dict[str, Any]:
    """What narrows a list to the tickets of a row: a group, an agent, or nobody."""
    if not by_agent:
        return {"group_name": row["group_name"]}
    return {"is_assigned": False} if row["agent_id"] is None else {"agent_id": row["agent_id"]}


def owed_table(owed: pl.DataFrame, *, zone_name: str) -> Block:
    """The tickets whose requesters have waited longest for an answer to their last word."""
    rows = [
        {
            "key": f"{row['source_name']}:{row['ticket_id']}",
            "cells": [
                ticket_cell(row),
                topic_text(row),
                group_word(row["group_name"]),
                priority_word(row["priority_name"]),
                agent_word(row["agent_name"]),
                status_word(row["status_name"]),
                words.long_time(row["owed_seconds"]),
                words.moment(row["owes_reply_since_at"], zone_name),
                *source_cells(row, owed),
            ],
        }
        for row in owed.iter_rows(named=True)
    ]
    columns = [
        column(t("Ticket")),
        column(t("Topic"), "text", wide=True),
        column(t("Group"), wide=True),
        column(t("Priority"), wide=True),
        column(t("Agent"), wide=True),
        column(t("Status"), wide=True),
        column(t("Waits for"), "end"),
        column(t("Since"), wide=True),
        *source_columns(owed),
    ]
    return board.table(
        t("Tickets that wait for our answer"),
        columns,
        rows,
        nothing=t("No requester waits for a word of ours."),
        title=t("Waiting longest"),
        lead=newest_note(owed.height),
    )
