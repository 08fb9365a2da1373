"""The picture of a report: service level as points over the contacts offered, for each day or quarter of an hour.

In: a frame with texts already written. Out: an Altair chart in the colours of paper.
The rule it guards: colours tell nothing that shape and position do not tell too, and bars begin at zero.
"""

from __future__ import annotations

from typing import Any, cast

import altair as alt
import polars as pl

from dashboard.charts import PALETTES, SHAPES, TONES

PALETTE = PALETTES["light"]
HEIGHT = 250
MOST_LABELS = 16


def flow(frame: pl.DataFrame) -> alt.LayerChart:
    """Offered contacts as bars, service level as points against its target; the two have axes of their own.

    `frame`: one row per day or interval with label_text (unique), offered_calls, service_level_ratio, target_ratio
    and tone_name (good, near, off or null).
    """
    labels = frame.get_column("label_text").to_list()
    step = max(1, -(-len(labels) // MOST_LABELS))
    across = alt.X(
        "label_text:O",
        sort=labels,
        scale=alt.Scale(domain=labels, paddingInner=0.2),
        axis=_axis(values=labels[::step], labelAngle=0, labelOverlap=False),
    )
    most = max([1, *frame.get_column("offered_calls").to_list()])
    bars = (
        alt.Chart(frame)
        .mark_bar(color=PALETTE.bar, cornerRadiusEnd=2)
        .encode(
            x=across,
            y=alt.Y(
                "offered_calls:Q",
                scale=alt.Scale(domain=[0, most * 2.6], nice=False),
                axis=_axis(values=[0, most], orient="right", grid=False, format=",d"),
            ),
        )
    )
    level = alt.Y(
        "service_level_ratio:Q",
        scale=alt.Scale(domain=[0, 1.02], nice=False),
        axis=_axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%", gridColor=PALETTE.line),
    )
    base = alt.Chart(frame)
    line = base.mark_line(
        strokeWidth=1.2, color=PALETTE.muted, opacity=0.6, invalid="break-paths-filter-domains"
    )
    points = base.transform_filter("isValid(datum.service_level_ratio)").mark_point(
        filled=True, opacity=1, size=70 if len(labels) <= 40 else 34
    )
    tones = alt.Scale(domain=list(TONES), range=[PALETTE.good, PALETTE.near, PALETTE.off])
    shapes = alt.Scale(domain=list(TONES), range=list(SHAPES))
    target = base.transform_filter("isValid(datum.target_ratio)").mark_line(
        strokeDash=[5, 4], strokeWidth=1.5, color=PALETTE.ink, interpolate="step"
    )
    unnamed = alt.Y("target_ratio:Q", scale=alt.Scale(domain=[0, 1.02], nice=False), axis=None)
    levels = alt.layer(
        line.encode(x=across, y=level),
        points.encode(
            x=across,
            y=level,
            color=alt.Color("tone_name:N", scale=tones, legend=None),
            shape=alt.Shape("tone_name:N", scale=shapes, legend=None),
        ),
    )
    drawn: Any = (
        alt.layer(bars, target.encode(x=across, y=unnamed), levels)
        .resolve_scale(y="independent")
        .properties(height=HEIGHT, padding={"left": 6, "right": 14, "top": 6, "bottom": 2})
        .configure(background="transparent", font="Inter, sans-serif", view=alt.ViewConfig(strokeWidth=0))
    )
    return cast(alt.LayerChart, drawn)


def _axis(**given: Any) -> alt.Axis:
    return alt.Axis(
        title=None,
        ticks=False,
        domain=False,
        labelFontSize=12,
        labelColor=PALETTE.muted,
        labelPadding=6,
        **given,
    )
