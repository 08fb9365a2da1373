"""The rows behind one number of the game, ready to draw, each leading to the days and calls that it was counted from.

In: the rows of evidence of an entry, and its rule. Out: tables.
The rule it guards: a number of a row leads to the list of just these calls, tickets or states, where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.game.rule_texts import rule_of
from dashboard.words import t, t_count
from sql.game_rules import compiling
from sql.game_rules.spec import COLUMNS, Rule, Term

CALLS_BEHIND: Mapping[str, tuple[str, str]] = {
    "handled_calls": ("handled_calls", "answer"),
    "handle_seconds": ("average_handle_time_seconds", "answer"),
    "log_handle_sum": ("average_handle_time_seconds", "answer"),
    "wrap_up_seconds": ("wrap_up_seconds", "answer"),
    "hold_seconds": ("hold_seconds", "answer"),
    "transferred_calls": ("transferred_calls", "answer"),
    "short_calls": ("handled_calls", "answer"),
    "short_ended_by_agent_calls": ("handled_calls", "answer"),
    "outbound_calls": ("outbound_calls", ""),
    "answered_rings": ("ring_count", ""),
    "missed_rings": ("unanswered_ring_count", ""),
    "flagged_contacts": ("flagged_contacts", "answer"),
    "resolved_first_contacts": ("flagged_contacts", "answer"),
    "followed_contacts": ("followed_contacts", "answer"),
    "repeated_contacts": ("repeated_contacts", "answer"),
    "not_repeated_contacts": ("followed_contacts", "answer"),
    "asked_contacts": ("askable_contacts", "answer"),
    "csat_responses": ("csat_count", "answer"),
    "csat_satisfied_responses": ("csat_count", "answer"),
    "csat_score_sum": ("csat_count", "answer"),
    "nps_responses": ("nps_count", "answer"),
    "nps_promoters": ("nps_count", "answer"),
    "nps_detractors": ("nps_count", "answer"),
    "solved_tickets": ("solved_tickets", ""),
    "reopened_tickets": ("reopened_tickets", ""),
    "one_touch_tickets": ("one_touch_tickets", ""),
    "first_replies": ("first_replied_tickets", ""),
    "first_replies_in_target": ("met_targets_tickets", ""),
    "ticket_csat_responses": ("csat_tickets", ""),
    "ticket_csat_satisfied_responses": ("csat_tickets", ""),
    "review_earned_points": ("review_count", ""),
    "review_possible_points": ("review_count", ""),
    "reviews": ("review_count", ""),
    "failed_reviews": ("review_count", ""),
    "signed_in_seconds": ("signed_in_seconds", ""),
    "available_seconds": ("available_seconds", ""),
    "paused_seconds": ("paused_seconds", ""),
    "on_contact_seconds": ("on_contact_seconds", ""),
    "wrapping_up_seconds": ("wrapping_up_seconds", ""),
    "scheduled_seconds": ("scheduled_seconds", ""),
    "absent_seconds": ("absent_seconds", ""),
    "adherent_seconds": ("adherent_seconds", ""),
}
"""What lists the rows behind a fact of the game: the number of the page Contacts, and by what it is asked."""


def spans_days(rule: Rule | None) -> bool:
    """Whether a row of evidence is of several days together: of a month of a queue, or of a period of one kind of work."""
    return rule is not None and (compiling.is_mixed(rule) or _is_long(rule))


def _is_long(rule: Rule) -> bool:
    return rule.measure is not None and rule.measure.grain in compiling.LONG_GRAINS


def days_asked(row: Row) -> dict[str, Any] | None:
    """What the days inside a row of evidence are asked by; None where the row is of one day already."""
    rule = rule_of(row["spec_text"])
    if rule is None or rule.measure is None or not spans_days(rule):
        return None
    return {
        "above_text": _signed(rule.measure.above),
        "below_text": _signed(rule.measure.below),
        "is_by_month": not compiling.is_mixed(rule),
    }


def _signed(terms: Sequence[Term]) -> str:
    return " ".join(("-" if term.sign < 0 else "") + term.column_name for term in terms)


def evidence_table(rows: Sequence[Row], entry: Row, *, agent_id: int, of_agent: int | None) -> Block:
    """What was counted, by day and kind of work; each number leads to its calls, or to its days where there are several."""
    rule = rule_of(entry["spec_text"])
    is_wide = spans_days(rule)

    def lead(row: Row, terms: Sequence[Term]) -> str | None:
        if not is_wide:
            return calls_address(row, agent_id, terms)
        told = {"entry": entry["entry_id"], "row": row["place_number"]}
        return "?" + urlencode({**told, **({"agent": of_agent} if of_agent is not None else {})})

    return _table(
        rows,
        rule,
        lead,
        first=t("Until") if is_wide else t("Day"),
        title=t("What was counted"),
        lead_text=t_count(
            "{n} row; each number leads to the days and calls behind it.",
            "{n} rows; each number leads to the days and calls behind it.",
            len(rows),
        ),
        nothing=t("The rows of an award are kept when it is written, at the end of the working day."),
    )


def days_table(rows: Sequence[Row], of_row: Row, entry: Row, *, agent_id: int) -> Block:
    """The days inside one row of evidence, as the agent's sums stand now; each number leads to its calls."""
    rule = rule_of(entry["spec_text"])
    above = rule.measure.above if rule is not None and rule.measure is not None else ()
    counted = math.fsum(row["above_value"] or 0.0 for row in rows)
    is_same = math.isclose(counted, of_row["above_value"] or 0.0, rel_tol=1e-9, abs_tol=1e-6)
    told = t("Together {n}, as in the row.", n=amount_text(above, counted))
    if not is_same:
        told = t(
            "Together {n} as it stands now; {then} when it was written. Something has changed since.",
            n=amount_text(above, counted),
            then=amount_text(above, of_row["above_value"]),
        )
    queue = of_row["queue_name"] or t("All queues")
    return _table(
        rows,
        rule,
        lambda row, terms: calls_address(row, agent_id, terms),
        first=t("Day"),
        title=t("{queue}, day by day", queue=queue),
        lead_text=told,
        nothing=t("The sums of these days are no longer kept."),
    )


def _table(
    rows: Sequence[Row],
    rule: Rule | None,
    lead: Callable[[Row, Sequence[Term]], str | None],
    *,
    first: str,
    title: str,
    lead_text: str,
    nothing: str,
) -> Block:
    measure = rule.measure if rule is not None else None
    above, below = (measure.above, measure.below) if measure is not None else ((), ())
    has_expected = any(row["expected_value"] is not None for row in rows)
    columns = [
        column(first),
        column(t("Queue"), "text"),
        column(t("Kind"), wide=True),
        column(t("Hours"), wide=True),
        column(capital(terms_text(above)) or t("Counted"), "end"),
        *([column(t("Of"), "end")] if below else []),
        *([column(t("Everybody's rate makes"), "end", wide=True)] if has_expected else []),
    ]
    made = [
        {
            "key": str(row["place_number"]),
            "tone": "none",
            "cells": _cells(row, above, below, lead, has_expected=has_expected),
        }
        for row in rows
    ]
    return board.table(title, columns, made, nothing=nothing, title=title, lead=lead_text)


def _cells(
    row: Row,
    above: Sequence[Term],
    below: Sequence[Term],
    lead: Callable[[Row, Sequence[Term]], str | None],
    *,
    has_expected: bool,
) -> list[Block | str]:
    kind = " · ".join(
        part for part in (row["channel_name"], row["direction_name"], row["topic_name"]) if part
    )
    cells: list[Block | str] = [
        words.short_day(row["effective_date"]),
        row["queue_name"] or "–",
        kind or "–",
        _band(row["band_number"]),
        board.leading(amount_text(above, row["above_value"]), lead(row, above)),
    ]
    if below:
        cells.append(board.leading(amount_text(below, row["below_value"]), lead(row, below)))
    if has_expected:
        cells.append(amount_text(above, row["expected_value"]))
    return cells


def calls_address(row: Row, agent_id: int, terms: Sequence[Term]) -> str | None:
    """The address of the calls, tickets or states behind a row's number; None where no list has them."""
    known = CALLS_BEHIND.get(terms[0].column_name if terms else str(row.get("fact_name")))
    if known is None or row["window_start_at"] is None:
        return None
    of_name, by = known
    told: dict[str, str] = {
        "of": of_name,
        "agent": str(agent_id),
        "start": row["window_start_at"].isoformat(),
        "end": row["window_end_at"].isoformat(),
    }
    told |= {"by": by} if by else {}
    told |= {"queue": str(row["queue_id"])} if row["queue_id"] is not None else {}
    told |= {"channel": row["channel_name"]} if row["channel_name"] and by else {}
    told |= {"topic": row["topic_name"]} if row["topic_name"] else {}
    return f"contacts?{urlencode(told)}"


def terms_text(terms: Sequence[Term]) -> str:
    """What is counted, in words: "tickets solved without solved tickets that were opened again"."""
    said = ""
    for term in terms:
        about = COLUMNS[term.column_name].about
        joiner = t("without") if term.sign < 0 else t("and")
        said = f"{said} {joiner} {about}" if said else about
    return said


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def is_time(terms: Sequence[Term]) -> bool:
    """Whether what is counted are seconds."""
    return bool(terms) and terms[0].column_name.endswith("_seconds")


def is_log(terms: Sequence[Term]) -> bool:
    """Whether what is counted are logarithms of times."""
    return bool(terms) and terms[0].column_name.startswith("log_")


def amount_text(terms: Sequence[Term], amount: float | None) -> str:
    """An amount of what is counted: a duration, a count; of logarithms the plain number."""
    if amount is None:
        return words.number(None)
    if is_time(terms):
        return words.duration(amount)
    return f"{amount:.2f}" if is_log(terms) else words.number(amount if amount % 1 else int(amount))


def _band(number: int | None) -> str:
    return "–" if number is None else f"{number * 3:02d}–{number * 3 + 3:02d}"
