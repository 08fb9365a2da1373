"""Every text a person reads, in their language, and every number, date and duration in one style.

In: an English text with named values, or a number with its unit.
Out: the translated text; the number as the reader's locale writes it; "–" for what is not known.
The rule it guards: pages and blocks format nothing themselves, unknown is never shown as 0, and a ratio is
never rounded up to a target, or to 100 %, that it has not reached.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, format_interval, format_time
from babel.numbers import format_decimal, format_percent

UNKNOWN = "–"
BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # drawn as nothing
SOURCE_LANGUAGE = "en"
_LOCALE: ContextVar[str] = ContextVar("floorboard_locale", default="en_GB")


class WordsError(Exception):
    """A text or a catalogue that cannot be used; the message names it and says what to change."""


def use_locale(name: str) -> None:
    """Sets the reader's locale ("en_GB", "et", "hu") for this run of a page."""
    Locale.parse(name)
    _LOCALE.set(name)


def t(text: str, /, **values: object) -> str:
    """The text in the reader's language, its named places filled; English where no translation exists."""
    found = _catalogue(_language()).get(text, text)
    return _filled(found if isinstance(found, str) else text, values)


def t_count(one: str, other: str, n: int, /, **values: object) -> str:
    """The text for `n` things in the plural form of the reader's language; `{n}` is the formatted number."""
    category = str(Locale.parse(_LOCALE.get()).plural_form(n))
    found = _catalogue(_language()).get(other)
    if isinstance(found, Mapping):
        text = found.get(category, found.get("other", other))
    else:
        text = one if category == "one" else other
    return _filled(text, {"n": number(n), **values})


def _filled(text: str, values: Mapping[str, object]) -> str:
    try:
        return text.format(**values) if values else text
    except (KeyError, IndexError, ValueError) as error:
        raise WordsError(
            f"The text '{text}' names a place that was not given ({error}); pass every {{name}} as a value."
        ) from error


def _language() -> str:
    return _LOCALE.get().partition("_")[0]


@cache
def _catalogue(language: str) -> Mapping[str, str | Mapping[str, str]]:
    path = resources.files("dashboard").joinpath("locales", f"{language}.json")
    if language == SOURCE_LANGUAGE or not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WordsError(
            f"dashboard/locales/{language}.json is not valid JSON ({error}); correct that line."
        ) from error
    if not isinstance(found, dict):
        raise WordsError(
            f"dashboard/locales/{language}.json holds no object; expected English text: translation."
        )
    return found


def number(value: float | None) -> str:
    """1234 -> "1,234"; a fraction keeps one decimal."""
    if value is None:
        return UNKNOWN
    pattern = "#,##0" if float(value).is_integer() else "#,##0.0"
    return str(format_decimal(value, format=pattern, locale=_LOCALE.get()))


def money(value: float | None) -> str:
    """1234.5 -> "1,234.50": as amounts are written, in whatever currency the source counts."""
    return UNKNOWN if value is None else str(format_decimal(value, format="#,##0.00", locale=_LOCALE.get()))


def ratio(value: float | None, *, against: float | None = None) -> str:
    """0.847 -> "84.7%", one decimal.

    What is not all is never "100%", what is not nothing never "0%", and a value below the target `against` is
    never rounded up to it: 0.7996 against 0.8 reads 79.9%.
    """
    if value is None:
        return UNKNOWN
    exact = Decimal(repr(float(value)))
    step = Decimal("0.001")
    shown = exact.quantize(step, ROUND_HALF_UP)
    limits = [Decimal(1)] if against is None else [Decimal(1), Decimal(repr(float(against)))]
    if any(exact < limit <= shown for limit in limits):
        shown = exact.quantize(step, ROUND_DOWN)
    if shown == 0 < exact:
        shown = step
    pattern = "#,##0%" if shown in (0, 1) else "#,##0.0%"
    return str(format_percent(shown, format=pattern, locale=_LOCALE.get()))


def fine_ratio(value: float | None) -> str:
    """A ratio to a hundredth of a per cent, where ways to count are compared: 0.74468 -> "74.47%"."""
    if value is None:
        return UNKNOWN
    return str(format_percent(value, format="#,##0.00%", locale=_LOCALE.get()))


def target_ratio(value: float | None) -> str:
    """A target as people say it: 0.8 -> "80%", 0.925 -> "92.5%"."""
    if value is None:
        return UNKNOWN
    return str(format_percent(value, format="#,##0.##%", locale=_LOCALE.get()))


def duration(seconds: float | None) -> str:
    """42 -> "42 s", 252 -> "4:12", 3725 -> "1:02:05"; a clock that runs behind gives "0 s", never a minus."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, int(Decimal(repr(float(seconds))).quantize(Decimal(1), ROUND_HALF_UP)))
    if whole < 60:
        return t("{seconds} s", seconds=whole)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


def age(seconds: float | None) -> str:
    """How long ago, in two units at most: "8 s", "14 min", "3 h 5 min", "2 days"."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, int(seconds))
    if whole < 60:
        return t("{seconds} s", seconds=whole)
    minutes = whole // 60
    if minutes < 60:
        return t("{minutes} min", minutes=minutes)
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return (
            t("{hours} h {minutes} min", hours=hours, minutes=rest) if rest else t("{hours} h", hours=hours)
        )
    return t_count("{n} day", "{n} days", hours // 24)


def long_time(seconds: float | None, *, in_days: bool = True) -> str:
    """How long work lay, in two units at most: "8 s", "3 h 5 min", "3.6 days"; of business hours only hours.

    A business day is no 24 hours, so business time is never told in days (`in_days` is false for it).
    """
    if seconds is None:
        return UNKNOWN
    if seconds < 48 * 3600:
        return age(seconds)
    if in_days:
        return t("{days} days", days=number(round(seconds / 86_400, 1)))
    return t("{hours} h", hours=number(round(seconds / 3600, 1)))


def clock(instant: datetime | None, zone_name: str) -> str:
    """The wall-clock time in a place: "14:05"."""
    if instant is None:
        return UNKNOWN
    return str(format_time(instant, format="HH:mm", tzinfo=zone(zone_name), locale=_LOCALE.get()))


def day(value: date | None) -> str:
    """A local day with its weekday: "Sat, 14 Mar 2026"."""
    if value is None:
        return UNKNOWN
    return str(format_date(value, format="EEE, d MMM y", locale=_LOCALE.get()))


def long_time_parts(seconds: float | None, *, in_days: bool = True) -> tuple[str, str]:
    """The very words of `long_time` in two parts, for the figure of a tile: ("3 h", "5 min"), ("3.6", "days")."""
    parts = long_time(seconds, in_days=in_days).split(" ")
    half = (len(parts) + 1) // 2
    return " ".join(parts[:half]), " ".join(parts[half:])


def short_day(value: date | None) -> str:
    """A local day for an axis of a chart: "14 Mar"; the year and the weekday stand elsewhere."""
    if value is None:
        return UNKNOWN
    return str(format_date(value, format="d MMM", locale=_LOCALE.get()))


def days(first: date, last: date) -> str:
    """A run of local days, both part of it: "16–22 Nov 2026"; one day with its weekday."""
    if first == last:
        return day(first)
    return str(format_interval(first, last, "yMMMd", locale=_LOCALE.get()))


def instant(value: datetime | None, zone_name: str) -> str:
    """Day and time in a place: "14 Mar 2026, 14:05:09"."""
    if value is None:
        return UNKNOWN
    return str(format_datetime(value, "d MMM y, HH:mm:ss", tzinfo=zone(zone_name), locale=_LOCALE.get()))


def moment(value: datetime | None, zone_name: str, *, in_seconds: bool = True) -> str:
    """Day and time in a place without the year, for lists of recent things: "14 Mar, 14:05:09", or "14 Mar, 14:05"."""
    if value is None:
        return UNKNOWN
    pattern = "d MMM, HH:mm:ss" if in_seconds else "d MMM, HH:mm"
    return str(format_datetime(value, pattern, tzinfo=zone(zone_name), locale=_LOCALE.get()))


def value(column: str, found: object, *, zone_name: str = "UTC") -> str:
    """A cell as text, by the last word of its column's name: the rule that also types the frame."""
    if found is None:
        return UNKNOWN
    unit = column.rpartition("_")[2]
    if isinstance(found, bool):
        return t("yes") if found else t("no")
    if isinstance(found, datetime):
        return instant(found, zone_name)
    if isinstance(found, date):
        return day(found)
    if isinstance(found, (int, float)):
        if unit == "id":
            return str(found)
        if unit == "ratio":
            return ratio(found)
        if unit == "amount":
            return money(found)
        return duration(found) if unit == "seconds" else number(found)
    return str(found)


def name(found: str | None) -> str:
    """A name as it came; "(no name)" where nothing of it can be seen, as with zero-width characters only."""
    seen = (letter for letter in found or "" if letter not in BLANK_LETTERS)
    if any(
        unicodedata.category(letter) not in {"Cc", "Cf", "Cn", "Mn", "Me", "Zl", "Zp", "Zs"}
        for letter in seen
    ):
        return found or ""
    return t("(no name)")


def in_markdown(found: str) -> str:
    """A name for the label of a button, where signs such as * : $ [ would otherwise mean something."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|$:~^=&/])", r"\\\1", found)


def zone(name: str) -> ZoneInfo:
    """The time zone of a site; UTC where the name is not known, so that a page never fails over it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def local_day(at: datetime, zone_name: str) -> date:
    """The calendar day in a place at an instant."""
    return at.astimezone(zone(zone_name)).date()


def day_start(day_date: date, zone_name: str) -> datetime:
    """The instant at which a local day begins in a place."""
    return datetime.combine(day_date, time(), zone(zone_name)).astimezone(UTC)


def day_before(at: datetime, zone_name: str) -> datetime:
    """The same time of day in a place one local day earlier."""
    return (at.astimezone(zone(zone_name)) - timedelta(days=1)).astimezone(UTC)


def compared(amount: str, moved: float, when: str, *, is_count: bool = False) -> str:
    """How far a figure is from that of other days, in words: "3.1 points more than a week before".

    amount: the difference without its sign, with its unit. when: those days as they stand after "than", such as
    "a week before" or "in the days before". is_count: of things that are counted, so that there are fewer, not less of them.
    """
    if moved == 0:
        return t("the same as {when}", when=when)
    if moved > 0:
        return t("{amount} more than {when}", amount=amount, when=when)
    if is_count:
        return t("{amount} fewer than {when}", amount=amount, when=when)
    return t("{amount} less than {when}", amount=amount, when=when)


def interval_labels(starts: list[datetime], zone_name: str) -> list[str]:
    """The wall-clock starts of a day's intervals, all different.

    On the night when the clock goes back an hour comes twice; its times then carry the zone's short name.
    """
    local = [start.astimezone(zone(zone_name)) for start in starts]
    plain = [clock(start, zone_name) for start in starts]
    return [
        text if plain.count(text) == 1 else f"{text} {moment.tzname()}"
        for text, moment in zip(plain, local, strict=True)
    ]


def parsed_instant(text: str) -> datetime:
    """An instant from ISO text; one without a zone is refused, because a guess would move every number."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise WordsError(
            f"'{text}' is not an instant; expected for example 2026-03-14T09:30:00+00:00."
        ) from error
    if found.tzinfo is None:
        raise WordsError(f"'{text}' has no time zone; write it as {text}+00:00 or with the offset meant.")
    return found.astimezone(UTC)


def shifted_day(value_: date, days: int) -> date:
    """The local day a number of days later (or, below zero, earlier)."""
    return value_ + timedelta(days=days)


def language() -> str:
    """The reader's language ("en", "et"), for the `lang` of what is shown."""
    return _language()
