"""The disk is lost: the backup, the sources and the next load make the same warehouse as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl import load
from etl.backup import backup, restore
from etl.prove import prove
from sql import migrate
from tests.conftest import with_every_figure
from tests.torture.campaign import Campaign
from tests.torture.contents import differences, facts_of
from tests.torture.kills import ROOT, append, now, settings_for
from tests.torture.servers import PrivateServer

RESTORER = """
import sys
from pathlib import Path
from etl.backup import restore
from sql import warehouse
from tests.torture.kills import now
engine = warehouse.open_engine(sys.argv[1])
print("ready", flush=True)
restore(engine, sys.argv[1], Path(sys.argv[2]), None, now=now, tell=lambda name: print(name, flush=True))
"""


def run(engine: sa.Engine, path: Path) -> load.RunSummary:
    settings = settings_for(path)
    return load.run_source(engine, settings, settings.sources[0], now=now)


def unheard(_told: str) -> None:
    """For what a terminal would show in passing."""


def backed_up_beside_a_load(
    server: PrivateServer, engine: sa.Engine, path: Path, file: Path, part: bytes
) -> None:
    """A backup that is made while the next part of the log is loaded: it holds a batch whole or not at all."""
    append(path, part)
    loader = threading.Thread(target=run, args=(engine, path))
    loader.start()
    backup(server.url, file, tell=unheard)
    loader.join(60)
    assert not loader.is_alive()


def killed_restore(url: str, file: Path, *, after_tables: int) -> bool:
    """Kills a restore after some of its tables; whether it was still at work."""
    with subprocess.Popen(
        [sys.executable, "-c", RESTORER, url, str(file)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    ) as restorer:
        assert restorer.stdout is not None
        for _ in range(1 + after_tables):
            restorer.stdout.readline()
        is_at_work = restorer.poll() is None
        restorer.send_signal(signal.SIGKILL)
    return is_at_work


@pytest.mark.timeout(1200)
def test_a_lost_disk_loses_and_doubles_nothing(
    engine: sa.Engine, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, campaign: Campaign
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("FLOORBOARD_HOME", str(home))
    chance, path = random.Random(campaign.seed), tmp_path / "queue_log"
    lines = (shared_data / "asterisk_pbx" / "queue_log").read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines))
    run(engine, path)
    undisturbed = facts_of(engine)
    rounds, kills, restore_seconds, lost, more = campaign.times(short=1, long=20), 0, 0.0, 0, 0
    for number in range(rounds):
        first, second, third = sorted(chance.sample(range(1, len(lines)), 3))
        file = tmp_path / f"{number}.dump"
        path.write_bytes(b"".join(lines[:first]))
        with PrivateServer() as server, server.opened() as before:
            migrate.migrate(before)
            with_every_figure(before)
            run(before, path)
            backed_up_beside_a_load(server, before, path, file, b"".join(lines[first:second]))
            append(path, b"".join(lines[second:third]))
            run(before, path)  # lost with the disk
        assert not server.data.exists()
        append(path, b"".join(lines[third:]))
        with PrivateServer() as server, server.opened() as after:
            kills += killed_restore(server.url, file, after_tables=chance.randint(0, 30))
            with after.begin() as connection:
                assert connection.exec_driver_sql("select to_regclass('ops.migrations')").scalar_one() is None
            started_at = time.monotonic()
            restore(after, server.url, file, None, now=now, tell=unheard)
            restore_seconds = max(restore_seconds, time.monotonic() - started_at)
            run(after, path)
            told = differences(facts_of(after), undisturbed)
            lost += sum(rows for rows, _ in told.values())
            more += sum(rows for _, rows in told.values())
            assert prove(after).is_proven
            with after.begin() as connection:
                ledger = (
                    "select sum(read_rows), sum(loaded_rows + unchanged_rows + rejected_rows) from ops.runs"
                )
                assert connection.exec_driver_sql(ledger).one() == (len(lines), len(lines))
    campaign.record(
        "backup",
        "a lost disk loses and doubles nothing: restored and caught up equals undisturbed",
        rounds_count=rounds,
        restores_killed_count=kills,
        lost_rows=lost,
        doubled_rows=more,
        slowest_restore_seconds=round(restore_seconds, 2),
    )
    assert (lost, more) == (0, 0)
