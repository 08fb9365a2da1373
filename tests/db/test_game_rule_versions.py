"""Rules and the ledger together: posted once, kept by version, counted again only where somebody approved it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from etl.game import reconcile, rulebook
from sql.game_rules import publishing, shipped
from tests.game_drawn import rolled_back, tell

MONDAY = date(2026, 3, 2)
LAST = date(2026, 3, 15)
NOW = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
THANKS = shipped.texts()["points-thanks"]
ROWS = """
select l.period_text, l.version_number, sum(l.entry_points) as points from game.ledger as l
where l.rule_name = 'points-thanks' group by l.period_text, l.version_number having sum(l.entry_points) <> 0 order by 1, 2
"""


@pytest.fixture
def floor(shared_engine: sa.Engine) -> Iterator[sa.Connection]:
    """A migrated warehouse; what a test puts into it is gone afterwards."""
    with rolled_back(shared_engine) as connection:
        yield connection


def post(floor: sa.Connection, **more: Any) -> reconcile.Reconciled:
    return reconcile.post(floor, first_date=MONDAY, last_date=LAST, now=NOW, **more)


def stand(floor: sa.Connection) -> list[tuple[str, int, int]]:
    return [(row.period_text, row.version_number, int(row.points)) for row in floor.execute(sa.text(ROWS))]


def publish(floor: sa.Connection, text: shipped.Text, valid_from: date) -> int | None:
    now = datetime.combine(valid_from, NOW.timetz())
    return publishing.publish(floor, text, valid_from=valid_from, today=valid_from, actor_name="me", now=now)


def test_a_new_version_leaves_what_was_earned_and_only_an_approved_rescoring_counts_it_again(
    floor: sa.Connection,
) -> None:
    for day in (MONDAY, MONDAY + timedelta(days=7)):
        tell(floor, 1, day, kudos=2)
    publish(floor, THANKS, MONDAY)
    # 2 of the 4 thanks of a full week: half of 20 points, on each of two Sundays
    assert post(floor).added_entries == 2
    assert stand(floor) == [("2026-W10", 1, 10), ("2026-W11", 1, 10)]
    assert post(floor) == reconcile.Reconciled()
    dearer = shipped.read(THANKS.spec_text.replace("weight_points = 20", "weight_points = 40"), "x")
    assert publish(floor, dearer, MONDAY + timedelta(days=7)) == 2
    found = post(floor)
    assert (found.added_entries, found.reversed_entries) == (1, 1)
    assert stand(floor) == [("2026-W10", 1, 10), ("2026-W11", 2, 20)]
    asked = {"rule_name": "points-thanks", "version_number": 2, "state": "approved"}
    run = floor.execute(
        sa.text(
            "insert into game.runs (kind_name, started_at, first_date, last_date, actor_name, note_text)"
            " values ('rescore', :now, :first, :last, 'me', :note) returning run_id"
        ),
        {"now": NOW, "first": MONDAY, "last": MONDAY + timedelta(days=6), "note": json.dumps(asked)},
    ).scalar_one()
    found = post(floor, rules={"points-thanks"}, run_id=run)
    assert (found.added_entries, found.reversed_entries) == (1, 1)
    assert stand(floor) == [("2026-W10", 2, 20), ("2026-W11", 2, 20)]


def test_a_version_that_was_replaced_on_its_own_first_day_leaves_nothing_behind(floor: sa.Connection) -> None:
    tell(floor, 1, MONDAY, kudos=2)
    publish(floor, THANKS, MONDAY)
    post(floor)
    dearer = shipped.read(THANKS.spec_text.replace("weight_points = 20", "weight_points = 40"), "x")
    publish(floor, dearer, MONDAY)
    post(floor)
    assert stand(floor) == [("2026-W10", 2, 20)]
    assert post(floor) == reconcile.Reconciled()


def test_a_rule_that_is_switched_off_gives_nothing_from_that_day_on(floor: sa.Connection) -> None:
    for day in (MONDAY, MONDAY + timedelta(days=7)):
        tell(floor, 1, day, kudos=4)
    publish(floor, THANKS, MONDAY)
    off = shipped.read("is_on = false\n" + THANKS.spec_text, "x")
    assert publish(floor, off, MONDAY + timedelta(days=7)) == 2
    post(floor)
    assert stand(floor) == [("2026-W10", 1, 20)]


def test_all_shipped_rules_are_posted_once_with_evidence_that_stands_behind_them(
    floor: sa.Connection,
) -> None:
    drawn = (Path(__file__).parent / "game_floor.sql").read_text(encoding="utf-8")
    floor.execute(sa.text(drawn), {"last_date": LAST, "days": 28})
    published = rulebook.publish_shipped(floor, now=NOW, today=LAST, history_from=date(2026, 2, 1))
    assert sorted(published) == sorted(shipped.texts())
    assert rulebook.publish_shipped(floor, now=NOW, today=LAST) == []
    found = post(floor)
    assert found.added_entries > 100
    assert post(floor) == reconcile.Reconciled()
    # Coins that come with a badge or a streak are explained by its rows.
    bare = (
        "select count(*) from game.ledger as l where l.kind_name = 'award' and l.rule_name <> 'levels' "
        "and l.account_name <> 'coins'"
    )
    without = " and not exists (select 1 from game.evidence as e where e.entry_id = l.entry_id)"
    assert floor.execute(sa.text(bare + without)).scalar_one() == 0
    assert floor.execute(sa.text(bare)).scalar_one() > 100
