"""Runs Postgres's own programs that write and read backups, and keeps the file that they write private.

In: the version of the server, a program's options, a file. Out: what the program said, or its own last words as an error.
The rule it guards: no program older than the server, no password where others can read it, no half file under a whole
one's name.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sql.postgres_programs import program_folders
from sql.warehouse import WarehouseError

LOCK_WAIT_SECONDS = 60
_PASSING = re.compile(r'(?:dumping contents of|processing data for) table "([^"]+)"')


NO_SECRET: Mapping[str, str] = {}


def _unheard(_name: str) -> None:
    """For programs that are too quick to be followed."""


@dataclass(frozen=True)
class DumpPrograms:
    """One folder of Postgres's client programs, and their version."""

    folder: Path
    version: tuple[int, int]


def programs_for(name: str, *, oldest: int = 0, nearest: int | None = None) -> DumpPrograms:
    """The programs of at least the major version `oldest`, of those the nearest to `nearest`, else the newest.

    An older pg_dump leaves out what it does not know, an older pg_restore cannot read what a newer pg_dump wrote, and a
    newer one may write what an older server does not know. Raises WarehouseError where there are none.
    """
    found = [
        DumpPrograms(folder, version) for folder in _folders(name) if (version := _version(folder / name))
    ]
    usable = [one for one in found if one.version[0] >= oldest]
    if usable:
        wanted = max(one.version[0] for one in usable) if nearest is None else nearest
        return min(usable, key=lambda one: (one.version[0] < wanted, abs(one.version[0] - wanted)))
    here = ", ".join(f"{one.version[0]}.{one.version[1]} in {one.folder}" for one in found) or "none"
    reason = f"{oldest} or newer, as the server or the file is" if oldest else "one of any version"
    raise WarehouseError(
        f"Found {name} {here}; expected {reason}. Install that version's client programs, or name their folder in "
        "FLOORBOARD_POSTGRES_BIN."
    )


def _folders(name: str) -> list[Path]:
    on_path = shutil.which(name)
    folders = [
        *program_folders(name),
        *program_folders("pg_ctl"),
        *([Path(on_path).parent] if on_path else []),
    ]
    return [folder for folder in dict.fromkeys(folders) if (folder / name).is_file()]


def _version(program: Path) -> tuple[int, int] | None:
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = re.search(r"PostgreSQL\) (\d+)(?:\.(\d+))?", answer.stdout)
    return (int(found[1]), int(found[2] or 0)) if found and not answer.returncode else None


def _environment(secret: Mapping[str, str]) -> dict[str, str]:
    """In English, whose lines are read."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PGOPTIONS", "LC_", "LANG"))
    }
    return {**kept, "LC_ALL": "C", **secret}


def answered(
    programs: DumpPrograms,
    name: str,
    options: list[str],
    secret: Mapping[str, str] = NO_SECRET,
    output: IO[bytes] | None = None,
    on_table: Callable[[str], None] = _unheard,
) -> str:
    """What the program wrote (to `output` where that is given); WarehouseError with its own last words where it failed."""
    with subprocess.Popen(
        [str(programs.folder / name), *options],
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.PIPE,
        stderr=subprocess.PIPE if output else subprocess.STDOUT,
        env=_environment(secret),
        text=True,
        errors="replace",
    ) as process:
        said: list[str] = []
        heard = process.stderr if output else process.stdout
        assert heard is not None  # one of the two is a pipe
        for line in heard:
            said.append(line)
            if found := _PASSING.search(line):
                on_table(found[1])
    text = "".join(said)
    if process.returncode:
        faults = [line for line in text.splitlines() if "error:" in line or "detail:" in line]
        reason = " ".join(faults or text.splitlines()[-1:]) or f"it ended with {process.returncode}"
        file = f" {options[-1]}" if name == "pg_restore" else ""
        raise WarehouseError(
            f"{name}{file} failed: {reason}. "
            + (
                "Expected a whole file that `floorboard db backup` wrote; take another one."
                if name == "pg_restore"
                else "No backup was made; what stood there before is untouched."
            )
        )
    return text


@contextmanager
def written_by(command: list[str], secret: Mapping[str, str]) -> Iterator[IO[bytes]]:
    """What a program writes, line by line; WarehouseError after the last line where the program failed."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(secret),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
        faults = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise WarehouseError(f"{command[-1]} could not be read to its end, nothing was changed: {faults}")


def refuse_taken(path: Path, *, replacing: bool) -> None:
    """Raises WarehouseError where `path` is no place for a file: a folder, a device, or a file not to be replaced."""
    mode = kind_of(path)
    if mode is not None and stat.S_ISDIR(mode):
        raise WarehouseError(
            f"{path} is a folder; expected the name of a file, such as {path / 'floorboard.dump'}."
        )
    if mode is not None and not stat.S_ISREG(mode):
        raise WarehouseError(f"{path} is no ordinary file, and is left as it is; name another one.")
    if mode is not None and not replacing:
        raise WarehouseError(f"{path} is there already; name another file, or give --force to replace it.")


def kind_of(path: Path) -> int | None:
    """What stands at `path`, links followed, as `stat` tells it; None where nothing does. Raises WarehouseError."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WarehouseError(f"{path}: cannot be looked at ({error.strerror}); name another file.") from error


@contextmanager
def written(part: Path) -> Iterator[IO[bytes]]:
    """The half-made file, private and held by us alone; gone at the end where it was not renamed."""
    try:
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb")
    except OSError as error:
        raise WarehouseError(f"{part}: cannot be written ({error.strerror}); name another file.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WarehouseError(
                f"Another backup is being written to {part}; wait for it, or name another file."
            ) from None
        os.fchmod(file.fileno(), 0o600)
        file.truncate(0)
        try:
            yield file
        finally:
            part.unlink(missing_ok=True)


def settled(folder: Path) -> None:
    """The renamed file stays renamed where the power is cut now."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
