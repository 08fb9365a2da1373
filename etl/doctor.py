"""Says in plain words what is wrong with this installation, and what to do about it.

In: this machine, the settings file, the warehouse. Out: one finding for each thing that was looked at.
Rule: a finding that is wrong names its next step; looking changes nothing and starts nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from etl import LoadError
from etl.config import CONFIG_VARIABLE, ConfigError, Settings, load_settings, settings_path
from etl.demo_home import DATA_PATTERN, clock_in_use, demo_home, demo_lock, enter_home_in_use
from etl.doctor_rights import names_beyond, rights_findings
from etl.doctor_sources import source_findings
from etl.findings import Finding
from etl.policy_file import policy_findings
from etl.site import SiteError, refuse_mixing
from etl.supervise import SuperviseError, lock_holder, refuse_taken_port
from sql.embedded import home, status
from sql.migrate import check
from sql.postgres_programs import place_of
from sql.warehouse import WarehouseError, connected, frame, open_engine

OLDEST_PYTHON = (3, 11)
# Without any one of these Postgres does not start on a folder of its own.
PARTS_OF_DATA = (
    "PG_VERSION",
    "base/1",
    "floorboard.password",
    "global/pg_control",
    "pg_wal",
    "postgresql.conf",
)
Troubles = (ConfigError, SiteError, LoadError, SuperviseError, WarehouseError, OSError)


def examine(*, host: str, port: int) -> list[Finding]:
    """Everything that can be told without changing anything, in the order in which it is to be put right."""
    settings: Settings | None = None
    holder: str | None = None
    found = [_python()]
    with _each("Settings", found):
        settings, findings = _settings()
        found += findings
    for source in settings.sources if settings else ():
        with _each(f"Source {source.name}", found):
            found += source_findings(source)
    with _each("Demo", found):
        holder = lock_holder(demo_lock())
        found.append(_demo(holder))
    with _each("Warehouse", found):
        enter_home_in_use()
        found += _data() or _asked_warehouse(settings)
    with _each(f"Port {port}", found):
        found.append(_port(host, port, holder))
    return found


@contextmanager
def _each(subject: str, found: list[Finding]) -> Iterator[None]:
    """Each look stands on its own: one that fails is a finding, and the others still take place."""
    try:
        yield
    except Troubles as error:
        found.append(Finding(subject, "wrong", str(error)))


def _data() -> list[Finding]:
    """What is missing in the folder of Floorboard's own database; nothing when it is whole, or not there yet."""
    if os.environ.get("DATABASE_URL", "").strip():
        return []
    lost = {
        folder: [name for name in PARTS_OF_DATA if not _is_there(folder / name)]
        for folder in sorted(place_of(home()).base.glob(DATA_PATTERN))
    }
    return [
        Finding(
            "Warehouse",
            "wrong",
            f"{_which()}: {folder} is no whole database, it lacks {', '.join(names)}",
            "Put it back from a backup, or move the folder away to begin with an empty warehouse.",
        )
        for folder, names in lost.items()
        if names
    ]


def _is_there(path: Path) -> bool:
    return path.is_dir() or (path.is_file() and path.stat().st_size > 0)


def _which() -> str:
    """Whose warehouse the findings speak of, and where it is."""
    if os.environ.get("DATABASE_URL", "").strip():
        return "the one that DATABASE_URL names"
    owner = "demo" if home() == demo_home() else "site"
    return f"the {owner}'s own, in {home()}"


def _asked_warehouse(settings: Settings | None) -> list[Finding]:
    with _reachable() as engine:
        return _warehouse(engine, settings)


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
                f"{_which()}: its Postgres does not run now. {notes}".strip(),
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
            return [Finding("Warehouse", "wrong", f"{_which()}: {fault}") for fault in faults]
        if settings:
            refuse_mixing(engine, settings)
        return [
            Finding("Warehouse", "good", f"{_which()}: Postgres answers, its tables are up to date"),
            *rights_findings(engine, names=_names(), is_open=_is_left_open(settings)),
            *policy_findings(engine),
            *_load(engine, settings),
        ]
    except (SiteError, LoadError, WarehouseError) as error:
        return [Finding("Warehouse", "wrong", str(error))]


def _names() -> list[str]:
    """What other machines call the site; a demo is shown to whoever reaches it."""
    is_demo = not os.environ.get("DATABASE_URL", "").strip() and home() == demo_home()
    return [] if is_demo else names_beyond(os.environ)


def _is_left_open(settings: Settings | None) -> bool:
    return settings is not None and settings.sign_in is not None and "open" in settings.sign_in.kind


def _load(engine: Engine, settings: Settings | None) -> list[Finding]:
    """How fresh the data is, by the ledger, and whether a load is alive, by its heartbeat."""
    now = clock_in_use()()
    with connected(engine) as connection:
        health = frame(connection, "queries/source_health", as_of=now).to_dicts()
        [beat] = frame(connection, "queries/loader", as_of=now).to_dicts()
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
    return [*found, _heartbeat(beat["beat_age_seconds"], is_silent=bool(beat["is_silent"]))]


def _freshness(row: dict[str, object]) -> Finding:
    subject = f"Data of {row['source_name']}"
    if row["error_text"] is not None:
        return Finding(subject, "wrong", f"the last load failed: {row['error_text']}")
    if row["newest_event_age_seconds"] is None:
        return Finding(subject, "advice", "no event yet", "See that the source is being written to.")
    age = f"the newest event is {_span(int(str(row['newest_event_age_seconds'])))} old"
    if row["is_stale"]:
        return Finding(
            subject, "wrong", age, "See that the load runs and that the source is being written to."
        )
    return Finding(subject, "good", age)


def _heartbeat(age: int | None, *, is_silent: bool) -> Finding:
    """What the pages say of the loader, by the same question: from the same second on it is silent."""
    if age is None:
        return Finding(
            "Load", "advice", "has never run on time", "Start `floorboard up` or `floorboard etl run`."
        )
    if is_silent:
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
