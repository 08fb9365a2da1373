"""Tickets: what came in today, what is left, which promises hold, what is oldest, how it went, and who owes an answer."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import streamlit as st

from dashboard import board, filter_bar, saved_view_desk, words
from dashboard.tickets import ticket_view
from dashboard.tickets.ticket_sections import SECTIONS, Chosen, instant
from dashboard.ui import choices, layout
from dashboard.ui.moments import Moment
from dashboard.words import t

PERIODS = {"7": 7, "28": 28, "90": 90}


def names(at: Moment) -> pl.DataFrame:
    return at.calm("ticket_names", as_of=instant(at))


def filters(at: Moment) -> Chosen | None:
    known = names(at)
    if known.is_empty():
        return None
    kept = saved_view_desk.begin(at, "tickets")
    views = {
        "today": t("Today"),
        "backlog": t("Backlog"),
        "sla": t("Promises (SLA)"),
        "ageing": t("Ageing"),
        "trends": t("Trends"),
        "answers": t("Who owes an answer"),
    }
    view = choices.choice(t("Section"), views, key="view")
    hours, days, asked = "calendar", "7", None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        narrowed = {}
        for kind, label in (("group", t("Group")), ("priority", t("Priority")), ("channel", t("Channel"))):
            with st.container(width=166):
                options = ticket_view.choices(known, kind)
                narrowed[f"{kind}_name"] = ticket_view.chosen(
                    choices.choice(label, options, key=kind, kind="list")
                )
        if view in ("sla", "trends"):
            spans = {"7": t("7 days"), "28": t("28 days"), "90": t("90 days")}
            days = choices.choice(t("Period"), spans, key="days")
        if view in ("today", "trends"):
            kinds = {"calendar": t("Calendar hours"), "business": t("Business hours")}
            hours = choices.choice(t("Kind of hours"), kinds, key="hours")
        if view == "backlog":
            asked = asked_instant(at)
        filter_bar.draw_own(at, "tickets", kept)
    return Chosen(view, narrowed, "business" if hours == "business" else "calendar", PERIODS[days], asked)


def asked_instant(at: Moment) -> datetime | None:
    """The instant of the backlog: now, or the hour of a day (its end, where none is chosen)."""
    day_date = choices.day(t("Day"), today=at.today)
    is_today = day_date == at.today
    start = words.day_start(day_date, at.zone_name)
    end = words.day_start(words.shifted_day(day_date, 1), at.zone_name)
    hours = [start + timedelta(hours=hour) for hour in range(round((end - start).total_seconds() / 3600))]
    passed = [hour for hour in hours if hour <= at.now]
    labels = words.interval_labels(passed, at.zone_name)
    first = {"now": t("Now")} if is_today else {"end": t("End of the day")}
    with st.container(width=150):
        hour = choices.choice(t("Time"), first | {text: text for text in labels}, key="time", kind="list")
    if hour in labels:
        return passed[labels.index(hour)]
    return None if is_today else end - timedelta(microseconds=1)


def content(at: Moment, chosen: Chosen | None) -> None:
    if names(at).is_empty():
        board.show(ticket_view.no_tickets(), key="no-tickets")
        return
    if chosen is None:
        st.rerun()
    SECTIONS[chosen.view](at, chosen)


layout.page(
    t("Tickets"), content=content, filters=filters, refresh_seconds=30, needs="sources", about="tickets"
)
