"""Access: who may sign in and as what, which screens hang on the wall, and what each role sees."""

from __future__ import annotations

from dashboard.door import access_desk
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def filters(_at: Moment) -> str:
    return access_desk.choose()


layout.page(
    t("Access"), content=access_desk.draw, filters=filters, refresh_seconds=5, needs="nothing", about="upkeep"
)
access_desk.show()
