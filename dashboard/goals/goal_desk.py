"""The desk of the Goals page: templates, a baseline measured from the site's own data, amendments with their history.

In: what the address names (`goal`, `new`), what the person types. Out: goals saved through `desk.change`.
The rule it guards: nothing is saved that would make things worse or rests on too few, and every save can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.goals import amount_view, goal_path, goal_saves, goal_view
from dashboard.goals.amount_view import AmountError
from dashboard.goals.goal_path import Goal, GoalError
from dashboard.ui import choices, clock, desk, moments, visit, whose
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql import measures, metrics
from sql.measures import MeasureError
from sql.warehouse import WarehouseError

BASELINE_DAYS = (7, 28, 90)
WINDOW_DAYS = 28
KEY, NEW = "goal", "new"
GOALS = "goals"


@dataclass(frozen=True, slots=True)
class Template:
    """A goal that many sites have: a metric, what it should become, and in how many days."""

    name: str
    metric_name: str
    target_value: float | None
    days: int
    window_days: int = 7


def templates() -> tuple[Template, ...]:
    """The goals to begin with; the last one leaves everything open."""
    return (
        Template(
            t("Average wait from 5 to 2 minutes in three months"), "average_speed_of_answer_seconds", 120, 91
        ),
        Template(t("Service level to 80 % in three months"), "service_level_offered_no_short_ratio", 0.8, 91),
        Template(t("Abandonment rate below 5 % in two months"), "abandonment_ratio", 0.05, 61),
        Template(
            t("First reply to tickets within 4 hours in three months"),
            "average_first_reply_seconds",
            14_400,
            91,
        ),
        Template(t("95% of promises kept in half a year"), "sla_attainment_ratio", 0.95, 182, 28),
        Template(t("Another goal"), "average_handle_time_seconds", None, 91, WINDOW_DAYS),
    )


def opened() -> int | None:
    """The goal that the address names, if it names one."""
    return choices.number_in_address(KEY)


def is_making() -> bool:
    """Whether the address asks for the form of a new goal."""
    return choices.number_in_address(NEW) is not None


def show() -> None:
    """The desk below the page's content: the form of a new goal, or what can be done to the one that is open."""
    viewer = visit.viewer()
    if not viewer.may_change(GOALS):
        return
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(viewer)
        number = opened()
        if number is not None:
            _one(at, number)
        elif is_making():
            _form(at)
        elif st.button(t("Set a goal"), type="primary", icon=":material/flag:", key="set-goal"):
            choices.lead_to(NEW, 1)


def _is_theirs(at: Moment, kind_name: str, key: str) -> bool:
    """Whether goals of that scope are this person's to change: all, or those of the teams that they answer for."""
    teams = [str(number) for number in at.viewer.team_ids]
    return whose.sees_everybody(at.viewer) or (kind_name == "team" and key in teams)


def _one(at: Moment, number: int) -> None:
    if st.button(t("All goals"), icon=":material/arrow_back:", key="all-goals"):
        choices.lead_to(KEY, None)
    found = at.fresh("goals", as_of=at.present_at).filter(pl.col("goal_id") == number)
    if found.is_empty():
        return
    row = found.row(0, named=True)
    if not _is_theirs(at, row["scope_kind_name"], row["scope_key"]):
        return
    goal = goal_view.goal_of(row)
    with st.container(horizontal=True, gap="small", key="goal-buttons"):
        closing = t("Open this goal again") if goal.closed_at else t("Close this goal")
        if st.button(closing, icon=":material/task_alt:", key="close-goal"):
            _do(at, row, goal_saves.close_goal, reason_text="")
        undo = st.button(
            t("Take the last save back"),
            icon=":material/undo:",
            key="undo-goal",
            disabled=row["version_number"] < 2,
        )
        if undo:
            _do(at, row, goal_saves.undo_goal)
    if goal.closed_at is None:
        with st.expander(t("Amend this goal"), icon=":material/edit:"):
            _amend(at, row, goal)


def _amend(at: Moment, row: dict[str, Any], goal: Goal) -> None:
    record = metrics.metric(goal.metric_name)
    mark = f"{row['goal_id']}-{row['version_number']}"
    with st.form(f"amend-{mark}", border=False):
        name = st.text_input(t("Name"), goal.goal_name, max_chars=120)
        left, right = st.columns(2)
        target = left.text_input(t("Target"), amount_view.typed(goal.target_value, record.unit))
        deadline = right.date_input(t("Deadline"), goal.deadline_date, format="DD/MM/YYYY")
        owner = left.text_input(t("Owner"), goal.owner_name, max_chars=120)
        least = right.number_input(t("Minimum n to judge by"), 1, 1_000_000, goal.minimum_count)
        reason = st.text_input(t("Why"), max_chars=300, placeholder=t("stands in the history of the goal"))
        if not st.form_submit_button(t("Save"), type="primary"):
            return
    try:
        changed = replace(
            goal,
            goal_name=name.strip(),
            target_value=amount_view.read(target, record.unit),
            deadline_date=_day(deadline),
            owner_name=owner.strip(),
            minimum_count=int(least),
        )
    except (AmountError, GoalError) as error:
        _refused([str(error)])
        return
    if found := _faults(at, changed):
        _refused(found)
        return
    _do(at, row, goal_saves.amend_goal, goal=changed, before=goal, reason_text=reason.strip())


def _do(at: Moment, row: dict[str, Any], work: Callable[..., None], **values: Any) -> None:
    given = {"goal": goal_view.goal_of(row)} | values
    try:
        desk.change(
            at.viewer,
            GOALS,
            work,
            goal_id=row["goal_id"],
            version_number=row["version_number"],
            viewer_name=at.viewer.viewer_name,
            at=clock.now(),
            **given,
        )
    except GoalError as error:
        _refused([str(error)])
        return
    st.rerun()


def _form(at: Moment) -> None:
    """A new goal: what is measured first, so that its baseline stands there before anybody types a target."""
    if st.button(t("All goals"), icon=":material/arrow_back:", key="all-goals"):
        choices.lead_to(NEW, None)
    board.show(
        {
            "kind": "section",
            "title": t("Set a goal"),
            "lead": t("What is measured, from where to where, until when, and who answers for it."),
        },
        key="form-title",
    )
    able = [one.name for one in _aimable(at)]
    known = [one for one in templates() if one.metric_name in able]
    chosen = st.selectbox(t("Template"), known, format_func=lambda one: one.name, key="template")
    mark = chosen.metric_name
    left, middle, right = st.columns(3)
    metric_name = left.selectbox(
        t("Metric"),
        able,
        index=able.index(mark),
        format_func=lambda name: t(metrics.metric(name).label),
        key=f"metric-{mark}",
    )
    record = metrics.metric(metric_name)
    try:
        with middle:
            kind, key, scope_name = _scope(at, measures.scopes_of(record, is_live=False), mark)
    except MeasureError as error:
        _refused([str(error)])
        return
    days = right.selectbox(
        t("Baseline"),
        BASELINE_DAYS,
        index=1,
        format_func=lambda n: t("the last {n} days", n=n),
        key=f"baseline-{mark}",
    )
    first, last = goal_path.baseline_days(at.today, days=days)
    try:
        value, n = _baseline(at, metric_name, kind, key, (first, last))
    except MeasureError as error:
        _refused([str(error)])
        return
    _tell_baseline(record, value, n, (first, last), amount_view.scope_word(kind, scope_name))
    if value is None:
        return
    target = _offered_target(chosen, record, value) if metric_name == mark else None
    blank = Goal(
        goal_name=t(record.label) if target is None else chosen.name, metric_name=metric_name, scope_kind_name=kind,
        scope_key=key, owner_name="", baseline_value=value, baseline_count=n, baseline_first_date=first,
        baseline_last_date=last, target_value=value if target is None else target, started_date=at.today,
        deadline_date=at.today + timedelta(days=chosen.days), window_days=chosen.window_days, minimum_count=min(20, n),
    )  # fmt: skip
    _finish(at, blank, f"{mark}-{metric_name}-{kind}-{key}-{days}")


def _offered_target(chosen: Template, record: metrics.Metric, value: float) -> float | None:
    """The target of the template, unless the site is better than that already."""
    target = chosen.target_value
    if target is None or (target <= value if record.direction == "up" else target >= value):
        return None
    return target


def _finish(at: Moment, blank: Goal, mark: str) -> None:
    record = metrics.metric(blank.metric_name)
    typed = (
        amount_view.typed(blank.target_value, record.unit)
        if blank.target_value != blank.baseline_value
        else ""
    )
    with st.form(f"goal-{mark}", border=True):
        left, right = st.columns(2)
        target = left.text_input(
            t("Target"), typed, help=t(record.meaning), placeholder=amount_view.EXAMPLES[record.unit]
        )
        deadline = right.date_input(t("Deadline"), blank.deadline_date, format="DD/MM/YYYY")
        owner = left.text_input(t("Owner"), max_chars=120, placeholder=t("who answers for it"))
        name = right.text_input(t("Name"), blank.goal_name, max_chars=120)
        window = left.number_input(t("Each value is that of so many days"), 1, 92, blank.window_days)
        least = right.number_input(t("Minimum n to judge by"), 1, 1_000_000, blank.minimum_count)
        if not st.form_submit_button(t("Save this goal"), type="primary", icon=":material/flag:"):
            return
    try:
        goal = replace(
            blank,
            target_value=amount_view.read(target, record.unit),
            deadline_date=_day(deadline),
            owner_name=owner.strip(),
            goal_name=name.strip(),
            window_days=int(window),
            minimum_count=int(least),
        )
    except (AmountError, GoalError) as error:
        _refused([str(error)])
        return
    if found := _faults(at, goal):
        _refused(found)
        return
    number = desk.change(
        at.viewer, GOALS, goal_saves.make_goal, goal=goal, viewer_name=at.viewer.viewer_name, at=clock.now()
    )
    st.query_params.pop(NEW, None)
    choices.lead_to(KEY, number)


def _faults(at: Moment, goal: Goal) -> list[str]:
    record = metrics.metric(goal.metric_name)
    return goal_path.faults(
        goal,
        label=t(record.label),
        direction=record.direction,
        band=record.band,
        unit=record.unit,
        today=at.today,
    )


def _aimable(at: Moment) -> list[metrics.Metric]:
    """The metrics that this person can aim at: measured over days, better on one side, and told of what is theirs."""
    sees_everybody = whose.sees_everybody(at.viewer)
    found = []
    for one in metrics.metrics():
        scopes = measures.scopes_of(one, is_live=False)
        if one.direction != "none" and (scopes if sees_everybody else "team" in scopes):
            found.append(one)
    return found


def _scope(at: Moment, kinds: tuple[str, ...], mark: str) -> tuple[str, str, str]:
    """What the goal is for: its kind, key and name."""
    known = at.calm("measured_scopes").filter(pl.col("scope_kind_name").is_in(list(kinds)))
    options = [one for one in (("everything", "", ""), *known.rows()) if _is_theirs(at, one[0], one[1])]
    if not options:
        raise MeasureError(
            t("This metric cannot be told of a team of yours; choose another metric, or ask a manager.")
        )
    found = st.selectbox(
        t("For"),
        options,
        format_func=lambda one: amount_view.scope_word(one[0], one[2]),
        key=f"scope-{mark}-{len(kinds)}",
    )
    kind, key, name = found or options[0]
    return str(kind), str(key), str(name)


def _baseline(
    at: Moment, metric_name: str, kind: str, key: str, days: tuple[date, date]
) -> tuple[float | None, int]:
    first, last = days
    found = at.calm(
        "goal_baseline",
        metric_name=metric_name,
        scope_kind_name=kind,
        scope_key=key,
        window_start=words.day_start(first, at.zone_name),
        window_end=words.day_start(words.shifted_day(last, 1), at.zone_name),
        known_at=at.now.replace(second=0, microsecond=0),
    )
    if found.is_empty():
        return None, 0
    row = found.row(0, named=True)
    return row["value"], int(row["n"] or 0)


def _tell_baseline(
    record: metrics.Metric, value: float | None, n: int, days: tuple[date, date], scope_text: str
) -> None:
    period = t("{first} to {last}", first=words.day(days[0]), last=words.day(days[1]))
    if value is None:
        body = t(
            "In {period} there was nothing to measure for {scope}, or its queues go by different formulas. Choose a longer "
            "period, another scope, or one formula.",
            period=period,
            scope=scope_text,
        )
        board.show(board.notice("near", t("No baseline."), body), key="baseline")
        return
    body = t(
        "{metric}, {scope}, {period}, n = {n}.",
        metric=t(record.label),
        scope=scope_text,
        period=period,
        n=words.number(n),
    )
    title = t("Baseline: {value}", value=amount_view.shown(value, record.unit))
    board.show(board.notice("good", title, body), key="baseline")


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    raise GoalError(t("The goal has no deadline; choose the day by which it is to be reached."))


def _refused(sentences: list[str]) -> None:
    board.show(board.notice("off", t("Not saved"), " ".join(sentences)), key="not-saved")
