"""Changes to the text of a board by buttons and fields, and the drafts of it: what is written is read back the same."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.ui import toml_edits
from dashboard.ui.drafts import Draft, Drafts
from dashboard.wall import boards, playlists, wall_view
from dashboard.wall.address import parsed as parsed_address
from dashboard.wall.tile_kinds import KINDS

GUIDE = (Path(__file__).parents[2] / "docs" / "walls.md").read_text(encoding="utf-8")
TEXT = """title = "Floor"
audience = "supervisors"

[[tiles]]
shows = "waiting_calls"
width = 4
height = 2

[tiles.threshold]
near = 5
off = 10

[[tiles]]
shows = "clock"
width = 3
height = 2
"""
ENTRY = st.fixed_dictionaries(
    {"shows": st.text(st.characters(exclude_categories=["Cs"]), max_size=20)},
    optional={
        "width": st.integers(-(2**62), 2**62),
        "title": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "threshold": st.dictionaries(st.sampled_from(["near", "off"]), st.floats(allow_nan=False)),
    },
)


@given(st.lists(ENTRY, max_size=3), st.data())
def test_what_is_written_is_read_back_as_the_same_values(
    entries: list[dict[str, Any]], data: st.DataObject
) -> None:
    found = toml_edits.document('title = "Floor"  # of the day\n')
    assert found is not None
    for entry in entries:
        found = toml_edits.added(found, entry)
    if entries:
        place, by = data.draw(st.integers(0, len(entries) - 1)), data.draw(st.integers(-3, 3))
        found = toml_edits.moved(found, place, by)
        entries.insert(max(0, min(len(entries) - 1, place + by)), entries.pop(place))
    text = toml_edits.written(found)
    assert tomllib.loads(text).get("tiles", []) == entries
    assert "# of the day" in text


def test_a_text_is_written_as_a_person_would() -> None:
    found = toml_edits.document(TEXT)
    assert found is not None
    assert toml_edits.written(found) == TEXT


#  change                                                                   the tiles from then on
EDITS: tuple[tuple[str, dict[str, Any], list[str]], ...] = (
    ("moved", {"place": 0, "by": 1}, ["clock 3", "waiting_calls 4"]),
    ("moved", {"place": 1, "by": -1}, ["clock 3", "waiting_calls 4"]),
    ("moved", {"place": 1, "by": 5}, ["waiting_calls 4", "clock 3"]),
    ("without", {"place": 0}, ["clock 3"]),
    ("added", {"entry": {"shows": "text", "width": 6}, "at": 1}, ["waiting_calls 4", "text 6", "clock 3"]),
    ("added", {"entry": {"shows": "text", "width": 6}}, ["waiting_calls 4", "clock 3", "text 6"]),
    ("changed", {"values": {"width": 5}, "place": 1}, ["waiting_calls 4", "clock 5"]),
)


@pytest.mark.parametrize(("name", "values", "tiles"), EDITS)
def test_an_edit_changes_what_it_says_and_leaves_the_text_before_as_it_was(
    name: str, values: dict[str, Any], tiles: list[str]
) -> None:
    found = toml_edits.document(TEXT)
    assert found is not None
    made = getattr(toml_edits, name)(found, **values)
    assert [f"{tile['shows']} {tile['width']}" for tile in made["tiles"]] == tiles
    assert toml_edits.written(found) == TEXT


def test_a_value_is_taken_out_and_the_whole_is_changed_where_no_place_is_given() -> None:
    found = toml_edits.document(TEXT)
    assert found is not None
    made = toml_edits.changed(
        toml_edits.changed(found, {"threshold": None}, 0), {"title": "Quay", "audience": None}
    )
    assert (made["title"], "audience" in made, "threshold" in made["tiles"][0]) == ("Quay", False, False)


@pytest.mark.parametrize("text", ["title =", "tiles = 3", 'tiles = ["a"]', "[tiles]\nx = 1"])
def test_a_text_whose_tiles_are_no_list_is_changed_by_hand_alone(text: str) -> None:
    assert toml_edits.document(text) is None


def test_a_draft_is_its_writers_and_the_oldest_goes_first() -> None:
    drafts = Drafts(most=2)
    for name in ("a", "b", "a", "c"):  # a was touched after b
        drafts.keep("mara", "board", name, Draft(f"text {name}", 1))
    assert drafts.names("mara", "board") == ["a", "c"]
    assert drafts.of("mara", "board", "a") == Draft("text a", 1)
    assert drafts.of("ada", "board", "a") is drafts.of("mara", "playlist", "a") is None
    drafts.forget("mara", "board", "a")
    assert drafts.names("mara", "board") == ["c"]


@pytest.mark.parametrize(
    ("typed", "value"),
    [("", None), (" true ", True), ("false", False), ("12", 12), ("0.5", 0.5), ("Nord 12", "Nord 12")],
)
def test_an_option_is_typed_and_shown_again(typed: str, value: object) -> None:
    assert wall_view.option_value(typed) == value
    assert wall_view.option_value(wall_view.option_text(value)) == value


def test_the_guide_shows_boards_playlists_and_addresses_that_can_be() -> None:
    board_text, playlist_text = re.findall(r"```toml\n(.*?)```", GUIDE, flags=re.S)
    assert boards.parsed("north", board_text, KINDS).tiles[0].threshold is not None
    assert playlists.parsed("day", playlist_text, board_names=boards.SHIPPED).quiet
    named = re.findall(r"/wall/show\?([^\s`\"]+)", GUIDE)
    assert len(named) >= 3
    parts = [*named, *(part for part in re.findall(r"`([a-z]+=[^`\s]+)`", GUIDE) if "speed" not in part)]
    for text in parts:
        query = dict(part.split("=", 1) for part in text.split("&"))
        if query.keys() == {"beside"}:
            query["at"] = "2026-11-17T08:32:00Z"
        parsed_address(query)
    for name in boards.SHIPPED:
        assert f"| `{name}` |" in GUIDE, name
    assert parsed_address({"at": "2026-11-17T08:32:00Z", "speed": "10"}).at == datetime(
        2026, 11, 17, 8, 32, tzinfo=UTC
    )
