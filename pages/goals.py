"""Goals: what should be better by when, who answers for it, and how far it is on its straight path."""

from __future__ import annotations

import polars as pl

from dashboard import board
from dashboard.goals import goal_desk, goal_view
from dashboard.ui import layout, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, opened: int | None) -> None:
    if goal_desk.is_making():
        return
    goals = at.fresh("goals", as_of=at.present_at)
    days = at.fresh("goal_days", as_of=at.present_at)
    if opened is not None:
        one(at, goals.filter(pl.col("goal_id") == opened), days)
        return
    if goals.is_empty():
        board.show(goal_view.empty(), key="empty")
        return
    still_open = goals.filter(pl.col("closed_at").is_null())
    board.show(goal_view.tiles(goals, at.today), key="tiles")
    board.show(goal_view.cards(still_open, days, at.today), key="cards")
    closed = goals.filter(pl.col("closed_at").is_not_null())
    if closed.height:
        board.show(goal_view.closed_table(closed), key="closed")


def one(at: Moment, goals: pl.DataFrame, days: pl.DataFrame) -> None:
    """One goal alone: its path, its days, who changed it."""
    if goals.is_empty():
        gone = board.notice(
            "none", t("There is no such goal."), t("The list of goals has those that there are.")
        )
        board.show(gone, key="gone")
        return
    row = goals.row(0, named=True)
    days = days.filter(pl.col("goal_id") == row["goal_id"])
    saves = at.fresh("goal_saves", as_of=at.present_at).filter(pl.col("goal_id") == row["goal_id"])
    board.show(goal_view.cards(goals, days, at.today, is_single=True), key="card")
    board.show(goal_view.day_table(row, days), key="days")
    take_along.download(days, file_name=f"goal-{row['goal_id']}.csv", zone_name=at.zone_name)
    if saves.height:  # who saved it and why is told to those who answer for the floor
        board.show(goal_view.save_table(saves, zone_name=at.zone_name), key="saves")


layout.page(
    t("Goals"),
    content=content,
    filters=lambda _at: goal_desk.opened(),
    refresh_seconds=15,
    needs="nothing",
    about="everything",
)
goal_desk.show()
