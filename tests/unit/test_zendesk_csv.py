"""Zendesk in the Fivetran schema: rows become the same facts as the API's, in any size of batch, and nothing is lost."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl import LoadError
from etl.sources import Batch, Site
from etl.sources.zendesk_csv import ZendeskCsv, ZendeskCsvSettings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
USERS = """
id,name,email,phone,role
101,Ann Agent,ann@example.com,,agent
102,Ben Admin,,,admin
901,PRIVATE Name,private@example.com,+372 5100 0001,end-user
"""
TICKETS = """
id,subject,created_at,updated_at,status,requester_id,submitter_id,via_channel
7,PRIVATE subject,2026-11-01 10:00:00,2026-11-02 11:00:00,solved,901,901,voice
8.0,PRIVATE subject,2026-11-01T10:00:00Z,,deleted,901,101,carrier_pigeon
"""
HISTORY = """
field_name,ticket_id,updated,_fivetran_synced,user_id,value
status,7,2026-11-01 10:00:00,2026-11-03 00:00:00.000,901,new
status,7,2026-11-01 10:05:00,2026-11-03 00:00:00.000,101,solved
status,7,2026-11-01 10:05:00,2026-11-03 00:00:00.000,101,open
assignee_id,7,2026-11-01 10:05:00,2026-11-03 00:00:00.000,-1,101
group_id,7,2026-11-01 10:05:00,2026-11-03 00:00:00.000,101,11
subject,7,2026-11-01 10:05:00,2026-11-03 00:00:00.000,101,PRIVATE subject
priority,7,2026-11-01 10:05:00,2026-11-03 00:00:00.000,101,
first_reply_time,7,2026-11-01 10:00:00,2026-11-03 00:00:00.000,-1,"{""minutes"":480,""in_business_hours"":true}"
"""
COMMENTS = '''
id,body,created,public,ticket_id,user_id
1,"PRIVATE words, with a
line break and ""quotes""",2026-11-01 10:00:00,TRUE,7,901
2,PRIVATE words,2026-11-01 10:05:00,FALSE,7,102
3,PRIVATE words,2026-11-01 10:05:00,TRUE,7,101
'''


def folder(path: Path, **tables: str) -> Path:
    given = {
        "user": USERS,
        "ticket": TICKETS,
        "ticket_field_history": HISTORY,
        "ticket_comment": COMMENTS,
    } | tables
    for name, text in given.items():
        (path / f"{name}.csv").write_bytes(text.lstrip("\n").encode())
    return path


def reader(path: Path) -> ZendeskCsv:
    given = {
        "name": "desk",
        "kind": "zendesk_csv",
        "path": str(path),
        "every_seconds": 60,
        "address": "https://d.example/",
    }
    return ZendeskCsvSettings.model_validate(given).reader(Site("Main", "Europe/Tallinn", "EE"), b"k" * 32)


def read(path: Path, place: str = "", **how: Any) -> list[Batch]:
    batches = list(reader(path).read(place, "", now=NOW, **how))
    for batch in batches:
        assert batch.rows is not None
        unused = int(batch.unused["read_rows"].sum())
        assert batch.read_rows == batch.rows.height + batch.rejects.height + unused
    return batches


def facts(batches: list[Batch], name: str) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.facts.get(name, pl.DataFrame()).iter_rows(named=True)]


def told(batches: list[Batch]) -> list[tuple[Any, ...]]:
    rows = facts(batches, "ticket_events")
    rows.sort(key=lambda row: (row["ticket_id"], row["occurred_at"], row["event_number"]))
    columns = ("event_name", "actor_name", "agent_name", "value_text")
    return [
        (row["ticket_id"], f"{row['occurred_at']:%H:%M}", *(row[name] for name in columns)) for row in rows
    ]


def test_rows_become_tickets_and_events_in_the_order_of_a_ticket(tmp_path: Path) -> None:
    batches = read(folder(tmp_path, group="id,name\n11,Billing\n"))
    target = json.dumps({"target_name": "first_reply", "target_seconds": 28_800, "is_business": True})
    assert told(batches) == [
        ("7", "10:00", "created", "requester", None, "call"),
        ("7", "10:00", "status", "requester", None, "new"),
        ("7", "10:00", "target", "system", None, target),
        ("7", "10:00", "request", "requester", None, None),
        ("7", "10:05", "status", "agent", "101", "open"),  # both at one instant: opened, then solved
        ("7", "10:05", "status", "agent", "101", "solved"),
        ("7", "10:05", "priority", "agent", "101", None),
        ("7", "10:05", "group", "agent", "101", "Billing"),
        ("7", "10:05", "agent", "system", "101", None),
        ("7", "10:05", "note", "agent", "102", None),
        ("7", "10:05", "reply", "agent", "101", None),
        ("8", "10:00", "created", "agent", "101", None),
    ]
    seven, eight = facts(batches, "tickets")
    if seven["ticket_id"] == "8":
        seven, eight = eight, seven
    assert (seven["is_deleted"], eight["is_deleted"]) == (False, True)
    assert seven["customer_key"] == eight["customer_key"] is not None
    assert seven["url_text"] == "https://d.example/agent/tickets/7"
    assert [batch.unused.rows() for batch in batches if batch.unused.height] == [[("field subject", True, 1)]]


def test_no_word_name_or_address_leaves_the_reader(tmp_path: Path) -> None:
    for refusal in (None, "refused as a whole"):
        for batch in read(folder(tmp_path), refusal=refusal):
            frames = [*batch.facts.values(), batch.rows, batch.rejects, batch.unused, batch.names]
            assert (
                "private" not in "".join(frame.write_json() for frame in frames if frame is not None).lower()
            )


def test_unchanged_files_are_not_read_again_and_changed_ones_whole(tmp_path: Path) -> None:
    first = read(folder(tmp_path))
    assert read(tmp_path, first[-1].position_text) == []
    with (tmp_path / "ticket_comment.csv").open("a") as file:
        file.write("4,x,2026-11-01 10:09:00,TRUE,7,901\n")
    again = read(tmp_path, first[-1].position_text)
    assert sum(batch.read_rows for batch in again) == sum(batch.read_rows for batch in first) + 1


@pytest.mark.parametrize("piece_bytes", [1, 700])
def test_the_size_of_batches_changes_no_fact(tmp_path: Path, piece_bytes: int) -> None:
    whole, cut = read(folder(tmp_path)), read(tmp_path, piece_bytes=piece_bytes)
    assert told(cut) == told(whole)
    assert len(cut) > len(whole)
    place, stepwise = "", list[Batch]()
    while batch := next(reader(tmp_path).read(place, "", now=NOW, piece_bytes=piece_bytes), None):
        place = batch.position_text
        stepwise.append(batch)
    assert told(stepwise) == told(whole)


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("ticket", "x,s,2026-11-01 10:00:00,,open,901,901,web", "id is 'x'; expected a whole number"),
        ("ticket", "9,s,0000-00-00 00:00:00,,open,901,901,web", "created_at is '0000-00-00 00:00:00'"),
        ("ticket", "9,s,01/11/2026,,open,901,901,web", "created_at is '01/11/2026'; expected an instant"),
        ("ticket", "9,s,,,open,901,901,web", "created_at is missing"),
        ("ticket", "9,s,2026-11-01 10:00:00,,parked,901,901,web", "status is 'parked'"),
        ("ticket", "9,s,2026-11-01 10:00:00,,open,901,901,web,more,still", "more fields than the header"),
        ("ticket", "9", "created_at is missing"),
        (
            "ticket_comment",
            "9,x,2026-11-01 10:00:00,maybe,7,901",
            "public is 'maybe'; expected true or false",
        ),
        ("ticket_comment", ",x,2026-11-01 10:00:00,TRUE,7,901", "id is missing"),
        ("ticket_field_history", "status,7,2026-11-01 10:00:00,,1,", "status is missing; expected one of"),
        ("ticket_field_history", "assignee_id,7,2026-11-01 10:00:00,,1,Ann", "assignee_id is 'Ann'"),
        (
            "ticket_field_history",
            "first_reply_time,7,2026-11-01 10:00:00,,1,soon",
            "value is 'soon'; expected {",
        ),
        (
            "ticket_field_history",
            'first_reply_time,7,2026-11-01 10:00:00,,1,"{""minutes"": -5}"',
            "the target is -300 seconds; expected a whole number above 0",
        ),
    ],
)
def test_a_broken_row_is_refused_alone_with_its_place(
    tmp_path: Path, table: str, row: str, reason: str
) -> None:
    good = read(folder(tmp_path))
    text = {"ticket": TICKETS, "ticket_comment": COMMENTS, "ticket_field_history": HISTORY}[table]
    batches = read(folder(tmp_path, **{table: f"{text}{row}\n"}))
    assert told(batches) == told(good)
    [(place, key, found, raw)] = [reject for batch in batches for reject in batch.rejects.rows()]
    assert place.startswith(f"{table}.csv: row ")
    assert reason in found
    assert key
    batch, still = reader(tmp_path).again([raw], "carry", now=NOW)
    assert (still, batch.read_rows, batch.carry_text) == (frozenset({0}), 0, "carry")


def test_refused_rows_can_be_read_again_from_their_text_alone(tmp_path: Path) -> None:
    good = read(folder(tmp_path))
    place, raws = "", list[str]()
    while batch := next(reader(tmp_path).read(place, "", now=NOW, refusal="no"), None):
        place = batch.position_text
        raws += batch.rejects["raw_text"].to_list()
    again, still = reader(tmp_path).again(raws, "", now=NOW)
    assert still == frozenset()
    assert told([again]) == told(good)


@pytest.mark.parametrize("missing", ["ticket", "user", "ticket_comment", "ticket_field_history"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    (folder(tmp_path) / f"{missing}.csv").unlink()
    with pytest.raises(LoadError, match=rf"found no {missing}\.csv"):
        read(tmp_path)


def test_a_missing_column_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    folder(tmp_path, ticket="id,status\n7,open\n")
    with pytest.raises(LoadError, match=r"ticket\.csv: found no column created_at"):
        read(tmp_path)
    with pytest.raises(LoadError, match="found no folder"):
        read(tmp_path / "absent")


def test_byte_order_marks_capitals_other_encodings_and_empty_tables_are_taken(tmp_path: Path) -> None:
    folder(tmp_path, ticket_comment=COMMENTS.splitlines()[1] + "\n")
    other = TICKETS.lstrip().replace("id,subject", "ID , subject")
    (tmp_path / "ticket.csv").write_bytes(b"\xef\xbb\xbf" + other.encode())
    (tmp_path / "user.csv").write_bytes(USERS.lstrip().replace("Ann Agent", "J\u00fcri").encode("cp1252"))
    batches = read(tmp_path)
    assert len(facts(batches, "tickets")) == 2
    assert batches[-1].read_rows == 0


@pytest.mark.parametrize(
    "place",
    [
        "nonsense",
        "[]",
        "{}",
        '{"version": 2, "stamp": "", "table": "", "rows": 0}',
        '{"version": 1, "stamp": "", "table": "other", "rows": 0}',
        '{"version": 1, "stamp": "", "table": "ticket", "rows": -1}',
    ],
)
def test_an_absurd_place_stops_the_load_and_names_the_next_step(tmp_path: Path, place: str) -> None:
    with pytest.raises(LoadError, match="--from-start"):
        read(folder(tmp_path), place)


def test_schedules_and_holidays_of_the_recorded_account_become_rows(shared_data: Path) -> None:
    found = reader(shared_data / "zendesk").schedules()
    assert found.schedules.rows() == [("EE 9-17", "Europe/Tallinn")]
    assert found.business_hours.rows() == [("EE 9-17", day, 9 * 3600, 17 * 3600) for day in range(5)]
    assert found.holidays.rows() == [("EE 9-17", date(2025, 12, 24), date(2025, 12, 26), "Christmas")]


def test_every_row_of_the_recorded_account_is_a_fact(shared_data: Path) -> None:
    batches = read(shared_data / "zendesk")
    # 25 tickets, 25 schedules, 165 changes, 83 comments, and a created for each ticket
    assert sum(batch.read_rows for batch in batches) == 25 + 25 + 165 + 83
    assert len(facts(batches, "tickets")) == 25
    assert len(facts(batches, "ticket_events")) == 25 + 25 + 165 + 83
    assert sum(batch.rejects.height for batch in batches) == 0


@pytest.mark.parametrize(
    ("line", "reason", "kept"),
    [
        ('9,"no end,2026-11-01 10:00:00,TRUE,7,901', "',' expected after", '9,"…,2026-11-01 10:00:00,TRUE,7,901'),
        ('9,"a"b,2026-11-01 10:00:00,TRUE,7,901', "',' expected after '\"'", '9,"…"…,2026-11-01 10:00:00,TRUE,7,901'),
        ('9,""solved,2026-11-01 10:00:00,TRUE,7,901', "',' expected", '9,""…,2026-11-01 10:00:00,TRUE,7,901'),
        ("9," + "x" * (1 << 20) + ",2026-11-01 10:00:00,TRUE,7,901", "a line of more than 1,048,576 characters", "9,…"),
    ],
    ids=["open", "letter behind", "two before", "long"],
)  # fmt: skip
def test_a_quote_that_stands_wrong_costs_its_own_line_and_no_other(
    tmp_path: Path, line: str, reason: str, kept: str
) -> None:
    good = read(folder(tmp_path))
    more = '10,"two\nlines, ""quoted""",2026-11-01 10:09:00,TRUE,7,901\n'
    sound = read(folder(tmp_path, ticket_comment=f"{COMMENTS}{more}"))
    batches = read(folder(tmp_path, ticket_comment=f"{COMMENTS}{line}\n{more}"))
    assert told(batches) == told(sound) != told(good)
    [(place, _, found, raw)] = [reject for batch in batches for reject in batch.rejects.rows()]
    assert place == "ticket_comment.csv: row 4"
    assert reason in found
    assert json.loads(raw)["record"] == {"line": kept}
    _, still = reader(tmp_path).again([raw], "", now=NOW)
    assert still == {0}


def test_a_row_of_the_far_future_does_not_make_the_data_look_new(tmp_path: Path) -> None:
    far = "10,x,9999-12-31 23:59:59,TRUE,7,901\n11,x,2026-12-31 23:59:59,TRUE,7,901\n"
    newest = [batch.newest_event_at for batch in read(folder(tmp_path, ticket_comment=COMMENTS + far))]
    assert newest[-1] == datetime(2026, 11, 1, 10, 5, tzinfo=UTC)


def test_a_file_of_names_with_a_broken_row_is_told_of_and_read_on(tmp_path: Path) -> None:
    users = USERS.replace("102,Ben", '999,"no end,,,agent\n102,Ben')
    batches = read(folder(tmp_path, user=users, group='id,name\n12,"x"y\n11,Billing\n'))
    assert [batch.notice for batch in batches if batch.notice] == [
        "user.csv: found 1 row that is no CSV (row 2), expected fields in quotes that end; passed over. Export the file "
        "again. group.csv: found 1 row that is no CSV (row 1), expected fields in quotes that end; passed over. Export the "
        "file again."
    ]
    assert ("7", "10:05", "note", "agent", "102", None) in told(batches)
    assert ("7", "10:05", "group", "agent", "101", "Billing") in told(batches)


def test_a_user_without_a_number_is_told_once_and_never_shown(tmp_path: Path) -> None:
    users = USERS.rstrip("\n") + "\nnotnumber,Secret Name,who@example.com,,agent\n"
    notices = [batch.notice for batch in read(folder(tmp_path, user=users)) if batch.notice]
    assert notices == [
        "user.csv: found 1 row whose id is no number (row 4), expected the number of a user; such users are passed over, "
        "what they did is told of nobody. Export the file again."
    ]
    assert [batch.notice for batch in read(folder(tmp_path)) if batch.notice] == []
