"""Finds every pattern that the product matches against texts, and long texts that would make a bad one slow.

In: the sources of the product. Out: patterns with their place, and for each of them adversarial texts.
The rule it guards: patterns are found by reading the code, so that a new one is tried without anybody thinking of it.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDERS = ("etl", "sql", "dashboard", "pages")
TEXT_BYTES = 100_000
RE_CALLS = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
)
POLARS_CALLS = frozenset({"contains", "extract", "extract_all", "replace", "replace_all", "count_matches"})
MADE_OF_NAMES = {
    "etl/sources/pbx/realtime_table.py": "the words of database drivers, in the constants of the module",
    "etl/customer_key.py": "the national prefixes of phonenumbers' own tables",
    "etl/erasure.py": "names that are to be erased, each escaped",
    "etl/mappings/mapping_values.py": "the signs of the settings, each one escaped",
    "dashboard/wall/toml_text.py": "a name of a board's text, escaped",
    "sql/game_rules/fields.py": "the product's own name of a folder",
    "sql/small_groups.py": "the product's own statements and names of columns",
}
"""Files with patterns that are put together of other things while the product runs, and of which."""
FILLERS = (
    "0", "a", "A", " ", "\t", "\n", "\r", '"', "'", "<", "(", "@", ".", "-", "+", "%", "/", ":", "\\", "{", "\x00", "é",
    "0.", "a.", "a@", "a@b", "a@b.", "0-", "0 ", "+0", "%4", "%40", "sip:", "key:", "\\\\", '\\"', '"a"', "00:", "a-",
    "(0", "_",
    "Aa", "a_id", "=",
)  # fmt: skip
TAILS = ("", "!", "\x00", "\n", "@", '"', "<", "0", "a")


@dataclass(frozen=True)
class Pattern:
    """One pattern: where it stands, its text and flags, and the function that uses it."""

    place: str
    text: str | bytes
    flags: int
    use: str
    is_polars: bool = False

    @property
    def compiled(self) -> re.Pattern[Any]:
        """The pattern, ready to be used."""
        return re.compile(self.text, self.flags)


@lru_cache(1)
def patterns() -> tuple[list[Pattern], list[str]]:
    """Every pattern in the code, and the places of those that only the running product puts together."""
    found: list[Pattern] = []
    made: list[str] = []
    files = [
        *(ROOT / "floorboard").glob("*.py"),
        *(file for name in ("etl", "sql", "dashboard", "pages") for file in (ROOT / name).rglob("*.py")),
    ]
    trees = {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text()) for file in sorted(files)}
    uses = _uses(trees.values())
    for name, tree in trees.items():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_match(node)]
        words: dict[str, Any] = vars(importlib.import_module(name[:-3].replace("/", "."))) if calls else {}
        for call in calls:
            place = f"{name}:{call.lineno}"
            try:
                text, flags = (_value(part, words) for part in (call.args[0], _flags(call)))
            except NameError:
                made.append(place)
                continue
            assert isinstance(call.func, ast.Attribute)
            if isinstance(text, str | bytes):
                given = {word for word, value in words.items() if getattr(value, "pattern", None) == text}
                used = (
                    {use for word in given for use in uses.get(word, ())}
                    if call.func.attr == "compile"
                    else {call.func.attr}
                )
                found += [
                    Pattern(place, text, int(flags or 0), use, not _is_re(call))
                    for use in sorted(used) or ["search"]
                ]
    return found, made


def _uses(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """By the name of a compiled pattern the functions that are called on it anywhere."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in RE_CALLS:
                found.setdefault(node.value.id, set()).add(node.attr)
    return found


def _is_re(call: ast.Call) -> bool:
    func = call.func
    return (
        isinstance(func, ast.Attribute)
        and isinstance(func.value, ast.Name)
        and func.value.id == "re"
        and func.attr in RE_CALLS
    )


def _is_match(call: ast.Call) -> bool:
    func = call.func
    is_literal = any(word.arg == "literal" for word in call.keywords)
    is_text = (
        isinstance(func, ast.Attribute) and isinstance(func.value, ast.Attribute) and func.value.attr == "str"
    )
    is_polars = is_text and isinstance(func, ast.Attribute) and func.attr in POLARS_CALLS and not is_literal
    return bool(call.args) and (_is_re(call) or is_polars)


def _flags(call: ast.Call) -> ast.expr:
    given = [word.value for word in call.keywords if word.arg == "flags"]
    place = {"compile": 1, "match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2}
    assert isinstance(call.func, ast.Attribute)
    at = place.get(call.func.attr, 9) if _is_re(call) else 9
    return given[0] if given else call.args[at] if len(call.args) > at else ast.Constant(0)


def _value(node: ast.expr, words: dict[str, Any]) -> Any:
    return eval(compile(ast.fix_missing_locations(ast.Expression(node)), "<pattern>", "eval"), dict(words))


def sql_patterns() -> list[Pattern]:
    """Every pattern that a statement of the product matches by: behind ~ and in regexp_replace."""
    found = []
    for file in sorted((ROOT / "sql").rglob("*.sql")):
        text = file.read_text()
        for match in re.finditer(r"(?:!?~\*?|regexp_replace\(\s*[\w.]+,)\s*'((?:[^']|'')*)'", text):
            place = f"{file.relative_to(ROOT).as_posix()}:{text.count(chr(10), 0, match.start()) + 1}"
            found.append(Pattern(place, match[1].replace("''", "'"), 0, "search"))
    return found


def pumps(pattern: Pattern, size: int) -> Iterator[str]:
    """Texts of about so many characters: everything that the pattern repeats, repeated, with an end that does not fit."""
    text = pattern.text.decode("latin-1") if isinstance(pattern.text, bytes) else pattern.text
    yield from (filler * (size // len(filler)) for filler in FILLERS)
    try:
        tree = parser.parse(text.replace("\\z", "\\Z"), pattern.flags)
    except re.error:  # of another engine: the common texts must do
        return
    for before, inside in _repeats(tree, ""):
        for middle in dict.fromkeys((inside, inside[:1], inside[-1:])):
            if middle:
                for tail in TAILS:
                    yield before + middle * (size // len(middle)) + tail
                yield (before + middle * 3) * (size // len(before + middle * 3))
                yield (before + middle) * (size // len(before + middle))


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    """For each repetition an example of what comes before it and of what is repeated."""
    for code, given in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            _, most, inside = given
            if most > 4:
                yield before, _example(inside)
            yield from _repeats(inside, before)
        elif code is codes.SUBPATTERN:
            yield from _repeats(given[-1], before)
        elif code is codes.ATOMIC_GROUP:
            yield from _repeats(given, before)
        elif code is codes.BRANCH:
            for branch in given[1]:
                yield from _repeats(branch, before)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _repeats(given[1], before)
        before += _example([(code, given)])


def _example(tree: Any) -> str:
    """A short text that fits."""
    found = ""
    for code, given in tree:
        if code is codes.LITERAL:
            found += chr(given)
        elif code is codes.NOT_LITERAL:
            found += "a" if given != ord("a") else "b"
        elif code is codes.ANY:
            found += "a"
        elif code is codes.IN:
            found += _one_of(given)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            found += _example(given[2]) * max(1, min(given[0], 40))
        elif code is codes.SUBPATTERN:
            found += _example(given[-1])
        elif code is codes.ATOMIC_GROUP:
            found += _example(given)
        elif code is codes.BRANCH:
            found += _example(given[1][0])
    return found


def _one_of(given: Any) -> str:
    negated = given[0][0] is codes.NEGATE
    tried = re.compile(
        "[" + ("^" if negated else "") + "".join(map(_class, given[1:] if negated else given)) + "]"
    )
    return next(
        (sign for sign in "a0 A.-@\"'<é_:\n" if tried.match(sign)),
        chr(given[0][1]) if given[0][0] is codes.LITERAL else "x",
    )


def _class(part: Any) -> str:
    code, given = part
    if code is codes.LITERAL:
        return re.escape(chr(given))
    if code is codes.RANGE:
        return f"{re.escape(chr(given[0]))}-{re.escape(chr(given[1]))}"
    names = {
        codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_NOT_SPACE: r"\S", codes.CATEGORY_WORD: r"\w", codes.CATEGORY_NOT_WORD: r"\W",
    }  # fmt: skip
    return names[given]
