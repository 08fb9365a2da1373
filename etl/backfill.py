"""Makes the rollups anew from the facts: after a changed target or threshold, or to prove that they are right.

In: a window (all of it by default). Out: the same rollups that the loads made, to the last digit.
The rule it guards: rollups hold nothing that the facts do not; whoever reads meanwhile sees the old or the new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import sqlalchemy as sa

from etl import LoadError
from etl.load import DEADLINE_SECONDS
from etl.merge import roll_up
from etl.patience import Patience
from etl.retention import refuse_deleted_days
from etl.tickets.ticket_merge import MOST_TICKETS, roll_up_days, settle_tickets
from sql import warehouse

PIECE = timedelta(days=7)
_FIRST_AT, _LAST_AT = datetime(1990, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)


def backfill(
    engine: sa.Engine,
    *,
    window_start: datetime | None = None,
    window_end: datetime | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> int:
    """Makes the rollups of the window (all of it when None) anew from the facts; the number of rows made.

    Each week is one transaction, so readers see the old or the new rollups, never a gap, and a load that meets it in the
    same interval waits no longer than it is patient (etl.patience). Intervals and days whose rows were deleted for their
    age stay as they were counted; raises LoadError where the window begins with them.
    """
    made = 0
    try:
        refuse_deleted_days(engine, window_start)
        with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            first_at, last_at = warehouse.one_row(connection, "rollups/extent")
        made += _backfill_tickets(
            engine, window_start or _FIRST_AT, window_end or _LAST_AT, on_progress=on_progress
        )
        if first_at is None:
            return made
        start = _interval(max(first_at, window_start) if window_start else first_at)
        end = (
            min(last_at + timedelta(seconds=1), window_end) if window_end else last_at + timedelta(seconds=1)
        )
        for piece_start, piece_end in _pieces(engine, start, _interval(end + timedelta(seconds=899))):
            if on_progress is not None:
                on_progress(f"{piece_start:%Y-%m-%d}")
            made += _patiently(partial(_backfill_window, engine, piece_start, piece_end))
    except warehouse.WarehouseError as error:
        raise LoadError(str(error)) from error
    return made


def _patiently(work: Callable[[], int]) -> int:
    """What one transaction made; one that a load crossed is done again."""
    patience = Patience()
    while True:
        try:
            return work()
        except warehouse.WarehouseError as error:
            patience.bear(error)


def _backfill_window(engine: sa.Engine, window_start: datetime, window_end: datetime) -> int:
    window = {"window_start": window_start, "window_end": window_end}
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        warehouse.one_row(connection, "policy/hold")
        connection.exec_driver_sql(warehouse.statement("merge/stage"))
        warehouse.execute(connection, "rollups/clear_queue_intervals", **window)
        warehouse.execute(connection, "rollups/clear_agent_intervals", **window)
        warehouse.execute(connection, "rollups/dirty_from_facts", **window)
        return roll_up(connection)


def _backfill_tickets(
    engine: sa.Engine,
    window_start: datetime,
    window_end: datetime,
    *,
    on_progress: Callable[[str], None] | None,
) -> int:
    """Counts the tickets of the window anew from their events, and the days on which they count."""
    window = {"window_start": window_start, "window_end": window_end}
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        tickets = warehouse.frame(connection, "rollups/tickets_between", **window)
    for (source_name,), part in tickets.group_by("source_name", maintain_order=True):
        for place in range(0, part.height, MOST_TICKETS):
            if on_progress is not None:
                on_progress(f"{source_name}: {place:,} of {part.height:,} tickets")
            ticket_ids = part["ticket_id"][place : place + MOST_TICKETS].to_list()
            _patiently(partial(_backfill_some, engine, str(source_name), ticket_ids))
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        connection.exec_driver_sql(warehouse.statement("merge/stage_ticket_measures"))
        warehouse.execute(connection, "rollups/dirty_ticket_days", **window)
        return roll_up_days(connection)


def _backfill_some(engine: sa.Engine, source_name: str, ticket_ids: list[str]) -> int:
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        settle_tickets(connection, ticket_ids, source_name=source_name)
        return roll_up_days(connection)


def _interval(instant: datetime) -> datetime:
    """The start of the 15 minutes that hold the instant."""
    seconds = int(instant.timestamp()) // 900 * 900
    return datetime.fromtimestamp(seconds, UTC)


def _pieces(engine: sa.Engine, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Month by month, and week by week where anything began."""
    while start < end:
        following = min((start.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1), end)
        with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            window = {"window_start": start, "window_end": following}
            [has_facts] = warehouse.one_row(connection, "rollups/has_facts", **window)
        while start < following:
            piece_end = min(start + PIECE, following) if has_facts else following
            yield start, piece_end
            start = piece_end
