"""What the simulated floor promises: a log like a real PBX's, the same for a seed, never torn by a stop."""

import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from etl.floor import FloorError, FloorSummary, floor_clock, follow_floor, write_floor
from etl.floor_plan import AGENTS, QUEUES

TALLINN = ZoneInfo("Europe/Tallinn")
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
SEEDS = (7, 8, 9)
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


class StopWhenIdle(threading.Event):
    """Stops the floor as soon as it has nothing left to write."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


def follow(path: Path, until: datetime, seed: int = 7, speed: float = 1.0) -> None:
    follow_floor(path, seed=seed, speed=speed, stop=StopWhenIdle(), now=lambda: until)


def start(path: Path, seed: int = 7, days: int = 1, until: datetime = NOON) -> FloorSummary:
    return write_floor(path, seed=seed, days=days, until=until)


def whole_log(path: Path) -> bytes:
    """The log with its rotated files, oldest first."""
    old = sorted(path.parent.glob(path.name + ".*.gz"), key=lambda file: -int(file.suffixes[-2][1:]))
    first = path.with_name(path.name + ".1")
    return b"".join(gzip.decompress(file.read_bytes()) for file in old) + b"".join(
        file.read_bytes() for file in (first, path) if file.exists()
    )


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


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    folder, logs = tmp_path_factory.mktemp("floor"), {}
    for seed in SEEDS:
        start(folder / f"queue_log_{seed}", seed=seed, days=30)
        logs[seed] = (folder / f"queue_log_{seed}").read_bytes()
    return logs


def test_thirty_days_are_written_in_seconds(tmp_path: Path) -> None:
    began = time.process_time()
    summary = start(tmp_path / "queue_log", days=30)
    assert time.process_time() - began < 10
    assert summary.written_bytes == (tmp_path / "queue_log").stat().st_size > 5_000_000
    assert (summary.started_at, summary.live_at) == (NOON - timedelta(days=30), NOON)


def test_every_line_has_the_fields_of_its_verb(months: dict[int, bytes]) -> None:
    queues = "|".join(re.escape(queue.name) for queue in QUEUES)
    agents = "|".join(re.escape(agent.name) for agent in AGENTS)
    shapes = {}
    for verb, (call, queue, agent, rest) in FIELDS.items():
        queue, agent = queue.replace("queue", f"({queues})"), agent.replace("agent", f"({agents})")
        shapes[verb] = re.compile(rf"\d{{10}}\|{call}\|{queue}\|{agent}\|{verb}\|{rest}")
    for text in months.values():
        assert text.endswith(b"\n")
        lines = text.decode().split("\n")[:-1]
        wrong = [line for line in lines if not shapes[line.split("|")[4]].fullmatch(line)]
        assert wrong == []
        assert {line.split("|")[4] for line in lines} == set(FIELDS), "every verb occurs"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_obeys_the_laws_of_a_pbx_and_is_like_a_real_one(seed: int, months: dict[int, bytes]) -> None:
    tally = read(months[seed])
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


def reference(folder: Path, days: int) -> bytes:
    """What a floor that began one day before NOON and never stopped has written `days` days after NOON."""
    start(folder / "reference", days=1 + days, until=NOON + timedelta(days=days))
    return whole_log(folder / "reference")


def test_a_floor_stopped_anywhere_and_torn_anywhere_continues_as_if_never_stopped(tmp_path: Path) -> None:
    log, expected, chance = tmp_path / "queue_log", reference(tmp_path, 4), random.Random(1)
    start(log)
    at, end = NOON, NOON + timedelta(days=4, seconds=-1)  # the second that has begun is written too
    while at < end:
        at = min(at + timedelta(seconds=chance.choice((1, 400, 9000, 90_000))), end)
        follow(log, at)
        written = log.read_bytes()
        assert expected.startswith(written)
        safe = json.loads(log.with_name("queue_log.floor.json").read_text())["checkpoint_bytes"]
        os.truncate(log, max(safe, len(written) - chance.randint(0, 300)))  # as a kill in a write leaves it
    follow(log, end)
    assert log.read_bytes() == expected


@pytest.mark.parametrize("rubbish", [b"1795", b"17953\x00\x00\x00", "1|Русск".encode()[:-1]])
def test_a_half_written_last_line_is_made_whole(rubbish: bytes, tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    start(log)
    expected = log.read_bytes()
    os.truncate(log, expected[:-200].rfind(b"\n") + 1)
    with log.open("ab") as file:
        file.write(rubbish)
    start(log)
    assert log.read_bytes() == expected


CHILD = """
import sys, threading
from datetime import UTC, datetime
from pathlib import Path
from etl.floor import follow_floor
follow_floor(Path(sys.argv[1]), seed=7, speed=60_000, stop=threading.Event(), now=lambda: datetime.now(UTC))
"""


def test_a_floor_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    log, chance = tmp_path / "queue_log", random.Random(2)
    live = datetime.now(UTC)
    start(log, until=live)
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(log)])
        time.sleep(0.35 + chance.random() * 0.5)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL, "it ran until it was killed"
    follow(log, datetime.now(UTC), speed=60_000)
    written = whole_log(log)
    last = datetime.fromtimestamp(int(written.splitlines()[-1].split(b"|")[0]), UTC)
    days = (last - live).days + 2
    write_floor(tmp_path / "other", seed=7, days=1 + days, until=live + timedelta(days=days))
    assert last > live + timedelta(days=2)
    assert whole_log(tmp_path / "other").startswith(written)


def test_the_log_is_rotated_each_week_and_no_line_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.floor.KEEP_FILES", 3)
    log, expected = tmp_path / "pbx" / "queue_log", reference(tmp_path, 31)
    start(log)
    follow(log, NOON + timedelta(days=14))  # from a Wednesday on: two Mondays
    written = whole_log(log)
    assert len(written) > 4_000_000
    assert expected.startswith(written), "the two old files and the new one are the whole log"
    follow(log, NOON + timedelta(days=31, seconds=-1))  # four Mondays; three old files are kept
    assert expected.endswith(whole_log(log))
    names = {"queue_log", "queue_log.1", "queue_log.2.gz", "queue_log.3.gz"}
    assert {file.name for file in log.parent.iterdir() if ".floor." not in file.name} == names
    first = datetime.fromtimestamp(int(log.read_bytes().split(b"|")[0]), UTC)
    assert (first.weekday(), first.hour) == (0, 0)


def test_a_large_history_is_rotated_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(tmp_path / "in_one", days=8)
    monkeypatch.setattr("etl.floor.ROTATE_BYTES", 1_000_000)
    start(tmp_path / "in_parts", days=8)
    assert (tmp_path / "in_parts.2.gz").exists()
    assert whole_log(tmp_path / "in_parts") == whole_log(tmp_path / "in_one")


def test_a_kill_in_the_middle_of_a_rotation_is_mended(tmp_path: Path) -> None:
    log, monday = tmp_path / "queue_log", NOON + timedelta(days=11, hours=12)
    start(log)
    follow(log, monday)  # the second Monday
    whole = whole_log(log)
    old, older = log.with_name("queue_log.1"), log.with_name("queue_log.2.gz")
    # killed before the rename, when the older file had been compressed but was still there
    log.write_bytes(old.read_bytes())
    old.write_bytes(gzip.decompress(older.read_bytes()))
    follow(log, monday)
    assert whole_log(log) == whole


def test_a_restart_after_a_month_takes_less_than_a_second(tmp_path: Path) -> None:
    start(tmp_path / "queue_log", days=30)
    began = time.process_time()
    follow(tmp_path / "queue_log", NOON)
    assert time.process_time() - began < 1


def test_a_line_appears_at_its_second_and_never_before(tmp_path: Path) -> None:
    log, speed, stop = tmp_path / "queue_log", 12.0, threading.Event()
    size = start(log).written_bytes
    began, lags = time.monotonic(), []

    def now() -> datetime:
        return NOON + timedelta(seconds=time.monotonic() - began)

    options = {"seed": 7, "speed": speed, "stop": stop, "now": now}
    thread = threading.Thread(target=follow_floor, args=(log,), kwargs=options)
    thread.start()
    while now() < NOON + timedelta(seconds=6):
        time.sleep(0.01)
        with log.open("rb") as file:
            file.seek(size)
            fresh = file.read()
        clock = floor_clock(log)
        assert clock is not None
        seen_at = clock.instant(now()).timestamp()
        lags += [(seen_at - int(line.split(b"|")[0])) / speed for line in fresh.splitlines()]
        size += len(fresh)
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert len(lags) >= 4
    assert 0 <= min(lags) <= max(lags) < 1


def test_the_simulated_clock_runs_at_its_speed_and_goes_on_when_the_speed_changes(tmp_path: Path) -> None:
    log, minute = tmp_path / "queue_log", timedelta(minutes=1)
    assert floor_clock(log) is None
    assert start(log).clock.instant(NOON + minute) == NOON + minute
    follow(log, NOON + minute, speed=10)
    fast = floor_clock(log)
    assert fast is not None
    assert fast.instant(NOON + 2 * minute) == NOON + 20 * minute
    follow(log, NOON + 2 * minute, speed=1)
    slow = floor_clock(log)
    assert slow is not None
    assert slow.instant(NOON + 5 * minute) == NOON + (20 + 3) * minute


def test_what_cannot_be_continued_is_said_and_left_alone(tmp_path: Path) -> None:
    log, other = tmp_path / "queue_log", tmp_path / "other"
    with pytest.raises(FloorError, match="No simulated floor has been started"):
        follow(log, NOON)
    other.write_text("1795309870|NONE|NONE|NONE|QUEUESTART|\n")
    with pytest.raises(FloorError, match="not a simulated floor's"):
        start(other)
    with pytest.raises(FloorError, match="No time zone 'Europe/Tallin'"):
        write_floor(log, seed=7, days=1, until=NOON, time_zone="Europe/Tallin")
    start(log)
    with pytest.raises(FloorError, match="started with seed 7, not 8"):
        follow(log, NOON, seed=8)
    with pytest.raises(FloorError, match="lives in Europe/Tallinn, not Asia/Kathmandu"):
        write_floor(log, seed=7, days=1, until=NOON, time_zone="Asia/Kathmandu")
    text = log.read_bytes()
    log.write_bytes(text.replace(b"ENTERQUEUE", b"ENTERQUEUX"))
    with pytest.raises(FloorError, match="somebody else changed it"):
        follow(log, NOON)
    log.write_bytes(text[:1000])
    with pytest.raises(FloorError, match="holds 1,000 bytes"):
        follow(log, NOON)
    log.with_name("queue_log.floor.json").write_text("{}")
    with pytest.raises(FloorError, match="does not describe a simulated floor"):
        follow(log, NOON)


def test_two_floors_never_write_one_log(tmp_path: Path) -> None:
    log, stop = tmp_path / "queue_log", threading.Event()
    start(log)
    thread = threading.Thread(
        target=follow_floor, args=(log,), kwargs={"seed": 7, "stop": stop, "now": lambda: NOON}
    )
    thread.start()
    time.sleep(0.3)
    try:
        with pytest.raises(FloorError, match="Another simulated floor is writing"):
            follow(log, NOON)
    finally:
        stop.set()
        thread.join(timeout=5)
