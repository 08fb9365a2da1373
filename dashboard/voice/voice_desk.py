"""Marks low scores as followed up: by whom, when and with which words; and takes a mark back.

In: the contact, what the person writes. Out: one more mark; earlier ones stay.
The rule it guards: nothing is overwritten, and of two who mark the same contact at once the first one stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import polars as pl
import streamlit as st
from sqlalchemy import Connection

from dashboard import board
from dashboard.filters import filters_of
from dashboard.ui import desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.voice import voice_list_view
from dashboard.voice.voice_sections import PERIOD_NAME, low_scores
from dashboard.words import t
from sql import audit, warehouse
from sql.warehouse import WarehouseError

FOLLOW_UPS = "voice.follow_ups"


def mark(
    connection: Connection,
    *,
    kind_name: str,
    source_name: str,
    contact_id: str,
    is_done: bool,
    comment_text: str | None,
    viewer_name: str,
    now: datetime,
) -> bool:
    """Keeps a mark on a contact; whether it said anything new."""
    warehouse.one_row(connection, "quality/lock")
    kept = warehouse.execute(
        connection,
        "quality/follow_up_save",
        kind_name=kind_name,
        source_name=source_name,
        contact_id=contact_id,
        is_done=is_done,
        comment_text=(comment_text or "").strip()[:4000] or None,
        viewer_name=viewer_name,
        saved_at=now,
    )
    if kept:
        of_name = f"contact {source_name}/{contact_id}"
        audit.note(connection, what_name="voice.follow_up", of_name=of_name, told={"is_done": is_done})
    return kept > 0


def show() -> None:
    """Below the list of follow-ups: marks one as done with a note, and takes a mark back; outside of the page's refresh."""
    if st.query_params.get("view") != "due":
        return
    with suppress(WarehouseError):  # the page's own content says it
        at = moments.moment(visit.viewer())
        if not at.viewer.may_change(FOLLOW_UPS):
            return
        filters = filters_of(st.query_params, today=at.today, period_name=PERIOD_NAME)
        found = low_scores(at, filters, is_due=False)
        left, done = found.filter(~pl.col("is_followed_up")), found.filter(pl.col("is_followed_up"))
        if left.height:
            _mark(at, left)
        if done.height:
            _take_back(at, done)


def _mark(at: Moment, left: pl.DataFrame) -> None:
    rows = left.to_dicts()
    with st.form("follow-up", border=True, clear_on_submit=True):
        place = st.selectbox(
            t("Followed up"),
            range(len(rows)),
            format_func=lambda n: voice_list_view.due_label(rows[n], at.zone_name),
            key="follow-up-of",
        )
        note = st.text_area(t("What was done"), max_chars=4000, height=90, key="follow-up-note")
        if st.form_submit_button(t("Mark as followed up"), type="primary", icon=":material/task_alt:"):
            _keep(at, rows[place or 0], is_done=True, comment_text=note)


def _take_back(at: Moment, done: pl.DataFrame) -> None:
    block = voice_list_view.contact_table(
        done,
        title=t("Followed up"),
        lead=voice_list_view.count_word(done.height),
        nothing="",
        zone_name=at.zone_name,
    )
    board.show(block, key="done")
    rows = done.to_dicts()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        place = st.selectbox(
            t("Mark"),
            range(len(rows)),
            format_func=lambda n: voice_list_view.due_label(rows[n], at.zone_name),
            key="follow-up-undo",
        )
        if st.button(t("Take this mark back"), icon=":material/undo:"):
            _keep(at, rows[place or 0], is_done=False, comment_text=None)


def _keep(at: Moment, row: Mapping[str, Any], *, is_done: bool, comment_text: str | None) -> None:
    place = {name: row[name] for name in ("kind_name", "source_name", "contact_id")}
    desk.change(
        at.viewer,
        FOLLOW_UPS,
        mark,
        **place,
        is_done=is_done,
        comment_text=comment_text,
        viewer_name=at.viewer.viewer_name,
        now=at.now,
    )
    st.rerun()
