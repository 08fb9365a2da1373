"""Channels and ways: each section with the figures of a worked day, each number with its rows, and without any data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard.ui import moments
from tests.db.test_records import at
from tests.db.test_ways import ways  # noqa: F401 - a fixture

SECTIONS = ("channels", "self-service", "callbacks", "transfers", "campaigns")
RunPage = Callable[..., AppTest]


def blocks(page: AppTest) -> dict[str, dict[str, Any]]:
    """The tables of a page by their title, and its tiles by their key."""
    assert not page.exception
    found = [json.loads(element.proto.json) for element in page.get("bidi_component")]
    tables = {block["title"]: block for block in found if block["kind"] == "table"}
    tiles = {tile["key"]: tile for block in found if block["kind"] == "tiles" for tile in block["tiles"]}
    return tables | tiles


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch, run_page: RunPage) -> Callable[..., dict[str, dict[str, Any]]]:
    def opened(engine: sa.Engine, **address: str) -> dict[str, dict[str, Any]]:
        monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
        monkeypatch.setenv("FLOORBOARD_NOW", at(300).isoformat())
        monkeypatch.setattr(moments, "engine", lambda _url: engine)
        return blocks(run_page("ways", **{"period": "today", **address}))

    return opened


def test_callbacks_stand_with_their_promise_and_each_number_leads_to_its_requests(
    ways: sa.Engine,  # noqa: F811
    open_page: Callable[..., dict[str, dict[str, Any]]],
) -> None:
    found = open_page(ways, section="callbacks")
    assert (found["asked"]["value"], found["callback_promise_kept_ratio"]["value"]) == ("4", "25.0%")
    assert found["callback_promise_kept_ratio"]["more"] == "n = 4 due · promised within 1 h"
    assert "state=open" in found["open"]["here"]
    still = open_page(ways, section="callbacks", state="open")["Callbacks still to be made"]
    assert str(len(still["rows"])) == found["open"]["value"] == "2"


def test_the_attempts_behind_a_campaign_are_as_many_as_it_says(
    ways: sa.Engine,  # noqa: F811
    open_page: Callable[..., dict[str, dict[str, Any]]],
) -> None:
    found = open_page(ways, section="campaigns")
    connected = found["Campaigns"]["rows"][0]["cells"][2]
    assert "outcome=connected" in connected["here"]
    rows = open_page(ways, section="campaigns", campaign="renewals", outcome="connected")["Attempts"]["rows"]
    assert str(len(rows)) == connected["text"] == "2"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_says_what_it_would_show_where_there_is_nothing(
    engine: sa.Engine, open_page: Callable[..., dict[str, dict[str, Any]]], section: str
) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into ops.runs (started_at, ended_at, source_name, outcome_name) values (:at, :at, 'x', 'succeeded')"
            ),
            {"at": at(0)},
        )
        connection.execute(
            sa.text(
                "insert into ops.cursors (source_name, position_text, carry_text, stale_after_seconds, checked_at) "
                "values ('x', '', '', 60, :at)"
            ),
            {"at": at(0)},
        )
    found = open_page(engine, section=section)
    tables = [block for block in found.values() if block.get("kind") == "table"]
    assert tables
    assert all(not block["rows"] and block["nothing"] for block in tables)
