"""Data health: whether the records arrive, when they did not, what was refused and why, and what to do next."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import streamlit as st

from dashboard import board, state_view
from dashboard.loading import health_view, kept_view, ledger_view, loader_requests, outage_view
from dashboard.privacy import privacy_view
from dashboard.privacy.families import standings
from dashboard.ui import choices, clock, desk, layout, take_along, visit
from dashboard.ui.moments import Moment
from dashboard.words import t

STEP_SECONDS = 20  # all tabs ask about the same instant, and so share the answer


def filters(_at: Moment) -> int:
    with st.container(key="filters"):
        return int(choices.choice(t("Period"), {"1": t("24 hours"), "7": t("7 days")}, key="days"))


def content(at: Moment, days: int) -> None:
    health = state_view.aged(at.health, at.behind_seconds)
    is_upkeep = at.viewer.is_administrator  # runs and refused rows are for whoever mends them
    reasons = at.fresh("reject_reasons", as_of=at.now)
    is_unread = at.is_cut_off or state_view.loader_is_silent(at.live("loader"))
    if not is_unread:  # else the page's head says what is to be done first
        board.show(health_view.next_step(health, reasons, knows_refused=is_upkeep), key="next-step")
    then = at.now - timedelta(seconds=at.now.timestamp() % STEP_SECONDS)
    nights = at.calm("reconciliations", as_of=then)
    cards = health_view.source_cards(
        health, nights, at=at.present_at, is_unread=is_unread, zone_name=at.zone_name
    )
    board.show(cards, key="sources")
    outages = at.calm("outages", as_of=then, days=days)
    board.show(outage_view.timeline(outages, as_of=then, days=days, zone_name=at.zone_name), key="timeline")
    board.show(outage_view.outage_table(outages, as_of=then, zone_name=at.zone_name), key="outages")
    board.show(health_view.night_table(nights), key="nights")
    board.show(kept_view.kept_table(at.calm("retention"), zone_name=at.zone_name), key="kept")
    if notice := privacy_view.missing_notice(standings(at.calm("individual_figures"))):
        board.show(notice, key="privacy")
    if not is_upkeep:
        board.show(ledger_view.not_shown(), key="not-shown")
        return
    board.show(ledger_view.reason_table(reasons, zone_name=at.zone_name), key="reasons")
    replays = at.fresh("replays", as_of=at.now)
    try_again(reasons, replays)
    if replays.height:
        board.show(ledger_view.replay_table(replays, zone_name=at.zone_name), key="replays")
    rejects = at.calm("recent_rejects", as_of=then)
    if rejects.height:
        board.show(ledger_view.reject_table(rejects, zone_name=at.zone_name), key="rejects")
        take_along.download(rejects, file_name="rejected-rows.csv", zone_name=at.zone_name)
    board.show(ledger_view.run_table(at.calm("recent_runs", as_of=then), zone_name=at.zone_name), key="runs")
    board.show(ledger_view.unused_table(at.calm("unused_events", as_of=then)), key="unused")


def try_again(reasons: pl.DataFrame, replays: pl.DataFrame) -> None:
    """One button for each source with refused rows: have the loader read them once more."""
    viewer = visit.viewer()
    refused, running = health_view.refused_rows(reasons), ledger_view.being_tried(replays)
    if not refused or not viewer.may_change("replays"):
        return
    with st.container(horizontal=True, gap="small", key="try-again"):
        for source_name in refused:
            is_running = source_name in running
            label = ledger_view.try_again_word(source_name, refused[source_name], is_running=is_running)
            if st.button(label, icon=":material/replay:", disabled=is_running, key=f"try-{source_name}"):
                desk.change(
                    viewer,
                    "replays",
                    loader_requests.ask_replay,
                    source_name=source_name,
                    viewer_name=viewer.viewer_name,
                    at=clock.now(),
                )
                st.rerun()


layout.page(
    t("Data health"), content=content, filters=filters, refresh_seconds=5, needs="sources", about="upkeep"
)
