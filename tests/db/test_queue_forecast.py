"""What was to be expected, worked out by hand: forecasts by comparable weeks, intervals on target, why one missed it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from dashboard.calls import cause_view, queue_view
from sql import metrics, warehouse
from tests.db.test_records import call, tell

ZONE = ZoneInfo("Europe/Tallinn")
MONDAY = date(2026, 3, 9)
EIGHT = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)  # 08:00 in Tallinn
TEN = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)  # when the records are told
WEEK = timedelta(days=7)


def ask(engine: sa.Engine, name: str, **params: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return queries.QUESTIONS[name](connection, **params)


def calls(
    drawn: dict[datetime, int], *, queue: str = "sales", step: float = 20, **more: Any
) -> list[dict[str, Any]]:
    """So many answered calls from each instant on, one every so many seconds; each waited 10 s and was talked 100 s."""
    rows = []
    for start, count in drawn.items():
        for place in range(count):
            offered = start + timedelta(seconds=place * step)
            row = call(f"{queue}-{start.isoformat()}-{place}", queue_name=queue, offered_at=offered)
            row |= {"answered_at": offered + timedelta(seconds=10), "wait_seconds": 10, "talk_seconds": 100}
            rows.append(row | {"ended_at": offered + timedelta(seconds=110), **more})
    return rows


def holiday(engine: sa.Engine, day: date) -> None:
    """The default timetable, closed on this day."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.schedules (schedule_name, time_zone_name, is_default) "
                "values ('all', 'Europe/Tallinn', true)"
            )
        )
        connection.execute(
            sa.text(
                "insert into warehouse.holidays (schedule_name, first_date, last_date, holiday_name) "
                "values ('all', :day, :day, 'Day')"
            ),
            {"day": day},
        )


def serve(engine: sa.Engine) -> None:
    """All agents there are serve all queues, from long ago."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.queue_members (queue_id, agent_id, started_at, version_number, run_id, source_name) "
                "select q.queue_id, a.agent_id, '2026-01-01', 1, 1, 'records' "
                "from warehouse.queues as q, warehouse.agents as a"
            )
        )


def at_eight(engine: sa.Engine, **narrowed: Any) -> dict[str, Any]:
    found = ask(engine, "queue_forecast", day_date=MONDAY, **narrowed)
    return found.filter(pl.col("interval_start_at") == EIGHT).row(0, named=True)


#             weeks ago: calls at 08:00 of four Mondays, and of the day itself
FOUR_WEEKS = {EIGHT - WEEK: 4, EIGHT - 2 * WEEK: 6, EIGHT - 3 * WEEK: 9, EIGHT - 4 * WEEK: 5}


def test_a_forecast_is_the_median_of_the_same_weekday_and_quarter(engine: sa.Engine) -> None:
    tell(engine, {"calls": calls({**FOUR_WEEKS, EIGHT: 7})})
    row = at_eight(engine)
    assert (row["week_count"], row["is_holiday"]) == (4, False)
    assert row["forecast_calls"] == 6  # the middle of 4, 5, 6, 9 is (5 + 6) / 2 = 5.5, in whole calls 6
    assert (row["forecast_least_calls"], row["forecast_most_calls"]) == (4, 9)
    assert (row["offered_calls"], row["forecast_error_calls"], row["week_before_calls"]) == (7, 7 - 6, 4)


def test_a_holiday_is_left_out_and_has_no_forecast_itself(engine: sa.Engine) -> None:
    tell(engine, {"calls": calls({**FOUR_WEEKS, EIGHT: 7})})
    holiday(engine, MONDAY - 3 * timedelta(days=7))  # the Monday of 9 calls
    row = at_eight(engine)
    assert (row["week_count"], row["forecast_calls"], row["forecast_most_calls"]) == (3, 5, 6)  # of 4, 5, 6
    with engine.begin() as connection:
        connection.execute(sa.text("update warehouse.holidays set last_date = :day"), {"day": MONDAY})
    row = at_eight(engine)
    assert (row["is_holiday"], row["forecast_calls"], row["forecasted_offered_calls"]) == (True, None, None)


def test_two_weeks_are_too_few_and_a_day_without_any_call_is_none(engine: sa.Engine) -> None:
    tell(engine, {"calls": calls({EIGHT - WEEK: 4, EIGHT - 3 * WEEK: 9, EIGHT: 7})})
    row = at_eight(engine)  # two weeks ago nobody called anywhere: closed, or never told
    assert (row["week_count"], row["forecast_calls"], row["offered_calls"]) == (2, None, 7)
    text = queue_view.forecast_text(ask(engine, "queue_forecast", day_date=MONDAY))
    assert text == "No forecast: it takes three comparable weeks, there are 2."


def test_the_forecast_until_now_and_of_each_queue_add_up_by_their_own_medians(engine: sa.Engine) -> None:
    nine = EIGHT + timedelta(hours=1)
    sales = {**FOUR_WEEKS, EIGHT: 7, nine: 1, **{nine - n * WEEK: 2 for n in (1, 2, 3, 4)}}
    billing = {EIGHT - n * WEEK: count for n, count in ((1, 10), (2, 1), (3, 1), (4, 2))}
    tell(engine, {"calls": [*calls(sales), *calls(billing, queue="billing")]})
    found = ask(engine, "queue_forecast_totals", first_date=MONDAY, last_date=MONDAY, as_of=TEN)
    names = dict(ask(engine, "queues").select("queue_id", "queue_name").rows())
    rows = {names.get(row["queue_id"], "all"): row for row in found.iter_rows(named=True)}
    assert rows["sales"]["forecast_calls"] == 8  # of 4 + 2, 6 + 2, 9 + 2, 5 + 2: (7 + 8) / 2 = 7.5
    assert rows["billing"]["forecast_calls"] == 2  # of 10, 1, 1, 2: (1 + 2) / 2 = 1.5
    # Together 16, 9, 12, 9: a median of sums, (9 + 12) / 2 = 10.5, and no sum of medians.
    assert (rows["all"]["forecast_calls"], rows["all"]["forecasted_offered_calls"]) == (11, 7 + 1)
    until = ask(
        engine,
        "queue_forecast_totals",
        first_date=MONDAY,
        last_date=MONDAY,
        as_of=EIGHT + timedelta(minutes=30),
    )
    assert (
        until.filter(pl.col("queue_id").is_null()).row(0, named=True)["forecast_calls"] == 9
    )  # 14, 7, 10, 7: 8.5


def test_the_error_of_a_forecast_is_the_differences_over_the_offers(engine: sa.Engine) -> None:
    nine = EIGHT + timedelta(hours=1)
    tell(
        engine,
        {
            "calls": calls(
                {**{one - n * WEEK: 5 for one in (EIGHT, nine) for n in (1, 2, 3)}, EIGHT: 8, nine: 2}
            )
        },
    )
    found = ask(engine, "queue_forecast", day_date=MONDAY)
    text = queue_view.accuracy_text(found, MONDAY)
    # |8 - 5| + |2 - 5| = 6 of 8 + 2 = 10 offered
    assert "off by 60.0%" in text
    assert "differed by 6 calls together, of 10 offered" in text


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (MONDAY, 24)])
def test_the_forecast_of_a_day_has_the_quarters_of_its_hours(
    engine: sa.Engine, day: date, hours: int
) -> None:
    tell(engine, {"calls": calls({EIGHT: 1})})  # the site has its clock
    assert ask(engine, "queue_forecast", day_date=day).height == hours * 4


def test_the_day_of_the_clock_change_is_compared_by_the_clock_on_the_wall(engine: sa.Engine) -> None:
    noons = [datetime(2026, 3, day, 12, tzinfo=ZONE).astimezone(UTC) for day in (8, 1)]
    noons.append(datetime(2026, 2, 22, 12, tzinfo=ZONE).astimezone(UTC))
    tell(engine, {"calls": calls(dict.fromkeys(noons, 3))})
    found = ask(engine, "queue_forecast", day_date=date(2026, 3, 29))
    expected = found.filter(pl.col("forecast_calls") == 3)["interval_start_at"].to_list()
    assert expected == [datetime(2026, 3, 29, 9, tzinfo=UTC)]  # noon is at 09:00 UTC from that day on


def shown(text: str) -> datetime:
    """An instant by the clock of Tallinn, with its offset where it is shown twice."""
    return datetime.fromisoformat(text).astimezone(UTC)


def forecasts(engine: sa.Engine, day: date) -> dict[str, tuple[int | None, int | None]]:
    """Forecast and the week before of each quarter between 3 and 5 that has one, by its time of UTC."""
    found = ask(engine, "queue_forecast", day_date=day)
    return {
        f"{row['interval_start_at']:%H:%M}": (row["forecast_calls"], row["week_before_calls"])
        for row in found.iter_rows(named=True)
        if row["forecast_calls"] or row["week_before_calls"]
    }


def whole_day(engine: sa.Engine, day: date) -> tuple[int, int]:
    found = ask(
        engine, "queue_forecast_totals", first_date=day, last_date=day, as_of=shown("2026-12-01T12:00+02:00")
    )
    row = found.filter(pl.col("queue_id").is_null()).row(0, named=True)
    return row["forecast_calls"], row["forecasted_offered_calls"]


def test_the_night_of_25_hours_doubles_no_quarter_of_a_forecast(engine: sa.Engine) -> None:
    """Four calls at 3:00 of every Sunday; on 25 October the clock shows 3:00 twice, with four calls each time."""
    sundays = ["2026-10-04T03:00+03:00", "2026-10-11T03:00+03:00", "2026-10-18T03:00+03:00"]
    night = ["2026-10-25T03:00+03:00", "2026-10-25T03:00+02:00"]
    tell(engine, {"calls": calls(dict.fromkeys(map(shown, [*sundays, *night]), 4))})
    # On the night itself each showing is a quarter of an hour of its own: four are to be expected in each.
    assert forecasts(engine, date(2026, 10, 25)) == {"00:00": (4, 4), "01:00": (4, 4)}
    # A week later the night is compared with: (4 + 4) / 2 showings, not 8, and the median of 4, 4, 4, 4.
    assert forecasts(engine, date(2026, 11, 1)) == {"01:00": (4, 4)}
    assert ask(engine, "queue_forecast", day_date=date(2026, 11, 1))["forecast_most_calls"].max() == 4
    assert whole_day(engine, date(2026, 11, 1)) == (4, 0)
    assert whole_day(engine, date(2026, 10, 25)) == (4 + 4, 4 + 4)  # as its quarters say


def listed(engine: sa.Engine, day: date, as_of: str) -> tuple[list[float], float]:
    """What each comparable day brought by the list behind the forecast, the last day first, and the list's figure."""
    asked = {"first_date": day, "last_date": day, "as_of": shown(as_of), "of_name": "forecast_calls"}
    brought = ask(engine, "forecast_rows", **asked)["expected_number"].to_list()
    return brought, ask(engine, "forecast_rows_count", **asked)[0, "figure_number"]


def test_the_list_behind_a_forecast_counts_the_night_of_25_hours_as_the_forecast_does(
    engine: sa.Engine,
) -> None:
    """At 3:00 of four Sundays 6 + 6 (the night of 25 hours), 12, 4 and 4 calls."""
    drawn = {"10-25T03:00+03:00": 6, "10-25T03:00+02:00": 6, "10-18T03:00+03:00": 12, "10-11T03:00+03:00": 4,
             "10-04T03:00+03:00": 4}  # fmt: skip
    tell(engine, {"calls": calls({shown(f"2026-{at}"): count for at, count in drawn.items()})})
    day = date(2026, 11, 1)
    # The median of (6 + 6) / 2, 12, 4, 4 is (4 + 6) / 2 = 5, in the list, on the tile and in the quarters alike.
    assert listed(engine, day, "2026-12-01T12:00+02:00") == ([6, 12, 4, 4], 5)
    assert whole_day(engine, day) == (5, 0)
    assert ask(engine, "queue_forecast", day_date=day)["forecast_calls"].sum() == 5


def test_the_day_of_25_hours_expects_the_doubled_quarter_twice_once_it_has_passed_twice(
    engine: sa.Engine,
) -> None:
    """Six calls at 3:00 of four Sundays; on 25 October, the same and again at the second 3:00."""
    sundays = [f"2026-{at}T03:00+03:00" for at in ("09-27", "10-04", "10-11", "10-18")]
    night = ["2026-10-25T03:00+03:00", "2026-10-25T03:00+02:00"]
    tell(engine, {"calls": calls(dict.fromkeys(map(shown, [*sundays, *night]), 6))})
    day = date(2026, 10, 25)
    assert ask(engine, "queue_forecast", day_date=day)["forecast_calls"].sum() == 6 + 6
    assert whole_day(engine, day) == (6 + 6, 6 + 6)
    assert listed(engine, day, "2026-12-01T12:00+02:00") == ([12, 12, 12, 12], 12)
    # While it ran: one quarter passed by the first 3:30, half of the next by the second 3:07:30.
    assert listed(engine, day, "2026-10-25T03:30+03:00") == ([6, 6, 6, 6], 6)
    assert listed(engine, day, "2026-10-25T03:07:30+02:00") == ([6 + 3] * 4, 9)


def test_the_night_of_23_hours_loses_no_quarter_of_a_forecast(engine: sa.Engine) -> None:
    """Four calls at 3:00 of four Sundays; on 29 March the clock leaps from 3:00 to 4:00, and six calls come then."""
    sundays = [
        "2026-03-08T03:00+02:00",
        "2026-03-15T03:00+02:00",
        "2026-03-22T03:00+02:00",
        "2026-04-05T03:00+03:00",
    ]
    tell(
        engine,
        {"calls": calls({**dict.fromkeys(map(shown, sundays), 4), shown("2026-03-29T04:00+03:00"): 6})},
    )
    assert ask(engine, "queue_forecast", day_date=date(2026, 3, 29)).height == 23 * 4
    # On the night there is no 3:00, so nothing is to be expected then, and at 4:00 nobody ever called.
    assert forecasts(engine, date(2026, 3, 29)) == {}
    assert whole_day(engine, date(2026, 3, 29)) == (0, 6)
    found = ask(engine, "queue_forecast", day_date=date(2026, 4, 12))
    at_three = found.filter(pl.col("interval_start_at") == shown("2026-04-12T03:00+03:00")).row(0, named=True)
    # Of the night nothing is known at 3:00: the median of 4, 4, 4, 4, and the least of them is 4, not 0.
    assert (at_three["forecast_calls"], at_three["forecast_least_calls"], at_three["week_before_calls"]) == (
        4,
        4,
        4,
    )
    assert found[0, "week_count"] == 5
    a_week_after = ask(engine, "queue_forecast", day_date=date(2026, 4, 5))
    at_three = a_week_after.filter(pl.col("interval_start_at") == shown("2026-04-05T03:00+03:00")).row(
        0, named=True
    )
    assert (at_three["forecast_calls"], at_three["week_before_calls"]) == (
        4,
        None,
    )  # a week before there was no 3:00


def test_a_forecast_narrows_to_a_queue_and_to_those_without_a_group(engine: sa.Engine) -> None:
    tell(
        engine,
        {"calls": [*calls(FOUR_WEEKS), *calls({EIGHT - n * WEEK: 1 for n in (1, 2, 3)}, queue="billing")]},
    )
    ids = dict(ask(engine, "queues").select("queue_name", "queue_id").rows())
    with engine.begin() as connection:
        connection.execute(
            sa.text("update warehouse.queues set group_name = 'Mail' where queue_name = 'billing'")
        )
    assert at_eight(engine, queue_id=ids["sales"])["forecast_calls"] == 6
    assert at_eight(engine, group_name="Mail")["forecast_most_calls"] == 1
    assert at_eight(engine, group_name="")["forecast_most_calls"] == 9


def test_intervals_on_target_count_those_that_have_a_value(engine: sa.Engine) -> None:
    late = {"wait_seconds": 60, "answered_at": EIGHT + timedelta(minutes=17)}
    rows = [
        *calls({EIGHT: 4}),  # 4 of 4 in time: on target
        *calls({EIGHT + timedelta(minutes=15): 1}),  # with the next one 1 of 2 in time: missed
        call("late", offered_at=EIGHT + timedelta(minutes=16), **late, ended_at=EIGHT + timedelta(minutes=18)),
        call(  # a short abandon alone: no value, so not judged
            "short", offered_at=EIGHT + timedelta(minutes=31), answered_at=None, agent_name=None, outcome_name="abandoned",
            wait_seconds=2, talk_seconds=None, ended_at=EIGHT + timedelta(minutes=31, seconds=2),
        ),
    ]  # fmt: skip
    tell(engine, {"calls": rows})
    window = {"window_start": EIGHT, "window_end": TEN}
    row = ask(engine, "queue_targets", **window).row(0, named=True)
    assert (row["on_target_intervals"], row["judged_intervals"]) == (1, 2)
    assert row["intervals_on_target_ratio"] == 1 / 2
    other = ask(engine, "queue_targets", **window, threshold_seconds=60).row(0, named=True)
    assert (other["on_target_intervals"], other["judged_intervals"]) == (2, 2)
    together = ask(engine, "queue_intervals", **window)
    assert queue_view.targets_of(together)["judged_intervals"] == 2


def states(agent: str, *drawn: tuple[int, str], day: datetime = EIGHT) -> list[dict[str, Any]]:
    """An agent's states, drawn as (minutes after 08:00, state), to the hour's end."""
    ends = [minute for minute, _ in drawn[1:]] + [60]
    return [
        {
            "agent_name": agent,
            "started_at": day + timedelta(minutes=minute),
            "ended_at": day + timedelta(minutes=end),
            "state_name": state,
        }
        for (minute, state), end in zip(drawn, ends, strict=True)
    ]


def test_an_interval_is_explained_by_what_was_not_as_usual(engine: sa.Engine) -> None:
    """Three Mondays of 4 calls and two agents; then 12 calls, 8 of them in five minutes, and one agent on a pause."""
    usual = {EIGHT - n * WEEK: 4 for n in (1, 2, 3)}
    burst = calls({EIGHT: 8}, step=30) + calls({EIGHT + timedelta(minutes=8): 4}, step=60)
    burst = [
        row | {"talk_seconds": 200, "ended_at": row["answered_at"] + timedelta(seconds=200)} for row in burst
    ]
    rows = [
        row
        for n in (1, 2, 3)
        for agent in ("mari", "juri")
        for row in states(agent, (-10, "available"), day=EIGHT - n * WEEK)
    ]
    rows += states("mari", (-10, "available")) + states("juri", (-10, "available"), (3, "paused"))
    tell(engine, {"calls": [*calls(usual), *burst], "agent_states": rows})
    serve(engine)
    found = ask(engine, "interval_causes", interval_start=EIGHT + timedelta(minutes=3), as_of=TEN)
    row = found.row(0, named=True)
    assert (row["interval_start_at"], row["offered_calls"], row["usual_calls"], row["week_count"]) == (
        EIGHT,
        12,
        4,
        3,
    )
    assert row["burst_calls"] == 8  # offered at 0:00 to 3:30
    assert (row["signed_in_seconds"], row["usual_signed_in_seconds"]) == (2 * 900, 2 * 900)
    assert (row["paused_seconds"], row["usual_paused_seconds"]) == (12 * 60, 0)
    assert (row["average_handle_time_seconds"], row["usual_average_handle_time_seconds"]) == (200, 100)
    assert cause_view.cause_sentences(row) == [
        "12 offered, 8 more than usual, 8 of them within five minutes",
        "1 of 2 agents paused",
        "AHT 3:20 against 1:40 usually",
        "the longest wait was 10 s, in sales",
    ]


def test_a_state_that_still_lasts_counts_until_now(engine: sa.Engine) -> None:
    open_state = {"agent_name": "mari", "started_at": EIGHT, "ended_at": None, "state_name": "paused"}
    tell(engine, {"calls": calls({EIGHT: 1}), "agent_states": [open_state]})
    serve(engine)
    row = ask(engine, "interval_causes", interval_start=EIGHT, as_of=EIGHT + timedelta(minutes=5)).row(
        0, named=True
    )
    assert (row["signed_in_seconds"], row["paused_seconds"]) == (5 * 60, 5 * 60)
    assert (row["usual_calls"], row["week_count"]) == (None, 0)


def test_without_a_comparable_week_nothing_is_called_usual(engine: sa.Engine) -> None:
    tell(engine, {"calls": calls({EIGHT: 3})})
    row = ask(engine, "interval_causes", interval_start=EIGHT, as_of=TEN).row(0, named=True)
    assert row["usual_average_handle_time_seconds"] is None
    assert cause_view.cause_sentences(row)[0] == "3 offered"


def test_a_source_that_was_not_read_is_named_as_a_cause(engine: sa.Engine) -> None:
    tell(engine, {"calls": calls({EIGHT: 3})})
    with engine.begin() as connection:
        connection.execute(
            sa.text("update ops.runs set started_at = :at, ended_at = :at"), {"at": EIGHT - WEEK}
        )
        connection.execute(
            sa.text(
                "insert into ops.runs (started_at, ended_at, source_name, outcome_name, error_text) "
                "values (:at, :at, 'records', 'failed', 'gone')"
            ),
            {"at": EIGHT + timedelta(minutes=2)},
        )
    row = ask(engine, "interval_causes", interval_start=EIGHT, as_of=TEN).row(0, named=True)
    assert row["outage_source_text"] == "records"
    assert "records was not read for a part of it" in cause_view.cause_sentences(row)
    before = ask(engine, "interval_causes", interval_start=EIGHT - timedelta(hours=1), as_of=TEN).row(
        0, named=True
    )
    assert before["outage_source_text"] == ""


def test_the_floor_of_a_past_instant_is_what_was_shown_then(engine: sa.Engine) -> None:
    """The time machine asks the live questions again: what was told after the instant changes nothing of its floor."""
    waiting = call("w", offered_at=TEN - timedelta(minutes=3), answered_at=None, ended_at=None, agent_name=None,
                   outcome_name="waiting", wait_seconds=None, talk_seconds=None)  # fmt: skip
    tell(engine, {"calls": [*calls({EIGHT: 3}), waiting]})
    shown = {name: ask(engine, name, as_of=TEN) for name in ("live_queues", "live_totals", "live_agents")}
    assert shown["live_queues"][0, "waiting_calls"] == 1
    later = waiting | {
        "answered_at": TEN + timedelta(minutes=1), "ended_at": TEN + timedelta(minutes=5), "agent_name": "mari",
        "outcome_name": "answered", "wait_seconds": 240, "talk_seconds": 240, "version_number": 1,
    }  # fmt: skip
    tell(engine, {"calls": [later, *calls({TEN + timedelta(minutes=2): 2})]})
    for name, frame in shown.items():
        assert ask(engine, name, as_of=TEN).equals(frame), name
    assert ask(engine, "live_queues", as_of=TEN + timedelta(minutes=4))[0, "waiting_calls"] == 0


def test_the_error_ratio_is_unknown_without_a_forecast() -> None:
    none = pl.DataFrame({"forecast_error_calls": [0], "forecasted_offered_calls": [0]})
    assert metrics.with_metrics(none, "forecast_error_ratio")["forecast_error_ratio"].to_list() == [None]
