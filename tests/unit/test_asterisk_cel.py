"""The channel event log: outbound calls to the second, queues' calls, and links over transfers."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from etl import LoadError
from etl.customer_key import customer_key
from etl.sources import Batch, Reader, Site
from etl.sources.asterisk_cel import SAMPLE_COLUMNS, CelSettings
from tests.laws import law

T0 = 1_795_309_870
NOW = datetime.fromtimestamp(T0 + 86_400, UTC)
SECRET = b"a secret that only tests know"
COMPANION: dict[str, object] = {"queue_log_source": "pbx", "outgoing_contexts": ["from-internal"]}
# An agent dials 51000001: rings 8 s, speaks 52 s.
DIALLED = [
    "0 a CHAN_START from-internal 51000001 PJSIP/101-00000001",
    "1 b CHAN_START from-trunk - PJSIP/trunk-00000002",
    "8 b ANSWER from-trunk - PJSIP/trunk-00000002",
    "8 a ANSWER from-internal 51000001 PJSIP/101-00000001",
    "8 b BRIDGE_ENTER from-trunk - PJSIP/trunk-00000002 bridge=b1",
    "8 a BRIDGE_ENTER from-internal 51000001 PJSIP/101-00000001 bridge=b1",
    "60 b BRIDGE_EXIT from-trunk - PJSIP/trunk-00000002 bridge=b1",
    "60 b HANGUP from-trunk - PJSIP/trunk-00000002",
    "60 b CHAN_END from-trunk - PJSIP/trunk-00000002",
    "60 a BRIDGE_EXIT from-internal 51000001 PJSIP/101-00000001 bridge=b1",
    "60 a HANGUP from-internal 51000001 PJSIP/101-00000001",
    "60 a CHAN_END from-internal 51000001 PJSIP/101-00000001",
    "60 a LINKEDID_END from-internal 51000001 PJSIP/101-00000001",
]
# A caller waits 12 s in sales, speaks 30 s with the agent at 102, who asks billing from a second channel meanwhile
# (its own linked id until the two calls are joined) and hands the caller over.
HANDED_OVER = [
    "0 c CHAN_START from-trunk 700 PJSIP/trunk-00000011 num=+37251000009",
    "2 c APP_START from-trunk 700 PJSIP/trunk-00000011 queue=sales",
    "14 d BRIDGE_ENTER agents - PJSIP/102-00000012 bridge=b2 linked=c",
    "14 c BRIDGE_ENTER from-trunk 700 PJSIP/trunk-00000011 bridge=b2",
    "20 e CHAN_START from-internal 701 PJSIP/102-00000013 num=102",
    "21 e APP_START from-internal 701 PJSIP/102-00000013 queue=billing",
    "30 f BRIDGE_ENTER agents - PJSIP/103-00000014 bridge=b3 linked=e",
    "30 e BRIDGE_ENTER from-internal 701 PJSIP/102-00000013 bridge=b3",
    "44 d ATTENDEDTRANSFER agents - PJSIP/102-00000012 bridge=b2 linked=c",
    "44 e BRIDGE_EXIT from-internal 701 PJSIP/102-00000013 bridge=b3 linked=c",
    "44 e HANGUP from-internal 701 PJSIP/102-00000013 linked=c",
    "44 e CHAN_END from-internal 701 PJSIP/102-00000013 linked=c",
    "70 c BRIDGE_EXIT from-trunk 700 PJSIP/trunk-00000011 bridge=b2",
    "70 c HANGUP from-trunk 700 PJSIP/trunk-00000011",
    "70 c CHAN_END from-trunk 700 PJSIP/trunk-00000011",
]


def channel_id(letter: str, places: dict[str, int]) -> str:
    return f"{T0 + places.setdefault(letter, 0)}.{ord(letter)}"


def lines_of(events: list[str]) -> str:
    """Lines of the sample's columns from 'second channel event context exten name key=value ...'."""
    begins: dict[str, int] = {}
    for event in events:
        begins.setdefault(event.split(" ")[1], int(event.split(" ")[0]))
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for event in events:
        second, letter, kind, context, exten, name, *rest = event.split(" ")
        more = dict(part.split("=", 1) for part in rest)
        own = channel_id(letter, begins)
        texts = dict.fromkeys(SAMPLE_COLUMNS, "") | {
            "eventtype": kind, "eventtime": f"{T0 + int(second)}.123456", "context": context, "channame": name,
            "exten": "" if exten == "-" else exten, "uniqueid": own, "cidnum": more.get("num", "101"),
            "linkedid": channel_id(more["linked"], begins) if "linked" in more else own, "cidname": "Mari Maasikas",
            "appname": "Queue" if "queue" in more else "", "appdata": f"{more['queue']},t,,45" if "queue" in more else "",
            "extra": json.dumps({"bridge_id": more["bridge"]}) if "bridge" in more else "",
        }  # fmt: skip
        writer.writerow([texts[column] for column in SAMPLE_COLUMNS])
    return out.getvalue()


def reader(folder: Path, **given_keys: object) -> Reader:
    source = {"name": "cel", "kind": "asterisk_cel", "every_seconds": 5, "path": str(folder / "Master.csv")}
    return CelSettings.model_validate(source | given_keys).reader(
        Site("Test floor", "Europe/Tallinn", "EE"), SECRET
    )


def read(
    folder: Path, events: list[str] | str, *, piece_bytes: int = 1 << 20, **given_keys: object
) -> list[Batch]:
    text = events if isinstance(events, str) else lines_of(events)
    (folder / "Master.csv").write_text(text, encoding="utf-8")
    return list(reader(folder, **given_keys).read("", "", now=NOW, piece_bytes=piece_bytes))


def calls(batches: list[Batch]) -> pl.DataFrame:
    return pl.concat([batch.facts["calls"] for batch in batches]).drop("seq").sort("offered_at", "call_id")


def told(batches: list[Batch], *columns: str) -> list[tuple[object, ...]]:
    return calls(batches).select(
        pl.col(name).dt.epoch("s") - T0 if name.endswith("_at") else pl.col(name) for name in columns
    ).rows()  # fmt: skip


def test_a_call_to_the_outside_has_the_seconds_in_which_people_spoke(tmp_path: Path) -> None:
    batches = read(tmp_path, DIALLED, **COMPANION)
    columns = (
        "queue_name",
        "agent_name",
        "offered_at",
        "answered_at",
        "ended_at",
        "talk_seconds",
        "outcome_name",
    )
    assert told(batches, *columns) == [("Outbound", "PJSIP/101", 0, 8, 60, 52, "answered")]
    assert calls(batches)["customer_key"].to_list() == [customer_key(SECRET, "51000001", "EE")]
    [batch] = batches
    assert batch.read_rows == len(DIALLED)
    assert batch.rejects.height == 0
    assert batch.unused.rows() == [("ANSWER", True, 2), ("LINKEDID_END", True, 1)]


def test_a_call_that_nobody_took_has_no_answer(tmp_path: Path) -> None:
    events = [event for event in DIALLED if "BRIDGE" not in event and " ANSWER " not in event]
    assert told(read(tmp_path, events, **COMPANION), "answered_at", "ended_at", "outcome_name") == [
        (None, 60, "timed_out")
    ]


def test_beside_a_queue_log_only_the_link_of_a_transfer_is_told(tmp_path: Path) -> None:
    batches = read(tmp_path, HANDED_OVER, **COMPANION)
    assert calls(batches).height == 0
    links = pl.concat([batch.facts["contact_links"] for batch in batches])
    assert links.select(
        "source_name", "contact_id", "linked_source_name", "linked_contact_id", "link_name"
    ).rows() == [("pbx", f"{T0 + 20}.{ord('e')}", "pbx", f"{T0}.{ord('c')}", "transfer")]


def test_alone_it_tells_the_stays_in_queues_too(tmp_path: Path) -> None:
    batches = read(tmp_path, HANDED_OVER)
    columns = (
        "queue_name",
        "agent_name",
        "offered_at",
        "answered_at",
        "ended_at",
        "wait_seconds",
        "talk_seconds",
    )
    assert told(batches, *columns) == [
        ("sales", "PJSIP/102", 2, 14, 70, 12, 56),
        ("billing", "PJSIP/103", 21, 30, 44, 9, 14),
    ]
    assert calls(batches)["customer_key"].to_list() == [customer_key(SECRET, "+37251000009"), None]


@pytest.mark.parametrize(("left_at", "outcome"), [(30, "abandoned"), (20, "timed_out")])
def test_leaving_a_queue_unanswered_is_told_by_what_came_after(
    tmp_path: Path, left_at: int, outcome: str
) -> None:
    events = [
        "0 c CHAN_START from-trunk 700 PJSIP/trunk-00000011",
        "2 c APP_START from-trunk 700 PJSIP/trunk-00000011 queue=sales",
        f"{left_at} c APP_END from-trunk 700 PJSIP/trunk-00000011 queue=sales",
        "30 c HANGUP from-trunk 700 PJSIP/trunk-00000011",
        "30 c CHAN_END from-trunk 700 PJSIP/trunk-00000011",
    ]
    assert told(read(tmp_path, events), "ended_at", "wait_seconds", "outcome_name") == [
        (left_at, left_at - 2, outcome)
    ]


def test_where_one_batch_ends_changes_nothing(tmp_path: Path) -> None:
    events = [*HANDED_OVER, *(event.replace(" a ", " x ").replace(" b ", " y ") for event in DIALLED)]
    for given_keys in ({}, COMPANION):
        whole, by_one = (
            read(tmp_path, events, **given_keys),
            read(tmp_path, events, piece_bytes=1, **given_keys),
        )
        assert len(by_one) == len(events)
        assert_frame_equal(calls(by_one), calls(whole))


def test_a_channel_that_began_before_the_log_is_no_matter(tmp_path: Path) -> None:
    batches = read(tmp_path, DIALLED[-4:], **COMPANION)
    assert sum(batch.read_rows for batch in batches) == 4
    assert sum(batch.rejects.height for batch in batches) == 0


def test_local_times_in_a_wrong_zone_are_found_out_by_the_ids(tmp_path: Path) -> None:
    lines = []
    for number in range(15):
        local = datetime.fromtimestamp(T0 + 60 * number, UTC)
        lines.append(
            f"CHAN_START,{local:%Y-%m-%d %H:%M:%S},101,from-internal,PJSIP/1,{T0 + 60 * number}.1,x\n"
        )
    columns = ["EventType", "EventTime", "Exten", "Context", "ChanName", "UniqueID", "LinkedID"]
    assert read(tmp_path, "".join(lines), columns=columns, is_utc=True)[0].rejects.height == 0
    with pytest.raises(LoadError, match="2 h before"):
        read(tmp_path, "".join(lines), columns=columns)


def test_a_refused_event_holds_neither_number_nor_name(tmp_path: Path) -> None:
    text = lines_of(HANDED_OVER[:1]).replace(f"{T0}.123456", "soon")
    [batch] = read(tmp_path, text)
    assert "eventtime is 'soon'; expected a time" in batch.rejects["reason_text"][0]
    assert "37251000009" not in batch.rejects["raw_text"][0]
    assert "Maasikas" not in batch.rejects["raw_text"][0]


def test_a_refused_call_can_be_read_again_from_its_row_alone(tmp_path: Path) -> None:
    [taken] = read(tmp_path, DIALLED, **COMPANION)
    assert taken.rows is not None
    batch, still = reader(tmp_path, **COMPANION).again(taken.rows["raw_text"].to_list(), "", now=NOW)
    assert still == frozenset()
    assert_frame_equal(calls([batch]), calls([taken]))


def test_settings_without_the_needed_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="columns with eventtime"):
        reader(tmp_path, columns=["eventtype", "exten", "context", "channame", "uniqueid", "linkedid"])


EVENTS = st.builds(
    lambda second, letter, kind, more: (
        f"{second} {letter} {kind} from-internal 51000001 PJSIP/1-0000001a{more}"
    ),
    st.integers(0, 100),
    st.sampled_from("abc"),
    st.sampled_from(
        ["CHAN_START", "APP_START", "APP_END", "BRIDGE_ENTER", "BRIDGE_EXIT", "HANGUP", "CHAN_END", "ODD"]
    ),
    st.sampled_from(["", " bridge=b1", " queue=sales", " linked=a"]),
)


@law(60, allows=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENTS, max_size=25), noise=st.text(max_size=30))
def test_every_line_is_read_or_refused_and_borders_of_batches_change_nothing(
    tmp_path: Path, events: list[str], noise: str
) -> None:
    events = [event for event in events if "linked=a" not in event or any(" a " in other for other in events)]
    odd = noise.replace("\n", " ").replace("\r", " ")
    text = lines_of(events) + f"{odd}\n"
    whole, by_one = read(tmp_path, text), read(tmp_path, text, piece_bytes=1)
    assert (
        sum(batch.read_rows for batch in whole) == sum(batch.read_rows for batch in by_one) == len(events) + 1
    )
    assert sum(batch.rejects.height for batch in whole) == 1
    assert_frame_equal(calls(by_one), calls(whole))
