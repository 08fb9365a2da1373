"""A load says with its commit that something has changed, whoever listens hears it at once, and nobody waits for it."""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import sqlalchemy as sa

from dashboard import notices as ear
from dashboard.notices import Listener
from etl import load
from sql import embedded, notices, pages_login, rights, warehouse
from tests.db.test_records import call, tell
from tests.torture.kills import append, now, settings_for

T0 = 1_795_309_870
EARS = "select pid from pg_stat_activity where application_name = 'floorboard notices' and datname = current_database()"


def until(condition: Callable[[], bool], *, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.01)
    return condition()


def url_of(engine: sa.Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def line(engine: sa.Engine) -> Iterator[notices.Listening]:
    with notices.Listening(url_of(engine)) as found:
        yield found


def hears(line: notices.Listening) -> bool:
    """Whether something was said until now; Postgres delivers it with the commit."""
    return line.hears(0.15)


def test_each_load_that_changed_something_is_heard_once_and_one_that_changed_nothing_is_not(
    engine: sa.Engine, tmp_path: Path, line: notices.Listening
) -> None:
    log = tmp_path / "queue_log"
    append(log, f"{T0}|NONE|NONE|NONE|QUEUESTART|\n{T0}|1.1|Sales|NONE|ENTERQUEUE||1000|1\n".encode())
    settings = settings_for(log)

    def run() -> load.RunSummary:
        return load.run_source(engine, settings, settings.sources[0], now=now)

    assert run().loaded_rows
    assert hears(line)
    assert not hears(line)  # once
    run()
    assert not hears(line)  # nothing new was written
    append(log, f"{T0 + 5}|1.1|Sales|Aino|CONNECT|5|1.2|3\n".encode())
    assert run().loaded_rows
    assert hears(line)
    load.reset_cursor(engine, "pbx")
    again = run()
    assert (again.loaded_rows, again.unchanged_rows > 0) == (0, True)
    assert not hears(line)  # read anew from its start, it changed nothing


def test_a_load_whose_transaction_fails_says_nothing(engine: sa.Engine, line: notices.Listening) -> None:

    def fail() -> None:
        with warehouse.connected(engine) as connection:
            notices.tell(connection)
            raise RuntimeError("before the commit")

    with pytest.raises(RuntimeError, match="before the commit"):
        fail()
    assert not hears(line)
    tell(engine, {"calls": [call()]})
    assert hears(line)


def test_many_changes_of_one_transaction_are_one_notice(engine: sa.Engine) -> None:
    with psycopg.connect(url_of(engine), autocommit=True) as raw:
        raw.execute("listen floorboard_loaded")
        with warehouse.connected(engine) as connection:
            for _ in range(50):
                notices.tell(connection)
        assert len(list(raw.notifies(timeout=0.2))) == 1


class Watch:
    """Whoever asks in turns; counts how often it was woken."""

    def __init__(self) -> None:
        self.is_running, self.woken = True, 0

    def wake(self) -> None:
        self.woken += 1


@contextmanager
def listening(url: str | Callable[[], str], *watches: Watch) -> Iterator[Listener]:
    """A listener at work, which has begun to listen; it ends with its watches."""
    listener = Listener(url if callable(url) else lambda: url)
    for watch in watches:
        listener.wakes(watch)
    try:
        yield listener
    finally:
        for watch in watches:
            watch.is_running = False
        assert until(lambda: listener._thread is None or not listener._thread.is_alive())


def test_one_thread_wakes_every_poller_that_runs_and_ends_with_the_last(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ear, "LOOK_SECONDS", 0.05)
    one, other, idle = Watch(), Watch(), Watch()
    idle.is_running = False
    with listening(url_of(engine), one, other, idle) as listener:
        assert until(lambda: one.woken == other.woken == 1)  # what was said before somebody listened
        tell(engine, {"calls": [call()]})
        assert until(lambda: one.woken == other.woken == 2)
        assert idle.woken == 0
        threads = [thread for thread in threading.enumerate() if thread.name == "floorboard-notices"]
        assert threads == [listener._thread]
        with engine.connect() as connection:
            assert len(connection.execute(sa.text(EARS)).all()) == 1
    later = Watch()
    listener.wakes(later)  # somebody looks again
    assert until(lambda: later.woken == 1)
    later.is_running = False


def test_a_line_that_was_cut_is_taken_up_again_and_what_was_missed_is_asked_for(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ear, "LOOK_SECONDS", 0.05)
    watch = Watch()
    with caplog.at_level(logging.INFO), listening(url_of(engine), watch):
        assert until(lambda: watch.woken == 1)
        with engine.begin() as connection:
            cut = sa.text(EARS.replace("select pid", "select pg_terminate_backend(pid)"))
            assert connection.execute(cut).scalars().all() == [True]
        assert until(lambda: watch.woken == 2)  # heard again, and asked for what was said meanwhile
        tell(engine, {"calls": [call()]})
        assert until(lambda: watch.woken == 3)
    assert "are not heard" in caplog.text
    assert "are heard again" in caplog.text


def test_no_password_comes_into_the_log_and_the_asker_does_not_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ear, "LOOK_SECONDS", 0.05)
    watch = Watch()
    began = time.monotonic()
    with listening("postgresql://mari:s3cret-word@127.0.0.1:1/none?connect_timeout=2", watch):
        assert time.monotonic() - began < 0.5
        assert until(lambda: "are not heard" in caplog.text)
        time.sleep(0.3)
    assert caplog.text.count("are not heard") == 1  # the same sentence once
    assert "s3cret-word" not in caplog.text
    assert "mari" not in caplog.text


def test_the_pages_own_login_hears_notices(engine: sa.Engine) -> None:
    rights.install(engine)
    url = pages_login.made(engine, embedded.home())
    with notices.Listening(url) as line:
        with psycopg.connect(url) as raw:
            assert raw.execute("select current_user").fetchone() == (rights.PAGES,)
        tell(engine, {"calls": [call()]})
        assert line.hears(2)


@contextmanager
def pooler(database_url: str) -> Iterator[str]:
    """What stands between as a pooler does: it names a process of its own as the other end of the line."""
    parts = urlsplit(database_url)
    folder, port = (parse_qs(parts.query)[name][0] for name in ("host", "port"))
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        near, _ = server.accept()
        with near, socket.socket(socket.AF_UNIX) as far:
            far.connect(f"{folder}/.s.PGSQL.{port}")
            while ready := select.select([near, far], [], [], 5)[0]:
                for one in ready:
                    if not (data := one.recv(65536)):
                        return
                    (far if one is near else near).sendall(_renamed(data) if one is far else data)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"postgresql://{parts.netloc.rpartition('@')[0]}@127.0.0.1:{server.getsockname()[1]}{parts.path}?sslmode=disable"
    finally:
        server.close()


def _renamed(data: bytes) -> bytes:
    """BackendKeyData ('K', length 12, process, key) with the process of the pooler."""
    place = data.find(b"K\x00\x00\x00\x0c")
    return data if place < 0 else data[: place + 5] + (4_242_424).to_bytes(4, "big") + data[place + 9 :]


def test_behind_a_pooler_it_says_so_once_and_does_not_try_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ear, "LOOK_SECONDS", 0.05)
    opened: list[str] = []
    watch = Watch()
    with pooler(database_url) as url:

        def address() -> str:
            opened.append(url)
            return url

        with listening(address, watch) as listener:
            assert until(lambda: "connection pooler" in caplog.text)
            assert "ask every 1.5 seconds instead" in caplog.text
            listener.wakes(watch)
            time.sleep(0.2)
            assert (len(opened), watch.woken) == (1, 0)
    with notices.Listening(database_url) as line:  # the control: without the pooler it hears
        assert not line.hears(0)


def test_an_alert_that_fires_or_is_seen_and_a_message_on_the_wall_are_heard(
    engine: sa.Engine, line: notices.Listening
) -> None:
    from dashboard.goals import alert_saves
    from dashboard.wall import wall_saves
    from etl.watch import watching

    at = datetime(2026, 3, 11, 9, tzinfo=UTC)
    with warehouse.connected(engine) as connection:
        rule_id = connection.execute(
            sa.text(
                "insert into ops.alert_rules (made_at, window_seconds, hold_seconds, minimum_count, threshold_value, "
                "clear_value, rule_name, measure_name, scope_kind_name, comparison_name, severity_name, viewer_name) values "
                "(:at, 900, 0, 0, 1, 1, 'one', 'waiting_calls', 'everything', 'above', 'warning', 'ada') returning rule_id"
            ),
            {"at": at},
        ).scalar_one()
        connection.execute(
            sa.text(
                "insert into ops.alert_standings (rule_id, scope_id, since_at, fired_at, evaluated_at, firing_number, "
                "is_known, scope_name, state_name) values (:rule_id, '', :at, :at, :at, 1, true, 'here', 'firing')"
            ),
            {"rule_id": rule_id, "at": at},
        )
    assert not hears(line)
    event = {
        "firing_number": 1, "n": 1, "value": 2.0, "scope_id": "", "scope_name": "here", "change_name": "fired",
    }  # fmt: skip
    with warehouse.connected(engine) as connection:
        watching.add_event(connection, rule_id, event, at=at)
    assert hears(line)
    with warehouse.connected(engine) as connection:
        alert_saves.acknowledge(
            connection, rule_id=rule_id, scope_id="", firing_number=1, note_text="", viewer_name="mari", at=at
        )
    assert hears(line)
    with warehouse.connected(engine) as connection:
        wall_saves.tell(connection, message_text="Fire drill at ten", viewer_name="mari", at=at)
    assert hears(line)
    with warehouse.connected(engine) as connection:
        assert wall_saves.hush(connection, viewer_name="mari", at=at) == 1
    assert hears(line)
