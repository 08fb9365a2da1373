"""The sections of the page Customers' voice: each asks what it shows for what the reader has chosen.

In: the moment of the page and the reader's choices. Out: tiles, a chart, tables and files on the page.
The rule it guards: every number leads to a list as long as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, cast

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.filters import Filters
from dashboard.ui import choices, take_along
from dashboard.ui.moments import Moment
from dashboard.voice import voice_charts, voice_list_view, voice_queries, voice_view
from dashboard.words import t

STEP_SECONDS = 30  # all tabs ask about the same instant, and so share the answer
PERIOD_NAME = "28_days"
Step = Literal["day", "week"]
WEEKLY_DAYS = 45
"""From so many days on the trend is drawn by week."""


class Chosen(NamedTuple):
    """The section, the view, and what the section itself offers to choose."""

    view: str
    filters: Filters
    by: str = "queue"
    scale: voice_view.Scale = "csat"
    score: str = "*"
    words: str = ""


def instant(at: Moment) -> datetime:
    """The instant that a run of the page asks about: the present one, on the half minute."""
    return at.now - timedelta(seconds=at.now.timestamp() % STEP_SECONDS)


def given(at: Moment, filters: Filters) -> dict[str, Any]:
    """The arguments of every question about this view."""
    return {**filters.window(at.zone_name), "as_of": instant(at), **filters.narrowed()}


def overview(at: Moment, chosen: Chosen) -> None:
    """The figures, how they went, how they are spread, and by queue, team or agent."""
    is_weekly = (chosen.filters.last_date - chosen.filters.first_date).days >= WEEKLY_DAYS
    step: Step = "week" if is_weekly else "day"
    found = at.calm("voice_overview", **given(at, chosen.filters), by_name=chosen.by, step_name=step)
    row = voice_queries.totals_of(found).row(0, named=True)
    if not (row["askable_contacts"] or row["csat_count"] or row["nps_count"]):
        board.show(voice_list_view.nobody(), key="nobody")
        return
    tiles = voice_view.tiles(row, int(row["due_contacts"]), chosen.filters)
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    if notice := voice_view.few_notice(row):
        board.show(notice, key="few")
    _trend(at, chosen, voice_queries.days_of(found, step), step)
    scores = voice_queries.scores_of(found)
    left, right = st.columns(2, gap="medium")
    with left:
        board.show(voice_view.score_table(scores, "csat", chosen.filters), key="csat")
    with right:
        board.show(voice_view.score_table(scores, "nps", chosen.filters), key="nps")
    groups = voice_queries.groups_of(found, cast("voice_queries.By", chosen.by))
    board.show(voice_view.group_table(groups, chosen.by, chosen.filters), key="groups")
    take_along.download(groups, file_name=f"customers-voice-by-{chosen.by}.csv", zone_name=at.zone_name)


def _trend(at: Moment, chosen: Chosen, days: pl.DataFrame, step: Step) -> None:
    is_weekly = step == "week"
    drawn = voice_view.trend_frame(days, chosen.scale, is_weekly=is_weekly)
    if drawn.height < 2:
        return
    board.show(voice_view.trend_heading(chosen.scale, is_weekly=is_weekly), key="trend-heading")
    scale = (0.0, 100.0) if chosen.scale == "csat" else (-100.0, 100.0)
    texts = voice_view.chart_texts(chosen.scale)
    picture = voice_charts.trend(drawn, texts, scale=scale, theme_name=take_along.theme_name())
    take_along.chart(
        picture, key="trend", name=f"{chosen.scale}-by-{step}", frame=days, zone_name=at.zone_name
    )


def comments(at: Moment, chosen: Chosen) -> None:
    """What customers wrote, the newest first."""
    wanted: dict[str, Any] = {"has_words": True, "search_text": chosen.words or None}
    if chosen.score != "*":
        wanted["score_name"] = chosen.score
    asked = given(at, chosen.filters)
    found = at.calm("voice_contacts", **asked, **wanted)
    block = voice_list_view.contact_table(
        found,
        title=t("Comments"),
        lead=voice_list_view.count_word(_total(found)),
        nothing=t("Nobody wrote anything like that. Choose a longer period, or other words."),
        zone_name=at.zone_name,
    )
    board.show(block, key="comments")
    take_along.download(found, file_name="comments.csv", zone_name=at.zone_name)


def repeats(at: Moment, chosen: Chosen) -> None:
    """Contacts after which the customer came again, and by queue."""
    asked = given(at, chosen.filters)
    found = at.calm("voice_overview", **asked, by_name=chosen.by)
    row = voice_queries.totals_of(found).row(0, named=True)
    board.show({"kind": "tiles", "tiles": voice_list_view.repeat_tiles(row, chosen.filters)}, key="tiles")
    groups = voice_queries.groups_of(found, cast("voice_queries.By", chosen.by))
    board.show(voice_list_view.repeat_table(groups, chosen.by, chosen.filters), key="groups")
    _list(at, asked, "repeated_contacts")


def listed(at: Moment, chosen: Chosen) -> None:
    """The contacts behind a number."""
    of_name = st.query_params.get("of", "survey_count")
    more: dict[str, Any] = {}
    if (score := choices.number_in_address("score")) is not None and st.query_params.get("scale") in (
        "csat",
        "nps",
    ):
        more = {"scale_name": st.query_params["scale"], "step_score": score}
    known = voice_list_view.of_words()
    _list(at, given(at, chosen.filters), of_name if of_name in known else "survey_count", **more)


def _list(at: Moment, asked: Mapping[str, Any], of_name: str, **more: Any) -> None:
    found = at.calm("voice_contacts", **asked, of_name=of_name, **more)
    heading = voice_list_view.list_heading(_total(found), found.height, of_name)
    block = voice_list_view.contact_table(
        found, title=heading["title"], lead=heading["lead"], nothing=t("No contact."), zone_name=at.zone_name
    )
    board.show(block, key="list")
    take_along.download(found, file_name=f"{of_name.replace('_', '-')}.csv", zone_name=at.zone_name)


def due(at: Moment, chosen: Chosen) -> None:
    """Low scores that nobody has gone after; the desk below marks them."""
    found = low_scores(at, chosen.filters)
    block = voice_list_view.contact_table(
        found,
        title=t("Follow-ups due"),
        lead=t("CSAT of 1 or 2, or NPS of 0 to 6 without CSAT, that nobody has marked as followed up."),
        nothing=t("None is left in this time. Well done; the next low score will stand here."),
        zone_name=at.zone_name,
    )
    board.show(block, key="due")


def low_scores(at: Moment, filters: Filters, *, is_due: bool = True) -> pl.DataFrame:
    """Low scores, the newest first."""
    return at.fresh("voice_contacts", **given(at, filters), score_name="low", is_due=is_due)


def _total(found: pl.DataFrame) -> int:
    return int(found[0, "total_count"]) if found.height else 0


def chosen_scale(value: str) -> voice_view.Scale:
    """The scale that a choice names."""
    return cast("voice_view.Scale", value if value in ("csat", "nps") else "csat")


SECTIONS: Mapping[str, Callable[[Moment, Chosen], None]] = {
    "overview": overview,
    "comments": comments,
    "due": due,
    "repeats": repeats,
    "list": listed,
}
