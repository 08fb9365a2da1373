"""Makes broken rows of good ones, quickly and from a seed, and finds the smallest of them that shows a fault.

In: good lines or records, a seed. Out: mutants. The rule it guards: the same seed makes the same mutants everywhere, and
what is found is printed so that it can be pasted into a unit test.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from tests.torture import packs

_ODD: tuple[bytes, ...] = tuple(
    text.encode("utf-8", "surrogatepass")
    for text in (*packs.TEXTS, *packs.NUMBERS, *packs.INSTANTS, *packs.CELLS)
    if len(text) < 300
) + packs.RAW_TEXTS  # fmt: skip
_QUOTED = tuple(text for text in packs.QUOTED_TEXTS if b"\n" not in text)
_ODD_VALUES: tuple[Any, ...] = (
    *packs.JSON_VALUES, *(text for text in (*packs.NUMBERS, *packs.INSTANTS, *packs.TEXTS) if len(text) < 300),
)  # fmt: skip
_NAMES = ("id", "Id", "ID", "", "type", "Type", "status", "x", "ARN", "Name", "\x00", "\ud800", "é")


def mutants(
    good: Sequence[bytes], *, count: int, chance: Random, separator: bytes, has_quotes: bool
) -> Iterator[bytes]:
    """So many lines without an end of line, about one in ten as it was; made of the good ones in their order."""
    odd = (*_ODD, *_QUOTED) if has_quotes else tuple(text for text in _ODD if b'"' not in text)
    for number in range(count):
        line = good[number % len(good)]
        for _ in range(1 + (chance.random() < 0.2)):
            line = _mutant(line, good, chance, separator, odd)
        yield line.replace(b"\n", b" ")


def _mutant(
    line: bytes, good: Sequence[bytes], chance: Random, separator: bytes, odd: tuple[bytes, ...]
) -> bytes:
    way, place = chance.random(), int(chance.random() * (len(line) + 1))
    if way < 0.35:  # one field is something else
        fields = line.split(separator)
        fields[int(chance.random() * len(fields))] = odd[int(chance.random() * len(odd))]
        return separator.join(fields)
    if way < 0.45:  # two fields change places
        fields = line.split(separator)
        one, other = (int(chance.random() * len(fields)) for _ in range(2))
        fields[one], fields[other] = fields[other], fields[one]
        return separator.join(fields)
    if way < 0.55:  # something stands in the middle
        return line[:place] + odd[int(chance.random() * len(odd))] + line[place:]
    if way < 0.65:
        return line[:place] + bytes((int(chance.random() * 256),)) + line[place + 1 :]
    if way < 0.72:
        return line[:place]
    if way < 0.79:
        return line[:place] + line[place + 1 + int(chance.random() * 12) :]
    if way < 0.85:
        return line[:place] + separator + line[place:]
    if way < 0.9:
        other_line = good[int(chance.random() * len(good))]
        return line[:place] + other_line[int(chance.random() * len(other_line)) :]
    return line


def places_of(value: Any, before: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every value in a record, as keys and numbers."""
    keys: Sequence[str | int] = (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    inside: Any = value
    return [way for key in keys for way in ((*before, key), *places_of(inside[key], (*before, key)))]


def _odd_value(chance: Random) -> Any:
    """One of them, as its own copy: a later change in one place must not change another, nor the value itself."""
    return copy.deepcopy(_ODD_VALUES[int(chance.random() * len(_ODD_VALUES))])


class RecordMutator:
    """Good JSON records with the places of their values, of which broken ones are made."""

    def __init__(self, good: Sequence[dict[str, Any]], chance: Random) -> None:
        self._chance = chance
        self._good = [(json.dumps(record), places_of(record)) for record in good]

    def record(self, number: int) -> dict[str, Any]:
        """A record with one to three places changed; about one in ten as it was."""
        text, places = self._good[number % len(self._good)]
        record: dict[str, Any] = json.loads(text)
        if self._chance.random() < 0.1:
            return record
        for _ in range(1 + int(self._chance.random() * 3)):
            self._change(record, places[int(self._chance.random() * len(places))])
        return record

    def _change(self, record: dict[str, Any], way: tuple[Any, ...]) -> None:
        table: Any = record
        for key in way[:-1]:  # a change before may have taken the rest of the way
            if (isinstance(table, dict) and key in table) or (
                isinstance(table, list) and isinstance(key, int) and key < len(table)
            ):
                table = table[key]
            else:
                return
        key, chance = way[-1], self._chance
        if isinstance(table, dict) and key in table:
            self._change_entry(table, str(key))
        elif isinstance(table, list) and isinstance(key, int) and key < len(table):
            if chance.random() < 0.3:
                table.insert(key, copy.deepcopy(table[key]))
            else:
                table[key] = _odd_value(chance)

    def _change_entry(self, table: dict[str, Any], key: str) -> None:
        chance, kind = self._chance, self._chance.random()
        odd = _odd_value(chance)
        if kind < 0.55:
            table[key] = odd
        elif kind < 0.7:
            del table[key]
        elif kind < 0.75:
            table[_NAMES[int(chance.random() * len(_NAMES))]] = table.pop(key)
        elif kind < 0.8:
            table[key] = [table[key]]
        elif kind < 0.85:
            table[key] = {key: table[key]}
        elif kind < 0.9:
            table[key] = str(table[key])
        elif isinstance(table[key], str) and table[key]:
            text, place = table[key], int(chance.random() * len(table[key]))
            middle = odd if isinstance(odd, str) else ""
            table[key] = text[:place] + middle + text[place + 1 :]


def smallest(items: list[Any], is_broken: Callable[[list[Any]], bool]) -> list[Any]:
    """As few of the items as still show the fault, in their order."""
    size = max(1, len(items) // 2)
    while size:
        place = 0
        while place < len(items):
            rest = items[:place] + items[place + size :]
            if rest and is_broken(rest):
                items = rest
            else:
                place += size
        size //= 2
    return items
