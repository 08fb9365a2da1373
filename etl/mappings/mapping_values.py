"""Turns the texts of a file into instants, durations, numbers and words, and says of each that it cannot read why.

In: columns of text. Out: for each field a column of its own type, and a reason for every text that is none.
The rule it guards: a text is read in the one way that the mapping says, never in whichever way happens to fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from etl.mappings.mapping import DURATION_UNITS, EPOCH_UNITS, FieldMapping, Mapping, has_date
from etl.mappings.mapping_words import FieldWords
from etl.shapes import INSTANT

BLANKS = " \t\r\n\x0b\x0c\u00a0\u2007\u202f\u200b\ufeff"
SHOWN = 60  # characters of a text that a reason repeats
LARGEST_SECONDS = 2**31 - 1
NEXT_DAY_AFTER = pl.duration(hours=12)
HIDDEN_KEY = "key:"  # before the keyed hash that stands for a customer in a text that is kept
NAIVE = pl.Datetime("us")
FIRST_INSTANT, LAST_INSTANT = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_ISO = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_ISO_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_YES, _NO = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
_CURRENCY_SIGNS = "€$£¥₽ \u00a0\u202f"


@dataclass(frozen=True)
class Values:
    """A field of every row: its value, null where empty or not readable, and the reason where it is not."""

    series: pl.Series
    faults: pl.Series | None = None


@dataclass(frozen=True)
class Context:
    """What reading a field needs beside its text: the mapping, the zone, and the hash of a customer."""

    mapping: Mapping
    zone: str
    customer_key: Callable[[str], str | None]


def cleaned(column: pl.Expr, null_texts: Iterable[str]) -> pl.Expr:
    """The text without blanks around it; null where it is one of the texts that mean nothing."""
    text = column.str.strip_chars(BLANKS)
    return pl.when(~text.is_in(list(null_texts))).then(text)


def text_of(name: str, spec: FieldMapping, mapping: Mapping) -> pl.Expr:
    """The text of a field for every row, after its word list and its default."""
    nulls = (*mapping.null_texts, *(spec.null_texts or ()), "")
    if spec.constant is not None:
        text = pl.lit(spec.constant)
    elif spec.columns:
        parts = [cleaned(pl.col(column), nulls) for column in spec.columns]
        joined = pl.concat_str([part.fill_null("") for part in parts], separator=spec.joined_by)
        text = pl.when(pl.any_horizontal(part.is_not_null() for part in parts)).then(joined)
    else:
        names = (spec.column,) if spec.column is not None else spec.from_first_of
        text = pl.coalesce(cleaned(pl.col(column), nulls) for column in names)
    if spec.id_is_number:
        text = text.str.replace(r"^([0-9]+)\.0+$", "$1")
    if spec.values or spec.otherwise is not None:
        text = _meaning(text, spec)
    return text.fill_null(spec.default).alias(name) if spec.default is not None else text.alias(name)


def _meaning(text: pl.Expr, spec: FieldMapping) -> pl.Expr:
    """What the file's word means; without regard to capitals where it is not written as in the mapping."""
    lowered: dict[str, str] = {}
    for word, means in spec.values.items():
        lowered.setdefault(word.strip(BLANKS).lower(), means)
    found = (
        pl.coalesce(
            text.replace_strict(spec.values, default=None, return_dtype=pl.String),
            text.str.to_lowercase().replace_strict(lowered, default=None, return_dtype=pl.String),
        )
        if spec.values
        else pl.lit(None, pl.String)
    )
    other = text if spec.otherwise is None else pl.when(text.is_not_null()).then(pl.lit(spec.otherwise))
    meant = pl.coalesce(found, other)
    return pl.when(meant != "").then(meant)


def read_field(frame: pl.DataFrame, name: str, words: FieldWords, context: Context) -> Values:
    """One field of every row, but for instants, which `read_instant` reads."""
    spec = context.mapping.fields[name]
    texts = frame.with_columns(text_of(name, spec, context.mapping)).get_column(name)
    if words.kind == "seconds":
        return read_seconds(texts, spec, context.mapping)
    if words.kind in ("number", "whole"):
        return _read_number(texts, spec, words, context.mapping)
    if words.kind == "choice":
        return _read_choice(texts, spec, words.words)
    if words.kind == "bool":
        return _read_bool(texts, spec)
    if words.kind == "customer":
        return Values(hashed(texts, context.customer_key))
    return Values(
        texts, _faults(texts, spec, texts.str.contains("\x00", literal=True), "text without NUL bytes")
    )


def hashed(texts: pl.Series, customer_key: Callable[[str], str | None]) -> pl.Series:
    """The keyed hash for each number or address; one that is a hash already (of a row kept before) stays it."""
    keys = {
        text: text.removeprefix(HIDDEN_KEY) if is_hidden(text) else customer_key(text)
        for text in texts.drop_nulls().unique().to_list()
    }
    return texts.replace_strict(keys, default=None, return_dtype=pl.String)


def is_hidden(text: str) -> bool:
    """Whether the text is the hash that stands for a customer in a row that was kept."""
    return re.fullmatch(rf"{HIDDEN_KEY}[0-9a-f]{{32}}", text) is not None


def _faults(texts: pl.Series, spec: FieldMapping, is_bad: pl.Series, expected: str) -> pl.Series | None:
    """For the rows that are bad what was found, where, and what was expected."""
    if not is_bad.any():
        return None
    columns = "', '".join(spec.column_names)
    where = "the constant" if spec.constant is not None else f"column '{columns}'"
    return pl.select(
        pl.when(is_bad).then(
            pl.format(
                "{}: {} is '{}'; expected {}",
                pl.lit(texts.name),
                pl.lit(where),
                pl.lit(texts).str.replace_all("\x00", "\u2400", literal=True).str.slice(0, SHOWN),
                pl.lit(expected),
            )
        )
    ).to_series()


def numbers(text: pl.Expr, decimal_sign: str, thousands_sign: str | None) -> pl.Expr:
    """Numbers as Float64; null where the text is none, written with exactly these signs."""
    point = re.escape(decimal_sign)
    plain = rf"^[+-]?(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,2}})?$"
    is_number = text.str.contains(plain)
    if thousands_sign is not None:
        group = "[ \u00a0\u202f]" if thousands_sign == " " else re.escape(thousands_sign)
        grouped = rf"^[+-]?[0-9]{{1,3}}(?:{group}[0-9]{{2,3}})*{group}[0-9]{{3}}(?:{point}[0-9]+)?$"
        is_number = is_number | text.str.contains(grouped)
        text = text.str.replace_all(group, "")
    number = text.str.replace(decimal_sign, ".", literal=True).cast(pl.Float64, strict=False)
    return pl.when(is_number & number.is_finite()).then(number)


def _signs(spec: FieldMapping, mapping: Mapping) -> tuple[str, str | None]:
    decimal = spec.decimal_sign or mapping.decimal_sign
    thousands = spec.thousands_sign or mapping.thousands_sign
    return decimal, (thousands if thousands != decimal else None)


def _number_words(signs: tuple[str, str | None]) -> str:
    decimal, thousands = signs
    return f"a number such as 1{thousands or ''}234{decimal}5 (decimal_sign, thousands_sign)"


def read_seconds(texts: pl.Series, spec: FieldMapping, mapping: Mapping) -> Values:
    """Durations in whole seconds, halves up; null where empty. 1:02:03 needs unit = "hms", 1:02 hours "hm"."""
    column, signs = pl.lit(texts), _signs(spec, mapping)
    if spec.unit in ("hms", "hm"):
        seconds = _clock_seconds(column, spec.unit)
        expected = (
            "hours:minutes:seconds such as 1:02:03" if spec.unit == "hms" else "hours:minutes such as 1:02"
        )
    else:
        unit = spec.unit or "seconds"
        seconds = numbers(column, *signs) * DURATION_UNITS[unit]
        expected = f"{unit}, {_number_words(signs)}" + (
            "" if spec.unit else ', or unit = "minutes", "ms", "hms"'
        )
    whole = (seconds + 0.5).floor()
    fits = pl.when(whole.abs() <= LARGEST_SECONDS).then(whole).cast(pl.Int64)
    series = pl.select(fits).to_series()
    bad = texts.is_not_null() & series.is_null()
    return Values(series, _faults(texts, spec, bad, f"{expected}, of at most 68 years"))


def _clock_seconds(text: pl.Expr, unit: str) -> pl.Expr:
    last = r"(?::([0-9]{2}(?:\.[0-9]+)?))?" if unit == "hms" else ""
    pattern = rf"^(-)?(?:([0-9]{{1,4}})d )?([0-9]{{1,6}}):([0-9]{{2}}){last}$"
    days, first, second = (text.str.extract(pattern, number).cast(pl.Float64) for number in (2, 3, 4))
    if unit == "hm":
        seconds, most = first * 3600 + second * 60, second
    else:
        third = text.str.extract(pattern, 5).cast(pl.Float64)
        is_short = third.is_null()
        full = first * 3600 + second * 60 + third
        seconds = pl.when(is_short).then(first * 60 + second).otherwise(full)
        most = pl.max_horizontal(second, third)
    total = seconds + days.fill_null(0) * 86400
    signed = pl.when(text.str.starts_with("-")).then(-total).otherwise(total)
    return pl.when(most < 60).then(signed)


def _read_number(texts: pl.Series, spec: FieldMapping, words: FieldWords, mapping: Mapping) -> Values:
    text, signs = pl.lit(texts), _signs(spec, mapping)
    if texts.name.endswith("amount"):
        text = text.str.strip_chars(_CURRENCY_SIGNS)
    number = numbers(text, *signs)
    if spec.scale is not None and words.bounds is not None:
        (low, high), (least, most) = spec.scale, words.bounds
        number = (number - low) / (high - low) * (most - least) + least
    if words.kind == "whole":
        number = pl.when((number == number.floor()) & (number.abs() < 2**31)).then(number).cast(pl.Int64)
    series = pl.select(number).to_series()
    faults = _faults(texts, spec, texts.is_not_null() & series.is_null(), _number_words(signs))
    if words.bounds is None:
        return Values(series, faults)
    least, most = words.bounds
    outside = series.is_not_null() & ~series.is_between(least, most)
    more = _faults(texts, spec, outside, f"{least:g} to {most:g} (scale for another scale)")
    return Values(
        series,
        more if faults is None else faults if more is None else faults.zip_with(faults.is_not_null(), more),
    )


def _read_choice(texts: pl.Series, spec: FieldMapping, words: tuple[str, ...]) -> Values:
    known = {word: word for word in words}
    plain = pl.lit(texts).str.to_lowercase().str.replace_all(r"[ -]+", "_")
    series = pl.select(plain.replace_strict(known, default=None, return_dtype=pl.String)).to_series()
    bad = texts.is_not_null() & series.is_null()
    return Values(series, _faults(texts, spec, bad, f"a word of its `values`, or one of {', '.join(words)}"))


def _read_bool(texts: pl.Series, spec: FieldMapping) -> Values:
    known = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
    plain = pl.lit(texts).str.to_lowercase()
    series = pl.select(plain.replace_strict(known, default=None, return_dtype=pl.Boolean)).to_series()
    bad = texts.is_not_null() & series.is_null()
    return Values(
        series, _faults(texts, spec, bad, "true or false, yes or no, 1 or 0, or a word of its `values`")
    )


def read_instant(
    frame: pl.DataFrame, name: str, context: Context, *, after: pl.Series | None = None
) -> Values:
    """Instants in UTC. A local time that exists twice is the first of the two; one that never was is refused.

    after: the row's first instant; a time of day more than 12 hours before it is the next day's.
    """
    spec, mapping = context.mapping.fields[name], context.mapping
    texts = frame.with_columns(text_of(name, spec, mapping)).get_column(name)
    zone = spec.zone or context.zone
    days = _days(frame, spec, mapping)
    if spec.unit is not None:
        zoned, local = _counted(texts, spec, mapping)
    elif spec.format:
        zoned, local = _formatted(texts, spec.format, days)
    else:
        zoned, local = _iso(texts)
    if spec.is_inclusive:
        local, zoned = (pl.select(pl.lit(part) + pl.duration(days=1)).to_series() for part in (local, zoned))
    utc = pl.select(pl.coalesce(pl.lit(zoned), _in_utc(pl.lit(local), zone))).to_series()
    if after is not None and spec.is_time_of_day:
        later = _in_utc(pl.lit(local) + pl.duration(days=1), zone)
        is_next = pl.lit(utc) < pl.lit(after) - NEXT_DAY_AFTER
        utc = pl.select(pl.when(is_next).then(later).otherwise(pl.lit(utc))).to_series()
    sane = utc.is_between(FIRST_INSTANT, LAST_INSTANT, closed="left").fill_null(value=True)
    bad = texts.is_not_null() & utc.is_null()
    never = bad & local.is_not_null()
    judged = (
        (bad & ~never, _expected_instant(spec)),
        (never, f"a local time that exists in {zone}; clocks were put forward over it"),
        (~sane, "an instant of the years 1990 to 2099"),
    )
    faults = [
        fault for is_bad, expected in judged if (fault := _faults(texts, spec, is_bad, expected)) is not None
    ]
    utc = utc.set(~sane, None)
    return Values(
        utc, pl.select(pl.coalesce(pl.lit(fault) for fault in faults)).to_series() if faults else None
    )


def _expected_instant(spec: FieldMapping) -> str:
    if spec.unit == "excel_days":
        return "days since 1899-12-30, as Excel counts"
    if spec.unit:
        return f"{spec.unit.replace('_', ' ')}, whole digits"
    if spec.format:
        more = " and a day" if spec.is_time_of_day else ""
        return f"{' or '.join(spec.format)}{more}"
    return "2026-01-31T23:59:59, with or without an offset, or a format"


def _in_utc(local: pl.Expr, zone: str) -> pl.Expr:
    placed = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return placed.dt.convert_time_zone("UTC")


def _days(frame: pl.DataFrame, spec: FieldMapping, mapping: Mapping) -> pl.Expr:
    """The day of every row as 2026-01-31, null where it cannot be told."""
    if spec.day_column is None:
        return pl.lit(spec.day or mapping.day, pl.String)
    text = cleaned(pl.lit(frame[spec.day_column]), mapping.null_texts)
    if spec.day_format is None:
        return text.str.extract(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})")
    found = text.str.to_datetime(spec.day_format, time_unit="us", strict=False)
    return found.dt.strftime("%Y-%m-%d")


def _counted(texts: pl.Series, spec: FieldMapping, mapping: Mapping) -> tuple[pl.Series, pl.Series]:
    """Instants counted from an epoch: in UTC, or (Excel) local."""
    text = pl.lit(texts)
    none = pl.Series(texts.name, [None], dtype=pl.Int64).new_from_index(0, len(texts))
    if spec.unit == "excel_days":
        days = numbers(text, *_signs(spec, mapping))
        inside = pl.when(days.is_between(1, 100_000)).then(days)
        local = pl.datetime(1899, 12, 30, time_unit="us") + pl.duration(
            seconds=(inside * 86400 + 0.5).floor().cast(pl.Int64)
        )
        return none.cast(INSTANT), pl.select(local.cast(NAIVE)).to_series()
    factor = EPOCH_UNITS[spec.unit or ""]
    number = pl.when(text.str.contains(r"^-?[0-9]{1,16}(?:\.[0-9]+)?$")).then(
        text.cast(pl.Float64, strict=False)
    )
    exact = text.str.extract(r"^(-?[0-9]{1,16})(?:\.0*)?$").cast(pl.Int64, strict=False)
    micros = pl.coalesce(exact.cast(pl.Float64) * factor, number * factor)
    whole = (
        pl.when(exact.is_not_null())
        .then(exact * factor)
        .otherwise(micros.round().cast(pl.Int64, strict=False))
    )
    inside = pl.when(micros.abs() < 9e18).then(whole)
    return pl.select(inside.cast(INSTANT)).to_series(), none.cast(NAIVE)


def _formatted(texts: pl.Series, formats: tuple[str, ...], days: pl.Expr) -> tuple[pl.Series, pl.Series]:
    zoned: list[pl.Expr] = []
    local: list[pl.Expr] = []
    for written in formats:
        text = pl.lit(texts)
        if not has_date(written):
            text, written = pl.concat_str(days, text, separator=" "), f"%Y-%m-%d {written}"
        if "z" in re.findall(r"%[:#]?(z)", written):
            zoned.append(text.str.to_datetime(written, time_unit="us", time_zone="UTC", strict=False))
        else:
            local.append(_local(text, written))
    if not any(written.startswith("%Y") for written in formats):
        # Excel and Parquet give a real date so, whatever it looks like there; it can be read in no other way.
        told_zoned, told_local = _iso(texts)
        zoned.append(pl.lit(told_zoned))
        local.append(pl.lit(told_local))
    return _first_of(zoned, INSTANT, len(texts)), _first_of(local, NAIVE, len(texts))


def _iso(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    text = (
        pl.lit(texts)
        .str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) ", "${1}T")
        .str.replace(r"[zZ]$|\s*UTC$", "+00:00")
    )
    text = pl.when(text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}")).then(text)
    text = text.str.replace(r"(:[0-9]{2}),([0-9]+)", "$1.$2")
    zoned = [text.str.to_datetime(item, time_unit="us", time_zone="UTC", strict=False) for item in _ISO_ZONED]
    return _first_of(zoned, INSTANT, len(texts)), _first_of(
        [_local(text, item) for item in _ISO], NAIVE, len(texts)
    )


def _local(text: pl.Expr, written: str) -> pl.Expr:
    """A local time; the hour 24:00 is midnight at the end of its day."""
    hour_24 = r"(^|[ T])24:00(:00(?:\.0+)?)?(\D*)$"
    is_24 = text.str.contains(hour_24)
    found = text.str.replace(hour_24, "${1}00:00$2$3").str.to_datetime(written, time_unit="us", strict=False)
    return pl.when(is_24).then(found + pl.duration(days=1)).otherwise(found)


def _first_of(found: list[pl.Expr], dtype: pl.DataType, height: int) -> pl.Series:
    if not found:
        return pl.Series([None], dtype=dtype).new_from_index(0, height)
    return pl.select(pl.coalesce(found).cast(dtype)).to_series()
