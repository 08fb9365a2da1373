"""Gives the roles of the database their rights: whose rows a reader finds, and which sums of a whole floor.

In: `sql/rights.toml` and an engine of the tables' owner. Out: two roles with grants, policies on every table with
rows of persons, and one function per released question; and a way to read as whoever signed in.
The rule it guards: what a page may show is refused below the page, too; a table that nobody thought of is read by nobody.
"""

from __future__ import annotations

import hashlib
import re
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

from sql import deadlines
from sql.warehouse import WarehouseError, explain, statement

READER, WALL, PAGES = "floorboard_reader", "floorboard_wall", "floorboard_pages"
ROLES: Final = {READER: "nologin", WALL: "nologin", PAGES: "login noinherit"}
ROLES_THAT_SEE_EVERYBODY = frozenset({"administrator", "manager"})
SECONDS = 120.0
FEWEST_AGENTS = 5  # in a team whose figures may be seen by others: fewer would show a single one
_TYPES = {
    "as_of": "timestamptz", "window_start": "timestamptz", "window_end": "timestamptz", "formulas": "text[]",
    "at": "timestamptz", "date": "date", "id": "integer", "name": "text", "text": "text", "key": "text",
    "hours": "boolean", "seconds": "integer", "days": "integer", "rows": "integer", "score": "float8", "ratio": "float8",
}  # fmt: skip
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")
_COMMENT = re.compile(r"--[^\n]*")
_WITHOUT_AGENT = frozenset({"agent_id"})


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
    wanted = _fingerprint()
    try:
        with deadlines.visit(SECONDS), engine.begin() as connection:
            cursor = _raw(connection).cursor()
            cursor.execute("select pg_advisory_xact_lock(7022025412)")
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


def is_installed(engine: sa.Engine) -> bool:
    """Whether the database refuses below the pages what the pages refuse."""
    try:
        with deadlines.visit(15.0), engine.begin() as connection:
            return _installed(_raw(connection).cursor()) == _fingerprint()
    except DBAPIError as error:
        raise WarehouseError(explain(error.orig)) from error


def holes(connection: sa.Connection) -> list[str]:
    """One sentence for each way past the policies; empty in a warehouse that is as `rights.toml` says."""
    return list(connection.execute(sa.text(statement("rights/holes"))).scalars())


def enter(connection: sa.Connection, token_text: str) -> Reader:
    """Reads as whoever holds this session, until the transaction ends; raises WarehouseError where it is over or revoked."""
    cursor = _raw(connection).cursor()
    try:
        found = cursor.execute("select * from access.enter(%s)", [token_text]).fetchone()
    except psycopg.errors.InvalidAuthorizationSpecification as error:
        raise SessionError("You are signed out: this session is over. Sign in again.") from error
    assert found is not None  # the function answers one row or fails
    reader = Reader(*found)
    role = WALL if reader.role_name == "wall" else READER
    become = words.SQL("set local role {}").format(words.Identifier(role))
    cursor.execute(become)
    if reader.role_name not in ROLES_THAT_SEE_EVERYBODY:
        connection.execution_options(floorboard_asks=_asked)
    return reader


class SessionError(WarehouseError):
    """The session was ended, revoked, or has passed its end."""


def _asked(name: str, params: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """What is asked of the warehouse for `sql/<name>.sql`: a released question goes to its function."""
    question = name.removeprefix("queries/")
    return released_call(question, params) if question in released_names() else (statement(name), params)


def released_call(name: str, params: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The call of the released function for `queries/<name>`; raises WarehouseError where it is narrowed to one agent."""
    asked = {key: value for key, value in params.items() if key not in _WITHOUT_AGENT}
    if any(params.get(key) is not None for key in _WITHOUT_AGENT):
        raise WarehouseError(
            "Figures of one agent are not part of what your role may see; take the agent out of the view."
        )
    arguments = ", ".join(f":{key}" for key in _parameters(name))
    return f"select * from released.{name}({arguments})", asked  # noqa: S608 - a name of rights.toml, and parameters


def released_names() -> frozenset[str]:
    """The questions that are answered with sums of a whole floor, whoever asks."""
    return frozenset(name for names in _rights()["released"].values() for name in names)


def roles_of_page(page_name: str) -> frozenset[str]:
    """The roles in whose menu the page stands; an administrator has every page."""
    return frozenset(
        {"administrator", *(role for role, names in _rights()["pages"].items() if page_name in names)}
    )


def tables() -> Mapping[str, str]:
    """Which rows of each table a reader finds, by the table's name."""
    found: Mapping[str, str] = _rights()["tables"]
    return found


@cache
def _rights() -> dict[str, Any]:
    return tomllib.loads((files("sql") / "rights.toml").read_text(encoding="utf-8"))


def _fingerprint() -> str:
    """What everything that is installed was made of."""
    parts = [(files("sql") / name).read_text(encoding="utf-8") for name in ("rights.toml", "rights.py")]
    parts += [statement(f"queries/{name}") for name in sorted(released_names())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


_NOTE = "Sums of a whole floor, answered by the owner: one function per question of rights.toml. Made of "


def _installed(cursor: psycopg.Cursor[Any]) -> str | None:
    found = cursor.execute("select obj_description(to_regnamespace('released'), 'pg_namespace')").fetchone()
    return found[0].removeprefix(_NOTE) if found and found[0] else None


def _make_roles(cursor: psycopg.Cursor[Any]) -> None:
    """Makes the roles that are not there, of which every login of the server knows."""
    for role, kind in reversed(ROLES.items()):
        name, literal = words.Identifier(role), words.Literal(role)
        make = words.SQL(
            "do $$ begin if to_regrole({literal}) is null then create role {name} {kind}; end if; "
            "exception when duplicate_object or unique_violation then null; end $$"
        ).format(name=name, literal=literal, kind=words.SQL(kind))
        holders = words.SQL("current_user" if role == PAGES else f"current_user, {PAGES}")
        grant = words.SQL("grant {} to {}").format(name, holders)
        try:
            cursor.execute(make)
            cursor.execute(grant)
        except psycopg.errors.InsufficientPrivilege as error:
            lines = [f"create role {one} {how}; grant {one} to current_user;" for one, how in ROLES.items()]
            raise WarehouseError(
                f"This login may not make the roles {', '.join(ROLES)}, with which the database itself refuses what a "
                f"reader may not see. As a superuser run: {' '.join(lines)} grant {READER}, {WALL} to {PAGES};"
            ) from error


_PREDICATES = {
    "of_agent": "(select access.sees_everybody()) or agent_id = any((select access.seen_agent_ids())::integer [])"
    " or (agent_id is null and (select access.sees_unowned()))",
    "of_review": "exists (select from warehouse.reviews as r where r.review_id = {table}.review_id)",
    "of_ticket": "exists (select from warehouse.tickets as t where t.source_name = {table}.source_name"
    " and t.ticket_id = {table}.ticket_id)",
    "of_contact": "(select access.sees_everybody()) or exists (select from warehouse.calls as c"
    " where c.source_name = {table}.source_name and c.contact_id = {table}.contact_id)",
    "own": "viewer_name = (select access.login_name())",
    "staff": "(select access.sees_unowned())",
    "administrator": "(select access.is_administrator())",
}


def _grants() -> Iterator[str]:
    """The statements that give the reader its rows, as they stand in rights.toml."""
    yield "create schema if not exists released"
    yield "revoke all on schema released from public"
    for schema in ("access", "warehouse", "ops", "released"):
        yield f"grant usage on schema {schema} to {READER}"
        yield f"revoke all on all tables in schema {schema} from {READER}, {WALL}"
    yield f"grant usage on schema access to {PAGES}"
    yield f"grant execute on function access.enter(text) to {PAGES}"
    yield f"grant usage on schema released, access to {WALL}"
    for function in _ANSWERS_ABOUT_THE_READER:
        yield f"grant execute on function access.{function} to {READER}, {WALL}"
    for table, rows in tables().items():
        yield f"grant select on {table} to {READER}"
        if rows == "everybody":
            continue
        # Not forced on the owner: pg_dump and COPY refuse a table whose owner is bound by policies.
        yield f"alter table {table} enable row level security"
        yield f"drop policy if exists others on {table}"
        yield f"create policy others on {table} using ({_IS_ANOTHER}) with check ({_IS_ANOTHER})"
        yield f"drop policy if exists reader on {table}"
        yield f"create policy reader on {table} for select to {READER} using ({_PREDICATES[rows].format(table=table)})"


# A login that a site granted rights of its own (for a report tool) keeps them: the policies are for readers of the pages.
_IS_ANOTHER = f"current_user not in ('{READER}', '{WALL}')"
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
)


def _release(cursor: psycopg.Cursor[Any]) -> None:
    """Makes the functions anew: one per question, granted to whoever may ask it."""
    for (drop,) in cursor.execute(statement("rights/released_drops").encode()).fetchall():
        cursor.execute(drop)
    released = _rights()["released"]
    for name in sorted(released_names()):
        cursor.execute(_function(cursor, name), prepare=False)
        audience = [words.Identifier(READER)] + [words.Identifier(WALL)] * (name in released["wall"])
        grant = words.SQL("grant execute on function released.{} to {}").format(
            words.Identifier(name), words.SQL(", ").join(audience)
        )
        cursor.execute(grant)
    cursor.execute("revoke execute on all functions in schema released from public")


def _parameters(name: str) -> dict[str, str]:
    """The parameters of a statement that its released function takes, with their types, in the order of the text."""
    found = dict.fromkeys(_PARAMETER.findall(_COMMENT.sub("", statement(f"queries/{name}"))))
    return {key: _type(key) for key in found if key not in _WITHOUT_AGENT}


def _type(key: str) -> str:
    if key.startswith(("is_", "has_")):
        return "boolean"
    return _TYPES.get(key) or _TYPES[key.rpartition("_")[2]]


def _function(cursor: psycopg.Cursor[Any], name: str) -> str:
    parameters = _parameters(name)
    places = {key: place for place, key in enumerate(parameters, 1)}
    text = _COMMENT.sub("", statement(f"queries/{name}"))

    def put(found: re.Match[str]) -> str:
        key = found[1]
        return "cast(null as integer)" if key in _WITHOUT_AGENT else f"${places[key]}"

    def probe(found: re.Match[str]) -> str:
        return f"cast(null as {_type(found[1])})"

    probed = f"select * from ({_PARAMETER.sub(probe, text)}) as shown limit 0"  # noqa: S608 - our own statement
    cursor.execute(probed.encode(), prepare=False)
    columns = [(column.name, column.type_code) for column in cursor.description or ()]
    types = cursor.execute(
        "select array_agg(format_type(o, null) order by n) from unnest(%s::oid []) with ordinality as t (o, n)",
        [[oid for _, oid in columns]],
    ).fetchone()
    assert types is not None
    shape = ", ".join(f'"{column}" {kind}' for (column, _), kind in zip(columns, types[0], strict=True))
    body = _PARAMETER.sub(put, text)
    if "team_id" in parameters:
        place = places["team_id"]
        body = (
            f"select * from ({body}) as shown "  # noqa: S608 - our own statement
            f"where ${place} is null or access.sees_team(${place}, {FEWEST_AGENTS})"
        )
    arguments = ", ".join(f"in_{key} {kind}" for key, kind in parameters.items())
    return (
        f"create function released.{name} ({arguments}) returns table ({shape}) "
        f"language sql stable security definer set search_path = pg_catalog as $released$ {body} $released$"
    )


def _raw(connection: sa.Connection) -> psycopg.Connection[Any]:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # the only driver of the warehouse
    return raw
