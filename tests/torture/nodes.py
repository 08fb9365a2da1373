"""Several `floorboard etl run` on one warehouse, and a record of what they did that they cannot embellish.

In: a migrated warehouse and how many nodes. Out: processes that can be stopped, continued and killed, and for each
start of a source one row with its slot, written by the warehouse itself in the transaction that opens the cursor.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sql import warehouse
from tests.torture.servers import PrivateServer

ROOT = Path(__file__).parents[2]
FRONT_DOOR = (sys.executable, "-P", "-m", "floorboard", "etl", "run")

# The deliberately wrong variant: who has the lock loads, and no slot is asked for. `shared_out` has to catch it.
LOCK_WITHOUT_SLOTS = (
    sys.executable,
    "-c",
    """
import sys
from etl.schedule import foreman
careless = "from etl.schedule import slots, worker; slots.take = lambda *_, **__: None; worker.main()"
foreman.Foreman.__init__.__kwdefaults__["command"] = (sys.executable, "-c", careless)
sys.argv = ["floorboard", "etl", "run"]
import floorboard
floorboard.main()
""",
)

# Each opening of a cursor that moves nothing is one start of a load: the source of these tests has no new lines.
# Its slot is the one that stands in ops.slots in that very transaction; a loader that takes none has that of the clock.
AUDIT = """
create table starts (
    start_number bigint generated always as identity,
    source_name text,
    slot_at timestamptz,
    started_at timestamptz default clock_timestamp(),
    process_name text
);
create function note_start() returns trigger language plpgsql as $$
begin
    insert into starts (source_name, slot_at, process_name)
    select
        new.source_name,
        coalesce(
            (select slot_at from ops.slots where job_name = new.source_name),
            to_timestamp(floor(extract(epoch from clock_timestamp()) / {every}) * {every})
        ),
        (select process_name from ops.slots where job_name = new.source_name);
    return new;
end
$$;
create trigger note_start after insert or update on ops.cursors for each row execute function note_start();
"""
DOUBLED = (
    "select source_name, slot_at from starts group by source_name, slot_at having count(*) > 1 order by 2"
)


def write_settings(folder: Path, *names: str, every_seconds: int = 1, more: str = "") -> Path:
    """A settings file with sources that follow empty logs."""
    lines = ['[site]\nname = "Test floor"\ntime_zone = "Europe/Tallinn"\n']
    for name in names:
        (folder / f"{name}.log").touch()
        lines.append(
            f'[[sources]]\nname = "{name}"\nkind = "asterisk_queue_log"\npath = "{name}.log"\n'
            f"every_seconds = {every_seconds}\ninclude_rotated = false\n{more}"
        )
    file = folder / "floorboard.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def watch_starts(engine: sa.Engine, *, every_seconds: int = 1) -> None:
    """From now on the warehouse takes down every start."""
    with engine.begin() as connection:
        connection.exec_driver_sql(AUDIT.format(every=every_seconds))


def rows(engine: sa.Engine, text: str, **words: object) -> list[tuple[Any, ...]]:
    """The rows that a question answers."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text), words)]


def until(condition: Callable[[], bool], seconds: float) -> float | None:
    """After how many seconds the condition held; None where it never did."""
    began_at = time.monotonic()
    while time.monotonic() - began_at < seconds:
        if condition():
            return time.monotonic() - began_at
        time.sleep(0.05)
    return None


class Node:
    """One `floorboard etl run`, in a process group of its own."""

    def __init__(
        self, settings: Path, url: str, log: Path, *, command: Sequence[str] = FRONT_DOOR, **variables: str
    ) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [*command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=settings.parent,
                env={
                    **os.environ,
                    "DATABASE_URL": url,
                    "FLOORBOARD_CONFIG": str(settings),
                    "PYTHONPATH": str(ROOT),
                    **variables,
                },
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, seconds: float = 30.0) -> int:
        """Asks for the end; the exit code."""
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
        return self.process.wait(seconds)

    def words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running(
    count: int, settings: Path, url: str, *, command: Sequence[str] = FRONT_DOOR
) -> Iterator[list[Node]]:
    """So many nodes; whoever is left at the end is ended."""
    nodes = [Node(settings, url, settings.parent / f"node{n}.log", command=command) for n in range(count)]
    try:
        yield nodes
    finally:
        for node in nodes:
            if node.process.poll() is None:
                node.send(signal.SIGCONT)
                node.process.kill()
                node.process.wait(10)


def open_engine(url: str) -> sa.Engine:
    """An engine of the test's own."""
    return warehouse.open_engine(url)


@dataclass(frozen=True)
class SharedOut:
    """What several loaders of one warehouse did while one after the other lost the lead."""

    starts: int
    doubled_slots: list[tuple[Any, ...]]
    take_over_seconds: list[float]
    exit_codes: list[int]


def shared_out(
    engine: sa.Engine,
    url: str,
    folder: Path,
    *,
    lost_sessions: int,
    stops: int,
    kills: int,
    stop_seconds: float = 5.0,
    count: int = 3,
    every_seconds: int = 1,
    command: Sequence[str] = FRONT_DOOR,
) -> SharedOut:
    """Ends sessions that lead, stops leaders for a while and kills them; `command` may start another kind of loader."""
    watch_starts(engine, every_seconds=every_seconds)
    settings = write_settings(folder, "a", every_seconds=every_seconds)
    take_overs = []
    with running(count, settings, url, command=command) as nodes:
        assert goes_on(engine, 90) is not None, "\n".join(node.words() for node in nodes)
        for _ in range(lost_sessions):
            rows(engine, END_SESSIONS)
            take_overs.append(_gone_on(engine, nodes))
        for _ in range(stops):
            leader = _leader(engine, nodes)
            leader.send(signal.SIGSTOP)
            time.sleep(stop_seconds)
            leader.send(signal.SIGCONT)
            take_overs.append(_gone_on(engine, nodes))
        for number in range(kills):
            leader = _leader(engine, nodes)
            leader.process.kill()
            leader.process.wait(10)
            take_overs.append(_gone_on(engine, nodes))
            nodes.remove(leader)
            if number + 1 < kills:
                nodes.append(Node(settings, url, folder / f"more{number}.log", command=command))
        for node in nodes:
            assert until(lambda node=node: "This process leads" in node.words(), 60) is not None  # type: ignore[misc]
            node.send(signal.SIGTERM)
        codes = [node.process.wait(30) for node in nodes]
    starts = rows(engine, "select count(*) from starts")[0][0]
    return SharedOut(starts, rows(engine, DOUBLED), take_overs, codes)


END_SESSIONS = """
select pg_terminate_backend(pid) from pg_locks
where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
group by pid
"""


def goes_on(engine: sa.Engine, seconds: float) -> float | None:
    """After how many seconds two more starts were made; None where they were not."""
    so_far = _starts(engine)
    return until(lambda: _starts(engine) >= so_far + 2, seconds)


def _gone_on(engine: sa.Engine, nodes: list[Node]) -> float:
    seconds = goes_on(engine, 60)
    assert seconds is not None, "\n".join(f"{node.log}\n{node.words()[-2000:]}" for node in nodes)
    return seconds


def _starts(engine: sa.Engine) -> int:
    return int(rows(engine, "select count(*) from starts")[0][0])


def _leader(engine: sa.Engine, nodes: list[Node]) -> Node:
    """The node that has taken the newest slot."""
    words = rows(engine, "select process_name from starts order by start_number desc limit 1")[0][0]
    number = int(str(words).rpartition(" ")[2])
    return next(node for node in nodes if node.pid == number)


def restarted(
    server: PrivateServer,
    engine: sa.Engine,
    folder: Path,
    *,
    restarts: int,
    command: Sequence[str] = FRONT_DOOR,
) -> tuple[list[float], int]:
    """Cuts the power of the server so many times under one loader; the seconds to its next start, and its exit code."""
    watch_starts(engine)
    settings = write_settings(folder, "a")
    waits = []
    with running(1, settings, server.url, command=command) as (node,):
        assert goes_on(engine, 90) is not None, node.words()
        for _ in range(restarts):
            server.restart("immediate")
            waits.append(_gone_on(engine, [node]))
        return waits, node.end()


@dataclass(frozen=True)
class Stopped:
    """What loaders did that were stopped in the midst of their work."""

    exit_codes: list[int]
    seconds: list[float]
    at_work: int
    written_rows: int
    read_rows: int
    written_calls: int
    calls: int
    doubled_calls: int


def stopped_mid_batch(
    engine: sa.Engine, url: str, folder: Path, *, stops: int, chance: random.Random, calls: int = 20_000
) -> Stopped:
    """Stops a loader again and again at a random moment of its work, then reads the rest; each time the log is longer."""
    settings = write_settings(folder, "a")
    log, codes, seconds, at_work, written = folder / "a.log", list[int](), list[float](), 0, 0
    for _ in range(stops):
        with log.open("a", encoding="utf-8") as file:
            file.writelines(log_lines(written, calls))
        written += calls
        with running(1, settings, url) as (node,):
            read_rows = _read_rows(engine)
            begun = until(lambda: _is_loading(engine), 60)
            time.sleep(chance.uniform(0.0, 1.0))
            at_work += begun is not None and _read_rows(engine) - read_rows < calls * 3
            began_at = time.monotonic()
            codes.append(node.end())
            seconds.append(time.monotonic() - began_at)
    once = Node(settings, url, folder / "once.log", command=(*FRONT_DOOR, "--once"))
    assert once.process.wait(300) == 0, once.words()
    kept, doubled = rows(
        engine, "select count(*), count(*) - count(distinct (call_id, stay_number)) from warehouse.calls"
    )[0]
    return Stopped(codes, seconds, at_work, written * 3, _read_rows(engine), written, int(kept), int(doubled))


def log_lines(first: int, calls: int) -> Iterator[str]:
    """Calls of a queue_log, three lines each, one a second from a fixed day on."""
    for number in range(first, first + calls):
        at = 1_760_000_000 + number * 10
        yield f"{at}|{number}.1|sales|NONE|ENTERQUEUE||5551000|1\n"
        yield f"{at + 4}|{number}.1|sales|SIP/{number % 40}|CONNECT|4|{number}.2|2\n"
        yield f"{at + 9}|{number}.1|sales|SIP/{number % 40}|COMPLETECALLER|4|5|1\n"


def _read_rows(engine: sa.Engine) -> int:
    return int(
        rows(engine, "select coalesce(sum(read_rows), 0) from ops.runs where outcome_name = 'succeeded'")[0][
            0
        ]
    )


def _is_loading(engine: sa.Engine) -> bool:
    return bool(rows(engine, LOADING)[0][0])


LOADING = """
select count(*) from pg_stat_activity
where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid() and query ~ 'merge|copy|stage|insert'
"""
