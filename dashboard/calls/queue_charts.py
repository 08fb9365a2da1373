"""The charts of queues that no other page has: the map of the week, the waits, and the calendar of days on target.

In: frames with their texts written, and the theme. Out: Altair charts.
The rule it guards: colours are told apart by everybody and named in a legend, and what is empty is not drawn as zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import altair as alt
import polars as pl

from dashboard.charts import PALETTES, Palette, ThemeName

STEPS: Mapping[ThemeName, tuple[str, ...]] = {
    "light": ("#DCEBF7", "#A9CCE8", "#6BA6D3", "#2F7CB8", "#0B4A7D"),
    "dark": ("#17303F", "#1F4E6B", "#2C729B", "#4D9FD0", "#A7DBFA"),
}
"""One colour in five steps, from little to much, each of them told apart from its neighbours without colour."""

AGAINST: Mapping[ThemeName, tuple[str, ...]] = {
    "light": ("#B34700", "#E98A4A", "#F3CE9C", "#8FC1E3", "#0072B2"),
    "dark": ("#F0742B", "#B8602F", "#7A5A3A", "#3A7FA8", "#7CC6F0"),
}
"""From far below the target over just below it to on it and well above it: orange to blue."""


def week_map(
    frame: pl.DataFrame,
    texts: Mapping[str, str],
    *,
    measure_name: str,
    target_ratio: float | None,
    theme_name: ThemeName,
) -> alt.LayerChart:
    """A map of the week: weekdays below each other, quarters of an hour across, the value as colour.

    `frame`: one row per weekday and quarter with weekday_text, label_text, value (null: none), is_quiet, value_text,
    offered_text. A service level is coloured by its distance from the target, everything else in five even steps.
    """
    palette = PALETTES[theme_name]
    labels = frame.get_column("label_text").unique().sort().to_list()
    days = frame.get_column("weekday_text").unique(maintain_order=True).to_list()
    across = alt.X("label_text:O", sort=labels, scale=alt.Scale(domain=labels), axis=_hours(labels, palette))
    down = alt.Y("weekday_text:O", sort=days, axis=_names(palette, orient="left"))
    tooltip = [
        alt.Tooltip("weekday_text:N", title=texts["weekday"]),
        alt.Tooltip("label_text:N", title=texts["interval"]),
        alt.Tooltip("value_text:N", title=texts["value"]),
        alt.Tooltip("offered_text:N", title=texts["offered"]),
    ]
    base = alt.Chart(frame)
    scale = _scale(frame, measure_name, target_ratio, theme_name)
    cells: Any = (
        base.transform_filter("isValid(datum.value) && !datum.is_quiet")
        .mark_rect(stroke=None, cornerRadius=1)
        .encode(
            x=across,
            y=down,
            color=alt.Color("value:Q", scale=scale, legend=_legend(measure_name, texts["value"], palette)),
            tooltip=tooltip,
            href=alt.Href("here_text:N"),
        )
    )
    quiet: Any = (
        base.transform_filter("!isValid(datum.value) || datum.is_quiet")
        .mark_point(filled=True, size=5, color=palette.muted, opacity=0.7)
        .encode(x=across, y=down, tooltip=tooltip)
    )
    return _finished(alt.layer(cells, quiet), height=36 * len(days) + 20)


def _scale(
    frame: pl.DataFrame, measure_name: str, target_ratio: float | None, theme_name: ThemeName
) -> alt.Scale:
    if measure_name == "service_level" and target_ratio is not None:
        edges = [target_ratio - 0.2, target_ratio - 0.05, target_ratio, min(1.0, target_ratio + 0.1)]
        return alt.Scale(
            type="threshold", domain=[round(edge, 3) for edge in edges], range=list(AGAINST[theme_name])
        )
    most = frame.filter(~pl.col("is_quiet")).get_column("value").max()
    top = float(cast(float, most)) if most else 1.0
    if (
        measure_name == "offered" and top > len(STEPS[theme_name]) / 2
    ):  # calls are counted: whole numbers in the legend
        top = math.ceil(top / len(STEPS[theme_name])) * len(STEPS[theme_name])
    return alt.Scale(type="quantize", domain=[0, top], range=list(STEPS[theme_name]))


def _legend(measure_name: str, title: str, palette: Palette) -> alt.Legend:
    formats = {"offered": ".1~f", "average_speed_of_answer": ".0f"}
    return alt.Legend(
        title=title if measure_name != "average_speed_of_answer" else f"{title} (s)",
        orient="top",
        direction="horizontal",
        format=formats.get(measure_name, ".0%"),
        labelFontSize=14,
        titleFontSize=14,
        labelColor=palette.muted,
        titleColor=palette.muted,
        type="gradient",
        gradientLength=300,
        labelOverlap=False,
    )


def _names(palette: Palette, *, orient: Any) -> alt.Axis:
    return alt.Axis(
        title=None,
        orient=orient,
        labelAngle=0,
        ticks=False,
        domain=False,
        labelFontSize=14,
        labelColor=palette.muted,
        labelPadding=8,
    )


def _hours(labels: Sequence[str], palette: Palette) -> alt.Axis:
    full = [label for label in labels if label.endswith(":00")]
    return alt.Axis(
        values=full[:: max(1, -(-len(full) // 12))],
        title=None,
        labelAngle=0,
        labelFontSize=14,
        labelColor=palette.muted,
        ticks=False,
        domain=False,
        labelPadding=8,
        labelOverlap="greedy",
        labelSeparation=14,
    )


def wait_bars(
    frame: pl.DataFrame,
    texts: Mapping[str, str],
    *,
    threshold: tuple[str, float] | None,
    theme_name: ThemeName,
) -> alt.LayerChart:
    """Waits as stacked bars by their length: answered, abandoned, flowed out; a line where the threshold stands.

    `frame`: one row per stretch with label_text, answered_calls, abandoned_calls, flowed_out_calls, in order.
    threshold: the label of the stretch that it lies in, and how far into it.
    """
    palette = PALETTES[theme_name]
    labels = frame.get_column("label_text").to_list()
    kinds = ["answered", "abandoned", "flowed_out"]
    long = pl.concat(
        frame.select(
            "label_text",
            pl.lit(texts[kind]).alias("end_text"),
            pl.lit(place).alias("place"),
            pl.col(f"{kind}_calls").alias("calls"),
        )
        for place, kind in enumerate(kinds)
    )
    across = alt.X(
        "label_text:O",
        sort=labels,
        scale=alt.Scale(domain=labels, paddingInner=0.12),
        axis=alt.Axis(
            title=None,
            labelAngle=-35,
            labelFontSize=13,
            labelColor=palette.muted,
            ticks=False,
            domainColor=palette.line,
            labelPadding=6,
            labelOverlap="greedy",
        ),
    )
    up = alt.Y(
        "calls:Q",
        stack="zero",
        axis=alt.Axis(
            title=None,
            gridColor=palette.line,
            ticks=False,
            domain=False,
            labelFontSize=14,
            labelColor=palette.muted,
            tickMinStep=1,
            tickCount=4,
            format=",d",
        ),
    )
    bars: Any = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=across,
            y=up,
            order=alt.Order("place:Q"),
            color=alt.Color(
                "end_text:N",
                scale=alt.Scale(
                    domain=[texts[kind] for kind in kinds], range=[palette.good, palette.off, palette.bar]
                ),
                legend=alt.Legend(
                    title=None, orient="top", labelFontSize=14, labelColor=palette.muted, symbolType="square"
                ),
            ),
            tooltip=[
                alt.Tooltip("label_text:N", title=texts["wait"]),
                alt.Tooltip("end_text:N", title=texts["how"]),
                alt.Tooltip("calls:Q", title=texts["calls"], format=",d"),
            ],
        )
    )
    layers = [bars]
    if threshold:
        label, part = threshold
        line: Any = (
            alt.Chart(pl.DataFrame({"label_text": [label]}))
            .mark_rule(color=palette.ink, strokeWidth=2, strokeDash=[6, 4])
            .encode(x=alt.X("label_text:O", bandPosition=part, sort=labels))
        )
        layers.append(line)
    return _finished(alt.layer(*layers), height=320)


def day_calendar(frame: pl.DataFrame, texts: Mapping[str, str], *, theme_name: ThemeName) -> alt.LayerChart:
    """The days of a period as a calendar, a week a row: the share of intervals on target as colour and in figures.

    `frame`: one row per day with week_text, weekday_text, day_text, number_text, share (null: none judged), share_text,
    level_text and offered_text. `texts` names the weekdays in their order, parted by bars.
    """
    palette = PALETTES[theme_name]
    weeks = frame.get_column("week_text").unique(maintain_order=True).to_list()
    days = frame.get_column("weekday_text").unique(maintain_order=True).to_list()
    order = texts["weekdays"].split("|")
    days = [day for day in order if day in days]
    across = alt.X(
        "weekday_text:O",
        sort=days,
        scale=alt.Scale(domain=days, paddingInner=0.06),
        axis=_names(palette, orient="top"),
    )
    down = alt.Y(
        "week_text:O", sort=weeks, scale=alt.Scale(paddingInner=0.1), axis=_names(palette, orient="left")
    )
    tooltip = [
        alt.Tooltip(f"{name}_text:N", title=texts[name]) for name in ("day", "share", "level", "offered")
    ]
    colours = AGAINST[theme_name]
    base: Any = alt.Chart(frame).encode(x=across, y=down, tooltip=tooltip)
    empty = base.transform_filter("!isValid(datum.share)").mark_rect(
        cornerRadius=5, fillOpacity=0, stroke=palette.line, strokeDash=[3, 3]
    )
    full = (
        base.transform_filter("isValid(datum.share)")
        .mark_rect(cornerRadius=5)
        .encode(
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(type="threshold", domain=[0.4, 0.6, 0.8, 0.95], range=list(colours)),
                legend=alt.Legend(
                    title=texts["share"],
                    orient="bottom",
                    direction="horizontal",
                    format=".0%",
                    labelFontSize=14,
                    titleFontSize=14,
                    titleLimit=360,
                    labelColor=palette.muted,
                    titleColor=palette.muted,
                    type="gradient",
                    gradientLength=300,
                    labelOverlap=False,
                ),
            )
        )
    )
    deep = "datum.share < 0.4 || datum.share >= 0.95"
    is_dark = deep if theme_name == "light" else f"!({deep})"
    ink = alt.condition(is_dark, alt.value("#FFFFFF"), alt.value("#10171F"))
    number = base.mark_text(align="center", dy=-9, fontSize=13).encode(text="number_text:N")
    share = base.transform_filter("isValid(datum.share)").mark_text(
        align="center", dy=9, fontSize=16, fontWeight="bold"
    )
    drawn = alt.layer(
        empty,
        full,
        number.transform_filter("isValid(datum.share)").encode(color=ink),
        number.transform_filter("!isValid(datum.share)").encode(color=alt.value(palette.muted)),
        share.encode(text="share_text:N", color=ink),
    )
    return _finished(drawn, height=58 * len(weeks) + 60)


def _finished(layers: Any, *, height: int) -> alt.LayerChart:
    drawn = layers.properties(
        height=height, padding={"left": 4, "right": 8, "top": 8, "bottom": 4}
    ).configure(background="transparent", font="Inter, sans-serif", view=alt.ViewConfig(strokeWidth=0))
    return cast(alt.LayerChart, drawn)
