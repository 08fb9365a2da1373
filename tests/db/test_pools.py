"""A connection of the pages' pool that somebody gave back after a fault: the next borrower finds nothing of the visit."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from dashboard import access
from sql import rights, warehouse
from sql.warehouse import WarehouseError
from tests.db.test_records import ask

FOUND = (
    "select pg_backend_pid(), current_setting('transaction_read_only'), "
    "coalesce(current_setting('floorboard.viewer', true), ''), current_user = session_user, current_setting('search_path')"
)


@pytest.fixture
def narrow(database_url: str) -> Iterator[sa.Engine]:
    """The pages' pool with room for one connection, so that everybody gets the same."""
    pool = warehouse.open_engine(
        database_url,
        room=warehouse.Room("one", warehouse.PAGES.settings, kept_connections=1, more_connections=0),
    )
    yield pool
    pool.dispose()


class UnforeseenError(Exception):
    """What no page expects."""


def visit(engine: sa.Engine, fault: str, seen: list[int]) -> None:
    """One that may change something, marks its transaction, and ends in that fault; tells its backend's number."""
    with access.change(engine, access.LOCAL_VIEWER) as connection:
        seen.append(int(connection.exec_driver_sql("select pg_backend_pid()").scalar_one()))
        connection.exec_driver_sql("insert into warehouse.teams (team_name) values ('half')")
        connection.exec_driver_sql("select set_config('floorboard.viewer', 'mari', true)")
        connection.exec_driver_sql("set local search_path to pg_temp")
        assert connection.exec_driver_sql("show transaction_read_only").scalar_one() == "off"
        if fault == "an exception":
            raise UnforeseenError
        if fault == "a cancelled statement":
            connection.exec_driver_sql("set local statement_timeout = 30")
            connection.exec_driver_sql("select pg_sleep(5)")
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", (seen[0],))
        connection.exec_driver_sql("select 1")


@pytest.mark.parametrize("fault", ["an exception", "a cancelled statement", "a killed connection"])
def test_what_one_visit_may_do_is_gone_for_the_next(narrow: sa.Engine, fault: str) -> None:
    with access.transaction(narrow, access.LOCAL_VIEWER) as connection:
        usual = connection.exec_driver_sql("show search_path").scalar_one()
    seen: list[int] = []
    with pytest.raises((UnforeseenError, WarehouseError)):
        visit(narrow, fault, seen)
    with access.transaction(narrow, access.LOCAL_VIEWER) as connection:
        pid, *found = connection.exec_driver_sql(FOUND).one()
    assert (pid == seen[0]) == (fault != "a killed connection")  # the very connection, where it lives
    assert found == ["on", "", True, usual]
    assert ask(narrow, "select team_name from warehouse.teams") == []  # and nothing of it is kept


def test_a_scope_that_nobody_knows_reads_nothing(narrow: sa.Engine) -> None:
    for way in (access.transaction, access.change):
        with (
            pytest.raises(WarehouseError, match="no scope named 'boss'"),
            way(narrow, access.Viewer("eve", "boss")),
        ):
            raise AssertionError("it was let in")


def test_what_a_statement_left_in_its_session_is_gone_for_the_next(
    narrow: sa.Engine, engine: sa.Engine
) -> None:
    """Settings and locks of a session outlive its transaction: a statement smuggled in could leave both to the next."""
    left = (
        "set session statement_timeout = 1",
        "set session search_path to pg_temp",
        "select pg_advisory_lock(7022025412)",
        "set session role floorboard_reader",
    )
    rights.make_roles(engine)
    with access.transaction(narrow, access.LOCAL_VIEWER) as connection:
        usual = connection.exec_driver_sql(FOUND).one()
        for statement in left:
            connection.exec_driver_sql(statement)
    with access.transaction(narrow, access.LOCAL_VIEWER) as connection:
        assert connection.exec_driver_sql(FOUND).one() == usual
        connection.exec_driver_sql("select pg_sleep(0.01)")
        held = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
        assert connection.exec_driver_sql(held).scalar_one() == 0
