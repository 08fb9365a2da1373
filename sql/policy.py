"""Keeps the site's policy in the warehouse: which figures may exist of a single agent, and that the others do not.

In: what a site says of each family of figures (from its policy file). Out: rows that every statement asks, and what was
taken away.
The rule it guards: what the policy does not name does not exist for a single agent. Switching off deletes what is stored of
it in the same transaction, and the sums of teams and of the floor stay. What existed before there was a policy is switched
off by its name alone, never because nobody wrote of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from sql import individual, warehouse
from sql.warehouse import SwitchedOffError

_FAMILY_OF_FACT = {"surveys": "ratings", "quality_reviews": "quality", "recordings": "recordings"}
_TAKEN_AWAY = {
    "ratings": ("surveys_unname",),
    "quality": ("quality_reviews_unname", "reviews_unname", "samples_clear"),
    "coaching": ("coaching_clear",),
    "recordings": ("recordings_unname",),
}
_LOST = {
    "surveys_unname": "survey answers lose their agent",
    "quality_reviews_unname": "reviews from sources lose their agent",
    "reviews_unname": "saved reviews of this site lose their agent",
    "samples_clear": "contacts drawn for review are deleted",
    "coaching_clear": "saved coaching notes are deleted",
    "recordings_unname": "recordings lose their agent",
    "intervals_empty": "quarters of an hour of agents are deleted",
    "intervals_clear": "quarters of an hour of agents lose figures",
}


@dataclass(frozen=True, slots=True)
class Named:
    """What a site says of one family; an empty text is something that nobody has filled in."""

    purpose: str
    legal_basis: str = ""
    works_agreement: str = ""
    since_date: date | None = None
    by: str = ""
    place: str = ""
    """Where it is written: the file and its line."""
    is_off: bool = False
    """Named to be switched off, which deletes what is stored of it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a policy changed: the families switched on and off, and how many stored rows lost what they told, in words."""

    switched_on: tuple[str, ...] = ()
    switched_off: tuple[str, ...] = ()
    lost: tuple[tuple[str, int], ...] = ()

    @property
    def cleared_rows(self) -> int:
        """How many stored rows lost what they told."""
        return sum(count for _, count in self.lost)

    def __bool__(self) -> bool:
        return bool(self.switched_on or self.switched_off or self.lost)


def standing(connection: sa.Connection) -> pl.DataFrame:
    """One row per family that a policy has named, or that was taken over: is_on, its purpose, since when, by whom."""
    return warehouse.frame(connection, "queries/individual_figures")


def off(connection: sa.Connection, family_names: tuple[str, ...]) -> frozenset[str]:
    """Those of the families that may not exist for a single agent."""
    statement = sa.text(warehouse.statement("policy/off"))
    return frozenset(connection.execute(statement, {"family_names": list(family_names)}).scalars())


def require(connection: sa.Connection, family_name: str) -> None:
    """Raises SwitchedOffError where the family may not exist for a single agent."""
    if off(connection, (family_name,)):
        raise SwitchedOffError((family_name,))


def stored_without_agent(connection: sa.Connection, fact_names: Collection[str]) -> frozenset[str]:
    """Those of the kinds of facts that are stored without their agent, because the policy does not let them have one."""
    family_of = {name: _FAMILY_OF_FACT[name] for name in fact_names if name in _FAMILY_OF_FACT}
    if not family_of:
        return frozenset()
    away = off(connection, tuple(family_of.values()))
    return frozenset(name for name, family in family_of.items() if family in away)


def planned(connection: sa.Connection, named: Mapping[str, Named]) -> Kept:
    """What `keep` would switch on and off; nothing is changed."""
    rows = {row["family_name"]: row for row in standing(connection).iter_rows(named=True)}
    is_on = {name: bool(row["is_on"]) for name, row in rows.items()}
    lives = _lives(rows, named)
    names = [family.name for family in individual.families()]
    return Kept(
        switched_on=tuple(name for name in names if name in lives and not is_on.get(name, False)),
        switched_off=tuple(name for name in names if name not in lives and is_on.get(name, False)),
    )


def rehearsed(connection: sa.Connection, named: Mapping[str, Named], *, noted_at: datetime) -> Kept:
    """What `keep` would change, with the rows counted: it is done, and taken back at once."""
    rehearsal = connection.begin_nested()
    try:
        return keep(connection, named, noted_at=noted_at)
    finally:
        rehearsal.rollback()


def keep(connection: sa.Connection, named: Mapping[str, Named], *, noted_at: datetime) -> Kept:
    """Lets the named families exist for single agents, and no other; what is stored of the others is taken away.

    A family that was taken over, and is not named, stays as it is. One that is switched on is counted anew from the records
    by the load. The same policy again changes nothing.
    """
    if planned(connection, named):  # no batch is merged, and nothing counted, by the policy of before
        warehouse.one_row(connection, "merge/erasures_lock")
    changed = planned(connection, named)
    lives = _lives({row["family_name"]: row for row in standing(connection).iter_rows(named=True)}, named)
    for family in individual.families():
        told = named.get(family.name)
        if told is None and family.name in lives:
            continue
        warehouse.execute(
            connection,
            "policy/note",
            family_name=family.name,
            is_on=family.name in lives,
            since_date=told.since_date if told else None,
            noted_at=noted_at,
            purpose_text=told.purpose if told else None,
            legal_basis_text=told.legal_basis if told else None,
            works_agreement_text=told.works_agreement if told else None,
            by_text=told.by if told else None,
            place_text=told.place if told else None,
        )
    lost = _taken_away(connection, lives, changed.switched_off)
    has_counted = any(
        family.columns for family in individual.families() if family.name in changed.switched_on
    )
    if has_counted and warehouse.one_row(connection, "rollups/extent")[0] is not None:
        reason = "figures of single agents that the policy lets exist now"
        warehouse.execute(connection, "organisation/recounts_add", asked_at=noted_at, reason_text=reason)
    return replace(changed, lost=lost)


def example(*, since_date: date | None = None, by: str = "") -> dict[str, Named]:
    """Every family with the purpose that stands beside it as an example; the demo's policy."""
    return {
        family.name: Named(
            purpose=family.example_purpose,
            legal_basis="Example: legitimate interest of the operator, with a works agreement",
            works_agreement="Example: none is needed for simulated people",
            since_date=since_date,
            by=by,
        )
        for family in individual.families()
    }


def _lives(rows: Mapping[str, Mapping[str, Any]], named: Mapping[str, Named]) -> frozenset[str]:
    """The families that may exist by these words: those that are named, and those taken over of which nothing is said."""
    taken_over = {name for name, row in rows.items() if row["is_on"] and row["is_taken_over"]}
    return frozenset(taken_over - named.keys()) | {name for name, told in named.items() if not told.is_off}


def _taken_away(
    connection: sa.Connection, lives: Collection[str], switched_off: tuple[str, ...]
) -> tuple[tuple[str, int], ...]:
    """Takes away what is stored of families that are off; what became of how many rows."""
    statements = [name for family, those in _TAKEN_AWAY.items() if family not in lives for name in those]
    # The rollups never make what is off: the many rows are looked through once, when it is switched off.
    if any(family.columns for family in individual.families() if family.name in switched_off):
        statements += ["intervals_empty", "intervals_clear"]
    counted = [(_LOST[name], warehouse.execute(connection, f"policy/{name}")) for name in statements]
    return tuple((words, count) for words, count in counted if count)
