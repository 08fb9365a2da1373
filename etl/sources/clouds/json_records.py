"""Takes JSON records out of files, each file once and each record whole, whatever lies between them.

In: files of JSON lines, of objects written one after the other, or of arrays, plain or gzip; a file may still grow.
Out: records with their place, in pieces, and the position after each piece.
The rule it guards: a file counts as read only with its name, size and time of change; a record that cannot be parsed
is handed on with its fault, and the next one is found again behind it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from io import BufferedReader, RawIOBase
from typing import Any, BinaryIO, cast

from etl import LoadError
from etl.sources import PIECE_BYTES
from etl.sources.clouds.json_files import FileInfo, Files
from etl.sources.clouds.json_scan import BLOCK_BYTES, Found, scan

MOST_RECORDS = 20_000
STILL_WRITTEN = timedelta(minutes=15)  # a last record without its end is waited for so long
KEEP_TAILS = timedelta(days=2)  # a plain file that was changed since then is read on, not anew, when it grows
TAIL_BYTES = 256
UNPACKING_FAULTS = (EOFError, gzip.BadGzipFile, zlib.error, UnicodeError)


@dataclass(frozen=True)
class Tail:
    """How far a file was read: offset in its unpacked bytes, entries of the object there, records, what stood before."""

    offset: int = 0
    inner: int = 0
    records: int = 0
    last_bytes: int = 0
    last_sha256: str = ""
    file_key: str = ""


@dataclass(frozen=True)
class FilesPosition:
    """Which files were read (`done`: their keys), and how far those that were begun or may grow (`tails`, by name)."""

    done: frozenset[str] = frozenset()
    tails: dict[str, Tail] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        tails = {name: asdict(tail) for name, tail in sorted(self.tails.items())}
        data = {"version": 1, "done": sorted(self.done), "tails": tails, "after": self.after}
        return json.dumps(data, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> FilesPosition:
        """Reads `to_text`; raises ValueError with what was found where the text is not one."""
        if not text:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            tails = {name: Tail(**tail) for name, tail in data["tails"].items()}
            numbers = [
                number for tail in tails.values() for number in (tail.offset, tail.inner, tail.records)
            ]
            if not all(isinstance(number, int) and number >= 0 for number in numbers):
                raise ValueError(f"its numbers are {numbers!r}, expected whole numbers from 0")
            return cls(frozenset(data["done"]), tails, dict(data["after"]))
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


@dataclass(frozen=True)
class Item:
    """One record as delivered: its place, its text, its value; or why it is none."""

    place_text: str
    file_key: str
    text: str
    value: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Piece:
    """Records in the order of the files, and the position after them."""

    items: list[Item]
    position: FilesPosition


def pieces(
    files: Files,
    position: FilesPosition,
    *,
    now: datetime,
    piece_bytes: int = PIECE_BYTES,
    wrapper_key: str | None = None,
) -> Iterator[Piece]:
    """Every record written after the position, in pieces of about `piece_bytes`; a last empty one if only it moved.

    wrapper_key: an object that holds a list under this key stands for the entries of the list. Raises LoadError.
    """
    listing = files.listing(position.after)
    begun_with = position.to_text()
    waiting: list[Item] = []
    size = 0
    for info in listing:
        if info.key in position.done:
            continue
        name, stands = info.tail_name, None
        try:
            for item, tail in _records(
                files, info, position.tails.get(name), now=now, wrapper_key=wrapper_key
            ):
                if item is not None and (size >= piece_bytes or len(waiting) >= MOST_RECORDS):
                    position = _stands(position, name, stands)
                    yield Piece(waiting, position)
                    waiting, size, begun_with = [], 0, position.to_text()
                stands = tail or stands
                if item is not None:
                    waiting.append(item)
                    size += len(item.text)
                if tail is None:
                    position = _read_through(position, info, name, stands, now=now)
                    stands = None
        except LoadError:
            if waiting:  # what came before it is not held up
                yield Piece(waiting, _stands(position, name, stands))
            raise
        position = _stands(position, name, stands)
    position = _forgotten(position, listing, files.look_back)
    if waiting or position.to_text() != begun_with:
        yield Piece(waiting, position)


def _stands(position: FilesPosition, name: str, tail: Tail | None) -> FilesPosition:
    return replace(position, tails={**position.tails, name: tail}) if tail else position


def _read_through(
    position: FilesPosition, info: FileInfo, name: str, tail: Tail | None, *, now: datetime
) -> FilesPosition:
    """The file is read to its end; where it stood is kept only while it may grow."""
    tails = dict(position.tails)
    if tail is not None:
        tails[name] = tail
    if not info.is_growing or now - info.changed_at >= KEEP_TAILS:
        tails.pop(name, None)
    return replace(position, done=position.done | {info.key}, tails=tails)


def _forgotten(
    position: FilesPosition, listing: list[FileInfo], look_back: timedelta | None
) -> FilesPosition:
    """The position without files that are gone, and without old ones of a bucket, whose listing begins after them."""
    after = dict(position.after)
    if look_back is not None and listing:
        oldest = max(info.changed_at for info in listing) - look_back
        for root in {info.root for info in listing}:
            for info in (info for info in listing if info.root == root):
                if info.key not in position.done or info.changed_at >= oldest:
                    break
                after[root] = info.name
    kept = [info for info in listing if info.name > after.get(info.root, "")]
    names = {info.tail_name for info in kept}
    return FilesPosition(
        position.done & {info.key for info in kept},
        {name: tail for name, tail in position.tails.items() if name in names},
        after,
    )


def _records(
    files: Files, info: FileInfo, tail: Tail | None, *, now: datetime, wrapper_key: str | None
) -> Iterator[tuple[Item | None, Tail | None]]:
    """The records of one file, each with where it ends; at last a pair without a tail: the file is read through.

    Without that last pair the file is looked at again: its last record, or its packing, is still being written.
    """
    is_recent = info.is_growing and now - info.changed_at < STILL_WRITTEN
    place = tail.records if tail else 0
    try:
        stream, start = _begun(files, info, tail)
        with stream:
            place, inner = start.records, start.inner
            for found in scan(stream, start.offset):
                if found.is_cut and is_recent:
                    return
                entries = _entries(found, wrapper_key)
                for number, entry in enumerate(entries[inner:], start=inner + 1):
                    place += 1
                    item = replace(entry, place_text=f"{info.shown_name}:{place}", file_key=info.key)
                    if number < len(entries):
                        yield item, Tail(found.start, number, place, file_key=info.key)
                    else:
                        ending = found.text.encode(errors="surrogateescape")[-TAIL_BYTES:]
                        yield item, Tail(found.end, 0, place, len(ending), _sha256(ending), info.key)
                inner = 0
    except FileNotFoundError:
        return
    except UNPACKING_FAULTS as error:
        if is_recent:
            return
        fault = f"the file cannot be read on ({error}); expected it whole, in UTF-8"
        yield Item(f"{info.shown_name}:{place + 1}", info.key, "", fault=fault), None
        return
    except OSError as error:
        raise LoadError(
            f"{info.shown_name}: cannot be read ({error.strerror}); expected a readable file. Check its permissions; "
            "the next load begins with it."
        ) from error
    yield None, None


def _entries(found: Found, wrapper_key: str | None) -> list[Item]:
    """The records of one object: itself, or what its list holds."""
    inside = found.value.get(wrapper_key) if wrapper_key else None
    if found.fault or not isinstance(inside, list):
        return [Item("", "", found.text, found.value, found.fault)]
    texts = [json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in inside]
    return [
        Item("", "", text, value)
        if isinstance(value, dict)
        else Item("", "", text, fault=f"an entry of {wrapper_key} is no object; expected a record in braces")
        for value, text in zip(inside, texts, strict=True)
    ]


def _begun(files: Files, info: FileInfo, tail: Tail | None) -> tuple[BinaryIO, Tail]:
    """The file's unpacked bytes from where reading goes on: from the tail if it still holds there what it held."""
    stream = _unpacked(files.opened(info))
    if tail is None:
        return stream, Tail()
    left, before = tail.offset, b""
    while left and (block := stream.read(min(left, BLOCK_BYTES))):
        left -= len(block)
        before = (before + block)[-TAIL_BYTES:]
    ending = before[-tail.last_bytes :] if tail.last_bytes else b""
    is_same = tail.file_key == info.key or (tail.last_bytes > 0 and _sha256(ending) == tail.last_sha256)
    if left == 0 and is_same:
        return stream, tail
    stream.close()
    return _unpacked(files.opened(info)), Tail()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


class _Unpacked(RawIOBase):
    """A stream with the bytes that were looked at put back before it."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes, as many as there are."""
        data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Closes what it reads from."""
        if not self.closed:
            self._rest.close()
        super().close()


class _OwnGzip(gzip.GzipFile):
    """Unpacks a stream and closes it, which GzipFile leaves to whoever opened it."""

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._packed = packed

    def close(self) -> None:
        """Closes the packed stream too."""
        super().close()
        self._packed.close()


def _unpacked(raw: BinaryIO) -> BinaryIO:
    """The bytes of a file, gzip or not, whatever its name says."""
    head = raw.read(2)
    stream = cast("BinaryIO", BufferedReader(_Unpacked(head, raw), BLOCK_BYTES))
    if head in (b"\xff\xfe", b"\xfe\xff"):
        stream.close()
        raise UnicodeError("it is UTF-16")
    return cast("BinaryIO", _OwnGzip(stream)) if head == b"\x1f\x8b" else stream


def reread(raw_texts: list[str]) -> list[Item]:
    """Stored texts as records again; what is no JSON object stays a fault."""
    items = []
    for raw_text in raw_texts:
        value: Any = None
        try:
            value = json.loads(raw_text)
        except (ValueError, RecursionError):
            value = None
        fault = (
            "" if isinstance(value, dict) else "it is no JSON object; expected a record as it was delivered"
        )
        items.append(Item("", "", raw_text, value if isinstance(value, dict) else {}, fault))
    return items


def unusable_cursor(error: ValueError) -> LoadError:
    """The sentence for a stored position or carry that cannot be read."""
    return LoadError(
        f"the stored cursor is not usable, {error}. Run `floorboard etl run --source NAME --from-start`; "
        "rows loaded already do not count twice."
    )
