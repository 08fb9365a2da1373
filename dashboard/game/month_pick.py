"""Whom the rule proposes as employee of the month: three, with the places that they likely have; a person decides.

In: the points and hours of each agent's working days in the month, who is left out and why. Out: proposals, with evidence.
The rule it guards: points per hour worked, never a bare sum; too little work proposes nobody; where the month does not tell
people apart, it says so instead of naming one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dashboard import fairness, ranking
from dashboard.fairness import FairnessError

HOUR_SECONDS = 3600
NORM_HOURS = 40.0
FEWEST_DAYS = 5
PROPOSED = 3
SMALLEST_VARIANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Day:
    """What an agent earned and worked on a working day."""

    agent_id: int
    points: float
    exposure_seconds: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """One of those whom the rule proposes: points per 40 hours, and between which places nine chances in ten lie."""

    agent_id: int
    place: int
    lowest_position: int
    highest_position: int
    people: int
    top_ratio: float
    week_points: float
    hours: float
    days: int
    points: int = 0


@dataclass(frozen=True, slots=True)
class Picked:
    """The proposals, and how many were left out for which reason (few, cool_down, held)."""

    proposals: list[Proposal] = field(default_factory=list)
    left_out: Mapping[str, int] = field(default_factory=dict)
    people: int = 0
    is_level: bool = False
    """Whether the month does not tell people apart."""


def picked(
    days: Iterable[Day],
    *,
    fewest_hours: float,
    cooling: Collection[int] = (),
    held: Collection[int] = (),
) -> Picked:
    """Three of those with enough work. cooling: who was chosen lately; held: of whom an award waits or was refused."""
    rates = {agent_id: _rate(rows) for agent_id, rows in _by_agent(days).items()}
    able = {
        one: rate for one, rate in rates.items() if rate.days >= FEWEST_DAYS and rate.hours >= fewest_hours
    }
    out = {"few": len(rates) - len(able)}
    if len(able) < 2:
        return Picked(left_out=out, people=len(able))
    order = sorted(able)
    means = [able[one].mean for one in order]
    variances = [max(able[one].variance, SMALLEST_VARIANCE) for one in order]
    prior = fairness.paule_mandel(means, variances)
    if prior is None or prior.variance <= 0:
        return Picked(left_out=out, people=len(able), is_level=True)
    try:
        places = ranking.likely_places(prior.with_means(means, variances), top=PROPOSED)
    except FairnessError:
        return Picked(left_out=out, people=len(able), is_level=True)
    ranked = sorted(zip(order, places, strict=True), key=lambda one: (one[1].expected_rank, one[0]))
    free = [one for one in ranked if one[0] not in cooling and one[0] not in held]
    out["cool_down"] = sum(one in cooling for one in order)
    out["held"] = sum(one in held and one not in cooling for one in order)
    proposals = [
        Proposal(
            agent_id=agent_id,
            place=number,
            lowest_position=found.low_rank,
            highest_position=found.high_rank,
            people=len(able),
            top_ratio=found.top_ratio,
            week_points=able[agent_id].mean * NORM_HOURS,
            hours=able[agent_id].hours,
            days=able[agent_id].days,
            points=round(able[agent_id].mean * able[agent_id].hours),
        )
        for number, (agent_id, found) in enumerate(free[:PROPOSED], start=1)
    ]
    return Picked(proposals, out, len(able))


def picked_of(
    days: Iterable[Mapping[str, Any]],
    evidence: Iterable[Mapping[str, Any]],
    limits: Mapping[str, Any],
    month: date,
) -> Picked:
    """The same of the rows of game_month_days, game_month_evidence and game_social_settings."""
    known = {row["agent_id"]: row for row in evidence}
    cooling = {
        one
        for one, row in known.items()
        if row["chosen_date"] is not None
        and months_between(row["chosen_date"], month) <= limits["cool_down_months"]
    }
    return picked(
        [Day(row["agent_id"], row["earned_points"], row["exposure_seconds"]) for row in days],
        fewest_hours=limits["month_fewest_hours"],
        cooling=cooling,
        held={one for one, row in known.items() if row["held_count"]},
    )


@dataclass(frozen=True, slots=True)
class _Rate:
    """Points per hour, and how sure that is."""

    mean: float
    variance: float
    hours: float
    days: int


def _rate(rows: Sequence[Day]) -> _Rate:
    """The ratio of sums over days, with the variance of a ratio (Cochran, Sampling Techniques, 1977, 6.4)."""
    worked = [one for one in rows if one.exposure_seconds > 0]
    hours = sum(one.exposure_seconds for one in worked) / HOUR_SECONDS
    if hours <= 0:
        return _Rate(0.0, 0.0, 0.0, 0)
    mean = sum(one.points for one in worked) / hours
    many = len(worked)
    squares = sum((one.points - mean * one.exposure_seconds / HOUR_SECONDS) ** 2 for one in worked)
    variance = squares * many / max(1, many - 1) / hours**2
    return _Rate(mean, variance, hours, many)


def _by_agent(days: Iterable[Day]) -> dict[int, list[Day]]:
    found: dict[int, list[Day]] = {}
    for one in days:
        found.setdefault(one.agent_id, []).append(one)
    return found


def month_before(day: date) -> date:
    """The first day of the month before that of a day."""
    return date(day.year - 1, 12, 1) if day.month == 1 else date(day.year, day.month - 1, 1)


def months_between(earlier: date, later: date) -> int:
    """How many months lie between two first days of months."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month
