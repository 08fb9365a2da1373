"""The fields that a column of somebody's file can be mapped to, for each kind of fact.

In: the shapes of the facts (etl/shapes.py). Out: for each kind of fact its fields with what may stand in them.
The rule it guards: a mapping speaks the warehouse's words; a few helpers (left_queue_at, duration_seconds, customer,
first_reply_at) are turned into them and never stored themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from etl.shapes import FACTS, INSTANT, Shape

FactsName = Literal[
    "calls",
    "tickets",
    "ticket_events",
    "agent_states",
    "shifts",
    "surveys",
    "quality_reviews",
    "costs",
    "revenues",
    "self_services",
    "recordings",
    "attempts",
]
FACTS_NAMES: tuple[FactsName, ...] = get_args(FactsName)
Kind = Literal["instant", "seconds", "whole", "number", "bool", "choice", "customer", "text"]


@dataclass(frozen=True)
class FieldWords:
    """What may stand in a field: its kind, the words of a choice, the bounds of a number."""

    kind: Kind
    words: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class FactsWords:
    """The fields of one kind of fact.

    begins_at: the instant by which a row is ordered and from which times of day run on; id_name: the field that names a
    row, made from its content where it is not mapped (unless it is required); required: must be mapped, one of each group.
    """

    begins_at: str
    id_name: str | None
    fields: dict[str, FieldWords]
    required: tuple[tuple[str, ...], ...]
    may_lie_ahead: bool = False


STATUS_WORDS = ("new", "open", "pending", "on_hold", "solved", "closed", "needs_rework")
PRIORITY_WORDS = ("urgent", "high", "normal", "low")
TICKET_CHANNELS = ("email", "web", "call", "chat", "social", "api")
CALL_CHANNELS = ("call", "chat", "email", "task", "social", "video")
TICKET_TEXTS = ("contact_id", "call_id", "topic_name", "url_text")
MOMENTS = ("first_reply_at", "reopened_at", "solved_at", "closed_at")
"""Instants of a ticket's final record, each of which becomes an event."""

_NOT_MAPPED = frozenset(
    (
        "version_number",
        "new_rows",
        "seq",
        "queue_id",
        "agent_id",
        "stay_number",
        "event_number",
        "customer_key",
        "place_text",
    )
)
_INSTANT, _SECONDS, _TEXT = FieldWords("instant"), FieldWords("seconds"), FieldWords("text")
_ORDER = FieldWords("whole", bounds=(0, 200_000_000))


def _of_shape(shape: Shape) -> dict[str, FieldWords]:
    """The fields that are columns of the fact's own shape."""
    found: dict[str, FieldWords] = {}
    for name, dtype in shape.columns.items():
        if name in _NOT_MAPPED:
            continue
        if dtype == INSTANT:
            found[name] = _INSTANT
        elif name.endswith("_seconds"):
            found[name] = _SECONDS
        elif name in shape.one_of:
            found[name] = FieldWords("choice", tuple(sorted(shape.one_of[name])))
        elif name.endswith(("_score", "amount")):
            found[name] = FieldWords("number", bounds=shape.bounds.get(name))
        elif name.startswith(("is_", "has_")):
            found[name] = FieldWords("bool")
        else:
            found[name] = FieldWords("whole") if name == "entry_position" else _TEXT
    found |= {f"{of}_name": _TEXT for of in ("queue", "agent") if f"{of}_id" in shape.columns}
    found |= {f"{of}_display_name": _TEXT for of in ("queue", "agent") if f"{of}_id" in shape.columns}
    return found | ({"customer": FieldWords("customer")} if "customer_key" in shape.columns else {})


def _words(
    name: FactsName,
    begins_at: str,
    id_name: str | None,
    required: tuple[tuple[str, ...], ...],
    *,
    more: dict[str, FieldWords] | None = None,
    may_lie_ahead: bool = False,
) -> FactsWords:
    fields = _of_shape(FACTS[name]) | {"updated_at": _INSTANT} | (more or {})
    return FactsWords(begins_at, id_name, fields, required, may_lie_ahead)


WORDS: dict[FactsName, FactsWords] = {
    "calls": _words(
        "calls",
        "offered_at",
        "call_id",
        (
            ("offered_at",),
            ("queue_name",),
            ("outcome_name", "answered_at", "talk_seconds"),
            ("wait_seconds", "left_queue_at", "answered_at", "ended_at", "duration_seconds"),
        ),
        more={
            "left_queue_at": _INSTANT,
            "duration_seconds": _SECONDS,
            "channel_name": FieldWords("choice", CALL_CHANNELS),
        },
    ),
    "tickets": _words(
        "tickets",
        "created_at",
        "ticket_id",
        (("ticket_id",), ("created_at",)),
        more={
            **dict.fromkeys(MOMENTS, _INSTANT),
            "status_name": FieldWords("choice", STATUS_WORDS),
            "priority_name": FieldWords("choice", PRIORITY_WORDS),
            "channel_name": FieldWords("choice", TICKET_CHANNELS),
            "group_name": _TEXT,
            "agent_name": _TEXT,
            "agent_display_name": _TEXT,
            "csat_score": FieldWords("number", bounds=(1, 5)),
            "change_number": _ORDER,
        },
    ),
    "ticket_events": _words(
        "ticket_events",
        "occurred_at",
        None,
        (("ticket_id",), ("occurred_at",), ("event_name",)),
        more={
            "change_number": _ORDER,
            # what the row of the creation may tell of the ticket itself
            "channel_name": FieldWords("choice", TICKET_CHANNELS),
            "customer": FieldWords("customer"),
            **dict.fromkeys(TICKET_TEXTS, _TEXT),
        },
    ),
    "agent_states": _words(
        "agent_states",
        "started_at",
        None,
        (("agent_name",), ("started_at",), ("state_name",)),
        more={"duration_seconds": _SECONDS},
    ),
    "shifts": _words(
        "shifts",
        "started_at",
        "shift_id",
        (("agent_name",), ("started_at",), ("ended_at", "duration_seconds")),
        more={"duration_seconds": _SECONDS},
        may_lie_ahead=True,
    ),
    "surveys": _words(
        "surveys", "answered_at", "survey_id", (("answered_at",), ("csat_score", "nps_score", "is_resolved"))
    ),
    "quality_reviews": _words(
        "quality_reviews", "reviewed_at", "review_id", (("reviewed_at",), ("agent_name",))
    ),
    "costs": _words(
        "costs",
        "started_at",
        "cost_id",
        (("started_at",), ("cost_name",), ("amount",)),
        more={"duration_seconds": _SECONDS},
        may_lie_ahead=True,
    ),
    "revenues": _words("revenues", "earned_at", "revenue_id", (("earned_at",), ("amount",))),
    "self_services": _words(
        "self_services",
        "started_at",
        "visit_id",
        (("started_at",), ("outcome_name",)),
        more={"duration_seconds": _SECONDS},
    ),
    "recordings": _words(
        "recordings",
        "started_at",
        "recording_id",
        (("started_at",), ("url_text",), ("call_id", "contact_id")),
    ),
    "attempts": _words(
        "attempts", "attempted_at", "attempt_id", (("attempted_at",), ("campaign_name",), ("outcome_name",))
    ),
}
