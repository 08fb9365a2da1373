"""Looks at the texts of a column and says what they can be: instants, durations, numbers, ids, words.

In: some rows of a file as text. Out: for each column what it can be, with the reason.
The rule it guards: what reads the whole column in one way only is taken; what reads it in two is taken with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from etl.mappings.mapping import DEFAULT_NULL_TEXTS
from etl.mappings.mapping_values import cleaned, numbers

ENOUGH = 0.95  # of the texts of a column that must fit
_DAY_FIRST = ("%d{s}%m{s}%Y", "%d{s}%m{s}%y")
_MONTH_FIRST = ("%m{s}%d{s}%Y", "%m{s}%d{s}%y")
_OTHERS = ("%Y{s}%m{s}%d",)
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?(Z|[+-][0-9]{2}:?[0-9]{2}|UTC))?)?$"
_CLOCK = r"^-?[0-9]{1,4}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$"
_SHAPED = r"^[0-9]{1,4}([./-])[0-9]{1,2}[./-][0-9]{2,4}(?:[ T,].*)?$"


@dataclass
class Column:
    """What the texts of a column can be.

    formats: of instants ("" for ISO, a format, or an epoch unit); doubt: why another reading would fit as well.
    """

    name: str
    texts: pl.Series
    formats: tuple[str, ...] = ()
    unit: str | None = None
    is_time_of_day: bool = False
    doubt: str = ""
    is_clock: bool = False
    is_number: bool = False
    decimal_sign: str | None = None
    thousands_sign: str | None = None
    distinct: int = 0
    words: dict[str, int] = field(default_factory=dict)

    @property
    def is_instant(self) -> bool:
        """Whether it can be an instant."""
        return bool(self.formats) or self.unit is not None

    @property
    def is_unique(self) -> bool:
        """Whether every row has another text."""
        return self.distinct > 0 and self.distinct == self.texts.len()


def look(rows: pl.DataFrame) -> dict[str, Column]:
    """Every column by name, with what its texts can be."""
    found = {name: _look_at(name, rows) for name in rows.columns}
    _settle_days(found)
    return found


def _look_at(name: str, rows: pl.DataFrame) -> Column:
    texts = rows.select(cleaned(pl.col(name), DEFAULT_NULL_TEXTS)).to_series().drop_nulls()
    column = Column(name, texts, distinct=texts.n_unique())
    if texts.is_empty():
        return column
    if column.distinct <= 60:
        column.words = dict(texts.value_counts(sort=True, name="rows").iter_rows())
    column.is_clock = _fits(texts.str.contains(_CLOCK))
    column.is_number, column.decimal_sign, column.thousands_sign = _number(texts)
    if _fits(texts.str.contains(_ISO)):
        column.formats = ("",)
    elif column.is_clock and not texts.str.starts_with("-").any():
        column.formats = tuple(
            item for item in _TIMES[:2] if _reads(texts, f"%Y-%m-%d {item}", "2000-01-01 ")
        )[:1]
        column.is_time_of_day = bool(column.formats)
    elif column.is_number:
        column.unit = _epoch(texts)
    else:
        column.formats = _dated(texts)
    return column


def _fits(matches: pl.Series) -> bool:
    return bool(matches.len()) and float(matches.sum()) >= ENOUGH * matches.len()


def _reads(texts: pl.Series, written: str, before: str = "") -> bool:
    text = pl.lit(texts) if not before else pl.concat_str(pl.lit(before), pl.lit(texts))
    text = text.str.replace(r"(^|[ T])24:00", "${1}00:00")
    read = pl.select(text.str.to_datetime(written, strict=False)).to_series()
    sane = read.dt.year().is_between(1990, 2100) | pl.Series([bool(before)]).new_from_index(0, len(read))
    return _fits(read.is_not_null() & sane.fill_null(value=False))


def _number(texts: pl.Series) -> tuple[bool, str | None, str | None]:
    """Whether they are numbers, and the signs other than a point that they need."""
    for decimal, thousands in ((".", None), (",", None), (",", "."), (".", ","), (",", " "), (".", " ")):
        read = pl.select(numbers(pl.lit(texts), decimal, thousands)).to_series()
        if _fits(read.is_not_null()):
            return True, (None if decimal == "." else decimal), thousands
    return False, None, None


def _epoch(texts: pl.Series) -> str | None:
    read = pl.select(numbers(pl.lit(texts), ".", None)).to_series().drop_nulls()
    least, most = read.min(), read.max()
    if not isinstance(least, float) or not isinstance(most, float):
        return None
    for unit, factor in (("epoch_seconds", 1.0), ("epoch_ms", 1e3), ("epoch_us", 1e6)):
        if least >= 946_684_800 * factor and most < 2_051_222_400 * factor:  # 2000 to 2035
            return unit
    return None


def _dated(texts: pl.Series) -> tuple[str, ...]:
    """Every format that reads the column, the likelier first."""
    if not _fits(texts.str.contains(_SHAPED)):
        return ()
    sign = str(texts.str.extract(_SHAPED, 1).drop_nulls().first())
    times = ("", *(f" {item}" for item in _TIMES), *(f", {item}" for item in _TIMES))
    has_half = texts.str.contains(r"(?i)[ap]m$").any()
    groups = (_MONTH_FIRST, _DAY_FIRST, _OTHERS) if has_half else (_DAY_FIRST, _MONTH_FIRST, _OTHERS)
    found: list[str] = []
    for days in groups:
        formats = (day.format(s=sign) + time for day in days for time in times)
        found += [written for written in formats if _reads(texts, written)][:1]
    return tuple(found[:2])


def _order(written: str) -> str:
    return "month" if written.startswith("%m") else "day" if written.startswith("%d") else "year"


def _settle_days(found: dict[str, Column]) -> None:
    """Where a column can be read with the day or the month first, the other columns of the file decide."""
    sure = {
        _order(column.formats[0])
        for column in found.values()
        if len(column.formats) == 1 and column.formats[0]
    }
    for column in found.values():
        if len(column.formats) < 2:
            continue
        other = [item for item in column.formats if _order(item) in sure]
        if len(sure - {"year"}) == 1 and other:
            column.formats = (other[0],)
            column.doubt = f"read with the {_order(other[0])} first, as the other columns of the file are"
        else:
            first, second = column.formats
            first, second = column.formats
            column.doubt = (
                f"{first} and {second} read every row of it; taken with the {_order(first)} first, "
                "look whether that is right"
            )
            column.formats = (first,)
