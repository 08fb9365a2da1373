"""Definitions: what does this number mean, how is it made, and since when is it made that way?"""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from dashboard import board
from dashboard.definitions import definition_table_view, definition_view
from dashboard.filters import Filters, filters_of
from dashboard.ui import choices, layout, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t


class Chosen(NamedTuple):
    """What the reader searches for, and the group looked at; empty for all."""

    text: str
    group_name: str


def filters(_at: Moment) -> Chosen:
    groups = {"": t("All groups")} | {
        name: definition_view.group_word(name) for name in definition_view.groups()
    }
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="search-bar"):
        with st.container(width=340):
            text = choices.search(
                t("Search the definitions"), key="search", hint=t("Search: wait, transfer, FCR")
            )
        with st.container(width=260):
            group = choices.choice(t("Group"), groups, key="group", kind="list")
    return Chosen(text, group)


def content(at: Moment, chosen: Chosen) -> None:
    yesterday = filters_of({"period": "yesterday"}, today=at.today)
    if draw_one(yesterday):
        return
    shown = definition_view.found(chosen.text, chosen.group_name)
    if not chosen.text and chosen.group_name in ("", definition_view.groups()[0]):
        own = at.calm("queue_together", **yesterday.window(at.zone_name))
        row = own.row(0, named=True) if own.height else None
        board.show(definition_view.eight(row, yesterday), key="eight")
    for place, group in enumerate(definition_view.groups()):
        of_group = [one for one in shown if one.group == group]
        if of_group:
            is_open = bool(chosen.text or chosen.group_name)
            block = definition_view.cards(
                definition_view.group_word(group),
                of_group,
                filters=yesterday,
                is_open=is_open,
                is_foldable=True,
            )
            board.show(block, key=f"group-{place}")
    columns = definition_view.found_columns(chosen.text) if not chosen.group_name else []
    if not shown and not columns:
        board.show(definition_view.nothing_found(chosen.text), key="nothing")
    if columns:
        board.show(definition_table_view.count_table(columns), key="columns")
    if not chosen.text and not chosen.group_name:
        board.show(definition_table_view.settings_table(at.calm("queue_settings")), key="settings")
        board.show(definition_table_view.version_table(), key="versions")
    if shown:
        take_along.download(
            definition_table_view.as_frame(shown), file_name="definitions.csv", zone_name=at.zone_name
        )


def draw_one(yesterday: Filters) -> bool:
    """The one definition that the address names; False where it names none, or one that there is not."""
    name = st.query_params.get("metric")
    if name is None:
        return False
    found = [one for one in definition_view.found("", "") if one.name == name]
    if not found:
        board.show(definition_view.unknown_metric(name), key="unknown")
        return False
    title = definition_view.group_word(found[0].group)
    board.show(definition_view.cards(title, found, filters=yesterday, chosen_name=name), key="one")
    if st.button(t("All definitions"), icon=":material/arrow_back:", key="all"):
        st.query_params.pop("metric", None)
        st.rerun()
    return True


layout.page(
    t("Definitions"), content=content, filters=filters, refresh_seconds=300, needs="nothing", about="upkeep"
)
