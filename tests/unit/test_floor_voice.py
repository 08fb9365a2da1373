"""What callers of the simulated floor say: as many as planned, the same from the same seed, on real scales."""

from __future__ import annotations

import json
from collections import Counter

from etl.simulation.floor_plan import AGENTS
from etl.simulation.floor_voice import ANSWER_RATIO, BAD, told_of_call

CALLS = 4000


def told(seed: int, wait_seconds: int = 20) -> list[tuple[int, str, str]]:
    return [
        line
        for n in range(CALLS)
        for line in told_of_call(
            seed, call_id=f"{n}.1", queue=0, agent=n % len(AGENTS), wait_seconds=wait_seconds, at=1_000_000
        )
    ]


def test_about_18_in_100_answer_and_the_same_seed_says_the_same() -> None:
    kinds = Counter(kind for _, kind, _ in told(7))
    assert abs(kinds["survey"] / CALLS - ANSWER_RATIO) < 0.025  # four deviations of sqrt(0.18 x 0.82 / 4000)
    assert 20 < kinds["review"] < 90
    assert told(7) == told(7)
    assert told(7) != told(8)


def test_scores_are_on_their_scales_and_a_long_wait_lowers_them() -> None:
    def scores(wait_seconds: int) -> list[int]:
        lines = [json.loads(line) for _, kind, line in told(7, wait_seconds) if kind == "survey"]
        assert all(line["nps"] is None or 0 <= line["nps"] <= 10 for line in lines)
        assert all(line["csat"] is not None or line["nps"] is not None for line in lines)
        assert all(line["csat"] <= 2 for line in lines if line["comment"] in BAD and line["csat"] is not None)
        return [line["csat"] for line in lines if line["csat"] is not None]

    short, long = scores(5), scores(600)
    assert set(short) == {1, 2, 3, 4, 5}
    assert sum(long) / len(long) < sum(short) / len(short) - 0.5
