"""Reads Asterisk's channel event log (CEL) from its CSV file as it grows: outbound calls to the second, and transfers.

Format: CSV without a header, columns by cel_custom.conf (`columns`), times in epoch seconds unless cel.conf sets a
dateformat. Grain: one event of one channel. Cursor: the file's content before the position, see growing_file.
Delay: until the channel has ended. Events needed: CHAN_START, BRIDGE_ENTER, BRIDGE_EXIT, HANGUP, CHAN_END; for queues
APP_START and APP_END with apps = queue. With a queue_log source beside it (`queue_log_source`) it gives only what
that log cannot know: calls that never entered a queue, and which contacts are one customer's (`linkedid`, which passes
on when a transfer joins two calls).
What it cannot know: hold (Asterisk writes no event of it here), wrap-up, agents' states, calls in progress.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal, Self
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import model_validator

from etl import LoadError
from etl.customer_key import customer_key
from etl.sources import PIECE_BYTES, UNUSED_SCHEMA, Batch, Names, Reader, SettingsPath, Site
from etl.sources.asterisk_cdr import FUTURE_SECONDS, REPLAY_SECONDS, DialplanSettings
from etl.sources.files.growing_file import Piece, Position, pieces
from etl.sources.files.lines_again import LinesAgain, Past
from etl.sources.pbx.asterisk_times import (
    FIRST_INSTANT,
    LAST_INSTANT,
    epoch_of_call,
    epoch_of_text,
    with_newest,
    zone_fault,
)
from etl.sources.pbx.cdr_batch import Drawn, contacts_from, frames_of, tell
from etl.sources.pbx.cdr_calls import CallRules, Contacts
from etl.sources.pbx.cdr_rows import (
    LEFT_OUT,
    LONGEST_TEXT,
    SKEW_SECONDS,
    Record,
    decoded,
    raw_of_line,
    scrubbed,
    split_line,
)
from etl.sources.pbx.cel_channels import FORGET_SECONDS, KNOWN_EVENTS, USED_EVENTS, Channel, Floor, Use
from etl.sources.pbx.queue_log_ids import QueueLogIds

SAMPLE_COLUMNS = (
    "eventtype", "-", "eventtime", "cidname", "cidnum", "cidani", "cidrdnis", "ciddnid", "exten", "context", "channame",
    "appname", "appdata", "amaflags", "acctcode", "uniqueid", "linkedid", "peer", "userfield", "userdeftype", "extra",
)  # fmt: skip
"""The columns of the sample in cel_custom.conf; its second one is a fixed text."""
_OTHER_NAMES = {"eventextra": "extra", "accountcode": "acctcode", "bridgepeer": "peer", "cid_num": "cidnum"}
_NEEDED = ("eventtype", "eventtime", "exten", "context", "channame", "uniqueid", "linkedid")
_USED = (*_NEEDED, "cidnum", "acctcode", "appname", "appdata", "peer", "extra")


class CelSettings(DialplanSettings):
    """The channel event log of one phone system."""

    kind: Literal["asterisk_cel"]
    path: SettingsPath
    columns: Names = SAMPLE_COLUMNS
    """Every column by its name in cel_custom.conf, in the order of the file."""

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        missing = [name for name in _NEEDED if name not in self.all_columns()]
        if missing:
            raise ValueError(f"columns with {', '.join(missing)}, as in cel_custom.conf")
        return self

    def all_columns(self) -> tuple[str, ...]:
        """The columns of the file in order, in one spelling."""
        return tuple(_OTHER_NAMES.get(name.lower(), name.lower()) for name in self.columns)

    def reader(self, site: Site, secret: bytes) -> CelFile:
        """The reader of the file."""
        return CelFile(
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


@dataclass
class OpenChannels:
    """What a batch leaves: channels without an end, contacts to link, the newest event."""

    floor: Floor = field(default_factory=Floor)
    contacts: Contacts = field(default_factory=Contacts)
    newest_at: int = 0
    differences: tuple[int, ...] = ()

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        data = {
            "version": 1,
            "channels": {key: asdict(channel) for key, channel in self.floor.channels.items()},
            "contacts": {"newest_at": self.contacts.newest_at, "groups": self.contacts.recent()},
            "newest_at": self.newest_at,
            "differences": self.differences,
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> OpenChannels:
        """Reads `to_text`; raises ValueError with what was found where it is not one."""
        if not text:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            channels = {
                str(key): Channel(**{**told, "uses": [Use(**use) for use in told["uses"]]})
                for key, told in data["channels"].items()
            }
            differences = tuple(int(number) for number in data["differences"])
            return cls(Floor(channels), contacts_from(data["contacts"]), int(data["newest_at"]), differences)
        except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


@dataclass(frozen=True)
class CelFile(Reader):
    """A file of channel events and the site's rules for it."""

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
        """Every channel that has ended since the position. Raises LoadError as the CDR's reader."""
        try:
            left = OpenChannels.from_text(carry_text)
            position = Position.from_text(position_text)
        except ValueError as error:
            raise LoadError(
                f"the stored cursor is not usable, {error}. Run `floorboard etl run --source NAME --from-start`; "
                "rows loaded already do not count twice."
            ) from error
        now_at = int(now.timestamp())
        latest_at = now_at + FUTURE_SECONDS
        left.contacts.latest_at = now_at + SKEW_SECONDS
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
                left = OpenChannels()  # what was open at the end is not open at the beginning
                left.contacts.latest_at = now_at + SKEW_SECONDS
            again = piece.lines_again(past)
            batch = self._batch(piece, again, left, latest_at, refusal)
            refusal, past = None, again.past
            position_text = replace(piece.position, past=past).to_text()
            yield replace(batch, position_text=position_text, carry_text=left.to_text())

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Channels and lines once refused, read once more: a batch of those taken now, and which are still refused."""
        left, drawn, still = OpenChannels.from_text(carry_text), Drawn(), set[int]()
        latest_at = int(now.timestamp()) + FUTURE_SECONDS
        chains: dict[str, list[Record]] = {}
        for place, text in enumerate(raw_texts):
            try:
                data = json.loads(text)
                if "fields" in data:
                    ended = self._event(
                        *self._told(data["fields"], left, latest_at), left, latest_at, Counter()
                    )
                else:
                    ended = [Record(**record) for record in data["records"]]
            except (ValueError, KeyError, TypeError):
                still.add(place)
                continue
            if ended:
                chains[ended[0].texts["uniqueid"]] = ended
        tell(chains, self.rules, left.contacts, drawn, is_in_queue_log=self._is_known)
        batch = replace(frames_of(drawn), read_rows=len(raw_texts) - len(still), carry_text=left.to_text())
        return batch, frozenset(still)

    def _batch(
        self, piece: Piece, again: LinesAgain, left: OpenChannels, latest_at: int, refusal: str | None
    ) -> Batch:
        """The facts of the channels that end in the piece; `left` goes on with what is open after it."""
        drawn, used = Drawn(file_key=piece.file_key), Counter[str]()
        for number, data in enumerate(again.lines):
            place = f"{piece.file_name}:{piece.first_line_number + number}"
            line, fields, told, reason = decoded(data[:8192] if piece.overlong else data), None, None, refusal
            try:
                if piece.overlong or not line.strip():
                    raise ValueError("an empty or overlong line; expected one event a line")
                fields = split_line(line)
                told = self._told(fields, left, latest_at)
            except ValueError as error:
                reason = str(error)
            is_ahead = told is not None and told[1] > latest_at - FUTURE_SECONDS + SKEW_SECONDS
            if again.is_passed(told[1] if told and not is_ahead else None):
                continue
            if told is None or reason:
                drawn.refused.append((place, reason or "", self._raw(line, fields, place)))
                continue
            ended = self._event(*told, left, latest_at, used)
            if ended:
                self._tell([replace(record, place_text=place) for record in ended], left, drawn)
        fault = zone_fault(left.differences, self.zone)
        if fault:
            raise LoadError(f"{self.path}: {fault}")
        left.floor.forget_before(left.newest_at - FORGET_SECONDS)
        unused = [
            (name[:60], name in KNOWN_EVENTS, count)
            for name, count in sorted(used.items())
            if name not in USED_EVENTS
        ]
        return replace(
            frames_of(drawn),
            notice=" ".join(text for text in (piece.notice, again.notice) if text) or None,
            read_rows=len(again.lines),
            unused=pl.DataFrame(unused, schema=UNUSED_SCHEMA, orient="row"),
            newest_event_at=datetime.fromtimestamp(left.newest_at, UTC) if left.newest_at else None,
        )

    def _raw(self, line: str, fields: list[str] | None, place: str) -> str:
        """A refused line as JSON, without the caller's name and number."""
        if fields is not None and len(fields) == len(self.columns):
            named = zip(self.columns, fields, strict=True)
            fields = ["" if column in ("cidname", "userfield") else text for column, text in named]
            return raw_of_line(line, fields, place, self._hash, columns=self.columns)
        return raw_of_line(line, fields, place, self._hash, known_names=self.rules.outgoing_contexts)

    def _tell(self, ended: list[Record], left: OpenChannels, drawn: Drawn) -> None:
        if self.known is not None:
            self.known.span(min(record.started_at for record in ended), ended[-1].ended_at)
        chain = {ended[0].texts["uniqueid"]: ended}
        tell(chain, self.rules, left.contacts, drawn, is_in_queue_log=self._is_known)

    def _told(self, fields: list[str], left: OpenChannels, latest_at: int) -> tuple[dict[str, str], int]:
        """The event of one line and its instant; ValueError with what was found and expected where it is none."""
        if len(fields) != len(self.columns):
            raise ValueError(
                f"{len(fields)} fields; expected {len(self.columns)} by the columns of the source: "
                "name them as cel_custom.conf does"
            )
        given = dict(zip(self.columns, fields, strict=True))
        texts = {name: given.get(name, "") for name in _USED}
        for name in _USED:
            if texts[name] == LEFT_OUT:
                raise ValueError(
                    f"{name} was left out when the line was refused; expected it: read its file again"
                )
            if "\x00" in texts[name] or (
                name != "extra" and len(texts[name].encode(errors="replace")) > LONGEST_TEXT
            ):
                raise ValueError(
                    f"{name} holds a NUL byte or over {LONGEST_TEXT} bytes; expected a short text"
                )
        if not texts["uniqueid"] or not texts["eventtype"]:
            raise ValueError("uniqueid or eventtype is empty; expected an event of a channel")
        return texts, self._instant(texts, left.newest_at, latest_at)

    def _event(
        self, texts: dict[str, str], at: int, left: OpenChannels, latest_at: int, used: Counter[str]
    ) -> list[Record]:
        """The channel's records where the event ends it."""
        if at <= latest_at - FUTURE_SECONDS + SKEW_SECONDS:
            left.newest_at = max(left.newest_at, at)
        for name in ("cidnum", "exten", "acctcode"):
            texts[name] = scrubbed(texts[name], self._hash)
        event, call_at = texts["eventtype"].upper(), epoch_of_call(texts["uniqueid"])
        if event == "CHAN_START" and call_at is not None:
            left.differences = with_newest(left.differences, [at - call_at])
        used[event] += 1
        return left.floor.take(event, at, texts) if event in USED_EVENTS else []

    def _instant(self, texts: dict[str, str], newest_at: int, latest_at: int) -> int:
        not_before = epoch_of_call(texts["uniqueid"])
        try:
            at = epoch_of_text(texts["eventtime"], self.zone, not_before=not_before, near=newest_at)
        except ValueError as error:
            raise ValueError(f"eventtime {error}") from None
        if not FIRST_INSTANT <= at < LAST_INSTANT or at > latest_at:
            raise ValueError(
                f"eventtime is {texts['eventtime'][:40]}; expected the event's second, not a far one"
            )
        return at

    def _age(self, line: bytes) -> float | None:
        """The time of an event, so that rotated files are read in order."""
        try:
            fields = split_line(decoded(line).rstrip("\r\n"))
            return float(epoch_of_text(fields[self.columns.index("eventtime")], self.zone))
        except (ValueError, IndexError):
            return None

    def _is_older(self, piece: Piece, left: OpenChannels) -> bool:
        """Whether a file that does not follow what was read begins before it: an old copy put back."""
        first_at = self._age(piece.data.split(b"\n", 1)[0]) if piece.is_gap else None
        return first_at is not None and first_at < left.newest_at - REPLAY_SECONDS

    def _hash(self, number: str) -> str | None:
        return customer_key(self.customer_secret, number, self.country_name)

    def _is_known(self, call_id: str) -> bool:
        return self.known is not None and call_id in self.known.ids
