"""Rewards: how many coins do I have, what can I have for them, and what waits for somebody's word?"""

from __future__ import annotations

from dashboard import board
from dashboard.game import store_desk, store_view
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, _chosen: None) -> None:
    if at.viewer.agent_id is None:
        return
    limits = at.calm("game_social_settings", as_of=at.present_at).row(0, named=True)
    coins = at.fresh("game_coins", agent_id=at.viewer.agent_id)
    board.show(store_view.wallet(coins, limits), key="wallet")


layout.page(
    t("Rewards"),
    content=content,
    filters=lambda _at: None,
    refresh_seconds=30,
    needs="nothing",
    about="upkeep",
)
store_desk.show()
