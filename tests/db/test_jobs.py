"""The job table at work on a real warehouse: heartbeats, back-off, and no start left out in silence."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from etl import LoadError, jobs
from etl.config import Settings, SiteSettings
from etl.schedule import clock, timetable
from etl.schedule.foreman import Foreman
from etl.schedule.outcomes import Outcome
from etl.schedule.worker import Errand
from etl.sources.asterisk_queue_log import QueueLogSettings
from sql.warehouse import open_engine

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


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
def serving(
    engine: sa.Engine, chosen: Settings, hire: Callable[[str, Errand], Any] = Foreman
) -> Iterator[threading.Event]:
    """The job table in a thread of its own, stopped at the end of the block."""
    stop = threading.Event()
    service = jobs.JobService(engine, chosen, stop=stop, now=lambda: NOW, hire=hire)
    thread = threading.Thread(target=service.run)
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


def ask(engine: sa.Engine, text: str) -> list[tuple[Any, ...]]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def failed_runs(engine: sa.Engine) -> list[tuple[str, str]]:
    rows = ask(
        engine, "select source_name, error_text from ops.runs where outcome_name = 'failed' order by run_id"
    )
    return [(row[0], row[1]) for row in rows]


class Loads:
    """Stands in for the processes that load: what happens at each start is put in beforehand."""

    def __init__(self, *happenings: Callable[[], Outcome]) -> None:
        self.happenings = list(happenings)
        self.calls: list[tuple[str, float]] = []
        self.slots: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.days: list[tuple[str, str, str]] = []
        self.day_outcomes: list[Callable[[], Outcome]] = []

    def __call__(self, name: str, errand: Errand) -> _Stand:
        return _Stand(name, self)


class _Stand:
    """One of them."""

    def __init__(self, name: str, loads: Loads) -> None:
        self.name, self.loads = name, loads
        self.process_number: int | None = 1
        self.killed = threading.Event()

    def is_ready(self) -> bool:
        return True

    def ask(self, request: dict[str, Any], *, deadline_seconds: float) -> Outcome:
        if request["do"] == "day":
            self.loads.days.append((request["work_name"], request["source_name"], request["day_date"]))
            return self.loads.day_outcomes.pop()() if self.loads.day_outcomes else Outcome("succeeded")
        self.loads.calls.append((request["source_name"], time.monotonic()))
        self.loads.slots.append(request["slot"])
        return self.loads.happenings.pop(0)() if self.loads.happenings else Outcome("succeeded")

    def stop(self) -> None:
        self.loads.stopped.append(self.name)

    def kill(self, last_words: str) -> None:
        self.killed.set()
        self.loads.stopped.append(last_words)

    def pause(self) -> None:
        self.loads.stopped.append("pause")

    leave = pause


def fails(text: str, *, is_noted: bool = False) -> Callable[[], Outcome]:
    return lambda: Outcome("failed", error_text=text, is_noted=is_noted)


def test_every_source_is_loaded_at_its_pace_and_the_heart_beats(
    engine: sa.Engine,
) -> None:
    loads = Loads()
    with serving(engine, settings("a", "b"), loads):
        assert until(lambda: [name for name, _ in loads.calls].count("a") >= 2)
        assert until(lambda: [name for name, _ in loads.calls].count("b") >= 2)
    assert ask(engine, "select process_name, started_at, beat_at from ops.heartbeats") == [("etl", NOW, NOW)]
    assert loads.slots[0]["job_name"] in ("a", "b")
    assert (loads.slots[0]["every_seconds"], loads.slots[0]["rest_seconds"]) == (1, None)
    assert failed_runs(engine) == []


def test_a_failure_that_nobody_wrote_down_is_a_row_of_the_ledger_and_the_load_goes_on(
    engine: sa.Engine,
) -> None:
    loads = Loads(fails("The process that loads ended by itself (SIGKILL)."))
    with serving(engine, settings("a"), loads):
        assert until(lambda: len(loads.calls) >= 2)
    assert failed_runs(engine) == [("a", "The process that loads ended by itself (SIGKILL).")]


def test_a_failure_that_the_load_wrote_down_itself_is_not_written_twice(engine: sa.Engine) -> None:
    loads = Loads(fails("LoadError: the log is gone", is_noted=True))
    with serving(engine, settings("a"), loads):
        assert until(lambda: len(loads.calls) >= 2)
    assert failed_runs(engine) == []


def test_the_pause_after_failures_doubles_up_to_a_minute(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    service = jobs.JobService(engine, settings("a"), stop=threading.Event(), hire=Loads())  # type: ignore[arg-type]
    pauses = [service.back_off("a") for _ in range(8)]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_failed_load_waits_before_it_tries_again(engine: sa.Engine) -> None:
    loads = Loads(fails("WarehouseError: The warehouse does not answer."))
    with serving(engine, settings("a"), loads):
        assert until(lambda: len(loads.calls) >= 2)
    (_, first), (_, second) = loads.calls[:2]
    assert second - first >= 1 * 2 - 0.2


def test_a_warehouse_that_is_away_ends_nothing_and_nothing_is_begun(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = open_engine("postgresql://nobody@127.0.0.1:1/nowhere")
    loads = Loads()
    with caplog.at_level(logging.INFO, "floorboard.etl"), serving(away, settings("a"), loads) as stop:
        assert until(lambda: "The loads go on by themselves once it is back." in caplog.text)
        assert not stop.wait(1.2)
    away.dispose()
    assert loads.calls == []


def test_starts_left_out_during_a_long_run_are_one_row(engine: sa.Engine) -> None:
    release = threading.Event()

    def long_run() -> Outcome:
        release.wait(10)
        return Outcome("succeeded")

    loads = Loads(long_run)
    with serving(engine, settings("a"), loads):
        assert until(lambda: len(loads.calls) == 1)
        time.sleep(3.2)
        release.set()
        assert until(lambda: len(loads.calls) >= 2)
    assert failed_runs(engine) == [("a", "A start was left out: the run before it lasts longer than 1 s.")]


def test_a_start_that_comes_too_late_is_a_row_of_the_ledger(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every thread is busy when the start is due, so that it comes later than the grace."""
    release, monkeypatched = threading.Event(), monkeypatch
    monkeypatched.setattr(timetable, "MISFIRE_GRACE_SECONDS", 1)
    monkeypatched.setattr(jobs, "MISFIRE_GRACE_SECONDS", 1)
    made = timetable.ThreadPoolExecutor
    monkeypatched.setattr(timetable, "ThreadPoolExecutor", lambda _most: made(2))
    monkeypatched.setattr(jobs, "TICK_SECONDS", 0.05)

    def busy() -> Outcome:
        release.wait(10)
        return Outcome("succeeded")

    loads = Loads(busy, busy)
    with serving(engine, settings("a", "b", "c", every_seconds=60), loads):
        assert until(lambda: len(loads.calls) == 2)
        time.sleep(1.3)
        release.set()
        assert until(lambda: len(loads.calls) + len(loads.happenings) >= 2)
    late = "A start was left out: it came more than 1 s late."
    assert [found for found in failed_runs(engine) if found[0] in ("a", "b", "c")] == [("c", late)]


def test_a_job_that_is_refused_its_slot_comes_back_when_the_next_one_begins(engine: sa.Engine) -> None:
    loads = Loads(lambda: Outcome("taken", wait_seconds=0.3))
    with serving(engine, settings("a", every_seconds=60), loads):
        assert until(lambda: len(loads.calls) >= 2, 5)
    (_, first), (_, second) = loads.calls[:2]
    assert 0.3 <= second - first < 2
    assert failed_runs(engine) == []


def test_a_stop_asks_the_process_that_loads_and_begins_no_other_load(engine: sa.Engine) -> None:
    begun, ended = threading.Event(), threading.Event()
    loads = Loads()

    def long_load() -> Outcome:
        begun.set()
        assert until(lambda: "a" in loads.stopped)
        ended.set()
        return Outcome("stopped", batches=1)

    loads.happenings.append(long_load)
    with serving(engine, settings("a"), loads) as stop:
        assert begun.wait(10)
        stop.set()
    assert ended.is_set()
    assert len(loads.calls) == 1
    assert failed_runs(engine) == []


def test_a_batch_that_never_ends_is_given_up_and_stands_in_the_ledger(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = threading.Event()
    loads = Loads()

    def hang() -> Outcome:
        assert until(lambda: any("did not end" in words for words in loads.stopped))
        given_up.set()
        return Outcome("failed", error_text=loads.stopped[-1])

    loads.happenings.append(hang)
    monkeypatch.setattr(jobs, "GRACE_SECONDS", 0.3)
    with serving(engine, settings("a"), loads):
        assert until(lambda: len(loads.calls) == 1)
    assert given_up.is_set()
    assert [(name, "did not end within" in text) for name, text in failed_runs(engine)] == [("a", True)]


def test_what_never_ends_in_this_process_ends_with_it(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, given_up = threading.Event(), threading.Event()

    def hard_exit() -> None:
        given_up.set()
        release.set()

    def hang() -> Outcome:
        release.wait(10)
        return Outcome("stopped")

    monkeypatch.setattr(jobs, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(jobs, "LAST_GRACE_SECONDS", 0.2)
    monkeypatch.setattr(jobs, "hard_exit", hard_exit)
    loads = Loads(hang)
    with serving(engine, settings("a"), loads):
        assert until(lambda: len(loads.calls) == 1)
    assert given_up.is_set()


def test_a_silent_scheduler_ends_the_process_with_a_sentence(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SILENCE_SECONDS", -1.0)
    with pytest.raises(LoadError, match="has not run its heartbeat"):
        jobs.JobService(engine, settings("a"), stop=threading.Event(), hire=Loads()).run()  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_scheduler_is_seen_at_once_though_the_library_says_that_it_runs(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise SystemExit  # ends the thread that times the jobs, and only that one

    loads = Loads()
    service = jobs.JobService(engine, settings("a"), stop=threading.Event(), hire=loads)  # type: ignore[arg-type]
    began_at = time.monotonic()

    def load() -> Outcome:
        monkeypatch.setattr(timetable._Pace, "get_next_fire_time", dies)
        return Outcome("succeeded")

    loads.happenings.append(load)
    with pytest.raises(LoadError, match=r"has died, expected a heartbeat every 10 s; start the ETL again"):
        service.run()
    assert time.monotonic() - began_at < 10
    assert service._timetable._scheduler.running is False  # stopped by us; before, it said True


def test_the_jobs_stand_in_the_warehouse_with_their_next_start_and_their_leader(engine: sa.Engine) -> None:
    loads = Loads(fails("LoadError: no"))
    with serving(engine, settings("a", every_seconds=60), loads):
        assert until(lambda: bool(ask(engine, "select from ops.jobs where outcome_name is not null")))
        row = ask(
            engine,
            "select every_seconds, next_run_at, last_started_at, last_ended_at, outcome_name, process_number "
            "from ops.jobs where job_name = 'a'",
        )[0]
    next_run_at = row[1]
    assert (row[0], *row[2:]) == (60, NOW, NOW, "failed", os.getpid())
    assert timedelta(seconds=50) < next_run_at - NOW <= timedelta(seconds=60)


def test_a_second_loader_stands_by_and_takes_over_when_the_first_ends(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.schedule.leader.ASK_SECONDS", 0.2)
    first, second = Loads(), Loads()
    with caplog.at_level(logging.INFO, "floorboard.etl"):
        with serving(engine, settings("a"), first):
            assert until(lambda: len(first.calls) >= 1)
            with serving(engine, settings("a"), second) as stop:
                assert until(lambda: "It stands by for: a, the loader itself." in caplog.text)
                assert not stop.wait(1.5)
                assert second.calls == []
        with serving(engine, settings("a"), second):
            assert until(lambda: len(second.calls) >= 1)
    assert caplog.text.count("It stands by for") == 1


def test_a_lead_that_is_taken_over_is_seen_at_once(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is, a third loader would take its new leader for the one that was not seen, and end its session too."""
    monkeypatch.setattr("etl.schedule.leader.ASK_SECONDS", 0.2)
    ask(
        engine,
        "insert into ops.jobs (job_name, every_seconds, host_name, process_number, seen_at) "
        "values ('a', 5, 'elsewhere', 1, clock_timestamp() - interval '1 minute') returning job_name",
    )
    with engine.connect() as stopped:
        stopped.exec_driver_sql("select pg_try_advisory_lock(hashtextextended('a', 7022025))")
        stopped.commit()
        with serving(engine, settings("a", every_seconds=5), Loads()):
            seen = "select from ops.jobs where job_name = 'a' and process_number <> 1"
            assert until(lambda: bool(ask(engine, seen)), seconds=6.0)
        stopped.invalidate()


def test_a_lost_session_stops_all_work_at_once_and_it_goes_on_with_a_new_one(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    loads = Loads()
    with caplog.at_level(logging.INFO, "floorboard.etl"), serving(engine, settings("a"), loads):
        assert until(lambda: len(loads.calls) >= 1)
        ended = ask(
            engine,
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' "
            "and database = (select oid from pg_database where datname = current_database()) group by pid",
        )
        assert ended == [(True,)]
        assert until(lambda: "no work is begun" in caplog.text)
        so_far = len(loads.calls)
        assert until(lambda: len(loads.calls) > so_far)


def test_the_floors_clock_runs_from_its_anchor_at_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_CLOCK", "2026-11-22T10:00:00+00:00;2026-11-22T12:00:00+02:00;10.0")
    monkeypatch.setattr(clock, "wall_clock", lambda: NOW + timedelta(seconds=6))
    assert clock.environment_clock()() == NOW + timedelta(seconds=6 * 10)
    for wrong in ("now", "2026-11-22T10:00;2026-11-22T10:00;1", "a;b;c"):
        monkeypatch.setenv("FLOORBOARD_CLOCK", wrong)
        with pytest.raises(LoadError, match="FLOORBOARD_CLOCK"):
            clock.environment_clock()


def test_what_is_due_once_a_day_is_done_by_whoever_leads_the_source_and_closed(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs, "NIGHTLY_SECONDS", 1)
    loads = Loads()
    with caplog.at_level(logging.INFO, "floorboard.etl"), serving(engine, settings("a", "b"), loads):
        closed = "select work_name, source_name, day_date from ops.closed_days where closed_at is not null"
        works = [
            ("erasures", "the site"),
            *((name, source) for name in ("lost ends", "reconciliation") for source in ("a", "b")),
            ("retention", "the site"),
        ]
        assert until(lambda: sorted(ask(engine, closed)) == [(*one, date(2026, 11, 21)) for one in works])
        time.sleep(1.5)
    assert sorted(loads.days) == [(*one, "2026-11-21") for one in works], (
        "who was erased is looked for once a night"
    )


def test_a_day_that_could_not_be_done_is_told_and_left_to_the_next_try(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "NIGHTLY_SECONDS", 1)
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 1)
    loads = Loads()
    loads.day_outcomes.append(fails("LoadError: the origin does not answer"))
    monkeypatch.setattr(jobs, "NIGHTLY_PAUSE_SECONDS", 0.0)
    with serving(engine, settings("a"), loads):
        assert until(lambda: len(loads.days) == 4)
        told = ("the site", "erasures of 2026-11-21: LoadError: the origin does not answer")
        assert until(lambda: told in failed_runs(engine))
