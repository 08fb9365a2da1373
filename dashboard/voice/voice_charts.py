"""The chart of the customers' voice: a figure of answers by day or week, each with the interval in which it lies.

In: a frame with the texts already written. Out: an Altair chart.
The rule it guards: a point of few answers is drawn with its whole interval, and the number of answers stands below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import altair as alt
import polars as pl

from dashboard.charts import PALETTES, Palette, ThemeName


def trend(
    frame: pl.DataFrame, texts: Mapping[str, str], *, scale: tuple[float, float], theme_name: ThemeName
) -> alt.LayerChart:
    """A figure over time with its interval of 95 %, and below it, on the right scale, how many answers it is made of.

    `frame`: one row per day or week with label_text (unique), figure_score, low_score, high_score (null without an answer),
    answer_count and the tooltip's figure_text, interval_text, count_text. `scale`: where the figure begins and ends.
    `texts`: the tooltip's words for time, figure, interval and count.
    """
    palette = PALETTES[theme_name]
    labels = frame.get_column("label_text").to_list()
    across = _across(labels, palette)
    tooltip = [
        alt.Tooltip("label_text:N", title=texts["time"]),
        alt.Tooltip("figure_text:N", title=texts["figure"]),
        alt.Tooltip("interval_text:N", title=texts["interval"]),
        alt.Tooltip("count_text:N", title=texts["count"]),
    ]
    height, axis = alt.Scale(domain=list(scale), nice=False), _axis(palette, tickCount=5)
    figures = alt.Chart(frame.filter(pl.col("figure_score").is_not_null()))
    up = alt.Y("figure_score:Q", scale=height, axis=axis)
    spans = figures.mark_rule(strokeWidth=5, opacity=0.35, color=palette.good).encode(
        x=across, y=alt.Y("low_score:Q", scale=height, axis=axis), y2="high_score:Q", tooltip=tooltip
    )
    line = figures.mark_line(strokeWidth=1.5, color=palette.muted).encode(x=across, y=up)
    points = figures.mark_point(filled=True, size=70, opacity=1, color=palette.good).encode(
        x=across, y=up, tooltip=tooltip
    )
    most = max([1, *frame.get_column("answer_count").to_list()])
    counts = alt.Y(
        "answer_count:Q",
        scale=alt.Scale(domain=[0, most * 4], nice=False),
        axis=_axis(palette, values=sorted({0, most}), orient="right", grid=False),
    )
    bars = (
        alt.Chart(frame)
        .mark_bar(color=palette.bar, cornerRadiusEnd=2)
        .encode(x=across, y=counts, tooltip=tooltip)
    )
    both: Any = (
        alt.layer(bars, alt.layer(spans, line, points))
        .resolve_scale(y="independent")
        .properties(height=300, padding={"left": 4, "right": 4, "top": 8, "bottom": 4})
        .configure(background="transparent", font="Inter, sans-serif", view=alt.ViewConfig(strokeWidth=0))
    )
    return cast(alt.LayerChart, both)


def _across(labels: list[str], palette: Palette) -> alt.X:
    step = max(1, -(-len(labels) // 14))
    axis = _axis(palette, values=labels[::step], labelAngle=0, labelOverlap="greedy", grid=False)
    return alt.X("label_text:O", sort=labels, scale=alt.Scale(domain=labels), axis=axis)


def _axis(palette: Palette, **more: Any) -> alt.Axis:
    words: dict[str, Any] = {"labelFontSize": 14, "labelColor": palette.muted, "labelPadding": 8}
    return alt.Axis(title=None, gridColor=palette.line, ticks=False, domain=False, **words, **more)
