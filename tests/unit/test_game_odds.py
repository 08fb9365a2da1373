"""Chances, peers and the spread of honest agents: held to an oracle, to sums by hand, and to what cheats cannot do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from etl.game import odds
from etl.game.guard_measure import Share, Tally
from etl.game.guard_signs import GUARDS
from etl.game.guards import Counted, Flag, chance_words, judge
from etl.simulation.floor_tricks import WAYS, Person
from sql.game_rules import spec

ORACLES = Path(__file__).parents[1] / "data" / "oracles"
SHORT = GUARDS["short-calls"][1][0]


@dataclass
class Row:
    agent_id: int
    hits: float
    trials: float = 400.0
    stratum_text: str = "1/call/3"
    wider_text: str = "1/call"
    is_worst_day: bool = False
    expected: float | None = None


def test_the_short_call_guard_is_that_of_the_oracle() -> None:
    agents = json.loads((ORACLES / "guardrail_fdr.json").read_text(encoding="utf-8"))["agents"]
    hits, trials = (np.array([agent[name] for agent in agents], dtype=float) for name in ("short", "calls"))
    chances = odds.beside_others(hits, trials)
    adjusted = odds.adjusted(chances)
    assert chances == pytest.approx([agent["p_loo"] for agent in agents], rel=1e-12)
    assert adjusted == pytest.approx([agent["p_bh"] for agent in agents], rel=1e-12)
    assert [bool(one) for one in adjusted <= 0.05] == [agent["flag"] for agent in agents]


def test_nobody_asked_about_is_no_discovery() -> None:
    assert odds.adjusted(np.array([])).size == 0


def test_a_gamma_poisson_tail_without_spread_is_a_poisson_tail_and_grows_with_it() -> None:
    hits, expected = np.array([12.0]), np.array([5.0])
    tails = [odds.gamma_poisson_tail(hits, expected, np.array([spread]))[0] for spread in (0.0, 0.1, 0.5)]
    assert tails[0] == pytest.approx(odds.poisson_tail(hits, expected)[0], rel=1e-5)
    assert tails[0] < tails[1] < tails[2]


def test_an_agent_is_no_part_of_what_they_are_compared_with() -> None:
    #  agent  hits  trials     of the other four: (3+1) hits of 4 x 100; plus half a hit of one trial
    #      0    50     100     (1+1+1+1 + 0.5) / 401
    agents = np.arange(5)
    hits, trials = np.array([50.0, 1, 1, 1, 1]), np.full(5, 100.0)
    expected, _, is_enough = odds.expected_of_peers(
        agents, np.zeros(5, dtype=np.int64), hits, trials, is_peer=np.ones(5, dtype=bool)
    )
    assert expected[0] == pytest.approx(100 * 4.5 / 401)
    assert expected[1] == pytest.approx(100 * 53.5 / 401)
    assert is_enough.all()
    set_aside = np.array([False, True, True, True, True])
    expected, _, is_enough = odds.expected_of_peers(
        agents, np.zeros(5, dtype=np.int64), hits, trials, is_peer=set_aside
    )
    assert expected[1] == pytest.approx(100 * 3.5 / 301)
    assert list(is_enough) == [True, False, False, False, False]  # three others are too few


def test_those_who_cheat_cannot_widen_the_spread_of_the_honest() -> None:
    random = np.random.default_rng(7)
    expected = np.full(60, 40.0)
    honest = random.poisson(expected * random.gamma(20, 1 / 20, 60)).astype(float)
    some = honest.copy()
    some[:15] *= 6
    spread = odds.honest_spread(honest, expected, least=0.01)
    assert spread == pytest.approx(1 / 20, abs=0.05)
    assert odds.honest_spread(some, expected, least=0.01) <= spread + 0.05
    assert float(np.var(some / expected)) > 20 * spread  # what a plain variance would have said


def test_one_who_hangs_up_is_found_and_several_do_not_hide_each_other() -> None:
    for many in (1, 3, 8):
        rows = [Row(agent, 30.0 if agent <= many else 2.0 + agent % 3) for agent in range(1, 31)]
        found = {one.agent_id for one in judge(SHORT, rows) if one.chance < 1e-4}
        assert found == set(range(1, many + 1))


def test_what_most_do_is_the_usual() -> None:
    rows = [Row(agent, 30.0 if agent <= 24 else 3.0) for agent in range(1, 31)]
    assert [one for one in judge(SHORT, rows) if one.chance < 0.01] == []


def test_one_bad_day_flags_nobody() -> None:
    honest = [Row(agent, 2.0 + agent % 3) for agent in range(2, 31)]
    steady = [Row(1, 28.0), Row(1, 2.0, 20.0, is_worst_day=True)]
    bad_day = [Row(1, 2.0), Row(1, 28.0, 40.0, is_worst_day=True)]
    assert next(one for one in judge(SHORT, steady + honest) if one.agent_id == 1).chance < 1e-4
    assert next(one for one in judge(SHORT, bad_day + honest) if one.agent_id == 1).chance == 1


def test_too_little_work_is_not_judged() -> None:
    rows = [Row(1, 10.0, 30.0), *(Row(agent, 2.0) for agent in range(2, 31))]
    assert 1 not in {one.agent_id for one in judge(SHORT, rows)}
    assert judge(SHORT, []) == []


def test_a_sign_is_told_in_words_that_both_sides_follow() -> None:
    one = Counted(1, SHORT, 41, 380, 9.24, 4.4, 29, 3e-7)
    assert one.says() == (
        "41 contacts ended by the agent within seconds of 380 handled contacts; about 9.2 would be usual for the same work. "
        "By luck: less than once in a million."
    )
    wrap_up = GUARDS["avoidance"][1][0]  # 120 seconds an event: 100 events are 200 minutes
    assert (
        Counted(1, wrap_up, 100, 300, 50, 2, 29, 0.004)
        .says()
        .startswith("200 minutes of wrap-up of 300 handled contacts; about 100 ")
    )


@pytest.mark.parametrize(
    ("chance", "told"), [(0.004, "By luck: about once in 200."), (0.9, "By luck: as likely as not.")]
)
def test_a_chance_is_told_as_a_person_would(chance: float, told: str) -> None:
    assert chance_words(chance) == told


def test_guards_rules_and_the_floor_name_the_same_things() -> None:
    assert set(GUARDS) == set(spec.GUARDS)
    assert set(WAYS) <= set(GUARDS)


PEOPLE = [
    *(Person(number, number, "ordinary", way, WAYS[way][0], 1.0) for number, way in enumerate(WAYS)),
    *(Person(number, number, "new") for number in range(8, 60)),
]


def told(flag_all: bool | None) -> Tally:
    """A floor judged by a guard that flags everybody, nobody, or (None) exactly those who cheat."""
    tally = Tally()
    tally.add(
        PEOPLE,
        [
            Flag(person.agent_id, person.way or "avoidance", 0.0, 0.0, ())
            for person in PEOPLE
            if flag_all or (flag_all is None and person.way)
        ],
    )
    return tally


def test_the_measurement_refuses_a_guard_that_flags_nobody_or_everybody() -> None:
    assert told(None).is_good
    assert not told(False).is_good
    assert not told(True).is_good
    assert not Tally().is_good


def test_a_share_of_nobody_is_unknown_and_intervals_are_exact() -> None:
    assert Share(0, 0).value is None
    low, high = Share(0, 36).interval()  # 1 - 0.025 ** (1 / 36)
    assert (low, high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 36)))
