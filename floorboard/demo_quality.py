"""What the people of the demo have written by hand: a review form, samples, reviews, calibrations and coaching notes.

In: the demo's warehouse with its history, and its seed. Out: the same as the pages would keep, by the same functions.
The rule it guards: nothing is added where somebody has written a form already; every answer is invented by the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from dashboard.quality import quality_queries, review_book, sample_book
from dashboard.quality.review_book import Answers, Note, QualityError
from dashboard.quality.review_score import BEST, SUGGESTED
from etl.config import Settings
from etl.simulation import floor_voice as voice
from sql import warehouse

WEEKS = 4
CONTACTS_PER_AGENT = 2
REVIEWED_SHARE, CALIBRATED_SHARE, COACHED_SHARE = 0.45, 0.12, 0.1
REVIEWERS = ("Piret Mets", "Jüri Kuusk", "Anneli Roos")
ACTIONS = (
    "Listens to two calls of a colleague and writes down what they ask first.",
    "Ends every call with what happens next, and by when.",
    "Practises the check of the customer with the team lead.",
    "Writes the note while the customer is still on the line.",
)
FORM_NAME = "Calls"


def furnish(engine: Engine, settings: Settings, now: Callable[[], datetime], *, seed: int) -> None:
    """Adds the reviews of the weeks before; where there is a form already, it adds nothing."""
    zone = ZoneInfo(settings.site.time_zone)
    present = now()
    monday = present.astimezone(zone).date() - timedelta(days=present.astimezone(zone).weekday())
    with warehouse.connected(engine, deadline_seconds=120.0) as connection:
        if quality_queries.review_forms(connection).height:
            return
        begun = _start(monday - timedelta(days=7 * WEEKS), zone)
        form_id, _ = review_book.save_form(
            connection, form_name=FORM_NAME, questions=SUGGESTED, viewer_name=REVIEWERS[0], now=begun
        )
        for week in range(WEEKS, 0, -1):
            _week(connection, monday - timedelta(days=7 * week), zone, present, form_id=form_id, seed=seed)


def _week(
    connection: Connection, week_date: date, zone: ZoneInfo, present: datetime, *, form_id: int, seed: int
) -> None:
    """The sample of a week, drawn on the Monday after it, and what was reviewed of it by now."""
    end = week_date + timedelta(days=7)
    drawn_at = _start(end, zone) + timedelta(hours=9)
    if drawn_at > present:  # nobody has come in yet to draw it
        return
    try:
        sample_book.draw_sample(
            connection,
            week_date=week_date,
            per_agent=CONTACTS_PER_AGENT,
            seed=week_date.isoformat(),
            window_start=_start(week_date, zone),
            window_end=_start(end, zone),
            viewer_name=REVIEWERS[0],
            now=drawn_at,
        )
    except QualityError:  # the history is shorter than the weeks
        return
    sample = quality_queries.review_sample(connection, week_date=week_date).to_dicts()
    for place, row in enumerate(sample):
        reviewed_at = drawn_at + timedelta(minutes=17 * (place + 1))
        if reviewed_at > present or not voice.chance(seed, f"reviewed/{row['contact_id']}", REVIEWED_SHARE):
            continue
        reviewer = REVIEWERS[place % len(REVIEWERS)]
        contact = {"source_name": row["source_name"], "contact_id": row["contact_id"]}
        _review(connection, form_id, contact, reviewer, reviewed_at, seed=seed, is_calibration=False)
        if voice.chance(seed, f"calibrated/{row['contact_id']}", CALIBRATED_SHARE):
            for other in REVIEWERS:
                if other != reviewer:
                    later = min(present, reviewed_at + timedelta(hours=5))
                    _review(connection, form_id, contact, other, later, seed=seed, is_calibration=True)
        if voice.chance(seed, f"coached/{row['contact_id']}", COACHED_SHARE):
            _coach(connection, row["agent_id"], contact, reviewer, reviewed_at, present, seed=seed)


def _review(
    connection: Connection,
    form_id: int,
    contact: dict[str, str],
    reviewer: str,
    at: datetime,
    *,
    seed: int,
    is_calibration: bool,
) -> None:
    levels = voice.judged(seed, contact["contact_id"], reviewer, len(SUGGESTED))
    answers: dict[int, int | None] = {}
    for question, level in zip(SUGGESTED, levels, strict=True):
        whole = None if level is None else BEST if level >= 3 else 0
        answers[question.number] = whole if question.kind == "yes_no" else level
    review_book.save_review(
        connection,
        form_id=form_id,
        **contact,
        reviewer_name=reviewer,
        given=Answers(answers, {}, voice.remark(seed, contact["contact_id"])),
        viewer_name=reviewer,
        now=at,
        is_calibration=is_calibration,
    )


def _coach(
    connection: Connection,
    agent_id: int,
    contact: dict[str, str],
    coach: str,
    at: datetime,
    present: datetime,
    *,
    seed: int,
) -> None:
    """A note of two weeks' time; most that are due by now are done."""
    due = (at + timedelta(days=14)).date()
    is_done = due < present.date() and voice.chance(seed, f"done/{contact['contact_id']}", 0.8)
    note = Note(
        agent_id,
        voice.remark(seed, contact["contact_id"]),
        ACTIONS[(agent_id + len(contact["contact_id"])) % len(ACTIONS)],
        due,
        due - timedelta(days=2) if is_done else None,
        **contact,
    )
    review_book.save_note(connection, note=note, viewer_name=coach, now=at)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
