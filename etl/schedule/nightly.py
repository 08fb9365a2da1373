"""Does what is due once for every local day of a site, for each source or for the site, once the day has ended.

In: the settings, the days that are closed, and the list of what is due. Out: the work done and the day closed.
Rule: a day is closed once, by one process; work that broke off is done again, so it must be repeatable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from etl import LoadError
from etl.config import Settings
from etl.erasure import reapply_nightly
from etl.lost_ends import close_lost_ends
from etl.reconcile import reconcile_day
from etl.retention import retain_nightly
from etl.schedule.local_days import MOST_DAYS_BACK, ended_days
from etl.sources import SourceSettings
from sql import warehouse

LEASE_SECONDS = 6 * 3600
SITE = "the site"  # stands in the list of closed days where a work is due once a night, however many sources there are


class DayWork(Protocol):
    """What is due once a day: repeatable, for one source and local day; its words go into the log, if it has any."""

    def __call__(
        self,
        engine: sa.Engine,
        settings: Settings,
        source: SourceSettings,
        day_date: date,
        /,
        *,
        now: Callable[[], datetime],
    ) -> str | None:
        """Does it. Raises LoadError or WarehouseError where it cannot be done; it is tried again later."""


@dataclass(frozen=True)
class Nightly:
    """One line of the list: what it is called, how long after the day's end it begins, and what it does.

    is_of_the_site: it is due once a night, not once for each source; its work is given the first of them.
    """

    work_name: str
    settle: timedelta
    work: DayWork
    is_of_the_site: bool = False


def _reconciled(
    engine: sa.Engine,
    settings: Settings,
    source: SourceSettings,
    day_date: date,
    *,
    now: Callable[[], datetime],
) -> str | None:
    """The comparison of a day with its origin; its words where the two did not agree."""
    found = reconcile_day(engine, settings, source, day_date, now=now)
    if found.outcome_name == "failed":
        raise LoadError(found.reason_text or "The day could not be compared with its origin.")
    if found.outcome_name in ("agreed", "not_comparable"):  # the second stands on Data health; it is no alarm
        return None
    return f"{found.outcome_name}: {found.reason_text}"


SHOWN_LATE = timedelta(hours=3, minutes=30)  # longer than any reader's look-back: late records are no losses
WORKS: tuple[Nightly, ...] = (
    Nightly("erasures", timedelta(minutes=30), reapply_nightly, is_of_the_site=True),
    Nightly("reconciliation", SHOWN_LATE, _reconciled),
    # After the comparison: what the origin knows of an end is not lost.
    Nightly("lost ends", SHOWN_LATE + timedelta(minutes=30), close_lost_ends),
    # Last of all: what is compared and closed before is still there.
    Nightly("retention", SHOWN_LATE + timedelta(hours=1), retain_nightly, is_of_the_site=True),
)


@dataclass(frozen=True)
class Due:
    """A day of a source (or of the SITE) that has ended and is not closed."""

    work_name: str
    source_name: str
    day_date: date


def work(work_name: str) -> DayWork:
    """What is done under that name."""
    return next(one.work for one in WORKS if one.work_name == work_name)


def due(
    engine: sa.Engine, settings: Settings, *, now: datetime, works: tuple[Nightly, ...] | None = None
) -> list[Due]:
    """What is to be done now: oldest day first, of a source's day what settles first. WarehouseError."""
    zone = ZoneInfo(settings.site.time_zone)
    listed = WORKS if works is None else works
    with warehouse.connected(engine) as connection:
        known = warehouse.frame(
            connection,
            "merge/closed_days",
            first_date=now.date() - timedelta(days=MOST_DAYS_BACK + 2),
            lease_seconds=LEASE_SECONDS,
        ).to_dicts()
    found = [
        Due(one.work_name, name, day)
        for one in sorted(listed, key=lambda one: one.settle)
        for name in ([SITE] if one.is_of_the_site else [source.name for source in settings.sources])
        for day in _days(known, one, name, zone, now)
    ]
    return sorted(found, key=lambda each: (each.day_date, each.source_name != SITE, each.source_name))


def source_of(settings: Settings, name: str) -> SourceSettings:
    """The source of a day that is due; for one of the SITE the first."""
    return settings.sources[0] if name == SITE else settings.source(name)


def _days(
    known: list[dict[str, Any]], one: Nightly, source_name: str, zone: ZoneInfo, now: datetime
) -> list[date]:
    """The days of a source that are due; one that somebody is at is left to him."""
    mine = [row for row in known if (row["work_name"], row["source_name"]) == (one.work_name, source_name)]
    closed = {row["day_date"] for row in mine if row["is_closed"]}
    at_work = {row["day_date"] for row in mine if row["is_at_work"]}
    begun = {row["day_date"] for row in mine} - closed
    days = ended_days(zone, now, closed | at_work, settle=one.settle)
    return sorted((set(days) | begun) - at_work)


def take(engine: sa.Engine, one: Due, *, process_name: str) -> bool:
    """Whether the day is ours to work on: nobody has closed it, and nobody is at it. WarehouseError."""
    with warehouse.connected(engine) as connection:
        return (
            warehouse.execute(
                connection,
                "merge/day_take",
                **vars(one),
                process_name=process_name,
                lease_seconds=LEASE_SECONDS,
            )
            == 1
        )


def close(engine: sa.Engine, one: Due, *, process_name: str) -> bool:
    """Closes the day that we took; whether it was still ours. WarehouseError."""
    with warehouse.connected(engine) as connection:
        return warehouse.execute(connection, "merge/day_close", **vars(one), process_name=process_name) == 1


def give_back(engine: sa.Engine, one: Due, *, process_name: str) -> None:
    """Leaves a day that could not be done to whoever comes next. WarehouseError."""
    with warehouse.connected(engine) as connection:
        warehouse.execute(connection, "merge/day_give_back", **vars(one), process_name=process_name)
