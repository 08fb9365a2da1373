"""The questions about the customers' voice: scores with their n, how they are spread, and the contacts behind them.

In: a connection, a window, the instant asked about, and what the reader has chosen. Out: a typed frame with metrics.
The rule it guards: a contact counts once, whichever system told its score; the number and the list behind it come from
the same rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import polars as pl
from sqlalchemy import Connection

from sql import metrics
from sql.warehouse import WarehouseError, frame

REPEAT_DAYS = 7
"""Within how many days another contact of the same customer in the same group counts as a repeat."""
By = Literal["queue", "group", "team", "agent", "channel", "topic"]
COLUMNS = (
    "askable_contacts",
    "survey_count",
    "unplaced_survey_count",
    "csat_count",
    "csat_satisfied_count",
    "nps_count",
    "nps_promoter_count",
    "nps_detractor_count",
    "flagged_contacts",
    "resolved_first_contacts",
    "followed_contacts",
    "repeated_contacts",
    "provisional_contacts",
)
SCALES = {"csat": range(1, 6), "nps": range(11)}
ANSWERED = "answered_count"
"""Every answer, whether or not it names a contact that could be asked: survey_count and unplaced_survey_count."""
NARROWING = {
    "queue_id": None,
    "group_name": None,
    "channel_name": None,
    "topic_name": None,
    "team_id": None,
    "site_name": None,
    "agent_id": None,
    "is_business_hours": False,
}


def voice_overview(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    by_name: By = "queue",
    step_name: Literal["day", "week"] = "day",
    repeat_days: int = REPEAT_DAYS,
    **narrowed: Any,
) -> pl.DataFrame:
    """All figures of the window from one look at its contacts: what the four questions below answer, in one frame.

    One row in all (of_kind_name "all"), one per value of `by_name`, per day or week, and per score (csat, nps).
    """
    given = _given(window_start, window_end, as_of, repeat_days, narrowed)
    return _figures(connection, by_name=by_name, step_name=step_name, **given)


def voice_totals(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    repeat_days: int = REPEAT_DAYS,
    **narrowed: Any,
) -> pl.DataFrame:
    """One row: all contacts of the window together, with the scores, the response rate and both kinds of FCR.

    provisional_contacts: those of followed_contacts that did not come again so far, and whose days have not passed.
    due_contacts: low scores that nobody has gone after.
    """
    given = _given(window_start, window_end, as_of, repeat_days, narrowed)
    return totals_of(_figures(connection, **given))


def voice_groups(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    by_name: By = "queue",
    repeat_days: int = REPEAT_DAYS,
    **narrowed: Any,
) -> pl.DataFrame:
    """One row per queue, group, team, agent, channel or topic, by name; of_key is null for the contacts without one."""
    given = _given(window_start, window_end, as_of, repeat_days, narrowed)
    return groups_of(_figures(connection, by_name=by_name, **given), by_name)


def voice_days(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    step_name: Literal["day", "week"] = "day",
    repeat_days: int = REPEAT_DAYS,
    **narrowed: Any,
) -> pl.DataFrame:
    """One row per local day of the site, or week (day_date is its Monday), that had a contact, in the order of time."""
    given = _given(window_start, window_end, as_of, repeat_days, narrowed)
    return days_of(_figures(connection, step_name=step_name, **given), step_name)


def voice_scores(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    repeat_days: int = REPEAT_DAYS,
    **narrowed: Any,
) -> pl.DataFrame:
    """One row per scale (csat, nps) and whole score: how many gave it; a half counts as the score below it."""
    given = _given(window_start, window_end, as_of, repeat_days, narrowed)
    return scores_of(_figures(connection, **given))


def _figures(
    connection: Connection, *, by_name: str = "queue", step_name: str = "day", **given: Any
) -> pl.DataFrame:
    """One row in all, and one per value of each name; ratios are made of the sums."""
    found = frame(connection, "queries/voice_groups", by_name=by_name, step_name=step_name, **given)
    return metrics.with_metrics(found)


def totals_of(found: pl.DataFrame) -> pl.DataFrame:
    """The row of all contacts of an overview."""
    return found.filter(pl.col("of_kind_name") == "all").drop("of_kind_name", "of_key", "of_name")


def groups_of(found: pl.DataFrame, by_name: By) -> pl.DataFrame:
    """The rows of an overview by queue, team or the like, by name."""
    return found.filter(pl.col("of_kind_name") == by_name).drop("of_kind_name")


def days_of(found: pl.DataFrame, step_name: Literal["day", "week"]) -> pl.DataFrame:
    """The rows of an overview by day or week, in the order of time."""
    days = found.filter(pl.col("of_kind_name") == step_name)
    dated = days.with_columns(pl.col("of_key").str.to_date().alias("day_date")).sort("day_date")
    return dated.select("day_date", pl.exclude("day_date", "of_kind_name", "of_key", "of_name"))


def scores_of(found: pl.DataFrame) -> pl.DataFrame:
    """How the scores of an overview are spread: a row for every step of both scales, also one that nobody gave."""
    given = {
        (kind, step): count
        for scale, name in (("csat", "csat_count"), ("nps", "nps_count"))
        for kind, step, count in found.filter(pl.col("of_kind_name") == scale)
        .select("of_kind_name", "of_key", name)
        .rows()
    }
    rows = [
        (scale, float(step), int(given.get((scale, str(step)), 0)))
        for scale, steps in SCALES.items()
        for step in steps
    ]
    return pl.DataFrame(
        rows,
        schema={"scale_name": pl.String, "step_score": pl.Float64, "score_count": pl.Int64},
        orient="row",
    )


def voice_contacts(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    of_name: str = ANSWERED,
    score_name: Literal["low", "middle", "high"] | None = None,
    scale_name: Literal["csat", "nps"] = "csat",
    step_score: int | None = None,
    search_text: str | None = None,
    has_words: bool = False,
    is_due: bool = False,
    limit_rows: int = 200,
    repeat_days: int = REPEAT_DAYS,
    **narrowed: Any,
) -> pl.DataFrame:
    """One row per contact that the column `of_name` counts, the newest answer first; total_count is how many there are.

    level_name: low is CSAT below 3 (without CSAT, NPS 0 to 6), high is CSAT 4 and 5 (9 and 10). is_due: only low scores that
    nobody has followed up. step_score: one whole score of a scale, as voice_scores counts it. Raises WarehouseError for a
    column that this question does not count.
    """
    if of_name not in (*COLUMNS, ANSWERED):
        raise WarehouseError(f"'{of_name}' is no count of contacts; expected one of {', '.join(COLUMNS)}.")
    return frame(
        connection,
        "queries/voice_contacts",
        of_name=of_name,
        score_name=score_name,
        scale_name=scale_name,
        step_score=step_score,
        search_text=search_text or None,
        has_words=has_words,
        is_due=is_due,
        limit_rows=limit_rows,
        **_given(window_start, window_end, as_of, repeat_days, narrowed),
    )


def _given(
    window_start: datetime, window_end: datetime, as_of: datetime, repeat_days: int, narrowed: dict[str, Any]
) -> dict[str, Any]:
    unknown = sorted(set(narrowed) - set(NARROWING))
    if unknown:
        raise WarehouseError(
            f"The customers' voice cannot be narrowed by {', '.join(unknown)}; expected one of {', '.join(NARROWING)}."
        )
    return {
        "window_start": window_start,
        "window_end": window_end,
        "as_of": as_of,
        "repeat_days": repeat_days,
        **NARROWING,
        **narrowed,
    }


QUESTIONS = (voice_overview, voice_totals, voice_groups, voice_days, voice_scores, voice_contacts)
