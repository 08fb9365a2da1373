"""How likely is it that chance alone, or an honest way of working, made what was counted? Tails, peers, many
questions at once.

In: counts of an agent (hits of trials, or seconds as counts) beside those of all agents in the same kinds of work.
Out: what peers' rates lead one to expect, how far honest agents differ among each other, the chance of so many by
luck, and which chances stay small although many agents and guards were asked about.
The rule it guards: an agent is never a part of what they are compared with, and neither is whoever stands out; the
spread of honest agents is read from the unremarkable half, so that those who cheat cannot widen it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]

LEAST_PEERS: Final = 4
"""Others who must have done the same kind of work; with fewer it is not judged by itself."""
LEAST_PEER_TRIALS: Final = 30
"""Trials of others below which a kind of work is not judged by itself."""


def binomial_tail(hits: Floats, trials: Floats, chance: Floats) -> Floats:
    """The chance of so many hits or more: exact binomial, one-sided; 1 where nothing was tried."""
    return np.asarray(stats.binom.sf(np.asarray(hits) - 1, trials, chance), dtype=np.float64)


def poisson_tail(hits: Floats, expected: Floats) -> Floats:
    """The chance of so many or more where `expected` are: exact Poisson, one-sided."""
    return np.asarray(stats.poisson.sf(np.floor(hits) - 1, expected), dtype=np.float64)


def gamma_poisson_tail(hits: Floats, expected: Floats, spread: Floats) -> Floats:
    """The chance of so many or more of an agent whose own rate differs from the expected one as honest agents' rates do.

    spread: the variance of honest agents' ratios (0: all alike, a Poisson tail). Negative binomial: rates of a gamma
    distribution with mean 1 and that variance, counts of a Poisson distribution.
    """
    shape = 1.0 / np.maximum(spread, 1e-9)
    found = stats.nbinom.sf(np.floor(hits) - 1, shape, shape / (shape + np.maximum(expected, 1e-12)))
    return np.asarray(found, dtype=np.float64)


def gamma_poisson_low_tail(hits: Floats, expected: Floats, spread: Floats) -> Floats:
    """The chance of so few or fewer, likewise."""
    shape = 1.0 / np.maximum(spread, 1e-9)
    found = stats.nbinom.cdf(np.ceil(hits), shape, shape / (shape + np.maximum(expected, 1e-12)))
    return np.asarray(found, dtype=np.float64)


def adjusted(chances: Floats) -> Floats:
    """Chances as they count among so many questions (Benjamini-Hochberg): of those up to q, a share of q at most is luck."""
    chances = np.asarray(chances, dtype=np.float64)
    if not chances.size:
        return chances
    return np.asarray(stats.false_discovery_control(chances, method="bh"), dtype=np.float64)


def beside_others(hits: Floats, trials: Floats) -> Floats:
    """The chance of each agent's hits at the pooled rate of all others (leave-one-out, exact binomial); one stratum."""
    hits, trials = np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    others = (hits.sum() - hits) / np.maximum(trials.sum() - trials, 1.0)
    return binomial_tail(hits, trials, others)


def expected_of_peers(
    agents: Integers, strata: Integers, hits: Floats, trials: Floats, *, is_peer: Bools
) -> tuple[Floats, Floats, Bools]:
    """Per row (agent and kind of work): hits at the others' rate, the variance of that, and whether there are others
    enough.

    is_peer: per agent number, whether they may be compared with; an agent is never their own peer. A kind of work in
    which no peer had a hit is expected half a hit of all its trials, so that one hit is no wonder.
    """
    of_peers = is_peer[agents]
    count = int(strata.max(initial=-1)) + 1
    peer_hits = np.bincount(strata, np.where(of_peers, hits, 0.0), count)[strata] - np.where(
        of_peers, hits, 0.0
    )
    peer_trials = np.bincount(strata, np.where(of_peers, trials, 0.0), count)[strata]
    peer_trials = peer_trials - np.where(of_peers, trials, 0.0)
    pairs = np.unique(np.stack([strata[of_peers], agents[of_peers]]), axis=1)
    peers = np.bincount(pairs[0], minlength=count)[strata] - of_peers
    rate = (peer_hits + 0.5) / (peer_trials + 1.0)
    is_enough = (peers >= LEAST_PEERS) & (peer_trials >= LEAST_PEER_TRIALS)
    return trials * rate, trials**2 * rate / (peer_trials + 1.0), is_enough


def honest_spread(hits: Floats, expected: Floats, *, least: float) -> float:
    """How far honest agents' ratios differ beyond luck: their variance around 1, from the half without the most hits.

    Whoever cheats has more hits than most, and so widens the upper half alone; the lower half tells of both. On the
    square-root scale luck has variance 1 whatever is expected (Anscombe), and ratios of variance v add v times what
    is expected.
    """
    is_used = expected > 0
    hits, expected = hits[is_used], expected[is_used]
    if hits.size < 2 * LEAST_PEERS:
        return least
    apart = 2.0 * (np.sqrt(hits + 0.375) - np.sqrt(expected + 0.375))
    middle = min(float(np.median(apart)), 0.0)
    is_low = apart <= middle if middle < 0 else apart <= 0
    weights = expected[is_low]
    if not weights.sum():
        return least
    beyond = float(np.sum((apart[is_low] - middle) ** 2 - 1.0) / weights.sum())
    return max(least, beyond)
