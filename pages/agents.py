"""Agents and teams: what each did in calls and in tickets, and one agent's day from first to last."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

import polars as pl
import streamlit as st

from dashboard import board, ui, words
from dashboard.people import agent_view
from dashboard.tickets import ticket_view
from dashboard.words import t

PERIODS = {"1": 1, "7": 7, "28": 28}
STEP_SECONDS = 30  # all tabs ask about the same instant, and so share the answer


class Chosen(NamedTuple):
    """The days, the team and the agent the reader looks at; agent_id is None for all."""

    last_date: date
    days: int
    team: str
    agent_id: int | None


def instant(at: ui.Moment) -> datetime:
    return at.now - timedelta(seconds=at.now.timestamp() % STEP_SECONDS)


def filters(at: ui.Moment) -> Chosen | None:
    agents = at.calm("agents", as_of=instant(at))
    if agents.is_empty():
        return None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        with st.container(width=210):
            team = ui.choice(t("Team"), agent_view.team_choices(agents), key="team", kind="list")
        with st.container(width=230):
            names = agent_view.agent_choices(agent_view.of_team(agents, team))
            agent = ui.choice(t("Agent"), names, key="agent", kind="list")
        days = ui.choice(t("Period"), {"1": t("Day"), "7": t("7 days"), "28": t("28 days")}, key="days")
        last_date = ui.day(t("Day"), today=at.today)
    return Chosen(last_date, PERIODS[days], team, None if agent == "*" else int(agent))


def content(at: ui.Moment, chosen: Chosen | None) -> None:
    if at.calm("agents", as_of=instant(at)).is_empty():
        board.show(agent_view.nobody(has_agents=False), key="nobody")
        return
    if chosen is None:
        st.rerun()
    first = words.shifted_day(chosen.last_date, 1 - chosen.days)
    start, end = (
        words.day_start(day, at.zone_name) for day in (first, words.shifted_day(chosen.last_date, 1))
    )
    window = {"window_start": start, "window_end": end, "as_of": instant(at)}
    totals = agent_view.of_team(at.calm("agent_totals", **window), chosen.team)
    period = words.day(first) if chosen.days == 1 else f"{words.day(first)} – {words.day(chosen.last_date)}"
    if chosen.agent_id is not None:
        one_agent(at, chosen, totals.filter(pl.col("agent_id") == chosen.agent_id), period)
    elif totals.is_empty():
        board.show(agent_view.nobody(has_agents=True), key="nobody")
    else:
        everyone(at, chosen, totals, agent_view.of_team(at.calm("team_totals", **window), chosen.team))


def everyone(at: ui.Moment, chosen: Chosen, totals: pl.DataFrame, teams: pl.DataFrame) -> None:
    board.show({"kind": "tiles", "tiles": agent_view.agent_tiles(agent_view.together(totals))}, key="tiles")
    if teams.height > 1:
        board.show(agent_view.team_table(teams), key="teams")
        download(at, teams, f"teams-{chosen.last_date.isoformat()}")
    address = {"day": chosen.last_date.isoformat(), "days": str(chosen.days), "team": chosen.team}
    board.show(agent_view.agent_table(totals, address=address), key="agents")
    download(at, totals, f"agents-{chosen.last_date.isoformat()}")


def one_agent(at: ui.Moment, chosen: Chosen, totals: pl.DataFrame, period: str) -> None:
    if totals.is_empty():
        board.show(agent_view.nobody(has_agents=True), key="nobody")
        return
    row = totals.row(0, named=True)
    board.show(agent_view.heading(row["agent_name"], row["team_name"], period), key="heading")
    board.show({"kind": "tiles", "tiles": agent_view.agent_tiles(row)}, key="tiles")
    deeds = at.calm("agent_day", agent_id=chosen.agent_id, day_date=chosen.last_date, as_of=instant(at))
    board.show(agent_view.day_table(deeds, zone_name=at.zone_name), key="day")
    download(at, deeds, f"agent-{chosen.agent_id}-{chosen.last_date.isoformat()}")


def download(at: ui.Moment, frame: pl.DataFrame, name: str) -> None:
    told = ticket_view.export_frame(frame, as_of=instant(at))
    ui.download(told, file_name=f"{name}.csv", zone_name=at.zone_name)


ui.page(t("Agents and teams"), content=content, filters=filters, refresh_seconds=30, needs="sources")
