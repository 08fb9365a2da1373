"""What a report says, in words: the headline made of the figures, what explains it, and the order of its sections.

In: the figures. Out: one `Story` of texts; nothing of how it looks.
The rule it guards: every sentence is made of the figures that stand below it, and names what it compares with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from dashboard import board, words
from dashboard.board import Row
from dashboard.filters import kind_words
from dashboard.reports.report_blocks import Card, Section, change, metric_card, relative
from dashboard.reports.report_figures import Figures
from dashboard.reports.report_parts import (
    agent_section,
    data_section,
    definition_section,
    flow_section,
    gaps,
    goal_section,
    heat_section,
    queue_section,
    ticket_section,
    voice_section,
)
from dashboard.words import t
from sql import metrics


@dataclass(frozen=True, slots=True)
class Story:
    """The whole report in words."""

    site_name: str
    title: str
    period: str
    view: str
    headline: str
    sentences: tuple[str, ...]
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    made: str
    language: str = field(default_factory=words.language)


TITLES = {"daily": "Daily report", "weekly": "Weekly report", "monthly": "Monthly report"}
BEFORE = {
    "daily": "than on the same weekday a week before",
    "weekly": "than in the week before",
    "monthly": "than in the month before",
}


def story(found: Figures) -> Story:
    """The report in words."""
    chosen = found.filters
    period = words.day(chosen.first_date)
    if chosen.last_date != chosen.first_date:
        period = f"{period} – {words.day(chosen.last_date)}"
    sections = (
        flow_section(found),
        *heat_section(found),
        queue_section(found),
        agent_section(found),
        *ticket_section(found),
        *voice_section(found),
        *goal_section(found),
        data_section(found),
        definition_section(found),
    )
    return Story(
        site_name=found.site_name,
        title=found.asked.report_name or t(TITLES[found.asked.kind_name]),
        period=period,
        view=view(found),
        headline=headline(found.together),
        sentences=sentences(found),
        cards=cards(found),
        sections=sections,
        made=t(
            "Made {instant}, {zone}; definitions version {version}.",
            instant=words.instant(found.made_at, found.zone_name),
            zone=found.zone_name,
            version=metrics.definition_version(),
        ),
    )


def view(found: Figures) -> str:
    """What narrows the report, in words; "All queues" where nothing does."""
    named = {
        (row["kind_name"], row["name_id"]): row["name_text"]
        for row in found.names.iter_rows(named=True)
        if row["name_id"] is not None
    }
    chosen, parts = found.filters, []
    for kind, label in kind_words().items():
        number, text = getattr(chosen, f"{kind}_id", None), getattr(chosen, f"{kind}_name", None)
        if number is not None:
            parts.append(f"{label} {words.name(str(named.get((kind, number), number)))}")
        elif text is not None:
            parts.append(f"{label} {words.name(text) if text else t('none')}")
    if chosen.is_business_hours:
        parts.append(t("business hours only"))
    return " · ".join(parts) or t("All queues")


def headline(row: Row) -> str:
    """The one sentence to take away, made of the figures."""
    offered, level = row["offered_calls"], row["service_level_ratio"]
    if not offered:
        return t("No contact was offered in this period.")
    if level is None:
        share = words.ratio(row["answered_ratio"])
        return t("{share} of {n} contacts were answered.", share=share, n=words.number(offered))
    target = row["service_level_target_ratio"]
    value = words.ratio(level, against=target)
    within = words.duration(row["service_level_threshold_seconds"])
    if target is None:
        return t("{value} were answered within {within}.", value=value, within=within)
    goal = words.target_ratio(target)
    if level >= target:
        return t(
            "On target: {value} were answered within {within}, {goal} were promised.",
            value=value,
            within=within,
            goal=goal,
        )
    return t(
        "Below target: {value} were answered within {within}, {goal} were promised.",
        value=value,
        within=within,
        goal=goal,
    )


def sentences(found: Figures) -> tuple[str, ...]:
    """What explains the headline: volume against before, who gave up, and where most was lost."""
    now, before, word = found.together, found.before, t(BEFORE[found.asked.kind_name])
    told = [
        t("{n} contacts were offered", n=words.number(now["offered_calls"]))
        + (
            f", {relative(now['offered_calls'], before['offered_calls'])} {word}."
            if before["offered_calls"]
            else f"; {t('there is nothing to compare them with')}."
        )
    ]
    if now["abandonment_ratio"] is not None:
        told.append(
            t(
                "{ratio} of the callers hung up before an agent answered (short abandons left out); the answered waited "
                "{wait} on average.",
                ratio=words.ratio(now["abandonment_ratio"]),
                wait=words.duration(now["average_speed_of_answer_seconds"]),
            )
        )
    lost = _most_lost(found.queues)
    if lost:
        told.append(lost)
    if gaps(found):
        told.append(t("The data has gaps: see the section on the data."))
    return tuple(told)


def _most_lost(queues: pl.DataFrame) -> str:
    """The queue that cost most: contacts that missed its own target."""
    gap = (pl.col("service_level_target_ratio") - pl.col("service_level_ratio")) * pl.col("offered_calls")
    worst = queues.with_columns(lost=gap).filter(pl.col("lost") > 0).sort("lost", descending=True).head(1)
    if worst.is_empty():
        return ""
    row = worst.row(0, named=True)
    return t(
        "Most was lost in {queue}: {value} against {goal}, with {n} contacts offered.",
        queue=words.name(row["queue_name"]),
        value=words.ratio(row["service_level_ratio"], against=row["service_level_target_ratio"]),
        goal=words.target_ratio(row["service_level_target_ratio"]),
        n=words.number(row["offered_calls"]),
    )


def cards(found: Figures) -> tuple[Card, ...]:
    """The figures at the top: service level first, each against the period before."""
    now, before = found.together, found.before
    level = board.against_target(now["service_level_ratio"], now["service_level_target_ratio"])
    first = Card(
        label=t("Service level"),
        value=words.ratio(now["service_level_ratio"], against=now["service_level_target_ratio"]),
        more=(
            board.target_text(now),
            change("service_level_ratio", now, before),
            board.formula_word(now["service_level_formula_name"]),
        ),
        tone=level["tone"],
        word=level["word"] if now["service_level_ratio"] is not None else "",
    )
    offered = Card(
        t("Offered"),
        words.number(now["offered_calls"]),
        (relative(now["offered_calls"], before["offered_calls"]) if before["offered_calls"] else "",),
    )
    names = ("abandonment_ratio", "average_speed_of_answer_seconds", "average_handle_time_seconds")
    return (first, offered, *(metric_card(name, now, before) for name in names))
