"""The names that stand for people: nobody shares one, and coarse points do not lead from one season to the next."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.own import aliases

ADVANTAGE = aliases.MOST_ADVANTAGE_RATIO


def test_every_number_has_a_name_of_its_own() -> None:
    block = len(aliases.ADJECTIVES) * len(aliases.ANIMALS)
    assert block == 16_384  # what the database's permutation covers
    assert len({aliases.alias_text(number) for number in range(2 * block)}) == 2 * block


def test_the_words_are_those_of_animals_not_of_people() -> None:
    assert not set(aliases.ADJECTIVES) & set(aliases.ANIMALS)
    assert all(word.isalpha() and word.istitle() for word in (*aliases.ADJECTIVES, *aliases.ANIMALS))


@pytest.mark.parametrize(
    ("people", "fewest"),
    [
        (0, 0),
        (1, 1),
        (10, 10),  # 1/9 - 1/10 = 0.0111 is more than allowed: all ten together
        (50, 34),  # 1/(0.01 + 0.02) = 33.3
        (100, 50),  # 1/(0.01 + 0.01) = 50
        (300, 75),  # 1/(0.01 + 0.00333) = 75
    ],
)
def test_so_many_share_a_range_that_a_guess_gains_one_in_a_hundred(people: int, fewest: int) -> None:
    assert aliases.fewest_of_group(people) == fewest


@given(st.lists(st.integers(-50, 5000), max_size=400))
def test_groups_hold_everybody_once_and_none_is_too_small(points: list[int]) -> None:
    groups = aliases.grouped(points)
    assert sorted(place for group in groups for place in group.places) == list(range(len(points)))
    for group in groups:
        assert len(group.places) >= aliases.fewest_of_group(len(points))
        assert 1 / len(group.places) - 1 / len(points) <= ADVANTAGE + 1e-9
        told = [points[place] for place in group.places]
        assert (group.lowest_points, group.highest_points) == (min(told), max(told))
    for higher, lower in itertools.pairwise(groups):
        assert higher.lowest_points >= lower.highest_points


def matched_ratio(
    shown_first: list[list[int]], shown_second: list[list[int]], rounds: int, *, seed: int
) -> float:
    """How often an attacker is right who pairs people of two seasons group by group, in an order of their own."""
    chance = random.Random(seed)
    right = people = 0
    for _ in range(rounds):
        for first, second in zip(shown_first, shown_second, strict=True):
            guess = chance.sample(second, len(second))
            right += sum(1 for one, other in zip(first, guess, strict=True) if one == other)
            people += len(first)
    return right / people


def test_a_ranking_attack_on_two_seasons_finds_nobody() -> None:
    """300 people whose points are the very same in both seasons: the best that an attacker could wish for."""
    points = [random.Random(place).randint(0, 4000) for place in range(300)]
    shown = [list(group.places) for group in aliases.grouped(points)]
    assert matched_ratio(shown, shown, 1000, seed=7) <= 1 / 300 + ADVANTAGE + 0.001


def test_the_same_attack_on_exact_points_finds_everybody() -> None:
    alone = [[place] for place in range(300)]
    assert matched_ratio(alone, alone, 1, seed=7) == 1.0
