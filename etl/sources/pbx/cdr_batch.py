"""Puts the calls and links made of call detail records into the frames that the load takes.

In: records with the stays and links that they tell. Out: a batch without its place. The rule it guards: every fact
names the row it came from, and a refused call keeps all its records, so that it can be read once more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from etl.sources import REJECT_SCHEMA, ROW_SCHEMA, UNUSED_SCHEMA, Batch
from etl.sources.pbx.cdr_calls import CallRules, Contacts, told_by
from etl.sources.pbx.cdr_rows import Record, raw_of

_INSTANT = pl.Datetime("us", "UTC")
_CALLS: dict[str, pl.DataType] = {
    **dict.fromkeys(("offered_at", "answered_at", "ended_at"), _INSTANT),
    **dict.fromkeys(("version_number", "seq"), pl.Int64()),
    **dict.fromkeys(("stay_number", "wait_seconds", "ring_seconds", "talk_seconds"), pl.Int32()),
    **dict.fromkeys(
        (
            "queue_name",
            "agent_name",
            "call_id",
            "direction_name",
            "outcome_name",
            "ended_by_name",
            "customer_key",
        ),
        pl.String(),
    ),
}
_LINKS: dict[str, pl.DataType] = {
    "linked_at": _INSTANT,
    "seq": pl.Int64(),
    **dict.fromkeys(
        ("source_name", "contact_id", "linked_source_name", "linked_contact_id", "link_name"), pl.String()
    ),
}


@dataclass
class Drawn:
    """What a piece of the file gave so far: records, refused lines (place, reason, raw), stays and links with seq."""

    records: list[Record] = field(default_factory=list)
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    file_key: str = ""
    notice: str | None = None
    stays: list[dict[str, object]] = field(default_factory=list)
    links: list[dict[str, object]] = field(default_factory=list)
    rows: list[tuple[int, str, str]] = field(default_factory=list)
    unused: Counter[str] = field(default_factory=Counter)

    def take(
        self,
        chain: list[Record],
        stays: list[dict[str, object]],
        links: list[dict[str, object]],
        *,
        is_contact: bool,
    ) -> None:
        """Notes what one call's records told; the last of them stands for all."""
        seq = len(self.rows)
        self.stays += [stay | {"seq": seq} for stay in stays]
        self.links += [link | {"seq": seq} for link in links]
        if stays or links:
            self.rows.append((seq, chain[-1].place_text, raw_of(chain)))
        elif not is_contact:
            self.unused.update(
                f"{record.texts['dcontext']}: {record.texts['lastapp'] or 'no application'}"[:60]
                for record in chain
            )


def tell(
    chains: dict[str, list[Record]],
    rules: CallRules,
    contacts: Contacts,
    drawn: Drawn,
    *,
    is_in_queue_log: Callable[[str], bool],
) -> list[str]:
    """Notes what the records of each call tell, and how it is linked; the calls that by their records entered a queue."""
    queued = []
    for call_id, chain in chains.items():
        told = told_by(call_id, chain, rules, is_in_queue_log=is_in_queue_log)
        ended_at = max(record.ended_at for record in chain)
        links = contacts.links_after(told, started_at=chain[0].started_at, ended_at=ended_at)
        drawn.take(chain, told.stays, links, is_contact=told.contact_id is not None)
        queued += [call_id] if told.entered_queue else []
    return queued


def frames_of(drawn: Drawn) -> Batch:
    """The batch of what was taken, without its place."""
    rejects = [(place, drawn.file_key, reason, raw) for place, reason, raw in drawn.refused]
    unused = [(name, True, count) for name, count in sorted(drawn.unused.items())]
    return Batch(
        facts={"calls": _frame(drawn.stays, _CALLS), "contact_links": _frame(drawn.links, _LINKS)},
        read_rows=len(drawn.records) + len(drawn.refused),
        position_text="",
        carry_text="",
        notice=drawn.notice,
        rows=pl.DataFrame(drawn.rows, schema=ROW_SCHEMA, orient="row"),
        rejects=pl.DataFrame(rejects, schema=REJECT_SCHEMA, orient="row"),
        unused=pl.DataFrame(unused, schema=UNUSED_SCHEMA, orient="row"),
    )


def _frame(rows: list[dict[str, object]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Rows in columns; instants are given in epoch seconds."""
    columns = {
        name: [_instant(row[name]) if dtype == _INSTANT else row[name] for row in rows]
        for name, dtype in schema.items()
    }
    return pl.DataFrame(columns, schema=schema)


def _instant(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


@dataclass(frozen=True)
class Unfinished:
    """What a batch leaves: rows that wait for others of their call, contacts to link, checks of the zone, keys seen."""

    waiting: tuple[Record, ...] = ()
    waits_since: int = 0
    newest_at: int = 0
    contacts: Contacts = field(default_factory=Contacts)
    differences: tuple[int, ...] = ()
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        data = {
            "version": 1,
            "waiting": [asdict(record) for record in self.waiting],
            "waits_since": self.waits_since,
            "newest_at": self.newest_at,
            "contacts": {"newest_at": self.contacts.newest_at, "groups": self.contacts.recent()},
            "differences": self.differences,
            "seen": self.seen,
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Unfinished:
        """Reads `to_text`; raises ValueError with what was found where it is not one."""
        if not text:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            return cls(
                waiting=tuple(Record(**record) for record in data["waiting"]),
                waits_since=int(data["waits_since"]),
                newest_at=int(data["newest_at"]),
                contacts=contacts_from(data["contacts"]),
                differences=tuple(int(number) for number in data["differences"]),
                seen={str(key): (int(at), int(count)) for key, (at, count) in data["seen"].items()},
            )
        except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


def contacts_from(data: dict[str, Any]) -> Contacts:
    """The contacts of a stored cursor."""
    groups = {
        str(key): [(int(at), str(contact), str(source), int(end)) for at, contact, source, end in members]
        for key, members in data["groups"].items()
    }
    return Contacts(int(data["newest_at"]), groups)
