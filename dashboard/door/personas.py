"""The people as whom the demo can be looked at: one of each role, of a real team of its floor.

In: the demo's warehouse with its teams. Out: an account for each persona, which nothing but the demo lets in.
The rule it guards: a persona is an account like any other, so that the database refuses it the same; without the demo none
of them signs in, and there is no switch.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
import sqlalchemy as sa

from dashboard.door import devices
from sql import warehouse

ISSUER = "demo"
PERSONAS = ("administrator", "manager", "supervisor", "agent", "executive", "wall")
FIRST = "administrator"
"""As whom a demo opens: a visitor sees the whole floor first, as the pictures and the guide show it."""
WALL_NAME, WALL_BOARD = "Demo wall", "/wall/show?boards=floor"


def furnish(connection: sa.Connection, *, now: datetime) -> int:
    """Makes the personas that are not there yet, how many; running it twice changes nothing."""
    known = set(listed(connection)["persona_name"].to_list())
    text = warehouse.statement("accounts/persona_team")
    row = connection.execute(sa.text(text), {"as_of": now}).one_or_none()
    of_floor = () if row else ("supervisor", "agent")  # nobody is in a team of this floor yet
    missing = [name for name in PERSONAS if name not in known and name not in of_floor]
    for name in missing:
        if name == devices.ROLE:
            _wall(connection, now)
            continue
        labels = {
            "supervisor": f"Supervisor of {row.team_name}" if row else "",
            "agent": f"Agent {row.agent_name}" if row else "",
        }
        (account_id,) = warehouse.one_row(
            connection,
            "accounts/account_new",
            login_name=labels.get(name, name.capitalize()),
            role_name=name,
            agent_id=row.agent_id if row and name == "agent" else None,
            password_hash_text=None,
            issuer_text=ISSUER,
            subject_text=name,
        )
        if row and name == "supervisor":
            warehouse.execute(connection, "accounts/account_team", account_id=account_id, team_id=row.team_id)
    return len(missing)


def listed(connection: sa.Connection) -> pl.DataFrame:
    """One row per persona: its name, and as whom it looks."""
    return warehouse.frame(connection, "accounts/personas")


def _wall(connection: sa.Connection, now: datetime) -> None:
    warehouse.one_row(
        connection,
        "devices/device_new",
        account_id=devices.account(connection, WALL_NAME, identity=(ISSUER, devices.ROLE)),
        device_name=WALL_NAME,
        board_text=WALL_BOARD,
        made_by_name=ISSUER,
        made_at=now,
    )
