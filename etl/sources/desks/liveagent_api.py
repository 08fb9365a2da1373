"""Asks a LiveAgent account for its calls, tickets and what belongs to them, at the pace that it allows.

In: a WebClient with the account's key. Out: lists and parts of records as delivered.
The rule it guards: no record falls between two pages, though records move from page to page while they are read.

Lists of tickets are sorted by date_changed, and a ticket that changes moves to the end, pulling all others forward: so
the next page is always "changed at or after the last one seen", and where so many changed in one second that they
fill a page, the pages of that second are read until a whole pass brings nothing new. Lists of calls go by LiveAgent's
cursor, which comes in a header of the answer; where it ends or dies, by the time of the last call.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx

from etl.sources.desks.liveagent_records import instant_or_none, plain_names
from etl.sources.web import WebClient, WebError

PAGE_ROWS = 100
_FEWEST_ROWS = 10  # LiveAgent's own page: a part with fewer rows than that has no second page
MOST_PAGES = 2000
MOST_PASSES = 3
MOST_REMEMBERED = 1000
_GONE = frozenset((404, 410))


class CursorNote(httpx.Auth):
    """Notes the cursor of the next page, which LiveAgent puts into a header beside the answer."""

    def __init__(self) -> None:
        self.cursor: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Lets the question pass as it is, and reads one header of the answer."""
        response = yield request
        self.cursor = response.headers.get("next_page_cursor") or response.headers.get("next-page-cursor")


class Account:
    """One LiveAgent account; what was asked once in a load is remembered. Raises WebError."""

    def __init__(self, client: WebClient, note: CursorNote, zone: ZoneInfo) -> None:
        self._client, self._note, self._zone = client, note, zone
        self._contacts: dict[str, Any] = {}
        self._conversations: dict[str, tuple[str, Any, Any]] = {}
        self.forbidden: set[str] = set()
        """The optional parts that the key may not read."""

    def tickets_since(self, since: datetime) -> Iterator[tuple[list[Any], bool]]:
        """Pages of tickets changed at or after an instant, and whether they came in order of their change.

        A ticket comes once for each date_changed.
        """
        asked_from, page, passes, empty, fresh = since, 1, 1, 0, 0
        seen: set[tuple[str, str]] = set()
        before: list[Any] = []
        for _ in range(MOST_PAGES):
            rows = self._rows("tickets", self._filter("date_changed", "D>=", asked_from, page))
            new = [row for row in rows if _token(row, "date_changed") not in seen]
            seen.update(_token(row, "date_changed") for row in rows)
            last, is_in_order = self._last(rows, "date_changed")
            fresh += len(new)
            yield new, is_in_order
            empty = empty + 1 if not rows or rows == before else 0
            before = rows
            may_jump = is_in_order and last is not None and last > asked_from
            if not may_jump and empty < 2:
                page += 1
            elif page > 1 and fresh and passes < MOST_PASSES:
                page, passes, empty, fresh = 1, passes + 1, 0, 0
            elif may_jump and last is not None:
                asked_from, page, passes, empty, fresh = last, 1, 1, 0, 0
            else:
                return

    def calls_since(self, since: datetime) -> Iterator[tuple[list[Any], bool]]:
        """Pages of calls that began at or after an instant, and whether they came in order of their beginning."""
        asked_from, newest, cursor = since, since, None
        cursors: set[str] = set()
        for _ in range(MOST_PAGES):
            asked = self._filter("dateCreated", ">=", asked_from, None) | {"_cursor": cursor}
            try:
                rows = [plain_names(row) for row in self._rows("calls", asked)]
            except WebError as error:
                is_dead = cursor is not None and error.status_code in (400, 404, 410)
                if not is_dead or newest <= asked_from:
                    raise
                asked_from, cursor = newest, None  # the cursor died while calls were looked up one by one
                cursors.clear()
                continue
            last, is_in_order = self._last(rows, "date_created")
            newest = max(newest, last or newest)
            cursor = (
                self._note.cursor
            )  # taken now: whoever gets the rows asks other things before it comes back
            yield rows, is_in_order
            if cursor is None and len(rows) >= PAGE_ROWS and newest > asked_from:
                asked_from = newest
                cursors.clear()
            elif cursor is None:
                return
            elif cursor in cursors:
                raise WebError(
                    "GET calls: found the cursor of a page that was read before, expected the next page. What was read "
                    "until here is loaded; the next load goes on from there."
                )
            else:
                cursors.add(cursor)

    def people(self) -> tuple[dict[str, str], dict[str, str]]:
        """The names of agents and of departments by their ids."""
        agents = {
            str(row["id"]): str(row.get("name") or row["id"])
            for row in self._every("agents")
            if isinstance(row, dict) and isinstance(row.get("id"), str | int)
        }
        departments = {
            str(row["department_id"]): str(row.get("name") or row["department_id"])
            for row in self._every("departments")
            if isinstance(row, dict) and isinstance(row.get("department_id"), str | int)
        }
        return agents, departments

    def ticket(self, ticket_id: str) -> dict[str, Any] | None:
        """One ticket; null where it is gone."""
        value = self._one(f"tickets/{_safe(ticket_id)}")
        return value if isinstance(value, dict) else None

    def conversation(self, ticket_id: str, changed: str) -> tuple[Any, Any]:
        """The message groups and the history of a ticket as of its date_changed; groups null where it is gone."""
        known = self._conversations.get(ticket_id)
        if known is not None and changed and known[0] == changed:
            return known[1:]
        groups = self._every_group(ticket_id)
        if groups is None and self.ticket(ticket_id) is not None:
            groups = []  # it is there, only its messages are not
        history = (
            self._one(f"tickets/{_safe(ticket_id)}/history", optional="history") if groups is not None else []
        )
        if len(self._conversations) >= MOST_REMEMBERED:
            self._conversations.clear()
        self._conversations[ticket_id] = changed, groups, history or []
        return groups, history or []

    def targets(self, ticket_id: str) -> Any:
        """The targets of a ticket, past and present."""
        return self._one(f"slas/{_safe(ticket_id)}/history", optional="targets") or []

    def contact(self, contact_id: str) -> dict[str, Any]:
        """One customer; empty where unknown."""
        if contact_id not in self._contacts:
            if len(self._contacts) >= MOST_REMEMBERED:
                self._contacts.clear()
            value = self._one(f"contacts/{_safe(contact_id)}", optional="contacts")
            self._contacts[contact_id] = value if isinstance(value, dict) else {}
        found: dict[str, Any] = self._contacts[contact_id]
        return found

    def _every_group(self, ticket_id: str) -> list[Any] | None:
        try:
            return self._every(f"tickets/{_safe(ticket_id)}/messages")
        except WebError as error:
            if error.status_code in _GONE:
                return None
            raise

    def _every(self, path: str) -> list[Any]:
        """All rows of a list that does not move, page by page, up to one that brings nothing new."""
        found: dict[tuple[str, str], Any] = {}
        for page in range(1, MOST_PAGES):
            rows = self._rows(path, {"_page": page, "_perPage": PAGE_ROWS})
            known = len(found)
            for row in rows:
                found.setdefault(_token(row, "department_id"), row)
            if len(rows) < _FEWEST_ROWS or len(found) == known:
                break
        return list(found.values())

    def _one(self, path: str, *, optional: str | None = None) -> Any:
        """One part, null where it is gone, or where it is optional and the key may not read it."""
        if optional in self.forbidden:
            return None
        try:
            return self._client.get_json(path)
        except WebError as error:
            if error.status_code == 403 and optional is not None:
                self.forbidden.add(optional)
                return None
            if error.status_code in _GONE:
                return None
            raise

    def _rows(self, path: str, params: dict[str, Any]) -> list[Any]:
        self._note.cursor = None
        value = self._client.get_json(path, params)
        if not isinstance(value, list):
            raise WebError(
                f"GET {path.partition('/')[0]}: found {'an object' if isinstance(value, dict) else 'a value'}, expected a "
                "list. Check that the address in the settings is that of a LiveAgent account (API v3)."
            )
        return value

    def _filter(self, field: str, operator: str, since: datetime, page: int | None) -> dict[str, Any]:
        moment = since.astimezone(UTC).strftime(
            "%Y-%m-%d %H:%M:%S"
        )  # filters are in UTC, whatever the account's zone
        return {
            "_page": page,
            "_perPage": PAGE_ROWS,
            "_sortField": field,
            "_sortDir": "ASC",
            "_filters": json.dumps([[field, operator, moment]]),
        }

    def _last(self, rows: list[Any], field: str) -> tuple[datetime | None, bool]:
        """The latest instant of the rows, and whether they are in its order."""
        moments = [moment for row in rows if (moment := instant_or_none(row, field, self._zone)) is not None]
        return max(moments, default=None), moments == sorted(moments)


def _token(row: Any, field: str) -> tuple[str, str]:
    """What names a row of a list: its id and one more field; a row without an id is named by what it holds."""
    if isinstance(row, dict) and row.get("id") not in (None, ""):
        return str(row["id"]), str(row.get(field))
    if isinstance(row, dict) and row.get(field) not in (None, ""):
        return "", str(row[field])
    return "", json.dumps(row, sort_keys=True)


def _safe(key: str) -> str:
    return quote(key, safe="")
