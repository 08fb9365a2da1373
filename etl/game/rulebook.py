"""Keeps the rules that are in force: publishes the shipped ones as versions, and tells which version holds on which day.

In: the files of sql/game_rules/rules and the versions that people published. Out: rows of game.rule_versions, and the
versions with their meaning and their statement.
The rule it guards: a version stays as it was published. A new one holds from today on, so that past awards stay under the
version by which they were earned; only the first of a rule may count history, as its `backfill` says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sql import warehouse
from sql.game_rules import compiling, shipped
from sql.game_rules.compiling import Compiled
from sql.game_rules.spec import GameError, Rule, parsed

ACTOR_NAME = "floorboard"
ORDER = ("points", "badge", "streak", "level")
LAUNCH_DAYS = timedelta(days=92)


@dataclass(frozen=True)
class Version:
    """One version of a rule, for the days of one span: from valid_from until the day before valid_until (None: no end).

    A version has several spans where somebody had past days scored by another one.
    """

    rule: Rule
    version_number: int
    valid_from: date
    valid_until: date | None
    is_on: bool
    published_at: datetime
    span_from: date
    span_until: date | None

    @property
    def statement(self) -> Compiled:
        """What this version gives, as one statement."""
        return compiling.compiled(
            self.rule,
            version_number=self.version_number,
            valid_from=min(self.valid_from, self.span_from),
            valid_until=self.span_until,
        )

    @property
    def moment_name(self) -> str:
        """Of what kind the moment is in which somebody earns it; empty where nobody is told."""
        if self.rule.kind == "points":
            return ""
        return "record" if self.rule.grant.scope == "best_at_close" else self.rule.kind


def publish_shipped(
    connection: sa.Connection, *, now: datetime, today: date, history_from: date | None = None
) -> list[str]:
    """Publishes the shipped rules that are new or read otherwise than before; their names.

    history_from: the first day of which the warehouse knows. The first rules of a site count up to LAUNCH_DAYS of it:
    who was good before the game began is not told that it counted nothing. A rule of which a site has published its
    own version is left alone.
    """
    newest = warehouse.frame(connection, "game/newest_versions")
    known = {row["rule_name"]: row for row in newest.to_dicts()}
    own = {name for name, row in known.items() if row["published_by_name"] != ACTOR_NAME}
    launch = today if known or history_from is None else max(history_from, today - LAUNCH_DAYS)
    published = []
    for text in shipped.changed({name: row["spec_text"] for name, row in known.items()}):
        if text.rule.name in own:
            continue
        valid_from = today if text.rule.name in known else _valid_from(text.rule, today, launch)
        done = connection.execute(
            sa.text(warehouse.statement("game/rule_publish")),
            {
                "rule_name": text.rule.name,
                "kind_name": text.rule.kind,
                "is_shipped": True,
                "valid_from_date": valid_from,
                "is_on": text.rule.is_on,
                "spec_text": text.spec_text,
                "spec_sha256": text.spec_sha256,
                "purpose_text": text.rule.purpose,
                "published_at": now,
                "actor_name": ACTOR_NAME,
                "why_text": "Comes with this version of Floorboard",
            },
        ).first()
        if done is not None:
            published.append(text.rule.name)
    return published


def _valid_from(rule: Rule, today: date, launch: date) -> date:
    """The first working day of a rule's first version."""
    if rule.grant.backfill == "all":
        return compiling.FIRST_DATE
    return today if rule.grant.backfill == "new_only" else rule.valid_from or launch


def versions(
    connection: sa.Connection, *, first_date: date, rules: Collection[str] | None = None
) -> list[Version]:
    """The versions that hold on any day from first_date on, one for each of their spans, in the order in which they are
    counted: points, badges, streaks, and levels last. rules: only those of these names.

    A version that holds on none of these days has one span that lies in no time, so that it is known and gives nothing.
    A version that this release cannot read is left out, and its entries stay as they are.
    """
    rescored: dict[str, list[dict[str, Any]]] = {}
    for row in warehouse.frame(connection, "game/rescored").to_dicts():
        rescored.setdefault(row["rule_name"], []).append(row)
    found = []
    for row in warehouse.frame(connection, "game/versions").to_dicts():
        name, number = row["rule_name"], row["version_number"]
        if rules is not None and name not in rules:
            continue
        try:
            rule = _rule(row["spec_text"], f"{name} version {number}")
        except GameError:
            continue
        given = (row["valid_from_date"], row["valid_until_date"])
        spans = _spans(number, given, rescored.get(name, []))
        held = [one for one in spans if one[1] is None or one[1] > first_date]
        # One that holds on no day any more is told, too: what was posted under it for such a day is to be taken back.
        for span_from, span_until in held or [(compiling.LAST_DATE, compiling.LAST_DATE)]:
            found.append(
                Version(
                    rule=rule,
                    version_number=number,
                    valid_from=given[0],
                    valid_until=given[1],
                    is_on=row["is_on"],
                    published_at=row["published_at"],
                    span_from=span_from,
                    span_until=span_until,
                )
            )
    return sorted(
        found, key=lambda one: (ORDER.index(one.rule.kind), one.rule.name, one.version_number, one.span_from)
    )


def _spans(
    version_number: int, given: tuple[date, date | None], rescored: Iterable[Mapping[str, Any]]
) -> list[tuple[date, date | None]]:
    """The days of a version: its own, less those that were scored by another one later, and those scored by it."""
    start, end = given
    spans = [(start, end or compiling.LAST_DATE)] if end is None or start < end else []
    for one in rescored:
        first, after = one["first_date"], one["last_date"] + timedelta(days=1)
        left = [(a, min(b, first)) for a, b in spans if a < first]
        right = [(max(a, after), b) for a, b in spans if b > after]
        middle = [(first, after)] if one["version_number"] == version_number else []
        spans = sorted([*left, *middle, *right])
    return [(a, None if b == compiling.LAST_DATE else b) for a, b in spans]


_PARSED: dict[str, Rule] = {}


def _rule(text: str, place: str) -> Rule:
    """What a text means; the same text is read once."""
    if text not in _PARSED:
        if len(_PARSED) > 1000:
            _PARSED.clear()
        _PARSED[text] = parsed(text, place)
    return _PARSED[text]
