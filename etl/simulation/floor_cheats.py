"""Four weeks of the invented contact centre in which some agents cheat, each in one of eight ways, among honest ones
of every kind.

In: a seed, how many agents cheat in each way and how strongly (0 to 1). Out: people, and plain rows of the facts that
they leave: calls, states, shifts, surveys, tickets with their changes, kudos. The queues, shifts, pace and manners
are those of the simulated floor (floor_plan, floor_voice, floor_tickets).
The rule it guards: an honest agent may be fast, slow, new, alone on a hard queue, at night, for four hours a day, or
unlucky for a day; none of that is a trick, and whoever measures guards must have all of it before them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from etl.simulation import floor_plan as plan
from etl.simulation.floor_plan import AGENTS, QUEUES
from etl.simulation.floor_tickets import CALL_TICKET_RATIO
from etl.simulation.floor_tricks import Person, hired
from etl.simulation.floor_voice import ANSWER_RATIO

DAY = 86_400
DAYS: Final = 28
TOPICS: Final = (("simple", 0.3, 0.45), ("usual", 0.3, 0.9), ("long", 0.25, 1.15), ("hard", 0.15, 1.75))
"""Topic of a call: share of a queue's calls, and its talk as a part of the queue's mean."""
SHORT_RATIO: Final = 0.012  # calls that end within seconds: wrong numbers, dead lines
SHORT_BY_AGENT_RATIO: Final = 0.35
REPEAT_RATIO, DUMPED_REPEAT_RATIO = plan.REPEAT_RATIO, 0.4
KUDOS_PER_WEEK: Final = 1.6
THANKED_BACK_RATIO: Final = 0.15

Row = tuple[Any, ...]


@dataclass
class Facts:
    """All rows that the weeks left, by table, and who was who."""

    people: list[Person]
    calls: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)
    shifts: list[Row] = field(default_factory=list)
    surveys: list[Row] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)
    ticket_events: list[Row] = field(default_factory=list)
    kudos: list[Row] = field(default_factory=list)


def cheated_floor(
    seed: int,
    *,
    first_day: date,
    zone: ZoneInfo,
    cheats: Mapping[str, int],
    strength: float = 1.0,
    days: int = DAYS,
    is_quiet: bool = False,
    every: int = 1,
) -> Facts:
    """The facts of those weeks; the same for the same seed. cheats: way -> agents who do it (rings take at least two).

    is_quiet: those who cheat may also be among the few who handle a dozen contacts a week. every: 2 for a floor of
    half the agents.
    """
    facts = Facts(hired(seed, cheats, strength, is_quiet=is_quiet, every=every))
    calls: list[dict[str, Any]] = []
    dates = [first_day + timedelta(days=ahead) for ahead in range(days)]
    rota = [(day, {shift.agent: shift for shift in plan.shifts_of(day, zone, seed)}) for day in dates]
    for person in facts.people:
        work = _Work(person, seed, zone, rota)
        work.run()
        calls += work.calls
        facts.states += work.states
        facts.shifts += work.shifts
        _add_tickets(facts, person, work, seed)
    _add_customers(calls, Random(f"{seed}/customers"))
    _add_calls_and_surveys(facts, calls, seed)
    _add_kudos(facts, seed, first_day, zone, days)
    return facts


def instant(second: float) -> datetime:
    """An epoch second as Postgres takes it."""
    return datetime.fromtimestamp(int(second), UTC)


class _Work:
    """One agent's weeks: shift by shift, contact by contact."""

    def __init__(
        self, person: Person, seed: int, zone: ZoneInfo, rota: Sequence[tuple[date, Mapping[int, plan.Shift]]]
    ) -> None:
        self.person, self.zone, self.rota = person, zone, rota
        self.random = Random(f"{seed}/work/{person.number}")
        self.calls: list[dict[str, Any]] = []
        self.states: list[Row] = []
        self.shifts: list[Row] = []
        self.presence: list[tuple[int, int]] = []
        self.bad_day = self.random.choice(rota)[0]

    def run(self) -> None:
        """All shifts of the weeks."""
        edge = self.person.does("at the edge")
        for day, shifts in self.rota:
            if shift := shifts.get(self.person.number):
                self._work_on(day, shift, edge)

    def _work_on(self, day: date, shift: plan.Shift, edge: float) -> None:
        begin, end = shift.begin, shift.end
        name = f"{day}/{shift.agent}"
        self.shifts.append(("rota", name, self.person.agent_id, instant(begin), instant(end)))
        if self.random.random() < edge:
            self._touch(begin, end)
        elif self.random.random() < 0.01:  # goes home ill after an hour or so
            self._shift(day, begin, begin + self.random.randint(600, 7200), ())
        else:
            self._shift(day, begin, end, shift.breaks)

    def _touch(self, begin: int, end: int) -> None:
        """Signs in for one contact in the first or last minutes."""
        at = begin + 20 if self.random.random() < 0.5 else end - 420
        self._state(at, at + 60, "available")
        left = self._contact(at + 60, begin, is_hurried=True)
        self._state(left, left + 3600, "signed_out")

    def _shift(self, day: date, begin: int, end: int, breaks: tuple[tuple[int, str, int], ...]) -> None:
        self.presence.append((begin, end))
        person, random = self.person, self.random
        due = [(at + random.randint(-120, 240), seconds) for at, _, seconds in sorted(breaks)]
        away_at = self._peak(begin, end)
        leaves = (
            [(away_at, random.randint(1500, 3600))]
            if random.random() < person.does("leaves in peaks")
            else []
        )
        long_pauses = 1 + person.does("pauses long")
        is_bad = person.kind == "unlucky" and day == self.bad_day
        at = begin
        while at < end:
            wait = self._wait(at)
            stop = min(end, due[0][0] if due else end, leaves[0][0] if leaves else end)
            hidden = random.random() < person.does("pauses when next") and wait > 150
            if hidden:
                stop = min(stop, at + 140)
            if at + wait < stop:
                self._state(at, at + wait, "available")
                at = self._ring(at + wait, begin, is_bad=is_bad)
                continue
            stop = max(stop, at)
            self._state(at, stop, "available")
            at = stop
            if hidden and at < end and not (due and at >= due[0][0]):
                seconds = random.randint(90, 300)
                self._state(at, at + seconds, "paused")
                at += seconds
            elif leaves and at >= leaves[0][0]:
                self._state(at, at + leaves[0][1], "signed_out")
                at += leaves.pop(0)[1]
            elif due and at >= due[0][0]:
                seconds = int(due.pop(0)[1] * long_pauses)
                self._state(at, at + seconds, "paused")
                at += seconds
        self._state(at, at + 3600, "signed_out")

    def _peak(self, begin: int, end: int) -> int:
        """A second of the shift in the busy hours, where it has any."""
        local = datetime.fromtimestamp(begin, self.zone)
        opens = int(local.replace(hour=10, minute=0).timestamp())
        closes = int(local.replace(hour=17, minute=30).timestamp())
        first, last = max(begin + 1800, opens), min(end - 5400, closes)
        if last <= first:
            first, last = begin + (end - begin) // 3, begin + (end - begin) // 2
        return self.random.randint(first, last)

    def _wait(self, at: int) -> int:
        hour = datetime.fromtimestamp(at, self.zone).hour
        mean = 110 if 9 <= hour < 18 else 190
        if self.person.kind == "quiet":
            mean = 4200
        return 1 + int(self.random.expovariate(1 / mean))

    def _ring(self, at: int, begin: int, *, is_bad: bool) -> int:
        """A contact rings: taken or not; the second at which the agent is free again."""
        random, person = self.random, self.person
        if random.random() < person.miss_ratio + person.does("lets ring"):
            queue = random.choices(AGENTS[person.number].queues, self._shares())[0]
            self._state(at, at + plan.RING_SECONDS, "ringing", queue)
            return at + plan.RING_SECONDS
        return self._contact(at, begin, is_bad=is_bad)

    def _shares(self) -> list[float]:
        return [
            QUEUES[queue].peak_calls / (place + 1)
            for place, queue in enumerate(AGENTS[self.person.number].queues)
        ]

    def _contact(self, at: int, begin: int, *, is_bad: bool = False, is_hurried: bool = False) -> int:
        random, person = self.random, self.person
        number = random.choices(AGENTS[person.number].queues, self._shares())[0]
        queue = QUEUES[number]
        topic, _, part = random.choices(TOPICS, [share for _, share, _ in TOPICS])[0]
        if topic != "simple" and random.random() < person.does("takes the easy"):
            topic, _, part = TOPICS[0]
        ring = plan.ring_seconds(random)
        self._state(at, at + ring, "ringing", number)
        answered = at + ring
        talk = max(12, int(plan.spread(queue.talk_seconds * person.pace * part, 0.5, random)))
        by = "agent" if random.random() < 0.37 else "caller"
        is_short = random.random() < SHORT_RATIO * person.factors["short"]
        if is_short:
            by = "agent" if random.random() < SHORT_BY_AGENT_RATIO else "caller"
        if random.random() < person.does("hangs up") or (is_bad and random.random() < 0.4):
            is_short, by = True, "agent"
        hold = 0
        if not is_short and random.random() < min(0.6, 0.16 * person.factors["hold"]) + 0.35 * person.does(
            "holds long"
        ):
            hold = int(plan.spread(70 * (2.5 if person.does("holds long") else 1), 0.6, random))
        wrap_up = int(
            plan.spread(
                queue.wrap_up_seconds * person.factors["wrap_up"] * (1 + person.does("wraps up long")),
                0.5,
                random,
            )
        )
        passes = (queue.blind_ratio + queue.attended_ratio) * person.factors["transfer"] + 0.24 * person.does(
            "passes on"
        )
        transfer = None
        if is_short:
            talk, hold = random.randint(2, 9), 0
        elif random.random() < passes:
            transfer = "blind" if random.random() < 0.7 else "attended"
            talk = max(10, int(talk * 0.5))
        if is_hurried:
            talk, hold, wrap_up = min(talk, 120), 0, min(wrap_up, 30)
        ended = answered + talk + hold
        self._state(answered, ended, "on_contact", number)
        self._state(ended, ended + wrap_up, "wrap_up", number)
        self.calls.append({
            "queue": number, "at": at - random.randint(3, 60), "ring": ring, "answered": answered, "talk": talk,
            "hold": hold, "wrap_up": wrap_up, "ended": ended, "by": by, "transfer": transfer, "topic": topic,
            "person": person,
            "is_short": is_short, "begin": begin,
        })  # fmt: skip
        return ended + max(1, wrap_up)

    def _state(self, begin: int, end: int, name: str, queue: int | None = None) -> None:
        if end > begin:
            queue_id = None if queue is None else queue + 1
            self.states.append((instant(begin), instant(end), self.person.agent_id, queue_id, name))


def _add_customers(calls: list[dict[str, Any]], random: Random) -> None:
    """Gives each call its customer in the order of time: a new one, or one whose matter was not settled."""
    calls.sort(key=lambda call: (call["at"], call["person"].agent_id))
    due: list[tuple[int, int]] = []
    known = 0
    for call in calls:
        if due and due[0][0] <= call["at"]:
            customer = heappop(due)[1]
        else:
            known += 1
            customer = known
        call["customer"] = customer
        ratio = (
            DUMPED_REPEAT_RATIO if call["person"].style == "passes on" and call["transfer"] else REPEAT_RATIO
        )
        if call["is_short"]:
            ratio = 0.5
        if random.random() < ratio:
            heappush(due, (call["ended"] + random.randint(900, 4 * DAY), customer))


def _add_calls_and_surveys(facts: Facts, calls: list[dict[str, Any]], seed: int) -> None:
    random = Random(f"{seed}/answers")
    for number, call in enumerate(calls, 1):
        person: Person = call["person"]
        call_id = f"c{number}"
        facts.calls.append((
            instant(call["at"]), instant(call["answered"]), instant(call["ended"]), call["queue"] + 1, person.agent_id,
            call["answered"] - call["at"], call["ring"], call["talk"], call["hold"], call["wrap_up"], call_id, call["by"],
            call["transfer"], f"k{call['customer']}", call["topic"],
        ))  # fmt: skip
        if call["transfer"] or call["is_short"]:
            continue
        is_long = call["talk"] + call["hold"] > 0.8 * QUEUES[call["queue"]].talk_seconds
        ratio = ANSWER_RATIO * person.factors["answer"] * (1.08 if is_long else 0.96)
        ratio *= 1 - person.does("asks few")
        ratio *= 1 - person.does("asks after short") * is_long
        ratio *= 1 - person.does("asks after long") * (not is_long)
        if random.random() < ratio:
            score = random.choices((5, 4, 3, 2, 1), (50, 27, 10, 6, 7))[0]
            answered = call["ended"] + random.randint(30, 7200)
            facts.surveys.append(
                (instant(answered), call["queue"] + 1, person.agent_id, score, f"s{number}", call_id)
            )


def _add_tickets(facts: Facts, person: Person, work: _Work, seed: int) -> None:
    random = Random(f"{seed}/tickets/{person.number}")
    per_shift = (3.0 + CALL_TICKET_RATIO * 15) * min(2.0, person.factors["ticket"])
    for place, (begin, end) in enumerate(work.presence):
        for turn in range(int(per_shift * (end - begin) / (8 * 3600) + random.random())):
            ticket_id = f"t{person.agent_id}-{place}-{turn}"
            customer = f"k{random.randint(1, 40_000)}"
            solved = random.randint(begin, max(begin + 1, end - 60))
            created = solved - random.randint(600, 2 * DAY)
            _add_ticket(facts, person, ticket_id, customer, created, solved, random)
            if random.random() < 0.02 + person.does("splits"):
                again = created + random.randint(60, 3 * 3600)
                _add_ticket(facts, person, f"{ticket_id}b", customer, again, max(again, solved) + 120, random)


def _add_ticket(
    facts: Facts, person: Person, ticket_id: str, customer: str, created: int, solved: int, random: Random
) -> None:
    agent_id, last, reopens = person.agent_id, solved, 0
    changes: list[tuple[int, int | None, str, str | None, str | None]] = [
        (created, None, "created", "requester", "new"),
        (created + 60, agent_id, "agent", "agent", None),
        (solved - 30, agent_id, "reply", "agent", None),
        (solved, agent_id, "status", "agent", "solved"),
    ]
    if random.random() < 0.06:
        last, reopens = solved + random.randint(3600, DAY), 1
        changes += [
            (last - 1800, None, "request", "requester", None),
            (last - 1800, None, "status", "system", "open"),
            (last, agent_id, "status", "agent", "solved"),
        ]
    elif random.random() < 0.002 + person.does("opens again"):
        last, reopens = solved + random.randint(3600, DAY), 1
        changes += [
            (last - 60, agent_id, "status", "agent", "open"),
            (last, agent_id, "status", "agent", "solved"),
        ]
    group = QUEUES[AGENTS[person.number].queues[0]].name
    facts.tickets.append((
        instant(created), instant(solved), instant(last), instant(last), agent_id, reopens, reopens == 0, ticket_id,
        "solved", "email", group, customer,
    ))  # fmt: skip
    facts.ticket_events += [
        (instant(at), number, who, ticket_id, name, actor, text)
        for number, (at, who, name, actor, text) in enumerate(changes, 1)
    ]


def _add_kudos(facts: Facts, seed: int, first_day: date, zone: ZoneInfo, days: int) -> None:
    """Thanks among all, more of them to the well-liked; some are returned; rings thank each other."""
    random = Random(f"{seed}/kudos")
    ids = [person.agent_id for person in facts.people]
    liked = [random.lognormvariate(0.0, 0.5) for _ in ids]
    for person in facts.people:
        for _ in range(round(KUDOS_PER_WEEK * days / 7 * random.uniform(0.3, 1.7))):
            to = random.choices(ids, liked)[0]
            if to == person.agent_id:
                continue
            day = random.randrange(days)
            _give(facts, person.agent_id, to, day, first_day, zone)
            if random.random() < THANKED_BACK_RATIO:
                _give(facts, to, person.agent_id, min(days - 1, day + random.randint(0, 5)), first_day, zone)
        for other in person.ring:
            times = person.does("in a ring")  # a week: rings use what the week allows
            for day in (day for week in range(0, days, 7) for day in random.sample(range(week, week + 7), 2)):
                if random.random() < times / 2:
                    _give(facts, person.agent_id, other, day, first_day, zone)


def _give(facts: Facts, giver: int, to: int, ahead: int, first_day: date, zone: ZoneInfo) -> None:
    day = first_day + timedelta(days=ahead)
    facts.kudos.append((to, giver, datetime(day.year, day.month, day.day, 12, tzinfo=zone), day))
