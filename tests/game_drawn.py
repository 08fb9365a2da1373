"""Draws a floor for the rules of the game: rows of the sums, small rules, and what they give; shared by their tests."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sql.game_rules import compiling
from sql.game_rules.spec import Adjust, Curve, Measure, Rule, Term

ORACLES = Path(__file__).parent / "data" / "oracles"
MONDAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 8)
START = date(2026, 1, 1)


@contextmanager
def rolled_back(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection whose transaction is taken back at the end of the block."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def tell(
    floor: sa.Connection,
    agent_id: int,
    day: date,
    queue: int | None = None,
    hour: int | None = None,
    **sums: float,
) -> None:
    """One row of the sums, drawn as its columns."""
    floor.execute(
        sa.text(
            "insert into warehouse.agents (agent_id, agent_name) overriding system value values (:a, 'Agent ' || :a)"
            " on conflict do nothing"
        ),
        {"a": agent_id},
    )
    floor.execute(
        sa.text(
            "insert into game.day_sums (agent_id, effective_date, queue_id, hour_band, channel_name, sums)"
            " values (:a, :d, :q, :h, case when cast(:q as integer) is not null then 'call' end, cast(:s as jsonb))"
        ),
        {"a": agent_id, "d": day, "q": queue, "h": hour, "s": json.dumps(sums)},
    )


def rule(kind: str, above: str, below: str = "", **more: Any) -> Rule:
    """A rule of one column over another."""
    grain = more.pop("grain", "day")
    measure = Measure((Term(above),), (Term(below),) if below else (), more.pop("squares", None), grain)
    return Rule(f"a-{kind}", kind, "A", "B", "C", "D", "quality", measure=measure, **more)


def due(floor: sa.Connection, one: Rule, first: date, last: date, **more: Any) -> list[dict[str, Any]]:
    """What the rule gives in a window."""
    compiled = compiling.compiled(one, **{"version_number": 1, "valid_from": START, **more})
    return sorted(
        compiling.rows(floor, compiled, first_date=first, last_date=last), key=lambda row: row["entry_key"]
    )


def short(rows: list[dict[str, Any]]) -> list[tuple[int, int, str | None, str]]:
    return [
        (row["agent_id"], row["entry_points"], row["tier_name"], str(row["effective_date"])) for row in rows
    ]


def table(name: str) -> list[dict[str, str]]:
    with (ORACLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measured(one: Rule) -> Measure:
    assert one.measure is not None
    return one.measure


# The worked day: 8 of 10 contacts resolved at the first try.
RESOLVED = rule(
    "points",
    "resolved_first_contacts",
    "flagged_contacts",
    adjust=Adjust(fewest=5),
    curve=Curve(((0.5, 0.0), (0.9, 100.0)), 40),
)
