"""Everything that somebody can ask who does not see all agents, put together: V2 on a real warehouse.

The attacker of tests/db/test_small_groups.py, over the answers of the released questions.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.people import team_queries
from sql import rights, warehouse
from tests.db.test_small_groups import (
    Chart,
    Work,
    large_enough,
    leaks,
    matrix,
    of_nothing,
    small_cells,
    told_of_cells,
    told_of_work,
)

# A real warehouse: the days around the longest night of Tallinn. Who works on which of them, and in which queues.
ZONE = ZoneInfo("Europe/Tallinn")
DAYS = (date(2025, 10, 25), date(2025, 10, 26), date(2025, 10, 27))
TEAMS = {"Amber": 9, "Birch": 6, "Cedar": 5, "Dune": 3, "Elm": 1, None: 1}
QUEUES_OF = {"Amber": (1, 2), "Birch": (1, 2), "Cedar": (3,), "Dune": (3,), "Elm": (1,), None: (2,)}
WORKING = (
    {},
    {"Amber": 5, "Birch": 0, "Cedar": 2, "Dune": 0, "Elm": 0, None: 0},
    {"Cedar": 0, "Dune": 0, "Elm": 0, None: 0},
)
HOURS = (9, 10, 14, 23)
READERS = {"eve": ("executive", None, None), "amy": ("agent", 1, None), "sam": ("supervisor", None, "Dune")}
# By day, what of contacts and what of time is told to the executive (None: the floor); worked out by hand:
# the first day nine, six and five are enough, but Amber and Birch hang together by two queues, and with the five others only
# by two pairs (Elm and the one without a team), so the smaller stands back; Cedar hangs by the three of Dune alone, and
# stands back, too.
# On the long day two of Cedar stand beside five of Amber; on the third nobody is left over.
TOLD = (
    ({"Amber", None}, {"Amber", "Birch", "Cedar", None}),
    ({None}, {None}),
    ({"Amber", "Birch", None}, {"Amber", "Birch", None}),
)


def at_hour(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


class Contact(NamedTuple):
    """One handled contact of the drawn days."""

    day: date
    team_name: str | None
    agent_id: int
    queue_id: int
    hour: int
    talk_seconds: int

    @property
    def cell(self) -> tuple[date, int, int]:
        return self.day, self.queue_id, self.hour


def contacts_of_days() -> list[Contact]:
    """Each working agent takes one contact of each of the team's queues in each hour, the last after midnight."""
    found, first_id = [], 1
    for team_name, size in TEAMS.items():
        for day, working in zip(DAYS, WORKING, strict=True):
            for agent_id in range(first_id, first_id + working.get(team_name, size)):
                for queue_id in QUEUES_OF[team_name]:
                    found += [
                        Contact(day, team_name, agent_id, queue_id, hour, 60 + 7 * agent_id + hour)
                        for hour in HOURS
                    ]
        first_id += size
    return found


CONTACTS = contacts_of_days()
TEAM_IDS = {name: number for number, name in enumerate([name for name in TEAMS if name], 1)}


@pytest.fixture(scope="module")
def days(shared_engine: sa.Engine) -> sa.Engine:
    """The drawn days with an account of each reader; every agent is signed in for a quarter of an hour of a day of work."""
    rights.install(shared_engine)
    agent_id = 0
    with shared_engine.begin() as connection:

        def run(text: str, *rows: dict[str, Any]) -> None:
            connection.execute(sa.text(text), list(rows))

        run("insert into warehouse.sites values ('Tallinn', 'Europe/Tallinn')", {})
        run("select warehouse.create_months(array[date '2025-10-01'])", {})
        run(
            "insert into warehouse.queues (source_name, queue_name, channel_name, time_zone_name) "
            "values ('pbx', :name, 'call', 'Europe/Tallinn')",
            *({"name": name} for name in ("sales", "service", "invoices")),
        )
        for name, size in TEAMS.items():
            if name:
                run("insert into warehouse.teams (team_name) values (:name)", {"name": name})
            for _ in range(size):
                agent_id += 1
                run("insert into warehouse.agents (agent_name) values (:name)", {"name": f"Agent {agent_id}"})
                if name:
                    run(
                        "insert into warehouse.team_members values (:team_id, :agent_id, '2020-01-01')",
                        {"team_id": TEAM_IDS[name], "agent_id": agent_id},
                    )
        run(CALL, *(call(number, one) for number, one in enumerate(CONTACTS)))
        run(
            "insert into warehouse.agent_intervals (agent_id, interval_start_at, available_seconds, signed_in_seconds) "
            "values (:agent_id, :at, 900, 900)",
            *(
                {"agent_id": one, "at": at_hour(day, 9)}
                for day, one in {(c.day, c.agent_id) for c in CONTACTS}
            ),
        )
        for login_name, (role_name, own_id, team_name) in READERS.items():
            run(
                "with made as (insert into access.accounts (login_name, role_name, agent_id) values (:login, :role, :own) "
                "returning account_id), placed as (insert into access.account_teams select account_id, :team from made "
                "where :team > 0) insert into access.sessions (token_sha256, account_id, ends_at) "
                "select sha256(convert_to(:login, 'UTF8')), account_id, now() + interval '1 day' from made",
                {
                    "login": login_name,
                    "role": role_name,
                    "own": own_id,
                    "team": TEAM_IDS.get(team_name or "", 0),
                },
            )
    return shared_engine


CALL = (
    "insert into warehouse.calls (offered_at, answered_at, ended_at, version_number, run_id, queue_id, agent_id, "
    "stay_number, wait_seconds, talk_seconds, source_name, call_id, contact_id, channel_name, direction_name, outcome_name) "
    "values (:at, :answered_at, :ended_at, 1, 1, :queue_id, :agent_id, 1, :wait, :talk, 'pbx', :call_id, :call_id, 'call', "
    "'inbound', 'answered')"
)


def call(number: int, one: Contact) -> dict[str, Any]:
    at = at_hour(one.day, one.hour, 55 if one.hour == 23 else 0) + timedelta(seconds=one.agent_id)
    wait = 600 if one.hour == 23 else 5  # over midnight
    answered_at = at + timedelta(seconds=wait)
    return {
        "at": at, "answered_at": answered_at, "ended_at": answered_at + timedelta(seconds=one.talk_seconds), "wait": wait,
        "talk": one.talk_seconds, "queue_id": one.queue_id, "agent_id": one.agent_id, "call_id": f"c{number}",
    }  # fmt: skip


NARROWINGS = (
    "formula_name", "known_at", "queue_id", "group_name", "channel_name", "topic_name", "team_id", "site_name", "agent_id",
    "is_business_hours",
)  # fmt: skip


def asked(connection: sa.Connection, name: str, **given: object) -> list[dict[str, Any]]:
    """What the reader is told; with 12 s for a threshold it is counted from the calls, of which nothing was rolled up."""
    nothing = dict.fromkeys(NARROWINGS)
    return warehouse.frame(
        connection, f"queries/{name}", **nothing | {"threshold_seconds": 12} | given
    ).to_dicts()


def windows() -> list[tuple[datetime, datetime]]:
    """Every day, days together, halves of days, and hours."""
    edges = [at_hour(day, 0) for day in (*DAYS, date(2025, 10, 28))]
    found = [(edges[a], edges[b]) for a, b in ((0, 1), (1, 2), (0, 3))]
    found += [
        (edges[0], at_hour(DAYS[0], 12)),
        (at_hour(DAYS[1], 9), at_hour(DAYS[1], 10)),
        (edges[0], at_hour(DAYS[1], 12)),
    ]
    return found


def quarter_at(c: Contact) -> datetime:
    """The quarter of an hour in which the contact came."""
    return at_hour(c.day, c.hour, 45 if c.hour == 23 else 0)


def is_behind(
    c: Contact,
    row: dict[str, Any],
    window_start: datetime,
    window_end: datetime,
    team_id: int | None,
    queue_id: int | None,
) -> bool:
    """Whether the contact stands behind a row of an answer that was narrowed so."""
    came_at = quarter_at(c)
    of_row = {
        "queue_id": c.queue_id,
        "day_date": c.day,
        "weekday_number": c.day.weekday(),
        "interval_start_seconds": 3600 * came_at.hour + 60 * came_at.minute,
        "interval_start_at": came_at,
    }
    return (
        window_start <= came_at < window_end
        and queue_id in (None, c.queue_id)
        and (team_id is None or TEAM_IDS.get(c.team_name or "") == team_id)
        and all(row[key] == value for key, value in of_row.items() if key in row)
    )


def answers_to(connection: sa.Connection, *, is_whole: bool) -> tuple[list[list[bool]], list[list[bool]]]:
    """Which contacts stand behind every sum of talk, and behind every count of a team, that the reader is told.

    Each answer is compared with the contacts themselves. is_whole: every window; else each third.
    """
    talk, handled = [], []

    def told(row: dict[str, Any], behind: list[bool]) -> None:
        if row["talk_seconds"] is not None:
            assert row["talk_seconds"] == sum(
                c.talk_seconds for c, is_in in zip(CONTACTS, behind, strict=True) if is_in
            )
            talk.append(behind)

    for start, end in windows()[:: 1 if is_whole else 3]:
        window = {"window_start": start, "window_end": end}
        for team_id, queue_id in ((None, None), (None, 1), (1, None), (4, None)):
            narrowed = {**window, "team_id": team_id, "queue_id": queue_id}
            for name in ("queue_totals", "queue_intervals", "queue_days", "queue_hours"):
                for row in asked(connection, name, **narrowed):
                    told(row, [is_behind(c, row, **narrowed) for c in CONTACTS])
        for row in asked(connection, "team_days", **window):
            of_team = [
                c.day == row["day_date"]
                and (row["is_floor"] or c.team_name == row["team_name"])
                and start <= quarter_at(c) < end
                for c in CONTACTS
            ]
            told(row, of_team)
            if row["handled_calls"] is not None and not row["is_floor"]:
                assert row["handled_calls"] == sum(of_team)
                handled.append(of_team)
            if row["signed_in_seconds"] is not None:
                agents = {c.agent_id for c, is_in in zip(CONTACTS, of_team, strict=True) if is_in}
                assert row["signed_in_seconds"] == 900 * len(agents)
    return talk, handled


def day_chart(day: date, seen: set[int]) -> tuple[list[bool], Chart]:
    """Which of the contacts are of the day and of nobody whom the reader sees, and the attacker's atoms for them."""
    names = list(TEAMS)
    is_in = [c.day == day and c.agent_id not in seen for c in CONTACTS]
    chart = [
        Work(names.index(c.team_name), c.agent_id, c.queue_id, c.hour)
        for c, one in zip(CONTACTS, is_in, strict=True)
        if one
    ]
    return is_in, chart


@pytest.mark.by_turns(1)
@pytest.mark.parametrize("login_name", READERS)
def test_of_everything_that_a_reader_can_ask_no_few_agents_work_can_be_worked_out(
    days: sa.Engine, login_name: str
) -> None:
    """V2 on the warehouse: every released sum by team, queue, day, half a day and hour, solved together."""
    _, own_id, team_name = READERS[login_name]
    seen = {c.agent_id for c in CONTACTS if c.agent_id == own_id or (team_name and c.team_name == team_name)}
    with warehouse.connected(days, deadline_seconds=120) as connection:
        rights.enter(connection, login_name)
        talk, handled = answers_to(connection, is_whole=login_name == "eve")
    assert talk
    for day in DAYS:
        is_in, chart = day_chart(day, seen)
        cells = small_cells(chart, 5)
        of_talk = matrix(chart, (np.array(one)[is_in] for one in talk))
        assert leaks(chart, np.unique(of_talk, axis=0), of_nothing(chart), cells) == []
        of_handled = matrix(chart, (np.array(one)[is_in] for one in handled))
        assert leaks(chart, np.unique(of_handled, axis=0), told_of_cells(chart), cells) == []


def test_the_attacker_breaks_the_same_warehouse_where_only_small_teams_are_left_out() -> None:
    """The negative control for it: Dune, Elm and the one without a team follow from the floor of the first day."""
    _, chart = day_chart(DAYS[0], set())
    plain = told_of_work(chart, {*large_enough(chart, 4), None})
    assert leaks(chart, plain, of_nothing(chart), small_cells(chart, 6))
    _, chart = day_chart(DAYS[1], set())
    assert leaks(
        chart, told_of_work(chart, {*large_enough(chart, 5), None}), of_nothing(chart), small_cells(chart, 5)
    )


def test_an_executive_is_told_of_the_floor_and_of_teams_that_are_large_enough(days: sa.Engine) -> None:
    with warehouse.connected(days) as connection:
        rights.enter(connection, "eve")
        window = {"window_start": at_hour(DAYS[0], 0), "window_end": at_hour(date(2025, 10, 28), 0)}
        rows = asked(connection, "team_days", **window)
    for day, (of_contacts, of_time) in zip(DAYS, TOLD, strict=True):
        found = [row for row in rows if row["day_date"] == day]
        name = {id(row): None if row["is_floor"] else row["team_name"] or "no team" for row in found}
        assert {name[id(row)] for row in found if row["handled_calls"] is not None} == of_contacts
        assert {name[id(row)] for row in found if row["signed_in_seconds"] is not None} == of_time
        for row in found:
            assert (row["contacts_withheld_name"] is None) == (row["talk_seconds"] is not None)
            assert row["fewest_agents"] in (None, 5)
    small = {row["team_name"]: row["contacts_withheld_name"] for row in rows if row["day_date"] == DAYS[0]}
    assert (small["Dune"], small["Elm"], small["Birch"], small["Cedar"]) == ("few", "few", "beside", "beside")


MOMENT = datetime(2025, 10, 27, 12, tzinfo=ZONE)
# Who serves which queue at an instant, by the agents' numbers; the largest crew comes first.
CREWS = [
    # crews, those whose counts are told, whether the floor's is
    ({1: range(1, 6), 2: range(6, 11)}, {1, 2}, True),  # two halves
    ({1: range(1, 11), 2: range(1, 6)}, {1, 2}, True),  # a half, and the other is five
    ({1: range(1, 5), 2: range(1, 3)}, set(), False),  # four in all
    (
        {1: range(1, 11), 2: range(1, 11), 3: range(1, 10)},
        {1, 2},
        True,
    ),  # all, twice; one of them is not in 3
    (
        {1: range(1, 11), 2: range(6, 14), 3: range(11, 15)},
        {2},
        True,
    ),  # without 1 the floor has four, without 2 six
    (
        {1: range(1, 8), 2: range(4, 13), 3: range(8, 18)},
        {1, 3},
        True,
    ),  # 3 and 1 are the floor; of 2 four are not in 3
]


@pytest.mark.parametrize(("crews", "told", "is_floor_told"), CREWS)
def test_who_stands_by_is_counted_only_where_no_few_can_be_worked_out(
    days: sa.Engine, crews: dict[int, range], told: set[int], *, is_floor_told: bool
) -> None:
    agents = sorted({one for crew in crews.values() for one in crew})
    with days.connect() as connection:
        connection.execute(sa.text("delete from warehouse.queue_members"))
        rows = [
            {"queue_id": queue_id, "agent_id": one, "at": MOMENT}
            for queue_id, crew in crews.items()
            for one in crew
        ]
        connection.execute(
            sa.text(
                "insert into warehouse.queue_members (queue_id, agent_id, started_at, version_number, run_id, source_name) "
                "values (:queue_id, :agent_id, :at, 1, 1, 'pbx')"
            ),
            rows,
        )
        connection.execute(
            sa.text(
                "insert into warehouse.agent_states (agent_id, started_at, version_number, run_id, source_name, state_name) "
                "values (:agent_id, :at, 1, 1, 'pbx', 'available')"
            ),
            [{"agent_id": one, "at": MOMENT} for one in agents],
        )
        rights.enter(connection, "eve")
        as_of = MOMENT + timedelta(minutes=1)
        queues = warehouse.frame(connection, "queries/live_queues", as_of=as_of)
        found = {
            row["queue_id"]: row["available_agents"] for row in queues.to_dicts() if row["queue_id"] in crews
        }
        floor = warehouse.frame(connection, "queries/live_states", as_of=as_of).to_dicts()
        connection.rollback()
    assert {queue_id: len(crews[queue_id]) for queue_id in told} == {
        queue_id: count for queue_id, count in found.items() if count is not None
    }
    assert (floor[0]["agents_count"] is not None) == is_floor_told
    chart = [Work(0, one, 0, 0) for one in agents]
    answers = [[work.agent_id in crews[queue_id] for work in chart] for queue_id in told]
    answers += [[True] * len(chart)] * is_floor_told
    few = [set(group) for size in range(1, 5) for group in combinations(agents, size)]
    assert leaks(chart, np.unique(matrix(chart, answers), axis=0), of_nothing(chart), few) == []


def test_a_wall_is_told_no_handle_time_of_the_running_day_and_no_crew_of_few(days: sa.Engine) -> None:
    with days.connect() as connection:
        connection.execute(sa.text("update access.accounts set role_name = 'wall' where login_name = 'eve'"))
        rights.enter(connection, "eve")
        found = warehouse.frame(connection, "queries/live_queues", as_of=at_hour(DAYS[0], 20))
        connection.rollback()
    # until 20:00 three hours: invoices 5 + 3 agents, sales 9 + 6 + 1, service 9 + 6 + 1
    assert found["offered_calls"].to_list() == [3 * 8, 3 * 16, 3 * 16]
    assert found["talk_seconds"].to_list() == [None, None, None]


def test_another_number_of_agents_counts_at_once(days: sa.Engine) -> None:
    with days.connect() as connection:
        connection.execute(sa.text(warehouse.statement("merge/smallest_groups")), {"fewest_agents": 10})
        rights.enter(connection, "eve")
        window = {"window_start": at_hour(DAYS[0], 0), "window_end": at_hour(DAYS[1], 0)}
        rows = asked(connection, "team_days", **window)
        connection.rollback()
    assert {
        row["team_name"] for row in rows if row["handled_calls"] is not None and not row["is_floor"]
    } == set()
    assert {row["fewest_agents"] for row in rows if not row["is_floor"]} == {10}


def test_a_sum_over_days_is_made_of_the_days_that_are_told(days: sa.Engine) -> None:
    """Amber: nine agents with two queues and four hours on the first and on the third day; the second is kept back."""
    window = {"window_start": at_hour(DAYS[0], 0), "window_end": at_hour(date(2025, 10, 28), 0)}
    found = {}
    for login_name in ("eve", None):
        with warehouse.connected(days) as connection:
            if login_name:
                rights.enter(connection, login_name)
            rows = team_queries.team_work(connection, **window)
        found[login_name] = rows.filter(pl.col("team_name") == "Amber").row(0, named=True)
    told, every = found["eve"], found[None]
    assert (told["handled_calls"], told["contacts_days_count"], told["days_count"]) == (2 * 9 * 2 * 4, 2, 3)
    assert (every["handled_calls"], every["contacts_days_count"]) == (2 * 9 * 2 * 4 + 5 * 2 * 4, 3)
    # 60 s, 7 s for each of their numbers 1 to 9 (5 on average), and the hours 9, 10, 14 and 23 (14 on average)
    assert told["average_handle_time_seconds"] == 60 + 7 * 5 + 14
    assert every["average_handle_time_seconds"] == ((60 + 35 + 14) * 144 + (60 + 7 * 3 + 14) * 40) / 184
    assert (told["signed_in_seconds"], told["time_days_count"]) == (2 * 9 * 900, 2)
    assert (told["occupancy_ratio"], told["paused_ratio"]) == (0, 0)


@pytest.mark.parametrize(
    ("metric_name", "scope", "is_shown", "value"),
    [
        ("average_handle_time_seconds", ("everything", ""), True, 7.0),
        ("average_handle_time_seconds", ("team", "1"), False, None),
        ("average_handle_time_seconds", ("queue", "1"), False, None),
        ("average_speed_of_answer_seconds", ("queue", "1"), True, 7.0),
        ("average_speed_of_answer_seconds", ("team", "1"), False, None),
    ],
)
def test_a_goal_about_agents_work_is_told_of_the_whole_floor_alone(
    days: sa.Engine, metric_name: str, scope: tuple[str, str], value: float | None, *, is_shown: bool
) -> None:
    with days.connect() as connection:
        goal_id = connection.execute(
            sa.text(
                "insert into warehouse.goals (made_at, baseline_first_date, baseline_last_date, started_date, "
                "deadline_date, window_days, minimum_count, baseline_count, baseline_value, target_value, goal_name, "
                "metric_name, scope_kind_name, scope_key, owner_name) "
                "values ('2025-10-26', '2025-10-25', '2025-10-25', '2025-10-26', "
                "'2026-01-01', 2, 1, 1, 9, 5, 'less', :metric, :kind, :key, 'Ann') returning goal_id"
            ),
            {"metric": metric_name, "kind": scope[0], "key": scope[1]},
        ).scalar_one()
        connection.execute(
            sa.text(
                "insert into warehouse.goal_days values (:id, '2025-10-26', '2025-10-27 12:00+00', 1, 3, 7)"
            ),
            {"id": goal_id},
        )
        rights.enter(connection, "eve")
        goals = warehouse.frame(connection, "queries/goals", as_of=at_hour(DAYS[2], 20)).to_dicts()
        measured = warehouse.frame(connection, "queries/goal_days", as_of=at_hour(DAYS[2], 20)).to_dicts()
        connection.rollback()
    assert [row["goal_id"] for row in goals] == [goal_id] * is_shown
    assert [row["measured_value"] for row in goals] == [value] * is_shown
    assert [row["measured_value"] for row in measured] == [value]
