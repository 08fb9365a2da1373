"""Shows what is earned but not posted yet: the running day, and days that still settle, as the facts stand now.

In: the sums of those days and the rules. Out: game.today, made anew as a whole.
The rule it guards: what is shown is never part of the ledger, and what the ledger holds already is never shown twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from etl.game import reconcile, rulebook, sums
from etl.game.closing import clock
from sql import warehouse


def show(engine: sa.Engine, *, now: datetime) -> int:
    """Makes game.today anew; how many awards are shown. Raises WarehouseError."""
    with warehouse.connected(engine) as connection:
        at = clock(connection, now)
    first, last = at.posted_date + timedelta(days=1), at.today_date
    sums.refresh(engine, first_date=first, last_date=last, now=now)
    with warehouse.connected(engine, deadline_seconds=reconcile.DEADLINE_SECONDS) as connection:
        warehouse.execute(connection, "game/today_clear")
        versions = rulebook.versions(connection, first_date=first)
        reconcile.desire(
            connection,
            [one for one in versions if one.rule.kind != "level"],
            first_date=first,
            last_date=last,
        )
        return warehouse.execute(connection, "game/today_put", first_date=first, last_date=last, made_at=now)
