"""One contact's journey: over queues, transfers, callbacks and tickets, to scale, with where each part was read.

In: the journey's frame, its loads, remarks and the customer's other contacts. Out: blocks for `board.show`.
The rule it guards: every stretch of time is drawn to one scale and said in words; what is not known is said, not left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.contacts import row_view
from dashboard.tickets.ticket_view import group_word, status_word
from dashboard.words import t, t_count

DAYS = 90


def journey_block(journey: pl.DataFrame, runs: pl.DataFrame, *, zone_name: str, as_of: datetime) -> Block:
    """The legs of the contact from first to last; calls share one scale, tickets another."""
    rows = list(journey.iter_rows(named=True))
    parts = [_parts(row, as_of) for row in rows]
    longest = {
        kind: max((sum(seconds for _, seconds in one) for row, one in zip(rows, parts, strict=True)
                   if row["kind_name"] == kind), default=0)
        for kind in ("call", "ticket")
    }  # fmt: skip
    loads = {row["run_id"]: row for row in runs.iter_rows(named=True)}
    legs = []
    before: datetime | None = None
    for place, (row, part) in enumerate(zip(rows, parts, strict=True)):
        legs.append(
            {
                "key": f"{row['kind_name']}-{row['source_name']}-{row['record_id']}-{row['stay_number']}-{place}",
                "gap": _gap(before, row["started_at"]),
                "when": words.instant(row["started_at"], zone_name),
                "title": _place(row),
                "what": t("Call") if row["kind_name"] == "call" else t("Ticket"),
                "status": _status(row),
                "bar": _bar(part, longest[row["kind_name"]]),
                "aria": t("Times of this part"),
                "facts": _facts(row),
                "origin": _origin(row, loads.get(row["run_id"]), zone_name),
                "origin_label": t("Where this comes from"),
                "link": _source_link(row),
            }
        )
        before = row["ended_at"] or row["started_at"]
    scale = t("Bars of calls share one scale, and so do those of tickets.")
    return {
        "kind": "journey",
        "label": t("The journey"),
        "scale": scale if len(legs) > 1 else "",
        "legs": legs,
    }


def _place(row: Row) -> str:
    if row["kind_name"] == "ticket":
        return group_word(row["queue_name"])
    return words.name(row["queue_name"])


def _status(row: Row) -> Block | str:
    if row["kind_name"] == "ticket":
        is_done = row["outcome_name"] in ("solved", "closed")
        return board.status("good" if is_done else "near", status_word(row["outcome_name"]))
    return row_view.outcome(row["outcome_name"])


def _parts(row: Row, as_of: datetime) -> list[tuple[str, int]]:
    """The stretches of a leg in their order: (state, seconds)."""
    if row["kind_name"] == "ticket":
        first = row["wait_seconds"] or 0
        end = row["ended_at"] or as_of
        whole = max(0, int((end - row["started_at"]).total_seconds()))
        return [
            ("reply", min(first, whole) if row["answered_at"] else whole),
            ("work", max(0, whole - first)),
        ][: 2 if row["answered_at"] else 1]
    running = max(0, int((as_of - row["started_at"]).total_seconds())) if row["ended_at"] is None else None
    wait = row["wait_seconds"] if row["wait_seconds"] is not None else (running or 0)
    ring = min(row["ring_seconds"] or 0, wait)
    talk = row["talk_seconds"]
    if talk is None and row["answered_at"] is not None and running is not None:
        talk = max(0, running - wait)
    found = [("waiting", wait - ring), ("ringing", ring), ("on_contact", talk or 0), ("held", row["hold_seconds"] or 0),
             ("wrap_up", row["wrap_up_seconds"] or 0)]  # fmt: skip
    return [(name, seconds) for name, seconds in found if seconds > 0]


def _part_word(name: str) -> tuple[str, str]:
    """The mark and the word of a stretch."""
    return {
        "waiting": ("ring", t("Wait")),
        "ringing": ("diamond", t("Ringing")),
        "on_contact": ("square", t("Talk")),
        "held": ("bars", t("Hold")),
        "wrap_up": ("half", t("Wrap-up")),
        "reply": ("ring", t("Until the first reply")),
        "work": ("square", t("After it")),
    }[name]


def _bar(parts: list[tuple[str, int]], longest: int) -> list[Block]:
    made = []
    for name, seconds in parts:
        shape, word = _part_word(name)
        told = words.long_time(seconds) if name in ("reply", "work") else words.duration(seconds)
        made.append(
            {
                "state": name,
                "shape": shape,
                "word": f"{word} {told}",
                "share": seconds / longest if longest else 0,
            }
        )
    return made


def _gap(before: datetime | None, start: datetime) -> str | None:
    """What lies between the end of one part and the start of the next."""
    if before is None:
        return None
    seconds = (start - before).total_seconds()
    if seconds < -1:
        return t("while the one before went on")
    return t("{time} later", time=words.long_time(seconds)) if seconds >= 1 else t("at once")


def _facts(row: Row) -> list[Block]:
    """What is known of the part beside its times; ids come last."""
    is_call = row["kind_name"] == "call"
    passed = row_view.transfer_word(row["transfer_kind_name"]) if row["transfer_kind_name"] else None
    if passed and row["transferred_to_name"]:
        passed = t("{kind}, to {name}", kind=passed, name=words.name(row["transferred_to_name"]))
    direction = row_view.direction_word(row["direction_name"]) if is_call else None
    told = [
        (t("Agent"), words.name(row["agent_name"]) if row["agent_name"] else t("nobody")),
        (t("Passed on"), passed),
        (t("Ended by"), row["ended_by_name"]),
        (t("Direction"), direction if row["direction_name"] != "inbound" else None),
        (t("Channel"), row["channel_name"] if row["channel_name"] != "call" else None),
        (t("Topic"), row["topic_name"]),
        (t("CSAT"), words.number(row["csat_score"]) if row["csat_score"] is not None else None),
        (t("Resolved"), _yes(row["is_resolved"])),
    ]
    return [{"label": label, "value": value} for label, value in told if value]


def _yes(found: bool | None) -> str | None:
    return None if found is None else t("yes") if found else t("no")


def _origin(row: Row, load: Mapping[str, Any] | None, zone_name: str) -> list[Block]:
    """Source, id, place, load and version: from the number back to the line it was read from."""
    told = [
        (t("Source"), row["source_name"]),
        (t("Id there"), row["record_id"]),
        (
            t("Entry into the queue"),
            t("no. {n}", n=words.number(row["stay_number"])) if (row["stay_number"] or 1) > 1 else None,
        ),
        # A ticket's place is its id there; a call's is a line of a log or a record of an answer.
        (
            t("Place"),
            row["place_text"] or (t("not told by this source") if row["kind_name"] == "call" else None),
        ),
        (t("Load"), _load_text(row["run_id"], load, zone_name)),
        (t("Version"), words.number(row["version_number"]) if row["version_number"] else t("told once")),
    ]
    return [{"label": label, "value": value} for label, value in told if value]


def _load_text(run_id: int, load: Mapping[str, Any] | None, zone_name: str) -> str:
    if load is None:
        return t("no. {n}; its account is no longer kept", n=str(run_id))
    return t(
        "no. {n}, {when}: {read} rows read, {loaded} loaded, {rejected} refused",
        n=str(run_id),
        when=words.instant(load["ended_at"], zone_name),
        read=words.number(load["read_rows"]),
        loaded=words.number(load["loaded_rows"]),
        rejected=words.number(load["rejected_rows"]),
    )


def _source_link(row: Row) -> Block | str | None:
    return board.linked(t("Open it at its source"), row["url_text"]) if row["url_text"] else None


def journey_heading(contact_id: str, journey: pl.DataFrame, *, zone_name: str) -> Block:
    """The title over a journey: whose id, since when, over how many queues and agents, how long."""
    calls = journey.filter(pl.col("kind_name") == "call").height
    tickets = journey.height - calls
    told = [
        t_count("{n} stay in a queue", "{n} stays in queues", calls) if calls else "",
        t_count("{n} ticket", "{n} tickets", tickets) if tickets else "",
        t_count("{n} agent", "{n} agents", journey["agent_id"].drop_nulls().n_unique()),
        words.day(words.local_day(journey["started_at"].min(), zone_name)),  # type: ignore[arg-type]
    ]
    title = t("Contact {id}", id=contact_id)
    return {
        "kind": "section",
        "title": title,
        "lead": row_view.LEAD.join(part for part in told if part),
        "legend": [],
    }


def remark_table(remarks: pl.DataFrame, *, zone_name: str) -> Block:
    """Answers of the customer, reviews and amounts of the contact, in order of time."""
    kinds = {"survey": t("Survey"), "review": t("Review"), "revenue": t("Revenue")}
    rows = [
        {
            "key": f"{row['kind_name']}-{row['source_name']}-{row['record_id']}",
            "cells": [
                words.moment(row["happened_at"], zone_name),
                kinds.get(row["kind_name"], row["kind_name"]),
                _remark_value(row),
                row["by_name"] or row["form_name"] or words.UNKNOWN,
                row["comment_text"] or words.UNKNOWN,
                f"{row['record_id']} ({row['source_name']})",
            ],
        }
        for row in remarks.iter_rows(named=True)
    ]
    columns = [
        column(t("When")),
        column(t("What")),
        column(t("Score or amount"), "end"),
        column(t("By or for")),
        column(t("Words"), "text", wide=True),
        column(t("Id (source)"), wide=True),
    ]
    return board.table(
        t("Said and earned"),
        columns,
        rows,
        title=t("What was said of it, and earned"),
        nothing=t("No survey, no review and no revenue names this contact."),
    )


def _remark_value(row: Row) -> str:
    if row["kind_name"] == "revenue":
        return f"{words.number(row['earned_amount'])} {row['currency_name'] or ''}".strip()
    if row["kind_name"] == "review":
        return words.number(row["total_score"])
    told = [
        t("CSAT {n}", n=words.number(row["csat_score"])) if row["csat_score"] is not None else "",
        t("NPS {n}", n=words.number(row["nps_score"])) if row["nps_score"] is not None else "",
    ]
    return row_view.LEAD.join(part for part in told if part) or words.UNKNOWN


def others_table(others: pl.DataFrame, journey: pl.DataFrame, *, zone_name: str) -> Block:
    """The customer's other contacts of the last 90 days; marked where one of this journey's agents had them too."""
    agents = set(journey["agent_id"].drop_nulls())
    rows = []
    for row in others.iter_rows(named=True):
        is_call = row["kind_name"] == "call"
        is_same = row["agent_id"] in agents
        rows.append(
            {
                "key": f"{row['kind_name']}-{row['source_name']}-{row['record_id']}-{row['started_at']}",
                "cells": [
                    board.leading(
                        words.moment(row["started_at"], zone_name), row_view.contact_address(_own_id(row))
                    ),
                    t("Call") if is_call else t("Ticket"),
                    words.name(row["queue_name"]) if is_call else group_word(row["queue_name"]),
                    words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                    board.status("good", t("same agent")) if is_same else words.UNKNOWN,
                    row_view.outcome(row["outcome_name"]) if is_call else status_word(row["outcome_name"]),
                    row["topic_name"] or words.UNKNOWN,
                ],
            }
        )
    columns = [
        column(t("When")),
        column(t("What")),
        column(t("Queue or group")),
        column(t("Agent")),
        column(t("Same agent"), wide=True),
        column(t("Outcome or status")),
        column(t("Topic"), "text", wide=True),
    ]
    return board.table(
        t("Other contacts of the same customer"),
        columns,
        rows,
        title=t("The same customer in the last {n} days", n=DAYS),
        nothing=t("No other contact of this customer in the last {n} days.", n=DAYS),
    )


def _own_id(row: Row) -> Row:
    return row if row["contact_id"] else {**row, "contact_id": row["record_id"]}


def others_of(contacts: pl.DataFrame, journey: pl.DataFrame) -> pl.DataFrame:
    """The customer's contacts without the parts of this journey."""
    keys = ["kind_name", "source_name", "record_id"]
    return contacts.join(journey.select(keys).unique(), on=keys, how="anti", maintain_order="left")


def nobody_known() -> Block:
    """What stands in place of the customer's other contacts where nobody knows who called."""
    return board.notice(
        "none",
        t("Nobody in particular called."),
        t(
            "The number was withheld, was never told by the source, or the customer was erased; so no other contact can be "
            "told to be the same customer's."
        ),
    )


def in_progress_notice() -> Block:
    """Over a journey of which a part still goes on."""
    return board.notice(
        "near",
        t("This contact is still in progress."),
        t("Its times run until now and change with the next load; the outcome is not known yet."),
    )


def several(contact_id: str, sources: pl.DataFrame, *, zone_name: str) -> Block:
    """Two systems know a contact of this id: which one is meant?"""
    rows = [
        {
            "key": row["source_name"],
            "cells": [
                board.leading(
                    row["source_name"],
                    f"contacts?{urlencode({'contact': contact_id, 'source': row['source_name']})}",
                ),
                words.instant(row["started_at"], zone_name),
            ],
        }
        for row in sources.iter_rows(named=True)
    ]
    return board.table(
        t("Sources"),
        [column(t("Source")), column(t("Its contact began"))],
        rows,
        title=t("Several sources know a contact {id}", id=contact_id),
        lead=t("Two systems may use one id for two contacts. Choose the one that is meant."),
        nothing="",
    )


def unknown(contact_id: str, source_name: str | None) -> Block:
    """The page of an id that nobody knows."""
    where = t("in {source}", source=source_name) if source_name else t("in any source")
    return board.notice(
        "none",
        t("No contact {id} is known {where}.", id=contact_id[:80], where=where),
        t("It was never loaded, was refused, is older than what is kept, or its ticket was deleted."),
        steps=[
            t("Check the id; capital letters count."),
            t("Search for its beginning in the period in which it took place."),
            t("See Data health for refused rows and for when each source last delivered."),
        ],
        page=True,
    )
