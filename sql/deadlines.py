"""Lets nobody wait for ever on a database that fell silent: every visit ends in time, from the first knock to the commit.

In: how long a visit may take, and an engine to keep to it. Out: connections that are cut when the time is over, so that
whatever waits on them fails instead of hanging.
The rule it guards: the wait for the connection's making, for the sign of life of an old one, for every statement and
for the commit all count; on a silent network neither keepalives nor statement_timeout end any of them.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import InvalidatePoolError

CONNECT_SECONDS = 3.0
SIGN_OF_LIFE_SECONDS = 1.5
_IS_NEW = "floorboard_is_new"
_VISIT = "floorboard_visit"
_BLANK = b"set session authorization default; reset all; select pg_advisory_unlock_all()"
_IN_STEP = (TransactionStatus.IDLE, TransactionStatus.INTRANS, TransactionStatus.INERROR)


class _Record(Protocol):
    """The pool's own note on a connection."""

    @property
    def info(self) -> dict[Any, Any]: ...


class Visit:
    """One visit to the database: the time that is left for it, and the connection that is cut when it is over."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._twin: socket.socket | None = None
        self._is_over = False
        self._connection: psycopg.Connection[Any] | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left_seconds(self) -> float:
        """How much of the time is left, at least 0."""
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def is_connected(self) -> bool:
        """Whether there was a connection and it still stands, its two ends in step."""
        found = self._connection
        return found is not None and found.info.transaction_status in _IN_STEP

    def watch(self, connection: psycopg.Connection[Any]) -> None:
        """Cuts this connection, and no other any more, when the time is over."""
        twin = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._let_go()
            self._connection, self._twin = connection, twin
            if self._is_over:
                _shut(twin)

    def leave(self) -> None:
        """The connection goes back to the pool: it is not this visit's any more."""
        with self._lock:
            self._let_go()

    def close(self) -> None:
        """Ends the visit."""
        self._timer.cancel()
        self.leave()

    def _cut(self) -> None:
        with self._lock:
            self._is_over = True
            if self._twin is not None:
                _shut(self._twin)

    def _let_go(self) -> None:
        if self._twin is not None:
            self._twin.close()
            self._twin = None


class _Present(threading.local):
    visit: Visit | None = None


_present = _Present()


@contextmanager
def visit(seconds: float) -> Iterator[Visit]:
    """What this thread asks of a kept engine inside the block ends after `seconds` at the latest."""
    before, _present.visit = _present.visit, Visit(seconds)
    try:
        yield _present.visit
    finally:
        _present.visit.close()
        _present.visit = before


@contextmanager
def limited(connection: psycopg.Connection[Any], *, seconds: float) -> Iterator[None]:
    """Cuts the connection after `seconds`, so that whatever waits on it fails instead of hanging."""
    short = Visit(seconds)
    try:
        short.watch(connection)
        yield
    finally:
        short.close()


def _made_blank(connection: psycopg.Connection[Any]) -> None:
    """Asks a kept connection for a sign of life; what its last borrower set or locked for the session goes with it."""
    before, connection.autocommit = connection.autocommit, True
    try:
        connection.execute(_BLANK)
    finally:
        if not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE:
            connection.autocommit = before


def keep(engine: sa.Engine) -> None:
    """Makes the engine keep to the present visit, and show it no connection without a sign of life.

    Outside a visit, connecting and the sign of life have their own limits and statements have none.
    """

    def at_most(seconds: float) -> float:
        return min(seconds, _present.visit.left_seconds) if _present.visit else seconds

    def connect(_dialect: object, _record: object, words: tuple[Any, ...], options: dict[str, Any]) -> Any:
        connection = _made(words, options, seconds=at_most(CONNECT_SECONDS))
        if _present.visit:  # what SQLAlchemy asks of a new connection counts as well
            _present.visit.watch(connection)
        return connection

    def welcome(_connection: object, record: _Record) -> None:
        record.info[_IS_NEW] = True

    def hand_out(connection: psycopg.Connection[Any], record: _Record, _proxy: object) -> None:
        if not record.info.pop(_IS_NEW, False):
            try:
                with limited(connection, seconds=at_most(SIGN_OF_LIFE_SECONDS)):
                    _made_blank(connection)
            except psycopg.Error as error:
                raise InvalidatePoolError from error  # the pool makes this one anew, and all that are as old
        if _present.visit:
            _present.visit.watch(connection)
            record.info[_VISIT] = _present.visit

    def take_back(_connection: object, record: _Record) -> None:
        visited: Visit | None = record.info.pop(_VISIT, None)
        if visited:
            visited.leave()

    sa.event.listen(engine, "do_connect", connect)
    sa.event.listen(engine, "connect", welcome)
    sa.event.listen(engine, "checkout", hand_out)
    sa.event.listen(engine, "checkin", take_back)


def _made(words: tuple[Any, ...], options: dict[str, Any], *, seconds: float) -> psycopg.Connection[Any]:
    """A new connection in time. The looking-up of a name cannot be interrupted, so a thread of its own does it."""
    made: Future[psycopg.Connection[Any]] = Future()

    def make() -> None:
        try:
            made.set_result(psycopg.connect(*words, **options))
        except BaseException as error:  # noqa: BLE001 - raised where the result is waited for
            made.set_exception(error)

    threading.Thread(target=make, name="connects to Postgres", daemon=True).start()
    try:
        return made.result(timeout=seconds)
    except TimeoutError:
        made.add_done_callback(_unwanted)
        raise psycopg.errors.ConnectionTimeout("connection timeout expired") from None


def _unwanted(late: Future[psycopg.Connection[Any]]) -> None:
    if late.exception() is None:
        late.result().close()


def _shut(twin: socket.socket) -> None:
    try:
        twin.shutdown(socket.SHUT_RDWR)
    except OSError:  # already gone: nothing waits on it
        return
