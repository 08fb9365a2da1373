"""My day: what has today brought me, how was each point counted, what comes next, and what do others see of me?"""

from __future__ import annotations

from dashboard import filter_bar
from dashboard.game import day_desk, day_sections
from dashboard.game.day_sections import Opened
from dashboard.own import own_desk
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def filters(at: Moment) -> Opened:
    if at.viewer.agent_id is None and at.viewer.role_name != "agent":
        filter_bar.choose(at, offers=("agent",))
    return day_sections.opened()


def content(at: Moment, wanted: Opened) -> None:
    agent_id = own_desk.agent_of(at)
    row = day_sections.standing(at, agent_id)
    if row is None:
        return
    if any(value is not None for value in wanted):
        day_sections.entry(at, row, wanted)
        return
    day_sections.day(at, row, day_desk.news(at, row["agent_id"]))


layout.page(
    t("My day"), content=content, filters=filters, refresh_seconds=30, needs="nothing", about="upkeep"
)
day_desk.show()
