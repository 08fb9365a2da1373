"""What badges are drawn from: the outline and colour of each family.

In: nothing. Out: outlines as points around (0, 0) that reach about 1 from it.
The rule it guards: a family is known by its outline as well as by its colour, and everything is drawn here: no letters,
no pictures from elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Family:
    """What all badges of one kind of achievement have in common."""

    outline: tuple[Point, ...]
    colour: str
    """Dark enough for a white emblem: at least 4.5 to 1."""
    emblem: str


def _turned(corners: int, *, first: float = -90.0, radius: float = 1.0) -> tuple[Point, ...]:
    """A regular shape of so many corners, the first at that angle."""
    return tuple(
        (
            radius * math.cos(math.radians(first + 360 * n / corners)),
            radius * math.sin(math.radians(first + 360 * n / corners)),
        )
        for n in range(corners)
    )


def _waved(lobes: int, *, depth: float, points: int) -> tuple[Point, ...]:
    """A round shape with so many soft lobes."""
    found = []
    for n in range(points):
        turn = 2 * math.pi * n / points - math.pi / 2
        reach = 1 - depth + depth * math.cos(lobes * (turn + math.pi / 2))
        found.append((reach * math.cos(turn), reach * math.sin(turn)))
    return tuple(found)


def _starred(tips: int, *, inner: float, first: float = -90.0) -> tuple[Point, ...]:
    outer, between = _turned(tips, first=first), _turned(tips, first=first + 180 / tips, radius=inner)
    return tuple(point for pair in zip(outer, between, strict=True) for point in pair)


def _rounded(corners: Sequence[Point], *, share: float = 0.22, steps: int = 3) -> tuple[Point, ...]:
    """The same shape with its corners rounded off over that share of each side."""
    found: list[Point] = []
    for index, corner in enumerate(corners):
        before, after = corners[index - 1], corners[(index + 1) % len(corners)]
        start = _between(corner, before, share)
        end = _between(corner, after, share)
        for step in range(steps + 1):
            part = step / steps
            found.append(_between(_between(start, corner, part), _between(corner, end, part), part))
    return tuple(found)


def _between(one: Point, other: Point, part: float) -> Point:
    return (one[0] + (other[0] - one[0]) * part, one[1] + (other[1] - one[1]) * part)


_SHIELD: tuple[Point, ...] = (
    (0.0, -1.0), (0.45, -0.84), (0.86, -0.8), (0.88, -0.2), (0.78, 0.25), (0.48, 0.68), (0.0, 1.0),
    (-0.48, 0.68), (-0.78, 0.25), (-0.88, -0.2), (-0.86, -0.8), (-0.45, -0.84),
)  # fmt: skip
_DROP: tuple[Point, ...] = (
    (0.0, -1.06), (0.3, -0.66), (0.62, -0.28), (0.84, 0.12), (0.84, 0.46), (0.62, 0.78), (0.3, 0.94), (0.0, 0.98),
    (-0.3, 0.94), (-0.62, 0.78), (-0.84, 0.46), (-0.84, 0.12), (-0.62, -0.28), (-0.3, -0.66),
)  # fmt: skip
_ARROW: tuple[Point, ...] = (
    (0.0, -1.02), (0.92, -0.3), (0.82, 0.78), (0.0, 0.96), (-0.82, 0.78), (-0.92, -0.3),
)  # fmt: skip
_TICKET: tuple[Point, ...] = (
    (-0.66, -0.9), (0.66, -0.9), (0.92, -0.64), (0.92, -0.24), (0.76, 0.0), (0.92, 0.24), (0.92, 0.64),
    (0.66, 0.9), (-0.66, 0.9), (-0.92, 0.64), (-0.92, 0.24), (-0.76, 0.0), (-0.92, -0.24), (-0.92, -0.64),
)  # fmt: skip

FAMILIES: Mapping[str, Family] = {
    "quality": Family(_rounded(_SHIELD, share=0.16, steps=1), "#00527F", "check"),
    "resolution": Family(_rounded(_turned(6), share=0.16), "#00694C", "key"),
    "service": Family(_waved(8, depth=0.055, points=72), "#9A3A76", "heart"),
    "calls": Family(_turned(32), "#0B5F86", "headset"),
    "tickets": Family(_rounded(_TICKET, share=0.2, steps=2), "#2F5D8C", "ticket"),
    "growth": Family(_rounded(_ARROW, share=0.16), "#3F6B12", "rise"),
    "streak": Family(_rounded(_DROP, share=0.3, steps=1), "#A8430A", "flame"),
    "teamwork": Family(_rounded(_starred(6, inner=0.82, first=-60), share=0.3, steps=2), "#5B4593", "people"),
    "learning": Family(_rounded(_turned(4, first=-45, radius=1.2), share=0.18), "#6A4A1F", "book"),
    "pace": Family(_rounded(_turned(4, radius=1.08), share=0.2), "#006670", "clock"),
    "season": Family(_rounded(_starred(8, inner=0.8), share=0.2, steps=2), "#8A2E3B", "trophy"),
    "level": Family(_rounded(_turned(8, first=-67.5, radius=1.02), share=0.16), "#3D4B5A", "star"),
}
FALLBACK = "level"
"""How a family is drawn that is not listed: it is still a badge."""
SECRET = Family(_turned(32), "#3A3F55", "question")
"""A secret badge that nobody may recognise yet: no outline, colour or emblem gives it away."""
