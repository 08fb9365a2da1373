"""Everything that a report says, asked once: the period, the one before it, queues, agents, tickets and the data itself.

In: a connection, the kind of report, its days and what narrows it. Out: one `Figures` value of frames and rows.
The rule it guards: the figures come from the same questions as those of the pages, so a report and a page say the
same; and no agent stands in it alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import polars as pl
from sqlalchemy import Connection

from dashboard.filters import OWN_DAYS, Filters, filters_of
from dashboard.queries import QUESTIONS
from sql import metrics

Row = Mapping[str, Any]
KINDS = ("daily", "weekly", "monthly")
DAY = timedelta(days=1)
"""Figures of fewer agents than these could be told apart; they are left out."""


class ReportError(Exception):
    """The report cannot be made; the message says what was found, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report: its kind, its local days (both part of it), and what narrows it, as an address of the pages says it."""

    kind_name: str
    first_date: date
    last_date: date
    address_text: str = ""
    report_name: str = ""
    is_work_told: bool = True
    """Whether whoever asks may be told of the work of agents whom they do not see, be it of one alone."""
    fewest_agents: int = 5
    """How many agents must have worked before their figures stand together."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The answers; `before` is what the period is compared with, null where there is nothing to say."""

    asked: Asked
    filters: Filters
    compared: Filters
    site_name: str
    zone_name: str
    made_at: datetime
    names: pl.DataFrame
    together: Row
    before: Row
    days: pl.DataFrame
    intervals: pl.DataFrame
    hours: pl.DataFrame
    queues: pl.DataFrame
    queues_before: pl.DataFrame
    working_agents: int
    agents: Row | None
    agents_before: Row | None
    tickets: Row | None
    tickets_before: Row | None
    voice: Row
    voice_before: Row
    goals: pl.DataFrame
    outages: pl.DataFrame
    reconciliations: pl.DataFrame
    reject_rows: int


def days_of(kind_name: str, last_date: date) -> tuple[date, date]:
    """The first and the last day of the newest report of a kind that has ended by `last_date` (itself part of it)."""
    if kind_name == "daily":
        return last_date, last_date
    if kind_name == "weekly":
        sunday = last_date - ((last_date.weekday() + 1) % 7) * DAY
        return sunday - 6 * DAY, sunday
    if kind_name == "monthly":
        is_end = (last_date + DAY).day == 1
        end = last_date if is_end else last_date.replace(day=1) - DAY
        return end.replace(day=1), end
    raise ReportError(f'There is no kind of report "{kind_name}"; expected one of: {", ".join(KINDS)}.')


def whole_days(kind_name: str, day_date: date) -> tuple[date, date]:
    """The first and the last day of the report of a kind in which the day lies, whether it has ended or not."""
    if kind_name == "weekly":
        monday = day_date - day_date.weekday() * DAY
        return monday, monday + 6 * DAY
    if kind_name == "monthly":
        following = (day_date.replace(day=1) + 31 * DAY).replace(day=1)
        return day_date.replace(day=1), following - DAY
    return days_of(kind_name, day_date)


def filters_for(asked: Asked) -> Filters:
    """What narrows the report; ReportError where it would be the report of a single agent."""
    if asked.kind_name not in KINDS:
        raise ReportError(
            f'There is no kind of report "{asked.kind_name}"; expected one of: {", ".join(KINDS)}.'
        )
    params = dict(parse_qsl(asked.address_text.lstrip("?"), keep_blank_values=True))
    found = filters_of(params, today=asked.last_date)
    if found.agent_id is not None:
        raise ReportError(
            "The report is narrowed to one agent, expected queues, groups, teams, sites, channels or topics; a report "
            "goes to many, the figures of one person do not. Leave the agent out."
        )
    return replace(
        found,
        period_name=OWN_DAYS,
        first_date=asked.first_date,
        last_date=asked.last_date,
        comparison_name=None,
    )


def compared_with(kind_name: str, filters: Filters) -> Filters:
    """The same view of the days it is compared with: the same weekday a week ago, the week or the month before."""
    if kind_name == "monthly":
        last = filters.first_date - DAY
        return replace(filters, first_date=last.replace(day=1), last_date=last)
    return replace(filters, first_date=filters.first_date - 7 * DAY, last_date=filters.last_date - 7 * DAY)


def figures(connection: Connection, asked: Asked, *, now: datetime) -> Figures:
    """Asks everything that this report says, as of `now`. ReportError, WarehouseError."""
    sites = QUESTIONS["sites"](connection)
    if sites.is_empty():
        raise ReportError("Nothing was loaded yet, so there is nothing to report; load a source first.")
    zone_name = str(sites[0, "time_zone_name"])
    chosen = filters_for(asked)
    compared = compared_with(asked.kind_name, chosen)
    window, before = chosen.window(zone_name), compared.window(zone_name)
    if window["window_start"] >= now:
        raise ReportError(
            f"The report begins on {asked.first_date}, after the present day; choose days that have begun."
        )
    narrowed = chosen.narrowed()

    def ask(question: str, days: Mapping[str, datetime]) -> pl.DataFrame:
        return QUESTIONS[question](connection, **days, **narrowed)

    agents = [_agents(connection, days, narrowed, now, asked.fewest_agents) for days in (window, before)]
    tickets = [_tickets(connection, days, chosen, now) for days in (window, before)]
    is_day = asked.kind_name == "daily"
    found = Figures(
        asked=asked,
        filters=chosen,
        compared=compared,
        site_name=str(sites[0, "site_name"]),
        zone_name=zone_name,
        made_at=now,
        names=QUESTIONS["call_names"](connection),
        together=ask("queue_together", window).row(0, named=True),
        before=ask("queue_together", before).row(0, named=True),
        days=ask("queue_days", window),
        intervals=ask("queue_intervals", window) if is_day else pl.DataFrame(),
        hours=pl.DataFrame() if is_day else ask("queue_hours", window),
        queues=ask("queue_totals", window),
        queues_before=ask("queue_totals", before),
        working_agents=agents[0][0],
        agents=agents[0][1],
        agents_before=agents[1][1],
        tickets=tickets[0],
        tickets_before=tickets[1],
        voice=_voice(connection, window, narrowed, now),
        voice_before=_voice(connection, before, narrowed, now),
        goals=_goals(connection, chosen, min(now, window["window_end"] - timedelta(microseconds=1))),
        **_data(connection, chosen, window, now),
    )
    return found if asked.is_work_told else _without_work(found)


def _without_work(found: Figures) -> Figures:
    """The same without the work of agents, which of one queue may be that of one of them: customers' figures alone."""
    kept_back = {one.name for one in metrics.metrics() if one.is_of_agents}
    kept_back |= {one.name for one in metrics.columns() if one.about == "agents"}

    def plain(row: Row) -> Row:
        return {name: None if name in kept_back else value for name, value in row.items()}

    frames = {
        name: (frame := getattr(found, name)).with_columns(
            pl.lit(None, frame.schema[column]).alias(column)
            for column in frame.columns
            if column in kept_back
        )
        for name in ("days", "intervals", "hours", "queues", "queues_before")
    }
    is_of_customers = ~pl.col("metric_name").is_in(sorted(kept_back)) & (pl.col("scope_kind_name") != "team")
    return replace(
        found,
        **frames,
        together=plain(found.together),
        before=plain(found.before),
        voice=plain(found.voice),
        voice_before=plain(found.voice_before),
        agents=None,
        agents_before=None,
        goals=found.goals.filter(is_of_customers),
    )


def _agents(
    connection: Connection,
    window: Mapping[str, datetime],
    narrowed: Mapping[str, Any],
    now: datetime,
    fewest_agents: int,
) -> tuple[int, Row | None]:
    """How many agents worked, and their sums and metrics; null where they are too few to stand together."""
    as_of = min(now, window["window_end"])
    found = QUESTIONS["agent_totals"](connection, **window, as_of=as_of, **narrowed)
    additive = {one.name: one.combine for one in metrics.columns()}
    worked = found.filter(pl.col("handled_calls").fill_null(0) > 0)
    if worked.height < fewest_agents:
        return worked.height, None
    sums = [
        pl.col(name).max() if additive[name] == "max" else pl.col(name).sum()
        for name in worked.columns
        if name in additive
    ]
    return worked.height, metrics.with_metrics(worked.select(sums)).row(0, named=True)


def _tickets(
    connection: Connection, window: Mapping[str, datetime], chosen: Filters, now: datetime
) -> Row | None:
    """The tickets of the period; null where no ticket system is read, or where the view is one of calls."""
    as_of = min(now, window["window_end"])
    if set(chosen.narrowed()) - {"group_name", "channel_name"}:
        return None
    if QUESTIONS["ticket_names"](connection, as_of=as_of).is_empty():
        return None
    narrowed = chosen.narrowed("group_name", "channel_name")
    return QUESTIONS["ticket_totals"](connection, **window, as_of=as_of, **narrowed).row(0, named=True)


def _voice(
    connection: Connection, window: Mapping[str, datetime], narrowed: Mapping[str, Any], now: datetime
) -> Row:
    """What customers said of their contacts."""
    as_of = min(now, window["window_end"])
    return QUESTIONS["voice_totals"](connection, **window, as_of=as_of, **narrowed).row(0, named=True)


def _goals(connection: Connection, chosen: Filters, as_of: datetime) -> pl.DataFrame:
    """The goals that are open, of exactly what the report covers: all of them where nothing narrows it."""
    found = QUESTIONS["goals"](connection, as_of=as_of).filter(pl.col("closed_at").is_null())
    narrowed = chosen.narrowed()
    if not narrowed:
        return found
    scopes = {"queue_id": "queue", "group_name": "group", "team_id": "team"}
    if len(narrowed) != 1 or not narrowed.keys() <= scopes.keys():
        return found.clear()
    ((name, value),) = narrowed.items()
    return found.filter((pl.col("scope_kind_name") == scopes[name]) & (pl.col("scope_key") == str(value)))


def _data(
    connection: Connection, chosen: Filters, window: Mapping[str, datetime], now: datetime
) -> dict[str, Any]:
    """What is known of the data itself: when sources were silent, how days compare with their origins, what was refused."""
    end = min(now, window["window_end"])
    days = max(1, -(-(end - window["window_start"]) // DAY))
    outages = QUESTIONS["outages"](connection, as_of=end, days=days)
    compared = QUESTIONS["reconciliations"](connection, as_of=now)
    rejects = QUESTIONS["reject_reasons"](connection, as_of=now)
    return {
        "outages": outages.filter(pl.col("state_name").is_in(["silent", "not_read", "failing"])),
        "reconciliations": compared.filter(
            pl.col("day_date").is_between(chosen.first_date, chosen.last_date)
        ),
        "reject_rows": int(rejects.get_column("reject_rows").sum() or 0),
    }
