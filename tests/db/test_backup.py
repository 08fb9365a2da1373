"""A backup is whole or is none, a restore happens wholly or not at all, and the loads catch up from where it stood."""

from __future__ import annotations

import os
import re
import secrets
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

import floorboard
from etl import LoadError, erasure_list, load
from etl.backfill import backfill
from etl.backup import Restored, backup, restore
from sql import dump_programs, dumps, migrate, warehouse
from sql.warehouse import WarehouseError
from tests.conftest import ROOT, made_database, url_of
from tests.torture.contents import facts_of as facts
from tests.torture.kills import now, settings_for

T0 = 1_795_309_870


def log_of(calls: range) -> str:
    """Lines of a queue_log: one call a minute, offered, answered after 5 s by one of two agents, ended after 30 s."""
    lines = []
    for number in calls:
        at, agent = T0 + 60 * number, f"Agent {number % 2}"
        lines += [
            f"{at}|c{number}|sales|NONE|ENTERQUEUE||555000{number:04}|1",
            f"{at + 5}|c{number}|sales|{agent}|CONNECT|5|x{number}|2",
            f"{at + 35}|c{number}|sales|{agent}|COMPLETECALLER|5|30|1",
        ]
    return "".join(f"{line}\n" for line in lines)


def run(engine: sa.Engine, path: Path) -> load.RunSummary:
    settings = settings_for(path)
    return load.run_source(engine, settings, settings.sources[0], now=now)


def rows_of(engine: sa.Engine, text: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def unheard(_told: str) -> None:
    """For what a terminal would show in passing."""


def restored(url: str, path: Path, *, replacing: bool = False) -> Restored:
    engine = warehouse.open_engine(url)
    try:
        return restore(engine, url, path, None, replacing=replacing, now=now, tell=unheard)
    finally:
        engine.dispose()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A FLOORBOARD_HOME of this test's own, in which nobody was erased."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("FLOORBOARD_HOME", str(folder))
    return folder


@pytest.fixture
def other_url(server_url: str) -> Iterator[str]:
    """A database with nothing in it, as on a new disk."""
    with made_database(server_url) as name:
        yield url_of(server_url, name)


def test_after_a_lost_disk_the_backup_and_the_sources_make_the_same_warehouse(
    engine: sa.Engine,
    database_url: str,
    other_url: str,
    server_url: str,
    template_name: str,
    tmp_path: Path,
    home: Path,
) -> None:
    path, file = tmp_path / "queue_log", tmp_path / "floorboard.dump"
    path.write_text(log_of(range(20)) + "no line of a log\n")
    run(engine, path)
    tables: list[str] = []
    kept = backup(database_url, file, tell=tables.append)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept.file_bytes == file.stat().st_size > 0
    assert "ops.cursors" in tables
    assert [one.name for one in kept.beside] == ["customer.key"]
    with path.open("a") as log:
        log.write(log_of(range(20, 30)))
    run(engine, path)  # loaded after the backup: lost with the disk
    engine.dispose()

    done = restored(other_url, file)
    assert (done.migrations, done.erasures_count, done.is_key_missing) == ((), 0, False)
    after = warehouse.open_engine(other_url)
    assert rows_of(after, "select count(*) from warehouse.calls") == [(20,)]
    assert rows_of(after, "select count(*) from ops.rejects") == [(1,)]
    noted = "select count(*) from ops.audit_lines where what_name = 'warehouse.restored'"
    assert rows_of(after, noted) == [(1,)]
    summary = run(after, path)
    assert (summary.read_rows, summary.rejected_rows) == (
        30,
        0,
    )  # ten calls of three lines: from where the backup stood
    caught_up = facts(after)
    backfill(after)
    assert facts(after) == caught_up  # the rollups equal the facts
    after.dispose()

    with made_database(server_url, template_name=template_name) as name:
        undisturbed = warehouse.open_engine(url_of(server_url, name))
        run(undisturbed, path)
        assert facts(undisturbed) == caught_up
        undisturbed.dispose()


def test_a_backup_never_replaces_a_file_unless_it_is_told_to(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "floorboard.dump"
    file.write_text("what was there before")
    with pytest.raises(WarehouseError, match=r"is there already; name another file, or give --force"):
        backup(database_url, file, tell=unheard)
    assert file.read_text() == "what was there before"
    backup(database_url, file, replacing=True, tell=unheard)
    assert file.read_bytes()[:5] == b"PGDMP"
    assert list(tmp_path.glob("*.part")) == []


def test_what_is_no_file_is_never_replaced_by_a_backup(database_url: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "link.dump"
    link.symlink_to(pipe)
    for place in (pipe, link):
        with pytest.raises(WarehouseError, match="is no ordinary file, and is left as it is"):
            backup(database_url, place, replacing=True, tell=unheard)
    assert pipe.is_fifo()
    assert link.is_symlink()
    with pytest.raises(WarehouseError, match="is a folder; expected the name of a file"):
        backup(database_url, tmp_path, replacing=True, tell=unheard)
    with pytest.raises(WarehouseError, match=r"cannot be looked at \(File name too long\)"):
        backup(database_url, tmp_path / ("x" * 256), tell=unheard)


def test_a_name_like_an_option_of_postgres_programs_is_a_name(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    backup(database_url, Path("--file=other.dump"), tell=unheard)
    backup(database_url, Path("-x.dump"), tell=unheard)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["--file=other.dump", "-x.dump"]
    assert dumps.read(Path("-x.dump")).migrations


def test_a_backup_that_fails_leaves_what_was_there_and_nothing_half(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "floorboard.dump"
    file.write_text("what was there before")

    def broken(path: Path) -> dumps.Dump:
        os.truncate(path, path.stat().st_size - 1000)
        return dumps_read(path)

    dumps_read = dumps.read
    monkeypatch.setattr(dumps, "read", broken)
    with pytest.raises(WarehouseError, match="pg_restore"):
        backup(database_url, file, replacing=True, tell=unheard)
    assert file.read_text() == "what was there before"
    assert list(tmp_path.glob("*.part")) == []


def test_what_was_granted_to_a_role_that_is_gone_does_not_forbid_the_restore(
    engine: sa.Engine, database_url: str, tmp_path: Path, home: Path
) -> None:
    """After a lost disk the new server has none of the roles that somebody made on the old one."""
    role, gone = (f"{name} {secrets.token_hex(4)}" for name in ("reports", "Boards"))
    file = tmp_path / "floorboard.dump"
    rights = "select has_table_privilege(:role, 'warehouse.queue_intervals', 'select')"
    try:
        with engine.begin() as connection:
            for name in (role, gone):
                connection.exec_driver_sql(f'create role "{name}"')
                connection.exec_driver_sql(f'grant usage on schema warehouse to "{name}"')
                connection.exec_driver_sql(f'grant select on warehouse.queue_intervals to "{name}"')
        backup(database_url, file, tell=unheard)
        with engine.begin() as connection:
            connection.exec_driver_sql(f'drop owned by "{gone}"')
            connection.exec_driver_sql(f'drop role "{gone}"')
        engine.dispose()
        done = restore(engine, database_url, file, None, replacing=True, now=now, tell=unheard)
        assert done.missing_roles == (f'"{gone}"',)
        with engine.begin() as connection:
            assert connection.execute(sa.text(rights), {"role": role}).scalar() is True
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f'drop owned by "{role}"')
            connection.exec_driver_sql(f'drop role "{role}"')


@pytest.mark.parametrize("cut", [1000, 1])
def test_a_backup_that_is_cut_off_is_refused_before_anything_is_changed(
    engine: sa.Engine, database_url: str, tmp_path: Path, home: Path, cut: int
) -> None:
    path, file = tmp_path / "queue_log", tmp_path / "floorboard.dump"
    path.write_text(log_of(range(3)))
    run(engine, path)
    before = facts(engine)
    backup(database_url, file, tell=unheard)
    os.truncate(file, file.stat().st_size - cut)
    engine.dispose()
    with pytest.raises(WarehouseError, match="pg_restore"):
        restored(database_url, file, replacing=True)
    assert facts(engine) == before


def test_a_filled_warehouse_is_replaced_only_when_it_is_said(
    engine: sa.Engine, database_url: str, tmp_path: Path, home: Path
) -> None:
    path, file = tmp_path / "queue_log", tmp_path / "floorboard.dump"
    path.write_text(log_of(range(3)))
    run(engine, path)
    before = facts(engine)
    backup(database_url, file, tell=unheard)
    with path.open("a") as log:
        log.write(log_of(range(3, 6)))
    run(engine, path)
    more = facts(engine)
    engine.dispose()
    with pytest.raises(WarehouseError, match=r"not empty .* --replace"):
        restored(database_url, file)
    assert facts(engine) == more
    engine.dispose()
    restored(database_url, file, replacing=True)
    assert facts(engine) == before


def test_a_warehouse_that_was_only_made_counts_as_empty(
    engine: sa.Engine, database_url: str, other_url: str, tmp_path: Path, home: Path
) -> None:
    path, file = tmp_path / "queue_log", tmp_path / "floorboard.dump"
    path.write_text(log_of(range(3)))
    run(engine, path)
    before = facts(engine)
    backup(database_url, file, tell=unheard)
    other = warehouse.open_engine(other_url)
    migrate.migrate(other)
    other.dispose()
    restored(other_url, file)
    assert facts(other) == before
    other.dispose()


def test_nothing_is_restored_under_a_running_program(
    engine: sa.Engine, database_url: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "floorboard.dump"
    backup(database_url, file, tell=unheard)
    monkeypatch.setattr(dumps, "LEAVING_SECONDS", 0.2)
    with engine.connect() as connection:
        connection.execute(sa.text("select 1"))
        with pytest.raises(
            WarehouseError, match=r"1 connections of Floorboard are open .* End `floorboard up`"
        ):
            restored(database_url, file, replacing=True)


def test_a_backup_of_a_newer_version_is_refused(
    engine: sa.Engine, database_url: str, other_url: str, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "floorboard.dump"
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into ops.migrations (number, name, sha256) values (999, '999_later', repeat('0', 64))"
            )
        )
    backup(database_url, file, tell=unheard)
    with pytest.raises(WarehouseError, match=r"^The backup holds migration 999_later, which this program"):
        restored(other_url, file)


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    empty_database_url: str, other_url: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, whole = tmp_path / "floorboard.dump", migrate._files()
    old = warehouse.open_engine(empty_database_url)
    with monkeypatch.context() as older:
        older.setattr(migrate, "_files", lambda: [one for one in whole if one.number <= 9])
        migrate.migrate(old)
    old.dispose()
    backup(empty_database_url, file, tell=unheard)
    done = restored(other_url, file)
    assert list(done.migrations) == [one.name for one in whole if one.number > 9]


def test_a_file_that_is_no_backup_of_ours_is_refused(
    server_url: str, other_url: str, tmp_path: Path, home: Path
) -> None:
    with pytest.raises(WarehouseError, match="there is no such file"):
        restored(other_url, tmp_path / "absent.dump")
    with pytest.raises(WarehouseError, match="it is no ordinary file; expected one that"):
        restored(other_url, tmp_path)
    with pytest.raises(WarehouseError, match=r"cannot be looked at \(File name too long\)"):
        restored(other_url, tmp_path / ("x" * 256))
    text = tmp_path / "text.dump"
    text.write_text("select 1;")
    with pytest.raises(WarehouseError, match=r"input file does not appear to be a valid archive|too short"):
        restored(other_url, text)
    with psycopg.connect(other_url) as connection:
        connection.execute("create schema warehouse")
        connection.execute("create table warehouse.stock (item_name text)")
    with pytest.raises(WarehouseError, match=r"holds no warehouse \(there is no ops\.migrations\)"):
        backup(other_url, tmp_path / "other.dump", tell=unheard)
    assert not (tmp_path / "other.dump").exists()
    programs = dump_programs.programs_for("pg_dump", nearest=99)
    theirs = tmp_path / "theirs.dump"
    dump_programs.answered(
        programs, "pg_dump", ["--format=custom", f"--file={theirs}", f"--dbname={other_url}"]
    )
    with pytest.raises(WarehouseError, match="another program's database"):
        restored(other_url, theirs)


RESTORER = """
import sys
from pathlib import Path
from sql import dumps
held = dumps.read(Path(sys.argv[2]))
print("ready", flush=True)
dumps.restore(sys.argv[1], held, on_table=lambda name: print(name, flush=True))
"""


@pytest.mark.by_turns(1)
@pytest.mark.parametrize("tables", [1, 12])
def test_a_restore_that_is_killed_has_changed_nothing(
    engine: sa.Engine, database_url: str, tmp_path: Path, home: Path, tables: int
) -> None:
    path, file = tmp_path / "queue_log", tmp_path / "floorboard.dump"
    path.write_text(log_of(range(3)))
    run(engine, path)
    backup(database_url, file, tell=unheard)
    with path.open("a") as log:
        log.write(log_of(range(3, 6)))
    run(engine, path)
    before = facts(engine)
    engine.dispose()
    with subprocess.Popen(
        [sys.executable, "-c", RESTORER, database_url, str(file)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        for _ in range(tables + 1):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert facts(engine) == before


def test_whoever_was_erased_after_the_backup_stays_erased_or_nothing_is_restored(
    engine: sa.Engine, database_url: str, other_url: str, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "floorboard.dump"
    backup(database_url, file, tell=unheard)
    erasure_list.keep_in_list([erasure_list.Erasure(now(), "customer", "a" * 32)])
    (home / "customer.key").unlink(missing_ok=True)
    with pytest.raises(LoadError, match=r"customer\.key is not there"):
        restored(other_url, file)
    (home / "customer.key").write_text("0123456789abcdef" * 4)
    assert restored(other_url, file).erasures_count == 1


def test_an_older_pg_dump_than_the_server_is_refused_in_a_sentence(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dump_programs, "_version", lambda _program: (9, 6))
    with pytest.raises(
        WarehouseError, match=r"Found pg_dump 9\.6 in .*; expected 1\d or newer, as the server"
    ):
        backup(database_url, tmp_path / "floorboard.dump", tell=unheard)
    assert list(tmp_path.iterdir()) == []


def test_every_schema_that_we_make_is_in_a_backup() -> None:
    made = {
        name
        for file in migrate._files()
        for name in re.findall(r"create schema (?:if not exists )?(\w+)", file.text)
    }
    assert made | {"ops"} <= set(dumps.SCHEMAS)


def test_the_password_is_in_no_argument(database_url: str) -> None:
    address, secret = dumps._address(
        "postgresql+psycopg://mari:s3cret%21@db.example.com:5432/floorboard?sslmode=require"
    )
    assert "s3cret" not in address
    assert secret == {"PGPASSWORD": "s3cret!"}


def test_a_backup_goes_on_beside_a_load(
    engine: sa.Engine, database_url: str, tmp_path: Path, home: Path
) -> None:
    path, file = tmp_path / "queue_log", tmp_path / "floorboard.dump"
    path.write_text(log_of(range(3)))
    run(engine, path)
    with engine.begin() as connection:
        connection.execute(sa.text("update warehouse.calls set topic_name = 'not committed yet'"))
        started_at = time.monotonic()
        backup(database_url, file, tell=unheard)
        assert time.monotonic() - started_at < 20


def test_the_commands_keep_the_warehouse_and_bring_it_back(
    engine: sa.Engine,
    database_url: str,
    other_url: str,
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, file = tmp_path / "queue_log", tmp_path / "floorboard.dump"
    path.write_text(log_of(range(3)))
    (tmp_path / "floorboard.toml").write_text(
        '[site]\nname = "Test floor"\ntime_zone = "Europe/Tallinn"\n\n'
        '[[sources]]\nname = "pbx"\nkind = "asterisk_queue_log"\npath = "queue_log"\nevery_seconds = 2\n'
    )
    run(engine, path)
    before = facts(engine)
    engine.dispose()
    monkeypatch.setenv("FLOORBOARD_CONFIG", str(tmp_path / "floorboard.toml"))
    commands = CliRunner()
    monkeypatch.setenv("DATABASE_URL", database_url)
    kept = commands.invoke(floorboard.app, ["db", "backup", str(file)], catch_exceptions=False)
    assert kept.exit_code == 0
    assert "read once more and found whole" in kept.stderr
    assert f"Keep beside it: {home / 'customer.key'}, {tmp_path / 'floorboard.toml'}." in kept.stderr
    monkeypatch.setenv("DATABASE_URL", other_url)
    back = commands.invoke(floorboard.app, ["db", "restore", str(file)], catch_exceptions=False)
    assert back.exit_code == 0
    assert "Next: `floorboard etl run --once`" in back.stderr
    assert "The customers' key is not here" not in back.stderr
    other = warehouse.open_engine(other_url)
    assert facts(other) == before
    other.dispose()


def test_every_command_of_the_document_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    told = {found[1] for found in re.finditer(r"floorboard ((?:db|etl|customer|agent) [a-z]+)", text)}
    assert {"db backup", "db restore", "db check", "etl run", "customer erase", "agent erase"} <= told
    for command in told:
        assert CliRunner().invoke(floorboard.app, [*command.split(), "--help"]).exit_code == 0, command
