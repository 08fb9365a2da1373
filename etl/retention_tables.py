"""The list of all tables with the age of their rows, as a condition for the warehouse and for what a source tells.

In: `sql/retention/tables.toml`. Out: one entry per table, in the order in which tables are cleared.
The rule it guards: the same instants make a row old where it is deleted and where it is refused: what goes stays away.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
from psycopg import sql as words

from etl.shapes import INSTANT

KEPT = "kept"
LONGEST_DAYS = 31  # of a state: rollups follow it no further, as in sql/rollups


@dataclass(frozen=True)
class KeptTable:
    """One table: whose months hold for it, and by what its rows are old or bound to those of another."""

    table_name: str
    kind_name: str
    age: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    with_name: str | None = None
    held_by_name: str | None = None
    lasts: bool = False
    cascades: bool = False
    by_itself: bool = False
    as_long_as: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds whose months hold for it: its rows go with the last of them."""
        return (self.kind_name, *self.as_long_as)

    @property
    def is_kept(self) -> bool:
        """Whether its rows are no record of anybody's past, and stay."""
        return self.kind_name == KEPT

    @property
    def name(self) -> words.Composable:
        """The table as a statement names it."""
        return words.Identifier(*self.table_name.split("."))

    def goes(
        self, before_of: Mapping[str, words.Composable | None], of: str = "t", *, is_planned: bool = False
    ) -> words.Composable | None:
        """Whether the row of `of` is to be deleted; None where nothing of the table is, or the warehouse does it itself.

        before_of: by kind the instant before which its rows are old. is_planned: before those are gone with whom it goes.
        """
        before = self._before(before_of)
        if before is None or self.is_kept:
            return None
        if self.with_name is not None:
            return self._goes_with(tables()[self.with_name], before_of, before, of, is_planned=is_planned)
        if self.held_by_name is None:
            return self._older(before, of)
        child = tables()[self.held_by_name]
        return words.SQL("{} and not exists (select from {} as h where {} and {})").format(
            self._older(before, of), child.name, child._same("h", of), child._stays(before_of)
        )

    def _before(self, before_of: Mapping[str, words.Composable | None]) -> words.Composable | None:
        """The instant before which its rows are old; None where one of its kinds is kept without a limit."""
        found = [before for kind in self.kinds if (before := before_of.get(kind)) is not None]
        if len(found) < len(self.kinds):
            return None
        return words.SQL("least({})").format(words.SQL(", ").join(found)) if self.as_long_as else found[0]

    def _goes_with(
        self,
        parent: KeptTable,
        before_of: Mapping[str, words.Composable | None],
        before: words.Composable,
        of: str,
        *,
        is_planned: bool,
    ) -> words.Composable | None:
        same = self._same("p", of)
        if is_planned:
            goes = parent.goes(before_of, "p")
            return words.SQL("exists (select from {} as p where {} and {})").format(parent.name, same, goes)
        if self.cascades:
            return None
        orphaned = words.SQL("not exists (select from {} as p where {})").format(parent.name, same)
        if not self.age:
            return orphaned
        return words.SQL("{} and {}").format(self._older(before, of), orphaned)

    def _older(self, before: words.Composable, of: str) -> words.Composable:
        """Whether the row is older than the instant; null where it has none by which it ages."""
        return words.SQL("({}) < {}").format(self._aged(of), before)

    def oldest(self) -> words.Composable | None:
        """The age of the oldest row of `t`; None where rows have no instant of their own."""
        return words.SQL("min({})").format(self._aged("t")) if self.age or self.since else None

    def _stays(self, before_of: Mapping[str, words.Composable | None]) -> words.Composable:
        """Whether the row of `h` is none that is deleted now."""
        before = before_of.get(self.kind_name)
        if before is None:
            return words.SQL("true")
        return words.SQL("coalesce(({}) >= {}, true)").format(self._aged("h"), before)

    def _same(self, one: str, other: str) -> words.Composable:
        pairs = [
            words.SQL("{} = {}").format(words.Identifier(one, name), words.Identifier(other, name))
            for name in self.by
        ]
        return words.SQL(" and ").join(pairs)

    def _aged(self, alias: str) -> words.Composable:
        names = [
            words.SQL("cast({} as timestamptz)").format(words.Identifier(alias, name))
            for name in self.age or self.since
        ]
        listed = words.SQL(", ").join(names)
        if self.lasts:  # one that goes on is of no more than its longest
            return words.SQL("least({}, {} + interval {})").format(
                names[-1], names[0], words.Literal(f"{LONGEST_DAYS} days")
            )
        return words.SQL("least({})" if self.since else "greatest({})").format(listed)

    def told_older(self, before: pl.Expr, names: Collection[str]) -> pl.Expr:
        """The same of the rows of a frame with these columns; never where a row has no instant."""
        instants = [pl.col(name).cast(INSTANT) for name in self.age if name in names]
        if self.lasts:
            aged = pl.min_horizontal(instants[-1], instants[0] + pl.duration(days=LONGEST_DAYS))
        else:
            aged = pl.max_horizontal(instants)
        return (aged < before).fill_null(False)


@cache
def tables() -> dict[str, KeptTable]:
    """Every table of the warehouse by its name, in the order in which they are cleared."""
    listed = tomllib.loads((files("sql") / "retention" / "tables.toml").read_text(encoding="utf-8"))
    return {name: _entry(name, told, listed["tables"]) for name, told in listed["tables"].items()}


def _entry(name: str, told: dict[str, Any], others: dict[str, Any]) -> KeptTable:
    with_name = told.get("with")
    return KeptTable(
        table_name=name,
        kind_name=told["kind"] if with_name is None else others[with_name]["kind"],
        age=tuple(told.get("age", ())),
        since=tuple(told.get("since", ())),
        by=tuple(told.get("by", ())),
        with_name=with_name,
        held_by_name=told.get("held_by"),
        lasts=told.get("lasts", False),
        cascades=told.get("cascades", False),
        by_itself=told.get("by_itself", False),
        as_long_as=tuple(told.get("as_long_as", ())),
    )
