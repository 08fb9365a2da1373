"""Stories of tickets for tests: tickets and events drawn as lines, two timetables, and many tickets at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from etl.tickets.business_time import Schedule
from etl.tickets.ticket_history import EVENTS, TICKETS

MIN, H, DAY = 60, 3600, 86_400
# January 2026; the 12th is a Monday. Open from 09:00 to 17:00 UTC on working days.
OFFICE = Schedule("office", "UTC", tuple((day, 9 * 60, 17 * 60) for day in range(5)))
EARLY = Schedule("early", "UTC", tuple((day, 6 * 60, 10 * 60) for day in range(5)))
NEVER = Schedule("never", "UTC", ())
SCHEDULES = {"office": OFFICE, "early": EARLY, "never": NEVER}


def at(text: str) -> datetime:
    """'12.09:30' is 9:30 on the 12th; '45.09:30' is in February."""
    day, _, clock = text.partition(".")
    hour, minute, *second = map(int, clock.split(":"))
    return datetime(2026, 1, 1, hour, minute, *second, tzinfo=UTC) + timedelta(days=int(day) - 1)


def frames(story: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tickets and events from lines of 'instant event value'; 'created' begins a ticket (a, b, c ... in this order).

    The value of reply, note and agent is an agent's id; 'system' is who did it.
    """
    tickets: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for number, line in enumerate(filter(str.strip, story.splitlines())):
        instant, event, *rest = line.split(maxsplit=2)
        value = rest[0].strip() if rest else None
        if event == "created":
            tickets.append(
                {"ticket_id": "abcdefgh"[len(tickets)], "created_at": at(instant), "channel_name": value}
            )
            continue
        is_agents = event in ("reply", "note", "agent")
        actor = "requester" if event == "request" else "system" if value == "system" else "agent"
        events.append(
            {
                "ticket_id": tickets[-1]["ticket_id"],
                "occurred_at": at(instant),
                "event_number": number,
                "event_name": event,
                "actor_name": actor,
                "agent_id": int(value) if is_agents and value and value.isdigit() else None,
                "value_text": None if is_agents else value,
            }
        )
    return pl.DataFrame(tickets, schema=TICKETS), pl.DataFrame(events, schema=EVENTS)


def many(tickets: int, events: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """So many tickets of some months with so many events of the month after their creation, always the same."""
    rng = np.random.default_rng(7)
    row = rng.integers(0, tickets, events)
    born = datetime(2026, 1, 1, tzinfo=UTC)
    ids = [f"t{n:06d}" for n in range(tickets)]
    created = pl.Series([born + timedelta(minutes=int(m)) for m in rng.integers(0, 200_000, tickets)])
    frame = pl.DataFrame(
        {"ticket_id": ids, "created_at": created, "channel_name": "email"}, schema_overrides=TICKETS
    )
    names = rng.choice(["status", "agent", "reply", "request", "note", "priority"], events)
    statuses, priorities = (
        rng.choice(words, events)
        for words in (["open", "pending", "on_hold", "solved"], ["urgent", "high", "normal", "low"])
    )
    story = pl.DataFrame(
        {
            "after": rng.integers(0, 30 * DAY, events),
            "event_number": np.arange(events),
            "event_name": names,
            "actor_name": "agent",
            "agent_id": rng.integers(1, 50, events),
            "value_text": np.where(names == "status", statuses, priorities),
        }
    ).with_columns(
        ticket_id=pl.Series(ids).gather(row),
        occurred_at=created.gather(row) + pl.duration(seconds="after"),
    )
    return frame, story.select(pl.col(name).cast(kind) for name, kind in EVENTS.items())
