"""Badges: which there are, how far I am with each, how rare they are, and who released them."""

from __future__ import annotations

from dashboard import board, filter_bar
from dashboard.game import badge_view, credential_desk, day_sections
from dashboard.own import own_desk
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def filters(at: Moment) -> None:
    if at.viewer.agent_id is None and at.viewer.role_name != "agent":
        filter_bar.choose(at, offers=("agent",))


def content(at: Moment, _chosen: None) -> None:
    agent_id = own_desk.agent_of(at)
    row = day_sections.standing(at, agent_id)
    if row is None:
        return
    of_agent = None if at.viewer.agent_id == row["agent_id"] else row["agent_id"]
    badges = at.calm("game_badges", agent_id=row["agent_id"], day_date=row["day_date"])
    if badges.is_empty():
        board.show(badge_view.nothing(), key="nothing")
        return
    stands = at.calm("game_stands", agent_id=row["agent_id"], day_date=row["day_date"])
    ways = {one["rule_name"]: one for one in stands.to_dicts() if one["kind_name"] == "badge"}
    board.show(badge_view.tiles(badges), key="tiles")
    board.show(badge_view.gallery(badges, ways, of_agent=of_agent), key="gallery")


layout.page(
    t("Badges"), content=content, filters=filters, refresh_seconds=60, needs="nothing", about="upkeep"
)
credential_desk.show()
