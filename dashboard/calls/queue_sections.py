"""The sections of the pages Queues and Service level: each asks what it shows, for the instant and the view chosen.

In: the moment of the page and the reader's filters. Out: tiles, tables, charts and files on the page.
The rule it guards: a day that is still running is compared with the same part of another day, and nothing after an
instant of the past is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import polars as pl
import streamlit as st

from dashboard import board, charts, time_machine, withheld, words
from dashboard.calls import cause_view, day_view, formula_view, pattern_view, queue_charts, queue_view
from dashboard.filters import Filters
from dashboard.ui import choices, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t

WORST = 5
QUARTER = 900
QUIET_DAYS = 3
THRESHOLDS = (0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600)
LONGEST_CALENDAR_DAYS = 92
FORECAST_WORDS = ("queue_id", "group_name")


class Chosen(NamedTuple):
    """What the reader looks at, and by which other threshold and formula than the queues' own (None: their own)."""

    filters: Filters
    view: str = "queues"
    threshold_seconds: int | None = None
    formula_name: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments of a question that counts by other settings."""
        found = {"threshold_seconds": self.threshold_seconds, "formula_name": self.formula_name}
        return {name: value for name, value in found.items() if value is not None}

    def other(self, at: Moment) -> dict[str, Any]:
        """The same as an address says it, for the rows behind a number; of a page of the past with its instant."""
        found = {"threshold": self.threshold_seconds, "formula": self.formula_name}
        if at.is_past:
            found["known"] = at.now.isoformat()
        return {name: value for name, value in found.items() if value is not None}

    @property
    def narrowed(self) -> dict[str, Any]:
        """All arguments of a question about calls but its window."""
        return {**self.filters.narrowed(), **self.settings}

    def known(self, at: Moment) -> dict[str, Any]:
        """The same as known at the moment of the page: of an instant of the past nothing that came after it."""
        return {**self.narrowed, **known_then(at)}

    @property
    def of_forecast(self) -> dict[str, Any]:
        """What of it narrows a forecast."""
        return self.filters.narrowed(*FORECAST_WORDS)


def settings() -> tuple[int | None, str | None]:
    """A threshold and a formula that the reader sets for this view, kept in the address; None for the queues' own."""
    thresholds = {"own": t("Threshold: each queue's own"), **{str(one): _within(one) for one in THRESHOLDS}}
    formulas_ = {
        "own": t("Formula: each queue's own"),
        **{name: t("Formula: {word}", word=board.formula_word(name)) for name in queue_view.FORMULAS},
    }
    asked = {"threshold": thresholds, "formula": formulas_}
    is_other = any(st.query_params.get(key, "own") in list(known)[1:] for key, known in asked.items())
    label = t("Other settings count here") if is_other else t("Threshold and formula")
    with st.popover(
        label, icon=":material/tune:", type="primary" if is_other else "secondary", key="settings"
    ):
        st.caption(
            t(
                "What the service level would be by other settings; the settings of the queues stay as they are."
            )
        )
        threshold = choices.choice(t("Threshold"), thresholds, key="threshold", kind="list")
        formula_name = choices.choice(t("Formula"), formulas_, key="formula", kind="list")
    return None if threshold == "own" else int(threshold), None if formula_name == "own" else formula_name


def _within(seconds: int) -> str:
    return t("Threshold: {time}", time=words.duration(seconds))


def known_then(at: Moment) -> dict[str, datetime]:
    """What a question about calls is told of an instant of the past; nothing of the present."""
    return {"known_at": at.now} if at.is_past else {}


def compared(filters: Filters) -> tuple[Filters, str]:
    """The days to compare with, and the name of how: the reader's choice, or the same weekdays a week before."""
    days = (filters.last_date - filters.first_date).days + 1
    name = filters.comparison_name or ("last_week" if days <= 7 else "before")
    found = replace(filters, comparison_name=name).compared()
    assert found is not None  # a comparison was named
    return found, name


def earlier_window(at: Moment, filters: Filters, earlier: Filters) -> dict[str, datetime]:
    """The window of the days compared with, cut at the same time of its last day while the view's last day still runs."""
    window = earlier.window(at.zone_name)
    if filters.last_date < at.today:
        return window
    is_one_day = filters.first_date == filters.last_date
    step = timedelta(minutes=1 if is_one_day else 15)  # whole quarters of an hour can be had from the rollups
    cut = time_machine.on_day(at.now, earlier.last_date, at.zone_name)
    cut -= timedelta(seconds=cut.timestamp() % step.total_seconds())
    return {**window, "window_end": max(window["window_start"], min(cut, window["window_end"]))}


def is_recorded(at: Moment, chosen: Chosen, window: Mapping[str, datetime]) -> bool:
    """Whether the days compared with were on record: a window that begins with several days without any call was not."""
    days = at.calm("queue_days", **window, **chosen.narrowed).get_column("offered_calls")
    first = next((place for place, count in enumerate(days) if count), len(days))
    return first < QUIET_DAYS or first == len(days)


def day_forecast(at: Moment, chosen: Chosen, day_date: date) -> pl.DataFrame | None:
    """The forecast of a day for the view; None where none can be made for its filters."""
    if not queue_view.has_forecast(chosen.filters):
        return None
    return at.calm("queue_forecast", day_date=day_date, **chosen.of_forecast)


def totals(at: Moment, chosen: Chosen) -> Mapping[str, Any] | None:
    """The tiles of the view; None, with a notice in their place, where nobody called."""
    filters = chosen.filters
    window = at.passed(filters.window(at.zone_name))
    row = at.calm("queue_together", **window, **chosen.known(at)).row(0, named=True)
    if not row["offered_calls"] and (kept := withheld.why(row)):
        title = t("Queues are not told to you of a part of the agents.")
        steps = [t("Take the team and the site out of the view; the section Teams tells of teams.")]
        board.show(board.notice("none", title, kept, steps=steps), key="withheld")
        return None
    if not row["offered_calls"]:
        board.show(day_view.quiet(filters, today=at.today), key="quiet")
        return None
    earlier_filters, name = compared(filters)
    before = earlier_window(at, filters, earlier_filters)
    earlier = at.calm("queue_together", **before, **chosen.narrowed).row(0, named=True)
    if not is_recorded(at, chosen, before):
        board.show(queue_view.unrecorded_notice(queue_view.compared_word(name)), key="unrecorded")
    intervals = at.calm("queue_intervals", **window, **chosen.known(at))
    board.show(
        queue_view.tiles(
            queue_view.with_n(row),
            earlier if is_recorded(at, chosen, before) else None,
            targets=queue_view.targets_of(intervals),
            forecast=_forecast_row(at, chosen),
            forecast_at=_forecast_at(at, filters),
            filters=filters,
            compared=queue_view.compared_word(name),
            other=chosen.other(at),
        ),
        key="tiles",
    )
    return row


def _forecasts(at: Moment, chosen: Chosen) -> pl.DataFrame | None:
    filters = chosen.filters
    if not queue_view.has_forecast(filters):
        return None
    days = {"first_date": filters.first_date, "last_date": filters.last_date}
    return at.calm("queue_forecast_totals", **days, as_of=_forecast_at(at, filters), **chosen.of_forecast)


def _forecast_at(at: Moment, filters: Filters) -> datetime:
    """The instant until which a forecast counts: the present minute, or the end of the view's days."""
    as_of = at.now - timedelta(seconds=at.now.timestamp() % 60)
    return min(as_of, filters.window(at.zone_name)["window_end"] - timedelta(seconds=1))


def _forecast_row(at: Moment, chosen: Chosen) -> Mapping[str, Any] | None:
    found = _forecasts(at, chosen)
    together = found.filter(pl.col("queue_id").is_null()) if found is not None else None
    return together.row(0, named=True) if together is not None and together.height else None


def queues(at: Moment, chosen: Chosen) -> None:
    """The table of the queues, and the day by the quarter of an hour."""
    filters = chosen.filters
    window = at.passed(filters.window(at.zone_name))
    earlier_filters, name = compared(filters)
    before = earlier_window(at, filters, earlier_filters)
    found = at.calm("queue_totals", **window, **chosen.known(at))
    board.show(
        queue_view.queue_table(
            found,
            forecast_at=_forecast_at(at, filters),
            earlier=at.calm("queue_totals", **before, **chosen.narrowed),
            forecasts=_forecasts(at, chosen),
            targets=at.calm("queue_targets", **window, **chosen.known(at)),
            filters=filters,
            compared=queue_view.compared_word(name),
            other=chosen.other(at),
        ),
        key="queues",
    )
    take_along.download(found, file_name=f"queues-{_days_text(filters)}.csv", zone_name=at.zone_name)
    day(at, chosen)


def _days_text(filters: Filters) -> str:
    first, last = filters.first_date.isoformat(), filters.last_date.isoformat()
    return first if first == last else f"{first}-to-{last}"


def day(at: Moment, chosen: Chosen) -> None:
    """The last day of the view by the quarter of an hour, or two days beside each other."""
    day_date = chosen.filters.last_date
    if day_date != at.today:
        other = time_machine.beside_date(at)
        pairs = [(at, day_date)] + ([(at, other)] if other and other != day_date else [])
    else:
        pairs = [(side, side.today) for side in time_machine.sides(at)]
    if len(pairs) == 1:
        one_day(at, chosen, day_date, place="")
    else:
        for place, (column, (side, date_)) in enumerate(zip(st.columns(2), pairs, strict=True)):
            with column:
                one_day(side, chosen, date_, place=f"-{place}")
    _accuracy(at, chosen)


def _accuracy(at: Moment, chosen: Chosen) -> None:
    day_date = chosen.filters.last_date
    yesterday = words.shifted_day(day_date, -1) if day_date == at.today else day_date
    found, shown = (day_forecast(at, chosen, date_) for date_ in (yesterday, day_date))
    if shown is not None and not shown["forecast_calls"].count():
        return  # the chart says already why there is none
    if found is None:
        text = t("Forecasts are made of queues and groups: take away the other filters to see one.")
    else:
        text = queue_view.accuracy_text(found, yesterday)
    st.caption(words.in_markdown(text))


def one_day(at: Moment, chosen: Chosen, day_date: date, *, place: str) -> None:
    """One day's chart: offers against forecast and the week before, the service level above them."""
    alone = replace(chosen.filters, period_name="days", first_date=day_date, last_date=day_date)
    window = at.passed(alone.window(at.zone_name))
    intervals = at.calm("queue_intervals", **window, **chosen.known(at))
    begun = intervals.filter(pl.col("interval_start_at") <= at.now)
    forecast = day_forecast(at, chosen, day_date)
    is_mixed = not begun.is_empty() and begun[0, "service_level_formula_name"] is None
    heading = day_view.day_heading(
        day_date, is_today=day_date == at.today, is_drawn=not is_mixed, forecast=forecast
    )
    board.show(heading, key=f"day-heading{place}")
    if forecast is not None:
        st.caption(words.in_markdown(queue_view.forecast_text(forecast)))
    if is_mixed:
        board.show(day_view.mixed_notice(), key=f"mixed{place}")
    frame = day_view.chart_frame(begun, zone_name=at.zone_name, forecast=forecast)
    if frame.is_empty():
        board.show(day_view.quiet(alone, today=at.today), key=f"quiet-day{place}")
        return
    drawn = charts.service_level_day(frame, day_view.chart_texts(), theme_name=take_along.theme_name())
    _chart(at, drawn, key=f"day-chart{place}", name=f"queues-day-{day_date.isoformat()}", frame=frame)


def _chart(at: Moment, drawn: Any, *, key: str, name: str, frame: pl.DataFrame) -> None:
    take_along.chart(drawn, key=key, name=name, frame=frame, zone_name=at.zone_name, site_name=at.site_name)


def week(at: Moment, chosen: Chosen) -> None:
    """The map of the week for the view: which weekdays and times are hard."""
    window = at.passed(chosen.filters.window(at.zone_name))
    border = at.now + timedelta(
        seconds=QUARTER - at.now.timestamp() % QUARTER
    )  # what is to come is no quiet time
    window["window_end"] = min(window["window_end"], border)
    hours = at.calm("queue_hours", **window, **chosen.known(at))
    options = {name: pattern_view.measure_word(name) for name in pattern_view.MEASURES}
    measure_name = choices.choice(t("Measure"), options, key="measure")
    board.show(pattern_view.week_heading(hours, measure_name=measure_name), key="week-heading")
    frame = pattern_view.week_frame(
        hours, measure_name=measure_name, filters=chosen.filters, other=chosen.other(at)
    )
    drawn = queue_charts.week_map(
        frame,
        pattern_view.week_texts(measure_name),
        measure_name=measure_name,
        target_ratio=hours[0, "service_level_target_ratio"],
        theme_name=take_along.theme_name(),
    )
    _chart(at, drawn, key="week-map", name=f"week-{measure_name}-{_days_text(chosen.filters)}", frame=hours)


def waits(at: Moment, chosen: Chosen, row: Mapping[str, Any]) -> None:
    """How long contacts waited and how it ended, with the threshold, and what patience looks like."""
    window = at.passed(chosen.filters.window(at.zone_name))
    found = at.calm("wait_times", **window, **chosen.filters.narrowed(), **known_then(at))
    frame = pattern_view.wait_frame(found)
    threshold = row["service_level_threshold_seconds"]
    board.show(pattern_view.wait_heading(threshold), key="wait-heading")
    if not frame.is_empty():
        drawn = queue_charts.wait_bars(
            frame,
            pattern_view.wait_texts(),
            threshold=pattern_view.threshold_place(frame, threshold),
            theme_name=take_along.theme_name(),
        )
        _chart(at, drawn, key="waits", name=f"waits-{_days_text(chosen.filters)}", frame=found)
    board.show(pattern_view.wait_table(frame, filters=chosen.filters, other=chosen.other(at)), key="patience")


def formulas(at: Moment, chosen: Chosen, row: Mapping[str, Any]) -> None:
    """The eight formulas of the service level beside each other, for the same contacts."""
    board.show(
        formula_view.formula_table(row, filters=chosen.filters, other=chosen.other(at)), key="formulas"
    )


def calendar(at: Moment, chosen: Chosen) -> None:
    """The months of the view, day by day: the share of intervals on target."""
    filters = chosen.filters
    first = max(
        filters.first_date.replace(day=1),
        words.shifted_day(filters.last_date, -LONGEST_CALENDAR_DAYS),
    )
    whole = replace(filters, period_name="days", first_date=first)
    window = at.passed(whole.window(at.zone_name))
    intervals = at.calm("queue_intervals", **window, **chosen.known(at))
    days = cause_view.day_targets(intervals, zone_name=at.zone_name)
    if days.is_empty() or days[0, "service_level_formula_name"] is None:
        board.show(day_view.mixed_notice(), key="calendar-mixed")
        return
    board.show(cause_view.calendar_heading(days), key="calendar-heading")
    frame = cause_view.calendar_frame(days)
    drawn = queue_charts.day_calendar(frame, cause_view.calendar_texts(), theme_name=take_along.theme_name())
    _chart(at, drawn, key="calendar", name=f"days-on-target-{_days_text(whole)}", frame=days)
    board.show(cause_view.day_list(days, filters=filters, other=chosen.other(at)), key="days")


def worst(at: Moment, chosen: Chosen, intervals: pl.DataFrame) -> None:
    """The intervals of the view that cost it most, each with what stood behind it."""
    ended = intervals.filter(pl.col("interval_end_at") <= at.now)
    found = day_view.worst_intervals(ended, WORST)
    causes: list[Mapping[str, Any] | None] = []
    for start in found.get_column("interval_start_at"):
        if not queue_view.has_forecast(chosen.filters):
            causes.append(None)
            continue
        as_of = min(at.now, start + timedelta(minutes=15))  # it has ended: the answer stays the same
        cause = at.calm("interval_causes", interval_start=start, as_of=as_of, **chosen.of_forecast)
        causes.append(cause.row(0, named=True) if cause.height else None)
    table = cause_view.worst_table(
        found,
        causes,
        filters=chosen.filters,
        other=chosen.other(at),
        zone_name=at.zone_name,
        is_one_day=chosen.filters.first_date == chosen.filters.last_date,
    )
    board.show(table, key="worst")
