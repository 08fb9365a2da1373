"""The ledger of the game after late, changed and deleted facts, two at once, and a kill: what one count gives."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from etl.game import closing, proving, reconcile, sums
from etl.game.reconcile import Reconciled
from sql import warehouse
from sql.warehouse import WarehouseError
from tests import ledger_floor as floor
from tests.torture.campaign import Campaign

NAMES = tuple(floor.RULES)


def bring(engine: sa.Engine) -> Reconciled:
    return reconcile.reconcile(
        engine, first_date=floor.FIRST, last_date=floor.LAST, now=floor.NOW, rules=NAMES
    )


def net(engine: sa.Engine) -> dict[str, int]:
    with engine.begin() as connection:
        return floor.net(connection)


def full_count(engine: sa.Engine) -> dict[str, int]:
    """What an empty ledger would come to hold, from sums that are all made anew; undone afterwards."""
    with engine.connect() as connection:
        outer = connection.begin()
        for text in (
            "set local session_replication_role = replica",  # the only way past the triggers
            "delete from game.evidence",
            "delete from game.ledger",
            "delete from game.day_sums",
            "delete from game.made_days",
            "set local session_replication_role = origin",
        ):
            connection.execute(sa.text(text))
        days = [floor.FIRST + timedelta(days=n) for n in range(floor.DAYS)]
        sums.make(connection, days, now=floor.NOW)
        window = {"first_date": floor.FIRST, "last_date": floor.LAST}
        reconcile.post(connection, now=floor.NOW, rules=NAMES, run_id=_run(connection), **window)
        found = floor.net(connection)
        outer.rollback()
    return found


def assert_as_counted(engine: sa.Engine) -> None:
    """Points, badges and coins are those of one full count; a level once reached may stay beyond it, none lacks."""
    kept, counted = net(engine), full_count(engine)
    levels = {key: points for key, points in kept.items() if key.startswith("ladder|")}
    assert {key: points for key, points in kept.items() if key not in levels} == {
        key: points for key, points in counted.items() if not key.startswith("ladder|")
    }
    assert levels.items() >= {item for item in counted.items() if item[0].startswith("ladder|")}


def _run(connection: sa.Connection) -> int:
    made = connection.execute(
        sa.text(
            "insert into game.runs (kind_name, started_at, actor_name) values ('reconcile', :now, 'test') returning run_id"
        ),
        {"now": floor.NOW},
    )
    return int(made.scalar_one())


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    with engine.begin() as connection:
        floor.people(connection)
        floor.publish(connection)
        floor.some_calls(connection, random.Random(8), count=90, first_number=0)
    return engine


def test_after_any_order_of_late_changed_and_deleted_facts_the_net_is_that_of_one_full_count(
    filled: sa.Engine, campaign: Campaign
) -> None:
    chance = random.Random(campaign.seed)
    batches = campaign.times(short=4, long=300)
    reversed_entries = added_entries = 0
    for batch in range(batches):
        done = bring(filled)
        added_entries, reversed_entries = (
            added_entries + done.added_entries,
            reversed_entries + done.reversed_entries,
        )
        assert bring(filled) == Reconciled()  # a second run writes nothing
        assert_as_counted(filled)
        with filled.begin() as connection:
            floor.late_batch(connection, chance, first_number=1000 + 10 * batch)
    assert reversed_entries > 0
    assert added_entries > reversed_entries
    campaign.record(
        "G1",
        "the net of the ledger is what one full count gives, and a second run writes nothing",
        batches_count=batches,
        added_entries_count=added_entries,
        reversed_entries_count=reversed_entries,
        differing_keys_count=0,
    )


def test_two_that_reconcile_at_once_post_everything_once(filled: sa.Engine, campaign: Campaign) -> None:
    rounds = campaign.times(short=1, long=20)
    chance = random.Random(campaign.seed + 1)
    doubled = 0
    for number in range(rounds):
        with filled.begin() as connection:
            floor.late_batch(connection, chance, first_number=5000 + 10 * number)
        threads = [threading.Thread(target=bring, args=(filled,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert_as_counted(filled)
        assert bring(filled) == Reconciled()
        with filled.begin() as connection:
            doubled += connection.execute(
                sa.text(
                    "select count(*) from (select entry_key from game.ledger as l where kind_name = 'award' and "
                    "not exists (select from game.ledger as r where r.reverses_entry_id = l.entry_id) "
                    "group by 1 having count(*) > 1) as d"
                )
            ).scalar_one()
    assert doubled == 0
    campaign.record("G2", "two at once post everything once", rounds_count=rounds, doubled_keys_count=doubled)


def test_a_kill_in_the_middle_leaves_nothing_half(
    filled: sa.Engine, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(filled)
    chance = random.Random(campaign.seed + 2)
    kills = campaign.times(short=1, long=60)
    whole: Callable[..., int] = warehouse.execute
    for number in range(kills):
        with filled.begin() as connection:
            floor.late_batch(connection, chance, first_number=9000 + 10 * number)
            connection.execute(
                sa.text("update warehouse.calls set is_resolved = not is_resolved where agent_id = 1")
            )
        before = net(filled)
        fatal = ("game/post_moments", "game/post_evidence", "game/run_end")[number % 3]

        def dies(connection: sa.Connection, name: str, *, _fatal: str = fatal, **params: object) -> int:
            if (
                name == _fatal
            ):  # the server ends the connection: what a kill of the process looks like from here
                connection.execute(sa.text("select pg_terminate_backend(pg_backend_pid())"))
            return whole(connection, name, **params)

        with monkeypatch.context() as patch:
            patch.setattr(reconcile.warehouse, "execute", dies)
            with pytest.raises(WarehouseError):
                bring(filled)
        assert net(filled) == before
        bring(filled)
        assert_as_counted(filled)
    campaign.record("G3", "a run that breaks off leaves nothing half", kills_count=kills, half_runs_count=0)


def test_days_that_close_meanwhile_are_put_right_beside_and_never_touched(
    filled: sa.Engine, campaign: Campaign
) -> None:
    chance = random.Random(campaign.seed + 3)
    rounds = campaign.times(short=2, long=30)
    now = floor.NOW + timedelta(days=7)
    for number in range(rounds):
        closing.keep(filled, now=now)
        proof = proving.prove(filled, now=now)
        assert proof.is_good, proof
        with filled.begin() as connection:
            floor.late_batch(connection, chance, first_number=20000 + 10 * number)
    with filled.begin() as connection:
        adjusted = connection.execute(
            sa.text("select count(*) from game.ledger where kind_name = 'adjust'")
        ).scalar_one()
    assert adjusted > 0
    campaign.record(
        "G4", "closed days are never touched, their differences stand in open ones",
        rounds_count=rounds, adjusted_entries_count=adjusted, changed_closed_days_count=0,
    )  # fmt: skip
