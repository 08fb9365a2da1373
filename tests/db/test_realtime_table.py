"""The queue_log table in a real Postgres and a real MariaDB: the same facts as the log file, and no hang."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from etl import LoadError, load
from etl.config import Settings
from etl.sources.asterisk_realtime import RealtimeSettings
from tests.torture.kills import now, settings_for

TALLINN = ZoneInfo("Europe/Tallinn")
FACTS = (
    "select to_jsonb(f) - 'run_id' - 'queue_id' - 'agent_id', queue_name, agent_name from warehouse.calls as f "
    "left join warehouse.queues using (queue_id) left join warehouse.agents using (agent_id)",
    "select to_jsonb(f) - 'run_id' - 'queue_id' - 'agent_id', queue_name, agent_name from warehouse.agent_states as f "
    "left join warehouse.queues using (queue_id) join warehouse.agents using (agent_id)",
    "select to_jsonb(f) - 'run_id' - 'queue_id' - 'agent_id', queue_name, agent_name from warehouse.queue_members as f "
    "join warehouse.queues using (queue_id) join warehouse.agents using (agent_id)",
    "select to_jsonb(f) - 'queue_id', queue_name from warehouse.queue_intervals as f join warehouse.queues using (queue_id)",
    "select to_jsonb(f) - 'agent_id', agent_name from warehouse.agent_intervals as f join warehouse.agents using (agent_id)",
)
COLUMNS = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
TABLE = sa.table("queue_log", *(sa.column(name) for name in COLUMNS))


def facts(engine: sa.Engine) -> list[list[str]]:
    """Every fact and rollup, with names for ids."""
    with engine.connect() as connection:
        return [sorted(str(tuple(row)) for row in connection.execute(sa.text(text))) for text in FACTS]


def rows_of(path: Path) -> list[dict[str, str]]:
    """The log's lines as Asterisk stores them: local time as text, five data columns."""
    rows = []
    for line in path.read_text().splitlines():
        epoch, call_id, queue, agent, event, data = line.split("|", 5)
        parts = data.split("|", 4)
        local = datetime.fromtimestamp(int(epoch), TALLINN)
        texts = (
            f"{local:%Y-%m-%d %H:%M:%S}.{len(rows):06}",
            call_id,
            queue,
            agent,
            event,
            *parts,
            *[""] * (5 - len(parts)),
        )
        rows.append(dict(zip(COLUMNS, texts, strict=True)))
    return rows


def fill(url: str, rows: list[dict[str, str]], *, key: str, time_type: str = "varchar(26)") -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"create table if not exists queue_log ({key}{'time' if 'mysql' not in url else '`time`'} {time_type} not null, "
            "callid varchar(40), queuename varchar(40), agent varchar(40), event varchar(40), data1 varchar(100), "
            "data2 varchar(100), data3 varchar(100), data4 varchar(100), data5 varchar(100))"
        )
        connection.execute(sa.insert(TABLE), rows)
    engine.dispose()


def run(engine: sa.Engine, **given: object) -> load.RunSummary:
    source = RealtimeSettings.model_validate(
        {"name": "pbx", "kind": "asterisk_realtime", "every_seconds": 5, "url_env": "PBX_URL"} | given
    )
    settings: Settings = settings_for(Path("nowhere"))
    return load.run_source(engine, settings, source, now=now)


def from_file(engine: sa.Engine, path: Path) -> list[list[str]]:
    settings = settings_for(path)
    load.run_source(engine, settings, settings.sources[0], now=now)
    return facts(engine)


@pytest.fixture
def log(shared_data: Path) -> Path:
    return shared_data / "asterisk_pbx" / "queue_log"


def beginning(log: Path, folder: Path, rows: int) -> Path:
    """The first rows of the log, as a log of their own."""
    lines = log.read_text().splitlines(keepends=True)[:rows]
    part = folder / "queue_log"
    part.write_text("".join(lines))
    assert len(lines) == rows
    return part


@pytest.fixture(scope="module")
def mariadb_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A MariaDB of this test's own; skips where its programs are not installed."""
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or install is None:
        pytest.skip("mariadbd is not installed")
    home = tmp_path_factory.mktemp("mariadb")
    user = ["--user=root"] if os.geteuid() == 0 else []
    options = ["--no-defaults", f"--datadir={home / 'data'}", *user]
    subprocess.run(
        [install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True, capture_output=True,
    )  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(server, *options, f"--socket={home / 's'}", f"--pid-file={home / 'pid'}"),
            *(f"--port={port}", "--bind-address=127.0.0.1"),
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"mysql+pymysql://root@127.0.0.1:{port}"
        engine = sa.create_engine(f"{url}/mysql")
        for _ in range(100):
            try:
                with engine.begin() as connection:
                    connection.exec_driver_sql("create database asterisk character set utf8mb4")
                break
            except sa.exc.OperationalError:
                time.sleep(0.2)
        engine.dispose()
        yield f"{url}/asterisk"
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.by_turns(1)
@pytest.mark.parametrize(
    ("key", "time_type", "log_rows"),
    [
        ("id bigserial primary key, ", "varchar(26)", 5029),  # all there are
        ("", "varchar(26)", 1500),
        ("id serial primary key, ", "timestamp", 1500),
    ],
    ids=["numbers", "no numbers", "a date column"],
)
def test_the_table_in_postgres_gives_exactly_the_facts_of_the_log_file(
    engine: sa.Engine,
    empty_database_url: str,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    key: str,
    time_type: str,
    log_rows: int,
) -> None:
    log = beginning(log, tmp_path, log_rows)
    rows = rows_of(log)
    address = empty_database_url.replace("postgresql://", "postgresql+psycopg://")
    monkeypatch.setenv("PBX_URL", empty_database_url)
    names = {} if key else {"id_column": ""}
    fill(address, rows[:1000], key=key, time_type=time_type)
    first = run(engine, **names)
    fill(address, rows[1000:], key=key, time_type=time_type)
    second = run(engine, **names)
    assert (first.read_rows, second.read_rows) == (1000, log_rows - 1000)
    assert (first.rejected_rows, second.rejected_rows) == (0, 0)
    from_table = facts(engine)
    load.reset_cursor(engine, "pbx")
    again = run(engine, **names)
    assert (again.read_rows, again.loaded_rows) == (log_rows, 0)
    load.reset_cursor(engine, "pbx")
    assert from_file(engine, log) == from_table


def test_the_table_gives_what_the_file_gives_in_an_empty_warehouse(
    engine: sa.Engine, empty_database_url: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = from_file(engine, log)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "truncate warehouse.calls, warehouse.agent_states, warehouse.queue_members, warehouse.queue_intervals, "
            "warehouse.agent_intervals, ops.cursors"
        )
    monkeypatch.setenv("PBX_URL", empty_database_url)
    fill(
        empty_database_url.replace("postgresql://", "postgresql+psycopg://"),
        rows_of(log),
        key="id serial primary key, ",
    )
    assert run(engine).rejected_rows == 0
    assert facts(engine) == expected


@pytest.mark.by_turns(1)
@pytest.mark.parametrize(
    ("key", "time_type"),
    [("id int auto_increment primary key, ", "varchar(26)"), ("", "datetime(6)")],
    ids=["numbers", "no numbers, a date column"],
)
def test_the_table_in_mariadb_gives_exactly_the_facts_of_the_log_file(
    engine: sa.Engine,
    mariadb_url: str,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    key: str,
    time_type: str,
) -> None:
    log = beginning(log, tmp_path, 2000)
    address = sa.create_engine(mariadb_url)
    with address.begin() as connection:
        connection.exec_driver_sql("drop table if exists queue_log")
    address.dispose()
    rows = rows_of(log)
    names = {} if key else {"id_column": ""}
    monkeypatch.setenv("PBX_URL", mariadb_url.replace("mysql+pymysql", "mysql"))
    fill(mariadb_url, rows[:1200], key=key, time_type=time_type)
    assert run(engine, **names).read_rows == 1200
    fill(mariadb_url, rows[1200:], key=key, time_type=time_type)
    second = run(engine, **names)
    assert (second.read_rows, second.rejected_rows) == (800, 0)
    from_table = facts(engine)
    load.reset_cursor(engine, "pbx")
    assert from_file(engine, log) == from_table


@pytest.mark.by_turns(1)
@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_a_server_that_falls_silent_is_given_up_and_its_password_stands_nowhere(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never says a word
        monkeypatch.setenv("PBX_URL", f"{scheme}://floor:hidden@127.0.0.1:{silent.getsockname()[1]}/asterisk")
        started = time.monotonic()
        with pytest.raises(LoadError, match="does not answer") as caught:
            run(engine, answer_seconds=2)
        assert time.monotonic() - started < 20
    assert "hidden" not in str(caught.value)
    with engine.connect() as connection:
        [told] = connection.execute(sa.text("select error_text from ops.runs")).scalars()
    assert "hidden" not in told


def test_a_refused_row_is_kept_and_taken_when_the_cause_is_gone(
    engine: sa.Engine, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PBX_URL", empty_database_url)
    at = int(datetime(2026, 11, 22, 1, tzinfo=UTC).timestamp())
    row = dict.fromkeys(COLUMNS, "") | {
        "time": "2026-11-22 03:00:00", "callid": f"{at}.1", "queuename": "sales", "agent": "NONE",
        "event": "ABANDON", "data1": "1", "data2": "1", "data3": "5",
    }  # fmt: skip
    address = empty_database_url.replace("postgresql://", "postgresql+psycopg://")
    fill(address, [row], key="id serial primary key, ")
    done = run(engine)
    assert (done.read_rows, done.loaded_rows, done.rejected_rows) == (1, 0, 1)
    with engine.connect() as connection:
        [kept] = connection.execute(sa.text("select place_text, reason_text, raw_text from ops.rejects"))
    assert kept.place_text == "queue_log:1"
    assert "never entered this queue" in kept.reason_text


def test_a_row_that_is_not_committed_yet_is_waited_for(
    engine: sa.Engine, empty_database_url: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PBX_URL", empty_database_url)
    fresh = f"{datetime.now(TALLINN):%Y-%m-%d %H:%M:%S}"
    rows = [row | {"time": fresh} for row in rows_of(log)[:3]]
    address = sa.create_engine(empty_database_url.replace("postgresql://", "postgresql+psycopg://"))
    fill(address.url.render_as_string(hide_password=False), rows[:1], key="id serial primary key, ")
    with address.connect() as slow:
        slow.execute(sa.insert(TABLE), rows[1])
        fill(address.url.render_as_string(hide_password=False), rows[2:], key="id serial primary key, ")
        assert run(engine).read_rows == 1
        assert run(engine).read_rows == 0
        slow.commit()
    assert run(engine).read_rows == 2
    address.dispose()
