"""The questions about single contacts: a search, one contact's journey, what was said of it, one customer's contacts.

In: a connection and the question's parameters. Out: a typed frame, one row per stay in a queue or ticket.
The rule it guards: a customer is known by a keyed hash alone, and two systems that use one id for two contacts are never
mixed up.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from dashboard.contacts.row_positions import behind
from sql.warehouse import WarehouseError, frame

RECORDED_TOTALS = ("recorded_calls", "answered_calls")
SEARCH_TOTALS = ("found_rows", "found_calls", "found_tickets")


def contact_search(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    search_text: str | None = None,
    customer_key: str | None = None,
    kind_name: str | None = None,
    queue_id: int | None = None,
    group_name: str | None = None,
    channel_name: str | None = None,
    topic_name: str | None = None,
    team_id: int | None = None,
    agent_id: int | None = None,
    direction_name: str | None = None,
    outcome_name: str | None = None,
    wait_over_seconds: int | None = None,
    handle_over_seconds: int | None = None,
    is_transferred: bool | None = None,
    csat_name: str | None = None,
    limit_rows: int = 500,
    after_text: str | None = None,
) -> pl.DataFrame:
    """One row per stay or ticket of the period that fits, the newest first; of a ticket the wait is until its first reply.

    search_text: the id of a call, contact or ticket, whole (found at any time) or from its beginning (in the period).
    kind_name: "call" or "ticket"; csat_name: "low" (below 3), "high" (4 and 5) or "given". after_text: the row_text of the
    last row that is known already; the answer goes on behind it.
    """
    given = {name: value for name, value in locals().items() if name != "connection"}
    found = frame(connection, "queries/contact_search", **{**given, **behind(after_text)})
    return found.filter(pl.col("row_text").is_not_null()).drop(SEARCH_TOTALS)


def contact_search_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    search_text: str | None = None,
    customer_key: str | None = None,
    kind_name: str | None = None,
    queue_id: int | None = None,
    group_name: str | None = None,
    channel_name: str | None = None,
    topic_name: str | None = None,
    team_id: int | None = None,
    agent_id: int | None = None,
    direction_name: str | None = None,
    outcome_name: str | None = None,
    wait_over_seconds: int | None = None,
    handle_over_seconds: int | None = None,
    is_transferred: bool | None = None,
    csat_name: str | None = None,
) -> pl.DataFrame:
    """One row: how many stays, tickets, and both together contact_search finds."""
    given = {name: value for name, value in locals().items() if name != "connection"}
    found = frame(connection, "queries/contact_search", **given, limit_rows=0, **behind(None))
    return found.select(SEARCH_TOTALS)


def contact_journey(
    connection: Connection, *, contact_id: str, source_name: str | None = None
) -> pl.DataFrame:
    """One row per stay or ticket of the contact and of those linked to it by a transfer or callback, in order of time.

    source_name None means the only source that knows the contact; raises WarehouseError where several do, for two
    systems may give two contacts one id. For a ticket, answered_at is its first reply and wait_seconds the time until
    then; deleted tickets are left out, and a ticket comes to the call that it names only where that is one call.
    """
    journeys = _journeys(connection, contact_id, source_name)
    first, *others = journeys.values()
    if not all(
        other.equals(first) for other in others
    ):  # equal ones are linked: one contact, told by two sources
        names = sorted(journeys)
        raise WarehouseError(
            f'The contact "{contact_id}" is known to {len(names)} sources ({", ".join(names)}), expected one: '
            f"two systems may use the same id. Name the source as well, for example {names[0]}."
        )
    return first


def contact_sources(connection: Connection, *, contact_id: str) -> pl.DataFrame:
    """One row per source that knows a contact of this id, unless all tell of the same one; more than one: choose."""
    journeys = _journeys(connection, contact_id, None)
    first, *others = journeys.values()
    told = sorted(journeys) if any(not other.equals(first) for other in others) else sorted(journeys)[:1]
    named = [name for name in told if name]
    begun = [journeys[name]["started_at"].min() for name in named]
    return pl.DataFrame(
        {"source_name": named, "started_at": begun},
        schema={"source_name": pl.String, "started_at": first.schema["started_at"]},
    )


def _journeys(connection: Connection, contact_id: str, source_name: str | None) -> dict[str, pl.DataFrame]:
    """The journey as each source that knows the contact tells it; under "" an empty one where none does."""
    found = frame(connection, "queries/contact_journey", contact_id=contact_id, source_name=source_name)
    parts = found.partition_by("asked_source_name", as_dict=True, include_key=False)
    return {str(name): part for (name,), part in parts.items()} or {"": found.drop("asked_source_name")}


def contact_remarks(
    connection: Connection, *, contact_id: str, source_name: str | None = None
) -> pl.DataFrame:
    """One row per survey, review and amount earned that belongs to the contact's journey, in order of time."""
    journey = contact_journey(connection, contact_id=contact_id, source_name=source_name)
    calls = journey.filter(pl.col("kind_name") == "call")
    tickets = journey.filter(pl.col("kind_name") == "ticket")
    return frame(
        connection,
        "queries/contact_remarks",
        call_ids=_distinct(calls, "record_id"),
        contact_ids=_distinct(calls, "contact_id"),
        ticket_ids=_distinct(tickets, "record_id"),
        source_names=_distinct(journey, "source_name"),
        customer_keys=_distinct(journey, "customer_key"),
    )


def contact_runs(connection: Connection, *, contact_id: str, source_name: str | None = None) -> pl.DataFrame:
    """One row per load that brought a record of the contact's journey as it stands, with when and how much it loaded."""
    journey = contact_journey(connection, contact_id=contact_id, source_name=source_name)
    return frame(connection, "queries/contact_runs", run_ids=_distinct(journey, "run_id"))


def contact_recordings(
    connection: Connection, *, contact_id: str, source_name: str | None = None
) -> pl.DataFrame:
    """One row per recording of the contact's calls and per erased one, in order of time; length_seconds null: not told.

    Of an erased one only erased_at, when it was made and of which call are known.
    """
    journey = contact_journey(connection, contact_id=contact_id, source_name=source_name)
    calls = journey.filter(pl.col("kind_name") == "call")
    return frame(
        connection,
        "queries/contact_recordings",
        call_ids=_distinct(calls, "record_id"),
        contact_ids=_distinct(calls, "contact_id"),
        source_names=_distinct(journey, "source_name"),
        customer_keys=_distinct(journey, "customer_key"),
    )


def recorded_calls(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    queue_id: int | None = None,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
    limit_rows: int = 500,
) -> pl.DataFrame:
    """One row per answered call of the window that was recorded, the newest first, with its first recording."""
    given = {name: value for name, value in locals().items() if name != "connection"}
    found = frame(connection, "queries/recorded_calls", **given)
    return found.filter(pl.col("call_id").is_not_null()).drop(RECORDED_TOTALS)


def recorded_calls_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    queue_id: int | None = None,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
) -> pl.DataFrame:
    """One row: how many calls of the window were recorded, and of how many answered ones."""
    given = {name: value for name, value in locals().items() if name != "connection"}
    return frame(connection, "queries/recorded_calls", **given, limit_rows=0).select(RECORDED_TOTALS)


def recording_rules(connection: Connection) -> pl.DataFrame:
    """One row: the hosts to which recordings may lead, and for how many days they are kept; none before the loader ran."""
    return frame(connection, "queries/recording_rules")


def _distinct(found: pl.DataFrame, name: str) -> list[object]:
    return found[name].drop_nulls().unique(maintain_order=True).to_list()


def customer_contacts(
    connection: Connection, *, customer_key: str, since_at: datetime | None = None
) -> pl.DataFrame:
    """One row per call's stay and ticket of the customer whom the keyed hash stands for, the newest first.

    since_at: only those that began then or later.
    """
    return frame(connection, "queries/customer_contacts", customer_key=customer_key, since_at=since_at)


QUESTIONS = (
    contact_search,
    contact_search_count,
    contact_journey,
    contact_sources,
    contact_remarks,
    contact_runs,
    contact_recordings,
    recorded_calls,
    recorded_calls_count,
    recording_rules,
    customer_contacts,
)
