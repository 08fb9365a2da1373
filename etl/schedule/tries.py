"""Spaces out the tries of what keeps failing, so that a source in trouble is not hammered.

In: a job that failed, or did well. Out: whether it is too early for the next try, and how long that still lasts.
Rule: twice as far apart each time, never more than a minute, and never closer than the job's own interval.
"""

from __future__ import annotations

import time

LONGEST_BACK_OFF_SECONDS = 60


class Tries:
    """The failures in a row of each job."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def is_early(self, name: str) -> bool:
        """Whether the next try has to wait."""
        return self.wait_seconds(name) > 0

    def wait_seconds(self, name: str) -> float:
        """How long the next try has to wait."""
        return max(0.0, self._not_before.get(name, 0.0) - time.monotonic())

    def did_well(self, name: str) -> None:
        """Forgets the failures of a job."""
        self._failures.pop(name, None)

    def failed(self, name: str, every_seconds: int) -> float:
        """Puts the next try farther away; the seconds."""
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        wait: float = max(every_seconds, min(every_seconds * 2**failures, LONGEST_BACK_OFF_SECONDS))
        self._not_before[name] = time.monotonic() + wait
        return wait
