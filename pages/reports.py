"""Reports: what goes to those who do not open the pages, made now or by itself, and each one as it was made."""

from __future__ import annotations

from dashboard import board, filter_bar
from dashboard.filters import Filters
from dashboard.reports import report_desk, report_view
from dashboard.ui import layout, whose
from dashboard.ui.moments import Moment
from dashboard.words import t

OFFERS = ("queue", "group", "team", "site", "channel", "topic", "hours")


def filters(at: Moment) -> Filters | None:
    if report_desk.opened() is not None:
        return None
    chosen = filter_bar.choose(
        at, offers=whose.offers_of_floor(at.viewer, OFFERS), period_name="yesterday", page_name="reports"
    )
    report_desk.draw_new(at, chosen)
    return chosen


def content(at: Moment, chosen: Filters | None) -> None:
    if chosen is None:
        return
    report_desk.draw_schedules(at)
    board.show(
        report_view.report_table(at.fresh("reports", as_of=at.now), zone_name=at.zone_name), key="reports"
    )


layout.page(t("Reports"), content=content, filters=filters, refresh_seconds=10, about="everything")
if (number := report_desk.opened()) is not None:
    report_desk.show_opened(number)
