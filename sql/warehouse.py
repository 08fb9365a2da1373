"""Opens the warehouse and asks it: every number on a screen comes through here.

In: the address of a Postgres (DATABASE_URL) and the name of a statement below `sql/` with its parameters.
Out: an engine, or a Polars frame whose column types follow the last word of each column's name.
The rule it guards: no column without a unit, no session outside UTC, no database call without a deadline.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any, Literal, cast

import polars as pl
import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sql import deadlines, individual, secret_rules

UTC_INSTANT = pl.Datetime("us", "UTC")
UNIT_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "at": UTC_INSTANT,
    "date": pl.Date,
    "calls": pl.Int64,
    "contacts": pl.Int64,
    "intervals": pl.Int64,
    "agents": pl.Int64,
    "tickets": pl.Int64,
    "points": pl.Int64,
    "coins": pl.Int64,
    "rows": pl.Int64,
    "seconds": pl.Int64,
    "hours": pl.Int64,
    "number": pl.Int64,
    "count": pl.Int64,
    "position": pl.Int64,
    "ratio": pl.Float64,
    "amount": pl.Float64,
    "value": pl.Float64,  # in the unit of the metric that the row names
    "n": pl.Int64,
    "days": pl.Int64,
    "months": pl.Int64,
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


@dataclass(frozen=True)
class Room:
    """Who opens the warehouse: what it may do there, how long it may wait, how many connections it may hold."""

    name: str
    settings: tuple[str, ...]
    kept_connections: int = 5
    more_connections: int = 5
    turn_seconds: float = 30.0
    """How long a visit waits for a connection while all of them are in use."""


LOADER = Room("floorboard", ("statement_timeout=300000", "lock_timeout=5000"))
PAGES = Room(
    "floorboard pages",
    ("statement_timeout=5000", "lock_timeout=3000", "default_transaction_read_only=on"),
    turn_seconds=3.0,
)


@dataclass(frozen=True)
class Fault:
    """What kind of fault it was, and so what helps."""

    kind_name: Literal["transient", "data", "fatal"]
    action_name: Literal["retry", "retry_smaller", "wait", "refuse_rows", "tell"]


RETRY = Fault("transient", "retry")  # the whole transaction, from the stored cursor on
RETRY_SMALLER = Fault("transient", "retry_smaller")  # it took too long: less at a time
WAIT = Fault(
    "transient", "wait"
)  # somebody has to free space, or name the right server; it then goes on by itself
REFUSE_ROWS = Fault("data", "refuse_rows")  # the same rows will be refused again
TELL = Fault("fatal", "tell")
STANDBY = "25006"
# By the longest beginning of the sqlstate that is here; all others are to be told.
FAULTS: dict[str, Fault] = {
    "08": RETRY,  # connection exceptions
    "21": REFUSE_ROWS,  # two rows of one key
    "22": REFUSE_ROWS,  # a value that the type does not take
    "23": REFUSE_ROWS,  # a constraint
    STANDBY: WAIT,  # read-only: a standby after a failover
    "25P03": RETRY,  # idle in transaction for too long
    "25P04": RETRY_SMALLER,  # transaction_timeout
    "40": RETRY,  # deadlock, serialization failure
    "40002": REFUSE_ROWS,  # a constraint, found at the commit
    "53": WAIT,  # disk full, out of memory
    "53300": RETRY,  # too many connections
    "53400": TELL,  # a limit that is set (temp_file_limit): the question is too big
    "54": REFUSE_ROWS,  # a row or key longer than Postgres takes
    "55006": RETRY,  # object in use
    "55P03": RETRY,  # lock_timeout
    "57014": RETRY_SMALLER,  # statement_timeout, or cancelled
    "57P": RETRY,  # shutting down, crashed, starting up
    "57P04": TELL,  # the database was dropped
    "58030": WAIT,  # the disk cannot be read or written
}


class WarehouseError(Exception):
    """Something about the warehouse that a person can put right; the message is one or two whole sentences."""

    fault: Fault = TELL

    @property
    def is_data_fault(self) -> bool:
        """Whether the rows, not the server, were the cause: trying the same rows again cannot help."""
        return self.fault.kind_name == "data"

    @property
    def is_transient(self) -> bool:
        """Whether it can pass by itself. Whether a COMMIT took place is then not known: only the warehouse knows."""
        return self.fault.kind_name == "transient"


class SwitchedOffError(WarehouseError):
    """A figure of one agent was asked for that the site's policy does not let exist: nothing is wrong with the warehouse."""

    def __init__(self, family_names: Collection[str]) -> None:
        super().__init__(individual.refusal(family_names))
        self.family_names = tuple(family_names)


def database_url() -> str:
    """The address from DATABASE_URL; raises WarehouseError where it is not set."""
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url:
        raise WarehouseError(
            "No warehouse is named: DATABASE_URL is not set. Set it to a Postgres address, "
            "or start with `floorboard demo` or `floorboard up`, which bring their own."
        )
    return url


def open_engine(url: str | None = None, *, room: Room = LOADER) -> sa.Engine:
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
        engine = sa.create_engine(
            f"postgresql+psycopg://{rest}",
            pool_recycle=1800,
            pool_size=room.kept_connections,
            max_overflow=room.more_connections,
            pool_timeout=room.turn_seconds,
            connect_args={
                "connect_timeout": int(deadlines.CONNECT_SECONDS),
                "application_name": room.name,
                "options": " ".join(f"-c {setting}" for setting in (*SESSION_SETTINGS, *room.settings)),
            },
        )
    except (ArgumentError, ValueError) as error:
        raise WarehouseError(
            "DATABASE_URL is not an address that can be read; expected "
            "postgresql://user:password@host:5432/database (special characters percent-encoded)."
        ) from error
    if fault := secret_rules.password_fault(engine.url.host, engine.url.username, engine.url.password):
        raise WarehouseError(
            f"The password in DATABASE_URL {fault}; expected one made at random, since the server is not on this machine. "
            "Give the user another (alter role ... password), and put it into DATABASE_URL."
        )
    deadlines.keep(engine)
    return engine


@contextmanager
def connected(engine: sa.Engine, *, deadline_seconds: float = 10.0) -> Iterator[sa.Connection]:
    """A connection in a transaction that commits at the end; every failure of the server becomes a WarehouseError.

    A server that stops answering is given up after `deadline_seconds`, from the wait for a connection to the commit:
    neither keepalives nor statement_timeout end a wait on a connection whose other side fell silent.
    """
    with deadlines.visit(deadline_seconds) as visit:
        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise _error(error.orig, visit) from error
        except (
            psycopg.Error,
            UnicodeEncodeError,
        ) as error:  # from a COPY, which goes past SQLAlchemy; or never sent
            raise _error(error, visit) from error
        except PoolTimeout as error:
            busy = WarehouseError("All connections to the warehouse are in use; try again in a moment.")
            busy.fault = RETRY
            raise busy from error


def driver_connection(connection: sa.Connection) -> psycopg.Connection[Any]:
    """The psycopg connection below, for what SQLAlchemy does not know: COPY, and the socket."""
    return cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)


def _error(cause: BaseException | None, visit: deadlines.Visit) -> WarehouseError:
    error = WarehouseError(explain(cause))
    error.fault = fault_of(cause, is_connected=visit.is_connected)
    return error


def fault_of(cause: BaseException | None, *, is_connected: bool) -> Fault:
    """What kind of fault the driver's error is, and what helps. is_connected: the connection stood it."""
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        beginnings = (FAULTS.get(state[:length]) for length in (5, 4, 3, 2))
        return next((fault for fault in beginnings if fault is not None), TELL)
    if isinstance(cause, (psycopg.DataError, UnicodeEncodeError)):
        return REFUSE_ROWS  # what psycopg itself cannot send (a NUL byte, half a surrogate)
    if is_connected or isinstance(cause, (psycopg.ProgrammingError, psycopg.NotSupportedError)):
        return TELL  # a fault of the program, such as more than 65,535 parameters
    return RETRY if isinstance(cause, psycopg.Error) else TELL


def explain(cause: BaseException | None) -> str:
    """One sentence on the driver's error for a person, with the next step; never the address: it may hold a password."""
    state = getattr(cause, "sqlstate", None)
    detail = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    if state in _SENTENCES:
        return _SENTENCES[state].format(detail=detail)
    if isinstance(cause, UnicodeEncodeError) or (state is None and isinstance(cause, psycopg.DataError)):
        return f"The warehouse cannot store what it was given ({detail})."
    if state is None and "number of parameters" in detail:
        return f"More values were sent than one statement takes ({detail}). Report it: the program has to send fewer."
    if state is None or (state.startswith(("08", "57P")) and state != "57P04"):
        return _no_answer(detail)
    return f"The warehouse could not answer ({state}: {detail})."


_NOT_SET_UP = "The warehouse has not been set up yet ({detail}). Run `floorboard db migrate`."
_SENTENCES = {
    "42P01": _NOT_SET_UP,
    "3F000": _NOT_SET_UP,
    "42501": "The warehouse refuses this role ({detail}). Grant the role its rights, or use the owner's address.",
    "53100": "The warehouse's disk is full: free space there; loading goes on by itself afterwards.",
    "53400": "The question needs more room than the server allows ({detail}); ask for a shorter period.",
    "57014": "The question took longer than allowed and was cancelled; ask for a shorter period.",
    "55P03": "Another program held what this one needed for too long; try again in a moment.",
    STANDBY: "The warehouse takes no changes ({detail}): a standby, or set so. Name the primary server in DATABASE_URL.",
}


def _no_answer(detail: str) -> str:
    """Why no connection came about. Nothing of the address is repeated: a wrong one may hold a part of a password."""
    if "password authentication failed" in detail:
        return "The warehouse refuses this user or password. Put the right ones into DATABASE_URL."
    if re.search(r'database "[^"\n]*" does not exist', detail):
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


@cache
def _clause(text: str) -> sa.TextClause:
    """The statement with its parameters found in it: with the long ones that takes longer than to run them."""
    return sa.text(text)


def execute(connection: sa.Connection, name: str, **params: object) -> int:
    """Runs `sql/<name>.sql`; gives the number of rows it changed."""
    return connection.execute(_clause(statement(name)), params).rowcount


def one_row(connection: sa.Connection, name: str, **params: object) -> tuple[Any, ...]:
    """The single row that `sql/<name>.sql` answers."""
    return tuple(connection.execute(_clause(statement(name)), params).one())


def frame(connection: sa.Connection, name: str, **params: object) -> pl.DataFrame:
    """The answer of `sql/<name>.sql` as a frame; an empty answer has the same types as a full one.

    Types follow the last word of each column's name (`_at` UTC instants, `_seconds` and counts integers, `_ratio`
    floats); `_id` and `is_`, `has_` follow the column. Raises WarehouseError for a column whose name has no unit.
    """
    asks = connection.get_execution_options().get(
        "floorboard_asks"
    )  # set by sql.rights for whoever does not see all
    _refuse_single_agent(connection, name, params)
    text, params = asks(name, params) if asks else (statement(name), params)
    result = connection.execute(_clause(text), params)
    description = result.cursor.description if result.cursor is not None else None
    columns = [(column[0], column_type(column[0], cast("int", column[1]))) for column in description or ()]
    rows = result.fetchall()
    found = pl.DataFrame(
        {
            column: pl.Series(column, [_plain(row[place]) for row in rows], dtype=dtype, strict=False)
            for place, (column, dtype) in enumerate(columns)
        },
        schema=dict(columns),
    )
    return _without_few(connection, name, params, found)


def _refuse_single_agent(connection: sa.Connection, name: str, params: Mapping[str, object]) -> None:
    """Raises SwitchedOffError where one agent is asked about, and the site's policy lets no such figure exist."""
    families = individual.families_of(name) if params.get("agent_id") is not None else ()
    if not families:
        return
    off = (
        connection.execute(_clause(statement("policy/off")), {"family_names": list(families)}).scalars().all()
    )
    if off:
        raise SwitchedOffError(off)


def _without_few(
    connection: sa.Connection, name: str, params: Mapping[str, object], found: pl.DataFrame
) -> pl.DataFrame:
    """The answer without what the policy lets no single agent have, where few of the chosen team or site answered."""
    families = individual.families_of_parts(name)
    part = {key: params.get(key) for key in ("team_id", "site_name")}
    if not families or found.is_empty() or all(value is None for value in part.values()):
        return found
    if not connection.execute(_clause(statement("policy/off")), {"family_names": list(families)}).all():
        return found
    window = {key: params[key] for key in ("window_start", "window_end")}
    asked = {"family_names": list(families), **window, **part}
    off = connection.execute(_clause(statement("policy/few_in_part")), asked).all()
    if not off:
        return found
    return individual.kept_back(found, name, {str(row[0]) for row in off}, fewest_agents=int(off[0][1]))


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
