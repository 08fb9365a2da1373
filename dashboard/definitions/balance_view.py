"""Reconciliation: that offered equals what became of it, that nobody was lost at a border, and what each source says.

In: the answers of `balance_queries`, the reader's view. Out: blocks for `board.show` and the frame of the day's picture.
The rule it guards: a gap is shown in red with its size and its next step, never rounded away, and every number leads to
the contacts or rows that it counts.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.words import t, t_count
from sql import metrics

ELSEWHERE = ("callback", "overflowed", "timed_out", "withdrawn")
LEFT = ("answered", "abandoned", *ELSEWHERE, "interrupted")
OUTCOMES = (*LEFT, "waiting")
GAPS = ("outcome_gap_calls", "rollup_gap_calls", "border_gap_calls")
SIDES = ("left", "before", "after")
LEFT_BY = ("answered", "abandoned", "elsewhere", "interrupted", "earlier")
"""What may narrow the contacts that left: what became of them, or that they came before."""


def totals(frame: pl.DataFrame) -> Row:
    """The rows together: sums; who stood there before the first and after the last; the gaps without their sign."""
    borders = ("queued_before_calls", "queued_after_calls")
    sums = [name for name in frame.columns if name.endswith("_calls") and name not in (*GAPS, *borders)]
    return frame.select(
        *(pl.col(name).sum() for name in sums),
        *(pl.col(name).abs().sum() for name in GAPS),
        pl.col("queued_before_calls").first(),
        pl.col("queued_after_calls").last(),
    ).row(0, named=True)


def gap(row: Row) -> int:
    """How many contacts are not accounted for, in any of the three ways to count."""
    return sum(abs(int(row[name])) for name in GAPS)


def is_quiet(row: Row) -> bool:
    """Whether there was nobody to account for."""
    return not any(row[name] for name in ("offered_calls", "left_calls", "queued_before_calls", *GAPS))


def quiet() -> Block:
    """The page where nobody came in the days that were chosen."""
    return board.notice(
        "none",
        t("No contact came in these days."),
        t("There is nothing to reconcile where nobody came."),
        steps=[
            t("Choose other days, or all queues."),
            t("If there should have been contacts, see Data health for when each source last delivered."),
        ],
        page=True,
    )


def shortened(first: date, most_days: int) -> Block:
    """What is said where the period is longer than this page can prove line by line."""
    return board.notice(
        "none",
        t("Only the last {n} days of the period are proven here.", n=most_days),
        t("From {day} on. Choose earlier days to prove those.", day=words.day(first)),
    )


def verdict(row: Row, parts: int, *, is_by_day: bool) -> Block:
    """The first sentence of the page: everything adds up, or how much does not and what to do about it."""
    if found := gap(row):
        return board.notice(
            "off",
            t_count(
                "{n} contact is not accounted for.",
                "{n} contacts are not accounted for.",
                found,
            ),
            t(
                "The lines in red show where. Run `floorboard db check --repair`: it counts anew what is not as the "
                "facts say, and names the rest."
            ),
        )
    where = (
        t_count("on {n} day", "on each of {n} days", parts)
        if is_by_day
        else t_count("in {n} quarter of an hour", "in each of {n} quarters of an hour", parts)
    )
    return board.notice(
        "good",
        t_count(
            "Everything adds up: {n} contact came in, and what became of it is known.",
            "Everything adds up: {n} contacts came in, and what became of each is known.",
            row["offered_calls"],
        ),
        t(
            "Counted three times, each without the others: by the calls themselves, by the sums that the boards show, "
            "and by when each contact left. All three agree {where}.",
            where=where,
        ),
    )


def equations(row: Row, filters: Filters) -> Block:
    """The three ways to count as sums that can be checked by eye; each number leads to its contacts."""
    return {
        "kind": "equations",
        "label": t("The sums"),
        "lines": [
            _outcome_line(t("By the calls themselves"), row, "", filters),
            _outcome_line(t("By the sums that the boards show"), row, "rolled_", filters),
            _border_line(row, filters),
        ],
    }


def _outcome_line(label: str, row: Row, prefix: str, filters: Filters) -> Block:
    rest = row[f"{prefix}offered_calls"] - sum(row[f"{prefix}{name}_calls"] for name in OUTCOMES)
    differs = row["rollup_gap_calls"] if prefix else row["outcome_gap_calls"]
    terms = [_term("", "offered_calls", row[f"{prefix}offered_calls"], filters)]
    for place, name in enumerate(OUTCOMES):
        terms.append(
            _term("=" if place == 0 else "+", f"{name}_calls", row[f"{prefix}{name}_calls"], filters)
        )
    return {"label": label, "terms": terms, "status": gap_mark(max(abs(rest), differs))}


def _border_line(row: Row, filters: Filters) -> Block:
    came, label = row["offered_calls"], t("Came in")
    terms = [
        {
            "sign": "",
            "label": t("There before"),
            "value": words.number(row["queued_before_calls"]),
            "here": _side("before", row["queued_before_calls"], filters),
        },
        {
            "sign": "+",
            "label": label,
            "value": words.number(came),
            "here": behind("offered_calls", filters) if came else None,
        },
        {
            "sign": "=",
            "label": t("Left"),
            "value": words.number(row["left_calls"]),
            "here": _side("left", row["left_calls"], filters),
        },
        {
            "sign": "+",
            "label": t("There after"),
            "value": words.number(row["queued_after_calls"]),
            "here": _side("after", row["queued_after_calls"], filters),
        },
    ]
    return {
        "label": t("By when they left"),
        "terms": terms,
        "status": gap_mark(row["border_gap_calls"]),
    }


def _term(sign: str, name: str, count: int, filters: Filters) -> Block:
    return {
        "sign": sign,
        "label": t(metrics.column(name).label),
        "value": words.number(count),
        "here": behind(name, filters) if count else None,
        "tip": t(metrics.column(name).meaning),
    }


def gap_mark(count: int) -> Block:
    """Whether a sum adds up: a circle, or a square with how much is missing."""
    if count:
        return board.status("off", t_count("{n} does not add up", "{n} do not add up", count))
    return board.status("good", t("adds up"))


def _side(
    name: str,
    count: int,
    filters: Filters,
    start: datetime | None = None,
    end: datetime | None = None,
    **more: str,
) -> str | None:
    """The address of the contacts that left, or stood there before or after, on this page itself."""
    if not count:
        return None
    within = {} if start is None or end is None else {"start": start.isoformat(), "end": end.isoformat()}
    return f"?{urlencode({**filters.address(), 'rows': name, **within, **more})}"


def labels(frame: pl.DataFrame, *, zone_name: str, is_by_day: bool) -> list[str]:
    """What each row of the balance is called: its local day, or its local start, all different."""
    starts = frame.get_column("interval_start_at").to_list()
    if is_by_day:
        return [words.day(words.local_day(start, zone_name)) for start in starts]
    return words.interval_labels(starts, zone_name)


def busy(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows in which anybody came, left or stood there, or in which something does not add up."""
    names = ("offered_calls", "left_calls", "queued_before_calls", *GAPS)
    return frame.filter(pl.any_horizontal(pl.col(name) != 0 for name in names))


def outcome_table(frame: pl.DataFrame, filters: Filters, *, zone_name: str, is_by_day: bool) -> Block:
    """Offered and what became of it, row by row, the newest first, with what does not add up."""
    shown = busy(frame)
    names = labels(shown, zone_name=zone_name, is_by_day=is_by_day)
    rows = []
    for label, row in zip(names, shown.iter_rows(named=True), strict=True):
        missing = max(abs(row["outcome_gap_calls"]), row["rollup_gap_calls"])
        start, end = row["interval_start_at"], row["interval_end_at"]
        cells = [
            board.leading(
                words.number(row[f"{name}_calls"]),
                behind(f"{name}_calls", filters, start=start, end=end) if row[f"{name}_calls"] else None,
            )
            for name in ("offered", *OUTCOMES)
        ]
        rows.append(
            {
                "key": label,
                "tone": "off" if missing else "none",
                "cells": [label, *cells, gap_mark(missing)],
            }
        )
    columns = [
        column(t("Day") if is_by_day else t("From")),
        *(
            column(
                t(metrics.column(f"{name}_calls").label), "end", wide=name in (*ELSEWHERE[1:], "interrupted")
            )
            for name in ("offered", *OUTCOMES)
        ),
        column(t("Rollups and sum")),
    ]
    return board.table(
        t("Offered and what became of it"),
        columns,
        rows[::-1],
        nothing=t("No contact came in these days."),
        title=t("Counted by when they came"),
        lead=_left_out(frame.height - shown.height, is_by_day=is_by_day),
    )


def _left_out(quiet_rows: int, *, is_by_day: bool) -> str:
    if not quiet_rows:
        return t("Newest first.")
    if is_by_day:
        return t_count(
            "Newest first; {n} day without contacts is left out.",
            "Newest first; {n} days without contacts are left out.",
            quiet_rows,
        )
    return t_count(
        "Newest first; {n} interval without contacts is left out.",
        "Newest first; {n} intervals without contacts are left out.",
        quiet_rows,
    )


def border_table(frame: pl.DataFrame, filters: Filters, *, zone_name: str, is_by_day: bool) -> Block:
    """The same contacts by when they left: who stood there, came, left and stayed, row by row, the newest first."""
    shown = busy(frame)
    names = labels(shown, zone_name=zone_name, is_by_day=is_by_day)
    rows = []
    for label, row in zip(names, shown.iter_rows(named=True), strict=True):
        start, end = row["interval_start_at"], row["interval_end_at"]

        def leading(
            name: str, side: str, row: Row = row, start: Any = start, end: Any = end, **more: str
        ) -> Block | str:
            count = row[name]
            return board.leading(words.number(count), _side(side, count, filters, start, end, **more))

        row |= {f"left_{name}_calls": left_by(row, name) for name in LEFT_BY}
        came = row["offered_calls"]
        cells = [
            label,
            leading("queued_before_calls", "before"),
            board.leading(
                words.number(came), behind("offered_calls", filters, start=start, end=end) if came else None
            ),
            leading("left_calls", "left"),
            *(leading(f"left_{name}_calls", "left", only=name) for name in LEFT_BY),
            leading("queued_after_calls", "after"),
            gap_mark(abs(row["border_gap_calls"])),
        ]
        rows.append({"key": label, "tone": "off" if row["border_gap_calls"] else "none", "cells": cells})
    columns = [
        column(t("Day") if is_by_day else t("From")),
        column(t("There before"), "end"),
        column(t("+ came in"), "end"),
        column(t("- left"), "end"),
        column(t("answered"), "end", wide=True),
        column(t("abandoned"), "end", wide=True),
        column(t("led elsewhere"), "end", wide=True),
        column(t("interrupted"), "end", wide=True),
        column(t("came before"), "end", wide=True),
        column(t("= there after"), "end"),
        column(t("Border")),
    ]
    later = int(shown.get_column("left_later_calls").sum())
    lead = t_count(
        "{n} contact was on its way over a border: it came in one line and left in a later one. That is all the difference "
        "between this table and the one above.",
        "{n} contacts were on their way over a border: they came in one line and left in a later one. That is all the "
        "difference between this table and the one above.",
        later,
    )
    return board.table(
        t("The same contacts by when they left"),
        columns,
        rows[::-1],
        nothing=t("Nobody left in these days."),
        title=t("Counted by when they left"),
        lead=lead if later else t("Nobody was on the way over a border, so both tables show the same."),
    )


def left_by(row: Row, name: str) -> int:
    """How many of those that left had this become of them, or came before."""
    if name == "earlier":
        return int(row["offered_earlier_calls"])
    names = ELSEWHERE if name == "elsewhere" else (name,)
    return sum(int(row[f"left_{one}_calls"]) for one in names)


def rows_heading(side: str, *, start: datetime, end: datetime, count: int, zone_name: str) -> tuple[str, str]:
    """Title and lead of the contacts behind a border; the count is the number that was followed."""
    since, until = words.moment(start, zone_name), words.moment(end, zone_name)
    titles = {
        "left": t_count("{n} contact that left", "{n} contacts that left", count),
        "before": t_count("{n} contact that was there before", "{n} contacts that were there before", count),
        "after": t_count("{n} contact that was still there", "{n} contacts that were still there", count),
    }
    leads = {
        "left": t("Between {since} and {until}, whenever they came.", since=since, until=until),
        "before": t("They came before {since} and had not left by then.", since=since),
        "after": t("They came before {until} and had not left by then.", until=until),
    }
    return titles[side], leads[side]


def rows_table(
    rows: pl.DataFrame, side: str, *, start: datetime, end: datetime, count: int, zone_name: str
) -> Block:
    """The contacts that left, or stood at a border; each leads to its journey."""
    title, lead = rows_heading(side, start=start, end=end, count=count, zone_name=zone_name)
    if rows.height < count:
        lead += " " + t("The first {n} are listed.", n=words.number(rows.height))
    listed = [
        {
            "key": str(place),
            "cells": [
                board.leading(
                    words.name(row["contact_id"]),
                    f"contacts?{urlencode({'contact': row['contact_id'], 'source': row['source_name']})}",
                ),
                words.name(row["queue_name"]),
                words.moment(row["offered_at"], zone_name),
                words.moment(row["left_at"], zone_name),
                outcome_word(row["outcome_name"]),
                words.name(row["agent_name"]) if row["agent_name"] else "",
            ],
        }
        for place, row in enumerate(rows.iter_rows(named=True))
    ]
    columns = [
        column(t("Contact"), "text"),
        column(t("Queue")),
        column(t("Came")),
        column(t("Left the queue")),
        column(t("What became of it")),
        column(t("Agent"), wide=True),
    ]
    return board.table(title, columns, listed, nothing=t("No contact."), title=title, lead=lead)


def outcome_word(name: str) -> str:
    """What became of a contact, in a word."""
    return t(metrics.column(f"{name}_calls").label)
