"""Jobs keep their pace when the machine's clock is set, and no leap of it is counted out start by start."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import apscheduler.executors.base
import apscheduler.schedulers.base
import pytest

from etl.schedule import timetable
from etl.schedule.timetable import Timetable

EVERY_SECONDS = 1


class SettableClock:
    """The wall's clock of this machine, which somebody sets."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SettableClock:
    clock = SettableClock()

    class Shown(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return clock().astimezone(tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Shown)
    monkeypatch.setattr(apscheduler.executors.base, "datetime", Shown)
    monkeypatch.setattr(timetable, "wall_clock", clock)
    return clock


class Heard:
    """What the timetable tells."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.late: list[str] = []
        self.overrun: list[str] = []
        self.starts: list[float] = []

    def start(self) -> None:
        self.starts.append(time.monotonic())


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def table(heard: Heard) -> Iterator[Timetable]:
    made = Timetable(
        most_jobs=2,
        on_failed=lambda name, _error: heard.failed.append(name),
        on_late=heard.late.append,
        on_overrun=lambda name, _seconds: heard.overrun.append(name),
    )
    made.start()
    yield made
    made.stop()


def until(condition: Callable[[], bool], table: Timetable, seconds: float = 10.0) -> bool:
    """Waits as the main loop does: with a look at the pace."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        table.keep_pace()
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize(
    "leap",
    [timedelta(hours=-1), timedelta(days=-1), timedelta(seconds=-2), timedelta(hours=1), timedelta(days=1)],
)
def test_a_clock_that_is_set_neither_stops_a_job_nor_doubles_its_starts(
    table: Timetable, heard: Heard, clock: SettableClock, leap: timedelta
) -> None:
    table.add("load", EVERY_SECONDS, heard.start)
    assert until(lambda: len(heard.starts) >= 1, table)
    clock.shift = leap
    assert until(lambda: len(heard.starts) >= 3, table)
    pauses = [after - before for before, after in zip(heard.starts, heard.starts[1:], strict=False)]
    assert max(pauses) < 2 * EVERY_SECONDS + 1.0  # the machine may be busy
    assert sum(pause < 0.1 for pause in pauses) == 0
    assert (heard.late, heard.failed, heard.overrun) == ([], [], [])


def test_a_clock_that_comes_from_1970_is_not_counted_out_second_by_second(
    table: Timetable, heard: Heard, clock: SettableClock
) -> None:
    clock.shift = timedelta(days=-20_000)  # a board computer without a battery
    table.add("load", EVERY_SECONDS, heard.start)
    assert until(lambda: len(heard.starts) >= 1, table)
    clock.shift = timedelta(0)
    began_at = time.monotonic()
    assert until(lambda: len(heard.starts) >= 3, table)
    assert time.monotonic() - began_at < 5
    assert heard.late == []


def test_without_a_look_at_the_pace_a_clock_set_back_stops_the_job(
    table: Timetable, heard: Heard, clock: SettableClock
) -> None:
    """The negative control."""
    table.add("load", EVERY_SECONDS, heard.start)
    assert until(lambda: len(heard.starts) >= 1, table)
    clock.shift = timedelta(hours=-1)
    time.sleep(0.1)
    so_far = len(heard.starts)
    time.sleep(1.6)
    assert len(heard.starts) <= so_far + 1


def test_a_failed_start_is_told_and_the_next_one_comes(table: Timetable, heard: Heard) -> None:
    def fails() -> None:
        heard.start()
        raise ValueError

    table.add("load", EVERY_SECONDS, fails)
    assert until(lambda: len(heard.starts) >= 2, table)
    assert until(lambda: heard.failed[:2] == ["load", "load"], table)


def test_a_job_that_is_given_up_starts_no_more_and_one_put_off_starts_then(
    table: Timetable, heard: Heard
) -> None:
    table.add("load", 60, heard.start)
    assert until(lambda: len(heard.starts) == 1, table)
    table.postpone("load", 0.3)
    assert 0 < (table.next_in_seconds("load") or 0) <= 0.3
    assert until(lambda: len(heard.starts) == 2, table)
    table.remove("load")
    assert table.next_in_seconds("load") is None
    table.remove("load")
    table.postpone("load", 0.0)
