"""The desk of what waits in the game room: one list to go through by keyboard, and beside it all that speaks for a decision.

In: held awards and disputes, what a person writes and presses. Out: decisions through `game_saves`.
The rule it guards: nobody decides about themselves; a refusal has words that the agent can read; the evidence and what the
agent says stand above the buttons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.game import game_saves, room_view
from dashboard.ui import choices, desk
from dashboard.words import t

if TYPE_CHECKING:
    from dashboard.game.room_desk import Room

DECISIONS = "game.decisions"
MOST_SHOWN = 60
Row = dict[str, Any]


def holds(room: Room) -> None:
    """The queue of held awards, or what was decided lately."""
    rows = room.holds
    guards = {name: room_view.guard_word(name) for name in sorted(set(rows["guard_name"].to_list()))}
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="room-filters"):
        is_waiting = _which() == "waiting"
        guard = choices.choice(t("Guard"), {"": t("All guards"), **guards}, key="guard", kind="list")
        asked = choices.search(t("Search"), key="q", hint=t("agent or rule"))
    found = rows.filter((pl.col("state_name") == "held") == is_waiting)
    found = found.filter(pl.col("guard_name") == guard) if guard else found
    shown = _searched(found, asked)
    if not is_waiting:
        label = t("Decided in the last 28 days")
        board.show(
            room_view.decided_table(shown, label=label, zone_name=room.at.zone_name, note_name="note_text"),
            key="room-decided",
        )
        return
    _queue(room, "holds", shown, "hold_id", room_view.hold_label, _hold, is_filtered=bool(guard or asked))


def disputes(room: Room) -> None:
    """The queue of disputes, or what was decided lately."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="room-filters"):
        is_waiting = _which() == "waiting"
        asked = choices.search(t("Search"), key="q", hint=t("agent or rule"))
    found = room.disputes.filter((pl.col("state_name") == "open") == is_waiting)
    shown = _searched(found, asked)
    if not is_waiting:
        label = t("Decided in the last 28 days")
        decided = [row for row in shown if row["state_name"] != "withdrawn"]
        board.show(
            room_view.decided_table(
                decided, label=label, zone_name=room.at.zone_name, note_name="answer_text"
            ),
            key="room-decided",
        )
        return
    _queue(room, "disputes", shown, "dispute_id", room_view.dispute_label, _dispute, is_filtered=bool(asked))


def _which() -> str:
    return choices.choice(t("Which"), {"waiting": t("Waiting"), "decided": t("Decided")}, key="state")


def _searched(found: pl.DataFrame, asked: str) -> list[Row]:
    rows = list(found.iter_rows(named=True))
    wanted = asked.casefold()
    return [row for row in rows if wanted in f"{row['agent_name']} {room_view.about(row)}".casefold()]


def _queue(
    room: Room,
    view: str,
    rows: Sequence[Row],
    id_name: str,
    label: Callable[[Row], str],
    one: Callable[[Room, Row], None],
    *,
    is_filtered: bool,
) -> None:
    """The list on one side, the chosen one on the other. J and K go on and back, the arrows too."""
    if not rows:
        board.show(room_view.nothing_waits(view, is_filtered=is_filtered), key="room-nothing")
        return
    shown = {row[id_name]: row for row in rows[:MOST_SHOWN]}
    ids = list(shown)
    place: list[int] = desk.kept(f"room-place-{view}", lambda: [0])
    start = min(place[0], len(ids) - 1)
    left, right = st.columns([4, 7], gap="large")
    with left:
        key = f"room-{view}-{len(ids)}-{ids[0]}"
        with st.container(horizontal=True, gap="small", key=f"room-step-{view}"):
            for word, icon, letter, by in (
                (t("Back"), "arrow_upward", "K", -1),
                (t("Next"), "arrow_downward", "J", 1),
            ):
                is_end = not 0 <= start + by < len(ids)
                if st.button(
                    word,
                    icon=f":material/{icon}:",
                    shortcut=letter,
                    disabled=is_end,
                    key=f"room-{icon}-{view}",
                ):
                    place[0] = start + by
                    choices.preset(key, ids[place[0]])
                    st.rerun()
        if choices.picked(key) is None:
            choices.preset(key, ids[start])
        chosen = st.radio(
            t("{n} wait, the longest first", n=len(rows)),
            ids,
            format_func=lambda n: f"{ids.index(n) + 1}. {label(shown[n])}",
            key=key,
        )
        number = chosen if chosen in shown else ids[0]
        place[0] = ids.index(number)
        if len(rows) > MOST_SHOWN:
            st.caption(t("The first {n} are shown; decide on some, and the next ones come.", n=MOST_SHOWN))
    with right, st.container(key=f"room-one-{view}"):
        one(room, shown[number])


def _is_own(room: Room, row: Row) -> bool:
    return room.at.viewer.agent_id is not None and room.at.viewer.agent_id == row["agent_id"]


def _hold(room: Room, row: Row) -> None:
    """One held award: evidence, answer, decision."""
    zone_name = room.at.zone_name
    board.show(room_view.hold_title(row, zone_name=zone_name), key="hold-title")
    board.show(room_view.evidence(row), key="hold-evidence")
    said = room_view.said(row, text_name="answer_text", at_name="answered_at", zone_name=zone_name)
    board.show(said, key="hold-said")
    if _is_own(room, row):
        board.show(room_view.about_oneself(), key="hold-own")
        return
    if not room.at.viewer.may_change(DECISIONS):
        return
    number = row["hold_id"]
    note = st.text_area(
        t("Your words to the agent"),
        height=90,
        max_chars=game_saves.MOST_LETTERS,
        key=f"hold-note-{number}",
        placeholder=t("They can read them. A refusal needs some; a release may go without."),
    )
    with st.container(horizontal=True, gap="small", key="hold-decide"):
        release = st.button(
            t("Release the award"), type="primary", icon=":material/check:", key=f"release-{number}"
        )
        refuse = st.button(t("Refuse it"), icon=":material/block:", key=f"refuse-{number}")
    if (release or refuse) and room.do(
        DECISIONS,
        game_saves.decide_hold,
        t("Released: it is posted with the next count.")
        if release
        else t("Refused. The agent can read your words."),
        agent_id=row["agent_id"],
        hold_id=number,
        is_released=release,
        note_text=note or "",
        actor_name=room.at.viewer.viewer_name,
        at=room.now,
    ):
        st.rerun()


def _dispute(room: Room, row: Row) -> None:
    """One dispute: what the agent says, what was counted, decision."""
    zone_name = room.at.zone_name
    board.show(room_view.dispute_title(row, zone_name=zone_name), key="dispute-title")
    said = room_view.said(row, text_name="reason_text", at_name="said_at", zone_name=zone_name)
    board.show(said, key="dispute-said")
    if row["entry_id"] is not None:
        evidence = room.at.fresh("game_evidence", agent_id=row["agent_id"], entry_id=row["entry_id"])
        board.show(room_view.counted(evidence), key="dispute-counted")
    elif row["hold_id"] is not None:
        held = room.holds.filter(pl.col("hold_id") == row["hold_id"])
        if held.height:
            board.show(room_view.evidence(held.row(0, named=True)), key="dispute-evidence")
    if _is_own(room, row):
        board.show(room_view.about_oneself(), key="dispute-own")
        return
    if not room.at.viewer.may_change(DECISIONS):
        return
    _decide_dispute(room, row)


def _decide_dispute(room: Room, row: Row) -> None:
    number = row["dispute_id"]
    answer = st.text_area(
        t("Your answer to the agent"),
        height=90,
        max_chars=game_saves.MOST_LETTERS,
        key=f"dispute-answer-{number}",
        placeholder=t("They can read it, whichever way you decide."),
    )
    points = 0
    if row["entry_id"] is not None:
        points = st.number_input(
            t("Correction, when you accept"),
            -game_saves.MOST_CORRECTION,
            game_saves.MOST_CORRECTION,
            0,
            key=f"dispute-points-{number}",
            help=t(
                "What is added to (below 0: taken from) the entry, as an entry of its own with your answer as its reason."
            ),
            width=260,
        )
    with st.container(horizontal=True, gap="small", key="dispute-decide"):
        accept = st.button(t("Accept"), type="primary", icon=":material/check:", key=f"accept-{number}")
        decline = st.button(t("Decline"), icon=":material/close:", key=f"decline-{number}")
    if (accept or decline) and room.do(
        DECISIONS,
        game_saves.decide_dispute,
        t("Accepted. The agent can read your answer.")
        if accept
        else t("Declined. The agent can read your answer."),
        agent_id=row["agent_id"],
        dispute_id=number,
        is_accepted=accept,
        answer_text=answer or "",
        actor_name=room.at.viewer.viewer_name,
        at=room.now,
        day_date=room.day_date,
        correction_points=int(points) if accept else 0,
    ):
        st.rerun()
