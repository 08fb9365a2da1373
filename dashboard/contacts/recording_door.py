"""Leads a reader from the pages to a recording, and counts that they were led there.

In: which recording, and when, in a transaction of whoever asks. Out: its address, with
the opening noted in the same transaction.
The rule it guards: the rules hold at the moment of opening, and no address is given away that was not counted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from dashboard.contacts.recording_rules import RecordingError, host_of, rules_of, verdict
from sql import audit
from sql.warehouse import frame

OWN_SOURCE = "floorboard"


def open_recording(connection: Connection, *, source_name: str, recording_id: str, at: datetime) -> str:
    """The address of a recording that a source tells; RecordingError where it must not be opened."""
    found = frame(connection, "requests/recording_of", source_name=source_name, recording_id=recording_id)
    return _led(connection, found.to_dicts(), source_name, recording_id, at=at)


def open_of_review(connection: Connection, *, review_id: int, at: datetime) -> str:
    """The address that a reviewer has written beside a review; RecordingError as for any other."""
    found = frame(connection, "requests/recording_of_review", review_id=review_id)
    mark = f"review {review_id}"
    return _led(connection, found.to_dicts(), OWN_SOURCE, mark, at=at)


def _led(
    connection: Connection, found: list[dict[str, Any]], source_name: str, recording_id: str, *, at: datetime,
) -> str:  # fmt: skip
    if not found:
        raise RecordingError(
            "This recording is not known, or was erased; expected one of the contact's page. Load that page again."
        )
    [row] = found
    rules = rules_of(next(iter(frame(connection, "queries/recording_rules").to_dicts()), None))
    said = verdict(rules, url_text=row["url_text"], started_at=row["started_at"], as_of=at)
    if said == "expired":
        raise RecordingError(
            f"This recording is older than {rules.kept_days} days, so it was deleted where it lay; there is nothing to open."
        )
    if said == "unlisted":
        raise RecordingError(
            f'The host "{host_of(row["url_text"])}" is not listed; expected it among hosts in [recordings] of '
            "floorboard.toml. Add it there and start the loader again."
        )
    if said != "open":
        raise RecordingError(
            "This recording has no address of the web, expected https://…; look for its reference in the system that "
            "made it."
        )
    whose = [] if row["agent_id"] is None else [row["agent_id"]]
    of_name = f"recording {source_name}/{recording_id}"
    audit.note(connection, what_name="saw.recording", of_name=of_name, told={"agent_ids": whose})
    return str(row["url_text"])
