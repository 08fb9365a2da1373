"""Access as tables: the accounts, their open sessions, the wall displays, and what each role sees and may change.

In: the frames of accounts, sessions and displays, and the published lines of `sql.role_matrix`. Out: blocks of a page.
The rule it guards: what is shown of a right is what the database refuses by; a password is shown once, by the desk alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.door import devices
from dashboard.door.who_view import role_meaning, role_word
from dashboard.wall import address, boards, playlists
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.words import t, t_count

ROLES = ("agent", "supervisor", "manager", "executive", "administrator", "wall")


class Line(Protocol):
    """A line of the published table: what each role has of a page, of rows, of sums, or of a change."""

    @property
    def kind_name(self) -> str:
        """page, rows, sums or change."""

    @property
    def thing_name(self) -> str:
        """What it is about."""

    @property
    def answers(self) -> Mapping[str, str]:
        """What each role has of it: yes, no, or which part."""


def parts() -> dict[str, str]:
    """The parts of the page."""
    return {"accounts": t("Accounts"), "walls": t("Wall displays"), "roles": t("What each role sees")}


def nobody_yet() -> Block:
    """How a site begins to ask who comes."""
    return board.notice(
        "near",
        t("Nobody signs in at this site"),
        t(
            "Whoever reaches this address sees and changes everything. That is right for a trial on one computer, and wrong "
            "for people's figures on a network."
        ),
        steps=[
            t("Make the first account on the console: `floorboard account add NAME --role administrator`."),
            t(
                "From then on everybody signs in, also in tabs that are open, and sees what their role may see."
            ),
            t("Make all further accounts and wall displays on this page."),
        ],
        page=True,
    )


def of_the_demo() -> Block:
    """What the accounts of a demo are."""
    return board.notice(
        "none",
        t("This is the demo"),
        t(
            "Its accounts are personas: choose one in the head of the page, and see what the database lets it find. At a "
            "site of your own you make accounts here, and nobody of the demo can sign in there."
        ),
    )


def no_screens_yet() -> Block:
    """Why a site without accounts has no displays."""
    return board.notice(
        "none",
        t("A screen needs no token where nobody signs in"),
        t(
            "It opens the address of a wall, such as /wall/show?boards=floor, like everybody else; the page Walls has them. "
            "With the first account (`floorboard account add NAME --role administrator`) screens get a token of their own "
            "here."
        ),
    )


def tiles(accounts: pl.DataFrame, displays: pl.DataFrame, *, waiting_count: int) -> Block:
    """How many may sign in, how many are signed in, and how many screens hang and wait."""
    people = accounts.filter(pl.col("role_name") != "wall")
    closed = people.filter(~pl.col("is_active")).height
    standings = displays["standing_name"].to_list()
    return {
        "kind": "tiles",
        "tiles": [
            board.count_tile(
                "accounts",
                t("Accounts"),
                people.height - closed,
                more=t_count("{n} closed", "{n} closed", closed),
            ),
            board.count_tile(
                "sessions",
                t("Signed in"),
                int(people["open_sessions_count"].sum()),
                more=t("sessions open now"),
            ),
            board.count_tile(
                "displays",
                t("Wall displays"),
                standings.count("open"),
                more=t_count(
                    "{n} waits for its screen", "{n} wait for their screens", standings.count("waiting")
                ),
            ),
            board.count_tile("codes", t("Screens with a code"), waiting_count, more=t("wait for a yes")),
        ],
    }


def account_table(accounts: pl.DataFrame, *, zone_name: str, is_demo: bool = False) -> Block:
    """One row per account of a person: role, whose figures it sees, how it signs in, when it last did."""
    people = accounts.filter(pl.col("role_name") != "wall")
    columns = [
        column(t("Account")),
        column(t("Role")),
        column(t("Sees"), "text", wide=True),
        column(t("Signs in with"), wide=True),
        column(t("Last signed in"), "end", wide=True),
        column(t("Sessions"), "end", wide=True),
        column(t("State")),
    ]
    return board.table(
        t("Accounts"),
        columns,
        [_account_row(row, zone_name, is_demo=is_demo) for row in people.iter_rows(named=True)],
        nothing=t("There is no account yet; the first one is made on the console."),
        title=t("Who may sign in"),
        lead=t_count("{n} account", "{n} accounts", people.height),
    )


def _account_row(row: Row, zone_name: str, *, is_demo: bool) -> Block:
    whose = {"agent": words.name(row["agent_name"]), "supervisor": row["team_names_text"] or t("no team yet")}
    provider = t("the demo's switch") if is_demo else t("identity provider")
    signs = [t("password")] * bool(row["has_password"]) + [provider] * bool(row["is_of_provider"])
    return {
        "key": str(row["account_id"]),
        "tone": "none",
        "cells": [
            words.name(row["login_name"]),
            role_word(row["role_name"]),
            whose.get(row["role_name"], role_meaning(row["role_name"])),
            ", ".join(signs) or t("waits for the provider"),
            _moment(row["signed_in_at"], zone_name) if row["signed_in_at"] else t("never"),
            words.number(row["open_sessions_count"]),
            board.status("good", t("open")) if row["is_active"] else board.status("none", t("closed")),
        ],
    }


def session_table(sessions: pl.DataFrame, *, zone_name: str) -> Block:
    """One row per open session of a person."""
    people = sessions.filter(pl.col("role_name") != "wall")
    rows = [
        {
            "key": f"{place}",
            "cells": [
                words.name(row["login_name"]),
                role_word(row["role_name"]),
                _moment(row["started_at"], zone_name),
                _moment(row["ends_at"], zone_name),
            ],
        }
        for place, row in enumerate(people.iter_rows(named=True))
    ]
    columns = [
        column(t("Account")),
        column(t("Role"), wide=True),
        column(t("Signed in"), "end"),
        column(t("Ends"), "end"),
    ]
    return board.table(
        t("Open sessions"),
        columns,
        rows,
        nothing=t("Nobody is signed in."),
        title=t("Who is signed in"),
        lead=t_count("{n} session", "{n} sessions", people.height),
    )


def code_table(codes: pl.DataFrame, *, zone_name: str) -> Block:
    """One row per screen that shows a code; which of them hangs on the wall is for whoever stands there to say."""
    rows = [
        {
            "key": row["code_text"],
            "cells": [
                devices.written(row["code_text"]),
                row["address_text"],
                _moment(row["made_at"], zone_name),
                _moment(row["ends_at"], zone_name),
            ],
        }
        for row in codes.iter_rows(named=True)
    ]
    columns = [
        column(t("Code")),
        column(t("Asked from")),
        column(t("Since"), "end", wide=True),
        column(t("Counts until"), "end"),
    ]
    return board.table(
        t("Screens with a code"),
        columns,
        rows,
        nothing=t("No screen waits. Open /wall in the browser of the screen; its code stands here at once."),
        title=t("Screens that wait for a yes"),
        lead=t("Say yes only to a code that you have read on the screen itself."),
    )


def walls(own_boards: pl.DataFrame, own_playlists: pl.DataFrame) -> dict[str, str]:
    """What a display can show, by its address: every board by its title, then every playlist of the site."""
    found: dict[str, str] = {}
    for name in boards.names(own_boards):
        with suppress(WallError):  # a saved one that cannot be drawn any more
            found[wall_text(board_names=(name,))] = t(boards.find(name, own_boards).title)
    for row in own_playlists.filter(pl.col("toml_text").is_not_null()).iter_rows(named=True):
        with suppress(WallError):
            playlist = playlists.parsed(row["playlist_name"], row["toml_text"])
            found[wall_text(playlist_name=playlist.name)] = t("Playlist: {title}", title=playlist.title)
    return found


def wall_text(**chosen: Any) -> str:
    """The address of a wall with these of its fields."""
    return address.written(Wall(**chosen))


def narrowed(wall_text: str, queue_text: str) -> str:
    """The same wall with those queues alone whose name or group holds the text."""
    return f"{wall_text}&{urlencode({'queue': queue_text.strip()})}" if queue_text.strip() else wall_text


def shown_text(board_text: str, known: Mapping[str, str]) -> str:
    """What a display shows, in words: the titles of its boards or its playlist, and what of it is chosen."""
    if (title := known.get(board_text)) is not None:
        return title
    asked = dict(parse_qsl(urlsplit(board_text).query))
    names = [wall_text(board_names=(one,)) for one in asked.pop("boards", "").split(",") if one]
    if "playlist" in asked:
        names = [wall_text(playlist_name=asked.pop("playlist"))]
    rest = [t("queues with {text}", text=asked.pop("queue"))] if "queue" in asked else []
    titles = [known.get(one, one) for one in names]
    return ", ".join([*titles, *rest, *(f"{name} {value}" for name, value in asked.items())]) or board_text


def display_table(displays: pl.DataFrame, known: Mapping[str, str], *, zone_name: str) -> Block:
    """One row per wall display: what it shows, whether it is open, who put it up."""
    columns = [
        column(t("Display")),
        column(t("State")),
        column(t("Shows"), "text"),
        column(t("Open since"), "end", wide=True),
        column(t("Lasts until"), "end", wide=True),
        column(t("Put up by"), wide=True),
    ]
    return board.table(
        t("Wall displays"),
        columns,
        [
            _display_row(place, row, known, zone_name)
            for place, row in enumerate(displays.iter_rows(named=True))
        ],
        nothing=t("No screen hangs on a wall yet."),
        title=t("Wall displays"),
        lead=t("A display shows its wall, and nothing else of this site, until it is revoked."),
    )


def _display_row(place: int, row: Row, known: Mapping[str, str], zone_name: str) -> Block:
    standing = {
        "open": board.status("good", t("open")),
        "waiting": board.status("near", t("waits for its screen")),
        "revoked": board.status("none", t("revoked {at}", at=_moment(row["revoked_at"], zone_name))),
    }
    return {
        "key": f"{row['device_name']}-{place}",
        "tone": "none",
        "cells": [
            words.name(row["device_name"]),
            standing[row["standing_name"]],
            shown_text(row["board_text"], known),
            _moment(row["opened_at"], zone_name),
            words.day(words.local_day(row["ends_at"], zone_name)) if row["ends_at"] else words.UNKNOWN,
            words.name(row["made_by_name"]),
        ],
    }


def _moment(at: datetime | None, zone_name: str) -> str:
    return words.moment(at, zone_name, in_seconds=False)


# ---- what each role sees


def matrix_tables(lines: Iterable[Line]) -> list[Block]:
    """The published table as four: pages, rows, sums and changes; what has the same answers stands in one line."""
    known = list(lines)
    return [
        _matrix_table(kind, title, lead, [line for line in known if line.kind_name == kind])
        for kind, (title, lead) in _titles().items()
    ]


def _titles() -> dict[str, tuple[str, str]]:
    return {
        "page": (
            t("Pages"),
            t("A page that a role does not have is not in its menu, and its address leads nowhere."),
        ),
        "rows": (
            t("Rows of the warehouse"),
            t("Which rows a role finds, whatever asks for them. What is not named here is read by the loader alone."),
        ),
        "sums": (
            t("Sums of the whole floor"),
            t("Answered from every row, because the answer names nobody; never narrowed to one agent."),
        ),
        "change": (
            t("Changes"),
            t("Of what belongs to an agent or a team, only where the role finds the row. All else is an administrator's."),
        ),
    }  # fmt: skip


def _matrix_table(kind: str, title: str, lead: str, lines: list[Line]) -> Block:
    alike: dict[tuple[str, ...], list[str]] = {}
    for line in lines:
        alike.setdefault(tuple(line.answers[role] for role in ROLES), []).append(
            _thing(kind, line.thing_name)
        )
    rows = [
        {
            "key": ", ".join(things)[:80],
            "cells": [", ".join(things), *(_answer(answer) for answer in answers)],
        }
        for answers, things in alike.items()
    ]
    columns = [column(title, "text"), *(column(role_word(role)) for role in ROLES)]
    return board.table(title, columns, rows, nothing="", title=title, lead=lead)


def _thing(kind: str, name: str) -> str:
    plain = name.rpartition(".")[2] if kind == "rows" else name
    text = plain.replace("_", " ").replace(".", ": ")
    return text.capitalize() if kind == "page" else text


def _answer(answer: str) -> Block | str:
    if answer == "no":
        return words.UNKNOWN
    known = {"yes": t("yes"), "all": t("all"), "own": t("own"), "their teams'": t("own teams'")}
    word = known.get(answer, answer)
    return board.status("good", word) if answer in ("yes", "all") else word
