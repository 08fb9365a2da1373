"""Reads a LiveAgent account (API v3): its calls, its tickets with all that happened to them, and how customers judged.

Endpoints: /calls (by cursor), /tickets (sorted by date_changed), and for each record that changed /tickets/{id},
/tickets/{id}/messages, /tickets/{id}/history, /slas/{id}/history, /contacts/{id}; once a load /agents, /departments.
Grain: a source row is one call with its ticket's history, or one ticket with its messages, history and targets.
Cursor: the last date_changed and the last call's beginning, each asked again with a look back (liveagent_place).
Delay: every_seconds, and some seconds until LiveAgent's search shows a change; each changed record takes 2 to 5
questions at 2 a second (LiveAgent allows 180 a minute and key), so a first load of many years takes days and goes on
where it stood. A deleted ticket (404) is a deleted ticket; a call whose ticket is gone counts without department.
Time: answers are asked for in UTC (header Timezone-Offset: 0) unless time_zone names the account's zone; then of a
time that the clock showed twice the first is taken, and one that it never showed is moved on by the hour left out.
It cannot know: states of agents, ringing, hold and wrap-up, who ended a call, whether a transfer was blind or
attended, the time in a voice menu apart from the time in its department, whether an outgoing call reached somebody
(in the ticket; the call itself tells it), priorities of tickets (LiveAgent has none), chats as contacts.
Customers: names, subjects, addresses and messages are never stored; numbers and addresses become a keyed hash, the
customer's first telephone number before the e-mail address, so that calls and tickets of one customer meet.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from etl.customer_key import customer_key
from etl.sources import PIECE_BYTES, Batch, Name, Reader, SettingsPath, Site, SourceSettings, WebAddress
from etl.sources.credentials import credential, credential_place
from etl.sources.desks.liveagent_api import Account, CursorNote
from etl.sources.desks.liveagent_batch import Draft, Rules, again
from etl.sources.desks.liveagent_calls import LOST_AFTER, WITHOUT_DEPARTMENT
from etl.sources.desks.liveagent_place import BEGINNING, KINDS, Kind, Place, mark_of
from etl.sources.desks.liveagent_records import CALL, call_record, first_text, instant_or_none, ticket_record
from etl.sources.desks.liveagent_tickets import TicketRules
from etl.sources.web import WebClient, WebError

BATCH_ROWS = (
    100  # a hundred records are some minutes of questions: so much is lost at most where a load breaks
)
AHEAD = timedelta(minutes=5)
_OPTIONAL = {
    "history": "changes of status",
    "targets": "targets",
    "contacts": "telephone numbers of customers",
}


class LiveAgentSettings(SourceSettings):
    """A LiveAgent account and how it is read."""

    kind: Literal["liveagent"]
    address: WebAddress
    """Where agents sign in, such as "https://example.ladesk.com"."""
    token_env: Name | None = None
    """The environment variable that holds the API v3 key."""
    token_file: SettingsPath | None = None
    """The file that holds the API v3 key; readable by its owner alone."""
    time_zone: Name | None = None
    """The account's time zone, where it does not give times in UTC when asked to."""
    start_date: date | None = None
    """Calls before that day and tickets last changed before it (UTC) are left out; without it, all are read."""
    look_back_seconds: Annotated[int, Field(ge=120, le=604_800)] = 3600
    """So long after a change LiveAgent may begin to tell of it."""
    requests_per_minute: Annotated[int, Field(ge=1, le=180)] = 120
    """Questions to the API; LiveAgent allows 180 for all who use the same key."""
    reward_csat_score: Annotated[float, Field(strict=False)] = 5.0
    punishment_csat_score: Annotated[float, Field(strict=False)] = 1.0
    read_sla_targets: bool = True
    """Whether the SLA targets of tickets are read: one question more for each change."""
    read_contacts: bool = True
    """Whether the telephone number of a ticket's customer is looked up: one question more for each customer."""
    keep_rank_comments: bool = False
    """Whether what customers write beside a rank is kept."""
    menu_departments: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    """Ids of departments that are only menus: calls that pass through did not wait there."""
    target_names: dict[str, Literal["first_reply", "next_reply", "requester_wait", "resolution"]] = Field(
        default_factory=dict
    )
    """What the account's own codes of SLA types mean, where they are not spelt out."""

    @model_validator(mode="after")
    def _names_a_credential(self) -> LiveAgentSettings:
        if self.token_env is None and self.token_file is None:
            raise ValueError("token_env or token_file, which say where the key is kept")
        return self

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#@]*)?", value):
            raise ValueError('the address of the account, such as "https://example.ladesk.com"')
        return value

    @field_validator("reward_csat_score", "punishment_csat_score")
    @classmethod
    def _is_a_score(cls, value: float) -> float:
        if not 1 <= value <= 5:
            raise ValueError("a CSAT from 1 to 5")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        try:
            ZoneInfo(value or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError('an IANA time zone such as "America/Phoenix"') from None
        return value

    @property
    def base_url(self) -> str:
        """The address of the account, without the API's path."""
        return self.address.rstrip("/").removesuffix("/api/v3").rstrip("/")

    def origin_text(self) -> str:
        """The account: two sources of one would count everything twice."""
        return f"liveagent {self.base_url.lower()}"

    def reader(self, site: Site, secret: bytes) -> LiveAgent:
        """The reader of this account."""
        return LiveAgent(self, site, secret, self._connected)

    def _connected(self, note: CursorNote) -> WebClient:
        place = credential_place(self.token_env, self.token_file)
        headers = {"apikey": credential(self.token_env, self.token_file, what="the API v3 key")}
        if self.time_zone is None:
            headers["Timezone-Offset"] = "0"
        return WebClient(
            f"{self.base_url}/api/v3",
            headers=headers,
            auth=note,
            credential_text=f"the API v3 key in {place}",
            most_per_second=self.requests_per_minute / 60,
        )


@dataclass(frozen=True)
class _News:
    """A record that is to be looked up: a row of a list, its state, and the instant that orders it in its list."""

    kind: Kind
    row: dict[str, Any]
    mark: str
    at: datetime | None
    is_in_order: bool

    @property
    def key(self) -> str:
        return str(self.row.get("id", ""))


@dataclass(frozen=True)
class LiveAgent(Reader):
    """A LiveAgent account, ready to be read. `secret` keys the hash that stands for a customer."""

    settings: LiveAgentSettings
    site: Site
    secret: bytes
    connect: Callable[[CursorNote], WebClient]
    last: list[WebClient] = field(default_factory=list, repr=False, compare=False)
    """The client of the last load: the pace goes on from load to load."""

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Every record that changed since the position, batch by batch; calls and tickets take turns.

        piece_bytes: about so much makes a batch, one record at least; refusal: the reason for which every record of
        the first batch is refused. Raises LoadError; where the API stops answering, what it gave comes first.
        """
        place = self._place(position_text, carry_text)
        note = CursorNote()
        with self.connect(note).after(next(iter(self.last), None)) as client:
            self.last[:] = [client]
            account = Account(client, note, self._zone)
            looker = _Looker(self, account)
            draft = Draft(self._rules, now)
            news = _in_turns(self._calls(account, place, now), self._tickets(account, place, now))
            try:
                for one in news:
                    self._take(one, looker, draft, place, refusal)
                    if draft.read_bytes >= piece_bytes or draft.read_rows >= BATCH_ROWS:
                        yield looker.finished(draft, place)
                        draft, refusal = Draft(self._rules, now), None
            except WebError:
                if draft.read_rows:
                    yield looker.finished(draft, place)
                raise
            if draft.read_rows:
                yield looker.finished(draft, place)

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Records once refused, read once more: a batch of those taken now, and which (from 0) are still refused."""
        return again(raw_texts, self._rules, carry_text, now=now)

    def rewound(
        self,
        carry_text: str,  # noqa: ARG002 - nothing that was read may be passed over
        *,
        to: datetime,
    ) -> tuple[str, str]:
        """From the calls and changes of the instant on; nothing was read lately."""
        place = self._place("", "")
        for kind in KINDS:
            place.read_to[kind] = to + place.look_back
        return place.texts()

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.time_zone or "UTC")

    @property
    def _rules(self) -> Rules:
        of_tickets = TicketRules(
            zone=self._zone,
            ticket_url=f"{self.settings.base_url}/agent/#Conversation;id=",
            reward_csat_score=self.settings.reward_csat_score,
            punishment_csat_score=self.settings.punishment_csat_score,
            target_names=self.settings.target_names,
        )
        return Rules(of_tickets, frozenset(self.settings.menu_departments))

    def _place(self, position_text: str, carry_text: str) -> Place:
        first = self.settings.start_date
        return Place.from_texts(
            position_text,
            carry_text,
            look_back=timedelta(seconds=self.settings.look_back_seconds),
            first_at=BEGINNING if first is None else datetime.combine(first, time(), UTC),
        )

    def _calls(self, account: Account, place: Place, now: datetime) -> Iterator[_News]:
        """The calls that are new, or were answered, ended or lost since they were read."""

        def mark(row: dict[str, Any], at: datetime | None) -> str:
            is_late = at is not None and at < now - LOST_AFTER and not row.get("date_finished")
            return mark_of(*(str(row.get(name)) for name in CALL), is_late)

        since = place.since("calls")
        return self._news("calls", "date_created", account.calls_since(since), mark, place, since, now)

    def _tickets(self, account: Account, place: Place, now: datetime) -> Iterator[_News]:
        """The tickets that changed since they were read."""

        def mark(row: dict[str, Any], _at: datetime | None) -> str:
            return mark_of(*(str(row.get(name)) for name in ("date_changed", "last_activity", "status")))

        since = place.since("tickets")
        return self._news("tickets", "date_changed", account.tickets_since(since), mark, place, since, now)

    def _news(
        self,
        kind: Kind,
        field: str,
        pages: Iterator[tuple[list[Any], bool]],
        mark: Callable[[dict[str, Any], datetime | None], str],
        place: Place,
        since: datetime,
        now: datetime,
    ) -> Iterator[_News]:
        """What of a list is yet to be read; at its end, everything up to its newest instant was."""
        newest = None
        for page, is_in_order in pages:
            for each in page:
                row = each if isinstance(each, dict) else {}
                at = instant_or_none(row, field, self._zone)
                newest = max(filter(None, (newest, at)), default=None)
                is_old = at is not None and at < since and since > BEGINNING  # a filter that was not heeded
                if not is_old and place.is_news(kind, str(row.get("id", "")), mark(row, at), now):
                    yield _News(kind, row, mark(row, at), at, is_in_order)
        place.reach(kind, newest, now)

    def _take(self, news: _News, looker: _Looker, draft: Draft, place: Place, refusal: str | None) -> None:
        """Looks one record up, takes it into the batch, and notes that reading got there."""
        record = looker.call(news.row) if news.kind == "calls" else looker.ticket(news.row)
        is_refused = draft.add(record, refusal) is not None
        if news.is_in_order:
            place.reach(news.kind, news.at, draft.now)
        names = ("date_created", "date_answered", "date_finished", "date_changed")
        told = [instant_or_none(record, name, self._zone) for name in names]
        place.note(news.kind, news.key, news.mark, max(filter(None, told), default=None), draft.now)
        draft.saw(told)
        ahead = [each for each in told if each is not None and each > draft.now + AHEAD]
        if ahead:
            looker.note_ahead(max(ahead) - draft.now)
        if news.kind == "calls" and news.at is not None:
            place.open_calls.pop(news.key, None)
            is_open = instant_or_none(record, "date_finished", self._zone) is None
            if is_open and not is_refused and news.at >= draft.now - LOST_AFTER:
                place.open_calls[news.key] = int(news.at.timestamp())


class _Looker:
    """Looks up what belongs to a record, and keeps what is to be said once in a load."""

    def __init__(self, reader: LiveAgent, account: Account) -> None:
        self._settings, self._secret = reader.settings, reader.secret
        self._country_name = reader.site.country_name
        self._account = account
        self._agents: dict[str, str] | None = None
        self._departments: dict[str, str] = {}
        self._strange: Counter[str] = Counter()
        self._told: set[str] = set()
        self._ahead = timedelta()
        self._are_names_told = False

    def ticket(self, row: dict[str, Any]) -> dict[str, Any]:
        """The record of a ticket."""
        ticket_id = _key(row.get("id"))
        groups: Any = []
        history: Any = []
        targets: Any = []
        customer = None
        if ticket_id is not None:
            groups, history = self._account.conversation(ticket_id, str(row.get("date_changed", "")))
            if groups is not None and self._settings.read_sla_targets:
                targets = self._account.targets(ticket_id)
            customer = self._customer(row)
        return ticket_record(
            row, groups, history, targets, customer_key=customer, agent_keys=self._agent_keys(),
            department_name=self._departments.get(str(row.get("departmentid"))),
            keep_comments=self._settings.keep_rank_comments, strange=self._strange,
        )  # fmt: skip

    def call(self, row: dict[str, Any]) -> dict[str, Any]:
        """The record of a call."""
        ticket_id = _key(row.get("ticket_id"))
        ticket = self._account.ticket(ticket_id) if ticket_id is not None else None
        groups: Any = []
        history: Any = []
        if ticket is not None and ticket_id is not None:
            groups, history = self._account.conversation(ticket_id, str(ticket.get("date_changed", "")))
        sides = {"I": "from_number", "O": "to_number"}
        return call_record(
            row, ticket, groups, history, customer_key=self._hash(row.get(sides.get(str(row.get("type")), ""))),
            agent_keys=self._agent_keys(), strange=self._strange,
        )  # fmt: skip

    def note_ahead(self, ahead: timedelta) -> None:
        """Notes that a record tells of the future."""
        self._ahead = max(ahead, self._ahead)

    def finished(self, draft: Draft, place: Place) -> Batch:
        """The batch, with the names in the first one, and what was noticed since the last."""
        if self._agents is not None and not self._are_names_told:
            draft.names += [("agent", key, name) for key, name in self._agents.items()]
            queues = {**self._departments, WITHOUT_DEPARTMENT: "Without department"}
            draft.names += [("queue", key, name) for key, name in queues.items()]
            self._are_names_told = True
        new = sorted(self._strange.keys() - self._told)
        self._told.update(new)
        if new:
            draft.notices.append(
                f"LiveAgent tells what is not known here and not read: {', '.join(new[:20])}."
            )
        for part in sorted(self._account.forbidden - self._told):
            draft.notices.append(f"The key may not read {part}: {_OPTIONAL[part]} stay unknown.")
            self._told.add(part)
        if self._ahead and "ahead" not in self._told:
            minutes = int(self._ahead.total_seconds() // 60)
            draft.notices.append(
                f"LiveAgent tells of times {minutes} minutes ahead of this computer's clock: check time_zone."
            )
            self._told.add("ahead")
        return draft.batch(*place.texts())

    def _agent_keys(self) -> frozenset[str]:
        if self._agents is None:
            self._agents, self._departments = self._account.people()
        return frozenset(self._agents)

    def _customer(self, row: dict[str, Any]) -> str | None:
        """The hash of the customer's first telephone number, else of an e-mail address."""
        contact_id = _key(row.get("owner_contactid"))
        contact: dict[str, Any] = {}
        if contact_id is not None and self._settings.read_contacts:
            contact = self._account.contact(contact_id)
        ways = (first_text(contact.get("phones")), row.get("owner_email"), first_text(contact.get("emails")))
        return next((key for way in ways if (key := self._hash(way)) is not None), None)

    def _hash(self, number_or_address: object) -> str | None:
        if not isinstance(number_or_address, str):
            return None
        return customer_key(self._secret, number_or_address, self._country_name)


def _in_turns(*streams: Iterator[_News]) -> Iterator[_News]:
    """One from each in turn, until all have ended: years of calls do not keep today's tickets waiting."""
    going = list(streams)
    while going:
        for stream in list(going):
            news = next(stream, None)
            if news is None:
                going.remove(stream)
            else:
                yield news


def _key(value: object) -> str | None:
    return (
        str(value) if isinstance(value, str | int) and value != "" and not isinstance(value, bool) else None
    )
