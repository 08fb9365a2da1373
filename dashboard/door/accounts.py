"""Accounts: who may sign in, as what, and whose figures are theirs.

In: a login name with its role, agent and teams. Out: the account as the warehouse keeps it.
The rule it guards: an account is made by whoever runs the site, never by the first visitor; whoever loses a right loses
every open session with it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from dashboard.door import passwords, sessions
from dashboard.words import t
from sql import audit, warehouse

ROLES = ("agent", "supervisor", "manager", "executive", "administrator")
LONGEST_NAME = 320


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

    `identity` is issuer and subject of an identity provider; without it and without a password the account waits for
    whoever signs in there with its name as verified address.
    """
    name = login_name.strip()
    if not name or len(name) > LONGEST_NAME or any(not sign.isprintable() for sign in name):
        raise AccountError(
            t(
                "The login name is empty, too long or has signs that cannot be seen; expected 1 to 320 letters."
            )
        )
    agent_id, team_ids = _rights(connection, role_name, agent_name, team_names)
    values: dict[str, Any] = {
        "login_name": name,
        "role_name": role_name,
        "agent_id": agent_id,
        "password_hash_text": passwords.hashed(password, login_name=name) if password is not None else None,
        "issuer_text": identity[0] if identity else None,
        "subject_text": identity[1] if identity else None,
    }
    taken = AccountError(
        t("There is an account '{name}' already; change it, or choose another name.", name=name)
    )
    if name.casefold() in {one.casefold() for one in _names(connection, "account")}:
        raise taken
    try:
        with connection.begin_nested():
            (account_id,) = warehouse.one_row(connection, "accounts/account_new", **values)
    except IntegrityError as error:
        raise taken from error
    _give_teams(connection, account_id, team_ids)
    told = {"role_name": role_name, "agent_id": agent_id, "team_ids": team_ids}
    audit.note(connection, what_name="account.made", of_name=f"account {account_id}", told=told)
    return int(account_id)


def change(
    connection: sa.Connection,
    login_name: str,
    *,
    role_name: str,
    now: datetime,
    agent_name: str | None = None,
    team_names: Sequence[str] = (),
) -> int:
    """Gives the account another role, agent and teams, in place of those it has, and ends its sessions, how many.

    Raises AccountError.
    """
    row = _of_login(connection, login_name)
    agent_id, team_ids = _rights(connection, role_name, agent_name, team_names)
    _set(connection, row, role_name=role_name, agent_id=agent_id, is_active=row.is_active)
    warehouse.execute(connection, "accounts/account_teams_none", account_id=row.account_id)
    _give_teams(connection, row.account_id, team_ids)
    told = {
        "before": {"role_name": row.role_name, "agent_id": row.agent_id},
        "after": {"role_name": role_name, "agent_id": agent_id, "team_ids": team_ids},
    }
    audit.note(connection, what_name="account.changed", of_name=f"account {row.account_id}", told=told)
    return sessions.end_all(connection, row.account_id, now=now)


def listed(connection: sa.Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per account: its role, agent and teams, when it last signed in, how many sessions are open."""
    return warehouse.frame(connection, "accounts/accounts", as_of=as_of)


def signed_in(connection: sa.Connection, login_name: str, password: str) -> Account | None:
    """The account whose name and password these are; None for a wrong name, a wrong password and a closed account alike."""
    row = _found(connection, login_name)
    is_right = passwords.fits(password, row.password_hash_text if row else None)
    if row is None or not is_right or not row.is_active:
        with audit.acting("stranger", place_text="/sign-in"):
            of_name = f"account {row.account_id}" if row is not None else ""
            audit.note(connection, what_name="sign_in.failed", of_name=of_name)
        return None
    if passwords.is_weak(row.password_hash_text):
        _keep_password(connection, row.account_id, row.login_name, password)
    return Account(row.account_id, row.role_name, row.agent_id, row.is_active)


def of_login(connection: sa.Connection, login_name: str) -> Account | None:
    """The open account of that name, on the word of somebody who is believed; None where there is none."""
    row = _found(connection, login_name)
    if row is None or not row.is_active:
        return None
    return Account(row.account_id, row.role_name, row.agent_id, row.is_active)


def of_identity(connection: sa.Connection, issuer_text: str, subject_text: str) -> Account | None:
    """The account that an identity provider's word belongs to; None where there is none, or where it is closed."""
    text = warehouse.statement("accounts/account_of_identity")
    row = connection.execute(
        sa.text(text), {"issuer_text": issuer_text, "subject_text": subject_text}
    ).one_or_none()
    return Account(*row) if row is not None and row.is_active else None


def linked(
    connection: sa.Connection, address_text: str, *, issuer_text: str, subject_text: str
) -> Account | None:
    """The account that an administrator made for this verified address, from now on the provider's person's own.

    None where no account waits for it: one with a password, one that is closed, one that is another person's already.
    Letters that only look alike are other letters: an address beyond ASCII opens nothing.
    """
    if not address_text.isascii():
        return None
    text = warehouse.statement("accounts/account_link")
    given = {"login_name": address_text.strip(), "issuer_text": issuer_text, "subject_text": subject_text}
    row = connection.execute(sa.text(text), given).one_or_none()
    if row is None:
        return None
    with audit.acting("stranger", place_text="/sign-in"):
        audit.note(connection, what_name="account.identity", of_name=f"account {row.account_id}")
    return Account(*row)


def unlink(connection: sa.Connection, login_name: str, *, now: datetime) -> int:
    """Lets the account wait for its address at the provider again, without a password; ends its sessions, how many."""
    row = _of_login(connection, login_name)
    _keep_password(connection, row.account_id, row.login_name, None)
    warehouse.execute(connection, "accounts/account_unlink", account_id=row.account_id)
    audit.note(connection, what_name="account.identity", of_name=f"account {row.account_id}")
    return sessions.end_all(connection, row.account_id, now=now)


def give_password(connection: sa.Connection, login_name: str, password: str, *, now: datetime) -> int:
    """Gives the account of that name another password and ends its sessions, how many; AccountError, PasswordError."""
    row = _of_login(connection, login_name)
    _keep_password(connection, row.account_id, row.login_name, password)
    audit.note(connection, what_name="account.password", of_name=f"account {row.account_id}")
    return sessions.end_all(connection, row.account_id, now=now)


def close(connection: sa.Connection, login_name: str, *, now: datetime) -> int:
    """Closes the account and ends its sessions, how many; raises AccountError where there is none of that name."""
    row = _of_login(connection, login_name)
    _set(connection, row, role_name=row.role_name, agent_id=row.agent_id, is_active=False)
    audit.note(connection, what_name="account.closed", of_name=f"account {row.account_id}")
    return sessions.end_all(connection, row.account_id, now=now)


def reopen(connection: sa.Connection, login_name: str) -> None:
    """Opens a closed account again, with the rights that it had; raises AccountError."""
    row = _of_login(connection, login_name)
    if row.is_active:
        raise AccountError(t("The account '{name}' is open; there is nothing to do.", name=row.login_name))
    if row.role_name == "agent" and row.agent_id is None:
        raise AccountError(
            t(
                "The agent of the account '{name}' is not there any more; give it another one with "
                "`floorboard account role`.",
                name=row.login_name,
            )
        )
    _set(connection, row, role_name=row.role_name, agent_id=row.agent_id, is_active=True)
    audit.note(connection, what_name="account.opened", of_name=f"account {row.account_id}")


def end_sessions(connection: sa.Connection, login_name: str, *, now: datetime) -> int:
    """Signs the account out everywhere, of how many sessions; raises AccountError where there is none of that name."""
    row = _of_login(connection, login_name)
    ended = sessions.end_all(connection, row.account_id, now=now)
    audit.note(
        connection,
        what_name="account.sessions_ended",
        of_name=f"account {row.account_id}",
        told={"ended": ended},
    )
    return ended


def account_id_of(connection: sa.Connection, login_name: str) -> int:
    """The number of the account of that name; raises AccountError where there is none."""
    return int(_of_login(connection, login_name).account_id)


def has_accounts(connection: sa.Connection) -> bool:
    """Whether anybody can sign in at this site; then everybody has to."""
    is_there = bool(warehouse.one_row(connection, "accounts/is_there")[0])
    return is_there and bool(warehouse.one_row(connection, "accounts/has_accounts")[0])


def _found(connection: sa.Connection, login_name: str) -> sa.Row[Any] | None:
    text = warehouse.statement("accounts/account_of_login")
    return connection.execute(sa.text(text), {"login_name": login_name.strip()}).one_or_none()


def _of_login(connection: sa.Connection, login_name: str) -> sa.Row[Any]:
    row = _found(connection, login_name)
    if row is None:
        near = _nearest(login_name, _names(connection, "account"))
        raise AccountError(
            t(
                "There is no account '{name}'{near}; `floorboard account list` shows them.",
                name=login_name,
                near=near,
            )
        )
    return row


def _rights(
    connection: sa.Connection, role_name: str, agent_name: str | None, team_names: Sequence[str]
) -> tuple[int | None, list[int]]:
    """The agent and the teams of an account in that role; raises AccountError for what does not fit the role."""
    if role_name not in ROLES:
        near = _nearest(role_name, ROLES)
        raise AccountError(
            t(
                "There is no role '{role}'{near}; expected one of {roles}.",
                role=role_name,
                near=near,
                roles=", ".join(ROLES),
            )
        )
    if role_name == "agent" and not agent_name:
        raise AccountError(
            t("An account of an agent needs the agent whose figures it shows; name it with --agent.")
        )
    if role_name != "supervisor" and team_names:
        raise AccountError(t("Teams belong to a supervisor's account; a {role} has none.", role=role_name))
    agent_id = _only(connection, agent_name, "agent", t("agent")) if agent_name else None
    return agent_id, sorted({_only(connection, team, "team", t("team")) for team in team_names})


def _set(
    connection: sa.Connection, row: sa.Row[Any], *, role_name: str, agent_id: int | None, is_active: bool
) -> None:
    warehouse.execute(
        connection,
        "accounts/account_change",
        account_id=row.account_id,
        role_name=role_name,
        agent_id=agent_id,
        is_active=is_active,
    )


def _give_teams(connection: sa.Connection, account_id: int, team_ids: Sequence[int]) -> None:
    for team_id in team_ids:
        warehouse.execute(connection, "accounts/account_team", account_id=account_id, team_id=team_id)


def _keep_password(connection: sa.Connection, account_id: int, login_name: str, password: str | None) -> None:
    hash_text = passwords.hashed(password, login_name=login_name) if password is not None else None
    warehouse.execute(
        connection, "accounts/account_password", account_id=account_id, password_hash_text=hash_text
    )


def _only(connection: sa.Connection, name: str, kind_name: str, kind: str) -> int:
    names = _names(connection, kind_name)
    found = names.get(name, [])
    if len(found) != 1:
        raise AccountError(
            t(
                "There are {count} with the name '{name}', expected one {kind}{near}; "
                "the Organisation page shows the names.",
                count=len(found),
                name=name,
                kind=kind,
                near="" if found else _nearest(name, names),
            )
        )
    return found[0]


def _names(connection: sa.Connection, kind_name: str) -> dict[str, list[int]]:
    """The names of that kind with their numbers."""
    found: dict[str, list[int]] = {}
    for row in connection.execute(sa.text(warehouse.statement("accounts/names"))):
        if row.kind_name == kind_name:
            found.setdefault(row.name_text, []).append(int(row.name_id))
    return found


def _nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, as a few words; empty where none is near."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.strip().casefold(), folded, n=1)
    return t(" (did you mean '{name}'?)", name=folded[near[0]]) if near else ""
