"""For how many months rows are kept, as the settings of a site have it.

In: the table [retention] of floorboard.toml. Out: one typed value, whole without the table.
The rule it guards: what is kept without a limit is kept so because somebody wrote "unlimited", or because it names nobody.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from etl.sources import Table

UNLIMITED = "unlimited"
MOST_MONTHS = 1200
FEWEST_AUDIT_MONTHS = 6


def _months(value: object, fewest: int = 1) -> int | None:
    if value is None or value == UNLIMITED:
        return None
    if type(value) is int and fewest <= value <= MOST_MONTHS:
        return value
    raise ValueError(f'a whole number of months from {fewest} to {MOST_MONTHS} such as 6, or "{UNLIMITED}"')


def _audit_months(value: object) -> int | None:
    return _months(value, FEWEST_AUDIT_MONTHS)


Months = Annotated[int | None, BeforeValidator(_months)]
"""A number of months, or null for what is kept without a limit."""


class RetentionSettings(Table):
    """For how many months each kind of rows is kept; null where there is no limit."""

    calls: Months = 6
    """Calls with their stays, links, attempts, recordings, self-service and follow-ups."""
    agents: Months = 12
    """Days of agents: states, their intervals, shifts, memberships, surveys, reviews, coaching, reports that were made."""
    tickets: Months = 24
    """Tickets with their changes and promises."""
    money: Months = 24
    """Costs and revenues."""
    loads: Months = 6
    """Refused rows, uploads, the ledger of the loads, comparisons, alerts and their deliveries."""
    sessions: Months = 1
    """Sign-ins that are over."""
    audit: Annotated[int | None, BeforeValidator(_audit_months)] = 24
    """Who saw, exported or changed what."""
    figures: Months = None
    """Sums without names: intervals of queues, days of tickets, days of goals."""

    def months(self) -> dict[str, int | None]:
        """The months by kind; null for no limit."""
        return self.model_dump()


def kept_from(months: int, *, now: datetime, time_zone_name: str) -> datetime:
    """The local midnight, so many months before today's, with which the time begins that is kept; what is older goes."""
    zone = ZoneInfo(time_zone_name)
    return datetime.combine(_months_before(now.astimezone(zone).date(), months), time(), zone).astimezone(UTC)


def _months_before(day: date, months: int) -> date:
    """The same day so many months ago, or the last one of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - first).days))
