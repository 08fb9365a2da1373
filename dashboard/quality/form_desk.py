"""Review forms: their questions in a table, weights beside them, and every version that was ever used.

In: what a person types into the table. Out: a new version of the form; reviews keep the version by which they were made.
The rule it guards: a changed form never changes an old review.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import streamlit as st
from sqlalchemy import Connection

from dashboard import board, words
from dashboard.quality import quality_desk_view as view
from dashboard.quality import review_book
from dashboard.quality.review_score import SUGGESTED, Question
from dashboard.ui import choices
from dashboard.ui.moments import Moment
from dashboard.words import t

NEW = "new"
FORMS = "quality.forms"
COLUMNS: dict[str, Any] = {
    "section_name": pl.String,
    "question_text": pl.String,
    "answer_kind_name": pl.String,
    "weight_number": pl.Int64,
    "is_critical": pl.Boolean,
    "is_skippable": pl.Boolean,
}


def show(at: Moment, keep: Callable[..., None]) -> None:
    """A form and its versions, and the table that makes the next version."""
    forms = at.fresh("review_forms")
    names = dict(forms.select("form_id", "form_name").unique(maintain_order=True).rows())
    is_theirs = at.viewer.may_change(FORMS)
    options = {str(number): words.name(name) for number, name in names.items()}
    if is_theirs:
        options[NEW] = t("A new form")
    if not options:
        board.show(view.no_forms(), key="no-forms")
        return
    with st.container(width=320):
        chosen = choices.choice(t("Form"), options, key="form", kind="list")
    if chosen == NEW:
        _edit(at, keep, "", _suggested(), mark=NEW)
        return
    form_id = int(chosen)
    part = forms.filter(pl.col("form_id") == form_id)
    versions = sorted(part["version_number"].unique().to_list(), reverse=True)
    labels = {str(n): t("Version {n}", n=n) for n in versions}
    version = (
        int(choices.choice(t("Version"), labels, key="version", kind="list"))
        if len(versions) > 1
        else versions[0]
    )
    board.show(view.form_table(forms, form_id, version), key="form-table")
    if not is_theirs:
        return
    current = part.filter("is_current")
    is_active = bool(part[0, "is_active"])
    with st.expander(
        t("Change this form: a new version, old reviews stay as they are"), icon=":material/edit:"
    ):
        questions = [
            Question(
                row["question_number"],
                row["section_name"],
                row["question_text"],
                row["answer_kind_name"],
                row["weight_number"],
                row["is_critical"],
                row["is_skippable"],
            )
            for row in current.iter_rows(named=True)
        ]
        _edit(at, keep, names[form_id], questions, mark=f"{form_id}-{versions[0]}")
    word = t("Take this form out of use") if is_active else t("Use this form again")
    if st.button(word, icon=":material/block:" if is_active else ":material/undo:"):
        keep(at, FORMS, _set_active, done=t("Kept."), form_id=form_id, is_active=not is_active)


def _suggested() -> list[Question]:
    return [replace(one, section_name=t(one.section_name), text=t(one.text)) for one in SUGGESTED]


def _kind_word(kind: object) -> str:
    return view.kind_words().get(str(kind), str(kind))


def _set_active(connection: Connection, *, form_id: int, is_active: bool, **_who: object) -> None:
    review_book.set_form_active(connection, form_id=form_id, is_active=is_active)


def _edit(at: Moment, keep: Callable[..., None], name: str, questions: list[Question], *, mark: str) -> None:
    form_name = name or st.text_input(
        t("Name of the form"), t("Calls"), max_chars=100, key=f"form-name-{mark}"
    )
    frame = pl.DataFrame(
        [(q.section_name, q.text, q.kind, q.weight, q.is_critical, q.is_skippable) for q in questions],
        schema=COLUMNS,
        orient="row",
    )
    of: Any = st.column_config
    edited: Any = st.data_editor(
        frame,
        key=f"questions-{mark}",
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config={
            "section_name": of.TextColumn(t("Section"), required=True, max_chars=100),
            "question_text": of.TextColumn(t("Question"), required=True, max_chars=300, width="large"),
            "answer_kind_name": of.SelectboxColumn(
                t("Answer"), options=list(view.kind_words()), format_func=_kind_word,
                required=True, default="scale_5",
            ),
            "weight_number": of.NumberColumn(t("Weight"), min_value=0, max_value=100, step=1, default=10, required=True),
            "is_critical": of.CheckboxColumn(t("Fails the whole"), default=False),
            "is_skippable": of.CheckboxColumn(t("May be not applicable"), default=True),
        },
    )  # fmt: skip
    if st.button(t("Save this form"), type="primary", icon=":material/save:", key=f"save-form-{mark}"):
        made = [
            Question(
                n,
                row["section_name"] or "",
                row["question_text"] or "",
                row["answer_kind_name"] or "",
                row["weight_number"] or 0,
                bool(row["is_critical"]),
                bool(row["is_skippable"]),
            )
            for n, row in enumerate(edited.to_dicts(), start=1)
        ]
        keep(
            at,
            FORMS,
            review_book.save_form,
            done=t("The form is saved."),
            form_name=form_name,
            questions=made,
        )
