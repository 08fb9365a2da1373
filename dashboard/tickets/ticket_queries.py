"""The questions about tickets: one function per question.

In: a connection and the question's parameters; `as_of` is the instant asked about. Out: a typed frame with metrics.
The rule it guards: what an instant showed stays true: backlog, status, assignee and who owes an answer come from the
events until then; a ticket counts as solved if it is solved at the window's end, not for every click.

Filters: group_name, priority_name and channel_name narrow the tickets; None takes all, an empty text those without.
Calendar seconds run always; `*_business_*` only in the business hours of the ticket's timetable. Deleted tickets
count nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypedDict

import polars as pl
from sqlalchemy import Connection

from sql import metrics
from sql.warehouse import frame

LAST_MOMENT = timedelta(microseconds=1)
SUMMED_SECONDS = frozenset(
    {
        "backlog_age_seconds",
        *(
            f"{measure}{kind}_seconds"
            for measure in ("first_reply", "first_resolution", "full_resolution", "requester_wait")
            for kind in ("", "_business")
        ),
    }
)


class TicketNarrowing(TypedDict, total=False):
    """What the list of a number of tickets can be narrowed to; an empty text means the tickets without one.

    status_name and age_name (a band of ticket_backlog): of the backlog; target_name and is_business: of promises.
    is_assigned: only tickets that somebody has, or that nobody has; agents_text: of these agents, such as "3,14".
    """

    group_name: str | None
    priority_name: str | None
    channel_name: str | None
    status_name: str | None
    age_name: str | None
    target_name: str | None
    is_business: bool | None
    is_assigned: bool | None
    team_id: int | None
    site_name: str | None
    agent_id: int | None
    agents_text: str | None


def ticket_names(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per group, priority and channel (kind_name says which) of the tickets there are; empty text: none."""
    return frame(connection, "queries/ticket_names", as_of=as_of)


def ticket_groups(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """One row per ticket group (empty text: none) for [window_start, window_end), with every metric of tickets.

    resolved_tickets: distinct tickets solved at the window's end (or at `as_of`, if earlier), last solved in it;
    backlog_tickets: those unsolved then. First replies: of tickets created in the window; targets: due in it.
    """
    filters = {"priority_name": priority_name, "channel_name": channel_name}
    window = until(window_start, window_end, as_of)
    return metrics.with_metrics(frame(connection, "queries/ticket_groups", **window, **filters))


def ticket_totals(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """One row: the groups of ticket_groups together, or the one that is named; ratios are made of the sums."""
    filters = {"priority_name": priority_name, "channel_name": channel_name}
    window = {"window_start": window_start, "window_end": window_end, "as_of": as_of}
    groups = frame(connection, "queries/ticket_groups", **until(**window), **filters)
    if group_name is not None:
        groups = groups.filter(pl.col("group_name") == group_name)
    return metrics.with_metrics(_sums(groups))


def ticket_times(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """One row per measure and kind of hours that could be measured: n, average, median, and what nine of ten stay below.

    The same tickets as in ticket_totals: first replies of those created in the window, first resolutions of those first
    solved in it, full resolutions and waits of those solved at its end (or at `as_of`), last solved in it.
    """
    window = until(window_start, window_end, as_of)
    filters = {"group_name": group_name, "priority_name": priority_name, "channel_name": channel_name}
    return metrics.with_metrics(frame(connection, "queries/ticket_times", **window, **filters))


def ticket_days(
    connection: Connection,
    *,
    first_date: date,
    last_date: date,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """One row per local day that had begun at `as_of`: created, solved, reopened, and the backlog at its end.

    resolved_tickets of a day: solved in it and not opened again before its end. is_running: the day is not over.
    """
    days = {"first_date": first_date, "last_date": last_date, "as_of": as_of}
    filters = {"group_name": group_name, "priority_name": priority_name, "channel_name": channel_name}
    return metrics.with_metrics(frame(connection, "queries/ticket_days", **days, **filters))


def ticket_backlog(
    connection: Connection,
    *,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """One row per group, priority, status and band of age of the tickets that were unsolved at the instant."""
    filters = {"group_name": group_name, "priority_name": priority_name, "channel_name": channel_name}
    return metrics.with_metrics(frame(connection, "queries/ticket_backlog", as_of=as_of, **filters))


def ticket_oldest(
    connection: Connection,
    *,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """The 100 oldest tickets that were unsolved at the instant, the oldest first, with their time in status."""
    filters = {"group_name": group_name, "priority_name": priority_name, "channel_name": channel_name}
    return frame(connection, "queries/ticket_oldest", as_of=as_of, **filters)


def ticket_targets(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """One row per kind of promise, priority and kind of hours, of the promises due in [window_start, window_end).

    due = met + late + overdue in every row: what is open and past its instant counts as missed. running ones are
    not due yet and count in no ratio.
    """
    window = {"window_start": window_start, "window_end": window_end, "as_of": as_of}
    filters = {"group_name": group_name, "priority_name": priority_name, "channel_name": channel_name}
    return metrics.with_metrics(frame(connection, "queries/ticket_targets", **window, **filters))


def ticket_due(
    connection: Connection,
    *,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """The 100 promises that fall due next (the next one first), then the 100 that are overdue longest."""
    filters = {"group_name": group_name, "priority_name": priority_name, "channel_name": channel_name}
    return frame(connection, "queries/ticket_due", as_of=as_of, **filters)


def ticket_answers(
    connection: Connection,
    *,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """One row per group and assigned agent: unsolved tickets in which we owe an answer, and those in which we wait."""
    filters = {"group_name": group_name, "priority_name": priority_name, "channel_name": channel_name}
    return metrics.with_metrics(frame(connection, "queries/ticket_answers", as_of=as_of, **filters))


def ticket_owed(
    connection: Connection,
    *,
    as_of: datetime,
    group_name: str | None = None,
    priority_name: str | None = None,
    channel_name: str | None = None,
) -> pl.DataFrame:
    """The 100 unsolved tickets whose requesters have waited longest for an answer to their last word."""
    filters = {"group_name": group_name, "priority_name": priority_name, "channel_name": channel_name}
    return frame(connection, "queries/ticket_owed", as_of=as_of, **filters)


def ticket_changes(connection: Connection, *, source_name: str, ticket_id: str) -> pl.DataFrame:
    """One row per event of the ticket as its source told it, in the order of time, with the load that brought it.

    is_escalation: handed from one group to another, or raised in priority, after its creation.
    """
    return frame(connection, "queries/ticket_changes", source_name=source_name, ticket_id=ticket_id)


def until(window_start: datetime, window_end: datetime, as_of: datetime) -> Mapping[str, Any]:
    """The window with its last instant that counts; a window's end is not part of it."""
    last_at = min(as_of, window_end - LAST_MOMENT)
    return {"window_start": window_start, "window_end": window_end, "as_of": as_of, "last_at": last_at}


def _sums(groups: pl.DataFrame) -> pl.DataFrame:
    return groups.select(
        pl.col(name).sum() for name in groups.columns if name.endswith("_tickets") or name in SUMMED_SECONDS
    )


QUESTIONS = (
    ticket_names,
    ticket_groups,
    ticket_totals,
    ticket_times,
    ticket_days,
    ticket_backlog,
    ticket_oldest,
    ticket_targets,
    ticket_due,
    ticket_answers,
    ticket_owed,
    ticket_changes,
)
