"""How each family of figures of single agents stands: on with a purpose, on without one, or off.

In: the list of families, and what the policy says of each. Out: one line per family, and what is still to be filled in.
The rule it guards: a family of which nothing is said is off; what nobody has filled in is shown as missing, never made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from dashboard.words import t
from sql import individual
from sql.individual import Family


@dataclass(frozen=True, slots=True)
class Standing:
    """One family, and what the site says of it."""

    family: Family
    is_on: bool
    is_taken_over: bool = False
    purpose: str = ""
    legal_basis: str = ""
    works_agreement: str = ""
    since_date: date | None = None
    by: str = ""
    place: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """What an operator has not filled in of a family that is on, in words."""
        if not self.is_on:
            return ()
        told = {
            t("purpose"): self.purpose,
            t("legal basis"): self.legal_basis,
            t("works agreement"): self.works_agreement,
            t("by whom"): self.by,
            t("since when"): self.since_date,
        }
        return tuple(word for word, value in told.items() if not value)


def standings(found: pl.DataFrame) -> list[Standing]:
    """Every family in the order of the list, with what the policy says of it."""
    said = {row["family_name"]: row for row in found.iter_rows(named=True)}
    return [_standing(family, said.get(family.name)) for family in individual.families()]


def _standing(family: Family, row: dict[str, object] | None) -> Standing:
    if row is None:
        return Standing(family, is_on=False)
    since = row["since_date"]
    return Standing(
        family,
        is_on=bool(row["is_on"]),
        is_taken_over=bool(row["is_taken_over"]),
        purpose=_text(row["purpose_text"]),
        legal_basis=_text(row["legal_basis_text"]),
        works_agreement=_text(row["works_agreement_text"]),
        since_date=since if isinstance(since, date) else None,
        by=_text(row["by_text"]),
        place=_text(row["place_text"]),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def off_labels(found: pl.DataFrame, *names: str) -> list[str]:
    """The labels of those families that are off."""
    return [one.family.label for one in standings(found) if not one.is_on and one.family.name in names]


def label_of(name: str) -> str:
    """What the family is called."""
    return next(family.label for family in individual.families() if family.name == name)
