"""Reads the refused rows of a source again when somebody asks for it, after what refused them was put right.

In: the open rows of ops.replays. Out: what a replay takes is loaded; the row tells how many, and how many are still refused.
The rule it guards: a replay that cannot be done says why where it was asked for, and holds up nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from etl import LoadError
from etl.config import ConfigError, Settings
from etl.load import DEADLINE_SECONDS, RunSummary, replay_rejects
from etl.on_request.uploads import upload_source
from sql import warehouse

LEFT_BEHIND_AFTER = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)


def work_replays(engine: sa.Engine, settings: Settings, *, now: Callable[[], datetime]) -> int:
    """Does every replay that is asked for, the oldest first; how many. Raises WarehouseError where it is away."""
    done = 0
    while True:
        with warehouse.connected(engine) as connection:
            warehouse.execute(connection, "requests/replays_old", older_than=now() - KEPT_FOR)
            asked = connection.execute(
                sa.text(warehouse.statement("requests/replay_take")),
                {"taken_at": now(), "left_behind_at": now() - LEFT_BEHIND_AFTER},
            ).one_or_none()
        if asked is None:
            return done
        taken_rows, error_text = 0, None
        try:
            taken_rows = replay(engine, settings, asked.source_name, now=now).read_rows
        except (LoadError, ConfigError) as error:
            error_text = str(error)
        with warehouse.connected(engine) as connection:
            warehouse.execute(
                connection,
                "requests/replay_done",
                replay_id=asked.replay_id,
                done_at=now(),
                taken_rows=taken_rows,
                error_text=error_text,
            )
        done += 1


def replay(
    engine: sa.Engine, settings: Settings, source_name: str, *, now: Callable[[], datetime]
) -> RunSummary:
    """Reads the refused rows of a source of the settings or of an upload again. LoadError, ConfigError."""
    if all(source.name != source_name for source in settings.sources):
        with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            uploaded = upload_source(connection, source_name)
        if uploaded is not None:
            settings = settings.model_copy(update={"sources": (*settings.sources, uploaded)})
        elif source_name.startswith("upload: "):
            raise LoadError(
                f"'{source_name}': how this file was mapped is not kept any more (it is for 30 days), expected it in "
                "ops.uploads. Upload the file again; rows that are loaded already do not count twice."
            )
    return replay_rejects(engine, settings, source_name, now=now)
