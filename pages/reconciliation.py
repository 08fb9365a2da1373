"""Reconciliation: do the numbers add up, was nobody lost at a border, and does each source count the same?"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, filter_bar, words
from dashboard.definitions import balance_charts, balance_view, flow_view, source_balance_view
from dashboard.filters import Filters
from dashboard.loading import ledger_view
from dashboard.ui import layout, take_along, whose
from dashboard.ui.moments import Moment
from dashboard.words import t

MOST_DAYS = 31


def filters(at: Moment) -> Filters:
    offers = ("period", "queue", "group")
    chosen = filter_bar.choose(
        at, offers=offers, period_name="yesterday", page_name="reconciliation", most_days=MOST_DAYS
    )
    proven = chosen.last_days(MOST_DAYS)
    if proven != chosen:
        board.show(balance_view.shortened(proven.first_date, MOST_DAYS), key="shortened")
    return proven


def content(at: Moment, chosen: Filters) -> None:
    window = chosen.window(at.zone_name)
    narrowed = chosen.narrowed("queue_id", "group_name")
    is_by_day = chosen.first_date != chosen.last_date
    question = "balance_days" if is_by_day else "balance_intervals"
    rows = at.calm(question, **window, **narrowed).filter(pl.col("interval_start_at") <= at.now)
    together = balance_view.totals(rows)
    if balance_view.is_quiet(together):
        board.show(balance_view.quiet(), key="quiet")
    else:
        draw_balance(at, chosen, rows, together, is_by_day=is_by_day)
    sources = at.calm("balance_sources", **window)
    board.show(source_balance_view.delivered_table(sources, address=chosen), key="delivered")
    board.show(source_balance_view.compared_table(sources), key="sources")
    draw_refused(at)


def draw_balance(
    at: Moment, chosen: Filters, rows: pl.DataFrame, together: board.Row, *, is_by_day: bool
) -> None:
    """What came in against what became of it: the verdict, the sums, the picture of one day, line by line."""
    board.show(balance_view.verdict(together, rows.height, is_by_day=is_by_day), key="verdict")
    board.show(balance_view.equations(together, chosen), key="equations")
    draw_followed(at, chosen, together)
    if not is_by_day:
        board.show(flow_view.flow_heading(chosen), key="flow-heading")
        frame = flow_view.flow_frame(rows, zone_name=at.zone_name)
        chart = balance_charts.flow(frame, flow_view.flow_texts(), theme_name=take_along.theme_name())
        take_along.chart(chart, key="flow", name="in-and-out", frame=frame, zone_name=at.zone_name)
    shape: dict[str, Any] = {"zone_name": at.zone_name, "is_by_day": is_by_day}
    board.show(balance_view.outcome_table(rows, chosen, **shape), key="outcomes")
    board.show(balance_view.border_table(rows, chosen, **shape), key="borders")
    take_along.download(rows, file_name=f"reconciliation-{chosen.first_date}.csv", zone_name=at.zone_name)


def draw_followed(at: Moment, chosen: Filters, together: board.Row) -> None:
    """The contacts behind a number that the reader followed, where the address names one."""
    side = st.query_params.get("rows")
    if side not in balance_view.SIDES:
        return
    whole = chosen.window(at.zone_name)
    window = {name: asked(name.removeprefix("window_"), whole[name]) for name in whole}
    if not whole["window_start"] <= window["window_start"] < window["window_end"] <= whole["window_end"]:
        window = whole
    narrowed = chosen.narrowed("queue_id", "group_name")
    only = st.query_params.get("only") if side == "left" else None
    only = only if only in balance_view.LEFT_BY else None
    found = at.calm("balance_rows", **window, side_name=side, of_name=only, **narrowed)
    counted = at.calm("balance_intervals", **window, **narrowed) if window != whole else None
    row = together if counted is None else balance_view.totals(counted)
    count = row[{"left": "left_calls", "before": "queued_before_calls", "after": "queued_after_calls"}[side]]
    if only:
        count = int(found["total_rows"][0]) if found.height else 0
    span = {"start": window["window_start"], "end": window["window_end"]}
    table = balance_view.rows_table(found, side, **span, count=count, zone_name=at.zone_name)
    whose.tell_rows(at)
    board.show(table, key="followed")
    if st.button(t("Back to the sums"), icon=":material/arrow_back:", key="back"):
        leave("rows", "only", "start", "end")


def draw_refused(at: Moment) -> None:
    """The refused rows of one source and day, where the address names them."""
    name = st.query_params.get("source")
    try:
        day = date.fromisoformat(st.query_params.get("day", ""))
    except ValueError:
        return
    if name is None:
        return
    if not at.viewer.is_administrator:
        text = t("They hold what a source delivered word for word; ask an administrator to look at them.")
        board.show(
            board.notice("none", t("Refused rows are shown to administrators alone."), text),
            key="refused-lead",
        )
        return
    start = words.day_start(day, at.zone_name)
    end = words.day_start(words.shifted_day(day, 1), at.zone_name)
    rows = at.calm("refused_rows", source_name=name, window_start=start, window_end=end)
    board.show(source_balance_view.refused_lead(name, words.day(day), rows.height), key="refused-lead")
    board.show(ledger_view.reject_table(rows, zone_name=at.zone_name), key="refused")
    if st.button(t("Back to the sources"), icon=":material/arrow_back:", key="back-refused"):
        leave("source", "day")


def asked(name: str, otherwise: datetime) -> datetime:
    """The instant that the address names, or the view's own border."""
    try:
        return words.parsed_instant(st.query_params[name])
    except (KeyError, words.WordsError):
        return otherwise


def leave(*names: str) -> None:
    for name in names:
        st.query_params.pop(name, None)
    st.rerun()


layout.page(t("Reconciliation"), content=content, filters=filters, refresh_seconds=30)
