"""A ticket's story in figures: how long its customer waited, who worked on it, whether it came back, what was promised.

In: tickets and what happened to them, in the warehouse's words and in any order; timetables; what is promised to tickets.
Out: one row of measures per ticket, and one row per promise (see etl/tickets/ticket_targets.py).
The rule it guards: every source's tickets are measured in this one place, by the same definitions.

How it works: the events of each ticket, in order, cut its life into stretches; each stretch has one status, one agent and
one timetable, and so many calendar and business seconds. Every measure is a sum of stretches or a difference of clocks.

Definitions (those of fivetran/dbt_zendesk 1.6.1 where nothing else is said):
* A ticket is `new` from created_at until a status is told; what is told of the time before created_at counts as said then.
* Solved means solved or closed. A solved ticket that is `new` or `open` again is `needs_rework` until it becomes pending,
  on hold or solved; its time counts as open. A source's own word `needs_rework` counts as a reopening as well.
* Deleted time counts nowhere; a deleted (or merged) ticket keeps its last status, and a later status brings it back.
* A reply is a public comment by an agent, not by the system. The public comment with which an agent opens a ticket
  (within 5 seconds of its creation, before any word of the requester) is a comment and a touch, but no reply.
* A turn begins with the requester's first public word after a reply (the first turn: at creation) and ends with the next
  reply. total_reply adds up the turns; a word that comes while a reply is owed already begins no second turn (dbt_zendesk
  counts a ticket opened by an agent twice there). owes_reply_since_at is the oldest word that nobody has answered.
* Touches are public agent comments: one, two, more; null while unsolved (dbt_zendesk: false), none of them without any.
* Durations of what still lasts run to last_event_at: a page adds the time since then, in the present status.
* first_assignment and last_assignment are those not later than the last resolution. Time without an agent counts while
  unsolved. Business seconds are null where a stretch has no known timetable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from etl import LoadError
from etl.tickets.business_time import MICROSECONDS, Schedule
from etl.tickets.ticket_targets import NO_POLICIES, outcome, promises
from etl.tickets.ticket_timeline import (
    INSTANT,
    PRIORITIES,
    SOLVED,
    STATES,
    TOLD,
    DataType,
    is_agents_reply,
    is_event,
    shaped,
    timeline_of,
    words_of,
)

__all__ = ["TicketHistory", "histories", "outcome"]

TICKETS: dict[str, DataType] = {
    "ticket_id": pl.String,
    "created_at": INSTANT,
    "channel_name": pl.String,
}
EVENTS: dict[str, DataType] = {
    "ticket_id": pl.String,
    "occurred_at": INSTANT,
    "event_number": pl.Int64,
    "event_name": pl.String,
    "actor_name": pl.String,
    "agent_id": pl.Int32,
    "value_text": pl.String,
}
REOPEN_WINDOW = pl.duration(days=7)


@dataclass(frozen=True, eq=False)
class TicketHistory:
    """measures: one row per ticket; targets: one row per promise that was given for a ticket."""

    measures: pl.DataFrame
    targets: pl.DataFrame


def histories(
    tickets: pl.DataFrame,
    events: pl.DataFrame,
    *,
    schedules: Mapping[str, Schedule] | None = None,
    default_schedule_name: str | None = None,
    policies: pl.DataFrame | None = None,
) -> TicketHistory:
    """Measures of every ticket, one row each in the order of ticket_id, and the promises given for them.

    tickets: ticket_id, created_at, channel_name. events: ticket_id, occurred_at, event_number, event_name, actor_name,
    agent_id, value_text; those of other tickets are not looked at, and a ticket may have none. default_schedule_name: the
    timetable of tickets that were given none; without it their business seconds are null. policies: see promises().
    Durations are whole seconds, never negative. Raises LoadError where a column is missing or of a wrong kind, a ticket
    comes twice or has no created_at, or the default timetable is not among the schedules.
    """
    known = dict(schedules or {})
    if default_schedule_name is not None and default_schedule_name not in known:
        raise LoadError(
            f"The default schedule is '{default_schedule_name}'; expected one of {sorted(known) or 'no schedules at all'}. "
            "Choose an existing schedule as the default."
        )
    births = shaped(tickets, TICKETS, "tickets")
    unknown = births["ticket_id"].null_count() + births["created_at"].null_count()
    if unknown or births["ticket_id"].is_duplicated().any():
        raise LoadError(
            "The tickets hold one twice, or one without ticket_id or created_at; expected one row per ticket. Load them "
            "through the gate first."
        )
    timeline = timeline_of(births, shaped(events, EVENTS, "ticket events"), known, default_schedule_name)
    words = words_of(timeline)
    measures = _measures(timeline, words)
    given = NO_POLICIES if policies is None else shaped(policies, dict(NO_POLICIES.schema), "ticket policies")
    return TicketHistory(measures, promises(timeline, words, policies=given, schedules=known))


def _seconds(value: pl.Expr, name: str) -> pl.Expr:
    """A duration, or microseconds, as whole seconds that are never negative."""
    return (value // MICROSECONDS).clip(lower_bound=0).cast(pl.Int64).alias(name)


def _since_birth(instant: str) -> pl.Expr:
    return (pl.col(instant) - pl.col("created_at")).dt.total_microseconds()


def _measures(timeline: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    measures = timeline.group_by("ticket_id", maintain_order=True).agg(
        *_present(), *_resolutions(), *_durations(), *_counts()
    )
    replies = words.filter("is_answer").group_by("ticket_id").agg(
        pl.col("at").first().alias("first_reply_at"),
        pl.col("business_clock").first().alias("first_reply_clock"),
        (pl.col("at") - pl.col("turn_start_at")).sum().dt.total_microseconds().alias("total_reply"),
        _sum_or_null(pl.col("business_clock") - pl.col("turn_start_clock")).alias("total_reply_business"),
    )  # fmt: skip
    owed = words.group_by("ticket_id").agg(
        pl.col("is_reply").sum().cast(pl.Int64).alias("reply_count"),
        pl.when(~pl.col("is_reply").last()).then(pl.col("request_at").last()).alias("asked_at"),
    )
    resolved = measures.select("ticket_id", "last_resolved_at", "last_resolved_clock")
    assignments = (
        timeline.filter(is_event("agent") & pl.col("agent_id").is_not_null())
        .join(resolved, on="ticket_id", how="inner", maintain_order="left")
        .filter(pl.col("at") <= pl.col("last_resolved_at"))
        .group_by("ticket_id")
        .agg(
            *(
                expression
                for place, at, clock in (
                    ("first", pl.col("at").first(), pl.col("business_clock").first()),
                    ("last", pl.col("at").last(), pl.col("business_clock").last()),
                )
                for expression in (
                    (pl.col("last_resolved_at").first() - at)
                    .dt.total_microseconds()
                    .alias(f"{place}_assigned"),
                    (pl.col("last_resolved_clock").first() - clock).alias(f"{place}_assigned_business"),
                )
            )
        )
    )
    for part in (replies, owed, assignments):
        measures = measures.join(part, on="ticket_id", how="left", maintain_order="left")
    return measures.with_columns(_derived()).select(*MEASURES)


def _present() -> list[pl.Expr]:
    """What is the case now: the last word on each thing."""

    def last(event: str) -> pl.Expr:
        return TOLD.filter(is_event(event)).last()

    score = last("csat").str.strip_chars().cast(pl.Float64, strict=False)
    return [
        pl.col("created_at").first(),
        pl.coalesce(last("channel"), pl.col("channel_name").first()).alias("channel_name"),
        pl.col("status_name").last(),
        pl.col("at").filter("is_changed").last().alias("status_since_at"),
        pl.col("is_deleted").last(),
        pl.when(pl.col("schedule_name").last() != "")
        .then(pl.col("schedule_name").last())
        .alias("schedule_name"),
        pl.when(last("priority").is_in(PRIORITIES)).then(last("priority")).alias("priority_name"),
        last("group").alias("group_name"),
        pl.col("agent_id").filter(is_event("agent")).last(),
        pl.col("agent_id")
        .filter(is_event("agent") & pl.col("agent_id").is_not_null())
        .first()
        .alias("first_agent_id"),
        pl.when(score.is_between(1, 5)).then(score).alias("csat_score"),
        pl.col("at").last().alias("last_event_at"),
    ]


def _resolutions() -> list[pl.Expr]:
    soon = pl.col("is_reopening") & (
        pl.col("at") - pl.col("solved_at").shift(1).over("ticket_id") <= REOPEN_WINDOW
    )
    is_closing = pl.col("is_changed") & (pl.col("status_name") == "closed")
    return [
        pl.col("at").filter("is_resolving").first().alias("first_resolved_at"),
        pl.col("at").filter("is_resolving").last().alias("last_resolved_at"),
        pl.col("business_clock").filter("is_resolving").first().alias("first_resolved_clock"),
        pl.col("business_clock").filter("is_resolving").last().alias("last_resolved_clock"),
        pl.col("at").filter(is_closing).last().alias("last_closed_at"),
        pl.col("is_resolving").sum().cast(pl.Int64).alias("resolution_count"),
        pl.col("is_reopening").sum().cast(pl.Int64).alias("reopen_count"),
        soon.fill_null(False).sum().cast(pl.Int64).alias("reopen_in_7_days_count"),
    ]


def _durations() -> list[pl.Expr]:
    unassigned = ~pl.col("is_assigned") & pl.col("is_solve")
    states = {**{state: pl.col(f"is_{state}") for state in STATES}, "unassigned": unassigned}
    return [
        expression
        for state, is_state in states.items()
        for expression in (
            _seconds(pl.col("calendar").filter(is_state).sum(), f"{state}_seconds"),
            _seconds(
                pl.when(~pl.col("is_unclear").any()).then(pl.col("business").filter(is_state).sum()),
                f"{state}_business_seconds",
            ),
        )
    ]


def _counts() -> list[pl.Expr]:
    is_agent = pl.col("actor_name").ne_missing("system")
    is_reply = is_agents_reply()
    is_note = is_event("note") & is_agent & pl.col("actor_name").ne_missing("requester")
    groups, given = TOLD.filter(is_event("group")), is_event("agent") & pl.col("agent_id").is_not_null()
    counts = {
        "agent_comment_count": (is_reply | is_note).sum(),
        "public_agent_comment_count": is_reply.sum(),
        "requester_comment_count": is_event("request").sum(),
        "public_comment_count": is_event("reply", "request").sum(),
        "internal_comment_count": is_event("note").sum(),
        "handoff_count": pl.col("agent_id").filter(is_reply | is_note).drop_nulls().n_unique(),
        "assignee_count": pl.col("agent_id").filter(given).n_unique(),
        "assignee_station_count": _stations(pl.col("agent_id").filter(is_event("agent"))),
        "group_station_count": pl.when(groups.drop_nulls().len() > 0).then(_stations(groups)),
    }
    return [count.cast(pl.Int64).alias(name) for name, count in counts.items()]


def _stations(holders: pl.Expr) -> pl.Expr:
    """How often something came into other hands: the same holder told again is no new station."""
    return (holders.is_not_null() & holders.ne_missing(holders.shift(1))).sum()


def _sum_or_null(values: pl.Expr) -> pl.Expr:
    return pl.when(values.null_count() == 0).then(values.sum())


def _derived() -> list[pl.Expr]:
    is_solved, touches = pl.col("status_name").is_in(SOLVED), pl.col("public_agent_comment_count")

    def while_solved(value: pl.Expr) -> pl.Expr:
        return pl.when(is_solved).then(value)

    resolved_clock = while_solved(pl.col("last_resolved_clock"))
    owes = ~is_solved & ~pl.col("is_deleted")
    return [
        while_solved(pl.col("last_resolved_at")).alias("resolved_at"),
        pl.when(pl.col("status_name") == "closed").then("last_closed_at").alias("closed_at"),
        pl.when(owes).then("asked_at").alias("owes_reply_since_at"),
        _seconds(_since_birth("first_reply_at"), "first_reply_seconds"),
        _seconds(pl.col("first_reply_clock"), "first_reply_business_seconds"),
        _seconds(pl.col("total_reply"), "total_reply_seconds"),
        _seconds(pl.col("total_reply_business"), "total_reply_business_seconds"),
        _seconds(_since_birth("first_resolved_at"), "first_resolution_seconds"),
        _seconds(pl.col("first_resolved_clock"), "first_resolution_business_seconds"),
        _seconds(while_solved(_since_birth("last_resolved_at")), "full_resolution_seconds"),
        _seconds(resolved_clock, "full_resolution_business_seconds"),
        *(
            _seconds(
                while_solved(pl.col(f"{place}_assigned{kind}")),
                f"{place}_assignment_to_resolution{kind}_seconds",
            )
            for place in ("first", "last")
            for kind in ("", "_business")
        ),
        pl.col("reply_count").fill_null(0),
        while_solved(touches == 1).alias("is_one_touch"),
        while_solved(touches == 2).alias("is_two_touch"),
        while_solved(touches > 2).alias("is_multi_touch"),
    ]


MEASURES = (
    *(
        "ticket_id",
        "created_at",
        "channel_name",
        "status_name",
        "status_since_at",
        "is_deleted",
        "schedule_name",
    ),
    *("priority_name", "group_name", "agent_id", "first_agent_id", "first_reply_at", "first_resolved_at"),
    *("last_resolved_at", "resolved_at", "closed_at", "owes_reply_since_at", "last_event_at", "csat_score"),
    *(
        f"{measure}{kind}_seconds"
        for measure in (
            *("first_reply", "total_reply", "first_resolution", "full_resolution", *STATES, "unassigned"),
            *("first_assignment_to_resolution", "last_assignment_to_resolution"),
        )
        for kind in ("", "_business")
    ),
    *("reply_count", "agent_comment_count", "public_agent_comment_count", "requester_comment_count"),
    *(
        "public_comment_count",
        "internal_comment_count",
        "handoff_count",
        "assignee_count",
        "assignee_station_count",
    ),
    *("group_station_count", "resolution_count", "reopen_count", "reopen_in_7_days_count"),
    *("is_one_touch", "is_two_touch", "is_multi_touch"),
)
