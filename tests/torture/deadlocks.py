"""Writers that all touch the same keys: in the order of the keys, or, to show what that is good for, in any order.

In: an address, how many writers, transactions and keys. Out: how many deadlocks the server counted.
The rule it guards: the count is the server's own, so that a retry cannot hide one.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg

UPSERT = "insert into upserted (key) values (%s) on conflict (key) do update set times = upserted.times + 1"
COUNT = "select deadlocks from pg_stat_database where datname = current_database()"


def counted(url: str) -> int:
    """How many deadlocks the server has counted in this database so far."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select pg_stat_clear_snapshot()")
        row = connection.execute(COUNT).fetchone()
    assert row is not None
    return int(row[0])


def upserts(url: str, *, writers: int, transactions: int, keys: int, seed: int, is_sorted: bool) -> int:
    """Writers that upsert the same keys at the same time, in the keys' order or in any; how many deadlocks there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "create table if not exists upserted (key integer primary key, times integer default 1)"
        )
    found = [0] * writers
    begin = threading.Barrier(writers)

    def write(writer: int) -> None:
        chance = random.Random(f"{seed}/{writer}")
        with psycopg.connect(url) as connection:
            begin.wait(30)
            for _ in range(transactions):
                order = list(range(keys))
                if not is_sorted:
                    chance.shuffle(order)
                try:
                    with connection.transaction():
                        for key in order:
                            connection.execute(UPSERT, [key])
                except psycopg.errors.DeadlockDetected:
                    found[writer] += 1

    together([partial(write, writer) for writer in range(writers)])
    return sum(found)


def together(works: list[Callable[[], object]]) -> None:
    """Runs them all at the same time and waits for all; raises the first failure."""
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()
