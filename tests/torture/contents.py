"""What stands in a warehouse after a test, so that two warehouses can be compared row by row, and the ledger's sums.

In: an engine. Out: every row of every table as text, the differences between two such answers, the run ledger's sums.
The rule it guards: nothing is compared but what happened; which load wrote a row is left out, and numbers that depend on
who came first are replaced by the names that they stand for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

TABLES = """
select c.relname from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'warehouse' and c.relkind in ('r', 'p') and not c.relispartition order by 1
"""
NAMES = {
    "queue_id": "select queue_id, source_name || '/' || queue_name from warehouse.queues",
    "agent_id": "select agent_id, agent_name from warehouse.agents",
}


LEFT_OUT = {
    "": frozenset({"run_id"}),
    "agent_states": frozenset({"run_id", "version_number"}),
    "calls": frozenset({"run_id", "place_text"}),
}
"""By table the columns that say which load wrote a row, not what happened."""


def facts_of(engine: sa.Engine) -> dict[str, list[str]]:
    """Every row of every table of the warehouse, in order, as text: names for numbers that depend on who came first.

    Left out is which load wrote a row last: the number of its run, the name of the file it read, and the version of an
    agent's state, which for some sources is the instant of the newest event that was known when it was told.
    """
    with engine.connect() as connection:
        names = {
            key: dict(tuple(row) for row in connection.execute(sa.text(text))) for key, text in NAMES.items()
        }
        tables = list(connection.execute(sa.text(TABLES)).scalars())
        return {
            table: sorted(
                json.dumps(_named(row, names, LEFT_OUT.get(table, LEFT_OUT[""])), sort_keys=True, default=str)
                for row in connection.execute(
                    sa.text(f"select to_jsonb(t) from warehouse.{table} as t")  # noqa: S608
                ).scalars()
            )
            for table in tables
        }


def _named(row: dict[str, Any], names: dict[str, dict[int, str]], left_out: frozenset[str]) -> dict[str, Any]:
    known = {"first_agent_id": "agent_id"}
    return {
        name: names[known.get(name, name)][value]
        if known.get(name, name) in names and value is not None
        else value
        for name, value in row.items()
        if name not in left_out
    }


def differences(found: dict[str, list[str]], expected: dict[str, list[str]]) -> dict[str, tuple[int, int]]:
    """By table, how many rows were lost and how many are there that should not be; tables without either left out."""
    told = {}
    for table, rows in expected.items():
        mine = found.get(table, [])
        lost = len(rows) - len(_common(rows, mine))
        more = len(mine) - len(_common(mine, rows))
        if lost or more:
            told[table] = (lost, more)
    return told


def _common(rows: list[str], others: list[str]) -> list[str]:
    left: dict[str, int] = {}
    for row in others:
        left[row] = left.get(row, 0) + 1
    common = []
    for row in rows:
        if left.get(row, 0):
            left[row] -= 1
            common.append(row)
    return common


@dataclass(frozen=True)
class Ledger:
    """The sums of the run ledger over all runs that succeeded, and what stands in the quarantine."""

    read_rows: int
    loaded_rows: int
    unchanged_rows: int
    rejected_rows: int
    open_rejects: int
    kept_places: int

    @property
    def is_balanced(self) -> bool:
        """read = loaded + unchanged + rejected."""
        return self.read_rows == self.loaded_rows + self.unchanged_rows + self.rejected_rows


def ledger_of(engine: sa.Engine) -> Ledger:
    """The ledger as it stands."""
    sums = ", ".join(
        f"coalesce(sum({name}_rows), 0)::bigint" for name in ("read", "loaded", "unchanged", "rejected")
    )
    kept = "select count(*) filter (where replayed_at is null), count(distinct (place_text, file_key)) from ops.rejects"
    with engine.connect() as connection:
        read = connection.execute(sa.text(f"select {sums} from ops.runs")).one()  # noqa: S608
        return Ledger(*read, *connection.execute(sa.text(kept)).one())


def figures_of(told: dict[str, tuple[int, int]]) -> dict[str, int]:
    """The differences as figures of the campaign: rows lost and rows doubled, over all tables."""
    return {
        "lost_rows": sum(lost for lost, _ in told.values()),
        "doubled_rows": sum(more for _, more in told.values()),
    }
