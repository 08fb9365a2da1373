"""Files that are broken, hostile or simply strange: each is read, or refused with a sentence, and holds up no other."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import LoadError
from etl.mappings.guess import Guess, guess, preview
from etl.sources import Batch, Site
from etl.sources.clouds.json_fields import reject_frame
from etl.sources.clouds.json_files import LocalFiles
from etl.sources.clouds.json_records import FilesPosition, pieces
from etl.sources.clouds.json_scan import scan
from etl.sources.files import file_workbook
from etl.sources.files.file_chunks import Wanted, looks_like_data, places
from etl.sources.files.file_open import LONGEST_KEPT, cut, key_of, shown
from etl.sources.files.file_workbook import check_workbook
from etl.sources.mapped_file import MappedFileSettings
from tests.laws import law
from tests.workbook import Cell, write_workbook

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE = Site("Test floor", "Europe/Tallinn", "EE")
HEADER = "call_id,queue,agent,started,wait,talk,result\n"
ROW = "1,sales,Ann,2026-11-20T10:00:00Z,5,60,answered\n"
SMALL: list[list[Cell]] = [["order", "date", "amount"], ["a", "2026-11-01", 5], ["b", "2026-11-02", 7]]


def settings_of(found: Guess) -> MappedFileSettings:
    assert found.settings is not None
    return found.settings


def read(settings: MappedFileSettings, position_text: str = "") -> list[Batch]:
    now = datetime.now(UTC) + timedelta(minutes=5)
    return list(settings.reader(SITE, b"secret").read(position_text, "", now=now))


def changed(path: Path, before: str, after: str, part: str = "xl/worksheets/sheet1.xml") -> Path:
    """The workbook with another text in one of its parts, packed."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    assert before in parts[part]
    parts[part] = parts[part].replace(before, after)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return path


END = "</sheetData>"
HOSTILE = {
    "a cell in the last corner": ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "reach to XFD1048576"),
    "a cell in the last row": ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', "reach to C1048576"),
    "a row without places": ('<row r="1048576"><c><v>1</v></c></row>', "one far away from the others"),
    "another order of names": ('<x:row r="9"><x:c t="n" r = \'XFD1048576\' ><x:v>1</x:v></x:c></x:row>', "XFD1048576"),
    "a row that there is not": ('<row r="99999999999"><c r="A9"><v>1</v></c></row>', "'99999999999' as the place"),
    "a column that there is not": ('<row r="9"><c r="ZZZZZ9"><v>1</v></c></row>', "'ZZZZZ' as the place"),
    "a place that is none": ('<row r="9"><c r="9A"><v>1</v></c></row>', "'9A' as the place"),
    "a cell without end": (
        '<row r="9"><c r="A9" t="inlineStr"><is><t>' + "A" * 5_000_000 + "</t></is></c></row>",
        "a cell of more than 1 MB",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_workbook_that_would_take_all_memory_is_refused_before_it_is_opened(
    tmp_path: Path, kind: str
) -> None:
    row, sentence = HOSTILE[kind]
    book = changed(write_workbook(tmp_path / "sales.xlsx", SMALL), END, row + END)
    assert book.stat().st_size < 20_000
    with pytest.raises(LoadError, match="Delete what does not belong there") as caught:
        guess(book, facts="revenues")
    assert sentence in str(caught.value)
    sound = write_workbook(tmp_path / "sound.xlsx", SMALL)
    settings = settings_of(guess(sound, facts="revenues")).model_copy(update={"path": tmp_path})
    reader = settings.reader(SITE, b"secret").read("", "", now=datetime.now(UTC) + timedelta(minutes=5))
    assert next(reader).read_rows == 2  # the sound one beside it is read
    with pytest.raises(LoadError, match="Delete what does not belong there"):
        list(reader)


def test_a_stray_cell_in_another_sheet_than_the_one_that_is_read_does_no_harm(tmp_path: Path) -> None:
    book = write_workbook(tmp_path / "sales.xlsx", SMALL, sheet="Sales")
    changed(book, "</sheets>", '<sheet name="Other" sheetId="2" r:id="r9"/></sheets>', "xl/workbook.xml")
    told = '<Relationship Id="r9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
    changed(
        book,
        "</Relationships>",
        f'{told} Target="/xl/sheet9.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels",
    )
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr(
            "xl/sheet9.xml", '<s><row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row></s>'
        )
    for sheet in (None, "Sales"):
        check_workbook(book, sheet)
    for sheet in ("Other", "of no such name"):
        with pytest.raises(LoadError, match="reach to XFD1048576"):
            check_workbook(book, sheet)


def test_what_a_package_says_of_its_length_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_workbook, "MOST_UNPACKED_BYTES", 100_000)
    rows = "".join(f'<row r="{number}"><c r="A{number}"><v>1</v></c></row>' for number in range(4, 4000))
    book = changed(write_workbook(tmp_path / "a.xlsx", SMALL), END, rows + END)
    data = bytearray(book.read_bytes())
    with zipfile.ZipFile(book) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    told = part.file_size.to_bytes(4, "little")
    assert data.count(told) >= 2
    book.write_bytes(data.replace(told, (100).to_bytes(4, "little")))
    with pytest.raises(LoadError, match=r"when unpacked|cannot be read as a workbook"):
        check_workbook(book, None)


def test_blank_rows_at_the_end_of_a_sheet_are_no_rows(tmp_path: Path) -> None:
    blank = '<row r="5000"><c r="A5000" t="inlineStr"><is><t> </t></is></c></row>'
    coloured = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    book = changed(write_workbook(tmp_path / "sales.xlsx", SMALL), END, blank + coloured + END)
    shown_rows = preview(book, guess(book, facts="revenues"), SITE, now=NOW)
    assert shown_rows.counts == {"read_rows": 2, "mapped_rows": 2, "rejected_rows": 0}


@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a folder", "links that lead in a circle"])
def test_what_is_no_file_is_named_and_nothing_waits_for_it(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    path = tmp_path / "calls.csv"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("calls.csv")
    else:
        path.symlink_to("other.csv")
        (tmp_path / "other.csv").symlink_to(path)
    with pytest.raises(LoadError, match=f"found {kind}; expected a file"):
        guess(path)
    (tmp_path / "good.csv").write_text(HEADER + ROW)
    settings = settings_of(guess(tmp_path / "good.csv"))
    if kind != "a folder":
        with pytest.raises(LoadError, match=f"found {kind}"):
            read(settings.model_copy(update={"path": path}))
        with pytest.raises(LoadError, match=f"found {kind}"):
            LocalFiles((path,)).listing({})
    assert sum(batch.read_rows for batch in read(settings.model_copy(update={"path": tmp_path}))) == 1
    listed = LocalFiles((tmp_path,)).listing({})
    assert [info.name for info in listed] == ["good.csv"]


def test_a_file_that_became_a_pipe_after_it_was_listed_is_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "records.json"
    file.write_text("{}")
    (info,) = LocalFiles((tmp_path,)).listing({})
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(LoadError, match="found a pipe"):
        LocalFiles((tmp_path,)).opened(info)


BROKEN = {
    "scalar.json": b"5",
    "cut.csv.gz": gzip.compress((HEADER + ROW).encode())[:-12],
    "other.csv.gz": b"no gzip at all",
    "damaged.csv.gz": gzip.compress((HEADER + ROW * 50).encode())[:12] + b"\xff" * 40,
    "line.csv": b"a" * 3_000_000,
    "zip.xlsx": b"PK\x03\x04 and no more",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BROKEN[name])
    with pytest.raises(LoadError, match="expected"):
        guess(tmp_path / name)


def test_a_header_that_never_ends_is_refused_by_a_load_too(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(HEADER + ROW)
    settings = settings_of(guess(tmp_path / "good.csv"))
    (tmp_path / "line.csv").write_bytes(b"a" * 3_000_000)
    with pytest.raises(LoadError, match=r"line\.csv, line 1: found a line of more than 1048576 bytes"):
        read(settings.model_copy(update={"path": tmp_path / "line.csv"}))


@pytest.mark.parametrize("name", ["two\nlines", "x" * 200, "", "nul\x00"])
def test_a_name_that_no_source_can_have_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "good.csv").write_text(HEADER + ROW)
    with pytest.raises(LoadError, match="expected 1 to 100 characters in one line"):
        guess(tmp_path / "good.csv", name=name)


def test_a_file_with_a_line_break_in_its_name_gives_a_source_with_a_name(tmp_path: Path) -> None:
    file = tmp_path / "nl\nname.csv"
    file.write_text(HEADER + ROW)
    assert settings_of(guess(file)).name == "nl name"


def test_files_whose_names_are_not_utf8_are_read_and_so_are_those_behind_them(tmp_path: Path) -> None:
    names = [b"caf\xe8.csv", b"caf\xe9.csv", b"z.csv"]
    for number, name in enumerate(names):
        path = tmp_path / os.fsdecode(name)
        path.write_text(HEADER + ROW.replace("1,", f"{number},", 1))
        os.utime(path, (1_790_000_000 + number,) * 2)
    settings = settings_of(guess(tmp_path / "z.csv")).model_copy(update={"path": tmp_path})
    batches = read(settings)
    told = [
        batch.rows["place_text"].item() for batch in batches if batch.rows is not None and batch.read_rows
    ]
    assert told == ["caf\ufffd.csv:2", "caf\ufffd.csv:2", "z.csv:2"]
    assert all(batch.position_text.encode() for batch in batches)
    assert sum(batch.read_rows for batch in read(settings, batches[-1].position_text)) == 0
    warned = guess(tmp_path / os.fsdecode(names[0]))
    assert "not UTF-8" in warned.warnings[0]
    assert warned.toml_text.encode()


def test_records_of_files_whose_names_are_not_utf8_have_places_that_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.json")).write_text('{"a": 1}')
    (tmp_path / "z.json").write_text('{"a": 2}')
    (piece,) = pieces(LocalFiles((tmp_path,)), FilesPosition(), now=NOW + timedelta(days=400))
    assert [item.place_text for item in piece.items] == ["caf\ufffd.json:1", "z.json:1"]
    assert piece.position.to_text().encode()


@law(100)
@given(st.binary(min_size=1, max_size=20), st.binary(min_size=1, max_size=20))
def test_every_name_can_be_written_and_no_two_bad_bytes_are_one_file(first: bytes, second: bytes) -> None:
    for name in (first, second):
        assert shown(os.fsdecode(name)).encode() is not None
        assert key_of(os.fsdecode(name)).encode() is not None
    if first != second and b"\\" not in first + second:
        assert key_of(os.fsdecode(first)) != key_of(os.fsdecode(second))


def test_midnight_is_not_taken_for_the_instant_of_a_call_that_never_queued() -> None:
    day = Path(__file__).parents[1] / "data" / "technion" / "calls_one_day.csv.gz"
    found = guess(day)
    assert {item.field_name: item.column_name for item in found.fields}["offered_at"] == "vru_exit"
    seen = preview(day, found, SITE, now=datetime.now(UTC) + timedelta(days=1), rows=1000)
    midnight = pl.col("offered_at").dt.convert_time_zone("Europe/Tallinn").dt.time() == pl.time(0)
    assert seen.mapped.filter(midnight).is_empty()
    counts = seen.counts
    assert (
        counts["read_rows"]
        == counts["mapped_rows"] + counts["rejected_rows"] + counts["repeated_rows"]
        == 2375
    )
    assert counts["repeated_rows"] > 0
    assert any("the last row of an id counts" in text for text in seen.warnings)


def test_where_only_midnights_are_left_the_doubt_is_said_and_the_rows_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    queued = "".join(f"{n},s,Ann,10:{n:02d}:00,5,60,answered\n" for n in range(10, 30))
    never = "".join(f"{n},s,,0:00:00,0,0,abandoned\n" for n in range(30, 35))
    file.write_text("call_id,queue,agent,q_start,wait,talk,result\n" + queued + never)
    found = guess(file)
    assert any(
        "5 of 25 rows say 0:00:00, which seems to mean that nothing is told" in text
        for text in found.warnings
    )
    counts = preview(file, found, SITE, now=datetime.now(UTC) + timedelta(days=1)).counts
    assert counts == {"read_rows": 25, "mapped_rows": 20, "rejected_rows": 5}


@pytest.mark.parametrize("column", ["started", "zeitpunkt xy"])
def test_the_one_column_of_instants_that_is_left_is_when_the_call_began(tmp_path: Path, column: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADER.replace("started", column) + ROW)
    found = guess(file)
    told = {item.field_name: item.column_name for item in found.fields}
    assert (found.facts, told["offered_at"], told["outcome_name"]) == ("calls", column, "result")
    assert preview(file, found, SITE, now=NOW).counts["mapped_rows"] == 1


def test_two_columns_of_instants_of_unknown_names_are_left_to_a_person(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "call_id,queue,agent,xx,yy,wait,talk,result\n" + ROW.replace("Z,", "Z,2026-11-20T11:00:00Z,", 1)
    )
    assert guess(file, facts="calls").missing == ("offered_at",)


def test_a_list_of_users_is_not_taken_for_tickets_for_sure() -> None:
    found = guess(Path(__file__).parents[1] / "data" / "zendesk" / "user_data.csv")
    assert found.confidence_ratio < 0.5
    assert "nothing tells for sure what the rows are" in found.warnings[0]
    assert "agent_name" not in {item.field_name for item in found.fields}


def test_ten_thousand_columns_are_looked_at_in_seconds(tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text(",".join(f"c{n}" for n in range(10_000)) + "\n" + ",".join("1" * 10_000) + "\n")
    begun = time.monotonic()
    found = guess(file)
    assert time.monotonic() - begun < 20
    assert found.warnings[0] == "9,000 columns after the first 1,000 were not looked at."


def test_a_long_row_is_kept_cut_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(HEADER + ROW)
    settings = settings_of(guess(tmp_path / "good.csv"))
    (tmp_path / "long.csv").write_text(HEADER + ROW.replace("answered", "x" * 100_000))
    (batch,) = read(settings.model_copy(update={"path": tmp_path / "long.csv"}))
    raw = batch.rejects["raw_text"].item()
    assert len(raw) < LONGEST_KEPT + 100
    assert "cut here: 100," in raw
    assert cut("x" * LONGEST_KEPT) == "x" * LONGEST_KEPT
    row = {"place_text": "p", "file_key": "", "reason_text": "r", "raw_text": json.dumps("y" * 50_000)}
    assert "cut here: 50,002 characters in all" in reject_frame([row])["raw_text"].item()


def test_a_text_that_is_never_closed_takes_little_memory_to_find_out() -> None:
    begun = time.monotonic()
    found = list(scan(io.BytesIO(b'{"a": "' + b"x" * 20_000_000)))
    assert time.monotonic() - begun < 20
    assert sum(item.end - item.start for item in found) == 20_000_007
    assert all(item.fault for item in found)


def test_a_first_row_that_is_data_is_not_repeated_in_the_message() -> None:
    row = ["17", "sales", "Jane Doe", "2026-11-20 10:00:00", "+372 5551 2345", "jane@example.com"]
    with pytest.raises(LoadError, match="The first row looks like data: set has_header = false") as caught:
        places(row, Wanted(("queue",)), "calls.csv")
    for text in ("Jane", "sales", "5551", "example", "2026"):
        assert text not in str(caught.value)
    assert "'sa…', 'Ja…' and 3 more" in str(caught.value)
    names = ["call id", *(f"column {number}" for number in range(100))]
    with pytest.raises(LoadError, match=r"found call id, column 0, .* and 81 more\. Correct"):
        places(names, Wanted(("queue",)), "calls.csv")


@pytest.mark.parametrize(
    ("header", "is_data"),
    [
        (["call_id", "queue", "wait"], False),
        (["1", "2", "3"], False),
        (["Kone ID", "2026", "Telefon", "Ooteaeg"], False),
        (["7", "sales", "51000001", "5"], True),
        (["id", "a@b.ee"], True),
    ],
)
def test_data_in_the_place_of_names_is_known(header: list[str], is_data: bool) -> None:
    assert looks_like_data(header) is is_data
