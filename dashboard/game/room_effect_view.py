"""What a rule or a contest has changed, in sentences: for how many, by how much, how sure, and what else changed with it.

In: effects as `room_effect` found them. Out: blocks for `board.show`.
The rule it guards: what is too small to tell is called so, with the size it would have needed; a history of one's own is
never called an effect; the words promise no more than the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dashboard import board, words
from dashboard.board import Block, column
from dashboard.effect import Effect
from dashboard.game.room_effect import Bar
from dashboard.words import t, t_count
from sql.game_rules.spec import COLUMNS, Measure

Unit = Literal["ratio", "seconds", "amount"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing whose effect is asked for: a rule's version or a contest, since when, and what it counts."""

    key: str
    title: str
    kind_word: str
    start_date: date
    what: str
    of: Measure
    unit: Unit
    best_by: str
    """up, down or target: with a target neither way is better by itself."""

    @property
    def way(self) -> Literal["up", "down"]:
        """Which way is better."""
        return "down" if self.best_by == "down" else "up"


def unit_of(measure: Measure) -> Unit:
    """In which unit the values of a measure are."""
    above = [COLUMNS[term.column_name] for term in measure.above if term.column_name in COLUMNS]
    below = [COLUMNS[term.column_name] for term in measure.below if term.column_name in COLUMNS]
    is_time_above = bool(above) and all(one.is_time for one in above)
    is_time_below = bool(below) and all(one.is_time for one in below)
    if is_time_above and below and not is_time_below:
        return "seconds"
    return "ratio" if below and is_time_above == is_time_below else "amount"


def value_text(value: float | None, unit: Unit, *, is_change: bool = False) -> str:
    """A value or a change in its unit; a change has its sign, and of a share it is in points of a hundred."""
    if value is None:
        return words.UNKNOWN
    sign = ("+" if value > 0 else "−" if value < 0 else "") if is_change else ("−" if value < 0 else "")
    size = abs(value)
    if unit == "ratio" and is_change:
        return t("{sign}{n} pp", sign=sign, n=f"{100 * size:.1f}")
    if unit == "ratio":
        return f"{sign}{words.ratio(size)}"
    if unit == "seconds":
        return f"{sign}{size:.1f} s" if size < 60 else f"{sign}{words.duration(round(size))}"
    return f"{sign}{size:,.2f}" if size < 100 else f"{sign}{words.number(round(size))}"


def verdict(found: Effect, best_by: str) -> Block:
    """The verdict as a mark with its word."""
    if found.verdict in ("better", "worse") and best_by == "target":
        return board.status("near", t("Changed"))
    tone, word = {
        "better": ("good", t("Better")),
        "worse": ("off", t("Worse")),
        "no_change": ("none", t("No change")),
        "too_small": ("none", t("Too small to tell")),
        "own_history": ("none", t("Nobody to compare with")),
        "nothing": ("none", t("No days to compare")),
    }[found.verdict]
    return board.status(tone, word)


def told(asked: Asked, found: Effect) -> Block:
    """The answer in a few sentences; tone and title say how far it reaches."""
    title, body = _sentences(asked, found)
    return board.notice(verdict(found, asked.best_by)["tone"], title, body)


def _sentences(asked: Asked, found: Effect) -> tuple[str, str]:
    if found.verdict == "nothing":
        return t("There is nothing to compare yet"), t(
            "No agent has weeks of such work both before and after {day}. Look again when there are some.",
            day=words.day(asked.start_date),
        )
    if found.verdict == "own_history":
        return _own_history(asked, found)
    change = value_text(found.difference, asked.unit, is_change=True)
    between = t(
        "95 % of such intervals hold the truth: {low} to {high}.",
        low=value_text(found.low, asked.unit, is_change=True),
        high=value_text(found.high, asked.unit, is_change=True),
    )
    sides = t(
        "{n} agents for whom it held, beside {m} for whom it did not.",
        n=found.treated_units,
        m=found.control_units,
    )
    if found.verdict == "too_small":
        return _too_small(asked, found, sides, between, change)
    title = {
        "better": t("It got better by {change}", change=change),
        "worse": t("It got worse by {change}", change=change),
        "no_change": t("Nothing of weight has changed"),
    }[found.verdict]
    if asked.best_by == "target" and found.verdict != "no_change":
        title = t("It changed by {change}", change=change)
    return title, " ".join(
        [sides, between if found.low is not None else "", _luck(found), _course(found)]
    ).strip()


def _too_small(asked: Asked, found: Effect, sides: str, between: str, change: str) -> tuple[str, str]:
    parts = [sides]
    if found.difference is not None and found.low is not None:
        parts += [t("What was seen is {change}.", change=change), between]
    if found.smallest is not None:
        parts.append(
            t("So few agents show a change only from {size} on.", size=value_text(found.smallest, asked.unit))
        )
    if found.needed_units is not None and found.difference:
        parts.append(
            t_count(
                "For what was seen it would have taken {n} agent on each side.",
                "For what was seen it would have taken {n} agents on each side.",
                found.needed_units,
            )
        )
    return t("Too small to tell"), " ".join([*parts, _course(found)]).strip()


def _own_history(asked: Asked, found: Effect) -> tuple[str, str]:
    change = value_text(found.difference, asked.unit, is_change=True)
    parts = [
        t_count(
            "It held for {n} agent and for everybody at once, so there is nobody to compare with.",
            "It held for {n} agents and for everybody at once, so there is nobody to compare with.",
            found.treated_units,
        ),
        t("Their own values moved by {change} since then.", change=change),
        t("That proves little: whatever else changed in these weeks is in it, too."),
        t("Begin the next rule with one team first; then it can be told."),
    ]
    return t("Own history only: it proves little"), " ".join(parts)


def _luck(found: Effect) -> str:
    if found.p is None:
        return ""
    if found.p < 0.0005:
        return t("By luck alone less than once in 2,000 times.")
    return t("By luck alone about {n} times in 100.", n=f"{100 * found.p:.1g}")


def _course(found: Effect) -> str:
    """Whether the sides went the same way before."""
    if found.before_p is not None and found.before_p < 0.05:
        return t("Careful: the two sides went different ways already before it began.")
    return ""


def tiles(asked: Asked, found: Effect) -> Block:
    """The figures behind the sentence."""
    drawn = [
        {
            "key": "before",
            "units": 1,
            "label": t("Before it began"),
            "value": value_text(found.mean_before, asked.unit),
            "more": asked.what,
        },
        {
            "key": "difference",
            "units": 1,
            "label": t("Change beside the others") if found.control_units else t("Change of their own"),
            "value": value_text(found.difference, asked.unit, is_change=True),
            "status": verdict(found, asked.best_by),
            "more": _interval(found, asked.unit),
        },
        {
            "key": "sides",
            "units": 1,
            "label": t("Agents compared"),
            "value": f"{words.number(found.treated_units)} / {words.number(found.control_units)}",
            "more": t("under it / not under it"),
        },
        {
            "key": "smallest",
            "units": 1,
            "label": t("Least change that could be seen"),
            "value": value_text(found.smallest, asked.unit),
            "more": t("in 80 of 100 cases"),
        },
    ]
    return {"kind": "tiles", "tiles": drawn}


def _interval(found: Effect, unit: Unit) -> str:
    if found.low is None or found.high is None:
        return t("no interval")
    low, high = (value_text(one, unit, is_change=True) for one in (found.low, found.high))
    return t("{low} to {high}", low=low, high=high)


def weeks(bars: Sequence[Bar], unit: Unit) -> Block:
    """Week by week how far the sides were apart: before it should be nothing, after it shows whether it wears off."""
    largest = max((abs(one.difference) for one in bars), default=0.0) or 1.0
    rows = [
        {
            "key": str(one.week_number),
            "tone": "none",
            "cells": [
                _week_word(one.week_number),
                board.amount(
                    value_text(one.difference, unit, is_change=True),
                    abs(one.difference) / largest,
                    tone="good" if one.week_number >= 0 else "none",
                ),
                t(
                    "{low} to {high}",
                    low=value_text(one.low, unit, is_change=True),
                    high=value_text(one.high, unit, is_change=True),
                ),
            ],
        }
        for one in bars
    ]
    columns = [column(t("Week")), column(t("Apart by"), "end"), column(t("Interval"), "end")]
    return board.table(
        t("Week by week"), columns, rows, title=t("Week by week"),
        lead=t("How far the two sides were apart, counted from the last week before. Does it last, or was it new?"),
        nothing=t("Too few agents or weeks to tell the sides apart."),
    )  # fmt: skip


def _week_word(number: int) -> str:
    if number < 0:
        return t_count("{n} week before", "{n} weeks before", -number)
    return t("week {n}", n=words.number(number + 1))


def beside_words() -> dict[str, tuple[str, Unit, Literal["up", "down"]]]:
    """What must not get worse meanwhile: its name, unit and better side."""
    return {
        "handle_time": (t("Handle time"), "seconds", "down"),
        "transfers": (t("Contacts passed on"), "ratio", "down"),
        "repeats": (t("Customers who came back"), "ratio", "down"),
        "satisfied": (t("Satisfied customers"), "ratio", "up"),
        "reviews": (t("Quality reviews"), "ratio", "up"),
        "short_contacts": (t("Very short contacts"), "ratio", "down"),
    }


def beside(found: Mapping[str, Effect]) -> Block:
    """What else changed in the same weeks between the same sides."""
    rows = []
    for name, (label, unit, _) in beside_words().items():
        one = found.get(name)
        if one is None:
            continue
        rows.append(
            {
                "key": name,
                "tone": "none",
                "cells": [
                    label,
                    verdict(one, "up"),
                    value_text(one.difference, unit, is_change=True),
                    _interval(one, unit),
                    value_text(one.mean_before, unit),
                ],
            }
        )
    columns = [
        column(t("What"), "text"),
        column(t("Verdict")),
        column(t("Change"), "end"),
        column(t("Interval"), "end", wide=True),
        column(t("Before"), "end", wide=True),
    ]
    return board.table(
        t("What must not get worse"), columns, rows, title=t("What must not get worse"),
        lead=t("The same sides and weeks. Asked together, so that one in twenty of the finds at most is luck."),
        nothing=t("None of these was counted in these weeks."),
    )  # fmt: skip


def overview(rows: Sequence[tuple[Asked, Effect | None]]) -> Block:
    """One row per rule and contest: since when, what it counts, and what can be said."""
    drawn = [
        {
            "key": asked.key,
            "tone": "none",
            "cells": [
                board.inside(asked.title, view="effect", of=asked.key),
                asked.kind_word,
                words.short_day(asked.start_date),
                asked.what,
                verdict(found, asked.best_by)
                if found is not None
                else board.status("none", t("Open it to see")),
                value_text(found.difference, asked.unit, is_change=True)
                if found is not None
                else words.UNKNOWN,
            ],
        }
        for asked, found in rows
    ]
    columns = [
        column(t("Rule or contest"), "text"),
        column(t("Kind"), wide=True),
        column(t("Since")),
        column(t("What it counts"), "text", wide=True),
        column(t("Verdict")),
        column(t("Change"), "end"),
    ]
    return board.table(
        t("Did it change anything?"), columns, drawn, title=t("Did it change anything?"),
        lead=t(
            "Those for whom a rule held, beside those for whom it did not: never the earners before and after. "
            "Eight weeks on each side, everybody's mix of work taken out."
        ),
        nothing=t("No rule that counts work is on yet, and no contest has begun."),
    )  # fmt: skip
