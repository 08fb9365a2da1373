"""Data health: whether the records arrive, what was refused and why, and what to do next."""

from __future__ import annotations

from dashboard import board, health_view, ui
from dashboard.words import t


def content(at: ui.Moment, _chosen: None) -> None:
    board.show(health_view.next_step(at.health), key="next-step")
    board.show(
        {"kind": "tiles", "tiles": health_view.source_tiles(at.health, zone_name=at.zone_name)}, key="sources"
    )
    rejects = at.calm("recent_rejects", as_of=at.now)
    board.show(
        health_view.reason_table(at.calm("reject_reasons", as_of=at.now), zone_name=at.zone_name),
        key="reasons",
    )
    if rejects.height:
        board.show(health_view.reject_table(rejects, zone_name=at.zone_name), key="rejects")
        ui.download(rejects, file_name="rejected-rows.csv", zone_name=at.zone_name)
    board.show(
        health_view.run_table(at.calm("recent_runs", as_of=at.now), zone_name=at.zone_name), key="runs"
    )
    board.show(health_view.unused_table(at.calm("unused_events", as_of=at.now)), key="unused")


ui.page(t("Data health"), content=content, filters=lambda _at: None, refresh_seconds=10, needs="sources")
