"""A Postgres that restarts, falls silent, fills up and is asked by everybody at once: what people see, and what is lost."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from etl import LoadError, load, patience
from sql import migrate, warehouse
from tests.torture.campaign import Campaign, has_turn
from tests.torture.deadlocks import counted, together, upserts
from tests.torture.kills import now, settings_for
from tests.torture.page_sessions import Drawing, Reader, dashboard, readers
from tests.torture.servers import StopMode
from tests.torture.small_floor import SmallFloor, small_floor
from tests.torture.tcp_proxy import PostgresProxy

PAGES = ("live", "service-level", "data-health", "agents")
BACK_SECONDS = 5.0
PAGE_SECONDS = 6.0
MOST_CONNECTIONS = 20
LOCK_WAITS = """
select count(*) from pg_stat_activity
where wait_event_type = 'Lock' and now() - state_change > interval '1 second'
"""


DEAR = ("P4", "P6")  # half a minute each: the ordinary suite takes them by turns


def by_turn(row_id: str) -> pytest.MarkDecorator:
    """Skips one of the dear promises on the days of the other."""
    turn = has_turn(row_id, DEAR, short=1)
    return pytest.mark.skipif(not turn, reason="has its turn on another day, and in every long campaign")


@dataclass(frozen=True)
class Board:
    """A small floor and a dashboard that reaches it over a network that can fail."""

    floor: SmallFloor
    proxy: PostgresProxy
    address: str


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    with (
        workplace() as folder,
        small_floor(folder, max_connections=MOST_CONNECTIONS) as floor,
        PostgresProxy(floor.server.url) as proxy,
        dashboard(proxy.url, folder) as address,
    ):
        yield Board(floor, proxy, address)


@contextmanager
def workplace() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="floorboard-torture-"))
    before = os.environ.get("FLOORBOARD_HOME", "")
    os.environ["FLOORBOARD_HOME"] = str(folder)  # the key that stands for customers is kept there
    try:
        yield folder
    finally:
        os.environ["FLOORBOARD_HOME"] = before
        shutil.rmtree(folder)


def drawings_of(found: list[Reader]) -> list[Drawing]:
    return [drawing for reader in found for drawing in reader.drawings]


def expect_no_trace(found: list[Reader]) -> None:
    assert [reader.failure for reader in found if reader.failure] == []
    assert [text for drawing in drawings_of(found) for text in drawing.exceptions] == []


def seconds_until_good(found: list[Reader], *, since: float) -> float:
    """How long after `since` the last of the readers had a good page again."""
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at:
        firsts = [
            next((one.ended_at for one in reader.drawings if one.began_at >= since and one.is_good), None)
            for reader in found
        ]
        if None not in firsts:
            return max(first for first in firsts if first is not None) - since
        assert [reader.failure for reader in found if reader.failure] == []
        time.sleep(0.05)
    last = [
        (one.page_name, round(one.seconds, 1), one.age_text, one.notices) for one in drawings_of(found)[-5:]
    ]
    raise AssertionError(f"no good page came back within 30 seconds; the last drawings: {last}")


@pytest.mark.timeout(1200)
def test_pages_outlive_restarts_and_silence(board: Board, campaign: Campaign) -> None:
    restarts, tabs = campaign.times(short=2, long=30), campaign.times(short=3, long=20)
    chance, modes = random.Random(campaign.seed), ("fast", "immediate")
    back, shown, slowest = [], [], []
    with readers(
        board.address, PAGES, count=tabs, every_seconds=campaign.times(short=1, long=64) / 8
    ) as found:
        time.sleep(campaign.times(short=0, long=10))
        warm = [
            one for reader in found for one in reader.drawings[len(PAGES) :]
        ]  # not the first of each page
        calm = percentile_95([one.seconds for one in warm])
        for number in range(restarts):
            mode: StopMode = modes[number % 2]  # type: ignore[assignment]
            board.floor.server.stop(mode)
            down_at = time.monotonic()
            time.sleep(chance.uniform(1.7, campaign.times(short=2, long=8)))
            board.floor.server.start()
            back_at = time.monotonic()
            back.append(seconds_until_good(found, since=back_at))
            shown += [one for one in drawings_of(found) if one.began_at > down_at and one.ended_at < back_at]
        for _ in range(campaign.times(short=1, long=5)):
            silent_at = time.monotonic()
            board.proxy.set("blackhole")
            time.sleep(campaign.times(short=13, long=30) / 2)
            board.proxy.set("pass")
            heard_at = time.monotonic()
            back.append(seconds_until_good(found, since=heard_at))
            during = [
                one for one in drawings_of(found) if one.ended_at > silent_at and one.began_at < heard_at
            ]
            slowest.append(max(one.seconds for one in during))
            shown += [one for one in during if one.began_at > silent_at and one.ended_at < heard_at]
    expect_no_trace(found)
    assert len(shown) >= restarts * tabs
    without_figures = [(one.page_name, one.notices) for one in shown if not one.has_figures]
    assert without_figures == []  # what was known before stays, with its age
    assert any("No connection" in one.age_text for one in shown)
    # Beside the suite a page may wait for its turn, too: less than it would take to wait for the silence twice.
    spare = calm + campaign.times(short=3, long=0)
    assert max(slowest) <= PAGE_SECONDS + spare
    assert max(back) <= BACK_SECONDS + spare
    campaign.record(
        "P1", "pages outlive restarts of Postgres", restarts_count=restarts, tabs_count=tabs, traces_shown=0,
        drawings_during_outages_count=len(shown), drawings_without_figures_count=0,
        slowest_first_good_page_seconds=round(max(back), 2), page_p95_before_seconds=round(calm, 2),
    )  # fmt: skip
    campaign.record(
        "P2", "a silent network holds no page up", silences_count=len(slowest), tabs_count=tabs,
        slowest_page_seconds=round(max(slowest), 2), page_p95_before_seconds=round(calm, 2),
    )  # fmt: skip


@pytest.mark.timeout(1200)
def test_a_storm_of_tabs_takes_no_more_than_the_pool(board: Board, campaign: Campaign) -> None:
    tabs, seconds = campaign.times(short=12, long=100), campaign.times(short=1, long=60)
    open_connections: list[int] = []
    asked = "select count(*) from pg_stat_activity where application_name = 'floorboard pages'"
    with (
        psycopg.connect(board.floor.server.url, autocommit=True) as watch,
        readers(board.address, PAGES, count=tabs, every_seconds=campaign.times(short=1, long=10)) as found,
    ):
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            row = watch.execute(asked).fetchone()
            open_connections.append(int(row[0]) if row else 0)
            time.sleep(0.1)
    expect_no_trace(found)
    room = warehouse.PAGES
    assert 0 < max(open_connections) <= room.kept_connections + room.more_connections
    log = (board.floor.server.data.parent / "postgres.log").read_text(errors="replace")
    assert "too many clients" not in log
    bare = [one for one in drawings_of(found) if not one.has_figures]
    assert [
        (one.page_name, one.notices) for one in bare
    ] == []  # nobody was turned away for want of a connection
    campaign.record(
        "P7", "a storm of tabs takes no more connections than the pool has", tabs_count=tabs,
        most_connections_count=max(open_connections), too_many_clients_count=0,
    )  # fmt: skip


@by_turn("P6")
@pytest.mark.timeout(1500)
def test_long_readers_and_loads_do_not_stand_in_each_others_way(board: Board, campaign: Campaign) -> None:
    tabs, loads = campaign.times(short=2, long=20), campaign.times(short=2, long=110)
    waits: list[int] = []
    idle_loads, reader_loads = [], []
    with readers(
        board.address, PAGES, count=tabs, every_seconds=campaign.times(short=1, long=4) / 4
    ) as found:
        time.sleep(campaign.times(short=1, long=60))
        began_at = time.monotonic()
        idle_loads += [timed_load(board.floor) for _ in range(3)]
        with (
            psycopg.connect(board.floor.server.url) as long_reader,
            psycopg.connect(board.floor.server.url, autocommit=True) as watch,
        ):
            long_reader.execute("set transaction isolation level repeatable read")
            asked = "select (select count(*) from warehouse.calls), (select count(*) from ops.runs)"
            before = long_reader.execute(asked).fetchone()
            for _ in range(loads):
                reader_loads.append(timed_load(board.floor))
                row = watch.execute(LOCK_WAITS).fetchone()
                waits.append(int(row[0]) if row else 0)
                time.sleep(campaign.times(short=0, long=5))
            assert long_reader.execute(asked).fetchone() == before  # it was one snapshot all the time
    expect_no_trace(found)
    board.floor.expect_everything_once()
    assert sum(waits) == 0
    assert max(reader_loads) < 5.0  # lock_timeout: none of them ever stood still
    calm = [one.seconds for one in drawings_of(found) if one.ended_at < began_at]
    busy = [one.seconds for one in drawings_of(found) if one.began_at > began_at]
    allowed = 2 * percentile_95(calm)  # of few drawings it says little: then a second is allowed as well
    assert percentile_95(busy) <= (allowed if campaign.is_long else max(1.0, allowed))
    campaign.record(
        "P6", "long readers and loads do not stand in each other's way", loads_count=len(reader_loads), tabs_count=tabs,
        waits_over_one_second_count=0, page_p95_idle_seconds=round(percentile_95(calm), 3),
        page_p95_loading_seconds=round(percentile_95(busy), 3), slowest_load_seconds=round(max(reader_loads), 2),
    )  # fmt: skip


def timed_load(floor: SmallFloor) -> float:
    floor.write(60, seconds_ago=600)
    began = time.monotonic()
    floor.load()
    return time.monotonic() - began


def percentile_95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)] if len(seconds) > 1 else seconds[0]


def test_a_load_that_meets_silence_ends_at_its_deadline(
    board: Board, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline = campaign.times(short=2, long=6) / 2
    monkeypatch.setattr(load, "DEADLINE_SECONDS", deadline)
    monkeypatch.setattr(
        patience, "MOST_SECONDS", deadline / 3
    )  # as in the product: shorter than the deadline
    chance, took = random.Random(campaign.seed), []
    settings = board.floor.settings
    for _ in range(campaign.times(short=1, long=20)):
        board.floor.write(400)
        engine = warehouse.open_engine(board.proxy.url)
        statements = count(chance.randrange(3, 20))

        @sa.event.listens_for(engine, "before_cursor_execute")
        def falls_silent(*_told: object, statements: Iterator[int] = statements) -> None:
            if next(statements) == 20:
                board.proxy.set("blackhole")

        began = time.monotonic()
        with pytest.raises(LoadError, match="does not answer"):
            load.run_source(engine, settings, settings.sources[0], now=now)
        took.append(time.monotonic() - began)
        board.proxy.set("pass")
        engine.dispose()
        board.floor.load()
        board.floor.expect_everything_once()
    assert max(took) <= deadline + 5
    campaign.record(
        "P2", "a load that meets silence ends at its deadline", silences_count=len(took), deadline_seconds=deadline,
        slowest_load_seconds=round(max(took), 2), lost_calls=0, doubled_calls=0,
    )  # fmt: skip


def test_lost_replies_and_resets_within_a_load_are_retried_and_double_nothing(
    board: Board, campaign: Campaign
) -> None:
    faults, retried = campaign.times(short=6, long=200), 0
    settings = board.floor.settings
    engine = warehouse.open_engine(board.proxy.url)
    for number in range(faults):
        board.floor.write(20, seconds_ago=300)
        if number % 3 == 2:  # broken at any moment instead
            threading.Timer(random.Random(number).uniform(0, 0.05), board.proxy.cut).start()
        else:
            board.proxy.set("cut_on_commit", times=1 + number % 3)
        summary = load.run_source(engine, settings, settings.sources[0], now=now)  # it raises nothing
        retried += sum("tried again" in notice for notice in summary.notices)
        board.proxy.set("pass")
        time.sleep(0.06)
    engine.dispose()
    board.floor.load()
    board.floor.expect_everything_once()
    assert retried > 0
    campaign.record(
        "P5", "transient faults within a load are retried from the stored cursor", faults_count=faults,
        retries_count=retried, lost_calls=0, doubled_calls=0,
    )  # fmt: skip


@pytest.mark.timeout(900)
def test_loaders_of_the_same_agents_and_queues_do_not_deadlock(campaign: Campaign) -> None:
    transactions, keys = campaign.times(short=3, long=60), 60
    with workplace() as folder, small_floor(folder, calls=1, deadlock_timeout="100ms") as floor:
        sources = [settings_for(folder / f"log_{number}", name=f"pbx{number}") for number in range(4)]
        written = [SmallFloor(floor.server, floor.engine, folder / f"log_{number}") for number in range(4)]
        for one, settings in zip(written, sources, strict=True):
            one.write(3)
            load.run_source(floor.engine, settings, settings.sources[0], now=now)
        share_everybody(floor.engine)
        before = counted(floor.server.url)

        def work(number: int) -> None:
            engine = warehouse.open_engine(floor.server.url)
            for _ in range(transactions):
                written[number].write(keys, seconds_ago=900)
                load.run_source(engine, sources[number], sources[number].sources[0], now=now)
            engine.dispose()

        together([partial(work, number) for number in range(4)])
        deadlocks = counted(floor.server.url) - before
        assert deadlocks == 0
        wanted = 1 + 4 * (3 + transactions * keys)
        calls, interval_calls, _ = floor.calls_and_intervals()
        assert (calls, interval_calls) == (wanted, wanted)
        url = floor.server.url
        caught = upserts(url, writers=4, transactions=12, keys=keys, seed=campaign.seed, is_sorted=False)
        kept = upserts(url, writers=4, transactions=12, keys=keys, seed=campaign.seed, is_sorted=True)
        assert (caught > 0, kept) == (True, 0)  # in any order they do: the test could see it
    campaign.record(
        "P3", "loaders that share agents and queues do not deadlock", transactions_count=4 * transactions,
        keys_count=keys, deadlocks_count=0, deadlocks_in_random_order_count=caught,
    )  # fmt: skip


def share_everybody(engine: sa.Engine) -> None:
    """Gives the keys of all sources to the same three agents and three queues, as a person does on the page."""
    for kind in ("agent", "queue"):
        with warehouse.connected(engine) as connection:
            connection.exec_driver_sql(
                f"update warehouse.{kind}_keys as k set {kind}_id = (select min(o.{kind}_id) "  # noqa: S608
                f"from warehouse.{kind}_keys as o where o.source_key = k.source_key)"
            )


@contextmanager
def small_disk(megabytes: int, user: tuple[int, int] | None) -> Iterator[Path]:
    """A disk of so many megabytes for a tablespace; skips where none can be made."""
    folder = Path(tempfile.mkdtemp(prefix="floorboard-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        if user:
            os.chown(folder, *user)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


@by_turn("P4")
def test_a_full_disk_stops_the_loads_keeps_the_reads_and_passes(campaign: Campaign) -> None:
    with workplace() as folder, small_floor(folder, calls=1) as floor:
        if floor.server.user is None:
            pytest.skip("a disk can only be mounted as root")
        with small_disk(campaign.times(short=40, long=64), floor.server.user) as disk:
            with psycopg.connect(floor.server.url, autocommit=True) as connection:
                connection.execute(f"create tablespace small location '{disk}'")
                connection.execute("create database small tablespace small")
            url = floor.server.url.replace("/floorboard?", "/small?")
            engine = warehouse.open_engine(url)
            migrate.migrate(engine)
            tight = SmallFloor(floor.server, engine, folder / "tight_log")
            tight.write(100)
            tight.load()
            fill(url, disk, leave_bytes=campaign.times(short=3, long=12) * 1_000_000)
            with pytest.raises(LoadError, match="disk is full: free space there") as found:
                load_without_end(tight)
            error = found.value.__cause__
            assert isinstance(error, warehouse.WarehouseError)
            assert error.fault is warehouse.WAIT
            calls, interval_calls, read_rows = tight.calls_and_intervals()  # reads go on
            assert calls == interval_calls
            assert (
                calls * 3 >= read_rows - 2 > 0
            )  # what is committed is what stands there (a call may be half told)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("drop table ballast")
                connection.execute("checkpoint")
            tight.load()
            tight.expect_everything_once()
            engine.dispose()
            with psycopg.connect(floor.server.url, autocommit=True) as connection:
                connection.execute("drop database small with (force)")
                connection.execute("drop tablespace small")
    campaign.record(
        "P4", "a full disk stops the loads, keeps the reads, and passes", calls_at_full_disk_count=calls,
        calls_count=tight.written_calls, lost_calls=0, doubled_calls=0,
    )  # fmt: skip


def load_without_end(floor: SmallFloor) -> None:
    for _ in range(1000):
        floor.write(1000, seconds_ago=80_000)
        floor.load()


def fill(url: str, disk: Path, *, leave_bytes: int) -> None:
    """Fills the disk with a table, but for so many bytes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table ballast (told text)")
        connection.execute("alter table ballast alter column told set storage plain")
        while (free := shutil.disk_usage(disk).free) > leave_bytes:
            rows = max(1, (free - leave_bytes) // 8192 // 2)
            connection.execute(
                "insert into ballast select repeat('x', 7000) from generate_series(1, %s)", [rows]
            )
