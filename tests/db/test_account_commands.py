"""The commands about accounts, as a person on the console types them: made, changed, taken back, and what they refuse."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.door import accounts, sessions
from tests.typed import typed

GOOD = "quiet harbour at seven"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def site(shared_engine: sa.Engine) -> sa.Engine:
    with shared_engine.begin() as connection:
        connection.execute(sa.text("insert into warehouse.teams (team_name) values ('Early'), ('Late')"))
        connection.execute(sa.text("insert into warehouse.agents (agent_name) values ('Aino Kask')"))
        accounts.add(connection, "ada@example.org", role_name="administrator")
    return shared_engine


@pytest.fixture
def command(site: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    def run(*arguments: str, typed_in: str = "") -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed_in))
        url = site.url.render_as_string(hide_password=False)
        return typed("account", *arguments, cwd=tmp_path, variables={**os.environ, "DATABASE_URL": url})

    return run


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def listed(command: Command, name: str) -> dict[str, Any]:
    (found,) = [row for row in rows(command("list", "--json")) if row["login_name"] == name]
    return found


def signed_in(site: sa.Engine, name: str) -> str:
    with site.begin() as connection:
        number = accounts.account_id_of(connection, name)
        return sessions.begin(connection, account_id=number, now=datetime.now(UTC), lasts=timedelta(hours=1))


def held(site: sa.Engine, token: str) -> bool:
    with site.begin() as connection:
        return sessions.holder(connection, token, now=datetime.now(UTC)) is not None


def test_an_account_is_made_changed_closed_and_opened_again(command: Command, site: sa.Engine) -> None:
    done = command("add", "sam", "--role", "supervisor", "--team", "Early", typed_in=f"{GOOD}\nnot this\n")
    assert (done.returncode, "sam may sign in as supervisor" in done.stderr) == (0, True), done.stderr
    with site.begin() as connection:
        assert accounts.signed_in(connection, "sam", GOOD) is not None
    found = listed(command, "sam")
    assert (found["role_name"], found["team_names_text"], found["has_password"]) == (
        "supervisor",
        "Early",
        True,
    )
    token = signed_in(site, "sam")
    assert [row["login_name"] for row in rows(command("sessions", "SAM", "--json"))] == ["sam"]

    done = command("role", "sam", "supervisor", "--team", "Late", "--team", "Early")
    assert "sam is supervisor now; 1 open sessions were ended" in done.stderr
    assert listed(command, "sam")["team_names_text"] == "Early, Late"
    assert not held(site, token)
    assert command("role", "sam", "agent", "--agent", "Aino Kask").returncode == 0
    found = listed(command, "sam")
    assert (found["role_name"], found["agent_name"], found["team_names_text"]) == ("agent", "Aino Kask", None)

    token = signed_in(site, "sam")
    assert "sam: 1 open sessions were ended" in command("sign-out", "sam").stderr
    assert not held(site, token)
    token = signed_in(site, "sam")
    assert "another password; 1 open" in command("password", "sam", typed_in="calm water, no wind\n").stderr
    assert not held(site, token)

    token = signed_in(site, "sam")
    assert "sam is closed; 1 open" in command("close", "sam").stderr
    assert (held(site, token), listed(command, "sam")["is_active"]) == (False, False)
    assert "may sign in again" in command("open", "sam").stderr
    assert not held(site, token)  # a session that was ended stays over
    assert listed(command, "sam")["is_active"]


def test_an_account_of_the_provider_needs_no_password_and_one_with_a_password_can_become_one(
    command: Command, site: sa.Engine
) -> None:
    assert command("add", "mia@example.org", "--role", "manager", "--no-password").returncode == 0
    found = listed(command, "mia@example.org")
    assert (found["has_password"], found["is_of_provider"]) == (False, False)
    with site.begin() as connection:
        assert accounts.linked(connection, "MIA@example.org", issuer_text="https://i", subject_text="1")
        assert (
            accounts.linked(connection, "mia@example.org", issuer_text="https://i", subject_text="2") is None
        )
    assert listed(command, "mia@example.org")["is_of_provider"]
    done = command("password", "mia@example.org", "--no-password")
    assert "waits for its address at the provider" in done.stderr
    assert not listed(command, "mia@example.org")["is_of_provider"]


REFUSED = [
    (("close", "ada@example.or"), "There is no account 'ada@example.or' (did you mean 'ada@example.org'?)"),
    (("role", "nobody at all", "manager"), "There is no account 'nobody at all'; `floorboard account list`"),
    (("role", "ada@example.org", "managr"), "no role 'managr' (did you mean 'manager'?); expected one of agent,"),
    (("role", "ada@example.org", "agent"), "needs the agent whose figures it shows; name it with --agent"),
    (("role", "ada@example.org", "agent", "--agent", "Aino Kasl"), "expected one agent (did you mean 'Aino Kask'?)"),
    (("role", "ada@example.org", "supervisor", "--team", "early"), "expected one team (did you mean 'Early'?)"),
    (("role", "ada@example.org", "manager", "--team", "Early"), "Teams belong to a supervisor's account"),
    (("add", "ADA@example.org", "--role", "manager", "--no-password"), "There is an account 'ADA@example.org' already"),
    (("open", "ada@example.org"), "is open; there is nothing to do"),
    (("sign-out", "adda@example.org"), "did you mean 'ada@example.org'?"),
    (("sessions", "adda@example.org"), "did you mean 'ada@example.org'?"),
    (("password", "adda@example.org"), "did you mean 'ada@example.org'?"),
    (("add", "new", "--role", "manager"), "There is no password on standard input"),
]  # fmt: skip


def test_what_is_mistyped_is_refused_with_the_next_step_and_changes_nothing(command: Command) -> None:
    before = rows(command("list", "--json"))
    for arguments, said in REFUSED:
        done = command(*arguments)
        assert (done.returncode, done.stdout) == (1, ""), arguments
        assert said in done.stderr, done.stderr
    for password in ("short", "passwordpassword", "newnewnewnew", ""):
        done = command("add", "new", "--role", "manager", typed_in=f"{password}\n")
        assert done.returncode == 1
        assert not password or password not in done.stderr
    assert rows(command("list", "--json")) == before
