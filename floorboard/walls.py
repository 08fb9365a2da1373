"""The commands about what hangs on the walls: list boards and playlists, check, save and take back one, tell the floor.

In: what a person on the console types, and files of TOML. Out: a table, a text, a fault with its line, or a saved version.
The rule it guards: a file is checked as the editor checks it, and saved whole or not at all; every save can be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from floorboard.accounts import changing
from floorboard.terminal import AsJson, FrontDoorError, show, tell

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dashboard.wall.wall_saves import Thing

wall_app = typer.Typer(help="Boards and playlists of the walls, and messages on them.", no_args_is_help=True)
CONSOLE = "console"
Name = Annotated[str, typer.Argument(help="The name of a board, such as floor.")]
OfPlaylist = Annotated[bool, typer.Option("--playlist", help="Of the playlist of that name, not of a board.")]
UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


@wall_app.command("list")
def wall_list(as_json: AsJson = False) -> None:
    """Every board and playlist: whom it is for, and whether it came with Floorboard or is the site's own."""
    from dashboard.wall import boards, playlists, wall_queries

    found: list[dict[str, Any]] = []
    with changing() as connection:
        rows = wall_queries.wall_boards(connection)
        own = {row["board_name"]: row for row in rows.iter_rows(named=True)}
        for name in boards.names(rows):
            found.append(_line(name, "board", lambda name=name: boards.find(name, rows), own.get(name)))
        lists = wall_queries.wall_playlists(connection)
        kept = {row["playlist_name"]: row for row in lists.iter_rows(named=True)}
        for name in playlists.texts(lists):
            found.append(_line(name, "playlist", lambda name=name: playlists.find(name, lists), kept[name]))
    if not as_json:
        for line in found:
            if line["kind"] == "board" and line["shows"]:
                count = line["shows"].count(",") + 1
                line["shows"] = f"{count} tiles" if count > 1 else "1 tile"
    show(found, title="Boards and playlists of the walls", as_json=as_json)


@wall_app.command("show")
def wall_show(name: Name, is_playlist: OfPlaylist = False) -> None:
    """The text of a board or a playlist, to be changed in a file and saved again."""
    from dashboard.wall import boards, playlists, wall_queries

    with changing() as connection:
        if is_playlist:
            lists = wall_queries.wall_playlists(connection)
            playlists.find(name, lists)
            text = playlists.texts(lists)[name]
        else:
            rows = wall_queries.wall_boards(connection)
            text = boards.texts(rows).get(name) or boards.shipped_text(boards.find(name, rows).name)
    typer.echo(text, nl=not text.endswith("\n"))


@wall_app.command("check")
def wall_check(
    files: Annotated[list[Path], typer.Argument(help="Files of boards or playlists, such as floor-2.toml.")],
) -> None:
    """Say of each file whether it can hang on a wall, with the line and column of its first fault."""
    from dashboard.wall.boards import WallError

    faults: list[str] = []
    for file in files:
        try:
            thing, text = _read(file)
            if thing == "board":
                _check_board(file, text)
            else:
                with changing() as connection:
                    _check_playlist(connection, file, text)
        except (WallError, FrontDoorError) as error:
            faults.append(str(error))
        else:
            tell(f"{file}: this {thing} can hang on a wall.")
    if faults:
        raise FrontDoorError("\n".join(faults))


@wall_app.command("save")
def wall_save(
    file: Annotated[
        Path, typer.Argument(help="The file of a board or a playlist; its name is that of the file.")
    ],
    name: Annotated[str | None, typer.Option(help="Save it under another name.")] = None,
) -> None:
    """Check a file and save it: every wall that shows it follows within seconds."""
    from dashboard.wall import wall_saves
    from dashboard.wall.tile_kinds import KINDS
    from etl.demo_home import clock_in_use

    thing, text = _read(file)
    given: dict[str, Any] = {
        "name": name or file.stem,
        "toml_text": text,
        "viewer_name": CONSOLE,
        "at": clock_in_use()(),
    }
    with changing() as connection:
        if thing == "board":
            _check_board(file, text, name=name)
            version = wall_saves.save_board(connection, kinds=KINDS, **given)
        else:
            _check_playlist(connection, file, text, name=name)
            version = wall_saves.save_playlist(connection, **given)
    tell(f"The {thing} '{given['name']}' is saved as version {version}; the walls follow within seconds.")


@wall_app.command("undo")
def wall_undo(
    name: Name,
    is_playlist: OfPlaylist = False,
    version: Annotated[int | None, typer.Option(help="The version that is to stand again.")] = None,
) -> None:
    """Take back the last save of a board or a playlist; again, and the one before it."""
    from dashboard.wall import boards, playlists, wall_queries, wall_saves
    from etl.demo_home import clock_in_use

    thing: Thing = "playlist" if is_playlist else "board"
    with changing() as connection:
        is_board = is_playlist or name in boards.names(wall_queries.wall_boards(connection))
        if not is_board and name in playlists.texts(wall_queries.wall_playlists(connection)):
            raise FrontDoorError(f"'{name}' is a playlist; add --playlist to take back its last save.")
        stands = wall_saves.take_back(
            connection,
            thing=thing,
            name=name,
            viewer_name=CONSOLE,
            at=clock_in_use()(),
            to_version_number=version,
        )
    if stands.toml_text is not None:
        tell(f"Version {stands.of_version_number} of the {thing} '{name}' stands again.")
    elif thing == "board" and name in boards.SHIPPED:
        tell(f"The board '{name}' stands again as it came with Floorboard.")
    else:
        tell(f"There is no {thing} '{name}' any more; its versions are kept, --version lets one stand again.")


@wall_app.command("message")
def wall_message(
    text: Annotated[str, typer.Argument(help="What every wall says, in at most 200 letters.")],
    lasts: Annotated[str, typer.Option("--for", help="For how long: such as 90s, 30m or 2h.")] = "30m",
    tone: Annotated[str, typer.Option(help="How urgent it is: off, near, good or none.")] = "off",
) -> None:
    """Tell the whole floor something, on every wall, within seconds."""
    from dashboard.wall import wall_saves
    from etl.demo_home import clock_in_use

    lasting, at = _lasting(lasts), clock_in_use()()
    with changing() as connection:
        wall_saves.tell(
            connection, message_text=text, viewer_name=CONSOLE, at=at, lasts=lasting, tone_name=tone
        )
    tell(f"Every wall says so within seconds, for {lasts}; `floorboard wall clear` takes it down before.")


@wall_app.command("clear")
def wall_clear() -> None:
    """Take the message off every wall."""
    from dashboard.wall import wall_saves
    from etl.demo_home import clock_in_use

    with changing() as connection:
        ended = wall_saves.hush(connection, viewer_name=CONSOLE, at=clock_in_use()())
    tell("The message is off every wall." if ended else "No message stood on the walls; nothing was changed.")


def _line(name: str, thing: Thing, find: Any, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """One line of the list; a text that cannot be drawn any more says so, and hides no other."""
    from dashboard.wall.boards import WallError
    from dashboard.wall.playlists import Playlist

    is_own = row is not None and row["toml_text"] is not None
    try:
        found = find()
        title, fault = found.title, None
        shows = (
            ", ".join(found.shown_names)
            if isinstance(found, Playlist)
            else ", ".join(tile.shows for tile in found.tiles)
        )
        audience = None if isinstance(found, Playlist) else found.audience
    except WallError as error:
        title, shows, audience, fault = name, None, None, str(error)
    return {
        "kind": thing,
        "name": name,
        "title": title,
        "audience": audience,
        "shows": shows,
        "origin": "site" if is_own else "shipped",
        "version_number": row["version_number"] if row is not None and is_own else None,
        "fault": fault,
    }


def _read(file: Path) -> tuple[Thing, str]:
    """What a file holds, by what it says: a playlist lists boards, a board has tiles."""
    from dashboard.wall.toml_text import read

    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FrontDoorError(f"{file} cannot be read ({error.strerror}); expected a file of TOML.") from error
    except UnicodeDecodeError as error:
        raise FrontDoorError(f"{file} is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    values = read(str(file), text).values
    return ("playlist" if "boards" in values and "tiles" not in values else "board"), text


def _check_board(file: Path, text: str, *, name: str | None = None) -> None:
    from dashboard.wall import boards
    from dashboard.wall.tile_kinds import KINDS

    boards.parsed(name or file.stem, text, KINDS, place=str(file))


def _check_playlist(connection: Connection, file: Path, text: str, *, name: str | None = None) -> None:
    from dashboard.wall import boards, playlists, wall_queries

    known = boards.names(wall_queries.wall_boards(connection))
    playlists.parsed(name or file.stem, text, board_names=known, place=str(file))


def _lasting(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,5})([smh])", text.strip())
    if found is None:
        raise FrontDoorError(f"--for is '{text}', expected a number with s, m or h, such as 90s, 30m or 2h.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})
