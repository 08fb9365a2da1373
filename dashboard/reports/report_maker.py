"""Makes a report from first to last: asks the figures, finds the words, draws the pictures, writes the file.

In: a connection, what was asked for, the present instant. Out: the report as one file of HTML with its headline.
The rule it guards: a report is made in one way only, whoever asks for it: a schedule, a person at a page, a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from dashboard import board, pictures, words
from dashboard.reports import report_charts, report_page, report_story
from dashboard.reports.report_figures import Asked, Figures, ReportError, figures
from sql import metrics, warehouse

PICTURE_WIDTH = 910
"""The width of a page's text, so that letters in a picture are as large as those beside it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A report that stands: its headline, the HTML, and the version of its definitions."""

    headline: str
    html: str
    definition_version: int


def make(connection: Connection, asked: Asked, *, now: datetime) -> Made:
    """The report, as of `now`. ReportError, PictureError, WarehouseError."""
    found = figures(connection, asked, now=now)
    story = report_story.story(found)
    drawn = drawings(found) if found.together["offered_calls"] else {}
    return Made(story.headline, report_page.html(story, drawn), metrics.definition_version())


def make_asked(connection: Connection, report_id: int, *, now: datetime) -> None:
    """Makes the report of that number and keeps it in its row. ReportError where there is none to be made."""
    rows = warehouse.frame(connection, "requests/report_asked", report_id=report_id).to_dicts()
    if not rows:
        raise ReportError(
            f"There is no report {report_id} to be made; it was made meanwhile, or never asked for."
        )
    row = rows[0]
    asked = Asked(
        row["kind_name"],
        row["first_date"],
        row["last_date"],
        row["address_text"],
        row["report_name"],
        is_work_told=row["is_work_told"],
        fewest_agents=row["fewest_agents"],
    )
    made = make(connection, asked, now=now)
    warehouse.execute(
        connection,
        "requests/report_made",
        report_id=report_id,
        made_at=now,
        definition_number=made.definition_version,
        headline_text=made.headline,
        content_text=made.html,
    )


def drawings(found: Figures) -> Mapping[str, str]:
    """The pictures of a report as SVG text, by their name."""
    return {"flow": pictures.chart_svg(report_charts.flow(flow_frame(found)), width=PICTURE_WIDTH)}


def flow_frame(found: Figures) -> pl.DataFrame:
    """One row per day, or per quarter of an hour of a single day from its first contact to its last."""
    if found.asked.kind_name == "daily":
        frame = _busy(found.intervals)
        labels = words.interval_labels(frame.get_column("interval_start_at").to_list(), found.zone_name)
    else:
        frame = found.days
        labels = [words.short_day(day) for day in frame.get_column("day_date").to_list()]
    rows = list(frame.iter_rows(named=True))
    levels = [row["service_level_ratio"] for row in rows]
    targets = [row["service_level_target_ratio"] for row in rows]
    tones = [
        None if level is None or target is None else board.against_target(level, target)["tone"]
        for level, target in zip(levels, targets, strict=True)
    ]
    return pl.DataFrame(
        {
            "label_text": labels,
            "offered_calls": frame.get_column("offered_calls"),
            "service_level_ratio": levels,
            "target_ratio": targets if found.together["service_level_formula_name"] else [None] * len(rows),
            "tone_name": tones,
        },
        schema_overrides={
            "service_level_ratio": pl.Float64,
            "target_ratio": pl.Float64,
            "tone_name": pl.String,
        },
    )


def _busy(intervals: pl.DataFrame) -> pl.DataFrame:
    """The intervals from the first with a contact to the last."""
    counted = intervals.with_row_index("place_number")
    busy = counted.filter(pl.col("offered_calls") > 0).get_column("place_number")
    if busy.is_empty():
        return intervals
    first, last = busy[0], busy[-1]
    return intervals.slice(first, last - first + 1)
