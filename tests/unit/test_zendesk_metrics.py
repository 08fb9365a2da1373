"""The measures of 25 tickets agree with those of an independent implementation, every column of it to one minute."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl.tickets.business_time import Schedule
from etl.tickets.ticket_history import histories

FOLDER = Path(__file__).parents[1] / "data" / "zendesk"
STATES = {
    "new_status_duration_in": "new_status",
    "open_status_duration_in": "open_status",
    "agent_wait_time_in": "agent_wait",
    "requester_wait_time_in": "requester_wait",
    "solve_time_in": "solve",
    "agent_work_time_in": "agent_work",
    "on_hold_time_in": "on_hold",
}
# Theirs (minutes) -> ours (seconds).
DURATIONS = {
    "first_reply_time_calendar_minutes": "first_reply_seconds",
    "total_reply_time_calendar_minutes": "total_reply_seconds",
    "first_reply_time_business_minutes": "first_reply_business_seconds",
    "first_assignment_to_resolution_calendar_minutes": "first_assignment_to_resolution_seconds",
    "last_assignment_to_resolution_calendar_minutes": "last_assignment_to_resolution_seconds",
    "ticket_unassigned_duration_calendar_minutes": "unassigned_seconds",
    "first_resolution_calendar_minutes": "first_resolution_seconds",
    "final_resolution_calendar_minutes": "full_resolution_seconds",
    "first_resolution_business_minutes": "first_resolution_business_seconds",
    "full_resolution_business_minutes": "full_resolution_business_seconds",
    **{f"{theirs}_calendar_minutes": f"{ours}_seconds" for theirs, ours in STATES.items()},
    **{f"{theirs}_business_minutes": f"{ours}_business_seconds" for theirs, ours in STATES.items()},
}
VALUES = {
    "status": "status_name",
    "priority": "priority_name",
    "created_channel": "channel_name",
    "count_agent_comments": "agent_comment_count",
    "count_public_agent_comments": "public_agent_comment_count",
    "count_end_user_comments": "requester_comment_count",
    "count_public_comments": "public_comment_count",
    "count_internal_comments": "internal_comment_count",
    "count_ticket_handoffs": "handoff_count",
    "unique_assignee_count": "assignee_count",
    "assignee_stations_count": "assignee_station_count",
    "group_stations_count": "group_station_count",
    "first_assignee_id": "first_agent_id",
    "last_assignee_id": "agent_id",
    "count_resolutions": "resolution_count",
    "count_reopens": "reopen_count",
    "total_agent_replies": "reply_count",
    "created_at": "created_at",
    "first_solved_at": "first_resolved_at",
    "last_solved_at": "last_resolved_at",
    "is_one_touch_resolution": "is_one_touch",
    "is_two_touch_resolution": "is_two_touch",
    "is_multi_touch_resolution": "is_multi_touch",
}
RUN_TO_NOW = {
    theirs
    for theirs, ours in DURATIONS.items()
    if ours.split("_seconds")[0].removesuffix("_business") in STATES.values()
}


def table(name: str) -> pl.DataFrame:
    return pl.read_csv(FOLDER / f"{name}.csv", infer_schema=False)


def instant(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", time_zone="UTC")


def tickets() -> pl.DataFrame:
    return table("ticket_data").select(
        pl.col("id").alias("ticket_id"), instant("created_at"), pl.col("via_channel").alias("channel_name")
    )


def events() -> pl.DataFrame:
    """Comments, then changes, each in the order of its file."""
    users = table("user_data").select(pl.col("id").alias("user_id"), "role")
    is_public, is_agent = pl.col("public") == "TRUE", pl.col("role").is_in(("agent", "admin"))
    comments = table("ticket_comment_data").join(users, on="user_id", how="left", maintain_order="left")
    said = comments.select(
        "ticket_id",
        instant("created").alias("occurred_at"),
        pl.when(~is_public).then(pl.lit("note"))
        .when(is_agent).then(pl.lit("reply"))
        .otherwise(pl.lit("request")).alias("event_name"),
        pl.when(is_agent).then(pl.lit("agent")).otherwise(pl.lit("requester")).alias("actor_name"),
        pl.when(is_agent).then("user_id").cast(pl.Int32).alias("agent_id"),
    )  # fmt: skip
    is_assignee = pl.col("field_name") == "assignee_id"
    changed = table("ticket_field_history_data").select(
        "ticket_id",
        instant("updated").alias("occurred_at"),
        pl.col("field_name").replace({"assignee_id": "agent"}).alias("event_name"),
        pl.when(is_assignee).then("value").cast(pl.Int32).alias("agent_id"),
        pl.when(~is_assignee).then(pl.col("value").replace({"hold": "on_hold"})).alias("value_text"),
    )
    given = table("ticket_schedule_data").select(
        "ticket_id",
        instant("created_at").alias("occurred_at"),
        pl.lit("schedule").alias("event_name"),
        pl.col("schedule_id").alias("value_text"),
    )
    return pl.concat([given, said, changed], how="diagonal").with_row_index("event_number")


def schedules() -> dict[str, Schedule]:
    """The week starts on Sunday there, in minutes of the local clock; zones have Rails names."""
    hours = tuple(
        ((start // 1440 - 1) % 7, start % 1440, start % 1440 + end - start)
        for start, end in table("schedule_data")
        .select(pl.col("start_time", "end_time").cast(pl.Int64))
        .rows()
    )
    holidays = tuple(
        (date.fromisoformat(first), date.fromisoformat(last))
        for first, last in table("schedule_holiday_data").select("start_date", "end_date").rows()
    )
    return {"900": Schedule("900", "Europe/Tallinn", hours, holidays)}


@pytest.fixture(scope="module")
def compared() -> pl.DataFrame:
    """One row per cell of the expected table: what they say, what Floorboard says."""
    measures = histories(tickets(), events(), schedules=schedules()).measures
    ours = {row["ticket_id"]: row for row in measures.iter_rows(named=True)}
    cells = [
        (row["ticket_id"], row["status"], column, theirs, ours_as_theirs(ours[row["ticket_id"]], column))
        for row in table("expected_ticket_metrics").iter_rows(named=True)
        for column, theirs in row.items()
        if column != "ticket_id"
    ]
    return pl.DataFrame(cells, schema=["ticket_id", "status", "column", "theirs", "ours"], orient="row")


def ours_as_theirs(row: dict[str, Any], column: str) -> str | None:
    value = row[DURATIONS.get(column) or VALUES[column]]
    if value is None:
        return None
    if column in DURATIONS:
        return str(value / 60)
    if isinstance(value, bool):
        return "t" if value else "f"
    return f"{value:%Y-%m-%d %H:%M:%S}" if column.endswith("_at") else str(value)


def comparable(cells: pl.DataFrame) -> pl.DataFrame:
    """Without what tests/data/zendesk/README.md lists with its reason."""
    is_unsolved = ~pl.col("status").is_in(("solved", "closed"))
    reasons = (
        RUN_TO_NOW
        | {f"is_{n}_touch_resolution" for n in ("one", "two", "multi")}
        | {"count_resolutions", "count_reopens"}
    )
    return cells.filter(~(is_unsolved & pl.col("column").is_in(reasons)))


def disagreeing(cells: pl.DataFrame) -> pl.DataFrame:
    theirs, ours = (pl.col(side).cast(pl.Float64, strict=False) for side in ("theirs", "ours"))
    is_duration = pl.col("column").is_in(list(DURATIONS))
    agrees = pl.when(is_duration & theirs.is_not_null()).then((theirs - ours).abs() <= 1)
    return cells.filter(~agrees.otherwise(pl.col("theirs").eq_missing(pl.col("ours"))).fill_null(False))


def test_every_comparable_cell_of_all_25_tickets_agrees_to_one_minute(compared: pl.DataFrame) -> None:
    cells = comparable(compared)
    # 25 tickets x 47 columns, less 2 unsolved tickets x (14 durations + 3 touches + 2 counts)
    assert len(cells) == 25 * 47 - 2 * (14 + 3 + 2)
    assert disagreeing(cells).rows() == []


def test_no_column_of_the_expected_table_is_left_out(compared: pl.DataFrame) -> None:
    assert set(compared["column"]) == {*DURATIONS, *VALUES}


@pytest.fixture(scope="module")
def seen_later() -> pl.DataFrame:
    """The unsolved tickets with another event at the moment to which the durations of the expected table run."""
    expected = table("expected_ticket_metrics").filter(pl.col("status") == "open")
    lasted = pl.duration(minutes=pl.col("solve_time_in_calendar_minutes").cast(pl.Int64))
    moment = (
        expected.filter(pl.col("ticket_id") == "5019")
        .select((instant("created_at") + lasted).alias("at"))
        .item()
    )
    seen = expected.select(
        "ticket_id", event_name=pl.lit("note"), occurred_at=pl.lit(moment), event_number=10**6
    )
    story = pl.concat([events(), seen], how="diagonal_relaxed")
    return histories(tickets(), story, schedules=schedules()).measures.join(
        expected, on="ticket_id", how="inner"
    )


def test_the_calendar_time_of_unsolved_tickets_agrees_where_it_runs_to_the_same_moment(
    seen_later: pl.DataFrame,
) -> None:
    assert seen_later["ticket_id"].to_list() == ["5009", "5019"]
    for theirs, name in STATES.items():
        minutes = seen_later[f"{name}_seconds"] / 60
        assert (minutes - seen_later[f"{theirs}_calendar_minutes"].cast(pl.Float64)).abs().max() <= 1


def test_the_business_time_of_unsolved_tickets_is_that_of_the_calendar_on_the_wall(
    seen_later: pl.DataFrame,
) -> None:
    """By hand; theirs (122,430 and 120,960 minutes open) counts some days of a year twice and ends after 52 weeks."""
    day, holidays = 8 * 60, 3
    # 5009: Tuesday 2025-12-02, 14:30 to 15:00 UTC; 50 weeks from the 3rd, and three days to Friday 2026-11-20
    # 5019: open since Friday 2025-11-07 after hours; 54 weeks from Monday the 10th to Friday 2026-11-20
    expected = [30 + (50 * 5 + 3 - holidays) * day, (54 * 5 - holidays) * day]
    assert (seen_later["open_status_business_seconds"] / 60).to_list() == expected


def test_tickets_that_were_never_solved_have_no_resolutions_and_no_touches(compared: pl.DataFrame) -> None:
    unsolved = compared.filter(pl.col("status") == "open")
    counts = unsolved.filter(pl.col("column").is_in(("count_resolutions", "count_reopens")))
    assert (counts["theirs"].null_count(), counts["ours"].to_list()) == (4, ["0"] * 4)
    assert unsolved.filter(pl.col("column").str.starts_with("is_"))["ours"].null_count() == 6


@pytest.mark.parametrize("column", [*DURATIONS, *VALUES])
def test_a_wrong_figure_would_be_seen(compared: pl.DataFrame, column: str) -> None:
    if column == "group_stations_count":  # always null there
        wrong = pl.lit("1")
    elif column in DURATIONS:
        wrong = (pl.col("ours").cast(pl.Float64) + 1.5).cast(pl.String)
    else:
        wrong = pl.col("ours") + "0"
    cells = comparable(compared).filter(pl.col("column") == column).with_columns(wrong.alias("ours"))
    assert len(disagreeing(cells)) > 0
