"""A wall display at the pages: its one board with what is chosen there, sums alone, and no way to anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard.door import devices
from dashboard.door.visitor import Visitors
from dashboard.ui import moments, visit
from sql import rights
from tests.db.test_records import at, call, tell

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)
CANARY = "Canary Quillfeather"


@pytest.fixture(scope="module")
def token(shared_engine: sa.Engine) -> str:
    """The session of a display that shows the sales queue, of a floor where one person took a call of two queues."""
    tell(
        shared_engine,
        {
            "calls": [
                call("c1", queue_name="sales", agent_name=CANARY),
                call("c2", queue_name="billing", agent_name=CANARY),
            ]
        },
    )
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        link = devices.add(connection, "East", board_text="/live?queue=sales", made_by_name="ada", now=NOW)
        opened = devices.open_once(connection, link, now=NOW)
        assert opened is not None
        return opened.token


@pytest.fixture
def wall(token: str, shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """The whole site as that display opens it."""
    monkeypatch.setenv("DATABASE_URL", shared_engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", at(60).isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: shared_engine)
    found = Visitors(lambda: shared_engine, lambda: NOW).viewer(token)
    for way in ("viewer", "arrived"):
        monkeypatch.setattr(visit, way, lambda: found)

    def run(**address: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30)
        for key, value in address.items():
            page.query_params[key] = value
        return page.run()

    return run


def blocks(page: AppTest) -> list[dict[str, Any]]:
    assert not page.exception
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def block(page: AppTest, kind: str) -> dict[str, Any]:
    return next(found for found in blocks(page) if found["kind"] == kind)


@pytest.mark.parametrize(
    "address",
    [{}, {"queue": "billing"}, {"at": "2026-11-01T10:00"}, {"state": "paused", "beside": "day_before"}],
)
def test_whatever_the_address_asks_for_the_display_shows_its_own_choice(
    wall: Callable[..., AppTest], address: dict[str, str]
) -> None:
    page = wall(**address)
    assert [queue["name"] for queue in block(page, "floor")["queues"]] == ["sales"]
    assert page.query_params == {"queue": "sales"}
    assert not [found for found in blocks(page) if found["kind"] == "past"]


def test_nothing_can_be_chosen_or_pressed_there(wall: Callable[..., AppTest]) -> None:
    page = wall()
    widgets = [*page.button, *page.text_input, *page.selectbox, *page.get("button_group")]
    assert widgets == []
    frame = block(page, "frame")
    assert (frame["who"], frame["is_wall"]) == (None, True)


def test_it_draws_without_an_error_and_without_anybodys_name(wall: Callable[..., AppTest]) -> None:
    page = wall()
    shown = json.dumps(blocks(page), ensure_ascii=False)
    assert CANARY not in shown
    assert [found["key"] for found in blocks(page) if found["kind"] == "notice"] == ["stale-records"]
    assert block(page, "floor")["has_persons"] is False


def test_without_the_board_the_same_page_can_be_chosen(
    wall: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, shared_engine: sa.Engine
) -> None:
    """What the tests above look for is there where somebody without a board looks."""
    local = Visitors(lambda: shared_engine, lambda: NOW).viewer(None)
    for way in ("viewer", "arrived"):
        monkeypatch.setattr(visit, way, lambda: local)
    page = wall()
    assert [queue["name"] for queue in block(page, "floor")["queues"]] == ["billing", "sales"]
    assert page.text_input
