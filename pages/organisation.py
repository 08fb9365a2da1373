"""Organisation: teams, agents, queues, opening hours and promises, and who is who in several systems."""

from __future__ import annotations

from dashboard import board
from dashboard.organisation import organisation_desk, organisation_view
from dashboard.ui import desk, layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def filters(_at: Moment) -> None:
    organisation_desk.choose()


def content(at: Moment, _chosen: None) -> None:
    if desk.change(at.viewer, "organisation", organisation_desk.waits_for_recount):
        board.show(organisation_view.recount_notice(), key="recount")


layout.page(
    t("Organisation"), content=content, filters=filters, refresh_seconds=10, needs="nothing", about="upkeep"
)
organisation_desk.show()
