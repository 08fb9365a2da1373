"""Deletes every night what is older than the site keeps it, a little at a time, and remembers from when on rows are whole.

In: the months of [retention] in floorboard.toml and the list of all tables. Out: rows that are gone, what is noted of it on
Data health and in the trail; and, before anything goes, the same as a plan.
The rule it guards: figures that were made of deleted rows stay as they were counted, and no load, recount or comparison
touches them: the day from which rows are whole is noted before the first row goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, TypeVar

import polars as pl
import sqlalchemy as sa
from psycopg import sql as words

from etl import LoadError
from etl.config import Settings
from etl.load import DEADLINE_SECONDS
from etl.patience import Patience
from etl.retention_settings import kept_from
from etl.retention_tables import KeptTable, tables
from etl.sources import SourceSettings
from sql import audit, embedded, warehouse

OF_BATCHES, OF_READERS = "3s", "500ms"
"""For how long it waits for running batches, and for readers of a month that is dropped: others wait behind it."""
LOGS = "logs that were put aside"
PIECE_PAGES = 2_000  # of 8 kB: what one transaction looks through
Clock = Callable[[], datetime]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class OldRows:
    """What of a table is older than the site keeps it: how many rows, and how old the oldest of the table is."""

    table_name: str
    kind_name: str
    kept_months: int
    kept_from_at: datetime
    old_rows: int
    oldest_at: datetime | None


def plan(engine: sa.Engine, settings: Settings, *, now: Clock) -> list[OldRows]:
    """What the next night would delete: one row per table that is ever cleared. Nothing is changed. Raises LoadError."""
    work = _Work(engine, settings, now())
    try:
        with work.connected() as connection:
            work.see(connection)
            return [work.old_rows(connection, table) for table in work.limited()]
    except warehouse.WarehouseError as error:
        raise LoadError(f"What is older than it is kept could not be counted: {error}") from error


def retain(
    engine: sa.Engine, settings: Settings, *, now: Clock, check: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Deletes what is older than the site keeps it; the rows that went, by table. May be done again at any time.

    `check` is called between small transactions and may end the work by raising. Raises LoadError where the warehouse
    is away; what is gone by then stays gone, the rest goes the next time.
    """
    work = _Work(engine, settings, now(), check)
    try:
        work.note_limits()
        for table in work.limited():
            work.clear(table)
        work.clear_logs()
        work.note_whole()
    except warehouse.WarehouseError as error:
        raise LoadError(f"What is older than it is kept could not be deleted: {error}") from error
    return work.deleted


def retain_nightly(
    engine: sa.Engine,
    settings: Settings,
    _source: SourceSettings,
    _day_date: date,
    *,
    now: Clock,
) -> str | None:
    """The same as work that is due once a day (etl.schedule.nightly); a sentence where anything went."""
    return told(retain(engine, settings, now=now))


def told(deleted: Mapping[str, int]) -> str | None:
    """What went, as a sentence; null where nothing did."""
    if not deleted:
        return None
    parts = ", ".join(f"{rows:,} of {name}" for name, rows in deleted.items())
    return f"Deleted, because they are older than they are kept: {parts}."


def changed_text(engine: sa.Engine, settings: Settings) -> str | None:
    """What [retention] says otherwise than in the last night, as a sentence; null where it is the same. Raises LoadError."""
    try:
        with warehouse.connected(engine) as connection:
            known = warehouse.frame(connection, "retention/known")
    except warehouse.WarehouseError as error:
        raise LoadError(str(error)) from error
    before = dict(zip(known["kind_name"], known["kept_months"], strict=True))
    changes = [
        f"{kind} from {_months_text(before[kind])} to {_months_text(months)}"
        for kind, months in settings.retention.months().items()
        if kind in before and before[kind] != months
    ]
    if not changes:
        return None
    return (
        f"How long rows are kept was changed: {', '.join(changes)}. Fewer months delete rows in the next night "
        "(`floorboard etl retention --dry-run` says which), more bring none back."
    )


def _months_text(months: int | None) -> str:
    return "no limit" if months is None else f"{months} months"


def old_dumps_text(engine: sa.Engine, settings: Settings, *, now: Clock) -> str | None:
    """Which backups are themselves older than calls are kept, as a sentence; null where there is none. Raises LoadError.

    They hold rows that are long gone here. Where they lie, nobody but the operator knows: they are named, not deleted.
    """
    months = settings.retention.calls
    if months is None:
        return None
    before = kept_from(months, now=now(), time_zone_name=settings.site.time_zone)
    try:
        with warehouse.connected(engine) as connection:
            found = warehouse.frame(connection, "retention/old_dumps", before_at=before)
    except warehouse.WarehouseError as error:
        raise LoadError(f"The backups that were made could not be looked up: {error}") from error
    if found.is_empty():
        return None
    names = ", ".join(f"{name} of {at:%Y-%m-%d}" for name, at in found.iter_rows())
    return (
        f"Backups that are older than calls are kept ({months} months): {names}. They hold rows that were deleted here "
        "since; delete those files that are still there."
    )


def refuse_deleted_days(engine: sa.Engine, window_start: datetime | None) -> None:
    """LoadError where a recount is asked for of days whose rows were deleted: their figures stay as they were counted."""
    if window_start is None:
        return
    with warehouse.connected(engine) as connection:
        [whole_from_at] = warehouse.one_row(connection, "retention/whole_from")
    if whole_from_at is not None and window_start < whole_from_at:
        raise LoadError(
            f"Found a recount from {window_start:%Y-%m-%d %H:%M} UTC, expected one from {whole_from_at:%Y-%m-%d %H:%M} "
            "UTC on: the calls before were deleted for their age, and their figures stay as they were counted. Run "
            f"`floorboard etl backfill --from {whole_from_at:%Y-%m-%dT%H:%M}Z`."
        )


class _Work:
    """One run: the limits of this night, and what went."""

    def __init__(
        self,
        engine: sa.Engine,
        settings: Settings,
        at: datetime,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine, self._at, self._check = engine, at, check
        self._months = settings.retention.months()
        self._zone_name = settings.site.time_zone
        self._before: dict[str, datetime] = {}
        self._parts: dict[str, list[dict[str, Any]]] = {}
        self.deleted: dict[str, int] = {}

    def connected(self) -> Any:
        return warehouse.connected(self._engine, deadline_seconds=DEADLINE_SECONDS)

    def see(self, connection: sa.Connection) -> pl.DataFrame:
        """What was noted so far; from then on what is noted as deleted counts, if it is later than the settings say."""
        known = warehouse.frame(connection, "retention/known")
        whole = dict(zip(known["kind_name"], known["whole_from_at"], strict=True))
        for kind, months in self._months.items():
            if months is not None:
                kept = kept_from(months, now=self._at, time_zone_name=self._zone_name)
                self._before[kind] = max(kept, whole.get(kind) or kept)
        return known

    def _see_parts(self, connection: sa.Connection) -> None:
        """Where the rows of each table lie now: what is loaded from now on is not old."""
        names = [one.table_name for one in self.limited()]
        self._parts = {name: [] for name in names}
        for part in warehouse.frame(connection, "retention/parts", table_names=names).to_dicts():
            self._parts[part["table_name"]].append(part)

    def limited(self) -> list[KeptTable]:
        """The tables of which anything is ever deleted, in their order."""
        return [
            one
            for one in tables().values()
            if not one.is_kept and all(kind in self._before for kind in one.kinds)
        ]

    def _before_which(self, table: KeptTable) -> datetime:
        """The instant before which rows of a table with a limit are old: the earliest of its kinds."""
        return min(self._before[kind] for kind in table.kinds)

    def note_limits(self) -> None:
        """Notes the months of this night, and from when on the rows of each kind will be whole.

        No batch is loaded meanwhile: one that began before would still bring what is deleted, or count it anew.
        """
        self._patiently(self._note_limits)

    def _note_limits(self) -> None:
        with self.connected() as connection:
            warehouse.one_row(connection, "retention/alone", patience_text=OF_BATCHES)
            known = self.see(connection)
            self._note_settings(connection, known)
            self._see_parts(connection)
            whole = dict(zip(known["kind_name"], known["whole_from_at"], strict=True))
            for kind, months in self._months.items():
                has_limit = months is not None and (
                    whole.get(kind) is not None or self._has_old(connection, kind)
                )
                warehouse.execute(
                    connection,
                    "retention/note",
                    kind_name=kind,
                    kept_months=months,
                    whole_from_at=self._before[kind] if has_limit else None,
                    noted_at=self._at,
                )

    def _note_settings(self, connection: sa.Connection, known: pl.DataFrame) -> None:
        """A line of the trail where the months are others than in the night before."""
        before = dict(zip(known["kind_name"], known["kept_months"], strict=True))
        changed = {
            kind: {"before": before[kind], "after": months}
            for kind, months in self._months.items()
            if kind in before and before[kind] != months
        }
        if changed:
            audit.note(connection, what_name="retention.settings", told=changed)

    def _has_old(self, connection: sa.Connection, kind: str) -> bool:
        """Whether anything of the kind is to go: until then nothing is noted, and all that a source tells is taken."""
        for table in self.limited():
            goes = table.goes(self._limits()) if table.kind_name == kind and not table.by_itself else None
            if goes is not None:
                asked = words.SQL("select exists (select from {} as t where {})").format(table.name, goes)
                if _answer(connection, asked):
                    return True
        return False

    def _limits(self) -> dict[str, words.Composable | None]:
        return {kind: words.Literal(before) for kind, before in self._before.items()}

    def old_rows(self, connection: sa.Connection, table: KeptTable) -> OldRows:
        """How many rows of the table are to go, and how old its oldest is."""
        goes = table.goes(self._limits(), is_planned=True)
        oldest = table.oldest() or words.SQL("null::timestamptz")
        asked = words.SQL("select count(*) filter (where {}), {} from {} as t").format(
            goes, oldest, table.name
        )
        row = warehouse.driver_connection(connection).execute(asked).fetchone()
        months = max(months for kind in table.kinds if (months := self._months[kind]) is not None)
        assert row is not None  # a count answers one row
        return OldRows(table.table_name, table.kind_name, months, self._before_which(table), *row)

    def clear(self, table: KeptTable) -> None:
        """Deletes what is old of one table: whole months where they lie apart, else page after page."""
        if table.by_itself:
            self._patiently(partial(self._forget_by_itself, table))
            return
        goes = table.goes(self._limits())
        if goes is None:
            return
        before = self._before_which(table)
        for part in self._parts[table.table_name]:
            if part["is_month"] and part["begins_at"] >= before:
                continue
            name = words.Identifier(table.table_name.partition(".")[0], part["part_name"])
            if part["is_month"] and part["ends_at"] <= before and self._drop_month(table, name, goes):
                continue
            for first in range(0, part["page_count"], PIECE_PAGES):
                self._check()
                self._patiently(partial(self._clear_piece, table, name, goes, first))

    def _clear_piece(
        self, table: KeptTable, part: words.Identifier, goes: words.Composable, first_page: int
    ) -> None:
        """One short transaction: what is old on the next pages, in the order in which it lies there."""
        command = words.SQL("delete from {} as t where t.ctid >= {} and t.ctid < {} and {}").format(
            part, words.Literal(f"({first_page},0)"), words.Literal(f"({first_page + PIECE_PAGES},0)"), goes
        )
        with self.connected() as connection:
            rows = warehouse.driver_connection(connection).execute(command).rowcount
            self._note_deleted(connection, table, rows)
        self._count(table.table_name, rows)

    def _drop_month(self, table: KeptTable, part: words.Identifier, goes: words.Composable) -> bool:
        """Whether a whole month could be dropped: all of it is old, and nobody held on to it for more than a moment."""
        asked = words.SQL("select count(*), count(*) filter (where {}) from {} as t").format(goes, part)
        try:
            with self.connected() as connection:
                warehouse.one_row(connection, "retention/alone", patience_text=OF_READERS)
                driver = warehouse.driver_connection(connection)
                row = driver.execute(asked).fetchone()
                if row is None or row[0] != row[1]:
                    return False
                command = words.SQL("drop table {}").format(part)
                driver.execute(command)
                self._note_deleted(connection, table, row[0])
        except warehouse.WarehouseError as error:
            if not error.is_transient:
                raise
            return False
        self._count(table.table_name, row[0])
        return True

    def _forget_by_itself(self, table: KeptTable) -> None:
        before = self._before[table.kind_name].date()
        with self.connected() as connection:
            if table.table_name == "game.evidence":
                [rows] = warehouse.one_row(connection, "retention/game_workings", before_date=before)
            else:
                rows = audit.forget(connection, before_date=before.replace(day=1))
            self._note_deleted(connection, table, rows)
        self._count(table.table_name, rows)

    def clear_logs(self) -> None:
        """Deletes logs of Floorboard's own processes that were put aside as full and are as old as the ledger may be."""
        before = self._before.get("loads")
        for file in (embedded.home() / "logs").glob("*.log.1") if before else ():
            with suppress(OSError):  # gone meanwhile, or another user's
                if before and datetime.fromtimestamp(file.stat().st_mtime, UTC) < before:
                    file.unlink()
                    self._count(LOGS, 1)

    def _note_deleted(self, connection: sa.Connection, table: KeptTable, rows: int) -> None:
        if rows:
            warehouse.execute(
                connection,
                "retention/deletion",
                deleted_at=self._at,
                table_name=table.table_name,
                kind_name=table.kind_name,
                older_than_at=self._before_which(table),
                deleted_rows=rows,
            )

    def _count(self, name: str, rows: int) -> None:
        """What went, once it is committed."""
        if rows:
            self.deleted[name] = self.deleted.get(name, 0) + rows

    def note_whole(self) -> None:
        """One line of the trail for the night, where anything went."""
        if self.deleted:
            with self.connected() as connection:
                audit.note(connection, what_name="retention.applied", told={"deleted_rows": self.deleted})

    def _patiently(self, work: Callable[[], Answer]) -> Answer:
        """What one transaction did; one that a load crossed is done again."""
        patience = Patience()
        while True:
            try:
                return work()
            except warehouse.WarehouseError as error:
                patience.bear(error)


def _answer(connection: sa.Connection, asked: words.Composed) -> object:
    row = warehouse.driver_connection(connection).execute(asked).fetchone()
    return None if row is None else row[0]
