"""A frame as a file to take along (CSV, XLSX or Parquet), in which no cell can act as a formula.

In: a frame with unit-bearing column names, and what the file says of itself. Out: the bytes of the file.
The rule it guards: text that a spreadsheet could take for a formula is made harmless; numbers stay numbers, text stays
text; and no figure leaves without the version of its definition, its view, its time zone and when it was made.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_FORMULA = re.compile(r"""^(?:[\s"';,|]*[=+\-@＝＋－＠]|[\t\r\n|;%])""")
MOST_SHEET_ROWS = 1_048_575
"""What a sheet holds below its header."""

MOST_CELL_LETTERS = 32_767
LARGEST_EXACT = 10**15 - 1
"""A spreadsheet keeps 15 digits of a number; longer ones are ids and go as text."""

DAY_SECONDS = 86_400
WIDEST = 60
SAMPLE_ROWS = 200
_FIRST_SHEET_DATE = date(1900, 3, 1)  # before it, spreadsheets count a day that never was
_NUMBER_FORMATS = {
    "ratio": "0.0%",
    "amount": "#,##0.00",
    "score": "0.0##",
    "date": "yyyy-mm-dd",
    "at": "yyyy-mm-dd hh:mm:ss",
    "time": "[h]:mm:ss",
    "count": "#,##0",
    "fraction": "#,##0.0##",
    "plain": "0",
}


class ExportError(Exception):
    """The frame cannot become that file; the message says why and which other file takes it."""


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself: what it shows, narrowed to what, in whose time, by which definitions, made when.

    meanings: a sentence for each column that has one.
    """

    title: str
    view_text: str
    zone_name: str
    definition_version: int
    made_at: datetime
    meanings: Mapping[str, str] = field(default_factory=dict)

    def lines(self, frame: pl.DataFrame) -> dict[str, str]:
        """Its words by their name, for people and for programs."""
        return {
            "title": self.title,
            "view": self.view_text,
            "rows": str(frame.height),
            "time_zone": self.zone_name,
            "made_at": self.made_at.astimezone(ZoneInfo(self.zone_name)).isoformat(timespec="seconds"),
            "definition_version": str(self.definition_version),
        }


def csv_bytes(frame: pl.DataFrame, *, zone_name: str, about: About | None = None) -> bytes:
    """One line per row; instants in the site's time with their offset, ratios from 0 to 1, unknown as empty.

    With `about` each row ends with definition_version, made_at and view_text: a header of comments would break most
    readers, a second file would be lost, and columns stay with the rows when files are put together.
    """
    if about is not None:
        told = {
            "definition_version": pl.lit(about.definition_version),
            "made_at": pl.lit(about.made_at).dt.replace_time_zone("UTC")
            if about.made_at.tzinfo is None
            else pl.lit(about.made_at),
            "view_text": pl.lit(about.view_text),
        }
        frame = frame.with_columns(
            value.alias(name) for name, value in told.items() if name not in frame.columns
        )
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if dtype == pl.String:
            column = column.map_elements(harmless, return_dtype=pl.String)
        elif isinstance(dtype, pl.Datetime):
            column = column.dt.convert_time_zone(zone_name).dt.strftime("%Y-%m-%dT%H:%M:%S%:z")
        columns.append(column.alias(harmless(name)))
    return b"\xef\xbb\xbf" + frame.select(columns).write_csv().encode("utf-8")


def parquet_bytes(frame: pl.DataFrame, about: About) -> bytes:
    """The frame with its types, instants in the site's zone; `about` as key and value under "floorboard.".

    Texts are as they are: what reads Parquet knows no formulas.
    """
    told = {f"floorboard.{name}": text for name, text in about.lines(frame).items()}
    local = frame.with_columns(
        pl.col(name).dt.convert_time_zone(about.zone_name)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    )
    file = BytesIO()
    local.write_parquet(file, metadata=told)
    return file.getvalue()


def xlsx_bytes(frame: pl.DataFrame, about: About) -> bytes:
    """A workbook of two sheets: About, and Data with one line per row below a header that stays in sight.

    Seconds stay seconds (they can be added up), with the same as a duration beside them; ratios are stored from 0 to 1
    and shown as percent; instants are the site's wall clock, with their offset beside them where a column has two.
    ExportError for more rows than a sheet holds.
    """
    if frame.height > MOST_SHEET_ROWS:
        raise ExportError(
            f"There are {frame.height:,} rows, and a sheet holds {MOST_SHEET_ROWS:,}; take CSV or Parquet, or a shorter "
            "period."
        )
    from xlsxwriter import Workbook  # read when the first sheet is wanted: pages do not wait for it

    file = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        made = _Book(book)
        told, data = book.add_worksheet("About"), book.add_worksheet("Data")
        columns = list(_columns(frame, about.zone_name))
        cut = made.write_data(data, columns)
        made.write_about(told, frame, about, cut)
        data.activate()
        book.set_properties({"title": about.title, "comments": about.view_text})
    return file.getvalue()


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet could take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the sheet: its name, how its cells are shown, its values as the sheet takes them."""

    name: str
    kind: str
    values: list[Any]

    @property
    def width(self) -> float:
        """As wide as its name and its first values ask for, within limits."""
        fixed = {"at": 19, "date": 11, "time": 11}.get(self.kind)
        shown = [len(str(value)) for value in self.values[:SAMPLE_ROWS] if value is not None]
        return float(min(WIDEST, 2 + max([len(self.name), fixed or max(shown, default=0)])))


def _columns(frame: pl.DataFrame, zone_name: str) -> Iterator[_Column]:
    """The columns of the sheet: those of the frame, and beside some of them what makes them readable or exact."""
    for name, dtype in frame.schema.items():
        column = frame.get_column(name)
        unit = name.rpartition("_")[2]
        if isinstance(dtype, pl.Datetime):
            local = column.dt.convert_time_zone(zone_name)
            yield _Column(name, "at", local.dt.replace_time_zone(None, ambiguous="earliest").to_list())
            offsets = local.dt.strftime("%:z")
            if offsets.n_unique() > 1 + offsets.has_nulls():
                yield _Column(f"{name.removesuffix('_at')}_offset_text", "text", offsets.to_list())
        elif dtype == pl.Date:
            yield _Column(name, "date", column.to_list())
        elif dtype == pl.Boolean:
            yield _Column(name, "truth", column.to_list())
        elif dtype.is_numeric():
            yield from _numbers(name, unit, column)
        else:
            yield _Column(name, "text", [None if value is None else str(value) for value in column.to_list()])


def _numbers(name: str, unit: str, column: pl.Series) -> Iterator[_Column]:
    values = column.to_list()
    known = [value for value in values if value is not None]
    if column.dtype.is_integer() and any(abs(value) > LARGEST_EXACT for value in known):
        yield _Column(name, "text", [None if value is None else str(value) for value in values])
        return
    if unit in ("ratio", "amount", "score"):
        kind = unit
    elif unit in ("id", "version", "number"):
        kind = "plain"
    else:
        kind = "count" if column.dtype.is_integer() else "fraction"
    yield _Column(name, kind, values)
    if unit == "seconds":
        days = [None if value is None or value < 0 else value / DAY_SECONDS for value in values]
        yield _Column(f"{name.removesuffix('_seconds')}_time", "time", days)


class _Book:
    """The workbook with its formats, while it is written."""

    def __init__(self, book: Workbook) -> None:
        self._formats = {
            kind: book.add_format({"num_format": text}) for kind, text in _NUMBER_FORMATS.items()
        }
        self._text = book.add_format({"num_format": "@"})
        self._quoted = book.add_format({"num_format": "@"})
        self._quoted.set_quote_prefix()  # the apostrophe of a spreadsheet: text also after the cell was edited
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})

    def write_data(self, sheet: Worksheet, columns: list[_Column]) -> int:
        """The header and the rows; how many cells had to be cut."""
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.name, self._bold)
        cut = 0
        for number, row in enumerate(zip(*(column.values for column in columns), strict=True), 1):
            for place, value in enumerate(row):
                if value is not None:
                    cut += self._write(sheet, number, place, value, columns[place].kind)
        sheet.freeze_panes(1, 0)
        rows = len(columns[0].values) if columns else 0
        if columns:
            sheet.autofilter(0, 0, rows, len(columns) - 1)
        return cut

    def _write(self, sheet: Worksheet, row: int, place: int, value: Any, kind: str) -> bool:
        """Writes one cell by its kind; whether a part of it had to be left out."""
        if kind == "truth":
            sheet.write_boolean(row, place, value)
        elif kind in ("at", "date") and _day_of(value) >= _FIRST_SHEET_DATE:
            sheet.write_datetime(row, place, value, self._formats[kind])
        elif kind in self._formats and isinstance(value, int | float):
            if math.isfinite(value):
                sheet.write_number(row, place, value, self._formats[kind])
            elif not math.isnan(value):
                sheet.write_string(row, place, str(value), self._text)
        else:
            text = str(value)
            is_cut = len(text) > MOST_CELL_LETTERS
            shown = f"{text[: MOST_CELL_LETTERS - 1]}…" if is_cut else text
            sheet.write_string(row, place, shown, self.text_format(shown))
            return is_cut
        return False

    def text_format(self, text: str) -> Format:
        """How a text is kept: marked as text for good where it could be taken for a formula."""
        return self._quoted if _FORMULA.match(text) else self._text

    def write_about(self, sheet: Worksheet, frame: pl.DataFrame, about: About, cut: int) -> None:
        """What the file says of itself, and a line for each column with its meaning."""
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 96, self._wrapped)
        sheet.write_string(0, 0, about.title, self._title)
        lines = list(about.lines(frame).items())[1:]
        if cut:
            lines.append(("shortened_cells", f"{cut}: a cell holds {MOST_CELL_LETTERS:,} letters at most"))
        for number, (name, text) in enumerate(lines, 2):
            sheet.write_string(number, 0, name)
            sheet.write_string(number, 1, text, self.text_format(text))
        start = len(lines) + 3
        sheet.write_string(start, 0, "column", self._bold)
        sheet.write_string(start, 1, "meaning", self._bold)
        for number, name in enumerate(frame.columns, start + 1):
            sheet.write_string(number, 0, name)
            sheet.write_string(number, 1, about.meanings.get(name, ""), self._wrapped)


def _day_of(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
