"""Every metric once: what a number is called, what it means, and how it is made of additive columns.

In: `sql/metrics.toml`. Out: one `Metric` per name, as an expression of Polars or SQL over additive columns and in words;
one `Column` per additive column; the versions of the definitions.
The rule it guards: a ratio is made once, at read time, as a ratio of sums; a denominator of 0 gives null, never 0; a
formula changes only together with the version of the definitions.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
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
UNITS = frozenset({"ratio", "seconds", "points", "score", "amount"})
DIRECTIONS = frozenset({"up", "down", "band", "none"})
KINDS = frozenset(
    {"calls", "states", "shifts", "tickets", "surveys", "reviews", "intervals", "costs", "runs"}
)
"""What the rows behind a number are."""
ABOUT = frozenset({"customers", "agents", "records"})
"""Of whom a number tells."""

_TERM = re.compile(r"([+-]?)\s*([a-z_0-9]+)\s*")
_ALIAS = re.compile(r"[a-z_][a-z_0-9]*")
_APART = ("counts", "changes")  # tables of the file that are no metric
_NEEDED = (
    "label",
    "group",
    "unit",
    "meaning",
    "counts",
    "direction",
    "kind",
    "source",
    "shown",
    "example",
)


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
    scale: int = 1
    """What the ratio is multiplied with, such as 100 for points."""
    group: str = ""
    kind: str = "calls"
    """What the rows behind it are, one of KINDS."""
    counted: str = ""
    """Which contacts count and which do not."""
    source: str = ""
    """Where the formula and its default target come from."""
    target: float | None = None
    """The value to reach where nothing else is set; a queue's own target goes before it."""
    band: tuple[float, float] | None = None
    """The two sides between which it should lie, of a metric whose direction is `band`."""
    shown: tuple[str, ...] = ()
    """The addresses of the pages that show it."""
    no_goal: str = ""
    """Why it can be no goal and no alert, in a sentence; empty for one that can."""
    example: Mapping[str, Any] = field(default_factory=dict)
    """Small numbers for its columns, from which its value can be worked out by hand."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The additive columns that it needs."""
        if self.one_of:
            needed = [column for key in SERVICE_LEVEL_FORMULAS for column in service_level(key).columns]
            return tuple(dict.fromkeys((*needed, self.one_of)))
        return tuple(dict.fromkeys(column for _, column in (*self.numerator, *self.denominator)))

    @property
    def is_of_agents(self) -> bool:
        """Whether it tells of the work of agents: one of its columns does."""
        return any(column(name).about == "agents" for name in self.columns if name in _columns())

    @property
    def formula_text(self) -> str:
        """Numerator / denominator in the names of the columns."""
        if self.one_of:
            return f"the formula named in {self.one_of}"
        scale = f"{self.scale} * " if self.scale != 1 else ""
        above, below = (
            f"({_text(terms)})" if len(terms) > 1 else _text(terms)
            for terms in (self.numerator, self.denominator)
        )
        return f"{scale}{above} / {below}"

    @property
    def fingerprint(self) -> str:
        """A short text that changes with the formula; the version of the definitions names it."""
        return hashlib.sha256(f"{self.unit}|{self.formula_text}".encode()).hexdigest()[:8]

    def expression(self) -> pl.Expr:
        """The metric over a frame that has its columns; null where the denominator is 0 or a column is unknown."""
        if self.one_of:
            chosen = [
                pl.when(pl.col(self.one_of) == key).then(service_level(key).expression())
                for key in SERVICE_LEVEL_FORMULAS
            ]
            return pl.coalesce(chosen).alias(self.name)
        above, below = _sum(self.numerator), _sum(self.denominator)
        scaled = above if self.scale == 1 else above * self.scale
        return pl.when(below > 0).then(scaled / below).alias(self.name)

    def sql(self, alias: str) -> str:
        """The same as an expression of SQL over the columns of the table or subquery `alias`."""
        if self.one_of:
            return self._chosen_sql(alias, lambda one: one.sql(alias))
        above, below = _sum_sql(self.numerator, alias), _sum_sql(self.denominator, alias)
        scale = f" * {self.scale}" if self.scale != 1 else ""
        return (
            f"case when {below} > 0 then cast({above} as double precision){scale} "
            f"/ cast({below} as double precision) end"
        )

    def n_sql(self, alias: str) -> str:
        """Its n, the denominator, as an expression of SQL over the columns of `alias`."""
        if self.one_of:
            return self._chosen_sql(alias, lambda one: one.n_sql(alias))
        return _sum_sql(self.denominator, alias)

    def _chosen_sql(self, alias: str, made: Callable[[Metric], str]) -> str:
        whens = " ".join(f"when '{key}' then {made(service_level(key))}" for key in SERVICE_LEVEL_FORMULAS)
        return f"case {_known_alias(alias)}.{self.one_of} {whens} end"

    def counts(self, row: Mapping[str, Any]) -> tuple[int, int]:
        """Numerator and denominator of one row, for the words beside a figure; 0 and 0 where a count is kept back."""
        if any(row[column] is None for terms in (self.numerator, self.denominator) for _, column in terms):
            return 0, 0
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


@dataclass(frozen=True)
class Column:
    """One additive column: what a count or a sum of that name says, wherever it stands."""

    name: str
    label: str
    kind: str
    meaning: str
    combine: str = "sum"
    """How the rows of a window become one: `sum`, or `max` for a longest one."""
    about: str = "customers"
    """Of whom it tells, one of ABOUT."""


@dataclass(frozen=True)
class Change:
    """One version of the definitions: since when, what changed, which numbers moved, and the formulas it set."""

    version: int
    changed_date: date
    what: str
    moved: str
    formulas: Mapping[str, str]
    """The fingerprint of each formula that this version brought or changed, by the metric's name."""


def metric(name: str) -> Metric:
    """The metric of that name; MetricError with the known names where there is none."""
    found = _registry().get(name)
    if found is None:
        raise MetricError(f"There is no metric '{name}'; expected one of {', '.join(sorted(_registry()))}.")
    return found


def metrics() -> tuple[Metric, ...]:
    """All metrics, in the order of the file."""
    return tuple(_registry().values())


def of_columns(columns: Collection[str]) -> tuple[Metric, ...]:
    """The metrics that can be made of these additive columns, in the order of the file."""
    return tuple(one for one in metrics() if set(one.columns) <= set(columns))


def column(name: str) -> Column:
    """The additive column of that name; MetricError where it has no record."""
    found = _columns().get(name)
    if found is None:
        raise MetricError(
            f"There is no count or sum '{name}'; expected a record [counts.{name}] in sql/metrics.toml."
        )
    return found


def columns() -> tuple[Column, ...]:
    """All additive columns that have a record, in the order of the file."""
    return tuple(_columns().values())


def service_level(formula_name: str) -> Metric:
    """The service level by one of the eight formulas."""
    return metric(f"service_level_{formula_name}_ratio")


def definition_version() -> int:
    """The version of the definitions; exports carry it, and a changed definition raises it."""
    return int(_file()["version"])


def definition_text(name: str) -> str:
    """What a metric means in one paragraph: meaning, what counts, its formula, the version; for exports and reports."""
    found = metric(name)
    return (
        f"{found.label}: {found.meaning} {found.counted} "
        f"Formula: {found.formula_text}. Definitions, version {definition_version()}."
    )


def changes() -> tuple[Change, ...]:
    """The versions of the definitions, the oldest first."""
    return tuple(
        Change(one["version"], one["date"], one["what"], one["moved"], one["formulas"])
        for one in _file()["changes"]
    )


def with_metrics(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """The frame with these metrics added; without names, with every metric whose columns it has."""
    return frame.with_columns(_expressions(names, () if names else tuple(frame.columns)))


@lru_cache(maxsize=256)
def _expressions(names: tuple[str, ...], columns: tuple[str, ...]) -> tuple[pl.Expr, ...]:
    """Each put together once: on a page that many look at that takes longer than to work it out."""
    wanted = [metric(name) for name in names] if names else of_columns(columns)
    return tuple(one.expression() for one in wanted)


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(resources.files("sql").joinpath("metrics.toml").read_text(encoding="utf-8"))


@cache
def _registry() -> dict[str, Metric]:
    return {
        name: _metric(name, record)
        for name, record in _file().items()
        if isinstance(record, dict) and name not in _APART
    }


@cache
def _columns() -> dict[str, Column]:
    return {name: _column(name, record) for name, record in _file()["counts"].items()}


def _metric(name: str, record: Mapping[str, Any]) -> Metric:
    missing = [key for key in _NEEDED if key not in record]
    if missing:
        raise MetricError(f"metrics.toml, [{name}]: {', '.join(missing)} is missing; add it to the record.")
    band = tuple(record["band"]) if "band" in record else None
    made = Metric(
        name=name,
        label=record["label"],
        unit=record["unit"],
        meaning=record["meaning"],
        direction=record["direction"],
        numerator=_terms(name, record.get("numerator", "")),
        denominator=_terms(name, record.get("denominator", "")),
        one_of=record.get("one_of"),
        scale=record.get("scale", 1),
        group=record["group"],
        kind=record["kind"],
        counted=record["counts"],
        source=record["source"],
        target=record.get("target"),
        band=band,
        shown=tuple(record["shown"]),
        no_goal=record.get("no_goal", ""),
        example=record["example"],
    )
    if fault := _fault(made):
        raise MetricError(f"metrics.toml, [{name}]: {fault}")
    return made


def _fault(made: Metric) -> str | None:
    """What is wrong with a record, in a sentence; None where nothing is."""
    if made.unit not in UNITS or not made.name.endswith(f"_{made.unit}"):
        return f"the unit '{made.unit}' must be one of {', '.join(sorted(UNITS))} and the name's last word."
    if made.direction not in DIRECTIONS or made.kind not in KINDS:
        return f"direction '{made.direction}' or kind '{made.kind}' is not known."
    if (made.direction == "band") != (made.band is not None):
        return "a band has two sides (band = [0.75, 0.85]), and only a metric of direction band has them."
    if made.band is not None and (len(made.band) != 2 or made.band[0] >= made.band[1]):
        return f"the band {list(made.band)} needs its lower side first."
    if made.target is not None and made.direction not in ("up", "down"):
        return "only a metric whose direction is up or down has a target."
    return None


def _column(name: str, record: Mapping[str, str]) -> Column:
    missing = [key for key in ("label", "kind", "about", "meaning") if key not in record]
    combine = record.get("combine", "sum")
    if (
        missing
        or record["kind"] not in KINDS
        or record["about"] not in ABOUT
        or combine not in ("sum", "max")
    ):
        raise MetricError(
            f"metrics.toml, [counts.{name}]: expected label, meaning, a kind of {', '.join(sorted(KINDS))}, "
            f"about (one of {', '.join(sorted(ABOUT))}), and combine (sum or max) at most."
        )
    return Column(name, record["label"], record["kind"], record["meaning"], combine, record["about"])


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


def _sum_sql(terms: tuple[tuple[int, str], ...], alias: str) -> str:
    table = _known_alias(alias)
    parts = [f"{'-' if sign < 0 else '+'} {table}.{column}" for sign, column in terms]
    return "(" + " ".join(parts).removeprefix("+ ") + ")"


def _known_alias(alias: str) -> str:
    if not _ALIAS.fullmatch(alias):
        raise MetricError(f"'{alias}' is no name of a table; expected small letters, digits and _.")
    return alias


def _text(terms: tuple[tuple[int, str], ...]) -> str:
    text = " ".join(f"{'-' if sign < 0 else '+'} {column}" for sign, column in terms)
    return text.removeprefix("+ ")
