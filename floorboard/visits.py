"""How a command reaches the warehouse: the one that DATABASE_URL names, or the one that Floorboard brings.

In: what the command needs. Out: an engine, or the answer to a question.
The rule it guards: another's warehouse is never changed without being asked for; our own is always brought up to date.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING

from floorboard.terminal import FrontDoorError, tell

LOADER = "floorboard etl run"
_COMMAND_WORD = re.compile(r"[a-z]+(-[a-z]+)*")

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Engine


def own_command() -> list[str]:
    """How this very command is started again as a child process."""
    return [sys.executable, "-P", "-m", "floorboard"]


@contextmanager
def warehouse(*, migrating: bool | None) -> Iterator[Engine]:
    """The warehouse for one command: DATABASE_URL's, else the one that Floorboard brings.

    `migrating`: True brings its tables up to date; False does so only in our own and refuses another one that
    is not up to date; None leaves it as it is.
    """
    from etl.demo_home import enter_home_in_use
    from sql.audit import act_as
    from sql.embedded import attached
    from sql.warehouse import open_engine

    enter_home_in_use()
    is_ours = not os.environ.get("DATABASE_URL", "").strip()
    name = command_name(sys.argv)
    act_as("loader" if name == LOADER else "command", name)
    with attached() as url:
        engine = open_engine(url)
        try:
            if migrating is not None:
                bring_up_to_date(engine, is_allowed=migrating or is_ours)
            yield engine
        finally:
            engine.dispose()


def command_name(arguments: Sequence[str]) -> str:
    """The command that runs, without what was typed after it: 'floorboard account add'."""
    return " ".join(["floorboard", *takewhile(_COMMAND_WORD.fullmatch, arguments[1:3])])


@contextmanager
def noting_export(
    what_name: str, *, of_name: str = "", told: Mapping[str, object] | None = None
) -> Iterator[None]:
    """Notes in the trail that something leaves the warehouse, if the block that writes it ends well."""
    from sql.audit import note
    from sql.warehouse import connected

    with warehouse(migrating=False) as engine, connected(engine) as connection:
        note(connection, what_name=what_name, of_name=of_name, told=told)
        yield


def bring_up_to_date(engine: Engine, *, is_allowed: bool) -> None:
    """Runs what is pending, if allowed; FrontDoorError when it must be asked for, or the server is none to work with."""
    from sql.migrate import pending, unfit

    if faults := unfit(engine):
        raise FrontDoorError(" ".join(faults))
    waiting = pending(engine)
    if waiting and not is_allowed:
        is_empty = waiting[0].startswith("001_")
        found = "has none of Floorboard's tables" if is_empty else f"is {len(waiting)} migrations behind"
        raise FrontDoorError(
            f"The warehouse in DATABASE_URL {found}, expected the tables of this version; "
            "run `floorboard db migrate`."
        )
    if waiting:
        from etl.site import make_ready

        make_ready(engine, tell)
    elif is_allowed:
        from sql import embedded, rights

        rights.keep_up(engine, is_wanted=embedded.is_ours())


def let_pages_in(url: str, *, is_ours: bool) -> None:
    """Sees that the database refuses what the pages of this process refuse, and that they read by a login of their own.

    In the warehouse that Floorboard brings that login is made; elsewhere FLOORBOARD_PAGES_URL names it. A warehouse that is
    away, or waits for its migration, is told by the pages. Raises WarehouseError and FrontDoorError.
    """
    from sql import embedded, pages_login, rights
    from sql.migrate import pending
    from sql.warehouse import WarehouseError, open_engine

    engine = open_engine(url)
    try:
        if pending(engine):
            return
        rights.keep_up(engine, is_wanted=is_ours)
        if given := pages_login.address():
            if faults := pages_login.faults(given, engine):
                raise FrontDoorError(" ".join(faults))
        elif is_ours:
            os.environ[pages_login.VARIABLE] = pages_login.made(engine, embedded.home())
    except WarehouseError as error:
        if not error.is_transient:
            raise
        tell(str(error))
    finally:
        engine.dispose()


def answer(question: str, given: Mapping[str, str] | None = None) -> pl.DataFrame:
    """The answer to a question, its parameters as they were typed."""
    from dashboard.asking import ask as put
    from dashboard.asking import find
    from etl.demo_home import clock_in_use
    from sql.warehouse import connected

    find(question)
    with warehouse(migrating=False) as engine, connected(engine) as connection:
        return put(connection, question, given or {}, now=clock_in_use()(), warn=tell)


def address_of(engine: Engine) -> str:
    """The address of an open warehouse, with its password; never shown."""
    return engine.url.render_as_string(hide_password=False)
