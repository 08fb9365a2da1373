"""The commands about accounts: who may sign in, as what, and how that is taken back.

In: what a person on the console types. Out: an account, a list of them, or one that is changed or closed.
The rule it guards: the first account is made by whoever runs the site; a password is asked for, never an argument that a
process list shows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from floorboard.terminal import AsJson, FrontDoorError, show, tell
from floorboard.visits import warehouse

if TYPE_CHECKING:
    from sqlalchemy import Connection

account_app = typer.Typer(help="Who may sign in, and what they see.", no_args_is_help=True)
Login = Annotated[str, typer.Argument(help="The name of the account.", metavar="NAME")]
Agent = Annotated[str | None, typer.Option(help="The agent whose own figures an agent's account shows.")]
Teams = Annotated[list[str] | None, typer.Option(help="A team that a supervisor sees; may be given again.")]
ROLES = "agent, supervisor, manager, executive or administrator"
SOON = "Open pages notice within ten seconds."


@account_app.command("add")
def account_add(
    login_name: Annotated[
        str, typer.Argument(help="The name or e-mail address to sign in with.", metavar="NAME")
    ],
    role: Annotated[str, typer.Option(help=f"{ROLES}.")],
    agent: Agent = None,
    team: Teams = None,
    no_password: Annotated[
        bool,
        typer.Option(
            "--no-password", help="For an account that signs in at the identity provider or the proxy."
        ),
    ] = False,
) -> None:
    """Make an account; from the first one on, everybody signs in."""
    from dashboard.door import accounts

    password = None if no_password else asked_password()
    with changing(is_first=True) as connection:
        accounts.add(
            connection,
            login_name,
            role_name=role,
            password=password,
            agent_name=agent,
            team_names=tuple(team or ()),
        )
    tell(f"{login_name.strip()} may sign in as {role}. Open pages ask for it within ten seconds.")


@account_app.command("list")
def account_list(as_json: AsJson = False) -> None:
    """Every account: its role, whose figures it sees, how it signs in, when it last did."""
    from dashboard.door import accounts

    with changing() as connection:
        found = accounts.listed(connection, as_of=wall())
    show(found, title="Accounts", as_json=as_json)


@account_app.command("roles")
def account_roles(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="As docs/access.md has it.")] = False,
) -> None:
    """What each role sees and may change, page by page, table by table."""
    from sql import role_matrix

    if markdown:
        typer.echo(role_matrix.markdown())
        return
    lines = role_matrix.matrix()
    rows = [{"kind": line.kind_name, "name": line.thing_name, **line.answers} for line in lines]
    show(rows, title="Roles", as_json=as_json)


@account_app.command("password")
def account_password(
    login_name: Login,
    no_password: Annotated[
        bool,
        typer.Option(
            "--no-password",
            help="Take its password away: from now on it signs in at the identity provider or the proxy.",
        ),
    ] = False,
) -> None:
    """Give an account another password, or none; its open sessions end."""
    from dashboard.door import accounts

    if no_password:
        with changing() as connection:
            ended = accounts.unlink(connection, login_name, now=wall())
        tell(
            f"{login_name} has no password and waits for its address at the provider; {ended} sessions ended."
        )
        return
    with changing() as connection:
        accounts.account_id_of(
            connection, login_name
        )  # a name that is none is told before a password is asked for
    password = asked_password()
    with changing() as connection:
        ended = accounts.give_password(connection, login_name, password, now=wall())
    tell(f"{login_name} has another password; {ended} open sessions were ended. {SOON}")


@account_app.command("role")
def account_role(
    login_name: Login,
    role: Annotated[str, typer.Argument(help=f"{ROLES}.")],
    agent: Agent = None,
    team: Teams = None,
) -> None:
    """Give an account another role, agent and teams in place of those it has; its open sessions end."""
    from dashboard.door import accounts

    with changing() as connection:
        ended = accounts.change(
            connection,
            login_name,
            role_name=role,
            agent_name=agent,
            team_names=tuple(team or ()),
            now=wall(),
        )
    tell(f"{login_name} is {role} now; {ended} open sessions were ended. {SOON}")


@account_app.command("close")
def account_close(login_name: Login) -> None:
    """Close an account: its sessions end at once, in every open tab within ten seconds."""
    from dashboard.door import accounts

    with changing() as connection:
        ended = accounts.close(connection, login_name, now=wall())
    tell(f"{login_name} is closed; {ended} open sessions were ended. {SOON}")


@account_app.command("open")
def account_open(login_name: Login) -> None:
    """Open a closed account again, with the role and the password that it had."""
    from dashboard.door import accounts

    with changing() as connection:
        accounts.reopen(connection, login_name)
    tell(f"{login_name} may sign in again.")


@account_app.command("sessions")
def account_sessions(
    login_name: Annotated[
        str | None, typer.Argument(help="Only those of this account.", metavar="[NAME]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Who is signed in now, since when and until when."""
    from dashboard.door import accounts, sessions

    with changing() as connection:
        number = None if login_name is None else accounts.account_id_of(connection, login_name)
        found = sessions.open_ones(connection, now=wall(), account_id=number)
    show(found, title="Open sessions", as_json=as_json)


@account_app.command("sign-out")
def account_sign_out(login_name: Login) -> None:
    """End every session of an account, in every open tab within ten seconds; it may sign in again."""
    from dashboard.door import accounts

    with changing() as connection:
        ended = accounts.end_sessions(connection, login_name, now=wall())
    tell(f"{login_name}: {ended} open sessions were ended. {SOON}")


@contextmanager
def changing(*, is_first: bool = False) -> Iterator[Connection]:
    """The accounts of the warehouse in one transaction; before the first one, the database learns to refuse."""
    from sql import rights
    from sql.warehouse import connected

    with warehouse(migrating=False) as engine:
        if is_first:
            rights.install(engine)
        with connected(engine) as connection:
            yield connection


def wall() -> datetime:
    """The instant outside: how long somebody stays signed in does not depend on a demo's clock."""
    return datetime.now(UTC)


def asked_password() -> str:
    """The password, typed twice on a terminal, or the first line of what is piped in."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline()
    if not line:
        raise FrontDoorError(
            "There is no password on standard input, expected one line. Type the command in a terminal, which asks "
            "for it, or add --no-password for an account of the identity provider."
        )
    return line.rstrip("\r\n")
