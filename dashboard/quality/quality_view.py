"""Quality as blocks: scores with their n, questions, reviews, the sample and how it was drawn, agreement, coaching.

In: the frames of the questions about quality. Out: blocks for `board.show`.
The rule it guards: every score has its n and the formula it was made by; agents stand by name, never as a ranking.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters
from dashboard.voice.voice_view import without_word
from dashboard.words import t, t_count
from sql import metrics

FEW = 5
"""With fewer reviews than this an average says little about anybody; the page says so."""


def parts() -> Mapping[str, str]:
    """The sections of the page."""
    return {
        "scores": t("Scores"),
        "review": t("Review desk"),
        "recordings": t("Recordings"),
        "calibration": t("Calibration"),
        "coaching": t("Coaching"),
        "forms": t("Forms"),
    }


def dimensions() -> Mapping[str, str]:
    """By what the scores can be told apart."""
    return {
        "agent": t("By agent"),
        "team": t("By team"),
        "form": t("By form"),
        "queue": t("By queue"),
        "reviewer": t("By reviewer"),
    }


def address(filters: Filters, of_name: str = "review_count", **more: object) -> str:
    """Where the reviews behind a number stand: the list of this page, of the same view."""
    added = {name: str(value) for name, value in more.items() if value is not None}
    return f"quality?{urlencode({'of': of_name, **filters.address(), **added})}"


def contact_address(source_name: str | None, contact_id: str | None) -> str | None:
    """Where the whole contact stands."""
    if not source_name or not contact_id:
        return None
    return f"contacts?{urlencode({'contact': contact_id, 'source': source_name})}"


def score_text(score: float | None) -> str:
    """A score from 0 to 100, always with one decimal, so that a column lines up."""
    return words.UNKNOWN if score is None else f"{score:.1f}"


def tiles(row: Row, sample: pl.DataFrame | None, notes: pl.DataFrame, filters: Filters) -> list[Block]:
    """The average score, reviews, failed ones, what of the sample is left (None: not told), and coaching that is due."""
    n, failed = row["review_count"], row["failed_review_count"]
    record = metrics.metric("average_quality_score")
    here = {"here": address(filters)} if n else {}
    left = 0 if sample is None else sample.filter(pl.col("review_id").is_null()).height
    open_notes = notes.filter(pl.col("done_date").is_null())
    overdue = open_notes.filter(pl.col("is_overdue")).height
    return [
        {
            "key": "average_quality_score",
            "units": 2,
            "label": t(record.label),
            "value": score_text(row["average_quality_score"]),
            "unit": t("of 100") if n else "",
            "status": board.status("none", t("few reviews")) if 0 < n < FEW else None,
            "more": t("n = {n} · lowest {low}, highest {high}", n=words.number(n), low=score_text(row["lowest_score"]),
                      high=score_text(row["highest_score"])) if n else t("no review"),
            "tip": t(record.meaning),
            **here,
        },
        board.count_tile("review_count", t("Reviews"), n, more=t("own ones and those that sources tell"), **here),
        board.count_tile(
            "failed_review_count",
            t("Failed"),
            failed,
            more=t("{share} of all: a critical question was failed", share=words.ratio(row["failed_review_ratio"])),
            **({"here": address(filters, "failed_review_count")} if failed else {}),
        ),
        *(
            [
                board.count_tile(
                    "sample",
                    t("Still to review"),
                    left,
                    more=t("of {n} in last week's sample", n=words.number(sample.height))
                    if sample.height
                    else t("none drawn for last week"),
                    here="quality?view=review",
                )
            ]
            if sample is not None
            else []
        ),
        board.count_tile(
            "coaching",
            t("Coaching agreed"),
            open_notes.height,
            more=t_count("{n} overdue", "{n} overdue", overdue),
            status=board.status("near", t("overdue")) if overdue else None,
            here="quality?view=coaching",
        ),
    ]  # fmt: skip


def group_table(groups: pl.DataFrame, by: str, filters: Filters) -> Block:
    """Scores by agent, team, form, queue or reviewer, by name, each with its n."""
    rows = []
    for row in groups.iter_rows(named=True):
        n = row["review_count"]
        narrowed = {by: row["of_key"]} if by in ("agent", "team", "queue") else {}
        here = address(filters, **narrowed) if narrowed and row["of_key"] else None
        few = f" ({t('few')})" if 0 < n < FEW else ""
        failed = (
            address(filters, "failed_review_count", **narrowed)
            if here and row["failed_review_count"]
            else None
        )
        rows.append(
            {
                "key": str(row["of_key"]),
                "cells": [
                    words.name(row["of_name"]) if row["of_name"] else without_word(by),
                    board.amount(
                        score_text(row["average_quality_score"]),
                        None if row["average_quality_score"] is None else row["average_quality_score"] / 100,
                        address=here,
                    ),
                    board.leading(f"{words.number(n)}{few}", here),
                    board.leading(score_text(row["lowest_score"]), here),
                    board.leading(score_text(row["highest_score"]), here),
                    board.leading(words.number(row["failed_review_count"]), failed),
                ],
            }
        )
    columns = [
        column(dimensions()[by].removeprefix("By ").capitalize()),
        column(t("Score"), "end"),
        column(t("Reviews (n)"), "end"),
        column(t("Lowest"), "end", wide=True),
        column(t("Highest"), "end", wide=True),
        column(t("Failed"), "end"),
    ]
    return board.table(
        dimensions()[by],
        columns,
        rows,
        nothing=t("No review in this time. Draw a sample and review it at the review desk."),
        title=dimensions()[by],
        lead=t("By name, not by score. Fewer than {n} reviews say little about anybody.", n=FEW),
    )


def question_table(questions: pl.DataFrame) -> Block:
    """How each question was answered: the share of the best possible, with n and how often it did not apply."""
    rows = [
        {
            "key": f"{row['form_id']}-{row['version_number']}-{row['question_number']}",
            "cells": [
                row["question_text"],
                row["section_name"],
                t("{form}, version {n}", form=row["form_name"], n=row["version_number"]),
                board.amount(words.ratio(row["question_ratio"]), row["question_ratio"]),
                words.number(row["answer_count"]),
                words.number(row["skipped_count"]),
                words.number(row["failed_count"]) if row["is_critical"] else words.UNKNOWN,
            ],
        }
        for row in questions.iter_rows(named=True)
    ]
    columns = [
        column(t("Question"), "text"),
        column(t("Section"), wide=True),
        column(t("Form"), wide=True),
        column(t("Of the best"), "end"),
        column(t("Answers (n)"), "end"),
        column(t("Not applicable"), "end", wide=True),
        column(t("Failed the review"), "end", wide=True),
    ]
    return board.table(
        t("By question"),
        columns,
        rows,
        nothing=t("No review was written here in this time. Imported reviews tell no questions."),
        title=t("By question"),
        lead=t("Of reviews written here. Each version of a form keeps its own questions."),
    )


def review_table(found: pl.DataFrame, *, zone_name: str, scored_count: int | None = None) -> Block:
    """The reviews, own and imported ones; an own one leads to its answers.

    scored_count: how many of them the figures above count, where more are listed.
    """
    total = int(found[0, "total_count"]) if found.height else 0
    rows = [_review_row(row, zone_name) for row in found.iter_rows(named=True)]
    columns = [
        column(t("Reviewed")),
        column(t("Agent")),
        column(t("Score"), "end"),
        column(t("Form"), wide=True),
        column(t("Reviewer"), wide=True),
        column(t("Contact"), wide=True),
        column(t("Comment"), "text", wide=True),
    ]
    lead = t_count("{n} review that stands.", "{n} reviews that stand.", total)
    if scored_count is not None and scored_count < total:
        beside = t_count(
            "{n} for calibration, or without a score, counts in no figure.",
            "{n} for calibration, or without a score, count in no figure.",
            total - scored_count,
        )
        lead = " ".join([lead, t_count("{n} counts,", "{n} count,", scored_count), beside])
    if found.height < total:
        lead = " ".join([lead, t("The newest {n} are shown.", n=words.number(found.height))])
    return board.table(
        t("Reviews"), columns, rows, nothing=t("No review in this time."), title=t("Reviews"), lead=lead
    )


def _review_row(row: Row, zone_name: str) -> Block:
    is_own = row["source_name"] == "floorboard"
    when = words.moment(row["reviewed_at"], zone_name).rpartition(":")[0]
    here = f"quality?{urlencode({'view': 'review', 'review': row['review_id']})}" if is_own else None
    score: Block | str = score_text(row["total_score"])
    if row["is_failed"]:
        score = board.status("off", t("failed"))
    form = row["form_name"] or words.UNKNOWN
    if row["is_calibration"]:
        form = t("{form} (calibration)", form=form)
    return {
        "key": f"{row['source_name']}-{row['review_id']}",
        "tone": "off" if row["is_failed"] else "none",
        "cells": [
            board.leading(when, here),
            words.name(row["agent_name"]),
            score,
            form if is_own else t("{form} ({source})", form=form, source=row["source_name"]),
            words.name(row["reviewer_name"]) if row["reviewer_name"] else words.UNKNOWN,
            board.leading(row["contact_id"], contact_address(row["contact_source_name"], row["contact_id"]))
            if row["contact_id"]
            else words.UNKNOWN,
            row["comment_text"] or words.UNKNOWN,
        ],
    }


def week_frame(weeks: pl.DataFrame) -> pl.DataFrame:
    """What the chart draws: the average score of each week with a review, from the lowest to the highest of them."""
    rows = [
        {
            "label_text": t("week of {day}", day=words.short_day(row["day_date"])),
            "figure_score": row["average_quality_score"],
            "low_score": row["lowest_score"],
            "high_score": row["highest_score"],
            "answer_count": row["review_count"],
            "figure_text": score_text(row["average_quality_score"]),
            "interval_text": t(
                "{low} to {high}", low=score_text(row["lowest_score"]), high=score_text(row["highest_score"])
            ),
            "count_text": words.number(row["review_count"]),
        }
        for row in weeks.iter_rows(named=True)
    ]
    scores = ("figure_score", "low_score", "high_score")
    schema: dict[str, pl.DataType] = {
        "label_text": pl.String(),
        **{name: pl.Float64() for name in scores},
        "answer_count": pl.Int64(),
        **{name: pl.String() for name in ("figure_text", "interval_text", "count_text")},
    }
    return pl.DataFrame(rows, schema=schema)


def week_texts() -> Mapping[str, str]:
    """The words of the chart's tooltips."""
    return {
        "time": t("Week"),
        "figure": t("Score"),
        "interval": t("Lowest to highest"),
        "count": t("Reviews"),
    }


def week_heading() -> Block:
    """The title over the weeks."""
    lead = t(
        "The average of each week, from its lowest to its highest review; below it the number of reviews."
    )
    return {"kind": "section", "title": t("Score by week"), "lead": lead}


def nobody() -> Block:
    """The scores before there is a review."""
    steps = [
        t("Open the review desk: take over the suggested form, draw last week's sample and review it."),
        t(
            'Reviews of another system come with a file: name it in `floorboard.toml` with `facts = "quality_reviews"`.'
        ),
    ]
    return board.notice(
        "none",
        t("No contact was reviewed in this time."),
        t("Choose a longer period, or begin."),
        steps=steps,
        page=True,
    )
