"""Keeps what a site hangs on its walls: boards and playlists with every version of them, and messages to the whole floor.

In: a connection that may write, the text, who saves it and when. Out: the version that stands from then on, or a message.
The rule it guards: only what can be drawn is kept; nobody overwrites what somebody else has saved meanwhile; no version is
ever lost, so that each can stand again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from dashboard.wall import boards, playlists, wall_queries
from dashboard.wall.boards import Kind
from dashboard.wall.toml_text import WallError
from dashboard.words import t
from sql import audit, notices
from sql.warehouse import execute, frame, one_row

Thing = Literal["board", "playlist"]
_ACTS: Final[Mapping[Thing, str]] = {"board": "wall.board", "playlist": "wall.playlist"}
TONES: Final = ("off", "near", "good", "none")
LONGEST_MESSAGE = 200
LEAST_LASTS, MOST_LASTS = timedelta(minutes=1), timedelta(hours=24)
USUAL_LASTS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Version:
    """How a board or a playlist stands: its last version, 0 for none, and its text; None where none of the site's stands."""

    version_number: int
    of_version_number: int | None
    """The save whose text stands."""
    toml_text: str | None


def save_board(
    connection: Connection,
    *,
    name: str,
    toml_text: str,
    kinds: Mapping[str, Kind],
    viewer_name: str,
    at: datetime,
    version_number: int | None = None,
) -> int:
    """Saves a board under its name; gives its version. Raises WallError where it cannot be drawn, or is another one by now.

    version_number: the version that was looked at before it was changed, 0 for one that was never saved; None for whichever.
    """
    boards.parsed(name, toml_text, kinds)
    return _save(connection, "board", name, toml_text, viewer_name, at, version_number)


def save_playlist(
    connection: Connection,
    *,
    name: str,
    toml_text: str,
    viewer_name: str,
    at: datetime,
    version_number: int | None = None,
) -> int:
    """Saves a playlist of boards that there are, as `save_board` does."""
    _check_playlist(connection, name, toml_text)
    return _save(connection, "playlist", name, toml_text, viewer_name, at, version_number)


def take_back(
    connection: Connection,
    *,
    thing: Thing,
    name: str,
    viewer_name: str,
    at: datetime,
    to_version_number: int | None = None,
) -> Version:
    """Lets an earlier version stand again, what stood before the last save where none is named; gives how it stands then.

    Once more, and what stood before that. Raises WallError where nothing was saved, or there is no such version.
    """
    _lock(connection, thing)
    versions = _versions(connection, thing, name)
    if to_version_number is not None:
        if to_version_number not in versions:
            raise WallError(
                t(
                    "'{name}' has no version {version}; expected one of {versions}.",
                    name=name[:60],
                    version=to_version_number,
                    versions=", ".join(str(n) for n in sorted(versions))
                    or t("none, nothing was saved under that name"),
                )
            )
        wanted = versions[to_version_number].of_version_number
    else:
        stands = _standing(versions).of_version_number
        wanted = None if stands is None or stands == 1 else versions[stands - 1].of_version_number
    return _stand(connection, thing, name, versions, wanted, viewer_name, at)


def take_away(connection: Connection, *, thing: Thing, name: str, viewer_name: str, at: datetime) -> Version:
    """Takes the site's own away: a shipped board of that name stands again, or nothing. Its versions stay. WallError."""
    _lock(connection, thing)
    return _stand(connection, thing, name, _versions(connection, thing, name), None, viewer_name, at)


def version_of(connection: Connection, thing: Thing, name: str) -> Version:
    """How a board or a playlist of that name stands at this site; version 0 without a text where it was never saved."""
    return _standing(_versions(connection, thing, name))


def tell(
    connection: Connection,
    *,
    message_text: str,
    viewer_name: str,
    at: datetime,
    lasts: timedelta = USUAL_LASTS,
    tone_name: str = "off",
) -> int:
    """Puts a message on every wall, in the place of the one that stands there; gives its number. Raises WallError."""
    told = " ".join(message_text.split())
    if not told.isprintable():
        raise WallError(t("The message has a sign that cannot be seen; type it anew."))
    if not 1 <= len(told) <= LONGEST_MESSAGE:
        raise WallError(
            t(
                "The message has {count} signs; expected 1 to {most} that can be read from afar. Say it in fewer words.",
                count=len(told),
                most=LONGEST_MESSAGE,
            )
        )
    if not LEAST_LASTS <= lasts <= MOST_LASTS:
        raise WallError(
            t("A message stands for 1 minute to 24 hours; expected such a time, for example 30 minutes.")
        )
    if tone_name not in TONES:
        raise WallError(
            t(
                "There is no tone '{name}'; expected one of {names}.",
                name=tone_name[:40],
                names=", ".join(TONES),
            )
        )
    execute(connection, "walls/message_end", ended_at=at, viewer_name=viewer_name)
    (message_id,) = one_row(
        connection,
        "walls/message_new",
        message_text=told,
        tone_name=tone_name,
        starts_at=at,
        ends_at=at + lasts,
        viewer_name=viewer_name,
    )
    more = {"did": "put up", "tone_name": tone_name, "ends_at": at + lasts}
    audit.note(connection, what_name="wall.message", of_name=f"message {message_id}", told=more)
    notices.tell(connection)
    return int(message_id)


def hush(connection: Connection, *, viewer_name: str, at: datetime) -> int:
    """Takes the message off every wall; gives how many stood there, so 0 where none did."""
    ended = execute(connection, "walls/message_end", ended_at=at, viewer_name=viewer_name)
    if ended:
        audit.note(connection, what_name="wall.message", told={"did": "took down", "message_count": ended})
        notices.tell(connection)
    return ended


def _save(
    connection: Connection,
    thing: Thing,
    name: str,
    toml_text: str,
    viewer_name: str,
    at: datetime,
    seen_number: int | None,
) -> int:
    _lock(connection, thing)
    stands = version_of(connection, thing, name)
    if seen_number is not None and seen_number != stands.version_number:
        raise WallError(
            t(
                "Somebody has saved '{name}' meanwhile: it is version {version} now, and you began with {seen}. Look at it, "
                "and save yours again.",
                name=name,
                version=stands.version_number,
                seen=seen_number,
            )
        )
    if stands.toml_text == toml_text:
        return stands.version_number  # the same again changes nothing
    fresh = stands.version_number + 1
    return _add(connection, thing, name, fresh, fresh, toml_text, viewer_name, at, did="saved").version_number


def _add(
    connection: Connection,
    thing: Thing,
    name: str,
    version_number: int,
    of_version_number: int | None,
    toml_text: str | None,
    viewer_name: str,
    at: datetime,
    *,
    did: str,
) -> Version:
    values: dict[str, object] = {f"{thing}_name": name, "version_number": version_number}
    values |= {"of_version_number": of_version_number, "toml_text": toml_text}
    execute(connection, f"walls/{thing}_save", **values, saved_at=at, viewer_name=viewer_name)
    told = {"did": did, "version_number": version_number, "of_version_number": of_version_number}
    audit.note(connection, what_name=_ACTS[thing], of_name=f"{thing} {name}", told=told)
    return Version(version_number, of_version_number, toml_text)


def _stand(
    connection: Connection,
    thing: Thing,
    name: str,
    versions: Mapping[int, Version],
    wanted: int | None,
    viewer_name: str,
    at: datetime,
) -> Version:
    """Lets the text of that save stand again, or with None nothing of the site's."""
    stands = _standing(versions)
    if wanted == stands.of_version_number:
        raise WallError(
            t(
                "Nothing that was saved under '{name}' stands, so there is nothing to take back.",
                name=name[:60],
            )
            if wanted is None
            else t("Version {version} of '{name}' stands already.", version=wanted, name=name)
        )
    text = None if wanted is None else versions[wanted].toml_text
    if text is None and thing == "board":
        _refuse_needed(connection, name)
    if text is not None and thing == "playlist":
        _check_playlist(connection, name, text)
    fresh = stands.version_number + 1
    return _add(connection, thing, name, fresh, wanted, text, viewer_name, at, did="took back")


def _check_playlist(connection: Connection, name: str, toml_text: str) -> None:
    known = boards.names(wall_queries.wall_boards(connection))
    playlists.parsed(name, toml_text, board_names=known)


def _lock(connection: Connection, thing: Thing) -> None:
    one_row(connection, f"walls/{thing}_lock")


def _versions(connection: Connection, thing: Thing, name: str) -> dict[int, Version]:
    """Every version of that name, by its number."""
    rows = frame(connection, f"walls/{thing}_versions", **{f"{thing}_name": name})
    return {
        row["version_number"]: Version(row["version_number"], row["of_version_number"], row["toml_text"])
        for row in rows.iter_rows(named=True)
    }


def _standing(versions: Mapping[int, Version]) -> Version:
    return versions[max(versions)] if versions else Version(0, None, None)


def _refuse_needed(connection: Connection, name: str) -> None:
    """Raises WallError where a playlist shows a board that would not be there any more."""
    if name in boards.SHIPPED:
        return
    kept = playlists.texts(wall_queries.wall_playlists(connection))
    using = [one for one, text in kept.items() if name in playlists.parsed(one, text).shown_names]
    if using:
        raise WallError(
            t(
                "'{name}' is shown by {playlists}; take it out there first, then take it back here.",
                name=name,
                playlists=", ".join(using),
            )
        )
