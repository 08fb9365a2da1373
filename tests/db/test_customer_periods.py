"""The key of callers changes and old ones are destroyed: same caller, same hash inside a time, and no way across or back."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl import LoadError
from etl.config import Settings
from etl.customer_periods import BEGINNING, Periods, destroy, periods_in, rotate
from etl.erasure import alone, erase_customer
from etl.reconcile import reconcile_day
from tests.db.test_erasure import (
    ERASED_AT,
    LATER,
    MORE,
    NUMBER,
    OTHER,
    T0,
    ask,
    at,
    figures,
    found,
    home,
    key_of,
    load_all,
    loaded,
    read_again,
    settings,
)

__all__ = ["home", "loaded", "settings"]  # the caller and Mari in every place where a site may have them

CHANGED_AT = ERASED_AT - timedelta(seconds=60)  # between what is told first and what comes after it (MORE)
CALLS = "select call_id, customer_key from warehouse.calls where customer_key is not null order by call_id"
TABLES = ("calls", "tickets", "surveys", "self_services", "revenues", "kept_callbacks")


def changed(engine: sa.Engine, when: datetime = CHANGED_AT) -> Periods:
    rotate(engine, alone, now=at(when))
    with engine.connect() as connection:
        return periods_in(connection)


def keys(engine: sa.Engine) -> dict[str, str]:
    return {str(call_id): str(key) for call_id, key in ask(engine, CALLS)}


def partners(engine: sa.Engine, table: str) -> list[int]:
    """How many rows each caller has, whatever stands for them: what a change of the key may not touch."""
    text = f"select count(*) from warehouse.{table} where customer_key is not null group by customer_key order by 1"  # noqa: S608
    return [int(str(count)) for (count,) in ask(engine, text)]


def more_told(engine: sa.Engine, settings: Settings, tmp_path: Path) -> None:
    with (tmp_path / "queue_log").open("a") as log:
        log.write(MORE)
    load_all(engine, settings, now=LATER)


def test_the_first_change_gives_what_is_kept_another_hash_and_links_the_same_rows(
    loaded: sa.Engine, settings: Settings
) -> None:
    before, linked = keys(loaded), {table: partners(loaded, table) for table in TABLES}
    told = figures(loaded)
    periods = changed(loaded)
    assert [period.started_at for period in periods.periods] == [BEGINNING, CHANGED_AT]
    assert keys(loaded) == {call_id: periods.periods[0].of(key) for call_id, key in before.items()}
    assert {table: partners(loaded, table) for table in TABLES} == linked
    assert figures(loaded) == told
    assert not set(before.values()) & set(keys(loaded).values())


def test_a_caller_is_another_one_after_the_change_and_the_same_before_it(
    loaded: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    periods = changed(loaded)
    more_told(loaded, settings, tmp_path)
    of_caller = periods.keys_of(key_of(settings))
    told = keys(loaded)
    assert len(set(of_caller)) == 2
    assert [told[call_id] for call_id in ("c1", "c2", "d1")] == [of_caller[0], of_caller[0], of_caller[1]]
    assert told["c3"] == told["c4"] == periods.keys_of(key_of(settings, OTHER))[0]


def test_records_that_are_told_again_get_what_they_got_before(
    loaded: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    changed(loaded)
    more_told(loaded, settings, tmp_path)
    before, told = keys(loaded), figures(loaded, without=("ledger",))
    read_again(loaded, settings)
    assert keys(loaded) == before
    assert figures(loaded, without=("ledger",)) == told


def test_the_nightly_comparison_finds_no_difference_after_a_change(
    loaded: sa.Engine, settings: Settings
) -> None:
    changed(loaded)
    day_date = datetime.fromtimestamp(T0, UTC).date()
    for source in settings.sources:
        done = reconcile_day(loaded, settings, source, day_date, now=at(LATER + timedelta(days=2)))
        assert (source.name, done.outcome_name) == (source.name, "agreed")


def test_a_caller_is_erased_in_every_time(loaded: sa.Engine, settings: Settings, tmp_path: Path) -> None:
    periods = changed(loaded)
    more_told(loaded, settings, tmp_path)
    done = erase_customer(loaded, settings, NUMBER, now=at(LATER + timedelta(minutes=1)))
    assert done.calls == 4  # c1, c2, c7 and d1
    assert found(loaded, (NUMBER, *periods.keys_of(key_of(settings)))) == []
    assert set(keys(loaded)) == {"c3", "c4"}
    read_again(loaded, settings, now=LATER + timedelta(minutes=2))
    assert set(keys(loaded)) == {"c3", "c4"}


def test_without_the_key_of_their_time_nobody_finds_a_caller_by_number(
    loaded: sa.Engine, settings: Settings, tmp_path: Path, home: Path
) -> None:
    """Whoever has the database, the key of the hashes and every later key tries a whole range of numbers in vain."""
    changed(loaded)
    more_told(loaded, settings, tmp_path)
    tried = [
        key_of(settings, f"+3725551{last:04}") for last in range(2300, 2400)
    ]  # the caller's is among them

    def hits() -> set[str]:
        with loaded.connect() as connection:
            periods = periods_in(connection)
        made = {kept for key in tried for kept in periods.keys_of(key)}
        return {call_id for call_id, key in keys(loaded).items() if key in made}

    assert hits() == {"c1", "c2", "c7", "d1"}
    assert destroy(loaded, alone, before=LATER, now=at(LATER)) == 1
    assert hits() == {"d1"}
    assert partners(loaded, "calls") == [1, 2, 3]  # they still are who called again
    assert destroy(loaded, alone, before=LATER, now=at(LATER)) == 0
    assert (home / "customer.periods").read_text().count('"key"') == 1


def test_what_is_told_again_of_a_time_without_its_key_is_nobodys(
    loaded: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    changed(loaded)
    more_told(loaded, settings, tmp_path)
    destroy(loaded, alone, before=LATER, now=at(LATER))
    with loaded.begin() as connection:
        connection.execute(sa.text("delete from warehouse.calls where call_id = 'c4'"))
    told = figures(loaded, without=("ledger", "calls"))
    read_again(loaded, settings)
    assert ask(loaded, "select customer_key from warehouse.calls where call_id = 'c4'") == [(None,)]
    assert set(keys(loaded)) >= {"d1"}
    assert figures(loaded, without=("ledger", "calls")) == told


def test_a_destroyed_key_stays_destroyed_after_the_restore_of_a_backup_from_before(
    loaded: sa.Engine, settings: Settings, tmp_path: Path, home: Path
) -> None:
    """The backup still counts on the key: the load goes on without it, and asks nobody to bring it back."""
    changed(loaded)
    more_told(loaded, settings, tmp_path)
    path = home / "customer.periods"
    whole = path.read_text()
    destroy(loaded, alone, before=LATER, now=at(LATER))
    of_before = "update ops.customer_periods set destroyed_at = null"
    with loaded.begin() as connection:
        connection.execute(sa.text(of_before))
    with loaded.connect() as connection:
        assert [period.key is None for period in periods_in(connection).periods] == [True, False]
    read_again(loaded, settings)
    assert destroy(loaded, alone, before=LATER, now=at(LATER)) == 1  # noted in the warehouse, too
    path.write_text(whole)  # as after a fault between the warehouse and the file
    assert destroy(loaded, alone, before=LATER, now=at(LATER)) == 0
    assert path.read_text().count('"key"') == 1


def test_a_load_without_the_file_of_keys_stops_and_says_so(
    loaded: sa.Engine, settings: Settings, tmp_path: Path, home: Path
) -> None:
    changed(loaded)
    path = home / "customer.periods"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = path.read_text()
    path.unlink()
    with loaded.connect() as connection, pytest.raises(LoadError, match="restore the file from a backup"):
        periods_in(connection)
    path.write_text("no key\n")
    with loaded.connect() as connection, pytest.raises(LoadError, match="cannot be read"):
        periods_in(connection)
    path.write_text(kept)
    more_told(loaded, settings, tmp_path)
    assert "d1" in keys(loaded)


def test_the_database_holds_none_of_the_keys(loaded: sa.Engine, settings: Settings, home: Path) -> None:
    changed(loaded)
    held = [line.split('"')[3] for line in (home / "customer.periods").read_text().splitlines()]
    assert [len(key) for key in held] == [64, 64]
    assert found(loaded, tuple(held)) == []
