"""How well do the guards see? Floors with agents who cheat in known ways among honest ones, judged by the guards, and
counted.

In: a Postgres server on which databases may be made, a seed, how many floors. Out: of those who cheat, who was found,
way by way; of the honest, who was flagged; how both change with the strength of the trick and with how many do it;
all with intervals.
The rule it guards: the unit is one agent and four weeks. Who cheats is known to the floor alone; the guards read the
warehouse as on any other day, and a guard that flags nobody, or everybody, fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from os import getpid
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
import sqlalchemy as sa
from psycopg import sql as words
from scipy import stats

from etl.game import guards
from etl.game.guard_floor import fill
from etl.simulation.floor_cheats import DAYS, cheated_floor
from etl.simulation.floor_tricks import WAYS
from sql import migrate, policy, warehouse

FIRST_DATE: Final = date(2026, 3, 2)
"""The weeks hold the night on which the clocks go forward."""
LAST_DATE: Final = FIRST_DATE + timedelta(days=DAYS - 1)
ZONE_NAME: Final = "Europe/Tallinn"
LEAST_RECALL: Final = 0.9
MOST_FALSE: Final = 0.01
_numbers = count(1)

Judge = Callable[[sa.Connection, date, date], Sequence[guards.Flag]]


@dataclass(frozen=True)
class Share:
    """So many of so many, and the exact interval (Clopper-Pearson, 95 %) around their share."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """The share itself; None of nobody."""
        return self.hits / self.n if self.n else None

    def interval(self) -> tuple[float, float]:
        """Between which shares the truth lies, 95 times of 100."""
        if not self.n:
            return 0.0, 1.0
        found = stats.binomtest(self.hits, self.n).proportion_ci(0.95, method="exact")
        return float(found.low), float(found.high)

    def plus(self, is_hit: bool) -> Share:
        """One more."""
        return Share(self.hits + is_hit, self.n + 1)


@dataclass
class Tally:
    """What came of some floors: by way and by how it was done, who was found; and of the honest, who was flagged."""

    found: dict[str, Share] = field(default_factory=dict)
    found_by_style: dict[str, Share] = field(default_factory=dict)
    honest: Share = Share(0, 0)
    honest_by_kind: dict[str, Share] = field(default_factory=dict)
    false_by_guard: dict[str, int] = field(default_factory=dict)
    other_guards: int = 0
    """Agents who cheat in one way and were flagged by another guard as well."""

    def add(self, facts_people: Sequence[Any], flags: Sequence[guards.Flag]) -> None:
        """Counts one floor."""
        flagged: dict[int, set[str]] = {}
        for flag in flags:
            flagged.setdefault(flag.agent_id, set()).add(flag.guard_name)
        for person in facts_people:
            names = flagged.get(person.agent_id, set())
            if person.way:
                style = f"{person.way}: {person.style}"
                self.found[person.way] = self.found.get(person.way, Share(0, 0)).plus(person.way in names)
                self.found_by_style[style] = self.found_by_style.get(style, Share(0, 0)).plus(
                    person.way in names
                )
                self.other_guards += bool(names - {person.way})
            else:
                self.honest = self.honest.plus(bool(names))
                self.honest_by_kind[person.kind] = self.honest_by_kind.get(person.kind, Share(0, 0)).plus(
                    bool(names)
                )
                for name in names:
                    self.false_by_guard[name] = self.false_by_guard.get(name, 0) + 1

    @property
    def is_good(self) -> bool:
        """Whether every way was found often enough, and honest agents were left alone."""
        shares = [share.value for share in self.found.values()]
        return (
            len(shares) == len(WAYS)
            and all(share is not None and share >= LEAST_RECALL for share in shares)
            and (self.honest.value or 0.0) <= MOST_FALSE
            and self.honest.n > 0
        )


@dataclass
class Measured:
    """Everything that was measured, with what it takes to measure it again."""

    seed: int
    floors: int
    main: Tally
    honest_floors: Tally
    by_strength: dict[float, Tally]
    by_crowd: dict[int, Tally]

    def to_dict(self) -> dict[str, Any]:
        """For programs: shares as hits of n."""
        return asdict(self)


def measure(
    server_url: str, *, seed: int = 10, floors: int = 10, tell: Callable[[str], None] = lambda _: None
) -> Measured:
    """Measures on so many floors of 60 agents; weaker tricks, crowds and floors without a cheat on a part of them."""
    fewer = max(1, floors // 4)
    pairs = dict.fromkeys(WAYS, 2)

    def of(name: str, places: range, cheats: dict[str, int], strength: float = 1.0) -> Tally:
        tally = Tally()
        for place in places:
            tell(f"{name}: floor {place - places.start + 1} of {len(places)}")
            judged_floor(server_url, tally, seed=seed * 1000 + place, cheats=cheats, strength=strength)
        return tally

    return Measured(
        seed,
        floors,
        of("two of each way", range(floors), pairs),
        of("nobody cheats", range(100, 100 + fewer), {}),
        {part: of(f"strength {part}", range(200, 200 + fewer), pairs, part) for part in (0.25, 0.5)},
        {many: of(f"{many} hang up", range(300, 301), {"short-calls": many}) for many in (6, 18, 30, 40)},
    )


def judged_floor(
    server_url: str,
    tally: Tally,
    *,
    seed: int,
    cheats: dict[str, int],
    strength: float = 1.0,
    every: int = 1,
    judge: Judge = guards.flags,
) -> None:
    """Adds one floor to the tally: its facts into a database of its own, judged there, and gone afterwards.

    every: 2 for a floor of half the agents. judge: the guards, or what is measured in their place.
    """
    facts = cheated_floor(
        seed, first_day=FIRST_DATE, zone=ZoneInfo(ZONE_NAME), cheats=cheats, strength=strength, every=every
    )
    with scratch(server_url) as engine:
        fill(engine, facts, first_date=FIRST_DATE, last_date=LAST_DATE, zone_name=ZONE_NAME)
        with warehouse.connected(engine, deadline_seconds=600) as connection:
            tally.add(facts.people, judge(connection, FIRST_DATE, LAST_DATE))


@contextmanager
def scratch(server_url: str) -> Iterator[sa.Engine]:
    """A migrated warehouse of its own on that server, dropped at the end; figures of single agents exist in it."""
    database = f"floorboard_guards_{getpid()}_{next(_numbers)}"
    name = words.Identifier(database)
    make = words.SQL("create database {} template template0 encoding 'UTF8'").format(name)
    drop = words.SQL("drop database {} with (force)").format(name)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(make)
        try:
            address = urlsplit(server_url)._replace(path=f"/{database}").geturl()
            engine = warehouse.open_engine(address)
            try:
                migrate.migrate(engine)
                with warehouse.connected(engine) as opened:
                    policy.keep(opened, policy.example(), noted_at=datetime(2026, 1, 1, tzinfo=UTC))
                yield engine
            finally:
                engine.dispose()
        finally:
            connection.execute(drop)
