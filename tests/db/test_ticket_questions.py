"""The questions about tickets and agents, each with arithmetic by hand, on a story of five tickets in two days.

Hours count from 10:00 in Tallinn on Monday, 2 March 2026; the day ends at hour 14, the next one at hour 38.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from sql import warehouse
from tests.db.test_records import T0, Row, call, tell

MONDAY = date(2026, 3, 2)


def h(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


DAY_1 = {"window_start": h(-10), "window_end": h(14)}
DAY_2 = {"window_start": h(14), "window_end": h(38)}
#        ticket, hour, event, value, who (mari and jaan are agents)
STORY = [
    ("A", 0, "created", None, "requester"),
    ("A", 0, "priority", "high", "system"),
    ("A", 0, "group", "Support", "system"),
    ("A", 0, "request", None, "requester"),
    ("A", 1, "agent", None, "mari"),
    ("A", 2, "reply", None, "mari"),
    ("A", 5, "status", "solved", "mari"),
    ("A", 6, "csat", "5", "requester"),
    ("B", 1, "created", None, "requester"),
    ("B", 1, "group", "Support", "system"),
    ("B", 1, "request", None, "requester"),
    ("B", 2, "agent", None, "mari"),
    ("B", 3, "reply", None, "mari"),
    ("B", 3, "status", "solved", "mari"),
    ("B", 26, "request", None, "requester"),
    ("B", 26, "status", "open", "requester"),
    ("C", 2, "created", None, "requester"),
    ("C", 2, "priority", "low", "system"),
    ("C", 2, "group", "Billing", "system"),
    ("C", 3, "agent", None, "jaan"),
    ("C", 3.5, "reply", None, "jaan"),
    ("C", 4, "status", "pending", "jaan"),
    ("D", 30, "created", None, "requester"),
    ("D", 30, "request", None, "requester"),
    ("E", 3, "created", None, "requester"),
    ("E", 4, "deleted", None, "system"),
]


def events(story: list[tuple[Any, ...]]) -> list[Row]:
    rows = []
    for number, (ticket_id, hour, name, value, who) in enumerate(story):
        is_agent = who not in ("requester", "system")
        rows.append(
            {
                "ticket_id": ticket_id,
                "occurred_at": h(hour),
                "event_number": number,
                "event_name": name,
                "value_text": value,
                "actor_name": "agent" if is_agent else who,
                "agent_name": who if is_agent else None,
            }
        )
    return rows


def change(engine: sa.Engine, *texts: str) -> None:
    with engine.begin() as connection:
        for text in texts:
            connection.execute(sa.text(text))


def ask(engine: sa.Engine, name: str, **params: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return queries.QUESTIONS[name](connection, **params)


def rows(frame: pl.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return frame.select(names).rows()


@pytest.fixture
def told(engine: sa.Engine) -> sa.Engine:
    change(
        engine,
        "insert into warehouse.ticket_policies (policy_name, target_name, target_seconds, is_business, valid_from_at) "
        "values ('Four hours', 'first_reply', 14400, false, '2020-01-01')",
    )
    links = [
        {
            "ticket_id": ticket,
            "created_at": h(hour),
            "channel_name": channel,
            "url_text": f"https://help/{ticket}",
        }
        for ticket, hour, channel in (("A", 0, "email"), ("B", 1, "web"), ("C", 2, "email"))
    ]
    tell(engine, {"tickets": links}, {"ticket_events": events(STORY)})
    return engine


def backlog(engine: sa.Engine, hour: float, **filters: str) -> int:
    return int(ask(engine, "ticket_backlog", as_of=h(hour), **filters)["backlog_tickets"].sum())


@pytest.mark.parametrize(
    ("hour", "unsolved"),
    [
        (-1, 0),
        (0, 1),  # A, at its very creation
        (2.5, 3),  # A B C
        (3.5, 2),  # A C: B was solved at 3; E is deleted, so it counts at no instant
        (5, 1),  # C: A was solved at this very instant
        (26, 2),  # B is back, C
        (31, 3),  # B C D
    ],
)
def test_the_backlog_of_any_instant_is_what_was_unsolved_then(
    told: sa.Engine, hour: float, unsolved: int
) -> None:
    assert backlog(told, hour) == unsolved


def test_the_backlog_tells_group_priority_status_and_age_as_they_were_then(told: sa.Engine) -> None:
    names = ("group_name", "priority_name", "status_name", "age_name", "backlog_tickets")
    assert rows(ask(told, "ticket_backlog", as_of=h(3.6)), *names) == [
        ("Billing", "low", "new", "under_1_day", 1),
        ("Support", "high", "new", "under_1_day", 1),
    ]
    assert rows(ask(told, "ticket_backlog", as_of=h(31)), *names) == [
        ("", "", "new", "under_1_day", 1),
        ("Billing", "low", "pending", "1_to_3_days", 1),
        ("Support", "", "needs_rework", "1_to_3_days", 1),
    ]


@pytest.mark.parametrize(
    ("filters", "unsolved"),
    [
        ({"group_name": "Billing"}, 1),
        ({"group_name": ""}, 1),
        ({"group_name": "Nowhere"}, 0),
        ({"priority_name": "low"}, 1),
        ({"priority_name": ""}, 2),
        ({"channel_name": "email"}, 1),
        ({"group_name": "Billing", "channel_name": "web"}, 0),
    ],
)
def test_filters_leave_the_tickets_of_the_name_or_those_without(
    told: sa.Engine, filters: dict[str, str], unsolved: int
) -> None:
    assert backlog(told, 31, **filters) == unsolved


def test_a_day_counts_tickets_as_they_stood_at_its_end(told: sa.Engine) -> None:
    row = ask(told, "ticket_totals", **DAY_1, as_of=h(36)).row(0, named=True)
    assert row["created_tickets"] == 3  # A B C; E is deleted
    assert row["replied_tickets"] == 3
    assert row["average_first_reply_seconds"] == (2 + 2 + 1.5) * 3600 / 3
    assert row["average_first_reply_business_seconds"] is None  # no timetable
    assert (row["solved_tickets"], row["resolved_tickets"]) == (2, 2)  # B came back on the next day only
    assert row["average_full_resolution_seconds"] == (5 + 2) * 3600 / 2
    assert row["average_first_resolution_seconds"] == (5 + 2) * 3600 / 2
    assert (row["waited_tickets"], row["average_requester_wait_seconds"]) == (
        1,
        5 * 3600,
    )  # B waits again: unknown
    assert (row["reopened_tickets"], row["reopened_in_7_days_ratio"]) == (0, 1 / 2)
    assert (row["one_touch_ratio"], row["two_touch_ratio"]) == (2 / 2, 0)
    assert (row["csat_tickets"], row["ticket_csat_ratio"]) == (1, 1.0)
    assert (row["due_targets_tickets"], row["sla_attainment_ratio"]) == (3, 1.0)
    assert row["backlog_tickets"] == 1  # C
    assert row["average_backlog_age_seconds"] == pytest.approx(12 * 3600, abs=1)  # from hour 2 to hour 14


def test_the_next_day_is_running_and_its_open_promise_missed(told: sa.Engine) -> None:
    row = ask(told, "ticket_totals", **DAY_2, as_of=h(36)).row(0, named=True)
    assert (row["created_tickets"], row["resolved_tickets"], row["reopened_tickets"]) == (1, 0, 1)
    assert (row["due_targets_tickets"], row["met_targets_tickets"], row["overdue_targets_tickets"]) == (
        1,
        0,
        1,
    )
    assert row["sla_attainment_ratio"] == 0.0
    assert row["reopened_in_7_days_ratio"] is None  # nothing was solved
    assert row["backlog_tickets"] == 3


def test_a_promise_within_its_last_hour_is_at_risk_and_in_no_ratio(told: sa.Engine) -> None:
    at_risk = [
        ask(told, "ticket_totals", **DAY_2, as_of=h(hour)).select(
            "running_targets_tickets", "at_risk_targets_tickets", "due_targets_tickets"
        ).row(0)
        for hour in (31, 33.5, 34)
    ]  # fmt: skip
    assert at_risk == [(1, 0, 0), (1, 1, 0), (0, 0, 1)]


def test_a_day_asked_for_while_it_ran_knows_nothing_of_later(told: sa.Engine) -> None:
    row = ask(told, "ticket_totals", **DAY_1, as_of=h(3.2)).row(0, named=True)
    assert (row["created_tickets"], row["first_replied_tickets"], row["resolved_tickets"]) == (3, 2, 1)
    assert row["first_replied_ratio"] == 2 / 3
    assert (row["backlog_tickets"], row["reopened_in_7_days_tickets"]) == (2, 0)


def test_groups_add_up_to_the_whole_and_one_group_is_its_own_whole(told: sa.Engine) -> None:
    groups = ask(told, "ticket_groups", **DAY_1, as_of=h(36))
    assert rows(groups, "group_name", "created_tickets", "resolved_tickets", "backlog_tickets") == [
        ("Billing", 1, 0, 1),
        ("Support", 2, 2, 0),
    ]
    support = ask(told, "ticket_totals", **DAY_1, as_of=h(36), group_name="Support")
    assert support["average_first_reply_seconds"].to_list() == [2 * 3600]


def test_a_ticket_solved_twice_in_a_day_is_one_solved_ticket(engine: sa.Engine) -> None:
    story = [
        ("F", 0, "created", None, "requester"),
        ("F", 1, "status", "solved", "mari"),
        ("F", 2, "status", "open", "requester"),
        ("F", 3, "status", "solved", "mari"),
        ("F", 4, "status", "closed", "system"),
    ]
    tell(engine, {"ticket_events": events(story)})
    row = ask(engine, "ticket_totals", **DAY_1, as_of=h(36)).row(0, named=True)
    assert (row["solved_tickets"], row["resolved_tickets"], row["reopened_in_7_days_tickets"]) == (1, 1, 1)
    assert row["average_full_resolution_seconds"] == 3 * 3600
    assert row["average_first_resolution_seconds"] == 1 * 3600
    day = ask(engine, "ticket_days", first_date=MONDAY, last_date=MONDAY, as_of=h(36))
    assert rows(day, "resolved_tickets", "reopened_tickets", "backlog_tickets") == [(1, 1, 0)]


def test_days_carry_the_backlog_on(told: sa.Engine) -> None:
    days = ask(told, "ticket_days", first_date=MONDAY, last_date=date(2026, 3, 9), as_of=h(36))
    names = (
        "day_date",
        "created_tickets",
        "resolved_tickets",
        "reopened_tickets",
        "backlog_tickets",
        "is_running",
    )
    assert rows(days, *names) == [
        (MONDAY, 3, 2, 0, 0 + 3 - 2, False),
        (date(2026, 3, 3), 1, 0, 1, 1 + 1 + 1, True),  # days that have not begun are left out
    ]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_ticket_of_the_last_minute_belongs_to_the_local_day_on_clock_change_days(
    engine: sa.Engine, day: date, hours: int
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=T0.tzinfo) - timedelta(
        hours=2 if hours == 23 else 3
    )
    last = midnight + timedelta(hours=hours, minutes=-1)
    born = [(last + timedelta(minutes=minutes) - T0).total_seconds() / 3600 for minutes in (0, 2)]
    tell(
        engine,
        {
            "ticket_events": events(
                [(str(n), hour, "created", None, "requester") for n, hour in enumerate(born)]
            )
        },
    )
    days = ask(
        engine,
        "ticket_days",
        first_date=day,
        last_date=day + timedelta(days=1),
        as_of=last + timedelta(days=1),
    )
    assert days["created_tickets"].to_list() == [1, 1]


def test_times_come_from_the_tickets_themselves(told: sa.Engine) -> None:
    times = ask(told, "ticket_times", **DAY_1, as_of=h(36))
    names = ("measure_name", "hours_name", "measured_tickets", "average_measured_seconds", "median_seconds")
    assert rows(times, *names) == [
        ("first_reply", "calendar", 3, (2 + 2 + 1.5) * 1200, 2 * 3600),
        ("first_resolution", "calendar", 2, (5 + 2) * 1800, (5 + 2) * 1800),  # A and B, as in the totals
        (
            "full_resolution",
            "calendar",
            2,
            (5 + 2) * 1800,
            (5 + 2) * 1800,
        ),  # B came back on the next day only
        ("requester_wait", "calendar", 1, 5 * 3600, 5 * 3600),  # B waits again: unknown
    ]
    totals = ask(told, "ticket_totals", **DAY_1, as_of=h(36)).row(0, named=True)
    of_totals = {
        "first_reply": "first_replied",
        "first_resolution": "first_resolved",
        "full_resolution": "resolved",
    }
    for name, of in {**of_totals, "requester_wait": "waited"}.items():
        measured = times.filter(pl.col("measure_name") == name).row(0, named=True)
        assert measured["measured_tickets"] == totals[f"{of}_tickets"]
        assert measured["measured_total_seconds"] == totals[f"{name}_seconds"]
    assert times["ninth_decile_seconds"][0] == 2 * 3600


def test_business_hours_run_only_while_the_timetable_is_open(engine: sa.Engine) -> None:
    change(
        engine,
        "insert into warehouse.schedules values ('Office', 'Europe/Tallinn', true)",
        "insert into warehouse.business_hours values ('Office', 0, 32400, 61200), ('Office', 1, 32400, 61200)",
    )
    tell(
        engine,
        {
            "ticket_events": events(
                [  # from 16:00 on Monday (an hour before closing) to 11:00 on Tuesday (two hours after opening)
                    ("G", 6, "created", None, "requester"),
                    ("G", 25, "reply", None, "mari"),
                ]
            )
        },
    )
    row = ask(engine, "ticket_totals", **DAY_1, as_of=h(36)).row(0, named=True)
    assert row["average_first_reply_seconds"] == 19 * 3600
    assert row["average_first_reply_business_seconds"] == (1 + 2) * 3600


def test_promises_are_counted_by_kind_and_priority_and_late_is_missed(told: sa.Engine) -> None:
    window = {"window_start": h(-10), "window_end": h(38)}
    names = (
        "priority_name",
        "due_targets_tickets",
        "met_targets_tickets",
        "late_targets_tickets",
        "overdue_targets_tickets",
    )
    assert rows(ask(told, "ticket_targets", **window, as_of=h(36)), *names) == [
        ("", 2, 1, 0, 1),  # B met, D overdue
        ("high", 1, 1, 0, 0),
        ("low", 1, 1, 0, 0),
    ]
    late = ("D", 35, "reply", None, "jaan")
    tell(told, {"ticket_events": [{**events([*STORY, late])[-1]}]})
    after = ask(told, "ticket_targets", **window, as_of=h(36))
    assert rows(after, *names)[0] == ("", 2, 1, 1, 0)
    assert after["sla_attainment_ratio"].to_list() == [1 / 2, 1.0, 1.0]


def test_the_next_promise_due_comes_first_and_overdue_ones_are_apart(told: sa.Engine) -> None:
    names = ("ticket_id", "target_name", "is_overdue", "until_due_seconds")
    assert rows(ask(told, "ticket_due", as_of=h(1.5)), *names) == [
        ("A", "first_reply", False, 2.5 * 3600),
        ("B", "first_reply", False, 3.5 * 3600),
    ]
    assert rows(ask(told, "ticket_due", as_of=h(36)), *names) == [("D", "first_reply", True, 2 * 3600)]


def test_the_oldest_stand_first_with_their_time_in_status(told: sa.Engine) -> None:
    names = ("ticket_id", "agent_name", "status_name", "age_seconds", "in_status_seconds", "url_text")
    assert rows(ask(told, "ticket_oldest", as_of=h(31)), *names) == [
        ("B", "mari", "needs_rework", 30 * 3600, 5 * 3600, "https://help/B"),
        ("C", "jaan", "pending", 29 * 3600, 27 * 3600, "https://help/C"),
        ("D", None, "new", 1 * 3600, 1 * 3600, None),
    ]
    assert rows(ask(told, "ticket_oldest", as_of=h(2.5)), *names[:5]) == [  # C has no agent yet
        ("A", "mari", "new", 2.5 * 3600, 2.5 * 3600),
        ("B", "mari", "new", 1.5 * 3600, 1.5 * 3600),
        ("C", None, "new", 0.5 * 3600, 0.5 * 3600),
    ]


@pytest.mark.parametrize(
    ("hour", "owed"),
    [
        (0.5, [("A", 0.5)]),
        (2.5, [("B", 1.5)]),  # A has its answer
        (4, []),
        (31, [("B", 5), ("D", 1)]),
    ],
)
def test_we_owe_an_answer_from_the_requesters_oldest_unanswered_word(
    told: sa.Engine, hour: float, owed: list[tuple[str, float]]
) -> None:
    found = rows(ask(told, "ticket_owed", as_of=h(hour)), "ticket_id", "owed_seconds")
    assert found == [(ticket, hours * 3600) for ticket, hours in owed]


def test_who_owes_is_told_by_group_and_agent(told: sa.Engine) -> None:
    names = (
        "group_name",
        "agent_name",
        "owed_tickets",
        "requester_owes_tickets",
        "average_owed_wait_seconds",
    )
    assert rows(ask(told, "ticket_answers", as_of=h(31)), *names) == [
        ("", None, 1, 0, 1 * 3600),
        ("Support", "mari", 1, 0, 5 * 3600),
        ("Billing", "jaan", 0, 1, None),
    ]


def test_names_are_those_of_tickets_that_are_there(told: sa.Engine) -> None:
    names = ask(told, "ticket_names", as_of=h(31)).select("kind_name", "value_name").rows()
    assert names == [
        ("channel", ""), ("channel", "email"), ("channel", "web"),
        ("group", ""), ("group", "Billing"), ("group", "Support"),
        ("priority", ""), ("priority", "high"), ("priority", "low"),
    ]  # fmt: skip


@pytest.fixture
def working(told: sa.Engine) -> sa.Engine:
    """The story with one call of mari's, two teams between which she moves on Tuesday, and jaan without a team."""
    tell(told, {"calls": [call()]})
    change(
        told,
        "insert into warehouse.teams (team_name) values ('Day'), ('Night')",
        "insert into warehouse.team_members select 1, agent_id, '2026-03-01', '2026-03-03' from warehouse.agents "
        "where agent_name = 'mari'",
        "insert into warehouse.team_members select 2, agent_id, '2026-03-03', null from warehouse.agents "
        "where agent_name = 'mari'",
    )
    return told


def test_an_agent_is_told_in_calls_and_in_tickets(working: sa.Engine) -> None:
    names = (
        "agent_name", "team_name", "handled_calls", "average_handle_time_seconds", "resolved_tickets", "reply_count",
        "first_reply_count", "assigned_tickets", "owed_tickets", "reopened_in_7_days_tickets", "csat_tickets",
    )  # fmt: skip
    assert rows(ask(working, "agent_totals", **DAY_1, as_of=h(36)), *names) == [
        ("jaan", None, 0, None, 0, 1, 1, 1, 0, 0, 0),  # C
        ("mari", "Day", 1, 240, 2, 2, 2, 0, 0, 1, 1),  # A, and B, which came back on the next day
    ]
    assert rows(ask(working, "agent_totals", **DAY_2, as_of=h(36)), *names) == [
        ("jaan", None, 0, None, 0, 0, 0, 1, 0, 0, 0),
        ("mari", "Night", 0, None, 0, 0, 0, 1, 1, 0, 0),
    ]


def test_of_two_replies_in_the_instant_of_the_first_one_is_the_first_reply(engine: sa.Engine) -> None:
    story = [
        ("1", 0, "created", None, "requester"),
        ("1", 0, "request", None, "requester"),
        ("1", 1, "reply", None, "mari"),
        ("1", 1, "reply", None, "jaan"),  # in the same second: no further first reply
        ("2", 2, "request", None, "requester"),
        ("2", 1.5, "reply", None, "jaan"),  # both told for a time before the ticket: this one opened it
        ("2", 1.8, "reply", None, "mari"),  # and this one is the first reply
        ("3", 3, "created", None, "mari"),
        ("3", 3, "reply", None, "mari"),  # opened it
        ("3", 3, "reply", None, "jaan"),
    ]
    born = [{"ticket_id": "2", "created_at": h(2), "channel_name": "email"}]
    tell(
        engine,
        {"tickets": born},
        {"ticket_events": events(story)},
        {"calls": [call(), call("c2", agent_name="jaan")]},
    )
    asked = {**DAY_1, "as_of": h(36)}
    found = ask(engine, "agent_totals", **asked)
    # One first reply of each of three tickets: mari 1 and 2, jaan 3.
    assert rows(found, "agent_name", "reply_count", "first_reply_count") == [("jaan", 3, 1), ("mari", 3, 2)]
    for agent_id, count in found.select("agent_id", "first_reply_count").rows():
        listed = ask(engine, "ticket_rows_count", **asked, of_name="first_reply_count", agent_id=agent_id)
        assert listed[0, "total_number"] == count
    assert ask(engine, "ticket_totals", **asked)[0, "first_replied_tickets"] == 1 + 2


def test_a_team_is_the_sum_of_its_members(working: sa.Engine) -> None:
    teams = ask(working, "team_totals", **DAY_1, as_of=h(36))
    names = (
        "team_name",
        "working_agents",
        "handled_calls",
        "resolved_tickets",
        "reply_count",
        "ticket_csat_ratio",
    )
    assert rows(teams, *names) == [("Day", 1, 1, 2, 2, 1.0), (None, 1, 0, 0, 1, None)]


def test_an_agents_day_is_told_in_the_order_of_time(working: sa.Engine) -> None:
    mari = ask(working, "agents", as_of=h(0)).filter(pl.col("agent_name") == "mari")["agent_id"][0]
    day = ask(working, "agent_day", agent_id=mari, day_date=MONDAY, as_of=h(36))
    assert rows(day, "happened_at", "kind_name", "what_name", "reference_text", "handle_seconds") == [
        (h(1 / 60), "call", "answered", "c1", 240),
        (h(1), "ticket", "agent", "A", None),
        (h(2), "ticket", "reply", "A", None),
        (h(2), "ticket", "agent", "B", None),
        (h(3), "ticket", "reply", "B", None),
        (h(3), "ticket", "solved", "B", None),
        (h(5), "ticket", "solved", "A", None),
    ]
    assert ask(working, "agent_day", agent_id=mari, day_date=MONDAY, as_of=h(2)).height == 4


#  ticket, hour, event, value, who: what a ticket is created with, or first given, is no escalation; a step down is none
RAISED = [
    ("K", 0, "created", None, "requester"),
    ("K", 0, "group", "Support", "system"),
    ("K", 0, "priority", "normal", "system"),
    ("K", 2, "group", "Billing", "mari"),  # handed on
    ("K", 3, "priority", "urgent", "mari"),  # and raised: still one escalated ticket
    ("L", 1, "created", None, "requester"),
    ("L", 2, "group", "Support", "mari"),  # its first group
    ("L", 3, "priority", "high", "mari"),  # its first priority
    ("L", 4, "priority", "low", "mari"),  # lowered
    ("L", 4.5, "group", "Support", "mari"),  # told again
    ("L", 26, "priority", "high", "mari"),  # raised, on the next day
    ("M", 3, "created", None, "requester"),
    ("M", 3, "group", "Support", "system"),
    ("M", 4, "group", None, "system"),  # given back
    ("M", 20, "group", "Billing", "jaan"),  # from Support, by way of nobody: on the next day
    ("N", 5, "created", None, "requester"),
    ("N", 5, "group", "Support", "system"),
    ("N", 6, "group", "Billing", "mari"),
    ("N", 7, "deleted", None, "system"),
]


def test_a_ticket_escalates_by_another_group_or_a_higher_priority_after_its_creation(
    engine: sa.Engine,
) -> None:
    tell(engine, {"ticket_events": events(RAISED)})
    names = ("created_tickets", "escalated_tickets", "created_escalated_tickets", "escalated_ratio")
    assert rows(ask(engine, "ticket_totals", **DAY_1, as_of=h(13)), *names) == [(3, 1, 1, 1 / 3)]  # K
    assert rows(ask(engine, "ticket_totals", **DAY_1, as_of=h(36)), *names) == [
        (3, 1, 3, 3 / 3)
    ]  # L and M since
    assert rows(ask(engine, "ticket_totals", **DAY_2, as_of=h(36)), *names) == [
        (0, 2, 0, None)
    ]  # L, M; none created
    groups = ask(engine, "ticket_groups", **DAY_2, as_of=h(36)).filter(pl.col("escalated_tickets") > 0)
    assert rows(groups, "group_name", "escalated_tickets") == [("Billing", 1), ("Support", 1)]
    changes = ask(engine, "ticket_changes", source_name="records", ticket_id="L").filter("is_escalation")
    assert rows(changes, "occurred_at", "value_before_text", "value_text") == [(h(26), "low", "high")]
    listed = ask(engine, "ticket_rows", **DAY_2, as_of=h(36), of_name="escalated_tickets")
    assert rows(listed, "ticket_id", "happened_at") == [("L", h(26)), ("M", h(20))]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_an_escalation_of_the_last_minute_belongs_to_its_local_day_on_clock_change_days(
    engine: sa.Engine, day: date, hours: int
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=T0.tzinfo) - timedelta(
        hours=2 if hours == 23 else 3
    )
    last = midnight + timedelta(hours=hours, minutes=-1)
    hour = (last - T0).total_seconds() / 3600
    story = [("created", hour - 5, None), ("group", hour - 5, "X"), ("group", hour, "Y")]
    tell(
        engine,
        {"ticket_events": events([("P", at_hour, name, value, "mari") for name, at_hour, value in story])},
    )
    window = {"window_start": midnight, "window_end": midnight + timedelta(hours=hours)}
    after = {"window_start": window["window_end"], "window_end": window["window_end"] + timedelta(days=1)}
    found = [
        ask(engine, "ticket_totals", **one, as_of=last + timedelta(days=2))["escalated_tickets"][0]
        for one in (window, after)
    ]
    assert found == [1, 0]


def test_a_rating_of_a_ticket_that_came_back_counts_for_its_last_solving_only(engine: sa.Engine) -> None:
    story = [
        ("R", 0, "created", None, "requester"),
        ("R", 1, "agent", None, "mari"),
        ("R", 2, "status", "solved", "mari"),
        ("R", 20, "status", "open", "requester"),
        ("R", 22, "status", "solved", "mari"),
        ("R", 23, "csat", "5", "requester"),
    ]
    tell(engine, {"ticket_events": events(story)})
    days = [ask(engine, "agent_totals", **day, as_of=h(36)).row(0, named=True) for day in (DAY_1, DAY_2)]
    assert [(day["resolved_tickets"], day["csat_tickets"]) for day in days] == [(1, 0), (1, 1)]
    totals = [ask(engine, "ticket_totals", **day, as_of=h(36)).row(0, named=True) for day in (DAY_1, DAY_2)]
    assert [(day["resolved_tickets"], day["csat_tickets"]) for day in totals] == [(1, 0), (1, 1)]


def test_a_days_backlog_of_a_group_is_that_of_the_tickets_that_were_in_it_then(engine: sa.Engine) -> None:
    tell(
        engine, {"ticket_events": events([*RAISED[:4], ("K", 20, "group", "Support", "jaan")])}
    )  # Billing overnight
    days = {"first_date": MONDAY, "last_date": date(2026, 3, 3), "as_of": h(36)}
    by_group = {
        name: ask(engine, "ticket_days", **days, group_name=name)["backlog_tickets"].to_list()
        for name in ("Support", "Billing")
    }
    assert by_group == {"Support": [0, 1], "Billing": [1, 0]}
    assert ask(engine, "ticket_days", **days)["backlog_tickets"].to_list() == [1, 1]


def random_story(chance: random.Random) -> list[tuple[Any, ...]]:
    """Forty tickets in ten days that are solved, opened again, handed on and written in at random."""
    story: list[tuple[Any, ...]] = []
    for number in range(40):
        hour = chance.uniform(0, 200)
        story.append((str(number), hour, "created", None, "requester"))
        for _ in range(chance.randint(0, 8)):
            hour += chance.expovariate(1 / 12)
            name = chance.choice(("status", "status", "group", "request", "reply"))
            status = chance.choice(("open", "pending", "on_hold", "solved", "closed"))
            value = {"status": status, "group": chance.choice("XY")}.get(name)
            story.append((str(number), hour, name, value, "mari" if name == "reply" else "requester"))
    return story


def model(story: list[tuple[Any, ...]], hour: float) -> dict[str, bool]:
    """Which tickets were unsolved at the hour, and whether we owed an answer: told anew, event by event."""
    unsolved: dict[str, bool] = {}
    owes: dict[str, bool] = {}
    for ticket, at_hour, name, value, _who in story:
        if at_hour > hour:
            continue
        unsolved.setdefault(ticket, True)
        owes.setdefault(ticket, False)
        if name == "status":
            unsolved[ticket] = value not in ("solved", "closed")
        if name in ("request", "reply"):
            owes[ticket] = name == "request"
    return {ticket: owes[ticket] for ticket, is_so in unsolved.items() if is_so}


@pytest.mark.parametrize("seed", [3, 4])
def test_every_instant_and_every_day_agree_with_the_story_told_anew(engine: sa.Engine, seed: int) -> None:
    chance = random.Random(seed)
    story = random_story(chance)
    tell(engine, {"ticket_events": events(story)})
    for hour in (*(chance.uniform(0, 300) for _ in range(12)), 2000):
        expected = model(story, hour)
        assert backlog(engine, hour) == len(expected)
        owed = ask(engine, "ticket_owed", as_of=h(hour))["ticket_id"].to_list()
        assert sorted(owed) == sorted(ticket for ticket, is_owed in expected.items() if is_owed)
    days = ask(engine, "ticket_days", first_date=MONDAY, last_date=date(2026, 3, 20), as_of=h(2000))
    ends = [14 + 24 * place for place in range(days.height)]
    assert days["backlog_tickets"].to_list() == [len(model(story, end - 1e-6)) for end in ends]
    rollup = pl.DataFrame(
        engine_rows(
            engine,
            "select day_date, sum(created_tickets)::int, sum(solved_tickets)::int, sum(reopened_in_7_days_tickets)::int "
            "from warehouse.ticket_days group by 1 order by 1",
        ),
        schema=["day_date", "created_tickets", "solved_tickets", "reopened_in_7_days_tickets"],
        orient="row",
    )
    by_facts = days.select(rollup.columns).filter(pl.col("day_date").is_in(rollup["day_date"].to_list()))
    kept = rollup.filter(pl.col("day_date") <= date(2026, 3, 20))
    assert by_facts.rows() == kept.rows()  # the rollups and the facts tell the same


def engine_rows(engine: sa.Engine, text: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]
