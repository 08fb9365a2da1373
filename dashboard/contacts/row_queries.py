"""The rows behind a number: the calls, states, tickets, promises or replies that an additive column or a metric is made of.

In: a connection, the same window and narrowing as the number's own question, and `of_name`: an additive column or a metric.
Out: a page of typed rows, each with what it adds; and, from the same statement, how many there are and what they add up to.
The rule it guards: a number and the list behind it agree, row by row, whatever narrows them.

amount_number: what a row adds to the number, of a metric to its denominator; counted_number: what it adds to the numerator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack

import polars as pl
from sqlalchemy import Connection

from dashboard.calls.call_queries import Narrowing
from dashboard.contacts.row_positions import behind
from dashboard.tickets.ticket_queries import TicketNarrowing, until
from sql import metrics, row_terms
from sql.warehouse import WarehouseError, frame

PAGE_ROWS = 50
WHOLE_ROWS = 100_000
"""The most rows that one answer holds: as many as an export takes."""

ORDERS = ("time", "amount", "counted")
"""The newest first, the largest first, or first those that the metric's numerator counts."""

TOTALS = ("found_rows", "total_number", "counted_total_number", "longest_number", "figure_number")


class CallNarrowing(Narrowing, total=False):
    """What narrows calls alone: other settings of the service level, the wait, a time of the week, what was known when.

    weekday_number (0 is Monday) and interval_start_seconds: the local weekday and quarter of an hour of the offer.
    known_at: contacts as they stood at that instant (None: as known today).
    """

    threshold_seconds: int | None
    formula_name: str | None
    wait_from_seconds: int | None
    wait_to_seconds: int | None
    weekday_number: int | None
    interval_start_seconds: int | None
    known_at: datetime | None


def kind_of(of_name: str) -> str | None:
    """What kind of rows stands behind this number; None where there are none (sql.row_terms)."""
    return row_terms.kind_of(of_name)


def is_standing(of_name: str) -> bool:
    """Whether the number tells what stood at an instant, such as the backlog, and not what a time brought."""
    columns = row_terms.columns_of(of_name)
    return bool(columns) and columns <= set(row_terms.TICKET_POPULATIONS["backlog"])


def call_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    limit_rows: int = 500,
    after_text: str | None = None,
    order_name: str = "time",
    **narrowed: Unpack[CallNarrowing],
) -> pl.DataFrame:
    """One row per inbound stay offered in [window_start, window_end) that adds to the number, the newest first.

    formula_name: another formula of the service level than each queue's own. order_name "amount": the largest first.
    after_text: the row_text of the last row that is known already; the answer goes on behind it, also
    when it has left the list.
    """
    return _page(connection, "queries/call_rows", _call_values(_flat(locals(), CallNarrowing)))


def call_rows_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    **narrowed: Unpack[CallNarrowing],
) -> pl.DataFrame:
    """One row: how many stays call_rows has, and what they add up to (longest_number: the largest of them)."""
    return _total(connection, "queries/call_rows", _call_values(_flat(locals(), CallNarrowing)))


def agent_call_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    limit_rows: int = 500,
    after_text: str | None = None,
    order_name: str = "time",
    **narrowed: Unpack[Narrowing],
) -> pl.DataFrame:
    """One row per call that an agent answered in the window and that adds to the number, as agents' figures count them."""
    return _page(
        connection,
        "queries/agent_call_rows",
        _values(_flat(locals(), Narrowing), row_terms.AGENT_CALL_COLUMNS),
    )


def agent_call_rows_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    **narrowed: Unpack[Narrowing],
) -> pl.DataFrame:
    """One row: how many calls agent_call_rows has, and what they add up to."""
    return _total(
        connection,
        "queries/agent_call_rows",
        _values(_flat(locals(), Narrowing), row_terms.AGENT_CALL_COLUMNS),
    )


def live_rows(
    connection: Connection,
    *,
    as_of: datetime,
    of_name: str,
    queue_id: int | None = None,
    group_name: str | None = None,
    last_seconds: int | None = None,
    limit_rows: int = 500,
    after_text: str | None = None,
    order_name: str = "time",
) -> pl.DataFrame:
    """One row per stay that adds to a number of the live floor as it stood at the instant.

    Of a service level: the stays that were decided today, or in the last_seconds before the instant.
    """
    return _page(connection, "queries/live_rows", _live_values(locals()))


def live_rows_count(
    connection: Connection,
    *,
    as_of: datetime,
    of_name: str,
    queue_id: int | None = None,
    group_name: str | None = None,
    last_seconds: int | None = None,
) -> pl.DataFrame:
    """One row: how many stays live_rows has, and what they add up to."""
    return _total(connection, "queries/live_rows", _live_values(locals()))


def state_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
    reason_name: str | None = None,
    limit_rows: int = 500,
    after_text: str | None = None,
    order_name: str = "time",
) -> pl.DataFrame:
    """One row per ended state of an agent that lies at least in part in the window, with its seconds inside it.

    Seconds belong to the team of their own day. reason_name: only states of that reason ("": of none).
    """
    return _page(connection, "queries/state_rows", _values(locals(), row_terms.STATE_COLUMNS))


def state_rows_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
    reason_name: str | None = None,
) -> pl.DataFrame:
    """One row: how many states state_rows has, and the sum of their seconds."""
    return _total(connection, "queries/state_rows", _values(locals(), row_terms.STATE_COLUMNS))


def ticket_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    of_name: str,
    limit_rows: int = 500,
    after_text: str | None = None,
    order_name: str = "time",
    **narrowed: Unpack[TicketNarrowing],
) -> pl.DataFrame:
    """One row per ticket that adds to the number (of promises: per promise; of replies: per reply), the newest first.

    The populations are those of ticket_groups; the backlog and what is owed are those at the window's end or at `as_of`.
    """
    return _page(connection, "queries/ticket_rows", _ticket_values(locals()))


def ticket_rows_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    of_name: str,
    **narrowed: Unpack[TicketNarrowing],
) -> pl.DataFrame:
    """One row: how many tickets ticket_rows has, and what they add up to (longest_number: the largest of them).

    figure_number: of a median or a ninth decile that very number; null of any other.
    """
    return _total(connection, "queries/ticket_rows", _ticket_values(locals()))


def survey_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    of_name: str,
    repeat_days: int = 7,
    is_by_answer: bool = False,
    limit_rows: int = 500,
    after_text: str | None = None,
    order_name: str = "time",
    **narrowed: Unpack[Narrowing],
) -> pl.DataFrame:
    """One row per contact in the customer's eyes that adds to the number: asked, answered, satisfied, come again.

    is_by_answer: only calls that an agent answered, as agent_service counts them.
    """
    return _page(
        connection, "queries/survey_rows", _values(_flat(locals(), Narrowing), row_terms.VOICE_COLUMNS)
    )


def survey_rows_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    as_of: datetime,
    of_name: str,
    repeat_days: int = 7,
    is_by_answer: bool = False,
    **narrowed: Unpack[Narrowing],
) -> pl.DataFrame:
    """One row: how many contacts survey_rows has, and what they add up to."""
    return _total(
        connection, "queries/survey_rows", _values(_flat(locals(), Narrowing), row_terms.VOICE_COLUMNS)
    )


def review_rows(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    queue_id: int | None = None,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
    limit_rows: int = 500,
    after_text: str | None = None,
    order_name: str = "time",
) -> pl.DataFrame:
    """One row per standing review of the window that adds to the number; those for calibration count nowhere."""
    return _page(connection, "queries/review_rows", _values(locals(), row_terms.REVIEW_COLUMNS))


def review_rows_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    queue_id: int | None = None,
    team_id: int | None = None,
    site_name: str | None = None,
    agent_id: int | None = None,
) -> pl.DataFrame:
    """One row: how many reviews review_rows has, and what they add up to."""
    return _total(connection, "queries/review_rows", _values(locals(), row_terms.REVIEW_COLUMNS))


def checked_page(limit_rows: int, order_name: str) -> None:
    """Raises WarehouseError where a list is asked for in an order that there is not, or in too large a part."""
    if not 1 <= limit_rows <= WHOLE_ROWS:
        raise WarehouseError(
            f"limit_rows is {limit_rows}, expected 1 to {WHOLE_ROWS:,}; go on behind the last row with after_text."
        )
    if order_name not in ORDERS:
        raise WarehouseError(f"There is no order '{order_name}'; expected one of {', '.join(ORDERS)}.")


def _page(connection: Connection, statement: str, values: Mapping[str, Any]) -> pl.DataFrame:
    checked_page(values["limit_rows"], values["order_name"])
    found = frame(connection, statement, **{**values, **behind(values["after_text"])})
    return found.filter(pl.col("row_text").is_not_null()).drop(TOTALS, strict=False)


def _total(connection: Connection, statement: str, values: Mapping[str, Any]) -> pl.DataFrame:
    none = {"limit_rows": 0, "order_name": "time", **behind(None)}
    return frame(connection, statement, **values, **none).select(
        pl.col("found_rows", "total_number", "counted_total_number"),
        *(
            [pl.col("longest_number")]
            if statement.endswith(("call_rows", "live_rows", "ticket_rows"))
            else []
        ),
        *([pl.col("figure_number")] if statement.endswith("ticket_rows") else []),
    )


def _flat(given: Mapping[str, Any], words: type) -> dict[str, Any]:
    """The arguments of a question with every word that can narrow it; null where it was not given."""
    plain = {name: value for name, value in given.items() if name not in ("connection", "narrowed")}
    made = {**dict.fromkeys(words.__annotations__), **given["narrowed"], **plain}
    return made | (
        {"is_business_hours": bool(made["is_business_hours"])} if "is_business_hours" in made else {}
    )


def _values(given: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """The arguments of a question as parameters of its statement: the name of the number as its terms."""
    values = {name: value for name, value in given.items() if name not in ("connection", "of_name")}
    of_name = given["of_name"]
    unknown = row_terms.columns_of(of_name) - set(columns)
    if unknown or not row_terms.columns_of(of_name):
        raise WarehouseError(
            f"The number '{of_name}' has no such rows; expected a metric of, or one of: {', '.join(columns)}."
        )
    return values | row_terms.parameters(of_name)


def _call_values(given: Mapping[str, Any]) -> dict[str, Any]:
    formula_name, record = given["formula_name"], row_terms.record_of(given["of_name"])
    values = {name: value for name, value in given.items() if name != "formula_name"}
    if formula_name is not None and record is not None and record.one_of:
        if formula_name not in metrics.SERVICE_LEVEL_FORMULAS:
            known = ", ".join(metrics.SERVICE_LEVEL_FORMULAS)
            raise WarehouseError(f"There is no formula '{formula_name}'; expected one of {known}.")
        values["of_name"] = metrics.service_level(formula_name).name
    return _values(values, row_terms.CALL_COLUMNS)


def _live_values(given: Mapping[str, Any]) -> dict[str, Any]:
    record = row_terms.record_of(given["of_name"])
    is_decided = record is not None and any("in_threshold" in name for name in record.columns)
    made = _values(given, row_terms.DECIDED_COLUMNS if is_decided else row_terms.LIVE_COLUMNS)
    return made | {"is_decided": is_decided}


def _ticket_values(given: Mapping[str, Any]) -> dict[str, Any]:
    of_name, narrowed = given["of_name"], given["narrowed"]
    agents = narrowed.get("agents_text")
    if agents is not None and not re.fullmatch(r"\d{1,9}(,\d{1,9})*", agents, re.ASCII):
        raise WarehouseError(f"agents_text is '{agents[:60]}', expected agents' numbers such as 3,14.")
    made = _values(_flat(given, TicketNarrowing), row_terms.TICKET_COLUMNS)
    needed = row_terms.columns_of(of_name)
    populations = [name for name, columns in row_terms.TICKET_POPULATIONS.items() if needed <= set(columns)]
    if not populations:
        raise WarehouseError(
            f"The number '{of_name}' is made of tickets of several kinds; ask for one of its parts: {', '.join(needed)}."
        )
    return {
        **made,
        **until(given["window_start"], given["window_end"], given["as_of"]),
        "population_name": populations[0],
        "quantile_ratio": row_terms.TICKET_QUANTILES.get(of_name, (None,))[0],
    }


QUESTIONS = (
    call_rows,
    call_rows_count,
    agent_call_rows,
    agent_call_rows_count,
    live_rows,
    live_rows_count,
    state_rows,
    state_rows_count,
    ticket_rows,
    ticket_rows_count,
    survey_rows,
    survey_rows_count,
    review_rows,
    review_rows_count,
)
