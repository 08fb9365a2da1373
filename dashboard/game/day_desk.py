"""What an agent can do on the page of their day: be told good news once, disagree, answer, take that back, show or hide
the name.

In: the person at the page and what its address opens. Out: disputes, answers, consents, moments that were seen.
The rule it guards: only the agent speaks for themselves here, whoever else looks; what the page has shown once is not
shown again as new.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.board import Row
from dashboard.game import game_saves, game_switch
from dashboard.game.day_sections import LONG_AGO, opened
from dashboard.own import own_desk
from dashboard.ui import clock, desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.game_rules.spec import GameError
from sql.warehouse import WarehouseError

OWN = "game.own"
MOST_NEWS = 6


def news(at: Moment, agent_id: int) -> list[Row]:
    """The good news of this visit: what was not seen before, and what this tab was told meanwhile; noted as seen at once.

    None for anybody else than the agent: for them nothing is new, and nothing counts as seen.
    """
    if at.viewer.agent_id != agent_id:
        return []
    told: list[Row] = desk.kept("good-news", list)
    known = {row["moment_id"] for row in told}
    found = at.fresh("game_moments", agent_id=agent_id, since_at=at.now)
    fresh = [
        row for row in found.filter(pl.col("seen_at").is_null()).to_dicts() if row["moment_id"] not in known
    ]
    if fresh:
        with suppress(WarehouseError):  # it is told all the same, and once more at the next visit
            numbers = [row["moment_id"] for row in fresh]
            desk.change(
                at.viewer, OWN, game_saves.moments_seen, agent_id=agent_id, moment_ids=numbers, at=clock.now()
            )
        told[:0] = fresh
        del told[MOST_NEWS:]
    return told


def show() -> None:
    """The desk below the page's content."""
    if not game_switch.is_on():
        return
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(visit.viewer())
        agent_id = own_desk.agent_of(at)
        if agent_id is None or at.viewer.agent_id != agent_id:
            return
        wanted = opened()
        if wanted.hold_id is not None:
            _hold(at, agent_id, wanted.hold_id)
        elif wanted.entry_id is not None:
            _entry(at, agent_id, wanted.entry_id)
        elif wanted.award_key is None:
            own_desk.board_switches(at, agent_id)
            if desk.kept("good-news", list) and st.button(
                t("Put the good news away"), icon=":material/done_all:", key="news-read"
            ):
                desk.forget("good-news")
                st.rerun()


def _entry(at: Moment, agent_id: int, entry_id: int) -> None:
    """Disagreeing with an entry, or taking that back."""
    said = at.fresh("game_disputes", agent_id=agent_id, since_at=LONG_AGO)
    waiting = said.filter((pl.col("entry_id") == entry_id) & (pl.col("state_name") == "open"))
    if waiting.height:
        _withdraw(at, agent_id, int(waiting[0, "dispute_id"]))
        return
    with st.expander(t("I disagree with this"), icon=":material/flag:"), st.form("disagree", border=False):
        st.caption(t("A person looks at it and answers you. Until then it stays as it is."))
        reason = st.text_area(t("What is wrong with it?"), max_chars=game_saves.MOST_LETTERS, key="reason")
        if st.form_submit_button(t("Say so"), type="primary"):
            _do(
                at,
                game_saves.say_dispute,
                agent_id=agent_id,
                entry_id=entry_id,
                reason_text=reason,
            )


def _hold(at: Moment, agent_id: int, hold_id: int) -> None:
    """Answering before somebody decides; disagreeing with what was decided."""
    found = at.fresh("game_holds", agent_id=agent_id, first_date=LONG_AGO.date()).filter(
        pl.col("hold_id") == hold_id
    )
    if found.is_empty():
        return
    row = found.row(0, named=True)
    if row["state_name"] == "held":
        with st.form("answer", border=False):
            st.caption(t("Whoever decides reads it first. You can put it better until then."))
            text = st.text_area(
                t("What do you say to it?"),
                value=row["answer_text"] or "",
                max_chars=game_saves.MOST_LETTERS,
                key="answer-text",
            )
            if st.form_submit_button(t("Keep the answer"), type="primary"):
                _do(
                    at,
                    game_saves.answer_hold,
                    agent_id=agent_id,
                    hold_id=hold_id,
                    answer_text=text,
                )
        return
    if row["open_dispute_id"] is not None:
        _withdraw(at, agent_id, int(row["open_dispute_id"]))
    elif row["state_name"] == "refused":
        with (
            st.expander(t("I disagree with this"), icon=":material/flag:"),
            st.form("disagree", border=False),
        ):
            reason = st.text_area(
                t("What is wrong with it?"), max_chars=game_saves.MOST_LETTERS, key="reason"
            )
            if st.form_submit_button(t("Say so"), type="primary"):
                _do(
                    at,
                    game_saves.say_dispute,
                    agent_id=agent_id,
                    hold_id=hold_id,
                    reason_text=reason,
                )


def _withdraw(at: Moment, agent_id: int, dispute_id: int) -> None:
    if st.button(t("I no longer disagree"), icon=":material/undo:", key="withdraw"):
        _do(
            at,
            game_saves.withdraw_dispute,
            agent_id=agent_id,
            dispute_id=dispute_id,
            actor_name=at.viewer.viewer_name,
        )


def _do(visited: Moment, work: Callable[..., object], **values: object) -> None:
    try:
        desk.change(visited.viewer, OWN, work, at=clock.now(), **values)
    except (GameError, WarehouseError) as error:
        board.show(board.notice("off", t("Not saved"), str(error)), key="refused")
        return
    st.rerun()
