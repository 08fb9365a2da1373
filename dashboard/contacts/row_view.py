"""The rows behind a number, ready to draw: the number itself, what is listed, and the table of its calls, states or tickets.

In: the totals and a page of the rows that a question gave. Out: blocks for `board.show`.
The rule it guards: the list repeats its number in the same words, and every row leads to its contact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.contacts import made_row_view, voice_row_view
from dashboard.tickets import ticket_rows_view
from dashboard.words import t, t_count
from sql import metrics

LEAD = " · "
STATE_WORDS: Mapping[str, tuple[str, str]] = {
    "ringing": ("diamond", "ringing"),
    "on_contact": ("square", "on_contact"),
    "wrap_up": ("half", "wrap_up"),
    "available": ("circle", "available"),
    "paused": ("bars", "paused"),
}


def label_of(of_name: str) -> str:
    """What the number is called: the label of its metric or of its column."""
    known = {one.name: one.label for one in metrics.columns()} | {
        one.name: one.label for one in metrics.metrics()
    }
    own = {
        "forecast_calls": t("Forecast: the median of these days"),
        "signed_in_agents": t("Signed in"),
        "free_seconds": t("Available, ringing apart"),
        "ended_wait_calls": t("Waited so long"),
    }
    if average := _average_of(of_name):
        text = t("{name}: median") if is_median(of_name) else t("{name}: 9 of 10 within")
        return text.format(name=t(average.label))
    return own.get(of_name) or t(known.get(of_name) or of_name.replace("_", " ").capitalize())


def _average_of(of_name: str) -> metrics.Metric | None:
    """Of a quantile of tickets the metric that is the average of the same times; None of any other number."""
    name = f"average_{of_name.removeprefix('median_').removeprefix('ninth_decile_')}"
    found = (one for one in metrics.metrics() if one.name == name and one.kind == "tickets")
    return next(found, None) if is_quantile(of_name) else None


def _is_of_tickets(of_name: str) -> bool:
    """Whether the number is one of tickets, whose times are told in hours and days."""
    kinds = {one.name: one.kind for one in metrics.columns()} | {
        one.name: one.kind for one in metrics.metrics()
    }
    return kinds.get(of_name) == "tickets" or _average_of(of_name) is not None


def meaning_of(of_name: str) -> str:
    """What the number says, in a sentence; empty where its record has none."""
    known = {one.name: one.meaning for one in metrics.columns()} | {
        one.name: one.meaning for one in metrics.metrics()
    }
    if average := _average_of(of_name):
        half = t("Half of the times are no longer, half no shorter.")
        part = half if is_median(of_name) else t("Nine of ten times are no longer.")
        return f"{part} {t(average.counted)}"
    own = {
        "free_seconds": t("Signed in and available for a contact; the time in which one rang is left out."),
        "ended_wait_calls": t(
            "Contacts whose wait was over within this stretch of time, whatever became of them."
        ),
    }
    return t(known[of_name]) if of_name in known else own.get(of_name, "")


def number_text(of_name: str, total: Row) -> str:
    """The number as the page shows it: a count, a duration, a ratio of its two sums."""
    record = next((one for one in metrics.metrics() if one.name == of_name), None)
    if record is not None:
        n = total["total_number"]
        found = total["counted_total_number"] / n * record.scale if n else None
        return time_text(of_name, found) if record.unit == "seconds" else words.value(of_name, found)
    if is_quantile(of_name):
        return time_text(of_name, total.get("figure_number"))
    if total.get("figure_number") is not None:
        return words.number(total["figure_number"])
    if is_longest(of_name):
        return time_text(of_name, total.get("longest_number"))
    if of_name.endswith("_seconds"):
        return words.long_time(total["total_number"], in_days=False)
    return words.number(total["total_number"])


def time_text(of_name: str, seconds: float | None) -> str:
    """One time as the pages write it: of tickets "3 h 32 min" or "4.7 days", of anything else "4:12"."""
    if _is_of_tickets(of_name):
        return words.long_time(seconds, in_days="_business_" not in of_name)
    return words.duration(seconds)


def is_longest(of_name: str) -> bool:
    """Whether the number is a largest one and no sum, so that the list begins with it."""
    return any(one.name == of_name and one.combine == "max" for one in metrics.columns())


def is_median(of_name: str) -> bool:
    """Whether the number is the middle one of its rows."""
    return of_name.startswith("median_")


def is_quantile(of_name: str) -> bool:
    """Whether the number is one that a part of its rows stays below: the middle one, or nine of ten."""
    return is_median(of_name) or of_name.startswith("ninth_decile_")


def is_share(of_name: str) -> bool:
    """Whether the number is a share of its rows, so that the list begins with those that count."""
    return any(one.name == of_name and one.unit in ("ratio", "points") for one in metrics.metrics())


def number_block(of_name: str, total: Row) -> Block:
    """The number in large with what it says, what it is made of, and how many rows the list has."""
    record = next((one for one in metrics.metrics() if one.name == of_name), None)
    rows, n = total["found_rows"], total["total_number"]
    parts: list[Block] = []
    if record is not None:
        above, below = _part_texts(record, total)
        sentence = t("{part} over {whole}") if record.unit == "seconds" else t("{part} of {whole}")
        parts.append({"label": made_of(record), "value": sentence.format(part=above, whole=below)})
    elif n != rows:
        parts.append({"label": t("Together"), "value": number_text(of_name, total)})
    parts.append({"label": t("Rows"), "value": words.number(rows)})
    return {
        "kind": "number",
        "label": label_of(of_name),
        "value": number_text(of_name, total),
        "more": t("The same number as on the page; every row that makes it is listed below."),
        "meaning": meaning_of(of_name),
        "parts": parts,
    }


def made_of(record: metrics.Metric) -> str:
    """What a metric is a part of what, both by name: "Promises met of promises due"."""
    if not record.numerator:
        return t("In time of counted")
    above, below = (_named(side) for side in (record.numerator, record.denominator))
    pattern = t("{part} of {whole}") if record.unit != "seconds" else t("{part} over {whole}")
    return pattern.format(part=above, whole=_inside(below))


def _inside(label: str) -> str:
    """A label within a sentence: its first letter small, save of an abbreviation such as CSAT."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _named(terms: tuple[tuple[int, str], ...]) -> str:
    """A sum of columns by their labels: "Offered without short abandons"."""
    told = ""
    for sign, name in terms:
        label = label_of(name)
        if not told:
            told = label
            continue
        label = _inside(label)
        told = (
            t("{first} and {second}", first=told, second=label)
            if sign > 0
            else t("{first} without {second}", first=told, second=label)
        )
    return told


def _part_texts(record: metrics.Metric, total: Row) -> tuple[str, str]:
    """Numerator and denominator of a metric in words: contacts as counts, time as durations."""
    terms = {"numerator": record.numerator, "denominator": record.denominator}
    is_time = {
        name: any(column_name.endswith("_seconds") for _, column_name in side) for name, side in terms.items()
    }

    def told(name: str, value: float) -> str:
        return words.long_time(value, in_days=False) if is_time[name] else words.number(value)

    return told("numerator", total["counted_total_number"]), told("denominator", total["total_number"])


def heading(total: Row, view_text: str, *, shown: int, is_first: bool) -> Block:
    """The title over the list: the number, the view in words, and how much of the list is on this page."""
    count = t_count("{n} row", "{n} rows", total["found_rows"])
    part = t("these are {n} of them", n=words.number(shown))
    told = count if is_first and shown >= total["found_rows"] else f"{count}, {part}"
    return {"kind": "section", "title": view_text, "lead": told, "legend": []}


def trail(*items: Block) -> Block:
    """A line of ways on from here: back, to the next page of the list, to the whole of it."""
    return {"kind": "trail", "label": t("Ways on"), "items": [item for item in items if item]}


def way(text: str, here: str | None = None, *, is_back: bool = False) -> Block:
    """One way of a trail; a way back goes where the reader came from, or to `here` where nobody knows."""
    return {"text": text, "here": here or "?", "is_back": is_back}


def contact_address(row: Row) -> str | None:
    """Where a row's contact has its journey; None for a row that belongs to no contact."""
    contact_id = row.get("contact_id") or row.get("ticket_id")
    if not contact_id:
        return None
    source = row.get("contact_source_name") or row["source_name"]
    return f"contacts?{urlencode({'contact': contact_id, 'source': source})}"


def outcome(name: str | None) -> Block | str:
    """What became of a call, with its mark."""
    known = {
        "answered": ("good", t("Answered")),
        "in_progress": ("good", t("In progress")),
        "waiting": ("near", t("Waiting")),
        "abandoned": ("off", t("Abandoned")),
        "timed_out": ("off", t("Timed out")),
        "overflowed": ("near", t("Overflowed")),
        "callback": ("near", t("Callback")),
        "withdrawn": ("none", t("Withdrawn")),
        "interrupted": ("none", t("Interrupted")),
    }
    if name is None:
        return words.UNKNOWN
    tone, word = known.get(name, ("none", name))
    return board.status(tone, word)


def transfer_word(name: str | None) -> str:
    """How an agent passed a call on."""
    return {"blind": t("Blind"), "attended": t("Attended")}.get(name or "", name or words.UNKNOWN)


def direction_word(name: str | None) -> str:
    """Who called whom."""
    known = {"inbound": t("Inbound"), "outbound": t("Outbound"), "internal": t("Internal")}
    return known.get(name or "", name or words.UNKNOWN)


def state(name: str) -> Block:
    """An agent's state with its mark."""
    known = {
        "ringing": t("Ringing"),
        "on_contact": t("On contact"),
        "wrap_up": t("Wrap-up"),
        "available": t("Available"),
        "paused": t("Paused"),
    }
    shape, tone = STATE_WORDS.get(name, ("dash", "none"))
    return {"shape": shape, "state": tone, "word": known.get(name, name)}


def rows_table(
    kind: str,
    rows: pl.DataFrame,
    *,
    of_name: str,
    zone_name: str,
    said: Mapping[str, str],
    is_part: bool = False,
) -> Block:
    """The table of a page of the list; its kind is that of the question ("calls", "states", "tickets" ...).

    said: what the address says, which the ways further down keep. is_part: whether its reader may find some rows only.
    """
    columns, cells = _TABLES[kind]
    is_metric = any(one.name == of_name for one in metrics.metrics())
    longest = max((abs(row["amount_number"] or 0) for row in rows.iter_rows(named=True)), default=0)
    is_time = (of_name.endswith("_seconds") and not is_metric) or kind in ("states", "shifts")
    is_told = is_metric or is_time or is_longest(of_name) or longest > 1
    drawn = []
    for row in rows.iter_rows(named=True):
        adds = _adds(row, of_name, is_metric=is_metric, is_time=is_time, longest=longest)
        drawn.append(
            {
                "key": row["row_text"],
                "cells": [
                    board.leading(
                        _at(row, zone_name),
                        contact_address(row) or made_row_view.lead(kind, row, zone_name=zone_name, said=said),
                    ),
                    *([adds] if is_told else []),
                    *cells(row, zone_name),
                ],
            }
        )
    is_marked = is_metric and not of_name.endswith("_seconds")
    added = column(t("Counted"), "end" if is_time else "") if is_marked else column(t("Adds"), "end")
    if is_longest(of_name) or is_quantile(of_name):
        added = column(t("Measured"), "end")
    told, drawn = without_empty([column(t("When")), *([added] if is_told else []), *columns()], drawn)
    return board.table(
        label_of(of_name),
        told,
        drawn,
        nothing=t("The list ends here: no row comes after the last page. Go back to its first page.")
        if "after" in said
        else t("None of the rows behind this number is yours to see. Choose another period or fewer filters.")
        if is_part
        else t(
            "Nothing is behind this number: it is 0 for this view. Choose another period or fewer filters."
        ),
    )


def without_empty(columns: list[Block], rows: list[Block]) -> tuple[list[Block], list[Block]]:
    """The columns, and the rows' cells, without those that say nothing in any row."""
    kept = [place for place, _ in enumerate(columns)
            if not rows or any(row["cells"][place] not in ("", words.UNKNOWN) for row in rows)]  # fmt: skip
    return [columns[place] for place in kept], [
        {**row, "cells": [row["cells"][place] for place in kept]} for row in rows
    ]


def _at(row: Row, zone_name: str) -> str:
    if "compared_date" in row:
        return words.day(row["compared_date"])
    names = ("offered_at", "started_at", "happened_at", "reviewed_at", "interval_start_at")
    return words.moment(row[next(name for name in names if name in row)], zone_name)


def _adds(row: Row, of_name: str, *, is_metric: bool, is_time: bool, longest: float) -> Block | str:
    amount, counted = row["amount_number"], row["counted_number"]
    if is_longest(of_name) or is_quantile(of_name):
        return time_text(of_name, counted)
    if is_metric and of_name.endswith("_seconds"):
        return time_text(of_name, counted)
    if is_metric and is_time:
        return words.duration(counted) if counted else t("no")
    if is_metric:
        return board.status("good", t("yes")) if counted else board.status("none", t("no"))
    if is_time:
        return board.amount(time_text(of_name, amount), amount / longest if longest else None)
    return words.number(round(amount, 1))


def _agent_call_columns() -> list[Block]:
    queue, *others = _call_columns()
    return [queue, column(t("Answered at"), "end"), *others]


def _agent_call_cells(row: Row, zone_name: str) -> list[Block | str]:
    """Here a call belongs to the instant of its answer, so that stands beside that of its offer."""
    queue, *others = _call_cells(row, zone_name)
    return [queue, words.moment(row["answered_at"], zone_name), *others]


def _call_columns() -> list[Block]:
    return [
        column(t("Queue")),
        column(t("Agent")),
        column(t("Outcome")),
        column(t("Wait"), "end"),
        column(t("Handle time"), "end"),
        column(t("Passed on"), wide=True),
        column(t("Topic"), wide=True),
        column(t("Call"), wide=True),
    ]


def _call_cells(row: Row, _zone_name: str) -> list[Block | str]:
    return [
        words.name(row["queue_name"]),
        words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
        outcome(row["outcome_name"]),
        words.duration(row["wait_seconds"]),
        words.duration(handle_seconds(row)),
        transfer_word(row["transfer_kind_name"]),
        row["topic_name"] or words.UNKNOWN,
        f"{row['call_id']} ({row['source_name']})",
    ]


def handle_seconds(row: Row) -> int | None:
    """Talk, hold and wrap-up of a call together; None where nobody talked."""
    if row["talk_seconds"] is None:
        return None
    return int(row["talk_seconds"] + (row["hold_seconds"] or 0) + (row["wrap_up_seconds"] or 0))


def _state_columns() -> list[Block]:
    return [
        column(t("Agent")),
        column(t("State")),
        column(t("Reason"), wide=True),
        column(t("Counted from")),
        column(t("until")),
        column(t("Source"), wide=True),
    ]


def _state_cells(row: Row, zone_name: str) -> list[Block | str]:
    return [
        words.name(row["agent_name"]),
        state(row["state_name"]),
        row["reason_name"] or words.UNKNOWN,
        words.moment(row["counted_from_at"], zone_name).rpartition(" ")[2],
        words.moment(row["counted_until_at"], zone_name).rpartition(" ")[2],
        row["source_name"],
    ]


Columns = Callable[[], list[Block]]
Cells = Callable[[Mapping[str, Any], str], list[Block | str]]
_TABLES: Mapping[str, tuple[Columns, Cells]] = {
    "calls": (_call_columns, _call_cells),
    "agent_calls": (_agent_call_columns, _agent_call_cells),
    "live": (_call_columns, _call_cells),
    "states": (_state_columns, _state_cells),
    "tickets": (ticket_rows_view.columns, ticket_rows_view.cells),
    "surveys": (voice_row_view.survey_columns, voice_row_view.survey_cells),
    "reviews": (voice_row_view.review_columns, voice_row_view.review_cells),
    **made_row_view.TABLES,
}


def no_rows_of(of_name: str) -> Block:
    """The page for a number that has no rows here."""
    return board.notice(
        "none",
        t('There are no rows behind "{name}".', name=of_name[:60]),
        t("The address names a number that is not made of calls, tickets, states, surveys or reviews."),
        steps=[t("Go back and open another number."), t("See Definitions for what each number is made of.")],
        page=True,
    )
