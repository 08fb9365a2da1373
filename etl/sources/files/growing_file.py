"""Follows a text file that grows, is rotated, compressed or cut short, and never gives a line twice or half.

In: the path, and the position after the piece read last (None at the first start).
Out: pieces of whole lines with their place, each with the position after it, and notices of what may be lost.
The rule it guards: a file is known by its content (its first and its last read bytes), never by name or inode alone;
both are used again by rotation.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from etl import LoadError
from etl.sources import PIECE_BYTES
from etl.sources.files.file_open import UNPACKING_FAULTS, broken_packing, opened
from etl.sources.files.line_blocks import FINGERPRINT_BYTES, blocks, lines_of
from etl.sources.files.lines_again import Earlier, LinesAgain, Past
from etl.sources.files.rotated_files import LONGEST_LINE_BYTES as LONGEST_LINE_BYTES
from etl.sources.files.rotated_files import LogFile, Look, look

MOST_FILES = 1000
MOST_LOOKS = 20  # so often the files may be renamed while they are looked at; then the next load looks on
MOST_OLDER_FILES = 100  # are looked into for the lines of an old copy
BLOCK_BYTES = 1 << 20


class _RotatedError(Exception):
    """The files were renamed, packed or cut since they were looked at; what was decided does not hold."""


@dataclass(frozen=True)
class Position:
    """How far a file was read: its content before `offset` is known by two fingerprints.

    log_inode, log_birth: which file bore the log's name then; later_files: how many stood after this one; age, file_key: of
    the file itself, see LogFile; past: what is remembered to know its lines again.
    """

    offset: int
    line_count: int
    head_bytes: int
    head_sha256: str
    tail_bytes: int
    tail_sha256: str
    file_name: str
    inode: int
    log_inode: int = 0
    log_birth: int = 0
    later_files: int = 0
    age: float | None = None
    file_key: str = ""
    past: Past = field(default_factory=Past)

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        return json.dumps({"version": 1, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Position | None:
        """Reads `to_text`, None for an empty text; raises ValueError with what was found where it is not one."""
        if not text:
            return None
        try:
            data = json.loads(text)
            version = data.pop("version")
            if version != 1:
                raise ValueError(f"its version is {version!r}, expected 1")
            position = cls(**data | {"past": Past(**data.get("past", {}))})
            whole = (position.offset, position.line_count, position.head_bytes, position.tail_bytes)
            if not all(isinstance(number, int) and number >= 0 for number in whole):
                raise ValueError(f"its numbers are {whole!r}, expected whole numbers from 0")
            if fault := position.past.fault():
                raise ValueError(fault)
            return position
        except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


@dataclass(frozen=True)
class Piece:
    """Whole lines of one file.

    overlong: the piece is the beginning of one line that is too long to be read. file_key: the same for every piece of
    the same content, whatever its name. is_gap: it does not follow what was read before. is_known_before: it is an
    older copy, put back after the file that was read last. start_offset: the byte at which its first line begins;
    earlier: the lines before it, see LinesAgain.
    """

    data: bytes
    file_name: str
    first_line_number: int
    position: Position
    notice: str | None = None
    starts_file: bool = False
    overlong: bool = False
    file_key: str = ""
    is_gap: bool = False
    is_known_before: bool = False
    start_offset: int = 0
    earlier: Earlier = lambda _least_at, _until: iter(())

    def lines_again(self, past: Past) -> LinesAgain:
        """What tells which of its lines stand in the log a second time, to be asked before the next piece is read."""
        past = Past() if self.starts_file else past
        return LinesAgain(past, self.data, self.start_offset, self.earlier, self.file_name, self.overlong)


def pieces(
    path: Path,
    position: Position | None,
    *,
    age_of: Callable[[bytes], float | None],
    include_rotated: bool = True,
    piece_bytes: int = PIECE_BYTES,
) -> Iterator[Piece]:
    """Everything written after `position`, oldest file first, in pieces of at most about `piece_bytes`.

    age_of: from a file's first line to a number that grows with time, so that rotated files are read in order.
    Raises LoadError where the file is not there or cannot be read.
    """
    looks = 0
    for _ in range(MOST_FILES):
        seen = look(path, age_of=age_of)
        if not seen.files and seen.holds():
            _refuse_nothing(path)
        got = False
        try:
            place, notice, is_known = _where(seen, position, include_rotated=include_rotated)
            for number, file in enumerate(seen.files[place:], start=place):
                follows = position if is_known and number == place else None
                again = not is_known and position is not None and file.key == position.file_key
                copied = again or (follows is None and is_known and file.is_older_than(seen.files[place]))
                older = partial(_older_lines, path, age_of) if include_rotated else _no_lines
                for piece in _read(seen, number, follows, older, piece_bytes=piece_bytes):
                    yield replace(piece, notice=notice, is_known_before=copied, is_gap=not is_known)
                    notice, got, position = None, True, piece.position
                if got:
                    break  # while this was read the files may have been rotated on: look anew where it is now
        except _RotatedError:
            looks += not got
            if looks < MOST_LOOKS:
                continue
            return
        if not got:
            return


def _refuse_nothing(path: Path) -> None:
    """Raises LoadError where nothing stands there that can be read; a file may have come since it was looked for."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except OSError:
        is_there = path.is_symlink()
    else:
        is_there = True
        if is_file:
            return
    if is_there:
        raise LoadError(
            f"{path}: this is no ordinary file; expected the log itself. Put the right path into floorboard.toml."
        )
    raise LoadError(
        f"{path}: there is no such file, and no rotated one beside it; expected the log that the source names. "
        "Put the right path into floorboard.toml, or let the PBX write its first line."
    )


def _where(seen: Look, position: Position | None, *, include_rotated: bool) -> tuple[int, str | None, bool]:
    """Which file to begin with, a notice where lines may be lost, and whether it is the one read before."""
    files = seen.files
    if not files:
        raise _RotatedError
    if position is None:
        whole = [number for number, file in enumerate(files) if not file.fault]
        broken = "; ".join(
            f"{file.path.name} cannot be unpacked and is left out" for file in files if file.fault
        )
        return (whole[0] if include_rotated else len(files) - 1), broken or None, False
    for place in reversed(range(len(files))):
        if _is_same(files[place], position):
            _refuse_broken(files[place + 1 :])
            return place, _truncation(seen.log) if _was_cut(seen, place, position) else None, True
    if position.offset == 0:
        return len(files) - 1, None, False
    _refuse_broken(files)  # it may be the one that was read before
    newer = [
        place
        for place, file in enumerate(files)
        if include_rotated and position.age is not None
        and file.age >= position.age and file.key != position.file_key
    ]  # fmt: skip
    place = newer[0] if newer else len(files) - 1
    if _is_same_log(seen, position):
        return place, _truncation(seen.log), False
    return (
        place,
        f"{seen.log}: the file read before ({position.file_name}, up to byte {position.offset}) is neither here nor "
        "among the rotated files; lines written to it after that are lost unless it is put back beside this one. "
        f"Reading goes on with {files[place].path.name} from its first line.",
        False,
    )


def _was_cut(seen: Look, place: int, position: Position) -> bool:
    """Whether the log is still the same file on the disk though others came to stand before it: copied, then cut short.

    Where no births are told, a packed file may have left its place on the disk to the log: then one rotation counts.
    """
    rotations = len(seen.files) - 1 - place - position.later_files
    is_sure = position.log_birth != 0 or not seen.files[place].is_packed
    return _is_same_log(seen, position) and (rotations == 1 or (rotations > 1 and is_sure))


def _is_same_log(seen: Look, position: Position) -> bool:
    """Whether the log is the same file on the disk as at the last reading, not only one in its place."""
    if seen.log_inode == 0 or seen.log_inode != (position.log_inode or position.inode):
        return False
    return 0 in (seen.log_birth, position.log_birth) or seen.log_birth == position.log_birth


def _refuse_broken(files: tuple[LogFile, ...]) -> None:
    for file in files:
        if file.fault:
            raise LoadError(
                f"{file.path}: this rotated file cannot be unpacked ({file.fault}); expected a whole gzip file. "
                "If it is still being written, nothing is to do; if it is broken, move it out of the folder."
            )


def _truncation(path: Path) -> str:
    return (
        f"{path}: the file was cut short in place (copytruncate); lines written between the copy and the cut are lost "
        "to every reader. Let logrotate rename the file and run `asterisk -rx 'logger reload'` instead."
    )


def _is_same(file: LogFile, position: Position) -> bool:
    try:
        if not file.is_packed and file.path.stat().st_size < position.offset:
            return False
        with opened(file.path) as content:
            return _matches(content, position)
    except (*UNPACKING_FAULTS, FileNotFoundError):
        return False


def _matches(file: BinaryIO, position: Position) -> bool:
    """Whether the open file's content before the position is what was read."""
    head = file.read(position.head_bytes)
    if hashlib.sha256(head).hexdigest() != position.head_sha256:
        return False
    file.seek(position.offset - position.tail_bytes)
    return hashlib.sha256(file.read(position.tail_bytes)).hexdigest() == position.tail_sha256


def _read(
    seen: Look,
    number: int,
    position: Position | None,
    older: Callable[[str, int | None], Iterator[list[bytes]]],
    *,
    piece_bytes: int,
) -> Iterator[Piece]:
    """Whole lines after `position`; a last line without its end only where nobody will finish it.

    Raises _RotatedError before the first line where the files are no longer as they were seen, and after a line where
    this one was cut short while it was read.
    """
    wanted = seen.files[number]
    offset, lines = (position.offset, position.line_count) if position else (0, 0)
    is_finished = any(later.first_line for later in seen.files[number + 1 :])
    starts_file = position is None
    if starts_file and not is_finished and not wanted.has_whole_line:
        return  # its age and key are not known yet
    file = _opened_as_seen(seen, wanted, position)
    with file:
        inode = os.fstat(file.fileno()).st_ino
        file.seek(0)
        head = file.read(min(offset, FINGERPRINT_BYTES))
        if position is not None and hashlib.sha256(head).hexdigest() != position.head_sha256:
            raise _RotatedError
        file.seek(max(0, offset - FINGERPRINT_BYTES))
        tail = file.read(min(offset, FINGERPRINT_BYTES))
        for block in blocks(file, piece_bytes=piece_bytes, is_finished=is_finished):
            start, offset = offset, offset + block.consumed_bytes
            lines_here = 1 if block.overlong else block.data.count(b"\n") + (not block.data.endswith(b"\n"))
            head = (head + block.data)[:FINGERPRINT_BYTES] if len(head) < FINGERPRINT_BYTES else head
            if not wanted.is_packed and os.pread(file.fileno(), len(head), 0) != head:
                raise _RotatedError
            tail = (tail + block.end)[-FINGERPRINT_BYTES:]
            after = Position(
                offset=offset,
                line_count=lines + lines_here,
                head_bytes=len(head),
                head_sha256=hashlib.sha256(head).hexdigest(),
                tail_bytes=len(tail),
                tail_sha256=hashlib.sha256(tail).hexdigest(),
                file_name=wanted.path.name,
                inode=inode,
                log_inode=seen.log_inode,
                log_birth=seen.log_birth,
                later_files=len(seen.files) - 1 - number,
                age=wanted.age,
                file_key=wanted.key,
            )
            yield Piece(
                block.data,
                wanted.path.name,
                lines + 1,
                after,
                starts_file=starts_file,
                overlong=block.overlong,
                file_key=wanted.key,
                start_offset=start,
                earlier=partial(_lines_before, file, start, partial(older, wanted.key)),
            )
            lines += lines_here
            starts_file = False


def _opened_as_seen(seen: Look, wanted: LogFile, position: Position | None) -> BinaryIO:
    """The file that was looked at, held open: from here on no renaming matters. Raises _RotatedError where it is another."""
    try:
        file = opened(wanted.path)
    except FileNotFoundError:
        raise _RotatedError from None
    try:
        if position is not None:
            is_same = _matches(file, position)
        else:
            first_line = file.readline(LONGEST_LINE_BYTES)[:FINGERPRINT_BYTES]
            is_same = first_line == wanted.first_line[:FINGERPRINT_BYTES]
        if not is_same or not seen.holds():
            raise _RotatedError
    except BaseException:
        file.close()
        raise
    return file


def _lines_before(
    file: BinaryIO,
    start: int,
    older: Callable[[int | None], Iterator[list[bytes]]],
    least_at: int | None,
    until: int,
) -> Iterator[list[bytes]]:
    """Some lines at a time that stand before the piece at `start`, as LinesAgain asks for them."""
    yield from older(least_at)
    stands, offset, until = file.tell(), 0, min(start, until)
    file.seek(0)
    try:
        for block in blocks(file, piece_bytes=BLOCK_BYTES, is_finished=True):
            if offset >= until:
                return
            yield lines_of(block.data[: until - offset], overlong=block.overlong)
            offset += block.consumed_bytes
    finally:
        file.seek(stands)


def _older_lines(
    path: Path, age_of: Callable[[bytes], float | None], file_key: str, least_at: int | None
) -> Iterator[list[bytes]]:
    """The lines of the files before the one of that key, some at a time, but of those that end before the instant."""
    for _ in range(MOST_LOOKS):
        seen = look(path, age_of=age_of)
        ages = [file.age for file in seen.files] + [float("inf")]
        place = next((place for place, file in enumerate(seen.files) if file.key == file_key), 0)
        wanted = [
            file
            for number, file in enumerate(seen.files[:place])
            if not file.fault and (least_at is None or ages[number + 1] >= least_at)
        ][-MOST_OLDER_FILES:]
        with ExitStack() as stack:
            try:
                files = [stack.enter_context(opened(file.path)) for file in wanted]
            except FileNotFoundError:
                continue
            if not seen.holds():
                continue
            for known, file in zip(wanted, files, strict=True):
                try:
                    for block in blocks(file, piece_bytes=BLOCK_BYTES, is_finished=True):
                        yield lines_of(block.data, overlong=block.overlong)
                except UNPACKING_FAULTS as error:
                    raise broken_packing(known.path, error) from error
            return
    raise LoadError(
        f"{path}: its rotated files are renamed again and again while they are read; expected them to rest for a moment. "
        "Nothing is to be done: the next load reads on from the same place."
    )


def _no_lines(_file_key: str, _least_at: int | None) -> Iterator[list[bytes]]:
    return iter(())
