"""The section Teams of the page Queues: the work of whole teams, for whoever may know it.

In: the moment and what the reader has chosen. Out: the blocks and downloads of the section.
The rule it guards: of teams only the days are chosen; a queue or an agent narrows nothing here, and the section says so.
"""

from __future__ import annotations

import polars as pl

from dashboard import board
from dashboard.filters import Filters
from dashboard.people import team_view
from dashboard.ui import take_along
from dashboard.ui.moments import Moment
from dashboard.words import t

_NARROWS = ("queue_id", "group_name", "channel_name", "topic_name", "site_name", "agent_id")


def teams(at: Moment, filters: Filters) -> None:
    """Each team and the whole floor over the chosen days, and one of them day by day."""
    window = at.passed(filters.window(at.zone_name))
    days = at.calm("team_days", **window)
    if days.is_empty():
        board.show(team_view.nobody(), key="nobody")
        return
    if filters.narrowed(*_NARROWS) or filters.is_business_hours:
        title = t("Teams are told of whole days alone.")
        body = t(
            "Queues, channels, topics, sites and hours narrow nothing below: an agent's time is not split by them."
        )
        board.show(board.notice("none", title, body), key="whole")
    if notice := team_view.running_notice(days):
        board.show(notice, key="running")
    found = at.calm("team_work", **window)
    board.show(team_view.team_table(found), key="teams")
    stem = filters.last_date.isoformat()
    take_along.download(found, file_name=f"teams-{stem}", zone_name=at.zone_name)
    of_team = pl.col("is_floor") if filters.team_id is None else pl.col("team_id") == filters.team_id
    shown = days.filter(of_team)
    if shown.height > 1:
        board.show(
            team_view.day_table(shown, of_name=team_view.team_word(shown.row(0, named=True))), key="days"
        )
        take_along.download(shown, file_name=f"team-days-{stem}", zone_name=at.zone_name)
