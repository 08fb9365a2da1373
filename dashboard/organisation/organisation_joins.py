"""Who in one system is probably who in another one: suggestions by name, for a person to confirm.

In: the keys under which the systems know agents or queues. Out: pairs that bear the same or nearly the same name.
The rule it guards: nothing is joined here; a suggestion says why it is one, and two of one system are never suggested
for a likeness alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from typing import Any

NEAR_RATIO = 0.86
MOST_IN_A_BLOCK = 60  # a word that so many bear (a first name, "Agent") tells nobody apart
MOST_SUGGESTIONS = 200
_WORDS = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"^([^@\s]+)@[^@\s]+$")


@dataclass(frozen=True)
class Suggestion:
    """`from_id` is probably `to_id`; its keys would be given to that one. likeness_ratio 1 means the same name."""

    from_id: int
    to_id: int
    likeness_ratio: float
    reason_name: str  # same, order, initial, near


@dataclass(frozen=True)
class _Bearer:
    """An agent or queue with all names that it has anywhere, and the systems that know it."""

    of_id: int
    spoken: frozenset[str]
    sources: frozenset[str]
    key_count: int


def suggestions(keys: Sequence[dict[str, Any]], *, kind: str) -> list[Suggestion]:
    """Pairs of agents (or queues) of different systems whose names are equal or nearly so, the likeliest first.

    Of a pair the one with more keys stays, then the one with the smaller number. Each is suggested once.
    """
    bearers = _bearers(keys, kind)
    found = []
    for one, other in _candidates(bearers):
        if one.sources & other.sources:
            continue
        ratio, reason = max((likeness(a, b) for a in one.spoken for b in other.spoken), default=(0.0, ""))
        if ratio >= NEAR_RATIO:
            stays, goes = sorted((one, other), key=lambda bearer: (-bearer.key_count, bearer.of_id))
            found.append(Suggestion(goes.of_id, stays.of_id, ratio, reason))
    found.sort(key=lambda each: (-each.likeness_ratio, each.to_id, each.from_id))
    return _each_once(found)[:MOST_SUGGESTIONS]


def _each_once(found: Iterable[Suggestion]) -> list[Suggestion]:
    """Who goes goes to one only, and nobody goes to one who goes himself."""
    going: set[int] = set()
    staying: set[int] = set()
    kept = []
    for each in found:
        if each.from_id not in going | staying and each.to_id not in going:
            going.add(each.from_id)
            staying.add(each.to_id)
            kept.append(each)
    return kept


def likeness(one: str, other: str) -> tuple[float, str]:
    """How alike two names are (1: the same) and why: same, order of words, an initial, or letters that nearly agree."""
    words, others = _WORDS.findall(one), _WORDS.findall(other)
    if not words or not others:
        return 0.0, ""
    if words == others:
        return 1.0, "same"
    if sorted(words) == sorted(others):
        return 0.99, "order"
    if _differ_in_digits(words, others):
        return 0.0, ""  # "Agent 7" is not "Agent 8", however near
    if _initial(words, others) or _initial(others, words):
        return 0.9, "initial"
    ratio = SequenceMatcher(None, " ".join(sorted(words)), " ".join(sorted(others))).ratio()
    return (round(min(ratio, 0.98), 3), "near") if min(len(one), len(other)) >= 5 else (0.0, "")


def _differ_in_digits(words: Sequence[str], others: Sequence[str]) -> bool:
    digits, more = (sorted(w for w in each if any(c.isdigit() for c in w)) for each in (words, others))
    return digits != more


def _initial(short: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether "m kask" or "mkask" may stand for "mari kask"."""
    if len(whole) < 2:
        return False
    first, last = whole[0], whole[-1]
    if len(short) == 2 and len(last) > 2:
        return short[1] == last and len(short[0]) == 1 and first.startswith(short[0])
    return len(short) == 1 and len(last) > 3 and short[0] == f"{first[0]}{last}"


def plain(name: str) -> str:
    """The name as it is compared: without case, accents, and the domain of an e-mail address."""
    address = _ADDRESS.match(name.strip())
    text = address[1].replace(".", " ") if address else name
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


def _bearers(keys: Sequence[dict[str, Any]], kind: str) -> list[_Bearer]:
    names: dict[int, set[str]] = defaultdict(set)
    sources: dict[int, set[str]] = defaultdict(set)
    counts: dict[int, int] = defaultdict(int)
    for row in keys:
        of_id = row[f"{kind}_id"]
        names[of_id] |= {plain(row[f"{kind}_name"]), plain(row["source_key"])}
        sources[of_id].add(row["source_name"])
        counts[of_id] += 1
    return [_Bearer(n, frozenset(names[n] - {""}), frozenset(sources[n]), counts[n]) for n in names]


def _candidates(bearers: Sequence[_Bearer]) -> list[tuple[_Bearer, _Bearer]]:
    """The pairs worth comparing: they share a word, the beginning of one, or an initial with a name."""
    blocks: dict[str, set[int]] = defaultdict(set)
    by_id = {bearer.of_id: bearer for bearer in bearers}
    for bearer in bearers:
        for name in bearer.spoken:
            words = _WORDS.findall(name)
            marks = {*words, *(word[:4] for word in words if len(word) >= 4), " ".join(sorted(words))}
            if len(words) > 1:
                marks.add(f"{words[0][0]}{words[-1]}")
            for mark in marks:
                blocks[mark].add(bearer.of_id)
    pairs = {
        pair
        for members in blocks.values()
        if 1 < len(members) <= MOST_IN_A_BLOCK
        for pair in combinations(sorted(members), 2)
    }
    return [(by_id[a], by_id[b]) for a, b in sorted(pairs)]
