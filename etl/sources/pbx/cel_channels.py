"""Follows channels through Asterisk's channel event log (CEL) and tells, when one ends, what it was used for.

In: events of channels in the order of the file, and the channels still open. Out: records like those of the CDR, with
the instants at which people really spoke. The rule it guards: what a channel was is told once, at its end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from etl.sources.pbx.cdr_calls import UNKNOWN_CHANNEL
from etl.sources.pbx.cdr_rows import Record

FORGET_SECONDS = 86_400  # a channel whose end was never told
USED_EVENTS = frozenset(
    ("CHAN_START", "APP_START", "APP_END", "BRIDGE_ENTER", "BRIDGE_EXIT", "HANGUP", "CHAN_END")
)
KNOWN_EVENTS = USED_EVENTS | frozenset(
    (
        *(
            "ANSWER",
            "PARK_START",
            "PARK_END",
            "BLINDTRANSFER",
            "ATTENDEDTRANSFER",
            "PICKUP",
            "FORWARD",
            "LINKEDID_END",
        ),
        *("USER_DEFINED", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN", "STREAM_BEGIN", "STREAM_END", "DTMF"),
    )
)


@dataclass
class Use:
    """One use of a channel: dialling somebody, or waiting in a queue (queue_name), and when it spoke to whom."""

    started_at: int
    queue_name: str = ""
    bridged_at: int | None = None
    left_at: int | None = None
    talk_seconds: int = 0
    speaks_since: int | None = None
    peer: str = ""

    def leave(self, at: int) -> None:
        """Notes that it speaks no more."""
        if self.speaks_since is not None:
            self.talk_seconds += max(0, at - self.speaks_since)
            self.speaks_since = None
            self.left_at = at


@dataclass
class Channel:
    """A channel from its start on: who and where it is, and its uses in order."""

    texts: dict[str, str]
    uses: list[Use]
    bridge_id: str = ""
    hung_up_at: int | None = None


@dataclass
class Floor:
    """All channels that are open, by their id."""

    channels: dict[str, Channel] = field(default_factory=dict)

    def take(self, event: str, at: int, texts: dict[str, str]) -> list[Record]:
        """What the event ends, as records; the event is noted where it ends nothing."""
        unique = texts["uniqueid"]
        channel = self.channels.get(unique)
        if channel is None:
            if event == "CHAN_END":
                return []  # it began before the log did
            channel = Channel(
                {"src": "", "dst": "", "dcontext": "", "accountcode": "", "uniqueid": unique}, [Use(at)]
            )
            self.channels[unique] = channel
        self._note_names(channel, texts)
        if event == "APP_START" and texts["appname"].casefold() == "queue":
            channel.uses[-1].leave(at)
            channel.uses.append(Use(at, queue_name=texts["appdata"].partition(",")[0]))
        elif event == "APP_END" and texts["appname"].casefold() == "queue" and channel.uses[-1].queue_name:
            channel.uses[-1].left_at = channel.uses[-1].left_at or at
        elif event == "BRIDGE_ENTER":
            self._enter(channel, at, texts)
        elif event == "BRIDGE_EXIT":
            channel.uses[-1].leave(at)
            channel.bridge_id = ""
        elif event == "HANGUP":
            channel.uses[-1].leave(at)
            channel.hung_up_at = at
        elif event == "CHAN_END":
            del self.channels[unique]
            channel.uses[-1].leave(at)
            return _records(channel, channel.hung_up_at or at)
        return []

    def _note_names(self, channel: Channel, texts: dict[str, str]) -> None:
        """Who it is, from the first event that says so; the linked id from the last, since it passes on with transfers."""
        for name, source in (
            ("src", "cidnum"),
            ("dst", "exten"),
            ("dcontext", "context"),
            ("accountcode", "acctcode"),
        ):
            channel.texts[name] = channel.texts[name] or texts[source]
        channel.texts["channel"] = texts["channame"] or channel.texts.get("channel", "")
        channel.texts["linkedid"] = texts["linkedid"] or channel.texts.get("linkedid", "")

    def _enter(self, channel: Channel, at: int, texts: dict[str, str]) -> None:
        """Notes that it speaks now, and with whom: whoever is in the same bridge, else whom the event names."""
        use = channel.uses[-1]
        use.bridged_at = use.bridged_at if use.bridged_at is not None else at
        use.speaks_since = at if use.speaks_since is None else use.speaks_since
        channel.bridge_id = _bridge_id(texts["extra"])
        use.peer = use.peer or texts["peer"].partition(",")[0]
        for other in self.channels.values():
            if other is not channel and channel.bridge_id and other.bridge_id == channel.bridge_id:
                use.peer = use.peer or other.texts["channel"]
                other.uses[-1].peer = other.uses[-1].peer or channel.texts["channel"]

    def forget_before(self, instant: int) -> None:
        """Lets go of channels that began so long ago that their end must be lost."""
        kept = {
            key: channel for key, channel in self.channels.items() if channel.uses[0].started_at >= instant
        }
        self.channels = kept


def _bridge_id(extra: str) -> str:
    try:
        found = json.loads(extra) if extra else {}
    except ValueError:
        return ""
    return str(found.get("bridge_id", "")) if isinstance(found, dict) else ""


def _records(channel: Channel, ended_at: int) -> list[Record]:
    """The channel's uses as records: the queues that it waited in, or else whom it dialled."""
    queued = [use for use in channel.uses if use.queue_name]
    uses = queued or [use for use in channel.uses if use.bridged_at is not None] or channel.uses[:1]
    records = [_record(channel, use, ended_at) for use in uses]
    last = uses[-1]
    if queued and last.bridged_at is None and last.left_at is not None and last.left_at < ended_at:
        texts = channel.texts | {"lastapp": "", "lastdata": "", "dstchannel": "", "disposition": "ANSWERED"}
        records.append(
            Record("", texts, last.left_at, last.left_at, ended_at, 0)
        )  # it went on without the queue
    return records


def _record(channel: Channel, use: Use, ended_at: int) -> Record:
    is_answered = use.bridged_at is not None
    texts = channel.texts | {
        "lastapp": "Queue" if use.queue_name else "Dial",
        "lastdata": use.queue_name,
        "dstchannel": (use.peer or UNKNOWN_CHANNEL) if is_answered else "",
        "disposition": "ANSWERED" if is_answered else "NO ANSWER",
    }
    end = use.left_at if use.left_at is not None else ended_at
    start = use.started_at if use.queue_name or not is_answered else channel.uses[0].started_at
    return Record("", texts, start, use.bridged_at, max(end, start), use.talk_seconds)
