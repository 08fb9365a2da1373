"""Counts the measures of tickets anew from their events, within the transaction that brought them.

In: the tickets and events of a batch, merged already. Out: the measures in warehouse.tickets, the promises in
warehouse.ticket_targets, and the days of warehouse.ticket_days that they touch.
The rule it guards: whatever the source, a ticket's figures come from its events in one way, and again in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sa

from etl.frames import complete, copy_to_stage
from etl.shapes import TICKET_MEASURES, TICKET_TARGETS, Shape
from etl.tickets.business_time import Schedule
from etl.tickets.ticket_history import histories
from sql import warehouse

MOST_TICKETS = 20_000  # at a time: their events are held in memory


def note_days(
    connection: sa.Connection, facts: list[tuple[Shape, pl.DataFrame]], *, source_name: str
) -> None:
    """Notes the days on which the tickets of these facts count so far, before the facts are merged."""
    if ticket_ids := _ticket_ids(facts):
        connection.exec_driver_sql(warehouse.statement("merge/stage_ticket_measures"))
        warehouse.execute(
            connection, "merge/ticket_days_touched", source_name=source_name, ticket_ids=ticket_ids
        )


def settle(
    connection: sa.Connection, facts: list[tuple[Shape, pl.DataFrame]], *, run: dict[str, Any]
) -> None:
    """Makes the measures, promises and days of the tickets of these merged facts what their events say.

    With the first reply or request that a source tells of, replies are promised to all its tickets: these are counted
    too, of very many the unsolved ones at once and the others with the recount that is asked for.
    """
    if ticket_ids := _ticket_ids(facts):
        warehouse.execute(connection, "merge/tickets_from_events", **run)
        named = {"source_name": run["source_name"], "ticket_ids": ticket_ids}
        rest = warehouse.frame(connection, "merge/ticket_source_replies", **named)
        if rest.height > MOST_TICKETS:
            rest = rest.filter("is_unsolved")
            reason = f"first replies of {run['source_name']}"
            warehouse.execute(connection, "merge/ticket_recounts", reason_text=reason)
        others = rest["ticket_id"].to_list()
        for start in range(0, len(others), MOST_TICKETS):
            part = {**named, "ticket_ids": others[start : start + MOST_TICKETS]}
            warehouse.execute(connection, "merge/ticket_days_touched", **part)
        settle_tickets(connection, [*ticket_ids, *others], source_name=run["source_name"])
        roll_up_days(connection)


def _ticket_ids(facts: list[tuple[Shape, pl.DataFrame]]) -> list[str]:
    touched = [
        frame["ticket_id"] for shape, frame in facts if shape.fact_name in ("tickets", "ticket_events")
    ]
    return pl.concat(touched).unique().sort().to_list() if touched else []


def settle_tickets(connection: sa.Connection, ticket_ids: list[str], *, source_name: str) -> None:
    """Counts these tickets of a source anew and notes their days; with unchanged events and settings nothing changes.

    No load of the source runs meanwhile: until the transaction ends, whoever tells of it waits.
    """
    warehouse.one_row(connection, "merge/facts_lock", source_name=source_name)
    connection.exec_driver_sql(warehouse.statement("merge/stage_ticket_measures"))
    rules = _rules(connection, source_name=source_name)
    for start in range(0, len(ticket_ids), MOST_TICKETS):
        named = {"source_name": source_name, "ticket_ids": ticket_ids[start : start + MOST_TICKETS]}
        history = histories(
            warehouse.frame(connection, "merge/tickets_known", **named),
            warehouse.frame(connection, "merge/ticket_events_known", **named),
            schedules=rules.schedules,
            default_schedule_name=rules.default_name,
            policies=rules.policies,
        )
        _store(connection, history.measures, TICKET_MEASURES)
        warehouse.execute(connection, "merge/ticket_measures", source_name=source_name)
        _store(connection, history.targets, TICKET_TARGETS)
        warehouse.execute(connection, "merge/ticket_targets_gone", **named)
        warehouse.execute(connection, "merge/ticket_targets", source_name=source_name)
        warehouse.execute(connection, "merge/ticket_days_touched", **named)
        warehouse.execute(connection, "merge/stage_ticket_measures_empty")


def roll_up_days(connection: sa.Connection) -> int:
    """Makes the days that are noted in dirty_ticket_days anew from the tickets; how many rows there are now."""
    warehouse.one_row(connection, "merge/ticket_days_lock")
    warehouse.execute(connection, "rollups/deleted_ticket_days")  # they stay as they were counted
    warehouse.execute(connection, "rollups/clear_ticket_days")
    return warehouse.execute(connection, "rollups/ticket_days")


def _store(connection: sa.Connection, frame: pl.DataFrame, shape: Shape) -> None:
    whole = complete(frame, shape)
    copy_to_stage(
        connection, whole.select(pl.col(name).cast(kind) for name, kind in shape.columns.items()), shape
    )


@dataclass(frozen=True)
class _Rules:
    """What decides over a ticket's business time and promises, beside its events."""

    schedules: dict[str, Schedule]
    default_name: str | None
    policies: pl.DataFrame


def _rules(connection: sa.Connection, *, source_name: str) -> _Rules:
    hours = warehouse.frame(connection, "merge/schedules_known")
    holidays = warehouse.frame(connection, "merge/holidays_known")
    schedules: dict[str, Schedule] = {}
    default_name = None
    for row in hours.group_by("schedule_name", maintain_order=True).agg(pl.all()).iter_rows(named=True):
        name = row["schedule_name"]
        open_hours = zip(row["weekday_number"], row["opens_seconds"], row["closes_seconds"], strict=True)
        closed = holidays.filter(pl.col("schedule_name") == name).select("first_date", "last_date").rows()
        schedules[name] = Schedule(
            schedule_name=name,
            time_zone_name=row["time_zone_name"][0],
            hours=tuple(
                (day, opens // 60, closes // 60) for day, opens, closes in open_hours if day is not None
            ),
            holidays=tuple(closed),
        )
        default_name = name if row["is_default"][0] else default_name
    policies = warehouse.frame(connection, "merge/ticket_policies_known")
    [has_replies] = warehouse.one_row(connection, "merge/source_tells_replies", source_name=source_name)
    if not has_replies:
        policies = policies.filter(~pl.col("target_name").is_in(("first_reply", "next_reply")))
    return _Rules(schedules, default_name, policies)
