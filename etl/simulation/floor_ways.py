"""The ways of customers beside the queues: menus, bots and help pages, recordings of calls, and campaigns that call out.

In: the seed, and a quarter of an hour or a call that is over. Out: the lines of the menu's, the recorder's and the dialler's
exports (JSON lines), each with its second.
The rule it guards: a line depends on nothing but the seed and its quarter or call; it disturbs no call, and every name,
number and address is invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Protocol
from zoneinfo import ZoneInfo

from etl.simulation import floor_plan as plan
from etl.simulation.floor_plan import AGENTS, BILLING, SALES, SUPPORT, TECHNICAL
from etl.simulation.floor_tickets import poisson, present
from etl.simulation.floor_voice import instant_text, json_line

RECORDED_RATIO = 0.3  # calls that the recorder keeps
RECORDINGS_HOST = "recordings.example.org"
VISITS_PER_CALL_RATIO = 0.55  # visits to menus, bots and help pages, for each call
NIGHT_VISITORS_PER_HOUR = 2.5  # while the lines are closed, bots and help pages work
HOUR = 3600
MENU, BOT, PAGE = "menu", "bot", "page"
FLOWS: Mapping[str, tuple[tuple[str, str, float, float], ...]] = {
    # channel: (flow, way, share that is settled there, share that gives up)
    MENU: (
        ("Main menu", "Main menu > 2 Bills > 1 What do I owe", 0.62, 0.09),
        ("Main menu", "Main menu > 2 Bills > 2 Due date", 0.71, 0.06),
        ("Main menu", "Main menu > 3 Faults > 1 Known outages", 0.48, 0.12),
        ("Main menu", "Main menu > 1 Orders > 9 Somebody else", 0.04, 0.16),
        ("Main menu", "Main menu > 4 Opening hours", 0.88, 0.03),
    ),
    BOT: (
        ("Chat bot", "Welcome > Invoice > Send it again", 0.66, 0.14),
        ("Chat bot", "Welcome > Parcel > Where is it", 0.74, 0.1),
        ("Chat bot", "Welcome > Router > Restart guide", 0.41, 0.2),
        ("Chat bot", "Welcome > Not understood", 0.02, 0.38),
    ),
    PAGE: (
        ("Help pages", "Search > Change my plan", 0.58, 0.3),
        ("Help pages", "Search > Set up e-mail", 0.69, 0.24),
    ),
}  # fmt: skip
CAMPAIGNS = (
    # name, calls out in an hour of an agent on it, share that is answered, that meets its aim, and price of a sale
    ("Renewals of the autumn", 9, 0.31, 0.24, (120.0, 480.0)),
    ("Welcome calls", 6, 0.44, 0.58, None),
    ("Upgrade to fibre", 11, 0.27, 0.13, (240.0, 900.0)),
)
CALLING_HOURS = range(9, 21)
RESULTS = {True: "agreed", False: "thinks about it"}


class EndedCall(Protocol):
    """What is asked of a call that is over."""

    call_id: str
    answered: int
    agent: int


def told_of_call(seed: int, call: EndedCall, *, at: int) -> Iterator[tuple[int, str, str]]:
    """The recording of a call that ended at a second: (second, "recording", line of the export), if it was recorded."""
    random = Random(f"{seed}/recorded/{call.call_id}")
    if random.random() >= RECORDED_RATIO:
        return
    made = datetime.fromtimestamp(call.answered, UTC)
    name = call.call_id.replace(".", "-")
    told = {
        "recording": f"V{name}",
        "from": instant_text(call.answered),
        "to": instant_text(at),
        "call": call.call_id,
        "agent": AGENTS[call.agent].name,
        "media": "voice",
        "link": f"https://{RECORDINGS_HOST}/{made:%Y/%m/%d}/{name}.ogg",
    }
    yield at + random.randint(4, 25), "recording", json_line(told)


def told_of_quarter(seed: int, zone: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, str, str]]:
    """The visits and attempts of [begin, end): (second at which it is told, "visit" or "attempt", line of the export)."""
    local = datetime.fromtimestamp(begin, zone)
    random = Random(f"{seed}/ways/{begin}")
    yield from _visits(seed, local, begin, end, random)
    if local.hour in CALLING_HOURS:
        yield from _attempts(seed, zone, local, begin, end, random)


def _visits(
    seed: int, local: datetime, begin: int, end: int, random: Random
) -> Iterator[tuple[int, str, str]]:
    calls = sum(plan.expected_calls(queue, local, seed) for queue in (SALES, BILLING, SUPPORT, TECHNICAL))
    expected = max(calls * VISITS_PER_CALL_RATIO, NIGHT_VISITORS_PER_HOUR) * (end - begin) / HOUR
    for number in range(poisson(expected, random)):
        channel = random.choices((MENU, BOT, PAGE), (0.5, 0.3, 0.2) if calls else (0.0, 0.55, 0.45))[0]
        flow, way, settled, left = random.choice(FLOWS[channel])
        roll = random.random()
        outcome = "contained" if roll < settled else "left" if roll < settled + left else "passed_on"
        started = begin + random.randrange(max(1, end - begin))
        seconds = max(8, int(random.lognormvariate(4.1 if channel == MENU else 4.8, 0.5)))
        told = {
            "visit": f"M{begin // 900}-{number}",
            "from": instant_text(started),
            "to": instant_text(started + seconds),
            "channel": channel,
            "flow": flow,
            "way": way,
            "outcome": outcome,
        }
        yield started + seconds, "visit", json_line(told)


def _attempts(
    seed: int, zone: ZoneInfo, local: datetime, begin: int, end: int, random: Random
) -> Iterator[tuple[int, str, str]]:
    sellers = [
        number for first, last, number in present(local.date(), zone, seed) if first <= begin and last >= end
    ]
    for place, (name, per_hour, answered_share, aim_share, price) in enumerate(CAMPAIGNS):
        for number in range(poisson(per_hour * (end - begin) / HOUR, random) if sellers else 0):
            at = begin + random.randrange(max(1, end - begin))
            told: dict[str, object] = {
                "attempt": f"D{begin // 900}-{place}-{number}",
                "at": instant_text(at),
                "campaign": name,
                "customer": plan.caller_number(random),
            }
            if told["customer"] == "anonymous":  # nobody is called without a number
                continue
            rings, outcome = random.randint(4, 28), _outcome(answered_share, random)
            told |= {"outcome": outcome, "end": instant_text(at + rings)}
            if outcome == "connected":
                talk = max(15, int(random.lognormvariate(4.7, 0.6)))
                is_met = random.random() < aim_share
                told |= {
                    "answered": instant_text(at + rings),
                    "end": instant_text(at + rings + talk),
                    "talk": talk,
                    "agent": AGENTS[random.choice(sellers)].name,
                    "met": is_met,
                    "sold": round(random.uniform(*price), 2) if is_met and price else None,
                    "result": RESULTS[is_met],
                }
            yield at + rings + int(str(told.get("talk", 0))), "attempt", json_line(told)


def _outcome(answered_share: float, random: Random) -> str:
    roll = random.random()
    if roll < answered_share:
        return "connected"
    if roll < answered_share + 0.02:
        return "abandoned"
    return random.choices(("no_answer", "busy", "machine", "failed"), (0.6, 0.12, 0.25, 0.03))[0]
