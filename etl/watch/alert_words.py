"""What is told of an alert outside of the boards: one line, one message, one record for programs.

In: a row of the outbox with its event and rule. Out: the subject and body of an e-mail, or a JSON object.
The rule it guards: what happened, to what, since when, and by how much, in one look; never a caller's number, never a note
that somebody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sql import measures, metrics

FORMAT_VERSION = 1
Row = Mapping[str, Any]
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){6,}|(?<!\S)[^\s@]+@\S+")
_MEASURES = {
    "target_gap": "Service level",
    "waiting_calls": "Contacts waiting",
    "oldest_wait_seconds": "Oldest wait",
    "available_agents": "Agents available",
    "data_age_seconds": "Age of the newest event",
    "data_overdue_seconds": "Silence past the source's own limit",
}


def measured_word(row: Row) -> str:
    """What a rule measures, in words."""
    label = metrics.metric(row["metric_name"]).label if row["metric_name"] else ""
    if row["measure_name"] == "change_against_weeks":
        return f"{label} against the same weekday of the last four weeks"
    if row["measure_name"] == "slope":
        return f"{label}, change per hour"
    return _MEASURES.get(row["measure_name"], label)


def unit_of(row: Row) -> str:
    """The unit of what a rule measures: ratio, seconds, count, points, score or amount."""
    unit = measures.measure(row["measure_name"]).unit
    return unit or metrics.metric(row["metric_name"]).unit


def amount(value: float | None, unit: str, *, is_signed: bool = False) -> str:
    """A value with its unit: 0.745 -> "74.5 %", 312 -> "5:12"; a dash where nothing is known."""
    if value is None:
        return "–"
    sign = "-" if value < 0 else "+" if is_signed else ""
    size = abs(value)
    if unit == "ratio":
        return f"{sign}{size * 100:.1f} %"
    if unit == "seconds":
        whole = round(size)
        hours, rest = divmod(whole, 3600)
        clock = f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
        return f"{sign}{clock}" if whole >= 60 else f"{sign}{whole} s"
    return f"{sign}{size:,.0f}" if float(size).is_integer() else f"{sign}{size:,.1f}"


def from_target(gap: float | None) -> str:
    """How far a share is from its target: -0.086 -> "8.6 points below its target"."""
    if gap is None:
        return "–"
    size = f"{abs(gap) * 100:.1f}".removesuffix(".0")
    return f"{size} points {'below' if gap < 0 else 'above'} its target" if size != "0" else "at its target"


def line(row: Row) -> str:
    """What happened, in one line: "Fired: Oldest wait, Sales: 6:12, above 5:00 (n = 3)"."""
    unit, is_signed = (
        unit_of(row),
        row["measure_name"] in ("change_against_weeks", "slope", "data_overdue_seconds"),
    )
    happened = {"fired": "Fired", "ended": "Over", "test": "Test"}.get(row["change_name"], row["change_name"])
    where = without_numbers(row["scope_name"]) or "everything"
    value = amount(row["measured_value"], unit, is_signed=is_signed)
    threshold = amount(row["threshold_value"], unit, is_signed=is_signed)
    limit = f"{row['comparison_name']} {threshold}"
    if row["measure_name"] == "target_gap":
        value = from_target(row["measured_value"])
        limit = f"{row['comparison_name']} its target"
        if far := row["threshold_value"]:
            is_more = (far < 0) == (row["comparison_name"] == "below")
            limit = f"{'more' if is_more else 'less'} than {from_target(far)}"
    if row["change_name"] == "test":
        return f"Test: {measured_word(row)}, {where}; it fires {limit}"
    told = f"{happened}: {measured_word(row)}, {where}: {value}"
    limit = limit if row["change_name"] == "fired" else f"no longer {limit}"
    parts = [told] if told.endswith(limit) else [told, limit]
    return f"{', '.join(parts)} (n = {row['measured_count'] or 0:,})"


def subject(rows: Sequence[Row], *, site_name: str) -> str:
    """The subject of the e-mail about one word, or about several at once."""
    if len(rows) == 1:
        [row] = rows
        return _one_line(
            f"[{site_name}] {row['severity_name']}: {without_numbers(row['rule_name'])} - {line(row)}"
        )
    fired = sum(row["change_name"] == "fired" for row in rows)
    return _one_line(f"[{site_name}] {len(rows)} words of alerts, {fired} of them fired")


def body(rows: Sequence[Row], *, site_name: str, zone_name: str, board_address: str | None) -> str:
    """The text of the e-mail: a paragraph for each word, the most severe first, and where to look."""
    order = {"critical": 0, "warning": 1, "information": 2}
    ordered = sorted(rows, key=lambda row: (order[row["severity_name"]], row["occurred_at"]))
    parts = [
        f"{row['severity_name'].upper()}  {without_numbers(row['rule_name'])}\n{line(row)}\n"
        f"{_at(row['occurred_at'], zone_name)}"
        for row in ordered
    ]
    where = f"{board_address.rstrip('/')}/alerts" if board_address else "the page Alerts"
    foot = f"Acknowledge, mute or change it: {where}\nFloorboard, {site_name}"
    return "\n\n".join([*parts, "-- \n" + foot]) + "\n"


def record(row: Row, *, site_name: str) -> dict[str, Any]:
    """One word as a program takes it; docs/alerts.md says what each key means."""
    return {
        "version": FORMAT_VERSION,
        "id": row["delivery_id"],
        "event_id": row["event_id"],
        "kind": row["change_name"],
        "occurred_at": row["occurred_at"].isoformat(),
        "site_name": site_name,
        "severity": row["severity_name"],
        "text": line(row),
        "rule": {
            "id": row["rule_id"],
            "name": without_numbers(row["rule_name"]),
            "measure": row["measure_name"],
            "metric": row["metric_name"] or None,
            "comparison": row["comparison_name"],
            "threshold": row["threshold_value"],
            "minimum_n": row["minimum_count"],
            "window_seconds": row["window_seconds"],
        },
        "scope": {
            "kind": row["scope_kind_name"],
            "id": without_numbers(row["scope_id"]),
            "name": without_numbers(row["scope_name"]),
        },
        "firing_number": row["firing_number"],
        "value": row["measured_value"],
        "n": row["measured_count"],
        "unit": unit_of(row),
        "definition_version": metrics.definition_version(),
    }


def without_numbers(text: str) -> str:
    """The text without anything that could be somebody's number or address: a queue may be called after one."""
    return _LONG_NUMBER.sub("…", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:250]


def _at(at: datetime, zone_name: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone_name)):%Y-%m-%d %H:%M:%S %Z}"
