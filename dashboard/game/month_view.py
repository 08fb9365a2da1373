"""The employee of the month: three proposed with what that rests on, and the archive.

In: the answers of the questions about months, and what the rule picked. Out: blocks for `board.show`.
The rule it guards: a likely place is told as a band, never as a rank; a name stands in the archive with its owner's leave.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from babel.dates import format_date

from dashboard import board, words
from dashboard.board import Block
from dashboard.game.month_pick import Picked, Proposal
from dashboard.words import t, t_count

Row = Mapping[str, Any]


def month_word(month: date) -> str:
    """The month and its year."""
    return str(format_date(month, "LLLL yyyy", locale=words.language()))


def evidence_of(one: Proposal, row: Row) -> dict[str, object]:
    """What a proposal rests on, as it is kept with it."""
    return {
        "name": row["agent_name"],
        "week_points": round(one.week_points, 1),
        "hours": round(one.hours, 1),
        "days": one.days,
        "top_ratio": round(one.top_ratio, 3),
        "kudos": row["kudos_count"],
        "kudos_people": row["kudos_people_count"],
        "review_earned": row["review_earned_value"],
        "review_possible": row["review_possible_value"],
        "satisfied": row["satisfied_value"],
        "answered": row["answered_value"],
    }


def live_cards(picked: Picked, evidence: Mapping[int, Row]) -> Block:
    """The proposals as the rule makes them now."""
    return _cards(
        [
            {
                "agent_id": one.agent_id,
                "agent_name": evidence[one.agent_id]["agent_name"],
                "lowest_position": one.lowest_position,
                "highest_position": one.highest_position,
                "people_count": one.people,
                "is_chosen": False,
                "told": evidence_of(one, evidence[one.agent_id]),
            }
            for one in picked.proposals
        ]
    )


def kept_cards(proposals: pl.DataFrame) -> Block:
    """The proposals as they were kept, with the evidence of then."""
    return _cards([{**row, "told": json.loads(row["evidence_text"])} for row in proposals.to_dicts()])


def _cards(rows: list[dict[str, Any]]) -> Block:
    return {"kind": "proposed", "label": t("Proposed"), "cards": [_card(row) for row in rows]}


def _card(row: Row) -> Block:
    told, people = row["told"], row["people_count"]
    low, high = row["lowest_position"], row["highest_position"]
    band = (
        t("most likely place {low} of {all}", low=low, all=people)
        if low == high
        else t("likely place {low} to {high} of {all}", low=low, high=high, all=people)
    )
    facts = [
        {"label": t("Chance of the top three"), "value": words.ratio(told["top_ratio"])},
        {"label": t("Hours"), "value": words.number(round(told["hours"]))},
        {"label": t("Working days"), "value": words.number(told["days"])},
        {
            "label": t("Thanks"),
            "value": t_count(
                "{n} from {people} person",
                "{n} from {people} people",
                told["kudos_people"],
                n=told["kudos"],
                people=told["kudos_people"],
            )
            if told["kudos"]
            else t("none"),
        },
        {"label": t("Reviews"), "value": _share(told["review_earned"], told["review_possible"])},
        {"label": t("Satisfied"), "value": _share(told["satisfied"], told["answered"], is_n=True)},
    ]
    return {
        "key": str(row["agent_id"]),
        "name": words.name(row["agent_name"]),
        "team": "",
        "status": board.status("good", t("Chosen")) if row["is_chosen"] else None,
        "is_chosen": row["is_chosen"],
        "value": words.number(round(told["week_points"])),
        "unit": t("points in 40 hours of work"),
        "band_start": (low - 1) / people,
        "band_width": (high - low + 1) / people,
        "band_text": band,
        "facts": facts,
        "spoken": f"{row['agent_name']}, {band}",
    }


def _share(above: float | None, below: float | None, *, is_n: bool = False) -> str:
    if not below:
        return words.number(None)
    text = words.ratio((above or 0) / below)
    return t("{share} (n = {n})", share=text, n=words.number(below)) if is_n else text


def why_these(picked: Picked) -> str:
    """What the rule did, and who was left out for which reason."""
    parts = [
        t("Points of the rules per hour of work, drawn to everybody's mean as far as the month is unsure.")
    ]
    out = picked.left_out
    if out.get("few"):
        parts.append(
            t_count("{n} person had too little work.", "{n} people had too little work.", out["few"])
        )
    if out.get("cool_down"):
        parts.append(t_count("{n} was chosen lately.", "{n} were chosen lately.", out["cool_down"]))
    if out.get("held"):
        parts.append(
            t_count(
                "{n} has an award that waits for a person or was refused.",
                "{n} have an award that waits for a person or was refused.",
                out["held"],
            )
        )
    return " ".join(parts)


def nobody(picked: Picked, month: date) -> Block:
    """Why the rule proposes nobody."""
    body = (
        t("The month does not tell people apart: whoever was named would be named by luck.")
        if picked.is_level
        else t("Fewer than two people have enough hours of work with points in this month.")
    )
    return board.notice(
        "none", t("Nobody is proposed for {month}", month=month_word(month)), f"{body} {why_these(picked)}"
    )


def lead() -> Block:
    """How somebody is chosen, above those who were."""
    return {
        "kind": "section",
        "title": t("Chosen so far"),
        "lead": t(
            "After each month a rule proposes three; a person chooses and says why. A name stands here if its owner agrees."
        ),
    }


def archive(months: pl.DataFrame) -> Block:
    """Month by month, the newest first."""
    return {"kind": "archive", "label": t("Archive"), "cards": [_past(row) for row in months.to_dicts()]}


def _past(row: Row) -> Block:
    name = row["agent_name"]
    if row["state_name"] == "nobody":
        shown, mark = t("Nobody this month"), ""
    elif name is None:
        shown, mark = t("A colleague"), t("who has not said that the name may stand here")
    else:
        shown = t("You") if row["is_me"] else words.name(name)
        mark = {
            "decided": t("not answered yet: others see no name"),
            "unnamed": t("others see no name"),
        }.get(row["state_name"], "")
    return {
        "key": row["month_date"].isoformat(),
        "month": month_word(row["month_date"]),
        "name": shown,
        "team": row["team_name"] or "",
        "reason": f"“{row['reason_text']}”" if row["reason_text"] else "",
        "mark": mark,
        "is_named": row["state_name"] == "named",
    }


def empty(*, may_decide: bool) -> Block:
    """The archive without a month, with what to do."""
    steps = [
        t("A rule proposes three after each month; a person decides, with a reason everybody can read."),
        t("The name stands here when the chosen one lets it."),
    ]
    if may_decide:
        steps.insert(0, t("Ask for the proposals of last month below, as soon as it has settled."))
    return board.notice(
        "none",
        t("No employee of the month yet."),
        t("Nobody is chosen by a formula."),
        steps=steps,
        page=True,
    )
