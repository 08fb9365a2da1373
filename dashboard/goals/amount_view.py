"""Values of metrics as people write and read them: "2:00", "80 %", "12".

In: a text and a unit, or a value and its unit. Out: the value, or the text. The rule it guards: what cannot be read is said
with an example, and a share is typed in percent and kept from 0 to 1.
"""

from __future__ import annotations

import re

from dashboard import words
from dashboard.words import t
from sql import measures, metrics

EXAMPLES = {
    "ratio": "80 %",
    "seconds": "2:00",
    "count": "5",
    "points": "30",
    "score": "85",
    "amount": "3.50",
}
SIGNED = ("target_gap", "change_against_weeks", "slope", "data_overdue_seconds")
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):([0-5]\d)")
_LONG = re.compile(r"(\d+(?:[.,]\d+)?)\s*(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


class AmountError(Exception):
    """A text that is no value of its unit; the message says what was found and gives an example."""


def read(text: str, unit: str) -> float:
    """The value that somebody typed: "80 %" and "80" are 0.8, "2:00" and "120" and "2 min" are 120 seconds. AmountError."""
    plain = text.strip().replace("\u2212", "-").replace("\u00a0", " ")
    sign, size = (-1, plain[1:].strip()) if plain.startswith("-") else (1, plain.removeprefix("+").strip())
    if unit == "seconds":
        if found := _CLOCK.fullmatch(size):
            hours, minutes, seconds = (int(part or 0) for part in found.groups())
            return float(sign * (hours * 3600 + minutes * 60 + seconds))
        if longer := _LONG.fullmatch(size):
            return sign * float(longer.group(1).replace(",", ".")) * _SECONDS[longer.group(2)]
    number = size.removesuffix("%").strip().replace(",", ".") if unit == "ratio" else size.replace(",", ".")
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", number):
        raise AmountError(
            t(
                "'{text}' is no value here, expected for example {example}; correct it.",
                text=text.strip()[:40],
                example=EXAMPLES[unit],
            )
        )
    value = sign * float(number)
    return round(value / 100, 8) if unit == "ratio" else value


def typed(value: float | None, unit: str) -> str:
    """The value as it is put into a field, so that `read` gives it back."""
    if value is None:
        return ""
    sign, size = ("-" if value < 0 else ""), abs(value)
    if unit == "ratio":
        return f"{sign}{round(size * 100, 4):g} %"
    if unit == "seconds":
        whole = round(size)
        hours, rest = divmod(whole, 3600)
        minutes, seconds = divmod(rest, 60)
        return f"{sign}{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{sign}{minutes}:{seconds:02d}"
    return f"{sign}{size:g}"


def shown(value: float | None, unit: str, *, is_signed: bool = False) -> str:
    """The value as it is read: "80%", "2:00", "12"; with a sign where it is a difference."""
    if value is None:
        return words.UNKNOWN
    size = abs(value) if is_signed or unit != "seconds" else value
    if unit == "ratio":
        text = words.ratio(size)
    elif unit == "seconds":
        text = words.long_time(size, in_days=True) if size >= 48 * 3600 else words.duration(size)
    elif unit == "amount":
        text = words.money(size)
    else:
        text = words.number(round(size, 2))
    if value < 0 and unit != "seconds":
        return f"\u2212{text}"
    if is_signed:
        sign = "+" if value > 0 else "\u2212" if value < 0 else ""
        return f"{sign}{text}"
    return text


def against_target(gap: float | None) -> str:
    """How far a share is from its target: -0.086 -> "8.6 points below its target"."""
    if gap is None:
        return words.UNKNOWN
    size = words.number(round(abs(gap) * 100, 1))
    if size == words.number(0):
        return t("at its target")
    if gap < 0:
        return t("{n} points below its target", n=size)
    return t("{n} points above its target", n=size)


def target_limit(gap: float, comparison_name: str) -> str:
    """How far from its target a share may not be: "below its target", "more than 5 points below its target"."""
    if not gap:
        return t("above its target") if comparison_name == "above" else t("below its target")
    if (gap < 0) == (comparison_name == "below"):
        return t("more than {gap}", gap=against_target(gap))
    return t("less than {gap}", gap=against_target(gap))


def unit_of(measure_name: str, metric_name: str) -> str:
    """The unit of what is measured."""
    unit = measures.measure(measure_name).unit
    return unit or metrics.metric(metric_name).unit


def scope_word(scope_kind_name: str, scope_name: str | None) -> str:
    """What something is measured for: "Queue Sales", "Everything"."""
    if scope_kind_name == "everything":
        return t("Everything")
    known = {"queue": t("Queue"), "group": t("Group"), "team": t("Team"), "source": t("Source")}
    return f"{known[scope_kind_name]} {words.name(scope_name)}"
