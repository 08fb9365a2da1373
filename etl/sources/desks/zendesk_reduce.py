"""Takes of Zendesk's records only what is used of them, before anything is kept.

In: records as the API delivers them. Out: small records without subjects, comments, names or addresses, and the names
of fields that are new to us. The rule it guards: what is not on these lists is never stored, not even when refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from etl.sources.desks.zendesk_records import FIELDS, Record, shown

LONGEST_TEXT = 200
LONGEST_WORD = 40
TICKET_FIELDS = (
    "id", "created_at", "updated_at", "generated_timestamp", "status", "requester_id", "submitter_id"
)  # fmt: skip
RATING_FIELDS = ("id", "ticket_id", "created_at", "updated_at", "score", "assignee_id", "requester_id")
METRIC_FIELDS = ("id", "ticket_id", "metric", "instance_id", "type", "time")
SLA_FIELDS = ("target", "target_in_seconds", "business_hours")
CHILD_FIELDS = ("id", "event_type", "public", "comment_public", "author_id", "new_schedule_id", *FIELDS)
_CHILD_WORDS = frozenset(
    {*CHILD_FIELDS, "via", "via_reference_id", "previous_value", "type", "audit_id", "created_at"}
)
KNOWN_TICKET_FIELDS = frozenset({
    *TICKET_FIELDS,
    "allow_attachments", "allow_channelback", "assignee_email", "assignee_id", "brand_id", "collaborator_ids",
    "comment_count", "custom_fields", "custom_status_id", "dates", "deleted_ticket_form_id", "description",
    "due_at", "email_cc_ids", "encoded_id", "external_id", "fields", "follower_ids", "followup_ids",
    "followup_source_id", "forum_topic_id", "from_messaging_channel", "group_id", "has_incidents",
    "is_public", "lookup_relationship_fields", "metric_events", "metric_set", "organization_id", "priority",
    "problem_id", "raw_subject", "recipient", "result_type", "satisfaction_probability",
    "satisfaction_rating", "sharing_agreement_ids", "slas", "subject", "support_type", "tags",
    "ticket_form_id", "ticket_id", "type", "url", "via", "via_followup_source_id", "voice_comment",
})  # fmt: skip


def reduced_ticket(record: Record, *, call_id_field: str | None, topic_field: str | None) -> Record:
    """What is used of a ticket; call_id and topic from the fields that the settings name."""
    small = _scalars(record, TICKET_FIELDS)
    via = record.get("via")
    small["channel"] = _scalar(via.get("channel") if isinstance(via, dict) else via)
    for name, wanted in (("call_id", call_id_field), ("topic", topic_field)):
        if wanted:
            small[name] = _own_text(_field(record, wanted))
    return _told(small)


def unknown_fields(record: Record) -> set[str]:
    """The names of a ticket's fields that are new to us: they are left out, and said once."""
    return {name[:60] for name in record if name not in KNOWN_TICKET_FIELDS}


def reduced_audit(record: Record) -> Record:
    """What is used of one update of a ticket: its fields of interest, and whether a comment is public and by whom."""
    small = _scalars(record, ("id", "ticket_id", "created_at", "updater_id"))
    children = record.get("child_events")
    if isinstance(children, list):
        small["child_events"] = [_reduced_child(child) for child in children]
    elif children is not None:
        small["child_events"] = shown(type(children).__name__)
    return _told(small)


def _reduced_child(child: object) -> Record | str:
    if not isinstance(child, dict):
        return type(child).__name__
    small = _scalars(child, CHILD_FIELDS)
    via = child.get("via")
    small["via"] = _scalar(via.get("channel") if isinstance(via, dict) else via)
    if not any(name in child for name in FIELDS):
        small["other"] = next((name[:60] for name in child if name not in _CHILD_WORDS), None)
    nulls = {name: None for name in FIELDS if name in child and child[name] is None}
    return _told(small) | nulls


def reduced_rating(record: Record, *, keeps_comments: bool) -> Record:
    """What is used of a rating; its comment only where the settings keep it."""
    small = _scalars(record, RATING_FIELDS)
    if keeps_comments and isinstance(record.get("comment"), str):
        small["comment"] = record["comment"]
    return _told(small)


def reduced_metric_event(record: Record) -> Record:
    """What is used of an event of a ticket's metrics: of an SLA target its length, and in which hours it runs."""
    small = _scalars(record, METRIC_FIELDS)
    sla = record.get("sla")
    if sla is not None:
        small["sla"] = _scalars(sla, SLA_FIELDS) if isinstance(sla, dict) else shown(type(sla).__name__)
    return _told(small)


def _field(record: Record, wanted: str) -> object:
    """The value of a ticket's own field, or of the custom field of that number."""
    if not wanted.isdigit():
        return record.get(wanted)
    given = record.get("custom_fields")
    found = (field for field in given if isinstance(field, dict)) if isinstance(given, list) else iter(())
    return next((field.get("value") for field in found if str(field.get("id")) == wanted), None)


def _scalars(record: Record, names: Iterable[str]) -> Record:
    return {name: _scalar(record[name]) for name in names if name in record}


def _own_text(value: object) -> str | None:
    """The value of a field that the settings name: a text or number, or several of them; null for anything else."""
    several = value if isinstance(value, list) else [value]
    texts = [
        str(each) for each in several if isinstance(each, (str, int, float)) and not isinstance(each, bool)
    ]
    return ", ".join(text for text in texts if text)[:LONGEST_TEXT] or None


def _scalar(value: Any) -> Any:
    """A number or a short word as it is; of anything else, what kind it was: its content may be anybody's."""
    if isinstance(value, str) and len(value) <= LONGEST_WORD and "@" not in value:
        return value
    return value if value is None or isinstance(value, (bool, int, float)) else f"({type(value).__name__})"


def _told(small: Record) -> Record:
    return {name: value for name, value in small.items() if value is not None}
