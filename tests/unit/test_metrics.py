"""The registry of metrics: eight formulas on one row set, null without a denominator, one record each."""

from __future__ import annotations

import polars as pl
import pytest

from sql import metrics

# 100 offered, T = 20 s, s = 5 s: 70 answered in T, 10 late; abandons 6 at 3 s, 4 at 12 s, 6 at 60 s;
# callbacks 2 at 15 s and 1 at 50 s, 1 overflow (late).
HOUR = {
    "offered_calls": 70 + 10 + 6 + 4 + 6 + 2 + 1 + 1,
    "answered_calls": 70 + 10,
    "answered_in_threshold_calls": 70,
    "abandoned_calls": 6 + 4 + 6,
    "short_abandoned_calls": 6,
    "abandoned_in_threshold_calls": 6 + 4,
    "flowed_out_calls": 2 + 1 + 1,
    "flowed_out_in_threshold_calls": 2,
}
EXPECTED_PERCENT = {
    "answered": 87.50,
    "strict": 70.00,
    "abandons": 72.92,
    "no_short": 77.78,
    "offered_no_short": 74.47,
    "abandons_late": 81.40,
    "abandons_good": 83.33,
    "removed": 82.00,
}


@pytest.mark.parametrize("formula", metrics.SERVICE_LEVEL_FORMULAS)
def test_the_eight_service_levels_of_one_hour(formula: str) -> None:
    frame = pl.DataFrame([HOUR | {"service_level_formula_name": formula}])
    by_name = metrics.with_metrics(frame, f"service_level_{formula}_ratio", "service_level_ratio")
    assert round(by_name[f"service_level_{formula}_ratio"][0] * 100, 2) == EXPECTED_PERCENT[formula]
    assert by_name["service_level_ratio"][0] == by_name[f"service_level_{formula}_ratio"][0]


def test_without_contacts_every_ratio_is_unknown_not_nothing() -> None:
    columns = {column for metric in metrics.metrics() for column in metric.columns}
    frame = pl.DataFrame([{column: None if column.endswith("_name") else 0 for column in sorted(columns)}])
    answers = metrics.with_metrics(frame)
    assert [answers[metric.name][0] for metric in metrics.metrics()] == [None] * len(metrics.metrics())


def test_a_formula_that_differs_among_queues_gives_no_service_level() -> None:
    frame = pl.DataFrame(
        [HOUR | {"service_level_formula_name": None}],
        schema_overrides={"service_level_formula_name": pl.String},
    )
    assert metrics.with_metrics(frame, "service_level_ratio")["service_level_ratio"][0] is None


@pytest.mark.parametrize("metric", metrics.metrics(), ids=lambda metric: metric.name)
def test_every_metric_is_told_in_whole_sentences_with_a_unit_in_its_name(metric: metrics.Metric) -> None:
    assert metric.meaning.endswith(".")
    assert len(metric.meaning) > 30
    assert metric.label
    assert metric.name.rpartition("_")[2] == metric.unit
    assert metric.one_of or (metric.numerator and metric.denominator)


@pytest.mark.parametrize("text", ["a_calls b_calls", "a_calls * b_calls", "a_calls + 0.5"])
def test_a_formula_that_is_no_sum_of_columns_is_refused(text: str) -> None:
    with pytest.raises(metrics.MetricError, match=r"is no sum of columns"):
        metrics._terms("x", text)


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(
        metrics.MetricError, match=r"no metric 'asa'; expected one of .*average_speed_of_answer_seconds"
    ):
        metrics.metric("asa")
