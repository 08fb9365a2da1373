"""How good somebody is, as far as so few answers can tell: figures drawn to everybody's mean, with how sure they are.

In: counts or means of several agents, as plain numbers. Out: what agents have in common (a prior), what can be said of each
(posteriors: mean, interval, chance), the limits between which chance alone moves a share, and a gain over one's own past.
The rule it guards: nobody stands above another by luck; where agents do not differ beyond chance, nobody is ranked.
Closed forms stand in the database (game.shrunk_share, game.between_variance and so on), which boards and rules read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

Numbers = npt.NDArray[np.float64]
MOST_STRENGTH = 1e5
"""A prior that weighs more than so many answers says that agents do not differ."""


class FairnessError(ValueError):
    """The numbers cannot be compared; the message says which were expected."""


class Posteriors(Protocol):
    """What is known of each of several agents after their answers, one distribution each."""

    def means(self) -> Numbers:
        """The value of each that is as often too high as too low, weighed by how far."""

    def ends(self, coverage: float) -> tuple[Numbers, Numbers]:
        """The interval of each that holds its true value with that chance."""

    def density(self, grid: Numbers) -> Numbers:
        """One row per agent: how likely each value of the grid is."""

    def above(self, grid: Numbers) -> Numbers:
        """One row per agent: the chance that its true value is above each value of the grid."""


@dataclass(frozen=True, slots=True)
class BetaPosteriors:
    """Of shares."""

    alphas: Numbers
    betas: Numbers

    def means(self) -> Numbers:
        """See Posteriors."""
        return np.asarray(self.alphas / (self.alphas + self.betas))

    def ends(self, coverage: float) -> tuple[Numbers, Numbers]:
        """See Posteriors."""
        tail = (1 - coverage) / 2
        return (
            special.betaincinv(self.alphas, self.betas, tail),
            special.betaincinv(self.alphas, self.betas, 1 - tail),
        )

    def density(self, grid: Numbers) -> Numbers:
        """See Posteriors."""
        return np.asarray(stats.beta.pdf(grid[None, :], self.alphas[:, None], self.betas[:, None]))

    def above(self, grid: Numbers) -> Numbers:
        """See Posteriors."""
        inside = np.clip(grid, 0.0, 1.0)[None, :]
        return np.asarray(special.betaincc(self.alphas[:, None], self.betas[:, None], inside))


@dataclass(frozen=True, slots=True)
class NormalPosteriors:
    """Of means, as of logarithms of handle times."""

    values: Numbers
    deviations: Numbers

    def means(self) -> Numbers:
        """See Posteriors."""
        return self.values

    def ends(self, coverage: float) -> tuple[Numbers, Numbers]:
        """See Posteriors."""
        half = special.ndtri((1 + coverage) / 2) * self.deviations
        return self.values - half, self.values + half

    def density(self, grid: Numbers) -> Numbers:
        """See Posteriors."""
        return np.asarray(stats.norm.pdf(grid[None, :], self.values[:, None], self.deviations[:, None]))

    def above(self, grid: Numbers) -> Numbers:
        """See Posteriors."""
        return np.asarray(special.ndtr((self.values[:, None] - grid[None, :]) / self.deviations[:, None]))


@dataclass(frozen=True, slots=True)
class GammaPosteriors:
    """Of ratios of counts to what was expected."""

    shapes: Numbers
    rates: Numbers

    def means(self) -> Numbers:
        """See Posteriors."""
        return np.asarray(self.shapes / self.rates)

    def ends(self, coverage: float) -> tuple[Numbers, Numbers]:
        """See Posteriors."""
        tail = (1 - coverage) / 2
        return (
            special.gammaincinv(self.shapes, tail) / self.rates,
            special.gammaincinv(self.shapes, 1 - tail) / self.rates,
        )

    def density(self, grid: Numbers) -> Numbers:
        """See Posteriors."""
        return np.asarray(stats.gamma.pdf(grid[None, :], self.shapes[:, None], scale=1 / self.rates[:, None]))

    def above(self, grid: Numbers) -> Numbers:
        """See Posteriors."""
        scaled = np.maximum(grid, 0.0)[None, :] * self.rates[:, None]
        return np.asarray(special.gammaincc(self.shapes[:, None], scaled))


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """How shares are spread over agents."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """The share of a typical agent."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def strength(self) -> float:
        """As many answers as that mean weighs beside an agent's own."""
        return self.alpha + self.beta

    def with_answers(self, hits: Sequence[float], n: Sequence[float]) -> BetaPosteriors:
        """What is known of each agent."""
        good, whole = _shares(hits, n)
        return BetaPosteriors(self.alpha + good, self.beta + whole - good)


@dataclass(frozen=True, slots=True)
class GammaPrior:
    """How ratios of counts to expected counts are spread over agents."""

    shape: float
    rate: float

    @property
    def mean(self) -> float:
        """The ratio of a typical agent."""
        return self.shape / self.rate

    def with_counts(self, observed: Sequence[float], expected: Sequence[float]) -> GammaPosteriors:
        """What is known of each agent."""
        return GammaPosteriors(
            self.shape + np.asarray(observed, float), self.rate + np.asarray(expected, float)
        )


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """How means are spread over agents."""

    mean: float
    variance: float

    def with_means(self, values: Sequence[float], variances: Sequence[float]) -> NormalPosteriors:
        """What is known of each agent; everybody's mean, surely, where agents do not differ."""
        own, unsure = _means(values, variances)
        if self.variance <= 0:
            return NormalPosteriors(np.full_like(own, self.mean), np.full_like(own, 1e-12))
        weight = unsure / (unsure + self.variance)
        return NormalPosteriors(weight * self.mean + (1 - weight) * own, np.sqrt(weight * self.variance))


def beta_prior(hits: Sequence[float], n: Sequence[float]) -> BetaPrior | None:
    """The spread of shares that makes these answers likeliest (beta-binomial); None where agents do not differ.

    Agents without an answer tell nothing and are left out.
    """
    good, whole = _shares(hits, n)
    good, whole = good[whole > 0], whole[whole > 0]
    if len(whole) < 2 or not 0 < good.sum() < whole.sum():
        return None

    def unlikely(point: Numbers) -> float:
        share, strength = special.expit(point[0]), exp(min(point[1], 700.0))
        a, b = share * strength, (1 - share) * strength
        return -float(np.sum(special.betaln(good + a, whole - good + b) - special.betaln(a, b)))

    mean = good.sum() / whole.sum()
    best = _least(unlikely, (log(mean / (1 - mean)), log(20.0)), highest=log(MOST_STRENGTH))
    if best is None:
        return None
    share, strength = float(special.expit(best[0])), exp(best[1])
    return BetaPrior(share * strength, (1 - share) * strength)


def gamma_prior(observed: Sequence[float], expected: Sequence[float]) -> GammaPrior | None:
    """The spread of ratios that makes these counts likeliest (negative binomial); None where agents do not differ."""
    counts, due = np.asarray(observed, float), np.asarray(expected, float)
    if counts.shape != due.shape or np.any(counts < 0) or np.any(due < 0):
        raise FairnessError("expected as many expected counts as counts, none below 0")
    counts, due = counts[due > 0], due[due > 0]
    if len(counts) < 2 or counts.sum() <= 0:
        return None

    def unlikely(point: Numbers) -> float:
        shape = exp(min(point[1], 700.0))
        rate = shape / exp(point[0])
        found = special.gammaln(counts + shape) - special.gammaln(shape)
        found += shape * np.log(rate / (rate + due)) + counts * np.log(due / (rate + due))
        return -float(np.sum(found))

    best = _least(unlikely, (log(counts.sum() / due.sum()), log(4.0)), highest=log(MOST_STRENGTH))
    if best is None:
        return None
    shape = exp(best[1])
    return GammaPrior(shape, shape / exp(best[0]))


def paule_mandel(values: Sequence[float], variances: Sequence[float]) -> NormalPrior | None:
    """The spread of means beyond the variance of each (Paule and Mandel 1982), and their mean; None for fewer than two.

    Less moved by one outlier than DerSimonian and Laird's closed form, which the database has as game.between_variance.
    """
    own, unsure = _means(values, variances)
    if len(own) < 2:
        return None

    def mean_and_excess(between: float) -> tuple[float, float]:
        weights = 1 / (unsure + between)
        mean = float(np.sum(weights * own) / np.sum(weights))
        return mean, float(np.sum(weights * (own - mean) ** 2)) - (len(own) - 1)

    highest = float(np.var(own, ddof=1)) + float(np.max(unsure))
    between = 0.0
    if mean_and_excess(0.0)[1] > 0:
        while mean_and_excess(highest)[1] > 0:
            highest *= 2
        between = float(
            optimize.brentq(lambda it: mean_and_excess(it)[1], 0.0, highest, xtol=1e-15, rtol=1e-14)
        )
    return NormalPrior(mean_and_excess(between)[0], between)


def exact_ratio(observed: float, expected: float, *, coverage: float = 0.95) -> tuple[float, float] | None:
    """The exact Poisson interval of a count over its expectation; None without an expectation."""
    if expected <= 0:
        return None
    tail = (1 - coverage) / 2
    low = float(special.gammaincinv(observed, tail)) if observed > 0 else 0.0
    return low / expected, float(special.gammaincinv(observed + 1, 1 - tail)) / expected


def fewest_for(strength: float | None, *, reliability: float = 0.7) -> int | None:
    """How many answers make so much of a shrunk figure the agent's own; None for no ranking.

    n / (n + strength) >= reliability.
    """
    if strength is None:
        return None
    return ceil(round(reliability / (1 - reliability) * strength, 9))


def funnel_limit(n: int, target_ratio: float, tail: float, *, dispersion: float = 1.0) -> float | None:
    """The share that an agent of the target with n answers is below with the chance `tail`; None without an answer.

    The exact interpolated binomial limit of D. Spiegelhalter, Funnel plots for comparing institutional performance,
    Statistics in Medicine 24 (2005) 1185-1202, appendix A.1.1; where agents spread more than chance makes them, its distance
    grows by sqrt(dispersion).
    """
    if n <= 0:
        return None
    if not (0 < target_ratio < 1 and 0 < tail < 1):
        raise FairnessError(f"expected a target and a tail between 0 and 1, found {target_ratio} and {tail}")
    whole = float(stats.binom.ppf(tail, n, target_ratio))
    upto, before = (float(stats.binom.cdf(count, n, target_ratio)) for count in (whole, whole - 1))
    limit = (whole - (upto - tail) / (upto - before)) / n
    return min(1.0, max(0.0, target_ratio + (limit - target_ratio) * sqrt(max(1.0, dispersion))))


def dispersion(
    hits: Sequence[float], n: Sequence[float], target_ratio: float, *, winsorised_ratio: float = 0.1
) -> float:
    """How much more agents spread than chance makes, at least 1: the mean square of their distances in standard errors.

    The most distant tenth at each end counts as its border (Spiegelhalter 2005), so that one outlier does not hide itself.
    """
    good, whole = _shares(hits, n)
    good, whole = good[whole > 0], whole[whole > 0]
    if len(whole) < 2:
        return 1.0
    apart = (good / whole - target_ratio) / np.sqrt(target_ratio * (1 - target_ratio) / whole)
    low, high = np.quantile(apart, (winsorised_ratio, 1 - winsorised_ratio))
    return max(1.0, float(np.mean(np.clip(apart, low, high) ** 2)))


@dataclass(frozen=True, slots=True)
class Sample:
    """A mean of n values with their standard deviation."""

    mean: float
    deviation: float
    n: int


@dataclass(frozen=True, slots=True)
class Gain:
    """How much lower than one's own earlier mean, for a figure of which less is better."""

    gained_ratio: float
    z: float
    chance_of_luck_ratio: float
    """How likely so much or more would be without any change (normal, one-sided)."""
    two_sided_ratio: float
    """The same for a difference in either direction, by Welch's t."""


def own_gain(base: Sample, now: Sample) -> Gain | None:
    """The gain over one's own baseline (Welch 1947); None where a sample is too small or does not vary."""
    if base.n < 2 or now.n < 2 or base.mean == 0:
        return None
    parts = base.deviation**2 / base.n, now.deviation**2 / now.n
    if sum(parts) <= 0:
        return None
    z = (base.mean - now.mean) / sqrt(sum(parts))
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (base.n - 1) + parts[1] ** 2 / (now.n - 1))
    return Gain(
        gained_ratio=(base.mean - now.mean) / base.mean,
        z=z,
        chance_of_luck_ratio=float(special.ndtr(-z)),
        two_sided_ratio=2 * float(stats.t.sf(abs(z), freedom)),
    )


def _shares(hits: Sequence[float], n: Sequence[float]) -> tuple[Numbers, Numbers]:
    good, whole = np.asarray(hits, float), np.asarray(n, float)
    if good.shape != whole.shape or np.any(good < 0) or np.any(good > whole):
        raise FairnessError(
            "expected as many counts of answers as of good ones, of which none is more than its answers"
        )
    return good, whole


def _means(values: Sequence[float], variances: Sequence[float]) -> tuple[Numbers, Numbers]:
    own, unsure = np.asarray(values, float), np.asarray(variances, float)
    if own.shape != unsure.shape or np.any(unsure <= 0):
        raise FairnessError("expected as many variances as means, all of them above 0")
    return own, unsure


def _least(unlikely: object, start: tuple[float, float], *, highest: float) -> tuple[float, float] | None:
    """Where the function is least; None where that lies at a strength that says that nobody differs."""
    found = optimize.minimize(
        unlikely, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 2000}
    )
    return None if found.x[1] >= highest else (float(found.x[0]), float(found.x[1]))
