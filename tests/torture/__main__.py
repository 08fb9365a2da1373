"""Runs the long campaign of faults and writes what it found into docs/torture.jsonl and docs/torture.md.

In: the tests of this folder, and of the others the laws (marked `law`) and what the ordinary suite takes by turns (marked
`by_turns`). Out: their figures, in both files.
The rule it guards: a figure is written only by a test that held its promise.

`make torture` runs all of it; `make torture ARGS="-k D1"` and the like pass on to pytest and replace only the rows that
were measured. The exit code is pytest's: a promise that was not kept fails the campaign.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.torture.campaign import (
    LONG_VARIABLE,
    RESULTS_VARIABLE,
    SEED_VARIABLE,
    campaign_of_the_environment,
    newest_of_each,
)

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OTHERS = tuple(ROOT / "tests" / name for name in ("unit", "db", "app", "e2e"))
KEPT = ROOT / "docs" / "torture.jsonl"
REPORT = ROOT / "docs" / "torture.md"
MARKS = ("law", "by_turns")
HEAD = """\
# What it was put through

Written by `make torture` (all of it, or a part: `make torture ARGS="-k scheduler"`); a version of at most two minutes is
part of `make test`. Every row is one promise: which fault was made, how often, and what was lost, doubled or hidden. The
same figures for programs, with seeds and versions, stand in [torture.jsonl](torture.jsonl). The letters are those of the
plan: D delivery, S scheduler, P Postgres, F fuzz (F2: laws, tried on drawn examples), 7.8 deliberately
wrong variants that must be caught.
"""


class Failures:
    """Which tests did not keep their promise."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hears of each test's end."""
        if report.failed:
            self.names.append(report.nodeid)


class Laws:
    """Takes of the other folders the laws and what has turns, and tells on how many examples each law was tried."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Passes over what is neither of this folder nor a law, and is taken whole every day."""
        chosen = [
            item for item in items if HERE in item.path.parents or any(map(item.get_closest_marker, MARKS))
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Writes a law down that held; one that did not leaves with its error."""
        mark = item.get_closest_marker("law")
        campaign = campaign_of_the_environment(item.name)
        tried = mark.args[0] if mark and mark.args else None  # one that draws nothing is no figure of F2
        before = tried.examples_count if tried else 0
        yield
        if tried:
            law = f"{item.path.stem.removeprefix('test_')}: {words_of(item.name)}"
            campaign.record("F2", law, examples_count=tried.examples_count - before)


def words_of(test_name: str) -> str:
    """The promise that a test's name is, as a sentence's words."""
    return test_name.removeprefix("test_").replace("_", " ")


def main(arguments: list[str]) -> int:
    """Runs pytest over this folder in the long size; 0 only when every promise was kept."""
    failures = Failures()
    with tempfile.TemporaryDirectory(prefix="floorboard-torture-") as folder:
        results = Path(folder) / "results.jsonl"
        results.touch()
        os.environ |= {LONG_VARIABLE: "long", RESULTS_VARIABLE: str(results)}
        os.environ.setdefault(SEED_VARIABLE, "1")
        drawn = f"--hypothesis-seed={os.environ[SEED_VARIABLE]}"
        folders = [str(folder) for folder in (HERE, *OTHERS)]
        given = ["-q", "-p", "no:xdist", "-o", "timeout=7200", drawn, *folders, *arguments]
        code = int(pytest.main(given, plugins=[failures, Laws()]))
        measured = read_lines(results)
    if measured:
        write_report([*read_lines(KEPT), *measured])
        print(f"{len(measured)} promises measured; see {REPORT.relative_to(ROOT)}.")
    for name in failures.names:
        print(f"Not kept: {name}")
    return code


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The measurements of a file, the oldest first; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def write_report(lines: list[dict[str, Any]]) -> None:
    """Keeps the newest measurement of each promise, for programs and for people."""
    newest = newest_of_each(lines)
    KEPT.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in newest), encoding="utf-8")
    rows = [
        f"| {line['row_id']} | {line['promise']} | {figures_text(line['figures'])} | {line['seed']} "
        f"| {line['seconds']:,.0f} | {line['measured_at'][:10]} |"
        for line in newest
    ]
    used = sorted({versions_text(line["versions"]) for line in newest})
    table = ["| Row | Promise | Measured | Seed | Seconds | Date |", "|---|---|---|---|---|---|", *rows]
    laws = [int(line["figures"]["examples_count"]) for line in newest if line["row_id"] == "F2"]
    table.append(f"\nF2 altogether: {len(laws)} laws, tried on {sum(laws):,} drawn examples.")
    measured_with = "\n".join(f"- {text}" for text in used)
    REPORT.write_text(
        "\n".join([HEAD, *table, "", "## Measured with", "", measured_with, ""]), encoding="utf-8"
    )


def figures_text(figures: dict[str, float | str]) -> str:
    """The figures as a reader finds them: name and value, thousands set apart."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value:,}"
        if isinstance(value, int | float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in figures.items()
    )


def versions_text(versions: dict[str, str]) -> str:
    """The versions on one line."""
    return ", ".join(f"{name} {number}" for name, number in versions.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
