"""Keeps every start that failed or was left out until it stands in the ledger, however long the warehouse is away.

In: the source, the instant, a sentence. Out: one failed row of ops.runs each, in order.
Rule: nothing is left out in silence; what cannot be written now is written when the warehouse is back.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from etl.schedule.clock import Clock
from sql.warehouse import WarehouseError, connected, execute

MOST_KEPT = 1000
_LOG = logging.getLogger("floorboard.etl")


@dataclass(frozen=True)
class _Failure:
    """A start that did no good, waiting for its row in the run ledger."""

    source_name: str
    at: datetime
    error_text: str


class FailedStarts:
    """The starts of this process that did no good."""

    def __init__(self, engine: sa.Engine, *, now: Clock) -> None:
        self._engine, self._now = engine, now
        self._waiting: deque[_Failure] = deque(maxlen=MOST_KEPT)

    def note(self, source_name: str, sentence: str) -> None:
        """Takes down a start that did no good, with the reason in words."""
        self._waiting.append(_Failure(source_name, self._now(), sentence))

    def write(self) -> None:
        """Writes what waits; where the warehouse is away it goes on waiting."""
        while self._waiting:
            failure = self._waiting[0]
            try:
                with connected(self._engine) as connection:
                    execute(
                        connection,
                        "merge/failed_starts",
                        source_name=failure.source_name,
                        failed_at=failure.at,
                        error_text=failure.error_text,
                    )
            except WarehouseError as error:
                if not error.is_data_fault:
                    return  # told by the heartbeat; written with the next one
                _LOG.error("%s: a failed start cannot be written down: %s", failure.source_name, error)
            self._waiting.popleft()
