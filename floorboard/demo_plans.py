"""What the people of the demo have set up for themselves: promises of callbacks, goals, rules of alerts, weekly reports,
and whose name may stand on a wall.

In: the demo's warehouse with its history. Out: the same as the pages would keep, by the same functions.
The rule it guards: each is added only where nobody has made one yet; what a goal or a rule aims at is measured from the
floor's own history, as the pages do it.
"""

from __future__ import annotations

import time as clock_of_machine
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection, Engine

from dashboard import queries, words
from dashboard.access import EVERYONE, Viewer
from dashboard.goals import alert_desk, alert_saves, goal_desk, goal_path, goal_saves
from dashboard.goals.alert_saves import AlertError, Rule
from dashboard.goals.goal_path import Goal
from dashboard.organisation import organisation
from dashboard.organisation.organisation_rows import SHEETS, differences
from dashboard.own import consents
from dashboard.reports import report_requests
from dashboard.reports.report_figures import Asked, days_of
from etl.config import Settings
from sql import measures, metrics, warehouse

OWNERS = ("Piret Mets", "Jüri Kuusk", "Anneli Roos")
SPANS = (14, 7, 3)
"""Days since a goal was set, and of its baseline before that; the shorter ones for a demo with a short history."""
MINIMUM_COUNT = 20
PROMISES = {"VIP": 1800, "Sales": 3600, "Billing": 7200}
"""Within how many seconds a queue promises a callback; the others within a day."""
REPORT_NAME = "Week of the floor"
DAY_SECONDS = 86_400
REPORT_TIME = 6 * 3600 + 1800
SEEN = "Two colleagues are ill today; the late shift begins an hour earlier."
PATIENCE_SECONDS = 180.0
FROM_FIVE_TO_TWO = 2 / 5
Standing = str


class Scope(NamedTuple):
    """Of what something is measured, and what its metric was over the days of the baseline, and is now."""

    kind: str
    key: str
    name: str
    before: float
    before_count: int
    present: float
    present_count: int


def furnish(engine: Engine, settings: Settings, now: Callable[[], datetime]) -> None:
    """Adds what is missing; running it twice changes nothing."""
    zone = ZoneInfo(settings.site.time_zone)
    for work in (watch, aim, promise, report, allow):
        with warehouse.connected(engine, deadline_seconds=120.0) as connection:
            work(connection, zone, now())


def promise(connection: Connection, _zone: ZoneInfo, at: datetime) -> None:
    """Says per queue within what time callbacks are promised."""
    before = organisation.rows(connection, "queues")
    if any(row["callback_promise_seconds"] for row in before):
        return
    wanted = [
        row | {"callback_promise_seconds": PROMISES[row["queue_name"]]}
        if row["queue_name"] in PROMISES
        else row
        for row in before
    ]
    if changes := differences(SHEETS["queues"], before, list(enumerate(wanted))):
        organisation.save(connection, changes, viewer_name=OWNERS[0], now=at)


def allow(connection: Connection, _zone: ZoneInfo, at: datetime) -> None:
    """Two of three agents allow their name on walls and boards; each of them says so for themselves alone."""
    if queries.QUESTIONS["consented_agents"](connection, board_name="wall").height:
        return
    for name, agent_id in (
        queries.QUESTIONS["agents"](connection, as_of=at).select("agent_name", "agent_id").rows()
    ):
        if agent_id % 3:
            who = Viewer(name, EVERYONE, role_name="agent", agent_id=agent_id)
            for board_name in consents.BOARDS:
                consents.give(connection, viewer=who, agent_id=agent_id, board_name=board_name, at=at)


# ---- goals


def aim(connection: Connection, zone: ZoneInfo, at: datetime) -> None:
    """Sets two goals, two weeks ago where the history reaches: the template's wait where it is kept, and one behind."""
    if queries.QUESTIONS["goals"](connection, as_of=at).height:
        return
    today = at.astimezone(zone).date()
    waits, *others = goal_desk.templates()[:3]
    kept = _first(connection, (waits, *others), today, zone, wanted=("on_track", "reached"))
    behind = _first(connection, (*others, waits), today, zone, wanted=("behind",))
    for owner, goal in zip(OWNERS, (kept, behind), strict=False):
        if goal is not None:
            owned = replace(goal, owner_name=owner)
            begun = words.day_start(goal.started_date, zone.key) + timedelta(hours=9)
            goal_saves.make_goal(connection, goal=owned, viewer_name=owner, at=begun)


def _first(
    connection: Connection,
    templates: Sequence[goal_desk.Template],
    today: date,
    zone: ZoneInfo,
    *,
    wanted: tuple[Standing, ...],
) -> Goal | None:
    """The first goal of the templates that stands as wanted by now; none where the history is too short for any."""
    for days in SPANS:
        for template in templates:
            for goal in _goals(connection, template, today, zone, days=days, wanted=wanted):
                return goal
    return None


def _goals(
    connection: Connection,
    template: goal_desk.Template,
    today: date,
    zone: ZoneInfo,
    *,
    days: int,
    wanted: tuple[Standing, ...],
) -> Iterator[Goal]:
    """The goals of a template, of the scopes that stand as wanted by now; the worst baseline first."""
    record = metrics.metric(template.metric_name)
    started = today - timedelta(days=days)
    first, last = goal_path.baseline_days(started, days=days)
    found = sorted(
        _scopes(connection, template, (first, last), today, zone),
        key=lambda scope: scope.before,
        reverse=record.direction == "down",
    )
    for scope in found:
        name, target = _aimed(template, record, scope)
        goal = Goal(
            goal_name=name,
            metric_name=record.name,
            scope_kind_name=scope.kind,
            scope_key=scope.key,
            owner_name=OWNERS[0],
            baseline_value=scope.before,
            baseline_count=scope.before_count,
            baseline_first_date=first,
            baseline_last_date=last,
            target_value=target,
            started_date=started,
            deadline_date=started + timedelta(days=template.days),
            window_days=template.window_days,
            minimum_count=MINIMUM_COUNT,
        )
        faults = goal_path.faults(
            goal, label=record.label, direction=record.direction, band=record.band, unit=record.unit, today=started
        )  # fmt: skip
        if faults:  # such as a target that is met already
            continue
        stands = goal_path.standing(
            goal, value=scope.present, n=scope.present_count, measured_date=today, today=today
        )
        if stands.name in wanted:
            yield goal


def _aimed(template: goal_desk.Template, record: metrics.Metric, scope: Scope) -> tuple[str, float]:
    """The template's name and target; where the floor is better already, the same way in the floor's own figures."""
    target = template.target_value or 0.0
    is_better = target <= scope.before if record.direction == "up" else target >= scope.before
    if not is_better:
        return template.name, target
    target = (
        (1 + scope.before) / 2
        if record.direction == "up"
        else round(scope.before * FROM_FIVE_TO_TWO, 0 if record.unit == "seconds" else 3)
    )
    before, after = (words.value(record.name, value) for value in (scope.before, target))
    return f"{record.label} from {before} to {after} in three months", target


def _scopes(
    connection: Connection, template: goal_desk.Template, days: tuple[date, date], today: date, zone: ZoneInfo
) -> list[Scope]:
    """The whole site and each queue with enough to judge by, then and now."""
    known = queries.QUESTIONS["measured_scopes"](connection)
    scopes = [("everything", "", ""), *(row for row in known.rows() if row[0] == "queue")]
    present = (today - timedelta(days=template.window_days - 1), today)
    found = []
    for kind, key, name in scopes:
        values: list[tuple[float, int]] = []
        for first, last in (days, present):
            measured = queries.QUESTIONS["goal_baseline"](
                connection,
                metric_name=template.metric_name,
                scope_kind_name=kind,
                scope_key=key,
                window_start=words.day_start(first, zone.key),
                window_end=words.day_start(last + timedelta(days=1), zone.key),
            )
            value, n = measured.select("value", "n").row(0) if measured.height else (None, 0)
            if value is not None and (n or 0) >= MINIMUM_COUNT:
                values.append((float(value), int(n)))
        if len(values) == 2:
            found.append(Scope(kind, key, name, *values[0], *values[1]))
    return found


# ---- reports


def report(connection: Connection, zone: ZoneInfo, at: datetime) -> None:
    """A report of every week, and the two of the weeks before it, as somebody asked for them."""
    if queries.QUESTIONS["report_schedules"](connection).height:
        return
    today = at.astimezone(zone).date()
    last_week = days_of("weekly", today - timedelta(days=1))
    week_before = days_of("weekly", last_week[0] - timedelta(days=1))
    report_requests.add_schedule(
        connection, kind_name="weekly", name=REPORT_NAME, due_seconds=REPORT_TIME, address_text="", recipients="",
        viewer_name=OWNERS[2], at=at,
    )  # fmt: skip
    for days in (week_before, last_week):
        asked = Asked("weekly", *days, "", REPORT_NAME)
        report_requests.ask_report(connection, asked, viewer_name=OWNERS[2], at=at)


# ---- alerts


def watch(connection: Connection, _zone: ZoneInfo, at: datetime) -> None:
    """The rules that a floor has: what must never happen, and two that its own last day breaks."""
    if queries.QUESTIONS["alert_rules"](connection, as_of=at).height:
        return
    rules = alert_desk.templates()
    usual = ("Oldest wait over 5 minutes", "Nobody available", "A source is silent")
    made = [replace(rule, rule_name=name) for name, rule in rules.items() if name in usual]
    for rule in (*made, *_broken(connection, rules, at)):
        alert_saves.make_rule(connection, rule=rule, viewer_name=OWNERS[1], at=at)


def _broken(connection: Connection, rules: Mapping[str, Rule], at: datetime) -> Iterator[Rule]:
    """Two rules over a whole day, which say something at any hour: the queue furthest below its target, and the site."""
    level = replace(
        rules["Service level below the queue's target for 10 minutes"], window_seconds=DAY_SECONDS, hold_seconds=0,
        minimum_count=MINIMUM_COUNT,
    )  # fmt: skip
    gaps = measures.readings(
        connection, measure_name=level.measure_name, metric_name=level.metric_name, scope_kind_name="queue",
        scope_key="", window_start=at - timedelta(seconds=DAY_SECONDS), as_of=at,
    )  # fmt: skip
    known = gaps.filter((pl.col("n") >= MINIMUM_COUNT) & (pl.col("value") < 0)).sort("value")
    if known.height:
        yield replace(
            level,
            rule_name="Service level below the target in the last 24 hours",
            scope_key=known[0, "scope_id"],
        )
    gave_up = rules["Abandonment rate above 10 %"]
    share = measures.readings(
        connection, measure_name=gave_up.measure_name, metric_name=gave_up.metric_name, scope_kind_name="everything",
        scope_key="", window_start=at - timedelta(seconds=DAY_SECONDS), as_of=at,
    )  # fmt: skip
    found = share.filter(pl.col("n") >= MINIMUM_COUNT)
    whole = int(found[0, "value"] * 100) if found.height and found[0, "value"] is not None else 0
    if whole:
        yield replace(
            gave_up, rule_name=f"More than {whole} % of the callers of the last 24 hours gave up",
            scope_kind_name="everything",
            window_seconds=DAY_SECONDS, threshold_value=whole / 100, clear_value=whole / 200, hold_seconds=0,
        )  # fmt: skip


def acknowledge(engine: Engine, now: Callable[[], datetime]) -> None:
    """Sees one of the alerts that fire, once the loader has measured them; nothing where none or one fires."""
    until = clock_of_machine.monotonic() + PATIENCE_SECONDS
    while clock_of_machine.monotonic() < until:
        with warehouse.connected(engine) as connection:
            firing = queries.QUESTIONS["firing_alerts"](connection, as_of=now()).to_dicts()
            if any(row["acknowledged_at"] for row in firing):
                return
            of_the_site = [row for row in firing if row["scope_kind_name"] == "everything"]
            if len(firing) > 1 and of_the_site:
                [last, *_] = of_the_site
                place = {name: last[name] for name in ("rule_id", "scope_id", "firing_number")}
                try:
                    alert_saves.acknowledge(
                        connection, **place, note_text=SEEN, viewer_name=OWNERS[1], at=now()
                    )
                except AlertError:  # it ended meanwhile
                    continue
                return
        clock_of_machine.sleep(5.0)
