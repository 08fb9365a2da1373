"""What people decide in the game, from the console and from other jobs: holds, disputes, entries by hand, wallets.

In: a connection, who decides, when, and why. Out: what changed, by its number; None where somebody else came before.
The rule it guards: the pages and the console write through the same statements of sql/game, each in one transaction, so
that no decision is half, no entry is without its reason, and no coin is spent twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sql import warehouse


def decide_hold(
    connection: sa.Connection, hold_id: int, *, is_released: bool, note: str, actor_name: str, now: datetime
) -> int | None:
    """Releases or refuses a held award; its number, None where it was decided before. The next count posts it."""
    return _first(
        connection,
        "hold_decide",
        hold_id=hold_id,
        is_released=is_released,
        note_text=note,
        actor_name=actor_name,
        decided_at=now,
    )


def answer_hold(
    connection: sa.Connection, hold_id: int, *, agent_id: int, answer: str, now: datetime
) -> int | None:
    """Keeps what an agent says about an own held award; None where it is another's, or decided."""
    return _first(
        connection, "hold_answer", hold_id=hold_id, agent_id=agent_id, answer_text=answer, answered_at=now
    )


def dispute(
    connection: sa.Connection,
    *,
    agent_id: int,
    reason: str,
    now: datetime,
    entry_id: int | None = None,
    hold_id: int | None = None,
) -> int | None:
    """Keeps that an agent disagrees with an own entry or hold; its number, None where it is another's or open already."""
    told = {"agent_id": agent_id, "entry_id": entry_id, "hold_id": hold_id}
    return _first(connection, "dispute_new", said_at=now, reason_text=reason, **told)


def decide_dispute(
    connection: sa.Connection,
    dispute_id: int,
    *,
    is_accepted: bool,
    answer: str,
    actor_name: str,
    now: datetime,
    made_entry_id: int | None = None,
) -> int | None:
    """Accepts or declines a dispute; made_entry_id: the entry by hand that puts it right. None where it was decided."""
    return _first(
        connection,
        "dispute_decide",
        dispute_id=dispute_id,
        is_accepted=is_accepted,
        answer_text=answer,
        actor_name=actor_name,
        decided_at=now,
        made_entry_id=made_entry_id,
    )


def manual_entry(
    connection: sa.Connection,
    *,
    agent_id: int,
    account_name: str,
    points: int,
    reason: str,
    actor_name: str,
    now: datetime,
    entry_key: str,
    kind_name: str = "manual",
    corrects_entry_id: int | None = None,
) -> int | None:
    """Adds one entry by hand, for the agent's running working day; None where the key has one already."""
    [day] = connection.execute(
        sa.text("select game.agent_day(cast(:agent_id as integer), :at)"), {"agent_id": agent_id, "at": now}
    ).one()
    window = {"first_date": day, "last_date": day}
    [run_id] = warehouse.one_row(
        connection,
        "game/run_new",
        kind_name="manual",
        started_at=now,
        actor_name=actor_name,
        note_text="",
        **window,
    )
    entry_id = _first(
        connection,
        "entry_new",
        entry_key=entry_key,
        sequence_number=1,
        agent_id=agent_id,
        account_name=account_name,
        entry_points=points,
        kind_name=kind_name,
        rule_name=None,
        version_number=None,
        tier_name=None,
        effective_date=day,
        period_text="day",
        run_id=run_id,
        reverses_entry_id=None,
        corrects_entry_id=corrects_entry_id,
        is_quiet=False,
        reason_text=reason,
        actor_name=actor_name,
        workings_text="{}",
    )
    done = {"added_entries": int(entry_id is not None), "reversed_entries": 0, "basis_sha256": None}
    warehouse.execute(connection, "game/run_end", run_id=run_id, ended_at=now, **done)
    return entry_id


def spend(
    connection: sa.Connection,
    *,
    agent_id: int,
    coins: int,
    reason: str,
    actor_name: str,
    now: datetime,
    entry_key: str,
) -> int | None:
    """Takes coins for a purchase, where the wallet holds them; None where it does not, or this was bought already.

    Nobody else spends from the same wallet until the transaction ends.
    """
    balance, _ = warehouse.one_row(connection, "game/wallet_lock", agent_id=agent_id)
    if coins <= 0 or balance < coins:
        return None
    return manual_entry(
        connection,
        agent_id=agent_id,
        account_name="coins",
        points=-coins,
        reason=reason,
        actor_name=actor_name,
        now=now,
        entry_key=entry_key,
        kind_name="purchase",
    )


def refund(
    connection: sa.Connection, entry_id: int, *, reason: str, actor_name: str, now: datetime
) -> int | None:
    """Gives the coins of a purchase back, once."""
    row = connection.execute(
        sa.text(
            "select agent_id, entry_points from game.ledger where entry_id = :entry_id and kind_name = 'purchase'"
        ),
        {"entry_id": entry_id},
    ).one_or_none()
    if row is None:
        return None
    return manual_entry(
        connection,
        agent_id=row.agent_id,
        account_name="coins",
        points=-row.entry_points,
        reason=reason,
        actor_name=actor_name,
        now=now,
        entry_key=f"refund|{entry_id}",
        kind_name="refund",
        corrects_entry_id=entry_id,
    )


def _first(connection: sa.Connection, name: str, **params: Any) -> int | None:
    found = connection.execute(sa.text(warehouse.statement(f"game/{name}")), params).first()
    return None if found is None else int(found[0])
