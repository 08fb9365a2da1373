"""A Zendesk account made for tests: it answers as the real API does, and misbehaves where a test says so.

account = Account(now=NOW)
account.ticket(7, at=NOW - 3600)
account.update(7, {"event_type": "Change", "status": "solved"}, at=NOW - 60)
reader = account.reader(token_env="DESK_TOKEN")
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from etl.sources import Site
from etl.sources.zendesk import Zendesk, ZendeskSettings
from tests.web_server import Answer, Request

SECRET = b"k" * 32
SITE = Site("Main", "Europe/Tallinn", "EE")
AGENT, CUSTOMER = 101, 901
Bend = Callable[[str, dict[str, str], Any], Any]


def instant(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Clock:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Account:
    """now: the server's epoch second; page_rows: of the exports; bend: changes an answer on its way out."""

    now: int
    page_rows: int = 1000
    address: str = "https://desk.example"
    agents: dict[int, str] = field(default_factory=lambda: {AGENT: "Ann Agent", 102: "Ben Agent"})
    groups: dict[int, str] = field(default_factory=lambda: {11: "Billing", 12: "Technical"})
    schedules: list[dict[str, Any]] = field(default_factory=list)
    holidays: list[dict[str, Any]] = field(default_factory=list)
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    ratings: list[dict[str, Any]] = field(default_factory=list)
    metric_events: list[dict[str, Any]] = field(default_factory=list)
    visible_at: dict[int, float] = field(default_factory=dict)
    bend: Bend | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked_at: list[tuple[str, float]] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def ticket(self, id_: int, *, at: float, changed: float | None = None, **fields: Any) -> dict[str, Any]:
        """A ticket as it is now; a second call changes it."""
        changed = at if changed is None else changed
        self.tickets[id_] = {
            "id": id_, "url": f"{self.address}/api/v2/tickets/{id_}.json", "created_at": instant(at),
            "updated_at": instant(changed), "generated_timestamp": int(changed), "status": "open",
            "subject": "PRIVATE subject", "raw_subject": "PRIVATE subject", "description": "PRIVATE words",
            "requester_id": CUSTOMER, "submitter_id": CUSTOMER, "assignee_id": AGENT, "group_id": 11, "priority": "normal",
            "via": {"channel": "email", "source": {"from": {"address": "private@example.com"}}},
            "custom_fields": [{"id": 55, "value": "refund"}], "external_id": "1795309870.7", "tags": ["private"],
            **fields,
        }  # fmt: skip
        return self.tickets[id_]

    def update(
        self, ticket_id: int, *children: dict[str, Any] | str, at: float, **fields: Any
    ) -> dict[str, Any]:
        """One update of a ticket with what it changed."""
        number = 5_000_000_000 + len(self.updates)
        found = [
            {"id": number * 10 + place, **child} if isinstance(child, dict) else child
            for place, child in enumerate(children)
        ]
        update = {
            "id": number, "ticket_id": ticket_id, "created_at": instant(at), "timestamp": int(at), "updater_id": AGENT,
            "event_type": "Audit", "system": {"ip_address": "private"}, "child_events": found, **fields,
        }  # fmt: skip
        self.updates.append(update)
        return update

    def rating(
        self, id_: int, ticket_id: int, score: str, *, at: float, changed: float | None = None
    ) -> None:
        """A rating; a second call of the same number changes it."""
        self.ratings = [rating for rating in self.ratings if rating["id"] != id_]
        self.ratings.append(
            {"id": id_, "ticket_id": ticket_id, "score": score, "comment": "PRIVATE thanks", "requester_id": CUSTOMER,
             "assignee_id": AGENT, "created_at": instant(at), "updated_at": instant(changed or at)}
        )  # fmt: skip

    def reader(self, **settings: Any) -> Zendesk:
        """A reader of this account that asks it directly and waits without time."""
        given = {
            "name": "desk",
            "kind": "zendesk",
            "address": self.address,
            "every_seconds": 60,
            "token_env": "DESK_TOKEN",
        }
        reader = ZendeskSettings.model_validate(given | settings).reader(SITE, SECRET)
        reader.transport, reader.sleep, reader.clock = (
            httpx.MockTransport(self._http),
            self.clock.sleep,
            self.clock,
        )
        return reader

    def _http(self, request: httpx.Request) -> httpx.Response:
        found = self.answer(request.url.path, dict(request.url.params))
        if isinstance(found, httpx.Response):
            return found
        status, value = found if isinstance(found, tuple) else (200, found)
        return httpx.Response(status, json=value)

    def served(self, request: Request) -> Any:
        """The handler of a web server of this account."""
        assert request.headers["authorization"].startswith(("Basic ", "Bearer "))
        found = self.answer(request.path, request.query)
        return Answer(found[1], status=found[0]) if isinstance(found, tuple) else found

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """What the API says to a question."""
        self.asked.append((path, query))
        self.asked_at.append((path, self.clock()))
        ways: dict[str, Callable[[dict[str, str]], Any]] = {
            "/api/v2/incremental/tickets/cursor.json": self._tickets,
            "/api/v2/incremental/ticket_events.json": lambda query: self._timed(
                "ticket_events", self.updates, query
            ),
            "/api/v2/incremental/ticket_metric_events.json": lambda query: self._timed(
                "ticket_metric_events", self.metric_events, query
            ),
            "/api/v2/users.json": lambda query: self._listed("users", self._agents(), query),
            "/api/v2/groups.json": lambda query: self._listed(
                "groups", [{"id": id_, "name": name} for id_, name in self.groups.items()], query
            ),
            "/api/v2/business_hours/schedules.json": lambda query: {"schedules": self.schedules},
            "/api/v2/satisfaction_ratings.json": self._ratings,
        }
        if path.endswith("/holidays.json"):
            found: Any = {"holidays": self.holidays}
        else:
            found = ways[path](query) if path in ways else (404, {"error": "RecordNotFound"})
        return self.bend(path, query, found) if self.bend else found

    def _agents(self) -> list[dict[str, Any]]:
        return [
            {"id": id_, "name": name, "role": "agent", "email": "private@example.com"}
            for id_, name in self.agents.items()
        ]

    def _tickets(self, query: dict[str, str]) -> Any:
        order = sorted((ticket["generated_timestamp"], id_) for id_, ticket in self.tickets.items())
        if "cursor" in query:
            second, id_ = base64.b64decode(query["cursor"]).decode().split("|")
            after = (int(second), int(id_))
        else:
            after = (int(query["start_time"]), -1)
        left = [key for key in order if key > after and key[0] <= self.now - 60]
        page = left[: self.page_rows]
        cursor = base64.b64encode("|".join(map(str, (page or [after])[-1])).encode()).decode()
        url = f"{self.address}/api/v2/incremental/tickets/cursor.json?cursor={cursor}"
        return {
            "tickets": [self.tickets[id_] for _, id_ in page],
            "users": [{"id": CUSTOMER, "name": "PRIVATE", "email": "Private@Example.com", "phone": None}],
            "after_cursor": cursor, "after_url": url, "before_cursor": None, "end_of_stream": len(left) == len(page),
        }  # fmt: skip

    def _timed(self, key: str, records: list[dict[str, Any]], query: dict[str, str]) -> Any:
        start = int(query["start_time"])
        if start > self.now - 60:
            return 400, {"error": "StartTimeTooRecent"}
        told = sorted(
            (
                (
                    int(datetime.fromisoformat(each.get("time") or each["created_at"]).timestamp()),
                    each["id"],
                    each,
                )
                for each in records
            ),
            key=lambda row: row[:2],
        )
        left = [
            row for row in told
            if start <= row[0] <= self.now - 60 and self.visible_at.get(row[1], 0) <= self.now
        ]  # fmt: skip
        page = left[: self.page_rows]
        page += [
            row for row in left[self.page_rows :] if row[0] == page[-1][0]
        ]  # a page ends between two seconds
        is_end = len(page) == len(left)
        end_time = self.now - 60 if is_end else page[-1][0]
        url = f"{self.address}/api/v2/incremental/{key}.json?start_time={end_time}"
        found = [record for _, _, record in page]
        return {
            key: found,
            "count": len(page),
            "end_time": end_time,
            "end_of_stream": is_end,
            "next_page": url,
        }

    def _ratings(self, query: dict[str, str]) -> Any:
        since = int(query["start_time"])
        known = [
            each for each in self.ratings if datetime.fromisoformat(each["created_at"]).timestamp() >= since
        ]
        return self._listed("satisfaction_ratings", known, query)

    def _listed(self, key: str, records: list[dict[str, Any]], query: dict[str, str]) -> Any:
        at = int(query.get("page[after]", "0"))
        until = at + int(query.get("page[size]", "100"))
        return {
            key: records[at:until],
            "meta": {"has_more": until < len(records), "after_cursor": str(until)},
        }
