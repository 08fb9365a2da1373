"""Remembers how far each file of a folder was read, by its content: names, and the order of files, may change.

In: the files that are there, and what is known of those read before. Out: for each file where to go on, or that nothing
is to be done. The rule it guards: a file that grew is read on, one that was replaced is read anew, one that was only
renamed is not read again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

HEAD_BYTES = 4096
WHOLE_PREFIX_BYTES = (
    64 << 20
)  # up to here every byte that was read must be the same; beyond, the first and last ones
EDGE_BYTES = 64 * 1024
MOST_VANISHED_FILES = 500  # whose content is remembered, should they come back under another name


@dataclass(frozen=True)
class FileState:
    """How far one file was read.

    offset: the byte (text) or row (written as a whole) where reading goes on; line_number: its line; head_sha256 and
    prefix_sha256: the content before it, or of the whole file; pending_sha256: a last line without its end that was
    read and stands after offset; size_bytes and changed_ns: of the file when all of it was read, else -1.
    """

    file_name: str
    offset: int = 0
    line_number: int = 1
    head_sha256: str = ""
    prefix_sha256: str = ""
    pending_sha256: str = ""
    size_bytes: int = -1
    changed_ns: int = -1


@dataclass
class Position:
    """The states of all files that were read, by name, and the columns that they had."""

    files: dict[str, FileState] = field(default_factory=dict)
    column_names: tuple[str, ...] = ()

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        files = [asdict(state) for state in self.files.values()]
        data = {"version": 1, "files": files, "column_names": self.column_names}
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Position:
        """Reads `to_text`; raises ValueError with what was found where it is not one."""
        if not text:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            states = [FileState(**item) for item in data["files"]]
            if not all(isinstance(state.offset, int) and state.offset >= 0 for state in states):
                raise ValueError("an offset is no whole number from 0")
            return cls({state.file_name: state for state in states}, tuple(data["column_names"]))
        except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error

    def with_file(self, state: FileState, present: frozenset[str], column_names: tuple[str, ...]) -> Position:
        """With one file's new state; of files that are gone only the last ones are kept."""
        files = {name: known for name, known in self.files.items() if name != state.file_name}
        gone = [name for name in files if name not in present]
        for name in gone[: max(0, len(gone) - MOST_VANISHED_FILES)]:
            del files[name]
        columns = tuple(dict.fromkeys([*self.column_names, *column_names]))
        return Position({**files, state.file_name: state}, columns)


def is_unchanged(path: Path, state: FileState | None) -> bool:
    """Whether the file is as it was when all of it had been read."""
    if state is None or state.size_bytes < 0:
        return False
    return look_of(path) == (state.size_bytes, state.changed_ns)


def look_of(path: Path) -> tuple[int, int]:
    """The size of the file and when it was last changed, by the system's own clock too: that one nobody sets back."""
    now = path.stat()
    return now.st_size, max(now.st_mtime_ns, now.st_ctime_ns)


def candidates(name: str, position: Position, unchanged: frozenset[str]) -> Iterator[FileState]:
    """What this file may have been before: itself, or one that is not there any more as it was."""
    if name in position.files:
        yield position.files[name]
    for other, state in position.files.items():
        if other != name and other not in unchanged:
            yield state


def fingerprint(file: BinaryIO, offset: int) -> tuple[str, str]:
    """The content before the offset: its beginning, and all of it (of a long one its two ends)."""
    file.seek(0)
    head = file.read(min(HEAD_BYTES, offset))
    whole = hashlib.sha256(head)
    if offset <= WHOLE_PREFIX_BYTES:
        _add(whole, file, offset - len(head))
    else:
        _add(whole, file, EDGE_BYTES)
        file.seek(offset - EDGE_BYTES)
        _add(whole, file, EDGE_BYTES)
        whole.update(str(offset).encode())
    return hashlib.sha256(head).hexdigest(), whole.hexdigest()


def _add(digest: hashlib._Hash, file: BinaryIO, byte_count: int) -> None:
    while byte_count > 0 and (block := file.read(min(byte_count, 1 << 20))):
        digest.update(block)
        byte_count -= len(block)


def state_of_text(file: BinaryIO, size: int, found: Iterator[FileState]) -> FileState | None:
    """The state whose content this file begins with, the farthest one; None where it is another file."""
    best: FileState | None = None
    for state in found:
        if not 0 < state.offset <= size or (best is not None and state.offset <= best.offset):
            continue
        file.seek(0)
        head = file.read(min(HEAD_BYTES, state.offset))
        if hashlib.sha256(head).hexdigest() != state.head_sha256:
            continue
        if fingerprint(file, state.offset)[1] == state.prefix_sha256:
            best = state
    return best


def content_sha256(file: BinaryIO) -> str:
    """The content of a whole file."""
    digest = hashlib.sha256()
    file.seek(0)
    while part := file.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def moved_to(state: FileState, name: str) -> FileState:
    """The same content under another name."""
    return replace(state, file_name=name, size_bytes=-1, changed_ns=-1)
