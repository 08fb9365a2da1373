"""The desk where past days may be scored again: who asks says why, and somebody else looks at it before it happens.

In: a rule and its versions, the days, a reason. Out: a request and a decision through `room_saves`; the loader counts.
The rule it guards: nothing past changes by publishing; a second person approves, with words that stay.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.game import room_preview_view, room_saves
from dashboard.game.rule_texts import rule_of
from dashboard.words import t
from sql.game_rules.previewing import Preview

if TYPE_CHECKING:
    from dashboard.game.room_desk import Room

RULES = "game.rules"
LOOK_BACK = timedelta(days=92)


def show(room: Room, name: str, versions: pl.DataFrame) -> None:
    """What was asked for, what waits for a second person, and the form that asks."""
    if versions.is_empty():
        return
    found = room.at.fresh("game_rescores", since_at=room.at.now - LOOK_BACK)
    own = found.filter(pl.col("rule_name") == name)
    waiting = own.filter(pl.col("state_name") == "asked")
    with st.expander(
        t("Score past days again"), icon=":material/restart_alt:", expanded=bool(waiting.height)
    ):
        st.caption(
            t(
                "Past days stay under the version they had. Where that was a mistake, ask here; another manager approves."
            )
        )
        if own.height:
            board.show(room_preview_view.requests(own, zone_name=room.at.zone_name), key="rescores")
        if waiting.height:
            _decide(room, waiting.row(0, named=True), versions)
        else:
            _ask(room, name, versions)


def _ask(room: Room, name: str, versions: pl.DataFrame) -> None:
    yesterday = room.day_date - timedelta(days=1)
    left, middle, right = st.columns(3)
    number = left.selectbox(t("By version"), versions["version_number"].to_list(), key="rescore-version")
    first = middle.date_input(
        t("From"), yesterday - timedelta(days=6), max_value=yesterday, format="DD/MM/YYYY"
    )
    last = right.date_input(t("Until"), yesterday, max_value=yesterday, format="DD/MM/YYYY")
    why = st.text_input(t("Why they should be"), max_chars=room_saves.LONGEST_REASON, key="rescore-why")
    days = (first, last) if isinstance(first, date) and isinstance(last, date) else None
    seen = _preview(room, versions, int(number), days) if days else None
    if st.button(t("Ask for it"), icon=":material/send:", disabled=seen is None, key="rescore-ask") and days:
        done = room.do(
            RULES,
            room_saves.ask_rescore,
            t("Asked for. Another manager has to approve it."),
            rule_name=name,
            version_number=int(number),
            first_date=days[0],
            last_date=days[1],
            why_text=why,
            day_date=room.day_date,
            viewer_name=room.at.viewer.viewer_name,
            at=room.now,
        )
        if done:
            st.rerun()


def _preview(room: Room, versions: pl.DataFrame, number: int, days: tuple[date, date]) -> Preview | None:
    """Who would gain and lose in these days beside the version that held then; only when it is asked for."""
    from dashboard.game.room_rule_desk import tried

    if not st.toggle(t("Preview"), key=f"rescore-preview-{number}-{days[0]}-{days[1]}"):
        return None
    texts = dict(zip(versions["version_number"], versions["spec_text"], strict=True))
    held = versions.filter(pl.col("valid_from_date") <= days[0])
    before = rule_of(held[0, "spec_text"]) if held.height and held[0, "is_on"] else None
    rule = rule_of(texts[number])
    if rule is None:
        return None
    found = tried(room, rule, *days, against=before)
    if found is None:
        return None
    count = (days[1] - days[0]).days + 1
    board.show(room_preview_view.sides(found, days=count, is_new=before is None), key="rescore-sides")
    board.show(room_preview_view.agents(found), key="rescore-agents")
    return found


def _decide(room: Room, row: dict[str, Any], versions: pl.DataFrame) -> None:
    viewer = room.at.viewer
    is_alone = viewer.token is None
    if row["actor_name"] == viewer.viewer_name and not is_alone:
        st.caption(t("You have asked for it; another manager looks at it and decides."))
        return
    _preview(room, versions, row["version_number"], (row["first_date"], row["last_date"]))
    answer = st.text_input(
        t("Your reason"), max_chars=room_saves.LONGEST_REASON, key=f"rescore-answer-{row['run_id']}"
    )
    with st.container(horizontal=True, gap="small", key="rescore-decide"):
        approve = st.button(t("Approve"), type="primary", icon=":material/check:", key="rescore-approve")
        decline = st.button(t("Decline"), icon=":material/close:", key="rescore-decline")
    if (approve or decline) and room.do(
        RULES,
        room_saves.decide_rescore,
        t("Approved. It is counted within minutes.") if approve else t("Declined."),
        run_id=row["run_id"],
        is_approved=approve,
        answer_text=answer,
        is_alone=is_alone,
        viewer_name=viewer.viewer_name,
        at=room.now,
    ):
        st.rerun()
