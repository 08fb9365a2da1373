"""Counts an entry of the ledger again from the rows that are shown for it, so that a person can follow each step to the
number.

In: how the rule counts (its recipe), what was kept of the entry's workings, and the rows of evidence. Out: every step's
number, the last one the points.
The rule it guards: this is a second way to the same number, written apart from the statements that made it: where the
two differ, the page says so and shows both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

SURE_DIGITS = 15
"""The warehouse turns a number with a fraction into a decimal one by so many digits, before it rounds."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a rule makes points of what was counted."""

    method: str = "none"
    has_below: bool = False
    """Whether it is a share: so much of so many."""
    is_log: bool = False
    """Whether what is above is a sum of logarithms of times."""
    best_by: str = "up"
    zones: tuple[tuple[float, float], ...] = ()
    """The curve: [value, percent of the weight], straight lines between."""
    weight_points: int | None = None
    most_points: int | None = None


@dataclass(frozen=True, slots=True)
class Recount:
    """Each step's number; None for a step that this rule does not take, or that cannot be followed."""

    above: float
    below: float
    expected: float | None
    rate: float | None
    """What was counted of how many; of logarithms the typical time in seconds."""
    value: float | None
    """What the rule judges: the rate, or how it stands beside what was expected or usual."""
    percent: float | None
    raw_points: float | None
    points: int | None


def recounted(recipe: Recipe, workings: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> Recount:
    """The entry counted again: sums from the rows of evidence, means and bases as its workings have them."""
    above = math.fsum(row["above_value"] for row in evidence)
    below = math.fsum(row["below_value"] or 0.0 for row in evidence)
    compared = [row["expected_value"] for row in evidence if row["expected_value"] is not None]
    expected = math.fsum(compared) if compared else None
    value = _value(recipe, workings, above, below, expected)
    percent = curve_percent(recipe.zones, value) if value is not None and recipe.zones else None
    raw = (
        percent * recipe.weight_points / 100
        if percent is not None and recipe.weight_points is not None
        else None
    )
    points = None if raw is None else rounded(raw)
    most = workings.get("most_points", recipe.most_points)
    if points is not None and most is not None:
        points = min(points, int(most))
    return Recount(above, below, expected, _rate(recipe, above, below), value, percent, raw, points)


def curve_percent(zones: Sequence[Sequence[float]], value: float) -> float:
    """The percent of a value on a curve of straight lines; flat before the first and after the last."""
    best: float | None = None
    x_before = y_before = None
    for x, y in zones:
        if value == x:
            best = y if best is None else max(best, y)
        elif value < x:
            if best is not None:
                return best
            if x_before is None or y_before is None:
                return y
            return y_before + (y - y_before) * (value - x_before) / (x - x_before)
        x_before, y_before = x, y
    return best if best is not None else float(y_before or 0.0)


def rounded(amount: float) -> int:
    """Half up, once, as the warehouse does it."""
    exact = Decimal(f"{amount:.{SURE_DIGITS}g}")
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _rate(recipe: Recipe, above: float, below: float) -> float | None:
    if not recipe.has_below:
        return above
    if below == 0:
        return None
    return math.exp(above / below) if recipe.is_log else above / below


def _value(
    recipe: Recipe, workings: Mapping[str, Any], above: float, below: float, expected: float | None
) -> float | None:
    if recipe.method == "none":
        return above if not recipe.has_below else above / below if below else None
    if recipe.method == "mix_adjusted":
        return above / expected if expected else None
    if not below:
        return None
    if recipe.method == "own_baseline":
        return _against_own(recipe, workings, above, below, expected)
    return _drawn_to_mean(recipe, workings, above, below, expected)


def _against_own(
    recipe: Recipe, workings: Mapping[str, Any], above: float, below: float, expected: float | None
) -> float | None:
    base = workings.get("base")
    if base is None:
        return None
    if recipe.is_log:
        return 1 - math.exp((above - (expected or 0.0)) / below - base)
    now = above / (below if expected is None else expected)
    sign = -1 if recipe.best_by == "down" else 1
    return float(sign * (now - base) / base) if base else None


def _drawn_to_mean(
    recipe: Recipe, workings: Mapping[str, Any], above: float, below: float, expected: float | None
) -> float | None:
    mean, strength = workings.get("mean"), workings.get("strength")
    if mean is None or strength is None:
        return mean  # agents do not differ by more than luck: everybody has the mean
    if recipe.is_log:  # strength: which part of the value is everybody's
        own = (above - (expected or 0.0)) / below
        return math.exp(strength * math.log(mean) + (1 - strength) * own)
    own_mean = mean if expected is None else expected / below
    if not own_mean:
        return None
    share = (own_mean * strength + above) / (strength + below)
    return float(min(1.0, mean * share / own_mean))
