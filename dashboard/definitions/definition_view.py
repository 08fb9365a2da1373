"""What every number means: one card per metric, the eight service levels on one hundred contacts, settings and versions.

In: the records of sql/metrics, the queues' settings, the sums of the reader's own yesterday. Out: blocks for `board.show`.
The rule it guards: nothing here is written a second time; formula, example and result are made from the records that the
boards, exports, alerts and goals count by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row
from dashboard.filters import Filters, behind
from dashboard.words import t
from sql import metrics
from sql.metrics import Column, Metric

# METRICS: one hour, T = 20 s, s = 5 s. What each contact adds to the columns, in the order of the picture.
_IN, _GONE = ("offered_calls", "answered_calls"), ("offered_calls", "abandoned_calls")
_OUT = ("offered_calls", "flowed_out_calls")
HUNDRED: tuple[tuple[int, tuple[str, ...]], ...] = (
    (70, (*_IN, "answered_in_threshold_calls")),
    (10, _IN),
    (6, (*_GONE, "abandoned_in_threshold_calls", "short_abandoned_calls")),  # at 3 s
    (4, (*_GONE, "abandoned_in_threshold_calls")),  # at 12 s
    (6, _GONE),  # at 60 s
    (2, (*_OUT, "flowed_out_in_threshold_calls")),  # callbacks at 15 s
    (1, _OUT),  # a callback at 50 s
    (1, _OUT),  # an overflow
)
OPENS = frozenset({"calls", "states", "tickets", "surveys", "reviews"})
"""The kinds of rows that can be listed one by one."""


def groups() -> list[str]:
    """The groups of metrics, in the order of the file."""
    return list(dict.fromkeys(one.group for one in metrics.metrics()))


def group_word(name: str) -> str:
    """What a group of metrics is called."""
    return t(name)


def found(text: str, group_name: str) -> list[Metric]:
    """The metrics of a group (empty: all) in whose name, words or columns every word of the text stands."""
    wanted = text.casefold().split()
    return [
        one
        for one in metrics.metrics()
        if group_name in ("", one.group) and all(word in _searched(one) for word in wanted)
    ]


def found_columns(text: str) -> list[Column]:
    """The counts and sums in whose name or words every word of the text stands."""
    wanted = text.casefold().split()
    return [
        one
        for one in metrics.columns()
        if all(
            word in f"{one.name} {t(one.label)} {t(one.meaning)}".casefold().replace("_", " ")
            for word in wanted
        )
    ]


def _searched(one: Metric) -> str:
    told = (
        one.name,
        t(one.label),
        t(one.meaning),
        t(one.counted),
        t(one.group),
        one.formula_text,
        one.source,
    )
    return " ".join((*told, one.name.replace("_", " "))).casefold()


def hundred() -> Row:
    """The sums of the hundred contacts."""
    sums = dict.fromkeys(metrics.metric("service_level_ratio").columns[:-1], 0)
    for count, names in HUNDRED:
        for name in names:
            if name in sums:
                sums[name] += count
    return sums


def eight(own: Row | None, filters: Filters) -> Block:
    """The eight service levels on the same hundred contacts, and what each gives of the reader's own yesterday."""
    told = [_formula(key, own, filters) for key in metrics.SERVICE_LEVEL_FORMULAS]
    levels = [metrics.with_metrics(pl.DataFrame([hundred()]), one["key"])[one["key"]][0] for one in told]
    return {
        "kind": "formulas",
        "title": t("One hour, eight service levels"),
        "lead": t(
            "The same hundred contacts, counted in eight ways that contact centres use: from {least} to {most}. That is why "
            "every service level names its formula.",
            least=words.fine_ratio(min(levels)),
            most=words.fine_ratio(max(levels)),
        ),
        "legend": [
            {"kind": "met", "word": t("counts as well served")},
            {"kind": "base", "word": t("counts, and was not")},
            {"kind": "out", "word": t("is left out")},
        ],
        "own_label": t("Yesterday here:"),
        "formulas": told,
    }


def _formula(key: str, own: Row | None, filters: Filters) -> Block:
    one = metrics.service_level(key)
    cells = "".join(_cell(one, names) * count for count, names in HUNDRED)
    above, below = cells.count("n"), cells.count("n") + cells.count("d")
    value = words.fine_ratio(above / below)
    level = None if own is None else own[one.name]
    n = 0 if own is None or level is None else one.counts(own)[1]
    return {
        "key": one.name,
        "label": board.formula_word(key),
        "here": f"?{urlencode({'metric': one.name})}",
        "usual": t("usual here") if key == "offered_no_short" else None,
        "value": value,
        "counts": t("{above} of {below}", above=words.number(above), below=words.number(below)),
        "cells": cells,
        "aria": t(
            "{above} of {below} contacts count as well served, {out} are left out: {value}",
            above=above,
            below=below,
            out=100 - below,
            value=value,
        ),
        "known": t(one.meaning),
        "own": {
            "text": words.fine_ratio(level),
            "here": behind(one.name, filters) if n else None,
            "more": t("n = {n}", n=words.number(n)) if n else t("no contact counts"),
        },
    }


def _cell(one: Metric, names: Sequence[str]) -> str:
    """How one contact counts: `n` for well served, `d` for in the base only, `x` for left out."""
    row = {name: int(name in names) for name in one.columns}
    above, below = one.counts(row)
    return "n" if above else "d" if below else "x"


def cards(
    title: str,
    shown: Sequence[Metric],
    *,
    filters: Filters,
    chosen_name: str = "",
    is_open: bool = True,
    is_foldable: bool = False,
) -> Block:
    """A group of metrics, one card each; the chosen one is marked. is_open: with all that is to be said of them.

    is_foldable: a click on its heading shows and hides it; without is_open it starts hidden, and its heading names it all.
    """
    return {
        "kind": "meanings",
        "title": title,
        "lead": ", ".join(t(one.label) for one in shown) if is_foldable else "",
        "is_folded": not is_open if is_foldable else None,
        "cards": [
            {**card(one, filters=filters), "is_chosen": one.name == chosen_name, "is_open": is_open}
            for one in shown
        ],
    }


def card(one: Metric, *, filters: Filters) -> Block:
    """Everything that is to be said of one metric."""
    return {
        "key": one.name,
        "here": f"?{urlencode({'metric': one.name})}",
        "more": t("What counts, where it is shown, its source"),
        "label": t(one.label),
        "way": way(one),
        "meaning": t(one.meaning),
        "formula": t("The formula that is set for the queue, one of the eight.")
        if one.one_of
        else one.formula_text,
        "fraction": fraction(one),
        "example": {"label": t("For example"), "text": example(one)},
        "columns": f"{one.name} = {one.formula_text}",
        "counted": t(one.counted),
        "facts": facts(one, filters),
    }


def way(one: Metric) -> str:
    """Which way is good, in words with an arrow."""
    return {
        "up": t("↑ more is better"),
        "down": t("↓ less is better"),
        "band": t("↔ inside its band is best"),
        "none": t("no way is good in itself"),
    }[one.direction]


def fraction(one: Metric) -> Block | None:
    """The formula in words: what stands above and below the line; None where a queue's setting picks it."""
    if one.one_of:
        return None
    return {
        "scale": f"{one.scale} ×" if one.scale != 1 else None,
        "above": _terms(one.numerator),
        "below": _terms(one.denominator),
    }


def _terms(terms: Sequence[tuple[int, str]]) -> list[Block]:
    return [
        {
            "sign": "−" if sign < 0 else ("+" if place else ""),
            "label": t(metrics.column(name).label),
            "name": name,
        }
        for place, (sign, name) in enumerate(terms)
    ]


def example(one: Metric) -> str:
    """The worked example with small numbers: "(16 − 6) / (100 − 6) = 10.6%"."""
    value = worked(one)
    shown = words.value(one.name, value)
    if one.one_of:
        return shown
    scale = f"{one.scale} × " if one.scale != 1 else ""
    return f"{scale}{_sum(one.numerator, one.example)} / {_sum(one.denominator, one.example)} = {shown}"


def worked(one: Metric) -> float | None:
    """The value of the worked example, made by the same expression as every other value of this metric."""
    row = {name: one.example.get(name, 0) for name in one.columns}
    found_value: float | None = metrics.with_metrics(pl.DataFrame([row]), one.name)[one.name][0]
    return found_value


def _sum(terms: Sequence[tuple[int, str]], row: Mapping[str, Any]) -> str:
    text = " ".join(f"{'−' if sign < 0 else '+'} {words.number(row[name])}" for sign, name in terms)
    text = text.removeprefix("+ ")
    return f"({text})" if len(terms) > 1 else text


def facts(one: Metric, filters: Filters) -> list[Block]:
    """Unit, target, pages, rows, source and version of a metric."""
    names = page_names()
    shown = [{"text": names[name], "here": f"{name}?"} for name in one.shown if name in names]
    version = max(change.version for change in metrics.changes() if one.name in change.formulas)
    told: list[Block] = [{"label": t("Unit"), "value": unit_word(one)}]
    told.append({"label": t("Target"), "value": target_word(one)})
    if shown:
        told.append({"label": t("Shown on"), "links": shown})
    else:
        told.append(
            {"label": t("Shown on"), "value": t("no page yet; alerts, goals and questions can use it")}
        )
    told.append({"label": t("Rows"), **_rows(one, filters)})
    told.append({"label": t("Source"), "value": one.source})
    told.append({"label": t("Formula since"), "value": t("version {n}", n=version)})
    return told


def _rows(one: Metric, filters: Filters) -> Block:
    word = kind_word(one.kind)
    if one.kind in OPENS and one.shown:
        return {"links": [{"text": t("{rows} of yesterday", rows=word), "here": behind(one.name, filters)}]}
    return {"value": word}


def kind_word(kind: str) -> str:
    """What the rows behind a number are."""
    return {
        "calls": t("contacts"),
        "states": t("agents' states"),
        "shifts": t("shifts"),
        "tickets": t("tickets"),
        "surveys": t("surveys"),
        "reviews": t("reviews"),
        "intervals": t("quarters of an hour"),
        "costs": t("costs"),
        "runs": t("loads and comparisons"),
    }[kind]


def unit_word(one: Metric) -> str:
    """What a value of the metric is."""
    return {
        "ratio": t("share, in per cent"),
        "seconds": t("time"),
        "points": t("points, from -100 to 100"),
        "score": t("score, from 0 to 100"),
        "amount": t("money"),
    }[one.unit]


def target_word(one: Metric) -> str:
    """The target or the band that holds where nobody set another."""
    if one.band is not None:
        low, high = one.band
        return t("between {low} and {high}", low=words.target_ratio(low), high=words.target_ratio(high))
    if one.kind == "calls" and one.name.startswith("service_level"):
        return t("set for each queue")
    if one.target is None:
        return t("none by itself; goals and alerts set one")
    shown = words.target_ratio(one.target) if one.unit == "ratio" else words.value(one.name, one.target)
    return (
        t("at least {target}", target=shown) if one.direction == "up" else t("at most {target}", target=shown)
    )


def page_names() -> dict[str, str]:
    """The pages that a metric can be shown on: their address and their title."""
    return {
        "live": t("Live floor"),
        "queues": t("Queues"),
        "service-level": t("Service level"),
        "agents": t("Agents and teams"),
        "tickets": t("Tickets"),
        "customers-voice": t("Customers' voice"),
        "quality": t("Quality"),
        "ways": t("Channels and ways"),
        "reports": t("Reports"),
        "reconciliation": t("Reconciliation"),
        "definitions": t("Definitions"),
    }


def nothing_found(text: str) -> Block:
    """What stands where no definition has the words that were searched for."""
    return board.notice(
        "none",
        t("No definition has '{text}' in it.", text=text),
        t("Search for a word of its name or meaning, such as wait, transfer or FCR, or choose all groups."),
    )


def unknown_metric(name: str) -> Block:
    """What stands where the address names a metric that there is not."""
    return board.notice(
        "near", t("There is no definition '{name}'.", name=name[:80]), t("All that there are stand below.")
    )
