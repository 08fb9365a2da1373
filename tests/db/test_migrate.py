"""The schema's files: applied once each, in order, whole or not at all, whatever kills the program."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from floorboard.terminal import FrontDoorError
from floorboard.visits import bring_up_to_date
from sql import migrate as migration
from sql.migrate import check, migrate, pending, unfit
from sql.warehouse import WarehouseError, open_engine
from tests.torture.tcp_proxy import PostgresProxy

ROOT = Path(__file__).parents[2]
ONE = "create schema warehouse;\ncreate table warehouse.calls (call_id text primary key);\n"
TWO = """
create function warehouse.doubled(calls integer) returns integer language plpgsql as $$
begin
    -- 100 % of what :name and %s are is text; so is this
    return calls * 2;
end;
$$;
insert into warehouse.calls values (':not_a_parameter %s'), ('12:30');
"""
THREE = "alter table warehouse.calls add column talk_seconds integer;\n"
SLOW = (
    "create table warehouse.slow_{n} (n integer);\n"
    "insert into warehouse.slow_{n} select {n};\nselect pg_sleep(0.15);\n"
)


@pytest.fixture
def schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A schema folder of this test's own, with two files."""
    monkeypatch.setattr(migration, "SCHEMA", tmp_path)
    (tmp_path / "001_calls.sql").write_text(ONE)
    (tmp_path / "002_doubled.sql").write_text(TWO)
    return tmp_path


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[sa.Engine]:
    engine = open_engine(empty_database_url)
    yield engine
    engine.dispose()


def rows(engine: sa.Engine, question: str) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(question)]


def test_files_are_applied_in_order_once_and_as_they_are(empty: sa.Engine, schema: Path) -> None:
    heard: list[str] = []
    assert pending(empty) == ["001_calls", "002_doubled"]
    assert migrate(empty, on_step=heard.append) == heard == ["001_calls", "002_doubled"]
    assert migrate(empty) == pending(empty) == []
    assert rows(empty, "select call_id, warehouse.doubled(21) from warehouse.calls order by 1") == [
        ("12:30", 42),
        (":not_a_parameter %s", 42),
    ]
    assert rows(empty, "select number, name, sha256 from ops.migrations order by number") == [
        (1, "001_calls", hashlib.sha256(ONE.encode()).hexdigest()),
        (2, "002_doubled", hashlib.sha256(TWO.encode()).hexdigest()),
    ]


def test_a_new_file_is_applied_alone(empty: sa.Engine, schema: Path) -> None:
    migrate(empty)
    (schema / "003_talk.sql").write_text(THREE)
    assert pending(empty) == ["003_talk"]
    assert migrate(empty) == ["003_talk"]


def test_a_file_with_other_line_ends_is_the_same_file(empty: sa.Engine, schema: Path) -> None:
    migrate(empty)
    (schema / "001_calls.sql").write_bytes(ONE.replace("\n", "\r\n").encode())
    assert migrate(empty) == []


def test_a_file_that_fails_leaves_nothing_of_itself_and_names_the_line(
    empty: sa.Engine, schema: Path
) -> None:
    (schema / "002_doubled.sql").write_text("create table warehouse.half (n integer);\n\ncreate tabel x;\n")
    with pytest.raises(
        WarehouseError, match=r"002_doubled\.sql: Postgres refused it in line 3: syntax error"
    ):
        migrate(empty)
    assert rows(
        empty, "select to_regclass('warehouse.calls')::text, to_regclass('warehouse.half')::text"
    ) == [("warehouse.calls", None)]
    assert pending(empty) == ["002_doubled"]
    (schema / "002_doubled.sql").write_text(TWO)
    assert migrate(empty) == ["002_doubled"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "001_calls",
            ONE + "-- changed\n",
            r"001_calls\.sql is not what was applied .* a new file with the next number",
        ),
        ("000_early", ONE, r"000_early\.sql has no number of its own"),
        ("002_twice", ONE, r"002_twice\.sql has no number of its own"),
        ("talk", ONE, r"talk\.sql has no number of its own; expected NNN_name\.sql"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused(
    empty: sa.Engine, schema: Path, name: str, text: str, words: str
) -> None:
    migrate(empty)
    (schema / f"{name}.sql").write_text(text)
    for refused in (migrate, pending):
        with pytest.raises(WarehouseError, match=words):
            refused(empty)
    assert any(re.search(words, sentence) for sentence in check(empty))


def test_files_only_go_forward(empty: sa.Engine, schema: Path) -> None:
    (schema / "002_doubled.sql").rename(schema / "003_doubled.sql")
    migrate(empty)
    (schema / "002_between.sql").write_text(THREE)
    with pytest.raises(WarehouseError, match=r"002_between\.sql came after number 003 .* a number above 003"):
        migrate(empty)


def test_an_old_program_refuses_a_newer_database(empty: sa.Engine, schema: Path) -> None:
    migrate(empty)
    (schema / "002_doubled.sql").unlink()
    with pytest.raises(WarehouseError, match="holds migration 002_doubled, which this program does not know"):
        migrate(empty)
    assert ["newer. Update Floorboard" in sentence for sentence in check(empty)] == [True]


def test_a_file_that_ends_its_own_transaction_is_refused(empty: sa.Engine, schema: Path) -> None:
    (schema / "003_talk.sql").write_text("commit;\n" + THREE)
    with pytest.raises(WarehouseError, match=r"003_talk\.sql ends its own transaction"):
        migrate(empty)


def test_two_that_migrate_at_once_apply_each_file_once(empty_database_url: str, schema: Path) -> None:
    for number in range(3, 7):
        (schema / f"{number:03}_slow.sql").write_text(SLOW.format(n=number))
    engines = [open_engine(empty_database_url) for _ in range(4)]
    done: list[str] = []
    threads = [threading.Thread(target=lambda e=engine: done.extend(migrate(e))) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted(path.stem for path in schema.iterdir())
    for engine in engines:
        engine.dispose()


def test_killed_at_any_moment_it_goes_on_where_it_stopped(empty_database_url: str, schema: Path) -> None:
    for number in range(3, 9):
        (schema / f"{number:03}_slow.sql").write_text(SLOW.format(n=number))
    script = (
        "import sys, pathlib; from sql import migrate, warehouse; migrate.SCHEMA = pathlib.Path(sys.argv[1]);"
        "e = warehouse.open_engine(sys.argv[2]); print('ready', flush=True); print(migrate.migrate(e))"
    )
    engine, kills, seen = open_engine(empty_database_url), 0, 0
    while True:
        command = [sys.executable, "-c", script, str(schema), empty_database_url]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.2 + 0.06 * kills)
            if process.poll() is None:
                process.kill()
                kills += 1
        names = [path.stem for path in sorted(schema.iterdir())]
        waiting = pending(engine)
        applied = [name for name in names if name not in waiting]
        assert applied == names[: len(applied)]
        assert len(applied) >= seen
        seen = len(applied)
        tables = rows(engine, "select relname from pg_class where relname like 'slow%%' order by 1")
        assert [name for (name,) in tables] == [
            f"slow_{int(name[:3])}" for name in applied if int(name[:3]) > 2
        ]
        if not waiting:
            break
    assert kills >= 3
    assert rows(engine, "select n from warehouse.slow_8") == [(8,)]
    engine.dispose()


def test_a_server_that_goes_away_is_told_with_the_next_step(empty: sa.Engine, schema: Path) -> None:
    (schema / "002_doubled.sql").write_text("select pg_terminate_backend(pg_backend_pid()); select 1;")
    with pytest.raises(WarehouseError, match=r"The server went away\. Nothing of this file was kept"):
        migrate(empty)
    assert pending(empty) == ["002_doubled"]


def test_check_finds_nothing_in_a_sound_database(engine: sa.Engine) -> None:
    assert check(engine) == []
    assert pending(engine) == []


def test_check_says_what_waits_and_what_is_missing(
    empty: sa.Engine, empty_database_url: str, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check(empty) == ["The schema waits for 001_calls, 002_doubled: run `floorboard db migrate`."]
    migrate(empty)
    monkeypatch.setattr(migration, "OLDEST_VERSION_NUMBER", 990000)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(
            psycopg.sql.SQL("alter database {} set default_transaction_read_only = on").format(
                psycopg.sql.Identifier(name)
            )
        )
        connection.execute("drop extension plpgsql cascade")
    empty.dispose()
    found = check(empty)
    for words in ("Postgres is version .*; expected 15.14 or newer", "is read-only", "plpgsql is missing"):
        assert [bool(re.search(words, sentence)) for sentence in found].count(True) == 1
    assert len(found) == 3


def test_check_finds_a_wrong_encoding_time_zone_and_role(server_url: str, schema: Path) -> None:
    name, role = "floorboard_latin", "floorboard_guest"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 encoding 'LATIN1' locale 'C'")
        connection.execute(f"create role {role}")
        try:
            with psycopg.connect(server_url, dbname=name) as inside:
                inside.execute("create schema ops; create table ops.migrations (number integer)")
            options = f"-c timezone=Europe/Tallinn -c role={role}"
            address = sa.make_url(server_url).set(drivername="postgresql+psycopg", database=name)
            engine = sa.create_engine(address, connect_args={"options": options})
            found = check(engine)
            with pytest.raises(WarehouseError, match="Connect as the owner"):
                migrate(engine)
            engine.dispose()
        finally:
            connection.execute(f"drop database {name} with (force)")
            connection.execute(f"drop role {role}")
    for words in (
        "as LATIN1; expected UTF8",
        "Europe/Tallinn; expected UTC",
        "may not create schemas",
        "may not read",
    ):
        assert [words in sentence for sentence in found].count(True) == 1, found
    assert len(found) == 4, found


def test_check_says_that_a_server_does_not_answer(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql://nobody:secret@/none?host={tmp_path}")
    (sentence,) = check(engine)
    assert "does not answer" in sentence
    assert "secret" not in sentence
    with pytest.raises(WarehouseError, match="does not answer"):
        migrate(engine)
    with pytest.raises(WarehouseError, match="does not answer"):
        pending(engine)


def test_a_server_that_nobody_may_work_with_is_refused_at_the_start_with_one_line(
    empty: sa.Engine, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert unfit(empty) == []
    bring_up_to_date(empty, is_allowed=True)
    monkeypatch.setattr(migration, "OLDEST_VERSION_NUMBER", 990000)
    with pytest.raises(
        FrontDoorError, match=r"^Postgres is version \S+.*; expected 15\.14 or newer\. Update the server\.$"
    ):
        bring_up_to_date(empty, is_allowed=True)


def test_a_language_that_does_not_work_is_refused_at_the_start(empty: sa.Engine, schema: Path) -> None:
    migrate(empty)
    with empty.begin() as connection:  # as after an update that left the library of another version behind
        connection.exec_driver_sql(
            "update pg_proc set probin = '$libdir/plpgsql_of_another_version' where proname like 'plpgsql_%%handler'"
        )
    empty.dispose()
    (sentence,) = unfit(empty)
    assert sentence.startswith("The language plpgsql does not work (")
    assert check(empty) == [sentence]
    with pytest.raises(FrontDoorError, match="plpgsql does not work"):
        bring_up_to_date(empty, is_allowed=False)


def test_a_silent_server_holds_no_migration_up(
    empty_database_url: str, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(migration, "FILE_SECONDS", 0.5)
    with PostgresProxy(empty_database_url) as proxy:
        engine = open_engine(proxy.url)
        assert pending(engine) == ["001_calls", "002_doubled"]
        proxy.set("blackhole")
        began = time.monotonic()
        for work in (pending, migrate, unfit):
            with pytest.raises(WarehouseError, match=r"does not answer|went away"):
                work(engine)
        (sentence,) = check(engine)
        assert "does not answer" in sentence
        assert time.monotonic() - began < 4
        engine.dispose()
