"""Goals and alerts on every family of facts: a worked day of each, the same number in both, and why a metric has none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard import words
from sql import measures, metrics, warehouse
from sql.measures import MeasureError
from tests.db.test_agent_measures import DAY, h, states, talk
from tests.db.test_agent_schedules import shifts
from tests.db.test_questions import tell_of_tickets
from tests.db.test_records import Row, tell
from tests.db.test_ways import linked

NIGHT = DAY + timedelta(days=1)
WHOLE = {
    "window_start": datetime(2026, 1, 1, tzinfo=DAY.tzinfo),
    "window_end": datetime(2027, 1, 1, tzinfo=DAY.tzinfo),
}


def asked_for(number: int, hour: float) -> Row:
    """A contact of billing that leaves for a callback at that hour, a minute after it came."""
    return talk(number, hour, 0, queue_name="billing") | {
        "agent_name": None, "offered_at": h(hour) - timedelta(minutes=1), "answered_at": None, "outcome_name": "callback",
        "wait_seconds": 60, "talk_seconds": None,
    }  # fmt: skip


def called_back(number: int, hour: float) -> Row:
    """The agent calls back."""
    return talk(number, hour, 120, queue_name="billing", agent_name="jaan", direction_name="outbound")


# What was said of the five answered contacts of sales: who met whom, CSAT, NPS, whether it was resolved, the customer.
#          hour   agent   csat  nps   resolved customer  wait
SAID = [
    (9.00, "mari", 5, 10, True, "A", 10),
    (9.25, "mari", 4, 9, False, None, 10),
    (9.50, "mari", 2, 3, None, None, 10),
    (9.75, "jaan", None, None, None, "A", 10),  # the customer of the first one comes again
    (10.0, "jaan", None, None, None, "B", 100),  # too late for the 20 s of the queue
]  # fmt: skip


def fill(engine: sa.Engine) -> None:
    """Monday, 2 March 2026, in Tallinn: sales (group Front) and billing, mari in Day (1), jaan in Night (2)."""
    calls = [
        talk(place, hour, 60, agent_name=agent, customer_key=customer, transfer_kind_name="blind" if place == 0 else None)
        | {"wait_seconds": wait, "offered_at": h(hour) - timedelta(seconds=wait)}
        for place, (hour, agent, _, _, _, customer, wait) in enumerate(SAID)
    ]  # fmt: skip
    answers = [
        {"survey_id": f"v{place}", "answered_at": h(hour + 1), "call_id": f"c{place}", "csat_score": csat, "nps_score": nps,
         "is_resolved": resolved}
        for place, (hour, _, csat, nps, resolved, _, _) in enumerate(SAID) if csat
    ]  # fmt: skip
    reviews = [
        {"review_id": f"q{place}", "reviewed_at": h(15), "agent_name": agent, "total_score": score, "is_failed": score < 70,
         "call_id": call_id}
        for place, (agent, score, call_id) in enumerate([("mari", 80, "c0"), ("mari", 60, None), ("jaan", 100, None)])
    ]  # fmt: skip
    # Promised within an hour: kept after half of it, kept late after two, tried only when it was given up.
    back = [(20, 12, 12.5), (21, 12, 14), (22, 12.25, 12.25 + 8 * 24)]
    calls += [asked_for(number, hour) for number, hour, _ in back]
    calls += [called_back(number + 10, reached) for number, _, reached in back]
    tell(
        engine,
        {
            "calls": calls,
            "contact_links": [
                linked(f"c{number + 10}", f"c{number}", 0) | {"linked_at": h(reached)}
                for number, _, reached in back
            ],
            "quality_reviews": reviews,
            # Scheduled 9 to 13; half an hour late, which is more than the grace.
            "shifts": shifts("mari", (9, 13, "work")),
            "agent_states": states("mari", (9.5, "available"), (13, "signed_out")),
            "self_services": [
                {"visit_id": f"m{n}", "started_at": h(8 + n / 10), "outcome_name": "passed_on" if n == 3 else "contained"}
                for n in range(4)
            ],
            "attempts": [
                {"attempt_id": f"a{n}", "attempted_at": h(16), "campaign_name": "renewals", "outcome_name": outcome,
                 "is_converted": is_converted}
                for n, (outcome, is_converted) in enumerate(
                    [("connected", True), ("connected", False), ("busy", None), ("no_answer", None)]
                )
            ],
        },
    )  # fmt: skip
    tell(engine, {"surveys": answers}, name="answers")
    with engine.begin() as connection:
        for text in (
            "update warehouse.queues set callback_promise_seconds = 3600",
            "update warehouse.queues set group_name = 'Front' where queue_name = 'sales'",
            "insert into warehouse.teams (team_id, team_name) values (1, 'Day'), (2, 'Night')",
            "insert into warehouse.team_members (agent_id, team_id, started_date) "
            "select agent_id, case agent_name when 'mari' then 1 else 2 end, date '2026-01-01' from warehouse.agents",
        ):
            connection.execute(sa.text(text))
    tell_of_tickets(engine)


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    fill(shared_engine)
    return shared_engine


ALL, SALES, FRONT, DAYS, NIGHTS = "everything", "queue sales", "group Front", "team 1", "team 2"


def scope(engine: sa.Engine, text: str) -> dict[str, Any]:
    kind, _, key = text.partition(" ")
    if kind == "queue":
        with engine.connect() as connection:
            key = str(
                connection.execute(
                    sa.text("select queue_id from warehouse.queues where queue_name = :name"), {"name": key}
                ).scalar_one()
            )
    return {"scope_kind_name": kind, "scope_key": key}


def over_days(engine: sa.Engine, name: str, of: str, **given: Any) -> tuple[Any, ...]:
    """A goal's way: the whole local day, as known a week later."""
    asked = {"window_start": DAY, "window_end": NIGHT, "known_at": DAY + timedelta(days=7), **given}
    with warehouse.connected(engine) as connection:
        found = measures.history(connection, metric_name=name, **scope(engine, of), **asked)
    return found.select("value", "n").row(0) if found.height else (None, 0)


def just_now(engine: sa.Engine, name: str, of: str, at: datetime = NIGHT) -> tuple[Any, ...]:
    """An alert's way: the 24 hours until an instant, by what was known then."""
    with warehouse.connected(engine) as connection:
        found = measures.readings(
            connection, measure_name="metric", metric_name=name, **scope(engine, of), as_of=at,
            window_start=at - timedelta(days=1),
        )  # fmt: skip
    return found.select("value", "n").row(0) if found.height else (None, 0)


SECONDS = 3600  # of an hour
ZONE = "Europe/Tallinn"
WORKED: Sequence[tuple[str, str, float | None, float]] = [
    ("csat_ratio", ALL, 2 / 3, 3),  # 5 and 4 of 5, 4, 2
    ("csat_ratio", SALES, 2 / 3, 3),
    ("csat_ratio", FRONT, 2 / 3, 3),
    ("csat_ratio", DAYS, 2 / 3, 3),
    ("csat_ratio", NIGHTS, None, 0),  # nobody answered of jaan's: unknown, not 0
    ("survey_response_ratio", ALL, 3 / 5, 5),
    ("survey_response_ratio", NIGHTS, 0 / 2, 2),
    ("nps_points", ALL, 100 * (2 - 1) / 3, 3),  # 10 and 9; 3
    ("fcr_flagged_ratio", ALL, 1 / 2, 2),
    ("fcr_no_repeat_ratio", ALL, (3 - 1) / 3, 3),  # A, who came again; A the second time; B
    ("repeat_contact_ratio", DAYS, 1 / 1, 1),
    ("average_quality_score", ALL, (80 + 60 + 100) / 3, 3),
    ("average_quality_score", DAYS, (80 + 60) / 2, 2),
    ("average_quality_score", SALES, 80 / 1, 1),  # of the others nobody knows the queue
    ("failed_review_ratio", ALL, 1 / 3, 3),
    ("adherence_ratio", ALL, 3.5 / 4, 4 * SECONDS),
    ("adherence_ratio", DAYS, 3.5 / 4, 4 * SECONDS),
    ("adherence_ratio", NIGHTS, None, 0),
    ("conformance_ratio", ALL, 3.5 / 4, 4 * SECONDS),
    ("shrinkage_ratio", ALL, 0.5 / 4, 4 * SECONDS),
    ("planned_shrinkage_ratio", ALL, 0 / 4, 4 * SECONDS),
    ("unplanned_shrinkage_ratio", DAYS, 0.5 / 4, 4 * SECONDS),
    ("absence_ratio", ALL, 0 / 4, 4 * SECONDS),
    ("callback_promise_kept_ratio", ALL, 1 / 3, 3),
    ("callback_promise_kept_ratio", SALES, None, 0),
    ("callback_ratio", ALL, 3 / 8, 8),
    ("self_service_ratio", ALL, 3 / (3 + 1), 4),
    ("connect_ratio", ALL, 2 / 4, 4),
    ("conversion_ratio", ALL, 1 / 2, 2),
    ("blind_transfer_ratio", ALL, 1 / 5, 5),
    ("attended_transfer_ratio", DAYS, 0 / 3, 3),
    ("average_wait_seconds", SALES, (4 * 10 + 100) / 5, 5),
    ("average_wait_seconds", ALL, (4 * 10 + 100 + 3 * 60) / 8, 8),
    ("intervals_on_target_ratio", SALES, 4 / 5, 5),  # five quarters of an hour, the last one missed its target
    ("intervals_on_target_ratio", ALL, 4 / 7, 7),  # and two of billing, in which nobody was answered
]  # fmt: skip


@pytest.mark.parametrize(("name", "of", "value", "n"), WORKED, ids=lambda value: str(value))
def test_a_metric_of_each_family_is_worked_out_for_goals_and_for_alerts(
    floor: sa.Engine, name: str, of: str, value: float | None, n: float
) -> None:
    expected = (None if value is None else pytest.approx(value), n)
    assert over_days(floor, name, of) == expected
    assert just_now(floor, name, of) == expected


def test_callbacks_given_up_count_for_goals_by_their_day_and_for_alerts_when_they_are_given_up(
    floor: sa.Engine,
) -> None:
    """Two were reached on Monday; the third is given up seven days after it was asked for."""
    name, given_up = "callback_reached_ratio", h(12.25) + timedelta(days=7)
    assert just_now(floor, name, ALL) == (2 / 2, 2)
    assert over_days(floor, name, ALL, known_at=given_up - timedelta(seconds=1)) == (2 / 2, 2)
    assert over_days(floor, name, ALL, known_at=given_up) == (2 / 3, 3)
    assert just_now(floor, name, ALL, given_up) == (0 / 1, 1)
    assert just_now(floor, name, ALL, given_up - timedelta(seconds=1)) == (None, 0)
    called_at = given_up + timedelta(days=1)  # too late: for neither it is reached
    assert over_days(floor, name, ALL, known_at=called_at + timedelta(hours=1)) == (2 / 3, 3)
    assert just_now(floor, name, ALL, called_at + timedelta(hours=1)) == (None, 0)


def test_what_lasted_for_hours_or_days_counts_for_an_alert_when_it_ends(engine: sa.Engine) -> None:
    """The quarter of an hour until midnight, seen from Monday's: hours of talk and of wait, by when they ended."""
    hour = 3600
    #                   answered   talk      ended
    talks = [
        talk(1, 23.8, 6 * 60),  # 23:54  in it
        talk(2, 18.9, 5 * hour),  # 23:54  in it, offered long before
        talk(3, -6.1, 30 * hour),  # 23:54  in it, offered the day before
        talk(4, 18.5, 5 * hour),  # 23:30  before it
        talk(5, 19.1, 5 * hour),  # 00:06  after it
    ]
    waited = {
        "answered_at": None,
        "agent_name": None,
        "talk_seconds": None,
        "outcome_name": "abandoned",
        "ended_at": h(23.9),
    }
    waits = [  # gave up at 23:54 after 30 hours; was answered at 23:54 after 30 hours and is spoken with still
        talk(6, 0, 0) | waited | {"offered_at": h(-6.1), "wait_seconds": 30 * hour},
        talk(7, 23.9, 0) | {"offered_at": h(-6.1), "ended_at": None, "outcome_name": "in_progress",
                            "wait_seconds": 30 * hour, "talk_seconds": None},
    ]  # fmt: skip
    tell(engine, {"calls": [*talks, *waits]})
    quarter = {"as_of": NIGHT, "window_start": NIGHT - timedelta(minutes=15), **scope(engine, ALL)}
    with warehouse.connected(engine) as connection:
        aht, wait = (
            measures.readings(connection, measure_name="metric", metric_name=name, **quarter)
            .select("value", "n")
            .row(0)
            for name in ("average_handle_time_seconds", "average_wait_seconds")
        )
    assert aht == ((6 * 60 + 5 * hour + 30 * hour) / 3, 3)
    assert wait == ((10 + 2 * 30 * hour) / 3, 3)  # the first talk's 10 s, and the two that waited


def test_what_came_after_the_moment_of_measuring_changes_nothing(floor: sa.Engine) -> None:
    """Answers to surveys come an hour after each contact: by 10:20 those of 9:00 and 9:15 have come, 2 satisfied of 2."""
    early = {"known_at": h(10 + 20 / 60)}
    assert over_days(floor, "csat_ratio", ALL, **early) == (2 / 2, 2)
    assert over_days(floor, "adherence_ratio", ALL, **early) == (
        pytest.approx((20 + 30) / 80),
        80 * 60,
    )  # 9:00 to 10:20, there from 9:30


def test_a_family_tells_every_column_that_it_promises(floor: sa.Engine) -> None:
    """A column that is promised and not told would count as nothing in a sum, in silence."""
    ask = sa.text(
        "select sums from ops.sums_of(:family, :window_start, :window_end, 'everything', '', :window_end)"
    )
    for one in measures.FAMILIES:
        kind = "team" if one.scopes == ("team",) else "everything"
        text = sa.text(ask.text.replace("'everything'", f"'{kind}'"))
        with floor.connect() as connection:
            told = connection.execute(text, {"family": one.name, **WHOLE}).scalars().first()
        assert told is not None, one.name
        assert one.columns <= set(told), one.name


def test_every_metric_can_be_aimed_at_and_watched_or_says_why_not() -> None:
    for one in metrics.metrics():
        able = [measures.scopes_of(one, is_live=is_live) != () for is_live in (True, False)]
        assert able == ([False, False] if one.no_goal else [True, True]), one.name
        if one.no_goal:
            with pytest.raises(MeasureError, match=one.no_goal[:20]):
                measures.family(one, "everything", is_live=False)


def test_the_eight_service_levels_of_the_warehouse_are_those_of_the_registry(floor: sa.Engine) -> None:
    sums = {
        "offered_calls": 100, "answered_calls": 80, "answered_in_threshold_calls": 70, "abandoned_calls": 16,
        "short_abandoned_calls": 6, "abandoned_in_threshold_calls": 10, "flowed_out_in_threshold_calls": 2,
    }  # fmt: skip
    names = ", ".join(f":{name}" for name in sums)
    with floor.connect() as connection:
        for key in metrics.SERVICE_LEVEL_FORMULAS:
            one = metrics.service_level(key)
            above, below = one.counts(sums)
            text = sa.text(f"select warehouse.service_level(:key, {names})")
            assert connection.execute(text, {"key": key, **sums}).scalar_one() == pytest.approx(
                above / below
            ), key
            nothing = dict.fromkeys(sums, 0)
            assert connection.execute(text, {"key": key, **nothing}).scalar_one() is None, key


def test_without_any_fact_everything_is_unknown(engine: sa.Engine) -> None:
    for name in {name for name, *_ in WORKED}:
        assert over_days(engine, name, ALL) == (None, 0)
        assert just_now(engine, name, ALL) == (None, 0)


def test_a_shift_over_the_night_of_the_clock_change_is_scheduled_for_its_true_length(
    engine: sa.Engine,
) -> None:
    """22:00 on 28 March to 06:00 on the 29th: 7 hours, of which 2 lie before midnight and 5 after it."""
    start, end = (
        datetime.fromisoformat("2026-03-28T22:00+02:00"),
        datetime.fromisoformat("2026-03-29T06:00+03:00"),
    )
    tell(
        engine,
        {
            "shifts": [
                {
                    "shift_id": "1",
                    "agent_name": "mari",
                    "started_at": start,
                    "ended_at": end,
                    "activity_name": "work",
                }
            ],
            "agent_states": [
                {"agent_name": "mari", "started_at": start, "ended_at": end, "state_name": "available"}
            ],
        },
    )
    for first, hours in ((date(2026, 3, 28), 2), (date(2026, 3, 29), 5)):
        window = dict(
            zip(
                ("window_start", "window_end"),
                (words.day_start(day, ZONE) for day in (first, first + timedelta(days=1))),
                strict=True,
            )
        )
        assert over_days(engine, "adherence_ratio", ALL, **window, known_at=end) == (1, hours * SECONDS), (
            first
        )
