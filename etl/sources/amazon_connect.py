"""Reads what Amazon Connect exports of contacts and of agents, from folders or from buckets of S3.

Format: JSON as Kinesis Data Firehose writes it: contact records and agent events, each object whole, one after the
other or one a line, plain or gzip; both kinds may lie together, each is known by its fields.
Grain: a contact record, told again for days whenever it changes; an agent event. Cursor: which files were read, and how
far. Delay: Firehose's buffer, 1 to 15 minutes; a contact record comes when the agent has ended after-contact work.
What it cannot know: how long an agent's phone rang, who waits right now, what was said, whether an agent spoke with
the next one before a transfer (taken as attended when the customer was on hold), contacts of before the export began.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from etl.sources import PIECE_BYTES, Batch, Name, Names, Reader, Site
from etl.sources.clouds.amazon_connect_agents import KNOWN_FIELDS as EVENT_FIELDS
from etl.sources.clouds.amazon_connect_agents import SIGNS as EVENT_SIGNS
from etl.sources.clouds.amazon_connect_agents import (
    AgentCarry,
    AgentMemory,
    AgentRules,
    Point,
    follow,
    kept_event,
    names_of,
    point_of,
)
from etl.sources.clouds.amazon_connect_contacts import KNOWN_FIELDS as CONTACT_FIELDS
from etl.sources.clouds.amazon_connect_contacts import SIGNS as CONTACT_SIGNS
from etl.sources.clouds.amazon_connect_contacts import Contact, ContactRules, contact_of, kept
from etl.sources.clouds.json_fields import (
    CALL_SCHEMA,
    STATE_SCHEMA,
    FieldError,
    Row,
    compact,
    frame,
    instant_of,
    masked,
    masked_values,
    name_frame,
    reject_frame,
    row_frame,
    unused_frame,
)
from etl.sources.clouds.json_files import Files, FilesSettings
from etl.sources.clouds.json_records import FilesPosition, Item, pieces, reread, unusable_cursor

DAY_US = 86_400 * 1_000_000
FLOWED_US = 3 * DAY_US  # so long a contact that left its queue waits for the callback that it asked for
CALLBACKS_US = 14 * DAY_US
MOST_FLOWED = 20_000
MOST_WORDS = 200
_NEITHER = "neither a contact record (ContactId, InitiationMethod) nor an agent event (EventType, AgentARN)"


class AmazonConnectSettings(FilesSettings):
    """Contact records and agent events of one instance of Amazon Connect, in one or several places."""

    kind: Literal["amazon_connect"]
    csat_attribute_name: Name | None = None
    """Contact attribute with the customer's satisfaction, 1 to 5."""
    nps_attribute_name: Name | None = None
    """Contact attribute with the likelihood of a recommendation, 0 to 10."""
    resolved_attribute_name: Name | None = None
    """Contact attribute that says whether the matter was resolved: true, yes, 1; false, no, 0."""
    topic_attribute_name: Name | None = None
    """Contact attribute with the reason of the contact."""
    outbound_queue_name: Name | None = None
    """Queue of calls that agents dial, where the record names none; without it such calls are left out."""
    available_status_names: Names = ("Available",)
    """Statuses in which agents take contacts, where the event does not tell the status's type."""
    offline_status_names: Names = ("Offline",)
    """Statuses of agents who are signed out, where the event does not tell the status's type."""

    def reader(self, site: Site, secret: bytes) -> Reader:
        """The reader of this instance."""
        return AmazonConnect(
            files=self.files(),
            contact_rules=ContactRules(
                self.csat_attribute_name,
                self.nps_attribute_name,
                self.resolved_attribute_name,
                self.topic_attribute_name,
                self.outbound_queue_name,
            ),
            agent_rules=AgentRules(self.available_status_names, self.offline_status_names),
            country_name=site.country_name,
            secret=secret,
        )


@dataclass(frozen=True)
class Carry:
    """What a batch leaves: agents, contacts that left their queue, contacts that were called back, words told once."""

    agents: AgentCarry = field(default_factory=AgentCarry)
    flowed: dict[str, tuple[int, str]] = field(default_factory=dict)
    callbacks: dict[str, int] = field(default_factory=dict)
    told_words: tuple[str, ...] = ()
    newest_us: int = 0

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        agents = {name: memory.to_list() for name, memory in self.agents.agents.items()}
        data = {
            "version": 1, "newest_us": self.newest_us, "stream_us": self.agents.newest_us, "agents": agents,
            "flowed": self.flowed, "callbacks": self.callbacks, "told": self.told_words,
        }  # fmt: skip
        return json.dumps(data, ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Carry:
        """Reads `to_text`; raises ValueError with what was found where the text is not one."""
        if not text:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            agents = {name: AgentMemory.from_list(memory) for name, memory in data["agents"].items()}
            return cls(
                agents=AgentCarry(int(data["stream_us"]), agents),
                flowed={key: (int(us), str(raw)) for key, (us, raw) in data["flowed"].items()},
                callbacks={key: int(us) for key, us in data["callbacks"].items()},
                told_words=tuple(data["told"]),
                newest_us=int(data["newest_us"]),
            )
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


@dataclass
class _Sorted:
    """The records of a batch by what they are; seq is the place of a record in the batch."""

    contacts: list[tuple[int, Contact]] = field(default_factory=list)
    points: list[tuple[int, str, Point]] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    raw_texts: dict[int, str] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    unused: Counter[tuple[str, bool]] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class AmazonConnect(Reader):
    """The exports of one instance and the site's rules for them. `secret` keys the hash that stands for a customer."""

    files: Files
    secret: bytes
    contact_rules: ContactRules = field(default_factory=ContactRules)
    agent_rules: AgentRules = field(default_factory=AgentRules)
    country_name: str | None = None

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Everything that was exported after the position, batch by batch. Raises LoadError."""
        try:
            carry = Carry.from_text(carry_text)
            position = FilesPosition.from_text(position_text)
        except ValueError as error:
            raise unusable_cursor(error) from error
        for piece in pieces(self.files, position, now=now, piece_bytes=piece_bytes):
            batch, carry, _ = self._batch(piece.items, carry, piece.position.to_text(), now, refusal)
            refusal = None
            yield batch

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Records once refused, read once more."""
        try:
            carry = Carry.from_text(carry_text)
        except ValueError as error:
            raise unusable_cursor(error) from error
        batch, _, refused = self._batch(reread(raw_texts), carry, "", now, None)
        still = frozenset(refused)
        return replace(batch, read_rows=len(raw_texts) - len(still), rejects=batch.rejects.clear()), still

    def _batch(
        self, items: list[Item], carry: Carry, position_text: str, now: datetime, refusal: str | None
    ) -> tuple[Batch, Carry, set[int]]:
        found = self._sorted(items, now, refusal)
        calls, carry = _calls(found, carry)
        changes = follow(found.points, carry.agents)
        found.unused["agent event told again, or more than 30 minutes late", True] += len(changes.late)
        used = sorted({row["seq"] for row in (*calls, *changes.states)})
        newest_us = max(
            [carry.newest_us, changes.carry.newest_us, *(c.updated_us for _, c in found.contacts)]
        )
        new_words = sorted(found.words - {*carry.told_words})[: MOST_WORDS - len(carry.told_words)]
        carry = replace(
            carry, agents=changes.carry, newest_us=newest_us, told_words=(*carry.told_words, *new_words)
        )
        batch = Batch(
            facts={"calls": frame(calls, CALL_SCHEMA), "agent_states": frame(changes.states, STATE_SCHEMA)},
            rows=row_frame(
                [
                    {"seq": seq, "place_text": items[seq].place_text, "raw_text": found.raw_texts[seq]}
                    for seq in used
                ]
            ),
            rejects=reject_frame(found.rejects),
            unused=unused_frame(+found.unused),
            names=name_frame(found.names),
            read_rows=len(items),
            position_text=position_text,
            carry_text=carry.to_text(),
            newest_event_at=instant_of(newest_us) if newest_us else None,
            notice=f"not known here and passed over: {', '.join(new_words)}." if new_words else None,
            replaces_tails=True,
        )
        return batch, carry, found.refused

    def _sorted(self, items: list[Item], now: datetime, refusal: str | None) -> _Sorted:
        found = _Sorted()
        for seq, item in enumerate(items):
            raw_text = ""
            try:
                if item.fault:
                    raise FieldError(item.fault)
                if any(name in item.value for name in EVENT_SIGNS):
                    clean = kept_event(item.value)
                    raw_text = compact(clean)
                    self._take_event(found, seq, item.value, clean, now, refusal)
                elif any(name in item.value for name in CONTACT_SIGNS):
                    clean = kept(item.value, self.contact_rules, self.secret, self.country_name)
                    raw_text = compact(clean)
                    self._take_contact(found, seq, item.value, clean, now, refusal)
                else:
                    raise FieldError(f"{_NEITHER}; expected one of them")
            except FieldError as error:
                found.refused.add(seq)
                found.rejects.append(
                    {
                        "place_text": item.place_text,
                        "file_key": item.file_key,
                        "reason_text": str(error),
                        "raw_text": masked_values(raw_text) if raw_text else masked(item.text),
                    }
                )
            found.raw_texts[seq] = raw_text
        return found

    def _take_event(
        self, found: _Sorted, seq: int, record: Row, clean: Row, now: datetime, refusal: str | None
    ) -> None:
        agent_name, point = point_of(clean, self.agent_rules, now=now)
        if refusal:
            raise FieldError(refusal)
        found.points.append((seq, agent_name, point))
        found.names |= names_of(clean)
        found.words |= {f"field {name} of an agent event" for name in record.keys() - EVENT_FIELDS}

    def _take_contact(
        self, found: _Sorted, seq: int, record: Row, clean: Row, now: datetime, refusal: str | None
    ) -> None:
        contact = contact_of(clean, self.contact_rules, now=now)
        if refusal:
            raise FieldError(refusal)
        found.contacts.append((seq, contact))
        found.names |= contact.names
        found.words |= {f"field {name} of a contact record" for name in record.keys() - CONTACT_FIELDS}
        found.words |= {contact.unknown_text} if contact.unknown_text else set()
        if contact.stay is None:
            found.unused[contact.is_instead, True] += 1


def _calls(found: _Sorted, carry: Carry) -> tuple[list[Row], Carry]:
    """One row per contact with a stay, the newest version of each; and those that turn out to have asked for a callback."""
    newest: dict[str, tuple[int, Contact]] = {}
    for seq, contact in found.contacts:
        other = newest.get(contact.contact_id)
        if other is None or _rank(contact) > _rank(other[1]):
            newest[contact.contact_id] = (seq, contact)
    callbacks, flowed = dict(carry.callbacks), dict(carry.flowed)
    asked: dict[str, int] = {}
    for seq, contact in sorted(newest.values(), key=lambda pair: pair[0]):
        if contact.callback_of:
            if contact.callback_of not in callbacks:
                asked[contact.callback_of] = seq
            callbacks[contact.callback_of] = contact.updated_us
    rows = {}
    for seq, contact in newest.values():
        if contact.stay is None:
            continue
        rows[contact.contact_id] = contact.stay | {"seq": seq}
        if contact.stay["outcome_name"] == "overflowed":
            kept_row = flowed.get(contact.contact_id)
            if kept_row is None or contact.version_number >= json.loads(kept_row[1])["version_number"]:
                flowed[contact.contact_id] = (contact.updated_us, json.dumps(contact.stay))
            if contact.contact_id in callbacks:
                rows[contact.contact_id]["outcome_name"] = "callback"
    for contact_id, seq in asked.items():
        if contact_id in flowed and contact_id not in rows:
            rows[contact_id] = json.loads(flowed[contact_id][1]) | {"seq": seq, "outcome_name": "callback"}
    newest_us = max([carry.newest_us, *(contact.updated_us for _, contact in found.contacts)])
    remembered = sorted(
        (item for item in flowed.items() if item[1][0] > newest_us - FLOWED_US), key=lambda item: item[1][0]
    )
    return [rows[key] for key in sorted(rows)], replace(
        carry,
        flowed=dict(remembered[-MOST_FLOWED:]),
        callbacks={key: us for key, us in callbacks.items() if us > newest_us - CALLBACKS_US},
    )


def _rank(contact: Contact) -> tuple[int, str]:
    return contact.version_number, contact.raw_text
