"""Starts a whole site with one command and keeps it together: warehouse, dashboard and load, until it is asked to stop.

In: where to listen, and how this program is started anew. Out: running processes, and a line for each step of the start.
Rule: only one at a time in a home, on a free port, never with another site's calls in one warehouse; and all of it stops.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from etl.config import CONFIG_VARIABLE, Settings, load_settings, settings_path
from etl.simulation.floor_settings import DEMO_SITE_NAME
from etl.supervise import (
    Company,
    Stopping,
    StopRequest,
    SuperviseError,
    answers,
    only_one,
    refuse_taken_port,
    stop_on_signals,
    warn_of_open_host,
)
from sql import rights
from sql.embedded import attached, home, is_ours, let_go
from sql.migrate import check, migrate
from sql.warehouse import connected, frame, open_engine

READY_WITHIN_SECONDS = 90.0


class SiteError(Exception):
    """A site cannot be started here; the message is one sentence fit for a terminal."""


class Steps(Protocol):
    """Who tells the person at the terminal how far the start has come."""

    def say(self, text: str) -> None:
        """A line that stays."""

    def passing(self, text: str) -> None:
        """A line that the next one replaces."""


def run_site(*, host: str, port: int, command: list[str], steps: Steps) -> None:
    """The real site of the settings file, until it is asked to stop."""
    settings = load_settings()
    environment = {CONFIG_VARIABLE: str(settings_path().absolute())}
    site = one_site(home() / "up.lock", "Floorboard", host, port, steps)
    with site as (address, company, request), opened(steps, settings) as engine:
        refuse_mixing(engine, settings)
        request.check()
        company.start("dashboard", dashboard_command(command, host, port), environment=environment)
        ready = Readiness(address, company, steps)
        try:
            company.start("etl", [*command, "etl", "run"], environment=environment)
            steps.say(f"Load: follows {', '.join(source.name for source in settings.sources)}")
            ready.keep(request)
        finally:
            end_all(company, ready, steps)


def make_ready(engine: Engine, tell: Callable[[str], None], *, settings: Settings | None = None) -> list[str]:
    """Brings tables and rights up to date, gives the steps taken; SiteError when the server is not fit.

    settings: those of a site that is started; where they say that people sign in, the rights are there before the first.
    """
    faults = [fault for fault in check(engine) if "floorboard db migrate" not in fault]
    if faults:
        raise SiteError(" ".join(faults))
    steps = migrate(engine, on_step=lambda name: tell(f"Migrating: {name}"))
    is_asked = settings is not None and settings.sign_in is not None and settings.sign_in.kind != ("open",)
    rights.keep_up(engine, is_wanted=is_asked or is_ours())
    return steps


def refuse_mixing(engine: Engine, settings: Settings) -> None:
    """SiteError when simulated calls would come into a real site's warehouse, or the other way round."""
    with connected(engine) as connection:
        names = set(frame(connection, "queries/sites")["site_name"])
    for name in names:
        if (name == DEMO_SITE_NAME) != (settings.site.name == DEMO_SITE_NAME):
            raise SiteError(
                f'The warehouse holds the site "{name}", expected "{settings.site.name}" or none (simulated '
                "and real calls must not mix); give this one a place of its own, such as "
                "`export FLOORBOARD_HOME=~/.floorboard-site` or another DATABASE_URL, and start again."
            )


class Readiness:
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
def one_site(
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
def opened(steps: Steps, settings: Settings | None = None) -> Iterator[Engine]:
    """The warehouse, up to date; it stops afterwards if nobody else uses it."""
    started = time.monotonic()
    let_go()  # whoever starts a whole floor stops all of it
    with attached() as url:
        engine = open_engine(url)
        try:
            make_ready(engine, steps.passing, settings=settings)
            seconds = time.monotonic() - started
            steps.say(f"Warehouse: Postgres answers, its tables are up to date ({seconds:.1f} s)")
            yield engine
        finally:
            engine.dispose()


def dashboard_command(command: list[str], host: str, port: int) -> list[str]:
    """How the dashboard is started as a child process."""
    return [*command, "dashboard", "--host", host, "--port", str(port)]


def end_all(company: Company, ready: Readiness, steps: Steps) -> None:
    """Stops every process of the site, in the order in which they were started."""
    ready.end()
    steps.say("Stopping.")
    company.stop()
