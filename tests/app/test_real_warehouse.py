"""The pages on a real Postgres that is fresh: without tables, and with tables but nothing in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard.ui import moments
from sql import warehouse

PAGES = ("live_floor", "service_level", "data_health")


@pytest.fixture
def bare_engine(empty_database_url: str) -> Iterator[sa.Engine]:
    engine = warehouse.open_engine(empty_database_url)
    yield engine
    engine.dispose()


def notice(at: AppTest) -> dict[str, Any]:
    assert not at.exception
    found = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    return next(block for block in found if block["kind"] == "notice")


def use(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", "2026-03-11T12:00:00+00:00")
    monkeypatch.setattr(moments, "engine", lambda _url: engine)


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_warehouse_asks_for_its_first_source(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest], name: str
) -> None:
    use(engine, monkeypatch)
    assert notice(run_page(name))["title"] == "The floor is ready. Nobody has walked in yet."


@pytest.mark.parametrize("name", PAGES)
def test_a_database_without_tables_asks_for_the_migration(
    bare_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest], name: str
) -> None:
    use(bare_engine, monkeypatch)
    found = notice(run_page(name))
    assert found["title"] == "The database is here. Its tables are not."
    assert found["steps"][0] == "Run `floorboard db migrate`."
