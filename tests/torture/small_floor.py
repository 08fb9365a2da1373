"""A small floor on a Postgres of the test's own: a queue log of the last half hour, loaded by the real loader.

In: how many calls, and where the log is kept. Out: the server, its engine, and the log to write on.
The rule it guards: whatever the server is put through, the calls in the log and the calls in the warehouse are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from etl import load
from etl.config import Settings
from sql import migrate, warehouse
from tests.conftest import with_every_figure
from tests.torture.kills import append, now, settings_for
from tests.torture.servers import PrivateServer

QUEUES = ("sales", "support", "billing")
AGENTS = ("Ann", "Ben", "Cy")


class SmallFloor:
    """One private server with one source."""

    def __init__(self, server: PrivateServer, engine: sa.Engine, log: Path) -> None:
        self.server, self.engine, self.log = server, engine, log
        self.written_calls = 0

    @property
    def settings(self) -> Settings:
        """The settings of the floor: one source, its queue log."""
        return settings_for(self.log)

    def write(self, calls: int, *, seconds_ago: int = 1800) -> None:
        """So many more calls in the log, each answered and completed, spread over the last `seconds_ago`."""
        begin, lines = int(time.time()) - seconds_ago, []
        for number in range(calls):
            at = begin + number * max(1, (seconds_ago - 60) // max(1, calls))
            call_id = f"{begin}.{self.written_calls + number}"
            queue, agent = QUEUES[number % 3], AGENTS[number % 3]
            lines += [
                f"{at}|{call_id}|{queue}|NONE|ENTERQUEUE||37250001|1",
                f"{at + 5}|{call_id}|{queue}|{agent}|CONNECT|5|x|2",
                f"{at + 35}|{call_id}|{queue}|{agent}|COMPLETECALLER|5|30|1",
            ]
        lines.sort(key=lambda line: int(line.partition("|")[0]))
        append(self.log, ("\n".join(lines) + "\n").encode())
        self.written_calls += calls

    def load(self) -> load.RunSummary:
        """Loads what was written since."""
        return load.run_source(self.engine, self.settings, self.settings.sources[0], now=now)

    def calls_and_intervals(self) -> tuple[int, int, int]:
        """The calls in the warehouse, the calls in its intervals, and the rows that its ledger counts as read."""
        with warehouse.connected(self.engine) as connection:
            asked = (
                "select (select count(*) from warehouse.calls), "
                "(select coalesce(sum(offered_calls), 0) from warehouse.queue_intervals), "
                "(select coalesce(sum(read_rows), 0) from ops.runs where outcome_name = 'succeeded')"
            )
            calls, interval_calls, read_rows = connection.exec_driver_sql(asked).one()
        return int(calls), int(interval_calls), int(read_rows)

    def expect_everything_once(self) -> None:
        """Every call of the log is there, once, in the facts, in the rollups and in the ledger (three lines each)."""
        found = self.calls_and_intervals()
        assert found == (self.written_calls, self.written_calls, 3 * self.written_calls)


@contextmanager
def small_floor(folder: Path, *, calls: int = 300, **settings: str | int) -> Iterator[SmallFloor]:
    """A floor with so many calls loaded, on a server with these settings."""
    with PrivateServer(**settings) as server:
        engine = warehouse.open_engine(server.url)
        try:
            migrate.migrate(engine)
            with_every_figure(engine)
            floor = SmallFloor(server, engine, folder / "queue_log")
            floor.write(calls)
            floor.load()
            yield floor
        finally:
            engine.dispose()
