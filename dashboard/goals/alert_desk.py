"""The desk of the Alerts page: acknowledge what fires, and make, change, mute, test and remove rules.

In: what the address names (`part`, `rule`), what the person types. Out: rules and acknowledgements through `desk.change`.
The rule it guards: a rule is shown in one sentence before it is saved, and everything that is done stands in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import time, timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.goals import alert_saves, alert_view, amount_view
from dashboard.goals.alert_saves import AlertError, Rule
from dashboard.goals.amount_view import AmountError
from dashboard.ui import choices, clock, desk, layout, moments, visit
from dashboard.ui.head import HEAD_SECONDS
from dashboard.ui.moments import Moment
from dashboard.words import t, t_count
from sql import measures, metrics
from sql.warehouse import WarehouseError

RULE, PART = "rule", "part"
RULES = "alerts.rules"
MUTES = {"1": timedelta(hours=1), "8": timedelta(hours=8), "24": timedelta(days=1), "168": timedelta(days=7)}
WINDOWS = (900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
HOLDS = (0, 60, 120, 300, 600, 900, 1800, 3600)
SEVERITIES = ("critical", "warning", "information")


def parts() -> dict[str, str]:
    """The parts of the page."""
    return {"now": t("Firing now"), "rules": t("Rules"), "log": t("Log")}


def templates() -> dict[str, Rule]:
    """The rules to begin with: each is a whole rule with sensible terms."""
    blank = Rule("", "metric", "", "queue", "", 1800, "above", 0, 0, 1, 300, "warning")
    return {
        t("Oldest wait over 5 minutes"): replace(
            blank, measure_name="oldest_wait_seconds", threshold_value=300, clear_value=240, hold_seconds=60,
            severity_name="critical",
        ),
        t("Service level below the queue's target for 10 minutes"): replace(
            blank, measure_name="target_gap", metric_name="service_level_ratio", comparison_name="below",
            threshold_value=0, clear_value=0.02, minimum_count=20, hold_seconds=600,
        ),
        t("Nobody available"): replace(
            blank, measure_name="available_agents", comparison_name="below", threshold_value=1, clear_value=1,
            hold_seconds=120,
        ),
        t("Abandonment rate above 10 %"): replace(
            blank, metric_name="abandonment_ratio", window_seconds=3600, threshold_value=0.1, clear_value=0.08,
            minimum_count=20, hold_seconds=600,
        ),
        t("Occupancy above 85 % for an hour"): replace(
            blank, metric_name="occupancy_ratio", scope_kind_name="everything", threshold_value=0.85, clear_value=0.82,
            minimum_count=3600, hold_seconds=3600,
        ),
        t("A source is silent"): replace(
            blank, measure_name="data_overdue_seconds", scope_kind_name="source", hold_seconds=60, severity_name="critical",
        ),
        t("Wait half again as long as on this weekday"): replace(
            blank, measure_name="change_against_weeks", metric_name="average_speed_of_answer_seconds",
            scope_kind_name="everything", window_seconds=3600, threshold_value=0.5, clear_value=0.3, minimum_count=20,
            hold_seconds=600, severity_name="information",
        ),
    }  # fmt: skip


def opened() -> int | None:
    """The rule that the address names, if it names one."""
    return choices.number_in_address(RULE)


def choose() -> str:
    """The choice of the part, in the page's head."""
    return choices.choice(t("Part"), parts(), key=PART)


def show() -> None:
    """The desk below the page's content: what can be done to the part that is open."""
    viewer = visit.viewer()
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(viewer)
        part = choices.address(PART, list(parts()))
        if part == "now" and viewer.may_change(layout.SEEN):
            st.fragment(_seen, run_every=HEAD_SECONDS)()
        elif part != "rules" or not viewer.may_change(RULES):
            return
        elif opened() is not None:
            _one(at, opened() or 0)
        else:
            _new(at)


def _seen() -> None:
    """One form per alert that nobody has seen yet, for a note with it."""
    with suppress(WarehouseError):
        at = moments.moment(visit.viewer())
        unseen = at.live("firing_alerts").filter(pl.col("acknowledged_at").is_null()).to_dicts()
        for row in unseen[:10]:
            name = f"{words.name(row['rule_name'])}, {alert_view.scope_text(row)}"
            mark = f"{row['rule_id']}-{row['scope_id']}-{row['firing_number']}"
            with (
                st.form(f"seen-{mark}", border=False),
                st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
            ):
                note = st.text_input(
                    t("Note on {alert}", alert=words.in_markdown(name)),
                    max_chars=300,
                    placeholder=t("what is being done"),
                )
                if st.form_submit_button(t("Acknowledge"), icon=":material/check:", type="primary"):
                    scope = {
                        "scope_id": row["scope_id"],
                        "firing_number": row["firing_number"],
                        "note_text": note,
                    }
                    _do(
                        at,
                        layout.SEEN,
                        alert_saves.acknowledge,
                        t("Acknowledged."),
                        rule_id=row["rule_id"],
                        **scope,
                    )


def _do(at: Moment, change_name: str, work: Callable[..., Any], done: str, /, **values: Any) -> bool:
    try:
        desk.change(at.viewer, change_name, work, viewer_name=at.viewer.viewer_name, at=clock.now(), **values)
    except (AlertError, WarehouseError) as error:
        board.show(board.notice("off", t("Not done"), str(error)), key="not-done")
        return False
    st.toast(done)
    return True


def _one(at: Moment, number: int) -> None:
    """One rule: mute, test, switch, remove, and its terms."""
    if st.button(t("All rules"), icon=":material/arrow_back:", key="all-rules"):
        choices.lead_to(RULE, None)
    found = at.fresh("alert_rules", as_of=at.present_at).filter(pl.col("rule_id") == number)
    if found.is_empty():
        gone = board.notice("none", t("There is no such rule any more."), t("The log has what it did."))
        board.show(gone, key="no-rule")
        return
    row = found.row(0, named=True)
    board.show(
        {"kind": "section", "title": words.name(row["rule_name"]), "lead": alert_view.fires_text(row)},
        key="rule-title",
    )
    if row["error_text"]:
        board.show(
            board.notice("off", t("This rule cannot be measured"), row["error_text"]), key="rule-error"
        )
    _buttons(at, row)
    with st.expander(t("Change this rule"), icon=":material/edit:", expanded=True):
        rule = Rule(**{field.name: row[field.name] for field in fields(Rule)})
        changed = _form(at, rule, mark=f"{number}-{row['version_number']}")
    if changed is not None and _do(
        at,
        RULES,
        alert_saves.amend_rule,
        t("Saved; its alerts begin anew."),
        rule=changed,
        rule_id=number,
        version_number=row["version_number"],
    ):
        st.rerun()


def _buttons(at: Moment, row: Mapping[str, Any]) -> None:
    is_muted = row["muted_until_at"] is not None and row["muted_until_at"] > at.now
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="rule-buttons"):
        if is_muted:
            if st.button(t("Hear it again"), icon=":material/volume_up:"):
                _switch(at, row, "unmuted")
        else:
            hours = st.selectbox(
                t("Mute for"),
                list(MUTES),
                format_func=lambda n: t_count("{n} hour", "{n} hours", int(n)),
                width=140,
            )
            if st.button(t("Mute"), icon=":material/volume_off:"):
                _switch(at, row, "muted", until=MUTES[hours or "1"])
        if st.button(t("Test"), icon=":material/send:"):
            done = t("A word is on its way to everybody whom this rule tells; the log says when.")
            _do(at, RULES, alert_saves.try_rule, done, row=row)
        if row["is_active"] and st.button(t("Switch off"), icon=":material/pause:"):
            _switch(at, row, "switched off")
        if not row["is_active"] and st.button(t("Switch on"), icon=":material/play_arrow:"):
            _switch(at, row, "switched on")
        if st.button(t("Remove"), icon=":material/delete:"):
            _switch(at, row, "removed")


def _switch(at: Moment, row: Mapping[str, Any], change_name: str, *, until: timedelta | None = None) -> None:
    until_at = None if until is None else clock.now() + until
    if _do(
        at,
        RULES,
        alert_saves.switch_rule,
        alert_view.change_word(change_name),
        row=row,
        change_name=change_name,
        until_at=until_at,
    ):
        if change_name == "removed":
            choices.lead_to(RULE, None)
        st.rerun()


def _new(at: Moment) -> None:
    board.show(
        {
            "kind": "section",
            "title": t("Make a rule"),
            "lead": t("Choose a template and change what is different here."),
        },
        key="new-title",
    )
    known = templates()
    name = st.selectbox(t("Template"), list(known), key="rule-template") or next(iter(known))
    rule = _form(at, replace(known[name], rule_name=name), mark=f"new-{name}")
    if rule is not None and _do(
        at, RULES, alert_saves.make_rule, t("Saved. The loader measures it within a minute."), rule=rule
    ):
        st.rerun()


def _form(at: Moment, rule: Rule, *, mark: str) -> Rule | None:
    """The terms of a rule, what is measured first; the changed rule once it is saved, else None."""
    left, middle, right = st.columns(3)
    names = [one.name for one in measures.MEASURES]
    measure_name = left.selectbox(
        t("What"),
        names,
        index=names.index(rule.measure_name),
        format_func=_measure_word,
        key=f"measure-{mark}",
    )
    one = measures.measure(measure_name)
    metric_name = ""
    if one.has_metric:
        able = list(one.metric_names) or _watchable()
        start = able.index(rule.metric_name) if rule.metric_name in able else 0
        metric_name = middle.selectbox(
            t("Metric"),
            able,
            index=start,
            format_func=lambda n: t(metrics.metric(n).label),
            key=f"metric-{mark}-{measure_name}",
        )
    kinds = measures.scopes_of(metrics.metric(metric_name), is_live=True) if one.has_metric else one.scopes
    with right:
        kind, key = _scope(at, kinds, rule, mark=f"{mark}-{measure_name}-{metric_name}")
    asked = replace(
        rule, measure_name=measure_name, metric_name=metric_name, scope_kind_name=kind, scope_key=key
    )
    with st.form(f"rule-{mark}-{measure_name}-{metric_name}", border=True):
        typed = _terms(asked, is_same=measure_name == rule.measure_name and metric_name == rule.metric_name)
        if not st.form_submit_button(
            t("Save this rule"), type="primary", icon=":material/notifications_active:"
        ):
            return None
    return _checked(asked, typed)


def _terms(rule: Rule, *, is_same: bool) -> dict[str, Any]:
    """What was typed of the terms, as text and numbers."""
    unit = amount_view.unit_of(rule.measure_name, rule.metric_name)
    left, middle, right = st.columns(3)
    typed: dict[str, Any] = {}
    typed["comparison_name"] = left.selectbox(
        t("Fires"), ("above", "below"), index=int(rule.comparison_name == "below"),
        format_func=lambda name: t("above") if name == "above" else t("below"),
    )  # fmt: skip
    example = amount_view.EXAMPLES[unit]
    start = amount_view.typed(rule.threshold_value, unit) if is_same else ""
    typed["threshold"] = middle.text_input(t("Threshold"), start, placeholder=example)
    end = amount_view.typed(rule.clear_value, unit) if is_same else ""
    typed["clear"] = right.text_input(
        t("Ends at"),
        end,
        placeholder=t("the threshold"),
        help=t("Between the two nothing changes, so that it does not flap."),
    )
    typed["hold_seconds"] = left.selectbox(
        t("For at least"), HOLDS, index=HOLDS.index(rule.hold_seconds) if rule.hold_seconds in HOLDS else 3,
        format_func=lambda n: words.age(n) if n else t("at once"),
    )  # fmt: skip
    typed["minimum_count"] = middle.number_input(t("Minimum n"), 0, 1_000_000, rule.minimum_count)
    typed["window_seconds"] = right.selectbox(
        t("Over the last"), WINDOWS, index=WINDOWS.index(rule.window_seconds) if rule.window_seconds in WINDOWS else 1,
        format_func=words.age, disabled=not measures.measure(rule.measure_name).has_metric,
    )  # fmt: skip
    typed["rule_name"] = left.text_input(t("Name"), rule.rule_name, max_chars=120)
    typed["severity_name"] = middle.selectbox(
        t("Severity"),
        SEVERITIES,
        index=SEVERITIES.index(rule.severity_name),
        format_func=alert_view.severity_word,
    )
    quiet = right.text_input(
        t("No words from - to"),
        _quiet_text(rule),
        placeholder="22:00 - 07:00",
        help=t("Site time; words wait for its end."),
    )
    typed["quiet"] = quiet
    typed["email_text"] = st.text_input(
        t("E-mail to"), rule.email_text, placeholder="floor@example.com duty@example.com"
    )
    typed["webhook_text"] = st.text_input(
        t("Webhooks"), rule.webhook_text, placeholder="https://hooks.example.com/floor"
    )
    return typed


def _checked(rule: Rule, typed: Mapping[str, Any]) -> Rule | None:
    """The rule as it was typed; None where it cannot be, which is then said."""
    unit = amount_view.unit_of(rule.measure_name, rule.metric_name)
    try:
        threshold = amount_view.read(typed["threshold"], unit)
        clear = amount_view.read(typed["clear"], unit) if typed["clear"].strip() else threshold
        quiet = _quiet_seconds(typed["quiet"])
    except AmountError as error:
        board.show(board.notice("off", t("Not saved"), str(error)), key="not-saved")
        return None
    names = ("comparison_name", "hold_seconds", "window_seconds", "severity_name")
    changed = replace(
        rule,
        **{name: typed[name] for name in names},
        rule_name=typed["rule_name"].strip(),
        threshold_value=threshold,
        clear_value=clear,
        minimum_count=int(typed["minimum_count"]),
        email_text=" ".join(typed["email_text"].replace(",", " ").replace(";", " ").split()),
        webhook_text=" ".join(typed["webhook_text"].split()),
        quiet_from_seconds=quiet[0] if quiet else None,
        quiet_until_seconds=quiet[1] if quiet else None,
    )
    if found := alert_saves.faults(changed):
        board.show(board.notice("off", t("Not saved"), " ".join(found)), key="not-saved")
        return None
    return changed


def _scope(at: Moment, kinds: tuple[str, ...], rule: Rule, *, mark: str) -> tuple[str, str]:
    known = at.calm("measured_scopes").filter(pl.col("scope_kind_name").is_in(list(kinds)))
    options: list[tuple[str, str, str]] = [(kind, "", "") for kind in kinds]
    options += [(str(row[0]), str(row[1]), str(row[2])) for row in known.rows()]
    same = [place for place, one in enumerate(options) if one[:2] == (rule.scope_kind_name, rule.scope_key)]
    found = st.selectbox(
        t("For"), options, index=same[0] if same else 0, format_func=_scope_word, key=f"scope-{mark}"
    )
    return found[:2] if found else options[0][:2]


def _scope_word(one: tuple[str, str, str]) -> str:
    row = {"scope_kind_name": one[0], "scope_key": one[1], "scope_name": one[2]}
    return alert_view.rule_scope_text(row)


def _measure_word(name: str) -> str:
    known = {
        "metric": t("A metric"),
        "change_against_weeks": t("A metric against the same weekday"),
        "slope": t("A metric's change per hour"),
    }
    return known.get(name) or alert_view.measured_word(name, "")


def _watchable() -> list[str]:
    return [one.name for one in metrics.metrics() if measures.scopes_of(one, is_live=True)]


def _quiet_text(rule: Rule) -> str:
    if rule.quiet_from_seconds is None or rule.quiet_until_seconds is None:
        return ""
    return f"{alert_view.clock_text(rule.quiet_from_seconds)} - {alert_view.clock_text(rule.quiet_until_seconds)}"


def _quiet_seconds(text: str) -> tuple[int, int] | None:
    """The two times of "22:00 - 07:00" as seconds of the day; None for an empty text. AmountError."""
    if not text.strip():
        return None
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.replace("\u2013", "-").split("-"))
    except ValueError:
        raise AmountError(
            t(
                "'{text}' are no quiet hours, expected for example 22:00 - 07:00; correct it.",
                text=text.strip()[:40],
            )
        ) from None
    if start == end:
        raise AmountError(
            t("Quiet hours begin and end at the same time; leave them empty, or mute the rule.")
        )
    return start.hour * 3600 + start.minute * 60, end.hour * 3600 + end.minute * 60
