"""Tickets one by one: promises by kind, the next ones due, those overdue, and the oldest tickets.

In: the frames of the questions about tickets. Out: blocks for `board.show`.
The rule it guards: whoever reads a row can act on it (it leads to the ticket's journey, and to the ticket at its source
where that gave an address of the web), every figure leads to its tickets, and what is most urgent stands first.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_shown_view import Shown, journey
from dashboard.tickets.ticket_view import (
    PRIORITIES,
    TARGETS,
    attainment_tile,
    group_word,
    overdue_status,
    priority_word,
    status_word,
    target_word,
)
from dashboard.words import t
from sql import metrics

SOON_SECONDS = 3600


def ticket_cell(row: Row) -> Block | str:
    """The ticket's number, which leads to its journey: what happened to it, and where that was read."""
    return board.leading(row["ticket_id"], journey(row))


def source_cells(row: Row, listed: pl.DataFrame) -> list[Block | str]:
    """The name of the ticket's source, which leads to the ticket there; nothing where no source tells such an address."""
    has_any = listed.get_column("url_text").is_not_null().any()
    return [board.linked(row["source_name"], row["url_text"])] if has_any else []


def source_columns(listed: pl.DataFrame) -> list[Block]:
    """The column of source_cells, where there is one."""
    has_any = listed.get_column("url_text").is_not_null().any()
    return [column(t("Source"), wide=True)] if has_any else []


def topic_text(row: Row) -> str:
    """What the ticket is about, as its source says it."""
    return row["topic_name"] or words.UNKNOWN


def sla_tiles(row: Row, shown: Shown) -> list[Block]:
    """The tiles of the promises due in a window: kept, met, missed and closed, overdue, and still running."""
    due, met, overdue = (row[f"{name}_targets_tickets"] for name in ("due", "met", "overdue"))
    return [
        attainment_tile(row, shown),
        board.count_tile(
            "met",
            t("Met"),
            met,
            more=t("of {n} that were met or fell due", n=words.number(due)),
            here=shown.behind("met_targets_tickets"),
        ),
        board.count_tile(
            "late",
            t("Missed, done since"),
            due - met - overdue,
            more=t("answered or solved after their time"),
            here=shown.behind("late_targets_tickets"),
        ),
        {
            **board.count_tile("overdue", t("Missed, still open"), overdue, more=t("count as missed now")),
            "status": overdue_status(overdue, promised=due + row["running_targets_tickets"]),
            "here": shown.behind("overdue_targets_tickets"),
        },
        board.count_tile(
            "running",
            t("Running"),
            row["running_targets_tickets"],
            more=t("due until midnight, count in no share yet"),
            here=shown.behind("running_targets_tickets"),
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


def target_table(targets: pl.DataFrame, shown: Shown) -> Block:
    """The promises of a window by kind and priority, the most urgent first, each figure with the way to its promises."""
    rows = []
    for row in _in_order(targets).iter_rows(named=True):
        due, met = row["due_targets_tickets"], row["met_targets_tickets"]
        level = row["sla_attainment_ratio"]
        late, overdue = row["late_targets_tickets"], row["overdue_targets_tickets"]
        running = row["running_targets_tickets"]
        of = {name: row[name] for name in ("target_name", "priority_name", "is_business")}
        open_late = shown.behind("overdue_targets_tickets", **of)
        rows.append(
            {
                "key": f"{row['target_name']}-{row['priority_name']}-{row['is_business']}",
                "cells": [
                    target_word(row["target_name"]),
                    priority_word(row["priority_name"]),
                    _promise(row),
                    board.amount(
                        words.ratio(level),
                        level,
                        address=shown.behind("sla_attainment_ratio", **of) if due else None,
                    ),
                    shown.cell(words.number(due), due, "due_targets_tickets", **of),
                    shown.cell(words.number(met), met, "met_targets_tickets", **of),
                    shown.cell(words.number(late), late, "late_targets_tickets", **of),
                    {**board.status("off", words.number(overdue)), "here": open_late}
                    if overdue
                    else words.number(overdue),
                    shown.cell(words.number(running), running, "running_targets_tickets", **of),
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
                "cells": [
                    *_promise_cells(row, board.status("near", left) if is_soon else left, zone_name),
                    *source_cells(row, ahead),
                ],
            }
        )
    return board.table(
        t("Promises due next"),
        [*_promise_columns(t("Left")), *source_columns(ahead)],
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
                *_promise_cells(
                    row,
                    board.status("off", t("{time} over", time=words.long_time(row["until_due_seconds"]))),
                    zone_name,
                ),
                *source_cells(row, past),
            ],
        }
        for row in past.iter_rows(named=True)
    ]
    return board.table(
        t("Overdue promises"),
        [*_promise_columns(t("Over")), *source_columns(past)],
        rows,
        nothing=t("Nothing is overdue."),
        title=t("Overdue"),
        lead=newest_note(past.height),
    )


def _promise_columns(decides: str) -> Sequence[Block]:
    """The columns of a list of promises; what decides stands beside the ticket, where no screen cuts it off."""
    return [
        column(t("Ticket")),
        column(decides),
        column(t("Topic"), "text", wide=True),
        column(t("Promise")),
        column(t("Priority"), wide=True),
        column(t("Group"), wide=True),
        column(t("Agent"), wide=True),
        column(t("Due"), wide=True),
    ]


def _promise_cells(row: Row, decides: Block | str, zone_name: str) -> list[Block | str]:
    return [
        ticket_cell(row),
        decides,
        topic_text(row),
        target_word(row["target_name"]),
        priority_word(row["priority_name"]),
        group_word(row["group_name"]),
        agent_word(row["agent_name"]),
        words.moment(row["due_at"], zone_name, in_seconds=False),
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
                *source_cells(row, oldest),
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
        *source_columns(oldest),
    ]
    return board.table(
        t("Oldest tickets"),
        columns,
        rows,
        nothing=t("Every ticket is solved."),
        title=t("Oldest open tickets"),
        lead=newest_note(oldest.height),
    )


def newest_note(rows: int) -> str:
    """What stands over a list that is not whole."""
    return t("the first 100") if rows >= 100 else ""


def _key(row: Row) -> str:
    return f"{row['source_name']}:{row['ticket_id']}:{row['target_name']}"
