"""Service level: how many quarters of an hour met their target, which days and intervals did not, and why."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import board, filter_bar, time_machine
from dashboard.calls import day_view, queue_sections
from dashboard.calls.queue_sections import Chosen
from dashboard.ui import choices, layout, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t


def filters(at: Moment) -> Chosen:
    found = filter_bar.choose(
        at, period_name="today", page_name="service-level", unchosen_comparison=t("a week before")
    )
    views = {"intervals": t("Intervals"), "days": t("Day by day"), "formulas": t("All eight formulas")}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filters"):
        view = choices.choice(t("Section"), views, key="view")
        threshold_seconds, formula_name = queue_sections.settings()
        time_machine.entry(at)
    return Chosen(found, view, threshold_seconds, formula_name)


def content(at: Moment, chosen: Chosen) -> None:
    row = queue_sections.totals(at, chosen)
    if row is None:
        return
    if chosen.view == "formulas":
        queue_sections.formulas(at, chosen, row)
    elif chosen.view == "days":
        queue_sections.calendar(at, chosen)
    else:
        intervals(at, chosen)


def intervals(at: Moment, chosen: Chosen) -> None:
    window = at.passed(chosen.filters.window(at.zone_name))
    found = at.calm("queue_intervals", **window, **chosen.known(at))
    begun = found.filter(pl.col("interval_start_at") <= at.now)
    queue_sections.day(at, chosen)
    queue_sections.worst(at, chosen, begun)
    if chosen.filters.first_date == chosen.filters.last_date:
        table = day_view.interval_table(
            begun, zone_name=at.zone_name, filters=chosen.filters, other=chosen.other(at)
        )
        board.show(table, key="intervals")
    queue_name = dict(at.live("queues").select("queue_id", "queue_name").rows()).get(chosen.filters.queue_id)
    name = day_view.export_name(
        chosen.filters.last_date, queue_name=queue_name, queue_id=chosen.filters.queue_id
    )
    frame = day_view.export_frame(found, queue_name=queue_name, as_of=at.now)
    take_along.download(frame, file_name=name, zone_name=at.zone_name)


layout.page(
    t("Service level"), content=content, filters=filters, refresh_seconds=30, times=time_machine.MACHINE
)
