"""Starts the demo with one command: a simulated contact centre that anyone can look at.

In: how much history, how fast its clock runs, where to listen. Out: a site (etl.site) whose telephone system writes a real
log, whose other systems write real exports, and whose people have set it up, until it is asked to stop.
Rule: the demo is no special path. Its files are read by the load like any other; nothing here touches a figure.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from etl.config import CONFIG_VARIABLE, Settings, load_settings
from etl.demo_home import LOG_NAME, clock_of, demo_lock, enter_demo_home
from etl.load import run_source
from etl.policy_file import apply as apply_policy
from etl.policy_file import policy_path, policy_text, write_once
from etl.schedule.clock import CLOCK_VARIABLE, Clock, wall_clock
from etl.simulation.floor_log import FloorClock, floor_clock, follow_floor, write_floor
from etl.simulation.floor_organisation import organise
from etl.simulation.floor_settings import FIRST_SOURCES, write_demo_settings
from etl.simulation.floor_shifts import AHEAD, write_shifts
from etl.simulation.floor_shifts import FILE_NAME as SHIFTS_NAME
from etl.site import Readiness, SiteError, Steps, dashboard_command, end_all, one_site, opened, refuse_mixing
from etl.supervise import StopRequest, stop_on_signals
from sql.embedded import home
from sql.policy import example

DEMO_VARIABLE = "FLOORBOARD_DEMO"
"""Tells the pages that they show the demo: personas stand for people there, and nowhere else."""


@dataclass(frozen=True)
class DemoOptions:
    """What can be chosen about the demo."""

    days: int
    seed: int
    speed: float
    host: str
    port: int


def run_demo(
    options: DemoOptions,
    *,
    command: list[str],
    steps: Steps,
) -> None:
    """The simulated contact centre, until it is asked to stop; `command` starts this program anew.

    What its people have set up is added beside, by `furnish`, while the pages answer already.
    """
    enter_demo_home()
    site = one_site(demo_lock(), "The demo", options.host, options.port, steps)
    with site as (address, company, request):
        settings_file = write_demo_settings(home())
        settings = load_settings(settings_file)
        log = settings_file.with_name(LOG_NAME)
        with opened(steps) as engine:
            refuse_mixing(engine, settings)
            request.check()
            clock = _floor_time(log, options)
            _let_figures_exist(engine, policy_path(settings_file), clock_of(clock))
            environment = {CONFIG_VARIABLE: str(settings_file), **clock_variable(clock)}
            pages = dashboard_command(command, options.host, options.port)
            company.start("dashboard", pages, environment={**environment, DEMO_VARIABLE: "1"})
            ready = Readiness(address, company, steps)
            try:
                begins_at = _write_history(log, options, settings, clock, steps, request)
                organise(engine, settings, begins_at=begins_at)
                _first_load(engine, settings, clock_of(clock), steps, request)
                company.start("etl", [*command, "etl", "run"], environment=environment)
                floor = ["floor", str(log), "--seed", str(options.seed), "--speed", str(options.speed)]
                company.start("floor", [*command, *floor], environment=environment)
                people = [*command, "furnish", "--seed", str(options.seed)]
                company.start("furnish", people, environment=environment, may_end=True)
                ready.keep(request)
            finally:
                end_all(company, ready, steps)


def _let_figures_exist(engine: Engine, policy_file: Path, now: Clock) -> None:
    """The demo's people are made up, so all figures of single agents may exist; its policy shows how one is written."""
    write_once(policy_file, policy_text(example(since_date=now().date(), by="Floorboard demo")))
    apply_policy(engine, now=now, tell=lambda _: None, file=policy_file)


def follow(path: Path, *, seed: int, speed: float) -> None:
    """Goes on writing the demo's log until a signal asks for the end."""
    with stop_on_signals() as request:
        follow_floor(path, seed=seed, speed=speed, stop=request.event, now=wall_clock)


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
        raise SiteError(f"{log}: the state of the simulated floor is gone; start again.")
    return clock


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
    """Loads calls and tickets before the scheduler takes over with all the rest, and tells the pace."""
    started = time.monotonic()
    read = 0

    def tell(batch: object) -> None:
        nonlocal read
        read += int(getattr(batch, "read_rows", 0))
        steps.passing(f"Loading: {read:,} rows, {read / (time.monotonic() - started):,.0f} rows/s")
        request.check()

    first = [source for source in settings.sources if source.name in FIRST_SOURCES]
    done = [run_source(engine, settings, source, now=now, on_batch=tell) for source in first]
    seconds = time.monotonic() - started
    read_rows = sum(summary.read_rows for summary in done)
    rejected_rows = sum(summary.rejected_rows for summary in done)
    pace = f"{read_rows / seconds:,.0f} rows/s" if seconds > 0 else "at once"
    rejected = f", {rejected_rows:,} refused" if rejected_rows else ""
    steps.say(f"Load: {read_rows:,} rows read{rejected} ({seconds:.1f} s, {pace})")
