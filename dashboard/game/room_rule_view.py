"""The rules of the game, ready to draw: which are on and what they gave, one rule in plain words, its versions, a diff.

In: the answers of the room's questions, and rules as they are read. Out: blocks for `board.show`, and the lines of a diff.
The rule it guards: what a rule costs and gives stands beside its switch; what an agent is told of it is what stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from difflib import unified_diff

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.game.rule_texts import rule_of, title_of
from dashboard.words import t, t_count
from sql.game_rules.spec import COLUMNS, Rule, Term

GIVEN_DAYS = 28


def kind_word(kind_name: str) -> str:
    """A kind of rule, as a heading."""
    return {
        "points": t("Points"),
        "badge": t("Badges"),
        "streak": t("Streaks"),
        "level": t("Levels"),
    }.get(kind_name, kind_name)


def kind_meaning(kind_name: str) -> str:
    """What rules of that kind do."""
    return {
        "points": t(
            "Given for each working day or week, by how good the work was; the weight is the most that can be reached."
        ),
        "badge": t(
            "Given once, or once a period, in bronze, silver and gold; a badge is never taken back for bad luck."
        ),
        "streak": t("Scheduled days in a row; leave and sickness do not break them."),
        "level": t("Steps of all points ever earned; nobody falls back."),
    }.get(kind_name, "")


def on_status(row: Row) -> Block:
    """Whether a rule is on now, and where a change is published already, from when on it differs."""
    if row["next_date"] is not None and bool(row["is_next_on"]) != bool(row["is_on"]):
        word = t("on from {day}") if row["is_next_on"] else t("off from {day}")
        return board.status("near", word.format(day=words.short_day(row["next_date"])))
    if row["is_on"]:
        rule = rule_of(row["spec_text"])
        return (
            board.status("good", t("On"))
            if rule is None or rule.is_played
            else board.status("none", t("Weight 0"))
        )
    return board.status("none", t("Off"))


def weight_text(row: Row) -> str:
    """How much a rule can give: the most points a time, or its tiers."""
    rule = rule_of(row["spec_text"])
    if rule is None:
        return words.UNKNOWN
    if rule.curve is not None:
        return words.number(rule.curve.weight_points)
    if rule.tiers:
        return ", ".join(tier_word(tier.name) for tier in rule.tiers)
    return words.UNKNOWN


def tier_word(name: str) -> str:
    """A metal, as a word."""
    return {"bronze": t("bronze"), "silver": t("silver"), "gold": t("gold")}.get(name, name)


def given_text(row: Row) -> str:
    """What a rule gave lately, in its own account."""
    parts = [
        t_count("{n} point", "{n} points", row["given_points"]) if row["given_points"] else "",
        t_count("{n} badge", "{n} badges", row["given_badge_count"]) if row["given_badge_count"] else "",
        t_count("{n} coin", "{n} coins", row["given_coins"]) if row["given_coins"] else "",
    ]
    return ", ".join(one for one in parts if one) or words.UNKNOWN


def tables(rules: pl.DataFrame) -> list[Block]:
    """One table for each kind of rule that there is."""
    found = []
    for kind in ("points", "badge", "streak", "level"):
        own = rules.filter(pl.col("kind_name") == kind).sort("is_on", "rule_name", descending=[True, False])
        if own.height:
            found.append({**_table(kind, own), "key": f"rules-{kind}"})
    return found


def _table(kind: str, rules: pl.DataFrame) -> Block:
    most = max(1, int(rules["given_agents"].max() or 0))  # type: ignore[arg-type]
    rows = [
        {
            "key": row["rule_name"],
            "tone": "none",
            "cells": [
                board.inside(
                    title_of(row["spec_text"], row["rule_name"]), view="rules", rule=row["rule_name"]
                ),
                on_status(row),
                row["purpose_text"] or words.UNKNOWN,
                weight_text(row),
                given_text(row),
                board.amount(words.number(row["given_agents"]), row["given_agents"] / most),
                _waits(row),
            ],
        }
        for row in rules.iter_rows(named=True)
    ]
    columns = [
        column(t("Rule"), "text"),
        column(t("State")),
        column(t("What for"), "text", wide=True),
        column(t("Weight") if kind == "points" else t("Tiers"), "end"),
        column(t("Gave in 28 days"), "end"),
        column(t("To agents"), "end"),
        column(t("Waits"), "end", wide=True),
    ]
    return board.table(
        kind_word(kind),
        columns,
        rows,
        nothing=t("No such rule."),
        title=kind_word(kind),
        lead=kind_meaning(kind),
    )


def _waits(row: Row) -> Block | str:
    if not row["held_count"]:
        return words.UNKNOWN
    return board.inside(words.number(row["held_count"]), view="holds")


def no_rules(*, may_make: bool) -> Block:
    """What stands where there is no rule yet."""
    steps = [t("Press “Make a rule”, begin with what ships, and look at its preview.")] if may_make else []
    return board.notice(
        "none",
        t("No rules yet"),
        t("Without a rule nothing is counted and nothing is given."),
        steps=steps,
        page=True,
    )


# ---- one rule


def head(row: Row, rule: Rule | None) -> Block:
    """What one rule is called, what it is for, who answers for it, and how it stands."""
    kind = kind_word(row["kind_name"])
    about = [kind, t("version {n}", n=words.number(row["version_number"] or row["newest_number"]))]
    if row["valid_from_date"]:
        about.append(t("since {day}", day=words.day(row["valid_from_date"])))
    if rule is not None:
        about.append(t("{who} answers for it", who=rule.owner))
    if rule is not None and rule.is_secret:
        about.append(t("secret until it is earned"))
    lead = " · ".join(about)
    purpose = row["purpose_text"] or ""
    return {
        "kind": "section",
        "title": title_of(row["spec_text"], row["rule_name"]),
        "lead": f"{purpose} ({lead})" if purpose else lead,
        "legend": [on_status(row)],
    }


def says(rule: Rule) -> Block:
    """A rule in plain words, line by line: what is counted, how it is made fair, what it gives, who looks."""
    lines = [
        (t("In one sentence"), rule.description),
        *_measure(rule),
        *_fair(rule),
        *_gives(rule),
        *_care(rule),
    ]
    rows = [{"key": name, "tone": "none", "cells": [name, text]} for name, text in lines if text]
    return board.table(
        t("What it says"), [column(t("What")), column(t("How"), "text")], rows, nothing=t("It says nothing."),
        title=t("What it says"),
    )  # fmt: skip


def sum_words(terms: Sequence[Term]) -> str:
    """A sum of columns in words."""
    parts = []
    for place, term in enumerate(terms):
        about = COLUMNS[term.column_name].about if term.column_name in COLUMNS else term.column_name
        parts.append(f"{'− ' if term.sign < 0 else '+ ' if place else ''}{about}")
    return " ".join(parts)


def _measure(rule: Rule) -> list[tuple[str, str]]:
    of = rule.measure
    if of is None:
        return [(t("Counted"), t("by its own statement") if rule.statement_name else "")]
    counted = sum_words(of.above)
    if of.below:
        counted = t("{above}, of {below}", above=counted, below=sum_words(of.below))
    where = [*of.channels, *of.directions, *of.queues, *of.topics]
    return [
        (t("Counted"), counted),
        (t("At a time"), grain_word(of.grain)),
        (t("Only"), ", ".join(where)),
    ]


def grain_word(grain: str) -> str:
    """For how long a rule counts at a time."""
    return {
        "day": t("each working day"),
        "week": t("each week"),
        "month": t("each month"),
        "season": t("each season"),
        "lifetime": t("all time"),
    }.get(grain, grain)


def method_word(method: str) -> str:
    """How a measure is made fair, in words."""
    return {
        "none": t("as it was counted"),
        "mix_adjusted": t("against what everybody reaches in the same mix of work"),
        "own_baseline": t("against the agent's own eight weeks before"),
        "shrunk": t("drawn towards the mean while there is little of it"),
    }.get(method, method)


def _fair(rule: Rule) -> list[tuple[str, str]]:
    fewest = []
    if rule.adjust.fewest:
        fewest.append(t("{n} counted", n=f"{rule.adjust.fewest:g}"))
    if rule.adjust.fewest_hours:
        fewest.append(t("{n} hours worked", n=f"{rule.adjust.fewest_hours:g}"))
    gates = [
        t("{what} {way} {limit}", what=sum_words(gate.above),
          way=t("at most") if gate.best_by == "down" else t("at least"), limit=f"{gate.limit:g}")
        for gate in rule.gates
    ]  # fmt: skip
    return [
        (t("Made fair"), method_word(rule.adjust.method) if rule.measure is not None else ""),
        (t("Needs at least"), ", ".join(fewest)),
        (t("Quality first"), "; ".join(gates)),
    ]


def _gives(rule: Rule) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if rule.curve is not None:
        zones = ", ".join(f"{value:g} → {percent:g} %" for value, percent in rule.curve.zones)
        found.append(
            (
                t("Points"),
                t("{most} at most; {zones}", most=words.number(rule.curve.weight_points), zones=zones),
            )
        )
        if rule.curve.most_points_per_day:
            found.append((t("At most in a day"), words.number(rule.curve.most_points_per_day)))
    if rule.tiers:
        found.append((t("Tiers"), ", ".join(f"{tier_word(one.name)} {one.at:g}" for one in rule.tiers)))
    to = t("each member of a team that reaches it") if rule.grant.to == "team" else t("the agent")
    found.append((t("Goes to"), to))
    return found


def _care(rule: Rule) -> list[tuple[str, str]]:
    from dashboard.game.room_view import guard_word

    return [
        (t("A person looks first at"), ", ".join(guard_word(name) for name in rule.hold_on)),
        (t("Can be taken back"), revoke_word(rule.grant.revoke)),
    ]


def revoke_word(name: str) -> str:
    """Until when an award follows the facts."""
    return {
        "never": t("never"),
        "until_close": t("until its day is closed"),
        "always": t("whenever the facts differ"),
    }.get(name, name)


def versions(rows: pl.DataFrame, *, zone_name: str, today: date) -> Block:
    """Every version: from when on it holds, who published it and why."""
    drawn = []
    for row in rows.iter_rows(named=True):
        ends = row["until_date"]
        if row["valid_from_date"] > today:
            state = board.status("near", t("comes"))
        elif ends is None or ends > today:
            state = (
                board.status("good", t("holds")) if row["is_on"] else board.status("none", t("switched off"))
            )
        else:
            state = board.status("none", t("past"))
        drawn.append(
            {
                "key": str(row["version_number"]),
                "tone": "none",
                "cells": [
                    words.number(row["version_number"]),
                    words.day(row["valid_from_date"]),
                    state,
                    words.name(row["published_by_name"]),
                    words.moment(row["published_at"], zone_name, in_seconds=False),
                    row["why_text"] or words.UNKNOWN,
                ],
            }
        )
    columns = [
        column(t("Version"), "end"),
        column(t("From")),
        column(t("Now")),
        column(t("Who")),
        column(t("When"), wide=True),
        column(t("Why"), "text"),
    ]
    return board.table(
        t("Versions"), columns, drawn, nothing=t("It was never published."), title=t("Versions")
    )


def diff(before: str, after: str, *, before_name: str, after_name: str) -> str:
    """The lines in which two texts differ, as programs write it; empty where they are the same."""
    return "\n".join(
        unified_diff(before.splitlines(), after.splitlines(), before_name, after_name, lineterm="", n=2)
    )


def given(rows: pl.DataFrame) -> Block:
    """Whom a rule gave what lately."""
    most = max(1, int((rows["given_points"] + rows["given_badge_count"]).max() or 0)) if rows.height else 1  # type: ignore[arg-type]
    drawn = [
        {
            "key": str(row["agent_id"]),
            "tone": "none",
            "cells": [
                words.name(row["agent_name"]),
                board.amount(given_text(row), (row["given_points"] + row["given_badge_count"]) / most),
                words.number(row["given_days"]),
                words.short_day(row["last_given_date"]),
            ],
        }
        for row in rows.iter_rows(named=True)
    ]
    columns = [
        column(t("Agent")),
        column(t("Got"), "end"),
        column(t("On days"), "end"),
        column(t("Last"), "end", wide=True),
    ]
    title = t("Whom it gave what, in 28 days")
    lead = t("By name, not as a ranking: only those who answer for agents see it.")
    return board.table(
        title, columns, drawn, nothing=t("It gave nobody anything yet."), title=title, lead=lead
    )


# ---- before it is published


def faults(sentence: str) -> Block:
    """Why a text is no rule yet, with its lines."""
    return board.notice("off", t("Not yet a rule"), sentence)


def overtaken() -> Block:
    """Somebody else has published meanwhile."""
    return board.notice(
        "near",
        t("Somebody else has published this meanwhile"),
        t("Yours would take the place of theirs. Their version stands in the list: look at it there first."),
    )
