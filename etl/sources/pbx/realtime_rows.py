"""Turns rows of a queue_log table into the events that the log file would hold.

In: rows as text, and the clock of the phone system. Out: events, the rows that are none with their reasons, and by how
many seconds calls entered after the second in their ids. The rule it guards: the fields of an event are the log's, in
the log's order, however the table splits them; a caller's number stands in no refused row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from etl.customer_key import customer_key
from etl.sources.pbx.asterisk_times import FIRST_INSTANT, LAST_INSTANT, epoch_of_call, epoch_of_text
from etl.sources.pbx.queue_events import ANSWER, CALL_VERBS, ENTRY, EVENTS, FIELDS
from etl.sources.pbx.realtime_table import Columns, TableRow

SKEW_SECONDS = 3600  # a PBX's clock may be ahead by this much
FUTURE_SECONDS = 366 * 86400
LONGEST_NAME = 250  # bytes
LONGEST_EVENT = 8191  # Asterisk's own limit of an event's fields
HASHED = "key:"  # before a caller's hash, where a refused row keeps it in place of the number
_KNOWN_KEYS: dict[str, type[pl.DataType]] = {"seq": pl.Int64, "known_key": pl.String}


@dataclass
class Clock:
    """The zone of the phone system, the newest instant read, the last that is believed, whether rows come in order."""

    zone: ZoneInfo
    newest_at: int
    latest_at: int
    has_order: bool = True


@dataclass(frozen=True)
class Parsed:
    """Rows read: events (seq is the row's place), refused (seq, reason_text), hashes that stood for numbers already."""

    events: pl.DataFrame
    refused: pl.DataFrame
    known_keys: pl.DataFrame
    differences: tuple[int, ...]


def parse(rows: list[TableRow], columns: Columns, clock: Clock) -> Parsed:
    """The events of the rows in their order; each row is an event or refused with a reason."""
    events: list[tuple[object, ...]] = []
    refused: list[tuple[int, str]] = []
    known_keys: list[tuple[int, str]] = []
    differences: list[int] = []
    for seq, row in enumerate(rows):
        try:
            event = _event(row.texts, columns, clock)
        except ValueError as error:
            refused.append((seq, str(error)))
            continue
        events.append((seq, *event))
        event_at, call_id, _, _, verb, _, caller, *_ = event
        if verb == ENTRY:
            call_at = epoch_of_call(str(call_id))
            differences += [int(str(event_at)) - call_at] if call_at else []
            if str(caller).startswith(HASHED):
                known_keys.append((seq, str(caller).removeprefix(HASHED)))
        if int(str(event_at)) < clock.latest_at - FUTURE_SECONDS + SKEW_SECONDS:
            clock.newest_at = max(clock.newest_at, int(str(event_at)))
    return Parsed(
        pl.DataFrame(events, schema=EVENTS, orient="row"),
        pl.DataFrame(refused, schema={"seq": pl.Int64, "reason_text": pl.String}, orient="row"),
        pl.DataFrame(known_keys, schema=_KNOWN_KEYS, orient="row"),
        tuple(differences),
    )


def _event(texts: dict[str, str | None], columns: Columns, clock: Clock) -> tuple[object, ...]:
    """event_at, call_id, queue_name, agent_name, verb and six fields; ValueError where the row is no event."""
    call_id, queue, agent, verb = (
        texts.get(name) or None for name in (columns.call_id, columns.queue, columns.agent, columns.event)
    )
    fields = fields_of(texts, columns)
    if any("\x00" in (text or "") for text in texts.values()):
        raise ValueError("a NUL byte; expected text")
    if verb is None:
        raise ValueError(f"{columns.event} is empty; expected the event's name, such as ENTERQUEUE")
    for name, text in (
        (columns.call_id, call_id),
        (columns.queue, queue),
        (columns.agent, agent),
        (columns.event, verb),
    ):
        if len((text or "").encode(errors="replace")) > LONGEST_NAME:
            raise ValueError(f"{name} has more than {LONGEST_NAME} bytes; expected a shorter name")
    for name, text in ((columns.queue, queue), (columns.agent, agent)):
        if text and not text.strip():
            raise ValueError(
                f"{name} holds nothing but blanks; expected the name of a queue or an agent, or nothing"
            )
    if len(fields) > len(FIELDS):
        raise ValueError(
            f"{len(fields)} data fields; expected at most {len(FIELDS)}: a name or a number holds a '|'"
        )
    if sum(len((field or "").encode(errors="replace")) for field in fields) > LONGEST_EVENT:
        raise ValueError(f"data of more than {LONGEST_EVENT} bytes; expected one event's fields")
    event_at = _instant(texts.get(columns.time), call_id, columns, clock)
    if verb == ANSWER and agent in (None, "NONE"):
        raise ValueError(f"{columns.agent} is empty; expected the agent of CONNECT")
    if verb in CALL_VERBS and call_id in (None, "NONE"):
        raise ValueError(f"{columns.call_id} is empty; expected the call id of {verb}")
    if verb in CALL_VERBS and queue in (None, "NONE"):
        raise ValueError(f"{columns.queue} is empty; expected the queue of {verb}")
    return (event_at, call_id, queue, agent, verb, *fields, *[None] * (len(FIELDS) - len(fields)))


def _instant(text: str | None, call_id: str | None, columns: Columns, clock: Clock) -> int:
    try:
        near = clock.newest_at if clock.has_order else 0
        event_at = epoch_of_text(text, clock.zone, not_before=epoch_of_call(call_id), near=near)
    except ValueError as error:
        raise ValueError(f"{columns.time} {error}") from None
    if not FIRST_INSTANT <= event_at < LAST_INSTANT:
        raise ValueError(f"{columns.time} is {text}; expected an instant of a year from 1990 to 2099")
    if event_at > clock.latest_at:
        raise ValueError(
            f"{columns.time} is {text}, over a year ahead of this computer's clock; expected the event's second"
        )
    return event_at


def fields_of(texts: dict[str, str | None], columns: Columns) -> list[str | None]:
    """The event's fields as the log would hold them: `data` split, or data1 to data5, of which the last may hold two."""
    numbered = [texts.get(name) or "" for name in columns.numbered_data]
    joined = "|".join(numbered) if any(numbered) else texts.get(columns.data) or ""
    fields: list[str | None] = [field or None for field in joined.split("|")]
    while fields and fields[-1] is None:
        fields.pop()
    return fields


def raw_text(row: TableRow, columns: Columns, secret: bytes, country_name: str | None) -> str:
    """A refused row as JSON of its columns; of ENTERQUEUE (and what may be one) a hash for the number, no URL."""
    texts = {name: text for name, text in row.texts.items() if text is not None}
    if (texts.get(columns.event) or ENTRY) == ENTRY:
        fields = fields_of(row.texts, columns)
        number = fields[1] if len(fields) > 1 else None
        key = number if (number or "").startswith(HASHED) else _hashed(number, secret, country_name)
        position = fields[2] if len(fields) > 2 and (fields[2] or "").isdigit() else None
        for name in (*columns.numbered_data, columns.data):
            texts.pop(name, None)
        texts[columns.data] = "|".join(("", key or "", position or "")).rstrip("|")
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("\\u0000", "\u2400")


def _hashed(number: str | None, secret: bytes, country_name: str | None) -> str | None:
    key = customer_key(secret, number, country_name) if number else None
    return f"{HASHED}{key}" if key else None


def texts_of_raw(text: str) -> dict[str, str | None]:
    """The columns of a refused row from `raw_text`; an empty row where the text is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def order_of(row: TableRow, columns: Columns, places: Iterable[str]) -> tuple[str, int, str, str]:
    """By what rows without a number are put in order: their time, what comes first within a call, the call, the text."""
    order = list(places)
    verb = row.texts.get(columns.event) or ""
    place = order.index(verb) if verb in order else len(order)
    whole = json.dumps(row.texts, sort_keys=True, ensure_ascii=False)
    return row.texts.get(columns.time) or "", place, row.texts.get(columns.call_id) or "", whole
