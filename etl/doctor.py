"""Says in plain words what is wrong with this installation, and what to do about it.

In: this machine, the settings file, the warehouse. Out: one finding for each thing that was looked at.
Rule: a finding that is wrong names its next step; looking changes nothing and starts nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine

from etl.config import CONFIG_VARIABLE, ConfigError, Settings, SourceSettings, load_settings, settings_path
from etl.demo import demo_lock
from etl.jobs import HEARTBEAT_SECONDS, PROCESS_NAME, environment_clock
from etl.supervise import SuperviseError, lock_holder, refuse_taken_port
from sql.embedded import status
from sql.migrate import check
from sql.warehouse import WarehouseError, connected, frame, open_engine

OLDEST_PYTHON = (3, 11)
State = Literal["good", "advice", "wrong"]
_MARKS: dict[State, str] = {"good": "ok    ", "advice": "note  ", "wrong": "WRONG "}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was found, and what to do when it is not good."""

    subject_name: str
    state_name: State
    found_text: str
    step_text: str = ""

    def line(self) -> str:
        """The finding as a line of a terminal."""
        step = f" -> {self.step_text}" if self.step_text else ""
        return f"{_MARKS[self.state_name]}{self.subject_name}: {self.found_text}{step}"


def examine(*, host: str, port: int) -> list[Finding]:
    """Everything that can be told without changing anything, in the order in which it is to be put right."""
    settings, findings = _settings()
    found = [_python(), *findings]
    found += [_source_file(source) for source in settings.sources] if settings else []
    holder = lock_holder(demo_lock())
    found.append(_demo(holder))
    with _reachable() as engine:
        found += _warehouse(engine, settings)
    found.append(_port(host, port, holder))
    return found


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", "wrong", f"version {version}", "Install Python 3.11 or newer.")
    return Finding("Python", "good", f"version {version}")


def _settings() -> tuple[Settings | None, list[Finding]]:
    file = settings_path()
    if not file.exists() and not os.environ.get(CONFIG_VARIABLE):
        return None, [
            Finding(
                "Settings",
                "advice",
                f"no file {file}",
                "The demo needs none; for a real site copy floorboard.example.toml there.",
            )
        ]
    try:
        settings = load_settings()
    except ConfigError as error:
        return None, [Finding("Settings", "wrong", str(error))]
    names = ", ".join(source.name for source in settings.sources)
    return settings, [Finding("Settings", "good", f"{file}: {settings.site.name}, sources {names}")]


def _source_file(source: SourceSettings) -> Finding:
    subject, path = f"Source {source.name}", source.path
    if not path.exists():
        return Finding(
            subject,
            "wrong",
            f"there is no file {path}",
            "Correct its path in the settings, or start the PBX.",
        )
    if not path.is_file():
        return Finding(subject, "wrong", f"{path} is no file", "Name the log itself in the settings.")
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return Finding(
            subject,
            "wrong",
            f"{path} cannot be read ({error.strerror})",
            "Give this user the right to read it, for example by the group asterisk.",
        )
    return Finding(subject, "good", f"{path} can be read ({path.stat().st_size:,} bytes)")


def _demo(holder: str | None) -> Finding:
    if holder is None:
        return Finding("Demo", "good", "does not run")
    pid, _, address = holder.partition(" ")
    return Finding("Demo", "good", f"runs as process {pid} on {address or 'an address not known yet'}")


@contextmanager
def _reachable() -> Iterator[Engine | Finding]:
    """An engine for a warehouse that runs already, or why there is none."""
    try:
        server = status()
        if not server.url:
            notes = " ".join(server.notes)
            yield Finding(
                "Warehouse",
                "advice",
                f"Floorboard's own Postgres does not run now. {notes}".strip(),
                "Start `floorboard up` or `floorboard demo`, or set DATABASE_URL.",
            )
            return
        engine = open_engine(server.url)
    except WarehouseError as error:
        yield Finding("Warehouse", "wrong", str(error))
        return
    try:
        yield engine
    finally:
        engine.dispose()


def _warehouse(engine: Engine | Finding, settings: Settings | None) -> list[Finding]:
    if isinstance(engine, Finding):
        return [engine]
    try:
        faults = check(engine)
        if faults:
            return [Finding("Warehouse", "wrong", fault) for fault in faults]
        with connected(engine) as connection:
            connection.exec_driver_sql("select 1")
        return [
            Finding("Warehouse", "good", "Postgres answers, its tables are up to date"),
            *_load(engine, settings),
        ]
    except WarehouseError as error:
        return [Finding("Warehouse", "wrong", str(error))]


def _load(engine: Engine, settings: Settings | None) -> list[Finding]:
    """How fresh the data is, by the ledger, and whether a load is alive, by its heartbeat."""
    now = environment_clock()()
    with connected(engine) as connection:
        health = frame(connection, "queries/source_health", as_of=now).to_dicts()
        beats = frame(connection, "queries/heartbeats").to_dicts()
    found = [_freshness(row) for row in health]
    known = {row["source_name"] for row in health}
    for source in settings.sources if settings else ():
        if source.name not in known:
            found.append(
                Finding(
                    f"Data of {source.name}",
                    "advice",
                    "nothing loaded yet",
                    "Run `floorboard etl run --once`.",
                )
            )
    beat_at = next((row["beat_at"] for row in beats if row["process_name"] == PROCESS_NAME), None)
    return [*found, _heartbeat(beat_at, now)]


def _freshness(row: dict[str, object]) -> Finding:
    subject = f"Data of {row['source_name']}"
    if row["error_text"] is not None:
        return Finding(subject, "wrong", f"the last load failed: {row['error_text']}")
    if row["newest_event_age_seconds"] is None:
        return Finding(subject, "advice", "no event yet", "See that the phone system writes its log.")
    age = f"the newest event is {_span(int(str(row['newest_event_age_seconds'])))} old"
    if row["is_stale"]:
        return Finding(
            subject, "wrong", age, "See that the load runs and that the phone system writes its log."
        )
    return Finding(subject, "good", age)


def _heartbeat(beat_at: datetime | None, now: datetime) -> Finding:
    if beat_at is None:
        return Finding(
            "Load", "advice", "has never run on time", "Start `floorboard up` or `floorboard etl run`."
        )
    age = max(int((now - beat_at).total_seconds()), 0)
    if age > 3 * HEARTBEAT_SECONDS:
        return Finding(
            "Load",
            "wrong",
            f"its last heartbeat was {_span(age)} ago",
            "Start `floorboard up` or `floorboard etl run`.",
        )
    return Finding("Load", "good", f"alive, heartbeat {_span(age)} ago")


def _port(host: str, port: int, holder: str | None) -> Finding:
    subject = f"Port {port}"
    try:
        refuse_taken_port(host, port)
    except SuperviseError as error:
        if holder is not None and holder.endswith(f":{port}"):
            return Finding(subject, "good", "is used by the demo")
        return Finding(subject, "advice", str(error))
    return Finding(subject, "good", f"is free on {host}")


def _span(seconds: int) -> str:
    for unit, size in (("days", 172_800), ("hours", 7_200), ("minutes", 120)):
        if seconds >= size:
            return f"{seconds // (size // 2)} {unit}"
    return f"{seconds} s"
