"""What a rule of the game may count: every column of the sums, in words, and which way is good for whom it is counted.

In: nothing. Out: the list. The rule it guards: a rule counts what stands here, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Column:
    """One thing that is counted: what it is in words, whether more of it is good, and whether it is mere presence."""

    about: str
    way: Literal["up", "down", "none"] = "none"
    is_presence: bool = False
    is_time: bool = False


COLUMNS: Final[dict[str, Column]] = {
    "handled_calls": Column("contacts that were handled"),
    "timed_calls": Column("contacts whose handle time is known"),
    "handle_seconds": Column("handle time (talk, hold and wrap-up)", "down", is_time=True),
    "log_handle_sum": Column("handle time, on a scale of ratios", "down", is_time=True),
    "log_handle_square_sum": Column("squares of the logarithms of handle time", is_time=True),
    "wrap_up_seconds": Column("wrap-up time", "down", is_time=True),
    "hold_seconds": Column("time on hold", "down", is_time=True),
    "transferred_calls": Column("contacts that were passed on", "down"),
    "short_calls": Column("very short contacts that the agent ended", "down"),
    "short_ended_by_agent_calls": Column("very short contacts that the agent ended", "down"),
    "answered_rings": Column("contacts that were taken when they rang", "up"),
    "missed_rings": Column("contacts that rang and were not taken", "down"),
    "outbound_calls": Column("contacts that the agent began"),
    "flagged_contacts": Column("contacts marked as resolved or not"),
    "resolved_first_contacts": Column("contacts resolved at the first try", "up"),
    "followed_contacts": Column("contacts whose next seven days are known"),
    "repeated_contacts": Column("contacts after which the customer had to come back", "down"),
    "not_repeated_contacts": Column("contacts after which nobody had to come back", "up"),
    "asked_contacts": Column("contacts after which the customer was asked"),
    "csat_responses": Column("answers on satisfaction"),
    "csat_satisfied_responses": Column("satisfied answers", "up"),
    "csat_score_sum": Column("satisfaction scores, added up", "up"),
    "nps_responses": Column("answers on recommending"),
    "nps_promoters": Column("customers who would recommend us", "up"),
    "nps_detractors": Column("customers who would not recommend us", "down"),
    "solved_tickets": Column("tickets solved", "up"),
    "reopened_tickets": Column("solved tickets that were opened again", "down"),
    "one_touch_tickets": Column("tickets solved with one reply", "up"),
    "first_replies": Column("first replies to tickets"),
    "first_replies_in_target": Column("first replies within the target", "up"),
    "ticket_csat_responses": Column("answers on satisfaction with a ticket"),
    "ticket_csat_satisfied_responses": Column("satisfied answers on a ticket", "up"),
    "ticket_csat_score_sum": Column("satisfaction scores of tickets, added up", "up"),
    "review_earned_points": Column("points earned in quality reviews", "up"),
    "review_possible_points": Column("points possible in quality reviews"),
    "reviews": Column("quality reviews"),
    "failed_reviews": Column("quality reviews that were failed", "down"),
    "signed_in_seconds": Column("time signed in", is_presence=True, is_time=True),
    "available_seconds": Column("time available", is_presence=True, is_time=True),
    "paused_seconds": Column("time paused", "down", is_presence=True, is_time=True),
    "on_contact_seconds": Column("time on contacts", is_presence=True, is_time=True),
    "wrapping_up_seconds": Column("time wrapping up", "down", is_presence=True, is_time=True),
    "scheduled_seconds": Column("scheduled time", is_presence=True, is_time=True),
    "absent_seconds": Column("absence", "down", is_presence=True, is_time=True),
    "leave_seconds": Column("leave", "down", is_presence=True, is_time=True),
    "worked_scheduled_seconds": Column("scheduled time that was worked", is_presence=True, is_time=True),
    "adherent_seconds": Column("time as scheduled", is_presence=True, is_time=True),
    "kudos": Column("thanks from colleagues", "up"),
}  # fmt: skip
"""What a rule may count: the columns of game.day_sums, and no other names."""
