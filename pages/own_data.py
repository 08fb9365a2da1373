"""Personal data: what is kept about me, where may my name stand, and how do I take it along?"""

from __future__ import annotations

from datetime import timedelta

from dashboard import board, filter_bar, words
from dashboard.own import own_desk, own_view
from dashboard.own.consents import BOARDS
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def filters(at: Moment) -> None:
    if at.viewer.agent_id is None and at.viewer.may_change("organisation"):
        filter_bar.choose(at, offers=("agent",))


def content(at: Moment, _chosen: None) -> None:
    agent_id = own_desk.agent_of(at)
    name = own_desk.name_of(at, agent_id) if agent_id is not None else None
    if agent_id is None or name is None:
        board.show(own_view.nobody(is_person=not at.viewer.may_change("organisation")), key="nobody")
        return
    board.show(
        {"kind": "section", "title": words.name(name), "lead": t("Everything that is kept.")}, key="heading"
    )
    kept = at.calm("own_data", agent_id=agent_id)
    allowed = at.fresh("consents", agent_id=agent_id)
    looks = None
    if at.viewer.agent_id is not None:
        start = at.now - timedelta(days=own_view.LOOK_DAYS)
        looks = at.calm("audit_of_agent", window_start=start, window_end=at.now)
    board.show(own_view.tiles(kept, allowed, BOARDS, looks=looks, zone_name=at.zone_name), key="tiles")
    board.show(own_view.consent_table(allowed, BOARDS, zone_name=at.zone_name), key="consents-held")
    board.show(own_view.kept_table(kept, zone_name=at.zone_name), key="kept")
    if looks is not None:
        board.show(own_view.look_table(looks, zone_name=at.zone_name), key="looks")
    board.show(own_view.rights_notice(), key="rights")


layout.page(
    t("Personal data"), content=content, filters=filters, refresh_seconds=60, needs="nothing", about="upkeep"
)
own_desk.show()
