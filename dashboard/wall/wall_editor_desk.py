"""What the editors of boards and of playlists have in common: the unsaved text, the list of its entries, versions, files.

In: what somebody types and presses. Out: a draft that outlives the tab, and saves through `desk.change`.
The rule it guards: nothing stands on a wall that was not saved; what was typed is not lost with a tab; every version stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.access import Viewer
from dashboard.ui import choices, clock, desk
from dashboard.ui.moments import Moment
from dashboard.wall import toml_edits, wall_saves, wall_view
from dashboard.wall.boards import NAME, WallError
from dashboard.wall.drafts import LONGEST_TEXT, Draft, Drafts
from dashboard.words import t
from sql.warehouse import WarehouseError

BOARDS, TELL = "walls.boards", "walls.message"
DRAFTS = Drafts()
Change = Callable[[toml_edits.Document], toml_edits.Document]

PICTURE_SECONDS = 3


@dataclass(frozen=True)
class Editing:
    """One board or playlist that somebody edits: what stands, and what is not saved yet.

    stored_text: None for one that was never saved. lists: the key of its entries in the text.
    """

    at: Moment
    kind_name: str
    name: str
    stored_text: str | None
    version_number: int
    begin_text: str
    lists: str
    check: Callable[[str], object]
    """Reads a text; raises WallError where it cannot be."""

    @property
    def viewer(self) -> Viewer:
        """Who edits."""
        return self.at.viewer

    @property
    def text(self) -> str:
        """The text as it stands in the editor."""
        draft = DRAFTS.of(self.viewer.viewer_name, self.kind_name, self.name)
        return draft.toml_text if draft else self.stored_text or self.begin_text

    @property
    def is_changed(self) -> bool:
        """Whether something is not saved."""
        return self.text != self.stored_text

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody else has saved since the draft was begun."""
        draft = DRAFTS.of(self.viewer.viewer_name, self.kind_name, self.name)
        return draft is not None and draft.version_number != self.version_number

    @property
    def document(self) -> toml_edits.Document | None:
        """The text as values; None where it is no TOML."""
        return toml_edits.document(self.text, lists=self.lists)

    @property
    def fault(self) -> str:
        """Why the text cannot be saved; empty where it can."""
        try:
            self.check(self.text)
        except WallError as error:
            return str(error)
        return ""

    def put(self, toml_text: str) -> None:
        """Keeps another text as the draft; the fields are drawn anew from it."""
        self._keep(toml_text)
        self.fresh_fields()

    def fresh_fields(self) -> None:
        """Lets every field be drawn anew with what the text says."""
        _revision(self.kind_name, self.name)[0] += 1

    def change(self, made: Change, *, is_same_field: bool = False) -> None:
        """Changes the values of the draft; is_same_field: by the field itself, which shows them already."""
        found = self.document
        if found is None:
            return
        self._keep(toml_edits.written(made(found)))
        if not is_same_field:
            self.fresh_fields()

    def _keep(self, toml_text: str) -> None:
        draft = DRAFTS.of(self.viewer.viewer_name, self.kind_name, self.name)
        number = draft.version_number if draft else self.version_number
        DRAFTS.keep(self.viewer.viewer_name, self.kind_name, self.name, Draft(toml_text, number))

    def forget(self) -> None:
        """Lets go of the draft."""
        DRAFTS.forget(self.viewer.viewer_name, self.kind_name, self.name)
        self.fresh_fields()

    def key(self, field_name: str) -> str:
        """The name of a field's widget; another one whenever the text was changed past the field."""
        return f"wall-{self.kind_name}-{self.name}-{field_name}-{_revision(self.kind_name, self.name)[0]}"

    def on_field(
        self, field_name: str, apply: Callable[[toml_edits.Document, Any], toml_edits.Document]
    ) -> dict[str, Any]:
        """What a field's widget is told, so that what is typed there stands in the draft at once."""
        key = self.key(field_name)

        def changed() -> None:
            value = choices.picked(key)
            self.change(lambda found: apply(found, value), is_same_field=True)

        return {"key": key, "on_change": changed}

    def selected(self, count: int) -> int:
        """Which entry of the list is open in the editor, from 0."""
        return max(0, min(_place(self.kind_name, self.name)[0], count - 1))

    def select(self, place: int) -> None:
        """Opens another entry."""
        _place(self.kind_name, self.name)[0] = place


def _revision(kind_name: str, name: str) -> list[int]:
    return desk.kept(f"wall-revision-{kind_name}-{name}", lambda: [0])


def _place(kind_name: str, name: str) -> list[int]:
    return desk.kept(f"wall-place-{kind_name}-{name}", lambda: [0])


# ---- the list of entries


def entry_list(
    editing: Editing, labels: list[str], *, label: str, new: Callable[[], Mapping[str, Any]], most: int
) -> int | None:
    """The entries as a list to choose from, and what can be done to the chosen one; which is chosen, None for none."""
    count = len(labels)
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
            editing.change(lambda found: toml_edits.added(found, new(), at=at, lists=editing.lists))
            editing.select(at)
            st.rerun()
        if st.button(
            t("Take out"), icon=":material/remove:", disabled=not count, key=f"wall-out-{editing.kind_name}"
        ):
            editing.change(lambda found: toml_edits.without(found, place, lists=editing.lists))
            editing.select(max(0, place - 1))
            st.rerun()
    return place if count else None


def _entry_button(editing: Editing, label: str, icon: str, place: int, by: int, *, is_off: bool) -> None:
    if st.button(label, icon=f":material/{icon}:", disabled=is_off, key=f"wall-{icon}-{editing.kind_name}"):
        editing.change(lambda found: toml_edits.moved(found, place, by, lists=editing.lists))
        editing.select(place + by)
        st.rerun()


# ---- the text itself


def text_field(editing: Editing) -> None:
    """The TOML text, to be changed by hand, taken along and brought back."""
    key = editing.key(f"text-{crc32(editing.text.encode())}")  # a field that changes it is followed
    st.text_area(
        t("Text"),
        editing.text,
        height=420,
        max_chars=LONGEST_TEXT,
        key=key,
        on_change=lambda: editing.put(str(choices.picked(key) or "")),
        help=t("TOML: a line per value, [[tiles]] before each tile. Press Ctrl and Enter to see it."),
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="wall-files"):
        st.download_button(
            t("Download the text"),
            editing.text,
            file_name=f"{editing.name}.toml",
            mime="application/toml",
            icon=":material/download:",
            on_click="ignore",
        )
        upload = editing.key("upload")
        given = st.file_uploader(t("Bring a text from a file"), type=["toml"], max_upload_size=1, key=upload)
        if given is not None:
            editing.put(given.getvalue().decode("utf-8", "replace"))
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
            text_field(editing)
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
