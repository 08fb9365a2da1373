"""The floor as a PBX tells it live: who waits, who talks to whom, who rings, pauses, serves which queue.

In: changes, one after the other, with their seconds. Out: the stays, states and memberships that changed since
`settled`, and the floor itself as text, to go on from.
The rule it guards: what is told here is never stronger than what the queue_log says of the same: its word replaces
this one, whichever comes first.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from etl.sources.pbx.queue_events import IDLE_SECONDS, MOST_SECONDS, TOLERANCE_SECONDS

KEEP_ENDED_SECONDS = 120  # so long after its end a stay still learns where the call went
FORGET_SECONDS = 2 * IDLE_SECONDS
LEFT_SECONDS = 2  # who left the queue while no phone rang, and is not connected by then, went elsewhere
CONNECT_SECONDS = 60  # the same while a phone rang: an agent may be told first who calls
SEPARATOR = "\x1f"


def stay_key(call_id: str, queue_name: str) -> str:
    """By which events find a stay: a call has one open stay in a queue at a time."""
    return f"{call_id}{SEPARATOR}{queue_name}"


def between(seconds: int) -> int | None:
    """A duration that the instants give; null where it is none."""
    return seconds if 0 <= seconds <= MOST_SECONDS else None


def told(seconds: int | None, by_instants: int) -> int | None:
    """A duration as the PBX counts it, unless the instants say that it is broken."""
    is_sound = seconds is not None and seconds <= by_instants + TOLERANCE_SECONDS
    return seconds if is_sound else between(by_instants)


@dataclass
class Stay:
    """One stay of a call in a queue. events: how many lines of a queue_log it is worth so far."""

    call_id: str
    queue_name: str
    number: int
    offered_at: int
    customer_key: str | None = None
    entry_position: int | None = None
    answered_at: int | None = None
    ended_at: int | None = None
    left_at: int | None = None
    agent_name: str | None = None
    wait_seconds: int | None = None
    ring_seconds: int | None = None
    talk_seconds: int | None = None
    outcome_name: str = "waiting"
    ended_by_name: str | None = None
    transfer_kind_name: str | None = None
    transferred_to_name: str | None = None
    events: int = 1
    is_guess: bool = False

    @property
    def key(self) -> str:
        """See `stay_key`."""
        return stay_key(self.call_id, self.queue_name)

    @property
    def place(self) -> tuple[str, int, int]:
        """Its row in the warehouse."""
        return self.key, self.number, self.offered_at

    @property
    def version(self) -> int:
        """One less than the queue_log's for the same knowledge, so that the log's word replaces this one."""
        return max(0, self.events - 1)

    def end(self, at: int, outcome_name: str, ended_by_name: str, *, is_guess: bool = False) -> int:
        """Ends it, and when; a guess (nobody told how) counts as no event, so that any telling is stronger."""
        self.ended_at = max(at, self.offered_at, self.answered_at or 0)
        self.outcome_name, self.ended_by_name, self.is_guess = outcome_name, ended_by_name, is_guess
        self.events += not is_guess
        return self.ended_at


@dataclass
class Membership:
    """An agent's time in a queue."""

    started_at: int
    is_paused: bool = False
    ended_at: int | None = None


@dataclass
class State:
    """One state of an agent; it lasts until the next one begins."""

    started_at: int
    state_name: str
    reason_name: str | None = None
    queue_name: str | None = None

    def says(self) -> tuple[str, str | None, str | None]:
        """The state without its instant."""
        return self.state_name, self.reason_name, self.queue_name


@dataclass
class Agent:
    """Where an agent stands. contacts, rings: stay keys with their queue; states: the newest ones, oldest first."""

    queues: dict[str, Membership] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    rings: dict[str, str] = field(default_factory=dict)
    reason_name: str = ""
    is_signed_in: bool = False
    states: list[State] = field(default_factory=list)
    changed_from: int | None = None

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Agent:
        """Reads what `asdict` gives."""
        queues = {name: Membership(**told) for name, told in given["queues"].items()}
        states = [State(**told) for told in given["states"]]
        return cls(**{**given, "queues": queues, "states": states})

    def to_dict(self) -> dict[str, Any]:
        """What the next batch needs: the two newest states are enough."""
        return asdict(replace(self, states=self.states[-2:], changed_from=None))

    def state(self, wrap_up_reason_names: tuple[str, ...]) -> tuple[str, str | None, str | None]:
        """The one state of the agent, its reason and its queue: contact before ring before pause."""
        if self.contacts:
            return "on_contact", None, list(self.contacts.values())[-1]
        if self.rings:
            return "ringing", None, list(self.rings.values())[-1]
        if self.queues and all(membership.is_paused for membership in self.queues.values()):
            if self.reason_name in wrap_up_reason_names:
                return "wrap_up", None, None
            return "paused", self.reason_name or None, None
        return ("available" if self.queues or self.is_signed_in else "signed_out"), None, None

    def shift(self, at: int, wrap_up_reason_names: tuple[str, ...]) -> None:
        """Notes the state from then on: one a second at the most, none twice in a row."""
        now = State(at, *self.state(wrap_up_reason_names))
        last = self.states[-1] if self.states else None
        if last is None:
            if now.state_name != "signed_out":
                self._note(now)
            return
        if last.says() == now.says():
            return
        if at > last.started_at:
            self._changed(last.started_at)
            self._note(now)
            return
        now.started_at = last.started_at
        self.states.pop()
        if self.states and self.states[-1].says() == now.says():
            self._changed(self.states[-1].started_at)
        else:
            self._note(now)

    def _note(self, state: State) -> None:
        self.states.append(state)
        self._changed(state.started_at)

    def _changed(self, at: int) -> None:
        self.changed_from = at if self.changed_from is None else min(at, self.changed_from)


@dataclass
class Snapshot:
    """What is being told of the whole floor; `touched`: stays, agents and members that events told of meanwhile."""

    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    members: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    channels: dict[str, dict[str, str]] = field(default_factory=dict)
    knows_channels: bool = False
    touched: list[str] = field(default_factory=list)


class Floor:
    """Everything that is going on, and what of it changed since `settled`."""

    def __init__(self, wrap_up_reason_names: tuple[str, ...] = ()) -> None:
        self.wrap_up_reason_names = wrap_up_reason_names
        self.newest_at = self.settled_at = 0
        self.hears_hangups = False
        self.stays: dict[str, Stay] = {}
        self.entered: dict[str, tuple[int, int]] = {}  # how often a call entered a queue, and when last
        self.agents: dict[str, Agent] = {}
        self.snapshot: Snapshot | None = None
        self.changed_stays: dict[tuple[str, int, int], Stay] = {}
        self.changed_members: dict[tuple[str, str, int], Membership] = {}
        self.new_rows: dict[object, int] = {}  # events by the stay or agent that they changed

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        data = {
            "version": 1,
            "newest_at": self.newest_at,
            "settled_at": self.settled_at,
            "hears_hangups": self.hears_hangups,
            "stays": [asdict(stay) for stay in self.stays.values()],
            "entered": self.entered,
            "agents": {name: agent.to_dict() for name, agent in self.agents.items()},
            "snapshot": asdict(self.snapshot) if self.snapshot else None,
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str, wrap_up_reason_names: tuple[str, ...] = ()) -> Floor:
        """Reads `to_text`; raises ValueError with what was found where the text is not one."""
        floor = cls(wrap_up_reason_names)
        if not text:
            return floor
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            floor.newest_at, floor.settled_at = int(data["newest_at"]), int(data["settled_at"])
            floor.hears_hangups = bool(data["hears_hangups"])
            floor.stays = {stay.key: stay for stay in (Stay(**given) for given in data["stays"])}
            floor.entered = {key: (int(number), int(at)) for key, (number, at) in data["entered"].items()}
            floor.agents = {name: Agent.from_dict(given) for name, given in data["agents"].items()}
            floor.snapshot = Snapshot(**data["snapshot"]) if data["snapshot"] else None
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error
        return floor

    @property
    def is_undecided(self) -> bool:
        """Whether time alone may still decide something."""
        return any(stay.left_at is not None for stay in self.stays.values())

    def settled(self) -> None:
        """Begins a new account of changes; of each agent only the two newest states are still needed."""
        self.changed_stays, self.changed_members, self.new_rows = {}, {}, {}
        for agent in self.agents.values():
            agent.states, agent.changed_from = agent.states[-2:], None

    def settle(self, at: int) -> None:
        """Once a second, decides what time alone decides: where a caller went of whom nothing more was told."""
        if at <= self.settled_at:
            return
        self.settled_at = at
        for key, stay in list(self.stays.items()):
            if stay.left_at is not None and at - stay.left_at > LEFT_SECONDS:
                self._decide(stay, at)
            if stay.ended_at is not None and at - stay.ended_at > KEEP_ENDED_SECONDS:
                del self.stays[key]
        if len(self.entered) > 2 * len(self.stays) + 1000:
            self.entered = {
                key: given for key, given in self.entered.items() if at - given[1] <= FORGET_SECONDS
            }

    def _decide(self, stay: Stay, at: int) -> None:
        left_at = stay.left_at or at
        if stay.ended_at is not None:
            if self.hears_hangups:  # told as given up, but the caller's line is still there: his time was up
                stay.outcome_name, stay.ended_by_name = "timed_out", "system"
        elif at - left_at <= CONNECT_SECONDS and any(
            stay.key in agent.rings for agent in self.agents.values()
        ):
            return
        else:
            stay.wait_seconds = between(left_at - stay.offered_at)
            stay.end(left_at, "overflowed", "system")
            self.let_go(left_at, stay)
        stay.left_at = None
        self.tell(stay)

    def touch(self, *keys: str) -> None:
        """Notes that an event told of them while a snapshot is being told: the event is newer."""
        if self.snapshot:
            self.snapshot.touched.extend(keys)

    def tell(self, stay: Stay, new_rows: int = 0) -> None:
        """Notes that a stay changed, and by how many of the source's events."""
        place = stay.place
        self.changed_stays[place] = stay
        self.new_rows[place] = self.new_rows.get(place, 0) + new_rows
        self.touch(stay.key)

    def agent(self, name: str) -> Agent:
        """The agent of that name, who may be heard of for the first time."""
        return self.agents.setdefault(name, Agent())

    def shift(self, at: int, name: str, new_rows: int = 0) -> None:
        """Notes the state that the agent is in now."""
        self.agent(name).shift(at, self.wrap_up_reason_names)
        self.new_rows[name] = self.new_rows.get(name, 0) + new_rows

    def join(self, at: int, name: str, queue_name: str, *, is_paused: bool | None = None) -> None:
        """The agent serves the queue from then on, unless he does already; null leaves his pause as it is."""
        queues = self.agent(name).queues
        if queue_name not in queues:
            queues[queue_name] = Membership(at)
            self.changed_members[(name, queue_name, at)] = queues[queue_name]
        if is_paused is not None:
            queues[queue_name].is_paused = is_paused

    def leave(self, at: int, name: str, queue_name: str) -> None:
        """The agent serves the queue no longer."""
        membership = self.agent(name).queues.pop(queue_name, None)
        if membership is not None:
            membership.ended_at = max(at, membership.started_at + 1)
            self.changed_members[(name, queue_name, membership.started_at)] = membership

    def enter(self, at: int, call_id: str, queue_name: str, *, customer_key: str | None) -> Stay:
        """A new stay; an open one of the same call in the same queue is cut off by it."""
        key = stay_key(call_id, queue_name)
        before = self.stays.get(key)
        if before is not None and before.ended_at is None:
            self.interrupt(at, before)
        number, entered_at = self.entered.get(key, (0, at))
        number = 1 if at - entered_at > IDLE_SECONDS else number + 1
        self.entered[key] = (number, at)
        self.stays[key] = Stay(call_id, queue_name, number, at, customer_key)
        return self.stays[key]

    def answer(self, at: int, stay: Stay, agent_name: str | None, *, is_guess: bool = False) -> None:
        """The caller talks from then on; to whom may be unknown."""
        stay.ended_at, stay.ended_by_name, stay.left_at, stay.is_guess = None, None, None, is_guess
        stay.answered_at, stay.outcome_name, stay.agent_name = (
            max(at, stay.offered_at), "in_progress", agent_name
        )  # fmt: skip
        stay.events += not is_guess
        self.let_go(at, stay)
        if agent_name is not None:
            self.join(at, agent_name, stay.queue_name)
            agent = self.agent(agent_name)
            agent.contacts.pop(SEPARATOR + stay.queue_name, None)
            agent.contacts[stay.key] = stay.queue_name
            self.shift(at, agent_name)
            self.touch(agent_name)

    def interrupt(self, at: int, stay: Stay) -> None:
        """It is over, and nobody told how."""
        self.let_go(stay.end(at, "interrupted", "system", is_guess=True), stay)
        stay.left_at = None
        self.tell(stay)

    def let_go(self, at: int, stay: Stay) -> None:
        """No agent is on this call any more, and no phone rings for it."""
        for name, agent in self.agents.items():
            was_on, was_rung = agent.contacts.pop(stay.key, None), agent.rings.pop(stay.key, None)
            if was_on is not None or was_rung is not None:
                self.shift(at, name)
