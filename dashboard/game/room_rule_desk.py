"""The desk of one rule: what it says, for managers its form and its text, its versions, its preview, and publishing it.

In: the rule that the address names, what a manager types. Out: a draft, its preview, versions through `room_saves`.
The rule it guards: what is published was looked at: without a preview of these very words the button stays off.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import streamlit as st

from dashboard import access, board
from dashboard.game import (
    room_preview_view,
    room_rescore_desk,
    room_rule_form_desk,
    room_rule_view,
    room_saves,
)
from dashboard.game.rule_texts import rule_of
from dashboard.ui import choices, desk, moments, toml_edits
from dashboard.ui.editing import DRAFTS, Editing, text_field
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql import warehouse
from sql.game_rules import previewing
from sql.game_rules.previewing import Preview
from sql.game_rules.spec import GameError, Rule, parsed

if TYPE_CHECKING:
    from dashboard.game.room_desk import Room

KIND: Final = "rule"
RULES: Final = "game.rules"
PREVIEW_DAYS: Final = (7, 28, 56)
Row = dict[str, Any]


def begin(room: Room, name: str, like_text: str) -> None:
    """Opens the editor of a new rule that begins with another one's text."""
    document = toml_edits.document(like_text, lists=None)
    text = like_text
    if document is not None:
        text = toml_edits.written(toml_edits.changed(document, {"name": name}, lists=None))
    _editing(room.at, name, pl.DataFrame()).put(text)
    choices.lead_to("rule", name)


def _editing(at: Moment, name: str, versions: pl.DataFrame) -> Editing:
    stored = str(versions[0, "spec_text"]) if versions.height else None
    return Editing(
        at=at,
        kind_name=KIND,
        name=name,
        stored_text=stored,
        version_number=int(versions[0, "version_number"]) if versions.height else 0,
        begin_text="",
        lists=None,
        check=lambda text: parsed(text, f"{name}.toml"),
        errors=GameError,
    )


def show(room: Room, name: str) -> None:
    """One rule, whole."""
    if st.button(t("All rules"), icon=":material/arrow_back:", key="all-rules"):
        choices.lead_to("rule", None)
    found = room.rules.filter(pl.col("rule_name") == name)
    versions = room.at.fresh("game_rule_versions", rule_name=name)
    may_publish = room.at.viewer.may_change(RULES)
    has_draft = may_publish and DRAFTS.of(room.at.viewer.viewer_name, KIND, name) is not None
    if found.is_empty() and not has_draft:
        gone = t("There is no rule of that name."), t("The list of rules has those that there are.")
        board.show(board.notice("none", *gone), key="no-rule")
        return
    editing = _editing(room.at, name, versions)
    if found.height:
        row = found.row(0, named=True)
        board.show(room_rule_view.head(row, rule_of(row["spec_text"])), key="rule-head")
    else:
        section = {"kind": "section", "title": name, "lead": t("A new rule: nothing of it is published yet.")}
        board.show(section, key="rule-head")
    if may_publish:
        _editor(room, editing, versions)
        return
    rule = rule_of(editing.stored_text)
    if rule is not None:
        board.show(room_rule_view.says(rule), key="rule-says")
    _given(room, name)
    _versions(room, editing, versions)


def _editor(room: Room, editing: Editing, versions: pl.DataFrame) -> None:
    """The form, the text and the versions on one side; on the other what it would do, and publishing it."""
    left, right = st.columns([6, 7], gap="large")
    with left:
        form, text, past, words_tab = st.tabs([t("Form"), t("Text"), t("Versions"), t("In words")])
        with form:
            room_rule_form_desk.fields(editing)
        with text:
            text_field(
                editing,
                help_text=t(
                    "TOML: a line per value, [measure] before what is counted. Ctrl and Enter checks it."
                ),
            )
        with past:
            _versions(room, editing, versions)
            room_rescore_desk.show(room, editing.name, versions)
        with words_tab:
            rule = rule_of(editing.text)
            if rule is not None:
                board.show(room_rule_view.says(rule), key="rule-says")
            _given(room, editing.name)
    with right:
        _tell(editing)
        found = _preview(room, editing)
        _publish(room, editing, is_seen=found is not None)


def _tell(editing: Editing) -> None:
    """What keeps the draft from being published, with line and field; what differs from the version that stands."""
    fault = editing.fault
    if fault:
        board.show(room_rule_view.faults(fault), key="rule-fault")
    if editing.is_overtaken:
        board.show(room_rule_view.overtaken(), key="rule-overtaken")
        if st.button(t("Begin anew from theirs"), icon=":material/sync:"):
            editing.forget()
            st.rerun()
    if editing.is_changed and editing.stored_text is not None:
        lines = room_rule_view.diff(
            editing.stored_text,
            editing.text,
            before_name=t("version {n}", n=editing.version_number),
            after_name=t("not published"),
        )
        with st.expander(
            t("What you changed"), icon=":material/difference:", expanded=lines.count("\n") < 14
        ):
            st.code(lines, language="diff")


# ---- preview


def _preview(room: Room, editing: Editing) -> Preview | None:
    """The preview of these very words; None where nobody has asked for it yet."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="rule-preview"):
        days = st.selectbox(
            t("Over"), PREVIEW_DAYS, index=1, format_func=lambda n: t("the last {n} days", n=n), key="preview-days",
            width=180,
        )  # fmt: skip
        pressed = st.button(
            t("Preview"), icon=":material/visibility:", disabled=bool(editing.fault), key="preview-button"
        )
    kept: dict[tuple[str, int], Preview] = desk.kept(f"room-preview-{editing.name}", dict)
    asked = (editing.text, int(days))
    if pressed:
        rule, before = rule_of(editing.text), rule_of(editing.stored_text)
        last = room.day_date - timedelta(days=1)
        found = rule and tried(room, rule, last - timedelta(days=asked[1] - 1), last, against=before)
        if found:
            kept.clear()
            kept[asked] = found
    shown = kept.get(asked)
    if shown is None:
        if not editing.fault:
            board.show(room_preview_view.stale(), key="preview-none")
        return None
    sides = room_preview_view.sides(shown, days=asked[1], is_new=editing.stored_text is None)
    board.show(sides, key="preview-sides")
    board.show(room_preview_view.agents(shown), key="preview-agents")
    board.show(room_preview_view.samples(shown), key="preview-samples")
    return shown


def tried(room: Room, rule: Rule, first: date, last: date, *, against: Rule | None) -> Preview | None:
    """What the rule would give in these days, asked as whoever looks; None where it cannot be told, and the reason is."""
    viewer = room.at.viewer
    try:
        with access.transaction(moments.reading(warehouse.database_url(), viewer), viewer) as connection:
            return previewing.preview(connection, rule, first_date=first, last_date=last, against=against)
    except GameError as error:
        board.show(board.notice("off", t("No preview"), str(error)), key="preview-fault")
        return None


# ---- publishing


def _publish(room: Room, editing: Editing, *, is_seen: bool) -> None:
    """The buttons that publish the draft or throw it away, and the switch."""
    with st.container(border=True, key="rule-publish"):
        left, right = st.columns([2, 5])
        from_date = left.date_input(
            t("Valid from"), room.day_date, min_value=room.day_date, format="DD/MM/YYYY", key="publish-from"
        )
        why = right.text_input(
            t("Why"), max_chars=room_saves.LONGEST_REASON, key=editing.key("why"),
            placeholder=t("stands beside the version for good"),
        )  # fmt: skip
        is_able = is_seen and editing.is_changed and not editing.fault
        with st.container(horizontal=True, gap="small", key="rule-publish-buttons"):
            if st.button(
                t("Publish"),
                type="primary",
                icon=":material/publish:",
                disabled=not is_able,
                key="publish-button",
            ):
                _save(room, editing, editing.text, from_date, why)
            if editing.stored_text is not None:
                _switch(room, editing, from_date, why)
            if st.button(
                t("Throw the changes away"),
                icon=":material/undo:",
                disabled=not editing.is_changed,
                key="rule-undo",
            ):
                editing.forget()
                if editing.stored_text is None:
                    choices.lead_to("rule", None)
                st.rerun()
        st.caption(_next_step(editing, is_seen=is_seen))


def _next_step(editing: Editing, *, is_seen: bool) -> str:
    if editing.fault:
        return t("Mend what is told above; nothing is published before.")
    if not editing.is_changed:
        return t("This is what stands. What was earned stays under the version by which it was earned.")
    if not is_seen:
        return t(
            "Not published yet. Press Preview first: it is kept while Floorboard runs, also when this tab is closed."
        )
    return t("Looked at. It holds from the day you choose; days past stay as they are.")


def _switch(room: Room, editing: Editing, from_date: object, why: str) -> None:
    """Switches the version that stands off, or on again, whatever the draft says."""
    rule = rule_of(editing.stored_text)
    document = toml_edits.document(editing.stored_text or "", lists=None)
    if rule is None or document is None:
        return
    word = t("Switch it off") if rule.is_on else t("Switch it on")
    icon = ":material/toggle_off:" if rule.is_on else ":material/toggle_on:"
    if st.button(word, icon=icon, disabled=editing.is_changed, key="switch-button"):
        text = toml_edits.written(
            toml_edits.changed(document, {"is_on": False if rule.is_on else None}, lists=None)
        )
        _save(room, editing, text, from_date, why)


def _save(room: Room, editing: Editing, text: str, from_date: object, why: str) -> None:
    if room.do(
        RULES,
        room_saves.publish,
        t("Published. It counts from the day you chose."),
        rule_name=editing.name,
        spec_text=text,
        valid_from_date=from_date if isinstance(from_date, date) else room.day_date,
        why_text=why,
        day_date=room.day_date,
        version_number=editing.version_number,
        viewer_name=room.at.viewer.viewer_name,
        at=room.now,
    ):
        editing.forget()
        st.rerun()


# ---- the past


def _given(room: Room, name: str) -> None:
    found = room.at.fresh(
        "game_rule_given", rule_name=name, first_date=room.since_date, last_date=room.day_date
    )
    board.show(room_rule_view.given(found), key="rule-given")


def _versions(room: Room, editing: Editing, versions: pl.DataFrame) -> None:
    """Every version, and what differs between two of them."""
    table = room_rule_view.versions(versions, zone_name=room.at.zone_name, today=room.day_date)
    board.show(table, key="rule-versions")
    numbers = versions["version_number"].to_list()
    if not numbers:
        return
    texts = dict(zip(numbers, versions["spec_text"], strict=True))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="rule-compare"):
        before = st.selectbox(
            t("Compare version"),
            numbers,
            index=min(1, len(numbers) - 1),
            width=150,
            key=editing.key("before"),
        )
        after = st.selectbox(t("with"), numbers, index=0, width=150, key=editing.key("after"))
        may_take = room.at.viewer.may_change(RULES)
        if may_take and st.button(
            t("Begin with version {n}", n=before),
            icon=":material/history:",
            key="rule-take",
            disabled=before is None,
        ):
            editing.put(texts[before])
            st.rerun()
    lines = room_rule_view.diff(texts[before], texts[after], before_name=str(before), after_name=str(after))
    if lines:
        st.code(lines, language="diff")
    elif before != after:
        st.caption(t("Word for word the same: one of them switched it on or off."))
