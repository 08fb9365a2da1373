"""The boards that a wall can show: which tiles stand on each, how large, against which thresholds, and for whom.

In: the TOML text of a board, shipped with the product or saved by the site. Out: a board as data, and its tiles on the grid.
The rule it guards: a board that cannot be drawn as it is written is refused, with the line and what was expected there; what
a site has saved stands in the place of the shipped board of that name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal, Protocol, cast, get_args

import polars as pl

from dashboard.wall.toml_text import Part, WallError, read
from dashboard.words import t

__all__ = ["AUDIENCES", "NAME", "SHIPPED", "Board", "Kind", "Threshold", "Tile", "WallError"]
COLUMNS, ROWS = 12, 8
MOST_TILES = 24
LONGEST_TITLE = 60
LONGEST_OPTION = 200
MOST_VALUE = 1e9
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
Audience = Literal["supervisors", "agents", "executives", "everybody"]
AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
SHIPPED: Final = ("floor", "queue", "agents", "executives", "data")
_SEES_ALL: Final = frozenset({"manager", "administrator", "wall"})
_ROLES: Final[Mapping[str, frozenset[str]]] = {
    "supervisors": _SEES_ALL | {"supervisor"},
    "executives": _SEES_ALL | {"executive"},
}
_OF_BOARD = ("title", "audience", "tiles")
_OF_TILE = ("shows", "width", "height", "title", "threshold")
_OF_THRESHOLD = ("near", "off", "worse", "fewest", "hold_seconds", "back")


class Kind(Protocol):
    """What a board has to know of a kind of tile; `dashboard.wall.tile_kinds` has them all."""

    @property
    def audiences(self) -> Collection[str]:
        """For whom boards may show it."""

    @property
    def least_width(self) -> int:
        """How many columns it needs at least."""

    @property
    def least_height(self) -> int:
        """How many rows it needs at least."""

    @property
    def has_threshold(self) -> bool:
        """Whether it has a value that can be held against a threshold."""

    @property
    def options(self) -> Collection[str]:
        """What more can be said of it, by name."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which value on a tile is near and off, in the unit of what it shows: seconds, a count, a ratio from 0 to 1."""

    near: float
    off: float
    worse: Literal["up", "down"]
    """Which way is worse: a wait grows worse up, a service level down."""
    fewest: int = 0
    """Of how many contacts it must be before it is judged at all."""
    hold_seconds: int = 0
    """How long it must have been so before the tile says so."""
    back: float = 0.0
    """How far on the good side of a threshold it must come before the tile says so."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One field of a board: the kind of tile, its size in columns and rows of the grid, and what is said of it."""

    shows: str
    width: int
    height: int
    title: str | None = None
    threshold: Threshold | None = None
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Board:
    """One picture of a wall: its tiles, in the order in which they flow over the grid, and whom it is for."""

    name: str
    title: str
    audience: Audience
    tiles: tuple[Tile, ...]
    origin: Literal["shipped", "site"] = "site"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a tile stands on the grid: the column and row of its upper left corner, counted from 0."""

    column: int
    row: int


def parsed(
    name: str,
    toml_text: str,
    kinds: Mapping[str, Kind] | None = None,
    *,
    place: str | None = None,
    origin: Literal["shipped", "site"] = "site",
) -> Board:
    """The board that the text describes; raises WallError with line and column where it cannot be drawn.

    kinds: what there is to show, and each tile is held against it; without it only the form is checked. place: what the
    text is called in a message, `<name>.toml` where nothing is given.
    """
    if not NAME.fullmatch(name):
        raise WallError(
            t(
                "A board cannot be called '{name}'; expected small letters, digits and dashes, such as floor-2.",
                name=name[:LONGEST_TITLE],
            )
        )
    whole = read(place or f"{name}.toml", toml_text).whole
    whole.only(_OF_BOARD)
    title = whole.text("title", most=LONGEST_TITLE)
    audience = cast(Audience, whole.one_of("audience", AUDIENCES))
    parts = whole.tables("tiles", t("tile {n}"), most=MOST_TILES)
    if not parts:
        raise whole.fault(None, t("there is no tile; expected at least one, beginning with [[tiles]]."))
    board = Board(name, title, audience, tuple(_tile(part) for part in parts), origin)
    for tile, part in zip(board.tiles, parts, strict=True):
        for fault_name, sentence in _kind_faults(tile, audience, kinds):
            raise part.fault(fault_name, sentence)
    overflow = _first_outside(board.tiles)
    if overflow is not None:
        raise parts[overflow].fault(None, _outside())
    return board


def check(board: Board, kinds: Mapping[str, Kind]) -> None:
    """Raises WallError, with the tile's place, for a board that was not read from a text and cannot be drawn."""
    for n, tile in enumerate(board.tiles, 1):
        for _, sentence in _kind_faults(tile, board.audience, kinds):
            raise WallError(f"{board.name}, {t('tile {n}', n=n)}: {sentence}")
    overflow = _first_outside(board.tiles)
    if overflow is not None:
        raise WallError(f"{board.name}, {t('tile {n}', n=overflow + 1)}: {_outside()}")


def spots(tiles: tuple[Tile, ...]) -> tuple[Spot | None, ...]:
    """Where each tile comes to stand, the first free place row by row, as walls fill it; None for one that has no room."""
    taken: set[tuple[int, int]] = set()
    found: list[Spot | None] = []
    for tile in tiles:
        spot = next(
            (
                Spot(place % COLUMNS, place // COLUMNS)
                for place in range(COLUMNS * ROWS)
                if place % COLUMNS + tile.width <= COLUMNS
                and place // COLUMNS + tile.height <= ROWS
                and taken.isdisjoint(_cells(Spot(place % COLUMNS, place // COLUMNS), tile))
            ),
            None,
        )
        if spot is not None:
            taken |= _cells(spot, tile)
        found.append(spot)
    return tuple(found)


def _cells(spot: Spot, tile: Tile) -> set[tuple[int, int]]:
    return {(spot.column + x, spot.row + y) for x in range(tile.width) for y in range(tile.height)}


@cache
def shipped() -> Mapping[str, Board]:
    """The boards that come with the product, by name, in the order in which they are offered."""
    return MappingProxyType({name: parsed(name, shipped_text(name), origin="shipped") for name in SHIPPED})


@cache
def shipped_text(name: str) -> str:
    """The TOML text of a shipped board, as a beginning for a site's own."""
    return resources.files("dashboard.wall").joinpath("boards", f"{name}.toml").read_text(encoding="utf-8")


def find(name: str, rows: pl.DataFrame, kinds: Mapping[str, Kind] | None = None) -> Board:
    """The board of that name as it stands at this site; raises WallError where there is none, or it cannot be drawn.

    rows: what the question wall_boards answers, one row per board that the site has saved.
    """
    text = texts(rows).get(name)
    if text is not None:
        return parsed(name, text, kinds, place=name)
    if name not in shipped():
        raise WallError(
            t(
                "There is no board named '{name}'; expected one of {names}.",
                name=name[:LONGEST_TITLE],
                names=", ".join(names(rows)),
            )
        )
    return shipped()[name]


def texts(rows: pl.DataFrame) -> dict[str, str]:
    """The TOML text of each board of the site's that stands, by name."""
    return {
        row["board_name"]: row["toml_text"]
        for row in rows.iter_rows(named=True)
        if row["toml_text"] is not None
    }


def names(rows: pl.DataFrame) -> tuple[str, ...]:
    """The names of all boards of the site: the shipped ones first, then its own."""
    own = texts(rows)
    return (*shipped(), *sorted(own.keys() - shipped().keys()))


def may_see(board: Board, role_name: str) -> bool:
    """Whether people of this role are shown the board; boards for agents and for everybody are."""
    roles = _ROLES.get(board.audience)
    return roles is None or role_name in roles


def _tile(part: Part) -> Tile:
    threshold = part.table("threshold", t("threshold"))
    return Tile(
        shows=part.text("shows", most=40),
        width=part.count("width", least=1, most=COLUMNS),
        height=part.count("height", least=1, most=ROWS),
        title=part.text("title", most=LONGEST_TITLE) if "title" in part.values else None,
        threshold=_threshold(threshold) if threshold is not None else None,
        options=MappingProxyType({name: _option(part, name) for name in part.values if name not in _OF_TILE}),
    )


def _option(part: Part, name: str) -> object:
    found = part.values[name]
    if isinstance(found, str):
        return part.text(name, most=LONGEST_OPTION)
    if isinstance(found, bool):
        return found
    if isinstance(found, int | float):
        return part.number(name, least=-MOST_VALUE, most=MOST_VALUE)
    raise part.wrong(name, t("a text, a number, or true or false"))


def _threshold(part: Part) -> Threshold:
    part.only(_OF_THRESHOLD)
    near = part.number("near", least=-MOST_VALUE, most=MOST_VALUE)
    off = part.number("off", least=-MOST_VALUE, most=MOST_VALUE)
    if near == off and "worse" not in part.values:
        raise part.fault(
            "off",
            t("'near' and 'off' are the same; say which way is worse, with worse = \"up\" or \"down\"."),
        )
    worse = part.one_of("worse", ("up", "down"), or_else="up" if off > near else "down")
    if (off - near) * (1 if worse == "up" else -1) < 0:
        raise part.fault(
            "worse",
            t(
                "'worse' is '{worse}', so off ({off}) must lie beyond near ({near}); exchange the two, or take 'worse' out.",
                worse=worse,
                off=f"{off:g}",
                near=f"{near:g}",
            ),
        )
    return Threshold(
        near=near,
        off=off,
        worse="up" if worse == "up" else "down",
        fewest=part.count("fewest", least=0, most=1_000_000, or_else=0),
        hold_seconds=part.count("hold_seconds", least=0, most=3600, or_else=0),
        back=part.number("back", least=0, most=MOST_VALUE, or_else=0.0),
    )


def _kind_faults(tile: Tile, audience: str, kinds: Mapping[str, Kind] | None) -> list[tuple[str, str]]:
    """Why a tile of that kind cannot stand so on a board for them: the value that is at fault, and a sentence."""
    if kinds is None:
        return []
    kind = kinds.get(tile.shows)
    if kind is None:
        known = ", ".join(name for name, one in kinds.items() if audience in one.audiences)
        return [
            ("shows", t("there is no tile '{name}'; expected one of {names}.", name=tile.shows, names=known))
        ]
    found = []
    if audience not in kind.audiences:
        known = ", ".join(name for name, one in kinds.items() if audience in one.audiences)
        sentence = t(
            "'{name}' is not for a board whose audience is {audience}; expected one of {names}, or another audience.",
            name=tile.shows,
            audience=audience,
            names=known,
        )
        found.append(("shows", sentence))
    found += [
        (
            name,
            t(
                "'{name}' is {found}; '{kind}' needs at least {least}.",
                name=name,
                found=value,
                kind=tile.shows,
                least=least,
            ),
        )
        for name, value, least in (
            ("width", tile.width, kind.least_width),
            ("height", tile.height, kind.least_height),
        )
        if value < least
    ]
    if tile.threshold is not None and not kind.has_threshold:
        found.append(("threshold", t("'{kind}' has no threshold; take it out.", kind=tile.shows)))
    known = ", ".join([*_OF_TILE, *kind.options])
    found += [
        (name, t("there is no '{name}' here; expected {names}.", name=name[:40], names=known))
        for name in tile.options
        if name not in kind.options
    ]
    return found


def _first_outside(tiles: tuple[Tile, ...]) -> int | None:
    """The place of the first tile that has no room."""
    return next((n for n, spot in enumerate(spots(tiles)) if spot is None), None)


def _outside() -> str:
    return t(
        "it has no room any more: a board has {columns} columns and {rows} rows. Make a tile smaller, or take one out.",
        columns=COLUMNS,
        rows=ROWS,
    )
