"""Takes the pictures of README and the documents from a demo that it starts, and stops again.

In: nothing but Chromium. Out: one picture per page in docs/pictures, all at the size of a laptop.
The rule it guards: a picture shows what the product shows; it is late morning on its floor, so that there is work to see.

    make pictures
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import CHROMIUM, FLAGS, ROOT, visited

OUT = ROOT / "docs" / "pictures"
HOUR = 11
TRIES = 90  # of two seconds each
CITIES = (
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Bangkok",
    "Asia/Karachi",
    "Europe/Tallinn",
    "Europe/Lisbon",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
)
PICTURES = {
    "live_floor": "live",
    "queues": "queues",
    "service_level": "service-level",
    "agents": "agents?period=yesterday",
    "tickets": "tickets",
    "contact_journey": "contacts?of=callback_calls&period=yesterday",
    "goals": "goals",
    "definitions": "definitions",
    "data_health": "data-health",
}
"""The name of each picture and the page that it shows; of the journey, the list that its first contact is opened in."""


def main(names: list[str]) -> int:
    """Takes the pictures of these names, or all of them."""
    unknown = sorted(set(names) - PICTURES.keys())
    if unknown:
        print(
            f"There is no picture {', '.join(unknown)}; expected some of {', '.join(PICTURES)}.",
            file=sys.stderr,
        )
        return 2
    if not CHROMIUM.exists():
        print(f"There is no {CHROMIUM}; install Chromium, and start again.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="floorboard-pictures-", ignore_cleanup_errors=True) as home:
        demo = start(Path(home))
        try:
            address = ready(demo)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                for name in names or PICTURES:
                    take(browser, address, name)
                browser.close()
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(60)
    return 0


def start(home: Path) -> subprocess.Popen[str]:
    """A demo in a folder of its own, in a time zone where it is late morning."""
    zone = min(CITIES, key=lambda name: abs(datetime.now(ZoneInfo(name)).hour - HOUR))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        [sys.executable, "-m", "floorboard", "demo", "--port", str(port)],
        cwd=ROOT,
        env={**environment, "FLOORBOARD_HOME": str(home), "TZ": zone},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ready(demo: subprocess.Popen[str]) -> str:
    """The address of the demo, once it says that it is ready."""
    told: list[str] = []
    assert demo.stdout is not None
    for line in demo.stdout:
        told.append(line)
        print(line, end="")
        if found := re.search(r"ready: (http://\S+)", line):
            return found[1]
    raise SystemExit(f"The demo ended before it was ready. Its last words: {' '.join(told[-3:])}")


def take(browser: Browser, address: str, name: str) -> None:
    """One page at the size of a laptop, once it shows the present and has stopped drawing itself."""
    with visited(browser, f"{address}/{PICTURES[name]}") as (page, _errors):
        settle(page)
        if name == "contact_journey":
            page.locator(".sheet tbody a.here").first.click()
            page.locator(".journey .leg").first.wait_for(timeout=60_000)
            settle(page)
        page.screenshot(path=OUT / f"{name}.png")
        print(f"{OUT / name}.png")


def settle(page: Page) -> None:
    """Waits until nothing of the page is on its way, and nothing is told that keeps it from showing the present."""
    troubled = page.locator('.fb[data-stale="true"], .notice[data-tone="off"], .notice.page')
    for _ in range(TRIES):
        page.wait_for_timeout(2000)
        is_busy = page.locator("[data-testid=stStatusWidget]").count() > 0
        if not is_busy and troubled.count() == 0:
            return
    raise SystemExit(f"{page.url} has not come to rest; is this machine busy? Start again when it is not.")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
