"""The desk of the rules: all of them with their switches, and for managers the way to make another one.

In: what the address names (`rule`, filters), what a manager types. Out: the list, or one rule with its editor.
The rule it guards: whoever may not publish finds every rule in plain words all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.game import room_rule_desk, room_rule_view
from dashboard.game.rule_texts import title_of
from dashboard.ui import choices
from dashboard.ui.editing import DRAFTS
from dashboard.words import t
from sql.game_rules import shipped

if TYPE_CHECKING:
    from dashboard.game.room_desk import Room

RULES = "game.rules"
NAME = re.compile(r"[a-z][a-z0-9-]{0,59}")


def show(room: Room) -> None:
    """The list, or the rule that the address names."""
    name = st.query_params.get("rule", "")
    if name:
        room_rule_desk.show(room, name)
        return
    may_make = room.at.viewer.may_change(RULES)
    if may_make:
        _new(room)
    if room.rules.is_empty():
        board.show(room_rule_view.no_rules(may_make=may_make), key="no-rules")
        return
    for block in room_rule_view.tables(_filtered(room.rules)):
        board.show(block, key=block["key"])


def _filtered(rules: pl.DataFrame) -> pl.DataFrame:
    kinds = [kind for kind in ("points", "badge", "streak", "level") if kind in rules["kind_name"]]
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="room-filters"):
        kind = choices.choice(
            t("Kind"),
            {"": t("All kinds"), **{one: room_rule_view.kind_word(one) for one in kinds}},
            key="kind",
        )
        state = choices.choice(
            t("State"), {"": t("On and off"), "on": t("On"), "off": t("Off")}, key="on", kind="list"
        )
        asked = choices.search(t("Search"), key="q", hint=t("rule or purpose")).casefold()
    found = rules.filter(pl.col("kind_name") == kind) if kind else rules
    found = found.filter(pl.col("is_on") == (state == "on")) if state else found
    if not asked:
        return found
    told = [
        asked
        in f"{title_of(row['spec_text'], row['rule_name'])} {row['rule_name']} {row['purpose_text']}".casefold()
        for row in found.iter_rows(named=True)
    ]
    return found.filter(pl.Series(told, dtype=pl.Boolean))


def _new(room: Room) -> None:
    known = set(room.rules["rule_name"].to_list())
    unsaved = [
        one for one in DRAFTS.names(room.at.viewer.viewer_name, room_rule_desk.KIND) if one not in known
    ]
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="room-new"):
        with st.popover(t("Make a rule"), icon=":material/add:"):
            texts = {name: one.spec_text for name, one in shipped.texts().items()}
            texts |= dict(zip(room.rules["rule_name"], room.rules["spec_text"], strict=True))
            like = st.selectbox(
                t("Begin with"),
                sorted(texts),
                format_func=lambda name: title_of(texts[name], name),
                key="rule-like",
            )
            name = st.text_input(
                t("Name"), max_chars=60, placeholder=t("quick-replies"), key="rule-new-name"
            ).strip()
            is_right = NAME.fullmatch(name) is not None and name not in known
            if name and not is_right:
                st.caption(
                    t(
                        "Small letters, digits and dashes, such as quick-replies; not one that is there already."
                    )
                )
            if st.button(t("Begin"), type="primary", disabled=not is_right, key="rule-begin") and like:
                room_rule_desk.begin(room, name, texts[like])
        for one in unsaved:
            if st.button(
                t("Go on with {name}", name=one), icon=":material/edit_note:", key=f"rule-go-on-{one}"
            ):
                choices.lead_to("rule", one)
