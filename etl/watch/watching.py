"""Measures every rule and every goal that is due, and writes down what changed and who is to be told.

In: the active rules, how their alerts stand, the goals. Out: standings, events and the outbox, in one transaction.
The rule it guards: a change and the words about it are written together or not at all, by one of several loaders; a rule
that cannot be measured says why and holds up no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from etl.schedule.clock import Clock, after
from etl.schedule.slots import Slot, take
from etl.watch.alert_steps import Change, Reading, Standing, Terms, step
from sql import measures, notices, warehouse
from sql.measures import MeasureError
from sql.metrics import MetricError

WATCH_SECONDS = 30
DEADLINE_SECONDS = 25.0
LONGEST_STEP_SECONDS = 5 * WATCH_SECONDS
MOST_GOAL_DAYS = 40
JOB_NAME = "alerts and goals"
TOLD: frozenset[Change] = frozenset({"fired", "ended"})
"""The changes of which people outside of the boards are told."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """What one round did: rules measured, rules that could not be, changes, days of goals."""

    rules: int
    failed_rules: int
    changes: int
    goal_days: int


def watch(engine: sa.Engine, *, time_zone_name: str, now: Clock, process_name: str) -> Watched:
    """One round, in one transaction. SlotTaken where another process has it; WarehouseError where the warehouse fails."""
    at = now()
    longest = (after(now, LONGEST_STEP_SECONDS) - now()).total_seconds()
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        # A pause of the watch is no load that was left out: it rests "0 s", so that nothing of it goes into the ledger.
        take(connection, Slot(JOB_NAME, WATCH_SECONDS, process_name, rest_seconds=0.0), now=at)
        warehouse.execute(connection, "watch/begin")
        rules = warehouse.frame(connection, "watch/rules_active").to_dicts()
        changes = [
            _watched(
                connection, rule, at=at, zone=ZoneInfo(time_zone_name), longest_step_seconds=max(longest, 1.0)
            )
            for rule in rules
        ]
        days = _goals(connection, at=at)
    done = [count for count in changes if count is not None]
    return Watched(len(done), len(changes) - len(done), sum(done), days)


def _watched(
    connection: sa.Connection, rule: Row, *, at: datetime, zone: ZoneInfo, longest_step_seconds: float
) -> int | None:
    """The number of changes of a rule; null where it could not be measured, which then stands in its row."""
    error_text: str | None = None
    changes: int | None = None
    try:
        with connection.begin_nested():
            changes = _measured(connection, rule, at=at, zone=zone, longest_step_seconds=longest_step_seconds)
    except (MeasureError, MetricError, warehouse.WarehouseError) as error:
        error_text = str(error)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        error_text = warehouse.explain(error.orig)
    if error_text != rule["error_text"]:
        warehouse.execute(connection, "watch/rule_error", rule_id=rule["rule_id"], error_text=error_text)
    return changes


def _measured(
    connection: sa.Connection, rule: Row, *, at: datetime, zone: ZoneInfo, longest_step_seconds: float
) -> int:
    readings = measures.readings(
        connection,
        measure_name=rule["measure_name"],
        metric_name=rule["metric_name"],
        scope_kind_name=rule["scope_kind_name"],
        scope_key=rule["scope_key"],
        window_start=at - timedelta(seconds=rule["window_seconds"]),
        as_of=at,
    )
    known = {
        row["scope_id"]: row
        for row in warehouse.frame(connection, "watch/standings_lock", rule_id=rule["rule_id"]).to_dicts()
    }
    found = {row["scope_id"]: row for row in readings.to_dicts()}
    # A scope of which nothing is told any more has nothing to measure: what fires for it ends.
    gone = {
        scope_id: {
            "scope_id": scope_id,
            "scope_name": row["scope_name"],
            "value": None,
            "n": 0,
            "is_known": True,
        }
        for scope_id, row in known.items()
        if scope_id not in found
    }
    told, saved = 0, []
    for scope_id, row in (found | gone).items():
        before = _standing(known.get(scope_id), at)
        reading = Reading(row["value"], row["n"] or 0, bool(row["is_known"]))
        standing, changes = step(
            before, reading, terms_of(rule), at=at, longest_step_seconds=longest_step_seconds
        )
        saved.append((row, reading, standing))
        for change in changes:
            told += 1
            event = {**row, "firing_number": standing.firing_number, "change_name": change}
            event_id = add_event(connection, rule["rule_id"], event, at=at)
            if change in TOLD:
                _tell(connection, rule, event_id, at=at, zone=zone)
    _save(connection, rule["rule_id"], saved, at=at)
    return told


def terms_of(rule: Row) -> Terms:
    """When the alert of a rule fires and ends."""
    return Terms(
        is_above=rule["comparison_name"] == "above",
        threshold_value=rule["threshold_value"],
        clear_value=rule["clear_value"],
        minimum_count=rule["minimum_count"],
        hold_seconds=rule["hold_seconds"],
    )


def _standing(row: Row | None, at: datetime) -> Standing:
    if row is None:
        return Standing("quiet", at)
    return Standing(
        state=row["state_name"],
        since_at=row["since_at"],
        held_seconds=row["held_seconds"],
        known_at=row["known_at"],
        is_known=row["is_known"],
        fired_at=row["fired_at"],
        acknowledged_at=row["acknowledged_at"],
        firing_number=row["firing_number"],
    )


def add_event(connection: sa.Connection, rule_id: int, event: Row, *, at: datetime) -> int:
    """Takes down what happened to an alert; the number of the event."""
    (event_id,) = warehouse.one_row(
        connection,
        "watch/event_add",
        occurred_at=at,
        rule_id=rule_id,
        firing_number=event["firing_number"],
        measured_count=event["n"],
        measured_value=event["value"],
        scope_id=event["scope_id"],
        scope_name=event["scope_name"],
        change_name=event["change_name"],
        viewer_name=None,
        note_text=None,
    )
    notices.tell(connection)
    return int(event_id)


def _tell(connection: sa.Connection, rule: Row, event_id: int, *, at: datetime, zone: ZoneInfo) -> None:
    """Puts the words into the outbox, unless the rule is muted; in its quiet hours they wait for their end."""
    if rule["muted_until_at"] is not None and rule["muted_until_at"] > at:
        return
    due_at = end_of_quiet(at, rule["quiet_from_seconds"], rule["quiet_until_seconds"], zone)
    for way_name in ("email", "webhook"):
        for target in rule[f"{way_name}_text"].split():
            warehouse.execute(
                connection,
                "watch/delivery_add",
                event_id=event_id,
                due_at=due_at,
                way_name=way_name,
                target_text=target,
            )


def end_of_quiet(
    at: datetime, from_seconds: int | None, until_seconds: int | None, zone: ZoneInfo
) -> datetime:
    """The instant at which the site's quiet hours end, if they are on; else `at`. They may lie over midnight."""
    if from_seconds is None or until_seconds is None or from_seconds == until_seconds:
        return at
    local = at.astimezone(zone)
    second = local.hour * 3600 + local.minute * 60 + local.second
    is_over_midnight = until_seconds < from_seconds
    if is_over_midnight:
        is_quiet = second >= from_seconds or second < until_seconds
    else:
        is_quiet = from_seconds <= second < until_seconds
    if not is_quiet:
        return at
    day = local.date() + timedelta(days=is_over_midnight and second >= from_seconds)
    minutes, second_of_end = divmod(until_seconds, 60)
    clock = time(minutes // 60, minutes % 60, second_of_end)
    # In the hour that the clock shows twice, the end may lie before `at` the first time: then it is the second one.
    ends = [datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    return next((end for end in ends if end > at), at)


def _save(
    connection: sa.Connection, rule_id: int, saved: list[tuple[Row, Reading, Standing]], *, at: datetime
) -> None:
    if not saved:
        return
    standings = [standing for _, _, standing in saved]
    warehouse.execute(
        connection,
        "watch/standings_save",
        rule_id=rule_id,
        evaluated_at=at,
        scope_ids=[row["scope_id"] for row, _, _ in saved],
        scope_names=[row["scope_name"] for row, _, _ in saved],
        measured_values=[reading.value for _, reading, _ in saved],
        measured_counts=[reading.n for _, reading, _ in saved],
        state_names=[one.state for one in standings],
        since_ats=[one.since_at for one in standings],
        fired_ats=[one.fired_at for one in standings],
        acknowledged_ats=[one.acknowledged_at for one in standings],
        known_ats=[one.known_at for one in standings],
        firing_numbers=[one.firing_number for one in standings],
        held_seconds=[one.held_seconds for one in standings],
        is_knowns=[one.is_known for one in standings],
    )


def _goals(connection: sa.Connection, *, at: datetime) -> int:
    """Measures the days of goals that are due; how many. One that cannot be measured is left out and comes round again."""
    due = warehouse.frame(connection, "watch/goals_due", now=at, most_rows=MOST_GOAL_DAYS).to_dicts()
    done = 0
    for row in due:
        try:
            with connection.begin_nested():
                found = measures.history(
                    connection,
                    metric_name=row["metric_name"],
                    scope_kind_name=row["scope_kind_name"],
                    scope_key=row["scope_key"],
                    window_start=row["window_start_at"],
                    window_end=row["window_end_at"],
                    known_at=at,
                )
                value, n = found.select("value", "n").row(0) if found.height else (None, 0)
                done += warehouse.execute(
                    connection,
                    "watch/goal_day_save",
                    goal_id=row["goal_id"],
                    version_number=row["version_number"],
                    day_date=row["day_date"],
                    now=at,
                    measured_count=n or 0,
                    measured_value=value,
                )
        except (MeasureError, MetricError, warehouse.WarehouseError):
            continue
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
    return done
