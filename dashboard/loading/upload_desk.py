"""The desk for files: drop one, see what would become of it, change how it is read, then load it or let it be.

In: the number of an upload in the address, what the person does. Out: requests to the loader; its answers as blocks.
The rule it guards: nothing is loaded by dropping a file; the button that loads stands below what it would do.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from dashboard import access, board, state_view
from dashboard.loading import loader_requests, sources_view, upload_view
from dashboard.loading.loader_requests import RequestError
from dashboard.loading.upload_check import ENDINGS, MOST_BYTES, UploadError
from dashboard.loading.upload_view import Look
from dashboard.ui import choices, clock, desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

BUSY_SECONDS, IDLE_SECONDS = 1, 5
KEY = "upload"
UPLOADS = "uploads"


def opened() -> int | None:
    """The upload that the address names, if it names one."""
    return choices.number_in_address(KEY)


def show() -> None:
    """The desk below the page's own content: the uploader and the list of files, or the one that is open."""
    viewer = visit.viewer()
    if not viewer.may_change(UPLOADS):
        board.show(
            board.notice("none", t("Only an administrator can upload files."), t("Ask one to do it.")),
            key="no-upload",
        )
        return
    with suppress(WarehouseError):  # the page's own content says it
        at = moments.moment(viewer)
        if (number := opened()) is None:
            _uploader(viewer)
            st.fragment(_list, run_every=IDLE_SECONDS)()
            return
        row = _row(at, number)
        is_busy = row is not None and row["state_name"] in sources_view.BUSY_STATES
        st.fragment(_file, run_every=BUSY_SECONDS if is_busy else None)(number, was_busy=is_busy)


def _row(at: Moment, number: int) -> dict[str, Any] | None:
    found = at.fresh("upload", upload_id=number)
    return found.row(0, named=True) if found.height else None


def _uploader(viewer: access.Viewer) -> None:
    board.show(
        {
            "kind": "section",
            "title": t("Upload a file"),
            "lead": t(
                "CSV, TSV, XLSX, Parquet or JSON lines, up to {size} MB. You see what would become of its rows before "
                "anything is loaded.",
                size=MOST_BYTES // 1_048_576,
            ),
        },
        key="uploader-title",
    )
    file = st.file_uploader(
        t("A file of up to {size} MB", size=MOST_BYTES // 1_048_576),
        label_visibility="collapsed",
        type=[ending.removeprefix(".") for ending in ENDINGS],
        key="uploader",
    )
    if file is None:
        return
    try:
        number = desk.change(
            viewer,
            UPLOADS,
            loader_requests.put_upload,
            file_name=file.name,
            content=file.getvalue(),
            viewer_name=viewer.viewer_name,
            at=clock.now(),
        )
    except UploadError as error:
        board.show(board.notice("off", t("This file was not taken"), str(error)), key="not-taken")
        return
    choices.lead_to(KEY, number)


def _list() -> None:
    with suppress(WarehouseError):
        at = moments.moment(visit.viewer())
        board.show(
            sources_view.upload_table(at.fresh("uploads", as_of=at.now), zone_name=at.zone_name),
            key="uploads",
        )


def _file(number: int, *, was_busy: bool) -> None:
    """One upload as it stands; the page is drawn anew when the loader begins or ends its work on it."""
    with suppress(WarehouseError):
        at = moments.moment(visit.viewer())
        row = _row(at, number)
        if st.button(t("All sources and files"), icon=":material/arrow_back:", key="back"):
            choices.lead_to(KEY, None)
        if row is None:
            gone = t("Uploads are kept for 30 days. The list of sources has those that are left.")
            board.show(board.notice("none", t("There is no such upload any more."), gone), key="gone")
            return
        if (row["state_name"] in sources_view.BUSY_STATES) != was_busy:
            st.rerun()
        board.show(upload_view.heading(row, zone_name=at.zone_name), key="heading")
        is_silent = state_view.loader_is_silent(at.fresh("loader", as_of=at.now))
        if notice := upload_view.state_notice(row, is_silent=is_silent):
            board.show(notice, key="state")
        if not was_busy:
            _decided(at, row)
        elif row["state_name"] == "waiting":
            _buttons(row, None)


def _decided(at: Moment, row: dict[str, Any]) -> None:
    """What there is to see and to do of an upload on which nobody works now."""
    if row["state_name"] == "loaded":
        if row["mapping_text"]:
            _lines_for_next_time(row)
        return
    if row["state_name"] == "discarded":
        return
    look = Look.of(row["preview_text"])
    if look is None:
        _buttons(row, None)
        return
    if not row["error_text"]:
        board.show(upload_view.look_tiles(look), key="look")
        if block := upload_view.doubts(look):
            board.show(block, key="doubts")
        board.show(upload_view.mapped_table(look, zone_name=at.zone_name), key="mapped")
        if block := upload_view.refused_table(look):
            board.show(block, key="refused")
    _buttons(row, look)
    _mapping(at, row, look)


def _buttons(row: dict[str, Any], look: Look | None) -> None:
    number = {"upload_id": row["upload_id"]}
    can_load = row["mapping_text"] is not None and look is not None and look.count("mapped_rows") > 0
    with st.container(horizontal=True, gap="small", key="decide"):
        if can_load and st.button(
            t("Load this file"), type="primary", icon=":material/download_done:", key="load"
        ):
            _ask(loader_requests.ask_load, **number, look_number=row["look_number"], at=clock.now())
        if st.button(t("Discard"), icon=":material/delete:", key="discard"):
            _ask(loader_requests.discard_upload, **number, at=clock.now())


def _ask(work: Any, **values: Any) -> None:
    """Asks the loader and draws the page anew; a request that came too late is said."""
    try:
        desk.change(visit.viewer(), UPLOADS, work, **values)
    except RequestError as error:
        board.show(board.notice("off", t("Not done"), str(error)), key="not-done")
        return
    st.rerun()


def _look_again(row: dict[str, Any], **wanted: Any) -> None:
    _ask(loader_requests.ask_look, upload_id=row["upload_id"], look_number=row["look_number"], wanted=wanted)


def _mapping(at: Moment, row: dict[str, Any], look: Look) -> None:
    """How the file is read, to be changed by choosing columns or as the lines of floorboard.toml."""
    board.show(
        {
            "kind": "section",
            "title": t("How the file is read"),
            "lead": t("Change it, look again, and only then load."),
        },
        key="mapping-title",
    )
    by_choice, by_lines = st.tabs([t("Columns"), t("Lines for floorboard.toml")])
    with by_choice:
        _choices(at, row, look)
    with by_lines:
        _lines(row, look)


def _choices(at: Moment, row: dict[str, Any], look: Look) -> None:
    mark = f"{row['upload_id']}-{row['look_number']}"
    kinds = look.told["all_facts"]
    facts = st.selectbox(
        t("The rows are"),
        kinds,
        index=kinds.index(look.facts_name),
        format_func=upload_view.facts_word,
        key=f"facts-{mark}",
    )
    if facts != look.facts_name:
        _look_again(row, facts=facts)
        return
    shown = look.first_fields
    others = [item for item in look.fields if item not in shown]
    columns: dict[str, str] = {}
    hows: dict[str, str] = {}
    with st.form(f"mapping-{mark}", border=True):
        for item in shown:
            _field(look, item, mark, columns, hows)
        with st.expander(t("More fields ({n})", n=len(others))):
            for item in others:
                _field(look, item, mark, columns, hows)
        more = _of_the_file(at, look, mark)
        if st.form_submit_button(t("Look again"), type="secondary", icon=":material/visibility:"):
            _look_again(row, table=upload_view.changed_table(look, columns, hows, more))


def _field(
    look: Look, item: dict[str, Any], mark: str, columns: dict[str, str], hows: dict[str, str]
) -> None:
    """Which column a field comes from, and how its texts are read."""
    name = item["name"]
    label = upload_view.field_word(name)
    offered = upload_view.column_choices(look, name)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    values = list(offered)
    columns[name] = left.selectbox(
        t("{field} (needed)", field=label) if item["is_needed"] else label,
        values,
        index=values.index(upload_view.chosen_column(look, name)),
        format_func=lambda value: offered[value],
        key=f"column-{mark}-{name}",
    )
    how, units = upload_view.how_text(look, item), look.told["units"].get(item["kind"], [])
    key = f"how-{mark}-{name}"
    if item["kind"] == "seconds":
        given = [
            "",
            *(unit for unit in units if unit != "seconds"),
        ]  # seconds are what a number is without a unit
        hows[name] = right.selectbox(
            t("Unit"),
            given,
            index=given.index(how) if how in given else 0,
            format_func=lambda unit: unit or t("seconds"),
            key=key,
        )
    elif item["kind"] == "instant":
        hows[name] = right.text_input(
            t("Format"), how, max_chars=200, placeholder="%d.%m.%Y %H:%M:%S", key=key
        )
    elif item["kind"] in ("choice", "bool"):
        words = " / ".join(item["words"]) or "true / false"
        hows[name] = right.text_input(
            t("What its words mean"), how, max_chars=2000, placeholder=words, help=words, key=key
        )


def _of_the_file(at: Moment, look: Look, mark: str) -> dict[str, str]:
    """What holds for the whole file: the zone of its times and the sign of its decimals."""
    zones = ["", *sorted(available_timezones())]
    now = look.table.get("time_zone", "")
    sign = look.table.get("decimal_sign", "")
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    zone = left.selectbox(
        t("Time zone of its times"),
        zones,
        index=zones.index(now) if now in zones else 0,
        format_func=lambda name: name or t("as the site: {zone}", zone=at.zone_name),
        key=f"zone-{mark}",
    )
    signs = ["", ","]
    decimal = right.selectbox(
        t("Decimal sign"),
        signs,
        index=signs.index(sign) if sign in signs else 0,
        format_func=lambda found: t("comma: 3,5") if found else t("point: 3.5"),
        key=f"decimal-{mark}",
    )
    return {"time_zone": zone, "decimal_sign": decimal}


def _lines(row: dict[str, Any], look: Look) -> None:
    """The same as text: to be copied, downloaded, or changed here where the choices do not reach."""
    mark = f"{row['upload_id']}-{row['look_number']}"
    text = str(look.told["toml_text"])
    with st.form(f"lines-{mark}", border=False):
        lines = st.text_area(
            t("Lines for floorboard.toml; path is where the file will lie"),
            text,
            height=380,
            key=f"toml-{mark}",
        )
        if st.form_submit_button(t("Look again with these lines"), icon=":material/visibility:"):
            _look_again(row, toml=lines)
    _download_lines(row, text)


def _lines_for_next_time(row: dict[str, Any]) -> None:
    board.show(
        {
            "kind": "section",
            "title": t("To read such files without uploading"),
            "lead": t("Put these lines into floorboard.toml, with the path where the file lies."),
        },
        key="next-time",
    )
    st.code(row["mapping_text"], language=None)
    _download_lines(row, row["mapping_text"])


def _download_lines(row: dict[str, Any], text: str) -> None:
    st.download_button(
        t("Download these lines"),
        data=text.encode(),
        file_name=f"{row['file_name'].rpartition('.')[0]}.toml",
        mime="application/toml",
        icon=":material/download:",
        on_click="ignore",
        key="download-lines",
    )
