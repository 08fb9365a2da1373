"""Tells what time it is for the load: the wall's clock, or that of a simulated floor that may run faster.

In: FLOORBOARD_CLOCK and FLOORBOARD_NOW. Out: a function without arguments that gives the instant, UTC.
Rule: what is written to the ledger stands on one clock; how long something takes is never measured with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from etl import LoadError

CLOCK_VARIABLE = "FLOORBOARD_CLOCK"
FROZEN_VARIABLE = "FLOORBOARD_NOW"

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The instant of the machine's clock, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class FloorTime:
    """The clock of a simulated floor: it showed floor_at when the wall showed wall_at, and runs at its speed."""

    floor_at: datetime
    wall_at: datetime
    speed: float

    def __call__(self) -> datetime:
        """The instant of the floor, UTC."""
        return self.floor_at + (wall_clock() - self.wall_at) * self.speed


def environment_clock() -> Clock:
    """The clock that FLOORBOARD_CLOCK describes, else the wall's.

    Its form is "<instant of the floor>;<same instant on the wall>;<speed>": a simulated floor may run faster
    than the wall, and what is written about it has to stand on its clock. FLOORBOARD_NOW, an instant, holds the
    clock still, here as on the pages. Raises LoadError.
    """
    if frozen := os.environ.get(FROZEN_VARIABLE):
        return _still(frozen)
    text = os.environ.get(CLOCK_VARIABLE, "")
    if not text:
        return wall_clock
    try:
        floor_text, wall_text, speed_text = text.split(";")
        return FloorTime(_utc(floor_text), _utc(wall_text), float(speed_text))
    except (ValueError, OverflowError):
        raise LoadError(
            f'{CLOCK_VARIABLE} is "{text}", expected "<instant>;<instant>;<speed>" with ISO 8601 instants '
            "and their zones; correct it or remove it."
        ) from None


def after(now: Clock, seconds: float) -> datetime:
    """The instant that the clock will show when so many real seconds have passed."""
    speed = now.speed if isinstance(now, FloorTime) else 1.0
    return now() + timedelta(seconds=seconds * speed)


def _still(text: str) -> Clock:
    try:
        instant = _utc(text)
    except (ValueError, OverflowError):
        raise LoadError(
            f'{FROZEN_VARIABLE} is "{text}", expected an ISO 8601 instant with its zone; correct it or remove it.'
        ) from None
    return lambda: instant


def _utc(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(text)
    return value.astimezone(UTC)
