"""Sources: what is read and how it stands, and the desk where a file of any kind can be loaded."""

from __future__ import annotations

from dashboard import board, state_view
from dashboard.loading import health_view, sources_view, upload_desk
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, opened: int | None) -> None:
    if opened is not None:
        return
    sources = at.fresh("sources", as_of=at.now)
    health = state_view.aged(at.health, at.behind_seconds)
    for notice in health_view.failures(health):
        board.show(notice, key=notice["key"])
    is_unread = at.is_cut_off or state_view.loader_is_silent(at.live("loader"))
    standings = health_view.standings(health, at=at.present_at, is_unread=is_unread)
    board.show(sources_view.source_table(sources, standings), key="sources")


layout.page(
    t("Sources"),
    content=content,
    filters=lambda _at: upload_desk.opened(),
    refresh_seconds=5,
    needs="nothing",
    about="upkeep",
)
upload_desk.show()
