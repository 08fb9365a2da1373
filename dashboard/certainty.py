"""How sure a figure made of few answers is, and how far reviewers agree.

In: counts of answers, or the answers of several reviewers to the same things. Out: the interval in which the true value lies
in 95 of 100 cases, and Krippendorff's alpha.
The rule it guards: a figure of few answers is never shown without its interval, and an interval never leaves its scale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from math import sqrt

Z_95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: two-sided 95 %."""


def wilson(hits: float, n: float, *, z: float = Z_95) -> tuple[float, float] | None:
    """The interval of a share `hits / n`, from 0 to 1; None without an answer.

    The score interval of E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927)
    209-212; it holds for few answers and for shares near 0 and 1, where the plain one fails.
    """
    if n <= 0:
        return None
    share, square = hits / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def net_promoter(promoters: int, detractors: int, n: int, *, z: float = Z_95) -> tuple[float, float] | None:
    """The interval of the NPS, from -100 to 100 points; None without an answer.

    The adjusted Wald interval: three invented answers, 3/4 of them promoters, 3/4 detractors, 3/2 passive, are added. Of
    the methods compared by B. Rocks, Interval estimation for the Net Promoter Score, The American Statistician 70 (2016)
    365-372, it was among those that keep what they promise with few answers.
    """
    if n <= 0:
        return None
    whole = n + 3
    for_it, against = (promoters + 0.75) / whole, (detractors + 0.75) / whole
    middle = for_it - against
    half = z * sqrt((for_it + against - middle * middle) / whole)
    return 100 * max(-1.0, middle - half), 100 * min(1.0, middle + half)


def nominal(one: float, other: float) -> float:
    """The distance of two answers that are words: none, or whole."""
    return float(one != other)


def interval(one: float, other: float) -> float:
    """The distance of two answers on a scale of equal steps."""
    return (one - other) ** 2


def alpha(
    units: Sequence[Sequence[float]], distance: Callable[[float, float], float] = interval
) -> float | None:
    """Krippendorff's alpha: 1 where reviewers agree in everything, 0 where they agree no more than by chance.

    units: for each thing that was reviewed the answers of those who gave one; a thing with a single answer tells nothing.
    None where nothing can be compared, or where all answers are the same, so that chance cannot be told from agreement.
    K. Krippendorff, Computing Krippendorff's alpha-reliability, University of Pennsylvania (2011).
    """
    paired = [unit for unit in units if len(unit) > 1]
    values = [value for unit in paired for value in unit]
    n = len(values)
    if n < 2:
        return None
    observed = sum(
        sum(distance(one, other) for one, other in permutations(unit, 2)) / (len(unit) - 1) for unit in paired
    )
    expected = sum(distance(one, other) for one, other in permutations(values, 2)) / (n - 1)
    return None if expected == 0 else 1 - observed / expected


def within_one_step(units: Sequence[Sequence[float]]) -> tuple[int, int]:
    """Of all pairs of answers to the same thing: how many lie no more than one step apart, and how many pairs there are."""
    pairs = [
        abs(one - other) for unit in units for place, one in enumerate(unit) for other in unit[place + 1 :]
    ]
    return sum(apart <= 1 for apart in pairs), len(pairs)
