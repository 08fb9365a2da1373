"""Makes what a wall tells a whole floor with a good conscience: teams beside their own usual, top three, customers' answers.

In: the frames of `news_queries`. Out: plain values and sentences; good news itself is made in `good_news`.
The rule it guards: nobody is named who has not allowed it, nobody is shown as last, and what is made of few says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

import polars as pl

from dashboard import certainty, words
from dashboard.wall.good_news import FEWEST_CALLS, News, celebrations, good_news
from dashboard.words import t

__all__ = [
    "CALM_SECONDS", "Against", "LongState", "News", "Satisfaction", "TeamBar", "TopPerson", "TopThree", "against",
    "celebrations", "good_news", "long_states", "satisfaction", "team_bars", "top_three",
]  # fmt: skip
CALM_SECONDS = {
    "wall_teams": 60,
    "wall_top": 300,
    "wall_satisfaction": 300,
    "wall_against": 60,
    "wall_news": 60,
    "live_long_states": 5,
}
"""How often each question of `news_queries` is worth asking."""
FEWEST_SCORES = 30
"""Of fewer answers of customers no share is told as better or worse than another."""
PLACES = 3
ROUNDED_RATIO = 0.05
"""How far a share in steps of five points, and another of its kind, can both be off, taken together."""
Standing = Literal["above", "usual", "below", "too_few", "no_usual", "withheld"]
Nothing = Literal["", "off", "nobody", "too_few", "alike", "none_above"]
AgainstColumn = Literal[
    "offered_calls", "answered_calls", "service_level_ratio", "average_handle_time_seconds"
]
_N_OF: Mapping[str, str] = {
    "service_level_ratio": "decided_calls",
    "average_handle_time_seconds": "handled_calls",
}


@dataclass(frozen=True, slots=True)
class TeamBar:
    """One team today: its contacts answered in time, beside the same of its last four such weekdays until this hour."""

    team_id: int
    team_name: str
    standing: Standing
    in_time_ratio: float | None
    n: int | None
    """Answered contacts; at least so many where `is_rounded`."""
    low_ratio: float | None
    high_ratio: float | None
    """The interval of in_time_ratio, right in 95 of 100 cases."""
    usual_ratio: float | None
    usual_n: int | None
    is_rounded: bool
    """Told by the full hour, in steps of 60 contacts and 5 points, so that nobody's work can be worked out."""
    until_at: datetime
    withheld_name: str | None
    fewest_agents: int | None

    @property
    def is_good(self) -> bool:
        """Whether to draw it in the tone of success; there is no tone for the others: they are no worse people."""
        return self.standing == "above"


@dataclass(frozen=True, slots=True)
class TopPerson:
    """Somebody who allowed it: how many of the customers gave 4 or 5 of 5 in 28 days, fairly compared."""

    agent_name: str
    shrunken_ratio: float
    plain_ratio: float
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class TopThree:
    """At most three people, the best first; where there is nobody, why, and how to take part."""

    people: tuple[TopPerson, ...]
    nothing: Nothing
    nothing_text: str
    about_text: str
    """What is compared, and over which days; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Customers who gave 4 or 5 of 5: the last 7 whole days, beside the 28 before them."""

    csat_ratio: float | None
    n: int
    low_ratio: float | None
    high_ratio: float | None
    before_ratio: float | None
    before_n: int
    standing: Standing
    first_date: date
    last_date: date
    withheld_name: str | None
    fewest_agents: int | None


@dataclass(frozen=True, slots=True)
class Against:
    """One number of today until now, beside the same weekday of last week until the same time of day."""

    column: AgainstColumn
    now_value: float | None
    now_n: int | None
    before_value: float | None
    before_n: int | None
    withheld_name: str | None
    fewest_agents: int | None


@dataclass(frozen=True, slots=True)
class LongState:
    """How many agents are in a state, and how many of them for longer than longer_seconds."""

    state_name: str
    longer_seconds: int | None
    agents: int | None
    long_agents: int | None
    withheld_name: str | None
    fewest_agents: int | None


def team_bars(teams: pl.DataFrame) -> tuple[TeamBar, ...]:
    """One per team of `wall_teams`, by name."""
    return tuple(_team_bar(row) for row in teams.iter_rows(named=True))


def _team_bar(row: Mapping[str, Any]) -> TeamBar:
    n, usual_n = row["answered_calls"], row["usual_answered_calls"]
    is_enough = n is not None and n >= FEWEST_CALLS
    has_usual = usual_n is not None and usual_n >= FEWEST_CALLS
    share = row["service_level_answered_ratio"] if is_enough else None
    usual = row["usual_service_level_answered_ratio"] if has_usual else None
    low, high = _interval(row["answered_in_threshold_calls"], n) if is_enough else (None, None)
    return TeamBar(
        team_id=row["team_id"],
        team_name=row["team_name"],
        standing="withheld"
        if row["withheld_name"]
        else _standing(share, low, high, usual, room=ROUNDED_RATIO if row["is_rounded"] else 0.0),
        in_time_ratio=share,
        n=n,
        low_ratio=low,
        high_ratio=high,
        usual_ratio=usual,
        usual_n=usual_n,
        is_rounded=row["is_rounded"],
        until_at=row["until_at"],
        withheld_name=row["withheld_name"],
        fewest_agents=row["fewest_agents"],
    )


def _interval(hits: int, n: int) -> tuple[float | None, float | None]:
    return certainty.wilson(hits, n) or (None, None)


def _standing(
    share: float | None, low: float | None, high: float | None, usual: float | None, *, room: float = 0.0
) -> Standing:
    """Better or worse only where neither chance nor rounding (`room`) explains it: the usual lies outside the interval."""
    if share is None or low is None or high is None:
        return "too_few"
    if usual is None:
        return "no_usual"
    return "above" if low - room > usual else "below" if high + room < usual else "usual"


def top_three(top: pl.DataFrame, consented: pl.DataFrame | None = None, *, is_off: bool = False) -> TopThree:
    """The people of `wall_top`, of those who allow it at this moment (`consented_agents` of the wall), where it is given.

    Whoever takes the consent back is gone with the next look, though the places are worked out less often; so is everybody
    where the site has switched ratings of single people off since (is_off).
    """
    if is_off:
        return TopThree((), "off", _nothing_text("off", None), "")
    rows = top.filter(pl.col("place_number").is_not_null()).sort("place_number") if top.height else top
    if consented is not None and rows.height:
        rows = rows.filter(pl.col("agent_id").is_in(consented["agent_id"].to_list()))
    if rows.is_empty():
        reason = top[0, "reason_name"] if top.height else None
        nothing: Nothing = next((known for known in get_args(Nothing) if known == reason), "nobody")
        needed = top[0, "needed_count"] if top.height else None
        return TopThree((), nothing, _nothing_text(nothing, needed), "")
    people = tuple(_person(row) for row in rows.head(PLACES).iter_rows(named=True))
    return TopThree(people, "", "", _about(rows.row(0, named=True)))


def _person(row: Mapping[str, Any]) -> TopPerson:
    return TopPerson(
        agent_name=row["agent_name"],
        shrunken_ratio=row["shrunken_ratio"],
        plain_ratio=row["csat_satisfied_count"] / row["csat_count"],
        n=row["csat_count"],
        text=t(
            "{ratio} satisfied (n = {n})",
            ratio=words.ratio(row["shrunken_ratio"]),
            n=words.number(row["csat_count"]),
        ),
    )


def _about(row: Mapping[str, Any]) -> str:
    return t(
        "Customers who gave 4 or 5 of 5, {days}, beside what each one's own queues let one expect and drawn towards it. "
        "It takes {needed} scores, and a consent on the page Personal data.",
        days=words.days(row["first_date"], row["last_date"]),
        needed=words.number(row["needed_count"]),
    )


def _nothing_text(nothing: Nothing, needed: int | None) -> str:
    if nothing == "too_few" and needed is not None:
        return t(
            "Nobody who takes part has {needed} scores of customers in four weeks yet.",
            needed=words.number(needed),
        )
    return {
        "off": t("Ratings of single people are switched off on this site, so nobody is named here."),
        "nobody": t(
            "Nobody is named without having allowed it. Whoever wants to stand here allows it on the page Personal data."
        ),
        "too_few": t("There are too few scores of customers yet to compare anybody fairly."),
        "alike": t("Customers score everybody alike: what differs is no more than chance."),
        "none_above": t("Nobody stands out in these four weeks."),
    }.get(nothing, "")


def satisfaction(answers: pl.DataFrame) -> Satisfaction | None:
    """What `wall_satisfaction` says; None before a customer has answered in these five weeks."""
    if answers.is_empty():
        return None
    row = answers.row(0, named=True)
    n, before_n = row["csat_count"] or 0, row["before_csat_count"] or 0
    if not n and not before_n and not row["withheld_name"]:
        return None
    low, high = _interval(row["csat_satisfied_count"], n) if n else (None, None)
    is_enough = n >= FEWEST_SCORES
    usual = row["before_csat_ratio"] if before_n >= FEWEST_SCORES else None
    return Satisfaction(
        csat_ratio=row["csat_ratio"],
        n=n,
        low_ratio=low,
        high_ratio=high,
        before_ratio=row["before_csat_ratio"],
        before_n=before_n,
        standing="withheld"
        if row["withheld_name"]
        else _standing(row["csat_ratio"] if is_enough else None, low, high, usual),
        first_date=row["first_date"],
        last_date=row["last_date"],
        withheld_name=row["withheld_name"],
        fewest_agents=row["fewest_agents"],
    )


def against(days: pl.DataFrame) -> tuple[Against, ...]:
    """The four numbers of `wall_against`; empty where there is nothing to set side by side."""
    if days.height < 2:
        return ()
    now, before = (
        days.filter(pl.col("is_before") == is_before).row(0, named=True) for is_before in (False, True)
    )
    return tuple(_against(column, now, before) for column in get_args(AgainstColumn))


def _against(column: AgainstColumn, now: Mapping[str, Any], before: Mapping[str, Any]) -> Against:
    of_n = _N_OF.get(column)
    # The work of agents may be kept back of today and not of last week: then neither stands beside the other.
    kept = now if now["withheld_name"] else before
    is_kept = column == "average_handle_time_seconds" and kept["withheld_name"] is not None
    return Against(
        column=column,
        now_value=None if is_kept else now[column],
        now_n=now[of_n] if of_n and not is_kept else None,
        before_value=None if is_kept else before[column],
        before_n=before[of_n] if of_n and not is_kept else None,
        withheld_name=kept["withheld_name"] if is_kept else None,
        fewest_agents=kept["fewest_agents"] if is_kept else None,
    )


def long_states(states: pl.DataFrame) -> tuple[LongState, ...]:
    """One per state of `live_long_states` in which somebody is; one without a count where too few are signed in."""
    return tuple(
        LongState(
            state_name=row["state_name"] or "",
            longer_seconds=row["longer_seconds"],
            agents=row["agents_count"],
            long_agents=row["long_agents_count"],
            withheld_name=row["withheld_name"],
            fewest_agents=row["fewest_agents"],
        )
        for row in states.iter_rows(named=True)
    )
