"""Draws the week's sample and shows what of it is left to review.

In: the week, how many contacts of each agent, a seed. Out: the sample, kept once and for all.
The rule it guards: a week has one sample; who draws it chooses the number and the seed, never the contacts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import streamlit as st

from dashboard import board, words
from dashboard.quality import quality_desk_view as view
from dashboard.quality import sample_book
from dashboard.ui import choices, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t

WEEKS_BACK = 12
PER_AGENT = 3
SAMPLES = "quality.samples"


def show(at: Moment, keep: Callable[..., None], last_week: date) -> None:
    """The sample of a week: how it was drawn and who is in it, or the form that draws it; and any other contact."""
    weeks = {
        words.shifted_day(last_week, -7 * back).isoformat(): t(
            "Week from {day}", day=words.day(words.shifted_day(last_week, -7 * back))
        )
        for back in range(WEEKS_BACK)
    }
    with st.container(width=280):
        week_date = date.fromisoformat(choices.choice(t("Week"), weeks, key="week", kind="list"))
    sample = at.fresh("review_sample", week_date=week_date)
    board.show(view.sample_heading(sample, week_date, zone_name=at.zone_name), key="sample-heading")
    if notice := view.few_of(sample):
        board.show(notice, key="few")
    board.show(view.sample_table(sample, zone_name=at.zone_name), key="sample")
    if sample.is_empty():
        if at.viewer.may_change(SAMPLES):
            _draw(at, keep, week_date)
    else:
        take_along.download(
            sample, file_name=f"review-sample-{week_date.isoformat()}.csv", zone_name=at.zone_name
        )
    _other()


def _draw(at: Moment, keep: Callable[..., None], week_date: date) -> None:
    with st.form("draw", border=True):
        left, right = st.columns(2)
        per_agent = left.number_input(
            t("Contacts of each agent"), min_value=1, max_value=50, value=PER_AGENT, step=1
        )
        seed = right.text_input(
            t("Seed: the same seed draws the same sample again"), week_date.isoformat(), max_chars=60
        )
        if st.form_submit_button(t("Draw the sample"), type="primary", icon=":material/casino:"):
            keep(
                at,
                SAMPLES,
                sample_book.draw_sample,
                done=t("The sample is drawn."),
                week_date=week_date,
                per_agent=int(per_agent),
                seed=seed,
                window_start=words.day_start(week_date, at.zone_name),
                window_end=words.day_start(words.shifted_day(week_date, 7), at.zone_name),
            )


def _other() -> None:
    """A contact that somebody chose, as for a complaint or a calibration."""
    with (
        st.expander(t("Review another contact, for a complaint or a calibration"), icon=":material/search:"),
        st.form("other", border=False),
    ):
        left, right = st.columns(2)
        contact_id = left.text_input(t("Id of the contact"), max_chars=200)
        source_name = right.text_input(t("Its source, as on Sources"), max_chars=200)
        if (
            st.form_submit_button(t("Open it"), icon=":material/arrow_forward:")
            and contact_id
            and source_name
        ):
            st.query_params["contact"] = contact_id.strip()
            st.query_params["source"] = source_name.strip()
            st.rerun()
