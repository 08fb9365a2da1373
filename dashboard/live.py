"""The floor of this second, asked once for everybody who looks, however many tabs are open.

In: a function that asks all live questions for one instant. Out: the newest snapshot, at once.
The rule it guards: a page never waits for the warehouse to draw what is already known, a failure reaches
every page that asks, and nobody asks the warehouse while nobody looks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sql.warehouse import WarehouseError

EVERY_SECONDS = 1.5
IDLE_SECONDS = 30.0
FIRST_ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answers of the live questions, by name, all of one instant."""

    taken_at: datetime
    answers: Mapping[str, pl.DataFrame]


class Poller:
    """Keeps one snapshot fresh in a thread of its own, as long as somebody asked within the last half
    minute."""

    def __init__(
        self,
        ask: Callable[[], Snapshot],
        *,
        every_seconds: float = EVERY_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._ask = ask
        self._every_seconds = every_seconds
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition()
        self._found: Snapshot | Exception | None = None
        self._asked_at = 0.0
        self._is_running = False

    def latest(self) -> Snapshot:
        """The newest snapshot; the first call waits for it. Raises what the asking raised."""
        with self._changed:
            self._asked_at = time.monotonic()
            if not self._is_running:
                self._is_running, self._found = True, None
                threading.Thread(target=self._run, name="floorboard-live", daemon=True).start()
            if not self._changed.wait_for(lambda: self._found is not None, timeout=FIRST_ANSWER_SECONDS):
                raise WarehouseError(
                    f"The warehouse has not answered within {FIRST_ANSWER_SECONDS:.0f} seconds. "
                    "See that Postgres runs; `floorboard doctor` tells more."
                ) from TimeoutError()
            found = self._found
        if isinstance(found, WarehouseError):
            raise WarehouseError(str(found)) from found.__cause__
        if isinstance(found, Exception):
            raise RuntimeError("The live questions could not be asked.") from found
        assert found is not None  # the wait above ended with an answer
        return found

    def _run(self) -> None:
        while True:
            found: Snapshot | Exception
            try:
                found = self._ask()
            except Exception as error:  # noqa: BLE001 - handed to every page that asks, which raises it
                found = error
            with self._changed:
                self._found = found
                self._changed.notify_all()
                if time.monotonic() - self._asked_at > self._idle_seconds:
                    self._is_running = False
                    return
            time.sleep(self._every_seconds)
