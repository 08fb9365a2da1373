"""The database itself refuses: whose rows a reader finds, which sums are released, and whom a reader can pretend to be."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from dashboard import queries
from dashboard.door import accounts
from sql import embedded, pages_login, policy, rights, role_matrix, warehouse
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
        for login_name, (role_name, own_id, own_team_id) in ACCOUNTS.items():
            run(
                "insert into access.accounts (login_name, role_name, agent_id) values (:login_name, :role_name, :agent_id)",
                login_name=login_name,
                role_name=role_name,
                agent_id=own_id,
            )
            if own_team_id:
                run(
                    "insert into access.account_teams select max(account_id), :team_id from access.accounts",
                    team_id=own_team_id,
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
    # One password for all that run at once: the login is the server's, not the database's.
    url = pages_login.made(floor, embedded.home())
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


@pytest.mark.parametrize("login_name", ["sam", "mara", "ada"])
def test_what_the_policy_keeps_from_single_agents_no_role_reads_of_a_team_of_two(
    pages: sa.Engine, floor: sa.Engine, login_name: str
) -> None:
    """Not even who leads the team, and may see each of its two agents."""
    with warehouse.connected(floor) as connection:
        policy.keep(connection, {"states": policy.example()["states"]}, noted_at=NOON)
    try:
        with warehouse.connected(pages) as connection:
            rights.enter(connection, token_of(login_name))
            row = queries.QUESTIONS["queue_together"](connection, **WINDOW, team_id=1).row(0, named=True)
            assert row["handled_calls"] is row["offered_calls"] is row["talk_seconds"] is None
            assert (row["withheld_name"], row["fewest_agents"]) == ("few", 5)
    finally:
        with warehouse.connected(floor) as connection:
            policy.keep(connection, policy.example(), noted_at=NOON)


def test_a_wall_finds_no_row_of_any_table_with_persons(floor: sa.Engine) -> None:
    with floor.begin() as connection:
        found = connection.execute(
            sa.text(
                "select relation from (select format('%I.%I', n.nspname, c.relname) as relation, c.oid from pg_class as c "
                "join pg_namespace as n on c.relnamespace = n.oid "
                "where n.nspname in ('warehouse', 'ops', 'access', 'staging') and c.relkind in ('r', 'p', 'v', 'm')) as r "
                "where has_any_column_privilege('floorboard_wall', oid, 'select')"
            )
        )
        assert found.scalars().all() == [
            "warehouse.individual_figures"
        ]  # which figures of agents there are at all


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


NO_RIGHT, READ_ONLY, TOO_LATE = "42501", "25006", "25001"


@pytest.mark.parametrize(
    "text",
    [
        "select access.signature('7|administrator||*')",
        "select access.hmac('', '')",
        "select access.begin_anew()",
        "select * from access.enter('token-of-ada')",
        "select * from access.keys",
        "select * from access.sessions",
        "select * from access.accounts",
        "select key_bytes from access.keys where false",
        "copy access.keys to stdout",
        "copy (select 1) to program 'id'",
        "select pg_read_file('postgresql.conf')",
        "select rolpassword from pg_authid",
        "update warehouse.agents set agent_name = 'x'",
        "delete from warehouse.calls",
        "create table warehouse.mine (n integer)",
        "create or replace function access.sees_everybody() returns boolean language sql as 'select true'",
        "alter table warehouse.calls disable row level security",
        "drop policy reader on warehouse.calls",
        "set local role floorboard",
        "reset role; set local role floorboard",
        "reset role; set local role postgres",
        "set session authorization floorboard",
        "set local session authorization default; select access.signature('x')",
        "reset role; select access.signature('x')",
        "reset role; select * from warehouse.calls",
        "reset role; select * from access.sessions",
        "set row_security = off; select * from warehouse.calls",
        "set transaction_read_only = off; update warehouse.agents set agent_name = 'x'",
        "alter role floorboard_pages superuser",
        "grant floorboard to floorboard_pages",
    ],
)
def test_a_reader_reaches_neither_keys_nor_changes_nor_another_role(pages: sa.Engine, text: str) -> None:
    with pages.connect() as connection:
        rights.enter(connection, token_of("aino"))
        with pytest.raises(DBAPIError) as refused:
            connection.exec_driver_sql(text.replace("floorboard;", f"{connection.engine.url.username};"))
        found = refused.value.orig
        assert getattr(found, "sqlstate", None) in {NO_RIGHT, READ_ONLY, TOO_LATE, "22023", "42704"}, found


def test_nobody_finds_a_token_in_the_statements_of_others(pages: sa.Engine, floor: sa.Engine) -> None:
    """A token is sent as a parameter; the text that the server keeps of a statement does not hold it."""
    with warehouse.connected(pages) as connection, warehouse.connected(pages) as other:
        rights.enter(connection, token_of("ada"))
        (number,) = connection.exec_driver_sql("select pg_backend_pid()").one()
        rights.enter(other, token_of("aino"))
        shown = "select query from pg_stat_activity where pid = %(pid)s"
        assert other.exec_driver_sql(shown, {"pid": number}).scalar_one() == "<insufficient privilege>"
        other.exec_driver_sql(
            "reset role"
        )  # as the pages' own login its statements are shown, without what was asked
        texts = set(other.exec_driver_sql("select query from pg_stat_activity").scalars())
        texts |= set(other.exec_driver_sql("select statement from pg_prepared_statements").scalars())
        assert not any(token_of(name) in str(text) for text in texts for name in ACCOUNTS)
    raw = warehouse.open_engine(url_text(pages), room=warehouse.PAGES)
    with raw.connect() as connection, floor.connect() as owner:
        rights.enter(connection, token_of("ada"))
        cursor = connection.connection.cursor()
        cursor.execute("reset role")
        cursor.execute("select * from access.enter(%s)", [token_of("ada")])
        (text,) = owner.exec_driver_sql(
            "select query from pg_stat_activity where usename = 'floorboard_pages' and query like '%%access.enter%%'"
        ).one()
        assert text == "select * from access.enter($1)"
    raw.dispose()


def url_text(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_what_is_overheard_serves_no_other_connection_even_in_the_same_moment(pages: sa.Engine) -> None:
    with warehouse.connected(pages) as connection, warehouse.connected(pages) as other:
        rights.enter(connection, token_of("ada"))
        told = connection.exec_driver_sql("select current_setting('floorboard.viewer')").scalar_one()
        rights.enter(other, token_of("aino"))
        for is_local in (True, False):
            other.execute(sa.text("select set_config('floorboard.viewer', :told, :is_local)"),
                          {"told": told, "is_local": is_local})  # fmt: skip
            assert calls_by_agent(other) == {}
        assert set(calls_by_agent(connection)) == SEEN["ada"]


FACTS = """
select access.sees_everybody() as sees_all, access.seen_agent_ids() as agent_ids, access.sees_unowned() as is_staff,
    access.is_administrator() as is_administrator, access.account_id() is not null as has_account,
    has_table_privilege('warehouse.queues', 'select') as reads_tables
"""


@pytest.mark.parametrize("login_name", ["aino", "sam", "mara", "ada", "eve", "wall"])
def test_the_published_table_says_what_the_database_answers(pages: sa.Engine, login_name: str) -> None:
    role_name, own_id, team_id = ACCOUNTS[login_name]
    with warehouse.connected(pages) as connection:
        rights.enter(connection, token_of(login_name))
        facts = connection.execute(sa.text(FACTS)).one()
    team = [number for number, of_team in enumerate(TEAM_OF, 1) if of_team == team_id]
    told = {"all": facts.sees_all, "own": facts.agent_ids == [own_id], "their teams'": facts.agent_ids == team,
            "no": not facts.sees_all and not facts.agent_ids}  # fmt: skip
    found = {
        line.thing_name: line.answers[role_name] for line in role_matrix.matrix() if line.kind_name == "rows"
    }
    kinds = rights.tables()
    for (
        table,
        answer,
    ) in found.items():  # the kinds that are missing here have rows of their own in the test below
        is_told = {
            **dict.fromkeys(("everybody", "signed_in"), facts.reads_tables == (answer == "all")),
            "staff": (facts.reads_tables and facts.is_staff) == (answer == "all"),
            "administrator": facts.is_administrator == (answer == "all"),
            "own": (facts.reads_tables and facts.has_account) == (answer == "own"),
            **dict.fromkeys(("of_agent", "of_review", "of_contact", "of_ticket"), told.get(answer)),
        }.get(kinds[table], True)
        assert is_told, f"{table} ({kinds[table]}): {answer} for {role_name}"
    assert found["warehouse.calls"] == found["warehouse.tickets"] == found["warehouse.review_answers"]


WORK = """
insert into warehouse.queue_intervals
select r.* from (select '2026-11-16 12:00+00'::timestamptz as interval_start_at, 1 as queue_id) as g
cross join lateral jsonb_populate_record(null::warehouse.queue_intervals, (
    select jsonb_object_agg(
        a.attname, case when a.atttypid = 'integer []'::regtype then to_jsonb(array_fill(0, array[16])) else '1' end
    )
    from pg_attribute as a where a.attrelid = 'warehouse.queue_intervals'::regclass and a.attnum > 0
) || to_jsonb(g)) as r on conflict do nothing;
insert into warehouse.goals (goal_name, metric_name, scope_kind_name, scope_key, owner_name, baseline_value, baseline_count,
    baseline_first_date, baseline_last_date, target_value, started_date, deadline_date, window_days, minimum_count, made_at)
select g.name, g.metric, g.kind, g.key, 'mara', 1, 1, '2026-11-01', '2026-11-15', 0.5, '2026-11-16', '2026-12-16', 7, 1,
    now()
from (values ('waits', 'abandonment_ratio', 'queue', '1'), ('work', 'average_handle_time_seconds', 'queue', '1'),
    ('early', 'average_handle_time_seconds', 'team', '1'), ('late', 'abandonment_ratio', 'team', '2')
) as g (name, metric, kind, key);
insert into warehouse.goal_days (goal_id, day_date, measured_at, version_number, measured_count, measured_value)
select g.goal_id, '2026-11-16', now(), g.version_number, 1, 1 from warehouse.goals as g
"""


@pytest.mark.parametrize(
    ("login_name", "goals", "intervals"),
    [("aino", set(), 0), ("sam", {"waits", "early"}, 0), ("tess", {"waits", "late"}, 0), ("eve", set(), 0),
     ("mara", {"waits", "work", "early", "late"}, 1)],
)  # fmt: skip
def test_the_work_of_a_queue_and_the_goals_of_others_are_found_by_who_sees_everybody(
    floor: sa.Engine, login_name: str, goals: set[str], intervals: int
) -> None:
    """Of one queue and quarter of an hour it is the work of one agent, mostly: others are told the released sums."""
    with floor.connect() as connection:
        connection.exec_driver_sql(WORK)
        rights.enter(connection, token_of(login_name))
        names = "select g.goal_name from warehouse.goals as g"
        days = f"{names} inner join warehouse.goal_days as d on g.goal_id = d.goal_id"
        assert {*connection.execute(sa.text(names)).scalars()} == goals
        assert {*connection.execute(sa.text(days)).scalars()} == goals
        count = "select count(*) from warehouse.queue_intervals"
        assert connection.execute(sa.text(count)).scalar_one() == intervals


OTHER_ROWS = """
insert into ops.key_moves (asked_at, kind_name, source_name, source_key, from_id, to_id) values
    (now(), 'queue', 'pbx', 'sales', 8, 9), (now(), 'agent', 'pbx', 'aino', 1, 2), (now(), 'agent', 'pbx', 'dora', 4, 3);
insert into ops.reports (first_date, last_date, asked_at, kind_name, report_name, address_text, viewer_name) values
    ('2026-11-16', '2026-11-16', now(), 'daily', 'the floor', '', 'mara'),
    ('2026-11-16', '2026-11-16', now(), 'daily', 'a team', 'queue=1&team=2', 'mara'),
    ('2026-11-16', '2026-11-16', now(), 'daily', 'of aino', 'team=1', 'aino'),
    ('2026-11-16', '2026-11-16', now(), 'daily', 'of before', '', 'local'),
    ('2026-11-16', '2026-11-16', now(), 'daily', 'sums', 'queue=1', 'eve')
"""
FOUND = {  # which moved keys, reports and teams each role finds; two agents are no large team
    "aino": ({"sales", "aino"}, {"of aino"}, {"Early"}),
    "sam": ({"sales", "aino"}, {"sums"}, {"Early"}),
    "mara": (
        {"sales", "aino", "dora"},
        {"the floor", "a team", "of aino", "of before", "sums"},
        {"Early", "Late"},
    ),
    "ada": (
        {"sales", "aino", "dora"},
        {"the floor", "a team", "of aino", "of before", "sums"},
        {"Early", "Late"},
    ),
    "eve": ({"sales"}, {"sums"}, set()),
}


@pytest.mark.parametrize("login_name", FOUND)
def test_moved_keys_reports_and_teams_are_found_by_whom_they_concern(
    floor: sa.Engine, login_name: str
) -> None:
    with floor.connect() as connection:
        connection.exec_driver_sql(OTHER_ROWS)
        rights.enter(connection, token_of(login_name))
        found = tuple(
            set(connection.exec_driver_sql(text).scalars())
            for text in (
                "select source_key from ops.key_moves",
                "select report_name from ops.reports",
                "select team_name from warehouse.teams",
            )
        )
    assert found == FOUND[login_name]


def test_what_a_manager_asked_for_is_not_told_to_supervisors_after_they_became_one(floor: sa.Engine) -> None:
    """A report with the handle time of each queue stays what it was when its asker is given another role."""
    with floor.connect() as connection:
        connection.exec_driver_sql(OTHER_ROWS)
        connection.exec_driver_sql("update ops.reports set asked_at = now() - interval '1 hour'")
        accounts.change(connection, "mara", role_name="supervisor", now=NOON)
        connection.exec_driver_sql("set constraints all immediate")  # the trail's line, as at a commit
        rights.enter(connection, token_of("sam"))
        names = "select report_name from ops.reports"
        assert set(connection.exec_driver_sql(names).scalars()) == {"sums"}
        asked = "select login_name from access.sums_askers()"
        assert "mara" in set(connection.exec_driver_sql(asked).scalars())
    with floor.connect() as connection:
        rights.enter(connection, token_of("eve"))
        assert list(connection.exec_driver_sql(asked).scalars()) == []


DAYS = "select * from released.queue_days({nothing})"


def test_nothing_that_a_reader_makes_stands_for_what_is_meant(floor: sa.Engine) -> None:
    """A function of the owner's looks up no name among those that its caller made; where it did, it would run their code."""

    def asked(connection: sa.Connection) -> list[tuple[object, ...]]:
        count = connection.exec_driver_sql(
            "select pronargs from pg_proc where oid::regproc::text = 'released.queue_days'"
        ).scalar_one()
        connection.exec_driver_sql('create temporary table "date" (n int4)')
        connection.exec_driver_sql('create temporary table "text" (n int4)')
        rights.enter(connection, token_of("aino"))
        return [
            tuple(row) for row in connection.exec_driver_sql(DAYS.format(nothing=", ".join(["null"] * count)))
        ]

    with floor.connect() as connection:
        assert asked(connection) == []
    with floor.connect() as connection:  # and so it would be without pg_temp at the end of the search path
        name = connection.exec_driver_sql(
            "select oid::regprocedure::text from pg_proc where oid::regproc::text = 'released.queue_days'"
        ).scalar_one()
        connection.exec_driver_sql(f"alter function {name} set search_path = pg_catalog")
        with pytest.raises(DBAPIError, match="date"):
            asked(connection)


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


def test_there_is_no_way_past_the_policies(floor: sa.Engine) -> None:
    with floor.begin() as connection:
        found = rights.holes(connection)
    assert not found, "\n".join(found)


GRANT = "grant select on warehouse.hole to floorboard_reader"
DEFINER = (
    "create function warehouse.hole() returns bigint language sql security definer set search_path = pg_catalog, pg_temp "
    "as 'select count(*) from warehouse.calls'"
)


@pytest.mark.parametrize(
    ("hole", "finding"),
    [
        ("create table warehouse.hole (agent_id integer); " + GRANT, "without row-level security"),
        (
            "create table ops.hole (closed_by_name text); grant select on ops.hole to public",
            "without row-level",
        ),
        (
            "create table ops.hole (n integer); grant select on ops.hole to public",
            "rights.toml does not name it",
        ),
        (
            "create table public.hole (viewer_name text); grant select (viewer_name) on public.hole to floorboard_wall",
            "without row-level security",
        ),
        ("create view warehouse.hole as table warehouse.calls; " + GRANT, "a view that reads"),
        ("create materialized view warehouse.hole as select 1 as n; " + GRANT, "materialized"),
        (
            "create foreign data wrapper far; create server away foreign data wrapper far; "
            "create foreign table warehouse.hole (n integer) server away; " + GRANT,
            "foreign table",
        ),
        (DEFINER, "reads as its owner"),
        (
            "create function pg_temp.hole() returns bigint language sql security definer "
            "as 'select count(*) from warehouse.calls'",
            "reads as its owner",
        ),
        (
            "create function released.hole() returns bigint language sql security definer "
            "as 'select count(*) from warehouse.calls'",
            "released.hole() reads as its owner",
        ),
        ("alter function access.role_name() set search_path = pg_catalog", "finds what a reader made"),
        (
            "grant execute on function access.signature(text) to floorboard_reader",
            "access.signature(text) reads as",
        ),
        ("grant execute on function access.enter(text) to floorboard_reader", "access.enter(text) reads as"),
        ("alter role floorboard_reader bypassrls", "above the policies"),
        ("alter role floorboard_pages createrole", "above the policies"),
        ("grant pg_read_all_data to floorboard_pages", "member of pg_read_all_data"),
        ("create role a_report_tool; grant floorboard_reader to a_report_tool", "reads every row as itself"),
        ("alter table warehouse.calls disable row level security", "without row-level security"),
        ("create policy mine on warehouse.calls using (true)", "has the policy mine"),
        ("alter policy reader on warehouse.calls using (true)", "has the policy reader"),
        ("grant select on warehouse.queues to public", "granted to everybody"),
        ("grant select on warehouse.queues to floorboard_pages", "before anybody has entered"),
        (
            "grant update (queue_name) on warehouse.queues to floorboard_reader",
            "is changed by floorboard_reader",
        ),
        ("alter default privileges in schema ops grant select on tables to floorboard_reader", "makes later"),
        ("alter default privileges grant select on tables to public", "granted to everybody"),
        (
            "grant usage on sequence ops.runs_run_id_seq to floorboard_reader",
            "the sequence ops.runs_run_id_seq",
        ),
        ("grant create on schema public to public", "makes things of its own in the schema public"),
    ],
)
def test_a_hole_is_found(floor: sa.Engine, hole: str, finding: str) -> None:
    with floor.connect() as connection:
        connection.execute(sa.text(hole))
        found = rights.holes(connection)
        connection.rollback()
    assert any(finding in sentence for sentence in found), found


def test_every_table_has_its_line_in_the_rights_or_is_read_by_nobody(floor: sa.Engine) -> None:
    named = set(rights.tables())
    with floor.begin() as connection:
        readable = connection.execute(
            sa.text(
                "select format('%I.%I', n.nspname, c.relname) from pg_class as c "
                "join pg_namespace as n on c.relnamespace = n.oid "
                "where n.nspname in ('warehouse', 'ops', 'game', 'access') and c.relkind in ('r', 'p') "
                "and has_table_privilege('floorboard_reader', c.oid, 'select')"
            )
        )
        assert set(readable.scalars()) == named


def test_installing_again_changes_nothing_and_several_at_once_do_no_harm(floor: sa.Engine) -> None:
    assert rights.is_installed(floor)
    assert not rights.install(floor)
