"""Takes LiveAgent's answers apart: what of a record is kept, and what its values mean.

In: objects as the API gives them. Out: records that hold no name, address, subject or message, and values with types.
The rule it guards: a customer leaves this file as a keyed hash only, and words only where they judge the service.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SYSTEM_USER = "system00"
LONGEST_COMMENT = 4000  # characters of a customer's remark about the service
CALL_GROUPS = frozenset("PV1")
RANKS = frozenset("WP")
COMMENT = "C"
_WORDS = frozenset("MY")
_CONVERSATIONS = frozenset("MFWY6C")
_AGENTS_ONLY = frozenset("4IUZOV")
_SCALARS = (str, int, float, bool)
_EMPTY_DATES = ("", "0", "0000-00-00 00:00:00", "0000-00-00")

TICKET = (
    "id",
    "departmentid",
    "agentid",
    "status",
    "channel_type",
    "date_created",
    "date_changed",
    "date_resolved",
)
HISTORY = ("id", "department_id", "department_name", "agent_id", "status", "date_from", "date_to")
SLA = ("id", "sla_type", "date_created", "date_due", "date_closed")
CALL = ("id", "ticket_id", "type", "date_created", "date_answered", "date_finished")
_GROUP = ("id", "type", "datecreated", "datefinished")
_MESSAGE = ("id", "type", "datecreated")
_KNOWN = {
    "ticket": frozenset(
        (
            *TICKET, "owner_contactid", "owner_email", "owner_name", "tags", "code", "date_due", "date_deleted",
            "last_activity", "last_activity_public", "public_access_urlcode", "subject", "custom_fields",
        )
    ),
    "call": frozenset((*CALL, "from_number", "from_name", "to_number", "to_name", "via_number", "call_duration")),
    "history": frozenset((*HISTORY, "conversation_id", "conversation_code", "elapsed_time")),
    "sla": frozenset((*SLA, "sla_level_id", "total_time", "elapsed_time")),
    "group": frozenset(
        (*_GROUP, "parent_id", "userid", "user_full_name", "status", "sort_order", "mail_msg_id", "pop3_msg_id", "messages")
    ),
    "message": frozenset((*_MESSAGE, "userid", "format", "message", "visibility")),
}  # fmt: skip


class RefusedError(Exception):
    """A record cannot be taken; the message says what was found in it and what was expected."""


def plain_names(value: Any) -> Any:
    """An object with its names in lower case and underscores: calls come as dateCreated, tickets as date_created."""
    if not isinstance(value, dict):
        return value
    return {
        re.sub(r"(?<=[a-z0-9])[A-Z]", lambda m: f"_{m[0]}", name).lower(): each
        for name, each in value.items()
    }


def kept(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The named fields that hold something; of a list or an object only that it is one."""
    fields = value if isinstance(value, dict) else {}
    found = {name: fields.get(name) for name in names}
    return {
        name: each if isinstance(each, _SCALARS) else type(each)()
        for name, each in found.items()
        if each is not None and each != ""
    }


def ticket_record(
    ticket: Mapping[str, Any],
    groups: Any,
    history: Any,
    sla: Any,
    *,
    customer_key: str | None,
    department_name: str | None,
    agent_keys: frozenset[str],
    keep_comments: bool,
    strange: Counter[str],
) -> dict[str, Any]:
    """What is kept of a ticket with its messages, history and targets; groups null: it was deleted meanwhile.

    `strange` counts the fields that LiveAgent did not have when this was written.
    """
    note_strange("ticket", ticket, strange)
    spans = _each(history, "history", HISTORY, strange)
    known = agents_of(ticket, spans, agent_keys)
    record: dict[str, Any] = {"kind": "ticket", **kept(ticket, TICKET)}
    record |= kept(
        {"customer_key": customer_key, "department_name": department_name},
        ("customer_key", "department_name"),
    )
    if groups is None:
        return {**record, "is_gone": True}
    record["history"] = spans
    record["sla"] = _each([sla] if isinstance(sla, dict) and sla else sla, "sla", SLA, strange)
    record["groups"] = kept_groups(groups, known, keep_comments=keep_comments, strange=strange)
    return record


def call_record(
    call: Mapping[str, Any],
    ticket: Mapping[str, Any] | None,
    groups: Any,
    history: Any,
    *,
    customer_key: str | None,
    agent_keys: frozenset[str],
    strange: Counter[str],
) -> dict[str, Any]:
    """What is kept of a call with the call messages and the history of its ticket; ticket null: it is gone."""
    note_strange("call", call, strange)
    spans = _each(history, "history", HISTORY, strange)
    known = agents_of(ticket or {}, spans, agent_keys)
    of_calls = [
        group for group in (groups if isinstance(groups, list) else []) if code(group, "type") in CALL_GROUPS
    ]
    record: dict[str, Any] = {"kind": "call", **kept(call, CALL), "history": spans}
    record["groups"] = kept_groups(of_calls, known, keep_comments=False, strange=strange)
    if ticket is not None:
        record["ticket"] = kept(ticket, ("departmentid", "agentid"))
    if customer_key is not None:
        record["customer_key"] = customer_key
    return record


def agents_of(ticket: Mapping[str, Any], spans: Any, agent_keys: frozenset[str]) -> frozenset[str]:
    """The listed agents, and those who had this ticket: an agent who left is listed no more."""
    told = spans if isinstance(spans, list) else []
    had = [ticket.get("agentid"), *(span.get("agent_id") for span in told)]
    return agent_keys | {key for key in had if isinstance(key, str) and key and not is_system(key)}


def is_system(key: str) -> bool:
    """Whether a user is LiveAgent itself: rules, automatic answers."""
    return key.lower().startswith("system")


def kept_groups(
    groups: Any, agent_keys: frozenset[str], *, keep_comments: bool, strange: Counter[str]
) -> Any:
    """The message groups without their words: who spoke, when, and in which kind of message."""
    if not isinstance(groups, list):
        return kept({"groups": groups}, ("groups",)).get("groups", [])
    return [_kept_group(group, agent_keys, keep_comments, strange) for group in groups]


def _kept_group(
    group: Any, agent_keys: frozenset[str], keep_comments: bool, strange: Counter[str]
) -> dict[str, Any]:
    note_strange("group", group, strange)
    fields = group if isinstance(group, dict) else {}
    kind = code(fields, "type")
    record = {**kept(fields, _GROUP), **_speaker(fields, agent_keys, kind)}
    messages = fields.get("messages") or []
    if not isinstance(messages, list):
        return {**record, "messages": {}}
    record["messages"] = []
    for message in messages:
        note_strange("message", message, strange)
        piece = {**kept(message, _MESSAGE), **_speaker(message, agent_keys)}
        sort = code(piece, "type")
        is_word = sort in _WORDS and kind in _CONVERSATIONS
        is_of_call = kind in CALL_GROUPS and piece["by"] == "agent"
        if sort == COMMENT and keep_comments:
            piece["comment"] = plain_text(message.get("message"))
        if is_word or is_of_call or sort in RANKS or sort == COMMENT:
            record["messages"].append(piece)
    return record


def _speaker(value: Any, agent_keys: frozenset[str], kind: str = "") -> dict[str, str]:
    """Who spoke: agent (with the key), system or requester. A group of a kind that only agents make is an agent's."""
    key = value.get("userid") if isinstance(value, dict) else None
    is_theirs = kind != "" and kind in _AGENTS_ONLY
    if not isinstance(key, str) or not key:
        return {"by": "agent" if is_theirs else "requester"}
    if is_system(key):
        return {"by": "system"}
    return {"by": "agent", "userid": key} if key in agent_keys or is_theirs else {"by": "requester"}


def code(record: Any, name: str) -> str:
    """A code for comparing; empty where there is none or something else."""
    value = record.get(name) if isinstance(record, dict) else None
    return str(value) if isinstance(value, str | int) else ""


def _each(values: Any, what: str, names: Iterable[str], strange: Counter[str]) -> Any:
    if not isinstance(values, list):
        return kept({what: values}, (what,)).get(what, [])
    for value in values:
        note_strange(what, value, strange)
    return [kept(value, names) for value in values]


def note_strange(what: str, value: Any, strange: Counter[str]) -> None:
    """Counts the fields of an object that are not known here."""
    if isinstance(value, dict):
        strange.update(f"{what} field {name[:40]}" for name in value.keys() - _KNOWN[what])


def plain_text(value: Any) -> str | None:
    """A remark without markup, cut to a bearable length; null where there is none."""
    if not isinstance(value, str):
        return None
    words = html.unescape(re.sub(r"<[^<>]{0,1000}>", " ", value))
    return " ".join(words.replace("\x00", " ").split())[:LONGEST_COMMENT] or None


def raw_text(record: Mapping[str, Any]) -> str:
    """The record as it is kept where it is refused."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def objects(record: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The list of objects of that name; RefusedError where it is something else."""
    value = record.get(name, [])
    if not isinstance(value, list):
        raise RefusedError(f"{name} is {_word(value)}; expected a list")
    return value


def text(record: Mapping[str, Any], name: str, place: str = "") -> str | None:
    """A text or a number as text, null where it is empty; RefusedError where it is something else."""
    value = record.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RefusedError(f"{place}{name} is {_word(value)}; expected text")
    return str(value)


def required(record: Mapping[str, Any], name: str, place: str = "") -> str:
    """The text of that name; RefusedError where there is none."""
    value = text(record, name, place)
    if value is None:
        raise RefusedError(f"{place}{name} is missing; expected text")
    return value


def one_of(record: Mapping[str, Any], name: str, words: Mapping[str, str], place: str = "") -> str:
    """What the code of that name stands for; RefusedError where it stands for nothing."""
    code = required(record, name, place)
    if code not in words:
        raise RefusedError(f"{place}{name} is '{code[:40]}'; expected one of {' '.join(words)}")
    return words[code]


def instant(record: Mapping[str, Any], name: str, zone: ZoneInfo, place: str = "") -> datetime | None:
    """The instant of that name in UTC, null where it is empty; RefusedError where it is none.

    Whole numbers are epoch seconds. A time without an offset is one of `zone`: where the clock showed it twice, the
    first; where it never did, the one that the clock would have shown had it not been set forward.
    """
    value = record.get(name)
    if value is None or value in _EMPTY_DATES or (value == 0 and not isinstance(value, bool)):
        return None
    try:
        return _instant(value, zone)
    except (ValueError, OverflowError, TypeError):
        found = f"'{value[:40]}'" if isinstance(value, str) else _word(value)
        raise RefusedError(f"{place}{name} is {found}; expected a time such as 2026-11-22 10:00:00") from None


def required_instant(record: Mapping[str, Any], name: str, zone: ZoneInfo, place: str = "") -> datetime:
    """The instant of that name; RefusedError where there is none."""
    value = instant(record, name, zone, place)
    if value is None:
        raise RefusedError(f"{place}{name} is missing; expected a time such as 2026-11-22 10:00:00")
    return value


def instant_or_none(record: Any, name: str, zone: ZoneInfo) -> datetime | None:
    """The instant of that name; null where there is none or nothing usable."""
    try:
        return instant(record, name, zone) if isinstance(record, dict) else None
    except RefusedError:
        return None


def _instant(value: Any, zone: ZoneInfo) -> datetime:
    if isinstance(value, int) and not isinstance(value, bool):
        return _dated(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value))
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError(value)
    if re.fullmatch(r"[0-9]{9,11}", value):
        return _dated(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(value)))
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:", value):
        raise ValueError(value)
    given = datetime.fromisoformat(value)
    return _dated((given if given.tzinfo else given.replace(tzinfo=zone, fold=0)).astimezone(UTC))


def _dated(found: datetime) -> datetime:
    """The instant, where one can reckon from it in both directions."""
    if not 1900 <= found.year < 9000:
        raise ValueError(found)
    return found


def version(*instants: datetime | None) -> int:
    """A number that grows with the newest of the instants: its microseconds since 1970."""
    newest = max(each for each in instants if each is not None)
    return max(0, (newest - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def _word(value: object) -> str:
    words: dict[type, str] = {
        dict: "an object",
        list: "a list",
        bool: "true or false",
        float: "a fraction",
        int: "a number",
    }
    return words.get(type(value), "a text")


def first_text(values: Any) -> str | None:
    """The first text of a list; null where there is none."""
    found = values if isinstance(values, list) else []
    return next((each for each in found if isinstance(each, str) and each.strip()), None)
