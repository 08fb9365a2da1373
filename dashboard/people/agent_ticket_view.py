"""What agents and teams did with tickets: solved, replied to, still theirs, rated; each figure leads to its tickets.

In: the frames of the questions about agents, and the view. Out: tiles and cells for `board.show`.
The rule it guards: queues, channels and topics narrow contacts and who is shown, never tickets; so a list names the agents.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.words import t, t_count
from sql import metrics

OF_CALLS = ("queue_id", "group_name", "channel_name", "topic_name", "is_business_hours")


def tickets_behind(of_name: str, filters: Filters, **whose: object) -> str:
    """The address of the tickets behind a figure of agents: those that somebody has, without what narrows calls alone."""
    left = {name: False if name == "is_business_hours" else None for name in OF_CALLS}
    return behind(of_name, filters.changed(**left, comparison_name=None), **{"assigned": "yes", **whose})


def whose_all(totals: pl.DataFrame, filters: Filters) -> dict[str, object]:
    """What narrows tickets to those of all agents that are shown; nothing where nobody is left out."""
    return _agents(totals) if filters.narrowed(*OF_CALLS) else {}


def whose_teams(totals: pl.DataFrame) -> Mapping[int | None, dict[str, object]]:
    """What narrows tickets to those of each team: its agents on the last day, as tickets are counted."""
    return {
        row["team_id"]: _agents(totals.filter(pl.col("team_id").eq_missing(row["team_id"])))
        for row in totals.select("team_id").unique().iter_rows(named=True)
    }


def _agents(totals: pl.DataFrame) -> dict[str, object]:
    return {"agents": ",".join(map(str, totals["agent_id"].to_list()))}


def ticket_tiles(
    row: Row, filters: Filters, whose: Mapping[str, object], before: Mapping[str, str]
) -> list[Block]:
    """The tiles of tickets of a team or an agent; before: what some figures were in the time that the view stands beside."""
    n = row["resolved_tickets"]

    def part(text: str, count: int, of_name: str) -> Block | str:
        return board.leading(text, tickets_behind(of_name, filters, **whose) if count else None)

    def tile(name: str, label: str, *more: Block | str, tip: str = "") -> Block:
        return board.count_tile(name, label, row[name], more=[one for one in more if one], tip=tip,
                                here=tickets_behind(name, filters, **whose))  # fmt: skip

    back, first, owed = (row[f"{name}_{unit}"] for name, unit in (
        ("reopened_in_7_days", "tickets"), ("first_reply", "count"), ("owed", "tickets")))  # fmt: skip
    came_back = t(
        "{n} of {all} opened again within 7 days",
        n=words.number(back),
        all=words.number(row["solved_tickets"]),
    )
    rated = t(
        "{part} of {n}", part=words.number(row["csat_satisfied_tickets"]), n=words.number(row["csat_tickets"])
    )
    csat = board.plain_tile("ticket_csat_ratio", row, n=row["csat_tickets"], basis="",
                            reason=t("Unknown: no solved ticket was rated."))  # fmt: skip
    return [
        tile("resolved_tickets", t("Tickets solved"),
             part(came_back, row["solved_tickets"], "reopened_in_7_days_ratio") if row["solved_tickets"]
             else t("none was solved"), before.get("resolved_tickets", ""),
             tip=t("Tickets assigned to the agent that are solved at the end of this time, with their last solving in it.")),
        tile("reply_count", t("Replies"), part(t("{n} of them first replies", n=words.number(first)), first,
                                               "first_reply_count")),
        tile("assigned_tickets", t("Assigned and unsolved"),
             part(t_count("we owe an answer in {n}", "we owe an answer in {n}", owed), owed, "owed_tickets"),
             tip=t("At the end of this time, or now. We owe an answer where the requester wrote last.")),
        {**csat, "here": tickets_behind("ticket_csat_ratio", filters, **whose),
         "more": [part(rated, row["csat_tickets"], "ticket_csat_ratio"),
                  part(t("of {n} solved", n=words.number(n)), n, "resolved_tickets")]},
    ]  # fmt: skip


def ticket_columns() -> list[Block]:
    """The columns of tickets in a table of agents or teams."""
    return [
        column(t("Solved"), "end"),
        column(t("Assigned"), "end"),
        column(t("We owe"), "end", wide=True),
        column(t("CSAT of tickets (n)"), "end", wide=True),
    ]


def ticket_cells(row: Row, filters: Filters, whose: Mapping[str, object]) -> list[Block | str]:
    """The cells of tickets of an agent or team; each leads to its tickets where there are any."""

    def led(text: str, count: int, of_name: str) -> Block | str:
        return board.leading(text, tickets_behind(of_name, filters, **whose) if count else None)

    names = ("resolved_tickets", "assigned_tickets", "owed_tickets")
    _, n = metrics.metric("ticket_csat_ratio").counts(row)
    csat = f"{words.ratio(row['ticket_csat_ratio'])} ({words.number(n)})" if n else words.UNKNOWN
    return [
        *(led(words.number(row[name]), row[name], name) for name in names),
        led(csat, n, "ticket_csat_ratio"),
    ]
