"""Whether a recording may be opened: it was not erased, is still kept, and lies on a host that the site has listed.

In: the address of a recording, when it was made, and the rules of the site. Out: one word, and the host that is missing.
The rule it guards: nobody is led to a host that nobody has listed, however the address is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

Verdict = Literal["open", "unlisted", "no_address", "expired", "erased"]
_PORTS = {"https": 443, "http": 80}


class RecordingError(Exception):
    """A recording cannot be opened; the message says what was found, what was expected and the next step."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The hosts that are listed, and for how many days recordings are kept there (None: not told)."""

    hosts: frozenset[str] = frozenset()
    kept_days: int | None = None


def rules_of(row: Mapping[str, Any] | None) -> Rules:
    """The rules as the question `recording_rules` tells them; none is listed before the loader has run."""
    return Rules(frozenset((row["hosts_text"] or "").split()), row["kept_days"]) if row else Rules()


def host_of(url_text: str | None) -> str | None:
    """The host (with its port where that is none of the usual ones) to which an address of the web leads; else None.

    What browsers and programs read differently is no address: users, backslashes, signs that are not seen.
    """
    text = url_text or ""
    if any(not "!" <= sign <= "~" or sign == "\\" for sign in text):
        return None
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:  # such as half an IPv6 address, or a port that is none
        return None
    if scheme not in _PORTS or not host or "@" in parts.netloc:
        return None
    return host if port in (None, _PORTS[scheme]) else f"{host}:{port}"


def ends_at(rules: Rules, started_at: datetime) -> datetime | None:
    """When the recording is deleted where it lies; None where the site does not say."""
    return None if rules.kept_days is None else started_at + timedelta(days=rules.kept_days)


def verdict(
    rules: Rules,
    *,
    url_text: str | None,
    started_at: datetime,
    as_of: datetime,
    erased_at: datetime | None = None,
) -> Verdict:
    """Whether it may be opened; the first reason against it in the order erased, expired, no address, unlisted."""
    if erased_at is not None:
        return "erased"
    end = ends_at(rules, started_at)
    if end is not None and end <= as_of:
        return "expired"
    host = host_of(url_text)
    if host is None:
        return "no_address"
    return "open" if host in rules.hosts else "unlisted"
