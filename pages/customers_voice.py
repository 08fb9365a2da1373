"""Customers' voice: what do customers say, and are we sure?"""

from __future__ import annotations

import streamlit as st

from dashboard import filter_bar
from dashboard.ui import choices, layout, whose
from dashboard.ui.moments import Moment
from dashboard.voice import voice_desk, voice_list_view, voice_sections, voice_view
from dashboard.voice.voice_sections import SECTIONS, Chosen
from dashboard.words import t

OFFERS = ("period", "queue", "group", "team", "agent", "site", "channel", "topic", "hours")


def filters(at: Moment) -> Chosen:
    parts = dict(voice_view.parts())
    if st.query_params.get("view") == "list":
        parts["list"] = t("Behind a number")
    view = choices.choice(t("Section"), parts, key="view")
    found = filter_bar.choose(at, offers=OFFERS, period_name=voice_sections.PERIOD_NAME)
    by, scale, score, wanted = "queue", "csat", "*", ""
    if view in ("overview", "repeats"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="by"):
            by = choices.choice(t("Told apart"), voice_view.dimensions(), key="by")
            if view == "overview":
                scale = choices.choice(t("Trend of"), {"csat": t("CSAT"), "nps": t("NPS")}, key="scale")
    if view == "comments":
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="words"):
            with st.container(width=260):
                wanted = choices.search(t("Find words"), key="words", hint=t("Find words in comments"))
            score = choices.choice(t("Score"), voice_list_view.levels(), key="level")
    return Chosen(view, found, by, voice_sections.chosen_scale(scale), score, wanted)


def content(at: Moment, chosen: Chosen) -> None:
    whose.tell(at)
    SECTIONS[chosen.view](at, chosen)


layout.page(
    t("Customers' voice"),
    content=content,
    filters=filters,
    refresh_seconds=30,
    needs="sources",
    about="calls",
)
voice_desk.show()
