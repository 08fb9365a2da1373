"""Game room: what waits for a decision first, then the rules, what they changed, and the seasons."""

from __future__ import annotations

from dashboard import board
from dashboard.game import room_desk, room_view
from dashboard.game.room_desk import Room
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, _chosen: str) -> None:
    room = Room.of(at)
    found = room_view.tiles(
        room.holds, room.disputes, room.rules, room.seasons, now=at.now, today=room.day_date
    )
    board.show(found, key="tiles")


layout.page(
    t("Game room"),
    content=content,
    filters=room_desk.chosen,
    refresh_seconds=30,
    needs="nothing",
    about="everything",
)
room_desk.show()
