"""How a column of somebody's file becomes a field of a fact, as a person writes it down in floorboard.toml.

In: the [[sources]] table of a file with its [sources.fields], [sources.only] and [sources.skip]. Out: one frozen mapping.
The rule it guards: a mapping is right as a whole or it is refused with a sentence; nothing in it is guessed or passed over.
"""

from __future__ import annotations

import difflib
import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from etl.mappings.mapping_words import MOMENTS, WORDS, FactsName, FactsWords
from etl.sources import SourceSettings, Table

Column = Annotated[str, Field(min_length=1, max_length=300)]
Columns = Annotated[tuple[Column, ...], Field(strict=False)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Sign = Annotated[str, Field(min_length=1, max_length=1)]
Scalar = str | int | float | bool
DEFAULT_NULL_TEXTS = ("", "NULL", "null", "None", "N/A", "n/a", "#N/A", "NaN", "nan", "?", "-", "--")
DURATION_UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0, "ms": 0.001}
CLOCK_UNITS = ("hms", "hm")
EPOCH_UNITS = {"epoch_seconds": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_DIRECTIVE = re.compile(r"%(\.?[369]?f|[:#]?z|.|$)")
_KNOWN_DIRECTIVES = frozenset("YymdebBhjHkIlMSpPzTFDRaA%") | {":z", "#z", ".f", ".3f", ".6f", ".9f"}
_DATE_DIRECTIVES = frozenset("YyFD")


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _texted(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float | date) else value


def _all_texted(value: object) -> object:
    return {str(key): _texted(item) for key, item in value.items()} if isinstance(value, dict) else value


def _format(value: str) -> str:
    """The format with a fraction of a second as the parser wants it (%.f takes the point too)."""
    written = value.replace(".%f", "%.f")
    for found in _DIRECTIVE.findall(written):
        if found not in _KNOWN_DIRECTIVES:
            raise ValueError(
                f'a format of the directives of strptime such as "%d.%m.%Y %H:%M:%S", without "%{found}"'
            )
    return written


def has_date(written: str) -> bool:
    """Whether a format tells the day, not only the time of day."""
    return bool(_DATE_DIRECTIVES & set(_DIRECTIVE.findall(written)))


def _is_zone(value: str | None) -> str | None:
    if value is not None and value not in available_timezones():
        raise ValueError('an IANA time zone such as "Europe/Tallinn"')
    return value


Zone = Annotated[str, Field(min_length=1)]
Day = Annotated[str, BeforeValidator(_texted), Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
TextOfAny = Annotated[str, BeforeValidator(_texted)]


class FieldMapping(Table):
    """Where a field comes from (column, columns, from_first_of or constant) and how its text is to be read."""

    column: Column | None = None
    columns: Columns = ()
    """Several columns joined into one text."""
    joined_by: Annotated[str, Field(max_length=5)] = "-"
    from_first_of: Columns = ()
    """The first of these columns that is not empty."""
    constant: TextOfAny | None = None
    default: TextOfAny | None = None
    """What an empty text means."""
    values: Annotated[dict[str, str], BeforeValidator(_all_texted)] = Field(default_factory=dict)
    """What the file's words mean; a word that means nothing is given as ""."""
    otherwise: TextOfAny | None = None
    """What every word means that is not among `values`."""
    null_texts: Texts | None = None
    """Texts that are empty in this field, beside the source's."""
    format: Annotated[Texts, BeforeValidator(_listed)] = ()
    zone: Zone | None = None
    unit: str | None = None
    day: Day | None = None
    day_column: Column | None = None
    day_format: str | None = None
    is_inclusive: bool = False
    """For a day: the field is its end, not its beginning."""
    add_to: str | None = None
    """The field to which this duration is added, to give an instant."""
    decimal_sign: Sign | None = None
    thousands_sign: Sign | None = None
    id_is_number: bool = False
    """Whether 3 and 3.0 are the same id."""
    scale: Annotated[tuple[float, float], Field(strict=False)] | None = None
    """The least and the greatest value of the file's own scale; it is stretched to the field's."""
    is_optional: bool = False
    """Whether a file may lack the column."""

    @field_validator("format")
    @classmethod
    def _knows_its_directives(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_format(item) for item in value)

    @field_validator("day_format")
    @classmethod
    def _knows_its_day(cls, value: str | None) -> str | None:
        return value and _format(value)

    @field_validator("zone")
    @classmethod
    def _has_a_zone(cls, value: str | None) -> str | None:
        return _is_zone(value)

    @model_validator(mode="after")
    def _has_one_origin(self) -> FieldMapping:
        given = [
            self.column is not None,
            bool(self.columns),
            bool(self.from_first_of),
            self.constant is not None,
        ]
        if sum(given) != 1:
            raise ValueError("exactly one of column, columns, from_first_of and constant")
        return self

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of the file that it needs."""
        single = tuple(name for name in (self.column, self.day_column) if name is not None)
        return (*single, *self.columns, *self.from_first_of)

    @property
    def is_time_of_day(self) -> bool:
        """Whether its text tells a time of day only."""
        return bool(self.format) and not any(has_date(item) for item in self.format)


class Condition(Table):
    """What a column must be for a row to fit."""

    equals: Texts = ()
    is_not: Annotated[Texts, BeforeValidator(_listed)] = ()
    is_empty: bool | None = None
    less_than: float | int | None = None
    at_most: float | int | None = None
    more_than: float | int | None = None
    at_least: float | int | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set:
            raise ValueError(
                "a value, a list of values, or one of is_not, is_empty, less_than, at_most, more_than, at_least"
            )
        return self


Rule = dict[str, Condition]


def _problem(error: ValidationError, model: type[Table]) -> str:
    """The first thing that is wrong, fit to stand after the word `expected`."""
    first = error.errors()[0]
    key = next((str(part) for part in first["loc"] if isinstance(part, str)), "")
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, model.model_fields, n=1)
        return f'only the keys {", ".join(model.model_fields)} (found "{key}"{f"; did you mean {near[0]}" if near else ""})'
    if first["type"] == "value_error":
        said = str(first.get("ctx", {}).get("error", first["msg"]))
        return f"{key} to be {said}" if key else said
    return f"{key} to be another kind of value ({first['msg'][:1].lower()}{first['msg'][1:]})"


def _field(name: str, value: object) -> FieldMapping:
    if isinstance(value, FieldMapping):
        return value
    given = {"column": value} if isinstance(value, str) else value
    if not isinstance(given, dict):
        raise ValueError(
            f'{name} to be the name of a column, or a table such as {{ column = "...", format = "..." }}'
        )
    try:
        return FieldMapping.model_validate(given)
    except ValidationError as error:
        raise ValueError(f"in {name} {_problem(error, FieldMapping)}") from None


def _condition(column: str, value: object) -> Condition:
    if isinstance(value, Condition):
        return value
    if isinstance(value, list | tuple):
        return Condition(equals=tuple(str(_texted(item)) for item in value))
    if isinstance(value, Scalar):
        return Condition(equals=(str(_texted(value)),))
    try:
        return Condition.model_validate(value)
    except ValidationError as error:
        raise ValueError(f"for the column {column} {_problem(error, Condition)}") from None


def _rules(value: object) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for table in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(table, dict) or not table:
            raise ValueError('a table of columns and values, such as outcome = ["PHANTOM"]')
        rules.append({str(name): _condition(str(name), item) for name, item in table.items()})
    return tuple(rules)


class Mapping(SourceSettings):
    """What the rows of a file are, and which field comes from which column."""

    facts: FactsName
    fields: Annotated[dict[str, FieldMapping], Field(min_length=1)]
    only: tuple[Rule, ...] = ()
    """Rows are read only where one of these tables fits: all its columns are as it says."""
    skip: tuple[Rule, ...] = ()
    """Rows are passed over where one of these tables fits."""
    time_zone: Zone | None = None
    day: Day | None = None
    """The day of all times of day, where the file does not tell it."""
    null_texts: Texts = DEFAULT_NULL_TEXTS
    decimal_sign: Sign = "."
    thousands_sign: Sign | None = None
    agree_within_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 1
    """By how much a duration may differ from the instants between which it lies."""
    one_row_is: Literal["ticket", "change"] = "ticket"
    """For tickets: a row is the whole ticket as it ended, or its state after one change."""
    lasts: Literal["day", "week", "month", "quarter", "year"] | None = None
    """How long the window of a row is where only its beginning is mapped."""

    @field_validator("fields", mode="before")
    @classmethod
    def _read_fields(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError("a table [sources.fields] of fields and columns")
        return {str(name): _field(str(name), item) for name, item in value.items()}

    @field_validator("only", "skip", mode="before")
    @classmethod
    def _read_rules(cls, value: object) -> object:
        return _rules(value) if value else ()

    @field_validator("time_zone")
    @classmethod
    def _has_a_zone(cls, value: str | None) -> str | None:
        return _is_zone(value)

    @field_validator("fields", mode="after")
    @classmethod
    def _keeps_signs_apart(cls, value: dict[str, FieldMapping]) -> dict[str, FieldMapping]:
        for name, spec in value.items():
            if spec.decimal_sign and spec.decimal_sign == spec.thousands_sign:
                raise ValueError(f"two different signs as decimal_sign and thousands_sign of {name}")
        return value

    @model_validator(mode="after")
    def _fits_the_facts(self) -> Mapping:
        if self.decimal_sign == self.thousands_sign:
            raise ValueError("two different signs as decimal_sign and thousands_sign")
        words = self.words
        for name, spec in self.fields.items():
            if name not in words.fields:
                near = difflib.get_close_matches(name, words.fields, n=1)
                hint = f"; did you mean {near[0]}" if near else ""
                raise ValueError(
                    f'only fields of {self.facts}: {", ".join(sorted(words.fields))} (found "{name}"{hint})'
                )
            _check_field(name, spec, self)
        for group in self._required():
            if not set(group) & self.fields.keys():
                raise ValueError(f"{' or '.join(group)} among the fields of {self.facts}")
        return self

    def _required(self) -> tuple[tuple[str, ...], ...]:
        more: tuple[tuple[str, ...], ...] = ()
        if self.facts == "tickets" and self.one_row_is == "change":
            more = (("updated_at",),)
            if moments := sorted(set(MOMENTS) & self.fields.keys()):
                raise ValueError(
                    f'no {", ".join(moments)} where one_row_is = "change": the rows themselves tell when it changed'
                )
        if self.facts == "costs" and not self.lasts:
            more = (("ended_at", "duration_seconds"),)
        return (*self.words.required, *more)

    @property
    def words(self) -> FactsWords:
        """The fields that there are for these facts."""
        return WORDS[self.facts]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Every column of the file that the mapping needs, each once."""
        of_fields = [name for spec in self.fields.values() for name in spec.column_names]
        of_rules = [name for rule in (*self.only, *self.skip) for name in rule]
        return tuple(dict.fromkeys([*of_fields, *of_rules]))

    @property
    def optional_column_names(self) -> frozenset[str]:
        """The columns that a file may lack."""
        needed = {name for spec in self.fields.values() if not spec.is_optional for name in spec.column_names}
        needed |= {name for rule in (*self.only, *self.skip) for name in rule}
        return frozenset(self.column_names) - needed

    @property
    def makes_ids(self) -> bool:
        """Whether rows are named by their content, since the file names them by nothing."""
        return self.words.id_name is not None and self.words.id_name not in self.fields


def _check_field(name: str, spec: FieldMapping, mapping: Mapping) -> None:
    """Raises ValueError where a key of the field does not fit its kind."""
    kind = mapping.words.fields[name].kind
    units: tuple[str, ...] = ()
    if kind == "seconds" or spec.add_to:
        units = (*DURATION_UNITS, *CLOCK_UNITS)
    elif kind == "instant":
        units = (*EPOCH_UNITS, "excel_days")
    if spec.unit is not None and spec.unit not in units:
        expected = f"one of {', '.join(units)}" if units else "left out"
        raise ValueError(f'the unit of {name} to be {expected} (found "{spec.unit}")')
    if kind == "customer" and (spec.columns or spec.constant is not None or spec.values):
        raise ValueError(f"column or from_first_of for {name}, whose text is kept as a hash only")
    if spec.add_to is not None:
        other = mapping.fields.get(spec.add_to)
        is_instant = other and mapping.words.fields[spec.add_to].kind == "instant" and not other.add_to
        if kind != "instant" or not is_instant:
            raise ValueError(f"add_to of {name} to name a mapped instant from which it runs on")
    if kind != "instant" and (spec.format or spec.zone or spec.day or spec.day_column or spec.is_inclusive):
        raise ValueError(f"format, zone, day and is_inclusive only for instants; {name} is none")
    if spec.scale is not None and (
        mapping.words.fields[name].bounds is None or spec.scale[0] >= spec.scale[1]
    ):
        raise ValueError(f"the scale of {name} to be [least, greatest], for a score")
    has_day = spec.day or spec.day_column or mapping.day
    if kind == "instant" and any(not has_date(item) for item in spec.format) and not has_day:
        raise ValueError(f"day or day_column for {name}, whose format tells a time of day only")
    if kind == "instant" and spec.unit and spec.format:
        raise ValueError(f"either unit or format for {name}")
