"""Reads the tickets of a Zendesk account: what became of them, who wrote when, what was promised, how they were rated.

Endpoints: /api/v2/incremental/tickets/cursor.json (tickets as they are now, with their requesters), ticket_events.json
(every update with its comments), ticket_metric_events.json (SLA targets, if switched on), /api/v2/satisfaction_ratings.json;
and users, groups and schedules for what ids are called. Grain: one ticket, one update, one target, one rating.
Cursor: Zendesk's own for tickets; for the others the end of the last page, read again from a look-back before it, without
what was seen there. Delay: a minute, which the exports leave out, and `every_seconds`. Rate: 10 questions a minute.
What it cannot know: the words of comments, which are thrown away at once; who was an agent before the first load and is
none now (counts as a requester); ratings that are changed more than two days later; groups are called as they are called
when an update is read. A score "offered" is no rating. metric_sets are not read: the measures come from the updates,
in one place for all sources. initially_assigned_at does not matter: what happens before a ticket counts as at its creation.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
from pydantic import Field, ValidationInfo, field_validator

from etl.customer_key import customer_key
from etl.sources import PIECE_BYTES, Batch, Name, Reader, SettingsPath, Site, SourceSettings, WebAddress
from etl.sources.desks.zendesk_batch import Row, Words, batch_of, read_again
from etl.sources.desks.zendesk_records import Known, Record, shown_name
from etl.sources.desks.zendesk_reduce import (
    reduced_audit,
    reduced_metric_event,
    reduced_rating,
    reduced_ticket,
    unknown_fields,
)
from etl.sources.desks.zendesk_schedules import Schedules
from etl.sources.desks.zendesk_state import STREAMS, State
from etl.sources.desks.zendesk_streams import (
    QUIET_SECONDS,
    RATING_SECONDS,
    Api,
    Page,
    account_schedules,
    changed_at,
    rating_pages,
    second_of,
    ticket_pages,
    timed_pages,
)
from etl.sources.web import WebClient, credential, credential_place

GENERAL_PER_SECOND = 2.0  # the smallest plan allows 200 a minute
REST_SECONDS = 600  # so long the place may stand still before it is stored without new records


class ZendeskSettings(SourceSettings):
    """A Zendesk account and what is read of it."""

    kind: Literal["zendesk"]
    address: WebAddress
    """Where the account is found, such as "https://example.zendesk.com"."""
    email: Name | None = None
    """Whose API token it is; without it the token is an OAuth access token."""
    token_env: Name | None = None
    """The environment variable that holds the token."""
    token_file: Annotated[SettingsPath | None, Field(validate_default=True)] = None
    """The file that holds the token; readable by its owner alone."""
    start_date: date | None = None
    """Tickets created before that day (UTC) are left out; without it, all are read."""
    requests_per_minute: Annotated[int, Field(ge=1, le=6000)] = 10
    """Questions to the exports; Zendesk allows 10, with its High Volume add-on 30."""
    look_back_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300
    """So long an update may take until the exports show it."""
    read_sla_targets: bool = False
    """Whether the targets of Zendesk's SLA policies are read; the first load takes much longer."""
    read_ratings: bool = True
    """Whether satisfaction ratings are read."""
    keep_rating_comments: bool = False
    """Whether what requesters write beside a rating is kept."""
    call_id_field: Name | None = None
    """The field that holds the phone system's id of the call: "external_id" or the number of a custom field."""
    topic_field: Name | None = None
    """The field that says what a ticket is about: "type" or the number of a custom field."""

    @field_validator("call_id_field", "topic_field")
    @classmethod
    def _holds_no_text(cls, value: str | None) -> str | None:
        if value is not None and not (
            value in ("external_id", "type") or (value.isascii() and value.isdigit())
        ):
            raise ValueError('"external_id", "type" or the number of a custom field')
        return value

    @field_validator("token_file")
    @classmethod
    def _is_one_way_in(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and info.data.get("token_env") is None:
            raise ValueError("the file that holds the token, or its environment variable in token_env")
        return value

    def reader(self, site: Site, secret: bytes) -> Zendesk:
        """The reader of the account; `secret` keys the hash that stands for a requester."""
        return Zendesk(self, site, secret)

    def origin_text(self) -> str:
        """The account."""
        return f'address = "{self.address.rstrip("/")}"'


@dataclass
class Zendesk(Reader):
    """An account and how its records are understood. transport, sleep, clock: for tests."""

    settings: ZendeskSettings
    site: Site
    secret: bytes = field(repr=False)
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _api: Api | None = field(default=None, repr=False)
    _token: str = field(default="", repr=False)

    @property
    def words(self) -> Words:
        """How records are understood."""
        return Words(self.settings.address.rstrip("/"), self.settings.keep_rating_comments)

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """What changed since, stream by stream and page by page. WebError where the account does not answer.

        A stream whose end was reached less than a minute before `now` is not asked: there can be nothing new.
        """
        state = State.from_texts(position_text, carry_text, now=now)
        try:
            run = _Run(self.settings, self.opened(), state, self.site, self.secret, now)
            yield from self._batches(run, piece_bytes, refusal)
        finally:
            self.close()

    def _batches(self, run: _Run, piece_bytes: int, refusal: str | None) -> Iterator[Batch]:
        state, second, has_read = run.state, int(run.now.timestamp()), False
        oldest_asked = second
        for name in run.streams():
            asked = state.places[name].get("asked", 0)
            if second - asked < QUIET_SECONDS:
                continue
            oldest_asked = min(oldest_asked, asked)
            for rows, notice in run.pieces(name, piece_bytes):
                batch = batch_of(
                    rows, run.known(), self.words, position_text=state.position_text(), carry_text=state.carry_text(),
                    now=run.now, notice=notice, refusal=refusal,
                )  # fmt: skip
                yield replace(batch, is_named=True)
                refusal, has_read = None, True
            state.places[name]["asked"] = second
        if has_read or second - oldest_asked > REST_SECONDS:
            yield batch_of(
                [], Known(), self.words,
                position_text=state.position_text(), carry_text=state.carry_text(), now=run.now,
            )  # fmt: skip

    def again(
        self,
        raw_texts: list[str],
        carry_text: str,
        *,
        now: datetime,  # noqa: ARG002 - as in every reader
    ) -> tuple[Batch, frozenset[int]]:
        """Records once refused, read once more: a batch of those taken now, and which (from 0) are still refused."""
        return read_again(raw_texts, carry_text, self.words)

    def rewound(self, carry_text: str, *, to: datetime) -> tuple[str, str]:
        """From the instant on in every stream, with whoever has been an agent and the oldest ticket that counts."""
        second = int(to.timestamp())
        state = State.from_texts("", carry_text, now=to)
        of_time = second + self.settings.look_back_seconds
        since = {"tickets": second, "events": of_time, "targets": of_time, "ratings": second + RATING_SECONDS}
        state.places = {name: {"since": since[name]} for name in STREAMS}
        state.seen = {name: {} for name in STREAMS}
        return state.position_text(), state.carry_text()

    def schedules(self) -> Schedules:
        """The account's business hours and holidays, as rows of the warehouse; empty where its plan has none."""
        try:
            return account_schedules(self.opened(), has_holidays=True)
        finally:
            self.close()

    def close(self) -> None:
        """Ends the connections; the next load opens them again."""
        if self._api is not None:
            self._api.close()

    def opened(self) -> Api:
        """The ways into the API, with the credential as it is kept now; their pace outlives a load."""
        settings = self.settings
        token = credential(settings.token_env, settings.token_file, what="the token")
        if self._api is None or token != self._token:
            self.close()
            general = max(GENERAL_PER_SECOND, settings.requests_per_minute / 60)
            self._api = Api(
                self._client(token, settings.requests_per_minute / 60), self._client(token, general)
            )
            self._token = token
        return self._api

    def _client(self, token: str, most_per_second: float) -> WebClient:
        pair = f"{self.settings.email}/token:{token}".encode()
        scheme = f"Basic {base64.b64encode(pair).decode()}" if self.settings.email else f"Bearer {token}"
        return WebClient(
            self.settings.address,
            headers={"Authorization": scheme},
            credential_text=credential_place(self.settings.token_env, self.settings.token_file),
            transport=self.transport,
            most_per_second=most_per_second,
            sleep=self.sleep,
            clock=self.clock,
        )


@dataclass
class _Run:
    """One reading of an account: its streams from where they stand, and what is known of ids meanwhile."""

    settings: ZendeskSettings
    api: Api
    state: State
    site: Site
    secret: bytes
    now: datetime
    customers: dict[str, str | None] = field(default_factory=dict)
    _directory: Known | None = None

    def streams(self) -> list[str]:
        """The streams that the settings ask for."""
        left_out = {"targets": not self.settings.read_sla_targets, "ratings": not self.settings.read_ratings}
        return [name for name in STREAMS if not left_out.get(name)]

    def known(self) -> Known:
        """Agents, groups and schedules by id, asked for once; whoever was an agent stays one."""
        if self._directory is None:
            users = self.api.all_of("/api/v2/users.json", "users", {"role[]": ["agent", "admin"]})
            self.state.agents |= {
                str(user.get("id")): shown_name(user.get("name"), user.get("id")) for user in users
            }
            groups = self.api.all_of("/api/v2/groups.json", "groups")
            self._directory = Known(
                groups={
                    str(group.get("id")): shown_name(group.get("name"), group.get("id")) for group in groups
                },
                schedules=account_schedules(self.api, has_holidays=False).names,
            )
        return Known(self.state.agents, self._directory.groups, self._directory.schedules, self.customers)

    def pieces(self, name: str, piece_bytes: int) -> Iterator[tuple[list[Row], str | None]]:
        """The new records of a stream in pieces of about so many bytes; the state stands after each as it is given."""
        seen, notice = self.state.seen[name], ""
        for page in self._pages(name):
            notice = f"{notice} {page.notice}".strip()
            for piece, is_last in _split(self._fresh(name, page.records, seen), piece_bytes):
                self.known()  # before the state is written down: it adds to the agents
                seen.update({key: second for key, second, _ in piece})
                if is_last:
                    self._move(name, page.place)
                said = [text for text in (notice, self._new_fields(name, page.records)) if text]
                notice = ""
                yield [row for _, _, row in piece], " ".join(said) or None
            self._move(name, page.place)
        if notice:
            yield [], notice

    def _pages(self, name: str) -> Iterator[Page]:
        place, start = self.state.places[name], self._start()
        if name == "tickets":
            return ticket_pages(self.api, place, start=start, now=self.now, on_users=self._learn)
        if name == "ratings":
            return rating_pages(self.api, place, start=start, now=self.now)
        path, key, include = {
            "events": ("/api/v2/incremental/ticket_events.json", "ticket_events", "comment_events"),
            "targets": ("/api/v2/incremental/ticket_metric_events.json", "ticket_metric_events", None),
        }[name]
        return timed_pages(
            self.api, place, path, key,
            start=start, look_back_seconds=self.settings.look_back_seconds, now=self.now, include=include,
        )  # fmt: skip

    def _start(self) -> int:
        day = self.settings.start_date
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) if day else 0

    def _move(self, name: str, place: dict[str, Any]) -> None:
        """Sets the place of a stream; what was seen there is kept as far as it will be read again."""
        asked = self.state.places[name].get("asked")
        self.state.places[name] = {**place, **({} if asked is None else {"asked": asked})}
        if name == "tickets":
            self.state.seen[name].clear()
            return
        reached = int(self.now.timestamp()) - RATING_SECONDS if name == "ratings" else place["since"]
        oldest = reached - (0 if name == "ratings" else self.settings.look_back_seconds)
        for key in [key for key, second in self.state.seen[name].items() if second < oldest]:
            del self.state.seen[name][key]

    def _fresh(self, name: str, delivered: list[Any], seen: dict[str, int]) -> list[tuple[str, int, Row]]:
        """The records of a page that were not seen before, each once, reduced to what is used of them."""
        found: dict[str, tuple[str, int, Row]] = {}
        now_second = int(self.now.timestamp())
        for record in delivered:
            if isinstance(record, dict):
                row = self._row(name, record)
                second = second_of(record.get("time") or record.get("created_at")) or now_second
                versions = {"tickets": changed_at(record), "ratings": second_of(record.get("updated_at"))}
                key = f"{row.record.get('id', _digest(row.record))}@{versions.get(name) or ''}".rstrip("@")
            else:
                key, second = _digest(record), now_second
                fault = f"a record is {type(record).__name__}; expected an object"
                row = Row(name, {}, f"{name} {key}", fault=fault)
            if key not in seen:
                found[key] = (key, second, row)
        return [*found.values()]

    def _row(self, name: str, record: Record) -> Row:
        settings = self.settings
        if name == "tickets":
            kind = "ticket"
            small = reduced_ticket(
                record, call_id_field=settings.call_id_field, topic_field=settings.topic_field
            )
        elif name == "events":
            kind, small = "audit", reduced_audit(record)
        elif name == "targets":
            kind, small = "metric_event", reduced_metric_event(record)
        else:
            kind, small = "rating", reduced_rating(record, keeps_comments=settings.keep_rating_comments)
        skipped = self._is_too_old(small) if name == "tickets" else self._is_of_an_old_ticket(kind, small)
        return Row(kind, small, f"{name} {small.get('id', 'without id')}", skipped=skipped)

    def _is_of_an_old_ticket(self, kind: str, small: Record) -> str | None:
        first, number = self.state.first_ticket, str(small.get("ticket_id"))
        is_old = first is not None and _is_number(number) and int(number) < first
        return f"{kind} of a ticket before start_date" if is_old else None

    def _is_too_old(self, ticket: Record) -> str | None:
        """Why a ticket is left out; Zendesk numbers tickets as they are created, so the oldest that counts is remembered."""
        created, number = second_of(ticket.get("created_at")), str(ticket.get("id"))
        if self.settings.start_date is None or created is None or not _is_number(number):
            return None
        if created < self._start():
            return "ticket before start_date"
        self.state.first_ticket = min(int(number), self.state.first_ticket or int(number))
        return None

    def _learn(self, users: object) -> None:
        """Keeps the keyed hashes of a page's users: of the number, else of the address; the two themselves go no further."""
        self.customers.clear()
        for user in users if isinstance(users, list) else []:
            if isinstance(user, dict):
                told = (text for text in (user.get("phone"), user.get("email")) if isinstance(text, str))
                keys = (customer_key(self.secret, text, self.site.country_name) for text in told)
                self.customers[str(user.get("id"))] = next((key for key in keys if key), None)

    def _new_fields(self, name: str, delivered: list[Any]) -> str | None:
        """Says once which fields of tickets are new to us."""
        if name != "tickets":
            return None
        found = {
            field for record in delivered if isinstance(record, dict) for field in unknown_fields(record)
        }
        new = sorted(found - {*self.state.fields})[:20]
        self.state.fields += new
        return f"Fields of tickets that are not known here were left out: {', '.join(new)}." if new else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _split(
    rows: list[tuple[str, int, Row]], piece_bytes: int
) -> Iterator[tuple[list[tuple[str, int, Row]], bool]]:
    """Pieces of about so many bytes, one row at least, and whether it is the last of them; nothing for no rows."""
    piece: list[tuple[str, int, Row]] = []
    length = 0
    for row in rows:
        row_bytes = len(json.dumps(row[2].record))
        if piece and length + row_bytes > piece_bytes:
            yield piece, False
            piece, length = [], 0
        piece.append(row)
        length += row_bytes
    if piece:
        yield piece, True


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
