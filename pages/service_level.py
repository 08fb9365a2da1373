"""Service level: one day by the quarter of an hour against its target, and where the day was lost."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import polars as pl
import streamlit as st

from dashboard import board, charts, ui, words
from dashboard.calls import day_view
from dashboard.words import t


class Chosen(NamedTuple):
    """The day and the queue the reader looks at; queue_id is None for all queues together."""

    day_date: date
    queue_id: int | None


def filters(at: ui.Moment) -> Chosen:
    queues = at.live("queues").sort("queue_name", "queue_id")
    names = {"all": t("All queues")} | {
        str(row[0]): words.name(row[1]) for row in queues.select("queue_id", "queue_name").rows()
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="filters"):
        with st.container(width=300):
            queue = ui.choice(t("Queue"), names, key="queue", kind="list")
        day_date = ui.day(t("Day"), today=at.today)
    return Chosen(day_date, None if queue == "all" else int(queue))


def content(at: ui.Moment, chosen: Chosen) -> None:
    asked = {} if chosen.queue_id is None else {"queue_id": chosen.queue_id}
    intervals = at.calm("service_level_intervals", day_date=chosen.day_date, **asked)
    passed = intervals.filter(pl.col("interval_start_at") <= at.now)
    is_today = chosen.day_date == at.today
    if not passed.get_column("offered_calls").sum():
        board.show(day_view.quiet_day(chosen.day_date, is_today=is_today), key="quiet")
        return
    totals = day_view.day_totals(intervals)
    board.show({"kind": "tiles", "tiles": day_view.day_tiles(totals)}, key="tiles")
    is_mixed = day_view.has_mixed_formulas(totals)
    board.show(day_view.day_heading(chosen.day_date, is_today=is_today, is_drawn=not is_mixed), key="heading")
    if is_mixed:
        board.show(day_view.mixed_notice(), key="mixed")
    else:
        frame = day_view.chart_frame(passed, zone_name=at.zone_name)
        chart = charts.service_level_day(frame, day_view.chart_texts(), theme_name=ui.theme_name())
        st.altair_chart(chart, theme=None, key="day-chart")
    board.show(day_view.interval_table(passed, zone_name=at.zone_name), key="intervals")
    queue_name = dict(at.live("queues").select("queue_id", "queue_name").rows()).get(chosen.queue_id)
    ui.download(
        day_view.export_frame(intervals, queue_name=queue_name, as_of=at.now),
        file_name=day_view.export_name(chosen.day_date, queue_name=queue_name, queue_id=chosen.queue_id),
        zone_name=at.zone_name,
    )


ui.page(t("Service level"), content=content, filters=filters, refresh_seconds=30)
