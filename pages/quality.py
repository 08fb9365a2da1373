"""Quality: are contacts handled well, do we agree on what that is, and what was agreed to do better?"""

from __future__ import annotations

from dashboard import filter_bar
from dashboard.filters import filters_of
from dashboard.quality import quality_desk, quality_sections, quality_view
from dashboard.quality.quality_sections import SECTIONS, Chosen
from dashboard.ui import choices, layout, whose
from dashboard.ui.moments import Moment
from dashboard.words import t

OFFERS = {
    "scores": ("period", "agent", "team", "queue", "site"),
    "recordings": ("period", "agent", "team", "queue", "site"),
    "calibration": ("period",),
    "coaching": ("agent", "team"),
}


def parts(at: Moment) -> dict[str, str]:
    """The sections that this reader has: who writes no reviews opens one of their own, and compares no reviewers."""
    known = dict(quality_view.parts())
    if not at.viewer.may_change("quality.reviews"):
        known.pop("calibration")
        known.pop("forms")
        if choices.number_in_address("review") is None:
            known.pop("review")
    return known


def filters(at: Moment) -> Chosen:
    view = choices.choice(t("Section"), parts(at), key="view")
    if view not in OFFERS:
        return Chosen(view, filters_of({}, today=at.today, period_name=quality_sections.PERIOD_NAME))
    usual = quality_sections.RECORDED_PERIOD_NAME if view == "recordings" else quality_sections.PERIOD_NAME
    offers = OFFERS[view] if at.viewer.agent_id is None else ("period", "queue")
    found = filter_bar.choose(at, offers=offers, period_name=usual)
    by = choices.choice(t("Told apart"), quality_view.dimensions(), key="by") if view == "scores" else "agent"
    return Chosen(view, found, by)


def content(at: Moment, chosen: Chosen) -> None:
    if chosen.view != "forms":
        whose.tell(at)
    if chosen.view in SECTIONS:
        SECTIONS[chosen.view](at, chosen)


layout.page(
    t("Quality"), content=content, filters=filters, refresh_seconds=30, needs="sources", about="calls"
)
quality_desk.show()
