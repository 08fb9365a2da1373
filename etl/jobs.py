"""Runs the loads on time: one job per source, one heartbeat, and no start that is left out in silence.

In: the settings with their sources. Out: loaded rows, a heartbeat row every ten seconds, and in the ledger
one failed row for every start that failed or was left out.
Rule: a warehouse that is away for a while ends nothing; a stop lets the running batch commit; of several such
processes one leads each job and the others stand by.

Times come from UTC triggers and jobs live in memory, declared here: a local zone fires twice on the autumn
night, and a stored job table can stop the scheduler for ever at a restart of its database.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Engine

from etl import LoadError
from etl.config import Settings
from etl.game import keeping, social
from etl.load import without_customers
from etl.on_request.key_moves import move_keys, recount, teams_of_today
from etl.on_request.requests import Requests
from etl.reports.letters import sender
from etl.reports.making import REPORTS_SECONDS, Make, Reports
from etl.schedule import nightly
from etl.schedule.clock import Clock, after, wall_clock
from etl.schedule.failed_starts import FailedStarts
from etl.schedule.foreman import Foreman, end_all_at_once, see_off
from etl.schedule.leader import Leadership
from etl.schedule.outcomes import Outcome, is_away
from etl.schedule.slots import Slot, SlotTaken
from etl.schedule.timetable import MISFIRE_GRACE_SECONDS, Timetable
from etl.schedule.tries import Tries
from etl.schedule.worker import Errand
from etl.sources import SourceSettings
from etl.supervise import Stopping
from etl.watch.outbox import DELIVER_SECONDS, Outbox
from etl.watch.watching import JOB_NAME, WATCH_SECONDS, watch
from sql.warehouse import WarehouseError, connected, execute

HEARTBEAT_SECONDS = 10
KEY_MOVES_SECONDS = 3
REQUESTS_SECONDS = 2
NIGHTLY_SECONDS = 60
NIGHTLY_PAUSE_SECONDS = 3600.0
TICK_SECONDS = 0.5
READY_SECONDS = 0.2
GRACE_SECONDS = 20.0
LAST_GRACE_SECONDS = 4.0
SILENCE_SECONDS = 45.0
PROCESS_NAME = "etl"
LEAD = "the loader itself"
_HEARTBEAT = "heartbeat"
_KEY_MOVES = "joined agents and queues"
_REQUESTS = "uploads and replays"
_NIGHTLY = "ended days"
_DELIVERIES = "words of alerts"
_REPORTS = "reports"
_GAME = "the game"
_SOCIAL = "coins and contests"
_HOUSEKEEPING = frozenset(
    {_HEARTBEAT, _KEY_MOVES, _REQUESTS, _NIGHTLY, JOB_NAME, _DELIVERIES, _REPORTS, _SOCIAL, _GAME}
)
_LOG = logging.getLogger("floorboard.etl")


@dataclass(frozen=True)
class Job:
    """One line of the job table: what runs, how often, and with whose lead (none: in every loader)."""

    name: str
    every_seconds: int
    work: Callable[[], None]
    lead_name: str
    first_in_seconds: float = 0.0


@dataclass
class _State:
    """What is known of a job's last start."""

    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome_name: str | None = None
    rested_from: float | None = None
    """When it ended last, in seconds of the monotonic clock; null after another process has led it."""


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
        hire: Callable[[str, Errand], Foreman] = Foreman,
        make_report: Make | None = None,
    ) -> None:
        self._engine, self._settings, self._stop, self._now = engine, settings, stop, now
        self._sources = settings.sources if only is None else (settings.source(only),)
        self._host_name, self._process_number = socket.gethostname(), os.getpid()
        self.process_name = f"{PROCESS_NAME} {self._host_name} {self._process_number}"
        self._started_at = now()
        self._last_beat = time.monotonic()
        self._failed = FailedStarts(engine, now=now)
        self._tries = Tries()
        self._day_tries: dict[nightly.Due, float] = {}
        self._warehouse_away = False
        self._leadership = Leadership(engine)
        self._told = ""
        errand = Errand(engine.url.render_as_string(hide_password=False), settings)
        self._foremen = {source.name: hire(source.name, errand) for source in self._sources}
        self._night_foreman = hire(_NIGHTLY, errand)
        self._requests = Requests(engine, settings, now=now, check=self._check)
        self._outbox = Outbox(engine, settings, now=now)
        self._social = social.SocialClock(engine, now=now)
        self._game = keeping.Game(engine, now=now, check=self._check) if settings.game.enabled else None
        self._reports = (
            Reports(engine, settings, make=make_report, now=now, send=sender(settings))
            if make_report
            else None
        )
        self._jobs = {job.name: job for job in self.table()}
        self._states = {name: _State() for name in self._jobs}
        self._timetable = Timetable(
            most_jobs=len(self._jobs) + 2,
            on_failed=self._hear_failure,
            on_late=self._hear_late,
            on_overrun=self._hear_overrun,
        )

    def table(self) -> list[Job]:
        """Every job: the heartbeat first, then what people ask for and what is due once a day, then one per source."""
        return [
            Job(_HEARTBEAT, HEARTBEAT_SECONDS, self.beat, ""),
            Job(_KEY_MOVES, KEY_MOVES_SECONDS, self.move_keys, LEAD),
            Job(_REQUESTS, REQUESTS_SECONDS, self.work_requests, LEAD),
            Job(_NIGHTLY, NIGHTLY_SECONDS, self.close_days, "", NIGHTLY_SECONDS),
            Job(JOB_NAME, WATCH_SECONDS, self.watch, LEAD),
            Job(_DELIVERIES, DELIVER_SECONDS, self.deliver, LEAD),
            *(
                [Job(_GAME, keeping.GAME_SECONDS, self.play, LEAD, keeping.FIRST_IN_SECONDS)]
                if self._game
                else []
            ),
            Job(_SOCIAL, social.SECONDS, self.keep_social, LEAD, social.FIRST_IN_SECONDS),
            *([Job(_REPORTS, REPORTS_SECONDS, self.work_reports, LEAD)] if self._reports else []),
            *(Job(one.name, one.every_seconds, self._loading(one), one.name) for one in self._sources),
        ]

    def run(self) -> None:
        """Works until `stop` is set; LoadError when the scheduler itself has fallen silent."""
        self._timetable.start()
        try:
            self._agree()
            for job in self._jobs.values():
                if not job.lead_name:
                    self._add(job)
            while True:
                self._agree()
                self._timetable.keep_pace()
                self._watch()
                if self._stop.wait(TICK_SECONDS):
                    break
        finally:
            self._finish()

    def _watch(self) -> None:
        """LoadError where the thread that times the jobs is dead or silent: whoever started us starts us anew."""
        is_silent = time.monotonic() - self._last_beat > SILENCE_SECONDS
        if is_silent or not self._timetable.is_alive:
            raise LoadError(
                "The scheduler "
                + (f"has not run its heartbeat for {SILENCE_SECONDS:.0f} s" if is_silent else "has died")
                + f", expected a heartbeat every {HEARTBEAT_SECONDS} s; start the ETL again."
            )

    def _agree(self) -> None:
        """Takes what nobody leads, and lets go at once of what is no longer led."""
        before = self._leadership.held
        self._leadership.agree([LEAD, *self._foremen])
        held, others = self._leadership.held, self._leadership.others
        for job in self._jobs.values():
            if job.lead_name in before - held:
                self._timetable.remove(job.name)
                if job.name in self._foremen:
                    self._foremen[job.name].pause()
            elif job.lead_name in held - before:
                self._add(job)
        for name in others & self._foremen.keys():  # what its reader holds is of no use any more
            self._foremen[name].leave()
            self._states[name].rested_from = None
        if held - before or LEAD in before - held:  # a leader that is not seen is taken for one that stopped
            self._timetable.postpone(_HEARTBEAT, READY_SECONDS)
        self._tell_lead(held, others)

    def _add(self, job: Job) -> None:
        self._timetable.add(job.name, job.every_seconds, job.work, first_in_seconds=job.first_in_seconds)

    def _tell_lead(self, held: frozenset[str], others: frozenset[str]) -> None:
        if not held and not others:  # no warehouse: the heartbeat tells
            return
        sources = sorted(held - {LEAD})
        told = f"This process leads: {', '.join(sources) or 'no source'}."
        if others:
            told += f" It stands by for: {', '.join(sorted(others))}."
        if told != self._told:
            _LOG.info("%s", told)
        self._told = told

    def _finish(self) -> None:
        """Takes no more work and waits for the running batches, but not for ever."""
        self._stop.set()
        foremen = [*self._foremen.values(), self._night_foreman]
        for foreman in foremen:
            foreman.stop()
        guards = [
            threading.Timer(GRACE_SECONDS, _give_up, (foremen,)),
            threading.Timer(GRACE_SECONDS + LAST_GRACE_SECONDS, hard_exit),
        ]
        for guard in guards:
            guard.daemon = True
            guard.start()
        self._timetable.stop()
        see_off(LAST_GRACE_SECONDS)
        for guard in guards:
            guard.cancel()
        is_silent_end = self._leadership.held or self._leadership.others
        self._leadership.close()
        self._failed.write()
        if is_silent_end:
            with suppress(WarehouseError), connected(self._engine, deadline_seconds=3.0) as connection:
                execute(connection, "merge/heartbeat_end", process_name=self.process_name)

    def _loading(self, source: SourceSettings) -> Callable[[], None]:
        def load() -> None:
            if self._tries.is_early(source.name) or self._stop.is_set():
                return
            if not self._foremen[source.name].is_ready():
                self._timetable.postpone(source.name, READY_SECONDS)
                return
            state = self._states[source.name]
            rested = None if state.rested_from is None else time.monotonic() - state.rested_from
            slot = Slot(source.name, source.every_seconds, self.process_name, rested)
            began_at = self._now()
            outcome = self._foremen[source.name].ask(
                {"do": "load", "source_name": source.name, "slot": asdict(slot)},
                deadline_seconds=source.deadline_seconds,
            )
            if outcome.wait_seconds is not None:  # somebody else has begun it in this interval
                self._timetable.postpone(source.name, outcome.wait_seconds)
                return
            state.started_at, state.ended_at = began_at, self._now()
            state.outcome_name, state.rested_from = outcome.outcome_name, time.monotonic()
            self._hear_outcome(source, outcome)

        return load

    def _hear_outcome(self, source: SourceSettings, outcome: Outcome) -> None:
        """Tells how a load ended: one line of the log for each that did something."""
        level = logging.INFO if outcome.batches else logging.DEBUG
        level = logging.WARNING if outcome.notices else level
        level = logging.ERROR if outcome.error_text else level
        _LOG.log(level, "%s", outcome.line(source.name))
        if outcome.error_text is not None:
            if not outcome.is_noted:
                self._failed.note(source.name, outcome.error_text)
            self.back_off(source.name)
        else:
            self._tries.did_well(source.name)
        if source.every_seconds >= HEARTBEAT_SECONDS:
            self._show_jobs([source.name])

    def move_keys(self) -> None:
        """Moves the facts of keys that a person has given to another agent or queue."""
        if self._tries.is_early(_KEY_MOVES):
            return
        try:
            done = move_keys(self._engine, now=self._now)
            recount(self._engine, now=self._now)
            teams_of_today(self._engine, now=self._now)
        except LoadError as error:  # not written down yet, unlike the failure of a load
            raise WarehouseError(str(error)) from error
        if done:
            _LOG.info("%d keys were moved with their facts.", done)
        self._tries.did_well(_KEY_MOVES)

    def work_requests(self) -> None:
        """Looks at uploads, loads them, and reads refused rows again, as people ask for it on the pages."""
        try:
            with suppress(Stopping):
                self._requests.work()
        except (LoadError, WarehouseError) as error:
            if not is_away(error):
                raise WarehouseError(str(error)) from error  # told by the heartbeat where it is away

    def watch(self) -> None:
        """Measures the rules of alerts and the days of goals."""
        try:
            watch(
                self._engine,
                time_zone_name=self._settings.site.time_zone,
                now=self._now,
                process_name=self.process_name,
            )
        except SlotTaken as taken:
            self._timetable.postpone(JOB_NAME, taken.wait_seconds)
        except WarehouseError as error:
            if not is_away(error):
                raise  # told by the heartbeat where it is away

    def deliver(self) -> None:
        """Delivers the words of alerts that wait in the outbox."""
        try:
            self._outbox.deliver()
        except WarehouseError as error:
            if not is_away(error):
                raise

    def play(self) -> None:
        """Shows what is earned today, and posts, counts again and closes working days."""
        try:
            with suppress(Stopping):
                if self._game is not None:
                    self._game.work()
        except WarehouseError as error:
            if not is_away(error):
                raise

    def keep_social(self) -> None:
        """Makes coins of points, and begins and ends contests."""
        try:
            done = self._social.work()
        except WarehouseError as error:
            if not is_away(error):
                raise
            return
        if done != social.Kept():
            _LOG.info(
                "Coins: %d entries added, %d taken back; %d contests went a step further.",
                done.added_entries,
                done.reversed_entries,
                done.moved_contests,
            )

    def work_reports(self) -> None:
        """Has the reports made that are due or asked for, and sends them."""
        try:
            if self._reports is not None:
                self._reports.work()
        except WarehouseError as error:
            if not is_away(error):
                raise

    def close_days(self) -> None:
        """Does what is due once a day for the sources that this process leads, one day after the other."""
        with connected(self._engine) as connection:
            execute(connection, "merge/schedule_old", process_name=self.process_name, now=self._now())
        for one in nightly.due(self._engine, self._settings, now=self._now()):
            is_early = time.monotonic() < self._day_tries.get(one, 0.0)
            lead_name = LEAD if one.source_name == nightly.SITE else one.source_name
            if is_early or self._stop.is_set() or lead_name not in self._leadership.held:
                continue
            if nightly.take(self._engine, one, process_name=self.process_name):
                self._close_day(one)
        self._night_foreman.leave()

    def _close_day(self, one: nightly.Due) -> None:
        outcome = self._night_foreman.ask(
            {
                "do": "day",
                "work_name": one.work_name,
                "source_name": one.source_name,
                "day_date": one.day_date.isoformat(),
            },
            deadline_seconds=nightly.source_of(self._settings, one.source_name).deadline_seconds,
        )
        _LOG.info("work=%s day=%s %s", one.work_name, one.day_date, outcome.line(one.source_name))
        if outcome.outcome_name == "succeeded":
            nightly.close(self._engine, one, process_name=self.process_name)
            self._day_tries.pop(one, None)
            return
        self._day_tries[one] = time.monotonic() + NIGHTLY_PAUSE_SECONDS
        nightly.give_back(self._engine, one, process_name=self.process_name)
        if outcome.error_text is not None:
            self._failed.note(one.source_name, f"{one.work_name} of {one.day_date}: {outcome.error_text}")

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopping

    def beat(self) -> None:
        """Writes the heartbeat row, how the jobs stand, and what found no warehouse when it happened."""
        self._last_beat = time.monotonic()
        is_leader = LEAD in self._leadership.held
        beat = {"started_at": self._started_at, "beat_at": self._now()}
        name = PROCESS_NAME if is_leader else self.process_name
        try:
            with connected(self._engine) as connection:
                execute(connection, "merge/heartbeats", process_name=name, **beat)
                if is_leader:
                    execute(connection, "merge/heartbeat_end", process_name=self.process_name)
            self._show_jobs(sorted(self._jobs.keys() - {_HEARTBEAT}))
        except WarehouseError as error:
            if not self._warehouse_away:
                _LOG.error("%s The loads go on by themselves once it is back.", error)
            self._warehouse_away = True
            return
        if self._warehouse_away:
            _LOG.info("The warehouse answers again.")
        self._warehouse_away = False
        self._failed.write()

    def _show_jobs(self, names: list[str]) -> None:
        """Writes how the jobs stand that this process leads. WarehouseError."""
        held = self._leadership.held
        shown = [self._jobs[name] for name in names if self._jobs[name].lead_name in held]
        lead = [Job(LEAD, HEARTBEAT_SECONDS, self.beat, LEAD)] if LEAD in held else []
        states = [self._states.get(job.name, _State()) for job in (*shown, *lead)]
        with connected(self._engine) as connection:
            execute(
                connection,
                "merge/jobs_seen",
                host_name=self._host_name,
                process_number=self._process_number,
                job_names=[job.name for job in (*shown, *lead)],
                every_seconds=[job.every_seconds for job in (*shown, *lead)],
                next_run_ats=[self._next_run_at(job) for job in (*shown, *lead)],
                last_started_ats=[state.started_at for state in states],
                last_ended_ats=[state.ended_at for state in states],
                outcome_names=[state.outcome_name for state in states],
            )

    def _next_run_at(self, job: Job) -> datetime | None:
        seconds = self._timetable.next_in_seconds(_HEARTBEAT if job.name == LEAD else job.name)
        return None if seconds is None else after(self._now, max(seconds, self._tries.wait_seconds(job.name)))

    def _hear_late(self, name: str) -> None:
        self._note(name, f"A start was left out: it came more than {MISFIRE_GRACE_SECONDS} s late.")

    def _hear_overrun(self, name: str, every_seconds: int) -> None:
        if (
            name not in _HOUSEKEEPING
        ):  # a large upload may take its time; a silent warehouse is told by the heartbeat
            self._note(name, f"A start was left out: the run before it lasts longer than {every_seconds} s.")

    def _hear_failure(self, name: str, error: BaseException) -> None:
        if isinstance(error, LoadError | WarehouseError):
            _LOG.error("%s: %s", name, error)
            self._failed.note(name, str(error))
        else:  # a fault of the program: its text may hold what was read
            told = "".join(traceback.format_exception(error))
            _LOG.error("%s: %s", name, without_customers(told, self._settings))
            self._failed.note(name, f"{type(error).__name__}; the log of the load tells more.")
        self.back_off(name)

    def _note(self, name: str, sentence: str) -> None:
        _LOG.warning("%s: %s", name, sentence)
        self._failed.note(name, sentence)

    def back_off(self, name: str) -> float:
        """Puts the next try after a failure twice as far away each time, up to a minute; the seconds."""
        every = next((source.every_seconds for source in self._sources if source.name == name), 0)
        wait = self._tries.failed(name, every)
        _LOG.info("%s: next try in %d s", name, wait)
        return wait


def _give_up(foremen: list[Foreman]) -> None:
    """Ends the loads that a stop has waited for long enough."""
    for foreman in foremen:
        if foreman.process_number is not None:
            foreman.kill(
                f"The running batch did not end within {GRACE_SECONDS:.0f} s of the stop; it was given up and is read "
                "again with the next load."
            )


def hard_exit() -> None:
    """Ends the process at once: a batch that does not commit in time is rolled back by the warehouse."""
    _LOG.error("What was running did not end in %.0f s; it is given up and done again.", GRACE_SECONDS)
    os._exit(1)


def end_at_once() -> None:
    """Ends this process and those that load for it, without waiting for anything; for a second Ctrl-C."""
    end_all_at_once()
    os._exit(143)


def serve(
    engine: Engine,
    settings: Settings,
    *,
    only: str | None = None,
    stop: threading.Event,
    now: Clock = wall_clock,
    make_report: Make | None = None,
) -> None:
    """Loads every source (or `only` one) at its pace until `stop` is set; the running batch still commits.

    `now` gives the instant that is written to the ledger (the simulated floor may run faster than the wall).
    `make_report` makes a report of ops.reports; without it none is made.
    Raises LoadError when the scheduler has fallen silent. A warehouse that is away only delays the loads.
    """
    JobService(engine, settings, only=only, stop=stop, now=now, make_report=make_report).run()
