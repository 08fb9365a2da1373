"""What a negative control is: a promise, a check of it, a way that is deliberately wrong, and the product's own way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Control:
    """One line of the list of wrong ways. `check` gives a sentence for each fault that it sees in a way, none if none."""

    number: int
    name: str
    check: Callable[[Any], list[str]]
    wrong: Any
    right: Any


def lost_or_doubled(told: list[str], kept: list[str]) -> list[str]:
    """A sentence where something that was told is not kept, and one where something is kept more than once."""
    lost, doubled = set(told) - set(kept), len(kept) - len(set(kept))
    faults = [f"{len(lost)} of {len(told)} rows are lost"] if lost else []
    return [*faults, *([f"{doubled} rows are there twice"] if doubled else [])]
