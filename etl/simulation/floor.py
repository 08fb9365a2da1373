"""The simulated floor: an invented contact centre at work, second by second, as its systems log it.

In: a seed, a time zone, the first second, and how far to run. Out: the lines that a real Asterisk would write
to its `queue_log` until then, those of the help desk's export, and the whole floor as plain data. It opens no
file (etl/simulation/floor_log.py does) and knows nothing of who reads the log.
The rule it guards: the lines depend on nothing but the seed, the time zone and the first second; a floor
restored from its snapshot goes on exactly as the one it was taken from.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from heapq import heapify, heappop, heappush
from math import exp
from random import Random
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from etl.simulation import floor_plan as plan
from etl.simulation import floor_tickets as tickets
from etl.simulation import floor_voice as voice
from etl.simulation import floor_ways as ways
from etl.simulation.floor_plan import AGENTS, QUEUES, RING_SECONDS

DAY = 86_400


class Texts(NamedTuple):
    """What each system of the floor has written: the PBX, the help desk, the survey tool, the listeners, the recorder,
    menus and bots, the dialler."""

    log: bytes
    tickets: bytes
    surveys: bytes
    reviews: bytes
    recordings: bytes
    visits: bytes
    attempts: bytes


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


class Floor:
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
        self.ticket_lines: list[str] = []
        self.survey_lines: list[str] = []
        self.review_lines: list[str] = []
        self.recording_lines: list[str] = []
        self.visit_lines: list[str] = []
        self.attempt_lines: list[str] = []
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
    def restored(cls, seed: int, zone: ZoneInfo, found: dict[str, Any]) -> "Floor":
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
        for lines in floor._written():
            lines.clear()
        return floor

    def run(self, limit: int) -> Texts:
        """What the systems write up to, not including, the second `limit`."""
        events = self.events
        while events and events[0][0] < limit:
            self.at, _, kind, *what = heappop(events)
            getattr(self, "_on_" + kind)(*what)
            events = self.events
        texts = Texts(*("".join(lines).encode() for lines in self._written()))
        for lines in self._written():
            lines.clear()
        return texts

    def _written(self) -> tuple[list[str], ...]:
        """The lines of each system since they were last taken, in the order of `Texts`."""
        return (
            self.lines, self.ticket_lines, self.survey_lines, self.review_lines, self.recording_lines,
            self.visit_lines, self.attempt_lines,
        )  # fmt: skip

    def _on_ticket(self, line: str) -> None:
        self.ticket_lines.append(line)

    def _on_survey(self, line: str) -> None:
        self.survey_lines.append(line)

    def _on_review(self, line: str) -> None:
        self.review_lines.append(line)

    def _on_recording(self, line: str) -> None:
        self.recording_lines.append(line)

    def _on_visit(self, line: str) -> None:
        self.visit_lines.append(line)

    def _on_attempt(self, line: str) -> None:
        self.attempt_lines.append(line)

    def _expect_ticket(self, changes: Iterable[tuple[int, str]]) -> None:
        for at, line in changes:
            self._push(max(at, self.at), "ticket", line)

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
        self._expect_ticket(tickets.written_tickets(self.seed, self.zone, self.at, end))
        for second, kind, line in ways.told_of_quarter(self.seed, self.zone, self.at, end):
            self._push(second, kind, line)
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
                if tickets.is_from_call(self.seed, call_id):
                    self._expect_ticket(
                        tickets.ticket_of_call(
                            self.seed, self.zone, call_id=call_id, queue=call.queue, caller=call.caller,
                            agent=call.agent, at=self.at,
                        )
                    )  # fmt: skip
                told = voice.told_of_call(
                    self.seed, call_id=call_id, queue=call.queue, agent=call.agent,
                    wait_seconds=call.answered - call.entered, at=self.at,
                )  # fmt: skip
                for second, kind, line in (*told, *ways.told_of_call(self.seed, call, at=self.at)):
                    self._push(second, kind, line)
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
