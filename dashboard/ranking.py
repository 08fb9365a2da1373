"""Where somebody stands, said no more exactly than can be known; and the arithmetic of points, teams, leagues and levels.

In: what is known of each agent (dashboard.fairness), points, hours. Out: likely places, shared ranks, points on a curve, by
exposure and for teams, moves between leagues, scores of several parts, thresholds of levels.
The rule it guards: places that cannot be told apart are not told apart, ties share a rank, absence never costs a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor

import numpy as np

from dashboard.fairness import FairnessError, Numbers, Posteriors

GRID_POINTS = 401


@dataclass(frozen=True, slots=True)
class LikelyPlace:
    """Where an agent stands among all, 1 for the best."""

    expected_rank: float
    low_rank: int
    """The best place of the band that holds the true one with the coverage asked for."""
    high_rank: int
    top_ratio: float
    """The chance to be among the top."""


def likely_places(
    posteriors: Posteriors, *, top: int = 3, coverage: float = 0.9, grid_points: int = GRID_POINTS
) -> list[LikelyPlace]:
    """The distribution of each agent's place, higher values first: exact but for the grid that it is integrated on.

    Given its own value, how many others are above an agent is a sum of independent chances (Poisson-binomial); that of all
    is made once for each value, and each agent is taken out of it again by the same recursion backwards.
    """
    lows, highs = posteriors.ends(1 - 1e-9)
    if len(lows) == 0:
        return []
    grid = np.linspace(float(np.min(lows)), float(np.max(highs)), grid_points)
    weights = posteriors.density(grid)
    weights[:, (0, -1)] /= 2
    totals = weights.sum(axis=1, keepdims=True)
    if not np.all(np.abs(totals * (grid[1] - grid[0]) - 1) < 0.02):
        raise FairnessError("the values are too sure for this grid: agents who do not differ have no ranks")
    weights = weights / totals
    above = posteriors.above(grid)
    chances = np.stack([np.sum(without * weights, axis=1) for without in _others_above(above)], axis=1)
    chances = np.clip(chances, 0.0, None)
    chances /= chances.sum(axis=1, keepdims=True)
    places = np.arange(1, chances.shape[1] + 1)
    upto = np.cumsum(chances, axis=1)
    tail = (1 - coverage) / 2
    return [
        LikelyPlace(
            expected_rank=float(chances[one] @ places),
            low_rank=int(np.argmax(upto[one] >= tail)) + 1,
            high_rank=int(np.argmax(upto[one] >= 1 - tail - 1e-12)) + 1,
            top_ratio=float(upto[one, min(top, len(places)) - 1]),
        )
        for one in range(len(places))
    ]


def _others_above(above: Numbers) -> Iterable[Numbers]:
    """For 0, 1, ... others: the chance, for each agent (row) and value (column), that just so many others are above it."""
    agents, _ = above.shape
    whole = np.zeros((agents + 1, above.shape[1]))
    whole[0] = 1.0
    for chance in above:
        whole[1:] = whole[1:] * (1 - chance) + whole[:-1] * chance
        whole[0] *= 1 - chance
    # Taken out from the end where the division is by the larger of the two chances: stable either way.
    is_low = above <= 0.5
    share = np.where(is_low, above / np.maximum(1 - above, 0.5), (1 - above) / np.maximum(above, 0.5))
    divisor = np.where(is_low, np.maximum(1 - above, 0.5), np.maximum(above, 0.5))
    forward, backward = [], []
    before_forward, before_backward = np.zeros_like(above), np.zeros_like(above)
    for count in range(agents):
        before_forward = whole[count] / divisor - share * before_forward
        forward.append(before_forward)
        before_backward = whole[agents - count] / divisor - share * before_backward
        backward.append(before_backward)
    for count in range(agents):
        yield np.where(is_low, forward[count], backward[agents - 1 - count])


def shared_ranks(points: Sequence[float]) -> list[int]:
    """The place of each, the highest first; equal points share the better place, and the next is left out (1, 2, 2, 4)."""
    places: dict[float, int] = {}
    for place, one in enumerate(sorted(points, reverse=True), start=1):
        places.setdefault(one, place)
    return [places[one] for one in points]


def zone_points(value: float, zones: Sequence[tuple[float, float]]) -> float:
    """The points of a value on a curve of straight lines, as game.zone_points has them.

    Flat before the first and after the last; where two stand at one value, whoever is on the border has the better of both.
    """
    if not zones:
        raise FairnessError("expected a curve of at least one pair of value and points, found none")
    on_border = [points for at, points in zones if at == value]
    if on_border:
        return max(on_border)
    if value < zones[0][0]:
        return zones[0][1]
    for (left, low), (right, high) in pairwise(zones):
        if left < value < right:
            return low + (high - low) * (value - left) / (right - left)
    return zones[-1][1]


def rounded_points(points: float) -> int:
    """Points as they are posted: whole, half up."""
    return floor(points + 0.5)


def capped(points: Iterable[float], most_points: float | None) -> float:
    """The sum of a day, at most the cap: of the total, so that the order is of no matter."""
    total = sum(points)
    return total if most_points is None else min(total, most_points)


def prorated(
    points: float, exposure_hours: float, norm_hours: float, *, fewest_hours: float = 0.0
) -> float | None:
    """Points as if everybody had worked norm_hours; None below fewest_hours."""
    if exposure_hours <= 0 or exposure_hours < fewest_hours:
        return None
    return points / exposure_hours * norm_hours


def team_score(member_points: Sequence[float], mean_points: float, *, pseudo_members: float = 4) -> float:
    """A team's mean per member, with a few members of everybody's mean added so that teams of any size compare."""
    return (pseudo_members * mean_points + sum(member_points)) / (pseudo_members + len(member_points))


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody in a league: points, then the tie-breaks of the rule, all of them the more the better."""

    name: str
    league: int
    points: float
    tie_breaks: tuple[float, ...] = ()


def next_leagues(
    standings: Sequence[Standing], *, promoted: int = 2, demoted: int = 2
) -> dict[str, tuple[int, int]]:
    """The place in the own league, and the league of the next season; league 1 is the top.

    What the tie-breaks leave equal is settled by the name, so that the same standings always move the same people.
    """
    lowest = max((one.league for one in standings), default=1)
    moves: dict[str, tuple[int, int]] = {}
    for league in sorted({one.league for one in standings}):
        members = sorted(
            (one for one in standings if one.league == league),
            key=lambda one: (-one.points, *(-tie for tie in one.tie_breaks), one.name),
        )
        for place, one in enumerate(members, start=1):
            rises = league > 1 and place <= promoted
            falls = league < lowest and place > len(members) - demoted and not rises
            moves[one.name] = place, league - rises + falls
    return moves


@dataclass(frozen=True, slots=True)
class Part:
    """One measure of a score: its curve, its weight, and the limit beyond which there is no score at all."""

    zones: Sequence[tuple[float, float]]
    weight: float
    worst: float | None = None
    is_less_better: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """The weighted points; who is not eligible has them, but no place."""

    points: float
    parts: Mapping[str, float]
    failed: tuple[str, ...]

    @property
    def is_eligible(self) -> bool:
        """Whether every gate was passed."""
        return not self.failed


def composite(
    values: Mapping[str, float], parts: Mapping[str, Part], *, hours: float, fewest_hours: float
) -> Score:
    """The score of several measures; failed names each gate that was not passed: a measure beyond its limit, or "hours"."""
    if abs(sum(part.weight for part in parts.values()) - 1) > 1e-9:
        raise FairnessError("the weights of a score make 1 together")
    points = {name: zone_points(values[name], part.zones) for name, part in parts.items()}
    failed = [
        name
        for name, part in parts.items()
        if part.worst is not None
        and (values[name] > part.worst if part.is_less_better else values[name] < part.worst)
    ]
    return Score(
        points=sum(part.weight * points[name] for name, part in parts.items()),
        parts=points,
        failed=(*failed, *["hours"] * (hours < fewest_hours)),
    )


def level_thresholds(levels: int, *, first: int = 120, step: int = 0, growth: float = 1.0) -> list[int]:
    """Where each level begins, level 1 at 0: each needs `growth` times as many points and `step` more than the last."""
    found, total, needed = [0], 0.0, float(first)
    for _ in range(levels - 1):
        total += needed
        found.append(rounded_points(total))
        needed = needed * growth + step
    return found
