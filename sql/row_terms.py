"""What a number is made of, in the words of the statements that list the rows behind it.

In: the name of an additive column or of a metric. Out: what kind of rows stands behind it, and its terms as parameters.
The rule it guards: a list counts by the registry's own formula, so that it cannot differ from the number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sql import metrics

CALL_COLUMNS = (
    "offered_calls",
    "answered_calls",
    "answered_in_threshold_calls",
    "abandoned_calls",
    "short_abandoned_calls",
    "abandoned_in_threshold_calls",
    "flowed_out_calls",
    "flowed_out_in_threshold_calls",
    "callback_calls",
    "overflowed_calls",
    "timed_out_calls",
    "withdrawn_calls",
    "interrupted_calls",
    "waiting_calls",
    "in_progress_calls",
    "handled_calls",
    "transferred_calls",
    "blind_transferred_calls",
    "attended_transferred_calls",
    "answered_wait_seconds",
    "abandoned_wait_seconds",
    "flowed_out_wait_seconds",
    "longest_wait_seconds",
    "talk_seconds",
    "hold_seconds",
    "wrap_up_seconds",
)
AGENT_CALL_COLUMNS = (
    "handled_calls",
    "transferred_calls",
    "blind_transferred_calls",
    "attended_transferred_calls",
    "short_handled_calls",
    "outbound_calls",
    "internal_calls",
    "talk_seconds",
    "hold_seconds",
    "wrap_up_seconds",
    "outbound_talk_seconds",
    "internal_talk_seconds",
    "longest_call_seconds",
)
LIVE_COLUMNS = (
    "waiting_calls",
    "in_progress_calls",
    "offered_calls",
    "answered_calls",
    "abandoned_calls",
    "short_abandoned_calls",
    "flowed_out_calls",
    "callback_calls",
    "handled_calls",
    "answered_wait_seconds",
    "longest_wait_seconds",
    "talk_seconds",
    "hold_seconds",
    "wrap_up_seconds",
)
DECIDED_COLUMNS = (
    "offered_calls",
    "answered_calls",
    "answered_in_threshold_calls",
    "abandoned_calls",
    "short_abandoned_calls",
    "abandoned_in_threshold_calls",
    "flowed_out_calls",
    "flowed_out_in_threshold_calls",
)
STATE_COLUMNS = (
    "on_contact_seconds",
    "wrapping_up_seconds",
    "available_seconds",
    "ringing_seconds",
    "paused_seconds",
    "signed_in_seconds",
    "free_seconds",
)
SHIFT_COLUMNS = (
    "scheduled_seconds",
    "adherent_seconds",
    "scheduled_on_queue_seconds",
    "worked_on_queue_seconds",
    "planned_shrinkage_seconds",
    "unplanned_shrinkage_seconds",
    "absent_seconds",
    "unscheduled_seconds",
)
PEOPLE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "shifts": SHIFT_COLUMNS,
    "pauses": ("pause_count",),
    "given": (
        "idle_calls",
        "idle_seconds",
        "median_idle_seconds",
        "routed_calls",
        "longest_idle_first_calls",
    ),
    "rings": ("ring_count", "unanswered_ring_count"),
    "strains": ("strained_seconds",),
    "live_agents": (
        "signed_in_agents",
        "available_agents",
        "ringing_agents",
        "on_contact_agents",
        "wrap_up_agents",
        "paused_agents",
    ),
}
"""What stands behind figures of agents beside calls and states: stretches of schedules, pauses, contacts given, rings."""

PERIOD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "intervals": ("judged_intervals", "on_target_intervals"),
    "forecasts": ("forecast_calls",),
}
"""What stands behind figures of a period as a whole: its quarters of an hour, the days that it is compared with."""

TICKET_POPULATIONS: Mapping[str, tuple[str, ...]] = {
    "created": (
        "created_tickets",
        "first_replied_tickets",
        "first_reply_seconds",
        "first_replied_in_business_tickets",
        "first_reply_business_seconds",
        "created_escalated_tickets",
    ),
    "escalated": ("escalated_tickets",),
    "replied": ("replied_tickets",),
    "solved": (
        "solved_tickets",
        "reopened_tickets",
        "reopened_in_7_days_tickets",
        "first_resolved_tickets",
        "first_resolution_seconds",
        "first_resolved_in_business_tickets",
        "first_resolution_business_seconds",
    ),
    "resolved": (
        "resolved_tickets",
        "full_resolution_seconds",
        "resolved_in_business_tickets",
        "full_resolution_business_seconds",
        "waited_tickets",
        "requester_wait_seconds",
        "waited_in_business_tickets",
        "requester_wait_business_seconds",
        "one_touch_tickets",
        "two_touch_tickets",
        "csat_tickets",
        "csat_satisfied_tickets",
    ),
    "due": (
        "due_targets_tickets",
        "met_targets_tickets",
        "missed_targets_tickets",
        "late_targets_tickets",
        "overdue_targets_tickets",
        "running_targets_tickets",
        "at_risk_targets_tickets",
    ),
    "backlog": (
        "backlog_tickets",
        "backlog_age_seconds",
        "longest_backlog_age_seconds",
        "assigned_tickets",
        "owed_tickets",
        "owed_wait_seconds",
        "longest_owed_wait_seconds",
        "requester_owes_tickets",
        "nobody_owes_tickets",
        "with_us_tickets",
        "with_others_tickets",
        "week_old_tickets",
    ),
    "replies": ("reply_count", "first_reply_count"),
}
"""The columns of each population of tickets; a number is made of columns of one."""

TICKET_COLUMNS = tuple(column for columns in TICKET_POPULATIONS.values() for column in columns)
LONGEST: Mapping[str, tuple[str, str]] = {
    "longest_wait_seconds": ("offered_calls", "wait_seconds"),
    "longest_call_seconds": ("handled_calls", "call_seconds"),
    "longest_backlog_age_seconds": ("backlog_tickets", "backlog_age_seconds"),
    "longest_owed_wait_seconds": ("owed_tickets", "owed_wait_seconds"),
}
"""The numbers that are a largest one and no sum: the rows among which it is, and what is compared."""

SUMS: Mapping[str, tuple[str, ...]] = {
    "ended_wait_calls": ("answered_calls", "abandoned_calls", "flowed_out_calls")
}
"""The numbers of a page that are a sum of additive columns and no column themselves."""

MEDIANS: Mapping[str, tuple[str, str]] = {"median_idle_seconds": ("idle_calls", "idle_seconds")}
"""The numbers that are a middle one: the rows among which it is, and what is compared."""

TICKET_TIMES: Mapping[str, str] = {
    "first_reply_seconds": "first_replied_tickets",
    "first_reply_business_seconds": "first_replied_in_business_tickets",
    "first_resolution_seconds": "first_resolved_tickets",
    "first_resolution_business_seconds": "first_resolved_in_business_tickets",
    "full_resolution_seconds": "resolved_tickets",
    "full_resolution_business_seconds": "resolved_in_business_tickets",
    "requester_wait_seconds": "waited_tickets",
    "requester_wait_business_seconds": "waited_in_business_tickets",
}
"""The measured times of tickets, and the tickets that have one."""

TICKET_QUANTILES: Mapping[str, tuple[float, str, str]] = {
    f"{word}_{compared}": (quantile, of_rows, compared)
    for word, quantile in (("median", 0.5), ("ninth_decile", 0.9))
    for compared, of_rows in TICKET_TIMES.items()
}
"""The numbers of tickets that a part of them stays below: the part, the tickets among which it is, and what is compared."""

VOICE_COLUMNS = (
    "askable_contacts",
    "survey_count",
    "unplaced_survey_count",
    "csat_count",
    "csat_satisfied_count",
    "nps_count",
    "nps_promoter_count",
    "nps_detractor_count",
    "flagged_contacts",
    "resolved_first_contacts",
    "followed_contacts",
    "repeated_contacts",
    "provisional_contacts",
    "returning_contacts",
    "same_agent_contacts",
)
REVIEW_COLUMNS = ("review_count", "review_total_score", "failed_review_count")
Terms = Sequence[tuple[int, str]]
_KINDS: Mapping[str, tuple[str, ...]] = {
    "calls": CALL_COLUMNS,
    "agent_calls": AGENT_CALL_COLUMNS,
    "states": STATE_COLUMNS,
    "tickets": TICKET_COLUMNS,
    "surveys": VOICE_COLUMNS,
    "reviews": REVIEW_COLUMNS,
    **PEOPLE_COLUMNS,
    **PERIOD_COLUMNS,
}
_ALL_COLUMNS = frozenset(name for names in _KINDS.values() for name in names)


def kind_of(of_name: str) -> str | None:
    """What stands behind this number, such as "calls", "states", "tickets", "shifts" or "intervals"; None for nothing.

    Numbers that queues and agents share (handled_calls) are of "calls"; "agent_calls" are those that only agents have.
    """
    needed = columns_of(of_name)
    return next((kind for kind, columns in _KINDS.items() if needed and needed <= set(columns)), None)


def columns_of(of_name: str) -> set[str]:
    """The additive columns that a number is made of, without the one that only chooses a formula; none of an unknown one."""
    record = record_of(of_name)
    if of_name in TICKET_QUANTILES:
        return set(TICKET_QUANTILES[of_name][1:])
    if record is None:
        return {of_name} & _ALL_COLUMNS or set(SUMS.get(of_name, ()))
    return set(record.columns) - {record.one_of}


def record_of(of_name: str) -> metrics.Metric | None:
    """The metric of that name; None for a column and for what there is not."""
    return next((one for one in metrics.metrics() if one.name == of_name), None)


def parameters(of_name: str) -> dict[str, list[Any]]:
    """The terms of a number as four lists of one length: part (population, counted), formula, column and sign of each."""
    told = _terms(of_name)
    flat = [(part, formula, column, sign) for part, formula, terms in told for sign, column in terms]
    names = ("parts", "formulas", "columns", "signs")
    return {name: list(values) for name, values in zip(names, zip(*flat, strict=True), strict=True)}


def _terms(of_name: str) -> list[tuple[str, str | None, Terms]]:
    """The terms of a number: (part, formula, terms); a column stands for itself on both sides."""
    compares = LONGEST.get(of_name) or MEDIANS.get(of_name) or TICKET_QUANTILES.get(of_name, ())[1:]
    if compares:
        of_rows, compared = compares
        return [("population", None, ((1, of_rows),)), ("counted", None, ((1, compared),))]
    record = record_of(of_name)
    if record is None:
        columns = tuple((1, name) for name in SUMS.get(of_name, (of_name,)))
        return [(part, None, columns) for part in ("population", "counted")]
    chosen = (
        [(key, metrics.service_level(key)) for key in metrics.SERVICE_LEVEL_FORMULAS]
        if record.one_of
        else [(None, record)]
    )
    return [
        (part, key, terms)
        for key, one in chosen
        for part, terms in (("population", one.denominator), ("counted", one.numerator))
    ]
