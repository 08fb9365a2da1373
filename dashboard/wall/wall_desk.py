"""The page Walls: the boards that this person may see as living pictures, playlists, and a sentence to the whole floor.

In: the part that the address names, what is chosen and typed there. Out: pictures, editors, messages through `desk.change`.
The rule it guards: whoever looks finds the boards of their audience alone; what they may not change is not offered.
"""

from __future__ import annotations

import json
from contextlib import suppress
from contextvars import copy_context
from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard import board as blocks
from dashboard import state_view
from dashboard.board import Block
from dashboard.ui import choices, desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.wall import (
    boards,
    playlists,
    wall_board_desk,
    wall_playlist_desk,
    wall_preview,
    wall_saves,
    wall_view,
)
from dashboard.wall.address import Wall
from dashboard.wall.boards import Board, WallError
from dashboard.wall.screen import Screen
from dashboard.wall.thresholds import Standings
from dashboard.wall.wall_editor_desk import BOARDS, TELL, do
from dashboard.words import t
from sql.warehouse import WarehouseError

PART, BOARD, PLAYLIST = "part", "board", "playlist"
LASTING = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 480))
LONGEST_MESSAGE = 200
PICTURE_SECONDS = 3


def choose(at: Moment) -> str:
    """The choice of the part, in the page's head."""
    return choices.choice(t("Part"), parts(at), key=PART)


def parts(at: Moment) -> dict[str, str]:
    """The parts of the page that this person has."""
    return wall_view.parts(may_tell=at.viewer.may_change(TELL))


def opened(part: str, at: Moment) -> str | None:
    """The board or playlist whose editor is open, for those who may change it."""
    key = {"boards": BOARD, "playlists": PLAYLIST}.get(part)
    return st.query_params.get(key) if key and at.viewer.may_change(BOARDS) else None


def draw(at: Moment, part: str) -> None:
    """The part as it stands now, drawn anew every few seconds; a desk that could not be drawn is tried again."""
    if _failed()[0]:
        _failed()[0] = False
        st.rerun()
    if opened(part, at) is not None:
        return
    if part == "boards":
        _gallery(at)
    elif part == "playlists":
        _playlists(at)


def show() -> None:
    """What can be changed in the part that is open.

    Where the warehouse does not answer at all, the page above it says so; where only a question of the desk fails, the desk
    does, and it comes up by itself once it is answered.
    """
    try:
        at = moments.moment(visit.viewer())
    except WarehouseError:
        return
    try:
        _desk(at)
    except WarehouseError as error:
        _failed()[0] = True
        blocks.show(state_view.trouble(error), key="desk-trouble")


def _desk(at: Moment) -> None:
    part = choices.address(PART, list(parts(at)))
    name = opened(part, at)
    if part == "message":
        _tell(at)
        st.fragment(_told, run_every=PICTURE_SECONDS)()
    elif not at.viewer.may_change(BOARDS):
        return
    elif part == "boards":
        wall_board_desk.show(at, name) if name else wall_board_desk.new(at)
    else:
        wall_playlist_desk.show(at, name) if name else wall_playlist_desk.new(at)


def _failed() -> list[bool]:
    """Whether the desk of this tab could not be drawn at its last turn."""
    return desk.kept("wall-desk-failed", lambda: [False])


# ---- the gallery


def seen_boards(at: Moment) -> list[tuple[str, Board | WallError]]:
    """Every board that this person may see, in its order; with the reason one that cannot be drawn any more."""
    rows = at.fresh("wall_boards")
    found: list[tuple[str, Board | WallError]] = []
    for name in boards.names(rows):
        try:
            one = boards.find(name, rows)
        except WallError as error:
            if at.viewer.may_change(BOARDS):
                found.append((name, error))
            continue
        if boards.may_see(one, at.viewer.role_name):
            found.append((name, one))
    return found


def _gallery(at: Moment) -> None:
    found = seen_boards(at)
    if not found:
        blocks.show(wall_view.nothing_for_you(), key="no-boards")
        return
    own = set(boards.texts(at.fresh("wall_boards")))
    cards = [_card(at, name, one, is_own=name in own) for name, one in found]
    wall_preview.show(cards, key="gallery", label=t("Boards"))


def _card(at: Moment, name: str, one: Board | WallError, *, is_own: bool) -> Block:
    wall_text = wall_preview.address_of(board_names=(name,))
    if isinstance(one, WallError):
        return wall_preview.card(name, name, one, links=_links(at, "board", name, wall_text))
    return wall_preview.card(
        name,
        t(one.title),
        _made(at, Wall(board_names=(name,))),
        audience=wall_view.audience_word(one.audience),
        lead=wall_view.origin_word("site" if is_own else "shipped", is_changed=name in boards.shipped()),
        address_text=wall_text,
        links=_links(at, "board", name, wall_text),
    )


def _made(at: Moment, wall: Wall) -> dict[str, Any] | WallError:
    """What the wall of that address shows this person now, made by the very same hand."""
    screens: dict[Wall, Screen] = desk.kept("wall-screens", dict)
    screen = screens.setdefault(wall, Screen(wall))
    try:
        made = copy_context().run(screen.make_at, at)  # a wall has its own language
    except WallError as error:
        return error
    payload: dict[str, Any] = json.loads(made.text(blocks.milliseconds(at.now)))
    return payload


def _links(at: Moment, kind: str, name: str, wall_text: str) -> list[Block]:
    """The ways below a picture: open it here, put it on a display, change it."""
    found = [wall_preview.way(t("Open on this screen"), wall_text, is_first=True, is_new=True)]
    if at.viewer.may_change(BOARDS):
        found.append(wall_preview.way(t("Change"), f"walls?part={kind}s&{kind}={name}"))
    if at.viewer.may_open("access"):
        found.append(wall_preview.way(t("Put it on a display"), f"access?part=walls&{kind}={name}"))
    return found


# ---- playlists


def _playlists(at: Moment) -> None:
    texts = playlists.texts(at.fresh("wall_playlists"))
    if not texts:
        blocks.show(wall_view.no_playlists(may_change=at.viewer.may_change(BOARDS)), key="no-playlists")
        return
    kept: dict[str, Standings] = desk.kept("wall-standings-playlists", dict)
    cards = [
        _playlist_card(at, name, text, kept.setdefault(name, Standings()))
        for name, text in sorted(texts.items())
    ]
    wall_preview.show(cards, key="playlists", label=t("Playlists"))


def _playlist_card(at: Moment, name: str, toml_text: str, standings: Standings) -> Block:
    wall_text = wall_preview.address_of(playlist_name=name)
    more: dict[str, Any] = {"address_text": wall_text, "links": _links(at, "playlist", name, wall_text)}
    try:
        playlist = playlists.parsed(name, toml_text)
    except WallError as error:
        return wall_preview.card(name, name, error, **more)
    return wall_playlist_desk.card(at, playlist, standings, **more)


# ---- a sentence to the whole floor


def _told() -> None:
    """Everything that was told, with what stands now, drawn anew every few seconds."""
    with suppress(WarehouseError):
        at = moments.moment(visit.viewer())
        told = at.fresh("wall_message_log", as_of=at.present_at)
        table = wall_view.message_table(told, now=at.present_at, zone_name=at.zone_name)
        blocks.show(table, key="messages")


def _tell(at: Moment) -> None:
    """The form for a message, and what takes the standing one back."""
    if at.fresh("wall_messages", as_of=at.present_at).height:
        done = t("Taken back. The walls follow within seconds.")
        if st.button(t("Take the message back"), icon=":material/undo:") and do(
            at, TELL, wall_saves.hush, done
        ):
            st.rerun()
    blocks.show(
        {
            "kind": "section",
            "title": t("Tell the whole floor"),
            "lead": t("It stands on every wall within two seconds, in large letters, above the figures."),
        },
        key="tell-title",
    )
    tones = wall_view.TONES
    with st.form("tell", border=True, clear_on_submit=True):
        text = st.text_area(
            t("Message"),
            max_chars=LONGEST_MESSAGE,
            height=96,
            placeholder=t("Fire drill at 11:00. Leave by the stairs."),
        )
        left, right = st.columns(2)
        tone = left.segmented_control(
            t("Kind"), tones, default="none", format_func=wall_view.tone_word, required=True
        )
        lasts = right.selectbox(t("For how long"), LASTING, index=1, format_func=wall_view.lasting_word)
        if st.form_submit_button(
            t("Put it on every wall"), type="primary", icon=":material/campaign:"
        ) and do(
            at,
            TELL,
            wall_saves.tell,
            t("It stands on the walls."),
            message_text=text,
            tone_name=tone or "none",
            lasts=lasts,
        ):
            st.rerun()
