"""Coaching notes: what was seen, what was agreed, until when, and whether it is done; agent and supervisor see the same.

In: what a person writes. Out: notes that are kept, each with its earlier states.
The rule it guards: a note is amended, never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.filters import filters_of
from dashboard.quality import quality_desk_view as view
from dashboard.quality import review_book
from dashboard.quality.review_book import Note
from dashboard.ui import take_along
from dashboard.ui.moments import Moment
from dashboard.words import t

DAYS_UNTIL_DUE = 14
COACHING = "quality.coaching"


def show(at: Moment, keep: Callable[..., None]) -> None:
    """The notes of those whom the reader has chosen, and the forms that write and end them."""
    chosen = filters_of(st.query_params, today=at.today).narrowed("agent_id", "team_id")
    notes = at.fresh("coaching_notes", today_date=at.today, **chosen)
    board.show(view.coaching_table(notes), key="coaching")
    if notes.height:
        take_along.download(notes, file_name="coaching.csv", zone_name=at.zone_name)
    if not at.viewer.may_change(COACHING):
        return
    if notes.height:
        _end(at, keep, notes)
    _write(at, keep, chosen.get("agent_id"))


def _end(at: Moment, keep: Callable[..., None], notes: pl.DataFrame) -> None:
    rows = {row["note_id"]: row for row in notes.iter_rows(named=True)}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        note_id = st.selectbox(
            t("Note"),
            list(rows),
            format_func=lambda n: (
                f"{words.name(rows[n]['agent_name'])} – {(rows[n]['action_text'] or rows[n]['comment_text'] or '')[:60]}"
            ),
            key="note",
        )
        if note_id is None:
            return
        row = rows[note_id]
        number: dict[str, Any] = {"note_id": note_id, "save_number": row["save_number"]}
        if row["done_date"] is None:
            if st.button(t("Mark as done"), icon=":material/task_alt:", type="primary"):
                keep(at, COACHING, review_book.amend_note, done=t("Done."), done_date=at.today, **number)
        elif st.button(t("Open it again"), icon=":material/undo:"):
            keep(at, COACHING, review_book.amend_note, done=t("Open again."), done_date=None, **number)
        if st.button(t("Remove"), icon=":material/delete:"):
            keep(at, COACHING, review_book.amend_note, done=t("Removed."), is_removed=True, **number)


def _write(at: Moment, keep: Callable[..., None], agent_id: int | None) -> None:
    agents = dict(at.calm("agents", as_of=at.now).select("agent_id", "agent_name").rows())
    if not agents:
        return
    numbers = list(agents)
    with st.form("coaching-note", border=True):
        left, middle, right = st.columns([2, 1, 1])
        whom = left.selectbox(
            t("For whom"),
            numbers,
            index=numbers.index(agent_id) if agent_id in agents else 0,
            format_func=lambda n: words.name(agents[n]),
        )
        due = middle.date_input(
            t("Due"), value=words.shifted_day(at.today, DAYS_UNTIL_DUE), format="DD/MM/YYYY"
        )
        contact = right.text_input(
            t("Contact (id, if about one)"), st.query_params.get("contact", ""), max_chars=200
        )
        seen = st.text_area(t("What was seen"), max_chars=4000, height=90)
        agreed = st.text_area(t("What was agreed"), max_chars=4000, height=90)
        if st.form_submit_button(t("Save the note"), type="primary", icon=":material/save:"):
            place = contact.strip()
            source = _source_of(at, place) if place else None
            note = Note(int(whom or 0), seen or "", agreed or "", due, None, source, place or None)
            keep(at, COACHING, review_book.save_note, done=t("The note is saved."), note=note)


def _source_of(at: Moment, contact_id: str) -> str | None:
    """The source that knows the contact: the one in the address, or the only one."""
    if st.query_params.get("contact") == contact_id and (named := st.query_params.get("source")):
        return named
    journey = at.fresh("contact_journey", contact_id=contact_id)
    return str(journey[0, "source_name"]) if journey.height else None
