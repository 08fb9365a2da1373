"""The charts: a frame becomes a picture in the colours of the reader's theme.

In: frames of the questions with texts already written. Out: Altair charts.
The rule it guards: colours tell nothing that shape and position do not tell too, scales begin where they
must, and no name from the data ever becomes part of an expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import altair as alt
import polars as pl

ThemeName = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they mean, from the Okabe-Ito set, for one theme."""

    good: str
    near: str
    off: str
    ink: str
    muted: str
    line: str
    bar: str


PALETTES: Mapping[ThemeName, Palette] = {
    "light": Palette("#0072B2", "#E69F00", "#D55E00", "#10171F", "#4B5866", "#D5DCE3", "#BECAD5"),
    "dark": Palette("#56B4E9", "#E69F00", "#F0742B", "#EEF2F6", "#A3B0BD", "#2A3541", "#3A4856"),
}
TONES = ("good", "near", "off")
SHAPES = ("circle", "triangle-up", "square")


def service_level_day(
    frame: pl.DataFrame, texts: Mapping[str, str], *, theme_name: ThemeName
) -> alt.LayerChart:
    """One day by interval: offered contacts as bars below, service level as points against the target line.

    `frame`: one row per interval with label_text (its local start, unique), service_level_ratio,
    offered_calls, target_ratio, tone_name (good, near, off or null) and the tooltip's *_text columns.
    `texts`: the tooltip's words for service_level, offered, target and interval.
    """
    palette = PALETTES[theme_name]
    labels = frame.get_column("label_text").to_list()
    across = alt.X(
        "label_text:O", sort=labels, axis=_hour_axis(labels, palette), scale=alt.Scale(domain=labels)
    )
    tooltip = [
        alt.Tooltip("label_text:N", title=texts["interval"]),
        alt.Tooltip("level_text:N", title=texts["service_level"]),
        alt.Tooltip("target_text:N", title=texts["target"]),
        alt.Tooltip("offered_text:N", title=texts["offered"]),
    ]
    layers: Any = (
        alt.layer(
            _offered_bars(frame, across, tooltip, palette),
            _target_line(frame, across, palette),
            _level_points(frame, across, tooltip, palette),
        )
        .resolve_scale(y="independent")
        .properties(height=380, padding={"left": 4, "right": 4, "top": 8, "bottom": 4})
        .configure(background="transparent", font="Inter, sans-serif", view=alt.ViewConfig(strokeWidth=0))
    )
    return cast(alt.LayerChart, layers)


def _hour_axis(labels: list[str], palette: Palette) -> alt.Axis:
    hours = [label for label in labels if label[3:5] == "00"]
    step = max(1, -(-len(hours) // 12))
    return alt.Axis(
        values=hours[::step],
        title=None,
        labelAngle=0,
        labelFontSize=14,
        labelColor=palette.muted,
        labelPadding=8,
        domainColor=palette.line,
        ticks=False,
        labelOverlap="greedy",
        labelSeparation=14,
    )


def _offered_bars(frame: pl.DataFrame, across: alt.X, tooltip: list[Any], palette: Palette) -> alt.Chart:
    """Bars fill the lower third, so that they never hide the points; their axis is labelled only as far as
    they reach."""
    most = max([1, *frame.get_column("offered_calls").to_list()])
    steps = sorted({0, -(-most // 2), most})
    up = alt.Y(
        "offered_calls:Q",
        scale=alt.Scale(domain=[0, most * 3.2], nice=False),
        axis=alt.Axis(
            values=steps,
            title=None,
            orient="right",
            grid=False,
            ticks=False,
            domain=False,
            format="d",
            labelFontSize=14,
            labelColor=palette.muted,
            labelPadding=8,
        ),
    )
    bars: Any = (
        alt.Chart(frame)
        .mark_bar(color=palette.bar, cornerRadiusEnd=2)
        .encode(x=across, y=up, tooltip=tooltip)
    )
    return cast(alt.Chart, bars)


def _level_scale(palette: Palette) -> alt.Y:
    return alt.Y(
        "service_level_ratio:Q",
        scale=alt.Scale(domain=[0, 1.02], nice=False),
        axis=alt.Axis(
            values=[0, 0.2, 0.4, 0.6, 0.8, 1],
            format=".0%",
            title=None,
            gridColor=palette.line,
            ticks=False,
            domain=False,
            labelFontSize=14,
            labelColor=palette.muted,
            labelPadding=8,
        ),
    )


def _level_points(frame: pl.DataFrame, across: alt.X, tooltip: list[Any], palette: Palette) -> alt.LayerChart:
    """The line breaks where an interval has no service level: there is nothing to draw between its
    neighbours."""
    tones = alt.Scale(domain=list(TONES), range=[palette.good, palette.near, palette.off])
    up = _level_scale(palette)
    line = alt.Chart(frame).mark_line(
        strokeWidth=1.5, color=palette.muted, opacity=0.6, invalid="break-paths-filter-domains"
    )
    points = (
        alt.Chart(frame)
        .transform_filter("isValid(datum.service_level_ratio)")
        .mark_point(filled=True, opacity=1)
    )
    both: Any = alt.layer(
        line.encode(x=across, y=up),
        points.encode(
            x=across,
            y=up,
            color=alt.Color("tone_name:N", scale=tones, legend=None),
            shape=alt.Shape(
                "tone_name:N", scale=alt.Scale(domain=list(TONES), range=list(SHAPES)), legend=None
            ),
            size=alt.Size("tone_name:O", scale=_mark_sizes(frame.height), legend=None),
            tooltip=tooltip,
        ),
    )
    return cast(alt.LayerChart, both)


def _mark_sizes(intervals: int) -> alt.Scale:
    """Marks as large as the room of an interval allows; a triangle of equal area looks smaller, so it gets
    more."""
    room = f"clamp(0.7 * pow(width / {max(1, intervals)}, 2), 36, 150)"
    grown = [alt.ExprRef(expr=f"{factor} * {room}") for factor in (1.0, 1.5, 0.9)]
    return alt.Scale(domain=list(TONES), range=grown)


def _target_line(frame: pl.DataFrame, across: alt.X, palette: Palette) -> alt.Chart:
    line: Any = (
        alt.Chart(frame)
        .transform_filter("isValid(datum.target_ratio)")
        .mark_line(strokeDash=[6, 4], strokeWidth=2, color=palette.ink, interpolate="step")
        .encode(x=across, y=alt.Y("target_ratio:Q", scale=alt.Scale(domain=[0, 1.02], nice=False), axis=None))
    )
    return cast(alt.Chart, line)
