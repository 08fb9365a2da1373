"""One wall, made of what the warehouse answers: which board is on, for whom it may be, and everything it shows.

In: a wall, whoever looks at it, a snapshot of the floor. Out: what all of their screens are sent, and what of it the trail
has to know.
The rule it guards: a board is shown to those it is for alone; whatever tells of people is noted for each person who looks,
before it is shown; what stays the same is known to be the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from dashboard import live, words
from dashboard.access import SessionError, Viewer
from dashboard.audit import looks
from dashboard.ui import moments
from dashboard.ui.moments import Moment
from dashboard.wall import address, boards, payload, playlists
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.wall.playlists import Playlist
from dashboard.wall.thresholds import Standings
from dashboard.wall.tile_kinds import KINDS
from dashboard.words import t
from sql import audit, warehouse

LOCALE = "en_GB"
VOLATILE = ("now_ms", "age")
"""What of a board moves with the time alone: the browser counts it on, and beats tell it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A board as it is sent. content: all of it that stays while nothing happens; looks: what it tells of people."""

    content: str
    age: Mapping[str, Any]
    now_ms: int | None
    """The instant that it shows, where that is no present one."""
    ends_ms: int | None
    speed: float
    looks: tuple[looks.Told, ...] = ()

    def text(self, now_ms: int) -> str:
        """The whole payload as JSON, as of an instant."""
        volatile = _json({"now_ms": now_ms if self.now_ms is None else self.now_ms, "age": self.age})
        return f"{volatile[:-1]},{self.content[1:]}"

    def seconds_to_turn(self, now_ms: int) -> float | None:
        """After how many seconds another board is on; None where none is."""
        if self.ends_ms is None or self.speed <= 0:
            return None
        return max(0.0, (self.ends_ms - now_ms) / 1000 / self.speed) + 0.02


class Screen:
    """One wall, and how its tiles stood before: what keeps their colours from jumping."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self._standings = Standings()

    def make(self, viewers: Sequence[Viewer], snapshot: live.Snapshot) -> Made:
        """The board of this second for these people, who see the same; each look is noted for every person among them.

        Asks as the first of them whose session stands. Raises WallError for a wall that cannot be shown to them,
        SessionError where nobody is left, WarehouseError.
        """
        with audit.acting(place_text=address.PATH), looks.gathered() as told:
            found = self._as_somebody(viewers, snapshot)
            seen = tuple(told)
        engine = moments.engine(warehouse.database_url())
        with audit.acting(place_text=address.PATH):
            # A display is nobody; whom it names has consented to be named there.
            for viewer in (one for one in viewers if one.board_text is None):
                for told_of in seen:
                    told_of.note(engine, viewer)
        return _made(found, seen)

    def make_at(self, moment: Moment) -> Made:
        """The board of one moment for whoever it belongs to, such as one of the past; noted as it is asked."""
        with audit.acting(place_text=address.PATH):
            return _made(self._payload(moment))

    def _as_somebody(self, viewers: Sequence[Viewer], snapshot: live.Snapshot) -> dict[str, Any]:
        for viewer in viewers:
            try:
                return self._payload(moments.of_snapshot(viewer, snapshot))
            except SessionError:
                continue
        raise SessionError(t("You are signed out: this session is over. Sign in again."))

    def _payload(self, moment: Moment) -> dict[str, Any]:
        """Everything the wall shows, in the language of the wall. The context is a thread's own."""
        rows = moment.calm("wall_boards")
        lists = moment.calm("wall_playlists") if self.wall.playlist_name else None
        playlist = playlists.of_wall(self.wall, lists)
        words.use_locale(playlist.locale_name or LOCALE)
        held = _held(self.wall, playlist, moment.viewer)
        turn = playlists.on_now(playlist, _local(moment), held_name=held)
        board = boards.find(turn.board_name, rows, KINDS)
        if not boards.may_see(board, moment.viewer.role_name):
            raise WallError(
                t(
                    "The board '{name}' is for {audience}, and you look as {role}. Choose another one on the page Walls.",
                    name=t(board.title),
                    audience=t(board.audience),
                    role=t(moment.viewer.role_name),
                )
            )
        titles = [_title(name, rows) for name in playlist.board_names]
        dressed = dressed_as(self.wall, playlist)
        found = payload.payload(moment, dressed, board, standings=self._standings, turn=turn, names=titles)
        # What the browser asks for to hold one of them.
        found["turn"]["board_names"] = list(playlist.board_names)
        return found


def dressed_as(wall: Wall, playlist: Playlist) -> Wall:
    """The wall with the theme, language, zone and sound that its playlist gives it."""
    return replace(
        wall,
        theme_name=playlist.theme_name,
        locale_name=playlist.locale_name,
        zone_name=playlist.zone_name,
        has_sound=playlist.has_sound,
    )


def _local(moment: Moment) -> datetime:
    """The time of the site's clock at which it is decided which board is on."""
    at = moment.now if moment.is_past else moment.present_at
    return at.astimezone(words.zone(moment.zone_name))


def _held(wall: Wall, playlist: Playlist, viewer: Viewer) -> str | None:
    """The board that stays on: on a display one of its own alone."""
    held = wall.held_name
    if held is None or viewer.board_text is None or held in playlist.shown_names:
        return held
    return None


def _title(name: str, rows: pl.DataFrame) -> str:
    try:
        return t(boards.find(name, rows, KINDS).title)
    except WallError:
        return name


def _made(payload_: Mapping[str, Any], told: tuple[looks.Told, ...] = ()) -> Made:
    kept = {name: value for name, value in payload_.items() if name not in VOLATILE}
    turn = payload_["turn"]
    return Made(
        content=_json(kept),
        age=payload_["age"],
        now_ms=payload_["now_ms"] if payload_["is_past"] else None,
        ends_ms=turn["ends_ms"],
        speed=payload_["speed"],
        looks=told,
    )


def _json(found: Mapping[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
