"""Takes over the levels of a LiveAgent as badges here, as far as they are fair; says of each other one why not.

In: the levels as LiveAgent's Configuration > System > Gamification shows them: name, description, condition. Out: for each
a rule, or a sentence.
The rule it guards: what pays for presence, haste or many words, and what points at misses or rebukes, is not
taken over; a level that was reached for good stays a badge for good (it counts all history, once).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sql.game_rules import conduct
from sql.game_rules.spec import TIERS, Adjust, Grant, Measure, Rule, Term, Tier


@dataclass(frozen=True)
class _Counted:
    """What a variable of LiveAgent is here."""

    terms: tuple[Term, ...]
    channels: tuple[str, ...] = ()


_SOLVED = (Term("solved_tickets"), Term("reopened_tickets", -1))
COUNTED: Final[dict[str, _Counted]] = {
    "answers": _Counted(_SOLVED),
    "chats": _Counted((Term("handled_calls"),), ("chat",)),
    "calls": _Counted((Term("handled_calls"),), ("call",)),
    "rewards": _Counted((Term("csat_satisfied_responses"), Term("ticket_csat_satisfied_responses"))),
}
"""Answers are counted as tickets that were solved and stayed so: an answer that solves nothing is none."""
_PRESENCE = "pays for bare presence, which wears off and invites tricks; use one for outcomes, such as points-first-time"
_HASTE = "pays for haste: per hour, whoever hangs up first wins; use points-steady-pace, which compares like with like"
_WORDS = "pays for many messages or long calls, not for a solved matter; use points-nobody-came-back"
_SHAME = "points at somebody's misses or rebukes; a game that shames is refused. Talk about it in coaching, not on a board"
_SHARE = (
    "is a share of ratings, which luck makes at small numbers; use customer-favourite, which asks to be sure"
)
_SILENCE = "counts customers who did not answer, which is no one's merit and no one's fault"
REFUSED: Final[dict[str, str]] = {
    "worktime": _PRESENCE,
    "answers_ph": _HASTE,
    "chats_ph": _HASTE,
    "calls_ph": _HASTE,
    "chat_answers_ph": _HASTE,
    "call_seconds_ph": _HASTE,
    "chat_answers": _WORDS,
    "call_seconds": _WORDS,
    "missed_chats": _SHAME,
    "missed_calls": _SHAME,
    "punishments": _SHAME,
    "punishments_p": _SHAME,
    "rewards_p": _SHARE,
    "not_ranked": _SILENCE,
    "not_ranked_p": _SILENCE,
}
BADGES: Final[dict[str, str]] = {
    "traffic controller": "points at who passes on most",
    "siesta": "points at who is paused longest",
    "coffee": "points at who takes most breaks",
    "rebel without a cause": "points at who has most rebukes",
    "inspector": "points at who reads longest",
    "novelist": "pays for the longest reply",
    "speedy gonzales": "pays for the quickest finger",
}
"""LiveAgent's own badges that are handed out by comparison with everybody, and what is wrong with each."""
_COMPARISON = re.compile(r"(?P<sum>[^<>=!]+)(?P<sign>>=|>)(?P<number>\s*\d{1,9}\s*)")
_TERM = re.compile(r"\s*([+-]?)\s*\$([a-z_]+)\s*")


def imported(level_rows: Iterable[Mapping[str, str]]) -> list[Rule | str]:
    """For each alternative of each row's condition (a || b) a badge, else one sentence per row that says why not.

    A row has name, description and condition, for example "$answers > 500 || $chats > 500"; LiveAgent's variables and
    operators are those of support.liveagent.com/050561. Of several levels on the same measure the lowest third become
    bronze, the next silver, the highest gold.
    """
    found: list[Rule | str] = []
    names: set[str] = set()
    for row in level_rows:
        for made in _of_row(row):
            if isinstance(made, Rule):
                made = replace(made, name=_free(made.name, names))
                names.add(made.name)
            found.append(made)
    return _tiered(found)


def _of_row(row: Mapping[str, str]) -> Iterator[Rule | str]:
    title = " ".join(row.get("name", "").split())[:60] or "A level without a name"
    condition = row.get("condition", "").strip()
    if wrong := BADGES.get(title.lower()):
        yield f"'{title}' was not taken over: it {wrong}, and a game that shames or hurries people is refused."
        return
    if not condition:
        yield f"'{title}' was not taken over: it has no condition; expected one such as $answers > 500."
        return
    sentences: list[str] = []
    rules: list[Rule] = []
    for number, part in enumerate(_alternatives(condition)):
        made = _of_part(title, row.get("description", ""), part, number)
        if isinstance(made, str):
            sentences.append(made)
        else:
            rules.append(made)
    yield from rules or sentences[:1]


def _alternatives(condition: str) -> list[str]:
    plain = condition
    while (inner := re.fullmatch(r"\s*\(([^()]*)\)\s*", plain)) is not None:
        plain = inner[1]
    return [part.strip(" ()") if part.count("(") == part.count(")") else part for part in plain.split("||")]


def _of_part(title: str, description: str, part: str, number: int) -> Rule | str:
    if "&&" in part:
        return f"'{title}' was not taken over: it asks two things at once ({_short(part)}). Write a rule with [[gates]]."
    named = re.findall(r"\$([a-z_]+)", part)
    for name in named:
        if reason := REFUSED.get(name):
            return f"'{title}' was not taken over: ${name} {reason}."
    comparison = _COMPARISON.fullmatch(part)
    terms = [] if comparison is None else _terms(comparison["sum"])
    if comparison is None or not terms:
        return (
            f"'{title}' was not taken over: found {_short(part)}; expected a sum of LiveAgent's variables that is more than "
            "a whole number. Write a rule for it by hand."
        )
    if any(name not in COUNTED or sign == "-" for sign, name in terms):
        strange = next(name for sign, name in terms if name not in COUNTED or sign == "-")
        return f"'{title}' was not taken over: ${strange} is not counted here, or is taken away."
    at = int(comparison["number"]) + (1 if comparison["sign"] == ">" else 0)
    measure = _measure([COUNTED[name] for _, name in terms])
    if measure is None or at < 1:
        return f"'{title}' was not taken over: it adds up different kinds of work ({_short(part)}). Make one of each."
    return _rule(title, description, measure, at, number)


def _terms(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None or (found and not term[1]):
            return []
        found.append((term[1], term[2]))
        at = term.end()
    return found


def _measure(counted: list[_Counted]) -> Measure | None:
    """One measure of several variables, where they are one kind of work."""
    if len({one.terms for one in counted}) == 1:
        channels = tuple(sorted({channel for one in counted for channel in one.channels}))
        return Measure(counted[0].terms, grain="lifetime", channels=channels)
    terms = tuple(dict.fromkeys(term for one in counted for term in one.terms))
    if any(one.channels for one in counted) or len(terms) > 4:
        return None
    return Measure(terms, grain="lifetime")


def _rule(title: str, description: str, measure: Measure, at: int, number: int) -> Rule | str:
    about = " ".join(description.split())[:300] or f"Taken over from LiveAgent: {title}."
    rule = Rule(
        name=f"liveagent-{_slug(title)}" + (f"-{number + 1}" if number else ""),
        kind="badge",
        title=title,
        description=about,
        purpose="Keeps the level that agents reached before, as a badge that nobody loses.",
        owner="Taken over from LiveAgent",
        family="service",
        measure=measure,
        adjust=Adjust(),
        tiers=(Tier("bronze", at),),
        grant=Grant("once", "all", "never"),
    )
    fault = next(conduct.violations(rule), None)
    if fault is not None:
        return f"'{title}' was not taken over: found {fault[1]} in its {fault[0]}; expected {fault[2]}."
    return rule


def _tiered(found: list[Rule | str]) -> list[Rule | str]:
    """The tiers of levels on one measure, by their order."""
    by_measure: dict[Measure, list[Rule]] = {}
    for one in found:
        if isinstance(one, Rule) and one.measure is not None:
            by_measure.setdefault(one.measure, []).append(one)
    tiers: dict[str, str] = {}
    for rules in by_measure.values():
        ordered = sorted(rules, key=lambda rule: rule.tiers[0].at)
        for place, rule in enumerate(ordered):
            tiers[rule.name] = TIERS[place * len(TIERS) // len(ordered)]
    return [
        one if isinstance(one, str) else replace(one, tiers=(replace(one.tiers[0], name=tiers[one.name]),))
        for one in found
    ]


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "level"


def _free(name: str, taken: set[str]) -> str:
    return next(one for one in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))) if one not in taken)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 80 else f"{plain[:77]}..."
