"""Merges a batch into the warehouse, within the transaction of whoever calls.

In: a batch's facts and refused rows. Out: facts, quarantine and rollups of the touched 15-minute intervals.
The rule it guards: rows go in by key and in the order of their keys, and every interval that a row touches is counted anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa
from psycopg import sql as pg_sql

from etl.config import Settings, SourceSettings
from etl.frames import (
    CALLS,
    COPY_HEADER,
    COPY_ROWS,
    COPY_TRAILER,
    DIRTY_AGENT_INTERVALS,
    DIRTY_QUEUE_INTERVALS,
    FACTS,
    QUEUE_MEMBERS,
    REJECTS,
    Shape,
    binary_rows,
    gate,
)
from etl.sources.asterisk_queue_log import Batch
from sql import warehouse

LONGEST_STATE = timedelta(
    days=31
)  # what lasts longer is a lost end: rollups follow it no further, as in sql/rollups


@dataclass(frozen=True)
class Merged:
    """What a batch changed, in rows of the source."""

    loaded_rows: int
    rejected_rows: int


def merge_batch(
    connection: sa.Connection,
    settings: Settings,
    source: SourceSettings,
    batch: Batch,
    *,
    run_id: int,
    now: Callable[[], datetime],
) -> Merged:
    """Merges the batch's facts and refused rows in the connection's transaction and rolls the touched intervals up."""
    facts = _with_ids(connection, settings, source, batch)
    run = {"source_name": source.name, "run_id": run_id}
    connection.exec_driver_sql(warehouse.statement("merge/stage"))
    _copy(connection, batch.rejects, REJECTS)
    rejected_rows = warehouse.execute(connection, "merge/rejects", **run, rejected_at=now())
    refusals, loaded_rows = [], 0
    for shape, frame in facts:
        good, refused = gate(frame, shape)
        if (
            refused.height
        ):  # the ledger counts the source's rows, each once; a refused fact may hold several or none
            refusals.append(_refusals(refused, source))
            rejected_rows += int(refused["new_rows"].sum()) if "new_rows" in refused.columns else 0
        loaded_rows += merge_facts(connection, good, shape, run=run)
    if refusals:
        _copy(connection, pl.concat(refusals), REJECTS)
        warehouse.execute(connection, "merge/rejects", **run, rejected_at=now())
    if batch.unused.height:
        warehouse.execute(
            connection,
            "merge/unused_events",
            **run,
            event_names=batch.unused["event_name"].to_list(),
            are_known=batch.unused["is_known"].to_list(),
            read_rows=batch.unused["read_rows"].to_list(),
        )
    roll_up(connection)
    return Merged(loaded_rows, rejected_rows)


def merge_facts(connection: sa.Connection, frame: pl.DataFrame, shape: Shape, *, run: dict[str, Any]) -> int:
    """Stages and merges one kind of fact and notes the intervals it touches; how many source rows changed anything."""
    if frame.is_empty():
        return 0
    if shape.key:  # the same key twice in one batch (a clock that was set back): the row told last
        frame = frame.unique(shape.key, keep="last", maintain_order=True)
    if shape is not QUEUE_MEMBERS:
        make_months(connection, frame)
    _copy(connection, frame, shape)
    statement = f"merge/{shape.fact_name}"
    if shape is CALLS:
        start = pl.col("offered_at").dt.truncate("15m").alias("interval_start_at")
        _copy(connection, frame.select("queue_id", start).unique(), DIRTY_QUEUE_INTERVALS)
        answered = frame.filter(pl.col("answered_at").is_not_null() & pl.col("agent_id").is_not_null())
        start = pl.col("answered_at").dt.truncate("15m").alias("interval_start_at")
        _copy(connection, answered.select("agent_id", start).unique(), DIRTY_AGENT_INTERVALS)
    if shape is QUEUE_MEMBERS:
        warehouse.execute(connection, statement, **run)
        return 0
    return int(warehouse.one_row(connection, statement, **run)[0])


def roll_up(connection: sa.Connection) -> int:
    """Makes the intervals that are noted as dirty anew from the facts; the number of rollup rows that changed."""
    return warehouse.execute(connection, "rollups/queue_intervals") + warehouse.execute(
        connection, "rollups/agent_intervals"
    )


def _refusals(refused: pl.DataFrame, source: SourceSettings) -> pl.DataFrame:
    key = "call_id" if "call_id" in refused.columns else "agent_id"
    return refused.select(
        place_text=pl.format("{} {}", pl.lit(f"{source.name}:"), pl.col(key)),
        file_key=pl.lit(""),
        reason_text="reason_text",
        raw_text=pl.struct(pl.exclude("reason_text")).struct.json_encode(),
    )


def _with_ids(
    connection: sa.Connection, settings: Settings, source: SourceSettings, batch: Batch
) -> list[tuple[Shape, pl.DataFrame]]:
    """The batch's facts with our queue_id and agent_id; queues and agents named for the first time are made."""
    facts = batch.facts
    queue_names = pl.concat([frame["queue_name"] for frame in facts.values()]).drop_nulls().unique()
    agent_names = pl.concat([frame["agent_name"] for frame in facts.values()]).drop_nulls().unique()
    known = _names(connection, source)
    new_queues = [name for name in queue_names if name not in known["queue"]]
    new_agents = [name for name in agent_names if name not in known["agent"]]
    if new_queues or new_agents:
        warehouse.execute(
            connection,
            "merge/queues",
            source_name=source.name,
            queue_names=new_queues,
            time_zone_name=settings.site.time_zone,
        )
        warehouse.execute(
            connection,
            "merge/agents",
            source_name=source.name,
            source_keys=new_agents,
            site_name=settings.site.name,
        )
        known = _names(connection, source)
    ids = {
        f"{kind}_id": pl.col(f"{kind}_name").replace_strict(known[kind], default=None, return_dtype=pl.Int32)
        for kind in ("queue", "agent")
    }
    return [(shape, facts[shape.fact_name].with_columns(**ids)) for shape in FACTS]


def _names(connection: sa.Connection, source: SourceSettings) -> dict[str, dict[str, int]]:
    known: dict[str, dict[str, int]] = {"queue": {}, "agent": {}}
    for kind, name, number in connection.execute(
        sa.text(warehouse.statement("merge/names")), {"source_name": source.name}
    ):
        known[kind][name] = number
    return known


def _copy(connection: sa.Connection, frame: pl.DataFrame, shape: Shape) -> None:
    """COPY into the staging table, in Postgres's binary format; the columns are named, so their order is the frame's."""
    if frame.is_empty():
        return
    columns = pg_sql.SQL(", ").join(pg_sql.Identifier(name) for name in frame.columns)
    command = pg_sql.SQL("copy {} ({}) from stdin (format binary)").format(
        pg_sql.Identifier(shape.table_name), columns
    )
    with warehouse.driver_connection(connection).cursor() as cursor, cursor.copy(command) as copy:
        copy.write(COPY_HEADER)
        for part in frame.iter_slices(COPY_ROWS):
            copy.write(binary_rows(part))
        copy.write(COPY_TRAILER)


def make_months(connection: sa.Connection, frame: pl.DataFrame) -> None:
    """Makes the partitions for every month that a row begins, is answered, or lasts in (as far as rollups follow it)."""
    begin = pl.col(frame.columns[0])
    end = pl.min_horizontal(begin + LONGEST_STATE, "ended_at")
    instants = [begin, end, pl.col("answered_at")] if "answered_at" in frame.columns else [begin, end]
    months = pl.concat(
        [frame.select(instant.dt.date().dt.month_start().alias("m"))["m"] for instant in instants]
    )
    warehouse.execute(connection, "merge/months", months=sorted(months.drop_nulls().unique()))
