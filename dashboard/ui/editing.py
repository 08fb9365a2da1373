"""What the editors of texts have in common, of walls and of the game's rules: the unsaved text, its fields, its file.

In: what somebody types in a field or in the text itself. Out: a draft that outlives the tab, and why it cannot be saved.
The rule it guards: the fields and the text say the same; what was typed is not lost with a tab; nothing here saves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import streamlit as st

from dashboard.access import Viewer
from dashboard.ui import choices, desk, toml_edits
from dashboard.ui.drafts import LONGEST_TEXT, Draft, Drafts
from dashboard.ui.moments import Moment
from dashboard.words import t

DRAFTS = Drafts()
Change = Callable[[toml_edits.Document], toml_edits.Document]


@dataclass(frozen=True)
class Editing:
    """One text that somebody edits, such as a board's or a rule's: what stands, and what is not saved yet.

    stored_text: None for one that was never saved. lists: the key of its list of entries in the text, where it has one.
    """

    at: Moment
    kind_name: str
    name: str
    stored_text: str | None
    version_number: int
    begin_text: str
    lists: str | None
    check: Callable[[str], object]
    """Reads a text; raises one of `errors` where it cannot be."""
    errors: type[Exception] | tuple[type[Exception], ...]

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
        except self.errors as error:
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
        return f"edit-{self.kind_name}-{self.name}-{field_name}-{_revision(self.kind_name, self.name)[0]}"

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
    return desk.kept(f"edit-revision-{kind_name}-{name}", lambda: [0])


def _place(kind_name: str, name: str) -> list[int]:
    return desk.kept(f"edit-place-{kind_name}-{name}", lambda: [0])


def text_field(editing: Editing, *, help_text: str) -> None:
    """The TOML text, to be changed by hand, taken along and brought back."""
    key = editing.key(f"text-{crc32(editing.text.encode())}")  # a field that changes it is followed
    st.text_area(
        t("Text"),
        editing.text,
        height=420,
        max_chars=LONGEST_TEXT,
        key=key,
        on_change=lambda: editing.put(str(choices.picked(key) or "")),
        help=help_text,
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="edit-files"):
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
