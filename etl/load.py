"""Brings a source's new records into the warehouse, batch by batch, each whole or not at all.

In: a source of the settings and how far it was read. Out: facts, rollups of the touched 15-minute intervals, refused
rows, the ledger's row and the moved cursor, all in one transaction per batch.
The rule it guards: read = loaded + unchanged + rejected, nothing is lost and nothing counts twice, whenever it is killed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import polars as pl
import sqlalchemy as sa

from etl import LoadError, signs
from etl.config import Settings
from etl.customer_key import customer_secret
from etl.masking import MASKED_PATTERN, masked
from etl.merge import merge_batch
from etl.patience import Patience
from etl.schedule.slots import Slot, Turn
from etl.sources import PIECE_BYTES, Batch, Reader, SourceSettings
from sql import warehouse

MANY_ROWS = 50_000  # after so many the planner's old knowledge makes ticks slow
MOST_SMALL_PIECES = 64  # then back to full size: what was refused did not come again
SCHEDULES_SECONDS = 3600.0
FARTHEST_AHEAD = timedelta(days=367)  # readers refuse what is more than a year ahead
DEADLINE_SECONDS = 600.0  # for one batch, longer than a turn and a statement take: the warehouse fell silent


class _RefusedAgainError(Exception):
    """Among the rows of a replay is one that the warehouse still does not take."""


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
    run_id: int | None = None


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
    run_ids: list[int] = field(default_factory=list)

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
        if batch.run_id is not None:
            self.run_ids.append(batch.run_id)


class Readers:
    """The readers that outlive a load: one may hold a connection, or know how fast it may ask."""

    def __init__(self, readers: Mapping[str, Reader] | None = None) -> None:
        self._readers = dict(readers or {})
        self._schedules_at: dict[str, float] = {}

    def of(self, settings: Settings, source: SourceSettings) -> Reader:
        """The source's reader, made at the first time. Raises LoadError where it cannot be."""
        if source.name not in self._readers:
            self._readers[source.name] = source.reader(settings.site.site, customer_secret())
        return self._readers[source.name]

    def is_time_for_schedules(self, source: SourceSettings) -> bool:
        """Whether the source's business hours are asked for: at the first load, and once an hour."""
        asked_at, now = self._schedules_at.get(source.name), time.monotonic()
        if asked_at is not None and now - asked_at < SCHEDULES_SECONDS:
            return False
        self._schedules_at[source.name] = now
        return True

    def close(self) -> None:
        """Lets go of what the readers hold open."""
        for reader in self._readers.values():
            reader.close()


def _store_schedules(engine: sa.Engine, source: SourceSettings, reader: Reader) -> str | None:
    """Stores the business hours that the source tells; tickets are counted in them from then on.

    Where they differ from what was known, a recount of the past is asked for. Gives a notice where they cannot be
    read: the tickets themselves are loaded all the same.
    """
    try:
        told = reader.schedules()
    except LoadError as error:
        return f"The business hours could not be read, those known so far hold: {error}"
    if told is None:
        return None
    run: dict[str, object] = {"source_name": source.facts_source_name}
    changed_rows = 0
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        for name, frame in (
            ("schedules", told.schedules),
            ("business_hours", told.business_hours),
            ("holidays", told.holidays),
        ):
            columns = {_several(column): frame[column].to_list() for column in frame.columns}
            changed_rows += warehouse.one_row(connection, f"merge/{name}", **run, **columns)[0]
        if changed_rows:
            reason = f"timetables of {source.facts_source_name}"
            warehouse.execute(connection, "merge/ticket_recounts", reason_text=reason)
    return None


def _several(column: str) -> str:
    return column if column.endswith("s") else f"{column}s"


def run_source(
    engine: sa.Engine,
    settings: Settings,
    source: SourceSettings,
    *,
    now: Callable[[], datetime],
    until_idle: bool = True,
    on_batch: Callable[[BatchSummary], None] | None = None,
    readers: Readers | None = None,
    slot: Slot | None = None,
) -> RunSummary:
    """Loads everything that the source has written since the last load, then (`until_idle`) what came meanwhile.

    readers: those that outlive a load, by source (one may hold a connection); a missing one is made and kept.
    slot: of a load on time, taken in the transaction that opens the cursor; SlotTaken where another process has it.
    Raises LoadError; a load that failed has its row in the ledger, and what was committed before stays.
    """
    summary = RunSummary()
    started_at, turn = now(), Turn(slot)
    kept = Readers() if readers is None else readers
    try:
        reader = kept.of(settings, source)
        if kept.is_time_for_schedules(source) and (notice := _store_schedules(engine, source, reader)):
            summary.notices.append(without_customers(notice, settings))
        more = until_idle and not source.is_endless
        while _pass(engine, settings, source, reader, summary, turn, now=now, on_batch=on_batch) and more:
            pass
        if summary.loaded_rows >= MANY_ROWS:
            analyze(engine)
    except (LoadError, warehouse.WarehouseError, OSError, pl.exceptions.PolarsError) as error:
        message = without_customers(f"Source '{source.name}': {error}", settings)
        told = LoadError(message)
        told.is_noted = _note_failure(engine, source, message, started_at=started_at, ended_at=now())
        raise told from error
    except Exception as error:  # a fault of the program: noted by its kind, its text may hold what was read
        message = f"Source '{source.name}': {type(error).__name__}; the log of the load tells more."
        _note_failure(engine, source, message, started_at=started_at, ended_at=now())
        raise
    finally:
        if readers is None:
            kept.close()
    return summary


def analyze(engine: sa.Engine) -> None:
    """Renews the planner's knowledge of the facts and rollups."""
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        warehouse.execute(connection, "merge/analyze")


def _pass(
    engine: sa.Engine,
    settings: Settings,
    source: SourceSettings,
    reader: Reader,
    summary: RunSummary,
    turn: Turn,
    *,
    now: Callable[[], datetime],
    on_batch: Callable[[BatchSummary], None] | None,
) -> bool:
    """Reads on from the stored cursor to the end; whether there was anything.

    Where the warehouse refuses a batch for what is in it, the batch is read again in ever smaller pieces, until a
    single line is left: that one is refused with the warehouse's reason, and reading goes on after it.
    """
    batches = summary.batches
    piece_bytes, refusal, patience = PIECE_BYTES, None, Patience()
    while True:
        most = MOST_SMALL_PIECES if piece_bytes < PIECE_BYTES else None
        patience.step(summary.batches)
        try:
            is_done = _load_pieces(
                engine, settings, source, reader, summary, turn,
                piece_bytes=piece_bytes, refusal=refusal, most=1 if refusal else most, now=now, on_batch=on_batch,
            )  # fmt: skip
        except _CursorMovedError:
            return True
        except warehouse.WarehouseError as error:
            if error.is_transient:  # whether the batch was committed, the cursor tells: it is read again
                patience.step(summary.batches)
                patience.bear(error)
                summary.notices.append(f"It was tried again: {error}")
                # Not as the refusal of the next line, where the reply was lost and the cursor stands behind that one.
                refusal = None
                piece_bytes = (
                    max(1, piece_bytes // 16) if error.fault is warehouse.RETRY_SMALLER else PIECE_BYTES
                )
                continue
            if not error.is_data_fault or refusal:
                raise
            refusal = str(error) if piece_bytes == 1 else None
            piece_bytes = max(1, piece_bytes // 16)
            continue
        if is_done:
            return summary.batches > batches
        piece_bytes, refusal = PIECE_BYTES, None


def _load_pieces(
    engine: sa.Engine,
    settings: Settings,
    source: SourceSettings,
    reader: Reader,
    summary: RunSummary,
    turn: Turn,
    *,
    piece_bytes: int,
    refusal: str | None,
    most: int | None,
    now: Callable[[], datetime],
    on_batch: Callable[[BatchSummary], None] | None,
) -> bool:
    """Loads at the most `most` batches from the stored cursor on; whether the end was reached."""
    position_text, carry_text = _cursor(engine, settings, source, turn, now=now)
    found = reader.read(position_text, carry_text, now=now(), piece_bytes=piece_bytes, refusal=refusal)
    for number, batch in enumerate(found, start=1):
        signs.alive()
        refuse_far_ahead(batch, now=now())
        with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            done = load_batch(
                connection, settings, source, batch, follows=(position_text, carry_text), now=now
            )
        position_text, carry_text = batch.position_text, batch.carry_text
        summary.add(done)
        if on_batch is not None:
            on_batch(done)
        if number == most:
            return False
    return True


def refuse_far_ahead(batch: Batch, *, now: datetime) -> None:
    """LoadError where reading stands further ahead than any event that a reader takes: what it carried is not true."""
    newest = batch.newest_event_at
    if newest is not None and newest > now + FARTHEST_AHEAD:
        raise LoadError(
            f"the stored cursor is not usable, what was carried on is of {newest:%Y-%m-%d}, over a year ahead of this "
            "computer's clock. Correct the clock if it is wrong, else run `floorboard etl run --source NAME "
            "--from-start`; rows loaded already do not count twice."
        )


def _cursor(
    engine: sa.Engine, settings: Settings, source: SourceSettings, turn: Turn, *, now: Callable[[], datetime]
) -> tuple[str, str]:
    """Where reading stands and what it carries; the site's name and zone are noted on the way."""
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        turn.begin(connection, now=now())
        site = {"site_name": settings.site.name, "time_zone_name": settings.site.time_zone}
        warehouse.execute(connection, "merge/site_renamed", site_name=settings.site.name)
        warehouse.execute(connection, "merge/queue_time_zones", source_name=source.name, **site)
        warehouse.execute(connection, "merge/sites", **site)
        position_text, carry_text = warehouse.one_row(
            connection,
            "merge/cursor_open",
            source_name=source.name,
            stale_after_seconds=source.stale_after_seconds,
            checked_at=now(),
        )
    turn.is_begun = True
    return position_text, carry_text


def load_batch(
    connection: sa.Connection,
    settings: Settings,
    source: SourceSettings,
    batch: Batch,
    *,
    follows: tuple[str, str],
    now: Callable[[], datetime],
) -> BatchSummary:
    """Merges one batch in the connection's transaction; raises when position and carry are no longer `follows`."""
    started_at = now()
    if warehouse.one_row(connection, "merge/cursor_lock", source_name=source.name) != follows:
        raise _CursorMovedError
    run_id = warehouse.one_row(connection, "merge/run_number")[0]
    done = merge_batch(connection, settings, source, batch, run_id=run_id, now=now)
    notices = [text for text in (batch.notice, done.left_out_text) if text]
    counts = BatchSummary(
        read_rows=batch.read_rows,
        loaded_rows=done.loaded_rows,
        unchanged_rows=batch.read_rows - done.loaded_rows - done.rejected_rows,
        rejected_rows=done.rejected_rows,
        newest_event_at=batch.newest_event_at,
        notice=without_customers(" ".join(notices), settings) if notices else None,
        run_id=run_id,
    )
    _write_run(connection, source, run_id, counts, started_at=started_at, ended_at=now())
    warehouse.execute(
        connection,
        "merge/cursor_move",
        source_name=source.name,
        position_text=batch.position_text,
        carry_text=batch.carry_text,
        newest_event_at=batch.newest_event_at,
        checked_at=now(),
    )
    return counts


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
    warehouse.execute(
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


def without_customers(message: str, settings: Settings) -> str:
    """A message as the ledger keeps it and others read it: what a source delivered may hold numbers and addresses."""
    try:
        secret = customer_secret()
    except (LoadError, OSError):  # perhaps the very thing that the message tells
        secret = secrets.token_bytes(32)
    # the name of a field that is new to us may hold anything
    told = message.replace("\x00", "\u2400").encode(errors="replace").decode()
    return masked(told, secret, settings.site.site.country_name)


def _note_failure(
    engine: sa.Engine, source: SourceSettings, message: str, *, started_at: datetime, ended_at: datetime
) -> bool:
    """Writes the failed run into the ledger; whether that could be: a warehouse that is gone, or full, takes nothing."""
    try:
        with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            run_id = warehouse.one_row(connection, "merge/run_number")[0]
            nothing = BatchSummary(0, 0, 0, 0, None, None)
            _write_run(
                connection,
                source,
                run_id,
                nothing,
                started_at=started_at,
                ended_at=ended_at,
                error_text=message,
            )
    except warehouse.WarehouseError:
        return False
    return True


def reset_cursor(engine: sa.Engine, source_name: str) -> bool:
    """Forgets how far a source was read, so that the next load reads all of it again; whether there was a cursor."""
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        return warehouse.execute(connection, "merge/cursor_reset", source_name=source_name) == 1


def replay_rejects(
    engine: sa.Engine, settings: Settings, source_name: str, *, now: Callable[[], datetime]
) -> RunSummary:
    """Reads the refused rows of a source again, oldest first; those that are taken now are marked as replayed.

    The live cursor stays where it is. Running it twice changes nothing the second time. A row that the warehouse still
    does not take stays refused and keeps no other from being taken.
    """
    source = settings.source(source_name)
    summary = RunSummary()
    reader = source.reader(settings.site.site, customer_secret())
    try:
        with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            refused = warehouse.frame(connection, "merge/open_rejects", source_name=source_name)
        parts = [refused] if refused.height else []
        while parts:
            part = parts.pop()
            try:
                with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
                    summary.add(_replay_part(connection, settings, source, reader, part, now=now))
            except _RefusedAgainError:
                parts += _halves(part)
            except warehouse.WarehouseError as error:
                if not error.is_data_fault:
                    raise
                parts += _halves(part)
    except warehouse.WarehouseError as error:
        raise LoadError(without_customers(f"Source '{source_name}': {error}", settings)) from error
    finally:
        reader.close()
    return summary


def _halves(part: pl.DataFrame) -> list[pl.DataFrame]:
    """The later and the earlier half (the last is worked next); nothing of a single row: it stays refused."""
    middle = part.height // 2
    return [part[middle:], part[:middle]] if middle else []


def _has_lost_names(batch: Batch) -> bool:
    """Whether a call, a ticket, a queue or an agent of a batch is named by what was masked when it was refused."""
    names = ("call_id", "ticket_id", "queue_name", "agent_name")
    return any(
        frame.select(_lost(pl.col(name)).any()).item()
        for frame in batch.facts.values()
        for name in names
        if frame.schema.get(name) == pl.String
    )


def _lost(name: pl.Expr) -> pl.Expr:
    return name.str.contains(MASKED_PATTERN).fill_null(False)


def _replay_part(
    connection: sa.Connection,
    settings: Settings,
    source: SourceSettings,
    reader: Reader,
    refused: pl.DataFrame,
    *,
    now: Callable[[], datetime],
) -> BatchSummary:
    """Takes some refused rows in the connection's transaction; raises where one of them is refused again."""
    _, carry_text = warehouse.one_row(connection, "merge/cursor_lock", source_name=source.name)
    batch, still = reader.again(refused["raw_text"].to_list(), carry_text, now=now())
    if _has_lost_names(batch):
        raise _RefusedAgainError
    batch = replace(batch, names=batch.names.filter(~_lost(pl.col("display_name"))))
    run_id = warehouse.one_row(connection, "merge/run_number")[0]
    started_at = now()
    done = merge_batch(connection, settings, source, batch, run_id=run_id, now=now)
    if done.has_refused:
        raise _RefusedAgainError
    taken = [number for place, number in enumerate(refused["reject_id"].to_list()) if place not in still]
    warehouse.execute(connection, "merge/rejects_replayed", reject_ids=taken, replayed_at=now())
    loaded_rows = min(done.loaded_rows, len(taken))
    counts = BatchSummary(
        len(taken), loaded_rows, len(taken) - loaded_rows, 0, None, "replay of refused rows"
    )
    _write_run(connection, source, run_id, counts, started_at=started_at, ended_at=now())
    warehouse.execute(connection, "merge/cursor_carry", source_name=source.name, carry_text=batch.carry_text)
    return counts
