"""Privacy: which figures of single agents exist and for what, what is kept of whom, and an assessment to print."""

from __future__ import annotations

import streamlit as st

from dashboard import board
from dashboard.privacy import assessment, privacy_view
from dashboard.privacy.families import standings
from dashboard.ui import layout, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t

ANSWERABLE = ("manager", "administrator")


def filters(_at: Moment) -> None:
    return None


def content(at: Moment, _chosen: None) -> None:
    figures = at.calm("individual_figures")
    found = standings(figures)
    board.show(privacy_view.verdict(found), key="verdict")
    if at.viewer.role_name in ANSWERABLE:
        draw_download(at)
    board.show(privacy_view.policy_table(found), key="policy")
    if place := privacy_view.where(found):
        board.show(place, key="place")
    board.show(privacy_view.risk_table(), key="risks")
    if at.viewer.role_name in ANSWERABLE:
        months = assessment.kinds_kept(at.calm("retention"))
        board.show(privacy_view.people_table(at.calm("data_tables"), months), key="people")


def draw_download(at: Moment) -> None:
    """The assessment as one file."""
    known = assessment.Known(
        site_name=at.site_name,
        zone_name=at.zone_name,
        made_at=at.now,
        figures=at.calm("individual_figures"),
        tables=at.calm("data_tables"),
        kept=at.calm("retention"),
        consents=at.calm("consent_counts"),
    )

    def make() -> bytes:
        return assessment.html(known).encode()

    st.download_button(
        t("Data-protection assessment to print"),
        data=take_along.noted(make, "exported.download", told={"file_name": "assessment.html"}),
        file_name=f"data-protection-assessment-{at.today}.html",
        mime="text/html",
        icon=":material/print:",
        on_click="ignore",
        key="assessment",
    )


layout.page(
    t("Privacy"), content=content, filters=filters, refresh_seconds=300, needs="nothing", about="upkeep"
)
