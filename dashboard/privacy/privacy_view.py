"""What the page Privacy shows: which figures of single agents exist and for what, whose data is kept, and what is missing.

In: how each family stands, and the tables. Out: blocks for `board.show`.
The rule it guards: what is off says where it is switched on; what nobody has filled in says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from dashboard import board, words
from dashboard.board import Block, column
from dashboard.privacy import assessment, risks
from dashboard.privacy.families import Standing, label_of
from dashboard.words import t, t_count


def verdict(found: Sequence[Standing]) -> Block:
    """In one sentence: how it stands with the figures of single agents, and what to do next."""
    on = [one for one in found if one.is_on]
    taken = [one for one in on if one.is_taken_over]
    gaps = [one for one in on if one.missing]
    if not on:
        return board.notice(
            "none",
            t("No figures of single agents exist here"),
            t(
                "They are not counted, not stored and not answered. Sums of teams and of the floor need none of them."
            ),
            steps=[
                t("To let some exist, each with its purpose, write `policy.toml` beside `floorboard.toml`."),
                t(
                    "`floorboard privacy example` prints one to begin with; the load puts it into force when it starts."
                ),
            ],
        )
    if taken:
        return board.notice(
            "near",
            t("Figures of single agents were taken over without a purpose"),
            t(
                "They existed before there was a policy, and stay until one says otherwise. Nobody said what for."
            ),
            steps=[
                t(
                    "Name each in `policy.toml` beside `floorboard.toml`: with its purpose, or with `off = true`, which "
                    "deletes it."
                ),
                t(
                    "`floorboard privacy example` prints one to begin with; the load puts it into force when it starts."
                ),
            ],
        )
    if gaps:
        return board.notice(
            "near",
            t_count(
                "{n} kind of figures exists, and not all is said about it",
                "{n} kinds of figures exist, and not all is said about them",
                len(gaps),
            ),
            t("Whoever runs the site fills in `policy.toml`; the table says what is missing."),
        )
    return board.notice(
        "good",
        t("Every figure of single agents that exists has its purpose"),
        t(
            "What the table does not show as on is not counted, not stored and not answered for a single agent."
        ),
    )


def missing_notice(found: Sequence[Standing]) -> Block | None:
    """What nobody has said yet about figures of single agents that exist; None where nothing is missing."""
    return verdict(found) if any(one.missing for one in found) else None


def policy_table(found: Sequence[Standing]) -> Block:
    """Each kind of figures: whether it exists, for what, on which basis, since when, who says so."""
    columns = [
        column(t("Figures")),
        column(t("Stands")),
        column(t("What they are"), "text"),
        column(t("What for"), "text"),
        column(t("Legal basis and works agreement"), "text", wide=True),
        column(t("Since, by whom"), wide=True),
    ]
    rows = [
        {
            "key": one.family.name,
            "cells": [
                one.family.label,
                state(one),
                one.family.meaning,
                _said(one, one.purpose, t("no purpose given")),
                _said(
                    one, "; ".join(x for x in (one.legal_basis, one.works_agreement) if x), t("not filled in")
                ),
                _said(one, assessment.since_text(one), t("not filled in")),
            ],
            "tone": "near" if one.missing else "",
        }
        for one in found
    ]
    return board.table(
        t("Figures of single agents"),
        columns,
        rows,
        nothing=t("There are no figures of single agents."),
        title=t("Which figures of a single agent may exist, and for what"),
        lead=t(
            "What is off is not hidden: it is not there. Who sees what is on, the page Access and docs/access.md say."
        ),
    )


def state(one: Standing) -> Block:
    """Whether the figures exist: with all that is to be said of them, without, or not at all."""
    tone = "none" if not one.is_on else "near" if one.missing else "good"
    return board.status(tone, assessment.state_word(one))


def _said(one: Standing, text: str, missing: str) -> str:
    return words.UNKNOWN if not one.is_on else text or missing


def where(found: Sequence[Standing]) -> Block | None:
    """From which file the policy came; None where nobody has written one."""
    places = sorted({one.place.rpartition(", line ")[0] for one in found if one.place})
    return {"kind": "section", "title": t("The policy"), "lead": ", ".join(places)} if places else None


def people_table(tables: pl.DataFrame, months: Mapping[str, str]) -> Block:
    """Each table with rows of people: what it holds, of whom, how much, for how long."""
    columns = [
        column(t("What is kept"), "text"),
        column(t("Of whom")),
        column(t("About rows"), "end"),
        column(t("Kept for")),
        column(t("Table"), wide=True),
    ]
    rows = [
        {
            "key": row["table_name"],
            "cells": [
                assessment.about(row["about_text"]),
                ", ".join(assessment.whose(row)),
                words.number(row["row_count"]),
                months.get(assessment.kind_of(row["table_name"]), t("in use")),
                row["table_name"],
            ],
        }
        for row in tables.iter_rows(named=True)
        if assessment.whose(row)
    ]
    return board.table(
        t("What is kept of whom"),
        columns,
        rows,
        nothing=t("No table holds rows of people."),
        title=t("What is kept of whom, and for how long"),
        lead=t("As the database describes itself; numbers of rows are its estimates."),
    )


def risk_table() -> Block:
    """What can go wrong for people, and what is done against it."""
    columns = [column(t("Risk"), "text"), column(t("What is done against it"), "text")]
    rows = [{"key": str(n), "cells": [one.title, one.measure]} for n, one in enumerate(risks.risks())]
    return board.table(
        t("Risks"),
        columns,
        rows,
        nothing=t("No risk is listed."),
        title=t("What can go wrong for people, and what is done against it"),
        lead=t("The assessment names the tests that show each of them."),
    )


def off_line(labels: Sequence[str]) -> str:
    """The same as a line in the place of a list of agents; empty where none is off."""
    if not labels:
        return ""
    title = t("Switched off for single agents: {figures}", figures=", ".join(labels))
    step = t(
        "Whoever runs the site switches it on in policy.toml, with its purpose. The page Privacy tells more."
    )
    return f"{title}. {step}"


def off_notice(labels: Sequence[str], *, is_alone: bool = False) -> Block | None:
    """What a page says where figures of single agents are off; None where none is. is_alone: nothing else stands there."""
    if not labels:
        return None
    title = t("Switched off for single agents: {figures}", figures=", ".join(labels))
    step = t(
        "Whoever runs the site switches them on in `policy.toml`, with their purpose. The page Privacy tells more."
    )
    if is_alone:
        told = t("These figures are not counted and not stored for a single agent.")
        return board.notice("none", title, told, steps=[step], page=True)
    told = t(
        "They are not counted and not stored for a single agent; teams that are large enough are shown as a whole."
    )
    return board.notice("none", title, f"{told} {step}")


def off_page(family_names: Sequence[str]) -> Block:
    """A page that is narrowed to one agent, where these figures may not exist for one."""
    labels = ", ".join(label_of(name) for name in family_names)
    title = t("Switched off for single agents: {figures}", figures=labels)
    told = t("These figures are not counted and not stored for a single agent.")
    steps = [
        t("Take the agent out of the view: teams and the whole floor can be asked."),
        t(
            "Whoever runs the site switches them on in `policy.toml`, with their purpose. The page Privacy tells more."
        ),
    ]
    return board.notice("none", title, told, steps=steps, page=True)
