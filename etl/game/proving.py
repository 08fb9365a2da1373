"""Proves the ledger: counts everything anew from the facts, and sets that against what the ledger says.

In: facts, rules, decisions, the ledger. Out: the keys of which the two differ, and the closed days whose hash does not fit.
The rule it guards: a proof changes nothing: all that it makes is undone at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from etl.game import reconcile, rulebook, sums
from etl.game.closing import OPEN_LEAST_CHANGE, clock
from sql import warehouse

DEADLINE_SECONDS = 3600.0


@dataclass(frozen=True)
class Proof:
    """What a full count found: how many keys it compared, those that differ, days whose sums or whose hash do not fit."""

    first_date: date | None
    last_date: date | None
    keys: int
    differences: tuple[tuple[str, int, int], ...]
    """The key, what is due, and the net of the ledger."""
    stale_days: tuple[date, ...]
    broken_days: tuple[date, ...]

    @property
    def is_good(self) -> bool:
        """Whether the ledger says what one full count gives, and nobody has changed what was closed."""
        return not self.differences and not self.stale_days and not self.broken_days


def prove(engine: sa.Engine, *, now: datetime) -> Proof:
    """Counts all posted days anew and compares; nothing is kept of it. Raises WarehouseError."""
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        last = clock(connection, now).posted_date
        [first] = connection.execute(sa.text("select min(day_date) from game.made_days")).one()
        broken = warehouse.frame(connection, "game/closes_checked")["day_date"].to_list()
        if first is None or first > last:
            return Proof(None, None, 0, (), (), tuple(broken))
        with connection.begin_nested() as tried:
            stale = _stale(connection, first, last, now)
            compared, differences = _compared(connection, first, last)
            tried.rollback()
    return Proof(first, last, compared, differences, stale, tuple(broken))


def _stale(connection: sa.Connection, first: date, last: date, now: datetime) -> tuple[date, ...]:
    """The days whose sums come out otherwise where nothing had noted a change, once all are made anew."""
    noted = set(_due(connection, first, last, now))
    warehouse.execute(connection, "game/prove_unmade")
    news: list[date] = []
    for piece in sums.pieces(_due(connection, first, last, now)):
        news += sums.make(connection, piece, now=now)
    return tuple(day for day in news if day not in noted)


def _due(connection: sa.Connection, first: date, last: date, now: datetime) -> list[date]:
    return sums.due(connection, first_date=first, last_date=last, now=now)


def _compared(
    connection: sa.Connection, first: date, last: date
) -> tuple[int, tuple[tuple[str, int, int], ...]]:
    """How many keys were compared, and those that differ: levels by the ledger as it is, all others by the facts."""
    versions = rulebook.versions(connection, first_date=first)
    compared, differences = 0, []
    for is_level in (False, True):
        chosen = [one for one in versions if (one.rule.kind == "level") == is_level]
        reconcile.desire(connection, chosen, first_date=first, last_date=last)
        [count] = connection.execute(sa.text("select count(*) from game_desired")).one()
        compared += int(count)
        differences += [
            (row["entry_key"], row["due_points"], row["net_points"])
            for row in warehouse.frame(
                connection, "game/prove_differences", least_change=OPEN_LEAST_CHANGE
            ).to_dicts()
        ]
    return compared, tuple(differences)
