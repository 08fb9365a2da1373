"""The questions about quality: scores of reviews with their n, answers by question, the sample, forms, agreement, coaching.

In: a connection and the question's parameters. Out: a typed frame, with metrics where there is something to count.
The rule it guards: reviews that were written here and those that sources tell count alike, a review for calibration nowhere.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import polars as pl
from sqlalchemy import Connection

from sql import metrics
from sql.warehouse import WarehouseError, frame

By = Literal["agent", "team", "form", "reviewer", "queue"]
NARROWING = ("queue_id", "team_id", "site_name", "agent_id")


def quality_totals(
    connection: Connection, *, window_start: datetime, window_end: datetime, **narrowed: Any
) -> pl.DataFrame:
    """One row: all reviews of the window; lowest_score and highest_score are null without one."""
    given = _given(window_start, window_end, narrowed)
    return metrics.with_metrics(frame(connection, "queries/quality_groups", by_name="all", **given)).drop(
        "of_key", "of_name"
    )


def quality_groups(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    by_name: By = "agent",
    **narrowed: Any,
) -> pl.DataFrame:
    """One row per agent, team, form, reviewer or queue with a review in the window, by name."""
    given = _given(window_start, window_end, narrowed)
    return metrics.with_metrics(frame(connection, "queries/quality_groups", by_name=by_name, **given))


def quality_weeks(
    connection: Connection, *, window_start: datetime, window_end: datetime, **narrowed: Any
) -> pl.DataFrame:
    """One row per week with a review (day_date is its Monday, local days of the site), in the order of time."""
    given = _given(window_start, window_end, narrowed)
    found = frame(connection, "queries/quality_groups", by_name="week", **given)
    weeks = found.with_columns(pl.col("of_key").str.to_date().alias("day_date")).sort("day_date")
    return metrics.with_metrics(weeks.select("day_date", pl.exclude("day_date", "of_key", "of_name")))


def quality_questions(
    connection: Connection, *, window_start: datetime, window_end: datetime, **narrowed: Any
) -> pl.DataFrame:
    """One row per question of a form's version that was asked: n, how often it was not applicable, and its mean.

    question_ratio: answers of all the best possible ones, 0 to 1, null where it was never applicable.
    """
    found = frame(connection, "queries/quality_questions", **_given(window_start, window_end, narrowed))
    best = pl.col("answer_count") * 5
    return found.with_columns(pl.when(best > 0).then(pl.col("answer_score") / best).alias("question_ratio"))


def quality_reviews(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: Literal["review_count", "failed_review_count"] | None = None,
    limit_rows: int = 200,
    **narrowed: Any,
) -> pl.DataFrame:
    """One row per review that stands, own and imported ones, the newest first; total_count is how many there are.

    of_name: only those that this column counts; without it also those for calibration.
    """
    given = _given(window_start, window_end, narrowed)
    return frame(connection, "queries/quality_reviews", of_name=of_name, limit_rows=limit_rows, **given)


def review_forms(connection: Connection) -> pl.DataFrame:
    """One row per question of each version of each form; is_current marks the version of new reviews."""
    return frame(connection, "queries/review_forms")


def review_states(connection: Connection, *, review_id: int) -> pl.DataFrame:
    """One row per saved state of a review and question, the state that stands first."""
    return frame(connection, "queries/review_states", review_id=review_id)


def review_sample(connection: Connection, *, week_date: date) -> pl.DataFrame:
    """One row per contact drawn for review in the week from that Monday; review_id is null until it is reviewed."""
    return frame(connection, "queries/review_sample", week_date=week_date)


def sample_candidates(
    connection: Connection, *, window_start: datetime, window_end: datetime, week_date: date, as_of: datetime
) -> pl.DataFrame:
    """One row per handled contact of the window that may be drawn: neither in another week's sample nor reviewed by then."""
    return frame(
        connection,
        "queries/sample_candidates",
        window_start=window_start,
        window_end=window_end,
        week_date=week_date,
        as_of=as_of,
    )


def calibration_answers(
    connection: Connection, *, window_start: datetime, window_end: datetime
) -> pl.DataFrame:
    """One row per question and review of each contact that several reviewers have reviewed by the same form."""
    return frame(connection, "queries/calibration_answers", window_start=window_start, window_end=window_end)


def coaching_notes(
    connection: Connection, *, today_date: date, agent_id: int | None = None, team_id: int | None = None
) -> pl.DataFrame:
    """One row per coaching note that stands, open ones first by the day they are due."""
    return frame(
        connection, "queries/coaching_notes", today_date=today_date, agent_id=agent_id, team_id=team_id
    )


def _given(window_start: datetime, window_end: datetime, narrowed: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(narrowed) - set(NARROWING))
    if unknown:
        raise WarehouseError(
            f"Reviews cannot be narrowed by {', '.join(unknown)}; expected one of {', '.join(NARROWING)}."
        )
    none: dict[str, Any] = dict.fromkeys(NARROWING)
    return {"window_start": window_start, "window_end": window_end, **none, **narrowed}


QUESTIONS = (
    quality_totals,
    quality_groups,
    quality_weeks,
    quality_questions,
    quality_reviews,
    review_forms,
    review_states,
    review_sample,
    sample_candidates,
    calibration_answers,
    coaching_notes,
)
