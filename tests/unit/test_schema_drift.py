"""What becomes of records when a source changes their form: exactly what docs/sources/README.md says (TRUST D15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl import LoadError
from etl.sources import Batch
from tests.torture.json_origins import JSON_ORIGINS, JsonOrigin
from tests.torture.origins import origin_named
from tests.unit.test_mapped_file import HEAD, read, reader, row, write

Record = dict[str, Any]
Change = Callable[[Record, str], Record]


def renamed(name_of: Callable[[str], str]) -> Change:
    return lambda record, name: {
        (name_of(key) if key == name else key): value for key, value in record.items()
    }


CHANGES: dict[str, Change] = {
    "added": lambda record, name: {**record, "brand_new": "x"},
    "removed": lambda record, name: {key: value for key, value in record.items() if key != name},
    "renamed": renamed(lambda key: f"{key}_v2"),
    "other capitals": renamed(str.swapcase),
    "null": lambda record, name: {**record, name: None},
    "object": lambda record, name: {**record, name: {"id": "x"}},
    "number": lambda record, name: {**record, name: 7},
    "epoch": lambda record, name: {**record, name: 1_795_309_870},
    "unknown word": lambda record, name: {**record, name: "hologram"},
}
FIELDS = {  # the needed id, the needed instant, a field of few words, an optional field
    "amazon_connect contacts": ("ContactId", "LastUpdateTimestamp", "Channel", "PreviousContactId"),
    "amazon_connect agents": ("AgentARN", "EventTimestamp", "EventType", "PreviousAgentSnapshot"),
    "genesys_cloud": ("conversationId", "conversationStart", "participants", "conversationEnd"),
    "zendesk tickets": ("id", "created_at", "via", "requester_id"),
    "zendesk ratings": ("id", "created_at", "score", "assignee_id"),
    "zendesk events": ("ticket_id", "created_at", "event_type", "system"),
    "zendesk targets": ("ticket_id", "time", "type", "status"),
    "liveagent tickets": ("id", "date_created", "channel_type", "agentid"),
    "liveagent calls": ("id", "dateCreated", "type", "dateFinished"),
    "file jsonl": ("at", "at", "queue", "call"),
}
NAMED = {
    "amazon_connect agents",
    "amazon_connect contacts",
    "genesys_cloud",
    "zendesk tickets",
    "liveagent tickets",
    "liveagent calls",
}
"""Those that name a new field in a notice."""
TAKES_NUMBERS = {
    "zendesk tickets",
    "zendesk ratings",
    "zendesk events",
    "zendesk targets",
    "liveagent tickets",
    "liveagent calls",
}
TAKES_EPOCHS = {"liveagent tickets", "liveagent calls"}
TAKES_WORDS = {"zendesk tickets", "zendesk events", "zendesk targets", "liveagent tickets", "file jsonl"}
ORIGINS = [pytest.param(origin, id=origin.name) for origin in JSON_ORIGINS if origin.name in FIELDS]


def outcome(origin: JsonOrigin, folder: Path, change: str, name: str) -> str:
    """What becomes of a record that is changed so, beside one that is not: taken, refused; and what is told."""
    number = 2 if origin.name == "zendesk ratings" else 1  # a rating that counts
    others = [origin.good(4)]
    plain = origin.read(folder / "plain", others)
    found = origin.read(folder / "changed", [*others, CHANGES[change](origin.good(number), name)])
    refused = [reason for batch in found for reason in batch.rejects["reason_text"]]
    notices = " ".join(batch.notice or "" for batch in found)
    assert sum(batch.read_rows for batch in found) >= sum(batch.read_rows for batch in plain)
    assert all("expected" in reason for reason in refused)
    return ("refused" if refused else "taken") + (
        ", told" if "brand_new" in notices or f"{name}_v2" in notices else ""
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("plain", "changed"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_new_field_is_passed_over_and_named(origin: JsonOrigin, folder: Path) -> None:
    expected = "taken, told" if origin.name in NAMED else "taken"
    assert outcome(origin, folder, "added", "") == expected


@pytest.mark.parametrize("change", ["removed", "renamed", "other capitals", "null", "object"])
@pytest.mark.parametrize("origin", ORIGINS)
def test_a_needed_field_of_another_form_refuses_its_record(
    origin: JsonOrigin, folder: Path, change: str
) -> None:
    found = outcome(origin, folder, change, FIELDS[origin.name][0])
    is_plain = (origin.name, change) == ("liveagent calls", "other capitals")
    assert found.startswith("taken" if is_plain else "refused")


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_field_of_another_type_is_taken_only_where_it_means_the_same(
    origin: JsonOrigin, folder: Path
) -> None:
    needed, instant, word, _ = FIELDS[origin.name]
    expected = {
        "number": "taken" if origin.name in TAKES_NUMBERS else "refused",
        "epoch": "taken" if origin.name in TAKES_EPOCHS else "refused",
        "unknown word": "taken" if origin.name in TAKES_WORDS else "refused",
    }
    found = {}
    for change, name in (("number", needed), ("epoch", instant), ("unknown word", word)):
        place = folder / change
        for part in ("plain", "changed"):
            (place / part).mkdir(parents=True)
        found[change] = outcome(origin, place, change, name)
    assert found == expected


@pytest.mark.parametrize("change", ["removed", "null"])
@pytest.mark.parametrize("origin", ORIGINS)
def test_a_record_is_taken_without_what_it_need_not_have(
    origin: JsonOrigin, folder: Path, change: str
) -> None:
    assert outcome(origin, folder, change, FIELDS[origin.name][3]).startswith("taken")


# ---- phone systems and tables of a help desk: lines, rows and events


def lines_changed(name: str, change: Callable[[bytes], bytes]) -> list[bytes]:
    """Two good contacts of a text source, the lines of the second one changed."""
    origin = origin_named(name)
    return [*origin.good(1), *map(change, origin.good(2))]


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("asterisk_queue_log", lambda line: line + b"|x" * 9, "more than 11 fields"),
        ("asterisk_cdr", lambda line: line + b',"new"', "22 fields; expected 21 by the layout"),
        ("asterisk_cdr", lambda line: line.rsplit(b",", 1)[0], "20 fields; expected 21 by the layout"),
        ("asterisk_cel", lambda line: line + b',"new"', "fields; expected"),
        ("asterisk_cel", lambda line: line.rsplit(b",", 1)[0], "fields; expected"),
        ("asterisk_ami", lambda line: line.replace(b"Queue:", b"QueueName:"), "no queue; expected it in"),
        ("asterisk_ami", lambda line: line.replace(b"HoldTime: 5", b"HoldTime: {}"), "expected a whole number"),
    ],
)  # fmt: skip
def test_a_line_of_another_form_is_refused_and_says_what_was_expected(
    name: str, change: Callable[[bytes], bytes], sentence: str, tmp_path: Path
) -> None:
    origin = origin_named(name)
    (plain := tmp_path / "plain").mkdir()
    good = origin.read(plain, origin.good(1))
    (changed := tmp_path / "changed").mkdir()
    found = origin.read(changed, lines_changed(name, change))
    reasons = [reason for batch in found for reason in batch.rejects["reason_text"]]
    assert reasons
    assert any(sentence in reason for reason in reasons), reasons
    assert call_ids(good) <= call_ids(found), "the other contact is told"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("asterisk_ami", lambda line: line + b"\x1dBrandNew: x"),  # a header more
        ("asterisk_ami", lambda line: line.replace(b"Queue:", b"QUEUE:")),  # other capitals
        (
            "asterisk_ami",
            lambda line: line.replace(b"QueueMemberPause", b"BrandNewEvent"),
        ),  # an unknown event
        ("asterisk_queue_log", lambda line: line.replace(b"WRAPUPSTART", b"BRANDNEW")),
        ("asterisk_realtime", lambda line: line.replace(b"WRAPUPSTART", b"BRANDNEW")),
    ],
)
def test_what_a_phone_system_tells_beyond_what_is_used_is_passed_over(
    name: str, change: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    found = origin_named(name).read(tmp_path, lines_changed(name, change))
    assert not [reason for batch in found for reason in batch.rejects["reason_text"]]
    assert len(call_ids(found)) == 2


def call_ids(batches: list[Batch]) -> set[str]:
    """The calls that were told."""
    return {call_id for batch in batches for call_id in batch.facts["calls"]["call_id"]}


TICKETS = "zendesk_csv ticket.csv"


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (b"ID,Created_At,UPDATED_AT,status,requester_id,submitter_id,via_channel", ""),  # other capitals
        (b"id,created_at,updated_at,status,requester_id,submitter_id,brand_new", ""),  # an optional one is gone
        (b"id_v2,created_at,updated_at,status,requester_id,submitter_id,via_channel", "found no column id, expected"),
        (b"id,created,updated_at,status,requester_id,submitter_id,via_channel", "found no column created_at, expected"),
    ],
)  # fmt: skip
def test_a_table_of_a_help_desk_stops_only_without_a_needed_column(
    header: bytes, sentence: str, tmp_path: Path
) -> None:
    origin = replace(origin_named(TICKETS), header=header)
    if sentence:
        with pytest.raises(LoadError, match=sentence):
            origin.read(tmp_path, origin.good(1))
        return
    found = origin.read(tmp_path, origin.good(1))
    told = [key for batch in found if "tickets" in batch.facts for key in batch.facts["tickets"]["ticket_id"]]
    assert told == ["1"]


# ---- CSV


@pytest.mark.parametrize(
    ("text", "taken", "refused"),
    [
        (f"brand_new,{HEAD}" + f"x,{row(1)}", 1, ""),  # a new column
        ("ID,At,NET,why\n" + row(1), 1, ""),  # other capitals
        ("net,at,id,why\n1.5,2026-11-01 10:00:00,1,\n", 1, ""),  # another order
        ("id,at,net\n1,2026-11-01 10:00:00,1.5\n", 1, ""),  # an optional column is gone
        (HEAD + "1,2026-11-01 10:00:00,,\n" + row(2), 1, "is empty"),
        (HEAD + "1,2026-11-01 10:00:00,lots,\n" + row(2), 1, "'lots'"),
        (HEAD + "1,1795309870,1.5,\n" + row(2), 1, "'1795309870'"),
    ],
)
def test_a_table_that_still_has_its_columns_is_read(
    tmp_path: Path, text: str, taken: int, refused: str
) -> None:
    batches = read(reader(write(tmp_path / "sales.csv", text)))
    reasons = [reason for batch in batches for reason in batch.rejects["reason_text"]]
    assert sum(batch.rows.height for batch in batches if batch.rows is not None) == taken
    assert [refused in reason for reason in reasons] == [True] * bool(refused)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id,at,why\n1,2026-11-01 10:00:00,\n", "there is no column 'net'; found id, at, why"),
        ("id,at,net_v2,why\n" + row(1), "there is no column 'net'; found id, at, net_v2, why"),
        (HEAD + row(1) + "net,at,id,why\n1.5,2026-11-01 10:00:00,2,\n", "stand in another order"),
    ],
)
def test_a_table_without_a_needed_column_stops_the_load_and_names_what_is_there(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(LoadError, match=sentence):
        read(reader(write(tmp_path / "sales.csv", text)))
