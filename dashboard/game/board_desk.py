"""What a manager sets for all boards: whether they show names, initials, or the names of the top alone.

In: the manager's choice. Out: the one row of the settings, changed through `desk.change`.
The rule it guards: names are those of people who allow it, whatever is set; the setting only ever takes names away.
"""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa
import streamlit as st

from dashboard.ui import desk, moments, visit
from dashboard.words import t
from sql import audit, warehouse
from sql.warehouse import WarehouseError

CHANGE = "game.boards"
NAMES = ("names", "initials", "top")


class BoardError(ValueError):
    """The setting is none of those there are; the message names them."""


def save_names(connection: sa.Connection, *, names_name: str) -> bool:
    """Sets what boards show of names, and notes it; whether that changed anything. Raises BoardError."""
    if names_name not in NAMES:
        raise BoardError(
            t(
                "There is no way '{name}' to show names; expected one of {names}.",
                name=names_name,
                names=", ".join(NAMES),
            )
        )
    is_new = warehouse.execute(connection, "game/board_settings", names_name=names_name) == 1
    if is_new:
        audit.note(connection, what_name="game.board", of_name="names", told={"names_name": names_name})
    return is_new


def show() -> None:
    """The desk below the boards, for whoever may change this."""
    viewer = visit.viewer()
    if not viewer.may_change(CHANGE):
        return
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(viewer)
        current = at.fresh("game_board_settings").item(0, "names_name")
        options = {
            "names": t("Names of those who allow it"),
            "initials": t("Their initials"),
            "top": t("Names of the top alone"),
        }
        with st.expander(t("What boards show of names"), icon=":material/visibility:"):
            picked = st.radio(
                t("What boards show of names"),
                list(options),
                index=list(options).index(current),
                format_func=lambda name: options[name],
                label_visibility="collapsed",
                key="board-names",
            )
            st.caption(
                t(
                    "Whoever allows nothing is never named, and nobody in the lowest third is, whatever is set here."
                )
            )
            if st.button(t("Keep this"), type="primary", key="keep-board-names", disabled=picked == current):
                desk.change(viewer, CHANGE, save_names, names_name=picked)
                st.rerun()
