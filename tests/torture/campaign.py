"""What faults the product was put through and what was found: sizes of the short and the long run, and their figures.

A test of this folder asks for the fixture `campaign`, does its work as many times as `times` says, and tells with
`record` what it measured. In the ordinary suite the sizes are small and the figures go nowhere; `make torture` runs
the long sizes and writes every figure into docs/torture.jsonl and, to be read, docs/torture.md.

Where a promise is kept for many kinds of source, the ordinary suite takes some of them by turns, others every day, so that
within days all had theirs; the campaign takes all of them. FLOORBOARD_TORTURE_SEED names the turn where one must come again.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

LONG_VARIABLE = "FLOORBOARD_TORTURE"
SEED_VARIABLE = "FLOORBOARD_TORTURE_SEED"
RESULTS_VARIABLE = "FLOORBOARD_TORTURE_RESULTS"
LIBRARIES = ("sqlalchemy", "psycopg", "polars", "apscheduler", "streamlit", "hypothesis")


@dataclass(frozen=True)
class Campaign:
    """The size of this run and where its figures go."""

    is_long: bool
    seed: int
    results: Path | None
    test_name: str = ""
    started_at: float = field(default_factory=time.monotonic)

    def times(self, *, short: int, long: int) -> int:
        """How often, how many, or how long: `short` in the ordinary suite, `long` in the campaign."""
        return long if self.is_long else short

    def record(self, row_id: str, promise: str, **figures: float | str) -> None:
        """Writes down what one row of the plan (such as "D1") promised and what was measured, by name with its unit."""
        if self.results is None:
            return
        line = {
            "row_id": row_id,
            "promise": promise,
            "test_name": self.test_name,
            "seed": self.seed,
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self.started_at, 1),
            "versions": versions(),
            "figures": figures,
        }
        with self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def campaign_of_the_environment(test_name: str = "") -> Campaign:
    """The campaign as the variables of the environment describe it; the short one where they say nothing."""
    results = os.environ.get(RESULTS_VARIABLE)
    return Campaign(
        is_long=os.environ.get(LONG_VARIABLE) == "long",
        seed=int(os.environ.get(SEED_VARIABLE, "1")),
        results=Path(results) if results else None,
        test_name=test_name,
    )


def has_turn(name: object, names: Sequence[object], *, short: int, first: int = 0) -> bool:
    """Whether this run takes it: of these names `short`, others every day, from place `first` on; the campaign all."""
    if campaign_of_the_environment().is_long:
        return True
    turn = int(os.environ.get(SEED_VARIABLE) or date.today().toordinal())  # noqa: DTZ011 - any day will do
    return (names.index(name) - first - turn * short) % len(names) < short


def take_turns(items: Sequence[pytest.Item]) -> None:
    """Skips, before anything is made for them, the cases of tests marked `by_turns` that have not their turn.

    `@pytest.mark.by_turns(3)` takes three of a test's cases each day, `by_turns(1, of="programs")` those with one of the
    values of that parameter. A case that is asked for by its name is alone, and so has its turn on every day. Where a test
    takes turns within itself, `by_turns()` says so to the campaign alone.
    """
    marked = [(item, mark) for item in items if (mark := item.get_closest_marker("by_turns")) and mark.args]
    cases: dict[tuple[Path, str], dict[object, None]] = {}
    for item, mark in marked:
        cases.setdefault(_test(item), {})[_case(item, **mark.kwargs)] = None
    later = pytest.mark.skip(reason="has its turn on another day, and in every long campaign")
    for item, mark in marked:
        path, name = _test(item)
        first = mark.kwargs.get("first", crc32(name.encode()))  # so that a day's turns are of every kind
        if not has_turn(_case(item, **mark.kwargs), list(cases[path, name]), short=mark.args[0], first=first):
            item.add_marker(later)


def _test(item: pytest.Item) -> tuple[Path, str]:
    return item.path, item.name.partition("[")[0]


def _case(item: pytest.Item, *, of: str | None = None, first: int = 0) -> object:
    """What has its turn: the test with all its parameters, or the value of the one that is named."""
    given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return given.get(of) if of else item.name


def versions() -> dict[str, str]:
    """What the figures were measured with: Python, the libraries, and the number of cores."""
    found = {name: version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), **found, "cores": str(os.cpu_count())}


def newest_of_each(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of several measurements of one promise the newest, in the order of the plan's row ids."""
    newest = {(line["row_id"], line["promise"], line["test_name"]): line for line in lines}
    return sorted(newest.values(), key=lambda line: (*_place(line["row_id"]), line["promise"]))


def _place(row_id: str) -> tuple[str, int]:
    letters = row_id.rstrip("0123456789.")
    digits = "".join(letter for letter in row_id[len(letters) :] if letter.isdigit())
    return letters or "~", int(digits or 0)
