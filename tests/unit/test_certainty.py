"""Intervals and agreement against published examples and by hand; laws that hold for every count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import certainty

# K. Krippendorff, Computing Krippendorff's alpha-reliability (2011), example D: four observers, twelve units.
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
UNITS = [[value for value in unit if value is not None] for unit in zip(*OBSERVERS, strict=True)]


def test_alpha_is_that_of_the_published_example() -> None:
    assert certainty.alpha(UNITS, certainty.nominal) == pytest.approx(0.743, abs=0.0005)
    assert certainty.alpha(UNITS, certainty.interval) == pytest.approx(0.849, abs=0.0005)


def test_alpha_is_unknown_where_nothing_can_be_told() -> None:
    assert certainty.alpha([]) is None
    assert certainty.alpha([[5.0], [4.0]]) is None  # nobody was compared
    assert certainty.alpha([[5.0, 5.0], [5.0, 5.0]]) is None  # chance cannot be told from agreement
    assert certainty.alpha([[5.0, 5.0], [0.0, 0.0]]) == 1.0
    # two units, each 2 x 25 apart; of all 4 answers 8 ordered pairs differ, 25 each
    assert certainty.alpha([[5.0, 0.0], [0.0, 5.0]]) == pytest.approx(1 - (2 * 50) / (8 * 25 / 3))


def test_pairs_within_one_step_are_counted_by_contact() -> None:
    assert certainty.within_one_step([[5, 4, 2], [3], [1, 1]]) == (2, 4)  # 5-4, 1-1 of 5-4, 5-2, 4-2, 1-1
    assert certainty.within_one_step([]) == (0, 0)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(3, 5, 0.2307, 0.8824), (0, 10, 0.0, 0.2775), (8, 10, 0.4902, 0.9433), (10, 10, 0.7225, 1.0)],
)
def test_wilson_by_hand(hits: int, n: int, low: float, high: float) -> None:
    assert certainty.wilson(hits, n) == pytest.approx((low, high), abs=0.00005)


def test_the_adjusted_wald_interval_by_hand() -> None:
    # 6 promoters, 2 detractors of 10: (6.75 - 2.75) / 13 = 0.30769; 9.5 / 13 - 0.30769^2 = 0.63609;
    # 1.96 x sqrt(0.63609 / 13) = 0.43355
    assert certainty.net_promoter(6, 2, 10) == pytest.approx((30.769 - 43.355, 30.769 + 43.355), abs=0.01)


def test_without_an_answer_there_is_no_interval() -> None:
    assert certainty.wilson(0, 0) is None
    assert certainty.net_promoter(0, 0, 0) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_value_stays_on_its_scale_and_narrows_with_more_answers(
    drawn: tuple[int, int, int],
) -> None:
    one, other, n = drawn
    promoters, detractors = min(one, n - other) if one + other > n else one, other
    share, points = certainty.wilson(one, n), certainty.net_promoter(promoters, detractors, n)
    assert share is not None
    assert points is not None
    assert 0 <= share[0] <= one / n + 1e-12
    assert one / n - 1e-12 <= share[1] <= 1
    assert -100 <= points[0] <= points[1] <= 100
    ten, hundred = (
        certainty.wilson(one * 10, n * 10),
        certainty.net_promoter(promoters * 10, detractors * 10, n * 10),
    )
    assert ten is not None
    assert hundred is not None
    assert ten[1] - ten[0] < share[1] - share[0]
    assert hundred[1] - hundred[0] <= points[1] - points[0]


@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), max_size=8))
def test_alpha_is_at_most_one_and_one_only_without_disagreement(units: list[list[int]]) -> None:
    found = certainty.alpha(units)
    agree = all(len(set(unit)) == 1 for unit in units if len(unit) > 1)
    if found is not None:
        assert found <= 1
        assert (found == 1) == agree
