"""Reads what a site has written about its walls as TOML, and says of every fault where it stands.

In: a text, and what it is called in a message (a file's name). Out: its values, each checked as it is taken.
The rule it guards: a fault names its line and column, what was found there and what was expected; nothing is guessed, and a
name that means nothing is refused, because it may be one that was mistyped.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.words import t

Path = tuple[str | int, ...]
LONGEST_TEXT = 20_000
HUGE = 10**18
_AT = re.compile(
    r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.S
)
_MISSING: Final = object()


class WallError(ValueError):
    """A wall, a board, a playlist or a message that cannot be shown as it was asked for; the message says what was found,
    what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class TomlText:
    """A text and what it is called; `values` is what it says."""

    place: str
    text: str
    values: Mapping[str, Any]

    def fault(self, path: Path, sentence: str) -> WallError:
        """The error of a fault at that value, with the line and column at which it stands."""
        line, column = place_of(self.text, path)
        return WallError(f"{self.place}:{line}:{column}: {sentence}")

    @property
    def whole(self) -> Part:
        """All of it as one table."""
        return Part(self, (), self.values)


def read(place: str, text: str) -> TomlText:
    """What the text says; raises WallError for one that is no TOML 1.0, empty, or too long to be a board."""
    if not text.strip():
        raise WallError(t("{place}:1:1: there is nothing in it; write at least a title.", place=place))
    if len(text) > LONGEST_TEXT:
        raise WallError(
            t(
                "{place}:1:1: it has {count} signs; expected at most {most}.",
                place=place,
                count=len(text),
                most=LONGEST_TEXT,
            )
        )
    try:
        return TomlText(place, text, tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        found = _AT.match(str(error))
        lines = text.splitlines()
        line, column = (
            (int(found["line"]), int(found["column"]))
            if found and found["line"]
            else (len(lines), len(lines[-1]) + 1)
        )
        what = found["what"] if found else str(error)
        raise WallError(
            t(
                "{place}:{line}:{column}: this is no TOML: {what}.",
                place=place,
                line=line,
                column=column,
                what=what,
            )
        ) from error


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a text: its values are taken by name, each with what it has to be."""

    source: TomlText
    path: Path
    values: Mapping[str, Any]
    label: str = ""
    """What it is called in a message, such as "tile 3"; empty for the whole."""

    def fault(self, name: str | None, sentence: str) -> WallError:
        """The error of a fault at one of its values, or of the whole table."""
        path = self.path if name is None or name not in self.values else (*self.path, name)
        return self.source.fault(path, f"{self.label}: {sentence}" if self.label else sentence)

    def wrong(self, name: str, expected: str) -> WallError:
        """The error of a value that is something else than expected."""
        found = t(
            "'{name}' is {found}; expected {expected}.",
            name=name,
            found=_shown(self.values[name]),
            expected=expected,
        )
        return self.fault(name, found)

    def only(self, known: Collection[str]) -> None:
        """Refuses every name that means nothing here."""
        for name in self.values:
            if name not in known:
                raise self.fault(
                    name,
                    t("there is no '{name}' here; expected {names}.", name=name[:40], names=", ".join(known)),
                )

    def text(self, name: str, *, most: int, or_else: str | None = None) -> str:
        """A text of one line that can be seen; WallError where it is missing and nothing stands for it."""
        found = self._of(name, or_else, expected := t("a text of 1 to {most} signs, in quotes", most=most))
        if not isinstance(found, str) or not 1 <= len(found.strip()) <= most or not found.isprintable():
            raise self.wrong(name, expected)
        return found.strip()

    def one_of(self, name: str, known: Sequence[str], *, or_else: str | None = None) -> str:
        """One of the words that are known."""
        found = self._of(name, or_else, expected := t("one of {names}", names=", ".join(known)))
        if not isinstance(found, str) or found not in known:
            raise self.wrong(name, expected)
        return found

    def count(self, name: str, *, least: int, most: int, or_else: int | None = None) -> int:
        """A whole number between two."""
        expected = t("a whole number from {least} to {most}", least=least, most=most)
        found = self._of(name, or_else, expected)
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            raise self.wrong(name, expected)
        return found

    def number(self, name: str, *, least: float, most: float, or_else: float | None = None) -> float:
        """A number between two; a ratio is written from 0 to 1."""
        expected = t("a number from {least} to {most}", least=f"{least:g}", most=f"{most:g}")
        found = self._of(name, or_else, expected)
        # not math.isfinite: a whole number of hundreds of digits is no float at all; NaN lies between nothing
        if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
            raise self.wrong(name, expected)
        return float(found)

    def truth(self, name: str, *, or_else: bool) -> bool:
        """Yes or no."""
        found = self._of(name, or_else, expected := t("true or false, without quotes"))
        if not isinstance(found, bool):
            raise self.wrong(name, expected)
        return found

    def names(self, name: str, *, most: int, like: re.Pattern[str], example: str) -> tuple[str, ...]:
        """A list of names, each as they are written here; WallError where it is missing or empty."""
        expected = t("a list of 1 to {most} names, such as {example}", most=most, example=example)
        found = self._of(name, None, expected)
        if not isinstance(found, list) or not 1 <= len(found) <= most:
            raise self.wrong(name, expected)
        if not all(isinstance(one, str) and like.fullmatch(one) for one in found):
            raise self.wrong(name, expected)
        return tuple(found)

    def table(self, name: str, label: str) -> Part | None:
        """A table in it; None where there is none."""
        if name not in self.values:
            return None
        found = self.values[name]
        if not isinstance(found, dict):
            raise self.wrong(
                name, t("a table, such as [{name}] on a line of its own", name=self._header(name))
            )
        return Part(self.source, (*self.path, name), found, self._label(label))

    def tables(self, name: str, label: str, *, most: int) -> list[Part]:
        """The tables of a list in it, in their order; none where there is no such list. `label` has a {n} for the place."""
        found = self.values.get(name, [])
        expected = t(
            "at most {most} tables, each beginning with [[{name}]]", most=most, name=self._header(name)
        )
        if (
            not isinstance(found, list)
            or len(found) > most
            or not all(isinstance(one, dict) for one in found)
        ):
            raise self.wrong(name, expected)
        return [
            Part(self.source, (*self.path, name, n), one, self._label(label.format(n=n + 1)))
            for n, one in enumerate(found)
        ]

    def _label(self, label: str) -> str:
        return f"{self.label}, {label}" if self.label else label

    def _header(self, name: str) -> str:
        return ".".join([*(one for one in self.path if isinstance(one, str)), name])

    def _of(self, name: str, or_else: object, expected: str) -> Any:
        found = self.values.get(name, _MISSING)
        if found is not _MISSING:
            return found
        if or_else is None:
            raise self.fault(
                None, t("'{name}' is missing; expected {expected}.", name=name, expected=expected)
            )
        return or_else


def place_of(text: str, path: Path) -> tuple[int, int]:
    """The line and column, counted from 1, at which the value of that path is named; of its table where it is not."""
    lines = text.splitlines(keepends=True)
    for length in range(len(path), 0, -1):
        name = next((one for one in reversed(path[:length]) if isinstance(one, str)), "")
        named = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
        for start, line in enumerate(lines):
            found = named.search(line)
            if found and _has(_values_until(lines, start), path[:length]):
                return start + 1, found.start() + 1
    return 1, 1


def _values_until(lines: Sequence[str], last: int) -> Mapping[str, Any]:
    """What the text says from its beginning to that line, and to the end of whatever runs on over it."""
    for end in range(last + 1, len(lines) + 1):
        try:
            return tomllib.loads("".join(lines[:end]))
        except ValueError:
            continue
    return {}


def _has(values: Any, path: Iterable[str | int]) -> bool:
    try:
        for step in path:
            values = values[step]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _shown(found: object) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, str):
        return repr(found[:60])
    if isinstance(found, list):
        return t("a list of {count}", count=len(found))
    if isinstance(found, int) and abs(found) >= HUGE:  # its digits are not even written by Python
        return t("a number of more than {count} digits", count=18)
    return t("a table") if isinstance(found, dict) else str(found)[:60]
