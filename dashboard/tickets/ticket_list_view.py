"""Tickets one by one and by who has to act: promises by kind, the next ones due, the oldest, and who owes an answer.

In: the frames of the questions about tickets. Out: blocks for `board.show`.
The rule it guards: whoever reads a row can act on it (it leads to the ticket at its source, where that gave an address of
the web), and what is most urgent stands first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_view import (
    PRIORITIES,
    TARGETS,
    attainment_tile,
    group_word,
    metric_tile,
    overdue_status,
    priority_word,
    status_word,
    target_word,
)
from dashboard.words import t, t_count
from sql import metrics

SOON_SECONDS = 3600


def ticket_cell(row: Row) -> Block | str:
    """The ticket's number, which leads to the ticket at its source."""
    return board.linked(row["ticket_id"], row["url_text"])


def topic_text(row: Row) -> str:
    """What the ticket is about, as its source says it."""
    return row["topic_name"] or words.UNKNOWN


def sla_tiles(row: Row) -> list[Block]:
    """The tiles of the promises due in a window: kept, met, missed and closed, overdue, and still running."""
    due, met, overdue = (row[f"{name}_targets_tickets"] for name in ("due", "met", "overdue"))
    return [
        attainment_tile(row),
        board.count_tile(
            "met", t("Met"), met, more=t("of {n} that were met or fell due", n=words.number(due))
        ),
        board.count_tile(
            "late",
            t("Missed, done since"),
            due - met - overdue,
            more=t("answered or solved after their time"),
        ),
        {
            **board.count_tile("overdue", t("Missed, still open"), overdue, more=t("count as missed now")),
            "status": overdue_status(overdue, promised=due + row["running_targets_tickets"]),
        },
        board.count_tile(
            "running",
            t("Running"),
            row["running_targets_tickets"],
            more=t("due until midnight, count in no share yet"),
        ),
    ]


def target_totals(targets: pl.DataFrame) -> Row:
    """The promises of a window, all kinds together; the share is made of the sums."""
    sums = targets.select(
        pl.col(
            "due_targets_tickets", "met_targets_tickets", "overdue_targets_tickets", "running_targets_tickets"
        ).sum()
    )
    return metrics.with_metrics(sums, "sla_attainment_ratio").row(0, named=True)


def target_table(targets: pl.DataFrame) -> Block:
    """The promises of a window by kind and priority, the most urgent first, each share with its n."""
    rows = []
    for row in _in_order(targets).iter_rows(named=True):
        due, met = row["due_targets_tickets"], row["met_targets_tickets"]
        level = row["sla_attainment_ratio"]
        overdue = row["overdue_targets_tickets"]
        rows.append(
            {
                "key": f"{row['target_name']}-{row['priority_name']}-{row['is_business']}",
                "cells": [
                    target_word(row["target_name"]),
                    priority_word(row["priority_name"]),
                    _promise(row),
                    board.amount(words.ratio(level), level),
                    words.number(due),
                    words.number(met),
                    words.number(row["late_targets_tickets"]),
                    board.status("off", words.number(overdue)) if overdue else words.number(overdue),
                    words.number(row["running_targets_tickets"]),
                ],
            }
        )
    columns = [
        column(t("Promise")),
        column(t("Priority")),
        column(t("Within"), wide=True),
        column(t("Kept"), "end"),
        column(t("n"), "end"),
        column(t("Met"), "end", wide=True),
        column(t("Late"), "end"),
        column(t("Overdue"), "end"),
        column(t("Running"), "end", wide=True),
    ]
    return board.table(
        t("Promises by kind and priority"),
        columns,
        rows,
        nothing=t(
            "No promise falls due in this time. Promises are set in the ticket system or as policies here."
        ),
        title=t("By promise and priority"),
        lead=t("Open and overdue counts as missed; withdrawn before it fell due does not count."),
    )


def _in_order(targets: pl.DataFrame) -> pl.DataFrame:
    places = {name: place for place, name in enumerate((*TARGETS, *PRIORITIES))}
    return targets.sort(
        pl.col("target_name").replace_strict(places, default=99),
        pl.col("priority_name").replace_strict(places, default=99),
        "is_business",
    )


def _promise(row: Row) -> str:
    """The promised time; two where policies differed within the window."""
    shortest, longest = row["shortest_target_seconds"], row["longest_target_seconds"]
    within = words.long_time(shortest, in_days=not row["is_business"])
    if shortest != longest:
        within = f"{within} – {words.long_time(longest, in_days=not row['is_business'])}"
    return t("{time}, business hours", time=within) if row["is_business"] else within


def due_table(due: pl.DataFrame, *, zone_name: str, most: int) -> Block:
    """The promises that fall due next, the next one first; those within the hour are marked."""
    ahead = due.filter(~pl.col("is_overdue")).head(most)
    rows = []
    for row in ahead.iter_rows(named=True):
        is_soon = row["until_due_seconds"] <= SOON_SECONDS
        left = t("in {time}", time=words.long_time(row["until_due_seconds"]))
        rows.append(
            {
                "key": _key(row),
                "tone": "near" if is_soon else "none",
                "cells": [*_promise_cells(row, zone_name), board.status("near", left) if is_soon else left],
            }
        )
    return board.table(
        t("Promises due next"),
        [*_promise_columns(), column(t("Left"))],
        rows,
        nothing=t("No promise is running."),
        title=t("Next due"),
        lead=t("Within the hour is at risk."),
    )


def overdue_table(due: pl.DataFrame, *, zone_name: str) -> Block:
    """The promises that are open and past their instant, the longest overdue first."""
    past = due.filter(pl.col("is_overdue"))
    rows = [
        {
            "key": _key(row),
            "cells": [
                *_promise_cells(row, zone_name),
                board.status("off", t("{time} over", time=words.long_time(row["until_due_seconds"]))),
            ],
        }
        for row in past.iter_rows(named=True)
    ]
    return board.table(
        t("Overdue promises"),
        [*_promise_columns(), column(t("Over"))],
        rows,
        nothing=t("Nothing is overdue."),
        title=t("Overdue"),
        lead=_newest_note(past.height),
    )


def _promise_columns() -> Sequence[Block]:
    return [
        column(t("Ticket")),
        column(t("Topic"), "text", wide=True),
        column(t("Promise")),
        column(t("Priority"), wide=True),
        column(t("Group"), wide=True),
        column(t("Agent"), wide=True),
        column(t("Due"), wide=True),
    ]


def _promise_cells(row: Row, zone_name: str) -> list[Block | str]:
    return [
        ticket_cell(row),
        topic_text(row),
        target_word(row["target_name"]),
        priority_word(row["priority_name"]),
        group_word(row["group_name"]),
        agent_word(row["agent_name"]),
        words.moment(row["due_at"], zone_name),
    ]


def agent_word(agent_name: str | None) -> str:
    """The name of the agent to whom a ticket is given."""
    return words.name(agent_name) if agent_name else t("Nobody")


def oldest_table(oldest: pl.DataFrame) -> Block:
    """The oldest unsolved tickets with their status and how long they have stood in it."""
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
                words.long_time(row["in_status_seconds"]),
                words.long_time(row["age_seconds"]),
            ],
        }
        for row in oldest.iter_rows(named=True)
    ]
    columns = [
        column(t("Ticket")),
        column(t("Topic"), "text", wide=True),
        column(t("Group"), wide=True),
        column(t("Priority"), wide=True),
        column(t("Agent"), wide=True),
        column(t("Status")),
        column(t("In status"), "end"),
        column(t("Age"), "end"),
    ]
    return board.table(
        t("Oldest tickets"),
        columns,
        rows,
        nothing=t("Every ticket is solved."),
        title=t("Oldest open tickets"),
        lead=_newest_note(oldest.height),
    )


def answer_tiles(row: Row) -> list[Block]:
    """The tiles of who owes: we, the requester, nobody; each of the unsolved tickets."""
    n, owed, theirs = row["backlog_tickets"], row["owed_tickets"], row["requester_owes_tickets"]
    of_all = t_count("of {n} unsolved ticket", "of {n} unsolved tickets", n)

    def share(part: int) -> float | None:
        return part / n if n else None

    oldest = row["oldest_wait_seconds"]
    ours = board.count_tile(
        "owed_tickets", t("We owe an answer"), owed, unit=of_all, share=share(owed), goal=None
    )
    return [
        {
            **ours,
            "units": 2,
            "aria": t("Share of tickets in which we owe an answer"),
            "more": t(
                "the requester wrote last; the oldest word waits for {time}", time=words.long_time(oldest)
            )
            if oldest is not None
            else t("no requester waits for a word of ours"),
            "tip": t("Unsolved tickets in which the requester wrote last, whatever their status."),
        },
        metric_tile(
            "average_owed_wait_seconds",
            row,
            basis=t("n = {n}", n=words.number(owed)),
            reason=t("Unknown: we owe no answer."),
        ),
        board.count_tile(
            "requester_owes", t("The requester owes"), theirs, more=t("pending, and our word was the last")
        ),
        board.count_tile(
            "nobody_owes",
            t("Nobody owes"),
            n - owed - theirs,
            more=t("new, open or on hold without a question"),
        ),
    ]


def answer_table(answers: pl.DataFrame, *, by_agent: bool, as_of: datetime) -> Block:
    """Who owes answers: one row per agent or per group, those who owe most first."""
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
        owed = row["owed_tickets"]
        oldest = None if row["oldest_owed_at"] is None else (as_of - row["oldest_owed_at"]).total_seconds()
        rows.append(
            {
                "key": str(row["agent_id"] if by_agent else row["group_name"] or "-") + f"-{place}",
                "cells": [
                    agent_word(row["agent_name"]) if by_agent else group_word(row["group_name"]),
                    board.amount(words.number(owed), owed / most if owed else None),
                    words.long_time(oldest),
                    words.long_time(row["average_owed_wait_seconds"]),
                    words.number(row["requester_owes_tickets"]),
                    words.number(row["backlog_tickets"]),
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
    ]
    return board.table(
        t("Tickets that wait for our answer"),
        columns,
        rows,
        nothing=t("No requester waits for a word of ours."),
        title=t("Waiting longest"),
        lead=_newest_note(owed.height),
    )


def _newest_note(rows: int) -> str:
    return t("the first 100") if rows >= 100 else ""


def _key(row: Row) -> str:
    return f"{row['source_name']}:{row['ticket_id']}:{row['target_name']}"
