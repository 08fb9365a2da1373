"""What waits for a person, what an agent disagreed with and what came of it, and what others see of them, ready to
draw.

In: the answers of the questions about one agent. Out: blocks for `board.show`.
The rule it guards: a hold accuses nobody: it says what was counted, that luck can do the same, who decides, and that an
answer is read before; a decision stands with its words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.game import day_view
from dashboard.own import own_view
from dashboard.words import t, t_count


def holds(found: pl.DataFrame, *, of_agent: int | None) -> Block | None:
    """The awards that wait, and those that somebody has decided about; None where there are none."""
    if found.is_empty():
        return None
    rows = [_hold_row(row, of_agent) for row in found.to_dicts()]
    waiting = found.filter(pl.col("state_name") == "held").height
    lead = t(
        "An award waits where a count stands out, so that a person looks before it is written. "
        "It accuses nobody; what you say is read first."
    )
    return board.table(
        t("What somebody looks at first"),
        [column(t("Day")), column(t("Award"), "text"), column(t("Why"), "text"), column(t("Now"), "text")],
        rows,
        nothing="",
        title=t_count("{n} award waits for a look", "{n} awards wait for a look", waiting)
        if waiting
        else t("Looked at by a person"),
        lead=lead,
    )


def _hold_row(row: Row, of_agent: int | None) -> Block:
    told = {"hold": str(row["hold_id"]), **({"agent": str(of_agent)} if of_agent is not None else {})}
    evidence = json.loads(row["evidence_text"] or "{}")
    award = f"{day_view.name_of(row)}, {words.number(row['held_points'])}"
    return {
        "key": str(row["hold_id"]),
        "tone": "near" if row["state_name"] == "held" else "none",
        "cells": [
            words.short_day(row["effective_date"]),
            board.leading(award, "?" + urlencode(told)),
            evidence.get("title") or guard_title(row["guard_name"]),
            hold_state(row),
        ],
    }


def guard_title(guard_name: str) -> str:
    """What a guard looks at, where its evidence says no words."""
    return guard_name.replace("-", " ").replace("_", " ").capitalize()


def hold_state(row: Row) -> Block:
    """How a hold stands: waiting (answered or not), released, refused."""
    if row["state_name"] == "released":
        return board.status("good", t("Given"))
    if row["state_name"] == "refused":
        return board.status("none", t("Not given"))
    return board.status("near", t("Waits; you have answered") if row["answer_text"] else t("Waits"))


def hold(row: Row, zone_name: str) -> list[Block]:
    """One hold: what was counted in a sentence, its figures, what was said, what was decided."""
    evidence = json.loads(row["evidence_text"] or "{}")
    award = day_view.name_of(row)
    number: Block = {
        "kind": "number",
        "label": award,
        "value": words.number(row["held_points"]),
        "meaning": evidence.get("title") or guard_title(row["guard_name"]),
        "more": f"{words.day(row['effective_date'])} · {hold_state(row)['word']}",
        "parts": [],
    }
    blocks = [number]
    if sentence := evidence.get("sentence"):
        blocks.append(
            board.notice(
                "none",
                t("What was counted"),
                t(
                    "{sentence} Somebody in charge looks at it and decides; nothing is taken from you by this.",
                    sentence=sentence,
                ),
            )
        )
    if facts := evidence.get("facts"):
        blocks.append(_facts(facts))
    if row["answer_text"]:
        blocks.append(
            board.notice(
                "none",
                t("What you said, {at}", at=words.instant(row["answered_at"], zone_name)),
                row["answer_text"],
            )
        )
    if row["state_name"] != "held":
        tone = "good" if row["state_name"] == "released" else "none"
        title = t(
            "{state} by {who}, {at}",
            state=hold_state(row)["word"],
            who=words.name(row["decided_by_name"]),
            at=words.instant(row["decided_at"], zone_name),
        )
        blocks.append(board.notice(tone, title, row["note_text"] or t("No note was needed.")))
    return blocks


def _facts(facts: Sequence[Row]) -> Block:
    rows = [
        {
            "key": str(place),
            "tone": "none",
            "cells": [
                str(fact.get("counted_name", "")),
                words.number(fact.get("counted")),
                t("{n} {what}", n=words.number(fact.get("of")), what=fact.get("of_name", "")),
                words.number(fact.get("expected")),
                words.number(fact.get("peers")),
            ],
        }
        for place, fact in enumerate(facts)
    ]
    columns = [
        column(t("What"), "text"),
        column(t("Counted"), "end"),
        column(t("Of"), "end"),
        column(t("Usual for the same work"), "end"),
        column(t("Agents beside"), "end", wide=True),
    ]
    return board.table(
        t("The figures behind it"), columns, rows, nothing="", title=t("The figures behind it")
    )


def disputes(found: pl.DataFrame, *, zone_name: str, of_agent: int | None) -> Block | None:
    """What the agent disagreed with, the open ones first; None where there is none."""
    if found.is_empty():
        return None
    rows = []
    for row in found.to_dicts():
        told = {"entry": row["entry_id"]} if row["entry_id"] is not None else {"hold": row["hold_id"]}
        address = "?" + urlencode({**told, **({"agent": of_agent} if of_agent is not None else {})})
        rows.append(
            {
                "key": str(row["dispute_id"]),
                "tone": "near" if row["state_name"] == "open" else "none",
                "cells": [
                    words.moment(row["said_at"], zone_name, in_seconds=False),
                    board.leading(
                        f"{day_view.name_of(row)}, {words.short_day(row['effective_date'])}", address
                    ),
                    row["reason_text"],
                    _dispute_state(row),
                    _answer(row),
                ],
            }
        )
    return board.table(
        t("Where you disagree"),
        [
            column(t("Said")),
            column(t("About"), "text"),
            column(t("What you said"), "text"),
            column(t("Now")),
            column(t("Answer"), "text"),
        ],
        rows,
        nothing="",
        title=t("Where you disagree"),
        lead=t("A person answers each; while it is open, what you disagree with stays as it is."),
    )


def _dispute_state(row: Row) -> Block:
    return {
        "open": board.status("near", t("Open")),
        "accepted": board.status("good", t("You were right")),
        "declined": board.status("none", t("Stays")),
        "withdrawn": board.status("none", t("Taken back")),
    }[row["state_name"]]


def _answer(row: Row) -> str:
    if row["answer_text"] is None:
        return "–"
    made = ""
    if row["made_points"]:
        made = " " + t("({points} put right)", points=f"{row['made_points']:+d}")
    who = t("{who}:", who=words.name(row["decided_by_name"])) if row["decided_by_name"] else ""
    return f"{who} {row['answer_text']}{made}".strip()


def dispute_notices(found: pl.DataFrame, zone_name: str) -> list[Block]:
    """What was said about one entry, and what came of it."""
    blocks = []
    for row in found.to_dicts():
        said = t("You said, {at}", at=words.instant(row["said_at"], zone_name))
        blocks.append(
            board.notice("near" if row["state_name"] == "open" else "none", said, row["reason_text"])
        )
        if row["answer_text"] is not None:
            tone = "good" if row["state_name"] == "accepted" else "none"
            blocks.append(board.notice(tone, _dispute_state(row)["word"], _answer(row)))
    return blocks


def privacy(consents: pl.DataFrame, boards: Sequence[str], *, zone_name: str) -> Block:
    """What others see of the agent, board by board."""
    block = own_view.consent_table(consents, boards, zone_name=zone_name)
    return block | {
        "title": t("What others see of you"),
        "lead": t(
            "Without your leave another name stands there, such as Quiet Heron: another for each reader and season. "
            "Your day here is seen by you and by those who answer for your team; each of their looks is noted under "
            "Personal data."
        ),
    }
