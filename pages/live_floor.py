"""Live floor: who waits, who talks, and whether the promise to callers holds right now."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
import streamlit as st

from dashboard import board, time_machine
from dashboard.calls import floor_view
from dashboard.privacy import privacy_view
from dashboard.privacy.families import off_labels
from dashboard.ui import choices, layout, whose
from dashboard.ui.moments import Moment
from dashboard.words import t


class Chosen(NamedTuple):
    """What the reader has narrowed the floor down to."""

    queue_text: str
    state_name: str


def filters(at: Moment) -> Chosen:
    states = {
        "all": t("All agents"),
        **{name: floor_view.state_word(name) for name in floor_view.STATE_ORDER},
    }
    state_name = "all"
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="filters"):
        with st.container(width=300):
            queue_text = choices.search(t("Find a queue"), key="queue", hint=t("Find a queue or group"))
        if whose.sees_persons(at.viewer) and not off_text(at):
            state_name = choices.choice(t("Agents in state"), states, key="state")
        time_machine.entry(at)
    return Chosen(queue_text, state_name)


def content(at: Moment, chosen: Chosen) -> None:
    sides = time_machine.sides(at)
    if len(sides) == 1:
        board.show(floor(at, chosen), key="floor")
        return
    for place, (column, side) in enumerate(zip(st.columns(2, gap="medium"), sides, strict=True)):
        with column, board.past(side.is_past):
            board.show(floor_view.side_heading(side.now, zone_name=at.zone_name), key=f"side-{place}")
            board.show(floor(side, chosen), key=f"floor-{place}")


def floor(at: Moment, chosen: Chosen) -> board.Block:
    agents = at.live("live_agents")
    state_name = chosen.state_name
    return floor_view.floor(
        queues=matching(at.live("live_queues"), chosen.queue_text),
        agents=agents,
        shown_agents=agents if state_name == "all" else agents.filter(pl.col("state_name") == state_name),
        totals=at.live("live_totals").row(0, named=True),
        as_of=at.now,
        speed=at.speed,
        is_past=at.is_past,
        whose_text=whose.line(at),
        has_persons=whose.sees_persons(at.viewer),
        off_text=off_text(at),
    )


def off_text(at: Moment) -> str:
    """Why agents are not shown one by one, where the site's policy does not let them; empty where it does."""
    if not whose.sees_persons(at.viewer):
        return ""
    return privacy_view.off_line(off_labels(at.calm("individual_figures"), "live_states"))


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


layout.page(
    t("Live floor"),
    content=content,
    filters=filters,
    refresh_seconds=layout.LIVE_SECONDS,
    times=time_machine.MACHINE,
)
