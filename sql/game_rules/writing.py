"""Writes a rule as the text that says it: what was taken over from elsewhere can then be looked at, changed and published.

In: a Rule. Out: its TOML text, without what goes without saying.
The rule it guards: read again, the text is the same rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Any

from sql.game_rules.spec import Gate, Rule, Term

_NAMES = {"to": "for"}
"""Where the text's word is none for a field."""


def written(rule: Rule) -> str:
    """The TOML text of a rule: the words first, then each table that says something else than its default."""
    lines = [
        *_values({name: getattr(rule, name) for name in ("name", "kind", "title", "description", "purpose")}),
        *_values({"owner": rule.owner, "family": rule.family, "icon": rule.icon}),
        *_values({"valid_from": rule.valid_from} if rule.valid_from else {}),
        *_values({name: True for name in ("is_secret", "is_comeback") if getattr(rule, name)}),
        *_values({} if rule.is_on else {"is_on": False}),
    ]
    for head, values in _tables(rule):
        if values:
            lines += ["", head, *_values(values)]
    return "\n".join(lines) + "\n"


def _tables(rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    if rule.statement_name is not None:
        yield "[text]", {"sql": f"badges/{rule.statement_name}.sql"}
    if rule.measure is not None:
        yield (
            "[measure]",
            {
                **_changed(rule.measure, ("above", "below", "grain")),
                "above": _sum(rule.measure.above),
                **({"below": _sum(rule.measure.below)} if rule.measure.below else {}),
                "grain": rule.measure.grain,
            },
        )
    yield "[adjust]", _changed(rule.adjust)
    if rule.curve is not None:
        cap = rule.curve.most_points_per_day
        yield (
            "[curve]",
            {
                "zones": [list(zone) for zone in rule.curve.zones],
                "weight_points": rule.curve.weight_points,
                **({"most_points_per_day": cap} if cap is not None else {}),
            },
        )
    if rule.goal is not None:
        yield "[goal]", {"at": rule.goal.at, **_changed(rule.goal, ("at",))}
    if rule.levels is not None:
        yield "[levels]", {"curve": rule.levels.curve, **_changed(rule.levels, ("curve",))}
    for tier in rule.tiers:
        yield f"[tiers.{tier.name}]", {"at": tier.at, **_changed(tier, ("name", "at"))}
    for gate in rule.gates:
        yield "[[gates]]", _gate(gate)
    yield "[grant]", _changed(rule.grant)
    yield "[guards]", {"hold_on": list(rule.hold_on)} if rule.hold_on else {}
    yield "[settle]", {"hours": rule.settle_hours} if rule.settle_hours is not None else {}


def _gate(gate: Gate) -> dict[str, Any]:
    sums = {"above": _sum(gate.above), "below": _sum(gate.below)}
    return {**sums, "limit": gate.limit, **_changed(gate, ("above", "below", "limit"))}


def _changed(part: Any, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a part says that its default does not."""
    return {
        _NAMES.get(one.name, one.name): getattr(part, one.name)
        for one in fields(part)
        if one.name not in but and getattr(part, one.name) != one.default
    }


def _sum(terms: tuple[Term, ...]) -> str:
    signed = " ".join(f"{'-' if term.sign < 0 else '+'} {term.column_name}" for term in terms)
    return signed.removeprefix("+ ")


def _values(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name} = {_value(value)}"


def _value(value: Any) -> str:
    """A value as TOML writes it; a text as JSON does, which TOML reads the same."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return json.dumps(value)
