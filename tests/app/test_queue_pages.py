"""The pages Queues and Service level, and the time machine: each figure by hand from the drawn floor (drawn_queues.py)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import queries, time_machine
from tests.app import drawn_queues
from tests.app.test_pages import block, blocks, list_of, table, text_of, tile

Run = Callable[..., AppTest]
NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)  # the drawn floor's present: 14:00 in Tallinn


def strip(at: AppTest, key: str) -> str:
    return str(tile(at, key)["strip"][0]["word"])


def button(at: AppTest, key: str) -> Any:
    return next(found for found in at.button if found.key == key)


# ---- Queues ----


def test_the_queues_are_told_against_target_forecast_and_a_week_before(floor: Any, run_page: Run) -> None:
    at = run_page("queues")
    assert not at.exception
    level = tile(at, "service_level")
    assert (level["value"], level["status"]["word"]) == (
        "72.5%",
        "Below target",
    )  # (9 + 12 + 8) / (10 + 20 + 10)
    assert level["more"] == "target 80% within 20 s · n = 40 · of offered, short abandons left out"
    assert level["here"] == "contacts?of=service_level_ratio&period=today"
    offered = tile(at, "offered")
    assert (offered["value"], offered["more"]) == ("40", "forecast 36 (30 to 44) · +11.1%")  # 40 / 36 - 1
    assert (offered["share"], offered["goal"]) == (1.0, 36 / 40)
    assert (tile(at, "intervals")["value"], tile(at, "intervals")["unit"]) == (
        "2",
        "of 3",
    )  # 90 % and 80 %, not 60 %
    assert tile(at, "abandonment_ratio")["value"] == "10.0%"  # (0 + 4 + 0) / 40
    assert tile(at, "average_handle_time_seconds")["value"] == "4:00"  # 200 s of talk, 40 s of wrap-up


def test_a_running_day_is_compared_with_the_same_part_of_the_other_day(floor: Any, run_page: Run) -> None:
    asked: list[dict[str, Any]] = []
    plain = queries.QUESTIONS["queue_together"]

    def watched(connection: object, **given: Any) -> pl.DataFrame:
        asked.append(given)
        return plain(connection, **given)

    floor.answer(queue_together=watched)
    run_page("queues", compare="before")
    day = timedelta(days=1)
    start = datetime(2026, 3, 10, 22, tzinfo=UTC)
    assert [(one["window_start"], one["window_end"]) for one in asked] == [
        (start, start + day),
        (start - day, NOON - day),  # until 14:00, as today
    ]


def test_a_page_of_the_past_asks_for_what_was_known_then_and_the_present_for_all(
    floor: Any, run_page: Run
) -> None:
    asked: list[dict[str, Any]] = []
    plain = queries.QUESTIONS["queue_together"]

    def watched(connection: object, **given: Any) -> pl.DataFrame:
        asked.append(given)
        return plain(connection, **given)

    floor.answer(queue_together=watched)
    run_page("queues", at="2026-03-11T10:15")
    instant = datetime(2026, 3, 11, 8, 15, tzinfo=UTC)
    assert (asked[0]["window_end"], asked[0]["known_at"]) == (instant, instant)
    asked.clear()
    run_page("queues")
    assert all("known_at" not in given for given in asked)


def test_a_change_says_whether_it_is_better_in_shape_and_words(floor: Any, run_page: Run) -> None:
    at = run_page("queues", compare="before")
    assert strip(at, "service_level") == "the same as in the days before"
    none = run_page("queues")  # a week before nobody called
    assert strip(none, "service_level") == "not known a week before"


def test_days_before_the_first_record_are_no_comparison(floor: Any, run_page: Run) -> None:
    drawn = drawn_queues.queue_days(
        None,
        window_start=datetime(2026, 3, 5, 22, tzinfo=UTC),
        window_end=datetime(2026, 3, 10, 22, tzinfo=UTC),
    )
    floor.answer(queue_days=lambda _c, **_given: drawn)  # four days without a call, then the first one
    at = run_page("queues", compare="before")
    assert [mark for mark in tile(at, "offered")["strip"] if "here" not in mark] == []
    assert block(at, "notice")["title"] == "No comparison: not all was recorded in the days before"


def test_every_queue_leads_to_its_rows_and_the_neediest_stands_first(floor: Any, run_page: Run) -> None:
    rows = table(run_page("queues", compare="before"), "Queues")["rows"]
    assert [text_of(row["cells"][0]) for row in rows] == ["Sales", "Вопросы"]
    cells = rows[0]["cells"]
    assert [text_of(cell) for cell in cells[3:6]] == ["40", "36", "±0%"]
    assert cells[3]["here"] == "contacts?of=offered_calls&period=today&compare=before&queue=1"
    assert text_of(cells[-1]) == "2 of 3"
    quiet = rows[1]["cells"]
    assert [text_of(cell) for cell in quiet[1:5]] == ["–", str(quiet[2]), "0", "–"]
    assert quiet[2]["word"] == "No calls yet"


def test_the_day_is_drawn_with_its_forecast_and_tells_how_good_the_last_one_was(
    floor: Any, run_page: Run
) -> None:
    at = run_page("queues")
    assert at.get("vega_lite_chart")
    words = [found["word"] for found in block(at, "section")["legend"]]
    assert words[-2:] == ["forecast", "a week before"]
    told = " ".join(caption.value for caption in at.caption)
    assert "of 5 weeks, holidays left out" in told
    # Yesterday 10, 20 and 10 came where 12 were expected each: (2 + 8 + 2) / 40
    assert "off by 30.0%: its intervals differed by 12 calls together, of 40 offered" in told.replace(
        "\\", ""
    )


def test_a_view_that_nothing_can_be_forecast_for_says_so(floor: Any, run_page: Run) -> None:
    at = run_page("queues", team="1")
    assert "forecast" not in str(tile(at, "offered"))  # said once, by the chart
    assert "Forecasts are made of queues and groups" in " ".join(caption.value for caption in at.caption)


def test_too_few_weeks_make_no_forecast(floor: Any, run_page: Run) -> None:
    floor.answer(
        queue_forecast=lambda _c, **_given: queries_forecast_of(2),
        queue_forecast_totals=lambda _c, **_given: no_totals(),
    )
    at = run_page("queues")
    assert "forecast" not in str(tile(at, "offered"))
    told = [caption.value for caption in at.caption if "forecast" in caption.value.lower()]
    assert len(told) == 1, "said once, by the chart"
    assert "it takes three comparable weeks, there are 2" in told[0]
    assert "forecast" not in [found["word"] for found in block(at, "section")["legend"]]


def queries_forecast_of(weeks: int) -> pl.DataFrame:
    plain = drawn_queues.queue_forecast(None, day_date=date(2026, 3, 9))
    return plain.with_columns(pl.lit(weeks, pl.Int64).alias("week_count"))


def no_totals() -> pl.DataFrame:
    plain = drawn_queues.queue_forecast_totals(
        None, first_date=date(2026, 3, 11), last_date=date(2026, 3, 11), as_of=NOON
    )
    return plain.with_columns(pl.lit(None, pl.Int64).alias("forecast_calls"))


def test_the_map_of_the_week_tells_quiet_from_not_in_the_period(floor: Any, run_page: Run) -> None:
    at = run_page("queues", view="week", period="7_days")
    assert not at.exception
    heading = next(found for found in blocks(at) if found.get("title") == "The week")
    assert (
        heading["lead"] == "Offered by weekday and quarter of an hour (1 such day). "
        "A dot: nobody called. Blank: not in the period."
    )
    assert at.get("vega_lite_chart")


def test_patience_is_a_share_of_those_who_still_waited(floor: Any, run_page: Run) -> None:
    rows = table(run_page("queues", view="waits"), "Patience")["rows"]
    told = [[text_of(cell) for cell in row["cells"]] for row in rows]
    # 29 answered by 20 s; of the 40 - 29 = 11 who still waited 7 were answered and 4 gave up: 4 / 11 = 36.4 %
    assert told[1:] == [
        ["0 to 20 s", "29", "0", "0", "40", "0%"],
        ["20 to 1:00", "7", "4", "0", "11", "36.4%"],
    ]
    assert rows[2]["cells"][2]["here"] == "contacts?of=abandoned_calls&period=today&wait_from=21&wait_to=60"


def test_all_eight_formulas_stand_beside_each_other_with_the_same_counts(floor: Any, run_page: Run) -> None:
    rows = table(run_page("queues", view="formulas"), "All eight formulas")["rows"]
    told = {row["key"]: (text_of(row["cells"][1]), text_of(row["cells"][2])) for row in rows}
    # 40 offered, 36 answered, 29 of them in time, 4 abandoned, none of them short or in time
    assert told == {
        "answered": ("80.6%", "29 of 36"),
        "strict": ("72.5%", "29 of 40"),
        "abandons": ("72.5%", "29 of 40"),
        "no_short": ("72.5%", "29 of 40"),
        "offered_no_short": ("72.5%", "29 of 40"),
        "abandons_late": ("72.5%", "29 of 40"),
        "abandons_good": ("72.5%", "29 of 40"),
        "removed": ("72.5%", "29 of 40"),
    }
    assert [row["key"] for row in rows if row["tone"] == "near"] == ["offered_no_short"]


def test_another_formula_can_be_set_for_the_view_alone(floor: Any, run_page: Run) -> None:
    at = run_page("queues", formula="answered", threshold="30")
    level = tile(at, "service_level")
    assert (level["value"], level["status"]["word"]) == ("80.6%", "On target")
    assert level["here"].endswith("&threshold=30&formula=answered")  # the rows behind it count the same way
    assert list_of(at, "Formula").value == "answered"


# ---- Service level ----


def test_the_worst_interval_says_why_it_missed(floor: Any, run_page: Run) -> None:
    [row] = table(run_page("service_level"), "The worst intervals, and why")["rows"]
    assert [text_of(cell) for cell in row["cells"][:4]] == ["10:00", "60.0%", "20", "4"]  # (0.8 - 0.6) x 20
    assert row["cells"][4] == (
        "20 offered, 8 more than usual, 14 of them within five minutes; 5 agents signed in, 2 fewer than usual; "
        "3 of 5 agents paused; AHT 6:10 against 4:40 usually; the longest wait was 6:41, in Sales."
    )
    assert "start=2026-03-11T08%3A00%3A00%2B00%3A00" in row["cells"][2]["here"]


def test_the_days_stand_as_a_calendar_with_their_intervals_on_target(floor: Any, run_page: Run) -> None:
    at = run_page("service_level", view="days")
    assert not at.exception
    rows = table(at, "Days")["rows"]
    assert [row["key"] for row in rows] == ["2026-03-11", "2026-03-10"]
    assert [text_of(cell) for cell in rows[0]["cells"][1:4]] == ["66.7%", "2 of 3", "72.5%"]
    heading = next(found for found in blocks(at) if found.get("title") == "Day by day")
    assert "4 of 6 quarters of an hour" in heading["lead"]


# ---- the time machine ----


def live_instants(floor: Any) -> list[datetime]:
    asked: list[datetime] = []
    plain = queries.QUESTIONS["live_queues"]

    def watched(connection: object, *, as_of: datetime) -> pl.DataFrame:
        asked.append(as_of)
        found: pl.DataFrame = plain(connection, as_of=as_of)
        return found

    floor.answer(live_queues=watched)
    return asked


def test_the_past_is_named_with_its_offset_and_the_wall_clock_stays(floor: Any, run_page: Run) -> None:
    asked = live_instants(floor)
    at = run_page("live_floor", at="2026-03-10T10:15")
    assert not at.exception
    band = block(at, "past")
    assert (band["title"], band["ago"]) == ("Tue, 10 Mar 2026, 10:15 (UTC+02:00)", "27 h 45 min ago")
    assert block(at, "head")["clock"] == "14:00"
    assert datetime(2026, 3, 10, 8, 15, tzinfo=UTC) in asked
    shown = block(at, "floor")
    assert (shown["speed"], shown["clock_ms"]) == (
        0.0,
        datetime(2026, 3, 10, 8, 15, tzinfo=UTC).timestamp() * 1000,
    )


def test_the_present_has_no_band_and_one_button_to_leave_it(floor: Any, run_page: Run) -> None:
    at = run_page("live_floor")
    assert "past" not in [found["kind"] for found in blocks(at)]
    at = button(at, "time-entry").click().run()
    assert block(at, "past")["title"] == "Wed, 11 Mar 2026, 13:59 (UTC+02:00)"
    assert at.query_params["at"] == "2026-03-11T13:59"


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("time-day-back", "2026-03-09T10:15"),
        ("time-quarter-back", "2026-03-10T10:00"),
        ("time-minute-back", "2026-03-10T10:14"),
        ("time-minute-on", "2026-03-10T10:16"),
        ("time-quarter-on", "2026-03-10T10:30"),
        ("time-day-on", "2026-03-11T10:15"),
    ],
)
def test_each_step_goes_where_it_says(floor: Any, run_page: Run, key: str, shown: str) -> None:
    stepped = button(run_page("live_floor", at="2026-03-10T10:15"), key).click().run()
    assert stepped.query_params["at"] == shown


def test_play_goes_on_by_itself_until_it_is_paused(floor: Any, run_page: Run) -> None:
    at = button(run_page("live_floor", at="2026-03-10T10:15", speed="5"), "time-play").click().run()
    assert at.query_params["at"] == "2026-03-10T10:20"  # five minutes a turn
    assert at.run().query_params["at"] == "2026-03-10T10:25"
    assert at.select_slider[0].disabled
    at = button(at, "time-play").click().run()
    assert at.query_params["at"] == "2026-03-10T10:25"
    assert at.run().query_params["at"] == "2026-03-10T10:25"


def test_a_browser_that_lags_behind_does_not_undo_a_step(floor: Any, run_page: Run) -> None:
    at = button(run_page("live_floor", at="2026-03-10T10:15"), "time-quarter-on").click().run()
    at.query_params["at"] = "2026-03-10T10:15"  # sent before the browser heard of the step
    assert at.run().query_params["at"] == "2026-03-10T10:30"
    at = button(at, "time-now").click().run()
    at.query_params["at"] = "2026-03-10T10:30"
    assert "past" not in [found["kind"] for found in blocks(at.run())]


def test_an_address_that_was_changed_later_is_followed(
    floor: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = button(run_page("live_floor", at="2026-03-10T10:15"), "time-quarter-on").click().run()
    monkeypatch.setattr(time_machine, "ECHO_SECONDS", -1.0)  # as if some seconds had passed
    at.query_params["at"] = "2026-03-10T09:00"
    assert block(at.run(), "past")["title"].startswith("Tue, 10 Mar 2026, 09:00")


def test_play_ends_at_the_present(floor: Any, run_page: Run) -> None:
    at = button(run_page("live_floor", at="2026-03-11T13:50", speed="15"), "time-play").click().run()
    assert "past" not in [found["kind"] for found in blocks(at)]
    assert "at" not in at.query_params


def test_now_leads_back_and_leaves_nothing_behind(floor: Any, run_page: Run) -> None:
    at = button(run_page("live_floor", at="2026-03-10T10:15"), "time-now").click().run()
    assert "past" not in [found["kind"] for found in blocks(at)]
    assert "at" not in at.query_params


@pytest.mark.parametrize(
    "asked", ["2026-03-11T14:01", "2026-03-11T14:00", "soon", "1999-01-01T00:00", "2026-02-30T10:00"]
)
def test_an_instant_that_cannot_be_shown_is_the_present(floor: Any, run_page: Run, asked: str) -> None:
    at = run_page("live_floor", at=asked)
    assert not at.exception
    assert "past" not in [found["kind"] for found in blocks(at)]
    assert "at" not in at.query_params
    said = next(found for found in blocks(at) if found["kind"] == "notice")
    assert said["title"] == "This is now, not the past that the address asked for."
    assert asked in said["body"]


def test_the_slider_moves_by_the_minute_and_stops_the_play(floor: Any, run_page: Run) -> None:
    at = run_page("live_floor", at="2026-03-11T10:15")
    slider = at.select_slider[0]
    assert (slider.value, slider.options[0], slider.options[-1]) == ("2026-03-11T10:15", "00:00", "13:59")
    at = slider.set_value("2026-03-11T09:07").run()
    assert at.query_params["at"] == "2026-03-11T09:07"
    assert block(at, "past")["title"].startswith("Wed, 11 Mar 2026, 09:07")


def test_a_page_of_a_past_day_ends_at_its_instant(floor: Any, run_page: Run) -> None:
    at = run_page("queues", at="2026-03-10T10:30")
    assert not at.exception
    assert tile(at, "offered")["value"] == "30"  # 10 at nine, 20 at ten; eleven is still to come
    assert block(at, "past")["word"] == "The past"
    assert block(run_page("service_level", at="2026-03-10T10:30"), "section")["title"] == "Tue, 10 Mar 2026"


def test_two_days_stand_beside_each_other_at_the_same_time(floor: Any, run_page: Run) -> None:
    asked = live_instants(floor)
    at = run_page("live_floor", at="2026-03-11T10:15", beside="day_before")
    assert not at.exception
    titles = [found["title"] for found in blocks(at) if found["kind"] == "section"]
    assert titles == ["Wed, 11 Mar 2026", "Tue, 10 Mar 2026"]
    assert len([found for found in blocks(at) if found["kind"] == "floor"]) == 2
    assert {datetime(2026, 3, day, 8, 15, tzinfo=UTC) for day in (10, 11)} <= set(asked)


def test_today_can_stand_beside_another_day_and_stays_live(floor: Any, run_page: Run) -> None:
    at = run_page("live_floor", beside="2026-03-10")
    floors = [found for found in blocks(at) if found["kind"] == "floor"]
    assert [found["clock_ms"] for found in floors] == [
        instant.timestamp() * 1000 for instant in (NOON, NOON - timedelta(days=1))
    ]
    assert [found["is_past"] for found in floors] == [False, True]


def test_the_day_charts_of_two_days_stand_beside_each_other(floor: Any, run_page: Run) -> None:
    at = run_page("queues", at="2026-03-11T10:30", beside="day_before")
    titles = [found["title"] for found in blocks(at) if found["kind"] == "section" and found["legend"]]
    assert titles == ["Wed, 11 Mar 2026", "Tue, 10 Mar 2026"]
    assert len(at.get("vega_lite_chart")) == 2


def test_a_silent_source_is_told_of_the_present_and_does_not_fade_the_past(floor: Any, run_page: Run) -> None:
    floor.be_late(840)
    at = run_page("live_floor", at="2026-03-10T10:15")
    assert block(at, "notice")["title"] == "pbx is silent"
    shown = block(at, "floor")
    assert (shown["is_stale"], shown["is_past"]) == (False, True)
    assert block(run_page("live_floor"), "floor")["is_stale"]


def test_looking_back_asks_nothing_of_the_poller(floor: Any, run_page: Run) -> None:
    """The past has answers of its own: the same instant is asked once, and never through what feeds the present."""
    asked = live_instants(floor)
    run_page("live_floor", at="2026-03-10T10:15")
    run_page("live_floor", at="2026-03-10T10:15")
    assert asked.count(datetime(2026, 3, 10, 8, 15, tzinfo=UTC)) == 1
    assert set(asked) == {datetime(2026, 3, 10, 8, 15, tzinfo=UTC), NOON}


# ---- what an address says ----


def test_a_time_that_comes_twice_carries_its_offset_and_reads_back() -> None:
    zone = "Europe/Tallinn"
    for hour in range(30):  # through the night when the clock goes back, and the one when it goes forward
        for night in (datetime(2026, 10, 24, 20, 30, tzinfo=UTC), datetime(2026, 3, 28, 20, 30, tzinfo=UTC)):
            instant = night + timedelta(minutes=20 * hour)
            text = time_machine.written(instant, zone)
            assert time_machine.read(text, zone, now=instant + timedelta(days=1)) == instant
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert time_machine.written(twice, zone) == "2026-10-25T03:30+03:00"
    assert time_machine.written(twice + timedelta(hours=1), zone) == "2026-10-25T03:30+02:00"
    assert time_machine.read(
        "2026-10-25T03:30 02:00", zone, now=twice + timedelta(days=1)
    ) == twice + timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 11), 24)]
)
def test_the_slider_has_every_minute_of_the_day_once(day: date, hours: int) -> None:
    found = time_machine.minutes_of(day, "Europe/Tallinn")
    assert len(found) == hours * 60
    assert len(set(found.values())) == hours * 60


def test_a_page_without_a_time_machine_takes_no_notice_of_the_address(floor: Any, run_page: Run) -> None:
    at = run_page("data_health", at="2026-03-10T10:15")
    assert not at.exception
    assert "past" not in [found["kind"] for found in blocks(at)]
