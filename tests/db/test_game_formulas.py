"""The closed formulas of the game in SQL, held to values that other libraries made, and to what must hold for any order."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

ORACLES = Path(__file__).parents[1] / "data" / "oracles"


def oracle(name: str) -> Any:
    return json.loads((ORACLES / name).read_text(encoding="utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    with (ORACLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def asked(engine: sa.Engine, text: str, /, **given: Any) -> Any:
    """The one value of a statement."""
    with engine.connect() as connection:
        return connection.execute(sa.text(text), given).scalar_one()


def all_of(engine: sa.Engine, text: str, /, **given: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text(text), given))


def test_wilson_is_that_of_the_oracle(shared_engine: sa.Engine) -> None:
    made = rows("wilson.csv")
    z = {"0.9": 1.6448536269514722, "0.95": 1.959963984540054}
    found = all_of(
        shared_engine,
        "select game.wilson_lower(u.hits, u.n, u.z) "
        "from unnest(cast(:hits as float8 []), cast(:n as float8 []), cast(:z as float8 [])) "
        "with ordinality as u (hits, n, z, place) order by u.place",
        hits=[float(row["successes"]) for row in made],
        n=[float(row["n"]) for row in made],
        z=[z[row["confidence"]] for row in made],
    )
    assert [value for (value,) in found] == pytest.approx(
        [float(row["wilson_lower"]) for row in made], abs=1e-12
    )
    assert asked(shared_engine, "select game.wilson_lower(3, 3)") == pytest.approx(0.4385029682, abs=1e-9)
    assert asked(shared_engine, "select game.wilson_lower(0, 0)") is None


CURVES = {
    "csat_up": [[70, 0], [70, 40], [85, 80], [95, 100]],
    "occupancy_target_area": [[60, 0], [75, 100], [85, 100], [90, 50], [90, 50], [95, 0]],
    "aht_down": [[240, 100], [300, 60], [360, 20], [360, 20], [390, 0]],
}


def test_points_on_a_curve_are_those_of_the_oracle(shared_engine: sa.Engine) -> None:
    for row in rows("points_zones.csv"):
        found = asked(
            shared_engine,
            "select game.zone_points(:value, cast(:zones as jsonb))",
            value=float(row["value"]),
            zones=json.dumps(CURVES[row["metric"]]),
        )
        assert found == pytest.approx(float(row["points"]), abs=1e-9), row


def test_whoever_stands_on_a_border_has_the_better_side_as_published(shared_engine: sa.Engine) -> None:
    zones = json.dumps([[0, 300], [180, 300], [180, 200], [600, 100], [600, 0]])
    for row in rows("points_punctuality_genesys.csv"):
        found = asked(
            shared_engine,
            "select game.zone_points(:value, cast(:zones as jsonb))",
            value=float(row["seconds_late"]),
            zones=zones,
        )
        assert found == pytest.approx(float(row["points_exact"]), abs=1e-9), row


def test_a_curve_of_nothing_tells_nothing(shared_engine: sa.Engine) -> None:
    assert asked(shared_engine, "select game.zone_points(null, '[[1, 2]]')") is None
    assert asked(shared_engine, "select game.zone_points(1, '[]')") is None
    assert asked(shared_engine, "select game.zone_points(5, '[[1, 2]]')") == 2


def test_a_cap_is_of_the_total_in_any_order(shared_engine: sa.Engine) -> None:
    made = oracle("daily_cap.json")
    for events in (made["events"], made["events"][::-1], sorted(made["events"])):
        found = asked(
            shared_engine,
            "select game.capped(u.points, cast(:cap as bigint) order by u.place) "
            "from unnest(cast(:events as bigint [])) with ordinality as u (points, place)",
            events=events,
            cap=made["cap"],
        )
        assert found == made["cap_on_total"]
    assert asked(shared_engine, "select game.capped(u.p, null) from unnest(array[30, 30]) as u (p)") == 60


# Simpson's example: 20 + 80 contacts each; A takes the hard ones and is faster in both queues.
#   agent queue   n   seconds each
MIX = [("A", "billing", 20, 230), ("A", "tech", 80, 570), ("B", "billing", 80, 250), ("B", "tech", 20, 640)]


def mixed(engine: sa.Engine, fewest: float, most_own_ratio: float) -> dict[str, float]:
    """Observed over expected of both agents."""
    found = all_of(
        engine,
        """
        select m.agent, sum(m.above) / sum(m.below * game.expected_share(
            m.above, m.below, m.stratum_above, m.stratum_below, m.whole_above, m.whole_below, m.whole_above, m.whole_below,
            :fewest, :most_own_ratio
        ))
        from (
            select
                u.agent,
                u.below,
                u.below * u.each as above,
                sum(u.below * u.each) over (partition by u.queue) as stratum_above,
                sum(u.below) over (partition by u.queue) as stratum_below,
                sum(u.below * u.each) over () as whole_above,
                sum(u.below) over () as whole_below
            from unnest(
                cast(:agents as text []), cast(:queues as text []), cast(:below as float8 []), cast(:each as float8 [])
            ) as u (agent, queue, below, each)
        ) as m
        group by m.agent
        """,
        agents=[one[0] for one in MIX],
        queues=[one[1] for one in MIX],
        below=[one[2] for one in MIX],
        each=[one[3] for one in MIX],
        fewest=fewest,
        most_own_ratio=most_own_ratio,
    )
    return dict(found)


def test_the_mix_adjusted_ratio_is_that_of_the_oracle(shared_engine: sa.Engine) -> None:
    made = oracle("standardised_ratio.json")["agents"]
    found = mixed(shared_engine, 30, 1)
    assert found == pytest.approx({name: made[name]["oe_ratio"] for name in ("A", "B")}, abs=1e-12)
    assert found["A"] < 1 < found["B"]  # though A's plain mean is 502 s and B's 328 s


def test_an_agent_who_makes_the_stratum_is_compared_with_the_others(shared_engine: sa.Engine) -> None:
    # billing 20 / 80, tech 80 / 20: each is at least a fifth of a queue; with fewest = 10 A is held to B's seconds
    # and B to A's, but for A's 20 of 100 in billing and B's 20 of 100 in tech, which are not more than a fifth
    found = mixed(shared_engine, 10, 0.2)
    assert found["A"] == pytest.approx(50200 / (20 * 246 + 80 * 640))
    assert found["B"] == pytest.approx(32800 / (80 * 230 + 20 * 584))


def test_a_small_stratum_is_merged_into_its_queue_then_the_whole(shared_engine: sa.Engine) -> None:
    share = "select game.expected_share(:a, :b, 10, 29, 60, 100, 300, 1000)"
    assert asked(shared_engine, share, a=1, b=5) == pytest.approx(0.6)  # 29 < 30: the queue's
    # 40 of the queue's 100 are the agent's own: without them (60 - 30) / (100 - 40)
    assert asked(shared_engine, share, a=30, b=40) == pytest.approx(0.5)
    # 80 of the queue's 100: 20 others are too few, the whole's
    assert asked(shared_engine, share, a=30, b=80) == pytest.approx(0.3)
    assert asked(shared_engine, "select game.expected_share(0, 0, 0, 0, 0, 0, 0, 0)") is None


def test_the_strength_of_the_mean_and_shrunk_shares_are_those_of_the_oracle(shared_engine: sa.Engine) -> None:
    made = oracle("eb_beta_binomial.json")
    found = all_of(
        shared_engine,
        """
        select s.strength, game.shrunk_share(u.k, u.n, s.mean_ratio, s.strength), s.by_expected
        from unnest(cast(:k as float8 []), cast(:n as float8 [])) with ordinality as u (k, n, place)
        cross join (
            select
                game.prior_strength(i.k, i.n) as strength,
                game.prior_strength(i.k, i.n, i.n * 90 * 1.0 / 111) as by_expected,
                sum(i.k) / sum(i.n) as mean_ratio
            from unnest(cast(:k as float8 []), cast(:n as float8 [])) as i (k, n)
        ) as s
        order by u.place
        """,
        k=[one["good"] for one in made["agents"]],
        n=[one["n"] for one in made["agents"]],
    )
    assert found[0][0] == pytest.approx(made["anova"]["prior_strength"], abs=1e-9)
    # 630 of 777 = 90 / 111: what is expected of everybody alike is the mean itself
    assert found[0][2] == pytest.approx(made["anova"]["prior_strength"], abs=1e-9)
    assert [one[1] for one in found] == pytest.approx(
        [one["eb_mean_anova"] for one in made["agents"]], abs=1e-12
    )


def test_where_agents_do_not_differ_everyone_has_the_mean(shared_engine: sa.Engine) -> None:
    # 8 of 10 each: no difference between them, so no strength; and one agent alone is compared with nobody
    alike = "select game.prior_strength(k, n) from (values (8, 10), (8, 10), (8, 10)) as v (k, n)"
    assert asked(shared_engine, alike) is None
    assert asked(shared_engine, "select game.prior_strength(k, n) from (values (8, 10)) as v (k, n)") is None
    assert (
        asked(shared_engine, "select game.prior_strength(k, n) from (values (1, 1), (0, 1)) as v (k, n)")
        is None
    )
    assert asked(shared_engine, "select game.shrunk_share(10, 10, 0.8, null)") == pytest.approx(0.8)
    assert asked(shared_engine, "select game.shrunk_share(0, 0, 0.8, 20)") == pytest.approx(0.8)


def test_how_many_answers_make_a_rank(shared_engine: sa.Engine) -> None:
    assert asked(shared_engine, "select game.fewest_for(18.88111986890485)") == 45  # 2.333 x 18.88 = 44.06
    assert asked(shared_engine, "select game.fewest_for(18.88111986890485, 0.8)") == 76  # 4 x 18.88 = 75.52
    assert asked(shared_engine, "select game.fewest_for(30)") == 70  # exactly 70, not 71 by a rounding error
    assert asked(shared_engine, "select game.fewest_for(null)") is None


def test_shrunk_logarithms_are_those_of_the_oracle(shared_engine: sa.Engine) -> None:
    made = oracle("eb_lognormal_aht.json")
    units = made["agents"]
    found = all_of(
        shared_engine,
        """
        with u as (
            select u.place, u.y, game.log_mean_variance(u.n, u.n * u.y, (u.n - 1) * u.sd * u.sd + u.n * u.y * u.y) as v
            from unnest(cast(:n as float8 []), cast(:y as float8 []), cast(:sd as float8 []))
                with ordinality as u (n, y, sd, place)
        ),

        t as (select game.between_variance(u.y, u.v) as tau from u),

        m as (select min(t.tau) as tau, game.weighted_mean(u.y, 1 / (u.v + t.tau)) as mean from u cross join t)

        select m.tau, m.mean, game.shrink_ratio(u.v, m.tau), game.shrunk_mean(u.y, u.v, m.mean, m.tau)
        from u
        cross join m
        order by u.place
        """,
        n=[one["n"] for one in units],
        y=[one["log_mean"] for one in units],
        sd=[one["log_sd"] for one in units],
    )
    assert found[0][0] == pytest.approx(made["tau2_dl"], abs=1e-10)
    assert found[0][1] == pytest.approx(made["overall_re"], abs=1e-9)
    assert [one[2] for one in found] == pytest.approx([one["shrink_B"] for one in units], abs=1e-8)
    assert [one[3] for one in found] == pytest.approx([one["shrunk"] for one in units], abs=1e-8)


def test_shrinking_without_a_difference_gives_everybodys_mean(shared_engine: sa.Engine) -> None:
    alike = "select game.between_variance(y, v) from (values (5.0, 0.1), (5.0, 0.1)) as u (y, v)"
    assert asked(shared_engine, alike) == 0
    assert (
        asked(shared_engine, "select game.between_variance(y, v) from (values (5.0, 0.1)) as u (y, v)")
        is None
    )
    assert asked(shared_engine, "select game.shrink_ratio(0.1, 0)") == 1
    assert asked(shared_engine, "select game.shrunk_mean(6, 0.1, 5, 0)") == 5
    assert asked(shared_engine, "select game.log_mean_variance(1, 5, 25)") is None
    assert asked(shared_engine, "select game.log_mean_variance(3, 15, 75)") is None  # all the same


def test_gain_teams_and_pro_rating_are_those_of_the_oracles(shared_engine: sa.Engine) -> None:
    made = oracle("own_baseline.json")
    welch = "select game.welch_z(:bm, :bs, :bn, :nm, :ns, :nn)"
    given = dict(zip(("bm", "bs", "bn", "nm", "ns", "nn"), made["base"] + made["current"], strict=True))
    assert asked(shared_engine, welch, **given) == pytest.approx(made["z"], abs=1e-12)
    assert asked(shared_engine, welch, **{**given, "nn": 1}) is None

    contest = oracle("team_contest.json")
    for team in contest["teams"].values():
        found = asked(
            shared_engine,
            "select game.team_score(:sum, :n, :mean)",
            sum=team["mean"] * team["n"],
            n=team["n"],
            mean=contest["grand_mean"],
        )
        assert found == pytest.approx(team["score"], abs=1e-12)

    for row in rows("prorating.csv"):
        found = asked(
            shared_engine,
            "select game.prorated(:points, :hours, 160, 40)",
            points=float(row["points"]),
            hours=float(row["exposure_h"]),
        )
        wanted = row["fulltime_equivalent_points"]
        assert found == (pytest.approx(float(wanted), abs=5e-5) if wanted else None), row
    assert asked(shared_engine, "select game.prorated(10, 0, 160)") is None


def test_formulas_are_quick_enough_for_ten_days_of_three_hundred_agents(shared_engine: sa.Engine) -> None:
    """36,000 points on a curve (12 rules, 10 days, 300 agents) are a part of a reconciliation's four seconds."""
    text = (
        "explain (analyze, timing off) "
        "select sum(game.zone_points(n % 400, '[[240, 100], [300, 60], [360, 20], [390, 0]]')) "
        "from generate_series(1, 36000) as n"
    )
    with shared_engine.connect() as connection:
        last = list(connection.execute(sa.text(text)).scalars())[-1]
    assert last.startswith("Execution Time: ")
    assert float(last.split()[2]) < 1500


def test_likely_places_are_nearly_those_of_the_exact_distribution(shared_engine: sa.Engine) -> None:
    """The board's normal form beside quadrature and Poisson-binomial: within 0.2 ranks, its band within one place."""
    made = oracle("rank_bands.json")["agents"]
    prior = oracle("eb_beta_binomial.json")
    a = [prior["alpha"] + one["good"] for one in prior["agents"]]
    b = [prior["beta"] + one["n"] - one["good"] for one in prior["agents"]]
    found = all_of(
        shared_engine,
        "select p.expected_rank, p.low_place, p.high_place, p.top_ratio, p.middle_ratio "
        "from game.likely_places(:ids, cast(:means as float8 []), cast(:variances as float8 [])) as p order by p.agent_id",
        ids=list(range(len(a))),
        means=[x / (x + y) for x, y in zip(a, b, strict=True)],
        variances=[x * y / (x + y) ** 2 / (x + y + 1) for x, y in zip(a, b, strict=True)],
    )
    assert [row[0] for row in found] == pytest.approx([one["expected_rank"] for one in made], abs=0.2)
    assert [row[1] for row in found] == pytest.approx([one["rank_lo90"] for one in made], abs=1)
    assert [row[2] for row in found] == pytest.approx([one["rank_hi90"] for one in made], abs=1)
    assert sum(row[0] for row in found) == pytest.approx(12 * 13 / 2, abs=0.05)  # all places together
    assert sum(row[3] for row in found) == pytest.approx(4, abs=0.05)  # four of twelve are in the upper third
    assert sum(row[4] for row in found) == pytest.approx(8, abs=0.05)


def test_the_normal_distribution_is_as_near_as_it_says(shared_engine: sa.Engine) -> None:
    known = {
        -40.0: 0.0,
        -1.96: 0.024997895,
        -1.0: 0.158655254,
        0.0: 0.5,
        0.5: 0.691462461,
        3.0: 0.998650102,
        40.0: 1.0,
    }
    for x, wanted in known.items():
        found = asked(shared_engine, "select game.normal_cdf(cast(:x as float8))", x=x)
        assert found == pytest.approx(wanted, abs=0.00015)


def test_leagues_move_as_in_the_oracle_and_as_in_python(shared_engine: sa.Engine) -> None:
    made = rows("leagues.csv")
    found = all_of(
        shared_engine,
        "select m.place_number, m.next_league_number from game.league_moves("
        ":ids, cast(:leagues as integer []), cast(:points as float8 []), cast(:ties as float8 [])) as m order by m.agent_id",
        ids=list(range(len(made))),
        leagues=[int(row["league(1=top)"]) for row in made],
        points=[float(row["points"]) for row in made],
        ties=[float(row["tiebreak_quality"]) for row in made],
    )
    assert [tuple(row) for row in found] == [(int(row["rank"]), int(row["next_league"])) for row in made]
