"""The sections of a report: the course of the period, the week, queues, agents together, tickets, the data itself.

In: the figures. Out: sections of texts, tables and tiles.
The rule it guards: what was missing in the data is said where the figures are read, and no agent stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from dashboard import board, words
from dashboard.board import Row
from dashboard.goals import amount_view, goal_view
from dashboard.reports.report_blocks import Card, Cell, Section, Table, Tone, change, metric_card, relative
from dashboard.reports.report_figures import Figures
from dashboard.words import t, t_count
from sql import metrics

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FEWEST_HEAT_CALLS = 5


def flow_section(found: Figures) -> Section:
    """The course of the period: a picture of service level and volume."""
    is_day = found.asked.kind_name == "daily"
    title = t("Service level by the quarter of an hour") if is_day else t("Service level by day")
    lead = t("Bars: contacts offered. Points: service level; the dashed line is the target.")
    has_level = found.together["service_level_formula_name"] is not None
    if not has_level:
        lead = t(
            "The queues count their service level by different formulas, so only the contacts offered are drawn."
        )
    return (
        Section(title, lead, chart="flow")
        if found.together["offered_calls"]
        else Section(title, t("No contacts."))
    )


def heat_section(found: Figures) -> tuple[Section, ...]:
    """Weekday by hour: service level where it is common to all queues, contacts offered where not."""
    if found.hours.is_empty() or not found.together["offered_calls"]:
        return ()
    has_level = found.together["service_level_formula_name"] is not None
    hours = _by_hour(found.hours)
    used = hours.filter(pl.col("offered_calls") > 0).get_column("hour_number")
    first, last = int(used.min() or 0), int(used.max() or 0)  # type: ignore[arg-type]
    target = found.together["service_level_target_ratio"]
    known = {(row["weekday_number"], row["hour_number"]): row for row in hours.iter_rows(named=True)}
    most = max(1, int(hours.get_column("offered_calls").max() or 1))  # type: ignore[arg-type]
    rows = []
    for number, day in enumerate(WEEKDAYS):
        cells = [
            _heat_cell(known.get((number, hour)), target, most, has_level=has_level)
            for hour in range(first, last + 1)
        ]
        rows.append((Cell(t(day)), *cells))
    columns = ((t("Hour"), False), *((f"{hour:02d}", True) for hour in range(first, last + 1)))
    lead = (
        t(
            "Service level in percent by weekday and hour of the site: filled blue on target, orange below it, plain where "
            "fewer than {n} contacts were offered.",
            n=FEWEST_HEAT_CALLS,
        )
        if has_level
        else t("Contacts offered by weekday and hour of the site.")
    )
    return (
        Section(
            t("When in the week"), lead, table=Table(t("Weekday by hour"), columns, tuple(rows), is_heat=True)
        ),
    )


def _by_hour(quarters: pl.DataFrame) -> pl.DataFrame:
    """The quarters of an hour put together: their sums, and the metrics made of the sums."""
    additive = {one.name for one in metrics.columns() if one.combine == "sum"}
    sums = [pl.col(name).sum() for name in quarters.columns if name in additive]
    hour = (pl.col("interval_start_seconds") // 3600).alias("hour_number")
    kept = ["weekday_number", "service_level_formula_name"]
    return metrics.with_metrics(
        quarters.with_columns(hour).group_by(*kept, "hour_number").agg(sums), "service_level_ratio"
    )


def _heat_cell(row: Row | None, target: float | None, most: int, *, has_level: bool) -> Cell:
    if row is None or not row["offered_calls"]:
        return Cell("")
    offered = row["offered_calls"]
    tip = t_count("{n} contact offered", "{n} contacts offered", offered)
    if not has_level:
        return Cell(words.number(offered), share=offered / most, tip=tip)
    level = row["service_level_ratio"]
    if level is None:
        return Cell(words.UNKNOWN, tip=tip)
    tone: Tone = "none"
    if target is not None and offered >= FEWEST_HEAT_CALLS:
        tone = "good" if level >= target else "near" if level >= target - board.NEAR_RATIO else "off"
    return Cell(f"{int(level * 100)}", tone, tip=f"{words.ratio(level, against=target)}, {tip}")


def queue_section(found: Figures) -> Section:
    """The queues, those that need help first."""
    gap = (pl.col("service_level_target_ratio") - pl.col("service_level_ratio")) * pl.col("offered_calls")
    queues = found.queues.filter(pl.col("offered_calls") > 0).with_columns(lost=gap.fill_null(0.0))
    before = {row["queue_id"]: row for row in found.queues_before.iter_rows(named=True)}
    most = max([1, *queues.get_column("offered_calls").to_list()])
    rows = []
    for row in queues.sort("lost", "offered_calls", "queue_name", descending=[True, True, False]).iter_rows(
        named=True
    ):
        level = board.against_target(row["service_level_ratio"], row["service_level_target_ratio"])
        was = before.get(row["queue_id"])
        rows.append(
            (
                Cell(words.name(row["queue_name"])),
                Cell(
                    words.ratio(row["service_level_ratio"], against=row["service_level_target_ratio"]),
                    level["tone"],
                    share=row["service_level_ratio"],
                ),
                Cell(words.target_ratio(row["service_level_target_ratio"])),
                Cell(change("service_level_ratio", row, was) or words.UNKNOWN),
                Cell(words.number(row["offered_calls"]), share=row["offered_calls"] / most),
                Cell(words.ratio(row["abandonment_ratio"])),
                Cell(words.duration(row["average_speed_of_answer_seconds"])),
                Cell(words.duration(row["average_handle_time_seconds"])),
                Cell(words.duration(row["longest_wait_seconds"])),
            )
        )
    columns = (
        (t("Queue"), False),
        (t("Service level"), True),
        (t("Target"), True),
        (t("Change"), True),
        (t("Offered"), True),
        (t("Abandonment"), True),
        (t("ASA"), True),
        (t("AHT"), True),
        (t("Longest wait"), True),
    )
    if not rows:
        return Section(t("Queues"), t("No queue had a contact."))
    quiet = found.queues.height - queues.height
    lead = t("Where most contacts missed the target stands first.")
    if quiet:
        lead += " " + t_count("{n} queue had no contact.", "{n} queues had no contact.", quiet)
    return Section(t("Queues"), lead, table=Table(t("Queues"), columns, tuple(rows)))


def agent_section(found: Figures) -> Section:
    """The agents together, never one of them."""
    if not found.asked.is_work_told:
        text = t(
            "Left out: whoever asked for this report does not see every agent. What may be told of them stands on the page "
            "Goals."
        )
        return Section(t("Agents"), text)
    count = t_count("{n} agent handled contacts", "{n} agents handled contacts", found.working_agents)
    if found.agents is None:
        text = t(
            "{count}; their figures stand together only from {fewest} on, so that nobody's own can be told.",
            count=count,
            fewest=found.asked.fewest_agents,
        )
        return Section(t("Agents"), text)
    wanted = ("occupancy_ratio", "utilisation_ratio", "paused_ratio", "transfer_ratio")
    names = [name for name in wanted if found.agents.get(name) is not None]
    made = tuple(metric_card(name, found.agents, found.agents_before) for name in names)
    return Section(t("Agents"), t("{count}; all of them together.", count=count), cards=made)


def ticket_section(found: Figures) -> tuple[Section, ...]:
    """The tickets of the period, where a ticket system is read."""
    now, before = found.tickets, found.tickets_before
    if now is None:
        return ()
    counts = [
        Card(
            t(label),
            words.number(now[name]),
            (relative(now[name], before[name]) if before and before[name] else "",),
        )
        for label, name in (
            ("Created", "created_tickets"),
            ("Solved", "resolved_tickets"),
            ("Not solved at the end", "backlog_tickets"),
        )
    ]
    names = ("average_first_reply_seconds", "sla_attainment_ratio", "reopened_in_7_days_ratio")
    made = [metric_card(name, now, before) for name in names if name in now]
    return (
        Section(
            t("Tickets"),
            t("Times run by the calendar, nights and weekends included."),
            cards=(*counts, *made),
        ),
    )


def voice_section(found: Figures) -> tuple[Section, ...]:
    """What customers said, where somebody was asked."""
    now, before = found.voice, found.voice_before
    names = (
        "csat_ratio",
        "nps_points",
        "survey_response_ratio",
        "fcr_no_repeat_ratio",
        "repeat_contact_ratio",
    )
    known = [name for name in names if now.get(name) is not None]
    if not known:
        return ()
    lead = t("Answers of customers to surveys; n is how many there are.")
    provisional = now.get("provisional_contacts") or 0
    if "fcr_no_repeat_ratio" in known and provisional:
        lead += " " + t_count(
            "{n} contact can still be followed by another one, so what rests on repeat contacts is provisional.",
            "{n} contacts can still be followed by another one, so what rests on repeat contacts is provisional.",
            int(provisional),
        )
    return (
        Section(
            t("Customers' voice"),
            lead,
            cards=tuple(metric_card(name, now, before) for name in known),
        ),
    )


def goal_section(found: Figures) -> tuple[Section, ...]:
    """The open goals, each against its straight path."""
    if found.goals.is_empty():
        return ()
    today = min(found.filters.last_date, words.local_day(found.made_at, found.zone_name))
    tones: dict[str, Tone] = {"reached": "good", "on_track": "good", "behind": "off", "missed": "off"}
    rows = []
    for row in found.goals.iter_rows(named=True):
        standing, unit = goal_view.standing_of(row, today).name, metrics.metric(row["metric_name"]).unit
        rows.append(
            (
                Cell(words.name(row["goal_name"])),
                Cell(goal_view.standing_word(standing), tones.get(standing, "none")),
                Cell(amount_view.shown(row["baseline_value"], unit)),
                Cell(amount_view.shown(row["measured_value"], unit)),
                Cell(amount_view.shown(row["target_value"], unit)),
                Cell(words.day(row["deadline_date"])),
            )
        )
    columns = (
        (t("Goal"), False),
        (t("Standing"), False),
        (t("From"), True),
        (t("Now"), True),
        (t("Target"), True),
        (t("Until"), True),
    )
    lead = t("On track: on the straight path from where it began to the target, or close to it.")
    return (Section(t("Goals"), lead, table=Table(t("Goals"), columns, tuple(rows))),)


def gaps(found: Figures) -> list[str]:
    """What is known to be missing: silences of sources, days that differ from their origin."""
    told = []
    for (source_name,), part in found.outages.filter(~pl.col("is_loader")).group_by(
        "source_name", maintain_order=True
    ):
        seconds = int(part.get_column("duration_seconds").sum() or 0)
        told.append(t("{source} told nothing for {age} in all.", source=source_name, age=words.age(seconds)))
    differing = found.reconciliations.filter(pl.col("outcome_name") == "differs")
    for row in differing.iter_rows(named=True):
        told.append(
            t(
                "{source}, {day}: the warehouse differs from its origin. {reason}",
                source=row["source_name"],
                day=words.day(row["day_date"]),
                reason=row["reason_text"] or "",
            )
        )
    return told


def data_section(found: Figures) -> Section:
    """What the figures rest on, and what was missing."""
    compared = found.reconciliations.filter(pl.col("outcome_name").is_in(["agreed", "mended"])).height
    lines = gaps(found) or [t("No source was silent for longer than it may be.")]
    if compared:
        lines.append(
            t_count(
                "{n} comparison of a day with its origin agrees.",
                "{n} comparisons of a day with its origin agree.",
                compared,
            )
        )
    if found.reject_rows:
        lines.append(
            t_count(
                "{n} row stands refused and is in no figure; Data health shows it.",
                "{n} rows stand refused and are in no figure; Data health shows them.",
                found.reject_rows,
            )
        )
    quiet = found.days.filter(pl.col("offered_calls") == 0).height
    if quiet:
        lines.append(
            t_count(
                "On {n} day of the period no contact was offered, or none is known.",
                "On {n} days of the period no contact was offered, or none is known.",
                quiet,
            )
        )
    waiting = found.together["waiting_calls"] + found.together["in_progress_calls"]
    if waiting and found.made_at - found.filters.window(found.zone_name)["window_end"] < timedelta(days=1):
        lines.append(
            t_count(
                "{n} contact was not over when this report was made.",
                "{n} contacts were not over when this report was made.",
                waiting,
            )
        )
    return Section(t("How good is the data?"), lines=tuple(lines))


def definition_section(found: Figures) -> Section:
    """What each figure means, as the pages say it."""
    formula = found.together["service_level_formula_name"]
    level = f"service_level_{formula}_ratio" if formula else "service_level_ratio"
    names: Sequence[str] = (
        level,
        "abandonment_ratio",
        "average_speed_of_answer_seconds",
        "average_handle_time_seconds",
        *(("occupancy_ratio", "utilisation_ratio") if found.agents is not None else ()),
        *(("average_first_reply_seconds", "sla_attainment_ratio") if found.tickets is not None else ()),
        *(name for name in ("csat_ratio", "nps_points") if found.voice.get(name) is not None),
    )
    lines = [f"{t(record.label)}: {t(record.meaning)}" for record in (metrics.metric(name) for name in names)]
    lead = t(
        "Version {version} of the definitions. A contact belongs to the interval in which it was offered.",
        version=metrics.definition_version(),
    )
    return Section(t("What the figures mean"), lead, lines=tuple(lines))
