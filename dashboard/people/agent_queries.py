"""The questions about agents and teams: what each did, how time and schedules went, whether work was shared fairly.

In: a connection, a window, what narrows it, and `as_of`, the instant asked about. Out: a typed frame with metrics.
The rule it guards: a team's ratio is made of its members' sums; a call, a second and a shift belong to the team of their own
day; an agent counts once, however many queues he serves.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection

from dashboard.tickets.ticket_queries import until
from sql import metrics
from sql.warehouse import frame

ADDITIVE = ("_calls", "_tickets", "_count", "_seconds", "_contacts")
LONGEST = "longest_call_seconds"
OLDEST = "oldest_owed_at"
CALL_WORDS = ("queue_id", "group_name", "channel_name", "topic_name", "is_business_hours")
"""What narrows the contacts that came in, and no agent's time."""
REPEAT_DAYS = 7


def agents(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per agent with the team of that instant's local day; null for an agent without a team."""
    return frame(connection, "queries/agents", as_of=as_of)


def agent_totals(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
    channel_name: str | None = None,
    topic_name: str | None = None,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
    is_business_hours: bool = False,
) -> pl.DataFrame:
    """One row per agent with calls, time or tickets in [window_start, window_end): sums, metrics, and his team.

    The team is that of the window's last day; with team_id only what belongs to days in that team counts. Queue, group,
    channel, topic and business hours narrow the contacts that came in and who is shown, never the time of an agent.
    assigned and owed tickets are those at the window's end or at `as_of`.
    """
    given = {name: value for name, value in locals().items() if name != "connection"}
    parts = _parts(connection, **given)
    last_at = until(window_start, window_end, as_of)["last_at"]
    teams = agents(connection, as_of=last_at).select("agent_id", "team_id", "team_name")
    totals = _summed(_single(parts), "agent_id", "agent_name")
    if any(given[name] not in (None, False) for name in CALL_WORDS):
        totals = totals.filter(pl.col("handled_calls").fill_null(1) > 0)
    ordered = totals.join(teams, on="agent_id", how="left", maintain_order="left")
    return metrics.with_metrics(ordered.sort("agent_name", "agent_id"))


def team_totals(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
    channel_name: str | None = None,
    topic_name: str | None = None,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
    is_business_hours: bool = False,
) -> pl.DataFrame:
    """One row per team (null: agents without one): the sums of its members' days in it, and metrics made of the sums.

    Narrowing as in agent_totals; working_agents: how many had calls, time or tickets there.
    """
    given = {name: value for name, value in locals().items() if name != "connection"}
    parts = _parts(connection, **given)
    if any(given[name] not in (None, False) for name in CALL_WORDS):
        parts = parts.filter(
            (pl.col("handled_calls").sum().over("agent_id") > 0) | pl.col("agent_id").is_null()
        )
    working = (
        _single(parts)
        .group_by("team_id")
        .agg(pl.col("agent_id").n_unique().cast(pl.Int64).alias("working_agents"))
    )
    return _of_teams(parts).join(working, on="team_id", how="left", nulls_equal=True, maintain_order="left")


def agent_day(connection: Connection, *, agent_id: int, day_date: date, as_of: datetime) -> pl.DataFrame:
    """One row per thing the agent did on the local day until `as_of`: calls with handle time, replies, notes, statuses."""
    return frame(connection, "queries/agent_day", agent_id=agent_id, day_date=day_date, as_of=as_of)


def agent_schedules(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
) -> pl.DataFrame:
    """One row per agent who was scheduled: adherence, conformance, shrinkage and absence of the window until `as_of`.

    unscheduled_seconds: work on local days without a shift, which conformance leaves out. Agents of whose states nothing is
    told have no row. Paid and unspecified scheduled time counts; the grace is that of the team of the day, or the site's
    (warehouse.work_rules).
    """
    parts = _schedules(
        connection, window_start, window_end, as_of, team_id=team_id, site_name=site_name, agent_id=agent_id
    )
    return metrics.with_metrics(_summed(_single(parts), "agent_id", "agent_name"))


def team_schedules(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
) -> pl.DataFrame:
    """One row per team: the sums of agent_schedules of its members' days in it, and metrics made of the sums."""
    parts = _schedules(
        connection, window_start, window_end, as_of, team_id=team_id, site_name=site_name, agent_id=agent_id
    )
    return _of_teams(parts)


def agent_pauses(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
) -> pl.DataFrame:
    """One row per agent and reason of a pause (null: none told): seconds and how many, of pauses that are over.

    The seconds of an agent add up to his paused_seconds in agent_totals.
    """
    window = until(window_start, window_end, as_of)
    scope = {"team_id": team_id, "site_name": site_name, "agent_id": agent_id}
    rows = frame(connection, "queries/pause_rows", **window, **scope)
    found = rows.group_by("agent_id", "team_id", "reason_name", maintain_order=True).agg(
        pl.col("paused_amount").sum().round().cast(pl.Int64).alias("paused_seconds"),
        pl.col("pause_count").sum(),
    )
    parts = found.sort(
        "agent_id",
        "team_id",
        "paused_seconds",
        "reason_name",
        descending=[False, False, True, False],
        nulls_last=True,
    )
    return parts.group_by("agent_id", "reason_name", maintain_order=True).agg(
        pl.col("paused_seconds", "pause_count").sum()
    )


def agent_service(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
    channel_name: str | None = None,
    topic_name: str | None = None,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
    repeat_days: int = REPEAT_DAYS,
) -> pl.DataFrame:
    """One row per agent who handled contacts: FCR both ways, repeat contacts, same-agent rate, CSAT, each with its n.

    provisional_contacts: those of followed_contacts of which the repeat_days have not passed. All legs of a
    contact together belong to the agent who handled it last.
    """
    given = {name: value for name, value in locals().items() if name != "connection"}
    window = until(given.pop("window_start"), given.pop("window_end"), given.pop("as_of"))
    parts = frame(connection, "queries/agent_service", **window, **given)
    return metrics.with_metrics(_summed(parts, "agent_id", "agent_name"))


def agent_routing(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
    channel_name: str | None = None,
    topic_name: str | None = None,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
    is_business_hours: bool = False,
) -> pl.DataFrame:
    """One row per agent, and a last one (agent_id null) for all: idle time before contacts, longest idle first, rings.

    median_idle_seconds is the median, not additive; null without a contact that came to somebody who stood by.
    """
    given = {name: value for name, value in locals().items() if name != "connection"}
    window = until(given.pop("window_start"), given.pop("window_end"), given.pop("as_of"))
    rows = frame(connection, "queries/given_rows", **window, **given)
    together = rows.with_columns(
        pl.lit(None, pl.Int64).alias("agent_id"), pl.lit(None, pl.String).alias("agent_name")
    )
    found = [
        part.group_by("agent_id", "agent_name").agg(*_ROUTED).sort("agent_name", "agent_id")
        for part in (_single(rows), together)
    ]
    return metrics.with_metrics(pl.concat(found))


_GIVEN = pl.col("kind_name") == "given"
_ROUTED = (
    _GIVEN.sum().cast(pl.Int64).alias("idle_calls"),
    pl.col("spent_seconds").filter(_GIVEN).sum().alias("idle_seconds"),
    pl.col("spent_seconds").filter(_GIVEN).median().round().cast(pl.Int64).alias("median_idle_seconds"),
    pl.col("is_routed").sum().cast(pl.Int64).alias("routed_calls"),
    pl.col("is_longest_idle_first").sum().cast(pl.Int64).alias("longest_idle_first_calls"),
    (~_GIVEN).sum().cast(pl.Int64).alias("ring_count"),
    (~_GIVEN & ~pl.col("is_answered")).sum().cast(pl.Int64).alias("unanswered_ring_count"),
)
"""The figures of sharing out, of the rows that can be opened behind them."""


def agent_strain(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
) -> pl.DataFrame:
    """One row per agent who was busier than the upper side of the band of occupancy for an hour or more without a break.

    strained_seconds: whole quarters of an hour, four or more in a row; longest_strain_seconds: the longest such stretch.
    """
    window = until(window_start, window_end, as_of)
    scope = {"team_id": team_id, "site_name": site_name, "agent_id": agent_id}
    rows = frame(connection, "queries/strain_rows", **window, **scope, high_ratio=high_ratio())
    stretches = rows.group_by("agent_id", "agent_name", "stretch_at", maintain_order=True).agg(
        pl.col("strained_seconds").sum()
    )
    return stretches.group_by("agent_id", "agent_name", maintain_order=True).agg(
        pl.col("strained_seconds").sum(),
        pl.col("strained_seconds").max().alias("longest_strain_seconds"),
        pl.len().cast(pl.Int64).alias("strain_count"),
    )


def high_ratio() -> float:
    """The upper side of the band of occupancy, above which an agent is too busy."""
    band = metrics.metric("occupancy_ratio").band
    return band[1] if band else 0.85


def agent_lanes(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    agent_id: int | None = None,
) -> pl.DataFrame:
    """One row per stretch of the one state an agent was in, cut at the window's borders and at `as_of`."""
    window = {"window_start": window_start, "window_end": window_end, "as_of": as_of}
    return frame(connection, "queries/agent_lanes", **window, agent_id=agent_id)


def agent_shifts(
    connection: Connection, *, window_start: datetime, window_end: datetime, agent_id: int | None = None
) -> pl.DataFrame:
    """One row per scheduled stretch that touches the window: work, break, absence; whole, also outside of it."""
    window = {"window_start": window_start, "window_end": window_end}
    return frame(connection, "queries/agent_shifts", **window, agent_id=agent_id)


def agent_calls(
    connection: Connection, *, agent_id: int, window_start: datetime, window_end: datetime, as_of: datetime
) -> pl.DataFrame:
    """One row per call the agent talked on within the window, at most 1,000: inbound, outbound and internal."""
    window = {"window_start": window_start, "window_end": window_end, "as_of": as_of}
    return frame(connection, "queries/agent_calls", **window, agent_id=agent_id)


def _parts(connection: Connection, **given: Any) -> pl.DataFrame:
    """One row per agent and team to which he belonged in the window."""
    window = until(given.pop("window_start"), given.pop("window_end"), given.pop("as_of"))
    return frame(connection, "queries/agent_totals", **window, **given)


def _schedules(
    connection: Connection, window_start: datetime, window_end: datetime, as_of: datetime, **scope: Any
) -> pl.DataFrame:
    window = until(window_start, window_end, as_of)
    return frame(connection, "queries/agent_schedules", **window, **scope)


def _summed(parts: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """The parts of each key in one row: sums, the longest, the oldest."""
    sums = [
        pl.col(name).max() if name == LONGEST else summed(name)
        for name in parts.columns
        if name.endswith(ADDITIVE)
    ]
    oldest = [pl.col(OLDEST).min()] if OLDEST in parts.columns else []
    return parts.group_by(*keys, maintain_order=True).agg(*sums, *oldest)


def summed(name: str) -> pl.Expr:
    """The sum of a column; null where none of its values may be told."""
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum())


def _single(parts: pl.DataFrame) -> pl.DataFrame:
    """The rows of single agents, without what the site's policy tells of teams alone."""
    return parts.filter(pl.col("agent_id").is_not_null())


def _of_teams(parts: pl.DataFrame) -> pl.DataFrame:
    """One row per team, by name; agents without a team come last."""
    totals = _summed(parts, "team_id", "team_name")
    return metrics.with_metrics(totals.sort("team_name", "team_id", nulls_last=True))


QUESTIONS = (
    agents,
    agent_totals,
    team_totals,
    agent_day,
    agent_schedules,
    team_schedules,
    agent_pauses,
    agent_service,
    agent_routing,
    agent_strain,
    agent_lanes,
    agent_shifts,
    agent_calls,
)
