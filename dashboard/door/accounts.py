"""Accounts: who may sign in, as what, and whose figures are theirs.

In: a login name with its role, agent and teams. Out: the account as the warehouse keeps it.
The rule it guards: an account is made by whoever runs the site, never by the first visitor; whoever loses a right loses
every open session with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from dashboard.door import passwords, sessions
from dashboard.words import t
from sql import warehouse

ROLES = ("agent", "supervisor", "manager", "executive", "administrator")


class AccountError(ValueError):
    """The account cannot be made or changed as it was asked for; the message says what was found and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account by what it may do; agent_id is None but for an agent's own."""

    account_id: int
    role_name: str
    agent_id: int | None
    is_active: bool


def add(
    connection: sa.Connection,
    login_name: str,
    *,
    role_name: str,
    password: str | None = None,
    agent_name: str | None = None,
    team_names: Sequence[str] = (),
    identity: tuple[str, str] | None = None,
) -> int:
    """Makes an account and gives its number; raises AccountError and PasswordError.

    `identity` is issuer and subject of an identity provider; an account has it, a password, or both.
    """
    name = login_name.strip()
    if not name or len(name) > 320 or any(not sign.isprintable() for sign in name):
        raise AccountError(
            t(
                "The login name is empty, too long or has signs that cannot be seen; expected 1 to 320 letters."
            )
        )
    if role_name not in ROLES:
        raise AccountError(
            t("There is no role '{role}'; expected one of {roles}.", role=role_name, roles=", ".join(ROLES))
        )
    if role_name == "agent" and not agent_name:
        raise AccountError(
            t("An account of an agent needs the agent whose figures it shows; name it with --agent.")
        )
    if role_name != "supervisor" and team_names:
        raise AccountError(t("Teams belong to a supervisor's account; a {role} has none.", role=role_name))
    values: dict[str, Any] = {
        "login_name": name,
        "role_name": role_name,
        "agent_id": _agent_id(connection, agent_name) if agent_name else None,
        "password_hash_text": passwords.hashed(password, login_name=name) if password is not None else None,
        "issuer_text": identity[0] if identity else None,
        "subject_text": identity[1] if identity else None,
    }
    teams = [_team_id(connection, team) for team in team_names]
    try:
        with connection.begin_nested():
            (account_id,) = warehouse.one_row(connection, "accounts/account_new", **values)
    except IntegrityError as error:
        raise AccountError(
            t("There is an account '{name}' already; change it, or choose another name.", name=name)
        ) from error
    for team_id in teams:
        warehouse.execute(connection, "accounts/account_team", account_id=account_id, team_id=team_id)
    return int(account_id)


def listed(connection: sa.Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per account: its role, agent and teams, when it last signed in, how many sessions are open."""
    return warehouse.frame(connection, "accounts/accounts", as_of=as_of)


def signed_in(connection: sa.Connection, login_name: str, password: str) -> Account | None:
    """The account whose name and password these are; None for a wrong name, a wrong password and a closed account alike."""
    text = warehouse.statement("accounts/account_of_login")
    row = connection.execute(sa.text(text), {"login_name": login_name.strip()}).one_or_none()
    is_right = passwords.fits(password, row.password_hash_text if row else None)
    if row is None or not is_right or not row.is_active:
        return None
    if passwords.is_weak(row.password_hash_text):
        change_password(connection, row.account_id, login_name=login_name, password=password)
    return Account(row.account_id, row.role_name, row.agent_id, row.is_active)


def of_identity(connection: sa.Connection, issuer_text: str, subject_text: str) -> Account | None:
    """The account that an identity provider's word belongs to; None where there is none, or where it is closed."""
    text = warehouse.statement("accounts/account_of_identity")
    row = connection.execute(
        sa.text(text), {"issuer_text": issuer_text, "subject_text": subject_text}
    ).one_or_none()
    return Account(*row) if row is not None and row.is_active else None


def change_password(connection: sa.Connection, account_id: int, *, login_name: str, password: str) -> None:
    """Gives the account another password; raises PasswordError for one that will not do."""
    hash_text = passwords.hashed(password, login_name=login_name)
    warehouse.execute(
        connection, "accounts/account_password", account_id=account_id, password_hash_text=hash_text
    )


def give_password(connection: sa.Connection, login_name: str, password: str, *, now: datetime) -> int:
    """Gives the account of that name another password and ends its sessions, how many; AccountError, PasswordError."""
    row = _of_login(connection, login_name)
    change_password(connection, row.account_id, login_name=row.login_name, password=password)
    return sessions.end_all(connection, row.account_id, now=now)


def close(connection: sa.Connection, login_name: str, *, now: datetime) -> int:
    """Closes the account and ends its sessions, how many; raises AccountError where there is none of that name."""
    row = _of_login(connection, login_name)
    warehouse.execute(
        connection,
        "accounts/account_change",
        account_id=row.account_id,
        role_name=row.role_name,
        agent_id=row.agent_id,
        is_active=False,
    )
    return sessions.end_all(connection, row.account_id, now=now)


def has_accounts(connection: sa.Connection) -> bool:
    """Whether anybody can sign in at this site; then everybody has to."""
    is_there = bool(warehouse.one_row(connection, "accounts/is_there")[0])
    return is_there and bool(warehouse.one_row(connection, "accounts/has_accounts")[0])


def _of_login(connection: sa.Connection, login_name: str) -> sa.Row[Any]:
    text = warehouse.statement("accounts/account_of_login")
    row = connection.execute(sa.text(text), {"login_name": login_name}).one_or_none()
    if row is None:
        raise AccountError(
            t("There is no account '{name}'; `floorboard account list` shows them.", name=login_name)
        )
    return row


def _agent_id(connection: sa.Connection, agent_name: str) -> int:
    return _only(
        connection, "select agent_id from warehouse.agents where agent_name = :name", agent_name, t("agent")
    )


def _team_id(connection: sa.Connection, team_name: str) -> int:
    return _only(
        connection, "select team_id from warehouse.teams where team_name = :name", team_name, t("team")
    )


def _only(connection: sa.Connection, text: str, name: str, kind: str) -> int:
    found = connection.execute(sa.text(text), {"name": name}).scalars().all()
    if len(found) != 1:
        raise AccountError(
            t(
                "There are {count} with the name '{name}', expected one {kind}; the Organisation page shows the names.",
                count=len(found),
                name=name,
                kind=kind,
            )
        )
    return int(found[0])
