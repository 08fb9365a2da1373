"""How one alert goes from quiet to firing and back, one measurement after the other.

In: how it stands, what was measured, and the terms of its rule. Out: how it stands then, and the changes in between.
The rule it guards: it never fires below its minimum volume, nor before the threshold was seen passed for the whole hold; it
never flaps between the threshold and the one that clears; without fresh data it neither fires nor ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

State = Literal["quiet", "pending", "firing", "acknowledged", "clearing"]
Change = Literal[
    "pending", "passed over", "fired", "clearing", "fired again", "ended", "no data", "data again"
]
Verdict = Literal["passed", "between", "clear"]


@dataclass(frozen=True, slots=True)
class Terms:
    """When an alert fires and when it ends. With `is_above` it fires above the threshold and clears at `clear_value`."""

    is_above: bool
    threshold_value: float
    clear_value: float
    minimum_count: int
    hold_seconds: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured at an instant: the value (null: nothing to measure), its n, and whether the data is fresh."""

    value: float | None
    n: int
    is_known: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alert stands. held_seconds: for how long its hold (or its clearing) has been seen to run."""

    state: State
    since_at: datetime
    held_seconds: float = 0.0
    known_at: datetime | None = None
    """When fresh data was last there; a gap since then does not count for a hold."""
    is_known: bool = True
    fired_at: datetime | None = None
    acknowledged_at: datetime | None = None
    firing_number: int = 0
    """How often it has fired: what is told of one firing belongs together."""

    @property
    def is_up(self) -> bool:
        """Whether it has fired and not ended."""
        return self.state in ("firing", "acknowledged", "clearing")


def verdict(reading: Reading, terms: Terms) -> Verdict:
    """On which side of the two thresholds it lies; below the minimum volume, or with nothing to measure, it is clear."""
    if reading.value is None or reading.n < terms.minimum_count:
        return "clear"
    value, sign = reading.value, 1 if terms.is_above else -1
    if sign * value > sign * terms.threshold_value:
        return "passed"
    return "clear" if sign * value <= sign * terms.clear_value else "between"


def step(
    standing: Standing, reading: Reading, terms: Terms, *, at: datetime, longest_step_seconds: float
) -> tuple[Standing, tuple[Change, ...]]:
    """How the alert stands after a reading at an instant, and what changed on the way.

    longest_step_seconds: two readings further apart have a gap between them, in which nothing was seen to hold.
    """
    if not reading.is_known:
        told: tuple[Change, ...] = ("no data",) if standing.is_known and standing.state != "quiet" else ()
        return replace(standing, is_known=False), told
    told = ("data again",) if not standing.is_known and standing.state != "quiet" else ()
    passed_seconds = _seen_seconds(standing, at, longest_step_seconds)
    seen = replace(standing, is_known=True, known_at=at)
    moved, changes = _moved(seen, verdict(reading, terms), terms, at, passed_seconds)
    return moved, (*told, *changes)


def _seen_seconds(standing: Standing, at: datetime, longest_step_seconds: float) -> float:
    """How long the time since the last reading was seen: nothing of a gap, and nothing where the clock went back."""
    if standing.known_at is None or not standing.is_known:
        return 0.0
    seconds = (at - standing.known_at).total_seconds()
    return seconds if 0 <= seconds <= longest_step_seconds else 0.0


def _moved(
    now: Standing, found: Verdict, terms: Terms, at: datetime, seconds: float
) -> tuple[Standing, tuple[Change, ...]]:
    if now.state == "quiet":
        if found != "passed":
            return now, ()
        begun = replace(now, state="pending", since_at=at, held_seconds=0.0)
        return _fired(begun, at) if terms.hold_seconds <= 0 else (begun, ("pending",))
    if now.state == "pending":
        if found != "passed":
            return replace(now, state="quiet", since_at=at, held_seconds=0.0), ("passed over",)
        held = replace(now, held_seconds=now.held_seconds + seconds)
        return _fired(held, at) if held.held_seconds >= terms.hold_seconds else (held, ())
    if now.state == "clearing":
        if found != "clear":
            back: State = "firing" if now.acknowledged_at is None else "acknowledged"
            return replace(now, state=back, since_at=at, held_seconds=0.0), ("fired again",)
        held = replace(now, held_seconds=now.held_seconds + seconds)
        return _ended(held, at) if held.held_seconds >= terms.hold_seconds else (held, ())
    if found != "clear":
        return now, ()
    if terms.hold_seconds <= 0:
        return _ended(now, at)
    return replace(now, state="clearing", since_at=at, held_seconds=0.0), ("clearing",)


def _fired(now: Standing, at: datetime) -> tuple[Standing, tuple[Change, ...]]:
    fired = replace(
        now,
        state="firing",
        since_at=at,
        fired_at=at,
        held_seconds=0.0,
        acknowledged_at=None,
        firing_number=now.firing_number + 1,
    )
    return fired, ("fired",)


def _ended(now: Standing, at: datetime) -> tuple[Standing, tuple[Change, ...]]:
    ended = replace(now, state="quiet", since_at=at, fired_at=None, held_seconds=0.0, acknowledged_at=None)
    return ended, ("ended",)
