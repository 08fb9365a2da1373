"""A warehouse that goes away while it is loaded, and comes back: nothing lost, nothing twice, and nobody has to help."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from etl import load
from sql import migrate, warehouse
from tests.conftest import made_database, url_of, with_every_figure
from tests.torture.campaign import Campaign
from tests.torture.contents import differences, facts_of, figures_of, ledger_of
from tests.torture.kills import Loaders, load_once
from tests.torture.servers import PrivateServer, StopMode
from tests.torture.tcp_proxy import PostgresProxy
from tests.torture.worlds import Places, world_of

RECOVERED_SECONDS = 10.0


@pytest.fixture
def alone(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A second warehouse, for one load that nobody disturbs."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


@pytest.mark.timeout(1800)
def test_restarts_of_postgres_in_the_middle_of_loads_lose_and_double_nothing(
    alone: sa.Engine, tmp_path: Path, campaign: Campaign
) -> None:
    restarts = campaign.times(short=2, long=50)
    chance, slowest = random.Random(campaign.seed), 0.0
    modes: tuple[StopMode, ...] = ("immediate", "fast")
    places = Places(tmp_path / "world")
    with PrivateServer() as server, Loaders() as loaders, server.opened() as engine:
        migrate.migrate(engine)
        with_every_figure(engine)
        with world_of("asterisk_queue_log", places, pieces=3 * restarts, seed=campaign.seed) as world:
            world.grow()
            pid = loaders.begin(world, server.url, stays=True)
            loaders.wait_for_a_batch()
            for number in range(restarts):
                world.grow()
                time.sleep(chance.uniform(0, 0.15))
                server.stop(modes[number % 2])
                world.grow()
                time.sleep(chance.uniform(0, 0.5))
                server.start()
                slowest = max(slowest, _seconds_until_all_is_loaded(engine, world.rows))
            os.kill(pid, signal.SIGKILL)
            assert loaders.end() == -signal.SIGKILL
            world.finish()
            load_once(engine, world)
            load_once(alone, world)
            found = differences(facts_of(engine), facts_of(alone))
            assert found == {}
            ledger = ledger_of(engine)
            assert ledger.is_balanced
            assert (ledger.read_rows, ledger.rejected_rows) == (world.rows, world.refused_rows)
    assert slowest <= RECOVERED_SECONDS
    campaign.record(
        "D3", "restarts of Postgres in the middle of loads lose and double nothing", restarts_count=restarts,
        **figures_of(found), slowest_recovery_seconds=round(slowest, 2),
    )  # fmt: skip


def _seconds_until_all_is_loaded(engine: sa.Engine, rows: int) -> float:
    """How long it takes from now on until the ledger has so many rows; nobody does anything meanwhile."""
    started_at = time.monotonic()
    while time.monotonic() - started_at < 3 * RECOVERED_SECONDS:
        try:
            if ledger_of(engine).read_rows == rows:
                return time.monotonic() - started_at
        except sa.exc.DBAPIError:  # this test's own connection was broken too
            engine.dispose()
        time.sleep(0.02)
    raise AssertionError(
        f"of {rows} rows {ledger_of(engine).read_rows} were loaded after {3 * RECOVERED_SECONDS} s"
    )


@pytest.mark.timeout(900)
def test_lost_replies_to_commit_lose_and_double_nothing(
    engine: sa.Engine,
    database_url: str,
    alone: sa.Engine,
    tmp_path: Path,
    campaign: Campaign,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batches = campaign.times(short=5, long=100)
    with PostgresProxy(database_url) as proxy:
        behind = warehouse.open_engine(proxy.url)
        whole = load.load_batch

        def lost(*given: object, **named: object) -> load.BatchSummary:
            done = whole(*given, **named)  # type: ignore[arg-type]
            if proxy.lost_commits_count < batches:
                proxy.set("cut_on_commit", times=1)
            return done

        monkeypatch.setattr(load, "load_batch", lost)
        with world_of("file", Places(tmp_path / "world"), pieces=batches, seed=campaign.seed) as world:
            while world.grow():
                load_once(behind, world)
            world.finish()
            load_once(behind, world)
            behind.dispose()
            assert proxy.lost_commits_count == batches
            load_once(alone, world)
            found = differences(facts_of(engine), facts_of(alone))
            assert found == {}
            ledger = ledger_of(engine)
            assert ledger.is_balanced
            assert (ledger.read_rows, ledger.rejected_rows) == (world.rows, world.refused_rows)
            assert ledger.open_rejects == world.refused_rows
        doubled = rows_doubled_by_a_plain_append(database_url, batches=batches)
    assert doubled == batches
    campaign.record(
        "D4", "lost replies to COMMIT lose and double nothing", lost_replies_count=batches, **figures_of(found),
        doubled_by_a_plain_append_rows=doubled,
    )  # fmt: skip


def rows_doubled_by_a_plain_append(database_url: str, *, batches: int) -> int:
    """What a loader doubles that appends and keeps its place beside the data: it takes every lost reply for a lost row."""
    with PostgresProxy(database_url) as proxy, psycopg.connect(database_url, autocommit=True) as direct:
        direct.execute("create table appended (number integer)")
        proxy.set("cut_on_commit", times=batches)
        for number in range(batches):
            while True:
                try:
                    with psycopg.connect(proxy.url) as connection:
                        connection.execute("insert into appended values (%s)", (number,))
                    break
                except psycopg.OperationalError:
                    continue  # not stored, it thinks, and tries again
        row = direct.execute("select count(*) - count(distinct number) from appended").fetchone()
        direct.execute("drop table appended")
    assert row is not None
    return int(row[0])
