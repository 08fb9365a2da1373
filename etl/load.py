"""Brings a source's new records into the warehouse, batch by batch, each whole or not at all.

In: a source of the settings and how far it was read. Out: facts, rollups of the touched 15-minute intervals, refused
rows, the ledger's row and the moved cursor, all in one transaction per batch.
The rule it guards: read = loaded + unchanged + rejected, nothing is lost and nothing counts twice, whenever it is killed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import sqlalchemy as sa
from psycopg import sql as pg_sql
from sqlalchemy.exc import DBAPIError

from etl.config import Settings, SourceSettings
from etl.frames import FACTS, QUEUE_MEMBERS, REJECTS, FrameError, Shape, gate
from etl.sources.asterisk_queue_log import Batch, QueueLog
from etl.sources.growing_file import SourceError
from etl.sources.queue_events import Rules
from sql import embedded, warehouse

CUSTOMER_KEY_VARIABLE = "FLOORBOARD_CUSTOMER_KEY"
SHORTEST_KEY = 32


class LoadError(Exception):
    """A load could not be done; the message is one or two sentences with the next step."""


class _CursorMovedError(Exception):
    """Another process loaded from this source meanwhile; reading starts again from where it stands now."""


@dataclass(frozen=True)
class BatchSummary:
    """What one batch did, in rows of the source."""

    read_rows: int
    loaded_rows: int
    unchanged_rows: int
    rejected_rows: int
    newest_event_at: datetime | None
    notice: str | None


@dataclass
class RunSummary:
    """What a load of one source did, in rows of the source, over all its batches."""

    read_rows: int = 0
    loaded_rows: int = 0
    unchanged_rows: int = 0
    rejected_rows: int = 0
    batches: int = 0
    newest_event_at: datetime | None = None
    notices: list[str] = field(default_factory=list)

    def add(self, batch: BatchSummary) -> None:
        """Counts one batch in."""
        self.read_rows += batch.read_rows
        self.loaded_rows += batch.loaded_rows
        self.unchanged_rows += batch.unchanged_rows
        self.rejected_rows += batch.rejected_rows
        self.batches += 1
        self.newest_event_at = batch.newest_event_at or self.newest_event_at
        if batch.notice:
            self.notices.append(batch.notice)


def run_source(
    engine: sa.Engine,
    settings: Settings,
    source: SourceSettings,
    *,
    now: Callable[[], datetime],
    until_idle: bool = True,
    on_batch: Callable[[BatchSummary], None] | None = None,
) -> RunSummary:
    """Loads everything that the source has written since the last load, then (`until_idle`) what came meanwhile.

    Raises LoadError; a load that failed has its row in the ledger, and what was committed before stays.
    """
    summary = RunSummary()
    started_at = now()
    try:
        while _pass(engine, settings, source, summary, now=now, on_batch=on_batch) and until_idle:
            pass
    except (SourceError, FrameError, ValueError) as error:
        message = str(error)
        if isinstance(error, ValueError):
            message = (
                f"Source '{source.name}': the stored cursor is not usable, {error}. "
                f"Run `floorboard etl run --source {source.name} --from-start`; rows loaded already do not count twice."
            )
        _note_failure(engine, source, message, started_at=started_at, ended_at=now())
        raise LoadError(message) from error
    except DBAPIError as error:
        message = f"Source '{source.name}': {warehouse.explain(error)}"
        _note_failure(engine, source, message, started_at=started_at, ended_at=now())
        raise LoadError(message) from error
    return summary


def _pass(
    engine: sa.Engine,
    settings: Settings,
    source: SourceSettings,
    summary: RunSummary,
    *,
    now: Callable[[], datetime],
    on_batch: Callable[[BatchSummary], None] | None,
) -> bool:
    """Reads on from the stored cursor to the end; whether there was anything."""
    with engine.begin() as connection:
        _execute(
            connection, "merge/sites", site_name=settings.site.name, time_zone_name=settings.site.time_zone
        )
        position_text, carry_text = _row(
            connection,
            "merge/cursor_open",
            source_name=source.name,
            stale_after_seconds=source.stale_after_seconds,
            checked_at=now(),
        )
    batches = summary.batches
    try:
        for batch in _reader(source).read(position_text, carry_text):
            with engine.begin() as connection:
                done = load_batch(connection, settings, source, batch, follows=position_text, now=now)
            position_text = batch.position_text
            summary.add(done)
            if on_batch is not None:
                on_batch(done)
    except _CursorMovedError:
        return True
    return summary.batches > batches


def _reader(source: SourceSettings) -> QueueLog:
    return QueueLog(
        path=source.path,
        rules=Rules(
            callback_keys=tuple(source.callback_keys), wrap_up_reason_names=tuple(source.wrap_up_reason_names)
        ),
        customer_secret=customer_secret(),
        include_rotated=source.include_rotated,
    )


def load_batch(
    connection: sa.Connection,
    settings: Settings,
    source: SourceSettings,
    batch: Batch,
    *,
    follows: str,
    now: Callable[[], datetime],
) -> BatchSummary:
    """Merges one batch in the connection's transaction; raises when the cursor no longer stands at `follows`."""
    started_at = now()
    stands_at, _ = _row(connection, "merge/cursor_lock", source_name=source.name)
    if stands_at != follows:
        raise _CursorMovedError
    run_id = _row(connection, "merge/run_number")[0]
    done = _merge(connection, settings, source, batch, run_id=run_id, now=now)
    newest = datetime.fromtimestamp(batch.newest_event_at, UTC) if batch.newest_event_at else None
    counts = BatchSummary(
        read_rows=batch.read_rows,
        loaded_rows=done.loaded_rows,
        unchanged_rows=batch.read_rows - done.loaded_rows - done.rejected_rows,
        rejected_rows=done.rejected_rows,
        newest_event_at=newest,
        notice=batch.notice,
    )
    _write_run(connection, source, run_id, counts, started_at=started_at, ended_at=now())
    _execute(
        connection,
        "merge/cursor_move",
        source_name=source.name,
        position_text=batch.position_text,
        carry_text=batch.carry_text,
        newest_event_at=newest,
        checked_at=now(),
    )
    return counts


@dataclass(frozen=True)
class _Merged:
    loaded_rows: int
    rejected_rows: int


def _merge(
    connection: sa.Connection,
    settings: Settings,
    source: SourceSettings,
    batch: Batch,
    *,
    run_id: int,
    now: Callable[[], datetime],
) -> _Merged:
    facts = _with_ids(connection, settings, source, batch)
    run = {"source_name": source.name, "run_id": run_id}
    connection.exec_driver_sql(warehouse.statement("merge/stage"))
    rejects = [batch.rejects]
    loaded_rows = 0
    for shape, frame in facts:
        good, refused = gate(frame, shape)
        if refused.height:
            rejects.append(_refusals(refused, source))
        _copy(connection, good, shape)
        _months(connection, good)
        statement = f"merge/{shape.fact_name}"
        if shape is QUEUE_MEMBERS:
            _execute(connection, statement, **run)
        else:
            loaded_rows += _row(connection, statement, **run)[0]
    _copy(connection, pl.concat(rejects), REJECTS)
    rejected_rows = _execute(connection, "merge/rejects", **run, rejected_at=now())
    if batch.unused.height:
        _execute(
            connection,
            "merge/unused_events",
            **run,
            event_names=batch.unused["event_name"].to_list(),
            are_known=batch.unused["is_known"].to_list(),
            read_rows=batch.unused["read_rows"].to_list(),
        )
    _execute(connection, "rollups/queue_intervals")
    _execute(connection, "rollups/agent_intervals")
    return _Merged(loaded_rows, rejected_rows)


def _refusals(refused: pl.DataFrame, source: SourceSettings) -> pl.DataFrame:
    key = "call_id" if "call_id" in refused.columns else "agent_id"
    return refused.select(
        place_text=pl.format("{} {}", pl.lit(f"{source.name}:"), pl.col(key)),
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
        _execute(
            connection,
            "merge/queues",
            source_name=source.name,
            queue_names=new_queues,
            time_zone_name=settings.site.time_zone,
        )
        _execute(
            connection, "merge/agents", source_name=source.name, source_keys=new_agents, site_name=settings.site.name
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
    """COPY into the staging table; the columns are named, so their order is the frame's."""
    if frame.is_empty():
        return
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    columns = pg_sql.SQL(", ").join(pg_sql.Identifier(name) for name in frame.columns)
    command = pg_sql.SQL("copy {} ({}) from stdin (format csv, null '\\N')").format(
        pg_sql.Identifier(f"stage_{shape.fact_name}"), columns
    )
    with raw.cursor() as cursor, cursor.copy(command) as copy:
        for part in frame.iter_slices(50_000):
            copy.write(part.write_csv(include_header=False, null_value="\\N", quote_style="non_numeric"))


def _months(connection: sa.Connection, frame: pl.DataFrame) -> None:
    """Makes the partitions for every month that a row of the frame begins in or lasts through."""
    if frame.is_empty():
        return
    starts = frame[frame.columns[0]].dt.truncate("1mo").dt.date()
    ends = frame["ended_at"].dt.truncate("1mo").dt.date().drop_nulls() if "ended_at" in frame.columns else starts
    months = set(starts.unique()) | set(ends.unique())
    spans = frame.select(first=pl.col(frame.columns[0]).dt.date(), last=pl.col("ended_at").dt.date()).filter(
        pl.col("last").dt.month_start() > pl.col("first").dt.month_start()
    )
    for first, last in spans.unique().iter_rows():
        months |= set(pl.date_range(first.replace(day=1), last, "1mo", eager=True))
    _execute(connection, "merge/months", months=sorted(months))


def _write_run(
    connection: sa.Connection,
    source: SourceSettings,
    run_id: int,
    counts: BatchSummary,
    *,
    started_at: datetime,
    ended_at: datetime,
    error_text: str | None = None,
) -> None:
    _execute(
        connection,
        "merge/run",
        run_id=run_id,
        source_name=source.name,
        started_at=started_at,
        ended_at=max(started_at, ended_at),
        newest_event_at=counts.newest_event_at,
        read_rows=counts.read_rows,
        loaded_rows=counts.loaded_rows,
        unchanged_rows=counts.unchanged_rows,
        rejected_rows=counts.rejected_rows,
        outcome_name="failed" if error_text else "succeeded",
        notice_text=counts.notice,
        error_text=error_text,
    )


def _note_failure(
    engine: sa.Engine, source: SourceSettings, message: str, *, started_at: datetime, ended_at: datetime
) -> None:
    """Writes the failed run into the ledger; where the warehouse itself is gone, the raised error is all there is."""
    try:
        with engine.begin() as connection:
            run_id = _row(connection, "merge/run_number")[0]
            nothing = BatchSummary(0, 0, 0, 0, None, None)
            _write_run(
                connection, source, run_id, nothing, started_at=started_at, ended_at=ended_at, error_text=message
            )
    except DBAPIError:
        return


def reset_cursor(engine: sa.Engine, source_name: str) -> bool:
    """Forgets how far a source was read, so that the next load reads all of it again; whether there was a cursor."""
    with engine.begin() as connection:
        return _execute(connection, "merge/cursor_reset", source_name=source_name) == 1


def replay_rejects(
    engine: sa.Engine, settings: Settings, source_name: str, *, now: Callable[[], datetime]
) -> RunSummary:
    """Reads the refused rows of a source again, oldest first; those that are taken now are marked as replayed.

    The live cursor stays where it is. Running it twice changes nothing the second time.
    """
    source = settings.source(source_name)
    summary = RunSummary()
    try:
        with engine.begin() as connection:
            row = connection.execute(
                sa.text(warehouse.statement("merge/cursor_lock")), {"source_name": source_name}
            ).one_or_none()
            refused = warehouse.frame(connection, "merge/open_rejects", source_name=source_name)
            if row is None or refused.is_empty():
                return summary
            batch, still = _reader(source).again(refused["raw_text"].to_list(), row.carry_text)
            run_id = _row(connection, "merge/run_number")[0]
            started_at = now()
            done = _merge(connection, settings, source, batch, run_id=run_id, now=now)
            taken = [number for place, number in enumerate(refused["reject_id"].to_list()) if place not in still]
            _execute(connection, "merge/rejects_replayed", reject_ids=taken, replayed_at=now())
            counts = BatchSummary(
                len(taken), done.loaded_rows, len(taken) - done.loaded_rows, 0, None, "replay of refused rows"
            )
            _write_run(connection, source, run_id, counts, started_at=started_at, ended_at=now())
            _execute(
                connection,
                "merge/cursor_carry",
                source_name=source_name,
                carry_text=batch.carry_text,
            )
            summary.add(counts)
    except DBAPIError as error:
        raise LoadError(f"Source '{source_name}': {warehouse.explain(error)}") from error
    return summary


def backfill(
    engine: sa.Engine,
    *,
    window_start: datetime | None = None,
    window_end: datetime | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> int:
    """Makes the rollups of the window (all of it when None) anew from the facts; the number of rows made.

    Each month is one transaction, so readers see the old or the new rollups, never a gap.
    """
    made = 0
    try:
        with engine.begin() as connection:
            first_at, last_at = _row(connection, "rollups/extent")
        if first_at is None:
            return 0
        start = _interval(max(first_at, window_start) if window_start else first_at)
        end = min(last_at + timedelta(seconds=1), window_end) if window_end else last_at + timedelta(seconds=1)
        for month_start, month_end in _months_between(start, _interval(end + timedelta(seconds=899))):
            if on_progress is not None:
                on_progress(f"{month_start:%Y-%m}")
            made += _backfill_window(engine, month_start, month_end)
    except DBAPIError as error:
        raise LoadError(warehouse.explain(error)) from error
    return made


def _backfill_window(engine: sa.Engine, window_start: datetime, window_end: datetime) -> int:
    window = {"window_start": window_start, "window_end": window_end}
    with engine.begin() as connection:
        connection.exec_driver_sql(warehouse.statement("merge/stage"))
        _execute(connection, "rollups/clear_queue_intervals", **window)
        _execute(connection, "rollups/clear_agent_intervals", **window)
        _execute(connection, "rollups/dirty_from_facts", **window)
        return _execute(connection, "rollups/queue_intervals") + _execute(connection, "rollups/agent_intervals")


def _interval(instant: datetime) -> datetime:
    """The start of the 15 minutes that hold the instant."""
    seconds = int(instant.timestamp()) // 900 * 900
    return datetime.fromtimestamp(seconds, UTC)


def _months_between(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        following = (start.replace(day=1, hour=0, minute=0, second=0) + timedelta(days=32)).replace(day=1)
        yield start, min(following, end)
        start = following


def customer_secret() -> bytes:
    """The key of the hash that stands for callers: FLOORBOARD_CUSTOMER_KEY, else a random one kept below home.

    It never lies in the database: who has only the data cannot find a number again by trying all of them.
    """
    given = os.environ.get(CUSTOMER_KEY_VARIABLE)
    if given is not None:
        if len(given) < SHORTEST_KEY:
            raise LoadError(
                f"{CUSTOMER_KEY_VARIABLE} has {len(given)} characters; expected at least {SHORTEST_KEY} random ones. "
                "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        return given.encode()
    path = embedded.home() / "customer.key"
    if not path.exists():
        _make_key(path)
    key = path.read_text().strip()
    if len(key) < SHORTEST_KEY:
        raise LoadError(f"{path}: holds {len(key)} characters; expected the key made at the first load. Restore it from a backup.")
    return key.encode()


def _make_key(path: Path) -> None:
    """Writes a new key whole under another name first: a second loader at this moment gets the same one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(32))
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def _execute(connection: sa.Connection, name: str, **params: Any) -> int:
    return warehouse.execute(connection, name, **params)


def _row(connection: sa.Connection, name: str, **params: Any) -> sa.Row[Any]:
    return connection.execute(sa.text(warehouse.statement(name)), params).one()
