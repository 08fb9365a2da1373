"""The questions about single contacts: the rows behind a number, one contact's journey, one customer's contacts.

In: a connection and the question's parameters. Out: a typed frame, one row per stay in a queue or ticket.
The rule it guards: a number and the list behind it are counted by the same statement, so that they agree.
"""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import WarehouseError, frame


def contact_journey(
    connection: Connection, *, contact_id: str, source_name: str | None = None
) -> pl.DataFrame:
    """One row per stay or ticket of the contact and of those linked to it by a transfer or callback, in order of time.

    source_name None means the only source that knows the contact; raises WarehouseError where several do, for two
    systems may give two contacts one id. For a ticket, answered_at is its first reply and wait_seconds the time until
    then; deleted tickets are left out, and a ticket comes to the call that it names only where that is one call.
    """
    found = frame(connection, "queries/contact_journey", contact_id=contact_id, source_name=source_name)
    journeys = found.partition_by("asked_source_name", as_dict=True, include_key=False)
    first, *others = journeys.values() or [found.drop("asked_source_name")]
    if not all(
        other.equals(first) for other in others
    ):  # equal ones are linked: one contact, told by two sources
        names = sorted(str(name) for (name,) in journeys)
        raise WarehouseError(
            f'The contact "{contact_id}" is known to {len(names)} sources ({", ".join(names)}), expected one: '
            f"two systems may use the same id. Name the source as well, for example {names[0]}."
        )
    return first


def customer_contacts(connection: Connection, *, customer_key: str) -> pl.DataFrame:
    """One row per call's stay and ticket of the customer whom the keyed hash stands for, the newest first."""
    return frame(connection, "queries/customer_contacts", customer_key=customer_key)


QUESTIONS = (contact_journey, customer_contacts)
