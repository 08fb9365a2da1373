"""Files to take along: no cell acts as a formula, numbers stay numbers, and every file tells what it shows."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import fastexcel
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import downloads, export, pictures
from sql import metrics
from tests.laws import law

MADE_AT = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
ABOUT = export.About(
    title="Agents",
    view_text="team = 4, hours = business",
    zone_name="Europe/Tallinn",
    definition_version=3,
    made_at=MADE_AT,
    meanings={"level_ratio": "Answered in time, of all."},
)
FORMULAS = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    '"=1',
    "'=1",
    "＝1+1",
    '=HYPERLINK("http://e/?"&A1)',
    "=cmd|'/c calc'!A1",
    ";=1",
    "|x",
    "%0A=",
    "+3725551234",
]
PLAIN = ["007", "00012", "12345678901234567", "3/4", "1-2", "http://e.example/", "Õnne ő Вопросы 李明", "a=b"]


def sheet(data: bytes, name: str = "Data") -> pl.DataFrame:
    return fastexcel.read_excel(data).load_sheet(name, dtype_coercion="coerce").to_polars()


def told(data: bytes) -> dict[str, str]:
    rows = fastexcel.read_excel(data).load_sheet("About", header_row=None).to_polars().rows()
    return {row[0]: row[1] for row in rows if row[0]}


def inner(data: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read(name).decode("utf-8")


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN])
def test_a_text_comes_out_of_a_sheet_as_it_went_in_and_is_no_formula(text: str) -> None:
    data = export.xlsx_bytes(pl.DataFrame({"caller_text": [text], "row_id": [1]}), ABOUT)
    xml = inner(data, "xl/worksheets/sheet2.xml")
    assert "<f>" not in xml
    assert "<hyperlink" not in xml
    # XML reads a bare carriage return as a line feed; the file keeps it as an escape of its own.
    assert sheet(data)["caller_text"].to_list() == [text.replace("\r", "\n")] or text in sheet(data)[0, 0]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_dangerous_text_stays_text_also_when_its_cell_is_edited(text: str) -> None:
    """The quote prefix is the apostrophe of a spreadsheet; without it an edited cell would be read anew."""
    data = export.xlsx_bytes(pl.DataFrame({"caller_text": [text]}), ABOUT)
    styles, cell = inner(data, "xl/styles.xml"), inner(data, "xl/worksheets/sheet2.xml")
    number = int(cell.split('r="A2" s="')[1].split('"')[0])
    formats = styles.split("<cellXfs")[1].split("<xf ")[1:]
    assert 'quotePrefix="1"' in formats[number]


def test_a_plain_text_has_no_apostrophe() -> None:
    data = export.xlsx_bytes(pl.DataFrame({"caller_text": ["Sales"]}), ABOUT)
    cell = inner(data, "xl/worksheets/sheet2.xml")
    number = int(cell.split('r="A2" s="')[1].split('"')[0])
    formats = inner(data, "xl/styles.xml").split("<cellXfs")[1].split("<xf ")[1:]
    assert "quotePrefix" not in formats[number]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_acts_as_a_formula(text: str) -> None:
    data = export.csv_bytes(pl.DataFrame({"caller_text": [text]}), zone_name="UTC", about=ABOUT)
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[1][0] == f"'{text}"


def test_a_view_that_looks_like_a_formula_is_harmless_too() -> None:
    about = export.About("=1", "=2", "UTC", 1, MADE_AT)
    frame = pl.DataFrame({"offered_calls": [1]})
    text = export.csv_bytes(frame, zone_name="UTC", about=about).decode("utf-8-sig")
    assert text.splitlines()[1] == "1,1,2026-11-22T12:05:00+00:00,'=2"
    assert "<f>" not in inner(export.xlsx_bytes(frame, about), "xl/worksheets/sheet1.xml")


def test_numbers_stay_numbers_and_long_ids_stay_exact() -> None:
    frame = pl.DataFrame(
        {
            "gap_seconds": [-5, 90_061],
            "level_ratio": [0.847, None],
            "call_id": [99_999_999_999_999_999, 1],
            "queue_id": [4, 5],
            "call_key": ["00012", "1e5"],
            "is_open": [True, False],
        }
    )
    data = export.xlsx_bytes(frame, ABOUT)
    read = sheet(data)
    assert read["gap_seconds"].to_list() == [-5, 90_061]
    assert read["level_ratio"].to_list() == [0.847, None]
    assert read["call_id"].to_list() == ["99999999999999999", "1"]
    assert read["queue_id"].to_list() == [4, 5]
    assert read["call_key"].to_list() == ["00012", "1e5"]
    assert read["is_open"].to_list() == [True, False]


def test_seconds_have_a_duration_beside_them_that_can_be_added_up() -> None:
    """90,061 s = 25 h 1 min 1 s = 1.04237... days, which [h]:mm:ss shows as 25:01:01."""
    data = export.xlsx_bytes(pl.DataFrame({"talk_seconds": [90_061, None]}), ABOUT)
    xml = inner(data, "xl/worksheets/sheet2.xml")
    assert xml.count("<v>90061</v>") == 1
    stored = float(xml.split('r="B2"')[1].split("<v>")[1].split("</v>")[0])
    assert stored == pytest.approx((25 * 3600 + 60 + 1) / 86_400, abs=1e-12)
    assert "[h]:mm:ss" in inner(data, "xl/styles.xml")


def test_both_halves_of_the_repeated_hour_stay_apart() -> None:
    """25 October 2026, Tallinn: 03:30 comes twice, at 00:30 and at 01:30 UTC."""
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    read = sheet(export.xlsx_bytes(pl.DataFrame({"offered_at": twice}), ABOUT))
    assert read["offered_at"].dt.strftime("%d %H:%M").to_list() == ["25 03:30"] * 2
    assert read["offered_offset_text"].to_list() == ["+03:00", "+02:00"]
    once = sheet(export.xlsx_bytes(pl.DataFrame({"offered_at": twice[:1]}), ABOUT))
    assert once.columns == ["offered_at"]


def test_days_and_instants_are_typed_and_ratios_show_as_percent() -> None:
    frame = pl.DataFrame({"day_date": [date(2026, 11, 22)], "made_at": [MADE_AT], "level_ratio": [0.5]})
    data = export.xlsx_bytes(frame, ABOUT)
    read = sheet(data)
    assert read["day_date"].dt.date().to_list() == [date(2026, 11, 22)]
    assert 'formatCode="yyyy-mm-dd"' in inner(data, "xl/styles.xml")
    assert read["made_at"].dt.strftime("%Y-%m-%d %H:%M").to_list() == [
        "2026-11-22 14:05"
    ]  # 12:05 UTC in Tallinn
    assert 'formatCode="0.0%"' in inner(data, "xl/styles.xml")


def test_a_sheet_tells_its_view_its_n_and_its_definitions_first() -> None:
    frame = pl.DataFrame({"level_ratio": [0.5, 0.25]})
    data = export.xlsx_bytes(frame, ABOUT)
    assert fastexcel.read_excel(data).sheet_names == ["About", "Data"]
    found = told(data)
    assert found["view"] == "team = 4, hours = business"
    assert (found["rows"], found["definition_version"], found["time_zone"]) == ("2", "3", "Europe/Tallinn")
    assert found["made_at"] == "2026-11-22T14:05:00+02:00"
    assert found["level_ratio"] == "Answered in time, of all."
    assert 'state="frozen"' in inner(data, "xl/worksheets/sheet2.xml")


def test_a_text_longer_than_a_cell_is_shortened_and_that_is_told() -> None:
    """32,768 letters are one more than a cell holds."""
    data = export.xlsx_bytes(pl.DataFrame({"body_text": ["x" * 32_768, "y" * 32_767]}), ABOUT)
    read = sheet(data)["body_text"].to_list()
    assert read == ["x" * 32_766 + "…", "y" * 32_767]
    assert told(data)["shortened_cells"].startswith("1:")


def test_what_is_no_number_is_no_number_of_a_sheet() -> None:
    frame = pl.DataFrame({"gap_ratio": [float("nan"), float("inf"), 0.5]})
    assert [str(value) for value in sheet(export.xlsx_bytes(frame, ABOUT))["gap_ratio"].to_list()] == [
        "None",
        "inf",
        "0.5",
    ]


def test_more_rows_than_a_sheet_holds_are_refused_with_a_way_out() -> None:
    frame = pl.DataFrame({"row_id": pl.int_range(export.MOST_SHEET_ROWS + 1, eager=True)})
    with pytest.raises(export.ExportError, match=r"1,048,576 rows.*1,048,575; take CSV or Parquet"):
        export.xlsx_bytes(frame, ABOUT)


def test_a_page_offers_no_workbook_that_would_keep_others_waiting() -> None:
    wide = pl.DataFrame({f"a{number}_calls": [1] for number in range(10)})
    many = pl.concat([wide] * 100_000)
    assert [one.ending for one in downloads.table_offers(many, ABOUT)] == ["csv", "xlsx", "parquet"]
    more = pl.concat([many, wide])  # 100,001 rows of 10 columns
    assert [one.ending for one in downloads.table_offers(more, ABOUT)] == ["csv", "parquet"]


def test_parquet_keeps_every_value_and_type_and_tells_its_view() -> None:
    frame = pl.DataFrame(
        {
            "call_id": [99_999_999_999_999_999],
            "caller_text": ["=1+1"],
            "offered_at": [MADE_AT],
            "talk_seconds": [5],
        }
    )
    data = export.parquet_bytes(frame, ABOUT)
    read = pl.read_parquet(data)
    assert read.with_columns(pl.col("offered_at").dt.convert_time_zone("UTC")).equals(frame)
    assert read.schema["offered_at"] == pl.Datetime("us", "Europe/Tallinn")
    found = pl.read_parquet_metadata(io.BytesIO(data))
    assert found["floorboard.view"] == "team = 4, hours = business"
    assert (found["floorboard.rows"], found["floorboard.definition_version"]) == ("1", "3")


def test_a_csv_has_one_header_line_and_its_rows_end_with_version_instant_and_view() -> None:
    frame = pl.DataFrame({"offered_calls": [7, 8]})
    text = export.csv_bytes(frame, zone_name="Europe/Tallinn", about=ABOUT).decode("utf-8-sig")
    assert text.splitlines() == [
        "offered_calls,definition_version,made_at,view_text",
        '7,3,2026-11-22T14:05:00+02:00,"team = 4, hours = business"',
        '8,3,2026-11-22T14:05:00+02:00,"team = 4, hours = business"',
    ]


def test_a_frame_without_rows_is_a_file_with_a_header() -> None:
    frame = pl.DataFrame(schema={"offered_calls": pl.Int64, "made_at": pl.Datetime("us", "UTC")})
    assert export.csv_bytes(frame, zone_name="UTC", about=ABOUT).decode("utf-8-sig").count("\n") == 1
    assert sheet(export.xlsx_bytes(frame, ABOUT)).columns == ["offered_calls", "made_at"]
    assert pl.read_parquet(export.parquet_bytes(frame, ABOUT)).height == 0


# What XML cannot hold as it is (a carriage return among it) has its own test above.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=30)


@law(25)
@given(texts=st.lists(st.none() | TEXTS.filter(bool), min_size=1, max_size=5), number=st.integers())
def test_any_text_and_number_survives_every_file(texts: list[str | None], number: int) -> None:
    number %= 10**15
    frame = pl.DataFrame(
        {"name_text": texts, "offered_calls": [number] * len(texts)},
        schema_overrides={"name_text": pl.String},
    )
    assert pl.read_parquet(export.parquet_bytes(frame, ABOUT)).equals(frame)
    read = fastexcel.read_excel(export.xlsx_bytes(frame, ABOUT)).load_sheet(
        "Data", dtypes={"name_text": "string", "offered_calls": "int"}, skip_whitespace_tail_rows=False
    )
    assert read.to_polars().rows() == frame.rows()
    found = list(
        csv.reader(io.StringIO(export.csv_bytes(frame, zone_name="UTC").decode("utf-8-sig"), newline=""))
    )
    assert [row[0] for row in found[1:]] == ["" if text is None else export.harmless(text) for text in texts]
    assert {row[1] for row in found[1:]} == {str(number)}


class Drawn:
    """A chart of one bar, as `charts` would give it."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "data": {"values": [{"day": "<script>alert(1)</script>", "calls": 3}]},
            "mark": "bar",
            "encoding": {
                "x": {"field": "day", "type": "nominal"},
                "y": {"field": "calls", "type": "quantitative"},
            },
            "config": {"font": "Inter, sans-serif"},
        }


CAPTION = downloads.caption(
    "Offered <b>",
    ["Queue Sales & Õäöü · n = 3"],
    zone_name="Europe/Tallinn",
    made_at=MADE_AT,
    site_name="Harbour",
)


def test_a_picture_tells_title_view_n_source_and_version() -> None:
    text = pictures.svg(Drawn(), CAPTION)
    assert "Offered &lt;b&gt;" in text
    assert "Queue Sales &amp; Õäöü · n = 3" in text
    assert "Floorboard · Harbour · made 22 Nov 2026, 14:05:00 (Europe/Tallinn)" in text
    assert f"definitions version {metrics.definition_version()}" in text


def test_a_picture_holds_no_script_and_names_no_other_place() -> None:
    text = pictures.svg(Drawn(), CAPTION)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "http" not in text.replace("http://www.w3.org/", "")


def test_a_picture_is_as_sharp_as_a_good_screen_and_drawn_with_our_letters() -> None:
    data = pictures.png(Drawn(), CAPTION)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20]) == 2 * pictures.WIDTH
    import vl_convert

    assert b"Inter" in bytes(vl_convert.svg_to_pdf(pictures.svg(Drawn(), CAPTION)))


def test_a_chart_that_wants_data_from_elsewhere_is_refused() -> None:
    class Far(Drawn):
        def to_dict(self) -> dict[str, Any]:
            return super().to_dict() | {"data": {"url": "http://127.0.0.1:9/x.json"}}

    with pytest.raises(pictures.PictureError, match="could not be drawn"):
        pictures.chart_svg(Far())


def test_a_long_line_is_broken_inside_the_picture() -> None:
    long = " ".join(["word"] * 60)
    text = pictures.svg(Drawn(), pictures.Caption("x", [long], "y"))
    lines = [part.split("</text>")[0] for part in text.split('font-size="15"')[1:]]
    assert len(lines) == 3  # 299 letters at about 125 a line
    assert sum(line.count("word") for line in lines) == 60


@pytest.mark.parametrize(
    ("file_name", "title"),
    [
        ("agents-2026-11-22.csv", "Agents 2026-11-22"),
        ("tickets-by-group-today", "Tickets by group today"),
        ("agent-4-2026-11-22.csv", "Agent 4-2026-11-22"),
    ],
)
def test_a_file_is_titled_by_its_name(file_name: str, title: str) -> None:
    assert downloads.title_of(file_name) == title


def test_a_view_is_told_by_its_address() -> None:
    assert downloads.view_of({"period": "7_days", "queue": "4"}) == "period = 7_days, queue = 4"
    assert downloads.view_of({}) == "all of the page, nothing left out"
    assert json.dumps(downloads.view_of({"queue": "=1"})) == '"queue = =1"'
