"""Keeps what people write about quality: forms, reviews and coaching notes, each with all its earlier states.

In: what a person saved, who it was, and when. Out: numbers of what was kept; QualityError where it cannot be.
The rule it guards: nothing is overwritten: a changed form is a new version, a changed review or note a new state of it, and
old reviews keep the questions by which they were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from dashboard.quality import review_score
from dashboard.quality.review_score import Question
from sql import audit, policy, warehouse

LONGEST_TEXT = 4000


class QualityError(Exception):
    """What was to be saved cannot be; the message says what was found, what was expected, and what to do."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a reviewer answered: 0 to 5 by the question's number (None: not applicable), remarks, and words on the whole."""

    answers: Mapping[int, int | None]
    remarks: Mapping[int, str] = field(default_factory=dict)
    comment_text: str = ""
    recording_url_text: str = ""


# --- forms


def save_form(
    connection: Connection, *, form_name: str, questions: Sequence[Question], viewer_name: str, now: datetime
) -> tuple[int, int]:
    """Keeps the questions as the next version of the form of that name; its number and version. Old reviews stay."""
    name = needed(form_name, "The form", "a name")
    numbered = [
        Question(n, q.section_name.strip(), q.text.strip(), q.kind, q.weight, q.is_critical, q.is_skippable)
        for n, q in enumerate(questions, start=1)
    ]
    _refuse(review_score.form_faults(numbered))
    in_turn(connection)
    (form_id,) = warehouse.one_row(connection, "quality/form_new", form_name=name)
    before = _row(connection, "form_now", form_id=form_id)
    if (
        before
        and questions_of(connection, form_id=form_id, version_number=before["version_number"]) == numbered
    ):
        return form_id, before["version_number"]
    (version,) = warehouse.one_row(
        connection, "quality/version_new", form_id=form_id, saved_at=now, viewer_name=viewer_name
    )
    warehouse.execute(
        connection,
        "quality/questions_new",
        form_id=form_id,
        version_number=version,
        question_numbers=[q.number for q in numbered],
        section_names=[q.section_name for q in numbered],
        question_texts=[q.text for q in numbered],
        answer_kind_names=[q.kind for q in numbered],
        weight_numbers=[q.weight for q in numbered],
        are_critical=[q.is_critical for q in numbered],
        are_skippable=[q.is_skippable for q in numbered],
    )
    told = {"version_number": int(version), "questions_count": len(numbered)}
    audit.note(connection, what_name="quality.form", of_name=f"form {form_id}", told=told)
    return form_id, int(version)


def questions_of(connection: Connection, *, form_id: int, version_number: int) -> list[Question]:
    """The questions of one version of a form, in order."""
    found = _rows(connection, "questions", form_id=form_id, version_number=version_number)
    return [
        Question(
            row["question_number"],
            row["section_name"],
            row["question_text"],
            row["answer_kind_name"],
            row["weight_number"],
            row["is_critical"],
            row["is_skippable"],
        )
        for row in found
    ]


def set_form_active(connection: Connection, *, form_id: int, is_active: bool) -> None:
    """Takes a form out of use, or back into it."""
    warehouse.execute(connection, "quality/form_active", form_id=form_id, is_active=is_active)
    audit.note(connection, what_name="quality.form", of_name=f"form {form_id}", told={"is_active": is_active})


# --- reviews


def save_review(
    connection: Connection,
    *,
    form_id: int,
    source_name: str,
    contact_id: str,
    reviewer_name: str,
    given: Answers,
    viewer_name: str,
    now: datetime,
    is_calibration: bool = False,
) -> int:
    """Keeps a new review of a contact by the form's newest version; its number.

    The agent and the queue are those of the contact's last answered leg. Raises QualityError where nobody answered it, or
    where this reviewer has reviewed it by this form: that review is to be amended.
    """
    reviewer = needed(reviewer_name, "The review", "the name of its reviewer")
    place = {"source_name": source_name, "contact_id": contact_id}
    in_turn(connection)
    whose = _row(connection, "contact", **place) or _row(connection, "ticket", **place)
    if whose is None:
        raise QualityError(
            f'No agent answered the contact "{contact_id}" of {source_name}; expected one that an agent handled. '
            "Choose another contact."
        )
    form = _row(connection, "form_now", form_id=form_id)
    if form is None:
        raise QualityError("There is no such form any more. Choose another one under Forms.")
    (other,) = warehouse.one_row(
        connection, "quality/has_review", form_id=form_id, reviewer_name=reviewer, **place
    )
    if other is not None:
        raise QualityError(
            f"{reviewer} has reviewed this contact by this form: review {other}. Amend that one instead."
        )
    (review_id,) = warehouse.one_row(connection, "quality/review_number")
    state = {
        **place,
        "form_id": form_id,
        "version_number": form["version_number"],
        "agent_id": whose["agent_id"],
        "queue_id": whose["queue_id"],
        "reviewed_at": now,
        "reviewer_name": reviewer,
        "is_calibration": is_calibration,
        "is_removed": False,
    }
    _keep_review(connection, int(review_id), 1, state, given, viewer_name=viewer_name, now=now)
    return int(review_id)


def amend_review(
    connection: Connection,
    *,
    review_id: int,
    save_number: int,
    given: Answers,
    viewer_name: str,
    now: datetime,
) -> int:
    """Keeps the review with other answers, by the questions that it was made with; the number of its new state.

    save_number: the state that the person saw; QualityError where somebody else has saved another one since.
    """
    state = _standing(connection, review_id, save_number)
    _keep_review(connection, review_id, save_number + 1, state, given, viewer_name=viewer_name, now=now)
    return save_number + 1


def take_back_review(
    connection: Connection, *, review_id: int, save_number: int, viewer_name: str, now: datetime
) -> None:
    """Takes the last save back: the review is again as it was before; with its first save it goes altogether."""
    state = _standing(connection, review_id, save_number)
    if save_number == 1:
        kept = _given(connection, review_id, 1, state)
        _keep_review(
            connection, review_id, 2, {**state, "is_removed": True}, kept, viewer_name=viewer_name, now=now
        )
        return
    before = _row(connection, "review_state", review_id=review_id, save_number=save_number - 1)
    if before is None:
        raise QualityError(f"Review {review_id} has no earlier state. Amend it instead.")
    kept = _given(connection, review_id, save_number - 1, before)
    _keep_review(connection, review_id, save_number + 1, before, kept, viewer_name=viewer_name, now=now)


def _standing(connection: Connection, review_id: int, save_number: int) -> dict[str, Any]:
    in_turn(connection)
    state = _row(connection, "review_now", review_id=review_id)
    if state is None:
        raise QualityError(f"There is no review {review_id}. Go back to the list of reviews.")
    if state["save_number"] != save_number:
        raise QualityError(
            f"Review {review_id} was saved by somebody else meanwhile (state {state['save_number']}, expected "
            f"{save_number}). Open it again and repeat your change."
        )
    return state


def _given(connection: Connection, review_id: int, save_number: int, state: Mapping[str, Any]) -> Answers:
    rows = _rows(connection, "answers", review_id=review_id, save_number=save_number)
    scores = {row["question_number"]: row["answer_score"] for row in rows}
    return Answers(
        {number: None if score is None else int(score) for number, score in scores.items()},
        {row["question_number"]: row["comment_text"] or "" for row in rows},
        state["comment_text"] or "",
        state["recording_url_text"] or "",
    )


def _keep_review(
    connection: Connection,
    review_id: int,
    save_number: int,
    state: Mapping[str, Any],
    given: Answers,
    *,
    viewer_name: str,
    now: datetime,
) -> None:
    policy.require(connection, "quality")
    questions = questions_of(connection, form_id=state["form_id"], version_number=state["version_number"])
    faults = review_score.answer_faults(questions, given.answers)
    url = given.recording_url_text.strip()
    if url and not url.lower().startswith(("https://", "http://")):
        faults.append(
            f'The link to the recording begins with "{url[:20]}"; expected https://. Correct it or leave it empty.'
        )
    _refuse(faults)
    found = review_score.score(questions, given.answers)
    kept = (
        "form_id", "version_number", "agent_id", "queue_id", "reviewed_at", "reviewer_name", "is_calibration", "is_removed",
        "source_name", "contact_id",
    )  # fmt: skip
    warehouse.execute(
        connection,
        "quality/review_save",
        **{name: state[name] for name in kept},
        review_id=review_id,
        save_number=save_number,
        saved_at=now,
        viewer_name=viewer_name,
        earned_points=found.earned_points,
        possible_points=found.possible_points,
        is_failed=found.is_failed,
        comment_text=_text(given.comment_text),
        recording_url_text=url or None,
    )
    warehouse.execute(
        connection,
        "quality/answers_save",
        review_id=review_id,
        save_number=save_number,
        question_numbers=[question.number for question in questions],
        answer_scores=[given.answers[question.number] for question in questions],
        comment_texts=[_text(given.remarks.get(question.number, "")) or "" for question in questions],
    )
    told = {"save_number": save_number, "is_removed": state["is_removed"], "agent_ids": [state["agent_id"]]}
    audit.note(connection, what_name="quality.review", of_name=f"review {review_id}", told=told)


# --- coaching


@dataclass(frozen=True, slots=True)
class Note:
    """A coaching note: for whom, about which contact, what was seen and agreed, until when, and when it was done."""

    agent_id: int
    comment_text: str
    action_text: str = ""
    due_date: date | None = None
    done_date: date | None = None
    source_name: str | None = None
    contact_id: str | None = None


def save_note(connection: Connection, *, note: Note, viewer_name: str, now: datetime) -> int:
    """Keeps a new coaching note; its number."""
    needed(note.comment_text, "The note", "what was seen")
    in_turn(connection)
    (note_id,) = warehouse.one_row(connection, "quality/coaching_number")
    _keep_note(connection, int(note_id), 1, note, viewer_name=viewer_name, now=now)
    return int(note_id)


def amend_note(
    connection: Connection,
    *,
    note_id: int,
    save_number: int,
    viewer_name: str,
    now: datetime,
    is_removed: bool = False,
    **changes: Any,
) -> int:
    """Keeps the note with these changes of it (such as done_date); the number of its new state."""
    in_turn(connection)
    state = _row(connection, "coaching_now", note_id=note_id)
    if state is None or state["save_number"] != save_number:
        raise QualityError(
            f"Note {note_id} was saved by somebody else meanwhile. Open the page again and repeat your change."
        )
    names = ("agent_id", "comment_text", "action_text", "due_date", "done_date", "source_name", "contact_id")
    note = Note(**{**{name: state[name] for name in names}, **changes})
    _keep_note(
        connection, note_id, save_number + 1, note, viewer_name=viewer_name, now=now, is_removed=is_removed
    )
    return save_number + 1


def _keep_note(
    connection: Connection,
    note_id: int,
    save_number: int,
    note: Note,
    *,
    viewer_name: str,
    now: datetime,
    is_removed: bool = False,
) -> None:
    policy.require(connection, "coaching")
    warehouse.execute(
        connection,
        "quality/coaching_save",
        note_id=note_id,
        save_number=save_number,
        saved_at=now,
        due_date=note.due_date,
        done_date=note.done_date,
        agent_id=note.agent_id,
        is_removed=is_removed,
        source_name=note.source_name,
        contact_id=note.contact_id,
        viewer_name=viewer_name,
        comment_text=_text(note.comment_text or ""),
        action_text=_text(note.action_text or ""),
    )
    told = {"save_number": save_number, "is_removed": is_removed, "agent_ids": [note.agent_id]}
    audit.note(connection, what_name="quality.coaching", of_name=f"coaching note {note_id}", told=told)


# --- what all share


def in_turn(connection: Connection) -> None:
    """Lets one save after the other happen."""
    warehouse.one_row(connection, "quality/lock")


def _rows(connection: Connection, name: str, **params: Any) -> list[dict[str, Any]]:
    found = connection.execute(sa.text(warehouse.statement(f"quality/{name}")), params)
    return [dict(row) for row in found.mappings()]


def _row(connection: Connection, name: str, **params: Any) -> dict[str, Any] | None:
    return next(iter(_rows(connection, name, **params)), None)


def needed(text: str, what: str, kind: str) -> str:
    """The text without blanks around it; QualityError where nothing of it is left."""
    found = text.strip()
    if not found:
        raise QualityError(f"{what} has nothing where {kind} was expected. Write it.")
    return found[:200] if kind != "what was seen" else found


def _text(text: str) -> str | None:
    found = text.strip()
    if len(found) > LONGEST_TEXT:
        raise QualityError(f"A text has {len(found)} letters; expected at most {LONGEST_TEXT}. Shorten it.")
    return found or None


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise QualityError(" ".join(faults))
