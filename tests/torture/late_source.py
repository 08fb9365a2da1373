"""A simulated origin whose records become visible late, served over each transport that is read on by time.

LateOrigin draws what happens: records at whole seconds or minutes, crowds of one instant, a share that shows only later.
A transport shows the records to the real reader over its own protocol: `show(events, now)` what has become visible by
then, `read_on(now)` what a load finds. `followed(origin, transport, ...)` polls for the whole length and counts. For a
reconciliation: `hidden(origin, found)` are the records that the origin has by now and the loads did not find.
"""

from __future__ import annotations

import gzip
import io
import json
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from etl.sources import Batch, Reader
from etl.sources.amazon_connect import AmazonConnect
from etl.sources.asterisk_realtime import QueueLogTable
from etl.sources.clouds.genesys_api import GenesysApi
from etl.sources.clouds.genesys_batch import GenesysRules
from etl.sources.clouds.json_files import S3Files
from etl.sources.genesys_cloud import GenesysCloud
from etl.sources.pbx.queue_events import Rules
from etl.sources.pbx.realtime_table import Columns
from tests.liveagent_server import LiveAgentAccount, served, simple_ticket
from tests.zendesk_account import Account

START = 1_795_309_200  # 2026-11-22 01:00:00 UTC
PAGE_ROWS = 50
SECRET = b"a secret that only tests know, 32"
ZONE = ZoneInfo("Europe/Tallinn")


@dataclass(frozen=True)
class Event:
    """A record of the origin: its number, the second that it tells, and when it became visible."""

    number: int
    at: int
    visible_at: int


@dataclass(frozen=True)
class LateOrigin:
    """How an origin behaves. precision_seconds: to which its instants are told; late_ratio of the records show 1 to
    most_late_seconds after they were written; crowds: instants that so many records share as fill three pages."""

    seed: int
    length_seconds: int
    precision_seconds: int = 1
    most_late_seconds: int = 0
    late_ratio: float = 0.3
    every_seconds: float = 20.0
    crowds: int = 2

    def events(self) -> list[Event]:
        """Everything that happens, in the order in which it was written."""
        chance = random.Random(self.seed)
        count = round(self.length_seconds / self.every_seconds)
        seconds = [chance.randrange(self.length_seconds) for _ in range(count)]
        for _ in range(self.crowds):
            seconds += [chance.randrange(self.length_seconds)] * (3 * PAGE_ROWS)
        events = []
        for number, second in enumerate(sorted(seconds), start=1):
            is_late = chance.random() < self.late_ratio and self.most_late_seconds > 0
            shown = second + (chance.randint(1, self.most_late_seconds) if is_late else 0)
            at = second // self.precision_seconds * self.precision_seconds
            events.append(Event(number, START + at, START + shown))
        return events


class Transport(ABC):
    """One reader with an origin behind it. look_back_seconds: so late a record may show and is still found."""

    name: str
    look_back_seconds: int

    def __init__(self) -> None:
        self.position_text = self.carry_text = ""
        self.read_rows = 0

    @abstractmethod
    def show(self, events: list[Event], now: int) -> None:
        """Makes these records visible; they stay so."""

    @abstractmethod
    def reader(self) -> Reader:
        """The real reader of this origin."""

    @abstractmethod
    def numbers(self, batch: Batch) -> Iterable[int]:
        """Which records a batch tells of."""

    def read_on(self, now: int) -> list[Batch]:
        """What one load finds; where reading stands is kept as the warehouse would keep it."""
        batches = []
        instant = datetime.fromtimestamp(now, UTC)
        for batch in self.reader().read(
            self.position_text, self.carry_text, now=instant, piece_bytes=PAGE_ROWS * 200
        ):
            self.position_text, self.carry_text = batch.position_text, batch.carry_text
            self.read_rows += batch.read_rows
            assert not batch.rejects.height, batch.rejects["reason_text"].to_list()[:3]
            batches.append(batch)
        return batches


@dataclass
class Followed:
    """What the loads found: how often each record was told."""

    told: Counter[int] = field(default_factory=Counter)
    read_rows: int = 0


def followed(
    origin: LateOrigin, transport: Transport, *, every_seconds: int = 60, rest_seconds: int | None = None
) -> Followed:
    """Polls the transport while the origin writes, and until everything had its time to show."""
    found, waiting = Followed(), sorted(origin.events(), key=lambda event: event.visible_at)
    rest = transport.look_back_seconds + 300 if rest_seconds is None else rest_seconds
    end = max(START + origin.length_seconds, waiting[-1].visible_at) + rest
    for now in range(START, end + 1, every_seconds):
        shown = 0
        while shown < len(waiting) and waiting[shown].visible_at <= now:
            shown += 1
        transport.show(waiting[:shown], now)
        del waiting[:shown]
        for batch in transport.read_on(now):
            found.told.update(transport.numbers(batch))
    found.read_rows = transport.read_rows
    return found


def hidden(origin: LateOrigin, found: Followed) -> list[Event]:
    """The records that the origin has and no load has found."""
    return [event for event in origin.events() if not found.told[event.number]]


class RealtimeTransport(Transport):
    """Asterisk's queue_log table: every record is a call that enters a queue and is left at once, in two rows."""

    def __init__(
        self, *, has_numbers: bool = True, settle_seconds: int = 5, look_back_seconds: int = 600
    ) -> None:
        super().__init__()
        self.name = "realtime table" if has_numbers else "realtime table without numbers"
        self.look_back_seconds = look_back_seconds
        self._engine = sa.create_engine("sqlite://", poolclass=StaticPool)
        names = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
        number = [sa.Column("id", sa.Integer, primary_key=True)] if has_numbers else []
        self._table = sa.Table(
            "queue_log", sa.MetaData(), *number, *(sa.Column(name, sa.String) for name in names)
        )
        self._table.create(self._engine)
        columns = Columns("queue_log", None, "id" if has_numbers else "", *names[:5], "data", names[5:])
        self._reader = QueueLogTable(
            lambda: self._engine, columns, Rules(), SECRET, ZONE,
            settle_seconds=settle_seconds, look_back_seconds=look_back_seconds,
        )  # fmt: skip

    def show(self, events: list[Event], now: int) -> None:
        """Commits the rows; their numbers were given when they were written."""
        rows = [row for event in events for row in self._rows(event)]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(self._table), rows)

    def _rows(self, event: Event) -> list[dict[str, object]]:
        common: dict[str, object] = {
            "time": f"{datetime.fromtimestamp(event.at, ZONE):%Y-%m-%d %H:%M:%S}",
            "callid": f"{event.at}.{event.number}", "queuename": "sales", "agent": "NONE",
        }  # fmt: skip
        steps: tuple[tuple[str, tuple[str, ...]], ...] = (
            ("ENTERQUEUE", ("", "+37251000001", "1", "", "")),
            ("ABANDON", ("1", "1", "0", "", "")),
        )
        numbers = ("data1", "data2", "data3", "data4", "data5")
        rows: list[dict[str, object]] = [
            {**common, "event": verb, **dict(zip(numbers, data, strict=True))} for verb, data in steps
        ]
        if self._reader.columns.id:
            rows = [{**row, "id": 2 * event.number - 1 + place} for place, row in enumerate(rows)]
        return rows

    def reader(self) -> Reader:
        """The reader of the table."""
        return self._reader

    def numbers(self, batch: Batch) -> Iterable[int]:
        """The ends of calls, each in one batch."""
        ended = batch.facts["calls"].filter(outcome_name="abandoned") if "calls" in batch.facts else None
        return [] if ended is None else [int(key.partition(".")[2]) for key in ended["call_id"]]


class ZendeskTransport(Transport):
    """Zendesk's export of updates; what is younger than a minute is left out, as the real one does."""

    name = "Zendesk"

    def __init__(self, *, look_back_seconds: int = 300) -> None:
        super().__init__()
        self.look_back_seconds = look_back_seconds
        self.account = Account(START, page_rows=PAGE_ROWS)
        self._reader = self.account.reader(look_back_seconds=look_back_seconds, read_ratings=False)

    def show(self, events: list[Event], now: int) -> None:
        """Adds the updates, each of a ticket of its own."""
        self.account.now = now
        for event in events:
            self.account.update(event.number, {"event_type": "Change", "status": "open"}, at=event.at)

    def reader(self) -> Reader:
        """The reader of the account."""
        return self._reader

    def numbers(self, batch: Batch) -> Iterable[int]:
        """The tickets whose updates came."""
        events = batch.facts.get("ticket_events")
        return [] if events is None else [int(key) for key in events["ticket_id"]]


class LiveAgentTransport(Transport):
    """LiveAgent's list of tickets, by their last change."""

    name = "LiveAgent"

    def __init__(self, *, look_back_seconds: int = 600) -> None:
        super().__init__()
        self.look_back_seconds = look_back_seconds
        self.account = LiveAgentAccount(most_rows=PAGE_ROWS)
        self._served = served(
            self.account, look_back_seconds=look_back_seconds, read_sla_targets=False, read_contacts=False
        )
        self._reader, self._requests = self._served.__enter__()

    def show(self, events: list[Event], now: int) -> None:
        """Adds tickets that changed."""
        del self._requests[:]
        for event in events:
            key = f"n{event.number}"
            self.account.tickets.append(simple_ticket(key, datetime.fromtimestamp(event.at, UTC)))
            self.account.messages[key] = []

    def reader(self) -> Reader:
        """The reader of the account."""
        return self._reader

    def numbers(self, batch: Batch) -> Iterable[int]:
        """The tickets."""
        return [int(key.removeprefix("n")) for key in batch.facts["tickets"]["ticket_id"]]


class GenesysTransport(Transport):
    """The conversations of Genesys Cloud, asked for by the window in which they were active."""

    name = "Genesys Cloud"

    def __init__(self, *, look_back_seconds: int = 600) -> None:
        super().__init__()
        self.look_back_seconds = look_back_seconds
        self.conversations: list[tuple[int, dict[str, Any]]] = []
        api = GenesysApi(
            "https://login.example", "https://api.example", "client", "s3cret-of-the-client", "the secret",
            most_per_second=1e6, options={"transport": httpx.MockTransport(self._answer), "sleep": lambda _: None},
        )  # fmt: skip
        self._reader = GenesysCloud(
            api, GenesysRules(SECRET), history=timedelta(days=1), look_back=timedelta(seconds=look_back_seconds), parts=1
        )  # fmt: skip

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "token-1-long-enough"})
        if not path.endswith("/conversations/details/query"):
            return httpx.Response(200, json={"entities": [], "pageCount": 1})
        asked = json.loads(request.content)
        start, end = (datetime.fromisoformat(text).timestamp() for text in asked["interval"].split("/"))
        found = [record for at, record in self.conversations if start <= at < end]
        size, page = asked["paging"]["pageSize"], asked["paging"]["pageNumber"]
        part = found[size * (page - 1) : size * page]
        return httpx.Response(200, json={"conversations": part, "totalHits": len(found)})

    def show(self, events: list[Event], now: int) -> None:
        """Adds conversations of a caller who gave up at once."""
        for event in events:
            at = (
                datetime.fromtimestamp(event.at, UTC)
                .isoformat(timespec="milliseconds")
                .replace("+00:00", "Z")
            )
            segment = {
                "segmentType": "interact",
                "segmentStart": at,
                "segmentEnd": at,
                "queueId": "Q",
                "disconnectType": "peer",
            }
            metrics = [
                {"name": "nOffered", "value": 1.0, "emitDate": at},
                {"name": "tAbandon", "value": 0.0, "emitDate": at},
            ]
            waited = {
                "sessionId": "s",
                "mediaType": "voice",
                "direction": "inbound",
                "segments": [segment],
                "metrics": metrics,
            }
            record = {
                "conversationId": f"c{event.number}", "conversationStart": at, "conversationEnd": at,
                "originatingDirection": "inbound", "participants": [{"purpose": "acd", "sessions": [waited]}],
            }  # fmt: skip
            self.conversations.append((event.at, record))
        self.conversations.sort(key=lambda item: item[0])

    def reader(self) -> Reader:
        """The reader of the organisation."""
        return self._reader

    def numbers(self, batch: Batch) -> Iterable[int]:
        """The conversations."""
        return [int(key.removeprefix("c")) for key in batch.facts["calls"]["call_id"]]


class ConnectTransport(Transport):
    """Amazon Connect's records in a bucket: objects named by the time of what they hold, some put there late."""

    name = "Amazon Connect"

    def __init__(self, *, look_back_seconds: int = 3600) -> None:
        super().__init__()
        self.look_back_seconds = look_back_seconds
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        look_back = timedelta(seconds=look_back_seconds)
        files = S3Files(self, "exports", ("ctr/",), look_back=look_back, faults=(KeyError,))
        self._reader = AmazonConnect(files, SECRET)

    def get_paginator(self, _name: str) -> ConnectTransport:
        """As boto3's client."""
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str) -> list[dict[str, Any]]:  # noqa: N803
        """As boto3's paginator, page by page."""
        keys = [key for key in sorted(self.objects) if key.startswith(Prefix) and key > StartAfter]
        found = [
            {"Key": key, "Size": len(data), "LastModified": at, "ETag": key}
            for key in keys
            for data, at in (self.objects[key],)
        ]
        assert Bucket == "exports"
        return [
            {"Contents": found[start : start + PAGE_ROWS]} for start in range(0, len(found) + 1, PAGE_ROWS)
        ]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        """As boto3's client."""
        assert Bucket == "exports"
        return {"Body": io.BytesIO(self.objects[Key][0])}

    def show(self, events: list[Event], now: int) -> None:
        """Puts an object for each minute that something is told of; a late one has an old name."""
        by_minute: dict[int, list[Event]] = {}
        for event in events:
            by_minute.setdefault(event.at // 60, []).append(event)
        for minute, told in by_minute.items():
            lines = "\n".join(json.dumps(self._record(event)) for event in told)
            begin = datetime.fromtimestamp(minute * 60, UTC)
            key = f"ctr/{begin:%Y/%m/%d/%H-%M}-{now}.gz"
            self.objects[key] = gzip.compress(lines.encode()), datetime.fromtimestamp(now, UTC)

    def _record(self, event: Event) -> dict[str, Any]:
        at = f"{datetime.fromtimestamp(event.at, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {
            "ContactId": f"c{event.number}", "Channel": "VOICE", "InitiationMethod": "INBOUND", "InitiationTimestamp": at,
            "DisconnectTimestamp": at, "LastUpdateTimestamp": at, "DisconnectReason": "CUSTOMER_DISCONNECT", "Agent": None,
            "Queue": {"ARN": "q/1", "Name": "Sales", "EnqueueTimestamp": at, "DequeueTimestamp": at, "Duration": 0},
        }  # fmt: skip

    def reader(self) -> Reader:
        """The reader of the bucket."""
        return self._reader

    def numbers(self, batch: Batch) -> Iterable[int]:
        """The contacts."""
        return [int(key.removeprefix("c")) for key in batch.facts["calls"]["call_id"]]
