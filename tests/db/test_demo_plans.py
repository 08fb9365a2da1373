"""What the people of the demo set up, on a real Postgres: by the pages' own functions, once, measured from its history."""

from __future__ import annotations

import sqlalchemy as sa

from etl.config import Settings, SiteSettings
from etl.sources.mapped_file import MappedFileSettings
from floorboard import demo_plans
from tests.db.test_records import ask, at, call, tell

PRESENT = at(-24 * 60 + 120)
DAY = 24 * 60
SETTINGS = Settings.model_construct(
    site=SiteSettings(name="Demo", time_zone="Europe/Tallinn"),
    sources=(MappedFileSettings.model_construct(name="file"),),
)


def waits(queue_name: str, days_ago: int, wait_seconds: int, calls: int = 25) -> list[dict[str, object]]:
    """So many answered calls of a day, a minute apart, each after the same wait."""
    begun = -days_ago * DAY
    return [
        call(
            f"{queue_name}-{days_ago}-{n}", queue_name=queue_name, offered_at=at(begun + n),
            answered_at=at(begun + n + wait_seconds / 60), ended_at=at(begun + n + wait_seconds / 60 + 1),
            wait_seconds=wait_seconds, outcome_name="answered",
        )
        for n in range(calls)
    ]  # fmt: skip


def test_a_goal_is_on_track_another_behind_and_nothing_is_set_up_twice(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [
                *waits("Sales", 20, 300),  # the baseline: 5 minutes
                *waits("Sales", 1, 200),  # by now the path says 300 - 180 x 14 / 91 = 272: on track
                *waits("Billing", 20, 290),
                *waits("Billing", 1, 290),
            ]
        },
    )  # fmt: skip
    for _ in range(2):
        demo_plans.furnish(engine, SETTINGS, lambda: PRESENT)
    goals = ask(
        engine,
        "select g.goal_name, q.queue_name, round(g.baseline_value), g.target_value, g.version_number "
        "from warehouse.goals as g left join warehouse.queues as q on cast(q.queue_id as text) = g.scope_key "
        "order by goal_id",
    )
    assert goals[0] == ("Average wait from 5 to 2 minutes in three months", "Sales", 300, 120, 1)
    assert (
        goals[1][0] == "Service level to 80 % in three months"
    )  # nobody is answered within 20 s, then or now
    assert len(goals) == 2
    assert ask(engine, "select queue_name, callback_promise_seconds from warehouse.queues order by 1") == [
        ("Billing", 7200),
        ("Sales", 3600),
    ]
    saves = "select viewer_name, count(*) from ops.organisation_changes group by 1"
    assert ask(engine, saves) == [("Piret Mets", 2)]  # in the history, as if typed
    rules = [name for (name,) in ask(engine, "select rule_name from ops.alert_rules order by rule_id")]
    assert rules[:3] == ["Oldest wait over 5 minutes", "Nobody available", "A source is silent"]
    assert len(rules) == 4  # a queue far below its target; nobody gave up, so nothing is told of that
    reports = "select first_date, last_date, state_name, schedule_id from ops.reports order by first_date"
    assert [(str(first), str(last), state) for first, last, state, _ in ask(engine, reports)] == [
        ("2026-02-09", "2026-02-15", "asked"),
        ("2026-02-16", "2026-02-22", "asked"),
    ]
    assert ask(engine, "select count(*) from ops.report_schedules") == [(1,)]


def test_a_history_of_two_weeks_has_goals_too(engine: sa.Engine) -> None:
    tell(engine, {"calls": [*waits("Sales", 10, 300), *waits("Sales", 1, 200)]})
    demo_plans.furnish(engine, SETTINGS, lambda: PRESENT)
    goals = ask(
        engine,
        "select goal_name, started_date - baseline_last_date, baseline_last_date - baseline_first_date + 1 "
        "from warehouse.goals order by goal_id",
    )
    assert goals[0] == ("Average wait from 5 to 2 minutes in three months", 1, 7)


def test_a_floor_without_a_history_gets_no_goal_that_nobody_could_measure(engine: sa.Engine) -> None:
    tell(engine, {"calls": waits("Sales", 1, 30, calls=3)})
    demo_plans.furnish(engine, SETTINGS, lambda: PRESENT)
    assert ask(engine, "select count(*) from warehouse.goals") == [(0,)]
    assert ask(engine, "select count(*) from ops.alert_rules") == [(3,)]


def test_two_of_three_agents_allow_their_name_on_each_kind_of_board_once(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        names = "insert into warehouse.agents (agent_name) values ('Ada'), ('Bo'), ('Cy')"
        connection.execute(sa.text(names))
    for _ in range(2):
        demo_plans.furnish(engine, SETTINGS, lambda: PRESENT)
    given = ask(
        engine, "select board_name, count(*), count(distinct agent_id) from access.consents group by 1"
    )
    assert sorted(given) == [("leaderboard", 2, 2), ("team_board", 2, 2), ("wall", 2, 2)]
