"""Channels and ways: each section with the figures of a worked day, each number with its rows, and without any data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard.ui import moments
from tests.db.test_records import at, call, tell
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
    assert found["callback_reached_ratio"]["more"] == "2 of 4 so far · 0 given up"
    due = open_page(ways, section="callbacks", state=_asked(found["callback_promise_kept_ratio"])["state"])
    [rows] = [block["rows"] for block in due.values() if block.get("kind") == "table"]
    assert [row["cells"][1]["word"] for row in rows] == ["Reached", "Reached late", "Overdue", "Overdue"]
    everything = found["Callbacks asked for"]["rows"]
    assert [row["cells"][1]["word"] for row in everything] == [
        "Overdue",
        "Overdue",
        "Reached late",
        "Reached",
    ]


OWN_ROWS = {
    "self-service": "Visits", "callbacks": "Callbacks", "transfers": "Handovers", "campaigns": "Attempts",
}  # fmt: skip


def _asked(cell: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(cell["here"].partition("?")[2], keep_blank_values=True))


def _counts(found: dict[str, dict[str, Any]]) -> Iterator[tuple[int, dict[str, str]]]:
    """Every count that leads to rows of this page, with what its address says; a ratio leads to its n."""
    for block in found.values():
        cells = [cell for row in block.get("rows", ()) for cell in row["cells"]]
        more = block.get("more", "")
        if isinstance(more, list):
            cells += more
        for cell in [block, *cells]:
            if not isinstance(cell, dict) or not str(cell.get("here", "")).startswith("?"):
                continue
            text = str(cell.get("value") or cell.get("text"))
            inside = re.search(r"%.*\((\d+)\)", text)
            n = (
                inside
                or re.match(r"(\d+)(?![\d.:%])(?! (s|min|h))", text)
                or re.search(r"(\d+) (due|connected)", str(more))
            )
            if n and "sold" not in cell["here"]:
                yield int(n.group(1)), _asked(cell)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_count_opens_as_many_rows(
    ways: sa.Engine,  # noqa: F811
    open_page: Callable[..., dict[str, dict[str, Any]]],
    section: str,
) -> None:
    found = open_page(ways, section=section)
    counts = list(_counts(found))
    assert counts
    for n, said in {(n, tuple(said.items())) for n, said in counts}:
        opened = open_page(ways, **dict(said))
        title = OWN_ROWS[dict(said)["section"]]
        [rows] = [block["rows"] for name, block in opened.items() if name.startswith(title) and block.get("kind") == "table"
                  and name != "Campaigns"]  # fmt: skip
        assert len(rows) == n, said


def test_attended_handovers_of_which_only_an_id_is_known_stand_in_one_line(
    engine: sa.Engine, open_page: Callable[..., dict[str, dict[str, Any]]]
) -> None:
    ids = (
        "7befb02a-b82f-4654-b190-2463f02d5482",
        "ea5b8074-0f23-4ddd-8987-d5f85b12d4f5",
        "1763870400.17",
        "7013",
    )
    handed = [
        call(f"p{place}", offered_at=at(place), answered_at=at(place + 1), ended_at=at(place + 5),
             transfer_kind_name="attended", transferred_to_name=name)
        for place, name in enumerate(ids)
    ]  # fmt: skip
    tell(engine, {"calls": handed})
    found = open_page(engine, section="transfers")
    ways_on = found["Who passes on to whom"]["rows"]
    assert [(row["cells"][1], row["cells"][2]["text"]) for row in ways_on] == [
        ("another call", "3"),
        ("7013", "1"),
    ]
    rows = open_page(engine, **_asked(ways_on[0]["cells"][2]))["Handovers"]["rows"]
    times = [row["cells"][0] for row in rows]
    assert times == sorted(times, reverse=True)
    assert [row["cells"][4] for row in rows] == ["another call"] * 3


def test_channels_tell_whom_campaigns_reached(
    ways: sa.Engine,  # noqa: F811
    open_page: Callable[..., dict[str, dict[str, Any]]],
) -> None:
    own, campaigns, _internal = open_page(ways, section="channels")["outbound"]["more"]
    assert (own, campaigns["text"]) == ("from queues' own calls", "3 reached by campaigns")


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
