"""The lists behind figures of agents' time, of routing, of intervals and of forecasts: their columns, and where a row leads.

In: rows of the questions of made_row_queries, and what the address says. Out: columns, cells and addresses.
The rule it guards: a row leads one step further down: an interval to its calls, a stretch of work to its day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.calls.pattern_view import clock_text, weekday_word
from dashboard.people.agent_lane_view import kind_words
from dashboard.people.agent_time_view import reason_word, state_words
from dashboard.words import t

DAYS = ("states", "shifts", "pauses", "rings", "live_agents")
"""The kinds of rows that are part of an agent's day."""

_OWN = ("of", "start", "end", "as_of", "of_queue", "order", "after", "whole", "by", "weekday", "quarter")


def lead(kind: str, row: Row, *, zone_name: str, said: Mapping[str, str]) -> str | None:
    """Where a row leads that belongs to no contact: its calls, its states, its agent's day; None for nowhere."""
    if kind in DAYS:
        at = row.get("counted_from_at") or row.get("started_at") or row["happened_at"]
        day = words.local_day(at, zone_name).isoformat()
        return _address(
            "agents", agent=row["agent_id"], view="day", period="days", **{"from": day, "to": day}
        )
    if kind == "strains":
        more = {"agent": row["agent_id"], "start": row["interval_start_at"], "end": row["interval_end_at"]}
        return _address("contacts", of="occupancy_ratio", **more)
    kept = {key: text for key, text in said.items() if key not in _OWN}
    if kind == "intervals":
        more = {"start": row["interval_start_at"], "end": row["interval_end_at"]}
        return _address("contacts", **{**kept, "of": "service_level_ratio", **more})
    if kind == "forecasts":
        more = {"start": row["window_start_at"], "end": row["window_end_at"]}
        queue = {"queue": said["of_queue"]} if "of_queue" in said else {}
        return _address("contacts", **{**kept, **queue, "of": "offered_calls", **more})
    return None


def told(kind: str, said: Mapping[str, str], known_at: datetime | None, *, zone_name: str) -> list[str]:
    """What narrows such a list beside the choices of a view, in words."""
    found = []
    if kind == "calls" and said.get("weekday", "") in tuple("0123456"):
        found.append(weekday_word(int(said["weekday"])))
    if kind == "calls" and said.get("quarter", "").isdigit():
        found.append(t("offered from {time}", time=clock_text(int(said["quarter"]))))
    if known_at is not None:
        found.append(t("as known at {instant}", instant=words.instant(known_at, zone_name)))
    return found


def _address(page_name: str, **params: Any) -> str:
    told = {
        name: value.isoformat() if hasattr(value, "isoformat") else str(value)
        for name, value in params.items()
    }
    return f"{page_name}?{urlencode(told)}"


def _agent(row: Row) -> str:
    return str(words.name(row["agent_name"]))


def _clock(at: Any, zone_name: str) -> str:
    return words.moment(at, zone_name).rpartition(" ")[2]


def _shift_columns() -> list[Block]:
    return [column(t("Agent")), column(t("What")), column(t("until")), column(t("Lasted"), "end")]


def _shift_cells(row: Row, zone_name: str) -> list[Block | str]:
    kinds = {**kind_words(), "on_queue": t("On queues")}
    lasted = (row["ended_at"] - row["started_at"]).total_seconds()
    return [
        _agent(row),
        kinds.get(row["kind_name"], words.UNKNOWN),
        _clock(row["ended_at"], zone_name),
        words.duration(lasted),
    ]


def _pause_columns() -> list[Block]:
    return [column(t("Agent")), column(t("Reason")), column(t("until")), column(t("Lasted"), "end")]


def _pause_cells(row: Row, zone_name: str) -> list[Block | str]:
    return [
        _agent(row),
        reason_word(row["reason_name"]),
        _clock(row["ended_at"], zone_name),
        words.duration(row["spent_seconds"]),
    ]


def _strain_columns() -> list[Block]:
    return [column(t("Agent")), column(t("Occupancy"), "end"), column(t("Busy"), "end")]


def _strain_cells(row: Row, _zone_name: str) -> list[Block | str]:
    return [
        _agent(row),
        words.ratio(row["busy_seconds"] / row["at_hand_seconds"]),
        words.duration(row["busy_seconds"]),
    ]


def _given_columns() -> list[Block]:
    return [
        column(t("Agent")),
        column(t("Queue")),
        column(t("Idle before it"), "end"),
        column(t("Had a choice"), wide=True),
        column(t("Had waited longest"), wide=True),
        column(t("Call"), wide=True),
    ]


def _given_cells(row: Row, _zone_name: str) -> list[Block | str]:
    longest = t("yes") if row["is_longest_idle_first"] else t("no")
    return [
        _agent(row),
        words.name(row["queue_name"]),
        words.duration(row["spent_seconds"]),
        t("yes") if row["is_routed"] else t("no"),
        longest if row["is_routed"] else words.UNKNOWN,
        f"{row['call_id']} ({row['source_name']})",
    ]


def _ring_columns() -> list[Block]:
    return [
        column(t("Agent")),
        column(t("Queue")),
        column(t("Rang for"), "end"),
        column(t("Answered")),
        column(t("Source"), wide=True),
    ]


def _ring_cells(row: Row, _zone_name: str) -> list[Block | str]:
    return [
        _agent(row),
        words.name(row["queue_name"]) if row["queue_name"] else words.UNKNOWN,
        words.duration(row["spent_seconds"]),
        board.status("good", t("yes")) if row["is_answered"] else board.status("off", t("no")),
        row["source_name"],
    ]


def _live_columns() -> list[Block]:
    return [
        column(t("Agent")),
        column(t("Team"), wide=True),
        column(t("State")),
        column(t("Reason")),
        column(t("Queue")),
        column(t("Lasted"), "end"),
    ]


def _live_cells(row: Row, _zone_name: str) -> list[Block | str]:
    return [
        _agent(row),
        words.name(row["team_name"]) if row["team_name"] else words.UNKNOWN,
        state_words().get(row["state_name"], words.UNKNOWN),
        words.name(row["reason_name"]) if row["reason_name"] else words.UNKNOWN,
        words.name(row["queue_name"]) if row["queue_name"] else words.UNKNOWN,
        words.duration(row["state_seconds"]),
    ]


def _interval_columns() -> list[Block]:
    return [
        column(t("Service level"), "end"),
        column(t("Against target")),
        column(t("Offered"), "end"),
    ]


def _interval_cells(row: Row, _zone_name: str) -> list[Block | str]:
    level, target = row["service_level_ratio"], row["service_level_target_ratio"]
    return [
        words.ratio(level, against=target),
        board.against_target(level, target),
        words.number(row["offered_calls"]),
    ]


def _forecast_columns() -> list[Block]:
    return [column(t("Made for")), column(t("Offered then"), "end")]


def _forecast_cells(row: Row, _zone_name: str) -> list[Block | str]:
    return [words.day(row["day_date"]), words.number(round(row["expected_number"], 1))]


Columns = Callable[[], list[Block]]
Cells = Callable[[Row, str], list[Block | str]]
TABLES: Mapping[str, tuple[Columns, Cells]] = {
    "shifts": (_shift_columns, _shift_cells),
    "pauses": (_pause_columns, _pause_cells),
    "strains": (_strain_columns, _strain_cells),
    "given": (_given_columns, _given_cells),
    "rings": (_ring_columns, _ring_cells),
    "live_agents": (_live_columns, _live_cells),
    "intervals": (_interval_columns, _interval_cells),
    "forecasts": (_forecast_columns, _forecast_cells),
}
