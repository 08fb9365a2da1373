"""The help desk of the simulated floor: what becomes of each ticket, from the question to the closing.

In: a seed, the time zone, and a ticket's beginning: a customer who writes, or a call that an agent could not settle.
Out: the ticket's changes, each with its second, as one line of the help desk's export (JSON lines) each.
The rule it guards: a ticket's life depends on nothing but the seed and its beginning; it disturbs no call.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from etl.simulation import floor_plan as plan
from etl.simulation.floor_plan import AGENTS, BILLING, RETENTION, SALES, SUPPORT, TECHNICAL

GROUPS = {
    SALES: ("Sales", ("Offer", "Order", "Delivery")),
    BILLING: ("Billing", ("Invoice", "Refund", "Payment plan")),
    SUPPORT: ("Support", ("Account", "How to", "Complaint")),
    TECHNICAL: ("Technical support", ("Fault", "Installation", "Slow line")),
}
GROUP_OF_QUEUE = {RETENTION: BILLING}  # every other queue without a group of its own: Support
PRIORITIES = (("urgent", 0.05, 0.3), ("high", 0.2, 0.6), ("normal", 0.6, 1.0), ("low", 0.15, 2.0))
CALL_TICKET_RATIO = 0.07  # calls after which the agent writes a ticket
WRITTEN_PER_CALL_RATIO = 0.13  # tickets that customers write, for each call that they make
NIGHT_WRITERS_PER_HOUR = 0.6  # while the lines are closed, some write
SHORTEST_PRESENCE_SECONDS = 300
HOUR, DAY = 3600, 86_400


def is_from_call(seed: int, call_id: str) -> bool:
    """Whether the agent writes a ticket at the end of that call."""
    return Random(f"{seed}/ticket/{call_id}").random() < CALL_TICKET_RATIO


def login(agent: int) -> str:
    """What the help desk calls an agent: not the name that the telephone system writes."""
    return f"agent-{agent + 1:02d}"


def written_tickets(seed: int, zone: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, str]]:
    """The changes of all tickets that customers write in [begin, end): second, and line of the export."""
    local = datetime.fromtimestamp(begin, zone)
    random = Random(f"{seed}/written/{begin}")
    for queue in GROUPS:
        calls = plan.expected_calls(queue, local, seed) * WRITTEN_PER_CALL_RATIO
        expected = max(calls, NIGHT_WRITERS_PER_HOUR / len(GROUPS)) * (end - begin) / HOUR
        for number in range(poisson(expected, random)):
            ticket_id = f"{begin // 900}-{queue}{number}"
            writer = Random(f"{seed}/ticket/{ticket_id}")
            customer = plan.caller_number(writer)
            if customer == "anonymous":
                customer = f"customer{writer.randint(1, 9999)}@example.org"
            opened_at = begin + writer.randrange(max(1, end - begin))
            channel = writer.choices(("email", "web", "chat"), (5, 4, 2))[0]
            yield from _Life(seed, zone, writer, ticket_id, queue).written(opened_at, channel, customer)


def ticket_of_call(
    seed: int, zone: ZoneInfo, *, call_id: str, queue: int, caller: str, agent: int, at: int
) -> Iterator[tuple[int, str]]:
    """The changes of the ticket that an agent writes at the end of a call."""
    group = GROUP_OF_QUEUE.get(queue, queue if queue in GROUPS else SUPPORT)
    writer = Random(f"{seed}/ticket/{call_id}/life")
    yield from _Life(seed, zone, writer, f"C{call_id.replace('.', '-')}", group).from_call(
        at, agent, caller, call_id
    )


def poisson(expected: float, random: Random) -> int:
    """A number of things that come by themselves, so many on average."""
    number, passed = 0, random.expovariate(1.0)
    while passed < expected:
        number, passed = number + 1, passed + random.expovariate(1.0)
    return number


@lru_cache(maxsize=64)
def present(day: date, zone: ZoneInfo, seed: int) -> tuple[tuple[int, int, int], ...]:
    """The agents of a local day: begin and end of the shift, and which agent."""
    return tuple((shift.begin, shift.end, shift.agent) for shift in plan.shifts_of(day, zone, seed))


@dataclass
class _Life:
    """One ticket on its way: who has it, and what happens to it next."""

    seed: int
    zone: ZoneInfo
    random: Random
    ticket_id: str
    group: int
    agent: int = -1
    number: int = 0

    def written(self, at: int, channel: str, customer: str) -> Iterator[tuple[int, str]]:
        """A customer writes; somebody of the group takes it up, and so on to the end."""
        priority, pace = self._priority()
        yield self._line(
            at, "created", "new", by="requester", channel=channel, customer=customer, topic=self._topic()
        )
        yield self._line(at, "priority", priority, by="system")
        yield self._line(at, "group", GROUPS[self.group][0], by="system")
        taken = self._take_up(at + int(self.random.lognormvariate(7.2, 0.9) * pace))
        yield from self._assign(taken)
        yield from self._worked_on(taken, pace)

    def from_call(self, at: int, agent: int, customer: str, call_id: str) -> Iterator[tuple[int, str]]:
        """An agent writes down what the call left open, and goes on with it."""
        priority, pace = self._priority()
        self.agent = agent
        known = {} if customer == "anonymous" else {"customer": customer}
        yield self._line(
            at,
            "created",
            "new",
            by="agent",
            who=agent,
            channel="call",
            call=call_id,
            topic=self._topic(),
            **known,
        )
        yield self._line(at, "priority", priority, by="agent", who=agent)
        yield self._line(at, "group", GROUPS[self.group][0], by="system")
        yield self._line(at, "agent", None, by="agent", who=agent)
        yield self._line(at, "status", "open", by="agent", who=agent)
        yield self._line(at, "note", None, by="agent", who=agent)
        yield from self._worked_on(at + self.random.randint(60, 600), pace)

    def _worked_on(self, at: int, pace: float) -> Iterator[tuple[int, str]]:
        rounds = self.random.choices((0, 1, 2, 3), (0.52, 0.28, 0.14, 0.06))[0]
        if self.random.random() < 0.07:
            at, lines = self._hand_over(at)
            yield from lines
        for _ in range(rounds):
            at = self._take_up(at + int(self.random.lognormvariate(6.6, 0.8) * pace))
            yield self._line(at, "reply", None, by="agent", who=self.agent)
            state = "on_hold" if self.random.random() < 0.15 else "pending"
            yield self._line(at, "status", state, by="agent", who=self.agent)
            at += int(self.random.lognormvariate(9.4 if state == "pending" else 10.6, 0.9))
            yield self._line(
                at,
                "request" if state == "pending" else "note",
                None,
                by="requester" if state == "pending" else "agent",
            )
            yield self._line(at, "status", "open", by="system")
        at = self._take_up(at + int(self.random.lognormvariate(6.8, 0.8) * pace))
        yield self._line(at, "reply", None, by="agent", who=self.agent)
        yield self._line(at, "status", "solved", by="agent", who=self.agent)
        yield from self._afterwards(at)

    def _afterwards(self, at: int) -> Iterator[tuple[int, str]]:
        random = self.random
        if random.random() < 0.24:
            score = random.choices((5, 4, 3, 2, 1), (50, 27, 10, 6, 7))[0]
            yield self._line(at + random.randint(HOUR // 4, 2 * DAY), "csat", str(score), by="requester")
        if random.random() < 0.07:
            again = at + random.randint(HOUR, 9 * DAY)
            yield self._line(again, "request", None, by="requester")
            yield self._line(again, "status", "open", by="system")
            at = self._take_up(again + int(random.lognormvariate(7.4, 0.8)))
            yield self._line(at, "reply", None, by="agent", who=self.agent)
            yield self._line(at, "status", "solved", by="agent", who=self.agent)
        yield self._line(at + 4 * DAY, "status", "closed", by="system")

    def _hand_over(self, at: int) -> tuple[int, list[tuple[int, str]]]:
        """Another group takes the ticket."""
        others = [group for group in GROUPS if group != self.group]
        self.group, self.agent = self.random.choice(others), -1
        moved = self._line(at, "group", GROUPS[self.group][0], by="agent")
        taken = self._take_up(at + self.random.randint(HOUR // 4, 4 * HOUR))
        return taken, [moved, *self._assign(taken)]

    def _assign(self, at: int) -> Iterator[tuple[int, str]]:
        yield self._line(at, "agent", None, by="agent", who=self.agent)
        yield self._line(at, "status", "open", by="agent", who=self.agent)

    def _take_up(self, at: int) -> int:
        """When the ticket's agent, or the first of its group, is there from that second on."""
        today = datetime.fromtimestamp(at, self.zone).date()
        for ahead in range(-1, 15):
            there = [
                (max(begin + self.random.randint(60, 1800), at), agent)
                for begin, end, agent in present(today + timedelta(days=ahead), self.zone, self.seed)
                if end - SHORTEST_PRESENCE_SECONDS > max(begin + 1800, at)
                and (agent == self.agent or (self.agent < 0 and self.group in AGENTS[agent].queues))
            ]
            if there:
                start = min(there)[0]
                at, self.agent = self.random.choice([one for one in there if one[0] - start < 1800])
                return at
        return at

    def _priority(self) -> tuple[str, float]:
        names = [(name, pace) for name, _, pace in PRIORITIES]
        return self.random.choices(names, [share for _, share, _ in PRIORITIES])[0]

    def _topic(self) -> str:
        return self.random.choice(GROUPS[self.group][1])

    def _line(
        self, at: int, change: str, to: str | None, *, by: str, who: int = -1, **more: str
    ) -> tuple[int, str]:
        """One line of the export; `number` orders the changes of one second."""
        self.number += 1
        record = {
            "ticket": self.ticket_id,
            "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "number": self.number,
            "change": change,
            "to": to,
            "by": by,
            "who": login(who) if who >= 0 else None,
            **{name: more.get(name) for name in ("channel", "customer", "call", "topic")},
        }
        return at, json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
