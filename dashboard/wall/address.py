"""The address of a wall: which boards a screen shows, in what turn, for whom, and of which moment.

In: the parameters of an address, as a browser sends them. Out: a wall as data; and a wall as its address again.
The rule it guards: there is one spelling of a wall, so that a display, a preview and a replay of the same address show the
same; what cannot be shown is refused with a sentence that names the parameter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args
from urllib.parse import urlencode
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from dashboard.wall.boards import NAME, WallError
from dashboard.words import t

PATH = "/wall/show"
DEFAULT_BOARD = "floor"
ThemeName = Literal["auto", "light", "dark", "contrast"]
THEMES: Final[tuple[ThemeName, ...]] = get_args(ThemeName)
MOST_BOARDS = 12
LEAST_DWELL_SECONDS, MOST_DWELL_SECONDS = 5, 3600
LONGEST_QUEUE = 60
MOST_SPEED = 600.0
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Wall:
    """What one screen shows: boards in turn or a playlist, narrowed and dressed as its address says."""

    board_names: tuple[str, ...] = ()
    """In the order of their turns; none where a playlist names them."""
    dwell_seconds: int = 20
    queue_text: str = ""
    """A part of the name or group of the queues that are shown; empty for all."""
    team_id: int | None = None
    theme_name: ThemeName = "auto"
    locale_name: str | None = None
    zone_name: str | None = None
    """The zone in which times are written; None for the site's."""
    has_sound: bool = False
    playlist_name: str | None = None
    held_name: str | None = None
    """The one board that stays on, whatever would be next."""
    at: datetime | None = None
    """The instant from which the past is shown again; None for now."""
    speed: float = 1.0
    """How many seconds of the past pass in one second."""
    beside_now: bool = False
    """Whether the present stands beside the past."""


def parsed(query: Mapping[str, str]) -> Wall:
    """The wall that an address asks for; raises WallError, in one sentence, for a parameter that cannot be followed."""
    unknown = next((name for name in query if name not in _READ), None)
    if unknown is not None:
        raise WallError(
            t(
                "A wall's address has no parameter '{name}'; expected some of {names}.",
                name=unknown[:LONGEST_QUEUE],
                names=", ".join(_READ),
            )
        )
    given = {_FIELDS[name]: _READ[name](text) for name, text in query.items() if text.strip()}
    given.setdefault("board_names", () if given.get("playlist_name") else (DEFAULT_BOARD,))
    wall = Wall(**given)
    if wall.playlist_name is not None and wall.board_names:
        raise WallError(
            t(
                "'boards' and 'playlist' were both given; a playlist names its boards, so leave one of them out."
            )
        )
    if wall.at is None and (wall.speed != 1 or wall.beside_now):
        raise WallError(
            t("'speed' and 'beside' are for looking back; give 'at' too, such as at=2026-11-17T08:32:00Z.")
        )
    return wall


def written(wall: Wall) -> str:
    """The address of a wall, from its path on: the shortest that `parsed` reads as the same wall."""
    plain = Wall()
    found = {
        name: "now" if name == "beside" else _text(getattr(wall, field_name))
        for name, field_name in _FIELDS.items()
        if getattr(wall, field_name) != getattr(plain, field_name)
    }
    return f"{PATH}?{urlencode(found, safe=',/:')}" if found else PATH


def _text(found: object) -> str:
    if isinstance(found, tuple):
        return ",".join(found)
    if isinstance(found, bool):
        return "on"
    if isinstance(found, float):
        return f"{found:.6f}".rstrip("0").rstrip(".")
    if isinstance(found, datetime):
        return found.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(found)


def _fault(name: str, text: str, expected: str) -> WallError:
    return WallError(
        t(
            "'{name}' is '{found}'; expected {expected}.",
            name=name,
            found=text[:LONGEST_QUEUE],
            expected=expected,
        )
    )


def _name(parameter: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not NAME.fullmatch(text.strip()):
            raise _fault(parameter, text, t("a name of small letters, digits and dashes, such as floor"))
        return text.strip()

    return read


def _boards(text: str) -> tuple[str, ...]:
    names = tuple(_name("boards")(one) for one in text.split(","))
    if len(names) > MOST_BOARDS:
        raise _fault("boards", text, t("at most {most} boards", most=MOST_BOARDS))
    return names


def _dwell(text: str) -> int:
    found = int(text) if _WHOLE.fullmatch(text.strip()) else 0
    if not LEAST_DWELL_SECONDS <= found <= MOST_DWELL_SECONDS:
        raise _fault(
            "dwell",
            text,
            t("whole seconds from {least} to {most}", least=LEAST_DWELL_SECONDS, most=MOST_DWELL_SECONDS),
        )
    return found


def _queue(text: str) -> str:
    if len(text) > LONGEST_QUEUE or not text.isprintable():
        raise _fault(
            "queue",
            text,
            t(
                "at most {most} signs of a queue's or group's name, all of which can be seen",
                most=LONGEST_QUEUE,
            ),
        )
    return text.strip()


def _team(text: str) -> int:
    if not _WHOLE.fullmatch(text.strip()):
        raise _fault("team", text, t("the number of a team, such as 3"))
    return int(text)


def _theme(text: str) -> ThemeName:
    found = next((one for one in THEMES if one == text.strip()), None)
    if found is None:
        raise _fault("theme", text, t("one of {names}", names=", ".join(THEMES)))
    return found


def checked_locale(text: str) -> str:
    """A locale as Babel names it ("de", "en_GB"); raises WallError where it is none."""
    name = text.strip().replace("-", "_")
    try:
        if _LOCALE.fullmatch(name) is None:
            raise ValueError(name)
        return str(Locale.parse(name))
    except (UnknownLocaleError, ValueError) as error:
        raise _fault("lang", text, t("a language, such as de or en_GB")) from error


def checked_zone(text: str) -> str:
    """The name of a time zone; raises WallError where there is none of that name."""
    if text.strip() not in available_timezones():
        raise _fault("zone", text, t("a time zone, such as Europe/Berlin"))
    return text.strip()


def _sound(text: str) -> bool:
    if text.strip() not in ("on", "off"):
        raise _fault("sound", text, t("one of {names}", names="on, off"))
    return text.strip() == "on"


def _at(text: str) -> datetime:
    expected = t("an instant with its zone, such as 2026-11-17T08:32:00Z")
    try:
        # a plus that was not encoded in the address arrives as a space
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
        if found.tzinfo is None:
            raise ValueError(text)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _fault("at", text, expected) from error
    if not EARLIEST <= found < LATEST:
        raise _fault("at", text, expected)
    return found


def _speed(text: str) -> float:
    found = float(text) if _DECIMAL.fullmatch(text.strip()) else math.nan
    if not 0 <= found <= MOST_SPEED:
        raise _fault("speed", text, t("a number from 0 (it stands still) to {most}", most=int(MOST_SPEED)))
    return found


def _beside(text: str) -> bool:
    if text.strip() != "now":
        raise _fault("beside", text, t("one of {names}", names="now"))
    return True


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "boards": _boards,
    "dwell": _dwell,
    "queue": _queue,
    "team": _team,
    "theme": _theme,
    "lang": checked_locale,
    "zone": checked_zone,
    "sound": _sound,
    "playlist": _name("playlist"),
    "hold": _name("hold"),
    "at": _at,
    "speed": _speed,
    "beside": _beside,
}
_FIELDS: Final[Mapping[str, str]] = {
    "boards": "board_names",
    "dwell": "dwell_seconds",
    "queue": "queue_text",
    "team": "team_id",
    "theme": "theme_name",
    "lang": "locale_name",
    "zone": "zone_name",
    "sound": "has_sound",
    "playlist": "playlist_name",
    "hold": "held_name",
    "at": "at",
    "speed": "speed",
    "beside": "beside_now",
}
