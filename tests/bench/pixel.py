"""How long a call that begins to wait takes from the line in the PBX's log to the number on a wall, in a real browser.

In: a folder of its own, and how many calls. Out: for each the seconds of the whole way and of its parts.
The rule it guards: nothing is measured inside the program; the log is written as a PBX writes it, the loader, the pages and
the browser are processes of their own, and the number counts when the browser has drawn it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from playwright.sync_api import Page, sync_playwright

from sql import embedded, migrate, notices, warehouse
from tests.conftest import with_every_figure
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.torture.page_sessions import ROOT, dashboard

LIMIT_SECONDS = 2.0
APART_SECONDS = (0.4, 1.6)
START_SECONDS = 60.0
LAST_SECONDS = 10.0
BOARD = "boards=floor"
KIND = "waiting_calls"
WAITING = "select count(*) from warehouse.calls where answered_at is null and ended_at is null"
SEEN = """([kind]) => {
  window.seen = [];
  let last = null;
  const look = () => {
    const found = document.querySelector(`[data-key$="${kind}"] .figure`);
    const text = found && found.textContent;
    if (!text || text === last) return;
    last = text;
    requestAnimationFrame(() => setTimeout(() => window.seen.push([Number(text), Date.now() / 1000]), 0));
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
  look();
}"""


@dataclass
class Way:
    """When each number of waiting calls was first written, told by the load, sent to a screen, and drawn by one."""

    written: dict[int, float] = field(default_factory=dict)
    loaded: dict[int, float] = field(default_factory=dict)
    sent: dict[int, float] = field(default_factory=dict)
    drawn: dict[int, float] = field(default_factory=dict)

    def seconds(self) -> dict[str, list[float]]:
        """Of every call: the whole way, and its parts. A number that was passed over counts with the next one."""
        stations = [
            self.written,
            *(_reached(one, self.written) for one in (self.loaded, self.sent, self.drawn)),
        ]
        steps = {
            "line to commit": (0, 1),
            "commit to screen": (1, 2),
            "screen to pixel": (2, 3),
            "whole": (0, 3),
        }
        return {
            name: [stations[end][number] - stations[begin][number] for number in self.written]
            for name, (begin, end) in steps.items()
        }


def _reached(seen: dict[int, float], numbers: dict[int, float]) -> dict[int, float]:
    """When at least so many were seen; RuntimeError where they never were."""
    found = {}
    for number in numbers:
        times = [at for shown, at in seen.items() if shown >= number]
        if not times:
            raise RuntimeError(
                f"The number {number} was never seen; the newest is {max(seen, default=None)}."
            )
        found[number] = min(times)
    return found


def measured(folder: Path, *, calls: int) -> dict[str, list[float]]:
    """The seconds of so many calls, one after the other, that nobody answers."""
    log = folder / "queue_log"
    _quiet_floor(log)
    with embedded.attached() as url:
        engine = warehouse.open_engine(url)
        migrate.migrate(engine)
        with_every_figure(engine)
        way = Way()
        with _loader(url, log, folder), dashboard(url, folder) as address, _browser(address) as page:
            ended = threading.Event()
            hearing = [
                threading.Thread(target=_hear_loads, args=(url, engine, way, ended), daemon=True),
                threading.Thread(target=_hear_screen, args=(address, way, ended), daemon=True),
            ]
            for one in hearing:
                one.start()
            time.sleep(3)  # the first look of all
            _write_calls(log, way, calls)
            page.wait_for_function(
                "most => Math.max(0, ...window.seen.map((one) => one[0])) >= most",
                arg=calls,
                timeout=LAST_SECONDS * 1000,
            )
            way.drawn.update(_first_times(page.evaluate("window.seen")))
            time.sleep(0.5)
            ended.set()
            for one in hearing:
                one.join(5)
        engine.dispose()
    return way.seconds()


def summary(seconds: list[float]) -> tuple[float, float]:
    """The median and what 95 of 100 take at the most."""
    return statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]


def _quiet_floor(log: Path) -> None:
    """A day that begins with one agent, so that there is a queue to look at."""
    now = int(time.time()) - 120
    log.write_text(
        f"{now}|NONE|NONE|NONE|QUEUESTART|\n{now}|MANAGER|Sales|Aino Kask|ADDMEMBER|\n"
        f"{now + 1}|1.0|Sales|NONE|ENTERQUEUE||+3725551000|1\n{now + 9}|1.0|Sales|NONE|ABANDON|1|1|8\n",
        encoding="utf-8",
    )


def _write_calls(log: Path, way: Way, calls: int) -> None:
    chance = random.Random(7)
    with log.open("a", encoding="utf-8") as file:
        for number in range(1, calls + 1):
            file.write(f"{int(time.time())}|2.{number}|Sales|NONE|ENTERQUEUE||+372555{number:04}|{number}\n")
            file.flush()
            way.written[number] = time.time()
            time.sleep(chance.uniform(*APART_SECONDS))


@contextmanager
def _loader(url: str, log: Path, folder: Path) -> Iterator[None]:
    settings = folder / "floorboard.toml"
    settings.write_text(
        '[site]\nname = "Bench"\ntime_zone = "UTC"\n\n[[sources]]\nname = "pbx"\nkind = "asterisk_queue_log"\n'
        f'path = "{log}"\nevery_seconds = 1\n',
        encoding="utf-8",
    )
    environment = {**os.environ, "DATABASE_URL": url, "FLOORBOARD_CONFIG": str(settings)}
    with (folder / "loader.log").open("ab") as told:
        command = [sys.executable, "-m", "floorboard", "etl", "run"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told, stderr=told)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextmanager
def _browser(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(f"{address}/wall/show?{BOARD}")
        page.wait_for_selector(f'[data-key$="{KIND}"] .figure', timeout=START_SECONDS * 1000)
        page.evaluate(SEEN, [KIND])
        try:
            yield page
        finally:
            browser.close()


def _hear_loads(url: str, engine: sa.Engine, way: Way, ended: threading.Event) -> None:
    """After each notice, how many wait by now."""
    with notices.Listening(url) as line:
        while not ended.is_set():
            if line.hears(0.5):
                at = time.time()
                with engine.connect() as connection:
                    way.loaded.setdefault(connection.execute(sa.text(WAITING)).scalar_one(), at)


def _hear_screen(address: str, way: Way, ended: threading.Event) -> None:
    """What a second screen of the same wall is sent."""
    place = urlsplit(address)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    line.request("GET", f"/wall/stream?{BOARD}")
    answer = line.getresponse()
    while not ended.is_set():
        text = answer.readline().decode()
        if text.startswith("data: {") and '"tiles"' in text:
            at = time.time()
            tile = next(one for one in json.loads(text[6:])["tiles"] if one["key"].endswith(KIND))
            way.sent.setdefault(int(tile["value"]), at)
    line.close()


def _first_times(seen: list[list[float]]) -> dict[int, float]:
    found: dict[int, float] = {}
    for number, at in seen:
        found.setdefault(int(number), at)
    return found
