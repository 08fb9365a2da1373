"""Live floor: who waits, who talks, and whether the promise to callers holds right now."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
import streamlit as st

from dashboard import board, ui
from dashboard.calls import floor_view
from dashboard.words import t


class Chosen(NamedTuple):
    """What the reader has narrowed the floor down to."""

    queue_text: str
    state_name: str


def filters(_at: ui.Moment) -> Chosen:
    states = {
        "all": t("All agents"),
        **{name: floor_view.state_word(name) for name in floor_view.STATE_ORDER},
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="filters"):
        with st.container(width=300):
            queue_text = ui.search(t("Find a queue"), key="queue", hint=t("Find a queue or group"))
        state_name = ui.choice(t("Agents in state"), states, key="state")
    return Chosen(queue_text, state_name)


def content(at: ui.Moment, chosen: Chosen) -> None:
    queues = at.live("live_queues")
    agents = at.live("live_agents")
    totals = at.live("live_totals").row(0, named=True)
    board.show(
        floor_view.floor(
            queues=matching(queues, chosen.queue_text),
            agents=agents,
            shown_agents=agents
            if chosen.state_name == "all"
            else agents.filter(pl.col("state_name") == chosen.state_name),
            totals=totals,
            as_of=at.now,
            speed=ui.clock_speed(),
        ),
        key="floor",
    )


def matching(queues: pl.DataFrame, text: str) -> pl.DataFrame:
    """The queues whose name or group holds the text, whatever its case."""
    if not text:
        return queues
    wanted = text.casefold()
    return queues.filter(
        [
            wanted in f"{row['queue_name']} {row['group_name'] or ''}".casefold()
            for row in queues.iter_rows(named=True)
        ]
    )


ui.page(t("Live floor"), content=content, filters=filters, refresh_seconds=ui.LIVE_SECONDS)
