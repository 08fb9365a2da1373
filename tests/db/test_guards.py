"""What Postgres stores and a page could not read back: no table takes it, whoever writes to it and by whatever way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from sql.warehouse import connected

INSTANTS = ("infinity", "-infinity", "10000-01-01", "0044-03-15 BC", "1989-12-31", "2100-01-02")
POISONS = {
    "timestamp with time zone": INSTANTS,
    "date": INSTANTS,
    "double precision": ("NaN", "Infinity", "-Infinity"),
    "numeric(14,2)": ("NaN", "Infinity", "-Infinity"),
}
# Of these types every value that Postgres stores can be read back.
READABLE = {"text", "boolean", "smallint", "integer", "bigint", "bytea", "text[]", "integer[]", "jsonb"}
GOOD = {
    "timestamp with time zone": ("2026-03-11 12:00Z", "2026-03-11 12:30Z", "2026-03-11 11:30Z"),
    "date": ("2026-03-11", "2026-03-12", "2026-03-10", "2026-03-01"),
    "double precision": ("1", "0.5"),
    "numeric(14,2)": ("1",),
}
REFUSED = {"23514", "22003", "22008"}  # by a check, or by the type itself
COLUMNS = """
select
    n.nspname || '.' || t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    array(
        select pg_get_constraintdef(k.oid) from pg_constraint as k
        where k.conrelid = t.oid and k.contype = 'c' and a.attnum = any(k.conkey)
    )
from pg_class as t
inner join pg_namespace as n on t.relnamespace = n.oid
inner join pg_attribute as a on t.oid = a.attrelid
where n.nspname !~ '^pg_|^information_schema$' and t.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
order by 1, a.attnum
"""


@dataclass(frozen=True)
class Column:
    """One column of the catalogue, and the checks of its table that are about it."""

    table: str
    name: str
    type_name: str
    is_required: bool
    checks: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.table}.{self.name} ({self.type_name})"


def columns(connection: sa.Connection) -> list[Column]:
    """Every column of every table of ours and of every partition."""
    found = connection.exec_driver_sql(COLUMNS).all()
    return [Column(row[0], row[1], row[2], row[3], tuple(row[4])) for row in found]


def clone(connection: sa.Connection, table: str, others: list[Column]) -> None:
    """A table like it, of which no column is guarded or hindered by anything."""
    changes = [f'alter column "{other.name}" drop not null' for other in others]
    connection.exec_driver_sql(
        f"drop table if exists pg_temp.clone; create temp table clone (like {table}); "
        f"alter table clone {', '.join(changes)}"
    )


@contextmanager
def guarded(connection: sa.Connection, column: Column) -> Iterator[None]:
    """The clone with the checks that are about the column, for the length of the block, and with no row before them."""
    kept = connection.begin_nested()
    checks = [f"add {check.removesuffix(' NOT VALID')}" for check in column.checks]
    if checks:
        connection.exec_driver_sql(f"alter table clone {', '.join(checks)}")
    yield
    kept.rollback()


def takes(connection: sa.Connection, column: Column, others: list[Column], value: str) -> bool:
    """Whether the clone stores the value beside what the row must hold anyway, and nothing else."""
    given = {column.name: value} | {
        other.name: GOOD[other.type_name][0]
        for other in others
        if other.is_required and other != column and other.type_name in GOOD
    }
    names, values = ", ".join(given), ", ".join(f"'{text}'" for text in given.values())
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"insert into clone ({names}) values ({values})")  # noqa: S608
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in REFUSED:
            raise
        return False
    return True


def holes(every: list[Column], connection: sa.Connection) -> Iterator[str]:
    """One sentence for each value that could be stored and not be read back, and each good one that is refused."""
    cloned = ""
    for column in every:
        if column.type_name in READABLE:
            continue
        if column.type_name not in POISONS:
            yield f"{column} is of a type of which nobody knows whether its values can be read back"
            continue
        others = [other for other in every if other.table == column.table]
        if column.table != cloned:
            clone(connection, column.table, others)
            cloned = column.table
        with guarded(connection, column):
            is_good_taken = any(takes(connection, column, others, value) for value in GOOD[column.type_name])
            taken = [value for value in POISONS[column.type_name] if takes(connection, column, others, value)]
        if not is_good_taken:
            yield f"{column} takes no good value either"
        if taken:
            yield f"{column} takes {', '.join(taken)}"


def test_no_column_takes_what_cannot_be_read_back(engine: sa.Engine) -> None:
    with connected(engine, deadline_seconds=60) as connection:
        connection.exec_driver_sql("select warehouse.create_months(array['2026-03-01'::date])")
        every = columns(connection)
        assert len(every) > 300  # the catalogue was read at all, and so were the partitions:
        assert sum(column.table == "warehouse.calls_2026_03" for column in every) > 20
        assert list(holes(every, connection)) == []


def test_a_column_without_a_guard_is_found(engine: sa.Engine) -> None:
    with connected(engine, deadline_seconds=60) as connection:
        connection.exec_driver_sql("create schema trial")
        connection.exec_driver_sql(
            "create table trial.bare (won_at timestamptz, day_date date check (day_date < '2100-01-01'), "
            "share_ratio float8 check (share_ratio >= 0), told point, lasts interval, won_local_at timestamp)"
        )
        bare = [column for column in columns(connection) if column.table == "trial.bare"]
        found = list(holes(bare, connection))
    assert found == [
        "trial.bare.won_at (timestamp with time zone) takes " + ", ".join(INSTANTS),
        "trial.bare.day_date (date) takes -infinity, 0044-03-15 BC, 1989-12-31",
        "trial.bare.share_ratio (double precision) takes NaN, Infinity",
        *(
            f"trial.bare.{name} is of a type of which nobody knows whether its values can be read back"
            for name in ("told (point)", "lasts (interval)", "won_local_at (timestamp without time zone)")
        ),
    ]
