"""Files as people and systems write them: whatever is in them, each row is read once, and refused alone."""

from __future__ import annotations

import gzip
import json
import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import LoadError
from etl.sources import Batch, Site
from etl.sources.mapped_file import MappedFiles, MappedFileSettings
from tests.laws import law
from tests.workbook import DATE, DATE_TIME, TIME, write_workbook

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIELDS = """revenue_id = "id"
earned_at = "at"
amount = "net"
reason_name = { column = "why", is_optional = true }
"""
HEAD = "id,at,net,why\n"


def row(number: int, why: str = "") -> str:
    return f"{number},2026-11-01 10:00:00,{number}.5,{why}\n"


def reader(path: Path, fields: str = FIELDS, *, facts: str = "revenues", more: str = "") -> MappedFiles:
    text = f'name = "s"\nkind = "file"\npath = "{path}"\nevery_seconds = 60\nfacts = "{facts}"\n{more}\n[fields]\n{fields}'
    one = MappedFileSettings.model_validate(tomllib.loads(text), context={"folder": path.parent})
    return one.reader(Site("Test floor", "Europe/Tallinn", "EE"), b"k" * 32)


def write(path: Path, content: str | bytes, *, age_seconds: float = 3600) -> Path:
    """The file as it was last written so long before NOW."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    changed = (NOW - timedelta(seconds=age_seconds)).timestamp()
    os.utime(path, (changed, changed))
    return path


def read(
    one: MappedFiles, position: str = "", *, piece_bytes: int = 4 << 20, now: datetime = NOW
) -> list[Batch]:
    """All batches, of which each counts every row that it read once."""
    batches = list(one.read(position, "", now=now, piece_bytes=piece_bytes))
    for batch in batches:
        passed = int(batch.unused["read_rows"].sum())
        kept = batch.rows.height if batch.rows is not None else 0
        assert batch.read_rows == kept + batch.rejects.height + passed
    return batches


def ids(batches: list[Batch], column: str = "revenue_id", facts: str = "revenues") -> list[str]:
    return [item for batch in batches if batch.facts for item in batch.facts[facts][column].to_list()]


def refused(batches: list[Batch]) -> list[tuple[str, str]]:
    return [told for batch in batches for told in batch.rejects.select("place_text", "reason_text").rows()]


@pytest.mark.parametrize(
    "content",
    [
        HEAD + row(1) + row(2),
        "\ufeff" + HEAD + row(1) + row(2),
        (HEAD + row(1) + row(2)).replace("\n", "\r\n"),
        (HEAD + row(1) + row(2)).replace("\n", "\r"),
        "sep=;\n" + (HEAD + row(1) + row(2)).replace(",", ";"),
        (HEAD + row(1) + row(2)).replace(",", "\t"),
        (HEAD + row(1) + row(2)).replace(",", "|"),
        (HEAD + row(1) + row(2)).replace("\n", ",\n"),  # a trailing empty column
        HEAD + row(1) + "\n,,,\n\n" + HEAD + row(2) + HEAD,
        " id , at,NET,\u00a0why\n" + row(1) + row(2),
        "why,net,at,id\n,1.5,2026-11-01 10:00:00,1\n,2.5,2026-11-01 10:00:00,2\n",
        'id,at,net,why\n"1","2026-11-01 10:00:00","1.5",\n2,2026-11-01 10:00:00,2.5,\n',
        (HEAD + row(1) + row(2)).rstrip("\n"),
        b"\xff\xfe" + (HEAD + row(1) + row(2)).encode("utf-16-le"),
        b"\xfe\xff" + (HEAD + row(1) + row(2)).encode("utf-16-be"),
        HEAD.encode() + row(1, "ю\u0a0aĊ").encode() + row(2).encode(),
    ],
)
def test_a_file_says_the_same_however_it_is_written(tmp_path: Path, content: str | bytes) -> None:
    batches = read(reader(write(tmp_path / "a.csv", content)))
    assert refused(batches) == []
    assert ids(batches) == ["1", "2"]
    assert [batch.facts["revenues"]["amount"].to_list() for batch in batches] == [[1.5, 2.5]]


def test_utf_16_with_line_ends_inside_its_signs_is_split_at_lines_only(tmp_path: Path) -> None:
    text = HEAD + row(1, "\u0a0a\u0a00\u000a".strip()) + row(2, "Ċ\u0d0a")
    file = write(tmp_path / "a.csv", b"\xff\xfe" + text.encode("utf-16-le"))
    assert ids(read(reader(file))) == ["1", "2"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("9,2026-11-01 10:00:00\n", "found 2 fields; expected 4"),
        ("9,2026-11-01 10:00:00,1,a,b\n", "found 5 fields; expected 4"),
        ('9,2026-11-01 10:00:00,1,"never closed\n', "a quote that is never closed"),
        ('9,2026-11-01 10:00:00,1,"a"b"\n', "expected fields whose inner quotes are doubled"),
        (
            "9,2026-11-01 10:00:00,1.5,a\x00b\n",
            "reason_name: column 'why' is 'a\u2400b'; expected text without NUL",
        ),
        ('9,2026-11-01 10:00:00,"3,87,16",\n', "amount: column 'net' is '3,87,16'; expected a number"),
        ("9,01.02.2026,1,\n", "earned_at: column 'at' is '01.02.2026'"),
        ("9,,1,\n", "earned_at: column 'at' is empty"),
        (f"9,2026-11-01 10:00:00,1,{'x' * 1_100_000}\n", "a line of more than 1048576 bytes"),
        (f'9,2026-11-01 10:00:00,1,"{"x" * 200_000}"\n', "field larger than field limit"),
    ],
)
def test_a_broken_row_is_refused_alone_with_its_place(tmp_path: Path, bad: str, reason: str) -> None:
    file = write(
        tmp_path / "a.csv", HEAD + row(1) + bad + row(2) + row(3, '"a ""quoted"" word,\nover two lines"')
    )
    batches = read(reader(file))
    assert ids(batches) == ["1", "2", "3"]
    ((place, told),) = refused(batches)
    assert place == "a.csv:3"
    assert reason in told
    one_by_one = read(reader(file), piece_bytes=1)
    assert ids(one_by_one) == ["1", "2", "3"]
    assert refused(one_by_one) == refused(batches)


def test_bytes_in_another_encoding_are_refused_until_the_encoding_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", HEAD.encode() + row(1).encode() + row(2, "Jõhvi").encode("cp1257"))
    batches = read(reader(file))
    assert ids(batches) == ["1"]
    assert "a byte that is not utf-8" in refused(batches)[0][1]
    assert ids(read(reader(file, more='encoding = "cp1257"')), "reason_name") == [None, "Jõhvi"]


def test_a_column_that_is_absent_or_stands_there_twice_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "id,at,net,net\n1,2026-11-01 10:00:00,1,2\n")
    with pytest.raises(LoadError, match="the column 'net' stands there 2 times"):
        read(reader(file))
    batches = read(reader(file, FIELDS.replace('"net"', '"net#2"')))
    assert batches[0].facts["revenues"]["amount"].to_list() == [2.0]
    with pytest.raises(LoadError, match=r"a\.csv: there is no column 'nett'; found id, at, net, net"):
        read(reader(file, FIELDS.replace('"net"', '"nett"')))


def test_a_second_header_in_another_order_stops_the_file(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", HEAD + row(1) + "at,id,net,why\n2026-11-01 10:00:00,2,2.5,\n")
    with pytest.raises(LoadError, match=r"a\.csv, line 3: the columns stand in another order"):
        read(reader(file))


def test_a_title_above_the_header_and_a_file_without_header(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "Sales of November\n\n" + HEAD + row(1))
    assert ids(read(reader(file, more="header_row = 3"))) == ["1"]
    bare = write(tmp_path / "b.csv", row(1) + row(2))
    fields = 'revenue_id = "1"\nearned_at = "2"\namount = "3"\n'
    assert ids(read(reader(bare, fields, more="has_header = false"))) == ["1", "2"]


def test_a_file_is_read_on_as_it_grows_and_a_last_line_only_when_it_has_come_to_rest(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", HEAD + row(1) + "2,2026-11-01 10", age_seconds=5)
    first = read(reader(file))
    assert ids(first) == ["1"]
    position = first[-1].position_text
    assert read(reader(file), position) == []
    write(file, HEAD + row(1) + row(2) + "3,2026-11-01 10:00:00,3.5,", age_seconds=4)
    second = read(reader(file), position)
    assert ids(second) == ["2"]
    write(file, HEAD + row(1) + row(2) + "3,2026-11-01 10:00:00,3.5,", age_seconds=61)
    third = read(reader(file), second[-1].position_text)
    assert ids(third) == ["3"]
    assert read(reader(file), third[-1].position_text) == []
    write(file, HEAD + row(1) + row(2) + row(3) + row(4))
    assert ids(read(reader(file), third[-1].position_text)) == [
        "3",
        "4",
    ]  # its end has come: the merge knows it


def test_cut_at_every_byte_the_rows_come_out_the_same(tmp_path: Path) -> None:
    whole = HEAD + row(1) + row(2, '"x\ny"') + row(3, "ü")
    content = whole.encode()
    for cut in range(len(content) + 1):
        file = write(tmp_path / "a.csv", content[:cut], age_seconds=1)
        first = read(reader(file))
        position = first[-1].position_text if first else ""
        write(file, content)
        second = read(reader(file), position)
        assert ids([*first, *second]) == ["1", "2", "3"], cut
        assert refused([*first, *second]) == []


@law(40)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(1, 400), st.integers(1, 400))
def test_where_batches_end_and_reading_stops_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], piece: int, cut: int
) -> None:
    fields = 'earned_at = "at"\namount = "net"\n'  # without an id: rows alike are told apart by their number
    text = HEAD + "".join(row(number) for number in numbers)
    file = write(tmp_path_factory.mktemp("files") / "a.csv", text)
    expected = sorted(ids(read(reader(file, fields))))
    assert len(set(expected)) == len(numbers)
    assert sorted(ids(read(reader(file, fields), piece_bytes=piece))) == expected
    write(file, text[:cut], age_seconds=1)
    first = read(reader(file, fields), piece_bytes=piece)
    write(file, text)
    second = read(reader(file, fields), first[-1].position_text if first else "", piece_bytes=piece)
    assert sorted(ids([*first, *second])) == expected


def test_files_are_renamed_packed_replaced_and_put_back_without_a_row_lost_or_read_twice(
    tmp_path: Path,
) -> None:
    one = reader(tmp_path)
    write(tmp_path / "a.csv", HEAD + row(1) + row(2))
    write(tmp_path / "b.csv", HEAD + row(3))
    position = read(one)[-1].position_text
    (tmp_path / "a.csv").rename(tmp_path / "old.csv")
    moved = read(one, position)
    assert ids(moved) == []
    position = moved[-1].position_text
    with gzip.open(tmp_path / "b.csv.gz", "wb") as packed:
        packed.write((HEAD + row(3) + row(4)).encode())
    (tmp_path / "b.csv").unlink()
    grown = read(one, position)
    assert ids(grown) == ["4"]
    position = grown[-1].position_text
    write(tmp_path / "old.csv", HEAD + row(9) + row(2))  # as long as before, another content
    replaced = read(one, position)
    assert ids(replaced) == ["9", "2"]
    position = replaced[-1].position_text
    kept = (tmp_path / "old.csv").read_bytes()
    (tmp_path / "old.csv").unlink()
    assert read(one, position) == []
    write(tmp_path / "back.csv", kept)
    assert ids(read(one, position)) == []


def test_a_file_that_cannot_be_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    packed = gzip.compress((HEAD + "".join(row(number) for number in range(2000))).encode())
    write(tmp_path / "cut.csv.gz", packed[: len(packed) // 2])
    write(
        tmp_path / "members.csv.gz", gzip.compress((HEAD + row(1)).encode()) + gzip.compress(row(2).encode())
    )
    write(tmp_path / "empty.csv.gz", b"")
    write(tmp_path / "~$lock.xlsx", b"x")
    write(tmp_path / "notes.md", "nothing")
    batches: list[Batch] = []
    with pytest.raises(LoadError, match=r"cut\.csv\.gz: it cannot be unpacked"):
        batches.extend(reader(tmp_path).read("", "", now=NOW))
    batches = []
    try:
        for batch in reader(tmp_path).read("", "", now=NOW):
            batches.append(batch)
    except LoadError:
        pass
    assert ids(batches) == ["1", "2"]


def test_nothing_there_is_an_error_for_a_file_and_none_for_a_folder(tmp_path: Path) -> None:
    assert read(reader(tmp_path)) == []
    assert read(reader(tmp_path / "calls-*.csv")) == []
    with pytest.raises(LoadError, match="there is no such file; expected the file or the folder"):
        read(reader(tmp_path / "calls.csv"))
    file = write(tmp_path / "calls.csv", "")
    assert read(reader(file)) == []
    position = read(reader(write(file, HEAD + row(1))))[-1].position_text
    file.unlink()
    assert read(reader(file), position) == []  # read and taken away


def test_a_stored_place_that_is_none_names_the_way_out(tmp_path: Path) -> None:
    for text in (
        "nonsense",
        '{"version":2}',
        '{"version":1,"files":[{"file_name":"a","offset":-1}],"column_names":[]}',
    ):
        with pytest.raises(LoadError, match="--from-start"):
            read(reader(tmp_path), text)


def test_a_workbook_gives_its_dates_times_and_numbers(tmp_path: Path) -> None:
    file = write_workbook(
        tmp_path / "a.xlsx",
        [
            ["Roster of November", None, None, None, None],
            ["Employee", "Day", "From", "To", "Activity"],
            ["007", (46000, DATE), (0.375, TIME), (0.75, TIME), "Work"],
            ["007", (46000, DATE), (0.5, TIME), (1.0, TIME), "Lunch"],
            [None, None, None, None, None],
            [8, "2025-12-09", "22:00:00", "06:00:00", None],
        ],
        merged=("A1:E1",),
    )
    fields = """agent_name = "Employee"
started_at = { column = "From", format = "%H:%M:%S", day_column = "Day" }
ended_at = { column = "To", format = "%H:%M:%S", day_column = "Day" }
activity_name = { column = "Activity", values = { Work = "work", Lunch = "break" }, default = "work" }
"""
    batches = read(reader(file, fields, facts="shifts", more="header_row = 2"))
    assert refused(batches) == []
    shifts = batches[0].facts["shifts"].select("agent_name", "started_at", "ended_at", "activity_name")
    assert shifts.rows() == [
        ("007", datetime(2025, 12, 9, 7, tzinfo=UTC), datetime(2025, 12, 9, 16, tzinfo=UTC), "work"),
        ("007", datetime(2025, 12, 9, 10, tzinfo=UTC), datetime(2025, 12, 9, 22, tzinfo=UTC), "break"),
        ("8", datetime(2025, 12, 9, 20, tzinfo=UTC), datetime(2025, 12, 10, 4, tzinfo=UTC), "work"),
    ]
    assert list(batches[0].rows["place_text"]) == ["a.xlsx:3", "a.xlsx:4", "a.xlsx:6"]  # type: ignore[index]
    sold = write_workbook(tmp_path / "b.xlsx", [["id", "at", "net"], [3, (46000.5, DATE_TIME), 12.25]])
    fields = FIELDS.replace('"at"', '{ column = "at", format = "%d.%m.%Y %H:%M" }')
    facts = read(reader(sold, fields))[0].facts["revenues"]
    assert facts.select("revenue_id", "earned_at", "amount").rows() == [
        ("3", datetime(2025, 12, 9, 10, tzinfo=UTC), 12.25)
    ]
    with pytest.raises(LoadError, match="there is no sheet 'Plan'; found Sheet"):
        read(reader(sold, more='sheet = "Plan"'))
    with pytest.raises(LoadError, match="it cannot be read as a workbook"):
        read(reader(write(tmp_path / "c.xlsx", sold.read_bytes()[:300])))


def test_parquet_is_read_in_pieces_with_its_own_types(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    at = datetime(2026, 11, 1, 8, tzinfo=UTC)
    pl.DataFrame(
        {
            "id": [1.0, 2.0, 3.0],
            "at": [at, at + timedelta(hours=1), None],
            "net": [1.5, 2.5, 3.5],
            "who": [{"name": "Ann"}, {"name": "Ben"}, None],
        }
    ).with_columns(pl.col("at").dt.convert_time_zone("Europe/Tallinn")).write_parquet(file)
    fields = """revenue_id = { column = "id", id_is_number = true }
earned_at = "at"
amount = "net"
agent_name = "who.name"
"""
    batches = read(reader(file, fields), piece_bytes=1)
    assert len(batches) == 3
    assert ids(batches) == ["1", "2"]
    assert ids(batches, "agent_name") == ["Ann", "Ben"]
    assert batches[0].facts["revenues"]["earned_at"].to_list() == [datetime(2026, 11, 1, 8, tzinfo=UTC)]
    assert refused(batches) == [
        ("a.parquet:3", "earned_at: column 'at' is empty; expected a value in every row")
    ]
    assert ids(read(reader(file, fields), batches[0].position_text)) == ["2"]  # on from the second row
    with pytest.raises(LoadError, match="it cannot be read as Parquet"):
        read(reader(write(tmp_path / "b.parquet", b"PAR1")))


@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_json_objects_with_inner_ones_are_read_and_what_is_none_is_refused(
    tmp_path: Path, ending: str
) -> None:
    good = ['{"id": 12345678901234567, "at": "2026-11-01T10:00:00Z", "sale": {"net": 1.50}, "why": null, "new": [1]}',
            '{"id": "x", "at": 5, "sale": {"net": true}}',
            '{"id": "y", "at": "2026-11-01T10:00:00Z", "sale": {"net": NaN}}',
            '{"id": "z", "sale": {"net": 1}}', '{"id": "\\ud800", "at": "2026-11-01T10:00:00Z", "sale": {"net": 1}}',
            '[1]', '{"id": 7, "at": "2026-11-01T10:00:00Z", "sale": {"net": -5}, "why": "\\u0000"}']  # fmt: skip
    text = (
        "\n".join(good)
        if ending == "jsonl"
        else '{"result": [' + ",".join(good[:5] + good[6:]) + '], "count": 7}'
    )
    fields = FIELDS.replace('"net"', '"sale.net"')
    batches = read(reader(write(tmp_path / f"a.{ending}", text), fields))
    assert ids(batches) == ["12345678901234567"]
    reasons = [reason for _, reason in refused(batches)]
    for part in ("earned_at: column 'at' is '5'", "amount: column 'sale.net' is empty", "earned_at: column 'at' is empty",
                 "found half of a surrogate pair", "reason_name: column 'why' is '\u2400'"):  # fmt: skip
        assert sum(part in reason for reason in reasons) == 1, part
    assert sum("a JSON list" in reason for reason in reasons) == (ending == "jsonl")


def test_json_that_is_still_being_written_is_an_error_of_its_file(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no whole JSON"):
        read(reader(write(tmp_path / "a.json", '[{"id": 1},')))
    lines = write(
        tmp_path / "b.jsonl", '{"id":"1","at":"2026-11-01","net":1}\n{"id": \n' + "[" * 100_000 + "\n"
    )
    assert len(refused(read(reader(lines)))) == 2


def test_a_refusal_refuses_every_row_of_the_first_batch(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", HEAD + row(1) + row(2))
    batches = list(reader(file).read("", "", now=NOW, piece_bytes=1, refusal="the warehouse said no"))
    assert ids(batches) == ["2"]
    assert refused(batches) == [("a.csv:2", "the warehouse said no")]


def test_the_customer_leaves_the_file_as_a_hash_only_and_a_refused_row_is_taken_later_with_the_same(
    tmp_path: Path,
) -> None:
    fields = """call_id = "id"
queue_name = "queue"
offered_at = "at"
wait_seconds = "wait"
customer = "phone"
outcome_name = { column = "result", values = { OK = "answered" } }
"""
    content = "id,queue,at,wait,result,phone,mail\n1,q,2026-11-01 10:00:00,5,OK,+372 5100 0001,a@b.ee\n"
    content += (
        "2,q,2026-11-01 10:00:00,5,LOST,51000001,a@b.ee\n3,q,x,5,OK,51000001,a@b.ee,too,many 5100 0001\n"
    )
    file = write(tmp_path / "a.csv", content)
    one = reader(file, fields, facts="calls")
    batches = read(one)
    kept = " ".join(
        str(batch) + str(batch.rejects.rows()) + str(batch.rows.rows())
        for batch in batches
        if batch.rows is not None
    )
    for private in ("5100", "a@b.ee"):
        assert private not in kept
    mended = reader(
        file, fields.replace('OK = "answered"', 'OK = "answered", LOST = "abandoned"'), facts="calls"
    )
    raws = batches[0].rejects["raw_text"].to_list()
    batch, still = mended.again([*raws, "no JSON", json.dumps({"id": 3})], "", now=NOW)
    split = next(place for place, raw in enumerate(raws) if "#line" in raw)
    assert still == {split, 2, 3}
    assert batch.facts["calls"].select("call_id", "outcome_name", "customer_key").rows() == [
        ("2", "abandoned", batches[0].facts["calls"]["customer_key"][0])
    ]
    assert batch.read_rows == 1


def test_rows_without_id_keep_their_names_when_they_are_taken_later(tmp_path: Path) -> None:
    fields = 'earned_at = "at"\namount = "net"\n'
    text = "at,net\n" + "2026-11-01 10:00:00,1\n" * 2 + "2026-11-01 10:00:00,x\n" * 2
    one = reader(write(tmp_path / "a.csv", text), fields)
    (batch,) = read(one)
    mended = reader(tmp_path / "a.csv", fields.replace('"net"', '{ column = "net", values = { x = "2" } }'))
    taken, still = mended.again(batch.rejects["raw_text"].to_list(), "", now=NOW)
    assert not still
    names = [*ids([batch]), *ids([taken])]
    assert len(set(names)) == 4
    assert sorted(ids(read(mended))) == sorted(names)


def test_columns_that_come_later_are_named_once(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", HEAD + row(1))
    first = read(reader(file))
    assert [batch.notice for batch in first] == [None]
    write(file, "id,at,net,why,tip\n2,2026-11-01 10:00:00,2,,1\n")
    second = read(reader(file), first[-1].position_text)
    assert [batch.notice for batch in second] == ["a.csv: new columns that no field uses: tip."]
    write(file, "id,at,net,why,tip\n3,2026-11-01 10:00:00,2,,1\n")
    assert [batch.notice for batch in read(reader(file), second[-1].position_text)] == [None]


def test_one_line_of_many_megabytes_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    with file.open("wb") as out:
        out.write(HEAD.encode() + row(1).encode())
        for _ in range(40):
            out.write(b"x" * (1 << 20))
        out.write(b"\n" + row(2).encode())
    write(file, file.read_bytes())
    batches = read(reader(file))
    assert ids(batches) == ["1", "2"]
    assert len(refused(batches)) == 1


def test_two_sources_of_one_file_are_two_origins_only_where_their_rows_differ(tmp_path: Path) -> None:
    one, other = reader(tmp_path).settings, reader(tmp_path, more='skip = [{ id = "1" }]').settings
    assert one.origin_text() != other.origin_text()
    assert one.origin_text() == reader(tmp_path, more='decimal_sign = ","').settings.origin_text()
