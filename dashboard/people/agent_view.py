"""Agents and teams: what each did in calls and tickets, side by side by name, and one agent's day from first to last.

In: the frames of the questions about agents. Out: blocks for `board.show`.
The rule it guards: teams and agents stand by name unless the reader asks for another order; every ratio names its n, a
team's ratio is made of its members' sums, and too busy is a warning in words, never applause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.people import agent_ticket_view
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


def nobody_seen(whose_text: str) -> Block:
    """The page of somebody to whom no agent is shown: whose rows they see, in words."""
    return board.notice("none", t("No agent is shown to you."), whose_text, page=True)


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
    """All rows in one; ratios are made of the sums. Null where one of them may not be told: the rest is not the whole."""
    ratios = [one.name for one in metrics.metrics() if one.name in totals.columns]
    sums = [name for name in totals.columns if name.endswith(SUMMED) and name not in (*ratios, LONGEST)]
    longest = [pl.col(LONGEST).max()] if LONGEST in totals.columns else []
    whole = [pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()) for name in sums]
    return metrics.with_metrics(totals.select(*whole, *longest)).row(0, named=True)


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


def agent_tiles(
    row: Row, before: Row | None, filters: Filters, *, whose: Mapping[str, object]
) -> list[Block]:
    """The tiles of a team or an agent: calls and the time they took, then tickets; `before` is what they stand beside.

    A figure that the site's policy does not let exist for whoever is shown has no tile.
    """
    beside = {"resolved_tickets": _beside("", "resolved_tickets", before)}
    unknown = {LONGEST, *(one.name for one in metrics.metrics())}  # none of nothing is no sum that is 0
    known = {
        name: 0 if value is None and name.endswith(SUMMED) and name not in unknown else value
        for name, value in row.items()
    }
    tiles = [
        *_call_tiles(known, before, filters),
        *agent_ticket_view.ticket_tiles(known, filters, whose, beside),
    ]
    return [tile for tile in tiles if row[_TILE_OF.get(tile["key"], tile["key"])] is not None]


_TILE_OF = {
    "average_handle_time_seconds": "talk_seconds",
    "occupancy_ratio": "signed_in_seconds",
    "signed_in": "signed_in_seconds",
    "ticket_csat_ratio": "csat_tickets",
}
"""The sum of which a tile is made, where it is not called like the tile."""


def _call_tiles(row: Row, before: Row | None, filters: Filters) -> list[Block]:
    handled = row["handled_calls"]
    busy, n_occupancy = metrics.metric("occupancy_ratio").counts(row)
    apart = t(
        "apart: {outbound} outbound from queues' own calls, {internal} internal",
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
                            more=[_beside(apart, "handled_calls", before), _campaigns(filters)]),
         "here": calls_behind("handled_calls", filters)},
        {**handle_time, "more": _beside(handle_time["more"], "average_handle_time_seconds", before),
         "here": calls_behind("average_handle_time_seconds", filters)},
        {**occupancy, "status": occupancy_status(row["occupancy_ratio"]) if n_occupancy else None,
         "more": _beside(occupancy["more"], "occupancy_ratio", before),
         "here": behind("occupancy_ratio", filters)},
        {"key": "signed_in", "units": 1, "label": t("Signed in"), "value": signed_in, "unit": unit,
         "here": behind("signed_in_seconds", filters),
         "more": paused if row["signed_in_seconds"] else t("not signed in to a phone")},
    ]  # fmt: skip


def _campaigns(filters: Filters) -> Block:
    """The way to the calls of campaigns, which are no calls of a queue; they are narrowed by the period alone."""
    days = Filters(filters.period_name, filters.first_date, filters.last_date).address()
    return {"text": t("calls of campaigns"), "here": f"ways?{urlencode({**days, 'section': 'campaigns'})}"}


def _beside(text: str, name: str, before: Row | None) -> str:
    """The text with what the figure was in the time it stands beside, if there is one."""
    if before is None:
        return text
    found = words.value(name, before[name])
    return " · ".join(part for part in (text, t("before: {value}", value=found)) if part)


def calls_behind(of_name: str, filters: Filters, **more: object) -> str:
    """The address of the calls behind a number of agents: here a call belongs to the instant of its answer."""
    return behind(of_name, filters, by="answer", **more)


def team_table(
    teams: pl.DataFrame, *, filters: Filters, tickets: Mapping[int | None, Mapping[str, object]]
) -> Block:
    """The teams by name, in calls and in tickets; tickets: what narrows tickets to those of each team."""
    extra = _extra(teams)
    rows = [
        {
            "key": str(row["team_id"]),
            "cells": [
                _to_team(row, filters),
                words.number(row["working_agents"]),
                *_figures(row, filters, {"team": row["team_id"]}, tickets.get(row["team_id"], {}), extra),
            ],
        }
        for row in teams.iter_rows(named=True)
    ]
    columns = [column(t("Team")), column(t("Agents"), "end"), *_columns(extra)]
    lead = t("What somebody did belongs to the team of its day; who served two queues counts once.")
    block = board.table(t("Teams"), columns, rows, nothing=t("No team."), title=t("Teams"), lead=lead)
    return {**block, "legend": _handle_time_legend()}


def _to_team(row: Row, filters: Filters) -> Block | str:
    if row["team_id"] is None:
        return team_word(None)
    return board.inside(team_word(row["team_name"]), **{**filters.address(), "team": str(row["team_id"])})


def agent_table(totals: pl.DataFrame, *, filters: Filters) -> Block:
    """The agents in calls and in tickets, in the order given; each name leads to the agent's own view.

    Who did nothing in the time stands behind a line below, with what is assigned to them.
    """
    worked = [row for row in totals.iter_rows(named=True) if _has_worked(row)]
    idle = [row for row in totals.iter_rows(named=True) if not _has_worked(row)]
    extra = _extra(totals)
    rows = [
        {
            "key": str(row["agent_id"]),
            "cells": [
                to_agent(row, filters),
                team_word(row["team_name"]),
                *_figures(row, filters, {"agent": row["agent_id"]}, {"agent": row["agent_id"]}, extra),
            ],
        }
        for row in worked
    ]
    columns = [column(t("Agent")), column(t("Team"), wide=True), *_columns(extra)]
    block = board.table(
        t("Agents"),
        columns,
        rows,
        nothing=t("Nobody has worked in this time."),
        title=t("Agents"),
        lead=t("A name leads to that agent's day, a number to what it counts."),
    )
    return {**block, "legend": _handle_time_legend(), "folded": _folded(idle, filters) if idle else None}


def _has_worked(row: Row) -> bool:
    """Whether somebody did anything: was signed in, had a call, or did something to a ticket."""
    calls = ("handled_calls", "outbound_calls", "internal_calls")
    return any(row[name] for name in ("signed_in_seconds", *calls, "resolved_tickets", "reply_count"))


def _folded(idle: Sequence[Row], filters: Filters) -> Block:
    items = [
        {
            "key": str(row["agent_id"]),
            **to_agent(row, filters),
            "more": t_count("{n} ticket assigned", "{n} tickets assigned", row["assigned_tickets"])
            if row["assigned_tickets"]
            else None,
        }
        for row in idle
    ]
    label = t_count("{n} without work in this period", "{n} without work in this period", len(idle))
    return {"label": label, "items": items}


def _part_words() -> dict[str, str]:
    return {"on_contact": t("talk"), "hold": t("hold"), "wrap_up": t("wrap-up")}


def _handle_time_legend() -> list[Block]:
    """What the colours of the bar below an AHT say."""
    shapes = {"on_contact": "square", "hold": "square", "wrap_up": "half"}
    return [{"shape": shapes[state], "state": state, "word": word} for state, word in _part_words().items()]


def _extra(totals: pl.DataFrame) -> list[str]:
    """Which of the columns that many sites have no use for say something here."""
    of = {
        "outbound": ("outbound_calls",),
        "internal": ("internal_calls",),
        "transfers": ("blind_transferred_calls", "attended_transferred_calls"),
    }
    return [name for name, counts in of.items() if any((totals[one] > 0).any() for one in counts)]


def to_agent(row: Row, filters: Filters) -> Block:
    """A cell with the agent's name that leads to the agent's own day, the last one of the view."""
    return {"text": words.name(row["agent_name"]), "here": to_day(row, filters)}


def to_day(row: Row, filters: Filters) -> str:
    """The address of the agent's day as a lane, in which what a number counts can be seen."""
    address = {**filters.address(), "agent": str(row["agent_id"]), "view": "day"}
    return str(board.inside("", **address)["here"])


def _columns(extra: Sequence[str]) -> list[Block]:
    more = {
        "transfers": [
            column(t("Transfers"), "end", wide=True),
            column(t("Blind"), "end", wide=True),
            column(t("Attended"), "end", wide=True),
        ],
        "outbound": [column(t("Outbound"), "end", wide=True)],
        "internal": [column(t("Internal"), "end", wide=True)],
    }
    return [
        column(t("Handled"), "end"),
        column(t("AHT"), "end"),
        column(t("Longest"), "end", wide=True),
        column(t("Occupancy"), wide=True),
        *(one for name, found in more.items() if name in extra for one in found),
        *agent_ticket_view.ticket_columns(),
    ]


def _figures(
    row: Row,
    filters: Filters,
    whose: Mapping[str, object],
    tickets: Mapping[str, object],
    extra: Sequence[str],
) -> list[Block | str]:
    def led(text: str, of_name: str, known: object) -> Block | str:
        return board.leading(
            text, calls_behind(of_name, filters, **whose) if known and _is_chosen(whose) else None
        )

    def counted(name: str) -> Block | str:
        return led(words.number(row[name]), name, row[name])

    handled = row["handled_calls"]
    occupancy = occupancy_status(row["occupancy_ratio"])
    transfers: list[Block | str] = [words.UNKNOWN] * 3
    if handled:
        transfers = [
            led(words.ratio(row["transfer_ratio"]), "transfer_ratio", handled),
            *(counted(f"{kind}_transferred_calls") for kind in ("blind", "attended")),
        ]
    more: dict[str, list[Block | str]] = {
        "transfers": transfers,
        **{kind: [counted(f"{kind}_calls")] for kind in ("outbound", "internal")},
    }
    return [
        counted("handled_calls"),
        handle_time_cell(row, filters, whose),
        led(words.duration(row[LONGEST]), LONGEST, handled),
        {
            **occupancy,
            "word": f"{words.ratio(row['occupancy_ratio'])} {_side(row['occupancy_ratio'])}",
            "here": behind("occupancy_ratio", filters, **whose) if _is_chosen(whose) else None,
        }
        if row["occupancy_ratio"] is not None
        else words.UNKNOWN,
        *(one for name, found in more.items() if name in extra for one in found),
        *agent_ticket_view.ticket_cells(row, filters, tickets),
    ]


def _is_chosen(whose: Mapping[str, object]) -> bool:
    """Whether an address can choose these: those without a team it cannot, and must not open everybody's rows."""
    return all(value is not None for value in whose.values())


def handle_time_cell(row: Row, filters: Filters, whose: Mapping[str, object]) -> Block | str:
    """AHT above a bar of its talk, hold and wrap-up to scale; each part's average is told at its place."""
    handled, total = row["handled_calls"], sum(row[name] or 0 for _, name in HANDLE_PARTS)
    if not handled or not total:
        return words.duration(row["average_handle_time_seconds"])
    labels = _part_words()
    parts = [
        {
            "state": state,
            "share": row[name] / total,
            "text": f"{labels[state]} {words.duration(row[name] / handled)}",
        }
        for state, name in HANDLE_PARTS
    ]
    return {
        "text": words.duration(row["average_handle_time_seconds"]),
        "parts": parts,
        "here": calls_behind("average_handle_time_seconds", filters, **whose) if _is_chosen(whose) else None,
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
