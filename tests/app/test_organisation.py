"""The Organisation page on a real Postgres: every part draws, an edit is shown before it is saved, and can be taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard.organisation import organisation, organisation_view
from dashboard.organisation.organisation_rows import SHEETS
from dashboard.ui import moments
from sql import warehouse
from tests.db.test_organisation import SCHEDULE, VIEWER, add
from tests.db.test_records import ask, at, call, tell

Run = Callable[..., AppTest]
PARTS = tuple(organisation_view.parts())


def use(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", "2026-03-11T12:00:00+00:00")
    monkeypatch.setattr(moments, "engine", lambda _url: engine)


def blocks(page: AppTest) -> list[dict[str, Any]]:
    assert not page.exception
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def titles(page: AppTest) -> list[str]:
    return [found.get("title", "") for found in blocks(page)]


@pytest.fixture
def floor(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    tell(engine, {"calls": [call(agent_name="Mari Kask")]}, name="pbx")
    tell(engine, {"calls": [call("t1", queue_name="mail", agent_name="mari.kask@example.org")]}, name="desk")
    with warehouse.connected(engine) as connection:
        organisation.save(connection, [SCHEDULE, add("teams", team_name="Day")], **VIEWER)
    use(engine, monkeypatch)
    return engine


@pytest.mark.parametrize("part", PARTS)
def test_every_part_draws_with_data(floor: sa.Engine, run_page: Run, part: str) -> None:
    page = run_page("organisation", part=part)
    assert "Organisation" in titles(page)
    if part in SHEETS:
        assert organisation_view.parts()[part] in titles(page)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_draws_in_an_empty_warehouse(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Run, part: str
) -> None:
    use(engine, monkeypatch)
    assert "Organisation" in titles(run_page("organisation", part=part))


def test_without_a_warehouse_the_page_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, run_page: Run
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert "No database is connected." in titles(run_page("organisation"))


def type_into(page: AppTest, cells: dict[str, Any], *, row: int = 0, part: str) -> AppTest:
    """Edits one row of the sheet as the browser tells it."""
    key = f"sheet-{part}-0-"
    page.session_state[key] = {"edited_rows": {row: cells}, "added_rows": [], "deleted_rows": []}
    return page.run()


def press(page: AppTest, word: str) -> AppTest:
    return next(button for button in page.button if button.label.startswith(word)).click().run()


def test_a_likely_pair_is_suggested_and_joined_by_hand(floor: sa.Engine, run_page: Run) -> None:
    page = run_page("organisation", part="join")
    assert "Probably the same" in titles(page)
    key = next(box for box in page.selectbox if box.label == "This name")
    key.set_value(next(n for n, name in enumerate(key.options) if name.startswith("desk")))
    owner = next(box for box in page.selectbox if box.label == "belongs to")
    [(mari,)] = ask(floor, "select agent_id from warehouse.agent_keys where source_name = 'pbx'")
    page = owner.set_value(mari).run()
    preview = next(found for found in blocks(page) if found.get("label") == "What will be joined")
    assert preview["rows"][0]["cells"][-1] == "past and future"
    page = press(page, "Join 1")
    assert "Joined. The loader moves what belongs to them." in titles(page)
    assert ask(floor, "select from_id, to_id, has_past from ops.key_moves")[0][1:] == (mari, True)
    assert at(0)


def test_the_newest_save_is_taken_back(floor: sa.Engine, run_page: Run) -> None:
    page = press(run_page("organisation", part="history"), "Take this save back")
    assert "Save 1 was taken back." in titles(page)
    assert ask(floor, "select count(*) from warehouse.teams") == [(0,)]
