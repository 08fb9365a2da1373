"""Finds the line of the settings file on which something is written, so that a message can name it.

In: the text of floorboard.toml and where in it something stands, as keys and numbers. Out: the number of a line.
The rule it guards: the line is that of the key itself, else that of the table in which it stands, else the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Location = tuple[int | str, ...]
_KEY = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNED = re.compile(rf"\s*({_KEYS})\s*=")
_LONG_TEXT = re.compile(r'=\s*("""|\'\'\')')


def line_of(text: str, location: Location) -> int:
    """The line on which the key of that location stands; else the line of its table; else the first line."""
    best, most = 1, 0
    for line, written in _written(text):
        common = min(len(written), len(location))
        if written[:common] == location[:common] and common > most:
            best, most = line, common
    return best


def _written(text: str) -> Iterator[tuple[int, Location]]:
    """Every header and every key of the file as its line and its location."""
    table: Location = ()
    numbers: dict[Location, int] = {}
    for line, content in _lines(text):
        if header := _HEADER.match(content):
            table = _located(_parts(header.group(2)), numbers, is_new=header.group(1) == "[[")
            yield line, table
        elif assigned := _ASSIGNED.match(content):
            yield line, (*table, *_parts(assigned.group(1)))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are no part of a text of several lines."""
    mark = ""
    for line, content in enumerate(text.splitlines(), start=1):
        if mark:
            mark = "" if content.count(mark) % 2 else mark
            continue
        yield line, content
        if opened := _LONG_TEXT.search(content):
            mark = opened.group(1) if content.count(opened.group(1)) % 2 else ""


def _parts(written: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, written))


def _located(keys: tuple[str, ...], numbers: dict[Location, int], *, is_new: bool) -> Location:
    """The keys of a header with the number of each table of which there are several; a [[header]] begins a new one."""
    location: Location = ()
    for place, key in enumerate(keys, start=1):
        location = (*location, key)
        if is_new and place == len(keys):
            numbers[location] = numbers.get(location, -1) + 1
        if location in numbers:
            location = (*location, numbers[location])
    return location
