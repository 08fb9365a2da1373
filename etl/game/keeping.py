"""Runs the game by the clock: what is earned today each minute, the ledger when a day is over or somebody decided something.

In: the warehouse and the present instant. Out: game.today made anew; days posted, counted again and closed.
The rule it guards: the game never keeps the loads waiting: it rests many times as long as it worked, and looks at once
whether there is anything to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from etl.game import closing, today
from etl.game.reconcile import Reconciled
from sql import warehouse

GAME_SECONDS = 60
FIRST_IN_SECONDS = 15.0
"""The loads come first where a site has just been started."""
REST_TIMES = 9
"""After a look it rests so many times as long as that took: at the most a tenth of one processor."""
AGAIN = timedelta(hours=6)
"""Open days are counted again at least so often, for the facts that came late."""


class Game:
    """The job of the loader; one per process."""

    def __init__(
        self, engine: sa.Engine, *, now: Callable[[], datetime], check: Callable[[], None] = lambda: None
    ) -> None:
        self._engine, self._now, self._check = engine, now, check
        self._kept: tuple[Any, ...] | None = None
        self._kept_at: datetime | None = None
        self._rests_until = 0.0

    def work(self) -> Reconciled:
        """Does what is due; what was written. Raises WarehouseError."""
        if time.monotonic() < self._rests_until:
            return Reconciled()
        began = time.monotonic()
        try:
            return self._work()
        finally:
            self._rests_until = time.monotonic() + REST_TIMES * (time.monotonic() - began)

    def _work(self) -> Reconciled:
        at, done = self._now(), Reconciled()
        with warehouse.connected(self._engine) as connection:
            state = warehouse.one_row(connection, "game/state", at=at)
        if state != self._kept or self._kept_at is None or at - self._kept_at > AGAIN:
            done = closing.keep(self._engine, now=at, check=self._check)
            with warehouse.connected(self._engine) as connection:
                self._kept = warehouse.one_row(connection, "game/state", at=at)
            self._kept_at = at
        self._check()
        today.show(self._engine, now=at)
        return done
