"""The pages as each role sees them, on a real warehouse with real rights: whose figures, which buttons, whose names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import access, board
from dashboard.access import LOCAL_VIEWER, Viewer
from dashboard.door import sessions
from dashboard.door.visitor import viewer_of
from dashboard.ui import moments, visit
from sql import rights, warehouse
from sql.rights import SessionError
from tests import canaries
from tests.app.conftest import ROOT
from tests.canaries import ACCOUNTS, AGENTS, OTHER_TEAM, OWN, SAME_TEAM, canary
from tests.db.test_records import NOW
from tests.torture.campaign import has_turn

ROLES = ("aino", "sam", "mara", "eve", "ada")
# What of each page is looked at besides its first view.
SECTIONS: dict[str, tuple[dict[str, str], ...]] = {
    "queues": tuple({"view": name} for name in ("week", "waits", "formulas")),
    "service_level": ({"view": "days"},),
    "walls": ({"part": "playlists"},),
    "agents": tuple({"view": name} for name in ("time", "schedule", "service", "fairness", "day")),
    "tickets": tuple({"view": name} for name in ("sla", "ageing", "trends", "answers")),
    "contacts": ({"of": "handled_calls"}, {"of": "offered_calls"}),
    "ways": tuple({"section": name} for name in ("callbacks", "transfers", "campaigns")),
    "customers_voice": tuple({"view": name} for name in ("comments", "due", "repeats")),
    "quality": tuple({"view": name} for name in ("review", "recordings", "calibration", "coaching", "forms")),
    "alerts": ({"part": "rules"}, {"part": "log"}),
    "goals": ({"new": "1"},),
    "game_room": tuple({"view": name} for name in ("disputes", "rules", "effect", "seasons")),
    "leaderboards": tuple({"board": name} for name in ("everyone", "team", "league", "improved")),
}
FACES = [(page, address) for page, more in SECTIONS.items() for address in ({}, *more)]
NAMES_OF_FACES = [f"{page} {address}" for page, address in FACES]
# Others every day, so that within days all had theirs; the campaign takes all.
FACES_A_DAY = {"aino": 3, "sam": 3, "eve": 1, "mara": 1, "ada": 0}


@pytest.fixture(scope="module")
def ids(shared_engine: sa.Engine) -> dict[int, int]:
    return canaries.fill(shared_engine)


@pytest.fixture(autouse=True)
def here(shared_engine: sa.Engine, ids: dict[int, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", shared_engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", NOW.isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: shared_engine)
    board.reach(None)
    yield
    board.reach(None)


def who(engine: sa.Engine, login_name: str) -> Viewer:
    token = canaries.token_of(login_name)
    with warehouse.connected(engine) as connection:
        holder = sessions.holder(connection, token, now=NOW)
    assert holder is not None
    return viewer_of(holder, token)


def opened(monkeypatch: pytest.MonkeyPatch, viewer: Viewer, page: str, **address: str) -> AppTest:
    monkeypatch.setattr(visit, "viewer", lambda: viewer)
    at = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=60)
    for key, value in address.items():
        at.query_params[key] = value
    return at.run()


def blocks(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in at.get("bidi_component")]


def told(at: AppTest) -> str:
    """Everything that the page has given to the browser, as text."""
    shown = [json.dumps(block, ensure_ascii=False) for block in blocks(at)]
    return "\n".join([*shown, *(str(getattr(one, "proto", "")) for one in [*at.main, *at.sidebar])])


def titles(at: AppTest) -> list[str]:
    return [str(block.get("title")) for block in blocks(at) if block.get("kind") == "notice"]


@pytest.mark.by_turns
@pytest.mark.parametrize("login_name", ROLES)
def test_every_page_of_a_role_is_drawn_without_an_error_and_without_a_foreign_name(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, login_name: str
) -> None:
    viewer, seen = who(shared_engine, login_name), ACCOUNTS[login_name].sees()
    faces = [
        face
        for face, name in zip(FACES, NAMES_OF_FACES, strict=True)
        if viewer.may_open(face[0]) and has_turn(name, NAMES_OF_FACES, short=FACES_A_DAY[login_name])
    ]
    found_anybody = False
    for page, address in [*faces, *([("agents", {})] if viewer.may_open("agents") else [])]:
        at = opened(monkeypatch, viewer, page, **address)
        text = told(at)
        assert not at.exception, (page, address)
        assert "The database does not answer." not in titles(at), (page, address)
        reached = {number for number in range(1, AGENTS + 1) if canary(number) in text}
        assert reached <= seen, (page, address)
        found_anybody |= bool(reached)
    assert found_anybody is bool(seen)  # else an empty page would have kept the promise


@pytest.mark.parametrize(
    ("login_name", "line"),
    [
        ("aino", "Your own rows: what others did is not part of these figures."),
        ("sam", "Your team: Team 1 of 7. What others did is not part of these figures."),
        ("tess", "Your teams: Team 2 of 7, Team 8 of 2. What others did is not part of these figures."),
        ("mara", None),
        ("ada", None),
    ],
)
def test_figures_of_some_agents_say_whose_they_are(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, login_name: str, line: str | None
) -> None:
    viewer = who(shared_engine, login_name)
    for page in ("agents", "quality") if login_name == "aino" else ("customers_voice",):
        if viewer.may_open(page):
            captions = [one.value.replace("\\", "") for one in opened(monkeypatch, viewer, page).caption]
            assert (line in captions) is (line is not None), page


def test_a_supervisor_without_a_team_reads_what_to_do(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = blocks(opened(monkeypatch, who(shared_engine, "new"), "agents"))
    told_of = {one["title"]: one["body"] for one in shown if one["kind"] == "notice"}
    assert (
        told_of["No agent is shown to you."]
        == "No team is yours yet, so no agent is shown. An administrator can give you one."
    )


@pytest.mark.parametrize("login_name", ROLES)
def test_the_live_floor_counts_all_agents_and_names_only_those_who_are_seen(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, login_name: str
) -> None:
    at = opened(monkeypatch, who(shared_engine, login_name), "live_floor")
    (floor,) = [one for one in blocks(at) if one["kind"] == "floor"]
    (tile,) = [one for one in floor["tiles"] if one["key"] == "agents"]
    assert tile["value"] == str(AGENTS)  # the whole floor's, whoever looks
    named = {one["name"] for group in floor["groups"] for one in group["agents"]}
    assert named == {canary(number) for number in ACCOUNTS[login_name].sees()}
    assert floor["has_persons"] is (login_name != "eve")


@pytest.mark.by_turns
def test_an_agent_opens_their_own_figures_whatever_the_address_says(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, ids: dict[int, int]
) -> None:
    viewer = who(shared_engine, "aino")
    named = {
        "a colleague": {"agent": str(ids[SAME_TEAM])},
        "a team": {"team": "8"},
        "a colleague's day": {"agent": str(ids[SAME_TEAM]), "view": "day"},
        "a stranger": {"agent": str(ids[OTHER_TEAM])},
        "a stranger's day": {"agent": str(ids[OTHER_TEAM]), "view": "day"},
    }
    for name, address in named.items():
        if has_turn(name, list(named), short=2):
            text = told(opened(monkeypatch, viewer, "agents", **address))
            assert canary(OWN) in text
            assert canary(SAME_TEAM) not in text
            assert canary(OTHER_TEAM) not in text


@pytest.mark.parametrize("of_name", ["handled_calls", "offered_calls"])
def test_the_rows_behind_a_number_of_the_floor_are_said_to_be_a_part(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, of_name: str
) -> None:
    at = opened(monkeypatch, who(shared_engine, "aino"), "contacts", of=of_name)
    assert any(one.value.startswith("Listed are the rows that you may see") for one in at.caption)
    assert not any(
        one.value.startswith("Listed are")
        for one in opened(monkeypatch, who(shared_engine, "ada"), "contacts", of=of_name).caption
    )


def test_a_foreign_contact_is_not_there(shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for login_name, number, is_there in (
        ("aino", OWN, True),
        ("aino", SAME_TEAM, False),
        ("sam", SAME_TEAM, True),
        ("sam", OTHER_TEAM, False),
    ):
        name = f"c-{canary(number)}-0"
        at = opened(monkeypatch, who(shared_engine, login_name), "contacts", contact=name, source="records")
        # The address says the contact's name itself; what its rows tell stands only where they are found.
        assert (f"{canaries.SAID}-{canary(number)}" in told(at)) is is_there


def buttons(at: AppTest) -> set[str]:
    return {one.label for one in at.button} | {
        str(one.proto.label) for one in at.get("popover") if hasattr(one.proto, "label")
    }


#  page             address                 button                    agent supervisor manager executive administrator
DRAWN: tuple[tuple[str, dict[str, str], str, str], ...] = (
    ("goals", {}, "Set a goal", "- x x - x"),
    ("alerts", {"part": "rules"}, "Save this rule", "- - x - x"),
    ("quality", {"view": "coaching"}, "Save the note", "- x x - x"),
    ("quality", {"view": "coaching"}, "Mark as done", "- x x - x"),
    ("quality", {"view": "forms"}, "Take this form out of use", "- - x - x"),
    ("quality", {"view": "review"}, "Draw the sample", "- - x - x"),
    ("customers_voice", {"view": "due"}, "Mark as followed up", "- x x - x"),
)
CONTROLS = [label for _, _, label, _ in DRAWN]
DRAWN_TODAY = [row for row in DRAWN if has_turn(row[2], CONTROLS, short=3)]


@pytest.mark.by_turns
@pytest.mark.parametrize(("page", "address", "label", "marks"), DRAWN_TODAY)
def test_a_control_is_drawn_for_those_who_may_use_it(
    shared_engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    address: dict[str, str],
    label: str,
    marks: str,
) -> None:
    for login_name, mark in zip(ROLES, marks.split(), strict=True):
        if login_name == "ada":
            continue  # an administrator has every control: the other tests of the pages draw them
        viewer = who(shared_engine, login_name)
        is_drawn = viewer.may_open(page) and label in buttons(opened(monkeypatch, viewer, page, **address))
        assert is_drawn is (mark == "x"), login_name


def test_an_agent_reads_their_review_and_amends_nothing(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, ids: dict[int, int]
) -> None:
    with warehouse.connected(shared_engine) as connection:
        rows = connection.execute(
            sa.text("select agent_id, review_id from warehouse.standing_own_reviews")
        ).all()
    numbers: dict[int, int] = dict(rows)
    viewer = who(shared_engine, "aino")
    own = opened(monkeypatch, viewer, "quality", view="review", review=str(numbers[ids[OWN]]))
    assert f"whole-{canary(OWN)}" in told(own)
    assert buttons(own).isdisjoint({"Save the amended review", "Take the last save back"})
    foreign = opened(monkeypatch, viewer, "quality", view="review", review=str(numbers[ids[SAME_TEAM]]))
    assert "There is no review of that number." in titles(foreign)


def test_a_way_to_a_page_that_one_does_not_have_is_not_drawn(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ways(login_name: str) -> list[str]:
        found = blocks(opened(monkeypatch, who(shared_engine, login_name), "live_floor"))
        return [text for text in json.dumps(found).split('"') if text.startswith("contacts?")]

    assert ways("aino")
    assert ways("eve") == []


def test_a_report_of_a_small_team_opens_for_whoever_may_read_it(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.connected(shared_engine) as connection:
        text = "select report_id from ops.reports where viewer_name = 'mara' and address_text = 'team=8'"
        number = str(connection.execute(sa.text(text)).scalar_one())
    for login_name, is_read in (("mara", True), ("ada", True), ("sam", False), ("eve", False)):
        at = opened(monkeypatch, who(shared_engine, login_name), "reports", report=number)
        assert ("content-team=8-mara" in told(at)) is is_read


# ---- W4: what is kept for one is never given to another ----


def asked(viewer: Viewer, question: str, **arguments: Any) -> pl.DataFrame:
    return moments.moment(viewer).calm(question, **arguments)


def test_no_kept_answer_crosses_from_one_viewer_to_another(shared_engine: sa.Engine) -> None:
    """Every way an answer is kept, cold and warm, the same question: first each alone, then all after each other."""
    ways: tuple[Callable[[moments.Moment], pl.DataFrame], ...] = (
        lambda at: at.calm("agents", as_of=NOW),
        lambda at: at.fresh("agents", as_of=NOW),
        lambda at: at.live("live_agents"),
        lambda at: at.back_at(NOW).live("live_agents"),
        lambda at: (
            at.calm("call_names").filter(pl.col("kind_name") == "agent").rename({"name_text": "agent_name"})
        ),
    )
    viewers = {name: who(shared_engine, name) for name in ("ada", "aino", "sam", "eve")}
    for _turn in ("cold", "warm"):
        for way in ways:
            for login_name, viewer in viewers.items():
                found = set(way(moments.moment(viewer)).get_column("agent_name"))
                assert found == {canary(number) for number in ACCOUNTS[login_name].sees()}
    st.cache_data.clear()


def test_with_one_scope_for_all_an_answer_would_cross(shared_engine: sa.Engine) -> None:
    """The control: it is the scope in the key that keeps them apart."""
    ada, aino = who(shared_engine, "ada"), who(shared_engine, "aino")
    shared = Viewer(aino.viewer_name, ada.scope_name, aino.role_name, aino.agent_id, token=aino.token)
    assert asked(ada, "agents", as_of=NOW).height == AGENTS
    assert asked(shared, "agents", as_of=NOW).height == AGENTS  # what aino must never be given
    assert asked(aino, "agents", as_of=NOW).height == 1


def test_what_is_kept_for_an_outage_is_not_given_to_whoever_signed_out(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = who(shared_engine, "sam")
    at = moments.moment(sam)
    assert at.fresh("agents", as_of=NOW).height == 7

    def over(*_given: object) -> None:
        raise SessionError("You are signed out.")

    monkeypatch.setattr(rights, "enter", over)
    with pytest.raises(SessionError):
        at.fresh("agents", as_of=NOW)


def test_a_team_that_loses_an_agent_is_seen_without_them_at_once(shared_engine: sa.Engine) -> None:
    sam = who(shared_engine, "sam")
    move = "update warehouse.team_members set ended_date = :ended_date where agent_id = :agent_id"
    with shared_engine.begin() as connection:
        number = connection.execute(
            sa.text("select agent_id from warehouse.agents where agent_name = :name"), {"name": canary(7)}
        ).scalar_one()

    def end(ended_date: str | None) -> None:
        with shared_engine.begin() as connection:
            connection.execute(sa.text(move), {"ended_date": ended_date, "agent_id": number})

    def seen() -> set[str]:
        with access.transaction(shared_engine, sam) as connection:
            return set(connection.execute(sa.text("select agent_name from warehouse.agents")).scalars())

    assert canary(7) in seen()
    end("2021-01-01")
    try:
        assert canary(7) not in seen()
    finally:
        end(None)


def test_nobody_signs_in_and_everything_is_there(
    shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = told(opened(monkeypatch, LOCAL_VIEWER, "agents"))
    assert all(canary(number) in text for number in range(1, AGENTS + 1))
