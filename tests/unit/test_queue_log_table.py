"""The queue_log table: the same facts as the log file, whatever the table looks like and however late rows come."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy.pool import StaticPool

from etl import LoadError
from etl.sources import Batch, Site
from etl.sources.asterisk_queue_log import QueueLog
from etl.sources.asterisk_realtime import QueueLogTable, RealtimeSettings
from etl.sources.pbx.queue_events import Rules
from etl.sources.pbx.realtime_table import Columns, RealtimeTable, open_table
from tests.laws import law

T0 = 1_795_309_870  # 2026-11-22 01:11:10 UTC
NOW = datetime.fromtimestamp(T0 + 86_400, UTC)
SECRET = b"a secret that only tests know"
TALLINN = ZoneInfo("Europe/Tallinn")
COLUMNS = Columns(
    table="queue_log", schema=None, id="id", time="time", call_id="callid", queue="queuename", agent="agent",
    event="event", data="data", numbered_data=("data1", "data2", "data3", "data4", "data5"),
)  # fmt: skip
DAY = [
    "0 c.1 sales NONE ENTERQUEUE |+37251000001|1",
    "4 c.1 sales B RINGNOANSWER 4000",
    "7 c.1 sales A CONNECT 7|c.2|3",
    "8 NONE NONE B PAUSEALL Lunch",
    "8 NONE sales B PAUSE Lunch",
    "60 c.1 sales A ATTENDEDTRANSFER LINK|SIP/1|SIP/2|7|53|2",
    "61 d.5 sales NONE ENTERQUEUE |+37251000002|1",
    "70 d.5 sales NONE ABANDON 1|1|9",
]


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    yield engine
    engine.dispose()


def make(
    engine: sa.Engine, columns: str = "id integer primary key, data1, data2, data3, data4, data5"
) -> None:
    texts = ", ".join(
        f"{name.strip()} varchar(80)" if " " not in name.strip() else name for name in columns.split(",")
    )
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists queue_log")
        connection.exec_driver_sql(
            f"create table queue_log (time varchar(26), callid varchar(40), queuename varchar(40), "
            f"agent varchar(40), event varchar(40), {texts})"
        )


def insert(engine: sa.Engine, rows: list[dict[str, object]]) -> None:
    for row in rows:
        names = [sa.column(name) for name in row]
        with engine.begin() as connection:
            connection.execute(sa.insert(sa.table("queue_log", *names)).values(row))


def row_of(line: str, *, zone: ZoneInfo = TALLINN, whole: bool = False) -> dict[str, object]:
    """A row as Asterisk stores it, from a line of the log; whole: all data in one column."""
    epoch, call_id, queue, agent, event, data = line.rstrip("\n").split("|", 5)
    local = datetime.fromtimestamp(int(epoch), zone)
    row: dict[str, object] = {
        "time": f"{local:%Y-%m-%d %H:%M:%S}.250000", "callid": call_id, "queuename": queue, "agent": agent, "event": event,
    }  # fmt: skip
    if whole:
        return row | {"data": data}
    parts = data.split("|", 4)  # Asterisk's fifth field holds the rest
    return row | {
        f"data{place}": part for place, part in enumerate([*parts, *[""] * (5 - len(parts))], start=1)
    }


def lines_of(events: list[str], *, start: int = T0) -> list[str]:
    lines = []
    for event in events:
        second, call_id, queue, agent, verb, *rest = event.split(" ", 5)
        _, _, number = call_id.partition(".")
        call_id = f"{start + int(second)}.{number}" if number and verb == "ENTERQUEUE" else call_id
        lines.append(f"{start + int(second)}|{call_id}|{queue}|{agent}|{verb}|{rest[0] if rest else ''}\n")
    return lines


def reader(
    engine: sa.Engine, *, columns: Columns = COLUMNS, zone: ZoneInfo = TALLINN, settle: int = 5
) -> QueueLogTable:
    return QueueLogTable(lambda: engine, columns, Rules(), SECRET, zone, settle_seconds=settle)


def read(
    table: QueueLogTable,
    position: str = "",
    carry: str = "",
    *,
    now: datetime = NOW,
    piece_bytes: int = 1 << 22,
) -> list[Batch]:
    return list(table.read(position, carry, now=now, piece_bytes=piece_bytes))


def from_file(lines: list[str], folder: Path) -> dict[str, pl.DataFrame]:
    path = folder / "queue_log"
    path.write_text("".join(lines), encoding="utf-8")
    return facts(list(QueueLog(path, Rules(), SECRET).read("", "", now=NOW)))


def facts(batches: list[Batch]) -> dict[str, pl.DataFrame]:
    """What the load would keep of the batches: of each key the row told last."""
    keys = {
        "calls": ("queue_name", "offered_at", "call_id", "stay_number"),
        "agent_states": ("agent_name", "started_at"),
        "queue_members": ("queue_name", "agent_name", "started_at"),
    }
    kept = {}
    for name, key in keys.items():
        frames = [batch.facts[name] for batch in batches if name in batch.facts]
        kept[name] = (
            pl.concat(frames).unique(key, keep="last").sort(key).drop("new_rows", "place_text", strict=False)
        )
    return kept


def expect_same(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    for name, frame in expected.items():
        assert_frame_equal(found[name], frame)


def counted(batches: list[Batch]) -> tuple[int, int]:
    """Rows read and rejected."""
    return sum(batch.read_rows for batch in batches), sum(batch.rejects.height for batch in batches)


@pytest.mark.parametrize("zone", ["Europe/Tallinn", "UTC", "America/New_York", "Asia/Kolkata"])
def test_local_times_give_the_facts_of_the_log_file(engine: sa.Engine, tmp_path: Path, zone: str) -> None:
    lines = lines_of(DAY)
    make(engine)
    insert(engine, [row_of(line, zone=ZoneInfo(zone)) for line in lines])
    batches = read(reader(engine, zone=ZoneInfo(zone)))
    expect_same(facts(batches), from_file(lines, tmp_path))
    assert counted(batches) == (len(lines), sum(b.rejects.height for b in batches))


def test_all_data_in_one_column_and_columns_of_other_names_give_the_same(
    engine: sa.Engine, tmp_path: Path
) -> None:
    lines = lines_of(DAY)
    make(engine, "id integer primary key, data")
    insert(engine, [row_of(line, whole=True) for line in lines])
    expect_same(facts(read(reader(engine))), from_file(lines, tmp_path))


@pytest.mark.parametrize(
    "text", ["{epoch}", "{epoch}.123456", "{local}", "{local}+02", "{local}+02:00", "{utc}Z"]
)
def test_a_time_may_be_written_in_any_of_the_usual_ways(engine: sa.Engine, text: str) -> None:
    local = datetime.fromtimestamp(T0, TALLINN)
    utc = datetime.fromtimestamp(T0, UTC)
    make(engine)
    row = row_of(lines_of(DAY)[0]) | {
        "time": text.format(epoch=T0, local=f"{local:%Y-%m-%dT%H:%M:%S}", utc=f"{utc:%F %T}")
    }
    insert(engine, [row])
    assert facts(read(reader(engine)))["calls"]["offered_at"].to_list() == [datetime.fromtimestamp(T0, UTC)]


def test_where_one_batch_ends_changes_nothing(engine: sa.Engine, tmp_path: Path) -> None:
    lines = lines_of(DAY)
    make(engine)
    insert(engine, [row_of(line) for line in lines])
    by_one = read(reader(engine), piece_bytes=1)
    assert len(by_one) == len(lines)
    expect_same(facts(by_one), from_file(lines, tmp_path))


def test_reading_on_gives_only_what_is_new(engine: sa.Engine) -> None:
    lines = lines_of(DAY)
    make(engine)
    insert(engine, [row_of(line) for line in lines[:3]])
    first = read(reader(engine))
    assert read(reader(engine), first[-1].position_text, first[-1].carry_text) == []
    insert(engine, [row_of(line) for line in lines[3:]])
    rest = read(reader(engine), first[-1].position_text, first[-1].carry_text)
    assert [batch.read_rows for batch in first + rest] == [3, 5]


# Rows become visible late: a simulator of the database, by turns of a second.


def arriving(
    engine: sa.Engine,
    table: QueueLogTable,
    rows: list[tuple[int, int, dict[str, object]]],
    *,
    piece_bytes: int = 1 << 22,
) -> list[Batch]:
    """Reads once a second while rows (visible second, number, row) become visible; numbers are as they were given."""
    batches: list[Batch] = []
    position = carry = ""
    for second in range(max(seen for seen, _, _ in rows) + 30):
        insert(
            engine, [row | ({"id": number} if number else {}) for seen, number, row in rows if seen == second]
        )
        now = datetime.fromtimestamp(T0 + second, UTC)
        for batch in read(table, position, carry, now=now, piece_bytes=piece_bytes):
            position, carry = batch.position_text, batch.carry_text
            batches.append(batch)
    return batches


def busy_minutes(seed: int, *, calls: int = 15) -> list[str]:
    chance = random.Random(seed)
    events: list[tuple[int, int, str]] = []
    for call in range(calls):
        second = chance.randint(0, 30)
        call_id = f"{T0 + second}.{call}"
        agent, wait, talk = f"A{call}", chance.randint(0, 10), chance.randint(0, 20)
        for at, step in (
            (second, f"NONE|ENTERQUEUE||+3725100{call:04}|1"),
            (second + wait, f"{agent}|CONNECT|{wait}|x.{call}|1"),
            (second + wait + talk, f"{agent}|COMPLETECALLER|{wait}|{talk}|1"),
        ):
            events.append((at, len(events), f"{T0 + at}|{call_id}|sales|{step}\n"))
    return [line for _, _, line in sorted(events)]


@pytest.mark.parametrize("seed", range(2))
def test_rows_that_become_visible_late_are_waited_for_and_none_is_lost(
    engine: sa.Engine, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    lines = busy_minutes(seed)
    make(engine)
    rows = [
        (
            int(line.split("|")[0]) - T0 + (chance.randint(0, 4) if chance.random() < 0.3 else 0),
            number,
            row_of(line),
        )
        for number, line in enumerate(lines, start=1)
    ]
    batches = arriving(engine, reader(engine, settle=5), rows, piece_bytes=50 * 200)
    assert counted(batches) == (len(lines), 0)
    expect_same(facts(batches), from_file(lines, tmp_path))


def test_without_waiting_and_looking_back_late_rows_would_be_lost(engine: sa.Engine) -> None:
    """A negative control: the same late rows, and neither guard."""
    lines = busy_minutes(7)
    make(engine)
    rows = [
        (int(line.split("|")[0]) - T0 + (3 if number % 10 == 3 else 0), number, row_of(line))
        for number, line in enumerate(lines, start=1)
    ]
    table = QueueLogTable(
        lambda: engine, COLUMNS, Rules(), SECRET, TALLINN, settle_seconds=0, look_back_seconds=0
    )
    assert counted(arriving(engine, table, rows))[0] < len(lines)


def test_rows_later_than_the_wait_are_still_read_and_said_so(engine: sa.Engine) -> None:
    lines = busy_minutes(7)
    make(engine)
    rows = [
        (int(line.split("|")[0]) - T0 + (12 if number % 10 == 3 else 0), number, row_of(line))
        for number, line in enumerate(lines, start=1)
    ]
    batches = arriving(engine, reader(engine, settle=2), rows)
    assert counted(batches)[0] == len(lines)
    assert any("Raise settle_seconds" in (batch.notice or "") for batch in batches)


def test_numbers_that_go_up_by_three_hold_reading_up_only_once(engine: sa.Engine) -> None:
    lines = busy_minutes(3)
    make(engine)
    rows = [
        (int(line.split("|")[0]) - T0, 3 * number, row_of(line)) for number, line in enumerate(lines, start=1)
    ]
    batches = arriving(engine, reader(engine, settle=5), rows)
    assert counted(batches) == (len(lines), 0)


@pytest.mark.parametrize("seed", range(2))
def test_without_numbers_rows_that_become_visible_late_are_read_once(
    engine: sa.Engine, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    lines = busy_minutes(seed)
    make(engine, "data1, data2, data3, data4, data5")
    columns = Columns(**{**COLUMNS.__dict__, "id": ""})
    rows = [
        (
            int(line.split("|")[0]) - T0 + (chance.randint(0, 4) if chance.random() < 0.3 else 0),
            0,
            row_of(line),
        )
        for line in lines
    ]
    batches = arriving(engine, reader(engine, columns=columns, settle=5), rows, piece_bytes=7 * 200)
    assert counted(batches) == (len(lines), 0)
    expect_same(facts(batches), from_file(lines, tmp_path))


def test_more_rows_of_one_second_than_a_batch_holds_are_all_read(engine: sa.Engine) -> None:
    line = f"{T0}|{T0}.1|sales|A|PENALTY|1\n"
    make(engine, "data1, data2, data3, data4, data5")
    insert(engine, [row_of(line) for _ in range(30)])
    columns = Columns(**{**COLUMNS.__dict__, "id": ""})
    batches = read(reader(engine, columns=columns), piece_bytes=7 * 200)
    assert [batch.read_rows for batch in batches] == [7, 7, 7, 7, 2]
    assert read(reader(engine, columns=columns), batches[-1].position_text, batches[-1].carry_text) == []


def test_without_numbers_the_events_of_one_second_come_in_the_order_of_a_call(
    engine: sa.Engine, tmp_path: Path
) -> None:
    steps = (
        "NONE|ENTERQUEUE||+37251000001|1",
        "A|RINGNOANSWER|500",
        "B|CONNECT|0|x|0",
        "B|COMPLETEAGENT|0|0|1",
    )
    lines = [f"{T0}|{T0}.1|sales|{step}\n" for step in steps]
    make(engine, "data1, data2, data3, data4, data5")
    insert(engine, [row_of(line) for line in (lines[2], lines[3], lines[0], lines[1])])
    columns = Columns(**{**COLUMNS.__dict__, "id": ""})
    batches = read(reader(engine, columns=columns), piece_bytes=1)
    assert counted(batches) == (4, 0)
    expect_same(facts(batches), from_file(lines, tmp_path))


# The clock.

AUTUMN = int(
    datetime(2026, 10, 25, 0, 50, tzinfo=UTC).timestamp()
)  # 03:50 for the first time; back at 01:00 UTC


@pytest.mark.parametrize("has_numbers", [True, False])
def test_the_hour_that_comes_twice_is_told_apart_by_the_ids_of_calls(
    engine: sa.Engine, tmp_path: Path, has_numbers: bool
) -> None:
    events = [f"{minute * 60} x.{minute} sales NONE ENTERQUEUE |+37251000001|1" for minute in range(0, 90, 5)]
    lines = lines_of(events, start=AUTUMN)
    make(engine, f"{'id integer primary key, ' if has_numbers else ''}data1, data2, data3, data4, data5")
    insert(engine, [row_of(line) for line in lines])
    columns = COLUMNS if has_numbers else Columns(**{**COLUMNS.__dict__, "id": ""})
    batches = read(reader(engine, columns=columns))
    assert facts(batches)["calls"]["offered_at"].to_list() == [
        datetime.fromtimestamp(AUTUMN, UTC) + timedelta(minutes=minute) for minute in range(0, 90, 5)
    ]


def test_events_without_a_call_follow_the_rows_before_them_in_the_hour_that_comes_twice(
    engine: sa.Engine,
) -> None:
    lines = lines_of(
        [
            "0 NONE sales A ADDMEMBER",
            "300 NONE NONE A PAUSEALL Lunch",
            "900 x.1 sales NONE ENTERQUEUE |+37251000001|1",  # 04:05 is 03:05 for the second time
            "1200 NONE NONE A UNPAUSEALL",
        ],
        start=AUTUMN,
    )
    make(engine)
    insert(engine, [row_of(line) for line in lines])
    states = facts(read(reader(engine)))["agent_states"]
    seconds = states.select((pl.col("started_at").dt.epoch("s") - AUTUMN), "state_name").rows()
    assert seconds == [(0, "available"), (300, "paused"), (1200, "available")]


def test_a_time_that_never_was_is_refused(engine: sa.Engine) -> None:
    make(engine)
    insert(engine, [row_of(lines_of(DAY)[0]) | {"time": "2026-03-29 03:30:00"}])
    rejects = read(reader(engine))[0].rejects
    assert "never was in Europe/Tallinn" in rejects["reason_text"][0]


@pytest.mark.parametrize(
    ("written", "configured", "word"),
    [("UTC", "Europe/Tallinn", "2 h before"), ("Europe/Tallinn", "UTC", "2 h after")],
)
def test_a_wrong_zone_is_found_out_by_the_ids_of_calls(
    engine: sa.Engine, written: str, configured: str, word: str
) -> None:
    make(engine)
    insert(engine, [row_of(line, zone=ZoneInfo(written)) for line in busy_minutes(1)])
    with pytest.raises(LoadError, match=word):
        read(reader(engine, zone=ZoneInfo(configured)))


def test_long_waits_before_the_queue_are_no_wrong_zone(engine: sa.Engine) -> None:
    lines = [
        f"{T0 + 60 * call}|{T0 + 60 * call - (3600 if call % 4 else 30)}.1|sales|NONE|ENTERQUEUE||+372{call:06}|1\n"
        for call in range(40)
    ]
    make(engine)
    insert(engine, [row_of(line) for line in lines])
    assert counted(read(reader(engine))) == (40, 0)


# What is broken.


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"time": "yesterday"}, "time is 'yesterday'; expected a time such as"),
        ({"time": None}, "time is ''; expected a time such as"),
        ({"time": "2026-02-30 01:00:00"}, "which is no day or no time"),
        ({"time": "2099-01-01 00:00:00"}, "over a year ahead"),
        ({"time": "0001-01-01 00:00:00"}, "expected an instant of a year from 1990"),
        ({"event": ""}, "event is empty; expected the event's name"),
        ({"event": None}, "event is empty; expected the event's name"),
        ({"callid": "NONE"}, "callid is empty; expected the call id of ENTERQUEUE"),
        ({"queuename": ""}, "queuename is empty; expected the queue of ENTERQUEUE"),
        ({"queuename": "q" * 300}, "queuename has more than 250 bytes"),
        ({"event": "CONNECT"}, "agent is empty; expected the agent of CONNECT"),
        ({"agent": "a\x00b"}, "a NUL byte; expected text"),
        ({"data5": "1|2|3|4"}, "8 data fields; expected at most 6"),
    ],
)
def test_a_broken_row_is_refused_with_its_number_and_what_was_expected(
    engine: sa.Engine, change: dict[str, object], reason: str
) -> None:
    lines = lines_of(DAY)
    make(engine)
    insert(engine, [row_of(lines[0]) | change, *(row_of(line) for line in lines[6:])])
    [batch] = read(reader(engine))
    assert batch.rejects.select("place_text").to_series().to_list()[:1] == ["queue_log:1"]
    assert reason in batch.rejects["reason_text"][0]
    assert "37251000001" not in batch.rejects["raw_text"][0] or change.get("event") == "CONNECT"
    assert batch.read_rows == 3


def test_a_refused_row_holds_no_number_and_gives_the_same_customer_when_read_again(engine: sa.Engine) -> None:
    make(engine)
    line = lines_of(DAY)[0]
    insert(engine, [row_of(line)])
    taken = facts(read(reader(engine)))["calls"]
    refused = next(reader(engine).read("", "", now=NOW, refusal="the warehouse did not take it"))
    [raw] = refused.rejects["raw_text"].to_list()
    assert "37251000001" not in raw
    batch, still = reader(engine).again([raw], refused.carry_text, now=NOW)
    assert still == frozenset()
    assert_frame_equal(facts([batch])["calls"], taken)


def test_a_table_made_anew_is_read_from_its_first_row_and_said_so(engine: sa.Engine) -> None:
    lines = lines_of(DAY)
    make(engine)
    insert(engine, [row_of(line) for line in lines])
    [before] = read(reader(engine))
    make(engine)
    insert(engine, [row_of(line) for line in lines[6:]])
    [after] = read(reader(engine), before.position_text, before.carry_text)
    assert "made anew" in (after.notice or "")
    assert after.read_rows == 2


def test_old_rows_taken_out_of_the_table_are_no_matter(engine: sa.Engine) -> None:
    lines = lines_of(DAY)
    make(engine)
    insert(engine, [row_of(line) for line in lines[:6]])
    [before] = read(reader(engine))
    with engine.begin() as connection:
        connection.exec_driver_sql("delete from queue_log")
    assert read(reader(engine), before.position_text, before.carry_text) == []
    insert(engine, [{"id": 7} | row_of(lines[6])])
    [after] = read(reader(engine), before.position_text, before.carry_text)
    assert (after.read_rows, after.notice) == (1, None)


PUT_IN_AGAIN = [
    "0 c.1 sales NONE ENTERQUEUE |+37251000001|1",
    "8 NONE sales B PAUSE Lunch",
    "9 NONE sales B UNPAUSE",
    "61 d.5 sales NONE ENTERQUEUE |+37251000002|1",
]


@pytest.mark.parametrize("piece_bytes", [1, 1 << 22])
def test_rows_that_are_put_into_the_table_a_second_time_count_once(
    engine: sa.Engine, tmp_path: Path, piece_bytes: int
) -> None:
    lines, later = lines_of(PUT_IN_AGAIN), lines_of(["70 e.6 sales NONE ENTERQUEUE |+37251000003|1"])
    make(engine)
    insert(engine, [row_of(line) for line in lines])
    before = read(reader(engine))
    insert(engine, [row_of(line) for line in [*lines, *later]])
    after = read(reader(engine), before[-1].position_text, before[-1].carry_text, piece_bytes=piece_bytes)
    expect_same(facts([*before, *after]), from_file([*lines, *later], tmp_path))
    assert sum(batch.read_rows for batch in after) == 5
    told = [batch.notice for batch in after if batch.notice]
    assert len(told) == (4 if piece_bytes == 1 else 1)
    assert "rows that go back in time stand there before, word for word" in told[0]


def test_rows_with_old_times_that_stand_nowhere_before_are_all_taken(
    engine: sa.Engine, tmp_path: Path
) -> None:
    lines = [
        *lines_of(PUT_IN_AGAIN),
        *lines_of(["0 x.7 sales NONE ENTERQUEUE |+37251000004|1"], start=T0 + 20),
    ]
    make(engine)
    insert(engine, [row_of(line) for line in lines])
    [batch] = read(reader(engine))
    assert batch.notice is None
    expect_same(facts([batch]), from_file(lines, tmp_path))


def test_a_table_put_back_under_new_numbers_is_read_again_and_said_so(
    engine: sa.Engine, tmp_path: Path
) -> None:
    lines = [line.replace(f"{T0 + 61}|", f"{T0 + 161}|", 1) for line in lines_of(PUT_IN_AGAIN)]
    make(engine)
    insert(engine, [row_of(line) for line in lines])
    [before] = read(reader(engine))
    with engine.begin() as connection:
        connection.exec_driver_sql("delete from queue_log")
    insert(engine, [{"id": 100 + number} | row_of(line) for number, line in enumerate(lines)])
    [after] = read(reader(engine), before.position_text, before.carry_text)
    expect_same(facts([before, after]), from_file(lines, tmp_path))
    assert "put back under new numbers" in str(after.notice)


ABSURD = (
    "[]",
    "nonsense",
    '{"version":2}',
    '{"version":1,"number":"5"}',
    '{"version":1,"number":-1}',
    '{"version":1,"odd":1}',
    '{"version":1,"number":99999999999999999999}',
)


@pytest.mark.parametrize("position", ABSURD)
def test_an_absurd_cursor_stops_the_load_and_names_the_way_out(engine: sa.Engine, position: str) -> None:
    make(engine)
    with pytest.raises(LoadError, match="from-start"):
        read(reader(engine), position)


def test_a_cursor_far_ahead_reads_the_table_again_and_says_so(engine: sa.Engine) -> None:
    make(engine)
    insert(engine, [row_of(line) for line in lines_of(DAY)])
    [batch] = read(reader(engine), '{"version":1,"number":999999,"row_key":"","from_time":""}')
    assert "made anew" in (batch.notice or "")
    assert batch.read_rows == len(DAY)


def test_a_missing_column_or_table_is_named(engine: sa.Engine) -> None:
    make(engine, "data1, data2, data3, data4, data5")
    with pytest.raises(LoadError, match=r"no column 'id'.*id_column = \"\""):
        read(reader(engine))
    with pytest.raises(LoadError, match="no table 'elsewhere'"):
        read(reader(engine, columns=Columns(**{**COLUMNS.__dict__, "table": "elsewhere"})))


def test_a_column_that_is_no_number_cannot_be_the_cursor(engine: sa.Engine) -> None:
    make(engine, "id varchar(36), data1, data2, data3, data4, data5")
    with pytest.raises(LoadError, match="expected a number that grows"):
        read(reader(engine))


def test_a_backlog_full_of_gaps_is_held_up_once_not_for_ever(engine: sa.Engine) -> None:
    lines = [f"{T0}|{T0}.{call}|sales|NONE|ENTERQUEUE||+372{call:08}|1\n" for call in range(800)]
    make(engine)
    with engine.begin() as connection:
        names = [sa.column(name) for name in ("id", *row_of(lines[0]))]
        rows = [{"id": 3 * number} | row_of(line) for number, line in enumerate(lines, start=1)]
        connection.execute(sa.insert(sa.table("queue_log", *names)), rows)
    position, carry, rows_read = "", "", []
    for second in (1, 3, 7, 9):
        batches = read(reader(engine), position, carry, now=datetime.fromtimestamp(T0 + second, UTC))
        if batches:
            position, carry = batches[-1].position_text, batches[-1].carry_text
        rows_read.append(counted(batches)[0])
    assert rows_read == [0, 0, 800, 0]


def test_columns_that_nobody_asked_for_change_nothing(engine: sa.Engine, tmp_path: Path) -> None:
    lines = lines_of(DAY)
    make(engine, "id integer primary key, created, data1, serverid, data2, data3, data4, data5")
    insert(engine, [row_of(line) | {"created": "now"} for line in lines])
    expect_same(facts(read(reader(engine))), from_file(lines, tmp_path))


def texts(*usual: str | None) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.text(max_size=20), st.sampled_from(usual))


ROWS = st.fixed_dictionaries(
    {
        "time": texts("2026-11-22 03:11:10", "1795309870.5", "2026-10-25 03:30:00"),
        "callid": texts("1795309870.1", "NONE"),
        "queuename": texts("sales"),
        "agent": texts("A"),
        "event": texts("ENTERQUEUE", "CONNECT", "COMPLETECALLER", "PAUSE", "QUEUESTART"),
        "data1": texts("1|2"),
        "data2": st.text(max_size=10),
    }
)


@law(10, allows=[HealthCheck.function_scoped_fixture])  # a fifth of a second each
@given(rows=st.lists(ROWS, max_size=8))
def test_every_row_is_read_or_refused_and_borders_of_batches_change_nothing(
    engine: sa.Engine, rows: list[dict[str, object]]
) -> None:
    make(engine)
    insert(engine, rows)
    whole, by_one = read(reader(engine)), read(reader(engine), piece_bytes=1)
    assert counted(whole) == counted(by_one)
    assert counted(whole)[0] == len(rows)
    if rows:
        expect_same(facts(by_one), facts(whole))
        refused = pl.concat([batch.rejects for batch in whole])
        batch, still = reader(engine).again(refused["raw_text"].to_list(), "", now=NOW)
        assert batch.read_rows + len(still) == refused.height


# The address.


def settings_of(**given: object) -> RealtimeSettings:
    return RealtimeSettings.model_validate(
        {"name": "pbx", "kind": "asterisk_realtime", "every_seconds": 5} | given
    )


def test_the_address_comes_from_the_environment_and_stands_in_no_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PBX_URL", "ftp://floorboard:hidden@pbx/asterisk")
    table = settings_of(url_env="PBX_URL").reader(Site("Test floor", "Europe/Tallinn"), SECRET)
    with pytest.raises(LoadError) as caught:
        list(table.read("", "", now=NOW))
    assert "mysql://" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_settings_without_an_address_or_with_an_unknown_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="url_env or url_file"):
        settings_of()
    with pytest.raises(ValueError, match="IANA time zone"):
        settings_of(url_env="X", time_zone="Mars/Olympus")


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://u:hidden@h:port/db", "sqlite:///secret"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(LoadError) as caught:
        open_table(url, deadline_seconds=5)
    assert "hidden" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:hidden@127.0.0.1:{port}/pbx", "refuses the connection: nothing listens there"),
        ("mysql://me:hidden@127.0.0.1:{port}/pbx", "refuses the connection: nothing listens there"),
        ("postgresql://me:hidden@pbx.invalid:1/pbx", "The host of the phone system's database is not known"),
        ("mysql://me:hidden@pbx.invalid:1/pbx", "The host of the phone system's database is not known"),
        (
            "postgresql://me:hidden@127.0.0.1:{port}/pbx?colour=blue",
            "holds an option behind ? that its driver",
        ),
        ("mysql://me:hidden@127.0.0.1:{port}/pbx?colour=blue", "holds an option behind ? that its driver"),
        (
            "postgresql://me:hidden@127.0.0.1:{port}/pbx?sslmode=blue",
            "holds an option behind ? that its driver",
        ),
    ],
)
def test_why_a_database_is_out_of_reach_is_told_apart_and_its_password_never(url: str, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # free again, with nobody behind it, as soon as the block ends
    table = RealtimeTable(open_table(url.format(port=port), deadline_seconds=2), COLUMNS)
    with pytest.raises(LoadError) as caught, table.opened():
        pass
    assert words in str(caught.value)
    assert "hidden" not in str(caught.value)
