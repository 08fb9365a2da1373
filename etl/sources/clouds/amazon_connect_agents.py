"""Turns the agent events of Amazon Connect into one state of each agent at a time.

In: events, each with a snapshot of the agent; at least once, out of order within minutes. Out: the changed rest of each
agent's states. The rule it guards: the states depend on which events came, not on the order in which they came
(within half an hour), and an agent of whom nothing is heard any more is signed out since the last sign of life.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

from etl.sources.clouds.agent_spans import Span, changed, followed_by
from etl.sources.clouds.json_fields import (
    SKEW,
    FieldError,
    Row,
    instant,
    instant_of,
    microseconds,
    required_instant,
    required_text,
    shown,
    table,
    tables,
    text,
)

SIGNS = ("EventType", "AgentARN")
LOST_US = 300 * 1_000_000  # a heartbeat comes every 120 s
REORDER_US = 1800 * 1_000_000
FORGET_US = 2 * 86_400 * 1_000_000
NEVER = 1 << 62
EVENT_TYPES = ("LOGIN", "LOGOUT", "STATE_CHANGE", "HEART_BEAT")
_CONTACT_STATES = (
    ("on_contact", ("CONNECTED", "CONNECTED_ONHOLD")),
    ("wrap_up", ("ENDED",)),
    ("ringing", ("CONNECTING", "INCOMING", "PENDING")),
)
_STATUS_TYPES = {"ROUTABLE": "available", "CUSTOM": "paused", "OFFLINE": "signed_out"}
KNOWN_FIELDS = frozenset(
    (
        "AWSAccountId", "AgentARN", "CurrentAgentSnapshot", "EventId", "EventTimestamp", "EventType",
        "InstanceARN", "PreviousAgentSnapshot", "Version",
    )
)  # fmt: skip


@dataclass(frozen=True)
class AgentRules:
    """What a site decides: the names of statuses in which agents take contacts, where the type is not told."""

    available_status_names: tuple[str, ...] = ("Available",)
    offline_status_names: tuple[str, ...] = ("Offline",)


@dataclass(frozen=True, order=True)
class Point:
    """An agent at the instant of an event; since_us: from when the snapshot says that the state lasts."""

    at_us: int
    event_key: str
    event_type: str
    state_name: str
    since_us: int
    reason_name: str = ""
    queue_name: str = ""


@dataclass(frozen=True)
class AgentMemory:
    """Where an agent stands: what is settled (`spans`, `last_us`, `is_out`), and the points after it."""

    spans: tuple[Span, ...] = ()
    last_us: int | None = None
    is_out: bool = False
    points: tuple[Point, ...] = ()

    def to_list(self) -> list[Any]:
        """For JSON."""
        spans = [[s.started_us, *s.what] for s in self.spans]
        points = [
            [p.at_us, p.event_key, p.event_type, p.state_name, p.since_us, p.reason_name, p.queue_name]
            for p in self.points
        ]
        return [spans, self.last_us, self.is_out, points]

    @classmethod
    def from_list(cls, data: list[Any]) -> AgentMemory:
        """Reads `to_list`."""
        spans, last_us, is_out, points = data
        return cls(tuple(Span(*s) for s in spans), last_us, is_out, tuple(Point(*p) for p in points))


@dataclass(frozen=True)
class AgentCarry:
    """All agents, and the newest instant of the stream."""

    newest_us: int = 0
    agents: dict[str, AgentMemory] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """states: rows in the warehouse's words, seq names the event; late: events too old to be placed, by seq."""

    states: list[Row]
    late: list[int]
    carry: AgentCarry


def kept_event(record: Row) -> Row:
    """The fields of an agent event that are used; nothing in it names a customer."""
    clean: Row = {
        name: record[name]
        for name in ("AgentARN", "EventId", "EventTimestamp", "EventType")
        if record.get(name) is not None
    }
    snapshot = record.get("CurrentAgentSnapshot")
    if not isinstance(snapshot, dict):
        return clean if snapshot is None else clean | {"CurrentAgentSnapshot": shown(snapshot)}
    here: Row = {}
    for name, fields in (
        ("AgentStatus", ("Name", "Type", "StartTimestamp")),
        ("Configuration", ("Username",)),
    ):
        value = snapshot.get(name)
        if isinstance(value, dict):
            here[name] = {key: value[key] for key in fields if value.get(key) is not None}
    contacts = snapshot.get("Contacts")
    if isinstance(contacts, list):
        here["Contacts"] = [_kept_contact(contact) for contact in contacts if isinstance(contact, dict)]
    return clean | {"CurrentAgentSnapshot": here}


def _kept_contact(contact: Row) -> Row:
    clean = {
        name: contact[name]
        for name in ("ContactId", "State", "StateStartTimestamp")
        if contact.get(name) is not None
    }
    queue = contact.get("Queue")
    if isinstance(queue, dict):
        clean["Queue"] = {key: queue[key] for key in ("ARN", "Name") if queue.get(key) is not None}
    return clean


def point_of(clean: Row, rules: AgentRules, *, now: datetime) -> tuple[str, Point]:
    """The agent's key and where he stands at a kept event. Raises FieldError where a field is not what it should be."""
    agent_name = required_text(clean, "AgentARN")
    event_type = required_text(clean, "EventType")
    at_us = required_instant(clean, "EventTimestamp")
    if event_type not in EVENT_TYPES:
        raise FieldError(f"EventType is {shown(event_type)}; expected one of {', '.join(EVENT_TYPES)}")
    if at_us > microseconds(now + SKEW):
        raise FieldError(
            f"EventTimestamp is {instant_of(at_us).isoformat()}, over an hour ahead of this computer's clock; "
            "expected an instant of the past"
        )
    key = f"{zlib.crc32(required_text(clean, 'EventId').encode('utf-8', 'replace')):08x}"
    snapshot = table(clean, "CurrentAgentSnapshot")
    contacts = tables(snapshot, "Contacts")
    if event_type == "LOGOUT":
        return agent_name, Point(at_us, key, event_type, "signed_out", at_us)
    for state_name, words in _CONTACT_STATES:
        having = [contact for contact in contacts if text(contact, "State") in words]
        if having:
            since, contact = min(
                ((instant(c, "StateStartTimestamp") or at_us, c) for c in having),
                key=lambda pair: (pair[0], text(pair[1], "ContactId") or ""),
            )
            queue = table(contact, "Queue")
            queue_name = text(queue, "ARN") or text(queue, "Name") or ""
            return agent_name, Point(at_us, key, event_type, state_name, since, "", queue_name)
    status = table(snapshot, "AgentStatus")
    state_name, reason_name = _status(status, rules)
    return agent_name, Point(
        at_us, key, event_type, state_name, instant(status, "StartTimestamp") or at_us, reason_name
    )


def _status(status: Row, rules: AgentRules) -> tuple[str, str]:
    """The state and the reason of a pause: by the status's type where it is told, else by its name."""
    name = required_text(status, "Name")
    state_name = _STATUS_TYPES.get(text(status, "Type") or "")
    if state_name is None:
        state_name = (
            "available"
            if name in rules.available_status_names
            else "signed_out"
            if name in rules.offline_status_names
            else "paused"
        )
    return state_name, name if state_name == "paused" else ""


def names_of(clean: Row) -> dict[tuple[str, str], str]:
    """What the agent and the queues of an event are called."""
    snapshot = table(clean, "CurrentAgentSnapshot")
    found = {("agent", text(clean, "AgentARN")): text(table(snapshot, "Configuration"), "Username")}
    for contact in tables(snapshot, "Contacts"):
        queue = table(contact, "Queue")
        found["queue", text(queue, "ARN")] = text(queue, "Name")
    return {(kind, key): name for (kind, key), name in found.items() if key and name}


def follow(points: list[tuple[int, str, Point]], carry: AgentCarry) -> Changes:
    """What new points (seq, agent, point) change in the agents' states after `carry`."""
    stream = _Stream.of(points, carry.newest_us)
    newest_us = stream.newest_us
    newest_seq = max(points, key=lambda new: (new[2].at_us, new[0]))[0] if points else 0
    fresh: dict[str, list[tuple[int, Point]]] = {}
    for seq, agent_name, point in points:
        fresh.setdefault(agent_name, []).append((seq, point))
    states: list[Row] = []
    late: list[int] = []
    agents = dict(carry.agents)
    for agent_name in sorted({*agents, *fresh}):
        memory = agents.get(agent_name, AgentMemory())
        before = _walked_on(memory, carry.newest_us).spans
        known, told, heard = set(memory.points), dict[int, int](), dict[Point, int]()
        for seq, point in fresh.get(agent_name, ()):
            if memory.last_us is not None and point.at_us <= memory.last_us:
                late.append(seq)
            elif point not in known:
                known.add(point)
                told[point.at_us] = seq
                heard[point] = stream.newest_after(seq)
        memory = AgentMemory(memory.spans, memory.last_us, memory.is_out, tuple(sorted(known)))
        after = _walked_on(memory, newest_us)
        versions = after.versions(heard, stream)
        for row in changed(before, after.spans, versions):
            seqs = [
                seq
                for at_us, seq in sorted(told.items())
                if row["started_at"] <= at_us < (row["ended_at"] or NEVER)
            ]
            states.append(
                row
                | {
                    "seq": seqs[-1] if seqs else max(told.values(), default=newest_seq),
                    "version_number": versions.get(row["started_at"], newest_us),
                    "agent_name": agent_name,
                }
            )
        settled = _settled(memory, newest_us)
        if settled.points or newest_us - (settled.last_us or 0) < FORGET_US:
            agents[agent_name] = settled
        else:
            agents.pop(agent_name, None)
    return Changes(states, late, AgentCarry(newest_us, agents))


@dataclass(frozen=True)
class _Stream:
    """How far the stream had come after each event of a batch: a state's version must not hang on where batches end."""

    before_us: int
    seqs: list[int]
    newest: list[int]

    @classmethod
    def of(cls, points: list[tuple[int, str, Point]], before_us: int) -> _Stream:
        """The stream after `before_us`, by its events in the order in which they were delivered."""
        in_order = sorted((seq, point.at_us) for seq, _, point in points)
        newest = [*accumulate((at_us for _, at_us in in_order), max, initial=before_us)][1:]
        return cls(before_us, [seq for seq, _ in in_order], newest)

    @property
    def newest_us(self) -> int:
        """The newest instant of all."""
        return self.newest[-1] if self.newest else self.before_us

    def newest_after(self, seq: int) -> int:
        """The newest instant that was known once that event was delivered."""
        return self.newest[bisect_left(self.seqs, seq)]

    def first_beyond(self, at_us: int) -> int:
        """The first newest instant that lay beyond another one; 0 where that was so before this batch."""
        place = bisect_right(self.newest, at_us)
        return self.newest[place] if self.before_us <= at_us and place < len(self.newest) else 0


@dataclass
class _Walk:
    """An agent's states while his points are gone through one by one.

    causes, renewals: by the start of each state what made it begin, and what made it go on beyond what had followed it:
    an event, or a silence since an instant.
    """

    spans: list[Span]
    last_us: int | None
    is_out: bool
    causes: dict[int, Point | int] = field(default_factory=dict)
    renewals: dict[int, Point | int] = field(default_factory=dict)

    def step(self, point: Point) -> None:
        """One event: a silence before it was an absence; a logout lasts until something but a heartbeat comes."""
        if self.last_us is not None and point.at_us - self.last_us > LOST_US:
            self.change(Span(self.last_us, "signed_out"), self.last_us)
            start_us = point.at_us
        elif self.last_us is None:
            start_us = point.at_us
        else:
            start_us = point.since_us if self.last_us < point.since_us <= point.at_us else point.at_us
        if point.event_type != "HEART_BEAT":
            self.is_out = point.event_type == "LOGOUT"
        if self.is_out:
            self.change(Span(start_us, "signed_out"), point)
        else:
            self.change(Span(start_us, point.state_name, point.reason_name, point.queue_name), point)
        self.last_us = point.at_us

    def change(self, span: Span, cause: Point | int) -> None:
        """The state from an instant on, by an event or a silence since an instant; one that would last no time is none."""
        if self.spans and self.spans[-1] == span:  # told anew of what has begun already
            return
        count = len(self.spans)
        followed_by(self.spans, span)
        if self.spans[-1] is span:
            self.causes[span.started_us] = cause
        elif len(self.spans) < count:
            self.renewals[self.spans[-1].started_us] = cause

    def versions(self, heard: dict[Point, int], stream: _Stream) -> dict[int, int]:
        """By the start of each state that this batch changed: how far the stream had come when it was changed last."""

        def known(cause: Point | int | None) -> int:
            if isinstance(cause, int):
                return stream.first_beyond(cause + LOST_US)
            return heard.get(cause, 0) if cause else 0

        found = {}
        for place, span in enumerate(self.spans):
            start_us = span.started_us
            following = self.spans[place + 1].started_us if place + 1 < len(self.spans) else -1
            causes = (self.causes.get(start_us), self.renewals.get(start_us), self.causes.get(following))
            if newest_us := max(map(known, causes)):
                found[start_us] = newest_us
        return found


def _walked(memory: AgentMemory, points: tuple[Point, ...]) -> _Walk:
    walk = _Walk(list(memory.spans), memory.last_us, memory.is_out)
    for point in points:
        walk.step(point)
    return walk


def _walked_on(memory: AgentMemory, newest_us: int) -> _Walk:
    """The states as they stand when the stream has come to `newest_us`."""
    walk = _walked(memory, memory.points)
    if walk.last_us is not None and newest_us - walk.last_us > LOST_US:
        walk.change(Span(walk.last_us, "signed_out"), walk.last_us)
    return walk


def _settled(memory: AgentMemory, newest_us: int) -> AgentMemory:
    """The memory with the points settled that are too old for another to come before them; two states are enough."""
    old = tuple(point for point in memory.points if point.at_us < newest_us - REORDER_US)
    walk = _walked(memory, old)
    return AgentMemory(tuple(walk.spans[-2:]), walk.last_us, walk.is_out, memory.points[len(old) :])
