"""Fairness against values that other libraries made, by hand where a value can be made so, and the laws that hold always."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from dashboard import certainty, fairness, ranking

ORACLES = Path(__file__).parents[1] / "data" / "oracles"


def oracle(name: str) -> Any:
    return json.loads((ORACLES / name).read_text(encoding="utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    with (ORACLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CSAT = oracle("eb_beta_binomial.json")
GOOD = [one["good"] for one in CSAT["agents"]]
N = [one["n"] for one in CSAT["agents"]]


@pytest.mark.parametrize(
    "row", rows("wilson.csv"), ids=lambda row: f"{row['successes']}/{row['n']} {row['confidence']}"
)
def test_wilson_is_that_of_the_oracle(row: dict[str, str]) -> None:
    two_sided = certainty.wilson(
        float(row["successes"]), float(row["n"]), z=float(special.ndtri((1 + float(row["confidence"])) / 2))
    )
    assert two_sided == pytest.approx((float(row["wilson_lower"]), float(row["wilson_upper"])), abs=1e-12)
    one_sided = certainty.wilson(
        float(row["successes"]), float(row["n"]), z=float(special.ndtri(float(row["confidence"])))
    )
    assert one_sided is not None
    assert one_sided[0] == pytest.approx(float(row["wilson_lower_one_sided"]), abs=1e-12)


def test_the_beta_prior_is_that_of_the_oracle() -> None:
    prior = fairness.beta_prior(GOOD, N)
    assert prior is not None
    assert (prior.alpha, prior.beta) == pytest.approx((CSAT["alpha"], CSAT["beta"]), rel=1e-6)
    assert prior.mean == pytest.approx(CSAT["prior_mean"], abs=1e-8)
    assert prior.strength == pytest.approx(CSAT["prior_strength"], rel=1e-6)


def test_shrunk_shares_their_intervals_and_chances_are_those_of_the_oracle() -> None:
    found = fairness.BetaPrior(CSAT["alpha"], CSAT["beta"]).with_answers(GOOD, N)
    low, high = found.ends(0.9)
    assert list(found.means()) == pytest.approx([one["eb_mean"] for one in CSAT["agents"]], abs=1e-12)
    assert list(low) == pytest.approx([one["eb_lo90"] for one in CSAT["agents"]], abs=1e-10)
    assert list(high) == pytest.approx([one["eb_hi90"] for one in CSAT["agents"]], abs=1e-10)
    above = found.above(np.array([0.85]))[:, 0]
    assert list(above) == pytest.approx([one["p_above_085"] for one in CSAT["agents"]], abs=1e-10)
    assert found.means()[0] == pytest.approx(
        (15.083962 + 3) / (18.881120 + 3), abs=1e-6
    )  # 3 of 3: 0.83, not 1


def test_where_agents_do_not_differ_there_is_no_prior() -> None:
    assert fairness.beta_prior([8, 8, 8, 8], [10, 10, 10, 10]) is None
    assert fairness.beta_prior([8], [10]) is None  # nobody to compare with
    assert fairness.beta_prior([0, 0], [10, 10]) is None
    assert fairness.beta_prior([10, 0], [10, 0]) is None  # the second has no answer
    assert fairness.gamma_prior([3, 3, 3], [3, 3, 3]) is None
    assert fairness.gamma_prior([0, 0], [3, 3]) is None
    assert fairness.gamma_prior([3], [3]) is None


def test_more_good_answers_than_answers_are_refused() -> None:
    with pytest.raises(fairness.FairnessError, match="none is more than its answers"):
        fairness.beta_prior([11, 3], [10, 10])
    with pytest.raises(fairness.FairnessError, match="none below 0"):
        fairness.gamma_prior([-1, 3], [10, 10])
    with pytest.raises(fairness.FairnessError, match="above 0"):
        fairness.paule_mandel([1, 2], [0.1, 0.0])


AHT = oracle("eb_lognormal_aht.json")
LOGS = [one["log_mean"] for one in AHT["agents"]]
VARIANCES = [one["se2"] for one in AHT["agents"]]


def test_paule_mandel_is_that_of_the_oracle_and_three_times_the_closed_form() -> None:
    prior = fairness.paule_mandel(LOGS, VARIANCES)
    assert prior is not None
    assert prior.variance == pytest.approx(AHT["tau2_pm"], abs=1e-8)
    # its definition: the weighted squares about the weighted mean are as many as agents less one
    weights = 1 / (np.array(VARIANCES) + prior.variance)
    assert float(np.sum(weights * (np.array(LOGS) - prior.mean) ** 2)) == pytest.approx(
        len(LOGS) - 1, abs=1e-9
    )
    assert prior.variance / AHT["tau2_dl"] == pytest.approx(3.04, abs=0.01)


def test_shrunk_logarithms_are_those_of_the_oracle() -> None:
    found = fairness.NormalPrior(AHT["overall_re"], AHT["tau2_dl"]).with_means(LOGS, VARIANCES)
    assert list(found.means()) == pytest.approx([one["shrunk"] for one in AHT["agents"]], abs=1e-10)
    assert list(found.deviations) == pytest.approx([one["post_sd"] for one in AHT["agents"]], abs=1e-10)
    slower = found.above(np.array([AHT["overall_re"]]))[:, 0]
    assert list(slower) == pytest.approx([one["p_slower_than_overall"] for one in AHT["agents"]], abs=1e-9)
    low, high = found.ends(0.9)
    assert list((low + high) / 2) == pytest.approx(list(found.means()))


def test_alike_means_are_everybodys() -> None:
    prior = fairness.paule_mandel([5.0, 5.0, 5.0], [0.1, 0.2, 0.4])
    assert prior == fairness.NormalPrior(pytest.approx(5.0), 0.0)
    assert prior is not None
    assert list(prior.with_means([5.1, 4.9], [0.1, 0.1]).means()) == pytest.approx([5.0, 5.0])
    assert fairness.paule_mandel([5.0], [0.1]) is None


COUNTS = oracle("eb_gamma_poisson_ratio.json")
OBSERVED = [one["observed"] for one in COUNTS["units"]]
EXPECTED = [one["expected"] for one in COUNTS["units"]]


def test_the_gamma_prior_is_that_of_the_oracle() -> None:
    prior = fairness.gamma_prior(OBSERVED, EXPECTED)
    assert prior is not None
    assert (prior.shape, prior.rate) == pytest.approx((COUNTS["shape"], COUNTS["rate"]), rel=1e-5)
    assert prior.mean == pytest.approx(COUNTS["prior_mean"], rel=1e-6)


def test_ratios_of_counts_and_their_intervals_are_those_of_the_oracle() -> None:
    units = COUNTS["units"]
    found = fairness.GammaPrior(COUNTS["shape"], COUNTS["rate"]).with_counts(OBSERVED, EXPECTED)
    low, high = found.ends(0.9)
    assert list(found.means()) == pytest.approx([one["eb_ratio"] for one in units], abs=1e-12)
    assert list(low) == pytest.approx([one["eb_lo90"] for one in units], abs=1e-9)
    assert list(high) == pytest.approx([one["eb_hi90"] for one in units], abs=1e-9)
    assert list(found.above(np.array([1.0]))[:, 0]) == pytest.approx(
        [one["p_ratio_gt_1"] for one in units], abs=1e-9
    )
    for one in units:
        exact = fairness.exact_ratio(one["observed"], one["expected"])
        assert exact == pytest.approx((one["exact95_lo"], one["exact95_hi"]), abs=1e-9)
    assert fairness.exact_ratio(0, 2) == pytest.approx((0.0, -np.log(0.025) / 2))
    assert fairness.exact_ratio(3, 0) is None


def test_a_density_and_the_chance_to_be_above_belong_together() -> None:
    grid = np.linspace(0.0001, 4.0, 40001)
    kinds: list[fairness.Posteriors] = [
        fairness.BetaPosteriors(np.array([8.0]), np.array([3.0])),
        fairness.GammaPosteriors(np.array([8.0]), np.array([6.0])),
        fairness.NormalPosteriors(np.array([1.5]), np.array([0.2])),
    ]
    for one in kinds:
        above_one = float(np.sum(one.density(grid)[0][grid > 0.9]) * (grid[1] - grid[0]))
        assert above_one == pytest.approx(float(one.above(np.array([0.9]))[0, 0]), abs=1e-3)


def test_places_bands_and_chances_are_those_of_the_oracle() -> None:
    made = oracle("rank_bands.json")["agents"]
    posteriors = fairness.BetaPrior(CSAT["alpha"], CSAT["beta"]).with_answers(GOOD, N)
    found = ranking.likely_places(posteriors, grid_points=4001)
    assert [one.expected_rank for one in found] == pytest.approx(
        [one["expected_rank"] for one in made], abs=1e-6
    )
    assert [(one.low_rank, one.high_rank) for one in found] == [
        (one["rank_lo90"], one["rank_hi90"]) for one in made
    ]
    assert [one.top_ratio for one in found] == pytest.approx([one["p_top3"] for one in made], abs=1e-6)
    best = ranking.likely_places(posteriors, top=1, grid_points=4001)
    assert [one.top_ratio for one in best] == pytest.approx([one["p_best"] for one in made], abs=1e-6)
    ana = found[0]
    assert (GOOD[0], N[0], ana.low_rank, ana.high_rank) == (
        3,
        3,
        1,
        11,
    )  # the best share, and nearly any place


def test_three_hundred_places_sum_to_all_places() -> None:
    """A law of any ranking, and that taking each agent out of so many does not run away."""
    many = np.linspace(-1, 1, 300)
    found = ranking.likely_places(fairness.NormalPosteriors(many, np.full(300, 0.1)), grid_points=151)
    assert sum(one.expected_rank for one in found) == pytest.approx(300 * 301 / 2, rel=1e-6)
    assert found[-1].expected_rank < found[0].expected_rank
    assert sum(one.top_ratio for one in found) == pytest.approx(3, rel=1e-6)


def test_two_equal_agents_share_every_place() -> None:
    found = ranking.likely_places(
        fairness.NormalPosteriors(np.array([1.0, 1.0]), np.array([0.3, 0.3])), top=1
    )
    assert [one.expected_rank for one in found] == pytest.approx([1.5, 1.5], abs=1e-6)
    assert [(one.low_rank, one.high_rank) for one in found] == [(1, 2), (1, 2)]
    assert [one.top_ratio for one in found] == pytest.approx([0.5, 0.5], abs=1e-6)


def test_nobody_has_no_place_and_who_does_not_differ_is_refused() -> None:
    assert ranking.likely_places(fairness.NormalPosteriors(np.array([]), np.array([]))) == []
    with pytest.raises(fairness.FairnessError, match="do not differ"):
        ranking.likely_places(fairness.NormalPosteriors(np.array([1.0, 2.0]), np.array([1e-12, 1e-12])))


@pytest.mark.parametrize("row", rows("funnel_limits.csv"), ids=lambda row: f"{row['n']} at {row['p']}")
def test_funnel_limits_are_those_of_the_oracle(row: dict[str, str]) -> None:
    n, target, tail = int(row["n"]), float(row["target"]), float(row["p"])
    assert fairness.funnel_limit(n, target, tail) == pytest.approx(float(row["exact_limit"]), abs=1e-9)
    normal = target + float(special.ndtri(tail)) * (target * (1 - target) / n) ** 0.5
    assert normal == pytest.approx(float(row["normal_limit"]), abs=1e-9)


def test_more_spread_than_chance_widens_the_funnel() -> None:
    plain, wide = (fairness.funnel_limit(100, 0.85, 0.025, dispersion=phi) for phi in (1.0, 4.0))
    assert plain is not None
    assert wide == pytest.approx(0.85 - 2 * (0.85 - plain))
    assert fairness.funnel_limit(0, 0.85, 0.025) is None
    assert fairness.funnel_limit(5, 0.85, 0.975, dispersion=9.0) == 1.0
    with pytest.raises(fairness.FairnessError, match="between 0 and 1"):
        fairness.funnel_limit(5, 1.0, 0.975)


def test_the_spread_of_agents_is_measured_without_its_outliers() -> None:
    # sqrt(0.5 x 0.5 / 100) = 0.05: 60, 40, 60, 40 of 100 are 2 standard errors away, so 4 times the spread of chance
    assert fairness.dispersion([60, 40, 60, 40], [100] * 4, 0.5) == pytest.approx(4.0)
    assert fairness.dispersion([50, 50, 51, 49], [100] * 4, 0.5) == 1.0
    assert fairness.dispersion([50], [100], 0.5) == 1.0
    # nineteen at the target and one 10 errors away: its tenth is where the others are
    assert fairness.dispersion([50] * 19 + [100], [100] * 20, 0.5) == 1.0


def test_how_many_answers_make_a_rank() -> None:
    assert fairness.fewest_for(18.88) == 45  # 18.88 x 7 / 3 = 44.05
    assert fairness.fewest_for(18.88, reliability=0.8) == 76  # 18.88 x 4 = 75.52
    assert fairness.fewest_for(30) == 70  # exactly
    assert fairness.fewest_for(None) is None


def test_the_gain_on_ones_own_baseline_is_that_of_the_oracle() -> None:
    made = oracle("own_baseline.json")
    found = fairness.own_gain(fairness.Sample(*made["base"]), fairness.Sample(*made["current"]))
    assert found is not None
    assert found.gained_ratio * 100 == pytest.approx(made["improvement_pct"], abs=1e-12)
    assert found.z == pytest.approx(made["z"], abs=1e-12)
    assert found.chance_of_luck_ratio == pytest.approx(made["p_one_sided"], abs=1e-12)
    assert found.two_sided_ratio == pytest.approx(made["welch_p_two_sided"], abs=1e-9)
    assert fairness.own_gain(fairness.Sample(300, 90, 400), fairness.Sample(200, 90, 1)) is None
    assert fairness.own_gain(fairness.Sample(300, 0, 400), fairness.Sample(200, 0, 10)) is None


CURVES = {
    "csat_up": [(70, 0), (70, 40), (85, 80), (95, 100)],
    "occupancy_target_area": [(60, 0), (75, 100), (85, 100), (90, 50), (95, 0)],
    "aht_down": [(240, 100), (300, 60), (360, 20), (390, 0)],
}


@pytest.mark.parametrize("row", rows("points_zones.csv"), ids=lambda row: f"{row['metric']} {row['value']}")
def test_points_on_a_curve_are_those_of_the_oracle(row: dict[str, str]) -> None:
    assert ranking.zone_points(float(row["value"]), CURVES[row["metric"]]) == pytest.approx(
        float(row["points"])
    )


@pytest.mark.parametrize("row", rows("points_punctuality_genesys.csv"), ids=lambda row: row["seconds_late"])
def test_whoever_stands_on_a_border_has_the_better_side_as_published(row: dict[str, str]) -> None:
    found = ranking.zone_points(
        float(row["seconds_late"]), [(0, 300), (180, 300), (180, 200), (600, 100), (600, 0)]
    )
    assert found == pytest.approx(float(row["points_exact"]))
    assert ranking.rounded_points(found) == int(row["points_rounded_half_up"])


def test_points_are_rounded_half_up() -> None:
    assert [ranking.rounded_points(value) for value in (2.5, 3.5, -2.5, 0.49999)] == [3, 4, -2, 0]
    with pytest.raises(fairness.FairnessError, match="at least one pair"):
        ranking.zone_points(1, [])


@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.integers(0, 100)),
        min_size=2,
        max_size=6,
        unique_by=lambda pair: pair[0],
    ),
    st.floats(-10, 110),
)
def test_a_curve_without_a_jump_has_no_cliff(pairs: list[tuple[int, int]], value: float) -> None:
    zones = [(float(at), float(points)) for at, points in sorted(pairs)]
    steepest = max(abs((b[1] - a[1]) / (b[0] - a[0])) for a, b in pairwise(zones))
    here, there = ranking.zone_points(value, zones), ranking.zone_points(value + 0.001, zones)
    assert abs(here - there) <= steepest * 0.001 + 1e-9
    assert min(points for _, points in zones) <= here <= max(points for _, points in zones)


def test_a_cap_is_of_the_total_in_any_order() -> None:
    made = oracle("daily_cap.json")
    for events in (made["events"], made["events"][::-1], sorted(made["events"])):
        assert ranking.capped(events, made["cap"]) == made["cap_on_total"]
    assert ranking.capped([30, 30], None) == 60


@pytest.mark.parametrize("row", rows("prorating.csv"), ids=lambda row: row["agent"])
def test_points_by_exposure_are_those_of_the_oracle(row: dict[str, str]) -> None:
    hours = float(row["scheduled_h"]) - float(row["leave_h"])
    assert hours == float(row["exposure_h"])
    found = ranking.prorated(float(row["points"]), hours, 160, fewest_hours=40)
    wanted = row["fulltime_equivalent_points"]
    assert found == (pytest.approx(float(wanted), abs=5e-5) if wanted else None)
    assert (found is not None) == (row["eligible_min_40h"] == "True")


def test_team_means_are_those_of_the_oracle() -> None:
    made = oracle("team_contest.json")
    for team in made["teams"].values():
        members = [team["mean"]] * team["n"]
        assert ranking.team_score(members, made["grand_mean"]) == pytest.approx(team["score"], abs=1e-12)
    assert ranking.team_score([], 79.0) == 79.0


def test_leagues_move_as_in_the_oracle_whatever_the_order() -> None:
    made = rows("leagues.csv")
    standings = [
        ranking.Standing(
            row["agent"], int(row["league(1=top)"]), float(row["points"]), (float(row["tiebreak_quality"]),)
        )
        for row in made
    ]
    wanted = {row["agent"]: (int(row["rank"]), int(row["next_league"])) for row in made}
    assert ranking.next_leagues(standings) == wanted
    assert ranking.next_leagues(standings[::-1]) == wanted
    assert ranking.next_leagues([]) == {}
    assert ranking.next_leagues(standings[:5]) == {
        one: (place, 1) for place, one in enumerate("acbde", start=1)
    }


def test_ties_share_a_rank_and_the_next_is_left_out() -> None:
    assert ranking.shared_ranks([90, 85, 85, 60]) == [1, 2, 2, 4]
    assert ranking.shared_ranks([]) == []


SCORECARD = oracle("end_to_end_scorecard.json")
PARTS = {
    "aht_oe": ranking.Part([(0.9, 100), (1.0, 60), (1.1, 20), (1.1, 0)], 0.3),
    "csat_eb": ranking.Part([(0.70, 0), (0.70, 40), (0.85, 80), (0.95, 100)], 0.4),
    "qa": ranking.Part([(70, 0), (70, 40), (85, 80), (95, 100)], 0.3),
}


@pytest.mark.parametrize("one", SCORECARD["agents"], ids=lambda one: str(one["agent"]))
def test_a_score_of_several_parts_is_that_of_the_oracle(one: dict[str, Any]) -> None:
    values = {name: one[name] for name in PARTS}
    found = ranking.composite(values, PARTS, hours=one["exposure_h"], fewest_hours=80)
    assert found.points == pytest.approx(one["score"], abs=1e-9)
    assert found.parts == pytest.approx(
        {"aht_oe": one["points_aht"], "csat_eb": one["points_csat"], "qa": one["points_qa"]}, abs=1e-9
    )
    assert found.is_eligible == one["eligible"]


def test_a_gate_takes_the_place_but_not_the_points() -> None:
    gated = {**PARTS, "aht_oe": ranking.Part(PARTS["aht_oe"].zones, 0.3, worst=1.1, is_less_better=True)}
    gated["qa"] = ranking.Part(PARTS["qa"].zones, 0.3, worst=70)
    found = ranking.composite({"aht_oe": 1.12, "csat_eb": 0.9, "qa": 69}, gated, hours=79, fewest_hours=80)
    assert found.failed == ("aht_oe", "qa", "hours")
    assert not found.is_eligible
    assert found.points == pytest.approx(0.4 * 90)
    on_the_limit = ranking.composite(
        {"aht_oe": 1.1, "csat_eb": 0.9, "qa": 70}, gated, hours=80, fewest_hours=80
    )
    assert on_the_limit.is_eligible
    with pytest.raises(fairness.FairnessError, match="make 1"):
        ranking.composite({"qa": 70}, {"qa": PARTS["qa"]}, hours=80, fewest_hours=80)


def test_levels_begin_where_the_oracle_has_them() -> None:
    made = rows("levels.csv")
    kinds: dict[str, Callable[[], list[int]]] = {
        "flat": lambda: ranking.level_thresholds(10),
        "linear": lambda: ranking.level_thresholds(10, step=40),
        "relative": lambda: ranking.level_thresholds(10, growth=1.3),
    }
    for kind, thresholds in kinds.items():
        assert thresholds() == [int(row[kind]) for row in made], kind


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=2, max_size=12))
def test_a_shrunk_share_lies_between_ones_own_and_everybodys(pairs: list[tuple[int, int]]) -> None:
    good = [min(hits, n) for hits, n in pairs]
    n = [n for _, n in pairs]
    prior = fairness.BetaPrior(8.0, 2.0)
    for mean, hits, whole in zip(prior.with_answers(good, n).means(), good, n, strict=True):
        low, high = sorted((prior.mean, hits / whole))
        assert low - 1e-12 <= mean <= high + 1e-12


def test_the_interval_of_a_beta_prior_is_that_of_its_quantiles() -> None:
    low, high = fairness.BetaPosteriors(np.array([16.0]), np.array([4.0])).ends(0.9)
    assert (low[0], high[0]) == pytest.approx(tuple(stats.beta.ppf((0.05, 0.95), 16, 4)), abs=1e-9)
