"""LiveAgent: what its calls, tickets and ranks become, and that no customer is told of."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from etl.customer_key import customer_key
from etl.sources import Batch, liveagent
from etl.sources.web import WebClient
from tests.liveagent_server import (
    KEY,
    LATER,
    NOW,
    SECRET,
    LiveAgentAccount,
    all_of,
    drawn,
    expect_whole,
    ids,
    one_of,
    reader_of,
    rows,
    served,
    story_of,
    waits,
)
from tests.web_server import web_server


@pytest.fixture(autouse=True)
def _a_quick_account(monkeypatch: pytest.MonkeyPatch) -> None:
    waits.clear()
    monkeypatch.setenv("LIVEAGENT_KEY", KEY)


@pytest.fixture
def recorded() -> Batch:
    with served(LiveAgentAccount.recorded(), keep_rank_comments=True) as (reader, _):
        return one_of(reader)


def test_calls_are_stays_in_departments_with_their_agents_and_waits(recorded: Batch) -> None:
    calls = recorded.facts["calls"].select(
        "call_id", "contact_id", "stay_number", "queue_name", "agent_name", "outcome_name", "direction_name",
        "wait_seconds", "talk_seconds", "transferred_to_name",
    )  # fmt: skip
    none = "without-department"
    assert calls.rows() == [
        ("c1", "t1", 1, "dept1", "a1", "answered", "inbound", 20, 100, None),
        ("c2", "t2", 1, "dept1", None, "abandoned", "inbound", 35, None, None),
        ("c3", "t3", 1, "dept1", None, "overflowed", "inbound", 60, None, "dept2"),
        ("c3", "t3", 2, "dept2", "a2", "answered", "inbound", 10, 200, None),
        ("c4", "t4", 1, "dept1", "a1", "answered", "outbound", 8, 50, None),
        ("c7", "c7", 1, none, None, "answered", "internal", 5, 60, None),
        ("c8", "t-gone", 1, none, None, "answered", "inbound", 30, 60, None),
        ("c5", "t5", 1, "dept1", "a1", "in_progress", "inbound", 40, None, None),
        ("c6", "t6", 1, "dept1", None, "waiting", "inbound", None, None, None),
    ]
    expect_whole(recorded)
    assert recorded.read_rows == 8 + 12
    assert recorded.newest_event_at == datetime(2026, 11, 20, 14, 59, 31, tzinfo=UTC)


def test_a_department_that_is_only_a_menu_is_no_stay() -> None:
    with served(LiveAgentAccount.recorded(), menu_departments=["dept1"]) as (reader, _):
        calls = one_of(reader).facts["calls"].filter(call_id="c3")
    assert calls.select("stay_number", "queue_name", "wait_seconds").rows() == [(1, "dept2", 10)]


STORY = """
09:00:00 created     -         -     -
09:00:00 target      system    -     first_reply 3600
09:00:00 target      system    -     resolution 28800
09:00:00 request     requester -     -
09:00:01 group       -         -     Sales
09:00:01 status      -         -     new
09:10:00 agent       -         a1    -
09:15:00 note        agent     a1    -
09:30:00 reply       agent     a1    -
09:30:00 status      -         -     pending
10:00:00 target      system    -     next_reply 1200
10:00:00 request     requester -     -
10:00:00 status      -         -     open
10:30:00 reply       agent     a1    -
10:31:00 status      -         -     solved
11:00:00 csat        requester -     5
12:00:00 request     requester -     -
12:00:00 status      -         -     open
12:05:00 group       -         -     Support
12:05:00 agent       -         a2    -
12:39:00 reply       agent     a2    -
12:40:00 status      -         -     solved
14:50:00 status      -         -     closed
"""


def test_a_ticket_becomes_what_happened_to_it(recorded: Batch) -> None:
    assert story_of(recorded, "t10") == drawn(STORY)


@pytest.mark.parametrize(
    ("ticket_id", "story"),
    [
        (  # a chat: five messages are four turns; the second rank counts
            "t11",
            """10:00:00 created - - -
            10:00:00 group - - Sales
            10:00:00 status - - open
            10:00:10 request requester - -
            10:00:50 agent - a1 -
            10:01:00 reply agent a1 -
            10:05:00 request requester - -
            10:06:00 reply agent a1 -
            10:10:00 status - - solved
            10:20:00 csat requester - 1""",
        ),
        (  # spam
            "t12",
            """10:30:00 created - - -
            10:30:00 group - - Sales
            10:30:00 request requester - -
            10:30:00 deleted - - -""",
        ),
        (  # no history: solved from LiveAgent's own message, then open as it is now
            "t13",
            """10:40:00 created - - -
            10:40:00 group - - Sales
            10:40:00 agent - a1 -
            10:40:00 request requester - -
            10:50:00 status - - solved
            11:10:00 request requester - -
            11:10:00 status - - open""",
        ),
        (  # an agent who left is in no list
            "t14",
            """11:00:00 created - - -
            11:00:00 group - - Sales
            11:00:00 request requester - -
            11:00:00 status - - new
            11:20:00 agent - gone9 -
            11:30:00 reply agent gone9 -
            11:30:00 status - - pending""",
        ),
        (
            "t15",
            """11:05:00 created - - -
            11:05:00 group - - Sales
            11:05:00 agent - a1 -
            11:05:00 request requester - -
            11:05:00 status - - new
            11:35:00 reply agent a1 -
            11:35:00 status - - pending
            11:40:00 status - - on_hold""",
        ),
        (  # a call that was answered
            "t1",
            """09:00:00 created - - -
            09:00:00 group - - Sales
            09:00:00 request requester - -
            09:00:00 status - - open
            09:00:20 reply agent a1 -
            09:00:21 agent - a1 -
            09:02:05 status - - solved""",
        ),
        (  # a call that was missed: nobody replied
            "t2",
            """09:05:00 created - - -
            09:05:00 group - - Sales
            09:05:00 request requester - -
            09:05:00 status - - open
            09:05:36 status - - new""",
        ),
    ],
)
def test_every_kind_of_conversation_becomes_its_events(recorded: Batch, ticket_id: str, story: str) -> None:
    assert story_of(recorded, ticket_id) == drawn(story)


def test_tickets_have_channel_link_and_customer(recorded: Batch) -> None:
    tickets = {row["ticket_id"]: row for row in recorded.facts["tickets"].iter_rows(named=True)}
    channels = {key: row["channel_name"] for key, row in tickets.items()}
    assert channels == {
        **dict.fromkeys(("t1", "t2", "t3", "t4", "t5", "t6"), "call"),
        **dict.fromkeys(("t10", "t12", "t14"), "email"),
        "t11": "chat", "t13": "web", "t15": "social",
    }  # fmt: skip
    assert [key for key, row in tickets.items() if row["is_deleted"]] == ["t12"]
    assert tickets["t10"]["url_text"].endswith("/agent/#Conversation;id=t10")
    calls = recorded.facts["calls"].filter(call_id="c1")
    assert calls["customer_key"].to_list() == [tickets["t10"]["customer_key"]]
    assert calls["contact_id"].to_list() == [tickets["t1"]["contact_id"]]
    assert tickets["t11"]["customer_key"] == customer_key(SECRET, "jaan@example.org", "EE")
    assert tickets["t15"]["customer_key"] is None


def test_a_rank_is_a_survey_with_its_comment(recorded: Batch) -> None:
    surveys = recorded.facts["surveys"].select(
        "survey_id", "ticket_id", "agent_name", "queue_name", "csat_score", "comment_text"
    )
    assert surveys.rows() == [
        ("t11/g11", "t11", "a1", "dept1", 1.0, None),
        ("t10/g10d", "t10", "a1", "dept2", 5.0, "Quick & kind"),
    ]


def test_ranks_have_the_scores_of_the_settings_and_comments_only_where_wanted() -> None:
    more = {"reward_csat_score": 4, "punishment_csat_score": 2.5}
    with served(LiveAgentAccount.recorded(), **more) as (reader, _):
        surveys = one_of(reader).facts["surveys"]
    assert surveys.select("csat_score", "comment_text").rows() == [(2.5, None), (4.0, None)]


def test_agents_and_departments_have_their_names(recorded: Batch) -> None:
    assert recorded.names.rows() == [
        ("agent", "a1", "Tiina Tamm"),
        ("agent", "a2", "Rein Raud"),
        ("agent", "a3", "Uku Uus"),
        ("queue", "dept1", "Sales"),
        ("queue", "dept2", "Support"),
        ("queue", "without-department", "Without department"),
    ]


def test_what_gives_no_fact_is_counted(recorded: Batch) -> None:
    strange = recorded.unused.filter(~pl.col("is_known"))
    assert strange.rows() == [
        ("message group of type '9'", False, 1),
        ("target of type 'X7'", False, 1),
    ]
    with served(LiveAgentAccount.recorded(), target_names={"X7": "next_reply"}) as (reader, _):
        batch = one_of(reader)
    assert "10:40:00 target system - next_reply 3600" in story_of(batch, "t13")


SECRETS = (
    "socks",
    "Quick",
    "Maasikas",
    "example.org",
    "5100000",
    "5100 0001",
    "s3cr3t",
    "EE38",
    "vip1",
    "u10",
)


def told(batch: Batch) -> str:
    frames = [*batch.facts.values(), batch.rows, batch.rejects, batch.unused, batch.names]
    texts = [json.dumps(frame.to_dicts(), default=str) for frame in frames if frame is not None]
    return "\n".join((*texts, batch.position_text, batch.carry_text, batch.notice or ""))


def test_no_name_address_subject_or_word_of_a_customer_is_kept() -> None:
    account = LiveAgentAccount.recorded()
    for ticket in account.tickets[:4]:
        ticket["status"] = "?"  # refused rows are kept whole, so these too
    account.calls[0]["type"] = "?"
    with served(account) as (reader, _):
        batch = one_of(reader)
    assert batch.rejects.height == 5
    answers = json.dumps([account.calls, account.tickets, account.messages, account.contacts])
    for secret in SECRETS:
        assert secret in answers, "the account holds it, or the test proves nothing"
        assert secret not in told(batch)
    assert KEY not in told(batch)


def test_reading_twice_brings_nothing_new_and_a_fresh_record_once_more() -> None:
    with served(LiveAgentAccount.recorded()) as (reader, requests):
        first = one_of(reader)
        assert all_of(reader, first) == []
        asked = len(requests)
        assert all_of(reader, first) == []
        assert {request.path for request in requests[asked:]} == {"/api/v3/calls", "/api/v3/tickets"}
        second = one_of(reader, first, now=LATER)
        assert (ids([second]), ids([second], "calls", "call_id")) == (
            ["t6"],
            ["c6"],
        )  # read 30 s after it changed
        assert all_of(reader, second, now=LATER) == []


def test_a_call_goes_on_until_it_ends_or_lost_its_end() -> None:
    account = LiveAgentAccount.recorded()
    with served(account) as (reader, _):
        batch = one_of(reader)
        later = {"id": "c9", "ticketId": "", "type": "T", "dateCreated": "2026-11-20 18:00:00"}
        account.calls.append({**later, "dateFinished": "2026-11-20 18:00:09"})
        batch = all_of(reader, batch, now=NOW + timedelta(hours=3, minutes=5))[-1]
        five = next(call for call in account.calls if call["id"] == "c5")
        five["dateFinished"] = "2026-11-20 18:30:00"  # after 3 h 40 min: beyond any look back
        batch = one_of(reader, batch, now=NOW + timedelta(hours=4))
        found = batch.facts["calls"].select("call_id", "outcome_name", "ended_at", "talk_seconds").rows()
        ended_at = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
        assert ("c5", "answered", ended_at, 3 * 3600 + 39 * 60 + 20) in found
        batch = one_of(reader, batch, now=NOW + timedelta(hours=24, minutes=1))
        begun_at = datetime(2026, 11, 20, 14, 59, 30, tzinfo=UTC)
        assert batch.facts["calls"].select("call_id", "outcome_name", "ended_at").rows() == [
            ("c6", "interrupted", begun_at)
        ]
        assert json.loads(batch.carry_text)["open_calls"] == {}


def test_over_a_real_wire_the_same_is_read(recorded: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(*parts: Any, **more: Any) -> WebClient:
        return WebClient(*parts, **{**more, "most_per_second": 1e6})

    monkeypatch.setattr(liveagent, "WebClient", quick)
    account = LiveAgentAccount.recorded()
    with web_server(account) as url:
        batch = one_of(reader_of(str(url), keep_rank_comments=True))
        headers = url.requests[0].headers
    assert (headers["apikey"], headers["timezone-offset"]) == (KEY, "0")
    for fact in recorded.facts:
        without = ["url_text"] if fact == "tickets" else []  # the two accounts have other addresses
        assert rows([batch], fact, *without) == rows([recorded], fact, *without)
