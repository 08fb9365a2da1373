"""The page of the trail: its lines in words, an empty one that says what to do, and pages of older lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.audit import audit_view
from dashboard.audit.audit_queries import PAGE_ROWS
from sql import audit
from tests.app.conftest import NOW, DrawnFloor, frame
from tests.app.test_pages import blocks

CHANGE = {"before": {"target_ratio": 0.8}, "after": {"target_ratio": 0.9}, "did": "amended"}


def line(number: int, **more: Any) -> dict[str, Any]:
    told = {
        "line_number": number, "noted_at": NOW, "kind_name": "account", "role_name": "manager", "what_name": "goal.saved",
        "of_name": "goal 7", "place_text": "/goals", "found_rows": 120, "login_name": "<b>mara</b>", "of_login_name": None,
        "told_text": json.dumps(CHANGE), "touched_agents": 0, "agents_text": None,
    }  # fmt: skip
    return told | more


def trail(*drawn: dict[str, Any]) -> Callable[..., pl.DataFrame]:
    return lambda _connection, **_asked: frame(*drawn)


def people(_connection: object) -> pl.DataFrame:
    return frame({"login_name": "mara"})


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("<b>mara</b> (manager)", "Changed goals", "Goal 7", "amended; target ratio: 0.8 → 0.9", "/goals")),
        (
            {"what_name": "saw.agent", "of_name": "agent 2", "touched_agents": 1, "agents_text": "Bo Lind",
             "told_text": '{"agent_ids": [2]}'},
            ("<b>mara</b> (manager)", "Looked at figures of agents", "Bo Lind", "", "/goals"),
        ),
        (
            {"what_name": "saw.contacts", "of_name": "", "touched_agents": 12, "agents_text": "A, B, C", "told_text": "{}"},
            ("<b>mara</b> (manager)", "Looked at contacts of agents", "12 agents", "", "/goals"),
        ),
        (
            {"kind_name": "stranger", "login_name": "", "role_name": None, "what_name": "sign_in.failed", "of_name": "",
             "told_text": "{}", "place_text": "/sign-in"},
            ("Nobody signed in", "Failed to sign in", "", "", "/sign-in"),
        ),
        *(
            (
                {"what_name": "quality.review", "of_name": "review 7",
                 "told_text": json.dumps({"agent_ids": [2], "save_number": save_number, "is_removed": is_removed})},
                ("<b>mara</b> (manager)", "Wrote or changed a review", "Review 7", said, "/goals"),
            )
            for save_number, is_removed, said in (
                (1, False, "written"), (3, False, "written anew (save no. 3)"), (2, True, "removed"),
            )
        ),
        (
            {"login_name": "", "told_text": "{}"},
            ("Erased person (manager)", "Changed goals", "Goal 7", "", "/goals"),
        ),
        (
            {"kind_name": "command", "login_name": "root", "role_name": None, "what_name": "account.made",
             "of_name": "account 5", "of_login_name": "aino", "told_text": '{"role_name": "agent", "agent_id": 12345}',
             "place_text": "floorboard account add"},
            ("root (console)", "Made an account", "aino", "role: agent; agent id: 12,345", "floorboard account add"),
        ),
        (
            {"what_name": "organisation.saved", "of_name": "save 3", "told_text": json.dumps(
                {"rows": [{"sheet": "queues", "did": "change", "row": "Sales", "before": {"t": 1}, "after": {"t": 2}}]})},
            ("<b>mara</b> (manager)", "Changed the organisation", "Save no. 3", "queues Sales change; t: 1 → 2", "/goals"),
        ),
    ],
)  # fmt: skip
def test_a_line_is_told_in_words(more: dict[str, Any], expected: tuple[str, ...]) -> None:
    block = audit_view.line_table(frame(line(1, **more)), zone_name="UTC", is_narrowed=False)
    assert tuple(block["rows"][0]["cells"][1:]) == expected


def test_every_act_has_its_words_and_its_kind() -> None:
    assert {act.kind_name for act in audit.acts().values()} == set(audit_view.kind_words()) - {"all"}
    assert all(audit_view.what_word(name) != name for name in audit.acts())


def test_the_page_shows_lines_and_leads_to_older_ones(
    floor: DrawnFloor, run_page: Callable[..., AppTest]
) -> None:
    floor.answer(audit_lines=trail(*(line(200 - n) for n in range(PAGE_ROWS))), audit_people=people)
    at = run_page("audit", kind="changed")
    assert not at.exception
    shown = blocks(at)
    [table] = [one for one in shown if one.get("kind") == "table"]
    assert (len(table["rows"]), table["lead"]) == (PAGE_ROWS, "120 lines, the newest first.")
    assert f"before={200 - PAGE_ROWS + 1}" in json.dumps(shown)


def test_an_empty_trail_says_what_to_do(floor: DrawnFloor, run_page: Callable[..., AppTest]) -> None:
    def nothing(_connection: object, **_asked: object) -> pl.DataFrame:
        return frame(line(1)).clear()

    floor.answer(audit_lines=nothing, audit_people=people)
    for address, said in (({}, "Nobody has looked at"), ({"kind": "saw"}, "Take back a choice above")):
        at = run_page("audit", **address)
        assert not at.exception
        [table] = [one for one in blocks(at) if one.get("kind") == "table"]
        assert (table["rows"], said in table["nothing"]) == ([], True)
