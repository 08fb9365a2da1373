"""The editor of a board: its tiles as a list with fields, its text, its versions, and beside them how it would look now.

In: the board that the address names, what a manager types. Out: a draft that is drawn at once, and saves of it.
The rule it guards: what is drawn beside the fields is the unsaved board on the floor of this second; no wall shows it before
it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from dashboard import board as blocks
from dashboard.ui import choices, desk, moments, toml_edits, visit
from dashboard.ui.editing import DRAFTS, Editing
from dashboard.ui.moments import Moment
from dashboard.wall import boards, wall_preview, wall_saves, wall_view
from dashboard.wall.address import Wall
from dashboard.wall.boards import Board, WallError
from dashboard.wall.thresholds import Standings
from dashboard.wall.tile_kinds import KINDS, Kind, hints
from dashboard.wall.wall_editor_desk import (
    BOARDS,
    do,
    entry_list,
    new_name,
    version_now,
    whole,
)
from dashboard.words import t
from sql.warehouse import WarehouseError

KIND: Final = "board"
NEW_TEXT = (
    'title = "A new board"\naudience = "supervisors"\n\n[[tiles]]\nshows = "clock"\nwidth = 4\nheight = 2\n'
)
OF_THRESHOLD: Mapping[str, float] = {"near": 0, "off": 0, "hold_seconds": 0, "back": 0, "fewest": 0}


def editing(at: Moment, name: str) -> Editing | None:
    """What there is to edit under that name; None where no such board is, nor was begun."""
    own = boards.texts(at.fresh("wall_boards")).get(name)
    is_shipped = name in boards.shipped()
    if own is None and not is_shipped and DRAFTS.of(at.viewer.viewer_name, KIND, name) is None:
        return None
    return Editing(
        at=at,
        kind_name=KIND,
        name=name,
        stored_text=own or (boards.shipped_text(name) if is_shipped else None),
        version_number=version_now(at, KIND, name),
        begin_text=NEW_TEXT,
        lists="tiles",
        check=lambda text: boards.parsed(name, text, KINDS),
        errors=WallError,
    )


def show(at: Moment, name: str) -> None:
    """The whole editor."""
    if st.button(t("All boards"), icon=":material/arrow_back:", key="all-boards"):
        choices.lead_to("board", None)
    found = editing(at, name)
    if found is None:
        gone = blocks.notice(
            "none", t("There is no board of that name."), t("The list of boards has those that there are.")
        )
        blocks.show(gone, key="no-board")
        return
    whole(
        found,
        picture=partial(_picture, name),
        save=partial(wall_saves.save_board, kinds=KINDS),
        done=t("Saved. The walls show it within seconds."),
        first_title=t("Tiles"),
        fields=_fields,
        deeds=_deeds,
    )


def _picture(name: str) -> None:
    """The board as it would be now, of the draft; where that cannot be drawn, the last one that could."""
    try:
        at = moments.moment(visit.viewer())
        found = editing(at, name)
        if found is None:
            return
        good = desk.kept(f"wall-good-{name}", lambda: [""])
        drawn: Board | WallError
        try:
            drawn = boards.parsed(name, found.text, KINDS)
            good[0] = found.text
        except WallError as error:
            drawn = boards.parsed(name, good[0], KINDS) if good[0] else error
        standings = desk.kept(f"wall-standings-{name}", Standings)
        is_board = isinstance(drawn, Board)
        payload = (
            wall_preview.picture(at, Wall(), drawn, standings=standings)
            if isinstance(drawn, Board)
            else drawn
        )
        card = wall_preview.card(
            name,
            t(drawn.title) if isinstance(drawn, Board) else name,
            payload,
            audience=wall_view.audience_word(drawn.audience) if isinstance(drawn, Board) else "",
            lead=" ".join(hints(drawn)) if isinstance(drawn, Board) else "",
            status=wall_view.draft_status(is_changed=found.is_changed, is_whole=is_board and not found.fault),
        )
        wall_preview.show([card], key="wall-picture", label=t("How it looks now"), is_single=True)
    except WarehouseError as error:
        blocks.show(blocks.notice("off", t("No picture"), str(error)), key="no-picture")


# ---- the fields


def _fields(found: Editing) -> None:
    document = found.document
    if document is None:
        st.caption(t("The text cannot be read as a list of tiles; mend it under Text first."))
        return
    _of_board(found, document)
    labels = [_label(one) for one in document["tiles"]]
    place = entry_list(
        found, labels, label=t("Tiles, in their order"), new=_new_tile(document), most=boards.MOST_TILES
    )
    if place is not None:
        _of_tile(found, document, place)


def _label(tile: Mapping[str, Any]) -> str:
    kind = KINDS.get(str(tile.get("shows")))
    name = tile.get("title") or (t(kind.label) if kind else tile.get("shows", "?"))
    return f"{name} · {tile.get('width', '?')} × {tile.get('height', '?')}"


def _new_tile(document: toml_edits.Document) -> Any:
    def new() -> dict[str, Any]:
        first = next(iter(_kinds_for(document)), "clock")
        return {
            "shows": first,
            "width": max(3, KINDS[first].least_width),
            "height": max(2, KINDS[first].least_height),
        }

    return new


def _kinds_for(document: toml_edits.Document) -> dict[str, Kind]:
    """The kinds of tiles that the board's audience may be shown."""
    audience = document.get("audience", "everybody")
    return {name: kind for name, kind in KINDS.items() if audience in kind.audiences}


def _of_board(found: Editing, document: toml_edits.Document) -> None:
    left, right = st.columns(2)
    with left:
        st.text_input(
            t("Title"), str(document.get("title", "")), max_chars=boards.LONGEST_TITLE,
            **found.on_field("title", lambda doc, value: toml_edits.changed(doc, {"title": value})),
        )  # fmt: skip
    with right:
        audience = document.get("audience")
        st.selectbox(
            t("For whom"), boards.AUDIENCES,
            index=boards.AUDIENCES.index(audience) if audience in boards.AUDIENCES else None,
            format_func=wall_view.audience_word,
            help="; ".join(f"{wall_view.audience_word(one)}: {wall_view.audience_meaning(one)}" for one in boards.AUDIENCES),
            **found.on_field("audience", lambda doc, value: toml_edits.changed(doc, {"audience": value})),
        )  # fmt: skip


def _of_tile(found: Editing, document: toml_edits.Document, place: int) -> None:
    """The fields of one tile."""
    tile = document["tiles"][place]
    known = _kinds_for(document)
    shows = tile.get("shows")
    kind = KINDS.get(str(shows))

    def field(name: str, value: Any) -> dict[str, Any]:
        return found.on_field(
            f"{name}-{place}", lambda doc, typed: toml_edits.changed(doc, {name: value(typed)}, place)
        )

    with st.container(border=True, key="wall-tile"):
        st.selectbox(
            t("What it shows"), list(known), index=list(known).index(shows) if shows in known else None,
            format_func=lambda one: t(known[one].label),
            help=t(kind.about) if kind else None,
            **_kind_field(found, place),
        )  # fmt: skip
        left, middle, right = st.columns([2, 1, 1])
        left.text_input(
            t("Own title"), str(tile.get("title", "")), max_chars=boards.LONGEST_TITLE,
            placeholder=t(kind.label) if kind else "", **field("title", lambda typed: typed or None),
        )  # fmt: skip
        for column, name, label, most in (
            (middle, "width", t("Columns"), boards.COLUMNS), (right, "height", t("Rows"), boards.ROWS)
        ):  # fmt: skip
            size = tile.get(name)
            column.number_input(
                label, 1, most, size if isinstance(size, int) and 1 <= size <= most else 1, **field(name, int)
            )
        if kind and kind.has_threshold:
            _of_threshold(found, tile, place)
        for name in kind.options if kind else ():
            st.text_input(
                wall_view.option_word(name), wall_view.option_text(tile.get(name)),
                **field(name, wall_view.option_value),
            )  # fmt: skip


def _kind_field(found: Editing, place: int) -> dict[str, Any]:
    """Another kind of tile keeps the place; what only the old one had goes, and it is as large as it must be."""

    def other(doc: toml_edits.Document, shows: str) -> toml_edits.Document:
        kind, tile = KINDS[shows], doc["tiles"][place]
        keeps = {
            "title",
            *kind.options,
            *(("threshold",) if kind.has_threshold and shows == tile.get("shows") else ()),
        }
        gone = {name: None for name in tile if name not in keeps}
        size = {
            name: max(least, tile[name]) if isinstance(tile.get(name), int) else least
            for name, least in (("width", kind.least_width), ("height", kind.least_height))
        }
        return toml_edits.changed(doc, {**gone, "shows": shows, **size}, place)

    key = found.key(f"shows-{place}")

    def changed() -> None:
        found.change(lambda doc: other(doc, str(choices.picked(key))))

    return {"key": key, "on_change": changed}


def _of_threshold(found: Editing, tile: Mapping[str, Any], place: int) -> None:
    """When the tile turns yellow and red, and back."""
    told = tile.get("threshold")
    terms: dict[str, Any] = told if isinstance(told, dict) else {}

    def switched(doc: toml_edits.Document, is_on: bool) -> toml_edits.Document:
        return toml_edits.changed(doc, {"threshold": {"near": 1, "off": 2} if is_on else None}, place)

    key = found.key(f"threshold-{place}")
    st.toggle(
        t("Has a threshold"), bool(terms), key=key,
        on_change=lambda: found.change(lambda doc: switched(doc, bool(choices.picked(key)))),
    )  # fmt: skip
    if not terms:
        return
    labels = wall_view.threshold_words()
    columns = [*st.columns(3), *st.columns(3)]
    for column, (name, (label, help_text)) in zip(columns, labels.items(), strict=False):
        column.number_input(
            label,
            value=_for_field(terms.get(name, OF_THRESHOLD[name]), is_signed=name in ("near", "off")),
            min_value=None if name in ("near", "off") else 0.0,
            step=1.0 if name in ("hold_seconds", "fewest") else None,
            format="%g",
            help=help_text,
            **found.on_field(f"{name}-{place}", partial(_with_term, place, name)),
        )


def _for_field(found: object, *, is_signed: bool) -> float:
    """A number of the text as its field shows it; 0 for what a field cannot hold: the text's fault is told beside it."""
    least = -boards.MOST_VALUE if is_signed else 0
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return float(found) if is_number and least <= found <= boards.MOST_VALUE else 0.0  # type: ignore[operator,arg-type]


def _with_term(
    place: int, name: str, document: toml_edits.Document, typed: float | None
) -> toml_edits.Document:
    value = typed or 0.0
    whole = int(value) if value == int(value) else value
    terms = {**document["tiles"][place].get("threshold", {}), name: whole}
    return toml_edits.changed(document, {"threshold": terms}, place)


# ---- what can be done to the whole board


def _deeds(found: Editing) -> None:
    """Duplicate it, take it back to the shipped one, or take it away."""
    is_shipped = found.name in boards.shipped()
    is_own = found.name in boards.texts(found.at.fresh("wall_boards"))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="wall-deeds"):
        with st.popover(t("Duplicate"), icon=":material/content_copy:"):
            rows = found.at.fresh("wall_boards")
            name = new_name(t("Name of the new board"), key=found.key("duplicate"), known=boards.names(rows))
            if st.button(t("Begin the new board"), disabled=name is None) and name:
                begin(found.at, name, found.text)
        if is_own:
            label, done = (
                (t("Back to the shipped one"), t("The shipped board stands again."))
                if is_shipped
                else (t("Take this board away"), t("The board is gone; its versions stay."))
            )
            icon = ":material/restart_alt:" if is_shipped else ":material/delete:"
            if st.button(label, icon=icon) and do(
                found.at, BOARDS, wall_saves.take_away, done, thing=KIND, name=found.name
            ):
                found.forget()
                if not is_shipped:
                    choices.lead_to("board", None)
                st.rerun()


def begin(at: Moment, name: str, toml_text: str) -> None:
    """Opens the editor with a text that is not saved yet, under a new name."""
    fresh = Editing(at, KIND, name, None, 0, NEW_TEXT, "tiles", lambda _text: None, WallError)
    fresh.put(toml_text)
    choices.lead_to("board", name)


def new(at: Moment) -> None:
    """The form that begins a board, empty or as another one stands."""
    rows = at.fresh("wall_boards")
    known = boards.names(rows)
    blocks.show(
        {
            "kind": "section",
            "title": t("Make a board"),
            "lead": t("Begin with one that is there, and change what should be different."),
        },
        key="new-board-title",
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="new-board"):
        like = st.selectbox(
            t("Begin with"), ["", *known], format_func=lambda one: one or t("an empty board"), width=260
        )
        name = new_name(t("Name of the new board"), key="new-board-name", known=known)
        if st.button(t("Begin"), icon=":material/add:", type="primary", disabled=name is None) and name:
            text = NEW_TEXT if not like else boards.texts(rows).get(like) or boards.shipped_text(like)
            begin(at, name, text)
    unsaved = [one for one in DRAFTS.names(at.viewer.viewer_name, KIND) if one not in known]
    for one in unsaved:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.caption(t("{name} was begun and not saved yet.", name=one))
            if st.button(t("Go on with {name}", name=one), key=f"go-on-{one}"):
                choices.lead_to("board", one)
