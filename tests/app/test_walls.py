"""The page Walls on a real Postgres: who sees which boards, what is changed and saved there, and what the floor is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import board, queries
from dashboard.access import Viewer
from dashboard.door import accounts, sessions
from dashboard.door.visitor import viewer_of
from dashboard.ui import desk, moments, visit
from dashboard.ui.drafts import Draft, Drafts
from dashboard.wall import boards, wall_queries, wall_saves
from dashboard.wall.tile_kinds import KINDS
from sql import rights, warehouse
from sql.warehouse import WarehouseError
from tests.db.test_records import call, tell

Open = Callable[..., AppTest]
ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 18, 9, 5, tzinfo=UTC)  # 11:05 by the site's clock, a Wednesday
PEOPLE = {"ada": "administrator", "mara": "manager", "sam": "supervisor", "aino": "agent", "eve": "executive"}
SHIPPED = [*boards.SHIPPED]


@pytest.fixture(scope="module")
def site(shared_engine: sa.Engine) -> sa.Engine:
    """A floor with one call of a day, and a person of each role who is signed in."""
    tell(shared_engine, {"calls": [call("c1", queue_name="sales", agent_name="Aino Kask")]})
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        for name, role in PEOPLE.items():
            agent = "Aino Kask" if role == "agent" else None
            identity = ("https://id.example", name)
            accounts.add(connection, name, role_name=role, identity=identity, agent_name=agent)
    return shared_engine


@pytest.fixture
def people(site: sa.Engine) -> dict[str, Viewer]:
    """Everybody as the door knows them."""
    found = {}
    with site.begin() as connection:
        for name in PEOPLE:
            account = accounts.of_identity(connection, "https://id.example", name)
            assert account is not None
            token = sessions.begin(
                connection, account_id=account.account_id, now=datetime.now(UTC), lasts=timedelta(hours=1)
            )
            holder = sessions.holder(connection, token, now=datetime.now(UTC))
            assert holder is not None
            found[name] = viewer_of(holder, token)
    return found


@pytest.fixture
def drafts() -> Drafts:
    """What people have begun in their tabs."""
    return Drafts()


@pytest.fixture
def opened(
    site: sa.Engine,
    people: dict[str, Viewer],
    drafts: Drafts,
    monkeypatch: pytest.MonkeyPatch,
    run_page: Callable[..., AppTest],
) -> Open:
    """The page as somebody opens it in a new tab; nothing of the site's hangs on a wall yet."""
    with site.begin() as connection:
        connection.execute(sa.text("truncate ops.wall_boards, ops.wall_playlists, ops.wall_messages"))
    monkeypatch.setenv("DATABASE_URL", site.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", NOW.isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: site)
    for module in ("ui.editing", "wall.wall_board_desk", "wall.wall_playlist_desk"):
        monkeypatch.setattr(f"dashboard.{module}.DRAFTS", drafts)

    def run(who: str, **address: str) -> AppTest:
        monkeypatch.setattr(visit, "viewer", lambda: people[who])
        board.reach(None)
        return run_page("walls", **address)

    return run


def blocks(page: AppTest) -> list[dict[str, Any]]:
    assert not page.exception
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def cards(page: AppTest) -> dict[str, dict[str, Any]]:
    return {card["key"]: card for one in blocks(page) if one["kind"] == "walls" for card in one["cards"]}


def notices(page: AppTest) -> str:
    return " ".join(f"{one['title']} {one['body']}" for one in blocks(page) if one["kind"] == "notice")


def rows(page: AppTest, label: str) -> list[list[Any]]:
    found = next(one for one in blocks(page) if one["kind"] == "table" and one["label"] == label)
    return [
        [cell["word"] if isinstance(cell, dict) else cell for cell in row["cells"]] for row in found["rows"]
    ]


def press(page: AppTest, word: str) -> AppTest:
    return next(one for one in page.button if one.label == word).click().run()


def button(page: AppTest, word: str) -> Any:
    return next(one for one in page.button if one.label == word)


def fill(page: AppTest, kind: str, label: str, value: object) -> AppTest:
    widgets: Any = page.get(kind)
    found: AppTest = next(one for one in widgets if one.label == label).set_value(value).run()
    return found


def save(site: sa.Engine, kind: str, name: str, toml_text: str, who: str = "ada") -> None:
    """Saves it past the page, as somebody else at another desk does."""
    with site.begin() as connection:
        warehouse.execute(connection, "requests/may_change")
        known = {"name": name, "toml_text": toml_text, "viewer_name": who, "at": NOW}
        if kind == "board":
            wall_saves.save_board(connection, kinds=KINDS, **known)  # type: ignore[arg-type]
        else:
            wall_saves.save_playlist(connection, **known)  # type: ignore[arg-type]


def saved(site: sa.Engine, name: str) -> boards.Board:
    with warehouse.connected(site) as connection:
        return boards.find(name, wall_queries.wall_boards(connection))


#  who     boards                                                  ways below each picture
SEEN = {
    "ada": (SHIPPED, ["Open on this screen", "Change", "Put it on a display"]),
    "sam": (["floor", "queue", "agents", "data"], ["Open on this screen"]),
    "aino": (["agents"], ["Open on this screen"]),
    "eve": (["agents", "executives"], ["Open on this screen"]),
}


@pytest.mark.parametrize("who", SEEN)
def test_everybody_finds_the_boards_of_their_audience_as_living_pictures(opened: Open, who: str) -> None:
    page = opened(who, **({} if who == "ada" else {"part": "boards", "board": "floor"}))
    names, ways = SEEN[who]
    found = cards(page)
    assert list(found) == names
    for name, card in found.items():
        assert [link["text"] for link in card["links"]] == ways
        assert card["address"] == f"wall/show?boards={name}"
        assert card["payload"]["board"]["name"] == name, card["why"]
        drawn = [tile["key"].partition("-")[2] for tile in card["payload"]["tiles"]]
        assert drawn == [tile.shows for tile in boards.shipped()[name].tiles]
    choices: Any = page.get("button_group")[0]
    assert ("Message" in choices.options) is (who in ("ada", "sam"))
    if who != "ada":  # whatever the address says, whoever may not change a board has no editor
        assert [one.label for one in page.button] == []
        assert page.text_area == page.number_input == []


def test_a_changed_tile_is_drawn_at_once_and_stands_on_a_wall_once_it_is_saved(
    opened: Open, site: sa.Engine, drafts: Drafts
) -> None:
    page = opened("mara", part="boards", board="floor")
    assert cards(page)["floor"]["status"]["word"] == "As it stands on the walls"
    assert button(page, "Save").disabled
    page = fill(page, "text_input", "Own title", "In the queue")
    card = cards(page)["floor"]
    assert card["status"]["word"] == "Not saved yet: no wall shows it"
    assert card["payload"]["tiles"][0]["label"] == "In the queue"
    assert saved(site, "floor").origin == "shipped"
    assert drafts.names("mara", "board") == ["floor"], "it is kept when the tab is closed"
    page = press(page, "Save")
    assert saved(site, "floor").tiles[0].title == "In the queue"
    assert drafts.names("mara", "board") == []
    save(site, "board", "floor", boards.shipped_text("floor"))
    page = press(fill(page, "selectbox", "Version", 1), "Let it stand again")
    assert saved(site, "floor").tiles[0].title == "In the queue"
    page = press(page, "Back to the shipped one")
    assert saved(site, "floor").origin == "shipped"
    assert rows(page, "Versions") == [
        ["4", "18 Nov, 11:05", "mara", "taken away", "–"],
        ["3", "18 Nov, 11:05", "mara", "version 1 again", "–"],
        ["2", "18 Nov, 11:05", "ada", "saved", "–"],
        ["1", "18 Nov, 11:05", "mara", "saved", "–"],
    ]


def test_tiles_are_moved_added_and_taken_out_and_one_too_large_is_refused(opened: Open) -> None:
    def shown(page: AppTest) -> list[str]:
        return [tile["key"].partition("-")[2] for tile in cards(page)["floor"]["payload"]["tiles"]]

    page = opened("mara", part="boards", board="floor")
    first, second, *rest = shown(page)
    page = press(page, "Down")
    assert shown(page) == [second, first, *rest]
    assert page.radio[0].value == 1, "the moved one stays chosen"
    page = press(page, "Take out")
    assert shown(page) == [second, *rest]
    page = press(page, "Add")
    text = str(page.text_area[0].value)
    assert text.count("[[tiles]]") == 2 + len(rest), "the text follows the fields"
    assert len(shown(page)) == 2 + len(rest)
    page = fill(page, "number_input", "Columns", 12)  # a board that is full has no two whole rows left
    assert "it has no room any more: a board has 12 columns and 8 rows" in notices(page)
    assert button(page, "Save").disabled
    assert len(shown(page)) == 2 + len(rest), "the last one that could be drawn"
    assert (
        cards(page)["floor"]["status"]["word"]
        == "The last one that could be drawn; what is typed now cannot be"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'title = "Ours"\naudience = "agents"\n\n[[tiles]]\nshows = "waiting_calls"\nwidth = 4\nheight = 3\n',
            "agents.toml:5:1: tile 1: 'waiting_calls' is not for a board whose audience is agents",
        ),
        ("title = ", "agents.toml:1:9: this is no TOML"),
        *(
            (
                'title = "Ours"\naudience = "agents"\n\n[[tiles]]\nshows = "offered_calls"\nwidth = 4\nheight = 3\n'
                f"[tiles.threshold]\nnear = {near}\noff = 2\nhold_seconds = {hold}\n",
                fault,
            )
            for near, hold, fault in (
                (
                    "9" * 400,
                    1,
                    "agents.toml:9:1: tile 1, threshold: 'near' is a number of more than 18 digits",
                ),
                ("nan", 1, "agents.toml:9:1: tile 1, threshold: 'near' is nan"),
                ("1", -5, "agents.toml:11:1: tile 1, threshold: 'hold_seconds' is -5"),
            )
        ),
    ],
)
def test_a_text_that_cannot_be_names_its_line_and_is_not_saved(
    opened: Open, drafts: Drafts, text: str, said: str
) -> None:
    drafts.keep("mara", "board", "agents", Draft(text, 0))
    page = opened("mara", part="boards", board="agents")
    assert said.partition(": tile")[0] in notices(page)
    assert said.rpartition(": ")[2] in notices(page)
    assert button(page, "Save").disabled


def test_a_draft_is_its_writers_alone_and_does_not_go_over_a_later_save(
    opened: Open, site: sa.Engine, drafts: Drafts
) -> None:
    text = boards.shipped_text("floor")
    drafts.keep("mara", "board", "floor", Draft(text.replace('"Floor"', '"Harbour"'), 0))
    save(site, "board", "floor", text.replace('"Floor"', '"Quay"'))
    assert cards(opened("ada", part="boards", board="floor"))["floor"]["title"] == "Quay"
    page = opened("mara", part="boards", board="floor")
    assert cards(page)["floor"]["title"] == "Harbour"
    assert "Somebody else has saved this meanwhile" in notices(page)
    page = press(page, "Begin anew from theirs")
    assert cards(page)["floor"]["title"] == "Quay"
    assert "meanwhile" not in notices(page)


def test_a_board_of_the_sites_own_is_begun_saved_and_taken_away_once_no_playlist_has_it(
    opened: Open, site: sa.Engine, drafts: Drafts
) -> None:
    page = fill(opened("mara"), "text_input", "Name of the new board", "lobby")
    page = press(page, "Begin")
    assert "lobby" not in str(saved_names(site)), "it is begun, and not saved"
    page = press(page, "Save")
    assert saved_names(site) == ["lobby"]
    save(site, "playlist", "day", 'title = "Day"\nboards = ["lobby"]\n')
    page = press(page, "Take this board away")
    assert "'lobby' is shown by day; take it out there first" in notices(page)
    assert saved_names(site) == ["lobby"]


def saved_names(site: sa.Engine) -> list[str]:
    with warehouse.connected(site) as connection:
        return sorted(boards.texts(wall_queries.wall_boards(connection)))


PLAYLIST = """title = "Day shift"
boards = ["floor", "data"]
dwell_seconds = 60

[[pins]]
board = "agents"
from = "10:00"
to = "11:05"
"""


def test_a_playlist_says_what_is_on_now_and_next_by_the_sites_clock(opened: Open, site: sa.Engine) -> None:
    save(site, "playlist", "day", PLAYLIST)
    page = opened("mara", part="playlists", playlist="day")
    # 09:05 on 18 November 2026 is minute 29,916,545 since 1970, an odd one: the second of two boards is on
    assert int(NOW.timestamp()) == 29_916_545 * 60
    assert cards(page)["day"]["lead"] == "Now: Data. Next: Floor."
    page = fill(page, "time_input", "To", time(11, 15))
    card = cards(page)["day"]
    assert card["payload"]["board"]["name"] == "agents"
    assert (
        card["lead"] == "Now: Our day, pinned until 11:15. Next: Data."
    )  # ten minutes later, an odd one again
    press(page, "Save")
    told = cards(opened("sam", part="playlists"))["day"]
    assert (told["title"], told["address"]) == ("Day shift", "wall/show?playlist=day")
    assert told["lead"] == card["lead"]


def test_a_boards_picture_in_a_playlist_is_not_shown_to_whom_it_is_not_for(
    opened: Open, site: sa.Engine
) -> None:
    save(site, "playlist", "day", 'title = "Day"\nboards = ["floor"]\n')
    hidden = cards(opened("aino", part="playlists"))["day"]
    assert (hidden["payload"], hidden["why"]) == (None, "This board is not for your role.")
    assert cards(opened("sam", part="playlists"))["day"]["payload"] is not None


def test_a_message_stands_on_every_wall_until_it_is_taken_back(opened: Open) -> None:
    page = press(opened("sam", part="message"), "Put it on every wall")
    assert "The message has 0 signs; expected 1 to 200" in notices(page)
    next(one for one in page.text_area if one.label == "Message").set_value("Fire drill\nat 11:00.")
    next(one for one in page.selectbox if one.label == "For how long").set_value(timedelta(minutes=30))
    page = press(page, "Put it on every wall")
    assert rows(page, "Messages") == [
        ["Information", "Fire drill at 11:00.", "sam", "18 Nov, 11:05", "stands until 18 Nov, 11:35"]
    ]
    assert cards(opened("aino"))["agents"]["payload"]["message"]["text"] == "Fire drill at 11:00."
    page = press(opened("mara", part="message"), "Take the message back")
    assert rows(page, "Messages")[0][4] == "18 Nov, 11:05, taken back by mara"


def test_whoever_may_not_tell_the_floor_has_no_such_part_and_is_refused(
    opened: Open, people: dict[str, Viewer]
) -> None:
    page = opened("aino", part="message")
    assert list(cards(page)) == ["agents"]
    assert "“part=message” cannot be shown" in notices(page)
    for who, change in (("aino", "walls.message"), ("eve", "walls.message"), ("sam", "walls.boards")):
        with pytest.raises(WarehouseError, match=r"^Only .* may change this"):
            desk.change(people[who], change, wall_saves.hush, viewer_name=who, at=NOW)


def test_a_desk_whose_question_fails_says_so_and_comes_up_at_a_later_turn(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    true_one = queries.QUESTIONS["wall_saves"]

    def once(*given: Any, **values: Any) -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise WarehouseError("Too slow.")
        return true_one(*given, **values)

    monkeypatch.setitem(queries.QUESTIONS, "wall_saves", once)
    page = opened("mara", part="boards", board="agents")
    assert "No database is connected." in notices(page), "what is told of a failure without a cause"
    assert [one.label for one in page.button] == ["All boards"]
    page = page.run()
    assert "No database" not in notices(page)
    assert button(page, "Save").disabled


def test_without_a_warehouse_the_page_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert "No database is connected." in notices(run_page("walls"))


@pytest.mark.parametrize("wall_text", ["/wall/show?boards=floor", None])
def test_a_display_finds_no_page_of_the_site_but_the_way_to_its_wall(
    opened: Open, monkeypatch: pytest.MonkeyPatch, wall_text: str | None
) -> None:
    display = Viewer("wall: East", "wall: ", role_name="wall", board_text=wall_text, token="t")
    monkeypatch.setattr(visit, "arrived", lambda: display)
    page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()
    (told,) = [one for one in blocks(page) if one["kind"] == "notice"]
    assert told["title"] == "A wall display has one wall, and no pages"
    assert told["way"] == (wall_text and {"text": "Show the wall", "here": wall_text})
    assert [one["kind"] for one in blocks(page)] == ["frame", "notice"], "no figure, no head"
    assert page.button == page.text_input == []
