"""The ledger of the game: only added to, posted once a day is over, closed, put right beside, and held for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from etl.game import closing, decisions, guards, keeping, proving, reconcile, rulebook, today
from etl.game.reconcile import Reconciled
from sql import warehouse
from sql.warehouse import WarehouseError
from tests import ledger_floor as floor

DAY = date(2026, 11, 4)
WINDOW = {"first_date": floor.FIRST, "last_date": floor.LAST}


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.fixture
def site(engine: sa.Engine) -> Iterator[sa.Engine]:
    """Agent 1 solved five matters on the fourth and two on the fifth; rules that count them."""
    with engine.begin() as connection:
        floor.people(connection)
        floor.publish(connection, at=at(3))
        for number in range(5):
            floor.call(connection, at(4, 8 + number), f"four{number}")
        for number in range(2):
            floor.call(connection, at(5, 8 + number), f"five{number}")
    return engine


def bring(engine: sa.Engine, **more: Any) -> Reconciled:
    return reconcile.reconcile(engine, **{"now": floor.NOW, "rules": tuple(floor.RULES), **WINDOW, **more})


def rows(engine: sa.Engine, statement_text: str, /, **params: object) -> list[tuple[Any, ...]]:
    with engine.begin() as connection:
        found = connection.execute(sa.text(statement_text), params)
        return [tuple(row) for row in found] if found.returns_rows else []


def entries(engine: sa.Engine, rule_name: str = "points-solved") -> list[tuple[Any, ...]]:
    return rows(
        engine,
        "select kind_name, account_name, entry_points, effective_date::text from game.ledger where rule_name = :name "
        "order by entry_id",
        name=rule_name,
    )


def test_what_is_earned_is_posted_with_its_evidence_and_told_once(site: sa.Engine) -> None:
    bring(site)
    # 5 of 10 are half of 100 points and 2 a fifth; a tenth of each in coins
    assert sorted(entries(site)) == [
        ("award", "coins", 2, "2026-11-05"),
        ("award", "coins", 5, "2026-11-04"),
        ("award", "points", 20, "2026-11-05"),
        ("award", "points", 50, "2026-11-04"),
    ]
    evidence = rows(
        site,
        "select sum(e.above_value), min(e.fact_name), count(*) from game.evidence as e join game.ledger as l "
        "using (entry_id) "
        "where l.entry_points = 50",
    )
    # by three hours of Prague's clock: 9, 10 and 11 o'clock are one row, 12 and 13 another
    assert evidence == [(5.0, "resolved_first_contacts", 2)]
    # 50 + 20, and for the week 7 of 7 where everybody makes 1: (1 - 0.2) of (1.6 - 0.2) of 100 are 57: two steps of 60
    told = "select kind_name, name_text from game.moments order by moment_id"
    assert rows(site, told) == [("level", "Level 2"), ("level", "Level 3")]
    assert bring(site) == Reconciled()


def test_a_fact_that_changes_reverses_the_whole_entry_and_posts_another(site: sa.Engine) -> None:
    bring(site)
    told = "select moment_key from game.moments order by 1"
    before = rows(site, told)
    rows(site, "update warehouse.calls set is_resolved = false where call_id = 'four0'")
    done = bring(site)
    assert done.reversed_entries == 2
    assert entries(site)[-4:].count(("reversal", "points", -50, "2026-11-04")) == 1
    assert rows(
        site,
        "select sum(entry_points) from game.ledger where rule_name = 'points-solved' and account_name = 'points'",
    ) == [(60,)]
    assert rows(site, told) == before


def test_less_than_the_least_change_waits_for_the_close_of_the_day(site: sa.Engine) -> None:
    bring(site)
    rows(
        site, "update warehouse.calls set is_resolved = false where call_id = 'four0'"
    )  # 50 points become 40
    assert bring(site, least_change=11).reversed_entries == 0
    assert bring(site).reversed_entries == 2


@pytest.mark.parametrize(
    "text",
    [
        "update game.ledger set entry_points = 1",
        "update game.ledger set reason_text = 'another'",
        "delete from game.ledger",
        "truncate game.ledger cascade",
        "update game.evidence set above_value = 1",
        "delete from game.evidence",
        "truncate game.evidence",
        "update game.rule_versions set is_on = false",
        "delete from game.rule_versions",
        "delete from game.day_closes",
    ],
)
def test_what_was_written_is_neither_changed_nor_deleted(site: sa.Engine, text: str) -> None:
    with site.begin() as connection:
        reconcile.post(connection, **WINDOW, now=floor.NOW, rules=())
        closing.close(connection, DAY, DAY, now=floor.NOW)
        decisions.manual_entry(
            connection, agent_id=1, account_name="points", points=1, reason="By hand", actor_name="Ada", now=floor.NOW,
            entry_key="m",
        )  # fmt: skip
        connection.execute(
            sa.text("insert into game.evidence (entry_id, place_number, agent_id, effective_date, fact_name, above_value) "
                    "select entry_id, 1, 1, effective_date, 'x', 1 from game.ledger")
        )  # fmt: skip
    with pytest.raises(WarehouseError, match="only added to"), warehouse.connected(site) as connection:
        connection.execute(sa.text(text))


def test_a_reversal_takes_back_one_whole_entry_and_never_a_reversal(site: sa.Engine) -> None:
    bring(site)
    [(entry_id, key, run_id)] = rows(
        site, "select entry_id, entry_key, run_id from game.ledger where entry_points = 50"
    )
    half = (
        "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name, "
        "version_number, effective_date, period_text, run_id, reverses_entry_id, reason_text, actor_name) "
        "values (:key, 2, 1, 'points', :points, 'reversal', 'points-solved', 1, '2026-11-04', 'day', "
        ":run_id, :entry_id, '-', 'Ada')"
    )
    with (
        pytest.raises(WarehouseError, match="takes back one whole entry"),
        warehouse.connected(site) as connection,
    ):
        connection.execute(sa.text(half), {"key": key, "points": -25, "run_id": run_id, "entry_id": entry_id})


def test_a_day_is_posted_when_it_is_over_and_settled_and_shown_before(site: sa.Engine) -> None:
    # A day ends at 4 in Prague, 3 in UTC, and settles four hours
    with site.begin() as connection:
        assert closing.clock(connection, at(5, 6)).posted_date == date(2026, 11, 3)
        assert closing.clock(connection, at(5, 7)).posted_date == DAY
    assert today.show(site, now=at(5, 6)) > 0
    shown = (
        "select entry_points, effective_date::text from game.today where rule_name = "
        "'points-solved' and account_name = 'points'"
    )
    assert sorted(rows(site, shown)) == [(20, "2026-11-05"), (50, "2026-11-04")]
    reconcile.reconcile(site, first_date=DAY, last_date=DAY, now=at(5, 7), rules=tuple(floor.RULES))
    today.show(site, now=at(5, 7))
    assert rows(site, shown) == [(20, "2026-11-05")]  # what is posted is not shown twice


def closed_site(site: sa.Engine) -> datetime:
    """Ten days and one later: the fourth is closed with what it held."""
    bring(site)
    with site.begin() as connection:
        closing.close(connection, DAY, DAY, now=floor.NOW)
    return floor.NOW


def test_after_the_close_a_difference_stands_in_the_open_period_beside_what_it_corrects(
    site: sa.Engine,
) -> None:
    closed_site(site)
    with site.begin() as connection:
        for number in range(3):
            floor.call(connection, at(4, 15), f"late{number}")
    before = entries(site)
    bring(site)
    after = entries(site)
    assert after[: len(before)] == before
    # 8 of 10 where 5 were: 30 points and 3 coins more, in the newest open day
    assert sorted(after[len(before) :]) == [
        ("adjust", "coins", 3, "2026-11-10"),
        ("adjust", "points", 30, "2026-11-10"),
    ]
    [(corrected, for_date)] = rows(
        site,
        "select o.effective_date::text, l.workings ->> 'for_date' from game.ledger as l "
        "join game.ledger as o on l.corrects_entry_id = o.entry_id where l.kind_name = 'adjust' and "
        "l.account_name = 'points'",
    )
    assert (corrected, for_date) == ("2026-11-04", "2026-11-04")
    assert bring(site) == Reconciled()


def test_after_the_close_points_may_fall_but_no_badge_and_no_level_goes(site: sa.Engine) -> None:
    with site.begin() as connection:
        for number in range(3):
            floor.call(connection, at(4, 15), f"more{number}")
    closed_site(site)
    held = "select rule_name, sum(entry_points) from game.ledger where account_name = 'badges' group by 1"
    badges = rows(site, held)
    assert badges == [("solver", 1)]  # the eighth of the fourth
    levels = entries(site, "ladder")
    rows(site, "delete from warehouse.calls where call_id like 'more%' or call_id like 'four%'")
    bring(site)
    assert rows(site, held) == badges
    assert entries(site, "ladder") == levels
    points = "select sum(entry_points) from game.ledger where rule_name = 'points-solved' and account_name = 'points'"
    assert rows(site, points) == [(20,)]


def test_coins_that_were_spent_before_they_are_taken_back_are_written_off(site: sa.Engine) -> None:
    bring(site)
    with site.begin() as connection:
        balance, _ = warehouse.one_row(connection, "game/wallet_lock", agent_id=1)
        bought = {"agent_id": 1, "reason": "A mug", "actor_name": "Ada", "now": floor.NOW}
        assert decisions.spend(connection, coins=balance + 1, entry_key="order|1", **bought) is None
        assert decisions.spend(connection, coins=balance, entry_key="order|1", **bought) is not None
        assert decisions.spend(connection, coins=1, entry_key="order|1", **bought) is None
    rows(site, "delete from warehouse.calls")
    bring(site)
    wallet = "select balance_coins from game.wallets where agent_id = 1"
    assert rows(site, wallet) == [(0,)]
    assert rows(site, "select count(*) from game.ledger where kind_name = 'write_off'") == [(1,)]


def hold_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(_connection: sa.Connection, *, desired: Any, **_window: date) -> list[guards.Hold]:
        return [
            guards.Hold(one.entry_key, one.agent_id, "short-calls", one.entry_points, {"says": "many"})
            for one in desired
            if one.entry_points == 50
        ]

    monkeypatch.setattr(guards, "found", found)


@pytest.fixture
def guarded(site: sa.Engine) -> sa.Engine:
    """A next version of the rule, which lets guards ask."""
    text = floor.RULES["points-solved"] + '\n[guards]\nhold_on = ["short-calls"]\n'
    told = {"text": text, "hash": "0" * 64, "at": at(3)}
    rows(
        site,
        "insert into game.rule_versions (rule_name, version_number, valid_from_date, is_on, spec_text, "
        "spec_sha256, purpose_text, "
        "published_at, published_by_name) values ('points-solved', 2, '2026-11-04', true, :text, :hash, '-', :at, 'Ada')",
        **told,
    )
    return site


def test_a_held_award_waits_for_a_person_and_is_posted_once_it_is_released(
    guarded: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_all(monkeypatch)
    assert bring(guarded).held_entries == 1
    posted = "select count(*) from game.ledger where entry_points = 50"
    assert rows(guarded, posted) == [(0,)]
    assert bring(guarded) == Reconciled()
    with guarded.begin() as connection:
        assert (
            decisions.answer_hold(connection, 1, agent_id=2, answer="Mine", now=floor.NOW) is None
        )  # another's
        assert decisions.answer_hold(connection, 1, agent_id=1, answer="A faulty line", now=floor.NOW) == 1
        asked = {"note": "True", "actor_name": "Ada", "now": floor.NOW}
        assert decisions.decide_hold(connection, 1, is_released=True, **asked) == 1
        assert decisions.decide_hold(connection, 1, is_released=False, **asked) is None  # decided already
    bring(guarded)
    assert rows(guarded, posted) == [(1,)]


def test_a_refused_award_is_never_posted_and_what_was_posted_before_somebody_looked_is_taken_back(
    guarded: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(guarded)
    [(key,)] = rows(guarded, "select entry_key from game.ledger where entry_points = 50")
    rows(
        guarded,
        "insert into game.holds (entry_key, agent_id, rule_name, version_number, effective_date, guard_name, "
        "held_points, found_at, "
        "evidence) values (:key, 1, 'points-solved', 2, '2026-11-04', 'short-calls', 50, :at, '{}')",
        key=key, at=floor.NOW,
    )  # fmt: skip
    assert bring(guarded) == Reconciled(0, 0, 0)  # a guard takes nothing away
    with guarded.begin() as connection:
        asked = {"note": "Hung up on purpose", "actor_name": "Ada", "now": floor.NOW}
        decisions.decide_hold(connection, 1, is_released=False, **asked)
    bring(guarded)
    assert rows(guarded, "select sum(entry_points) from game.ledger where entry_key = :key", key=key) == [
        (0,)
    ]
    assert bring(guarded) == Reconciled()


def test_a_new_version_leaves_what_was_earned_under_the_old_one(guarded: sa.Engine) -> None:
    with guarded.begin() as connection:
        floor.call(connection, at(3), "three")
    bring(guarded)
    found = rows(
        guarded,
        "select version_number, effective_date::text from game.ledger where rule_name = 'points-solved' and "
        "account_name = 'points' "
        "order by 2",
    )
    assert found == [(1, "2026-11-03"), (2, "2026-11-04"), (2, "2026-11-05")]


def test_days_that_an_approved_request_scores_again_stay_so_in_every_later_count(guarded: sa.Engine) -> None:
    bring(guarded)
    note = {"rule_name": "points-solved", "version_number": 1, "state": "approved", "why": "-"}
    rows(
        guarded,
        "insert into game.runs (kind_name, started_at, first_date, last_date, actor_name, note_text) "
        "values ('rescore', :at, '2026-11-04', '2026-11-04', 'Ada', :note)",
        at=floor.NOW, note=json.dumps(note),
    )  # fmt: skip
    bring(guarded)
    found = rows(
        guarded,
        "select version_number, effective_date::text, sum(entry_points) from game.ledger where rule_name = 'points-solved' "
        "and account_name = 'points' group by 1, 2 having sum(entry_points) <> 0 order by 2",
    )
    assert found == [(1, "2026-11-04", 50), (2, "2026-11-05", 20)]
    assert bring(guarded) == Reconciled()


def test_the_job_posts_closes_and_then_rests_and_the_ledger_is_proved(site: sa.Engine) -> None:
    now = at(17, 12)
    rows(
        site,
        "insert into game.seasons (season_name, start_date, end_date) values ('Autumn', '2026-10-01', '2026-11-06')",
    )
    rows(site, "update game.seasons set state_name = 'settling', closed_by_name = 'Ada'")
    game = keeping.Game(site, now=lambda: now)
    game.work()
    # posted until the 16th, closed until the 6th: the season's last day is the 5th
    assert rows(site, "select max(day_date)::text from game.day_closes") == [("2026-11-06",)]
    assert rows(site, "select state_name, closed_by_name from game.seasons where season_name = 'Autumn'") == [
        ("closed", "Ada")
    ]
    assert rows(site, "select count(*) > 40 from game.rules where is_shipped") == [(True,)]
    written = "select count(*), max(entry_id) from game.ledger"
    before = rows(site, written)
    closing.keep(site, now=now)
    assert rows(site, written) == before
    assert proving.prove(site, now=now).is_good


def test_a_proof_finds_an_entry_too_many_and_a_closed_day_that_was_changed(site: sa.Engine) -> None:
    closed_site(site)
    assert proving.prove(site, now=floor.NOW).is_good
    rows(
        site,
        "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name, "
        "version_number, effective_date, period_text, run_id, reason_text, actor_name) "
        "values ('points-solved|1|2|2026-11-04|1', 1, 2, 'points', 99, 'award', 'points-solved', 1, '2026-11-04', 'day', "
        "(select min(run_id) from game.runs), 'Put in by hand', 'Eve')",
    )
    found = proving.prove(site, now=floor.NOW)
    assert not found.is_good
    # and the level that 99 points would have made
    assert ("points-solved|1|2|2026-11-04|1", 0, 99) in found.differences
    assert found.broken_days == (DAY,)


def test_the_shipped_rules_are_published_once_and_count_history_when_the_game_begins(site: sa.Engine) -> None:
    with site.begin() as connection:
        known = {"now": floor.NOW, "today": date(2026, 11, 11), "history_from": date(2026, 11, 4)}
        connection.execute(sa.text("set local session_replication_role = replica"))
        connection.execute(sa.text("delete from game.rule_versions"))
        connection.execute(sa.text("delete from game.rules"))
        connection.execute(sa.text("set local session_replication_role = origin"))
        assert len(rulebook.publish_shipped(connection, **known)) > 40
        assert rulebook.publish_shipped(connection, **known) == []
        first = connection.execute(
            sa.text("select valid_from_date from game.rule_versions where rule_name = 'points-solved-today'")
        ).scalar_one()
    assert first == date(2026, 11, 4)


def test_a_person_who_is_erased_leaves_amounts_and_no_name_no_word_and_no_moment(site: sa.Engine) -> None:
    bring(site)
    with site.begin() as connection:
        [entry_id] = connection.execute(sa.text("select min(entry_id) from game.ledger")).one()
        decisions.dispute(
            connection, agent_id=1, entry_id=entry_id, reason="I, Agent 1, solved nine", now=floor.NOW
        )
        decisions.manual_entry(
            connection, agent_id=2, account_name="points", points=3, reason="Thanks from Agent 1", actor_name="Agent 1",
            now=floor.NOW, entry_key="by hand",
        )  # fmt: skip
        total = connection.execute(sa.text("select sum(entry_points) from game.ledger")).scalar_one()
        told = {"agent_id": 1, "told_texts": ["Agent 1"], "instead_text": "Former agent 5"}
        warehouse.one_row(connection, "merge/erase_game", **told)
        assert connection.execute(sa.text("select sum(entry_points) from game.ledger")).scalar_one() == total
        assert (
            connection.execute(sa.text("select count(*) from game.moments where agent_id = 1")).scalar_one()
            == 0
        )
        texts = connection.execute(
            sa.text(
                "select string_agg(l::text, ' ') from game.ledger as l union all "
                "select string_agg(e::text, ' ') from game.evidence as e union all "
                "select string_agg(d::text, ' ') from game.disputes as d"
            )
        ).scalars()
        assert all("Agent 1" not in text for text in texts)


def test_old_workings_go_and_amounts_stay(site: sa.Engine) -> None:
    bring(site)
    with site.begin() as connection:
        total = connection.execute(sa.text("select sum(entry_points), count(*) from game.ledger")).one()
        before = date(2026, 11, 5)
        clock = "select greatest(current_date - interval '1 month', date '1990-01-01')::date >= cast(:day as date)"
        if connection.execute(sa.text(clock), {"day": before}).scalar_one():
            warehouse.one_row(connection, "retention/game_workings", before_date=before)
            left = (
                "select distinct effective_date::text from game.evidence where effective_date < '2026-11-05'"
            )
            assert connection.execute(sa.text(left)).all() == []
        assert (
            connection.execute(sa.text("select sum(entry_points), count(*) from game.ledger")).one() == total
        )
    with pytest.raises(WarehouseError, match="kept for a month"), warehouse.connected(site) as connection:
        warehouse.one_row(
            connection, "retention/game_workings", before_date=date(2099, 1, 1) - timedelta(days=1)
        )


def test_a_badge_that_late_facts_show_to_be_earned_on_a_closed_day_stays_in_every_later_count(
    site: sa.Engine,
) -> None:
    with site.begin() as connection:
        floor.call(connection, at(9), "eighth")  # 5 + 2 + 1: bronze on the ninth
    bring(site)
    held = "select account_name, sum(entry_points) from game.ledger where rule_name = 'solver' group by 1 order by 1"
    assert rows(site, held) == [("badges", 1), ("coins", 5)]
    with site.begin() as connection:
        closing.close(connection, floor.FIRST, date(2026, 11, 5), now=floor.NOW)
        floor.call(connection, at(4, 15), "late")  # the eighth was on the fifth, which is closed
    bring(site)
    assert rows(site, held) == [("badges", 1), ("coins", 5)]
    bring(site, first_date=date(2026, 11, 6))  # the open days alone, as each night
    assert rows(site, held) == [("badges", 1), ("coins", 5)]
    assert bring(site) == Reconciled()


def test_who_comes_again_is_counted_also_where_days_close_before_the_seven_days_are_over(
    site: sa.Engine,
) -> None:
    rows(site, "update game.settings set open_days = 2")
    rows(site, "update warehouse.calls set customer_key = 'k' || call_id")
    counted = (
        "select coalesce(sum((sums ->> 'followed_contacts')::int), 0) from game.day_sums where "
        "effective_date = '2026-11-04'"
    )
    closing.keep(site, now=at(9))
    assert rows(site, counted) == [(0,)]
    assert rows(site, "select max(day_date)::text from game.day_closes") == [("2026-11-06",)]
    closing.keep(site, now=at(16))
    assert rows(site, counted) == [(5,)]


def test_a_history_that_is_loaded_once_the_game_runs_is_counted_too(site: sa.Engine) -> None:
    closing.keep(site, now=at(17, 12))
    assert rows(site, "select max(day_date)::text from game.day_closes") == [("2026-11-06",)]
    with site.begin() as connection:
        floor.call(connection, at(3, 1), "before")  # two o'clock in Prague: of the working day before
    closing.keep(site, now=at(17, 13))
    told = (
        "select kind_name, entry_points, workings ->> 'for_date' from game.ledger "
        "where rule_name = 'points-solved' and account_name = 'points' order by entry_id desc limit 1"
    )
    assert rows(site, told) == [("adjust", 10, "2026-11-02")]
