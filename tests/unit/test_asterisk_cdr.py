"""Call detail records: which calls are taken, from which layout, and how contacts are linked."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from etl import LoadError
from etl.customer_key import customer_key
from etl.sources import Batch, Reader, Site
from etl.sources.asterisk_cdr import CdrSettings
from etl.sources.pbx.cdr_rows import LAYOUTS
from tests.laws import law

T0 = 1_795_309_870  # 2026-11-22 01:11:10 UTC, a Sunday
NOW = datetime.fromtimestamp(T0 + 86_400, UTC)
SECRET = b"a secret that only tests know"
TALLINN = ZoneInfo("Europe/Tallinn")
CALLER = "+37251000001"
COMPANION: dict[str, object] = {"queue_log_source": "pbx", "outgoing_contexts": ["from-internal"]}


def local(second: int, zone: ZoneInfo = TALLINN) -> str:
    return f"{datetime.fromtimestamp(T0 + second, zone):%Y-%m-%d %H:%M:%S}"


def row(start: int, answer: int | None, end: int, **given: str) -> dict[str, str]:
    """A record in seconds after T0; the rest as an agent's call to the outside has it."""
    texts = dict.fromkeys(LAYOUTS["21"], "") | {
        "src": "101", "dst": "51000001", "dcontext": "from-internal", "clid": '"Mari Maasikas" <101>',
        "channel": "PJSIP/101-0000001a", "dstchannel": "PJSIP/trunk-0000001b", "lastapp": "Dial",
        "lastdata": "PJSIP/51000001@trunk,30", "start": local(start), "end": local(end),
        "answer": "" if answer is None else local(answer), "duration": str(end - start),
        "billsec": "0" if answer is None else str(end - answer), "amaflags": "DOCUMENTATION",
        "disposition": "NO ANSWER" if answer is None else "ANSWERED", "uniqueid": f"{T0 + start}.7",
    }  # fmt: skip
    return texts | {"linkedid": texts["uniqueid"], "sequence": "1"} | given


def queued(start: int, answer: int | None, end: int, **given: str) -> dict[str, str]:
    """A record of a caller in a queue; answer is when the ring at the agent who took it began."""
    texts = {
        "src": CALLER, "dst": "700", "dcontext": "from-trunk", "clid": f'"Mari" <{CALLER}>', "lastapp": "Queue",
        "lastdata": "sales,tTxXck,,,45", "channel": "PJSIP/trunk-0000002a", "uniqueid": f"{T0 + start}.9",
        "linkedid": f"{T0 + start}.9", "dstchannel": "" if answer is None else "Local/102@agents-00000674;1",
        "disposition": "NO ANSWER" if answer is None else "ANSWERED",
    }  # fmt: skip
    return row(start, answer, end, **(texts | given))


def lines_of(rows: list[dict[str, str]], layout: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([[texts[name] for name in LAYOUTS[layout]] for texts in rows])
    return out.getvalue()


def reader(folder: Path, **given: object) -> Reader:
    source = {
        "name": "cdr",
        "kind": "asterisk_cdr",
        "every_seconds": 5,
        "path": str(folder / "Master.csv"),
        "layout": "21",
    }
    return CdrSettings.model_validate(source | given).reader(
        Site("Test floor", "Europe/Tallinn", "EE"), SECRET
    )


def read(
    folder: Path,
    rows: list[dict[str, str]] | str,
    *,
    position: str = "",
    carry: str = "",
    now: datetime = NOW,
    piece_bytes: int = 1 << 20,
    **given: object,
) -> list[Batch]:
    text = rows if isinstance(rows, str) else lines_of(rows, str(given.get("layout", "21")))
    (folder / "Master.csv").write_text(text, encoding="utf-8")
    return list(reader(folder, **given).read(position, carry, now=now, piece_bytes=piece_bytes))


def all_calls(batches: list[Batch]) -> pl.DataFrame:
    frame = pl.concat([batch.facts["calls"] for batch in batches])
    return frame.unique(("queue_name", "offered_at", "call_id", "stay_number"), keep="last").sort(
        "offered_at", "call_id", "queue_name", "stay_number"
    )


def calls(batches: list[Batch], *columns: str) -> list[tuple[object, ...]]:
    """Columns of the calls; instants in seconds after T0."""
    frame = all_calls(batches)
    seconds = [pl.col(name).dt.epoch("s") - T0 if name.endswith("_at") else pl.col(name) for name in columns]
    return frame.select(seconds).rows()


def links(batches: list[Batch]) -> list[tuple[object, ...]]:
    """Which contact goes on from which, each told last."""
    frame = pl.concat([batch.facts["contact_links"] for batch in batches])
    frame = frame.unique(("source_name", "contact_id"), keep="last", maintain_order=True).sort("contact_id")
    return frame.select(
        "source_name", "contact_id", "linked_source_name", "linked_contact_id", "link_name"
    ).rows()


def counted(batches: list[Batch]) -> tuple[int, int]:
    """Rows read and rejected; no batch names more rows than it read."""
    for batch in batches:
        assert batch.rows is not None
        assert batch.rows.height + batch.rejects.height <= batch.read_rows
    return sum(batch.read_rows for batch in batches), sum(batch.rejects.height for batch in batches)


TOLD = (
    "offered_at",
    "answered_at",
    "ended_at",
    "wait_seconds",
    "ring_seconds",
    "talk_seconds",
    "outcome_name",
)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_a_call_to_the_outside_is_the_same_in_every_layout(tmp_path: Path, layout: str) -> None:
    batches = read(tmp_path, [row(0, 8, 60)], layout=layout, **COMPANION)
    assert calls(batches, "queue_name", "agent_name", "direction_name", *TOLD) == [
        ("Outbound", "PJSIP/101", "outbound", 0, 8, 60, 8, 8, 52, "answered")
    ]
    assert all_calls(batches)["customer_key"].to_list() == [customer_key(SECRET, "51000001", "EE")]


def test_columns_may_be_named_one_by_one_and_others_are_passed_over(tmp_path: Path) -> None:
    columns = [
        "start",
        "recording",
        "end",
        "answer",
        "src",
        "dst",
        "dcontext",
        "channel",
        "dstchannel",
        "lastapp",
        "disposition",
        "uniqueid",
    ]
    texts = row(0, 8, 60) | {"recording": "out-51000001.wav"}
    text = ",".join(texts[name] for name in columns) + "\n"
    batches = read(tmp_path, text, layout=None, columns=columns, **COMPANION)
    assert calls(batches, "talk_seconds", "outcome_name") == [(52, "answered")]


@pytest.mark.parametrize(
    ("disposition", "outcome"),
    [("NO ANSWER", "timed_out"), ("BUSY", "withdrawn"), ("FAILED", "withdrawn"), ("CONGESTION", "withdrawn")],
)
def test_a_call_that_nobody_took_says_why(tmp_path: Path, disposition: str, outcome: str) -> None:
    batches = read(tmp_path, [row(0, None, 20, disposition=disposition)], **COMPANION)
    assert calls(batches, *TOLD) == [(0, None, 20, 20, None, None, outcome)]


def test_several_records_of_one_call_are_one_call(tmp_path: Path) -> None:
    rows = [
        row(0, None, 10, dstchannel="PJSIP/trunk-0000001b", disposition="BUSY"),
        row(10, 15, 60, dstchannel="PJSIP/other-0000001c", uniqueid=f"{T0}.7"),
        row(60, 60, 61, dstchannel="", lastapp="Hangup", uniqueid=f"{T0}.7"),
    ]
    batches = read(tmp_path, rows, **COMPANION)
    assert calls(batches, *TOLD) == [(0, 15, 60, 15, 5, 45, "answered")]
    assert counted(batches) == (3, 0)


def test_calls_between_agents_are_taken_only_where_they_have_a_queue(tmp_path: Path) -> None:
    rows = [row(0, 3, 9, dst="102", dstchannel="PJSIP/102-0000001c")]
    assert calls(read(tmp_path, rows, **COMPANION), "queue_name") == []
    batches = read(tmp_path, rows, internal_queue_name="Internal", **COMPANION)
    assert calls(batches, "queue_name", "direction_name", "customer_key") == [("Internal", "internal", None)]


def test_a_trunk_decides_what_is_outside_where_trunks_are_named(tmp_path: Path) -> None:
    rows = [row(0, 3, 9, dst="112"), row(20, 23, 29, dstchannel="PJSIP/102-0000001c")]
    batches = read(
        tmp_path, rows, trunk_channels=["PJSIP/trunk"], internal_queue_name="Internal", **COMPANION
    )
    assert calls(batches, "direction_name") == [("outbound",), ("internal",)]


def test_the_leg_from_a_queue_to_an_agents_mobile_is_no_outbound_call(tmp_path: Path) -> None:
    rows = [row(0, 8, 60, channel="Local/51000001@from-queue-00000011;2")]
    assert calls(read(tmp_path, rows, **COMPANION), "call_id") == []


def test_what_dials_nobody_is_no_call_and_is_counted(tmp_path: Path) -> None:
    rows = [row(0, 0, 9, dstchannel="", lastapp="VoiceMailMain"), row(20, 20, 30, dcontext="ivr")]
    [batch] = [batch for batch in read(tmp_path, rows, **COMPANION) if batch.read_rows]
    assert batch.facts["calls"].height == 0
    assert batch.unused.rows() == [("from-internal: VoiceMailMain", True, 1), ("ivr: Dial", True, 1)]


# Beside a queue log.


def test_a_call_that_entered_a_queue_is_left_to_the_queue_log(tmp_path: Path) -> None:
    rows = [queued(0, 5, 60), row(10, 12, 20, lastapp="Queue", lastdata="sales", dst="700")]
    assert calls(read(tmp_path, rows, **COMPANION), "call_id") == []


def test_a_call_that_only_the_queue_log_knows_to_have_queued_is_left_to_it(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text(f"{T0 - 9}|NONE|NONE|NONE|QUEUESTART|\n{T0 + 1}|{T0}.7|sales|NONE|ENTERQUEUE||101|1\n")
    rows = [row(0, 8, 60), row(30, 35, 60)]
    batches = read(tmp_path, rows, queue_log_path=str(log), **COMPANION)
    assert calls(batches, "call_id") == [(f"{T0 + 30}.7",)]


def test_reading_from_the_start_again_knows_the_old_calls_of_the_queue_log(tmp_path: Path) -> None:
    week = 7 * 86_400
    log = tmp_path / "queue_log"
    log.write_text("".join(f"{T0 + at + 1}|{T0 + at}.7|sales|NONE|ENTERQUEUE||101|1\n" for at in (0, week)))
    (tmp_path / "Master.csv").write_text(lines_of([row(0, 8, 60), row(week, week + 8, week + 60)], "21"))
    now = datetime.fromtimestamp(T0 + 2 * week, UTC)
    table = reader(tmp_path, queue_log_path=str(log), **COMPANION)
    for _ in range(2):
        batches = list(table.read("", "", now=now, piece_bytes=1))
        assert calls(batches, "call_id") == []
        assert counted(batches) == (2, 0)


def test_calls_that_are_missing_in_the_queue_log_are_counted_once_it_had_begun(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text(
        f"{T0 + 100}|NONE|NONE|NONE|QUEUESTART|\n{T0 + 201}|{T0 + 200}.9|sales|NONE|ENTERQUEUE||1|1\n"
    )
    rows = [queued(0, 5, 60), queued(200, 205, 260), queued(300, 305, 360), queued(400, 405, 460)]
    notices = [
        batch.notice for batch in read(tmp_path, rows, queue_log_path=str(log), **COMPANION) if batch.notice
    ]
    assert len(notices) == 1
    assert notices[0].startswith(
        f"2 calls entered a queue by Master.csv but are not in the queue log (the first is {T0 + 300}.9)"
    )


def test_contacts_of_one_linked_id_are_linked_to_the_first_whichever_ends_first(tmp_path: Path) -> None:
    rows = [
        queued(
            30, 35, 50, uniqueid=f"{T0 + 30}.11", linkedid=f"{T0}.9"
        ),  # the agent asks a second queue, and hands over
        row(40, 42, 48, uniqueid=f"{T0 + 40}.13", linkedid=f"{T0}.9"),  # and somebody outside
        queued(0, 5, 90),
        queued(95, 96, 99),
    ]
    expected = [
        ("pbx", f"{T0 + 30}.11", "pbx", f"{T0}.9", "transfer"),
        ("cdr", f"{T0 + 40}.13", "pbx", f"{T0}.9", "transfer"),
    ]
    assert links(read(tmp_path, rows, **COMPANION)) == expected
    assert links(read(tmp_path, rows, piece_bytes=1, **COMPANION)) == expected
    assert links(read(tmp_path, [rows[2], rows[0], rows[1], rows[3]], **COMPANION)) == expected


def test_legs_that_are_no_contacts_make_no_link(tmp_path: Path) -> None:
    rows = [queued(0, 5, 90, linkedid=f"{T0}.8"), row(0, 0, 90, dcontext="callerleg", uniqueid=f"{T0}.8")]
    assert links(read(tmp_path, rows, **COMPANION)) == []


# Alone.


def test_rings_at_several_agents_are_one_stay(tmp_path: Path) -> None:
    rows = [
        queued(0, None, 28, dstchannel="Local/103@agents-00000645;1", uniqueid=f"{T0}.9"),
        queued(29, None, 35, dstchannel="Local/108@agents-00000655;1", uniqueid=f"{T0}.9"),
        queued(36, 36, 60, uniqueid=f"{T0}.9"),
        queued(60, 60, 60, lastapp="Hangup", dstchannel="", uniqueid=f"{T0}.9"),
    ]
    for ring in rows[:2]:  # the dialplan had answered before the queue
        ring["answer"] = ring["start"]
    batches = read(tmp_path, rows)
    assert calls(batches, "queue_name", "agent_name", "stay_number", *TOLD) == [
        ("sales", "Local/102@agents", 1, 0, 36, 60, 36, None, 24, "answered")
    ]
    assert all_calls(batches)["customer_key"].to_list() == [customer_key(SECRET, CALLER, "EE")]


def test_a_caller_who_hangs_up_has_abandoned_and_one_whom_the_dialplan_takes_on_has_timed_out(
    tmp_path: Path,
) -> None:
    rows = [
        queued(0, None, 10),
        queued(20, None, 30),
        queued(30, 30, 33, lastapp="Voicemail", uniqueid=f"{T0 + 20}.9"),
        queued(50, 50, 95, lastapp="Hangup", dstchannel=""),
    ]
    batches = read(tmp_path, rows, queue_numbers={"700": "sales"})
    told = calls(batches, "offered_at", "wait_seconds", "outcome_name", "ended_by_name")
    assert told == [
        (0, 10, "abandoned", "caller"),
        (20, 10, "timed_out", "system"),
        (50, 45, "timed_out", "system"),
    ]


def test_a_call_that_enters_a_second_queue_and_the_first_again_has_three_stays(tmp_path: Path) -> None:
    rows = [
        queued(0, None, 10, uniqueid="x.1"),
        queued(10, None, 20, lastdata="billing", uniqueid="x.1"),
        queued(20, 25, 30, uniqueid="x.1"),
    ]
    told = calls(read(tmp_path, rows), "queue_name", "stay_number", "outcome_name")
    assert told == [("sales", 1, "timed_out"), ("billing", 1, "timed_out"), ("sales", 2, "answered")]


def test_the_real_records_give_the_counts_that_asterisk_gave(shared_data: Path, tmp_path: Path) -> None:
    """C of queue_show.txt, and ABANDON of the queue log; 15 of 46 timeouts rang nobody and leave no trace of a queue."""
    pbx = shared_data / "asterisk_pbx"
    text = gzip.decompress((pbx / "Master.csv.gz").read_bytes()).decode()
    batches = read(tmp_path, text, layout="18", is_utc=True)
    assert counted(batches) == (7256, 0)
    found = all_calls(batches).filter(pl.col("offered_at") >= datetime.fromtimestamp(T0, UTC))
    answered = (
        found.filter(pl.col("outcome_name") == "answered").group_by("queue_name").len().sort("queue_name")
    )
    assert answered.rows() == [("billing", 326), ("sales", 460), ("support", 509)]
    outcomes = dict(found["outcome_name"].value_counts().rows())
    assert outcomes == {"answered": 1295, "abandoned": 127, "timed_out": 46 - 15}
    beside = read(
        tmp_path, text, layout="18", is_utc=True, queue_log_path=str(pbx / "queue_log"), **COMPANION
    )
    assert counted(beside) == (7256, 0)
    assert sum(batch.facts["calls"].height for batch in beside) == 0
    assert [batch.notice for batch in beside if batch.notice] == []


# Reading on.


def test_where_one_batch_ends_changes_nothing(tmp_path: Path) -> None:
    rows = [
        *(row(n, n + 1, n + 9, uniqueid=f"{T0 + n}.1") for n in range(0, 60, 3)),
        queued(70, None, 80, uniqueid="q.1"),
        row(80, None, 85, uniqueid="o.1", disposition="BUSY"),
        queued(80, 85, 90, uniqueid="q.1"),
        row(86, 88, 92, uniqueid="o.1"),
    ]
    whole, by_one = read(tmp_path, rows), read(tmp_path, rows, piece_bytes=1)
    assert_frame_equal(all_calls(by_one).drop("seq"), all_calls(whole).drop("seq"))
    assert counted(whole) == counted(by_one) == (len(rows), 0)


def test_the_last_records_wait_for_the_others_of_their_call(tmp_path: Path) -> None:
    first, second = row(0, None, 10, disposition="BUSY"), row(10, 15, 60, uniqueid=f"{T0}.7")
    at_once = read(tmp_path, [first], now=datetime.fromtimestamp(T0 + 61, UTC), **COMPANION)
    assert counted(at_once) == (0, 0)
    left = {"position": at_once[-1].position_text, "carry": at_once[-1].carry_text}
    at_last = read(tmp_path, [first, second], now=datetime.fromtimestamp(T0 + 62, UTC), **left, **COMPANION)  # type: ignore[arg-type]
    left = {"position": at_last[-1].position_text, "carry": at_last[-1].carry_text}
    after = read(tmp_path, [first, second], now=datetime.fromtimestamp(T0 + 70, UTC), **left, **COMPANION)  # type: ignore[arg-type]
    assert counted(at_last) == (0, 0)
    assert counted(after) == (2, 0)
    assert calls(after, "outcome_name", "answered_at") == [("answered", 15)]
    left = {"position": after[-1].position_text, "carry": after[-1].carry_text}
    assert read(tmp_path, [first, second], now=NOW, **left, **COMPANION) == []  # type: ignore[arg-type]


def test_records_without_an_id_are_known_by_what_they_hold_and_how_often(tmp_path: Path) -> None:
    rows = [row(0, 8, 60), row(0, 8, 60), row(5, 8, 60)]
    first = read(tmp_path, rows, layout="16", **COMPANION)
    assert len(set(all_calls(first)["call_id"])) == 3
    assert_frame_equal(
        all_calls(read(tmp_path, rows, layout="16", piece_bytes=1, **COMPANION)).drop("seq"),
        all_calls(first).drop("seq"),
    )


# The clock.


def test_times_of_the_hour_that_comes_twice_are_told_apart_by_the_ids(tmp_path: Path) -> None:
    autumn = int(datetime(2026, 10, 25, 0, 50, tzinfo=UTC).timestamp()) - T0  # 03:50, for the first time
    rows = [row(autumn + 60 * n, autumn + 60 * n + 5, autumn + 60 * n + 600) for n in range(0, 60, 10)]
    told = calls(read(tmp_path, rows, **COMPANION), "offered_at", "answered_at", "talk_seconds")
    assert told == [(autumn + 60 * n, autumn + 60 * n + 5, 595) for n in range(0, 60, 10)]


def test_a_wrong_zone_is_found_out_by_the_ids(tmp_path: Path) -> None:
    rows = [row(60 * n, 60 * n + 5, 60 * n + 30) for n in range(15)]
    with pytest.raises(LoadError, match="2 h after the seconds in the ids"):
        read(tmp_path, rows, is_utc=True, **COMPANION)


# What is broken.


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"start": "yesterday"}, "start is 'yesterday'; expected a time such as"),
        ({"end": ""}, "end is ''; expected a time such as"),
        ({"end": local(-5)}, "is before start"),
        ({"answer": local(70)}, "is not between start and end"),
        ({"start": "2026-03-29 03:30:00", "uniqueid": ""}, "never was in Europe/Tallinn"),
        ({"end": "2099-01-01 00:00:00"}, "over a year ahead"),
        ({"billsec": "-5"}, "billsec is '-5'; expected seconds"),
        ({"duration": "1e9"}, "duration is '1e9'; expected seconds"),
        ({"disposition": "DOCUMENTATION"}, "expected one of ANSWERED"),
        ({"dcontext": "x" * 300}, "dcontext has more than 250 bytes"),
    ],
)
def test_a_broken_record_is_refused_with_its_line_and_what_was_expected(
    tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    batches = read(tmp_path, [row(0, 8, 60) | change, row(100, 108, 160)], **COMPANION)
    rejects = pl.concat([batch.rejects for batch in batches])
    assert rejects["place_text"].to_list() == ["Master.csv:1"]
    assert reason in rejects["reason_text"][0]
    assert "51000001" not in rejects["raw_text"][0]
    assert "Maasikas" not in rejects["raw_text"][0]
    assert counted(batches) == (2, 1)


def test_a_field_with_an_end_of_line_costs_its_record_only(tmp_path: Path) -> None:
    broken = lines_of([row(0, 8, 60, userfield="two\nlines")], "21")
    batches = read(tmp_path, broken + lines_of([row(100, 108, 160)], "21"), **COMPANION)
    assert counted(batches) == (3, 2)
    assert calls(batches, "offered_at") == [(100,)]


def test_a_wrong_layout_refuses_every_record_and_the_right_one_takes_them_again(tmp_path: Path) -> None:
    text = lines_of([row(0, 8, 60), row(100, 108, 160)], "18")
    batches = read(tmp_path, text, layout="17", **COMPANION)
    rejects = pl.concat([batch.rejects for batch in batches])
    assert "18 fields; expected 17 by the layout" in rejects["reason_text"][0]
    assert "51000001" not in "".join(rejects["raw_text"])
    batch, still = reader(tmp_path, layout="18", **COMPANION).again(
        rejects["raw_text"].to_list(), "", now=NOW
    )
    assert still == frozenset()
    expected = read(tmp_path, text, layout="18", **COMPANION)
    assert_frame_equal(all_calls([batch]).drop("seq"), all_calls(expected).drop("seq"))


def test_a_refused_call_can_be_read_again_from_its_row_alone(tmp_path: Path) -> None:
    rows = [row(0, None, 10, disposition="BUSY"), row(10, 15, 60, uniqueid=f"{T0}.7")]
    [taken] = [batch for batch in read(tmp_path, rows, **COMPANION) if batch.read_rows]
    assert taken.rows is not None
    batch, still = reader(tmp_path, **COMPANION).again(
        taken.rows["raw_text"].to_list(), taken.carry_text, now=NOW
    )
    assert still == frozenset()
    assert_frame_equal(all_calls([batch]), all_calls([taken]))
    assert "51000001" not in "".join(taken.rows["raw_text"])


@pytest.mark.parametrize(
    "carry", ["[]", "nonsense", '{"version":2}', '{"version":1}', '{"version":1,"waiting":[{}]}']
)
def test_an_absurd_cursor_stops_the_load_and_names_the_way_out(tmp_path: Path, carry: str) -> None:
    with pytest.raises(LoadError, match="from-start"):
        read(tmp_path, [row(0, 8, 60)], carry=carry, **COMPANION)


@pytest.mark.parametrize(
    ("given_keys", "word"),
    [
        ({"layout": None}, "either layout"),
        ({"columns": ["src"]}, "either layout"),
        ({"layout": None, "columns": ["src", "dst"]}, "columns with dcontext"),
        ({"queue_log_path": "/x"}, "queue_log_source with queue_log_path"),
        ({"time_zone": "Mars/Olympus"}, "IANA time zone"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    tmp_path: Path, given_keys: dict[str, object], word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        reader(tmp_path, **given_keys)


CHANGES = {
    name: st.text(alphabet="1a:- ", max_size=8) for name in ("start", "end", "uniqueid", "dst", "billsec")
}
RECORDS = st.builds(
    lambda start, length, changes: lines_of(
        [row(start, start + 1, start + 1 + length) | changes], "21"
    ).strip(),
    st.integers(0, 5000),
    st.integers(0, 600),
    st.fixed_dictionaries({}, optional=CHANGES),
)
LINES = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=40),
    st.lists(st.text(alphabet='ab",|0 ', max_size=6), min_size=21, max_size=21).map(",".join),
    RECORDS,
)


@law(60, allows=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, max_size=15))
def test_every_line_is_read_or_refused_and_borders_of_batches_change_nothing(
    tmp_path: Path, lines: list[str]
) -> None:
    text = "".join(f"{line}\n" for line in lines)
    whole, by_one = (read(tmp_path, text, piece_bytes=size, **COMPANION) for size in (1 << 20, 1))
    assert counted(whole) == counted(by_one)
    assert counted(whole)[0] == len(lines)
    if whole and by_one:
        assert_frame_equal(all_calls(by_one).drop("seq"), all_calls(whole).drop("seq"))


def test_a_record_from_the_far_future_neither_makes_the_data_look_new_nor_ends_the_linking(
    tmp_path: Path,
) -> None:
    ahead = row(40 * 86_400, None, 40 * 86_400 + 9, uniqueid=f"{T0}.99")
    batches = read(tmp_path, [row(0, 5, 65), ahead, row(90, 95, 120, uniqueid=f"{T0 + 90}.8")], **COMPANION)
    newest = [batch.newest_event_at for batch in batches if batch.newest_event_at]
    assert max(newest) == datetime.fromtimestamp(T0 + 120, UTC)


def test_one_garbled_id_does_not_accuse_the_zone(tmp_path: Path) -> None:
    rows = [
        row(60 * number, 60 * number + 5, 60 * number + 30, uniqueid=f"{T0 + 60 * number}.{number}")
        for number in range(30)
    ]
    rows[20] |= {"uniqueid": f"{T0 + 100_000_000}.20"}
    assert all_calls(read(tmp_path, rows, **COMPANION)).height >= 13
