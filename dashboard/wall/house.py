"""Joins the walls to the rest of the house: what the hub asks, of whom, and how it hears that the server ends.

In: how many screens may look at once. Out: the hub of this process.
The rule it guards: the hub asks through the same ways as the pages; a signal to stop reaches it before the server waits.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from dashboard import board
from dashboard.access import Viewer
from dashboard.ui import clock, moments, visit
from dashboard.wall.hub import Hub, Ways
from dashboard.wall.screen import Screen
from sql import warehouse


def hub(most_streams: int) -> Hub:
    """What tells the walls of this process."""
    ways = Ways(
        poller=moments.poller_of,
        viewers=_viewers,
        moment=moments.moment,
        screen=Screen,
        now_ms=clock.now_ms,
        asset=board.asset_version,
    )
    return Hub(ways, most_streams=most_streams)


def used(token: str | None) -> None:
    """Somebody has opened a wall: where sessions end without use, this one goes on."""
    visit.visitors(warehouse.database_url()).note_use(token)


def _viewers(tokens: Collection[str | None]) -> Mapping[str | None, Viewer | None]:
    return visit.visitors(warehouse.database_url()).holders(tokens)


@contextmanager
def told_of_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Within it `stop` is called on the loop at SIGTERM and SIGINT, besides what they do anyway."""
    if threading.current_thread() is not threading.main_thread():  # elsewhere no signal arrives
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in before:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
