"""Schedules, service and fairness of agents on a real Postgres: worked days, every expected value by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.organisation.organisation_rows import OrganisationError
from sql import warehouse
from tests.db.test_agent_measures import DAY, WINDOW, answer, change, h, row_of, states, talk
from tests.db.test_organisation import add, changed, save, undo
from tests.db.test_organisation import rows as organisation_rows
from tests.db.test_records import call, tell


def shifts(
    agent: str, *drawn: tuple[float, float, str] | tuple[float, float, str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Scheduled stretches of an agent: from hour, to hour, what."""
    return [
        {
            "shift_id": f"{agent}-{place}",
            "agent_name": agent,
            "started_at": h(row[0]),
            "ended_at": h(row[1]),
            "activity_name": row[2],
            **(row[3] if len(row) > 3 else {}),
        }
        for place, row in enumerate(drawn)
    ]


def schedule(engine: sa.Engine, **more: Any) -> dict[str, Any]:
    return answer(engine, "agent_schedules", **{**WINDOW, **more}).row(0, named=True)


MINUTE = 1 / 60


def test_a_day_against_the_schedule_by_hand(engine: sa.Engine) -> None:
    # Scheduled 9-17 with lunch 12-12:30. Came 4 minutes late (within the grace of 5), went to lunch on time,
    # came back 10 minutes late, took 15 minutes off at 15:00, left on time.
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work"), (12, 12.5, "lunch")),
            "agent_states": states(
                "mari",
                (9 + 4 * MINUTE, "available"),
                (12, "paused", "Lunch"),
                (12.5 + 10 * MINUTE, "available"),
                (15, "paused", "Break"),
                (15.25, "on_contact"),
                (17, "signed_out"),
            ),
        },
    )
    found = schedule(engine)
    hours, minutes = 3600, 60
    assert found["scheduled_seconds"] == 8 * hours
    assert found["adherent_seconds"] == 8 * hours - 10 * minutes - 15 * minutes
    assert found["adherence_ratio"] == pytest.approx((8 * 60 - 25) / (8 * 60))
    on_queue = 8 * hours - 30 * minutes - 4 * minutes - 10 * minutes - 15 * minutes
    assert (found["worked_on_queue_seconds"], found["scheduled_on_queue_seconds"]) == (on_queue, 7.5 * hours)
    assert found["planned_shrinkage_seconds"] == 30 * minutes  # lunch
    assert (
        found["unplanned_shrinkage_seconds"] == (4 + 10 + 15) * minutes
    )  # no grace: that time was lost to contacts
    assert found["absent_seconds"] == 0


@pytest.mark.parametrize(("late_minutes", "counted_minutes"), [(4, 0), (5, 0), (6, 6)])
def test_a_departure_within_the_grace_is_none_and_one_beyond_it_counts_whole(
    engine: sa.Engine, late_minutes: int, counted_minutes: int
) -> None:
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work")),
            "agent_states": states("mari", (9 + late_minutes * MINUTE, "available"), (17, "signed_out")),
        },
    )
    assert schedule(engine)["adherent_seconds"] == 8 * 3600 - counted_minutes * 60


def test_the_grace_of_a_team_goes_before_that_of_the_site(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work")),
            "agent_states": states("mari", (9.25, "available"), (17, "signed_out")),
        },
    )
    assert schedule(engine)["adherent_seconds"] == 8 * 3600 - 15 * 60
    change(
        engine,
        "insert into warehouse.teams (team_id, team_name) values (1, 'Day')",
        "update warehouse.agents set team_id = 1",
        "insert into warehouse.work_rules (team_id, grace_seconds) values (1, 1200)",
    )
    assert schedule(engine)["adherent_seconds"] == 8 * 3600


def test_a_pause_in_the_middle_of_work_has_no_grace(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work")),
            "agent_states": states(
                "mari", (9, "available"), (11, "paused"), (11 + 2 * MINUTE, "available"), (17, "signed_out")
            ),
        },
    )
    assert schedule(engine)["adherent_seconds"] == 8 * 3600 - 120


def test_work_on_a_day_without_a_shift_is_unscheduled_and_no_part_of_conformance(engine: sa.Engine) -> None:
    """Monday by the shift. Tuesday from 10 to 12 without one, a quarter of an hour of it paused, and over midnight."""
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work")),
            "agent_states": [
                *states("mari", (9, "available"), (17, "signed_out")),
                *states(
                    "mari",
                    (24 + 10, "available"),
                    (24 + 11, "paused"),
                    (24 + 11.25, "available"),
                    (24 + 12, "signed_out"),
                ),
                *states(
                    "mari", (47, "available"), (49, "signed_out")
                ),  # an hour of Tuesday, one of Wednesday
                *states(
                    "jaan", (10, "available"), (12, "signed_out")
                ),  # who has no shifts at all is not measured by them
            ],
        },
    )
    names = ("scheduled_on_queue_seconds", "worked_on_queue_seconds", "unscheduled_seconds")
    days = [timedelta(days=number) for number in range(4)]
    found = [
        answer(
            engine,
            "agent_schedules",
            **WINDOW | {"window_start": DAY + day, "window_end": DAY + day + days[1]},
        ).to_dicts()
        for day in days[:3]
    ]
    assert [[tuple(row[name] for name in names) for row in rows] for rows in found] == [
        [(8 * 3600, 8 * 3600, 0)],
        [(0, 0, (120 - 15 + 60) * 60)],
        [(0, 0, 60 * 60)],
    ]
    assert [rows[0]["conformance_ratio"] for rows in found] == [8 / 8, None, None]
    [week] = answer(engine, "agent_schedules", **WINDOW | {"window_end": DAY + days[3]}).to_dicts()
    assert tuple(week[name] for name in names) == (8 * 3600, 8 * 3600, (165 + 60) * 60)
    assert week["conformance_ratio"] == 8 / 8


def test_conformance_may_pass_all_of_the_schedule(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work")),
            "agent_states": states("mari", (8, "available"), (19, "signed_out")),
        },
    )
    assert schedule(engine)["conformance_ratio"] == pytest.approx((8 + 1 + 2) / 8)


def test_absence_and_what_was_planned_stand_apart(engine: sa.Engine) -> None:
    # Day of work, then a day of leave, a day ill on top of work, and a day on which nobody came.
    tell(
        engine,
        {
            "shifts": shifts(
                "mari",
                (9, 17, "work"),
                (33, 41, "leave"),
                (57, 65, "work"),
                (57, 65, "sick"),
                (81, 89, "work"),
            ),
            "agent_states": states("mari", (9, "available"), (17, "signed_out")),
        },
    )
    found = schedule(engine, window_end=DAY + timedelta(days=4))
    assert found["scheduled_seconds"] == 4 * 8 * 3600  # ill on top of work counts once
    assert found["planned_shrinkage_seconds"] == 8 * 3600  # leave
    assert found["unplanned_shrinkage_seconds"] == 2 * 8 * 3600  # ill, and not there
    assert found["absent_seconds"] == 2 * 8 * 3600  # ill, and not there; leave is no absence
    assert found["absence_ratio"] == pytest.approx(2 / 4)


def test_who_is_late_within_the_grace_is_not_absent(engine: sa.Engine) -> None:
    # 9-17, nobody there yet; asked after three minutes, within the grace of five, and after six.
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work")),
            "agent_states": states("mari", (7, "available"), (8, "signed_out")),
        },
    )
    early, late = (schedule(engine, as_of=h(9 + minutes * MINUTE)) for minutes in (3, 6))
    names = ("scheduled_seconds", "adherent_seconds", "absent_seconds")
    assert [early[name] for name in names] == [180, 180, 0]
    assert [late[name] for name in names] == [360, 0, 360]


def test_unpaid_time_is_not_scheduled_and_what_is_still_to_come_does_not_count(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "shifts": shifts(
                "mari", (9, 12, "work"), (12, 13, "lunch", {"is_paid": False}), (13, 17, "work")
            ),
            "agent_states": states(
                "mari", (9, "available"), (12, "paused"), (13, "available"), (17, "signed_out")
            ),
        },
    )
    assert schedule(engine)["scheduled_seconds"] == 7 * 3600
    so_far = schedule(engine, as_of=h(10))
    assert (so_far["scheduled_seconds"], so_far["adherent_seconds"]) == (3600, 3600)


def test_an_unpaid_break_is_cut_out_of_the_shift_below_it(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work"), (12, 13, "lunch", {"is_paid": False})),
            "agent_states": states(
                "mari", (9, "available"), (12, "paused"), (13, "available"), (17, "signed_out")
            ),
        },
    )
    found = schedule(engine)
    assert found["scheduled_seconds"] == (8 - 1) * 3600
    assert found["adherence_ratio"] == 1.0  # 7 of 7 hours
    assert (found["planned_shrinkage_seconds"], found["unplanned_shrinkage_seconds"]) == (0, 0)


def test_a_night_shift_is_split_at_midnight_and_its_departure_is_judged_whole(engine: sa.Engine) -> None:
    # 22-6; gone from 23:57 to 0:04, in the middle of work, so no grace: 3 minutes on one day and 4 on the next.
    tell(
        engine,
        {
            "shifts": shifts("mari", (22, 30, "work")),
            "agent_states": states(
                "mari",
                (22, "available"),
                (24 - 3 * MINUTE, "paused"),
                (24 + 4 * MINUTE, "available"),
                (30, "signed_out"),
            ),
        },
    )
    first = schedule(engine)
    second = schedule(engine, window_start=h(24), window_end=h(48))
    assert (first["scheduled_seconds"], first["adherent_seconds"]) == (2 * 3600, 2 * 3600 - 3 * 60)
    assert (second["scheduled_seconds"], second["adherent_seconds"]) == (6 * 3600, 6 * 3600 - 4 * 60)


@pytest.mark.parametrize(
    ("start", "hours"),
    [(datetime(2026, 3, 28, 22, tzinfo=UTC), 7), (datetime(2026, 10, 24, 21, tzinfo=UTC), 9)],
)
def test_a_shift_in_the_night_of_the_clock_change_has_the_hours_it_has(
    engine: sa.Engine, start: datetime, hours: int
) -> None:
    # Local 0:00 to 8:00 of the night in which the clock leaps.
    end = start + timedelta(hours=hours)
    shift = {
        "shift_id": "n",
        "agent_name": "mari",
        "started_at": start,
        "ended_at": end,
        "activity_name": "work",
    }
    told = [
        {
            "agent_name": "mari",
            "started_at": start,
            "ended_at": end,
            "state_name": "available",
            "reason_name": None,
            "queue_name": None,
        },
        {
            "agent_name": "mari",
            "started_at": end,
            "ended_at": None,
            "state_name": "signed_out",
            "reason_name": None,
            "queue_name": None,
        },
    ]
    tell(engine, {"shifts": [shift], "agent_states": told})
    day = {
        "window_start": start,
        "window_end": start + timedelta(hours=hours + 16),
        "as_of": start + timedelta(days=9),
    }
    found = answer(engine, "agent_schedules", **day).row(0, named=True)
    assert (found["scheduled_seconds"], found["adherence_ratio"]) == (hours * 3600, 1.0)


def test_without_states_or_without_a_schedule_nothing_is_claimed(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work")),
            "agent_states": states("jaan", (9, "available"), (17, "signed_out")),
        },
    )
    assert answer(
        engine, "agent_schedules", **WINDOW
    ).is_empty()  # mari's states are told by nobody, jaan has no schedule


def test_a_team_is_the_sum_of_its_members(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "shifts": [*shifts("mari", (9, 17, "work")), *shifts("jaan", (9, 13, "work"))],
            "agent_states": [
                *states("mari", (9, "available"), (17, "signed_out")),
                *states("jaan", (11, "available"), (13, "signed_out")),
            ],
        },
    )
    team = answer(engine, "team_schedules", **WINDOW).row(0, named=True)
    assert team["adherence_ratio"] == pytest.approx((8 + 2) / (8 + 4))  # and not the mean of 1 and 1/2


def contact(
    number: int, day: float, customer: str | None, agent: str = "mari", **changes: Any
) -> dict[str, Any]:
    """A contact of a customer that lasted five minutes, so many days after the first."""
    at = h(10) + timedelta(days=day)
    return call(
        f"c{number}",
        customer_key=customer,
        agent_name=agent,
        offered_at=at,
        answered_at=at + timedelta(minutes=1),
        ended_at=at + timedelta(minutes=6),
        talk_seconds=300,
        **changes,
    )


def test_returning_customers_and_whether_they_met_the_same_agent(engine: sa.Engine) -> None:
    #                day  customer  agent
    tell(
        engine,
        {
            "calls": [
                contact(1, 0, "a", "mari"),
                contact(2, 2, "a", "mari"),  # back within 7 days, the same agent
                contact(3, 3, "a", "jaan"),  # back, another one
                contact(4, 0, "b", "mari"),
                contact(5, 8, "b", "mari"),  # back after 8 days: no return
                contact(6, 1, None, "mari"),  # nobody knows who called
            ]
        },
    )
    window = {"window_start": DAY, "window_end": DAY + timedelta(days=10), "as_of": DAY + timedelta(days=30)}
    found = answer(engine, "agent_service", **window)
    mari, jaan = row_of(found, "mari"), row_of(found, "jaan")
    assert (mari["returning_contacts"], mari["same_agent_contacts"]) == (1, 1)
    assert (jaan["returning_contacts"], jaan["same_agent_contacts"], jaan["same_agent_ratio"]) == (1, 0, 0.0)
    # FCR without a repeat: of mari's four with a known customer, two came again within 7 days (c1, c2).
    assert (mari["followed_contacts"], mari["repeated_contacts"]) == (4, 2)
    assert mari["fcr_no_repeat_ratio"] == pytest.approx(2 / 4)
    early = row_of(answer(engine, "agent_service", **{**window, "as_of": DAY + timedelta(days=9)}), "mari")
    assert early["provisional_contacts"] == 1  # c5, a day old


def test_a_leg_that_a_transfer_made_is_no_return_of_its_customer(engine: sa.Engine) -> None:
    # mari passes c1 on, it comes to jaan as c2; two days later the same customer comes again, c3 and c4 alike.
    links = [
        {
            "linked_at": h(10),
            "contact_id": later,
            "linked_contact_id": earlier,
            "linked_source_name": "records",
            "link_name": "transfer",
        }
        for earlier, later in (("c1", "c2"), ("c3", "c4"))
    ]
    tell(
        engine,
        {
            "calls": [
                contact(1, 0, "k", "mari", transfer_kind_name="blind"),
                contact(2, 0.01, "k", "jaan"),
                contact(3, 2, "k", "mari", transfer_kind_name="blind"),
                contact(4, 2.01, "k", "jaan"),
            ],
            "contact_links": links,
        },
    )
    first = {"window_start": DAY, "window_end": DAY + timedelta(days=1), "as_of": DAY + timedelta(days=30)}
    both = {**first, "window_end": DAY + timedelta(days=10)}
    found = [row_of(answer(engine, "agent_service", **window), "jaan") for window in (first, both)]
    returning = [(row["returning_contacts"], row["same_agent_contacts"]) for row in found]
    assert returning == [(0, 0), (0 + 1, 1)]  # all legs together are jaan's, and c4 follows c2


def test_who_was_asked_by_nobody_has_no_csat_and_who_was_has_it_with_n(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [
                contact(1, 0, "a", csat_score=5),
                contact(2, 0.1, "b", csat_score=3),
                contact(3, 0.2, "c"),
                contact(4, 0, "d", "jaan"),
            ]
        },
    )
    found = answer(engine, "agent_service", **WINDOW)
    mari, jaan = row_of(found, "mari"), row_of(found, "jaan")
    assert (mari["csat_satisfied_count"], mari["csat_count"], mari["askable_contacts"]) == (1, 2, 3)
    assert (mari["csat_ratio"], mari["survey_response_ratio"]) == (1 / 2, 2 / 3)
    assert (jaan["csat_count"], jaan["csat_ratio"]) == (0, None)


def test_idle_time_and_whether_the_longest_idle_came_first(engine: sa.Engine) -> None:
    # mari is available from 9:00, jaan from 9:30. At 10:00 jaan gets a contact though mari had waited longer;
    # at 10:30 mari gets one, who had waited longest; at 10:45 jaan gets one while nobody else is available.
    tell(
        engine,
        {
            "agent_states": [
                *states("mari", (9, "available"), (10.5, "on_contact"), (11, "signed_out")),
                *states(
                    "jaan",
                    (9.5, "available"),
                    (10, "on_contact"),
                    (10.1, "available"),
                    (10.75, "ringing"),
                    (10.8, "on_contact"),
                    (11, "signed_out"),
                ),
            ],
            "calls": [
                talk(1, 10, 360, agent_name="jaan"),
                talk(2, 10.5, 900),
                talk(3, 10.8, 60, agent_name="jaan"),
            ],
        },
    )
    found = answer(engine, "agent_routing", **WINDOW)
    mari, jaan = row_of(found, "mari"), row_of(found, "jaan")
    everyone = found.filter(pl.col("agent_id").is_null()).row(0, named=True)
    assert (mari["idle_calls"], mari["idle_seconds"]) == (1, 1.5 * 3600)
    assert (jaan["idle_calls"], jaan["idle_seconds"]) == (2, (0.5 + 0.65) * 3600)
    assert everyone["median_idle_seconds"] == 0.65 * 3600  # of 0.5, 0.65 and 1.5 hours
    assert everyone["average_idle_seconds"] == pytest.approx((0.5 + 0.65 + 1.5) * 3600 / 3)
    assert [(row["longest_idle_first_calls"], row["routed_calls"]) for row in (mari, jaan, everyone)] == [
        (1, 1),
        (0, 1),
        (1, 2),
    ]
    # Told as one call that came back to its queue, with stays of one number, each is still judged by its own instant.
    change(engine, "update warehouse.calls set call_id = 'one' where call_id in ('c1', 'c3')")
    assert answer(engine, "agent_routing", **WINDOW).equals(found)
    asked = {**WINDOW, "of_name": "idle_calls", "limit_rows": 1}
    pages, after = list[tuple[object, ...]](), None
    while (page := answer(engine, "given_rows", **asked, after_text=after)).height:
        pages += page.select("happened_at", "call_id").rows()
        after = page[0, "row_text"]
    assert pages == [(h(10.75), "one"), (h(10.5), "c2"), (h(10), "one")]


def test_a_badly_foreseen_number_of_rows_compares_no_contact_with_the_states_of_other_hours(
    engine: sa.Engine,
) -> None:
    # Twenty agents get a contact each hour, ten hours on end. Planned for a handful of rows, as where nobody has counted
    # them yet, each is compared with the twenty of its quarter of an hour, not with the two hundred of the day.
    agents, hours = [f"a{number:02d}" for number in range(20)], range(8, 18)
    drawn = [(hour + part, name) for hour in hours for part, name in ((0, "available"), (0.25, "on_contact"))]
    tell(
        engine,
        {
            "agent_states": [row for name in agents for row in states(name, *drawn, (18, "signed_out"))],
            "calls": [
                talk(place * 100 + hour, hour + 0.25, 60, agent_name=name)
                for place, name in enumerate(agents)
                for hour in hours
            ],
        },
    )
    text = warehouse.statement("queries/given_rows")
    given = {**dict.fromkeys(sa.text(text).compile().params), "is_business_hours": False}
    given |= {
        "window_start": WINDOW["window_start"],
        "last_at": WINDOW["window_end"],
        "as_of": WINDOW["as_of"],
    }
    with engine.connect() as connection:
        connection.execute(sa.text("set local enable_hashjoin = off"))
        connection.execute(sa.text("set local enable_mergejoin = off"))
        explain = sa.text(f"explain (analyze, timing off, format json) {text}")
        (plan,) = connection.execute(explain, given).scalar_one()
    assert plan["Plan"]["Actual Rows"] == 200
    assert thrown_away(plan["Plan"]) < 200 * 100  # and not 200 * 200 of them


def thrown_away(plan: dict[str, Any]) -> int:
    """How many rows were looked at and left out again, in this part of a plan and all below it."""
    here = (
        sum(plan.get(f"Rows Removed by {name}", 0) for name in ("Filter", "Join Filter"))
        * plan["Actual Loops"]
    )
    return int(here) + sum(thrown_away(part) for part in plan.get("Plans", ()))


def test_who_does_not_serve_the_queue_is_no_rival(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "agent_states": [
                *states("mari", (9, "available"), (12, "signed_out")),
                *states("jaan", (9.5, "available"), (10, "on_contact"), (11, "signed_out")),
            ],
            "calls": [talk(1, 10, 360, agent_name="jaan")],
        },
    )
    change(
        engine,
        "insert into warehouse.queue_members (queue_id, agent_id, started_at, version_number, run_id, source_name) "
        "select q.queue_id, a.agent_id, '2026-01-01', 1, 1, 'records' from warehouse.queues q, warehouse.agents a "
        "where a.agent_name = 'jaan'",
    )
    jaan = row_of(answer(engine, "agent_routing", **WINDOW), "jaan")
    assert (jaan["routed_calls"], jaan["longest_idle_first_ratio"]) == (0, None)


def test_a_ring_that_no_contact_follows_was_not_answered(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [talk(1, 9.5, 60)],
            "agent_states": states(
                "mari",
                (9, "available"),
                (9.4, "ringing"),
                (9.5, "on_contact"),
                (10, "available"),
                (11, "ringing"),
                (11.01, "available"),
                (12, "ringing"),
                (12.01, "paused"),
                (13, "signed_out"),
            ),
        },
    )
    mari = row_of(answer(engine, "agent_routing", **WINDOW), "mari")
    assert (mari["ring_count"], mari["unanswered_ring_count"]) == (3, 2)


def test_a_ring_that_ended_as_the_contact_gave_up_is_on_neither_side(engine: sa.Engine) -> None:
    # Offered at 9:00, rings at 9:00:30, gives up at 9:01; the ring at 9:30 is let pass while nobody gives up.
    gave_up = {"answered_at": None, "outcome_name": "abandoned", "talk_seconds": None, "agent_name": None}
    tell(
        engine,
        {
            "calls": [call("x", offered_at=h(9), ended_at=h(9 + MINUTE), **gave_up)],
            "agent_states": states(
                "mari",
                (8, "available"),
                (9 + MINUTE / 2, "ringing"),
                (9 + MINUTE, "available"),
                (9.5, "ringing"),
                (9.5 + MINUTE, "available"),
                (10, "signed_out"),
            ),
        },
    )
    mari = row_of(answer(engine, "agent_routing", **WINDOW), "mari")
    assert (mari["ring_count"], mari["unanswered_ring_count"]) == (2 - 1, 2 - 1)


def test_an_hour_above_the_band_is_strain_and_three_quarters_are_not(engine: sa.Engine) -> None:
    # 9-10 on contacts all the time, 10-11 half of it, 11-11:45 all the time again.
    tell(
        engine,
        {
            "calls": [talk(1, 9, 60)],
            "agent_states": states(
                "mari",
                (9, "on_contact"),
                (10, "available"),
                (10.5, "on_contact"),
                (10.75, "available"),
                (11, "on_contact"),
                (11.75, "signed_out"),
            ),
        },
    )
    found = answer(engine, "agent_strain", **WINDOW)
    assert found.select(
        "agent_name", "strained_seconds", "longest_strain_seconds", "strain_count"
    ).rows() == [("mari", 3600, 3600, 1)]


def test_short_calls_are_counted_by_the_rule_of_the_team(engine: sa.Engine) -> None:
    tell(engine, {"calls": [talk(1, 9, 9), talk(2, 10, 10), talk(3, 11, 30)]})
    assert row_of(answer(engine, "agent_totals", **WINDOW), "mari")["short_handled_calls"] == 1  # below 10 s
    change(engine, "update warehouse.work_rules set short_call_seconds = 31 where team_id is null")
    assert row_of(answer(engine, "agent_totals", **WINDOW), "mari")["short_call_ratio"] == 1.0


def test_the_rules_of_work_are_rows_that_can_be_edited_and_taken_back(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "shifts": shifts("mari", (9, 17, "work")),
            "agent_states": states("mari", (9.25, "available"), (17, "signed_out")),
        },
    )
    [site] = organisation_rows(engine, "work_rules")
    assert site == {"team_name": None, "grace_seconds": 300, "short_call_seconds": 10}
    number = save(engine, changed("work_rules", site, grace_seconds=900))
    assert (
        schedule(engine)["adherent_seconds"] == 8 * 3600
    )  # a quarter of an hour late is within the grace now
    undo(engine, number)
    assert schedule(engine)["adherent_seconds"] == 8 * 3600 - 15 * 60
    save(
        engine,
        add("teams", team_name="Day"),
        add("work_rules", team_name="Day", grace_seconds=0, short_call_seconds=5),
    )
    assert [row["team_name"] for row in organisation_rows(engine, "work_rules")] == [None, "Day"]
    with pytest.raises(OrganisationError, match="stands in"):
        save(engine, add("work_rules", team_name=None, grace_seconds=1, short_call_seconds=1))
