"""The lists of the customers' voice: the contacts behind a number, comments, follow-ups, and who came again.

In: the frames of the questions about the customers' voice. Out: blocks for `board.show`.
The rule it guards: a list says how long it is, which is the number that led to it, and each row leads to its whole contact.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters
from dashboard.voice.voice_view import address, dimensions, without_word
from dashboard.words import t, t_count
from sql import metrics


def of_words() -> Mapping[str, str]:
    """What a list may hold, in words."""
    return {
        "survey_count": t("contacts that were answered about"),
        "unplaced_survey_count": t("answers that name no contact"),
        "askable_contacts": t("contacts that could be asked"),
        "csat_count": t("contacts with a CSAT score"),
        "csat_satisfied_count": t("contacts with a CSAT of 4 or 5"),
        "nps_count": t("contacts with an NPS score"),
        "nps_promoter_count": t("promoters"),
        "nps_detractor_count": t("detractors"),
        "flagged_contacts": t("contacts that were told to be resolved or not"),
        "resolved_first_contacts": t("contacts that were told to be resolved"),
        "followed_contacts": t("handled contacts of known customers"),
        "repeated_contacts": t("contacts after which the customer came again"),
        "provisional_contacts": t("contacts after which the customer still may come again"),
    }


def list_heading(total: int, shown: int, of_name: str) -> Block:
    """How many contacts there are, which is the number that led here."""
    lead = t("The same number as on the page.")
    if shown < total:
        lead = t("The same number as on the page; the newest {n} are shown.", n=words.number(shown))
    return {"kind": "section", "title": f"{words.number(total)} {of_words()[of_name]}", "lead": lead}


def count_word(n: int) -> str:
    """How many contacts a list has."""
    return t_count("{n} contact, the newest first.", "{n} contacts, the newest first.", n)


def repeat_tiles(row: Row, filters: Filters) -> list[Block]:
    """How many were followed, how many came again, and of how many it cannot be known yet."""
    followed, repeated, open_count = (
        row[f"{name}_contacts"] for name in ("followed", "repeated", "provisional")
    )
    decided = followed - open_count
    record = metrics.metric("fcr_no_repeat_ratio")
    return [
        board.count_tile(
            "followed",
            t("Customers followed"),
            followed,
            more=t("handled calls of a known customer"),
            **({"here": address("followed_contacts", filters)} if followed else {}),
        ),
        board.count_tile(
            "repeated",
            t("Came again"),
            repeated,
            more=t("{share} of those followed", share=words.ratio(row["repeat_contact_ratio"])),
            **({"here": address("repeated_contacts", filters)} if repeated else {}),
        ),
        {
            "key": "fcr",
            "units": 1,
            "label": t(record.label),
            "value": words.ratio(row["fcr_no_repeat_ratio"]),
            "more": " · ".join([t("n = {n}", n=words.number(followed)), *([t("provisional")] if open_count else [])]),
            "tip": t(record.meaning),
            **({"here": address("followed_contacts", filters)} if followed else {}),
        },
        board.count_tile(
            "provisional",
            t("May still come again"),
            open_count,
            more=t("decided are {n}; of them {share} did not", n=words.number(decided),
                   share=words.ratio((decided - repeated) / decided if decided else None)),
            tip=t("Their days have not passed. Until then the share can only fall."),
            **({"here": address("provisional_contacts", filters)} if open_count else {}),
        ),
    ]  # fmt: skip


def repeat_table(groups: pl.DataFrame, by: str, filters: Filters) -> Block:
    """Who came again, by queue, team or topic, by name."""
    narrow = by if by in ("queue", "team", "agent") else None
    most = max([1, *groups["repeated_contacts"].to_list()])
    rows = []
    for row in groups.filter(pl.col("followed_contacts") > 0).iter_rows(named=True):
        place = {by: row["of_key"] if narrow else row["of_name"] or ""}
        has_place = row["of_key"] is not None or narrow is None

        def led(
            name: str, row: Row = row, place: Mapping[str, object] = place, has_place: bool = has_place
        ) -> str | None:
            return address(name, filters, **place) if has_place and row[name] else None

        repeated = row["repeated_contacts"]
        rows.append(
            {
                "key": str(row["of_key"]),
                "cells": [
                    words.name(row["of_name"]) if row["of_name"] else without_word(by),
                    board.leading(words.number(row["followed_contacts"]), led("followed_contacts")),
                    board.amount(words.number(repeated), repeated / most, address=led("repeated_contacts")),
                    board.leading(words.ratio(row["fcr_no_repeat_ratio"]), led("followed_contacts")),
                    board.leading(words.number(row["provisional_contacts"]), led("provisional_contacts")),
                ],
            }
        )
    columns = [
        column(dimensions()[by].removeprefix("By ").capitalize()),
        column(t("Followed"), "end"),
        column(t("Came again"), "end"),
        column(t("Did not"), "end"),
        column(t("May still"), "end", wide=True),
    ]
    return board.table(
        dimensions()[by],
        columns,
        rows,
        nothing=t("No customer of this time is known. Withheld numbers cannot be followed."),
        title=dimensions()[by],
        lead=t(
            "A call counts as not settled when the same customer comes to the same group again within 7 days."
        ),
    )


def contact_table(found: pl.DataFrame, *, title: str, lead: str, nothing: str, zone_name: str) -> Block:
    """One row per contact: when, its score, what was said, who met the customer, and the way to the whole contact."""
    rows = [
        {
            "key": f"{row['kind_name']}-{row['source_name']}-{row['contact_id']}",
            "tone": "off" if row["level_name"] == "low" and not row["is_followed_up"] else "none",
            "cells": [
                board.leading(
                    words.moment(row["told_at"] or row["happened_at"], zone_name).rpartition(":")[0],
                    _journey(row),
                ),
                score_mark(row),
                row["comment_text"] or words.UNKNOWN,
                words.name(row["queue_name"] or row["group_name"])
                if row["queue_name"] or row["group_name"]
                else words.UNKNOWN,
                words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                row["topic_name"] or words.UNKNOWN,
                _afterwards(row, zone_name),
            ],
        }
        for row in found.iter_rows(named=True)
    ]
    columns = [
        column(t("When")),
        column(t("Score")),
        column(t("Comment"), "text"),
        column(t("Queue or group"), wide=True),
        column(t("Agent"), wide=True),
        column(t("Topic"), wide=True),
        column(t("Afterwards"), "text", wide=True),
    ]
    return board.table(title, columns, rows, nothing=nothing, title=title, lead=lead)


def _journey(row: Row) -> str | None:
    if row["kind_name"] == "survey":
        return None
    return f"contacts?{urlencode({'contact': row['contact_id'], 'source': row['source_name']})}"


def score_mark(row: Row) -> Block | str:
    """The scores of a contact, marked by shape, colour and word."""
    told = []
    if row["csat_score"] is not None:
        told.append(t("CSAT {score}", score=words.number(row["csat_score"])))
    if row["nps_score"] is not None:
        told.append(t("NPS {score}", score=words.number(row["nps_score"])))
    if not told:
        return words.UNKNOWN
    return board.status(
        {"low": "off", "middle": "near", "high": "good"}.get(row["level_name"], "none"), " · ".join(told)
    )


def _afterwards(row: Row, zone_name: str) -> str:
    told = []
    if row["is_followed_up"]:
        by = t("Followed up by {name}, {day}", name=words.name(row["followed_up_by_name"]),
               day=words.moment(row["followed_up_at"], zone_name).partition(",")[0])  # fmt: skip
        told.append(": ".join([by, row["follow_up_text"]]) if row["follow_up_text"] else by)
    if row["is_repeated"]:
        told.append(t("came again"))
    elif row["is_provisional"]:
        told.append(t("may still come again"))
    return " · ".join(told) or words.UNKNOWN


def due_label(row: Row, zone_name: str) -> str:
    """A contact in the list of those that are to be followed up."""
    scores = " · ".join(
        f"{name} {words.number(row[f'{name.lower()}_score'])}"
        for name in ("CSAT", "NPS")
        if row[f"{name.lower()}_score"] is not None
    )
    when = words.moment(row["told_at"], zone_name).rpartition(":")[0]
    comment = (row["comment_text"] or t("no comment"))[:60]
    return f"{when} – {scores} – {comment}"


def nobody() -> Block:
    """The page before anybody was asked."""
    steps = [
        t("Name a file of surveys in `floorboard.toml`, under `[[sources]]`, or drop one on Sources."),
        t("A source may also bring scores with its calls and tickets; then nothing has to be set."),
    ]
    body = t(
        "Scores come with calls, tickets and surveys. None was answered in this time, nor could anybody be asked."
    )
    return board.notice("none", t("Nobody was asked in this time."), body, steps=steps, page=True)


def levels() -> Mapping[str, str]:
    """Which scores a list of comments may keep."""
    return {"*": t("Every score"), "low": t("Low"), "middle": t("Middle"), "high": t("High")}
