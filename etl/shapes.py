"""The shape that each kind of fact must have on its way into the warehouse.

In: nothing. Out: for each fact its columns in order with their types, which may not be null, and what stands where a
source says nothing. The rule it guards: staging tables, readers and the gate speak of the same columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

INSTANT = pl.Datetime("us", "UTC")
DataType = pl.DataType | type[pl.DataType]


@dataclass(
    frozen=True, eq=False
)  # one of each: it is itself the key under which what follows from it is kept
class Shape:
    """The staging table of a kind of fact: its columns in order with their types.

    required: may not be null; in_order: instants of which the second may not come before the first; key: the columns
    that name a row; defaults: what stands where a source gives no such column or null; bounds: least and greatest
    value; one_of: the words that a column may hold.
    """

    fact_name: str
    columns: dict[str, DataType]
    required: frozenset[str]
    in_order: tuple[tuple[str, str], ...] = ()
    key: tuple[str, ...] = ()
    defaults: dict[str, object] = field(default_factory=dict)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    one_of: dict[str, frozenset[str]] = field(default_factory=dict)
    lasts: bool = False
    """Whether a row without a duration (started_at = ended_at) is none."""

    @property
    def table_name(self) -> str:
        """The temporary table of sql/merge/stage.sql into which it is copied."""
        return self.fact_name if self.fact_name.startswith("dirty_") else f"stage_{self.fact_name}"


def _columns(text: str) -> dict[str, DataType]:
    """Columns from names: the last word of a name gives its type, as in sql/warehouse.py."""
    types: dict[str, DataType] = {
        "at": INSTANT, "seconds": pl.Int32, "score": pl.Float64, "amount": pl.Float64, "rows": pl.Int64,
        "name": pl.String, "key": pl.String, "text": pl.String, "id": pl.String,
    }  # fmt: skip
    special: dict[str, DataType] = {
        "version_number": pl.Int64, "seq": pl.Int64, "queue_id": pl.Int32, "agent_id": pl.Int32,
        "stay_number": pl.Int32, "event_number": pl.Int32, "entry_position": pl.Int32,
    }  # fmt: skip

    def of(name: str) -> DataType:
        if name.startswith(("is_", "has_")):
            return pl.Boolean
        return special.get(name) or types[name.rpartition("_")[2]]

    return {name: of(name) for name in text.split()}


OPEN_OUTCOMES = ("waiting", "in_progress")
LEFT_OUTCOMES = ("abandoned", "timed_out", "overflowed", "callback", "withdrawn")
OUTCOMES = frozenset((*OPEN_OUTCOMES, *LEFT_OUTCOMES, "answered", "interrupted"))
STATES = frozenset(("available", "ringing", "on_contact", "wrap_up", "paused", "signed_out"))
TICKET_EVENT_NAMES = frozenset(
    (
        *("created", "status", "priority", "group", "agent", "reply", "request", "note", "schedule", "csat"),
        *("channel", "target", "deleted"),
    )
)

_IN_BUSINESS_TIME = (
    *(
        "first_reply",
        "first_resolution",
        "full_resolution",
        "requester_wait",
        "agent_wait",
        "agent_work",
        "solve",
    ),
    *("on_hold", "new_status", "open_status"),
)
_IN_CALENDAR_TIME = (
    *("total_reply", "first_assignment_to_resolution", "last_assignment_to_resolution", "unassigned"),
)
_COUNTED = (
    *(
        "reply",
        "agent_comment",
        "public_agent_comment",
        "requester_comment",
        "public_comment",
        "internal_comment",
    ),
    *("handoff", "assignee", "assignee_station", "group_station", "resolution", "reopen", "reopen_in_7_days"),
)

CALLS = Shape(
    "calls",
    _columns(
        "offered_at answered_at ended_at version_number new_rows seq queue_id agent_id stay_number wait_seconds "
        "ring_seconds talk_seconds hold_seconds wrap_up_seconds entry_position csat_score nps_score revenue_amount "
        "is_resolved call_id contact_id channel_name direction_name outcome_name ended_by_name transfer_kind_name "
        "transferred_to_name customer_key topic_name place_text"
    ),
    frozenset(
        {
            *("offered_at", "version_number", "new_rows", "queue_id", "stay_number", "call_id", "contact_id"),
            *("channel_name", "direction_name", "outcome_name"),
        }
    ),
    (("offered_at", "answered_at"), ("answered_at", "ended_at"), ("offered_at", "ended_at")),
    ("queue_id", "offered_at", "call_id", "stay_number"),
    {"stay_number": 1, "channel_name": "call", "direction_name": "inbound", "contact_id": pl.col("call_id")},
    {
        "stay_number": (1, 2**31 - 1),
        "csat_score": (1, 5),
        "nps_score": (0, 10),
        "revenue_amount": (-1e11, 1e11),
    },
    {
        "outcome_name": OUTCOMES,
        "direction_name": frozenset(("inbound", "outbound", "internal")),
        "ended_by_name": frozenset(("caller", "agent", "system")),
        "transfer_kind_name": frozenset(("blind", "attended")),
    },
)
AGENT_STATES = Shape(
    "agent_states",
    _columns("started_at ended_at version_number new_rows seq agent_id queue_id state_name reason_name"),
    frozenset({"started_at", "version_number", "new_rows", "agent_id", "state_name"}),
    (("started_at", "ended_at"),),
    ("agent_id", "started_at"),
    one_of={"state_name": STATES},
    lasts=True,
)
QUEUE_MEMBERS = Shape(
    "queue_members",
    _columns("started_at ended_at version_number queue_id agent_id"),
    frozenset({"started_at", "version_number", "queue_id", "agent_id"}),
    (("started_at", "ended_at"),),
    ("queue_id", "agent_id", "started_at"),
)
TICKETS = Shape(
    "tickets",
    _columns(
        "created_at updated_at version_number seq is_deleted ticket_id contact_id call_id channel_name customer_key "
        "topic_name url_text"
    ),
    frozenset({"created_at", "version_number", "ticket_id"}),
    key=("ticket_id",),
)
TICKET_EVENTS = Shape(
    "ticket_events",
    _columns(
        "occurred_at version_number seq event_number agent_id ticket_id event_name actor_name value_text"
    ),
    frozenset({"occurred_at", "version_number", "event_number", "ticket_id", "event_name"}),
    key=("ticket_id", "occurred_at", "event_number"),
    one_of={
        "event_name": TICKET_EVENT_NAMES,
        "actor_name": frozenset(("agent", "requester", "system")),
    },
)
TICKET_MEASURES = Shape(
    "ticket_measures",
    {
        **_columns(
            "status_since_at first_reply_at first_resolved_at last_resolved_at resolved_at closed_at owes_reply_since_at "
            "last_event_at agent_id"
        ),
        "first_agent_id": pl.Int32,
        **dict.fromkeys(
            (
                *(f"{name}_seconds" for name in (*_IN_BUSINESS_TIME, *_IN_CALENDAR_TIME)),
                *(f"{name}_business_seconds" for name in _IN_BUSINESS_TIME),
            ),
            pl.Int64,
        ),
        **{f"{name}_count": pl.Int32 for name in _COUNTED},
        **_columns(
            "csat_score is_one_touch is_two_touch is_multi_touch is_deleted ticket_id status_name priority_name group_name "
            "schedule_name"
        ),
    },
    frozenset({"ticket_id", "status_name"}),
)
TICKET_TARGETS = Shape(
    "ticket_targets",
    _columns(
        "applied_at due_at met_at ended_at target_seconds is_business ticket_id target_name policy_name"
    ),
    frozenset({"applied_at", "target_seconds", "is_business", "ticket_id", "target_name"}),
)
SURVEYS = Shape(
    "surveys",
    _columns(
        "answered_at version_number seq queue_id agent_id csat_score nps_score is_resolved survey_id call_id contact_id "
        "ticket_id customer_key comment_text"
    ),
    frozenset({"answered_at", "version_number", "survey_id"}),
    key=("survey_id",),
    bounds={"csat_score": (1, 5), "nps_score": (0, 10)},
)
QUALITY_REVIEWS = Shape(
    "quality_reviews",
    _columns(
        "reviewed_at version_number seq agent_id total_score is_failed review_id call_id ticket_id reviewer_name "
        "form_name comment_text"
    ),
    frozenset({"reviewed_at", "version_number", "agent_id", "review_id"}),
    key=("review_id",),
    bounds={"total_score": (0, 100)},
)
SHIFTS = Shape(
    "shifts",
    _columns("started_at ended_at version_number seq agent_id is_planned is_paid shift_id activity_name"),
    frozenset({"started_at", "ended_at", "version_number", "agent_id", "shift_id", "activity_name"}),
    (("started_at", "ended_at"),),
    ("shift_id",),
    {"activity_name": "work"},
    lasts=True,
)
COSTS = Shape(
    "costs",
    _columns(
        "started_at ended_at version_number seq queue_id agent_id amount cost_id cost_name currency_name site_name "
        "team_name"
    ),
    frozenset({"started_at", "ended_at", "version_number", "amount", "cost_id", "cost_name"}),
    (("started_at", "ended_at"),),
    ("cost_id",),
    bounds={"amount": (-1e11, 1e11)},
    lasts=True,
)
REVENUES = Shape(
    "revenues",
    _columns(
        "earned_at version_number seq queue_id agent_id amount revenue_id currency_name call_id contact_id ticket_id "
        "customer_key reason_name"
    ),
    frozenset({"earned_at", "version_number", "amount", "revenue_id"}),
    key=("revenue_id",),
    bounds={"amount": (-1e11, 1e11)},
)
CONTACT_LINKS = Shape(
    "contact_links",
    _columns("linked_at seq source_name contact_id linked_source_name linked_contact_id link_name"),
    frozenset({"linked_at", "contact_id", "linked_source_name", "linked_contact_id", "link_name"}),
    key=("source_name", "contact_id", "link_name"),
    one_of={"link_name": frozenset(("transfer", "callback", "ticket"))},
)
SELF_SERVICES = Shape(
    "self_services",
    _columns(
        "started_at ended_at version_number seq queue_id outcome_name visit_id channel_name flow_name choices_text "
        "topic_name contact_id customer_key"
    ),
    frozenset({"started_at", "version_number", "outcome_name", "visit_id", "channel_name"}),
    (("started_at", "ended_at"),),
    ("visit_id",),
    {"channel_name": "menu"},
    one_of={
        "outcome_name": frozenset(("contained", "passed_on", "left")),
        "channel_name": frozenset(("menu", "bot", "page")),
    },
)
RECORDINGS = Shape(
    "recordings",
    _columns(
        "started_at ended_at version_number seq agent_id recording_id call_id contact_id media_name url_text customer_key"
    ),
    frozenset({"started_at", "version_number", "recording_id", "media_name", "url_text"}),
    (("started_at", "ended_at"),),
    ("recording_id",),
    {"media_name": "voice"},
    one_of={"media_name": frozenset(("voice", "screen", "video", "text"))},
)
ATTEMPTS = Shape(
    "attempts",
    _columns(
        "attempted_at answered_at ended_at version_number seq queue_id agent_id talk_seconds is_converted sale_amount "
        "outcome_name attempt_id campaign_name result_name call_id contact_id customer_key"
    ),
    frozenset({"attempted_at", "version_number", "outcome_name", "attempt_id", "campaign_name"}),
    (("attempted_at", "answered_at"), ("answered_at", "ended_at"), ("attempted_at", "ended_at")),
    ("attempt_id",),
    bounds={"sale_amount": (-1e11, 1e11)},
    one_of={
        "outcome_name": frozenset(("connected", "no_answer", "busy", "machine", "failed", "abandoned")),
    },
)
REJECTS = Shape(
    "rejects",
    _columns("place_text file_key reason_text raw_text"),
    frozenset({"place_text", "file_key", "reason_text", "raw_text"}),
)
DIRTY_QUEUE_INTERVALS = Shape(
    "dirty_queue_intervals",
    _columns("queue_id interval_start_at"),
    frozenset({"queue_id", "interval_start_at"}),
)
DIRTY_AGENT_INTERVALS = Shape(
    "dirty_agent_intervals",
    _columns("agent_id interval_start_at"),
    frozenset({"agent_id", "interval_start_at"}),
)
INTERVAL_FACTS = (CALLS, AGENT_STATES, QUEUE_MEMBERS)
"""The facts of which rollups of 15 minutes are made; the others are merged by their key alone."""
FACTS = {
    shape.fact_name: shape
    for shape in (
        *INTERVAL_FACTS, TICKETS, TICKET_EVENTS, SURVEYS, QUALITY_REVIEWS, SHIFTS, COSTS, REVENUES, CONTACT_LINKS,
        SELF_SERVICES, RECORDINGS, ATTEMPTS,
    )
}  # fmt: skip
