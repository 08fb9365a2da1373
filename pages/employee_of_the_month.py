"""Employee of the month: who was it, for what, and whom does a person choose next?"""

from __future__ import annotations

from dashboard import board
from dashboard.game import month_desk, month_view
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, _chosen: None) -> None:
    months = at.fresh("game_months")
    if months.is_empty():
        board.show(month_view.empty(may_decide=at.viewer.may_change("game.rules")), key="archive")
        return
    board.show(month_view.lead(), key="lead")
    board.show(month_view.archive(months), key="archive")


layout.page(
    t("Employee of the month"),
    content=content,
    filters=lambda _at: None,
    refresh_seconds=60,
    needs="nothing",
    about="upkeep",
)
month_desk.show()
