"""What hangs on the walls: boards and playlists with every version of them, messages, and the commands."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from dashboard.access import Viewer, transaction
from dashboard.queries import QUESTIONS
from dashboard.wall import address, boards, playlists, wall_queries, wall_saves
from dashboard.wall.boards import WallError
from dashboard.wall.tile_kinds import KINDS
from dashboard.wall.wall_saves import Version
from sql import audit, migrate, warehouse
from tests.conftest import engine_of_copy
from tests.db.test_rights import floor, pages, token_of
from tests.typed import typed

__all__ = ["floor", "pages"]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
WHO: dict[str, Any] = {"viewer_name": "mona", "at": NOON}


def board(title: str, shows: str = "clock") -> str:
    return f'title = "{title}"\naudience = "everybody"\n[[tiles]]\nshows = "{shows}"\nwidth = 4\nheight = 2\n'


def playlist(*names: str) -> str:
    return f'title = "Day"\nboards = {json.dumps(list(names))}\n'


@pytest.fixture(scope="module")
def bare(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A site on whose walls nothing of its own hangs."""
    with engine_of_copy(server_url, template_name) as engine:
        yield engine


@pytest.fixture
def connection(bare: sa.Engine) -> Iterator[sa.Connection]:
    """A connection whose changes are taken back after the test."""
    with warehouse.connected(bare, deadline_seconds=30) as found:
        kept = found.begin_nested()
        yield found
        kept.rollback()


def save(connection: sa.Connection, name: str, text: str, **more: Any) -> int:
    return wall_saves.save_board(connection, name=name, toml_text=text, kinds=KINDS, **WHO, **more)


def undo(connection: sa.Connection, name: str, **more: Any) -> Version:
    return wall_saves.take_back(connection, thing="board", name=name, **WHO, **more)


def title(connection: sa.Connection, name: str) -> str:
    return boards.find(name, wall_queries.wall_boards(connection)).title


def test_each_save_can_be_taken_back_down_to_the_shipped_board(connection: sa.Connection) -> None:
    assert [save(connection, "floor", board(one)) for one in ("A", "B")] == [1, 2]
    assert undo(connection, "floor") == Version(3, 1, board("A"))
    assert title(connection, "floor") == "A"
    assert save(connection, "floor", board("C")) == 4
    # the last save goes, then what stood before it, which is A again and not B, then the shipped one
    assert [undo(connection, "floor").of_version_number for _ in range(2)] == [1, None]
    assert title(connection, "floor") == boards.shipped()["floor"].title
    with pytest.raises(WallError, match="Nothing that was saved under 'floor' stands"):
        undo(connection, "floor")
    assert undo(connection, "floor", to_version_number=2) == Version(7, 2, board("B"))
    assert title(connection, "floor") == "B"
    with pytest.raises(WallError, match=r"^Version 2 of 'floor' stands already\.$"):
        undo(connection, "floor", to_version_number=2)
    with pytest.raises(WallError, match=r"'floor' has no version 9; expected one of 1, 2, 3, 4, 5, 6, 7\."):
        undo(connection, "floor", to_version_number=9)
    told = wall_queries.wall_saves(connection, as_of=NOON)
    assert told.select(
        "kind_name", "saved_name", "version_number", "of_version_number", "viewer_name"
    ).rows() == [
        ("board", "floor", number, of_number, "mona")
        for number, of_number in ((7, 2), (6, None), (5, 1), (4, 4), (3, 1), (2, 2), (1, 1))
    ]
    assert wall_queries.wall_saves(connection, as_of=NOON - timedelta(seconds=1)).height == 0


def test_the_same_text_again_is_no_new_version(connection: sa.Connection) -> None:
    assert [save(connection, "lobby", board("A")) for _ in range(2)] == [1, 1]
    assert wall_queries.wall_saves(connection, as_of=NOON).height == 1


def test_nobody_overwrites_what_somebody_saved_meanwhile(connection: sa.Connection) -> None:
    save(connection, "lobby", board("A"), version_number=0)
    with pytest.raises(
        WallError, match="Somebody has saved 'lobby' meanwhile: it is version 1 now, and you began with 0"
    ):
        save(connection, "lobby", board("B"), version_number=0)
    assert save(connection, "lobby", board("B"), version_number=1) == 2
    wall_saves.take_away(connection, thing="board", name="lobby", **WHO)
    # also where none stands any more, the next save comes after the last one
    assert wall_saves.version_of(connection, "board", "lobby") == Version(3, None, None)
    assert save(connection, "lobby", board("C"), version_number=3) == 4


def test_what_cannot_be_drawn_is_not_kept(connection: sa.Connection) -> None:
    with pytest.raises(WallError, match=r"^lobby\.toml:4:1: tile 1: there is no tile 'weather'"):
        save(connection, "lobby", board("A", shows="weather"))
    with pytest.raises(
        WallError, match=r"^day\.toml:2:1: there is no board 'lobby'; expected one of floor, queue, agents"
    ):
        wall_saves.save_playlist(connection, name="day", toml_text=playlist("floor", "lobby"), **WHO)
    assert wall_queries.wall_saves(connection, as_of=NOON).height == 0


def test_a_board_that_a_playlist_shows_stays_until_it_is_taken_out_there(connection: sa.Connection) -> None:
    save(connection, "lobby", board("A"))
    given: dict[str, Any] = {"name": "day", **WHO}
    wall_saves.save_playlist(connection, toml_text=playlist("floor", "lobby"), **given)
    with pytest.raises(WallError, match="'lobby' is shown by day; take it out there first"):
        undo(connection, "lobby")
    wall_saves.save_playlist(connection, toml_text=playlist("floor"), **given)
    assert undo(connection, "lobby").toml_text is None
    with pytest.raises(WallError, match="there is no board 'lobby'"):  # the older version shows what is gone
        wall_saves.take_back(connection, thing="playlist", **given)
    wall_saves.take_away(connection, thing="playlist", **given)
    assert playlists.texts(wall_queries.wall_playlists(connection)) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "update ops.wall_boards set toml_text = 'x'",
        "delete from ops.wall_boards",
        "update ops.wall_playlists set viewer_name = 'x'",
        "delete from ops.wall_playlists",
    ],
)
def test_not_even_the_owner_changes_a_version(connection: sa.Connection, statement: str) -> None:
    save(connection, "lobby", board("A"))
    wall_saves.save_playlist(connection, name="day", toml_text=playlist("floor"), **WHO)
    with pytest.raises(DBAPIError, match="stays as it was made"), connection.begin_nested():
        connection.execute(sa.text(statement))


def standing(connection: sa.Connection, at: datetime) -> list[str]:
    return wall_queries.wall_messages(connection, as_of=at)["message_text"].to_list()


def test_a_message_stands_for_its_time_and_gives_way_to_the_next(connection: sa.Connection) -> None:
    def tell(text: str, at: datetime, **more: Any) -> int:
        return wall_saves.tell(connection, message_text=text, viewer_name="sam", at=at, **more)

    second = timedelta(seconds=1)
    tell("Fire drill\n at 11:00", NOON, lasts=timedelta(minutes=10))
    assert standing(connection, NOON - second) == []
    assert standing(connection, NOON) == ["Fire drill at 11:00"]  # one line, whatever was typed
    assert standing(connection, NOON + timedelta(minutes=10) - second) == ["Fire drill at 11:00"]
    assert standing(connection, NOON + timedelta(minutes=10)) == []
    tell("All clear", NOON + timedelta(minutes=5), tone_name="good")
    assert standing(connection, NOON + timedelta(minutes=5)) == ["All clear"]
    assert standing(connection, NOON + timedelta(minutes=5) - second) == [
        "Fire drill at 11:00"
    ]  # looking back
    ended = wall_saves.hush(connection, viewer_name="mona", at=NOON + timedelta(minutes=6))
    assert (ended, standing(connection, NOON + timedelta(minutes=6))) == (1, [])
    assert wall_saves.hush(connection, viewer_name="mona", at=NOON + timedelta(minutes=7)) == 0
    log = wall_queries.wall_message_log(connection, as_of=LATER)
    assert log.select("message_text", "viewer_name", "ended_at", "ended_by_name").rows() == [
        ("All clear", "sam", NOON + timedelta(minutes=6), "mona"),
        ("Fire drill at 11:00", "sam", NOON + timedelta(minutes=5), "sam"),
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"message_text": "  \n "}, "The message has 0 signs; expected 1 to 200"),
        ({"message_text": "x" * 201}, "The message has 201 signs; expected 1 to 200"),
        ({"message_text": "a\u202eb"}, "a sign that cannot be seen"),
        ({"message_text": "x", "lasts": timedelta(days=2)}, "A message stands for 1 minute to 24 hours"),
        ({"message_text": "x", "lasts": timedelta(seconds=59)}, "A message stands for 1 minute to 24 hours"),
        ({"message_text": "x", "tone_name": "pink"}, "no tone 'pink'; expected one of off, near, good, none"),
    ],
)
def test_a_message_that_nobody_could_read_is_refused(
    connection: sa.Connection, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(WallError, match=sentence):
        wall_saves.tell(connection, **given, **WHO)
    assert standing(connection, NOON) == []


def test_the_trail_says_who_changed_a_board_and_never_what_a_message_says(connection: sa.Connection) -> None:
    with audit.acting("open", person_name="mona"):
        save(connection, "lobby", board("A"))
        undo(connection, "lobby")
        wall_saves.tell(connection, message_text="Anna, call 5551234567", **WHO)
    text = "select what_name, of_name, told_text from ops.audit_drafts order by draft_id"  # at the commit they are lines
    told = [(row[0], row[1], json.loads(row[2])) for row in connection.execute(sa.text(text)).all()]
    assert [row[:2] for row in told[:2]] == [("wall.board", "board lobby")] * 2
    assert [row[2]["did"] for row in told] == ["saved", "took back", "put up"]
    assert "Anna" not in str(told)


@pytest.mark.parametrize("role", ["aino", "sam", "mara", "eve", "ada", "wall"])
def test_every_role_is_shown_what_hangs_on_the_walls(
    floor: sa.Engine, pages: sa.Engine, role: str, hung: None
) -> None:
    viewer = Viewer(role, role, "wall" if role == "wall" else "manager", token=token_of(role))
    with transaction(pages, viewer) as connection:
        asked = {
            name: QUESTIONS[name](connection, **({"as_of": NOON} if name == "wall_messages" else {}))
            for name in ("wall_boards", "wall_playlists", "wall_messages")
        }
    assert {name: frame.height for name, frame in asked.items()} == dict.fromkeys(asked, 1)
    assert not any(
        "viewer_name" in frame.columns for frame in asked.values()
    )  # who it was, staff alone is told


@pytest.mark.parametrize(
    ("role", "is_told"), [("aino", False), ("eve", False), ("sam", True), ("mara", True)]
)
def test_who_saved_a_board_is_told_to_the_staff_alone(
    floor: sa.Engine, pages: sa.Engine, role: str, is_told: bool, hung: None
) -> None:
    with transaction(pages, Viewer(role, role, "manager", token=token_of(role))) as connection:
        found = [
            wall_queries.wall_saves(connection, as_of=NOON),
            wall_queries.wall_message_log(connection, as_of=NOON),
        ]
    assert [frame.height > 0 for frame in found] == [is_told] * 2


@pytest.fixture(scope="module")
def hung(floor: sa.Engine) -> None:
    """One board, one playlist and one message on the walls of the floor."""
    with warehouse.connected(floor) as connection:
        save(connection, "lobby", board("A"))
        wall_saves.save_playlist(connection, name="day", toml_text=playlist("floor", "lobby"), **WHO)
        wall_saves.tell(connection, message_text="Fire drill", **WHO)


def test_a_display_of_the_old_floor_shows_the_wall_with_the_same_queues(connection: sa.Connection) -> None:
    moved = {
        "/live": "/wall/show?boards=floor",
        "/live?queue=sales": "/wall/show?boards=floor&queue=sales",
        "/live?queue=caf%C3%A9+%26+bar": "/wall/show?boards=floor&queue=caf%C3%A9+%26+bar",
        "/wall/show?boards=agents": "/wall/show?boards=agents",
        "/live-floor": "/live-floor",
    }
    for n, old in enumerate(moved):
        told = {"name": f"wall: {n}", "board": old}
        account = "insert into access.accounts (login_name, role_name) values (:name, 'wall')"
        connection.execute(sa.text(account), told)
        device = (
            "insert into access.devices (account_id, device_name, board_text, made_by_name) "
            "select max(account_id), :name, :board, 'ada' from access.accounts"
        )
        connection.execute(sa.text(device), told)
    text = (migrate.SCHEMA / "038_walls.sql").read_text(encoding="utf-8")
    for _ in range(2):  # once moved, it stays
        connection.exec_driver_sql(text[text.index("update access.devices") :])
    found = (
        connection.execute(sa.text("select board_text from access.devices order by device_id"))
        .scalars()
        .all()
    )
    assert found == list(moved.values())
    assert {
        address.written(address.parsed(dict(parse_qsl(urlsplit(one).query)))) for one in found[1:3]
    } == set(found[1:3])


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def command(
    server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Command]:
    """The console in a folder of its own, on a site of its own."""
    folder = tmp_path_factory.mktemp("walls")
    with engine_of_copy(server_url, template_name) as engine:
        url = engine.url.render_as_string(hide_password=False)

        def run(*arguments: str, **files: str) -> subprocess.CompletedProcess[str]:
            for name, text in files.items():
                (folder / f"{name}.toml").write_text(text, encoding="utf-8")
            variables = {**os.environ, "DATABASE_URL": url, "FLOORBOARD_HOME": str(folder)}
            return typed("wall", *arguments, cwd=folder, variables=variables)

        yield run


def test_the_console_saves_lists_shows_and_takes_back(command: Command) -> None:
    said = [
        command("save", "lobby.toml", lobby=board("Lobby")),
        command("save", "lobby.toml", "--name", "floor"),
        command("save", "day.toml", day=playlist("floor", "lobby")),
        command("undo", "floor"),
    ]
    assert [one.stderr for one in said] == [
        "The board 'lobby' is saved as version 1; the walls follow within seconds.\n",
        "The board 'floor' is saved as version 1; the walls follow within seconds.\n",
        "The playlist 'day' is saved as version 1; the walls follow within seconds.\n",
        "The board 'floor' stands again as it came with Floorboard.\n",
    ]
    assert [one.returncode for one in said] == [0] * 4
    listed = json.loads(command("list", "--json").stdout)
    assert [
        (one["kind"], one["name"], one["origin"], one["version_number"], one["fault"]) for one in listed
    ] == [
        *(("board", name, "shipped", None, None) for name in boards.SHIPPED),
        ("board", "lobby", "site", 1, None),
        ("playlist", "day", "site", 1, None),
    ]
    assert command("show", "lobby").stdout == board("Lobby")
    assert command("show", "floor").stdout == boards.shipped_text("floor")
    assert command("show", "day", "--playlist").stdout == playlist("floor", "lobby")
    table = command("list").stdout
    assert "1 tile" in table  # how many; their names are in the JSON
    assert "is a playlist; add --playlist" in command("undo", "day").stderr
    assert command("undo", "day", "--playlist").stderr == (
        "There is no playlist 'day' any more; its versions are kept, --version lets one stand again.\n"
    )
    assert (
        command("undo", "day", "--playlist", "--version", "1").stderr
        == "Version 1 of the playlist 'day' stands again.\n"
    )


def test_the_console_checks_files_with_line_and_column(command: Command) -> None:
    wide = board("Wide").replace("width = 4", "width = 40")
    done = command(
        "check", "good.toml", "wide.toml", "night.toml", good=board("Good"), wide=wide, night=playlist("moon")
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "good.toml: this board can hang on a wall.",
        "floorboard: wide.toml:5:1: tile 1: 'width' is 40; expected a whole number from 1 to 12.",
        "night.toml:2:1: there is no board 'moon'; expected one of floor, queue, agents, executives, data"
        + (", lobby." if "lobby" in done.stderr else "."),
    ]
    assert command("check", "good.toml").returncode == 0
    absent = command("check", "absent.toml")
    assert (absent.returncode, absent.stderr) == (
        1, "floorboard: absent.toml cannot be read (No such file or directory); expected a file of TOML.\n"
    )  # fmt: skip
    assert command("save", "wide.toml").returncode == 1
    assert "wide" not in [one["name"] for one in json.loads(command("list", "--json").stdout)]


def test_the_console_tells_the_floor_and_takes_it_down(command: Command) -> None:
    assert command("message", "Fire drill", "--for", "10m").stderr == (
        "Every wall says so within seconds, for 10m; `floorboard wall clear` takes it down before.\n"
    )
    assert command("clear").stderr == "The message is off every wall.\n"
    assert command("clear").stderr == "No message stood on the walls; nothing was changed.\n"
    refused = command("message", "Fire drill", "--for", "soon")
    assert (refused.returncode, refused.stderr) == (
        1, "floorboard: --for is 'soon', expected a number with s, m or h, such as 90s, 30m or 2h.\n"
    )  # fmt: skip
