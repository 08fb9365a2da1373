"""Wakes whoever watches the floor as soon as a load has committed, instead of at the next look.

In: the address of the warehouse, and the pollers of this process. Out: every poller that runs is woken once per notice.
The rule it guards: one connection and one thread per process; no page ever waits for it, and where nothing can be heard
it says so once, and the pollers ask every 1.5 seconds as they do anyway.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet

from sql import notices
from sql.warehouse import WarehouseError

LOOK_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
_LOG = logging.getLogger(__name__)


class Watch(Protocol):
    """Whoever asks the warehouse in turns, and can be woken."""

    @property
    def is_running(self) -> bool:
        """Whether it asks at present."""

    def wake(self) -> None:
        """Asks now."""


class Listener:
    """Hears notices for all pollers of this process, as long as one of them runs."""

    def __init__(
        self, address: Callable[[], str], *, opened: Callable[[str], notices.Listening] = notices.Listening
    ) -> None:
        self._address, self._opened = address, opened
        self._watches: WeakSet[Watch] = WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_deaf = False

    def wakes(self, watch: Watch) -> None:
        """Wakes this one, too, from now on; begins to listen where nobody does. Returns at once."""
        with self._lock:
            self._watches.add(watch)
            if self._is_deaf or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._run, name="floorboard-notices", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        pause_seconds, told = LOOK_SECONDS, ""
        while self._running():
            try:
                with self._opened(self._address()) as line:
                    if told:
                        _LOG.info("Notices of new data are heard again.")
                    pause_seconds, told = LOOK_SECONDS, ""
                    self._wake()  # what was said while nobody listened
                    self._listen(line)
            except notices.DeafError as error:
                _LOG.warning("%s The pages ask every 1.5 seconds instead.", error)
                self._is_deaf = True
                return
            except WarehouseError as error:
                if str(error) != told:
                    _LOG.warning("Notices of new data are not heard: %s", error)
                told = str(error)
                time.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    def _listen(self, line: notices.Listening) -> None:
        while self._running():
            if line.hears(LOOK_SECONDS):
                self._wake()

    def _running(self) -> list[Watch]:
        with self._lock:
            return [watch for watch in self._watches if watch.is_running]

    def _wake(self) -> None:
        for watch in self._running():
            watch.wake()
