"""The names that stand for people on boards, and how coarse figures have to be beside them.

In: a number that the database gives an agent for one reader and season; the points of a board. Out: a name that tells
nothing; groups of people whose points may be shown together.
The rule it guards: whoever sees two seasons finds a person again with a chance at most one in a hundred above guessing.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

MOST_ADVANTAGE_RATIO = 0.01
_WORDS = tomllib.loads((files("dashboard") / "own" / "alias_words.toml").read_text(encoding="utf-8"))
ADJECTIVES: Sequence[str] = tuple(_WORDS["adjectives"])
ANIMALS: Sequence[str] = tuple(_WORDS["animals"])


class Group(NamedTuple):
    """People whose points are shown as one range, the highest groups first."""

    places: tuple[int, ...]
    """Where they stand in the points that were given, in no order that tells of the points."""

    lowest_points: int
    highest_points: int


def alias_text(number: int) -> str:
    """The name of that number, "Quiet Heron"; two numbers never share one."""
    block, place = divmod(number, len(ADJECTIVES) * len(ANIMALS))
    adjective, animal = divmod(place, len(ANIMALS))
    name = f"{ADJECTIVES[adjective]} {ANIMALS[animal]}"
    return f"{name} {block + 1}" if block else name


def fewest_of_group(people: int, *, advantage_ratio: float = MOST_ADVANTAGE_RATIO) -> int:
    """How many people must share a range, so that whoever knows it guesses the person no better than allowed.

    A guess inside a group of g succeeds with 1/g, a blind one among n with 1/n: g is the least with 1/g - 1/n <= advantage.
    That holds for every attack by rank or points, even where everybody stands exactly as they stood the season before.
    """
    return min(people, math.ceil(round(1 / (advantage_ratio + 1 / people), 9))) if people else 0


def grouped(points: Sequence[int], *, advantage_ratio: float = MOST_ADVANTAGE_RATIO) -> list[Group]:
    """The board in groups of people large enough, the highest points first; equal points may fall into two groups."""
    fewest = fewest_of_group(len(points), advantage_ratio=advantage_ratio)
    order = sorted(range(len(points)), key=lambda place: (-points[place], place))
    many = len(points) // fewest if fewest else 0
    found: list[Group] = []
    for number in range(many):
        # as many groups as can be, the sizes as equal as can be
        members = order[number * len(order) // many : (number + 1) * len(order) // many]
        told = [points[place] for place in members]
        found.append(Group(tuple(sorted(members)), min(told), max(told)))
    return found
