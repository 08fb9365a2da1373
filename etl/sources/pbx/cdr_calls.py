"""Turns call detail records into calls and into links between the contacts of one customer's call.

In: the records of whole calls, in the order of the file. Out: stays in queues, outbound and internal calls, links.
The rule it guards: a call that the queue log tells of is no call here, it only may be linked; which calls are taken
depends on the call's own records, not on where a batch ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from etl.sources.pbx.asterisk_times import LAST_INSTANT
from etl.sources.pbx.cdr_rows import HASHED, Record

LINKED_SECONDS = 7200  # contacts whose records end further apart than this are not linked
UNKNOWN_CHANNEL = "-"  # somebody answered, but the record does not say who
_SUFFIX = re.compile(r"-(?a:[0-9a-f]{4,})(;[12])?$")
UNANSWERED_OUTCOMES = {
    "NO ANSWER": "timed_out",
    "BUSY": "withdrawn",
    "FAILED": "withdrawn",
    "CONGESTION": "withdrawn",
}


@dataclass(frozen=True)
class CallRules:
    """What a site's dialplan means: which numbers are queues, from where agents dial, what a trunk is."""

    source_name: str
    queue_log_source_name: str | None = None
    queue_numbers: dict[str, str] = field(default_factory=dict)
    outgoing_contexts: frozenset[str] = frozenset()
    trunk_channels: tuple[str, ...] = ()
    longest_extension_digits: int = 5
    outbound_queue_name: str = "Outbound"
    internal_queue_name: str | None = None
    agent_column: str = "channel"


@dataclass(frozen=True)
class Told:
    """What one call's records tell: its stays (empty where another source has them), and it as a contact, if one."""

    stays: list[dict[str, object]] = field(default_factory=list)
    contact_id: str | None = None
    contact_source_name: str = ""
    linked_id: str = ""
    entered_queue: bool = False


def told_by(
    call_id: str, records: list[Record], rules: CallRules, *, is_in_queue_log: Callable[[str], bool]
) -> Told:
    """The call of these records, all of one channel, in the order in which they were written."""
    linked_id = records[0].texts.get("linkedid", "")
    by_record = any(_queue_of(record, rules) for record in records)
    if by_record or is_in_queue_log(call_id):
        if rules.queue_log_source_name is not None:
            return Told([], call_id, rules.queue_log_source_name, linked_id, entered_queue=by_record)
        return Told(
            _queue_stays(call_id, records, rules), call_id, rules.source_name, linked_id, entered_queue=True
        )
    if any(record.texts["dcontext"] in rules.outgoing_contexts for record in records):
        stay = _dialled(call_id, records, rules)
        if stay is not None:
            return Told([stay], call_id, rules.source_name, linked_id)
    return Told()


def _queue_of(record: Record, rules: CallRules) -> str | None:
    """The queue that the record is of; null where it is of none."""
    known = rules.queue_numbers.get(record.texts["dst"])
    if record.texts["lastapp"] == "Queue":
        return known or record.texts["lastdata"] or None
    return known


def _queue_stays(call_id: str, records: list[Record], rules: CallRules) -> list[dict[str, object]]:
    """One row per entry: rings at several agents are one stay, a second queue or one after an answer is another."""
    entries: list[tuple[str, list[Record], bool]] = []
    for place, record in enumerate(records):
        queue = _queue_of(record, rules)
        if queue is None or (entries and record.texts["lastapp"] != "Queue" and entries[-1][0] == queue):
            continue
        is_last = place == len(records) - 1 and record.texts["lastapp"] == "Queue"
        if entries and entries[-1][0] == queue and not _is_answered(entries[-1][1][-1]):
            entries[-1] = (queue, [*entries[-1][1], record], is_last)
        else:
            entries.append((queue, [record], is_last))
    numbers: dict[str, int] = {}
    stays = []
    for queue, part, is_last in entries:
        numbers[queue] = numbers.get(queue, 0) + 1
        stays.append(_queue_stay(call_id, queue, part, numbers[queue], is_last=is_last))
    return stays


def _is_answered(record: Record) -> bool:
    texts = record.texts
    return texts["disposition"] == "ANSWERED" and bool(texts["dstchannel"]) and record.answered_at is not None


def _queue_stay(
    call_id: str, queue: str, part: list[Record], number: int, *, is_last: bool
) -> dict[str, object]:
    first, last = part[0], part[-1]
    answered_at = last.answered_at if _is_answered(last) else None
    outcome = "answered" if answered_at is not None else "abandoned" if is_last else "timed_out"
    return {
        "call_id": call_id,
        "queue_name": queue,
        "stay_number": number,
        "offered_at": first.started_at,
        "answered_at": answered_at,
        "ended_at": last.ended_at,
        "version_number": last.ended_at,
        "agent_name": agent_of(last.texts["dstchannel"]) if answered_at is not None else None,
        "wait_seconds": (last.ended_at if answered_at is None else answered_at) - first.started_at,
        "ring_seconds": None,
        "talk_seconds": None if answered_at is None else last.ended_at - answered_at,
        "direction_name": "inbound",
        "outcome_name": outcome,
        "ended_by_name": {"abandoned": "caller", "timed_out": "system"}.get(outcome),
        "customer_key": _customer(first.texts["src"], first.texts.get("clid", "")),
    }


def _dialled(call_id: str, records: list[Record], rules: CallRules) -> dict[str, object] | None:
    """The call that an agent made; null where nobody was dialled, or internal calls are not taken."""
    dialled = [
        record
        for record in records
        if (record.texts["dstchannel"] or record.texts["lastapp"] == "Dial")
        and not record.texts["channel"].startswith(
            "Local/"
        )  # a queue's own way to an agent, no phone that dials
    ]
    if not dialled:
        return None
    is_outbound = any(_is_outbound(record, rules) for record in dialled)
    queue = rules.outbound_queue_name if is_outbound else rules.internal_queue_name
    if queue is None:
        return None
    answered = [record for record in dialled if _is_answered(record)]
    first, ended_at = dialled[0], max(record.ended_at for record in dialled)
    answered_at = answered[0].answered_at if answered else None
    return {
        "call_id": call_id,
        "queue_name": queue,
        "stay_number": 1,
        "offered_at": first.started_at,
        "answered_at": answered_at,
        "ended_at": ended_at,
        "version_number": ended_at,
        "agent_name": _caller_agent(first, rules),
        "wait_seconds": (ended_at if answered_at is None else answered_at) - first.started_at,
        "ring_seconds": None if answered_at is None else answered_at - answered[0].started_at,
        "talk_seconds": sum(record.talk_seconds for record in answered) if answered else None,
        "direction_name": "outbound" if is_outbound else "internal",
        "outcome_name": "answered"
        if answered
        else UNANSWERED_OUTCOMES.get(dialled[-1].texts["disposition"], "timed_out"),
        "ended_by_name": None,
        "customer_key": _customer(first.texts["dst"]) if is_outbound else None,
    }


def _is_outbound(record: Record, rules: CallRules) -> bool:
    """By the trunk where trunks are named, else by a dialled number that is longer than an extension."""
    if rules.trunk_channels:
        return record.texts["dstchannel"].startswith(rules.trunk_channels)
    dialled = record.texts["dst"]
    return dialled.startswith(HASHED) or (
        dialled.removeprefix("+").isdigit() and len(dialled) > rules.longest_extension_digits
    )


def _caller_agent(record: Record, rules: CallRules) -> str | None:
    text = record.texts.get(rules.agent_column, "")
    return (agent_of(text) if rules.agent_column == "channel" else text) or None


def agent_of(channel: str) -> str | None:
    """Whose phone a channel is: `PJSIP/101` of `PJSIP/101-0000001a`, `Local/101@agents` of one of its two ends."""
    return None if channel == UNKNOWN_CHANNEL else _SUFFIX.sub("", channel) or None


def _customer(*texts: str) -> str | None:
    for text in texts:
        found = re.search(rf"{HASHED}([0-9a-f]{{32}})", text)
        if found:
            return found[1]
    return None


@dataclass
class Contacts:
    """Contacts seen of late by their linked id, so that those that belong together are linked whichever ends first."""

    newest_at: int = 0
    groups: dict[str, list[tuple[int, str, str, int]]] = field(default_factory=dict)
    latest_at: int = LAST_INSTANT
    """What ends later than this says nothing of how far time has come."""

    def links_after(self, told: Told, *, started_at: int, ended_at: int) -> list[dict[str, object]]:
        """The links that are new or changed when this contact joins those of its linked id: each to the first one."""
        if ended_at <= self.latest_at:
            self.newest_at = max(self.newest_at, ended_at)
        if told.contact_id is None or not told.linked_id:
            return []
        known = self.groups.get(told.linked_id, [])
        near = [member for member in known if member[3] >= self.newest_at - LINKED_SECONDS]
        if any(member[1] == told.contact_id for member in near):
            return []
        members = sorted([*near, (started_at, told.contact_id, told.contact_source_name, ended_at)])
        self.groups[told.linked_id] = members
        first = members[0]
        return [
            {
                "source_name": source_name,
                "contact_id": contact_id,
                "linked_source_name": first[2],
                "linked_contact_id": first[1],
                "link_name": "transfer",
                "linked_at": at,
            }
            for at, contact_id, source_name, _ in members[1:]
        ]

    def recent(self) -> dict[str, list[tuple[int, str, str, int]]]:
        """The groups that may still grow."""
        edge = self.newest_at - LINKED_SECONDS
        kept = {key: [m for m in members if m[3] >= edge] for key, members in self.groups.items()}
        return {key: members for key, members in kept.items() if members}
