"""Gives a file as blocks of whole lines, however long one of them is.

In: an open file, read on from where it stands. Out: blocks of about so many bytes, each of whole lines.
The rule it guards: a line is given whole or, where it is too long to be one, as its beginning, in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from etl.sources.files.rotated_files import LONGEST_LINE_BYTES

FINGERPRINT_BYTES = 4096


@dataclass(frozen=True)
class Block:
    """Whole lines; end: their last bytes. overlong: the beginning of one line that is too long to be read."""

    data: bytes
    consumed_bytes: int
    end: bytes
    overlong: bool = False


def lines_of(data: bytes, *, overlong: bool = False) -> list[bytes]:
    """The lines of a block without their ends; a lone return ends no line."""
    return [data] if overlong else data.removesuffix(b"\n").split(b"\n")


def blocks(file: BinaryIO, *, piece_bytes: int, is_finished: bool) -> Iterator[Block]:
    """Whole lines from where the file stands; an overlong line gives its beginning only, in bounded memory."""
    buffer = file.read(piece_bytes)
    while buffer:
        end = buffer.rfind(b"\n") + 1
        if end:
            yield Block(buffer[:end], end, buffer[:end][-FINGERPRINT_BYTES:])
            buffer = buffer[end:] + file.read(piece_bytes)
        elif len(buffer) > LONGEST_LINE_BYTES:
            skipped = _skip_line(file, buffer)
            if skipped is None and not is_finished:
                return
            consumed, end_bytes, rest = skipped or (len(buffer), buffer[-FINGERPRINT_BYTES:], b"")
            yield Block(buffer[:LONGEST_LINE_BYTES], consumed, end_bytes, overlong=True)
            buffer = rest or file.read(piece_bytes)
        elif more := file.read(piece_bytes):
            buffer += more
        else:
            break
    if buffer and is_finished:
        yield Block(buffer, len(buffer), buffer[-FINGERPRINT_BYTES:])


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
