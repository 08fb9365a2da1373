"""The demo as a person starts and stops it: one at a time, nothing left behind, and the next one goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import until

ROOT = Path(__file__).parents[2]
READY = "Floorboard is ready: "


class Site:
    """A home of its own, a port of its own, and the commands that run there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def command(self, *arguments: str) -> dict[str, Any]:
        environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "FLOORBOARD_CONFIG")}
        return {
            "args": [sys.executable, "-P", "-m", "floorboard", *arguments],
            "cwd": self.home,
            "env": {**environment, "FLOORBOARD_HOME": str(self.home)},
            "text": True,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(**self.command(*arguments), capture_output=True, timeout=120, check=False)

    def start_demo(self) -> None:
        """Starts it and returns when it says that it is ready and has taken over from the first load."""
        with (self.home / "said.txt").open("w") as out:
            arguments = self.command("demo", "--days", "2", "--port", str(self.port))
            process = self.process = subprocess.Popen(**arguments, stdout=out, stderr=out)
        until(lambda: process.poll() is not None or self.says("Ctrl-C stops everything."), seconds=120)
        assert self.says(READY), self.said
        assert self.says("Load: "), self.said

    @property
    def said(self) -> str:
        return (self.home / "said.txt").read_text()

    def sources(self) -> list[dict[str, Any]]:
        """What the loader says of each source."""
        found: list[dict[str, Any]] = json.loads(self.run("etl", "status", "--json").stdout)
        return found

    def says(self, text: str) -> bool:
        return text in self.said

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def processes(self) -> list[str]:
        """Whatever still runs for this home: by its command line, its working folder or its environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                command = process.cmdline()
                places = [*command, process.cwd(), process.environ().get("FLOORBOARD_HOME", "")]
            except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
                continue
            if any(str(self.home) in place for place in places):
                found.append(f"{process.pid}: {' '.join(command)[:120]}")
        return found

    def totals(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        window = ("--from", start.isoformat(), "--to", end.isoformat())
        done = self.run("ask", "queue_totals", *window, "--json")
        assert done.returncode == 0, done.stderr
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows


@pytest.fixture
def site() -> Iterator[Site]:
    home = Path(tempfile.mkdtemp(prefix="floorboard-demo-"))
    site = Site(home)
    yield site
    if site.process is not None and site.process.poll() is None:
        site.process.kill()
        site.process.wait()
    until(lambda: not site.processes(), seconds=40)
    shutil.rmtree(home)


def fetch(address: str) -> tuple[int, str]:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=10) as answer:
        return answer.status, answer.read().decode()


ENDS = {  # how the first start ends, and the second; each day has one of these walks
    "killed, then told to end": (signal.SIGKILL, signal.SIGTERM),
    "told to end, then Ctrl-C": (signal.SIGTERM, signal.SIGINT),
    "killed, then its terminal closed": (signal.SIGKILL, signal.SIGHUP),
}


@pytest.mark.by_turns(1)
@pytest.mark.parametrize("ends", ENDS)
def test_the_demo_shows_a_page_refuses_a_second_one_leaves_nothing_behind_and_goes_on(
    site: Site, ends: str
) -> None:
    first_end, second_end = ENDS[ends]
    site.start_demo()
    assert site.said.splitlines()[-2:] == [f"{READY}{site.address}", "Ctrl-C stops everything."]
    status, page = fetch(site.address)
    assert status == 200
    assert "<html" in page

    second = site.run("demo", "--days", "2", "--port", str(site.port))
    assert second.returncode == 1
    assert site.process is not None
    assert f"process {site.process.pid}" in second.stderr
    assert site.address in second.stderr

    noon = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    before = site.totals(noon - timedelta(hours=24), noon)
    assert len(before) == 8
    assert sum(row["offered_calls"] for row in before) > 0

    assert not (site.home / "demo" / "demo").exists()
    assert f"{site.home.name}%2Fdemo%2F" in site.run("db", "url").stdout
    found = json.loads(site.run("doctor", "--json").stdout)
    assert [finding for finding in found if finding["state_name"] == "wrong"] == []
    assert any("the demo's own" in finding["found_text"] for finding in found)
    assert until(lambda: all(row["last_succeeded_at"] for row in site.sources()))  # the log is ready first
    compared = site.run("etl", "reconcile", "--json")  # finds the demo's settings by itself
    assert {row["outcome_name"] for row in json.loads(compared.stdout)} == {"agreed"}, compared.stderr

    expect_clean_end(site, first_end)
    assert site.totals(noon - timedelta(hours=24), noon) == before  # its warehouse answers after its end too

    site.start_demo()
    assert site.says("goes on where it stopped")
    assert site.totals(noon - timedelta(hours=24), noon) == before
    expect_clean_end(site, second_end)

    # A real site in the same home: another warehouse, from its first load on.
    (site.home / "queue_log").write_text("1795341600|1.1|sales|NONE|ENTERQUEUE||5551234|1\n")
    (site.home / "floorboard.toml").write_text(
        '[site]\nname = "T"\ntime_zone = "Europe/Tallinn"\n[[sources]]\nname = "pbx"\n'
        'kind = "asterisk_queue_log"\npath = "queue_log"\nevery_seconds = 5\n'
    )
    assert site.run("etl", "run", "--once").stdout.startswith("pbx: 1 rows read = 1 loaded")
    (site.home / "floorboard.toml").unlink()
    (queue,) = json.loads(site.run("queue", "list", "--json").stdout)
    assert queue["queue_name"] == "sales"
    assert site.processes() == []


def expect_clean_end(site: Site, number: signal.Signals) -> None:
    """It ends by this signal with nothing of it still at work: at once where it is told, soon where it is killed."""
    is_killed = number is signal.SIGKILL
    assert site.end(number) == (-signal.SIGKILL if is_killed else 0), site.said
    if is_killed:
        assert until(lambda: site.processes() == [], seconds=40), site.processes()
    assert site.processes() == []
    assert not site.says("Traceback")
