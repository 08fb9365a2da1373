"""Goals on a real warehouse: a baseline from the data, days that are measured, a history that can be taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.calls import call_queries
from dashboard.goals import goal_path, goal_queries, goal_saves, goal_view
from dashboard.goals.goal_path import Goal, GoalError
from dashboard.tickets import ticket_queries
from sql import measures, metrics, warehouse
from tests.db.test_questions import tell_of_tickets
from tests.db.test_records import tell
from tests.db.test_watch import in_teams, look, set_site

ZONE = "Europe/Tallinn"
FIRST = date(2026, 3, 20)
NOON = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)  # 12:00 in Tallinn, in summer time since 29 March


def waits(*drawn: tuple[str, int]) -> list[dict[str, Any]]:
    """Answered calls, drawn as (local instant with its offset, wait in seconds)."""
    rows = []
    for number, (text, wait) in enumerate(drawn):
        offered = datetime.fromisoformat(text).astimezone(UTC)
        answered = offered + timedelta(seconds=wait)
        rows.append(
            {
                "queue_name": "Sales",
                "agent_name": "Aino",
                "call_id": f"c{number}",
                "stay_number": 1,
                "contact_id": f"c{number}",
                "offered_at": offered,
                "answered_at": answered,
                "ended_at": answered + timedelta(seconds=100),
                "wait_seconds": wait,
                "talk_seconds": 100,
                "outcome_name": "answered",
                "direction_name": "inbound",
                "channel_name": "call",
            }
        )
    return rows


DRAWN = [
    ("2026-03-27 10:00+02:00", 300),
    ("2026-03-28 23:59+02:00", 200),  # the night of 23 hours follows
    ("2026-03-29 00:01+02:00", 100),
    ("2026-03-29 23:59+03:00", 60),
    ("2026-03-30 00:01+03:00", 40),
]


def goal(**more: Any) -> Goal:
    """ASA from 5 to 2 minutes; each value is that of two days, and one call is enough to judge by."""
    given = Goal(
        goal_name="Average wait from 5 to 2 minutes", metric_name="average_speed_of_answer_seconds",
        scope_kind_name="everything", scope_key="", owner_name="Mari", baseline_value=300, baseline_count=40,
        baseline_first_date=FIRST - timedelta(days=28), baseline_last_date=FIRST - timedelta(days=1), target_value=120,
        started_date=date(2026, 3, 27), deadline_date=date(2026, 6, 27), window_days=2, minimum_count=1,
    )  # fmt: skip
    return replace(given, **more)


@pytest.fixture
def floor(engine: sa.Engine) -> sa.Engine:
    tell(engine, {"calls": waits(*DRAWN)}, name="pbx")
    set_site(engine, ZONE)
    return engine


def make(engine: sa.Engine, one: Goal) -> int:
    with warehouse.connected(engine) as connection:
        return goal_saves.make_goal(connection, goal=one, viewer_name="mari", at=NOON)


def ask(engine: sa.Engine, name: str, **given: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        found: pl.DataFrame = getattr(goal_queries, name)(connection, **(given or {"as_of": NOON}))
    return found


def test_every_day_holds_the_window_that_ends_with_it_over_the_clock_change(floor: sa.Engine) -> None:
    """Windows of two local days; 29 March has 23 hours, and its last minute is in summer time."""
    make(floor, goal())
    look(floor, NOON)
    days = {
        row["day_date"].day: row for row in ask(floor, "goal_days").to_dicts() if row["day_date"].month == 3
    }
    assert {day: (row["measured_value"], row["measured_count"]) for day, row in days.items()} == {
        27: (300 / 1, 1),
        28: ((300 + 200) / 2, 2),
        29: ((200 + 100 + 60) / 3, 3),
        30: ((100 + 60 + 40) / 3, 3),
        31: (40 / 1, 1),
    }
    april = [row for row in ask(floor, "goal_days").to_dicts() if row["day_date"].month == 4]
    assert [(row["measured_value"], row["measured_count"]) for row in april] == [(None, 0), (None, 0)]


def test_the_autumn_night_of_25_hours_is_one_day(engine: sa.Engine) -> None:
    drawn = [
        ("2026-10-25 00:30+03:00", 10),
        ("2026-10-25 03:30+03:00", 20),  # the first showing of 3:30
        ("2026-10-25 03:30+02:00", 30),  # the second one, an hour later
        ("2026-10-25 23:30+02:00", 40),
        ("2026-10-26 00:00+02:00", 500),
    ]
    tell(engine, {"calls": waits(*drawn)}, name="pbx")
    set_site(engine, ZONE)
    day = date(2026, 10, 25)
    begin, end = (
        datetime.fromisoformat(text).astimezone(UTC)
        for text in ("2026-10-25T00:00+03:00", "2026-10-26T00:00+02:00")
    )
    assert end - begin == timedelta(hours=25)
    found = ask(
        engine, "goal_baseline", metric_name="average_speed_of_answer_seconds", scope_kind_name="everything",
        scope_key="", window_start=begin, window_end=end,
    )  # fmt: skip
    assert found.select("value", "n").row(0) == ((10 + 20 + 30 + 40) / 4, 4)
    at = datetime(2026, 10, 27, 12, tzinfo=UTC)
    one = goal(started_date=day, deadline_date=date(2026, 12, 1), window_days=1)
    with warehouse.connected(engine) as connection:
        goal_saves.make_goal(connection, goal=one, viewer_name="mari", at=at)
    look(engine, at)
    values = ask(engine, "goal_days", as_of=at)["measured_value"].to_list()
    assert values == [25.0, 500.0, None]


def test_a_baseline_is_the_same_number_as_on_the_pages(floor: sa.Engine) -> None:
    window = {
        "window_start": datetime(2026, 3, 26, 22, tzinfo=UTC),
        "window_end": datetime(2026, 4, 1, 21, tzinfo=UTC),
    }
    with warehouse.connected(floor) as connection:
        page = call_queries.queue_totals(connection, **window)
    for one in metrics.metrics():
        if one.name in page.columns and "everything" in measures.scopes_of(one, is_live=False):
            found = ask(
                floor, "goal_baseline", metric_name=one.name, scope_kind_name="queue",
                scope_key=str(page[0, "queue_id"]), **window,
            )  # fmt: skip
            assert found[0, "value"] == pytest.approx(page[0, one.name]), one.name


def test_what_is_measured_of_tickets_is_what_their_page_shows(engine: sa.Engine) -> None:
    tell_of_tickets(engine)
    set_site(engine, "UTC")
    window = {
        "window_start": datetime(2026, 11, 22, tzinfo=UTC),
        "window_end": datetime(2026, 11, 23, tzinfo=UTC),
    }
    with warehouse.connected(engine) as connection:
        page = ticket_queries.ticket_totals(connection, **window, as_of=window["window_end"])
    compared = 0
    for one in metrics.metrics():
        is_told = set(one.columns) <= set(page.columns) and one.name in page.columns
        if is_told and "everything" in measures.scopes_of(one, is_live=False):
            found = ask(
                engine,
                "goal_baseline",
                metric_name=one.name,
                scope_kind_name="everything",
                scope_key="",
                **window,
            )
            value = found[0, "value"] if found.height else None
            expected = page[0, one.name]
            assert value == (expected if expected is None else pytest.approx(expected)), one.name
            compared += 1
    assert compared >= 8


def told_later(engine: sa.Engine, *drawn: tuple[int, str, str | None]) -> dict[str, Any]:
    """One ticket with its events, drawn as (minutes from 10:00, event, value); the window is its first day."""
    day = datetime(2026, 3, 2, tzinfo=UTC)
    begin = day + timedelta(hours=10)
    events = [
        {
            "ticket_id": "1", "event_number": place, "occurred_at": begin + timedelta(minutes=minute), "event_name": name,
            "value_text": value, "agent_name": "mari" if name == "reply" else None,
        }
        for place, (minute, name, value) in enumerate(drawn)
    ]  # fmt: skip
    tell(engine, {"tickets": [{"ticket_id": "1", "created_at": begin}], "ticket_events": events}, name="desk")
    set_site(engine, "UTC")
    return {"window_start": day, "window_end": day + timedelta(days=1)}


def over(engine: sa.Engine, metric_name: str, **given: Any) -> list[tuple[Any, ...]]:
    asked = {"scope_kind_name": "everything", "scope_key": "", **given}
    with warehouse.connected(engine) as connection:
        return measures.history(connection, metric_name=metric_name, **asked).select("value", "n").rows()


def test_a_first_reply_after_the_window_counts_as_on_its_page(engine: sa.Engine) -> None:
    """Created at 10:00, first reply 2,000 minutes later: 120,000 s. Left out, only quick replies would be averaged."""
    window = told_later(engine, (0, "created", None), (2000, "reply", None))
    name = "average_first_reply_seconds"
    later = window["window_end"] + timedelta(days=5)
    assert over(engine, name, **window) == [(2000 * 60, 1)]
    assert over(engine, name, **window, known_at=later) == [(2000 * 60, 1)]
    assert over(engine, name, **window, known_at=window["window_end"]) == [(None, 0)]  # nobody knew yet
    baseline = {"metric_name": name, "scope_kind_name": "everything", "scope_key": "", **window}
    # Measured before the reply, a baseline stays what it was, whatever comes afterwards.
    assert ask(engine, "goal_baseline", **baseline, known_at=window["window_end"])[0, "value"] is None
    assert ask(engine, "goal_baseline", **baseline, known_at=later)[0, "value"] == 2000 * 60
    with warehouse.connected(engine) as connection:
        page = ticket_queries.ticket_totals(connection, **window, as_of=later)
    assert page[0, name] == 2000 * 60


def test_a_ticket_reopened_after_the_window_counts_as_on_its_page(engine: sa.Engine) -> None:
    """Solved on its first day, opened again two days later, within 7 days: 1 of 1."""
    window = told_later(
        engine, (0, "created", None), (60, "status", "solved"), (60 + 2 * 1440, "status", "open")
    )
    name = "reopened_in_7_days_ratio"
    later = window["window_end"] + timedelta(days=5)
    assert over(engine, name, **window) == [(1 / 1, 1)]
    assert over(engine, name, **window, known_at=window["window_end"]) == [(0 / 1, 1)]
    with warehouse.connected(engine) as connection:
        page = ticket_queries.ticket_totals(connection, **window, as_of=later)
    assert page[0, name] == 1 / 1


def test_what_an_agent_handled_stays_with_the_team_of_its_day(engine: sa.Engine) -> None:
    """In Old on the first day: 1 call of 100 s; in New on the second: 2 of 100 s and one of 400 s (600 / 3)."""
    drawn = waits(
        ("2026-03-02 10:00+02:00", 10),
        ("2026-03-03 00:01+02:00", 10),
        ("2026-03-03 10:00+02:00", 10),
        ("2026-03-03 11:00+02:00", 10),
    )
    drawn[-1] |= {"talk_seconds": 400, "ended_at": drawn[-1]["ended_at"] + timedelta(seconds=300)}
    tell(engine, {"calls": drawn}, name="pbx")
    set_site(engine, ZONE)
    of_teams = in_teams(engine, date(2026, 3, 3))
    day = datetime(2026, 3, 1, 22, tzinfo=UTC)
    window = {"window_start": day, "window_end": day + timedelta(days=2)}
    name = "average_handle_time_seconds"
    assert over(engine, name, **window, **of_teams, scope_key="1") == [(100, 1)]
    assert over(engine, name, **window, **of_teams, scope_key="2") == [((100 + 100 + 400) / 3, 3)]
    assert over(engine, name, **window) == [((100 + 100 + 100 + 400) / 4, 4)]


def test_an_amendment_keeps_what_was_measured_and_stands_in_the_history(floor: sa.Engine) -> None:
    goal_id = make(floor, goal())
    look(floor, NOON)
    later = goal(deadline_date=date(2026, 7, 31), target_value=90)
    with warehouse.connected(floor) as connection:
        goal_saves.amend_goal(
            connection, goal_id=goal_id, version_number=1, goal=later, before=goal(), reason_text="two of us are away",
            viewer_name="jaan", at=NOON,
        )  # fmt: skip
    assert ask(floor, "goal_days").height == 7
    [row] = ask(floor, "goals").to_dicts()
    assert (row["target_value"], row["deadline_date"], row["version_number"]) == (90, date(2026, 7, 31), 2)
    saves = (
        ask(floor, "goal_saves").select("version_number", "action_name", "viewer_name", "reason_text").rows()
    )
    assert saves == [(2, "amended", "jaan", "two of us are away"), (1, "made", "mari", "")]


def test_another_window_is_measured_anew(floor: sa.Engine) -> None:
    goal_id = make(floor, goal())
    look(floor, NOON)
    with warehouse.connected(floor) as connection:
        goal_saves.amend_goal(
            connection, goal_id=goal_id, version_number=1, goal=goal(window_days=1), before=goal(), reason_text="",
            viewer_name="mari", at=NOON,
        )  # fmt: skip
    assert ask(floor, "goal_days").is_empty()
    look(floor, NOON + timedelta(seconds=30))
    values = ask(floor, "goal_days", as_of=NOON + timedelta(minutes=1))["measured_value"].to_list()
    assert values == [300.0, 200.0, (100 + 60) / 2, 40.0, None, None, None]


def test_a_save_can_be_taken_back_and_a_goal_closed(floor: sa.Engine) -> None:
    goal_id = make(floor, goal())
    with warehouse.connected(floor) as connection:
        same = {"goal_id": goal_id, "viewer_name": "mari", "at": NOON}
        goal_saves.amend_goal(
            connection, version_number=1, goal=goal(target_value=60), before=goal(), reason_text="", **same
        )
        goal_saves.undo_goal(connection, version_number=2, goal=goal(target_value=60), **same)
        assert goal_saves.saved(connection, goal_id=goal_id, version_number=3) == goal()
        goal_saves.close_goal(connection, version_number=3, goal=goal(), reason_text="", **same)
    [row] = ask(floor, "goals").to_dicts()
    assert (row["target_value"], row["closed_at"]) == (120, NOON)
    look(floor, NOON + timedelta(days=3))
    assert ask(floor, "goal_days", as_of=NOON + timedelta(days=4))["day_date"].max() == date(2026, 4, 2)


def test_nobody_overwrites_what_somebody_else_has_changed(floor: sa.Engine) -> None:
    goal_id = make(floor, goal())
    with warehouse.connected(floor) as connection:
        same = {"goal_id": goal_id, "viewer_name": "mari", "at": NOON, "before": goal(), "reason_text": ""}
        goal_saves.amend_goal(connection, version_number=1, goal=goal(target_value=60), **same)
        with pytest.raises(GoalError, match="changed this goal meanwhile"):
            goal_saves.amend_goal(connection, version_number=1, goal=goal(target_value=50), **same)
        with pytest.raises(GoalError, match="only been made"):
            goal_saves.undo_goal(
                connection,
                goal_id=make(floor, goal()),
                version_number=1,
                goal=goal(),
                viewer_name="mari",
                at=NOON,
            )


# --- the path and its standings, by hand ---


def stands(value: float | None, n: int, day: date, today: date, **more: Any) -> str:
    return goal_path.standing(goal(**more), value=value, n=n, measured_date=day, today=today).name


def test_the_straight_path_goes_from_the_baseline_to_the_target() -> None:
    one = goal(started_date=date(2026, 1, 1), deadline_date=date(2026, 4, 1))  # 90 days, 180 s: 2 s a day
    assert goal_path.path_value(one, date(2026, 1, 1)) == 300
    assert goal_path.path_value(one, date(2026, 1, 31)) == 300 - 30 * 2
    assert goal_path.path_value(one, date(2026, 4, 1)) == 120
    assert goal_path.path_value(one, date(2026, 5, 1)) == 120


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (240, "on_track"),
        (258, "on_track"),
        (258.1, "behind"),
        (120, "reached"),
        (100, "reached"),
        (400, "behind"),
    ],
)
def test_a_tenth_of_the_way_behind_is_still_on_track(value: float, expected: str) -> None:
    """On day 30 of 90 the path says 240 s; a tenth of the 180 s is 18 s, so 258 s is the last value on track."""
    day = date(2026, 1, 31)
    assert (
        stands(value, 5, day, day, started_date=date(2026, 1, 1), deadline_date=date(2026, 4, 1)) == expected
    )


def test_a_goal_without_enough_contacts_is_not_judged() -> None:
    day = date(2026, 4, 10)
    assert stands(100, 4, day, day, minimum_count=5) == "too_few"
    assert stands(100, 5, day, day, minimum_count=5) == "reached"
    assert stands(None, 0, day, day) == "no_data"


def test_after_the_deadline_a_goal_is_reached_or_missed() -> None:
    last, today = date(2026, 6, 27), date(2026, 7, 1)
    assert stands(120, 5, last, today) == "reached"
    assert stands(121, 5, last, today) == "missed"
    assert goal_path.standing(goal(), value=None, n=None, measured_date=None, today=today).name == "missed"
    assert (
        goal_path.standing(goal(closed_at=NOON), value=121, n=5, measured_date=last, today=today).name
        == "closed"
    )


def test_a_goal_that_is_to_rise_is_judged_the_other_way_round() -> None:
    up = {
        "baseline_value": 0.6,
        "target_value": 0.8,
        "started_date": date(2026, 1, 1),
        "deadline_date": date(2026, 4, 11),
    }
    day = date(2026, 2, 20)  # day 50 of 100: the path says 0.7, a tenth of the way is 0.02
    assert [stands(value, 5, day, day, **up) for value in (0.8, 0.7, 0.681, 0.679)] == [
        "reached", "on_track", "on_track", "behind",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "direction", "word"),
    [
        ({"target_value": 301}, "down", "this goal would make it worse"),
        ({"target_value": 299}, "up", "this goal would make it worse"),
        ({"target_value": 300}, "down", "is already"),
        ({"target_value": 120}, "none", "neither good nor bad"),
        ({"target_value": -5}, "down", "0 seconds or more"),
        ({"deadline_date": date(2026, 3, 30)}, "down", "3 days after the start"),
        ({"owner_name": " "}, "down", "Nobody owns"),
        ({"baseline_count": 3, "minimum_count": 20}, "down", "rests on n = 3"),
    ],
)
def test_a_goal_that_makes_no_sense_is_refused_with_a_sentence(
    change: dict[str, Any], direction: str, word: str
) -> None:
    asked = {"label": "ASA", "band": None, "unit": "seconds", "today": date(2026, 3, 27)}
    assert goal_path.faults(goal(), direction="down", **asked) == []
    assert word in " ".join(goal_path.faults(goal(**change), direction=direction, **asked))


def test_a_target_outside_of_a_two_sided_band_is_refused() -> None:
    one = goal(metric_name="occupancy_ratio", baseline_value=0.7, target_value=0.95)
    asked = {"label": "Occupancy", "direction": "band", "band": (0.75, 0.85), "unit": "ratio", "today": FIRST}
    assert "good between 0.75 and 0.85" in " ".join(goal_path.faults(one, **asked))
    assert goal_path.faults(replace(one, target_value=0.8), **asked) == []


@pytest.mark.parametrize(
    ("unit", "band", "good", "wrong", "word"),
    [
        ("ratio", (0.95, 1.05), 1.02, 1.2, "0 to 105 %"),  # conformance may pass 100 %
        ("ratio", None, 0.9, 1.02, "0 to 100 %"),
        ("points", None, -20, 101, "-100 to 100 points"),
        ("score", None, 85, 101, "0 to 100"),
    ],
)
def test_a_target_lies_on_the_scale_of_its_metric(
    unit: str, band: tuple[float, float] | None, good: float, wrong: float, word: str
) -> None:
    asked: dict[str, Any] = {
        "label": "It",
        "direction": "band" if band else "up",
        "band": band,
        "unit": unit,
        "today": FIRST,
    }
    one = goal(baseline_value=-50, target_value=good)
    assert goal_path.faults(one, **asked) == []
    assert word in " ".join(goal_path.faults(replace(one, target_value=wrong), **asked))


def test_a_path_is_drawn_within_its_picture(floor: sa.Engine) -> None:
    make(floor, goal())
    look(floor, NOON)
    picture = goal_view.picture(goal(), ask(floor, "goal_days"), NOON.date())
    drawn = [
        *picture["path"],
        *(point["y"] for point in picture["points"]),
        *(p["x"] for p in picture["points"]),
    ]
    assert len(picture["points"]) == 5
    assert all(0 <= value <= 1 for value in drawn)
    assert picture["path"][0] > picture["path"][1]  # it goes down
