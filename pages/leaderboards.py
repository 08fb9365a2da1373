"""Leaderboards: teams first, then the reader's own place and who stands near, leagues, who gained, and seasons."""

from __future__ import annotations

from dashboard.game import board_desk, board_sections
from dashboard.game.board_sections import Chosen
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, asked: Chosen) -> None:
    board_sections.draw(at, asked)


layout.page(
    t("Leaderboards"),
    content=content,
    filters=board_sections.chosen,
    refresh_seconds=30,
    needs="nothing",
    about="everything",
)
board_desk.show()
