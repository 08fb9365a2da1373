"""What people here wrote about a caller, or under an agent's name, goes with the erasure; no score changes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.quality import review_book
from dashboard.quality.review_book import Answers, Note
from dashboard.quality.review_score import Question
from dashboard.voice import voice_desk
from etl.config import Settings
from etl.erasure import reapply
from sql import warehouse
from tests.db.test_erasure import (
    AGENT,
    ERASED_AT,
    LATER,
    NAME,
    ask,
    at,
    erase_caller,
    erase_mari,
    found,
    home,
    loaded,
    settings,
)

__all__ = ["home", "loaded", "settings"]  # fixtures
CANARY = "the blue gate"
QUESTION = (Question(1, "All", "Was it good?", "scale_5", 1),)
SCORES = (
    "select review_id, save_number, earned_points, possible_points, agent_id from warehouse.reviews order by 1, 2",
    "select agent_id, due_date from warehouse.coaching_notes order by note_id, save_number",
    "select kind_name, is_done from warehouse.follow_ups order by 1, 2",
)


@pytest.fixture
def written(loaded: sa.Engine) -> sa.Engine:
    """About the caller's call c2 and her survey s1 a review in two states, a note, marks; and about another's call c4."""
    who: dict[str, Any] = {"viewer_name": NAME, "now": ERASED_AT}
    with warehouse.connected(loaded) as connection:
        form_id, _ = review_book.save_form(connection, form_name="Calls", questions=QUESTION, **who)
        for contact in ("c2", "c4"):
            words = f"{CANARY} of {contact}, said {NAME}"
            given = Answers({1: 4}, {1: words}, words, "https://rec.example.com/" + contact)
            place = {"source_name": "pbx", "contact_id": contact}
            number = review_book.save_review(
                connection, form_id=form_id, reviewer_name=NAME, given=given, **place, **who
            )
            review_book.amend_review(connection, review_id=number, save_number=1, given=given, **who)
            note = Note(1, words, words, date(2026, 12, 1), None, "pbx", contact)
            review_book.save_note(connection, note=note, **who)
            voice_desk.mark(connection, kind_name="call", is_done=True, comment_text=words, **place, **who)
        survey = {"kind_name": "survey", "source_name": "survey", "contact_id": "s1"}
        voice_desk.mark(connection, **survey, is_done=True, comment_text=CANARY, **who)
    return loaded


def places(engine: sa.Engine, *words: str) -> set[str]:
    return {place.split(":")[0] for place in found(engine, words)}


WRITTEN = {
    "warehouse.reviews",
    "warehouse.review_answers",
    "warehouse.coaching_notes",
    "warehouse.follow_ups",
}


def test_the_words_stand_in_every_table_before_the_erasure(written: sa.Engine) -> None:
    assert places(written, CANARY) == WRITTEN
    assert places(written, NAME) >= WRITTEN | {"warehouse.review_form_versions"}


def test_what_was_written_about_an_erased_caller_goes_and_about_others_stays(
    written: sa.Engine, settings: Settings
) -> None:
    before = [ask(written, text) for text in SCORES]
    erase_caller(written, settings)
    assert places(written, f"{CANARY} of c2", "rec.example.com/c2") == set()
    assert ask(written, "select comment_text from warehouse.follow_ups where kind_name = 'survey'") == [
        (None,)
    ]
    assert places(written, f"{CANARY} of c4", "rec.example.com/c4") == WRITTEN
    assert [ask(written, text) for text in SCORES] == before


def test_an_erased_agent_is_named_in_no_review_note_or_mark(written: sa.Engine, settings: Settings) -> None:
    before = [ask(written, text) for text in SCORES]
    alias = erase_mari(written, settings).alias_name
    assert found(written, AGENT) == []
    assert ask(written, "select distinct reviewer_name, viewer_name from warehouse.reviews") == [
        (alias, alias)
    ]
    assert [ask(written, text) for text in SCORES] == before


def test_words_that_an_old_backup_brings_back_go_again(written: sa.Engine, settings: Settings) -> None:
    """A backup from before the erasure holds the words and knows of no erasure; the list beside it does."""
    kept = ask(written, "select review_id, save_number, comment_text from warehouse.reviews")
    keys = ask(written, "select call_id, customer_key from warehouse.calls where customer_key is not null")
    erase_caller(written, settings)
    with written.begin() as connection:
        connection.execute(sa.text("delete from ops.erasures"))
        for review_id, save_number, text in kept:
            back = {"r": review_id, "s": save_number, "t": text}
            connection.execute(
                sa.text(
                    "update warehouse.reviews set comment_text = :t where review_id = :r and save_number = :s"
                ),
                back,
            )
        for call_id, key in keys:
            connection.execute(
                sa.text("update warehouse.calls set customer_key = :k where call_id = :c"),
                {"k": key, "c": call_id},
            )
    assert places(written, f"{CANARY} of c2") == {"warehouse.reviews"}
    reapply(written, settings, now=at(LATER))
    assert places(written, f"{CANARY} of c2") == set()
