"""Starts a whole site with one command: the real one, or a simulated contact centre that anyone can look at.

In: where to listen, and for the demo how much history and how fast its clock runs. Out: a warehouse, a
dashboard, a load and (demo only) a floor whose telephone system writes a real log, until it is asked to stop.
Rule: the demo is no special path. Its log is read by the load like any other; nothing here touches a figure.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Engine

from etl.config import CONFIG_VARIABLE, DEFAULT_FILE_NAME, Settings, load_settings, settings_path
from etl.load import run_source
from etl.schedule.clock import CLOCK_VARIABLE, FROZEN_VARIABLE, Clock, environment_clock, wall_clock
from etl.simulation.floor_log import FloorClock, floor_clock, follow_floor, write_floor
from etl.simulation.floor_organisation import organise
from etl.simulation.floor_shifts import AHEAD, write_shifts
from etl.simulation.floor_shifts import FILE_NAME as SHIFTS_NAME
from etl.supervise import (
    Company,
    Stopping,
    StopRequest,
    SuperviseError,
    answers,
    lock_holder,
    only_one,
    refuse_taken_port,
    stop_on_signals,
    warn_of_open_host,
)
from sql.embedded import attached, home, let_go
from sql.migrate import check, migrate
from sql.postgres_programs import place_of
from sql.warehouse import connected, frame, open_engine

DEMO_SITE_NAME = "Floorboard demo"
DEMO_ZONE = "Europe/Tallinn"
READY_WITHIN_SECONDS = 90.0
DATA_PATTERN = "postgres-[0-9][0-9]"
_DEMO_NAME = "demo"
_LOCK_NAME = "demo.lock"
_LOG_NAME = "queue_log"
_SETTINGS = """\
# The settings of the demo. For a real site see floorboard.example.toml, which explains every key.
[site]
name = "{name}"
time_zone = "{zone}"

[[sources]]
name = "pbx"
kind = "asterisk_queue_log"
path = "queue_log"
every_seconds = 2
stale_after_seconds = 1800  # at night minutes pass without a call
callback_keys = ["1"]

[[sources]]
name = "helpdesk"
kind = "file"
path = "queue_log-tickets.jsonl"
every_seconds = 5
stale_after_seconds = 7200
facts = "ticket_events"

[sources.fields]
ticket_id = "ticket"
occurred_at = "time"
change_number = "number"
event_name = "change"
value_text = "to"
actor_name = "by"
agent_name = "who"
channel_name = "channel"
customer = "customer"
call_id = "call"
topic_name = "topic"

[[sources]]
name = "surveys"
kind = "file"
path = "queue_log-surveys.jsonl"
every_seconds = 5
stale_after_seconds = 43200  # at night few answer
facts = "surveys"

[sources.fields]
survey_id = "survey"
answered_at = "time"
call_id = "call"
csat_score = "csat"
nps_score = "nps"
is_resolved = "resolved"
comment_text = "comment"

[[sources]]
name = "listeners"
kind = "file"
path = "queue_log-reviews.jsonl"
every_seconds = 60
stale_after_seconds = 604800
facts = "quality_reviews"

[sources.fields]
review_id = "review"
reviewed_at = "time"
call_id = "call"
agent_name = "agent"
total_score = "score"
is_failed = "failed"
reviewer_name = "by"
form_name = "form"
comment_text = "comment"

[[sources]]
name = "rota"
kind = "file"
path = "shifts.jsonl"
every_seconds = 60
stale_after_seconds = 31536000  # a rota is told weeks ahead
facts = "shifts"

[sources.fields]
shift_id = "id"
agent_name = "who"
activity_name = "what"
started_at = "from"
ended_at = "to"
is_planned = "planned"
"""


class DemoError(Exception):
    """A site cannot be started here; the message is one sentence fit for a terminal."""


class Steps(Protocol):
    """Who tells the person at the terminal how far the start has come."""

    def say(self, text: str) -> None:
        """A line that stays."""

    def passing(self, text: str) -> None:
        """A line that the next one replaces."""


@dataclass(frozen=True)
class DemoOptions:
    """What can be chosen about the demo."""

    days: int
    seed: int
    speed: float
    host: str
    port: int


def demo_home() -> Path:
    """The demo's own folder in FLOORBOARD_HOME: simulated and real calls never share a warehouse."""
    folder = home()
    is_own = folder.name == _DEMO_NAME and (folder / _LOCK_NAME).exists()
    return folder if is_own else folder / _DEMO_NAME


def demo_lock() -> Path:
    """The file that is locked while a demo runs."""
    return demo_home() / _LOCK_NAME


def enter_demo_home() -> None:
    """From here on this process and those that it starts live in the demo's home."""
    if not os.environ.get("DATABASE_URL", "").strip():
        place_of(home())  # root's server, an ordinary user, passes through it
    os.environ["FLOORBOARD_HOME"] = str(demo_home())
    with suppress(
        OSError
    ):  # by this file a demo's home is known; whoever locks it says what is wrong with it
        (home() / _LOCK_NAME).touch(mode=0o600)


def enter_home_in_use() -> None:
    """Enters the demo's home when it is the one that is meant.

    That is: neither DATABASE_URL nor a settings file is there, FLOORBOARD_HOME holds no site's warehouse, and
    its demo has one or is about to make one.
    """
    if os.environ.get("DATABASE_URL", "").strip() or os.environ.get(CONFIG_VARIABLE):
        return
    own, site = demo_home(), home()
    if own == site or not own.is_dir() or settings_path().exists() or _has_warehouse(site):
        return
    if _has_warehouse(own) or lock_holder(own / _LOCK_NAME) is not None:
        enter_demo_home()


def settings_in_use() -> Settings:
    """The settings that belong to the home in use: the site's, or the demo's where that is the one that is meant."""
    enter_home_in_use()
    own = home() / DEFAULT_FILE_NAME
    return load_settings(own if home() == demo_home() and own.exists() else None)


def _has_warehouse(folder: Path) -> bool:
    return any(place_of(folder).base.glob(DATA_PATTERN))


def clock_in_use() -> Clock:
    """The clock of the environment; in the demo's home the clock of its floor, which may run faster."""
    clock = _floor_in_use()
    return _at(clock) if clock else environment_clock()


def speed_in_use() -> float:
    """How many seconds of that clock pass in one second."""
    clock = _floor_in_use()
    return clock.speed if clock else 1.0


def _floor_in_use() -> FloorClock | None:
    if any(os.environ.get(name) for name in (CLOCK_VARIABLE, FROZEN_VARIABLE, "DATABASE_URL")):
        return None
    folder = home()
    return floor_clock(folder / _LOG_NAME) if folder == demo_home() else None


def run_demo(
    options: DemoOptions,
    *,
    command: list[str],
    steps: Steps,
    furnish: Callable[[Engine, Settings, Clock], None] | None = None,
) -> None:
    """The simulated contact centre, until it is asked to stop; `command` starts this program anew.

    furnish: adds what people of the floor have written by hand, once its history is loaded.
    """
    enter_demo_home()
    one_site = _one_site(demo_lock(), "The demo", options.host, options.port, steps)
    with one_site as (address, company, request):
        settings_file = write_demo_settings(home())
        settings = load_settings(settings_file)
        log = settings_file.with_name(_LOG_NAME)
        with _opened(steps) as engine:
            refuse_mixing(engine, settings)
            request.check()
            clock = _floor_time(log, options)
            environment = {CONFIG_VARIABLE: str(settings_file), **clock_variable(clock)}
            company.start(
                "dashboard", _dashboard(command, options.host, options.port), environment=environment
            )
            ready = _Readiness(address, company, steps)
            try:
                begins_at = _write_history(log, options, settings, clock, steps, request)
                organise(engine, settings, begins_at=begins_at)
                _first_load(engine, settings, _at(clock), steps, request)
                if furnish is not None:
                    furnish(engine, settings, _at(clock))
                company.start("etl", [*command, "etl", "run"], environment=environment)
                floor = ["floor", str(log), "--seed", str(options.seed), "--speed", str(options.speed)]
                company.start("floor", [*command, *floor], environment=environment)
                ready.keep(request)
            finally:
                _end(company, ready, steps)


def run_site(*, host: str, port: int, command: list[str], steps: Steps) -> None:
    """The real site of the settings file, until it is asked to stop."""
    settings = load_settings()
    environment = {CONFIG_VARIABLE: str(settings_path().absolute())}
    one_site = _one_site(home() / "up.lock", "Floorboard", host, port, steps)
    with one_site as (address, company, request), _opened(steps) as engine:
        refuse_mixing(engine, settings)
        request.check()
        company.start("dashboard", _dashboard(command, host, port), environment=environment)
        ready = _Readiness(address, company, steps)
        try:
            company.start("etl", [*command, "etl", "run"], environment=environment)
            steps.say(f"Load: follows {', '.join(source.name for source in settings.sources)}")
            ready.keep(request)
        finally:
            _end(company, ready, steps)


def follow(path: Path, *, seed: int, speed: float) -> None:
    """Goes on writing the demo's log until a signal asks for the end."""
    with stop_on_signals() as request:
        follow_floor(path, seed=seed, speed=speed, stop=request.event, now=wall_clock)


def make_ready(engine: Engine, tell: Callable[[str], None]) -> list[str]:
    """Brings the tables up to date, gives the steps taken; DemoError when the server is not fit."""
    faults = [fault for fault in check(engine) if "floorboard db migrate" not in fault]
    if faults:
        raise DemoError(" ".join(faults))
    return migrate(engine, on_step=lambda name: tell(f"Migrating: {name}"))


def refuse_mixing(engine: Engine, settings: Settings) -> None:
    """DemoError when simulated calls would come into a real site's warehouse, or the other way round."""
    with connected(engine) as connection:
        names = set(frame(connection, "queries/sites")["site_name"])
    for name in names:
        if (name == DEMO_SITE_NAME) != (settings.site.name == DEMO_SITE_NAME):
            raise DemoError(
                f'The warehouse holds the site "{name}", expected "{settings.site.name}" or none (simulated '
                "and real calls must not mix); give this one a place of its own, such as "
                "`export FLOORBOARD_HOME=~/.floorboard-site` or another DATABASE_URL, and start again."
            )


def write_demo_settings(folder: Path) -> Path:
    """The demo's settings file; written at the first start, kept as it is afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "floorboard.toml"
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.write_text(_SETTINGS.format(name=DEMO_SITE_NAME, zone=machine_zone()), encoding="utf-8")
        draft.replace(file)
    return file


def machine_zone() -> str:
    """The machine's time zone by its IANA name; the demo's own where it has none but UTC."""
    candidates = [os.environ.get("TZ", "").removeprefix(":")]
    with suppress(OSError):
        candidates.append(str(Path("/etc/localtime").resolve(strict=True)).partition("zoneinfo/")[2])
    for name in candidates:
        # UTC is what servers are set to, not where people work.
        if "/" in name and not name.startswith(("/", "Etc/")):
            with suppress(ZoneInfoNotFoundError, ValueError, OSError):
                return ZoneInfo(name).key
    return DEMO_ZONE


def clock_variable(clock: FloorClock) -> dict[str, str]:
    """FLOORBOARD_CLOCK for the children; nothing where the floor's clock is the wall's."""
    if clock.speed == 1 and clock.real_at == clock.simulated_at:
        return {}
    return {
        CLOCK_VARIABLE: f"{clock.simulated_at.isoformat()};{clock.real_at.isoformat()};{clock.speed}",
    }


def _floor_time(log: Path, options: DemoOptions) -> FloorClock:
    """The floor's clock from now on: it goes on where it stood, or begins at the present second."""
    if floor_clock(log) is None:
        begin = wall_clock().replace(microsecond=0)
        return FloorClock(begin, begin, options.speed)
    stopped = threading.Event()
    stopped.set()  # takes over the speed that was asked for, and writes nothing
    follow_floor(log, seed=options.seed, speed=options.speed, stop=stopped, now=wall_clock)
    clock = floor_clock(log)
    if clock is None:
        raise DemoError(f"{log}: the state of the simulated floor is gone; start again.")
    return clock


def _at(clock: FloorClock) -> Clock:
    return lambda: clock.instant(wall_clock())


def _write_history(
    log: Path, options: DemoOptions, settings: Settings, clock: FloorClock, steps: Steps, request: StopRequest
) -> datetime:
    """Simulates the days before the demo's first start; when the first of them began."""
    started = time.monotonic()

    def tell(done: int, days: int) -> None:
        request.check()
        steps.passing(f"Simulating the floor: day {done} of {days}")

    summary = write_floor(
        log,
        seed=options.seed,
        days=options.days,
        until=clock.real_at,
        time_zone=settings.site.time_zone,
        on_progress=tell,
    )
    zone = ZoneInfo(settings.site.time_zone)
    first, today = (at.astimezone(zone).date() for at in (summary.started_at, clock.instant(wall_clock())))
    write_shifts(log.with_name(SHIFTS_NAME), first=first, last=today + AHEAD, zone=zone, seed=options.seed)
    seconds = time.monotonic() - started
    days = (summary.live_at - summary.started_at).days
    if summary.written_lines:
        lines = f"{summary.written_lines:,} lines of queue_log"
        steps.say(f"Floor: {days} days simulated, {lines} ({seconds:.1f} s)")
    else:
        steps.say(f"Floor: goes on where it stopped; its history began {summary.started_at:%Y-%m-%d}")
    return summary.started_at


def _first_load(engine: Engine, settings: Settings, now: Clock, steps: Steps, request: StopRequest) -> None:
    """Loads what is there before the scheduler takes over, and tells the pace."""
    started = time.monotonic()
    read = 0

    def tell(batch: object) -> None:
        nonlocal read
        read += int(getattr(batch, "read_rows", 0))
        steps.passing(f"Loading: {read:,} rows, {read / (time.monotonic() - started):,.0f} rows/s")
        request.check()

    done = [run_source(engine, settings, source, now=now, on_batch=tell) for source in settings.sources]
    seconds = time.monotonic() - started
    read_rows = sum(summary.read_rows for summary in done)
    rejected_rows = sum(summary.rejected_rows for summary in done)
    pace = f"{read_rows / seconds:,.0f} rows/s" if seconds > 0 else "at once"
    rejected = f", {rejected_rows:,} refused" if rejected_rows else ""
    steps.say(f"Load: {read_rows:,} rows read{rejected} ({seconds:.1f} s, {pace})")


class _Readiness:
    """Watches the dashboard come up, and tells its address as the last line of the start."""

    def __init__(self, address: str, company: Company, steps: Steps) -> None:
        self._address, self._company, self._steps = address, company, steps
        self._given_up, self._answered = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="readiness", daemon=True)
        self._started = time.monotonic()
        self._thread.start()

    def _watch(self) -> None:
        while not self._given_up.wait(0.1):
            if answers(f"{self._address}/_stcore/health"):
                self._answered.set()
                return

    def keep(self, request: StopRequest) -> None:
        """Ends with Stopping, or with SuperviseError when a process ended or no page came up in time."""
        is_told = False
        while True:
            if self._answered.is_set() and not is_told:
                self._steps.say(f"Floorboard is ready: {self._address}")
                self._steps.say("Ctrl-C stops everything.")
                is_told = True
            request.event.wait(0.5 if is_told else 0.1)
            request.check()
            self._company.check()
            if not is_told and time.monotonic() - self._started > READY_WITHIN_SECONDS:
                raise SuperviseError(
                    f"The dashboard does not answer on {self._address} after {READY_WITHIN_SECONDS:.0f} s; "
                    f"see {self._company.folder / 'dashboard.log'}."
                )

    def end(self) -> None:
        """Tells nothing from now on."""
        self._given_up.set()
        self._thread.join(2)


@contextmanager
def _one_site(
    lock: Path, what: str, host: str, port: int, steps: Steps
) -> Iterator[tuple[str, Company, StopRequest]]:
    """Only one at a time, on a free port, with its processes; a stop that was asked for is no failure."""
    shown = f"[{host}]" if ":" in host else {"0.0.0.0": "127.0.0.1"}.get(host, host)
    address = f"http://{shown}:{port}"
    with only_one(lock, what=what, address=address):
        refuse_taken_port(host, port)
        warn_of_open_host(host, port, steps.say)
        company = Company(home() / "logs")
        with stop_on_signals(company.kill) as request, _asked_is_no_failure(request):
            try:
                yield address, company, request
            finally:
                company.kill()


@contextmanager
def _asked_is_no_failure(request: StopRequest) -> Iterator[None]:
    """Ctrl-C reaches the programs that a start calls too; what they say about it is not news."""
    try:
        yield
    except Stopping:
        return
    except Exception:
        if not request.event.is_set():
            raise


@contextmanager
def _opened(steps: Steps) -> Iterator[Engine]:
    """The warehouse, up to date; it stops afterwards if nobody else uses it."""
    started = time.monotonic()
    let_go()  # whoever starts a whole floor stops all of it
    with attached() as url:
        engine = open_engine(url)
        try:
            make_ready(engine, steps.passing)
            seconds = time.monotonic() - started
            steps.say(f"Warehouse: Postgres answers, its tables are up to date ({seconds:.1f} s)")
            yield engine
        finally:
            engine.dispose()


def _dashboard(command: list[str], host: str, port: int) -> list[str]:
    return [*command, "dashboard", "--host", host, "--port", str(port)]


def _end(company: Company, ready: _Readiness, steps: Steps) -> None:
    ready.end()
    steps.say("Stopping.")
    company.stop()
