"""Takes single fields out of a JSON record, with a sentence for each that is not what it should be.

In: a record as delivered. Out: instants, whole seconds, texts and tables, null where nothing was told.
The rule it guards: a number or an e-mail address of a customer stands in no reason and no stored text.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import polars as pl

from etl.shapes import INSTANT
from etl.sources import NAME_SCHEMA, REJECT_SCHEMA, ROW_SCHEMA, UNUSED_SCHEMA
from etl.sources.files.file_open import cut

Row = dict[str, Any]
SKEW = timedelta(hours=1)  # a record from further ahead comes from a clock that is wrong
VERSIONS = (
    2_000_000  # within the same millisecond, told apart by what they hold; a bigint holds that until 2116
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})[T ]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]{1,9}))?"
    r"(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))"
)
_SIGNED = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+|\+[0-9][0-9 ().-]{5,25}[0-9]")
_BARE = re.compile(r"(?<![0-9A-Za-z-])[0-9]{7,15}(?![0-9A-Za-z-])")
LONGEST_RAW = 16_384

_INTEGERS = (
    "stay_number", "wait_seconds", "ring_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds",
)  # fmt: skip
_TEXTS = (
    "queue_name", "agent_name", "call_id", "contact_id", "channel_name", "direction_name", "outcome_name",
    "ended_by_name", "transfer_kind_name", "transferred_to_name", "customer_key", "topic_name",
)  # fmt: skip
CALL_SCHEMA: dict[str, Any] = {
    "seq": pl.Int64(),
    **dict.fromkeys(("offered_at", "answered_at", "ended_at"), INSTANT),
    "version_number": pl.Int64(),
    **dict.fromkeys(_INTEGERS, pl.Int64()),  # wider than the table's: the gate refuses what does not fit
    **dict.fromkeys(("csat_score", "nps_score"), pl.Float64()),
    **dict.fromkeys(_TEXTS, pl.String()),
    "is_resolved": pl.Boolean(),
}
STATE_SCHEMA: dict[str, Any] = {
    "seq": pl.Int64(),
    "started_at": INSTANT,
    "ended_at": INSTANT,
    "version_number": pl.Int64(),
    **dict.fromkeys(("agent_name", "queue_name", "state_name", "reason_name"), pl.String()),
}


class FieldError(ValueError):
    """A record holds something that it may not hold; the message says what was found and what was expected."""


def frame(rows: list[Row], schema: Mapping[str, Any]) -> pl.DataFrame:
    """The rows as a frame of the schema; instants are given as microseconds since 1970, texts lose lone surrogates."""
    columns: dict[str, pl.Series] = {}
    for name, dtype in schema.items():
        values = [row.get(name) for row in rows]
        if dtype == pl.String:
            columns[name] = pl.Series(name, [_writable(value) for value in values], dtype=pl.String)
        elif dtype == INSTANT:
            columns[name] = pl.Series(name, values, dtype=pl.Int64).cast(INSTANT)
        else:
            columns[name] = pl.Series(name, values, dtype=dtype)
    return pl.DataFrame(columns)


def row_frame(rows: list[Row]) -> pl.DataFrame:
    """The frame `rows` of a batch."""
    return frame([{**row, "raw_text": cut(str(row.get("raw_text", "")))} for row in rows], ROW_SCHEMA)


def reject_frame(rows: list[Row]) -> pl.DataFrame:
    """The frame `rejects` of a batch; NUL bytes, which no table takes, as the sign for them."""
    return frame(
        [{name: cut(str(value)).replace("\x00", "\u2400") for name, value in row.items()} for row in rows],
        REJECT_SCHEMA,
    )


def unused_frame(counts: Mapping[tuple[str, bool], int]) -> pl.DataFrame:
    """The frame `unused` of a batch, from counts by (event_name, is_known)."""
    return frame(
        [
            {"event_name": name[:60], "is_known": is_known, "read_rows": count}
            for (name, is_known), count in sorted(counts.items())
        ],
        UNUSED_SCHEMA,
    )


def name_frame(names: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    """The frame `names` of a batch, from display names by (kind_name, source_key)."""
    return frame(
        [
            {"kind_name": kind, "source_key": key, "display_name": name}
            for (kind, key), name in sorted(names.items())
        ],
        NAME_SCHEMA,
    )


def _writable(value: Any) -> str | None:
    return None if value is None else str(value).encode("utf-8", "replace").decode()


def masked(text: str) -> str:
    """Broken text without what looks like a telephone number or an e-mail address, not longer than is useful."""
    return _BARE.sub("\u2022\u2022\u2022", masked_values(text[:LONGEST_RAW]))


def masked_values(text: str) -> str:
    """A record's text without numbers that begin with + and e-mail addresses; its own long numbers are keys."""
    return _SIGNED.sub("\u2022\u2022\u2022", text)


def shown(value: object) -> str:
    """A value as it may stand in a reason."""
    return masked(json.dumps(value, ensure_ascii=True, default=str)[:60])


def compact(record: Row) -> str:
    """A record as one line of JSON, its keys in order, so that equal records have equal texts."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def version(updated_us: int, text: str) -> int:
    """Grows with the instant, given in microseconds; two records of one millisecond are told apart by their content.

    So the same one of two wins, whichever comes last.
    """
    milliseconds = min(
        max(updated_us // 1000, 0), 2**63 // VERSIONS - 1
    )  # what lies outside is refused for its instants
    return milliseconds * VERSIONS + zlib.crc32(text.encode("utf-8", "replace")) % VERSIONS


def microseconds(instant: datetime) -> int:
    """An instant as microseconds since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(us: int) -> datetime:
    """Microseconds since 1970 as an instant."""
    return _EPOCH + timedelta(microseconds=us)


def table(record: Row, name: str) -> Row:
    """The table under that name, empty where it is null or absent."""
    value = record.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FieldError(f"{name} is {shown(value)}; expected a table or null")
    return value


def tables(record: Row, name: str) -> list[Row]:
    """The list of tables under that name, empty where it is null or absent."""
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise FieldError(f"{name} is {shown(value)}; expected a list of tables")
    return value


def text(record: Row, name: str) -> str | None:
    """The text under that name, null where it is null, absent or empty."""
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(f"{name} is {shown(value)}; expected a text")
    return value or None


def required_text(record: Row, name: str) -> str:
    """The text under that name, which must be there."""
    value = text(record, name)
    if value is None:
        raise FieldError(f"{name} is missing; expected a text")
    return value


def instant(record: Row, name: str) -> int | None:
    """The instant under that name in microseconds since 1970; days of one digit are read; a zone must be told."""
    value = text(record, name)
    if value is None:
        return None
    match = _INSTANT.fullmatch(value)
    if match is None:
        raise _no_instant(name, value)
    year, month, day, hour, minute, second, fraction, zulu, sign, ahead_hours, ahead_minutes = match.groups()
    ahead = timedelta() if zulu else timedelta(hours=int(ahead_hours), minutes=int(ahead_minutes))
    try:
        zone = timezone(-ahead if sign == "-" else ahead)
        local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=zone)
        whole = local.astimezone(UTC)
    except (ValueError, OverflowError):  # the last hours of the year 9999 lie beyond it elsewhere
        raise _no_instant(name, value) from None
    return microseconds(whole) + int((fraction or "0").ljust(6, "0")[:6])


def _no_instant(name: str, value: str) -> FieldError:
    return FieldError(f"{name} is {shown(value)}; expected an instant such as 2026-11-22T12:00:00.000Z")


def required_instant(record: Row, name: str) -> int:
    """The instant under that name, which must be there."""
    value = instant(record, name)
    if value is None:
        raise FieldError(f"{name} is missing; expected an instant")
    return value


def number(record: Row, name: str) -> float | None:
    """The number under that name, not below zero."""
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**31:
        raise FieldError(f"{name} is {shown(value)}; expected a number from 0 on")
    return float(value)


def seconds(record: Row, name: str) -> int | None:
    """The whole seconds under that name."""
    value = number(record, name)
    if value is not None and value != int(value):
        raise FieldError(f"{name} is {shown(record[name])}; expected whole seconds")
    return None if value is None else int(value)
