"""Sources: what is read and how it stands, and the desk where a file of any kind can be loaded."""

from __future__ import annotations

from dashboard import board, sources_view, ui, upload_desk
from dashboard.words import t


def content(at: ui.Moment, opened: int | None) -> None:
    loader = at.fresh("loader", as_of=at.now)
    is_silent = sources_view.loader_is_silent(loader)
    if is_silent:
        board.show(sources_view.loader_notice(loader), key="loader")
    if opened is not None:
        return
    sources = at.fresh("sources", as_of=at.now)
    for notice in sources_view.fault_notices(sources):
        board.show(notice, key=notice["key"])
    board.show(sources_view.source_table(sources, as_of=at.now, is_silent=is_silent), key="sources")


ui.page(
    t("Sources"),
    content=content,
    filters=lambda _at: upload_desk.opened(),
    refresh_seconds=5,
    needs="nothing",
)
upload_desk.show()
