"""Channels and ways: how did contacts come, what was settled without an agent, called back, passed on, or dialled?"""

from __future__ import annotations

from dashboard import filter_bar
from dashboard.filters import Filters
from dashboard.ui import choices, layout
from dashboard.ui.moments import Moment
from dashboard.ways import way_sections
from dashboard.words import t

OFFERS = ("period", "queue", "group")


def filters(at: Moment) -> tuple[Filters, str]:
    section = choices.choice(t("Section"), way_sections.titles(), key="section")
    offers = ("period",) if section in way_sections.NOTHING_OF else OFFERS
    return filter_bar.choose(at, offers=offers, period_name="28_days"), section


def content(at: Moment, picked: tuple[Filters, str]) -> None:
    view, section = picked
    way_sections.SECTIONS[section](at, view)


layout.page(t("Channels and ways"), content=content, filters=filters, refresh_seconds=30, needs="sources")
