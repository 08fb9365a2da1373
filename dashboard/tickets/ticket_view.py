"""Tickets in figures: the day so far, the backlog by age and priority, promises kept, and how the weeks went.

In: the frames of the questions about tickets. Out: blocks for `board.show` and the frames of two charts.
The rule it guards: every figure names its n, unknown is a dash with its reason, calendar and business hours are never
mixed, and what is open and overdue counts as missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_shown_view import Shown
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


def metric_tile(
    metric_name: str,
    row: Row,
    *,
    basis: str | list[Block | str],
    reason: str,
    shown: Shown,
    is_business: bool = False,
) -> Block:
    """The tile of a metric of tickets with its n in `basis`; a time reads in hours or days; it leads to its tickets."""
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
        "here": shown.behind(metric_name),
        "more": basis,
        "tip": t(record.meaning) if found is not None else f"{t(record.meaning)} {reason}",
    }


def attainment_tile(row: Row, shown: Shown) -> Block:
    """The tile of promises: the share that was kept, what is missed, and what is still open; each leads to its promises."""
    record = metrics.metric("sla_attainment_ratio")
    found, due, met = row["sla_attainment_ratio"], row["due_targets_tickets"], row["met_targets_tickets"]
    overdue = row["overdue_targets_tickets"]
    met_of = t("{met} of {due} met", met=words.number(met), due=words.number(due))
    parts = [
        shown.cell(met_of, due, "sla_attainment_ratio"),
        shown.cell(t("{n} missed", n=words.number(due - met)), due - met, "missed_targets_tickets"),
    ]
    if overdue:
        still_open = t_count("{n} of them still open", "{n} of them still open", overdue)
        parts.append(shown.cell(still_open, overdue, "overdue_targets_tickets"))
    text = words.ratio(found)
    reason = t("Unknown: no promise was met or fell due.")
    return {
        "key": "sla_attainment_ratio",
        "units": 2,
        "label": t("Promises kept (SLA)"),
        "value": text,
        "here": shown.behind("sla_attainment_ratio"),
        "share": found,
        "goal": None,
        "aria": t("Promises kept {value}", value=text),
        "status": overdue_status(overdue, promised=due + row["running_targets_tickets"]),
        "more": parts,
        "tip": t(record.meaning) if found is not None else f"{t(record.meaning)} {reason}",
    }


def overdue_status(overdue: int, *, promised: int) -> Block:
    """Whether anything is open past its instant; where nothing was promised, that is said instead."""
    if not promised:
        return board.status("none", t("Nothing promised"))
    if overdue:
        return board.status("off", t("{n} overdue", n=words.number(overdue)))
    return board.status("good", t("None overdue"))


def today_tiles(
    now: Row, before: Row, owed: Row | None, *, hours: Hours, shown: Shown, shown_before: Shown
) -> list[Block]:
    """The tiles of the day so far, each count against yesterday at the same time of day; each leads to its tickets.

    owed: None where who owes an answer is known of some agents only, and so would be no figure of the day.
    """
    beside = (now, before, shown, shown_before)
    standing = replace(shown, window_start=None, window_end=None)
    sla = attainment_tile(now, shown)
    return [
        {**sla, "label": t("Promises due today, kept (SLA)"), "more": [*sla["more"], *_due_later(now, shown)]},
        _change_tile("created_tickets", t("Created"), *beside),
        _change_tile("resolved_tickets", t("Solved"), *beside,
                     tip=t("Tickets that were solved today and still are: a ticket counts once, not every click.")),
        _reply_tile(now, hours, shown),
        _change_tile("backlog_tickets", t("Backlog"), *beside,
                     tip=t("Tickets that are created and not solved. Deleted ones do not count.")),
        *([_owed_tile(owed, standing)] if owed else []),
        _change_tile("reopened_tickets", t("Solved, then opened again"), *beside,
                     tip=t("Tickets that had been solved, today or earlier, and were opened again today.")),
        _change_tile("escalated_tickets", t("Escalated"), *beside, tip=t(metrics.column("escalated_tickets").meaning)),
    ]  # fmt: skip


def _owed_tile(owed: Row, standing: Shown) -> Block:
    """Who waits for a word of ours, and for how long."""
    oldest = owed["oldest_wait_seconds"]
    waits = t("oldest for {time}", time=words.long_time(oldest)) if oldest is not None else ""
    return board.count_tile(
        "owed_tickets",
        t("We owe an answer"),
        owed["owed_tickets"],
        here=standing.behind("owed_tickets"),
        more=[standing.cell(waits, 1, "longest_owed_wait_seconds")]
        if waits
        else t("nobody waits for a word of ours"),
        tip=t("Unsolved tickets in which the requester wrote last."),
    )


def _due_later(now: Row, shown: Shown) -> list[Block | str]:
    """The promises that fall due later today, and those of them within the hour."""
    risk, running = now["at_risk_targets_tickets"], now["running_targets_tickets"]
    return [
        shown.cell(t("{n} more fall due today", n=words.number(running)), running, "running_targets_tickets"),
        shown.cell(t("{n} of them within the hour", n=words.number(risk)), risk, "at_risk_targets_tickets"),
    ]


def _reply_tile(now: Row, hours: Hours, shown: Shown) -> Block:
    """First replies of the day, how many of its new tickets have one, and after how long."""
    metric_name = f"average_first_reply{'' if hours == 'calendar' else '_business'}_seconds"
    replied, created, average = now["first_replied_tickets"], now["created_tickets"], now[metric_name]
    have_one = t("{n} of {all} new ones have one", n=words.number(replied), all=words.number(created))
    more = [shown.cell(have_one, created, "first_replied_ratio")]
    if average is not None:
        after = t("after {time} on average", time=words.long_time(average, in_days=hours == "calendar"))
        more.append(shown.cell(after, 1, metric_name))
    return board.count_tile(
        "replied_tickets", t("First replies"), now["replied_tickets"], more=more,
        here=shown.behind("replied_tickets"), tip=t(metrics.metric(metric_name).meaning),
    )  # fmt: skip


def _change_tile(
    name: str, label: str, now: Row, before: Row, shown: Shown, shown_before: Shown, *, tip: str = ""
) -> Block:
    """The tile of a count with its change on the day before at this time; both lead to their tickets."""
    change = now[name] - before[name]
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    then = shown_before.cell(t("yesterday by now: {n}", n=words.number(before[name])), before[name], name)
    tile = board.count_tile(
        name,
        label,
        now[name],
        unit=f"{sign}{words.number(abs(change))}",
        more=[then],
        here=shown.behind(name),
    )
    return {**tile, "tip": tip} if tip else tile


def owed_row(answers: pl.DataFrame, *, as_of: datetime) -> Row:
    """Who owes, all rows together: owed, pending and all tickets, and how long the oldest has waited at the instant."""
    sums = answers.select(
        pl.col("backlog_tickets", "owed_tickets", "requester_owes_tickets", "owed_wait_seconds").sum()
    )
    row = metrics.with_metrics(sums, "average_owed_wait_seconds").row(0, named=True)
    oldest = answers.select((pl.lit(as_of) - pl.col("oldest_owed_at").min()).dt.total_seconds()).item()
    return {**row, "oldest_wait_seconds": oldest}


def backlog_tiles(backlog: pl.DataFrame, *, shown: Shown, zone_name: str) -> list[Block]:
    """The backlog in one line: how many, how old on average, the oldest, and how many were never looked at."""
    since = backlog.select(
        (pl.lit(shown.as_of) - pl.col("oldest_created_at").min()).dt.total_seconds()
    ).item()
    when = words.instant(shown.as_of, zone_name)
    sums = backlog.select(pl.col("backlog_tickets", "backlog_age_seconds").sum())
    row = metrics.with_metrics(sums, "average_backlog_age_seconds").row(0, named=True)
    n = row["backlog_tickets"]
    counts = {name: _sum(backlog, "status_name", name) for name in STATUSES}
    shapes = ("diamond", "circle", "triangle", "bars", "half")
    strip = [
        {"tone": "none", "shape": shape, "word": f"{words.number(counts[name])} {status_word(name).lower()}",
         "here": shown.behind("backlog_tickets", status_name=name)}
        for name, shape in zip(STATUSES, shapes, strict=True)
        if counts[name]
    ]  # fmt: skip
    total = board.count_tile(
        "backlog_tickets", t("Backlog"), n, more=t("on {instant}", instant=when), strip=strip,
        here=shown.behind("backlog_tickets"),
    )  # fmt: skip
    age, age_unit = words.long_time_parts(since)
    waiting = counts["pending"] + counts["on_hold"]
    return [
        {**total, "units": 2, "tip": t("Tickets that are created and not solved. Deleted ones do not count.")},
        metric_tile("average_backlog_age_seconds", row, basis=t_count("average of {n} ticket", "average of {n} tickets", n),
                    reason=t("Unknown: the backlog is empty."), shown=shown),
        {"key": "oldest", "units": 1, "label": t("Oldest"), "value": age, "unit": age_unit,
         "here": shown.behind("longest_backlog_age_seconds"),
         "more": t("since its creation") if since is not None else t("the backlog is empty")},
        board.count_tile("ours", t("With us"), n - waiting, more=t("new, open, or in need of rework"),
                         here=shown.behind("with_us_tickets")),
        board.count_tile("theirs", t("Waiting for others"), waiting, more=t("pending or on hold"),
                         here=shown.behind("with_others_tickets")),
    ]  # fmt: skip


def _sum(frame: pl.DataFrame, name: str, value: str) -> int:
    return int(frame.filter(pl.col(name) == value).get_column("backlog_tickets").sum())


def age_table(backlog: pl.DataFrame, *, by: Literal["priority_name", "status_name"], shown: Shown) -> Block:
    """The backlog by band of age (oldest first) and priority or status; each count weighed, and led to its tickets."""
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
        weighed = [
            _weighed(count, most, shown.behind("backlog_tickets", age_name=age, **{by: name}))
            for name, count in zip(across, counts, strict=True)
        ]
        whole = shown.cell(words.number(total), total, "backlog_tickets", age_name=age)
        rows.append({"key": age, "cells": [age_word(age), *weighed, whole, share]})
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


def _weighed(count: int, most: int, address: str) -> Block:
    """A count with its share of the largest one; it leads to its tickets where there are any."""
    return board.amount(
        words.number(count), count / most if count else None, address=address if count else None
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


def backlog_group_table(groups: pl.DataFrame, *, shown: Shown) -> Block:
    """The backlog by group, the largest first; each figure leads to its tickets."""
    most = int(groups.get_column("backlog_tickets").max() or 0)  # type: ignore[arg-type]
    rows = []
    for row in groups.iter_rows(named=True):
        n, of = row["backlog_tickets"], {"group_name": row["group_name"]}
        urgent, old = row["urgent_tickets"], row["week_old_tickets"]
        of_urgent = {**of, "priority_name": "urgent"}
        oldest = words.long_time((shown.as_of - row["oldest_created_at"]).total_seconds())
        average = words.long_time(row["average_backlog_age_seconds"])
        rows.append(
            {
                "key": row["group_name"] or "-",
                "cells": [
                    group_word(row["group_name"]),
                    _weighed(n, most, shown.behind("backlog_tickets", **of)),
                    shown.cell(words.number(urgent), urgent, "backlog_tickets", **of_urgent),
                    shown.cell(words.number(old), old, "week_old_tickets", **of),
                    shown.cell(average, n, "average_backlog_age_seconds", **of),
                    shown.cell(oldest, n, "longest_backlog_age_seconds", **of),
                ],
            }
        )
    columns: Sequence[Block] = [
        column(t("Group")),
        column(t("Backlog"), "end"),
        column(t("of them urgent"), "end"),
        column(t("a week old or more"), "end"),
        column(t("Average age"), "end"),
        column(t("Oldest"), "end", wide=True),
    ]
    return board.table(
        t("Backlog by group"), columns, rows, nothing=t("The backlog is empty."), title=t("By group")
    )
