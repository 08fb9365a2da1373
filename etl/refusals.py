"""Keeps the rows that were refused, each once, and lets go of a refusal when its row was loaded after all.

In: a batch with the rows that it refuses, in the transaction of its load. Out: the quarantine as it stands after it.
The rule it guards: a row stands there once, however often it is read, and is open for as long as it is not loaded: what
was closed is opened again where the same row is refused again, and nothing is closed that was not read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from etl.sources import Batch
from sql import warehouse


def close_loaded(
    connection: sa.Connection,
    batch: Batch,
    refused: pl.DataFrame,
    *,
    source_name: str,
    stored: Callable[[pl.DataFrame], pl.DataFrame],
    now: datetime,
) -> int:
    """Closes the open refusals of rows that the batch tells again and does not refuse; how many.

    refused: the batch's refused rows as they are kept; stored: makes of a text what is kept of it.
    """
    if not warehouse.one_row(connection, "merge/has_open_rejects", source_name=source_name)[0]:
        return 0
    told = batch.rows if batch.lines is None else batch.lines()
    if told is None or told.is_empty():
        return 0
    known = warehouse.frame(
        connection, "merge/rejects_at", source_name=source_name, place_texts=told["place_text"].to_list()
    )
    if known.is_empty():
        return 0
    # The name of a record stands for all that is ever told of it; in a file another row may come to stand at a place.
    keys = ["place_text"] if batch.is_named else ["place_text", "raw_text"]
    told = stored(told.join(known, on="place_text", how="semi").select("place_text", "raw_text"))
    loaded = known.join(told, on=keys, how="semi").join(refused, on=keys, how="anti")
    return warehouse.execute(
        connection, "merge/rejects_replayed", reject_ids=loaded["reject_id"].to_list(), replayed_at=now
    )
