"""What the editors of boards and of playlists have in common: the unsaved text, the list of its entries, versions, files.

In: what somebody types and presses. Out: a draft that outlives the tab, and saves through `desk.change`.
The rule it guards: nothing stands on a wall that was not saved; what was typed is not lost with a tab; every version stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.ui import choices, clock, desk, toml_edits
from dashboard.ui.editing import Editing, text_field
from dashboard.ui.moments import Moment
from dashboard.wall import wall_saves, wall_view
from dashboard.wall.boards import NAME, WallError
from dashboard.words import t
from sql.warehouse import WarehouseError

BOARDS, TELL = "walls.boards", "walls.message"
PICTURE_SECONDS = 3


# ---- the list of entries


def entry_list(
    editing: Editing, labels: list[str], *, label: str, new: Callable[[], Mapping[str, Any]], most: int
) -> int | None:
    """The entries as a list to choose from, and what can be done to the chosen one; which is chosen, None for none."""
    count, lists = len(labels), editing.lists or ""
    place = editing.selected(count)
    if count:
        key = editing.key("entries")
        chosen = st.radio(
            label,
            range(count),
            index=place,
            format_func=lambda n: f"{n + 1}. {labels[n]}",
            key=key,
            on_change=lambda: editing.select(int(choices.picked(key) or 0)),
        )
        place = int(chosen or 0)
    with st.container(horizontal=True, gap="small", key=f"wall-entries-{editing.kind_name}"):
        _entry_button(editing, t("Up"), "arrow_upward", place, -1, is_off=place == 0 or not count)
        _entry_button(editing, t("Down"), "arrow_downward", place, 1, is_off=place >= count - 1)
        if st.button(
            t("Add"), icon=":material/add:", disabled=count >= most, key=f"wall-add-{editing.kind_name}"
        ):
            at = place + 1 if count else 0
            editing.change(lambda found: toml_edits.added(found, new(), at=at, lists=lists))
            editing.select(at)
            st.rerun()
        if st.button(
            t("Take out"), icon=":material/remove:", disabled=not count, key=f"wall-out-{editing.kind_name}"
        ):
            editing.change(lambda found: toml_edits.without(found, place, lists=lists))
            editing.select(max(0, place - 1))
            st.rerun()
    return place if count else None


def _entry_button(editing: Editing, label: str, icon: str, place: int, by: int, *, is_off: bool) -> None:
    if st.button(label, icon=f":material/{icon}:", disabled=is_off, key=f"wall-{icon}-{editing.kind_name}"):
        editing.change(lambda found: toml_edits.moved(found, place, by, lists=editing.lists or ""))
        editing.select(place + by)
        st.rerun()


# ---- saving


def whole(
    editing: Editing,
    *,
    picture: Callable[[], None],
    save: Callable[..., Any],
    done: str,
    first_title: str,
    fields: Callable[[Editing], None],
    deeds: Callable[[Editing], None],
) -> None:
    """An editor: its fields, text and versions on one side, on the other the picture with what can be done with it."""
    left, right = st.columns([5, 6], gap="large")
    with right:
        st.fragment(picture, run_every=PICTURE_SECONDS)()
        save_bar(editing, save, done=done)
        deeds(editing)
    with left:
        first, text, past = st.tabs([first_title, t("Text"), t("Versions")])
        with first:
            fields(editing)
        with text:
            text_field(
                editing,
                help_text=t(
                    "TOML: a line per value, [[tiles]] before each tile. Press Ctrl and Enter to see it."
                ),
            )
        with past:
            versions(editing)


def save_bar(editing: Editing, save: Callable[..., Any], *, done: str) -> None:
    """The buttons that save the draft or throw it away, and why it cannot be saved."""
    fault = editing.fault
    if fault:
        board.show(wall_view.faults_notice(fault), key="wall-fault")
    if editing.is_overtaken:
        board.show(wall_view.overtaken_notice(), key="wall-overtaken")
        if st.button(t("Begin anew from theirs"), icon=":material/sync:"):
            editing.forget()
            st.rerun()
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="wall-save"):
        if st.button(
            t("Save"), type="primary", icon=":material/save:", disabled=bool(fault) or not editing.is_changed
        ) and do(
            editing.at,
            BOARDS,
            save,
            done,
            name=editing.name,
            toml_text=editing.text,
            version_number=editing.version_number,
        ):
            editing.forget()
            st.rerun()
        if st.button(
            t("Throw the changes away"),
            icon=":material/undo:",
            disabled=not editing.is_changed or editing.stored_text is None,
        ):
            editing.forget()
            st.rerun()
        if editing.is_changed:
            st.caption(t("Not saved yet. It is kept while Floorboard runs, also when this tab is closed."))


def version_now(at: Moment, kind_name: str, name: str) -> int:
    """The number of the last save, 0 where there is none."""
    found = saves(at, kind_name, name)
    return int(found[0, "version_number"]) if found.height else 0


def saves(at: Moment, kind_name: str, name: str) -> pl.DataFrame:
    """Every save of a board or a playlist, the newest first."""
    found = at.fresh("wall_saves", as_of=at.present_at)
    return found.filter(pl.col("kind_name") == kind_name, pl.col("saved_name") == name)


def versions(editing: Editing) -> None:
    """Every version with who and when, and a way back to each."""
    rows = saves(editing.at, editing.kind_name, editing.name)
    table = wall_view.version_table(rows, zone_name=editing.at.zone_name, label=t("Versions"))
    board.show(table, key="wall-versions")
    able = rows.filter(pl.col("of_version_number") == pl.col("version_number"))
    numbers = able["version_number"].to_list()
    if not numbers:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="wall-undo"):
        number = st.selectbox(
            t("Version"),
            numbers,
            index=None,
            placeholder=t("Choose a version"),
            width=220,
            key=editing.key("version"),
        )
        if st.button(t("Look at it"), icon=":material/visibility:", disabled=number is None):
            editing.put(str(able.filter(pl.col("version_number") == number)[0, "toml_text"]))
            st.rerun()
        wanted = {"thing": editing.kind_name, "name": editing.name, "to_version_number": number}
        done = t("Version {n} stands again.", n=number)
        if st.button(t("Let it stand again"), icon=":material/history:", disabled=number is None) and do(
            editing.at, BOARDS, wall_saves.take_back, done, **wanted
        ):
            editing.forget()
            st.rerun()


def do(at: Moment, change_name: str, work: Callable[..., Any], done: str, /, **values: Any) -> bool:
    """Does what was asked for; whether it was done, else the reason is told."""
    try:
        desk.change(at.viewer, change_name, work, viewer_name=at.viewer.viewer_name, at=clock.now(), **values)
    except (WallError, WarehouseError) as error:
        board.show(board.notice("off", t("Not done"), str(error)), key="not-done")
        return False
    st.toast(done)
    return True


def new_name(label: str, *, key: str, known: tuple[str, ...]) -> str | None:
    """A name that was typed and can be; None for none, and what is wrong with it is told."""
    typed = st.text_input(label, max_chars=40, placeholder=t("floor-2"), key=key, width=220).strip()
    if not typed:
        return None
    if not NAME.fullmatch(typed):
        st.caption(t("Small letters, digits and dashes, such as floor-2."))
        return None
    if typed in known:
        st.caption(t("There is one of that name already."))
        return None
    return typed
