"""The pages where figures of single agents are off: they say so, show teams as a whole, and name no agent's figure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.ui import moments
from sql import individual, policy, warehouse
from tests.conftest import engine_of_copy
from tests.db.test_policy import NOTED, fill
from tests.torture.campaign import has_turn

FAMILIES = [family.name for family in individual.families()]
NAMES = ("ann", "bob", "cid", "dea", "eve", "fay", "gus", "hal")
# Others every day, so that within days all had theirs; the campaign takes all.
VIEWS = ("time", "schedule", "service", "fairness", "day")
VIEWS_TODAY = ["figures", *(name for name in VIEWS if has_turn(name, VIEWS, short=2))]
PARTS = ("handled_contacts", "handle_time", "states", "tickets", "ratings")
PARTS_TODAY = [name for name in PARTS if has_turn(name, PARTS, short=2)]
NARROWED = ("queues", "contacts", "quality", "customers_voice")
NARROWED_TODAY = [name for name in NARROWED if has_turn(name, NARROWED, short=2)]


@pytest.fixture(scope="module")
def filled(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    with engine_of_copy(server_url, template_name) as engine:
        fill(engine)
        yield engine


def blocks(
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    run_page: Callable[..., AppTest],
    name: str,
    *off: str,
    **address: str,
) -> list[dict[str, Any]]:
    """What a page shows while these families are off."""
    with warehouse.connected(engine) as connection:
        named = {one: told for one, told in policy.example().items() if one not in off}
        policy.keep(connection, named, noted_at=NOTED)
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", "2026-03-02T18:00:00+00:00")
    monkeypatch.setattr(moments, "engine", lambda _url: engine)
    at = run_page(name, **address)
    assert not at.exception
    return [json.loads(element.proto.json) for element in at.get("bidi_component")]


def texts(found: list[dict[str, Any]]) -> str:
    return json.dumps([block for block in found if block["kind"] in ("tiles", "table", "notice", "lanes")])


@pytest.mark.by_turns
@pytest.mark.parametrize("view", VIEWS_TODAY)
def test_with_everything_off_no_section_shows_an_agent(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest], view: str
) -> None:
    found = blocks(filled, monkeypatch, run_page, "agents", *FAMILIES, view=view)
    said = [
        block
        for block in found
        if block["kind"] == "notice" and "Switched off for single agents" in block["title"]
    ]
    assert len(said) == 1
    assert "policy.toml" in json.dumps(said)
    assert not [name for name in NAMES if f'"{name}"' in texts(found)]
    if (
        view == "figures"
    ):  # of the team Day, 6 agents: 6 contacts, (100 + 200 + 300 + 400 + 500 + 600) / 6 s = 5 min 50 s
        [table] = [block for block in found if block["kind"] == "table"]
        day, late = (json.dumps(row["cells"]) for row in table["rows"])
        assert ("6" in day, "5:50" in day or "5 min 50 s" in day) == (True, True)
        assert "1500" not in late
        assert "25:00" not in late


@pytest.mark.by_turns
@pytest.mark.parametrize("family", PARTS_TODAY)
def test_a_part_that_is_off_leaves_the_others_to_be_seen(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest], family: str
) -> None:
    found = blocks(filled, monkeypatch, run_page, "agents", family)
    tables = [block for block in found if block["kind"] == "table"]
    assert [table["label"] for table in tables] == ["Teams", "Agents"]
    assert "ann" in json.dumps(tables[1])


@pytest.mark.parametrize("name", ["quality", "customers_voice", "live_floor", "privacy"])
def test_other_pages_stand_with_everything_off(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest], name: str
) -> None:
    found = blocks(filled, monkeypatch, run_page, name, *FAMILIES)
    assert not [agent for agent in NAMES if f'"{agent}"' in texts(found)]
    if name == "live_floor":  # six are signed in: that nobody were would be untrue
        [floor] = [block for block in found if block["kind"] == "floor"]
        assert floor["groups"] == []
        assert floor["agents_none"].startswith("Switched off for single agents: State of this moment.")
        assert "policy.toml" in floor["agents_none"]
    if name == "privacy":
        assert "No figures of single agents exist here" in texts(found)


def test_the_page_says_what_is_on_and_what_nobody_has_filled_in(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest]
) -> None:
    found = blocks(filled, monkeypatch, run_page, "privacy", "quality")
    policy_table = next(block for block in found if block["kind"] == "table")
    stands = {row["key"]: row["cells"][1]["word"] for row in policy_table["rows"]}
    assert stands == {family: "off" if family == "quality" else "on" for family in FAMILIES}
    assert "not filled in" in texts(found)  # the example names nobody who says so


@pytest.mark.by_turns
@pytest.mark.parametrize("name", NARROWED_TODAY)
def test_a_page_narrowed_to_one_agent_says_what_is_switched_off_and_blames_no_database(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest], name: str
) -> None:
    with filled.connect() as connection:
        agent_id = connection.scalar(
            sa.text("select agent_id from warehouse.agents where agent_name = 'ann'")
        )
    day = {"from": "2026-03-02", "to": "2026-03-02"}
    on = blocks(
        filled, monkeypatch, run_page, name, agent=str(agent_id), **day
    )  # answered, and kept as a good answer
    assert "Switched off" not in texts(on)
    st.cache_data.clear()  # a minute later
    off = blocks(filled, monkeypatch, run_page, name, *FAMILIES, agent=str(agent_id), **day)
    said = [
        block for block in off if block["kind"] == "notice" and "Switched off for single" in block["title"]
    ]
    assert "policy.toml" in json.dumps(said)
    assert "database" not in texts(off)


@pytest.mark.parametrize("off", [("handle_time",), ("handled_contacts", "handle_time")])
@pytest.mark.parametrize("name", ["queues", "service_level"])
def test_queues_of_a_team_of_two_say_why_they_keep_its_work_back(
    filled: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    run_page: Callable[..., AppTest],
    name: str,
    off: tuple[str, ...],
) -> None:
    day = {"from": "2026-03-02", "to": "2026-03-02"}
    st.cache_data.clear()
    found = texts(blocks(filled, monkeypatch, run_page, name, *off, team="2", **day))
    assert "ewer than 5 agents" in found or (name == "service_level" and "handled_contacts" not in off)
    assert "12:30" not in found  # (700 + 800) / 2 s
    large = texts(blocks(filled, monkeypatch, run_page, name, *off, team="1", **day))
    assert "ewer than 5 agents" not in large
