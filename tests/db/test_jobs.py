"""The job table at work on a real warehouse: heartbeats, back-off, and no start left out in silence."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from etl import LoadError, jobs
from etl.config import Settings, SiteSettings
from etl.sources import SourceSettings
from etl.sources.asterisk_queue_log import QueueLogSettings
from sql.warehouse import WarehouseError, open_engine

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Summary:
    read_rows: int = 0
    rejected_rows: int = 0
    batches: int = 0
    notices: tuple[str, ...] = ()


def settings(*names: str, every_seconds: int = 1) -> Settings:
    sources = tuple(
        QueueLogSettings.model_validate(
            {
                "name": name,
                "kind": "asterisk_queue_log",
                "path": f"/nowhere/{name}",
                "every_seconds": every_seconds,
            },
            context={"folder": Path("/")},
        )
        for name in names
    )
    return Settings(site=SiteSettings(name="T", time_zone="Europe/Tallinn"), sources=sources)


@contextmanager
def serving(engine: sa.Engine, chosen: Settings) -> Iterator[threading.Event]:
    """The job table in a thread of its own, stopped at the end of the block."""
    stop = threading.Event()
    thread = threading.Thread(
        target=jobs.serve, args=(engine, chosen), kwargs={"stop": stop, "now": lambda: NOW}
    )
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def failed_runs(engine: sa.Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "select source_name, error_text from ops.runs where outcome_name = 'failed' order by run_id"
            )
        )
        return [(row.source_name, row.error_text) for row in rows]


class Loads:
    """Stands in for the load: what happens at each call is put in beforehand."""

    def __init__(self, *happenings: Callable[[], Summary]) -> None:
        self.happenings = list(happenings)
        self.calls: list[tuple[str, float]] = []
        self.batches = 0

    def __call__(
        self,
        engine: sa.Engine,
        settings: Settings,
        source: SourceSettings,
        *,
        on_batch: Callable[[Summary], None],
        **_: object,
    ) -> Summary:
        self.calls.append((source.name, time.monotonic()))
        summary = self.happenings.pop(0)() if self.happenings else Summary()
        for _batch in range(summary.batches):
            on_batch(summary)
            self.batches += 1
        return summary


def loads(monkeypatch: pytest.MonkeyPatch, *happenings: Callable[[], Summary]) -> Loads:
    stand_in = Loads(*happenings)
    monkeypatch.setattr(jobs, "run_source", stand_in)
    return stand_in


def fails(error: Exception) -> Callable[[], Summary]:
    def happen() -> Summary:
        raise error

    return happen


def test_every_source_is_loaded_at_its_pace_and_the_heart_beats(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = loads(monkeypatch)
    with serving(engine, settings("a", "b")):
        assert until(lambda: [name for name, _ in stand_in.calls].count("a") >= 2)
        assert until(lambda: [name for name, _ in stand_in.calls].count("b") >= 2)
    with engine.connect() as connection:
        row = connection.execute(
            sa.text("select process_name, started_at, beat_at from ops.heartbeats")
        ).one()
    assert tuple(row) == ("etl", NOW, NOW)
    assert failed_runs(engine) == []


def test_an_unexpected_failure_is_a_row_of_the_ledger_and_the_load_goes_on(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = loads(monkeypatch, fails(RuntimeError("the reader broke")))
    with serving(engine, settings("a")):
        assert until(lambda: len(stand_in.calls) >= 2)
    assert failed_runs(engine) == [("a", "RuntimeError: the reader broke")]


def test_a_failure_that_the_load_wrote_down_itself_is_not_written_twice(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = loads(monkeypatch, fails(LoadError("the log is gone")))
    with serving(engine, settings("a")):
        assert until(lambda: len(stand_in.calls) >= 2)
    assert failed_runs(engine) == []


def test_the_pause_after_failures_doubles_up_to_a_minute(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    service = jobs.JobService(engine, settings("a"), stop=threading.Event())
    pauses = [service.back_off("a") for _ in range(8)]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_failed_load_waits_before_it_tries_again(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = loads(monkeypatch, fails(WarehouseError("The warehouse does not answer.")))
    with serving(engine, settings("a")):
        assert until(lambda: len(stand_in.calls) >= 2)
    (_, first), (_, second) = stand_in.calls[:2]
    assert second - first >= 1 * 2 - 0.2


def test_a_warehouse_that_is_away_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = open_engine("postgresql://nobody@127.0.0.1:1/nowhere")
    stand_in = loads(monkeypatch, fails(WarehouseError("The warehouse does not answer.")))
    with caplog.at_level(logging.INFO, "floorboard.etl"), serving(away, settings("a")):
        assert until(lambda: len(stand_in.calls) >= 2)
    away.dispose()
    assert any(
        "The loads go on by themselves once it is back." in record.message for record in caplog.records
    )


def test_starts_left_out_during_a_long_run_are_one_row(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def long_run() -> Summary:
        release.wait(10)
        return Summary()

    stand_in = loads(monkeypatch, long_run)
    with serving(engine, settings("a")):
        time.sleep(3.2)
        release.set()
        assert until(lambda: len(stand_in.calls) >= 2)
    assert failed_runs(engine) == [("a", "A start was left out: the run before it lasts longer than 1 s.")]


def test_a_stop_is_heard_after_the_running_batch_and_starts_no_other(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def long_load() -> Summary:
        begun.set()
        time.sleep(0.5)
        return Summary(read_rows=1, batches=20)

    stand_in = loads(monkeypatch, long_load)
    with serving(engine, settings("a")) as stop:
        assert begun.wait(10)
        stop.set()
    assert (len(stand_in.calls), stand_in.batches) == (1, 0)  # the first batch raised the stop
    assert failed_runs(engine) == []


def test_a_load_that_found_no_warehouse_is_written_down_when_it_is_back(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = LoadError("the warehouse was away")
    lost.__cause__ = OperationalError("select 1", {}, psycopg.OperationalError("gone"))
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 1)
    stand_in = loads(monkeypatch, fails(lost))
    with serving(engine, settings("a")):
        assert until(lambda: len(stand_in.calls) >= 2)
        assert until(lambda: failed_runs(engine) == [("a", "LoadError: the warehouse was away")])


def test_a_batch_that_never_ends_is_given_up(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    release, given_up = threading.Event(), threading.Event()

    def hang() -> Summary:
        release.wait(10)
        return Summary()

    def hard_exit() -> None:
        given_up.set()
        release.set()

    stand_in = loads(monkeypatch, hang)
    monkeypatch.setattr(jobs, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(jobs, "hard_exit", hard_exit)
    with serving(engine, settings("a")):
        assert until(lambda: len(stand_in.calls) == 1)
    assert given_up.is_set()


def test_a_silent_scheduler_ends_the_process_with_a_sentence(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads(monkeypatch)
    monkeypatch.setattr(jobs, "SILENCE_SECONDS", -1.0)
    with pytest.raises(LoadError, match="has not run its heartbeat"):
        jobs.serve(engine, settings("a"), stop=threading.Event())


def test_the_floors_clock_runs_from_its_anchor_at_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_CLOCK", "2026-11-22T10:00:00+00:00;2026-11-22T12:00:00+02:00;10.0")
    monkeypatch.setattr(jobs, "wall_clock", lambda: NOW + timedelta(seconds=6))
    assert jobs.environment_clock()() == NOW + timedelta(seconds=6 * 10)
    for wrong in ("now", "2026-11-22T10:00;2026-11-22T10:00;1", "a;b;c"):
        monkeypatch.setenv("FLOORBOARD_CLOCK", wrong)
        with pytest.raises(LoadError, match="FLOORBOARD_CLOCK"):
            jobs.environment_clock()
