"""The registry of metrics: eight formulas on one row set, null without a denominator, one record and one version each."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from sql import metrics, metrics_text, warehouse
from sql.metrics import Change, Metric
from tests.laws import law

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
NAMES = [one.name for one in metrics.metrics()]


def value(one: Metric, row: dict[str, Any]) -> float | None:
    found: float | None = metrics.with_metrics(pl.DataFrame([row]), one.name)[one.name][0]
    return found


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


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_is_unknown_where_one_of_its_columns_is(name: str) -> None:
    one = metrics.metric(name)
    for column in one.columns:
        if column == one.one_of or (one.one_of and column not in _of_usual(one)):
            continue
        row = {**dict.fromkeys(one.columns, 1), **one.example, column: None}
        assert value(one, row) is None, column


def _of_usual(one: Metric) -> tuple[str, ...]:
    return metrics.service_level(str(one.example[str(one.one_of)])).columns


def test_a_formula_that_differs_among_queues_gives_no_service_level() -> None:
    frame = pl.DataFrame(
        [HOUR | {"service_level_formula_name": None}],
        schema_overrides={"service_level_formula_name": pl.String},
    )
    assert metrics.with_metrics(frame, "service_level_ratio")["service_level_ratio"][0] is None


@pytest.mark.parametrize("metric", metrics.metrics(), ids=lambda metric: metric.name)
def test_every_metric_is_told_in_whole_sentences_with_a_unit_in_its_name(metric: Metric) -> None:
    for text in (metric.meaning, metric.counted):
        assert text.endswith(".")
        assert len(text) > 30
    assert metric.counted.startswith("Counts: ")
    assert metric.label
    assert metric.group
    assert metric.source
    assert metric.name.rpartition("_")[2] == metric.unit
    assert metric.one_of or (metric.numerator and metric.denominator)


@pytest.mark.parametrize("metric", metrics.metrics(), ids=lambda metric: metric.name)
def test_every_metric_has_an_example_that_can_be_worked_out(metric: Metric) -> None:
    needed = set(metric.columns)
    if metric.one_of:
        needed = {metric.one_of, *metrics.service_level(metric.example[metric.one_of]).columns}
    assert needed <= metric.example.keys() <= set(metric.columns)
    assert value(metric, {**dict.fromkeys(metric.columns, 0), **metric.example}) is not None


def test_every_column_of_a_metric_has_its_own_sentence_and_a_unit() -> None:
    for one in metrics.metrics():
        for name in one.columns:
            if name != one.one_of:
                assert metrics.column(name).meaning.endswith("."), name
    for column in metrics.columns():
        assert column.label
        assert len(column.meaning) > 15
        warehouse.column_type(column.name, 0)  # raises where the last word is no unit


def test_no_two_metrics_or_columns_share_a_label_within_their_group() -> None:
    seen = [(one.group, one.label) for one in metrics.metrics()]
    assert len(seen) == len(set(seen))


def test_the_metrics_of_some_columns_are_those_that_need_no_other() -> None:
    found = {
        one.name for one in metrics.of_columns(("answered_wait_seconds", "answered_calls", "offered_calls"))
    }
    assert found == {"average_speed_of_answer_seconds", "answered_ratio"}


def test_a_definition_is_told_whole_with_its_version() -> None:
    text = metrics.definition_text("abandonment_ratio")
    assert text.startswith("Abandonment rate: Abandoned contacts of all offered contacts;")
    assert "(abandoned_calls - short_abandoned_calls) / (offered_calls - short_abandoned_calls)" in text
    assert text.endswith(f"Definitions, version {metrics.definition_version()}.")


def test_points_are_a_hundred_times_the_difference_of_the_shares() -> None:
    row = {"nps_promoter_count": 30, "nps_detractor_count": 10, "nps_count": 50}
    assert value(metrics.metric("nps_points"), row) == 100 * (30 - 10) / 50
    worst = {"nps_promoter_count": 0, "nps_detractor_count": 8, "nps_count": 8}
    assert value(metrics.metric("nps_points"), worst) == -100


def test_occupancy_has_two_sides_and_conformance_too() -> None:
    found = {one.name: one.band for one in metrics.metrics() if one.direction == "band"}
    assert found == {"occupancy_ratio": (0.75, 0.85), "conformance_ratio": (0.95, 1.05)}


@law(60)
@given(some.sampled_from([name for name in NAMES if name != "service_level_ratio"]), some.data())
def test_the_metric_of_a_whole_is_that_of_its_parts_weighed_by_their_n(
    name: str, data: some.DataObject
) -> None:
    one = metrics.metric(name)
    counts = some.fixed_dictionaries(dict.fromkeys(one.columns, some.integers(0, 500)))
    parts = pl.DataFrame(data.draw(some.lists(counts, min_size=1, max_size=6)))
    of_parts = metrics.with_metrics(parts.with_columns(one.population().alias("n")), name)
    assume((of_parts["n"] > 0).all())
    whole = metrics.with_metrics(parts.sum(), name)[name][0]
    n, weighed = int(of_parts["n"].sum()), float((of_parts[name] * of_parts["n"]).sum())
    assert whole == pytest.approx(weighed / n, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("text", ["a_calls b_calls", "a_calls * b_calls", "a_calls + 0.5"])
def test_a_formula_that_is_no_sum_of_columns_is_refused(text: str) -> None:
    with pytest.raises(metrics.MetricError, match=r"is no sum of columns"):
        metrics._terms("x", text)


RECORD = {
    "label": "X", "group": "G", "unit": "ratio", "meaning": "M.", "counts": "C.", "numerator": "a_calls",
    "denominator": "b_calls", "direction": "up", "kind": "calls", "source": "S", "shown": [], "example": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit": "percent"}, "must be one of"),
        ({"unit": "seconds"}, "the name's last word"),
        ({"direction": "sideways"}, "is not known"),
        ({"kind": "pigeons"}, "is not known"),
        ({"direction": "band"}, "a band has two sides"),
        ({"band": [0.7, 0.9]}, "only a metric of direction band"),
        ({"direction": "band", "band": [0.9, 0.7]}, "lower side first"),
        ({"direction": "none", "target": 0.8}, "only a metric whose direction is up or down has a target"),
    ],
)
def test_a_record_that_cannot_be_is_refused_with_its_name(change: dict[str, Any], words: str) -> None:
    with pytest.raises(metrics.MetricError, match=rf"\[some_ratio\]: .*{words}"):
        metrics._metric("some_ratio", RECORD | change)
    assert metrics._metric("some_ratio", RECORD).name == "some_ratio"


def test_a_record_without_its_sentence_is_refused_with_what_is_missing() -> None:
    with pytest.raises(metrics.MetricError, match=r"\[some_ratio\]: meaning, source is missing"):
        metrics._metric("some_ratio", {k: v for k, v in RECORD.items() if k not in ("meaning", "source")})


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(
        metrics.MetricError, match=r"no metric 'asa'; expected one of .*average_speed_of_answer_seconds"
    ):
        metrics.metric("asa")


def test_an_unknown_column_names_the_record_that_is_missing() -> None:
    with pytest.raises(metrics.MetricError, match=r"expected a record \[counts.lost_calls\]"):
        metrics.column("lost_calls")


@pytest.mark.parametrize("alias", ["m; drop table x", "M", "", "m.x", "1m"])
def test_an_alias_that_is_no_plain_name_never_gets_into_a_statement(alias: str) -> None:
    with pytest.raises(metrics.MetricError, match="is no name of a table"):
        metrics.metric("occupancy_ratio").sql(alias)


def faults(shown: tuple[Metric, ...], changes: tuple[Change, ...]) -> list[str]:
    """Where a formula is not the one that its newest version names: a sentence with the line to write."""
    newest: dict[str, str] = {}
    for change in changes:
        newest |= change.formulas
    told = [
        f'the formula of {one.name} is not that of any version: add {one.name} = "{one.fingerprint}" to the formulas of '
        "the version that is not out yet, or of a new one"
        for one in shown
        if newest.get(one.name) != one.fingerprint
    ]
    return told + [
        f"{name} is gone: say so in a new version" for name in newest.keys() - {m.name for m in shown}
    ]


def test_no_formula_changes_without_a_version_that_says_so() -> None:
    assert faults(metrics.metrics(), metrics.changes()) == []
    numbers = [change.version for change in metrics.changes()]
    assert numbers == list(range(1, metrics.definition_version() + 1))
    assert all(a.changed_date <= b.changed_date for a, b in pairwise(metrics.changes()))
    assert all(change.what.endswith(".") and change.moved.endswith(".") for change in metrics.changes())


def test_a_formula_that_was_changed_in_passing_is_caught() -> None:
    one = metrics._metric("occupancy_ratio", RECORD)
    [fault] = [text for text in faults((one,), metrics.changes()) if "occupancy" in text]
    assert f'add occupancy_ratio = "{one.fingerprint}"' in fault


def test_the_document_of_the_definitions_is_what_the_registry_says() -> None:
    told = metrics_text.DOCUMENT.read_text(encoding="utf-8")
    assert told == metrics_text.document(), "run `python -m sql.metrics_text`"
