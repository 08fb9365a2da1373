"""The database itself refuses: whose rows a reader finds, which sums are released, and whom a reader can pretend to be."""

from __future__ import annotations

import hashlib
import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sql import rights, warehouse
from sql.warehouse import WarehouseError

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
WINDOW = {"window_start": NOON - timedelta(hours=12), "window_end": NOON + timedelta(hours=12)}
NAMES = ("Aino Kask", "Bo Lind", "Chen Wei", "Dora Papp")
TEAM_OF = (1, 1, 2, 2)
CALLS_EACH, GIVEN_UP = 10, 7
ACCOUNTS: dict[str, tuple[str, int | None, int | None]] = {  # role, own agent, team
    "aino": ("agent", 1, None),
    "dora": ("agent", 4, None),
    "sam": ("supervisor", None, 1),
    "tess": ("supervisor", None, 2),
    "new": ("supervisor", None, None),
    "mara": ("manager", None, None),
    "ada": ("administrator", None, None),
    "eve": ("executive", None, None),
    "wall": ("wall", None, None),
}
SEEN: dict[str, set[int | None]] = {  # None: the calls that nobody took
    "aino": {1},
    "dora": {4},
    "sam": {1, 2, None},
    "tess": {3, 4, None},
    "new": {None},
    "mara": {1, 2, 3, 4, None},
    "ada": {1, 2, 3, 4, None},
    "eve": set(),
}
CALL = sa.text(
    "insert into warehouse.calls (offered_at, answered_at, ended_at, version_number, run_id, queue_id, agent_id, "
    "stay_number, wait_seconds, talk_seconds, source_name, call_id, contact_id, channel_name, direction_name, "
    "outcome_name) values (:at, :answered_at, :ended_at, 1, 1, 1, :agent_id, 1, 10, 60, 'pbx', :call_id, :call_id, "
    "'call', 'inbound', :outcome_name)"
)


def token_of(login_name: str) -> str:
    return f"token-of-{login_name}"


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    """Four agents in two teams with ten calls each, seven callers who gave up, and an account of each role."""
    rights.install(shared_engine)
    with shared_engine.begin() as connection:

        def run(text: str, **params: object) -> None:
            connection.execute(sa.text(text), params)

        run("insert into warehouse.teams (team_name) values ('Early'), ('Late')")
        run(
            "insert into warehouse.queues (source_name, queue_name, channel_name, time_zone_name) "
            "values ('pbx', 'sales', 'call', 'UTC')"
        )
        run("select warehouse.create_months(array[cast(:month as date)])", month=NOON.date().replace(day=1))
        for name, team_id in zip(NAMES, TEAM_OF, strict=True):
            run("insert into warehouse.agents (agent_name) values (:name)", name=name)
            run(
                "insert into warehouse.team_members (team_id, agent_id, started_date) "
                "select :team_id, max(agent_id), '2020-01-01' from warehouse.agents",
                team_id=team_id,
            )
        for number in range(CALLS_EACH * len(NAMES) + GIVEN_UP):
            taken_by = number // CALLS_EACH + 1 if number < CALLS_EACH * len(NAMES) else None
            at = NOON + timedelta(seconds=number)
            connection.execute(
                CALL,
                {
                    "at": at,
                    "answered_at": at + timedelta(seconds=10) if taken_by else None,
                    "ended_at": at + timedelta(seconds=70),
                    "agent_id": taken_by,
                    "call_id": f"c{number}",
                    "outcome_name": "answered" if taken_by else "abandoned",
                },
            )
        for login_name, (role_name, own_id, team_id) in ACCOUNTS.items():
            run(
                "insert into access.accounts (login_name, role_name, agent_id) values (:login_name, :role_name, :agent_id)",
                login_name=login_name,
                role_name=role_name,
                agent_id=own_id,
            )
            if team_id:
                run(
                    "insert into access.account_teams select max(account_id), :team_id from access.accounts",
                    team_id=team_id,
                )
            run(
                "insert into access.sessions (token_sha256, account_id, ends_at) "
                "select :hash, max(account_id), now() + interval '1 day' from access.accounts",
                hash=hashlib.sha256(token_of(login_name).encode()).digest(),
            )
    return shared_engine


@pytest.fixture(scope="module")
def pages(floor: sa.Engine) -> Iterator[sa.Engine]:
    """The floor as the pages open it: with a login that may do nothing but enter."""
    with floor.begin() as connection:
        connection.execute(sa.text(f"alter role {rights.PAGES} password 'of-this-run'"))
    url = floor.url.set(username=rights.PAGES, password="of-this-run").render_as_string(hide_password=False)
    engine = warehouse.open_engine(url, room=warehouse.PAGES)
    yield engine
    engine.dispose()


def calls_by_agent(connection: sa.Connection) -> Counter[int | None]:
    found = connection.execute(sa.text("select agent_id, count(*) as calls from warehouse.calls group by 1"))
    return Counter({row.agent_id: row.calls for row in found})


@pytest.mark.parametrize("login_name", SEEN)
def test_each_role_finds_the_calls_of_whom_it_sees_and_no_other(pages: sa.Engine, login_name: str) -> None:
    with warehouse.connected(pages) as connection:
        reader = rights.enter(connection, token_of(login_name))
        assert reader.role_name == ACCOUNTS[login_name][0]
        expected = {seen: CALLS_EACH if seen else GIVEN_UP for seen in SEEN[login_name]}
        assert calls_by_agent(connection) == expected
        names = (
            connection.execute(sa.text("select agent_name from warehouse.agents order by agent_id"))
            .scalars()
            .all()
        )
        assert names == [name for number, name in enumerate(NAMES, 1) if number in SEEN[login_name]]


@pytest.mark.parametrize("login_name", ACCOUNTS)
def test_the_sums_of_a_floor_are_the_same_for_whoever_asks(pages: sa.Engine, login_name: str) -> None:
    offered = CALLS_EACH * len(NAMES) + GIVEN_UP
    asked = {
        "threshold_seconds": None,
        "formula_name": None,
        "known_at": None,
        "queue_id": None,
        "group_name": None,
        "channel_name": None,
    }
    asked |= {
        "known_at": None,
        "topic_name": None,
        "team_id": None,
        "site_name": None,
        "agent_id": None,
        "is_business_hours": None,
    }
    with warehouse.connected(pages) as connection:
        rights.enter(connection, token_of(login_name))
        # 12 s is no edge of the histogram, and nothing was rolled up: it is counted from the calls
        found = warehouse.frame(
            connection, "queries/queue_totals", **WINDOW, **asked | {"threshold_seconds": 12}
        )
        assert found["offered_calls"].to_list() == [offered]


@pytest.mark.parametrize(
    "login_name", [name for name, (role, *_) in ACCOUNTS.items() if role not in ("manager", "administrator")]
)
def test_released_sums_cannot_be_narrowed_to_one_agent_nor_to_a_foreign_small_team(
    pages: sa.Engine, login_name: str
) -> None:
    asked: dict[str, Any] = {
        "threshold_seconds": 12,
        "formula_name": None,
        "known_at": None,
        "queue_id": None,
        "group_name": None,
    }
    asked |= {
        "channel_name": None,
        "topic_name": None,
        "team_id": None,
        "site_name": None,
        "is_business_hours": None,
    }
    with warehouse.connected(pages) as connection:
        rights.enter(connection, token_of(login_name))
        with pytest.raises(WarehouseError, match="Figures of one agent"):
            warehouse.frame(connection, "queries/queue_totals", **WINDOW, **asked, agent_id=2)
        rows = {
            team_id: warehouse.frame(
                connection, "queries/queue_totals", **WINDOW, **asked | {"team_id": team_id}, agent_id=None
            ).height
            for team_id in (1, 2)
        }
        own = ACCOUNTS[login_name][2]
        assert rows == {team_id: int(team_id == own) for team_id in (1, 2)}  # two agents are fewer than five


def test_a_wall_finds_no_row_of_any_table_with_persons(floor: sa.Engine) -> None:
    with floor.begin() as connection:
        found = connection.execute(
            sa.text(
                "select relation from (select format('%I.%I', n.nspname, c.relname) as relation, c.oid from pg_class as c "
                "join pg_namespace as n on c.relnamespace = n.oid "
                "where n.nspname in ('warehouse', 'ops', 'access', 'staging') and c.relkind in ('r', 'p', 'v', 'm')) as r "
                "where has_table_privilege('floorboard_wall', oid, 'select')"
            )
        )
        assert found.all() == []


def test_nobody_who_has_not_entered_finds_a_row(pages: sa.Engine) -> None:
    with pages.begin() as connection:
        connection.execute(sa.text("set local role floorboard_reader"))
        assert calls_by_agent(connection) == {}


@pytest.mark.parametrize(
    "told",
    [
        "1|administrator||*",
        "7|administrator||*",
        f"{'0' * 64}:7|administrator||*",
        "",
        ":",
        f"{hashlib.sha256(b'7|administrator||*').hexdigest()}:7|administrator||*",
    ],
)
def test_a_reader_cannot_say_for_itself_who_it_is(pages: sa.Engine, told: str) -> None:
    with warehouse.connected(pages) as connection:
        rights.enter(connection, token_of("aino"))
        connection.execute(sa.text("select set_config('floorboard.viewer', :told, true)"), {"told": told})
        assert calls_by_agent(connection) == {}


def test_what_was_overheard_of_one_transaction_opens_no_other(pages: sa.Engine) -> None:
    with warehouse.connected(pages) as connection:
        rights.enter(connection, token_of("ada"))
        told = connection.execute(sa.text("select current_setting('floorboard.viewer')")).scalar_one()
    with warehouse.connected(pages) as connection:
        rights.enter(connection, token_of("aino"))
        connection.execute(sa.text("select set_config('floorboard.viewer', :told, true)"), {"told": told})
        assert calls_by_agent(connection) == {}


@pytest.mark.parametrize(
    "text",
    [
        "select access.signature('7|administrator||*')",
        "select * from access.enter('token-of-ada')",
        "select * from access.keys",
        "select * from access.sessions",
        "select * from access.accounts",
        "update warehouse.agents set agent_name = 'x'",
        "delete from warehouse.calls",
        "create table warehouse.mine (n integer)",
        "set local session authorization default; select access.signature('x')",
        "reset role; select access.signature('x')",
        "reset role; select * from warehouse.calls",
        "set transaction_read_only = off; update warehouse.agents set agent_name = 'x'",
    ],
)
def test_a_reader_reaches_neither_keys_nor_changes(pages: sa.Engine, text: str) -> None:
    with pages.connect() as connection:
        rights.enter(connection, token_of("aino"))
        with pytest.raises(DBAPIError) as refused:
            connection.exec_driver_sql(text)
        assert getattr(refused.value.orig, "sqlstate", None) in {
            "42501",
            "25006",
            "25001",
        }  # no right, read-only, too late


def test_a_session_that_was_ended_opens_nothing(floor: sa.Engine) -> None:
    for change in (
        "update access.sessions set ended_at = now()",
        "update access.sessions set started_at = now() - interval '2 days', ends_at = now() - interval '1 second'",
        "update access.accounts set is_active = false",
        "delete from access.sessions",
    ):
        with floor.connect() as connection:
            connection.execute(sa.text(change))
            with pytest.raises(rights.SessionError):
                rights.enter(connection, token_of("ada"))


def test_thousands_of_readers_at_once_never_see_each_others_rows(pages: sa.Engine) -> None:
    """W2: eight threads over ten connections, identities drawn at random, every fifth transaction broken off."""
    wrong: list[tuple[str, object]] = []
    rounds = 60

    def storm(seed: int) -> None:
        drawn = random.Random(seed)
        for _ in range(rounds):
            login_name = drawn.choice(list(SEEN))
            try:
                with warehouse.connected(pages) as connection:
                    rights.enter(connection, token_of(login_name))
                    found = calls_by_agent(connection)
                    if set(found) != SEEN[login_name]:
                        wrong.append((login_name, found))
                    if drawn.random() < 0.2:
                        connection.execute(sa.text("select 1 / 0"))
            except WarehouseError:
                pass

    threads = [threading.Thread(target=storm, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pages.begin() as connection:  # and whoever gets the connection next reads as nobody
        left = connection.execute(
            sa.text("select current_setting('floorboard.viewer', true), current_user")
        ).one()
        assert (left[0] or "", left[1]) == ("", rights.PAGES)
    assert wrong == []


def test_there_is_no_way_past_the_policies(floor: sa.Engine) -> None:
    with floor.begin() as connection:
        assert rights.holes(connection) == []


GRANT = "grant select on warehouse.hole to floorboard_reader"


@pytest.mark.parametrize(
    ("hole", "finding"),
    [
        ("create table warehouse.hole (agent_id integer); " + GRANT, "without row-level security"),
        ("create view warehouse.hole as table warehouse.calls; " + GRANT, "a view that reads"),
        ("create materialized view warehouse.hole as select 1 as n; " + GRANT, "materialized"),
        (
            "create function warehouse.hole() returns bigint language sql security definer "
            "as 'select count(*) from warehouse.calls'",
            "reads as its owner",
        ),
        ("alter role floorboard_reader bypassrls", "above the policies"),
        ("alter table warehouse.calls disable row level security", "without row-level security"),
    ],
)
def test_a_hole_is_found(floor: sa.Engine, hole: str, finding: str) -> None:
    with floor.connect() as connection:
        connection.execute(sa.text(hole))
        assert any(finding in found for found in rights.holes(connection))
        connection.rollback()


def test_every_table_has_its_line_in_the_rights_or_is_read_by_nobody(floor: sa.Engine) -> None:
    named = set(rights.tables())
    with floor.begin() as connection:
        readable = connection.execute(
            sa.text(
                "select format('%I.%I', n.nspname, c.relname) from pg_class as c "
                "join pg_namespace as n on c.relnamespace = n.oid "
                "where n.nspname in ('warehouse', 'ops', 'game') and c.relkind in ('r', 'p') "
                "and has_table_privilege('floorboard_reader', c.oid, 'select')"
            )
        )
        assert set(readable.scalars()) == named


def test_installing_again_changes_nothing_and_several_at_once_do_no_harm(floor: sa.Engine) -> None:
    assert rights.is_installed(floor)
    assert not rights.install(floor)
