"""What must hold of every batch, whatever was read: each row accounted for, each fact storable, each refusal explained.

In: batches as readers give them. Out: nothing, or an AssertionError that says which law is broken by what.
The rule it guards: what passes here is what the loader takes: the same gate, the same bytes of COPY, the same ledger sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from etl.frames import binary_rows, fitted, judged
from etl.shapes import FACTS, Shape
from etl.sources import Batch
from tests.torture.origins import NOW


@dataclass
class Account:
    """Rows of a source by what became of them: `told` in facts, `refused` by the reader or the gate, the rest unchanged."""

    read_rows: int = 0
    told_rows: int = 0
    refused_rows: int = 0
    unused_rows: int = 0

    def plus(self, other: Account) -> Account:
        """The sum of both."""
        return Account(
            self.read_rows + other.read_rows,
            self.told_rows + other.told_rows,
            self.refused_rows + other.refused_rows,
            self.unused_rows + other.unused_rows,
        )


def account_of(batches: Iterable[Batch], *, now: datetime = NOW) -> Account:
    """The sums over all batches, each of which is held against the laws."""
    whole = Account()
    for batch in batches:
        whole = whole.plus(_account_of(batch, now))
    return whole


def _account_of(batch: Batch, now: datetime) -> Account:
    _expect_storable(batch, now)
    told, refused_seqs, refused_new = Counter[int](), set[int](), 0
    new_rows = 0
    for name, frame in batch.facts.items():
        rows = judged(with_ids(frame, FACTS[name]), FACTS[name])
        good = rows.filter(pl.col("reason_text").is_null())
        if good.height:
            binary_rows(fitted(good, FACTS[name]))
        refused = rows.filter(pl.col("reason_text").is_not_null())
        assert not (refused["reason_text"].str.len_chars() < 8).any(), refused["reason_text"].to_list()
        if batch.rows is None:
            new_rows += int(frame["new_rows"].sum()) if "new_rows" in frame.columns else 0
            refused_new += int(refused["new_rows"].sum()) if "new_rows" in refused.columns else 0
        else:
            told.update(good["seq"].drop_nulls().to_list())
            refused_seqs |= set(refused["seq"].drop_nulls().to_list())
    if batch.rows is not None:
        known = set(batch.rows["seq"].to_list())
        assert len(known) == batch.rows.height, "two rows of one number"
        assert set(told) | refused_seqs <= known, (
            f"facts of rows that are none: {(set(told) | refused_seqs) - known}"
        )
        new_rows, refused_new = len(set(told) - refused_seqs), len(refused_seqs)
    unused = int(batch.unused["read_rows"].sum()) if batch.rows is not None else 0
    refused_rows = batch.rejects.height + refused_new
    assert new_rows >= 0
    assert new_rows + refused_rows <= batch.read_rows, (
        f"{new_rows} rows told + {refused_rows} refused are more than the {batch.read_rows} that were read"
    )
    return Account(batch.read_rows, new_rows, refused_rows, unused)


def with_ids(frame: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """The facts with stand-ins for our numbers of queues and agents, and without rows to count where they count none."""
    ids = [
        pl.when(pl.col(f"{kind}_name").is_not_null()).then(1).cast(pl.Int32).alias(f"{kind}_id")
        for kind in ("queue", "agent")
        if f"{kind}_id" in shape.columns and f"{kind}_name" in frame.columns
    ]
    if "new_rows" in shape.columns and "new_rows" not in frame.columns:
        ids.append(pl.lit(0, pl.Int64).alias("new_rows"))
    return frame.with_columns(ids)


def _expect_storable(batch: Batch, now: datetime) -> None:
    """Cursor, notice, quarantine: text that Postgres takes, and nothing of a refusal left empty."""
    for text in (batch.position_text, batch.carry_text):
        assert "\x00" not in text
        text.encode()
    assert batch.rejects.null_count().row(0) == (0,) * batch.rejects.width if batch.rejects.height else True
    for place, _, reason, raw in batch.rejects.iter_rows():
        assert place, "a refused row without a place"
        assert len(reason) > 8, f"a refusal without a reason: {reason!r} of {raw!r}"
    if batch.rows is not None:
        assert batch.rows.null_count().row(0) == (0, 0, 0) if batch.rows.height else True
    assert batch.unused["read_rows"].is_null().sum() == 0
    if batch.newest_event_at is not None:
        assert batch.newest_event_at <= now + timedelta(days=1), (
            f"the data seem new as of {batch.newest_event_at}"
        )
