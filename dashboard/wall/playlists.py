"""Which board is on at a moment: the turns of a playlist, the hours at which a board is pinned, and the quiet ones.

In: a playlist, or the address of a wall, and the site's clock. Out: the one board that is on, until when, and if quiet.
The rule it guards: at every instant exactly one board is on, and the same one on every screen; a pin goes before every turn,
and both nights on which the clock changes keep to what the clock on the wall says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final, Literal, cast

import polars as pl

from dashboard.wall import address
from dashboard.wall.address import ThemeName, Wall
from dashboard.wall.boards import LONGEST_TITLE, NAME
from dashboard.wall.toml_text import Part, TomlText, WallError, read
from dashboard.words import t

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_PINS = 24
MOST_QUIET = 7
LOOK_AHEAD_DAYS = 8
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_OF_PLAYLIST = ("title", "boards", "dwell_seconds", "theme", "lang", "zone", "sound", "pins", "quiet")
_OF_HOURS = ("from", "to", "days")


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of local time that comes again; one whose end is not after its beginning lasts into the next day."""

    from_time: time
    to_time: time
    days: tuple[int, ...] = tuple(range(7))
    """The weekdays on which it begins, 0 for Monday."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A board that is on for the whole of its hours."""

    board_name: str
    hours: Hours


@dataclass(frozen=True, slots=True)
class Playlist:
    """Boards in turn, what goes before the turns, and how the screen is dressed."""

    name: str
    title: str
    board_names: tuple[str, ...]
    dwell_seconds: int = 20
    pins: tuple[Pin, ...] = ()
    """Of two at the same time the first is on."""
    quiet: tuple[Hours, ...] = ()
    """When nothing is celebrated and no sound is made."""
    theme_name: ThemeName = "auto"
    locale_name: str | None = None
    zone_name: str | None = None
    has_sound: bool = False
    origin: Literal["shipped", "site"] = "site"

    @property
    def shown_names(self) -> tuple[str, ...]:
        """Every board that it can show: those in turn, then those that are only pinned."""
        return tuple(dict.fromkeys([*self.board_names, *(pin.board_name for pin in self.pins)]))


@dataclass(frozen=True, slots=True)
class OnNow:
    """What is on at an instant."""

    board_name: str
    place: int | None
    """Which of the boards in turn it is, from 0; None for one that is pinned and has no turn."""
    count: int
    """How many boards there are in turn."""
    is_pinned: bool
    ends_at: datetime | None
    """The instant (UTC) from which on it is another one, or the same for another reason; None for none within a week."""
    is_quiet: bool


def parsed(
    name: str, toml_text: str, *, board_names: Collection[str] | None = None, place: str | None = None
) -> Playlist:
    """The playlist that the text describes; raises WallError, with line and column, where it cannot be followed.

    board_names: the boards that there are, and each name is held against them.
    """
    if not NAME.fullmatch(name):
        raise WallError(
            t(
                "A playlist cannot be called '{name}'; expected small letters, digits and dashes, such as day-shift.",
                name=name[:LONGEST_TITLE],
            )
        )
    source = read(place or f"{name}.toml", toml_text)
    whole = source.whole
    whole.only(_OF_PLAYLIST)
    pins = whole.tables("pins", t("pin {n}"), most=MOST_PINS)
    found = Playlist(
        name=name,
        title=whole.text("title", most=LONGEST_TITLE),
        board_names=whole.names("boards", most=address.MOST_BOARDS, like=NAME, example='["floor", "agents"]'),
        dwell_seconds=whole.count(
            "dwell_seconds", least=address.LEAST_DWELL_SECONDS, most=address.MOST_DWELL_SECONDS, or_else=20
        ),
        pins=tuple(_pin(part) for part in pins),
        quiet=tuple(_hours(part) for part in _quiet(whole)),
        theme_name=cast(ThemeName, whole.one_of("theme", address.THEMES, or_else="auto")),
        locale_name=_checked(whole, "lang"),
        zone_name=_checked(whole, "zone"),
        has_sound=whole.truth("sound", or_else=False),
    )
    if board_names is not None:
        _check_boards(source, found, board_names)
    return found


def find(name: str, rows: pl.DataFrame) -> Playlist:
    """The playlist of that name as it stands at this site; raises WallError where there is none, or it cannot be followed.

    rows: what the question wall_playlists answers, one row per playlist.
    """
    known = texts(rows)
    if name not in known:
        raise WallError(
            t(
                "There is no playlist named '{name}'; expected one of {names}.",
                name=name[:LONGEST_TITLE],
                names=", ".join(sorted(known)) or t("none, no playlist was saved yet"),
            )
        )
    return parsed(name, known[name], place=name)


def texts(rows: pl.DataFrame) -> dict[str, str]:
    """The TOML text of each playlist that stands, by name."""
    return {
        row["playlist_name"]: row["toml_text"]
        for row in rows.iter_rows(named=True)
        if row["toml_text"] is not None
    }


def of_wall(wall: Wall, rows: pl.DataFrame | None = None) -> Playlist:
    """What a wall shows in turn: the playlist that its address names, found in the rows, or the boards that it lists.

    What its address itself says of theme, language, zone and sound goes before what the playlist says.
    """
    if wall.playlist_name is None:
        kept = Playlist("", "", wall.board_names or (address.DEFAULT_BOARD,), wall.dwell_seconds)
    else:
        kept = find(wall.playlist_name, pl.DataFrame() if rows is None else rows)
    return replace(
        kept,
        theme_name=kept.theme_name if wall.theme_name == "auto" else wall.theme_name,
        locale_name=wall.locale_name or kept.locale_name,
        zone_name=wall.zone_name or kept.zone_name,
        has_sound=wall.has_sound or kept.has_sound,
    )


def on_now(playlist: Playlist, local: datetime, *, held_name: str | None = None) -> OnNow:
    """The board that is on at an instant, told as the time of the site's zone (with that zone).

    Turns are counted from one instant for all screens, so that all of them turn together. held_name: the board that the
    address holds; it goes before everything. Raises ValueError for a time without its zone.
    """
    if local.tzinfo is None:
        raise ValueError("a time without its zone: the turns of all screens could not agree")
    zone, instant = local.tzinfo, local.astimezone(UTC)
    pins = [(span, pin) for pin in playlist.pins for span in _spans(pin.hours, local.date(), zone)]
    is_quiet = any(
        _is_in(span, instant) for hours in playlist.quiet for span in _spans(hours, local.date(), zone)
    )
    count = len(playlist.board_names)
    if held_name is not None:
        return OnNow(held_name, _place(playlist, held_name), count, True, None, is_quiet)

    def pinned(at: datetime) -> Pin | None:
        return next(
            (pin for pin in playlist.pins for span, of in pins if of is pin and _is_in(span, at)), None
        )

    pin = pinned(instant)
    edges = sorted({edge for span, _ in pins for edge in span if edge > instant})
    changes_at = next((edge for edge in edges if pinned(edge) is not pin), None)
    if pin is not None:
        return OnNow(pin.board_name, _place(playlist, pin.board_name), count, True, changes_at, is_quiet)
    slot = int(instant.timestamp()) // playlist.dwell_seconds
    turns_at = datetime.fromtimestamp((slot + 1) * playlist.dwell_seconds, UTC) if count > 1 else None
    ends_at = min((one for one in (changes_at, turns_at) if one is not None), default=None)
    place = slot % count
    return OnNow(playlist.board_names[place], place, count, False, ends_at, is_quiet)


Span = tuple[datetime, datetime]


def _is_in(span: Span, instant: datetime) -> bool:
    return span[0] <= instant < span[1]


def _place(playlist: Playlist, board_name: str) -> int | None:
    return next((n for n, one in enumerate(playlist.board_names) if one == board_name), None)


@lru_cache(maxsize=512)
def _spans(hours: Hours, around: date, zone: tzinfo) -> tuple[Span, ...]:
    """The stretches of these hours that have begun the day before or begin within a week, as instants."""
    return tuple(_spans_from(hours, around, zone))


def _spans_from(hours: Hours, around: date, zone: tzinfo) -> Iterator[Span]:
    for n in range(-1, LOOK_AHEAD_DAYS):
        day = around + timedelta(days=n)
        if day.weekday() not in hours.days:
            continue
        last = day if hours.to_time > hours.from_time else day + timedelta(days=1)
        begins = _shown_at(datetime.combine(day, hours.from_time), zone, is_last=False)
        ends = _shown_at(datetime.combine(last, hours.to_time), zone, is_last=True)
        if begins < ends:  # not where the clock jumps over the whole of it
            yield begins, ends


def _shown_at(local: datetime, zone: tzinfo, *, is_last: bool) -> datetime:
    """The instant at which the clocks of a zone show that time, for the first or the last time.

    Where they jump over it, the instant of the jump: so a stretch is one piece, and never misses a time within it.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    last = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first <= last:
        return last if is_last else first
    # A time that there is not comes out an hour too late by one offset and an hour too early by the other.
    before, after = last, first
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).replace(tzinfo=None) < local:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _quiet(whole: Part) -> list[Part]:
    """The quiet hours: one table, or a list of them."""
    if isinstance(whole.values.get("quiet"), dict):
        one = whole.table("quiet", t("quiet hours"))
        return [] if one is None else [one]
    return whole.tables("quiet", t("quiet hours {n}"), most=MOST_QUIET)


def _pin(part: Part) -> Pin:
    part.only(("board", *_OF_HOURS))
    name = part.text("board", most=LONGEST_TITLE)
    if not NAME.fullmatch(name):
        raise part.wrong("board", t("the name of a board, such as agents"))
    return Pin(name, _clocks(part))


def _hours(part: Part) -> Hours:
    part.only(_OF_HOURS)
    return _clocks(part)


def _clocks(part: Part) -> Hours:
    hours = Hours(_clock(part, "from"), _clock(part, "to"), _days(part))
    if hours.from_time == hours.to_time:
        raise part.wrong(
            "to", t("another time than 'from'; for the whole day leave the pin out and list the board alone")
        )
    return hours


def _clock(part: Part, name: str) -> time:
    found = part.values.get(name)
    if isinstance(found, time):
        found = found.isoformat(timespec="minutes")
    expected = t('a time of day in quotes, such as "10:15"')
    if name not in part.values:
        raise part.fault(None, t("'{name}' is missing; expected {expected}.", name=name, expected=expected))
    matched = _CLOCK.fullmatch(found) if isinstance(found, str) else None
    if matched is None:
        raise part.wrong(name, expected)
    return time(int(matched[1]), int(matched[2]))


def _days(part: Part) -> tuple[int, ...]:
    if "days" not in part.values:
        return tuple(range(7))
    found = part.names("days", most=7, like=re.compile("|".join(DAYS)), example='["mon", "tue"]')
    return tuple(sorted({DAYS.index(one) for one in found}))


def _checked(whole: Part, name: str) -> str | None:
    if name not in whole.values:
        return None
    check = address.checked_locale if name == "lang" else address.checked_zone
    try:
        return check(whole.text(name, most=LONGEST_TITLE))
    except WallError as error:
        raise whole.fault(name, str(error)) from error


def _check_boards(source: TomlText, playlist: Playlist, known: Collection[str]) -> None:
    """Refuses a board that there is not, where the text names it."""
    named: Mapping[tuple[str | int, ...], str] = {
        **{("boards", n): one for n, one in enumerate(playlist.board_names)},
        **{("pins", n, "board"): pin.board_name for n, pin in enumerate(playlist.pins)},
    }
    for path, one in named.items():
        if one not in known:
            raise source.fault(
                path,
                t("there is no board '{name}'; expected one of {names}.", name=one, names=", ".join(known)),
            )
