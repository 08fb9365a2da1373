"""Keeps of a conversation of Genesys Cloud only what is used, and nothing that names a customer.

In: a conversation's details as delivered, or as kept before. Out: the same, smaller; the customer is a keyed hash.
The rule it guards: a value of the wrong kind is kept as a text, so that the reader refuses the record and says why.
"""

from __future__ import annotations

from typing import Any

from etl.customer_key import customer_key
from etl.sources.clouds.json_fields import Row, shown

CUSTOMERS = ("customer", "external")
KNOWN_FIELDS = frozenset(
    (
        *("conversationId", "conversationStart", "conversationEnd", "originatingDirection", "divisionIds"),
        *("participants", "surveys", "evaluations", "resolutions", "mediaStatsMinConversationMos"),
        *(
            "mediaStatsMinConversationRFactor",
            "externalTag",
            "knowledgeBaseIds",
            "originatingSocialMediaPublic",
        ),
        *("inactivityTimeout", "selfServed", "conversationInitiator", "customerParticipation"),
    )
)
_SESSION = ("sessionId", "mediaType", "direction")
_SEGMENT = ("segmentStart", "segmentEnd", "queueId", "disconnectType", "segmentType")
_METRICS = frozenset(
    (
        *(
            "nOffered",
            "tAcd",
            "tAbandon",
            "tFlowOut",
            "tAnswered",
            "tAlert",
            "tTalk",
            "tTalkComplete",
            "tHeld",
        ),
        *(
            "tHeldComplete",
            "tAcw",
            "tHandle",
            "nBlindTransferred",
            "nConsultTransferred",
            "nTransferred",
            "nOutbound",
        ),
    )
)
_SURVEY = ("surveyId", "surveyCompletedDate", "surveyStatus", "surveyPromoterScore", "queueId", "userId")
_REVIEW = (
    *("evaluationId", "evaluatorId", "userId", "eventTime", "formName", "oTotalScore", "deleted"),
    "evaluationStatus",
)


def kept(record: Row, secret: bytes, country_name: str | None) -> Row:
    """The fields that are used; the customer's number or address as a keyed hash, no names of customers."""
    clean: Row = {
        name: record[name]
        for name in ("conversationId", "conversationStart", "conversationEnd", "originatingDirection")
        if record.get(name) is not None
    }
    key = record.get("customerKey") or _customer(record, secret, country_name)
    clean |= {"customerKey": key} if key else {}
    participants = record.get("participants")
    if isinstance(participants, list):
        clean["participants"] = [
            _kept_participant(one) if isinstance(one, dict) else shown(one) for one in participants
        ]
    elif participants is not None:
        clean["participants"] = shown(participants)
    for name, fields in (("surveys", _SURVEY), ("evaluations", _REVIEW)):
        clean |= {name: _kept_list(record[name], fields)} if record.get(name) else {}
    return clean


def _kept_list(value: Any, fields: tuple[str, ...]) -> Any:
    if not isinstance(value, list):
        return shown(value)
    return [
        {name: entry[name] for name in fields if entry.get(name) is not None}
        if isinstance(entry, dict)
        else shown(entry)
        for entry in value
    ]


def _kept_participant(participant: Row) -> Row:
    clean: Row = {
        name: participant[name] for name in ("purpose", "userId") if participant.get(name) is not None
    }
    if participant.get("purpose") == "acd" and participant.get("participantName"):
        clean["participantName"] = participant["participantName"]
    sessions = participant.get("sessions")
    if isinstance(sessions, list):
        clean["sessions"] = [_kept_session(one) if isinstance(one, dict) else shown(one) for one in sessions]
    elif sessions is not None:
        clean["sessions"] = shown(sessions)
    return clean


def _kept_session(session: Row) -> Row:
    clean: Row = {name: session[name] for name in _SESSION if session.get(name) is not None}
    clean["segments"] = _kept_list(session.get("segments") or [], _SEGMENT)
    metrics = _kept_list(session.get("metrics") or [], ("name", "value", "emitDate"))
    if isinstance(metrics, list):
        metrics = [one for one in metrics if not isinstance(one, dict) or _is_used(one.get("name"))]
    return clean | {"metrics": metrics}


def _customer(record: Row, secret: bytes, country_name: str | None) -> str | None:
    """The keyed hash of the first number or e-mail address of the customer's own side."""
    participants = record.get("participants")
    for participant in participants if isinstance(participants, list) else []:
        if not isinstance(participant, dict) or participant.get("purpose") not in CUSTOMERS:
            continue
        sessions = participant.get("sessions")
        for session in sessions if isinstance(sessions, list) else []:
            is_outbound = isinstance(session, dict) and session.get("direction") == "outbound"
            fields = ("dnis", "addressTo") if is_outbound else ("ani", "addressFrom")
            for name in (*fields, "addressOther"):
                address = session.get(name) if isinstance(session, dict) else None
                if isinstance(address, str) and (key := customer_key(secret, address, country_name)):
                    return key
    return None


def _is_used(name: Any) -> bool:
    """Whether a metric is kept: one that is used here, and one without a proper name, which is refused later."""
    return not isinstance(name, str) or name in _METRICS
