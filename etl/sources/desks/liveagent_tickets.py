"""Turns a LiveAgent ticket with its messages, history and targets into what happened to it, in our words.

In: a record of liveagent_records. Out: rows of tickets, ticket_events and surveys. The rule it guards: the same
record always gives the same events under the same numbers, in whatever order its parts were delivered.

Status: I (init) and N new; T (chatting), P (calling) and C open; A (answered) pending; W (postponed) on_hold;
R solved; L closed; X (deleted) and B (spam) take the ticket out: event `deleted`, is_deleted. That a solved ticket
was opened again is seen from the order of these. Changes of status, agent and department come from the history; where
there is none, from the messages that LiveAgent writes itself (resolved, postponed, deleted) and the present state.
Words: incoming mail, contact form and received answer are a request; outgoing mail is a reply; in chats and social
media consecutive messages of one side are one turn, at its first message; internal notes and forwarding are a note.
An incoming call is a request, and a reply from when an agent took part; an outgoing call is a reply. What LiveAgent
itself wrote to the requester is no reply. A rank (W reward, P punishment) with its comments (C) is one survey per
message group, the last rank counts. A target lasts until LiveAgent's own due date, so its seconds are those of the
calendar, whatever business hours LiveAgent counted with; where it moves the date, the target moves with it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from etl.sources.desks.liveagent_records import (
    COMMENT,
    RANKS,
    RefusedError,
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

STATUSES = {
    "I": "new", "N": "new", "T": "open", "P": "open", "C": "open", "A": "pending", "W": "on_hold", "R": "solved",
    "L": "closed", "X": "deleted", "B": "deleted",
}  # fmt: skip
CHANNELS = {
    "E": "email", "M": "web", "Q": "web", "S": "web", "B": "chat", "I": "chat", "C": "call", "W": "call",
    "F": "social", "A": "social", "T": "social",
}  # fmt: skip
TARGETS = {"firstanswer": "first_reply", "nextanswer": "next_reply", "firstresolve": "resolution"}
"""LiveAgent's names of targets, as letters only; the targets of assigning, chats and calls are no ticket's."""
_OTHER_TARGETS = frozenset(("firstassign", "chatanswer", "callanswer"))
_REQUESTS = frozenset("357")
_TURNS = frozenset("MFWY6C")
_NOTES = frozenset("IUZO")
_STATUS_GROUPS = {"R": "solved", "J": "on_hold", "X": "deleted", "B": "deleted"}
_SILENT_GROUPS = frozenset("1STRJXBGAKQL2")
_ORDER = (
    "created",
    "channel",
    "group",
    "agent",
    "target",
    "request",
    "reply",
    "note",
    "csat",
    "status",
    "deleted",
)
_NUMBERS_EACH = 100_000  # events of one kind at one instant of one ticket


@dataclass(frozen=True)
class TicketRules:
    """What the site says about its tickets: scores of the two ranks, its own codes of targets, where tickets are seen."""

    zone: ZoneInfo
    ticket_url: str
    reward_csat_score: float = 5.0
    punishment_csat_score: float = 1.0
    target_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Event:
    at: datetime
    name: str
    key: str
    actor: str | None = None
    agent: str | None = None
    value: str | None = None


def ticket_rows(
    record: Mapping[str, Any], rules: TicketRules, unused: Counter[tuple[str, bool]]
) -> dict[str, list[dict[str, Any]]]:
    """The rows of tickets, ticket_events and surveys of one record; RefusedError where it is no ticket.

    `unused` counts by (what, whether it is known) the parts that give no fact.
    """
    zone = rules.zone
    ticket_id = required(record, "id")
    created_at = required_instant(record, "date_created", zone)
    changed_at = required_instant(record, "date_changed", zone)
    status = one_of(record, "status", STATUSES)
    channel = text(record, "channel_type")
    if channel is not None and channel not in CHANNELS:
        unused[f"ticket of channel '{channel[:20]}'", False] += 1
    surveys = list(_surveys(record, rules))
    events = [_Event(created_at, "created", "")]
    events += _changes(record, zone, status, created_at, changed_at)
    events += [event for group in objects(record, "groups") for event in _words(group, record, zone, unused)]
    events += _targets(record, rules, unused)
    events += [
        _Event(row["answered_at"], "csat", row["survey_id"], "requester", value=f"{row['csat_score']:g}")
        for row in surveys
        if row["csat_score"] is not None
    ]
    common = {"ticket_id": ticket_id, "version_number": version(created_at, changed_at)}
    customer = text(record, "customer_key")
    ticket = {
        "created_at": created_at,
        "updated_at": changed_at,
        "channel_name": CHANNELS.get(channel or ""),
        "contact_id": ticket_id,
        "customer_key": customer,
        "url_text": f"{rules.ticket_url}{ticket_id}",
        "is_deleted": status == "deleted" or bool(record.get("is_gone")),
    }
    about = {"contact_id": ticket_id, "customer_key": customer, "queue_name": text(record, "departmentid")}
    return {
        "tickets": [ticket | common],
        "ticket_events": [row | common for row in _numbered(events)],
        "surveys": [row | common | about for row in surveys],
    }


def _numbered(events: list[_Event]) -> Iterator[dict[str, Any]]:
    """The events as rows; the number of an event depends on its kind and its like at that instant alone."""
    ordered = sorted(events, key=lambda event: (event.at, _ORDER.index(event.name), event.key))
    for _, alike in groupby(ordered, key=lambda event: (event.at, event.name)):
        for place, event in enumerate(alike):
            yield {
                "occurred_at": event.at,
                "event_number": _ORDER.index(event.name) * _NUMBERS_EACH + place,
                "event_name": event.name,
                "actor_name": event.actor,
                "agent_name": event.agent,
                "value_text": event.value,
            }


def _changes(
    record: Mapping[str, Any], zone: ZoneInfo, status: str, created_at: datetime, changed_at: datetime
) -> Iterator[_Event]:
    """Every change of status, agent and department."""
    spans = sorted(
        (
            (required_instant(span, "date_from", zone, "history: "), span)
            for span in objects(record, "history")
        ),
        key=lambda each: (each[0], str(each[1].get("id", ""))),
    )
    now: dict[str, str | None] = {"group": None, "agent": None, "status": None}
    for at, span in spans:
        new = {
            "group": text(span, "department_name", "history: ")
            or text(span, "department_id", "history: ")
            or now["group"],
            "agent": _agent(text(span, "agent_id", "history: ")),
            "status": one_of(span, "status", STATUSES, "history: ") if "status" in span else now["status"],
        }
        yield from _differences(at, str(span.get("id", "")), now, new)
        now = new
    if not spans:
        department = text(record, "department_name") or text(record, "departmentid")
        agent = _agent(text(record, "agentid"))
        start = {"group": department, "agent": agent, "status": None}
        yield from _differences(created_at, "", now, start)
        for group in objects(record, "groups"):
            if (new_status := _STATUS_GROUPS.get(code(group, "type"))) is not None:
                at = required_instant(group, "datecreated", zone, "message group: ")
                yield _change(at, str(group.get("id", "")), "status", new_status)
                now["status"] = new_status
    if record.get("is_gone"):
        yield _Event(changed_at, "deleted", "")
    elif now["status"] != status:
        solved_at = instant(record, "date_resolved", zone) if status == "solved" else None
        begins = status == "new" and now["status"] is None
        yield _change(solved_at or (created_at if begins else changed_at), "~", "status", status)


def _differences(
    at: datetime, key: str, now: Mapping[str, str | None], new: Mapping[str, str | None]
) -> Iterator[_Event]:
    for name, value in new.items():
        if value != now[name] and not (value is None and name != "agent"):
            yield _change(at, key, name, value)


def _change(at: datetime, key: str, name: str, value: str | None) -> _Event:
    if name == "agent":
        return _Event(at, "agent", key, agent=value)
    return _Event(at, "deleted", key) if value == "deleted" else _Event(at, name, key, value=value)


def _agent(key: str | None) -> str | None:
    return None if key is None or is_system(key) else key


def _words(
    group: Mapping[str, Any], record: Mapping[str, Any], zone: ZoneInfo, unused: Counter[tuple[str, bool]]
) -> Iterator[_Event]:
    """The replies, requests and notes of one message group."""
    kind, key = required(group, "type", "message group: "), str(group.get("id", ""))
    at = required_instant(group, "datecreated", zone, "message group: ")
    by, agent = str(group.get("by")), text(group, "userid")
    if kind in _REQUESTS:
        yield _Event(at, "request", key, "requester")
    elif kind in ("4", "V"):
        if by == "agent":
            yield _Event(at, "reply", key, "agent", agent)
    elif kind in _NOTES:
        yield _Event(at, "note", key, by if by != "requester" else None, agent)
    elif kind == "P":
        yield _Event(at, "request", key, "requester")
        if (answer := _call_answer(group, record, at, zone)) is not None:
            yield _Event(answer[0], "reply", key, "agent", answer[1])
    elif kind in _TURNS:
        yield from _turns(group, kind, at, zone)
    else:
        unused[f"message group of type '{kind[:20]}'", kind in _SILENT_GROUPS] += 1


def _call_answer(
    group: Mapping[str, Any], record: Mapping[str, Any], at: datetime, zone: ZoneInfo
) -> tuple[datetime, str] | None:
    """When which agent took part in an incoming call, null where none did: by messages, else history, else its end."""
    spoken = [
        (required_instant(message, "datecreated", zone, "message: "), agent)
        for message in objects(group, "messages")
        if message.get("by") == "agent" and (agent := text(message, "userid")) is not None
    ]
    if spoken:
        return min(spoken)
    ends_at = instant(group, "datefinished", zone, "message group: ")
    calling = [
        (started_at, agent)
        for span in objects(record, "history")
        if code(span, "status") == "P"
        and (agent := _agent(text(span, "agent_id", "history: "))) is not None
        and (started_at := required_instant(span, "date_from", zone, "history: ")) >= at
        and (ends_at is None or started_at <= ends_at)
    ]
    if calling:
        return min(calling)
    agent = text(group, "userid")
    return (ends_at or at, agent) if group.get("by") == "agent" and agent is not None else None


def _turns(group: Mapping[str, Any], kind: str, at: datetime, zone: ZoneInfo) -> Iterator[_Event]:
    """One event for each turn of a conversation; where its messages are not told, one for the group."""
    spoken = sorted(
        (
            (required_instant(message, "datecreated", zone, "message: "), str(message.get("id", "")), message)
            for message in objects(group, "messages")
            if code(message, "type") in ("M", "Y")
        ),
        key=lambda each: each[:2],
    )
    said = [(when, key, message) for when, key, message in spoken if message.get("by") != "system"]
    if not spoken and group.get("by") != "system" and kind != "C":
        said = [(at, str(group.get("id", "")), dict(group))]
    for by, turn in groupby(said, key=lambda each: each[2].get("by")):
        when, key, message = next(turn)
        if by == "agent":
            yield _Event(when, "reply", key, "agent", text(message, "userid"))
        else:
            yield _Event(when, "request", key, "requester")


def _targets(
    record: Mapping[str, Any], rules: TicketRules, unused: Counter[tuple[str, bool]]
) -> Iterator[_Event]:
    """The targets that LiveAgent set for the ticket, as they were when they began."""
    for target in objects(record, "sla"):
        sort = required(target, "sla_type", "sla: ")
        plain = re.sub(r"[^a-z]", "", sort.lower())
        name = rules.target_names.get(sort) or TARGETS.get(plain)
        if name is None:
            unused[f"target of type '{sort[:20]}'", plain in _OTHER_TARGETS] += 1
            continue
        began_at = required_instant(target, "date_created", rules.zone, "sla: ")
        due_at = required_instant(target, "date_due", rules.zone, "sla: ")
        seconds = int((due_at - began_at).total_seconds())
        if seconds <= 0:
            unused["target due when it began", True] += 1
            continue
        value = json.dumps({"target_name": name, "target_seconds": seconds, "is_business": False})
        yield _Event(began_at, "target", f"{name} {target.get('id', '')}", "system", value=value)


def _surveys(record: Mapping[str, Any], rules: TicketRules) -> Iterator[dict[str, Any]]:
    """One row per message group that the requester judged; its last rank counts."""
    scores = {"W": rules.reward_csat_score, "P": rules.punishment_csat_score}
    for group in objects(record, "groups"):
        if not isinstance(group, dict):
            raise RefusedError("a message group is no object; expected one")
        told = sorted(
            (
                (
                    required_instant(message, "datecreated", rules.zone, "message: "),
                    str(message.get("id", "")),
                    message,
                )
                for message in objects(group, "messages")
                if code(message, "type") in RANKS or code(message, "type") == COMMENT
            ),
            key=lambda each: each[:2],
        )
        if not told:
            continue
        ranks = [each for each in told if code(each[2], "type") in RANKS]
        comments = [comment for _, _, message in told if (comment := text(message, "comment")) is not None]
        if not ranks and not comments:
            continue
        agent = text(group, "userid") if group.get("by") == "agent" else _agent(text(record, "agentid"))
        yield {
            "survey_id": f"{required(record, 'id')}/{required(group, 'id', 'message group: ')}",
            "answered_at": (ranks or told)[-1][0],
            "agent_name": agent,
            "csat_score": float(scores[code(ranks[-1][2], "type")]) if ranks else None,
            "comment_text": "\n".join(comments) or None,
        }
