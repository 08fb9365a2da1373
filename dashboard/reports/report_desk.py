"""The desk for reports: have one made now, set one up that comes by itself, end it, and open what was made.

In: what the reader has chosen above, and what they do. Out: requests to the loader, and the report itself.
The rule it guards: a report is shown in a frame of its own in which nothing runs; and what was ended can be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from dashboard import board, filters, state_view, words
from dashboard.filters import NUMBERS, Filters
from dashboard.reports import report_requests, report_view
from dashboard.reports.report_figures import Asked, ReportError, days_of
from dashboard.ui import choices, clock, desk, moments, take_along, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

BUSY_SECONDS, IDLE_SECONDS = 2, 10
PREVIEW_POINTS = 1150
FIRST_TIME = time(6, 30)
MAKE, SCHEDULES = "reports.make", "reports.schedules"


def opened() -> int | None:
    """The report that the address names, if it names one."""
    return choices.number_in_address(report_view.KEY)


def address_of(chosen: Filters) -> str:
    """What narrows a report, as an address says it, without the days: they are the report's own."""
    own = {"period", "from", "to", "compare", "agent"}
    return urlencode({key: value for key, value in chosen.address().items() if key not in own})


def views_in_words(at: Moment, addresses: list[str]) -> Mapping[str, str]:
    """What each address narrows, in words."""
    found = at.calm("call_names").select("kind_name", "name_id", "name_text").rows()
    names = {(kind, number if kind in NUMBERS else text): words.name(text) for kind, number, text in found}
    told = {}
    for address in addresses:
        view = filters.filters_of(dict(parse_qsl(address, keep_blank_values=True)), today=at.today)
        parts = filters.described(view, names).split("; ")[1:]
        told[address] = "; ".join(parts) or t("all queues")
    return told


def draw_new(at: Moment, chosen: Filters) -> None:
    """The two ways to a report: one now, or one that comes by itself."""
    if not at.viewer.may_change(MAKE):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="new-report"):
        kind = choices.choice(t("Kind of report"), report_view.kind_words(), key="kind")
        with st.popover(t("Make one now"), icon=":material/summarize:", type="primary", key="make-now"):
            _draw_now(at, chosen, kind)
        if at.viewer.may_change(SCHEDULES):
            with st.popover(t("Schedule a report"), icon=":material/schedule_send:", key="make-later"):
                _draw_later(at, chosen, kind)


def _draw_now(at: Moment, chosen: Filters, kind: str) -> None:
    yesterday = at.today - timedelta(days=1)
    newest = days_of(kind, yesterday)
    options = [newest]
    for _ in range(11):
        options.append(days_of(kind, options[-1][0] - timedelta(days=1)))
    days = st.selectbox(
        t("Days"),
        options,
        format_func=lambda pair: report_view.days_word(*pair),
        key=f"report-days-{kind}",
    )
    st.caption(t("It covers what is chosen above, and stands in the list after a few seconds."))
    if st.button(t("Make it"), type="primary", key="report-make"):
        name = f"{report_view.kind_words()[kind]} {t('report')}"
        asked = Asked(kind, *days, address_of(chosen), name)
        number = _done(
            at,
            MAKE,
            report_requests.ask_report,
            asked=asked,
            viewer_name=at.viewer.viewer_name,
            at=clock.now(),
        )
        if number is not None:
            choices.lead_to(report_view.KEY, number)


def _draw_later(at: Moment, chosen: Filters, kind: str) -> None:
    with st.form("new-schedule", border=False):
        name = st.text_input(
            t("Name"), value=f"{report_view.kind_words()[kind]} {t('report')}", max_chars=120
        )
        due = st.time_input(t("Made at (time of the site)"), value=FIRST_TIME, step=900)
        recipients = st.text_area(
            t("Goes to (e-mail addresses, or nobody)"), placeholder="anna@example.com", max_chars=1500
        )
        st.caption(
            t(
                "It covers what is chosen above. E-mail goes out through the mail server in [alerts.smtp] of the settings."
            )
        )
        if st.form_submit_button(t("Set up"), type="primary"):
            made = _done(
                at,
                SCHEDULES,
                report_requests.add_schedule,
                kind_name=kind,
                name=name,
                due_seconds=(due or FIRST_TIME).hour * 3600 + (due or FIRST_TIME).minute * 60,
                address_text=address_of(chosen),
                recipients=recipients or "",
                viewer_name=at.viewer.viewer_name,
                at=clock.now(),
            )
            if made is not None:
                st.rerun()


def draw_schedules(at: Moment) -> None:
    """What comes by itself, and a button to end each, or to take that back."""
    schedules = at.fresh("report_schedules")
    if schedules.is_empty() and not at.viewer.may_change(SCHEDULES):
        return  # none that this reader is told of, which does not mean that there are none
    views = views_in_words(at, schedules.get_column("address_text").unique().to_list())
    board.show(report_view.schedule_table(schedules, views), key="schedules")
    if not at.viewer.may_change(SCHEDULES) or schedules.is_empty():
        return
    with st.popover(
        t("End or take up again"), icon=":material/event_busy:", type="tertiary", key="schedules-change"
    ):
        for row in schedules.iter_rows(named=True):
            is_ended = row["ended_at"] is not None
            name = row["schedule_name"]
            label = t("Take up again: {name}", name=name) if is_ended else t("End: {name}", name=name)
            st.button(
                words.in_markdown(label),
                key=f"schedule-{row['schedule_id']}",
                on_click=_end,
                args=(at, row["schedule_id"], is_ended),
            )


def _end(at: Moment, schedule_id: int, is_ended: bool) -> None:
    _done(
        at,
        SCHEDULES,
        report_requests.end_schedule,
        schedule_id=schedule_id,
        ended_at=None if is_ended else clock.now(),
    )


def _done(moment: Moment, change_name: str, work: Any, /, **values: Any) -> Any:
    """Does what was asked for; a refusal becomes a notice, and None."""
    try:
        return desk.change(moment.viewer, change_name, work, **values)
    except (ReportError, WarehouseError) as error:
        board.show(board.notice("off", t("Nothing was changed"), str(error)), key="refused")
        return None


def show_opened(number: int) -> None:
    """The report that the address names, drawn anew while the loader is at it."""
    with suppress(WarehouseError):  # the page's own content says it
        at = moments.moment(visit.viewer())
        row = _row(at, number)
        is_open = row is not None and row["state_name"] in ("asked", "making")
        st.fragment(_report, run_every=BUSY_SECONDS if is_open else None)(number, was_open=is_open)


def _row(at: Moment, number: int) -> dict[str, Any] | None:
    found = at.fresh("reports", as_of=at.now + timedelta(minutes=1))
    rows = found.filter(found.get_column("report_id") == number).to_dicts()
    return rows[0] if rows else None


def _report(number: int, *, was_open: bool) -> None:
    with suppress(WarehouseError):
        at = moments.moment(visit.viewer())
        if st.button(t("All reports"), icon=":material/arrow_back:", key="back"):
            choices.lead_to(report_view.KEY, None)
        row = _row(at, number)
        if row is None:
            body = t("The list has the newest 100.")
            board.show(board.notice("none", t("There is no such report."), body), key="gone")
            return
        if (row["state_name"] in ("asked", "making")) != was_open:
            st.rerun()
        board.show(report_view.heading(row), key="heading")
        is_silent = state_view.loader_is_silent(at.fresh("loader", as_of=at.now))
        if notice := report_view.trouble(row, is_silent=is_silent):
            board.show(notice, key="state")
        if row["state_name"] == "failed" and at.viewer.may_change(MAKE):
            st.button(t("Try again"), key="again", on_click=_again, args=(at, number))
        if row["state_name"] == "made":
            _preview(at, row)


def _again(at: Moment, number: int) -> None:
    _done(at, MAKE, report_requests.ask_again, report_id=number)


def _preview(at: Moment, row: Mapping[str, Any]) -> None:
    content = at.calm("report_content", report_id=row["report_id"])
    if content.is_empty():
        return
    text = str(content[0, "content_text"])
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="report-files"):
        st.download_button(
            t("Save as a file"),
            data=take_along.noted(
                lambda: text.encode("utf-8"),
                "exported.report",
                of_name=f"report {row['report_id']}",
                told={"file_name": report_view.file_name(row)},
            ),
            file_name=report_view.file_name(row),
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
            key="report-file",
        )
        st.caption(t("Opened in a browser it prints as it is, or becomes a PDF by its print command."))
    st.iframe(text, height=PREVIEW_POINTS)
