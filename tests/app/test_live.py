"""One snapshot for everybody: asked in the background, shared, and only while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from dashboard.live import Poller, Snapshot
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
