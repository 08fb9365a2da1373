"""What of a list's address cannot be read: such parts narrow nothing, and the page says so instead of staying silent.

In: what the address says, and the present. Out: each part that cannot be, with what was expected in its place.
The rule it guards: a list never claims to be the number of the page where a part of its address was passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from dashboard import filters, words
from dashboard.contacts import row_positions, row_queries
from dashboard.filters import Filters
from dashboard.words import t
from sql import metrics

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=400)
"""Forecasts and shifts lie ahead, and none further than this."""

QUARTER_SECONDS = 900
INSTANTS = ("start", "end", "known", "as_of")
SECONDS = ("last", "threshold", "wait_from", "wait_to")
KEYS = (*INSTANTS, *SECONDS, "of_queue", "weekday", "quarter", "after", "order", "formula", "by")
"""What only lists have in their addresses."""


def unread(said: Mapping[str, str], view: Filters, now: datetime) -> dict[str, tuple[str, str]]:
    """The parts of an address that cannot be, each with what was expected there and what is shown instead.

    view: what `filters_of` made of the address.
    """
    whole = t("the number without it")
    found = {one.key: (one.expected, one.shown) for one in filters.misread(said, view)}
    return found | {key: (expected, whole) for key, expected in _wrong(said, now).items()}


def _wrong(said: Mapping[str, str], now: datetime) -> dict[str, str]:
    told = _expected()
    found = {key: told[key][1] for key, text in said.items() if key in told and not told[key][0](text)}
    found |= {key: t("an instant such as 2026-03-14T09:30:00+00:00, from 2000 on") for key in INSTANTS
              if key in said and not _is_instant(said[key], now)}  # fmt: skip
    stretch = {"start", "end"} & said.keys()
    if len(stretch) == 1 or stretch & found.keys():
        found |= {key: found.get(key, t("start and end together")) for key in stretch}
    elif stretch and words.parsed_instant(said["start"]) >= words.parsed_instant(said["end"]):
        found |= dict.fromkeys(stretch, t("a start before its end"))
    waits = {"wait_from", "wait_to"} & said.keys()
    if len(waits) == 2 and not waits & found.keys() and int(said["wait_from"]) >= int(said["wait_to"]):
        found |= dict.fromkeys(waits, t("wait_from below wait_to"))
    return found


def _expected() -> dict[str, tuple[Callable[[str], bool], str]]:
    """What each part of an address must be, as a test and in words."""
    formulas = tuple(metrics.SERVICE_LEVEL_FORMULAS)
    return {
        **{key: (_is_number, t("a number of seconds")) for key in SECONDS},
        "of_queue": (_is_number, t("a number")),
        "weekday": (lambda text: text in "0123456" and len(text) == 1, t("0 (Monday) to 6")),
        "quarter": (_is_quarter, t("the start of a quarter of an hour, in seconds of the day")),
        "after": (lambda text: row_positions.position_of(text) is not None, t("the end of a page of this list")),
        "order": (lambda text: text in row_queries.ORDERS, _one_of(row_queries.ORDERS)),
        "formula": (lambda text: text in formulas, _one_of(formulas)),
        "by": (lambda text: text == "answer", _one_of(("answer",))),
    }  # fmt: skip


def _one_of(names: tuple[str, ...]) -> str:
    return t("one of {names}", names=", ".join(names))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6


def _is_quarter(text: str) -> bool:
    return _is_number(text) and int(text) < 86_400 and int(text) % QUARTER_SECONDS == 0


def _is_instant(text: str, now: datetime) -> bool:
    try:
        return OLDEST <= words.parsed_instant(text) <= now + AHEAD
    except (words.WordsError, OverflowError):
        return False
