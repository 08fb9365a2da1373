"""Turns a LiveAgent call, joined to its ticket, into the stays of a contact in departments.

In: a record of liveagent_records: the call with its ticket's call messages and history. Out: rows of calls. The rule
it guards: a call counts once in every department in which somebody waited, answered or not.

LiveAgent's list of calls knows neither agent nor department nor the wait in a queue. The department is the one that
the ticket's history names at that moment; each one that the caller left before an answer is a stay of its own, with
the outcome overflowed, except departments that are only menus (menu_departments). The wait begins when the call came
into the department. The agent is whom the history names five seconds after the answer; else the first agent who
spoke in the call's messages; else, where there is no history at all, the ticket's agent. An unanswered call out
is withdrawn, one in abandoned. A call without an end for 24 hours lost it: interrupted at the last instant known of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from etl.sources.desks.liveagent_records import (
    CALL_GROUPS,
    code,
    instant,
    is_system,
    objects,
    one_of,
    required,
    required_instant,
    text,
    version,
)

DIRECTIONS = {"I": "inbound", "O": "outbound", "T": "internal"}
LOST_AFTER = timedelta(hours=24)
WITHOUT_DEPARTMENT = "without-department"
"""The key of the queue of calls whose ticket is gone, or names no department."""
_SETTLES = timedelta(seconds=5)  # the history is written a moment after the answer
_NEAR = timedelta(minutes=2)


@dataclass(frozen=True)
class _Call:
    """A call's instants, each null while it is not known."""

    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    is_lost: bool
    direction: str

    @property
    def outcome(self) -> str:
        if self.ended_at is None:
            return "waiting" if self.answered_at is None else "in_progress"
        if self.is_lost:
            return "interrupted"
        if self.answered_at is not None:
            return "answered"
        return "abandoned" if self.direction == "inbound" else "withdrawn"


@dataclass(frozen=True)
class _Span:
    """From when on a ticket was with which department and agent."""

    at: datetime
    department: str | None
    agent: str | None


def call_rows(
    record: Mapping[str, Any], zone: ZoneInfo, *, now: datetime, menu_departments: frozenset[str]
) -> list[dict[str, Any]]:
    """The stays of one record, in order; RefusedError where it is no call."""
    call_id = required(record, "id")
    call = _call(record, zone, now)
    ticket = record.get("ticket")
    ticket = ticket if isinstance(ticket, dict) else {}
    spans = _spans(record, zone)
    visits = _visits(call, spans, text(ticket, "departmentid"), menu_departments)
    common = {
        "call_id": call_id,
        "contact_id": text(record, "ticket_id") or call_id,
        "direction_name": call.direction,
        "channel_name": "call",
        "customer_key": text(record, "customer_key"),
        "version_number": version(call.created_at, call.answered_at, call.ended_at),
    }
    rows = [
        _left(at, left_at, department, went_to) for (at, department), (left_at, went_to) in pairwise(visits)
    ]
    offered_at, department = visits[-1]
    answered_at = call.answered_at
    agent = None if answered_at is None else _agent(record, call, spans, ticket, zone, answered_at)
    rows.append(_last(call, offered_at, department, agent))
    return [row | common | {"stay_number": number} for number, row in enumerate(rows, start=1)]


def _call(record: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> _Call:
    created_at = required_instant(record, "date_created", zone)
    answered_at = instant(record, "date_answered", zone)
    ended_at = instant(record, "date_finished", zone)
    lost = ended_at is None and created_at < now - LOST_AFTER
    if lost:
        ended_at = answered_at or created_at
    return _Call(created_at, answered_at, ended_at, lost, one_of(record, "type", DIRECTIONS))


def _spans(record: Mapping[str, Any], zone: ZoneInfo) -> list[_Span]:
    spans = [
        (
            required_instant(span, "date_from", zone, "history: "),
            str(span.get("id", "")),
            text(span, "department_id", "history: "),
            text(span, "agent_id", "history: "),
        )
        for span in objects(record, "history")
    ]
    return [
        _Span(at, department, None if agent is None or is_system(agent) else agent)
        for at, _, department, agent in sorted(spans, key=lambda span: span[:2])
    ]


def _at(spans: list[_Span], moment: datetime) -> _Span | None:
    """What held shortly after a moment."""
    held = [span for span in spans if span.at <= moment + _SETTLES]
    return held[-1] if held else None


def _visits(
    call: _Call, spans: list[_Span], present: str | None, menu_departments: frozenset[str]
) -> list[tuple[datetime, str]]:
    """When the caller came into which department, up to the answer or the end; one at least."""
    until = call.answered_at or call.ended_at
    first = _at(spans, call.created_at) or (spans[0] if spans else None)
    department = (first.department if first else None) or present or WITHOUT_DEPARTMENT
    visits = [(call.created_at, department)]
    for span in spans:
        is_within = span.at > call.created_at + _SETTLES and (until is None or span.at <= until + _SETTLES)
        if is_within and span.department is not None and span.department != visits[-1][1]:
            visits.append((span.at if until is None else min(span.at, until), span.department))
    stays = [visit for visit in visits if visit[1] not in menu_departments]
    return stays or visits[-1:]


def _left(at: datetime, left_at: datetime, department: str, went_to: str) -> dict[str, Any]:
    return {
        "offered_at": at,
        "ended_at": left_at,
        "queue_name": department,
        "outcome_name": "overflowed",
        "transferred_to_name": went_to,
        "wait_seconds": _seconds(at, left_at),
    }


def _last(call: _Call, offered_at: datetime, department: str, agent: str | None) -> dict[str, Any]:
    decided_at = call.answered_at or call.ended_at
    is_talk_known = call.answered_at is not None and call.ended_at is not None and not call.is_lost
    return {
        "offered_at": offered_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "queue_name": department,
        "agent_name": agent,
        "outcome_name": call.outcome,
        "wait_seconds": None if decided_at is None else _seconds(offered_at, decided_at),
        "talk_seconds": _seconds(call.answered_at, call.ended_at) if is_talk_known else None,
    }


def _seconds(first: datetime | None, second: datetime | None) -> int | None:
    return None if first is None or second is None else int((second - first).total_seconds())


def _agent(
    record: Mapping[str, Any],
    call: _Call,
    spans: list[_Span],
    ticket: Mapping[str, Any],
    zone: ZoneInfo,
    answered_at: datetime,
) -> str | None:
    """Who answered, null where nothing tells it."""
    held = _at(spans, answered_at)
    if held is not None and held.agent is not None:
        return held.agent
    group = _group_of(record, call, zone)
    if group is not None:
        spoken = [
            (when, agent)
            for message in objects(group, "messages")
            if message.get("by") == "agent" and (agent := text(message, "userid")) is not None
            and (when := required_instant(message, "datecreated", zone, "message: ")) >= answered_at - _SETTLES
        ]  # fmt: skip
        if spoken:
            return min(spoken)[1]
        if group.get("by") == "agent" and (agent := text(group, "userid")) is not None:
            return agent
    agent = text(ticket, "agentid")
    return None if spans or agent is None or is_system(agent) else agent


def _group_of(record: Mapping[str, Any], call: _Call, zone: ZoneInfo) -> Mapping[str, Any] | None:
    """The call's own message group: of the same id, else the nearest in time of the ticket's calls."""
    groups = [group for group in objects(record, "groups") if code(group, "type") in CALL_GROUPS]
    for group in groups:
        if group.get("id") == record.get("id"):
            return group
    near = [
        (abs(required_instant(group, "datecreated", zone, "message group: ") - call.created_at), place)
        for place, group in enumerate(groups)
    ]
    distance, place = min(near, default=(_NEAR, -1))
    return groups[place] if distance < _NEAR else None
