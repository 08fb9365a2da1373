"""Asks Zendesk's API page by page for what has changed, and notices when its pages lead nowhere.

In: a client of the API and the place where a stream stands. Out: pages of records, each with the place after it.
The rule it guards: no page is passed over; pages that come round again end the load with its place kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from etl.sources.desks.zendesk_records import Record
from etl.sources.desks.zendesk_schedules import Schedules, schedules_of
from etl.sources.desks.zendesk_state import FUTURE_SECONDS
from etl.sources.web import WebClient, WebError

PAGE_ROWS = 1000
LIST_ROWS = 100
QUIET_SECONDS = 61  # the exports leave out the last minute, and refuse to be asked for it
EXPIRED_SECONDS = (
    3600  # before the newest known change, reading begins again where a cursor is no longer taken
)
RATING_SECONDS = 2 * 86_400  # ratings are changed for a while
MOST_STANDSTILLS = 3
_EXPIRED = frozenset({400, 404, 410, 422})

Place = dict[str, Any]


class Page(NamedTuple):
    """Records as delivered, the place at which reading goes on after them, and what there is to say."""

    records: list[Any]
    place: Place
    notice: str = ""


@dataclass
class Api:
    """The two ways in: the exports with their own low rate, and everything else."""

    exports: WebClient
    general: WebClient

    def close(self) -> None:
        """Ends the connections."""
        self.exports.close()
        self.general.close()

    def listed(
        self, path: str, key: str, params: Record, cursor: str | None = None
    ) -> Iterator[tuple[list[Any], str | None]]:
        """The pages of a list: its records, and the cursor of the page after it (null after the last one)."""
        visited = {cursor}
        while True:
            page = self.general.get_json(path, {"page[size]": LIST_ROWS, "page[after]": cursor, **params})
            found, meta = _list(page, key, path), page.get("meta")
            has_more = isinstance(meta, dict) and meta.get("has_more") is True
            cursor = meta.get("after_cursor") if isinstance(meta, dict) and has_more else None
            yield found, cursor
            if not has_more:
                return
            if not isinstance(cursor, str) or cursor in visited:
                raise _loop(path, f"the cursor {str(cursor)[:40]} a second time")
            visited.add(cursor)

    def all_of(self, path: str, key: str, params: Record | None = None) -> list[Record]:
        """Everything in a list."""
        return [
            each
            for found, _ in self.listed(path, key, params or {})
            for each in found
            if isinstance(each, dict)
        ]


def ticket_pages(
    api: Api, place: Place, *, start: int, now: datetime, on_users: Callable[[object], None]
) -> Iterator[Page]:
    """Tickets as they are now, in the order of their last change, by Zendesk's own cursor."""
    latest = int(now.timestamp())
    path = "/api/v2/incremental/tickets/cursor.json"
    cursor, since = place.get("cursor"), int(place.get("since", start))
    notice, is_restarted, visited = "", False, {cursor}
    while True:
        begins = {"cursor": cursor} if cursor else {"start_time": since}
        try:
            page = api.exports.get_json(path, {**begins, "include": "users", "per_page": PAGE_ROWS})
        except WebError as error:
            if not cursor or is_restarted or error.status_code not in _EXPIRED:
                raise
            cursor, since, is_restarted = None, max(start, since - EXPIRED_SECONDS), True
            notice = f"Zendesk no longer takes the cursor of tickets: read again from {_shown(since)}."
            continue
        found, following = _list(page, "tickets", path), _cursor(page)
        on_users(page.get("users"))
        if found and not isinstance(page.get("users"), list):
            notice = f"{notice} Zendesk gave no users with its tickets: their requesters are unknown.".strip()
        changes = (changed_at(ticket) or 0 for ticket in found)
        since = max([since, *(at for at in changes if at <= latest)])  # no change is later than now
        yield Page(found, {"cursor": following or cursor or "", "since": since}, notice)
        if page.get("end_of_stream") is True:
            return
        if following is None or following in visited:
            raise _loop(path, f"the cursor {str(following)[:40]} a second time")
        visited.add(following)
        cursor, notice = following, ""


def timed_pages(
    api: Api,
    place: Place,
    path: str,
    key: str,
    *,
    start: int,
    look_back_seconds: int,
    now: datetime,
    include: str | None = None,
) -> Iterator[Page]:
    """What happened, in the order of time: from a look-back before the place, for what became visible late."""
    since = place.get("since")
    at = start if since is None else max(start, int(since) - look_back_seconds)
    reached, standstills = int(since or start), 0
    latest = int(now.timestamp())
    while at <= latest - QUIET_SECONDS:
        page = api.exports.get_json(path, {"start_time": at, "include": include, "per_page": PAGE_ROWS})
        found, end_time = _list(page, key, path), page.get("end_time")
        if not isinstance(end_time, int) or end_time > latest + FUTURE_SECONDS:
            end_time = None
        reached = max(reached, end_time or 0)
        is_crowd = _is_of_one_second(found, at) and (end_time or at) <= at
        is_cut = is_crowd and len(found) == PAGE_ROWS
        yield Page(found, {"since": reached}, _cut_crowd(found, at) if is_cut else "")
        is_end = page.get("end_of_stream")
        if is_end is True or (not isinstance(is_end, bool) and len(found) < PAGE_ROWS):
            return
        if (
            is_crowd
        ):  # a page ends between two seconds: this one holds all of its second, and would come for ever
            at += 1
            continue
        standstills = standstills + 1 if end_time is None or end_time <= at else 0
        if standstills == MOST_STANDSTILLS:
            raise _loop(path, f"the same {len(found)} records {MOST_STANDSTILLS} times from {_shown(at)} on")
        at = max(at, end_time or at)


def _is_of_one_second(found: list[Any], second: int) -> bool:
    told = [each.get("time") or each.get("created_at") if isinstance(each, dict) else None for each in found]
    return bool(told) and all(second_of(each) == second for each in told)


def _cut_crowd(found: list[Any], second: int) -> str:
    return (
        f"Zendesk gave {len(found)} records of the one second {_shown(second)}, as many as a page holds: if there are "
        "more of that second, its exports do not tell them."
    )


def rating_pages(api: Api, place: Place, *, start: int, now: datetime) -> Iterator[Page]:
    """Ratings that requesters gave, from two days before the place: they can be changed."""
    since = place.get("since")
    at = start if since is None else max(start, int(since) - RATING_SECONDS)
    here = {"since": since} if since is not None else {}
    params = {"start_time": at, "score": "received"}
    path, stored = "/api/v2/satisfaction_ratings.json", place.get("cursor") or None
    pages: Iterator[tuple[list[Any], str | None]] = api.listed(path, "satisfaction_ratings", params, stored)
    if stored:
        try:
            pages = chain([next(pages)], pages)
        except WebError as error:  # a cursor is not kept for ever; what was seen is not read twice
            if error.status_code not in _EXPIRED:
                raise
            pages = api.listed(path, "satisfaction_ratings", params)
    for found, cursor in pages:
        yield Page(found, {**here, "cursor": cursor} if cursor else {"since": int(now.timestamp())})


def account_schedules(api: Api, *, has_holidays: bool) -> Schedules:
    """The account's timetables; empty where its plan has none, or the credential may not see them."""
    path = "/api/v2/business_hours/schedules"
    try:
        found = api.all_of(f"{path}.json", "schedules")
        holidays = [
            {**holiday, "schedule_id": schedule.get("id")}
            for schedule in (found if has_holidays else [])
            for holiday in api.all_of(f"{path}/{schedule.get('id')}/holidays.json", "holidays")
        ]
    except WebError as error:
        if error.status_code not in (403, 404):
            raise
        found, holidays = [], []
    return schedules_of(found, holidays)


def changed_at(ticket: Any) -> int | None:
    """The epoch second of a ticket's last change, null where it tells none."""
    if not isinstance(ticket, dict):
        return None
    generated = ticket.get("generated_timestamp")
    if isinstance(generated, int) and not isinstance(generated, bool) and 0 <= generated < 2**32:
        return generated
    return second_of(ticket.get("updated_at"))


def second_of(value: object) -> int | None:
    """The epoch second of an instant as text, null where it is none."""
    try:
        instant = datetime.fromisoformat(str(value))
        return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def _list(page: Any, key: str, path: str) -> list[Any]:
    found = page.get(key) if isinstance(page, dict) else None
    if not isinstance(found, list):
        what = sorted(page)[:10] if isinstance(page, dict) else type(page).__name__
        raise WebError(
            f"{path}: found an answer with {what}, expected a list named '{key}'. Zendesk's API may have changed: "
            "look for a newer version of Floorboard."
        )
    return found


def _cursor(page: Record) -> str | None:
    """The cursor of the next page, by itself or within the address of that page."""
    given, url = page.get("after_cursor"), page.get("after_url")
    if isinstance(given, str) and given:
        return given
    return next(iter(parse_qs(urlsplit(url).query).get("cursor", [])), None) if isinstance(url, str) else None


def _loop(path: str, found: str) -> WebError:
    return WebError(
        f"{path}: found {found}, expected the next page. Nothing is lost: the next load goes on from here; if this comes "
        "back, tell Zendesk's support, with this sentence.",
        is_worth_retry=False,
    )


def _shown(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
