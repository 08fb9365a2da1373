"""The editor of a playlist: its boards in turn, what is pinned to which hours, the quiet ones, how its screens are dressed.

In: the playlist that the address names, what a manager types. Out: a draft, with what would be on now, and saves of it.
The rule it guards: whatever is on now and next is worked out by the very function that the walls turn by.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from functools import partial
from typing import Any, Final

import polars as pl
import streamlit as st

from dashboard import board as blocks
from dashboard import words
from dashboard.ui import choices, desk, moments, toml_edits, visit
from dashboard.ui.editing import DRAFTS, Editing
from dashboard.ui.moments import Moment
from dashboard.wall import address, boards, playlists, wall_preview, wall_saves, wall_view
from dashboard.wall.boards import WallError
from dashboard.wall.playlists import DAYS, Playlist
from dashboard.wall.thresholds import Standings
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

KIND: Final = "playlist"
NEW_TEXT = 'title = "A new playlist"\nboards = ["floor"]\ndwell_seconds = 20\n'
LANGUAGES = ("de", "en_GB", "es", "et", "fr")


def editing(at: Moment, name: str) -> Editing | None:
    """What there is to edit under that name; None where no such playlist is, nor was begun."""
    own = playlists.texts(at.fresh("wall_playlists")).get(name)
    if own is None and DRAFTS.of(at.viewer.viewer_name, KIND, name) is None:
        return None
    known = boards.names(at.calm("wall_boards"))
    return Editing(
        at=at,
        kind_name=KIND,
        name=name,
        stored_text=own,
        version_number=version_now(at, KIND, name),
        begin_text=NEW_TEXT,
        lists="pins",
        check=lambda text: playlists.parsed(name, text, board_names=known),
        errors=WallError,
    )


def show(at: Moment, name: str) -> None:
    """The whole editor."""
    if st.button(t("All playlists"), icon=":material/arrow_back:", key="all-playlists"):
        choices.lead_to("playlist", None)
    found = editing(at, name)
    if found is None:
        gone = blocks.notice(
            "none",
            t("There is no playlist of that name."),
            t("The list of playlists has those that there are."),
        )
        blocks.show(gone, key="no-playlist")
        return
    whole(
        found,
        picture=partial(_picture, name),
        save=wall_saves.save_playlist,
        done=t("Saved. Every wall that has it follows within seconds."),
        first_title=t("Boards and hours"),
        fields=_fields,
        deeds=_deeds,
    )


def _picture(name: str) -> None:
    """What would be on now, of the draft."""
    try:
        at = moments.moment(visit.viewer())
        found = editing(at, name)
        if found is None:
            return
        try:
            drawn = [card(at, playlists.parsed(name, found.text), standings_of(name), status=found)]
        except WallError as error:
            drawn = [wall_preview.card(name, name, error)]
        wall_preview.show(drawn, key="playlist-picture", label=t("What is on now"), is_single=True)
    except WarehouseError as error:
        blocks.show(blocks.notice("off", t("No picture"), str(error)), key="no-picture")


def standings_of(name: str) -> Standings:
    """How the tiles of this tab's picture stood before."""
    return desk.kept(f"wall-standings-playlist-{name}", Standings)


def card(
    at: Moment, playlist: Playlist, standings: Standings, *, status: Editing | None = None, **more: Any
) -> blocks.Block:
    """The picture of what is on now, with what comes next and when."""
    turn = wall_preview.on_now(playlist, at)
    rows = at.calm("wall_boards")
    titles = {name: _title(name, rows) for name in playlist.shown_names}
    wall = address.Wall(
        playlist_name=playlist.name,
        theme_name=playlist.theme_name,
        zone_name=playlist.zone_name,
        has_sound=False,
    )
    drawn: Any
    try:
        board = boards.find(turn.board_name, rows)
        if boards.may_see(board, at.viewer.role_name):
            drawn = wall_preview.picture(
                at,
                wall,
                board,
                standings=standings,
                turn=turn,
                names=[titles[one] for one in playlist.board_names],
            )
        else:
            drawn = WallError(t("This board is not for your role."))
    except WallError as error:
        drawn = error
    return wall_preview.card(
        playlist.name,
        playlist.title,
        drawn,
        lead=_lead(at, playlist, turn, titles),
        status=None
        if status is None
        else wall_view.draft_status(is_changed=status.is_changed, is_whole=not status.fault),
        **more,
    )


def _title(name: str, rows: pl.DataFrame) -> str:
    try:
        return t(boards.find(name, rows).title)
    except WallError:
        return name


def _lead(at: Moment, playlist: Playlist, turn: playlists.OnNow, titles: Mapping[str, str]) -> str:
    """What is on, why, until when, and what comes then."""
    parts = [t("Now: {board}.", board=titles.get(turn.board_name, turn.board_name))]
    if turn.is_pinned and turn.ends_at is not None:
        parts = [
            t("Now: {board}, pinned until {time}.", board=titles.get(turn.board_name, turn.board_name),
              time=words.clock(turn.ends_at, at.zone_name)[:5])
        ]  # fmt: skip
    if turn.ends_at is not None:
        after = playlists.on_now(playlist, turn.ends_at.astimezone(words.zone(at.zone_name)))
        if after.board_name != turn.board_name:
            parts.append(t("Next: {board}.", board=titles.get(after.board_name, after.board_name)))
    if turn.is_quiet:
        parts.append(t("Quiet hours: nothing is celebrated, and there is no sound."))
    return " ".join(parts)


# ---- the fields


def _fields(found: Editing) -> None:
    document = found.document
    if document is None:
        st.caption(t("The text cannot be read as a playlist; mend it under Text first."))
        return
    _turns(found, document)
    _dress(found, document)
    blocks.show(
        {
            "kind": "section",
            "title": t("Pinned to hours"),
            "lead": t(
                "A pinned board goes before the turns, by the site's clock. Of two at the same time the first is on."
            ),
        },
        key="pins-title",
    )
    labels = [wall_view.hours_text(one, first=str(one.get("board", "?"))) for one in document["pins"]]
    first = next(iter(document.get("boards", ["floor"])), "floor")
    new = {"board": first, "from": "10:00", "to": "10:15", "days": list(DAYS[:5])}
    place = entry_list(found, labels, label=t("Pins"), new=lambda: new, most=playlists.MOST_PINS)
    if place is not None:
        _of_pin(found, document, place)
    _quiet(found, document)


def _turns(found: Editing, document: toml_edits.Document) -> None:
    st.text_input(
        t("Title"), str(document.get("title", "")), max_chars=boards.LONGEST_TITLE,
        **found.on_field("title", lambda doc, value: toml_edits.changed(doc, {"title": value})),
    )  # fmt: skip
    rows = found.at.calm("wall_boards")
    known = boards.names(rows)
    given = document.get("boards", [])
    chosen = [one for one in given if one in known] if isinstance(given, list) else []
    st.multiselect(
        t("Boards, in the order in which they come"), known, chosen, format_func=lambda one: _title(one, rows),
        max_selections=address.MOST_BOARDS, placeholder=t("Choose boards"),
        **found.on_field("boards", lambda doc, value: toml_edits.changed(doc, {"boards": list(value or [])})),
    )  # fmt: skip
    seconds = document.get("dwell_seconds", 20)
    is_able = (
        isinstance(seconds, int) and address.LEAST_DWELL_SECONDS <= seconds <= address.MOST_DWELL_SECONDS
    )
    st.number_input(
        t("Seconds for each board"), address.LEAST_DWELL_SECONDS, address.MOST_DWELL_SECONDS, seconds if is_able else 20,
        step=5, width=240,
        **found.on_field("dwell", lambda doc, value: toml_edits.changed(doc, {"dwell_seconds": int(value or 20)})),
    )  # fmt: skip


def _dress(found: Editing, document: toml_edits.Document) -> None:
    """Theme, language, time zone and sound."""
    themes = wall_view.theme_words()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="playlist-dress"):
        theme = document.get("theme", "auto")
        st.selectbox(
            t("Colours"), list(themes), index=list(themes).index(theme) if theme in themes else 0, width=200,
            format_func=lambda one: themes[one],
            **found.on_field("theme", lambda doc, v: toml_edits.changed(doc, {"theme": None if v == "auto" else v})),
        )  # fmt: skip
        lang = document.get("lang")
        names = [*LANGUAGES, *([lang] if isinstance(lang, str) and lang not in LANGUAGES else [])]
        st.selectbox(
            t("Language"), names, index=names.index(lang) if lang in names else None, placeholder=t("the site's"),
            format_func=wall_view.language_word, width=200,
            **found.on_field("lang", lambda doc, value: toml_edits.changed(doc, {"lang": value})),
        )  # fmt: skip
        st.text_input(
            t("Time zone"), str(document.get("zone", "")), placeholder=found.at.zone_name, max_chars=60, width=220,
            help=t("In which times are written; turns and pins follow the site's clock."),
            **found.on_field("zone", lambda doc, value: toml_edits.changed(doc, {"zone": value.strip() or None})),
        )  # fmt: skip
    st.toggle(
        t("Sound when something is alarming"), document.get("sound") is True,
        help=t("A browser makes none before somebody has pressed a key on the screen once."),
        **found.on_field("sound", lambda doc, value: toml_edits.changed(doc, {"sound": True if value else None})),
    )  # fmt: skip


def _of_pin(found: Editing, document: toml_edits.Document, place: int) -> None:
    """The fields of one pin."""
    pin = document["pins"][place]
    rows = found.at.calm("wall_boards")
    known = boards.names(rows)

    def field(name: str) -> dict[str, Any]:
        return found.on_field(
            f"pin-{name}-{place}",
            lambda doc, value: toml_edits.changed(doc, {name: _kept(value)}, place, lists="pins"),
        )

    with st.container(border=True, key="wall-pin"):
        left, middle, right = st.columns([2, 1, 1])
        left.selectbox(
            t("Board"), known, index=known.index(pin["board"]) if pin.get("board") in known else None,
            format_func=lambda one: _title(one, rows), **field("board"),
        )  # fmt: skip
        middle.time_input(t("From"), _time(pin.get("from")), step=300, **field("from"))
        right.time_input(t("To"), _time(pin.get("to")), step=300, **field("to"))
        _days(pin.get("days", list(DAYS)), field("days"))


def _days(given: object, on_field: dict[str, Any]) -> None:
    chosen = [one for one in DAYS if isinstance(given, list) and one in given]
    pills: Any = st.pills
    pills(t("On"), DAYS, selection_mode="multi", default=chosen, format_func=wall_view.day_word, **on_field)


def _kept(value: Any) -> Any:
    """A value of a field as the text has it."""
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, list | tuple):
        return [one for one in DAYS if one in value]
    return value


def _time(given: object) -> time | None:
    try:
        return given if isinstance(given, time) else time.fromisoformat(str(given))
    except ValueError:
        return None


def _quiet(found: Editing, document: toml_edits.Document) -> None:
    """The quiet hours, where there is one stretch of them; several are changed in the text."""
    blocks.show(
        {
            "kind": "section",
            "title": t("Quiet hours"),
            "lead": t("Nothing is celebrated, and no sound is made."),
        },
        key="quiet-title",
    )
    quiet = document.get("quiet")
    if isinstance(quiet, list):
        st.caption(t("There are several; change them under Text."))
        return
    terms = quiet if isinstance(quiet, dict) else {}
    key = found.key("quiet")

    def switched(doc: toml_edits.Document, is_on: bool) -> toml_edits.Document:
        return toml_edits.changed(doc, {"quiet": {"from": "20:00", "to": "08:00"} if is_on else None})

    st.toggle(
        t("There are quiet hours"), bool(terms), key=key,
        on_change=lambda: found.change(lambda doc: switched(doc, bool(choices.picked(key)))),
    )  # fmt: skip
    if not terms:
        return

    def field(name: str) -> dict[str, Any]:
        return found.on_field(
            f"quiet-{name}",
            lambda doc, value: toml_edits.changed(doc, {"quiet": {**doc["quiet"], name: _kept(value)}}),
        )

    left, right = st.columns(2)
    left.time_input(t("From"), _time(terms.get("from")), step=900, **field("from"))
    right.time_input(t("To"), _time(terms.get("to")), step=900, **field("to"))
    _days(terms.get("days", list(DAYS)), field("days"))


# ---- what can be done to the whole playlist


def _deeds(found: Editing) -> None:
    known = tuple(playlists.texts(found.at.fresh("wall_playlists")))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="playlist-deeds"):
        with st.popover(t("Duplicate"), icon=":material/content_copy:"):
            name = new_name(t("Name of the new playlist"), key=found.key("duplicate"), known=known)
            if st.button(t("Begin the new playlist"), disabled=name is None) and name:
                begin(found.at, name, found.text)
        if found.name in known and st.button(t("Take this playlist away"), icon=":material/delete:"):
            done = t("The playlist is gone; its versions stay.")
            if do(found.at, BOARDS, wall_saves.take_away, done, thing=KIND, name=found.name):
                found.forget()
                choices.lead_to("playlist", None)


def begin(at: Moment, name: str, toml_text: str) -> None:
    """Opens the editor with a text that is not saved yet, under a new name."""
    Editing(at, KIND, name, None, 0, NEW_TEXT, "pins", lambda _text: None, WallError).put(toml_text)
    choices.lead_to("playlist", name)


def new(at: Moment) -> None:
    """The form that begins a playlist."""
    known = tuple(playlists.texts(at.fresh("wall_playlists")))
    blocks.show(
        {
            "kind": "section",
            "title": t("Make a playlist"),
            "lead": t("A name that stands in the address of its walls."),
        },
        key="new-playlist-title",
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="new-playlist"):
        name = new_name(t("Name of the new playlist"), key="new-playlist-name", known=known)
        if st.button(t("Begin"), icon=":material/add:", type="primary", disabled=name is None) and name:
            begin(at, name, NEW_TEXT)
    for one in (one for one in DRAFTS.names(at.viewer.viewer_name, KIND) if one not in known):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.caption(t("{name} was begun and not saved yet.", name=one))
            if st.button(t("Go on with {name}", name=one), key=f"go-on-{one}"):
                choices.lead_to("playlist", one)
