"""Runs the loads on time: one job per source, one heartbeat, and no start that is left out in silence.

In: the settings with their sources. Out: loaded rows, a heartbeat row every ten seconds, and in the ledger
one failed row for every start that failed or was left out.
Rule: a warehouse that is away for a while ends nothing; a stop lets the running batch commit.

Times come from UTC triggers and jobs live in memory, declared here: a local zone fires twice on the autumn
night, and a stored job table can stop the scheduler for ever at a restart of its database.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
    JobExecutionEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from etl import LoadError
from etl.config import Settings
from etl.load import BatchSummary, Readers, run_source
from etl.on_request.key_moves import move_keys, recount, teams_of_today
from etl.on_request.requests import Requests
from etl.sources import SourceSettings
from etl.supervise import Stopping
from sql.warehouse import WarehouseError, connected, execute

HEARTBEAT_SECONDS = 10
KEY_MOVES_SECONDS = 3
REQUESTS_SECONDS = 2
MISFIRE_GRACE_SECONDS = 300
LONGEST_BACK_OFF_SECONDS = 60
GRACE_SECONDS = 20.0
SILENCE_SECONDS = 60.0
PROCESS_NAME = "etl"
_HEARTBEAT = "heartbeat"
_KEY_MOVES = "joined agents and queues"
_REQUESTS = "uploads and replays"
_LOG = logging.getLogger("floorboard.etl")

Clock = Callable[[], datetime]


CLOCK_VARIABLE = "FLOORBOARD_CLOCK"
FROZEN_VARIABLE = "FLOORBOARD_NOW"


def wall_clock() -> datetime:
    """The instant of the machine's clock, UTC."""
    return datetime.now(UTC)


def environment_clock() -> Clock:
    """The clock that FLOORBOARD_CLOCK describes, else the wall's.

    Its form is "<instant of the floor>;<same instant on the wall>;<speed>": a simulated floor may run faster
    than the wall, and what is written about it has to stand on its clock. FLOORBOARD_NOW, an instant, holds the
    clock still, here as on the pages. Raises LoadError.
    """
    if frozen := os.environ.get(FROZEN_VARIABLE):
        return _still(frozen)
    text = os.environ.get(CLOCK_VARIABLE, "")
    if not text:
        return wall_clock
    try:
        floor_text, wall_text, speed_text = text.split(";")
        floor, wall, speed = _utc(floor_text), _utc(wall_text), float(speed_text)
    except (ValueError, OverflowError):
        raise LoadError(
            f'{CLOCK_VARIABLE} is "{text}", expected "<instant>;<instant>;<speed>" with ISO 8601 instants '
            "and their zones; correct it or remove it."
        ) from None
    return lambda: floor + (wall_clock() - wall) * speed


def _still(text: str) -> Clock:
    try:
        instant = _utc(text)
    except (ValueError, OverflowError):
        raise LoadError(
            f'{FROZEN_VARIABLE} is "{text}", expected an ISO 8601 instant with its zone; correct it or remove it.'
        ) from None
    return lambda: instant


def _utc(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(text)
    return value.astimezone(UTC)


@dataclass(frozen=True)
class Job:
    """One line of the job table: what runs, and how often."""

    name: str
    every_seconds: int
    work: Callable[[], None]


@dataclass(frozen=True)
class _Failure:
    """A start that did no good, waiting for its row in the run ledger."""

    source_name: str
    at: datetime
    error_text: str


def _is_away(error: LoadError | WarehouseError) -> bool:
    """Whether the warehouse was gone, so that the load could not write its failure down."""
    cause = error.__cause__
    if isinstance(cause, WarehouseError):
        cause = cause.__cause__
    if not isinstance(cause, DBAPIError):
        return False
    return cause.connection_invalidated or getattr(cause.orig, "sqlstate", None) is None


class JobService:
    """The job table at work; one per process."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        *,
        only: str | None = None,
        stop: threading.Event,
        now: Clock = wall_clock,
    ) -> None:
        self._engine, self._settings, self._stop, self._now = engine, settings, stop, now
        self._sources = settings.sources if only is None else (settings.source(only),)
        self._started_at = now()
        self._last_beat = time.monotonic()
        self._failures: deque[_Failure] = deque(maxlen=1000)
        self._failed_starts: dict[str, int] = {}
        self._next_try: dict[str, float] = {}
        self._overrun: set[str] = set()
        self._warehouse_away = False
        self._readers = Readers()
        self._requests = Requests(engine, settings, now=now, check=self._check)
        workers = len(settings.sources) + 3
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(workers)},
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": MISFIRE_GRACE_SECONDS,
            },
            timezone=UTC,
        )
        self._scheduler.add_listener(
            self._hear, EVENT_JOB_ERROR | EVENT_JOB_EXECUTED | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
        )

    def table(self) -> list[Job]:
        """Every job: the heartbeat first, then what people ask for, then one per source."""
        return [
            Job(_HEARTBEAT, HEARTBEAT_SECONDS, self.beat),
            Job(_KEY_MOVES, KEY_MOVES_SECONDS, self.move_keys),
            Job(_REQUESTS, REQUESTS_SECONDS, self.work_requests),
            *(Job(source.name, source.every_seconds, self._loading(source)) for source in self._sources),
        ]

    def run(self) -> None:
        """Works until `stop` is set; LoadError when the scheduler itself has fallen silent."""
        # The library tells of failures with tracebacks; every one of them is told below, in a sentence.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL + 1)
        for number, job in enumerate(self.table()):
            self._scheduler.add_job(
                job.work,
                IntervalTrigger(seconds=job.every_seconds, timezone=UTC),
                id=f"{number}:{job.name}",
                name=job.name,
                next_run_time=wall_clock(),
            )
        self._scheduler.start()
        try:
            while not self._stop.wait(1.0):
                if time.monotonic() - self._last_beat > SILENCE_SECONDS:
                    raise LoadError(
                        f"The scheduler has not run its heartbeat for {SILENCE_SECONDS:.0f} s, expected one "
                        f"every {HEARTBEAT_SECONDS} s; start the ETL again."
                    )
        finally:
            self._finish()

    def _finish(self) -> None:
        """Takes no more work and waits for the running batches, but not for ever."""
        self._stop.set()
        guard = threading.Timer(GRACE_SECONDS, hard_exit)
        guard.daemon = True
        guard.start()
        self._scheduler.shutdown(wait=True)
        self._readers.close()
        guard.cancel()
        self._write_failures()

    def _loading(self, source: SourceSettings) -> Callable[[], None]:
        def load() -> None:
            if time.monotonic() < self._next_try.get(source.name, 0.0):
                return
            with suppress(Stopping):
                summary = run_source(
                    self._engine, self._settings, source,
                    now=self._now, until_idle=False, on_batch=heard, readers=self._readers,
                )  # fmt: skip
                for notice in summary.notices:
                    _LOG.warning("%s: %s", source.name, notice)
            self._failed_starts.pop(source.name, None)

        def heard(batch: BatchSummary) -> None:
            _LOG.info("%s: %d rows read, %d refused", source.name, batch.read_rows, batch.rejected_rows)
            if self._stop.is_set():  # the batch is committed: the place to end
                raise Stopping

        return load

    def move_keys(self) -> None:
        """Moves the facts of keys that a person has given to another agent or queue."""
        if time.monotonic() < self._next_try.get(_KEY_MOVES, 0.0):
            return
        try:
            done = move_keys(self._engine, now=self._now)
            recount(self._engine, now=self._now)
            teams_of_today(self._engine, now=self._now)
        except LoadError as error:  # not written down yet, unlike the failure of a load
            raise WarehouseError(str(error)) from error
        if done:
            _LOG.info("%d keys were moved with their facts.", done)
        self._failed_starts.pop(_KEY_MOVES, None)

    def work_requests(self) -> None:
        """Looks at uploads, loads them, and reads refused rows again, as people ask for it on the pages."""
        try:
            with suppress(Stopping):
                self._requests.work()
        except (LoadError, WarehouseError) as error:
            if not _is_away(error):
                raise WarehouseError(str(error)) from error  # told by the heartbeat where it is away

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopping

    def beat(self) -> None:
        """Writes the heartbeat row and the failures that found no warehouse when they happened."""
        self._last_beat = time.monotonic()
        try:
            with connected(self._engine) as connection:
                execute(
                    connection,
                    "merge/heartbeats",
                    process_name=PROCESS_NAME,
                    started_at=self._started_at,
                    beat_at=self._now(),
                )
        except WarehouseError as error:
            if not self._warehouse_away:
                _LOG.error("%s The loads go on by themselves once it is back.", error)
            self._warehouse_away = True
            return
        if self._warehouse_away:
            _LOG.info("The warehouse answers again.")
        self._warehouse_away = False
        self._write_failures()

    def _write_failures(self) -> None:
        while self._failures:
            failure = self._failures[0]
            try:
                with connected(self._engine) as connection:
                    execute(
                        connection,
                        "merge/failed_starts",
                        source_name=failure.source_name,
                        failed_at=failure.at,
                        error_text=failure.error_text,
                    )
            except WarehouseError:
                return  # told by the heartbeat; written with the next one
            self._failures.popleft()

    def _hear(self, event: JobEvent) -> None:
        name = event.job_id.partition(":")[2]
        if event.code == EVENT_JOB_EXECUTED:
            self._overrun.discard(event.job_id)
        elif event.code == EVENT_JOB_MAX_INSTANCES:
            self._hear_overrun(event.job_id, name)
        elif event.code == EVENT_JOB_MISSED:
            self._note(name, f"A start was left out: it came more than {MISFIRE_GRACE_SECONDS} s late.")
        elif isinstance(event, JobExecutionEvent):
            self._overrun.discard(event.job_id)
            self._hear_failure(event, name)

    def _hear_overrun(self, job_id: str, name: str) -> None:
        """One row for each run that lasts too long, however many starts it costs."""
        if job_id not in self._overrun and name not in (
            _REQUESTS,
            _KEY_MOVES,
        ):  # a large upload may take its time
            self._overrun.add(job_id)
            every = next((job.every_seconds for job in self.table() if job.name == name), 0)
            self._note(name, f"A start was left out: the run before it lasts longer than {every} s.")

    def _hear_failure(self, event: JobExecutionEvent, name: str) -> None:
        error = event.exception
        if isinstance(error, LoadError | WarehouseError):
            _LOG.error("%s: %s", name, error)
        else:
            _LOG.error("%s: %s: %s", name, type(error).__name__, error, exc_info=error)
        if not isinstance(error, LoadError) or _is_away(error):  # else the load wrote it down
            self._failures.append(_Failure(name, self._now(), f"{type(error).__name__}: {error}"))
        self.back_off(name)

    def _note(self, name: str, sentence: str) -> None:
        _LOG.warning("%s: %s", name, sentence)
        self._failures.append(_Failure(name, self._now(), sentence))

    def back_off(self, name: str) -> float:
        """Puts the next try after a failure twice as far away each time, up to a minute; the seconds."""
        every = next((source.every_seconds for source in self._sources if source.name == name), 0)
        failures = self._failed_starts[name] = self._failed_starts.get(name, 0) + 1
        wait: float = max(every, min(every * 2**failures, LONGEST_BACK_OFF_SECONDS))
        # Not by moving the job: an event may be told before the scheduler has set the job's next start.
        self._next_try[name] = time.monotonic() + wait
        _LOG.info("%s: next try in %d s", name, wait)
        return wait


def run_once(
    engine: Engine,
    settings: Settings,
    *,
    only: str | None = None,
    now: Clock = wall_clock,
    tell: Callable[[str], None],
    check: Callable[[], None] = lambda: None,
) -> tuple[list[dict[str, Any]], list[LoadError]]:
    """Reads everything that is new, of one source (`only`) or all; one row per source that loaded, and what failed.

    A source that fails does not keep the others from loading. `check` is called after every batch and may end the load
    by raising.
    """
    rows: list[dict[str, Any]] = []
    failures: list[LoadError] = []
    try:
        if done := move_keys(engine, now=now):
            tell(f"{done} keys of agents or queues were moved with their facts.")
        recount(engine, now=now)
        teams_of_today(engine, now=now)
        if asked := Requests(engine, settings, now=now, check=check).work():
            tell(f"{asked} uploads and replays that were asked for are done; the pages show their outcomes.")
    except LoadError as error:
        failures.append(error)
    for source in settings.sources if only is None else (settings.source(only),):
        try:
            summary = run_source(engine, settings, source, now=now, on_batch=lambda _batch: check())
        except LoadError as error:
            failures.append(error)
            continue
        for notice in summary.notices:
            tell(f"{source.name}: {notice}")
        rows.append({"source_name": source.name, **asdict(summary)})
    return rows, failures


def hard_exit() -> None:
    """Ends the process at once: a batch that does not commit in time is rolled back by the warehouse."""
    _LOG.error("The running batch did not end in %.0f s; it is given up and read again.", GRACE_SECONDS)
    os._exit(1)


def serve(
    engine: Engine,
    settings: Settings,
    *,
    only: str | None = None,
    stop: threading.Event,
    now: Clock = wall_clock,
) -> None:
    """Loads every source (or `only` one) at its pace until `stop` is set; the running batch still commits.

    `now` gives the instant that is written to the ledger (the simulated floor may run faster than the wall).
    Raises LoadError when the scheduler has fallen silent. A warehouse that is away only delays the loads.
    """
    JobService(engine, settings, only=only, stop=stop, now=now).run()
