"""What a report is made of: tiles, tables and sections as plain texts, and how a change is told.

In: rows of figures, and those of the period before. Out: blocks for the report's page.
The rule it guards: a figure stands with its n, and a change says whether it is better; unknown stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dashboard import words
from dashboard.board import Row
from dashboard.words import t
from sql import metrics

Tone = Literal["good", "near", "off", "none"]
LONG_METRICS = frozenset({"average_first_reply_seconds", "average_full_resolution_seconds"})


@dataclass(frozen=True, slots=True)
class Card:
    """One figure with its words: what it is compared with, its n, its target. tone tells how it stands."""

    label: str
    value: str
    more: tuple[str, ...] = ()
    tone: Tone = "none"
    word: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; share (0 to 1) draws a bar below it, tone colours it (heat map)."""

    text: str
    tone: Tone = "none"
    share: float | None = None
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: columns (label, whether it holds figures) and rows; is_heat: cells are filled with their tone."""

    label: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_heat: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report. chart: the name of the picture that stands in it, if one does."""

    title: str
    lead: str = ""
    cards: tuple[Card, ...] = ()
    table: Table | None = None
    chart: str = ""
    lines: tuple[str, ...] = ()


def metric_card(name: str, now: Row, before: Row | None) -> Card:
    """A metric with its n and its change; good or bad by the metric's own direction."""
    record, value = metrics.metric(name), now[name]
    known = [now[column] for _, column in record.denominator]
    counted = all(
        column.endswith(("_calls", "_tickets", "_count", "_contacts")) for _, column in record.denominator
    )
    n = record.counts(now)[1] if counted and all(part is not None for part in known) else None
    more = (change(name, now, before), "" if n is None else t("n = {n}", n=words.number(n)))
    return Card(t(record.label), _value(name, value), more)


def _value(name: str, value: float | None) -> str:
    return words.long_time(value) if name in LONG_METRICS else words.value(name, value)


def change(name: str, now: Row, before: Row | None) -> str:
    """How far a metric moved, in its own unit, and whether that is better; empty where one side is unknown."""
    value, was = now[name], None if before is None else before[name]
    if value is None or was is None:
        return ""
    record, step = metrics.metric(name), value - was
    if record.unit == "ratio":
        shown = t("{points} points", points=f"{abs(step) * 100:.1f}")
        is_same = round(abs(step) * 100, 1) == 0
    elif record.unit == "seconds":
        shown, is_same = _value(name, abs(step)), round(abs(step)) == 0
    elif record.unit == "points":
        shown, is_same = t("{points} points", points=f"{abs(step):.1f}"), round(abs(step), 1) == 0
    else:
        shown, is_same = words.number(round(abs(step), 1)), round(abs(step), 1) == 0
    if is_same:
        return t("as before")
    sign = "+" if step > 0 else "−"
    if record.direction not in ("up", "down"):
        return f"{sign}{shown}"
    is_better = (step > 0) == (record.direction == "up")
    return f"{sign}{shown}, {t('better') if is_better else t('worse')}"


def relative(value: float, was: float) -> str:
    """How many more or fewer than before, in percent; `was` is not 0."""
    step = round(100 * (value - was) / was, 1)
    if step == 0:
        return t("neither more nor fewer")
    return t("{percent}% more", percent=step) if step > 0 else t("{percent}% fewer", percent=-step)
