"""Turns the presence and the routing status of users of Genesys Cloud into one state at a time.

In: a user's spans of both kinds within a window, and his states as they were known before. Out: his states after it.
The rule it guards: what was known of the time before the window stays as it is; the window's own spans win inside it.
"""

from __future__ import annotations

from itertools import pairwise

from etl.sources.clouds.agent_spans import Span, followed_by
from etl.sources.clouds.json_fields import (
    FieldError,
    Row,
    instant,
    required_instant,
    required_text,
    shown,
    tables,
)

ON_CONTACT = ("INTERACTING", "COMMUNICATING")
ROUTING = frozenset((*ON_CONTACT, "IDLE", "OFF_QUEUE", "NOT_RESPONDING"))
_Told = list[tuple[int, int | None, str]]


def kept_user(record: Row) -> Row:
    """The fields of a user's details that are used."""
    clean: Row = {
        name: record[name] for name in ("userId", "windowStart", "windowEnd") if record.get(name) is not None
    }
    for name, word in (("primaryPresence", "systemPresence"), ("routingStatus", "routingStatus")):
        value = record.get(name)
        if isinstance(value, list):
            fields = ("startTime", "endTime", word)
            clean[name] = [
                {key: one[key] for key in fields if one.get(key) is not None}
                if isinstance(one, dict)
                else shown(one)
                for one in value
            ]
        elif value is not None:
            clean[name] = shown(value)
    return clean


def states_of(clean: Row, before: list[Span]) -> tuple[str, int, list[Span]]:
    """The user's key, the end of the window, and his states: those from before it, then the window's own.

    Raises FieldError where a field is not what it should be.
    """
    user = required_text(clean, "userId")
    window_us = required_instant(clean, "windowStart")
    end_us = required_instant(clean, "windowEnd")
    presences = _told(clean, "primaryPresence", "systemPresence")
    routings = _told(clean, "routingStatus", "routingStatus")
    for _, _, word in routings:
        if word not in ROUTING:
            raise FieldError(f"routingStatus is {shown(word)}; expected one of {', '.join(sorted(ROUTING))}")
    marks = {us for start, end, _ in (*presences, *routings) for us in (start, end) if us is not None}
    spans = [span for span in before if span.started_us < window_us]
    first = max((us for us in marks if us <= window_us), default=None)
    if spans:
        first = window_us
    for mark in sorted({us for us in marks if us > window_us} | ({first} if first is not None else set())):
        followed_by(spans, Span(mark, *_state(_at(presences, mark), _at(routings, mark))))
    return user, end_us, spans


def _told(clean: Row, name: str, word: str) -> _Told:
    """The spans in order; one without an end lasts until the next begins."""
    told = sorted(
        (required_instant(one, "startTime"), instant(one, "endTime"), required_text(one, word).upper())
        for one in _distinct(tables(clean, name))
    )
    ends = [following[0] for _, following in pairwise(told)]
    return [
        (start, end if end is not None else nxt, what)
        for (start, end, what), nxt in zip(told, [*ends, None], strict=True)
    ]


def _distinct(entries: list[Row]) -> list[Row]:
    return list({str(sorted(one.items(), key=str)): one for one in entries}.values())


def _at(told: _Told, us: int) -> str:
    return next(
        (what for start, end, what in reversed(told) if start <= us and (end is None or us < end)), ""
    )


def _state(presence: str, routing: str) -> tuple[str, str]:
    """Speaking wins over everything; on queue and idle is available; every other presence is a pause of that name."""
    if routing in ON_CONTACT:
        return "on_contact", ""
    if presence in ("", "OFFLINE"):
        return "signed_out", ""
    if routing == "NOT_RESPONDING":
        return "paused", "Not responding"
    if presence == "ON_QUEUE" and routing == "IDLE":
        return "available", ""
    return "paused", presence.replace("_", " ").capitalize()
