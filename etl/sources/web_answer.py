"""Takes an API's answer off the wire: unpacked, within its limits, and as a JSON value that every table can hold.

In: the bytes of an answer as they come. Out: the whole body, or its JSON value.
The rule it guards: neither a small answer that unpacks without end nor a broken one passes for records.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from etl import LoadError

_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")
_HALF_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


def answer_of(response: httpx.Response, *, most_bytes: int, is_late: Callable[[], bool], place: str) -> bytes:
    """The whole body, unpacked; httpx.TransportError where it was cut or came too slowly, LoadError past the limit."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise LoadError(
            f"{place}: found an answer packed as '{packing[:40]}', expected plain or gzip. Check what stands in between."
        )
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if packing.endswith("gzip") else None
    pieces = response.iter_raw()
    if response.is_stream_consumed:  # an injected transport that gave a whole answer, unpacked by httpx
        unpack, pieces = None, iter([response.content])
    parts, length = [], 0
    for piece in pieces:
        if is_late():
            raise httpx.ReadTimeout("the answer came too slowly")
        room = most_bytes - length + 1
        try:
            part = unpack.decompress(piece, room) if unpack else piece
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error
        parts.append(part)
        length += len(part)
        if length > most_bytes:
            raise LoadError(
                f"{place}: found an answer of more than {most_bytes} bytes, expected a page of records. "
                "Ask for smaller pages in the settings, or check the address."
            )
    if unpack is not None and length and not unpack.eof:
        raise httpx.DecodingError("the packed answer was cut off")
    return b"".join(parts)


def json_value(body: bytes) -> Any:
    """The JSON value of a body; ValueError names what was found where it is none.

    NaN and Infinity, which JSON does not know, come as text; half characters, which no table takes, as U+FFFD.
    """
    text = body.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise ValueError("an empty answer")
    if text.lstrip()[0] == "<":
        title = re.search(r"<title[^>]{0,200}>([^<]{0,80})", text[:20_000], re.IGNORECASE)
        named = f' titled "{" ".join(title.group(1).split())}"' if title else ""
        raise ValueError(f"a web page{named}")
    try:
        value = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        raise ValueError(f"{len(body)} bytes that are no whole JSON") from None
    return _whole(value) if _HALF_ESCAPE.search(body) else value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF_CHARACTER.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_HALF_CHARACTER.sub("\ufffd", key): _whole(each) for key, each in value.items()}
    return value


def without_secrets(message: str, secrets: Iterable[str]) -> str:
    """The message with every secret that a server may have sent back blotted out."""
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, "***")
    return message


def explained(body: bytes) -> str:
    """The API's own short reason, as ` (reason)`, where the body is JSON and holds one."""
    try:
        value = json_value(body)
    except ValueError:
        return ""
    while isinstance(value, list) and value:
        value = value[0]
    for key in ("description", "message", "error", "title", "code"):
        found = value.get(key) if isinstance(value, dict) else None
        if isinstance(found, str) and found.strip():
            return f" ({' '.join(found.split())[:200]})"
    return ""


def retry_after(headers: httpx.Headers, utc_now: datetime, *, most: float) -> float | None:
    """The seconds of Retry-After, at most `most`; null where it is missing or says nothing usable."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,9})?", text):
        return min(float(text), most)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    with suppress(ValueError):  # the server's own clock, where it tells it: ours may be minutes away
        utc_now = parsedate_to_datetime(headers.get("date", ""))
    seconds = (_in_utc(until) - _in_utc(utc_now)).total_seconds()
    return min(max(seconds, 0.0), most)


def _in_utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def secrets_in(headers: Mapping[str, str], auth: httpx.Auth | tuple[str, str] | None) -> frozenset[str]:
    """Every text that must not show in a message: values of headers that let us in, and passwords."""
    found = set(auth) if isinstance(auth, tuple) else set()
    for name, value in headers.items():
        if name.lower() in ("authorization", "apikey", "api-key", "x-api-key", "cookie"):
            found |= {value, *value.split()}
    return frozenset(text for text in found if len(text) >= 6 and text.lower() not in ("bearer", "digest"))
