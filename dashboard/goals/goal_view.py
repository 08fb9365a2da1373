"""Goals as cards and tables: how each stands, its path, and who changed it.

In: the frames of the questions. Out: blocks for `board.show`. The rule it guards: every value stands with its n, its window
and the path it is judged by, and leads to its rows; a standing is told by shape, word and colour together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block
from dashboard.filters import OWN_DAYS, Filters, behind
from dashboard.goals import amount_view, goal_path
from dashboard.goals.goal_path import Goal, Standing
from dashboard.words import t, t_count
from sql import metrics

TONES = {"reached": "good", "on_track": "good", "behind": "off", "missed": "off"}
Row = Mapping[str, Any]


def goal_of(row: Row) -> Goal:
    """The goal of a row of the question `goals`."""
    return Goal(**{field.name: row[field.name] for field in fields(Goal)})


def standing_of(row: Row, today: date) -> Standing:
    """How the goal of a row stands."""
    return goal_path.standing(
        goal_of(row),
        value=row["measured_value"],
        n=row["measured_count"],
        measured_date=row["measured_date"],
        today=today,
    )


def standing_word(name: str) -> str:
    """The word of a standing."""
    return {
        "reached": t("Reached"),
        "missed": t("Missed"),
        "on_track": t("On track"),
        "behind": t("Behind"),
        "too_few": t("Too few to judge"),
        "no_data": t("Not measured yet"),
        "not_begun": t("Not begun"),
        "closed": t("Closed"),
    }[name]


def standing_meaning(name: str) -> str:
    """The rule of a standing, in a sentence."""
    return {
        "reached": t("The newest value is at the target or better."),
        "missed": t("The deadline has passed and the target was not reached."),
        "on_track": t(
            "On the straight path from baseline to target, or behind it by a tenth of the way at most."
        ),
        "behind": t("Behind the straight path from baseline to target by more than a tenth of the way."),
        "too_few": t("The newest window holds fewer than the goal's minimum, so it is not judged by."),
        "no_data": t("The loader measures a new goal within a minute."),
        "not_begun": t("The first day of this goal is still to come."),
        "closed": t("Somebody closed this goal; its history stays."),
    }[name]


def tiles(goals: pl.DataFrame, today: date) -> Block:
    """How many of the open goals stand how."""
    names = [standing_of(row, today).name for row in goals.to_dicts()]
    drawn = [
        ("reached", t("Reached"), names.count("reached"), "good"),
        ("on_track", t("On track"), names.count("on_track"), "good"),
        ("behind", t("Behind"), names.count("behind"), "off"),
        ("missed", t("Missed"), names.count("missed"), "off"),
    ]
    return {
        "kind": "tiles",
        "tiles": [
            board.count_tile(key, label, count, more=t("of {n} goals", n=len(names) - names.count("closed")))
            | ({"status": board.status(tone, "")} if count else {})
            for key, label, count, tone in drawn
        ],
    }


def cards(goals: pl.DataFrame, days: pl.DataFrame, today: date, *, is_single: bool = False) -> Block:
    """One card per goal: its standing, its value against the path, and the path itself."""
    return {
        "kind": "goals",
        "label": t("Goals"),
        "is_single": is_single,
        "cards": [
            _card(row, days.filter(pl.col("goal_id") == row["goal_id"]), today) for row in goals.to_dicts()
        ],
    }


def _card(row: dict[str, Any], days: pl.DataFrame, today: date) -> Block:
    goal, found = goal_of(row), standing_of(row, today)
    record = metrics.metric(goal.metric_name)
    unit = record.unit

    def shown(value: float | None) -> str:
        return amount_view.shown(value, unit)

    left = (goal.deadline_date - today).days
    due = (
        t_count("{n} day left", "{n} days left", left)
        if left >= 0
        else t("ended {day}", day=words.day(goal.deadline_date))
    )
    return {
        "key": str(row["goal_id"]),
        "name": words.name(goal.goal_name),
        "here": f"?goal={row['goal_id']}",
        "what": f"{t(record.label)} · {amount_view.scope_word(goal.scope_kind_name, row['scope_name'])}",
        "status": board.status(TONES.get(found.name, "none"), standing_word(found.name)),
        "meaning": standing_meaning(found.name),
        "value": shown(row["measured_value"]),
        "value_here": rows_behind(row),
        "value_label": t("last {n} days", n=goal.window_days),
        "facts": [
            {"label": t("Path says"), "value": shown(found.path_value)},
            {"label": t("Target"), "value": shown(goal.target_value)},
            {"label": t("n"), "value": words.number(row["measured_count"])},
            {"label": t("Owner"), "value": words.name(goal.owner_name)},
        ],
        "from_text": t(
            "from {value} (n = {n})", value=shown(goal.baseline_value), n=words.number(goal.baseline_count)
        ),
        "to_text": t("to {value}", value=shown(goal.target_value)),
        "first_text": words.short_day(goal.started_date),
        "last_text": words.short_day(goal.deadline_date),
        "due": due,
        "picture": picture(goal, days, today),
        "spoken": t(
            "{name}: {standing}. Now {value}, the path says {path}, target {target} by {day}.",
            name=goal.goal_name,
            standing=standing_word(found.name),
            value=shown(row["measured_value"]),
            path=shown(found.path_value),
            target=shown(goal.target_value),
            day=words.day(goal.deadline_date),
        ),
    }


def rows_behind(row: Row) -> str | None:
    """The address of the rows behind a goal's newest value; None where there is none."""
    last = row["measured_date"]
    if last is None:
        return None
    kind, key = row["scope_kind_name"], row["scope_key"]
    filters = Filters(
        period_name=OWN_DAYS,
        first_date=words.shifted_day(last, 1 - row["window_days"]),
        last_date=last,
        queue_id=int(key) if kind == "queue" else None,
        team_id=int(key) if kind == "team" else None,
        group_name=key if kind == "group" else None,
    )
    return behind(row["metric_name"], filters)


def picture(goal: Goal, days: pl.DataFrame, today: date) -> Block:
    """The goal's path and days as points from 0 to 1, so that the browser only places them; the worst value lies lowest."""
    known = days.filter(pl.col("measured_value").is_not_null()).sort("day_date")
    values: list[float] = [*known["measured_value"].to_list(), goal.baseline_value, goal.target_value]
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or 1.0
    low, high = low - room, high + room
    whole = (goal.deadline_date - goal.started_date).days

    def across(day: date) -> float:
        return round(min(max((day - goal.started_date).days / whole, 0.0), 1.0), 4)

    def up(value: float) -> float:
        return round((value - low) / (high - low), 4)

    points = [
        {
            "x": across(row["day_date"]),
            "y": up(row["measured_value"]),
            "is_few": row["measured_count"] < goal.minimum_count,
        }
        for row in known.to_dicts()
    ]
    return {
        "path": [up(goal.baseline_value), up(goal.target_value)],
        "points": points,
        "today": across(today) if goal.started_date <= today <= goal.deadline_date else None,
        "target": up(goal.target_value),
    }


def day_table(row: Row, days: pl.DataFrame) -> Block:
    """The goal's days as figures, the newest first."""
    goal = goal_of(row)
    unit = metrics.metric(goal.metric_name).unit
    lines = []
    for day in days.sort("day_date", descending=True).to_dicts():
        is_few = day["measured_count"] < goal.minimum_count
        path = goal_path.path_value(goal, day["day_date"])
        address = rows_behind({**row, "measured_date": day["day_date"]})
        lines.append(
            {
                "key": day["day_date"].isoformat(),
                "cells": [
                    words.day(day["day_date"]),
                    board.leading(amount_view.shown(day["measured_value"], unit), address),
                    amount_view.shown(path, unit),
                    board.leading(words.number(day["measured_count"]), address),
                    t("too few to judge") if is_few else "",
                ],
            }
        )
    return board.table(
        t("Day by day"),
        [
            board.column(t("Window ends")),
            board.column(t("Value"), "end"),
            board.column(t("Path says"), "end"),
            board.column(t("n"), "end"),
            board.column("", wide=True),
        ],
        lines,
        title=t("Day by day"),
        lead=t("Each value is that of the {n} days that end with the day.", n=goal.window_days),
        nothing=t("Nothing measured yet: the loader does it within a minute."),
    )


def save_table(saves: pl.DataFrame, *, zone_name: str) -> Block:
    """Who did what to the goal, the newest first."""
    lines = []
    for row in saves.to_dicts():
        told = json.loads(row["values_text"])
        unit = metrics.metric(told["metric_name"]).unit
        lines.append(
            {
                "key": str(row["version_number"]),
                "cells": [
                    words.moment(row["saved_at"], zone_name),
                    words.name(row["viewer_name"]),
                    action_word(row["action_name"]),
                    t(
                        "{label}: {start} to {target} by {day}",
                        label=t(metrics.metric(told["metric_name"]).label),
                        start=amount_view.shown(told["baseline_value"], unit),
                        target=amount_view.shown(told["target_value"], unit),
                        day=words.day(date.fromisoformat(told["deadline_date"])),
                    ),
                    row["reason_text"],
                ],
            }
        )
    return board.table(
        t("History of this goal"),
        [
            board.column(t("When")),
            board.column(t("Who")),
            board.column(t("What")),
            board.column(t("The goal from then on"), "text"),
            board.column(t("Why"), "text", wide=True),
        ],
        lines,
        title=t("History of this goal"),
        nothing=t("Nothing saved yet."),
    )


def action_word(name: str) -> str:
    """What somebody did to a goal."""
    return {
        "made": t("made"),
        "amended": t("amended"),
        "closed": t("closed"),
        "opened again": t("opened again"),
        "taken back": t("taken back"),
    }[name]


def empty() -> Block:
    """The page without a goal, with what to do."""
    return board.notice(
        "none",
        t("No goal yet. What should be better in three months?"),
        t(
            "A goal is one metric, measured now, with a target, a day and an owner. The page shows its path, day by day."
        ),
        steps=[
            t(
                "Choose a template, such as “Average wait from 5 to 2 minutes in three months”, or any metric."
            ),
            t("Its baseline is measured from your own data; you choose the target and the deadline."),
            t("Save it: the loader measures it every few minutes from then on."),
        ],
        page=True,
    )


def closed_table(goals: pl.DataFrame) -> Block:
    """The goals that were closed, with the way back to each."""
    lines = [
        {
            "key": str(row["goal_id"]),
            "cells": [
                board.inside(words.name(row["goal_name"]), goal=str(row["goal_id"])),
                t(metrics.metric(row["metric_name"]).label),
                words.name(row["owner_name"]),
                words.day(row["deadline_date"]),
            ],
        }
        for row in goals.to_dicts()
    ]
    return board.table(
        t("Closed goals"),
        [
            board.column(t("Goal"), "text"),
            board.column(t("Metric"), wide=True),
            board.column(t("Owner")),
            board.column(t("Deadline"), "end"),
        ],
        lines,
        title=t("Closed goals"),
        nothing=t("No goal has been closed."),
    )
