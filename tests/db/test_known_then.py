"""A page of an instant of the past counts what was known then: a worked border by hand, and a law over random floors."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.calls.call_queries import ADDITIVE_COLUMNS
from tests.db.test_agent_measures import DAY, answer, h
from tests.db.test_records import Row, call, tell

TEN = h(10)


def stay(
    number: int,
    offered: float,
    left: float | None,
    ended: float | None,
    outcome: str,
    *,
    wrap_up: int = 0,
    queue: str = "sales",
) -> Row:
    """One contact in minutes from 10:00: offered, answered (None: never) and ended (None: not yet)."""
    at = [None if minute is None else TEN + timedelta(minutes=minute) for minute in (offered, left, ended)]
    return call(
        f"k{number}",
        queue_name=queue,
        agent_name="mari" if left is not None else None,
        offered_at=at[0],
        answered_at=at[1],
        ended_at=at[2],
        outcome_name=outcome,
        wait_seconds=round((((ended or 0) if left is None else left) - offered) * 60),
        talk_seconds=round((ended - left) * 60) if left is not None and ended is not None else None,
        wrap_up_seconds=wrap_up if left is not None else None,
        transfer_kind_name="blind" if number == 2 else None,
    )


#           offered answered ended   what became of it at last
BORDER = [
    stay(1, -10, -9, -5, "answered", wrap_up=30),
    stay(2, -4, -3.9, 5, "answered", wrap_up=60),  # 10:00 finds it in progress; its transfer is still to come
    stay(3, -2, 2, 6, "answered"),  # ... waiting
    stay(4, -1, None, 1, "abandoned"),  # ... waiting
    stay(5, -3, None, -2, "abandoned"),
    stay(6, 3, 4, 8, "answered"),  # ... not there yet
    stay(7, -20, -19, -0.5, "answered", wrap_up=60),  # its wrap-up of a minute is not over at 10:00
    stay(8, -3 * 1440, -3 * 1440 + 1, -3 * 1440 + 5, "answered", wrap_up=30),  # Friday, whole
]


#            offered      answered ended  longer than a day
LONG = [
    stay(21, -30 * 60, None, 60, "abandoned", queue="mail"),  # 10:00 finds it waiting since yesterday
    stay(22, -30 * 60, -20, 40, "answered", queue="mail"),  # ... in progress
    stay(23, -30 * 60 - 3, 30, 40, "answered", queue="mail"),  # ... waiting
    stay(24, -60 * 60, 20, None, "in_progress", queue="mail"),  # ... waiting, and not over today either
    stay(25, -50 * 60, -50 * 60 + 1, -50 * 60 + 3, "answered", queue="mail"),
]


MINUTES = 4 * 1440
CHANCE = random.Random(7)


def drawn(number: int) -> Row:
    offered = CHANCE.randrange(MINUTES) - MINUTES
    outcome = CHANCE.choice(["answered", "answered", "answered", "abandoned", "callback", "interrupted"])
    queue = CHANCE.choice(["front", "back"])
    wait, talk = CHANCE.choice([0.1, 0.3, 0.4, 2, 30, 1700]), CHANCE.choice([1, 5, 300, 2400])
    number += 100
    if outcome == "answered":
        wrap_up, ended = CHANCE.choice([0, 90]), offered + wait + talk
        return stay(number, offered, offered + wait, ended, outcome, wrap_up=wrap_up, queue=queue)
    return stay(number, offered, None, offered + wait, outcome, queue=queue)


FLOOR = [drawn(number) for number in range(150)]


@pytest.fixture(scope="module")
def border(shared_engine: sa.Engine) -> sa.Engine:
    """The border's contacts in the queue sales; long ones in mail; those of chance, for the law, in front and back."""
    tell(shared_engine, {"calls": [*BORDER, *LONG, *FLOOR]})
    return shared_engine


def queue_id(engine: sa.Engine, name: str) -> int:
    return int(answer(engine, "queues").filter(pl.col("queue_name") == name)[0, "queue_id"])


def totals(engine: sa.Engine, **asked: Any) -> dict[str, Any]:
    window = {"window_start": DAY, "window_end": TEN, "queue_id": queue_id(engine, "sales"), **asked}
    return answer(engine, "queue_together", **window).row(0, named=True)


def counted(row: dict[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(row[f"{name}_calls"] for name in names)


OUTCOMES = ("offered", "answered", "abandoned", "waiting", "in_progress", "handled", "transferred")


def test_a_contact_in_flight_at_the_instant_waits_or_is_spoken(border: sa.Engine) -> None:
    """At 10:00: 1, 2 and 7 are answered, 5 has given up, 3 and 4 wait. Known today: 3 was answered too, 4 gave up."""
    then = totals(border, known_at=TEN)
    assert counted(then, *OUTCOMES) == (6, 3, 1, 2, 1, 2, 0)
    assert then["offered_calls"] == 3 + 1 + 2
    assert counted(totals(border), *OUTCOMES) == (6, 4, 2, 0, 0, 4, 1)
    assert then["answered_wait_seconds"] == 60 + 6 + 60
    assert (then["talk_seconds"], then["wrap_up_seconds"]) == (4 * 60 + 18.5 * 60, 30)
    # In time, up to 20 s: 2 alone, of the 6 that came.
    assert then["service_level_ratio"] == 1 / 6


def test_every_question_of_the_pages_knows_no_more_than_that(border: sa.Engine) -> None:
    window = {"window_start": DAY, "window_end": TEN, "known_at": TEN, "queue_id": queue_id(border, "sales")}
    for name in ("queue_totals", "queue_intervals", "queue_days", "queue_hours"):
        found = answer(border, name, **window).select(pl.col(f"{one}_calls").sum() for one in OUTCOMES)
        assert found.row(0) == (6, 3, 1, 2, 1, 2, 0), name
    waits = answer(border, "wait_times", **window)
    assert waits.select(pl.col("answered_calls", "abandoned_calls").sum()).row(0) == (3, 1)
    # Judged: the quarters of 9:30 (7), 9:45 (1 to 5 but 6) - all of which missed their 80 %.
    targets = answer(border, "queue_targets", **window).row(0, named=True)
    assert (targets["on_target_intervals"], targets["judged_intervals"]) == (0, 2)


def test_days_before_are_whole_and_the_floor_agrees(border: sa.Engine) -> None:
    week = DAY - timedelta(days=7)
    assert totals(border, window_start=week, known_at=TEN)["offered_calls"] == 1 + 6
    assert totals(border, window_start=week, known_at=TEN)["wrap_up_seconds"] == 30 + 30
    [floor] = answer(border, "live_queues", as_of=TEN).filter(pl.col("queue_name") == "sales").to_dicts()
    then = totals(border, known_at=TEN)
    names = ("offered", "answered", "abandoned", "waiting", "in_progress", "handled")
    assert counted(floor, *names) == counted(then, *names)
    assert floor["wrap_up_seconds"] == then["wrap_up_seconds"]


def test_a_contact_of_more_than_a_day_is_in_flight_too(border: sa.Engine) -> None:
    """At 10:00: 25 is handled, 22 in progress, the other 3 wait; whatever narrows them, and in the list behind it."""
    week = {"window_start": DAY - timedelta(days=7), "known_at": TEN, "queue_id": queue_id(border, "mail")}
    for narrowed in ({}, {"channel_name": "call"}, {"topic_name": ""}):
        assert counted(totals(border, **week, **narrowed), *OUTCOMES) == (5, 2, 0, 3, 1, 1, 0), narrowed
    then = totals(border, **week)
    for name in OUTCOMES:
        listed = answer(border, "call_rows_count", **week, window_end=TEN, of_name=f"{name}_calls")
        assert listed[0, "found_rows"] == then[f"{name}_calls"], name
    # Known today: 21 gave up, 22, 23 and 25 are handled, 24 is in progress.
    assert counted(totals(border, **week | {"known_at": None}), *OUTCOMES) == (5, 4, 1, 0, 1, 3, 0)


def test_a_contact_over_midnight_is_in_flight_on_the_day_before(engine: sa.Engine) -> None:
    """Offered at 23:58, answered at 00:10. At 00:05 it still waits, and belongs to the day that has just ended."""
    midnight = DAY + timedelta(days=1)
    to_midnight = (midnight - TEN) / timedelta(minutes=1)
    tell(engine, {"calls": [stay(1, to_midnight - 2, to_midnight + 10, to_midnight + 20, "answered")]})
    at = midnight + timedelta(minutes=5)
    whole = {"window_start": DAY, "window_end": midnight}
    assert counted(totals(engine, **whole, known_at=at), "offered", "answered", "waiting") == (1, 0, 1)
    assert counted(totals(engine, **whole), "offered", "answered", "waiting") == (1, 1, 0)
    assert totals(engine, window_start=midnight, window_end=at, known_at=at)["offered_calls"] == 0


# --- the law: what was known at an instant is what a warehouse would hold to which nothing had been told since ---


def as_told(row: Row, instant: datetime) -> dict[str, float]:
    """What a contact adds, worked out from its instants alone."""
    is_answered = row["answered_at"] is not None and row["answered_at"] <= instant
    is_ended = row["ended_at"] is not None and row["ended_at"] <= instant
    outcome = row["outcome_name"] if is_ended else "in_progress" if is_answered else "waiting"
    wait = row["wait_seconds"] if is_answered or is_ended else 0
    is_handled, is_led_away = outcome == "answered", outcome == "callback"
    wrapped = is_ended and row["ended_at"] + timedelta(seconds=row["wrap_up_seconds"] or 0) <= instant
    return {
        "offered_calls": 1,
        "answered_calls": is_answered,
        "answered_in_threshold_calls": is_answered and wait <= 20,
        "abandoned_calls": outcome == "abandoned",
        "short_abandoned_calls": outcome == "abandoned" and wait < 5,
        "abandoned_in_threshold_calls": outcome == "abandoned" and wait <= 20,
        "flowed_out_calls": is_led_away,
        "flowed_out_in_threshold_calls": is_led_away and wait <= 20,
        "callback_calls": is_led_away,
        "interrupted_calls": outcome == "interrupted",
        "waiting_calls": outcome == "waiting",
        "in_progress_calls": outcome == "in_progress",
        "handled_calls": is_handled,
        "transferred_calls": is_handled and row["transfer_kind_name"] is not None,
        "answered_wait_seconds": wait * is_answered,
        "abandoned_wait_seconds": wait * (outcome == "abandoned"),
        "flowed_out_wait_seconds": wait * is_led_away,
        "talk_seconds": row["talk_seconds"] if is_handled else 0,
        "wrap_up_seconds": (row["wrap_up_seconds"] or 0) if is_handled and wrapped else 0,
    }


@given(
    minutes=st.integers(-MINUTES, 600),
    days=st.integers(0, 4),
    name=st.sampled_from(["sales", "mail", "front", None]),
)
@settings(max_examples=30, deadline=None)
def test_what_was_known_at_any_instant_is_told_by_the_instants_alone(
    border: sa.Engine, minutes: int, days: int, name: str | None
) -> None:
    """From rollups and stays together, over whole days and a part of one, with and without a narrowing."""
    instant = TEN + timedelta(minutes=minutes)
    start = DAY - timedelta(days=days)
    found = totals(
        border, window_start=start, window_end=max(start, instant), known_at=instant,
        queue_id=None if name is None else queue_id(border, name),
    )  # fmt: skip
    rows = [
        as_told(row, instant)
        for row in (*BORDER, *LONG, *FLOOR)
        if start <= row["offered_at"] < instant and name in (None, row["queue_name"])
    ]
    expected = {column: sum(row.get(column, 0) for row in rows) for column in ADDITIVE_COLUMNS}
    assert {column: found[column] for column in ADDITIVE_COLUMNS} == expected
    kept = ("answered", "abandoned", "flowed_out", "interrupted", "waiting")
    assert found["offered_calls"] == sum(counted(found, *kept))
