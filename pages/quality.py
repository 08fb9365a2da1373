"""Quality: are contacts handled well, do we agree on what that is, and what was agreed to do better?"""

from __future__ import annotations

from dashboard import filter_bar, ui
from dashboard.filters import filters_of
from dashboard.quality import quality_desk, quality_sections, quality_view
from dashboard.quality.quality_sections import SECTIONS, Chosen
from dashboard.words import t

OFFERS = {
    "scores": ("period", "agent", "team", "queue", "site"),
    "calibration": ("period",),
    "coaching": ("agent", "team"),
}


def filters(at: ui.Moment) -> Chosen:
    view = ui.choice(t("Section"), quality_view.parts(), key="view")
    if view not in OFFERS:
        return Chosen(view, filters_of({}, today=at.today, period_name=quality_sections.PERIOD_NAME))
    found = filter_bar.choose(at, offers=OFFERS[view], period_name=quality_sections.PERIOD_NAME)
    by = ui.choice(t("Told apart"), quality_view.dimensions(), key="by") if view == "scores" else "agent"
    return Chosen(view, found, by)


def content(at: ui.Moment, chosen: Chosen) -> None:
    if chosen.view in SECTIONS:
        SECTIONS[chosen.view](at, chosen)


ui.page(t("Quality"), content=content, filters=filters, refresh_seconds=30, needs="sources", about="calls")
quality_desk.show()
