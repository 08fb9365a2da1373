"""What stands in the place of a figure that is kept back because too few agents are behind it.

In: the reason that the warehouse gives with an answer, and how many agents a figure needs. Out: words for a cell, a
sentence, and the same for a file that is taken along.
The rule it guards: a figure that is not told is neither empty nor 0: it says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboard.words import t, t_count

REASONS = ("withheld_name", "contacts_withheld_name", "time_withheld_name")
FEWEST = "fewest_agents"


def cell(reason_name: str | None, fewest: int | None) -> str:
    """The words in a cell of a table, or on a tile; empty where the figure is told."""
    if reason_name is None:
        return ""
    return {
        "few": t("fewer than {n} agents", n=fewest),
        "beside": t("kept back beside fewer than {n}", n=fewest),
        "open": t("when the day is over"),
        "finer": t("of whole days only"),
    }[reason_name]


def sentence(reason_name: str | None, fewest: int | None) -> str:
    """The same as a sentence with the reason; empty where the figure is told."""
    if reason_name is None:
        return ""
    count = fewest or 0
    return {
        "few": t_count(
            "Fewer than {n} agent stands behind it: it would tell of single persons.",
            "Fewer than {n} agents stand behind it: it would tell of single persons.",
            count,
        ),
        "beside": t_count(
            "Kept back, as it would let the work of fewer than {n} agent be worked out.",
            "Kept back, as it would let the work of fewer than {n} agents be worked out.",
            count,
        ),
        "open": t("Told when the day is over: before, it would tell of every single contact."),
        "finer": t("The work of agents is told to you of the whole floor and of teams, by whole days that are over."),
    }[reason_name]  # fmt: skip


def of(row: Mapping[str, Any], reason: str = "withheld_name") -> str:
    """The words for a cell of this row; empty where it is told, and for whoever is told everything."""
    return cell(row.get(reason), row.get(FEWEST))


def why(row: Mapping[str, Any], reason: str = "withheld_name") -> str:
    """The sentence of this row; empty where it is told."""
    return sentence(row.get(reason), row.get(FEWEST))


def is_any(frame: pl.DataFrame, reason: str = "withheld_name") -> bool:
    """Whether anything of the answer was kept back."""
    return reason in frame.columns and bool(frame[reason].is_not_null().any())


def first(frame: pl.DataFrame, reason: str = "withheld_name") -> Mapping[str, Any]:
    """The reason and the number of the first row that was kept back; nothing where all is told."""
    if not is_any(frame, reason):
        return {}
    row = frame.filter(pl.col(reason).is_not_null()).row(0, named=True)
    return {reason: row[reason], FEWEST: row[FEWEST]}


def in_words(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame for a file: the reason as a sentence, without the number that stands in it."""
    found = [name for name in REASONS if name in frame.columns]
    if not found:
        return frame
    told = {
        name: [sentence(reason, fewest) or None for reason, fewest in frame.select(name, FEWEST).iter_rows()]
        for name in found
    }
    return frame.with_columns(pl.Series(name, texts, pl.String) for name, texts in told.items()).drop(FEWEST)
