"""A LiveAgent account on this machine for tests: pages, sorts, filters and forgets as the real one does.

account = LiveAgentAccount.recorded()
with served(account) as (reader, requests):     # or, over a real wire: with web_server(account) as base_url
    batch = one_of(reader)
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import polars as pl

from etl.sources import Batch, Site
from etl.sources.desks.liveagent_api import CursorNote
from etl.sources.liveagent import LiveAgent, LiveAgentSettings
from etl.sources.web import WebClient
from tests.web_server import Answer, Request

DATA = Path(__file__).parent / "data" / "liveagent"
KEY = "k3y-of-the-test-account"
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
SECRET = b"a secret of the test, 32 bytes at least"
SITE = Site("Tallinn", "Europe/Tallinn", "EE")
waits: list[float] = []
"""What the reader would have slept, in seconds."""
PARTS = ("agents", "departments", "calls", "tickets", "messages", "history", "slas", "contacts")


@dataclass
class LiveAgentAccount:
    """What the account holds, with times in UTC; told in `zone` unless asked with Timezone-Offset.

    misbehaves: sees every question first; what it returns is the answer, null leaves it to the account.
    after: called with each question when it has been answered; may change what the account holds.
    most_rows: however many rows are asked for, a page has no more.
    """

    agents: list[dict[str, Any]] = field(default_factory=list)
    departments: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, Any] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    slas: dict[str, Any] = field(default_factory=dict)
    contacts: dict[str, Any] = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    most_rows: int = 500
    misbehaves: Callable[[Request], Answer | None] = lambda request: None
    after: Callable[[Request], None] = lambda request: None

    @classmethod
    def recorded(cls) -> LiveAgentAccount:
        """The account of tests/data/liveagent."""
        return cls(**{name: json.loads((DATA / f"{name}.json").read_text()) for name in PARTS})

    def __call__(self, request: Request) -> Answer:
        """The answer to one question."""
        answer = self.misbehaves(request) or self._answer(request)
        self.after(request)
        return answer

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        """One ticket, to be changed by a test."""
        return next(ticket for ticket in self.tickets if ticket["id"] == ticket_id)

    def delete(self, ticket_id: str) -> None:
        """Takes a ticket and all that belongs to it away."""
        self.tickets = [ticket for ticket in self.tickets if ticket["id"] != ticket_id]
        for part in (self.messages, self.history, self.slas):
            part.pop(ticket_id, None)

    def _answer(self, request: Request) -> Answer:
        if request.headers.get("apikey") != KEY:
            return Answer({"message": "Invalid API key"}, 401)
        if not request.path.startswith("/api/v3/"):
            return Answer({"message": "no such method"}, 404)
        words = request.path.removeprefix("/api/v3/").split("/")
        found: Any = None
        if words == ["calls"]:
            return self._page_of_calls(request)
        if words == ["tickets"]:
            found = self._page(self._chosen(self.tickets, request), request)
        elif words in (["agents"], ["departments"]):
            found = self._page(getattr(self, words[0]), request)
        elif words[0] == "tickets" and len(words) == 2:
            found = next((ticket for ticket in self.tickets if ticket["id"] == words[1]), None)
        elif words[0] == "tickets" and words[2] == "messages":
            groups = self.messages.get(words[1])
            found = None if groups is None else self._page(groups, request)
        elif words[0] == "tickets" and words[2] == "history":
            found = self.history.get(words[1])
        elif words[0] == "slas":
            found = self.slas.get(words[1], [])
        elif words[0] == "contacts":
            found = self.contacts.get(words[1])
        return Answer({"message": "not found"}, 404) if found is None else Answer(self._told(found, request))

    def _page_of_calls(self, request: Request) -> Answer:
        rows = self._chosen(self.calls, request)
        start, size = int(request.query.get("_cursor") or 0), self._size(request)
        headers = {"next_page_cursor": str(start + size)} if start + size < len(rows) else {}
        return Answer(self._told(rows[start : start + size], request), headers=headers)

    def _page(self, rows: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        size = self._size(request)
        start = (int(request.query.get("_page", 1)) - 1) * size
        return rows[start : start + size]

    def _size(self, request: Request) -> int:
        return min(int(request.query.get("_perPage", 10)), self.most_rows)

    def _chosen(self, rows: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        for name, operator, value in json.loads(request.query.get("_filters", "[]")):
            assert operator in ("D>=", ">="), operator
            rows = [row for row in rows if str(row[name]) >= value]
        name = request.query.get("_sortField", "date_created")
        return sorted(rows, key=lambda row: str(row[name]), reverse=request.query.get("_sortDir") == "DESC")

    def _told(self, value: Any, request: Request) -> Any:
        """The value with its times in the account's zone, in UTC where the question says so."""
        is_plain = "timezone-offset" in request.headers or self.zone.key == "UTC"
        return value if is_plain else _moved(value, self.zone)


class InProcess(httpx.BaseTransport):
    """The account without a wire between: for the many tests that are not about the wire."""

    def __init__(self, account: LiveAgentAccount, requests: list[Request]) -> None:
        self._account, self._requests = account, requests

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        number, query = len(self._requests) + 1, dict(url.params)
        asked = Request(number, request.method, url.path, query, dict(request.headers), b"", time.monotonic())
        self._requests.append(asked)
        answer = self._account(asked)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body())


def _moved(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, list):
        return [_moved(each, zone) for each in value]
    if isinstance(value, dict):
        return {name: _moved(each, zone) for name, each in value.items()}
    if isinstance(value, str) and len(value) == 19 and value[4:5] == "-" and value[10:11] == " ":
        told = datetime.fromisoformat(value).replace(tzinfo=UTC).astimezone(zone)
        return told.strftime("%Y-%m-%d %H:%M:%S")
    return value


def simple_ticket(ticket_id: str, changed_at: datetime, **fields: Any) -> dict[str, Any]:
    """A new ticket without a word in it, as the list tells it."""
    created_at = changed_at - timedelta(minutes=5)
    return {
        "id": ticket_id,
        "status": "N",
        "departmentid": "dept1",
        "agentid": "",
        "channel_type": "E",
        "date_created": created_at.strftime("%Y-%m-%d %H:%M:%S"),
        "date_changed": changed_at.strftime("%Y-%m-%d %H:%M:%S"),
        **fields,
    }


def crowd(
    count: int, *, start: datetime = NOW - timedelta(hours=5), step_seconds: int = 1
) -> LiveAgentAccount:
    """An account of so many tickets, one changed every `step_seconds`, and nothing else."""
    tickets = [
        simple_ticket(f"n{place}", start + timedelta(seconds=place * step_seconds)) for place in range(count)
    ]
    return LiveAgentAccount(tickets=tickets, messages={each["id"]: [] for each in tickets}, most_rows=10)


def settings_of(address: str, **more: Any) -> LiveAgentSettings:
    given = {
        "name": "help",
        "kind": "liveagent",
        "address": address,
        "token_env": "LIVEAGENT_KEY",
        "every_seconds": 60,
    }
    return LiveAgentSettings.model_validate({**given, **more})


def reader_of(address: str, **more: Any) -> LiveAgent:
    return settings_of(address, **more).reader(SITE, SECRET)


@contextmanager
def served(account: LiveAgentAccount, **more: Any) -> Iterator[tuple[LiveAgent, list[Request]]]:
    """The reader of an account without a wire between, and every question that the account is asked."""
    requests: list[Request] = []
    reader = reader_of("http://127.0.0.1:9", **more)

    def connect(note: CursorNote) -> WebClient:
        real = reader.connect(note)
        return WebClient(
            "http://127.0.0.1:9/api/v3",
            headers=real._headers,
            auth=note,
            credential_text=real._credential_text,
            transport=InProcess(account, requests),
            most_per_second=1e6,
            most_attempts=3,
            sleep=waits.append,
        )

    yield replace(reader, connect=connect), requests


def all_of(reader: LiveAgent, before: Batch | None = None, **more: Any) -> list[Batch]:
    place = (before.position_text, before.carry_text) if before else ("", "")
    return list(reader.read(*place, **{"now": NOW, **more}))


def one_of(reader: LiveAgent, before: Batch | None = None, **more: Any) -> Batch:
    (batch,) = all_of(reader, before, **more)
    return batch


def rows(batches: list[Batch], fact: str, *without: str) -> list[tuple[Any, ...]]:
    """The facts of several batches in an order of their own."""
    frames = [batch.facts[fact].drop("seq", *without) for batch in batches]
    return sorted(pl.concat(frames).rows(), key=str)


def ids(batches: list[Batch], fact: str = "tickets", name: str = "ticket_id") -> list[str]:
    return [key for batch in batches for key in batch.facts[fact][name]]


def expect_whole(batch: Batch) -> None:
    """Every record is in the batch once, as a row or refused, and every fact names its row."""
    assert batch.rows is not None
    assert batch.read_rows == batch.rows.height + batch.rejects.height
    for frame in batch.facts.values():
        assert set(frame["seq"]) <= set(batch.rows["seq"])


def story_of(batch: Batch, ticket_id: str) -> list[str]:
    events = batch.facts["ticket_events"].filter(ticket_id=ticket_id).sort("occurred_at", "event_number")
    lines = []
    for row in events.iter_rows(named=True):
        value = row["value_text"] or "-"
        if row["event_name"] == "target":
            target = json.loads(value)
            assert target["is_business"] is False
            value = f"{target['target_name']} {target['target_seconds']}"
        parts = (row["event_name"], row["actor_name"] or "-", row["agent_name"] or "-", value)
        lines.append(" ".join((f"{row['occurred_at']:%H:%M:%S}", *parts)))
    return lines


def drawn(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.strip().splitlines()]
