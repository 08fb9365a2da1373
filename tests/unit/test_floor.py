"""What the simulated floor promises: a log like a real PBX's, and the same for a seed."""

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from etl.simulation.floor_log import FloorSummary, follow_floor, write_floor
from etl.simulation.floor_plan import AGENTS, QUEUES
from tests.torture.campaign import has_turn

TALLINN = ZoneInfo("Europe/Tallinn")
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
SEEDS = [seed for seed in (7, 8) if has_turn(seed, (7, 8), short=1)]
ENDS = ("ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY")
HANDLED = ("COMPLETECALLER", "COMPLETEAGENT", "BLINDTRANSFER", "ATTENDEDTRANSFER")

N, ID = r"\d+", r"\d{10}\.\d+"
FIELDS = {  # verb -> whether the call id, the queue and the agent are named, and the fields behind
    "QUEUESTART": ("NONE", "NONE", "NONE", ""),
    "ENTERQUEUE": (ID, "queue", "NONE", rf"\|(\+\d+|anonymous)\|{N}"),
    "CONNECT": (ID, "queue", "agent", rf"{N}\|{ID}\|{N}"),
    "COMPLETECALLER": (ID, "queue", "agent", rf"{N}\|{N}\|{N}"),
    "COMPLETEAGENT": (ID, "queue", "agent", rf"{N}\|{N}\|{N}"),
    "BLINDTRANSFER": (ID, "queue", "agent", rf"\d{{4}}\|[a-z-]+\|{N}\|{N}\|{N}"),
    "ATTENDEDTRANSFER": (ID, "queue", "agent", rf"BRIDGE\|[0-9a-f-]{{36}}\|{N}\|{N}\|{N}"),
    "WRAPUPSTART": (ID, "queue", "agent", N),
    "RINGNOANSWER": (ID, "queue", "agent", r"\d+000"),
    "RINGCANCELED": (ID, "queue", "agent", N),
    "ABANDON": (ID, "queue", "NONE", rf"{N}\|{N}\|{N}"),
    "EXITWITHTIMEOUT": (ID, "queue", "NONE", rf"{N}\|{N}\|{N}"),
    "EXITEMPTY": (ID, "queue", "NONE", rf"{N}\|{N}\|{N}"),
    "EXITWITHKEY": (ID, "queue", "NONE", rf"1\|{N}\|{N}\|{N}"),
    "ADDMEMBER": ("MANAGER", "queue", "agent", ""),
    "REMOVEMEMBER": ("MANAGER", "queue", "agent", ""),
    "PAUSEALL": ("NONE", "NONE", "agent", "(Break|Lunch|Coaching|Meeting|Admin)"),
    "PAUSE": ("NONE", "queue", "agent", "(Break|Lunch|Coaching|Meeting|Admin)"),
    "UNPAUSEALL": ("NONE", "NONE", "agent", ""),
    "UNPAUSE": ("NONE", "queue", "agent", ""),
}


def start(path: Path, seed: int = 7, days: int = 1, until: datetime = NOON) -> FloorSummary:
    return write_floor(path, seed=seed, days=days, until=until)


class StopWhenIdle(threading.Event):
    """Stops the floor as soon as it has nothing left to write."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


@dataclass
class Tally:
    """What a plain reading of a log finds: counts, waits, and seconds of agents by local weekday hour."""

    offered: int = 0
    in_threshold: int = 0
    abandoned: int = 0
    short: int = 0
    verbs: Counter[str] = field(default_factory=Counter)
    hours: Counter[tuple[bool, int]] = field(default_factory=Counter)
    cohorts: dict[int, list[int]] = field(default_factory=dict)
    busy_seconds: float = 0
    available_seconds: float = 0
    lost: list[int] = field(default_factory=list)  # calls open at each QUEUESTART


def is_core(second: int) -> bool:
    local = datetime.fromtimestamp(second, TALLINN)
    return local.weekday() < 5 and 9 <= local.hour < 17


class Reading:
    """Follows one log line by line and refuses every line that a real PBX could not have written."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.stays: dict[str, tuple[str, int]] = {}  # waiting: call -> queue, entered
        self.talks: dict[str, tuple[str, str, int]] = {}  # talking: call -> queue, agent, answered
        self.members: dict[str, set[str]] = {agent.name: set() for agent in AGENTS}
        self.paused: dict[str, str] = {}
        self.talking: dict[str, str] = {}
        self.wrap_until: dict[str, int] = {}
        self.since: dict[str, int] = {}  # when the agent's present state began
        self.last = ("", "", "")

    def line(self, second: int, call: str, queue: str, agent: str, verb: str, rest: list[str]) -> None:
        self.tally.verbs[verb] += 1
        if verb == "WRAPUPSTART":
            assert self.last[0] in HANDLED, "a wrap-up belongs directly behind a handled call"
            assert self.last[1:] == (call, agent)
            self.spend(agent, second)
            self.wrap_until[agent] = second + int(rest[0])
        elif verb == "QUEUESTART":
            self.tally.lost.append(len(self.stays) + len(self.talks))
            for held in (self.stays, self.talks, self.talking, self.paused, self.wrap_until):
                held.clear()
            for queues in self.members.values():
                queues.clear()
        elif verb in ("ENTERQUEUE", *ENDS):
            self.waiting(second, call, queue, verb, rest)
        elif verb in ("ADDMEMBER", "REMOVEMEMBER") or "PAUSE" in verb:
            self.presence(second, queue, agent, verb)
        else:
            self.service(second, call, queue, agent, verb, rest)
        self.last = (verb, call, agent)

    def waiting(self, second: int, call: str, queue: str, verb: str, rest: list[str]) -> None:
        if verb == "ENTERQUEUE":
            assert call not in self.stays
            assert call not in self.talks
            assert int(call.split(".")[0]) <= second
            self.stays[call] = (queue, second)
            assert int(rest[2]) == sum(stay[0] == queue for stay in self.stays.values())
            local = datetime.fromtimestamp(second, TALLINN)
            self.tally.hours[local.weekday() < 5, local.hour] += 1
            self.tally.offered += 1
            self.tally.cohorts.setdefault(second // 1800, [0, 0])[0] += 1
            return
        at, entered = self.stays.pop(call)
        assert at == queue
        has_members = any(queue in queues for queues in self.members.values())
        assert has_members is (verb != "EXITEMPTY"), (
            "callers leave an empty queue at once, and only an empty one"
        )
        assert int(rest[-1]) == second - entered
        if verb == "ABANDON":
            self.tally.abandoned += 1
            self.tally.short += second - entered < 5

    def presence(self, second: int, queue: str, agent: str, verb: str) -> None:
        if verb in ("ADDMEMBER", "PAUSEALL", "UNPAUSEALL", "REMOVEMEMBER"):
            self.spend(agent, second)
        if verb == "ADDMEMBER":
            assert queue not in self.members[agent]
            self.members[agent].add(queue)
        elif verb == "REMOVEMEMBER":
            assert agent not in self.talking
            assert agent not in self.paused
            self.members[agent].remove(queue)
        elif verb.endswith("ALL"):
            assert (verb == "PAUSEALL") is (agent not in self.paused), "pauses alternate"
            self.paused.pop(agent, None) if verb == "UNPAUSEALL" else self.paused.setdefault(agent, verb)
        else:
            assert queue in self.members[agent]
            assert self.last[0] in (verb, verb + "ALL")
            assert self.last[2] == agent

    def service(self, second: int, call: str, queue: str, agent: str, verb: str, rest: list[str]) -> None:
        assert queue in self.members[agent], "an agent takes calls only of queues where they are signed in"
        if verb in HANDLED:
            assert (at := self.talks.pop(call))[:2] == (queue, agent)
            assert int(rest[-2]) == second - at[2]
            self.spend(agent, second)
            del self.talking[agent]
            return
        assert self.stays[call][0] == queue
        assert agent not in self.talking, "nobody is on two calls at once"
        assert agent not in self.paused, "nobody is rung in a pause"
        assert self.wrap_until.get(agent, 0) <= second, "nobody is rung in wrap-up"
        if verb == "CONNECT":
            entered = self.stays.pop(call)[1]
            assert int(rest[0]) == second - entered
            assert int(rest[2]) <= int(rest[0])
            self.spend(agent, second)
            self.talks[call], self.talking[agent] = (queue, agent, second), call
            if second - entered <= 20:
                self.tally.in_threshold += 1
                self.tally.cohorts[entered // 1800][1] += 1

    def spend(self, agent: str, second: int) -> None:
        """Books the time since the agent's last change as busy or available, within the core hours."""
        since = self.since.get(agent, second)
        self.since[agent] = second
        if not self.members[agent] or not is_core(since):
            return
        wrap = max(0, min(second, self.wrap_until.get(agent, 0)) - since)
        if agent in self.talking:
            self.tally.busy_seconds += second - since
        else:
            self.tally.busy_seconds += wrap
            self.tally.available_seconds += 0 if agent in self.paused else second - since - wrap


def read(text: bytes) -> Tally:
    reading, before = Reading(), 0
    for line in text.decode().splitlines():
        second, call, queue, agent, verb, *rest = line.split("|")
        assert int(second) >= before, "times never go backwards"
        before = int(second)
        reading.line(before, call, queue, agent, verb, rest)
    return reading.tally


@dataclass
class Month:
    """Thirty days of one seed: what was written, what was said of it, and how long the processor took."""

    path: Path
    text: bytes
    summary: FloorSummary
    seconds: float


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Month]:
    folder, found = tmp_path_factory.mktemp("floor"), {}
    for seed in SEEDS:
        path, began = folder / f"queue_log_{seed}", time.process_time()
        summary = start(path, seed=seed, days=30)
        found[seed] = Month(path, path.read_bytes(), summary, time.process_time() - began)
    return found


def test_thirty_days_are_written_in_seconds(months: dict[int, Month]) -> None:
    for month in months.values():
        assert month.seconds < 10
        assert month.summary.written_bytes == len(month.text) > 5_000_000
        assert (month.summary.started_at, month.summary.live_at) == (NOON - timedelta(days=30), NOON)


def test_a_restart_after_a_month_takes_less_than_a_second(months: dict[int, Month]) -> None:
    for seed, month in months.items():
        began = time.process_time()
        follow_floor(month.path, seed=seed, speed=1.0, stop=StopWhenIdle(), now=lambda: NOON)
        assert time.process_time() - began < 1


@pytest.mark.by_turns
def test_every_line_has_the_fields_of_its_verb(months: dict[int, Month]) -> None:
    queues = "|".join(re.escape(queue.name) for queue in QUEUES)
    agents = "|".join(re.escape(agent.name) for agent in AGENTS)
    shapes = {}
    for verb, (call, queue, agent, rest) in FIELDS.items():
        queue, agent = queue.replace("queue", f"({queues})"), agent.replace("agent", f"({agents})")
        shapes[verb] = re.compile(rf"\d{{10}}\|{call}\|{queue}\|{agent}\|{verb}\|{rest}")
    for month in months.values():
        assert month.text.endswith(b"\n")
        lines = month.text.decode().split("\n")[:-1]
        wrong = [line for line in lines if not shapes[line.split("|")[4]].fullmatch(line)]
        assert wrong == []
        assert {line.split("|")[4] for line in lines} == set(FIELDS), "every verb occurs"


@pytest.mark.by_turns
@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_obeys_the_laws_of_a_pbx_and_is_like_a_real_one(seed: int, months: dict[int, Month]) -> None:
    tally = read(months[seed].text)
    peak = max(tally.hours[True, hour] for hour in range(24)) / 21.5  # weekdays in thirty days
    assert 95 < peak < 140
    assert 3 < min(tally.hours[True, hour] for hour in range(24)) / 21.5 < 20, (
        "a quiet night, not an empty one"
    )
    assert tally.hours[False, 11] / 8.5 < 0.6 * tally.hours[True, 11] / 21.5, "the weekend is lower"
    assert 0.68 < tally.in_threshold / (tally.offered - tally.short) < 0.90
    assert 0.03 < tally.abandoned / tally.offered < 0.08
    assert 0.2 < tally.short / tally.abandoned < 0.5
    assert 0.70 < tally.busy_seconds / (tally.busy_seconds + tally.available_seconds) < 0.85
    half_hours = [answered / offered for offered, answered in tally.cohorts.values() if offered >= 25]
    assert min(half_hours) < 0.4 < 0.9 < max(half_hours), "bad half-hours stand beside good ones"
    assert tally.verbs["EXITEMPTY"] < tally.offered / 100
    assert tally.lost[0] == 0
    assert [1 <= lost <= 2 for lost in tally.lost[1:]] == [True], "one restart, with one or two calls open"


def test_the_same_seed_writes_the_same_bytes_and_another_one_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        start(tmp_path / name, seed=seed)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "three").read_bytes()


@pytest.mark.by_turns(1)
@pytest.mark.parametrize("night", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2027, 3, 28, tzinfo=UTC)])
def test_shifts_follow_local_time_over_a_night_of_clock_change(night: datetime, tmp_path: Path) -> None:
    start(tmp_path / "queue_log", days=14, until=night + timedelta(days=7))
    text = (tmp_path / "queue_log").read_bytes()
    read(text)
    early = {agent.name for agent in AGENTS if agent.shift == "early"}
    begins = []
    for line in text.decode().splitlines():
        second, _, _, agent, verb, *_ = line.split("|")
        if verb == "ADDMEMBER" and agent in early:
            begins.append(datetime.fromtimestamp(int(second), TALLINN))
    for is_before in (True, False):
        hours = [at.hour + at.minute / 60 for at in begins if (at < night) is is_before and at.hour < 11]
        assert 6.7 < min(hours) < max(hours) < 8.0
        assert len(hours) > 50
