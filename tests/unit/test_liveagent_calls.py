"""LiveAgent: who answered a call, in which department it waited, and how it ended, where the parts disagree."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from etl.sources.desks.liveagent_batch import Draft, Rules
from etl.sources.desks.liveagent_calls import call_rows
from etl.sources.desks.liveagent_records import call_record, ticket_record
from etl.sources.desks.liveagent_tickets import TicketRules, ticket_rows

UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
AGENTS = frozenset(("a1", "a2", "a3"))
RULES = Rules(TicketRules(UTC_ZONE, "https://example.ladesk.com/agent/#Conversation;id="))


def at(clock: str | None) -> str | None:
    return f"2026-11-20 {clock}" if clock else None


def stays(
    kind: str,
    answered: str | None,
    ended: str | None,
    *,
    spans: str = "",
    groups: Any = (),
    ticket: Any = None,
) -> list[tuple[Any, ...]]:
    """The stays of a call of 10:00:00; spans: `clock department agent` lines of the history, - for none."""
    call = {
        "id": "c1", "ticket_id": "t1", "type": kind, "date_created": at("10:00:00"),
        "date_answered": at(answered), "date_finished": at(ended),
    }  # fmt: skip
    told = [line.split() for line in spans.strip().splitlines()]
    history = [
        {
            "id": str(place),
            "date_from": at(clock),
            "department_id": department.strip("-"),
            "agent_id": agent.strip("-"),
        }
        for place, (clock, department, agent) in enumerate(told)
    ]
    record = call_record(
        call, ticket, list(groups), history, customer_key=None, agent_keys=AGENTS, strange=Counter()
    )
    rows = call_rows(record, UTC_ZONE, now=NOW, menu_departments=frozenset(("menu",)))
    names = ("queue_name", "agent_name", "outcome_name", "wait_seconds", "talk_seconds")
    return [tuple(row.get(name) for name in names) for row in rows]


def call_group(group_id: str, clock: str, *said: str) -> dict[str, Any]:
    """A call's message group; said: `clock agent`."""
    messages = [{"type": "S", "datecreated": at(each.split()[0]), "userid": each.split()[1]} for each in said]
    return {"id": group_id, "type": "P", "datecreated": at(clock), "userid": "u1", "messages": messages}


@pytest.mark.parametrize(
    ("spans", "groups", "ticket", "agent"),
    [
        # the history is written a moment after the answer; who had the ticket before did not take the call
        ("09:00:00 sales a1\n10:00:33 sales a2", (), None, "a2"),
        ("09:00:00 sales a1\n10:00:36 sales a2", (), None, "a1"),
        # the history names nobody: the first agent who spoke after the answer in this call, not in another
        ("09:00:00 sales -", [call_group("g", "10:00:01", "09:59:00 a1", "10:00:30 a3")], None, "a3"),
        ("09:00:00 sales -", [call_group("g", "10:30:00", "10:30:30 a3")], None, None),
        (
            "09:00:00 sales -",
            [call_group("g", "10:00:00", "10:00:30 a3"), call_group("c1", "10:00:40", "10:00:40 a2")],
            None,
            "a2",
        ),
        ("09:00:00 sales system00", (), {"id": "t1", "agentid": "a1"}, None),
        # no history at all: the ticket's agent, but never LiveAgent itself
        ("", (), {"id": "t1", "agentid": "a1", "departmentid": "sales"}, "a1"),
        ("", (), {"id": "t1", "agentid": "system00", "departmentid": "sales"}, None),
    ],
)
def test_the_agent_is_who_took_the_call(spans: str, groups: Any, ticket: Any, agent: str | None) -> None:
    found = stays("I", "10:00:30", "10:02:30", spans=spans, groups=groups, ticket=ticket)
    assert [(row[1], row[2], row[3], row[4]) for row in found] == [(agent, "answered", 30, 120)]


@pytest.mark.parametrize(
    ("kind", "answered", "ended", "expected"),
    [
        ("I", "10:00:30", "10:02:30", ("answered", 30, 120)),
        ("I", None, "10:02:30", ("abandoned", 150, None)),
        ("O", None, "10:00:20", ("withdrawn", 20, None)),
        ("T", None, "10:00:20", ("withdrawn", 20, None)),
        ("I", "10:00:30", None, ("in_progress", 30, None)),
        ("I", None, None, ("waiting", None, None)),
    ],
)
def test_a_call_ends_as_its_instants_say(
    kind: str, answered: str | None, ended: str | None, expected: tuple[Any, ...]
) -> None:
    assert stays(kind, answered, ended, spans="09:00:00 sales -") == [("sales", None, *expected)]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ("09:00:00 sales -\n10:01:00 help -", [("sales", "overflowed", 60), ("help", "abandoned", 90)]),
        ("09:00:00 sales -\n10:00:04 help -", [("help", "abandoned", 150)]),  # it came into help
        ("09:00:00 menu -\n10:00:20 sales -", [("sales", "abandoned", 130)]),
        ("09:00:00 menu -", [("menu", "abandoned", 150)]),  # who leaves in the menu was there
        (
            "09:00:00 sales -\n10:01:00 help -\n10:02:00 sales -",
            [("sales", "overflowed", 60), ("help", "overflowed", 60), ("sales", "abandoned", 30)],
        ),
        ("09:00:00 sales -\n10:03:00 help -", [("sales", "abandoned", 150)]),  # moved after the end
        ("11:00:00 sales -", [("sales", "abandoned", 150)]),
    ],
)
def test_each_department_in_which_the_caller_waited_is_a_stay(
    spans: str, expected: list[tuple[Any, ...]]
) -> None:
    found = stays("I", None, "10:02:30", spans=spans)
    assert [(row[0], row[2], row[3]) for row in found] == expected


def story(*groups: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    ticket = {"id": "t1", "status": "C", "date_created": at("10:00:00"), "date_changed": at("11:00:00")}
    record = ticket_record(
        ticket, list(groups), [], [], customer_key=None, department_name=None, agent_keys=AGENTS,
        keep_comments=False, strange=Counter(),
    )  # fmt: skip
    rows = ticket_rows(record, RULES.tickets, Counter())["ticket_events"]
    return [
        (row["event_name"], row["actor_name"], row["agent_name"])
        for row in rows
        if row["event_name"] in ("reply", "request", "note")
    ]


def word(kind: str, user: str, clock: str = "10:10:00") -> dict[str, Any]:
    message = {"id": f"m{clock}", "type": "M", "userid": user, "datecreated": at(clock)}
    return {"id": f"g{clock}", "type": kind, "userid": user, "datecreated": at(clock), "messages": [message]}


@pytest.mark.parametrize(
    ("kind", "user", "expected"),
    [
        ("4", "who-left", [("reply", "agent", "who-left")]),  # only agents send: listed or not
        ("4", "", [("reply", "agent", None)]),
        ("4", "system00", []),
        ("3", "a1", [("request", "requester", None)]),  # an employee who wrote in
        ("5", "u1", [("request", "requester", None)]),
        ("C", "a3", [("reply", "agent", "a3")]),  # listed, but never had the ticket
        ("C", "u1", [("request", "requester", None)]),
        ("C", "system00", []),
        ("6", "u1", [("request", "requester", None)]),
        ("I", "a2", [("note", "agent", "a2")]),
        ("I", "system00", [("note", "system", None)]),
        ("V", "a2", [("reply", "agent", "a2")]),
        ("1", "a2", []),
        ("Q", "u1", []),
    ],
)
def test_who_wrote_decides_whether_it_is_a_reply(kind: str, user: str, expected: list[Any]) -> None:
    assert story(word(kind, user)) == expected


def test_a_record_that_comes_twice_into_a_batch_gives_its_last_state() -> None:
    draft = Draft(RULES, NOW)
    ticket = {"kind": "ticket", "id": "t1", "status": "N", "date_created": at("10:00:00")}
    for changed, status in (("10:05:00", "N"), ("10:06:00", "C")):
        assert draft.add({**ticket, "date_changed": at(changed), "status": status}) is None
    draft.saw([NOW - timedelta(minutes=1), NOW + timedelta(days=3), None])
    batch = draft.batch("", "")
    assert batch.read_rows == 2
    assert batch.facts["tickets"].select("seq", "ticket_id").rows() == [(1, "t1")]
    assert set(batch.facts["ticket_events"]["seq"]) == {1}
    assert batch.newest_event_at == NOW - timedelta(
        minutes=1
    )  # the future tells nothing about the age of the data
