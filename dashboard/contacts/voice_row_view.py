"""The lists behind figures of surveys and of reviews: their columns and cells.

In: rows of survey_rows and review_rows. Out: columns and cells of a table.
The rule it guards: what somebody said stands as it was said, and a failed review says so in words.
"""

from __future__ import annotations

from dashboard import words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_view import group_word
from dashboard.words import t


def survey_columns() -> list[Block]:
    """The columns of a list of surveys."""
    return [
        column(t("Queue or group")),
        column(t("Agent")),
        column(t("CSAT"), "end"),
        column(t("NPS"), "end"),
        column(t("Comment"), "text", wide=True),
        column(t("Contact"), wide=True),
    ]


def survey_cells(row: Row, _zone_name: str) -> list[Block | str]:
    """One survey's cells."""
    return [
        words.name(row["queue_name"]) if row["queue_name"] else group_word(row["group_name"]),
        words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
        words.number(row["csat_score"]),
        words.number(row["nps_score"]),
        row["comment_text"] or words.UNKNOWN,
        f"{row['contact_id']} ({row['source_name']})" if row["contact_id"] else words.UNKNOWN,
    ]


def review_columns() -> list[Block]:
    """The columns of a list of reviews."""
    return [
        column(t("Agent")),
        column(t("Queue")),
        column(t("Form")),
        column(t("Reviewer"), wide=True),
        column(t("Score"), "end"),
        column(t("Comment"), "text", wide=True),
    ]


def review_cells(row: Row, _zone_name: str) -> list[Block | str]:
    """One review's cells."""
    score = words.number(row["total_score"])
    return [
        words.name(row["agent_name"]),
        words.name(row["queue_name"]) if row["queue_name"] else words.UNKNOWN,
        row["form_name"] or words.UNKNOWN,
        row["reviewer_name"] or words.UNKNOWN,
        t("{score}, failed", score=score) if row["is_failed"] else score,
        row["comment_text"] or words.UNKNOWN,
    ]
