"""Good news by worked days, what is never news, and figures of few: pure rules, without a warehouse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import certainty
from dashboard.ui import moments
from dashboard.wall import news, news_queries
from dashboard.wall.good_news import FEWEST_CALLS, level
from dashboard.wall.news import News
from tests.laws import law

ZONE_NAME = "Europe/Tallinn"
ZONE = ZoneInfo(ZONE_NAME)
TODAY = date(2026, 10, 28)  # a Wednesday, three days after the clock went back
Row = dict[str, Any]
SCHEMA: dict[str, Any] = {
    "of_kind_name": pl.String, "queue_id": pl.Int64, "queue_name": pl.String, "day_date": pl.Date,
    "started_at": pl.Datetime("us", "UTC"), "ended_at": pl.Datetime("us", "UTC"), "service_level_ratio": pl.Float64,
    "service_level_target_ratio": pl.Float64, "decided_calls": pl.Int64, "offered_calls": pl.Int64,
    "answered_calls": pl.Int64, "longest_wait_seconds": pl.Int64, "first_answered_at": pl.Datetime("us", "UTC"),
    "last_abandoned_at": pl.Datetime("us", "UTC"), "unbroken_answered_calls": pl.Int64, "reached_calls": pl.Int64,
    "reached_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


def local(hour: int, minute: int = 0, *, day: date = TODAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


NOW = local(15, 30)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def day(
    days_ago: int, in_time: float, n: int = 100, *, wait: int = 60, queue_id: int = 1, target: float = 0.8
) -> Row:
    """A queue's day: the share in time of n decided contacts, and its longest wait."""
    return {
        "of_kind_name": "day", "queue_id": queue_id, "day_date": ago(days_ago), "offered_calls": n, "answered_calls": n,
        "service_level_ratio": in_time if n else None, "service_level_target_ratio": target, "decided_calls": n,
        "longest_wait_seconds": wait,
    }  # fmt: skip


def hour(days_ago: int, start: int, answered: int) -> Row:
    at = local(start, day=ago(days_ago))
    return {
        "of_kind_name": "hour", "day_date": ago(days_ago), "started_at": at, "ended_at": at + timedelta(hours=1),
        "offered_calls": answered, "answered_calls": answered,
    }  # fmt: skip


def today(answered: int = 150, **changes: Any) -> Row:
    return {
        "of_kind_name": "today", "day_date": TODAY, "started_at": local(0), "ended_at": NOW, "answered_calls": answered,
        "first_answered_at": local(8, 2) if answered else None, "last_abandoned_at": local(15, 20),
        "unbroken_answered_calls": 3, **changes,
    }  # fmt: skip


def queue(in_time: float | None, n: int, *, target: float | None = 0.8) -> Row:
    """How a queue stands today."""
    return {"service_level_ratio": in_time, "service_level_target_ratio": target, "decided_calls": n}


def found(*rows: Row, queues: list[Row] | None = None, **given: Any) -> tuple[News, ...]:
    frame = pl.DataFrame(list(rows), schema=SCHEMA)
    standing = None if queues is None else pl.DataFrame(queues, infer_schema_length=None)
    return news.good_news(frame, now=NOW, zone_name=ZONE_NAME, queues=standing, **given)


def only(*rows: Row, queues: list[Row] | None = None) -> News:
    [one] = found(*rows, queues=queues)
    return one


def test_all_queues_together_are_on_target_where_as_many_are_in_time_as_their_targets_ask() -> None:
    # 90 of 100 and 40 of 60 are 130 in time; the targets ask 80 + 48 = 128 of 160
    one = only(today(), queues=[queue(0.9, 100), queue(40 / 60, 60)])
    assert (one.key, one.title) == ("target:2026-10-28", "On target today")
    assert one.text == "81.3% in time, all queues together; target 80% (n = 160)."
    assert (one.window_start, one.window_end, one.since_at) == (local(0), NOW, None)
    # 88 + 39 = 127 are fewer
    assert not found(today(), queues=[queue(0.88, 100), queue(39 / 60, 60)])
    # of different targets: 95 of 100 (90 asked) and 30 of 60 (36 asked): 125 of 126
    assert not found(today(), queues=[queue(0.95, 100, target=0.9), queue(0.5, 60, target=0.6)])
    assert found(today(), queues=[queue(0.96, 100, target=0.9), queue(0.5, 60, target=0.6)])


def test_exactly_the_target_is_on_target_whatever_the_floats_say() -> None:
    thirds = [queue(1 / 3, n, target=1 / 3) for n in (7, 11, 13, 17)]
    assert found(today(), queues=thirds)


def test_of_fewer_than_thirty_contacts_nothing_is_told() -> None:
    assert not found(
        today(), queues=[queue(1.0, FEWEST_CALLS - 1), queue(None, 0), queue(1.0, 900, target=None)]
    )
    assert found(today(), queues=[queue(1.0, FEWEST_CALLS)])
    assert level([queue(None, 0)]) is None


@pytest.mark.parametrize(
    ("answered", "last_at", "text"),
    [
        (30, local(10, 40), "No caller has given up since 10:40; 30 contacts answered."),
        (150, None, "No caller has given up today; 150 contacts answered."),
        (29, local(10, 40), None),
        (29, None, None),
    ],
)
def test_everybody_was_heard_since_the_last_who_gave_up(
    answered: int, last_at: datetime | None, text: str | None
) -> None:
    said = found(today(unbroken_answered_calls=answered, last_abandoned_at=last_at))
    assert [one.text for one in said] == ([text] if text else [])
    assert all(one.window_start == (last_at or local(0)) for one in said)


def test_what_was_said_before_somebody_gave_up_is_left_out_and_its_key_never_comes_back() -> None:
    before = only(today(unbroken_answered_calls=80, last_abandoned_at=local(10, 40)))
    assert not found(today(unbroken_answered_calls=0, last_abandoned_at=local(15, 29)))
    again = only(today(unbroken_answered_calls=30, last_abandoned_at=local(15, 29)))
    assert before.key != again.key


def test_a_round_number_is_celebrated_at_its_instant_and_for_five_minutes() -> None:
    one = only(today(reached_calls=250, reached_at=local(15, 27)))
    assert (one.key, one.title) == ("reached:2026-10-28:250", "250 contacts answered today")
    assert (one.text, one.since_at) == ("Reached at 15:27, all teams together.", local(15, 27))
    assert news.celebrations((one,), now=NOW) == (one,)
    assert news.celebrations((one,), now=local(15, 32)) == (one,)
    assert news.celebrations((one,), now=local(15, 33)) == ()
    assert news.celebrations((one,), now=local(15, 26)) == ()  # the clock of a replay may stand before it


def test_a_time_of_the_day_is_told_by_the_clock_of_the_wall() -> None:
    [one] = found(today(reached_calls=250, reached_at=local(15, 27)), shown_zone_name="Asia/Tokyo")
    at = local(15, 27).astimezone(ZoneInfo("Asia/Tokyo"))
    assert one.text == f"Reached at {at:%H:%M}, all teams together."
    assert one.window_start == local(0)  # the day is the site's


def hours_before(answered: int, *days_ago: int) -> list[Row]:
    return [hour(days, 10, answered) for days in days_ago]


def test_most_in_an_hour_names_the_day_since_when() -> None:
    before = [*hours_before(50, 1, 2, 5, 6, 8), hour(9, 11, 84), hour(15, 9, 90)]
    one = only(today(), *before, hour(0, 10, 84), hour(0, 11, 84), hour(0, 12, 40))
    assert one.title == "Most contacts answered in an hour since Mon, 19 Oct 2026"  # nine days ago, as many
    assert one.text == "84 between 10:00 and 11:00."  # the first of two equal hours
    assert (one.since_at, one.window_start) == (local(11), local(10))
    assert one.key == f"best_hour:{local(10).isoformat()}"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([*hours_before(50, 2, 3, 4, 5), hour(6, 9, 84), hour(0, 10, 84)], "as many six days ago"),
        ([*hours_before(50, 8, 9, 10, 11), hour(0, 10, 84)], "four days are too few for a record"),
        ([*hours_before(20, 8, 9, 10, 11, 12), hour(0, 10, 29)], "29 are too few"),
        (hours_before(50, 8, 9, 10, 11, 12), "no hour of today is over"),
        ([*hours_before(50, 1, 2, 3, 4, 5, 6), hour(0, 10, 84)], "less than a week is known"),
    ],
)
def test_what_is_no_record(rows: list[Row], why: str) -> None:
    assert not found(today(), *rows), why


def test_a_record_of_all_that_is_known_says_in_how_many_weeks() -> None:
    assert only(today(), *hours_before(50, 7, 8, 9, 10, 11, 12, 27), hour(0, 9, 84)).title.endswith(
        "in 3 weeks"
    )
    assert only(today(), *hours_before(50, 7, 8, 9, 10, 28), hour(0, 9, 84)).title.endswith("in 4 weeks")
    assert only(today(), *hours_before(50, 3, 4, 5, 6, 7), hour(0, 9, 84)).title.endswith("in 1 week")


def test_on_a_day_off_its_targets_nobody_is_praised_for_how_much_was_done() -> None:
    rows = [
        today(reached_calls=250, reached_at=local(12)),
        *hours_before(50, 8, 9, 10, 11, 12),
        hour(0, 10, 84),
    ]
    assert {one.key.partition(":")[0] for one in found(*rows)} == {"reached", "best_hour"}
    assert not found(*rows, queues=[queue(0.5, 100)])


def test_days_on_target_in_a_row_pass_over_days_without_work() -> None:
    #    Tue 27: 85 %, Mon 26: 80 %, Sun 25: 5 contacts, Sat 24: none, Fri 23: 90 %, Thu 22: 79 %
    rows = [day(1, 0.85), day(2, 0.8), day(3, 0.0, 5), day(5, 0.9), day(6, 0.79), day(7, 1.0)]
    one = only(today(), *rows)
    assert one.title == "On target 3 days in a row"
    assert one.text == "On Tue, 27 Oct 2026 85.0% in time, all queues together; target 80% (n = 100)."
    assert one.key == "streak:2026-10-27"
    assert one.since_at == local(8, 2)  # celebrated when today's first contact is answered
    assert one.window_start == local(0, day=ago(5))
    assert one.window_end == local(0)


def test_the_window_of_a_day_is_the_local_day_on_the_long_night() -> None:
    one = found(today(), day(3, 0.9), day(4, 0.9))[0]  # Sunday 25 October has 25 hours
    assert one.window_end - local(0, day=ago(3)) == timedelta(hours=25)
    assert one.since_at is None  # three days ago is no morning's news any more


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([day(1, 0.85)], "one day is no row"),
        ([day(1, 0.79), day(2, 0.9), day(3, 0.9)], "the last day was below"),
        ([day(4, 0.9), day(5, 0.9)], "four days ago is no news"),
        ([day(1, 0.9), day(1, 0.6, queue_id=2), day(2, 0.9)], "all queues together 150 of 160 asked"),
    ],
)
def test_what_is_no_row_of_days(rows: list[Row], why: str) -> None:
    assert not found(today(), *rows), why


def test_the_shortest_longest_wait_since_long() -> None:
    waits = {1: 60, 2: 200, 3: 300, 4: 250, 6: 190, 7: 61, 9: 60, 12: 45}
    rows = [day(days, 0.5, wait=wait) for days, wait in waits.items()]
    one = only(today(), *rows, day(3, 0.5, 10, wait=700, queue_id=2))
    assert one.title == "Shortest longest wait since Mon, 19 Oct 2026"  # eight days before, as short
    assert one.text == "On Tue, 27 Oct 2026 nobody waited longer than 1:00."
    assert one.key == "shortest_wait:2026-10-27"
    rows = [day(days, 0.5, wait=wait) for days, wait in {**waits, 6: 60}.items()]
    assert not found(today(), *rows)  # as short five days before
    few = [day(days, 0.5, 49, wait=wait) for days, wait in waits.items()]
    assert not found(today(), *few)  # days of 49 contacts do not count


GOAL = {
    "goal_id": 7, "version_number": 1, "goal_name": "Quick answers", "metric_name": "average_speed_of_answer_seconds",
    "scope_kind_name": "everything", "scope_key": "", "owner_name": "Kadri", "note_text": "", "baseline_value": 60.0,
    "baseline_count": 900, "baseline_first_date": ago(60), "baseline_last_date": ago(33), "target_value": 30.0,
    "started_date": ago(30), "deadline_date": ago(-60), "window_days": 7, "minimum_count": 100, "closed_at": None,
    "measured_date": ago(1), "measured_value": 29.0, "measured_count": 640,
}  # fmt: skip


def goal_news(days: dict[int, tuple[float, int]], **changes: Any) -> tuple[News, ...]:
    measured = [
        {"goal_id": 7, "day_date": ago(at), "measured_value": value, "measured_count": n}
        for at, (value, n) in days.items()
    ]
    return found(
        today(),
        goals=pl.DataFrame([GOAL | changes], infer_schema_length=None),
        goal_days=pl.DataFrame(measured),
    )


def test_a_goal_is_news_when_it_is_reached_and_for_three_days() -> None:
    [one] = goal_news({3: (40.0, 600), 2: (31.0, 600), 1: (29.0, 640)})
    assert (one.key, one.title) == ("goal:7:1", "Goal reached: Quick answers")
    assert one.text == "29 s, target 30 s (n = 640)."
    assert one.since_at == local(8, 2)
    assert (one.window_start, one.window_end) == (local(0, day=ago(7)), local(0))
    assert "Kadri" not in repr(one)  # who owns it is nobody's business on a wall
    assert goal_news({3: (30.0, 600), 1: (29.0, 640)})[0].since_at is None
    assert not goal_news({4: (30.0, 600), 1: (29.0, 640)})  # reached before, and no news any more
    assert goal_news({4: (30.0, 99), 1: (29.0, 640)})  # of 99 nothing had been judged
    assert not goal_news({1: (31.0, 640)}, measured_value=31.0)
    assert not goal_news({1: (29.0, 640)}, closed_at=NOW)


def test_an_empty_day_has_no_news() -> None:
    rows = [day(1, 1.0), day(2, 1.0), *hours_before(50, 8, 9, 10, 11, 12)]
    assert found(*rows, today())
    assert found(*rows, today(0)) == ()
    assert found(*rows) == ()
    assert news.good_news(pl.DataFrame(), now=NOW, zone_name=ZONE_NAME) == ()


ratios = st.floats(0, 1)
past_days = st.builds(
    day, st.integers(1, 28), ratios, st.integers(0, 300), wait=st.integers(0, 900), queue_id=st.integers(1, 2)
)
past_hours = st.builds(hour, st.integers(0, 28), st.integers(0, 14), st.integers(0, 200))
live = st.lists(st.builds(queue, ratios, st.integers(0, 300)), max_size=3)


@law(40)
@given(st.lists(past_days, max_size=20), st.lists(past_hours, max_size=20), live, st.randoms())
def test_news_is_the_same_in_every_order_names_each_thing_once_and_never_speaks_of_later(
    days: list[Row], hours: list[Row], queues: list[Row], chance: Any
) -> None:
    rows = [*{(r["queue_id"], r["day_date"]): r for r in days}.values(), *{r["started_at"]: r for r in hours}.values(),
            today(reached_calls=100, reached_at=local(9))]  # fmt: skip
    said = found(*rows, queues=queues or None)
    kinds = [one.key.partition(":")[0] for one in said]
    assert len(kinds) == len(set(kinds))  # so no two speak of the same, one this way and one the other
    assert all(one.window_start < one.window_end <= NOW for one in said)
    assert all(one.since_at is None or one.since_at <= NOW for one in said)
    assert all(one.title and one.text and one.formula for one in said)
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert {(one.key, one.text) for one in found(*shuffled, queues=queues or None)} == {
        (one.key, one.text) for one in said
    }


@given(
    st.lists(past_days, max_size=20),
    st.lists(st.builds(queue, st.floats(0, 0.79), st.integers(30, 300)), min_size=1),
)
def test_a_day_below_its_targets_has_no_news_of_its_own(days: list[Row], queues: list[Row]) -> None:
    rows = [
        *{(r["queue_id"], r["day_date"]): r for r in days}.values(),
        hour(0, 9, 200),
        *hours_before(9, 8, 9, 10, 11, 12),
    ]
    said = found(*rows, today(reached_calls=100, reached_at=local(9)), queues=queues)
    assert all(one.window_end <= local(0) for one in said)


def bar(
    n: int | None, in_time: int | None, usual_n: int | None, usual: int | None, **changes: Any
) -> news.TeamBar:
    row = {
        "team_id": 1, "team_name": "Amber", "until_at": NOW, "answered_calls": n, "answered_in_threshold_calls": in_time,
        "service_level_answered_ratio": in_time / n if n and in_time is not None else None,
        "usual_answered_calls": usual_n, "usual_answered_in_threshold_calls": usual,
        "usual_service_level_answered_ratio": usual / usual_n if usual_n and usual is not None else None,
        "is_rounded": False, "withheld_name": None, "fewest_agents": None, **changes,
    }  # fmt: skip
    [one] = news.team_bars(pl.DataFrame([row], infer_schema_length=None))
    return one


@pytest.mark.parametrize(
    ("n", "in_time", "usual_n", "usual", "standing"),
    [
        (200, 180, 400, 320, "above"),  # 90 %, at least 85 % by chance alone; usual 80 %
        (200, 170, 400, 320, "usual"),  # 85 %, from 79 % on
        (200, 140, 400, 320, "below"),
        (29, 29, 400, 320, "too_few"),
        (0, 0, 400, 320, "too_few"),
        (200, 180, 29, 20, "no_usual"),
        (200, 180, None, None, "no_usual"),
    ],
)
def test_a_team_is_better_than_usual_only_beyond_chance(
    n: int, in_time: int, usual_n: int | None, usual: int | None, standing: str
) -> None:
    one = bar(n, in_time, usual_n, usual)
    assert one.standing == standing
    assert one.is_good == (standing == "above")
    assert (one.in_time_ratio is None) == (n < FEWEST_CALLS)


def test_what_is_told_in_steps_is_better_only_beyond_the_steps() -> None:
    # 90 % of 240 is at least 85.6 % by chance alone: more than 85 %, yet both may be rounded by 2.5 points
    assert bar(240, 216, 720, 612).standing == "above"
    assert bar(240, 216, 720, 612, is_rounded=True).standing == "usual"
    assert bar(240, 228, 720, 612, is_rounded=True).standing == "above"  # 95 %, at least 91.5 %


def test_a_team_of_few_is_withheld_and_says_of_how_many() -> None:
    one = bar(None, None, None, None, withheld_name="few", fewest_agents=5)
    assert (one.standing, one.fewest_agents, one.in_time_ratio, one.n) == ("withheld", 5, None, None)


def test_the_size_of_a_team_moves_nothing_but_its_interval() -> None:
    small, large = bar(60, 48, 400, 320), bar(600, 480, 4000, 3200)
    assert small.in_time_ratio == large.in_time_ratio == 0.8
    assert small.standing == large.standing == "usual"
    assert (small.low_ratio, small.high_ratio) == certainty.wilson(48, 60)


def scores(n: int, hits: int, before_n: int, before: int, **changes: Any) -> pl.DataFrame:
    row = {
        "first_date": ago(7), "last_date": ago(1), "csat_count": n, "csat_satisfied_count": hits,
        "csat_ratio": hits / n if n else None, "before_csat_count": before_n, "before_csat_satisfied_count": before,
        "before_csat_ratio": before / before_n if before_n else None, "withheld_name": None, "fewest_agents": None,
        **changes,
    }  # fmt: skip
    return pl.DataFrame([row], infer_schema_length=None)


@pytest.mark.parametrize(
    ("n", "hits", "before_n", "before", "standing"),
    [
        (100, 95, 400, 320, "above"),
        (100, 85, 400, 320, "usual"),
        (100, 60, 400, 320, "below"),
        (29, 29, 400, 320, "too_few"),
        (0, 0, 400, 320, "too_few"),
        (100, 95, 29, 20, "no_usual"),
    ],
)
def test_satisfaction_stands_beside_the_weeks_before(
    n: int, hits: int, before_n: int, before: int, standing: str
) -> None:
    one = news.satisfaction(scores(n, hits, before_n, before))
    assert one is not None
    assert one.standing == standing
    assert (one.csat_ratio is None) == (n == 0)
    assert ((one.low_ratio, one.high_ratio) == certainty.wilson(hits, n)) == bool(n)


def test_satisfaction_without_an_answer_is_unknown_and_kept_back_where_few_worked() -> None:
    assert news.satisfaction(scores(0, 0, 0, 0)) is None
    kept = news.satisfaction(
        scores(
            0,
            0,
            0,
            0,
            csat_count=None,
            csat_satisfied_count=None,
            before_csat_count=None,
            withheld_name="few",
            fewest_agents=5,
        )
    )
    assert kept is not None
    assert (kept.standing, kept.csat_ratio, kept.n) == ("withheld", None, 0)


def test_nobody_is_named_twice_nor_beyond_three_places() -> None:
    row = {"csat_count": 40, "csat_satisfied_count": 38, "expected_ratio": 0.75, "shrunken_ratio": 0.9,
           "needed_count": 20, "first_date": ago(28), "last_date": ago(1),
           "reason_name": None}  # fmt: skip
    frame = pl.DataFrame(
        [
            row | {"place_number": place, "agent_id": place, "agent_name": f"p{place}"}
            for place in (2, 1, 4, 3)
        ]
    )
    told = news.top_three(frame)
    assert [one.agent_name for one in told.people] == ["p1", "p2", "p3"]
    assert told.people[0].text == "90.0% satisfied (n = 40)"
    assert "Personal data" in told.about_text
    gone = news.top_three(frame, pl.DataFrame({"agent_id": [9]}))
    assert (gone.people, gone.nothing) == ((), "nobody")
    assert "Personal data" in gone.nothing_text


def test_every_question_behind_the_news_says_how_often_it_is_worth_asking() -> None:
    assert set(news.CALM_SECONDS) == {question.__name__ for question in news_queries.QUESTIONS}
    assert {name for name, seconds in news.CALM_SECONDS.items() if seconds > 60} == moments.SLOW_QUESTIONS
