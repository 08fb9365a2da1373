"""Saves rules of alerts, and what people say of alerts that fire: made, amended, muted, tested, acknowledged.

In: a connection, a rule, who does it. Out: rows of ops.alert_rules, its log and its outbox, in one transaction.
The rule it guards: a rule that could never fire, or would never end, is refused with a sentence; every change is in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy import Connection

from sql import audit, measures, metrics, notices
from sql.measures import MeasureError
from sql.warehouse import execute, frame, one_row, statement

MAILBOX = re.compile(r"[^\s@<>,;\"']{1,64}@[^\s@<>,;\"']{1,255}")
MOST_TARGETS = 20


class AlertError(Exception):
    """A rule that cannot be saved, or an alert that has changed; the message says what was found and the next step."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of an alert, as a person writes it."""

    rule_name: str
    measure_name: str
    metric_name: str
    scope_kind_name: str
    scope_key: str
    window_seconds: int
    comparison_name: str
    threshold_value: float
    clear_value: float
    minimum_count: int
    hold_seconds: int
    severity_name: str
    email_text: str = ""
    webhook_text: str = ""
    quiet_from_seconds: int | None = None
    quiet_until_seconds: int | None = None


def faults(rule: Rule) -> list[str]:
    """Why the rule cannot be saved, one sentence each; empty for one that can."""
    found = (
        [] if rule.rule_name.strip() else ["The rule has no name; give it one that everybody understands."]
    )
    try:
        one = measures.measure(rule.measure_name)
        if one.has_metric:
            metric = metrics.metric(rule.metric_name)
            measures.family(
                metric, rule.scope_kind_name, is_live=rule.window_seconds <= measures.LONGEST_LIVE_SECONDS
            )
            if one.metric_names and metric.name not in one.metric_names:
                found.append(
                    f"'{one.name}' is measured of {', '.join(one.metric_names)} only; choose that metric."
                )
        elif rule.scope_kind_name not in one.scopes:
            found.append(f"It can be told by {', '.join(one.scopes)} only; choose one of them.")
    except (MeasureError, metrics.MetricError) as error:
        found.append(str(error))
    if rule.comparison_name == "above" and rule.clear_value > rule.threshold_value:
        found.append(
            "It fires above the threshold, so it must end at the threshold or below it; lower where it ends."
        )
    if rule.comparison_name == "below" and rule.clear_value < rule.threshold_value:
        found.append(
            "It fires below the threshold, so it must end at the threshold or above it; raise where it ends."
        )
    return [*found, *_target_faults(rule)]


def _target_faults(rule: Rule) -> list[str]:
    found = []
    mails, hooks = rule.email_text.split(), rule.webhook_text.split()
    found += [f"'{one}' is no e-mail address; correct it." for one in mails if not MAILBOX.fullmatch(one)]
    for one in hooks:
        try:
            parts = urlsplit(one)
            is_address = parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.username
        except ValueError:
            is_address = False
        if not is_address:
            found.append(f"'{one}' is no address of the form https://host/path; correct it.")
    if max(len(mails), len(hooks)) > MOST_TARGETS:
        found.append(f"At most {MOST_TARGETS} addresses of a kind; use a mailing list instead.")
    return found


def make_rule(connection: Connection, *, rule: Rule, viewer_name: str, at: datetime) -> int:
    """Makes a rule; its number. AlertError where it cannot be saved."""
    _refuse(rule)
    (rule_id,) = one_row(connection, "alerts/make", **asdict(rule), viewer_name=viewer_name, at=at)
    _log(connection, rule_id, "made", viewer_name, at, told={"after": _terms(rule)})
    return int(rule_id)


def amend_rule(
    connection: Connection, *, rule_id: int, version_number: int, rule: Rule, viewer_name: str, at: datetime
) -> None:
    """Gives a rule other terms; its alerts begin anew. AlertError where it is another one by now."""
    _refuse(rule)
    before = next(iter(frame(connection, "alerts/rule", rule_id=rule_id).to_dicts()), {})
    if not execute(
        connection, "alerts/amend", **asdict(rule), rule_id=rule_id, version_number=version_number
    ):
        raise AlertError(
            "Somebody has changed this rule meanwhile, so nothing was saved; expected it as you saw it. Look at it again."
        )
    differences = audit.differences(before, {name: asdict(rule)[name] for name in before})
    _log(connection, rule_id, "amended", viewer_name, at, told=differences)


def switch_rule(
    connection: Connection, *, row: Mapping[str, Any], change_name: str, until_at: datetime | None, viewer_name: str,
    at: datetime,
) -> None:  # fmt: skip
    """Mutes a rule until an instant, lets it be heard again, switches it off or on, or removes it."""
    changes: dict[str, dict[str, Any]] = {
        "muted": {"muted_until_at": until_at},
        "unmuted": {"muted_until_at": None},
        "switched off": {"is_active": False},
        "switched on": {"is_active": True},
        "removed": {"removed_at": at},
    }
    values = {name: row[name] for name in ("muted_until_at", "is_active")} | {"removed_at": None}
    values |= changes[change_name]
    if not execute(connection, "alerts/switch", rule_id=row["rule_id"], **values):
        raise AlertError("This rule has been removed meanwhile, so nothing was done.")
    told = {} if until_at is None else {"until_at": until_at}
    _log(connection, row["rule_id"], change_name, viewer_name, at, told=told)


def try_rule(connection: Connection, *, row: Mapping[str, Any], viewer_name: str, at: datetime) -> int:
    """Puts a word into the outbox for everybody whom the rule tells; how many. AlertError where it tells nobody."""
    targets = [
        (way_name, target) for way_name in ("email", "webhook") for target in row[f"{way_name}_text"].split()
    ]
    if not targets:
        raise AlertError(
            "This rule tells nobody outside of the boards, so there is nothing to test; give it an e-mail address."
        )
    event_id = _log(connection, row["rule_id"], "test", viewer_name, at)
    for way_name, target in targets:
        execute(
            connection,
            "watch/delivery_add",
            event_id=event_id,
            due_at=at,
            way_name=way_name,
            target_text=target,
        )
    return len(targets)


def acknowledge(
    connection: Connection,
    *,
    rule_id: int,
    scope_id: str,
    firing_number: int,
    note_text: str,
    viewer_name: str,
    at: datetime,
) -> None:
    """Notes that somebody has seen an alert that fires. AlertError where that firing is over."""
    found = connection.execute(
        sa.text(statement("alerts/acknowledge")),
        {
            "rule_id": rule_id,
            "scope_id": scope_id,
            "firing_number": firing_number,
            "note_text": note_text.strip()[:500] or None,
            "viewer_name": viewer_name,
            "at": at,
        },
    ).one_or_none()
    if found is None:
        raise AlertError("This alert is over by now, so there is nothing to acknowledge.")
    _log(
        connection,
        rule_id,
        "acknowledged",
        viewer_name,
        at,
        scope_id=scope_id,
        scope_name=found.scope_name,
        firing_number=firing_number,
        measured_value=found.measured_value,
        measured_count=found.measured_count,
        note_text=note_text.strip()[:500] or None,
    )
    notices.tell(connection)


def _refuse(rule: Rule) -> None:
    if found := faults(rule):
        raise AlertError(" ".join(found))


def _terms(rule: Rule) -> dict[str, Any]:
    """What a rule says, without the addresses of whom it tells."""
    return {name: value for name, value in asdict(rule).items() if not name.endswith("_text")}


def _log(
    connection: Connection,
    rule_id: int,
    change_name: str,
    viewer_name: str,
    at: datetime,
    *,
    told: Mapping[str, Any] | None = None,
    **more: Any,
) -> int:
    values = {
        "firing_number": 0,
        "measured_count": None,
        "measured_value": None,
        "scope_id": "",
        "scope_name": "",
        "note_text": None,
        **more,
    }
    (event_id,) = one_row(
        connection,
        "watch/event_add",
        occurred_at=at,
        rule_id=rule_id,
        change_name=change_name,
        viewer_name=viewer_name,
        **values,
    )
    what_name = "alert.acknowledged" if change_name == "acknowledged" else "alert.rule"
    of_name = f"alert rule {rule_id}"
    audit.note(connection, what_name=what_name, of_name=of_name, told={"did": change_name, **(told or {})})
    return int(event_id)
