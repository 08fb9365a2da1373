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
from dashboard.tickets.ticket_shown_view import Shown
from dashboard.tickets.ticket_view import Hours, group_word, metric_tile
from dashboard.words import t, t_count
from sql import metrics

MEASURED: Mapping[str, tuple[str, str]] = {
    "first_reply": ("first_replied_tickets", "first_replied_in_business_tickets"),
    "first_resolution": ("first_resolved_tickets", "first_resolved_in_business_tickets"),
    "full_resolution": ("resolved_tickets", "resolved_in_business_tickets"),
    "requester_wait": ("waited_tickets", "waited_in_business_tickets"),
}
"""The measured times, and the tickets of each in calendar and in business hours."""


def trend_tiles(totals: Row, *, hours: Hours, shown: Shown) -> list[Block]:
    """The tiles of a window: the flow, the times in the chosen hours, what came back, touches, and satisfaction."""
    kind, in_hours = ("", "") if hours == "calendar" else ("_business", "_in_business")
    resolved, created = totals["resolved_tickets"], totals["created_tickets"]
    no_hours = t("Unknown: no such ticket, or none with a timetable of business hours.")
    nobody = t("Unknown: no ticket was solved.")
    replied, escalated = totals["first_replied_tickets"], totals["escalated_tickets"]
    answered = t("{n} of {all} have a reply", n=words.number(replied), all=words.number(created))
    rated = t("{share} of the solved rated", share=words.ratio(_share(totals["csat_tickets"], resolved)))
    two = t("with two: {share}", share=words.ratio(totals["two_touch_ratio"]))

    def took(name: str, n: int) -> Block:
        return metric_tile(f"average_{name}{kind}_seconds", totals, is_business=hours == "business", reason=no_hours,
                           basis=t_count("average of {n} ticket", "average of {n} tickets", n), shown=shown)  # fmt: skip

    def share(name: str, reason: str, *more: Block | str) -> Block:
        return metric_tile(name, totals, reason=reason, basis=[_of(totals, name, shown), *more], shown=shown)

    return [
        board.count_tile("created_tickets", t("Created"), created, here=shown.behind("created_tickets"),
                         more=[shown.cell(answered, created, "first_replied_ratio")]),
        board.count_tile(
            "resolved_tickets", t("Solved"), resolved, more=t("and still solved at the end"),
            here=shown.behind("resolved_tickets"),
            tip=t("Distinct tickets that are solved at the end of this time, with their last solving in it."),
        ),
        took("first_reply", totals[f"first_replied{in_hours}_tickets"]),
        took("full_resolution", totals[f"resolved{in_hours}_tickets"]),
        share("reopened_in_7_days_ratio", nobody, t("provisional for the last 7 days")),
        share("sla_attainment_ratio", t("Unknown: no promise was met or fell due.")),
        share("one_touch_ratio", nobody, shown.cell(two, resolved, "two_touch_ratio")),
        share("ticket_csat_ratio", t("Unknown: no solved ticket was rated."),
              shown.cell(rated, totals["csat_tickets"], "csat_tickets")),
        {**share("escalated_ratio", t("Unknown: no ticket was created.")),
         "more": [_of(totals, "escalated_ratio", shown),
                  shown.cell(t("{n} escalated in this time", n=words.number(escalated)), escalated, "escalated_tickets")]},
    ]  # fmt: skip


def _of(row: Row, metric_name: str, shown: Shown) -> Block | str:
    """Both parts of a share by number, which lead to its tickets: "31 of 40"."""
    part, n = metrics.metric(metric_name).counts(row)
    return shown.cell(t("{part} of {n}", part=words.number(part), n=words.number(n)), n, metric_name)


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


def time_table(times: pl.DataFrame, *, hours: Hours, shown: Shown) -> Block:
    """How long replies and resolutions took in the chosen hours: n, average, the middle one, nine of ten."""
    found = {row["measure_name"]: row for row in times.iter_rows(named=True) if row["hours_name"] == hours}
    in_days = hours == "calendar"
    rows = []
    for name in MEASURED:
        row = found.get(name)
        seconds = ("average_measured_seconds", "median_seconds", "ninth_decile_seconds")
        average, median, ninth_decile = [
            words.long_time(row[one], in_days=in_days) if row else words.UNKNOWN for one in seconds
        ]
        n = row["measured_tickets"] if row else 0
        summed = f"{name}{'' if in_days else '_business'}_seconds"
        rows.append(
            {
                "key": name,
                "cells": [
                    measure_word(name),
                    shown.cell(average, n, f"average_{summed}"),
                    shown.cell(median, n, f"median_{summed}", order="amount"),
                    shown.cell(ninth_decile, n, f"ninth_decile_{summed}", order="amount"),
                    shown.cell(words.number(n), n, MEASURED[name][not in_days]),
                ],
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


def group_table(groups: pl.DataFrame, *, hours: Hours, shown: Shown) -> Block:
    """A window by group, each ratio with its n, each figure with the way to its tickets."""
    kind = "" if hours == "calendar" else "_business"
    most = max(groups.get_column("created_tickets").max() or 0, 1)
    rows = []
    for row in groups.sort(pl.col("group_name") == "", "group_name").iter_rows(named=True):
        created, of = row["created_tickets"], {"group_name": row["group_name"]}
        rows.append(
            {
                "key": row["group_name"] or "-",
                "cells": [
                    group_word(row["group_name"]),
                    board.amount(
                        words.number(created),
                        created / most if created else None,
                        address=shown.behind("created_tickets", **of) if created else None,
                    ),
                    *(_count(row, name, shown, **of) for name in ("resolved_tickets", "backlog_tickets")),
                    _count(row, "escalated_tickets", shown, **of),
                    *(
                        _average(row, f"average_{name}{kind}_seconds", shown, **of)
                        for name in ("first_reply", "full_resolution")
                    ),
                    _with_n(row, "reopened_in_7_days_ratio", shown, **of),
                    _with_n(row, "sla_attainment_ratio", shown, **of),
                    _with_n(row, "ticket_csat_ratio", shown, **of),
                ],
            }
        )
    columns = [
        column(t("Group")),
        column(t("Created"), "end"),
        column(t("Solved"), "end"),
        column(t("Backlog"), "end"),
        column(t("Escalated"), "end", wide=True),
        column(t("First reply"), "end", wide=True),
        column(t("Full resolution"), "end", wide=True),
        column(t("Opened again (n)"), "end", wide=True),
        column(t("Promises kept (n)"), "end"),
        column(t("CSAT (n)"), "end", wide=True),
    ]
    lead = t(
        "Opened again: of the solved ones, within 7 days. Escalated: to another group, or raised in priority."
    )
    return board.table(
        t("Tickets by group"), columns, rows, nothing=t("No ticket."), title=t("By group"), lead=lead
    )


def _count(row: Row, name: str, shown: Shown, **of: object) -> Block | str:
    return shown.cell(words.number(row[name]), row[name], name, **of)


def _average(row: Row, metric_name: str, shown: Shown, **of: object) -> Block | str:
    in_days = "_business_" not in metric_name
    text = words.long_time(row[metric_name], in_days=in_days)
    return shown.cell(text, metrics.metric(metric_name).counts(row)[1], metric_name, **of)


def _with_n(row: Row, metric_name: str, shown: Shown, **of: object) -> Block | str:
    _, n = metrics.metric(metric_name).counts(row)
    text = f"{words.ratio(row[metric_name])} ({words.number(n)})" if n else words.UNKNOWN
    return shown.cell(text, n, metric_name, **of)


def day_table(days: pl.DataFrame, *, shown: Shown, zone_name: str) -> Block:
    """The days, the newest first, in figures; each figure leads to the tickets of its day."""
    most = max(days.get_column("backlog_tickets").max() or 0, 1)
    rows = []
    for row in days.sort("day_date", descending=True).iter_rows(named=True):
        backlog, day_date = row["backlog_tickets"], row["day_date"]
        of = shown.within(*(words.day_start(words.shifted_day(day_date, n), zone_name) for n in (0, 1)))
        rows.append(
            {
                "key": day_date.isoformat(),
                "cells": [
                    words.day(day_date),
                    *(_count(row, f"{name}_tickets", of) for name in ("created", "resolved", "reopened")),
                    board.amount(
                        words.number(backlog),
                        backlog / most if backlog else None,
                        address=of.behind("backlog_tickets") if backlog else None,
                    ),
                    _average(row, "average_first_reply_seconds", of),
                    _average(row, "average_first_reply_business_seconds", of),
                    _with_n(row, "reopened_in_7_days_ratio", of),
                ],
            }
        )
    columns = [
        column(t("Day")),
        column(t("Created"), "end"),
        column(t("Solved"), "end"),
        column(t("Opened again"), "end", wide=True),
        column(t("Backlog at its end"), "end"),
        column(t("First reply"), "end", wide=True),
        column(t("in business hours"), "end", wide=True),
        column(t("of the solved, in 7 days (n)"), "end", wide=True),
    ]
    lead = t(
        "Newest first. Opened again: on that day, whenever solved; in the last column, of those solved on that day."
    )
    return board.table(t("Tickets by day"), columns, rows, nothing=t("No day."), title=t("By day"), lead=lead)


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
