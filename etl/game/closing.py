"""Posts working days once they are over and settled, counts the open ones again, and closes them for good.

In: the clock, the settings of the game, facts and rules. Out: entries of posted days, closed days and seasons with the hash
of their ledger, and approved requests to score past days again carried out.
The rule it guards: a day is posted when it is over by everybody's clock and its facts had time to arrive, counted again
while it is open, and closed once; what differs later is put right in an open day, beside what it corrects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from etl.game import reconcile, sums
from etl.game.reconcile import Reconciled
from etl.game.rulebook import ACTOR_NAME
from sql import warehouse

DAY = timedelta(days=1)
PIECE = timedelta(days=sums.MOST_DAYS - 1)
OPEN_LEAST_CHANGE = 2
"""While a day is open, a single point that comes and goes with each late fact writes nothing; its close puts it right."""


@dataclass(frozen=True)
class GameClock:
    """Which working day it is, and which are posted, open and closed."""

    today_date: date
    posted_date: date
    closed_date: date | None
    open_days: int

    @property
    def closing_date(self) -> date:
        """The last day that is due to be closed."""
        return self.posted_date - timedelta(days=self.open_days)


def clock(connection: sa.Connection, at: datetime) -> GameClock:
    """The clock of the game at an instant."""
    return GameClock(*warehouse.one_row(connection, "game/clock", at=at))


def keep(
    engine: sa.Engine,
    *,
    now: datetime,
    check: Callable[[], None] = lambda: None,
    actor_name: str = ACTOR_NAME,
) -> Reconciled:
    """Does all that is due: posts, counts open days again, closes. May be done again at any time, and then writes nothing.

    `check` is called between transactions and may end the work by raising. Raises WarehouseError.
    """
    reconcile.publish(engine, now=now)
    done = _rescore(engine, now=now)
    with warehouse.connected(engine) as connection:
        at = clock(connection, now)
        extent = warehouse.one_row(connection, "game/extent")[0]
        warehouse.execute(connection, "game/season_first", day_date=at.today_date)
    first = at.closed_date + DAY if at.closed_date else extent
    if first is None:
        return done
    start = first
    while start <= at.closing_date:
        check()
        end = min(start + PIECE, at.closing_date)
        done = _sum(done, _closed(engine, start, end, now=now, actor_name=actor_name))
        start = end + DAY
    check()
    if at.closed_date is not None:
        start = _late(engine, start, at.closed_date, extent, now=now)
    if start <= at.posted_date:
        found = reconcile.reconcile(
            engine,
            first_date=start,
            last_date=at.posted_date,
            now=now,
            actor_name=actor_name,
            least_change=OPEN_LEAST_CHANGE,
        )
        done = _sum(done, found)
    with warehouse.connected(engine) as connection:
        warehouse.execute(connection, "game/seasons_close", closed_at=now, actor_name=actor_name)
        warehouse.one_row(connection, "game/leagues_placed", day_date=at.today_date)
    return done


def _late(engine: sa.Engine, start: date, closed_date: date, extent: date | None, *, now: datetime) -> date:
    """The day from which on is counted: before start where facts of closed days came late and change what they make."""
    with warehouse.connected(engine, deadline_seconds=sums.DEADLINE_SECONDS) as connection:
        warehouse.one_row(connection, "game/sums_lock")
        warehouse.one_row(connection, "game/sums_changed")
        [changed] = warehouse.one_row(
            connection,
            "game/changed_closed",
            closed_date=closed_date,
            extent_date=extent,
            settled_at=sums.settled(now),
        )
    if changed is None:
        return start
    news = sums.refresh(engine, first_date=changed, last_date=closed_date, now=now)
    return min([start, *news])


def _closed(engine: sa.Engine, first: date, last: date, *, now: datetime, actor_name: str) -> Reconciled:
    """Counts days for the last time, to the last point, and closes them in the same transaction."""
    sums.refresh(engine, first_date=first, last_date=last, now=now)
    with warehouse.connected(engine, deadline_seconds=reconcile.DEADLINE_SECONDS) as connection:
        done = reconcile.post(connection, first_date=first, last_date=last, now=now, actor_name=actor_name)
        close(connection, first, last, now=now, actor_name=actor_name)
    return done


def close(
    connection: sa.Connection, first: date, last: date, *, now: datetime, actor_name: str = ACTOR_NAME
) -> int:
    """Closes the working days of [first, last] that are open, oldest first; how many."""
    warehouse.one_row(connection, "game/post_lock")
    window = {"first_date": first, "last_date": last}
    [run_id] = warehouse.one_row(
        connection,
        "game/run_new",
        kind_name="close",
        started_at=now,
        actor_name=actor_name,
        note_text="",
        **window,
    )
    days = [first + DAY * n for n in range((last - first).days + 1)]
    closed = sum(
        warehouse.execute(connection, "game/day_close", day_date=day, closed_at=now, run_id=run_id)
        for day in days
    )
    ended = {"added_entries": 0, "reversed_entries": 0, "basis_sha256": None}
    warehouse.execute(connection, "game/run_end", run_id=run_id, ended_at=now, **ended)
    return closed


def _rescore(engine: sa.Engine, *, now: datetime) -> Reconciled:
    """Scores past days again by another version, where a person has asked for it and another one has approved."""
    done = Reconciled()
    with warehouse.connected(engine) as connection:
        rows = warehouse.frame(connection, "game/rescored").to_dicts()
    for row in rows:
        if row["ended_at"] is None:
            found = reconcile.reconcile(
                engine,
                first_date=row["first_date"],
                last_date=row["last_date"],
                now=now,
                rules={row["rule_name"]},
                run_id=row["run_id"],
            )
            done = _sum(done, found)
    return done


def _sum(one: Reconciled, other: Reconciled) -> Reconciled:
    return Reconciled(
        one.added_entries + other.added_entries,
        one.reversed_entries + other.reversed_entries,
        one.held_entries + other.held_entries,
        other.run_id or one.run_id,
    )
