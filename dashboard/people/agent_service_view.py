"""What customers made of each agent's contacts, and whether work was shared out fairly.

In: the frames of the questions about service and routing. Out: blocks for `board.show`.
The rule it guards: every share stands with its n, provisional ones are marked, CSAT with the lower end of its interval,
and nobody is compared by few answers.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dashboard import board, certainty, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.people.agent_view import calls_behind, to_agent, with_n
from dashboard.words import t, t_count
from sql import metrics

Rows = Mapping[int, Row]

FEW_COUNT = 5
"""With fewer answers a share is shown, and weighed by nobody."""


def orders() -> dict[str, str]:
    """The orders of this table: by name, or by the CSAT that is at least true; few answers come last."""
    return {"name": t("By name"), "csat": t("CSAT, at least")}


def ordered(service: pl.DataFrame, order: str) -> pl.DataFrame:
    """The rows in that order."""
    if order != "csat":
        return service.sort("agent_name", "agent_id")
    bounds = [
        (certainty.wilson(hits, n) or (None,))[0] if n >= FEW_COUNT else None
        for hits, n in service.select("csat_satisfied_count", "csat_count").iter_rows()
    ]
    lower = pl.Series("lower_bound_ratio", bounds, dtype=pl.Float64)
    return (
        service.with_columns(lower)
        .sort("lower_bound_ratio", "agent_name", descending=[True, False], nulls_last=True)
        .drop("lower_bound_ratio")
    )


def service_table(
    service: pl.DataFrame, totals: pl.DataFrame, routing: pl.DataFrame, *, filters: Filters, seen: Filters
) -> Block:
    """FCR both ways, repeat contacts, CSAT with its lower bound, transfers, short calls and rings not answered, by name."""
    calls = {row["agent_id"]: row for row in totals.iter_rows(named=True)}
    rings = {row["agent_id"]: row for row in routing.iter_rows(named=True)}
    rows = [
        {"key": str(row["agent_id"]), "cells": _service_cells(row, calls, rings, filters, seen)}
        for row in service.iter_rows(named=True)
    ]
    columns = [
        column(t("Agent")),
        column(t("FCR, as told (n)"), "end"),
        column(t("FCR, no repeat (n)"), "end"),
        column(t("Repeats (n)"), "end", wide=True),
        column(t("CSAT (n)"), "end"),
        column(t("At least"), "end", wide=True),
        column(t("Response rate"), "end", wide=True),
        column(t("Short calls (n)"), "end", wide=True),
        column(t("Rings not answered (n)"), "end", wide=True),
    ]
    return board.table(
        t("Service"),
        columns,
        rows,
        nothing=t("No contact was handled to its end in this time."),
        title=t("What customers made of it"),
        lead=_service_lead(service),
    )


def _service_lead(service: pl.DataFrame) -> str:
    open_contacts = int(service["provisional_contacts"].sum()) if service.height else 0
    said = t(
        "At least so much, 95% sure; n below {n} is too few to compare.",
        n=FEW_COUNT,
    )
    if not open_contacts:
        return said
    waiting = t_count(
        "{n} contact may still be followed by another (7 days have not passed): * is provisional.",
        "{n} contacts may still be followed by another (7 days have not passed): * is provisional.",
        open_contacts,
    )
    return f"{waiting} {said}"


def _service_cells(row: Row, calls: Rows, rings: Rows, filters: Filters, seen: Filters) -> list[Block | str]:
    found, ring = calls.get(row["agent_id"]), rings.get(row["agent_id"])
    mark = "*" if row["provisional_contacts"] else ""

    def led(name: str, marked: str = "") -> Block | str:
        text = with_n(row, name)
        if text == words.UNKNOWN:
            return text
        return board.leading(text + marked, calls_behind(name, filters, agent=row["agent_id"]))

    return [
        to_agent(row, filters),
        led("fcr_flagged_ratio"),
        led("fcr_no_repeat_ratio", mark),
        led("repeat_contact_ratio", mark),
        led("csat_ratio"),
        lower_bound_text(row["csat_satisfied_count"], row["csat_count"]),
        led("survey_response_ratio"),
        board.leading(
            with_n(found, "short_call_ratio"),
            calls_behind("short_call_ratio", filters, agent=row["agent_id"])
            if found["handled_calls"]
            else None,
        )
        if found
        else words.UNKNOWN,
        board.leading(
            with_n(ring, "unanswered_ring_ratio"),
            behind("unanswered_ring_ratio", seen, agent=row["agent_id"]),
        )
        if ring and ring["ring_count"]
        else words.UNKNOWN,
    ]


def lower_bound_text(hits: int, n: int) -> str:
    """The share that is at least true in 95 of 100 cases; a word where there are too few answers to weigh."""
    bounds = certainty.wilson(hits, n)
    if bounds is None:
        return words.UNKNOWN
    return t("too few") if n < FEW_COUNT else words.ratio(bounds[0])


def fairness_tiles(routing: pl.DataFrame, service: pl.DataFrame, filters: Filters) -> list[Block]:
    """Idle time before a contact, the spread of it, who had waited longest, and the same agent for whom came back."""
    whole = routing.filter(pl.col("agent_id").is_null())
    if whole.is_empty():
        return []
    row = whole.row(0, named=True)
    back = {name: int(service[name].sum()) for name in ("same_agent_contacts", "returning_contacts")}
    same = metrics.with_metrics(pl.DataFrame([back]), "same_agent_ratio").row(0, named=True)
    medians = routing.filter(pl.col("agent_id").is_not_null() & (pl.col("idle_calls") > 0))[
        "median_idle_seconds"
    ]
    least, most = (medians.min(), medians.max()) if medians.len() else (None, None)
    spread = t("from {least} to {most} by agent", least=words.value("idle_seconds", least),
               most=words.value("idle_seconds", most))  # fmt: skip
    reason = t("Unknown: no contact came to somebody who was known to be available.")
    tiles = [
        {"key": "median_idle", "units": 1, "label": t("Median idle time"),
         "value": words.duration(row["median_idle_seconds"]), "more": spread,
         "tip": t("The median time an agent had been available right before a contact was given, ringing apart.")},
        board.plain_tile("average_idle_seconds", row, n=row["idle_calls"], reason=reason,
                         basis=t("n = {n}", n=words.number(row["idle_calls"]))),
        board.plain_tile("longest_idle_first_ratio", row, n=row["routed_calls"], reason=reason,
                         basis=t("n = {n} with a choice", n=words.number(row["routed_calls"]))),
        board.plain_tile("same_agent_ratio", same | back, n=back["returning_contacts"],
                         basis=t("n = {n} came back", n=words.number(back["returning_contacts"])),
                         reason=t("Unknown: nobody came back within 7 days.")),
    ]  # fmt: skip
    known = {"median_idle": "median_idle_seconds"}
    counts = {"same_agent_ratio": back["returning_contacts"], "longest_idle_first_ratio": row["routed_calls"]}
    for tile in tiles:
        of_name = known.get(tile["key"], tile["key"])
        by = {"by": "answer"} if of_name == "same_agent_ratio" else {}
        if counts.get(of_name, row["idle_calls"]):
            tile["here"] = behind(of_name, filters, **by)
    return tiles


def fairness_table(
    routing: pl.DataFrame, totals: pl.DataFrame, service: pl.DataFrame, *, filters: Filters
) -> Block:
    """Each agent's idle time against that of all, contacts per available hour, and contacts he had waited longest for."""
    whole = routing.filter(pl.col("agent_id").is_null())
    median = whole["median_idle_seconds"][0] if whole.height else None
    calls = {row["agent_id"]: row for row in totals.iter_rows(named=True)}
    back = {row["agent_id"]: row for row in service.iter_rows(named=True)}
    rows = [
        {"key": str(row["agent_id"]), "cells": _fairness_cells(row, median, calls, back, filters)}
        for row in routing.filter(pl.col("agent_id").is_not_null() & (pl.col("idle_calls") > 0)).iter_rows(
            named=True
        )
    ]
    columns = [
        column(t("Agent")),
        column(t("Idle before a contact"), "end"),
        column(t("Against all"), "end"),
        column(t("Contacts per available hour"), "end"),
        column(t("Had waited longest (n)"), "end"),
        column(t("Same agent again (n)"), "end", wide=True),
    ]
    lead = t(
        "Medians. Had waited longest: of the contacts given while a colleague who serves the queue was available too."
    )
    nothing = t(
        "No contact came to somebody who was known to be available; fairness needs the states of agents."
    )
    return board.table(
        t("Fairness"), columns, rows, nothing=nothing, title=t("Is work shared out fairly?"), lead=lead
    )


def _fairness_cells(
    row: Row, median: int | None, calls: Rows, back: Rows, filters: Filters
) -> list[Block | str]:
    found, again = calls.get(row["agent_id"]), back.get(row["agent_id"])
    idle, whose = row["median_idle_seconds"], {"agent": row["agent_id"]}
    per_hour = (
        found["handled_calls"] * 3600 / found["available_seconds"]
        if found and found["available_seconds"]
        else None
    )
    return [
        to_agent(row, filters),
        board.leading(
            f"{words.duration(idle)} ({words.number(row['idle_calls'])})",
            behind("median_idle_seconds", filters, **whose),
        ),
        _apart(idle, median),
        f"{per_hour:.1f}" if per_hour is not None else words.UNKNOWN,
        board.leading(
            with_n(row, "longest_idle_first_ratio"),
            behind("longest_idle_first_ratio", filters, **whose) if row["routed_calls"] else None,
        ),
        board.leading(
            with_n(again, "same_agent_ratio"),
            calls_behind("same_agent_ratio", filters, **whose) if again["returning_contacts"] else None,
        )
        if again
        else words.UNKNOWN,
    ]


def _apart(idle: int | None, median: int | None) -> str:
    if idle is None or median is None:
        return words.UNKNOWN
    difference = idle - median
    if difference == 0:
        return t("the same")
    return f"{'+' if difference > 0 else '−'}{words.duration(abs(difference))}"
