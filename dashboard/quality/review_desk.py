"""Writes and amends reviews: the contact's way, the form's questions, the score with its formula, and every earlier state.

In: a contact or a review that the address names. Out: a review that is kept, or amended, or taken back.
The rule it guards: a review is amended by the questions it was made with, and of two who amend it the second is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.contacts import recording_view
from dashboard.contacts.recording_rules import rules_of
from dashboard.quality import quality_desk_view as view
from dashboard.quality import review_book
from dashboard.quality.review_book import Answers
from dashboard.quality.review_score import BEST, Question
from dashboard.ui import desk
from dashboard.ui.moments import Moment
from dashboard.words import t

Keep = Callable[..., None]
SKIPPED = "-"
REVIEWS = "quality.reviews"


def write(at: Moment, keep: Keep, forms: pl.DataFrame, *, contact_id: str, source_name: str) -> None:
    """A new review of a contact: its way, then the form."""
    back(t("All of the sample"))
    journey = at.fresh("contact_journey", contact_id=contact_id, source_name=source_name)
    board.show(view.journey_table(journey, zone_name=at.zone_name), key="journey")
    if journey.is_empty():
        return
    show_recordings(at, None, contact_id=contact_id, source_name=source_name)
    current = forms.filter(pl.col("is_current") & pl.col("is_active"))
    names = dict(current.select("form_id", "form_name").unique(maintain_order=True).rows())
    form_id = st.selectbox(
        t("Form"), list(names), format_func=lambda n: words.name(names[n]), key="form-of-review"
    )
    if form_id is None:
        return
    questions = view.questions_of(
        current.filter(pl.col("form_id") == form_id).with_columns(answer_score=pl.lit(None, pl.Float64))
    )
    with st.form(f"review-{form_id}-{contact_id}", border=True):
        left, right = st.columns(2)
        reviewer = left.text_input(t("Reviewer"), desk.kept("reviewer", lambda: [""])[0], max_chars=200)
        url = right.text_input(
            t("Link to the recording (if there is one)"), max_chars=2000, placeholder="https://"
        )
        given = asked(questions, None, f"new-{form_id}-{contact_id}")
        is_calibration = st.checkbox(
            t("For calibration: compares reviewers, and counts for no agent"), key="is-calibration"
        )
        if st.form_submit_button(t("Save the review"), type="primary", icon=":material/save:"):
            desk.kept("reviewer", lambda: [""])[0] = reviewer
            answers, remarks, comment = given
            keep(
                at,
                REVIEWS,
                review_book.save_review,
                done=t("The review is saved."),
                leads={"view": "review"},
                form_id=form_id,
                contact_id=contact_id,
                source_name=source_name,
                reviewer_name=reviewer,
                given=Answers(answers, remarks, comment, url),
                is_calibration=is_calibration,
            )


def opened(at: Moment, keep: Keep, review_id: int) -> None:
    """A review as it stands, its earlier states, and the ways to amend it and to take the last save back."""
    back(t("All of the sample"))
    states = at.fresh("review_states", review_id=review_id)
    if states.is_empty():
        gone = t("Go back to the sample, or to the list of reviews.")
        board.show(board.notice("none", t("There is no review of that number."), gone, page=True), key="gone")
        return
    state = states.filter(pl.col("save_number") == states[0, "save_number"])
    row = state.row(0, named=True)
    if row["is_removed"]:
        board.show(
            board.notice(
                "near", t("This review was taken back"), t("It counts nowhere; its states are kept below.")
            ),
            key="taken",
        )
    board.show({"kind": "tiles", "tiles": view.review_tiles(state, zone_name=at.zone_name)}, key="review")
    named = recording_view.typed(row)
    show_recordings(at, named, contact_id=row["contact_id"], source_name=row["source_name"])
    board.show(view.answer_table(state), key="answers")
    journey = at.fresh("contact_journey", contact_id=row["contact_id"], source_name=row["source_name"])
    board.show(view.journey_table(journey, zone_name=at.zone_name), key="journey")
    if not row["is_removed"] and at.viewer.may_change(REVIEWS):
        _amend(at, keep, state, row)
    board.show(view.history_table(states, zone_name=at.zone_name), key="history")


def show_recordings(at: Moment, named: pl.DataFrame | None, *, contact_id: str, source_name: str) -> None:
    """What was recorded of a contact, and the link that a reviewer named, each with its way or why there is none."""
    found = at.fresh("contact_recordings", contact_id=contact_id, source_name=source_name)
    if named is not None:
        found = pl.concat([named, found], how="diagonal")
    rules = rules_of(next(iter(at.fresh("recording_rules").to_dicts()), None))
    block = recording_view.recording_table(found, rules, zone_name=at.zone_name, as_of=at.now)
    board.show(block, key="recordings")


def _amend(at: Moment, keep: Keep, state: pl.DataFrame, row: dict[str, Any]) -> None:
    number = {"review_id": row["review_id"], "save_number": row["save_number"]}
    with st.expander(t("Amend this review"), icon=":material/edit:"):
        before = Answers(
            view.answers_of(state),
            {one["question_number"]: one["comment_text"] or "" for one in state.iter_rows(named=True)},
            row["review_text"] or "",
            row["recording_url_text"] or "",
        )
        with st.form(f"amend-{row['review_id']}-{row['save_number']}", border=False):
            url = st.text_input(
                t("Link to the recording (if there is one)"), before.recording_url_text, max_chars=2000
            )
            answers, remarks, comment = asked(
                view.questions_of(state), before, f"amend-{row['review_id']}-{row['save_number']}"
            )
            if st.form_submit_button(t("Save the amended review"), type="primary", icon=":material/save:"):
                given = Answers(answers, remarks, comment, url)
                keep(
                    at,
                    REVIEWS,
                    review_book.amend_review,
                    done=t("The review is amended."),
                    given=given,
                    **number,
                )
    if st.button(t("Take the last save back"), icon=":material/undo:", key="take-back"):
        keep(at, REVIEWS, review_book.take_back_review, done=t("The last save was taken back."), **number)


def asked(
    questions: Sequence[Question], before: Answers | None, mark: str
) -> tuple[dict[int, int | None], dict[int, str], str]:
    """The questions by section, each with its answer and a remark; what was not answered is missing."""
    answers: dict[int, int | None] = {}
    remarks: dict[int, str] = {}
    section = ""
    for question in questions:
        if question.section_name != section:
            section = question.section_name
            st.markdown(f"#### {words.in_markdown(section)}")
        options = _options(question)
        kept = before.answers.get(question.number) if before else None
        start = None if before is None else SKIPPED if kept is None else str(kept)
        left, right = st.columns([3, 2], vertical_alignment="bottom")
        label = words.in_markdown(question.text) + (
            f" :red-badge[{t('critical')}]" if question.is_critical else ""
        )
        found = left.segmented_control(
            label,
            list(options),
            format_func=options.__getitem__,
            default=start if start in options else None,
            key=f"answer-{mark}-{question.number}",
            wrap=True,
        )
        if found is not None:
            answers[question.number] = None if found == SKIPPED else int(found)
        remarks[question.number] = right.text_input(
            t("Remark"),
            before.remarks.get(question.number, "") if before else "",
            max_chars=1000,
            key=f"remark-{mark}-{question.number}",
            label_visibility="collapsed",
            placeholder=t("Remark"),
        )
    comment = st.text_area(
        t("On the whole"),
        before.comment_text if before else "",
        max_chars=4000,
        height=90,
        key=f"whole-{mark}",
    )
    return answers, remarks, comment or ""


def _options(question: Question) -> dict[str, str]:
    yes_no = {str(BEST): t("yes"), "0": t("no")}
    found = yes_no if question.kind == "yes_no" else {str(n): str(n) for n in range(BEST + 1)}
    return found | ({SKIPPED: t("not applicable")} if question.is_skippable else {})


def back(label: str) -> None:
    """The way back to the list."""
    if st.button(label, icon=":material/arrow_back:", key="back"):
        for name in ("review", "contact", "source"):
            st.query_params.pop(name, None)
        st.rerun()
