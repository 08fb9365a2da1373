"""Data health: whether the records arrive, what was refused and why, and what to do next."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import access, board, health_view, loader_requests, ui
from dashboard.words import t


def content(at: ui.Moment, _chosen: None) -> None:
    reasons = at.fresh("reject_reasons", as_of=at.now)
    board.show(health_view.next_step(at.health, reasons), key="next-step")
    board.show(
        {"kind": "tiles", "tiles": health_view.source_tiles(at.health, zone_name=at.zone_name)}, key="sources"
    )
    board.show(health_view.reason_table(reasons, zone_name=at.zone_name), key="reasons")
    replays = at.fresh("replays", as_of=at.now)
    try_again(reasons, replays)
    if replays.height:
        board.show(health_view.replay_table(replays, zone_name=at.zone_name), key="replays")
    rejects = at.calm("recent_rejects", as_of=at.now)
    if rejects.height:
        board.show(health_view.reject_table(rejects, zone_name=at.zone_name), key="rejects")
        ui.download(rejects, file_name="rejected-rows.csv", zone_name=at.zone_name)
    board.show(
        health_view.run_table(at.calm("recent_runs", as_of=at.now), zone_name=at.zone_name), key="runs"
    )
    board.show(health_view.unused_table(at.calm("unused_events", as_of=at.now)), key="unused")


def try_again(reasons: pl.DataFrame, replays: pl.DataFrame) -> None:
    """One button for each source with refused rows: have the loader read them once more."""
    viewer = access.viewer()
    refused, running = health_view.refused_rows(reasons), health_view.being_tried(replays)
    if not refused or not viewer.is_administrator:
        return
    with st.container(horizontal=True, gap="small", key="try-again"):
        for source_name in refused:
            is_running = source_name in running
            label = health_view.try_again_word(source_name, refused[source_name], is_running=is_running)
            if st.button(label, icon=":material/replay:", disabled=is_running, key=f"try-{source_name}"):
                ui.change(
                    viewer,
                    loader_requests.ask_replay,
                    source_name=source_name,
                    viewer_name=viewer.viewer_name,
                    at=ui.now(),
                )
                st.rerun()


ui.page(t("Data health"), content=content, filters=lambda _at: None, refresh_seconds=5, needs="sources")
