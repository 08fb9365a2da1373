"""Starts each job at its pace and tells of every start that failed, came too late or was left out.

In: jobs by name with their interval. Out: their starts, in threads of their own, one at a time each.
Rule: no next start is ever farther away than one interval, whatever happens to the machine's clock; and a thread
that times the jobs and has died is seen at once, instead of a silence that looks like peace.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
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
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from etl.schedule.clock import wall_clock

MISFIRE_GRACE_SECONDS = 300
_HAIR = timedelta(seconds=0.5)


class _Pace(BaseTrigger):  # type: ignore[misc]
    """Every so many seconds. After a leap of the clock it goes on from now instead of counting all it leapt over."""

    def __init__(self, every_seconds: int) -> None:
        self.every = timedelta(seconds=every_seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        if previous is None:
            return now
        following = previous + self.every
        if following > now - self.every:
            return following
        return now - (now - following) % self.every


class Timetable:
    """The jobs of this process and when each is due."""

    def __init__(
        self,
        *,
        most_jobs: int,
        on_failed: Callable[[str, BaseException], None],
        on_late: Callable[[str], None],
        on_overrun: Callable[[str, int], None],
    ) -> None:
        self._on_failed, self._on_late, self._on_overrun = on_failed, on_late, on_overrun
        self._overrun: set[str] = set()
        self._every: dict[str, int] = {}
        self._begun_at: dict[str, float] = {}
        self._running, self._running_jobs, self._is_stopping = threading.Condition(), 0, False
        # The library tells of failures with tracebacks; every one of them is told by whoever owns this, in a sentence.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL + 1)
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(most_jobs)},
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

    @property
    def is_alive(self) -> bool:
        """Whether the thread that times the jobs lives; `running` of the library would say so of a dead one too."""
        thread = getattr(self._scheduler, "_thread", None)
        return thread is not None and thread.is_alive()

    def start(self) -> None:
        """Begins to time the jobs."""
        self._scheduler.start()

    def stop(self) -> None:
        """Starts nothing any more and waits for what runs; while it waits, the library would hold its locks."""
        self._scheduler.pause()
        with self._running:
            self._is_stopping = True
            self._running.wait_for(lambda: not self._running_jobs)
        self._scheduler.shutdown(wait=True)

    def add(
        self, name: str, every_seconds: int, work: Callable[[], Any], *, first_in_seconds: float = 0.0
    ) -> None:
        """Does the work every so many seconds, for the first time now or in `first_in_seconds`."""
        self._every[name] = every_seconds
        self._scheduler.add_job(
            partial(self._run, name, work),
            _Pace(every_seconds),
            id=name,
            name=name,
            next_run_time=wall_clock() + timedelta(seconds=first_in_seconds),
            replace_existing=True,
        )

    def _run(self, name: str, work: Callable[[], Any]) -> None:
        self._begun_at[name] = time.monotonic()
        with self._running:
            if self._is_stopping:
                return
            self._running_jobs += 1
        try:
            work()
        finally:
            with self._running:
                self._running_jobs -= 1
                self._running.notify_all()

    def remove(self, name: str) -> None:
        """Starts this job no more; what runs of it runs on."""
        self._every.pop(name, None)
        self._change(lambda: self._scheduler.remove_job(name))

    def postpone(self, name: str, seconds: float) -> None:
        """Starts this job next in so many seconds, and from then on at its pace."""
        next_at = wall_clock() + timedelta(seconds=seconds)
        self._change(lambda: self._scheduler.modify_job(name, next_run_time=next_at))

    def next_in_seconds(self, name: str) -> float | None:
        """How long until the job starts next; null where it is not timed."""
        job = self._scheduler.get_job(name)
        if job is None or job.next_run_time is None:
            return None
        return max(0.0, float((job.next_run_time - wall_clock()).total_seconds()))

    def keep_pace(self) -> None:
        """Brings back the jobs that a clock set back has carried away; to be called every second."""
        for job in self._scheduler.get_jobs():
            if job.next_run_time - wall_clock() > job.trigger.every + _HAIR:
                begun_at = self._begun_at.get(job.id, 0.0)
                self.postpone(job.id, max(0.0, begun_at + self._every.get(job.id, 0) - time.monotonic()))

    def _change(self, change: Callable[[], object]) -> None:
        try:
            change()
        except JobLookupError:  # given up meanwhile
            return

    def _hear(self, event: JobEvent) -> None:
        name = event.job_id
        if event.code == EVENT_JOB_MAX_INSTANCES:
            if (
                name not in self._overrun
            ):  # one row for each run that lasts too long, however many starts it costs
                self._overrun.add(name)
                self._on_overrun(name, self._every.get(name, 0))
            return
        self._overrun.discard(name)
        if event.code == EVENT_JOB_MISSED:
            self._on_late(name)
        elif isinstance(event, JobExecutionEvent) and event.exception is not None:
            self._on_failed(name, event.exception)
