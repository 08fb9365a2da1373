"""Brings the warehouse's tables to the state this program expects, one numbered file after the other.

In: the files `sql/schema/NNN_name.sql` and an engine of the tables' owner. Out: the files, applied once each.
The rule it guards: a file and its row in ops.migrations are one transaction, so a killed migration leaves no
half schema and the next goes on where it stopped; what has been applied is never changed, only added to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sql import deadlines
from sql.warehouse import WarehouseError, explain

SCHEMA: Traversable = files("sql") / "schema"
OLDEST_VERSION_NUMBER = 150014
FILE_SECONDS, LOOK_SECONDS = 7200.0, 15.0  # a file may rewrite a large table; a look at the server may not
_LOCK_KEY = 7_022_025_411  # any number, the same for every program that migrates

_LEDGER = """
create schema if not exists ops;
create table if not exists ops.migrations (
    number integer primary key check (number > 0),
    name text not null unique,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    applied_at timestamptz not null default now()
);
comment on table ops.migrations is 'Grain: one row per file of the schema that has been applied.';
"""
_APPLIED = "select number, name, sha256 from ops.migrations order by number"
_FACTS = """
select
    current_setting('server_version') as version_text,
    current_setting('server_version_num')::integer as version_number,
    current_setting('server_encoding') as encoding_name,
    current_setting('TimeZone') as time_zone_name,
    current_setting('transaction_read_only') = 'on' as is_read_only,
    has_database_privilege(current_database(), 'create') as has_create,
    current_user as role_name,
    current_database() as database_name,
    exists (select from pg_language where lanname = 'plpgsql') as has_plpgsql,
    (
        select coalesce(
            bool_and(
                has_schema_privilege(schemas.oid, 'usage')
                and has_table_privilege(tables.oid, 'select')
                and has_table_privilege(tables.oid, 'insert')
            ),
            true
        )
        from pg_class as tables
        inner join pg_namespace as schemas on tables.relnamespace = schemas.oid
        where schemas.nspname = 'ops' and tables.relname = 'migrations'
    ) as has_rights
"""
_Cursor = psycopg.Cursor[tuple[Any, ...]]


@dataclass(frozen=True)
class _File:
    number: int
    name: str
    text: str
    sha256: str


def migrate(engine: sa.Engine, *, on_step: Callable[[str], None] | None = None) -> list[str]:
    """Applies what is pending, in order; gives the names of the files applied now (none when all was there).

    `on_step` hears each name before its file is run. Safe from several processes at once, and again after
    a kill at any moment. Raises WarehouseError where a file fails (nothing of it stays), has changed since it
    was applied, or where the database is newer than this program.
    """
    files_here = _files()
    done: list[str] = []
    try:
        while True:
            with deadlines.visit(FILE_SECONDS), engine.begin() as connection:
                cursor = _locked_cursor(connection)
                waiting = _pending(files_here, cursor.execute(_APPLIED).fetchall())
                if not waiting:
                    return done
                if on_step:
                    on_step(waiting[0].name)
                try:
                    _apply(cursor, waiting[0])
                except WarehouseError:
                    connection.invalidate()  # a rollback over a lost connection would hide what was found
                    raise
            done.append(waiting[0].name)
    except DBAPIError as error:
        raise WarehouseError(explain(error.orig)) from error
    except psycopg.Error as error:
        raise WarehouseError(_in_words(error)) from error


def pending(engine: sa.Engine) -> list[str]:
    """The names of the files that `migrate` would apply, in order; raises WarehouseError as it would."""
    try:
        with deadlines.visit(LOOK_SECONDS), engine.begin() as connection:
            has_ledger = connection.exec_driver_sql(
                "select to_regclass('ops.migrations') is not null"
            ).scalar()
            rows = connection.exec_driver_sql(_APPLIED).fetchall() if has_ledger else []
    except DBAPIError as error:
        raise WarehouseError(explain(error.orig)) from error
    return [file.name for file in _pending(_files(), [tuple(row) for row in rows])]


def pending_after(applied: Sequence[tuple[Any, ...]]) -> list[str]:
    """What `migrate` would apply where these rows of ops.migrations (number, name, sha256) stand, as in a backup.

    Raises WarehouseError as `migrate` does: where they are newer than this program, or others.
    """
    return [file.name for file in _pending(_files(), applied, holder="backup")]


def check(engine: sa.Engine) -> list[str]:
    """One sentence for each thing that is wrong with the server or its schema; empty when all is well."""
    try:
        facts, found = _looked(engine)
        found += _hindrances(facts)
        waiting = pending(engine) if facts.has_rights else []
    except DBAPIError as error:
        return [explain(error.orig)]
    except WarehouseError as error:
        return [*found, str(error)]
    if waiting:
        found.append(f"The schema waits for {', '.join(waiting)}: run `floorboard db migrate`.")
    return found


def unfit(engine: sa.Engine) -> list[str]:
    """One sentence for each thing about the server itself with which nobody may work; raises WarehouseError without it."""
    try:
        return _looked(engine)[1]
    except DBAPIError as error:
        raise WarehouseError(explain(error.orig)) from error


def _looked(engine: sa.Engine) -> tuple[sa.Row[tuple[Any, ...]], list[str]]:
    with deadlines.visit(LOOK_SECONDS), engine.begin() as connection:
        facts = connection.exec_driver_sql(_FACTS).one()
        found = _findings(facts)
        if facts.has_plpgsql:
            try:
                with connection.begin_nested():
                    connection.exec_driver_sql("do $$ begin perform 1; end $$")
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                detail = str(error.orig).strip().partition("\n")[0]
                found.append(
                    f"The language plpgsql does not work ({detail}). Install the server's own files again, "
                    "all of one version."
                )
    return facts, found


def _findings(facts: sa.Row[tuple[Any, ...]]) -> list[str]:
    database, role = facts.database_name, facts.role_name
    sentences: list[tuple[bool, str]] = [
        (
            facts.version_number < OLDEST_VERSION_NUMBER,
            f"Postgres is version {facts.version_text}; expected 15.14 or newer. Update the server.",
        ),
        (
            facts.encoding_name != "UTF8",
            f"The database {database} keeps its text as {facts.encoding_name}; expected UTF8. Make it anew "
            "with `create database ... encoding 'UTF8' template template0`.",
        ),
        (
            facts.time_zone_name not in {"UTC", "Etc/UTC"},
            f"Sessions run in the time zone {facts.time_zone_name}; expected UTC. Run `alter role {role} set "
            "timezone = 'UTC'`.",
        ),
        (
            not facts.has_plpgsql,
            "The language plpgsql is missing; Postgres comes with it. Run `create extension plpgsql`.",
        ),
    ]
    return [sentence for is_wrong, sentence in sentences if is_wrong]


def _hindrances(facts: sa.Row[tuple[Any, ...]]) -> list[str]:
    """What keeps this role from bringing the tables up to date, on a server that is fit."""
    database, role = facts.database_name, facts.role_name
    sentences: list[tuple[bool, str]] = [
        (
            facts.is_read_only,
            "The database is read-only (a standby, or set so); expected one that can be written to. Name the "
            "primary server in DATABASE_URL.",
        ),
        (
            not facts.has_create,
            f"The role {role} may not create schemas in {database}. As the database's owner, run "
            f"`grant create on database {database} to {role}`.",
        ),
        (
            not facts.has_rights,
            f"The role {role} may not read and add to ops.migrations. Connect as the tables' owner.",
        ),
    ]
    return [sentence for is_wrong, sentence in sentences if is_wrong]


def _files() -> list[_File]:
    found: list[_File] = []
    for path in sorted(SCHEMA.iterdir(), key=lambda path: path.name):
        if not path.name.endswith(".sql"):
            continue
        match = re.fullmatch(r"(\d{3})_[a-z0-9_]+\.sql", path.name)
        if match is None or int(match[1]) == 0 or (found and found[-1].number == int(match[1])):
            raise WarehouseError(
                f"sql/schema/{path.name} has no number of its own; expected NNN_name.sql, counted from 001. "
                "Rename it."
            )
        content = path.read_bytes().replace(b"\r\n", b"\n")  # a checkout on Windows is the same file
        sha256 = hashlib.sha256(content).hexdigest()
        found.append(_File(int(match[1]), path.name.removesuffix(".sql"), content.decode("utf-8"), sha256))
    return found


def _pending(
    files_here: list[_File], applied: Sequence[tuple[Any, ...]], *, holder: str = "database"
) -> list[_File]:
    known = {file.number: file for file in files_here}
    for number, name, sha256 in applied:
        file = known.pop(number, None)
        if file is None:
            raise WarehouseError(
                f"The {holder} holds migration {name}, which this program does not know: the {holder} is "
                "newer. Update Floorboard, or restore a backup made before the update."
            )
        if file.sha256 != sha256 or file.name != name:
            raise WarehouseError(
                f"sql/schema/{file.name}.sql is not what was applied to this {holder} as {name}. Put the "
                "file back as it was and bring the change in a new file with the next number."
            )
    highest = applied[-1][0] if applied else 0
    for file in known.values():
        if file.number < highest:
            raise WarehouseError(
                f"sql/schema/{file.name}.sql came after number {highest:03} had been applied, and files only "
                f"go forward. Give it a number above {highest:03}."
            )
    return list(known.values())


def _locked_cursor(connection: sa.Connection) -> _Cursor:
    """A cursor in a transaction that migrates alone; the first of all lays the ledger."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # the only driver of the warehouse
    cursor: _Cursor = raw.cursor()
    cursor.execute("set local statement_timeout = 0; set local lock_timeout = '60s'", prepare=False)
    cursor.execute("set local client_min_messages = warning")
    cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK_KEY])
    if not cursor.execute("select where to_regclass('ops.migrations') is not null").fetchall():
        cursor.execute(_LEDGER, prepare=False)
    return cursor


def _apply(cursor: _Cursor, file: _File) -> None:
    """Runs the whole file as it is, without parameters: `:` and `;` in functions' bodies stay as they are."""
    before = cursor.execute("select pg_current_xact_id()::text").fetchone()
    try:
        cursor.execute(file.text.encode(cursor.connection.info.encoding), prepare=False)
        while cursor.nextset():
            pass
        after = cursor.execute("select pg_current_xact_id()::text").fetchone()
    except psycopg.Error as error:
        raise WarehouseError(f"sql/schema/{file.name}.sql: {_in_words(error, file)}") from error
    if before != after:
        raise WarehouseError(
            f"sql/schema/{file.name}.sql ends its own transaction; take commit and rollback out of it."
        )
    row = [file.number, file.name, file.sha256]
    cursor.execute("insert into ops.migrations (number, name, sha256) values (%s, %s, %s)", row)


def _in_words(error: psycopg.Error, file: _File | None = None) -> str:
    if error.sqlstate == "55P03":
        return (
            "Another program has held the tables for a minute (a migration, or a long question). Nothing was "
            "changed. Wait for it or end it, then run `floorboard db migrate` again."
        )
    if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
        return "The server went away. Nothing of this file was kept; run `floorboard db migrate` again."
    position = error.diag.statement_position
    line = f" in line {file.text[: int(position)].count(chr(10)) + 1}" if file and position else ""
    if error.sqlstate == "42501":
        return f"{error.diag.message_primary}. Connect as the owner of the database and of its tables."
    found = f"{error.diag.message_primary} ({error.sqlstate})"
    return f"Postgres refused it{line}: {found}. Nothing of it was kept."
