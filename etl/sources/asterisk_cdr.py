"""Reads Asterisk's call detail records, `Master.csv`, as the file grows: outbound and internal calls, and transfers.

Format: CSV without a header, 16 to 21 columns by cdr.conf (`layout`), local time unless usegmtime; several rows per
call, which Asterisk writes together when the call's first channel ends. Grain: one channel's dealing with another.
Cursor: the file's content before the position, see growing_file; the last rows wait some seconds for their call's
others. Delay: until the call has ended (with batch = yes in cdr.conf, minutes more).
With a queue_log source beside it (`queue_log_source`) it gives only what that log cannot know: calls that never entered
a queue, and which contacts are one customer's (`linkedid`). Alone it gives the queues' calls too, but coarser.
A local time that exists twice is the one that fits the channel's id and the row before; one that never was is refused.
What it cannot know: calls in progress, hold, wrap-up, agents' states, who ended a call; where the dialplan answers
before the queue, an answer is the start of the ring at the agent who took it; a queue that was left without a ring
looks abandoned or, by its number, timed out. A record over 1,024 bytes is never written by Asterisk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from etl import LoadError
from etl.customer_key import customer_key
from etl.sources import (
    PIECE_BYTES,
    Batch,
    Name,
    Names,
    Place,
    PlaceKind,
    Reader,
    SettingsPath,
    Site,
    SourceSettings,
)
from etl.sources.files.growing_file import Piece, Position, pieces
from etl.sources.files.lines_again import LinesAgain, Past
from etl.sources.pbx.asterisk_times import ZoneName, epoch_of_text, with_newest, zone_fault
from etl.sources.pbx.cdr_batch import Drawn, Unfinished, frames_of, tell
from etl.sources.pbx.cdr_calls import CallRules, Contacts
from etl.sources.pbx.cdr_rows import (
    KNOWN_COLUMNS,
    LAYOUTS,
    NEEDED_COLUMNS,
    SKEW_SECONDS,
    Record,
    RecordClock,
    decoded,
    raw_of_line,
    record_of,
    split_line,
    texts_of,
)
from etl.sources.pbx.queue_log_ids import QueueLogIds

FUTURE_SECONDS = 366 * 86400
SETTLE_SECONDS = 5  # the rows of one call are written within moments
OLD_SECONDS = 600  # longer than cdr.conf keeps records back in batch mode (300 s)
REPLAY_SECONDS = 60  # a file that begins this much before what was read is an older copy that was put back
LAST_ROWS = 16  # among so many last rows calls may be unfinished: chains of several calls may be mixed
SEEN_SECONDS = 3600


class DialplanSettings(SourceSettings):
    """What a phone system's own records cannot say by themselves: how its dialplan and its clock are set."""

    reads: ClassVar[PlaceKind] = "file"

    time_zone: ZoneName | None = None
    """The zone of the phone system's clock; without it, the site's."""
    is_utc: bool = False
    """Whether times are written in UTC (usegmtime = yes)."""
    queue_log_source: Name | None = None
    """The source that reads the queue log of the same phone system; its calls are not told twice."""
    queue_log_path: SettingsPath | None = None
    """The queue log itself, to know its calls also where a record does not show the queue, and to count lost ones."""
    queue_numbers: dict[Name, Name] = Field(default_factory=dict)
    """Queues by the number that callers reach them under."""
    outgoing_contexts: Names = ()
    """The contexts in which agents' phones dial, such as "from-internal"."""
    trunk_channels: Names = ()
    """How channels to the outside begin, such as "PJSIP/provider"; without them a long number is outside."""
    longest_extension_digits: Annotated[int, Field(ge=2, le=5)] = 5
    outbound_queue_name: Name = "Outbound"
    """The queue under which calls to the outside are shown."""
    internal_queue_name: Name | None = None
    """The queue under which calls between agents are shown; without it they are passed over."""
    agent_column: Literal["channel", "src", "accountcode", "userfield"] = "channel"
    """The column that tells which agent dialled."""
    include_rotated: bool = True

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.queue_log_path is not None and self.queue_log_source is None:
            raise ValueError(
                "queue_log_source with queue_log_path: the name of the source that reads that log"
            )
        return self

    def places(self) -> tuple[Place, ...]:
        """The file of the records, and the queue log where its path is named."""
        log = (Place("queue_log_path", self.queue_log_path, "file"),) if self.queue_log_path else ()
        return (*super().places(), *log)

    def call_rules(self) -> CallRules:
        """The rules by which records become calls."""
        return CallRules(
            self.name, self.queue_log_source, dict(self.queue_numbers), frozenset(self.outgoing_contexts),
            tuple(self.trunk_channels), self.longest_extension_digits, self.outbound_queue_name,
            self.internal_queue_name, self.agent_column,
        )  # fmt: skip

    def zone(self, site: Site) -> ZoneInfo:
        """The zone in which the records' times are written."""
        return ZoneInfo("UTC" if self.is_utc else self.time_zone or site.time_zone_name)

    def queue_log_ids(self) -> QueueLogIds | None:
        """The calls of the queue log, where its path is named."""
        return QueueLogIds(self.queue_log_path) if self.queue_log_path else None


class CdrSettings(DialplanSettings):
    """The call detail records of one phone system."""

    kind: Literal["asterisk_cdr"]
    path: SettingsPath
    layout: Literal["16", "17", "17-userfield", "18", "19", "20", "20-userfield", "21", "custom"] | None = (
        None
    )
    """How many columns [csv] of cdr.conf makes; "custom" is the sample of cdr_custom.conf."""
    columns: Names = ()
    """Or every column by its name, in the order of the file; a name that is not Asterisk's is passed over."""

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if (self.layout is None) == (not self.columns):
            raise ValueError('either layout (such as "18") or columns, by the [csv] section of cdr.conf')
        missing = [name for name in NEEDED_COLUMNS if name not in self.all_columns()]
        if missing:
            raise ValueError(f"columns with {', '.join(missing)}")
        return self

    def all_columns(self) -> tuple[str, ...]:
        """The columns of the file in order; those that are not Asterisk's by their place."""
        if self.layout is not None:
            return LAYOUTS[self.layout]
        return tuple(
            name if name in KNOWN_COLUMNS else f"{place}" for place, name in enumerate(self.columns, start=1)
        )

    def reader(self, site: Site, secret: bytes) -> CdrFile:
        """The reader of the file."""
        return CdrFile(
            path=self.path,
            columns=self.all_columns(),
            rules=self.call_rules(),
            customer_secret=secret,
            country_name=site.country_name,
            zone=self.zone(site),
            known=self.queue_log_ids(),
            include_rotated=self.include_rotated,
        )

    def origin_text(self) -> str:
        """The path of the file."""
        return f'path = "{self.path}"'


@dataclass(frozen=True)
class CdrFile(Reader):
    """A file of call detail records and the site's rules for it."""

    tells_in_order: ClassVar[bool] = True

    path: Path
    columns: tuple[str, ...]
    rules: CallRules
    customer_secret: bytes
    zone: ZoneInfo
    country_name: str | None = None
    known: QueueLogIds | None = None
    include_rotated: bool = True

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Everything written after the position; the calls among the last rows when they have waited long enough.

        Raises LoadError where a file cannot be read, the cursor is not one, or times and channel ids show that the
        zone of the settings is wrong.
        """
        try:
            left = Unfinished.from_text(carry_text)
            position = Position.from_text(position_text)
        except ValueError as error:
            raise LoadError(
                f"the stored cursor is not usable, {error}. Run `floorboard etl run --source NAME --from-start`; "
                "rows loaded already do not count twice."
            ) from error
        now_at = int(now.timestamp())
        found = pieces(
            self.path,
            position,
            age_of=self._age,
            include_rotated=self.include_rotated,
            piece_bytes=piece_bytes,
        )
        past = position.past if position else Past()
        for piece in found:
            if piece.starts_file and (piece.is_known_before or self._is_older(piece, left)):
                left = replace(left, seen={}, newest_at=0)  # so that the keys of its rows come out as before
            again = piece.lines_again(past)
            drawn = self._drawn(piece, again, left, now_at, refusal)
            ready, left = _ready(drawn, left, now_at)
            batch, left = self._batch(ready, left, now_at)
            refusal, past = None, again.past
            position_text = replace(piece.position, past=past).to_text()
            yield replace(
                batch,
                read_rows=batch.read_rows + again.passed_lines,
                position_text=position_text,
                carry_text=left.to_text(),
            )
        if _has_waited(left, now_at):
            ready = Drawn(records=list(left.waiting))
            batch, left = self._batch(ready, replace(left, waiting=()), now_at)
            yield replace(batch, position_text=position_text, carry_text=left.to_text())

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Calls and lines once refused, read once more: a batch of those taken now, and which are still refused."""
        left = Unfinished.from_text(carry_text)
        clock = RecordClock(self.zone, 0, int(now.timestamp()) + FUTURE_SECONDS)
        drawn, still = Drawn(), set[int]()
        for place, text in enumerate(raw_texts):
            try:
                records = self._records_of_raw(text, clock)
            except (ValueError, KeyError, TypeError, AttributeError):
                still.add(place)
                continue
            drawn.records += records
        batch, after = self._batch(drawn, left, int(now.timestamp()))
        batch = replace(
            batch,
            unused=batch.unused.clear(),
            read_rows=len(raw_texts) - len(still),
            carry_text=after.to_text(),
        )
        return batch, frozenset(still)

    def _records_of_raw(self, text: str, clock: RecordClock) -> list[Record]:
        data = json.loads(text)
        if "fields" in data:  # a line that could not be read, perhaps by a wrong layout
            if "\u2400" in text:
                raise ValueError("a line that held NUL bytes")
            texts = texts_of(data["fields"], self.columns, self._hash, agent_column=self.rules.agent_column)
            return [record_of(texts, str(data["place"]), clock)]
        return [Record(**record) for record in data["records"]]

    @property
    def _known_names(self) -> frozenset[str]:
        return self.rules.outgoing_contexts | frozenset(self.rules.queue_numbers)

    def _hash(self, number: str) -> str | None:
        return customer_key(self.customer_secret, number, self.country_name)

    def _age(self, line: bytes) -> float | None:
        """The end of a record, so that rotated files are read in order."""
        try:
            fields = split_line(line.decode(errors="replace").rstrip("\r\n"))
            return float(epoch_of_text(fields[self.columns.index("end")], self.zone))
        except (ValueError, IndexError):
            return None

    def _is_older(self, piece: Piece, left: Unfinished) -> bool:
        first_at = self._age(piece.data.split(b"\n", 1)[0]) if piece.is_gap else None
        return first_at is not None and first_at < left.newest_at - REPLAY_SECONDS

    def _drawn(
        self, piece: Piece, again: LinesAgain, left: Unfinished, now_at: int, refusal: str | None
    ) -> Drawn:
        """The records of a piece, and its lines that are none."""
        drawn = Drawn(file_key=piece.file_key)
        clock = RecordClock(self.zone, left.newest_at, now_at + FUTURE_SECONDS)
        for number, data in enumerate(again.lines):
            place = f"{piece.file_name}:{piece.first_line_number + number}"
            line, fields, record = decoded(data[:8192] if piece.overlong else data), None, None
            reason = refusal
            try:
                if piece.overlong:
                    raise ValueError("a line that is too long; expected one record, at most 1,024 bytes")
                if not line.strip():
                    raise ValueError("an empty line; expected one record a line")
                fields = split_line(line)
                texts = texts_of(fields, self.columns, self._hash, agent_column=self.rules.agent_column)
                record = record_of(texts, place, clock)
            except ValueError as error:
                reason = str(error)
            if again.is_passed(self._instant(record, now_at)):
                continue
            if record is not None and not reason:
                drawn.records.append(record)
                continue
            raw = raw_of_line(
                line, fields, place, self._hash, columns=self.columns,
                agent_column=self.rules.agent_column, known_names=self._known_names,
            )  # fmt: skip
            drawn.refused.append((place, reason or "", raw))
        drawn.notice = " ".join(text for text in (piece.notice, again.notice) if text) or None
        return drawn

    def _instant(self, record: Record | None, now_at: int) -> int | None:
        """The instant by which a row is known to go back in time, None where that tells nothing.

        Rows come in the order in which their calls end, not in that of their own instants; where they have an id,
        one that is told again is the same row, and none is looked up.
        """
        if record is None or "uniqueid" in self.columns or record.ended_at > now_at + SKEW_SECONDS:
            return None
        return record.ended_at

    def _batch(self, drawn: Drawn, left: Unfinished, now_at: int) -> tuple[Batch, Unfinished]:
        """The calls and links of whole calls' records."""
        newest_at = _newest(drawn.records, left, now_at)
        if self.known is not None and drawn.records:
            self.known.span(min(record.started_at for record in drawn.records), newest_at)
        seen = dict(left.seen)
        chains: dict[str, list[Record]] = {}
        for record in drawn.records:
            chains.setdefault(_call_id(record, seen), []).append(record)
        firsts = [chain[0] for chain in chains.values()]
        differences = with_newest(
            left.differences, [record.started_at - record.call_at for record in firsts if record.call_at]
        )
        fault = zone_fault(differences, self.zone)
        if fault:
            raise LoadError(f"{self.path}: {fault}")
        contacts = Contacts(left.contacts.newest_at, dict(left.contacts.groups), now_at + SKEW_SECONDS)
        queued = tell(chains, self.rules, contacts, drawn, is_in_queue_log=self._is_known)
        missing = [call_id for call_id in queued if self._is_missing(call_id, chains[call_id])]
        if missing:
            drawn.notice = (
                f"{drawn.notice + ' ' if drawn.notice else ''}{len(missing)} calls entered a queue by {self.path.name} but "
                f"are not in the queue log (the first is {missing[0]}): lines of that log were lost."
            )
        edge = newest_at - SEEN_SECONDS
        after = replace(
            left,
            newest_at=newest_at,
            contacts=contacts,
            differences=differences,
            seen={key: entry for key, entry in seen.items() if entry[0] >= edge},
        )
        newest = datetime.fromtimestamp(newest_at, UTC) if newest_at else None
        return replace(frames_of(drawn), newest_event_at=newest), after

    def _is_known(self, call_id: str) -> bool:
        return self.known is not None and call_id in self.known.ids

    def _is_missing(self, call_id: str, chain: list[Record]) -> bool:
        """Whether the log, which was there by then, does not tell of a call that entered a queue."""
        return (
            self.known is not None
            and call_id not in self.known.ids
            and self.known.covers(chain[0].started_at)
        )


def _call_id(record: Record, seen: dict[str, tuple[int, int]]) -> str:
    """The channel's id; where records have none, a key of their content with how often it was told of late."""
    unique = record.texts.get("uniqueid")
    if unique:
        return unique
    whole = json.dumps(record.texts, sort_keys=True, ensure_ascii=False)
    key = hashlib.sha256(whole.encode(errors="replace")).hexdigest()[:24]
    count = seen.get(key, (0, 0))[1] + 1
    seen[key] = (record.ended_at, count)
    return f"cdr-{key}" if count == 1 else f"cdr-{key}-{count}"


def _newest(records: list[Record], left: Unfinished, now_at: int) -> int:
    """The newest end that was read; one that lies ahead of the clock is a slip, and would age everything after it."""
    ends = (record.ended_at for record in records)
    return max([left.newest_at, *(ended_at for ended_at in ends if ended_at <= now_at + SKEW_SECONDS)])


def _has_waited(left: Unfinished, now_at: int) -> bool:
    """Whether the rows that wait have waited long enough, or are old: nobody writes their call's others any more."""
    newest = max((record.ended_at for record in left.waiting), default=0)
    return bool(left.waiting) and (
        now_at - left.waits_since >= SETTLE_SECONDS or now_at - newest >= OLD_SECONDS
    )


def _ready(drawn: Drawn, left: Unfinished, now_at: int) -> tuple[Drawn, Unfinished]:
    """The records of calls that are whole, and what waits: calls among the newest rows may get more."""
    records = [*left.waiting, *drawn.records]
    last = {record.texts.get("uniqueid") for record in records[-LAST_ROWS:]} - {None, ""}
    waiting = tuple(record for record in records if record.texts.get("uniqueid") in last)
    newest = _newest(records, left, now_at)
    ready = [record for record in records if record.texts.get("uniqueid") not in last]
    return replace(drawn, records=ready), replace(left, waiting=waiting, waits_since=now_at, newest_at=newest)
