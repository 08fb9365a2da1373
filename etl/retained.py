"""Keeps out of the warehouse what was deleted for its age, when a source or an uploaded file tells of it again.

In: from when on each kind of rows is whole, and a batch's facts. Out: the same facts without those that are older, and
a sentence for the ledger.
The rule it guards: what was deleted for its age stays away, and no row of a source is lost count of: it is unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from etl.retention_tables import KeptTable, tables
from etl.shapes import FACTS, INSTANT, TICKET_EVENTS, TICKETS, Shape
from sql import warehouse

Taken = list[tuple[Shape, pl.DataFrame]]
_OTHER_NAMES = {"contact_links": "warehouse.told_links"}


@dataclass(frozen=True)
class Retained:
    """From when on the rows of each kind are whole, where anything of it was deleted; and whose facts are judged."""

    connection: sa.Connection
    source_name: str
    whole_from: Mapping[str, datetime]

    def of_facts(self, taken: Taken) -> tuple[Taken, int]:
        """The facts that are young enough, and how many were left out."""
        if not self.whole_from:
            return taken, 0
        tickets = self._tickets_that_stay(taken)
        kept = [(shape, self._young(shape, frame, tickets)) for shape, frame in taken]
        return kept, sum(frame.height for _, frame in taken) - sum(frame.height for _, frame in kept)

    def _older(self, shape: Shape) -> pl.Expr | None:
        table = _table_of(shape)
        before = self.whole_from.get(table.kind_name)
        return None if before is None else table.told_older(pl.lit(before, INSTANT), shape.columns)

    def _young(self, shape: Shape, frame: pl.DataFrame, tickets: frozenset[str]) -> pl.DataFrame:
        older = self._older(shape)
        if older is None or frame.is_empty():
            return frame
        if shape in (TICKETS, TICKET_EVENTS):
            return frame.filter(pl.col("ticket_id").is_in(list(tickets)))
        return _complete(frame, shape).filter(~older).select(frame.columns)

    def _tickets_that_stay(self, taken: Taken) -> frozenset[str]:
        """Tickets of which anything told is young, and old ones that the warehouse holds: such a one is taken whole."""
        told: set[str] = set()
        young: set[str] = set()
        for shape, frame in taken:
            older = self._older(shape) if shape in (TICKETS, TICKET_EVENTS) else None
            if older is not None and not frame.is_empty():
                whole = _complete(frame, shape).select("ticket_id", older=older)
                told |= set(whole["ticket_id"])
                young |= set(whole.filter(~pl.col("older"))["ticket_id"])
        if told <= young:
            return frozenset(young)
        asked = {"source_name": self.source_name, "ticket_ids": sorted(told - young)}
        known = warehouse.frame(self.connection, "retention/tickets_known", **asked)
        return frozenset(young.union(known["ticket_id"]))


def retained_in(connection: sa.Connection, *, source_name: str) -> Retained:
    """What was deleted from the warehouse for its age, as far as it decides over facts of `source_name`."""
    rows = warehouse.frame(connection, "retention/known").filter(pl.col("whole_from_at").is_not_null())
    kinds = {_table_of(shape).kind_name for shape in FACTS.values()}
    whole_from = dict(zip(rows["kind_name"], rows["whole_from_at"], strict=True))
    return Retained(connection, source_name, {kind: at for kind, at in whole_from.items() if kind in kinds})


def _table_of(shape: Shape) -> KeptTable:
    return tables()[_OTHER_NAMES.get(shape.fact_name, f"warehouse.{shape.fact_name}")]


def left_out_text(facts_count: int, whole_from: Mapping[str, datetime]) -> str | None:
    """What the ledger says of facts that were left out; null where none was."""
    if not facts_count:
        return None
    kinds = ", ".join(f"{kind} before {at:%Y-%m-%d %H:%M} UTC" for kind, at in sorted(whole_from.items()))
    return (
        f"{facts_count:,} facts are older than what is kept and were not loaded again; deleted are {kinds}."
    )


def _complete(frame: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """The frame with the instants of the shape that the source does not tell, as null."""
    absent = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in shape.columns.items()
        if dtype == INSTANT and name not in frame.columns
    ]
    return frame.with_columns(absent)
