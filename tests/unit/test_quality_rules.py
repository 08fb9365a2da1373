"""How a sample is drawn and a score is made: fair, the same from the same seed, and right where things do not apply."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.quality.fair_sample import Candidate, draw
from dashboard.quality.review_score import SUGGESTED, Question, answer_faults, form_faults, formula, score


def floor(contacts: int, *, agents: int = 2, queues: int = 3) -> list[Candidate]:
    return [Candidate(n % agents, n % queues, n % 24, "pbx", f"c{n}") for n in range(contacts)]


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        st.integers(0, 3),
        st.integers(0, 2),
        st.integers(0, 23),
        st.just("pbx"),
        st.uuids().map(str),
    ),
    max_size=60,
)


@given(CANDIDATES, st.integers(1, 6), st.text(min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_each_agent_has_as_many_as_asked_or_all_and_nobody_twice(
    candidates: list[Candidate], per_agent: int, seed: str, shuffler: object
) -> None:
    drawn = draw(candidates, per_agent=per_agent, seed=seed)
    handled = Counter(one.agent_id for one in candidates)
    assert Counter(one.candidate.agent_id for one in drawn) == {
        a: min(n, per_agent) for a, n in handled.items()
    }
    assert len({one.candidate for one in drawn}) == len(drawn)
    assert all(one.candidate_count == handled[one.candidate.agent_id] for one in drawn)
    shuffled = list(candidates)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert draw(shuffled, per_agent=per_agent, seed=seed) == drawn  # in whatever order they come


def test_every_contact_has_the_same_chance() -> None:
    """20 contacts of one agent in unlike queues and hours, 4 drawn, 2,000 seeds: each is expected 400 times."""
    candidates = [Candidate(1, n % 3 if n < 15 else 0, (n * 7) % 24, "pbx", f"c{n}") for n in range(20)]
    found = Counter(
        one.candidate.contact_id for n in range(2000) for one in draw(candidates, per_agent=4, seed=str(n))
    )
    spread = sum((found[f"c{n}"] - 400) ** 2 / 400 for n in range(20))
    assert (
        spread < 43.8
    )  # the 0.1 % point of chi-square with 19 degrees; systematic sampling lies well below it
    assert min(found.values()) > 320


def test_queues_come_as_often_as_they_are_worked() -> None:
    """Of 100 contacts 80 lie in queue 1: of 10 drawn 8 are of it, whatever the seed (one more or less at the border)."""
    candidates = [Candidate(1, 1 if n < 80 else 2, n % 24, "pbx", f"c{n}") for n in range(100)]
    for seed in map(str, range(50)):
        counts = Counter(one.candidate.queue_id for one in draw(candidates, per_agent=10, seed=seed))
        assert counts == {1: 8, 2: 2}


def test_another_seed_draws_another_sample() -> None:
    samples = {
        tuple(one.candidate.contact_id for one in draw(floor(50), per_agent=3, seed=str(n)))
        for n in range(20)
    }
    assert len(samples) > 15


FORM = (
    Question(1, "A", "first", "yes_no", 10),
    Question(2, "A", "second", "yes_no", 20, is_critical=True),
    Question(3, "B", "third", "scale_5", 70),
)


@pytest.mark.parametrize(
    ("answers", "earned", "possible", "total"),
    [
        ({1: 5, 2: 5, 3: 5}, 500, 500, 100.0),
        ({1: 0, 2: 5, 3: 3}, 0 + 100 + 210, 500, 62.0),
        ({1: None, 2: 5, 3: 3}, 100 + 210, 450, 100 * 310 / 450),  # not applicable leaves both sides
        ({1: 5, 2: 0, 3: 5}, 50 + 350, 500, 0.0),  # critical
        ({1: None, 2: None, 3: None}, 0, 0, None),
    ],
)
def test_a_score_by_hand(
    answers: dict[int, int | None], earned: int, possible: int, total: float | None
) -> None:
    found = score(FORM, answers)
    assert (found.earned_points, found.possible_points, found.total_score) == (earned, possible, total)


def test_the_formula_is_written_in_numbers() -> None:
    assert formula(FORM, {1: 5, 2: None, 3: 3}) == "(10×5 + 70×3) / (10×5 + 70×5) = 260 / 400"
    assert formula(FORM, {1: None, 2: None, 3: None}) == ""


@given(
    st.fixed_dictionaries(
        {1: st.sampled_from([None, 0, 5]), 2: st.sampled_from([None, 0, 5]), 3: st.none() | st.integers(0, 5)}
    )
)
def test_a_score_stays_between_0_and_100_and_grows_with_a_better_answer(
    answers: dict[int, int | None],
) -> None:
    total = score(FORM, answers).total_score
    assert total is None or 0 <= total <= 100
    third = answers[3]
    if third is not None and third < 5 and total is not None:
        better = score(FORM, {**answers, 3: third + 1}).total_score
        assert better is not None
        assert better >= total


def test_the_suggested_form_is_one() -> None:
    assert form_faults(SUGGESTED) == []
    assert sum(question.weight for question in SUGGESTED) == 100
    assert answer_faults(SUGGESTED, {question.number: 5 for question in SUGGESTED}) == []
