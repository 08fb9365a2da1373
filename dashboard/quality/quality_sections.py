"""The sections of the page Quality that are looked at: scores, agreement of reviewers, and recorded calls.

In: the moment of the page and the reader's choices. Out: tiles, a chart, tables and files on the page.
The rule it guards: own and imported reviews stand beside each other and count alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.contacts import recording_view
from dashboard.contacts.recording_rules import rules_of
from dashboard.filters import Filters
from dashboard.quality import calibration_view, quality_view
from dashboard.ui import take_along
from dashboard.ui.moments import Moment
from dashboard.voice import voice_charts

PERIOD_NAME = "90_days"
RECORDED_PERIOD_NAME = "7_days"
COUNTED = ("review_count", "failed_review_count")


class Chosen(NamedTuple):
    """The section and what is looked at in it."""

    view: str
    filters: Filters
    by: str = "agent"


def last_week(at: Moment) -> date:
    """The Monday of the last week that is over."""
    return words.shifted_day(at.today, -at.today.weekday() - 7)


def scores(at: Moment, chosen: Chosen) -> None:
    """The average score with n, how it went, by agent or team, by question, and the reviews themselves."""
    filters = chosen.filters
    asked: dict[str, Any] = {
        **filters.window(at.zone_name),
        **filters.narrowed("queue_id", "team_id", "site_name", "agent_id"),
    }
    row = at.calm("quality_totals", **asked).row(0, named=True)
    may_review = at.viewer.may_change("quality.reviews")
    sample = at.calm("review_sample", week_date=last_week(at)) if may_review else None
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
    take_along.download(groups, file_name=f"quality-by-{chosen.by}.csv", zone_name=at.zone_name)
    questions = at.calm("quality_questions", **asked)
    board.show(quality_view.question_table(questions), key="questions")
    if not wanted:
        count = int(row["review_count"])
        board.show(
            quality_view.review_table(reviews, zone_name=at.zone_name, scored_count=count), key="reviews"
        )
    take_along.download(reviews, file_name="reviews.csv", zone_name=at.zone_name)


def _weeks(at: Moment, asked: Mapping[str, Any]) -> None:
    weeks = at.calm("quality_weeks", **asked)
    drawn = quality_view.week_frame(weeks)
    if drawn.height < 2:
        return
    board.show(quality_view.week_heading(), key="weeks-heading")
    picture = voice_charts.trend(
        drawn, quality_view.week_texts(), scale=(0.0, 100.0), theme_name=take_along.theme_name()
    )
    take_along.chart(picture, key="weeks", name="quality-by-week", frame=weeks, zone_name=at.zone_name)


def calibration(at: Moment, chosen: Chosen) -> None:
    """Whether reviewers answer alike."""
    answers = at.calm("calibration_answers", **chosen.filters.window(at.zone_name))
    if answers.is_empty():
        board.show(calibration_view.nothing(), key="nothing")
        return
    board.show({"kind": "tiles", "tiles": calibration_view.tiles(answers)}, key="tiles")
    board.show(calibration_view.question_table(answers), key="questions")
    board.show(calibration_view.contact_table(answers), key="contacts")
    take_along.download(
        answers.select(pl.exclude("form_id")), file_name="calibration.csv", zone_name=at.zone_name
    )


def recordings(at: Moment, chosen: Chosen) -> None:
    """How many answered calls were recorded, and which; each leads to its recording and its journey."""
    filters = chosen.filters
    asked: dict[str, Any] = {
        **filters.window(at.zone_name),
        **filters.narrowed("queue_id", "team_id", "site_name", "agent_id"),
    }
    total = at.calm("recorded_calls_count", **asked).row(0, named=True)
    calls = at.calm("recorded_calls", **asked)
    rules = rules_of(next(iter(at.calm("recording_rules").to_dicts()), None))
    board.show({"kind": "tiles", "tiles": recording_view.recorded_tiles(total)}, key="tiles")
    table = recording_view.recorded_table(
        calls, rules, total=total["recorded_calls"], zone_name=at.zone_name, as_of=at.now
    )
    board.show(table, key="recorded")
    take_along.download(calls, file_name="recorded-calls.csv", zone_name=at.zone_name)


SECTIONS: Mapping[str, Callable[[Moment, Chosen], None]] = {
    "scores": scores,
    "recordings": recordings,
    "calibration": calibration,
}
