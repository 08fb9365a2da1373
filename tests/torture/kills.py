"""Loads that are killed at random moments: the harness of the short version in the suite and of the long campaign."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from etl.config import Settings

ROOT = Path(__file__).parents[2]
LOADER = """
import sys
from pathlib import Path
from etl import load
from sql import warehouse
from tests.torture.kills import now, settings_for
settings = settings_for(Path(sys.argv[1]))
engine = warehouse.open_engine()
print("ready", flush=True)
load.run_source(engine, settings, settings.sources[0], now=now)
"""


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


def killed_loads(source: Path, path: Path, *, database_url: str, lines_a_load: int, seed: int) -> int:
    """Copies `source` to `path` piece by piece and kills a loader in each; how many were killed at work."""
    chance = random.Random(seed)
    lines = source.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"")
    kills = 0
    for place in range(0, len(lines), lines_a_load):
        append(path, b"".join(lines[place : place + lines_a_load]))
        with subprocess.Popen(
            [sys.executable, "-c", LOADER, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
        ) as loader:
            assert loader.stdout is not None
            loader.stdout.readline()
            time.sleep(chance.uniform(0, 0.15))
            kills += loader.poll() is None
            loader.send_signal(signal.SIGKILL)
    return kills
