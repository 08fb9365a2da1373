"""Asks Genesys Cloud for conversations, users' states and names, window by window and page by page.

In: an OAuth client (client credentials) and a window of time. Out: records with their place.
The rule it guards: a window of more records than may be paged through is halved, a page that comes twice stops the
load, and a token that has run out is renewed once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from etl import LoadError
from etl.sources.clouds.json_fields import Row, instant_of
from etl.sources.clouds.json_records import Item
from etl.sources.web import WebClient, WebError

PAGE_RECORDS = 100
MOST_PAGED = 100_000  # the API pages through no more records of one window
SHORTEST_WINDOW_US = 60_000_000
MOST_PASSES = 3  # so often a window is paged through anew whose records went away meanwhile
CONVERSATIONS = "api/v2/analytics/conversations/details/query"
USERS = "api/v2/analytics/users/details/query"
PARTS = ((CONVERSATIONS, "conversations"), (USERS, "userDetails"))


@dataclass(frozen=True)
class Step:
    """Where reading stands: the window, which of PARTS, which page (from 1), how many of its records were taken."""

    from_us: int
    to_us: int
    part: int = 0
    page: int = 1
    taken: int = 0


class _TooManyError(Exception):
    """The window holds more records than may be paged through."""


@dataclass
class GenesysApi:
    """One organisation's API, signed in when it is first asked."""

    login_url: str
    api_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    credential_text: str
    most_per_second: float = 3.0
    options: Mapping[str, Any] = field(default_factory=dict)
    named_us: int = 0
    """When names were asked for last, in microseconds."""
    _client: WebClient | None = field(default=None, init=False, repr=False)

    def close(self) -> None:
        """Ends the connection; the token is kept, the next question opens a connection again."""
        if self._client is not None:
            self._client.close()

    def _signed_in(self) -> WebClient:
        login = WebClient(
            self.login_url,
            auth=(self.client_id, self.client_secret),
            credential_text=self.credential_text,
            most_per_second=self.most_per_second,
            **self.options,
        )
        with login:
            answer = login.post_form("oauth/token", {"grant_type": "client_credentials"})
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise WebError(
                f"{self.login_url}: found a sign-in without a token, expected one. Check the region, and that "
                f"{self.credential_text} belongs to an OAuth client with the grant type Client Credentials."
            )
        self._client = WebClient(
            self.api_url,
            headers={"Authorization": f"Bearer {token}"},
            credential_text=self.credential_text,
            most_per_second=self.most_per_second,
            **self.options,
        ).after(self._client)
        return self._client

    def _ask(self, path: str, value: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """The answer; a token that is no longer taken is renewed once."""
        is_fresh = self._client is None
        client = self._client or self._signed_in()
        try:
            return client.post_json(path, value) if value is not None else client.get_json(path, params)
        except WebError as error:
            if error.status_code != 401 or is_fresh:
                raise
        self.close()
        client = self._signed_in()
        return client.post_json(path, value) if value is not None else client.get_json(path, params)

    def names(self) -> dict[tuple[str, str], str]:
        """What queues and users are called, by (kind_name, id)."""
        found: dict[tuple[str, str], str] = {}
        for kind, path, more in (
            ("queue", "api/v2/routing/queues", {}),
            ("agent", "api/v2/users", {"state": "any"}),
        ):
            page, seen = 1, 0
            while True:
                answer = self._ask(path, params={"pageSize": PAGE_RECORDS, "pageNumber": page, **more})
                entities = _list_of(answer, "entities", path)
                found |= {
                    (kind, one["id"]): one["name"]
                    for one in entities
                    if isinstance(one.get("id"), str) and isinstance(one.get("name"), str)
                }
                if not entities or len(found) == seen or page >= int(answer.get("pageCount") or page):
                    break
                page, seen = page + 1, len(found)
        return found

    def records(self, step: Step, *, parts: int = len(PARTS)) -> Iterator[tuple[Item, Step]]:
        """Every record of the window from the step on, each with where reading stands after it. WebError."""
        for part in range(step.part, parts):
            first = step if part == step.part else Step(step.from_us, step.to_us, part)
            yield from self._windowed(first, step.to_us)

    def _windowed(self, step: Step, end_us: int) -> Iterator[tuple[Item, Step]]:
        """One part of a window; halves of it where it holds too much."""
        try:
            yield from self._pages(step)
        except _TooManyError:
            middle = (step.from_us + step.to_us) // 2
            for from_us, to_us in ((step.from_us, middle), (middle, step.to_us)):
                for item, _ in self._windowed(Step(from_us, to_us, step.part), end_us):
                    yield item, Step(step.from_us, end_us, step.part)  # a half begins anew after a stop

    def _pages(self, step: Step) -> Iterator[tuple[Item, Step]]:
        path, list_key = PARTS[step.part]
        interval = f"{_told(step.from_us)}/{_told(step.to_us)}"
        page, taken, most, passes, is_short = step.page, step.taken, 0, 1, False
        before: dict[int, int] = {}
        while True:
            asked = {
                "interval": interval,
                "order": "asc",
                "paging": {"pageSize": PAGE_RECORDS, "pageNumber": page},
            }
            answer = self._ask(path, asked)
            entries = _list_of(answer, list_key, path)
            total = answer.get("totalHits")
            total = total if isinstance(total, int) and not isinstance(total, bool) else 0
            if total >= MOST_PAGED and step.to_us - step.from_us > SHORTEST_WINDOW_US:
                raise _TooManyError
            is_end = page * PAGE_RECORDS >= total and len(entries) < PAGE_RECORDS
            has_shrunk, most = total < most, max(most, total)
            if passes < MOST_PASSES and (has_shrunk or (is_short and is_end)):
                # records went out of the window while it was paged through and the others moved up, or a page was empty
                page, taken, most, passes, is_short = 1, 0, 0, passes + 1, False
                before.clear()
                continue
            here = hash(json.dumps(entries, sort_keys=True))
            if entries and here in before:
                raise LoadError(
                    f"{path}: page {page} of {interval} holds the same records as page {before[here]}, expected the next "
                    "ones. Nothing is lost: the next load asks for the window again."
                )
            for number, entry in enumerate(entries[taken:], start=taken + 1):
                if step.part == 1:
                    entry = entry | {"windowStart": _told(step.from_us), "windowEnd": _told(step.to_us)}
                text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
                place = _place(path, interval, page, number, entry)
                yield Item(place, "", text, entry), Step(step.from_us, step.to_us, step.part, page, number)
            if is_end:
                return
            is_short = is_short or len(entries) < PAGE_RECORDS
            before[here] = page if entries else before.get(here, page)
            page, taken = page + 1, 0


def _place(path: str, interval: str, page: int, number: int, entry: dict[str, Any]) -> str:
    """Where a record was found: a conversation by its id, the same whenever it is told again; else by its page."""
    name = entry.get("conversationId")
    return f"{path} {name[:100]}" if isinstance(name, str) else f"{path} {interval} page {page}:{number}"


def _told(us: int) -> str:
    return instant_of(us // 1000 * 1000).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _list_of(answer: Any, key: str, path: str) -> list[Row]:
    """The list of records of an answer; an answer without one holds none."""
    value = answer.get(key, []) if isinstance(answer, dict) else None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise WebError(
            f"{path}: found an answer without a list of {key}, expected one. The next load asks again.",
            is_worth_retry=True,
        )
    return value
