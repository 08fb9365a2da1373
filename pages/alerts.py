"""Alerts: what fires now and who has seen it, the rules that watch the floor, and what happened."""

from __future__ import annotations

from dashboard import board
from dashboard.goals import alert_desk, alert_view
from dashboard.ui import layout, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, part: str) -> None:
    rules = at.fresh("alert_rules", as_of=at.present_at)
    if part == "log":
        log = at.fresh("alert_log", as_of=at.present_at)
        board.show(alert_view.log_table(log, zone_name=at.zone_name), key="log")
        take_along.download(log, file_name="alert-log.csv", zone_name=at.zone_name)
        return
    if part == "rules":
        for notice in alert_view.way_notices(at.calm("alert_ways", as_of=at.present_at), rules):
            board.show(notice, key=notice["key"])
        if alert_desk.opened() is None:
            board.show(alert_view.rule_table(rules, at=at.now, zone_name=at.zone_name), key="rules")
        return
    alerts = at.live("firing_alerts")
    board.show(alert_view.tiles(alerts, rules), key="tiles")
    if alerts.is_empty():
        board.show(alert_view.quiet_notice(rules), key="quiet")
    else:
        board.show(alert_view.firing(alerts, at=at.now), key="firing")


layout.page(
    t("Alerts"),
    content=content,
    filters=lambda _at: alert_desk.choose(),
    refresh_seconds=5,
    needs="nothing",
    about="everything",
)
alert_desk.show()
