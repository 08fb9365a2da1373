"""Measures what a floor sees: the way from the PBX's log to the pixel, and a whole site that looks at once.

In: a folder, how many calls and how long a crowd looks. Out: the figures of the wall, each against its limit.
The rule it guards: each is measured on a warehouse of its own, with the processes that a site runs.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sql import embedded, migrate, warehouse
from tests.bench import pixel
from tests.conftest import with_every_figure
from tests.torture import crowd
from tests.torture.page_sessions import dashboard
from tests.torture.test_crowd import WHOLE
from tests.torture.test_web_load import server_of

Note = Callable[..., None]


def figures(folder: Path, note: Note, *, calls: int, crowd_seconds: float, share: float = 1.0) -> None:
    """Notes both; share: how much of the crowd looks, for a machine that cannot bear all of it."""
    with _home(folder, "pixel") as own:
        ways = {name: pixel.summary(seconds) for name, seconds in pixel.measured(own, calls=calls).items()}
    parts = ", ".join(f"{name} {ways[name][0]:.2f}/{ways[name][1]:.2f} s" for name in ways if name != "whole")
    p50, p95 = ways["whole"]
    note(
        "5. Source to pixel: from the line in the queue_log (every_seconds = 1) to the number in Chromium",
        f"{calls} calls, p50 {p50:.2f} s, p95 {p95:.2f} s, ratio {p95 / pixel.LIMIT_SECONDS:.2f}; p50/p95 of {parts}",
        f"p95 at most {pixel.LIMIT_SECONDS:.0f} s",
        is_met=p95 <= pixel.LIMIT_SECONDS,
    )
    looking = replace(
        WHOLE,
        streams=round(WHOLE.streams * share),
        agents=round(WHOLE.agents * share),
        supervisors=round(WHOLE.supervisors * share),
        seconds=crowd_seconds,
    )
    with _home(folder, "crowd") as own:
        found = watched(own, looking)
    shown: Mapping[str, float | str] = defaultdict(lambda: "unknown", found)
    note(
        f"6. {looking.streams} screens at 1 s and {looking.agents + looking.supervisors} open pages, one process",
        f"board to screen p95 {shown['made_p95_seconds']} s, commit to screen p95 {shown['committed_p95_seconds']} s, "
        f"page rerun p95 {shown['turns_p95_seconds']} s, head p95 {shown['heads_p95_seconds']} s, "
        f"{shown['resident_megabytes']} MB, {shown['server_cores']} cores, "
        f"{shown['transactions_a_second']} transactions/s, {shown['errors_count']} errors",
        "at most 0.25 s, 0.5 s for a page, 600 MB",
        is_met=not crowd.faults(found),
    )


def watched(folder: Path, looking: crowd.Crowd) -> dict[str, float | str]:
    """The figures of a crowd in front of a dashboard of its own."""
    with embedded.attached() as url:
        engine = warehouse.open_engine(url)
        migrate.migrate(engine)
        with_every_figure(engine)
        crowd.fill(engine, looking)
        engine.dispose()
        with dashboard(url, folder) as address:
            return crowd.watched(address, url, looking, process=server_of(address))


@contextmanager
def _home(folder: Path, name: str) -> Iterator[Path]:
    """A folder with a home of its own for the length of the block."""
    own, before = folder / name, os.environ["FLOORBOARD_HOME"]
    own.mkdir()
    own.chmod(0o755)
    os.environ["FLOORBOARD_HOME"] = str(own / "home")
    try:
        yield own
    finally:
        os.environ["FLOORBOARD_HOME"] = before
