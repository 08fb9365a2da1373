"""The worked example of every metric: small numbers, and the value as arithmetic. A new metric fails here without one."""

from __future__ import annotations

import polars as pl
import pytest

from sql import metrics

BY_HAND = {
    "service_level_answered_ratio": 70 / 80,
    "service_level_strict_ratio": 70 / 100,
    "service_level_abandons_ratio": 70 / (80 + 16),
    "service_level_no_short_ratio": 70 / (80 + 16 - 6),
    "service_level_offered_no_short_ratio": 70 / (100 - 6),
    "service_level_abandons_late_ratio": 70 / (80 + 16 - 10),
    "service_level_abandons_good_ratio": (70 + 10) / (80 + 16),
    "service_level_removed_ratio": (70 + 10 + 2) / 100,
    "service_level_ratio": 70 / (100 - 6),
    "intervals_on_target_ratio": 27 / 36,
    "average_speed_of_answer_seconds": 960 / 80,
    "average_wait_seconds": (960 + 426 + 134) / (80 + 16 + 4),
    "average_abandoned_wait_seconds": 426 / 16,
    "abandonment_ratio": (16 - 6) / (100 - 6),
    "short_abandonment_ratio": 6 / 100,
    "answered_ratio": 80 / 100,
    "flowed_out_ratio": 4 / 100,
    "callback_ratio": 3 / 100,
    "average_handle_time_seconds": (14400 + 1200 + 3600) / 80,
    "average_talk_seconds": 14400 / 80,
    "average_hold_seconds": 1200 / 80,
    "average_wrap_up_seconds": 3600 / 80,
    "transfer_ratio": 8 / 80,
    "blind_transfer_ratio": 5 / 80,
    "attended_transfer_ratio": 3 / 80,
    "short_call_ratio": 2 / 80,
    "fcr_flagged_ratio": 42 / 60,
    "fcr_no_repeat_ratio": (200 - 50) / 200,
    "repeat_contact_ratio": 50 / 200,
    "same_agent_ratio": 9 / 36,
    "occupancy_ratio": (21600 + 2400) / (21600 + 2400 + 6000),
    "utilisation_ratio": (18000 + 1800) / 28800,
    "paused_ratio": 2880 / 28800,
    "adherence_ratio": 25920 / 28800,
    "conformance_ratio": 24840 / 25200,
    "shrinkage_ratio": (5400 + 1800) / 28800,
    "planned_shrinkage_ratio": 5400 / 28800,
    "unplanned_shrinkage_ratio": 1800 / 28800,
    "absence_ratio": 2880 / 28800,
    "average_idle_seconds": 3600 / 60,
    "longest_idle_first_ratio": 54 / 60,
    "unanswered_ring_ratio": 4 / 84,
    "callback_reached_ratio": 18 / (18 + 2),
    "callback_promise_kept_ratio": 16 / 20,
    "self_service_ratio": 30 / (30 + 70),
    "connect_ratio": 45 / 150,
    "conversion_ratio": 9 / 45,
    "csat_ratio": 41 / 50,
    "survey_response_ratio": 50 / 250,
    "nps_points": 100 * (30 - 10) / 50,
    "average_quality_score": 1680 / 20,
    "failed_review_ratio": 1 / 20,
    "average_first_reply_seconds": 108000 / 10,
    "average_first_reply_business_seconds": 28800 / 8,
    "average_first_resolution_seconds": 216000 / 6,
    "average_first_resolution_business_seconds": 72000 / 5,
    "average_full_resolution_seconds": 324000 / 9,
    "average_full_resolution_business_seconds": 100800 / 7,
    "average_requester_wait_seconds": 115200 / 8,
    "average_requester_wait_business_seconds": 43200 / 6,
    "first_replied_ratio": 18 / 24,
    "escalated_ratio": 3 / 24,
    "one_touch_ratio": 4 / 9,
    "two_touch_ratio": 3 / 9,
    "reopened_in_7_days_ratio": 3 / 12,
    "sla_attainment_ratio": 14 / 20,
    "ticket_csat_ratio": 4 / 5,
    "average_backlog_age_seconds": 360000 / 4,
    "average_owed_wait_seconds": 18000 / 2,
    "average_measured_seconds": 21600 / 4,
    "forecast_error_ratio": 18 / 120,
    "cost_per_contact_amount": 1200 / 400,
    "source_agreement_ratio": 998 / 1000,
    "refused_ratio": 3 / 1000,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_example_of_a_metric_is_worked_out_by_hand(name: str) -> None:
    one = metrics.metric(name)
    row = {column: one.example.get(column, 0) for column in one.columns}
    found = metrics.with_metrics(pl.DataFrame([row]), name)[name][0]
    assert found == pytest.approx(BY_HAND[name])


def test_every_metric_has_a_worked_example_here() -> None:
    assert BY_HAND.keys() == {one.name for one in metrics.metrics()}
