"""Makes the sums of agents' working days out of the facts, and makes them again where facts came late, changed or went.

In: calls, states, tickets, surveys, reviews, schedules, and what the facts' triggers noted. Out: game.day_sums, one row per
agent, working day and kind of work, and the days that came out otherwise than before.
The rule it guards: a day whose facts did not change is not made again, and one whose facts did is never missed: the note is
taken before the facts are read, and in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from sql import warehouse

MOST_DAYS = 14
"""Made in one transaction; a history is made in several."""
MANY_DAYS = 5
"""So many new days change what the planner should know."""
DEADLINE_SECONDS = 900.0
STATEMENT_TIMEOUT = "600s"
FILLS = ("calls", "rings", "contacts", "tickets", "reviews", "states", "schedules", "kudos")


def refresh(engine: sa.Engine, *, first_date: date, last_date: date, now: datetime) -> list[date]:
    """The working days between the two (both included) whose sums are other than before, now that they are made.

    Days of which nothing changed cost nothing. Each piece stands by itself: what was made stays made where it breaks off.
    """
    news: list[date] = []
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        asked = due(connection, first_date=first_date, last_date=last_date, now=now)
    for piece in pieces(asked):
        with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            news += make(connection, piece, now=now)
            if len(piece) > MANY_DAYS:
                connection.execute(sa.text("analyze game.day_sums"))
    return news


def settled(now: datetime) -> datetime:
    """Until when contacts are followed: the last midnight, so that the clock alone changes a sum once a day at the most."""
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)


def pieces(days: Sequence[date]) -> Iterator[list[date]]:
    """The days in runs that are made together: apart by two days at the most, and MOST_DAYS long."""
    piece: list[date] = []
    for day in days:
        if piece and (day - piece[-1] > timedelta(days=2) or day - piece[0] >= timedelta(days=MOST_DAYS)):
            yield piece
            piece = []
        piece.append(day)
    if piece:
        yield piece


def make(connection: sa.Connection, days: Sequence[date], *, now: datetime) -> list[date]:
    """Makes the sums of these days in the connection's transaction; those that came out otherwise, in order."""
    warehouse.one_row(connection, "game/sums_lock")
    connection.execute(
        sa.text("select set_config('statement_timeout', :limit, true)"), {"limit": STATEMENT_TIMEOUT}
    )
    warehouse.one_row(connection, "game/sums_changed")
    connection.exec_driver_sql(warehouse.statement("game/sums_stage"))
    warehouse.execute(connection, "game/sums_asked", day_dates=list(days))
    window = {"first_date": days[0], "last_date": days[-1]}
    settled_at = settled(now)
    for name in ("crossings", "clocks"):
        warehouse.execute(connection, f"game/sums_{name}", **window)
    for name in FILLS:
        extra = {"contacts": {"settled_at": settled_at}, "schedules": {"made_at": now}}.get(name, {})
        warehouse.execute(connection, f"game/sums_{name}", **window, **extra)
    found = warehouse.frame(connection, "game/sums_merge", made_at=now, settled_at=settled_at)
    return [day for day in found["day_date"].to_list() if isinstance(day, date)]


def due(connection: sa.Connection, *, first_date: date, last_date: date, now: datetime) -> list[date]:
    """The days between the two that are to be made: never made, changed since, or past the days of coming again."""
    warehouse.one_row(connection, "game/sums_lock")
    warehouse.one_row(connection, "game/sums_changed")
    window = {"first_date": first_date, "last_date": last_date, "settled_at": settled(now)}
    found = warehouse.frame(connection, "game/sums_due", **window)["day_date"].to_list()
    return [day for day in found if isinstance(day, date)]
