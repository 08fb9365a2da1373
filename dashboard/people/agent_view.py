"""Agents and teams in calls and tickets: what each did in a day or some weeks, and one agent's day from first to last.

In: the frames of the questions about agents. Out: blocks for `board.show`.
The rule it guards: teams and agents stand by name, never as a ranking; every ratio names its n, and a team's ratio is made
of its members' sums.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_view import group_word, status_word
from dashboard.words import t, t_count
from sql import metrics

SUMMED = ("_calls", "_tickets", "_count", "_seconds")


def team_word(team_name: str | None) -> str:
    """The name of a team; agents without one stand under "No team"."""
    return words.name(team_name) if team_name else t("No team")


def team_choices(agents: pl.DataFrame) -> dict[str, str]:
    """What the filter of teams offers: "*" for all, each team by its number, "-" for agents without one."""
    teams = agents.select("team_id", "team_name").unique().sort("team_name", "team_id", nulls_last=True)
    found = {"-" if row[0] is None else str(row[0]): team_word(row[1]) for row in teams.iter_rows()}
    return {"*": t("All teams")} | found


def of_team(frame: pl.DataFrame, team: str) -> pl.DataFrame:
    """The rows of that choice of team."""
    if team == "*":
        return frame
    wanted = pl.col("team_id").is_null() if team == "-" else pl.col("team_id") == int(team)
    return frame.filter(wanted)


def agent_choices(agents: pl.DataFrame) -> dict[str, str]:
    """What the filter of agents offers: "*" for all, then each by name."""
    ordered = agents.sort("agent_name", "agent_id").select("agent_id", "agent_name").iter_rows()
    return {"*": t("All agents")} | {str(agent_id): words.name(name) for agent_id, name in ordered}


def nobody(*, has_agents: bool) -> Block:
    """The page without any agent, or of a time in which nobody worked."""
    if has_agents:
        steps = [t("Choose another day, a longer period, or all teams.")]
        body = t("Nobody of the chosen ones was signed in, took a call or had a ticket in this time.")
        return board.notice("none", t("No work in this time."), body, steps=steps, page=True)
    steps = [
        t("Agents come with the first calls or tickets that are read; see Data health for what arrived."),
        t("Name a phone or ticket system in `floorboard.toml`, under `[[sources]]`."),
    ]
    body = t("Nobody has to be typed in: who answers a call or a ticket appears here.")
    return board.notice("none", t("No agent is known yet."), body, steps=steps, page=True)


def together(totals: pl.DataFrame) -> Row:
    """All rows in one; ratios are made of the sums."""
    ratios = [one.name for one in metrics.metrics() if one.name in totals.columns]
    sums = [name for name in totals.columns if name.endswith(SUMMED) and name not in ratios]
    return metrics.with_metrics(totals.select(pl.col(sums).sum())).row(0, named=True)


def agent_tiles(row: Row) -> list[Block]:
    """The tiles of a team or an agent: calls and the time they took, then tickets and what is still owed."""
    handled, resolved = row["handled_calls"], row["resolved_tickets"]
    busy, n_occupancy = metrics.metric("occupancy_ratio").counts(row)
    owed = row["owed_tickets"]
    transferred = t("{n} transferred", n=words.number(row["transferred_calls"]))
    no_call = t("Unknown: no call was handled.")
    signed_in, unit = words.long_time_parts(row["signed_in_seconds"] or None, in_days=False)
    return [
        board.count_tile("handled_calls", t("Handled calls"), handled, more=transferred),
        board.plain_tile("average_handle_time_seconds", row, n=handled, reason=no_call,
                         basis=t("n = {n}", n=words.number(handled))),
        board.plain_tile("occupancy_ratio", row, n=n_occupancy, reason=t("Unknown: nobody was signed in."),
                         basis=t("{busy} of {all}", busy=words.long_time(busy, in_days=False),
                                 all=words.long_time(n_occupancy, in_days=False))
                         if n_occupancy else t("not signed in to a phone")),
        {"key": "signed_in", "units": 1, "label": t("Signed in"),
         "value": signed_in, "unit": unit,
         "more": t("{time} of it paused", time=words.long_time(row["paused_seconds"], in_days=False))
         if row["signed_in_seconds"] else t("not signed in to a phone")},
        board.count_tile("resolved_tickets", t("Tickets solved"), resolved, more=_reopened(row),
                         tip=t("Tickets assigned to the agent that are solved at the end of this time, with their last "
                               "solving in it.")),
        board.count_tile("reply_count", t("Replies"), row["reply_count"],
                         more=t("{n} of them first replies", n=words.number(row["first_reply_count"]))),
        board.count_tile("assigned_tickets", t("Assigned and unsolved"), row["assigned_tickets"],
                         more=t_count("we owe an answer in {n}", "we owe an answer in {n}", owed),
                         tip=t("At the end of this time, or now. We owe an answer where the requester wrote last.")),
        board.plain_tile("ticket_csat_ratio", row, n=row["csat_tickets"],
                         basis=t("n = {n}", n=words.number(row["csat_tickets"])),
                         reason=t("Unknown: no solved ticket was rated.")),
    ]  # fmt: skip


def _reopened(row: Row) -> str:
    _, n = metrics.metric("reopened_in_7_days_ratio").counts(row)
    if not n:
        return t("none was solved")
    return t("{n} came back within 7 days", n=words.number(row["reopened_in_7_days_tickets"]))


def team_table(teams: pl.DataFrame) -> Block:
    """The teams by name, in calls and in tickets."""
    rows = [
        {
            "key": str(row["team_id"]),
            "cells": [team_word(row["team_name"]), words.number(row["working_agents"]), *_figures(row, 0, 0)],
        }
        for row in teams.iter_rows(named=True)
    ]
    columns = [column(t("Team")), column(t("Agents"), "end"), *_columns()]
    return board.table(t("Teams"), columns, rows, nothing=t("No team."), title=t("Teams"))


def agent_table(totals: pl.DataFrame, *, address: dict[str, str]) -> Block:
    """The agents by name, in calls and in tickets; each name leads to the agent's day."""
    most_calls, most_tickets = totals.select(pl.col("handled_calls", "resolved_tickets").max()).row(0)
    rows = [
        {
            "key": str(row["agent_id"]),
            "cells": [
                board.inside(words.name(row["agent_name"]), **address, agent=str(row["agent_id"])),
                team_word(row["team_name"]),
                *_figures(row, most_calls, most_tickets),
            ],
        }
        for row in totals.sort("agent_name", "agent_id").iter_rows(named=True)
    ]
    columns = [column(t("Agent")), column(t("Team"), wide=True), *_columns()]
    return board.table(
        t("Agents"),
        columns,
        rows,
        nothing=t("Nobody."),
        title=t("Agents"),
        lead=t("By name; a name leads to that agent's day."),
    )


def _columns() -> list[Block]:
    return [
        column(t("Calls"), "end"),
        column(t("AHT"), "end"),
        column(t("Occupancy"), "end", wide=True),
        column(t("Solved"), "end"),
        column(t("Reopened (n)"), "end", wide=True),
        column(t("Replies (first)"), "end", wide=True),
        column(t("Assigned (owed)"), "end"),
        column(t("CSAT (n)"), "end", wide=True),
    ]


def _figures(row: Row, most_calls: int, most_tickets: int) -> list[Block | str]:
    handled, resolved, owed = row["handled_calls"], row["resolved_tickets"], row["owed_tickets"]
    return [
        board.amount(words.number(handled), handled / most_calls if handled and most_calls else None),
        words.duration(row["average_handle_time_seconds"]),
        words.ratio(row["occupancy_ratio"]),
        board.amount(words.number(resolved), resolved / most_tickets if resolved and most_tickets else None),
        _with_n(row, "reopened_in_7_days_ratio"),
        f"{words.number(row['reply_count'])} ({words.number(row['first_reply_count'])})",
        f"{words.number(row['assigned_tickets'])} ({words.number(owed)})",
        _with_n(row, "ticket_csat_ratio"),
    ]


def _with_n(row: Row, metric_name: str) -> str:
    _, n = metrics.metric(metric_name).counts(row)
    return f"{words.ratio(row[metric_name])} ({words.number(n)})" if n else words.UNKNOWN


def deed_word(kind_name: str, what_name: str) -> Block:
    """What an agent did, with a shape for each kind: call, reply, note, assignment, status."""
    if kind_name == "call":
        word = t("Call") if what_name == "answered" else t("Call in progress")
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
    rows = []
    for place, row in enumerate(deeds.iter_rows(named=True)):
        is_call = row["kind_name"] == "call"
        where = words.name(row["place_name"]) if is_call else group_word(row["place_name"])
        about = words.UNKNOWN if is_call else board.linked(row["reference_text"], row["url_text"])
        rows.append(
            {
                "key": f"{place}-{row['reference_text']}-{row['what_name']}",
                "cells": [
                    _clock(row["happened_at"], zone_name),
                    deed_word(row["kind_name"], row["what_name"]),
                    where,
                    about,
                    row["topic_name"] or words.UNKNOWN,
                    *(
                        words.duration(row[name]) if is_call else ""
                        for name in ("handle_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds")
                    ),
                ],
            }
        )
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


def _clock(at: datetime, zone_name: str) -> str:
    return words.moment(at, zone_name).rpartition(" ")[2]


def heading(name: str, team_name: str | None, period: str) -> Block:
    """The title over one agent's figures."""
    return {
        "kind": "section",
        "title": words.name(name),
        "lead": f"{team_word(team_name)} · {period}",
        "legend": [],
    }
