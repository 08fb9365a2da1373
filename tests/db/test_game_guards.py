"""The guards on a real warehouse: every question of one shape, a floor worked by hand, which awards wait for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl.game import guards
from etl.game.guard_signs import GUARDS
from sql.warehouse import connected, statement

FOLDER = Path(guards.__file__).parents[2] / "sql" / "game" / "guards"
SHAPE = {
    "agent_id": "integer",
    "sign_name": "text",
    "stratum_text": "text",
    "wider_text": "text",
    "is_worst_day": "boolean",
    "hits": "double precision",
    "trials": "double precision",
    "expected": "double precision",
}
FIRST, LAST = date(2026, 10, 5), date(2026, 11, 1)  # the clocks go back on 25 October
AGENTS = 12


@dataclass(frozen=True)
class Award:
    entry_key: str
    agent_id: int
    entry_points: int
    effective_date: date
    hold_on: tuple[str, ...]


@pytest.fixture(scope="module")
def engine_with_sums(shared_engine: sa.Engine) -> sa.Engine:
    """Twelve agents, twenty days of 20 contacts in one queue. Short ones that the agent ended, a day:

    agent 1:  3, every day       -> 60 of 400
    agent 2:  20 on one day only -> 20 of 400: a bad day
    others :  1 every fourth day -> 5 of 400
    agent 12: contacts, and nothing told of who ended them
    """
    rows = []
    for agent_id in range(1, AGENTS + 1):
        for day in range(20):
            short = 3 if agent_id == 1 else 20 * (day == 9) if agent_id == 2 else int(day % 4 == agent_id % 4)
            sums = {"handled_calls": 20, "transferred_calls": 1, "short_ended_by_agent_calls": short}
            if agent_id == AGENTS:
                del sums["short_ended_by_agent_calls"]
            rows.append({"agent": agent_id, "day": FIRST + timedelta(days=day), "sums": json.dumps(sums)})
    with connected(shared_engine) as connection:
        connection.execute(
            sa.text(
                "insert into game.day_sums (agent_id, effective_date, queue_id, channel_name, hour_band, sums) "
                "values (:agent, :day, 1, 'call', 3, cast(:sums as jsonb))"
            ),
            rows,
        )
        connection.execute(
            sa.text(
                "insert into warehouse.agents (agent_id, agent_name) "
                "select n, 'Agent ' || n from generate_series(1, 12) as n"
            )
        )
        # Agents 3 and 4 thank each other every third day; everybody thanks the five who sit next, each once.
        kudos = [(3, 4, day) for day in range(0, 20, 3)] + [(4, 3, day) for day in range(1, 20, 3)]
        kudos += [
            (one, (one + turn - 1) % AGENTS + 1, turn) for one in range(1, AGENTS + 1) for turn in range(1, 6)
        ]
        connection.execute(
            sa.text(
                "insert into game.kudos (agent_id, from_agent_id, category_name, message_text, given_at, given_date) "
                "values (:to, :giver, 'help', 'Thank you', :day, :day)"
            ),
            [{"giver": giver, "to": to, "day": FIRST + timedelta(days=day)} for giver, to, day in kudos],
        )
    return shared_engine


@pytest.fixture(scope="module")
def connection(engine_with_sums: sa.Engine) -> Iterator[sa.Connection]:
    with connected(engine_with_sums, deadline_seconds=60) as connection:
        yield connection


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.sql")), ids=lambda path: path.stem)
def test_every_guard_asks_one_question_of_one_shape(connection: sa.Connection, path: Path) -> None:
    name = path.stem.replace("_", "-")
    assert name in GUARDS, f"{path.name} is the question of no guard: name it in etl/game/guard_signs.py"
    result = connection.execute(
        sa.text(f"select * from ({statement(f'game/guards/{path.stem}')}) as x limit 0"),  # noqa: S608 - our own file
        {"first_date": FIRST, "last_date": LAST},
    )
    cursor = result.cursor
    assert cursor is not None
    found = {column[0]: column[1] for column in cursor.description}
    types = connection.execute(sa.text("select oid, format_type(oid, null) from pg_type"))
    names = {row.oid: row.format_type for row in types}
    assert {column: names[oid] for column, oid in found.items()} == SHAPE
    text = path.read_text(encoding="utf-8")
    for sign in GUARDS[name][1]:
        assert f"'{sign.name}" in text, f"{path.name} never tells the sign {sign.name}"


def test_every_guard_has_its_question() -> None:
    assert {path.stem.replace("_", "-") for path in FOLDER.glob("*.sql")} == set(GUARDS)


def test_who_hangs_up_is_flagged_and_a_bad_day_or_an_untold_end_is_not(connection: sa.Connection) -> None:
    found = guards.flags(connection, FIRST, LAST, names=["short-calls"])
    assert [flag.agent_id for flag in found] == [1]
    [sign] = found[0].signs
    # Without the worst day (3 short of 20): 57 of 380. Peers without their worst day: agents 2 to 11 have 0 + 9 x 4 hits of
    # 10 x 380, agent 12 has 0 of 380: (36 + 0.5) / (4180 + 1) of 380.
    assert (sign.counted, sign.trials) == (57, 380)
    assert sign.expected == pytest.approx(380 * 36.5 / 4181)


def test_two_who_thank_each_other_all_the_time_are_a_ring(connection: sa.Connection) -> None:
    assert {flag.agent_id for flag in guards.flags(connection, FIRST, LAST, names=["kudos-rings"])} == {3, 4}


def test_nothing_is_found_in_weeks_without_facts(connection: sa.Connection) -> None:
    assert guards.flags(connection, FIRST - timedelta(days=100), LAST - timedelta(days=100)) == []


def test_only_awards_of_rules_that_ask_for_it_wait_and_each_says_why(connection: sa.Connection) -> None:
    day = FIRST + timedelta(days=15)
    awards = [
        Award("waits", 1, 40, day, ("short-calls", "avoidance")),
        Award("rule without guards", 1, 40, day, ()),
        Award("guard that found nothing", 1, 40, day, ("avoidance",)),
        Award("honest", 5, 40, day, ("short-calls",)),
        Award("bad day", 2, 40, day, ("short-calls",)),
        Award("before the days asked for", 1, 40, FIRST, ("short-calls",)),
    ]
    holds = guards.found(connection, first_date=day, last_date=LAST, desired=awards)
    assert [(hold.entry_key, hold.agent_id, hold.guard_name, hold.held_points) for hold in holds] == [
        ("waits", 1, "short-calls", 40)
    ]
    told = json.loads(json.dumps(holds[0].evidence))
    assert told["sentence"].startswith(
        "57 contacts ended by the agent within seconds of 380 handled contacts; about 3.3 "
    )
    assert (told["first_date"], told["last_date"]) == ("2026-10-05", "2026-11-01")
    assert [(fact["sign"], fact["counted"], fact["of"]) for fact in told["facts"]] == [
        ("ended-short", 57, 380)
    ]
    assert guards.found(connection, first_date=day, last_date=LAST, desired=[]) == []


def test_older_awards_are_judged_by_the_weeks_that_hold_their_day(connection: sa.Connection) -> None:
    awards = [
        Award("old", 1, 5, FIRST, ("short-calls",)),
        Award("new", 1, 5, LAST + timedelta(days=27), ("short-calls",)),
    ]
    holds = guards.found(connection, first_date=FIRST, last_date=LAST + timedelta(days=28), desired=awards)
    assert [hold.entry_key for hold in holds] == ["old"]
