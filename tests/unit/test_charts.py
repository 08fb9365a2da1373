"""The day's chart: what it draws, in which colours, and what never gets into it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from dashboard import charts
from dashboard.calls import day_view, queue_charts

EIGHT = datetime(2026, 3, 11, 6, 0, tzinfo=UTC)  # 08:00 in Tallinn


def intervals() -> pl.DataFrame:
    #        offered, service level
    drawn = [(0, None), (0, None), (0, None), (10, 0.9), (20, 0.78), (40, 0.5), (0, None)]
    return pl.DataFrame(
        {
            "interval_start_at": [EIGHT + timedelta(minutes=15 * place) for place in range(len(drawn))],
            "offered_calls": [offered for offered, _ in drawn],
            "service_level_ratio": [level for _, level in drawn],
            "service_level_target_ratio": [0.8] * len(drawn),
        }
    )


def spec(theme_name: charts.ThemeName) -> dict[str, Any]:
    frame = day_view.chart_frame(intervals(), zone_name="Europe/Tallinn")
    chart = charts.service_level_day(frame, day_view.chart_texts(), theme_name=theme_name)
    drawn: dict[str, Any] = json.loads(chart.to_json())
    return drawn


def test_the_chart_begins_half_an_hour_before_the_first_call() -> None:
    frame = day_view.chart_frame(intervals(), zone_name="Europe/Tallinn")
    assert frame.get_column("label_text").to_list() == ["08:15", "08:30", "08:45", "09:00", "09:15", "09:30"]


def test_points_carry_their_place_against_the_target_as_a_name() -> None:
    frame = day_view.chart_frame(intervals(), zone_name="Europe/Tallinn")
    assert frame.get_column("tone_name").to_list() == [None, None, "good", "near", "off", None]
    assert frame.get_column("level_text").to_list()[2:5] == ["90.0%", "78.0%", "50.0%"]


@pytest.mark.parametrize("theme_name", ["light", "dark"])
def test_colour_and_shape_tell_the_same(theme_name: charts.ThemeName) -> None:
    text = json.dumps(spec(theme_name))
    palette = charts.PALETTES[theme_name]
    assert all(colour in text for colour in (palette.good, palette.near, palette.off, palette.bar))
    assert all(shape in text for shape in charts.SHAPES)


def test_the_service_level_is_drawn_from_zero_to_all() -> None:
    scales = [
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in walk(spec("light"))
        if layer.get("encoding", {}).get("y", {}).get("field") == "service_level_ratio"
    ]
    assert scales == [[0, 1.02], [0, 1.02]]


def test_the_line_breaks_where_no_call_was_offered() -> None:
    drawn = intervals().with_columns(
        offered_calls=pl.Series([10, 0, 10, 10, 0, 0, 10]),
        service_level_ratio=pl.Series([0.9, None, 0.8, 0.7, None, None, 1.0]),
    )
    frame = day_view.chart_frame(drawn, zone_name="Europe/Tallinn")
    chart = charts.service_level_day(frame, day_view.chart_texts(), theme_name="light")
    whole = json.loads(chart.to_json())
    lines = [layer for layer in walk(whole) if layer.get("mark", {}).get("type") == "line"]
    level = next(one for one in lines if one["encoding"]["y"]["field"] == "service_level_ratio")
    assert level["mark"]["invalid"] == "break-paths-filter-domains"
    assert not level.get("transform")  # the gaps reach the line
    rows = next(iter(whole["datasets"].values()))
    assert [row["service_level_ratio"] for row in rows] == [0.9, None, 0.8, 0.7, None, None, 1.0]


def test_bars_stay_in_the_lower_third() -> None:
    bars = next(layer for layer in walk(spec("light")) if layer.get("mark", {}).get("type") == "bar")
    most = 40
    assert bars["encoding"]["y"]["scale"]["domain"] == [0, pytest.approx(most * 3.2)]


def test_no_field_of_the_data_is_part_of_an_expression() -> None:
    """Only fixed expressions are allowed, whatever the data holds."""
    filters = [step["filter"] for layer in walk(spec("dark")) for step in layer.get("transform", [])]
    sizes = next(layer for layer in walk(spec("dark")) if "size" in layer.get("encoding", {}))
    room = "clamp(0.7 * pow(width / 6, 2), 36, 150)"  # six intervals are drawn
    expressions = [part["expr"] for part in sizes["encoding"]["size"]["scale"]["range"]]
    assert expressions == [f"1.0 * {room}", f"1.5 * {room}", f"0.9 * {room}"]
    assert set(filters) == {"isValid(datum.service_level_ratio)", "isValid(datum.target_ratio)"}


def test_a_day_without_calls_still_makes_a_chart() -> None:
    quiet = intervals().with_columns(offered_calls=pl.lit(0), service_level_ratio=pl.lit(None, pl.Float64))
    frame = day_view.chart_frame(quiet, zone_name="UTC")
    assert frame.height == quiet.height
    assert charts.service_level_day(frame, day_view.chart_texts(), theme_name="light").to_dict()


def test_the_worst_intervals_are_those_that_cost_most_calls() -> None:
    drawn = pl.DataFrame(
        {
            "interval_start_at": [EIGHT + timedelta(minutes=15 * place) for place in range(5)],
            "offered_calls": [1, 50, 20, 9, 10],
            "service_level_ratio": [0.0, 0.7, 0.5, 0.9, 0.6],
            "service_level_target_ratio": [0.8] * 5,
        }
    )
    starts = drawn.get_column("interval_start_at")
    # gap x offered: 0.8, 5.0, 6.0, on target, 2.0
    worst = day_view.worst_intervals(drawn).get_column("interval_start_at")
    assert set(worst) == {starts[2], starts[1], starts[4]}


def walk(layer: dict[str, Any]) -> list[dict[str, Any]]:
    """A chart's layers, with those inside layers."""
    return [layer, *(found for part in layer.get("layer", []) for found in walk(part))]


@pytest.mark.parametrize(("most", "top"), [(43.0, 45), (40.0, 40), (3.0, 5), (0.6, 0.6)])
def test_the_legend_of_counted_calls_names_whole_numbers(most: float, top: float) -> None:
    frame = pl.DataFrame({"value": [1.0 if most > 1 else 0.1, most], "is_quiet": [False, False]})
    scale = queue_charts._scale(frame, "offered", None, "dark")  # five steps: 45 makes 9, 18, 27, 36
    assert scale.to_dict()["domain"] == [0, top]
