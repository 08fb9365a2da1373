"""The questions about agents and teams: what each did in calls and tickets, and one agent's day.

In: a connection and the question's parameters; `as_of` is the instant asked about. Out: a typed frame with metrics.
The rule it guards: a team's ratio is made of its members' sums, and who belonged to it is that of the day asked about.
"""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection

from dashboard.tickets.ticket_queries import until
from sql import metrics
from sql.warehouse import frame

ADDITIVE = ("_calls", "_tickets", "_count", "_seconds")


def agents(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per agent with the team of that instant's local day; null for an agent without a team."""
    return frame(connection, "queries/agents", as_of=as_of)


def agent_totals(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime
) -> pl.DataFrame:
    """One row per agent with calls, time or tickets in [window_start, window_end): sums, metrics, and his team.

    The team is that of the window's last day. assigned and owed tickets are those at the window's end or at `as_of`.
    """
    window = until(window_start, window_end, as_of)
    totals = frame(connection, "queries/agent_totals", **window)
    teams = agents(connection, as_of=window["last_at"]).select("agent_id", "team_id", "team_name")
    return metrics.with_metrics(totals.join(teams, on="agent_id", how="left", maintain_order="left"))


def team_totals(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime
) -> pl.DataFrame:
    """One row per team (null: agents without one), the sums of agent_totals; ratios are made of the sums."""
    window = {"window_start": window_start, "window_end": window_end, "as_of": as_of}
    members = agent_totals(connection, **window)
    sums = [pl.col(name).sum() for name in members.columns if name.endswith(ADDITIVE)]
    teams = members.group_by("team_id", "team_name").agg(
        pl.len().cast(pl.Int64).alias("working_agents"), *sums, pl.col("oldest_owed_at").min()
    )
    ordered = teams.sort("team_name", "team_id", nulls_last=True)
    ratios = [one.name for one in metrics.metrics() if one.name in ordered.columns]
    return metrics.with_metrics(ordered.drop(ratios))


def agent_day(connection: Connection, *, agent_id: int, day_date: date, as_of: datetime) -> pl.DataFrame:
    """One row per thing the agent did on the local day until `as_of`: calls with handle time, replies, notes, statuses."""
    return frame(connection, "queries/agent_day", agent_id=agent_id, day_date=day_date, as_of=as_of)


QUESTIONS = (agents, agent_totals, team_totals, agent_day)
