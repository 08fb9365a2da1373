"""Opens the warehouse and asks it: every number on a screen comes through here.

In: the address of a Postgres (DATABASE_URL) and the name of a statement below `sql/` with its parameters.
Out: an engine, or a Polars frame whose column types follow the last word of each column's name.
The rule it guards: no column without a unit, no session outside UTC, no database call without a deadline.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any, cast

import polars as pl
import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

UTC_INSTANT = pl.Datetime("us", "UTC")
UNIT_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "at": UTC_INSTANT,
    "date": pl.Date,
    "calls": pl.Int64,
    "agents": pl.Int64,
    "tickets": pl.Int64,
    "points": pl.Int64,
    "rows": pl.Int64,
    "seconds": pl.Int64,
    "number": pl.Int64,
    "count": pl.Int64,
    "position": pl.Int64,
    "ratio": pl.Float64,
    "amount": pl.Float64,
    "score": pl.Float64,
    "name": pl.String,
    "key": pl.String,
    "text": pl.String,
}
SESSION_SETTINGS = (
    "timezone=UTC",
    "idle_in_transaction_session_timeout=60000",
    "jit=off",
    "work_mem=64MB",
    "temp_buffers=64MB",
)
_TEXT_OIDS = frozenset({25, 1042, 1043, 19})


class WarehouseError(Exception):
    """Something about the warehouse that a person can put right; the message is one or two whole sentences."""

    is_data_fault: bool = False
    """Whether the rows, not the server, were the cause: trying the same rows again cannot help."""


def database_url() -> str:
    """The address from DATABASE_URL; raises WarehouseError where it is not set."""
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url:
        raise WarehouseError(
            "No warehouse is named: DATABASE_URL is not set. Set it to a Postgres address, "
            "or start with `floorboard demo` or `floorboard up`, which bring their own."
        )
    return url


def open_engine(url: str | None = None) -> sa.Engine:
    """A pool of connections to the warehouse at `url` (DATABASE_URL when None); connects only when first used."""
    text = url or database_url()
    scheme, separator, rest = text.partition("://")
    if scheme not in {"postgres", "postgresql", "postgresql+psycopg"} or not separator:
        found = (
            f"begins with '{scheme}://'"
            if re.fullmatch(r"[a-z+]{1,20}", scheme)
            else "is no address of this form"
        )
        raise WarehouseError(
            f"DATABASE_URL {found}; expected postgresql://user:password@host:5432/database. "
            "Floorboard's warehouse is a Postgres of version 15.14 or newer."
        )
    try:
        return sa.create_engine(
            f"postgresql+psycopg://{rest}",
            pool_pre_ping=True,
            pool_recycle=1800,
            pool_size=5,
            max_overflow=5,
            connect_args={
                "connect_timeout": 3,
                "application_name": "floorboard",
                "options": " ".join(f"-c {setting}" for setting in SESSION_SETTINGS),
            },
        )
    except (ArgumentError, ValueError) as error:
        raise WarehouseError(
            "DATABASE_URL is not an address that can be read; expected "
            "postgresql://user:password@host:5432/database (special characters percent-encoded)."
        ) from error


@contextmanager
def connected(engine: sa.Engine, *, deadline_seconds: float = 10.0) -> Iterator[sa.Connection]:
    """A connection in a transaction that commits at the end; every failure of the server becomes a WarehouseError.

    A server that stops answering is given up after `deadline_seconds`: neither keepalives nor statement_timeout
    end a wait on a connection whose other side fell silent.
    """
    try:
        with engine.begin() as connection, deadline(connection, seconds=deadline_seconds):
            yield connection
    except DBAPIError as error:
        raise _fault(error.orig) from error
    except psycopg.Error as error:  # from a COPY, which goes past SQLAlchemy
        raise _fault(error) from error
    except PoolTimeout as error:
        raise WarehouseError("All connections to the warehouse are in use; try again in a moment.") from error


@contextmanager
def deadline(connection: sa.Connection, *, seconds: float) -> Iterator[None]:
    """Cuts the connection's socket after `seconds`, so that whatever waits on it fails instead of hanging."""
    twin = socket.socket(fileno=os.dup(driver_connection(connection).fileno()))

    def cut() -> None:
        try:
            twin.shutdown(socket.SHUT_RDWR)
        except OSError:  # already gone: nothing waits on it
            return

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        twin.close()


def driver_connection(connection: sa.Connection) -> psycopg.Connection[Any]:
    """The psycopg connection below, for what SQLAlchemy does not know: COPY, and the socket."""
    return cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)


def _fault(cause: BaseException | None) -> WarehouseError:
    fault = WarehouseError(explain(cause))
    state = getattr(cause, "sqlstate", None)
    # What psycopg itself cannot send (a NUL byte) comes without a sqlstate: the rows are at fault, not the server.
    is_unsent = state is None and isinstance(cause, psycopg.DataError)
    fault.is_data_fault = is_unsent or str(state).startswith(("21", "22", "23", "54"))
    return fault


def explain(cause: BaseException | None) -> str:
    """One sentence on the driver's error for a person, with the next step; never the address: it may hold a password."""
    state = getattr(cause, "sqlstate", None)
    detail = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    if state in {"42P01", "3F000"}:
        return f"The warehouse has not been set up yet ({detail}). Run `floorboard db migrate`."
    if state == "42501":
        return f"The warehouse refuses this role ({detail}). Grant the role its rights, or use the owner's address."
    if state == "53100":
        return "The warehouse's disk is full: free space there; loading goes on by itself afterwards."
    if state == "57014":
        return "The question took longer than allowed and was cancelled; ask for a shorter period."
    if state is None and isinstance(cause, psycopg.DataError):
        return f"The warehouse cannot store what it was given ({detail})."
    if state is None or state.startswith(("08", "57P")):
        return _no_answer(detail)
    return f"The warehouse could not answer ({state}: {detail})."


def _no_answer(detail: str) -> str:
    """Why no connection came about. Nothing of the address is repeated: a wrong one may hold a part of a password."""
    if "password authentication failed" in detail:
        return "The warehouse refuses this user or password. Put the right ones into DATABASE_URL."
    if re.search(r'database ".*" does not exist', detail):
        return "The server has no database of that name. Create it, or correct the name at the end of DATABASE_URL."
    if "resolve" in detail or "invalid port" in detail or "invalid integer" in detail:
        return (
            "The host or port in DATABASE_URL cannot be used. Expected postgresql://user:password@host:5432/database; "
            "percent-encode special characters in the password (@ is %40, / is %2F)."
        )
    return (
        "The warehouse does not answer. See that Postgres runs and that DATABASE_URL is right; "
        "`floorboard doctor` tells more."
    )


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`, for example statement('queries/live_queues')."""
    path = resources.files("sql").joinpath(*f"{name}.sql".split("/"))
    if not path.is_file():
        raise WarehouseError(
            f"There is no statement sql/{name}.sql; the name is a folder and a file without ending."
        )
    return path.read_text(encoding="utf-8")


def execute(connection: sa.Connection, name: str, **params: object) -> int:
    """Runs `sql/<name>.sql`; gives the number of rows it changed."""
    return connection.execute(sa.text(statement(name)), params).rowcount


def one_row(connection: sa.Connection, name: str, **params: object) -> tuple[Any, ...]:
    """The single row that `sql/<name>.sql` answers."""
    return tuple(connection.execute(sa.text(statement(name)), params).one())


def frame(connection: sa.Connection, name: str, **params: object) -> pl.DataFrame:
    """The answer of `sql/<name>.sql` as a frame; an empty answer has the same types as a full one.

    Types follow the last word of each column's name (`_at` UTC instants, `_seconds` and counts integers, `_ratio`
    floats); `_id` and `is_`, `has_` follow the column. Raises WarehouseError for a column whose name has no unit.
    """
    result = connection.execute(sa.text(statement(name)), params)
    description = result.cursor.description if result.cursor is not None else None
    columns = [(column[0], column_type(column[0], cast("int", column[1]))) for column in description or ()]
    rows = result.fetchall()
    return pl.DataFrame(
        {
            column: pl.Series(column, [_plain(row[place]) for row in rows], dtype=dtype, strict=False)
            for place, (column, dtype) in enumerate(columns)
        },
        schema=dict(columns),
    )


def column_type(name: str, oid: int) -> pl.DataType | type[pl.DataType]:
    """The Polars type of a column by the last word of its name; raises WarehouseError where that is no unit."""
    if name.startswith(("is_", "has_")):
        return pl.Boolean
    unit = name.rpartition("_")[2]
    if unit == "id":
        return pl.String if oid in _TEXT_OIDS else pl.Int64
    if unit not in UNIT_TYPES:
        raise WarehouseError(
            f"The column '{name}' has no unit: its last word is '{unit}'; expected one of {', '.join(sorted(UNIT_TYPES))}, "
            "id, or a name that begins with is_ or has_. Rename the column in the statement."
        )
    return UNIT_TYPES[unit]


def _plain(value: Any) -> Any:
    """Decimal (the sum of a bigint) as a number; instants stay instants."""
    if value is None or isinstance(value, (bool, int, float, str, datetime, date)):
        return value
    return float(value)
