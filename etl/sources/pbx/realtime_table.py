"""Opens the table into which a phone system writes its queue events, and asks it for rows, always with a deadline.

In: the address of a MySQL, MariaDB or Postgres, and the names of the table and its columns. Out: rows as text.
The rule it guards: names are quoted, never glued; the address, which may hold a password, stands in no message; a
server that falls silent is given up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, NoSuchTableError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import quoted_name

from etl import LoadError
from sql import deadlines, warehouse

CONNECT_SECONDS = 5
DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_EXPECTED = (
    "expected mysql://user:password@host:3306/database or postgresql://user:password@host:5432/database"
)
BAD_OPTION = (
    "The address of the realtime table holds an option behind ? that its driver does not know, expected none or the "
    "driver's own, such as ?ssl_ca=/path/ca.pem (MySQL) or ?sslmode=require (Postgres). Correct the address of the source."
)
# What the drivers say where no connection came to be, in their own words; the address is in none of ours.
_CONNECTION_FAULTS = (
    (r"connection refused|errno 111|errno 61", "The phone system's database refuses the connection: nothing listens there; "
     "expected a database server. See that it runs and listens for other computers, and that host and port are right."),
    (r"resolve host|name or service not known|getaddrinfo|nodename nor servname|name resolution", "The host of the phone "
     "system's database is not known; expected the name or number of a computer. Correct the address of the source."),
    (r"no route to host|network is unreachable|errno 113|errno 101", "The phone system's database is out of reach: no way "
     "leads to its host. See to the network, or correct the address of the source."),
    (r"invalid (?:uri query parameter|connection option)|invalid \S+ value|invalid integer value", BAD_OPTION),
)  # fmt: skip


MOST_TIMES = 500  # asked for in one question


@dataclass(frozen=True)
class Columns:
    """The table's columns by what they hold; `id` is empty where rows have no number, `data` where there is no such."""

    table: str
    schema: str | None
    id: str
    time: str
    call_id: str
    queue: str
    agent: str
    event: str
    data: str
    numbered_data: tuple[str, ...]

    def event_columns(self) -> tuple[str, ...]:
        """Those without which no event can be read."""
        return (self.time, self.call_id, self.queue, self.agent, self.event)


@dataclass(frozen=True)
class TableRow:
    """One row as the table holds it: its number (0 where rows have none) and its texts by column."""

    number: int
    texts: dict[str, str | None]


def open_table(url: str, *, deadline_seconds: int) -> sa.Engine:
    """An engine for the phone system's database; connects only when first asked, and keeps no connection open."""
    scheme, separator, rest = url.partition("://")
    driver = DRIVERS.get(scheme)
    if driver is None or not separator:
        found = (
            f"begins with '{scheme}://'"
            if separator and scheme.replace("+", "").isalnum()
            else "is no address"
        )
        raise LoadError(f"The address of the realtime table {found}; {_EXPECTED}.")
    is_postgres = driver.startswith("postgresql")
    arguments: dict[str, object] = {"connect_timeout": CONNECT_SECONDS}
    if is_postgres:
        arguments |= {
            "application_name": "floorboard",
            "options": f"-c default_transaction_read_only=on -c statement_timeout={deadline_seconds}s",
        }
    else:
        arguments |= {
            "read_timeout": deadline_seconds,
            "write_timeout": deadline_seconds,
            "charset": "utf8mb4",
        }
    try:
        return sa.create_engine(f"{driver}://{rest}", poolclass=NullPool, connect_args=arguments)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise LoadError(
            f"The address of the realtime table cannot be read; {_EXPECTED} (special characters percent-encoded)."
        ) from None


@dataclass(frozen=True)
class RealtimeTable:
    """The table itself: what of its columns is there, and questions to it."""

    engine: sa.Engine
    columns: Columns
    deadline_seconds: int = 30

    @contextmanager
    def opened(self) -> Iterator[OpenTable]:
        """The table for the length of the block; LoadError where it cannot be reached or is not as the settings say."""
        try:
            with ExitStack() as stack:
                connection = stack.enter_context(self.engine.connect())
                if connection.dialect.driver == "psycopg":
                    raw = warehouse.driver_connection(connection)
                    stack.enter_context(deadlines.limited(raw, seconds=self.deadline_seconds))
                yield self._opened(connection)
        except NoSuchTableError:
            raise LoadError(
                f"There is no table '{self.columns.table}' in the phone system's database; expected the one that "
                "extconfig.conf names for queue_log. Correct table_name (and schema_name) of the source."
            ) from None
        except DBAPIError as error:
            raise LoadError(_fault(error)) from None
        except TypeError as error:  # so the MySQL driver says that it does not know an option
            if "unexpected keyword argument" not in str(error):
                raise
            raise LoadError(BAD_OPTION) from None
        except RuntimeError as error:
            if "cryptography" not in str(error):
                raise
            raise LoadError(
                "The phone system's database wants the password encrypted (caching_sha2_password), which needs a "
                "connection over TLS: add ?ssl_ca=/path/to/ca.pem to the address of the source, or give its user the "
                "plugin mysql_native_password."
            ) from None

    def _opened(self, connection: sa.Connection) -> OpenTable:
        described = sa.inspect(connection).get_columns(self.columns.table, schema=self.columns.schema)
        found = {column["name"]: column["type"] for column in described}
        wanted = [*self.columns.event_columns(), *([self.columns.id] if self.columns.id else [])]
        data = [name for name in (self.columns.data, *self.columns.numbered_data) if name in found]
        for name in wanted:
            if name not in found:
                hint = ' Set id_column = "" where rows have no number.' if name == self.columns.id else ""
                raise LoadError(
                    f"The table '{self.columns.table}' has no column '{name}', it has {', '.join(sorted(found))}; "
                    f"expected the columns that the source names.{hint} Correct the column names of the source."
                )
        if self.columns.id and not isinstance(found[self.columns.id], sa.Integer | sa.Numeric):
            raise LoadError(
                f"The column '{self.columns.id}' of '{self.columns.table}' is {found[self.columns.id]}; expected a number "
                'that grows with every row. Name another id_column, or set id_column = "".'
            )
        compares = connection.dialect.name == "mysql" or isinstance(found[self.columns.time], sa.String)
        names = frozenset([*wanted, *data])
        table = sa.table(
            quoted_name(self.columns.table, quote=True),
            *(sa.column(quoted_name(name, quote=True)) for name in sorted(names)),
            schema=quoted_name(self.columns.schema, quote=True) if self.columns.schema else None,
        )
        return OpenTable(connection, self.columns, names, table, compares_text=compares)


@dataclass(frozen=True)
class OpenTable:
    """Questions to the table over one connection; rows come in the order of their number, else of their time."""

    connection: sa.Connection
    columns: Columns
    found: frozenset[str]
    table: sa.TableClause
    compares_text: bool
    """Whether the time column can be compared with a text as it is, so that an index on it serves."""

    def greatest_number(self) -> int | None:
        """The number of the newest row; null for an empty table."""
        number = self._number()
        greatest = self.connection.execute(sa.select(number).order_by(number.desc()).limit(1))
        return greatest.scalar_one_or_none()

    def after(self, number: int, *, most_rows: int) -> list[TableRow]:
        """At the most so many rows with a greater number, in the order of their numbers."""
        return self._rows(
            self._select().where(self._number() > number).order_by(self._number()).limit(most_rows)
        )

    def within(self, ranges: Sequence[tuple[int, int]]) -> list[TableRow]:
        """The rows whose number lies in one of the ranges, borders included."""
        if not ranges:
            return []
        inside = sa.or_(*(self._number().between(first, last) for first, last in ranges))
        return self._rows(self._select().where(inside).order_by(self._number()))

    def from_time(self, text: str, *, most_rows: int) -> list[TableRow]:
        """At the most so many rows from a time (as text) on, in the order of their times."""
        time = self._time()
        question = self._select().order_by(time).limit(most_rows)
        return self._rows(question.where(time >= text) if text else question)

    def of_times(self, texts: Sequence[str], *, before: int) -> list[TableRow]:
        """The rows of exactly these times (as text) that have a smaller number."""
        rows = []
        for place in range(0, len(texts), MOST_TIMES):
            is_one = self._time().in_(texts[place : place + MOST_TIMES])
            rows += self._rows(self._select().where(is_one, self._number() < before))
        return rows

    def _number(self) -> sa.ColumnElement[int]:
        return self.table.c[self.columns.id]

    def _time(self) -> sa.ColumnElement[str]:
        time = self.table.c[self.columns.time]
        return time if self.compares_text else sa.cast(time, sa.Text())

    def _select(self) -> sa.Select[*tuple[Any, ...]]:
        """Every column as text: a time column may be a text, a date or a number."""
        texts = [
            sa.cast(
                self.table.c[name], sa.Text() if self.connection.dialect.name != "mysql" else sa.CHAR()
            ).label(f"c{place}")
            for place, name in enumerate(sorted(self.found))
        ]
        return sa.select(*texts)

    def _rows(self, question: sa.Select[*tuple[Any, ...]]) -> list[TableRow]:
        names = sorted(self.found)
        rows = []
        for values in self.connection.execute(question):
            texts = dict(zip(names, (None if value is None else str(value) for value in values), strict=True))
            number = texts.pop(self.columns.id, None) if self.columns.id else None
            rows.append(TableRow(int(number or 0), texts))
        return rows


def _fault(error: DBAPIError) -> str:
    """One sentence on the driver's error; never the address nor the statement's values."""
    cause = error.orig
    state = getattr(cause, "sqlstate", None)
    number = cause.args[0] if cause is not None and cause.args and isinstance(cause.args[0], int) else None
    if state in {"28P01", "28000"} or number in {1045, 1044, 1698}:
        return (
            "The phone system's database refuses this user or password; expected one that may read the realtime "
            "table. Put the right ones into the address of the source."
        )
    if state in {"42501"} or number in {1142, 1143}:
        return "The phone system's database does not let this user read the realtime table; grant it the right to select."
    if state in {"3D000"} or number == 1049:
        return "The phone system's database server has no database of that name; correct the address of the source."
    if state is None:
        said = str(cause).lower()
        told = next((sentence for words, sentence in _CONNECTION_FAULTS if re.search(words, said)), None)
        if told is not None:
            return told
    if state is None or state.startswith(("08", "57")):
        what = f" (error {number})" if number else ""
        return (
            f"The phone system's database does not answer in time{what}; nothing is lost, the next load reads on from "
            "where this one stood. See that it runs, and that its address and port are right."
        )
    return f"The phone system's database could not answer (SQLSTATE {state}); see its log."
