"""Whether reviewers who listened to the same contact answer alike: agreement over all, by question, and by contact.

In: the answers of several reviewers to the same contacts. Out: blocks for `board.show`.
The rule it guards: agreement is told with its n and against chance, and a spread is shown per question, never per reviewer.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dashboard import board, certainty, words
from dashboard.board import Block, column
from dashboard.quality.quality_view import contact_address, score_text
from dashboard.words import t, t_count

RELIABLE = 0.8
TENTATIVE = 0.667
"""Krippendorff's own limits: rely on answers with an alpha of 0.8, from 0.667 on draw tentative conclusions only."""


def units(answers: pl.DataFrame) -> list[list[float]]:
    """The answers to each question of each contact, of those to whom it applied."""
    found = answers.drop_nulls("answer_score").group_by(
        "source_name", "contact_id", "form_id", "version_number", "question_number", maintain_order=True
    )
    return [part["answer_score"].to_list() for _, part in found]


def alpha_of(answers: pl.DataFrame) -> float | None:
    """Krippendorff's alpha over these answers, on a scale of equal steps; yes and no are its two ends."""
    return certainty.alpha(units(answers))


def tiles(answers: pl.DataFrame) -> list[Block]:
    """How many contacts were reviewed by several, how often they agree within one step, and alpha."""
    contacts = answers.select("source_name", "contact_id").unique().height
    reviewers = answers["reviewer_name"].n_unique()
    near, pairs = certainty.within_one_step(units(answers))
    found = alpha_of(answers)
    return [
        board.count_tile(
            "contacts",
            t("Contacts compared"),
            contacts,
            more=t_count("{n} reviewer", "{n} reviewers", reviewers),
        ),
        {
            "key": "within",
            "units": 1,
            "label": t("Within one step"),
            "value": words.ratio(near / pairs if pairs else None),
            "more": t("{near} of {n} pairs of answers", near=words.number(near), n=words.number(pairs)),
            "tip": t("Two reviewers answered the same question of the same contact no more than one step apart."),
        },
        {
            "key": "alpha",
            "units": 1,
            "label": t("Agreement (alpha)"),
            "value": _alpha_text(found),
            "status": alpha_status(found),
            "more": t("1 is perfect, 0 is chance; rely on it from 0.8"),
            "tip": t("Krippendorff's alpha sets disagreement against what chance alone would give; from 0.667 on it allows "
                     "tentative conclusions (Krippendorff, 2011). Unknown where all answers are the same."),
        },
    ]  # fmt: skip


def alpha_status(found: float | None) -> Block:
    """How far answers can be relied on."""
    if found is None:
        return board.status("none", t("unknown"))
    if found >= RELIABLE:
        return board.status("good", t("reliable"))
    if found >= TENTATIVE:
        return board.status("near", t("tentative"))
    return board.status("off", t("talk about it"))


def _alpha_text(found: float | None) -> str:
    return words.UNKNOWN if found is None else f"{found:.2f}".replace("-", "−")


def question_table(answers: pl.DataFrame) -> Block:
    """The spread per question, the widest first: where reviewers mean different things."""
    drawn = []
    keys = ("form_name", "version_number", "question_number", "section_name", "question_text")
    for key, part in answers.group_by(*keys, maintain_order=True):
        form, version, number, section, text = key
        found = units(part)
        near, pairs = certainty.within_one_step(found)
        widest = max((max(unit) - min(unit) for unit in found), default=0)
        spread = _mean_spread(found)
        drawn.append((spread, (str(form), version, number), [
            str(text), str(section), t("{form}, version {n}", form=form, n=version),
            board.amount(words.number(round(spread, 2)) if found else words.UNKNOWN, spread / 5, tone=_tone(spread)),
            words.number(widest), words.ratio(near / pairs if pairs else None), words.number(pairs),
        ]))  # fmt: skip
    rows = [
        {"key": "-".join(map(str, key)), "cells": cells}
        for _, key, cells in sorted(drawn, key=lambda d: (-d[0], d[1]))
    ]
    columns = [
        column(t("Question"), "text"),
        column(t("Section"), wide=True),
        column(t("Form"), wide=True),
        column(t("Spread"), "end"),
        column(t("Widest"), "end", wide=True),
        column(t("Within one step"), "end"),
        column(t("Pairs (n)"), "end", wide=True),
    ]
    return board.table(
        t("By question"),
        columns,
        rows,
        nothing=t("Nothing to compare in this time."),
        title=t("By question"),
        lead=t(
            "Spread: how far the highest and the lowest answer to the same contact lie apart, on average. Widest first."
        ),
    )


def _tone(spread: float) -> str:
    return "off" if spread > 1 else "none"


def _mean_spread(found: Sequence[Sequence[float]]) -> float:
    several = [unit for unit in found if len(unit) > 1]
    return sum(max(unit) - min(unit) for unit in several) / len(several) if several else 0.0


def contact_table(answers: pl.DataFrame) -> Block:
    """The contacts that several reviewed: each reviewer's score, side by side."""
    rows = []
    reviews = answers.unique("review_id", keep="first", maintain_order=True)
    for key, part in reviews.group_by("source_name", "contact_id", "form_name", maintain_order=True):
        source, contact, form = (str(word) for word in key)
        scores = part["total_score"].drop_nulls()
        told = " · ".join(
            f"{words.name(name)} {score_text(score)}"
            for name, score in part.select("reviewer_name", "total_score").rows()
        )
        top, low = (float(str(scores.max())), float(str(scores.min()))) if len(scores) else (0.0, 0.0)
        rows.append(
            {
                "key": f"{source}-{contact}-{form}",
                "cells": [
                    board.leading(contact, contact_address(source, contact)),
                    words.name(part[0, "agent_name"]),
                    form,
                    told,
                    score_text(top - low) if len(scores) else words.UNKNOWN,
                ],
            }
        )
    columns = [
        column(t("Contact")),
        column(t("Agent"), wide=True),
        column(t("Form"), wide=True),
        column(t("Scores"), "text"),
        column(t("Apart"), "end"),
    ]
    return board.table(
        t("By contact"), columns, rows, nothing=t("Nothing to compare in this time."), title=t("By contact")
    )


def nothing() -> Block:
    """The section before any contact was reviewed twice."""
    steps = [
        t("Choose a contact at the review desk, write a review and mark it as a calibration."),
        t("Let another reviewer write one of the same contact by the same form, without seeing the first."),
    ]
    body = t(
        "Reviewers who answer alike make scores that mean the same. Two reviews of one contact are needed to know."
    )
    return board.notice(
        "none", t("No contact was reviewed by two reviewers in this time."), body, steps=steps, page=True
    )
