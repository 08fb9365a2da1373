"""Follows a text file that grows, is rotated, compressed or cut short, and never gives a line twice or half.

In: the path, and the position after the piece read last (None at the first start).
Out: pieces of whole lines with their place, each with the position after it, and notices of what may be lost.
The rule it guards: a file is known by its content (its first and its last read bytes), never by name or inode alone;
both are used again by rotation.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from etl import LoadError
from etl.sources import PIECE_BYTES

FINGERPRINT_BYTES = 4096
LONGEST_LINE_BYTES = 64 * 1024
MOST_FILES = 1000
UNPACKING_FAULTS = (EOFError, gzip.BadGzipFile, zlib.error)
_ROTATED = re.compile(r"(\.\d{1,4}|[-.]\d{8}([-_.]?\d{2,6})?|)(\.gz)?")


@dataclass(frozen=True)
class Position:
    """How far a file was read: its content before `offset` is known by two fingerprints."""

    offset: int
    line_count: int
    head_bytes: int
    head_sha256: str
    tail_bytes: int
    tail_sha256: str
    file_name: str
    inode: int

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
            position = cls(**data)
            whole = (position.offset, position.line_count, position.head_bytes, position.tail_bytes)
            if not all(isinstance(number, int) and number >= 0 for number in whole):
                raise ValueError(f"its numbers are {whole!r}, expected whole numbers from 0")
            return position
        except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


@dataclass(frozen=True)
class Piece:
    """Whole lines of one file.

    overlong: the piece is the beginning of one line that is too long to be read. file_key: the same for every piece of
    the same content, whatever its name. is_gap: it does not follow what was read before. is_known_before: it is an
    older copy, put back after the file that was read last.
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


@dataclass(frozen=True)
class _Candidate:
    """A file that may be read: `age` grows with time, `fault` tells why it cannot be unpacked."""

    path: Path
    is_current: bool
    age: float
    first_line: bytes
    fault: str = ""

    def is_older_than(self, other: _Candidate) -> bool:
        """Whether this one, which stands after `other`, is an older copy that was put back."""
        return self.age < other.age or self.first_line == other.first_line


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


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
    for _ in range(MOST_FILES):
        files = _in_order(path, age_of=age_of)
        if not files:
            if os.path.lexists(path):
                raise LoadError(
                    f"{path}: this is no ordinary file; expected the log itself. "
                    "Put the right path into floorboard.toml."
                )
            raise LoadError(
                f"{path}: there is no such file, and no rotated one beside it; expected the log that the source names. "
                "Put the right path into floorboard.toml, or let the PBX write its first line."
            )
        place, notice, is_known = _where(files, position, include_rotated=include_rotated)
        got = False
        for number, candidate in enumerate(files[place:]):
            follows = position if is_known and number == 0 else None
            is_finished = any(later.first_line for later in files[place + number + 1 :])
            copied = follows is None and is_known and candidate.is_older_than(files[place])
            for piece in _read(candidate, follows, piece_bytes=piece_bytes, is_finished=is_finished):
                yield replace(piece, notice=notice, is_known_before=copied, is_gap=not is_known)
                notice, got, position = None, True, piece.position
            if got:
                break  # while this was read the files may have been rotated on: look anew where it is now
        if not got:
            return


def _in_order(path: Path, *, age_of: Callable[[bytes], float | None]) -> list[_Candidate]:
    """The rotated files beside `path` that hold a line, oldest first, and `path` itself last."""
    found: list[tuple[float, float, _Candidate]] = []
    if not path.parent.is_dir():
        return []
    for sibling in path.parent.iterdir():
        suffix = sibling.name.removeprefix(path.name)
        if not sibling.name.startswith(path.name) or not _ROTATED.fullmatch(suffix) or not sibling.is_file():
            continue
        if suffix.endswith(".gz") and sibling.with_suffix("").is_file():
            continue  # being compressed at this moment: the plain one is whole
        try:
            changed_at = sibling.stat().st_mtime
            candidate = _looked_at(sibling, is_current=not suffix, age_of=age_of, changed_at=changed_at)
        except FileNotFoundError:
            continue  # renamed between the listing and the look
        if candidate.first_line or candidate.is_current or candidate.fault:
            order = float("inf") if candidate.is_current else candidate.age
            found.append((order, changed_at, candidate))
    return [candidate for _, _, candidate in sorted(found, key=lambda item: item[:2])]


def _looked_at(
    path: Path, *, is_current: bool, age_of: Callable[[bytes], float | None], changed_at: float
) -> _Candidate:
    """The file with its first line and its age, by the first line that tells one, else by its last change."""
    try:
        with _opened(path) as file:
            lines = BytesIO(file.read(LONGEST_LINE_BYTES)).readlines()[:50]  # a lone return ends no line here
    except UNPACKING_FAULTS as error:
        return _Candidate(
            path, is_current=is_current, age=changed_at, first_line=b"", fault=str(error) or repr(error)
        )
    except FileNotFoundError:
        raise  # renamed meanwhile: the caller looks on
    except OSError as error:
        raise LoadError(
            f"{path}: cannot be read ({error.strerror}); expected a file that this process may read. "
            "Give the process's user the right to read it."
        ) from error
    ages = (age for age in map(age_of, lines) if age is not None)
    return _Candidate(
        path, is_current=is_current, age=next(ages, changed_at), first_line=lines[0] if lines else b""
    )


def _where(
    files: list[_Candidate], position: Position | None, *, include_rotated: bool
) -> tuple[int, str | None, bool]:
    """Which file to begin with, a notice where lines may be lost, and whether it is the one read before."""
    if position is None:
        whole = [number for number, file in enumerate(files) if not file.fault]
        broken = "; ".join(
            f"{file.path.name} cannot be unpacked and is left out" for file in files if file.fault
        )
        return (whole[0] if include_rotated else len(files) - 1), broken or None, False
    for place in reversed(range(len(files))):
        if _is_same(files[place], position):
            _refuse_broken(files[place + 1 :])
            cut = (
                files[place].path.suffix != ".gz"
                and not files[place].is_current
                and _was_copied(files, position)
            )
            return place, _truncation(files[-1].path) if cut else None, True
    current = files[-1].path
    if position.offset == 0:
        return len(files) - 1, None, False
    _refuse_broken(files)  # it may be the one that was read before
    kind = (
        _truncation(current)
        if _was_copied(files, position)
        else (
            f"{current}: the file read before ({position.file_name}, up to byte {position.offset}) is neither here nor "
            "among the rotated files; lines written to it after that are lost unless it is put back beside this one. "
            "Reading goes on with this file from its first line."
        )
    )
    return len(files) - 1, kind, False


def _refuse_broken(files: list[_Candidate]) -> None:
    for file in files:
        if file.fault:
            raise LoadError(
                f"{file.path}: this rotated file cannot be unpacked ({file.fault}); expected a whole gzip file. "
                "If it is still being written, nothing is to do; if it is broken, move it out of the folder."
            )


def _was_copied(files: list[_Candidate], position: Position) -> bool:
    """Whether the current file is the same one on disk with another content: cut short in place."""
    current = files[-1]
    return current.is_current and current.path.stat().st_ino == position.inode


def _truncation(path: Path) -> str:
    return (
        f"{path}: the file was cut short in place (copytruncate); lines written between the copy and the cut are lost "
        "to every reader. Let logrotate rename the file and run `asterisk -rx 'logger reload'` instead."
    )


def _is_same(candidate: _Candidate, position: Position) -> bool:
    try:
        if candidate.path.suffix != ".gz" and candidate.path.stat().st_size < position.offset:
            return False
        with _opened(candidate.path) as file:
            return _matches(file, position)
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
    candidate: _Candidate, position: Position | None, *, piece_bytes: int, is_finished: bool
) -> Iterator[Piece]:
    """Whole lines after `position`; a last line without its end only where nobody will finish it.

    Gives nothing where the name has become another file's meanwhile; the next look finds it again.
    """
    offset, lines = (position.offset, position.line_count) if position else (0, 0)
    starts_file = position is None
    try:
        file = _opened(candidate.path)
    except FileNotFoundError:
        return
    with file:
        inode = os.fstat(file.fileno()).st_ino
        if position is not None and not _matches(file, position):
            return
        if (
            position is None
            and file.readline(LONGEST_LINE_BYTES)[:FINGERPRINT_BYTES]
            != (candidate.first_line[:FINGERPRINT_BYTES])
        ):
            return
        file.seek(0)
        head = file.read(min(offset, FINGERPRINT_BYTES))
        file.seek(max(0, offset - FINGERPRINT_BYTES))
        tail = file.read(min(offset, FINGERPRINT_BYTES))
        file_key = hashlib.sha256(candidate.first_line).hexdigest()[:16]
        for block in _blocks(file, piece_bytes=piece_bytes, is_finished=is_finished):
            offset += block.consumed_bytes
            lines_here = 1 if block.overlong else block.data.count(b"\n") + (not block.data.endswith(b"\n"))
            head = (head + block.data)[:FINGERPRINT_BYTES] if len(head) < FINGERPRINT_BYTES else head
            tail = (tail + block.end)[-FINGERPRINT_BYTES:]
            after = Position(
                offset=offset,
                line_count=lines + lines_here,
                head_bytes=len(head),
                head_sha256=hashlib.sha256(head).hexdigest(),
                tail_bytes=len(tail),
                tail_sha256=hashlib.sha256(tail).hexdigest(),
                file_name=candidate.path.name,
                inode=inode,
            )
            yield Piece(
                block.data,
                candidate.path.name,
                lines + 1,
                after,
                starts_file=starts_file,
                overlong=block.overlong,
                file_key=file_key,
            )
            lines += lines_here
            starts_file = False


@dataclass(frozen=True)
class _Block:
    data: bytes
    consumed_bytes: int
    end: bytes
    overlong: bool = False


def _blocks(file: BinaryIO, *, piece_bytes: int, is_finished: bool) -> Iterator[_Block]:
    """Whole lines from where the file stands; an overlong line gives its beginning only, in bounded memory."""
    buffer = file.read(piece_bytes)
    while buffer:
        end = buffer.rfind(b"\n") + 1
        if end:
            yield _Block(buffer[:end], end, buffer[:end][-FINGERPRINT_BYTES:])
            buffer = buffer[end:] + file.read(piece_bytes)
        elif len(buffer) > LONGEST_LINE_BYTES:
            skipped = _skip_line(file, buffer)
            if skipped is None and not is_finished:
                return
            consumed, end_bytes, rest = skipped or (len(buffer), buffer[-FINGERPRINT_BYTES:], b"")
            yield _Block(buffer[:LONGEST_LINE_BYTES], consumed, end_bytes, overlong=True)
            buffer = rest or file.read(piece_bytes)
        elif more := file.read(piece_bytes):
            buffer += more
        else:
            break
    if buffer and is_finished:
        yield _Block(buffer, len(buffer), buffer[-FINGERPRINT_BYTES:])


def _skip_line(file: BinaryIO, begun: bytes) -> tuple[int, bytes, bytes] | None:
    """Reads past the end of an overlong line: its bytes, its last bytes, and what was read after it."""
    consumed, tail = len(begun), begun[-FINGERPRINT_BYTES:]
    while block := file.read(1024 * 1024):
        end = block.find(b"\n") + 1
        if end:
            return consumed + end, (tail + block[:end])[-FINGERPRINT_BYTES:], block[end:]
        consumed += len(block)
        tail = (tail + block)[-FINGERPRINT_BYTES:]
    return None
