"""The commands about accounts: who may sign in, as what, and how that is taken back.

In: what a person on the console types. Out: an account, a list of them, or one that is closed.
The rule it guards: the first account is made by whoever runs the site; a password is asked for, never an argument that a
process list shows.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from floorboard.terminal import AsJson, show, tell
from floorboard.visits import warehouse

account_app = typer.Typer(help="Who may sign in, and what they see.", no_args_is_help=True)


@account_app.command("add")
def account_add(
    login_name: Annotated[str, typer.Argument(help="The name or e-mail address to sign in with.")],
    role: Annotated[str, typer.Option(help="agent, supervisor, manager, executive or administrator.")],
    agent: Annotated[
        str | None, typer.Option(help="The agent whose own figures an agent's account shows.")
    ] = None,
    team: Annotated[
        list[str] | None, typer.Option(help="A team that a supervisor sees; may be given again.")
    ] = None,
) -> None:
    """Make an account; from the first one on, everybody signs in."""
    from dashboard.door import accounts
    from sql import rights
    from sql.warehouse import connected

    password = asked_password()
    with warehouse(migrating=False) as engine:
        rights.install(engine)
        with connected(engine) as connection:
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
    """Every account: its role, whose figures it sees, when it last signed in."""
    from dashboard.door import accounts
    from etl.demo_home import clock_in_use
    from sql.warehouse import connected

    with warehouse(migrating=False) as engine, connected(engine) as connection:
        found = accounts.listed(connection, as_of=clock_in_use()())
    show(found, title="Accounts", as_json=as_json)


@account_app.command("password")
def account_password(login_name: str) -> None:
    """Give an account another password; its open sessions end."""
    from dashboard.door import accounts
    from etl.demo_home import clock_in_use
    from sql.warehouse import connected

    password = asked_password()
    with warehouse(migrating=False) as engine, connected(engine) as connection:
        ended = accounts.give_password(connection, login_name, password, now=clock_in_use()())
    tell(f"{login_name} has another password; {ended} open sessions were ended.")


@account_app.command("close")
def account_close(login_name: str) -> None:
    """Close an account: its sessions end at once, in every open tab within ten seconds."""
    from dashboard.door import accounts
    from etl.demo_home import clock_in_use
    from sql.warehouse import connected

    with warehouse(migrating=False) as engine, connected(engine) as connection:
        ended = accounts.close(connection, login_name, now=clock_in_use()())
    tell(f"{login_name} is closed; {ended} open sessions were ended.")


def asked_password() -> str:
    """The password, typed twice on a terminal, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
