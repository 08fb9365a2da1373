"""Tells which of the written lines a sentence about a whole table speaks of, and what stands there.

In: a [[sources]] table as it was written, and what its check expected, in words. Out: the place, and what was found.
The rule it guards: a message shows the few values that it speaks of, never a whole table, and never a password.
"""

from __future__ import annotations

import json
import re
from typing import Any

from etl.config_lines import Location

MOST_LETTERS = 120
_NAMED = re.compile(r' \(found "([^"]*)"(?:; (did you mean [^)]*))?\)')
_OF_EVERY_SOURCE = frozenset({"name", "kind", "every_seconds", "facts"})
_ABOUT = re.compile(r"^(?:in \S+|for the column .*?) (?=\S+ to be |only the keys |exactly one |a value)")
_USER = re.compile(r"//[^\s\"']*@")


def without_user(text: str) -> str:
    """The text without the user and password of an address in it."""
    return _USER.sub("//***@", text)


def shown(value: object) -> str:
    """A value as it is written, cut where it is long; without the user and password of an address."""
    if isinstance(value, dict):
        parts = ", ".join(f"{key} = {shown(item)}" for key, item in value.items())
        text = f"{{ {parts} }}" if parts else "{}"
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    text = without_user(text)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]} ..."


def spoken_of(expected: str, table: dict[str, Any]) -> tuple[Location, str, str]:
    """Where in a source's table the words point, what was found there (empty: nothing), and the words themselves."""
    named = _NAMED.search(expected)
    hint = f" ({named[2]})" if named and named[2] else ""
    words = _NAMED.sub(hint, expected)
    said = named[1] if named else ""
    for place in (_in_a_rule(words, table), _in_fields(words, said, table), _in_source(words, table)):
        if place is not None:
            return (*place, _ABOUT.sub("", words))
    return (), "", words


def _in_a_rule(words: str, table: dict[str, Any]) -> tuple[Location, str] | None:
    if not (about := re.match(r"for the column (.*?) (?:\S+ to be|only the keys|a value)", words)):
        return None
    for key in ("only", "skip"):
        rules = table.get(key)
        for number, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict) and about[1] in rule:
                return (key, number, about[1]), f"{key}.{_key(about[1])} = {shown(rule[about[1]])}"
    return None


def _in_fields(words: str, said: str, table: dict[str, Any]) -> tuple[Location, str] | None:
    fields = table.get("fields")
    if not isinstance(fields, dict):
        return None
    if " among the fields of " in words:
        return ("fields",), f"the fields {', '.join(map(str, fields))}"
    spoken = _words(words)
    inside = re.match(r"in (\S+) ", words)
    name = next(
        (
            each
            for each in (inside[1] if inside else "", said, *(field for field in fields if field in spoken))
            if each in fields
        ),
        None,
    )
    if name is None:
        return None
    value = fields[name]
    if not isinstance(value, dict) or said == name:
        return ("fields", name), f"{_key(name)} = {shown(value)}"
    keys = [said] if said in value else [key for key in value if key in spoken]
    if not keys:
        return ("fields", name), f"{_key(name)} = {shown(value)}"
    found = " and ".join(f"{_key(name)}.{key} = {shown(value[key])}" for key in keys)
    return ("fields", name, keys[0]), found


def _in_source(words: str, table: dict[str, Any]) -> tuple[Location, str] | None:
    keys = [key for key in table if key in _words(words) - _OF_EVERY_SOURCE]
    found = " and ".join(f"{key} = {shown(table[key])}" for key in keys)
    return ((keys[0],), found) if keys else None


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z0-9_]+", text))
