"""Who stands where in a contest, whom the rule proposes for the month, and the ways that both go."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.game import month_pick, social_states
from dashboard.game.contest_standing import Part, Terms, Tier, standings, team_standings
from dashboard.game.month_pick import Day, picked
from dashboard.game.social_states import FIRST, LEADERS, WAYS, SocialError, step, steps_from

ORACLES = Path(__file__).parents[1] / "data" / "oracles"
HOUR = 3600.0
SHARE = Terms("individual", is_ratio=True, minimum_count=10)
COUNT = Terms("individual", is_ratio=False)
TIERS = (Tier("gold", 1, 100), Tier("silver", 2, 50))


def part(
    key: str,
    good: float | None,
    all_: float | None = None,
    hours: float | None = 40,
    n: int = 20,
    team: int = 1,
) -> Part:
    return Part(key, team, good, all_, None if hours is None else hours * HOUR, n)


def places(terms: Terms, *parts: Part, tiers: tuple[Tier, ...] = ()) -> dict[str, int | None]:
    return {one.key: one.place for one in standings(terms, parts, tiers)}


# ---- places ----


def test_a_lucky_few_do_not_win_over_many() -> None:
    """All: (10 + 97 + 70 + 70)/310 = 0.797. Ten of ten: (10 + 20 x 0.797)/30 = 0.865; 97 of 100: (97 + 15.9)/120 = 0.941."""
    rows = [part("lucky", 10, 10), part("many", 97, 100), part("c", 70, 100), part("d", 70, 100)]
    found = {one.key: one for one in standings(SHARE, rows)}
    mean = 247 / 310
    assert found["lucky"].value == pytest.approx((10 + 20 * mean) / 30)
    assert found["many"].value == pytest.approx((97 + 20 * mean) / 120)
    assert (found["lucky"].raw_value, found["many"].raw_value) == (1.0, 0.97)
    assert [found[key].place for key in ("many", "lucky")] == [1, 2]


def test_hours_make_counts_compare_and_absence_costs_nothing() -> None:
    """5 an hour for 160, and for 72 hours after leave: both drawn to 1160/232 = 5, so both have 200 in 40 hours."""
    found = standings(COUNT, [part("full", 800, hours=160), part("leave", 360, hours=72)])
    assert [(one.value, one.place) for one in found] == [(200, 1), (200, 1)]


@pytest.mark.parametrize(
    ("one", "terms", "why"),
    [
        (replace(part("a", 9, 10), is_disqualified=True), SHARE, "disqualified"),
        (part("a", None, None), SHARE, "nothing"),
        (part("a", 0, 0), SHARE, "nothing"),  # a share of nothing is unknown, not 0
        (replace(part("a", 9, 9), n=9), SHARE, "few"),
        (part("a", 5, hours=7), replace(COUNT, minimum_hours=8), "hours"),
        (part("a", 5, hours=None), COUNT, "nothing"),
        (part("a", 5, hours=40), replace(COUNT, kind_name="own_best"), "no_baseline"),
    ],
)
def test_too_little_gives_no_place_and_says_why(one: Part, terms: Terms, why: str) -> None:
    found = standings(terms, [one, part("b", 15, 20, n=20)])[0]
    assert (found.place, found.why_not) == (None, why)


def test_ties_share_a_place_or_go_to_whoever_did_more_as_announced() -> None:
    rows = [part("a", 10, hours=40, n=10), part("b", 10, hours=40, n=30), part("c", 5, hours=40, n=50)]
    assert places(COUNT, *rows) == {"a": 1, "b": 1, "c": 3}
    assert places(replace(COUNT, tie_name="more_work"), *rows) == {"a": 2, "b": 1, "c": 3}


def test_what_should_be_low_is_won_by_the_lowest() -> None:
    rows = [part("a", 2, 20), part("b", 8, 20)]
    assert places(replace(SHARE, is_less_better=True), *rows) == {"a": 1, "b": 2}


def test_tiers_go_down_to_their_places_and_too_few_who_qualify_win_nothing() -> None:
    rows = [part("a", 10), part("b", 10), part("c", 9), part("d", 1)]
    assert [one.tier_name for one in standings(COUNT, rows, TIERS)] == [
        "gold",
        "gold",
        None,
        None,
    ]  # 1, 1, 3, 4
    few = replace(COUNT, minimum_qualified_agents=5)
    assert [one.tier_name for one in standings(few, rows, TIERS)] == [None] * 4
    assert [one.place for one in standings(few, rows, TIERS)] == [1, 1, 3, 4]


def test_against_ones_own_weeks_before_a_small_gain_of_many_beats_a_large_one_of_few() -> None:
    """Aino 160 of 200 after 50 %: (160 + 20 x 0.5)/220 = 0.7727, +54.5 %. Bo 10 of 10: (10 + 10)/30 = 0.667, +33.3 %."""
    own = replace(SHARE, kind_name="own_best")
    rows = [
        replace(part("aino", 160, 200), baseline_above_value=100, baseline_below_value=200),
        replace(part("bo", 10, 10), n=10, baseline_above_value=100, baseline_below_value=200),
    ]
    found = standings(own, rows)
    assert [one.place for one in found] == [1, 2]
    assert [round(one.value or 0, 3) for one in found] == [0.545, 0.333]
    down = standings(replace(own, is_less_better=True), rows)
    assert [one.place for one in down] == [2, 1]
    assert down[1].value == pytest.approx(-1 / 3)


def test_teams_are_drawn_to_everybodys_mean_as_the_oracle_has_it() -> None:
    oracle = json.loads((ORACLES / "team_contest.json").read_text(encoding="utf-8"))
    rows, ids = [], {}
    for team_id, (name, told) in enumerate(oracle["teams"].items(), start=1):
        ids[team_id] = told["score"]
        rows += [part(f"{name}{n}", told["mean"], team=team_id) for n in range(told["n"])]
    terms = replace(COUNT, kind_name="team", is_prorated=False, minimum_agents=3)
    found = {one.team_id: one for one in team_standings(terms, rows)}
    assert {key: one.value for key, one in found.items()} == pytest.approx(ids)
    assert [found[team].place for team in (1, 2, 3)] == [3, 1, 2]
    members = standings(terms, rows, TIERS)
    assert {one.place for one in members if one.team_id == 2} == {1}
    small = standings(replace(terms, minimum_agents=4), rows)
    assert {(one.place, one.why_not) for one in small if one.team_id == 2} == {(None, "small_team")}


PARTS = st.lists(
    st.builds(
        lambda good, bad, hours, gone: Part("", 1, good, good + bad, hours * HOUR, good + bad, is_disqualified=gone),
        st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.booleans(),
    ),
    min_size=1,
    max_size=9,
).map(lambda parts: [replace(one, key=str(place), team_id=place % 3) for place, one in enumerate(parts)])  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(
    parts=PARTS,
    order=st.randoms(use_true_random=False),
    kind=st.sampled_from(["individual", "team"]),
    tie=st.sampled_from(["share", "more_work"]),
    is_ratio=st.booleans(),
)
def test_the_order_of_the_parts_changes_no_place_and_no_better_one_stands_behind_a_worse(
    parts: list[Part], order: object, kind: str, tie: str, is_ratio: bool
) -> None:
    terms = Terms(kind, is_ratio=is_ratio, minimum_count=3, minimum_agents=2, tie_name=tie)
    shuffled = list(parts)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    found = {one.key: one.place for one in standings(terms, parts, TIERS)}
    assert {one.key: one.place for one in standings(terms, shuffled, TIERS)} == found
    stands = team_standings(terms, parts) if kind == "team" else standings(terms, parts, TIERS)
    ranked = sorted((one for one in stands if one.place), key=lambda one: one.place or 0)
    values = [one.value or 0 for one in ranked]
    assert values == sorted(values, reverse=True)
    assert [one.place for one in ranked][:1] in ([], [1])


# ---- the month ----


def days_of(agent_id: int, *points: float, hours: float = 8) -> list[Day]:
    return [Day(agent_id, one, hours * HOUR) for one in points]


MONTH = [
    *days_of(1, 30, 31, 29, 30, 31, 29, 30, 30),
    *days_of(2, 20, 21, 19, 20, 21, 19, 20, 20),
    *days_of(3, 10, 11, 9, 10, 11, 9, 10, 10),
    *days_of(4, 5, 6, 4, 5, 6, 4, 5, 5),
    *days_of(5, 90, 90),  # two days are no month
]


def test_three_are_proposed_by_points_per_hour_with_the_places_they_likely_have() -> None:
    found = picked(MONTH, fewest_hours=40)
    assert [(one.agent_id, one.place, one.people) for one in found.proposals] == [
        (1, 1, 4),
        (2, 2, 4),
        (3, 3, 4),
    ]
    best = found.proposals[0]
    assert best.lowest_position == best.highest_position == 1  # 30 a day against 20: nobody is near
    assert best.week_points == pytest.approx(240 / 64 * 40)  # 240 points in 64 hours, told for 40
    assert found.left_out["few"] == 1


def test_who_was_chosen_lately_or_has_an_award_in_question_is_not_proposed() -> None:
    found = picked(MONTH, fewest_hours=40, cooling={1}, held={2})
    assert [one.agent_id for one in found.proposals] == [3, 4]
    assert found.left_out == {"few": 1, "cool_down": 1, "held": 1}
    assert found.proposals[0].lowest_position == 3  # the places are still among all


@pytest.mark.parametrize(
    ("days", "is_level"),
    [
        ([], False),
        (days_of(1, 9, 9, 9, 9, 9), False),
        ([*days_of(1, *[10, 30] * 4), *days_of(2, *[30, 10] * 4)], True),
    ],
)
def test_where_the_month_tells_nobody_apart_nobody_is_proposed(days: list[Day], is_level: bool) -> None:
    found = picked(days, fewest_hours=8)
    assert found.proposals == []
    assert found.is_level is is_level


def test_absence_moves_nobody_down_and_long_hours_nobody_up() -> None:
    short = [
        *days_of(1, *[15] * 8, hours=4),
        *days_of(2, *[20] * 8, hours=8),
        *days_of(3, *[21] * 8, hours=12),
    ]
    noisy = [replace(one, points=one.points + place % 2) for place, one in enumerate(short)]
    assert [one.agent_id for one in picked(noisy, fewest_hours=8).proposals] == [1, 2, 3]


def test_months_are_counted_over_the_new_year() -> None:
    assert month_pick.month_before(date(2026, 1, 15)) == date(2025, 12, 1)
    assert month_pick.months_between(date(2025, 11, 1), date(2026, 2, 1)) == 3


# ---- ways ----


@settings(max_examples=50, deadline=None)
@given(data=st.data(), way=st.sampled_from(sorted(WAYS)))
def test_whatever_is_tried_a_row_only_ever_moves_along_its_way_by_whom_the_table_names(
    data: st.DataObject, way: str
) -> None:
    state, told = FIRST[way], 0
    for _ in range(8):
        name = data.draw(st.sampled_from(sorted(WAYS[way])))
        by = data.draw(st.sampled_from(["agent", *LEADERS, "executive", "self", "clock"]))
        note = data.draw(st.sampled_from(["", "because"]))
        able = [one for one in WAYS[way][name] if one.from_name == state and by in one.by_names]
        may = [one for one in able if note or not one.needs_note]
        if may:
            assert name in steps_from(way, state, by_name=by)
            state, told = step(way, name, state, by_name=by, note_text=note).to_name, told + 1
        else:
            with pytest.raises(SocialError):
                step(way, name, state, by_name=by, note_text=note)


@pytest.mark.parametrize("way", WAYS)
def test_every_state_is_reached_and_what_is_over_stays_over(way: str) -> None:
    steps = [one for found in WAYS[way].values() for one in found]
    reached = {FIRST[way]}
    for _ in steps:
        reached |= {one.to_name for one in steps if one.from_name in reached}
    assert reached == {FIRST[way]} | {one.to_name for one in steps}
    over = {"finalised", "cancelled", "fulfilled", "rejected", "taken_back"}
    assert not {one.from_name for one in steps} & over


def test_people_decide_and_the_clock_only_begins_and_ends() -> None:
    by_clock = {
        (way, name)
        for way, steps in WAYS.items()
        for name, found in steps.items()
        for one in found
        if "clock" in one.by_names
    }
    assert by_clock == {("contests", "begin"), ("contests", "end")}
    assert all(one.by_names == LEADERS for one in WAYS["contests"]["finalise"])
    assert social_states.steps_from("store_orders", "requested", by_name="supervisor") == [
        "approve",
        "reject",
    ]
    assert social_states.steps_from("store_orders", "approved", by_name="self") == []
