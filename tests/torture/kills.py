"""Loaders that are killed: at random moments, or at a named point of the load, as many times as a test likes.

In: a world that grows (tests/torture/worlds.py) and the address of a warehouse. Out: how many loaders died at work, and
what was in the warehouse afterwards.
The rule it guards: the product knows nothing of it. The loader runs in a process of its own, forked off another that has
the imports behind it, so that two hundred kills take half a minute; where it is to die at a named point, the function at
that point is wrapped in the child alone.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from etl import LoadError, load, merge
from etl.config import Settings
from sql import migrate, warehouse
from tests.conftest import with_every_figure
from tests.torture.worlds import World, clock_of, reader_of

ROOT = Path(__file__).parents[2]
CRASHED = 137
CRASH_POINTS = (
    "after_copy",  # the batch's rows are in the stage
    "in_quarantine",  # the refused rows are written
    "after_merge",  # facts and rollups are written
    "before_cursor",  # the ledger has its row, the cursor stands still
    "before_commit",  # the cursor is moved, nothing is committed
    "after_commit",  # all of it is committed, the loader has not noticed
    "before_ack",  # it has, and would tell whoever started it
)
IN_MIGRATION = "in_migration"  # a file of the schema is applied, nothing of it is committed
LONGEST_LOAD_SECONDS = 60.0


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def settings_for(path: Path, **source: object) -> Settings:
    """Settings of a site with one source that follows the log at `path`."""
    given = {"name": "pbx", "kind": "asterisk_queue_log", "path": str(path), "every_seconds": 2} | source
    site = {"name": "Test floor", "time_zone": "Europe/Tallinn"}
    return Settings.model_validate({"site": site, "sources": [given]})


def append(path: Path, part: bytes) -> None:
    """Writes on at the end of the log, as a PBX does."""
    with path.open("ab") as file:
        file.write(part)


@dataclass
class Loaders:
    """Loaders, one at a time, each a child of a process that waits for orders."""

    piece_bytes: int = 4096
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _heard: bytes = field(default=b"", repr=False)

    def __enter__(self) -> Loaders:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.torture.kills import wait_for_orders; wait_for_orders()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def begin(
        self,
        world: World,
        database_url: str,
        *,
        crash_at: str = "",
        crash_number: int = 1,
        stays: bool = False,
    ) -> int:
        """Starts a load of the world as it is now; the number of its process. It has begun when this returns.

        crash_at: the named point at which it dies when it gets there the `crash_number`-th time; stays: it looks for
        more again and again, and a failure does not end it, as the job service does.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        order = {
            "given": world.given, "options": world.options(), "environment": world.environment,
            "database_url": database_url,
            "clock_path": str(world.clock_path), "piece_bytes": self.piece_bytes, "crash_at": crash_at,
            "crash_number": crash_number, "outlives_failures": stays,
            "stays": stays or not world.is_whole_at_the_end,
        }  # fmt: skip
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        pid = int(self._line("child").split()[1])
        self._line("begun")
        return pid

    def wait_for_a_batch(self, *, within_seconds: float = LONGEST_LOAD_SECONDS) -> None:
        """Waits until the loader has stored its next batch."""
        self._line("batch", within_seconds=within_seconds)

    def end(self, *, within_seconds: float = LONGEST_LOAD_SECONDS) -> int:
        """Waits until the loader has ended, for whatever reason; its exit status, negative where a signal ended it."""
        return int(self._line("ended", within_seconds=within_seconds).split()[1])

    def is_over_within(self, seconds: float) -> bool:
        """Waits for the loader's end, so long at the most; whether it came."""
        end = time.monotonic() + seconds
        while b"ended" not in self._heard:
            left = end - time.monotonic()
            if left <= 0 or not self._more(left):
                return False
        return True

    def _line(self, word: str, *, within_seconds: float = LONGEST_LOAD_SECONDS) -> str:
        """The next line that begins with the word; what comes before it is passed over."""
        end = time.monotonic() + within_seconds
        while True:
            line, mark, rest = self._heard.partition(b"\n")
            if mark:
                self._heard = rest
                if line.startswith(word.encode()):
                    return line.decode()
                assert not line.startswith(b"ended"), f"the loader ended before it said '{word}': {line!r}"
            else:
                assert self._more(end - time.monotonic()), f"the loader never said '{word}'"

    def _more(self, seconds: float) -> bool:
        assert self._process is not None
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], max(0.0, seconds))[0]:
            return False
        data = os.read(self._process.stdout.fileno(), 65_536)
        assert data, "the process that starts the loaders is gone"
        self._heard += data
        return True


def killed_at_random(
    loaders: Loaders, world: World, database_url: str, *, kills_count: int, seed: int
) -> int:
    """Lets the world grow to its end and kills a loader in each piece at a random moment; how many died at work.

    The moments spread over the whole load: the span in which they lie follows how long loads take.
    """
    chance, killed, span = random.Random(seed), 0, 0.08
    while killed < kills_count:
        if world.is_whole_at_the_end and not world.grow():
            break
        begun_at = time.monotonic()
        pid = loaders.begin(world, database_url)
        if not world.is_whole_at_the_end:  # it happens while the loader listens
            loaders.wait_for_a_batch()
            world.grow()
        if loaders.is_over_within(chance.uniform(0, span)):
            span = max(0.01, 0.9 * (time.monotonic() - begun_at))
        else:
            os.kill(pid, signal.SIGKILL)
            span = min(2.0, span * 1.03)
        killed += loaders.end() == -signal.SIGKILL
    while world.grow():
        pass
    return killed


def crashed_at(loaders: Loaders, world: World, database_url: str, point: str, *, number: int = 1) -> bool:
    """Lets the world grow and a loader die at the named point, the `number`-th time it gets there; whether it got there."""
    if world.is_whole_at_the_end:
        world.grow()
    loaders.begin(world, database_url, crash_at=point, crash_number=number)
    if not world.is_whole_at_the_end:
        world.grow()
    status = loaders.end()
    assert status in (0, CRASHED), f"the loader ended with {status} instead of dying at {point}"
    return status == CRASHED


def load_once(engine: sa.Engine, world: World) -> load.RunSummary:
    """One load of the world as it is, in this process, undisturbed."""
    reader = world.reader(world.source)
    with environment(world.environment):
        readers = load.Readers({"src": reader} if reader else None)
        try:
            return load.run_source(engine, world.settings, world.source, now=world.now, readers=readers)
        finally:
            readers.close()


@contextmanager
def environment(given: Mapping[str, str]) -> Iterator[None]:
    """The variables in this process's environment, for the length of the block."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def fresh_engine(database_url: str) -> Iterator[sa.Engine]:
    """A warehouse of its own in an empty database."""
    engine = warehouse.open_engine(database_url)
    try:
        migrate.migrate(engine)
        with_every_figure(engine)
        yield engine
    finally:
        engine.dispose()


# What stands in the loader's own process ------------------------------------------------------------------------------


def wait_for_orders() -> None:
    """Forks a loader for each order that comes, and tells when and how it ended. Ends with its standard input."""
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _load_as_ordered(order)
        _tell(f"child {pid}")
        _, status = os.waitpid(pid, 0)
        _tell(f"ended {os.waitstatus_to_exitcode(status)}")


def _tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _load_as_ordered(order: dict[str, Any]) -> None:
    """One load from begin to end in this process, which it ends."""
    os.environ.update(order["environment"])
    settings = Settings.model_validate(order["given"])
    source, clock_path = settings.sources[0], Path(order["clock_path"])
    load.PIECE_BYTES = order["piece_bytes"]  # type: ignore[attr-defined]
    if order["crash_at"]:
        _arm(order["crash_at"], order["crash_number"])
    engine = warehouse.open_engine(order["database_url"])
    reader = reader_of(source, order["options"])
    readers = load.Readers({source.name: reader} if reader else None)
    _tell("begun")
    status = 0
    if order["crash_at"] == IN_MIGRATION:
        migrate.migrate(engine)
        with_every_figure(engine)
    try:
        while True:
            with suppress(LoadError) if order["outlives_failures"] else nullcontext():
                load.run_source(
                    engine, settings, source, now=lambda: clock_of(clock_path), readers=readers,
                    on_batch=_acknowledge,
                )  # fmt: skip
            if not order["stays"]:
                break
            time.sleep(0.005)
    except Exception as error:  # noqa: BLE001 - told to the test by the status
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        status = 1
    sys.stderr.flush()
    os._exit(status)


def _acknowledge(_batch: load.BatchSummary) -> None:
    _reached("before_ack")
    _tell("batch")


_armed: dict[str, int] = {}


def _reached(point: str) -> None:
    """Dies if this is where it is to be."""
    if point in _armed:
        _armed[point] -= 1
        if _armed[point] == 0:
            os._exit(CRASHED)


def _arm(point: str, number: int) -> None:
    """Puts the wrappers of the named points around what the load calls."""
    _armed[point] = number
    copy, execute, merged = merge.copy_to_stage, warehouse.execute, load.merge_batch
    connected, loaded, applied = warehouse.connected, load.load_batch, migrate._apply

    def apply(*given: Any) -> None:
        applied(*given)
        _reached(IN_MIGRATION)

    def copy_to_stage(*given: Any) -> None:
        copy(*given)
        _reached("after_copy")

    def executed(connection: sa.Connection, name: str, **params: object) -> int:
        if name == "merge/cursor_move":
            _reached("before_cursor")
        changed = execute(connection, name, **params)
        if name == "merge/rejects":
            _reached("in_quarantine")
        return changed

    def merge_batch(*given: Any, **named: Any) -> merge.Merged:
        done = merged(*given, **named)
        _reached("after_merge")
        return done

    is_batch = [False]

    def load_batch(*given: Any, **named: Any) -> load.BatchSummary:
        done = loaded(*given, **named)
        is_batch[0] = True
        _reached("before_commit")
        return done

    @contextmanager
    def watched(engine: sa.Engine, **named: Any) -> Iterator[sa.Connection]:
        with connected(engine, **named) as connection:
            yield connection
        if is_batch[0]:
            is_batch[0] = False
            _reached("after_commit")

    merge.copy_to_stage = copy_to_stage
    load.merge_batch, load.load_batch = merge_batch, load_batch
    warehouse.execute = executed
    warehouse.connected = watched
    migrate._apply = apply
