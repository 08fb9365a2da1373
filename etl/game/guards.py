"""Who may have got points by a trick? Awards of theirs wait until a person has looked, with what was counted beside them.

In: the sums and facts of four weeks, and the awards that are about to be posted. Out: holds: which award, by which
guard, and the evidence in figures and in one sentence; at most one per award and guard.
The rule it guards: a guard takes nothing away and accuses nobody. It asks a person to look where an agent's figures
differ from those of others in the same work by more than luck, honest differences and one bad day explain, after
allowing for how many agents and guards were asked about at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, Protocol

import numpy as np
import sqlalchemy as sa
from scipy import stats

from etl.game import odds
from etl.game.guard_signs import GUARDS, Sign
from etl.game.odds import Bools, Floats, Integers
from sql.warehouse import statement

WINDOW: Final = timedelta(days=27)
"""A guard looks at the four weeks up to a day: less is luck, more is another time."""
MOST_LUCK: Final = 0.05
"""Of all that is flagged in a run, this share at most is expected to be luck."""
SUSPECT: Final = 0.005
"""Whoever stands out so far is not what others are compared with."""
MOST_ROUNDS: Final = 6
CAUTION: Final = 1.25
"""Honest agents' rates have a longer tail than a gamma distribution's: their measured spread is taken so much wider."""


class Award(Protocol):
    """An award that is about to be posted, as far as a guard must know it."""

    @property
    def entry_key(self) -> str:
        """Which award it is."""
        ...

    @property
    def agent_id(self) -> int:
        """Whose it is."""
        ...

    @property
    def entry_points(self) -> int:
        """What it is worth."""
        ...

    @property
    def effective_date(self) -> date:
        """The working day it is for."""
        ...

    @property
    def hold_on(self) -> Sequence[str]:
        """The guards on which its rule holds it."""
        ...


@dataclass(frozen=True)
class Hold:
    """One award that waits for a person, and why."""

    entry_key: str
    agent_id: int
    guard_name: str
    held_points: int
    evidence: Mapping[str, Any]


@dataclass(frozen=True)
class Counted:
    """One sign of one agent: what was counted of how many, what would be usual, and the chance of that by luck."""

    agent_id: int
    sign: Sign
    counted: float
    trials: float
    expected: float
    ratio: float
    peers: int
    chance: float

    def says(self) -> str:
        """The sign in one sentence that the agent and whoever decides can both follow."""
        counted, expected = self.counted * self.sign.unit, self.expected * self.sign.unit
        usual = f"{expected:,.0f}" if expected >= 9.5 else f"{expected:.1f}"
        return (
            f"{counted:,.0f} {self.sign.counted} of {self.trials:,.0f} {self.sign.of}; "
            f"about {usual} would be usual for the same work. {chance_words(self.chance)}"
        )


@dataclass(frozen=True)
class Flag:
    """One agent whom one guard asks a person to look at."""

    agent_id: int
    guard_name: str
    chance: float
    adjusted_chance: float
    signs: tuple[Counted, ...]


def found(
    connection: sa.Connection, *, first_date: date, last_date: date, desired: Iterable[Award]
) -> list[Hold]:
    """The holds of the awards for working days of [first_date, last_date]; none where no award could be held.

    Every award is judged by four weeks that hold its day: those up to last_date, and before them the four weeks before.
    """
    guarded = [
        award for award in desired if award.hold_on and first_date <= award.effective_date <= last_date
    ]
    holds: list[Hold] = []
    end = last_date
    while guarded and end >= first_date:
        start = end - WINDOW
        inside = [award for award in guarded if start <= award.effective_date <= end]
        if inside:
            names = {name for award in inside for name in award.hold_on} & GUARDS.keys()
            flagged = {
                (flag.agent_id, flag.guard_name): flag for flag in flags(connection, start, end, names=names)
            }
            holds += _holds(inside, flagged, start, end)
        end = start - timedelta(days=1)
    return holds


def flags(
    connection: sa.Connection, first_date: date, last_date: date, *, names: Iterable[str] = GUARDS
) -> list[Flag]:
    """One flag per agent and guard that stands out in the working days [first_date, last_date], the least likely first."""
    asked = [
        flag
        for name in sorted(names)
        for flag in _asked(connection, name, first_date=first_date, last_date=last_date)
    ]
    allowed = odds.adjusted(np.array([flag.chance for flag in asked]))
    standing = [
        replace(flag, adjusted_chance=float(chance))
        for flag, chance in zip(asked, allowed, strict=True)
        if chance <= MOST_LUCK and flag.signs
    ]
    return sorted(standing, key=lambda flag: (flag.chance, flag.guard_name, flag.agent_id))


def chance_words(chance: float) -> str:
    """How likely luck is, as a person would say it."""
    if chance < 1e-6:
        return "By luck: less than once in a million."
    if chance > 0.5:
        return "By luck: as likely as not."
    return f"By luck: about once in {float(f'{1 / chance:.1g}'):,.0f}."


def _holds(
    awards: Iterable[Award], flagged: Mapping[tuple[int, str], Flag], start: date, end: date
) -> list[Hold]:
    return [
        Hold(award.entry_key, award.agent_id, name, award.entry_points, _evidence(flag, start, end))
        for award in awards
        for name in award.hold_on
        if (flag := flagged.get((award.agent_id, name)))
    ]


def _evidence(flag: Flag, start: date, end: date) -> dict[str, Any]:
    """What a page shows of a hold: the sentence first, the figures behind it beside."""
    return {
        "title": GUARDS[flag.guard_name][0],
        "sentence": " ".join(sign.says() for sign in flag.signs),
        "first_date": start.isoformat(),
        "last_date": end.isoformat(),
        "chance": flag.chance,
        "adjusted_chance": flag.adjusted_chance,
        "facts": [
            {
                "sign": sign.sign.name,
                "counted_name": sign.sign.counted,
                "of_name": sign.sign.of,
                "counted": round(sign.counted * sign.sign.unit, 1),
                "of": round(sign.trials, 1),
                "expected": round(sign.expected * sign.sign.unit, 2),
                "ratio": round(sign.ratio, 2),
                "peers": sign.peers,
                "p": sign.chance,
            }
            for sign in flag.signs
        ],
    }


def _asked(connection: sa.Connection, name: str, *, first_date: date, last_date: date) -> list[Flag]:
    """One entry per agent of whom the guard could judge a sign; those with nothing to show have no signs and chance 1."""
    question = sa.text(statement(f"game/guards/{name.replace('-', '_')}"))
    rows = connection.execute(question, {"first_date": first_date, "last_date": last_date}).all()
    signs = GUARDS[name][1]
    judged: dict[int, list[Counted]] = {}
    for sign in signs:
        for one in judge(sign, [row for row in rows if row.sign_name == sign.name]):
            judged.setdefault(one.agent_id, []).append(one)
    flags = []
    for agent_id, counted in judged.items():
        telling = sorted((one for one in counted if one.chance < 1), key=lambda one: one.chance)
        # Several signs are several questions: the least likely of them counts as one of so many.
        chance = min(1.0, len(counted) * telling[0].chance) if telling else 1.0
        shown = tuple(one for one in telling if one.chance <= max(0.01, telling[0].chance))
        flags.append(Flag(agent_id, name, chance, 1.0, shown))
    return flags


def judge(sign: Sign, rows: Sequence[Any]) -> list[Counted]:
    """One entry per agent with enough of the sign to be judged; chance 1 where it is too little, or no more than usual.

    rows: agent_id, stratum_text, wider_text, is_worst_day, hits, trials, expected. Each round compares with all who did not
    stand out in the round before, so that several who do the same trick do not hide each other.
    """
    if not rows:
        return []
    table = _Table(sign, rows)
    is_peer = np.ones(len(table.agent_ids), dtype=bool)
    for _ in range(MOST_ROUNDS):
        judged = table.judged(is_peer)
        is_suspect = (judged.chances < SUSPECT) & judged.is_enough
        if is_suspect.mean() > 0.5:  # whoever is most of them is the usual, whatever it is
            break
        if np.array_equal(is_peer, ~is_suspect):
            break
        is_peer = ~is_suspect
    return table.counted(judged)


@dataclass(frozen=True)
class _Judged:
    """Per agent number: what was counted, what was expected, the chance, and whether there is enough of it to matter."""

    hits: Floats
    trials: Floats
    expected: Floats
    chances: Floats
    is_enough: Bools
    peers: int


class _Table:
    """The rows of one sign as columns of numbers."""

    def __init__(self, sign: Sign, rows: Sequence[Any]) -> None:
        self.sign = sign
        self.agent_ids, self.agents = _numbered([row.agent_id for row in rows])
        _, self.strata = _numbered([row.stratum_text for row in rows])
        _, self.wider = _numbered([row.wider_text for row in rows])
        unit = float(sign.unit_seconds or 1)
        self.hits = np.array([float(row.hits) for row in rows]) / unit
        self.trials = np.array([float(row.trials) for row in rows])
        self.by_chance = np.array([np.nan if row.expected is None else float(row.expected) for row in rows])
        is_worst = np.array([bool(row.is_worst_day) for row in rows])
        self.is_used = (
            ~is_worst if sign.way == "many" and sign.is_of_bad_days else np.ones(len(rows), dtype=bool)
        )

    def judged(self, is_peer: Bools) -> _Judged:
        """All agents beside those peers, without each one's worst day."""
        expected, variance, is_judged = self._expected(is_peer)
        rows = self.is_used & is_judged
        hits, trials, expected, variance = (
            self._per_agent(np.where(rows, values, 0.0))
            for values in (self.hits, self.trials, expected, variance)
        )
        expected = np.maximum(expected, self.sign.least_share * trials)
        spread = CAUTION * odds.honest_spread(hits[is_peer], expected[is_peer], least=self.sign.spread)
        spreads = spread + variance / np.maximum(expected, 1e-9) ** 2
        chances = self._chances(hits, trials, expected, spreads)
        is_enough = self._is_enough(hits, trials, expected)
        return _Judged(
            hits, trials, expected, np.where(is_enough, chances, 1.0), is_enough, int(is_peer.sum())
        )

    def counted(self, judged: _Judged) -> list[Counted]:
        """What is told of each agent who was judged at all."""
        few = self.sign.way == "few"
        above, below = (judged.expected, judged.hits) if few else (judged.hits, judged.expected)
        ratios = above / np.maximum(below, 0.5)
        return [
            Counted(
                int(self.agent_ids[n]), self.sign, float(judged.hits[n]), float(judged.trials[n]),
                float(judged.expected[n]), float(ratios[n]), judged.peers, float(judged.chances[n]),
            )
            for n in range(len(self.agent_ids))
            if judged.trials[n] >= self.sign.fewest_trials
        ]  # fmt: skip

    def _expected(self, is_peer: Bools) -> tuple[Floats, Floats, Bools]:
        """Per row what is expected, its variance, and whether it can be judged: in its kind of work, or a wider one."""
        if not np.isnan(self.by_chance).any():
            return self.by_chance, np.zeros_like(self.by_chance), np.ones(len(self.by_chance), dtype=bool)
        hits, trials = np.where(self.is_used, self.hits, 0.0), np.where(self.is_used, self.trials, 0.0)
        close = odds.expected_of_peers(self.agents, self.strata, hits, trials, is_peer=is_peer)
        wide = odds.expected_of_peers(self.agents, self.wider, hits, trials, is_peer=is_peer)
        return (
            np.where(close[2], close[0], wide[0]),
            np.where(close[2], close[1], wide[1]),
            close[2] | wide[2],
        )

    def _chances(self, hits: Floats, trials: Floats, expected: Floats, spreads: Floats) -> Floats:
        rate = np.clip(expected / np.maximum(trials, 1e-9), 0.0, 1.0)
        if self.sign.way == "few":
            exact = np.asarray(stats.binom.cdf(hits, trials, rate), dtype=np.float64)
            return np.maximum(exact, odds.gamma_poisson_low_tail(hits, expected, spreads))
        is_share = self.sign.unit_seconds is None and np.isnan(self.by_chance).any()
        exact = odds.binomial_tail(hits, trials, rate) if is_share else odds.poisson_tail(hits, expected)
        return np.maximum(exact, odds.gamma_poisson_tail(hits, expected, spreads))

    def _is_enough(self, hits: Floats, trials: Floats, expected: Floats) -> Bools:
        """Whether there is enough of it, and it differs enough to matter, whatever the chance of it."""
        above, below = (expected, hits) if self.sign.way == "few" else (hits, expected)
        is_far = above >= self.sign.least_ratio * below
        return np.asarray(is_far & (trials >= self.sign.fewest_trials) & (hits >= self.sign.fewest_hits))

    def _per_agent(self, values: Floats) -> Floats:
        return np.bincount(self.agents, values, len(self.agent_ids)).astype(np.float64)


def _numbered(values: Sequence[Any]) -> tuple[list[Any], Integers]:
    """The distinct values, and per value its number among them."""
    names = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return list(names), np.array([names[value] for value in values], dtype=np.int64)
