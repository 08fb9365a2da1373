"""The sections of the page Tickets: each asks what it shows, for the instant and the tickets that the reader has chosen.

In: the moment of the page, and what the reader has chosen. Out: tiles, tables, charts and files on the page.
The rule it guards: all figures of a section are of one instant and of the same tickets, and what is shown can be taken
along as a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from dashboard import board, charts, words
from dashboard.tickets import ticket_answer_view, ticket_list_view, ticket_trend_view, ticket_view
from dashboard.tickets.ticket_shown_view import Shown
from dashboard.ui import take_along, whose
from dashboard.ui.moments import Moment
from dashboard.words import t

STEP_SECONDS = 30  # all tabs ask about the same instant, and so share the answer


class Chosen(NamedTuple):
    """The section the reader looks at, the tickets that are left in it, and how its times are told.

    narrowed: the filters of the questions; at: the instant of the backlog, None for now.
    """

    view: str
    narrowed: Mapping[str, str | None]
    hours: ticket_view.Hours
    days: int
    at: datetime | None


def instant(at: Moment) -> datetime:
    """The instant that a run of the page asks about: the present one, on the half minute."""
    return at.now - timedelta(seconds=at.now.timestamp() % STEP_SECONDS)


def today(at: Moment, chosen: Chosen) -> None:
    """The day so far against yesterday, what falls due next, and the groups."""
    as_of = instant(at)
    start, end = (words.day_start(words.shifted_day(at.today, days), at.zone_name) for days in (0, 1))
    before = words.day_before(as_of, at.zone_name)
    of_day = {"window_start": start, "window_end": end, "as_of": as_of}
    of_day_before = {
        "window_start": words.day_start(words.shifted_day(at.today, -1), at.zone_name),
        "window_end": before + timedelta(microseconds=1),
        "as_of": before,
    }
    totals = at.calm("ticket_totals", **of_day, **chosen.narrowed).row(0, named=True)
    earlier = at.calm("ticket_totals", **of_day_before, **chosen.narrowed).row(0, named=True)
    owed = None
    if whose.sees_everybody(at.viewer):
        answers = at.calm("ticket_answers", as_of=as_of, **chosen.narrowed)
        owed = ticket_view.owed_row(answers, as_of=as_of)
    shown, shown_before = (_shown(chosen, one) for one in (of_day, of_day_before))
    tiles = ticket_view.today_tiles(
        totals, earlier, owed, hours=chosen.hours, shown=shown, shown_before=shown_before
    )
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    due = at.calm("ticket_due", as_of=as_of, **chosen.narrowed)
    whose.tell_rows(at)
    board.show(ticket_list_view.due_table(due, zone_name=at.zone_name, most=8), key="due")
    _groups(at, chosen, of_day)


def _shown(chosen: Chosen, window: Mapping[str, datetime]) -> Shown:
    """The tickets of a window (or, with `as_of` alone, of an instant) that the reader has left in."""
    return Shown(narrowed=chosen.narrowed, **window)


def _groups(at: Moment, chosen: Chosen, window: dict[str, datetime]) -> None:
    kept = {name: value for name, value in chosen.narrowed.items() if name != "group_name"}
    groups = at.calm("ticket_groups", **window, **kept)
    wanted = chosen.narrowed["group_name"]
    if wanted is not None:
        groups = groups.filter(pl.col("group_name") == wanted)
    board.show(
        ticket_trend_view.group_table(groups, hours=chosen.hours, shown=_shown(chosen, window)), key="groups"
    )
    _download(at, groups, f"tickets-by-group-{chosen.view}")


def _download(at: Moment, frame: pl.DataFrame, name: str, *, as_of: datetime | None = None) -> None:
    told = ticket_view.export_frame(frame, as_of=as_of or instant(at))
    take_along.download(told, file_name=f"{name}-{at.today.isoformat()}.csv", zone_name=at.zone_name)


def _chart(at: Moment, drawn: object, key: str, title: str, lines: list[str]) -> None:
    name = f"tickets-{key}-{at.today.isoformat()}"
    take_along.chart(
        drawn, key=key, name=name, zone_name=at.zone_name, site_name=at.site_name, title=title, lines=lines
    )


def backlog(at: Moment, chosen: Chosen) -> None:
    """What was not solved at an instant: by age and priority, and by group."""
    as_of = chosen.at or instant(at)
    shown = _shown(chosen, {"as_of": as_of})
    found = at.calm("ticket_backlog", as_of=as_of, **chosen.narrowed)
    tiles = ticket_view.backlog_tiles(found, shown=shown, zone_name=at.zone_name)
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    board.show(ticket_view.age_table(found, by="priority_name", shown=shown), key="ages")
    groups = ticket_view.backlog_groups(found)
    board.show(ticket_view.backlog_group_table(groups, shown=shown), key="groups")
    _download(at, found, "tickets-backlog", as_of=as_of)


def sla(at: Moment, chosen: Chosen) -> None:
    """The promises that fell due in the period, the next ones, and those that are overdue."""
    as_of = instant(at)
    start, end = (
        words.day_start(words.shifted_day(at.today, days), at.zone_name) for days in (1 - chosen.days, 1)
    )
    window = {"window_start": start, "window_end": end, "as_of": as_of}
    targets = at.calm("ticket_targets", **window, **chosen.narrowed)
    shown = _shown(chosen, window)
    tiles = ticket_list_view.sla_tiles(ticket_list_view.target_totals(targets), shown)
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    board.show(ticket_list_view.target_table(targets, shown), key="targets")
    _download(at, targets, "promises")
    due = at.calm("ticket_due", as_of=as_of, **chosen.narrowed)
    whose.tell_rows(at)
    board.show(ticket_list_view.due_table(due, zone_name=at.zone_name, most=100), key="due")
    board.show(ticket_list_view.overdue_table(due, zone_name=at.zone_name), key="overdue")
    _download(at, due, "promises-open")


def ageing(at: Moment, chosen: Chosen) -> None:
    """The oldest tickets, and how long they have stood in their status."""
    as_of = instant(at)
    shown = _shown(chosen, {"as_of": as_of})
    found = at.calm("ticket_backlog", as_of=as_of, **chosen.narrowed)
    tiles = ticket_view.backlog_tiles(found, shown=shown, zone_name=at.zone_name)
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    board.show(ticket_view.age_table(found, by="status_name", shown=shown), key="ages")
    oldest = at.calm("ticket_oldest", as_of=as_of, **chosen.narrowed)
    whose.tell_rows(at)
    board.show(ticket_list_view.oldest_table(oldest), key="oldest")
    _download(at, oldest, "tickets-oldest")


def trends(at: Moment, chosen: Chosen) -> None:
    """How the period went: flow, times, what came back, the backlog by day."""
    as_of = instant(at)
    first = words.shifted_day(at.today, 1 - chosen.days)
    start, end = (words.day_start(day, at.zone_name) for day in (first, words.shifted_day(at.today, 1)))
    window = {"window_start": start, "window_end": end, "as_of": as_of}
    totals = at.calm("ticket_totals", **window, **chosen.narrowed).row(0, named=True)
    tiles = ticket_trend_view.trend_tiles(totals, hours=chosen.hours, shown=_shown(chosen, window))
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    days = at.calm("ticket_days", first_date=first, last_date=at.today, as_of=as_of, **chosen.narrowed)
    period = f"{words.day(first)} – {words.day(at.today)}"
    drawn, texts = ticket_trend_view.chart_frame(days), ticket_trend_view.chart_texts()
    board.show(ticket_trend_view.flow_heading(), key="flow-heading")
    flow = charts.ticket_flow(drawn, texts, theme_name=take_along.theme_name())
    lines = [period, ticket_trend_view.flow_words(days)]
    _chart(at, flow, "flow", t("Tickets created and solved by day"), lines)
    board.show(ticket_trend_view.backlog_heading(), key="backlog-heading")
    left = charts.ticket_backlog_days(drawn, texts, theme_name=take_along.theme_name())
    _chart(at, left, "backlog", t("Tickets not solved at the end of each day"), [period])
    times = at.calm("ticket_times", **window, **chosen.narrowed)
    shown = _shown(chosen, window)
    board.show(ticket_trend_view.time_table(times, hours=chosen.hours, shown=shown), key="times")
    _groups(at, chosen, window)
    board.show(ticket_trend_view.day_table(days, shown=shown, zone_name=at.zone_name), key="days")
    _download(at, days, "tickets-by-day")


def answers(at: Moment, chosen: Chosen) -> None:
    """Who owes an answer: we, by agent and group, or the requester."""
    as_of = instant(at)
    shown = _shown(chosen, {"as_of": as_of})
    found = at.calm("ticket_answers", as_of=as_of, **chosen.narrowed)
    whose.tell(at)
    tiles = ticket_answer_view.answer_tiles(ticket_view.owed_row(found, as_of=as_of), shown)
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    owed = at.calm("ticket_owed", as_of=as_of, **chosen.narrowed)
    board.show(ticket_answer_view.owed_table(owed, zone_name=at.zone_name), key="owed")
    _download(at, owed, "tickets-we-owe")
    board.show(ticket_answer_view.answer_table(found, by_agent=True, shown=shown), key="agents")
    board.show(ticket_answer_view.answer_table(found, by_agent=False, shown=shown), key="groups")
    _download(at, found, "tickets-who-owes")


SECTIONS: Mapping[str, Callable[[Moment, Chosen], None]] = {
    "today": today,
    "backlog": backlog,
    "sla": sla,
    "ageing": ageing,
    "trends": trends,
    "answers": answers,
}
