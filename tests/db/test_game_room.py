"""The game room's questions and changes: what waits, which version holds, what it gave and changed, who may decide."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.game import room_effect, room_queries, room_saves
from sql import warehouse
from sql.game_rules import shipped
from sql.game_rules.spec import GameError
from tests.conftest import engine_of_copy

DAY = date(2026, 11, 23)  # a Monday
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULE = "points-first-time"
TEXT = shipped.texts()[RULE].spec_text
WHO: dict[str, Any] = {"viewer_name": "mona", "at": NOON}


@pytest.fixture(scope="module")
def bare(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A site with three agents and two queues, and nothing of the game."""
    with engine_of_copy(server_url, template_name) as engine:
        with engine.begin() as connection:
            for name in ("Aino", "Boris", "Clara"):
                connection.execute(
                    sa.text("insert into warehouse.agents (agent_name) values (:n)"), {"n": name}
                )
            for name in ("sales", "billing"):
                connection.execute(
                    sa.text(
                        "insert into warehouse.queues (queue_name, source_name, time_zone_name) values (:n, 'pbx', 'UTC')"
                    ),
                    {"n": name},
                )
        yield engine


@pytest.fixture
def connection(bare: sa.Engine) -> Iterator[sa.Connection]:
    """A connection whose changes are taken back after the test."""
    with warehouse.connected(bare, deadline_seconds=30) as found:
        kept = found.begin_nested()
        yield found
        kept.rollback()


def ids(connection: sa.Connection, table: str) -> dict[str, int]:
    asked = {
        "agents": "select agent_name, agent_id from warehouse.agents",
        "queues": "select queue_name, queue_id from warehouse.queues",
    }
    return {row[0]: row[1] for row in connection.execute(sa.text(asked[table]))}


def publish(
    connection: sa.Connection, text: str = TEXT, *, day: date = DAY, seen: int = 0, **more: Any
) -> int:
    given = {"rule_name": RULE, "why_text": "It fits our work.", "day_date": DAY, **WHO, **more}
    return room_saves.publish(connection, spec_text=text, valid_from_date=day, version_number=seen, **given)


def rules(connection: sa.Connection, **more: Any) -> dict[str, Any]:
    days = {"first_date": DAY - timedelta(days=27), "day_date": DAY, **more}
    return room_queries.game_rules(connection, **days).row(0, named=True)


def entry(connection: sa.Connection, agent_id: int, points: int, day: date, number: int, **more: Any) -> int:
    run = "insert into game.runs (kind_name, started_at, actor_name) values ('reconcile', :at, 'x') returning run_id"
    told = {
        "run": connection.execute(sa.text(run), {"at": NOON}).scalar_one(),
        "reverses": None,
        "kind": "award",
        **more,
    }
    made = connection.execute(
        sa.text(
            "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, "
            "rule_name, version_number, effective_date, period_text, run_id, reverses_entry_id, reason_text, actor_name) "
            "values (:key, :number, :agent, 'points', :points, :kind, :rule, 1, :day, '2026-11', :run, :reverses, 'x', 'x') "
            "returning entry_id"
        ),
        {
            "key": f"k{agent_id}-{day}",
            "number": number,
            "agent": agent_id,
            "points": points,
            "rule": RULE,
            "day": day,
            **told,
        },
    )
    return int(made.scalar_one())


# ---- rules


def test_a_version_holds_from_its_day_on_and_the_one_before_until_then(connection: sa.Connection) -> None:
    assert publish(connection) == 1
    lighter = TEXT.replace("weight_points = 120", "weight_points = 60")
    assert publish(connection, lighter, day=DAY + timedelta(days=3), seen=1) == 2
    now = rules(connection)
    assert (now["version_number"], now["next_number"], now["next_date"]) == (1, 2, date(2026, 11, 26))
    then = rules(connection, day_date=date(2026, 11, 26))
    assert (then["version_number"], then["next_number"]) == (2, None)
    versions = room_queries.game_rule_versions(connection, rule_name=RULE)
    assert versions["until_date"].to_list() == [None, date(2026, 11, 26)]
    assert versions["why_text"].to_list() == ["It fits our work."] * 2


def test_a_rule_is_switched_off_from_a_day_and_stays_on_until_then(connection: sa.Connection) -> None:
    publish(connection)
    off = TEXT.replace('kind = "points"', 'kind = "points"\nis_on = false')
    publish(connection, off, day=DAY + timedelta(days=1), seen=1)
    assert (rules(connection)["is_on"], rules(connection)["is_next_on"]) == (True, False)
    assert rules(connection, day_date=DAY + timedelta(days=1))["is_on"] is False


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        (
            TEXT.replace("weight_points = 120", 'weight_points = "much"'),
            {},
            r"line 22, curve.weight_points: found .*much",
        ),
        (TEXT.replace("above =", "abov ="), {}, r"measure\.above"),
        (TEXT.replace(f'name = "{RULE}"', 'name = "other"'), {}, "a rule keeps its name"),
        (TEXT, {"day": DAY - timedelta(days=1)}, "expected 2026-11-23 or later"),
        (TEXT, {"day": DAY + timedelta(days=400)}, "within a year"),
        (TEXT, {"why_text": " "}, "expected 3 to 600"),
        (TEXT, {"seen": 4}, "version 0 now, and you began with 4"),
    ],
)
def test_what_cannot_be_published_says_why_and_publishes_nothing(
    connection: sa.Connection, text: str, more: dict[str, Any], told: str
) -> None:
    with pytest.raises(GameError, match=told):
        publish(connection, text, **more)
    assert room_queries.game_rule_versions(connection, rule_name=RULE).is_empty()


def test_the_same_words_again_are_no_version_and_somebody_elses_is_not_overwritten(
    connection: sa.Connection,
) -> None:
    publish(connection)
    with pytest.raises(GameError, match="word for word what version 1 says"):
        publish(connection, seen=1)
    with pytest.raises(GameError, match="version 1 now, and you began with 0"):
        publish(connection, TEXT.replace("120", "90"))


def test_the_list_tells_what_stands_of_28_days_and_of_how_many(connection: sa.Connection) -> None:
    publish(connection, day=DAY)
    agents = ids(connection, "agents")
    # Aino 40 + 30; Boris 50, taken back whole; Clara 20, but one day too early
    entry(connection, agents["Aino"], 40, DAY - timedelta(days=27), 1)
    entry(connection, agents["Aino"], 30, DAY, 1)
    wrong = entry(connection, agents["Boris"], 50, DAY, 1)
    entry(connection, agents["Boris"], -50, DAY, 2, kind="reversal", reverses=wrong)
    entry(connection, agents["Clara"], 20, DAY - timedelta(days=28), 1)
    row = rules(connection)
    assert (row["given_points"], row["given_agents"], row["last_given_date"]) == (40 + 30 + 50 - 50, 1, DAY)
    given = room_queries.game_rule_given(
        connection, rule_name=RULE, first_date=DAY - timedelta(days=27), last_date=DAY
    )
    assert given.select("agent_name", "given_points", "given_days").rows() == [("Aino", 70, 2)]


# ---- past days again


def ask(connection: sa.Connection, **more: Any) -> int:
    told = {
        "first_date": DAY - timedelta(days=7),
        "last_date": DAY - timedelta(days=1),
        "why_text": "The limit was wrong.",
    }
    return room_saves.ask_rescore(
        connection, rule_name=RULE, version_number=1, day_date=DAY, **{**told, **more}, **WHO
    )


def decide(
    connection: sa.Connection, run_id: int, who: str, *, is_alone: bool = False, is_approved: bool = True
) -> None:
    told = {
        "run_id": run_id,
        "is_approved": is_approved,
        "answer_text": "I have looked.",
        "is_alone": is_alone,
    }
    room_saves.decide_rescore(connection, viewer_name=who, at=NOON, **told)


def requests(connection: sa.Connection) -> list[tuple[Any, ...]]:
    found = room_queries.game_rescores(connection, since_at=NOON - timedelta(days=1))
    return found.select("state_name", "actor_name", "decided_by_name").rows()


def test_nobody_approves_their_own_request_and_a_second_person_does_once(connection: sa.Connection) -> None:
    publish(connection)
    number = ask(connection)
    with pytest.raises(GameError, match="somebody else has to look at"):
        decide(connection, number, "mona")
    assert requests(connection) == [("asked", "mona", None)]
    decide(connection, number, "mart")
    assert requests(connection) == [("approved", "mona", "mart")]
    with pytest.raises(GameError, match="decided before"):
        decide(connection, number, "mati", is_approved=False)
    connection.execute(sa.text("update game.runs set ended_at = started_at where run_id = :n"), {"n": number})
    assert requests(connection) == [("done", "mona", "mart")]


def test_where_nobody_signs_in_the_only_person_approves_with_a_reason(connection: sa.Connection) -> None:
    publish(connection)
    decide(connection, ask(connection), "mona", is_alone=True)
    assert requests(connection) == [("approved", "mona", "mona")]


def test_a_rule_has_one_request_at_a_time_and_none_for_days_that_are_not_over(
    connection: sa.Connection,
) -> None:
    publish(connection)
    with pytest.raises(GameError, match="at most 92 working days that are over"):
        ask(connection, last_date=DAY)
    number = ask(connection)
    with pytest.raises(GameError, match="One request for this rule waits already"):
        ask(connection)
    decide(connection, number, "mart", is_approved=False)
    assert ask(connection) > number


# ---- seasons


def test_seasons_do_not_overlap_and_one_that_runs_is_not_closed(connection: sa.Connection) -> None:
    def made(name: str, first: date, days: int) -> None:
        end = first + timedelta(days=days)
        room_saves.make_season(connection, season_name=name, start_date=first, end_date=end, freezes=2)

    made("Autumn", DAY - timedelta(days=30), 30)  # its last day was yesterday
    with pytest.raises(GameError, match="“Autumn” has days of it already"):
        made("Winter", DAY - timedelta(days=1), 90)
    made("Winter", DAY, 90)
    close = {"day_date": DAY, "viewer_name": "mona"}
    with pytest.raises(GameError, match="it runs still"):
        room_saves.ask_close(connection, season_name="Winter", **close)
    room_saves.ask_close(connection, season_name="Autumn", **close)
    with pytest.raises(GameError, match="somebody has asked already"):
        room_saves.ask_close(connection, season_name="Autumn", **close)
    found = room_queries.game_seasons(connection)
    assert found.select("season_name", "state_name", "closed_by_name", "season_days").rows() == [
        ("Winter", "open", None, 90),
        ("Autumn", "settling", "mona", 30),
    ]
    made("Last", DAY + timedelta(days=90), 30)
    with pytest.raises(GameError, match="an earlier end"):
        room_saves.change_season(
            connection, season_name="Winter", end_date=DAY + timedelta(days=91), freezes=2
        )


# ---- what waits


def test_whoever_waits_longest_stands_first(connection: sa.Connection) -> None:
    publish(connection)
    agents = ids(connection, "agents")
    add = sa.text(
        "insert into game.holds (entry_key, agent_id, rule_name, version_number, effective_date, guard_name, held_points, "
        "found_at, evidence, state_name, decided_at, decided_by_name) values (:key, :agent, :rule, 1, :day, "
        "'short-calls', 10, :at, '{}', :state, :decided, :who)"
    )
    for key, name, hours, state in (
        ("a", "Aino", 2, "held"),
        ("b", "Boris", 9, "held"),
        ("c", "Clara", 20, "released"),
    ):
        at, is_held = NOON - timedelta(hours=hours), state == "held"
        told = {"key": key, "agent": agents[name], "rule": RULE, "day": DAY, "at": at, "state": state}
        decided = {"decided": None if is_held else NOON, "who": None if is_held else "mona"}
        connection.execute(add, {**told, **decided})
    found = room_queries.game_holds_open(connection, first_date=DAY - timedelta(days=28))
    assert found["agent_name"].to_list() == ["Boris", "Aino", "Clara"]
    assert rules(connection)["held_count"] == 2


# ---- what it changed

EFFECT = """
agent  day         queue    resolved  flagged
Aino   2026-11-09  sales     8        10
Aino   2026-11-10  billing   1        10
Boris  2026-11-09  sales     6        10
Boris  2026-11-16  billing  12        40
Boris  2026-11-23  billing  24        40
Aino   2026-11-23  sales    36        40
"""


def put(connection: sa.Connection, table: str) -> None:
    agents, queues = ids(connection, "agents"), ids(connection, "queues")
    for line in table.strip().splitlines()[1:]:
        agent, day, queue, resolved, flagged = line.split()
        sums = {
            "resolved_first_contacts": int(resolved),
            "flagged_contacts": int(flagged),
            "signed_in_seconds": 3600,
        }
        connection.execute(
            sa.text(
                "insert into game.day_sums (agent_id, effective_date, queue_id, channel_name, sums) "
                "values (:agent, :day, :queue, 'call', cast(:sums as jsonb))"
            ),
            {"agent": agents[agent], "day": day, "queue": queues[queue], "sums": json.dumps(sums)},
        )


def effect_rows(connection: sa.Connection, **more: Any) -> pl.DataFrame:
    return room_queries.game_effect_days(connection, rule_name=RULE, version_number=1, last_date=DAY, **more)


def test_weeks_are_counted_from_the_first_day_and_expected_of_everybodys_rate_in_the_same_work(
    connection: sa.Connection,
) -> None:
    publish(connection, day=DAY)
    put(connection, EFFECT)
    found = effect_rows(connection)
    names = {number: name for name, number in ids(connection, "agents").items()}
    # everybody: sales (8 + 6 + 36) of (10 + 10 + 40) = 50 / 60; billing (1 + 12 + 24) of (10 + 40 + 40) = 37 / 90
    sales, billing = 50 / 60, 37 / 90
    told = {
        (names[row["agent_id"]], row["week_number"]): (
            row["above_amount"],
            row["below_amount"],
            row["expected_amount"],
        )
        for row in found.to_dicts()
    }
    assert told == {
        ("Aino", -2): (8 + 1, 10 + 10, pytest.approx(10 * sales + 10 * billing)),
        ("Aino", 0): (36, 40, pytest.approx(40 * sales)),
        ("Boris", -2): (6, 10, pytest.approx(10 * sales)),
        ("Boris", -1): (12, 40, pytest.approx(40 * billing)),
        ("Boris", 0): (24, 40, pytest.approx(40 * billing)),
    }
    assert found["is_under"].all()  # the rule names no queue: it is for everybody at once
    assert room_effect.told(found, best_by="up").verdict == "own_history"


def test_a_rule_for_one_queue_has_those_of_the_others_to_compare_with(connection: sa.Connection) -> None:
    publish(connection, TEXT.replace('grain = "week"', 'grain = "week"\nqueues = ["sales"]'))
    put(connection, EFFECT)
    names = {number: name for name, number in ids(connection, "agents").items()}
    under = {names[row["agent_id"]]: row["is_under"] for row in effect_rows(connection).to_dicts()}
    # Aino 50 of 60 flagged contacts in sales, Boris 10 of 90
    assert under == {"Aino": True, "Boris": False}


def test_without_what_is_counted_there_is_no_row_and_no_effect(connection: sa.Connection) -> None:
    publish(connection)
    put(connection, EFFECT)
    nothing = effect_rows(connection, of_name="satisfied")
    assert nothing.is_empty()
    assert room_effect.told(nothing, best_by="up").verdict == "nothing"
    publish(connection, shipped.texts()["levels"].spec_text, rule_name="levels")
    with pytest.raises(GameError, match="counts nothing of its own"):
        room_queries.game_effect_days(connection, rule_name="levels", version_number=1, last_date=DAY)
