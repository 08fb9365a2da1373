"""The trail as a table that a person can read: when, who, what, of whom, what it was before and after, and where.

In: the frame of the question `audit_lines`, and what was chosen. Out: blocks for `board.show`.
The rule it guards: every line is told in words, none is left out, and a name that was erased stays erased.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row
from dashboard.words import t, t_count
from sql import audit

LONGEST_TEXT = 220
_UNTOLD = frozenset({"agent_ids", "is_removed", "rows", "save_number", "undoes_number"})


def kind_words() -> dict[str, str]:
    """What each kind of act is called, in the order of the choices."""
    return {
        "all": t("Everything"),
        "saw": t("Looked at"),
        "exported": t("Took along"),
        "changed": t("Changed"),
        "access": t("Access"),
        "upkeep": t("Upkeep"),
    }


def role_words() -> dict[str, str]:
    """What each role is called."""
    return {
        "agent": t("agent"),
        "supervisor": t("supervisor"),
        "manager": t("manager"),
        "executive": t("executive"),
        "administrator": t("administrator"),
        "wall": t("wall display"),
    }


def what_word(what_name: str) -> str:
    """What somebody did, as a sentence without its subject."""
    known = audit.acts().get(what_name)
    return t(known.sentence) if known else what_name


def who_word(row: Row) -> str:
    """Who did it: the name, else what is known of them."""
    if row["kind_name"] == "stranger":  # at the door: nobody yet, or the account that was tried
        return words.name(row["of_login_name"]) if row["of_login_name"] else t("Nobody signed in")
    if row["kind_name"] == "open":
        return (
            t("Somebody here (no sign-in)") if row["login_name"] == "local" else words.name(row["login_name"])
        )
    return words.name(row["login_name"]) if row["login_name"] else t("Erased person")


def as_what_word(row: Row) -> str:
    """In which capacity: a role, the console, the loader."""
    if row["role_name"]:
        return role_words().get(row["role_name"], str(row["role_name"]))
    return {"command": t("console"), "loader": t("loader")}.get(row["kind_name"], "")


def of_word(row: Row) -> str:
    """Whose data, or what was changed: "Aino Kask", "12 agents", "Queue 3"."""
    if row["kind_name"] == "stranger":  # it is told who that was
        return ""
    if row["of_login_name"]:
        return words.name(row["of_login_name"])
    kind, _, rest = row["of_name"].rpartition(" ") if row["of_name"] else ("", "", "")
    if kind == "agent" and row["agents_text"]:
        return words.name(row["agents_text"])
    told = _of_words().get(kind, t("{kind} {number}", kind=kind, number="{number}")).replace("{number}", rest)
    if row["what_name"].startswith("exported.download"):
        told = ""
    whose = _whose(row)
    return " · ".join(part for part in (told if rest else row["of_name"], whose) if part)


def _of_words() -> dict[str, str]:
    return {
        "agent": t("Agent {number}", number="{number}"),
        "goal": t("Goal {number}", number="{number}"),
        "review": t("Review {number}", number="{number}"),
        "report": t("Report {number}", number="{number}"),
        "contact": t("Contact {number}", number="{number}"),
        "recording": t("Recording {number}", number="{number}"),
        "upload": t("Upload {number}", number="{number}"),
        "source": t("Source {number}", number="{number}"),
        "alert rule": t("Alert rule {number}", number="{number}"),
        "coaching note": t("Coaching note {number}", number="{number}"),
        "report schedule": t("Report schedule {number}", number="{number}"),
        "save": t("Save no. {number}", number="{number}"),
        "form": t("Form {number}", number="{number}"),
        "device": t("Wall display {number}", number="{number}"),
        "question": t("Question {number}", number="{number}"),
        "week": t("Week from {number}", number="{number}"),
    }


def _whose(row: Row) -> str:
    count, names = row["touched_agents"], row["agents_text"]
    if not count:
        return ""
    shown = [words.name(name) for name in (names or "").split(", ") if name]
    if count > len(shown):
        return t_count("{n} agent", "{n} agents", count)
    return ", ".join(shown)


def told_text(row: Row) -> str:
    """What was told of it: values before and after, counts, files."""
    told: Mapping[str, Any] = json.loads(row["told_text"])
    text = "; ".join(_parts(told))
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _parts(told: Mapping[str, Any]) -> Iterator[str]:
    before, after = told.get("before"), told.get("after")
    if told.get("did"):
        yield _plain(told["did"])
    if "is_removed" in told:
        yield _saved(told)
    if isinstance(before, dict) or isinstance(after, dict):
        was, now = before or {}, after or {}
        for name in {**was, **now}:
            yield _change(name, was, now)
    changed = told.get("rows")
    for one in changed if isinstance(changed, list) else ():
        yield " ".join(
            part
            for part in (_label(one.get("sheet", "")), one.get("row", ""), _plain(one.get("did")))
            if part
        )
        yield from _parts({"before": one.get("before"), "after": one.get("after")})
    for name, value in told.items():
        if name in _UNTOLD and not (name == "rows" and isinstance(value, int)):
            continue
        if name not in ("did", "before", "after") and value not in (None, "", [], {}):
            yield f"{_label(name)}: {_plain(value)}"


def _saved(told: Mapping[str, Any]) -> str:
    """What a save did to a review or a note: each is kept with all its states."""
    if told["is_removed"]:
        return t("removed")
    number = told.get("save_number", 1)
    return t("written") if number == 1 else t("written anew (save no. {number})", number=number)


def _change(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    label = _label(name)
    if name not in was:
        return f"{label}: {_plain(now[name])}"
    if name not in now:
        return t("{what}: was {value}", what=label, value=_plain(was[name]))
    return f"{label}: {_plain(was[name])} → {_plain(now[name])}"


def _label(name: str) -> str:
    text = name.replace("_", " ").strip()
    for ending in (" text", " name"):
        text = text.removesuffix(ending) if len(text) > len(ending) else text
    return text


def _plain(value: object) -> str:
    if value is None or value == "":
        return words.UNKNOWN
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{_label(str(name))} {_plain(one)}" for name, one in value.items())
    return words.number(value) if isinstance(value, int) and abs(value) >= 10_000 else str(value)


def place_word(row: Row) -> str:
    """At which page, or by which command."""
    return str(row["place_text"]) or {"loader": t("loader"), "command": t("console")}.get(
        row["kind_name"], ""
    )


def line_table(lines: pl.DataFrame, *, zone_name: str, is_narrowed: bool) -> Block:
    """The lines, the newest first."""
    this_year = lines[0, "noted_at"].year if lines.height else 0

    def when(at: datetime, zone_name: str) -> str:
        return (words.moment if at.year == this_year else words.instant)(at, zone_name)

    rows = [
        {
            "key": str(row["line_number"]),
            "tone": "near" if row["what_name"] == "sign_in.failed" else "none",
            "cells": [
                when(row["noted_at"], zone_name),
                _with_role(row),
                what_word(row["what_name"]),
                of_word(row),
                told_text(row),
                place_word(row),
            ],
        }
        for row in lines.iter_rows(named=True)
    ]
    columns = [
        board.column(t("When")),
        board.column(t("Who"), "text"),
        board.column(t("What"), "text"),
        board.column(t("Whose, or of what"), "text"),
        board.column(t("Before and after, and how much"), "text", wide=True),
        board.column(t("Where"), wide=True),
    ]
    nothing = (
        t("No line fits. Take back a choice above, or look at more days.")
        if is_narrowed
        else t("Nobody has looked at, taken along or changed anything in these days.")
    )
    return board.table(t("The trail"), columns, rows, nothing=nothing, title=t("The trail"), lead=lead(lines))


def _with_role(row: Row) -> str:
    role = as_what_word(row)
    return f"{who_word(row)} ({role})" if role else who_word(row)


def lead(lines: pl.DataFrame) -> str:
    """How many lines there are, and in which order."""
    found = int(lines[0, "found_rows"]) if lines.height else 0
    if not found:
        return ""
    return t_count("{n} line.", "{n} lines, the newest first.", found)


def about() -> Block:
    """What the trail is worth, for whoever has to rely on it."""
    return {
        "kind": "section",
        "title": t("What this trail is"),
        "lead": t(
            "It is only added to: no page and no command changes a line or takes one out, and each line holds the hash of "
            "the one before. Whoever looks at others' data is noted once per page and quarter of an hour; the live floor, "
            "which shows who is at work right now, is not. Lines are kept for as many months as the settings say, then "
            "whole months go. “floorboard audit check” walks the trail and names the first line that was tampered with."
        ),
    }
