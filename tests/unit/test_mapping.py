"""A mapping as it is written down, and what becomes of single texts."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.config import ConfigError, load_settings
from etl.mappings.mapping import DEFAULT_NULL_TEXTS, FieldMapping
from etl.mappings.mapping_facts import KEY, ROW, SEQ, Mapped, map_rows
from etl.mappings.mapping_toml import toml_of
from etl.mappings.mapping_values import Context
from etl.mappings.mapping_words import WORDS
from etl.sources.mapped_file import MappedFileSettings
from tests.laws import law

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL = """call_id = "id"
queue_name = { constant = "q" }
offered_at = "at"
wait_seconds = { constant = 5 }
outcome_name = { constant = "abandoned" }
"""


def mapping(fields: str, *, facts: str = "calls", more: str = "") -> MappedFileSettings:
    head = f'name = "s"\nkind = "file"\npath = "x.csv"\nevery_seconds = 60\nfacts = "{facts}"\n{more}\n'
    table = tomllib.loads(f"{head}[fields]\n{fields}")
    return MappedFileSettings.model_validate(table, context={"folder": Path("/files")})


def mapped(
    one: MappedFileSettings, rows: list[dict[str, str | None]], *, zone: str = "Europe/Tallinn"
) -> Mapped:
    table = pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in one.column_names},
        schema=dict.fromkeys(one.column_names, pl.String()),
    ).with_columns(
        pl.Series(SEQ, range(len(rows)), dtype=pl.Int64),
        pl.Series(ROW, range(2, len(rows) + 2), dtype=pl.Int64),
        pl.Series(KEY, [f"key{number}" for number in range(len(rows))], dtype=pl.String),
    )
    return map_rows(table, Context(one, zone, lambda text: f"hash of {text}"), now=NOW)


def instant(text: str, spec: str, **others: str) -> datetime | str | None:
    """What becomes of an instant: in UTC, or the reason for which the row is refused."""
    fields = CALL.replace('offered_at = "at"', f"offered_at = {spec}")
    found = mapped(mapping(fields), [{"id": "1", "at": text, **others}])
    if found.faults.height:
        return str(found.faults["reason_text"][0])
    value = found.facts["calls"]["offered_at"][0]
    assert value is None or isinstance(value, datetime)
    return value


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "spec", "expected"),
    [
        ("2026-01-31 23:59:59", '"at"', "2026-01-31 21:59:59"),
        ("2026-01-31T23:59:59.25Z", '"at"', "2026-01-31 23:59:59.25"),
        ("2026-01-31T23:59:59+14:00", '"at"', "2026-01-31 09:59:59"),
        ("2026-01-31 23:59 -1200", '"at"', "2026-02-01 11:59:00"),
        ("2026-01-31 24:00:00", '"at"', "2026-01-31 22:00:00"),
        ("2026-01-31", '"at"', "2026-01-30 22:00:00"),
        ("29-02-2016 01:16", '{ column = "at", format = "%d-%m-%Y %H:%M" }', "2016-02-28 23:16:00"),
        ("02/29/2016 1:16 PM", '{ column = "at", format = "%m/%d/%Y %I:%M %p" }', "2016-02-29 11:16:00"),
        ("5/2/2012 24:00", '{ column = "at", format = "%d/%m/%Y %H:%M" }', "2012-02-05 22:00:00"),
        ("2026-10-25 03:30:00", '"at"', "2026-10-25 00:30:00"),  # twice in Tallinn: the first, in summer time
        ("1790000000", '{ column = "at", unit = "epoch_seconds" }', "2026-09-21 14:13:20"),
        ("1790000000123", '{ column = "at", unit = "epoch_ms" }', "2026-09-21 14:13:20.123"),
        ("1790000000123456", '{ column = "at", unit = "epoch_us" }', "2026-09-21 14:13:20.123456"),
        ("46000.5", '{ column = "at", unit = "excel_days" }', "2025-12-09 10:00:00"),
        ("9:05:07", '{ column = "at", format = "%H:%M:%S", day = 2026-07-01 }', "2026-07-01 06:05:07"),
        ("31.01.2026", '{ column = "at", format = "%d.%m.%Y", is_inclusive = true }', "2026-01-31 22:00:00"),
        ("01.02.2026 x", '{ column = "at", format = ["%d.%m.%Y", "%d.%m.%Y x"] }', "2026-01-31 22:00:00"),
        ("2026-05-06 07:08:09", '{ column = "at", format = "%d.%m.%Y %H:%M" }', "2026-05-06 04:08:09"),
    ],
)  # fmt: skip
def test_a_text_is_the_instant_that_the_mapping_says(text: str, spec: str, expected: str) -> None:
    assert instant(text, spec) == utc(expected)


@pytest.mark.parametrize(
    ("text", "spec", "reason"),
    [
        ("01/02/2026 10:00", '"at"', "column 'at' is '01/02/2026 10:00'; expected 2026-01-31T23:59:59"),
        ("2026-03-29 03:30:00", '"at"', "a local time that exists in Europe/Tallinn"),
        ("30-02-2016 01:16", '{ column = "at", format = "%d-%m-%Y %H:%M" }', "expected %d-%m-%Y %H:%M"),
        ("0000-00-00", '"at"', "expected 2026-01-31"),
        ("2026-02-30", '"at"', "expected 2026-01-31"),
        ("2026-10-25T03:30:00+00:60", '"at"', "expected 2026-01-31"),
        ("1e9", '{ column = "at", unit = "epoch_seconds" }', "epoch seconds"),
        ("99999999999999999", '{ column = "at", unit = "epoch_seconds" }', "epoch seconds"),
        ("", '"at"', "offered_at: column 'at' is empty"),
        ("?", '"at"', "offered_at: column 'at' is empty"),
        ("2036-01-01 00:00:00", '"at"', "expected no instant after today"),
        ("25:00:00", '{ column = "at", format = "%H:%M:%S", day = "2026-07-01" }', "%H:%M:%S and a day"),
        ("infinity", '"at"', "expected 2026-01-31"),
        ("0001-01-01", '"at"', "expected an instant of the years 1990 to 2099"),
        ("9999-12-31 00:00:00", '"at"', "expected an instant of the years 1990 to 2099"),
        ("0", '{ column = "at", unit = "epoch_seconds" }', "expected an instant of the years 1990 to 2099"),
        ("٢٠٢٦-٠١-٣١", '"at"', "expected 2026-01-31"),
    ],
)
def test_what_is_no_instant_is_refused_with_what_was_found(text: str, spec: str, reason: str) -> None:
    assert reason in str(instant(text, spec))


def test_a_time_of_day_long_before_the_first_instant_is_of_the_next_day() -> None:
    fields = """queue_name = { constant = "q" }
offered_at = { column = "start", format = "%H:%M", day_column = "day", day_format = "%d.%m.%Y" }
ended_at = { column = "end", format = "%H:%M", day_column = "day", day_format = "%d.%m.%Y" }
outcome_name = { constant = "abandoned" }
"""
    rows: list[dict[str, str | None]] = [
        {
            "day": "24.10.2026",
            "start": "23:50",
            "end": "00:10",
        },  # over the night in which clocks are put back
        {"day": "24.10.2026", "start": "10:00", "end": "09:59"},  # a clock that went back: not a day later
    ]
    calls = mapped(mapping(fields, more="agree_within_seconds = 0"), rows).facts["calls"]
    assert calls["ended_at"].to_list() == [utc("2026-10-24 21:10:00"), utc("2026-10-24 06:59:00")]
    assert calls["wait_seconds"].to_list() == [20 * 60, -60]


def seconds(text: str, spec: str = '"wait"', *, more: str = "") -> int | str | None:
    fields = CALL.replace("wait_seconds = { constant = 5 }", f"wait_seconds = {spec}\nended_at = 'end'")
    row: dict[str, str | None] = {"id": "1", "at": "2026-01-01 00:00:00", "wait": text}
    found = mapped(mapping(fields, more=more + "\nagree_within_seconds = 9999999"), [row])
    if found.faults.height:
        return str(found.faults["reason_text"][0])
    value = found.facts["calls"]["wait_seconds"][0]
    assert value is None or isinstance(value, int)
    return value


@pytest.mark.parametrize(
    ("text", "spec", "more", "expected"),
    [
        ("36000", '"wait"', "", 36000),
        (" 5 ", '"wait"', "", 5),
        ("+5", '"wait"', "", 5),
        ("2.5", '"wait"', "", 3),
        ("-1", '"wait"', "", -1),  # the gate refuses it, with its own reason
        ("1,5", '{ column = "wait", unit = "minutes" }', 'decimal_sign = ","', 90),
        ("1.234,5", '"wait"', 'decimal_sign = ","\nthousands_sign = "."', 1235),
        ("1 234", '{ column = "wait", thousands_sign = " " }', "", 1234),
        ("2500", '{ column = "wait", unit = "ms" }', "", 3),
        ("1:02:03", '{ column = "wait", unit = "hms" }', "", 3723),
        ("02:03", '{ column = "wait", unit = "hms" }', "", 123),
        ("1d 00:00:01", '{ column = "wait", unit = "hms" }', "", 86401),
        ("-0:00:07", '{ column = "wait", unit = "hms" }', "", -7),
        ("26:15", '{ column = "wait", unit = "hm" }', "", 26 * 3600 + 15 * 60),
        ("1e3", '"wait"', "", 1000),
        ("00012", '"wait"', "", 12),
    ],
)
def test_a_text_is_the_duration_that_the_mapping_says(text: str, spec: str, more: str, expected: int) -> None:
    assert seconds(text, spec, more=more) == expected


@pytest.mark.parametrize(
    "text",
    [
        "0x10",
        "1_000",
        "٣",
        "３",
        "5,0",
        "1.234,56",
        "1e309",
        "inf",
        "Infinity",
        "-NaN",
        "sNaN",
        "9" * 30,
        "true",
        "1:02:03",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    assert f"wait_seconds: column 'wait' is '{text[:60]}'; expected" in str(seconds(text))


def test_a_spoilt_number_is_refused_whether_or_not_commas_part_thousands() -> None:
    plain = seconds("3,87,16,91,111", '{ column = "wait", unit = "hours" }')
    parted = seconds("3,87,16,91,111", '{ column = "wait", unit = "hours", thousands_sign = "," }')
    assert "is '3,87,16,91,111'; expected hours, a number such as 1234.5" in str(plain)
    assert "of at most 68 years" in str(parted)
    assert seconds("3,87,111", '{ column = "wait", thousands_sign = "," }') == 387_111


def test_what_a_call_tells_in_part_is_completed() -> None:
    fields = """call_id = "id"
queue_name = "queue"
offered_at = "at"
wait_seconds = "wait"
talk_seconds = "talk"
agent_name = "agent"
"""
    rows: list[dict[str, str | None]] = [
        {"id": "1", "queue": "q", "at": "2026-01-01T10:00:00Z", "wait": "20", "talk": "100", "agent": "Ann"},
        {
            "id": "2",
            "queue": "q",
            "at": "2026-01-01T10:00:00Z",
            "wait": "30",
            "talk": "0",
            "agent": "NO_SERVER",
        },
        {"id": "3.0", "queue": "q", "at": "2026-01-01T10:00:00Z", "wait": None, "talk": "7", "agent": "Ann"},
    ]
    found = mapped(mapping(fields), rows)
    calls = found.facts["calls"].select(
        "call_id", "outcome_name", "answered_at", "ended_at", "wait_seconds", "talk_seconds", "agent_name"
    )
    assert calls.rows() == [
        ("1", "answered", utc("2026-01-01 10:00:20"), utc("2026-01-01 10:02:00"), 20, 100, "Ann"),
        ("2", "abandoned", None, utc("2026-01-01 10:00:30"), 30, None, None),
    ]
    assert found.faults.rows()[0][0] == 2
    assert "nothing tells the wait" in found.faults.rows()[0][1]


def test_calls_without_an_end_wait_or_are_in_progress() -> None:
    fields = 'call_id = "id"\nqueue_name = { constant = "q" }\noffered_at = "at"\nanswered_at = "answer"\nended_at = "end"\n'
    at = "2026-01-01T10:00:00Z"
    rows: list[dict[str, str | None]] = [
        {"id": "1", "at": at},
        {"id": "2", "at": at, "answer": "2026-01-01T10:00:09Z"},
        {"id": "3", "at": at, "answer": "2026-01-01T10:00:09Z", "end": "2026-01-01T10:00:59Z"},
        {"id": "4", "at": at, "end": "2026-01-01T10:00:59Z"},
    ]
    calls = (
        mapped(mapping(fields), rows).facts["calls"].select("outcome_name", "wait_seconds", "talk_seconds")
    )
    assert calls.rows() == [
        ("waiting", None, None), ("in_progress", 9, None), ("answered", 9, 50), ("abandoned", 59, None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("end", "is_refused"), [("10:01:40", False), ("10:01:41", False), ("10:01:42", True), ("11:01:40", True)]
)
def test_what_is_told_twice_must_agree_within_a_second(end: str, is_refused: bool) -> None:
    fields = 'call_id = "id"\nqueue_name = { constant = "q" }\noffered_at = "at"\nwait_seconds = "w"\n'
    fields += 'talk_seconds = "t"\nended_at = "end"\n'
    row: dict[str, str | None] = {
        "id": "1",
        "at": "2026-01-01T10:00:00Z",
        "w": "20",
        "t": "80",
        "end": f"2026-01-01T{end}Z",
    }
    found = mapped(mapping(fields), [row])
    assert bool(found.faults.height) == is_refused
    if is_refused:
        assert "talk_seconds is 80, ended_at lies" in found.faults["reason_text"][0]


def test_of_a_call_told_twice_in_one_batch_the_last_row_holds() -> None:
    rows: list[dict[str, str | None]] = [
        {"id": "1", "at": "2026-01-01T10:00:00Z"}, {"id": "3.0", "at": "2026-01-01T10:00:00Z"},
        {"id": "1", "at": "2026-01-01T11:00:00Z"}, {"id": "3", "at": "2026-01-01T10:00:00Z"},
    ]  # fmt: skip
    calls = mapped(mapping(CALL), rows).facts["calls"].sort("call_id")
    assert calls["call_id"].to_list() == ["1", "3", "3.0"]  # ids are text and stay as they are
    assert calls["offered_at"][0] == utc("2026-01-01 11:00:00")
    alike = mapping(CALL.replace('"id"', '{ column = "id", id_is_number = true }'))
    assert mapped(alike, rows).facts["calls"]["call_id"].sort().to_list() == ["1", "3"]


def test_rows_are_taken_and_passed_over_by_their_columns() -> None:
    more = '[[only]]\nkind = ["call", "chat"]\n[[skip]]\nresult = "HANG"\nwait = 0\n[[skip]]\nwait = { more_than = 100 }\n'
    head = 'name = "s"\nkind = "file"\npath = "x.csv"\nevery_seconds = 60\nfacts = "calls"\n'
    one = MappedFileSettings.model_validate(
        tomllib.loads(f"{head}{more}[fields]\n{CALL}"), context={"folder": Path("/x")}
    )
    table = [
        ("call", "HANG", "0", False),
        ("call", "HANG", "0.0", False),
        ("call", "HANG", "7", True),
        ("call", "OK", "0", True),
        ("chat", "OK", "101", False),
        ("chat", "OK", "?", True),
        ("fax", "OK", "1", False),
        (" call ", "OK", "1", True),
    ]
    rows: list[dict[str, str | None]] = [
        {"id": str(number), "at": "2026-01-01T10:00:00Z", "kind": kind, "result": result, "wait": wait}
        for number, (kind, result, wait, _) in enumerate(table)
    ]
    found = mapped(one, rows)
    assert found.facts["calls"]["call_id"].to_list() == [
        str(n) for n, (*_, is_taken) in enumerate(table) if is_taken
    ]
    assert found.filtered_rows == 4


def test_a_ticket_as_it_ended_becomes_its_events() -> None:
    fields = """ticket_id = "id"
created_at = "made"
solved_at = "solved"
closed_at = "closed"
first_reply_at = "reply"
status_name = { column = "status", values = { Done = "solved", Shut = "closed", Held = "on_hold" } }
agent_name = "agent"
"""
    made = "2026-01-01T10:00:00Z"
    rows: list[dict[str, str | None]] = [
        {
            "id": "1",
            "made": made,
            "reply": "2026-01-01T11:00:00Z",
            "solved": "2026-01-01T12:00:00Z",
            "status": "Done",
            "agent": "Ann",
        },
        {"id": "2", "made": made, "status": "Held"},
        {"id": "3", "made": made, "status": "Shut"},
        {"id": "4", "made": made, "solved": "2025-12-31T10:00:00Z", "status": "Done"},
    ]
    found = mapped(mapping(fields, facts="tickets"), rows)
    events = found.facts["ticket_events"].sort("ticket_id", "occurred_at", "event_number")
    assert events.select("ticket_id", "event_name", pl.coalesce("value_text", "agent_name").alias("v")).rows() == [
        ("1", "created", None), ("1", "agent", "Ann"), ("1", "reply", None), ("1", "status", "solved"),
        ("2", "created", None), ("2", "status", "on_hold"),
    ]  # fmt: skip
    assert dict(found.faults.rows()) == {
        2: "status_name is 'closed', and solved_at, closed_at and updated_at are empty; expected one of them",
        3: "solved_at is before created_at",
    }


def test_changes_of_a_ticket_at_one_minute_keep_their_order_at_every_load() -> None:
    fields = 'ticket_id = "id"\ncreated_at = "made"\nupdated_at = "at"\nstatus_name = "status"\n'
    fields += 'agent_name = "agent"\nchange_number = "n"\n'
    one = mapping(fields, facts="tickets", more='one_row_is = "change"')
    rows: list[dict[str, str | None]] = [
        {"id": "1", "made": "2026-01-01T10:00:00Z", "at": "2026-01-01T10:00:00Z", "status": "open", "n": "0"},
        {
            "id": "1",
            "made": "2026-01-01T10:00:00Z",
            "at": "2026-01-01T10:00:00Z",
            "status": "solved",
            "agent": "Ann",
            "n": "1",
        },
    ]
    events = mapped(one, rows).facts["ticket_events"].drop("seq")
    turned = mapped(one, rows[::-1]).facts["ticket_events"].drop("seq")
    key = ["ticket_id", "occurred_at", "event_number"]
    assert events.sort(key).equals(turned.sort(key))
    assert not events.select(key).is_duplicated().any()
    told = events.filter(pl.col("event_name").is_in(["status", "agent"])).sort(key)
    assert told.select("event_name", "value_text", "agent_name").rows() == [
        ("status", "open", None), ("agent", None, None), ("status", "solved", None), ("agent", None, "Ann")
    ]  # fmt: skip


def test_states_without_length_and_scores_of_another_scale() -> None:
    states = mapping(
        'agent_name = "a"\nstarted_at = "at"\nduration_seconds = "s"\nstate_name = "state"\n',
        facts="agent_states",
    )
    rows: list[dict[str, str | None]] = [
        {"a": "Ann", "at": "2026-01-01T10:00:00Z", "s": "0", "state": "On Contact"},
        {"a": "Ann", "at": "2026-01-01T10:00:00Z", "s": "60", "state": "On Contact"},
        {"a": "Ann", "at": "2026-01-01T11:00:00Z", "s": None, "state": "wrap-up"},
    ]
    found = mapped(states, rows)
    assert found.empty_rows == 1
    assert found.facts["agent_states"]["state_name"].to_list() == ["on_contact", "wrap_up"]
    surveys = mapping(
        'answered_at = "at"\ncsat_score = { column = "s", scale = [0, 100] }\n', facts="surveys"
    )
    given: list[dict[str, str | None]] = [
        {"at": "2026-01-01T10:00:00Z", "s": text} for text in ("0", "50", "100", "101")
    ]
    told = mapped(surveys, given)
    assert told.facts["surveys"]["csat_score"].to_list() == [1.0, 3.0, 5.0]
    assert told.facts["surveys"]["survey_id"].to_list() == ["key0", "key1", "key2"]
    assert "expected 1 to 5" in told.faults["reason_text"][0]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('offerd_at = "at"', "(did you mean offered_at)"),
        ('offered_at = { colum = "at" }', "(did you mean column)"),
        ('offered_at = { column = "at", format = "%H:%M" }', "day or day_column for offered_at"),
        ('offered_at = { column = "at", format = "%Q" }', 'without "%Q"'),
        ('offered_at = { column = "at", zone = "Tallinn" }', "an IANA time zone"),
        (
            'offered_at = { column = "at", unit = "minutes" }',
            "the unit of offered_at to be one of epoch_seconds",
        ),
        (
            'offered_at = { constant = 1, column = "at" }',
            "exactly one of column, columns, from_first_of and constant",
        ),
        (
            'answered_at = { column = "w", add_to = "answered_at" }',
            "add_to of answered_at to name a mapped instant",
        ),
        ("queue_name = 3", "queue_name to be the name of a column"),
    ],
)
def test_a_wrong_mapping_is_refused_with_one_sentence(tmp_path: Path, lines: str, sentence: str) -> None:
    file = tmp_path / "floorboard.toml"
    rest = "".join(f"{line}\n" for line in CALL.splitlines() if not lines.startswith(line.split(" =")[0]))
    file.write_text(
        '[site]\nname = "x"\ntime_zone = "Europe/Tallinn"\n[[sources]]\nname = "s"\nkind = "file"\npath = "x.csv"\n'
        f'every_seconds = 60\nfacts = "calls"\n[sources.fields]\n{rest}{lines}\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(f"{file}, line ")


def test_needed_fields_that_are_not_mapped_are_named() -> None:
    with pytest.raises(
        ValueError, match="outcome_name or answered_at or talk_seconds among the fields of calls"
    ):
        mapping('queue_name = "q"\noffered_at = "at"\nwait_seconds = "w"\n')
    with pytest.raises(ValueError, match="updated_at among the fields of tickets"):
        mapping('ticket_id = "id"\ncreated_at = "at"\n', facts="tickets", more='one_row_is = "change"')


def test_a_mapping_that_is_written_down_is_read_back_as_the_same() -> None:
    one = mapping(
        'queue_name = { from_first_of = ["a b", "ü"], default = "none" }\n'
        'offered_at = { column = "at", format = ["%d.%m.%Y", "%Y"] }\n'
        'wait_seconds = { column = "w \\"x\\"", unit = "ms" }\n'
        'outcome_name = { column = "r", values = { "no answer" = "abandoned" } }\n',
        more='only = [{ "a b" = { at_least = 1.5 } }]\nskip = [{ r = ["x", "y"] }, { "a b" = { is_empty = true } }]',
    )
    table = one.model_dump(exclude_defaults=True, mode="json")
    again = tomllib.loads(toml_of(table))["sources"][0]
    assert MappedFileSettings.model_validate(again, context={"folder": Path("/")}) == one


@law(30)  # 70 ms each
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": st.text(max_size=5),
                "at": st.one_of(st.text(max_size=25), st.datetimes().map(str)),
                "wait": st.one_of(st.text(max_size=6), st.integers(-9, 10**12).map(str)),
                "result": st.sampled_from(["OK", "LOST", "", "x", "\x00"]),
            }
        ),
        max_size=8,
    )
)
def test_every_row_becomes_a_fact_or_is_refused_or_passed_over(rows: list[dict[str, str | None]]) -> None:
    fields = 'queue_name = { constant = "q" }\noffered_at = "at"\nwait_seconds = "wait"\n'
    fields += 'call_id = { columns = ["id", "at"] }\n'
    fields += 'outcome_name = { column = "result", values = { OK = "answered", LOST = "abandoned" } }\n'
    one = mapping(fields, more='skip = [{ result = "x" }]')
    found = mapped(one, rows)
    assert len(found.seqs) + found.faults.height + found.filtered_rows == len(rows)
    assert not set(found.seqs.to_list()) & set(found.faults["seq"].to_list())
    assert found.faults["reason_text"].null_count() == 0
    alone = [mapped(one, [row]) for row in rows]  # what a row is does not depend on the rows around it
    assert sum(len(item.seqs) for item in alone) == len(found.seqs)


@law(20)
@given(st.permutations(range(6)))
def test_the_order_of_rows_changes_nothing_where_versions_are_told(order: list[int]) -> None:
    one = mapping(CALL + 'updated_at = "told"\nagent_name = "who"\n')
    rows: list[dict[str, str | None]] = [
        {
            "id": str(number % 3),
            "at": "2026-01-01T10:00:00Z",
            "told": f"2026-01-01T1{number}:00:00Z",
            "who": str(number),
        }
        for number in range(6)
    ]
    calls = mapped(one, [rows[place] for place in order]).facts["calls"].sort("call_id")
    assert calls.select("call_id", "version_number").rows() == [
        (str(number % 3), int(utc(f"2026-01-01 1{number}:00:00").timestamp() * 1_000_000))
        for number in (3, 4, 5)
    ]


DOCUMENT = Path(__file__).parents[2] / "docs" / "sources" / "any-file.md"


def test_the_document_names_every_field_and_every_key() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            rows.setdefault(line.split("|")[1].strip(" `"), line)
    for facts, words in WORDS.items():
        told = re.findall(r"`(\w+)`", rows[facts])
        general = {"updated_at", "queue_display_name", "agent_display_name"}
        assert words.fields.keys() - general <= set(told), facts
        assert set(told) - {facts} <= words.fields.keys() | {"lasts", "created"}, facts
    keys = MappedFileSettings.model_fields.keys() | FieldMapping.model_fields.keys()
    own = {
        "name",
        "kind",
        "every_seconds",
        "stale_after_seconds",
        "lost_end_after_seconds",
        "deadline_seconds",
        "fields",
        "only",
        "skip",
    }
    assert [key for key in sorted(keys - own) if f"`{key}`" not in text] == []
    assert set(DEFAULT_NULL_TEXTS) - {""} <= set(re.findall(r"`([^`]+)`", rows["null_texts"]))


def test_every_example_of_the_document_loads(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 9
    for block in blocks:
        file = tmp_path / "floorboard.toml"
        file.write_text(f'[site]\nname = "x"\ntime_zone = "Europe/Tallinn"\n{block}', encoding="utf-8")
        assert load_settings(file).sources


def test_the_row_of_a_creation_may_tell_of_the_ticket_itself() -> None:
    fields = 'ticket_id = "id"\noccurred_at = "at"\nevent_name = "what"\nvalue_text = "value"\ntopic_name = "topic"\n'
    at = "2026-01-01T10:00:00Z"
    rows: list[dict[str, str | None]] = [
        {"id": "1", "at": at, "what": "created", "topic": "billing"},
        {"id": "1", "at": at, "what": "status", "value": "open"},
        {"id": "1", "at": at, "what": "shouted"},
    ]
    found = mapped(mapping(fields, facts="ticket_events"), rows)
    assert found.facts["tickets"].select("ticket_id", "created_at", "topic_name").rows() == [
        ("1", utc("2026-01-01 10:00:00"), "billing")
    ]
    events = found.facts["ticket_events"].select("event_name", "value_text", "event_number")
    assert events.rows() == [
        ("created", None, 2),
        ("status", "open", 3),
    ]  # in the order of the rows of the file
    assert "event_name: column 'what' is 'shouted'" in found.faults["reason_text"][0]
