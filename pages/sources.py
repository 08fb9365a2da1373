"""Sources: what is read and how it stands, and the desk where a file of any kind can be loaded."""

from __future__ import annotations

from dashboard import board, sources_view, state_view, ui, upload_desk
from dashboard.words import t


def content(at: ui.Moment, opened: int | None) -> None:
    if opened is not None:
        return
    sources = at.fresh("sources", as_of=at.now)
    for notice in sources_view.fault_notices(sources):
        board.show(notice, key=notice["key"])
    is_silent = state_view.loader_is_silent(at.live("loader"))
    board.show(sources_view.source_table(sources, as_of=at.now, is_silent=is_silent), key="sources")


ui.page(
    t("Sources"),
    content=content,
    filters=lambda _at: upload_desk.opened(),
    refresh_seconds=5,
    needs="nothing",
    about="upkeep",
)
upload_desk.show()
