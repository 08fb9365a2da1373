"""The sections of the page Quality that are looked at: scores, and agreement of reviewers.

In: the moment of the page and the reader's choices. Out: tiles, a chart, tables and files on the page.
The rule it guards: own and imported reviews stand beside each other and count alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

import polars as pl
import streamlit as st

from dashboard import board, ui, words
from dashboard.filters import Filters
from dashboard.quality import calibration_view, quality_view
from dashboard.voice import voice_charts

PERIOD_NAME = "90_days"
COUNTED = ("review_count", "failed_review_count")


class Chosen(NamedTuple):
    """The section and what is looked at in it."""

    view: str
    filters: Filters
    by: str = "agent"


def last_week(at: ui.Moment) -> date:
    """The Monday of the last week that is over."""
    return words.shifted_day(at.today, -at.today.weekday() - 7)


def scores(at: ui.Moment, chosen: Chosen) -> None:
    """The average score with n, how it went, by agent or team, by question, and the reviews themselves."""
    filters = chosen.filters
    asked: dict[str, Any] = {
        **filters.window(at.zone_name),
        **filters.narrowed("queue_id", "team_id", "site_name", "agent_id"),
    }
    row = at.calm("quality_totals", **asked).row(0, named=True)
    sample = at.calm("review_sample", week_date=last_week(at))
    notes = at.calm("coaching_notes", today_date=at.today, **filters.narrowed("agent_id", "team_id"))
    board.show({"kind": "tiles", "tiles": quality_view.tiles(row, sample, notes, filters)}, key="tiles")
    wanted = {"of_name": of_name} if (of_name := st.query_params.get("of")) in COUNTED else {}
    reviews = at.calm("quality_reviews", **asked, **wanted)
    if reviews.is_empty() and not wanted:
        board.show(quality_view.nobody(), key="nobody")
        return
    if wanted:
        board.show(quality_view.review_table(reviews, zone_name=at.zone_name), key="reviews")
    _weeks(at, asked)
    groups = at.calm("quality_groups", **asked, by_name=chosen.by)
    board.show(quality_view.group_table(groups, chosen.by, filters), key="groups")
    ui.download(groups, file_name=f"quality-by-{chosen.by}.csv", zone_name=at.zone_name)
    questions = at.calm("quality_questions", **asked)
    board.show(quality_view.question_table(questions), key="questions")
    if not wanted:
        board.show(quality_view.review_table(reviews, zone_name=at.zone_name), key="reviews")
    ui.download(reviews, file_name="reviews.csv", zone_name=at.zone_name)


def _weeks(at: ui.Moment, asked: Mapping[str, Any]) -> None:
    weeks = at.calm("quality_weeks", **asked)
    drawn = quality_view.week_frame(weeks)
    if drawn.height < 2:
        return
    board.show(quality_view.week_heading(), key="weeks-heading")
    picture = voice_charts.trend(
        drawn, quality_view.week_texts(), scale=(0.0, 100.0), theme_name=ui.theme_name()
    )
    ui.chart(picture, key="weeks", name="quality-by-week", frame=weeks, zone_name=at.zone_name)


def calibration(at: ui.Moment, chosen: Chosen) -> None:
    """Whether reviewers answer alike."""
    answers = at.calm("calibration_answers", **chosen.filters.window(at.zone_name))
    if answers.is_empty():
        board.show(calibration_view.nothing(), key="nothing")
        return
    board.show({"kind": "tiles", "tiles": calibration_view.tiles(answers)}, key="tiles")
    board.show(calibration_view.question_table(answers), key="questions")
    board.show(calibration_view.contact_table(answers), key="contacts")
    ui.download(answers.select(pl.exclude("form_id")), file_name="calibration.csv", zone_name=at.zone_name)


SECTIONS: Mapping[str, Callable[[ui.Moment, Chosen], None]] = {"scores": scores, "calibration": calibration}
