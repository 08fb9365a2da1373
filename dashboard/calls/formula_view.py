"""The eight service levels of the same calls, beside each other, each with its formula in numbers.

In: the sums of a view in one row. Out: a table for `board.show`.
The rule it guards: the formula that counts is marked, and each of the eight opens its own calls.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.words import t
from sql import metrics


def formula_table(row: Row, *, filters: Filters, other: Mapping[str, object]) -> Block:
    """The eight service levels of the same calls, each with its formula in numbers; the one that counts is marked."""
    set_name, target = row["service_level_formula_name"], row["service_level_target_ratio"]
    values = {name: row[f"service_level_{name}_ratio"] for name in metrics.SERVICE_LEVEL_FORMULAS}
    known = [value for value in values.values() if value is not None]
    spread = (max(known) - min(known)) * 100 if known else None
    rows = []
    for name, value in values.items():
        record = metrics.service_level(name)
        over, n = record.counts(row)
        is_set = name == set_name
        kept = {key: one for key, one in other.items() if key != "formula"}
        address = behind(record.name, filters, **kept) if n else None
        rows.append(
            {
                "key": name,
                "tone": "near" if is_set else "none",
                "cells": [
                    board.formula_word(name),
                    board.amount(
                        words.ratio(value, against=target),
                        value,
                        tone=str(board.against_target(value, target)["tone"]),
                        address=address,
                    ),
                    board.leading(t("{count} of {n}", count=words.number(over), n=words.number(n)), address),
                    board.status("good", t("counts here")) if is_set else words.UNKNOWN,
                    t(record.meaning),
                ],
            }
        )
    lead = (
        t(
            "The same calls, eight defensible answers, {n} points apart: why a service level names its formula.",
            n=words.number(round(spread, 1)),
        )
        if spread is not None
        else t("No call of this view counts for any of them.")
    )
    columns = [
        column(t("Answered in time, as a share")),
        column(t("Service level"), "end"),
        column(t("Counted"), "end"),
        column(t("Set")),
        column(t("What it means"), "text", wide=True),
    ]
    return board.table(
        t("All eight formulas"), columns, rows, nothing="", title=t("All eight formulas"), lead=lead
    )
