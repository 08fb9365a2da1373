"""Leaderboards as each reader sees them, on a real warehouse with real rights: whose names, which places, what is empty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import board
from dashboard.access import Viewer
from dashboard.door import sessions
from dashboard.door.visitor import viewer_of
from dashboard.ui import moments, visit
from sql import rights, warehouse
from tests.app.conftest import ROOT
from tests.db.test_game_boards import ALLOWED, NAMES, SEASON, fill, full

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        fill(connection)
    return shared_engine


@pytest.fixture(autouse=True)
def here(floor: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", floor.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", NOW.isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: floor)
    st.cache_data.clear()
    board.reach(None)
    yield
    board.reach(None)


def opened(floor: sa.Engine, monkeypatch: pytest.MonkeyPatch, login: str, **address: str) -> AppTest:
    with warehouse.connected(floor) as connection:
        holder = sessions.holder(connection, login, now=NOW)
    assert holder is not None
    viewer: Viewer = viewer_of(holder, login)
    monkeypatch.setattr(visit, "viewer", lambda: viewer)
    at = AppTest.from_file(str(ROOT / "pages" / "leaderboards.py"), default_timeout=60)
    for key, value in address.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def blocks(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in at.get("bidi_component")]


def block(at: AppTest, kind: str) -> dict[str, Any]:
    [found] = [one for one in blocks(at) if one["kind"] == kind]
    return found


def names(at: AppTest) -> list[str]:
    return [row["name"] for row in block(at, "standings")["rows"] if row["kind"] == "named"]


def test_teams_come_first_for_everybody(floor: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(floor, monkeypatch, "mid")
    assert names(at) == ["Red", "Blue", "Green"]
    own = [row for row in block(at, "standings")["rows"] if row["own"]]
    assert [row["name"] for row in own] == ["Green"]  # 12 is in team 1 + 11 % 3
    assert own[0]["tag"] == "Your team"


def test_an_agent_reads_their_likely_place_and_who_stands_near(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened(floor, monkeypatch, "mid", board="everyone")
    own = block(at, "own_place")
    assert own["unit"] == "of 30"
    assert own["status"]["word"] == "Middle"
    ends = [
        int(part) for part in own["value"].split("–")
    ]  # everybody's weeks are alike here: one place may be sure
    assert ends[0] <= 12 <= ends[-1]
    assert names(at) == [NAMES[number] for number in (1, 2, 10, 11, 12, 13, 14, 15)]
    kinds = [row["kind"] for row in block(at, "standings")["rows"]]
    # 1, 2, nobody's name, a gap to 9, nobody's name, then 10 to 15
    assert kinds == ["named", "named", "nameless", "gap", "nameless", *["named"] * 6]
    assert [line["label"] for line in block(at, "standings")["benchmarks"]] == ["Upper half", "Top quarter"]


def test_no_page_of_an_agent_holds_a_name_that_was_not_allowed(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("teams", "everyone", "team", "league", "improved"):
        for period in ("week", "season"):
            at = opened(floor, monkeypatch, "low", board=name, period=period)
            said = json.dumps(blocks(at))
            foreign = {NAMES[number] for number in NAMES if number not in ALLOWED and number != 28}
            assert not {one for one in foreign if f'"{one}"' in said}, (name, period)
            assert NAMES[30] not in said  # who allows it, and is last


def test_a_manager_reads_everybody_and_sets_what_names_boards_show(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened(floor, monkeypatch, "mara", board="everyone", period="season")
    assert names(at) == [full(number)[number] for number in range(1, 31)]
    assert block(at, "standings")["rows"][0]["place"] == "1"
    at.radio(key="board-names").set_value("initials").run()
    at.button(key="keep-board-names").click().run()
    try:
        with floor.connect() as connection:
            kept = connection.execute(sa.text("select names_name from game.board_settings")).scalar_one()
            noted = connection.execute(
                sa.text("select count(*) from ops.audit_lines where what_name = 'game.board'")
            ).scalar_one()
        assert (kept, noted) == ("initials", 1)
    finally:
        with floor.begin() as connection:
            connection.execute(sa.text("update game.board_settings set names_name = 'names'"))


def test_a_supervisor_has_no_such_setting_and_reads_the_own_team(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened(floor, monkeypatch, "sam", board="team")
    assert names(at) == [NAMES[number] for number in range(2, 31, 3)]
    assert not [one for one in at.radio if one.key == "board-names"]


def test_a_season_is_a_period_and_a_league_says_how_it_moves(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened(floor, monkeypatch, "mid", board="league", period="season")
    found = block(at, "standings")
    assert found["title"].startswith("League ")
    assert "the first 2 of a league move up" in found["note"]
    assert any(row["kind"] == "range" for row in found["rows"])
    assert SEASON not in json.dumps(found)


def test_without_points_the_page_says_what_to_do(floor: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_NOW", "2026-12-20T12:00:00+00:00")
    at = opened(floor, monkeypatch, "mid")
    told = {one["title"]: one["body"] for one in blocks(at) if one["kind"] == "notice"}
    assert "Choose more days." in told["Nobody stands here yet"]


def test_without_figures_of_single_people_teams_stand_alone(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with floor.begin() as connection:
        connection.execute(
            sa.text("update warehouse.individual_figures set is_on = false where family_name = 'game'")
        )
    try:
        at = opened(floor, monkeypatch, "mid", board="everyone")
        assert names(at) == ["Red", "Blue", "Green"]
        assert "Boards show teams alone" in [one["title"] for one in blocks(at) if one["kind"] == "notice"]
    finally:
        with floor.begin() as connection:
            connection.execute(
                sa.text("update warehouse.individual_figures set is_on = true where family_name = 'game'")
            )
