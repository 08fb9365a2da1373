"""The questions behind a wall's good news: teams, those whom customers thanked, scores, the day, states that last.

In: a connection and `as_of`, the instant asked about. Out: a typed frame with metrics.
The rule it guards: a display and everybody who does not see every agent are told sums of enough agents, and names only of
those who allow it; the database sees to it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from dashboard.calls.call_queries import EVENT_COLUMNS, narrowing, sites
from sql import metrics
from sql.warehouse import frame

WEEK = timedelta(days=7)
USUAL = "usual_"


def wall_teams(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per team that answered a contact today, or on one of its last four such weekdays, by name.

    answered_calls and answered_in_threshold_calls of today until `until_at`, usual_* of the four days until the same time,
    with service_level_answered_ratio of both. is_rounded: told by the full hour, in steps of 60 contacts and 5 points.
    withheld_name: why nothing is told (few, beside).
    """
    found = frame(connection, "queries/wall_teams", as_of=as_of)
    found = found.filter(pl.col("team_id").is_not_null()).drop("agent_days_text")
    usual = metrics.with_metrics(
        found.select(
            pl.col(f"{USUAL}{name}").alias(name) for name in ("answered_calls", "answered_in_threshold_calls")
        ),
        "service_level_answered_ratio",
    )["service_level_answered_ratio"]
    return metrics.with_metrics(found, "service_level_answered_ratio").with_columns(
        usual.alias(f"{USUAL}service_level_answered_ratio")
    )


def wall_top(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per place, at most three, of those who allow their name on a wall; one without a place, and its reason.

    shrunken_ratio: the floor's share of satisfied customers (not told alone), and how far the agent lies above what the
    own queues let one expect, drawn towards it. reason_name: off (by the site's policy), nobody (allows it), too_few
    (scores), alike (no agent differs beyond chance), none_above.
    """
    return frame(connection, "queries/wall_top", as_of=as_of)


def wall_satisfaction(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row: the CSAT scores of the last 7 whole days and of the 28 before them, with csat_ratio of both.

    withheld_name: why they are null for whoever does not see every agent.
    """
    found = _with_reason(frame(connection, "queries/wall_satisfaction", as_of=as_of))
    before = metrics.with_metrics(
        found.select(
            csat_count="before_csat_count",
            csat_satisfied_count="before_csat_satisfied_count",
        ),
        "csat_ratio",
    )["csat_ratio"]
    return metrics.with_metrics(found, "csat_ratio").with_columns(before.alias("before_csat_ratio"))


def wall_against(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """Two rows, today and the same weekday of last week (is_before), each until the same time of its day, as known then.

    All queues together, contacts by the time of their offer, as queue_together counts them; withheld_name: why the work of
    agents is null.
    """
    zone = ZoneInfo(min(sites(connection)["time_zone_name"].to_list(), default="UTC"))
    rows = []
    for is_before in (False, True):
        start, end = _until_now(as_of, zone, WEEK if is_before else timedelta(0))
        settings = dict.fromkeys(("threshold_seconds", "formula_name"))
        window = {"window_start": start, "window_end": end, "known_at": end}
        queues = _with_reason(
            frame(connection, "queries/queue_totals", **window, **settings, **narrowing({}))
        )
        told = {"is_before": pl.lit(is_before), "until_at": pl.lit(end)}
        rows.append(queues.select(_together()).with_columns(**told))
    found = metrics.with_metrics(pl.concat(rows), "service_level_ratio", "average_handle_time_seconds")
    return found.with_columns(_decided())


def _together() -> list[pl.Expr]:
    """All queues as one: a formula that they share, the sums of what all are told of, and why another is not."""
    formula = pl.col("service_level_formula_name")
    target = pl.col("service_level_target_ratio")
    return [
        *(pl.when(one.n_unique() == 1).then(one.first()).name.keep() for one in (formula, target)),
        *(
            pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name)
            for name in (*EVENT_COLUMNS, "handled_calls", "talk_seconds", "hold_seconds", "wrap_up_seconds")
        ),
        *(pl.col(name).drop_nulls().first() for name in ("withheld_name", "fewest_agents")),
    ]


def _until_now(as_of: datetime, zone: ZoneInfo, ago: timedelta) -> tuple[datetime, datetime]:
    """From midnight to the same time by the clock on the wall, so many days ago; both in UTC; at midnight a second."""
    local = as_of.astimezone(zone)
    day = local.date() - ago
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day, local.time(), zone) if ago else as_of
    return start.astimezone(UTC), max(start + timedelta(seconds=1), end).astimezone(UTC)


def wall_news(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """What could be good news, of_kind_name "day": one row per queue and local day of the last four weeks, with its metrics.

    "hour": one row per hour of the floor that is over; "today": one row with the last abandoned contact (last_abandoned_at),
    how many were answered since then (unbroken_answered_calls), and the last round number of answers (reached_calls).
    """
    found = metrics.with_metrics(frame(connection, "queries/wall_news", as_of=as_of), "service_level_ratio")
    return found.with_columns(_decided())


def live_long_states(
    connection: Connection,
    *,
    as_of: datetime,
    ringing_seconds: int = 30,
    on_contact_seconds: int = 900,
    wrap_up_seconds: int = 180,
    paused_seconds: int = 1200,
) -> pl.DataFrame:
    """One row per state in which somebody is: agents_count, and long_agents_count of them for longer than longer_seconds.

    withheld_name: one row without a state where too few are signed in for this reader.
    """
    found = frame(
        connection,
        "queries/live_long_states",
        as_of=as_of,
        ringing_seconds=ringing_seconds,
        on_contact_seconds=on_contact_seconds,
        wrap_up_seconds=wrap_up_seconds,
        paused_seconds=paused_seconds,
    )
    return _with_reason(found)


def _decided() -> pl.Expr:
    """The n of the service level, by whichever formula the row has."""
    return metrics.metric("service_level_ratio").population().cast(pl.Int64).alias("decided_calls")


def _with_reason(found: pl.DataFrame) -> pl.DataFrame:
    """The answer with the columns that say what is kept back, also for whoever is told everything."""
    missing = {"withheld_name": pl.String, "fewest_agents": pl.Int64}
    return found.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in missing.items() if name not in found.columns
    )


QUESTIONS = (wall_teams, wall_top, wall_satisfaction, wall_against, wall_news, live_long_states)
