"""Walls: every board as a living picture, what hangs on which screen, and a sentence to the whole floor."""

from __future__ import annotations

from dashboard.ui import layout
from dashboard.wall import wall_desk
from dashboard.words import t

layout.page(
    t("Walls"),
    content=wall_desk.draw,
    filters=wall_desk.choose,
    refresh_seconds=3,
    needs="nothing",
    about="calls",
)
wall_desk.show()
