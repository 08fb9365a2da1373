"""Forms, reviews, samples, agreement and coaching on a real Postgres: nothing is overwritten, scores can be remade."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from dashboard.quality import quality_queries, review_book, sample_book
from dashboard.quality.review_book import Answers, Note, QualityError
from dashboard.quality.review_score import Question
from sql import warehouse
from tests.conftest import engine_of_copy, filled_template
from tests.db.test_records import NOW, T0, ask, at, tell
from tests.db.test_voice import answers, lost, stay, survey

WEEK = date(2026, 3, 2)  # the Monday of T0
WINDOW = {
    "window_start": T0 - timedelta(hours=10),
    "window_end": T0 - timedelta(hours=10) + timedelta(days=7),
}
WHO = {"viewer_name": "liis", "now": NOW}
LATER = {"window_start": T0, "window_end": NOW + timedelta(days=1)}
FORM = (
    Question(1, "Opening", "Greeted", "yes_no", 10),
    Question(2, "Opening", "Made sure who it is", "yes_no", 20, is_critical=True),
    Question(3, "Solution", "Answer was right", "scale_5", 30, is_skippable=False),
    Question(4, "Close", "Said what comes next", "scale_5", 40),
)
GOOD = {1: 5, 2: 5, 3: 4, 4: 3}


def with_connection(engine: sa.Engine, work: Callable[..., Any], **values: Any) -> Any:
    with warehouse.connected(engine) as connection:
        return work(connection, **values)


def frame(engine: sa.Engine, name: str, **values: Any) -> pl.DataFrame:
    found: pl.DataFrame = with_connection(engine, queries.QUESTIONS[name], **values)
    return found


def drawn_floor(engine: sa.Engine) -> None:
    """Twelve handled calls of two agents on the Monday and Tuesday, one abandoned, and answers about six of them."""
    calls = [
        stay(
            f"c{n}",
            n * 60,
            f"k{n % 5}",
            agent_name=("jaan", "mari")[n % 2],
            queue_name="sales" if n % 3 else "billing",
        )
        for n in range(12)
    ]
    tell(engine, {"calls": [*calls, lost("lost", 300, "k9")]})
    drawn = [
        (5, 10, "Quick."),
        (4, 9, ""),
        (3, 8, ""),
        (1, 6, "Still no refund."),
        (5, None, ""),
        (None, 0, ""),
    ]
    told = [
        survey(f"s{n}", n * 60 + 30, call_id=f"c{n}", csat_score=csat, nps_score=nps, comment_text=text)
        for n, (csat, nps, text) in enumerate(drawn)
    ]
    answers(engine, *told)


@pytest.fixture(scope="module")
def floor_name(server_url: str, template_name: str) -> Iterator[str]:
    """A database with the drawn floor in it; every test has its own copy."""
    with filled_template(server_url, template_name, drawn_floor) as name:
        yield name


@pytest.fixture
def engine(server_url: str, floor_name: str) -> Iterator[sa.Engine]:
    with engine_of_copy(server_url, floor_name) as engine:
        yield engine


def form(engine: sa.Engine, questions: tuple[Question, ...] = FORM) -> tuple[int, int]:
    found: tuple[int, int] = with_connection(
        engine, review_book.save_form, form_name="Calls", questions=questions, **WHO
    )
    return found


def review(
    engine: sa.Engine, contact_id: str = "c1", given: Mapping[int, int | None] = GOOD, **changes: Any
) -> int:
    values = {
        "form_id": 1,
        "source_name": "records",
        "contact_id": contact_id,
        "reviewer_name": "Liis",
        **WHO,
        **changes,
    }
    found: int = with_connection(engine, review_book.save_review, given=Answers(given), **values)
    return found


def reviewed(engine: sa.Engine, *, number: int = 2) -> None:
    """A form, and reviews of the same contact by two reviewers, one of an agent's, and a coaching note."""
    form(engine)
    for n in range(number):
        review(engine, "c1", {**GOOD, 4: 3 + n}, reviewer_name=f"Reviewer {n}", is_calibration=n > 0)
    if number:
        with_connection(engine, review_book.save_note, note=Note(1, "Interrupts.", "Listens.", WEEK), **WHO)


def test_a_worked_review(engine: sa.Engine) -> None:
    form(engine)
    review(engine)
    #        weights times answers: 10 x 5 + 20 x 5 + 30 x 4 + 40 x 3 = 390 of 100 x 5
    [row] = frame(engine, "quality_reviews", **LATER).to_dicts()
    assert (row["total_score"], row["is_failed"], row["agent_name"]) == (100 * 390 / 500, False, "mari")
    review(engine, "c2", {1: None, 2: 5, 3: 4, 4: None})  # 20 x 5 + 30 x 4 = 220 of 50 x 5
    assert frame(engine, "quality_reviews", **LATER)["total_score"].sort().to_list() == [78.0, 88.0]
    total = frame(engine, "quality_totals", **LATER).row(0, named=True)
    assert (total["review_count"], total["average_quality_score"]) == (2, (78 + 88) / 2)
    assert (total["lowest_score"], total["highest_score"]) == (78.0, 88.0)


def test_a_failed_critical_question_fails_the_whole_and_nothing_applicable_is_unknown(
    engine: sa.Engine,
) -> None:
    form(engine, (*FORM[:2], Question(3, "Solution", "Answer was right", "scale_5", 30)))
    review(engine, "c1", {1: 5, 2: 0, 3: 5})
    review(engine, "c2", {1: None, 2: None, 3: None})
    row = frame(engine, "quality_totals", **LATER).row(0, named=True)
    assert (row["review_count"], row["review_total_score"], row["failed_review_count"]) == (1, 0.0, 1)
    before = {"window_start": T0 - timedelta(days=9), "window_end": T0 - timedelta(days=8)}
    empty = frame(engine, "quality_totals", **before).row(0, named=True)
    assert (empty["review_count"], empty["average_quality_score"], empty["failed_review_ratio"]) == (
        0,
        None,
        None,
    )


def test_a_changed_form_is_a_new_version_and_changes_no_old_review(engine: sa.Engine) -> None:
    assert form(engine) == (1, 1)
    assert form(engine) == (1, 1)  # the same questions are no new version
    number = review(engine)
    before = frame(engine, "review_states", review_id=number)
    assert form(engine, (Question(1, "All", "Was it good?", "scale_5", 1),)) == (1, 2)
    assert frame(engine, "review_states", review_id=number).equals(before)
    amended = {"review_id": number, "save_number": 1, "given": Answers({**GOOD, 3: 5}), **WHO}
    with_connection(engine, review_book.amend_review, **amended)  # still by the questions it was made with
    [row] = frame(engine, "quality_reviews", **LATER).to_dicts()
    assert (row["total_score"], row["version_number"]) == (100 * 420 / 500, 1)
    assert frame(engine, "quality_questions", **LATER)["version_number"].unique().to_list() == [1]


def test_amending_keeps_every_state_and_taking_back_goes_one_state_back(engine: sa.Engine) -> None:
    form(engine)
    number = review(engine)
    change = {"review_id": number, "given": Answers({**GOOD, 4: 5}, {4: "well done"}, "better"), **WHO}
    with_connection(engine, review_book.amend_review, save_number=1, **change)
    with pytest.raises(QualityError, match=r"saved by somebody else meanwhile \(state 2, expected 1\)"):
        with_connection(engine, review_book.amend_review, save_number=1, **change)
    states = frame(engine, "review_states", review_id=number)
    assert states["save_number"].unique().sort().to_list() == [1, 2]
    with_connection(engine, review_book.take_back_review, review_id=number, save_number=2, **WHO)
    assert frame(engine, "quality_reviews", **LATER)["total_score"].to_list() == [78.0]
    other = review(engine, "c2")
    with_connection(engine, review_book.take_back_review, review_id=other, save_number=1, **WHO)
    assert frame(engine, "quality_reviews", **LATER)["review_id"].to_list() == [str(number)]
    assert ask(engine, "select count(*) from warehouse.reviews") == [
        (5,)
    ]  # three states of one, two of the other


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({1: 5, 2: 5, 3: 4}, '"Said what comes next" has no answer'),
        ({**GOOD, 3: None}, '"Answer was right" cannot be left out'),
        ({**GOOD, 3: 6}, "was answered 6; expected 0 to 5"),
        ({**GOOD, 1: 3}, "of yes and no 5 or 0"),
    ],
)
def test_a_review_that_is_not_whole_is_refused_with_what_to_do(
    engine: sa.Engine, given: dict[int, int | None], sentence: str
) -> None:
    form(engine)
    with pytest.raises(QualityError, match=sentence):
        review(engine, given=given)
    assert ask(engine, "select count(*) from warehouse.reviews") == [(0,)]


def test_who_and_what_is_reviewed_is_checked(engine: sa.Engine) -> None:
    form(engine)
    review(engine)
    with pytest.raises(QualityError, match=r"liis has reviewed this contact by this form: review 1\. Amend"):
        review(engine, reviewer_name="liis ")
    with pytest.raises(QualityError, match='No agent answered the contact "lost"'):
        review(engine, "lost")
    with pytest.raises(QualityError, match="the name of its reviewer"):
        review(engine, "c2", reviewer_name=" ")
    with pytest.raises(QualityError, match="There is no such form"):
        review(engine, "c2", form_id=9)
    given = Answers(GOOD, recording_url_text="javascript:alert(1)")
    place = {"form_id": 1, "source_name": "records", "contact_id": "c2", "reviewer_name": "L"}
    with pytest.raises(QualityError, match='begins with "javascript:'):
        with_connection(engine, review_book.save_review, **place, given=given, **WHO)


@pytest.mark.parametrize(
    ("questions", "sentence"),
    [
        ((), "no question"),
        ((Question(1, "", "x", "yes_no", 1),), "Question 1 has no section"),
        ((Question(1, "a", " ", "yes_no", 1),), "Question 1 has no text"),
        ((Question(1, "a", "x", "stars", 1),), 'answer kind "stars"'),
        ((Question(1, "a", "x", "yes_no", 0),), "No question has a weight"),
        ((Question(1, "a", "x", "yes_no", 101),), "weighs 101; expected 0 to 100"),
    ],
)
def test_a_form_that_could_not_be_used_is_refused(
    engine: sa.Engine, questions: tuple[Question, ...], sentence: str
) -> None:
    with pytest.raises(QualityError, match=sentence):
        form(engine, questions)


def test_imported_reviews_stand_beside_own_ones_and_calibrations_count_nowhere(engine: sa.Engine) -> None:
    form(engine)
    told = {
        "review_id": "r1",
        "reviewed_at": at(90),
        "agent_name": "mari",
        "call_id": "c1",
        "total_score": 60.0,
    }
    told["form_name"] = "Old"
    tell(engine, {"quality_reviews": [told]})
    review(engine)
    review(engine, reviewer_name="Aino", given={**GOOD, 3: 0}, is_calibration=True)
    names = ("of_name", "review_count", "average_quality_score")
    by = frame(engine, "quality_groups", **LATER, by_name="form").select(names)
    assert by.rows() == [("Calls", 1, 78.0), ("Old", 1, 60.0)]
    both = frame(engine, "quality_groups", **LATER, by_name="agent").select(names)
    assert both.rows() == [("mari", 2, (78 + 60) / 2)]
    assert frame(engine, "quality_reviews", **LATER).height == 3
    assert (
        frame(engine, "quality_reviews", **LATER, of_name="review_count").height == 2
    )  # as the number that leads there
    assert frame(engine, "quality_reviews", **LATER, of_name="failed_review_count").height == 0
    assert frame(engine, "calibration_answers", **LATER).height == 2 * 4
    assert frame(engine, "quality_weeks", **LATER)["day_date"].to_list() == [WEEK, date(2026, 3, 9)]


def test_a_failed_review_without_a_score_is_in_neither_part_of_the_ratio(engine: sa.Engine) -> None:
    tell(engine, {"calls": [stay("c1", 0, agent_name="mari")]})
    drawn = [(80.0, False), (40.0, True), (None, True), (None, True)]
    told = [
        {
            "review_id": str(n),
            "reviewed_at": at(60 + n),
            "agent_name": "mari",
            "call_id": "c1",
            "total_score": score,
            "is_failed": is_failed,
        }
        for n, (score, is_failed) in enumerate(drawn)
    ]
    tell(engine, {"quality_reviews": told})
    row = frame(engine, "quality_totals", **LATER).row(0, named=True)
    assert (row["review_count"], row["failed_review_count"], row["failed_review_ratio"]) == (2, 1, 1 / 2)
    for of_name, listed in (("review_count", ["1", "0"]), ("failed_review_count", ["1"])):
        for name in ("quality_reviews", "review_rows"):
            assert frame(engine, name, **LATER, of_name=of_name)["review_id"].to_list() == listed, name


def test_the_answers_by_question_carry_their_n(engine: sa.Engine) -> None:
    form(engine)
    review(engine)
    review(engine, "c2", {**GOOD, 2: 0, 4: None})
    rows = frame(engine, "quality_questions", **LATER).to_dicts()
    told = [(r["answer_count"], r["skipped_count"], r["question_ratio"], r["failed_count"]) for r in rows]
    assert told == [(2, 0, 1.0, 0), (2, 0, 0.5, 1), (2, 0, 8 / 10, 0), (1, 1, 3 / 5, 0)]


DRAW = {**WINDOW, "week_date": WEEK, "per_agent": 3, "seed": "s"}


def draw(engine: sa.Engine, **changes: Any) -> int:
    found: int = with_connection(engine, sample_book.draw_sample, **{**DRAW, **WHO, **changes})
    return found


def test_the_sample_is_drawn_once_and_can_be_drawn_again_from_its_seed(engine: sa.Engine) -> None:
    again = {**DRAW, "as_of": NOW}
    planned = with_connection(engine, sample_book.sample_of, **again)
    assert draw(engine) == 6
    kept = frame(engine, "review_sample", week_date=WEEK)
    assert {(one.candidate.contact_id, one.place_number) for one, _ in planned} == set(
        kept.select("contact_id", "place_number").rows()
    )
    assert kept.group_by("agent_name").len().sort("agent_name").rows() == [("jaan", 3), ("mari", 3)]
    assert kept["candidate_count"].unique().to_list() == [6]
    assert with_connection(engine, sample_book.sample_of, **again) == planned
    form(engine)
    review(engine, kept[0, "contact_id"], now=NOW + timedelta(minutes=1))
    assert (
        with_connection(engine, sample_book.sample_of, **again) == planned
    )  # what was reviewed since changes nothing
    assert frame(engine, "review_sample", week_date=WEEK)["review_id"].drop_nulls().len() == 1
    with pytest.raises(QualityError, match="was drawn already"):
        draw(engine, seed="another")


def test_no_contact_is_in_two_samples_and_none_that_was_reviewed_before(engine: sa.Engine) -> None:
    form(engine)
    review(engine, "c0", now=NOW - timedelta(hours=1))
    assert draw(engine, per_agent=50) == 11
    assert "c0" not in frame(engine, "review_sample", week_date=WEEK)["contact_id"].to_list()
    # The week before, of which the window is said to be the same: everything was drawn.
    with pytest.raises(QualityError, match="No contact of that week can be drawn"):
        draw(engine, week_date=WEEK - timedelta(days=7))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"week_date": date(2026, 3, 3)}, "A week begins on a Monday; 2026-03-03 is none. Choose 2026-03-02"),
        ({"now": T0}, "The week is not over"),
        ({"per_agent": 0}, "expected 1 to 50"),
        ({"seed": " "}, "a seed"),
    ],
)
def test_a_sample_that_would_not_be_fair_is_refused(
    engine: sa.Engine, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(QualityError, match=sentence):
        draw(engine, **changes)


def test_a_coaching_note_keeps_its_states_and_says_when_it_is_overdue(engine: sa.Engine) -> None:
    note = Note(1, "Interrupts.", "Listens to two calls.", WEEK, None, "records", "c1")
    number = with_connection(engine, review_book.save_note, note=note, **WHO)
    asked = {"today_date": WEEK + timedelta(days=1)}
    [row] = frame(engine, "coaching_notes", **asked).to_dicts()
    assert (row["is_overdue"], row["action_text"], row["contact_id"]) == (True, "Listens to two calls.", "c1")
    assert not frame(engine, "coaching_notes", today_date=WEEK)[0, "is_overdue"]  # due is not overdue
    done = {"note_id": number, "done_date": WEEK, **WHO}
    assert with_connection(engine, review_book.amend_note, save_number=1, **done) == 2
    with pytest.raises(QualityError, match="saved by somebody else"):
        with_connection(engine, review_book.amend_note, save_number=1, **done)
    assert not frame(engine, "coaching_notes", **asked)[0, "is_overdue"]
    assert frame(engine, "coaching_notes", **asked, agent_id=2).is_empty()
    with_connection(engine, review_book.amend_note, note_id=number, save_number=2, is_removed=True, **WHO)
    assert frame(engine, "coaching_notes", **asked).is_empty()
    assert ask(engine, "select count(*) from warehouse.coaching_notes") == [(3,)]


def test_full_answers_have_the_types_of_empty_ones(engine: sa.Engine, shared_engine: sa.Engine) -> None:
    asked: dict[str, dict[str, Any]] = {
        **dict.fromkeys(
            (
                *(f"quality_{name}" for name in ("totals", "groups", "weeks", "questions", "reviews")),
                "calibration_answers",
            ),
            LATER,
        ),
        "review_forms": {},
        "review_states": {"review_id": 1},
        "review_sample": {"week_date": WEEK},
        "coaching_notes": {"today_date": WEEK},
    }
    empty = {name: frame(shared_engine, name, **values) for name, values in asked.items()}
    draw(engine)
    reviewed(engine)
    assert {one.__name__ for one in quality_queries.QUESTIONS} - set(asked) == {"sample_candidates"}
    for name, values in asked.items():
        full = frame(engine, name, **values)
        assert full.height > 0, name
        assert full.schema == empty[name].schema, name
        assert pl.Null not in full.dtypes, name
