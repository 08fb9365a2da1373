"""The questions about the ways that contacts take: channels, self-service, callbacks, transfers, campaigns.

In: a connection, a window, and for what has an end of its own the instant asked about. Out: a typed frame with metrics.
The rule it guards: a total of callbacks or transfers is the sum of the rows that a reader can open below it.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql import metrics
from sql.warehouse import frame


def channels(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime | None = None
) -> pl.DataFrame:
    """One row per kind_name (inbound, outbound, internal, ticket, self_service) and channel, with what came through it.

    served_contacts: contacts that an agent answered, each once; contained_contacts: visits to a menu, bot or page that were
    settled there; agent_served_contacts: those that an agent took over from there (the base of the self-service share).
    as_of: replies to tickets until then (None: all that are known).
    """
    window = {"window_start": window_start, "window_end": window_end, "as_of": as_of}
    found = frame(connection, "queries/channels", **window)
    return metrics.with_metrics(
        found, "answered_ratio", "average_speed_of_answer_seconds", "average_handle_time_seconds"
    )


def self_service_flows(
    connection: Connection, *, window_start: datetime, window_end: datetime
) -> pl.DataFrame:
    """One row per channel, flow and way taken through it: visits, and how many were settled, passed on, or left.

    visit_seconds is the sum over the timed_count visits whose end is told.
    """
    return frame(connection, "queries/self_service_flows", window_start=window_start, window_end=window_end)


def self_service_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    channel_name: str | None = None,
    flow_name: str | None = None,
    choices_text: str | None = None,
    outcome_name: str | None = None,
) -> pl.DataFrame:
    """One row per visit, the newest first, at most 500; total_rows is how many there are.

    An empty flow or an empty way taken (choices_text) means one that is not told.
    """
    return frame(
        connection, "queries/self_service_rows", window_start=window_start, window_end=window_end,
        channel_name=channel_name, flow_name=flow_name, choices_text=choices_text, outcome_name=outcome_name,
    )  # fmt: skip


def callback_requests(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
) -> pl.DataFrame:
    """One row per callback that was asked for by contacts offered in the window, and what became of it by `as_of`.

    is_reached: a later contact of the request was answered within seven days, or by the promise where it is longer;
    is_given_up: that time has passed without it; is_due: the promised time has passed; is_kept: reached within it.
    tried_at and reached_at are null while nobody called back.
    """
    return frame(
        connection, "queries/callback_requests", window_start=window_start, window_end=window_end, as_of=as_of,
        queue_id=queue_id, group_name=group_name,
    )  # fmt: skip


def callbacks(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
) -> pl.DataFrame:
    """One row per queue: callbacks asked for, reached, given up and still open, and whether the promise was kept.

    reached_callback_seconds: from the request until the customer was reached, added up over those reached.
    """
    requests = callback_requests(
        connection, window_start=window_start, window_end=window_end, as_of=as_of, queue_id=queue_id,
        group_name=group_name,
    )  # fmt: skip
    return callback_totals(requests)


def callback_totals(requests: pl.DataFrame) -> pl.DataFrame:
    """The rows of callback_requests as `callbacks` counts them: one row per queue."""
    waited = (pl.col("reached_at") - pl.col("requested_at")).dt.total_seconds()
    totals = requests.group_by("queue_id", "queue_name", "group_name", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("callback_calls"),
        pl.col("is_reached").sum().cast(pl.Int64).alias("reached_callback_calls"),
        pl.col("is_given_up").sum().cast(pl.Int64).alias("given_up_callback_calls"),
        (~pl.col("is_reached") & ~pl.col("is_given_up")).sum().cast(pl.Int64).alias("open_callback_calls"),
        pl.col("is_due").sum().cast(pl.Int64).alias("due_promise_calls"),
        (pl.col("is_due") & pl.col("is_kept")).sum().cast(pl.Int64).alias("kept_promise_calls"),
        waited.filter("is_reached").sum().cast(pl.Int64).alias("reached_callback_seconds"),
    )
    return metrics.with_metrics(
        totals.sort("queue_name", "queue_id"), "callback_reached_ratio", "callback_promise_kept_ratio"
    )


def transfers(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    queue_id: int | None = None,
    group_name: str | None = None,
) -> pl.DataFrame:
    """One row per answered stay that its agent passed on, with the stay that followed (null where none is known).

    chain_number: which handover of its contact it is, 1 for the first.
    """
    return frame(
        connection, "queries/transfers", window_start=window_start, window_end=window_end, queue_id=queue_id,
        group_name=group_name,
    )  # fmt: skip


def campaigns(connection: Connection, *, window_start: datetime, window_end: datetime) -> pl.DataFrame:
    """One row per campaign: attempts by outcome, customers tried and reached (each once), aims met, sales.

    sale_amount is null where the source tells of no sale.
    """
    found = frame(connection, "queries/campaigns", window_start=window_start, window_end=window_end)
    return metrics.with_metrics(found, "connect_ratio", "conversion_ratio")


def attempt_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    campaign_name: str | None = None,
    outcome_name: str | None = None,
    of_name: str | None = None,
) -> pl.DataFrame:
    """One row per attempt, the newest first, at most 500; total_rows is how many there are.

    of_name: "sold" keeps those that tell an amount; "aimed" those of campaigns that tell whether a call met its aim,
    first those that did.
    """
    return frame(
        connection, "queries/attempt_rows", window_start=window_start, window_end=window_end,
        campaign_name=campaign_name, outcome_name=outcome_name, of_name=of_name,
    )  # fmt: skip


QUESTIONS = (
    channels,
    self_service_flows,
    self_service_rows,
    callback_requests,
    callbacks,
    transfers,
    campaigns,
    attempt_rows,
)
