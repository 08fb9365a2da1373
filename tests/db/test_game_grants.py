"""Who is given what, how often and under which version of a rule; what a preview says, and what is published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sql.game_rules import compiling, previewing, publishing, shipped
from sql.game_rules.spec import Adjust, Curve, GameError, Gate, Grant, Levels, Rule, Term, Tier
from tests.game_drawn import (
    MONDAY,
    RESOLVED,
    START,
    SUNDAY,
    due,
    measured,
    rolled_back,
    rule,
    short,
    tell,
)


@pytest.fixture
def floor(shared_engine: sa.Engine) -> Iterator[sa.Connection]:
    """A migrated warehouse; what a test puts into it is gone afterwards."""
    with rolled_back(shared_engine) as connection:
        yield connection


# ---- how often, to whom, and under which version


def tell_of_month(floor: sa.Connection, agent_id: int, day: date, hits: int, n: int) -> None:
    tell(floor, agent_id, day, queue=1, hour=3, csat_satisfied_responses=hits, csat_responses=n)


def test_a_lifetime_badge_is_due_on_the_day_it_was_passed_and_only_then(floor: sa.Connection) -> None:
    for number in range(10):
        tell(floor, 1, MONDAY + timedelta(days=number), queue=1, solved_tickets=5, reopened_tickets=1)
    one = rule(
        "badge", "solved_tickets", grain="lifetime", tiers=(Tier("bronze", 10), Tier("silver", 40, coins=7))
    )
    one = replace(
        one, measure=replace(measured(one), above=(Term("solved_tickets"), Term("reopened_tickets", -1)))
    )
    one = replace(one, grant=Grant("once", "all"))
    # 4 a day: 10 are passed on the third day (12), 40 on the tenth
    found = due(floor, one, START, date(2026, 12, 31))
    assert [
        (row["entry_key"], row["account_name"], row["entry_points"], str(row["effective_date"]))
        for row in found
    ] == [
        ("a-badge|1|1|lifetime|bronze", "badges", 1, "2026-03-04"),
        ("a-badge|1|1|lifetime|silver", "badges", 1, "2026-03-11"),
        ("a-badge|1|1|lifetime|silver-coins", "coins", 7, "2026-03-11"),
    ]
    assert [row["above_value"] for row in found[0]["evidence"]] == [12]
    assert due(floor, one, date(2026, 3, 5), date(2026, 3, 10)) == []


def test_what_was_counted_before_a_rule_counts_on_its_first_day_or_not_at_all(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, queue=1, kudos=9)
    tell(floor, 1, SUNDAY, queue=1, kudos=1)
    one = rule("badge", "kudos", grain="lifetime", tiers=(Tier("bronze", 5),))
    given = {"first": MONDAY, "last": date(2026, 3, 31), "valid_from": date(2026, 3, 6)}
    dated = {
        backfill: [
            str(row["effective_date"])
            for row in due(floor, replace(one, grant=Grant("once", backfill)), **given)
        ]
        for backfill in ("all", "from_date", "new_only")
    }
    assert dated == {"all": ["2026-03-02"], "from_date": ["2026-03-06"], "new_only": []}


def test_a_badge_of_once_is_for_the_first_time_and_not_again_by_a_new_version(floor: sa.Connection) -> None:
    for day in (MONDAY, SUNDAY):
        tell(floor, 1, day, queue=1, csat_satisfied_responses=9, csat_responses=10)
    one = rule(
        "badge",
        "csat_satisfied_responses",
        "csat_responses",
        tiers=(Tier("bronze", 0.8),),
        grant=Grant("once", "all"),
    )
    assert short(due(floor, one, MONDAY, SUNDAY)) == [(1, 1, "bronze", "2026-03-02")]
    assert due(floor, one, SUNDAY, SUNDAY) == []
    again = {"version_number": 2, "valid_from": date(2026, 3, 5)}
    assert short(due(floor, one, MONDAY, SUNDAY, **again)) == [(1, 1, "bronze", "2026-03-08")]
    post_badge(floor, one)
    assert due(floor, one, MONDAY, SUNDAY, **again) == []


def post_badge(floor: sa.Connection, one: Rule) -> None:
    """The entry of version 1 in the ledger."""
    for text in (
        "insert into game.rules values (:name, 'badge', false)",
        "insert into game.rule_versions select :name, n, '2026-01-01', true, 'x', repeat('0', 64), 'why', '2026-01-01',"
        " 'me', '' from generate_series(1, 2) n",
        "insert into game.runs (kind_name, started_at, actor_name) values ('reconcile', '2026-03-03', 'me')",
        "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name,"
        " version_number, tier_name, effective_date, period_text, run_id, reason_text, actor_name) select 'k', 1, 1,"
        " 'badges', 1, 'award', :name, 1, 'bronze', '2026-03-02', 'p', max(run_id), 'r', 'me' from game.runs",
    ):
        floor.execute(sa.text(text), {"name": one.name} if ":name" in text else {})


def test_a_version_gives_nothing_outside_of_its_days(floor: sa.Connection) -> None:
    for number in range(7):
        tell(
            floor, 1, MONDAY + timedelta(days=number), queue=1, resolved_first_contacts=9, flagged_contacts=10
        )
    days = {"valid_from": date(2026, 3, 4), "valid_until": date(2026, 3, 6)}
    found = due(floor, RESOLVED, MONDAY, SUNDAY, **days)
    assert [str(row["effective_date"]) for row in found] == ["2026-03-04", "2026-03-05"]


@pytest.mark.parametrize(
    ("grain", "period", "due_date"),
    [
        ("day", "2026-03-05", "2026-03-05"),
        ("week", "2026-W10", "2026-03-08"),
        ("month", "2026-03", "2026-03-31"),
        ("season", "S", "2026-04-30"),
    ],
)
def test_a_period_is_due_on_its_last_day(
    floor: sa.Connection, grain: str, period: str, due_date: str
) -> None:
    floor.execute(
        sa.text(
            "insert into game.seasons (season_name, start_date, end_date) values ('S', '2026-02-01', '2026-05-01')"
        )
    )
    tell(floor, 1, date(2026, 3, 5), queue=1, kudos=10)
    one = rule("points", "kudos", grain=grain, curve=Curve(((0.0, 0.0), (10.0, 100.0)), 10))
    (entry,) = due(floor, one, START, date(2026, 6, 30))
    assert (entry["period_text"], str(entry["effective_date"])) == (period, due_date)


def test_the_best_of_a_period_needs_others_and_shares_a_tie(floor: sa.Connection) -> None:
    for agent_id, hits in ((1, 9), (2, 9), (3, 8), (4, 7), (5, 6)):
        tell_of_month(floor, agent_id, MONDAY, hits, 10)
    one = rule(
        "badge",
        "csat_satisfied_responses",
        "csat_responses",
        grain="month",
        tiers=(Tier("bronze", 0.5), Tier("silver", 0.85)),
        grant=Grant("best_at_close", fewest_agents=5),
    )
    assert short(due(floor, one, MONDAY, date(2026, 3, 31))) == [
        (1, 1, "silver", "2026-03-31"),
        (2, 1, "silver", "2026-03-31"),
    ]
    alone = replace(one, grant=replace(one.grant, fewest_agents=6))
    assert due(floor, alone, MONDAY, date(2026, 3, 31)) == []


def test_unlimited_counts_how_often_it_fits(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, queue=1, kudos=7)
    one = rule("badge", "kudos", tiers=(Tier("bronze", 3),), grant=Grant("unlimited"))
    assert [row["entry_key"].rpartition("|")[2] for row in due(floor, one, MONDAY, MONDAY)] == ["1", "2"]


def in_team(floor: sa.Connection, *stays: tuple[int, int, str, str | None]) -> None:
    for agent_id, team_id, started, ended in stays:
        floor.execute(
            sa.text(
                "insert into warehouse.teams (team_id, team_name) overriding system value values (:t, 'Team ' || :t)"
                " on conflict do nothing"
            ),
            {"t": team_id},
        )
        floor.execute(
            sa.text(
                "insert into warehouse.team_members (agent_id, team_id, started_date, ended_date) values (:a, :t, :s, :e)"
            ),
            {"a": agent_id, "t": team_id, "s": started, "e": ended},
        )


def test_a_team_badge_is_for_each_member_who_was_there(floor: sa.Connection) -> None:
    # red: 8 + 10 of 20 = 0.9; agent 3 was there for 5 hours only; agent 4 left for blue before, where 1 of 10 is too little
    for agent_id, hits, hours in ((1, 8, 40), (2, 10, 38), (3, 0, 5), (4, 1, 40)):
        n = 0 if agent_id == 3 else 10
        tell(floor, agent_id, MONDAY, queue=1, hour=3, csat_satisfied_responses=hits, csat_responses=n)
        tell(floor, agent_id, MONDAY, signed_in_seconds=hours * 3600)
    in_team(floor, (1, 1, "2026-01-01", None), (2, 1, "2026-01-01", None), (3, 1, "2026-01-01", None))
    in_team(floor, (4, 1, "2026-01-01", "2026-03-01"), (4, 2, "2026-03-01", None))
    one = rule(
        "badge",
        "csat_satisfied_responses",
        "csat_responses",
        grain="week",
        adjust=Adjust(fewest=10, fewest_hours=20),
        tiers=(Tier("gold", 0.9),),
        grant=Grant(to="team"),
    )
    found = due(floor, one, MONDAY, SUNDAY)
    assert short(found) == [(1, 1, "gold", "2026-03-08"), (2, 1, "gold", "2026-03-08")]
    assert {row["workings"]["team_id"] for row in found} == {1}
    assert sum(row["above_value"] for row in found[0]["evidence"]) == 18


def test_a_missed_limit_on_quality_gives_nothing_and_too_few_to_tell_pass(floor: sa.Connection) -> None:
    gate = Gate((Term("repeated_contacts"),), (Term("followed_contacts"),), 0.3, fewest=10)
    one = replace(RESOLVED, gates=(gate,))
    # 4 of 10 came back: more than 0.3; 3 of 10: just the limit; 4 of 9: too few to tell
    for agent_id, repeated, followed in ((1, 4, 10), (2, 3, 10), (3, 4, 9)):
        tell(floor, agent_id, MONDAY, queue=1, hour=1, repeated_contacts=repeated, followed_contacts=followed)
        tell(floor, agent_id, MONDAY, queue=1, hour=3, resolved_first_contacts=9, flagged_contacts=10)
    found = due(floor, one, MONDAY, MONDAY)
    assert [row["agent_id"] for row in found] == [2, 3]
    assert found[0]["workings"]["gates"] == [
        {"above": "repeated_contacts", "below": "followed_contacts", "value": 0.3, "n": 10, "limit": 0.3}
    ]


def test_time_pays_nothing_where_no_limit_on_quality_could_be_told(floor: sa.Connection) -> None:
    gates = (
        Gate((Term("repeated_contacts"),), (Term("followed_contacts"),), 0.3, fewest=10),
        Gate((Term("csat_satisfied_responses"),), (Term("csat_responses"),), 0.6, fewest=5, best_by="up"),
    )
    told = {
        1: {},  # nobody knows whether anybody came back or was content
        2: {"repeated_contacts": 0, "followed_contacts": 9},  # too few
        3: {"repeated_contacts": 3, "followed_contacts": 10},  # one is known, and kept
        4: {
            "csat_satisfied_responses": 5,
            "csat_responses": 5,
            "repeated_contacts": 4,
            "followed_contacts": 10,
        },
    }
    for agent_id, quality in told.items():
        tell(
            floor, agent_id, MONDAY, queue=1, hour=3,
            wrap_up_seconds=300, timed_calls=10, resolved_first_contacts=9, flagged_contacts=10, **quality,
        )  # fmt: skip
    time = replace(
        RESOLVED, measure=replace(RESOLVED.measure, above=(Term("wrap_up_seconds"),), below=(Term("timed_calls"),)),
        curve=Curve(((0.0, 50.0), (100.0, 100.0)), 100), gates=gates,
    )  # fmt: skip
    assert [row["agent_id"] for row in due(floor, time, MONDAY, MONDAY)] == [3]
    assert [row["agent_id"] for row in due(floor, replace(RESOLVED, gates=gates), MONDAY, MONDAY)] == [
        1,
        2,
        3,
    ]


def test_hours_are_the_scheduled_ones_without_leave_else_signed_in(floor: sa.Connection) -> None:
    drawn = {
        1: {"scheduled_seconds": 36_000, "leave_seconds": 7_200, "signed_in_seconds": 99_000},  # 8 h
        2: {"scheduled_seconds": 36_000, "leave_seconds": 7_200, "absent_seconds": 3_600},  # 7 h
        3: {"signed_in_seconds": 28_800},  # 8 h, no schedule
        4: {},  # nothing is known
    }
    for agent_id, sums in drawn.items():
        tell(floor, agent_id, MONDAY, **sums)
        tell(floor, agent_id, MONDAY, queue=1, hour=3, resolved_first_contacts=9, flagged_contacts=10)
    one = replace(RESOLVED, adjust=Adjust(fewest=5, fewest_hours=8))
    found = due(floor, one, MONDAY, MONDAY)
    assert {row["agent_id"]: row["workings"]["hours"] for row in found} == {1: 8, 3: 8}


def test_coins_come_beside_points_in_their_own_entry(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, queue=1, resolved_first_contacts=8, flagged_contacts=10)
    found = due(floor, replace(RESOLVED, grant=Grant(coins_ratio=0.25)), MONDAY, MONDAY)
    # 30 points; a quarter of them is 7.5, and half a coin is none
    assert [(row["account_name"], row["entry_points"]) for row in found] == [("points", 30), ("coins", 7)]


def test_levels_are_reached_by_what_was_ever_earned(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, queue=1, kudos=1)
    told = (
        "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name,"
        " effective_date, period_text, run_id, reason_text, actor_name) select :key, 1, 1, 'points', :points, :kind,"
        " :day, 'p', max(run_id), 'r', 'me' from game.runs"
    )
    floor.execute(
        sa.text(
            "insert into game.runs (kind_name, started_at, actor_name) values ('manual', '2026-03-03', 'me')"
        )
    )
    for key, points, kind, day in (
        ("a", 100, "manual", MONDAY),
        ("b", -90, "purchase", MONDAY),
        ("c", 30, "kudos", SUNDAY),
    ):
        floor.execute(sa.text(told), {"key": key, "points": points, "kind": kind, "day": day})
    one = Rule(
        "a-level",
        "level",
        "A",
        "B",
        "C",
        "D",
        "growth",
        levels=Levels(coins=5),
        grant=Grant("once", "all", "never"),
    )
    # 100 + 30 = 130 points: level 2 takes 120; what was bought takes nothing away
    (entry,) = due(floor, one, START, SUNDAY)
    assert (entry["entry_key"], entry["account_name"], entry["entry_points"]) == (
        "a-level|1|1|lifetime|level-2",
        "coins",
        5,
    )
    assert entry["effective_date"] == SUNDAY
    (stand,) = compiling.rows(
        floor, compiling.standing(one, valid_from=START), first_date=SUNDAY, last_date=SUNDAY
    )
    assert (stand["earned_points"], stand["level_number"], stand["next_from_points"]) == (130, 2, 276)


def test_how_far_somebody_is_tells_the_next_tier(floor: sa.Connection) -> None:
    tell_of_month(floor, 1, MONDAY, 9, 10)
    tell_of_month(floor, 2, MONDAY, 2, 3)
    one = rule(
        "badge",
        "csat_satisfied_responses",
        "csat_responses",
        grain="month",
        adjust=Adjust(fewest=5),
        tiers=(Tier("bronze", 0.8), Tier("silver", 0.95)),
    )
    found = compiling.rows(
        floor, compiling.standing(one, valid_from=START), first_date=SUNDAY, last_date=SUNDAY
    )
    drawn = {
        row["unit_id"]: (row["n_value"], row["is_judged"], row["reached_tier_name"], row["next_tier_name"])
        for row in found
    }
    assert drawn == {1: (10, True, "bronze", "silver"), 2: (3, False, None, "bronze")}


# ---- preview and publishing


def test_a_preview_says_who_gains_who_loses_why_and_what_it_costs(floor: sa.Connection) -> None:
    for agent_id, hits in ((1, 9), (2, 7), (3, 5)):
        tell(floor, agent_id, MONDAY, queue=1, hour=3, resolved_first_contacts=hits, flagged_contacts=10)
    steeper = replace(RESOLVED, curve=Curve(((0.6, 0.0), (0.8, 100.0)), 40))
    found = previewing.preview(floor, steeper, first_date=MONDAY, last_date=SUNDAY, against=RESOLVED)
    # before: 0.9 -> 40, 0.7 -> 20, 0.5 -> 0; after: 0.9 -> 40, 0.7 -> 20, 0.5 -> 0
    assert found.agents.rows() == [
        (1, "Agent 1", 40, 40, 0, 0, 0),
        (2, "Agent 2", 20, 20, 0, 0, 0),
    ]
    assert (found.gaining_agents, found.losing_agents, found.same_agents) == (0, 0, 2)
    harder = replace(RESOLVED, curve=Curve(((0.6, 0.0), (1.0, 100.0)), 80))
    found = previewing.preview(floor, harder, first_date=MONDAY, last_date=SUNDAY, against=RESOLVED)
    # after: 0.9 -> 75 % of 80 = 60; 0.7 -> 25 % of 80 = 20
    assert found.agents.select("agent_id", "before_points", "after_points", "gain_points").rows() == [
        (1, 40, 60, 20),
        (2, 20, 20, 0),
    ]
    assert (found.gaining_agents, found.losing_agents, found.same_agents) == (1, 0, 1)
    assert (found.before_entries, found.after_entries) == (2, 2)
    assert found.sample[0].agent_name == "Agent 1"
    assert found.sample[0].workings["curve_percent"] == pytest.approx(75)
    assert found.sample[0].evidence[0]["above_value"] == 9
    assert found.cost.plan_cost_value > 0
    assert found.cost.milliseconds > 0


def test_a_preview_of_a_new_rule_has_nothing_before_and_writes_nothing(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, queue=1, hour=3, resolved_first_contacts=9, flagged_contacts=10)
    floor.execute(sa.text("set transaction read only"))
    found = previewing.preview(floor, RESOLVED, first_date=MONDAY, last_date=MONDAY)
    assert found.agents.select("before_points", "after_points").rows() == [(0, 40)]
    nothing = previewing.preview(floor, RESOLVED, first_date=SUNDAY, last_date=SUNDAY)
    assert nothing.agents.height == 0
    assert nothing.sample == ()


def test_a_preview_that_takes_too_long_is_stopped_with_a_sentence(floor: sa.Connection) -> None:
    before = floor.execute(sa.text("show statement_timeout")).scalar_one()
    one = next(one for one in shipped.rules() if one.name == "found-the-rhythm")
    with pytest.raises(GameError, match="took longer than"):
        previewing.preview(floor, one, first_date=START, last_date=date(2026, 3, 31), deadline_seconds=0.001)
    assert floor.execute(sa.text("show statement_timeout")).scalar_one() == before
    with pytest.raises(GameError, match="expected 1 to 366 days"):
        previewing.preview(floor, one, first_date=date(2026, 3, 31), last_date=START)


NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def test_an_unchanged_text_publishes_nothing_and_a_changed_one_a_version_to_come(
    floor: sa.Connection,
) -> None:
    text = shipped.texts()["points-thanks"]
    given: dict[str, Any] = {"today": NOW.date(), "actor_name": "me", "now": NOW}
    assert publishing.publish(floor, text, valid_from=NOW.date(), **given) == 1
    assert publishing.publish(floor, text, valid_from=NOW.date(), **given) is None
    changed = shipped.read(text.spec_text.replace("weight_points = 20", "weight_points = 0"), "x")
    with pytest.raises(GameError, match="expected 2026-03-04 or later"):
        publishing.publish(floor, changed, valid_from=date(2026, 3, 3), **given)
    assert publishing.publish(floor, changed, valid_from=date(2026, 3, 9), **given) == 2
    with pytest.raises(GameError, match="announced from 2026-03-09"):
        publishing.publish(floor, text, valid_from=date(2026, 3, 5), **given)
    stand = floor.execute(
        sa.text("select version_number, valid_from_date, is_on from game.rule_versions order by 1")
    ).all()
    assert [tuple(row) for row in stand] == [(1, date(2026, 3, 4), True), (2, date(2026, 3, 9), False)]


def test_a_rule_keeps_its_kind(floor: sa.Connection) -> None:
    given: dict[str, Any] = {"valid_from": NOW.date(), "today": NOW.date(), "actor_name": "me", "now": NOW}
    publishing.publish(floor, shipped.texts()["levels"], **given)
    other = shipped.texts()["points-thanks"].spec_text.replace('name = "points-thanks"', 'name = "levels"')
    with pytest.raises(GameError, match="a rule keeps its kind"):
        publishing.publish(floor, shipped.read(other, "x"), **given)
