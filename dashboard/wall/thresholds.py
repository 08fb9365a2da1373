"""When a number of the wall turns yellow or red, and when it turns back: never over a jitter, never over too few.

In: a value with its n at an instant, and the limits of its tile. Out: how it stands: a tone, and why.
The rule it guards: a tile turns only when its value was beyond a limit for the whole hold, turns back only when it was on
the good side again, far enough and for as long, and has no colour below its minimum volume.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from dashboard.wall.boards import Threshold

Tone = Literal["good", "near", "off", "none"]
Why = Literal["judged", "no_threshold", "unknown", "few"]
GAP_SECONDS = 120.0
"""Two looks further apart than this (and the hold) have a gap between them: the first look after it decides at once."""
BACKWARDS_SECONDS = 5.0
"""A clock that goes back by no more than this stands still; further back is another time, as in a replay."""
MOST_KEYS = 4096
MOST_SEEN = 1024


@dataclass(frozen=True, slots=True)
class Standing:
    """How a value stands: its tone, why, and the limit it is held against.

    limit: the one that was passed, of `near` and `off` (None where it is good). is_pending: it is worse than its tone, and
    its hold runs. is_easing: it is better than its tone, and not far enough or not long enough.
    """

    tone: Tone
    why: Why = "judged"
    limit: float | None = None
    is_pending: bool = False
    is_easing: bool = False


UNJUDGED = Standing("none", "no_threshold")
UNKNOWN = Standing("none", "unknown")
TOO_FEW = Standing("none", "few")


@dataclass(slots=True)
class _Side:
    """One limit of a tile: whether it counts as passed, and since when the value has said the contrary."""

    limit: float
    is_passed: bool
    contrary_since: datetime | None = None

    def look(self, value: float, at: datetime, terms: Threshold) -> None:
        contrary = (
            is_back(value, self.limit, terms) if self.is_passed else is_beyond(value, self.limit, terms)
        )
        if not contrary:
            self.contrary_since = None
            return
        if self.contrary_since is None:
            self.contrary_since = at
        if (at - self.contrary_since).total_seconds() >= terms.hold_seconds:
            self.is_passed, self.contrary_since = not self.is_passed, None


@dataclass(slots=True)
class _Known:
    terms: Threshold
    near: _Side
    off: _Side
    seen_at: datetime


def is_beyond(value: float, limit: float, terms: Threshold) -> bool:
    """Whether the value is worse than the limit; at the limit it is not."""
    return value > limit if terms.worse == "up" else value < limit


def is_back(value: float, limit: float, terms: Threshold) -> bool:
    """Whether the value is on the good side of the limit again, by as much as the tile wants."""
    return value <= limit - terms.back if terms.worse == "up" else value >= limit + terms.back


class Standings:
    """How the tiles of one wall stand, kept from look to look; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._seen: OrderedDict[str, None] | None = None
        self._shown: tuple[str, datetime] | None = None

    def stand(
        self, key: str, value: float | None, n: int | None, at: datetime, threshold: Threshold | None
    ) -> Standing:
        """How the value stands now; asking the same again changes nothing.

        n: how many stand behind it, None where it is no ratio. The first look, one after a gap, one at other terms and one
        at another time decide at once by the value alone: nothing is known of what was before.
        """
        if threshold is None:
            return UNJUDGED
        with self._lock:
            known = self._known.get(key)
            if known is not None and not _goes_on(known, threshold, at):
                known = None
                del self._known[key]
            if value is None or (n is not None and n < threshold.fewest):
                if known is not None:  # what was not seen does not count for a hold
                    known.near.contrary_since = known.off.contrary_since = None
                return UNKNOWN if value is None else TOO_FEW
            if known is None:
                known = _begun(value, at, threshold)
                self._known[key] = known
                while len(self._known) > MOST_KEYS:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            known.seen_at = max(at, known.seen_at)
            for side in (known.near, known.off):
                side.look(value, known.seen_at, threshold)
            return _told(known, value)

    def celebrated(
        self, keys: Sequence[str], at: datetime, *, lasts: timedelta, is_allowed: bool
    ) -> tuple[str, datetime] | None:
        """Which of these moments is celebrated now, and until when: each at most once, one after the other.

        What was there at the first look is no news, and what happened while nothing may be celebrated is none afterwards.
        """
        with self._lock:
            if self._seen is None:
                self._seen = OrderedDict.fromkeys(keys)
                return None
            if not is_allowed:
                self._shown = None
                self._see(keys)
                return None
            if self._shown is not None and at < self._shown[1] and self._shown[1] - at <= lasts:
                return self._shown if self._shown[0] in keys else None
            fresh = next((key for key in keys if key not in self._seen), None)
            if fresh is None:
                self._shown = None
                return None
            self._see([fresh])
            self._shown = (fresh, at + lasts)
            return self._shown

    def _see(self, keys: Sequence[str]) -> None:
        assert self._seen is not None  # asked after the first look
        for key in keys:
            self._seen[key] = None
            self._seen.move_to_end(key)
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)


def _goes_on(known: _Known, threshold: Threshold, at: datetime) -> bool:
    """Whether what is known of a tile holds for this look: the same terms, and no gap and no leap in between."""
    passed = (at - known.seen_at).total_seconds()
    return known.terms == threshold and -BACKWARDS_SECONDS <= passed <= GAP_SECONDS + threshold.hold_seconds


def _begun(value: float, at: datetime, terms: Threshold) -> _Known:
    near, off = (_Side(limit, is_beyond(value, limit, terms)) for limit in (terms.near, terms.off))
    return _Known(terms, near, off, at)


def _told(known: _Known, value: float) -> Standing:
    passed = known.off if known.off.is_passed else known.near if known.near.is_passed else None
    worse = known.off if is_beyond(value, known.off.limit, known.terms) else known.near
    return Standing(
        tone="good" if passed is None else "off" if passed is known.off else "near",
        limit=None if passed is None else passed.limit,
        is_pending=not worse.is_passed and is_beyond(value, worse.limit, known.terms),
        is_easing=passed is not None and not is_beyond(value, passed.limit, known.terms),
    )
