"""What a rule of the game may say: its measure, how it is made fair, what it pays, and whom it is for.

In: the text of a rule (TOML, a shipped file or a published version) and the name of where it stands. Out: a Rule, or a
GameError that names the line, what was found there, what was expected, and the next step.
The rule it guards: a rule names only what is on the lists here, within bounds; what would shame somebody, pay for bare
attendance, or pay for speed alone is no rule (see conduct.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from sql.game_rules import conduct
from sql.game_rules.columns import COLUMNS as COLUMNS
from sql.game_rules.fields import Fields
from sql.game_rules.fields import GameError as GameError

KINDS: Final = ("points", "badge", "streak", "level")
FAMILIES: Final = ("quality", "resolution", "service", "pace", "teamwork", "growth")
GRAINS: Final = ("day", "week", "month", "season", "lifetime")
METHODS: Final = ("none", "mix_adjusted", "own_baseline", "shrunk")
WAYS: Final = ("up", "down", "target")
SCOPES: Final = ("once", "per_period", "unlimited", "best_at_close")
BACKFILLS: Final = ("all", "from_date", "new_only")
REVOKES: Final = ("never", "until_close", "always")
TIERS: Final = ("bronze", "silver", "gold")
CHANNELS: Final = ("call", "chat", "email", "message", "social", "task", "other")
DIRECTIONS: Final = ("inbound", "outbound", "internal")
GUARDS: Final = (
    "short-calls", "call-dumping", "repeat-contacts", "cherry-picking", "avoidance", "survey-steering", "ticket-splitting",
    "kudos-rings", "streak-tricks",
)  # fmt: skip
"""What may ask a person to look before an award is posted (etl/game/guards.py)."""

MOST_POINTS: Final = 10_000
MOST_TERMS: Final = 4
MOST_CHOICES: Final = 50


@dataclass(frozen=True)
class Term:
    """One column of a sum, added or taken away."""

    column_name: str
    sign: Literal[1, -1] = 1


@dataclass(frozen=True)
class Measure:
    """What is counted, of how many, over which work, and for how long at a time."""

    above: tuple[Term, ...]
    below: tuple[Term, ...] = ()
    squares: str | None = None
    """The column with the sum of squares of what is above, where a spread is needed and it is no share."""
    grain: str = "day"
    channels: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Adjust:
    """How the measure is made fair: none, against the own mix of work, against the own past, or drawn to the mean."""

    method: str = "none"
    fewest: float = 0.0
    """Fewer than this below (or above, where nothing is below) give nothing: not enough to tell."""
    fewest_hours: float = 0.0
    best_by: str = "up"
    fewest_z: float = 0.0
    """Of own_baseline: how sure (in standard errors) the change must be."""
    is_mixed: bool = False
    """Of own_baseline: whether both sides are adjusted for their mix of work first."""


@dataclass(frozen=True)
class Curve:
    """Points: percent of weight_points by value, straight lines between the zones, flat outside them."""

    zones: tuple[tuple[float, float], ...]
    weight_points: int
    most_points_per_day: int | None = None


@dataclass(frozen=True)
class Tier:
    """What bronze, silver or gold asks for, and what comes with it."""

    name: str
    at: float
    gate: str = "none"
    points: int = 0
    coins: int = 0


@dataclass(frozen=True)
class Gate:
    """Quality first: a share that must not be worse than its limit, or the rule gives nothing."""

    above: tuple[Term, ...]
    below: tuple[Term, ...]
    limit: float
    best_by: str = "down"
    fewest: float = 20.0


@dataclass(frozen=True)
class Goal:
    """Of a streak: what a scheduled day must reach to count."""

    at: float
    fewest: float = 1.0
    is_quiet_day_missed: bool = False
    """Whether a scheduled day with less than `fewest` counts as missed; else the streak passes over it."""


@dataclass(frozen=True)
class Levels:
    """The ladder of a level rule: how many points each step takes."""

    curve: str = "relative"
    """flat, linear (each step longer by `step`), relative (each step longer by `factor`), or percent of `total`."""
    count: int = 10
    base: int = 120
    step: int = 40
    factor: float = 1.3
    total: int = 0
    percents: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    coins: int = 0


@dataclass(frozen=True)
class Grant:
    """How often it is given, whether for history, whether it can be taken back, to whom, and the coins beside it."""

    scope: str = "per_period"
    backfill: str = "from_date"
    revoke: str = "until_close"
    to: str = "agent"
    """agent, or team: each member of the team that reached it, who was there for fewest_hours."""
    fewest_agents: int = 5
    """Of best_at_close: with fewer qualified nobody is the best."""
    coins_ratio: float = 0.0


@dataclass(frozen=True)
class Rule:
    """One rule of the game as its text says it."""

    name: str
    kind: str
    title: str
    description: str
    purpose: str
    owner: str
    family: str
    icon: str = "star"
    valid_from: date | None = None
    """The first working day it is for; without one, the day on which it is published."""
    is_secret: bool = False
    is_on: bool = True
    is_comeback: bool = False
    measure: Measure | None = None
    """None: of a level, and of a badge that is a statement."""
    adjust: Adjust = field(default_factory=Adjust)
    curve: Curve | None = None
    tiers: tuple[Tier, ...] = ()
    goal: Goal | None = None
    levels: Levels | None = None
    gates: tuple[Gate, ...] = ()
    grant: Grant = field(default_factory=Grant)
    hold_on: tuple[str, ...] = ()
    settle_hours: int | None = None
    statement_name: str | None = None
    """Of a badge that is a statement: its file in sql/game_rules/badges, without ending."""

    @property
    def account_name(self) -> str:
        """The account that the rule itself writes to; coins may come with either."""
        return {"points": "points", "level": "coins"}.get(self.kind, "badges")

    @property
    def is_played(self) -> bool:
        """Whether it gives anything: it is on, and does not weigh 0."""
        return self.is_on and (self.curve is None or self.curve.weight_points > 0)

    @property
    def value_way(self) -> str:
        """Which way its value is better: against the own past it is a gain, and more of it is better."""
        return "up" if self.adjust.method == "own_baseline" else self.adjust.best_by

    @property
    def gated_columns(self) -> frozenset[str]:
        """The columns that its gates judge by."""
        return frozenset(term.column_name for gate in self.gates for term in (*gate.above, *gate.below))


def parsed(text: str, place: str) -> Rule:
    """The rule that a TOML text says. place: where it stands, for the errors (a file's name, "the editor").

    Raises GameError with a sentence for each violation: the place, the line and the field, what was found there, what
    was expected, and the next step.
    """
    fields = Fields.of(text, place)
    rule = _rule(fields)
    fields.done()
    sentences = tuple(
        fields.sentence(path, found, expected) for path, found, expected in conduct.violations(rule)
    )
    if sentences:
        raise GameError(*sentences)
    return rule


def _rule(fields: Fields) -> Rule:
    kind = fields.choice("kind", KINDS)
    is_level = kind == "level"
    statement_name = _statement_name(fields)
    return Rule(
        name=fields.word("name"),
        kind=kind,
        title=fields.text("title", most=60),
        description=fields.text("description", most=300),
        purpose=fields.text("purpose", most=600),
        owner=fields.text("owner", most=100),
        family=fields.choice("family", FAMILIES),
        icon=fields.icon("icon"),
        valid_from=fields.day("valid_from"),
        is_secret=fields.yes("is_secret", False),
        is_on=fields.yes("is_on", True),
        is_comeback=fields.yes("is_comeback", False),
        measure=None if is_level or statement_name else _measure(fields),
        adjust=_adjust(fields),
        curve=_curve(fields) if kind == "points" else None,
        tiers=tuple(_tiers(fields)),
        goal=_goal(fields) if kind == "streak" else None,
        levels=_levels(fields) if is_level else None,
        gates=tuple(_gates(fields)),
        grant=_grant(fields),
        hold_on=fields.choices("guards.hold_on", GUARDS),
        settle_hours=fields.whole("settle.hours", None, 0, 240),
        statement_name=statement_name,
    )


def _statement_name(fields: Fields) -> str | None:
    if not fields.has("text"):
        return None
    return fields.file_name("text.sql", folder="badges")


def _terms(fields: Fields, path: str, *, most: int = MOST_TERMS) -> tuple[Term, ...]:
    """A sum such as "answered_rings - missed_rings": names of the list, with + and - between them."""
    return tuple(Term(name, sign) for name, sign in fields.sum(path, COLUMNS, most=most))


def _measure(fields: Fields) -> Measure:
    return Measure(
        above=_terms(fields, "measure.above"),
        below=_terms(fields, "measure.below") if fields.has("measure.below") else (),
        squares=fields.choice("measure.squares", COLUMNS) if fields.has("measure.squares") else None,
        grain=fields.choice("measure.grain", GRAINS, "day"),
        channels=fields.choices("measure.channels", CHANNELS),
        queues=fields.names("measure.queues", most=MOST_CHOICES),
        topics=fields.names("measure.topics", most=MOST_CHOICES),
        directions=fields.choices("measure.directions", DIRECTIONS),
    )


def _adjust(fields: Fields) -> Adjust:
    return Adjust(
        method=fields.choice("adjust.method", METHODS, "none"),
        fewest=fields.number("adjust.fewest", 0.0, 0, 1_000_000),
        fewest_hours=fields.number("adjust.fewest_hours", 0.0, 0, 5_000),
        best_by=fields.choice("adjust.best_by", WAYS, "up"),
        fewest_z=fields.number("adjust.fewest_z", 0.0, 0, 10),
        is_mixed=fields.yes("adjust.is_mixed", False),
    )


def _curve(fields: Fields) -> Curve:
    return Curve(
        zones=fields.pairs("curve.zones", fewest=2, most=12),
        weight_points=fields.whole_number("curve.weight_points", None, 0, MOST_POINTS),
        most_points_per_day=fields.whole("curve.most_points_per_day", None, 1, MOST_POINTS),
    )


def _tiers(fields: Fields) -> Iterator[Tier]:
    for name in TIERS:
        path = f"tiers.{name}"
        if fields.has(path):
            yield Tier(
                name,
                at=fields.number(f"{path}.at", None, -1_000_000_000, 1_000_000_000),
                gate=fields.choice(f"{path}.gate", ("none", "wilson_lower"), "none"),
                points=fields.whole_number(f"{path}.points", 0, 0, MOST_POINTS),
                coins=fields.whole_number(f"{path}.coins", 0, 0, MOST_POINTS),
            )


def _gates(fields: Fields) -> Iterator[Gate]:
    for path in fields.tables("gates", most=4):
        yield Gate(
            above=_terms(fields, f"{path}.above", most=2),
            below=_terms(fields, f"{path}.below", most=2),
            limit=fields.number(f"{path}.limit", None, 0, 1_000_000),
            best_by=fields.choice(f"{path}.best_by", ("up", "down"), "down"),
            fewest=fields.number(f"{path}.fewest", 20.0, 1, 1_000_000),
        )


def _goal(fields: Fields) -> Goal:
    return Goal(
        at=fields.number("goal.at", None, 0, 1_000_000),
        fewest=fields.number("goal.fewest", 1.0, 1, 1_000_000),
        is_quiet_day_missed=fields.yes("goal.is_quiet_day_missed", False),
    )


def _levels(fields: Fields) -> Levels:
    return Levels(
        curve=fields.choice("levels.curve", ("flat", "linear", "relative", "percent"), "relative"),
        count=fields.whole_number("levels.count", 10, 2, 100),
        base=fields.whole_number("levels.base", 120, 1, 1_000_000),
        step=fields.whole_number("levels.step", 40, 0, 1_000_000),
        factor=fields.number("levels.factor", 1.3, 1, 3),
        total=fields.whole_number("levels.total", 0, 0, 1_000_000_000),
        percents=fields.numbers("levels.percents", most=100, least_value=0, most_value=100),
        names=fields.names("levels.names", most=100),
        coins=fields.whole_number("levels.coins", 0, 0, MOST_POINTS),
    )


def _grant(fields: Fields) -> Grant:
    return Grant(
        scope=fields.choice("grant.scope", SCOPES, "per_period"),
        backfill=fields.choice("grant.backfill", BACKFILLS, "from_date"),
        revoke=fields.choice("grant.revoke", REVOKES, "until_close"),
        to=fields.choice("grant.for", ("agent", "team"), "agent"),
        fewest_agents=fields.whole_number("grant.fewest_agents", 5, 3, 1_000),
        coins_ratio=fields.number("grant.coins_ratio", 0.0, 0, 1),
    )
