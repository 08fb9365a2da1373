"""Did it change anything, or only seem to: what those for whom a rule held did, beside those for whom it did not yet hold.

In: one value per agent and period (a mix-adjusted ratio of a week, say), who was under the rule, and from when on. Out: the
difference in differences with its uncertainty, and how large a change so few agents could have shown at all.
The rule it guards: nobody is compared before and after because they earned something: whoever earns was lucky, too, and
falls back by itself. What is too small to tell is called so, with the size that would have been needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import ceil, comb, isfinite, sqrt
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Numbers = NDArray[np.float64]
Verdict = Literal["better", "worse", "no_change", "too_small", "own_history", "nothing"]
ALPHA: Final = 0.05
POWER: Final = 0.8
MOST_ASSIGNMENTS: Final = 50_000
DRAWS: Final = 20_000
FEWEST_UNITS: Final = 4
"""So many agents on a side at least: of three and three no way of dealing them out is rarer than 1 in 20."""
LEAST_EFFECT: Final = 0.005
"""In standard deviations; a smaller one would need more than 600,000 agents a side."""
NO_CHANGE_RATIO: Final = 0.03
"""An interval that stays within 3 % of the mean shows that nothing of weight has changed."""


class EffectError(ValueError):
    """A comparison that cannot be made; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One row per agent and period; is_treated is the agent's, is_after the period's."""

    units: NDArray[Any]
    periods: NDArray[Any]
    is_treated: NDArray[np.bool_]
    is_after: NDArray[np.bool_]
    values: Numbers


@dataclass(frozen=True, slots=True)
class Fit:
    """A coefficient of a regression with its standard error; p: two-sided, None where the error is not known."""

    estimate: float
    standard_error: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Collapsed:
    """The difference of the two sides' mean changes, each agent counted once: t-tests with and without equal spread.

    low, high: the 95 % interval with equal spread; welch_low, welch_high: without.
    """

    difference: float
    pooled_t: float
    pooled_p: float
    low: float
    high: float
    welch_t: float
    welch_degrees: float
    welch_p: float
    welch_low: float
    welch_high: float
    spread: float
    """The standard deviation of the agents' changes, both sides together."""


@dataclass(frozen=True, slots=True)
class Randomised:
    """How many ways of dealing the agents out would show as large a difference; is_exact: all of them were tried."""

    assignments: int
    extreme: int
    p: float
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed, with how sure one can be of it; all amounts in the unit of the panel's values.

    needed_units: how many agents a side the seen difference would have needed; None where that says nothing.
    smallest: what so many agents show in 80 of 100 cases. before_p: whether the sides differed in their course before.
    """

    verdict: Verdict
    treated_units: int
    control_units: int
    mean_before: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    smallest: float | None = None
    needed_units: int | None = None
    before_p: float | None = None


def panel(rows: Iterable[tuple[Any, Any, bool, bool, float]]) -> Panel:
    """The rows (agent, period, is_treated, is_after, value) as columns; EffectError for a value that is no number."""
    found = list(rows)
    if any(not isfinite(row[4]) for row in found):
        raise EffectError("A value of the panel is no number; leave out what is not known.")
    units, periods, treated, after, values = (
        (list(one) for one in zip(*found, strict=True)) if found else ([],) * 5
    )
    return Panel(
        np.array(units), np.array(periods), np.array(treated, bool), np.array(after, bool), np.array(values, float)
    )  # fmt: skip


# ---- regressions


def means(of: Panel) -> dict[tuple[bool, bool], float]:
    """The plain mean of each of the four cells (is_treated, is_after); a cell without a row raises EffectError."""
    found = {}
    for treated in (False, True):
        for after in (False, True):
            cell = of.values[(of.is_treated == treated) & (of.is_after == after)]
            if not cell.size:
                raise EffectError(
                    "One of the four cells has no row: nobody to compare with, or no time before."
                )
            found[treated, after] = float(cell.mean())
    return found


def two_by_two(of: Panel) -> float:
    """The difference in differences of the four means."""
    cell = means(of)
    return (cell[True, True] - cell[True, False]) - (cell[False, True] - cell[False, False])


def least_squares(of: Panel, *, is_clustered: bool = False) -> Fit:
    """The interaction of a regression on treated, after and both; clustered by agent (CR1), or with the naive error."""
    both = of.is_treated & of.is_after
    design = np.column_stack([np.ones(of.values.size), of.is_treated, of.is_after, both]).astype(float)
    return _fits(design, of, [3], is_clustered=is_clustered)[0]


def fixed_effects(of: Panel) -> Fit:
    """The same with a mean of its own for each agent and each period; the error clustered by agent (CR1)."""
    both = (of.is_treated & of.is_after).astype(float)
    design = np.column_stack([_dummies(of), both])
    return _fits(design, of, [design.shape[1] - 1], is_clustered=True)[0]


def event_study(of: Panel) -> dict[Any, Fit]:
    """The difference of the sides in each period, against the last period before the rule, which has none."""
    before = of.periods[~of.is_after]
    if not before.size:
        raise EffectError("There is no period before the rule to count from.")
    base = before.max()
    others = [one for one in np.unique(of.periods) if one != base]
    bars = [((of.periods == one) & of.is_treated).astype(float) for one in others]
    design = np.column_stack([_dummies(of), *bars])
    first = design.shape[1] - len(others)
    fits = _fits(design, of, list(range(first, design.shape[1])), is_clustered=True)
    return {one.item() if hasattr(one, "item") else one: fit for one, fit in zip(others, fits, strict=True)}


def _dummies(of: Panel) -> Numbers:
    """A column per agent and one per period but the first."""
    by_unit = (of.units[:, None] == np.unique(of.units)[None, :]).astype(float)
    by_period = (of.periods[:, None] == np.unique(of.periods)[None, 1:]).astype(float)
    return np.column_stack([by_unit, by_period])


def _fits(design: Numbers, of: Panel, columns: Sequence[int], *, is_clustered: bool) -> list[Fit]:
    """The wanted coefficients with their errors; p by the normal distribution where clustered, else by t."""
    rows, width = design.shape
    coefficients, _, rank, _ = np.linalg.lstsq(design, of.values, rcond=None)
    if rank < width:
        raise EffectError("The sides cannot be told apart in these rows: too few agents or periods.")
    left = of.values - design @ coefficients
    inverse = np.linalg.inv(design.T @ design)
    if is_clustered:
        scores = np.array([design[of.units == one].T @ left[of.units == one] for one in np.unique(of.units)])
        groups = scores.shape[0]
        factor = groups / (groups - 1) * (rows - 1) / (rows - width)
        variance = factor * inverse @ (scores.T @ scores) @ inverse
    else:
        variance = inverse * float(left @ left) / (rows - width)
    found = []
    for place in columns:
        estimate, error = float(coefficients[place]), sqrt(max(0.0, float(variance[place, place])))
        ratio = abs(estimate) / error if error else None
        p = None if ratio is None else 2 * float(
            stats.norm.sf(ratio) if is_clustered else stats.t.sf(ratio, rows - width)
        )  # fmt: skip
        found.append(Fit(estimate, error, p))
    return found


# ---- each agent counted once


def changes(of: Panel) -> tuple[Numbers, Numbers]:
    """Each agent's mean after less their mean before: of those under the rule, and of the others.

    An agent without a value on both sides of the day is left out: what came and went is no change.
    """
    sides: dict[bool, list[float]] = {True: [], False: []}
    for one in np.unique(of.units):
        own = of.units == one
        after, before = of.values[own & of.is_after], of.values[own & ~of.is_after]
        if after.size and before.size:
            sides[bool(of.is_treated[own][0])].append(float(after.mean() - before.mean()))
    return np.array(sides[True]), np.array(sides[False])


def collapsed(treated: Numbers, control: Numbers) -> Collapsed:
    """t-tests of the agents' changes (see `changes`); EffectError where a side has fewer than two, or nothing varies."""
    m, n = treated.size, control.size
    if m < 2 or n < 2:
        raise EffectError("A side has fewer than two agents; nothing can be said of its spread.")
    one, other = float(treated.var(ddof=1)), float(control.var(ddof=1))
    if one + other == 0:
        raise EffectError("All agents changed by the same amount; there is no spread to judge by.")
    difference = float(treated.mean() - control.mean())
    spread = sqrt(((m - 1) * one + (n - 1) * other) / (m + n - 2))
    error, loose = spread * sqrt(1 / m + 1 / n), sqrt(one / m + other / n)
    degrees = loose**4 / ((one / m) ** 2 / (m - 1) + (other / n) ** 2 / (n - 1))
    half, loose_half = (
        float(stats.t.ppf(1 - ALPHA / 2, m + n - 2)) * error,
        float(stats.t.ppf(1 - ALPHA / 2, degrees)) * loose,
    )
    return Collapsed(
        difference=difference,
        pooled_t=difference / error,
        pooled_p=2 * float(stats.t.sf(abs(difference / error), m + n - 2)),
        low=difference - half,
        high=difference + half,
        welch_t=difference / loose,
        welch_degrees=degrees,
        welch_p=2 * float(stats.t.sf(abs(difference / loose), degrees)),
        welch_low=difference - loose_half,
        welch_high=difference + loose_half,
        spread=spread,
    )


def randomised(treated: Numbers, control: Numbers, *, seed: int = 20) -> Randomised:
    """How often as large a difference comes about when the same changes are dealt out to the sides by chance.

    All ways are tried where there are at most 50,000, else 20,000 of them are drawn (and the real one counted with them).
    """
    every, size = np.concatenate([treated, control]), treated.size
    whole, others = float(every.sum()), control.size
    seen = abs(float(treated.mean() - control.mean())) * (1 - 1e-9)
    ways = comb(every.size, size)
    is_exact = ways <= MOST_ASSIGNMENTS
    if is_exact:
        chosen = np.array(list(combinations(range(every.size), size)))
        sums = every[chosen].sum(axis=1)
    else:
        ranks = np.random.default_rng(seed).random((DRAWS, every.size)).argsort(axis=1)
        sums = every[ranks[:, :size]].sum(axis=1)
    extreme = int((np.abs(sums / size - (whole - sums) / others) >= seen).sum())
    if is_exact:
        return Randomised(ways, extreme, extreme / ways, is_exact)
    return Randomised(DRAWS, extreme, (extreme + 1) / (DRAWS + 1), is_exact)


# ---- how much could have been seen


@cache
def power(effect: float, treated_units: int | float, control_units: int | float) -> float:
    """The chance to see a difference of so many standard deviations: two-sided t-test at 5 %."""
    degrees = treated_units + control_units - 2
    away = abs(effect) * sqrt(treated_units * control_units / (treated_units + control_units))
    limit = float(stats.t.ppf(1 - ALPHA / 2, degrees))
    if away > limit + 12:  # certain; so far out the distribution is no number any more
        return 1.0
    other_side = float(stats.nct.cdf(-limit, degrees, away)) if away < 6 else 0.0
    return float(stats.nct.sf(limit, degrees, away)) + other_side


@cache
def smallest_effect(treated_units: int, control_units: int) -> float:
    """The least difference, in standard deviations, that is seen in 80 of 100 cases."""
    if min(treated_units, control_units) < 2:
        raise EffectError("A side has fewer than two agents; no difference could be seen.")
    most = 0.1
    while power(most, treated_units, control_units) < POWER:
        most *= 1.5
    return float(
        optimize.brentq(lambda d: power(d, treated_units, control_units) - POWER, 0.0, most, xtol=1e-12)
    )


@cache
def needed_units(effect: float) -> float:
    """How many agents a side has to have so that a difference of so many standard deviations is seen in 80 of 100 cases."""
    if abs(effect) < LEAST_EFFECT:
        raise EffectError("So small a difference cannot be seen with any number of agents that there are.")
    most = 2.0
    while power(effect, most, most) < POWER:
        most *= 1.5
    if most == 2:
        return most
    return float(optimize.brentq(lambda n: power(effect, n, n) - POWER, most / 1.5, most, xtol=1e-9))


def design_effect(size: float, icc: float) -> float:
    """By what factor more contacts are needed because the contacts of one agent are alike: 1 + (size - 1) icc."""
    return 1 + (size - 1) * icc


def discovered(ps: Sequence[float]) -> list[float]:
    """The p of several questions asked at once, raised so that at most 5 % of the finds are none (Benjamini-Hochberg)."""
    order = np.argsort(np.array(ps, float))[::-1]
    found, least = [0.0] * len(ps), 1.0
    for rank, place in zip(range(len(ps), 0, -1), order, strict=True):
        least = min(least, float(ps[place]) * len(ps) / rank)
        found[int(place)] = least
    return found


def foretold(before: Sequence[float], after: Sequence[float]) -> tuple[float, Numbers]:
    """CUPED: how far the values before foretell those after (theta), and the latter without what was foretold.

    Deng, Xu, Kohavi, Walker, Improving the sensitivity of online controlled experiments, WSDM 2013.
    """
    x, y = np.array(before, float), np.array(after, float)
    if x.size < 3 or float(x.var()) == 0:
        raise EffectError("The values before are too few, or all the same: they foretell nothing.")
    theta = float(np.cov(x, y, ddof=1)[0, 1] / x.var(ddof=1))
    return theta, y - theta * (x - x.mean())


# ---- what is told


def told(of: Panel, *, best_by: Literal["up", "down"]) -> Effect:
    """What a rule has changed for those under it, beside those for whom it did not hold.

    Judged by the exact randomisation test of the agents' changes: with so few agents every other error is too sure of
    itself. Fewer than four agents on a side are too small to tell, whatever they show.
    """
    treated, control = changes(of)
    sizes = {"treated_units": treated.size, "control_units": control.size}
    if not treated.size:
        return Effect("nothing", **sizes)
    earlier = of.values[~of.is_after]
    base = float(earlier.mean())
    if not control.size:
        return _own_history(treated, base, sizes)
    if min(treated.size, control.size) < 2:
        return Effect("too_small", **sizes, mean_before=base)
    try:
        found = collapsed(treated, control)
    except EffectError:
        return Effect(
            "too_small", **sizes, mean_before=base, difference=float(treated.mean() - control.mean())
        )
    p = randomised(treated, control).p
    smallest = smallest_effect(treated.size, control.size) * found.spread
    return Effect(
        _verdict(found, p, base, min(treated.size, control.size), best_by),
        **sizes,
        mean_before=base,
        difference=found.difference,
        low=found.welch_low,
        high=found.welch_high,
        p=p,
        smallest=smallest,
        needed_units=_needed(found),
        before_p=_before(of),
    )


def _verdict(found: Collapsed, p: float, base: float, fewest: int, best_by: str) -> Verdict:
    if fewest < FEWEST_UNITS:
        return "too_small"
    if p < ALPHA:
        return "better" if (found.difference > 0) == (best_by == "up") else "worse"
    if max(abs(found.welch_low), abs(found.welch_high)) <= NO_CHANGE_RATIO * abs(base):
        return "no_change"
    return "too_small"


def _needed(found: Collapsed) -> int | None:
    try:
        return ceil(needed_units(abs(found.difference) / found.spread))
    except EffectError:
        return None


def _before(of: Panel) -> float | None:
    """The same question put to a day on which nothing happened, in the middle of the time before; None if too short."""
    is_early = ~of.is_after
    known = np.unique(of.periods[is_early])
    if known.size < 2:
        return None
    middle = known[known.size // 2]
    earlier = Panel(
        of.units[is_early], of.periods[is_early], of.is_treated[is_early],
        of.periods[is_early] >= middle, of.values[is_early],
    )  # fmt: skip
    treated, control = changes(earlier)
    return randomised(treated, control).p if min(treated.size, control.size) >= 2 else None


def _own_history(treated: Numbers, base: float, sizes: dict[str, int]) -> Effect:
    """All agents' own change, with its interval: it tells what else changed in that time just as well."""
    difference = float(treated.mean())
    if treated.size < 2:
        return Effect("own_history", **sizes, mean_before=base, difference=difference)
    half = (
        float(stats.t.ppf(1 - ALPHA / 2, treated.size - 1)) * float(treated.std(ddof=1)) / sqrt(treated.size)
    )
    return Effect(
        "own_history", **sizes, mean_before=base, difference=difference, low=difference - half, high=difference + half
    )  # fmt: skip
