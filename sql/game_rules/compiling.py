"""Turns a rule into the one statement that says who has earned what: fixed text, and the rule's words beside it.

In: a Rule, the number of its version and the day from which it holds. Out: a Compiled: a text made of the files in
`sql/game_rules/parts` alone, and the parameters to go with it; `first_date` and `last_date` are given when it is run.
The rule it guards: no value of a rule ever stands in the text, so that no rule can say anything to the database; what
is effective on a day depends on facts up to that day only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from sql.game_rules.spec import COLUMNS, MOST_TERMS, GameError, Gate, Measure, Rule, Term

DEADLINE_SECONDS = 30.0
"""How long one statement of a rule may take before the database ends it."""
FIRST_DATE = date(1990, 1, 1)
LAST_DATE = date(2100, 1, 1)
FEWEST_IN_STRATUM = 30.0
MOST_OWN_RATIO = 0.2
MOST_SHRINK_RATIO = 0.3
LONG_GRAINS = ("month", "season", "lifetime")

Part = tuple[str, str]
"""The name under which the statement knows it, and its file in sql/game_rules/parts."""


@dataclass(frozen=True)
class Compiled:
    """A statement with its parameters; run it with first_date and last_date (both working days included) added.

    Grain of its answer: one row per entry that is due with an effective_date in that window: entry_key, agent_id,
    account_name, entry_points, tier_name, effective_date, period_text, workings (jsonb), evidence (jsonb array).
    """

    text: str
    parameters: Mapping[str, object]


def compiled(
    rule: Rule, *, version_number: int, valid_from: date, valid_until: date | None = None
) -> Compiled:
    """The statement of what this version of the rule gives. valid_until: the day on which it holds no more (the next
    version's first), null while it is the last.

    What is effective on a day depends on facts up to that day only; a longer window gives the same rows and more.
    A level's depends on the points in the ledger up to that day, so levels are counted after all others.
    """
    parameters = _parameters(rule, version_number, valid_from, valid_until)
    if rule.statement_name is not None:
        return Compiled(badge_text(rule.statement_name), parameters)
    parts = [("bounds", _bounds(rule)), *_earners(rule, spans=f"spans_{_grain(rule)}"), *_grants(rule)]
    earlier = "earlier_versions" if rule.grant.scope == "once" and version_number > 1 else "earlier_none"
    members = "members_team" if rule.grant.to == "team" else "members_agent"
    parts += [("due", "due"), ("members", members), ("earlier", earlier), *_told(rule)]
    return Compiled(_text(parts, "entries"), parameters)


def standing(rule: Rule, *, valid_from: date) -> Compiled:
    """The statement of how far everybody has come on last_date: the running period of a badge or points rule
    (parts/standing_values.sql tells the columns), the streak (standing_runs.sql), or the level (standing_levels.sql).

    Raises GameError for a badge that is a statement of its own: how far somebody is, only it would know.
    """
    if rule.statement_name is not None:
        raise GameError(
            f"The badge '{rule.name}' is a statement of its own, which tells who has it, not who is near it. "
            "Show it without progress."
        )
    parameters = _parameters(rule, 1, valid_from, None)
    bounds = [("bounds", "bounds")]
    if rule.kind == "level":
        return Compiled(_text([*_ladder(), *bounds], "standing_levels"), parameters)
    if rule.kind == "streak":
        return Compiled(
            _text([*bounds, *_earners(rule, spans="spans_lifetime")], "standing_runs"), parameters
        )
    parts = [*bounds, *_earners(rule, spans="spans_running"), ("reached", "reached")]
    return Compiled(_text(parts, "standing_values"), parameters)


def rows(
    connection: sa.Connection,
    statement: Compiled,
    *,
    first_date: date,
    last_date: date,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> list[dict[str, Any]]:
    """The rows of a statement over a window, each by the names of its columns; it is ended after deadline_seconds."""
    with planned(connection, deadline_seconds=deadline_seconds):
        window = {"first_date": first_date, "last_date": last_date}
        found = connection.execute(clause(statement.text), {**statement.parameters, **window})
        return [dict(row) for row in found.mappings()]


@contextmanager
def planned(connection: sa.Connection, *, deadline_seconds: float = DEADLINE_SECONDS) -> Iterator[None]:
    """What a rule's statement needs of the connection's transaction: an end in time, and joins by hash.

    The planner takes what a rule counts for a handful of rows and would join them row by row: minutes instead of moments.
    Run every statement of a rule inside; what was set before stands again afterwards.
    """
    names = ("statement_timeout", "enable_nestloop")
    read = sa.text("select current_setting(cast(:name as text))")
    change = sa.text("select set_config(cast(:name as text), cast(:value as text), true)")
    before = {name: connection.execute(read, {"name": name}).scalar_one() for name in names}
    wanted = {"statement_timeout": f"{max(1, round(deadline_seconds * 1000))}ms", "enable_nestloop": "off"}
    for name in names:
        connection.execute(change, {"name": name, "value": wanted[name]})
    yield  # a statement that fails ends the transaction (or savepoint), and the settings with it
    for name in names:
        connection.execute(change, {"name": name, "value": before[name]})


@cache
def clause(text: str) -> sa.TextClause:
    """The text with its parameters found in it, once for each of the few texts that rules become."""
    return sa.text(text)


@cache
def part_text(name: str) -> str:
    """The text of a file of sql/game_rules/parts."""
    return (resources.files("sql.game_rules") / "parts" / f"{name}.sql").read_text(encoding="utf-8").strip()


@cache
def badge_text(name: str) -> str:
    """The text of a badge that is a statement; raises GameError where there is no such file."""
    path = resources.files("sql.game_rules") / "badges" / f"{name}.sql"
    if name not in badge_names():
        raise GameError(
            f"There is no statement badges/{name}.sql; expected one of {', '.join(badge_names()) or 'none yet'}. "
            "Add the file, or name another."
        )
    return path.read_text(encoding="utf-8").strip()


@cache
def badge_names() -> tuple[str, ...]:
    """The badges that are statements, by name."""
    folder = resources.files("sql.game_rules") / "badges"
    return tuple(
        sorted(item.name.removesuffix(".sql") for item in folder.iterdir() if item.name.endswith(".sql"))
    )


def _text(parts: Iterable[Part], last: str) -> str:
    stated = ",\n".join(f"{name} as (\n{part_text(file)}\n)" for name, file in parts)
    return f"with {stated}\n\n{part_text(last)}\n"


def _grain(rule: Rule) -> str:
    if rule.kind in ("streak", "level"):
        return "lifetime"
    return rule.measure.grain if rule.measure else "day"


def _bounds(rule: Rule) -> str:
    return "bounds_of_history" if rule.grant.scope == "once" and _grain(rule) != "lifetime" else "bounds"


def _earners(rule: Rule, *, spans: str) -> list[Part]:
    """From the periods to whom the rule can give something."""
    if rule.kind == "level":
        return []
    if rule.kind == "streak":
        return [(name, name) for name in ("schedules", "day_totals", "workdays", "goal_days", "runs")]
    if spans == "spans_lifetime":
        return [("facts", "facts_of_lifetime")]
    has_past = rule.adjust.method == "own_baseline"
    parts = [
        ("spans", spans),
        ("days", "days_with_past" if has_past else "days_now"),
        *_facts(rule, "facts"),
    ]
    if is_mixed(rule):
        parts += [("strata", "strata"), ("totals", "totals_mixed")]
    else:
        parts += [("totals", "totals_plain")]
    parts += _valued(rule)
    parts += [
        ("hours", "hours_known" if _asks_hours(rule) else "hours_unasked"),
        ("gates", "gates" if rule.gates else "gates_none"),
        ("qualified", "qualified"),
        ("judged", "judged"),
    ]
    return parts


def _facts(rule: Rule, name: str) -> list[Part]:
    """The facts by agent, or by team; an agent's are read anew for the evidence: cheaper than to keep them all."""
    if rule.grant.to != "team":
        return [(name, "facts")]
    if name == "facts_told":
        return [(name, "team_facts")]
    return [("agent_facts", "facts"), ("memberships", "memberships"), (name, "team_facts")]


def _valued(rule: Rule) -> list[Part]:
    method = rule.adjust.method
    if method == "own_baseline":
        return [("sides", "sides"), ("valued", "valued_own_baseline")]
    if method == "shrunk" and rule.measure and rule.measure.squares:
        return [("logs", "logs"), ("valued", "valued_shrunk_log")]
    return [("valued", f"valued_{method}")]


def _grants(rule: Rule) -> list[Part]:
    if rule.kind == "level":
        return [*_ladder(), ("granted", "granted_level")]
    if rule.kind == "points":
        return [("granted", "granted_points")]
    if rule.kind == "streak":
        return [("granted", "granted_streak")]
    if _grain(rule) == "lifetime":
        return [("granted", "granted_lifetime")]
    scope = {"once": "once", "unlimited": "unlimited", "best_at_close": "best"}.get(
        rule.grant.scope, "per_period"
    )
    return [("reached", "reached"), ("granted", f"granted_{scope}")]


def _ladder() -> list[Part]:
    return [("ladder", "ladder"), ("earned", "earned")]


def _told(rule: Rule) -> list[Part]:
    if rule.kind == "level":
        return [("told", "told_none")]
    if rule.kind == "streak":
        shares = [("facts_told", "facts_told_of_streak"), ("shares", "shares_of_streak")]
    elif is_mixed(rule):
        shares = [("granted_days", "granted_days"), ("shares", "shares_mixed")]
    else:
        facts = (
            [("facts_told", "facts_told_of_lifetime")]
            if _grain(rule) == "lifetime"
            else _facts(rule, "facts_told")
        )
        by = "month" if _grain(rule) in LONG_GRAINS else "kind"
        shares = [("granted_days", "granted_days"), *facts, ("shares", f"shares_by_{by}")]
    return [*shares, ("told", "told_by_kind")]


def is_mixed(rule: Rule) -> bool:
    """Whether the value is set against what everybody's rate would have made of the same work."""
    return rule.adjust.method == "mix_adjusted" or rule.adjust.is_mixed


def _asks_hours(rule: Rule) -> bool:
    has_cap = rule.curve is not None and rule.curve.most_points_per_day is not None
    return rule.grant.to != "team" and (rule.adjust.fewest_hours > 0 or (has_cap and _grain(rule) != "day"))


def _parameters(
    rule: Rule, version_number: int, valid_from: date, valid_until: date | None
) -> Mapping[str, object]:
    backfill = rule.grant.backfill
    effective_from = FIRST_DATE if backfill == "all" and version_number == 1 else valid_from
    found: dict[str, object] = {
        "rule_name": rule.name,
        "version_number": version_number,
        "account_name": rule.account_name,
        "effective_from_date": effective_from,
        "facts_from_date": valid_from if backfill == "new_only" else FIRST_DATE,
        "valid_until_date": valid_until or LAST_DATE,
        "grain": _grain(rule),
        "is_for_team": rule.grant.to == "team",
        "is_once": rule.grant.scope == "once",
        "is_unlimited": rule.grant.scope == "unlimited",
        "fewest_agents": rule.grant.fewest_agents,
        "coins_ratio": rule.grant.coins_ratio,
        "fewest": rule.adjust.fewest,
        "fewest_hours": rule.adjust.fewest_hours,
        "fewest_z": rule.adjust.fewest_z,
        "way_sign": -1 if rule.adjust.best_by == "down" else 1,
        "value_sign": -1 if rule.value_way == "down" else 1,
        "fewest_in_stratum": FEWEST_IN_STRATUM,
        "most_own_ratio": MOST_OWN_RATIO,
        "most_shrink_ratio": MOST_SHRINK_RATIO,
        **_measured(rule.measure),
        **_paid(rule),
    }
    return MappingProxyType(found)


def _measured(measure: Measure | None) -> dict[str, object]:
    found: dict[str, object] = {
        **_slots("above", measure.above if measure else ()),
        **_slots("below", measure.below if measure else ()),
        "squares": measure.squares if measure else None,
        "has_below": bool(measure and measure.below),
        "is_of_time": bool(measure and any(COLUMNS[term.column_name].is_time for term in measure.above)),
        "is_log": bool(measure and any(term.column_name == "log_handle_sum" for term in measure.above)),
    }
    for name in ("channels", "queues", "topics", "directions"):
        found[name] = list(getattr(measure, name)) or None if measure else None
    return found


def _slots(side: str, terms: tuple[Term, ...], most: int = MOST_TERMS) -> dict[str, object]:
    """One name and sign for each place of a sum; the places that are not used hold nothing."""
    strange = [term.column_name for term in terms if term.column_name not in COLUMNS]
    if strange or len(terms) > most:
        raise GameError(
            f"A rule counts {strange or f'{len(terms)} columns in one sum'}; expected at most {most} columns of the list "
            "in docs/game-rules.md. Correct the measure."
        )
    padded: list[Term | None] = [*terms, *[None] * (most - len(terms))]
    return {
        key: value
        for place, term in enumerate(padded, 1)
        for key, value in (
            (f"{side}_{place}", term.column_name if term else None),
            (f"{side}_{place}_sign", term.sign if term else 0),
        )
    }


def _paid(rule: Rule) -> dict[str, object]:
    curve, levels, goal = rule.curve, rule.levels, rule.goal
    return {
        "zones": json.dumps([list(zone) for zone in curve.zones]) if curve else None,
        "weight_points": curve.weight_points if curve and rule.is_on else 0,
        "most_points_per_day": curve.most_points_per_day if curve else None,
        "tiers": json.dumps(_tiers(rule)),
        "gates": json.dumps([_gate(place, gate) for place, gate in enumerate(rule.gates, 1)]),
        "goal_at": goal.at if goal else None,
        "goal_fewest": goal.fewest if goal else None,
        "is_quiet_day_missed": bool(goal and goal.is_quiet_day_missed),
        "curve_name": levels.curve if levels else None,
        "base": levels.base if levels else None,
        "step": levels.step if levels else None,
        "factor": levels.factor if levels else None,
        "total": levels.total if levels else None,
        "percents": list(levels.percents) if levels else None,
        "level_names": list(levels.names) if levels else None,
        "level_count": levels.count if levels else None,
        "level_coins": levels.coins if levels and rule.is_on else 0,
    }


def _tiers(rule: Rule) -> list[dict[str, object]]:
    """The tiers from the easiest to the hardest; none of a rule that is switched off."""
    return [
        {
            "place": place,
            "tier_name": tier.name,
            "at_value": tier.at,
            "gate_name": tier.gate,
            "tier_points": tier.points,
            "coins": tier.coins,
        }
        for place, tier in enumerate(rule.tiers if rule.is_on else (), 1)
    ]


def _gate(place: int, gate: Gate) -> dict[str, object]:
    return {
        "place": place,
        **_slots("above", gate.above, 2),
        **_slots("below", gate.below, 2),
        "best_by": gate.best_by,
        "limit_value": gate.limit,
        "fewest": gate.fewest,
    }
