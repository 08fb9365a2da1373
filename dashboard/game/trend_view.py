"""An agent's own figures week by week, ready to draw, beside what was usual for them.

In: the weekly sums of one agent. Out: one block of small pictures.
The rule it guards: beside nobody else; what is better than usual is said to be, what is not is only said as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

import polars as pl

from dashboard import words
from dashboard.board import Block, Row
from dashboard.words import t

USUAL_WEEKS = 8
FEWEST_WEEKS = 3
"""With fewer full weeks before it there is no usual to stand beside."""
NEAR_RATIO = 0.03


def trends(found: pl.DataFrame, standing: Row) -> Block:
    """Each of the agent's own figures week by week, beside what was usual for them in the eight weeks before."""
    this_week = standing["day_date"] - timedelta(days=standing["day_date"].weekday())
    rows = {row["week_date"]: row for row in found.to_dicts()}
    weeks = [this_week - timedelta(weeks=back) for back in range(USUAL_WEEKS, -1, -1)]
    cards = [_trend(one, weeks, rows) for one in _figures()]
    return {
        "kind": "trends",
        "title": t("Your own weeks"),
        "lead": t(
            "Beside nobody but yourself: the dashed line is what was usual for you in the weeks before."
        ),
        "cards": [card for card in cards if card is not None],
    }


class _Figure:
    """One of the agent's own figures: how a week's is made, how it is written, and which way is better."""

    def __init__(self, key: str, label: str, above: str, below: str | None, way: str, unit: str) -> None:
        self.key, self.label, self.above, self.below, self.way, self.unit = (
            key,
            label,
            above,
            below,
            way,
            unit,
        )

    def of(self, row: Row | None) -> float | None:
        if row is None or row[self.above] is None:
            return None
        if self.below is None:
            return float(row[self.above])
        return float(row[self.above]) / float(row[self.below]) if row[self.below] else None

    def text(self, value: float | None) -> str:
        if self.unit == "ratio":
            return words.ratio(value)
        return words.duration(value) if self.unit == "seconds" else words.number(value)


def _figures() -> list[_Figure]:
    return [
        _Figure("points", t("Points per day"), "earned_points", "worked_days", "up", "number"),
        _Figure(
            "kept", t("Nobody had to come back"), "not_repeated_contacts", "followed_contacts", "up", "ratio"
        ),
        _Figure("csat", t("Satisfied customers"), "csat_satisfied_count", "csat_count", "up", "ratio"),
        _Figure(
            "quality", t("Quality reviews"), "review_earned_value", "review_possible_value", "up", "ratio"
        ),
        _Figure("handle", t("Handle time"), "handle_seconds", "handled_calls", "none", "seconds"),
        _Figure("tickets", t("Tickets solved per day"), "solved_tickets", "worked_days", "none", "number"),
    ]


def _trend(figure: _Figure, weeks: Sequence[date], rows: Mapping[date, Row]) -> Block | None:
    values = [figure.of(rows.get(week)) for week in weeks]
    known = [value for value in values if value is not None]
    if not known:
        return None
    last = max(at for at, value in enumerate(values) if value is not None)
    before = [value for value in values[:last] if value is not None]
    usual = median(before) if len(before) >= FEWEST_WEEKS else None
    low, high = (
        min([*known, *([usual] if usual is not None else [])]),
        max(known + ([usual] if usual is not None else [])),
    )
    spread = (high - low) or 1.0
    place = len(weeks) - 1
    tone, word = _beside(figure, values[last], usual)
    return {
        "key": figure.key,
        "label": figure.label,
        "value": figure.text(values[last]),
        "unit": t("this week") if last == place else t("week of {day}", day=words.short_day(weeks[last])),
        "points": [
            {"x": at / place, "y": None if value is None else (value - low) / spread}
            for at, value in enumerate(values)
        ],
        "usual": None if usual is None else (usual - low) / spread,
        "spoken": ", ".join(
            f"{words.short_day(week)}: {figure.text(value)}"
            for week, value in zip(weeks, values, strict=True)
            if value is not None
        ),
        "tone": tone,
        "shape": {"good": "circle", "none": "dash"}[tone],
        "word": word,
        "more": t("usual for you: {usual}", usual=figure.text(usual))
        if usual is not None
        else t("after {n} full weeks your usual stands here", n=FEWEST_WEEKS),
    }


def _beside(figure: _Figure, now: float | None, usual: float | None) -> tuple[str, str]:
    """How this week stands beside one's usual: what is better is said as such, what is not is only said as it is."""
    if now is None or usual is None:
        return "none", t("no usual yet")
    if abs(now - usual) <= NEAR_RATIO * abs(usual):
        return "none", t("as usual")
    is_above = now > usual
    if figure.way == "up" and is_above:
        return "good", t("above your usual")
    return "none", t("above your usual") if is_above else t("below your usual so far")
