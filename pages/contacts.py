"""Contacts: the rows behind any number, a search over calls and tickets, and one contact from first to last."""

from __future__ import annotations

from typing import Any, NamedTuple

from dashboard.contacts import contact_sections
from dashboard.filters import Filters
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


class Chosen(NamedTuple):
    """What the address asks for: a number's rows, a contact, or (neither) a search."""

    of_name: str | None
    contact_id: str | None
    source_name: str | None
    view: Filters | None = None
    asked: dict[str, Any] | None = None
    text: str = ""


def filters(at: Moment) -> Chosen:
    said = contact_sections.params()
    contact_sections.tell_unread(at)
    named = Chosen(said.get("of"), said.get("contact"), said.get("source"))
    if named.of_name or named.contact_id:
        return named
    view, asked, text = contact_sections.search_filters(at)
    return named._replace(view=view, asked=asked, text=text)


def content(at: Moment, chosen: Chosen) -> None:
    if chosen.contact_id:
        contact_sections.journey(at, chosen.contact_id, chosen.source_name)
    elif chosen.of_name:
        contact_sections.behind(at, chosen.of_name)
    elif chosen.view is not None:
        contact_sections.search(at, chosen.view, chosen.asked or {}, chosen.text)


layout.page(
    t("Contacts"), content=content, filters=filters, refresh_seconds=30, needs="sources", about="everything"
)
