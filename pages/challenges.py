"""Challenges: which contests run, where do I stand in them, and what can be won?"""

from __future__ import annotations

import polars as pl

from dashboard import board
from dashboard.game import contest_desk, contest_view
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t


def content(at: Moment, opened: int | None) -> None:
    if contest_desk.is_making():
        return
    contests = at.fresh("game_contests", as_of=at.present_at)
    tiers = at.calm("game_contest_tiers")
    if opened is not None:
        one(at, contests.filter(pl.col("contest_id") == opened), tiers.filter(pl.col("contest_id") == opened))
        return
    if contests.is_empty():
        board.show(contest_view.empty(may_make=at.viewer.may_change("game.contests")), key="empty")
        return
    over = pl.col("state_name").is_in(["finalised", "cancelled"])
    for key, found in (("cards", contests.filter(~over)), ("past", contests.filter(over))):
        if found.height:
            if key == "past":
                board.show({"kind": "section", "title": t("What has been")}, key="past-title")
            drawn = contest_view.cards(found, tiers, now=at.present_at, zone_name=at.zone_name)
            board.show(drawn, key=key)


def one(at: Moment, contests: pl.DataFrame, tiers: pl.DataFrame) -> None:
    """One contest alone: its terms, its places, its history."""
    if contests.is_empty():
        gone = board.notice("none", t("There is no such contest."), t("The list has those that there are."))
        board.show(gone, key="gone")
        return
    row = contests.row(0, named=True)
    drawn = contest_view.cards(contests, tiers, now=at.present_at, zone_name=at.zone_name, is_single=True)
    board.show(drawn, key="card")
    leads = at.viewer.may_change("game.contests")
    if row["state_name"] not in ("draft", "cancelled") and (leads or row["is_joined"]):
        found = at.fresh("game_contest_board", contest_id=row["contest_id"])
        for place, block in enumerate(contest_view.places(row, found, tiers, sees_all=leads)[0]):
            board.show(block, key=f"places-{place}")
    if leads:
        moves = at.fresh("game_contest_moves", contest_id=row["contest_id"])
        board.show(contest_view.move_table(moves, zone_name=at.zone_name), key="moves")


layout.page(
    t("Challenges"),
    content=content,
    filters=lambda _at: contest_desk.opened(),
    refresh_seconds=20,
    needs="nothing",
    about="everything",
)
contest_desk.show()
