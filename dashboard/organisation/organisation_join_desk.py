"""Who is who in several systems: suggestions to tick, any name to give by hand, and how far the joins are.

In: what a person ticks or chooses. Out: a preview that says what moves, and after a confirmation the join.
The rule it guards: what cannot be taken apart again is said before it is confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st
from sqlalchemy import Connection

from dashboard import board
from dashboard.organisation import organisation, organisation_joins
from dashboard.organisation import organisation_view as view
from dashboard.organisation.organisation_rows import Row
from dashboard.organisation.organisation_save_desk import do, version
from dashboard.ui import choices, desk
from dashboard.ui.moments import Moment
from dashboard.words import t, t_count


def join(at: Moment) -> None:
    """Suggestions to tick, any key to give by hand, and how far the joins are."""
    kind = choices.choice(t("Join"), {"agent": t("Agents"), "queue": t("Queues")}, key="kind")
    keys: list[Row] = desk.change(at.viewer, "organisation", organisation.rows, sheet_name=f"{kind}_keys")
    people = {row[f"{kind}_id"]: row[f"{kind}_name"] for row in keys}
    board.show(
        {
            "kind": "section",
            "title": t("Probably the same"),
            "lead": t(
                "Tick who really is one and the same; their calls, tickets and states then count together."
            ),
        },
        key="join-head",
    )
    found = organisation_joins.suggestions(keys, kind=kind)
    gifts = _ticked(kind, keys, people, found) if found else []
    if not found:
        board.show(
            board.notice("good", t("Nobody seems to be there twice."), t("Below you can join by hand.")),
            key="none",
        )
    gifts += _by_hand(kind, keys, people)
    if gifts:
        _offer_join(at, kind, keys, people, gifts)
    board.show(
        view.move_table(
            desk.change(at.viewer, "organisation", organisation.key_moves), zone_name=at.zone_name
        ),
        key="moves",
    )


def _ticked(
    kind: str, keys: Sequence[Row], people: dict[int, str], found: Sequence[organisation_joins.Suggestion]
) -> list[tuple[str, str, int]]:
    """The suggestions as a table with boxes; the keys of the ticked ones with their new owner."""
    owner = f"{kind}_id"

    def spoken(of_id: int) -> str:
        return ", ".join(f"{row['source_name']}: {row['source_key']}" for row in keys if row[owner] == of_id)

    frame = pl.DataFrame(
        {
            "join": [False] * len(found),
            "from": [people[each.from_id] for each in found],
            "from_keys": [spoken(each.from_id) for each in found],
            "to": [people[each.to_id] for each in found],
            "to_keys": [spoken(each.to_id) for each in found],
            "why": [view.reason_word(each.reason_name) for each in found],
        }
    )
    of = st.column_config
    edited = st.data_editor(
        frame,
        key=f"suggested-{kind}-{version()}",
        hide_index=True,
        disabled=["from", "from_keys", "to", "to_keys", "why"],
        column_config={
            "join": of.CheckboxColumn(t("Join")), "from": of.TextColumn(t("This one")),
            "from_keys": of.TextColumn(t("known as")), "to": of.TextColumn(t("is")),
            "to_keys": of.TextColumn(t("known as")), "why": of.TextColumn(t("Why")),
        },
        width="stretch",
    )  # fmt: skip
    chosen = [each for each, is_ticked in zip(found, edited["join"].to_list(), strict=True) if is_ticked]
    return [
        (row["source_name"], row["source_key"], each.to_id)
        for each in chosen
        for row in keys
        if row[owner] == each.from_id
    ]


def _by_hand(kind: str, keys: Sequence[Row], people: dict[int, str]) -> list[tuple[str, str, int]]:
    """Any name of any system, given to any other agent or queue."""
    owner = f"{kind}_id"
    names = [f"{row['source_name']}: {row['source_key']} ({people[row[owner]]})" for row in keys]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        key = st.selectbox(
            t("This name"), range(len(keys)), index=None, format_func=lambda n: names[n], key=f"key-{kind}-{version()}",
            placeholder=t("Choose a name of a system"),
        )  # fmt: skip
        to_id = st.selectbox(
            t("belongs to"), list(people), index=None, format_func=lambda n: f"{people[n]} · {n}",
            key=f"to-{kind}-{version()}", placeholder=t("Choose to whom it belongs"),
        )  # fmt: skip
    if key is None or to_id is None or keys[key][owner] == to_id:
        return []
    return [(keys[key]["source_name"], keys[key]["source_key"], to_id)]


def _offer_join(
    at: Moment, kind: str, keys: Sequence[Row], people: dict[int, str], gifts: list[tuple[str, str, int]]
) -> None:
    """Says what each join moves, warns of what cannot be taken apart again, and offers the button."""
    row_of = {(row["source_name"], row["source_key"]): row for row in keys}
    owner = f"{kind}_id"
    lines = []
    for source_name, source_key, to_id in gifts:
        row = row_of[source_name, source_key]
        is_mixed = any(k["source_name"] == source_name and k[owner] == to_id for k in keys)
        lines.append(
            (f"{source_name}: {source_key}", people[row[owner]], people[to_id], row["has_past"], is_mixed)
        )
    board.show(view.join_table(lines), key="join-preview")
    if any(is_mixed for *_, is_mixed in lines):
        board.show(view.mixed_notice(), key="join-mixed")
    if st.button(
        t_count("Join {n} name", "Join {n} names", len(gifts)), type="primary", icon=":material/merge:"
    ):
        do(at, _save_join, done=t("Joined. The loader moves what belongs to them."), kind=kind, gifts=gifts)


def _save_join(connection: Connection, *, kind: str, gifts: list[tuple[str, str, int]], **who: Any) -> None:
    organisation.save(connection, organisation.given_away(connection, kind, gifts), **who)
