"""What the floor's log promises: never torn by a stop, rotated without loss, each line at its second."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl import LoadError
from etl.simulation.floor_log import (
    EXPORTS,
    FloorSummary,
    floor_clock,
    follow_floor,
    tickets_path,
    write_floor,
)

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday


class StopWhenIdle(threading.Event):
    """Stops the floor as soon as it has nothing left to write."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


def follow(path: Path, until: datetime, seed: int = 7, speed: float = 1.0) -> None:
    follow_floor(path, seed=seed, speed=speed, stop=StopWhenIdle(), now=lambda: until)


def start(path: Path, days: int = 1, until: datetime = NOON) -> FloorSummary:
    return write_floor(path, seed=7, days=days, until=until)


def whole_log(path: Path) -> bytes:
    """The log with its rotated files, oldest first."""
    old = sorted(path.parent.glob(path.name + ".*.gz"), key=lambda file: -int(file.suffixes[-2][1:]))
    first = path.with_name(path.name + ".1")
    return b"".join(gzip.decompress(file.read_bytes()) for file in old) + b"".join(
        file.read_bytes() for file in (first, path) if file.exists()
    )


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
from etl.simulation.floor_log import follow_floor
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
    tickets = tickets_path(log).read_bytes()
    assert len(tickets) > 100_000
    assert tickets_path(tmp_path / "other").read_bytes().startswith(tickets)


def test_the_log_is_rotated_each_week_and_no_line_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.simulation.floor_log.KEEP_FILES", 2)
    log, expected = tmp_path / "pbx" / "queue_log", reference(tmp_path, 20)
    start(log)
    follow(log, NOON + timedelta(days=14))  # from a Wednesday on: two Mondays
    written = whole_log(log)
    assert len(written) > 2_500_000
    assert expected.startswith(written), "the two old files and the new one are the whole log"
    follow(log, NOON + timedelta(days=20, seconds=-1))  # three Mondays; two old files are kept
    assert expected.endswith(whole_log(log))
    names = {"queue_log", "queue_log.1", "queue_log.2.gz"}
    names |= {f"queue_log-{export}.jsonl" for export in EXPORTS}
    assert {file.name for file in log.parent.iterdir() if ".floor." not in file.name} == names
    first = datetime.fromtimestamp(int(log.read_bytes().split(b"|")[0]), UTC)
    assert (first.weekday(), first.hour) == (0, 0)


def test_a_large_history_is_rotated_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(tmp_path / "in_one", days=8)
    monkeypatch.setattr("etl.simulation.floor_log.ROTATE_BYTES", 1_000_000)
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
    with pytest.raises(LoadError, match="No simulated floor has been started"):
        follow(log, NOON)
    other.write_text("1795309870|NONE|NONE|NONE|QUEUESTART|\n")
    with pytest.raises(LoadError, match="not a simulated floor's"):
        start(other)
    with pytest.raises(LoadError, match="No time zone 'Europe/Tallin'"):
        write_floor(log, seed=7, days=1, until=NOON, time_zone="Europe/Tallin")
    start(log)
    with pytest.raises(LoadError, match="started with seed 7, not 8"):
        follow(log, NOON, seed=8)
    with pytest.raises(LoadError, match="lives in Europe/Tallinn, not Asia/Kathmandu"):
        write_floor(log, seed=7, days=1, until=NOON, time_zone="Asia/Kathmandu")
    text = log.read_bytes()
    log.write_bytes(text.replace(b"ENTERQUEUE", b"ENTERQUEUX"))
    with pytest.raises(LoadError, match="somebody else changed it"):
        follow(log, NOON)
    log.write_bytes(text[:1000])
    with pytest.raises(LoadError, match="holds 1,000 bytes"):
        follow(log, NOON)
    log.with_name("queue_log.floor.json").write_text("{}")
    with pytest.raises(LoadError, match="does not describe a simulated floor"):
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
        with pytest.raises(LoadError, match="Another simulated floor is writing"):
            follow(log, NOON)
    finally:
        stop.set()
        thread.join(timeout=5)
