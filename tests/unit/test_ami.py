"""Listening to Asterisk's manager: the protocol with its misbehaviour, and what every event means for the floor."""

from __future__ import annotations

import json
import logging
import random
import socket
import ssl
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl import LoadError
from etl.frames import gate
from etl.shapes import FACTS
from etl.sources import Batch, Site
from etl.sources.asterisk_ami import KEPT, AmiReader, AmiSettings
from etl.sources.pbx import ami_wire
from etl.sources.pbx.ami_events import ACTS, hear
from etl.sources.pbx.ami_facts import facts_of
from etl.sources.pbx.ami_floor import Floor
from etl.sources.pbx.ami_headers import Refusal
from etl.sources.pbx.ami_wire import Address, Decoder
from tests.ami_server import SECRET, AmiServer, Watched, ami_server, block, caught_up, encoded, until
from tests.laws import law

SITE = Site("Test floor", "Europe/Tallinn", "EE")
NUMBER = "+37251000175"
T = 1_795_309_870


def caller(call: str, queue: str = "support", **more: object) -> dict[str, object]:
    return {"Uniqueid": call, "Queue": queue, "CallerIDNum": NUMBER} | more


def member(name: str, queue: str = "support", **more: object) -> dict[str, object]:
    return {"Queue": queue, "MemberName": name, "Interface": f"SIP/{name}"} | more


# --- what events mean ---------------------------------------------------------------------------------------------


def floor_after(*told: tuple[int, str, dict[str, object]], floor: Floor | None = None) -> Floor:
    """The floor after events told as (second, event, headers), seconds counted from T."""
    floor = floor or Floor(("Paperwork",))
    for second, event, headers in told:
        texts = {name.lower(): str(value) for name, value in headers.items()}
        hear(floor, T + second, {"event": event.lower(), **texts})
    return floor


def stays(floor: Floor) -> list[tuple[object, ...]]:
    """Call, number, offered, answered, ended (seconds from T), outcome, by whom, agent, wait, talk, version."""
    frame = facts_of(floor)["calls"].sort("call_id", "stay_number")
    seconds = [
        (pl.col(name).dt.epoch("s") - T).alias(name) for name in ("offered_at", "answered_at", "ended_at")
    ]
    columns = (
        "outcome_name",
        "ended_by_name",
        "agent_name",
        "wait_seconds",
        "talk_seconds",
        "version_number",
    )
    return frame.select("call_id", "stay_number", *seconds, *columns).rows()


def states(floor: Floor, name: str) -> list[tuple[object, ...]]:
    """Start and end (seconds from T), state, reason, queue of one agent."""
    frame = facts_of(floor)["agent_states"].filter(pl.col("agent_name") == name).sort("started_at")
    seconds = [(pl.col(edge).dt.epoch("s") - T).alias(edge) for edge in ("started_at", "ended_at")]
    return frame.select(*seconds, "state_name", "reason_name", "queue_name").rows()


CALL = caller("1.1")
ANNA = caller("1.1") | member("Anna")


def test_a_call_from_its_entry_to_its_end() -> None:
    floor = floor_after(
        (0, "QueueMemberAdded", member("Anna", Paused=0)),
        (10, "QueueCallerJoin", CALL | {"Position": 1}),
        (11, "AgentCalled", ANNA),
        (15, "QueueCallerLeave", CALL),
        (15, "AgentConnect", ANNA | {"HoldTime": 5, "RingTime": 4}),
        (45, "AgentComplete", ANNA | {"HoldTime": 5, "TalkTime": 30, "Reason": "caller"}),
    )
    # entry, answer and end are three lines of a queue_log: its version is 3, ours is one less
    assert stays(floor) == [("1.1", 1, 10, 15, 45, "answered", "caller", "Anna", 5, 30, 2)]
    assert states(floor, "Anna") == [
        (0, 11, "available", None, None),
        (11, 15, "ringing", None, "support"),
        (15, 45, "on_contact", None, "support"),
        (45, None, "available", None, None),
    ]


def test_an_end_that_leaves_the_caller_out_ends_the_call_of_that_agent() -> None:
    floor = floor_after(
        (0, "QueueCallerJoin", CALL),
        (4, "AgentConnect", ANNA | {"HoldTime": 4}),
        (24, "AgentComplete", member("Anna", HoldTime=4, TalkTime=20, Reason="agent")),
    )
    assert stays(floor) == [("1.1", 1, 0, 4, 24, "answered", "agent", "Anna", 4, 20, 2)]
    with pytest.raises(Refusal, match="no uniqueid, and no call of Anna in support"):
        floor_after((30, "AgentComplete", member("Anna", HoldTime=4, TalkTime=20)), floor=floor)


@pytest.mark.parametrize(
    ("afterwards", "outcome", "by"),
    [
        ([(9, "Hangup", {"Uniqueid": "1.1"}), (20, "Hangup", {"Uniqueid": "9"})], "abandoned", "caller"),
        ([(20, "Hangup", {"Uniqueid": "9"})], "timed_out", "system"),  # his line is still there
        ([(20, "QueueCallerJoin", caller("2.2"))], "abandoned", "caller"),  # no ends of lines are told at all
    ],
)
def test_who_gave_up_and_whose_time_was_up(
    afterwards: list[tuple[int, str, dict[str, object]]], outcome: str, by: str
) -> None:
    floor = floor_after(
        (0, "QueueCallerJoin", CALL), (9, "QueueCallerAbandon", CALL | {"HoldTime": 9}), (9, "QueueCallerLeave", CALL),
        *afterwards,
    )  # fmt: skip
    assert stays(floor)[0] == ("1.1", 1, 0, None, 9, outcome, by, None, 9, None, 1)


def test_who_left_the_queue_and_was_not_connected_went_elsewhere() -> None:
    told = ((0, "QueueCallerJoin", CALL), (7, "QueueCallerLeave", CALL))
    assert stays(floor_after(*told))[0][5] == "waiting"  # the answer may follow
    later = floor_after(*told, (10, "QueueCallerJoin", caller("2.2")))
    assert stays(later)[0] == ("1.1", 1, 0, None, 7, "overflowed", "system", None, 7, None, 1)


def test_an_agent_who_is_told_first_who_calls_keeps_the_caller_waiting_meanwhile() -> None:
    floor = floor_after(
        (0, "QueueCallerJoin", CALL), (1, "AgentCalled", ANNA), (3, "QueueCallerLeave", CALL),
        (9, "QueueCallerJoin", caller("2.2")), (12, "AgentConnect", ANNA | {"HoldTime": 12}),
    )  # fmt: skip
    assert stays(floor)[0] == ("1.1", 1, 0, 12, None, "in_progress", None, "Anna", 12, None, 1)


def test_every_phone_stops_ringing_when_one_is_taken() -> None:
    ben = caller("1.1") | member("Ben")
    floor = floor_after(
        (0, "QueueCallerJoin", CALL), (1, "AgentCalled", ANNA), (1, "AgentCalled", ben),
        (6, "AgentConnect", ben | {"HoldTime": 6}),
    )  # fmt: skip
    assert [row[2] for row in states(floor, "Anna")] == ["ringing", "available"]
    assert [row[2] for row in states(floor, "Ben")] == ["ringing", "on_contact"]


def test_a_ring_that_nobody_takes_counts_as_a_line_of_the_log() -> None:
    floor = floor_after(
        (0, "QueueCallerJoin", CALL), (1, "AgentCalled", ANNA), (7, "AgentRingNoAnswer", ANNA | {"RingTime": 6000}),
        (9, "AgentConnect", ANNA | {"HoldTime": 9}),
    )  # fmt: skip
    assert stays(floor)[0][-1] == 2  # entry, ring, answer: 3 lines, one less


def test_a_pause_counts_when_it_is_in_every_queue_of_the_agent() -> None:
    floor = floor_after(
        (0, "QueueMemberAdded", member("Anna")), (0, "QueueMemberAdded", member("Anna", "sales")),
        (5, "QueueMemberPause", member("Anna", Paused=1, PausedReason="Lunch")),
        (9, "QueueMemberPause", member("Anna", "sales", Paused=1, PausedReason="Lunch")),
        (20, "QueueMemberPause", member("Anna", Paused=0)),
        (30, "QueueMemberPause", member("Anna", Paused=1, PausedReason="Paperwork")),
        (40, "QueueMemberRemoved", member("Anna")), (41, "QueueMemberRemoved", member("Anna", "sales")),
    )  # fmt: skip
    assert states(floor, "Anna") == [
        (0, 9, "available", None, None),
        (9, 20, "paused", "Lunch", None),
        (20, 30, "available", None, None),
        (30, 41, "wrap_up", None, None),
        (41, None, "signed_out", None, None),
    ]
    members = facts_of(floor)["queue_members"].sort("queue_name")
    ends = members.select("queue_name", pl.col("ended_at").dt.epoch("s") - T).rows()
    assert ends == [("sales", 41), ("support", 40)]


@pytest.mark.parametrize(
    ("event", "headers", "to"),
    [
        (
            "BlindTransfer",
            {"TransfereeUniqueid": "1.1", "Extension": "500", "Result": "Success"},
            ("blind", "500"),
        ),
        (
            "AttendedTransfer",
            {"TransfereeUniqueid": "1.1", "DestApp": "Voicemail"},
            ("attended", "Voicemail"),
        ),
        ("BlindTransfer", {"TransfereeUniqueid": "1.1", "Extension": "500", "Result": "Fail"}, (None, None)),
    ],
)
@pytest.mark.parametrize("is_told_first", [True, False])
def test_a_transfer_is_told_beside_the_end(
    event: str, headers: dict[str, object], to: tuple[object, ...], *, is_told_first: bool
) -> None:
    end = (9, "AgentComplete", ANNA | {"HoldTime": 1, "TalkTime": 8, "Reason": "transfer"})
    beside = (9, event, headers)
    both = (beside, end) if is_told_first else (end, beside)
    floor = floor_after((0, "QueueCallerJoin", CALL), (1, "AgentConnect", ANNA | {"HoldTime": 1}), *both)
    calls = facts_of(floor)["calls"]
    assert calls.select("transfer_kind_name", "transferred_to_name").row(0) == to
    assert calls.select("outcome_name", "ended_by_name").row(0) == ("answered", "agent")


def test_a_call_that_comes_back_is_a_second_stay_and_after_an_hour_a_first_one() -> None:
    floor = Floor()
    for second in (0, 100, 100 + 3601):
        floor_after(
            (second, "QueueCallerJoin", CALL), (second + 9, "QueueCallerAbandon", CALL | {"HoldTime": 9}), floor=floor
        )  # fmt: skip
    assert [row[1:3] for row in stays(floor)] == [(1, 0), (1, 3701), (2, 100)]


def test_the_names_of_old_asterisks_mean_the_same() -> None:
    reader = AmiReader(Address("127.0.0.1", 1, "x", SECRET), SITE, b"k" * 32)
    told = [{"event": "Join", **{"queue": "support", "uniqueid": "1.1", "position": "1"}}, {"event": "Leave"}]
    assert [kept["event"] for one in told if (kept := reader.sift(one))] == [
        "queuecallerjoin",
        "queuecallerleave",
    ]


# --- snapshots ----------------------------------------------------------------------------------------------------


def shot(second: int, *told: tuple[str, dict[str, object]]) -> list[tuple[int, str, dict[str, object]]]:
    rest: list[tuple[str, dict[str, object]]] = [*told, ("QueueStatusComplete", {})]
    return [(second, "(snapshot)", {}), *((second, event, headers) for event, headers in rest)]


def listed(name: str, queue: str = "support", **more: object) -> tuple[str, dict[str, object]]:
    return "QueueMember", {
        "Queue": queue,
        "Name": name,
        "Location": f"SIP/{name}",
        "InCall": 0,
        "Paused": 0,
    } | more


def test_the_first_snapshot_tells_who_is_there() -> None:
    floor = floor_after(
        *shot(
            100, listed("Anna", LoginTime=T + 10), listed("Ben", Paused=1, PausedReason="Lunch", LastPause=T + 70),
            listed("Carl", InCall=1), ("QueueEntry", caller("1.1", Wait=25)),
        ),
    )  # fmt: skip
    assert states(floor, "Anna") == [(100, None, "available", None, None)]
    assert states(floor, "Ben") == [(70, None, "paused", "Lunch", None)]
    assert states(floor, "Carl") == [
        (100, None, "on_contact", None, "support")
    ]  # his call began before we came
    assert stays(floor) == [("1.1", 1, 75, None, None, "waiting", None, None, None, None, 0)]
    since = (
        facts_of(floor)["queue_members"].filter(pl.col("agent_name") == "Anna")["started_at"].dt.epoch("s")
    )
    assert since.to_list() == [T + 10]
    done = (130, "AgentComplete", caller("0.9") | member("Carl", HoldTime=15, TalkTime=60, Reason="agent"))
    floor_after(done, floor=floor)  # its end tells all of it
    assert stays(floor)[0] == ("0.9", 1, 55, 70, 130, "answered", "agent", "Carl", 15, 60, 2)
    assert states(floor, "Carl")[-1] == (130, None, "available", None, None)


def waiting_then(*told: tuple[str, dict[str, object]]) -> Floor:
    """A caller waits, the connection is lost, and the next snapshot tells this."""
    return floor_after((0, "QueueCallerJoin", CALL), *shot(50, listed("Anna", InCall=1), *told))


def test_a_caller_who_vanished_while_nobody_listened_is_interrupted_until_his_end_is_told() -> None:
    floor = waiting_then()
    assert stays(floor) == [("1.1", 1, 0, None, 50, "interrupted", "system", None, None, None, 0)]
    floor_after(
        (70, "AgentComplete", ANNA | {"HoldTime": 10, "TalkTime": 60, "Reason": "agent"}), floor=floor
    )
    assert stays(floor) == [("1.1", 1, 0, 10, 70, "answered", "agent", "Anna", 10, 60, 2)]


def test_a_caller_who_is_bridged_by_then_talks_to_the_agent_in_that_bridge() -> None:
    floor = waiting_then(
        ("CoreShowChannel", {"Uniqueid": "1.1", "BridgeId": "b", "Device": "SIP/trunk"}),
        ("CoreShowChannel", {"Uniqueid": "1.2", "BridgeId": "b", "Device": "SIP/Anna"}),
        ("CoreShowChannelsComplete", {}),
    )
    assert stays(floor) == [("1.1", 1, 0, 50, None, "in_progress", None, "Anna", 50, None, 0)]
    floor_after(
        (70, "AgentComplete", ANNA | {"HoldTime": 10, "TalkTime": 60, "Reason": "agent"}), floor=floor
    )
    assert stays(floor) == [("1.1", 1, 0, 10, 70, "answered", "agent", "Anna", 10, 60, 2)]


def test_a_caller_whose_line_is_there_without_a_bridge_went_elsewhere() -> None:
    floor = waiting_then(
        ("CoreShowChannel", {"Uniqueid": "1.1", "BridgeId": ""}), ("CoreShowChannelsComplete", {})
    )
    assert stays(floor)[0][5] == "overflowed"


def test_a_talk_that_ended_while_nobody_listened_frees_the_agent() -> None:
    talk = ((0, "QueueCallerJoin", CALL), (5, "AgentConnect", ANNA | {"HoldTime": 5}))
    still = floor_after(*talk, *shot(50, listed("Anna", InCall=1)))
    over = floor_after(*talk, *shot(50, listed("Anna", InCall=0)))
    gone = floor_after(*talk, *shot(50, listed("Anna", InCall=1), ("CoreShowChannelsComplete", {})))
    assert [stays(floor)[0][4:6] for floor in (still, over, gone)] == [
        (None, "in_progress"), (50, "interrupted"), (50, "interrupted"),
    ]  # fmt: skip
    assert states(over, "Anna")[-1] == (50, None, "available", None, None)


def test_what_happens_while_a_snapshot_is_told_is_newer_than_it() -> None:
    floor = floor_after(
        (0, "QueueMemberAdded", member("Anna")),
        (10, "QueueCallerJoin", CALL),
        (20, "(snapshot)", {}),
        (20, *listed("Anna")),
        (20, "QueueEntry", caller("1.1", Wait=10)),
        (20, "AgentConnect", ANNA | {"HoldTime": 10}),
        (20, "QueueCallerJoin", caller("2.2")),
        (20, "QueueMemberPause", member("Anna", Paused=1, PausedReason="Lunch")),
        (21, "QueueStatusComplete", {}),
    )
    assert [row[5] for row in stays(floor)] == ["in_progress", "waiting"]
    assert states(floor, "Anna")[-1][2] == "on_contact"
    assert floor.agents["Anna"].queues["support"].is_paused


def test_who_is_no_longer_listed_serves_no_longer() -> None:
    floor = floor_after(
        (0, "QueueMemberAdded", member("Anna")),
        (0, "QueueMemberAdded", member("Ben")),
        *shot(30, listed("Ben")),
    )
    assert states(floor, "Anna")[-1] == (30, None, "signed_out", None, None)
    assert states(floor, "Ben")[-1] == (0, None, "available", None, None)


@pytest.mark.parametrize("event", ["Shutdown", "FullyBooted"])
def test_a_restart_ends_what_was_open(event: str) -> None:
    told: dict[str, object] = {"Uptime": 20} if event == "FullyBooted" else {}
    floor = floor_after(
        (0, "QueueCallerJoin", CALL), (5, "AgentConnect", ANNA | {"HoldTime": 5}), (9, "QueueCallerJoin", caller("2.2")),
        (60 if told else 40, event, told),
    )  # fmt: skip
    assert [row[4:6] for row in stays(floor)] == [(40, "interrupted"), (40, "interrupted")]
    assert states(floor, "Anna")[-1] == (40, None, "signed_out", None, None)


def test_a_login_at_a_pbx_that_runs_on_ends_nothing() -> None:
    floor = floor_after((0, "QueueCallerJoin", CALL), (60, "FullyBooted", {"Uptime": 90_000}))
    assert stays(floor)[0][5] == "waiting"


# --- laws ---------------------------------------------------------------------------------------------------------

CALLS, AGENTS, QUEUES = ("1.1", "2.2", "3.3"), ("Anna", "Ben"), ("support", "sales")
KINDS = (
    "QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon", "AgentCalled", "AgentConnect", "AgentComplete",
    "AgentRingNoAnswer", "QueueMemberPause", "QueueMemberAdded", "QueueMemberRemoved", "Hangup", "(snapshot)",
    "QueueEntry", "QueueMember", "QueueStatusComplete", "Shutdown",
)  # fmt: skip
EVENTS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(KINDS), st.sampled_from(CALLS), st.sampled_from(AGENTS),
              st.sampled_from(QUEUES), st.integers(0, 30)),
    max_size=40,
)  # fmt: skip


def merged(batches: list[Floor]) -> dict[str, dict[object, object]]:
    """What a warehouse holds after these batches: the last telling of each key, tails of agents replaced."""
    calls: dict[object, object] = {}
    rows: dict[object, object] = {}
    for floor in batches:
        facts = facts_of(floor)
        for call in facts["calls"].drop("new_rows").iter_rows(named=True):
            calls[(call["call_id"], call["queue_name"], call["stay_number"], call["offered_at"])] = call
        told = facts["agent_states"].drop("new_rows")
        for name in told["agent_name"].unique():
            tail = told.filter(pl.col("agent_name") == name)
            since = tail["started_at"].min()
            rows = {key: row for key, row in rows.items() if not (key[0] == name and key[1] >= since)}  # type: ignore[index]
            rows |= {(name, row["started_at"]): row for row in tail.iter_rows(named=True)}
    return {"calls": calls, "rows": rows}


@law(60)
@given(EVENTS, st.sets(st.integers(0, 40)))
def test_where_one_batch_ends_and_the_next_begins_makes_no_difference(
    events: list[tuple[int, str, str, str, str, int]], borders: set[int]
) -> None:
    whole, at, batches = Floor(), 0, []
    part = Floor()
    for place, (later, kind, call, name, queue, seconds) in enumerate(events):
        at += later
        told = caller(call, queue, Wait=seconds, HoldTime=seconds, TalkTime=seconds) | member(name, queue)
        told |= {"Paused": seconds % 2, "InCall": seconds % 2, "PausedReason": "Lunch"}
        for floor in (whole, part):
            try:
                floor_after((at, kind, told), floor=floor)
            except Refusal:
                continue
        if place in borders:
            batches.append(part)
            part = Floor.from_text(part.to_text())
            part.settled()
    assert merged([*batches, part])["rows"] == merged([whole])["rows"]
    assert merged([*batches, part])["calls"] == merged([whole])["calls"]
    assert Floor.from_text(part.to_text()).to_text() == part.to_text()


BROKEN = st.lists(
    st.tuples(
        st.sampled_from(sorted(ACTS)),
        st.dictionaries(
            st.sampled_from(sorted(KEPT)),
            st.one_of(
                st.text(max_size=5),
                st.sampled_from(["support", "Anna", "1.1", "-1", "9" * 18, "1", "0", f"{T}"]),
            ),
            max_size=8,
        ),
    ),
    max_size=30,
)


@law(150)
@example([("queuecallerjoin", {"uniqueid": "1.1", "queue": "support", "position": "9" * 18})])
@example([("queuemember", {"queue": "a", "name": "b", "logintime": "1"}), ("queuestatuscomplete", {})])
@given(BROKEN)
def test_no_event_however_broken_stops_the_reading(events: list[tuple[str, dict[str, str]]]) -> None:
    floor = Floor()
    for place, (event, headers) in enumerate(events):
        before = floor.to_text()
        try:
            hear(floor, T + place, headers | {"event": event})
        except Refusal:
            assert floor.to_text() == before  # what is refused changes nothing
    for name, frame in facts_of(floor).items():
        ids = [pl.lit(1, pl.Int32).alias("queue_id"), pl.lit(1, pl.Int32).alias("agent_id")]
        _, refused = gate(frame.with_columns(ids), FACTS[name])
        assert refused.select("reason_text").rows() == []


# --- the protocol -------------------------------------------------------------------------------------------------


@law(100)
@given(st.lists(st.binary(max_size=30).map(lambda part: part.replace(b"\n", b"")), max_size=6), st.data())
def test_blocks_are_the_same_wherever_the_bytes_are_cut(values: list[bytes], data: st.DataObject) -> None:
    blocks = [b"Event: QueueParams\r\nQueue: " + value + b"\r\n\r\n" for value in values]
    stream = b"Asterisk Call Manager/5.0.2\r\n" + b"".join(blocks)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))))
    decoder, at_once = Decoder(), Decoder()
    parts = [stream[one:other] for one, other in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [found for part in parts for found in decoder.feed(part)] == list(at_once.feed(stream))
    assert len(list(Decoder().feed(stream))) == len(values)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"Event: QueueCallerJoin\r\nQueue: support\r\nUniqueid: 1.1\r\n\r\n", None),
        (b"Event: QueueCallerJoin\nQueue: support\nUniqueid: 1.1\n\n", None),  # lone line feeds
        (b"Event: X\r\nVariable: a=1\r\nVariable: b=2\r\nChanVariable(SIP/1): c\r\nChanVariable(SIP/1): d\r\n\r\n", None),
        # a caller's name that holds line breaks cannot give a call another id, nor slip in an event of its own
        (b"Event: QueueCallerJoin\r\nCallerIDName: x\r\nUniqueid: 6.6\r\nUniqueid: 1.1\r\n\r\n", "Uniqueid twice"),
        (b"Event: QueueCallerJoin\r\nCallerIDName: x\r\ny\r\nUniqueid: 1.1\r\n\r\n", "no header"),
        (b"Uniqueid: 1.1\r\nQueue: support\r\n\r\n", "neither an Event nor a Response"),
        (b"Event: X\r\nName: " + b"a" * 70_000 + b"\r\n\r\n", "more than 65536 bytes"),
        (b"Event: X\r\n" + b"".join(b"H%d: 1\r\n" % n for n in range(3000)) + b"\r\n", "more than 2000 lines"),
    ],
)  # fmt: skip
def test_a_block_that_cannot_be_believed_says_why(text: bytes, fault: str | None) -> None:
    for size in (1, 999, len(text)):
        decoder = Decoder()
        told = [
            one
            for start in range(0, len(text), size)
            for one in decoder.feed(
                (b"Asterisk Call Manager/1\r\n" if start == 0 else b"") + text[start : start + size]
            )
        ]
        assert len(told) == 1
        assert (told[0][1] or "") == "" if fault is None else fault in str(told[0][1])


def test_text_in_another_encoding_is_read_all_the_same() -> None:
    (told,) = Decoder().feed(b"Asterisk Call Manager/1\r\nEvent: X\r\nQueue: Klienditugi \xf5\xe4\r\n\r\n")
    assert told[0]["queue"] == "Klienditugi õä"


def reader_of(server: AmiServer, **options: object) -> Watched:
    given: dict[str, object] = {"first_wait_seconds": 5.0, "grace_seconds": 0.0} | options
    address = Address("127.0.0.1", server.port, "floorboard", SECRET)
    return Watched(address, SITE, b"k" * 32, (), **given)


@pytest.fixture
def pbx() -> Iterator[AmiServer]:
    with ami_server(at=T, cut=random.Random(3)) as server:
        server.tell(block("QueueMemberAdded", **member("Anna", Paused=0, InCall=0)))
        yield server


@pytest.fixture
def reader(pbx: AmiServer) -> Iterator[Watched]:
    made = reader_of(pbx)
    yield made
    made.close()


def read(reader: AmiReader, server: AmiServer, after: Batch | None = None, **options: object) -> list[Batch]:
    now = datetime.fromtimestamp(server.at + 0.5, UTC)
    place = (after.position_text, after.carry_text) if after else ("", "")
    return list(reader.read(*place, now=now, **options))  # type: ignore[arg-type]


def join(call: str, **more: object) -> list[tuple[str, str]]:
    return block("QueueCallerJoin", **caller(call, CallerIDName="Mari Maasikas", **more))  # type: ignore[arg-type]


def test_the_first_reading_waits_for_the_whole_floor_and_later_ones_do_not_wait(
    pbx: AmiServer, reader: Watched
) -> None:
    (first,) = read(reader, pbx)
    assert first.facts["agent_states"]["agent_name"].to_list() == ["Anna"]
    assert first.read_rows == 4  # the end of the channels, a queue, a member, the end of the queues
    assert read(reader, pbx, first) == []
    pbx.tell(join("1.1"), at=T + 5)
    caught_up(pbx, reader)
    (second,) = read(reader, pbx, first)
    assert second.facts["calls"]["call_id"].to_list() == ["1.1"]
    assert second.newest_event_at == datetime.fromtimestamp(T + 5, UTC)


def test_what_was_not_stored_is_told_again_and_what_was_stored_is_let_go(
    pbx: AmiServer, reader: Watched
) -> None:
    (first,) = read(reader, pbx)
    pbx.tell(join("1.1"), join("2.2"))
    caught_up(pbx, reader)
    (once,), (again,) = read(reader, pbx, first), read(reader, pbx, first)
    assert once.position_text == again.position_text
    assert all(once.facts[name].equals(again.facts[name]) for name in once.facts)
    assert read(reader, pbx, once) == []
    assert reader._line.heard() == []


def test_small_pieces_give_what_one_large_piece_gives(pbx: AmiServer, reader: Watched) -> None:
    read(reader, pbx)
    pbx.tell(join("1.1"), join("2.2"), join("3.3"))
    caught_up(pbx, reader)
    (large,), small = read(reader, pbx), read(reader, pbx, piece_bytes=1)
    assert [batch.read_rows for batch in small] == [1] * large.read_rows
    assert small[-1].carry_text == large.carry_text
    assert small[-1].position_text == large.position_text
    refused = read(reader, pbx, piece_bytes=1, refusal="the warehouse says no")
    assert [batch.rejects.height for batch in refused[:3]] == [1, 0, 0]


def test_a_cursor_that_another_reader_moved_has_the_floor_told_anew(pbx: AmiServer, reader: Watched) -> None:
    (first,) = read(reader, pbx)
    assert read(reader, pbx, first) == []  # shows that the first batch is stored
    (anew,) = read(reader, pbx)
    assert anew.facts["agent_states"]["agent_name"].to_list() == ["Anna"]
    assert pbx.logins == 2


@pytest.mark.parametrize(
    ("position", "carry"), [("12:34", ""), ("0a1b2c3d -4", ""), ("", "{"), ("", '{"version": 9}')]
)
def test_a_cursor_that_is_none_says_what_to_do(
    pbx: AmiServer, reader: Watched, position: str, carry: str
) -> None:
    with pytest.raises(LoadError, match="--from-start"):
        list(reader.read(position, carry, now=datetime.now(UTC)))


def test_no_number_and_no_name_of_a_caller_leaves_the_reader(pbx: AmiServer, reader: Watched) -> None:
    (first,) = read(reader, pbx)
    pbx.tell(
        join("1.1"),
        block("QueueCallerAbandon", Queue="support", CallerIDNum=NUMBER, CallerIDName="Mari Maasikas"),
        block("AgentConnect", **caller("1.1"), **{"MemberName": "Anna", "HoldTime": "soon"}),
        block("SomethingNew", CallerIDNum=NUMBER),
    )
    caught_up(pbx, reader)
    (batch,) = read(reader, pbx, first)
    reasons = batch.rejects["reason_text"].to_list()
    assert reasons == [
        "no uniqueid; expected it in queuecallerabandon",
        "holdtime is 'soon'; expected a whole number",
    ]
    assert batch.unused.rows() == [("SomethingNew", False, 1)]
    assert batch.read_rows == 4
    everything = (
        batch.carry_text + batch.rejects.write_json() + "".join(f.write_json() for f in batch.facts.values())
    )
    assert [word for word in (NUMBER, NUMBER.removeprefix("+"), "Maasikas") if word in everything] == []
    assert len(batch.facts["calls"]["customer_key"].to_list()[0]) == 32


def test_refused_events_are_taken_once_their_cause_is_gone(pbx: AmiServer, reader: Watched) -> None:
    raws = [
        json.dumps({"at": T + 9, "headers": {"event": "queuecallerjoin", "uniqueid": "1.1", "queue": "support"}}),
        json.dumps({"at": T + 9, "headers": {"event": "queuecallerjoin", "queue": "support"}}),
        json.dumps({"at": T + 9_000_000, "headers": {"event": "queuecallerjoin", "uniqueid": "1", "queue": "a"}}),
        "{", "[]", '{"at": "x", "headers": {}}', '{"at": 1, "headers": []}',
    ]  # fmt: skip
    batch, still = reader.again(raws, "", now=datetime.fromtimestamp(T + 60, UTC))
    assert still == frozenset(range(1, 7))
    assert batch.facts["calls"]["call_id"].to_list() == ["1.1"]
    assert batch.read_rows == 1


def test_a_lost_connection_is_made_again_and_the_floor_asked_for_anew(
    pbx: AmiServer, reader: Watched
) -> None:
    (first,) = read(reader, pbx)
    pbx.drop()
    pbx.tell(join("1.1"), at=T + 4, lost=True)
    caught_up(pbx, reader)
    (second,) = read(reader, pbx, first)
    assert second.facts["calls"].select("call_id", "outcome_name").rows() == [("1.1", "waiting")]
    assert second.facts["calls"]["offered_at"].dt.epoch("s").to_list() == [T + 4]
    assert "heard again" in (second.notice or "")


def test_what_was_missed_on_a_sound_connection_does_not_stay(pbx: AmiServer) -> None:
    reader = reader_of(pbx, again_seconds=0.3, ping_seconds=0.1)
    try:
        (first,) = read(reader, pbx)
        pbx.tell(join("1.1"), at=T + 4, lost=True)
        until(lambda: [a["Action"] for a in pbx.actions].count("QueueStatus") > 1)
        caught_up(pbx, reader)
        told = read(reader, pbx, first)[-1]
        assert told.facts["calls"].select("call_id", "outcome_name").rows() == [("1.1", "waiting")]
        assert pbx.logins == 1
    finally:
        reader.close()


def test_a_pbx_that_answers_no_ping_is_called_anew(pbx: AmiServer) -> None:
    reader = reader_of(pbx, ping_seconds=0.1, silence_seconds=0.4)
    try:
        read(reader, pbx)
        until(lambda: any(action["Action"] == "Ping" for action in pbx.actions))
        assert pbx.logins == 1
        pbx.answers_pings = False
        until(lambda: pbx.logins == 2)
    finally:
        reader.close()


def test_a_pbx_that_answers_pings_shows_that_a_quiet_floor_is_true(
    pbx: AmiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.sources.asterisk_ami.STILL_SECONDS", 0.2)
    reader = reader_of(pbx, ping_seconds=0.1, silence_seconds=5.0)
    try:
        (first,) = read(reader, pbx)
        read(reader, pbx, first)
        pbx.at += 120
        until(lambda: bool(read(reader, pbx, first)), seconds=5)
        pings = len(pbx.actions)
        until(lambda: len(pbx.actions) > pings + 1)
        until(lambda: bool(found := read(reader, pbx, first)) and found[0].read_rows == 0, seconds=5)
    finally:
        reader.close()


@pytest.mark.parametrize(
    "stamp",
    ["13790466000.5", "99999999999999999999", "-1", "631151999"],
    ids=["2407", "no year", "1969", "1989"],
)
def test_an_event_of_an_absurd_year_is_refused_and_dates_nothing_that_comes_after_it(
    pbx: AmiServer, monkeypatch: pytest.MonkeyPatch, stamp: str
) -> None:
    monkeypatch.setattr("etl.sources.asterisk_ami.STILL_SECONDS", 0.2)
    reader = reader_of(pbx, ping_seconds=0.1, silence_seconds=5.0)
    try:
        (before,) = read(reader, pbx)
        pbx.tells_timestamps, pbx.at = False, T + 5
        pbx.tell(join("1.1", Timestamp=stamp), join("2.2"))
        caught_up(pbx, reader)
        (batch,) = read(reader, pbx, before)
        told = batch.facts["calls"].sort("call_id")
        instants = told["offered_at"].dt.epoch("s").to_list()
        if stamp == "99999999999999999999":  # no instant: the event's second is the one in which it came
            assert (told["call_id"].to_list(), batch.rejects.height) == (["1.1", "2.2"], 0)
        else:
            assert (told["call_id"].to_list(), batch.rejects.height) == (["2.2"], 1)
            assert "a Timestamp before 1990 or over a day ahead" in batch.rejects["reason_text"][0]
        assert all(abs(instant - (T + 5)) <= 2 for instant in instants)
        pbx.at += 120  # nothing happens any more: what is said of the quiet floor is of this clock, too
        still: list[Batch] = []
        until(lambda: bool(still.extend(read(reader, pbx, batch)) or still), seconds=5)
        assert still[-1].newest_event_at is not None
        assert abs((still[-1].newest_event_at - datetime.fromtimestamp(pbx.at, UTC)).total_seconds()) <= 5
    finally:
        reader.close()


def test_a_refused_login_says_so_without_the_secret_and_is_not_tried_often(
    pbx: AmiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pbx.secret = "another-9d2a"
    reader = reader_of(pbx)
    try:
        with pytest.raises(LoadError, match=r"refuses the login of 'floorboard'.*manager\.conf") as raised:
            read(reader, pbx)
        with pytest.raises(LoadError):
            read(reader, pbx)
    finally:
        reader.close()
    assert sum(action["Action"] == "Login" for action in pbx.actions) == 1
    told = f"{raised.value!r} {raised.value.__context__!r} {caplog.text} {reader._address!r} {pbx.actions}"
    assert SECRET not in told


@pytest.mark.parametrize("banner", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n"])
def test_another_service_on_that_port_is_named(pbx: AmiServer, banner: bytes) -> None:
    pbx.banner = banner
    reader = reader_of(pbx, first_wait_seconds=0.5)
    try:
        with pytest.raises(LoadError, match="expected 'Asterisk Call Manager': another service"):
            read(reader, pbx)
    finally:
        reader.close()


@pytest.mark.parametrize("banner", [b"Asterisk Call Manager/1.0\n", b"\r\nAsterisk Call Manager/9.0.0\r\n"])
def test_every_banner_of_an_asterisk_will_do(pbx: AmiServer, banner: bytes) -> None:
    pbx.banner = banner
    reader = reader_of(pbx)
    try:
        assert read(reader, pbx)[0].read_rows == 4
    finally:
        reader.close()


def test_a_pbx_that_is_away_says_so_and_is_called_again(pbx: AmiServer) -> None:
    pbx.close()
    reader = reader_of(pbx, first_wait_seconds=0.3)
    try:
        with pytest.raises(
            LoadError, match=rf"127.0.0.1:{pbx.port}: .*refused; expected Asterisk's manager there"
        ):
            read(reader, pbx)
    finally:
        reader.close()


def test_a_pbx_that_denies_the_list_of_channels_is_read_without_it(pbx: AmiServer) -> None:
    pbx.tells_channels = False
    reader = reader_of(pbx)
    try:
        assert read(reader, pbx)[0].facts["agent_states"].height == 1
    finally:
        reader.close()


def test_a_flood_is_heard_whole(pbx: AmiServer, reader: Watched) -> None:
    (first,) = read(reader, pbx)
    flood = b"".join(encoded(join(f"{number}.1", Timestamp=f"{T}.1")) for number in range(5000))
    pbx.raw(flood)
    caught_up(pbx, reader)
    (batch,) = read(reader, pbx, first)
    assert (batch.read_rows, batch.facts["calls"].height) == (5000, 5000)


def test_too_much_that_waits_is_let_go_with_a_word_and_the_floor_is_told_anew(
    pbx: AmiServer, reader: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = read(reader, pbx)
    monkeypatch.setattr(ami_wire, "MOST_WAITING", 50)
    pbx.raw(b"".join(encoded(join(f"{number}.1")) for number in range(100)))
    caught_up(pbx, reader)
    (batch,) = read(reader, pbx, first)
    assert "More than 50 events waited" in (batch.notice or "")
    assert batch.facts["calls"].height == 0


def test_without_timestamps_an_event_happened_when_it_came(pbx: AmiServer, reader: Watched) -> None:
    pbx.tells_timestamps = False
    (first,) = read(reader, pbx)
    pbx.tell(join("1.1"), at=T + 300)
    caught_up(pbx, reader)
    (batch,) = read(reader, pbx, first)
    offered_at = batch.facts["calls"]["offered_at"][0]
    assert abs(offered_at - datetime.fromtimestamp(T + 300, UTC)) <= timedelta(seconds=2)


def test_an_encrypted_line_takes_only_the_certificate_that_it_knows(pbx: AmiServer, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    made = subprocess.run(
        [*command, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("no openssl to make a certificate with")
    pbx.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pbx.tls.load_cert_chain(certificate, key)
    known = Watched(Address("127.0.0.1", pbx.port, "floorboard", SECRET, True, certificate), SITE, b"k" * 32)
    unknown = Watched(
        Address("127.0.0.1", pbx.port, "floorboard", SECRET, True), SITE, b"k" * 32, first_wait_seconds=0.5
    )  # fmt: skip
    try:
        assert read(known, pbx)[0].read_rows == 4
        with pytest.raises(LoadError, match="certificate"):
            read(unknown, pbx)
    finally:
        known.close()
        unknown.close()


# --- settings -----------------------------------------------------------------------------------------------------

GIVEN = {"name": "live", "kind": "asterisk_ami", "host": "pbx", "user_name": "floorboard", "every_seconds": 1}


def test_the_secret_comes_from_the_environment_or_a_file_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o644)
    from_file = AmiSettings.model_validate(GIVEN | {"secret_file": str(file)})
    with pytest.raises(LoadError, match="chmod 600"):
        from_file.reader(SITE, b"k" * 32)
    file.chmod(0o600)
    monkeypatch.setenv("PBX_SECRET", SECRET)
    from_env = AmiSettings.model_validate(GIVEN | {"secret_env": "PBX_SECRET", "queue_log_source": "pbx"})
    for settings_ in (from_file, from_env):
        made = settings_.reader(SITE, b"k" * 32)
        assert isinstance(made, AmiReader)
        assert made._address.secret == SECRET
    assert (from_file.facts_source_name, from_env.facts_source_name) == ("live", "pbx")
    assert from_env.origin_text() == 'host = "pbx:5038"'
    with pytest.raises(LoadError, match="neither an environment variable nor a file"):
        AmiSettings.model_validate(GIVEN).reader(SITE, b"k" * 32)


def test_the_settings_of_its_page_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/sources/asterisk-ami.md").read_text()
    tables = [tomllib.loads(text.partition("```")[0])["sources"] for text in page.split("```toml")[1:]]
    given = [table for part in tables for table in part if table["kind"] == "asterisk_ami"]
    made = [AmiSettings.model_validate(table) for table in given]
    assert [(one.port, one.tls, one.facts_source_name) for one in made] == [
        (5038, False, "pbx-live"),
        (5039, True, "pbx"),
    ]
    asked = set(ami_wire.ASKED)
    assert asked <= set(page.replace("`", " ").replace(",", " ").split())


def failure_of(address: Address) -> str:
    reader = AmiReader(address, SITE, b"k" * 32, first_wait_seconds=0.4)
    try:
        with pytest.raises(LoadError) as raised:
            list(reader.read("", "", now=datetime.fromtimestamp(T, UTC)))
    finally:
        reader.close()
    assert SECRET not in str(raised.value)
    return str(raised.value)


def test_a_port_that_is_taken_by_something_silent_fails_the_first_load() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never says a word
        port = silent.getsockname()[1]
        told = failure_of(Address("127.0.0.1", port, "floorboard", SECRET))
    assert told.startswith(f"127.0.0.1:{port}: whoever listens there has said nothing for 0 s")
    assert "another service listens there" in told


def test_a_host_that_cannot_be_a_name_is_told_and_ends_no_thread() -> None:
    told = failure_of(Address("pbx..example.com", 5038, "floorboard", SECRET))
    assert "that cannot be the name of a computer" in told


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    told = failure_of(Address("127.0.0.1", 5039, "floorboard", SECRET, True, missing))
    assert f"the certificate in {missing} cannot be used (No such file or directory)" in told
    missing.write_text("no certificate")
    assert f"the certificate in {missing} cannot be used" in failure_of(
        Address("127.0.0.1", 5039, "floorboard", SECRET, True, missing)
    )


def test_a_line_on_which_no_encryption_comes_to_be_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_wire, "CONNECT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = failure_of(Address("127.0.0.1", port, "floorboard", SECRET, True))
    assert f"127.0.0.1:{port}: with TLS, no connection came to be within 0 s" in told
