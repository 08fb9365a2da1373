"""What a rule would do, ready to draw: how many would get more and less, who, some cases with their evidence, and the cost.

In: a preview, and the requests to score past days again. Out: blocks for `board.show`.
The rule it guards: whoever loses is shown as plainly as whoever gains.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, column
from dashboard.game.room_rule_view import tier_word
from dashboard.words import t, t_count
from sql.game_rules.previewing import Preview, Sample

MOST_AGENTS = 12
SLOW_MILLISECONDS = 1000


def sides(found: Preview, *, days: int, is_new: bool) -> Block:
    """How many gain and lose, the sums before and after, and what the question costs."""
    before, after = (int(found.agents[name].sum() or 0) for name in ("before_points", "after_points"))
    is_slow = found.cost.milliseconds > SLOW_MILLISECONDS
    drawn = [
        {
            "key": "gain",
            "units": 1,
            "label": t("Would get more"),
            "value": words.number(found.gaining_agents),
            "more": t_count("agent", "agents", found.gaining_agents),
        },
        {
            "key": "lose",
            "units": 1,
            "label": t("Would get less"),
            "value": words.number(found.losing_agents),
            "status": board.status("near", t("Look at them"))
            if found.losing_agents
            else board.status("good", t("None")),
            "more": t_count("{n} stays the same", "{n} stay the same", found.same_agents),
        },
        {
            "key": "sum",
            "units": 1,
            "label": t("Given in {n} days", n=days),
            "value": words.number(after),
            "more": t("a new rule") if is_new else t("now {n}", n=words.number(before)),
        },
        {
            "key": "cost",
            "units": 1,
            "label": t("Cost of the count"),
            "value": f"{found.cost.milliseconds / 1000:.2f} s",
            "status": board.status("near", t("Slow")) if is_slow else board.status("good", t("Quick")),
            "more": t("{n} rows planned", n=words.number(found.cost.plan_rows)),
        },
    ]
    return {"kind": "tiles", "tiles": drawn}


def agents(found: Preview) -> Block:
    """Who would get more and who less: those who gain most, and those who lose most."""
    rows = found.agents
    moved = rows.filter(pl.col("gain_points") != 0)
    if moved.height > MOST_AGENTS:
        half = MOST_AGENTS // 2
        shown = pl.concat([moved.head(half), moved.tail(half)])
    else:
        shown = moved if moved.height else rows.head(MOST_AGENTS)
    most = max([1, *(abs(one) for one in shown["gain_points"].to_list())])
    drawn = [
        {
            "key": str(row["agent_id"]),
            "tone": "none",
            "cells": [
                words.name(row["agent_name"]),
                words.number(row["before_points"]),
                words.number(row["after_points"]),
                board.amount(
                    signed(row["gain_points"]),
                    abs(row["gain_points"]) / most,
                    tone="good" if row["gain_points"] > 0 else "near" if row["gain_points"] < 0 else "none",
                ),
            ],
        }
        for row in shown.iter_rows(named=True)
    ]
    columns = [
        column(t("Agent")),
        column(t("Now"), "end"),
        column(t("Then"), "end"),
        column(t("Difference"), "end"),
    ]
    left = rows.height - shown.height
    lead = t_count("{n} more agent is not listed.", "{n} more agents are not listed.", left) if left else ""
    return board.table(
        t("Who gains, who loses"), columns, drawn, nothing=t("Nobody would get anything in these days."),
        title=t("Who gains, who loses"), lead=lead,
    )  # fmt: skip


def signed(value: int) -> str:
    """A difference with its sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{words.number(abs(value))}"


def samples(found: Preview) -> Block:
    """Some entries that it would make, with what was counted for them."""
    drawn = [
        {
            "key": f"{one.agent_id}-{place}",
            "tone": "none",
            "cells": [
                words.name(one.agent_name),
                tier_word(one.tier_name) if one.tier_name else words.number(one.entry_points),
                words.short_day(one.effective_date),
                _workings(one.workings),
                _evidence(one),
            ],
        }
        for place, one in enumerate(found.sample)
    ]
    columns = [
        column(t("Agent")),
        column(t("Would get"), "end"),
        column(t("For")),
        column(t("How"), "text"),
        column(t("Evidence"), "text", wide=True),
    ]
    return board.table(
        t("A few cases"), columns, drawn, nothing=t("It would make no entry in these days."),
        title=t("A few cases, with their evidence"),
    )  # fmt: skip


def figure(value: object) -> str:
    """A number as it is told among others: whole where it is, else with as many digits as help."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return words.number(round(value)) if value == round(value) or abs(value) >= 100 else f"{value:.3g}"


def _workings(found: Mapping[str, Any]) -> str:
    plain = {
        name: one for name, one in found.items() if isinstance(one, int | float) and not isinstance(one, bool)
    }
    return (
        ", ".join(f"{name.replace('_', ' ')} {figure(one)}" for name, one in list(plain.items())[:6])
        or words.UNKNOWN
    )


def _evidence(one: Sample) -> str:
    parts = [
        " ".join(
            str(part)
            for part in (
                row.get("channel_name"),
                row.get("topic_name"),
                f"{figure(row.get('above_value'))} / {figure(row.get('below_value'))}"
                if row.get("below_value") is not None
                else figure(row.get("above_value")),
            )
            if part
        )
        for row in one.evidence[:3]
    ]
    more = one.evidence_rows - len(parts)
    return "; ".join(parts) + (t(" and {n} more", n=more) if more > 0 else "")


def stale() -> Block:
    """The text was changed since its preview."""
    return board.notice(
        "none",
        t("Look before it is published"),
        t(
            "The preview counts what these very words would have given in the last weeks: who gains, who loses, and why."
        ),
    )


def requests(rows: pl.DataFrame, *, zone_name: str) -> Block:
    """The requests to score past days again, with what came of them."""
    words_of = {
        "asked": board.status("near", t("Waits for a second person")),
        "approved": board.status("near", t("Approved, is being counted")),
        "declined": board.status("none", t("Declined")),
        "done": board.status("good", t("Done")),
    }
    drawn = [
        {
            "key": str(row["run_id"]),
            "tone": "none",
            "cells": [
                words.days(row["first_date"], row["last_date"]),
                t("version {n}", n=words.number(row["version_number"])),
                words_of.get(row["state_name"], board.status("none", row["state_name"] or "")),
                t(
                    "{who}, {when}: {why}",
                    who=words.name(row["actor_name"]),
                    when=words.moment(row["started_at"], zone_name, in_seconds=False),
                    why=row["why_text"],
                ),
                f"{words.name(row['decided_by_name'])}: {row['answer_text']}"
                if row["decided_by_name"]
                else words.UNKNOWN,
                t("{n} added, {m} taken back", n=row["added_count"], m=row["reversed_count"])
                if row["state_name"] == "done"
                else words.UNKNOWN,
            ],
        }
        for row in rows.iter_rows(named=True)
    ]
    columns = [
        column(t("Days")),
        column(t("By")),
        column(t("State")),
        column(t("Asked"), "text"),
        column(t("Decided"), "text"),
        column(t("Entries"), "text", wide=True),
    ]
    return board.table(t("Past days scored again"), columns, drawn, nothing=t("Nobody asked for it."))
