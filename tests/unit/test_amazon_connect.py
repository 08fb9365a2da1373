"""Contact records and agent events of Amazon Connect become stays and states, whatever order they come in."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import tomllib
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl import LoadError
from etl.customer_key import customer_key
from etl.frames import complete, gate
from etl.shapes import AGENT_STATES, CALLS
from etl.sources import Batch, Site
from etl.sources.amazon_connect import AmazonConnect, AmazonConnectSettings
from etl.sources.clouds.amazon_connect_contacts import ContactRules
from etl.sources.clouds.json_fields import VERSIONS, version
from etl.sources.clouds.json_files import LocalFiles
from tests.laws import law

SECRET = b"s" * 32
NOW = datetime(2026, 11, 23, tzinfo=UTC)
DATA = Path(__file__).parents[1] / "data" / "amazon_connect"
Record = dict[str, Any]


def at(text: str | None) -> str | None:
    """12:00:05 as the instant of that second of the day."""
    return f"2026-11-22T{text}Z" if text else None


def contact(
    contact_id: str = "c1",
    method: str = "INBOUND",
    *,
    queued: str | None = "12:00:05",
    left: str | None = None,
    connected: str | None = None,
    ended: str | None = "12:05:00",
    updated: str = "12:06:00",
    agent: Record | None = None,
    queue: Record | None = None,
    **fields: Any,
) -> Record:
    """A contact record: entered the flow at 12:00:00, the queue at `queued`."""
    is_in_queue = queued is not None or queue is not None
    return {
        "ContactId": contact_id,
        "Channel": "VOICE",
        "InitiationMethod": method,
        "InitiationTimestamp": at("12:00:00"),
        "DisconnectTimestamp": at(ended),
        "LastUpdateTimestamp": at(updated),
        "CustomerEndpoint": {"Address": "+37251000001", "Type": "TELEPHONE_NUMBER"},
        "SystemEndpoint": {"Address": "+18005550100", "Type": "TELEPHONE_NUMBER"},
        "Queue": {"ARN": "q/1", "Name": "Sales", "EnqueueTimestamp": at(queued), "DequeueTimestamp": at(left)}
        | (queue or {})
        if is_in_queue
        else None,
        "Agent": {"ARN": "a/1", "Username": "Ann", "ConnectedToAgentTimestamp": at(connected)} | (agent or {})
        if connected or agent
        else None,
    } | fields


def event(
    second: int,
    agent: str = "A",
    *,
    kind: str = "STATE_CHANGE",
    status: str = "Available",
    contacts: str = "",
    event_id: str = "",
) -> Record:
    """An agent event at that second after noon; contacts: states such as `CONNECTED@5 ENDED@9`, since second 5 and 9."""
    instant = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def told(seconds: int) -> str:
        return (instant + timedelta(seconds=seconds)).isoformat().replace("+00:00", ".000Z")

    return {
        "AgentARN": f"arn:{agent}",
        "EventId": event_id or f"{agent}{second}{kind}{status}{contacts}",
        "EventTimestamp": told(second),
        "EventType": kind,
        "CurrentAgentSnapshot": {
            "AgentStatus": {"Name": status, "StartTimestamp": told(0)},
            "Configuration": {"Username": agent},
            "Contacts": [
                {
                    "ContactId": f"x{place}",
                    "State": word,
                    "StateStartTimestamp": told(int(since)),
                    "Queue": {"ARN": "q/1", "Name": "Sales"},
                }
                for place, (word, since) in enumerate(item.split("@") for item in contacts.split())
            ],
        },
    }


def reader(path: Path, **rules: str) -> AmazonConnect:
    return AmazonConnect(LocalFiles((path,)), SECRET, ContactRules(**rules), country_name="EE")


def read(
    records: list[Record | str], folder: Path, *, piece_bytes: int = 1 << 20, **rules: str
) -> list[Batch]:
    path = folder / "records.json"
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines) + "\n")
    os.utime(path, (NOW.timestamp() - 86_400,) * 2)
    return list(reader(folder, **rules).read("", "", now=NOW, piece_bytes=piece_bytes))


def calls(batches: list[Batch]) -> dict[str, Record]:
    """The stays after all batches, as the warehouse keeps them: a version that is not older replaces."""
    kept: dict[str, Record] = {}
    for batch in batches:
        for row in batch.facts["calls"].iter_rows(named=True):
            other = kept.get(row["call_id"])
            if other is None or row["version_number"] >= other["version_number"]:
                kept[row["call_id"]] = row
    return kept


def one(record: Record, folder: Path, **rules: str) -> Record:
    (row,) = calls(read([record], folder, **rules)).values()
    return row


def seconds(row: Record) -> tuple[Any, ...]:
    return tuple(row[f"{name}_seconds"] for name in ("wait", "talk", "hold", "wrap_up"))


def clock(instant: datetime | None) -> str | None:
    return instant.strftime("%H:%M:%S") if instant else None


def test_an_answered_call_ends_for_the_agent_where_after_contact_work_begins(tmp_path: Path) -> None:
    record = contact(
        left="12:00:25", connected="12:00:25", ended="12:40:00", InitialContactId=None,
        queue={"Duration": 20}, DisconnectReason="CUSTOMER_DISCONNECT",
        agent={"AgentInteractionDuration": 239, "CustomerHoldDuration": 221, "AfterContactWorkDuration": 5,
               "AfterContactWorkStartTimestamp": at("12:08:05")},
        TransferCompletedTimestamp=at("12:08:05"),
        TransferredToEndpoint={"Address": "+18002430000", "Type": "TELEPHONE_NUMBER"},
    )  # fmt: skip
    row = one(record, tmp_path)
    assert seconds(row) == (20, 239, 221, 5)
    assert [clock(row[name]) for name in ("offered_at", "answered_at", "ended_at")] == [
        "12:00:05",
        "12:00:25",
        "12:08:05",
    ]
    assert (row["outcome_name"], row["direction_name"], row["channel_name"]) == (
        "answered",
        "inbound",
        "call",
    )
    assert (row["transfer_kind_name"], row["transferred_to_name"]) == ("attended", "external number")
    assert (row["queue_name"], row["agent_name"], row["call_id"], row["contact_id"]) == (
        "q/1",
        "a/1",
        "c1",
        "c1",
    )
    assert row["ended_by_name"] == "caller"
    updated = int(datetime(2026, 11, 22, 12, 6, tzinfo=UTC).timestamp()) * 1_000_000
    assert row["version_number"] // VERSIONS == updated // 1000
    assert row["customer_key"] == customer_key(SECRET, "+37251000001", "EE")


@pytest.mark.parametrize(
    ("fields", "outcome_name", "wait_seconds"),
    [
        ({"ended": None}, "waiting", None),
        ({"left": "12:00:45", "ended": "12:00:45", "DisconnectReason": "CUSTOMER_DISCONNECT"}, "abandoned", 40),
        ({"left": "12:00:45", "ended": "12:00:45"}, "abandoned", 40),
        ({"left": "12:00:45", "DisconnectReason": "CONTACT_FLOW_DISCONNECT"}, "overflowed", 40),
        ({"left": "12:00:45", "NextContactId": "c2"}, "overflowed", 40),
        ({"left": "12:00:45", "ended": None}, "overflowed", 40),
        ({"left": "12:00:45", "DisconnectReason": "EXPIRED"}, "timed_out", 40),
        ({"left": "12:00:45", "DisconnectReason": "TELECOM_PROBLEM"}, "interrupted", 40),
        ({"left": "12:00:45", "DisconnectReason": "API"}, "withdrawn", 40),
        ({"left": "12:00:45", "method": "CALLBACK", "DisconnectReason": "CUSTOMER_DISCONNECT"}, "withdrawn", 40),
        ({"left": "12:00:25", "connected": "12:00:25", "ended": None}, "in_progress", 20),
        ({"left": "12:00:25", "connected": "12:00:25"}, "answered", 20),
    ],
)  # fmt: skip
def test_a_stay_has_the_outcome_that_the_record_tells(
    fields: Record, outcome_name: str, wait_seconds: int | None, tmp_path: Path
) -> None:
    row = one(contact(**fields), tmp_path)
    assert (row["outcome_name"], row["wait_seconds"]) == (outcome_name, wait_seconds)
    assert (row["ended_at"] is None) == (outcome_name in ("waiting", "in_progress"))


@pytest.mark.parametrize(
    ("fields", "direction_name", "channel_name"),
    [
        ({"method": "TRANSFER"}, "inbound", "call"),
        ({"method": "QUEUE_TRANSFER"}, "inbound", "call"),
        ({"method": "CALLBACK"}, "outbound", "call"),
        ({"method": "API", "Channel": "CHAT"}, "inbound", "chat"),
        ({"method": "API", "Channel": "TASK"}, "inbound", "task"),
        ({"method": "API"}, "outbound", "call"),
        ({"method": "SOMETHING_NEW", "Channel": "EMAIL"}, "inbound", "email"),
        (
            {"method": "TRANSFER", "connected": "12:01:00", "agent": {"AgentInteractionDuration": 0}},
            "internal",
            "call",
        ),
        (
            {"method": "TRANSFER", "connected": "12:01:00", "agent": {"AgentInteractionDuration": 9}},
            "inbound",
            "call",
        ),
    ],
)
def test_how_a_contact_began_gives_its_direction(
    fields: Record, direction_name: str, channel_name: str, tmp_path: Path
) -> None:
    row = one(contact(**fields), tmp_path)
    assert (row["direction_name"], row["channel_name"]) == (direction_name, channel_name)


@pytest.mark.parametrize("method", ["MONITOR", "EXTERNAL_OUTBOUND"])
def test_listening_in_and_legs_to_the_outside_are_no_contacts(method: str, tmp_path: Path) -> None:
    (batch,) = read([contact(method=method)], tmp_path)
    assert batch.facts["calls"].is_empty()
    assert batch.unused.rows() == [(f"contact record {method}", True, 1)]
    assert batch.read_rows == 1


def test_a_contact_that_never_queued_is_no_stay(tmp_path: Path) -> None:
    (batch,) = read([contact(queued=None)], tmp_path)
    assert batch.facts["calls"].is_empty()
    assert batch.unused.rows() == [("contact record without a queue", True, 1)]


def test_a_call_dialled_by_an_agent_belongs_to_his_queue_or_to_the_named_one(tmp_path: Path) -> None:
    dialled = contact(
        method="OUTBOUND", queued=None, connected="12:00:01", agent={"AgentInteractionDuration": 60},
        ConnectedToSystemTimestamp=at("12:00:09"), ended="12:01:09",
    )  # fmt: skip
    assert read([dialled], tmp_path)[0].facts["calls"].is_empty()
    row = one(dialled, tmp_path, outbound_queue_name="Outbound")
    assert (row["queue_name"], clock(row["offered_at"]), clock(row["answered_at"])) == (
        "Outbound",
        "12:00:00",
        "12:00:09",
    )
    assert (row["direction_name"], row["outcome_name"], row["wait_seconds"]) == ("outbound", "answered", None)
    not_reached = one(
        dialled | {"ConnectedToSystemTimestamp": None}, tmp_path, outbound_queue_name="Outbound"
    )
    assert (not_reached["outcome_name"], not_reached["agent_name"]) == ("withdrawn", None)


@pytest.mark.parametrize("piece_bytes", [1, 1 << 20])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_contact_that_asks_for_a_callback_is_told_so_whichever_record_comes_first(
    order: tuple[int, ...], piece_bytes: int, tmp_path: Path
) -> None:
    records = [
        contact("asked", left="12:02:00", ended="12:02:01", DisconnectReason="CONTACT_FLOW_DISCONNECT",
                NextContactId="back"),
        contact("back", "CALLBACK", queued="12:03:00", connected="12:04:00", updated="12:30:00",
                PreviousContactId="asked", InitialContactId="asked", ScheduledTimestamp=at("12:02:59")),
        contact("moved", left="12:02:00", ended="12:02:01", NextContactId="elsewhere"),
    ]  # fmt: skip
    rows = calls(read([records[place] for place in order], tmp_path, piece_bytes=piece_bytes))
    assert {key: row["outcome_name"] for key, row in rows.items()} == {
        "asked": "callback", "back": "answered", "moved": "overflowed",
    }  # fmt: skip
    assert (rows["back"]["contact_id"], rows["back"]["wait_seconds"]) == ("asked", 60)


def test_contact_attributes_named_in_the_settings_hold_the_survey(tmp_path: Path) -> None:
    names = {
        "csat_attribute_name": "CSAT",
        "nps_attribute_name": "NPS",
        "resolved_attribute_name": "done",
        "topic_attribute_name": "why",
    }
    told = contact(Attributes={"CSAT": "4", "NPS": "10", "done": "Yes", "why": "Invoice", "iban": "EE38"})
    row = one(told, tmp_path, **names)
    assert [row[name] for name in ("csat_score", "nps_score", "is_resolved", "topic_name")] == [
        4.0,
        10.0,
        True,
        "Invoice",
    ]
    off_scale = one(contact(Attributes={"CSAT": "6", "NPS": "x", "done": "perhaps"}), tmp_path, **names)
    assert [off_scale[name] for name in ("csat_score", "nps_score", "is_resolved")] == [None, None, None]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (contact(LastUpdateTimestamp=None), "LastUpdateTimestamp is missing; expected an instant"),
        (contact(LastUpdateTimestamp="2026-11-22 12:00"), "is \"2026-11-22 12:00\"; expected an instant"),
        (contact(LastUpdateTimestamp="2026-02-30T12:00:00Z"), "expected an instant"),
        (contact(LastUpdateTimestamp="2026-11-22T12:00:60Z"), "expected an instant"),
        (contact(LastUpdateTimestamp="2026-11-23T02:00:00Z"), "over an hour ahead of this computer's clock"),
        (contact(LastUpdateTimestamp=1_795_000_000), "LastUpdateTimestamp is \u2022\u2022\u2022; expected a text"),
        (contact(Queue="Sales"), "Queue is \"Sales\"; expected a table"),
        (contact(connected="12:00:25", agent={"CustomerHoldDuration": "5"}), "is \"5\"; expected a number"),
        (contact(connected="12:00:25", agent={"CustomerHoldDuration": -5}), "CustomerHoldDuration is -5; expected a number"),
        (contact(Channel="FAX"), "Channel is \"FAX\"; expected one of VOICE, CHAT, TASK, EMAIL"),
        (contact(ContactId=None), "ContactId is missing; expected a text"),
        (event(5, kind="PARTY"), "EventType is \"PARTY\"; expected one of LOGIN, LOGOUT"),
        (event(5) | {"EventTimestamp": None}, "EventTimestamp is missing"),
        ({"contactid": "c1"}, "neither a contact record"),
        ("[]5", "text that is no object; expected a record in braces"),
    ],
)  # fmt: skip
def test_a_record_with_a_fault_is_refused_with_its_reason_and_the_next_is_taken(
    record: Record | str, reason: str, tmp_path: Path
) -> None:
    (batch,) = read([record, contact("good")], tmp_path)
    assert [row["call_id"] for row in batch.facts["calls"].iter_rows(named=True)] == ["good"]
    (reject,) = batch.rejects.iter_rows(named=True)
    assert reason in reject["reason_text"]
    assert reject["place_text"] == "records.json:1"
    assert batch.read_rows == 2


def test_fields_that_are_new_are_passed_over_and_told_once(tmp_path: Path) -> None:
    records = [
        contact("c1", Mood="fine"),
        contact("c2", Mood="fine", queue={"Colour": "red"}),
        contact("c3", "NOVEL"),
    ]
    first, second, third = read([json.dumps(r) for r in records], tmp_path, piece_bytes=1)
    assert first.notice == "not known here and passed over: field Mood of a contact record."
    assert second.notice is None
    assert third.notice == "not known here and passed over: InitiationMethod NOVEL (taken as inbound)."


def test_no_number_or_address_of_a_customer_leaves_the_reader(tmp_path: Path) -> None:
    records: list[Record | str] = [
        contact("c1", Attributes={"customerNumber": "+37251000001", "CSAT": "5"}),
        contact(
            "c2",
            CustomerEndpoint={"Address": "mari@example.ee", "Type": "EMAIL_ADDRESS"},
            References=["mari@example.ee"],
        ),
        contact("c3", Channel="FAX"),
        contact("c4", Queue="+37251000001"),
        contact("c5", LastUpdateTimestamp="+37251000001"),
        '{"ContactId":"c6","CustomerEndpoint":{"Address":"+37251000001","Name":"mari@example.ee"},',
    ]
    for batch in read(records, tmp_path, csat_attribute_name="CSAT"):
        assert batch.rows is not None
        told = [
            *batch.facts["calls"].rows(),
            *batch.rows.rows(),
            *batch.rejects.rows(),
            batch.carry_text,
            batch.position_text,
        ]
        assert "37251000001" not in str(told)
        assert "mari@" not in str(told)
        assert {row[0] for row in batch.facts["calls"].select("customer_key").rows()} == {
            customer_key(SECRET, "+37251000001"), customer_key(SECRET, "mari@example.ee"),
        }  # fmt: skip
        assert batch.rejects.height == 4


def test_a_refused_record_is_read_again_from_its_raw_text_alone(tmp_path: Path) -> None:
    (batch,) = read([contact("c1"), event(5), "{broken"], tmp_path)
    assert batch.rows is not None
    raws = [*batch.rows["raw_text"].to_list(), *batch.rejects["raw_text"].to_list()]
    again, still = reader(tmp_path).again(raws, "", now=NOW)
    assert still == {2}
    assert again.read_rows == 2
    assert again.facts["calls"].drop("seq").equals(batch.facts["calls"].drop("seq"))
    assert again.facts["agent_states"].drop("seq").equals(batch.facts["agent_states"].drop("seq"))


def test_a_refusal_meets_every_row_of_the_first_batch_only(tmp_path: Path) -> None:
    read([contact("c1"), event(5), contact("c2")], tmp_path)
    first, second, third = reader(tmp_path).read("", "", now=NOW, piece_bytes=1, refusal="too odd")
    assert first.rejects["reason_text"].to_list() == ["too odd"]
    assert [second.rejects.height, third.rejects.height] == [0, 0]


def test_an_unusable_cursor_says_how_to_start_again(tmp_path: Path) -> None:
    for position, carry in (("{", ""), ('{"version":7}', ""), ("", "[]"), ("", '{"version":1}')):
        with pytest.raises(LoadError, match="--from-start"):
            list(reader(tmp_path).read(position, carry, now=NOW))
    with pytest.raises(LoadError, match="--from-start"):
        reader(tmp_path).again(["{}"], "[]", now=NOW)


def test_settings_name_either_paths_or_a_bucket() -> None:
    base: Record = {"name": "cloud", "kind": "amazon_connect", "every_seconds": 60}
    settings = AmazonConnectSettings.model_validate(base | {"paths": ["/srv/ctr", "/srv/events"]})
    assert settings.origin_text() == "/srv/ctr /srv/events"
    assert isinstance(settings.reader(Site("Tallinn", "Europe/Tallinn"), SECRET), AmazonConnect)
    bucket = AmazonConnectSettings.model_validate(
        base | {"s3_bucket": "b", "s3_prefixes": ["ctr/", "agents/"]}
    )
    assert bucket.origin_text() == "s3://b/ctr/ s3://b/agents/"
    for wrong in ({}, {"paths": ["/a"], "s3_bucket": "b"}):
        with pytest.raises(ValueError, match="either paths"):
            AmazonConnectSettings.model_validate(base | wrong)


def test_the_lines_of_the_documentation_are_settings() -> None:
    text = (Path(__file__).parents[2] / "docs" / "sources" / "amazon-connect.md").read_text()
    tables = [tomllib.loads(block)["sources"][0] for block in re.findall(r"```toml\n(.*?)```", text, re.S)]
    assert len([AmazonConnectSettings.model_validate(table) for table in tables]) == 2


# One after the other from here on: the newest version of a contact wins, in every order and cut anywhere.

versions = st.lists(
    st.tuples(st.sampled_from(["c1", "c2"]), st.integers(0, 3), st.integers(0, 2)),
    min_size=1,
    max_size=6,
    unique=True,
)


@law(30)  # 80 ms each
@given(told=versions, seed=st.integers(0, 99), piece_bytes=st.sampled_from([1, 700, 1 << 20]))
@example(told=[("c2", 0, 1), ("c1", 0, 0), ("c1", 0, 1), ("c2", 0, 2)], seed=0, piece_bytes=1)
def test_the_newest_version_of_a_contact_wins_in_every_order(
    told: list[tuple[str, int, int]], seed: int, piece_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    records: list[Record | str] = [
        contact(
            key, updated=f"12:0{minute}:00", connected="12:00:25", agent={"AgentInteractionDuration": talk}
        )
        for key, minute, talk in told
    ]
    in_order = read(records, folder)
    random.Random(seed).shuffle(records)
    shuffled = read([*records, *records[:2]], folder, piece_bytes=piece_bytes)
    kept = {key: {**row, "seq": 0} for key, row in calls(shuffled).items()}
    assert kept == {key: {**row, "seq": 0} for key, row in calls(in_order).items()}
    for key, row in kept.items():
        newest = max(minute for other, minute, _ in told if other == key)
        assert row["talk_seconds"] in {
            talk for other, minute, talk in told if (other, minute) == (key, newest)
        }
    for batch in shuffled:
        assert batch.rows is not None
        assert batch.read_rows >= batch.rows.height + batch.rejects.height


odd_values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=8),
    st.just("2026-11-22T12:00:00Z"), st.just("9999-12-31T23:59:59Z"), st.just("\ud800"), st.just([1]), st.just({"ARN": 5}),
)  # fmt: skip
PLACES_TEXT = (
    "ContactId LastUpdateTimestamp Queue Queue.EnqueueTimestamp Queue.ARN Queue.Duration Agent InitiationMethod "
    "Agent.ConnectedToAgentTimestamp Agent.AgentInteractionDuration CustomerEndpoint CustomerEndpoint.Address Channel "
    "Attributes DisconnectReason DisconnectTimestamp TransferredToEndpoint EventType EventTimestamp AgentARN "
    "CurrentAgentSnapshot CurrentAgentSnapshot.Contacts CurrentAgentSnapshot.AgentStatus InitialContactId PreviousContactId"
)
PLACES = [tuple(path.split(".")) for path in PLACES_TEXT.split()]


@law(150)
@given(
    changes=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(PLACES), odd_values), max_size=8),
    cut=st.one_of(st.none(), st.integers(0, 4_000)),
)
def test_no_record_however_odd_stops_the_load_and_each_is_accounted_for(
    changes: list[tuple[int, tuple[str, ...], Any]], cut: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = [
        *(contact(f"c{n}", "CALLBACK" if n else "INBOUND", connected="12:00:25") for n in range(3)),
        *map(event, (5, 9, 13)),
    ]
    for number, place, value in changes:
        table = records[number] if len(place) == 1 else records[number].get(place[0])
        if isinstance(table, dict):
            table[place[-1]] = deepcopy(value)
    text = "\n".join(json.dumps(record) for record in records)
    (batch,) = (
        read([text[:cut]], tmp_path_factory.mktemp("odd"), csat_attribute_name="CSAT")
        if text[:cut].strip()
        else (None,)
    )
    if batch is None:
        return
    assert batch.rows is not None
    assert batch.read_rows >= batch.rows.height + batch.rejects.height
    assert cut is not None or batch.read_rows == 6
    batch.carry_text.encode()


def test_an_instant_beyond_the_last_year_is_refused_and_the_next_record_read(tmp_path: Path) -> None:
    far = contact("far") | {"LastUpdateTimestamp": "9999-12-31T23:59:59-12:00"}
    (batch,) = read([far, contact("c2")], tmp_path)
    assert batch.rejects["reason_text"].to_list() == [
        'LastUpdateTimestamp is "9999-12-31T23:59:59-12:00"; expected an instant such as 2026-11-22T12:00:00.000Z'
    ]
    assert batch.facts["calls"]["call_id"].to_list() == ["c2"]


def test_equal_instants_with_different_content_end_the_same_in_both_orders(tmp_path: Path) -> None:
    pair: list[Record | str] = [
        contact(connected="12:00:25", agent={"AgentInteractionDuration": talk}) for talk in (1, 2)
    ]
    ends = [
        calls(read(list(order), tmp_path, piece_bytes=size))
        for order in itertools.permutations(pair)
        for size in (1, 9_999)
    ]
    assert len({row["talk_seconds"] for end in ends for row in end.values()}) == 1


# Agents.


def states(batches: list[Batch]) -> dict[str, list[tuple[Any, ...]]]:
    """Each agent's states after all batches, as the warehouse keeps them: a frame is the whole rest from its first row."""
    kept: dict[str, dict[datetime, Record]] = {}
    for batch in batches:
        frame = batch.facts["agent_states"]
        good, refused = gate(
            complete(
                frame.with_columns(
                    agent_id=pl.lit(1, pl.Int32),
                    queue_id=pl.lit(None, pl.Int32),
                    new_rows=pl.lit(0, pl.Int64),
                ),
                AGENT_STATES,
            ),
            AGENT_STATES,
        )
        assert refused.is_empty(), refused
        assert good.height == frame.height
        for (agent,), rows in frame.group_by("agent_name", maintain_order=True):
            first = rows["started_at"].min()
            assert isinstance(first, datetime)
            mine = {key: row for key, row in kept.get(str(agent), {}).items() if key < first}
            kept[str(agent)] = mine | {row["started_at"]: row for row in rows.iter_rows(named=True)}
    told = {}
    for agent_name, rows_by_start in kept.items():
        ordered = [rows_by_start[key] for key in sorted(rows_by_start)]
        for one_row, following in itertools.pairwise(ordered):
            assert one_row["ended_at"] == following["started_at"], "states follow each other without a gap"
        told[agent_name.removeprefix("arn:")] = [
            (
                (row["started_at"] - datetime(2026, 11, 22, 12, tzinfo=UTC)).total_seconds(),
                row["state_name"],
                row["reason_name"] or "",
            )
            for row in ordered
        ]
    return told


def test_after_contact_work_lasts_as_long_as_the_documentation_says() -> None:
    expected = json.loads((DATA / "agent_events_expected.json").read_text())["acw_seconds_documented"]
    (batch,) = reader(DATA / "agent_events_acw.jsonl").read("", "", now=NOW)
    (wrap_up, available) = batch.facts["agent_states"].iter_rows(named=True)
    assert (wrap_up["state_name"], available["state_name"]) == ("wrap_up", "available")
    assert wrap_up["ended_at"] - wrap_up["started_at"] == timedelta(seconds=expected)
    assert batch.names.rows()[0][2] == "(Removed)"


def test_a_day_of_an_agent(tmp_path: Path) -> None:
    records: list[Record | str] = [
        event(10, kind="LOGIN", status="Offline"),
        event(20),
        event(60, contacts="CONNECTING@55"),
        event(70, contacts="CONNECTED@70"),
        event(90, contacts="CONNECTED_ONHOLD@88"),
        event(120, contacts="ENDED@118 MISSED@1"),
        event(130),
        event(150, status="Lunch"),
        event(270, kind="HEART_BEAT", status="Lunch"),
        event(300, contacts="CONNECTED@300 ENDED@299"),
        event(310, kind="LOGOUT"),
        event(400, kind="HEART_BEAT"),
    ]
    assert states(read(records, tmp_path)) == {
        "A": [
            (10, "signed_out", ""), (20, "available", ""), (55, "ringing", ""), (70, "on_contact", ""),
            (118, "wrap_up", ""), (130, "available", ""), (150, "paused", "Lunch"), (300, "on_contact", ""),
            (310, "signed_out", ""),
        ]
    }  # fmt: skip


def test_an_agent_of_whom_nothing_is_heard_is_signed_out_at_the_last_sign_of_life(tmp_path: Path) -> None:
    records: list[Record | str] = [
        event(0, "A"),
        event(120, "A", kind="HEART_BEAT"),
        event(419, "B"),
        event(420, "B", status="Lunch"),
    ]
    assert states(read(records, tmp_path))["A"] == [(0, "available", "")]
    gone = [*records, event(421, "B")]
    assert states(read(gone, tmp_path))["A"] == [(0, "available", ""), (120, "signed_out", "")]
    back = [*gone, event(600, "A", kind="HEART_BEAT")]
    expected = [(0, "available", ""), (120, "signed_out", ""), (600, "available", "")]
    assert states(read(back, tmp_path, piece_bytes=1))["A"] == expected
    late = [*back, event(300, "A", kind="HEART_BEAT"), event(500, "A", kind="HEART_BEAT")]
    assert states(read(late, tmp_path, piece_bytes=1))["A"] == [(0, "available", "")]


def test_a_status_with_a_type_needs_no_known_name(tmp_path: Path) -> None:
    typed = event(5, status="Müügil")
    typed["CurrentAgentSnapshot"]["AgentStatus"]["Type"] = "ROUTABLE"
    assert states(read([typed], tmp_path)) == {"A": [(5, "available", "")]}
    assert states(read([event(5, status="Müügil")], tmp_path)) == {"A": [(5, "paused", "Müügil")]}


def test_an_event_too_late_to_be_placed_is_counted(tmp_path: Path) -> None:
    records: list[Record | str] = [
        event(0),
        event(100),
        event(3_000, kind="HEART_BEAT"),
        event(50, status="Lunch"),
    ]
    *_, last = read(records, tmp_path, piece_bytes=1)
    assert last.unused.rows() == [("agent event told again, or more than 30 minutes late", True, 1)]
    assert last.facts["agent_states"].is_empty()


events = st.lists(
    st.tuples(
        st.integers(0, 1_500),
        st.sampled_from("AB"),
        st.sampled_from(["STATE_CHANGE", "STATE_CHANGE", "HEART_BEAT", "LOGIN", "LOGOUT"]),
        st.sampled_from(["Available", "Lunch", "Offline"]),
        st.sampled_from(["", "", "CONNECTED@1", "ENDED@700", "CONNECTING@3"]),
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda told: told[:2],
)


@law(120)
@given(told=events, seed=st.integers(0, 99), piece_bytes=st.sampled_from([1, 1_500, 1 << 20]))
def test_the_states_do_not_depend_on_the_order_of_events_nor_on_where_a_batch_ends(
    told: list[tuple[int, str, str, str, str]],
    seed: int,
    piece_bytes: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("events")
    records: list[Record | str] = [
        event(second, agent, kind=kind, status=status, contacts=contacts)
        for second, agent, kind, status, contacts in sorted(told)
    ]
    whole = read(records, folder)
    expected = states(whole)
    in_pieces = read(records, folder, piece_bytes=piece_bytes)
    assert kept_versions(in_pieces) == kept_versions(whole), (
        "read again from the start, a state is the same row"
    )
    random.Random(seed).shuffle(records)
    batches = read([*records, *records[:3]], folder, piece_bytes=piece_bytes)
    assert states(batches) == expected
    for batch in batches:
        assert batch.rows is not None
        assert set(batch.facts["agent_states"]["seq"].to_list()) <= set(batch.rows["seq"].to_list())


def kept_versions(batches: list[Batch]) -> dict[tuple[str, datetime], tuple[datetime | None, int]]:
    """By agent and start the end and the version of each state, as the warehouse keeps them after all batches."""
    kept: dict[tuple[str, datetime], tuple[datetime | None, int]] = {}
    for batch in batches:
        for (agent,), rows in batch.facts["agent_states"].group_by("agent_name"):
            first = rows["started_at"].min()
            kept = {key: row for key, row in kept.items() if key[0] != agent or key[1] < first}
            for row in rows.iter_rows(named=True):
                kept[str(agent), row["started_at"]] = (row["ended_at"], row["version_number"])
    return kept


def test_every_stay_passes_the_gate(tmp_path: Path) -> None:
    (batch,) = read([contact("c1", ended=None), contact("c2", connected="12:00:25")], tmp_path)
    frame = batch.facts["calls"].with_columns(
        queue_id=pl.lit(1, pl.Int32), agent_id=pl.lit(1, pl.Int32), new_rows=pl.lit(0, pl.Int64)
    )
    good, refused = gate(complete(frame, CALLS), CALLS)
    assert (good.height, refused.height) == (2, 0)


@pytest.mark.parametrize("updated_us", [-(10**18), -1, 0, 1_795_000_000_000_000, 10**18])
def test_a_version_fits_into_the_warehouse_whatever_the_instant(updated_us: int) -> None:
    assert 0 <= version(updated_us, "text") < 2**63
