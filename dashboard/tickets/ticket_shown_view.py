"""The way from a figure of tickets to its tickets: the address of the list behind it, and of one ticket's journey.

In: the instant, the days and the filters that a figure is of. Out: addresses of the page Contacts, and cells with them.
The rule it guards: a list is asked for with the very instant, days and filters of its figure, so that both agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dashboard import board
from dashboard.board import Block, Row

KEYS: Mapping[str, str] = {
    "group_name": "group", "priority_name": "priority", "channel_name": "channel", "status_name": "status",
    "age_name": "age", "target_name": "promise", "is_business": "business", "is_assigned": "assigned", "agent_id": "agent",
    "team_id": "team", "site_name": "site", "agents_text": "agents",
}  # fmt: skip
"""What narrows a list of tickets: the question's word and the address's."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The tickets that a figure is of: as known at an instant, of a window (None: standing at the instant), narrowed."""

    as_of: datetime
    narrowed: Mapping[str, Any]
    window_start: datetime | None = None
    window_end: datetime | None = None

    def behind(self, of_name: str, *, order: str | None = None, **more: Any) -> str:
        """The address of the tickets behind a column or metric; more: what narrows it further, in the question's words."""
        chosen = {**self.narrowed, **more}
        found: dict[str, str] = {"of": of_name, "as_of": self.as_of.isoformat()}
        if self.window_start is not None and self.window_end is not None:
            found |= {"start": self.window_start.isoformat(), "end": self.window_end.isoformat()}
        for name, value in chosen.items():
            if value is not None:
                found[KEYS[name]] = ("yes" if value else "no") if isinstance(value, bool) else str(value)
        return f"contacts?{urlencode(found | ({'order': order} if order else {}))}"

    def cell(self, text: str, count: float | None, of_name: str, **more: Any) -> Block | str:
        """A cell with that text, which leads to its tickets where there are any."""
        return board.leading(text, self.behind(of_name, **more) if count else None)

    def within(self, window_start: datetime, window_end: datetime) -> Shown:
        """The same tickets of another window."""
        return replace(self, window_start=window_start, window_end=window_end)


def journey(row: Row) -> str:
    """Where a ticket's journey stands: what happened to it, and the loads that brought it."""
    return f"contacts?{urlencode({'contact': row['ticket_id'], 'source': row['source_name']})}"
