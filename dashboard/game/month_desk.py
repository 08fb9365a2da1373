"""The desk of the page Employee of the month: ask for the proposals, decide, take that back; let one's own name stand there.

In: the person at the page. Out: months kept through `desk.change`.
The rule it guards: the rule proposes, a person decides and says why, the chosen one says whether the name is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.game import month_pick, month_saves, month_view
from dashboard.game.month_pick import Picked
from dashboard.game.social_desk import did
from dashboard.ui import moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

OWN, RULES = "game.own", "game.rules"
OFFERED = 3


def show() -> None:
    """The word of whoever was chosen; the choice, for those who make it."""
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(visit.viewer())
        _answers(at)
        if at.viewer.may_change(RULES):
            _choice(at)


def _answers(at: Moment) -> None:
    months = at.fresh("game_months").filter(pl.col("is_me"))
    for row in months.to_dicts():
        month = month_view.month_word(row["month_date"])
        given = {"agent_id": at.viewer.agent_id, "month_date": row["month_date"]}
        if (
            row["state_name"] in ("decided", "unnamed")
            and st.button(
                t("Let my name stand there: {month}", month=month),
                type="primary" if row["state_name"] == "decided" else "secondary",
                icon=":material/visibility:",
                key=f"allow-{row['month_date']}",
            )
            and did(at, OWN, month_saves.answer, is_allowed=True, **given)
        ):
            st.rerun()
        if (
            row["state_name"] in ("decided", "named")
            and st.button(
                t("Without my name: {month}", month=month),
                icon=":material/visibility_off:",
                key=f"forbid-{row['month_date']}",
            )
            and did(at, OWN, month_saves.answer, is_allowed=False, **given)
        ):
            st.rerun()


def picked(at: Moment, month: date) -> tuple[Picked, dict[int, dict[str, Any]]]:
    """What the rule proposes for a month now, and what else is known of each."""
    limits = at.fresh("game_social_settings", as_of=at.present_at).row(0, named=True)
    evidence = at.fresh("game_month_evidence", month_date=month).to_dicts()
    days = at.fresh("game_month_days", month_date=month).to_dicts()
    found = month_pick.picked_of(days, evidence, limits, month)
    return found, {row["agent_id"]: row for row in evidence}


def _choice(at: Moment) -> None:
    months = [month_pick.month_before(at.today)]
    while len(months) < OFFERED:
        months.append(month_pick.month_before(months[-1]))
    board.show(
        {
            "kind": "section",
            "title": t("The choice"),
            "lead": t("Three are proposed, each with the evidence. You decide, and say why."),
        },
        key="choice-title",
    )
    with st.container(width=280, key="month-choice"):
        month = st.selectbox(t("Month"), months, format_func=month_view.month_word, key="month")
    kept = at.fresh("game_month_proposals", month_date=month)
    state = kept[0, "state_name"] if kept.height else None
    if state is None:
        _propose(at, month)
        return
    board.show(month_view.kept_cards(kept), key="kept-proposals")
    if state == "proposed":
        _decide(at, month, kept)
    elif (
        state in ("decided", "nobody")
        and st.button(t("Take the decision back"), icon=":material/undo:", key="again")
        and did(at, RULES, month_saves.again, month_date=month)
    ):
        st.rerun()


def _propose(at: Moment, month: date) -> None:
    found, evidence = picked(at, month)
    if not found.proposals:
        board.show(month_view.nobody(found, month), key="nobody")
        return
    board.show(month_view.live_cards(found, evidence), key="live-proposals")
    board.show(board.notice("none", t("How these were found"), month_view.why_these(found)), key="why")
    if st.button(
        t("Put these three to the choice"), type="primary", icon=":material/how_to_vote:", key="propose"
    ):
        told = [(one, month_view.evidence_of(one, evidence[one.agent_id])) for one in found.proposals]
        if did(at, RULES, month_saves.propose, month_date=month, proposals=told):
            st.rerun()


def _decide(at: Moment, month: date, kept: pl.DataFrame) -> None:
    people: Mapping[int | None, str] = {
        **{row["agent_id"]: words.name(row["agent_name"]) for row in kept.to_dicts()},
        None: t("Nobody this month"),
    }
    with st.form("decide", border=True):
        chosen = st.selectbox(t("Who"), list(people), format_func=lambda one: people[one])
        reason = st.text_area(
            t("Why (the chosen one reads it, and everybody if the name may stand there)"), max_chars=600
        )
        if not st.form_submit_button(t("Decide"), type="primary", icon=":material/verified:"):
            return
    given: dict[str, Any] = {"month_date": month, "reason_text": reason}
    done = (
        did(at, RULES, month_saves.choose_nobody, **given)
        if chosen is None
        else did(at, RULES, month_saves.decide, of_agent_id=chosen, **given)
    )
    if done:
        st.rerun()
