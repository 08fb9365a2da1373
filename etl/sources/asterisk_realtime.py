"""Reads Asterisk's queue log from the database table that it writes instead of the file (`queue_log` in extconfig.conf).

Format: a table in MySQL, MariaDB or Postgres: time, callid, queuename, agent, event, and data or data1 to data5; the
time is text in the phone system's local hours (UTC with queue_log_realtime_use_gmt), or epoch seconds, or a date.
Grain: one event. Cursor: the row's number; a gap in the numbers is waited for (`settle_seconds`), then looked at again
for `look_back_seconds`, since rows may become visible late. Without a number: the time, with the rows read already.
Delay: none, but at a gap. A time that exists twice is the one that fits the call's id, else the one nearest to the
row before; a time that never was is refused.
What it cannot know: as the log file (asterisk_queue_log); without numbers and fractions, the order within a second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa
from pydantic import Field, model_validator

from etl import LoadError
from etl.masking import is_masked
from etl.sources import (
    PIECE_BYTES,
    REJECT_SCHEMA,
    Batch,
    Name,
    Names,
    Reader,
    SettingsPath,
    Site,
    SourceSettings,
)
from etl.sources.credentials import credential
from etl.sources.pbx.asterisk_times import ZoneName, with_newest, zone_fault
from etl.sources.pbx.queue_events import Carry, Rules, sessionise
from etl.sources.pbx.queue_facts import facts_of, unused_events, without_numbers
from etl.sources.pbx.realtime_cursor import Place, Progress, next_rows, told_again
from etl.sources.pbx.realtime_rows import (
    FUTURE_SECONDS,
    SKEW_SECONDS,
    Clock,
    Parsed,
    parse,
    raw_text,
    texts_of_raw,
)
from etl.sources.pbx.realtime_table import Columns, RealtimeTable, TableRow, open_table

MOST_ROWS = 20_000
ROW_BYTES = 200  # about so much makes a row, to turn the size of a batch into rows
REPLAY_SECONDS = 60  # a table that begins this much before what was read is an older copy that was put back
ColumnName = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


class RealtimeSettings(SourceSettings):
    """The queue_log table of one phone system."""

    kind: Literal["asterisk_realtime"]
    url_env: Name | None = None
    """The environment variable that holds the address of the database, with user and password."""
    url_file: SettingsPath | None = None
    """Or a file with that address which only its owner can read (mode 600)."""
    table_name: Name = "queue_log"
    schema_name: Name | None = None
    id_column: ColumnName = "id"
    """The number that grows with every row; "" where rows have none."""
    time_column: Name = "time"
    call_id_column: Name = "callid"
    queue_column: Name = "queuename"
    agent_column: Name = "agent"
    event_column: Name = "event"
    data_column: Name = "data"
    data_columns: Names = ("data1", "data2", "data3", "data4", "data5")
    time_zone: ZoneName | None = None
    """The zone of the phone system's clock; without it, the site's."""
    is_utc: bool = False
    """Whether times are written in UTC (queue_log_realtime_use_gmt = yes in logger.conf)."""
    settle_seconds: Annotated[int, Field(ge=0, le=600)] = 5
    """How long a gap in the row numbers is waited for."""
    look_back_seconds: Annotated[int, Field(ge=0, le=86_400)] = 600
    """How long after that a gap is looked at again for rows that came late."""
    answer_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    """After so long without an answer the database is given up until the next look."""
    callback_keys: Names = ()
    """Keys with which a waiting caller asks to be called back."""
    wrap_up_reason_names: Names = ()
    """Pause reasons that mean wrap-up, not a break."""

    @model_validator(mode="after")
    def _can_be_used(self) -> RealtimeSettings:
        if self.url_env is None and self.url_file is None:
            raise ValueError("url_env or url_file, where the address of the database stands")
        return self

    def reader(self, site: Site, secret: bytes) -> QueueLogTable:
        """The reader of the table; the address is fetched when it is read."""
        return QueueLogTable(
            engine_of=self._engine,
            columns=Columns(
                table=self.table_name, schema=self.schema_name, id=self.id_column, time=self.time_column,
                call_id=self.call_id_column, queue=self.queue_column, agent=self.agent_column,
                event=self.event_column, data=self.data_column, numbered_data=tuple(self.data_columns),
            ),
            rules=Rules(tuple(self.callback_keys), tuple(self.wrap_up_reason_names)),
            customer_secret=secret,
            country_name=site.country_name,
            zone=ZoneInfo("UTC" if self.is_utc else self.time_zone or site.time_zone_name),
            settle_seconds=self.settle_seconds,
            look_back_seconds=self.look_back_seconds,
            deadline_seconds=self.answer_seconds,
        )  # fmt: skip

    def origin_text(self) -> str:
        """The table, and where its address stands."""
        place = f'url_env = "{self.url_env}"' if self.url_env else f'url_file = "{self.url_file}"'
        return (
            f'{place}, table_name = "{self.schema_name + "." if self.schema_name else ""}{self.table_name}"'
        )

    def _engine(self) -> sa.Engine:
        url = credential(self.url_env, self.url_file, what="the address of the database")
        return open_table(url, deadline_seconds=self.answer_seconds)


@dataclass(frozen=True)
class QueueLogTable(Reader):
    """A queue_log table and the site's rules for it. `customer_secret` keys the hash that stands for a caller."""

    tells_in_order: ClassVar[bool] = True

    engine_of: Callable[[], sa.Engine]
    columns: Columns
    rules: Rules
    customer_secret: bytes
    zone: ZoneInfo
    country_name: str | None = None
    settle_seconds: int = 5
    look_back_seconds: int = 600
    deadline_seconds: int = 30

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Every row written after the position, batch by batch, and those that became visible late.

        Raises LoadError where the database cannot be asked, where the cursor is not one, and where the times and the
        ids of the calls show that the zone of the settings is wrong.
        """
        place, progress = _stored(position_text, carry_text)
        sessions = Carry.from_text(progress.sessions_text)
        most_rows = max(1, min(MOST_ROWS, piece_bytes // ROW_BYTES))
        table = RealtimeTable(self.engine_of(), self.columns, self.deadline_seconds)
        while True:
            with table.opened() as opened:
                found = next_rows(
                    opened, place, progress, zone=self.zone, now=int(now.timestamp()), newest_at=sessions.newest_at,
                    settle_seconds=self.settle_seconds, look_back_seconds=self.look_back_seconds, most_rows=most_rows,
                )  # fmt: skip
            if not found.rows:
                if found.progress != progress or found.place != place:
                    yield self._nothing(found.place, found.progress, sessions)
                return
            notice = found.notice
            if found.starts_anew and self._is_older(found.rows, sessions):
                sessions = Carry()
                notice = notice or (
                    f"{self.columns.table}: the row that was read last is gone and those after it are older: the table "
                    "was put back under new numbers. It is read again; rows loaded already do not count twice."
                )
            parsed, passed = self._without_told_again(table, found.rows, place, sessions, now)
            if passed:
                notice = f"{notice + ' ' if notice else ''}{_passed_text(self.columns.table, passed)}"
            differences = with_newest(progress.differences, parsed.differences)
            fault = zone_fault(differences, self.zone)
            if fault:
                raise LoadError(f"{self.columns.table}: {fault}")
            batch, sessions, _ = self._batch(parsed, found.rows, sessions, now, refusal)
            place = found.place
            progress = replace(found.progress, sessions_text=sessions.to_text(), differences=differences)
            refusal = None
            yield replace(
                batch,
                position_text=place.to_text(),
                carry_text=progress.to_text(),
                notice=notice,
            )

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Rows once refused, read once more: a batch of those taken now, and which (from 0) are still refused."""
        _, progress = _stored("", carry_text)
        sessions = Carry.from_text(progress.sessions_text)
        rows = [TableRow(0, texts_of_raw(text)) for text in raw_texts]
        parsed = self._parsed(rows, sessions, now)
        batch, after, refused = self._batch(parsed, rows, sessions, now, None)
        names = (self.columns.call_id, self.columns.queue, self.columns.agent)
        altered = {
            place
            for place, (text, row) in enumerate(zip(raw_texts, rows, strict=True))
            if "\u2400" in text or any(is_masked(row.texts.get(name)) for name in names)
        }
        still = frozenset([*refused["seq"].to_list(), *altered])
        batch = replace(
            batch,
            rejects=batch.rejects.clear(),
            unused=batch.unused.clear(),
            read_rows=len(raw_texts) - len(still),
            carry_text=replace(progress, sessions_text=after.to_text()).to_text(),
            newest_event_at=None,
        )
        return batch, still

    def _without_told_again(
        self, table: RealtimeTable, rows: list[TableRow], place: Place, sessions: Carry, now: datetime
    ) -> tuple[Parsed, int]:
        """The rows' events without those of an old copy that was put into the table a second time, and how many."""
        parsed, latest_at = self._parsed(rows, sessions, now), int(now.timestamp()) + SKEW_SECONDS
        instants = parsed.events.filter(pl.col("event_at") <= latest_at).select("seq", "event_at")
        newest_at = sessions.newest_at
        is_old = (pl.col("event_at") <= newest_at) | (pl.col("event_at") < pl.col("event_at").cum_max())
        if not self.columns.id or not instants.select(is_old.any()).item():
            return parsed, 0  # nothing goes back in time: no question is asked
        with table.opened() as opened:
            last = (
                self._parsed(opened.within([(place.number, place.number)]), sessions, now)
                .events["event_at"]
                .min()
            )
            last_at = last if isinstance(last, int) else newest_at
            passed = told_again(opened, rows, instants, newest_at=newest_at, last_at=last_at)
        kept = ~pl.col("seq").is_in(passed)
        return replace(parsed, events=parsed.events.filter(kept), refused=parsed.refused.filter(kept)), len(
            passed
        )

    def _parsed(self, rows: list[TableRow], sessions: Carry, now: datetime) -> Parsed:
        latest_at = int(now.timestamp()) + FUTURE_SECONDS
        clock = Clock(self.zone, sessions.newest_at, latest_at, has_order=bool(self.columns.id))
        return parse(rows, self.columns, clock)

    def _is_older(self, rows: list[TableRow], sessions: Carry) -> bool:
        """Whether a table that is not the one read before begins before what was read: an old copy put back."""
        clock = Clock(self.zone, newest_at=0, latest_at=sessions.newest_at + FUTURE_SECONDS)
        first = parse(rows[:1], self.columns, clock).events["event_at"].min()
        return isinstance(first, int) and first < sessions.newest_at - REPLAY_SECONDS

    def _batch(
        self, parsed: Parsed, rows: list[TableRow], carry: Carry, now: datetime, refusal: str | None
    ) -> tuple[Batch, Carry, pl.DataFrame]:
        """The rows' facts without the cursor, what is left unfinished, and the refused rows by seq."""
        events, bad = parsed.events, parsed.refused
        if refusal:
            bad = pl.concat([bad, events.select("seq", reason_text=pl.lit(refusal))])
            events = events.clear()
        hashed = without_numbers(events, self.customer_secret, self.country_name)
        hashed = hashed.join(parsed.known_keys, on="seq", how="left", maintain_order="left").with_columns(
            p2=pl.coalesce("known_key", "p2")
        )
        sessions = sessionise(
            hashed.drop("known_key"), carry, self.rules, latest_at=int(now.timestamp()) + SKEW_SECONDS
        )
        refused = pl.concat([bad, sessions.refused]).sort("seq")
        newest_at = sessions.carry.newest_at
        places = [self._place(row) for row in rows]
        batch = Batch(
            facts=facts_of(sessions, lambda seq: seq.replace_strict(dict(enumerate(places)), default=None)),
            rejects=self._rejects(rows, refused),
            unused=unused_events(events),
            read_rows=len(rows),
            position_text="",
            carry_text="",
            newest_event_at=datetime.fromtimestamp(newest_at, UTC) if newest_at else None,
            replaces_tails=True,
            lines=lambda: self._lines(rows),
        )
        return batch, sessions.carry, refused

    def _lines(self, rows: list[TableRow]) -> pl.DataFrame:
        """Every row as it would be kept: place_text, raw_text."""
        told = [
            (
                self._place(row),
                raw_text(row, self.columns, self.customer_secret, self.country_name),
            )
            for row in rows
        ]
        schema = dict.fromkeys(("place_text", "raw_text"), pl.String)
        return pl.DataFrame(told, schema=schema, orient="row")

    def _place(self, row: TableRow) -> str:
        """The row's number in its table, else its time."""
        place = f"{self.columns.table}:{row.number or row.texts.get(self.columns.time)}"
        return place.replace("\x00", "\u2400")

    def _rejects(self, rows: list[TableRow], refused: pl.DataFrame) -> pl.DataFrame:
        """The refused rows whole, with their number (else their time) as place."""
        found = []
        for seq, reason in refused.iter_rows():
            raw = raw_text(rows[seq], self.columns, self.customer_secret, self.country_name)
            place = self._place(rows[seq])
            key = hashlib.sha256(raw.encode(errors="replace")).hexdigest()[:16]
            found.append((place, key, reason, raw))
        return pl.DataFrame(found, schema=REJECT_SCHEMA, orient="row")

    def _nothing(self, place: Place, progress: Progress, sessions: Carry) -> Batch:
        """A batch without rows: only what is waited for has changed."""
        return Batch(
            facts={},
            read_rows=0,
            position_text=place.to_text(),
            carry_text=progress.to_text(),
            newest_event_at=datetime.fromtimestamp(sessions.newest_at, UTC) if sessions.newest_at else None,
        )


def _stored(position_text: str, carry_text: str) -> tuple[Place, Progress]:
    try:
        progress = Progress.from_text(carry_text)
        Carry.from_text(progress.sessions_text)
        return Place.from_text(position_text), progress
    except ValueError as error:
        raise LoadError(
            f"the stored cursor is not usable, {error}. Run `floorboard etl run --source NAME --from-start`; "
            "rows loaded already do not count twice."
        ) from error


def _passed_text(table_name: str, passed_rows: int) -> str:
    return (
        f"{table_name}: {passed_rows} rows that go back in time stand there before, word for word: an old copy was put into "
        "the table. They are passed over; nothing counts twice."
    )
