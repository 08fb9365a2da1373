"""Turns a conversation of Genesys Cloud into stays in queues, surveys and quality reviews.

In: one conversation's details without anything that names a customer (`kept`). Out: rows in the warehouse's words.
The rule it guards: a stay begins where a queue offers the contact (nOffered on an acd session) and is answered by the
agent's session that follows it in that queue; times told in milliseconds become whole seconds, rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from etl.sources.clouds.json_fields import (
    SKEW,
    FieldError,
    Row,
    compact,
    instant,
    instant_of,
    microseconds,
    number,
    required_instant,
    required_text,
    shown,
    tables,
    text,
    version,
)

CHANNELS = {
    "voice": "call", "callback": "call", "chat": "chat", "message": "chat", "webmessaging": "chat", "sms": "chat",
    "email": "email", "video": "video", "screenshare": "video", "social": "social", "internalmessage": "chat",
    "workitem": "task",
}  # fmt: skip
ANSWER_SLACK_US = 5_000_000  # the agent's session and the queue's may differ by some milliseconds
AGENTS = ("agent", "user")
_LEFT = {
    "timeout": "timed_out",
    **dict.fromkeys(("peer", "client", "endpoint"), "abandoned"),
    **dict.fromkeys(("error", "system", "transport.failure", "other"), "interrupted"),
}
_SYSTEM = ("system", "timeout", "error", "transport.failure", "spam", "uncallable", "other")
_NOT_SPOKEN = ("alert", "wrapup", "dialing", "contacting", "delay", "system", "ivr", "unknown")


@dataclass(frozen=True)
class Conversation:
    """A conversation that was understood."""

    conversation_id: str
    version_number: int
    newest_us: int
    raw_text: str
    stays: list[Row]
    surveys: list[Row]
    reviews: list[Row]
    names: dict[tuple[str, str], str]


def conversation_of(clean: Row, *, outbound_queue_name: str | None, now: datetime) -> Conversation:
    """The conversation that a kept record tells of. Raises FieldError where a field is not what it should be."""
    conversation_id = required_text(clean, "conversationId")
    newest_us = max(_instants(clean))
    if newest_us > microseconds(now + SKEW):
        raise FieldError(
            f"an instant in it is {instant_of(newest_us).isoformat()}, over an hour ahead of this computer's clock; "
            "expected instants of the past"
        )
    raw_text = compact(clean)
    version_number = version(newest_us, raw_text)
    common = {"version_number": version_number, "call_id": conversation_id, "contact_id": conversation_id}
    customer = {"customer_key": text(clean, "customerKey")}
    stays = sorted(_stays(clean, outbound_queue_name), key=lambda row: (row["offered_at"], row["session"]))
    for place, stay in enumerate(stays, start=1):
        del stay["session"]
        stay |= common | customer | {"stay_number": place}
    names = _queue_names(clean)
    _tell_what_followed(stays, names)
    return Conversation(
        conversation_id=conversation_id,
        version_number=version_number,
        newest_us=newest_us,
        raw_text=raw_text,
        stays=stays,
        surveys=[row | common | customer for row in _surveys(clean)],
        reviews=[row | {k: common[k] for k in ("version_number", "call_id")} for row in _reviews(clean)],
        names=names,
    )


def _instants(clean: Row) -> Iterator[int]:
    yield required_instant(clean, "conversationStart")
    records: list[tuple[Row, tuple[str, ...]]] = [(clean, ("conversationEnd",))]
    for _, session in _sessions(clean):
        records += [(segment, ("segmentStart", "segmentEnd")) for segment in tables(session, "segments")]
        records += [(metric, ("emitDate",)) for metric in tables(session, "metrics")]
    records += [(survey, ("surveyCompletedDate",)) for survey in tables(clean, "surveys")]
    records += [(review, ("eventTime",)) for review in tables(clean, "evaluations")]
    for record, names in records:
        yield from (us for name in names if (us := instant(record, name)) is not None)


def _sessions(clean: Row) -> Iterator[tuple[Row, Row]]:
    for participant in tables(clean, "participants"):
        for session in tables(participant, "sessions"):
            yield participant, session


@dataclass(frozen=True)
class _Metrics:
    """The metrics of one session: sums of milliseconds or counts, and when each was told last."""

    sums: dict[str, float]
    told_us: dict[str, int]

    @classmethod
    def of(cls, session: Row) -> _Metrics:
        sums: dict[str, float] = {}
        told_us: dict[str, int] = {}
        for metric in tables(session, "metrics"):
            name = required_text(metric, "name")
            sums[name] = sums.get(name, 0.0) + (number(metric, "value") or 0.0)
            told_us[name] = max(told_us.get(name, 0), required_instant(metric, "emitDate"))
        return cls(sums, told_us)

    def seconds(self, *names: str) -> int | None:
        """The first of the metrics that was told, in whole seconds."""
        for name in names:
            if name in self.sums:
                return int(self.sums[name] + 500) // 1000
        return None


@dataclass(frozen=True)
class _Handling:
    """An agent's session: which queue, when he began to speak, when he was done."""

    agent_name: str | None
    session: Row
    metrics: _Metrics
    queue_name: str | None
    began_us: int
    answered_us: int | None
    ended_us: int | None
    disconnect_type: str | None

    @classmethod
    def of(cls, participant: Row, session: Row, conversation_end: int | None) -> _Handling | None:
        segments = tables(session, "segments")
        if not segments:
            return None
        metrics = _Metrics.of(session)
        spoken = [one for one in segments if text(one, "segmentType") not in _NOT_SPOKEN]
        starts = [required_instant(one, "segmentStart") for one in spoken]
        last = max(spoken or segments, key=lambda one: instant(one, "segmentStart") or 0)
        told = metrics.told_us.get("tAnswered")
        return cls(
            agent_name=text(participant, "userId"),
            session=session,
            metrics=metrics,
            queue_name=next((queue for one in segments if (queue := text(one, "queueId"))), None),
            began_us=min(required_instant(one, "segmentStart") for one in segments),
            answered_us=told if told is not None else min(starts, default=None),
            ended_us=_end(spoken or segments, conversation_end),
            disconnect_type=text(last, "disconnectType"),
        )


def _end(segments: list[Row], conversation_end: int | None) -> int | None:
    """When the last of the segments ended; null while one goes on."""
    ends = [instant(one, "segmentEnd") for one in segments]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else conversation_end


def _stays(clean: Row, outbound_queue_name: str | None) -> Iterator[Row]:
    conversation_end = instant(clean, "conversationEnd")
    handlings, queued = [], []
    for participant, session in _sessions(clean):
        purpose = text(participant, "purpose")
        if purpose in AGENTS and (handling := _Handling.of(participant, session, conversation_end)):
            handlings.append(handling)
        elif purpose == "acd" and "nOffered" in (metrics := _Metrics.of(session)).sums:
            queued.append((session, metrics))
    handlings.sort(key=lambda one: (one.began_us, text(one.session, "sessionId") or ""))
    queued.sort(key=lambda one: one[1].told_us["nOffered"])
    taken: list[_Handling] = []
    for session, metrics in queued:
        stay, handling = _queued(
            session, metrics, [one for one in handlings if one not in taken], conversation_end
        )
        taken += [handling] if handling else []
        yield stay
    for handling in handlings:
        is_dialled = text(handling.session, "direction") == "outbound" and (
            "nOutbound" in handling.metrics.sums or text(clean, "originatingDirection") == "outbound"
        )
        if handling not in taken and is_dialled:
            yield from _dialled(handling, outbound_queue_name)


def _queued(
    session: Row, metrics: _Metrics, handlings: list[_Handling], conversation_end: int | None
) -> tuple[Row, _Handling | None]:
    """A stay that begins with an offer, and the agent's session that answered it."""
    segments = tables(session, "segments")
    queue_name = next((queue for one in segments if (queue := text(one, "queueId"))), None)
    if queue_name is None:
        raise FieldError("queueId is missing in the segments of an acd session; expected the queue's id")
    offered = min(metrics.told_us["nOffered"], *(required_instant(one, "segmentStart") for one in segments))
    left = _end(segments, conversation_end)
    is_lost = "tAbandon" in metrics.sums or "tFlowOut" in metrics.sums
    answer = None
    for one in handlings if not is_lost else []:
        is_here = one.queue_name == queue_name and one.answered_us is not None
        if is_here and offered <= (one.answered_us or 0) <= (left or 1 << 62) + ANSWER_SLACK_US:
            answer = one
            break
    base = {
        "session": text(session, "sessionId") or "",
        "offered_at": offered,
        "queue_name": queue_name,
        "channel_name": _channel(session),
        "direction_name": _direction(session),
    }
    if answer is not None:
        wait = answer.metrics.seconds("tAnswered")
        return base | _handled(answer, wait if wait is not None else metrics.seconds("tAcd")), answer
    return base | _unanswered(session, metrics, segments, offered, left), None


def _unanswered(session: Row, metrics: _Metrics, segments: list[Row], offered: int, left: int | None) -> Row:
    last = max(segments, key=lambda one: instant(one, "segmentStart") or 0)
    kind = text(last, "disconnectType") or ""
    if "tAbandon" in metrics.sums:
        outcome_name, ended = "abandoned", metrics.told_us["tAbandon"]
    elif "tFlowOut" in metrics.sums:
        outcome_name, ended = "timed_out" if kind == "timeout" else "overflowed", metrics.told_us["tFlowOut"]
    elif left is None:
        return {"outcome_name": "waiting"}
    else:
        outcome_name, ended = _LEFT.get(kind, "overflowed"), left
    if text(session, "mediaType") == "callback" and outcome_name == "abandoned":
        outcome_name = "withdrawn"
    told = metrics.seconds("tAbandon", "tFlowOut", "tAcd")
    return {
        "ended_at": ended,
        "wait_seconds": told if told is not None else max(0, (ended - offered) // 1_000_000),
        "outcome_name": outcome_name,
        "ended_by_name": "system" if kind in _SYSTEM else "caller" if outcome_name == "abandoned" else None,
    }


def _handled(one: _Handling, wait_seconds: int | None) -> Row:
    is_over = one.ended_us is not None
    talk = one.metrics.seconds("tTalkComplete", "tTalk")
    hold = one.metrics.seconds("tHeldComplete", "tHeld")
    wrap_up = one.metrics.seconds("tAcw")
    if wrap_up is None and "tHandle" in one.metrics.sums:
        rest = one.metrics.sums["tHandle"] - sum(
            one.metrics.sums.get(f"{name}Complete", one.metrics.sums.get(name, 0.0))
            for name in ("tTalk", "tHeld")
        )
        wrap_up = max(0, int(rest + 500) // 1000)
    sums = one.metrics.sums
    transfer = "attended" if sums.get("nConsultTransferred") else None
    transfer = (
        "blind" if sums.get("nBlindTransferred") or (sums.get("nTransferred") and not transfer) else transfer
    )
    kind = one.disconnect_type
    ended_by = {"client": "agent", "endpoint": "agent", "peer": "caller"}.get(kind or "")
    return {
        "answered_at": one.answered_us,
        "ended_at": one.ended_us,
        "agent_name": one.agent_name,
        "wait_seconds": wait_seconds,
        "ring_seconds": one.metrics.seconds("tAlert"),
        "talk_seconds": talk if talk is not None or not is_over else 0,
        "hold_seconds": hold if hold is not None or not is_over else 0,
        "wrap_up_seconds": wrap_up,
        "outcome_name": "answered" if is_over else "in_progress",
        "ended_by_name": ("system" if kind in _SYSTEM else ended_by) if is_over and not transfer else None,
        "transfer_kind_name": transfer,
    }


def _dialled(one: _Handling, outbound_queue_name: str | None) -> Iterator[Row]:
    """A call that an agent made for a queue; it has no wait."""
    queue_name = one.queue_name or outbound_queue_name
    if queue_name is None or (one.answered_us is None and one.ended_us is None):
        return
    base = {
        "session": text(one.session, "sessionId") or "",
        "offered_at": one.began_us,
        "queue_name": queue_name,
        "channel_name": _channel(one.session),
        "direction_name": "outbound",
    }
    if one.answered_us is None:
        yield base | {"ended_at": one.ended_us, "outcome_name": "withdrawn"}
    else:
        yield base | _handled(one, None) | {"ring_seconds": None}


def _channel(session: Row) -> str:
    media = required_text(session, "mediaType")
    if media.lower() not in CHANNELS:
        raise FieldError(f"mediaType is {shown(media)}; expected one of {', '.join(CHANNELS)}")
    return CHANNELS[media.lower()]


def _direction(session: Row) -> str:
    is_outbound = text(session, "direction") == "outbound" or text(session, "mediaType") == "callback"
    return "outbound" if is_outbound else "inbound"


def _tell_what_followed(stays: list[Row], names: dict[tuple[str, str], str]) -> None:
    """A stay that left for a callback asked for one; a transfer went to the queue that came next."""
    for stay, following in pairwise(stays):
        is_callback = following["direction_name"] == "outbound" and following["channel_name"] == "call"
        if stay["outcome_name"] == "overflowed" and stay["direction_name"] == "inbound" and is_callback:
            stay["outcome_name"] = "callback"
        if stay.get("transfer_kind_name"):
            stay["transferred_to_name"] = names.get(
                ("queue", following["queue_name"]), following["queue_name"]
            )


def _surveys(clean: Row) -> Iterator[Row]:
    for survey in tables(clean, "surveys"):
        if text(survey, "surveyStatus") not in (None, "Finished") or not survey.get("surveyCompletedDate"):
            continue
        yield {
            "survey_id": required_text(survey, "surveyId"),
            "answered_at": required_instant(survey, "surveyCompletedDate"),
            "queue_name": text(survey, "queueId"),
            "agent_name": text(survey, "userId"),
            "nps_score": number(survey, "surveyPromoterScore"),
        }


def _reviews(clean: Row) -> Iterator[Row]:
    for review in tables(clean, "evaluations"):
        is_whole = review.get("oTotalScore") is not None and not review.get("deleted")
        if is_whole and text(review, "userId") and text(review, "eventTime"):
            yield {
                "review_id": required_text(review, "evaluationId"),
                "reviewed_at": required_instant(review, "eventTime"),
                "agent_name": text(review, "userId"),
                "reviewer_name": text(review, "evaluatorId"),
                "form_name": text(review, "formName"),
                "total_score": number(review, "oTotalScore"),
            }


def _queue_names(clean: Row) -> dict[tuple[str, str], str]:
    """Queues by the name of the acd participant, which is the queue's."""
    found = {}
    for participant, session in _sessions(clean):
        name = text(participant, "participantName")
        for segment in tables(session, "segments") if name else []:
            if queue := text(segment, "queueId"):
                found["queue", queue] = name or queue
    return found
