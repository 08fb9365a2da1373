"""Rights go wherever the warehouse goes: backups, joined and erased agents, an ordinary owner, the pages' own login."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql as words

from dashboard import access
from dashboard.access import LOCAL_VIEWER, NOBODY, Viewer
from dashboard.ui import moments
from etl.backup import backup, restore
from etl.doctor_rights import rights_findings
from etl.on_request.key_moves import move_keys
from floorboard.terminal import FrontDoorError
from floorboard.visits import let_pages_in
from sql import dump_programs, embedded, migrate, pages_login, rights, warehouse
from sql.warehouse import WarehouseError
from tests.conftest import engine_of_copy, made_database, url_of

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
TOKEN = "token-of-this-file"
MARI, MARI_TOO, JAAN = 1, 2, 3
PEOPLE = """
insert into warehouse.teams (team_name) values ('Early'), ('Late');
insert into warehouse.agents (agent_name) values ('Mari Maasikas'), ('M. Maasikas'), ('Jaan Tamm');
insert into warehouse.agent_keys (source_name, source_key, agent_id) values
    ('pbx', 'mari', 1), ('desk', 'mari', 1), ('crm', 'mm', 2), ('pbx', 'jaan', 3);
insert into access.accounts (login_name, role_name, agent_id, issuer_text, subject_text, password_hash_text) values
    ('mari@example.org', 'agent', 1, 'https://id.example.org', 'mari-at-the-provider', 'a hash'),
    ('sam', 'supervisor', null, null, null, null);
insert into access.account_teams (account_id, team_id) values (2, 1), (2, 2);
insert into access.sessions (token_sha256, account_id, ends_at)
    select :token_sha256, a.account_id, now() + interval '1 day' from access.accounts as a where a.account_id = 1;
insert into ops.saved_views (saved_at, viewer_name, page_name, view_name, address_text)
    values (now(), 'mari@example.org', 'agents', 'Mine', '');
insert into ops.organisation_changes (saved_at, save_number, viewer_name, sheet_name, action_name, after_text)
    values (now(), 1, 'mari@example.org', 'agents', 'add', '{}'), (now(), 2, 'sam', 'agents', 'add', '{}')
"""


def run(engine: sa.Engine, text: str, **params: object) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        done = connection.execute(sa.text(text), params)
        return [tuple(row) for row in done] if done.returns_rows else []


def url(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def accounts(engine: sa.Engine) -> dict[str, tuple[object, object]]:
    """Whose figures each account shows, and whether it is open."""
    found = run(engine, "select login_name, agent_id, is_active from access.accounts")
    return {str(name): (agent_id, is_active) for name, agent_id, is_active in found}


@pytest.fixture
def site(engine: sa.Engine) -> sa.Engine:
    """Three agents, of whom one has an account and somebody signed in with it, and a supervisor of two teams."""
    with engine.begin() as connection:
        for line in PEOPLE.split(";\n"):
            wanted = {"token_sha256": hashlib.sha256(TOKEN.encode()).digest()} if ":token" in line else {}
            connection.execute(sa.text(line), wanted)
    return engine


def give_key(engine: sa.Engine, key: tuple[str, str], *, from_id: int, to_id: int) -> None:
    """What the page does where two are joined."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(warehouse.statement("organisation/agent_keys_change")),
            {
                "was_source_name": key[0],
                "was_source_key": key[1],
                "was_agent_id": from_id,
                "agent_id": to_id,
                "asked_at": NOW,
            },
        )


def test_an_account_follows_its_agent_when_the_last_key_went_to_another(site: sa.Engine) -> None:
    give_key(site, ("pbx", "mari"), from_id=MARI, to_id=MARI_TOO)
    assert move_keys(site, now=lambda: NOW) == 1
    assert accounts(site)["mari@example.org"] == (
        MARI,
        True,
    )  # the ticket desk still knows her as the old one
    give_key(site, ("desk", "mari"), from_id=MARI, to_id=MARI_TOO)
    assert move_keys(site, now=lambda: NOW) == 1
    assert accounts(site)["mari@example.org"] == (MARI_TOO, True)


def test_an_agent_or_team_that_is_taken_out_leaves_no_account_that_sees_them(site: sa.Engine) -> None:
    run(site, "delete from warehouse.agent_keys where agent_id = 1")
    run(site, "delete from warehouse.agents where agent_id = 1")
    assert accounts(site) == {"mari@example.org": (None, False), "sam": (None, True)}
    assert run(site, "select * from access.sessions") == []
    run(site, "delete from warehouse.teams where team_name = 'Late'")
    assert run(site, "select account_id, team_id from access.account_teams") == [(2, 1)]


def test_an_erased_agents_account_is_closed_and_loses_every_name(site: sa.Engine) -> None:
    with site.begin() as connection:
        (closed,) = warehouse.one_row(
            connection, "merge/erase_accounts", agent_id=MARI, alias_name="Former agent 1a2b3c"
        )
    assert closed == 1
    assert accounts(site) == {"Former agent 1a2b3c (1)": (MARI, False), "sam": (None, True)}
    with site.begin() as connection:
        tables = connection.execute(
            sa.text(
                "select format('%I.%I', table_schema, table_name) from information_schema.tables "
                "where table_schema in ('access', 'ops', 'warehouse') and table_type = 'BASE TABLE'"
            )
        ).scalars()
        held = {
            table: connection.execute(sa.text(f"select to_jsonb(t)::text from {table} as t")).scalars().all()  # noqa: S608
            for table in tables
        }
    assert [
        table for table, rows in held.items() if any("mari@" in row or "mari-at" in row for row in rows)
    ] == []
    assert held["access.sessions"] == held["ops.saved_views"] == []
    who = run(site, "select viewer_name from ops.organisation_changes order by save_number")
    assert who == [("Former agent 1a2b3c",), ("sam",)]


def entered(engine: sa.Engine) -> str:
    with warehouse.connected(engine) as connection:
        return rights.enter(connection, TOKEN).role_name


def test_a_restore_brings_accounts_and_policies_back_and_nobody_who_was_signed_in(
    site: sa.Engine, server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOORBOARD_HOME", str(tmp_path))
    rights.install(site)
    assert entered(site) == "agent"
    file = tmp_path / "floorboard.dump"
    backup(url(site), file, tell=lambda _name: None)
    programs = dump_programs.programs_for("pg_restore")
    for table in ("keys", "sessions"):
        options = ["--data-only", "--schema=access", f"--table={table}", "--file=-", str(file)]
        assert "COPY" not in dump_programs.answered(programs, "pg_restore", options), "it would sign, or open"
    key = run(site, "select key_bytes from access.keys")
    with made_database(server_url) as name:
        other = warehouse.open_engine(url_of(server_url, name))
        restore(other, url(other), file, None, now=lambda: NOW, tell=lambda _name: None)
        assert accounts(other) == accounts(site)
        assert run(other, "select count(*) from access.account_teams") == [(2,)]
        assert run(other, "select * from access.sessions") == []
        new_key = run(other, "select key_bytes from access.keys")
        assert (len(new_key), new_key != key) == (1, True)
        with pytest.raises(rights.SessionError):
            entered(other)
        assert rights.is_installed(other)
        assert rights.check(other) == []
        # and over itself: the functions of before stand in nobody's way
        restore(other, url(other), file, None, replacing=True, now=lambda: NOW, tell=lambda _name: None)
        assert rights.check(other) == []
        other.dispose()


def test_what_was_taken_back_since_the_backup_stays_so_where_the_warehouse_before_still_tells(
    site: sa.Engine, server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOORBOARD_HOME", str(tmp_path))
    run(
        site,
        "insert into access.accounts (login_name, role_name) values ('wall: hall', 'wall'), ('kept', 'manager');"
        "insert into access.devices (account_id, device_name, board_text, made_by_name)"
        " select account_id, 'hall', '/wall/show?boards=floor', 'sam' from access.accounts where role_name = 'wall';"
        "insert into access.consents (agent_id, board_name, given_at) values (1, 'wall', now()), (1, 'leaderboard', now())",
    )
    file = tmp_path / "floorboard.dump"
    backup(url(site), file, tell=lambda _name: None)
    run(
        site,
        "update access.accounts set is_active = false where login_name = 'sam';"
        "update access.accounts set is_active = false, login_name = 'wall: revoked ' || account_id where role_name = 'wall';"
        "update access.devices set revoked_at = now();"
        "update access.consents set withdrawn_at = now(), is_withdrawn_by_person = true where board_name = 'wall'",
    )
    asked = (
        "select login_name, is_active from access.accounts order by account_id",
        "select device_name, revoked_at from access.devices",
        "select board_name, withdrawn_at, is_withdrawn_by_person from access.consents order by consent_id",
    )
    before = [run(site, text) for text in asked]
    assert [name for name, is_active in before[0] if is_active] == ["mari@example.org", "kept"]
    with made_database(server_url) as name:  # on a new disk nobody can tell
        other = warehouse.open_engine(url_of(server_url, name))
        done = restore(other, url(other), file, None, now=lambda: NOW, tell=lambda _name: None)
        assert done.taken_back_count is None
        assert ("sam", True) in run(other, asked[0])
        other.dispose()
    done = restore(site, url(site), file, None, replacing=True, now=lambda: NOW, tell=lambda _name: None)
    assert done.taken_back_count == 4
    assert [run(site, text) for text in asked] == before


def test_rights_come_where_somebody_can_sign_in_and_a_site_without_accounts_is_left_alone(
    engine: sa.Engine,
) -> None:
    assert (rights.keep_up(engine), rights.is_needed(engine), rights.check(engine)) == (False, False, [])
    run(engine, "insert into access.accounts (login_name, role_name) values ('ada', 'administrator')")
    assert rights.check(engine) == [
        "The database does not refuse yet what the pages refuse: run `floorboard db migrate`."
    ]
    assert (rights.keep_up(engine), rights.keep_up(engine)) == (True, False)
    assert rights.check(engine) == []
    run(engine, "delete from access.accounts")
    assert rights.is_needed(engine)  # what was refused once goes on being kept up to date
    run(engine, "insert into ops.migrations (number, name, sha256) values (999, 'later', repeat('a', 64))")
    assert not rights.is_installed(engine)  # a later schema may have made a view anew, without its grants
    assert rights.keep_up(engine)


@pytest.fixture(scope="module")
def installed(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A warehouse with rights, which the tests below only read."""
    with engine_of_copy(server_url, template_name) as engine:
        rights.install(engine)
        yield engine


def test_the_pages_own_login_is_made_once_and_reads_nothing_until_somebody_entered(
    installed: sa.Engine,
) -> None:
    home = (
        embedded.home()
    )  # of the run: the login is the server's, so all that run at once have one password for it
    address = pages_login.made(installed, home)
    assert stat.S_IMODE((home / pages_login.PASSWORD_NAME).stat().st_mode) == 0o600
    assert list(home.glob(f"{pages_login.PASSWORD_NAME}.*")) == []
    assert pages_login.made(installed, home) == address
    assert pages_login.faults(address, installed) == []
    pages = warehouse.open_engine(address, room=warehouse.PAGES)
    for table in ("warehouse.calls", "warehouse.queues", "access.accounts", "ops.migrations"):
        with (
            pytest.raises(WarehouseError, match="refuses this role"),
            warehouse.connected(pages) as connection,
        ):
            connection.execute(sa.text(f"select * from {table}"))  # noqa: S608
    (setting,) = run(
        pages,
        "select rolconnlimit, current_setting('statement_timeout'), current_setting('transaction_read_only') "
        "from pg_roles where rolname = current_user",
    )
    assert setting == (rights.MOST_CONNECTIONS, "5s", "on")
    with psycopg.connect(address) as plain:  # also for a program that asks for nothing
        shown = [plain.execute(f"show {name}").fetchone() for name in rights.PAGES_SETTINGS]
        assert [row and row[0] for row in shown] == ["on", "5s", "1min"]
    pages.dispose()


def test_an_address_of_the_pages_that_is_not_theirs_is_told(installed: sa.Engine, tmp_path: Path) -> None:
    address = pages_login.made(installed, embedded.home())
    password = (embedded.home() / pages_login.PASSWORD_NAME).read_text()
    wrong = {
        url(installed): "names the login",
        urlsplit(address)._replace(path="/postgres").geturl(): "another database than DATABASE_URL",
        address.replace(password, "no" * 20): "refuses this user or password",
        "mysql://pages@localhost/x": "FLOORBOARD_PAGES_URL begins with 'mysql://'",
    }  # fmt: skip
    for given, said in wrong.items():
        (sentence,) = pages_login.faults(given, installed)
        assert said in sentence
        assert "no" * 20 not in sentence
    assert pages_login.address({pages_login.VARIABLE: " x "}) == "x"
    assert pages_login.address({}) is None
    (tmp_path / pages_login.PASSWORD_NAME).write_text("changeme")
    with pytest.raises(WarehouseError, match="found no password made at random"):
        pages_login.made(installed, tmp_path)


@pytest.fixture(scope="module")
def ordinary(server_url: str) -> Iterator[str]:
    """The address of an empty database whose owner may make roles, and is no superuser."""
    owner, password = "floorboard_test_owner", "of-this-run-alone"
    with made_database(server_url) as name:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(
                words.SQL("create role {} login createrole password {}").format(
                    words.Identifier(owner), words.Literal(password)
                )
            )
            for statement in ("alter database {} owner to {}",):
                connection.execute(
                    words.SQL(statement).format(words.Identifier(name), words.Identifier(owner))
                )
        try:
            parts = sa.make_url(url_of(server_url, name)).set(username=owner, password=password)
            yield parts.render_as_string(hide_password=False).replace("+psycopg", "")
        finally:
            with psycopg.connect(server_url, autocommit=True) as connection:
                connection.execute(words.SQL("drop database {} with (force)").format(words.Identifier(name)))
                connection.execute(words.SQL("create database {}").format(words.Identifier(name)))
                connection.execute(words.SQL("drop role {}").format(words.Identifier(owner)))


def test_an_owner_who_is_no_superuser_is_told_what_a_superuser_runs_once_and_then_keeps_the_rights(
    ordinary: str, server_url: str
) -> None:
    engine = warehouse.open_engine(ordinary)
    migrate.migrate(engine)
    with psycopg.connect(server_url, autocommit=True) as superuser:
        superuser.execute("alter role floorboard_test_owner nocreaterole")
        with pytest.raises(WarehouseError, match="As a superuser run: create role") as told:
            rights.install(engine)
        for line in str(told.value).partition("As a superuser run: ")[2].split("; "):
            with suppress(
                psycopg.errors.DuplicateObject
            ):  # another database of this server may have made it before
                superuser.execute(line.rstrip(";").encode())
    assert rights.install(engine)
    assert rights.check(engine) == []
    run(engine, "insert into access.accounts (login_name, role_name) values ('ada', 'executive')")
    run(
        engine,
        "insert into access.sessions (token_sha256, account_id, ends_at) values (:hash, 1, now() + interval '1 day')",
        hash=hashlib.sha256(TOKEN.encode()).digest(),
    )
    run(engine, "insert into warehouse.agents (agent_name) values ('Mari')")
    with warehouse.connected(
        engine
    ) as connection:  # where the pages have no login of their own, the owner steps down
        assert rights.enter(connection, TOKEN).role_name == "executive"
        assert connection.execute(sa.text("select count(*) from warehouse.agents")).scalar_one() == 0
        assert connection.execute(sa.text("select current_user")).scalar_one() == rights.READER
    assert run(engine, "select count(*) from warehouse.agents") == [(1,)]
    engine.dispose()


def test_row_security_that_bound_the_owner_would_stop_backups_and_guard_nothing_more(ordinary: str) -> None:
    """Why the policies are not FORCED: the owner is who is backed up as, and who answers the released sums."""
    engine = warehouse.open_engine(ordinary)
    with engine.connect() as connection:
        # nothing between the owner and the rows: pg_dump reads them, as it does with row_security = off
        connection.execute(sa.text("set local row_security = off"))
        assert connection.execute(sa.text("select count(*) from warehouse.agents")).scalar_one() == 1
        connection.execute(sa.text("alter table warehouse.agents force row level security"))
        with pytest.raises(sa.exc.DBAPIError, match="affected by row-level security"):
            connection.execute(sa.text("select count(*) from warehouse.agents"))
    with engine.connect() as connection:
        connection.execute(sa.text("alter table warehouse.agents force row level security"))
        # a forced policy that lets the owner answer lets it do everything: what guards is a login that owns nothing
        assert connection.execute(sa.text("select count(*) from warehouse.agents")).scalar_one() == 1
        connection.execute(sa.text("drop policy others on warehouse.agents"))
        assert connection.execute(sa.text("select count(*) from warehouse.agents")).scalar_one() == 0
    engine.dispose()


def test_the_command_of_the_pages_lets_them_in_by_their_own_login_or_says_why_not(
    installed: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ})
    os.environ.pop(pages_login.VARIABLE, None)
    let_pages_in(
        url(installed), is_ours=False
    )  # a site that gave its pages no login: they step down when they enter
    assert pages_login.address() is None
    let_pages_in(url(installed), is_ours=True)
    address = pages_login.address()
    assert address is not None
    assert pages_login.faults(address, installed) == []
    let_pages_in(url(installed), is_ours=False)  # as a site of its own would name it
    os.environ[pages_login.VARIABLE] = url(installed)
    with pytest.raises(FrontDoorError, match="names the login"):
        let_pages_in(url(installed), is_ours=False)


def test_who_signed_in_is_answered_by_the_pages_login_and_whoever_sees_all_by_the_owners(
    installed: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mari = Viewer(viewer_name="mari", scope_name="agent: agent 1", role_name="agent", agent_id=1, token=TOKEN)
    monkeypatch.delenv(pages_login.VARIABLE, raising=False)
    assert moments.reading(url(installed), mari).url.username == installed.url.username
    monkeypatch.setenv(pages_login.VARIABLE, pages_login.made(installed, embedded.home()))
    asked = {viewer: moments.reading(url(installed), viewer) for viewer in (mari, NOBODY, LOCAL_VIEWER)}
    assert [engine.url.username for engine in asked.values()] == [
        rights.PAGES,
        rights.PAGES,
        installed.url.username,
    ]
    assert asked[mari] is asked[NOBODY]
    with pytest.raises(rights.SessionError), access.transaction(asked[NOBODY], NOBODY):
        pass  # a viewer whom nobody could name is nobody's reader
    for engine in asked.values():
        engine.dispose()
    moments.engine.clear()


def test_the_doctor_tells_what_happens_to_whoever_a_proxy_brings_before_the_first_account(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url(engine))
    (closed,) = rights_findings(engine, names=["board.example.com"])
    assert (closed.subject_name, closed.state_name) == ("Sign-in", "advice")
    assert "names board.example.com, so nobody is let in before there is an account" in closed.found_text
    (left_open,) = rights_findings(engine, names=["board.example.com"], is_open=True)
    assert "whoever the proxy lets through sees everything" in left_open.found_text
    rights.install(
        engine
    )  # as in the warehouse that Floorboard brings, where the roles are there from the first start
    assert rights_findings(engine, names=["board.example.com"])[0] == closed
    run(engine, "insert into access.accounts (login_name, role_name) values ('ada', 'administrator')")
    assert "Sign-in" not in [one.subject_name for one in rights_findings(engine, names=["board.example.com"])]


def test_the_doctor_tells_who_may_come_in_and_by_which_login_the_pages_read(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[tuple[str, str]]:
        return [(finding.subject_name, finding.state_name) for finding in rights_findings(engine)]

    monkeypatch.setenv("DATABASE_URL", url(engine))
    monkeypatch.delenv(pages_login.VARIABLE, raising=False)
    assert told() == [("Rights", "advice")]
    run(engine, "insert into access.accounts (login_name, role_name) values ('ada', 'administrator')")
    assert told() == [("Rights", "wrong"), ("Pages' login", "wrong")]
    rights.install(engine)
    assert told() == [("Rights", "good"), ("Pages' login", "wrong")]
    step = rights_findings(engine)[-1].step_text
    assert f"{pages_login.VARIABLE}=postgresql://{rights.PAGES}:" in step
    assert step.endswith(f"/{engine.url.database}")
    assert (engine.url.password or "no password") not in step
    run(engine, "grant select on warehouse.calls to public")
    wrong = [finding.found_text for finding in rights_findings(engine) if finding.state_name == "wrong"]
    assert "A way past the rights: warehouse.calls is granted to everybody." in wrong
    run(engine, "revoke select on warehouse.calls from public")
    monkeypatch.setenv(pages_login.VARIABLE, url(engine))
    assert told() == [("Rights", "good"), ("Pages' login", "wrong")]
    monkeypatch.setenv(pages_login.VARIABLE, pages_login.made(engine, embedded.home()))
    assert told() == [("Rights", "good"), ("Pages' login", "good")]
    monkeypatch.delenv(pages_login.VARIABLE)
    monkeypatch.delenv("DATABASE_URL")
    assert told() == [("Rights", "good"), ("Pages' login", "good")]
