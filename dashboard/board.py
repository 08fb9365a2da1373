"""The blocks of a page as data, and the one element of the browser that draws them and changes them in place.

In: frames of the questions and texts. Out: plain lists and dictionaries for `static/floorboard.js`, mounted
by `show`.
The rule it guards: every figure carries its target, its n and its formula; every state is told by shape,
word and colour together; names reach the browser as data only and are placed as text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard import words
from dashboard.words import t
from sql import metrics

Block = dict[str, Any]
Row = Mapping[str, Any]
NEAR_RATIO = 0.05
LATE_SECONDS = 8
NEVER_LATE_SECONDS = 10**9
_STATIC = Path(__file__).resolve().parent / "static"
_IS_STALE: ContextVar[bool] = ContextVar("floorboard_is_stale", default=False)
_IS_PAST: ContextVar[bool] = ContextVar("floorboard_is_past", default=False)
_MAY_OPEN: ContextVar[Callable[[str], bool] | None] = ContextVar("floorboard_may_open", default=None)


@cache
def asset_version() -> str:
    """A short name for the present state of the browser's files; a new one makes browsers fetch them
    again."""
    digest = hashlib.sha256()
    for path in sorted([*_STATIC.glob("*.js"), *_STATIC.glob("*.css")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


@cache
def _component() -> Any:
    stub = (
        'const base = location.href.split(/[?#]/)[0].replace(/[^/]*$/, "");\n'
        f'const blocks = await import(new URL("app/static/floorboard.js?v={asset_version()}", base).href);\n'
        "export default blocks.default;\n"
    )
    return st.components.v2.component("floorboard.blocks", js=stub)


def show(block: Block, *, key: str, turns: bool = False) -> None:
    """Draws a block; the same key on the next run changes it in place.

    turns: the browser may ask for the part of the page that it stands in to be drawn anew.
    """
    _component()(
        key=key,
        **({"on_turn_change": _again} if turns else {}),
        data={
            "language": words.language(),
            "words": running_words(),
            "late_seconds": NEVER_LATE_SECONDS,
            "is_stale": _IS_STALE.get(),
            "is_past": _IS_PAST.get(),
            **_within_reach(block),
        },
    )


def _again() -> None:
    """A turn is asked for; being asked is all that it takes."""


def reach(may_open: Callable[[str], bool] | None) -> None:
    """From now on what a block leads to is left out where its reader has no such page; None for a reader who has all."""
    _MAY_OPEN.set(may_open)


def _within_reach(block: Block) -> Block:
    may_open = _MAY_OPEN.get()
    if may_open is None:
        return block
    found: Block = _kept(block, may_open)
    return found


def _kept(part: Any, may_open: Callable[[str], bool], *, is_way: bool = False) -> Any:
    """The part of a block without the ways to pages that its reader does not have."""
    if isinstance(part, dict):
        return {
            key: _kept(value, may_open, is_way=key == "leads")
            for key, value in part.items()
            if not (
                isinstance(value, str) and (is_way or key == "here") and _is_out_of_reach(value, may_open)
            )
        }
    if isinstance(part, list | tuple):
        return [_kept(one, may_open) for one in part]
    return part


def _is_out_of_reach(address: str, may_open: Callable[[str], bool]) -> bool:
    page = address.partition("?")[0]
    return bool(page) and "?" in address and not may_open(page.replace("-", "_"))


@contextmanager
def stale(is_stale: bool) -> Iterator[None]:
    """Within it blocks are drawn as figures of the past, where they are."""
    token = _IS_STALE.set(is_stale)
    try:
        yield
    finally:
        _IS_STALE.reset(token)


@contextmanager
def past(is_past: bool) -> Iterator[None]:
    """Within it blocks are drawn as what somebody looks back at, never to be taken for live."""
    token = _IS_PAST.set(is_past)
    try:
        yield
    finally:
        _IS_PAST.reset(token)


def running_words() -> dict[str, str]:
    """The texts that the browser needs while clocks run between two updates."""
    return {"seconds": t("{seconds} s"), "late": t("No update for {seconds} s")}


def status(tone: str, word: str) -> Block:
    """A mark with its word: tone `good` (circle), `near` (triangle), `off` (square) or `none` (dash)."""
    shape = {"good": "circle", "near": "triangle", "off": "square"}.get(tone, "dash")
    return {"tone": tone, "shape": shape, "word": word}


def against_target(value: float | None, target: float | None) -> Block:
    """How a ratio that should be high stands against its target: on it, within 5 points below, or further
    below."""
    if value is None:
        return status("none", t("No calls yet"))
    if target is None:
        return status("none", t("No common target"))
    if value >= target:
        return status("good", t("On target"))
    if value >= target - NEAR_RATIO:
        return status("near", t("Just below"))
    return status("off", t("Below target"))


def formula_word(formula_name: str | None) -> str:
    """What a service level is a share of, in few words; the tooltip has the whole formula."""
    known = {
        "answered": t("of answered"),
        "strict": t("of all offered"),
        "abandons": t("of answered and abandoned"),
        "no_short": t("of answered and abandoned, short ones left out"),
        "offered_no_short": t("of offered, short abandons left out"),
        "abandons_late": t("of answered and late abandoned"),
        "abandons_good": t("of answered and abandoned, early abandons count as good"),
        "removed": t("of offered, whoever left in time counts as good"),
    }
    return t("formulas differ by queue") if formula_name is None else known.get(formula_name, formula_name)


def target_text(row: Row) -> str:
    """The promise in one line: "target 80% within 20 s"; says so where queues promise different things."""
    target = row["service_level_target_ratio"]
    threshold = row["service_level_threshold_seconds"]
    if target is None or threshold is None:
        return t("targets differ by queue")
    return t(
        "target {target} within {threshold}",
        target=words.target_ratio(target),
        threshold=words.duration(threshold),
    )


def service_level_tile(row: Row, n: int, *, label: str, reason: str, mixed: str) -> Block:
    """The tile of a service level: value, bar against target, status, n, T and formula.

    `reason` says why the value is unknown, `mixed` what to do where the queues share no formula; such a tile
    has no n, because what a call must be to count differs too.
    """
    value, target = row["service_level_ratio"], row["service_level_target_ratio"]
    formula_name = row["service_level_formula_name"]
    shown = words.ratio(value, against=target)
    found = against_target(value, target)
    if formula_name is None:
        meaning_text = mixed
        found = status("none", t("Formulas differ"))
        basis = [target_text(row), formula_word(None)]
    else:
        record = metrics.service_level(formula_name)
        meaning_text = t(record.meaning) if value is not None else " ".join([t(record.meaning), reason])
        basis = [target_text(row), t("n = {n}", n=words.number(n)), formula_word(formula_name)]
    return {
        "key": "service_level",
        "units": 2,
        "label": label,
        "value": shown,
        "share": value,
        "goal": target,
        "aria": t("Service level {value}, {target}", value=shown, target=target_text(row)),
        "status": found,
        "more": " · ".join(basis),
        "tip": meaning_text,
    }


def plain_tile(metric_name: str, row: Row, *, n: int, basis: str, reason: str) -> Block:
    """The tile of a metric without a target of its own: value, basis and meaning; `reason` where it is
    unknown."""
    record = metrics.metric(metric_name)
    found = row[metric_name]
    return {
        "key": metric_name,
        "units": 1,
        "label": t(record.label),
        "value": words.value(metric_name, found),
        "more": basis,
        "tip": t(record.meaning) if found is not None and n else " ".join([t(record.meaning), reason]),
    }


def count_tile(key: str, label: str, count: int | None, **more: Any) -> Block:
    """The tile of a count, with whatever stands below it."""
    return {"key": key, "units": 1, "label": label, "value": words.number(count), **more}


def notice(tone: str, title: str, body: str, *, steps: Sequence[str] = (), page: bool = False) -> Block:
    """A message with its next step; with `page` it stands for a page that has nothing to show. `code` in
    backticks."""
    shape = {"good": "circle", "near": "triangle", "off": "square"}.get(tone, "dash")
    return {
        "kind": "notice",
        "tone": tone,
        "shape": shape,
        "title": title,
        "body": body,
        "steps": list(steps),
        "page": page,
    }


def table(
    label: str,
    columns: Sequence[Block],
    rows: Sequence[Block],
    *,
    nothing: str,
    title: str = "",
    lead: str = "",
) -> Block:
    """A table; a column is {label, kind: ""|"end"|"text"|"raw", wide}, a row {key, cells, tone}."""
    return {
        "kind": "table",
        "label": label,
        "title": title,
        "lead": lead,
        "columns": list(columns),
        "rows": list(rows),
        "nothing": nothing,
    }


def column(label: str, kind: str = "", *, wide: bool = False) -> Block:
    """A column of a table; `end` is for figures, `wide` ones are left out on a phone."""
    return {"label": label, "kind": kind, "wide": wide}


def linked(text: str, url_text: str | None) -> Block | str:
    """A cell that leads to its source in a new tab; plain text where the address is none of the web's."""
    try:
        parts = urlsplit(url_text or "")
        leads = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # such as half an IPv6 address
        leads = False
    return {"text": text, "href": url_text} if leads else text


def inside(text: str, **address: str) -> Block:
    """A cell that leads to another view of the same page, named by the parameters of its address."""
    return {"text": text, "here": f"?{urlencode(address)}"}


def leading(text: str, address: str | None) -> Block | str:
    """A cell that leads to another page or view of the board, such as the rows behind its number; plain without one.

    address: "contacts?of=..." as `filters.behind` makes it; a tile takes the same under its key `here`.
    """
    return {"text": text, "here": address} if address else text


def amount(text: str, share: float | None, *, tone: str = "none", address: str | None = None) -> Block:
    """A cell whose number has a small bar below it: its share of the largest, from 0 to 1; None for no bar.

    address: where the number leads, as in `leading`.
    """
    return {"text": text, "share": share, "tone": tone, **({"here": address} if address else {})}


def milliseconds(instant: datetime) -> int:
    """An instant as the browser counts it."""
    return round(instant.timestamp() * 1000)
