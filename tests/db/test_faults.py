"""Every way in which Postgres fails, raised by a real server: what kind it is, and so what helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
import sqlalchemy as sa

from dashboard import access, state_view
from sql import deadlines, warehouse
from sql.warehouse import REFUSE_ROWS, RETRY, RETRY_SMALLER, TELL, WAIT, Fault, WarehouseError, connected
from tests.conftest import made_database, url_of
from tests.torture.tcp_proxy import Mode, PostgresProxy

LONG_KEY = "insert into k select string_agg(md5(n::text), '') from generate_series(1, 1000) as n"
SORTED = "select count(*) from (select n from generate_series(1, 200000) as n order by md5(n::text)) as x"
# sqlstate | what raises it, statement by statement | what helps
STATES: list[tuple[str, list[str], Fault]] = [
    ("57014", ["set local statement_timeout = '20ms'", "select pg_sleep(5)"], RETRY_SMALLER),
    ("57P01", ["select pg_terminate_backend(pg_backend_pid())"], RETRY),
    ("25P03", ["set idle_in_transaction_session_timeout = '20ms'", "sleep", "select 1"], RETRY),
    ("25006", ["set transaction read only", "create table x (n int)"], WAIT),
    ("25P02", ["savepoint s", "broken", "select 1"], TELL),
    ("53400", ["set local temp_file_limit = '64kB'", "set local work_mem = '64kB'", SORTED], TELL),
    ("22003", ["select 2147483648::integer"], REFUSE_ROWS),
    ("22007", ["select 'yesterday-ish'::timestamptz"], REFUSE_ROWS),
    ("22008", ["select '2026-13-45'::date"], REFUSE_ROWS),
    ("22012", ["select 1 / 0"], REFUSE_ROWS),
    ("22021", [r"select convert_from('\xff'::bytea, 'UTF8')"], REFUSE_ROWS),
    ("22P02", ["select 'x'::integer"], REFUSE_ROWS),
    ("22P05", [r"select convert('\xe282ac'::bytea, 'UTF8', 'LATIN1')"], REFUSE_ROWS),
    ("22001", ["create temp table v (t varchar(2))", "insert into v values ('abc')"], REFUSE_ROWS),
    ("21000", ["select (select n from generate_series(1, 2) as n)"], REFUSE_ROWS),
    ("23502", ["insert into ops.heartbeats (process_name) values (null)"], REFUSE_ROWS),
    ("23505", ["create temp table u (n int unique)", "insert into u values (1), (1)"], REFUSE_ROWS),
    ("23514", ["create temp table c (n int check (n > 0))", "insert into c values (0)"], REFUSE_ROWS),
    ("54000", ["create temp table k (t text primary key)", LONG_KEY], REFUSE_ROWS),
    ("42P01", ["select 1 from warehouse.nothing"], TELL),
    ("42501", ["set local role pg_read_all_stats", "select 1 from ops.runs"], TELL),
    ("42601", ["selec 1"], TELL),
    ("42703", ["select nothing from ops.runs"], TELL),
    ("3F000", ["create table nowhere.x (n int)"], TELL),
    ("0A000", ["select 1 from other.warehouse.calls"], TELL),
]
# Those that need a broken disk, a full server or another's transaction are raised by their names here.
NAMED: list[tuple[str, Fault]] = [
    ("08006", RETRY),
    ("25P04", RETRY_SMALLER),
    ("40001", RETRY),
    ("40002", REFUSE_ROWS),
    ("40P01", RETRY),
    ("53100", WAIT),
    ("53200", WAIT),
    ("53300", RETRY),
    ("55006", RETRY),
    ("57P02", RETRY),
    ("57P03", RETRY),
    ("57P04", TELL),
    ("58030", WAIT),
    ("XX000", TELL),
]


@pytest.fixture(scope="module")
def shared(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """One database for all that leaves nothing behind."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


def failure(engine: sa.Engine, work: Callable[[sa.Connection], object]) -> WarehouseError:
    with pytest.raises(WarehouseError) as found, connected(engine) as connection:
        work(connection)
    return found.value


def sqlstate(error: WarehouseError) -> str | None:
    cause = error.__cause__
    found: str | None = getattr(getattr(cause, "orig", cause), "sqlstate", None)
    return found


def run(connection: sa.Connection, statements: list[str]) -> None:
    for statement in statements:
        if statement == "sleep":
            time.sleep(0.15)
        elif statement == "broken":
            with pytest.raises(sa.exc.DBAPIError):
                connection.exec_driver_sql("select broken")
        else:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(("state", "statements", "fault"), STATES, ids=[row[0] for row in STATES])
def test_every_state_of_the_server_is_classified(
    shared: sa.Engine, state: str, statements: list[str], fault: Fault
) -> None:
    error = failure(shared, lambda connection: run(connection, statements))
    assert (sqlstate(error), error.fault) == (state, fault)


@pytest.mark.parametrize(("state", "fault"), NAMED)
def test_every_other_state_is_classified(shared: sa.Engine, state: str, fault: Fault) -> None:
    raising = f"do $$ begin raise exception 'as it comes' using errcode = '{state}'; end $$"
    error = failure(shared, lambda connection: connection.exec_driver_sql(raising))
    assert (sqlstate(error), error.fault) == (state, fault)


def test_a_lock_that_another_holds_is_waited_for_again(shared: sa.Engine) -> None:
    with shared.begin() as holder:
        holder.exec_driver_sql("lock table ops.heartbeats in access exclusive mode")
        statements = ["set local lock_timeout = '20ms'", "select 1 from ops.heartbeats"]
        error = failure(shared, lambda connection: run(connection, statements))
    assert (sqlstate(error), error.fault) == ("55P03", RETRY)
    assert "try again in a moment" in str(error)


@pytest.mark.parametrize(
    ("text", "kind"), [("half a pair: \ud800", UnicodeEncodeError), ("a\x00b", psycopg.DataError)]
)
def test_what_cannot_even_be_sent_is_the_rows_fault(
    shared: sa.Engine, text: str, kind: type[Exception]
) -> None:
    asked = sa.text("select cast(:text as text)")
    error = failure(shared, lambda connection: connection.execute(asked, {"text": text}))
    assert isinstance(getattr(error.__cause__, "orig", error.__cause__), kind)
    assert (sqlstate(error), error.fault) == (None, REFUSE_ROWS)
    assert "cannot store" in str(error)


def test_what_cannot_be_read_back_is_an_error_that_a_page_shows(shared: sa.Engine) -> None:
    poison = "select 'infinity'::timestamptz as told_at"
    error = failure(shared, lambda connection: connection.exec_driver_sql(poison).all())
    assert (sqlstate(error), error.fault) == (None, REFUSE_ROWS)
    block = state_view.trouble(error)
    assert (block["kind"], block["title"]) == ("notice", "The database does not answer.")


def test_too_many_values_look_like_a_lost_connection_and_are_none(shared: sa.Engine) -> None:
    many = "select array[" + ", ".join(["%s"] * 65_536) + "]"
    error = failure(shared, lambda connection: connection.exec_driver_sql(many, (1,) * 65_536))
    cause = getattr(error.__cause__, "orig", None)
    assert isinstance(cause, psycopg.OperationalError)  # as of a lost connection, and without a state as well
    assert (sqlstate(error), error.fault) == (None, TELL)
    assert "More values were sent than one statement takes" in str(error)


def visit(engine: sa.Engine, *statements: str, meanwhile: Callable[[], None] | None = None) -> None:
    """One visit of at most a second; `meanwhile` happens after its first statement."""
    with connected(engine, deadline_seconds=1) as connection:
        for number, statement in enumerate(statements):
            if number == 1 and meanwhile is not None:
                meanwhile()
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("mode", ["reset", "half_close", "garbage", "refuse", "blackhole"])
def test_a_broken_network_is_transient_and_ends_in_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    monkeypatch.setattr(deadlines, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(deadlines, "SIGN_OF_LIFE_SECONDS", 0.3)
    with PostgresProxy(database_url) as proxy:
        engine = warehouse.open_engine(proxy.url)
        visit(engine, "select 1")

        def breaks() -> None:
            proxy.set(mode)
            if mode == "refuse":
                proxy.cut()

        began = time.monotonic()
        with pytest.raises(WarehouseError, match="does not answer") as found:
            visit(engine, "create table warehouse.x (n int)", "select 1", meanwhile=breaks)
        assert found.value.fault == RETRY
        with pytest.raises(WarehouseError, match="does not answer"):
            visit(engine, "select 1")
        assert time.monotonic() - began < 2.5  # two visits of a second at the most
        proxy.set("pass")
        visit(
            engine, "create table warehouse.x (n int)"
        )  # the very next one is good, and nothing is half done
        engine.dispose()


def test_a_silent_server_ends_a_visit_that_begins_with_an_old_connection(database_url: str) -> None:
    with PostgresProxy(database_url) as proxy:
        engine = warehouse.open_engine(proxy.url, room=warehouse.PAGES)
        visit(engine, "select 1")
        proxy.set("blackhole")
        began = time.monotonic()
        with pytest.raises(WarehouseError, match="does not answer"):
            visit(engine, "select 1")
        assert 0.9 < time.monotonic() - began < 1.5  # the sign of life alone has 1.5 s, a new connection 3
        engine.dispose()


def test_whether_a_commit_took_place_only_the_warehouse_knows(database_url: str) -> None:
    with PostgresProxy(database_url) as proxy:
        engine = warehouse.open_engine(proxy.url)
        proxy.set("cut_on_commit", times=1)
        with pytest.raises(WarehouseError, match="does not answer") as found:
            visit(engine, "create table warehouse.x (n int)")
        assert (found.value.fault, proxy.lost_commits_count) == (RETRY, 1)
        visit(engine, "insert into warehouse.x values (1)")  # for it is there
        engine.dispose()


def test_the_pages_only_read_unless_a_person_asks_for_more(database_url: str) -> None:
    engine = warehouse.open_engine(database_url, room=warehouse.PAGES)
    with pytest.raises(WarehouseError, match="takes no changes"):
        visit(engine, "create table warehouse.x (n int)")
    with access.change(engine, access.LOCAL_VIEWER) as connection:
        connection.exec_driver_sql("create table warehouse.x (n int)")
    with pytest.raises(
        WarehouseError, match="takes no changes"
    ):  # not even on the same connection afterwards
        visit(engine, "insert into warehouse.x values (1)")
    engine.dispose()


@pytest.mark.parametrize(
    ("room", "statement_timeout", "lock_timeout", "is_read_only"),
    [(warehouse.LOADER, "5min", "5s", "off"), (warehouse.PAGES, "5s", "3s", "on")],
)
def test_each_room_has_its_own_limits(
    database_url: str, room: warehouse.Room, statement_timeout: str, lock_timeout: str, is_read_only: str
) -> None:
    engine = warehouse.open_engine(database_url, room=room)
    names = ("statement_timeout", "lock_timeout", "transaction_read_only", "TimeZone")
    with connected(engine) as connection:
        found = [connection.exec_driver_sql(f"show {name}").scalar_one() for name in names]
        idle = connection.exec_driver_sql("show idle_in_transaction_session_timeout").scalar_one()
    assert (*found, idle) == (statement_timeout, lock_timeout, is_read_only, "UTC", "1min")
    engine.dispose()
