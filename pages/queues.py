"""Queues: how each queue does against its target, its forecast and other days, when it is hard, and how long people wait."""

from __future__ import annotations

import streamlit as st

from dashboard import filter_bar, time_machine
from dashboard.calls import queue_sections
from dashboard.calls.queue_sections import Chosen
from dashboard.people import team_sections
from dashboard.ui import choices, layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def filters(at: Moment) -> Chosen:
    found = filter_bar.choose(
        at, period_name="today", page_name="queues", unchosen_comparison=t("a week before")
    )
    views = {
        "queues": t("Queues and the day"),
        "week": t("The week"),
        "waits": t("Waits and patience"),
        "teams": t("Teams"),
        "formulas": t("All eight formulas"),
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        view = choices.choice(t("Section"), views, key="view")
        threshold_seconds, formula_name = queue_sections.settings()
        time_machine.entry(at)
    return Chosen(found, view, threshold_seconds, formula_name)


def content(at: Moment, chosen: Chosen) -> None:
    if chosen.view == "teams":
        team_sections.teams(at, chosen.filters)
        return
    row = queue_sections.totals(at, chosen)
    if row is None:
        return
    if chosen.view == "week":
        queue_sections.week(at, chosen)
    elif chosen.view == "waits":
        queue_sections.waits(at, chosen, row)
    elif chosen.view == "formulas":
        queue_sections.formulas(at, chosen, row)
    else:
        queue_sections.queues(at, chosen)


layout.page(t("Queues"), content=content, filters=filters, refresh_seconds=30, times=time_machine.MACHINE)
