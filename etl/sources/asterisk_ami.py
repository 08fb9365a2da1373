"""Listens to Asterisk's manager interface (AMI): the live floor without delay, also where the log is far away.

Protocol: TCP, with TLS if wished; blocks of "Name: value" lines (see ami_wire). Grain: one event. Cursor: a number on
this reader's own connection; what was told is kept in memory until the next load shows that it was stored. Delay: none.
After every connection the whole floor is asked for (QueueStatus, CoreShowChannels): who waits, serves, pauses, talks.
Beside a queue_log of the same PBX (`queue_log_source`) the AMI is the present and the log is the past: both tell the
same stays under the same keys (call id, queue, n-th entry), but what is told here counts one line less, and states
here have the version 0, so that the log's word always replaces this one and never the other way round.
What it cannot know: what happened while nobody was connected (a call that vanished meanwhile is `interrupted`, until
its end or the log tells better), with which key a caller left (he is `overflowed`), hold (counted as talk), wrap-up.
A caller whose time was up is told like one who gave up; he counts as `timed_out` if his line is still there 2 s later.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from etl import LoadError
from etl.customer_key import customer_key
from etl.sources import (
    PIECE_BYTES,
    REJECT_SCHEMA,
    UNUSED_SCHEMA,
    Batch,
    Host,
    Name,
    Names,
    Place,
    Reader,
    SettingsPath,
    Site,
    SourceSettings,
)
from etl.sources.credentials import credential
from etl.sources.pbx.ami_events import ACTS, hear
from etl.sources.pbx.ami_facts import facts_of
from etl.sources.pbx.ami_floor import Floor
from etl.sources.pbx.ami_headers import FIRST_SECOND, Refusal
from etl.sources.pbx.ami_wire import SNAPSHOT, Address, Headers, Heard, Line

EVENT_BYTES = 256  # about so much is one event
FIRST_WAIT_SECONDS = 10.0
GRACE_SECONDS = 15.0  # a connection that is back sooner is worth no failure in the ledger
STILL_SECONDS = 30.0  # so often a quiet floor is confirmed, so that nobody takes silence for staleness
FUTURE_SECONDS = 86_400  # a PBX's clock that is further ahead is wrong
WRONG_CLOCK = (
    "a Timestamp before 1990 or over a day ahead of this computer's clock; expected the event's second"
)
OLD_NAMES = {
    "join": "queuecallerjoin", "leave": "queuecallerleave", "queuememberpaused": "queuememberpause",
}  # fmt: skip
KEPT = frozenset({
    "event", "timestamp", "queue", "uniqueid", "membername", "name", "interface", "location", "position",
    "holdtime", "talktime", "ringtime", "reason", "paused", "pausedreason", "incall", "logintime",
    "lastpause", "wait", "uptime", "agent", "transfereeuniqueid", "extension", "destapp",
    "destbridgeuniqueid", "result", "bridgeid",
})  # fmt: skip
QUIET = frozenset({
    "newchannel", "newstate", "newcallerid", "newconnectedline", "newexten", "newaccountcode", "dialbegin",
    "dialend", "dialstate", "localbridge", "localoptimizationbegin", "localoptimizationend", "bridgecreate",
    "bridgedestroy", "bridgeenter", "bridgeleave", "bridgemerge", "bridgeinfoupdate",
    "bridgevideosourceupdate", "hanguprequest", "softhanguprequest", "hanguphandlerpush",
    "hanguphandlerpop", "hanguphandlerrun", "originateresponse", "rename", "varset", "userevent",
    "rtcpsent", "rtcpreceived", "dtmfbegin", "dtmfend", "musiconholdstart", "musiconholdstop",
    "chanspystart", "chanspystop", "hold", "unhold", "pickup", "unparkedcall", "parkedcall",
    "parkedcallgiveup", "parkedcalltimeout", "peerstatus", "registry", "contactstatus", "devicestatechange",
    "extensionstatus", "presencestatechange", "successfulauth", "challengesent", "cel", "cdr",
})  # fmt: skip
"""Kinds of event that belong to other rooms of a PBX; they are let pass without being counted."""
KNOWN = frozenset({
    "queuememberpenalty", "queuememberringinuse", "queuememberringnoanswer", "reload", "alarm",
    "alarmclear",
})  # fmt: skip
_POSITION = re.compile(r"([0-9a-f]{8}) (\d{1,15})")


class AmiSettings(SourceSettings):
    """The manager interface of one PBX. The secret stands in the environment or in a file of mode 600, never here."""

    is_endless: ClassVar[bool] = True
    told_once_text: ClassVar[str | None] = (
        "the manager interface tells what happens while somebody listens, and never again; compare the PBX's queue log"
    )

    kind: Literal["asterisk_ami"]
    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)] = 5038
    user_name: Name
    secret_env: Name | None = None
    secret_file: SettingsPath | None = None
    tls: bool = False
    tls_ca_file: SettingsPath | None = None
    """The certificate that signed the PBX's own, where no public authority did."""
    wrap_up_reason_names: Names = ()
    """Pause reasons that mean wrap-up, not a break."""
    queue_log_source: Name | None = None
    """The source that reads the same PBX's queue_log: both tell the same calls, each counted once."""

    @property
    def facts_source_name(self) -> str:
        """Under whose name the facts stand: the log's, where there is one."""
        return self.queue_log_source or self.name

    def reader(self, site: Site, secret: bytes) -> Reader:
        """The reader, not yet connected; LoadError where the secret cannot be read."""
        given = credential(self.secret_env, self.secret_file, what="the manager's secret")
        address = Address(self.host, self.port, self.user_name, given, self.tls, self.tls_ca_file)
        return AmiReader(address, site, secret, self.wrap_up_reason_names)

    def places(self) -> tuple[Place, ...]:
        """The certificate, where one is named."""
        return (Place("tls_ca_file", self.tls_ca_file, "file"),) if self.tls_ca_file else ()

    def origin_text(self) -> str:
        """The PBX's address."""
        return f'host = "{self.host}:{self.port}"'


class AmiReader(Reader):
    """Follows one PBX; its connection lives as long as the reader, from load to load."""

    def __init__(
        self,
        address: Address,
        site: Site,
        secret: bytes,
        wrap_up_reason_names: tuple[str, ...] = (),
        *,
        first_wait_seconds: float = FIRST_WAIT_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
        **line_options: Any,
    ) -> None:
        self._address, self._wrap_up_reason_names = address, wrap_up_reason_names
        self._first_wait_seconds, self._grace_seconds = first_wait_seconds, grace_seconds
        self._line_options = line_options
        self._key_of = lru_cache(10_000)(lambda number: customer_key(secret, number, site.country_name))
        self._line = self._new_line()

    def _new_line(self) -> Line:
        self._session, self._has_given, self._stored = secrets.token_hex(4), False, 0
        self._instants: dict[int, int] = {}
        self._offset = timedelta(0)  # by how much the PBX's clock is ahead of ours
        self._given_at: float | None = None
        self._at_hand: tuple[str, Floor] | None = None
        return Line(self._address, self.sift, **self._line_options)

    def close(self) -> None:
        """Hangs up."""
        self._line.close()

    def sift(self, headers: Headers) -> Headers | None:
        """What of a block is kept: no caller's number or name, only his keyed hash; null for what is of no interest."""
        event = headers.get("event", "")
        kind = OLD_NAMES.get(event.lower(), event.lower())
        if kind in QUIET:
            return None
        if kind not in ACTS:
            return {"event": "".join(letter for letter in event[:60] if letter >= " ")}
        kept = {name: value for name, value in headers.items() if name in KEPT}
        kept["event"] = kind
        if number := headers.get("calleridnum"):
            kept |= {"customerkey": key} if (key := self._key_of(number)) else {}
        if (
            kind == "coreshowchannel"
        ):  # SIP/101-0000002a, Local/101@agents-0000000a;1: the member's device before the last dash
            kept["device"] = headers.get("channel", "").rpartition("-")[0]
        return kept

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Everything told after the position; the first time it waits until the PBX has told its whole floor.

        What the PBX told is let go once a later position shows that it was stored. Raises LoadError where the PBX is
        out of reach for longer than a moment, or where the position or the carry is not one.
        """
        self._follow(position_text)
        self._line.open()
        if not self._has_given:
            self._line.wait(self._first_wait_seconds)
            if self._line.down_seconds() > 0 and not self._has_told():
                raise self._line.fault or self._line.silence()
        floor = self._floor(carry_text)
        heard, size = self._line.heard(), max(1, piece_bytes // EVENT_BYTES)
        self._date(heard, now)
        notice = self._notice() if heard else None
        for piece in _pieces(heard, size):
            batch = self._batch(floor, piece, refusal, notice, now=now)
            refusal = notice = None
            yield self._gave(batch, floor)
        if not heard:
            if self._line.down_seconds() > self._grace_seconds or (not self._has_given and self._line.fault):
                raise self._line.fault or self._line.silence()
            yield from self._still(floor, position_text, now)

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Events once refused, told once more to the floor as it is now."""
        floor, still, latest_at = self._floor(carry_text), set[int](), now.timestamp() + FUTURE_SECONDS
        for place, text in enumerate(raw_texts):
            try:
                given = json.loads(text)
                if not FIRST_SECOND <= given["at"] <= latest_at:
                    raise Refusal(WRONG_CLOCK)
                hear(floor, int(given["at"]), given["headers"])
            except (Refusal, ValueError, KeyError, TypeError, AttributeError):
                still.add(place)
        taken = len(raw_texts) - len(still)
        return Batch(facts_of(floor), taken, "", floor.to_text(), replaces_tails=True), frozenset(still)

    def _has_told(self) -> bool:
        """Whether anything was heard but our own question: a large floor may take longer to tell than we wait."""
        return any(event.headers.get("event") != SNAPSHOT for event in self._line.heard())

    def _follow(self, position_text: str) -> None:
        """Lets go of what was stored; where another reader moved the cursor, everything is asked for anew."""
        place = _POSITION.fullmatch(position_text)
        if position_text and place is None:
            raise LoadError(
                f"the stored cursor is not usable, found '{position_text[:40]}', expected a place on a connection. "
                "Run `floorboard etl run --source NAME --from-start`; calls loaded already do not count twice."
            )
        if place is not None and place[1] == self._session:
            number = int(place[2])
            self._line.forget(number)
            self._instants = {heard: at for heard, at in self._instants.items() if heard > number}
            self._stored = max(self._stored, number)
        elif self._stored:
            self._line.close()
            self._line = self._new_line()

    def _floor(self, carry_text: str) -> Floor:
        """The floor as it was stored; the one at hand where that is the same, for reading it takes a while."""
        if self._at_hand is not None and self._at_hand[0] == carry_text:
            floor = self._at_hand[1]
        else:
            try:
                floor = Floor.from_text(carry_text, self._wrap_up_reason_names)
            except ValueError as error:
                raise LoadError(
                    f"the stored floor is not usable, {error}. Run `floorboard etl run --source NAME --from-start`; "
                    "calls loaded already do not count twice."
                ) from error
        self._at_hand = None
        floor.settled()
        return floor

    def _date(self, heard: Sequence[Heard], now: datetime) -> None:
        """Gives each event its second, once: the PBX's own where it tells it (timestampevents), else when it came."""
        clock, latest_at = self._line.clock(), now.timestamp() + FUTURE_SECONDS
        for event in heard:
            if event.number in self._instants:
                continue
            came_at = now - timedelta(seconds=clock - event.heard_at)
            own_at = _instant(event.headers.get("timestamp", ""))
            if own_at is not None and FIRST_SECOND <= own_at.timestamp() <= latest_at:
                # That of an event which is refused would date all that come after it.
                self._offset = own_at - came_at
            self._instants[event.number] = int((own_at or came_at + self._offset).timestamp())

    def _batch(
        self, floor: Floor, heard: Sequence[Heard], refusal: str | None, notice: str | None, *, now: datetime
    ) -> Batch:
        latest_at = now.timestamp() + FUTURE_SECONDS
        rejects, unused, rows = list[tuple[str, str, str, str]](), dict[str, int](), 0
        for event in heard:
            is_mark = event.headers.get("event") == SNAPSHOT
            rows += not is_mark
            at, reason = self._instants[event.number], event.fault or (None if is_mark else refusal)
            if not FIRST_SECOND <= at <= latest_at:
                reason = reason or WRONG_CLOCK
            if reason is None:
                try:
                    if not hear(floor, at, event.headers):
                        name = event.headers.get("event", "")
                        unused[name] = unused.get(name, 0) + 1
                except Refusal as error:
                    reason = str(error)
            if reason is not None:
                place = f"{self._address.host}:{self._address.port} {self._session} {event.number}"
                raw = json.dumps(
                    {"at": at, "headers": event.headers}, ensure_ascii=False, separators=(",", ":")
                )
                rejects.append((place, "", reason, raw.replace("\\u0000", "\u2400")))
        kinds = [(name, name.lower() in KNOWN, count) for name, count in sorted(unused.items())]
        return Batch(
            facts=facts_of(floor),
            read_rows=rows,
            position_text=f"{self._session} {heard[-1].number}",
            carry_text=floor.to_text(),
            newest_event_at=_utc(floor.newest_at) if floor.newest_at else None,
            notice=notice,
            rejects=pl.DataFrame(rejects, schema=REJECT_SCHEMA, orient="row"),
            unused=pl.DataFrame(kinds, schema=UNUSED_SCHEMA, orient="row"),
            replaces_tails=True,
        )

    def _gave(self, batch: Batch, floor: Floor) -> Batch:
        """Remembers that a batch was given, and begins a new account of changes for the next one."""
        self._has_given, self._given_at = True, self._line.clock()
        floor.settled()
        self._at_hand = (batch.carry_text, floor)
        return batch

    def _still(self, floor: Floor, position_text: str, now: datetime) -> Iterator[Batch]:
        """Says of a quiet floor, now and then, that nothing happened: the PBX answers, so what is shown is true."""
        clock, whole = self._line.clock(), self._line.whole_through()
        self._at_hand = (floor.to_text(), floor) if self._given_at is None else self._at_hand
        true_at = int((now - timedelta(seconds=clock - whole) + self._offset).timestamp())
        is_due = self._given_at is not None and clock - self._given_at >= STILL_SECONDS
        if self._line.down_seconds() > 0 or not (is_due or floor.is_undecided) or true_at <= floor.newest_at:
            return
        floor.settle(true_at)
        facts = facts_of(floor)
        if not is_due and not any(frame.height for frame in facts.values()):
            return
        floor.newest_at = true_at
        batch = Batch(
            facts, 0, position_text, floor.to_text(), _utc(true_at), self._notice(), replaces_tails=True
        )
        yield self._gave(batch, floor)

    def _notice(self) -> str | None:
        return " ".join(self._line.notices()) or None


def _pieces(heard: Sequence[Heard], size: int) -> Iterator[list[Heard]]:
    """So many events a piece; the mark of a snapshot is none and goes with the one after it."""
    piece, events = list[Heard](), 0
    for event in heard:
        piece.append(event)
        events += event.headers.get("event") != SNAPSHOT
        if events == size:
            yield piece
            piece, events = [], 0
    if piece:
        yield piece


def _instant(text: str) -> datetime | None:
    """What a Timestamp header says: seconds since 1970 with a fraction; null where it is none."""
    try:
        return datetime.fromtimestamp(float(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None


def _utc(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
