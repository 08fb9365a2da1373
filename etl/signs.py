"""Lets a load show that it is still at work, so that one that hangs can be told from one that takes long.

In: a call wherever something was read, or a wait was asked for by the origin. Out: when that was last, on the
clock that is never set. Rule: only true progress is a sign of life; a loop that turns on the spot gives none.
"""

from __future__ import annotations

import time

SLICE_SECONDS = 5.0
_last = time.monotonic()


def alive() -> None:
    """Notes that something was read just now."""
    global _last
    _last = time.monotonic()


def last_sign() -> float:
    """When something was read last, in seconds of the monotonic clock."""
    return _last


def patient_sleep(seconds: float) -> None:
    """Waits as an origin has asked for; all the while this is life, not silence."""
    ends_at = time.monotonic() + seconds
    alive()
    while (left := ends_at - time.monotonic()) > 0:
        time.sleep(min(left, SLICE_SECONDS))
        alive()
