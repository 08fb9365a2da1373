"""Finds one JSON object after the other in a stream of bytes, and the next one behind a broken one.

In: a stream that stands at a known offset. Out: objects with the bytes that they take up, or what stands in their place.
The rule it guards: every byte belongs to an object, to a broken one, or lies between two; none is passed over.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

BLOCK_BYTES = 1 << 20
LONGEST_RECORD = 8 << 20
_BETWEEN = re.compile(r"[\s,\[\]\x1e\ufeff]*")
_TOKEN = re.compile(
    r'"(?:[^"\\\n]++|\\[^\n])*+(?:"|\\?(?=\n|\Z))|\{++|\}++|\n(?=\{")'
)  # a text ends with its line; braces are taken by the run, so that many of them are no work
_GARBAGE_END = re.compile(r"\n|(?=\{)")
_PARTIAL = 12  # a cut number, literal or escape is at most so many characters before the end


@dataclass(frozen=True)
class Found:
    """One object of a stream, or what stands in its place; start and end are bytes; is_cut: the stream ends in it."""

    start: int
    end: int
    text: str
    value: dict[str, Any] = field(default_factory=dict)
    fault: str = ""
    is_cut: bool = False


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}, which is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def scan(stream: BinaryIO, offset: int = 0) -> Iterator[Found]:
    """The objects of a stream of bytes that stands at `offset`, one by one, broken ones with their fault."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    text, is_end = "", False
    while True:
        between = _BETWEEN.match(text)
        skipped = between.end() if between else 0
        offset += _width(text[:skipped])
        text = text[skipped:]
        place = 0
        while place < len(text):
            found = _next(text, place, is_end=is_end)
            if found is None:
                break
            width = _width(found.text)
            yield replace(found, start=offset, end=offset + width)
            place += len(found.text)
            gap = _BETWEEN.match(text, place)
            after = gap.end() if gap else place
            offset += width + _width(text[place:after])
            place = after
        text = text[place:]
        if is_end:
            return
        block = stream.read(BLOCK_BYTES)
        is_end = not block
        text += decoder.decode(block, final=is_end)


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogateescape"))


def _next(text: str, place: int, *, is_end: bool) -> Found | None:
    """What stands at `place`; None where more text is needed to tell."""
    if text[place] != "{":
        end = _GARBAGE_END.search(text, place + 1)
        if end is None and not is_end and len(text) - place < LONGEST_RECORD:
            return None
        fault = "text that is no object; expected a record in braces"
        return Found(0, 0, text[place : end.start() if end else len(text)], fault=fault)
    try:
        value, end_at = _DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        fault, is_incomplete = f"it is no JSON ({error.msg})", _runs_out(error, text)
    except (ValueError, RecursionError) as error:
        fault, is_incomplete = f"it is no JSON ({error})", False
    else:
        piece = text[place:end_at]
        if piece.isascii() or not any("\udc80" <= character <= "\udcff" for character in piece):
            return Found(0, 0, piece, value)
        return Found(0, 0, piece, fault="it holds bytes that are not UTF-8; expected UTF-8 text")
    if is_incomplete and not is_end and len(text) - place < LONGEST_RECORD:
        return None
    ends_at = _end_of_broken(text, place)
    if ends_at is None and not is_end and len(text) - place < LONGEST_RECORD:
        return None
    is_cut = is_incomplete and ends_at is None and is_end
    if is_cut:
        fault = "the file ends in the middle of it"
    return Found(0, 0, text[place:ends_at], fault=f"{fault}; expected a whole object", is_cut=is_cut)


def _runs_out(error: json.JSONDecodeError, text: str) -> bool:
    """Whether the fault is only that the text ends."""
    return error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - _PARTIAL


def _end_of_broken(text: str, place: int) -> int | None:
    """Where a broken object ends: at its closing brace, or before a line that begins a new one; None if nowhere."""
    depth = 0
    for token in _TOKEN.finditer(text, place):
        found = token.group()
        if found[0] == "\n":
            return token.start()
        if found[0] == "{":
            depth += len(found)
        elif found[0] == "}":
            if len(found) >= depth:
                return token.start() + depth
            depth -= len(found)
    return None
