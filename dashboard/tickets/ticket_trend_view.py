"""How the weeks went with tickets: what came in and was solved, how long it took, what came back, and the backlog by day.

In: the frames of the questions about tickets for some weeks. Out: blocks for `board.show`, and the charts' data.
The rule it guards: ratios are made from sums, never averaged; medians come from the tickets themselves; the kind of hours
is always said.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_view import Hours, group_word, metric_tile
from dashboard.words import t, t_count
from sql import metrics

MEASURES = ("first_reply", "first_resolution", "full_resolution", "requester_wait")


def trend_tiles(totals: Row, *, hours: Hours) -> list[Block]:
    """The tiles of a window: the flow, the times in the chosen hours, what came back, touches, and satisfaction."""
    kind, in_hours = ("", "") if hours == "calendar" else ("_business", "_in_business")
    resolved, created = totals["resolved_tickets"], totals["created_tickets"]
    replied = totals[f"first_replied{in_hours}_tickets"]
    solved_in_hours = totals[f"resolved{in_hours}_tickets"]
    unreplied = created - totals["first_replied_tickets"]
    no_hours = t("Unknown: no such ticket, or none with a timetable of business hours.")
    is_business = hours == "business"
    nobody = t("Unknown: no ticket was solved.")
    rated = t("{share} of the solved rated", share=words.ratio(_share(totals["csat_tickets"], resolved)))
    return [
        board.count_tile(
            "created_tickets", t("Created"), created,
            more=t("{n} of them without a reply so far", n=words.number(unreplied)),
        ),
        board.count_tile(
            "resolved_tickets", t("Solved"), resolved,
            more=t("and still solved at the end"),
            tip=t("Distinct tickets that are solved at the end of this time, with their last solving in it."),
        ),
        metric_tile(f"average_first_reply{kind}_seconds", totals, is_business=is_business, reason=no_hours,
                    basis=t_count("average of {n} ticket", "average of {n} tickets", replied)),
        metric_tile(f"average_full_resolution{kind}_seconds", totals, is_business=is_business, reason=no_hours,
                    basis=t_count("average of {n} ticket", "average of {n} tickets", solved_in_hours)),
        metric_tile("reopened_in_7_days_ratio", totals, reason=nobody,
                    basis=_of(totals, "reopened_in_7_days_ratio", t("provisional for the last 7 days"))),
        metric_tile("sla_attainment_ratio", totals, reason=t("Unknown: no promise was met or fell due."),
                    basis=_of(totals, "sla_attainment_ratio")),
        metric_tile("one_touch_ratio", totals, reason=nobody, basis=_touches(totals)),
        metric_tile("ticket_csat_ratio", totals, reason=t("Unknown: no solved ticket was rated."),
                    basis=_of(totals, "ticket_csat_ratio", rated)),
    ]  # fmt: skip


def _of(row: Row, metric_name: str, *more: str) -> str:
    part, n = metrics.metric(metric_name).counts(row)
    return " · ".join([t("{part} of {n}", part=words.number(part), n=words.number(n)), *more])


def _touches(row: Row) -> str:
    two = t("with two: {share}", share=words.ratio(row["two_touch_ratio"]))
    return f"{_of(row, 'one_touch_ratio')} · {two}"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def measure_word(measure_name: str) -> str:
    """The reader's word for a measured time."""
    known = {
        "first_reply": t("First reply"),
        "first_resolution": t("First resolution"),
        "full_resolution": t("Full resolution"),
        "requester_wait": t("Requester wait"),
    }
    return known.get(measure_name, measure_name)


def time_table(times: pl.DataFrame, *, hours: Hours) -> Block:
    """How long replies and resolutions took in the chosen hours: n, average, the middle one, nine of ten."""
    found = {row["measure_name"]: row for row in times.iter_rows(named=True) if row["hours_name"] == hours}
    in_days = hours == "calendar"
    rows = []
    for name in MEASURES:
        row = found.get(name)
        seconds = ("average_measured_seconds", "median_seconds", "ninth_decile_seconds")
        told = [words.long_time(row[one], in_days=in_days) if row else words.UNKNOWN for one in seconds]
        rows.append(
            {
                "key": name,
                "cells": [measure_word(name), *told, words.number(row["measured_tickets"] if row else 0)],
            }
        )
    columns = [
        column(t("Time")),
        column(t("Average"), "end"),
        column(t("Median"), "end"),
        column(t("9 of 10 within"), "end"),
        column(t("n"), "end"),
    ]
    lead = (
        t("In calendar hours.")
        if in_days
        else t("In business hours; tickets without a timetable do not count.")
    )
    return board.table(
        t("How long it takes"), columns, rows, nothing="", title=t("How long it takes"), lead=lead
    )


def group_table(groups: pl.DataFrame, *, hours: Hours) -> Block:
    """A window by group, each ratio with its n."""
    kind = "" if hours == "calendar" else "_business"
    most = max(groups.get_column("created_tickets").max() or 0, 1)
    rows = []
    for row in groups.sort(pl.col("group_name") == "", "group_name").iter_rows(named=True):
        created = row["created_tickets"]
        rows.append(
            {
                "key": row["group_name"] or "-",
                "cells": [
                    group_word(row["group_name"]),
                    board.amount(words.number(created), created / most if created else None),
                    words.number(row["resolved_tickets"]),
                    words.number(row["backlog_tickets"]),
                    words.long_time(row[f"average_first_reply{kind}_seconds"], in_days=not kind),
                    words.long_time(row[f"average_full_resolution{kind}_seconds"], in_days=not kind),
                    _with_n(row, "reopened_in_7_days_ratio"),
                    _with_n(row, "sla_attainment_ratio"),
                    _with_n(row, "ticket_csat_ratio"),
                ],
            }
        )
    columns = [
        column(t("Group")),
        column(t("Created"), "end"),
        column(t("Solved"), "end"),
        column(t("Backlog"), "end"),
        column(t("First reply"), "end", wide=True),
        column(t("Full resolution"), "end", wide=True),
        column(t("Reopened"), "end", wide=True),
        column(t("Promises kept"), "end"),
        column(t("CSAT"), "end", wide=True),
    ]
    return board.table(t("Tickets by group"), columns, rows, nothing=t("No ticket."), title=t("By group"))


def _with_n(row: Row, metric_name: str) -> str:
    _, n = metrics.metric(metric_name).counts(row)
    return f"{words.ratio(row[metric_name])} ({words.number(n)})" if n else words.UNKNOWN


def day_table(days: pl.DataFrame) -> Block:
    """The days, the newest first, in figures."""
    most = max(days.get_column("backlog_tickets").max() or 0, 1)
    rows = []
    for row in days.sort("day_date", descending=True).iter_rows(named=True):
        backlog = row["backlog_tickets"]
        rows.append(
            {
                "key": row["day_date"].isoformat(),
                "cells": [
                    words.day(row["day_date"]),
                    words.number(row["created_tickets"]),
                    words.number(row["resolved_tickets"]),
                    words.number(row["reopened_tickets"]),
                    board.amount(words.number(backlog), backlog / most if backlog else None),
                    words.long_time(row["average_first_reply_seconds"]),
                    words.long_time(row["average_first_reply_business_seconds"], in_days=False),
                    _with_n(row, "reopened_in_7_days_ratio"),
                ],
            }
        )
    columns = [
        column(t("Day")),
        column(t("Created"), "end"),
        column(t("Solved"), "end"),
        column(t("Reopened"), "end", wide=True),
        column(t("Backlog at its end"), "end"),
        column(t("First reply"), "end", wide=True),
        column(t("in business hours"), "end", wide=True),
        column(t("Back in 7 days (n)"), "end", wide=True),
    ]
    return board.table(
        t("Tickets by day"), columns, rows, nothing=t("No day."), title=t("By day"), lead=t("Newest first.")
    )


def flow_heading() -> Block:
    """The title over the chart of what came in and was solved, with its legend."""
    return {
        "kind": "section",
        "title": t("In and out"),
        "lead": t("Tickets created above the line, solved below it; the last day may still be running."),
        "legend": [],
    }


def flow_words(days: pl.DataFrame) -> str:
    """What the bars of the flow are, with the sum of each, for whoever has the picture without the page."""
    created, solved = (int(days.get_column(f"{name}_tickets").sum() or 0) for name in ("created", "resolved"))
    return t(
        "Above the line: created, {created} in all. Below it: solved, {solved}.",
        created=words.number(created),
        solved=words.number(solved),
    )


def backlog_heading() -> Block:
    """The title over the chart of the backlog."""
    return {
        "kind": "section",
        "title": t("Backlog"),
        "lead": t("Unsolved tickets at the end of each day."),
        "legend": [],
    }


def chart_frame(days: pl.DataFrame) -> pl.DataFrame:
    """What the charts of the days draw: one row per day with its texts; solved counts downwards."""
    rows = list(days.iter_rows(named=True))
    return pl.DataFrame(
        {
            "label_text": [words.short_day(row["day_date"]) for row in rows],
            "created_tickets": days.get_column("created_tickets"),
            "solved_below_tickets": -days.get_column("resolved_tickets"),
            "backlog_tickets": days.get_column("backlog_tickets"),
            "day_text": [words.day(row["day_date"]) for row in rows],
            "created_text": [words.number(row["created_tickets"]) for row in rows],
            "solved_text": [words.number(row["resolved_tickets"]) for row in rows],
            "backlog_text": [words.number(row["backlog_tickets"]) for row in rows],
        },
        schema_overrides=dict.fromkeys(("label_text", "day_text", "created_text"), pl.String),
    )


def chart_texts() -> Mapping[str, str]:
    """The words on the charts of the days."""
    return {"day": t("Day"), "created": t("Created"), "solved": t("Solved"), "backlog": t("Backlog")}
