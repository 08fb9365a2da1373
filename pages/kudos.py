"""Kudos: who thanked whom for what, and how do I thank a colleague myself?"""

from __future__ import annotations

from datetime import timedelta

from dashboard import board, words
from dashboard.game import kudos_desk, kudos_view
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, _chosen: None) -> None:
    limits = at.calm("game_social_settings", as_of=at.present_at).row(0, named=True)
    monday = limits["site_date"] - timedelta(days=limits["site_date"].weekday())
    start = words.day_start(monday, at.zone_name)
    board.show(kudos_view.tiles(kudos_desk.feed_of(at), limits, week_start=start), key="tiles")


layout.page(
    t("Kudos"), content=content, filters=lambda _at: None, refresh_seconds=30, needs="nothing", about="upkeep"
)
kudos_desk.show()
