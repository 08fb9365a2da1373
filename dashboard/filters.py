"""What a reader has narrowed a page down to: which days, compared with which, which queues, people, channels, topics.

In: the parameters of an address line, and the site's present day. Out: one `Filters` value, the arguments of the
questions, and the address of the same view or of the rows behind one of its numbers.
The rule it guards: an address says everything that was chosen, so that a view can be shared, bookmarked and printed;
what in it cannot be counts as not chosen, and two readers with the same address see the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from dashboard import words
from dashboard.words import t, t_count

OLDEST_DAYS = 3660
LONGEST_DAYS = 1096
"""The most days that one view may take in: three years."""

DAY = timedelta(days=1)
Days = tuple[date, date]


def _month(first: date, months: int) -> date:
    """The first day of the month so many months later."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


PERIODS: dict[str, Callable[[date], Days]] = {
    "today": lambda today: (today, today),
    "yesterday": lambda today: (today - DAY, today - DAY),
    "this_week": lambda today: (today - today.weekday() * DAY, today),
    "last_week": lambda today: (today - (today.weekday() + 7) * DAY, today - (today.weekday() + 1) * DAY),
    "7_days": lambda today: (today - 6 * DAY, today),
    "28_days": lambda today: (today - 27 * DAY, today),
    "90_days": lambda today: (today - 89 * DAY, today),
    "this_month": lambda today: (today.replace(day=1), today),
    "last_month": lambda today: (_month(today.replace(day=1), -1), today.replace(day=1) - DAY),
    "this_year": lambda today: (today.replace(month=1, day=1), today),
}
"""The relative periods: the first and the last local day of each, both part of it, as of the present day."""

OWN_DAYS = "days"
"""The name of a period that the reader gave as two days."""

COMPARISONS: dict[str, Callable[[Days], Days]] = {
    "before": lambda days: (days[0] - (days[1] - days[0] + DAY), days[0] - DAY),
    "last_week": lambda days: (days[0] - 7 * DAY, days[1] - 7 * DAY),
    "last_year": lambda days: (days[0] - 364 * DAY, days[1] - 364 * DAY),
}
"""What a period can stand beside: as many days right before, the same weekdays a week or 52 weeks ago."""

NAMES = ("group", "site", "channel", "topic")
NUMBERS = ("queue", "team", "agent")
NARROWING = (*(f"{name}_id" for name in NUMBERS), *(f"{name}_name" for name in NAMES), "is_business_hours")


@dataclass(frozen=True, slots=True)
class Filters:
    """One view's choices; None means all. The days are local days of the site, both ends part of the period."""

    period_name: str
    first_date: date
    last_date: date
    comparison_name: str | None = None
    queue_id: int | None = None
    group_name: str | None = None
    team_id: int | None = None
    agent_id: int | None = None
    site_name: str | None = None
    channel_name: str | None = None
    topic_name: str | None = None
    is_business_hours: bool = False

    def window(self, zone_name: str) -> dict[str, datetime]:
        """`window_start` and `window_end` of the period, for the questions; the end is not part of it."""
        return _window((self.first_date, self.last_date), zone_name)

    def compared(self) -> Filters | None:
        """The same view of the days it is compared with; None where it is compared with nothing."""
        if self.comparison_name is None:
            return None
        first, last = COMPARISONS[self.comparison_name]((self.first_date, self.last_date))
        return replace(self, period_name=OWN_DAYS, first_date=first, last_date=last, comparison_name=None)

    def narrowed(self, *names: str) -> dict[str, Any]:
        """The arguments of a question: what was chosen of these (of all, where none is named), without the days."""
        wanted = names or NARROWING
        found = {name: getattr(self, name) for name in wanted}
        return {name: value for name, value in found.items() if value not in (None, False)}

    def last_days(self, most_days: int) -> Filters:
        """The same view of so many of its last days; itself where it has no more."""
        first = self.last_date - timedelta(days=most_days - 1)
        return replace(self, period_name=OWN_DAYS, first_date=first) if first > self.first_date else self

    def changed(self, **values: Any) -> Filters:
        """The same view with these choices instead."""
        return replace(self, **values)

    def address(self) -> dict[str, str]:
        """The parameters that say this view: what was chosen, nothing else; `filters_of` reads them back."""
        found = {"period": self.period_name}
        if self.period_name == OWN_DAYS:
            found |= {"from": self.first_date.isoformat(), "to": self.last_date.isoformat()}
        if self.comparison_name:
            found["compare"] = self.comparison_name
        for name in NUMBERS:
            if (number := getattr(self, f"{name}_id")) is not None:
                found[name] = str(number)
        for name in NAMES:
            if (text := getattr(self, f"{name}_name")) is not None:
                found[name] = text
        return found | ({"hours": "business"} if self.is_business_hours else {})


def period_words() -> dict[str, str]:
    """What each period is called."""
    return {
        "today": t("Today"),
        "yesterday": t("Yesterday"),
        "this_week": t("This week"),
        "last_week": t("Last week"),
        "7_days": t("Last 7 days"),
        "28_days": t("Last 28 days"),
        "90_days": t("Last 90 days"),
        "this_month": t("This month"),
        "last_month": t("Last month"),
        "this_year": t("This year"),
        OWN_DAYS: t("Days from – to"),
    }


def comparison_words(filters: Filters) -> dict[str, str]:
    """What each comparison is called, beside these days."""
    count = (filters.last_date - filters.first_date).days + 1
    return {
        "before": t_count("the day before", "the {n} days before", count),
        "last_week": t("the same weekdays a week before"),
        "last_year": t("the same weekdays a year before"),
    }


def described(filters: Filters, names: Mapping[tuple[str, Any], str]) -> str:
    """The view in one line: "Last 7 days, 16–22 Nov 2026, compared with ...; queue Sales; business hours only".

    names: what (kind, number or name) is called, such as {("queue", 4): "Sales"}; a name stands for itself.
    """
    days = words.days(filters.first_date, filters.last_date)
    is_own = filters.period_name == OWN_DAYS
    told = [days if is_own else f"{period_words()[filters.period_name]}, {days}"]
    if filters.comparison_name and (beside := filters.compared()):
        told[0] += ", " + t(
            "compared with {comparison} ({days})",
            comparison=comparison_words(filters)[filters.comparison_name],
            days=words.days(beside.first_date, beside.last_date),
        )
    for kind, label in kind_words().items():
        found = getattr(filters, f"{kind}_id" if kind in NUMBERS else f"{kind}_name")
        if found is not None:
            told.append(f"{label} {names.get((kind, found), str(found)) or t('(none)')}")
    return "; ".join([*told, *([t("business hours only")] if filters.is_business_hours else [])])


def kind_words() -> dict[str, str]:
    """What each kind of narrowing is called, within a sentence."""
    return {
        "queue": t("queue"),
        "group": t("group"),
        "team": t("team"),
        "agent": t("agent"),
        "site": t("site"),
        "channel": t("channel"),
        "topic": t("topic"),
    }


def filters_of(params: Mapping[str, str], *, today: date, period_name: str = "today") -> Filters:
    """The view that these parameters of an address say; period_name stands where they name no period that can be.

    Days after `today`, more than ten years back, or more than three years long count as not chosen.
    """
    days = _own_days(params, today)
    asked = params.get("period", OWN_DAYS if days else period_name)
    if asked == OWN_DAYS and days:
        first, last = days
    else:
        asked = asked if asked in PERIODS else period_name
        first, last = PERIODS[asked](today)
    compared = params.get("compare")
    narrowed: dict[str, Any] = {f"{name}_id": _number(params.get(name)) for name in NUMBERS}
    narrowed |= {f"{name}_name": params[name][:200] for name in NAMES if name in params}
    return Filters(
        period_name=asked,
        first_date=first,
        last_date=last,
        comparison_name=compared if compared in COMPARISONS else None,
        is_business_hours=params.get("hours") == "business",
        **narrowed,
    )


@dataclass(frozen=True, slots=True)
class Misread:
    """A part of an address that cannot be: its key, what stood there, what was expected, and what is shown instead."""

    key: str
    text: str
    expected: str
    shown: str


def misread(params: Mapping[str, str], found: Filters) -> list[Misread]:
    """What of an address was not taken into the view `found`, which `filters_of` made of it."""
    period, days = params.get("period"), {key: params[key] for key in ("from", "to") if key in params}
    shown = period_words()[found.period_name]
    wrong = []
    if period is not None and period != found.period_name and (period != OWN_DAYS or not days):
        expected = t("one of {names}", names=", ".join([*PERIODS, OWN_DAYS]))
        wrong.append(Misread("period", period, expected, shown))
    if days and found.period_name != OWN_DAYS:
        expected = t(
            "two days from and to such as 2026-11-01 and 2026-11-07, not after today, three years at most"
        )
        (key, text), *more = days.items()
        wrong.append(
            Misread(key, text + "".join(f"&{name}={value}" for name, value in more), expected, shown)
        )
    if (compared := params.get("compare")) is not None and compared != found.comparison_name:
        expected = t("one of {names}", names=", ".join(COMPARISONS))
        wrong.append(Misread("compare", compared, expected, t("no other days")))
    if (hours := params.get("hours")) not in (None, "business"):
        wrong.append(Misread("hours", str(hours), "business", t("all hours")))
    wrong += [
        Misread(name, params[name], t("its number, such as 4"), t("all"))
        for name in NUMBERS
        if name in params and _number(params[name]) is None
    ]
    return wrong


def beside(params: Mapping[str, str]) -> dict[str, str]:
    """What an address says beside the choices of a view, such as a measure that its page shows."""
    own = ("period", "from", "to", "compare", "hours", *NUMBERS, *NAMES)
    return {key: value for key, value in params.items() if key not in own}


def behind(of_name: str, filters: Filters, **more: object) -> str:
    """The address of the rows behind a number: page, what was counted (`of`), this view, and what narrows it further.

    of_name: an additive column, or a metric (then its denominator's rows stand there, those of its numerator marked).
    more: `queue`, `team`, `agent`, ... of one row of a table, or `start` and `end` (instants) of one interval; values
    that are None are left out.
    """
    added = {
        name: value.isoformat() if isinstance(value, date) else str(value)
        for name, value in more.items()
        if value is not None
    }
    return f"contacts?{urlencode({'of': of_name, **filters.address(), **added})}"


def _own_days(params: Mapping[str, str], today: date) -> Days | None:
    try:
        first, last = date.fromisoformat(params["from"]), date.fromisoformat(params["to"])
    except (KeyError, ValueError):
        return None
    is_possible = today - OLDEST_DAYS * DAY <= first <= last <= today and (last - first).days < LONGEST_DAYS
    return (first, last) if is_possible else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else None


def _window(days: Days, zone_name: str) -> dict[str, datetime]:
    first, last = days
    return {
        "window_start": words.day_start(first, zone_name),
        "window_end": words.day_start(words.shifted_day(last, 1), zone_name),
    }
