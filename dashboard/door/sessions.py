"""Sessions: who signed in, until when, and how that is taken back.

In: an account, or the token in a browser's cookie. Out: a token, or the viewer who holds it.
The rule it guards: the warehouse knows a token's hash alone, and a session that was ended is over for every tab at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from sql import audit, warehouse

COOKIE = "floorboard_session"
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a session, as the warehouse knows them now; team_ids are those that a supervisor sees."""

    account_id: int
    login_name: str
    role_name: str
    agent_id: int | None
    team_ids: tuple[int, ...]
    agents_text: str = ""
    """Of a supervisor, what stands for the agents who are in those teams today."""
    is_persona: bool = False
    board_text: str | None = None
    """The one address that a wall display shows; None for every person."""


def begin(connection: sa.Connection, *, account_id: int, now: datetime, lasts: timedelta) -> str:
    """Begins a session of the account; gives its token, which is told once."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    warehouse.execute(
        connection,
        "accounts/session_new",
        token_sha256=_hash(token),
        account_id=account_id,
        started_at=now,
        ends_at=now + lasts,
    )
    with audit.acting("stranger"):
        audit.note(connection, what_name="sign_in.done", of_name=f"account {account_id}")
    return token


def holder(connection: sa.Connection, token: str, *, now: datetime) -> Holder | None:
    """Who holds this token; None where the session is over, was revoked, or never was."""
    return holders(connection, [token], now=now).get(token)


def holders(connection: sa.Connection, tokens: Collection[str], *, now: datetime) -> dict[str, Holder]:
    """Who holds each of these tokens, asked once for all; without those whose session is over, was revoked, or never was."""
    hashes = {_hash(token): token for token in tokens}
    text = warehouse.statement("accounts/sessions_held")
    rows = connection.execute(sa.text(text), {"tokens_sha256": list(hashes), "as_of": now})
    return {hashes[bytes(row.token_sha256)]: _holder(row) for row in rows}


def _holder(row: sa.Row[Any]) -> Holder:
    teams = tuple(int(team) for team in (row.team_ids_text or "").split(",") if team)
    return Holder(
        row.account_id,
        row.login_name,
        row.role_name,
        row.agent_id,
        teams,
        row.agents_hash_text or "",
        row.is_persona,
        row.board_text,
    )


def renew(connection: sa.Connection, token: str, *, now: datetime, idle: timedelta, lasts: timedelta) -> None:
    """Lets a session that somebody uses go on for as long as `idle`, but never past `lasts` from its start."""
    warehouse.execute(
        connection,
        "accounts/session_renew",
        token_sha256=_hash(token),
        seen_at=now,
        idle_seconds=idle.total_seconds(),
        lasts_seconds=lasts.total_seconds(),
    )


def open_ones(connection: sa.Connection, *, now: datetime, account_id: int | None = None) -> pl.DataFrame:
    """One row per open session, of everybody or of that account: whose, since when, until when."""
    return warehouse.frame(connection, "accounts/sessions", as_of=now, account_id=account_id)


def end(connection: sa.Connection, token: str, *, now: datetime) -> bool:
    """Ends the session of this token; whether it was open."""
    text = sa.text(warehouse.statement("accounts/session_end"))
    account_id = connection.execute(
        text, {"token_sha256": _hash(token), "ended_at": now}
    ).scalar_one_or_none()
    if account_id is None:
        return False
    with audit.acting("stranger"):
        audit.note(connection, what_name="sign_in.over", of_name=f"account {account_id}")
    return True


def end_all(connection: sa.Connection, account_id: int, *, now: datetime) -> int:
    """Ends every session of the account; how many were open."""
    return warehouse.execute(connection, "accounts/sessions_end", account_id=account_id, ended_at=now)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
