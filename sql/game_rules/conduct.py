"""What a rule of the game must not do to people: shame them, pay for bare presence, pay for haste, or jump at a threshold.

In: a rule whose fields are each in order. Out: what of it cannot stand: the field, what was found, what was expected.
The rule it guards: what hurts somebody is refused when it is written, not when it has hurt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from sql.game_rules.columns import COLUMNS

if TYPE_CHECKING:
    from sql.game_rules.spec import Rule

Violation = tuple[str, str, str]
"""The field, what was found, what was expected."""

QUALITY = frozenset(
    {
        "csat_satisfied_responses",
        "csat_score_sum",
        "failed_reviews",
        "not_repeated_contacts",
        "nps_detractors",
        "nps_promoters",
        "one_touch_tickets",
        "reopened_tickets",
        "repeated_contacts",
        "resolved_first_contacts",
        "review_earned_points",
        "ticket_csat_satisfied_responses",
    }
)
"""What tells whether the work was good, not how fast it went."""
_SHAMING = re.compile(
    r"\b(worst|slowest|lazy|laziest|losers?|shame|shaming|bottom|dunces?|slackers?)\b",
    re.I,
)
_STEEPEST = 0.05
"""Percent points of a whole curve are climbed over at least this share of its breadth: less is a cliff by another name."""


def violations(rule: Rule) -> Iterator[Violation]:
    """All that cannot stand, in the order of the fields."""
    yield from _words(rule)
    yield from _shape(rule)
    yield from _counted(rule)
    yield from _time(rule)
    yield from _curve(rule)
    yield from _tiers(rule)
    yield from _compared(rule)
    yield from _granted(rule)
    yield from _streak(rule)
    yield from _ladder(rule)


def _words(rule: Rule) -> Iterator[Violation]:
    for path, text in (("title", rule.title), ("description", rule.description)):
        if found := _SHAMING.search(text):
            yield (
                path,
                f"the word '{found[0]}'",
                "words that say what was done well; a game that shames is refused",
            )


def _shape(rule: Rule) -> Iterator[Violation]:
    if rule.kind in ("badge", "streak") and not rule.tiers and rule.statement_name is None:
        yield "tiers", "none", "at least one of [tiers.bronze], [tiers.silver], [tiers.gold]"
    if rule.kind in ("points", "level") and rule.tiers:
        yield "tiers", f"tiers on a rule of {rule.kind}", "tiers only on badges and streaks"
    if rule.statement_name and rule.kind != "badge":
        yield "text.sql", f"a statement on a rule of {rule.kind}", "a statement only as a badge"
    if rule.kind == "points" and rule.grant.scope != "per_period":
        yield "grant.scope", rule.grant.scope, "per_period for points"


def _counted(rule: Rule) -> Iterator[Violation]:
    """Nothing that shames, and nothing for bare presence."""
    if rule.measure is None:
        return
    way = rule.adjust.best_by
    for term in rule.measure.above:
        column = COLUMNS[term.column_name]
        if column.is_presence:
            found = f"{term.column_name} ({column.about})"
            yield (
                "measure.above",
                found,
                "what was done for customers or colleagues: rewards for bare presence wear off and invite tricks",
            )
            continue
        good = {"up": "down", "down": "up", "none": "none"}[column.way] if term.sign < 0 else column.way
        if good != "none" and way != "target" and way != good:
            yield (
                "adjust.best_by",
                f'"{way}" for {column.about}',
                f'"{good}": to point at who has {"most" if good == "down" else "least"} of it would shame people',
            )
    if not rule.measure.below and way != "up":
        yield (
            "measure.below",
            "nothing",
            "what it is a share of: without it, whoever did nothing would be the best",
        )
    if rule.measure.below and rule.adjust.fewest < 1 and rule.kind != "streak":
        yield (
            "adjust.fewest",
            f"{rule.adjust.fewest:g}",
            "at least 1, better 20 or more: below that a share is mere luck",
        )


def _time(rule: Rule) -> Iterator[Violation]:
    """Time is never paid for alone: like against like, quality first, and nothing for faster than plausible."""
    above = rule.measure.above if rule.measure else ()
    if not any(
        COLUMNS[term.column_name].is_time and not COLUMNS[term.column_name].is_presence for term in above
    ):
        return
    if rule.kind == "streak":
        yield (
            "measure.above",
            "handle time as the goal of a streak",
            "an outcome: a daily race against the clock hurts quality",
        )
        return
    if rule.adjust.method != "mix_adjusted" and not rule.adjust.is_mixed:
        yield (
            "adjust.method",
            rule.adjust.method,
            '"mix_adjusted", or is_mixed = true: times compare only for the same work',
        )
    if not rule.gated_columns & QUALITY:
        yield (
            "gates",
            "no limit on quality",
            f"[[gates]] with one of {', '.join(sorted(QUALITY))}: time never pays alone",
        )
    if rule.curve and rule.value_way == "down" and rule.curve.zones[0][1] != rule.curve.zones[1][1]:
        yield (
            "curve.zones",
            "more points the faster, without end",
            "two first zones with the same points: from there on haste pays nothing",
        )


def _curve(rule: Rule) -> Iterator[Violation]:
    if rule.curve is None:
        return
    zones = rule.curve.zones
    if any(not 0 <= points <= 100 for _, points in zones):
        yield "curve.zones", "points outside 0 to 100", "percent of weight_points"
    breadth = zones[-1][0] - zones[0][0]
    for (before, low), (after, high) in pairwise(zones):
        if after <= before:
            yield (
                "curve.zones",
                f"a jump or a step back at {after:g}",
                "values that rise: a cliff invites tricks at its edge",
            )
        elif after - before < _STEEPEST * breadth * abs(high - low) / 100 - 1e-9:
            yield "curve.zones", f"a cliff from {before:g} to {after:g}", "a slope that takes more room"
    rises = [b[1] - a[1] for a, b in pairwise(zones)]
    way = rule.value_way
    if way == "target":
        first_fall = next((place for place, rise in enumerate(rises) if rise < 0), len(rises))
        is_fit = all(rise >= 0 for rise in rises[:first_fall]) and all(
            rise <= 0 for rise in rises[first_fall:]
        )
    else:
        is_fit = all(rise >= 0 if way == "up" else rise <= 0 for rise in rises)
    if not is_fit:
        yield "curve.zones", f'points that do not follow the value, which is better "{way}"', "points that do"
    if rule.measure and rule.measure.grain == "lifetime":
        yield "measure.grain", "lifetime", "day, week, month or season for points"


def _tiers(rule: Rule) -> Iterator[Violation]:
    sign = -1 if rule.value_way == "down" else 1
    for easier, harder in pairwise(rule.tiers):
        if sign * (harder.at - easier.at) <= 0:
            yield (
                f"tiers.{harder.name}.at",
                f"{harder.at:g} after {easier.at:g}",
                f"harder than {easier.name}",
            )
    if rule.tiers and rule.adjust.best_by == "target" and rule.kind != "level":
        yield "adjust.best_by", "target", "up or down for tiers"
    for tier in rule.tiers:
        is_share = rule.measure is not None and rule.measure.below and rule.adjust.method == "none"
        if tier.gate == "wilson_lower" and (not is_share or not 0 < tier.at < 1):
            yield (
                f"tiers.{tier.name}.gate",
                "wilson_lower",
                "a plain share (method none) between 0 and 1 to be sure of",
            )
        if rule.kind == "badge" and rule.measure and sign > 0 and tier.at <= 0:
            yield f"tiers.{tier.name}.at", f"{tier.at:g}", "more than 0: a badge for nothing is worth nothing"


def _compared(rule: Rule) -> Iterator[Violation]:
    method, measure = rule.adjust.method, rule.measure
    if measure is None:
        return
    if method != "none" and not measure.below:
        yield "measure.below", "nothing", f"what it is a share of, for {method}"
    if any(term.column_name == "log_handle_sum" for term in measure.above) and (
        measure.squares != "log_handle_square_sum" or method not in ("shrunk", "own_baseline")
    ):
        yield (
            "measure.squares",
            str(measure.squares),
            "log_handle_square_sum, with method shrunk or own_baseline, beside logarithms",
        )
    if rule.adjust.is_mixed and method not in ("own_baseline", "shrunk"):
        yield "adjust.is_mixed", "true", 'true only with own_baseline and shrunk; or method = "mix_adjusted"'
    if rule.adjust.fewest_z and method != "own_baseline":
        yield "adjust.fewest_z", f"{rule.adjust.fewest_z:g}", "0 but for own_baseline"
    if method == "own_baseline" and rule.adjust.fewest_z < 1:
        yield (
            "adjust.fewest_z",
            f"{rule.adjust.fewest_z:g}",
            "1 or more (1.645 is sure at 95 %): else luck is rewarded",
        )


def _granted(rule: Rule) -> Iterator[Violation]:
    grain = rule.measure.grain if rule.measure else None
    scope = rule.grant.scope
    if grain == "lifetime" and rule.kind == "badge":
        if rule.measure and (rule.measure.below or rule.adjust.method != "none"):
            yield "measure.grain", "lifetime of a share", "a plain count, or month or season"
        if scope not in ("once", "unlimited") or rule.grant.to == "team" or rule.gates:
            yield (
                "grant",
                "a lifetime for teams, with gates, or per period",
                "once or unlimited, for an agent, without gates",
            )
    if (
        scope == "unlimited"
        and rule.kind == "badge"
        and (
            len(rule.tiers) != 1
            or (rule.measure is not None and (rule.measure.below or rule.adjust.method != "none"))
        )
    ):
        yield "grant.scope", "unlimited", "unlimited only for a plain count with one tier"
    if scope == "best_at_close" and rule.kind != "badge":
        yield "grant.scope", scope, "best_at_close only for badges"
    if rule.grant.to == "team" and (rule.kind in ("streak", "level") or rule.gates):
        yield "grant.for", "team", "an agent for streaks, levels and rules with gates"
    if rule.grant.to == "team" and rule.adjust.method == "own_baseline" and scope == "best_at_close":
        yield "grant.scope", scope, "per_period or once for a team against its own past"


def _streak(rule: Rule) -> Iterator[Violation]:
    if rule.kind != "streak" or rule.measure is None:
        return
    if rule.measure.grain != "day" or rule.adjust.method != "none":
        yield (
            "measure.grain",
            f"{rule.measure.grain}, {rule.adjust.method}",
            "day and method none for a streak",
        )
    if rule.grant.scope not in ("once", "unlimited"):
        yield "grant.scope", rule.grant.scope, "once (the first time) or unlimited (each streak) for a streak"
    for tier in rule.tiers:
        if tier.at != int(tier.at) or tier.at < 2:
            yield f"tiers.{tier.name}.at", f"{tier.at:g}", "a whole number of days, 2 or more"


def _ladder(rule: Rule) -> Iterator[Violation]:
    levels = rule.levels
    if levels is None:
        return
    if levels.curve == "percent" and (
        levels.total < 1
        or len(levels.percents) != levels.count
        or any(b <= a for a, b in pairwise(levels.percents))
    ):
        yield (
            "levels.percents",
            f"{len(levels.percents)} of {levels.total} points",
            "a total, and as many rising percents as count",
        )
    if levels.names and len(levels.names) != levels.count:
        yield "levels.names", f"{len(levels.names)} names", f"{levels.count}, one for each level, or none"
