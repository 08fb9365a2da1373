"""Proves that every figure kept for the boards is what the facts say, and repairs those that are not.

In: a window (all of it by default). Out: each row of a rollup that differs, column by column, and how many were compared.
The rule it guards: figures are proven by the very statements that make them; a proof changes nothing, a repair changes
only what differs, and neither holds up a load for longer than one small piece takes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial

import polars as pl
import sqlalchemy as sa

from etl import LoadError
from etl.load import DEADLINE_SECONDS
from etl.merge import roll_up
from etl.patience import Patience
from etl.tickets.ticket_merge import roll_up_days, settle_tickets
from sql import warehouse

FIRST_AT, LAST_AT = datetime(1990, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)
PIECE = timedelta(days=1)
PIECE_TICKETS = 2_000  # no load of their source runs meanwhile
PIECE_DAYS = 500  # local days and groups at a time
MOST_NAMED = 20
INTERVALS = ("queue_intervals", "agent_intervals")
_NAMES = ("queue_id", "agent_id", "interval_start_at", "day_date", "group_name", "source_name", "ticket_id")


@dataclass(frozen=True)
class WrongFigure:
    """A figure that is not what the facts say; null where the whole row is missing or should not be there."""

    table_name: str
    of_name: str
    place_text: str
    column_name: str
    kept_text: str | None
    counted_text: str | None


@dataclass
class Proof:
    """What was compared and what differed, by table; `figures` names the first ones."""

    is_repair: bool
    compared_rows: dict[str, int] = field(default_factory=dict)
    differing_rows: dict[str, int] = field(default_factory=dict)
    figures: list[WrongFigure] = field(default_factory=list)
    seconds: float = 0.0
    whole_from_at: datetime | None = None
    """From when on intervals of queues can be counted: the calls before were deleted for their age."""

    @property
    def is_proven(self) -> bool:
        """Whether nothing differed."""
        return not any(self.differing_rows.values())

    def to_dict(self) -> dict[str, object]:
        """As one object for programs."""
        whole = self.whole_from_at.isoformat() if self.whole_from_at else None
        return {**asdict(self), "whole_from_at": whole, "is_proven": self.is_proven}

    def sentences(self) -> list[str]:
        """What came out, for people: how much was compared in which time, and what to do next."""
        compared = sum(self.compared_rows.values())
        pace = f" ({compared / self.seconds:,.0f} rows a second)" if self.seconds and compared else ""
        told = [f"{compared:,} rows of figures compared with the facts in {self.seconds:,.1f} s{pace}."]
        if self.whole_from_at is not None:
            day = f"{self.whole_from_at:%Y-%m-%d %H:%M} UTC"
            told.append(
                f"Calls before {day} were deleted for their age: their figures stay as they were counted."
            )
        wrong = [f"{rows:,} of {name}" for name, rows in sorted(self.differing_rows.items()) if rows]
        if not wrong:
            return [*told, "The warehouse is fit for use, and every figure is what the facts say."]
        told.append(f"Rows that are not what the facts say: {', '.join(wrong)}.")
        next_step = (
            "They are counted anew; everything else was left as it was."
            if self.is_repair
            else "Run `floorboard db check --repair`: it counts them anew and leaves everything else as it is."
        )
        return [*told, next_step]

    def add(self, piece: _Piece) -> None:
        """Counts one piece in."""
        for table_name, compared_rows in piece.compared.iter_rows():
            self.compared_rows[table_name] = self.compared_rows.get(table_name, 0) + compared_rows
        for row in piece.differing.iter_rows(named=True):
            table_name = row["table_name"]
            self.differing_rows[table_name] = self.differing_rows.get(table_name, 0) + 1
            self.figures += _wrong_figures(row)[: MOST_NAMED - len(self.figures)]


@dataclass(frozen=True)
class _Piece:
    """What one transaction compared: rows by table, and those that differ as they stand and as they are counted."""

    compared: pl.DataFrame
    differing: pl.DataFrame


def _wrong_figures(row: dict[str, str | None]) -> list[WrongFigure]:
    """The columns in which a row differs; a row that is missing or too much as one figure."""
    kept, counted = (json.loads(row[name] or "null") for name in ("kept_text", "counted_text"))
    table_name, of, place = (str(row[name]) for name in ("table_name", "of_name", "place_text"))
    if kept is None or counted is None:
        whole = ["no row" if told is None else "a row" for told in (kept, counted)]
        return [WrongFigure(table_name, of, place, "(the whole row)", *whole)]
    return [
        WrongFigure(table_name, of, place, name, _text(kept[name]), _text(counted[name]))
        for name in kept
        if name not in _NAMES and kept[name] != counted[name]
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def prove(
    engine: sa.Engine,
    *,
    window_start: datetime | None = None,
    window_end: datetime | None = None,
    is_repair: bool = False,
    on_progress: Callable[[str], None] = lambda _text: None,
) -> Proof:
    """Compares the rollups of the window (all of it when None) with what the facts say; is_repair puts right what differs.

    Everything is counted again in a transaction of its own for each day, or for each 2,000 tickets, and taken back
    unless it is a repair. Raises LoadError where the warehouse is away.
    """
    began = time.monotonic()
    work = _Work(engine, Proof(is_repair), on_progress)
    start, end = window_start or FIRST_AT, window_end or LAST_AT
    try:
        with warehouse.connected(engine) as connection:
            [work.proof.whole_from_at] = warehouse.one_row(connection, "retention/whole_from")
        work.intervals(start, end)
        work.tickets(start, end)
    except warehouse.WarehouseError as error:
        raise LoadError(str(error)) from error
    work.proof.seconds = round(time.monotonic() - began, 3)
    return work.proof


class _TakenBackError(Exception):
    """Everything that the transaction counted is taken back."""


@dataclass
class _Work:
    """The proof at work, piece by piece."""

    engine: sa.Engine
    proof: Proof
    on_progress: Callable[[str], None]
    wrong_tickets: dict[str, list[str]] = field(default_factory=dict)
    days: set[tuple[date, str]] = field(default_factory=set)

    def intervals(self, start: datetime, end: datetime) -> None:
        """The 15-minute rollups of queues and agents, day by day."""
        with warehouse.connected(self.engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            first_at, last_at = warehouse.one_row(connection, "rollups/extent")
        if first_at is None:
            return
        at = max(start, first_at).replace(hour=0, minute=0, second=0, microsecond=0)
        last = min(end, last_at + timedelta(seconds=1))
        while at < last:
            window = {"window_start": max(at, start), "window_end": min(at + PIECE, end)}
            self.on_progress(f"queues and agents, {at:%Y-%m-%d}")
            self._worked(partial(_intervals_of, window=window), of_many_sources=True)
            at += PIECE

    def tickets(self, start: datetime, end: datetime) -> None:
        """The measures and promises of the window's tickets, then the days on which tickets count."""
        window = {"window_start": start, "window_end": end}
        with warehouse.connected(self.engine, deadline_seconds=DEADLINE_SECONDS) as connection:
            tickets = warehouse.frame(connection, "rollups/tickets_between", **window)
        for (name,), part in tickets.group_by("source_name", maintain_order=True):
            for place in range(0, part.height, PIECE_TICKETS):
                ids = part["ticket_id"][place : place + PIECE_TICKETS].to_list()
                self.on_progress(f"{name}, {place:,} of {part.height:,} tickets")
                piece = self._worked(partial(self._tickets_of, source_name=str(name), ids=ids))
                wrong = piece.differing["row_key"].str.split("\x1f").list.first().unique().to_list()
                self.wrong_tickets.setdefault(str(name), []).extend(wrong)
        if tickets.is_empty():
            with warehouse.connected(self.engine, deadline_seconds=DEADLINE_SECONDS) as connection:
                self._note_days(connection)
        days = sorted(day for day in self.days if start.date() <= day[0] <= end.date())
        for place in range(0, len(days), PIECE_DAYS):
            self.on_progress(f"days of tickets, {place:,} of {len(days):,}")
            part_of_days = days[place : place + PIECE_DAYS]
            self._worked(partial(self._days_of, days=part_of_days))

    def _tickets_of(self, connection: sa.Connection, source_name: str, ids: list[str]) -> _Piece:
        named = {"source_name": source_name, "ticket_ids": ids}
        warehouse.execute(connection, "prove/tickets", is_kept=True, **named)
        settle_tickets(connection, ids, source_name=source_name)
        warehouse.execute(connection, "merge/ticket_days_touched", **named)
        self._note_days(connection)
        warehouse.execute(connection, "prove/tickets", is_kept=False, **named)
        return _piece(connection)

    def _note_days(self, connection: sa.Connection) -> None:
        """The days for which there is a rollup, and those that were noted."""
        connection.exec_driver_sql(warehouse.statement("merge/stage_ticket_measures"))
        self.days |= set(warehouse.frame(connection, "prove/days_known").iter_rows())

    def _days_of(self, connection: sa.Connection, days: list[tuple[date, str]]) -> _Piece:
        """The days compared with what the tickets say once those that were wrong are counted as they should be."""
        connection.exec_driver_sql(warehouse.statement("merge/stage_ticket_measures"))
        for source_name, ids in self.wrong_tickets.items():
            settle_tickets(connection, ids, source_name=source_name)
        noted = {"day_dates": [day for day, _ in days], "group_names": [group for _, group in days]}
        warehouse.execute(connection, "prove/days_noted", **noted)
        warehouse.execute(connection, "prove/ticket_days", is_kept=True)
        roll_up_days(connection)
        warehouse.execute(connection, "prove/ticket_days", is_kept=False)
        return _piece(connection)

    def _worked(self, count: Callable[[sa.Connection], _Piece], *, of_many_sources: bool = False) -> _Piece:
        """One piece in a transaction of its own; what a repair found wrong is counted once more, with no load beside it."""
        piece = self._patiently(partial(self._counted, count, is_kept=False))
        if self.proof.is_repair and not piece.differing.is_empty():
            piece = self._patiently(partial(self._repaired, count, of_many_sources=of_many_sources))
        self.proof.add(piece)
        return piece

    def _patiently(self, work: Callable[[], _Piece]) -> _Piece:
        """A piece; one that a load crossed is counted again."""
        patience = Patience()
        while True:
            try:
                return work()
            except warehouse.WarehouseError as error:
                patience.bear(error)

    def _repaired(self, count: Callable[[sa.Connection], _Piece], *, of_many_sources: bool) -> _Piece:
        """A piece put right while no load goes on: a batch whose figures are as they stand writes none to be seen here.

        Another transaction holds the loads up, since the piece's own sees the warehouse as it stood at its first question.
        of_many_sources: none that mends the past either; a piece of one source waits for those itself.
        """
        with warehouse.connected(self.engine, deadline_seconds=DEADLINE_SECONDS) as alone:
            warehouse.one_row(alone, "merge/erase_patience")
            warehouse.execute(alone, "merge/erase_cursors_lock")
            if of_many_sources:
                warehouse.one_row(alone, "merge/erasures_lock")
            return self._counted(count, is_kept=True)

    def _counted(self, count: Callable[[sa.Connection], _Piece], *, is_kept: bool) -> _Piece:
        piece: _Piece | None = None
        try:
            with warehouse.connected(self.engine, deadline_seconds=DEADLINE_SECONDS) as connection:
                warehouse.execute(connection, "prove/begin")
                connection.exec_driver_sql(warehouse.statement("prove/stage"))
                piece = count(connection)
                if not is_kept or piece.differing.is_empty():
                    raise _TakenBackError
        except _TakenBackError:
            pass
        assert piece is not None
        return piece


def _intervals_of(connection: sa.Connection, window: dict[str, datetime]) -> _Piece:
    connection.exec_driver_sql(warehouse.statement("merge/stage"))
    warehouse.execute(connection, "rollups/dirty_from_facts", **window)
    warehouse.execute(connection, "rollups/dirty_from_rollups", **window)
    for name in INTERVALS:
        warehouse.execute(connection, f"prove/{name}", is_kept=True, **window)
    roll_up(connection)
    for name in INTERVALS:
        warehouse.execute(connection, f"prove/{name}", is_kept=False, **window)
    return _piece(connection)


def _piece(connection: sa.Connection) -> _Piece:
    return _Piece(
        warehouse.frame(connection, "prove/compared"), warehouse.frame(connection, "prove/differing")
    )
