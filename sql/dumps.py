"""Copies the whole warehouse into one file and brings it back from there, with the programs that belong to Postgres.

In: the warehouse's address and a file. Out: the file, whole and read once more; or the warehouse as the file holds it.
The rule it guards: a file is called a backup only after all of it could be read, and a restore happens wholly or not at
all: whenever it is killed, the warehouse stands as it stood before.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql as words
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sql.dump_programs import (
    LOCK_WAIT_SECONDS,
    answered,
    kind_of,
    programs_for,
    refuse_taken,
    settled,
    written,
    written_by,
)
from sql.warehouse import WarehouseError, explain

# A schema that only later versions make is absent from older dumps.
SCHEMAS = ("ops", "warehouse", "game", "staging", "access")
MADE_ANEW = (
    "released"  # its functions are made out of this version's statements whenever the rights are installed
)
# Who is signed in, and what proves it: a file that is carried elsewhere opens no session, and signs none.
LEFT_OUT = ("access.sessions", "access.keys")
LEAVING_SECONDS = 5.0
OLDEST_TIMEOUT_VERSION = 170_000  # the first server that knows transaction_timeout, which newer programs set
_COPY = re.compile(rb"COPY (\S+) \((.*)\) FROM stdin;\n")
_GRANT = re.compile(rb"(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES) .*;\n")
_ROLE = re.compile(rb' (?:FOR ROLE|TO|FROM) ("(?:[^"]|"")+"|\w+)')
_FOR_PSQL = re.compile(rb"\\(?:un)?restrict ")
_MIGRATIONS = "ops.migrations"
_HAS_POLICIES = re.compile(r"^\d+; .* POLICY warehouse ", re.MULTILINE)
_HAS_DATA = re.compile(r"^\d+; .* TABLE DATA ops migrations ", re.MULTILINE)
_OTHERS = """
select count(*)
from pg_stat_activity
where datname = current_database() and application_name like 'floorboard%' and pid <> pg_backend_pid()
"""
_ROLES = "select convert_to(quote_ident(rolname), 'UTF8') from pg_roles"
_TABLES = """
select
    n.nspname,
    c.relname
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname = any(%s) and c.relkind in ('r', 'p') and not c.relispartition
order by n.nspname, c.relname
"""
_BESIDES_DATA = frozenset(
    (
        "ops.migrations",
        "ops.heartbeats",
        "warehouse.work_rules",
        "access.keys",
        "access.alias_keys",
        "access.smallest_groups",
        "game.settings",
        "game.social_settings",
        "game.board_settings",
        "game.coin_rates",
        "game.changed_days",
    )
)
"""What holds rows from the first moment on: what was applied, who lives, the work rules until somebody sets others, keys,
how the game is set, and what its triggers noted."""


@dataclass(frozen=True)
class Dump:
    """What a file holds: of which server and program it is, and the files of the schema that were applied there."""

    path: Path
    server_text: str
    program_text: str
    migrations: tuple[tuple[int, str, str], ...]
    has_rights: bool = False
    """Whether it refuses rows by roles, which the server must know before it is restored."""


def dump(url: str, path: Path, *, replacing: bool = False, on_table: Callable[[str], None]) -> Dump:
    """Writes the warehouse at `url`, as it stands at one instant, to `path` (mode 600); what was read there afterwards.

    Loads and questions go on meanwhile. `on_table` hears the name of each table as it comes. Raises WarehouseError;
    what stood at `path` before is replaced only by a whole backup, and only where `replacing`.
    """
    refuse_taken(path, replacing=replacing)
    with _connected(url) as connection:
        server = _server_version(connection)
        if _MIGRATIONS not in _tables(connection):
            raise WarehouseError(
                f"The database holds no warehouse (there is no {_MIGRATIONS}): there is nothing to keep. See that "
                "DATABASE_URL, or FLOORBOARD_HOME, is the right one."
            )
    programs = programs_for("pg_dump", oldest=server[0], nearest=server[0])
    part = path.with_name(f"{path.name}.part")
    with written(part) as file:
        schemas = [f"--schema={name}" for name in SCHEMAS]
        options = [
            *(f"--exclude-table-data={name}" for name in LEFT_OUT),
            "--format=custom",
            "--verbose",
            "--no-password",
            f"--lock-wait-timeout={LOCK_WAIT_SECONDS}s",
        ]
        address, secret = _address(url)
        answered(programs, "pg_dump", [*schemas, *options, f"--dbname={address}"], secret, file, on_table)
        os.fsync(file.fileno())
        found = read(part)
        refuse_taken(path, replacing=replacing)
        part.replace(path)
    settled(path.parent)
    return Dump(path, found.server_text, found.program_text, found.migrations)


def read(path: Path) -> Dump:
    """What the backup at `path` holds; every byte of it was read. Raises WarehouseError where it is none, or broken."""
    mode = kind_of(path)
    if mode is None or not stat.S_ISREG(mode):
        found = "there is no such file" if mode is None else "it is no ordinary file"
        raise WarehouseError(f"{path}: {found}; expected one that `floorboard db backup` wrote.")
    path = path.absolute()  # a name that begins with a dash is no option
    programs = programs_for("pg_restore")
    table = answered(programs, "pg_restore", ["--list", str(path)])
    if not _HAS_DATA.search(table):
        raise WarehouseError(
            f"{path}: it is a backup of another program's database, without {_MIGRATIONS}; "
            "expected one that `floorboard db backup` wrote."
        )
    answered(programs, "pg_restore", ["--file=/dev/null", str(path)])
    said = dict(re.findall(r"^;\s+(Dumped \w+ [\w ]+): (.+)$", table, re.MULTILINE))
    only = ["--data-only", "--schema=ops", "--table=migrations", "--file=-", str(path)]
    rows = _migrations(answered(programs, "pg_restore", only))
    servers = [said.get(name, "?") for name in ("Dumped from database version", "Dumped by pg_dump version")]
    return Dump(path, servers[0], servers[1], rows, _HAS_POLICIES.search(table) is not None)


def refuse_filled(url: str) -> None:
    """Raises WarehouseError where the database at `url` holds anything of a site that a restore would take away."""
    with _connected(url) as connection:
        filled = [
            name for name in _tables(connection) if name not in _BESIDES_DATA and _has_rows(connection, name)
        ]
    if filled:
        raise WarehouseError(
            f"The warehouse is not empty ({filled[0]} and {len(filled) - 1} more tables hold rows); expected an empty one. "
            "With --replace it is given up for what the backup holds; `floorboard db backup` keeps it first."
        )


def restore(url: str, held: Dump, *, on_table: Callable[[str], None]) -> tuple[str, ...]:
    """Puts the backup that was read in the place of everything of Floorboard in the database at `url`, in one transaction.

    Gives the roles that this server does not have: what was granted to them is left out.
    Raises WarehouseError, and then nothing is changed: so it is too where it is killed.
    """
    with _connected(url) as connection:
        server = _server_version(connection)
        _refuse_company(connection)
        programs = programs_for("pg_restore", oldest=_major(held.program_text), nearest=server[0])
        with connection.transaction():
            connection.execute("set local lock_timeout = '30s'")
            for name in (*SCHEMAS, MADE_ANEW):
                gone = words.SQL("drop schema if exists {} cascade").format(words.Identifier(name))
                connection.execute(gone)
            command = [str(programs.folder / "pg_restore"), "--no-owner", "--file=-", str(held.path)]
            with written_by(command, {}) as script:
                missing_roles = _play(
                    connection,
                    script,
                    is_old=connection.info.server_version < OLDEST_TIMEOUT_VERSION,
                    on_table=on_table,
                )
            if "access.sessions" in _tables(connection):
                connection.execute("select access.begin_anew()")
            return missing_roles


def _refuse_company(connection: psycopg.Connection[Any]) -> None:
    """Raises WarehouseError where programs of ours use the warehouse; who has just left is listed for a moment yet."""
    give_up_at = time.monotonic() + LEAVING_SECONDS
    while others := connection.execute(_OTHERS).fetchall()[0][0]:
        if time.monotonic() > give_up_at:
            raise WarehouseError(
                f"{others} connections of Floorboard are open to this warehouse; expected none while it is replaced. "
                "End `floorboard up`, the load and the dashboard, then restore again."
            )
        time.sleep(0.1)


def _play(
    connection: psycopg.Connection[Any], script: IO[bytes], *, is_old: bool, on_table: Callable[[str], None]
) -> tuple[str, ...]:
    """Runs what pg_restore writes for psql: statements, and rows that follow a COPY until a line with a backslash, dot.

    Gives the roles that are not here, as on another server than the one that was lost.
    """
    statements: list[bytes] = []
    roles = {b"PUBLIC", *(row[0] for row in connection.execute(_ROLES))}
    missing: set[bytes] = set()
    for line in script:
        if found := _COPY.fullmatch(line):
            _execute(connection, statements)
            on_table(found[1].decode())
            with connection.cursor() as cursor, cursor.copy(line) as copy:
                for row in script:
                    if row == b"\\.\n":
                        break
                    copy.write(row)
        elif _GRANT.fullmatch(line) and (unknown := {*_ROLE.findall(line)} - roles):
            missing |= unknown
        elif not _FOR_PSQL.match(line) and not (is_old and line.startswith(b"SET transaction_timeout")):
            statements.append(line)
    _execute(connection, statements)
    return tuple(sorted(name.decode() for name in missing))


def _execute(connection: psycopg.Connection[Any], statements: list[bytes]) -> None:
    """Runs the statements as they are, without parameters: `:` and `%` in functions' bodies stay as they are."""
    if statements:
        connection.execute(b"".join(statements), prepare=False)
        statements.clear()


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with closing(psycopg.connect(_plain(url), autocommit=True, connect_timeout=5)) as connection:
            connection.execute("set timezone = 'UTC'")
            yield connection
    except psycopg.Error as error:
        if error.sqlstate == "55P03":
            raise WarehouseError(
                "Another program holds tables of the warehouse; nothing was changed. End it, then restore again."
            ) from error
        raise WarehouseError(explain(error)) from error


def _plain(url: str) -> str:
    """The address as libpq reads it."""
    return re.sub(r"^postgres(?:ql)?(?:\+psycopg)?://", "postgresql://", url)


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The address without its password, which others may read in the list of processes, and the password beside it."""
    try:
        parts = conninfo_to_dict(_plain(url))
    except psycopg.ProgrammingError as error:
        raise WarehouseError(
            "DATABASE_URL is not an address that can be read; expected postgresql://user:password@host:5432/database."
        ) from error
    password = parts.pop("password", None)
    return make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}


def _server_version(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    return divmod(connection.info.server_version, 10_000)


def _major(version_text: str) -> int:
    """18 of "18.6 (Debian ...)"; 0 where there is none."""
    found = re.match(r"\d+", version_text)
    return int(found[0]) if found else 0


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    return [".".join(row) for row in connection.execute(_TABLES, [list(SCHEMAS)])]


def _has_rows(connection: psycopg.Connection[Any], name: str) -> bool:
    question = words.SQL("select from {} limit 1").format(words.Identifier(*name.split(".")))
    return bool(connection.execute(question).fetchall())


def _migrations(script: str) -> tuple[tuple[int, str, str], ...]:
    """The rows of ops.migrations in what pg_restore writes of it."""
    found = _COPY.search(script.encode())
    if found is None:
        raise WarehouseError(
            "The backup's ops.migrations cannot be read; make another one with `floorboard db backup`."
        )
    columns = found[2].decode().split(", ")
    places = [columns.index(name) for name in ("number", "name", "sha256")]
    rows = []
    for line in script.encode()[found.end() :].decode().splitlines():
        if line == "\\.":
            break
        cells = line.split("\t")
        rows.append((int(cells[places[0]]), cells[places[1]], cells[places[2]]))
    return tuple(sorted(rows))
