"""The picture of a day's flow: who came into the queues above the line, who left them and how below it.

In: the frame of `balance_view.flow_frame` and the words. Out: an Altair chart.
The rule it guards: both sides have one scale, so that what came in and what went out can be compared by eye.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import altair as alt
import polars as pl

from dashboard.charts import PALETTES, Palette, ThemeName

BELOW = ("answered_below_calls", "elsewhere_below_calls", "lost_below_calls")


def flow(frame: pl.DataFrame, texts: Mapping[str, str], *, theme_name: ThemeName) -> alt.LayerChart:
    """One bar per interval up (came in) and one down (answered, led elsewhere, abandoned), and a mark for who stood there.

    `frame`: one row per interval with label_text (unique) and the counts of `balance_view.flow_frame`.
    `texts`: the tooltip's words for interval, offered, answered, abandoned, elsewhere and queued.
    """
    palette = PALETTES[theme_name]
    labels = frame.get_column("label_text").to_list()
    across = alt.X("label_text:O", sort=labels, axis=_axis(labels, palette), scale=alt.Scale(domain=labels))
    below = [max(0, *(-value for value in _sums(frame)))] if frame.height else [0]
    most = max(
        1, *frame.get_column("offered_calls").to_list(), *frame.get_column("queued_after_calls").to_list()
    )
    scale = alt.Scale(domain=[-max(1, *below), most], nice=True)
    tooltip = [
        alt.Tooltip("label_text:N", title=texts["interval"]),
        alt.Tooltip("offered_calls:Q", title=texts["offered"]),
        alt.Tooltip("left_answered_calls:Q", title=texts["answered"]),
        alt.Tooltip("left_abandoned_calls:Q", title=texts["abandoned"]),
        alt.Tooltip("left_elsewhere_calls:Q", title=texts["elsewhere"]),
        alt.Tooltip("queued_after_calls:Q", title=texts["queued"]),
    ]
    base = alt.Chart(frame)
    up: Any = base.mark_bar(color=palette.bar, cornerRadiusEnd=2).encode(
        x=across, y=alt.Y("offered_calls:Q", scale=scale, axis=_counts(palette)), tooltip=tooltip
    )
    layers: Any = (
        alt.layer(
            up,
            _gone(base, across, scale, tooltip, palette),
            _stood(base, across, scale, tooltip, palette),
            base.mark_rule(color=palette.ink, strokeWidth=1).encode(y=alt.datum(0)),
        )
        .properties(height=320, padding={"left": 4, "right": 4, "top": 8, "bottom": 4})
        .configure(background="transparent", font="Inter, sans-serif", view=alt.ViewConfig(strokeWidth=0))
    )
    return cast(alt.LayerChart, layers)


def _sums(frame: pl.DataFrame) -> list[int]:
    return frame.select(pl.sum_horizontal(BELOW)).to_series().to_list()


def _gone(base: alt.Chart, across: alt.X, scale: alt.Scale, tooltip: list[Any], palette: Palette) -> Any:
    """Who left, stacked downwards; the kinds stand in one order in every bar."""
    colours = alt.Scale(domain=list(BELOW), range=[palette.good, palette.near, palette.off])
    return (
        base.transform_fold(list(BELOW), as_=["kind_name", "below_calls"])
        .mark_bar()
        .encode(
            x=across,
            y=alt.Y("below_calls:Q", scale=scale, stack="zero"),
            color=alt.Color("kind_name:N", scale=colours, legend=None),
            order=alt.Order("kind_name:N"),
            tooltip=tooltip,
        )
    )


def _stood(base: alt.Chart, across: alt.X, scale: alt.Scale, tooltip: list[Any], palette: Palette) -> Any:
    """Who was still there, where anybody was: a mark at its height."""
    return (
        base.transform_filter("datum.queued_after_calls > 0")
        .mark_point(shape="diamond", filled=True, color=palette.ink, size=90, opacity=1)
        .encode(x=across, y=alt.Y("queued_after_calls:Q", scale=scale), tooltip=tooltip)
    )


def _counts(palette: Palette) -> alt.Axis:
    """Counts on both sides are told without a sign: below the line is no less than nothing."""
    return alt.Axis(
        labelExpr="format(abs(datum.value), ',d')",
        tickMinStep=1,
        tickCount=6,
        title=None,
        gridColor=palette.line,
        ticks=False,
        domain=False,
        labelFontSize=14,
        labelColor=palette.muted,
        labelPadding=8,
    )


def _axis(labels: list[str], palette: Palette) -> alt.Axis:
    hours = [label for label in labels if label[3:5] == "00"]
    step = max(1, -(-len(hours) // 12))
    return alt.Axis(
        values=hours[::step],
        title=None,
        labelAngle=0,
        labelFontSize=14,
        labelColor=palette.muted,
        labelPadding=8,
        domain=False,
        ticks=False,
        labelOverlap="greedy",
        labelSeparation=14,
    )
