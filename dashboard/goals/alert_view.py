"""Alerts as bands, lists and tables: what fires now, the rules, what happened.

In: the frames of the questions. Out: blocks for `board.show`. The rule it guards: an alert says its severity in shape, word
and colour, what was measured against what, and since when; without fresh data it says so instead of a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block
from dashboard.goals import amount_view
from dashboard.words import t, t_count
from sql import measures, metrics

TONES = {"critical": "off", "warning": "near", "information": "none"}
MOST_IN_BAND = 3
Row = Mapping[str, Any]


def severity_word(name: str) -> str:
    """The word of a severity."""
    return {"critical": t("Critical"), "warning": t("Warning"), "information": t("Information")}[name]


def measured_word(measure_name: str, metric_name: str) -> str:
    """What a rule measures, in words."""
    label = t(metrics.metric(metric_name).label) if metric_name else ""
    known = {
        "metric": label,
        "target_gap": t("Service level against the queue's own target"),
        "change_against_weeks": t("{metric} against the same weekday of four weeks", metric=label),
        "slope": t("{metric}, change per hour", metric=label),
        "waiting_calls": t("Contacts waiting"),
        "oldest_wait_seconds": t("Oldest wait"),
        "available_agents": t("Agents available"),
        "data_age_seconds": t("Age of the newest event"),
        "data_overdue_seconds": t("Silence past the source's own limit"),
    }
    return known[measure_name]


def value_text(row: Row, value: float | None) -> str:
    """A value of what the row's rule measures."""
    if row["measure_name"] == "target_gap":
        return amount_view.against_target(value)
    return amount_view.shown(
        value,
        amount_view.unit_of(row["measure_name"], row["metric_name"]),
        is_signed=row["measure_name"] in amount_view.SIGNED,
    )


def limit_text(row: Row) -> str:
    """The threshold of a rule: "above 5:00", "below its target"."""
    if row["measure_name"] == "target_gap":
        return amount_view.target_limit(row["threshold_value"], row["comparison_name"])
    threshold = value_text(row, row["threshold_value"])
    return (
        t("above {value}", value=threshold)
        if row["comparison_name"] == "above"
        else t("below {value}", value=threshold)
    )


def scope_text(row: Row) -> str:
    """What an alert is about: "Sales", "Everything"."""
    return words.name(row["scope_name"]) if row["scope_name"] else t("Everything")


def rule_scope_text(row: Row) -> str:
    """What a rule watches: everything, each queue, or one of them."""
    if row["scope_kind_name"] == "everything" or row["scope_key"]:
        return amount_view.scope_word(row["scope_kind_name"], row["scope_name"])
    return {
        "queue": t("Each queue"),
        "group": t("Each group"),
        "team": t("Each team"),
        "source": t("Each source"),
    }[row["scope_kind_name"]]


def heard(alerts: pl.DataFrame) -> pl.DataFrame:
    """The alerts that are not muted."""
    return alerts.filter(~pl.col("is_muted")) if alerts.height else alerts


def unseen(alerts: pl.DataFrame) -> pl.DataFrame:
    """The alerts of the band: not muted, and seen by nobody yet; the most severe of them."""
    found = heard(alerts)
    return found.filter(pl.col("acknowledged_at").is_null()).head(MOST_IN_BAND) if found.height else found


def band(alerts: pl.DataFrame, *, at: datetime) -> Block | None:
    """The band on every page's head: the most severe alerts that nobody has seen yet, and how many more fire."""
    if not (more := heard(alerts).height):
        return None
    shown = unseen(alerts).to_dicts()
    more -= len(shown)
    more_text = t_count("{n} more alert fires", "{n} more alerts fire", more) if more else t("All alerts")
    if not shown:
        more_text = t_count("{n} alert fires, seen by somebody", "{n} alerts fire, seen by somebody", more)
    return {
        "kind": "alerts",
        "is_band": True,
        "label": t("Alerts that fire now"),
        "items": [_item(row, at) for row in shown],
        "more": {"text": more_text, "here": "alerts?part=now"},
    }


def firing(alerts: pl.DataFrame, *, at: datetime) -> Block:
    """Every alert that fires now, for the page of alerts."""
    return {
        "kind": "alerts",
        "is_band": False,
        "label": t("Alerts that fire now"),
        "items": [_item(row, at) for row in alerts.to_dicts()],
        "more": None,
    }


def _item(row: dict[str, Any], at: datetime) -> Block:
    since = words.age((at - row["fired_at"]).total_seconds())
    notes = []
    if row["acknowledged_at"] is not None:
        who = row["acknowledged_by_name"]  # told to those who stand in for a floor alone
        notes.append(t("Seen") if who is None else t("seen by {name}", name=words.name(who)))
        if row["note_text"]:
            notes.append(f"“{row['note_text']}”")
    if row["state_name"] == "clearing":
        notes.append(t("about to end"))
    if not row["is_known"]:
        notes.append(t("no fresh data"))
    if row["is_muted"]:
        notes.append(t("muted"))
    tone = "none" if row["acknowledged_at"] is not None or row["is_muted"] else TONES[row["severity_name"]]
    shape = {"critical": "square", "warning": "triangle", "information": "circle"}[row["severity_name"]]
    return {
        "key": f"{row['rule_id']}-{row['scope_id']}",
        "tone": tone,
        "severity": {
            "tone": TONES[row["severity_name"]],
            "shape": shape,
            "word": severity_word(row["severity_name"]),
        },
        "title": words.name(row["rule_name"]),
        "scope": scope_text(row),
        "value": value_text(row, row["measured_value"]),
        "limit": _measured_text(row),
        "since": t("for {age}", age=since),
        "n": t("n = {n}", n=words.number(row["measured_count"])),
        "note": " · ".join(notes),
    }


def _measured_text(row: Row) -> str:
    """What was measured against what, and over what time: "Abandonment rate above 10%, over the last 1 h"."""
    is_gap = row["measure_name"] == "target_gap"  # its value says already that it is of the target
    text = t("Service level") if is_gap else measured_word(row["measure_name"], row["metric_name"])
    if not is_gap or row["threshold_value"]:
        text = t("{what} {limit}", what=text, limit=limit_text(row))
    if not measures.measure(row["measure_name"]).has_metric:
        return text
    return t("{text}, over the last {time}", text=text, time=words.age(row["window_seconds"]))


def tiles(alerts: pl.DataFrame, rules: pl.DataFrame) -> Block:
    """How many alerts fire, by severity, and how the rules stand."""
    up = heard(alerts)
    active = rules.filter(pl.col("is_active"))
    drawn = [
        board.count_tile(
            severity,
            severity_word(severity),
            count := up.filter(pl.col("severity_name") == severity).height,
            more=t("firing now"),
            **({"status": board.status(TONES[severity], "")} if count else {}),
        )
        for severity in ("critical", "warning", "information")
    ]
    unknown = int(active["unknown_count"].sum() or 0)
    drawn.append(
        board.count_tile(
            "rules",
            t("Rules"),
            active.height,
            more=t("{n} measured without fresh data", n=unknown)
            if unknown
            else t("watched every 30 seconds"),
        )
    )
    return {"kind": "tiles", "tiles": drawn}


def quiet_notice(rules: pl.DataFrame) -> Block:
    """That nothing fires, or that there is nothing that could."""
    if rules.is_empty():
        return board.notice(
            "none",
            t("No rule yet. What should nobody have to look for?"),
            t("A rule watches one figure and says when it has been past its threshold for long enough."),
            steps=[
                t("Open Rules above, and choose a template there, such as “Oldest wait over 5 minutes”."),
                t("Say who is told: everybody on the boards, and whom you name by e-mail or webhook."),
                t("Test it with one button before it matters."),
            ],
            page=True,
        )
    return board.notice(
        "good",
        t("Nothing fires."),
        t("The loader measures every rule twice a minute and says here what passes."),
    )


def rule_table(rules: pl.DataFrame, *, at: datetime, zone_name: str) -> Block:
    """One row per rule: what it watches, when it fires, who is told, and how it stands."""
    return board.table(
        t("Rules"),
        [
            board.column(t("Rule"), "text"),
            board.column(t("Stands")),
            board.column(t("Fires when"), "text"),
            board.column(t("Severity"), wide=True),
            board.column(t("Tells"), "text", wide=True),
        ],
        [
            {
                "key": str(row["rule_id"]),
                "tone": "off" if row["error_text"] else "none",
                "cells": [
                    board.inside(words.name(row["rule_name"]), part="rules", rule=str(row["rule_id"])),
                    rule_status(row, at=at, zone_name=zone_name),
                    fires_text(row),
                    severity_word(row["severity_name"]),
                    tells_text(row),
                ],
            }
            for row in rules.to_dicts()
        ],
        title=t("Rules"),
        lead=t("Choose one to change, mute, test or remove it."),
        nothing=t("No rule yet. Make the first one below."),
    )


def rule_status(row: Row, *, at: datetime, zone_name: str) -> Block:
    """How a rule stands, in one mark and word."""
    if not row["is_active"]:
        return board.status("none", t("Switched off"))
    if row["error_text"]:
        return board.status("off", t("Cannot be measured"))
    if row["muted_until_at"] is not None and row["muted_until_at"] > at:
        return board.status(
            "none", t("Muted until {instant}", instant=words.moment(row["muted_until_at"], zone_name))
        )
    if row["firing_count"]:
        return board.status(TONES[row["severity_name"]], t("{n} firing", n=row["firing_count"]))
    if row["evaluated_at"] is None:
        return board.status("none", t("Not measured yet"))
    if row["unknown_count"] and row["unknown_count"] == row["scope_count"]:
        return board.status("none", t("No data"))
    if row["pending_count"]:
        return board.status("near", t("{n} in its hold", n=row["pending_count"]))
    return board.status("good", t("Quiet"))


def fires_text(row: Row) -> str:
    """When a rule fires and when it ends, in one sentence."""
    parts = [
        f"{measured_word(row['measure_name'], row['metric_name'])} · {rule_scope_text(row)}: {limit_text(row)}",
    ]
    if row["hold_seconds"]:
        parts.append(t("for {time}", time=words.age(row["hold_seconds"])))
    if measures.measure(row["measure_name"]).has_metric:
        parts.append(t("over the last {time}", time=words.age(row["window_seconds"])))
    if row["minimum_count"] > 1:
        parts.append(t("with n of at least {n}", n=words.number(row["minimum_count"])))
    if row["clear_value"] != row["threshold_value"]:
        parts.append(t("ends at {value}", value=value_text(row, row["clear_value"])))
    if row["quiet_from_seconds"] is not None:
        parts.append(
            t(
                "no words from {start} to {end}",
                start=clock_text(row["quiet_from_seconds"]),
                end=clock_text(row["quiet_until_seconds"]),
            )
        )
    return ", ".join(parts)


def clock_text(seconds: int) -> str:
    """A time of day: 79200 -> "22:00"."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def tells_text(row: Row) -> str:
    """Who is told: the boards always, then mailboxes and the hosts of webhooks."""
    hosts = [one.split("/")[2] for one in row["webhook_text"].split() if one.count("/") >= 2]
    return ", ".join([t("the boards"), *row["email_text"].split(), *hosts])


def change_word(name: str) -> str:
    """What happened to an alert or its rule."""
    return {
        "pending": t("Past its threshold"),
        "passed over": t("Passed over before its hold ended"),
        "fired": t("Fired"),
        "acknowledged": t("Acknowledged"),
        "clearing": t("Back within its bounds"),
        "fired again": t("Past its bounds again"),
        "ended": t("Over"),
        "no data": t("No data"),
        "data again": t("Data again"),
        "test": t("Tested"),
        "made": t("Rule made"),
        "amended": t("Rule changed"),
        "muted": t("Muted"),
        "unmuted": t("Heard again"),
        "switched off": t("Switched off"),
        "switched on": t("Switched on"),
        "removed": t("Rule removed"),
    }[name]


def log_table(log: pl.DataFrame, *, zone_name: str) -> Block:
    """What happened in the last 30 days, the newest first."""
    tones = {"fired": "off", "ended": "good"}
    lines = []
    for row in log.to_dicts():
        change = change_word(row["change_name"])
        tone = tones.get(row["change_name"])
        lines.append(
            {
                "key": str(row["event_id"]),
                "cells": [
                    words.moment(row["occurred_at"], zone_name),
                    board.status(tone, change) if tone else change,
                    words.name(row["rule_name"]),
                    scope_text(row) if row["measured_count"] is not None else "",
                    board.leading(value_text(row, row["measured_value"]), rows_then(row))
                    if row["measured_count"] is not None
                    else "",
                    said_text(row),
                ],
            }
        )
    return board.table(
        t("Log"),
        [
            board.column(t("When")),
            board.column(t("What")),
            board.column(t("Rule"), "text"),
            board.column(t("Where"), wide=True),
            board.column(t("Value"), "end"),
            board.column(t("Who, and whether words arrived"), "text", wide=True),
        ],
        lines,
        title=t("Log"),
        lead=t("Every change of the last 30 days, the newest first."),
        nothing=t("Nothing has happened yet."),
    )


def rows_then(row: Row) -> str | None:
    """The address of the contacts or agents behind a value of that instant; None of a value that is no count of them."""
    of_name = {
        "waiting_calls": "waiting_calls",
        "oldest_wait_seconds": "waiting_calls",
        "available_agents": "available_agents",
    }.get(row["measure_name"])
    kind, scope = row.get("scope_kind_name"), row.get("scope_id")
    is_told = kind == "everything" or (kind in ("queue", "group") and of_name == "waiting_calls")
    if of_name is None or not is_told or not row["measured_count"]:
        return None
    narrowed = {kind: scope} if kind in ("queue", "group") else {}
    return f"contacts?{urlencode({'of': of_name, 'as_of': row['occurred_at'].isoformat(), **narrowed})}"


def said_text(row: Row) -> str:
    """Who did it, what was said, and what became of the words that went out."""
    parts: Sequence[str] = [words.name(row["viewer_name"])] if row["viewer_name"] else []
    if row["note_text"]:
        parts = [*parts, f"“{row['note_text']}”"]
    if row["word_count"]:
        arrived = t("{n} of {all} delivered", n=row["delivered_count"], all=row["word_count"])
        parts = [*parts, arrived, *([row["error_text"]] if row["error_text"] else [])]
    return " · ".join(parts)


def way_notices(ways: pl.DataFrame, rules: pl.DataFrame) -> list[Block]:
    """What keeps words of alerts in the house, where some rule wants them out."""
    ready = {row["way_name"]: row["is_ready"] for row in ways.to_dicts()}
    wanted = {
        "email": any(row["email_text"] for row in rules.to_dicts()),
        "webhook": any(row["webhook_text"] for row in rules.to_dicts()),
    }
    told = {
        "email": t(
            "Add the table `[alerts.smtp]` to `floorboard.toml` and start the loader again; words wait until then."
        ),
        "webhook": t(
            "List their hosts in `webhook_hosts` under `[alerts]` in `floorboard.toml` and start the loader again."
        ),
    }
    titles = {"email": t("No mail server is named."), "webhook": t("No host of webhooks is listed.")}
    return [
        {**board.notice("near", titles[name], told[name]), "key": f"way-{name}"}
        for name in ("email", "webhook")
        if wanted[name] and not ready.get(name, False)
    ]
