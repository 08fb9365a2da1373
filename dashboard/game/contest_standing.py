"""Who stands where in a contest: each against the others, teams of any size, or everybody against their own weeks before.

In: the terms of a contest and what is counted of each who takes part. Out: value, place and tier of each, or why none.
The rule it guards: too little work ranks nobody; absence costs no place; what is equal shares a place; the order in which
the parts come changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.ranking import shared_ranks, team_score

HOUR_SECONDS = 3600
NORM_HOURS = 40.0
"""Points and counts are told as those of a week of so many hours."""
PSEUDO_COUNT, PSEUDO_HOURS = 20, 8.0
"""With how much more work each is counted: the strength that shares of agents commonly have, and a day."""
DIGITS = 9


@dataclass(frozen=True, slots=True)
class Terms:
    """What was announced, as far as it decides on places. is_ratio: one sum over another, which no hours are needed for."""

    kind_name: str
    is_ratio: bool
    is_less_better: bool = False
    is_prorated: bool = True
    minimum_count: int = 0
    minimum_hours: int = 0
    minimum_agents: int = 1
    minimum_qualified_agents: int = 1
    tie_name: str = "share"


@dataclass(frozen=True, slots=True)
class Part:
    """What is counted of one who takes part; null sums where nothing was measured. n: of how many."""

    key: str
    team_id: int | None
    above_value: float | None
    below_value: float | None
    exposure_seconds: float | None
    n: int
    is_disqualified: bool = False
    baseline_above_value: float | None = None
    baseline_below_value: float | None = None
    baseline_exposure_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Stand:
    """Where one stands. why_not: why there is no place (disqualified, few, hours, nothing, no_baseline, small_team); empty
    for whoever qualifies. value decides on places; raw_value is what was counted, not drawn to everybody's."""

    key: str
    team_id: int | None
    value: float | None
    n: int
    hours: float | None
    why_not: str = ""
    place: int | None = None
    tier_name: str | None = None
    member_count: int = 1
    raw_value: float | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """Down to which place a tier goes, and what each in it gets."""

    tier_name: str
    last_position: int
    prize_points: int


def standings(terms: Terms, parts: Sequence[Part], tiers: Sequence[Tier] = ()) -> list[Stand]:
    """One stand per part, in their order; in a contest of teams everybody has the place of their team."""
    own = _own_all(terms, parts)
    if terms.kind_name != "team":
        return _with_tiers(terms, _placed(terms, own), tiers)
    teams = {one.team_id: one for one in team_standings(terms, parts, tiers)}
    return [_of_team(one, teams.get(one.team_id)) for one in own]


def team_standings(terms: Terms, parts: Sequence[Part], tiers: Sequence[Tier] = ()) -> list[Stand]:
    """One stand per team, the first named first: the mean of its members who qualify, drawn to everybody's by four."""
    able = [one for one in _own_all(terms, parts) if not one.why_not and one.value is not None]
    values = [one.value for one in able if one.value is not None]
    mean = sum(values) / len(values) if values else 0.0
    found = []
    for team_id in dict.fromkeys(one.team_id for one in parts):
        members = [one for one in able if one.team_id == team_id]
        points = [one.value for one in members if one.value is not None]
        is_small = team_id is None or len(members) < terms.minimum_agents
        hours = sum(one.hours or 0.0 for one in members)
        found.append(
            Stand(
                key=str(team_id),
                team_id=team_id,
                value=None if is_small else round(team_score(points, mean), DIGITS),
                n=sum(one.n for one in members),
                hours=hours,
                why_not="small_team" if is_small else "",
                member_count=len(members),
            )
        )
    return _with_tiers(terms, _placed(terms, found), tiers)


def _own_all(terms: Terms, parts: Sequence[Part]) -> list[Stand]:
    """Each by themselves, drawn to everybody's: as if each had a little more work, done as all did it."""
    counted = [(one, _why_not(terms, one)) for one in parts]
    able = [one for one, why in counted if not why]
    weight = sum(_weight(terms, one) or 0.0 for one in able)
    mean = sum(one.above_value or 0.0 for one in able) / weight if weight else 0.0
    return [_own(terms, one, why, mean) for one, why in counted]


def _why_not(terms: Terms, part: Part) -> str:
    """Why somebody has no place; empty for whoever qualifies."""
    if part.is_disqualified:
        return "disqualified"
    if part.above_value is None or not _weight(terms, part):
        return "nothing"
    if part.n < terms.minimum_count:
        return "few"
    if terms.minimum_hours and (part.exposure_seconds or 0.0) < terms.minimum_hours * HOUR_SECONDS:
        return "hours"
    if terms.kind_name == "own_best" and not _base(terms, part):
        return "no_baseline"
    return ""


def _is_per_hour(terms: Terms) -> bool:
    """Whether a count is told for hours of work; against one's own weeks always: weeks of another length are no gain."""
    return not terms.is_ratio and (terms.is_prorated or terms.kind_name == "own_best")


def _weight(terms: Terms, part: Part) -> float | None:
    """What a sum is told over: of how many, in how many hours, or as it is."""
    if terms.is_ratio:
        return part.below_value
    if _is_per_hour(terms):
        return (part.exposure_seconds or 0.0) / HOUR_SECONDS
    return 1.0


def _base(terms: Terms, part: Part) -> float | None:
    """One's own rate in the weeks before; None where there was too little of it."""
    below = part.baseline_below_value
    if not terms.is_ratio:
        below = (part.baseline_exposure_seconds or 0.0) / HOUR_SECONDS
    if not below or below < (terms.minimum_count if terms.is_ratio else terms.minimum_hours):
        return None
    return (part.baseline_above_value or 0.0) / below


def _own(terms: Terms, part: Part, why_not: str, mean: float) -> Stand:
    hours = None if part.exposure_seconds is None else part.exposure_seconds / HOUR_SECONDS
    weight = _weight(terms, part)
    bare = Stand(part.key, part.team_id, None, part.n, hours, why_not)
    if part.above_value is None or not weight:
        return bare
    norm = NORM_HOURS if _is_per_hour(terms) else 1.0
    raw = part.above_value / weight * norm
    towards, more = mean, _pseudo(terms)
    if terms.kind_name == "own_best":
        towards = _base(terms, part) or 0.0
    value = (part.above_value + more * towards) / (weight + more) * norm
    if terms.kind_name == "own_best":
        value = _gain(terms, value, towards * norm)
        raw = _gain(terms, raw, towards * norm)
    return replace(bare, value=round(value, DIGITS), raw_value=round(raw, DIGITS))


def _pseudo(terms: Terms) -> float:
    """How much more work each is counted with, done as everybody does it, so that luck with a few wins nothing."""
    if terms.is_ratio:
        return float(max(PSEUDO_COUNT, terms.minimum_count))
    return float(max(PSEUDO_HOURS, terms.minimum_hours)) if _is_per_hour(terms) else 0.0


def _gain(terms: Terms, value: float, base: float) -> float:
    """How much better than one's own weeks before, as a share of them."""
    if not base:
        return 0.0
    return (base - value if terms.is_less_better else value - base) / base


def _placed(terms: Terms, stands: Sequence[Stand]) -> list[Stand]:
    """The same with their places; ties share one, or go to whoever did more where the terms say so."""
    is_down = terms.is_less_better and terms.kind_name != "own_best"
    able = [one for one in stands if not one.why_not and one.value is not None]
    scores = [(-one.value if is_down else one.value) for one in able if one.value is not None]
    if terms.tie_name == "more_work":
        order = sorted(set(zip(scores, (one.n for one in able), strict=True)))
        scores = [float(order.index((score, one.n))) for score, one in zip(scores, able, strict=True)]
    places = dict(zip((one.key for one in able), shared_ranks(scores), strict=True))
    return [replace(one, place=places.get(one.key)) for one in stands]


def _with_tiers(terms: Terms, stands: Sequence[Stand], tiers: Sequence[Tier]) -> list[Stand]:
    """The same with the tier of each place; none at all where fewer qualify than were announced."""
    if sum(one.place is not None for one in stands) < terms.minimum_qualified_agents:
        return list(stands)
    order = sorted(tiers, key=lambda tier: tier.last_position)
    return [
        replace(
            one,
            tier_name=next(
                (
                    tier.tier_name
                    for tier in order
                    if one.place is not None and one.place <= tier.last_position
                ),
                None,
            ),
        )
        for one in stands
    ]


def _of_team(own: Stand, team: Stand | None) -> Stand:
    if own.why_not or team is None or team.place is None:
        why = own.why_not or "small_team"
        return replace(own, why_not=why)
    return replace(own, place=team.place, tier_name=team.tier_name)


def terms_of(row: Mapping[str, object]) -> Terms:
    """The terms of a row of game.contests."""
    return Terms(
        kind_name=str(row["kind_name"]),
        is_ratio=row["below_name"] is not None,
        is_less_better=bool(row["is_less_better"]),
        is_prorated=bool(row["is_prorated"]),
        minimum_count=_whole(row["minimum_count"]),
        minimum_hours=_whole(row["minimum_hours"]),
        minimum_agents=_whole(row["minimum_agents"]),
        minimum_qualified_agents=_whole(row["minimum_qualified_agents"]),
        tie_name=str(row["tie_name"]),
    )


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int) else 0
