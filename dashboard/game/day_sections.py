"""The parts of the page My day: the day itself, and how one number of it came about.

In: the moment of the page, the agent, what the address opens. Out: blocks on the page.
The rule it guards: whatever stands here is asked as the person at the page; a supervisor's look is noted by the same
questions.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.board import Row
from dashboard.contacts import row_view
from dashboard.game import day_view, evidence_view, explain_view, game_switch, hold_view, trend_view
from dashboard.own.consents import BOARDS
from dashboard.ui import choices
from dashboard.ui.moments import Moment
from dashboard.words import t

SHOWN_DAYS = 14
TREND_WEEKS = 9
ANSWER_DAYS = 28
ALL_DAYS = {"first_date": date(1990, 1, 1), "last_date": date(2099, 12, 31)}
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


class Opened(NamedTuple):
    """What the address opens on the page: an entry, an award not written yet, a hold, a row of evidence; or the day."""

    entry_id: int | None = None
    award_key: str | None = None
    hold_id: int | None = None
    place_number: int | None = None


def opened() -> Opened:
    """What the address says."""
    choices.accept("entry", "award", "hold", "row")
    number = choices.number_in_address
    return Opened(number("entry"), st.query_params.get("award"), number("hold"), number("row"))


def standing(at: Moment, agent_id: int | None) -> Row | None:
    """Where the agent stands; None, with what to do on the page, where there is nobody, no game, or no rule that is on."""
    if not game_switch.is_on():
        board.show(day_view.switched_off(), key="switched-off")
        return None
    found = None if agent_id is None else at.calm("game_standing", agent_id=agent_id, as_of=at.now)
    if found is None or found.is_empty():
        board.show(day_view.nobody(is_person=at.viewer.role_name == "agent"), key="nobody")
        return None
    row = found.row(0, named=True)
    if not row["rules_count"] and not row["lifetime_points"] and not row["badges_count"]:
        board.show(day_view.no_rules(may_make=at.viewer.may_change("game.rules")), key="no-rules")
        return None
    return row


def day(at: Moment, row: Row, news: list[Row]) -> None:
    """The whole page of an agent's day."""
    agent_id, today = row["agent_id"], row["day_date"]
    of_agent = None if at.viewer.agent_id == agent_id else agent_id
    if news:
        board.show(day_view.good_news(news), key="good-news")
    first = today - timedelta(days=SHOWN_DAYS)
    entries = at.fresh("game_entries", agent_id=agent_id, first_date=first, last_date=today)
    awards = at.calm("game_today", agent_id=agent_id)
    stands = at.calm("game_stands", agent_id=agent_id, day_date=today).to_dicts()
    block = day_view.today(row, awards, entries, stands, at=at.now, is_own=of_agent is None)
    board.show(_with_agent(block, of_agent), key="today")
    held = at.fresh("game_holds", agent_id=agent_id, first_date=today - timedelta(days=ANSWER_DAYS))
    if (table := hold_view.holds(held, of_agent=of_agent)) is not None:
        board.show(table, key="holds")
    said = at.fresh("game_disputes", agent_id=agent_id, since_at=at.now - timedelta(days=ANSWER_DAYS))
    if (table := hold_view.disputes(said, zone_name=at.zone_name, of_agent=of_agent)) is not None:
        board.show(table, key="disputes")
    weeks = at.calm(
        "game_trend", agent_id=agent_id, first_date=today - timedelta(weeks=TREND_WEEKS), last_date=today
    )
    trends = trend_view.trends(weeks, row)
    if trends["cards"]:
        board.show(trends, key="trends")
    board.show(day_view.days(entries, held, of_agent=of_agent), key="days")
    allowed = at.fresh("consents", agent_id=agent_id)
    board.show(hold_view.privacy(allowed, BOARDS, zone_name=at.zone_name), key="privacy")


def entry(at: Moment, row: Row, wanted: Opened) -> None:
    """How one number came about, down to its calls."""
    agent_id = row["agent_id"]
    of_agent = None if at.viewer.agent_id == agent_id else agent_id
    back = f"my-day?agent={of_agent}" if of_agent is not None else "my-day?"
    board.show(row_view.trail(row_view.way(t("Back"), back, is_back=True)), key="back")
    if wanted.hold_id is not None:
        _hold(at, agent_id, wanted.hold_id)
        return
    found = _entry_row(at, agent_id, wanted)
    if found is None:
        gone = t("It may have changed while the day went on. The day has what stands now.")
        board.show(board.notice("none", t("This is not there any more"), gone, page=True), key="gone")
        return
    evidence = _evidence(at, agent_id, wanted)
    if wanted.place_number is not None and evidence_view.days_asked(found) is not None:
        _row_of(at, found, evidence, wanted)
        return
    board.show(explain_view.heading(found, at.zone_name), key="entry")
    if wanted.entry_id is not None:
        said = at.fresh("game_disputes", agent_id=agent_id, since_at=LONG_AGO)
        blocks = hold_view.dispute_notices(said.filter(pl.col("entry_id") == wanted.entry_id), at.zone_name)
        for place, block in enumerate(blocks):
            board.show(block, key=f"said-{place}")
    board.show(explain_view.steps(found, evidence), key="steps")
    if evidence or wanted.award_key is not None:
        table = evidence_view.evidence_table(evidence, found, agent_id=agent_id, of_agent=of_agent)
        board.show(table, key="evidence")


def _entry_row(at: Moment, agent_id: int, wanted: Opened) -> dict[str, Any] | None:
    if wanted.entry_id is not None:
        found = at.fresh("game_entries", agent_id=agent_id, entry_id=wanted.entry_id, **ALL_DAYS)
        return found.row(0, named=True) if found.height else None
    awards = at.calm("game_today", agent_id=agent_id).filter(pl.col("entry_key") == wanted.award_key)
    if awards.is_empty():
        return None
    unwritten = {"kind_name": "award", "recorded_at": None, "reason_text": None, "actor_name": None}
    return {**awards.row(0, named=True), **unwritten}


def _evidence(at: Moment, agent_id: int, wanted: Opened) -> list[dict[str, Any]]:
    if wanted.entry_id is None:
        return []
    return at.calm("game_evidence", agent_id=agent_id, entry_id=wanted.entry_id).to_dicts()


def _row_of(at: Moment, found: Row, evidence: list[dict[str, Any]], wanted: Opened) -> None:
    """One row of evidence that spans several days, day by day."""
    row = next((one for one in evidence if one["place_number"] == wanted.place_number), None)
    asked = evidence_view.days_asked(found)
    if row is None or asked is None:
        return
    days = at.calm(
        "game_evidence_days",
        agent_id=found["agent_id"],
        entry_id=wanted.entry_id,
        place_number=wanted.place_number,
        start_date=date.fromisoformat(json.loads(found["workings_text"]).get("start_date", "1990-01-01")),
        **asked,
    ).to_dicts()
    board.show(explain_view.heading(found, at.zone_name), key="entry")
    board.show(evidence_view.days_table(days, row, found, agent_id=found["agent_id"]), key="evidence-days")


def _hold(at: Moment, agent_id: int, hold_id: int) -> None:
    found = at.fresh("game_holds", agent_id=agent_id, first_date=date(1990, 1, 1)).filter(
        pl.col("hold_id") == hold_id
    )
    if found.is_empty():
        gone = t("The day has what stands now.")
        board.show(board.notice("none", t("This is not there any more"), gone, page=True), key="gone")
        return
    row = found.row(0, named=True)
    blocks = hold_view.hold(row, at.zone_name)
    said = at.fresh("game_disputes", agent_id=agent_id, since_at=LONG_AGO)
    blocks += hold_view.dispute_notices(said.filter(pl.col("hold_id") == hold_id), at.zone_name)
    for place, block in enumerate(blocks):
        board.show(block, key=f"hold-{place}")


def _with_agent(block: Any, of_agent: int | None) -> Any:
    """The block with the agent in each address of this page, where somebody else looks."""
    if of_agent is None:
        return block
    if isinstance(block, dict):
        return {
            key: f"{value}&agent={of_agent}"
            if key == "here" and isinstance(value, str) and value.startswith(("?", "badges?"))
            else _with_agent(value, of_agent)
            for key, value in block.items()
        }
    return [_with_agent(one, of_agent) for one in block] if isinstance(block, list) else block
