"""The page Reports as blocks: what comes by itself, what was made, and one report with its headline.

In: frames of the questions. Out: blocks for `board.show`.
The rule it guards: a report that could not be made, or sent, says why, and what is waiting says for what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, column
from dashboard.words import t

Row = Mapping[str, Any]
KEY = "report"


def kind_words() -> dict[str, str]:
    """What each kind of report is called."""
    return {"daily": t("Daily"), "weekly": t("Weekly"), "monthly": t("Monthly")}


def days_word(first: date, last: date) -> str:
    """The days of a report: one day, or from the first to the last."""
    return words.day(first) if first == last else words.days(first, last)


def when_word(row: Row) -> str:
    """When a schedule makes its report, on the site's clocks."""
    hour, rest = divmod(int(row["due_seconds"]), 3600)
    at = f"{hour:02d}:{rest // 60:02d}"
    told = {
        "daily": t("every day at {time}, for the day before", time=at),
        "weekly": t("Mondays at {time}, for the week before", time=at),
        "monthly": t("on the first of the month at {time}, for the month before", time=at),
    }
    return told[str(row["kind_name"])]


def schedule_table(schedules: pl.DataFrame, views: Mapping[str, str]) -> Block:
    """What comes by itself; views: what each address narrows, in words."""
    rows = []
    for row in schedules.iter_rows(named=True):
        is_ended = row["ended_at"] is not None
        rows.append(
            {
                "key": str(row["schedule_id"]),
                "tone": "none",
                "cells": [
                    words.name(row["schedule_name"]),
                    when_word(row),
                    views.get(row["address_text"], row["address_text"]),
                    row["recipients_text"] or t("only in the list below"),
                    words.day(row["newest_last_date"]) if row["newest_last_date"] else t("none yet"),
                    board.status("none", t("ended")) if is_ended else board.status("good", t("active")),
                ],
            }
        )
    return board.table(
        t("Reports that come by themselves"),
        [
            column(t("Report")),
            column(t("Made")),
            column(t("Covers"), "text", wide=True),
            column(t("Goes to"), "text"),
            column(t("Newest until"), wide=True),
            column(t("State")),
        ],
        rows,
        nothing=t(
            "None yet. Set one up above: it is made each day, week or month and can be sent by e-mail."
        ),
        title=t("Scheduled"),
        lead=t(
            "On the clocks of the site. What was missed while nothing ran is made as soon as it runs again."
        ),
    )


def state_of(row: Row) -> Block:
    """How a report stands, in a mark and a word."""
    state = row["state_name"]
    if state == "failed":
        return board.status("off", t("could not be made"))
    if state != "made":
        return board.status("none", t("is being made") if state == "making" else t("waits for the loader"))
    if not row["recipients_text"]:
        return board.status("good", t("made"))
    if row["sent_at"] is not None:
        return board.status("good", t("sent"))
    return (
        board.status("near", t("made, not sent"))
        if row["send_error_text"]
        else board.status("none", t("waits to be sent"))
    )


def report_table(reports: pl.DataFrame, *, zone_name: str) -> Block:
    """The newest reports; a name leads to the report itself."""
    rows = [
        {
            "key": str(row["report_id"]),
            "tone": "off" if row["state_name"] == "failed" else "none",
            "cells": [
                board.inside(words.name(row["report_name"]), **{KEY: str(row["report_id"])}),
                days_word(row["first_date"], row["last_date"]),
                row["headline_text"] or row["error_text"] or words.UNKNOWN,
                words.moment(row["made_at"] or row["asked_at"], zone_name),
                state_of(row),
            ],
        }
        for row in reports.iter_rows(named=True)
    ]
    return board.table(
        t("Reports"),
        [
            column(t("Report")),
            column(t("Days")),
            column(t("What it says"), "text"),
            column(t("Made"), wide=True),
            column(t("State")),
        ],
        rows,
        nothing=t("None yet. Make one now, above: it stands here after a few seconds."),
        title=t("Made so far"),
        lead=t("The newest 100. Each stays as it was made, whatever was loaded since."),
    )


def heading(row: Row) -> Block:
    """The head of one report: what it is and what it says."""
    return {
        "kind": "section",
        "title": f"{words.name(row['report_name'])} · {days_word(row['first_date'], row['last_date'])}",
        "lead": row["headline_text"] or "",
    }


def trouble(row: Row, *, is_silent: bool) -> Block | None:
    """Why a report does not stand here, or did not go out; None where all is well."""
    if row["state_name"] == "failed":
        return board.notice("off", t("This report could not be made."), str(row["error_text"]))
    if row["state_name"] != "made":
        if is_silent:
            body = t("The loader makes reports, and it gives no sign of life.")
            return board.notice(
                "near", t("This report waits."), body, steps=[t("Start it with `floorboard up`.")]
            )
        return board.notice(
            "none", t("This report is being made."), t("It takes a few seconds; this page shows it then.")
        )
    if row["send_error_text"] and row["sent_at"] is None:
        return board.notice("near", t("This report was made, but not sent."), str(row["send_error_text"]))
    return None


def file_name(row: Row) -> str:
    """What the file of a report is called."""
    return f"{row['kind_name']}-report-{row['first_date']}.html"
