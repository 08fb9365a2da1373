"""Agrees with other loaders of the same warehouse on who does what: of several, one leads each job, the others stand by.

In: the names of the jobs that this process could do. Out: those that it leads at this moment.
Rule: the lead is a lock of a session of its own; where that session is lost, the lead is lost at once. A lock can be
lost without anybody noticing, so it only saves work: that no work has two effects is the slots' doing.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from sql import deadlines
from sql.warehouse import driver_connection, statement

ASK_SECONDS = 2.0
DEADLINE_SECONDS = 3.0
UNSEEN_SECONDS = 45.0
_LOG = logging.getLogger("floorboard.etl")


class Leadership:
    """The lead of some jobs; asked by one thread."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._session: sa.Connection | None = None
        self._driver: psycopg.Connection[Any] | None = None
        self._held: frozenset[str] = frozenset()
        self._others: frozenset[str] = frozenset()
        self._ask_at = 0.0

    @property
    def held(self) -> frozenset[str]:
        """The jobs that this process leads."""
        return self._held

    @property
    def others(self) -> frozenset[str]:
        """The jobs that another process is known to lead; empty while the warehouse is away."""
        return self._others

    def agree(self, job_names: Iterable[str]) -> None:
        """Looks whether the lead still holds and takes that of jobs which nobody leads; to be called twice a second.

        Where the session is lost, nothing is led from this moment on, until a new session has taken the lead again.
        """
        names = sorted(job_names)
        if self._session is not None and not self._is_cut() and time.monotonic() < self._ask_at:
            return
        try:
            self._ask(self._opened(), names)
        except (SQLAlchemyError, psycopg.Error) as error:
            if self._session is not None:
                _LOG.warning(
                    "The session that holds the lead was lost (%s); no work is begun.", type(error).__name__
                )
            self.close()

    def close(self) -> None:
        """Gives up the lead."""
        session, driver, self._session, self._driver = self._session, self._driver, None, None
        self._held = self._others = frozenset()
        if driver is not None:
            driver.close()
        if session is not None:
            with suppress(SQLAlchemyError, psycopg.Error):
                session.close()

    def _opened(self) -> sa.Connection:
        """The session of its own: no pool may lend it to anybody."""
        if self._session is None:
            with deadlines.visit(DEADLINE_SECONDS):
                session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._driver = driver_connection(session)
                session.detach()
            self._session = session
        return self._session

    def _ask(self, session: sa.Connection, names: list[str]) -> None:
        assert self._driver is not None
        with deadlines.limited(self._driver, seconds=DEADLINE_SECONDS):
            held = _rows(session, "merge/lead_held", names) if self._held else frozenset()
            if lost := self._held - held:
                # behind a pooler every statement may have another session: nothing that was taken there is ours
                _LOG.warning("The lead of %s was lost; no work of it is begun.", ", ".join(sorted(lost)))
            wanted = [name for name in names if name not in held]
            taken = _rows(session, "merge/lead_take", wanted) if wanted else frozenset()
            self._held = held | taken
            self._others = frozenset(names) - self._held
            if self._others:
                self._end_unseen(session)
        self._ask_at = time.monotonic() + ASK_SECONDS

    def _end_unseen(self, session: sa.Connection) -> None:
        """Ends the session of a leader that stopped without letting go; its jobs are taken with the next look."""
        words = {"job_names": sorted(self._others), "unseen_seconds": UNSEEN_SECONDS}
        ended = session.execute(sa.text(statement("merge/lead_end")), words).all()
        for job_name, _ in ended:
            _LOG.warning(
                "%s: its leader was not seen for %.0f s; its lead is ended.", job_name, UNSEEN_SECONDS
            )

    def _is_cut(self) -> bool:
        """Whether the session has something to say unasked, as the server does when it ends it."""
        if self._driver is None:
            return True
        try:
            readable, _, _ = select.select([self._driver], [], [], 0)
        except (psycopg.Error, ValueError):  # closed on our side
            return True
        return bool(readable)


def _rows(session: sa.Connection, name: str, job_names: list[str]) -> frozenset[str]:
    rows = session.execute(sa.text(statement(name)), {"job_names": job_names})
    return frozenset(row.job_name for row in rows if row.has_lead)
