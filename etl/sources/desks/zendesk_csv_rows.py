"""Says what the rows of a Zendesk account in the Fivetran schema mean where the API has no record of the same form.

In: one row of a file as column -> text. Out: the events of a ticket, or a ValueError with the reason.
The rule it guards: a row has the same event number in every load, so that loading twice changes nothing.
"""

from __future__ import annotations

import json

from etl.sources.desks import zendesk_records as records
from etl.sources.desks.zendesk_records import Known, Record, Told

SCHEDULE_PLACE, COMMENT_PLACE = 1, 500
# What happens at one instant happens in this order: a ticket is opened, then solved, then somebody writes.
FIELD_PLACES = {"status": 10, "priority": 20, "group_id": 100, "assignee_id": 300}
WORD_PLACES = {
    word: place
    for words in (records.STATUSES, sorted(records.PRIORITIES))
    for place, word in enumerate(words)
}
TARGET_PLACES = {name: place for place, name in enumerate(records.TARGETS, start=40)}
DELETED_PLACE = 19


def field_change(record: Record, known: Known) -> Told:
    """One row of ticket_field_history: a field has another value; of most fields, nothing."""
    name = str(record.get("field_name") or "")
    if name not in FIELD_PLACES and name not in TARGET_PLACES:
        return Told(unused=[(f"field {name}"[:60] if name else "a row without a field", True)])
    ticket_id, occurred_at = records.an_id(record, "ticket_id"), records.an_instant(record, "updated")
    value = record.get("value") or None
    if name in FIELD_PLACES:
        who = records.id_or_none(record, "user_id")
        place = _place(name, value)
        return Told(ticket_events=[records.change(ticket_id, occurred_at, place, name, value, who, known)])
    if value is None:
        return Told(unused=[(f"field {name} without a value", True)])
    minutes, is_business = _promise(str(value))
    seconds = minutes * 60 if isinstance(minutes, int) else minutes
    told = records.target(
        ticket_id, occurred_at, TARGET_PLACES[name], records.TARGETS[name], seconds, is_business
    )
    return Told(ticket_events=[told])


def _place(name: str, value: object) -> int:
    """Where a change stands among those of its instant: a field may have two values then, and both count."""
    if name in ("status", "priority"):
        word = str(value or "").lower()
        return DELETED_PLACE if word == "deleted" else FIELD_PLACES[name] + WORD_PLACES.get(word, 0)
    return FIELD_PLACES[name] + int(records.id_or_none({name: value}, name) or 0) % 199


def _promise(value: str) -> tuple[object, object]:
    try:
        given = json.loads(value)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ValueError(
            f'value is {records.shown(value)}; expected {{"minutes": ..., "in_business_hours": ...}}'
        )
    return given.get("minutes"), given.get("in_business_hours", False)


def comment(record: Record, known: Known) -> Told:
    """One row of ticket_comment: a word to or from the requester, or a note."""
    ticket_id, occurred_at = records.an_id(record, "ticket_id"), records.an_instant(record, "created")
    event_number = records.number(records.an_id(record, "id")) + COMMENT_PLACE
    words = {"true": True, "false": False, "t": True, "f": False, "1": True, "0": False}
    public = record.get("public")
    is_public = words.get(str(public).lower(), public)
    author_id = records.id_or_none(record, "user_id")
    told = records.comment(ticket_id, occurred_at, event_number, is_public, author_id, known)
    return Told(ticket_events=[told])


def ticket_schedule(record: Record, known: Known) -> Told:
    """One row of ticket_schedule: the business hours that hold for a ticket from then on."""
    ticket_id, occurred_at = records.an_id(record, "ticket_id"), records.an_instant(record, "created_at")
    schedule_id = records.id_or_none(record, "schedule_id")
    name = known.schedules.get(schedule_id or "", schedule_id)
    return Told(
        ticket_events=[
            records.event(ticket_id, occurred_at, SCHEDULE_PLACE, "schedule", "system", None, name)
        ]
    )
