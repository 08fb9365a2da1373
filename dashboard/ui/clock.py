"""What time it is on the floor: the wall clock, the demo's clock that runs ahead of it, or one that is held still.

In: two settings of the environment. Out: the instant, and how fast it passes.
The rule it guards: the pages read the time here and nowhere else.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from dashboard import words


def speed() -> float:
    """How many seconds of the floor pass in one second: 1, or the demo's speed, or 0 while the clock is
    frozen."""
    if os.environ.get("FLOORBOARD_NOW"):
        return 0.0
    parts = os.environ.get("FLOORBOARD_CLOCK", "").split(";")
    return float(parts[2]) if len(parts) == 3 else 1.0


def wall() -> datetime:
    """The instant outside: how long somebody stays signed in does not depend on the floor's clock."""
    return datetime.now(UTC)


def now_ms() -> int:
    """The floor's present instant in milliseconds since 1970, for a browser's clock that is to run on from it."""
    begun = datetime.now(UTC).microsecond / 1000 * speed()
    return int(now().timestamp() * 1000 + begun)


def now() -> datetime:
    """The floor's present instant, to the second, so that all tabs ask, and share, the same question.

    FLOORBOARD_CLOCK "<floor instant>;<wall instant>;<speed>" lets the demo's floor run ahead of the wall
    clock;
    FLOORBOARD_NOW holds it still.
    """
    if frozen := os.environ.get("FLOORBOARD_NOW"):
        return words.parsed_instant(frozen)
    wall = datetime.now(UTC).replace(microsecond=0)
    parts = os.environ.get("FLOORBOARD_CLOCK", "").split(";")
    if len(parts) != 3:
        return wall
    passed = (wall - words.parsed_instant(parts[1])).total_seconds()
    return words.parsed_instant(parts[0]) + timedelta(seconds=passed * float(parts[2]))
