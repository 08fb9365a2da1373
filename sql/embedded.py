"""Runs the small Postgres that comes with Floorboard, for everyone who has no database server of their own.

In: DATABASE_URL (then nothing is started), FLOORBOARD_HOME, and the programs and places that
sql/postgres_programs.py finds. Out: the address of a server that answers. The rule it guards: every command
that uses the server holds a shared lock on it, and the last to leave stops it; so no command ends another's
server, and one left behind by a killed command is taken over, and stopped, by the next.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shlex
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import IO
from urllib.parse import quote

import psutil
import psycopg

from sql.postgres_programs import (
    SOCKET_NAME,
    Place,
    Programs,
    chosen,
    copied,
    data_folders,
    place_of,
    private_folder,
    run,
    socket_folder,
    unwritable,
)
from sql.warehouse import WarehouseError

NAME = "floorboard"  # of the database and of its owner
START_SECONDS = 100
ANSWER_SECONDS = 10
WATCH_SECONDS = 1.0
PASSWORD_NAME = "floorboard.password"
KEEP_NAME = "postgres.keep"
DYING_SECONDS = 3.0  # for whoever is left by a killed parent
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Status:
    """What there is to say of the embedded server; `notes` tell which programs are not used, and why."""

    is_running: bool
    version_text: str
    bin_folder: Path | None
    data_folder: Path | None
    url: str | None = field(repr=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Server:
    data: Path
    sockets: Path
    process: psutil.Process | None  # None: it answers, but lives outside what can be seen (another container)


def is_ours() -> bool:
    """Whether the warehouse is the one that Floorboard brings: DATABASE_URL names no other."""
    return not _given()


def home() -> Path:
    """The folder of all that Floorboard keeps on this computer; made, private to its owner, on first use."""
    try:
        folder = Path(os.environ.get("FLOORBOARD_HOME") or "~/.floorboard").expanduser().resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise unwritable(os.environ.get("FLOORBOARD_HOME") or "~/.floorboard", error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise unwritable(folder, "this user may not write there")
    return folder


@contextmanager
def attached() -> Iterator[str]:
    """The address of a server that answers, for the length of the block: DATABASE_URL, or the embedded one.

    The embedded server is started where none runs, started again within seconds where it dies, and stopped at
    the end of the last block that uses it. Raises WarehouseError where it cannot be started.
    """
    if given := _given():
        yield given
        return
    where, parent = place_of(home()), os.getppid()
    leaving = threading.Event()
    watch = threading.Thread(target=_watch, args=(where, leaving), name="watches Postgres", daemon=True)
    with _serialised(where):
        lock = _open_in_home(where, "postgres.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
            address = _ensured(where)
        except BaseException:  # also Ctrl-C in the middle of the start: leave no server behind
            _leave(where, lock)
            raise
    watch.start()
    try:
        yield address
    finally:
        leaving.set()
        watch.join()
        with _serialised(where):
            _leave(where, lock, patience_seconds=0.0 if os.getppid() == parent else DYING_SECONDS)


def keep() -> str:
    """The address of a server that goes on running after this command, until `stop` or `let_go`.

    For programs that are no Floorboard command (psql, a notebook) and so hold no lock. DATABASE_URL where it is set.
    """
    if given := _given():
        return given
    (home() / KEEP_NAME).touch(mode=0o600)
    with attached() as address:
        return address


def let_go() -> None:
    """Ends what `keep` began: the last command to leave stops the server again."""
    (home() / KEEP_NAME).unlink(missing_ok=True)


def url() -> str | None:
    """DATABASE_URL, or the address of the embedded server while it runs; None where there is neither."""
    if given := _given():
        return given
    server = _running(place_of(home()))
    return _address(server) if server else None


def stop() -> bool:
    """Stops an embedded server that nobody uses (left by a killed command); False where none runs.

    Raises WarehouseError while a command uses it: that command would start it again at once.
    """
    let_go()
    where = place_of(home())
    with _serialised(where):
        if _running(where) is None:
            return False
        if not _leave(where, _open_in_home(where, "postgres.lock")):
            raise WarehouseError(
                f"The database in {where.base} is in use by another Floorboard command. "
                "End that one first (Ctrl-C in its window); the last command to end stops the database."
            )
    return True


def status() -> Status:
    """The embedded server as it is now; starts nothing. With DATABASE_URL set, only `url` is told."""
    if given := _given():
        return Status(False, "", None, None, given, ("DATABASE_URL is set: no embedded server is used.",))
    where = place_of(home())
    server = _running(where)
    address = _address(server) if server else None
    try:
        programs, data, notes = chosen(where)
    except WarehouseError as error:
        return Status(server is not None, "", None, server.data if server else None, address, (str(error),))
    folder = server.data if server else data
    is_made = folder.exists()
    return Status(
        server is not None,
        programs.version_text,
        programs.folder,
        folder if is_made else None,
        address,
        notes,
    )


def _given() -> str:
    return os.environ.get("DATABASE_URL", "").strip()


# --- starting


def _ensured(where: Place) -> str:
    """The address of the server, started where none runs; it has just answered. Needs the start lock."""
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        server = _running(where) or _started(where)
        try:
            address = _address(server, database="postgres")
            with psycopg.connect(address, connect_timeout=ANSWER_SECONDS, autocommit=True) as connection:
                if not connection.execute("select from pg_database where datname = %s", [NAME]).fetchall():
                    connection.execute("create database floorboard")
            return _address(server)
        except psycopg.errors.ConnectionTimeout as error:  # one that is starting says so at once
            raise WarehouseError(
                f"The database in {server.data} runs but has not answered within {ANSWER_SECONDS} s: it hangs, or its "
                f"machine has too much to do. See {where.home / 'postgres.log'}; try again, or end it and start anew."
            ) from error
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error) or time.monotonic() > give_up_at:
                raise WarehouseError(
                    f"The database in {server.data} runs but lets nobody in: {str(error).strip()} "
                    f"See {where.home / 'postgres.log'}; if {PASSWORD_NAME} was changed, put the old back."
                ) from error
        time.sleep(0.05)  # it is starting or stopping


def _started(where: Place) -> _Server:
    programs, data, _ = chosen(where)
    if programs.is_copy_needed:
        programs = copied(programs)
    if data not in data_folders(where.base):
        _create(where, programs, data)
    sockets = socket_folder(where)
    private_folder(where, sockets)
    _clear_remains(data, sockets)
    for half_made in where.base.glob("postgres-*.new-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    settings = (f'unix_socket_directories="{sockets}"', "unix_socket_permissions=0700", "listen_addresses=")
    silent = (
        "log_error_verbosity=terse",
        "log_min_error_statement=panic",
    )  # its log shall not hold what rows hold
    options = shlex.join(part for setting in (*settings, *silent, "port=5432") for part in ("-c", setting))
    command = [str(programs.folder / "pg_ctl"), "start", "-s", "-w", "-t", str(START_SECONDS)]
    with _open_in_home(where, "postgres.log") as log:
        log_start = log.tell()
        run(where.user, [*command, "-D", str(data), "-o", options], log)
        log.seek(log_start)
        words = log.read().decode(errors="replace")
    server = _running(where)
    if server is None:  # pg_ctl may also have met one that a killed command had just begun to start
        raise WarehouseError(
            f"Postgres {programs.version_text} did not start on {data}. The end of "
            f"{where.home / 'postgres.log'} says why:\n{_last_lines(words)}"
        )
    return server


def _create(where: Place, programs: Programs, data: Path) -> None:
    """A new data folder; made beside its place and renamed, so a half-made one is never taken for whole."""
    new = data.with_name(f"{data.name}.new-{token_hex(4)}")  # initdb may outlive a killed command, in its own
    private_folder(where, new)
    password = new / PASSWORD_NAME
    password.touch(mode=0o600)
    password.write_text(token_hex(24))
    if where.user:
        os.chown(password, *where.user)
    command = [str(programs.folder / "initdb"), "-D", str(new / "data"), "-U", NAME, f"--pwfile={password}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", "--locale=C"]
    unicode = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # bytes sort, but lower('Õ') is known
    unicode = unicode if programs.version >= (17, 0) else ["--lc-ctype=C.UTF-8"]
    answer = run(where.user, [*command, *unicode])
    if answer.returncode and "invalid locale" in answer.stdout:
        answer = run(where.user, command)
    if answer.returncode:
        raise WarehouseError(
            f"No database could be made in {where.base}; initdb of Postgres {programs.version_text} says:\n"
            f"{_last_lines(answer.stdout)}\nSee that the disk has 100 MB free, then start again."
        )
    with (new / "data" / "postgresql.conf").open("a") as settings:
        settings.write(
            "\ntimezone = 'UTC'\nlog_timezone = 'UTC'\nshared_buffers = 128MB\nmax_connections = 100\n"
        )
        settings.write("fsync = on\nsynchronous_commit = on\nlog_checkpoints = off\n")
        settings.flush()
        os.fsync(settings.fileno())
    password.rename(new / "data" / PASSWORD_NAME)
    if data.exists():  # it has no pg_control, so never held a database; kept all the same
        data.rename(data.with_name(f"{data.name}.incomplete-{int(time.time())}"))
    (new / "data").rename(data)
    new.rmdir()


def _clear_remains(data: Path, sockets: Path) -> None:
    """Ends what a killed server left: orphans, and lock files whose number now belongs to another program."""
    orphans = [one for one in psutil.process_iter() if _is_of(one, data) and _belongs_to_owner(one, data)]
    for process in _remaining(orphans, data, seconds=2):  # deep in a long statement, it has not noticed yet
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGQUIT)
    if numbers := [process.pid for process in _remaining(orphans, data, seconds=10)]:
        raise WarehouseError(
            f"A dead Postgres's processes {numbers} work on {data}; kill them, then start again."
        )
    for lock in (data / "postmaster.pid", sockets / f"{SOCKET_NAME}.lock"):
        if lock.exists():
            number = lock.read_text(errors="replace").partition("\n")[0]
            if not number.isdigit() or (psutil.pid_exists(int(number)) and not _at_work(int(number), data)):
                lock.unlink()  # where no program has the number, Postgres sees by itself that it is stale


# --- the running server


def _running(where: Place) -> _Server | None:
    for data in data_folders(where.base):
        lines: list[str] = []
        with suppress(OSError):
            lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        if lines and lines[0].isdigit():
            usual = socket_folder(where)
            if process := _at_work(int(lines[0]), data):
                return _Server(data, Path(lines[4]) if len(lines) > 4 and lines[4] else usual, process)
            if _is_listening(usual / SOCKET_NAME):
                return _Server(data, usual, None)
    return None


def _at_work(number: int, data: Path) -> psutil.Process | None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(number)
        return process if _is_of(process, data) else None
    return None


def _is_of(process: psutil.Process, data: Path) -> bool:
    """Whether this is a Postgres at work in `data`; a number alone proves nothing, it may be used again."""
    with suppress(psutil.Error, OSError):
        return bool(process.name().startswith("postgres") and process.cwd() == str(data))
    return False


def _belongs_to_owner(process: psutil.Process, data: Path) -> bool:
    """A second, separate condition before anything is signalled: root may reach every process there is."""
    with suppress(psutil.Error, OSError):
        owner = data.stat().st_uid
        return bool(owner != 0 and process.uids().real == owner)
    return False


def _remaining(processes: list[psutil.Process], data: Path, *, seconds: float) -> list[psutil.Process]:
    """Those still at work after at most `seconds`; a zombie is not, and some systems never clear it away."""
    give_up_at = time.monotonic() + seconds
    while (found := [one for one in processes if _is_of(one, data)]) and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return found


def _is_listening(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(os.fsencode(path))
        return True
    return False


def _address(server: _Server, *, database: str = NAME) -> str:
    try:
        password = (server.data / PASSWORD_NAME).read_text().strip()
    except OSError as error:
        raise WarehouseError(
            f"The database's password cannot be read: {error}. Put {PASSWORD_NAME} back into {server.data}, "
            "or move that folder away to begin with an empty warehouse."
        ) from error
    return f"postgresql://{NAME}:{password}@/{database}?host={quote(str(server.sockets), safe='')}&port=5432"


def _watch(where: Place, leaving: threading.Event) -> None:
    """Starts the server again where it died under its users; they reconnect by themselves."""
    while not leaving.wait(WATCH_SECONDS):
        try:
            if _running(where) is None:
                _log.warning("Postgres in %s has died; starting it again.", where.base)
                with _serialised(where):
                    _ensured(where)
        except (WarehouseError, OSError) as error:
            _log.error("Postgres could not be started again: %s", error)


def _leave(where: Place, lock: IO[bytes], *, patience_seconds: float = 0.0) -> bool:
    """Gives up the shared lock; stops the server where nobody else holds one. Needs the start lock.

    patience_seconds: how long to wait for a holder that is dying. Linux tells the children of a killed process of its death
    as soon as the thread that started them is gone, while its other threads may still keep its locks.
    """
    with lock:
        give_up_at = time.monotonic() + patience_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= give_up_at:
                    return False
                time.sleep(0.05)
        if (where.home / KEEP_NAME).exists():
            return False
        server = _running(where)
        if server and server.process:
            for kind, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10)):  # fast, then immediate
                with suppress(psutil.NoSuchProcess):
                    server.process.send_signal(kind)
                if not _remaining([server.process], server.data, seconds=seconds):
                    break
        return True


@contextmanager
def _serialised(where: Place) -> Iterator[None]:
    """One command at a time starts or stops the server."""
    give_up_at = time.monotonic() + START_SECONDS + 20
    try:
        with _open_in_home(where, "postgres.start.lock") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > give_up_at:
                        raise WarehouseError(
                            "Another Floorboard command has been starting or stopping the database for two "
                            f"minutes. See postgres.log in {where.home}, end that command, then start again."
                        ) from None
                    time.sleep(0.02)
            yield
    except OSError as error:
        raise unwritable(where.home, error) from error


def _open_in_home(where: Place, name: str) -> IO[bytes]:
    """A file of home, to be added to; it belongs to home's owner also where root opens it."""
    file = (where.home / name).open("a+b")
    os.fchmod(file.fileno(), 0o600)
    if os.geteuid() == 0:
        owner = where.home.stat()
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    return file


def _last_lines(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-12:])
