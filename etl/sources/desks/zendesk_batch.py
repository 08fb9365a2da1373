"""Makes batches for the load out of Zendesk's records, from its API or from files of it, each with its place.

In: reduced records with their kind and place, and what is known of agents, groups, schedules and customers.
Out: batches whose rows can be read again from their text alone.
The rule it guards: every record ends in a fact, in the quarantine with a reason, or is counted as not used.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from etl.masking import is_masked
from etl.shapes import INSTANT
from etl.sources import NAME_SCHEMA, REJECT_SCHEMA, ROW_SCHEMA, UNUSED_SCHEMA, Batch
from etl.sources.desks import zendesk_csv_rows as csv_rows
from etl.sources.desks import zendesk_records as records
from etl.sources.desks.zendesk_records import Known, Record, Told

TICKETS: dict[str, Any] = {
    "created_at": INSTANT, "updated_at": INSTANT, "version_number": pl.Int64(), "seq": pl.Int64(),
    "is_deleted": pl.Boolean(),
    **dict.fromkeys(("ticket_id", "call_id", "channel_name", "customer_key", "topic_name", "url_text"), pl.String()),
}  # fmt: skip
EVENTS: dict[str, Any] = {
    "occurred_at": INSTANT, "version_number": pl.Int64(), "seq": pl.Int64(), "event_number": pl.Int32(),
    **dict.fromkeys(("agent_name", "ticket_id", "event_name", "actor_name", "value_text"), pl.String()),
}  # fmt: skip
SURVEYS: dict[str, Any] = {
    "answered_at": INSTANT, "version_number": pl.Int64(), "seq": pl.Int64(), "csat_score": pl.Float64(),
    **dict.fromkeys(("agent_name", "survey_id", "ticket_id", "customer_key", "comment_text"), pl.String()),
}  # fmt: skip


class Row(NamedTuple):
    """One record of the source: what kind it is, what it holds of use, and where it was found.

    fault: why it is refused, skipped: as what it is counted without being used; null where it is looked at.
    """

    kind: str
    record: Record
    place_text: str
    file_key: str = ""
    fault: str | None = None
    skipped: str | None = None


@dataclass(frozen=True)
class Words:
    """How records are understood: the address of the account for links, and whether comments of ratings are kept."""

    address: str = ""
    keeps_rating_comments: bool = False

    def told(self, kind: str, record: Record, known: Known) -> Told:
        """What the record tells; ValueError with the reason where it is refused."""
        kinds: dict[str, Callable[[], Told]] = {
            "ticket": lambda: records.ticket(record, known, address=self.address),
            "audit": lambda: records.audit(record, known),
            "rating": lambda: records.rating(record, known, keeps_comments=self.keeps_rating_comments),
            "metric_event": lambda: records.metric_event(record),
            "change": lambda: csv_rows.field_change(record, known),
            "comment": lambda: csv_rows.comment(record, known),
            "schedule": lambda: csv_rows.ticket_schedule(record, known),
        }
        if kind not in kinds:
            raise ValueError(f"a record of the kind {kind[:40]!r}; expected one of {', '.join(kinds)}")
        return kinds[kind]()


@dataclass
class _Heap:
    """What the records of a batch have told so far."""

    told: Told = field(default_factory=Told)
    rows: list[tuple[int, str, str]] = field(default_factory=list)
    rejects: list[tuple[str, str, str, str]] = field(default_factory=list)
    unused: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def add(self, seq: int, row: Row, told: Told, raw_text: str) -> None:
        if told.is_empty():
            self.unused.update([*told.unused, (f"{row.kind} without a change", True)][:1])
            return
        self.rows.append((seq, row.place_text, raw_text))
        for mine, new in (
            (self.told.tickets, told.tickets),
            (self.told.ticket_events, told.ticket_events),
            (self.told.surveys, told.surveys),
        ):
            mine.extend({**fact, "seq": seq} for fact in new)

    def refuse(self, row: Row, reason: str, raw_text: str) -> None:
        """Keeps a refused row; JSON writes NUL bytes, which no table takes, as \\u0000."""
        self.rejects.append((row.place_text, row.file_key, reason, raw_text))


def batch_of(
    rows: Iterable[Row],
    known: Known,
    words: Words,
    *,
    position_text: str,
    carry_text: str,
    now: datetime,
    notice: str | None = None,
    refusal: str | None = None,
) -> Batch:
    """The batch of these rows, with the place at which reading goes on after it.

    now: an event that is told of a later instant says nothing of how new the data are.
    """
    heap, read_rows = _Heap(), 0
    for seq, row in enumerate(rows):
        read_rows += 1
        part = known.part(row.record)
        whole = {"kind": row.kind, "record": row.record, "known": part} | (
            {"fault": row.fault} if row.fault else {}
        )
        raw_text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
        try:
            if fault := refusal or row.fault:
                raise ValueError(fault)
            is_used = row.skipped is None
            told = (
                words.told(row.kind, row.record, known)
                if is_used
                else Told(unused=[(row.skipped or "", True)])
            )
            heap.add(seq, row, told, raw_text)
        except ValueError as fault_found:
            heap.refuse(row, str(fault_found), raw_text)
    batch = _batch(heap, known, read_rows, position_text=position_text, carry_text=carry_text, notice=notice)
    return replace(batch, newest_event_at=_newest_event(batch.facts, now))


def read_again(raw_texts: list[str], carry_text: str, words: Words) -> tuple[Batch, frozenset[int]]:
    """The batch of the refused rows that are taken now, from their text alone, and which (from 0) still are not."""
    heap, still, everything = _Heap(), set[int](), Known()
    for seq, raw_text in enumerate(raw_texts):
        try:
            kind, record, known = _unpacked(raw_text)
            heap.add(seq, Row(kind, record, f"read again {seq}"), words.told(kind, record, known), raw_text)
            everything = Known(agents={**everything.agents, **known.agents})
        except ValueError:
            still.add(seq)
    read_rows = len(raw_texts) - len(still)
    batch = _batch(heap, everything, read_rows, position_text="", carry_text=carry_text, notice=None)
    return batch, frozenset(still)


def _unpacked(raw_text: str) -> tuple[str, Record, Known]:
    given = json.loads(raw_text)
    if not isinstance(given, dict) or not isinstance(given.get("record"), dict):
        raise ValueError("no record")
    if any(is_masked(str(given["record"].get(name))) for name in ("id", "ticket_id")):
        raise ValueError("an id that looked like a telephone number was taken out; read its source again")
    if given.get("fault"):
        raise ValueError(given["fault"])
    return str(given.get("kind")), given["record"], Known(**given.get("known", {}))


def _batch(
    heap: _Heap, known: Known, read_rows: int, *, position_text: str, carry_text: str, notice: str | None
) -> Batch:
    tickets = _newest(heap.told.tickets, TICKETS, ["ticket_id"])
    events = _newest(heap.told.ticket_events, EVENTS, ["ticket_id", "occurred_at", "event_number"])
    surveys = _newest(heap.told.surveys, SURVEYS, ["survey_id"])
    facts = {"tickets": tickets, "ticket_events": events, "surveys": surveys}
    facts = {name: frame for name, frame in facts.items() if frame.height}
    names = sorted({name for frame in (events, surveys) for name in frame["agent_name"].drop_nulls()})
    unused = [(name, is_known, count) for (name, is_known), count in sorted(heap.unused.items())]
    seqs = pl.concat([pl.Series("seq", [], pl.Int64), *(frame["seq"] for frame in facts.values())])
    return Batch(
        facts=facts,
        read_rows=read_rows,
        position_text=position_text,
        carry_text=carry_text,
        notice=notice,
        rows=pl.DataFrame(heap.rows, schema=ROW_SCHEMA, orient="row").filter(
            pl.col("seq").is_in(seqs.implode())
        ),
        rejects=pl.DataFrame(heap.rejects, schema=REJECT_SCHEMA, orient="row"),
        unused=pl.DataFrame(unused, schema=UNUSED_SCHEMA, orient="row"),
        names=pl.DataFrame(
            [("agent", key, known.agents[key]) for key in names if known.agents.get(key)],
            schema=NAME_SCHEMA,
            orient="row",
        ),
    )


def _newest(rows: list[Record], schema: dict[str, Any], key: list[str]) -> pl.DataFrame:
    """The facts of a batch, each key once: its newest version, and of equal ones what was told last."""
    frame = pl.DataFrame([tuple(row[name] for name in schema) for row in rows], schema=schema, orient="row")
    return frame.sort("version_number", maintain_order=True).unique(key, keep="last", maintain_order=True)


def _newest_event(facts: Mapping[str, pl.DataFrame], now: datetime) -> datetime | None:
    """The newest instant of the facts that is not in the future."""
    told = [
        facts[name][column].filter(facts[name][column] <= now).max()
        for name, column in (
            ("tickets", "updated_at"),
            ("tickets", "created_at"),
            ("ticket_events", "occurred_at"),
            ("surveys", "answered_at"),
        )
        if name in facts
    ]
    return max((at for at in told if isinstance(at, datetime)), default=None)
