"""Agents and teams: what each did in calls and tickets, side by side by name, and one agent's day from first to last.

In: the frames of the questions about agents. Out: blocks for `board.show`.
The rule it guards: teams and agents stand by name unless the reader asks for another order; every ratio names its n, a
team's ratio is made of its members' sums, and too busy is a warning in words, never applause.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.tickets.ticket_view import group_word, status_word
from dashboard.words import t, t_count
from sql import metrics

SUMMED = ("_calls", "_tickets", "_count", "_seconds", "_contacts")
LONGEST = "longest_call_seconds"
HANDLE_PARTS = (("on_contact", "talk_seconds"), ("hold", "hold_seconds"), ("wrap_up", "wrap_up_seconds"))


def team_word(team_name: str | None) -> str:
    """The name of a team; agents without one stand under "No team"."""
    return words.name(team_name) if team_name else t("No team")


def nobody(*, has_agents: bool) -> Block:
    """The page without any agent, or of a time in which nobody worked."""
    if has_agents:
        steps = [t("Choose another day, a longer period, or all teams and queues.")]
        body = t("Nobody of the chosen ones was signed in, took a call or had a ticket in this time.")
        return board.notice("none", t("No work in this time."), body, steps=steps, page=True)
    steps = [
        t("Agents come with the first calls or tickets that are read; see Data health for what arrived."),
        t("Name a phone or ticket system in `floorboard.toml`, under `[[sources]]`."),
    ]
    body = t("Nobody has to be typed in: who answers a call or a ticket appears here.")
    return board.notice("none", t("No agent is known yet."), body, steps=steps, page=True)


def orders() -> dict[str, str]:
    """The orders in which agents can stand: by name, or by one figure, the largest first."""
    return {
        "name": t("By name"),
        "handled_calls": t("Handled"),
        "average_handle_time_seconds": t("AHT"),
        "occupancy_ratio": t("Occupancy"),
        "paused_seconds": t("Paused"),
        "transfer_ratio": t("Transfers"),
        "resolved_tickets": t("Tickets solved"),
    }


def ordered(totals: pl.DataFrame, order: str) -> pl.DataFrame:
    """The rows in that order; what is unknown comes last."""
    if order not in totals.columns:
        return totals.sort("agent_name", "agent_id")
    return totals.sort(order, "agent_name", "agent_id", descending=[True, False, False], nulls_last=True)


def together(totals: pl.DataFrame) -> Row:
    """All rows in one; ratios are made of the sums."""
    ratios = [one.name for one in metrics.metrics() if one.name in totals.columns]
    sums = [name for name in totals.columns if name.endswith(SUMMED) and name not in (*ratios, LONGEST)]
    longest = [pl.col(LONGEST).max()] if LONGEST in totals.columns else []
    return metrics.with_metrics(totals.select(pl.col(sums).sum(), *longest)).row(0, named=True)


def occupancy_status(value: float | None) -> Block:
    """Where an occupancy lies: below its band, inside, or above, which is a warning and no success."""
    low, high = metrics.metric("occupancy_ratio").band or (0.75, 0.85)
    if value is None:
        return board.status("none", t("Unknown"))
    if value > high:
        return board.status("off", t("above {high}: too busy", high=words.target_ratio(high)))
    if value < low:
        return board.status("near", t("below {low}", low=words.target_ratio(low)))
    return board.status("good", t("inside the band"))


def _side(value: float) -> str:
    """On which side of its band an occupancy lies, in one word."""
    low, high = metrics.metric("occupancy_ratio").band or (0.75, 0.85)
    return t("high") if value > high else t("low") if value < low else t("in band")


def agent_tiles(row: Row, before: Row | None, filters: Filters) -> list[Block]:
    """The tiles of a team or an agent: calls and the time they took, then tickets; `before` is what they stand beside."""
    return [*_call_tiles(row, before, filters), *_ticket_tiles(row, before)]


def _call_tiles(row: Row, before: Row | None, filters: Filters) -> list[Block]:
    handled = row["handled_calls"]
    busy, n_occupancy = metrics.metric("occupancy_ratio").counts(row)
    apart = t(
        "apart: {outbound} outbound, {internal} internal",
        outbound=words.number(row["outbound_calls"]),
        internal=words.number(row["internal_calls"]),
    )
    signed_in, unit = words.long_time_parts(row["signed_in_seconds"] or None, in_days=False)
    paused = t("{time} of it paused", time=words.long_time(row["paused_seconds"], in_days=False))
    share = t("{busy} of {all}", busy=words.long_time(busy, in_days=False),
              all=words.long_time(n_occupancy, in_days=False))  # fmt: skip
    handle_time = board.plain_tile(
        "average_handle_time_seconds",
        row,
        n=handled,
        reason=t("Unknown: no call was handled."),
        basis=t("n = {n}", n=words.number(handled)),
    )
    occupancy = board.plain_tile(
        "occupancy_ratio",
        row,
        n=n_occupancy,
        reason=t("Unknown: nobody was signed in."),
        basis=share if n_occupancy else t("not signed in to a phone"),
    )
    return [
        {**board.count_tile("handled_calls", t("Handled contacts"), handled, tip=metrics.column("handled_calls").meaning,
                            more=_beside(apart, "handled_calls", before)), "here": calls_behind("handled_calls", filters)},
        {**handle_time, "more": _beside(handle_time["more"], "average_handle_time_seconds", before),
         "here": calls_behind("average_handle_time_seconds", filters)},
        {**occupancy, "status": occupancy_status(row["occupancy_ratio"]) if n_occupancy else None,
         "more": _beside(occupancy["more"], "occupancy_ratio", before),
         "here": behind("occupancy_ratio", filters)},
        {"key": "signed_in", "units": 1, "label": t("Signed in"), "value": signed_in, "unit": unit,
         "here": behind("signed_in_seconds", filters),
         "more": paused if row["signed_in_seconds"] else t("not signed in to a phone")},
    ]  # fmt: skip


def _ticket_tiles(row: Row, before: Row | None) -> list[Block]:
    _, n_reopened = metrics.metric("reopened_in_7_days_ratio").counts(row)
    back = t("{n} came back within 7 days", n=words.number(row["reopened_in_7_days_tickets"]))
    return [
        board.count_tile("resolved_tickets", t("Tickets solved"), row["resolved_tickets"],
                         more=_beside(back if n_reopened else t("none was solved"), "resolved_tickets", before),
                         tip=t("Tickets assigned to the agent that are solved at the end of this time, with their last "
                               "solving in it.")),
        board.count_tile("reply_count", t("Replies"), row["reply_count"],
                         more=t("{n} of them first replies", n=words.number(row["first_reply_count"]))),
        board.count_tile("assigned_tickets", t("Assigned and unsolved"), row["assigned_tickets"],
                         more=t_count("we owe an answer in {n}", "we owe an answer in {n}", row["owed_tickets"]),
                         tip=t("At the end of this time, or now. We owe an answer where the requester wrote last.")),
        board.plain_tile("ticket_csat_ratio", row, n=row["csat_tickets"],
                         basis=t("n = {n}", n=words.number(row["csat_tickets"])),
                         reason=t("Unknown: no solved ticket was rated.")),
    ]  # fmt: skip


def _beside(text: str, name: str, before: Row | None) -> str:
    """The text with what the figure was in the time it stands beside, if there is one."""
    if before is None:
        return text
    found = words.value(name, before[name])
    return " · ".join(part for part in (text, t("before: {value}", value=found)) if part)


def calls_behind(of_name: str, filters: Filters, **more: object) -> str:
    """The address of the calls behind a number of agents: here a call belongs to the instant of its answer."""
    return behind(of_name, filters, by="answer", **more)


def team_table(teams: pl.DataFrame, *, filters: Filters) -> Block:
    """The teams by name, in calls and in tickets."""
    rows = [
        {
            "key": str(row["team_id"]),
            "cells": [
                _to_team(row, filters),
                words.number(row["working_agents"]),
                *_figures(row, filters, {"team": row["team_id"]}),
            ],
        }
        for row in teams.iter_rows(named=True)
    ]
    columns = [column(t("Team")), column(t("Agents"), "end"), *_columns()]
    lead = t("What somebody did belongs to the team of its day; who served two queues counts once.")
    return board.table(t("Teams"), columns, rows, nothing=t("No team."), title=t("Teams"), lead=lead)


def _to_team(row: Row, filters: Filters) -> Block | str:
    if row["team_id"] is None:
        return team_word(None)
    return board.inside(team_word(row["team_name"]), **{**filters.address(), "team": str(row["team_id"])})


def agent_table(totals: pl.DataFrame, *, filters: Filters) -> Block:
    """The agents in calls and in tickets, in the order given; each name leads to the agent's own view."""
    rows = [
        {
            "key": str(row["agent_id"]),
            "cells": [
                to_agent(row, filters),
                team_word(row["team_name"]),
                *_figures(row, filters, {"agent": row["agent_id"]}),
            ],
        }
        for row in totals.iter_rows(named=True)
    ]
    columns = [column(t("Agent")), column(t("Team"), wide=True), *_columns()]
    return board.table(
        t("Agents"),
        columns,
        rows,
        nothing=t("Nobody."),
        title=t("Agents"),
        lead=t(
            "A name leads to that agent's day, a number to its calls. AHT: talk, hold and wrap-up, to scale."
        ),
    )


def to_agent(row: Row, filters: Filters) -> Block:
    """A cell with the agent's name that leads to the agent's own day, the last one of the view."""
    return {"text": words.name(row["agent_name"]), "here": to_day(row, filters)}


def to_day(row: Row, filters: Filters) -> str:
    """The address of the agent's day as a lane, in which what a number counts can be seen."""
    address = {**filters.address(), "agent": str(row["agent_id"]), "view": "day"}
    return str(board.inside("", **address)["here"])


def _columns() -> list[Block]:
    return [
        column(t("Handled"), "end"),
        column(t("AHT")),
        column(t("Longest"), "end", wide=True),
        column(t("Occupancy"), wide=True),
        column(t("Transfers (blind, attended)"), "end", wide=True),
        column(t("Outbound, internal"), "end", wide=True),
        column(t("Solved"), "end"),
        column(t("Assigned (owed)"), "end"),
        column(t("CSAT of tickets (n)"), "end", wide=True),
    ]


def _figures(row: Row, filters: Filters, whose: dict[str, object]) -> list[Block | str]:
    handled = row["handled_calls"]
    occupancy = occupancy_status(row["occupancy_ratio"])
    return [
        board.leading(
            words.number(handled), calls_behind("handled_calls", filters, **whose) if handled else None
        ),
        handle_time_cell(row, filters, whose),
        board.leading(
            words.duration(row[LONGEST]), calls_behind(LONGEST, filters, **whose) if handled else None
        ),
        {**occupancy, "word": f"{words.ratio(row['occupancy_ratio'])} {_side(row['occupancy_ratio'])}"}
        if row["occupancy_ratio"] is not None
        else words.UNKNOWN,
        _transfers(row, filters, whose),
        f"{words.number(row['outbound_calls'])}, {words.number(row['internal_calls'])}",
        board.leading(
            words.number(row["resolved_tickets"]),
            behind("resolved_tickets", filters, **whose) if row["resolved_tickets"] else None,
        ),
        f"{words.number(row['assigned_tickets'])} ({words.number(row['owed_tickets'])})",
        with_n(row, "ticket_csat_ratio"),
    ]


def _transfers(row: Row, filters: Filters, whose: dict[str, object]) -> Block | str:
    if not row["handled_calls"]:
        return words.UNKNOWN
    blind, attended = (words.number(row[f"{kind}_transferred_calls"]) for kind in ("blind", "attended"))
    text = f"{words.ratio(row['transfer_ratio'])} ({blind}, {attended})"
    leads = row["transferred_calls"]
    return board.leading(text, calls_behind("transferred_calls", filters, **whose) if leads else None)


def handle_time_cell(row: Row, filters: Filters, whose: dict[str, object]) -> Block | str:
    """AHT with a bar of its talk, hold and wrap-up to scale; each part's average stands in the text."""
    handled, total = row["handled_calls"], sum(row[name] for _, name in HANDLE_PARTS)
    if not handled or not total:
        return words.duration(row["average_handle_time_seconds"])
    labels = {"on_contact": t("talk"), "hold": t("hold"), "wrap_up": t("wrap-up")}
    parts = [
        {
            "state": state,
            "share": row[name] / total,
            "text": f"{labels[state]} {words.duration(row[name] / handled)}",
        }
        for state, name in HANDLE_PARTS
    ]
    numbers = " + ".join(words.duration(row[name] / handled) for _, name in HANDLE_PARTS)
    text = f"{words.duration(row['average_handle_time_seconds'])} = {numbers}"
    return {
        "text": text,
        "parts": parts,
        "here": calls_behind("average_handle_time_seconds", filters, **whose),
    }


def with_n(row: Row, metric_name: str) -> str:
    """A ratio with its n; a dash where there is none."""
    _, n = metrics.metric(metric_name).counts(row)
    return f"{words.value(metric_name, row[metric_name])} ({words.number(n)})" if n else words.UNKNOWN


def heading(name: str, team_name: str | None, period: str) -> Block:
    """The title over one agent's figures."""
    return {
        "kind": "section",
        "title": words.name(name),
        "lead": f"{team_word(team_name)} · {period}",
        "legend": [],
    }


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
