"""Finds the files that hold the lines of a log: the log itself, and what rotation made of it, oldest first.

In: the path of the log. Out: one look at its files, each with its first line, which can be asked whether it holds still.
The rule it guards: what is decided by a look was true at one moment, though files are renamed, packed and made anew
meanwhile; one file under two names is one file.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from etl import LoadError
from etl.sources.files.file_birth import birth_of
from etl.sources.files.file_open import UNPACKING_FAULTS, opened

LONGEST_LINE_BYTES = 64 * 1024
SETTLED_SECONDS = 10  # disks tell the time of a change in steps, and a place on the disk is given on at once
MOST_LINES = 50  # among so many one is expected that tells when it was written
_ROTATED = re.compile(r"(\.\d{1,4}|[-.]\d{8}([-_.]?\d{2,6})?|)(\.gz)?")
Names = frozenset[tuple[str, int, int, int]]


@dataclass(frozen=True)
class LogFile:
    """A file that may be read: `age` grows with time, `fault` tells why it cannot be unpacked."""

    path: Path
    age: float
    first_line: bytes
    changed_at: float = 0.0
    size_bytes: int = 0
    is_current: bool = False
    inode: int = 0
    birth: int = 0
    fault: str = ""

    @property
    def is_packed(self) -> bool:
        """Whether it must be unpacked to be read."""
        return self.path.suffix == ".gz"

    @property
    def has_whole_line(self) -> bool:
        """Whether its first line has an end, or is too long to be looked at whole."""
        return self.first_line.endswith(b"\n") or len(self.first_line) >= LONGEST_LINE_BYTES

    @property
    def key(self) -> str:
        """The same for every file of the same beginning, whatever its name."""
        return hashlib.sha256(self.first_line).hexdigest()[:16]

    def is_copy_of(self, log: LogFile) -> bool:
        """Whether this is what is being copied out of the log before that is cut short: the log holds all of it still."""
        is_plain = not self.is_current and not self.is_packed and not self.fault and bool(log.first_line)
        return is_plain and self.first_line == log.first_line and self.size_bytes <= log.size_bytes

    def is_older_than(self, other: LogFile) -> bool:
        """Whether this one, which stands after `other`, is an older copy that was put back."""
        return self.age < other.age or self.first_line == other.first_line


@dataclass(frozen=True)
class Look:
    """The files of a log at one moment, oldest first; the log itself, where it is there, comes last."""

    log: Path
    files: tuple[LogFile, ...]
    names: Names

    @property
    def log_inode(self) -> int:
        """Which file of the disk bears the log's own name; 0 where none does."""
        return self.files[-1].inode if self.files and self.files[-1].is_current else 0

    @property
    def log_birth(self) -> int:
        """When that file was made; 0 where nothing tells it."""
        return self.files[-1].birth if self.log_inode else 0

    def holds(self) -> bool:
        """Whether every file still bears the name that it had."""
        return _names(self.log) == self.names


def look(path: Path, *, age_of: Callable[[bytes], float | None]) -> Look:
    """The rotated files beside `path` that hold a line, and `path` itself. LoadError where one may not be read."""
    names = _names(path)
    here = {name for name, *_ in names}
    current = next((disk for name, *disk in names if name == path.name), None)
    found: list[LogFile] = []
    for name, *disk in sorted(names):
        is_current = name == path.name
        if not is_current and disk == current:
            continue  # another name of the log itself, where the log is a link to a dated file
        if name.endswith(".gz") and name.removesuffix(".gz") in here:
            continue  # being packed at this moment: the plain one is whole
        try:
            file = _looked_at(path.with_name(name), age_of=age_of)
        except FileNotFoundError:
            continue  # renamed meanwhile; the look does not hold
        if file.first_line or is_current or file.fault:
            file = replace(file, is_current=is_current, inode=disk[1], birth=disk[2])
            found.append(file)
    log = next((file for file in found if file.is_current), None)
    files = [file for file in found if log is None or not file.is_copy_of(log)]
    return Look(
        path, tuple(sorted(files, key=lambda file: (file.is_current, file.age, file.changed_at))), names
    )


def _names(path: Path) -> Names:
    """The ordinary files that are or were the log by their names, each with its device, inode and birth."""
    found = set()
    try:
        siblings = os.listdir(path.parent)  # noqa: PTH208 - all names in one go, so that a renaming tears no gap
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    for name in siblings:
        if not name.startswith(path.name) or not _ROTATED.fullmatch(name.removeprefix(path.name)):
            continue
        file = path.with_name(name)
        try:
            told = file.stat()
            if stat.S_ISREG(told.st_mode):
                found.add((name, told.st_dev, told.st_ino, birth_of(file, told)))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ELOOP):  # renamed meanwhile, or a link to nothing
                raise
    return frozenset(found)


def _looked_at(path: Path, *, age_of: Callable[[bytes], float | None]) -> LogFile:
    """The file with its first line and its age, by the first line that tells one, else by its last change."""
    told = path.stat()
    changed_at = told.st_mtime
    try:
        known = (path, told.st_ino, told.st_size, told.st_mtime_ns)
        is_settled = time.time() - changed_at > SETTLED_SECONDS
        lines = _beginning(*known) if is_settled else _beginning.__wrapped__(*known)
    except UNPACKING_FAULTS as error:
        return LogFile(path, changed_at, b"", changed_at, fault=str(error) or repr(error))
    except FileNotFoundError:
        raise  # renamed meanwhile: the caller looks on
    except OSError as error:
        raise LoadError(
            f"{path}: cannot be read ({error.strerror}); expected a file that this process may read. "
            "Give the process's user the right to read it."
        ) from error
    age = next((age for age in map(age_of, lines) if age is not None), changed_at)
    return LogFile(path, age, lines[0] if lines else b"", changed_at, told.st_size)


@lru_cache(maxsize=1024)  # a year of packed files is not unpacked anew at every look
def _beginning(path: Path, _inode: int, _size: int, _changed_ns: int) -> tuple[bytes, ...]:
    """The first lines of a file, remembered only where nobody has written to it of late."""
    with opened(path) as file:
        lines = BytesIO(file.read(LONGEST_LINE_BYTES)).readlines()  # a lone return ends no line here
    return tuple(lines[:MOST_LINES])
