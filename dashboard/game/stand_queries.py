"""The question of how far an agent has come: with each badge that runs, each streak, and on the ladder of levels.

In: a connection that reads as the person, the agent, their working day. Out: one typed frame.
The rule it guards: it is asked with the rules' own statements, so that what is said to be near is what will be given;
rules that need the work of others to judge one's own, and badges that nobody may know yet, are left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection

from dashboard.game.rule_texts import rule_of
from sql.game_rules import compiling
from sql.game_rules.spec import GameError, Rule
from sql.warehouse import UNIT_TYPES, frame

CHAIN_DAYS = 7
BUDGET_SECONDS = 2.5
"""How long all of it may take: whoever sees everybody asks of many more rows; what is left then is not told."""
COLUMNS = {
    "agent_id": pl.Int64,
    **{
        name: UNIT_TYPES[name.rpartition("_")[2]]
        for name in (
            "rule_name", "kind_name", "spec_text", "found_value", "counted_value", "fewest_value", "reached_tier_name",
            "next_tier_name", "next_value", "streak_days", "best_days", "freezes_count", "chain_text", "level_number",
            "level_name", "earned_points", "from_points", "next_level_name", "next_from_points",
        )
    },
    "is_judged": pl.Boolean,
}  # fmt: skip


def game_stands(connection: Connection, *, agent_id: int, day_date: date) -> pl.DataFrame:
    """One row per rule that is on and can be told of this agent alone: badges under way, streaks, the level.

    found_value: the badge's measure in the period that runs (null: nothing counted); counted_value of fewest_value that it
    takes to judge it; next_*: what the next tier asks for (null: all are reached). streak_days: as of the day before, or of
    this day where its goal is met already; chain_text, of the longest streak: its last days as JSON,
    {"2026-11-20": "met" | "frozen" | "missed"}.
    """
    frame(
        connection, "queries/game_today", agent_id=agent_id
    )  # refused where the site lets no such figure exist
    asked = _Asked(connection, agent_id, day_date, time.monotonic() + BUDGET_SECONDS)
    found: list[dict[str, Any]] = []
    for row in frame(connection, "game/rules_on", day_date=day_date).sort(_order()).to_dicts():
        rule = rule_of(row["spec_text"])
        if rule is None or not _is_ones_own(rule) or asked.left_seconds <= 0:
            continue
        told = {key: row[key] for key in ("rule_name", "kind_name", "spec_text")}
        found.append({"agent_id": agent_id, **told, **_stand(asked, rule, row["valid_from_date"])})
    streaks = [one for one in found if one["kind_name"] == "streak" and one.get("streak_days") is not None]
    best = max(streaks, key=lambda one: (one["streak_days"], one["best_days"] or 0), default=None)
    if best is not None and (rule := rule_of(best["spec_text"])) is not None:
        best |= _with_chain(asked, rule, best)
    rows = [{name: row.get(name) for name in COLUMNS} for row in found]
    return pl.DataFrame(rows, schema=COLUMNS, strict=False)


def _order() -> pl.Expr:
    """The level first, then streaks, then badges: what is most looked at is told where time is short."""
    return pl.col("kind_name").replace_strict({"level": 0, "streak": 1, "badge": 2}, default=3)


def _is_ones_own(rule: Rule) -> bool:
    """Whether an agent's own rows are enough to judge how far they are, and whether they may know the rule."""
    if rule.is_secret or rule.statement_name is not None or rule.kind == "points" or not rule.is_played:
        return False
    if rule.kind in ("level", "streak"):
        return True
    is_compared = rule.adjust.method in ("mix_adjusted", "shrunk") or rule.adjust.is_mixed
    return rule.grant.to == "agent" and rule.grant.scope != "best_at_close" and not is_compared


@dataclass(frozen=True)
class _Asked:
    """Who is asked about, as of which day, and until when."""

    connection: Connection
    agent_id: int
    day_date: date
    ends: float

    @property
    def left_seconds(self) -> float:
        return self.ends - time.monotonic()

    def row(self, rule: Rule, valid_from: date, day: date) -> Mapping[str, Any] | None:
        """The agent's row of the rule's standing on that day; None without one."""
        statement = compiling.standing(rule, valid_from=valid_from)
        deadline = max(0.2, self.left_seconds)
        found = compiling.rows(
            self.connection, statement, first_date=day, last_date=day, deadline_seconds=deadline
        )
        return next((one for one in found if one.get("agent_id", one.get("unit_id")) == self.agent_id), None)


def _stand(asked: _Asked, rule: Rule, valid_from: date) -> dict[str, Any]:
    try:
        if rule.kind == "streak":
            return _streak(asked, rule, valid_from)
        found = asked.row(rule, valid_from, asked.day_date)
    except GameError:
        return {}
    if rule.kind == "level":
        return _level(rule, found)
    return _badge(rule, found)


def _level(rule: Rule, found: Mapping[str, Any] | None) -> dict[str, Any]:
    if found is None:
        ladder = rule.levels
        names = [*ladder.names, None, None] if ladder is not None else [None, None]
        return {
            "earned_points": 0,
            "level_number": 1,
            "from_points": 0,
            "level_name": names[0],
            "next_level_name": names[1],
            "next_from_points": ladder.base if ladder is not None and ladder.curve != "percent" else None,
        }
    same = (
        "earned_points",
        "level_number",
        "level_name",
        "from_points",
        "next_level_name",
        "next_from_points",
    )
    return {name: found[name] for name in same}


def _badge(rule: Rule, found: Mapping[str, Any] | None) -> dict[str, Any]:
    if found is None:
        first = rule.tiers[0] if rule.tiers else None
        return {
            "is_judged": False,
            "next_tier_name": first.name if first else None,
            "next_value": first.at if first else None,
            "fewest_value": rule.adjust.fewest,
        }
    same = ("found_value", "fewest_value", "is_judged", "reached_tier_name", "next_tier_name", "next_value")
    return {**{name: found[name] for name in same}, "counted_value": found["n_value"]}


def _streak(asked: _Asked, rule: Rule, valid_from: date) -> dict[str, Any]:
    """The streak as the last days left it: a day that still runs can lengthen it, and cannot end it."""
    today, before = (asked.row(rule, valid_from, asked.day_date - timedelta(days=back)) for back in (0, 1))
    length = int(before["streak_days"]) if before else 0
    is_met_today = today is not None and today["streak_days"] > length
    standing = today if is_met_today else before
    streak_days = int(standing["streak_days"]) if standing else 0
    following = next((tier for tier in rule.tiers if tier.at > streak_days), None)
    return {
        "streak_days": streak_days,
        "best_days": standing["best_days"] if standing else 0,
        "freezes_count": standing["freezes_left"] if standing else None,
        "next_value": following.at if following else None,
        "next_tier_name": following.name if following else None,
        "from_date": valid_from,
        "today_row": today,
    }


def _with_chain(asked: _Asked, rule: Rule, stand: dict[str, Any]) -> dict[str, Any]:
    """The same with its last days, one by one."""
    days = [asked.day_date - timedelta(days=back) for back in range(CHAIN_DAYS, 0, -1)]
    rows = {day: asked.row(rule, stand["from_date"], day) for day in days}
    rows[asked.day_date] = stand["today_row"]
    chain = dict(_chain(rows, [*days, asked.day_date]))
    if chain.get(asked.day_date) != "met":
        chain.pop(asked.day_date, None)  # what still runs is neither missed nor bridged yet
    return {**stand, "chain_text": json.dumps({day.isoformat(): state for day, state in chain.items()})}


def _chain(rows: Mapping[date, Mapping[str, Any] | None], days: list[date]) -> Iterator[tuple[date, str]]:
    for place, day in enumerate(days[1:], 1):
        row, before = rows[day], rows[days[place - 1]]
        if row is None or row["last_counted_date"] != day:
            continue
        if row["is_frozen"]:
            yield day, "frozen"
        else:
            length = int(before["streak_days"]) if before else 0
            yield day, "met" if int(row["streak_days"]) > length else "missed"


QUESTIONS = (game_stands,)
