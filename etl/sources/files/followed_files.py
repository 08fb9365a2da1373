"""Follows a file, a folder or a pattern of files: what is new in them, file by file, and where reading then stands.

In: where they lie, how they are laid out, which columns are wanted, and the position. Out: chunks of new rows.
The rule it guards: a file that grows, is replaced, renamed, packed or taken away costs no row and doubles none; one that
cannot be read does not hold up the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from glob import glob
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl import LoadError
from etl.mappings.mapping_facts import KEY
from etl.sources.files.file_chunks import Chunk, Wanted, text_chunks
from etl.sources.files.file_open import (
    UNPACKING_FAULTS,
    broken_packing,
    key_of,
    opened,
    opened_file,
    refuse_no_file,
    shown,
)
from etl.sources.files.file_rows import Layout, dialect_of
from etl.sources.files.file_states import (
    FileState,
    Position,
    candidates,
    content_sha256,
    fingerprint,
    is_unchanged,
    look_of,
    moved_to,
    state_of_text,
)
from etl.sources.files.whole_files import whole_chunks

TEXT_FORMATS = ("csv", "tsv", "jsonl")
ENDINGS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
SETTLED_AFTER = timedelta(seconds=60)


def format_of(path: Path, given: str | None = None) -> str | None:
    """The format of a file by the settings, else by the ending of its name; None where that tells none."""
    is_packed = path.suffix.lower() == ".gz"
    plain = path.with_suffix("") if is_packed else path
    found = given or ENDINGS.get(plain.suffix.lower())
    return None if is_packed and found not in TEXT_FORMATS else found


@dataclass
class _Seen:
    """How often each content came before in a file, for files of any length (8 bytes a row)."""

    parts: list[NDArray[np.uint64]] = field(default_factory=list)

    def name_rows(self, chunk: Chunk) -> None:
        """Gives each row a name: its content, and which of the rows of that content it is."""
        names: list[str] = []
        numbers = np.frombuffer(b"".join(item[:8] for item in chunk.digests), dtype=np.uint64)
        before = np.zeros(len(numbers), dtype=np.int64)
        for part in self.parts:
            before += np.searchsorted(part, numbers, side="right") - np.searchsorted(
                part, numbers, side="left"
            )
        self.parts.append(np.sort(numbers))
        if len(self.parts) > 8:
            self.parts = [np.sort(np.concatenate(self.parts))]
        if chunk.is_earlier:
            return
        here: Counter[bytes] = Counter()
        for item, count in zip(chunk.digests, before.tolist(), strict=True):
            here[item] += 1
            number = count + here[item]
            names.append(item.hex() if number == 1 else f"{item.hex()}-{number}")
        chunk.table = chunk.table.with_columns(pl.Series(KEY, names, dtype=pl.String))


@dataclass(frozen=True)
class FollowedFiles:
    """Files of one kind: where they lie, how they are laid out, and which of their columns are wanted."""

    path: Path
    format_name: str | None
    layout: Layout
    sheet: str | None
    wanted: Wanted

    def new_chunks(
        self, position: Position, *, now: datetime, piece_bytes: int
    ) -> Iterator[tuple[Path, Chunk | None, Position]]:
        """Every chunk of new rows with its file and the position after it, the file changed first before the others.

        A chunk is None where only the position moved. Raises LoadError at the end for files that could not be read.
        """
        files = self._files(position)
        unchanged = frozenset(
            name for name, path in files.items() if is_unchanged(path, position.files.get(name))
        )
        faults: list[str] = []
        for name, path in files.items():
            if name in unchanged:
                continue
            known = candidates(name, position, unchanged)
            try:
                for chunk, state in self._file(name, path, position, known, now=now, piece_bytes=piece_bytes):
                    columns = chunk.column_names if chunk else ()
                    position = position.with_file(state, frozenset(files), columns)
                    yield path, chunk, position
            except LoadError as error:
                faults.append(shown(str(error)))
            except FileNotFoundError:
                continue  # taken away meanwhile
            except OSError as error:
                faults.append(
                    f"{shown(path)}: it cannot be read ({error.strerror or error}); expected a file that this process may "
                    "read. Give the process's user the right to read it."
                )
        if faults:
            more = f" ({len(faults) - 1} more cannot be read)" if len(faults) > 1 else ""
            raise LoadError(f"{faults[0]}{more}")

    def _files(self, position: Position) -> dict[str, Path]:
        """The files by name, the one that was changed first before the others."""
        path, is_pattern = self.path, False
        if path.is_dir():
            found, root = [item for item in path.iterdir() if self.format_name or format_of(item)], path
        elif path.exists() or not any(sign in str(path) for sign in "*?["):
            refuse_no_file(path)
            found, root = ([path] if path.exists() else []), path.parent
        else:
            is_pattern = True
            found = [Path(item) for item in glob(str(path), recursive=True)]  # noqa: PTH207 - an absolute pattern
            plain = [place for place, part in enumerate(path.parts) if any(sign in part for sign in "*?[")]
            root = Path(*path.parts[: plain[0]])
        if not found and not position.files and not path.is_dir() and not is_pattern:
            raise LoadError(
                f"{path}: there is no such file; expected the file or the folder that the source names. "
                "Correct path in floorboard.toml, or let the first file be written."
            )
        dated = []
        for item in found:
            is_scratch = item.name.startswith((".", "~$")) or item.suffix in (".tmp", ".part", ".crdownload")
            if not is_scratch and item.is_file():
                dated.append((item.stat().st_mtime_ns, key_of(item.relative_to(root).as_posix()), item))
        return {name: item for _, name, item in sorted(dated)}

    def _file(
        self,
        name: str,
        path: Path,
        position: Position,
        known: Iterator[FileState],
        *,
        now: datetime,
        piece_bytes: int,
    ) -> Iterator[tuple[Chunk | None, FileState]]:
        """The new chunks of one file, each with the state after it; the last state tells that all of it was read."""
        format_name = format_of(path, self.format_name)
        if format_name is None:
            raise LoadError(
                f"{path}: its name tells no format; expected one of {', '.join(ENDINGS)}, the text ones also with .gz. "
                'Write format = "csv" (or another) into floorboard.toml.'
            )
        before = look_of(path)
        if format_name in TEXT_FORMATS:
            layout = replace(self.layout, format_name=format_name)
            found = self._text(name, path, layout, known, now=now, piece_bytes=piece_bytes)
        else:
            found = self._whole(name, path, format_name, known, piece_bytes=piece_bytes)
        last: tuple[Chunk, FileState] | None = None
        for chunk, state in found:
            if chunk is not None:
                if last is not None:
                    yield last
                last = chunk, state
                continue
            is_done = look_of(path) == before and state.size_bytes >= 0
            size, changed = before if is_done else (-1, -1)
            state = replace(state, size_bytes=size, changed_ns=changed)
            if last is not None:
                yield last[0], state
            elif is_done and position.files.get(name) != state:
                yield None, state

    def _text(
        self,
        name: str,
        path: Path,
        layout: Layout,
        known: Iterator[FileState],
        *,
        now: datetime,
        piece_bytes: int,
    ) -> Iterator[tuple[Chunk | None, FileState]]:
        """The chunks of a text file, and last no chunk with its state, of size_bytes 0 where all of it was read."""
        is_packed = path.suffix.lower() == ".gz"
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo)
        is_settled = is_packed or changed_at <= now - SETTLED_AFTER
        packed_sha256 = _sha256_of(path) if is_packed else ""
        with opened(path) as file:
            size = _whole_length(file, path) if is_packed else path.stat().st_size
            state = _state_of(file, size, name, known, packed_sha256=packed_sha256)
            dialect = dialect_of(file, layout, name)
            if dialect is None:
                return
            seen, end = _Seen(), state.offset
            for chunk in text_chunks(
                file,
                dialect,
                self.wanted,
                file_name=name,
                start=(state.offset, state.line_number),
                is_settled=is_settled,
                pending_sha256=state.pending_sha256,
                piece_bytes=piece_bytes,
            ):
                if self.wanted.with_digests:
                    seen.name_rows(chunk)
                if chunk.is_earlier:
                    continue
                end, stands = chunk.end_offset, file.tell()
                head, prefix = ("", packed_sha256) if is_packed else fingerprint(file, end)
                file.seek(stands)
                state = FileState(name, end, chunk.end_line, head, prefix, chunk.pending_sha256)
                yield chunk, state
            is_read = is_settled or end >= size
            yield None, replace(state, size_bytes=0 if is_read else -1)

    def _whole(
        self, name: str, path: Path, format_name: str, known: Iterator[FileState], *, piece_bytes: int
    ) -> Iterator[tuple[Chunk | None, FileState]]:
        sha256 = _sha256_of(path)
        start = max((state.offset for state in known if state.prefix_sha256 == sha256), default=0)
        seen = _Seen()
        for chunk in whole_chunks(
            path,
            format_name,
            self.wanted,
            start_row=start,
            sheet=self.sheet,
            header_row=self.layout.header_row,
            piece_bytes=piece_bytes,
        ):
            if self.wanted.with_digests:
                seen.name_rows(chunk)
            if not chunk.is_earlier:
                start = chunk.end_offset
                yield chunk, FileState(name, start, chunk.end_line, "", sha256)
        yield None, FileState(name, start, 1, "", sha256, size_bytes=0)


def _sha256_of(path: Path) -> str:
    with opened_file(path) as file:
        return content_sha256(file)


def _state_of(
    file: BinaryIO, size: int, name: str, known: Iterator[FileState], *, packed_sha256: str
) -> FileState:
    """Where reading of this content stands, under whatever name it was read before."""
    states = list(known)
    if packed_sha256:
        same = [state for state in states if state.prefix_sha256 == packed_sha256]
        if same:
            return moved_to(max(same, key=lambda state: state.offset), name)
        states = [state for state in states if state.file_name == name.removesuffix(".gz")]
    state = state_of_text(file, size, iter(states))
    return moved_to(state, name) if state else FileState(name)


def _whole_length(file: BinaryIO, path: Path) -> int:
    """The unpacked length of a packed file; LoadError where it cannot be unpacked to its end."""
    size = 0
    try:
        while block := file.read(1 << 20):
            size += len(block)
    except UNPACKING_FAULTS as error:
        raise broken_packing(path, error) from error
    return size
