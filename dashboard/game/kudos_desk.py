"""The desk of the page Kudos: thank a colleague, take that back for half an hour, hide what should not stand there.

In: the person at the page. Out: thanks kept through `desk.change`, and the feed beside the form.
The rule it guards: what is refused says why and loses no word that was typed; whoever answers for people hides with a note.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.game import kudos_saves, kudos_view
from dashboard.game.kudos_saves import CATEGORIES, MOST_LETTERS, UNDO_MINUTES, Thanks
from dashboard.game.social_desk import did, refused
from dashboard.ui import moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

FEED_SECONDS = 20
OWN, DECISIONS = "game.own", "game.decisions"


def feed_of(at: Moment) -> pl.DataFrame:
    """What the reader may read, of the last weeks."""
    start = at.present_at - timedelta(days=kudos_view.FEED_DAYS)
    return at.fresh("game_kudos", window_start=start, window_end=at.present_at + timedelta(minutes=1))


def show() -> None:
    """The form on the left, the feed on the right; on a phone one below the other."""
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(visit.viewer())
        if not at.viewer.may_change(OWN):
            st.fragment(_feed, run_every=FEED_SECONDS)()
            return
        left, right = st.columns([2, 3], gap="large")
        with left:
            _form(at)
            _undo(at)
            _hide(at)
        with right:
            st.fragment(_feed, run_every=FEED_SECONDS)()


def _feed() -> None:
    with suppress(WarehouseError):
        at = moments.moment(visit.viewer())
        feed = feed_of(at)
        if feed.is_empty():
            has_colleagues = not at.calm("game_colleagues").is_empty()
            board.show(kudos_view.empty(has_colleagues=has_colleagues), key="feed")
            return
        board.show(kudos_view.feed_block(feed, zone_name=at.zone_name), key="feed")


def _form(at: Moment) -> None:
    colleagues = at.calm("game_colleagues")
    board.show(
        {
            "kind": "section",
            "title": t("Thank a colleague"),
            "lead": t("One sentence about what they did says more than a grade."),
        },
        key="thank-title",
    )
    if colleagues.is_empty():
        lead = t("There is nobody in your list yet: your team, and colleagues who allow their name.")
        board.show(board.notice("none", t("Nobody to thank"), lead), key="nobody")
        return
    by_id = {row["agent_id"]: row for row in colleagues.to_dicts()}
    with st.form("thank", border=False):
        to = st.selectbox(
            t("Whom"),
            list(by_id),
            index=None,
            format_func=lambda one: _person(by_id[one]),
            placeholder=t("A colleague"),
        )
        category = st.selectbox(t("What for"), CATEGORIES, format_func=kudos_view.category_word)
        message = st.text_area(t("What they did"), max_chars=MOST_LETTERS, height=120)
        contact = st.text_input(
            t("Contact it was about (optional)"),
            max_chars=200,
            placeholder=t("its number, as on the page Contacts"),
        )
        if not st.form_submit_button(t("Thank"), type="primary", icon=":material/favorite:"):
            return
    if to is None:
        refused(t("Choose whom you thank."))
        return
    thanks = Thanks(to, category, message, contact_id=contact.strip() or None)
    if did(at, OWN, kudos_saves.give, thanks=thanks, agent_id=at.viewer.agent_id):
        st.rerun()


def _person(row: dict[str, Any]) -> str:
    team = f" · {row['team_name']}" if row["team_name"] else ""
    return f"{words.name(row['agent_name'])}{team}"


def _undo(at: Moment) -> None:
    """A button for each of the reader's own thanks that can still be taken back."""
    since = at.present_at - timedelta(minutes=UNDO_MINUTES)
    own = feed_of(at).filter(
        pl.col("is_given_by_me") & (pl.col("given_at") > since) & (pl.col("state_name") == "standing")
    )
    for row in own.head(3).to_dicts():
        label = t("Take back: thanks to {name}", name=words.name(row["agent_name"]))
        if st.button(label, icon=":material/undo:", key=f"undo-{row['kudos_id']}") and did(
            at, OWN, kudos_saves.take_back, kudos_id=row["kudos_id"], agent_id=at.viewer.agent_id
        ):
            st.rerun()


def _hide(at: Moment) -> None:
    """For whoever answers for agents: a thank-you out of the feed, or back into it."""
    mine = feed_of(at).filter(pl.col("is_mine_to_hide"))
    if mine.is_empty() or not at.viewer.may_change(DECISIONS):
        return
    rows = {row["kudos_id"]: row for row in mine.to_dicts()}
    with st.expander(t("Hide thanks that should not stand there"), icon=":material/visibility_off:"):
        chosen = st.selectbox(
            t("Which"), list(rows), index=None, format_func=lambda one: _short(rows[one]), key="hide-which"
        )
        if chosen is None:
            return
        row = rows[chosen]
        given = {"agent_id": row["agent_id"], "kudos_id": chosen}
        if row["state_name"] == "hidden":
            if st.button(t("Show it again"), icon=":material/visibility:", key="show-again") and did(
                at, DECISIONS, kudos_saves.show_again, **given
            ):
                st.rerun()
            return
        note = st.text_input(t("Why"), max_chars=300, key="hide-why")
        if st.button(t("Hide it"), key="hide") and did(
            at, DECISIONS, kudos_saves.hide, note_text=note, **given
        ):
            st.rerun()


def _short(row: dict[str, Any]) -> str:
    return f"{words.name(row['agent_name'])}: {row['message_text'][:60]}"
