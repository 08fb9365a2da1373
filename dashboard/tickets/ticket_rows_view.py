"""The list behind a figure of tickets: what an address asks for, what the list is of in words, and its columns.

In: what an address says, and the rows of the list. Out: arguments of the question, words, and cells.
The rule it guards: a list says in words all that narrows it, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.tickets.ticket_shown_view import KEYS
from dashboard.tickets.ticket_view import (
    age_word,
    channel_word,
    group_word,
    priority_word,
    status_word,
    target_word,
)
from dashboard.words import t

_FLAGS: Mapping[str, bool] = {"yes": True, "no": False}
_OWN = ("priority_name", "status_name", "age_name", "target_name", "agents_text")


def asked(said: Mapping[str, str]) -> dict[str, Any]:
    """What an address says of tickets alone, as arguments of the question; what cannot be counts as not given."""
    found: dict[str, Any] = {name: said[KEYS[name]][:200] for name in _OWN if KEYS[name] in said}
    for name in ("is_business", "is_assigned"):
        if said.get(KEYS[name]) in _FLAGS:
            found[name] = _FLAGS[said[KEYS[name]]]
    agents = found.pop("agents_text", "").split(",")
    if all(part.isascii() and part.isdigit() and len(part) <= 9 for part in agents):
        found["agents_text"] = ",".join(agents)
    return found


def told(narrowed: Mapping[str, Any]) -> list[str]:
    """What narrows a list of tickets beside group and channel, in words."""
    found = []
    if (name := narrowed.get("priority_name")) is not None:
        found.append(t("priority: {name}", name=priority_word(name)))
    if (name := narrowed.get("status_name")) is not None:
        found.append(t("status: {name}", name=status_word(name)))
    if (name := narrowed.get("age_name")) is not None:
        found.append(t("age: {name}", name=age_word(name)))
    if (name := narrowed.get("target_name")) is not None:
        found.append(t("promise: {name}", name=target_word(name)))
    if (is_business := narrowed.get("is_business")) is not None:
        found.append(t("promised in business hours") if is_business else t("promised in calendar hours"))
    if (is_assigned := narrowed.get("is_assigned")) is not None:
        found.append(t("given to an agent") if is_assigned else t("given to nobody"))
    if agents := narrowed.get("agents_text"):
        found.append(t("{n} agents", n=words.number(agents.count(",") + 1)))
    return found


def span(given: Mapping[str, Any], *, is_standing: bool, zone_name: str) -> str | None:
    """The days or (of what stands at one) the instant that a list of tickets is of; None where it is no whole day."""
    if is_standing:
        last_at = min(given["as_of"], given["window_end"] - timedelta(microseconds=1))
        return t("As it stood at {instant}", instant=words.instant(last_at, zone_name))
    first, last = (
        words.local_day(at, zone_name)
        for at in (given["window_start"], given["window_end"] - timedelta(microseconds=1))
    )
    whole = (words.day_start(first, zone_name), words.day_start(words.shifted_day(last, 1), zone_name))
    return words.days(first, last) if whole == (given["window_start"], given["window_end"]) else None


def columns() -> list[Block]:
    """The columns of a list of tickets; what is empty in all rows is left out by the list."""
    return [
        column(t("Ticket")),
        column(t("Topic"), "text"),
        column(t("Group")),
        column(t("Agent")),
        column(t("Status")),
        column(t("Priority"), wide=True),
        column(t("Channel"), wide=True),
        column(t("Promise"), wide=True),
        column(t("Due"), wide=True),
    ]


def cells(row: Row, zone_name: str) -> list[Block | str]:
    """The cells of one ticket; its number leads to the ticket at its source."""
    return [
        board.linked(f"{row['ticket_id']} ({row['source_name']})", row["url_text"]),
        row["topic_name"] or words.UNKNOWN,
        group_word(row["group_name"]) if row["group_name"] else words.UNKNOWN,
        words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
        status_word(row["status_name"]),
        priority_word(row["priority_name"]) if row["priority_name"] else words.UNKNOWN,
        channel_word(row["channel_name"]) if row["channel_name"] else words.UNKNOWN,
        target_word(row["target_name"]) if row["target_name"] else words.UNKNOWN,
        words.moment(row["due_at"], zone_name),
    ]
