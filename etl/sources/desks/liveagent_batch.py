"""Gathers LiveAgent's records into a batch that is ready to load.

In: records of liveagent_records, one by one. Out: a Batch with its facts, the row that each came from, and the refused.
The rule it guards: every record is in the batch once: as a row with its facts, or refused with its reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from etl import shapes
from etl.sources import NAME_SCHEMA, REJECT_SCHEMA, ROW_SCHEMA, UNUSED_SCHEMA, Batch
from etl.sources.desks.liveagent_calls import call_rows
from etl.sources.desks.liveagent_records import RefusedError, raw_text
from etl.sources.desks.liveagent_tickets import TicketRules, ticket_rows

Facts = dict[str, list[dict[str, Any]]]
_FACT_NAMES = ("calls", "tickets", "ticket_events", "surveys")
_PLACES = {"ticket": "tickets", "call": "calls"}


@dataclass(frozen=True)
class Rules:
    """What the site says about its calls and tickets."""

    tickets: TicketRules
    menu_departments: frozenset[str] = frozenset()


def rows_of(
    record: Mapping[str, Any], rules: Rules, unused: Counter[tuple[str, bool]], *, now: datetime
) -> Facts:
    """The facts of one record, by name; RefusedError where it cannot be taken."""
    if record.get("kind") == "call":
        return {
            "calls": call_rows(record, rules.tickets.zone, now=now, menu_departments=rules.menu_departments)
        }
    if record.get("kind") == "ticket":
        return ticket_rows(record, rules.tickets, unused)
    raise RefusedError(f"kind is {str(record.get('kind'))[:40]!r}; expected call or ticket")


@dataclass
class Draft:
    """A batch in the making."""

    rules: Rules
    now: datetime
    rows: list[tuple[int, str, str]] = field(default_factory=list)
    facts: Facts = field(default_factory=lambda: {name: [] for name in _FACT_NAMES})
    rejects: list[tuple[str, str, str, str]] = field(default_factory=list)
    unused: Counter[tuple[str, bool]] = field(default_factory=Counter)
    names: list[tuple[str, str, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    newest_at: datetime | None = None
    read_bytes: int = 0
    _seq_of: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def read_rows(self) -> int:
        """How many records are in it."""
        return len(self.rows) + len(self.rejects)

    def add(self, record: Mapping[str, Any], refusal: str | None = None) -> str | None:
        """Takes one record in; the reason why it was refused, null where it was not."""
        kind, key = str(record.get("kind")), str(record.get("id", "?"))
        place, raw = f"{_PLACES.get(kind, kind)}/{key[:100]}", raw_text(record)
        self.read_bytes += len(raw)
        found: Facts = {}
        try:
            if refusal is None:
                found = rows_of(record, self.rules, self.unused, now=self.now)
        except RefusedError as error:
            refusal = str(error)
        if refusal is not None:
            self.rejects.append((place, "", refusal, raw))
            return refusal
        seq = self.read_rows
        before = self._seq_of.get((kind, key))
        if before is not None:  # it changed again while the batch was read: the state told last counts
            for name, rows in self.facts.items():
                self.facts[name] = [row for row in rows if row["seq"] != before]
        self._seq_of[kind, key] = seq
        self.rows.append((seq, place, raw))
        for name, rows in found.items():
            self.facts[name] += [row | {"seq": seq} for row in rows]
        return None

    def saw(self, instants: list[datetime | None]) -> None:
        """Notes what was told of, for the age of the data; what lies ahead of the clock tells nothing about it."""
        told = [each for each in instants if each is not None and each <= self.now]
        self.newest_at = max(filter(None, [*told, self.newest_at]), default=None)

    def batch(self, position_text: str, carry_text: str) -> Batch:
        """The whole of it, with the place after it."""
        unused = [(name, is_known, rows) for (name, is_known), rows in sorted(self.unused.items())]
        return Batch(
            facts={name: _frame(name, self.facts[name]) for name in _FACT_NAMES},
            read_rows=self.read_rows,
            position_text=position_text,
            carry_text=carry_text,
            newest_event_at=self.newest_at,
            notice=" ".join(self.notices) or None,
            rows=pl.DataFrame(self.rows, schema=ROW_SCHEMA, orient="row"),
            rejects=pl.DataFrame(self.rejects, schema=REJECT_SCHEMA, orient="row"),
            unused=pl.DataFrame(unused, schema=UNUSED_SCHEMA, orient="row"),
            names=pl.DataFrame(self.names, schema=NAME_SCHEMA, orient="row"),
            is_named=True,
        )


def again(
    raw_texts: list[str], rules: Rules, carry_text: str, *, now: datetime
) -> tuple[Batch, frozenset[int]]:
    """Records once refused, taken once more: a batch of those taken, and which (from 0) are still refused."""
    draft, still = Draft(rules, now), set()
    for place, raw in enumerate(raw_texts):
        try:
            record = json.loads(raw)
        except ValueError:
            record = None
        if not isinstance(record, dict) or draft.add(record) is not None:
            still.add(place)
    draft.rejects.clear()
    return draft.batch("", carry_text), frozenset(still)


def _frame(fact_name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows in the columns of their fact, with the source's keys for ids; what is not known is null."""
    schema: dict[str, Any] = {"seq": pl.Int64}
    for name, dtype in shapes.FACTS[fact_name].columns.items():
        if name != "new_rows":
            is_key = name in ("queue_id", "agent_id")
            wide = pl.Int64 if dtype == pl.Int32 else dtype  # the gate refuses what does not fit the table
            schema[name.replace("_id", "_name") if is_key else name] = pl.String if is_key else wide
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
