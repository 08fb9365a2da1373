"""Tickets in figures: the day so far, the backlog by age and priority, promises kept, and how the weeks went.

In: the frames of the questions about tickets. Out: blocks for `board.show` and the frames of two charts.
The rule it guards: every figure names its n, unknown is a dash with its reason, calendar and business hours are never
mixed, and what is open and overdue counts as missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count
from sql import metrics

Hours = Literal["calendar", "business"]
PRIORITIES = ("urgent", "high", "normal", "low", "")
STATUSES = ("new", "open", "needs_rework", "on_hold", "pending")
AGES = (
    "30_days_and_more",
    "14_to_30_days",
    "7_to_14_days",
    "3_to_7_days",
    "1_to_3_days",
    "under_1_day",
)
TARGETS = ("first_reply", "next_reply", "requester_wait", "resolution")


def priority_word(priority_name: str | None) -> str:
    """The reader's word for a priority; an empty one is none."""
    known = {"urgent": t("Urgent"), "high": t("High"), "normal": t("Normal"), "low": t("Low")}
    return known.get(priority_name or "", priority_name or t("No priority"))


def status_word(status_name: str) -> str:
    """The reader's word for a ticket's status."""
    known = {
        "new": t("New"),
        "open": t("Open"),
        "needs_rework": t("Needs rework"),
        "on_hold": t("On hold"),
        "pending": t("Pending"),
        "solved": t("Solved"),
        "closed": t("Closed"),
    }
    return known.get(status_name, status_name)


def target_word(target_name: str) -> str:
    """The reader's word for a kind of promise."""
    known = {
        "first_reply": t("First reply"),
        "next_reply": t("Next reply"),
        "requester_wait": t("Requester wait"),
        "resolution": t("Resolution"),
    }
    return known.get(target_name, target_name)


def age_word(age_name: str) -> str:
    """The reader's words for a band of age."""
    known = {
        "under_1_day": t("under 1 day"),
        "1_to_3_days": t("1 to 3 days"),
        "3_to_7_days": t("3 to 7 days"),
        "7_to_14_days": t("7 to 14 days"),
        "14_to_30_days": t("14 to 30 days"),
        "30_days_and_more": t("30 days and more"),
    }
    return known.get(age_name, age_name)


def group_word(group_name: str | None) -> str:
    """The name of a ticket group; tickets without one are said to have none."""
    return words.name(group_name) if group_name else t("No group")


def channel_word(channel_name: str | None) -> str:
    """The name of a channel as its source gives it."""
    return words.name(channel_name) if channel_name else t("No channel")


def choices(names: pl.DataFrame, kind_name: str) -> dict[str, str]:
    """What a filter offers: "*" for all, "-" for tickets without one, then every name there is."""
    every = {"group": t("All groups"), "priority": t("All priorities"), "channel": t("All channels")}
    word = {"group": group_word, "priority": priority_word, "channel": channel_word}[kind_name]
    found = names.filter(pl.col("kind_name") == kind_name).get_column("value_name").to_list()
    if kind_name == "priority":
        found = [name for name in PRIORITIES if name in found]
    return {"*": every[kind_name]} | {
        name or "-": word(name) for name in sorted(found, key=lambda n: n == "")
    }


def chosen(value: str) -> str | None:
    """What a question is asked for a choice: None for all, an empty text for tickets without one."""
    return None if value == "*" else "" if value == "-" else value


def export_frame(frame: pl.DataFrame, *, as_of: datetime) -> pl.DataFrame:
    """The rows for a file that explains itself: each tells the instant and the version of the definitions."""
    about = (
        pl.lit(as_of).alias("as_of_at"),
        pl.lit(metrics.definition_version()).alias("definition_version"),
    )
    return frame.select(*about, pl.all())


def no_tickets() -> Block:
    """The page of a warehouse in which no ticket has arrived, with the way to change that."""
    steps = [
        t("Add your ticket system to `floorboard.toml`, under `[[sources]]`; see `docs/sources`."),
        t("Run `floorboard etl run --once` and watch this page fill."),
        t("If one is named there already, see Data health for what became of it."),
    ]
    body = t("First replies, promises and the backlog appear here as soon as one is.")
    return board.notice("none", t("No ticket system is read yet."), body, steps=steps, page=True)


def metric_tile(metric_name: str, row: Row, *, basis: str, reason: str, is_business: bool = False) -> Block:
    """The tile of a metric of tickets with its n in `basis`; a time reads in hours or days."""
    record = metrics.metric(metric_name)
    found = row[metric_name]
    if record.unit == "ratio":
        text, unit = words.ratio(found), ""
    else:
        text, unit = words.long_time_parts(found, in_days=not is_business)
    return {
        "key": metric_name,
        "units": 1,
        "label": t(record.label),
        "value": text,
        "unit": unit,
        "more": basis,
        "tip": t(record.meaning) if found is not None else f"{t(record.meaning)} {reason}",
    }


def attainment_tile(row: Row) -> Block:
    """The tile of promises: the share that was kept, with what is missed, overdue, and still running."""
    record = metrics.metric("sla_attainment_ratio")
    found, due, met = row["sla_attainment_ratio"], row["due_targets_tickets"], row["met_targets_tickets"]
    overdue = row["overdue_targets_tickets"]
    parts = [
        t("n = {n}", n=words.number(due)),
        t("{n} met", n=words.number(met)),
        t("{n} missed", n=words.number(due - met)),
    ]
    if overdue:
        parts.append(t_count("{n} of them still open", "{n} of them still open", overdue))
    shown = words.ratio(found)
    reason = t("Unknown: no promise was met or fell due.")
    return {
        "key": "sla_attainment_ratio",
        "units": 2,
        "label": t("Promises kept (SLA)"),
        "value": shown,
        "share": found,
        "goal": None,
        "aria": t("Promises kept {value}", value=shown),
        "status": overdue_status(overdue, promised=due + row["running_targets_tickets"]),
        "more": " · ".join(parts),
        "tip": t(record.meaning) if found is not None else f"{t(record.meaning)} {reason}",
    }


def overdue_status(overdue: int, *, promised: int) -> Block:
    """Whether anything is open past its instant; where nothing was promised, that is said instead."""
    if not promised:
        return board.status("none", t("Nothing promised"))
    if overdue:
        return board.status("off", t("{n} overdue", n=words.number(overdue)))
    return board.status("good", t("None overdue"))


def today_tiles(now: Row, before: Row, owed: Row, *, hours: Hours) -> list[Block]:
    """The tiles of the day so far, each count against yesterday at the same time of day."""

    def against(name: str) -> str:
        return t("yesterday by now: {n}", n=words.number(before[name]))

    kind = "" if hours == "calendar" else "_business"
    replied = now["first_replied_tickets"]
    average = now[f"average_first_reply{kind}_seconds"]
    answered = t(
        "{n} of {all} new ones have one", n=words.number(replied), all=words.number(now["created_tickets"])
    )
    if average is not None:
        answered = t(
            "{n} of {all} new ones, after {time} on average",
            n=words.number(replied),
            all=words.number(now["created_tickets"]),
            time=words.long_time(average, in_days=hours == "calendar"),
        )
    risk, running = now["at_risk_targets_tickets"], now["running_targets_tickets"]
    due_later = t(
        "{n} more fall due today, {risk} of them within the hour",
        n=words.number(running),
        risk=words.number(risk),
    )
    sla = attainment_tile(now)
    oldest = owed["oldest_wait_seconds"]
    return [
        {**sla, "label": t("Promises of today (SLA)"), "more": f"{sla['more']} · {due_later}"},
        _change_tile("created_tickets", t("Created"), now, before, more=against("created_tickets")),
        _change_tile("resolved_tickets", t("Solved"), now, before, more=against("resolved_tickets"),
                     tip=t("Tickets that were solved today and still are: a ticket counts once, not every click.")),
        board.count_tile("replied_tickets", t("First replies"), now["replied_tickets"], more=answered,
                         tip=t(metrics.metric(f"average_first_reply{kind}_seconds").meaning)),
        _change_tile("backlog_tickets", t("Backlog"), now, before, more=against("backlog_tickets"),
                     tip=t("Tickets that are created and not solved. Deleted ones do not count.")),
        board.count_tile("owed_tickets", t("We owe an answer"), owed["owed_tickets"],
                         more=t("oldest for {time}", time=words.long_time(oldest)) if oldest is not None
                         else t("nobody waits for a word of ours"),
                         tip=t("Unsolved tickets in which the requester wrote last.")),
        board.count_tile("reopened_tickets", t("Reopened"), now["reopened_tickets"],
                         more=against("reopened_tickets"), tip=t("Tickets that were opened again today.")),
    ]  # fmt: skip


def _change_tile(name: str, label: str, now: Row, before: Row, *, more: str, tip: str = "") -> Block:
    change = now[name] - before[name]
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    tile = board.count_tile(name, label, now[name], unit=f"{sign}{words.number(abs(change))}", more=more)
    return {**tile, "tip": tip} if tip else tile


def owed_row(answers: pl.DataFrame, *, as_of: datetime) -> Row:
    """Who owes, all rows together: owed, pending and all tickets, and how long the oldest has waited at the instant."""
    sums = answers.select(
        pl.col("backlog_tickets", "owed_tickets", "requester_owes_tickets", "owed_wait_seconds").sum()
    )
    row = metrics.with_metrics(sums, "average_owed_wait_seconds").row(0, named=True)
    oldest = answers.select((pl.lit(as_of) - pl.col("oldest_owed_at").min()).dt.total_seconds()).item()
    return {**row, "oldest_wait_seconds": oldest}


def backlog_tiles(backlog: pl.DataFrame, *, as_of: datetime, zone_name: str) -> list[Block]:
    """The backlog in one line: how many, how old on average, the oldest, and how many were never looked at."""
    since = backlog.select((pl.lit(as_of) - pl.col("oldest_created_at").min()).dt.total_seconds()).item()
    when = words.instant(as_of, zone_name)
    sums = backlog.select(pl.col("backlog_tickets", "backlog_age_seconds").sum())
    row = metrics.with_metrics(sums, "average_backlog_age_seconds").row(0, named=True)
    n = row["backlog_tickets"]
    counts = {name: _sum(backlog, "status_name", name) for name in STATUSES}
    shapes = ("diamond", "circle", "triangle", "bars", "half")
    strip = [
        {"tone": "none", "shape": shape, "word": f"{words.number(counts[name])} {status_word(name).lower()}"}
        for name, shape in zip(STATUSES, shapes, strict=True)
        if counts[name]
    ]
    total = board.count_tile(
        "backlog_tickets", t("Backlog"), n, more=t("on {instant}", instant=when), strip=strip
    )
    age, age_unit = words.long_time_parts(since)
    waiting = counts["pending"] + counts["on_hold"]
    return [
        {**total, "units": 2, "tip": t("Tickets that are created and not solved. Deleted ones do not count.")},
        metric_tile("average_backlog_age_seconds", row, basis=t_count("average of {n} ticket", "average of {n} tickets", n),
                    reason=t("Unknown: the backlog is empty.")),
        {"key": "oldest", "units": 1, "label": t("Oldest"), "value": age, "unit": age_unit,
         "more": t("since its creation") if since is not None else t("the backlog is empty")},
        board.count_tile("ours", t("With us"), n - waiting, more=t("new, open, or in need of rework")),
        board.count_tile("theirs", t("Waiting for others"), waiting, more=t("pending or on hold")),
    ]  # fmt: skip


def _sum(frame: pl.DataFrame, name: str, value: str) -> int:
    return int(frame.filter(pl.col(name) == value).get_column("backlog_tickets").sum())


def age_table(backlog: pl.DataFrame, *, by: Literal["priority_name", "status_name"]) -> Block:
    """The backlog by band of age (oldest first) and priority or status; each count weighed against the largest."""
    order, word = (PRIORITIES, priority_word) if by == "priority_name" else (STATUSES, status_word)
    known = backlog.get_column(by).unique().to_list()
    across = [name for name in order if name in known]
    cells = {
        (row["age_name"], row[by]): row["backlog_tickets"]
        for row in backlog.group_by("age_name", by).agg(pl.col("backlog_tickets").sum()).iter_rows(named=True)
    }
    most = max(cells.values(), default=0)
    n = sum(cells.values())
    rows = []
    for age in AGES:
        counts = [cells.get((age, name), 0) for name in across]
        total = sum(counts)
        share = words.ratio(total / n) if n else words.UNKNOWN
        weighed = [board.amount(words.number(count), count / most if count else None) for count in counts]
        rows.append({"key": age, "cells": [age_word(age), *weighed, words.number(total), share]})
    columns = [
        column(t("Age")),
        *(column(word(name), "end") for name in across),
        column(t("All"), "end"),
        column(t("Share"), "end"),
    ]
    title = t("By age and priority") if by == "priority_name" else t("By age and status")
    return board.table(
        title,
        columns,
        rows,
        nothing=t("The backlog is empty."),
        title=title,
        lead=t("n = {n}", n=words.number(n)),
    )


def backlog_groups(backlog: pl.DataFrame) -> pl.DataFrame:
    """One row per group of the backlog: how many, their average age, the oldest, and how many are a week old or more."""
    is_old = pl.col("age_name").is_in(AGES[:3])
    groups = backlog.group_by("group_name").agg(
        pl.col("backlog_tickets").sum(),
        pl.col("backlog_age_seconds").sum(),
        pl.col("oldest_created_at").min(),
        pl.col("backlog_tickets").filter(is_old).sum().alias("week_old_tickets"),
        pl.col("backlog_tickets").filter(pl.col("priority_name") == "urgent").sum().alias("urgent_tickets"),
    )
    return metrics.with_metrics(groups, "average_backlog_age_seconds").sort(
        "backlog_tickets", "group_name", descending=[True, False]
    )


def backlog_group_table(groups: pl.DataFrame, *, zone_name: str) -> Block:
    """The backlog by group, the largest first."""
    most = groups.get_column("backlog_tickets").max()
    rows = [
        {
            "key": row["group_name"] or "-",
            "cells": [
                group_word(row["group_name"]),
                board.amount(words.number(row["backlog_tickets"]), row["backlog_tickets"] / most),
                words.number(row["urgent_tickets"]),
                words.number(row["week_old_tickets"]),
                words.long_time(row["average_backlog_age_seconds"]),
                words.instant(row["oldest_created_at"], zone_name),
            ],
        }
        for row in groups.iter_rows(named=True)
    ]
    columns: Sequence[Block] = [
        column(t("Group")),
        column(t("Backlog"), "end"),
        column(t("of them urgent"), "end"),
        column(t("a week old or more"), "end"),
        column(t("Average age"), "end"),
        column(t("Oldest created"), "end", wide=True),
    ]
    return board.table(
        t("Backlog by group"), columns, rows, nothing=t("The backlog is empty."), title=t("By group")
    )
