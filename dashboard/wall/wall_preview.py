"""Pictures of walls within a page: drawn as on the wall itself and scaled, of what is saved and of what is not yet.

In: a moment of the floor, a board, and what stands below its picture. Out: cards that change in place.
The rule it guards: a picture is what the wall would show to whoever looks; a board that cannot be drawn says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import streamlit as st

from dashboard import board as blocks
from dashboard import words
from dashboard.board import Block
from dashboard.ui.moments import Moment
from dashboard.wall import address, payload, playlists
from dashboard.wall.address import Wall
from dashboard.wall.boards import Board, WallError
from dashboard.wall.playlists import OnNow
from dashboard.wall.thresholds import Standings
from dashboard.words import t


@cache
def _component() -> Any:
    stub = (
        'const base = location.href.split(/[?#]/)[0].replace(/[^/]*$/, "");\n'
        f'const walls = await import(new URL("app/static/walls.js?v={blocks.asset_version()}", base).href);\n'
        "export default walls.default;\n"
    )
    return st.components.v2.component("floorboard.walls", js=stub)


def picture(
    at: Moment,
    wall: Wall,
    board: Board,
    *,
    standings: Standings,
    turn: OnNow | None = None,
    names: Sequence[str] = (),
) -> dict[str, Any]:
    """What the wall would show now of this board; with one board and no turns where no turn is given."""
    turn = turn or OnNow(board.name, 0, 1, is_pinned=False, ends_at=None, is_quiet=False)
    return payload.payload(at, wall, board, standings=standings, turn=turn, names=names or [t(board.title)])


def card(
    key: str,
    title: str,
    drawn: dict[str, Any] | WallError,
    *,
    audience: str = "",
    lead: str = "",
    address_text: str = "",
    links: Sequence[Block] = (),
    status: Block | None = None,
) -> Block:
    """One picture with what stands below it: title, for whom, a sentence, ways, the address to copy.

    drawn: the payload, or why there is none. A way is {text, here, is_first, is_new}, its address relative to the site's.
    """
    is_drawn = not isinstance(drawn, WallError)
    return {
        "key": key,
        "title": title,
        "audience": audience,
        "lead": lead,
        "status": status,
        "links": list(links),
        "address": address_text.removeprefix("/"),
        "payload": drawn if is_drawn else None,
        "why": "" if is_drawn else str(drawn),
    }


def way(text: str, here: str, *, is_first: bool = False, is_new: bool = False) -> Block:
    """A way below a picture; is_new: in a tab of its own."""
    return {"text": text, "here": here.removeprefix("/"), "is_first": is_first, "is_new": is_new}


def show(cards: Sequence[Block], *, key: str, label: str, is_single: bool = False) -> None:
    """Draws the cards; the same key on the next run changes them in place."""
    with st.container(key=f"wall-pictures-{key}"):
        _component()(
            key=key,
            data={
                "kind": "walls",
                "label": label,
                "language": words.language(),
                "layout": "single" if is_single else "gallery",
                "cards": list(cards),
                "words": {"address": t("Address"), "copy": t("Copy"), "copied": t("Copied")},
            },
        )


def address_of(**chosen: Any) -> str:
    """The address of a wall with these of its fields."""
    return address.written(Wall(**chosen))


def on_now(playlist: playlists.Playlist, at: Moment) -> OnNow:
    """What of a playlist is on at that moment, by the site's clock."""
    return playlists.on_now(playlist, at.now.astimezone(words.zone(at.zone_name)))
