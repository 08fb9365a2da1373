"""The simulated floor: an invented contact centre whose telephone system writes a real Asterisk `queue_log`.

In: a path, a seed, the days of history, and a clock. Out: that file, first its history, then one line at its
second, rotated as a real site does; beside it `<log>.floor.json` (where the simulation stands) and
`<log>.floor.lock`. It knows nothing of who reads the log.
The rule it guards: the log depends on nothing but the seed, the time zone and the first start. A floor that
was stopped, killed or late continues byte for byte as if it had never stopped: it goes back to its last
checkpoint (a simulated midnight, UTC), plays the day again, compares it with the log, and writes on.
"""

import fcntl
import gzip
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import heapify, heappop, heappush
from math import exp
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl import floor_plan as plan
from etl.floor_plan import AGENTS, QUEUES, RING_SECONDS

DAY = 86_400
FIRST_MONDAY = 4 * DAY  # 1970-01-05: weeks are counted from here
ROTATE_BYTES = 50_000_000
KEEP_FILES = 8
STATE_VERSION = 1
LONGEST_NAP_SECONDS = 0.5


class FloorError(Exception):
    """The simulated floor cannot go on; the message says what was found and what to do."""


@dataclass(slots=True)
class _Call:
    call_id: str
    caller: str
    is_callback: bool
    stage: str = "arriving"  # arriving, waiting, ringing, talking
    queue: int = -1
    stay: int = 0  # how often it has entered a queue; an event of an earlier stay is void
    entered: int = 0
    position: int = 0
    agent: int = -1
    refused: int = -1  # the agent who did not pick up just now
    ring: int = 0  # how often it has rung an agent; an event of an earlier ring is void
    ring_at: int = 0
    ring_id: str = ""
    answered: int = 0


@dataclass(slots=True)
class _Seat:
    state: str = "out"  # out, idle, ringing, talking, wrapping, paused
    until: int = 0  # end of the shift; an event of another shift is void
    idle_since: int = 0
    is_paused: bool = False  # PAUSE is written; may be pressed during a call
    is_leaving: bool = False
    due_reason: str = ""
    due_seconds: int = 0


class _Floor:
    """The floor at one second: callers, agents, what will happen next; `lines` gathers what the PBX logs."""

    OF_THE_PBX = frozenset({"enter", "leave", "answer", "miss", "retry", "finish", "ready", "unpause"})

    def __init__(self, seed: int, zone: ZoneInfo, begin: int) -> None:
        self.seed, self.zone, self.at = seed, zone, begin
        self.random = Random(f"{seed}/floor")
        self.order = self.serial = 0
        self.events: list[tuple[Any, ...]] = []
        self.calls: dict[str, _Call] = {}
        self.seats = [_Seat() for _ in AGENTS]
        self.waiting: list[list[str]] = [[] for _ in QUEUES]
        self.members: list[set[int]] = [set() for _ in QUEUES]
        self.lines: list[str] = []
        today = datetime.fromtimestamp(begin, zone).date()
        self.first_day = today.toordinal()
        self._write("NONE", "NONE", "NONE", "QUEUESTART", "")
        for shift in plan.shifts_of(today - timedelta(days=1), zone, seed):
            self._expect(shift)
        self._on_day(today.toordinal())
        self._push(begin, "quarter")

    def snapshot(self) -> dict[str, Any]:
        """All that the floor is, as plain data for JSON."""
        keep = ("at", "order", "serial", "first_day", "events", "waiting")
        return {name: getattr(self, name) for name in keep} | {
            "random": self.random.getstate(),
            "calls": [asdict(call) for call in self.calls.values()],
            "seats": [asdict(seat) for seat in self.seats],
        }

    @classmethod
    def restored(cls, seed: int, zone: ZoneInfo, found: dict[str, Any]) -> "_Floor":
        """The floor that `snapshot` described."""
        floor = cls(seed, zone, found["at"])
        for name in ("at", "order", "serial", "first_day", "waiting"):
            setattr(floor, name, found[name])
        floor.events = [tuple(event) for event in found["events"]]
        version, numbers, spare = found["random"]
        floor.random.setstate((version, tuple(numbers), spare))
        floor.calls = {call["call_id"]: _Call(**call) for call in found["calls"]}
        floor.seats = [_Seat(**seat) for seat in found["seats"]]
        floor.members = [set() for _ in QUEUES]
        for number, seat in enumerate(floor.seats):
            if seat.state != "out":
                for queue in AGENTS[number].queues:
                    floor.members[queue].add(number)
        floor.lines = []
        return floor

    def run(self, limit: int) -> bytes:
        """What the PBX logs up to, not including, the second `limit`."""
        events = self.events
        while events and events[0][0] < limit:
            self.at, _, kind, *what = heappop(events)
            getattr(self, "_on_" + kind)(*what)
            events = self.events
        text = "".join(self.lines)
        self.lines = []
        return text.encode()

    def _push(self, at: int, kind: str, *what: str | int) -> None:
        self.order += 1
        heappush(self.events, (at, self.order, kind, *what))

    def _write(self, call_id: str, queue: str, agent: str, verb: str, rest: str) -> None:
        self.lines.append(f"{self.at}|{call_id}|{queue}|{agent}|{verb}|{rest}\n")

    def _write_call(self, call: _Call, verb: str, rest: str) -> None:
        self._write(call.call_id, QUEUES[call.queue].name, "NONE", verb, rest)

    def _write_agent(self, call: _Call, verb: str, rest: str) -> None:
        self._write(call.call_id, QUEUES[call.queue].name, AGENTS[call.agent].name, verb, rest)

    def _on_day(self, ordinal: int) -> None:
        day = date.fromordinal(ordinal)
        for shift in plan.shifts_of(day, self.zone, self.seed):
            self._expect(shift)
        days = ordinal - self.first_day
        restart_days, restart_time = plan.restart_after(days // 30, self.seed)
        if days == restart_days:
            restart = int(datetime.combine(day, restart_time, self.zone).timestamp())
            self._push(restart, "restart", restart + 7200)
        tomorrow = datetime.combine(date.fromordinal(ordinal + 1), time(), self.zone)
        self._push(int(tomorrow.timestamp()), "day", ordinal + 1)

    def _expect(self, shift: plan.Shift) -> None:
        if shift.end <= self.at:
            return
        soon = self.at + self.random.randint(1, 20)  # for those who are on shift when the floor begins
        self._push(max(shift.begin, soon), "signin", shift.agent, shift.end)
        self._push(shift.end, "signout", shift.agent, shift.end)
        for at, reason, seconds in shift.breaks:
            if at > self.at:
                self._push(at, "break", shift.agent, shift.end, reason, seconds)

    def _on_quarter(self) -> None:
        end = (self.at // 900 + 1) * 900
        local = datetime.fromtimestamp(self.at, self.zone)
        draw = self.random.random
        for queue in range(len(QUEUES)):
            rest = exp(-plan.expected_calls(queue, local, self.seed) * (end - self.at) / 3600)
            chance = draw()
            while chance > rest:  # Knuth's Poisson draw
                at = self.at + int(draw() * (end - self.at))
                self._push(at, "setup", plan.caller_number(self.random), queue, 0)
                chance *= draw()
        self._push(end, "quarter")

    def _on_restart(self, deadline: int) -> None:
        is_open = sum(call.stage != "arriving" for call in self.calls.values())
        if not 1 <= is_open <= 2 and self.at < deadline:
            self._push(self.at + 10, "restart", deadline)
            return
        self._write("NONE", "NONE", "NONE", "QUEUESTART", "")
        self.calls.clear()
        self.serial = 0
        kept = [event for event in self.events if event[2] not in self.OF_THE_PBX]
        heapify(kept)
        self.events = kept
        self.waiting = [[] for _ in QUEUES]
        self.members = [set() for _ in QUEUES]
        for number, seat in enumerate(self.seats):
            if seat.state != "out":
                again = self.at + self.random.randint(8, 50)
                if seat.until > again and not seat.is_leaving:
                    self._push(again, "signin", number, seat.until)
                self.seats[number] = _Seat(until=seat.until)

    def _on_setup(self, caller: str, queue: int, is_callback: int) -> None:
        self.serial += 1
        call = _Call(f"{self.at}.{self.serial}", caller, bool(is_callback))
        self.calls[call.call_id] = call
        self._push(self.at + self.random.randint(1, 16), "enter", call.call_id, queue)

    def _on_enter(self, call_id: str, queue: int) -> None:
        call = self.calls[call_id]
        call.queue, call.stage, call.entered, call.refused = queue, "waiting", self.at, -1
        call.stay += 1
        self.waiting[queue].append(call_id)
        call.position = len(self.waiting[queue])
        self._write_call(call, "ENTERQUEUE", f"|{call.caller}|{call.position}")
        if not self.members[queue]:
            self._leave(call, "EXITEMPTY")
            return
        patience = plan.patience_seconds(self.random)
        ends = [(patience, "ABANDON"), (QUEUES[queue].timeout_seconds, "EXITWITHTIMEOUT")]
        if not call.is_callback and self.random.random() < plan.CALLBACK_RATIO:
            ends.append((self.random.randint(45, 100), "EXITWITHKEY"))
        wait, verb = min(ends)
        self._push(self.at + wait, "leave", call_id, call.stay, verb)
        self._seek(call)

    def _seek(self, call: _Call) -> bool:
        """Rings the agent of the queue who has been idle longest; false if nobody is."""
        idle = [
            (self.seats[number].idle_since, number)
            for number in self.members[call.queue]
            if self.seats[number].state == "idle" and number != call.refused
        ]
        if idle:
            self._ring(call, min(idle)[1])
        return bool(idle)

    def _ring(self, call: _Call, number: int) -> None:
        self.seats[number].state = call.stage = "ringing"
        call.agent, call.ring_at = number, self.at
        call.ring += 1
        self.serial += 1
        call.ring_id = f"{self.at}.{self.serial}"
        if self.random.random() < plan.temperaments(self.seed)[number][1]:
            self._push(self.at + RING_SECONDS, "miss", call.call_id, call.ring)
        else:
            self._push(self.at + plan.ring_seconds(self.random), "answer", call.call_id, call.ring)

    def _on_miss(self, call_id: str, ring: int) -> None:
        call = self.calls.get(call_id)
        if call is None or call.stage != "ringing" or call.ring != ring:
            return
        self._write_agent(call, "RINGNOANSWER", f"{RING_SECONDS * 1000}")
        call.stage, call.refused = "waiting", call.agent
        self._push(self.at + 1, "retry", call_id, call.stay)
        self._free(call.agent, self.at)

    def _on_retry(self, call_id: str, stay: int) -> None:
        call = self.calls.get(call_id)
        if call is None or call.stage != "waiting" or call.stay != stay or self._seek(call):
            return
        if call.refused >= 0:  # nobody else is free: the one who did not pick up is rung once more
            call.refused = -1
            self._push(self.at + 4, "retry", call_id, stay)

    def _on_answer(self, call_id: str, ring: int) -> None:
        call = self.calls.get(call_id)
        if call is None or call.stage != "ringing" or call.ring != ring:
            return
        queue = QUEUES[call.queue]
        self.waiting[call.queue].remove(call_id)
        self.seats[call.agent].state = call.stage = "talking"
        call.answered = self.at
        times = f"{self.at - call.entered}|{call.ring_id}|{self.at - call.ring_at}"
        self._write_agent(call, "CONNECT", times)
        pace = plan.temperaments(self.seed)[call.agent][0]
        talk = max(5, int(plan.spread(queue.talk_seconds * pace, 0.55, self.random)))
        self._push(self.at + talk, "finish", call_id)

    def _on_finish(self, call_id: str) -> None:
        call = self.calls[call_id]
        queue = QUEUES[call.queue]
        times = f"{call.answered - call.entered}|{self.at - call.answered}|{call.position}"
        roll = self.random.random()
        if roll < queue.blind_ratio and call.stay < 3:
            self._pass_on(call, times)
        else:
            if roll < queue.blind_ratio + queue.attended_ratio:
                bridge = UUID(int=self.random.getrandbits(128), version=4)
                self._write_agent(call, "ATTENDEDTRANSFER", f"BRIDGE|{bridge}|{times}")
            else:
                verb = "COMPLETECALLER" if self.random.random() < 0.63 else "COMPLETEAGENT"
                self._write_agent(call, verb, times)
                if self.random.random() < plan.REPEAT_RATIO:
                    self._call_again(call, self.random.randint(1800, 4 * DAY))
            del self.calls[call_id]
        wrap_up = max(3, int(plan.spread(queue.wrap_up_seconds, 0.5, self.random)))
        self._write_agent(call, "WRAPUPSTART", f"{wrap_up}")
        self.seats[call.agent].state = "wrapping"
        self._push(self.at + wrap_up, "ready", call.agent)

    def _pass_on(self, call: _Call, times: str) -> None:
        queue = QUEUES[call.queue]
        if self.random.random() < 0.85:
            target = QUEUES[queue.blind_to].extension + "|queues"
            call.stage = "arriving"
            self._push(self.at + self.random.randint(1, 2), "enter", call.call_id, queue.blind_to)
        else:
            target = f"{self.random.randint(7001, 7040)}|from-internal"  # a colleague outside the queues
            del self.calls[call.call_id]
        self._write_agent(call, "BLINDTRANSFER", f"{target}|{times}")

    def _on_leave(self, call_id: str, stay: int, verb: str) -> None:
        call = self.calls.get(call_id)
        if call is not None and call.stay == stay and call.stage in ("waiting", "ringing"):
            self._leave(call, verb)

    def _leave(self, call: _Call, verb: str) -> None:
        queue, wait = QUEUES[call.queue], self.at - call.entered
        position = self.waiting[call.queue].index(call.call_id) + 1
        self.waiting[call.queue].remove(call.call_id)
        was_ringing, rung = call.stage == "ringing", (self.at - call.ring_at) * 1000
        if was_ringing and verb == "ABANDON":
            rung = max(0, rung + self.random.randint(-14, 4))
            self._write_agent(call, "RINGCANCELED", f"{rung}")
        elif was_ringing and rung and verb == "EXITWITHTIMEOUT":
            self._write_agent(call, "RINGNOANSWER", f"{rung}")
        key = "1|" if verb == "EXITWITHKEY" else ""
        self._write_call(call, verb, f"{key}{position}|{call.position}|{wait}")
        call.stage = "arriving"
        if verb in ("EXITWITHTIMEOUT", "EXITEMPTY") and call.stay < 3 and self.random.random() < 0.85:
            self._push(self.at + self.random.randint(1, 3), "enter", call.call_id, queue.overflow)
        else:
            del self.calls[call.call_id]
            if verb == "EXITWITHKEY":
                self._push(self.at + self.random.randint(300, 2700), "setup", call.caller, call.queue, 1)
            elif verb == "ABANDON" and self.random.random() < plan.REDIAL_RATIO:
                self._call_again(call, self.random.randint(30, 1200))
        if was_ringing:
            self._free(call.agent, self.seats[call.agent].idle_since)

    def _call_again(self, call: _Call, seconds: int) -> None:
        later = datetime.fromtimestamp(self.at + seconds, self.zone)
        if call.caller != "anonymous" and plan.expected_calls(call.queue, later, self.seed) > 0:
            self._push(self.at + seconds, "setup", call.caller, call.queue, 0)

    def _on_signin(self, number: int, until: int) -> None:
        seat = self.seats[number]
        if seat.state != "out":
            return
        self.seats[number] = _Seat(until=until)
        for queue in AGENTS[number].queues:
            self._write("MANAGER", QUEUES[queue].name, AGENTS[number].name, "ADDMEMBER", "")
            self.members[queue].add(number)
        self._free(number, self.at)

    def _on_signout(self, number: int, until: int) -> None:
        seat = self.seats[number]
        if seat.until == until and seat.state in ("idle", "paused"):
            self._sign_out(number)
        elif seat.until == until and seat.state != "out":
            seat.is_leaving = True

    def _sign_out(self, number: int) -> None:
        seat, agent = self.seats[number], AGENTS[number]
        if seat.is_paused:
            self._write_pause(number, "UNPAUSE", "")
        self.seats[number] = _Seat(until=seat.until)
        for queue in agent.queues:
            self._write("MANAGER", QUEUES[queue].name, agent.name, "REMOVEMEMBER", "")
            self.members[queue].discard(number)
        for queue in agent.queues:
            for call_id in [] if self.members[queue] else list(self.waiting[queue]):
                self._leave(self.calls[call_id], "EXITEMPTY")

    def _on_ready(self, number: int) -> None:
        self._free(number, self.at)

    def _free(self, number: int, idle_since: int) -> None:
        """The agent's hands are free: go home, take the break that is due, or wait for the next call."""
        seat = self.seats[number]
        if seat.is_leaving:
            self._sign_out(number)
        elif seat.due_reason:
            self._pause(number)
        else:
            seat.state, seat.idle_since = "idle", idle_since
            self._offer(number)

    def _offer(self, number: int) -> None:
        best: tuple[int, int, int] | None = None
        for queue in AGENTS[number].queues:
            for call_id in self.waiting[queue]:
                call = self.calls[call_id]
                if call.stage == "waiting" and call.refused != number:
                    offer = (-QUEUES[queue].priority, call.entered, queue)
                    if best is None or offer < best:
                        best, chosen = offer, call
                    break
        if best is not None:
            self._ring(chosen, number)

    def _on_break(self, number: int, until: int, reason: str, seconds: int) -> None:
        seat = self.seats[number]
        if seat.until != until or seat.state in ("out", "paused") or seat.due_reason or seat.is_leaving:
            return
        seat.due_reason, seat.due_seconds = reason, seconds
        if seat.state == "idle":
            self._pause(number)
        elif seat.state != "ringing" and self.random.random() < 0.15:  # pressed before the call is over
            seat.is_paused = True
            self._write_pause(number, "PAUSE", reason)

    def _pause(self, number: int) -> None:
        seat = self.seats[number]
        if not seat.is_paused:
            self._write_pause(number, "PAUSE", seat.due_reason)
        self._push(self.at + seat.due_seconds, "unpause", number, seat.until)
        seat.state, seat.is_paused, seat.due_reason = "paused", True, ""

    def _on_unpause(self, number: int, until: int) -> None:
        seat = self.seats[number]
        if seat.until == until and seat.state == "paused":
            self._write_pause(number, "UNPAUSE", "")
            seat.is_paused = False
            self._free(number, self.at)

    def _write_pause(self, number: int, verb: str, reason: str) -> None:
        agent = AGENTS[number]
        self._write("NONE", "NONE", agent.name, verb + "ALL", reason)
        for queue in agent.queues:
            self._write("NONE", QUEUES[queue].name, agent.name, verb, reason)


@dataclass(frozen=True, slots=True)
class FloorClock:
    """The simulated clock: `simulated_at` when the real one was at `real_at`, `speed` times as fast."""

    real_at: datetime
    simulated_at: datetime
    speed: float

    def instant(self, now: datetime) -> datetime:
        """The simulated instant (UTC) at the real instant `now`."""
        return (self.simulated_at + (now - self.real_at) * self.speed).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class FloorSummary:
    """What the history came to: its span, the lines and bytes that this call wrote, and the floor's clock."""

    started_at: datetime
    live_at: datetime
    written_lines: int
    written_bytes: int
    clock: FloorClock


@dataclass(slots=True)
class _State:
    seed: int
    time_zone: str
    begin: int  # first second of the history
    live: int  # first second that is live
    real_at: float
    simulated_at: float
    speed: float | None  # null until it first goes live
    file_begin: int  # no line of the current file is older than this second
    checkpoint: int  # all lines before this second ...
    checkpoint_bytes: int = 0  # ... are the first so many bytes of the current file
    floor: dict[str, Any] | None = None  # null before the first checkpoint
    version: int = STATE_VERSION

    @property
    def clock(self) -> FloorClock:
        real, simulated = (
            datetime.fromtimestamp(self.real_at, UTC),
            datetime.fromtimestamp(self.simulated_at, UTC),
        )
        return FloorClock(real, simulated, self.speed or 1.0)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _load(path: Path) -> _State | None:
    place = _beside(path, ".floor.json")
    try:
        found = json.loads(place.read_bytes())
        if found["version"] != STATE_VERSION:
            raise ValueError(f"version {found['version']}")
        return _State(**found)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise FloorError(
            f"{place} does not describe a simulated floor of version {STATE_VERSION} ({error}). "
            f"Delete it and {path} to start a new floor."
        ) from error


def _save(path: Path, state: _State) -> None:
    place, draft = _beside(path, ".floor.json"), _beside(path, ".floor.json.new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(state), file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Holds the floor's lock, so that two of them never write one log; says what a failing disk means."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _beside(path, ".floor.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FloorError(
                    f"Another simulated floor is writing {path}. Stop it first, or name another file."
                ) from None
            yield
    except OSError as error:
        raise FloorError(
            f"The simulated floor cannot write {path} ({error}). Check the folder's rights and free space, "
            "then start again: it continues where it stopped."
        ) from error


class _Recorder:
    """The floor and its log together: knows which byte of the log comes next, and keeps the checkpoints."""

    def __init__(self, path: Path, state: _State) -> None:
        self.path, self.state, self.descriptor = path, state, -1
        self.written_lines = self.written_bytes = 0
        zone = _zone(state.time_zone)
        if state.floor is None:
            self.floor = _Floor(state.seed, zone, state.begin)
        else:
            self.floor = _Floor.restored(state.seed, zone, state.floor)
        self.reached = state.checkpoint  # everything before this second has been simulated
        self.size = state.checkpoint_bytes
        self._finish_rotation()
        self.tail = self._open()

    def close(self) -> None:
        """Closes the log."""
        os.close(self.descriptor)

    def step(self, limit: int) -> bool:
        """Goes on to the second `limit` or the next simulated midnight (UTC); true at `limit`."""
        goal = min(limit, (self.reached // DAY + 1) * DAY)
        if goal > self.reached:
            self._append(self.floor.run(goal))
            self.reached = goal
            if goal % DAY == 0:
                self._checkpoint()
        return self.reached >= limit

    def next_at(self) -> int:
        """The second at which something happens next on the floor."""
        return int(self.floor.events[0][0])

    def _open(self) -> bytes:
        """Opens the log; returns what it already holds beyond the checkpoint."""
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        held = os.fstat(self.descriptor).st_size
        if held < self.size:
            os.close(self.descriptor)
            raise self._changed(f"holds {held:,} bytes", f"at least {self.size:,}")
        return os.pread(self.descriptor, held - self.size, self.size)

    def _changed(self, found: str, expected: str) -> FloorError:
        return FloorError(
            f"{self.path} {found}, but the simulated floor has written {expected}: somebody else changed it. "
            f"Delete it and {_beside(self.path, '.floor.json')} to start a new floor."
        )

    def _append(self, text: bytes) -> None:
        """Writes what is not in the log yet; what a stopped run has left there must be the same bytes."""
        self.size += len(text)
        if self.tail:
            both = min(len(self.tail), len(text))
            whole = self.tail.rfind(b"\n") + 1
            if text[:both] == self.tail[:both]:
                text, self.tail = text[both:], self.tail[both:]
            elif (
                text[:whole] == self.tail[:whole]
            ):  # only the half line at the end is torn: cut it off, write it anew
                os.ftruncate(self.descriptor, os.fstat(self.descriptor).st_size - len(self.tail) + whole)
                text, self.tail = text[whole:], b""
            else:
                raise self._changed(f"differs near byte {self.size - len(text):,}", "other lines there")
        self.written_lines += text.count(b"\n")
        self.written_bytes += len(text)
        while text:
            text = text[os.write(self.descriptor, text) :]

    def _checkpoint(self) -> None:
        """Notes where the floor stands; a new week, or a log that has grown too large, begins a new file."""
        os.fsync(self.descriptor)
        state, now = self.state, self.reached
        is_new_week = now > state.live and (now - FIRST_MONDAY) % (7 * DAY) == 0
        state.floor, state.checkpoint, state.checkpoint_bytes = self.floor.snapshot(), now, self.size
        is_turn = is_new_week or self.size >= ROTATE_BYTES
        if is_turn:
            if self.tail:
                raise self._changed("goes on past the end of its week", "no more than that week into it")
            state.file_begin, state.checkpoint_bytes = now, 0
            self.size = 0
        _save(self.path, state)
        if is_turn:
            self.close()
            self._finish_rotation()
            self.tail = self._open()

    def _finish_rotation(self) -> None:
        """Renames a log that is older than the file to be written; a kill may have come before the rename."""
        try:
            with self.path.open("rb") as file:
                first = file.readline().split(b"|")[0]
        except FileNotFoundError:
            return
        if first and int(first) < self.state.file_begin:
            _make_room(self.path, 1)
            self.path.replace(_beside(self.path, ".1"))


def _numbered(path: Path, number: int) -> Path:
    return _beside(path, ".1" if number == 1 else f".{number}.gz")


def _make_room(path: Path, number: int) -> None:
    """Frees the place of the n-th old log: moves the older ones on, the second and later ones compressed."""
    here, there = _numbered(path, number), _numbered(path, number + 1)
    if not here.exists():
        return
    if number == KEEP_FILES:
        here.unlink()
        return
    if number > 1:
        _make_room(path, number + 1)
        here.replace(there)
        return
    if there.exists() and gzip.decompress(there.read_bytes()) == here.read_bytes():
        here.unlink()  # a kill came between compressing and deleting
        return
    _make_room(path, number + 1)
    draft = _beside(path, ".floor.gz")
    with (
        here.open("rb") as source,
        draft.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)
    draft.replace(there)
    here.unlink()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise FloorError(f"No time zone {name!r}: expected an IANA name such as 'Europe/Tallinn'.") from error


def _started(path: Path, seed: int) -> _State:
    state = _load(path)
    if state is None:
        raise FloorError(
            f"No simulated floor has been started at {path}. Write its history first (write_floor)."
        )
    if state.seed != seed:
        raise FloorError(
            f"The simulated floor at {path} was started with seed {state.seed}, not {seed}. "
            f"Use seed {state.seed}, or delete it and {_beside(path, '.floor.json')} to start a new floor."
        )
    return state


def write_floor(
    path: Path,
    *,
    seed: int,
    days: int,
    until: datetime,
    time_zone: str = "Europe/Tallinn",
    on_progress: Callable[[int, int], None] | None = None,
) -> FloorSummary:
    """Writes the history [until - days, until) of a new floor; one summary for the whole.

    `until` is the first live second, for good: calling it again for the same file (also after a kill in the
    middle) completes that first history and changes nothing else. `on_progress(days done, days in all)` is
    called at each simulated midnight. FloorError if `path` holds another log, seed or zone, or is in use.
    """
    if until.tzinfo is None or days < 1:
        raise FloorError(
            f"Expected an instant with a time zone and at least 1 day; found {until} and {days}."
        )
    _zone(time_zone)
    with _alone(path):
        state = _begun(path, seed, time_zone, int(until.timestamp()), days)
        recorder = _Recorder(path, state)
        try:
            while not recorder.step(state.live):
                if on_progress:
                    done = (recorder.reached - state.begin) // DAY
                    on_progress(done, (state.live - state.begin) // DAY)
        finally:
            recorder.close()
    started_at, live_at = (datetime.fromtimestamp(second, UTC) for second in (state.begin, state.live))
    return FloorSummary(started_at, live_at, recorder.written_lines, recorder.written_bytes, state.clock)


def _begun(path: Path, seed: int, time_zone: str, live: int, days: int) -> _State:
    """The state of the floor at `path`; a new one if there is none yet."""
    if _load(path) is None:
        if path.exists() and path.stat().st_size > 0:
            raise FloorError(f"{path} is not empty and not a simulated floor's. Name another file for it.")
        begin = live - days * DAY
        _save(path, _State(seed, time_zone, begin, live, live, live, None, begin, begin))
    state = _started(path, seed)
    if state.time_zone != time_zone:
        raise FloorError(
            f"The floor at {path} lives in {state.time_zone}, not {time_zone}. Use its time zone."
        )
    return state


def floor_clock(path: Path) -> FloorClock | None:
    """The simulated clock of the floor at `path`, for whoever shows it; null if there is no such floor."""
    state = _load(path)
    return None if state is None else state.clock


def follow_floor(
    path: Path,
    *,
    seed: int,
    speed: float = 1.0,
    stop: threading.Event,
    now: Callable[[], datetime],
) -> None:
    """Goes on live from where the log ends, each line at its second, until `stop` is set.

    A gap since the last run is filled at once. The simulated clock starts at the end of the history and runs
    `speed` times as fast as `now`; with another speed than last time it goes on from where it stands.
    FloorError if no floor was started at `path`, or with another seed, or if the log was changed by others.
    """
    if speed <= 0:
        raise FloorError(f"Expected a speed above 0; found {speed}.")
    with _alone(path):
        state = _started(path, seed)
        if state.speed != speed:
            if state.speed is not None:
                moment = now()
                state.simulated_at = state.clock.instant(moment).timestamp()
                state.real_at = moment.timestamp()
            state.speed = speed
            _save(path, state)
        clock, recorder = state.clock, _Recorder(path, state)
        try:
            while not stop.is_set():
                instant = clock.instant(now()).timestamp()
                if recorder.step(int(instant) + 1):
                    wait = (recorder.next_at() - instant) / speed
                    stop.wait(min(max(wait, 0.02), LONGEST_NAP_SECONDS))
        finally:
            recorder.close()
