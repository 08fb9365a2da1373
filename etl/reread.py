"""Reads what an origin tells of a day that is over once more, beside the live reading and without moving it.

In: a reader, the day's window, the places that earlier nights left. Out: the day's facts as the origin tells them now,
which part of the day can be compared, and the place from which the next day will be read.
The rule it guards: a log is read on from where all that came before is known, so that it tells the same as it did live;
where that is not known any more, what depends on it is left out and said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from etl import LoadError, signs
from etl.config import Settings
from etl.day_facts import KINDS, ToldFacts
from etl.erasure_carry import tidied
from etl.load import DEADLINE_SECONDS
from etl.merge import facts_taken
from etl.shapes import CALLS
from etl.sources import Batch, Reader, SourceSettings
from sql import warehouse

PIECE_BYTES = 1 << 20  # small pieces: a night begins where the day before it did, not megabytes earlier
READ_ON = timedelta(hours=26)  # so long after the day's end a log may still tell of it
SETTLED = timedelta(hours=1)  # by then, what waits for more rows of its call has waited long enough
UNKNOWN_BEFORE = timedelta(hours=2)  # so long after a log's first line its calls may have entered before it
KEPT_DAYS = 40


class NotComparableError(Exception):
    """The origin cannot tell of the day any more; the text is the reason in words."""


class _GapError(Exception):
    """The origin is not what it was at the place where reading began."""


@dataclass(frozen=True)
class Window:
    """A local day, and the instant from which on it can be compared."""

    day_date: date
    day_start: datetime
    day_end: datetime
    start: datetime

    @classmethod
    def of(cls, day_date: date, zone: ZoneInfo) -> Window:
        """The whole of a day by the clock of the zone."""
        start, end = (
            datetime.combine(day, time(), zone).astimezone(UTC)
            for day in (day_date, day_date + timedelta(days=1))
        )
        return cls(day_date, start, end, start)

    @property
    def part_text(self) -> str:
        """What to say where only a part of the day was compared."""
        if self.start > self.day_start:
            return f"Compared from {self.start:%Y-%m-%d %H:%M} UTC on: what the origin still holds begins two hours earlier."
        return ""


@dataclass(frozen=True)
class Reread:
    """What the origin tells now. is_whole: all that came before is known; is_kept: it keeps what it once told."""

    told: ToldFacts
    window: Window
    is_whole: bool
    is_kept: bool


@dataclass(frozen=True)
class _Start:
    """A place where reading begins, and whether all that came before it is known there."""

    position_text: str = ""
    carry_text: str = ""
    is_whole: bool = False


@dataclass(frozen=True)
class Rereading:
    """One source and day to be read once more."""

    engine: sa.Engine
    settings: Settings
    source: SourceSettings
    window: Window
    now: datetime

    def read(self, reader: Reader) -> Reread:
        """What the origin tells around the day. Raises NotComparableError, and LoadError where it does not answer."""
        with self._connected() as connection:
            place = _first(
                warehouse.frame(connection, "reconcile/place", source_name=self.source.name).rows(named=True)
            )
            mark = _first(
                warehouse.frame(
                    connection,
                    "reconcile/mark",
                    source_name=self.source.name,
                    day_date=self.window.day_date,
                ).rows(named=True)
            )
        if place is None:
            raise NotComparableError("The source was never loaded: there is nothing to compare with yet.")
        window = self.window
        self._see_that_all_was_loaded(reader, place)
        rewound = reader.rewound(place["carry_text"], to=self.window.day_start)
        if rewound is not None:
            told, _ = self._told(reader, _Start(*rewound), waits=False)
            return Reread(told, window, is_whole=True, is_kept=True)
        if mark is not None and mark["position_text"]:
            start = _Start(mark["position_text"], mark["carry_text"], is_whole=mark["is_whole"])
            try:
                told, following = self._told(reader, start, refuses_gaps=True)
            except (_GapError, LoadError):
                pass  # it is another log, or the place is not its own: what is there now tells all that there is
            else:
                self._keep_marks(following, place, reader)
                return Reread(told, window, is_whole=start.is_whole, is_kept=False)
        return self._from_the_beginning(reader, window, place)

    def _from_the_beginning(self, reader: Reader, window: Window, place: dict[str, Any]) -> Reread:
        """All that the origin holds; it is whole where the warehouse knows nothing of before that."""
        told, following = self._told(reader, _Start())
        is_known = False
        if told.first_at is not None:
            with self._connected() as connection:
                [is_known] = warehouse.one_row(
                    connection,
                    "reconcile/is_known_before",
                    source_name=self.source.facts_source_name,
                    first_at=told.first_at,
                )
        if is_known and told.first_at is not None and reader.tells_in_order:
            window = replace(window, start=max(window.start, told.first_at + UNKNOWN_BEFORE))
        self._keep_marks(replace(following, is_whole=not is_known), place, reader)
        if window.start >= window.day_end:
            raise NotComparableError(
                f"The origin no longer tells of that day: what it holds begins at {told.first_at:%Y-%m-%d %H:%M} UTC."
            )
        return Reread(told, window, is_whole=not is_known, is_kept=False)

    def _told(
        self, reader: Reader, start: _Start, *, waits: bool = True, refuses_gaps: bool = False
    ) -> tuple[ToldFacts, _Start]:
        """The facts from the start on, and the last place before everything that is told of the next day and later."""
        window = self.window
        told = ToldFacts(window.day_start, window.day_end, self.source.facts_source_name)
        following, is_next_day = start, False
        for number, batch in enumerate(self._batches(reader, start, waits=waits)):
            signs.alive()
            if number == 0 and refuses_gaps and batch.notice:
                raise _GapError
            with self._connected() as connection:
                facts = facts_taken(connection, self.settings, self.source, batch)
            told.take(facts, are_records=batch.rows is not None, replaces_tails=batch.replaces_tails)
            newest = [frame[KINDS[shape.fact_name].time_name].max() for shape, frame in facts]
            is_next_day = is_next_day or any(
                at >= window.day_end for at in newest if isinstance(at, datetime)
            )
            if not is_next_day:
                following = _Start(batch.position_text, batch.carry_text, start.is_whole)
            oldest = [frame["offered_at"].min() for shape, frame in facts if shape is CALLS]
            if reader.tells_in_order and any(
                at >= window.day_end + READ_ON for at in oldest if isinstance(at, datetime)
            ):
                break
        return told, following

    def _batches(self, reader: Reader, start: _Start, *, waits: bool) -> Iterator[Batch]:
        """What is read from the start on; with `waits`, also what a reader holds back until its call is whole."""
        position_text, carry_text = start.position_text, start.carry_text
        for now in (self.now, self.now + SETTLED) if waits else (self.now,):
            for batch in reader.read(position_text, carry_text, now=now, piece_bytes=PIECE_BYTES):
                position_text, carry_text = batch.position_text, batch.carry_text
                yield batch

    def _see_that_all_was_loaded(self, reader: Reader, place: dict[str, Any]) -> None:
        """What the live reading has not come to yet is not lost. Raises LoadError where it is still on its way."""
        newest_at = place["newest_event_at"]
        if newest_at is None or newest_at >= self.window.day_end:
            return
        waiting = reader.read(place["position_text"], place["carry_text"], now=self.now, piece_bytes=1)
        if any(batch.read_rows for batch in islice(waiting, 1)):
            raise LoadError(
                f"the load itself has not come through that day yet, it stands at {newest_at:%Y-%m-%d %H:%M} UTC and "
                "there is more to read. See that it runs; the day is compared the next night."
            )

    def _keep_marks(self, following: _Start, place: dict[str, Any], reader: Reader) -> None:
        """Keeps the place from which the next day is read.

        A log whose beginning is gone is known as a whole again from the live reading's place on.
        """
        day = self.window.day_date
        marks = {day + timedelta(days=1): following}
        if not following.is_whole and reader.tells_in_order:
            live = _Start(place["position_text"], place["carry_text"], is_whole=True)
            marks[self._day_after_now()] = live
        with self._connected() as connection:
            for day_date, mark in marks.items():
                places = (mark.position_text, mark.carry_text)
                position_text, carry_text = tidied(connection, self.settings, self.source.name, places)
                warehouse.execute(
                    connection,
                    "reconcile/mark_keep",
                    source_name=self.source.name,
                    day_date=day_date,
                    position_text=position_text,
                    carry_text=carry_text,
                    is_whole=mark.is_whole,
                )
            warehouse.execute(
                connection,
                "reconcile/marks_old",
                source_name=self.source.name,
                before_date=day - timedelta(days=KEPT_DAYS),
            )

    def _day_after_now(self) -> date:
        """A local day that begins after everything that was read by now, whatever the zone."""
        return (self.now + timedelta(days=2)).date()

    def _connected(self) -> Any:
        return warehouse.connected(self.engine, deadline_seconds=DEADLINE_SECONDS)


def _first(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    return rows[0] if rows else None
