"""What a rule would do before anybody publishes it: who gains, who loses, why in a few cases, and what it costs to ask.

In: a rule, the working days to try it on, and the version that it would replace. Out: a Preview; nothing is written.
The rule it guards: nobody publishes blindly: the preview is made by the very statement that will post the points.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sql.game_rules import compiling
from sql.game_rules.compiling import Compiled
from sql.game_rules.spec import GameError, Rule

MOST_DAYS = 366
MOST_SAMPLES = 5
MOST_EVIDENCE = 20
_EXPLAIN = "explain (format json)\n"
AGENTS = {
    "agent_id": pl.Int64,
    "agent_name": pl.String,
    "before_points": pl.Int64,
    "after_points": pl.Int64,
    "gain_points": pl.Int64,
    "before_coins_count": pl.Int64,
    "after_coins_count": pl.Int64,
}


@dataclass(frozen=True)
class Sample:
    """One entry that the rule would make, with how its amount came about and the facts behind it (the first few)."""

    agent_id: int
    agent_name: str
    entry_points: int
    tier_name: str | None
    effective_date: date
    period_text: str
    workings: Mapping[str, Any]
    evidence: tuple[Mapping[str, Any], ...]
    evidence_rows: int


@dataclass(frozen=True)
class Cost:
    """What one run over the window costs: the planner's figures, and how long it took here and now."""

    plan_cost_value: float
    plan_rows: int
    milliseconds: float


@dataclass(frozen=True)
class Preview:
    """agents: one row per agent with an entry before or after (AGENTS), the greatest gain first; for a badge or a streak
    the points are badges. sample: entries of those whose sum would change most."""

    agents: pl.DataFrame
    gaining_agents: int
    losing_agents: int
    same_agents: int
    before_entries: int
    after_entries: int
    sample: tuple[Sample, ...]
    cost: Cost


def preview(
    connection: sa.Connection,
    rule: Rule,
    *,
    first_date: date,
    last_date: date,
    against: Rule | None = None,
    deadline_seconds: float = 4.0,
) -> Preview:
    """What the rule would give from first_date to last_date (both included), beside what `against` gives for them.

    Both are taken as if they had held since first_date. Raises GameError for a window that ends before it begins or is
    longer than MOST_DAYS, and where the warehouse needs longer than deadline_seconds for one of them.
    """
    if not timedelta(0) <= last_date - first_date < timedelta(days=MOST_DAYS):
        raise GameError(
            f"The preview was asked from {first_date} to {last_date}; expected 1 to {MOST_DAYS} days. Choose other days."
        )
    window = {"first_date": first_date, "last_date": last_date}
    statement = compiling.compiled(rule, version_number=1, valid_from=first_date)
    plan = _plan(connection, statement, window)
    started = time.perf_counter()
    after = _rows(connection, rule, statement, window, deadline_seconds)
    milliseconds = (time.perf_counter() - started) * 1000
    before: list[dict[str, Any]] = []
    if against is not None:
        old = compiling.compiled(against, version_number=1, valid_from=first_date)
        before = _rows(connection, against, old, window, deadline_seconds)
    names = _names(connection, {row["agent_id"] for row in (*before, *after)})
    agents = _agents(rule.account_name, before, after, names)
    gains = agents["gain_points"]
    return Preview(
        agents=agents,
        gaining_agents=int((gains > 0).sum()),
        losing_agents=int((gains < 0).sum()),
        same_agents=int((gains == 0).sum()),
        before_entries=len(before),
        after_entries=len(after),
        sample=tuple(_samples(agents, after, names)),
        cost=Cost(float(plan["Total Cost"]), int(plan["Plan Rows"]), milliseconds),
    )


def _plan(connection: sa.Connection, statement: Compiled, window: Mapping[str, object]) -> Mapping[str, Any]:
    """The top of the planner's tree; the text is made of the product's own files alone."""
    explain = compiling.clause(_EXPLAIN + statement.text)
    found = connection.execute(explain, {**statement.parameters, **window}).scalar_one()
    plan: Mapping[str, Any] = found[0]["Plan"]
    return plan


def _rows(
    connection: sa.Connection,
    rule: Rule,
    statement: Compiled,
    window: Mapping[str, date],
    deadline_seconds: float,
) -> list[dict[str, Any]]:
    try:
        with connection.begin_nested():
            return compiling.rows(
                connection,
                statement,
                first_date=window["first_date"],
                last_date=window["last_date"],
                deadline_seconds=deadline_seconds,
            )
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "57014":
            raise
        raise GameError(
            f"The rule '{rule.name}' took longer than {deadline_seconds:g} seconds over these days and was stopped; "
            "expected less. Choose fewer days, a shorter grain, or fewer queues."
        ) from error


def _names(connection: sa.Connection, agent_ids: Iterable[int]) -> dict[int, str]:
    asked = sa.text(compiling.part_text("agent_names"))
    rows = connection.execute(asked, {"agent_ids": sorted(agent_ids)})
    return {row.agent_id: row.agent_name for row in rows}


def _agents(
    account_name: str,
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    names: Mapping[int, str],
) -> pl.DataFrame:
    def summed(rows: list[dict[str, Any]], agent_id: int, of: str) -> int:
        return sum(
            row["entry_points"] for row in rows if row["agent_id"] == agent_id and row["account_name"] == of
        )

    by_agent: dict[int, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {}
    for side, rows in enumerate((before, after)):
        for row in rows:
            by_agent.setdefault(row["agent_id"], ([], []))[side].append(row)
    made = [
        {
            "agent_id": agent_id,
            "agent_name": names.get(agent_id, f"Agent {agent_id}"),
            "before_points": summed(old, agent_id, account_name),
            "after_points": summed(new, agent_id, account_name),
            "before_coins_count": summed(old, agent_id, "coins"),
            "after_coins_count": summed(new, agent_id, "coins"),
        }
        for agent_id, (old, new) in by_agent.items()
    ]
    found = pl.DataFrame(made, schema={name: kind for name, kind in AGENTS.items() if name != "gain_points"})
    found = found.with_columns(gain_points=pl.col("after_points") - pl.col("before_points")).select(*AGENTS)
    return found.sort("gain_points", "agent_name", descending=[True, False])


def _samples(agents: pl.DataFrame, after: list[dict[str, Any]], names: Mapping[int, str]) -> Iterable[Sample]:
    """The newest entry of each of those whose sum changes most."""
    order = agents.sort(pl.col("gain_points").abs(), descending=True)["agent_id"].to_list()
    newest: dict[int, dict[str, Any]] = {}
    for row in sorted(after, key=lambda row: (row["effective_date"], row["entry_key"])):
        newest[row["agent_id"]] = row
    for agent_id in [one for one in order if one in newest][:MOST_SAMPLES]:
        row = newest[agent_id]
        yield Sample(
            agent_id=agent_id,
            agent_name=names.get(agent_id, f"Agent {agent_id}"),
            entry_points=row["entry_points"],
            tier_name=row["tier_name"],
            effective_date=row["effective_date"],
            period_text=row["period_text"],
            workings=row["workings"],
            evidence=tuple(row["evidence"][:MOST_EVIDENCE]),
            evidence_rows=len(row["evidence"]),
        )
