"""Wall displays: which screen may show which wall, and how it gets there without anybody's account.

In: the code that a screen shows, or an address that opens once; a name and a wall from whoever runs the site. Out: a
session of the display's own account, bound to that wall.
The rule it guards: nobody's account hangs on a wall; a display shows its one wall until it is revoked, and the warehouse
knows the hash of its token alone.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from dashboard.door import sessions
from dashboard.wall import address, boards, playlists, wall_queries
from dashboard.wall.address import Wall
from dashboard.wall.boards import NAME, WallError
from dashboard.words import t
from sql import audit, warehouse

ROLE = "wall"
COOKIE = "floorboard_screen"
LETTERS: Final = (
    "BCDFGHJKMNPQRSTVWXZ"  # none that looks like another letter or a digit, none that makes words
)
CODE_LETTERS = 8
CODE_LASTS = timedelta(minutes=10)
LINK_LASTS = timedelta(days=7)
LASTS = timedelta(days=400)  # browsers keep no cookie for longer
MOST_WAITING, MOST_OF_ADDRESS = 100, 20
LONGEST_NAME, LONGEST_CHOICE, LONGEST_BOARD = 80, 60, 500


class DeviceError(ValueError):
    """The wall display cannot be put up as it was asked for; the message says what was found and what to do."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A screen that shows its code; `browser` is what its browser keeps, told once."""

    code_text: str
    ends_at: datetime
    browser: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A display that may begin: the token of its session, told once, and its wall."""

    token: str
    board_text: str


def board_of(text: str, *, connection: sa.Connection | None = None) -> str:
    """The address of a wall as it is kept ("/wall/show?boards=floor"); raises DeviceError for one that no display can show.

    text: that address, with or without the site's own before it, or the name of one board alone. With a connection a board,
    playlist or queue that is not there is refused, too.
    """
    parts = urlsplit(text.strip())
    if parts.path.rstrip("/") == address.PATH:
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    elif NAME.fullmatch(text.strip()):
        asked = {"boards": text.strip()}
    else:
        raise DeviceError(
            t(
                "No wall display can show '{address}'; expected the name of a board such as floor, or the address of a wall "
                "such as {path}?boards=floor,agents.",
                address=text.strip()[:LONGEST_CHOICE],
                path=address.PATH,
            )
        )
    try:
        wall = address.parsed(asked)
    except WallError as error:
        raise DeviceError(str(error)) from error
    if wall.at is not None:
        raise DeviceError(t("A display shows the present; leave 'at' out, and look back on the page Walls."))
    found = address.written(wall)
    if len(found) > LONGEST_BOARD:
        raise DeviceError(
            t("The address of the wall has {found} signs; expected at most {most}. Name fewer boards, or a playlist.",
              found=len(found), most=LONGEST_BOARD)
        )  # fmt: skip
    if connection is not None:
        _check_names(connection, wall)
    return found


def waiting(connection: sa.Connection, browser: str, *, now: datetime) -> Waiting | Opened | None:
    """The code that this browser waits under, or its session where somebody said yes; None where it does not wait."""
    found = _of_browser(connection, browser, now)
    if found is None:
        return None
    if found.device_id is None:
        return Waiting(found.code_text, found.ends_at, browser)
    told = {"browser_sha256": _hash(browser), "device_id": found.device_id}
    if not warehouse.execute(connection, "devices/code_forget", **told):
        return None  # another tab of the same browser was quicker
    return _open(connection, found.account_id, found.board_text, now)


def wait(connection: sa.Connection, *, address_text: str, now: datetime) -> Waiting:
    """A new code for a browser that has none; raises DeviceError where too many screens wait, in all or from there."""
    warehouse.execute(connection, "devices/codes_forget", as_of=now)
    asked_from = address_text[:80]
    known = codes(connection, as_of=now)["address_text"].to_list()
    if len(known) >= MOST_WAITING or known.count(asked_from) >= MOST_OF_ADDRESS:
        raise DeviceError(
            t(
                "{count} screens wait for a yes already; try again in ten minutes, when their codes are over.",
                count=len(known),
            )
        )
    fresh, ends_at = secrets.token_urlsafe(sessions.TOKEN_BYTES), now + CODE_LASTS
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
        told = {"code_text": code, "browser_sha256": _hash(fresh), "address_text": asked_from}
        if warehouse.execute(connection, "devices/code_new", **told, made_at=now, ends_at=ends_at):
            return Waiting(code, ends_at, fresh)


def written(code_text: str) -> str:
    """A code as it is shown: two groups of four."""
    return f"{code_text[:4]}-{code_text[4:]}"


def approve(
    connection: sa.Connection,
    code_text: str,
    *,
    device_name: str,
    board_text: str,
    made_by_name: str,
    now: datetime,
) -> str:
    """Says yes to the screen that shows this code; gives the wall that it shows from now on. Raises DeviceError."""
    code = "".join(sign for sign in code_text.upper() if sign.isalnum())
    device_id, board = _make(connection, device_name, board_text, made_by_name, now)
    if not warehouse.execute(
        connection, "devices/code_approve", code_text=code, device_id=device_id, as_of=now
    ):
        raise DeviceError(
            t(
                "No screen waits under the code {code}; expected the eight letters that it shows now. A code lasts ten "
                "minutes.",
                code=code_text.strip()[:LONGEST_CHOICE] or "''",
            )
        )
    return board


def add(
    connection: sa.Connection, device_name: str, *, board_text: str, made_by_name: str, now: datetime
) -> str:
    """Puts a display on the list; gives the token of the address that opens it once, which is told once. DeviceError."""
    device_id, _ = _make(connection, device_name, board_text, made_by_name, now)
    token = secrets.token_urlsafe(sessions.TOKEN_BYTES)
    warehouse.execute(
        connection, "devices/link_new", token_sha256=_hash(token), device_id=device_id, ends_at=now + LINK_LASTS
    )  # fmt: skip
    return token


def link_path(token: str) -> str:
    """The path of the address that opens a display once."""
    return f"/wall/open?{urlencode({'token': token})}"


def open_once(connection: sa.Connection, token: str, *, now: datetime) -> Opened | None:
    """The display that this token opens; None where it was used, is over, or its display was revoked."""
    text = warehouse.statement("devices/link_use")
    row = connection.execute(sa.text(text), {"token_sha256": _hash(token), "used_at": now}).one_or_none()
    return _open(connection, row.account_id, row.board_text, now) if row is not None else None


def revoke(connection: sa.Connection, device_name: str, *, now: datetime) -> int:
    """Takes a display out of use and ends its sessions, how many; raises DeviceError where none of that name is in use."""
    text = warehouse.statement("devices/device_in_use")
    row = connection.execute(sa.text(text), {"device_name": device_name.strip()}).one_or_none()
    if row is None:
        names = listed(connection, as_of=now).filter(pl.col("revoked_at").is_null())["device_name"].to_list()
        raise DeviceError(
            t(
                "No wall display '{name}' is in use; there are: {names}.",
                name=device_name.strip()[:LONGEST_NAME],
                names=", ".join(names) or t("none"),
            )
        )
    warehouse.execute(connection, "devices/device_revoke", device_id=row.device_id, revoked_at=now)
    warehouse.execute(connection, "devices/account_retire", account_id=row.account_id)
    ended = sessions.end_all(connection, row.account_id, now=now)
    told = {"name": row.device_name, "ended_sessions": ended}
    audit.note(connection, what_name="device.revoked", of_name=f"device {row.device_id}", told=told)
    return ended


def listed(connection: sa.Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per display: its board, who put it up, and whether it is open, waits to be opened, or was revoked."""
    return warehouse.frame(connection, "devices/devices", as_of=as_of)


def codes(connection: sa.Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per screen that shows a code and waits, the newest first."""
    return warehouse.frame(connection, "devices/codes", as_of=as_of)


def account(connection: sa.Connection, device_name: str, *, identity: tuple[str, str] | None = None) -> int:
    """Makes the account of a display, which is nobody's: it has no password."""
    (account_id,) = warehouse.one_row(
        connection,
        "accounts/account_new",
        login_name=f"wall: {device_name}",
        role_name=ROLE,
        agent_id=None,
        password_hash_text=None,
        issuer_text=identity[0] if identity else None,
        subject_text=identity[1] if identity else None,
    )
    return int(account_id)


def _make(
    connection: sa.Connection, device_name: str, board_text: str, made_by_name: str, now: datetime
) -> tuple[int, str]:
    name = device_name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise DeviceError(
            t(
                "The name of the display is empty, too long or has signs that cannot be seen; expected 1 to {most} "
                "letters, such as Floor 2 east.",
                most=LONGEST_NAME,
            )
        )
    board = board_of(board_text, connection=connection)
    try:
        with connection.begin_nested():
            (device_id,) = warehouse.one_row(
                connection,
                "devices/device_new",
                account_id=account(connection, name),
                device_name=name,
                board_text=board,
                made_by_name=made_by_name,
                made_at=now,
            )
    except IntegrityError as error:
        raise DeviceError(
            t(
                "A wall display '{name}' is in use already; revoke it first, or choose another name.",
                name=name,
            )
        ) from error
    told = {"name": name, "board": board}
    audit.note(connection, what_name="device.made", of_name=f"device {device_id}", told=told)
    return int(device_id), board


def _check_names(connection: sa.Connection, wall: Wall) -> None:
    """DeviceError where the wall names a board, a playlist or a queue that is not there."""
    try:
        known = wall_queries.wall_boards(connection)
        lists = wall_queries.wall_playlists(connection) if wall.playlist_name else None
        playlist = playlists.of_wall(wall, lists)
        for name in playlist.shown_names:
            boards.find(name, known)
        if wall.held_name is not None and wall.held_name not in playlist.shown_names:
            raise WallError(
                t(
                    "'hold' is '{name}', which is none of the boards of the wall; expected one of {names}.",
                    name=wall.held_name,
                    names=", ".join(playlist.shown_names),
                )
            )
    except WallError as error:
        raise DeviceError(str(error)) from error
    if wall.queue_text:
        _check_queue(connection, wall.queue_text)


def _check_queue(connection: sa.Connection, wanted: str) -> None:
    rows = warehouse.frame(connection, "queries/queues").iter_rows(named=True)
    names = {f"{row['queue_name']} {row['group_name'] or ''}".strip(): row["queue_name"] for row in rows}
    if not any(wanted.casefold() in one.casefold() for one in names):
        raise DeviceError(
            t(
                "No queue's name or group has '{text}' in it; expected a part of one of: {names}.",
                text=wanted,
                names=", ".join(sorted(names.values())[:12]) or t("none, there is no queue yet"),
            )
        )


def _of_browser(connection: sa.Connection, browser: str, now: datetime) -> sa.Row[tuple[object, ...]] | None:
    text = warehouse.statement("devices/code_of_browser")
    return connection.execute(sa.text(text), {"browser_sha256": _hash(browser), "as_of": now}).one_or_none()


def _open(connection: sa.Connection, account_id: int, board_text: str, now: datetime) -> Opened:
    """The one session of a display: whichever screen showed it before does so no longer."""
    sessions.end_all(connection, account_id, now=now)
    return Opened(sessions.begin(connection, account_id=account_id, now=now, lasts=LASTS), board_text)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
