"""Every point that is shown can be counted again by whoever doubts it: from the rows on the page, to the very number."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.game.explain_view import recipe_of
from dashboard.game.recounting import recounted
from sql.game_rules import compiling, shipped
from sql.game_rules.spec import Rule
from tests.torture.campaign import Campaign

FIRST_DATE = date(2026, 8, 31)  # a Monday
PARTS = (  # what is of how many: the second is never less than the first
    ("not_repeated_contacts", "followed_contacts"),
    ("resolved_first_contacts", "flagged_contacts"),
    ("csat_satisfied_responses", "csat_responses"),
    ("nps_promoters", "nps_responses"),
    ("first_replies_in_target", "first_replies"),
    ("one_touch_tickets", "solved_tickets"),
    ("ticket_csat_satisfied_responses", "ticket_csat_responses"),
    ("review_earned_points", "review_possible_points"),
)


def work(dice: random.Random, skill: float) -> dict[str, float]:
    """What one agent did of one kind of work on one day: whole numbers, and logarithms to six "
    "places as the sums have them."""
    found: dict[str, float] = {}
    for above, below in PARTS:
        n = dice.randint(5, 60)
        found |= {above: sum(dice.random() < skill for _ in range(n)), below: n}
    times = [max(1, round(dice.lognormvariate(5.6 - skill / 3, 0.5))) for _ in range(dice.randint(8, 30))]
    logs = [round(math.log(time), 6) for time in times]
    rings = dice.randint(20, 60)
    taken = sum(dice.random() < 0.7 + skill / 4 for _ in range(rings))
    return found | {
        "handled_calls": len(times),
        "timed_calls": len(times),
        "handle_seconds": sum(times),
        "log_handle_sum": round(sum(logs), 6),
        "log_handle_square_sum": round(sum(round(one * one, 6) for one in logs), 6),
        "wrap_up_seconds": sum(times) // dice.randint(5, 12),
        "hold_seconds": sum(times) // dice.randint(8, 30),
        "answered_rings": taken,
        "missed_rings": rings - taken,
        "reopened_tickets": min(found["solved_tickets"], dice.randint(0, 4)),
        "signed_in_seconds": 25_000,
        "kudos": dice.randint(0, 2),
        "reviews": 3,
    }


def fill(engine: sa.Engine, dice: random.Random, *, agents: int, days: int) -> None:
    """So many agents with work of four kinds on each of so many days, in teams of eight."""
    rows: list[dict[str, Any]] = []
    with engine.begin() as connection:
        for number in range(1, 4):
            connection.execute(
                sa.text(
                    "insert into warehouse.queues (source_name, queue_name, channel_name, time_zone_name) "
                    "values ('pbx', :name, 'call', 'UTC')"
                ),
                {"name": f"queue {number}"},
            )
        for number in range(1, agents + 1):
            skill = dice.uniform(0.55, 0.98)
            connection.execute(
                sa.text("insert into warehouse.agents (agent_name) values (:name)"), {"name": f"a{number}"}
            )
            for day in [*range(-56, 0, 8), *range(days)]:  # and something to be better than
                rows += [
                    {
                        "agent_id": number,
                        "day": FIRST_DATE + timedelta(days=day),
                        "queue_id": kind % 3 + 1,
                        "hour_band": 2 + kind,
                        "sums": json.dumps(work(dice, skill)),
                    }
                    for kind in range(2)
                ]
        connection.execute(
            sa.text(
                "insert into warehouse.teams (team_name) select 'team ' || n from generate_series(0, :most) as g (n)"
            ),
            {"most": agents // 8},
        )
        connection.execute(
            sa.text(
                "insert into warehouse.team_members (team_id, agent_id, started_date) "
                "select a.agent_id / 8 + 1, a.agent_id, date '2020-01-01' from warehouse.agents as a"
            )
        )
        connection.execute(
            sa.text(
                "insert into game.day_sums (agent_id, effective_date, queue_id, channel_name, direction_name, topic_name, "
                "hour_band, sums) values (:agent_id, :day, :queue_id, 'call', 'inbound', null, :hour_band, "
                "cast(:sums as jsonb))"
            ),
            rows,
        )


def scores(engine: sa.Engine, rule: Rule, *, days: int) -> list[dict[str, Any]]:
    statement = compiling.compiled(rule, version_number=1, valid_from=FIRST_DATE)
    with engine.begin() as connection:
        last = FIRST_DATE + timedelta(days=days - 1)
        return compiling.rows(
            connection, statement, first_date=FIRST_DATE, last_date=last, deadline_seconds=120
        )


@pytest.mark.timeout(900)
def test_every_score_is_counted_again_from_its_shown_rows_to_the_exact_number(
    shared_engine: sa.Engine, campaign: Campaign
) -> None:
    days = 14
    agents = campaign.times(short=20, long=240)
    fill(shared_engine, random.Random(campaign.seed), agents=agents, days=days)
    counted: Counter[str] = Counter()
    wrong: list[str] = []
    for rule in shipped.rules():
        if rule.kind != "points" or rule.statement_name is not None:
            continue
        for row in scores(shared_engine, rule, days=days):
            if row["account_name"] != "points":
                continue
            found = recounted(recipe_of(rule, row["workings"]), row["workings"], row["evidence"])
            counted[rule.name] += 1
            if found.points != row["entry_points"]:
                wrong.append(f"{row['entry_key']}: written {row['entry_points']}, counted again {found}")
    assert wrong == []
    assert sum(counted.values()) >= campaign.times(short=800, long=10_000)
    assert len(counted) >= 12, counted
    campaign.record(
        "V8", "every score is counted again from its shown rows to the exact number",
        scores_count=sum(counted.values()), rules_count=len(counted), differing_scores=0,
    )  # fmt: skip


def test_a_row_that_was_changed_gives_another_number(shared_engine: sa.Engine, campaign: Campaign) -> None:
    """The negative control: the count is made of the rows, and not of what was written."""
    rule = next(one for one in shipped.rules() if one.name == "points-nobody-came-back")
    row = scores(shared_engine, rule, days=14)[0]
    short = [{**one, "above_value": one["above_value"] / 2} for one in row["evidence"]]
    assert recounted(recipe_of(rule, row["workings"]), row["workings"], short).points != row["entry_points"]
