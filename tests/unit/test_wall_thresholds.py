"""When a tile of the wall turns and turns back: laws that hold for every run of values, and the drawn cases behind them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.wall.boards import Threshold
from dashboard.wall.thresholds import GAP_SECONDS, Standing, Standings

NOON = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
FAR = 1_000_000.0
RANK = {"good": 0, "near": 1, "off": 2}
WAITING = Threshold(near=5, off=10, worse="up", hold_seconds=10, back=1)
LEVEL = Threshold(near=0.8, off=0.75, worse="down", fewest=10, hold_seconds=0, back=0.01)

FEW = settings(max_examples=40, deadline=None)
gaps = st.integers(0, 30)
values = st.integers(-20, 20).map(float)
runs = st.lists(st.tuples(gaps, values), min_size=1, max_size=60)
terms = st.builds(
    lambda near, more, hold, back: Threshold(near, near + more, "up", hold_seconds=hold, back=back),
    st.integers(-10, 10).map(float),
    st.integers(0, 8).map(float),
    st.sampled_from([0, 1, 10, 60]),
    st.sampled_from([0.0, 1.0, 5.0]),
)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def told(
    run: Sequence[tuple[float, float | None]], threshold: Threshold, n: int | None = None
) -> list[tuple[float, Standing]]:
    """How each value of a run stands: (seconds since the one before, value)."""
    standings, seconds, found = Standings(), 0.0, []
    for gap, value in run:
        seconds += gap
        found.append((seconds, standings.stand("k", value, n, at(seconds), threshold)))
    return found


def flips(found: list[tuple[float, Standing]]) -> list[float]:
    tones = [standing.tone for _, standing in found]
    return [found[place][0] for place, tone in enumerate(tones) if place and tone != tones[place - 1]]


#  at second, value -> tone: near above 5, off above 10, each for 10 s; back at 4, and at 9
@pytest.mark.parametrize(
    ("drawn", "tones"),
    [
        ("0:0 1:6 10:6 11:6", "good good good near"),  # 10 s after the first 6
        ("0:0 1:6 5:5 6:6 15:6 16:6", "good good good good good near"),  # a 5 in between begins the hold anew
        ("0:6 1:5 30:5 31:4 40:4 41:4", "near near near near near good"),  # at 5 it is not far enough back
        ("0:6 1:11 11:11", "near near off"),
        ("0:0 1:11 11:11", "good good off"),  # both limits were passed for 10 s
        ("0:11 1:9 11:9", "off off near"),  # back of the one, and beyond the other
        ("0:11 1:0 11:0", "off off good"),
        ("0:5", "good"),  # at the limit is not past it
        ("0:10", "near"),
    ],
)
def test_a_tile_turns_after_its_hold_and_back_when_it_is_far_enough_on_the_good_side(
    drawn: str, tones: str
) -> None:
    standings = Standings()
    points = [one.split(":") for one in drawn.split()]
    found = [standings.stand("k", float(value), None, at(int(when)), WAITING) for when, value in points]
    assert " ".join(one.tone for one in found) == tones


def test_a_standing_says_what_passed_and_that_it_is_on_its_way() -> None:
    standings = Standings()
    assert standings.stand("k", 0, None, at(0), WAITING) == Standing("good")
    assert standings.stand("k", 12, None, at(1), WAITING) == Standing("good", is_pending=True)
    assert standings.stand("k", 12, None, at(11), WAITING) == Standing("off", limit=10)
    assert standings.stand("k", 7, None, at(12), WAITING) == Standing("off", limit=10, is_easing=True)
    assert standings.stand("k", 7, None, at(22), WAITING) == Standing("near", limit=5)


def test_a_share_is_worse_below_its_limit_and_unjudged_below_its_minimum_volume() -> None:
    standings = Standings()
    drawn = [
        (0.80, 10, "good"),
        (0.799, 10, "near"),
        (0.80, 10, "near"),
        (0.81, 10, "good"),
        (0.74, 10, "off"),
        (0.74, 9, "none"),
    ]
    found = [
        standings.stand("k", value, n, at(place), LEVEL).tone for place, (value, n, _) in enumerate(drawn)
    ]
    assert found == [tone for _, _, tone in drawn]
    assert standings.stand("k", 0.2, 9, at(9), LEVEL).why == "few"
    assert standings.stand("k", None, 0, at(9), LEVEL).why == "unknown"
    assert standings.stand("k", 0.2, 50, at(9), None).why == "no_threshold"


@FEW
@given(runs, terms)
def test_a_limit_never_flips_twice_within_its_hold(
    run: list[tuple[int, float]], threshold: Threshold
) -> None:
    one = replace(threshold, off=FAR)  # of its two limits one alone, so that each flip is of that one
    turned = flips(told(run, one))
    assert all(later - earlier >= one.hold_seconds for earlier, later in pairwise(turned))


@FEW
@given(runs, terms)
def test_a_tile_is_worse_only_after_all_that_was_seen_in_its_hold_was_worse(
    run: list[tuple[int, float]], threshold: Threshold
) -> None:
    found = told(run, threshold)
    for place in range(1, len(found)):
        seconds, standing = found[place]
        if RANK[standing.tone] > RANK[found[place - 1][1].tone]:
            held = [
                value
                for other, ((when, _), (_, value)) in enumerate(zip(found, run, strict=True))
                if other == place or (other < place and when > seconds - threshold.hold_seconds)
            ]
            assert standing.limit is not None
            assert all(value > standing.limit for value in held)


@FEW
@given(st.lists(st.tuples(gaps, values, st.integers(0, 10)), min_size=1, max_size=60), terms)
def test_a_worse_run_never_stands_better(run: list[tuple[int, float, int]], threshold: Threshold) -> None:
    better = told([(gap, value) for gap, value, _ in run], threshold)
    worse = told([(gap, value + more) for gap, value, more in run], threshold)
    for (_, one), (_, other) in zip(better, worse, strict=True):
        assert RANK[one.tone] <= RANK[other.tone]


@FEW
@given(
    st.lists(st.tuples(gaps, st.floats(-0.99, 0.99)), min_size=1, max_size=80),
    st.sampled_from([0, 5, 30]),
    st.sampled_from(["up", "down"]),
)
def test_a_jitter_smaller_than_the_way_back_turns_a_tile_once_at_most(
    run: list[tuple[int, float]], hold: int, worse: str
) -> None:
    sign = 1 if worse == "up" else -1
    one = Threshold(50, 50 + sign * 100, "up" if worse == "up" else "down", hold_seconds=hold, back=1)
    assert len(flips(told([(gap, 50 + jitter) for gap, jitter in run], one))) <= 1


def test_the_law_of_the_jitter_can_fail() -> None:
    bare = Threshold(50, 100, "up", hold_seconds=0, back=0)
    assert len(flips(told([(1, 50.5), (1, 49.5), (1, 50.5)], bare))) == 2


@FEW
@given(runs, terms)
def test_worse_down_is_the_mirror_of_worse_up(run: list[tuple[int, float]], threshold: Threshold) -> None:
    mirror = replace(threshold, near=-threshold.near, off=-threshold.off, worse="down")
    tones = [one.tone for _, one in told(run, threshold)]
    assert tones == [one.tone for _, one in told([(gap, -value) for gap, value in run], mirror)]


@FEW
@given(runs, terms, st.integers(0, 9))
def test_below_its_minimum_volume_a_tile_has_no_colour(
    run: list[tuple[int, float]], threshold: Threshold, n: int
) -> None:
    found = told(run, replace(threshold, fewest=10), n)
    assert {(one.tone, one.why) for _, one in found} == {("none", "few")}


@FEW
@given(runs, terms)
def test_asking_twice_changes_nothing(run: list[tuple[int, float]], threshold: Threshold) -> None:
    twice = [pair for gap, value in run for pair in ((gap, value), (0, value))]
    doubled = [one for _, one in told(twice, threshold)]
    assert [one for _, one in told(run, threshold)] == doubled[::2] == doubled[1::2]


@FEW
@given(runs, terms, values)
def test_after_a_restart_it_stands_as_it_would_have_come_to_stand(
    run: list[tuple[int, float]], threshold: Threshold, last: float
) -> None:
    within = any(limit - threshold.back < last <= limit for limit in (threshold.near, threshold.off))
    steady = [*run, (1, last), (threshold.hold_seconds, last)]
    kept, fresh = told(steady, threshold)[-1][1], told([(0, last)], threshold)[-1][1]
    if not within:  # in between it depends on where it came from, and nobody knows after a restart
        assert kept == fresh


def test_after_a_gap_a_leap_or_at_other_terms_the_value_alone_decides() -> None:
    for when, threshold in [
        (GAP_SECONDS + 11, WAITING),
        (-3600, WAITING),  # a replay goes back
        (1, replace(WAITING, near=4.0)),
    ]:
        standings = Standings()
        assert standings.stand("k", 0, None, at(0), WAITING).tone == "good"
        assert standings.stand("k", 12, None, at(when), threshold).tone == "off"


def test_a_clock_that_steps_back_a_little_keeps_what_was_seen() -> None:
    standings = Standings()
    found = [
        standings.stand("k", value, None, at(when), WAITING).tone
        for when, value in [(0, 0), (1, 6), (11, 6), (10, 6), (12, 6)]
    ]
    assert found == ["good", "good", "near", "near", "near"]


def test_what_was_not_seen_does_not_count_for_a_hold() -> None:
    run: list[tuple[float, float | None]] = [(0, 0), (1, 6), (5, None), (5, 6), (9, 6), (1, 6)]
    assert [one.tone for _, one in told(run, WAITING)] == ["good", "good", "none", "good", "good", "near"]


def test_many_threads_may_ask_at_once() -> None:
    standings = Standings()

    def ask(thread: int) -> set[str]:
        keys = [f"{thread % 4}-{place}" for place in range(50)]
        return {
            standings.stand(key, 20, None, at(second), WAITING).tone for second in range(20) for key in keys
        }

    with ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(ask, range(8))) == {"off"}


LASTS = timedelta(seconds=7)


def celebrated(standings: Standings, seconds: float, *keys: str, is_allowed: bool = True) -> str | None:
    found = standings.celebrated(keys, at(seconds), lasts=LASTS, is_allowed=is_allowed)
    assert found is None or timedelta(0) < found[1] - at(seconds) <= LASTS
    return None if found is None else found[0]


def test_a_moment_is_celebrated_once_and_one_after_the_other() -> None:
    standings = Standings()
    assert celebrated(standings, 0, "old") is None  # what was there before somebody looked is no news
    assert celebrated(standings, 1, "b", "a", "old") == "b"
    assert celebrated(standings, 7, "b", "a", "old") == "b"
    assert celebrated(standings, 8, "b", "a", "old") == "a"
    assert celebrated(standings, 14, "c", "b", "a") == "a"
    assert celebrated(standings, 15, "c", "b", "a") == "c"
    assert celebrated(standings, 22, "c", "b", "a") is None
    assert celebrated(standings, 23, "b", "a", "old") is None


def test_what_happens_in_quiet_hours_is_not_celebrated_afterwards() -> None:
    standings = Standings()
    celebrated(standings, 0)
    assert celebrated(standings, 1, "a") == "a"
    assert celebrated(standings, 2, "a", "b", is_allowed=False) is None
    assert celebrated(standings, 3, "a", "b") is None
    assert celebrated(standings, 4, "c", "a", "b") == "c"
