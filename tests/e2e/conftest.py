"""A small site in a real browser: its queue log, loaded by the real loader, and the server that shows it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from zlib import crc32

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from psycopg import sql as words

from tests.torture.campaign import has_turn
from tests.typed import typed

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SHOTS = Path(__file__).parent / "screenshots"
SIZES = {"wall": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844)}
SCREENS = (("wall", "dark"), ("phone", "dark"), ("laptop", "light"), ("phone", "light"))
# Streamlit first looks for its health routes below a page's path; the browser reports those two tries.
PATIENCE_MS = 40_000  # a wait ends as soon as it may; on a busy machine a first page takes many seconds
KNOWN_NOISE = "Failed to load resource: the server responded with a status of 404"


@contextmanager
def visited(
    browser: Browser | BrowserContext, address: str, *, size: str = "laptop", theme: Any = "light"
) -> Iterator[tuple[Page, list[str]]]:
    """An opened page, once it has drawn something, and the errors it has reported so far.

    In a browser the visitor is new; a window keeps what its pages have fetched.
    """
    width, height = SIZES[size]
    page = browser.new_page()  # of a browser with a context of its own, which it closes with itself
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_selector(".fb h1", timeout=30_000)
    page.wait_for_selector(".floor, .tiles, .notice, .section, .sheet", timeout=30_000)
    try:
        yield page, errors
    finally:
        page.close()


# The server has drawn it, the letters are there, and for a fifth of a second nothing has moved.
SETTLED = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const app = document.querySelector('[data-testid=stApp]');
  const look = () => [...document.querySelectorAll('[data-testid=stMain], [data-testid=stMain] *')].map((part) => {
    const box = part.getBoundingClientRect();
    return [box.left, box.width, box.height, part.scrollWidth].map(Math.round).join(' ');
  }).join() + getComputedStyle(app).colorScheme;
  await document.fonts.ready;
  const began = performance.now();
  let [before, since, isDrawn] = ['', began, false];
  while (performance.now() - since < 200) {
    await frame();
    await frame();
    const now = look();
    isDrawn ||= app.dataset.testScriptState === 'notRunning';
    if (now !== before || !isDrawn) [before, since] = [now, performance.now()];
    if (performance.now() - began > 30_000) throw new Error('for 30 seconds the page has not come to rest');
  }
}"""


def settled(page: Page) -> None:
    """Waits until the page has come to rest; what runs on by itself may, as long as nothing moves for it."""
    page.evaluate(SETTLED)


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE_MS / 1000) -> bool:
    """Whether it has come true within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def fits_every_screen(page: Page, errors: list[str], *, name: str) -> Iterator[str]:
    """Turns the page to each screen and theme, keeps a picture of it, and gives the screen's name for further looks.

    It may not scroll sideways nor report an error on any of them. Each day every page has two of the four, a phone among
    them; the campaign all.
    """
    SHOTS.mkdir(exist_ok=True)
    for size, theme in SCREENS:
        if not has_turn((size, theme), SCREENS, short=2, first=crc32(name.encode())):
            continue
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        settled(page)
        page.screenshot(path=SHOTS / f"{name}-{size}-{theme}.png")
        too_wide = page.evaluate(
            "() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".map((part) => part.scrollWidth - part.clientWidth)"
        )
        assert too_wide == [0, 0], f"{name} on {size} scrolls sideways"
        is_dark = page.evaluate(
            "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme"
        )
        assert is_dark == theme, f"{name} on {size} is {is_dark}, expected {theme}"
        yield size
    assert [error for error in errors if KNOWN_NOISE not in error] == []


def zone_of_noon() -> str:
    """A time zone in which it is about noon now, so that no run passes over midnight."""
    ahead_hours = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead_hours:+d}" if ahead_hours else "Etc/GMT"


class SmallSite:
    """A folder with settings and a queue log, a warehouse, and the commands that join them."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.log = folder / "queue_log"
        self.environment = {**os.environ, "DATABASE_URL": database_url, "FLOORBOARD_HOME": str(folder)}
        (folder / "floorboard.toml").write_text(
            f'[site]\nname = "Harbour"\ntime_zone = "{zone_of_noon()}"\n\n'
            '[[sources]]\nname = "pbx"\nkind = "asterisk_queue_log"\npath = "queue_log"\nevery_seconds = 2\n'
            "stale_after_seconds = 86400\n",  # however long after the last call the last test comes
            encoding="utf-8",
        )

    def write(self, *events: tuple[int, str]) -> None:
        """Adds events, drawn as (seconds ago, "callid|queue|agent|VERB|data"), and loads them."""
        now = int(time.time())
        with self.log.open("a", encoding="utf-8") as log:
            log.writelines(f"{now - ago}|{text}\n" for ago, text in events)
        done = typed("etl", "run", "--once", cwd=self.folder, variables=self.environment)
        assert done.returncode == 0, done.stderr

    @contextmanager
    def served(self) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
        """The address and the process of the pages."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "dashboard.server", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(address, process)
            yield address, process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 30 seconds")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; without it the browser tests are skipped and counted, except on CI, where they fail.

    Ended with its file: as long as its driver runs, no other test of the worker can begin a loop of its own.
    """
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """One visitor's window, for tests that only look at pages: the program of the pages is fetched once."""
    with browser.new_context() as opened:
        yield opened


EVENTS = (
    (3600, "MANAGER|sales|Aino Kask|ADDMEMBER|"),
    (3600, "MANAGER|sales|<img src=x onerror=alert(1)>|ADDMEMBER|"),
    (3000, "c1|sales|NONE|ENTERQUEUE||5551|1"),
    (2995, "c1|sales|Aino Kask|CONNECT|5|b1|3"),
    (2900, "c1|sales|Aino Kask|COMPLETECALLER|5|95|1"),
    (600, "MANAGER|sales|<img src=x onerror=alert(1)>|PAUSE|Lunch"),
    (300, "c2|sales|NONE|ENTERQUEUE||5552|1"),
    (290, "c2|sales|Aino Kask|CONNECT|10|b2|3"),
    (20, "c3|sales|NONE|ENTERQUEUE||5553|1"),
)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SmallSite:
    """A site where two people work and one caller waits, for a test that changes it."""
    small = SmallSite(tmp_path, database_url)
    small.write(*EVENTS)
    return small


@pytest.fixture(scope="session")
def address(server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages of such a site, for the tests that only look."""
    name = f"floorboard_look_{os.getpid()}"
    make = words.SQL("create database {} template {} strategy file_copy").format(
        words.Identifier(name), words.Identifier(template_name)
    )
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(make)
        try:
            url = urlsplit(server_url)._replace(path=f"/{name}").geturl()
            small = SmallSite(tmp_path_factory.mktemp("look"), url)
            small.write(*EVENTS)
            with small.served() as (found, _):
                yield found
        finally:
            connection.execute(words.SQL("drop database {} with (force)").format(words.Identifier(name)))
