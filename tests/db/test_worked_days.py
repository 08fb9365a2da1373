"""For every metric of contacts and agents a worked day: a drawn table, and the value as arithmetic by hand.

Each metric of the registry is named in a worked example of the tests; a new one fails here until it has one.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sql import metrics
from tests.db.test_agent_measures import DAY, WINDOW, answer, change, h, row_of, states, talk
from tests.db.test_records import Row, call, tell

TESTS = Path(__file__).parents[1]
HOUR = {"window_start": h(10), "window_end": h(11)}
FORMULAS = metrics.SERVICE_LEVEL_FORMULAS


def stays(*drawn: tuple[int, int, str], queue_name: str = "sales", hour: float = 10) -> list[Row]:
    """Contacts of one hour: how many, their wait in seconds, what became of them."""
    rows: list[Row] = []
    for count, wait, outcome in drawn:
        for _ in range(count):
            offered = h(hour) + timedelta(seconds=30 * len(rows))
            left = offered + timedelta(seconds=wait)
            is_answered = outcome == "answered"
            rows.append(
                call(
                    f"{queue_name}{hour}-{len(rows)}",
                    queue_name=queue_name,
                    agent_name="mari" if is_answered else None,
                    offered_at=offered,
                    answered_at=left if is_answered else None,
                    ended_at=left + timedelta(seconds=60) if is_answered else left,
                    outcome_name=outcome,
                    wait_seconds=wait,
                    talk_seconds=60 if is_answered else None,
                )
            )
    return rows


# METRICS: 100 offered with T = 20 s and s = 5 s.
ORACLE = [
    (70, 10, "answered"),
    (10, 40, "answered"),
    (6, 3, "abandoned"),
    (4, 12, "abandoned"),
    (6, 60, "abandoned"),
    (2, 15, "callback"),
    (1, 50, "callback"),
    (1, 90, "overflowed"),
]
# Per threshold: answered within it, abandoned within it, flowed out within it.
WITHIN = {
    20: (70, 6 + 4, 2),
    60: (70 + 10, 6 + 4 + 6, 2 + 1),
    12: (70, 6 + 4, 0),
    10: (70, 6, 0),
    0: (0, 0, 0),
}


def by_hand(threshold: int) -> dict[str, float]:
    """The eight service levels of the oracle's hundred contacts for a threshold, as arithmetic."""
    in_time, abandoned_in, flowed_in = WITHIN[threshold]
    answered, abandoned, short, offered = 80, 16, 6, 100
    return {
        "answered": in_time / answered,
        "strict": in_time / offered,
        "abandons": in_time / (answered + abandoned),
        "no_short": in_time / (answered + abandoned - short),
        "offered_no_short": in_time / (offered - short),
        "abandons_late": in_time / (answered + abandoned - abandoned_in),
        "abandons_good": (in_time + abandoned_in) / (answered + abandoned),
        "removed": (in_time + abandoned_in + flowed_in) / offered,
    }


def levels(row: dict[str, Any]) -> dict[str, float]:
    return {key: row[f"service_level_{key}_ratio"] for key in FORMULAS}


def test_the_eight_service_levels_from_rollups_facts_and_sql_are_those_of_the_contract(
    engine: sa.Engine,
) -> None:
    tell(engine, {"calls": stays(*ORACLE)})
    expected = {key: pytest.approx(value) for key, value in by_hand(20).items()}
    assert [round(100 * value, 2) for value in by_hand(20).values()] == [
        87.50, 70.00, 72.92, 77.78, 74.47, 81.40, 83.33, 82.00,
    ]  # fmt: skip
    second = timedelta(seconds=1)
    odd = {"window_start": HOUR["window_start"] - second, "window_end": HOUR["window_end"] + second}
    for window in (HOUR, odd):  # whole intervals: the rollups; odd ones: the facts
        assert levels(answer(engine, "queue_totals", **window).row(0, named=True)) == expected
        assert levels(answer(engine, "queue_together", **window).row(0, named=True)) == expected
    names = sorted({name for key in FORMULAS for name in metrics.service_level(key).columns})
    sums = ", ".join(f"sum(i.{name}) as {name}" for name in names)
    told = ", ".join(f"{metrics.service_level(key).sql('m')} as {key}" for key in FORMULAS)
    for table in (
        "warehouse.queue_intervals",
        "warehouse.chosen_calls(:a, :b, null, null, null, null, null, null, null, null, false)",
    ):
        with engine.connect() as connection:
            statement = sa.text(f"select {told} from (select {sums} from {table} as i) as m")  # noqa: S608 - our own records
            bound = {"a": HOUR["window_start"], "b": HOUR["window_end"]} if ":a" in table else {}
            assert dict(connection.execute(statement, bound).one()._mapping) == expected


def test_threshold_and_formula_can_be_chosen_afterwards_for_a_past_day(engine: sa.Engine) -> None:
    tell(engine, {"calls": stays(*ORACLE)})
    for threshold in WITHIN:  # 12 s is no edge of the histogram: it comes from the facts
        expected = {key: pytest.approx(value) for key, value in by_hand(threshold).items()}
        found = answer(engine, "queue_totals", **HOUR, threshold_seconds=threshold).row(0, named=True)
        assert levels(found) == expected, threshold
        narrowed = answer(engine, "queue_totals", **HOUR, threshold_seconds=threshold, channel_name="call")
        assert levels(narrowed.row(0, named=True)) == expected, threshold
    for key in FORMULAS:
        found = answer(engine, "queue_totals", **HOUR, threshold_seconds=60, formula_name=key).row(
            0, named=True
        )
        assert found["service_level_ratio"] == pytest.approx(by_hand(60)[key])
        assert found["service_level_formula_name"] == key


# An hour of one queue:  wait  outcome      talk hold wrap  passed on
HANDLED = [
    (10, 240, 20, 40, "blind"),
    (20, 120, 0, 30, "attended"),
    (60, 60, 10, 20, None),
    (30, 180, 0, 10, None),
]
LOST = [
    (3, "abandoned"),
    (50, "abandoned"),
    (70, "abandoned"),
    (25, "callback"),
    (90, "overflowed"),
    (45, "timed_out"),
]


def handled(number: int, wait: int, talk_seconds: int, hold: int, wrap: int, kind: str | None) -> Row:
    offered = h(10) + timedelta(seconds=60 * number)
    answered = offered + timedelta(seconds=wait)
    return call(
        f"h{number}",
        offered_at=offered,
        answered_at=answered,
        ended_at=answered + timedelta(seconds=talk_seconds + hold),
        wait_seconds=wait,
        talk_seconds=talk_seconds,
        hold_seconds=hold,
        wrap_up_seconds=wrap,
        transfer_kind_name=kind,
    )


QUEUE_DAY = {
    "answered_ratio": 4 / 10,
    "average_speed_of_answer_seconds": (10 + 20 + 60 + 30) / 4,
    "average_wait_seconds": ((10 + 20 + 60 + 30) + (3 + 50 + 70) + (25 + 90 + 45)) / (4 + 3 + 3),
    "average_abandoned_wait_seconds": (3 + 50 + 70) / 3,
    "abandonment_ratio": (3 - 1) / (10 - 1),  # the one at 3 s is a short abandon
    "short_abandonment_ratio": 1 / 10,
    "flowed_out_ratio": 3 / 10,
    "callback_ratio": 1 / 10,
    "average_handle_time_seconds": ((240 + 120 + 60 + 180) + (20 + 10) + (40 + 30 + 20 + 10)) / 4,
    "average_talk_seconds": (240 + 120 + 60 + 180) / 4,
    "average_hold_seconds": (20 + 0 + 10 + 0) / 4,
    "average_wrap_up_seconds": (40 + 30 + 20 + 10) / 4,
    "transfer_ratio": 2 / 4,
}


def test_an_hour_of_a_queue_by_hand(engine: sa.Engine) -> None:
    rows = [handled(number, *drawn) for number, drawn in enumerate(HANDLED)]
    outbound = handled(9, 0, 900, 0, 0, None) | {"direction_name": "outbound"}  # in no figure of the queue
    tell(engine, {"calls": [*rows, outbound, *stays(*((1, *drawn) for drawn in LOST), hour=10.5)]})
    second = timedelta(seconds=1)
    for window in (HOUR, {"window_start": h(10) - second, "window_end": h(11) + second}):
        found = answer(engine, "queue_totals", **window).row(0, named=True)
        assert {name: found[name] for name in QUEUE_DAY} == {
            name: pytest.approx(value) for name, value in QUEUE_DAY.items()
        }
        assert found["longest_wait_seconds"] == 90  # the overflow; abandoned contacts count too


def test_an_hour_without_contacts_is_unknown_not_nothing(engine: sa.Engine) -> None:
    tell(engine, {"calls": [talk(1, 9, 60)]})
    found = answer(engine, "queue_totals", **HOUR).row(0, named=True)
    assert found["offered_calls"] == 0
    assert {name: found[name] for name in (*QUEUE_DAY, "service_level_ratio")} == {
        **dict.fromkeys(QUEUE_DAY), "service_level_ratio": None,
    }  # fmt: skip


def test_a_contact_in_flight_at_the_border_counts_where_it_was_offered_and_only_there(
    engine: sa.Engine,
) -> None:
    rows = [
        call("late", offered_at=h(11) - timedelta(seconds=5), answered_at=h(11) + timedelta(seconds=10),
             ended_at=h(11) + timedelta(seconds=70), wait_seconds=15, talk_seconds=60),
        call("waits", offered_at=h(11) - timedelta(seconds=1), answered_at=None, ended_at=None, agent_name=None,
             outcome_name="waiting", wait_seconds=None, talk_seconds=None),
    ]  # fmt: skip
    tell(engine, {"calls": rows})
    before = answer(engine, "queue_totals", **HOUR).row(0, named=True)
    after = answer(engine, "queue_totals", window_start=h(11), window_end=h(12)).row(0, named=True)
    assert (before["offered_calls"], before["answered_calls"], before["waiting_calls"]) == (2, 1, 1)
    assert before["service_level_strict_ratio"] == 1 / 2
    assert (after["offered_calls"], after["answered_calls"]) == (0, 0)


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25)])
def test_the_days_on_which_the_clock_changes_have_23_and_25_hours(
    engine: sa.Engine, month: int, day: int, hours: int
) -> None:
    offset = timedelta(hours=2) if month == 3 else timedelta(hours=3)  # Tallinn at the day's beginning
    begin = datetime(2026, month, day, tzinfo=UTC) - offset
    instants = [begin + timedelta(hours=hour, minutes=30) for hour in range(-1, hours + 1)]
    tell(engine, {"calls": [
        call(f"c{place}", offered_at=at, answered_at=at + timedelta(seconds=20), ended_at=at + timedelta(seconds=80),
             wait_seconds=20 if place % 2 else 21, talk_seconds=60)
        for place, at in enumerate(instants)
    ]})  # fmt: skip
    window = {"window_start": begin - timedelta(hours=1), "window_end": begin + timedelta(hours=hours + 1)}
    days = answer(engine, "queue_days", **window)
    assert days["day_date"].to_list() == [date(2026, month, day + shift) for shift in (-1, 0, 1)]
    assert days["offered_calls"].to_list() == [1, hours, 1]
    # Every second contact of the day waited 20 s, the first of them included: in time is what waited no longer than 20 s.
    assert days["service_level_strict_ratio"][1] == pytest.approx(((hours + 1) // 2) / hours)


# Mari's day: available, on contact, wrap-up, a pause, and a contact over midnight until 1:00.
AGENT_DAY = {
    "occupancy_ratio": (2.0 + 0.5) / (2.0 + 0.5 + 3.5),
    "utilisation_ratio": (2.0 + 0.5) / (2.0 + 0.5 + 3.5 + 1.0),
    "paused_ratio": 1.0 / (2.0 + 0.5 + 3.5 + 1.0),
}


def test_a_shift_over_midnight_gives_each_day_its_part(engine: sa.Engine) -> None:
    tell(engine, {"agent_states": states(
        "mari", (17, "available"), (20.5, "paused", "Break"), (21.5, "wrap_up"), (22, "on_contact"), (25, "signed_out"),
    )})  # fmt: skip
    first = row_of(answer(engine, "agent_totals", **WINDOW), "mari")
    assert {name: first[name] for name in AGENT_DAY} == {
        name: pytest.approx(value) for name, value in AGENT_DAY.items()
    }
    assert first["signed_in_seconds"] == 7 * 3600
    night = {"window_start": DAY + timedelta(days=1), "window_end": DAY + timedelta(days=2)}
    second = row_of(answer(engine, "agent_totals", **night, as_of=WINDOW["as_of"]), "mari")
    assert (second["on_contact_seconds"], second["signed_in_seconds"]) == (3600, 3600)
    assert second["occupancy_ratio"] == 1.0


def test_an_agent_in_two_queues_is_counted_in_each_and_once_in_the_total(engine: sa.Engine) -> None:
    rows = [
        talk(1, 10.1, 240, hold_seconds=0, wrap_up_seconds=0),
        talk(2, 10.4, 120, hold_seconds=0, wrap_up_seconds=0, queue_name="billing"),
    ]
    told = states(
        "mari",
        (10, "available"),
        (10.1, "on_contact"),
        (10.4, "on_contact"),
        (10.5, "available"),
        (11, "signed_out"),
    )
    told[2]["queue_name"] = "billing"
    tell(engine, {"calls": rows, "agent_states": told})
    queues = answer(engine, "queue_totals", **HOUR)
    assert dict(queues.select("queue_name", "handled_calls").rows()) == {"sales": 1, "billing": 1}
    together = answer(engine, "queue_together", **HOUR).row(0, named=True)
    assert together["average_handle_time_seconds"] == (240 + 120) / 2
    [agent] = answer(engine, "agent_totals", **WINDOW).iter_rows(named=True)
    assert (agent["handled_calls"], agent["signed_in_seconds"]) == (2, 3600)
    assert agent["occupancy_ratio"] == pytest.approx(0.4 / (0.4 + 0.6))


def test_queues_of_different_formulas_share_no_service_level_but_every_single_one(engine: sa.Engine) -> None:
    tell(engine, {"calls": [*stays(*ORACLE), *stays(*ORACLE, queue_name="billing")]})
    change(
        engine,
        "update warehouse.queues set service_level_formula_name = 'strict' where queue_name = 'billing'",
    )
    found = answer(engine, "queue_together", **HOUR).row(0, named=True)
    assert found["service_level_ratio"] is None
    assert found["service_level_strict_ratio"] == 140 / 200
    own = dict(answer(engine, "queue_totals", **HOUR).select("queue_name", "service_level_ratio").rows())
    assert own == {"sales": pytest.approx(70 / 94), "billing": 70 / 100}


# Where the metrics that are not worked out above have their worked day.
ELSEWHERE = (
    "unit/test_ticket_metrics.py",
    "db/test_agent_measures.py",
    "db/test_agent_schedules.py",
    "db/test_balance.py",
    "db/test_quality.py",
    "db/test_queue_forecast.py",
    "db/test_ticket_questions.py",
    "db/test_voice.py",
    "db/test_ways.py",
)


def is_worked_out(one: metrics.Metric, text: str) -> bool:
    """Whether a file of tests names the metric, or every column that it is made of."""
    words = set(re.findall(r"[a-z][a-z_0-9]+", text))
    return one.name in words or words >= set(one.columns)


def test_every_metric_that_a_page_shows_has_a_worked_day() -> None:
    here = {
        "service_level_ratio",
        *(f"service_level_{key}_ratio" for key in FORMULAS),
        *QUEUE_DAY,
        *AGENT_DAY,
    }
    texts = [(TESTS / name).read_text(encoding="utf-8") for name in ELSEWHERE if (TESTS / name).is_file()]
    missing = [
        one.name
        for one in metrics.metrics()
        if one.shown and one.name not in here and not any(is_worked_out(one, text) for text in texts)
    ]
    assert missing == [], "give each of them a worked day: a drawn table and the value as arithmetic"


def test_a_metric_without_a_worked_day_would_be_missed() -> None:
    assert not is_worked_out(metrics.metric("occupancy_ratio"), "on_contact_seconds wrapping_up_seconds")
    assert is_worked_out(metrics.metric("occupancy_ratio"), 'found["occupancy_ratio"] == 0.5')
