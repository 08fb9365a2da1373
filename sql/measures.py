"""What goals and alerts measure: any metric over a window, or a figure of this instant, by queue, group, team or as a whole.

In: the name of a measure (a file of sql/rules), a metric where it measures one, a scope, and a window. Out: one row per
scope with its value, its n, and whether fresh data is there to judge by.
The rule it guards: a metric that is aimed at or watched is made of the same columns, by the same formula, as on the pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from sql import metrics, warehouse
from sql.metrics import Metric

LONGEST_LIVE_SECONDS = 86_400
"""Up to a day, contacts count when they are decided, answered, or leave; longer windows are made of the rollups."""

_CALLS = frozenset(
    {
        "offered_calls", "answered_calls", "answered_in_threshold_calls", "abandoned_calls", "short_abandoned_calls",
        "abandoned_in_threshold_calls", "flowed_out_calls", "flowed_out_in_threshold_calls", "answered_wait_seconds",
        "handled_calls", "transferred_calls", "talk_seconds", "hold_seconds", "wrap_up_seconds",
    }
)  # fmt: skip
_LEFT = frozenset(
    {
        "offered_calls", "answered_calls", "abandoned_calls", "short_abandoned_calls", "flowed_out_calls", "callback_calls",
        "answered_wait_seconds", "abandoned_wait_seconds", "flowed_out_wait_seconds",
    }
)  # fmt: skip
_KINDS_OF_TRANSFER = frozenset({"blind_transferred_calls", "attended_transferred_calls"})
_STATES = frozenset(
    {"on_contact_seconds", "wrapping_up_seconds", "available_seconds", "paused_seconds", "signed_in_seconds"}
)
_HANDLED = _KINDS_OF_TRANSFER | {
    "handled_calls", "transferred_calls", "talk_seconds", "hold_seconds", "wrap_up_seconds",
}  # fmt: skip
_SHIFTS = frozenset(
    {
        "scheduled_seconds", "adherent_seconds", "scheduled_on_queue_seconds", "worked_on_queue_seconds",
        "planned_shrinkage_seconds", "unplanned_shrinkage_seconds", "absent_seconds",
    }
)  # fmt: skip
_CONTACTS = frozenset(
    {
        "askable_contacts", "survey_count", "csat_count", "csat_satisfied_count", "nps_count", "nps_promoter_count",
        "nps_detractor_count", "flagged_contacts", "resolved_first_contacts", "followed_contacts", "repeated_contacts",
    }
)  # fmt: skip
_REVIEWS = frozenset({"review_count", "review_total_score", "failed_review_count"})
_CALLBACKS = frozenset(
    {"reached_callback_calls", "given_up_callback_calls", "due_promise_calls", "kept_promise_calls"}
)
_SOLVED = frozenset(
    {
        "solved_tickets", "reopened_in_7_days_tickets", "first_resolved_tickets", "first_resolution_seconds",
        "first_resolved_in_business_tickets", "first_resolution_business_seconds", "resolved_tickets",
        "full_resolution_seconds", "resolved_in_business_tickets", "full_resolution_business_seconds", "waited_tickets",
        "requester_wait_seconds", "waited_in_business_tickets", "requester_wait_business_seconds", "one_touch_tickets",
        "two_touch_tickets", "csat_tickets", "csat_satisfied_tickets",
    }
)  # fmt: skip
_CREATED = frozenset(
    {
        "created_tickets", "first_replied_tickets", "first_reply_seconds", "first_replied_in_business_tickets",
        "first_reply_business_seconds",
    }
)  # fmt: skip
_BACKLOG = frozenset({"backlog_tickets", "backlog_age_seconds", "owed_tickets", "owed_wait_seconds"})


class MeasureError(Exception):
    """What is to be measured cannot be; the message says what was found, what was expected, and the next step."""


@dataclass(frozen=True)
class Family:
    """Facts that are summed together: their additive columns, the scopes they can be told for, and how far back at once."""

    name: str
    columns: frozenset[str]
    scopes: tuple[str, ...]
    is_live: bool | None = None
    """Whether it is for windows of up to a day (True), for longer ones (False), or for both (None)."""


_ALL = ("everything",)
_QUEUES = ("everything", "queue", "group")
_PEOPLE = ("everything", "queue", "group", "team")
_DESKS = ("everything", "group")
FAMILIES = (
    # Only a service level is decided at its threshold: a wait that ends later counts when it ends, with all of it.
    Family("left_calls", _LEFT, _QUEUES, is_live=True),
    Family("decided_calls", _CALLS | _KINDS_OF_TRANSFER, _QUEUES, is_live=True),
    Family("offered_calls", _CALLS | _LEFT, _QUEUES, is_live=False),
    Family("target_intervals", frozenset({"judged_intervals", "on_target_intervals"}), _QUEUES),
    Family("agent_states", _STATES, _PEOPLE, is_live=True),
    Family("agent_intervals", _STATES | _HANDLED - _KINDS_OF_TRANSFER, _PEOPLE, is_live=False),
    # What an agent passed on, and how, is not kept by queue.
    Family("agent_intervals", _HANDLED, ("everything", "team"), is_live=False),
    Family("handled_calls", _HANDLED, ("team",), is_live=True),
    Family("shifts", _SHIFTS, ("everything", "team")),
    Family("contacts", _CONTACTS, _PEOPLE),
    Family("reviews", _REVIEWS, _PEOPLE),
    # An alert speaks of callbacks that were settled or fell due just now, whenever they were asked for.
    Family("settled_callbacks", _CALLBACKS, _QUEUES, is_live=True),
    Family("offered_callbacks", _CALLBACKS, _QUEUES, is_live=False),
    Family("self_services", frozenset({"contained_contacts", "agent_served_contacts"}), _ALL),
    Family("attempts", frozenset({"attempted_calls", "connected_calls", "converted_calls"}), _ALL),
    Family("created_tickets", _CREATED, _DESKS),
    Family("solved_tickets", _SOLVED, _DESKS),
    Family("target_tickets", frozenset({"due_targets_tickets", "met_targets_tickets"}), _DESKS),
    Family("backlog_tickets", _BACKLOG, _DESKS),
)


@dataclass(frozen=True)
class Measure:
    """One file of sql/rules: whether it measures a metric, the unit of its value ("": the metric's), and its scopes."""

    name: str
    has_metric: bool
    unit: str = ""
    scopes: tuple[str, ...] = ()
    metric_names: tuple[str, ...] = ()
    """The only metrics it makes sense of; empty for any."""


MEASURES = (
    Measure("metric", has_metric=True),
    Measure("target_gap", has_metric=True, unit="ratio", metric_names=("service_level_ratio",)),
    Measure("change_against_weeks", has_metric=True, unit="ratio"),
    Measure("slope", has_metric=True),
    Measure("waiting_calls", has_metric=False, unit="count", scopes=("everything", "queue", "group")),
    Measure("oldest_wait_seconds", has_metric=False, unit="seconds", scopes=("everything", "queue", "group")),
    Measure("available_agents", has_metric=False, unit="count", scopes=("everything", "queue", "group", "team")),
    Measure("data_age_seconds", has_metric=False, unit="seconds", scopes=("everything", "source")),
    Measure("data_overdue_seconds", has_metric=False, unit="seconds", scopes=("everything", "source")),
)  # fmt: skip


def measure(name: str) -> Measure:
    """The measure of that name; MeasureError with the known ones."""
    for one in MEASURES:
        if one.name == name:
            return one
    raise MeasureError(
        f"There is no measure '{name}'; expected one of {', '.join(one.name for one in MEASURES)}. Choose one of them."
    )


def family(metric: Metric, scope_kind_name: str, *, is_live: bool) -> Family:
    """The facts of which the metric is made for such a scope; MeasureError where they do not tell it.

    is_live: of the time that has just passed, by the event rule; else of whole local days, from the rollups.
    """
    needed = set(metric.columns) - ({metric.one_of} if metric.one_of else set())
    able = [one for one in FAMILIES if needed <= one.columns and one.is_live in (None, is_live)]
    for one in able:
        if scope_kind_name in one.scopes:
            return one
    if not able:
        why = metric.no_goal or "Nothing adds its columns up."
        raise MeasureError(f'"{metric.label}" cannot be a goal or an alert: {why} Choose another metric.')
    scopes = ", ".join(dict.fromkeys(name for one in able for name in one.scopes))
    raise MeasureError(
        f'"{metric.label}" cannot be told by {scope_kind_name}; expected one of: {scopes}. Choose such a scope.'
    )


def scopes_of(metric: Metric, *, is_live: bool) -> tuple[str, ...]:
    """For what the metric can be measured, as in `family`; empty where it cannot be at all."""
    found = []
    for name in ("everything", "queue", "group", "team"):
        try:
            family(metric, name, is_live=is_live)
        except MeasureError:
            continue
        found.append(name)
    return tuple(found)


def terms_text(metric: Metric) -> str:
    """The metric's formula as JSON for `ops.measured`: one term per column, with its sign, part and formula."""
    return json.dumps(list(_terms(metric)))


def _terms(metric: Metric) -> Iterator[dict[str, Any]]:
    formulas = metrics.SERVICE_LEVEL_FORMULAS if metric.one_of else (None,)
    for formula in formulas:
        one = metric if formula is None else metrics.service_level(formula)
        for part, terms, scale in (("above", one.numerator, one.scale), ("below", one.denominator, 1)):
            for sign, column in terms:
                yield {
                    "formula_name": formula,
                    "part_name": part,
                    "column_name": column,
                    "sign": sign * scale,
                }


def readings(
    connection: sa.Connection,
    *,
    measure_name: str,
    metric_name: str,
    scope_kind_name: str,
    scope_key: str,
    window_start: datetime,
    as_of: datetime,
) -> pl.DataFrame:
    """One row per scope at the instant: scope_id, scope_name, value, n, is_known.

    value is in the metric's unit, null where nothing was there to measure; n its denominator; is_known is false without
    fresh data. Raises MeasureError for what cannot be measured, WarehouseError.
    """
    one = measure(measure_name)
    asked: dict[str, object] = {
        "scope_kind_name": scope_kind_name,
        "scope_key": scope_key,
        "as_of": as_of,
    }
    if one.has_metric:
        metric = metrics.metric(metric_name)
        seconds = int((as_of - window_start).total_seconds())
        asked |= {
            "window_start": window_start,
            "known_at": as_of,
            "family_name": family(metric, scope_kind_name, is_live=seconds <= LONGEST_LIVE_SECONDS).name,
            "terms_text": terms_text(metric),
        }
    elif scope_kind_name not in one.scopes:
        raise MeasureError(
            f"'{measure_name}' cannot be told by {scope_kind_name}; expected one of: {', '.join(one.scopes)}."
        )
    return warehouse.frame(connection, f"rules/{measure_name}", **asked)


def history(
    connection: sa.Connection,
    *,
    metric_name: str,
    scope_kind_name: str,
    scope_key: str,
    window_start: datetime,
    window_end: datetime,
    known_at: datetime | None = None,
) -> pl.DataFrame:
    """One row per scope, as `readings`: the metric over whole local days, for goals: the same number as on the pages.

    Contacts belong to the window in which they were offered. known_at: the moment of measuring; what became of a ticket of
    the window counts until then, null for all that the warehouse knows. Raises MeasureError, WarehouseError.
    """
    metric = metrics.metric(metric_name)
    return warehouse.frame(
        connection,
        "rules/metric",
        family_name=family(metric, scope_kind_name, is_live=False).name,
        terms_text=terms_text(metric),
        scope_kind_name=scope_kind_name,
        scope_key=scope_key,
        window_start=window_start,
        as_of=window_end,
        known_at=known_at or datetime.max.replace(tzinfo=UTC),
    )
