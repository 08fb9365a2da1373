"""A log that is written and rotated in every way at once with its reading: who writes, who reads, and what is counted.

A writer thread writes numbered lines, cuts some of them in two, and rotates the file now and then; the reader follows it
meanwhile as a load does, with its position stored as text, and sometimes ends in the middle as one that is killed.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from etl import LoadError
from etl.sources.files.growing_file import Piece, Position, pieces

Way = Literal[
    "rename", "rename_gzip", "dated", "symlink", "copytruncate", "copytruncate_gzip", "delete", "truncate"
]
WAYS: tuple[Way, ...] = get_args(Way)
RENAMED: tuple[Way, ...] = ("rename", "rename_gzip", "dated", "symlink")
"""After these nothing is lost; after the others what nobody can read any more."""
Follow = Callable[[Path, "Position | None", int], Iterator[Piece]]
MOST_ROTATED = 400  # what is rotated further is thrown away, as logrotate does


def line_of(number: int) -> bytes:
    """The text of a line, which tells whether it is whole."""
    return b"%010d|%s." % (number, b"x" * (number * 7 % 90))


def age_of(line: bytes) -> float | None:
    """The number of a line: it grows with time."""
    digits = line.split(b"|", 1)[0]
    return float(digits) if digits.isdigit() else None


def follow(path: Path, position: Position | None, piece_bytes: int) -> Iterator[Piece]:
    """The product's own way to follow a log."""
    return pieces(path, position, age_of=age_of, piece_bytes=piece_bytes)


@dataclass(frozen=True)
class Cut:
    """Lines that were cut off: whoever had not read them by then never will; `at`: of the clock that does not jump."""

    at: float
    first: int
    last: int


def follow_by_name(path: Path, position: Position | None, piece_bytes: int) -> Iterator[Piece]:
    """A wrong way, to prove that the test would see it: on from the byte that was reached, whatever the name now names."""
    offset = position.offset if position else 0
    try:
        file = path.open("rb")
    except FileNotFoundError:  # between two names
        return
    with file:
        file.seek(offset if os.fstat(file.fileno()).st_size >= offset else 0)
        start = file.tell()
        while data := file.read(piece_bytes):
            whole = data[: data.rfind(b"\n") + 1]
            if not whole:
                return
            start += len(whole)
            yield Piece(whole, path.name, 1, Position(start, 1, 0, "", 0, "", path.name, 0))
            file.seek(start)


class Writer:
    """Writes and rotates a log until `lines` lines are written."""

    def __init__(self, path: Path, way: Way, *, lines: int, seed: int) -> None:
        self.path, self.way, self.lines, self.lines_a_file = path, way, lines, max(40, lines // 20)
        self.chance = random.Random(seed)
        self.written = self.rotations = 0
        self.cuts: list[Cut] = []
        self._file = self._opened()

    def run(self) -> None:
        """Writes everything, with the rotations in between."""
        left = self._until_rotation()
        while self.written < self.lines:
            self._write_line()
            left -= 1
            if left == 0:
                self._rotate()
                left = self._until_rotation()
            if self.chance.random() < 0.02:
                time.sleep(0.0005)  # the reader comes to its turn
        self._write_line()  # the one before may have no end
        os.close(self._file)
        self._pack()

    def _until_rotation(self) -> int:
        return self.chance.choice((1, self.chance.randint(2, 20), self.chance.randint(20, self.lines_a_file)))

    def _opened(self) -> int:
        if self.way == "symlink":
            target = self.path.with_name(f"{self.path.name}-{20200101 + self.rotations:08}")
            descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            link = self.path.with_name("new_link")
            link.symlink_to(target.name)
            link.replace(self.path)
            return descriptor
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def _write_line(self, *, end: bytes = b"\n") -> None:
        self.written += 1
        data = line_of(self.written) + end
        cut = self.chance.randint(1, len(data)) if self.chance.random() < 0.1 else len(data)
        os.write(self._file, data[:cut])
        if data[cut:]:
            time.sleep(0)
            os.write(self._file, data[cut:])

    def _rotate(self) -> None:
        self.rotations += 1
        if self.way.startswith("copytruncate"):
            self._copy_and_cut()
        elif self.way in ("delete", "truncate"):
            self._note_cut(1)
            if self.way == "truncate":
                os.ftruncate(self._file, 0)
                return
            self.path.unlink()
            os.close(self._file)
            self._file = self._opened()
        else:
            self._move_on()

    def _move_on(self) -> None:
        """The file gets another name; its writer goes on in it for some lines, the last perhaps without an end."""
        if self.way == "dated":
            self.path.rename(self.path.with_name(f"{self.path.name}-{20200101 + self.rotations:08}"))
        elif self.way.startswith("rename"):
            self._shift()
            self.path.rename(self.path.with_name(f"{self.path.name}.1"))
        for _ in range(self.chance.randint(0, 3)):
            self._write_line()
        if self.chance.random() < 0.3:
            self._write_line(end=b"")
        old, self._file = self._file, self._opened()
        os.close(old)
        if self.way == "rename_gzip":
            self._pack()

    def _shift(self) -> None:
        for number in range(min(self.rotations, MOST_ROTATED), 0, -1):
            for suffix in ("", ".gz"):
                old = self.path.with_name(f"{self.path.name}.{number}{suffix}")
                if old.exists():
                    old.rename(self.path.with_name(f"{self.path.name}.{number + 1}{suffix}"))

    def _pack(self) -> None:
        """As gzip does: the packed file grows beside the plain one, which then goes away."""
        first = self.path.with_name(f"{self.path.name}.1")
        if not self.way.endswith("_gzip") or not first.exists():
            return
        with first.open("rb") as plain, gzip.open(f"{first}.gz", "wb", compresslevel=1) as packed:
            while block := plain.read(2000):
                packed.write(block)
        first.unlink()

    def _copy_and_cut(self) -> None:
        self._shift()
        first = self.path.with_name(f"{self.path.name}.1")
        shutil.copyfile(self.path, first)
        begin = self.written + 1
        for _ in range(self.chance.choice((0, 1, 5))):
            self._write_line()
        self._note_cut(begin)
        os.ftruncate(self._file, 0)
        self._pack()

    def _note_cut(self, first: int) -> None:
        self.cuts.append(Cut(time.monotonic(), first, self.written))


@dataclass
class Reading:
    """What was read of a log, and when; it tells what came not at all, twice, broken, and what was lost without a word."""

    read: list[bytes] = field(default_factory=list)
    notices: list[tuple[float, str]] = field(default_factory=list)
    passed: list[tuple[float, int]] = field(default_factory=list)
    """When which line was reached."""
    position: Position | None = None

    def poll(self, path: Path, follows: Follow, chance: random.Random) -> None:
        """One load: everything that is new, or only its beginning, as of a load that is killed."""
        most = chance.choice((1, 2, 10_000))
        given = follows(path, self.position, chance.choice((256, 2048, 1 << 16)))
        for number, piece in enumerate(given, start=1):
            self._take(piece)
            self.position = Position.from_text(piece.position.to_text())
            if number == most:
                return

    def _take(self, piece: Piece) -> None:
        lines = piece.data.splitlines()
        self.read += lines
        at = time.monotonic()
        self.notices += [(at, piece.notice)] if piece.notice else []
        numbers = [int(digits) for line in lines if (digits := line.split(b"|", 1)[0]).isdigit()]
        self.passed.append((at, max(numbers, default=0)))

    def figures(self, writer: Writer) -> dict[str, int]:
        """What became of the lines."""
        known = Counter(self.read)
        expected = {line_of(number): number for number in range(1, writer.written + 1)}
        lost = {number for line, number in expected.items() if not known[line]}
        cut_off = {number for cut in writer.cuts for number in range(cut.first, cut.last + 1)}
        return {
            "lost_lines": len(lost - cut_off),
            "doubled_lines": sum(count - 1 for count in known.values()),
            "broken_lines": sum(count for line, count in known.items() if line not in expected),
            "unsaid_losses": sum(self._is_unsaid(cut, lost) for cut in writer.cuts),
            "cut_off_lines": len(lost & cut_off),
        }

    def _is_unsaid(self, cut: Cut, lost: set[int]) -> bool:
        """Whether lines were cut off after the reading began, and it went on behind them without a word."""
        if not self.passed or cut.at < self.passed[0][0] or lost.isdisjoint(range(cut.first, cut.last + 1)):
            return False
        passed_at = next((at for at, number in self.passed if number > cut.last), None)
        return passed_at is not None and not any(cut.at <= at <= passed_at for at, _ in self.notices)


def rotated_while_read(
    path: Path, way: Way, *, lines: int, seed: int, follows: Follow = follow
) -> tuple[Reading, Writer]:
    """Writes, rotates and reads at the same time; what was read, and who wrote."""
    writer, reading, chance = Writer(path, way, lines=lines, seed=seed), Reading(), random.Random(seed + 1)
    faults: list[BaseException] = []

    def write() -> None:
        try:
            writer.run()
        except BaseException as fault:  # noqa: BLE001 - raised again by whoever reads
            faults.append(fault)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while thread.is_alive():
            _polled(reading, path, follows, chance)
    finally:
        thread.join()
    if faults:
        raise faults[0]
    still, before = 0, -1
    while still < 8:  # several ends in the middle, as killed ones
        _polled(reading, path, follows, chance)
        still = still + 1 if len(reading.read) == before else 0
        before = len(reading.read)
    return reading, writer


def _polled(reading: Reading, path: Path, follows: Follow, chance: random.Random) -> None:
    try:
        reading.poll(path, follows, chance)
    except LoadError as error:  # between two names there is no file for a moment; nothing else may be
        if "there is no such file" not in str(error):
            raise
