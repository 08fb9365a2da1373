"""The login with which the pages read for whoever signed in: it owns nothing and may do nothing but enter.

In: FLOORBOARD_PAGES_URL, or the warehouse that Floorboard brings itself. Out: the address by which signed-in viewers are
answered; none where a site gave its pages no login of their own.
The rule it guards: a page that forgot to say for whom it asks reads nothing at all. What people change at the pages, and
signing in, goes by DATABASE_URL, the owner's address, and by nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import psycopg
import sqlalchemy as sa
from psycopg import sql as words
from sqlalchemy.exc import DBAPIError

from sql import deadlines, rights, secret_rules, warehouse
from sql.warehouse import WarehouseError

VARIABLE = "FLOORBOARD_PAGES_URL"
PASSWORD_NAME = "pages.password"
LOOK_SECONDS = 15.0
MOST_TRIES = 5  # several programs may give the login its password at the same moment
_WHERE = "select current_user, current_database() || ' ' || pg_postmaster_start_time()"


def address(environment: Mapping[str, str] | None = None) -> str | None:
    """The address of the pages' own login; None where a site gave them none."""
    given = os.environ if environment is None else environment
    return given.get(VARIABLE, "").strip() or None


def made(engine: sa.Engine, folder: Path) -> str:
    """The pages' login of the warehouse that Floorboard brings, its password kept in `folder` (mode 600); its address.

    Raises WarehouseError where the file cannot be read or written, or the rights were not installed.
    """
    password = _password(folder / PASSWORD_NAME)
    parts = engine.url.set(drivername="postgresql", username=rights.PAGES, password=password)
    url = parts.render_as_string(hide_password=False)
    if not _is_let_in(url):
        _give(engine, password)
    return url


def faults(url: str, owner: sa.Engine) -> list[str]:
    """One sentence for each thing that is wrong with the address of the pages' login; empty when all is well."""
    try:
        engine = warehouse.open_engine(url, room=warehouse.PAGES)
    except WarehouseError as error:
        return [_of_ours(str(error))]
    try:
        with warehouse.connected(owner, deadline_seconds=LOOK_SECONDS) as connection:
            _, place = connection.exec_driver_sql(_WHERE).one()
        with warehouse.connected(engine, deadline_seconds=LOOK_SECONDS) as connection:
            role, other_place = connection.exec_driver_sql(_WHERE).one()
    except WarehouseError as error:  # a server that is away is told elsewhere, and may come back
        return [] if "does not answer" in str(error) else [_of_ours(str(error))]
    finally:
        engine.dispose()
    found = []
    if role != rights.PAGES:
        found.append(
            f"{VARIABLE} names the login {role}; expected {rights.PAGES}, which may do nothing but enter: put that one "
            "there."
        )
    if place != other_place:
        found.append(
            f"{VARIABLE} leads to another database than DATABASE_URL does; expected the same one under another login."
        )
    return found


def _of_ours(sentence: str) -> str:
    """The sentence about an address, with the name of the variable that holds this one."""
    return sentence.replace("DATABASE_URL", VARIABLE)


def _password(path: Path) -> str:
    """What is kept there; made at random at the first time."""
    try:
        if not path.exists():
            new = path.with_name(f"{path.name}.{token_hex(4)}")
            new.touch(mode=0o600)
            new.write_text(token_hex(24), encoding="ascii")
            with suppress(FileExistsError):  # another program was quicker
                path.hardlink_to(new)
            new.unlink()
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WarehouseError(
            f"{path}: the password of the pages' login cannot be kept ({error}). See that the folder belongs to this user."
        ) from error
    if secret_rules.fault_of(kept, shortest=32):
        raise WarehouseError(
            f"{path}: found no password made at random; expected one of 32 letters at least. Delete the file: it is "
            "made anew."
        )
    return kept


def _is_let_in(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=int(deadlines.CONNECT_SECONDS)):
            return True
    except psycopg.Error:
        return False


def _give(engine: sa.Engine, password: str) -> None:
    """Gives the login this password, as a hash that the server's log may show."""
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            with deadlines.visit(LOOK_SECONDS), engine.begin() as connection:
                raw = warehouse.driver_connection(connection)
                kept = raw.pgconn.encrypt_password(password.encode(), rights.PAGES.encode(), b"scram-sha-256")
                given = words.SQL("alter role {} password {}").format(
                    words.Identifier(rights.PAGES), words.Literal(kept.decode())
                )
                raw.execute(given)
            return
        except psycopg.errors.InternalError_ as error:  # another program gave it one at this very moment
            if not tries_left:
                raise WarehouseError(warehouse.explain(error)) from error
        except (psycopg.Error, DBAPIError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise WarehouseError(warehouse.explain(cause)) from error
