"""The desk of the Organisation page: sheets, names that are joined, files out and in, and the way back.

In: the part that the address names. Out: that part, drawn outside of the page's refresh so that no edit is lost to it.
The rule it guards: nothing is saved before it has been shown in words.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import polars as pl
import streamlit as st
from sqlalchemy import Connection

from dashboard import board
from dashboard.organisation import organisation, organisation_files
from dashboard.organisation import organisation_view as view
from dashboard.organisation.organisation_edit_desk import edit
from dashboard.organisation.organisation_join_desk import join
from dashboard.organisation.organisation_rows import SHEETS, OrganisationError
from dashboard.organisation.organisation_save_desk import change_block, do, tell_outcome, version
from dashboard.ui import choices, desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t, t_count
from sql.warehouse import WarehouseError


def choose() -> None:
    """The choice of the part, in the page's head."""
    choices.choice(t("Part"), view.parts(), key="part")


def waits_for_recount(connection: Connection) -> bool:
    """Whether older figures are still to follow a change."""
    return organisation.has_open_recount(connection)


def show() -> None:
    """The chosen part; where the warehouse fails, the page above it says so."""
    viewer = visit.viewer()
    with suppress(WarehouseError):
        at = moments.moment(viewer)
        tell_outcome()
        part = choices.address("part", list(view.parts()))
        parts: dict[str, Callable[[Moment], None]] = {"join": join, "files": _files, "history": _history}
        if part in parts:
            parts[part](at)
        else:
            edit(at, SHEETS[part])


def _files(at: Moment) -> None:
    """Everything out as a ZIP of CSV files, and back in with a preview."""
    board.show(
        {
            "kind": "section",
            "title": t("The organisation as files"),
            "lead": t("One CSV per sheet. What a file does not name stays as it is; nothing is taken away."),
        },
        key="files-head",
    )
    st.download_button(
        t("Download everything (ZIP)"),
        data=lambda: desk.change(at.viewer, "organisation", organisation_files.export_zip),
        file_name="organisation.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
    )
    given = st.file_uploader(
        t("Load a ZIP or one of its CSV files"), type=["zip", "csv"], key=f"file-{version()}"
    )
    if given is None:
        return
    file = {"file_name": given.name, "data": given.getvalue()}
    try:
        plan = desk.change(at.viewer, "organisation", organisation_files.plan_import, **file)
    except OrganisationError as error:
        board.show(board.notice("off", t("This file cannot be used"), str(error)), key="bad-file")
        return
    if plan.faults:
        board.show(
            view.fault_table([(f.place_text, f.column_name, f.sentence) for f in plan.faults]), key="faults"
        )
        return
    known = desk.change(at.viewer, "organisation", organisation.known)
    board.show(change_block(plan.changes, known, at.zone_name), key="preview")
    st.caption(t_count("{n} row stays as it is.", "{n} rows stay as they are.", plan.unchanged_rows))
    if plan.changes and st.button(
        t_count("Import {n} change", "Import {n} changes", len(plan.changes)),
        type="primary",
        icon=":material/upload:",
    ):
        do(at, organisation_files.import_file, done=t("Imported."), **file)


def _history(at: Moment) -> None:
    """What was changed, by whom, and the way back."""
    saves = desk.change(at.viewer, "organisation", organisation.saves)
    board.show(view.save_table(saves, zone_name=at.zone_name), key="saves")
    numbers = saves.filter(~pl.col("is_undone"))["save_number"].to_list()
    if not numbers:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        number = st.selectbox(t("Save"), numbers, key=f"undo-{version()}", width=160)
        if st.button(t("Take this save back"), icon=":material/undo:"):
            do(at, organisation.undo, done=t("Save {n} was taken back.", n=number), save_number=number)
