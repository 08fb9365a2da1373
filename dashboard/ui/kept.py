"""The line on a page that says which of the days it shows are too old to be shown row by row.

In: the moment of a page, the kinds of rows it stands on and where its days begin. Out: a notice, where there is one to give.
The rule it guards: nobody takes rows that were deleted for their age for rows that never were.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dashboard import board
from dashboard.board import Block
from dashboard.loading import kept_view
from dashboard.ui.moments import Moment

SHORTEST = timedelta(days=27)
"""No limit is shorter: of younger days nothing is asked."""

EVER = datetime(1990, 1, 1, tzinfo=UTC)
"""The beginning of all that can be loaded."""

KINDS_OF_PAGES = {"tickets": ("tickets",), "contacts": ("calls", "tickets")}
"""On which rows the figures of a page stand; all others on calls and the days of agents."""


def deleted_notice(at: Moment, kinds: Sequence[str], window_start: datetime | None) -> Block | None:
    """From which day on the rows of these kinds are there, where the window begins before; else None."""
    if window_start is None or window_start > at.now - SHORTEST:
        return None
    return kept_view.deleted_notice(at.calm("retention"), kinds, window_start, zone_name=at.zone_name)


def tell_deleted(at: Moment, kinds: Sequence[str], window_start: datetime | None) -> None:
    """Says it on the page."""
    if (notice := deleted_notice(at, kinds, window_start)) is not None:
        board.show(notice, key="deleted-days")


def kinds_of_page(page_name: str) -> Sequence[str]:
    """The kinds of rows on which the figures of a page stand."""
    return KINDS_OF_PAGES.get(page_name, ("calls", "agents"))
