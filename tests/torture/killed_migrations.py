"""Migrations that are killed at every statement: each time the database must stand as it stood before the file.

In: an empty database, and how many statements lie between two kills. Out: one line of JSON with what was counted.
The rule it guards: after a kill no table, column, function, constraint or row of the half-run file is there, and the next
run goes on with that very file.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from itertools import count, pairwise

import psycopg

from sql import migrate, warehouse

# Quoted bodies and texts and comments stay whole; what is left of the text ends its statements with a semicolon.
_WHOLE = re.compile(r"(\$\w*\$).*?\1|'(?:[^']|'')*'|--[^\n]*", re.S)
FINGERPRINT = """
select md5(string_agg(line, '|' order by line)) from (
    select 'c' || table_schema || table_name || column_name || data_type as line from information_schema.columns
    where table_schema not in ('pg_catalog', 'information_schema')
    union all select 'k' || conrelid::regclass || pg_get_constraintdef(oid) from pg_constraint
    union all select 'f' || oid::regprocedure || md5(prosrc) from pg_proc
    where pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    union all select 'i' || indexdef from pg_indexes where schemaname not in ('pg_catalog')
    union all select 'd' || objoid || objsubid || md5(description) from pg_description
    union all select 's' || nspname from pg_namespace
    union all select 'v' || schemaname || viewname || md5(definition) from pg_views where schemaname <> 'pg_catalog'
) as lines
"""


def statements(text: str) -> list[str]:
    """The statements of a schema file, each as it stands."""
    borders, place = [0], 0
    while place < len(text):
        if whole := _WHOLE.match(text, place):
            place = whole.end()
            continue
        if text[place] == ";":
            borders.append(place + 1)
        place += 1
    return [text[start:end] for start, end in pairwise(borders)]


def killed(url: str, *, after_statements: int) -> None:
    """Migrates in a process of its own that is killed after so many statements of the next file."""
    child = os.fork()
    if child == 0:

        def half(cursor: psycopg.Cursor[tuple[object, ...]], file: migrate._File) -> None:
            for statement in statements(file.text)[:after_statements]:
                cursor.execute(statement.encode(), prepare=False)
            os.kill(os.getpid(), signal.SIGKILL)

        migrate._apply = half
        migrate.migrate(warehouse.open_engine(url))
        os._exit(3)  # it was not killed
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        raise RuntimeError(f"The migration ended with {status} instead of being killed.")


def fingerprint(url: str) -> str:
    """Of everything that migrations make; it waits until nobody migrates any more."""
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [migrate._LOCK_KEY])
        row = connection.execute(FINGERPRINT).fetchone()
    return str(row[0] if row else "")


def run(url: str, *, step: int) -> Iterator[str]:
    """Kills at every `step`th statement of all files, each of which is then applied; a sentence for whatever was left."""
    kills, places = 0, count()
    files_here = migrate._files()
    for file in files_here:
        before = ""
        for after in range(len(statements(file.text)) + 1):
            if next(places) % step:
                continue
            before = before or fingerprint(url)
            killed(url, after_statements=after)
            kills += 1
            if fingerprint(url) != before:
                yield f"{file.name}, killed after {after} statements, left something behind"
        applied = _one_file(url)
        if applied != [file.name]:
            yield f"after its kills {file.name} was to be applied, and {applied} was"
    if _one_file(url):
        yield "a second run applied something"
    print(json.dumps({"files_count": len(files_here), "kills_count": kills}), file=sys.stderr)


def _one_file(url: str) -> list[str]:
    """Applies the next file, in a process of its own as well; the names of what was applied."""
    before = _applied(url)
    child = os.fork()
    if child == 0:
        heard: list[str] = []

        def stop_at_the_second(name: str) -> None:
            if heard:
                os._exit(0)
            heard.append(name)

        migrate.migrate(warehouse.open_engine(url), on_step=stop_at_the_second)
        os._exit(0)
    os.waitpid(child, 0)
    return _applied(url)[len(before) :]


def _applied(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [migrate._LOCK_KEY])
        ledger = connection.execute("select to_regclass('ops.migrations')").fetchone()
        if ledger is None or ledger[0] is None:
            return []
        return [name for (name,) in connection.execute("select name from ops.migrations order by number")]


if __name__ == "__main__":
    found = list(run(sys.argv[1], step=int(sys.argv[2])))
    print("\n".join(found))
    sys.exit(bool(found))
