"""The rows behind figures that are no sum of calls: stretches of schedules, pauses, contacts given, intervals, forecasts.

In: a connection, the window and narrowing of the figure's own question, and `of_name`. Out: a page of typed rows with what
each adds, and how many there are with their sums.
The rule it guards: the figure and its list are made of one set of rows; a middle figure names its rows too (figure_number).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypedDict, Unpack

import polars as pl
from sqlalchemy import Connection

from dashboard.calls.call_queries import Chosen, Narrowing, narrowing, queue_intervals
from dashboard.contacts.row_positions import Position, position_of
from dashboard.contacts.row_queries import checked_page
from dashboard.people.agent_queries import high_ratio
from dashboard.tickets.ticket_queries import until
from sql import row_terms
from sql.warehouse import WarehouseError, frame


class People(TypedDict, total=False):
    """What narrows figures of agents' time: the team of the day, the site, the agent."""

    team_id: int | None
    site_name: str | None
    agent_id: int | None


class Paged(TypedDict, total=False):
    """Which part of a list, and in which order; nothing for the first 500 rows, the newest first."""

    limit_rows: int
    after_text: str | None
    order_name: str


class PeoplePage(People, Paged, total=False):
    """What narrows figures of agents' time, and the part of the list."""


class NarrowedPage(Narrowing, Paged, total=False):
    """What narrows figures of contacts, and the part of the list."""


class ChosenPage(Chosen, Paged, total=False):
    """The same with the settings of the service level."""


Window = tuple[datetime, datetime, datetime]
RANK = pl.Decimal(24, 6)


# ---- schedules and time ----


def shift_rows(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    **given: Unpack[PeoplePage],
) -> pl.DataFrame:  # fmt: skip
    """One row per stretch of a schedule, or of time on queues, that adds to a figure of agent_schedules."""
    return _page(_shifts(connection, (window_start, window_end, as_of), of_name, given), given)


def shift_rows_count(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    **given: Unpack[People],
) -> pl.DataFrame:  # fmt: skip
    """One row: how many stretches shift_rows has, and the sums of their seconds."""
    return _total(_shifts(connection, (window_start, window_end, as_of), of_name, given), of_name)


def pause_rows(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    reason_name: str | None = None, **given: Unpack[PeoplePage],
) -> pl.DataFrame:  # fmt: skip
    """One row per pause that began in the window and is over, as agent_pauses counts them."""
    rows = _pauses(connection, (window_start, window_end, as_of), of_name, reason_name, given)
    return _page(rows, given)


def pause_rows_count(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    reason_name: str | None = None, **given: Unpack[People],
) -> pl.DataFrame:  # fmt: skip
    """One row: how many pauses pause_rows has."""
    return _total(
        _pauses(connection, (window_start, window_end, as_of), of_name, reason_name, given), of_name
    )


def strain_rows(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    **given: Unpack[PeoplePage],
) -> pl.DataFrame:  # fmt: skip
    """One row per agent and quarter of an hour of a stretch in which he was too busy, as agent_strain counts them."""
    return _page(_strains(connection, (window_start, window_end, as_of), of_name, given), given)


def strain_rows_count(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    **given: Unpack[People],
) -> pl.DataFrame:  # fmt: skip
    """One row: how many quarters of an hour strain_rows has, and their seconds."""
    return _total(_strains(connection, (window_start, window_end, as_of), of_name, given), of_name)


def live_agent_rows(
    connection: Connection,
    *,
    as_of: datetime,
    of_name: str,
    queue_id: int | None = None,
    **given: Unpack[Paged],
) -> pl.DataFrame:
    """One row per agent who is behind a count of agents at the instant; of a queue those who serve it then."""
    return _page(_live_agents(connection, as_of, of_name, queue_id), given)


def live_agent_rows_count(
    connection: Connection, *, as_of: datetime, of_name: str, queue_id: int | None = None
) -> pl.DataFrame:
    """One row: how many agents live_agent_rows has."""
    return _total(_live_agents(connection, as_of, of_name, queue_id), of_name)


# ---- contacts given and rings ----


def given_rows(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    **given: Unpack[NarrowedPage],
) -> pl.DataFrame:  # fmt: skip
    """One row per contact given to an agent who stood by, with how long he had been idle, as agent_routing counts them."""
    return _page(_routed(connection, (window_start, window_end, as_of), of_name, "given", given), given)


def given_rows_count(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    **given: Unpack[Narrowing],
) -> pl.DataFrame:  # fmt: skip
    """One row: how many contacts given_rows has, and what they add up to (of a median: the median)."""
    return _total(_routed(connection, (window_start, window_end, as_of), of_name, "given", given), of_name)


def ring_rows(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    **given: Unpack[NarrowedPage],
) -> pl.DataFrame:  # fmt: skip
    """One row per ring at an agent that was answered or let pass, as agent_routing counts them."""
    return _page(_routed(connection, (window_start, window_end, as_of), of_name, "ring", given), given)


def ring_rows_count(
    connection: Connection, *, window_start: datetime, window_end: datetime, as_of: datetime, of_name: str,
    **given: Unpack[Narrowing],
) -> pl.DataFrame:  # fmt: skip
    """One row: how many rings ring_rows has."""
    return _total(_routed(connection, (window_start, window_end, as_of), of_name, "ring", given), of_name)


# ---- intervals and forecasts ----


def interval_rows(
    connection: Connection, *, window_start: datetime, window_end: datetime, of_name: str,
    **given: Unpack[ChosenPage],
) -> pl.DataFrame:  # fmt: skip
    """One row per quarter of an hour with a service level and a target, all chosen queues together."""
    return _page(_intervals(connection, (window_start, window_end), of_name, given), given)


def interval_rows_count(
    connection: Connection,
    *,
    window_start: datetime,
    window_end: datetime,
    of_name: str,
    **given: Unpack[Chosen],
) -> pl.DataFrame:
    """One row: how many quarters of an hour interval_rows has, and how many of them were on target."""
    return _total(_intervals(connection, (window_start, window_end), of_name, given), of_name)


def forecast_rows(
    connection: Connection, *, first_date: date, last_date: date, as_of: datetime, of_name: str,
    queue_id: int | None = None, group_name: str | None = None, of_queue_id: int | None = None, **given: Unpack[Paged],
) -> pl.DataFrame:  # fmt: skip
    """One row per day of the period and day that it is compared with: what that one brought.

    of_queue_id: only the calls of this one of the chosen queues, as in its row of queue_forecast_totals.
    """
    rows = _forecasts(connection, first_date, last_date, as_of, of_name, queue_id, group_name, of_queue_id)
    return _page(rows, given)


def forecast_rows_count(
    connection: Connection, *, first_date: date, last_date: date, as_of: datetime, of_name: str,
    queue_id: int | None = None, group_name: str | None = None, of_queue_id: int | None = None,
) -> pl.DataFrame:  # fmt: skip
    """One row: how many days forecast_rows has; figure_number is the forecast, the days' medians in whole calls."""
    rows = _forecasts(connection, first_date, last_date, as_of, of_name, queue_id, group_name, of_queue_id)
    medians = rows.group_by("day_date").agg((pl.col("expected_number").median() + 0.5).floor())
    figure = medians["expected_number"].sum() if rows.height else None
    return _total(rows, of_name).with_columns(pl.lit(figure, pl.Float64).alias("figure_number"))


# ---- the rows of each kind, with what they add ----


def _shifts(connection: Connection, window: Window, of_name: str, given: Mapping[str, Any]) -> pl.DataFrame:
    rows = frame(connection, "queries/shift_rows", **until(*window), **_words(given, People))
    names = row_terms.SHIFT_COLUMNS
    # Seconds are rounded so that the rows of an agent and team add up to his rounded sum.
    passed = [
        ((pl.col(name.replace("_seconds", "_amount")) * 1_000_000).round().cast(pl.Int64).cum_sum()
         .over("agent_id", "team_id") + 500_000) // 1_000_000
        for name in names
    ]  # fmt: skip
    sums = rows.with_columns(sum_.alias(name) for sum_, name in zip(passed, names, strict=True))
    told = sums.with_columns(
        pl.col(name) - pl.col(name).shift(1, fill_value=0).over("agent_id", "team_id") for name in names
    )
    return _weighed(told.select(pl.exclude("^.*_amount$")), of_name, "started_at")


def _pauses(
    connection: Connection, window: Window, of_name: str, reason_name: str | None, given: Mapping[str, Any]
) -> pl.DataFrame:
    rows = frame(connection, "queries/pause_rows", **until(*window), **_words(given, People))
    if reason_name is not None:
        rows = rows.filter(pl.col("reason_name").fill_null("") == reason_name)
    spent = pl.col("paused_amount").round().cast(pl.Int64).alias("spent_seconds")
    return _weighed(rows.with_columns(spent).drop("paused_amount"), of_name, "started_at")


def _strains(connection: Connection, window: Window, of_name: str, given: Mapping[str, Any]) -> pl.DataFrame:
    scope = _words(given, People)
    rows = frame(connection, "queries/strain_rows", **until(*window), **scope, high_ratio=high_ratio())
    return _weighed(rows, of_name, "interval_start_at")


def _live_agents(connection: Connection, as_of: datetime, of_name: str, queue_id: int | None) -> pl.DataFrame:
    rows = frame(connection, "queries/live_agent_rows", as_of=as_of, queue_id=queue_id)
    counts = [pl.lit(1).alias("signed_in_agents")]
    for name in row_terms.PEOPLE_COLUMNS["live_agents"][1:]:
        is_it = pl.col("state_name") == name.removesuffix("_agents")
        counts.append(is_it.cast(pl.Int64).alias(name))
    return _weighed(rows.with_columns(counts), of_name, "started_at", keep=False)


def _routed(
    connection: Connection, window: Window, of_name: str, kind_name: str, given: Mapping[str, Any]
) -> pl.DataFrame:
    narrowed = narrowing(_words(given, Narrowing))  # type: ignore[arg-type]
    rows = frame(connection, "queries/given_rows", **until(*window), **narrowed)
    rows = rows.filter(pl.col("kind_name") == kind_name).with_columns(
        pl.lit(1, pl.Int64).alias("idle_calls"),
        pl.col("spent_seconds").alias("idle_seconds"),
        pl.col("is_routed").cast(pl.Int64).alias("routed_calls"),
        pl.col("is_longest_idle_first").cast(pl.Int64).alias("longest_idle_first_calls"),
        pl.lit(1, pl.Int64).alias("ring_count"),
        (~pl.col("is_answered")).cast(pl.Int64).alias("unanswered_ring_count"),
    )
    return _weighed(rows, of_name, "happened_at", keep=False)


def _intervals(
    connection: Connection, window: tuple[datetime, datetime], of_name: str, given: Mapping[str, Any]
) -> pl.DataFrame:
    chosen: Any = {name: value for name, value in given.items() if name in Chosen.__annotations__}
    found = queue_intervals(connection, window_start=window[0], window_end=window[1], **chosen)
    level, target = pl.col("service_level_ratio"), pl.col("service_level_target_ratio")
    rows = found.filter(level.is_not_null() & target.is_not_null()).select(
        "interval_start_at",
        "interval_end_at",
        "service_level_ratio",
        "service_level_target_ratio",
        "offered_calls",
        pl.lit(1, pl.Int64).alias("judged_intervals"),
        (level >= target).cast(pl.Int64).alias("on_target_intervals"),
        pl.col("interval_start_at").dt.epoch("s").cast(pl.String).alias("row_text"),
    )
    return _weighed(rows, of_name, "interval_start_at", keep=False)


def _forecasts(
    connection: Connection,
    first_date: date,
    last_date: date,
    as_of: datetime,
    of_name: str,
    queue_id: int | None,
    group_name: str | None,
    of_queue_id: int | None,
) -> pl.DataFrame:
    rows = frame(
        connection, "queries/forecast_rows", first_date=first_date, last_date=last_date, as_of=as_of,
        queue_id=queue_id, group_name=group_name, of_queue_id=of_queue_id,
    )  # fmt: skip
    _refuse_unknown(of_name, {"forecast_calls"})
    added = pl.col("expected_number")
    return _in_time(
        rows.with_columns(added.alias("amount_number"), added.alias("counted_number")),
        pl.col("day_date").cast(pl.Datetime),
    )


# ---- what all lists share ----


def _words(given: Mapping[str, Any], words: type) -> dict[str, Any]:
    return {name: given.get(name) for name in words.__annotations__}


def _refuse_unknown(of_name: str, known: set[str]) -> None:
    needed = row_terms.columns_of(of_name)
    if not needed or not needed <= known:
        raise WarehouseError(
            f"The number '{of_name}' has no such rows; expected a metric of, or one of: {', '.join(sorted(known))}."
        )


def _weighed(rows: pl.DataFrame, of_name: str, time_name: str, *, keep: bool = True) -> pl.DataFrame:
    """The rows that add to the number, the newest first, with what each adds; without `keep` the counts themselves go."""
    known = {
        name
        for names in (*row_terms.PEOPLE_COLUMNS.values(), *row_terms.PERIOD_COLUMNS.values())
        for name in names
    }
    counts = known & set(rows.columns)
    _refuse_unknown(of_name, counts | set(row_terms.MEDIANS))
    terms = row_terms.parameters(of_name)
    told = list(zip(terms["parts"], terms["columns"], terms["signs"], strict=True))
    added = [
        pl.sum_horizontal(sign * pl.col(column) for part, column, sign in told if part == wanted)
        .cast(pl.Float64)
        .alias(alias)
        for wanted, alias in (("population", "amount_number"), ("counted", "counted_number"))
    ]
    found = rows.with_columns(added).filter((pl.col("amount_number") != 0) | (pl.col("counted_number") != 0))
    found = _in_time(found, pl.col(time_name))
    return found if keep else found.drop(counts - {"strained_seconds"})


def _in_time(rows: pl.DataFrame, time: pl.Expr) -> pl.DataFrame:
    """The newest first, with each row's instant in microseconds, by which a page finds its place."""
    return rows.with_columns(time.dt.epoch("us").fill_null(0).alias("time_number")).sort(
        "time_number", "row_text", descending=True
    )


def _page(rows: pl.DataFrame, given: Mapping[str, Any]) -> pl.DataFrame:
    limit_rows, order_name = given.get("limit_rows", 500), given.get("order_name", "time")
    checked_page(limit_rows, order_name)
    if order_name == "amount":
        rank = pl.when(pl.col("counted_number") != 0).then("counted_number").otherwise("amount_number")
    elif order_name == "counted":
        rank = (pl.col("counted_number") != 0).cast(pl.Float64)
    else:
        rank = pl.lit(0.0)
    ranked = rows.with_columns(rank.fill_null(0).round(6).cast(RANK).alias("rank_number"))
    ranked = ranked.sort("rank_number", descending=True, maintain_order=True)
    if position := position_of(given.get("after_text")):
        ranked = ranked.filter(_is_behind(position))
    named = pl.concat_str("rank_number", "time_number", "row_text", separator="|").alias("row_text")
    return ranked.head(limit_rows).with_columns(named).drop("rank_number", "time_number")


def _is_behind(position: Position) -> pl.Expr:
    """Whether a row of a list, the largest and newest first, comes after the position."""
    rank, time, text = pl.col("rank_number"), pl.col("time_number"), pl.col("row_text")
    told = pl.lit(round(position.rank_number, 6), RANK)
    is_next = (time < position.microseconds) | ((time == position.microseconds) & (text < position.text))
    return (rank < told) | ((rank == told) & is_next)


def _total(rows: pl.DataFrame, of_name: str) -> pl.DataFrame:
    figure = rows["counted_number"].median() if of_name in row_terms.MEDIANS and rows.height else None
    return rows.select(
        pl.len().cast(pl.Int64).alias("found_rows"),
        pl.col("amount_number").sum().cast(pl.Float64).alias("total_number"),
        pl.col("counted_number").sum().cast(pl.Float64).alias("counted_total_number"),
        pl.lit(figure, pl.Float64).alias("figure_number"),
    )


QUESTIONS = (
    shift_rows, shift_rows_count, pause_rows, pause_rows_count, strain_rows, strain_rows_count, live_agent_rows,
    live_agent_rows_count, given_rows, given_rows_count, ring_rows, ring_rows_count, interval_rows,
    interval_rows_count, forecast_rows, forecast_rows_count,
)  # fmt: skip
