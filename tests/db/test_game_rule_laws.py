"""What every shipped rule and every badge that is a statement must keep to, on a floor with all that they count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sql.game_rules import compiling, shipped
from sql.game_rules.spec import GameError, Tier
from tests.conftest import engine_of_copy
from tests.game_drawn import (
    MONDAY,
    START,
    SUNDAY,
    due,
    rolled_back,
    rule,
)


@pytest.fixture
def floor(shared_engine: sa.Engine) -> Iterator[sa.Connection]:
    """A migrated warehouse; what a test puts into it is gone afterwards."""
    with rolled_back(shared_engine) as connection:
        yield connection


# ---- contracts over all that ships

SHAPE = {
    "entry_key": "text", "agent_id": "int4", "account_name": "text", "entry_points": "int4", "tier_name": "text",
    "effective_date": "date", "period_text": "text", "workings": "jsonb", "evidence": "jsonb",
}  # fmt: skip


def violations(floor: sa.Connection, name: str, text: str) -> list[str]:
    """One sentence per way in which the statement of a badge is none."""
    lines = text.splitlines()
    found = []
    if not (lines[0].startswith("-- ") and lines[1].startswith("-- Grain: ")):
        found.append(f"{name}: its first two lines do not say what it answers and its grain.")
    if ":first_date" not in text or ":last_date" not in text:
        found.append(f"{name}: it does not keep to :first_date and :last_date.")
    parameters = compiling.compiled(
        rule("badge", "kudos", tiers=(Tier("bronze", 1),)), version_number=1, valid_from=START
    ).parameters
    window = {"first_date": MONDAY, "last_date": SUNDAY}
    try:
        with floor.begin_nested():
            floor.execute(sa.text("set transaction read only"))
            limited = "\n".join(("select * from (", text, ") as x limit 0"))
            result = floor.execute(sa.text(limited), {**parameters, **window})
    except sa.exc.DBAPIError as error:
        return [*found, f"{name}: the database refuses it ({str(error.orig).splitlines()[0]})."]
    except sa.exc.StatementError as error:
        return [*found, f"{name}: it asks for what no rule gives ({error.orig})."]
    assert result.cursor is not None
    kinds = {row.oid: row.typname for row in floor.execute(sa.text("select oid, typname from pg_type"))}
    answered = {column[0]: kinds.get(column[1]) for column in result.cursor.description}
    found += [
        f"{name}: it has no column {one} of the type {kind}."
        for one, kind in SHAPE.items()
        if answered.get(one) != kind
    ]
    if not found and list(answered) != list(SHAPE):
        found.append(f"{name}: its columns stand in another order than a rule's.")
    return found + [f"{name}: its column {one} is none of a rule's." for one in answered if one not in SHAPE]


@pytest.mark.parametrize("name", compiling.badge_names())
def test_every_badge_that_is_a_statement_keeps_to_the_contract(floor: sa.Connection, name: str) -> None:
    assert violations(floor, name, compiling.badge_text(name)) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("select 1 as x", "its first two lines do not say"),
        (
            "-- A.\n-- Grain: b.\nselect 1 as x where :first_date < :last_date",
            "its column x is none of a rule's",
        ),
        (
            "-- A.\n-- Grain: b.\nselect 1 as agent_id where :first_date < :last_date",
            "it has no column entry_key of the type text",
        ),
        (
            "-- A.\n-- Grain: b.\nselect :other where :first_date < :last_date",
            "it asks for what no rule gives",
        ),
        (
            "-- A.\n-- Grain: b.\nwith d as (delete from game.day_sums returning 1)\n"
            "select * from d where :first_date < :last_date",
            "the database refuses it",
        ),
    ],
)
def test_a_statement_that_is_no_badge_is_told_why(floor: sa.Connection, text: str, sentence: str) -> None:
    assert any(sentence in one for one in violations(floor, "x", text))


# ---- laws that every shipped rule keeps

LAST = date(2026, 3, 31)
DAYS = 75


def random_floor(engine: sa.Engine) -> None:
    """Six agents of two teams over 75 days: two queues, three hours of the day, tickets, answers, thanks, schedules."""
    told = (Path(__file__).parent / "game_floor.sql").read_text(encoding="utf-8")
    with engine.begin() as connection:
        connection.execute(sa.text(told), {"last_date": LAST, "days": DAYS})


@pytest.fixture(scope="module")
def full_floor(server_url: str, template_name: str) -> Iterator[sa.Connection]:
    """A floor with everything that a shipped rule counts; only read."""
    with engine_of_copy(server_url, template_name) as engine:
        random_floor(engine)
        with engine.connect() as connection:
            yield connection


@pytest.fixture(scope="module")
def whole(full_floor: sa.Connection) -> dict[str, list[dict[str, Any]]]:
    """What each shipped rule gives over all days, by its name."""
    return {one.name: due(full_floor, one, START, LAST) for one in shipped.rules()}


def test_every_shipped_rule_gives_entries_that_a_longer_window_gives_too(
    full_floor: sa.Connection, whole: dict[str, list[dict[str, Any]]]
) -> None:
    """What is effective on a day depends on facts up to that day alone: the ledger may count any window."""
    window = date(2026, 3, 20), date(2026, 3, 29)
    for one in shipped.rules():
        assert plain(due(full_floor, one, *window)) == {
            key: row
            for key, row in plain(whole[one.name]).items()
            if window[0] <= row["effective_date"] <= window[1]
        }, one.name


def plain(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By key, with numbers to nine digits: sums of fractions differ in their last ones by the order of rows."""

    def nine(number: str) -> float:
        return round(float(number), 9)

    keyed = {row["entry_key"]: json.loads(json.dumps(row, default=str), parse_float=nine) for row in rows}
    assert len(keyed) == len(rows)
    return {
        key: {**row, "effective_date": date.fromisoformat(row["effective_date"])}
        for key, row in keyed.items()
    }


def test_the_evidence_of_every_entry_adds_up_to_its_workings(whole: dict[str, list[dict[str, Any]]]) -> None:
    told = set()
    for one in shipped.rules():
        for row in whole[one.name]:
            assert row["entry_points"] > 0
            assert row["account_name"] in ("points", "coins", "badges")
            assert len(row["entry_key"]) <= 300
            told.add(one.name)
            evidence, workings = row["evidence"], row["workings"]
            if one.kind == "streak":
                # its workings are days: as many as met the goal, and those that a freeze bridged
                assert len({part["effective_date"] for part in evidence}) >= workings["value"]
                continue
            assert sum(part["above_value"] for part in evidence) == pytest.approx(workings["above"]), one.name
            if "expected" in workings:
                expected = sum(part["expected_value"] for part in evidence)
                assert expected == pytest.approx(workings["expected"]), one.name
    silent = {one.name for one in shipped.rules()} - told
    # nobody bought a level here, nobody was ever so good (or so lucky) as the rarest ask
    assert len(silent) <= 12, sorted(silent)


def test_how_far_somebody_is_can_be_asked_of_every_rule_that_is_no_statement(
    full_floor: sa.Connection,
) -> None:
    for one in shipped.rules():
        if one.statement_name is not None:
            with pytest.raises(GameError, match="statement of its own"):
                compiling.standing(one, valid_from=START)
            continue
        found = compiling.rows(
            full_floor, compiling.standing(one, valid_from=START), first_date=LAST, last_date=LAST
        )
        assert found or one.kind == "level", one.name


def test_the_order_in_which_facts_came_is_of_no_matter(full_floor: sa.Connection) -> None:
    one = next(one for one in shipped.rules() if one.name == "points-nobody-came-back")
    before = plain(due(full_floor, one, START, LAST))
    savepoint = full_floor.begin_nested()
    full_floor.execute(
        sa.text("create temp table turned on commit drop as select * from game.day_sums order by random()")
    )
    full_floor.execute(sa.text("delete from game.day_sums"))
    full_floor.execute(sa.text("insert into game.day_sums select * from turned"))
    assert plain(due(full_floor, one, START, LAST)) == before
    savepoint.rollback()
