"""The page of what is kept about a person: theirs alone, in words, with what they can allow and take along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from dashboard.access import LOCAL_VIEWER, Viewer
from dashboard.ui import visit
from tests.app.conftest import NOW, frame
from tests.app.test_pages import Run, blocks

SINCE = datetime(2026, 1, 5, 9, tzinfo=UTC)
AINO = Viewer("aino", "agent 1", "agent", 1)


def own_data(_connection: object, *, agent_id: int) -> pl.DataFrame:
    return frame(
        {"table_name": "warehouse.calls", "about_text": "Grain: one row per stay of a call in a queue. More.",
         "row_count": 1200 * agent_id, "first_at": SINCE, "last_at": NOW},
        {"table_name": "warehouse.tickets", "about_text": "", "row_count": 0, "first_at": None, "last_at": None},
    )  # fmt: skip


def consents(_connection: object, *, agent_id: int) -> pl.DataFrame:
    drawn = [("wall", NOW - timedelta(hours=1), None), ("leaderboard", SINCE, NOW), ("wall", SINCE, SINCE)]
    return frame(
        *(
            {
                "board_name": board,
                "given_at": given,
                "withdrawn_at": end,
                "is_withdrawn_by_person": end and True,
            }
            for board, given, end in drawn
        )
    )


@pytest.fixture
def person(floor: Any) -> Any:
    agent = {
        "agent_id": 1,
        "agent_name": "Aino <b>Kask</b>",
        "team_id": None,
        "team_name": None,
        "site_name": None,
    }
    look = {"noted_at": NOW, "login_name": "<b>sam</b>", "role_name": "supervisor", "what_name": "saw.agent",
            "of_name": "agent 1", "place_text": "/agents"}  # fmt: skip
    floor.answer(
        audit_of_agent=lambda *_a, **_v: frame(look),
        own_data=own_data,
        consents=consents,
        agents=lambda *_a, **_v: frame(agent),
    )
    return floor


def table(at: Any, label: str) -> list[list[Any]]:
    found = next(one for one in blocks(at) if one["kind"] == "table" and one["label"] == label)
    return [row["cells"] for row in found["rows"]]


def test_a_person_sees_what_is_kept_and_where_their_name_stands(
    person: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "viewer", lambda: AINO)
    at = run_page("own_data")
    assert not at.exception
    tiles = {
        tile["key"]: tile["value"] for one in blocks(at) if one["kind"] == "tiles" for tile in one["tiles"]
    }
    assert tiles == {"rows": "1,200", "oldest": "Mon, 5 Jan 2026", "boards": "1 of 3", "looks": "1"}
    assert table(at, "What is kept about this person")[0][:3] == [
        "one row per stay of a call in a queue",
        "warehouse.calls",
        "1,200",
    ]
    assert [row[2:] for row in table(at, "Who looked")] == [["Looked at figures of agents", "/agents"]]
    standing = {row[0]: row[2].partition(" ")[0] for row in table(at, "Where the name may stand")}
    assert standing == {"Wall displays": "allowed", "Leaderboards": "taken", "The board of your team": "not"}
    assert [button.label for button in at.button] == [
        "Take back: Wall displays",
        "Allow: Leaderboards",
        "Allow: The board of your team",
    ]


def test_the_address_cannot_name_somebody_else(
    person: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "viewer", lambda: AINO)
    at = run_page("own_data", agent="7")
    tiles = {
        tile["key"]: tile["value"] for one in blocks(at) if one["kind"] == "tiles" for tile in one["tiles"]
    }
    assert tiles["rows"] == "1,200"  # of agent 1, not 8,400 of agent 7


def test_whoever_runs_the_site_looks_somebody_up_and_allows_nothing_for_them(
    person: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "viewer", lambda: LOCAL_VIEWER)
    nobody = next(one for one in blocks(run_page("own_data")) if one["kind"] == "notice" and one["page"])
    assert nobody["title"] == "Whose data?"
    at = run_page("own_data", agent="1")
    assert not at.exception
    assert [button.label for button in at.button if "Allow" in button.label] == []
    assert [button.label for button in at.button if "Take back" in button.label] == [
        "Take back: Wall displays"
    ]


def test_an_account_without_an_agent_is_told_that_nothing_is_kept(
    person: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "viewer", lambda: Viewer("eve", "executive: ", "executive"))
    notice = next(one for one in blocks(run_page("own_data")) if one["kind"] == "notice" and one["page"])
    assert notice["title"] == "This account belongs to no agent"
