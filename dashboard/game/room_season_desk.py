"""The desk of the seasons: a new one, another end for the open one, and the request to close one that is over.

In: the seasons, what a manager types. Out: seasons through `room_saves`; the closing itself is the loader's.
The rule it guards: nobody closes days that are not over, and what is closed stays closed.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.game import room_saves, room_season_view
from dashboard.words import t

if TYPE_CHECKING:
    from dashboard.game.room_desk import Room

RULES = "game.rules"
USUAL_DAYS = 91


def show(room: Room) -> None:
    """The seasons, and for managers what can be done with them."""
    found = room_season_view.table(room.seasons, today=room.day_date, zone_name=room.at.zone_name)
    board.show(found, key="seasons")
    if room.at.viewer.may_change(RULES):
        left, right = st.columns(2, gap="large")
        with left:
            _new(room)
        with right:
            _one(room)
    _closes(room)


def _new(room: Room) -> None:
    last = room.seasons["end_date"].max()
    start = max(room.day_date, last) if isinstance(last, date) else room.day_date
    with st.form("season-new", border=True):
        st.markdown(f"**{t('Make a season')}**")
        name = st.text_input(t("Name"), max_chars=60, placeholder=t("Winter 2026"))
        one, other = st.columns(2)
        first = one.date_input(t("First working day"), start, format="DD/MM/YYYY")
        until = other.date_input(
            t("Last working day"), start + timedelta(days=USUAL_DAYS - 1), format="DD/MM/YYYY"
        )
        freezes = st.number_input(
            t("Freezes"), 0, 30, 2, help=t("How many missed days a streak may bridge in this season.")
        )
        if not st.form_submit_button(t("Make this season"), icon=":material/event:", type="primary"):
            return
    if room.do(
        RULES,
        room_saves.make_season,
        t("The season “{name}” is made.", name=name.strip()),
        season_name=name,
        start_date=_day(first),
        end_date=_day(until) + timedelta(days=1),
        freezes=int(freezes),
    ):
        st.rerun()


def _day(found: Any) -> date:
    return found if isinstance(found, date) else date.min


def _one(room: Room) -> None:
    open_ones = room.seasons.filter(pl.col("state_name") != "closed")
    if open_ones.is_empty():
        return
    with st.container(border=True, key="season-open"):
        names = open_ones["season_name"].to_list()
        name = st.selectbox(t("Season"), names, key="season-name") or names[0]
        row = open_ones.filter(pl.col("season_name") == name).row(0, named=True)
        why_not = room_season_view.may_close(row, room.day_date)
        if row["state_name"] == "open":
            _change(room, row)
        pressed = st.button(
            t("Close this season"), icon=":material/lock:", disabled=bool(why_not), key=f"season-close-{name}"
        )
        st.caption(
            why_not
            or t(
                "Its last days are closed, the hash of the ledger is noted with your name, the boards stay as they are."
            )
        )
        if pressed and room.do(
            RULES,
            room_saves.ask_close,
            t("Asked for. The loader closes “{name}” within minutes.", name=name),
            season_name=name,
            day_date=room.day_date,
            viewer_name=room.at.viewer.viewer_name,
        ):
            st.rerun()


def _change(room: Room, row: dict[str, Any]) -> None:
    name = row["season_name"]
    one, other = st.columns(2)
    until = one.date_input(
        t("Last working day"),
        row["end_date"] - timedelta(days=1),
        format="DD/MM/YYYY",
        key=f"season-end-{name}",
    )
    freezes = other.number_input(t("Freezes"), 0, 30, row["freeze_count"], key=f"season-freezes-{name}")
    end = _day(until) + timedelta(days=1)
    is_same = (end, int(freezes)) == (row["end_date"], row["freeze_count"])
    if st.button(t("Save"), icon=":material/save:", disabled=is_same, key=f"season-save-{name}") and room.do(
        RULES,
        room_saves.change_season,
        t("“{name}” is changed.", name=name),
        season_name=name,
        end_date=end,
        freezes=int(freezes),
    ):
        st.rerun()


def _closes(room: Room) -> None:
    """The closed days of the newest season that has any."""
    begun = room.seasons.filter(pl.col("closed_days") > 0)
    if begun.is_empty():
        return
    row = begun.row(0, named=True)
    with st.expander(t("Closed days of {season}", season=row["season_name"]), icon=":material/lock_clock:"):
        days = room.at.fresh(
            "game_day_closes", first_date=row["start_date"], last_date=row["end_date"] - timedelta(days=1)
        )
        found = room_season_view.closes(days, zone_name=room.at.zone_name, season_name=row["season_name"])
        board.show(found, key="season-closes")
