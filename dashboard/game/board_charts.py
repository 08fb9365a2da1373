"""The chart of places: how teams, or the people whose names the reader may read, passed each other.

In: a frame with the texts already written. Out: an Altair chart.
The rule it guards: each line has its name at its end, not a colour alone; place 1 is on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import altair as alt
import polars as pl

from dashboard.charts import PALETTES, Palette, ThemeName

MOST_PLACES = 12


def bumps(frame: pl.DataFrame, texts: Mapping[str, str], *, theme_name: ThemeName) -> alt.LayerChart:
    """Places over time, one line each, the reader's own (is_own) strong and the others quiet.

    `frame`: one row per step and line with step_date, label_text (in order), name_text, place_number, place_text, is_own.
    `texts`: the tooltip's words for day, name and place.
    """
    palette = PALETTES[theme_name]
    labels = frame.sort("step_date").get_column("label_text").unique(maintain_order=True).to_list()
    lowest = max([2, *frame.get_column("place_number").to_list()])
    across = alt.X(
        "label_text:O",
        sort=labels,
        scale=alt.Scale(domain=labels),
        axis=_axis(
            palette,
            values=labels[:: max(1, -(-len(labels) // 8))],
            labelAngle=0,
            labelOverlap="greedy",
            labelSeparation=14,
            grid=False,
        ),
    )
    up = alt.Y(
        "place_number:Q",
        # Of many places the first ones get more room: there the names stand.
        scale=alt.Scale(
            domain=[lowest + 0.4, 0.6],
            nice=False,
            zero=False,
            type="linear" if lowest <= MOST_PLACES else "sqrt",
        ),
        axis=_axis(palette, values=_ticks(lowest), format="d"),
    )
    tooltip = [
        alt.Tooltip("label_text:N", title=texts["day"]),
        alt.Tooltip("name_text:N", title=texts["name"]),
        alt.Tooltip("place_text:N", title=texts["place"]),
    ]
    base = alt.Chart(frame)
    layers: list[Any] = []
    for is_own, colour, width, opacity in ((False, palette.muted, 2.0, 0.75), (True, palette.good, 4.0, 1.0)):
        part = base.transform_filter(alt.FieldEqualPredicate(field="is_own", equal=is_own))
        drawn: dict[str, Any] = {"color": colour, "opacity": opacity}
        layers += [
            part.mark_line(interpolate="monotone", strokeWidth=width, **drawn).encode(
                x=across, y=up, detail="name_text:N"
            ),
            part.mark_point(filled=True, size=90 if is_own else 55, **drawn).encode(
                x=across, y=up, tooltip=tooltip
            ),
        ]
    ends = frame.filter(pl.col("step_date") == pl.col("step_date").max())
    layers.append(
        alt.Chart(ends)
        .mark_text(align="right", dx=6, dy=-13, fontSize=14, color=palette.ink)
        .encode(x=across, y=up, text="name_text:N")
    )
    both: Any = (
        alt.layer(*layers)
        .properties(height=max(220, min(460, 60 + 32 * min(lowest, MOST_PLACES))))
        .properties(padding={"left": 4, "right": 12, "top": 20, "bottom": 4})
        .configure(background="transparent", font="Inter, sans-serif", view=alt.ViewConfig(strokeWidth=0))
    )
    return cast(alt.LayerChart, both)


def _ticks(lowest: int) -> list[int]:
    """The places that the scale names: all of a few, else about every fifth."""
    if lowest <= MOST_PLACES:
        return list(range(1, lowest + 1))
    step = -(-lowest // 6)
    return [1, *range(step, lowest + 1, step)]


def _axis(palette: Palette, **more: Any) -> alt.Axis:
    words: dict[str, Any] = {"labelFontSize": 14, "labelColor": palette.muted, "labelPadding": 8}
    return alt.Axis(title=None, gridColor=palette.line, ticks=False, domain=False, **words, **more)
