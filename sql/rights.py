"""Gives the roles of the database their rights: whose rows a reader finds, and which sums of a whole floor.

In: `sql/rights.toml` and an engine of the tables' owner. Out: two roles with grants, policies on every table with
rows of persons, and one function per released question; and a way to read as whoever signed in.
The rule it guards: what a page may show is refused below the page, too; a table that nobody thought of is read by nobody.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg import sql as words
from sqlalchemy.exc import DBAPIError

from sql import deadlines, released, small_groups
from sql.warehouse import WarehouseError, connected, explain, one_row, statement

READER, WALL, PAGES = "floorboard_reader", "floorboard_wall", "floorboard_pages"
MOST_CONNECTIONS = 60  # of the pages' login: several servers of ten each, and never all that Postgres has
ROLES: Final = {
    READER: "nologin",
    WALL: "nologin",
    PAGES: f"login noinherit connection limit {MOST_CONNECTIONS}",
}
PAGES_SETTINGS: Final = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
}
ROLES_THAT_SEE_EVERYBODY = frozenset({"administrator", "manager"})
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads in a transaction, as the database found it from a session's token."""

    account_id: int
    role_name: str
    agent_id: int | None


def install(engine: sa.Engine) -> bool:
    """Brings roles, grants, policies and released functions to the state of `rights.toml`; whether there was anything to do.

    Safe from several processes at once, and again at any time. Raises WarehouseError where this login may not make the
    roles: the sentence holds the statements for whoever may.
    """
    try:
        with deadlines.visit(SECONDS), engine.begin() as connection:
            cursor = _raw(connection).cursor()
            cursor.execute("select pg_advisory_xact_lock(7022025412)")
            wanted = _fingerprint(cursor)
            if _installed(cursor) == wanted:
                return False
            _make_roles(cursor)
            for line in _grants():
                cursor.execute(line.encode(), prepare=False)
            for (grant,) in cursor.execute(statement("rights/view_grants").encode()).fetchall():
                cursor.execute(grant)
            _release(cursor)
            note = words.SQL("comment on schema released is {}").format(words.Literal(_NOTE + wanted))
            cursor.execute(note)
    except DBAPIError as error:
        raise WarehouseError(explain(error.orig)) from error
    except psycopg.Error as error:
        raise WarehouseError(explain(error)) from error
    return True


def keep_up(engine: sa.Engine, *, is_wanted: bool = False) -> bool:
    """Installs where somebody can sign in, or could once, and wherever it is wanted; whether there was anything to do.

    A site without accounts is not asked for the right to make roles. Raises WarehouseError as `install` does.
    """
    with connected(engine) as connection:
        has_tables = bool(one_row(connection, "accounts/is_there")[0])
    return has_tables and (is_wanted or is_needed(engine)) and install(engine)


def is_needed(engine: sa.Engine) -> bool:
    """Whether anybody can sign in at this site, or the rights were installed before; raises WarehouseError."""
    with connected(engine) as connection:
        has_tables = bool(one_row(connection, "accounts/is_there")[0])
        return has_tables and bool(one_row(connection, "rights/is_needed")[0])


def is_installed(engine: sa.Engine) -> bool:
    """Whether the database refuses below the pages what the pages refuse."""
    with connected(engine, deadline_seconds=15.0) as connection:
        cursor = _raw(connection).cursor()
        return _installed(cursor) == _fingerprint(cursor)


def make_roles(engine: sa.Engine) -> None:
    """Makes the roles that are not there, for policies that name them; raises WarehouseError as `install` does."""
    with connected(engine, deadline_seconds=SECONDS) as connection:
        _make_roles(_raw(connection).cursor())


def check(engine: sa.Engine) -> list[str]:
    """One sentence for each thing that is wrong with the rights of a site where people sign in; raises WarehouseError."""
    if not is_needed(engine):
        return []
    if not is_installed(engine):
        return ["The database does not refuse yet what the pages refuse: run `floorboard db migrate`."]
    with connected(engine) as connection:
        return [f"A way past the rights: {hole}." for hole in holes(connection)]


def holes(connection: sa.Connection) -> list[str]:
    """One sentence for each way past the policies; empty in a warehouse that is as `rights.toml` says."""
    functions = [f"access.{name}" for name in _answers()]
    text = sa.text(statement("rights/holes"))
    asked = {
        "table_names": list(tables()),
        "function_names": functions,
        "question_names": list(released_names()),
    }
    return list(connection.execute(text, asked).scalars())


def enter(connection: sa.Connection, token_text: str) -> Reader:
    """Reads as whoever holds this session, until the transaction ends; raises WarehouseError where it is over or revoked."""
    reader = claim(connection, token_text)
    role = WALL if reader.role_name == "wall" else READER
    become = words.SQL("set local role {}").format(words.Identifier(role))
    _raw(connection).cursor().execute(become)
    if reader.role_name not in ROLES_THAT_SEE_EVERYBODY:
        connection.execution_options(floorboard_asks=_asked)
    return reader


def claim(connection: sa.Connection, token_text: str) -> Reader:
    """Says for the rest of the transaction who acts, without reading as they do: what is noted is noted as theirs.

    Raises WarehouseError where the session is over or revoked.
    """
    try:
        found = _raw(connection).cursor().execute("select * from access.enter(%s)", [token_text]).fetchone()
    except psycopg.errors.InvalidAuthorizationSpecification as error:
        raise SessionError("You are signed out: this session is over. Sign in again.") from error
    assert found is not None  # the function answers one row or fails
    return Reader(*found)


class SessionError(WarehouseError):
    """The session was ended, revoked, or has passed its end."""


def _asked(name: str, params: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """What is asked of the warehouse for `sql/<name>.sql`: a released question goes to its function."""
    question = name.removeprefix("queries/")
    return released.call(question, params) if question in released_names() else (statement(name), params)


def released_names() -> frozenset[str]:
    """The questions that are answered with sums of a whole floor, whoever asks."""
    return frozenset(name for names in _rights()["released"].values() for name in names)


def roles_of_page(page_name: str) -> frozenset[str]:
    """The roles in whose menu the page stands; an administrator has every page."""
    return frozenset(
        {"administrator", *(role for role, names in _rights()["pages"].items() if page_name in names)}
    )


def pages_of(role_name: str) -> tuple[str, ...]:
    """The pages in the menu of a role, by name; none for an administrator, who has every page."""
    return tuple(_rights()["pages"].get(role_name, ()))


def roles_of_question(question_name: str) -> frozenset[str]:
    """The roles that may ask a released question; a wall display those of walls alone."""
    everybody = {"agent", "supervisor", "manager", "executive", "administrator"}
    return frozenset({*everybody, *["wall"] * (question_name in _rights()["released"]["wall"])})


def changes() -> Mapping[str, Mapping[str, Any]]:
    """What can be changed at the pages, by its name: the roles that may, and the keys of the row that is changed."""
    found: Mapping[str, Mapping[str, Any]] = _rights()["changes"]
    return found


def tables() -> Mapping[str, str]:
    """Which rows of each table a reader finds, by the table's name."""
    found: Mapping[str, str] = _rights()["tables"]
    return found


@cache
def _rights() -> dict[str, Any]:
    return tomllib.loads(_text("rights.toml"))


@cache
def _text(name: str) -> str:
    """The text of a file beside this one, read once: what is installed and what it is known by are of one version."""
    return (files("sql") / name).read_text(encoding="utf-8")


def _fingerprint(cursor: psycopg.Cursor[Any]) -> str:
    """What everything that is installed was made of, and of which schema."""
    names = ("rights.toml", "rights.py", "released.py", "small_groups.py", "metrics.toml")
    parts = [*(_text(name) for name in names), statement("rights/sums_askers")]
    parts += [statement(f"queries/{name}") for name in sorted(released_names())]
    applied = cursor.execute("select string_agg(sha256, ' ' order by number) from ops.migrations").fetchone()
    return hashlib.sha256("\0".join([*parts, str(applied)]).encode()).hexdigest()


_NOTE = "Sums of a whole floor, answered by the owner: one function per question of rights.toml. Made of "


def _installed(cursor: psycopg.Cursor[Any]) -> str | None:
    found = cursor.execute("select obj_description(to_regnamespace('released'), 'pg_namespace')").fetchone()
    return found[0].removeprefix(_NOTE) if found and found[0] else None


def _make_roles(cursor: psycopg.Cursor[Any]) -> None:
    """Makes the roles that are not there, of which every login of the server knows."""
    for role, kind in reversed(ROLES.items()):
        name = words.Identifier(role)
        lines = [words.SQL("create role {} {}").format(name, words.SQL(kind))]
        if role == PAGES:
            lines += [
                words.SQL("alter role {} set {} = {}").format(
                    name, words.Identifier(setting), words.Literal(value)
                )
                for setting, value in PAGES_SETTINGS.items()
            ]
        make = words.SQL(
            "do $$ begin if to_regrole({literal}) is null then {lines}; end if; "
            "exception when duplicate_object or unique_violation then null; end $$"
        ).format(literal=words.Literal(role), lines=words.SQL("; ").join(lines))
        holders = words.SQL("current_user" if role == PAGES else f"current_user, {PAGES}")
        grant = words.SQL("grant {} to {}").format(name, holders)
        try:
            cursor.execute(make)
            if not _is_granted(cursor, role):
                cursor.execute(grant)
        except psycopg.errors.InsufficientPrivilege as error:
            raise WarehouseError(
                f"This login may not make the roles {', '.join(ROLES)}, with which the database itself refuses what a "
                f"reader may not see. As a superuser run: {_by_hand(cursor)}"
            ) from error


def _is_granted(cursor: psycopg.Cursor[Any], role: str) -> bool:
    """Whether this login may become the role already, and the pages' login too."""
    holders = ["current_user"] if role == PAGES else ["current_user", f"'{PAGES}'"]
    asked = " and ".join(f"pg_has_role({holder}, '{role}', 'member')" for holder in holders)
    # a superuser is a member of every role without having been made one
    text = f"select {asked} and not (select r.rolsuper from pg_roles as r where r.rolname = current_user)"  # noqa: S608
    found = cursor.execute(text.encode()).fetchone()
    return bool(found and found[0])


def _by_hand(cursor: psycopg.Cursor[Any]) -> str:
    """What a superuser runs once where the tables' owner may not make roles."""
    owner = cursor.connection.info.user
    lines = [f"create role {one} {how};" for one, how in ROLES.items()]
    lines += [f"alter role {PAGES} set {setting} = '{value}';" for setting, value in PAGES_SETTINGS.items()]
    return " ".join([*lines, f'grant {READER}, {WALL} to {PAGES}; grant {", ".join(ROLES)} to "{owner}";'])


_PREDICATES = {
    "of_agent": "(select access.sees_everybody()) or agent_id = any((select access.seen_agent_ids())::integer [])"
    " or (agent_id is null and (select access.sees_unowned()))",
    "of_review": "exists (select from warehouse.reviews as r where r.review_id = {table}.review_id)",
    "of_ticket": "exists (select from warehouse.tickets as t where t.source_name = {table}.source_name"
    " and t.ticket_id = {table}.ticket_id)",
    "of_contact": "(select access.sees_everybody()) or exists (select from warehouse.calls as c"
    " where c.source_name = {table}.source_name and c.contact_id = {table}.contact_id)",
    "of_team": "(select access.sees_everybody()) or access.sees_team(team_id, access.fewest_agents())"
    " or exists (select from warehouse.team_spans as m where m.team_id = {table}.team_id)",
    "of_moved": "(select access.sees_everybody()) or kind_name = 'queue'"
    " or from_id = any((select access.seen_agent_ids())::integer [])",
    "of_report": "(select access.sees_everybody()) or viewer_name = (select access.login_name())"
    " or (address_text !~ '(^|&)(team|site)=' and exists (select from access.sums_askers() as s"
    " where s.login_name = viewer_name and asked_at > s.since_at))",
    "of_goal": "(select access.sees_everybody()) or (select access.sees_unowned()) and case when scope_kind_name = 'team'"
    " then scope_key::integer = any((select access.own_team_ids())::integer [])"
    f" else not metric_name = any({small_groups.work()}) end",
    "of_its_goal": "exists (select from warehouse.goals as g where g.goal_id = {table}.goal_id)",
    "sums": "(select access.sees_everybody())",
    "signed_in": "(select access.role_name()) is not null",
    "announced": "state_name <> 'draft' or (select access.sees_unowned())",
    "own": "viewer_name = (select access.login_name())",
    "staff": "(select access.sees_unowned())",
    "administrator": "(select access.is_administrator())",
}


def _grants() -> Iterator[str]:
    """The statements that give the reader its rows, as they stand in rights.toml."""
    yield "create schema if not exists released"
    yield "revoke all on schema released from public"
    for schema in ("access", "warehouse", "ops", "game", "released"):
        yield f"grant usage on schema {schema} to {READER}"
        yield f"revoke all on all tables in schema {schema} from public, {READER}, {WALL}, {PAGES}"
    yield statement("rights/sums_askers")
    yield f"revoke all on all functions in schema access from public, {READER}, {WALL}, {PAGES}"
    yield f"grant usage on schema access to {PAGES}"
    yield f"grant execute on function access.enter(text) to {PAGES}"
    yield f"grant usage on schema released, access, warehouse to {WALL}"
    for function in _ANSWERS_ABOUT_THE_READER:
        yield f"grant execute on function access.{function} to {READER}, {WALL}"
    for function in _ANSWERS_ABOUT_A_PERSON:
        yield f"grant execute on function access.{function} to {READER}"
    # Whoever asks is told which figures of agents a site has: also a wall, which finds nothing else in any table.
    yield f"grant select (family_name, is_on) on warehouse.individual_figures to {WALL}"
    # The one view of those made before anybody signed in that would read as its owner.
    yield "alter view warehouse.contact_links set (security_invoker = true)"
    for table, rows in tables().items():
        yield f"grant select on {table} to {READER}"
        if rows == "everybody":
            continue
        # Not forced on the owner, who answers the released sums and whom pg_dump reads as: DECISIONS.md says why.
        yield f"alter table {table} enable row level security"
        yield f"drop policy if exists others on {table}"
        yield f"create policy others on {table} using ({_IS_ANOTHER}) with check ({_IS_ANOTHER})"
        yield f"drop policy if exists reader on {table}"
        yield f"create policy reader on {table} for select to {READER} using ({_PREDICATES[rows].format(table=table)})"


# A login that a site granted rights of its own (for a report tool) keeps them: the policies are for readers of the pages.
_IS_ANOTHER = f"current_user not in ('{READER}', '{WALL}', '{PAGES}')"
_ANSWERS_ABOUT_THE_READER = (
    "claim()",
    "role_name()",
    "account_id()",
    "login_name()",
    "sees_everybody()",
    "seen_agent_ids()",
    "sees_unowned()",
    "is_administrator()",
    "sees_team(integer, integer)",
    "own_team_ids()",
    "fewest_agents()",
    "consented_agents(text)",
    "top_of_wall(timestamp with time zone)",
    "wall_moments(timestamp with time zone)",
    "wall_kudos(timestamp with time zone)",
)
_ANSWERS_ABOUT_A_PERSON = (
    "agent_id()",
    "alias_number(integer, text)",
    "own_data(integer)",
    "own_rows(integer, text)",
    "looked_at_me(timestamp with time zone, timestamp with time zone)",
    "login_name_of(integer)",
    "sums_askers()",
    "game_board(text, date, date, text)",
    "game_teams(date, date)",
    "game_improved(date, date)",
    "game_board_steps(text, date, date, text)",
    "kudos_colleagues()",
    "kudos_feed(timestamp with time zone, timestamp with time zone)",
    "contest_board(integer)",
    "contest_list(timestamp with time zone)",
    "store_shelf(timestamp with time zone)",
    "month_archive()",
)


def _answers() -> frozenset[str]:
    """The functions that a reader may call though they read as their owner."""
    return frozenset({*_ANSWERS_ABOUT_THE_READER, *_ANSWERS_ABOUT_A_PERSON})


def _release(cursor: psycopg.Cursor[Any]) -> None:
    """Makes the functions anew: one per question, granted to whoever may ask it."""
    for (drop,) in cursor.execute(statement("rights/released_drops").encode()).fetchall():
        cursor.execute(drop)
    by_audience = _rights()["released"]
    for name in sorted(released_names()):
        cursor.execute(released.function_text(cursor, name).encode(), prepare=False)
        audience = [words.Identifier(READER)] + [words.Identifier(WALL)] * (name in by_audience["wall"])
        grant = words.SQL("grant execute on function released.{} to {}").format(
            words.Identifier(name), words.SQL(", ").join(audience)
        )
        cursor.execute(grant)
    cursor.execute("revoke execute on all functions in schema released from public")


def _raw(connection: sa.Connection) -> psycopg.Connection[Any]:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # the only driver of the warehouse
    return raw
