"""How long a load goes on trying while the warehouse is away, busy or in a tangle.

In: what failed, and how far the load has come. Out: a short wait, each a little longer, or the failure when it is enough.
The rule it guards: only what can pass by itself is tried again, always the whole transaction from the stored cursor on,
and never for longer than a minute without a step ahead: then the failure is written down and the schedule goes on.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from sql.warehouse import RETRY_SMALLER, WAIT, WarehouseError

MOST_TRIES = 8
MOST_SECONDS = 60.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 5.0


class Patience:
    """Of one load; it is whole again after each step ahead."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock, self._sleep, self._chance = clock, sleep, chance
        self._steps = 0
        self._tries = 0
        self._begun_at = clock()

    def step(self, steps: int) -> None:
        """The load has come this far: what was borne before counts no more."""
        if steps != self._steps:
            self._steps, self._tries, self._begun_at = steps, 0, self._clock()

    def bear(self, error: WarehouseError) -> None:
        """Waits before the next try; raises `error` where another try would not help, or it is enough."""
        # A full disk or a standby needs a person: the schedule comes back to it, further apart each time. What took too
        # long has always lasted longer than a minute; tried with less at a time, it ends by itself.
        is_late = error.fault is not RETRY_SMALLER and self._clock() - self._begun_at >= MOST_SECONDS
        is_enough = self._tries >= MOST_TRIES or is_late
        if not error.is_transient or error.fault is WAIT or is_enough:
            raise error
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**self._tries)
        self._tries += 1
        self._sleep(self._chance(longest / 4, longest))
