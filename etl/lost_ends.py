"""Closes, each night, the telephone calls whose end was lost on the way, so that nobody waits or talks for ever.

In: a source and its limit, the longest where several tell of the same calls. Out: calls that have been open for longer,
closed as `interrupted`, with a row of the ledger.
The rule it guards: nothing is made up (a wait or a talk that nobody told stays unknown), and an end that comes after all
replaces what was closed here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from etl.config import Settings
from etl.load import DEADLINE_SECONDS
from etl.merge import roll_up
from etl.sources import SourceSettings
from sql import warehouse


def close_lost_ends(
    engine: sa.Engine,
    settings: Settings,
    source: SourceSettings,
    _day_date: date,
    *,
    now: Callable[[], datetime],
) -> str | None:
    """Work that is due once a day (etl.schedule.nightly): the sentence of the ledger, null where no call was closed.

    Only calls of the telephone: a mail or a chat may stay open for days. WarehouseError.
    """
    started_at = now()
    limit_seconds = max(
        one.lost_end_after_seconds
        for one in (source, *settings.sources)
        if one.facts_source_name == source.facts_source_name
    )
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        of_facts = {"source_name": source.facts_source_name}
        warehouse.one_row(connection, "merge/facts_lock", **of_facts)
        connection.exec_driver_sql(warehouse.statement("merge/stage"))
        [run_id] = warehouse.one_row(connection, "merge/run_number")
        [closed_calls] = warehouse.one_row(
            connection,
            "merge/lost_ends",
            **of_facts,
            run_id=run_id,
            open_since_before=started_at - timedelta(seconds=limit_seconds),
        )
        if not closed_calls:
            return None
        warehouse.one_row(connection, "rollups/lock_shared")
        roll_up(connection)
        notice = (
            f"Closed as interrupted: {closed_calls:,} calls that were open for over {limit_seconds:,} s, "
            "so that their end was lost. Should it still come, it replaces this."
        )
        warehouse.execute(
            connection,
            "merge/run",
            run_id=run_id,
            source_name=source.name,
            started_at=started_at,
            ended_at=max(started_at, now()),
            newest_event_at=None,
            read_rows=closed_calls,
            loaded_rows=closed_calls,
            unchanged_rows=0,
            rejected_rows=0,
            outcome_name="succeeded",
            notice_text=notice,
            error_text=None,
        )
    return notice
