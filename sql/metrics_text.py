"""The definitions as a document: docs/metrics.md, written from the registry and from nothing else.

In: the records of `sql/metrics.toml`. Out: the text of docs/metrics.md; `python -m sql.metrics_text` writes it.
The rule it guards: the document says what the boards count by; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sql import metrics
from sql.metrics import Metric

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
WAYS = {
    "up": "more is better",
    "down": "less is better",
    "none": "no way is good in itself",
}


def document() -> str:
    """The whole document."""
    groups = dict.fromkeys(one.group for one in metrics.metrics())
    lines = [
        "# What every number means",
        "",
        "This page is written from `sql/metrics.toml` by `python -m sql.metrics_text`; the page *Definitions* shows the "
        "same, with the settings of your queues and what the eight service levels give on your own yesterday.",
        "",
        f"Version of the definitions: {metrics.definition_version()}. Every export carries it. A ratio is made once, when "
        "it is shown, as a ratio of sums; where its denominator is 0 it is unknown, never 0.",
        "",
        *_versions(),
    ]
    for group in groups:
        lines += [f"## {group}", ""]
        for one in metrics.metrics():
            if one.group == group:
                lines += _record(one)
    return "\n".join([*lines, *_counts()]) + "\n"


def _versions() -> list[str]:
    lines = ["| Version | Since | What changed | Which numbers moved |", "|---|---|---|---|"]
    lines += [
        f"| {one.version} | {one.changed_date} | {one.what} | {one.moved} |"
        for one in reversed(metrics.changes())
    ]
    return [*lines, ""]


def _record(one: Metric) -> list[str]:
    way = WAYS.get(one.direction, "")
    if one.band is not None:
        way = f"best between {one.band[0]:.0%} and {one.band[1]:.0%}"
    target = f"; target {one.target:g}" if one.target is not None else ""
    return [
        f"### {one.label} (`{one.name}`)",
        "",
        f"{one.meaning} {one.counted}",
        "",
        f"* Formula: {'the one set for the queue' if one.one_of else f'`{one.formula_text}`'}",
        f"* For example: {_example(one)}",
        f"* Unit: {one.unit}; {way}{target}. Rows behind it: {one.kind}. {one.source}.",
        *([f"* No goal and no alert: {one.no_goal}"] if one.no_goal else []),
        "",
    ]


def _example(one: Metric) -> str:
    if one.one_of:
        return f"by `{one.example[one.one_of]}`, see there"
    scale = f"{one.scale} * " if one.scale != 1 else ""
    above, below = (_sum(one, terms) for terms in (one.numerator, one.denominator))
    numerator, denominator = one.counts(one.example)
    return f"{scale}{above} / {below} = {one.scale * numerator / denominator:,.4g}"


def _sum(one: Metric, terms: Sequence[tuple[int, str]]) -> str:
    text = " ".join(f"{'-' if sign < 0 else '+'} {one.example[name]:,}" for sign, name in terms).removeprefix(
        "+ "
    )
    return f"({text})" if len(terms) > 1 else text


def _counts() -> list[str]:
    lines = ["## Counts and sums", "", "| Column | Called | What it counts | Tells of |", "|---|---|---|---|"]
    for one in metrics.columns():
        largest = " Rows become one by the largest." if one.combine == "max" else ""
        lines.append(f"| `{one.name}` | {one.label} | {one.meaning}{largest} | {one.about} |")
    return lines


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
