"""Makes good news out of facts: sentences that hold now, each with what was counted and when.

In: the frame of `wall_news`, the live queues, goals. Out: the news, the newest first, and those worth a celebration.
The rule it guards: a fact needs enough contacts; on a day off its targets nothing is told of how much was done; what does
not hold any more is left out, and an empty day has no news.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from dashboard import words
from dashboard.goals import amount_view, goal_path, goal_view
from dashboard.words import t, t_count
from sql import metrics

FEWEST_CALLS = 30
"""Of fewer contacts no share, no hour and no stretch is told."""
FEWEST_DAY_CALLS = 50
FEWEST_DAYS = 5
"""How many days a record needs to be one among them."""
RARE_DAYS = 7
"""A record that was reached within so many days is none."""
STREAK_DAYS = 2
FRESH_DAYS = 3
"""So many days what was reached on one of the last days stays news."""
WEEKS = 4
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """One good thing, true now. The key stays the same as long as it is the same thing."""

    key: str
    title: str
    text: str
    since_at: datetime | None
    """When it became true, where it has such an instant: those are worth a celebration."""
    window_start: datetime
    window_end: datetime
    formula: str
    """What was counted, as a person could count it again."""


class Level(NamedTuple):
    """How many contacts were decided in time, of how many, and how many that should be by the queues' targets."""

    in_time: float
    asked: float
    n: int

    @property
    def is_met(self) -> bool:
        """Whether at least as many as the targets ask; a part of a thousandth of a contact is arithmetic."""
        return self.in_time >= self.asked - 1e-6


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rules look at."""

    days: dict[date, list[Row]]
    """The queues of each local day before today."""
    hours: Sequence[Row]
    today: Row
    level: Level | None
    """How all queues together stand today; None where too few contacts were decided."""
    now: datetime
    zone: ZoneInfo
    shown_zone_name: str
    """In which a time of the day is told, as the clock of the wall shows it."""

    @property
    def is_off_target(self) -> bool:
        return self.level is not None and not self.level.is_met

    def day(self, day_date: date) -> tuple[datetime, datetime]:
        """The first instant of the local day, and of the next."""
        start, end = (datetime.combine(day_date + timedelta(days=n), time(), self.zone) for n in (0, 1))
        return start, end

    def morning(self, day_date: date) -> datetime | None:
        """What came to an end with yesterday is celebrated when today's first contact is answered."""
        is_yesterday = day_date == self.today["day_date"] - timedelta(days=1)
        first_answered_at: datetime | None = self.today["first_answered_at"]
        return first_answered_at if is_yesterday else None


def good_news(
    news: pl.DataFrame,
    *,
    now: datetime,
    zone_name: str,
    shown_zone_name: str | None = None,
    queues: pl.DataFrame | None = None,
    goals: pl.DataFrame | None = None,
    goal_days: pl.DataFrame | None = None,
) -> tuple[News, ...]:
    """The good things that hold now, the newest first; empty before the day's first answered contact.

    news: `wall_news`; queues: `live_queues`; goals and goal_days: the questions of these names. A frame that is not given,
    or has no row, has no news. zone_name: the site's, which makes its days; shown_zone_name: the wall's own.
    """
    facts = _facts(news, queues, now, zone_name, shown_zone_name or zone_name)
    if facts is None:
        return ()
    found = [
        *_target_today(facts),
        *_unbroken(facts),
        *_reached(facts),
        *_best_hour(facts),
        *_streak(facts),
        *_shortest_wait(facts),
        *_goals_reached(facts, goals, goal_days),
    ]
    return tuple(sorted(found, key=lambda one: (one.since_at or one.window_end, one.key), reverse=True))


def celebrations(
    news: tuple[News, ...], *, now: datetime, within: timedelta = timedelta(minutes=5)
) -> tuple[News, ...]:
    """Those of the news that became true within the last minutes: each is celebrated once, by its key."""
    return tuple(
        one for one in news if one.since_at is not None and timedelta(0) <= now - one.since_at <= within
    )


def _facts(
    news: pl.DataFrame, queues: pl.DataFrame | None, now: datetime, zone_name: str, shown_zone_name: str
) -> _Facts | None:
    """The facts of the frames; None on a day without an answered contact."""
    today = news.filter(pl.col("of_kind_name") == "today") if news.height else news
    if today.is_empty() or not today[0, "answered_calls"]:
        return None
    days: dict[date, list[Row]] = {}
    for row in news.filter(pl.col("of_kind_name") == "day").iter_rows(named=True):
        days.setdefault(row["day_date"], []).append(row)
    return _Facts(
        days=dict(sorted(days.items())),
        hours=news.filter(pl.col("of_kind_name") == "hour").sort("started_at").to_dicts(),
        today=today.row(0, named=True),
        level=None if queues is None or queues.is_empty() else level(queues.to_dicts()),
        now=now,
        zone=ZoneInfo(zone_name),
        shown_zone_name=shown_zone_name,
    )


def level(queues: Sequence[Row]) -> Level | None:
    """How queues stand together against their targets: each by its own formula; None where too few contacts were decided."""
    judged = [
        (row["service_level_ratio"], row["service_level_target_ratio"], row["decided_calls"])
        for row in queues
        if row["service_level_ratio"] is not None and row["service_level_target_ratio"] is not None
    ]
    n = sum(count for _, _, count in judged)
    if n < FEWEST_CALLS:
        return None
    return Level(
        in_time=sum(share * count for share, _, count in judged),
        asked=sum(target * count for _, target, count in judged),
        n=n,
    )


def _told(found: Level) -> dict[str, str]:
    """A level in words: never rounded up to its target."""
    target = found.asked / found.n
    return {
        "ratio": words.ratio(found.in_time / found.n, against=target),
        "target": words.target_ratio(round(target, 4)),
        "n": words.number(found.n),
    }


def _target_today(facts: _Facts) -> Iterator[News]:
    if facts.level is None or not facts.level.is_met:
        return
    yield News(
        key=f"target:{facts.today['day_date']}",
        title=t("On target today"),
        text=t("{ratio} in time, all queues together; target {target} (n = {n}).", **_told(facts.level)),
        since_at=None,
        window_start=facts.today["started_at"],
        window_end=facts.now,
        formula=t("Each queue's service level, and its target, by its decided contacts."),
    )


def _unbroken(facts: _Facts) -> Iterator[News]:
    """Nobody has given up since an hour; short abandons count as in the abandonment rate: not at all."""
    answered, last_at = facts.today["unbroken_answered_calls"], facts.today["last_abandoned_at"]
    if answered < FEWEST_CALLS:
        return
    count = words.number(answered)
    yield News(
        key=f"unbroken:{facts.today['day_date'] if last_at is None else last_at.isoformat()}",
        title=t("Everybody was heard"),
        text=t("No caller has given up today; {n} contacts answered.", n=count)
        if last_at is None
        else t(
            "No caller has given up since {clock}; {n} contacts answered.",
            clock=words.clock(last_at, facts.shown_zone_name),
            n=count,
        ),
        since_at=None,
        window_start=last_at or facts.today["started_at"],
        window_end=facts.now,
        formula=t("Contacts answered after the last one that was abandoned, short abandons left out."),
    )


def _reached(facts: _Facts) -> Iterator[News]:
    """A round number of answered contacts."""
    if facts.today["reached_calls"] is None or facts.is_off_target:
        return
    count, at = facts.today["reached_calls"], facts.today["reached_at"]
    yield News(
        key=f"reached:{facts.today['day_date']}:{count}",
        title=t("{n} contacts answered today", n=words.number(count)),
        text=t("Reached at {clock}, all teams together.", clock=words.clock(at, facts.shown_zone_name)),
        since_at=at,
        window_start=facts.today["started_at"],
        window_end=at,
        formula=t("Contacts by the instant of their answer, since midnight."),
    )


def _best_hour(facts: _Facts) -> Iterator[News]:
    """Most contacts answered in an hour since long."""
    own = [row for row in facts.hours if row["day_date"] == facts.today["day_date"]]
    before = [row for row in facts.hours if row["day_date"] < facts.today["day_date"]]
    if not own or facts.is_off_target or len({row["day_date"] for row in before}) < FEWEST_DAYS:
        return
    best = max(own, key=lambda row: row["answered_calls"])
    if best["answered_calls"] < FEWEST_CALLS:
        return
    as_many = [row["day_date"] for row in before if row["answered_calls"] >= best["answered_calls"]]
    since = _since(as_many, facts.today["day_date"], before[0]["day_date"])
    if since is None:
        return
    yield News(
        key=f"best_hour:{best['started_at'].isoformat()}",
        title=t("Most contacts answered in an hour {since}", since=since),
        text=t(
            "{n} between {start} and {end}.",
            n=words.number(best["answered_calls"]),
            start=words.clock(best["started_at"], facts.shown_zone_name),
            end=words.clock(best["ended_at"], facts.shown_zone_name),
        ),
        since_at=best["ended_at"],
        window_start=best["started_at"],
        window_end=best["ended_at"],
        formula=t("Contacts that came within an hour and were answered, hour by hour."),
    )


def _since(as_good: list[date], day_date: date, first_date: date) -> str | None:
    """Since when it is a record, in words; None where it was as good not long ago, or too little is known."""
    if as_good:
        last = max(as_good)
        return t("since {day}", day=words.day(last)) if (day_date - last).days >= RARE_DAYS else None
    weeks = (day_date - first_date).days // 7
    return t_count("in {n} week", "in {n} weeks", min(weeks, WEEKS)) if weeks else None


def _streak(facts: _Facts) -> Iterator[News]:
    """Days on target in a row until the last one that counts; days with too few contacts are passed over."""
    levels = [(day, found) for day, rows in facts.days.items() if (found := level(rows)) is not None]
    met = list(takewhile(lambda one: one[1].is_met, reversed(levels)))
    if len(met) < STREAK_DAYS or (facts.today["day_date"] - met[0][0]).days > FRESH_DAYS:
        return
    last, found = met[0]
    yield News(
        key=f"streak:{last}",
        title=t_count("On target {n} day in a row", "On target {n} days in a row", len(met)),
        text=t(
            "On {day} {ratio} in time, all queues together; target {target} (n = {n}).",
            day=words.day(last),
            **_told(found),
        ),
        since_at=facts.morning(last),
        window_start=facts.day(met[-1][0])[0],
        window_end=facts.day(last)[1],
        formula=t(
            "Days with at least {n} decided contacts whose service level, all queues together, met the targets.",
            n=FEWEST_CALLS,
        ),
    )


def _shortest_wait(facts: _Facts) -> Iterator[News]:
    """The longest wait of the last day that counts was the shortest since long."""
    waits = {
        day: max(row["longest_wait_seconds"] or 0 for row in rows)
        for day, rows in facts.days.items()
        if sum(row["offered_calls"] for row in rows) >= FEWEST_DAY_CALLS
    }
    days = sorted(waits)
    if len(days) <= FEWEST_DAYS or (facts.today["day_date"] - days[-1]).days > FRESH_DAYS:
        return
    last = days.pop()
    since = _since([day for day in days if waits[day] <= waits[last]], last, days[0])
    if since is None:
        return
    start, end = facts.day(last)
    yield News(
        key=f"shortest_wait:{last}",
        title=t("Shortest longest wait {since}", since=since),
        text=t(
            "On {day} nobody waited longer than {wait}.",
            day=words.day(last),
            wait=words.duration(waits[last]),
        ),
        since_at=facts.morning(last),
        window_start=start,
        window_end=end,
        formula=t(
            "The longest wait of a day, abandoned contacts included; days with at least {n} contacts.",
            n=FEWEST_DAY_CALLS,
        ),
    )


def _goals_reached(
    facts: _Facts, goals: pl.DataFrame | None, goal_days: pl.DataFrame | None
) -> Iterator[News]:
    """Goals that were reached for the first time on one of the last days, and stand there still."""
    if goals is None or goal_days is None or goals.is_empty() or goal_days.is_empty():
        return
    today: date = facts.today["day_date"]
    for row in goals.iter_rows(named=True):
        goal = goal_view.goal_of(row)
        if goal_view.standing_of(row, today).name != "reached" or row["measured_value"] is None:
            continue
        reached = _first_reached(goal, goal_days.filter(pl.col("goal_id") == row["goal_id"]))
        if reached is None or (today - reached).days > FRESH_DAYS:
            continue
        unit = metrics.metric(goal.metric_name).unit
        yield News(
            key=f"goal:{row['goal_id']}:{row['version_number']}",
            title=t("Goal reached: {goal}", goal=words.name(goal.goal_name)),
            text=t(
                "{value}, target {target} (n = {n}).",
                value=amount_view.shown(row["measured_value"], unit),
                target=amount_view.shown(goal.target_value, unit),
                n=words.number(row["measured_count"]),
            ),
            since_at=facts.morning(reached),
            window_start=facts.day(row["measured_date"] - timedelta(days=goal.window_days - 1))[0],
            window_end=facts.day(row["measured_date"])[1],
            formula=metrics.metric(goal.metric_name).meaning,
        )


def _first_reached(goal: goal_path.Goal, days: pl.DataFrame) -> date | None:
    """The first day on which enough was measured and the target was met."""
    found: list[date] = [
        row["day_date"]
        for row in days.sort("day_date").iter_rows(named=True)
        if row["measured_value"] is not None
        and (row["measured_count"] or 0) >= goal.minimum_count
        and goal_path.is_at_target(goal, row["measured_value"])
    ]
    return found[0] if found else None
