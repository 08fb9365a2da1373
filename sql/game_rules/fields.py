"""Reads the fields of a rule one by one and says exactly where something is wrong: the place, the line, the field.

In: a TOML text. Out: its values, each of the type and within the bounds that were asked for, or a GameError.
The rule it guards: nothing is guessed and nothing is overlooked; a field that nobody asked for is an error, too.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any, Final, Literal

MOST_TEXT: Final = 40_000
_NAME = re.compile(r"[a-z][a-z0-9-]{0,59}")
_ICON = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TERM = re.compile(r"\s*([+-]?)\s*([a-z_]+)\s*")
_TABLE = re.compile(r"\s*(\[\[|\[)\s*([A-Za-z0-9_.\-]+)\s*\]{1,2}\s*(?:#.*)?$")


class GameError(Exception):
    """Something about the game that a person can put right; each sentence says what was found, expected, and to do."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class Fields:
    """The values of one text, by paths such as "curve.weight_points" or "gates.2.limit"."""

    def __init__(self, values: dict[str, Any], lines: dict[str, int], place: str) -> None:
        self._values = values
        self._lines = lines
        self._place = place
        self._asked: set[str] = set()

    @classmethod
    def of(cls, text: str, place: str) -> Fields:
        """The fields of a TOML text; raises GameError where it is none, or too long."""
        if not 1 <= len(text) <= MOST_TEXT:
            raise GameError(
                f"{place}: found a text of {len(text)} characters; expected 1 to {MOST_TEXT}. Shorten the rule."
            )
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
            raise GameError(
                f'{place}: found no TOML ({error}); expected lines such as name = "a-rule". Correct it.'
            ) from None
        return cls(values, _lines_of(text), place)

    def sentence(self, path: str, found: str, expected: str) -> str:
        """The sentence of one violation, with where it stands."""
        line = next((self._lines[part] for part in _parents(path) if part in self._lines), None)
        where = f", line {line}" if line else ""
        return f"{self._place}{where}, {path}: found {found}; expected {expected}."

    def fault(self, path: str, found: str, expected: str) -> GameError:
        """The error of one violation."""
        return GameError(self.sentence(path, found, expected) + " Correct the rule and save it again.")

    def has(self, path: str) -> bool:
        """Whether the field is there."""
        return self._look(path) is not None

    def done(self) -> None:
        """Raises GameError where the text says something that nobody asked for: a slip of the pen would do nothing."""
        for path in _leaves(self._values):
            if path not in self._asked:
                raise self.fault(
                    path, "a field that a rule of this kind does not have", "one of docs/game-rules.md"
                )

    def text(self, path: str, *, most: int) -> str:
        """A text of one paragraph, without spaces around it."""
        value = self._needed(path, "a text in quotes")
        if not isinstance(value, str):
            raise self.fault(path, _told(value), "a text in quotes")
        plain = " ".join(value.split())
        if not 1 <= len(plain) <= most or not plain.isprintable():
            raise self.fault(path, f"{len(plain)} characters", f"1 to {most} that can be printed")
        return plain

    def word(self, path: str) -> str:
        """The name of a rule."""
        value = self._needed(path, "a name")
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise self.fault(
                path, _told(value), "a name of small letters, digits and hyphens, such as resolved-first"
            )
        return value

    def icon(self, path: str) -> str:
        """The name of an icon of the Material symbols, star where none is named."""
        value = self._look(path)
        if value is None:
            return "star"
        if not isinstance(value, str) or not _ICON.fullmatch(value):
            raise self.fault(path, _told(value), "the name of an icon, such as workspace_premium")
        return value

    def file_name(self, path: str, *, folder: str) -> str:
        """The name of a file of that folder, without its ending."""
        value = self._needed(path, f"{folder}/NAME.sql")
        found = (
            re.fullmatch(rf"{folder}/([a-z][a-z0-9-]{{0,59}})\.sql", value)
            if isinstance(value, str)
            else None
        )
        if found is None:
            raise self.fault(path, _told(value), f'"{folder}/NAME.sql"')
        return found[1]

    def choice(self, path: str, of: Collection[str], otherwise: str | None = None) -> str:
        """One of a list."""
        value = self._look(path)
        if value is None and otherwise is not None:
            return otherwise
        if not isinstance(value, str) or value not in of:
            raise self.fault(path, _told(value), f"one of {', '.join(of)}")
        return value

    def choices(self, path: str, of: Collection[str]) -> tuple[str, ...]:
        """Some of a list; none where the field is not there."""
        found = self.names(path, most=len(of))
        strange = [name for name in found if name not in of]
        if strange:
            raise self.fault(path, _told(strange[0]), f"some of {', '.join(of)}")
        return found

    def names(self, path: str, *, most: int) -> tuple[str, ...]:
        """A list of names; none where the field is not there."""
        value = self._look(path)
        if value is None:
            return ()
        is_fit = isinstance(value, list) and 1 <= len(value) <= most
        if not is_fit or not all(
            isinstance(item, str) and 1 <= len(item) <= 200 and item.isprintable() for item in value
        ):
            raise self.fault(path, _told(value), f'a list of 1 to {most} names, such as ["Sales", "Service"]')
        if len(set(value)) != len(value):
            raise self.fault(path, "a name that stands there twice", "each once")
        return tuple(value)

    def yes(self, path: str, otherwise: bool) -> bool:
        """true or false."""
        value = self._look(path)
        if value is None:
            return otherwise
        if not isinstance(value, bool):
            raise self.fault(path, _told(value), "true or false")
        return value

    def day(self, path: str) -> date | None:
        """A date; None where the field is not there."""
        value = self._look(path)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime) or not 1990 <= value.year < 2100:
            raise self.fault(path, _told(value), "a date without quotes, such as 2026-01-01")
        return value

    def number(self, path: str, otherwise: float | None, least: float, most: float) -> float:
        """A number within bounds; needed where otherwise is None."""
        value = (
            self._look(path)
            if otherwise is not None
            else self._needed(path, f"a number from {least:g} to {most:g}")
        )
        if value is None and otherwise is not None:
            return otherwise
        if not _is_number(value) or not least <= value <= most:
            raise self.fault(path, _told(value), f"a number from {least:g} to {most:g}")
        return float(value)

    def whole(self, path: str, otherwise: int | None, least: int, most: int) -> int | None:
        """A whole number within bounds, or `otherwise` where the field is not there."""
        return otherwise if self._look(path) is None else self.whole_number(path, None, least, most)

    def whole_number(self, path: str, otherwise: int | None, least: int, most: int) -> int:
        """A whole number within bounds; needed where otherwise is None."""
        value = (
            self._look(path)
            if otherwise is not None
            else self._needed(path, f"a whole number from {least} to {most}")
        )
        if value is None and otherwise is not None:
            return otherwise
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.fault(path, _told(value), f"a whole number from {least} to {most}")
        return value

    def numbers(self, path: str, *, most: int, least_value: float, most_value: float) -> tuple[float, ...]:
        """A list of numbers; none where the field is not there."""
        value = self._look(path)
        if value is None:
            return ()
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise self.fault(path, _told(value), f"a list of 1 to {most} numbers")
        for item in value:
            if not _is_number(item) or not least_value <= item <= most_value:
                raise self.fault(path, _told(item), f"numbers from {least_value:g} to {most_value:g}")
        return tuple(float(item) for item in value)

    def pairs(self, path: str, *, fewest: int, most: int) -> tuple[tuple[float, float], ...]:
        """A list of pairs of numbers."""
        expected = f"{fewest} to {most} pairs of numbers, such as [[0.7, 0], [0.9, 100]]"
        value = self._needed(path, expected)
        if not isinstance(value, list) or not fewest <= len(value) <= most:
            raise self.fault(path, _told(value), expected)
        for item in value:
            is_pair = isinstance(item, list) and len(item) == 2 and all(_is_number(part) for part in item)
            if not is_pair or not all(abs(part) <= 1e9 for part in item):
                raise self.fault(path, _told(item), expected)
        return tuple((float(item[0]), float(item[1])) for item in value)

    def sum(self, path: str, of: Collection[str], *, most: int) -> Iterator[tuple[str, Literal[1, -1]]]:
        """The columns of a sum such as "a + b - c", each with its sign."""
        value = self._needed(path, "a column, or a sum of columns")
        if not isinstance(value, str) or len(value) > 300:
            raise self.fault(path, _told(value), 'a text such as "answered_rings - missed_rings"')
        found: list[tuple[str, Literal[1, -1]]] = []
        at = 0
        while at < len(value):
            term = _TERM.match(value, at)
            if term is None or (found and not term[1]) or term[2] not in of:
                raise self.fault(
                    path, _told(value[at:]), f"columns with + or - between them: {', '.join(of)}"
                )
            found.append((term[2], -1 if term[1] == "-" else 1))
            at = term.end()
        if not 1 <= len(found) <= most or len({name for name, _ in found}) != len(found):
            raise self.fault(path, _told(value), f"1 to {most} columns, each once")
        return iter(found)

    def tables(self, path: str, *, most: int) -> list[str]:
        """The paths of a list of tables ([[gates]])."""
        value = self._look(path)
        if value is None:
            return []
        if (
            not isinstance(value, list)
            or len(value) > most
            or not all(isinstance(item, dict) for item in value)
        ):
            raise self.fault(path, _told(value), f"at most {most} tables, each headed [[{path}]]")
        return [f"{path}.{number}" for number in range(1, len(value) + 1)]

    def _needed(self, path: str, expected: str) -> Any:
        value = self._look(path)
        if value is None:
            raise self.fault(path, "nothing", expected)
        return value

    def _look(self, path: str) -> Any:
        self._asked.add(path)
        found: Any = self._values
        parts = path.split(".")
        for depth, part in enumerate(parts):
            if isinstance(found, list):
                found = found[int(part) - 1]
            elif isinstance(found, dict):
                found = found.get(part)
            else:
                raise self.fault(
                    ".".join(parts[:depth]), _told(found), f"a table, headed [{'.'.join(parts[:depth])}]"
                )
            if found is None:
                return None
        return found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _told(value: object) -> str:
    """What was found, in so few characters that a sentence bears it."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _parents(path: str) -> Iterator[str]:
    """The path itself, then what it stands in."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _leaves(values: Any, path: str = "") -> Iterator[str]:
    """The path of every value; a list of tables counts each table's fields, any other list is one value."""
    is_tables = isinstance(values, list) and values and all(isinstance(item, dict) for item in values)
    if isinstance(values, dict) or is_tables:
        items = (
            values.items()
            if isinstance(values, dict)
            else ((str(n), item) for n, item in enumerate(values, 1))
        )
        for name, value in items:
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    else:
        yield path


def _lines_of(text: str) -> dict[str, int]:
    """The line of each table and field, as far as plain lines tell (a field within braces has its table's)."""
    found: dict[str, int] = {}
    table = ""
    times: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if head := _TABLE.match(line):
            table = head[2]
            if head[1] == "[[":
                times[table] = times.get(table, 0) + 1
                table = f"{table}.{times[table]}"
            found.setdefault(table, number)
        elif field := re.match(r"\s*([A-Za-z0-9_.\-]+)\s*=", line):
            found.setdefault(f"{table}.{field[1]}" if table else field[1], number)
    return found
