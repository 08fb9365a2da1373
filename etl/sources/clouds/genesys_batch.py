"""Makes a batch of what Genesys Cloud told: conversations, surveys, reviews and users' states.

In: records with their places, and what is remembered. Out: facts with the record that each came from.
The rule it guards: of one conversation told twice in a batch the newest version counts, whatever came last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from etl.shapes import INSTANT
from etl.sources import Batch
from etl.sources.clouds.agent_spans import Span, changed
from etl.sources.clouds.genesys_carry import Carry
from etl.sources.clouds.genesys_conversations import Conversation, conversation_of
from etl.sources.clouds.genesys_kept import KNOWN_FIELDS, kept
from etl.sources.clouds.genesys_presence import kept_user, states_of
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
)
from etl.sources.clouds.json_records import Item

MOST_WORDS = 200
_NEITHER = "neither a conversation (conversationId) nor a user's states (userId)"
_TEXT, _SEQ = pl.String(), {"seq": pl.Int64(), "version_number": pl.Int64()}
SURVEY_SCHEMA: dict[str, Any] = {
    **_SEQ,
    "answered_at": INSTANT,
    **dict.fromkeys(
        ("survey_id", "queue_name", "agent_name", "call_id", "contact_id", "customer_key"), _TEXT
    ),
    "nps_score": pl.Float64(),
}
REVIEW_SCHEMA: dict[str, Any] = {
    **_SEQ,
    "reviewed_at": INSTANT,
    **dict.fromkeys(("review_id", "call_id", "agent_name", "reviewer_name", "form_name"), _TEXT),
    "total_score": pl.Float64(),
}


@dataclass(frozen=True)
class GenesysRules:
    """The key of the customers' hash, the country of numbers without a prefix, the queue of calls dialled without one."""

    secret: bytes = field(repr=False)
    country_name: str | None = None
    outbound_queue_name: str | None = None


@dataclass
class _Sorted:
    """The records of a batch by what they are; seq is the place of a record in the batch."""

    conversations: dict[str, tuple[int, Conversation]] = field(default_factory=dict)
    states: list[Row] = field(default_factory=list)
    users: dict[str, list[Span]] = field(default_factory=dict)
    rejects: list[Row] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    raw_texts: dict[int, str] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    newest_us: int = 0


def batch_of(
    items: list[Item],
    carry: Carry,
    rules: GenesysRules,
    *,
    position_text: str,
    now: datetime,
    refusal: str | None = None,
    names: dict[tuple[str, str], str] | None = None,
    notice: str | None = None,
) -> tuple[Batch, Carry, set[int]]:
    """The batch, what to remember after it, and which records (seq) were refused.

    names: those that the API told anew, for queues and agents that are known already.
    """
    found = _Sorted(users=dict(carry.users), newest_us=carry.newest_us)
    for seq, item in enumerate(items):
        _sort(found, seq, item, rules, now=now, refusal=refusal)
    facts, told = _facts(found)
    used = sorted({seq for rows in facts.values() for seq in rows["seq"].to_list()})
    new_words = sorted(found.words - {*carry.told_words})[: MOST_WORDS - len(carry.told_words)]
    notices = [notice] if notice else []
    notices += [f"not known here and passed over: {', '.join(new_words)}."] if new_words else []
    known = carry.names | (names or {})
    keys = {("queue", key) for rows in facts.values() if "queue_name" in rows for key in rows["queue_name"]}
    keys |= {("agent", key) for rows in facts.values() if "agent_name" in rows for key in rows["agent_name"]}
    carry = Carry(carry.seen, found.users, known, (*carry.told_words, *new_words), found.newest_us)
    batch = Batch(
        facts=facts,
        rows=row_frame(
            [
                {"seq": seq, "place_text": items[seq].place_text, "raw_text": found.raw_texts[seq]}
                for seq in used
            ]
        ),
        rejects=reject_frame(found.rejects),
        names=name_frame(told | {key: known[key] for key in keys if key in known} | (names or {})),
        read_rows=len(items),
        position_text=position_text,
        carry_text=carry.to_text(),
        newest_event_at=instant_of(found.newest_us) if found.newest_us else None,
        notice=" ".join(notices) or None,
        replaces_tails=True,
    )
    return batch, carry, found.refused


def _sort(
    found: _Sorted,
    seq: int,
    item: Item,
    rules: GenesysRules,
    *,
    now: datetime,
    refusal: str | None,
) -> None:
    raw_text = ""
    try:
        if item.fault:
            raise FieldError(item.fault)
        if "conversationId" in item.value or "participants" in item.value:
            clean = kept(item.value, rules.secret, rules.country_name)
            raw_text = compact(clean)
            conversation = conversation_of(clean, outbound_queue_name=rules.outbound_queue_name, now=now)
            if refusal:
                raise FieldError(refusal)
            _take_conversation(found, seq, conversation)
            unknown = item.value.keys() - KNOWN_FIELDS - {"customerKey"}
            found.words |= {f"field {name} of a conversation" for name in unknown}
        elif "userId" in item.value:
            clean = kept_user(item.value)
            raw_text = compact(clean)
            user = str(clean.get("userId"))
            user, window_us, spans = states_of(clean, found.users.get(user, []))
            if refusal:
                raise FieldError(refusal)
            _take_user(found, seq, user, window_us, spans)
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


def _take_conversation(found: _Sorted, seq: int, conversation: Conversation) -> None:
    other = found.conversations.get(conversation.conversation_id)
    if other is None or _rank(conversation) > _rank(other[1]):
        found.conversations[conversation.conversation_id] = (seq, conversation)
    found.newest_us = max(found.newest_us, conversation.newest_us)


def _rank(conversation: Conversation) -> tuple[int, str]:
    return conversation.version_number, conversation.raw_text


def _take_user(found: _Sorted, seq: int, user: str, window_us: int, spans: list[Span]) -> None:
    rows = changed(found.users.get(user, []), spans)
    found.states += [row | {"seq": seq, "version_number": window_us, "agent_name": user} for row in rows]
    found.users[user] = spans
    found.newest_us = max([found.newest_us, *(span.started_us for span in spans)])


def _facts(found: _Sorted) -> tuple[dict[str, pl.DataFrame], dict[tuple[str, str], str]]:
    calls: list[Row] = []
    surveys: list[Row] = []
    reviews: list[Row] = []
    names: dict[tuple[str, str], str] = {}
    for seq, conversation in found.conversations.values():
        for rows, more in (
            (calls, conversation.stays),
            (surveys, conversation.surveys),
            (reviews, conversation.reviews),
        ):
            rows.extend(row | {"seq": seq} for row in more)
        names |= conversation.names
    newest: dict[tuple[str, int], Row] = {}
    for row in found.states:  # a user told twice in a batch: the rest that was told last
        newest = {
            key: one
            for key, one in newest.items()
            if key[0] != row["agent_name"] or key[1] < row["started_at"]
        }
        newest[row["agent_name"], row["started_at"]] = row
    facts = {
        "calls": frame(calls, CALL_SCHEMA),
        "agent_states": frame(list(newest.values()), STATE_SCHEMA),
        "surveys": frame(surveys, SURVEY_SCHEMA),
        "quality_reviews": frame(reviews, REVIEW_SCHEMA),
    }
    return {
        name: rows for name, rows in facts.items() if rows.height or name in ("calls", "agent_states")
    }, names
