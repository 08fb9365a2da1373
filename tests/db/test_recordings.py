"""Recordings on a real Postgres: found with their contact, counted with the answered calls, opened by the rules, erased."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import polars as pl
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from dashboard import server
from dashboard.contacts.recording_door import open_of_review, open_recording
from dashboard.contacts.recording_rules import RecordingError
from dashboard.queries import QUESTIONS
from dashboard.ui import moments
from sql import warehouse
from tests.db.test_records import Row, at, call, tell
from tests.db.test_records import ask as rows_of

WINDOW = {"window_start": at(-10), "window_end": at(600)}
URL = "https://rec.example.com/"


def recording(recording_id: str, minute: float, **more: Any) -> Row:
    return {
        "recording_id": recording_id, "started_at": at(minute), "ended_at": at(minute + 2), "call_id": None,
        "url_text": f"{URL}{recording_id}", "agent_name": "Mari", **more,
    }  # fmt: skip


@pytest.fixture
def recorded(engine: sa.Engine) -> sa.Engine:
    """Four answered calls and one abandoned: two recorded by call, one by contact, one not; c3's is a namesake's."""
    answered = {"outcome_name": "answered"}
    times = [{"offered_at": at(n), "answered_at": at(n + 1), "ended_at": at(n + 3)} for n in range(4)]
    tell(
        engine,
        {
            "calls": [
                *(call(f"c{n}", customer_key=f"k{n}", **answered, **when) for n, when in enumerate(times)),
                call("c9", offered_at=at(9), answered_at=None, ended_at=at(10), outcome_name="abandoned",
                     agent_name=None, talk_seconds=None),
            ],
        },
    )  # fmt: skip
    tell(
        engine,
        {
            "recordings": [
                recording("r0", 1, call_id="c0"),
                recording("s0", 1.5, call_id="c0", media_name="screen", ended_at=None),
                recording("r1", 2, call_id="c1", customer_key="k1"),
                recording("r2", 3, contact_id="c2"),
                recording(
                    "r3", 4, call_id="c3", customer_key="k77"
                ),  # another customer's: a call of another system
                recording("r9", 9, call_id="c9"),  # nobody answered
            ]
        },
        name="recorder",
    )
    with engine.begin() as connection:
        values = {"noted_at": at(0), "kept_days": 30, "host_names": ["rec.example.com"]}
        warehouse.execute(connection, "merge/recording_rules", **values)
    return engine


def ask(engine: sa.Engine, name: str, **given: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return QUESTIONS[name](connection, **given)


def opened(engine: sa.Engine, recording_id: str, *, minute: float = 60, source_name: str = "recorder") -> str:
    with warehouse.connected(engine) as connection:
        return open_recording(connection, source_name=source_name, recording_id=recording_id, at=at(minute))


def test_a_worked_day_of_recorded_calls(recorded: sa.Engine) -> None:
    found = ask(recorded, "recorded_calls", **WINDOW)
    total = ask(recorded, "recorded_calls_count", **WINDOW)
    # c0 (twice, counted once), c1 and c2 of c0 to c3; c9 was abandoned
    assert total.rows() == [(3, 4)]
    assert found.select("call_id", "recording_id", "length_seconds", "recording_count").rows() == [
        ("c2", "r2", 120, 1),
        ("c1", "r1", 120, 1),
        ("c0", "r0", 120, 2),
    ]
    assert ask(recorded, "recorded_calls", **WINDOW, limit_rows=1)["call_id"].to_list() == ["c2"]
    assert ask(recorded, "recorded_calls_count", **WINDOW, agent_id=99).rows() == [(0, 0)]
    assert ask(recorded, "recorded_calls", **WINDOW, agent_id=99).height == 0


def test_a_contact_shows_its_own_recordings_and_no_namesake_s(recorded: sa.Engine) -> None:
    found = {n: ask(recorded, "contact_recordings", contact_id=f"c{n}") for n in range(4)}
    assert [found[n]["recording_id"].to_list() for n in range(4)] == [["r0", "s0"], ["r1"], ["r2"], []]
    assert found[0].select("length_seconds", "media_name", "agent_name").rows() == [
        (120, "voice", "Mari"),
        (None, "screen", "Mari"),  # its end was not told: the length is unknown, not 0
    ]


def test_every_opening_is_counted_and_a_refused_one_is_not(recorded: sa.Engine) -> None:
    assert opened(recorded, "r0") == f"{URL}r0"
    opened(recorded, "r0", minute=61)
    for recording_id, more, said in (
        ("r0", {"minute": 31 * 1440}, "older than 30 days"),
        ("r77", {}, "not known, or was erased"),
        ("r0", {"source_name": "records"}, "not known, or was erased"),
    ):
        with pytest.raises(RecordingError, match=said):
            opened(recorded, recording_id, **more)
    with recorded.begin() as connection:
        values: dict[str, Any] = {"noted_at": at(0), "kept_days": None, "host_names": []}
        warehouse.execute(connection, "merge/recording_rules", **values)
    with pytest.raises(RecordingError, match=r'"rec\.example\.com" is not listed; expected it among hosts'):
        opened(recorded, "r0")
    with warehouse.connected(recorded) as connection, pytest.raises(RecordingError, match="not known"):
        open_of_review(connection, review_id=1, at=at(1))
    openings = "select what_name, of_name from ops.audit_lines order by line_number"
    assert rows_of(recorded, openings) == [("saw.recording", "recording recorder/r0")] * 2


def test_an_erased_recording_is_told_as_erased_without_its_address(recorded: sa.Engine) -> None:
    with recorded.begin() as connection:
        warehouse.one_row(connection, "merge/erase_customer", customer_keys=["k1"], erased_at=at(500))
    [row] = ask(recorded, "contact_recordings", contact_id="c1").to_dicts()
    assert (row["erased_at"], row["url_text"], row["recording_id"], row["started_at"]) == (
        at(500),
        None,
        None,
        at(2),
    )
    assert ask(recorded, "recorded_calls_count", **WINDOW).rows() == [
        (3, 4)
    ]  # it was recorded, and still counts
    with pytest.raises(RecordingError, match="was erased"):
        opened(recorded, "r1")
    assert rows_of(recorded, "select count(*) from warehouse.recordings where call_id = 'c1'") == [(0,)]


def test_the_door_leads_out_without_a_word_of_where_from_and_only_from_our_own_pages(
    recorded: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", recorded.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", at(60).isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: recorded)

    async def asked(method: str, address: str, **headers: str) -> httpx.Response:
        app = Starlette(routes=[server.recording_route()])
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1"
        ) as asker:
            return await asker.request(method, address, headers=headers)

    def door(method: str, address: str, **headers: str) -> httpx.Response:
        return asyncio.run(asked(method, address, **headers))

    r0 = "/recording?source=recorder&id=r0"
    led = door("GET", r0, **{"sec-fetch-site": "same-origin"})
    assert (led.status_code, led.headers["location"]) == (303, f"{URL}r0")
    assert (led.headers["referrer-policy"], led.headers["cache-control"]) == ("no-referrer", "no-store")
    assert door("GET", r0, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert door("HEAD", r0).status_code == 403
    for unknown in (
        "/recording",
        "/recording?source=recorder&id=r77",
        "/recording?review=9",
        "/recording?review=x",
    ):
        answer = door("GET", unknown)
        assert (answer.status_code, "not known" in answer.text) == (404, True)
    assert rows_of(recorded, "select count(*) from ops.audit_lines") == [(1,)]
