"""Finds for each field the column that it seems to be, by what the column is called and by what stands in it.

In: the columns of a file with what their texts can be. Out: the likeliest column of each field, how sure, and why.
The rule it guards: a name alone is not enough, the texts must be able to be what the field holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from etl.mappings.guess_columns import Column
from etl.mappings.guess_words import BOOLEANS, LIKELY, NAMES, VALUES, plain, word
from etl.mappings.mapping_values import numbers
from etl.mappings.mapping_words import WORDS, FactsName, FieldWords

SURE_ENOUGH = 0.5
_PLAIN_NAMES = {name: tuple(plain(item) for item in names) for name, names in NAMES.items()}
_PLAIN_VALUES = {name: {word(item): means for item, means in words.items()} for name, words in VALUES.items()}
MIDNIGHTS = ("0:00:00", "00:00:00", "0:00", "00:00")
_YES_OR_NO = frozenset(("true", "false", "yes", "no", "t", "f", "y", "n"))
_OF_TICKETS = frozenset(
    ("status_name", "priority_name", "group_name", "solved_at", "first_reply_at", "closed_at")
)
_NOT_BOTH = (("solved_at", "is_resolved"),)


@dataclass(frozen=True)
class FieldGuess:
    """A field and the column that it seems to be, how sure that is (0 to 1), and why."""

    field_name: str
    column_name: str
    confidence_ratio: float
    reason_text: str
    settings: dict[str, Any]


def score_of(facts: FactsName, found: list[FieldGuess], file: Path) -> float:
    """How well the file fits the facts: most of all whether what is needed is there."""
    names = {item.field_name: item.confidence_ratio for item in found}
    groups = WORDS[facts].required
    met = sum(max((names.get(name, 0.0) for name in group), default=0.0) for group in groups) / len(groups)
    is_whole = all(set(group) & names.keys() for group in groups)
    told = 0.1 * bool(set(plain(file.name).split()) & set(LIKELY[facts]))
    own = sum(names.values()) / 100
    if facts == "tickets" and not _is_ticket_like(found):
        return met * 0.4
    return met * (1.0 if is_whole else 0.5) + told + own


def _is_ticket_like(found: list[FieldGuess]) -> bool:
    """Whether more than an id and two instants is told, which users and organisations have too."""
    names = {item.field_name: item.column_name for item in found}
    is_named = plain(names.get("ticket_id", "id")) not in ("id", "number")
    return is_named or bool(_OF_TICKETS & names.keys())


def fields_of(facts: FactsName, columns: dict[str, Column]) -> list[FieldGuess]:
    """The likeliest column of each field, each column once."""
    words = WORDS[facts].fields
    pairs = [
        found
        for name in words
        if name in _PLAIN_NAMES
        for column in columns.values()
        if (found := _match(name, words[name], column, facts)) is not None
    ]
    chosen: dict[str, FieldGuess] = {}
    used: set[str] = set()
    for item in sorted(pairs, key=lambda item: -item.confidence_ratio):
        if item.field_name in chosen or item.column_name in used:
            continue
        chosen[item.field_name] = item
        used.add(item.column_name)
    if (last := _only_instant(facts, columns, chosen, used)) is not None:
        chosen[last.field_name] = last
    for first, second in _NOT_BOTH:
        if first in chosen:
            chosen.pop(second, None)
    return [chosen[name] for name in words if name in chosen]


def _only_instant(
    facts: FactsName, columns: dict[str, Column], chosen: dict[str, FieldGuess], used: set[str]
) -> FieldGuess | None:
    """The one column of instants that is left, where all else that is needed was found, for when the rows begin."""
    name = WORDS[facts].begins_at
    others = [group for group in WORDS[facts].required if name not in group]
    if name in chosen or len(chosen) < 3 or not all(set(group) & chosen.keys() for group in others):
        return None
    left = [
        column
        for column in columns.values()
        if column.name not in used and column.formats and not column.unit
    ]
    if len(left) != 1 or idle_midnights(left[0]):
        return None
    fits, why, settings = _instant(left[0], is_first=True)
    reason = f"the only column of instants that is left; {why}"
    return FieldGuess(name, left[0].name, round(0.6 * fits, 2), reason, {"column": left[0].name, **settings})


def idle_midnights(column: Column) -> list[str]:
    """The ways of writing midnight that stand in more rows than chance would put them: they mean nothing."""
    if not column.is_time_of_day:
        return []
    most = max(3, column.texts.len() / 50)
    return [text for text in MIDNIGHTS if int((column.texts == text).sum()) > most]


def _match(name: str, words: FieldWords, column: Column, facts: FactsName) -> FieldGuess | None:
    named, why = _named(name, column.name, facts)
    if not named or column.texts.is_empty():
        return None
    fits, more, settings = _fitting(name, words, column, facts)
    confidence = named * fits
    if confidence < SURE_ENOUGH:
        return None
    reason = f"{why}; {more}" if more else why
    return FieldGuess(name, column.name, round(confidence, 2), reason, {"column": column.name, **settings})


@lru_cache(maxsize=4096)
def _plain(column_name: str) -> str:
    return plain(column_name)


def _named(name: str, column_name: str, facts: FactsName) -> tuple[float, str]:
    """How well the name of the column fits, and why."""
    written = _plain(column_name)
    names = _PLAIN_NAMES.get(f"{facts}.{name}") or _PLAIN_NAMES[name]
    if written in names or written == plain(name):
        place = names.index(written) if written in names else 0
        return 1.0 - 0.1 * place / max(len(names), 1), f"'{column_name}' is a name of it"
    inside = [item for item in names if " " in item or len(item) > 3 if f" {item} " in f" {written} "]
    if inside:
        longest = max(inside, key=len)
        return 0.6 + 0.25 * len(longest) / max(len(written), 1), f"'{column_name}' holds '{longest}'"
    return 0.0, ""


def _fitting(
    name: str, words: FieldWords, column: Column, facts: FactsName
) -> tuple[float, str, dict[str, Any]]:
    """How well the texts fit the kind of the field, why, and what must be written to read them."""
    if words.kind == "instant":
        return _instant(column, is_first=name == WORDS[facts].begins_at)
    if words.kind == "seconds":
        return _seconds(column)
    if words.kind in ("number", "whole"):
        return _number(column, words)
    if words.kind == "choice":
        return _choice(name, words, column)
    if words.kind == "bool":
        known = {text: BOOLEANS[word(text)] for text in column.words if word(text) in BOOLEANS}
        return (1.0, "", _bools(known)) if column.words and len(known) == len(column.words) else (0.0, "", {})
    if column.is_instant and column.unit is None:
        return 0.0, "", {}
    if name.endswith("_id"):
        return (1.0 if column.is_unique else 0.85), "no text comes twice" if column.is_unique else "", {}
    if words.kind == "text" and column.words and {word(text) for text in column.words} <= _YES_OR_NO:
        return 0.0, "", {}
    if words.kind == "text" and column.is_number and column.decimal_sign:
        return 0.0, "", {}
    return (0.9 if column.is_unique else 1.0), "", {}


def _bools(known: dict[str, bool]) -> dict[str, Any]:
    plainly = ("true", "t", "yes", "y", "1", "false", "f", "no", "n", "0")
    values = {text: str(means).lower() for text, means in known.items() if text.lower() not in plainly}
    return {"values": values} if values else {}


def _instant(column: Column, *, is_first: bool) -> tuple[float, str, dict[str, Any]]:
    if column.unit is not None:
        return 0.9, f"its numbers are {column.unit.replace('_', ' ')}", {"unit": column.unit}
    if not column.formats:
        return 0.0, "", {}
    written = column.formats[0]
    if column.is_time_of_day and is_first and idle_midnights(column):
        return 0.6, f"times of day, {written}, of which many are midnight", {"format": written}
    if column.is_time_of_day:
        return (0.8 if is_first else 0.75), f"times of day, {written}", {"format": written}
    if not written:
        return 1.0, "every text is 2026-01-31 23:59:59 or alike", {}
    return 1.0, column.doubt or f"only {written} reads it", {"format": written}


def _seconds(column: Column) -> tuple[float, str, dict[str, Any]]:
    named = plain(column.name).split()
    if column.is_clock:
        return 1.0, "written as hours:minutes:seconds", {"unit": "hms"}
    if not column.is_number:
        return 0.0, "", {}
    signs = _signs(column)
    for unit, names in (
        ("ms", ("ms", "millis", "milliseconds")),
        ("minutes", ("min", "mins", "minutes", "minuten", "minutit")),
    ):
        if set(names) & set(named):
            return 1.0, f"the name says {unit}", {"unit": unit, **signs}
    if {"hrs", "hours", "stunden", "tundi"} & set(named):
        return 1.0, "the name says hours", {"unit": "hours", **signs}
    return 0.95, "numbers, taken as seconds", signs


def _signs(column: Column) -> dict[str, Any]:
    given = {"decimal_sign": column.decimal_sign, "thousands_sign": column.thousands_sign}
    return {name: sign for name, sign in given.items() if sign is not None}


def _number(column: Column, words: FieldWords) -> tuple[float, str, dict[str, Any]]:
    if not column.is_number:
        return 0.0, "", {}
    signs = _signs(column)
    if words.bounds is None or words.kind == "whole":
        return 1.0, "numbers", signs
    decimal, thousands = column.decimal_sign or ".", column.thousands_sign
    read = pl.select(numbers(pl.lit(column.texts), decimal, thousands)).to_series()
    most = read.max()
    top = words.bounds[1]
    greatest = float(most) if isinstance(most, int | float) else top
    if greatest <= top:
        return 1.0, f"numbers up to {greatest:g}", signs
    scale = next((limit for limit in (10, 100) if greatest <= limit), None)
    if scale is None:
        return 0.0, "", {}
    return (
        0.8,
        f"numbers up to {greatest:g}, taken as a scale from 0 to {scale}",
        {"scale": [0.0, float(scale)], **signs},
    )


def _choice(name: str, words: FieldWords, column: Column) -> tuple[float, str, dict[str, Any]]:
    meanings = _PLAIN_VALUES.get(name, {}) | {word(item): item for item in words.words}
    allowed = {item: means for item, means in meanings.items() if means in words.words}
    total = sum(column.words.values())
    values = {text: _meant(text, allowed) for text in column.words}
    known = {text: means for text, means in values.items() if means is not None}
    share = sum(column.words[text] for text in known) / total if total else 0.0
    if share < 0.5:
        return 0.0, "", {}
    unknown = [text for text in column.words if text not in known]
    more = f"; {', '.join(unknown[:5])} unknown" if unknown else ""
    return 0.6 + 0.4 * share, f"its words are known to {share:.0%}{more}", {"values": known}


def _meant(text: str, allowed: dict[str, str]) -> str | None:
    """What a word means, also where a number stands before it ("2 - High")."""
    whole = word(text)
    bare = "".join(sign for sign in whole if not sign.isdigit())
    return allowed.get(whole) or allowed.get(bare)
