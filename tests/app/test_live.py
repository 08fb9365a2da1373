"""One snapshot for everybody: asked in the background, shared, and only while somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import polars as pl
import pytest

from dashboard import live
from dashboard.live import Poller, Snapshot
from sql.rights import SessionError
from sql.warehouse import WarehouseError


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end and not condition():
        time.sleep(0.01)
    return condition()


def test_many_lookers_cost_no_more_questions_than_one() -> None:
    asked: list[int] = []

    def ask() -> Snapshot:
        asked.append(1)
        return Snapshot(datetime.now(UTC), {})

    poller = Poller(ask, every_seconds=1, idle_seconds=0.5)
    first = poller.latest()
    assert all(poller.latest() is first for _ in range(100))
    assert len(asked) == 1


def test_the_snapshot_becomes_a_newer_one() -> None:
    poller = Poller(lambda: Snapshot(datetime.now(UTC), {}), every_seconds=0.01, idle_seconds=1)
    first = poller.latest()
    assert until(lambda: poller.latest().taken_at > first.taken_at)


def test_a_failure_reaches_the_page_and_goes_away_with_its_cause() -> None:
    is_down = [True]

    def ask() -> Snapshot:
        if is_down[0]:
            raise WarehouseError("The warehouse does not answer.")
        return Snapshot(datetime.now(UTC), {})

    poller = Poller(ask, every_seconds=0.01, idle_seconds=1)
    with pytest.raises(WarehouseError, match="does not answer"):
        poller.latest()
    is_down[0] = False

    def is_back() -> bool:
        try:
            return bool(poller.latest())
        except WarehouseError:
            return False

    assert until(is_back)


def test_nobody_asks_while_nobody_looks() -> None:
    asked: list[float] = []

    def ask() -> Snapshot:
        asked.append(time.monotonic())
        return Snapshot(datetime.now(UTC), {})

    poller = Poller(ask, every_seconds=0.01, idle_seconds=0.1)
    poller.latest()
    assert until(lambda: not poller._is_running)
    count = len(asked)
    time.sleep(0.2)
    assert len(asked) == count
    poller.latest()
    assert len(asked) > count


def asking(asked: list[float], *, found: Callable[[], Snapshot] | None = None) -> Callable[[], Snapshot]:
    def ask() -> Snapshot:
        asked.append(time.monotonic())
        return found() if found else Snapshot(datetime.now(UTC), {})

    return ask


def test_a_subscriber_hears_every_answer_until_it_leaves_and_the_asking_ends_with_the_last_one() -> None:
    asked: list[float] = []
    first: list[Snapshot | Exception] = []
    second: list[Snapshot | Exception] = []
    poller = Poller(asking(asked), every_seconds=0.01, idle_seconds=0.02)
    leave_first, leave_second = poller.subscribe(first.append), poller.subscribe(second.append)
    assert until(lambda: len(first) > 3)
    assert first[-3:] == second[-3:] or until(
        lambda: first[-3:] == second[-3:]
    )  # both are told the same ones
    leave_first()
    count = len(first)
    assert until(lambda: len(second) > count + 2)
    assert len(first) <= count + 1  # one that was under way
    leave_second()
    leave_second()  # said twice, nothing happens
    assert until(lambda: not poller.is_running)
    assert len(asked) >= len(second)


def test_a_subscriber_that_fails_keeps_no_answer_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[object] = []
    poller = Poller(asking([]), every_seconds=0.01, idle_seconds=0.02)

    def fails(_told: object) -> None:
        raise ValueError("deaf")

    leaving = [poller.subscribe(fails), poller.subscribe(heard.append)]
    assert until(lambda: len(heard) > 2)
    assert "could not be handed on" in caplog.text
    for leave in leaving:
        leave()


def test_a_subscriber_hears_of_a_failure_with_the_last_good_answer_and_of_a_session_that_is_over() -> None:
    state: dict[str, Exception | None] = {"error": None}

    def found() -> Snapshot:
        if state["error"]:
            raise state["error"]
        return Snapshot(datetime.now(UTC), {"known": pl.DataFrame({"a": [1]})})

    heard: list[Snapshot | Exception] = []
    poller = Poller(asking([], found=found), every_seconds=0.01, idle_seconds=0.02)
    leave = poller.subscribe(heard.append)
    assert until(lambda: bool(heard))
    state["error"] = WarehouseError("The warehouse does not answer.")
    assert until(lambda: isinstance(heard[-1], Snapshot) and heard[-1].failure is not None)
    kept = heard[-1]
    assert isinstance(kept, Snapshot)
    assert kept.answers["known"].height == 1
    state["error"] = SessionError("over")
    assert until(lambda: isinstance(heard[-1], SessionError))
    assert until(lambda: not poller.is_running)
    count = len(heard)
    time.sleep(0.1)
    assert len(heard) == count  # nobody is left as whom it could ask
    state["error"] = None
    poller.wake()  # somebody who may see it looks again
    assert until(lambda: len(heard) > count and isinstance(heard[-1], Snapshot))
    assert heard[-1].failure is None  # type: ignore[union-attr]
    leave()


def test_whoever_wakes_it_is_answered_at_once_and_however_often_at_most_twice_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LEAST_SECONDS", 0.2)
    asked: list[float] = []
    heard: list[object] = []
    poller = Poller(asking(asked), every_seconds=60, idle_seconds=0.02)
    leave = poller.subscribe(heard.append)
    assert until(lambda: len(heard) == 1)
    time.sleep(0.25)
    began = time.monotonic()
    poller.wake()
    assert until(lambda: len(heard) == 2)
    assert asked[1] - began < 0.15  # without it: 60 s
    began, count = time.monotonic(), len(asked)
    while time.monotonic() < began + 0.5:
        poller.wake()
        time.sleep(0.005)
    time.sleep(0.25)
    assert 2 <= len(asked) - count <= 4  # 0.5 s of waking without end: one each 0.2 s, and one after the last
    assert all(later - earlier > 0.19 for earlier, later in pairwise(asked[1:]))
    leave()
    poller.wake()


def test_what_changes_while_it_asks_is_asked_for_again() -> None:
    """The control of the coalescing: a notice that comes during an asking is not lost with it."""
    begun, going_on = threading.Event(), threading.Event()

    def slow() -> Snapshot:
        begun.set()
        assert going_on.wait(5)
        return Snapshot(datetime.now(UTC), {})

    asked: list[float] = []
    poller = Poller(asking(asked, found=slow), every_seconds=60, idle_seconds=0.02)
    leave = poller.subscribe(lambda _told: None)
    assert begun.wait(5)
    poller.wake()
    going_on.set()
    assert until(lambda: len(asked) == 2)
    leave()
    poller.wake()
