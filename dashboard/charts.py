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
    "dark": Palette("#56B4E9", "#E69F00", "#F0742B", "#EEF2F6", "#A3B0BD", "#2A3541", "#5B7289"),
}
TONES = ("good", "near", "off")
EXPECTED = ("forecast", "week_before")
"""What offers can stand beside: their forecast, and those of the week before."""
SHAPES = ("circle", "triangle-up", "square")


def service_level_day(
    frame: pl.DataFrame, texts: Mapping[str, str], *, theme_name: ThemeName
) -> alt.LayerChart:
    """One day by interval: offered contacts as bars below, service level as points against the target line.

    `frame`: one row per interval with label_text (its local start, unique), service_level_ratio,
    offered_calls, target_ratio, tone_name (good, near, off or null) and the tooltip's *_text columns; with
    forecast_calls and week_before_calls (null: none) also what was to be expected, as a line, and the week before, as
    a shade behind the bars. `texts`: the tooltip's words for service_level, offered, target and interval.
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
        *(
            alt.Tooltip(f"{name}_text:N", title=texts[name])
            for name in EXPECTED
            if f"{name}_text" in frame.columns
        ),
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


def _offered_bars(frame: pl.DataFrame, across: alt.X, tooltip: list[Any], palette: Palette) -> Any:
    """Bars fill the lower third, so that they never hide the points; their axis is labelled only as far as
    they reach. Behind them the week before, over them the forecast."""
    known = [name for name in EXPECTED if f"{name}_calls" in frame.columns]
    most = max([1, *(_most(frame, f"{name}_calls") for name in ("offered", *known))])
    steps = sorted({0, -(-most // 2), most})
    scale = alt.Scale(domain=[0, most * 3.2], nice=False)

    def up(name: str) -> alt.Y:
        axis = alt.Axis(
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
        )
        return alt.Y(f"{name}_calls:Q", scale=scale, axis=axis)

    base = alt.Chart(frame)
    drawn: list[Any] = [
        base.mark_bar(color=palette.bar, cornerRadiusEnd=2).encode(x=across, y=up("offered"), tooltip=tooltip)
    ]
    if "week_before" in known:
        ghost = base.mark_area(interpolate="step", color=palette.muted, opacity=0.16, line=False)
        drawn.insert(0, ghost.encode(x=across, y=up("week_before")))
    if "forecast" in known:
        line = base.mark_line(
            interpolate="step", color=palette.ink, strokeWidth=1.25, invalid="break-paths-filter-domains"
        )
        drawn.append(line.encode(x=across, y=up("forecast")))
    return alt.layer(*drawn)


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


def ticket_flow(frame: pl.DataFrame, texts: Mapping[str, str], *, theme_name: ThemeName) -> alt.LayerChart:
    """Tickets by day: created as bars above zero, solved as bars below it.

    `frame`: one row per day with label_text (unique), created_tickets, solved_below_tickets (zero or less) and the
    tooltip's day_text, created_text, solved_text. `texts`: the tooltip's words for day, created and solved.
    """
    palette = PALETTES[theme_name]
    across = _day_axis(frame, palette)
    tooltip = [alt.Tooltip(f"{name}_text:N", title=texts[name]) for name in ("day", "created", "solved")]
    most = max(_most(frame, "created_tickets"), _most(frame, "solved_below_tickets"), 1)
    up = alt.Scale(domain=[-most * 1.06, most * 1.06], nice=False)
    base = alt.Chart(frame).mark_bar(cornerRadius=2)
    axis = _count_axis(palette, most, is_mirrored=True)
    bars = [
        base.encode(
            x=across, y=alt.Y(f"{name}:Q", scale=up, axis=axis), color=alt.value(colour), tooltip=tooltip
        )
        for name, colour in (("created_tickets", palette.muted), ("solved_below_tickets", palette.good))
    ]
    zero = (
        alt.Chart(frame)
        .mark_rule(color=palette.ink, strokeWidth=1.5)
        .encode(y=alt.YDatum(0, scale=up, axis=axis))
    )
    both: Any = alt.layer(*bars, zero)
    return _finished(both, height=260)


def ticket_backlog_days(
    frame: pl.DataFrame, texts: Mapping[str, str], *, theme_name: ThemeName
) -> alt.LayerChart:
    """The backlog at the end of each day as a line over its area, from zero.

    `frame`: one row per day with label_text (unique), backlog_tickets and the tooltip's day_text and backlog_text.
    """
    palette = PALETTES[theme_name]
    across = _day_axis(frame, palette)
    tooltip = [alt.Tooltip(f"{name}_text:N", title=texts[name]) for name in ("day", "backlog")]
    most = max(_most(frame, "backlog_tickets"), 1)
    up = alt.Y(
        "backlog_tickets:Q",
        scale=alt.Scale(domain=[0, most * 1.1], nice=False),
        axis=_count_axis(palette, most, is_mirrored=False),
    )
    base = alt.Chart(frame)
    area = base.mark_area(color=palette.bar, opacity=0.45).encode(x=across, y=up)
    line = base.mark_line(color=palette.ink, strokeWidth=2.5).encode(x=across, y=up)
    points = base.mark_point(color=palette.ink, filled=True, size=34, opacity=1).encode(
        x=across, y=up, tooltip=tooltip
    )
    layers: Any = alt.layer(area, line, points)
    return _finished(layers, height=240)


def _finished(layers: Any, *, height: int) -> alt.LayerChart:
    drawn = layers.properties(
        height=height, padding={"left": 4, "right": 8, "top": 8, "bottom": 4}
    ).configure(background="transparent", font="Inter, sans-serif", view=alt.ViewConfig(strokeWidth=0))
    return cast(alt.LayerChart, drawn)


def _most(frame: pl.DataFrame, name: str) -> int:
    return int(frame.select(pl.col(name).abs().max()).item() or 0)


def _day_axis(frame: pl.DataFrame, palette: Palette) -> alt.X:
    """The days in their order; where they are too many for an axis, every n-th is named, counted back from the last."""
    labels = frame.get_column("label_text").to_list()
    named = labels[:: -max(1, -(-len(labels) // 14))][::-1]
    return alt.X(
        "label_text:O",
        sort=labels,
        scale=alt.Scale(domain=labels, paddingInner=0.25),
        axis=alt.Axis(
            values=named,
            title=None,
            labelAngle=0,
            ticks=False,
            domain=False,
            labelFontSize=14,
            labelColor=palette.muted,
            labelPadding=8,
            labelOverlap="greedy",
            labelSeparation=8,
        ),
    )


def _count_axis(palette: Palette, most: int, *, is_mirrored: bool) -> alt.Axis:
    """A scale of whole numbers; where it is mirrored, what stands below zero is counted too and has no minus."""
    step = _round_step(most)
    values = list(range(0, most + 1, step))
    return alt.Axis(
        values=[-value for value in values[:0:-1]] + values if is_mirrored else values,
        labelExpr="format(abs(datum.value), ',')",
        title=None,
        gridColor=palette.line,
        ticks=False,
        domain=False,
        labelFontSize=14,
        labelColor=palette.muted,
        labelPadding=8,
        labelOverlap=False,
    )


def _round_step(most: int) -> int:
    """A step of 1, 2 or 5 times a power of ten that divides the scale into three parts or a few more."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if most / (factor * power) <= 4:
                return factor * power
        power *= 10
