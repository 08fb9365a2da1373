"""The rules of the game on a real Postgres: curves, fairness, streaks and levels, held to worked days and to the oracles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from sql.game_rules import compiling
from sql.game_rules.spec import Adjust, Curve, Goal, Grant, Levels, Rule, Tier
from tests.game_drawn import (
    MONDAY,
    ORACLES,
    RESOLVED,
    START,
    SUNDAY,
    due,
    measured,
    rolled_back,
    rule,
    table,
    tell,
)


@pytest.fixture
def floor(shared_engine: sa.Engine) -> Iterator[sa.Connection]:
    """A migrated warehouse; what a test puts into it is gone afterwards."""
    with rolled_back(shared_engine) as connection:
        yield connection


def test_a_worked_day_gives_the_points_that_its_curve_says(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, queue=1, hour=3, resolved_first_contacts=3, flagged_contacts=4)
    tell(floor, 1, MONDAY, queue=1, hour=4, resolved_first_contacts=5, flagged_contacts=6)
    tell(
        floor, 2, MONDAY, queue=1, hour=4, resolved_first_contacts=4, flagged_contacts=4
    )  # under 5: too few to tell
    tell(floor, 3, MONDAY, signed_in_seconds=28_800)  # nothing is known of what was resolved
    (entry,) = due(floor, RESOLVED, MONDAY, MONDAY)
    # 8 / 10 = 0.8; (0.8 - 0.5) / (0.9 - 0.5) = 0.75; 0.75 x 40 = 30
    assert (entry["entry_key"], entry["entry_points"]) == ("a-points|1|1|2026-03-02|1", 30)
    assert (entry["account_name"], entry["tier_name"], entry["effective_date"]) == ("points", None, MONDAY)
    assert entry["workings"]["value"] == pytest.approx(0.8)
    assert entry["workings"]["curve_percent"] == pytest.approx(75)
    assert [(row["hour_band"], row["above_value"], row["below_value"]) for row in entry["evidence"]] == [
        (3, 3, 4),
        (4, 5, 6),
    ]


def test_a_rule_that_is_off_gives_nothing(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, queue=1, resolved_first_contacts=8, flagged_contacts=10)
    assert len(due(floor, RESOLVED, MONDAY, MONDAY)) == 1
    assert due(floor, replace(RESOLVED, is_on=False), MONDAY, MONDAY) == []
    assert RESOLVED.curve is not None
    assert due(floor, replace(RESOLVED, curve=replace(RESOLVED.curve, weight_points=0)), MONDAY, MONDAY) == []


@pytest.mark.parametrize(
    ("metric", "zones", "way", "above", "below"),
    [
        (
            "csat_up",
            ((0.7, 0.0), (0.7, 40.0), (0.85, 80.0), (0.95, 100.0)),
            "up",
            "csat_satisfied_responses",
            "csat_responses",
        ),
        (
            "occupancy_target_area",
            ((0.6, 0.0), (0.75, 100.0), (0.85, 100.0), (0.95, 0.0)),
            "target",
            "on_contact_seconds",
            "signed_in_seconds",
        ),
        (
            "aht_down",
            ((240.0, 100.0), (300.0, 60.0), (360.0, 20.0), (420.0, 0.0)),
            "down",
            "handle_seconds",
            "handled_calls",
        ),
    ],
)
def test_the_curves_of_the_oracle_hold(
    floor: sa.Connection,
    metric: str,
    zones: tuple[tuple[float, float], ...],
    way: str,
    above: str,
    below: str,
) -> None:
    cases = [row for row in table("points_zones.csv") if row["metric"] == metric]
    for number, row in enumerate(cases, 1):
        # percent stand in the table as 0 to 100, here as shares; seconds of 1,000 calls
        sums = {above: float(row["value"]) * (1000 if metric == "aht_down" else 10), below: 1000.0}
        tell(floor, number, MONDAY, None, None, **sums)
    one = rule("points", above, below, curve=Curve(zones, 10_000), adjust=Adjust(best_by=way))
    found = {entry["agent_id"]: entry["entry_points"] for entry in due(floor, one, MONDAY, MONDAY)}
    assert found == {
        n: round(float(row["points"]) * 100) for n, row in enumerate(cases, 1) if float(row["points"]) > 0
    }


def test_published_punctuality_points_come_out_to_the_rounded_point(floor: sa.Connection) -> None:
    """A curve with cliffs, as another product publishes it: the spec refuses such a one, the arithmetic holds."""
    cases = table("points_punctuality_genesys.csv")
    for number, row in enumerate(cases, 1):
        tell(floor, number, MONDAY, hold_seconds=float(row["seconds_late"]), handled_calls=1)
    zones = ((180.0, 100.0), (180.0, 200 / 3), (600.0, 100 / 3), (600.0, 0.0))
    one = rule(
        "points", "hold_seconds", "handled_calls", curve=Curve(zones, 300), adjust=Adjust(best_by="down")
    )
    found = {entry["agent_id"]: entry["entry_points"] for entry in due(floor, one, MONDAY, MONDAY)}
    assert [found.get(n, 0) for n in range(1, len(cases) + 1)] == [
        int(row["points_rounded_half_up"]) for row in cases
    ]


def test_a_cap_counts_the_whole_day_in_whatever_order_it_came(floor: sa.Connection) -> None:
    oracle = json.loads((ORACLES / "daily_cap.json").read_text(encoding="utf-8"))
    for agent_id, events in ((1, oracle["events"]), (2, oracle["events"][::-1])):
        for hour, points in enumerate(events):
            tell(floor, agent_id, MONDAY, queue=1, hour=hour, kudos=points)
    one = rule("points", "kudos", curve=Curve(((0.0, 0.0), (100.0, 100.0)), 100, oracle["cap"]))
    assert [entry["entry_points"] for entry in due(floor, one, MONDAY, MONDAY)] == [
        oracle["cap_on_total"]
    ] * 2


def test_in_a_week_the_cap_is_that_of_the_days_somebody_was_there(floor: sa.Connection) -> None:
    for day in (0, 1):
        tell(floor, 1, MONDAY + timedelta(days=day), signed_in_seconds=28_800, kudos=50)
    one = rule("points", "kudos", grain="week", curve=Curve(((0.0, 0.0), (100.0, 100.0)), 100, 30))
    (entry,) = due(floor, one, SUNDAY, SUNDAY)
    assert entry["entry_points"] == 2 * 30


def test_the_mix_of_work_is_taken_out_as_in_the_oracle(floor: sa.Connection) -> None:
    """Simpson: A is faster in both queues and slower in all; against the own mix A is 0.9721, B 1.0459."""
    oracle = json.loads((ORACLES / "standardised_ratio.json").read_text(encoding="utf-8"))
    # 100 calls each; A: 20 of billing at 230 and 80 of tech at 570 = 50,200; B: 80 at 250 and 20 at 640 = 32,800
    for agent_id, queue, calls, seconds in (
        (1, 1, 20, 230),
        (1, 2, 80, 570),
        (2, 1, 80, 250),
        (2, 2, 20, 640),
    ):
        tell(
            floor, agent_id, MONDAY, queue=queue, hour=3, handled_calls=calls, handle_seconds=calls * seconds
        )
    one = rule(
        "points",
        "handle_seconds",
        "handled_calls",
        curve=Curve(((0.9, 100.0), (1.1, 0.0)), 100),
        adjust=Adjust("mix_adjusted", best_by="down"),
    )
    compiled = compiling.compiled(one, version_number=1, valid_from=START)
    whole = compiling.Compiled(compiled.text, {**compiled.parameters, "most_own_ratio": 1.0})
    found = {
        row["agent_id"]: row for row in compiling.rows(floor, whole, first_date=MONDAY, last_date=MONDAY)
    }
    for agent_id, name in ((1, "A"), (2, "B")):
        workings = found[agent_id]["workings"]
        assert workings["above"] == oracle["agents"][name]["observed_s"]
        assert workings["expected"] == pytest.approx(oracle["agents"][name]["expected_s"])
        assert workings["value"] == pytest.approx(oracle["agents"][name]["oe_ratio"])
        assert sum(row["expected_value"] for row in found[agent_id]["evidence"]) == pytest.approx(
            workings["expected"]
        )
        assert sum(row["above_value"] for row in found[agent_id]["evidence"]) == workings["above"]


def test_who_makes_a_fifth_of_a_kind_of_work_is_not_measured_by_themselves(floor: sa.Connection) -> None:
    # 40 calls of agent 1 at 100 s are half of the stratum; the others' 40 at 200 s are what is expected: 100 / 200
    tell(floor, 1, MONDAY, queue=1, hour=3, handled_calls=40, handle_seconds=4_000)
    for agent_id in range(2, 10):
        tell(floor, agent_id, MONDAY, queue=1, hour=3, handled_calls=5, handle_seconds=1_000)
    one = rule(
        "points",
        "handle_seconds",
        "handled_calls",
        curve=Curve(((0.4, 100.0), (1.6, 0.0)), 100),
        adjust=Adjust("mix_adjusted", best_by="down", fewest=20),
    )
    (entry,) = due(floor, one, MONDAY, MONDAY)
    assert entry["workings"]["value"] == pytest.approx(0.5)


def test_a_rare_kind_of_work_is_compared_with_its_queue(floor: sa.Connection) -> None:
    # stratum of hour 5: 10 calls in all, under 30; so its expectation is the queue's, without the agent where over a fifth
    tell(floor, 1, MONDAY, queue=1, hour=5, handled_calls=10, handle_seconds=3_000)
    for agent_id in range(2, 12):
        tell(floor, agent_id, MONDAY, queue=1, hour=3, handled_calls=30, handle_seconds=6_000)
    one = rule(
        "points",
        "handle_seconds",
        "handled_calls",
        curve=Curve(((0.9, 100.0), (1.9, 0.0)), 100),
        adjust=Adjust("mix_adjusted", best_by="down"),
    )
    found = {entry["agent_id"]: entry["workings"] for entry in due(floor, one, MONDAY, MONDAY)}
    # queue: (3,000 + 60,000) / 310 = 203.2 s; agent 1's 10 calls are 3 % of it, so they stay in
    assert found[1]["expected"] == pytest.approx(10 * 63_000 / 310)


def test_shares_of_few_answers_are_drawn_to_the_mean_as_in_the_oracle(floor: sa.Connection) -> None:
    oracle = json.loads((ORACLES / "eb_beta_binomial.json").read_text(encoding="utf-8"))["agents"]
    for number, row in enumerate(oracle, 1):
        tell(floor, number, MONDAY, csat_satisfied_responses=row["good"], csat_responses=row["n"])
    one = rule(
        "points",
        "csat_satisfied_responses",
        "csat_responses",
        curve=Curve(((0.0, 0.0), (1.0, 100.0)), 100),
        adjust=Adjust("shrunk"),
    )
    found = {entry["agent_id"]: entry["workings"] for entry in due(floor, one, MONDAY, MONDAY)}
    for number, row in enumerate(oracle, 1):
        assert found[number]["value"] == pytest.approx(row["eb_mean_anova"])


def test_a_gate_asks_for_the_lower_end_of_the_wilson_interval(floor: sa.Connection) -> None:
    cases = [
        row for row in table("wilson.csv") if row["confidence"] == "0.95" and float(row["wilson_lower"]) > 0
    ]
    for number, row in enumerate(cases, 1):
        tell(
            floor,
            number,
            MONDAY,
            csat_satisfied_responses=int(row["successes"]),
            csat_responses=int(row["n"]),
        )
    for number, row in enumerate(cases, 1):
        for nudge, is_reached in ((-1e-6, True), (1e-6, False)):
            tiers = (Tier("bronze", float(row["wilson_lower"]) + nudge, "wilson_lower"),)
            one = rule("badge", "csat_satisfied_responses", "csat_responses", tiers=tiers)
            reached = {entry["agent_id"] for entry in due(floor, one, MONDAY, MONDAY)}
            assert (number in reached) == is_reached


def test_getting_better_than_oneself_is_told_as_in_the_oracle(floor: sa.Connection) -> None:
    oracle = json.loads((ORACLES / "own_baseline.json").read_text(encoding="utf-8"))
    for (mean, deviation, n), day in (
        (oracle["base"], MONDAY - timedelta(days=20)),
        (oracle["current"], MONDAY),
    ):
        squares = deviation**2 * (n - 1) + n * mean**2
        tell(floor, 1, day, handled_calls=n, handle_seconds=mean * n, log_handle_square_sum=squares)
    one = rule(
        "badge",
        "handle_seconds",
        "handled_calls",
        squares="log_handle_square_sum",
        grain="week",
        adjust=Adjust("own_baseline", fewest=100, best_by="down", fewest_z=2.0),
        tiers=(Tier("bronze", 0.05), Tier("silver", 0.10)),
    )
    # 7 % are more than the 5 % of bronze and less than the 10 % of silver (tiers of a change count upwards)
    (entry,) = due(floor, one, SUNDAY, SUNDAY)
    assert entry["tier_name"] == "bronze"
    assert entry["workings"]["value"] == pytest.approx(oracle["improvement_pct"] / 100)
    assert entry["workings"]["z"] == pytest.approx(oracle["z"])
    surer = replace(one, adjust=replace(one.adjust, fewest_z=2.3))
    assert due(floor, surer, SUNDAY, SUNDAY) == []


STREAK = rule(
    "streak",
    "not_repeated_contacts",
    "followed_contacts",
    adjust=Adjust(fewest=1),
    goal=Goal(0.8, 5),
    tiers=(Tier("bronze", 3), Tier("silver", 5)),
    grant=Grant("unlimited", "all"),
)


def tell_of_streaks(floor: sa.Connection) -> list[dict[str, str]]:
    """The days of the oracle as sums: scheduled or not, on leave, ill, the goal met or missed."""
    days = table("streaks.csv")
    for row in days[:15]:
        day = date.fromisoformat(row["date"])
        worked: dict[str, float] = {}
        if row["day_kind"] != "off":
            worked["scheduled_seconds"] = 28_800
        if row["day_kind"] in ("leave", "sick"):
            worked["leave_seconds" if row["day_kind"] == "leave" else "absent_seconds"] = 28_800
        if row["day_kind"] == "work":
            worked |= {"followed_contacts": 10, "not_repeated_contacts": 9 if row["goal_met"] == "1" else 7}
        if worked:
            tell(floor, 1, day, None, None, **worked)
    return days


def season(floor: sa.Connection, freezes: int) -> None:
    floor.execute(sa.text("delete from game.seasons"))
    told = (
        "insert into game.seasons (season_name, start_date, end_date, freezes) values ('S', '2026-10-01',"
        " '2027-01-01', :f)"
    )
    floor.execute(sa.text(told), {"f": freezes})


def test_all_45_days_of_the_oracle_stand_as_by_hand(floor: sa.Connection) -> None:
    days = tell_of_streaks(floor)
    assert len(days) == 45
    statement = compiling.standing(STREAK, valid_from=START)
    for freezes in (0, 1, 2):
        season(floor, freezes)
        for row in (day for day in days if day["freezes_at_start"] == str(freezes)):
            day = date.fromisoformat(row["date"])
            (found,) = compiling.rows(floor, statement, first_date=day, last_date=day)
            is_used = found["is_frozen"] and found["last_counted_date"] == day
            assert (found["streak_days"], found["best_days"], found["freezes_left"], is_used) == (
                int(row["streak"]),
                int(row["best"]),
                int(row["freezes_left"]),
                row["freeze_used"] == "True",
            ), row


@pytest.mark.parametrize(
    ("freezes", "expected"),
    [
        (0, [("bronze", "2026-11-05")]),
        (1, [("bronze", "2026-11-05"), ("silver", "2026-11-11")]),
        (2, [("bronze", "2026-11-05"), ("silver", "2026-11-11")]),
    ],
)
def test_a_streak_is_rewarded_on_the_day_it_is_long_enough(
    floor: sa.Connection, freezes: int, expected: list[tuple[str, str]]
) -> None:
    tell_of_streaks(floor)
    season(floor, freezes)
    found = due(floor, STREAK, date(2026, 11, 1), date(2026, 11, 30))
    assert [(row["tier_name"], str(row["effective_date"])) for row in found] == expected
    # bronze: 2, 3 and 5 November; leave, illness and days off are passed over
    assert [row["effective_date"] for row in found[0]["evidence"]] == [
        "2026-11-02",
        "2026-11-03",
        "2026-11-05",
    ]


@pytest.mark.parametrize("curve", ["flat", "linear", "relative"])
def test_levels_take_what_the_oracle_says(floor: sa.Connection, curve: str) -> None:
    ladder = steps(floor, Levels(curve))
    assert ladder == [int(row[curve]) for row in table("levels.csv")]


def test_levels_in_percent_of_a_total_are_those_of_the_oracle(floor: sa.Connection) -> None:
    oracle = json.loads((ORACLES / "levels_percent.json").read_text(encoding="utf-8"))
    levels = Levels("percent", 5, total=oracle["total"], percents=(10.0, 25.0, 45.0, 67.0, 92.0))
    assert steps(floor, levels) == oracle["from_points"]


def steps(floor: sa.Connection, levels: Levels) -> list[int]:
    one = Rule("a-level", "level", "A", "B", "C", "D", "growth", levels=levels)
    compiled = compiling.compiled(one, version_number=1, valid_from=START)
    text = compiling.part_text("ladder")
    return [row.from_points for row in floor.execute(compiling.clause(text), dict(compiled.parameters))]


# ---- the two other ways to be fair, on worked examples


def test_handle_times_are_drawn_to_the_mean_as_in_the_oracle_and_only_told_where_sure(
    floor: sa.Connection,
) -> None:
    oracle = json.loads((ORACLES / "eb_lognormal_aht.json").read_text(encoding="utf-8"))["agents"]
    for number, row in enumerate(oracle, 1):
        n, mean, deviation = row["n"], row["log_mean"], row["log_sd"]
        squares = deviation**2 * (n - 1) + n * mean**2
        tell(floor, number, MONDAY, handled_calls=n, log_handle_sum=n * mean, log_handle_square_sum=squares)
    one = rule(
        "points",
        "log_handle_sum",
        "handled_calls",
        squares="log_handle_square_sum",
        curve=Curve(((100.0, 100.0), (200.0, 100.0), (600.0, 0.0)), 1000),
        adjust=Adjust("shrunk", best_by="down"),
    )
    found = {row["agent_id"]: row["workings"]["value"] for row in due(floor, one, MONDAY, MONDAY)}
    sure = {number: row["shrunk_median_s"] for number, row in enumerate(oracle, 1) if row["shrink_B"] <= 0.3}
    assert 0 < len(sure) < len(oracle)
    assert found == {number: pytest.approx(seconds) for number, seconds in sure.items()}


def test_a_gain_on_oneself_is_none_where_only_the_work_became_easier(floor: sa.Connection) -> None:
    """Queue 1 is hard (half is resolved by everybody), queue 2 easy (8 of 10); agent 1 moved from one to the other."""
    before = MONDAY - timedelta(days=14)
    for agent_id in range(2, 7):
        tell(floor, agent_id, before, 1, 3, resolved_first_contacts=20, flagged_contacts=40)
        tell(floor, agent_id, MONDAY, 2, 3, resolved_first_contacts=32, flagged_contacts=40)
    tell(floor, 1, before, 1, 3, resolved_first_contacts=20, flagged_contacts=40)
    tell(floor, 1, MONDAY, 2, 3, resolved_first_contacts=36, flagged_contacts=40)
    one = rule(
        "badge",
        "resolved_first_contacts",
        "flagged_contacts",
        grain="week",
        adjust=Adjust("own_baseline", fewest=30, fewest_z=0.5),
        tiers=(Tier("bronze", 0.01),),
    )
    plainly = {row["agent_id"]: row["workings"]["value"] for row in due(floor, one, MONDAY, SUNDAY)}
    # 0.9 of 0.5 before: 80 % better; all the others 0.8 of 0.5: 60 %
    assert plainly == {1: pytest.approx(0.8), **{agent_id: pytest.approx(0.6) for agent_id in range(2, 7)}}
    fairly = due(floor, replace(one, adjust=replace(one.adjust, is_mixed=True)), MONDAY, SUNDAY)
    # before: 20 of the 20 expected; now 36 of 40 x 196 / 240 = 32.67 expected: 1.102; the others 32 of 32.67: no gain
    assert {row["agent_id"]: row["workings"]["value"] for row in fairly} == {
        1: pytest.approx(36 / (40 * 196 / 240) - 1)
    }
    assert sum(part["expected_value"] for part in fairly[0]["evidence"]) == pytest.approx(40 * 196 / 240)


def test_only_the_work_that_a_rule_names_is_counted(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, 1, 3, kudos=5)
    tell(floor, 1, MONDAY, 2, 3, kudos=7)
    floor.execute(sa.text("insert into warehouse.queues (queue_id, source_name, queue_name, time_zone_name)"
                          " overriding system value values (2, 's', 'Sales', 'UTC')"))  # fmt: skip
    one = rule("points", "kudos", curve=Curve(((0.0, 0.0), (100.0, 100.0)), 100))
    base = measured(one)
    drawn = {
        "queues": replace(base, queues=("Sales",)),
        "channels": replace(base, channels=("call",)),
        "topics": replace(base, topics=("x",)),
        "directions": replace(base, directions=("inbound",)),
    }
    found = {
        name: [row["entry_points"] for row in due(floor, replace(one, measure=measure), MONDAY, MONDAY)]
        for name, measure in drawn.items()
    }
    assert found == {"queues": [7], "channels": [12], "topics": [], "directions": []}
