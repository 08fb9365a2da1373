"""The questions about the trail: its lines, who stands in it, and who looked at the data of whoever asks.

In: a connection and the question's parameters. Out: a typed frame.
The rule it guards: the whole trail is an administrator's; an agent finds what concerns them alone, without naming anybody.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql import audit
from sql.warehouse import frame

PAGE_ROWS = 50
WHOLE_ROWS = 100_000
"""The most rows that one answer holds: as many as an export takes."""


def audit_lines(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    kind_name: str | None = None,
    person_name: str | None = None,
    agent_id: int | None = None,
    search_text: str | None = None,
    before_number: int | None = None,
    limit_rows: int = PAGE_ROWS,
) -> pl.DataFrame:
    """One row per line of the trail in [window_start, window_end), the newest first; found_rows: how many there are.

    kind_name: saw, exported, changed, access or upkeep. person_name: who acted. agent_id: whose data. before_number: only
    what was noted before that line, for the next page. login_name is empty for a person who was erased, and for strangers.
    """
    kinds = [act.what_name for act in audit.acts().values() if act.kind_name == kind_name]
    return frame(
        connection,
        "queries/audit_lines",
        window_start=window_start,
        window_end=window_end,
        what_names=kinds if kind_name else None,
        person_name=person_name,
        agent_id=agent_id,
        search_text=search_text or None,
        before_number=before_number,
        limit_rows=min(limit_rows, WHOLE_ROWS),
    )


def audit_people(connection: Connection) -> pl.DataFrame:
    """One row per name under which somebody acted, in their order."""
    return frame(connection, "queries/audit_people")


def audit_of_agent(connection: Connection, *, window_start: datetime, window_end: datetime) -> pl.DataFrame:
    """One row per line in which somebody saw, took along or changed data of the agent who asks, the newest first.

    At most 1,000; none for whoever is no agent. A look is noted once per person, page and quarter of an hour.
    """
    return frame(connection, "queries/audit_of_agent", window_start=window_start, window_end=window_end)


QUESTIONS = (audit_lines, audit_people, audit_of_agent)
