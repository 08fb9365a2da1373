"""Knows which figures can exist of a single agent, by family, and which questions ask for one.

In: `sql/policy.toml`. Out: the families, and the sentence for whoever asks for a figure that is switched off.
The rule it guards: figures of single agents stand in one list, and each question about one agent belongs to a family of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

FILE_NAME = "policy.toml"


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of single agents that are switched on or off together."""

    name: str
    label: str
    meaning: str
    example_purpose: str
    records: str
    """What else holds it, and what becomes of that when it is switched off."""
    kept: str
    """The kind of retention under which it falls."""
    columns: tuple[str, ...] = ()
    """What warehouse.agent_intervals holds of it."""
    questions: tuple[str, ...] = ()
    """What cannot be asked for a single agent while it is off."""


@cache
def families() -> tuple[Family, ...]:
    """Every family, in the order of the list."""
    return tuple(
        Family(
            name=name,
            label=told["label"],
            meaning=told["meaning"],
            example_purpose=told["example_purpose"],
            records=told["records"],
            kept=told["kept"],
            columns=tuple(told.get("columns", ())),
            questions=tuple(told["questions"]),
        )
        for name, told in _catalogue()["families"].items()
    )


@cache
def families_of(question: str) -> tuple[str, ...]:
    """The families that have to be on for `queries/<name>` to be asked for one agent; none for other statements."""
    folder, _, name = question.rpartition("/")
    if folder != "queries":
        return ()
    return tuple(one.name for one in families() if name in one.questions)


_OF_PARTS = ("queue_totals", "queue_days", "queue_hours", "queue_intervals", "queue_targets", "wait_times")
_WITH_EMPTY_ROWS = ("queue_totals", "queue_days")  # one row per queue, one per day, whatever happened
_SETTINGS = ("service_level_target_ratio", "service_level_threshold_seconds", "fewest_agents")


def families_of_parts(question: str) -> tuple[str, ...]:
    """The families whose figures `queries/<name>` tells of a team or a site that it is narrowed to; none for others."""
    folder, _, name = question.rpartition("/")
    if folder != "queries" or name not in _OF_PARTS:
        return ()
    return families_of(question)


def kept_back(
    found: pl.DataFrame, question: str, off: Collection[str], *, fewest_agents: int
) -> pl.DataFrame:
    """The answer about a team or a site of few without what is off for single agents, and why: as small groups say it.

    Every contact of it is one that its agents handled: without `handled_contacts` nothing is told.
    """
    if "handled_contacts" in off:
        numbers = [name for name, dtype in found.schema.items() if dtype.is_numeric()]
        away = [name for name in numbers if not name.endswith("_id") and name not in _SETTINGS]
        if not question.endswith(_WITH_EMPTY_ROWS):
            found = found.clear()
    else:
        away = [
            name for one in families() if one.name in off for name in one.columns if name in found.columns
        ]
    return found.with_columns(
        *(pl.lit(None, found.schema[name]).alias(name) for name in away),
        withheld_name=pl.lit("few"),
        fewest_agents=pl.lit(fewest_agents, pl.Int64),
    )


def not_figures() -> frozenset[str]:
    """The questions that take an agent and are no figure of one."""
    return frozenset(_catalogue()["not_figures"])


def refusal(family_names: Iterable[str]) -> str:
    """The sentence for whoever asks for one agent what is switched off."""
    off = set(family_names)
    labels = ", ".join(one.label for one in families() if one.name in off)
    return (
        f"Switched off for single agents on this site: {labels}. Teams and the whole floor can be asked. "
        f"Whoever runs the site switches it on in {FILE_NAME}, with its purpose; the page Privacy tells more."
    )


@cache
def _catalogue() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = tomllib.loads(
        (files("sql") / FILE_NAME).read_text(encoding="utf-8")
    )
    return found
