"""Who is named in the head of a page: the person who signed in, the demo's personas, nobody on a wall."""

from __future__ import annotations

import pytest

from dashboard.access import LOCAL_VIEWER, NOBODY, Viewer
from dashboard.door import who_view

FOUND = [
    ("administrator", "Administrator"),
    ("supervisor", "Supervisor of Sales"),
    ("executive", "Executive"),
    ("wall", ""),
]


def viewer(role_name: str, name: str = "ada") -> Viewer:
    return Viewer(name, "scope", role_name=role_name, token="t")


def test_whoever_signed_in_is_named_with_role_and_a_way_out() -> None:
    block = who_view.who(viewer("supervisor", "sam@example.org"), (), page_name="queues")
    assert block is not None
    assert (block["name"], block["role"], block["out"]) == ("sam@example.org", "Supervisor", "Sign out")
    assert "items" not in block


@pytest.mark.parametrize("one", [LOCAL_VIEWER, NOBODY, viewer("wall", "wall: Floor 2")])
def test_nobody_is_named_where_nobody_signs_in_and_on_a_wall(one: Viewer) -> None:
    assert who_view.who(one, (), page_name="queues") is None


def test_the_demo_names_everybody_as_whom_it_can_be_seen_and_marks_the_one_who_looks() -> None:
    block = who_view.who(viewer("supervisor", "Supervisor of Sales"), FOUND, page_name="queues")
    assert block is not None
    assert block["label"] == "You look as: Supervisor of Sales. Look as somebody else."
    assert [(item["as"], item["label"], item["is_here"]) for item in block["items"]] == [
        ("administrator", "Administrator", False),
        ("supervisor", "Supervisor of Sales", True),
        ("executive", "Executive", False),
        ("wall", "Wall display", False),
    ]
    assert "out" not in block


def test_a_demo_opens_as_the_administrator_and_its_wall_has_a_way_back() -> None:
    first = who_view.who(LOCAL_VIEWER, FOUND, page_name="live_floor")
    wall = who_view.who(viewer("wall", "wall: Demo wall"), FOUND, page_name="live_floor")
    assert first is not None
    assert wall is not None
    assert [item["as"] for item in first["items"] if item["is_here"]] == ["administrator"]
    assert [item["as"] for item in wall["items"] if item["is_here"]] == ["wall"]


@pytest.mark.parametrize(
    ("page_name", "stays"),
    [
        ("live_floor", ["administrator", "supervisor", "executive"]),
        ("walls", ["administrator", "supervisor", "executive"]),
        ("agents", ["administrator", "supervisor"]),
        ("access", ["administrator"]),
    ],
)
def test_a_switch_stays_on_the_page_where_it_stands_in_that_menu_too(
    page_name: str, stays: list[str]
) -> None:
    block = who_view.who(LOCAL_VIEWER, FOUND, page_name=page_name)
    assert block is not None
    assert [item["as"] for item in block["items"] if item["stays"]] == stays
