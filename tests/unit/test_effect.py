"""What a rule changed: held to values that other programs computed (statsmodels 0.15, scipy 1.17), and to sums by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard import effect
from dashboard.effect import EffectError

# Handle seconds of 12 agents in 8 weeks; from the fifth week on the first six have a rule. True effect: -14 seconds.
UNDER_THE_RULE = """
286 285 275 272 253 268 271 251
264 248 263 268 253 241 253 244
334 336 329 337 314 315 318 311
331 338 321 339 331 329 328 325
283 280 284 282 258 257 265 274
253 272 260 265 254 262 255 250
"""
NOT_YET = """
284 293 276 284 286 287 280 280
253 265 256 270 264 256 276 268
291 297 302 293 291 290 300 304
328 328 324 323 328 323 327 334
308 304 298 320 305 302 298 308
285 295 294 296 296 293 295 289
"""
# Arm, value before, value after of 40 agents; true effect: -10.
BEFORE_AND_AFTER = """
0 267.9 288.4|1 247.0 256.2|0 290.1 268.1|1 316.8 306.7|0 345.4 323.1|1 304.4 293.9|0 277.9 282.8|1 268.6 241.0
0 329.9 321.1|1 365.4 339.3|0 310.9 320.3|1 250.7 236.4|0 261.7 278.2|1 364.0 328.0|0 308.1 302.5|1 230.7 224.5
0 296.7 314.7|1 253.5 259.6|0 274.8 309.0|1 280.5 282.1|0 271.5 287.3|1 322.1 317.8|0 297.5 290.7|1 276.4 270.3
0 316.4 329.3|1 333.2 311.8|0 234.3 249.7|1 289.7 281.5|0 260.8 276.0|1 293.1 280.1|0 248.4 256.9|1 300.8 293.5
0 298.5 300.0|1 287.8 269.9|0 258.1 277.2|1 284.2 261.8|0 256.3 250.6|1 245.8 231.3|0 309.0 318.8|1 255.6 250.2
"""


def rows(text: str, *, is_treated: bool, first: int = 0) -> list[tuple[str, int, bool, bool, float]]:
    """Agents below each other, weeks beside each other; the second half of the weeks is after."""
    return [
        (f"a{first + place:02}", week, is_treated, 2 * week > len(line.split()), float(value))
        for place, line in enumerate(text.strip().splitlines())
        for week, value in enumerate(line.split(), 1)
    ]


WEEKS = effect.panel([*rows(UNDER_THE_RULE, is_treated=True), *rows(NOT_YET, is_treated=False, first=6)])


def test_the_four_means_and_their_difference_are_the_oracles() -> None:
    assert effect.means(WEEKS) == pytest.approx(
        {
            (False, False): 294.4583333333333,
            (False, True): 295.0,
            (True, False): 291.875,
            (True, True): 278.3333333333333,
        }
    )
    assert effect.two_by_two(WEEKS) == pytest.approx((278.3333333333 - 291.875) - (295.0 - 294.4583333333))


def test_the_regressions_have_the_oracles_errors() -> None:
    naive, clustered, fixed = (
        effect.least_squares(WEEKS),
        effect.least_squares(WEEKS, is_clustered=True),
        effect.fixed_effects(WEEKS),
    )
    assert (naive.estimate, naive.standard_error) == pytest.approx((-14.0833333333, 10.93839109551556))
    assert (clustered.standard_error, clustered.p) == pytest.approx((2.9004761905920966, 1.2006848045368e-06))
    assert (fixed.estimate, fixed.standard_error) == pytest.approx((-14.0833333333, 3.1912176280371205))
    assert fixed.p == pytest.approx(1.0187569767267825e-05)


def test_the_agents_changes_make_the_oracles_t_tests() -> None:
    found = effect.collapsed(*effect.changes(WEEKS))
    assert found.difference == pytest.approx(-14.083333333333332)
    assert (found.pooled_t, found.pooled_p) == pytest.approx((-4.704437467632614, 0.0008359213184971755))
    assert (found.low, found.high) == pytest.approx((-20.753551054659393, -7.413115612007272))
    assert (found.welch_t, found.welch_degrees) == pytest.approx((-4.704437467632613, 7.083830246120305))
    assert found.welch_p == pytest.approx(0.0021279992324491786)


def test_all_924_ways_to_deal_the_agents_out_are_tried_and_four_are_as_extreme() -> None:
    found = effect.randomised(*effect.changes(WEEKS))
    assert (found.assignments, found.extreme, found.is_exact) == (924, 4, True)
    assert found.p == pytest.approx(4 / 924)


def test_ways_that_are_too_many_are_drawn_and_come_near_the_t_test() -> None:
    chance = np.random.default_rng(3)
    treated, control = chance.normal(-0.6, 1, 20), chance.normal(0, 1, 20)
    found = effect.randomised(treated, control)
    assert not found.is_exact
    assert found.p == pytest.approx(effect.collapsed(treated, control).pooled_p, abs=0.01)
    assert found == effect.randomised(treated, control)  # the same question, the same answer


def test_the_bars_of_the_weeks_are_the_oracles() -> None:
    found = effect.event_study(WEEKS)
    expected = {
        1: (4.166666666666737, 5.593718131947892),
        2: (0.0, 6.48519236859787),
        3: (0.8333333333332797, 6.1001442984375736),
        5: (-14.000000000000107, 4.352604501349265),
        6: (-9.333333333333346, 6.169971034659931),
        7: (-10.500000000000053, 5.7149395369097205),
        8: (-17.49999999999994, 5.3173122462207845),
    }
    assert list(found) == list(expected)
    for week, (estimate, error) in expected.items():
        assert found[week].estimate == pytest.approx(estimate, abs=1e-9)
        assert found[week].standard_error == pytest.approx(error)


def test_the_numbers_of_agents_that_are_needed_are_the_oracles() -> None:
    for size, agents in {
        0.2: 393.4056930002526, 0.3: 175.38466947047476, 0.5: 63.76561058891169, 0.8: 25.524571854446116,
    }.items():  # fmt: skip
        assert effect.needed_units(size) == pytest.approx(agents, rel=1e-7)
    assert effect.smallest_effect(12, 12) == pytest.approx(1.1968120979222705)
    assert effect.smallest_effect(25, 25) == pytest.approx(0.8087077779214854)
    assert effect.design_effect(40, 0.05) == pytest.approx(2.95)


def test_of_eight_questions_at_once_one_stays_found() -> None:
    single = [
        0.9782445904733087, 0.9090529895187539, 0.8892425501727794, 2.281892707378431e-06,
        0.8348139229903024, 0.7300381573499899, 0.8816908803706953, 0.563562521150451,
    ]  # fmt: skip
    most, least = 0.9782445904733087, 1.825514165902745e-05
    assert effect.discovered(single) == pytest.approx([least if p < 0.5 else most for p in single])
    assert effect.discovered([]) == []


def test_what_was_foretold_is_taken_off_as_the_oracle_does() -> None:
    found = [
        [float(word) for word in one.split()]
        for line in BEFORE_AND_AFTER.strip().splitlines()
        for one in line.split("|")
    ]
    arm, before, after = (np.array(column) for column in zip(*found, strict=True))
    theta, left = effect.foretold(before.tolist(), after.tolist())
    assert theta == pytest.approx(0.7855123508838564)
    assert 1 - left.var() / after.var() == pytest.approx(0.7745076385340218)
    tested = effect.collapsed(left[arm == 1], left[arm == 0])
    assert (tested.difference, tested.pooled_t) == pytest.approx((-17.64336214422923, -5.022427747928482))
    assert tested.pooled_p == pytest.approx(1.237792083013693e-05)


# ---- what is told


def test_fewer_seconds_are_told_as_better_where_down_is_better_and_as_worse_where_up_is() -> None:
    found = effect.told(WEEKS, best_by="down")
    assert (found.verdict, found.treated_units, found.control_units) == ("better", 6, 6)
    assert found.difference == pytest.approx(-14.0833333)
    assert found.p == pytest.approx(4 / 924)
    assert found.before_p is not None
    assert found.before_p > 0.05  # in the weeks before, the sides went the same way
    assert effect.told(WEEKS, best_by="up").verdict == "worse"


def test_three_agents_a_side_are_too_small_to_tell_however_large_the_difference() -> None:
    few = effect.panel(
        [
            (f"{side}{n}", week, side == "t", week > 2, 300.0 + n * week - 200 * (side == "t" and week > 2))
            for side in "tc"
            for n in range(3)
            for week in (1, 2, 3, 4)
        ]
    )  # fmt: skip
    found = effect.told(few, best_by="down")
    assert found.verdict == "too_small"
    assert found.p == pytest.approx(
        2 / 20
    )  # of the 20 ways to deal three and three out, this one and its mirror


def test_what_is_too_small_says_how_many_agents_would_have_been_needed() -> None:
    changed = [
        ("t", -1.0),
        ("t", 3.0),
        ("t", 0.0),
        ("t", 4.0),
        ("c", 0.0),
        ("c", -2.0),
        ("c", 3.0),
        ("c", 1.0),
    ]
    found = effect.told(
        effect.panel(
            (f"{side}{n}", week, side == "t", week == 2, 10.0 + by * (week == 2))
            for n, (side, by) in enumerate(changed)
            for week in (1, 2)
        ),
        best_by="up",
    )
    # means 1.5 and 0.5; squares from the mean: t 6.25+2.25+2.25+6.25 = 17, c 0.25+6.25+6.25+0.25 = 13; pooled 30 / 6 = 5
    assert found.verdict == "too_small"
    assert found.difference == pytest.approx(1.0)
    assert found.smallest == pytest.approx(effect.smallest_effect(4, 4) * 5**0.5)
    assert found.needed_units == int(effect.needed_units(1 / 5**0.5)) + 1
    assert found.smallest is not None
    assert found.smallest > found.difference


def test_an_interval_close_around_nothing_is_no_change_and_not_too_small() -> None:
    still = effect.panel(
        (f"{side}{n}", week, side == "t", week == 2, 100.0 + n + 0.1 * (n % 3) * (week == 2))
        for n in range(12)
        for side in "tc"
        for week in (1, 2)
    )
    assert effect.told(still, best_by="up").verdict == "no_change"


def test_where_nobody_is_left_to_compare_with_it_is_own_history_and_never_better() -> None:
    alone = effect.panel(rows(UNDER_THE_RULE, is_treated=True))
    found = effect.told(alone, best_by="down")
    assert (found.verdict, found.control_units, found.p) == ("own_history", 0, None)
    assert found.difference == pytest.approx(278.3333333 - 291.875)


def test_an_agent_who_came_later_changes_nothing() -> None:
    newcomer = [("new", week, True, True, 999.0) for week in (5, 6, 7, 8)]
    more = effect.panel(
        [*rows(UNDER_THE_RULE, is_treated=True), *rows(NOT_YET, is_treated=False, first=6), *newcomer]
    )
    assert effect.told(more, best_by="down").difference == pytest.approx(-14.0833333)


def test_no_rows_say_nothing_and_a_missing_number_is_refused() -> None:
    assert effect.told(effect.panel([]), best_by="up").verdict == "nothing"
    with pytest.raises(EffectError, match="no number"):
        effect.panel([("a", 1, True, False, float("nan"))])
    with pytest.raises(EffectError, match="nobody to compare with"):
        effect.means(effect.panel(rows(UNDER_THE_RULE, is_treated=True)))
    with pytest.raises(EffectError, match="fewer than two"):
        effect.collapsed(np.array([1.0]), np.array([1.0, 2.0]))


def test_groups_that_differ_by_chance_alone_are_called_changed_about_once_in_twenty() -> None:
    chance = np.random.default_rng(11)
    found = [
        effect.told(
            effect.panel(
                (f"a{n}", week, n < 6, week == 2, float(chance.normal(300, 20)))
                for n in range(12)
                for week in (1, 2)
            ),
            best_by="down",
        ).verdict
        for _ in range(100)
    ]
    assert (
        sum(one in ("better", "worse") for one in found) <= 11
    )  # of 100 at 5 %: more is rarer than 1 in 100
