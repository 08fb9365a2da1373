"""The boards of the walls: what a text says, where it is wrong, and where its tiles come to stand."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pytest

from dashboard.wall import boards, toml_text
from dashboard.wall.boards import Board, Threshold, Tile, WallError
from dashboard.wall.tile_kinds import KINDS

GOOD = """\
title = "Sales"
audience = "supervisors"

[[tiles]]
shows = "waiting_calls"
width = 3
height = 2
title = "In the queue"
[tiles.threshold]
near = 5
off = 10
hold_seconds = 10
back = 1

[[tiles]]
shows = "text"
width = 4
height = 2
text = "Fire drill at 11"
"""


@dataclass(frozen=True)
class Plain:
    """A kind of tile as a board has to know it."""

    audiences: tuple[str, ...] = boards.AUDIENCES
    least_width: int = 1
    least_height: int = 1
    has_threshold: bool = True
    options: tuple[str, ...] = ()


PLAIN = {
    "waiting_calls": Plain(audiences=("supervisors",), least_width=2),
    "clock": Plain(has_threshold=False),
    "text": Plain(options=("text",)),
}


def test_a_board_is_what_its_text_says() -> None:
    assert boards.parsed("sales", GOOD, PLAIN) == Board(
        name="sales",
        title="Sales",
        audience="supervisors",
        tiles=(
            Tile("waiting_calls", 3, 2, "In the queue", Threshold(5, 10, "up", hold_seconds=10, back=1)),
            Tile("text", 4, 2, options={"text": "Fire drill at 11"}),
        ),
        origin="site",
    )


@pytest.mark.parametrize(
    ("near", "off", "worse"), [("60", "180", "up"), ("0.8", "0.7", "down"), ("5.0", "5.5", "up")]
)
def test_which_way_is_worse_is_told_by_the_two_thresholds(near: str, off: str, worse: str) -> None:
    text = GOOD.replace("near = 5", f"near = {near}").replace("off = 10", f"off = {off}")
    threshold = boards.parsed("sales", text).tiles[0].threshold
    assert threshold is not None
    assert threshold.worse == worse


HEAD = 'title = "A"\naudience = "supervisors"\n'
TILE = '[[tiles]]\nshows = "clock"\nwidth = 3\nheight = 2\n'
LIMIT = f'{HEAD}[[tiles]]\nshows = "text"\nwidth = 3\nheight = 2\n[tiles.threshold]\n'
BAD = {
    "nothing": ("  \n", "b.toml:1:1: there is nothing in it; write at least a title."),
    "too long": (
        f"# {'x' * 20_000}",
        "b.toml:1:1: it has 20002 signs; expected at most 20000.",
    ),
    "no value": ('title = \naudience = "x"', "b.toml:1:9: this is no TOML: Invalid value."),
    "open quotes": ('title = "A', "b.toml:1:11: this is no TOML: Unterminated string."),
    "twice": (
        'title = "A"\ntitle = "B"\n',
        "b.toml:2:12: this is no TOML: Cannot overwrite a value.",
    ),
    "no title": (
        f'audience = "agents"\n{TILE}',
        "b.toml:1:1: 'title' is missing; expected a text of 1 to 60 signs, in quotes.",
    ),
    "a number as title": (
        f'audience = "agents"\ntitle = 5\n{TILE}',
        "b.toml:2:1: 'title' is 5; expected a text of 1 to 60 signs, in quotes.",
    ),
    "a title of signs that cannot be seen": (
        f'title = "A\\u0007"\naudience = "agents"\n{TILE}',
        "b.toml:1:1: 'title' is 'A\\x07'; expected a text of 1 to 60 signs, in quotes.",
    ),
    "unknown audience": (
        f'title = "A"\n  audience = "bosses"\n{TILE}',
        "b.toml:2:3: 'audience' is 'bosses'; expected one of supervisors, agents, executives, everybody.",
    ),
    "unknown name": (
        f'{HEAD}colour = "red"\n{TILE}',
        "b.toml:3:1: there is no 'colour' here; expected title, audience, tiles.",
    ),
    "no tile": (HEAD, "b.toml:1:1: there is no tile; expected at least one, beginning with [[tiles]]."),
    "one tile as a table": (
        f'{HEAD}[tiles]\nshows = "clock"\n',
        "b.toml:3:2: 'tiles' is a table; expected at most 24 tables, each beginning with [[tiles]].",
    ),
    "too many tiles": (
        f"{HEAD}{TILE * 25}",
        "b.toml:3:3: 'tiles' is a list of 25; expected at most 24 tables, each beginning with [[tiles]].",
    ),
    "a whole number that is too long for a decimal one": (
        f"{LIMIT}near = {'9' * 400}\noff = 2\n",
        "b.toml:8:1: tile 1, threshold: 'near' is a number of more than 18 digits; "
        "expected a number from -1e+09 to 1e+09.",
    ),
    "a number whose digits cannot be written": (
        f"{HEAD}{TILE.replace('3', '0x' + 'f' * 9000)}",
        "b.toml:5:1: tile 1: 'width' is a number of more than 18 digits; expected a whole number from 1 to 12.",
    ),
    "no width": (
        f'{HEAD}{TILE}\n[[tiles]]\nshows = "clock"\nheight = 2\n',
        "b.toml:8:3: tile 2: 'width' is missing; expected a whole number from 1 to 12.",
    ),
    "too wide": (
        f"{HEAD}{TILE}{TILE.replace('3', '13')}",
        "b.toml:9:1: tile 2: 'width' is 13; expected a whole number from 1 to 12.",
    ),
    "half a row": (
        f"{HEAD}{TILE.replace('2', '1.5')}",
        "b.toml:6:1: tile 1: 'height' is 1.5; expected a whole number from 1 to 8.",
    ),
    "true as a width": (
        f"{HEAD}{TILE.replace('3', 'true')}",
        "b.toml:5:1: tile 1: 'width' is true; expected a whole number from 1 to 12.",
    ),
    "no such tile": (
        f"{HEAD}{TILE.replace('clock', 'weather')}",
        "b.toml:4:1: tile 1: there is no tile 'weather'; expected one of waiting_calls, clock, text.",
    ),
    "not for agents": (
        f'title = "A"\naudience = "agents"\n{TILE.replace("clock", "waiting_calls")}',
        "b.toml:4:1: tile 1: 'waiting_calls' is not for a board whose audience is agents; expected one of clock, text, "
        "or another audience.",
    ),
    "too narrow": (
        f"{HEAD}{TILE.replace('clock', 'waiting_calls').replace('3', '1')}",
        "b.toml:5:1: tile 1: 'width' is 1; 'waiting_calls' needs at least 2.",
    ),
    "mistyped": (
        f'{HEAD}{TILE}tilte = "A"\n',
        "b.toml:7:1: tile 1: there is no 'tilte' here; expected shows, width, height, title, threshold.",
    ),
    "a list as an option": (
        f"{HEAD}{TILE}text = [1]\n",
        "b.toml:7:1: tile 1: 'text' is a list of 1; expected a text, a number, or true or false.",
    ),
    "a threshold without a value": (
        f"{HEAD}{TILE}[tiles.threshold]\nnear = 1\noff = 2\n",
        "b.toml:7:8: tile 1: 'clock' has no threshold; take it out.",
    ),
    "half a threshold": (
        f"{LIMIT}near = 5\n",
        "b.toml:7:8: tile 1, threshold: 'off' is missing; expected a number from -1e+09 to 1e+09.",
    ),
    "no number": (
        f"{LIMIT}near = nan\noff = 2\n",
        "b.toml:8:1: tile 1, threshold: 'near' is nan; expected a number from -1e+09 to 1e+09.",
    ),
    "both alike": (
        f"{LIMIT}near = 2\noff = 2\n",
        "b.toml:9:1: tile 1, threshold: 'near' and 'off' are the same; say which way is worse, with worse = \"up\" or "
        '"down".',
    ),
    "the wrong way": (
        f'{LIMIT}near = 5\noff = 2\nworse = "up"\n',
        "b.toml:10:1: tile 1, threshold: 'worse' is 'up', so off (2) must lie beyond near (5); exchange the two, or take "
        "'worse' out.",
    ),
    "held for a day": (
        f"{LIMIT}near = 2\noff = 5\nhold_seconds = 86400\n",
        "b.toml:10:1: tile 1, threshold: 'hold_seconds' is 86400; expected a whole number from 0 to 3600.",
    ),
    "no room": (
        f"{HEAD}{TILE.replace('2', '5').replace('3', '12') * 2}",
        "b.toml:7:3: tile 2: it has no room any more: a board has 12 columns and 8 rows. Make a tile smaller, or take "
        "one out.",
    ),
    "tables in one line": (
        f'{HEAD}tiles = [\n  {{shows = "clock", width = 3, height = 99}},\n]\n',
        "b.toml:4:32: tile 1: 'height' is 99; expected a whole number from 1 to 8.",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_broken_text_is_refused_with_its_line_and_what_was_expected(fault: str) -> None:
    text, sentence = BAD[fault]
    with pytest.raises(WallError) as found:
        boards.parsed("b", text, PLAIN)
    assert str(found.value) == sentence


def test_the_broken_texts_are_broken_in_that_way_alone() -> None:
    board = boards.parsed("b", f"{HEAD}{TILE}", PLAIN)
    assert [tile.shows for tile in board.tiles] == ["clock"]
    assert boards.parsed("b", f"{LIMIT}near = 1\noff = 2\n", PLAIN).tiles[0].threshold == Threshold(
        1, 2, "up"
    )


@pytest.mark.parametrize("name", ["", "Floor", "2nd", "a b", "a" * 41, "../x"])
def test_a_name_that_no_address_could_carry_is_refused(name: str) -> None:
    with pytest.raises(WallError, match="cannot be called"):
        boards.parsed(name, GOOD)


def test_a_fault_inside_a_text_of_several_lines_is_found_where_its_value_begins() -> None:
    text = 'title = """\nwidth = 99"""\naudience = "supervisors"\n[[tiles]]\nshows = "clock"\nwidth = 99\n'
    assert toml_text.place_of(text, ("tiles", 0, "width")) == (6, 1)
    assert toml_text.place_of(text, ("title",)) == (1, 1)
    assert toml_text.place_of(text, ("tiles", 0, "height")) == (4, 3)


def test_a_text_made_to_cost_is_refused_in_no_time() -> None:
    for text in ("a = " + "[" * 19_000, "a = " + "9" * 19_000, "[a" + ".a" * 9_000 + "]"):
        with pytest.raises(WallError, match=r"^b\.toml:1:"):
            boards.parsed("b", text)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(12, 8)], [(0, 0)]),
        ([(6, 4), (6, 4), (12, 4)], [(0, 0), (6, 0), (0, 4)]),
        # the third has no room beside the second, but below it, and the fourth fills the gap before it
        ([(6, 4), (3, 2), (6, 4), (3, 2)], [(0, 0), (6, 0), (6, 2), (9, 0)]),
        ([(7, 8), (6, 1)], [(0, 0), None]),
    ],
)
def test_tiles_stand_at_the_first_free_place(
    sizes: list[tuple[int, int]], expected: list[tuple[int, int] | None]
) -> None:
    tiles = tuple(Tile("clock", width, height) for width, height in sizes)
    found = [None if spot is None else (spot.column, spot.row) for spot in boards.spots(tiles)]
    assert found == expected


def rows(**texts: str | None) -> pl.DataFrame:
    """The answer of wall_boards."""
    return pl.DataFrame(
        {"board_name": list(texts), "toml_text": list(texts.values())},
        schema={"board_name": pl.String, "toml_text": pl.String},
    )


def test_a_boards_own_of_the_site_stands_in_the_place_of_the_shipped_one_until_it_is_taken_back() -> None:
    own = 'title = "Ours"\naudience = "everybody"\n' + TILE
    assert boards.find("floor", rows()).origin == "shipped"
    assert boards.find("floor", rows(floor=own)).title == "Ours"
    assert boards.find("floor", rows(floor=None)).title == boards.shipped()["floor"].title
    assert boards.names(rows(lobby=own, floor=own)) == (*boards.SHIPPED, "lobby")
    with pytest.raises(WallError, match="no board named 'lobby'; expected one of floor, queue, agents"):
        boards.find("lobby", rows(lobby=None))


@pytest.mark.parametrize(
    ("audience", "roles"),
    [
        ("supervisors", "supervisor manager administrator wall"),
        ("agents", "agent supervisor manager executive administrator wall"),
        ("executives", "executive manager administrator wall"),
        ("everybody", "agent supervisor manager executive administrator wall"),
    ],
)
def test_a_board_is_shown_to_those_whom_it_is_for(audience: str, roles: str) -> None:
    board = boards.parsed("b", f'title = "A"\naudience = "{audience}"\n{TILE}')
    every = ("agent", "supervisor", "manager", "executive", "administrator", "wall")
    assert [role for role in every if boards.may_see(board, role)] == [
        one for one in every if one in roles.split()
    ]


@pytest.mark.parametrize("name", boards.SHIPPED)
def test_a_shipped_board_fills_the_screen_and_says_four_to_six_large_numbers_at_most(name: str) -> None:
    board = boards.shipped()[name]
    boards.check(board, KINDS)
    assert board.origin == "shipped"
    assert sum(tile.width * tile.height for tile in board.tiles) == boards.COLUMNS * boards.ROWS
    assert len([tile for tile in board.tiles if KINDS[tile.shows].is_big_number]) <= 6


def test_no_board_for_agents_counts_who_waits() -> None:
    kinds = {name for name, kind in KINDS.items() if "agents" in kind.audiences}
    assert not kinds & {"waiting_calls", "oldest_wait_seconds", "queues", "alerts", "long_states"}
    pressing = Board("a", "A", "agents", (Tile("waiting_calls", 4, 4),))
    with pytest.raises(
        WallError, match="a, tile 1: 'waiting_calls' is not for a board whose audience is agents"
    ):
        boards.check(pressing, KINDS)
