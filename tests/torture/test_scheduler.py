"""Several loaders, lost sessions, stopped and killed leaders, restarts of Postgres, loads that hang: S1 to S9."""

from __future__ import annotations

import random
import socket
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl.config import load_settings
from etl.schedule.foreman import Foreman
from etl.schedule.slots import Slot
from etl.schedule.worker import Errand
from sql import migrate
from tests.torture.campaign import Campaign
from tests.torture.nodes import (
    Node,
    open_engine,
    restarted,
    rows,
    shared_out,
    stopped_mid_batch,
    until,
    write_settings,
)
from tests.torture.servers import PrivateServer


@pytest.mark.timeout(3600)
def test_of_three_loaders_no_slot_has_two_starts_and_a_lost_leader_is_replaced(
    engine: sa.Engine, database_url: str, tmp_path: Path, campaign: Campaign
) -> None:
    found = shared_out(
        engine, database_url, tmp_path,
        lost_sessions=campaign.times(short=1, long=50),
        stops=campaign.times(short=1, long=10),
        kills=campaign.times(short=1, long=20),
        stop_seconds=campaign.times(short=2, long=5),
    )  # fmt: skip
    assert found.starts > 0
    assert found.doubled_slots == []
    assert max(found.take_over_seconds) <= 15
    assert set(found.exit_codes) == {0}
    campaign.record(
        "S2",
        "one effect per slot with three loaders",
        loaders_count=3,
        lost_sessions_count=campaign.times(short=1, long=50),
        stopped_leaders_count=campaign.times(short=1, long=10),
        killed_leaders_count=campaign.times(short=1, long=20),
        starts_count=found.starts,
        doubled_slots_count=len(found.doubled_slots),
        longest_take_over_seconds=round(max(found.take_over_seconds), 1),
    )


@pytest.mark.timeout(1800)
def test_the_scheduler_outlives_restarts_of_postgres(tmp_path: Path, campaign: Campaign) -> None:
    restarts = campaign.times(short=1, long=50)
    with PrivateServer() as server:
        engine = open_engine(server.url)
        migrate.migrate(engine)
        seconds, exit_code = restarted(server, engine, tmp_path, restarts=restarts)
        engine.dispose()
    assert exit_code == 0
    assert max(seconds) <= 1 + 10
    campaign.record(
        "S1",
        "the scheduler survives the loss of its warehouse",
        immediate_restarts_count=restarts,
        dead_threads_count=0,
        longest_wait_for_the_next_run_seconds=round(max(seconds), 1),
    )


@pytest.mark.timeout(1800)
def test_a_stop_lets_the_batch_commit_and_loses_nothing(
    engine: sa.Engine, database_url: str, tmp_path: Path, campaign: Campaign
) -> None:
    stops = campaign.times(short=1, long=50)
    found = stopped_mid_batch(
        engine,
        database_url,
        tmp_path,
        stops=stops,
        calls=campaign.times(short=8_000, long=20_000),
        chance=random.Random(campaign.seed),
    )
    assert set(found.exit_codes) == {0}
    assert max(found.seconds) <= 30
    assert found.read_rows == found.written_rows
    assert (found.calls, found.doubled_calls) == (found.written_calls, 0)
    campaign.record(
        "S3",
        "a stop loses nothing",
        stops_count=stops,
        stops_that_found_a_load_at_work_count=found.at_work,
        longest_stop_seconds=round(max(found.seconds), 1),
        lost_calls=found.written_calls - found.calls,
        doubled_calls=found.doubled_calls,
    )


@pytest.fixture
def black_hole() -> socket.socket:
    """A server that takes every connection and never says a word."""
    return socket.create_server(("127.0.0.1", 0), backlog=50)


def test_a_load_in_a_black_hole_is_ended_and_the_next_slot_runs(
    engine: sa.Engine,
    database_url: str,
    tmp_path: Path,
    campaign: Campaign,
    black_hole: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLOORBOARD_TEST_TOKEN", "a-token-of-forty-characters-for-the-tests")
    file = tmp_path / "floorboard.toml"
    file.write_text(
        '[site]\nname = "T"\ntime_zone = "Europe/Tallinn"\n\n[[sources]]\nname = "desk"\nkind = "liveagent"\n'
        f'address = "http://127.0.0.1:{black_hole.getsockname()[1]}"\ntoken_env = "FLOORBOARD_TEST_TOKEN"\n'
        "every_seconds = 1\ndeadline_seconds = 5\n"
    )
    deadline_seconds = campaign.times(short=2, long=5)
    foreman = Foreman("desk", Errand(database_url, load_settings(file)))
    overdue = []
    try:
        for number in range(campaign.times(short=1, long=10)):
            assert until(foreman.is_ready, 60) is not None
            slot = {
                "job_name": "desk",
                "every_seconds": 1,
                "process_name": "etl here 1",
                "rest_seconds": None,
            }
            began_at = time.monotonic()
            outcome = foreman.ask(
                {"do": "load", "source_name": "desk", "slot": vars(Slot(**slot))},  # type: ignore[arg-type]
                deadline_seconds=deadline_seconds,
            )
            overdue.append(time.monotonic() - began_at - deadline_seconds)
            assert "Nothing was read" in str(outcome.error_text), number
    finally:
        foreman.kill()
        black_hole.close()
    assert max(overdue) <= 5
    assert rows(engine, "select count(*) from ops.slots where job_name = 'desk'") == [(1,)]
    campaign.record(
        "S7",
        "a load that hangs is ended in time",
        hung_loads_count=len(overdue),
        deadline_seconds=deadline_seconds,
        longest_beyond_the_deadline_seconds=round(max(overdue), 1),
    )


DEATH_OF_THE_THREAD = """
import ctypes, sys, threading, time
sys.argv = ["floorboard", "etl", "run"]

def kill_the_thread():
    while not any(thread.name == "APScheduler" for thread in threading.enumerate()):
        time.sleep(0.1)
    time.sleep(1.5)
    number = next(thread.ident for thread in threading.enumerate() if thread.name == "APScheduler")
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(number), ctypes.py_object(SystemExit))

threading.Thread(target=kill_the_thread, daemon=True).start()
import floorboard
floorboard.main()
"""


def test_when_only_the_thread_of_the_scheduler_dies_the_heartbeat_stops_and_the_process_ends(
    engine: sa.Engine, database_url: str, tmp_path: Path, campaign: Campaign
) -> None:
    settings = write_settings(tmp_path, "a")
    began_at = time.monotonic()
    node = Node(
        settings, database_url, tmp_path / "node.log", command=(sys.executable, "-c", DEATH_OF_THE_THREAD)
    )
    try:
        code = node.process.wait(60)
    finally:
        node.process.kill()
        node.process.wait(5)
    lasted_seconds = time.monotonic() - began_at
    assert code == 1
    assert "The scheduler has died, expected a heartbeat every 10 s; start the ETL again." in node.words()
    (age_seconds,) = rows(
        engine,
        "select extract(epoch from max(beat_at) + interval '20 seconds' - now()) from ops.heartbeats "
        "where process_name = 'etl'",
    )[0]
    assert age_seconds is not None
    assert age_seconds <= 20  # no beat came after the death: two intervals later every page says so
    campaign.record(
        "S9", "the heartbeat does not outlive the scheduler", process_lasted_seconds=round(lasted_seconds, 1)
    )
