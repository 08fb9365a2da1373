"""Writes what people do for each other into the ledger: a prize, coins that are spent, what takes an entry back.

In: a connection in which something is changed, the agent, the amount and why. Out: the number of the entry.
The rule it guards: nothing is ever changed in the ledger; each entry belongs to a run that says who wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from dashboard.game.social_states import SocialError
from dashboard.words import t
from sql import warehouse


def rows(connection: Connection, name: str, **values: object) -> list[dict[str, Any]]:
    """The rows that `sql/game/social/<name>.sql` answers to whoever changes something."""
    found = connection.execute(sa.text(warehouse.statement(f"game/social/{name}")), values)
    return [dict(row) for row in found.mappings().all()]


def one(connection: Connection, name: str, **values: object) -> dict[str, Any] | None:
    """Its only row; None where there is none."""
    found = rows(connection, name, **values)
    return found[0] if found else None


def begun(connection: Connection, *, kind_name: str, at: datetime, actor_name: str, note_text: str) -> int:
    """Opens a run of the ledger (store, contest or kudos); its number."""
    (run_id,) = warehouse.one_row(
        connection,
        "game/run_new",
        kind_name=kind_name,
        started_at=at,
        first_date=None,
        last_date=None,
        actor_name=actor_name,
        note_text=note_text,
    )
    return int(run_id)


def ended(connection: Connection, run_id: int, *, at: datetime, added: int, taken_back: int = 0) -> None:
    """Ends a run with how many entries it wrote."""
    warehouse.execute(
        connection,
        "game/run_end",
        run_id=run_id,
        ended_at=at,
        added_entries=added,
        reversed_entries=taken_back,
        basis_sha256=None,
    )


def book(
    connection: Connection,
    run_id: int,
    *,
    entry_key: str,
    agent_id: int,
    account_name: str,
    entry_points: int,
    kind_name: str,
    effective_date: date,
    reason_text: str,
    actor_name: str,
    **more: Any,
) -> int:
    """Adds one entry; its number. more: tier_name, reverses_entry_id, corrects_entry_id, sequence_number, workings."""
    workings: Mapping[str, object] = more.get("workings", {})
    given = {
        name: more.get(name)
        for name in ("tier_name", "reverses_entry_id", "corrects_entry_id", "sequence_number")
    }
    found = warehouse.frame(
        connection,
        "game/entry_new",
        entry_key=entry_key,
        agent_id=agent_id,
        account_name=account_name,
        entry_points=entry_points,
        kind_name=kind_name,
        rule_name=None,
        version_number=None,
        effective_date=effective_date,
        period_text=effective_date.isoformat(),
        run_id=run_id,
        is_quiet=False,
        reason_text=reason_text[:600],
        actor_name=actor_name,
        workings_text=json.dumps(workings),
        **given,
    )
    if found.is_empty():
        raise SocialError(
            t("This was written to the ledger already; nothing was written twice. Reload the page.")
        )
    return int(found[0, "entry_id"])


def take_back(
    connection: Connection, run_id: int, entry_id: int, *, reason_text: str, actor_name: str
) -> None:
    """Takes one whole entry back by an opposite one."""
    row = rows(connection, "entry_of", entry_id=entry_id)[0]
    book(
        connection,
        run_id,
        entry_key=row["entry_key"],
        agent_id=row["agent_id"],
        account_name=row["account_name"],
        entry_points=-row["entry_points"],
        kind_name="reversal",
        effective_date=row["effective_date"],
        reason_text=reason_text,
        actor_name=actor_name,
        reverses_entry_id=entry_id,
    )


def tell(
    connection: Connection,
    *,
    moment_key: str,
    agent_id: int,
    kind_name: str,
    name_text: str,
    at: datetime,
    tier_name: str | None = None,
    entry_id: int | None = None,
) -> None:
    """Keeps a moment that the agent's own page tells once."""
    warehouse.execute(
        connection,
        "game/moment_new",
        moment_key=moment_key,
        agent_id=agent_id,
        kind_name=kind_name,
        name_text=name_text[:200],
        tier_name=tier_name,
        entry_id=entry_id,
        happened_at=at,
    )
