"""Every metric once: what a number is called, what it means, and how it is made of additive columns.

In: `sql/metrics.toml`. Out: one `Metric` per name, as a Polars expression over additive columns and in words.
The rule it guards: a ratio is made once, at read time, as a ratio of sums; a denominator of 0 gives null, never 0.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

SERVICE_LEVEL_FORMULAS = (
    "answered",
    "strict",
    "abandons",
    "no_short",
    "offered_no_short",
    "abandons_late",
    "abandons_good",
    "removed",
)
UNITS = frozenset({"ratio", "seconds"})
DIRECTIONS = frozenset({"up", "down", "band"})
_TERM = re.compile(r"([+-]?)\s*([a-z_0-9]+)\s*")


class MetricError(Exception):
    """The record of a metric is wrong or missing; the message names it."""


@dataclass(frozen=True)
class Metric:
    """One metric. numerator and denominator are (sign, column) terms; `one_of` names the column that picks a formula."""

    name: str
    label: str
    unit: str
    meaning: str
    direction: str
    numerator: tuple[tuple[int, str], ...] = ()
    denominator: tuple[tuple[int, str], ...] = ()
    one_of: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The additive columns that it needs."""
        if self.one_of:
            needed = [column for key in SERVICE_LEVEL_FORMULAS for column in service_level(key).columns]
            return tuple(dict.fromkeys((*needed, self.one_of)))
        return tuple(dict.fromkeys(column for _, column in (*self.numerator, *self.denominator)))

    @property
    def formula_text(self) -> str:
        """Numerator / denominator in the names of the columns."""
        if self.one_of:
            return f"the formula named in {self.one_of}"
        return f"({_text(self.numerator)}) / ({_text(self.denominator)})"

    def expression(self) -> pl.Expr:
        """The metric over a frame that has its columns; null where the denominator is 0 or a column is unknown."""
        if self.one_of:
            chosen = [
                pl.when(pl.col(self.one_of) == key).then(service_level(key).expression())
                for key in SERVICE_LEVEL_FORMULAS
            ]
            return pl.coalesce(chosen).alias(self.name)
        below = _sum(self.denominator)
        return pl.when(below > 0).then(_sum(self.numerator) / below).alias(self.name)

    def counts(self, row: Mapping[str, Any]) -> tuple[int, int]:
        """Numerator and denominator of one row, for the words beside a figure; every column must be known."""
        numerator, denominator = (
            sum(sign * int(row[column]) for sign, column in terms)
            for terms in (self.numerator, self.denominator)
        )
        return numerator, denominator

    def population(self) -> pl.Expr:
        """The n of the metric: its denominator, which every screen shows beside it."""
        if self.one_of:
            chosen = [
                pl.when(pl.col(self.one_of) == key).then(service_level(key).population())
                for key in SERVICE_LEVEL_FORMULAS
            ]
            return pl.coalesce(chosen)
        return _sum(self.denominator)


def metric(name: str) -> Metric:
    """The metric of that name; MetricError with the known names where there is none."""
    found = _registry().get(name)
    if found is None:
        raise MetricError(f"There is no metric '{name}'; expected one of {', '.join(sorted(_registry()))}.")
    return found


def metrics() -> tuple[Metric, ...]:
    """All metrics, in the order of the file."""
    return tuple(_registry().values())


def service_level(formula_name: str) -> Metric:
    """The service level by one of the eight formulas."""
    return metric(f"service_level_{formula_name}_ratio")


def definition_version() -> int:
    """The version of the definitions; exports carry it, and a changed definition raises it."""
    return int(_file()["version"])


def with_metrics(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """The frame with these metrics added; without names, with every metric whose columns it has."""
    wanted = [metric(name) for name in names] if names else list(metrics())
    possible = [one for one in wanted if names or set(one.columns) <= set(frame.columns)]
    return frame.with_columns(one.expression() for one in possible)


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(resources.files("sql").joinpath("metrics.toml").read_text(encoding="utf-8"))


@cache
def _registry() -> dict[str, Metric]:
    return {name: _metric(name, record) for name, record in _file().items() if isinstance(record, dict)}


def _metric(name: str, record: dict[str, str]) -> Metric:
    made = Metric(
        name=name,
        label=record["label"],
        unit=record["unit"],
        meaning=record["meaning"],
        direction=record["direction"],
        numerator=_terms(name, record.get("numerator", "")),
        denominator=_terms(name, record.get("denominator", "")),
        one_of=record.get("one_of"),
    )
    if made.unit not in UNITS or made.direction not in DIRECTIONS or not name.endswith(made.unit):
        raise MetricError(
            f"metrics.toml, [{name}]: unit '{made.unit}' or direction '{made.direction}' is not known."
        )
    return made


def _terms(name: str, text: str) -> tuple[tuple[int, str], ...]:
    terms, place = [], 0
    while place < len(text):
        match = _TERM.match(text, place)
        if match is None or (place > 0 and not match.group(1)):
            raise MetricError(
                f"metrics.toml, [{name}]: '{text[place:]}' is no sum of columns; expected a_calls + b_calls."
            )
        terms.append((-1 if match.group(1) == "-" else 1, match.group(2)))
        place = match.end()
    return tuple(terms)


def _sum(terms: tuple[tuple[int, str], ...]) -> pl.Expr:
    total = pl.lit(0)
    for sign, column in terms:
        total = total + sign * pl.col(column)
    return total


def _text(terms: tuple[tuple[int, str], ...]) -> str:
    text = " ".join(f"{'-' if sign < 0 else '+'} {column}" for sign, column in terms)
    return text.removeprefix("+ ")
