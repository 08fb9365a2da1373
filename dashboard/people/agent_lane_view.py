"""Who was where when: each agent's day as a lane to scale, the schedule above it as a ghost, calls as marks below.

In: stretches of states, scheduled stretches and calls, and the window that is drawn. Out: blocks for `board.show`.
The rule it guards: whatever is drawn stands in words too; each state has its colour, height and pattern; what is too narrow
to be seen joins what lies before it and never vanishes from the table.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters
from dashboard.people.agent_time_view import reason_word, state_words
from dashboard.words import t, t_count

HOUR = timedelta(hours=1)
LONGEST_NIGHT = 12 * HOUR
SHORTEST_SPAN = 6 * HOUR
FINEST_SHARE = 0.0004  # of the lane's width: what is narrower is no part of its own
TABLE_ROWS = 500
STATE_SHAPES = {
    "on_contact": "square",
    "wrap_up": "half",
    "ringing": "diamond",
    "available": "ring",
    "paused": "bars",
}
Span = tuple[datetime, datetime]


def kind_words() -> dict[str, str]:
    """What each kind of scheduled stretch is called."""
    return {
        "work": t("Scheduled work"),
        "planned_off": t("Scheduled break or training"),
        "unplanned_off": t("Unplanned, off contacts"),
        "planned_absence": t("Planned absence"),
        "unplanned_absence": t("Unplanned absence"),
    }


def whole_day(day_date: date, zone_name: str) -> Span:
    """The local day from its first to its last instant, 23, 24 or 25 hours."""
    return words.day_start(day_date, zone_name), words.day_start(words.shifted_day(day_date, 1), zone_name)


def with_night(day: Span, lanes: pl.DataFrame, shifts: pl.DataFrame) -> Span:
    """The day, and the rest of a night shift or of work that goes on without a break over its last midnight."""
    start, midnight = day
    ends = shifts.filter(
        (pl.col("started_at") >= start) & (pl.col("started_at") < midnight) & (pl.col("kind_name") == "work")
    ).get_column("ended_at")
    latest = max([midnight, *ends.to_list()])
    worked_until = midnight
    for row in lanes.sort("started_at").iter_rows(named=True):
        if row["started_at"] <= worked_until < row["ended_at"]:
            worked_until = row["ended_at"]
    end = min(max(latest, worked_until), midnight + LONGEST_NIGHT)
    return start, _next_hour(end)


def trimmed(span: Span, lanes: pl.DataFrame, shifts: pl.DataFrame) -> Span:
    """The hours of the span in which anything lies, at least six; the whole span where nothing does."""
    inside = [
        (row["started_at"], row["ended_at"])
        for frame in (lanes, shifts)
        for row in frame.iter_rows(named=True)
    ]
    inside = [
        (max(one, span[0]), min(two, span[1])) for one, two in inside if one < span[1] and two > span[0]
    ]
    if not inside:
        return span
    start = _hour(min(one for one, _ in inside))
    end = _next_hour(max(two for _, two in inside))
    end = min(span[1], max(end, start + SHORTEST_SPAN))
    return max(span[0], min(start, end - SHORTEST_SPAN)), end


def within(frame: pl.DataFrame, span: Span) -> pl.DataFrame:
    """The stretches that lie in the span, at least in part."""
    return frame.filter((pl.col("started_at") < span[1]) & (pl.col("ended_at") > span[0]))


def hours(span: Span, zone_name: str) -> dict[str, str]:
    """What the reader can look at closer: the whole span, or one hour of it, by the hours passed since its beginning."""
    count = round((span[1] - span[0]) / HOUR)
    labels = _labels([span[0] + number * HOUR for number in range(count + 1)], zone_name)
    whole = {"all": t("Whole day")}
    return whole | {f"h{number}": f"{labels[number]}–{labels[number + 1]}" for number in range(count)}


def zoomed(span: Span, hour: str) -> Span:
    """The hour of the span that was chosen; the span itself for "all"."""
    if hour == "all":
        return span
    start = span[0] + int(hour[1:]) * HOUR
    return start, start + HOUR


def lanes_block(
    lanes: pl.DataFrame,
    shifts: pl.DataFrame,
    calls: pl.DataFrame | None,
    *,
    span: Span,
    midnight: datetime,
    as_of: datetime,
    zone_name: str,
    filters: Filters,
    title: str,
) -> Block:
    """One lane per agent with states or a schedule in the span, by name."""
    clock = Clock(span, zone_name)
    people = (
        pl.concat([frame.select("agent_id", "agent_name") for frame in (lanes, shifts)])
        .unique()
        .sort("agent_name", "agent_id")
    )
    rows = [_lane(row, lanes, shifts, calls, clock, filters) for row in people.iter_rows(named=True)]
    ticks = _ticks(clock)
    is_within = span[0] < midnight < span[1]
    return {
        "kind": "lanes",
        "title": title,
        "lead": t_count("{n} agent", "{n} agents", len(rows))
        + f" · {clock.text(span[0])}–{clock.text(span[1])}",
        "nothing": t(
            "Nobody was signed in or scheduled in these hours. Choose another day or the whole day."
        ),
        "legend": _legend(has_shifts=shifts.height > 0, has_calls=calls is not None),
        "rows": rows,
        "ticks": ticks,
        "span_seconds": round(clock.seconds),
        "step_seconds": 60 if clock.seconds > 7200 else 10,
        "hand_label": t("Who was where at"),
        "hand_text": clock.text(span[0]),
        "nobody": t("signed out"),
        **clock.local(),
        "midnight": clock.left(midnight) if is_within else None,
        "midnight_word": words.short_day(words.local_day(midnight, zone_name)),
        "present": clock.left(as_of) if span[0] < as_of < span[1] else None,
    }


class Clock:
    """Instants of a span as shares of its width and as the place's clock shows them."""

    def __init__(self, span: Span, zone_name: str) -> None:
        self.span, self.zone_name = span, zone_name
        self.seconds = (span[1] - span[0]).total_seconds()

    def left(self, at: datetime) -> float:
        """How far from the left an instant lies, in percent."""
        inside = min(max(at, self.span[0]), self.span[1])
        return round(100 * (inside - self.span[0]).total_seconds() / self.seconds, 3)

    def passed(self, at: datetime) -> int:
        """The seconds since the span began."""
        return round((min(max(at, self.span[0]), self.span[1]) - self.span[0]).total_seconds())

    def text(self, at: datetime) -> str:
        """The place's clock at an instant."""
        return words.clock(at, self.zone_name)

    def local(self) -> dict[str, int | None]:
        """What the browser needs to show the place's clock: where it stands at the start, and a leap within."""
        zone = words.zone(self.zone_name)
        first = self.span[0].astimezone(zone)
        offset = first.utcoffset() or timedelta()
        leap = next(
            (
                at
                for at in (
                    self.span[0] + step * timedelta(minutes=15) for step in range(round(self.seconds / 900))
                )
                if (at.astimezone(zone).utcoffset() or timedelta()) != offset
            ),
            None,
        )
        shift = (leap.astimezone(zone).utcoffset() or timedelta()) - offset if leap else timedelta()
        return {
            "start_seconds": first.hour * 3600 + first.minute * 60 + first.second,
            "fold_seconds": self.passed(leap) if leap else None,
            "shift_seconds": round(shift.total_seconds()),
        }


def _lane(
    person: Row,
    lanes: pl.DataFrame,
    shifts: pl.DataFrame,
    calls: pl.DataFrame | None,
    clock: Clock,
    filters: Filters,
) -> Block:
    own = pl.col("agent_id") == person["agent_id"]
    stretches = [row for row in lanes.filter(own).iter_rows(named=True) if _is_inside(row, clock)]
    scheduled = [row for row in shifts.filter(own).iter_rows(named=True) if _is_inside(row, clock)]
    talks = (
        []
        if calls is None
        else [row for row in calls.filter(own).iter_rows(named=True) if _talked_inside(row, clock)]
    )
    address = {**filters.address(), "view": "day", "agent": str(person["agent_id"])}
    return {
        "key": str(person["agent_id"]),
        "label": words.name(person["agent_name"]),
        "here": board.inside("", **address)["here"] if filters.agent_id is None else None,
        "note": _shift_text(scheduled, clock),
        "ghosts": [
            _ghost(row, clock) for row in sorted(scheduled, key=lambda row: row["kind_name"] != "work")
        ],
        "ghost_text": "; ".join(_ghost_text(row, clock) for row in scheduled[:40]),
        "parts": [_part(row, clock) for row in _drawable(stretches, clock)],
        "spoken": _spoken(person, stretches, clock),
        "marks": [_mark(row, clock) for row in talks],
    }


def _is_inside(row: Row, clock: Clock) -> bool:
    return bool(row["started_at"] < clock.span[1] and row["ended_at"] > clock.span[0])


def _talked_inside(row: Row, clock: Clock) -> bool:
    return bool(row["answered_at"] < clock.span[1] and row["ended_at"] > clock.span[0])


def _drawable(stretches: list[dict[str, Any]], clock: Clock) -> list[dict[str, Any]]:
    """The stretches to draw: neighbours of one state and reason as one, too narrow ones with what lies before them."""
    finest = timedelta(seconds=FINEST_SHARE * clock.seconds)
    drawn: list[dict[str, Any]] = []
    for row in stretches:
        before = drawn[-1] if drawn else None
        follows = before is not None and row["started_at"] - before["ended_at"] <= finest
        same = before is not None and (row["state_name"], row["reason_name"]) == (
            before["state_name"],
            before["reason_name"],
        )
        if before is not None and follows and (same or row["ended_at"] - row["started_at"] < finest):
            before["ended_at"] = row["ended_at"]
            before["is_open"] = row["is_open"]
        else:
            drawn.append(dict(row))
    return drawn


def _state_text(row: Row) -> str:
    """The state of a stretch in words, with its reason or queue."""
    word = state_words()[row["state_name"]]
    if row["state_name"] == "paused":
        return f"{word}, {reason_word(row['reason_name'])}"
    return f"{word}, {words.name(row['queue_name'])}" if row["queue_name"] else word


def _part(row: Row, clock: Clock) -> Block:
    left = clock.left(row["started_at"])
    until = t("now") if row["is_open"] else clock.text(row["ended_at"])
    lasted = words.duration((row["ended_at"] - row["started_at"]).total_seconds())
    return {
        "state": row["state_name"],
        "left": left,
        "width": round(clock.left(row["ended_at"]) - left, 3),
        "from": clock.passed(row["started_at"]),
        "to": clock.passed(row["ended_at"]),
        "word": _state_text(row),
        "text": f"{_state_text(row)}: {clock.text(row['started_at'])}–{until} ({lasted})",
    }


def _ghost(row: Row, clock: Clock) -> Block:
    left = clock.left(row["started_at"])
    width = clock.left(row["ended_at"]) - left
    word = words.name(row["activity_name"])
    return {
        "kind": row["kind_name"],
        "left": left,
        "width": round(width, 3),
        "word": word if width > 5 and row["kind_name"] != "work" else "",
        "text": _ghost_text(row, clock),
    }


def _ghost_text(row: Row, clock: Clock) -> str:
    return f"{words.name(row['activity_name'])} {clock.text(row['started_at'])}–{clock.text(row['ended_at'])}"


def _shift_text(scheduled: list[dict[str, Any]], clock: Clock) -> str:
    work = [row for row in scheduled if row["kind_name"] == "work"]
    if work:
        first, last = min(row["started_at"] for row in work), max(row["ended_at"] for row in work)
        return t("shift {start}–{end}", start=clock.text(first), end=clock.text(last))
    return kind_words()[scheduled[0]["kind_name"]] if scheduled else t("no shift known")


def _mark(row: Row, clock: Clock) -> Block:
    left = clock.left(row["answered_at"])
    kinds = {"inbound": t("Call"), "outbound": t("Outbound call"), "internal": t("Internal call")}
    lasted = words.duration((row["ended_at"] - row["answered_at"]).total_seconds())
    return {
        "left": left,
        "width": round(clock.left(row["ended_at"]) - left, 3),
        "direction": row["direction_name"],
        "text": f"{kinds[row['direction_name']]}, {words.name(row['queue_name'])}: "
        f"{clock.text(row['answered_at'])} ({lasted})",
        "here": board.inside("", contact=row["contact_id"], source=row["source_name"])["here"].replace(
            "?", "contacts?", 1
        ),
    }


def _spoken(person: Row, stretches: list[dict[str, Any]], clock: Clock) -> str:
    """The lane in one sentence: from when to when, and how long in each state."""
    name = words.name(person["agent_name"])
    if not stretches:
        return t("{name}: signed out", name=name)
    spent: dict[str, float] = {}
    for row in stretches:
        inside = min(row["ended_at"], clock.span[1]) - max(row["started_at"], clock.span[0])
        spent[row["state_name"]] = spent.get(row["state_name"], 0) + inside.total_seconds()
    told = ", ".join(f"{state_words()[state]} {words.age(seconds)}" for state, seconds in spent.items())
    start, end = clock.text(stretches[0]["started_at"]), clock.text(stretches[-1]["ended_at"])
    return f"{name}, {start}–{end}: {told}"


def _ticks(clock: Clock) -> list[Block]:
    """The full hours (every second or third of a long span), or every ten minutes of one hour, by the place's clock."""
    step = timedelta(minutes=10) if clock.seconds <= 7200 else HOUR
    count = round(clock.seconds / step.total_seconds())
    stride = 1 if count <= 13 else 2 if count <= 26 else 3
    at = [clock.span[0] + number * step for number in range(0, count + 1, stride)]
    labels = _labels(at, clock.zone_name)
    return [{"left": clock.left(one), "label": label} for one, label in zip(at, labels, strict=True)]


def _labels(at: list[datetime], zone_name: str) -> list[str]:
    """The place's clock at instants in a row, told apart where it shows a time twice; the last may be the next midnight."""
    return [*words.interval_labels(at[:-1], zone_name), words.clock(at[-1], zone_name)]


def _legend(*, has_shifts: bool, has_calls: bool) -> list[Block]:
    found = [{"state": state, "word": word} for state, word in state_words().items()]
    ghosts = ("work", "planned_off", "planned_absence") if has_shifts else ()
    marks = [{"kind": "call", "word": t("Call")}] if has_calls else []
    return [*found, *({"kind": kind, "word": kind_words()[kind]} for kind in ghosts), *marks]


def state_table(lanes: pl.DataFrame, *, span: Span, zone_name: str) -> Block:
    """One agent's states in words, one after the other."""
    rows = [
        {
            "key": f"{row['started_at'].isoformat()}-{row['state_name']}",
            "cells": [
                words.moment(row["started_at"], zone_name),
                {"shape": STATE_SHAPES[row["state_name"]], "state": row["state_name"],
                 "word": state_words()[row["state_name"]]},
                reason_word(row["reason_name"]) if row["state_name"] == "paused" else words.UNKNOWN,
                words.name(row["queue_name"]) if row["queue_name"] else words.UNKNOWN,
                t("{time} so far", time=_lasted(row)) if row["is_open"] else _lasted(row),
            ],
        }
        for row in lanes.iter_rows(named=True)
        if row["started_at"] < span[1] and row["ended_at"] > span[0]
    ]  # fmt: skip
    columns = [
        column(t("Since")),
        column(t("State")),
        column(t("Reason")),
        column(t("Queue"), wide=True),
        column(t("Lasted"), "end"),
    ]
    told = t_count("{n} state", "{n} states", len(rows))
    lead = t("the first {n}", n=words.number(TABLE_ROWS)) if len(rows) > TABLE_ROWS else told
    return board.table(t("States in words"), columns, rows[:TABLE_ROWS], nothing=t("Signed out all the time."),
                       title=t("States in words"), lead=lead)  # fmt: skip


def _lasted(row: Row) -> str:
    return words.duration((row["ended_at"] - row["started_at"]).total_seconds())


def _hour(at: datetime) -> datetime:
    return at - timedelta(seconds=at.timestamp() % 3600)


def _next_hour(at: datetime) -> datetime:
    return _hour(at + timedelta(seconds=3599))
