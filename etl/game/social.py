"""Keeps what runs by the clock in the game: coins follow the points that earned them, contests begin and end.

In: the ledger, the settings of the store, the contests, the present instant. Out: entries of coins, contests a step further.
The rule it guards: a second run changes nothing; coins never fall below zero; a contest that has ended waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from sql import audit, warehouse

ACTOR_NAME = "floorboard"
OPEN_DAYS = 62  # no working day stays open longer (game.settings)
SECONDS, FIRST_IN_SECONDS = 60, 20.0
DEADLINE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What one run did: entries of coins added and taken back, contests that went a step further."""

    added_entries: int = 0
    reversed_entries: int = 0
    moved_contests: int = 0


class SocialClock:
    """The job of the loader: cheap while nothing was written to the ledger since it looked last."""

    def __init__(self, engine: sa.Engine, *, now: Callable[[], datetime]) -> None:
        self._engine, self._now = engine, now
        self._seen: tuple[date, int] | None = None

    def work(self) -> Kept:
        """Does what is due; raises WarehouseError."""
        at = self._now()
        with warehouse.connected(self._engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            moved = move_contests(connection, at=at)
            site_date, _, newest = warehouse.one_row(connection, "game/social/site_date", at=at)
            if self._seen == (site_date, newest):
                return Kept(moved_contests=moved)
            added, reversed_ = keep_coins(connection, at=at)
            newest = warehouse.one_row(connection, "game/social/site_date", at=at)[2]
        self._seen = (site_date, newest)
        return Kept(added, reversed_, moved)


def move_contests(connection: sa.Connection, *, at: datetime) -> int:
    """Begins the contests whose first day has begun, and ends those whose last one is over; how many steps were taken."""
    moved = 0
    names = {"begin": ("announced", "running"), "end": ("running", "pending")}
    for _ in range(2):  # one that is late by all its days begins and ends
        for contest_id, _state, step_name in warehouse.frame(
            connection, "game/social/contests_due", at=at
        ).rows():
            from_name, to_name = names[step_name]
            warehouse.execute(
                connection,
                "game/social/contest_move",
                contest_id=contest_id,
                from_name=from_name,
                to_name=to_name,
                at=at,
                actor_name=ACTOR_NAME,
                note_text="",
            )
            audit.note(
                connection,
                what_name="game.contest",
                of_name=f"contest {contest_id}",
                told={"did": step_name, "before": {"state": from_name}, "after": {"state": to_name}},
            )
            moved += 1
    return moved


def keep_coins(connection: sa.Connection, *, at: datetime) -> tuple[int, int]:
    """Makes the coins of the open working days what their points make; entries added, and taken back.

    What was spent of coins that are taken back is written off. The wallets that change are locked first, in their order.
    """
    site_date, first_date, _ = warehouse.one_row(connection, "game/social/site_date", at=at)
    if first_date is None:
        return 0, 0
    earliest = site_date - timedelta(days=OPEN_DAYS)
    has_coins = bool(warehouse.one_row(connection, "game/social/coins_begun")[0])
    days = {"first_date": max(first_date, earliest) if has_coins else first_date, "last_date": site_date}
    agents = warehouse.frame(connection, "game/social/coins_agents", **days)["agent_id"].to_list()
    if not agents:
        return 0, 0
    for agent_id in agents:
        warehouse.one_row(connection, "game/wallet_lock", agent_id=agent_id)
    (run_id,) = warehouse.one_row(
        connection,
        "game/run_new",
        kind_name="store",
        started_at=at,
        actor_name=ACTOR_NAME,
        note_text="coins",
        **days,
    )
    by = {"run_id": run_id, "actor_name": ACTOR_NAME}
    back = warehouse.execute(connection, "game/social/coins_back", **days, **by)
    added = warehouse.execute(connection, "game/social/coins_earn", **days, **by)
    added += warehouse.execute(connection, "game/social/coins_write_off", **by)
    added += warehouse.execute(connection, "game/social/coins_expire", last_date=site_date, **by)
    warehouse.execute(
        connection,
        "game/run_end",
        run_id=run_id,
        ended_at=at,
        added_entries=added,
        reversed_entries=back,
        basis_sha256=None,
    )
    return added, back
