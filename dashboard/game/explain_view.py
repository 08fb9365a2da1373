"""How one number of the game came about, ready to draw: step by step with its arithmetic, the rows behind it, the calls
behind them.

In: an entry (or an award that is not written yet), what was kept of how it was made, its rows of evidence. Out: blocks.
The rule it guards: the steps are counted again from the rows that are shown; where that does not give what was written,
the page says so with both numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard import words
from dashboard.board import Block, Row
from dashboard.game import day_view
from dashboard.game.badge_view import tier_word, value_text
from dashboard.game.evidence_view import amount_text, capital, is_log, is_time, terms_text
from dashboard.game.recounting import Recipe, Recount, recounted
from dashboard.game.rule_texts import rule_of
from dashboard.words import t, t_count
from sql.game_rules.spec import Rule, Term


def recipe_of(rule: Rule, workings: Mapping[str, Any]) -> Recipe:
    """How the rule makes points of what was counted."""
    measure = rule.measure
    above = measure.above if measure is not None else ()
    curve = rule.curve
    return Recipe(
        method=rule.adjust.method,
        has_below=bool(measure is not None and measure.below),
        is_log=any(term.column_name.startswith("log_") for term in above),
        best_by=rule.adjust.best_by,
        zones=curve.zones if curve is not None else (),
        weight_points=int(workings["weight_points"])
        if "weight_points" in workings
        else curve.weight_points
        if curve
        else None,
    )


def heading(row: Row, zone_name: str) -> Block:
    """The number itself, what it is for and for which day."""
    rule = rule_of(row["spec_text"])
    told = [words.day(row["effective_date"])]
    if row.get("recorded_at") is not None:
        told.append(t("written {at}", at=words.instant(row["recorded_at"], zone_name)))
    else:
        told.append(t("not written yet, as it stands now"))
    if row.get("version_number") is not None:
        told.append(t("version {n} of the rule", n=row["version_number"]))
    lead = " · ".join(told)
    purpose = f"{rule.purpose}" if rule is not None else str(row.get("reason_text") or "")
    return {
        "kind": "number",
        "label": day_view.name_of(row),
        "value": day_view.amount(row),
        "more": lead,
        "meaning": purpose,
        "parts": [],
    }


def steps(row: Row, evidence: Sequence[Row]) -> Block:
    """The steps from what was counted to what was written."""
    workings = json.loads(row["workings_text"] or "{}")
    rule = rule_of(row["spec_text"])
    label = t("How this came about")
    if rule is None or rule.measure is None or row["kind_name"] not in ("award",):
        return {"kind": "workings", "label": label, "steps": [*_told(row, workings, rule)]}
    if not workings:
        gone = _step(
            "gone",
            t("How it was made is no longer kept"),
            t("Rows are kept for the months that this site has set; the amount stays."),
            "",
            day_view.amount(row),
            is_last=True,
        )
        return {"kind": "workings", "label": label, "steps": [gone]}
    found = recounted(recipe_of(rule, workings), workings, evidence) if evidence else _kept(workings)
    return {"kind": "workings", "label": label, "steps": _steps(row, rule, workings, found)}


def _kept(workings: Mapping[str, Any]) -> Recount:
    """What was kept of the workings, where the rows themselves are not written yet."""
    percent, weight = workings.get("curve_percent"), workings.get("weight_points")
    raw = percent * weight / 100 if percent is not None and weight is not None else None
    above, below = float(workings.get("above") or 0), float(workings.get("below") or 0)
    rate = above / below if below else above
    return Recount(above, below, workings.get("expected"), rate, workings.get("value"), percent, raw, None)


def _steps(row: Row, rule: Rule, workings: Mapping[str, Any], found: Recount) -> list[Block]:
    made = [_counted_step(rule, found)]
    if rule.adjust.method == "shrunk" and found.expected is not None:
        made.append(_mixed_step(rule, found))
    if rule.adjust.method != "none":
        made.append(_fair_step(rule, workings, found))
    if rule.curve is not None and found.percent is not None:
        made.append(_curve_step(rule, found))
        made.append(_paid_step(row, workings, found))
    else:
        made.append(_tier_step(row, rule, workings, found))
    return made


def _counted_step(rule: Rule, found: Recount) -> Block:
    measure = rule.measure
    above = terms_text(measure.above if measure else ())
    if measure is None or not measure.below:
        return _step(
            "counted",
            t("Counted"),
            _sentence(above),
            "",
            _amount_text(rule, found.above, measure.above if measure else ()),
        )
    below = terms_text(measure.below)
    text = t("{above}, of {below}.", above=capital(above), below=below)
    if found.rate is None:
        return _step("counted", t("Counted"), text, "", words.number(None))
    if is_log(measure.above):
        return _step(
            "counted",
            t("Counted"),
            t("The typical handle time of {n} contacts.", n=words.number(found.below)),
            "",
            words.duration(found.rate),
        )
    formula = (
        f"{_amount_text(rule, found.above, measure.above)} ÷ {_amount_text(rule, found.below, measure.below)}"
    )
    return _step("counted", t("Counted"), text, formula, _rate_text(measure.above, measure.below, found.rate))


def _fair_step(rule: Rule, workings: Mapping[str, Any], found: Recount) -> Block:
    """What makes the comparison fair: the same work of everybody, one's own past, the few that luck moves."""
    method, above = rule.adjust.method, rule.measure.above if rule.measure else ()
    if method == "mix_adjusted":
        expected = amount_text(above, found.expected or 0.0)
        text = t(
            "With just your queues, topics, channels and hours, everybody's rate would have made {expected}. "
            "100% is exactly that.",
            expected=expected,
        )
        formula = f"{amount_text(above, found.above)} ÷ {expected}"
        return _step("fair", t("Beside the same work of everybody"), text, formula, words.ratio(found.value))
    if method == "own_baseline":
        text = t(
            "How much better than what was usual for you, and so sure that it is no luck: {z} standard errors.",
            z=f"{workings.get('z', 0):.1f}",
        )
        return _step("fair", t("Beside your own eight weeks before"), text, "", words.ratio(found.value))
    text = t(
        "With few answers luck does much, so the value is drawn a little to that of everybody: "
        "the less, the more there is of yours.",
    )
    return _step(
        "fair", t("Allowing for luck"), text, _drawn_text(rule, workings, found), words.ratio(found.value)
    )


def _mixed_step(rule: Rule, found: Recount) -> Block:
    """What everybody's rate makes of the same work, before luck is allowed for."""
    expected = found.expected or 0.0
    above = rule.measure.above if rule.measure else ()
    if is_log(above):
        usual = math.exp(expected / found.below) if found.below else None
        own = math.exp((found.above - expected) / found.below) if found.below else None
        text = t(
            "With just your queues, topics, channels and hours, everybody takes {usual}.",
            usual=words.duration(usual),
        )
        formula = f"{words.duration(found.rate)} ÷ {words.duration(usual)}"
        return _step("mixed", t("Beside the same work of everybody"), text, formula, words.ratio(own))
    usual = expected / found.below if found.below else None
    text = t("What everybody's rate makes of just your queues, topics, channels and hours.")
    formula = f"{amount_text(above, round(expected, 1))} ÷ {words.number(found.below)}"
    return _step("mixed", t("The same work of everybody"), text, formula, words.ratio(usual))


def _drawn_text(rule: Rule, workings: Mapping[str, Any], found: Recount) -> str:
    """The arithmetic of a value that was drawn to the mean."""
    mean, strength = workings.get("mean"), workings.get("strength")
    if mean is None or strength is None or not found.below:
        return t("everybody has {mean}", mean=words.ratio(mean)) if mean is not None else ""
    if is_log(rule.measure.above if rule.measure else ()):
        return t("{part} of everybody's, the rest of yours", part=words.ratio(strength))
    usual = mean if found.expected is None else found.expected / found.below
    drawn = f"({words.ratio(usual)} × {strength:.1f} + {found.above:.10g}) ÷ ({strength:.1f} + {found.below:.10g})"
    if found.expected is None:
        return drawn
    return f"{words.ratio(mean)} × {drawn} ÷ {words.ratio(usual)}"


def _curve_step(rule: Rule, found: Recount) -> Block:
    zones = rule.curve.zones if rule.curve is not None else ()
    value = found.value if found.value is not None else 0.0
    lower = max((zone for zone in zones if zone[0] <= value), default=None)
    upper = min((zone for zone in zones if zone[0] > value), default=None)
    result = _percent(found.percent or 0.0)
    if lower is None or upper is None:
        text = t("Outside the first and the last point of the curve it stays level.")
        return _step("curve", t("Read off the curve"), text, "", result)
    low, high, at = _zone(rule, lower[0]), _zone(rule, upper[0]), _zone(rule, value)
    if lower[1] == upper[1]:
        text = t("Between {low} and {high} the curve is level.", low=low, high=high)
        return _step("curve", t("Read off the curve"), text, "", result)
    text = t(
        "Between {low} ({low_percent}) and {high} ({high_percent}) the curve is a straight line: no jump anywhere.",
        low=low,
        low_percent=_percent(lower[1]),
        high=high,
        high_percent=_percent(upper[1]),
    )
    gained = _percent(upper[1] - lower[1])
    formula = f"{_percent(lower[1])} + ({at} − {low}) ÷ ({high} − {low}) × {gained}"
    return _step("curve", t("Read off the curve"), text, formula, result)


def _paid_step(row: Row, workings: Mapping[str, Any], found: Recount) -> Block:
    weight = workings.get("weight_points") or 0
    raw = found.raw_points if found.raw_points is not None else 0.0
    formula = f"{_percent(found.percent or 0.0)} × {words.number(weight)} = {raw:.2f}"
    told = [
        t_count(
            "The rule is worth {n} point at most; rounded once.",
            "The rule is worth {n} points at most; rounded once.",
            int(weight),
        )
    ]
    most = workings.get("most_points")
    if most is not None and raw > float(most):
        told.append(t("At most {most} in this time.", most=words.number(most)))
    if found.points is not None and found.points != row["entry_points"]:
        told.append(
            t(
                "Counted again from the rows below it is {points}: something has changed since. Say so below, and "
                "somebody looks.",
                points=words.number(found.points),
            )
        )
    return _step("paid", t("Written"), " ".join(told), formula, day_view.amount(row), is_last=True)


def _tier_step(row: Row, rule: Rule, workings: Mapping[str, Any], found: Recount) -> Block:
    tier = next((one for one in rule.tiers if one.name == row["tier_name"]), None)
    aim = workings.get("at", tier.at if tier is not None else None)
    text = rule.description or rule.purpose
    formula = ""
    if aim is not None and found.value is not None:
        compare = "≤" if rule.adjust.best_by == "down" and rule.adjust.method != "own_baseline" else "≥"
        formula = f"{_zone(rule, found.value)} {compare} {_zone(rule, float(aim))}"
    if tier is not None and tier.gate == "wilson_lower":
        text += " " + t(
            "Even the lower end of what the count allows for is there, so that a few lucky ones are not enough."
        )
    title = (
        t("{tier} asks for", tier=tier_word(row["tier_name"])) if row["tier_name"] else t("What it asks for")
    )
    return _step("tier", title, text, formula, day_view.amount(row), is_last=True)


def _told(row: Row, workings: Mapping[str, Any], rule: Rule | None) -> list[Block]:
    """What is no count: a correction, thanks, a purchase, a level, a streak."""
    made = []
    if rule is not None and rule.kind == "level" and "at" in workings:
        text = t("All points that you were ever given, added up; what is spent never lowers it.")
        formula = f"{words.number(workings.get('value'))} ≥ {words.number(workings['at'])}"
        made.append(
            _step(
                "level",
                t(
                    "Level {n} begins at {at} points",
                    n=workings.get("level"),
                    at=words.number(workings["at"]),
                ),
                text,
                formula,
                str(workings.get("level_name") or ""),
            )
        )
    elif rule is not None and rule.kind == "streak" and "value" in workings:
        made.append(
            _step(
                "streak",
                rule.title,
                rule.description or rule.purpose,
                "",
                t_count("{n} day", "{n} days", int(workings["value"])),
            )
        )
    who = (
        t("by {who}", who=words.name(row["actor_name"]))
        if row.get("actor_name") and row["kind_name"] in ("manual", "adjust", "refund", "write_off")
        else ""
    )
    made.append(
        _step(
            "told",
            t("Written"),
            str(row.get("reason_text") or (rule.purpose if rule is not None else "")),
            who,
            day_view.amount(row),
            is_last=True,
        )
    )
    return made


def _step(key: str, title: str, text: str, formula: str, result: str, *, is_last: bool = False) -> Block:
    return {"key": key, "title": title, "text": text, "formula": formula, "result": result, "last": is_last}


def _sentence(text: str) -> str:
    return f"{capital(text)}."


def _amount_text(rule: Rule, amount: float, terms: Sequence[Term]) -> str:
    return words.number(int(amount)) if rule.kind == "streak" else amount_text(terms, amount)


def _rate_text(above: Sequence[Term], below: Sequence[Term], rate: float) -> str:
    if is_time(above) and not is_time(below):
        return words.duration(rate)
    return (
        words.number(round(rate, 2)) if above and above[0].column_name.endswith("_sum") else words.ratio(rate)
    )


def _zone(rule: Rule, value: float) -> str:
    if rule.adjust.method in ("mix_adjusted", "own_baseline", "shrunk"):
        return words.ratio(value)
    return value_text(rule, value)


def _percent(value: float) -> str:
    return f"{value:.4g}%"
