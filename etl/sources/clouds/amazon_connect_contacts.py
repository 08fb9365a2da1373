"""Turns a contact record of Amazon Connect into a contact's stay in a queue.

In: one contact record without anything that names a customer (`kept`). Out: the stay in the warehouse's words, or why
it is none. The rule it guards: the contact is the agent's only until after-contact work begins (afterwards the
customer may go on elsewhere), and a callback is asked for, never abandoned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etl.customer_key import customer_key
from etl.sources.clouds.json_fields import (
    SKEW,
    FieldError,
    Row,
    compact,
    instant,
    instant_of,
    microseconds,
    required_instant,
    required_text,
    seconds,
    shown,
    table,
    text,
    version,
)

SIGNS = ("ContactId", "InitiationMethod", "AWSContactTraceRecordFormatVersion", "LastUpdateTimestamp")
CHANNELS = {"VOICE": "call", "CHAT": "chat", "TASK": "task", "EMAIL": "email"}
METHODS = frozenset(
    (
        *("INBOUND", "OUTBOUND", "TRANSFER", "QUEUE_TRANSFER", "CALLBACK", "API", "WEBRTC_API", "DISCONNECT"),
        *("MONITOR", "EXTERNAL_OUTBOUND", "AGENT_REPLY", "FLOW"),
    )
)
DIALLED_BY_AGENTS = ("OUTBOUND", "AGENT_REPLY")
NO_CONTACTS = ("MONITOR", "EXTERNAL_OUTBOUND")
_ENDED_BY = {
    "CUSTOMER_DISCONNECT": "caller",
    "CUSTOMER_NEVER_ARRIVED": "caller",
    "AGENT_DISCONNECT": "agent",
    "AGENT_COMPLETED": "agent",
    **dict.fromkeys(
        (
            *(
                "TELECOM_PROBLEM",
                "BARGED",
                "CONTACT_FLOW_DISCONNECT",
                "EXPIRED",
                "IDLE_DISCONNECT",
                "SYSTEM_ERROR",
            ),
            *("API", "THIRD_PARTY_DISCONNECT", "DISCARDED", "AGENT_NETWORK_DISCONNECT"),
        ),
        "system",
    ),
}
_UNANSWERED = {
    "CONTACT_FLOW_DISCONNECT": "overflowed",
    "EXPIRED": "timed_out",
    "IDLE_DISCONNECT": "timed_out",
    "API": "withdrawn",
    "DISCARDED": "withdrawn",
    "AGENT_DISCONNECT": "withdrawn",
    "TELECOM_PROBLEM": "interrupted",
    "SYSTEM_ERROR": "interrupted",
    "BARGED": "interrupted",
}
_TRANSFERRED_TO = {
    "TELEPHONE_NUMBER": "external number",
    "VOIP": "external number",
    "CONTACT_FLOW": "another flow",
    "EMAIL_ADDRESS": "e-mail",
}
_TEXTS = (
    *("ContactId", "InitialContactId", "PreviousContactId", "NextContactId", "Channel", "InitiationMethod"),
    *("InitiationTimestamp", "ConnectedToSystemTimestamp", "DisconnectTimestamp", "DisconnectReason"),
    *("LastUpdateTimestamp", "ScheduledTimestamp", "TransferCompletedTimestamp"),
)
_TABLES = {
    "Queue": ("ARN", "Name", "EnqueueTimestamp", "DequeueTimestamp", "Duration"),
    "Agent": (
        *("ARN", "Username", "ConnectedToAgentTimestamp", "AgentInteractionDuration", "CustomerHoldDuration"),
        *("AfterContactWorkDuration", "AfterContactWorkStartTimestamp"),
    ),
    "TransferredToEndpoint": ("Type",),
}
KNOWN_FIELDS = frozenset(
    (
        "AWSAccountId", "AWSContactTraceRecordFormatVersion", "AdditionalEmailRecipients", "Agent",
        "AgentConnectionAttempts", "AnsweringMachineDetectionStatus", "Attributes", "Campaign", "Channel",
        "ChatMetrics", "ConnectedToSystemTimestamp", "ContactAssociationId", "ContactDetails",
        "ContactEvaluations", "ContactId", "ContactLens", "CustomerEndpoint", "CustomerId",
        "CustomerVoiceActivity", "DisconnectDetails", "DisconnectReason", "DisconnectTimestamp",
        "ExternalThirdParty", "GlobalResiliencyMetadata", "InitialContactId", "InitiationMethod",
        "InitiationTimestamp", "InstanceARN", "LastPausedTimestamp", "LastResumedTimestamp",
        "LastUpdateTimestamp", "MediaStreams", "NextContactId", "OutboundStrategy", "PreviousContactId",
        "QualityMetrics", "Queue", "QueuePriority", "QueueTimeAdjustmentSeconds", "Recording",
        "Recordings", "References", "RelatedContactId", "RoutingCriteria", "ScheduledTimestamp",
        "SegmentAttributes", "SystemEndpoint", "Tags", "TaskTemplateInfo", "TotalPauseCount",
        "TotalPauseDurationInSeconds", "TransferCompletedTimestamp", "TransferredToEndpoint",
        "VoiceIdResult", "WisdomInfo",
    )
)  # fmt: skip


@dataclass(frozen=True)
class ContactRules:
    """What a site decides: contact attributes that hold a survey's answers, and the queue of calls dialled by agents."""

    csat_attribute_name: str | None = None
    nps_attribute_name: str | None = None
    resolved_attribute_name: str | None = None
    topic_attribute_name: str | None = None
    outbound_queue_name: str | None = None

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """The attributes that are read; all others are left out, they may hold anything."""
        named = (
            self.csat_attribute_name,
            self.nps_attribute_name,
            self.resolved_attribute_name,
            self.topic_attribute_name,
        )
        return tuple(name for name in named if name)


@dataclass(frozen=True)
class Contact:
    """A contact record that was understood: its newest version and its stay, or what it is instead of one."""

    contact_id: str
    version_number: int
    updated_us: int
    raw_text: str
    stay: Row | None
    is_instead: str
    callback_of: str | None
    names: dict[tuple[str, str], str]
    unknown_text: str


def kept(record: Row, rules: ContactRules, secret: bytes, country_name: str | None) -> Row:
    """The fields that are used; the customer's number or address as a keyed hash, attributes only where named."""
    clean: Row = {name: record[name] for name in _TEXTS if record.get(name) is not None}
    for name, fields in _TABLES.items():
        value = record.get(name)
        if isinstance(value, dict):
            clean[name] = {key: value[key] for key in fields if value.get(key) is not None}
        elif value is not None:
            clean[name] = shown(value).strip('"')  # a reason puts it in quotes once more
    endpoint = record.get("CustomerEndpoint")
    if isinstance(endpoint, dict):
        address = endpoint.get("Address")
        if "Key" in endpoint:
            clean["CustomerEndpoint"] = {"Key": endpoint["Key"]}
        elif isinstance(address, str) and endpoint.get("Type") in ("TELEPHONE_NUMBER", "EMAIL_ADDRESS"):
            clean["CustomerEndpoint"] = {"Key": customer_key(secret, address, country_name)}
    attributes = record.get("Attributes")
    if isinstance(attributes, dict):
        named = {name: attributes[name] for name in rules.attribute_names if attributes.get(name) is not None}
        clean |= {"Attributes": named} if named else {}
    return clean


def contact_of(clean: Row, rules: ContactRules, *, now: datetime) -> Contact:
    """The contact that a kept record tells of. Raises FieldError where a field is not what it should be."""
    contact_id = required_text(clean, "ContactId")
    updated_us = required_instant(clean, "LastUpdateTimestamp")
    if updated_us > microseconds(now + SKEW):
        raise FieldError(
            f"LastUpdateTimestamp is {instant_of(updated_us).isoformat()}, over an hour ahead of this computer's "
            "clock; expected an instant of the past"
        )
    raw_text = compact(clean)
    version_number = version(updated_us, raw_text)
    method = required_text(clean, "InitiationMethod")
    stay, is_instead = _stay(clean, method, rules)
    if stay is not None:
        stay |= {"version_number": version_number, "call_id": contact_id}
        stay["contact_id"] = text(clean, "InitialContactId") or contact_id
        stay["customer_key"] = text(table(clean, "CustomerEndpoint"), "Key")
        stay |= _survey(table(clean, "Attributes"), rules)
    previous = text(clean, "PreviousContactId") or text(clean, "InitialContactId")
    return Contact(
        contact_id=contact_id,
        version_number=version_number,
        updated_us=updated_us,
        raw_text=raw_text,
        stay=stay,
        is_instead=is_instead,
        callback_of=previous if method == "CALLBACK" else None,
        names=_names(clean) if stay else {},
        unknown_text="" if method in METHODS else f"InitiationMethod {method} (taken as inbound)",
    )


def _stay(clean: Row, method: str, rules: ContactRules) -> tuple[Row | None, str]:
    """The stay in a queue, or what the record is instead."""
    queue, agent = table(clean, "Queue"), table(clean, "Agent")
    channel_name = _channel(clean)
    enqueued = instant(queue, "EnqueueTimestamp")
    is_dialled = method in DIALLED_BY_AGENTS and enqueued is None
    queue_name = text(queue, "ARN") or text(queue, "Name")
    if method in NO_CONTACTS:
        return None, f"contact record {method}"
    if is_dialled:
        queue_name = queue_name or rules.outbound_queue_name
        offered = required_instant(clean, "InitiationTimestamp")
        answered = instant(clean, "ConnectedToSystemTimestamp") if agent else None
        if answered is None and instant(clean, "DisconnectTimestamp") is None:
            return None, "contact record of a call that is being dialled"
    elif enqueued is None:
        return None, "contact record without a queue"
    else:
        offered, answered = enqueued, instant(agent, "ConnectedToAgentTimestamp")
    if queue_name is None:
        return None, "contact record of a call dialled without a queue"
    ended = _ended(clean, queue, agent, answered)
    outcome_name = _outcome(clean, method, is_dialled=is_dialled, answered=answered, ended=ended)
    is_transferred = answered is not None and instant(clean, "TransferCompletedTimestamp") is not None
    hold_seconds = seconds(agent, "CustomerHoldDuration") if answered else None
    talk_seconds = seconds(agent, "AgentInteractionDuration") if answered else None
    is_consult = method == "TRANSFER" and ended is not None and talk_seconds == 0
    is_outbound = method in (*DIALLED_BY_AGENTS, "CALLBACK") or (method == "API" and channel_name == "call")
    return {
        "offered_at": offered,
        "answered_at": answered,
        "ended_at": ended,
        "queue_name": queue_name,
        "agent_name": (text(agent, "ARN") or text(agent, "Username")) if answered else None,
        "stay_number": 1,
        "wait_seconds": None if is_dialled else _wait(queue, offered, answered, ended),
        "talk_seconds": talk_seconds,
        "hold_seconds": hold_seconds,
        "wrap_up_seconds": seconds(agent, "AfterContactWorkDuration") if answered else None,
        "channel_name": channel_name,
        "direction_name": "internal" if is_consult else "outbound" if is_outbound else "inbound",
        "outcome_name": outcome_name,
        "ended_by_name": _ENDED_BY.get(text(clean, "DisconnectReason") or "") if ended else None,
        "transfer_kind_name": ("attended" if hold_seconds else "blind") if is_transferred else None,
        "transferred_to_name": _TRANSFERRED_TO.get(
            text(table(clean, "TransferredToEndpoint"), "Type") or "", "another queue or agent"
        )
        if is_transferred
        else None,
    }, ""


def _channel(clean: Row) -> str:
    channel = required_text(clean, "Channel")
    if channel not in CHANNELS:
        raise FieldError(f"Channel is {shown(channel)}; expected one of {', '.join(CHANNELS)}")
    return CHANNELS[channel]


def _ended(clean: Row, queue: Row, agent: Row, answered: int | None) -> int | None:
    """When the stay was over: for the agent that is where after-contact work began, whatever the customer did then."""
    disconnected = instant(clean, "DisconnectTimestamp")
    if answered is None:
        return instant(queue, "DequeueTimestamp") or disconnected
    for left in (
        instant(agent, "AfterContactWorkStartTimestamp"),
        instant(clean, "TransferCompletedTimestamp"),
    ):
        if left is not None and answered <= left <= (disconnected or left):
            return left
    return disconnected


def _outcome(clean: Row, method: str, *, is_dialled: bool, answered: int | None, ended: int | None) -> str:
    if answered is not None:
        return "in_progress" if ended is None else "answered"
    if ended is None:
        return "waiting"
    if is_dialled or method == "CALLBACK":
        return "withdrawn"
    reason = text(clean, "DisconnectReason")
    goes_on = text(clean, "NextContactId") or instant(clean, "TransferCompletedTimestamp")
    if goes_on or instant(clean, "DisconnectTimestamp") is None:
        return "overflowed"
    return _UNANSWERED.get(reason or "", "abandoned")


def _wait(queue: Row, offered: int, answered: int | None, ended: int | None) -> int | None:
    told = seconds(queue, "Duration")
    until = answered if answered is not None else ended
    if until is None:
        return None
    return told if told is not None else max(0, (until - offered) // 1_000_000)


def _names(clean: Row) -> dict[tuple[str, str], str]:
    queue, agent = table(clean, "Queue"), table(clean, "Agent")
    found = {
        ("queue", text(queue, "ARN")): text(queue, "Name"),
        ("agent", text(agent, "ARN")): text(agent, "Username"),
    }
    return {(kind, key): name for (kind, key), name in found.items() if key and name}


def _survey(attributes: Row, rules: ContactRules) -> Row:
    """What contact attributes tell of a survey; an answer outside its scale is none."""
    answer = attributes.get(rules.resolved_attribute_name or "")
    words = {
        **dict.fromkeys(("true", "yes", "y", "1"), True),
        **dict.fromkeys(("false", "no", "n", "0"), False),
    }
    topic = attributes.get(rules.topic_attribute_name or "")
    return {
        "csat_score": _score(attributes.get(rules.csat_attribute_name or ""), 1, 5),
        "nps_score": _score(attributes.get(rules.nps_attribute_name or ""), 0, 10),
        "is_resolved": words.get(str(answer).strip().lower()),
        "topic_name": str(topic)[:250] if topic else None,
    }


def _score(value: object, least: int, most: int) -> float | None:
    try:
        score = float(str(value).strip())
    except ValueError:
        return None
    return score if least <= score <= most else None
