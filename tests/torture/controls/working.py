"""Wrong ways to work beside others, and the product's: keys in any order, a lock that nobody backs, jobs in a database."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import polars as pl
import psycopg
import sqlalchemy as sa
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from etl.frames import fitted, judged
from etl.merge import merge_facts
from etl.schedule.slots import Slot, SlotTaken, Turn
from etl.schedule.timetable import Timetable
from etl.shapes import CALLS
from sql import warehouse

T0 = datetime(2026, 11, 22, 1, tzinfo=UTC)
KEYS = 60
LOADERS = 4
Merging = Callable[[sa.Connection, list[int]], None]


# --- 4: keys in any order


def in_random_order(connection: sa.Connection, keys: list[int]) -> None:
    """Wrong: upserts each row as it comes."""
    for key in keys:
        connection.execute(
            sa.text(
                "insert into control_keys values (:key, 1) on conflict (key) do update set times = control_keys.times + 1"
            ),
            {"key": key},
        )


def as_the_product_merges(connection: sa.Connection, keys: list[int]) -> None:
    """The product's merge of calls; what it is given is in no order either."""
    connection.exec_driver_sql(warehouse.statement("merge/stage"))
    told = pl.DataFrame(
        {
            "offered_at": [T0 + timedelta(seconds=key) for key in keys],
            "version_number": [time.monotonic_ns()] * len(keys),
            "new_rows": [1] * len(keys),
            "queue_id": [key % 3 for key in keys],
            "call_id": [f"c{key}" for key in keys],
            "contact_id": [f"c{key}" for key in keys],
            "outcome_name": ["waiting"] * len(keys),
        },
        schema_overrides={"offered_at": pl.Datetime("us", "UTC"), "queue_id": pl.Int32},
    )
    merge_facts(
        connection, fitted(judged(told, CALLS), CALLS), CALLS, run={"source_name": "pbx", "run_id": 1}
    )


def deadlocks(engine: sa.Engine, merge: Merging, *, rounds: int, seed: int) -> list[str]:
    """Four loaders merge the same keys at once, each in an order of its own; every deadlock is a fault."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "create table if not exists control_keys (key integer primary key, times integer)"
        )
        warehouse.execute(connection, "merge/months", months=[T0.date().replace(day=1)])
    found: list[str] = []
    line = threading.Barrier(LOADERS)

    def load(number: int) -> None:
        chance = random.Random(seed + number)
        for _ in range(rounds):
            keys = list(range(KEYS))
            chance.shuffle(keys)
            line.wait(30)
            try:
                with engine.begin() as connection:
                    connection.exec_driver_sql(
                        "select set_config('deadlock_timeout', '20ms', true) where current_setting('is_superuser') = 'on'"
                    )
                    merge(connection, keys)
            except sa.exc.OperationalError as error:
                found.append(f"{type(error.orig).__name__} ended a loader")

    threads = [threading.Thread(target=load, args=(number,)) for number in range(LOADERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return found


# --- 10: a lock without a slot


class Node(Protocol):
    """One of several processes that could do a job."""

    def leads(self) -> bool:
        """Whether this node leads now, or becomes the leader."""

    def work(self) -> None:
        """Does the job of the present slot, once more if that is not prevented."""

    def lock_number(self) -> int:
        """The number of the server process that holds its lock."""


class LockAlone:
    """Wrong: who holds the advisory lock works."""

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self.engine, self.name = engine, name
        self.session = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def leads(self) -> bool:
        return bool(self.session.exec_driver_sql("select pg_try_advisory_lock(4711)").scalar_one())

    def lock_number(self) -> int:
        return int(self.session.exec_driver_sql("select pg_backend_pid()").scalar_one())

    def work(self) -> None:
        with self.engine.begin() as connection:
            self.effect(connection)

    def effect(self, connection: sa.Connection) -> None:
        """The job's one effect."""
        connection.execute(sa.text("insert into control_effects values (:name)"), {"name": self.name})

    def close(self) -> None:
        """Lets the session go, also one that was ended."""
        with suppress(sa.exc.DBAPIError):
            self.session.close()


class LockAndSlot(LockAlone):
    """The product's slot, taken in the job's own transaction; the lock alone as above, to be lost as easily."""

    def work(self) -> None:
        slot = Slot("control", 86_400, self.name)
        with suppress(SlotTaken), self.engine.begin() as connection:
            Turn(slot).begin(connection, now=T0)
            self.effect(connection)


def take_overs(engine: sa.Engine, node: Callable[[sa.Engine, str], LockAlone]) -> list[str]:
    """A leader has worked in the slot, loses its lock without noticing, and another takes over in the same slot."""
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists control_effects")
        connection.exec_driver_sql("create table control_effects (node_name text)")
    first, second = node(engine, "first"), node(engine, "second")
    try:
        assert first.leads()
        assert not second.leads()
        first.work()
        with engine.begin() as connection:
            connection.execute(
                sa.text("select pg_terminate_backend(:number)"), {"number": first.lock_number()}
            )
        give_up_at = time.monotonic() + 10
        while not second.leads():
            assert time.monotonic() < give_up_at
            time.sleep(0.01)
        second.work()
        first.work()  # it does not know yet
        with engine.begin() as connection:
            effects = connection.exec_driver_sql("select count(*) from control_effects").scalar_one()
    finally:
        first.close()
        second.close()
    return [] if effects == 1 else [f"one slot had {effects} effects"]


# --- 9: jobs that are kept in the database

TICKS: list[float] = []


def tick() -> None:
    """The job."""
    TICKS.append(time.monotonic())


class Timing(Protocol):
    """A way to start a job on time."""

    def start(self) -> None:
        """Begins."""

    def is_alive(self) -> bool:
        """Whether the thread that times the job lives."""

    def stop(self) -> None:
        """Ends."""


class JobsInTheDatabase:
    """Wrong: the scheduler keeps its jobs in a table of the warehouse."""

    def __init__(self, engine: sa.Engine) -> None:
        self.scheduler = BackgroundScheduler(
            jobstores={"default": SQLAlchemyJobStore(engine=engine, tablename="control_jobs")}, timezone=UTC
        )

    def start(self) -> None:
        self.scheduler.add_job(tick, "interval", seconds=1, id="tick", next_run_time=datetime.now(UTC))
        self.scheduler.start()

    def is_alive(self) -> bool:
        return bool(self.scheduler._thread.is_alive())

    def stop(self) -> None:
        self.scheduler.shutdown(wait=False)


class ProductTiming:
    """The product's timetable."""

    def __init__(self) -> None:
        def unheard(*_told: Any) -> None:
            """Nothing fails here."""

        self.timetable = Timetable(most_jobs=1, on_failed=unheard, on_late=unheard, on_overrun=unheard)

    def start(self) -> None:
        self.timetable.start()
        self.timetable.add("tick", 1, tick)

    def is_alive(self) -> bool:
        return self.timetable.is_alive

    def stop(self) -> None:
        self.timetable.stop()


def outages(engine: sa.Engine, way: Callable[[], Timing]) -> list[str]:
    """The database goes away between the question what is due and the note that it was started, as at a restart."""
    TICKS.clear()
    is_away, died = threading.Event(), list[str]()

    def refuse(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if is_away.is_set() and statement.startswith("UPDATE"):
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    hook, timing = threading.excepthook, way()
    sa.event.listen(engine, "before_cursor_execute", refuse)
    threading.excepthook = lambda told: died.append(str(told.exc_type))
    try:
        is_away.set()
        timing.start()
        _wait_for(lambda: len(TICKS) >= 1)
        time.sleep(0.2)
        is_away.clear()
        before = len(TICKS)
        _wait_for(lambda: len(TICKS) > before or not timing.is_alive())
        faults = (
            [] if timing.is_alive() and len(TICKS) > before else ["the scheduler started nothing any more"]
        )
    finally:
        with suppress(Exception):
            timing.stop()
        sa.event.remove(engine, "before_cursor_execute", refuse)
        threading.excepthook = hook
    return faults


def _wait_for(condition: Callable[[], bool], *, seconds: float = 3.0) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition() and time.monotonic() < give_up_at:
        time.sleep(0.01)
