"""The tiles about the day: what came against what was expected, how busy agents are, and the time.

In: the floor at one instant. Out: the tiles' part of the payload.
The rule it guards: only quarters of an hour that are over are held against their forecast, and a forecast that is not known
is not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl

from dashboard import board as blocks
from dashboard import withheld, words
from dashboard.wall.boards import Threshold, Tile
from dashboard.wall.tile_parts import (
    NOT_AGENTS,
    Drawn,
    Kind,
    Scene,
    limit_text,
    limit_word,
    number,
    of_all_queues,
    status_of,
    unknown,
)
from dashboard.words import t, t_count
from sql import metrics

LABEL_HOURS = (0, 6, 12, 18)
FEWEST_BUSY_SECONDS = 3600
FEWEST_DAYS = 3
"""As many comparable days as a forecast needs (sql/queries/queue_forecast.sql)."""


def forecast_against_actual(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """Offered calls by the quarter of an hour, until now, beside what was expected of the whole local day."""
    narrowed, is_part = _narrowing(scene)
    day = scene.at.calm("queue_forecast", day_date=scene.at.today, **narrowed)
    label = t("Offered")
    if day.is_empty():
        return unknown(label, t("No quarter of an hour of this day is known."), kind="line")
    zone_name = scene.wall.zone_name or scene.at.zone_name
    rows = day.sort("interval_start_at").to_dicts()
    over = [row for row in rows if row["interval_end_at"] <= scene.at.now]
    said = _said(over, zone_name, is_holiday=bool(rows[0]["is_holiday"]), weeks=rows[0]["week_count"])
    came = [
        row["offered_calls"] or 0 for row in over
    ]  # no later one: in the past it would tell what is to come
    top = max([1.0, *came, *(_most(row) for row in rows)])
    return {
        "kind": "line",
        "label": label,
        **said,
        "count": len(rows),
        "actual": _heights(over, "offered_calls", top),
        "expected": _heights(rows, "forecast_calls", top),
        "band": [_heights(rows, f"forecast_{side}_calls", top) for side in ("least", "most")],
        "labels": _labels(rows, zone_name),
        "now_x": _now(rows, scene.at.now),
        "top_text": t_count("{n} in 15 min", "{n} in 15 min", round(top)),
        "actual_word": t("came"),
        "expected_word": t("expected"),
        "more": " · ".join([said["more"], *([t("of all queues")] if is_part else [])]),
    }


def _narrowing(scene: Scene) -> tuple[dict[str, Any], bool]:
    """The queue or the group that the wall is made for, as the forecast knows it; and whether it knows no such part."""
    if not scene.wall.queue_text:
        return {}, False
    found, all_queues = scene.queues, scene.at.live("live_queues")
    if found.height == 1:
        return {"queue_id": found[0, "queue_id"]}, False
    groups = set(found["group_name"].to_list())
    group = groups.pop() if len(groups) == 1 else None
    if group is not None and all_queues.filter(pl.col("group_name") == group).height == found.height:
        return {"group_name": group}, False
    return {}, True


def _most(row: dict[str, Any]) -> float:
    return max(row["forecast_calls"] or 0, row["forecast_most_calls"] or 0)


def _heights(rows: Sequence[dict[str, Any]], name: str, top: float) -> list[int | None]:
    """How high each quarter of an hour lies, in thousandths of the highest; None where it is not known."""
    found = [None if row[name] is None else round(1000 * row[name] / top) for row in rows]
    return [] if all(one is None for one in found) else found


def _now(rows: Sequence[dict[str, Any]], now: datetime) -> float | None:
    start, end = rows[0]["interval_start_at"], rows[-1]["interval_end_at"]
    share: float = (now - start) / (end - start)
    return round(share, 3) if 0 <= share <= 1 else None


def _labels(rows: Sequence[dict[str, Any]], zone_name: str) -> list[list[Any]]:
    zone, found = words.zone(zone_name), []
    for place, row in enumerate(rows):
        local = row["interval_start_at"].astimezone(zone)
        if local.minute == 0 and local.hour in LABEL_HOURS and local.fold == 0:
            found.append([round(place / len(rows), 3), words.clock(row["interval_start_at"], zone_name)])
    return found


def _said(over: list[dict[str, Any]], zone_name: str, *, is_holiday: bool, weeks: int) -> Drawn:
    """How far what came is from what was expected until the last quarter of an hour that is over, in words."""
    known = [row for row in over if row["forecast_calls"] is not None]
    if why := _no_forecast(known, is_holiday=is_holiday, weeks=weeks):
        return {**blocks.status("none", ""), "value": words.UNKNOWN, "why": why, "more": why}
    came = sum(row["offered_calls"] for row in known)
    expected = sum(row["forecast_calls"] for row in known)
    moved = round(came - expected)
    sign = "+" if moved > 0 else "\u2212" if moved < 0 else ""
    until = words.clock(known[-1]["interval_end_at"], zone_name)
    return {
        **blocks.status("none", ""),
        "value": f"{sign}{words.number(abs(moved))}"
        + (f" ({signed_ratio(came / expected - 1)})" if expected and moved else ""),
        "more": words.compared(
            words.number(abs(moved)), moved, t("expected by {time}", time=until), is_count=True
        ),
        "n": came,
    }


def _no_forecast(known: list[dict[str, Any]], *, is_holiday: bool, weeks: int) -> str:
    """Why there is nothing to hold the day against; empty where there is."""
    if is_holiday:
        return t("No forecast: today is a holiday.")
    if weeks < FEWEST_DAYS:
        return t_count(
            "No forecast yet: only {n} comparable day is known, expected 3.",
            "No forecast yet: only {n} comparable days are known, expected 3.",
            weeks,
        )
    return "" if known else t("No quarter of an hour is over yet.")


def signed_ratio(value: float) -> str:
    """A change with its sign, in whole per cents where it is one at least: "+8%", "−0.4%"."""
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return f"{sign}{words.target_ratio(round(abs(value), 2 if abs(value) >= 0.01 else 3))}"


def occupancy(scene: Scene, tile: Tile) -> Drawn:
    """How much of their time agents were busy: today where that is told, else on the last whole day."""
    label = t("Occupancy")
    end = words.day_start(words.shifted_day(scene.at.today, 1), scene.at.zone_name)
    start = words.day_start(words.shifted_day(scene.at.today, -1), scene.at.zone_name)
    days = scene.at.calm("team_days", **scene.at.passed({"window_start": start, "window_end": end}))
    floor = days.filter(pl.col("is_floor")).sort("day_date")
    told = floor.filter(pl.col("occupancy_ratio").is_not_null())
    if told.is_empty():
        reason = floor.filter(pl.col("time_withheld_name").is_not_null())
        row = reason.row(-1, named=True) if reason.height else {}
        why = withheld.why(row, "time_withheld_name") or t("Nobody has worked since yesterday.")
        return number(
            words.UNKNOWN, label=label, status=blocks.status("none", ""), target=_band_text(), why=why
        )
    row = told.row(-1, named=True)
    value = row["occupancy_ratio"]
    _, seconds = metrics.metric("occupancy_ratio").counts(row)
    threshold = tile.threshold or _busy()
    standing = scene.stand(value, seconds, threshold)
    return number(
        words.ratio(value),
        label=label,
        status=blocks.status("none", t("below {value}", value=words.target_ratio(_band()[0])))
        if tile.threshold is None and value < _band()[0]
        else status_of(standing, limit_word(standing, threshold, words.target_ratio)),
        target=_band_text() if tile.threshold is None else limit_text(threshold, words.target_ratio),
        more=" · ".join(
            [
                t("today") if row["day_date"] == scene.at.today else words.day(row["day_date"]),
                t("of {time} signed in and not paused", time=words.long_time(seconds, in_days=False)),
                *of_all_queues(scene),
            ]
        ),
        share=value,
        n=seconds,
    )


def _band() -> tuple[float, float]:
    band = metrics.metric("occupancy_ratio").band
    assert band is not None  # its record says that it has one
    return band


def _band_text() -> str:
    low, high = _band()
    return t("target {low} to {high}", low=words.target_ratio(low), high=words.target_ratio(high))


def _busy() -> Threshold:
    _, high = _band()
    return Threshold(high, round(high + blocks.NEAR_RATIO, 6), "up", fewest=FEWEST_BUSY_SECONDS, back=0.02)


def clock(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """The time, counted by the browser."""
    return {"kind": "clock", "label": t("Time"), **blocks.status("none", "")}


def text(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """A text of the site's own."""
    said = str(tile.options.get("text", "")).strip()
    return {
        "kind": "text",
        "label": tile.title or "",
        **blocks.status("none", ""),
        "text": said or t("Nothing is written here yet: give this tile a text."),
    }


KINDS = (
    Kind(
        "forecast_against_actual",
        "Forecast against actual",
        "Offered calls through the day beside what comparable days led to expect.",
        forecast_against_actual,
        audiences=("supervisors", "executives", "everybody"),
        least_width=4,
        questions=("queue_forecast", "live_queues"),
    ),
    Kind(
        "occupancy",
        "Occupancy",
        "How much of their time agents were busy; above 85 % for long is a warning.",
        occupancy,
        audiences=NOT_AGENTS,
        has_threshold=True,
        questions=("team_days",),
        is_big_number=True,
    ),
    Kind("clock", "Time", "The time at the site.", clock),
    Kind("text", "Text", "A text of your own.", text, least_height=1, options=("text",)),
)
