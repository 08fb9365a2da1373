"""Says what Zendesk's records mean in the warehouse's words: tickets, what happened to them, and how they were rated.

In: one record at a time, reduced to what is used of it, and what is known of agents, groups and schedules.
Out: rows of the facts tickets, ticket_events and surveys, or a ValueError with the reason why it is refused.
The rule it guards: subjects, comments, names and addresses of customers go no further than this file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]
STATUSES = {
    "new": "new",
    "open": "open",
    "pending": "pending",
    "hold": "on_hold",
    "solved": "solved",
    "closed": "closed",
}
PRIORITIES = frozenset(("urgent", "high", "normal", "low"))
SCORES = {"good": 5, "bad": 1}
NO_SCORES = frozenset(("offered", "unoffered"))
FIELDS = {"status": "status", "priority": "priority", "group_id": "group", "assignee_id": "agent"}
TARGETS = {
    "first_reply_time": "first_reply", "next_reply_time": "next_reply", "requester_wait_time": "requester_wait",
    "total_resolution_time": "resolution", "full_resolution_time": "resolution",
}  # fmt: skip
CHANNELS = {
    "email": "email", "web": "web", "web_form": "web", "web_service": "api", "web_widget": "web", "help_center": "web",
    "mobile": "web", "mobile_sdk": "chat", "api": "api", "any_channel": "api", "voice": "call", "phone": "call",
    "phone_call_inbound": "call", "phone_call_outbound": "call", "voicemail": "call", "chat": "chat",
    "chat_offline_message": "chat", "messaging": "chat", "native_messaging": "chat", "answer_bot": "chat", "sms": "chat",
    "whatsapp": "social", "line": "social", "telegram": "social", "twitter": "social", "twitter_dm": "social",
    "twitter_favorite": "social", "twitter_like": "social", "facebook": "social", "facebook_post": "social",
    "facebook_message": "social", "instagram_dm": "social", "wechat": "social", "viber": "social",
}  # fmt: skip
SYSTEM_VIAS = ("rule", "trigger", "automation", "system", "sla", "admin_setting")
KNOWN_KINDS = frozenset({
    "AgentMacroReference", "AssociateAttValsEvent", "AttachmentRedaction", "AttachmentRedactionEvent", "Cc",
    "ChatEndedEvent", "ChatStartedEvent", "CollabThreadCreated", "CollabThreadReply", "CommentPrivacyChange",
    "CommentRedactionEvent", "EmailCcChange", "Error", "External", "FacebookEvent", "FollowerChange",
    "FollowerNotificationEvent", "KnowledgeCaptured", "KnowledgeLinkAccepted", "KnowledgeLinkRejected",
    "KnowledgeLinked", "LogMeInTranscript", "MessagingCsatEvent", "Notification", "NotificationWithCcs",
    "OrganizationActivity", "Push", "SatisfactionRating", "SlaTargetChange", "SmsNotification",
    "SuspendedTicketRecovery", "TicketSharingEvent", "TicketUnshareEvent", "Tweet", "TwitterDmEvent",
    "TwitterEvent", "UserCustomFieldEvent", "WebhookEvent",
})  # fmt: skip
NUMBERS = 2_000_000  # ids count up: the order of two at one instant is that of their last digits
PLACES = 1000  # events of one record; the last ones are kept for what has a record of its own
MOST_CHILDREN = 900
TARGET_PLACE, RATING_PLACE, CREATED_PLACE = 990, 995, 0


@dataclass(frozen=True)
class Known:
    """Who is an agent, what groups and schedules are called, which customer a requester is (the keyed hash)."""

    agents: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    schedules: Mapping[str, str] = field(default_factory=dict)
    customers: Mapping[str, str | None] = field(default_factory=dict)

    def role(self, user_id: str | None) -> str | None:
        """agent, requester or system; whoever is no agent asks for something."""
        if user_id is None:
            return None
        if user_id in ("-1", "0"):
            return "system"
        return "agent" if user_id in self.agents else "requester"

    def part(self, record: Record) -> dict[str, dict[str, str | None]]:
        """What is known of the ids in a record, to be kept with it so that it can be read again alone."""
        ids = _scalars(record)
        whole = {"agents": self.agents, "groups": self.groups, "schedules": self.schedules}
        parts = {
            name: {id_: given[id_] for id_ in sorted(ids) if id_ in given} for name, given in whole.items()
        }
        requester_id = str(record.get("requester_id") or "").partition(".")[0]
        found: dict[str, dict[str, str | None]] = {name: {**part} for name, part in parts.items() if part}
        if self.customers.get(requester_id):
            found["customers"] = {requester_id: self.customers[requester_id]}
        return found


def _scalars(value: object) -> set[str]:
    """Every number and text in a record: among them are the ids that it names."""
    if isinstance(value, dict):
        return {text for each in value.values() for text in _scalars(each)}
    if isinstance(value, list):
        return {text for each in value for text in _scalars(each)}
    return set() if value is None or isinstance(value, bool) else {str(value).partition(".")[0]}


@dataclass
class Told:
    """What records tell: rows of facts in the order of their columns below, and kinds that no fact uses."""

    tickets: list[Record] = field(default_factory=list)
    ticket_events: list[Record] = field(default_factory=list)
    surveys: list[Record] = field(default_factory=list)
    unused: list[tuple[str, bool]] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Whether nothing in it is a fact."""
        return not (self.tickets or self.ticket_events or self.surveys)


def ticket(record: Record, known: Known, *, address: str = "") -> Told:
    """A ticket as it stands, and that it was created. Keys as the API names them; channel for via, call_id, topic."""
    ticket_id, created_at = an_id(record, "id"), an_instant(record, "created_at")
    updated_at = instant_or_none(record, "updated_at")
    status = _one_of(record, "status", {*STATUSES, "deleted"})
    channel = CHANNELS.get(str(record.get("channel") or "").lower())
    requester_id = id_or_none(record, "requester_id")
    submitter_id = id_or_none(record, "submitter_id")
    generated = record.get("generated_timestamp")
    told_at = [int(at.timestamp() * 1_000_000) for at in (created_at, updated_at) if at is not None]
    if isinstance(generated, int) and 0 <= generated < 2**40:
        told_at.append(generated * 1_000_000)
    role = known.role(submitter_id)
    row = {
        "created_at": created_at,
        "updated_at": updated_at,
        "version_number": max(0, *told_at),
        "is_deleted": status == "deleted",
        "ticket_id": ticket_id,
        "call_id": _text(record, "call_id"),
        "channel_name": channel,
        "customer_key": known.customers.get(requester_id or ""),
        "topic_name": _text(record, "topic"),
        "url_text": f"{address}/agent/tickets/{ticket_id}" if address else None,
    }
    birth = event(ticket_id, created_at, CREATED_PLACE, "created", role, submitter_id, channel)
    return Told(tickets=[row], ticket_events=[birth])


def audit(record: Record, known: Known) -> Told:
    """Everything that one update of a ticket changed, in the order in which Zendesk names it."""
    base = number(an_id(record, "id"))
    ticket_id, occurred_at = an_id(record, "ticket_id"), an_instant(record, "created_at")
    updater_id = id_or_none(record, "updater_id")
    children = record.get("child_events") or []
    if not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
        raise ValueError(f"child_events is {shown(children)}; expected a list of objects")
    parts = [(child, name) for child in children for name in _fields(child) or [None]]
    if len(parts) > MOST_CHILDREN:
        raise ValueError(f"{len(parts)} changes in one update; expected at most {MOST_CHILDREN}")
    told = Told()
    for place, (child, name) in enumerate(parts, start=1):
        at = (ticket_id, occurred_at, base + place)
        kind = str(child.get("event_type") or "")
        if name is not None:
            actor_id = "-1" if str(child.get("via") or "").lower().startswith(SYSTEM_VIAS) else updater_id
            told.ticket_events.append(change(*at, name, child[name], actor_id, known))
        elif kind in ("Create", "Change"):
            told.unused.append((str(child.get("other") or "another field")[:60], True))
        elif kind.endswith("Comment"):
            is_public = child.get("public", child.get("comment_public"))
            author_id = id_or_none(child, "author_id") or updater_id
            told.ticket_events.append(comment(*at, is_public, author_id, known))
        elif kind == "ScheduleAssignment":
            schedule_id = id_or_none(child, "new_schedule_id")
            name_of_it = known.schedules.get(schedule_id or "", schedule_id)
            told.ticket_events.append(event(*at, "schedule", "system", None, name_of_it))
        else:
            told.unused.append((kind[:60] or "a change without a kind", kind in KNOWN_KINDS))
    return told


def _fields(child: Record) -> list[str | None]:
    """The fields of interest that a part of an update changed: one, as a rule."""
    return (
        [name for name in FIELDS if name in child] if child.get("event_type") in ("Create", "Change") else []
    )


def change(
    ticket_id: str,
    occurred_at: datetime,
    event_number: int,
    name: str,
    value: object,
    actor_id: str | None,
    known: Known,
) -> Record:
    """One field of a ticket that has another value from then on; the event of that field in the warehouse's words."""
    role = known.role(actor_id)
    at = (ticket_id, occurred_at, event_number)
    if name == "status":
        status = _one_of({name: value}, name, {*STATUSES, "deleted"}, is_needed=True)
        if status == "deleted":
            return event(*at, "deleted", role, actor_id, None)
        return event(*at, "status", role, actor_id, STATUSES[str(status)])
    if name == "priority":
        return event(*at, "priority", role, actor_id, _one_of({name: value}, name, PRIORITIES))
    told_id = id_or_none({name: value}, name)
    if name == "group_id":
        return event(*at, "group", role, actor_id, known.groups.get(told_id or "", told_id))
    return {**event(*at, "agent", role, None, None), "agent_name": told_id}


def comment(
    ticket_id: str,
    occurred_at: datetime,
    event_number: int,
    is_public: object,
    author_id: str | None,
    known: Known,
) -> Record:
    """A comment: a note if only agents see it, else a reply or what the requester asks."""
    if not isinstance(is_public, bool):
        raise ValueError(f"public is {shown(is_public)}; expected true or false")
    role = known.role(author_id)
    name = "note" if not is_public else "request" if role == "requester" else "reply"
    return event(ticket_id, occurred_at, event_number, name, role, author_id, None)


def rating(record: Record, known: Known, *, keeps_comments: bool = False) -> Told:
    """What a requester thinks of a ticket: a survey, and the ticket's event csat; good is 5, bad is 1."""
    rating_id, ticket_id = an_id(record, "id"), an_id(record, "ticket_id")
    answered_at = an_instant(record, "created_at")
    updated_at = instant_or_none(record, "updated_at") or answered_at
    score = str(record.get("score") or "").partition("_")[0]
    if score in NO_SCORES:
        return Told(unused=[(f"rating {score}", True)])
    if score not in SCORES:
        raise ValueError(f"score is {shown(record.get('score'))}; expected good, bad, offered or unoffered")
    version = int(updated_at.timestamp() * 1_000_000)
    survey = {
        "answered_at": answered_at,
        "version_number": max(version, 0),
        "agent_name": id_or_none(record, "assignee_id"),
        "csat_score": float(SCORES[score]),
        "survey_id": rating_id,
        "ticket_id": ticket_id,
        "customer_key": known.customers.get(id_or_none(record, "requester_id") or ""),
        "comment_text": _text(record, "comment") if keeps_comments else None,
    }
    at = (ticket_id, answered_at, number(rating_id) + RATING_PLACE)
    told = event(*at, "csat", "requester", None, str(SCORES[score]))
    return Told(surveys=[survey], ticket_events=[{**told, "version_number": survey["version_number"]}])


def metric_event(record: Record) -> Told:
    """A target that an SLA policy of Zendesk set for a ticket; of its other metric events, nothing."""
    kind, metric = str(record.get("type") or ""), str(record.get("metric") or "")
    if kind != "apply_sla":
        return Told(unused=[(f"metric event {kind}"[:60], True)])
    if metric == "reply_time":
        metric = "first_reply_time" if record.get("instance_id") in (1, "1") else "next_reply_time"
    name = TARGETS.get(metric)
    if name is None:
        return Told(unused=[(f"target {metric}"[:60], True)])
    base, ticket_id = number(an_id(record, "id")), an_id(record, "ticket_id")
    sla = record.get("sla")
    if not isinstance(sla, dict):
        raise ValueError(f"sla is {shown(sla)}; expected an object")
    seconds = sla.get("target_in_seconds")
    if seconds is None and isinstance(sla.get("target"), int):
        seconds = sla["target"] * 60
    applied_at = an_instant(record, "time")
    return Told(
        ticket_events=[
            target(ticket_id, applied_at, base + TARGET_PLACE, name, seconds, sla.get("business_hours"))
        ]
    )


def target(
    ticket_id: str, applied_at: datetime, event_number: int, name: str, seconds: object, is_business: object
) -> Record:
    """The event of a promise that was given for a ticket, with its length in seconds."""
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds < 2**31:
        raise ValueError(f"the target is {shown(seconds)} seconds; expected a whole number above 0")
    if not isinstance(is_business, bool):
        raise ValueError(f"business_hours is {shown(is_business)}; expected true or false")
    value = json.dumps({"target_name": name, "target_seconds": seconds, "is_business": is_business})
    return event(ticket_id, applied_at, event_number, "target", "system", None, value)


def event(
    ticket_id: str,
    occurred_at: datetime,
    event_number: int,
    name: str,
    actor: str | None,
    who: str | None,
    value: str | None,
) -> Record:
    """A row of ticket_events; `who` did it counts as an agent only where it is one."""
    return {
        "occurred_at": occurred_at,
        "version_number": 0,
        "event_number": event_number,
        "agent_name": who if actor == "agent" else None,
        "ticket_id": ticket_id,
        "event_name": name,
        "actor_name": actor,
        "value_text": value,
    }


def number(id_: str) -> int:
    """Where the events of a record begin among those of the same instant: stable, and in the order of the ids."""
    return int(id_) % NUMBERS * PLACES


def an_id(record: Record, name: str) -> str:
    """An id as text, whether it came as a number or as text (3, "3" and "3.0" are one); ValueError where it is none."""
    found = id_or_none(record, name)
    if found is None:
        raise ValueError(f"{name} is missing; expected a whole number")
    return found


def id_or_none(record: Record, name: str) -> str | None:
    """The same for an id that may be missing."""
    value = record.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,19}(\.0{1,6})?", str(value)):
        raise ValueError(f"{name} is {shown(value)}; expected a whole number")
    return str(value).partition(".")[0]


def an_instant(record: Record, name: str) -> datetime:
    """An instant from text such as 2026-11-22T10:00:00Z; without a zone it is UTC, as in every export of Zendesk."""
    found = instant_or_none(record, name)
    if found is None:
        raise ValueError(f"{name} is missing; expected an instant")
    return found


def instant_or_none(record: Record, name: str) -> datetime | None:
    """The same for an instant that may be missing."""
    value = record.get(name)
    if value is None or value == "":
        return None
    try:
        instant = datetime.fromisoformat(value)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"{name} is {shown(value)}; expected an instant such as 2026-11-22T10:00:00Z"
        ) from None


def _one_of(
    record: Record, name: str, words: frozenset[str] | set[str], *, is_needed: bool = False
) -> str | None:
    value = record.get(name)
    if value in (None, "") and not is_needed:
        return None
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError(f"{name} is {shown(value)}; expected one of {', '.join(sorted(words))}")
    return value.lower()


def _text(record: Record, name: str) -> str | None:
    value = record.get(name)
    return str(value)[:250] if isinstance(value, (str, int)) and value != "" else None


def shown_name(value: object, otherwise: object) -> str:
    """A name of an agent, group or schedule as every table takes it: without control characters, 100 at the most."""
    name = "".join(character if character.isprintable() else " " for character in str(value or ""))
    return name.strip()[:100] or str(otherwise)


def shown(value: object) -> str:
    """A value in the words of a reason, cut short."""
    return "missing" if value is None else repr(value)[:40]
