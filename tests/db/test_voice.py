"""What customers say on a real Postgres: worked days by hand, one answer per contact, and a list behind every number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.voice import voice_desk, voice_queries
from dashboard.voice.voice_queries import COLUMNS
from sql import warehouse
from sql.warehouse import WarehouseError
from tests.db.test_records import T0, ask, at, call, tell

DAY = {
    "window_start": T0 - timedelta(hours=8),
    "window_end": T0 + timedelta(hours=16),
    "as_of": T0 + timedelta(days=30),
}
Row = dict[str, Any]


def one(engine: sa.Engine, **given: Any) -> Row:
    """The totals of the drawn day, or of another window."""
    with warehouse.connected(engine) as connection:
        return voice_queries.voice_totals(connection, **{**DAY, **given}).row(0, named=True)


def counts(engine: sa.Engine, *names: str, **given: Any) -> tuple[int, ...]:
    row = one(engine, **given)
    return tuple(row[name] for name in names)


def contacts(engine: sa.Engine, **given: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return voice_queries.voice_contacts(connection, **{**DAY, **given})


def stay(call_id: str, minute: float, customer: str | None = None, **changes: Any) -> Row:
    """An answered inbound call of a customer, four minutes long."""
    return call(
        call_id,
        offered_at=at(minute),
        answered_at=at(minute + 1),
        ended_at=at(minute + 5),
        customer_key=customer,
        **changes,
    )


def lost(call_id: str, minute: float, customer: str | None = None, **changes: Any) -> Row:
    """A call that was abandoned after a minute."""
    return call(
        call_id,
        offered_at=at(minute),
        answered_at=None,
        ended_at=at(minute + 1),
        outcome_name="abandoned",
        talk_seconds=None,
        agent_name=None,
        customer_key=customer,
        **changes,
    )


def survey(survey_id: str, minute: float, **changes: Any) -> Row:
    return {"survey_id": survey_id, "answered_at": at(minute), **changes}


def answers(engine: sa.Engine, *rows: Row, name: str = "surveys") -> None:
    tell(engine, {"surveys": list(rows)}, name=name)


def test_a_worked_day_of_csat_nps_and_response_rate(engine: sa.Engine) -> None:
    tell(engine, {"calls": [*(stay(f"c{n}", n * 10) for n in range(10)), lost("lost", 200)]})
    drawn = [(5, 10), (4, 9), (3, 8), (1, 6), (5, None), (None, 0)]  # CSAT and NPS of the calls c0 to c5
    answers(
        engine,
        *(
            survey(f"s{n}", n * 10 + 30, call_id=f"c{n}", csat_score=row[0], nps_score=row[1])
            for n, row in enumerate(drawn)
        ),
    )
    row = one(engine)
    assert (row["askable_contacts"], row["survey_count"]) == (10, 6)  # who was not answered is not asked
    assert row["survey_response_ratio"] == 6 / 10
    assert (row["csat_satisfied_count"], row["csat_count"]) == (3, 5)  # 5, 4, 5 of 5, 4, 3, 1, 5
    assert row["csat_ratio"] == 3 / 5
    assert (row["nps_promoter_count"], row["nps_detractor_count"], row["nps_count"]) == (
        2,
        2,
        5,
    )  # 10, 9; 6, 0
    assert row["nps_points"] == 100 * (2 - 2) / 5


def test_without_an_answer_everything_is_unknown_and_nothing_is_zero(engine: sa.Engine) -> None:
    row = one(engine)
    assert [row[name] for name in COLUMNS] == [0] * len(COLUMNS)
    assert [
        row[name] for name in ("csat_ratio", "nps_points", "survey_response_ratio", "fcr_no_repeat_ratio")
    ] == [None] * 4


def test_a_contact_counts_once_whichever_systems_tell_its_score(engine: sa.Engine) -> None:
    """The phone system's own score, two surveys and the ticket of the call: one answer, and of each scale the last word."""
    tell(engine, {"calls": [stay("c1", 0, csat_score=2.0, nps_score=3.0)]}, name="pbx")
    tell(engine, {"tickets": [{"ticket_id": "t1", "created_at": at(4), "call_id": "c1"}]},
         {"ticket_events": [
             {"ticket_id": "t1", "occurred_at": at(minute), "event_number": n, "event_name": event, "value_text": value}
             for n, (minute, event, value) in enumerate([(4, "created", None), (20, "status", "solved"), (25, "csat", "3")])
         ]}, name="desk")  # fmt: skip
    answers(
        engine, survey("s1", 30, call_id="c1", csat_score=4), survey("s2", 40, contact_id="c1", csat_score=5)
    )
    row = one(engine)
    assert (row["askable_contacts"], row["survey_count"], row["csat_count"], row["nps_count"]) == (1, 1, 1, 1)
    assert (row["csat_ratio"], row["nps_points"]) == (1.0, -100.0)  # 5, the last; 3, the only one


def test_a_ticket_of_no_call_is_a_contact_of_the_day_on_which_it_was_solved(engine: sa.Engine) -> None:
    events = [
        (0, "created", None),
        (0, "group", "Help"),
        (60 * 24, "status", "solved"),
        (60 * 25, "csat", "2"),
    ]
    tell(engine, {"tickets": [{"ticket_id": "t1", "created_at": at(0), "channel_name": "email", "topic_name": "Refund"}]},
         {"ticket_events": [
             {"ticket_id": "t1", "occurred_at": at(minute), "event_number": n, "event_name": event, "value_text": value}
             for n, (minute, event, value) in enumerate(events)
         ]}, name="desk")  # fmt: skip
    assert counts(engine, "askable_contacts", "csat_count") == (0, 0)
    next_day = {"window_start": DAY["window_end"], "window_end": DAY["window_end"] + timedelta(days=1)}
    assert counts(engine, "askable_contacts", "survey_count", "csat_count", **next_day) == (1, 1, 1)
    assert counts(
        engine, "csat_count", **next_day, group_name="Help", channel_name="email", topic_name="Refund"
    ) == (1,)
    assert counts(engine, "csat_count", **next_day, group_name="Sales") == (0,)


def test_an_answer_that_names_no_known_contact_counts_but_in_no_response_rate(engine: sa.Engine) -> None:
    tell(engine, {"calls": [stay("c1", 0)]})
    answers(engine, survey("s1", 30, call_id="elsewhere", csat_score=5), survey("s2", 31, csat_score=1))
    row = one(engine)
    assert (
        row["csat_count"],
        row["survey_count"],
        row["unplaced_survey_count"],
        row["askable_contacts"],
    ) == (2, 0, 2, 1)
    assert row["survey_response_ratio"] == 0 / 1


def csat_by_day(engine: sa.Engine) -> list[int]:
    """How many scores the first day counts, the tenth (the calls of the first lie too far back), and the ten together."""
    start, day = DAY["window_start"], timedelta(days=1)
    spans = ((0, 1), (9, 10), (0, 10))
    return [
        counts(engine, "csat_count", window_start=start + a * day, window_end=start + b * day)[0]
        for a, b in spans
    ]


def solved(minute: float) -> dict[str, list[Row]]:
    """The ticket 7, made at T0 and solved at the minute."""
    events = [(0, "created", None), (minute, "status", "solved")]
    return {
        "tickets": [{"ticket_id": "7", "created_at": at(0)}],
        "ticket_events": [
            {"ticket_id": "7", "occurred_at": at(minute), "event_number": n, "event_name": event, "value_text": value}
            for n, (minute, event, value) in enumerate(events)
        ],
    }  # fmt: skip


@pytest.mark.parametrize("id_name", ["call_id", "contact_id", "ticket_id"])
def test_a_survey_counts_once_where_two_systems_use_the_same_number(engine: sa.Engine, id_name: str) -> None:
    """What the desk calls 7 was over on the first day, what the other system calls 7 on the tenth: the desk asked."""
    for name, day in (("desk", 0), ("other", 9)):
        told = solved(day * 1440 + 30) if id_name == "ticket_id" else {"calls": [stay("7", day * 1440)]}
        tell(engine, told, name=name)
    answers(engine, survey("s1", 60, **{id_name: "7"}, csat_score=1), name="desk")
    assert csat_by_day(engine) == [1, 0, 1]


@pytest.mark.parametrize("id_name", ["call_id", "contact_id", "ticket_id"])
@pytest.mark.parametrize("apart_days", [1, 9])
def test_a_survey_about_one_of_two_namesakes_is_nobodys_rather_than_guessed(
    engine: sa.Engine, id_name: str, apart_days: int
) -> None:
    """Two systems, each with an agent Mari, both have a 7; the tool that asked owns neither, whose was it?"""
    for name, day in (("pbx", 0), ("other", apart_days)):
        calls = [stay("7", day * 1440, agent_name="Mari")]
        tell(engine, solved(day * 1440 + 30) if id_name == "ticket_id" else {"calls": calls}, name=name)
    answers(engine, survey("s1", 60, **{id_name: "7"}, csat_score=1), name="tool")
    assert counts(engine, "csat_count", "survey_count", "unplaced_survey_count") == (1, 0, 1)
    found = contacts(engine, of_name="csat_count").select("kind_name", "agent_name").rows()
    assert found == [("survey", None)]
    assert csat_by_day(engine) == [1, 0, 1]


def test_a_survey_about_the_ticket_of_a_call_of_another_system_is_about_the_call(engine: sa.Engine) -> None:
    tell(engine, {"calls": [stay("c1", 0)]}, name="pbx")
    tell(engine, {"tickets": [{"ticket_id": "7", "created_at": at(4), "call_id": "c1"}]}, name="desk")
    answers(engine, survey("s1", 60, ticket_id="7", csat_score=1), name="desk")
    assert contacts(engine, of_name="csat_count").select("kind_name", "contact_id").rows() == [("call", "c1")]


def test_a_ticket_is_about_the_call_of_its_own_system(engine: sa.Engine) -> None:
    """Both systems have a call 1; the ticket is the desk's, so is its call, and its score counts on the first day only."""
    for name, day in (("desk", 0), ("other", 9)):
        tell(engine, {"calls": [stay("1", day * 1440)]}, name=name)
    told = solved(30)
    told["tickets"][0]["call_id"] = "1"
    told["ticket_events"].append(
        {"ticket_id": "7", "occurred_at": at(40), "event_number": 2, "event_name": "csat", "value_text": "2"}
    )
    tell(engine, told, name="desk")
    assert csat_by_day(engine) == [1, 0, 1]


def test_legs_of_a_transfer_are_one_contact_of_the_agent_met_last(engine: sa.Engine) -> None:
    legs = [
        stay("c1", 0, agent_name="mari", transfer_kind_name="blind"),
        stay("c1", 6, agent_name="jaan", queue_name="billing", stay_number=1),
    ]
    tell(engine, {"calls": legs})
    answers(engine, survey("s1", 30, call_id="c1", csat_score=5))
    found = contacts(engine, of_name="csat_count").select("agent_name", "queue_name", "total_count").rows()
    assert found == [("jaan", "billing", 1)]
    assert counts(engine, "askable_contacts") == (1,)


FCR = ("followed_contacts", "repeated_contacts", "provisional_contacts")


@pytest.mark.parametrize(
    ("what", "rows", "expected"),
    [
        # minutes: a day is 1440; customer, queue
        ("nobody came again", [stay("a", 0, "k1")], (1, 0, 0)),
        ("again on the sixth day", [stay("a", 0, "k1"), stay("b", 6 * 1440, "k1")], (1, 1, 0)),
        ("on the seventh day to the second", [stay("a", 0, "k1"), stay("b", 7 * 1440, "k1")], (1, 1, 0)),
        ("a minute after the seventh day", [stay("a", 0, "k1"), stay("b", 7 * 1440 + 1, "k1")], (1, 0, 0)),
        ("another customer", [stay("a", 0, "k1"), stay("b", 60, "k2")], (2, 0, 0)),
        ("another group", [stay("a", 0, "k1"), stay("b", 60, "k1", queue_name="billing")], (2, 0, 0)),
        ("a withheld number", [stay("a", 0), stay("b", 60)], (0, 0, 0)),
        ("again, and hung up: he came again", [stay("a", 0, "k1"), lost("b", 60, "k1")], (1, 1, 0)),
        ("who hung up first was not handled", [lost("a", 0, "k1"), stay("b", 60, "k1")], (1, 0, 0)),
        ("we called him: no contact of his",
         [stay("a", 0, "k1"), stay("b", 60, "k1", direction_name="outbound")], (1, 0, 0)),
    ],
)  # fmt: skip
def test_a_worked_day_of_first_contact_resolution(
    engine: sa.Engine, what: str, rows: Sequence[Row], expected: tuple[int, int, int]
) -> None:
    tell(engine, {"calls": list(rows)})
    assert counts(engine, *FCR) == expected, what
    followed, repeated, _ = expected
    assert one(engine)["fcr_no_repeat_ratio"] == ((followed - repeated) / followed if followed else None)


def test_a_contact_is_provisional_until_its_days_have_passed(engine: sa.Engine) -> None:
    tell(engine, {"calls": [stay("a", 0, "k1"), stay("b", 0, "k2"), stay("c", 60, "k2")]})
    early, exact, late = (
        at(0) + timedelta(days=days, seconds=more) for days, more in ((3, 0), (7, -1), (7, 0))
    )
    assert counts(engine, *FCR, as_of=early) == (
        3,
        1,
        2,
    )  # a and c are open; b is decided: the customer came again
    assert counts(engine, *FCR, as_of=exact) == (3, 1, 2)
    assert counts(engine, *FCR, as_of=late) == (3, 1, 1)  # a is decided; c came an hour later
    assert counts(engine, *FCR, as_of=at(30)) == (2, 0, 2)  # c has not come yet
    assert counts(engine, *FCR, repeat_days=1) == (3, 1, 0)


def test_a_leg_made_by_a_transfer_is_no_further_contact(engine: sa.Engine) -> None:
    """What the second system tells goes on from the first: the same contact, and only its last leg is followed."""
    tell(engine, {"calls": [stay("a", 0, "k1")]}, name="pbx")
    link = {"contact_id": "b", "linked_contact_id": "a", "linked_source_name": "pbx", "link_name": "transfer"}
    link["linked_at"] = at(6)
    tell(engine, {"calls": [stay("b", 6, "k1")]}, name="other")
    assert counts(engine, *FCR) == (2, 1, 0)  # before the link is known they are two
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.told_links (linked_at, run_id, source_name, contact_id, linked_source_name, "
                "linked_contact_id, link_name) values (:linked_at, 1, 'other', :contact_id, :linked_source_name, "
                ":linked_contact_id, :link_name)"
            ),
            link,
        )
    assert counts(engine, *FCR) == (1, 0, 0)


def leg(contact_id: str, before: str, minute: float, link_name: str = "transfer") -> Row:
    """The link of a leg that a transfer made, or a callback, to the contact before it."""
    return {
        "linked_at": at(minute),
        "contact_id": contact_id,
        "linked_contact_id": before,
        "linked_source_name": "records",
        "link_name": link_name,
    }


@pytest.mark.parametrize(
    ("what", "rows", "links", "expected"),
    [
        # a was met last, for nobody answered b; c came within the days of a; a and c are followed
        ("the leg was abandoned",
         [stay("a", 0, "k1"), lost("b", 6, "k1"), stay("c", 300, "k1")], [leg("b", "a", 6)], (2, 1, 0)),
        # b was met last, and stands for a; b and c are followed
        ("the leg was answered",
         [stay("a", 0, "k1"), stay("b", 6, "k1"), stay("c", 300, "k1")], [leg("b", "a", 6)], (2, 1, 0)),
        # d stands for a, over the leg that nobody answered
        ("a leg of an abandoned leg was answered",
         [stay("a", 0, "k1"), lost("b", 6, "k1"), stay("d", 8, "k1")], [leg("b", "a", 6), leg("d", "b", 8)], (1, 0, 0)),
        # what we dial answers no offer, so a stands for itself
        ("the leg was our call back",
         [stay("a", 0, "k1"), stay("b", 60, "k1", direction_name="outbound")], [leg("b", "a", 60, "callback")], (1, 0, 0)),
    ],
)  # fmt: skip
def test_the_last_answered_leg_is_followed(
    engine: sa.Engine, what: str, rows: list[Row], links: list[Row], expected: tuple[int, int, int]
) -> None:
    tell(engine, {"calls": rows, "contact_links": links})
    assert counts(engine, *FCR) == expected, what


@pytest.mark.parametrize(
    ("what", "over_at", "links", "expected"),
    [
        # r asks at 0 to be called back; a at 10 and b at 30 are answered, and both are followed
        ("r still waits at 10: b keeps it, and is no coming after a", 20, [], (2, 0, 0)),
        ("r was over at 1: a keeps it, and b comes after a", 1, [], (2, 1, 0)),
        (
            "r was over at 1, but its source tells that b keeps it",
            1,
            [leg("b", "r", 31, "callback")],
            (2, 0, 0),
        ),
    ],
)
def test_a_kept_callback_is_no_further_contact(
    engine: sa.Engine, what: str, over_at: float, links: list[Row], expected: tuple[int, int, int]
) -> None:
    asked = {**lost("r", 0, "k1"), "ended_at": at(over_at), "outcome_name": "callback"}
    told = {"calls": [asked, stay("a", 10, "k1"), stay("b", 30, "k1")]}
    tell(engine, {**told, "contact_links": links} if links else told)
    assert counts(engine, *FCR) == expected, what


def test_legs_with_contact_ids_of_their_own_are_asked_once_and_no_survey_of_theirs_is_lost(
    engine: sa.Engine,
) -> None:
    """Mari passes a on to Jaan (b), and he to Kati (c); the surveys are told of a and of b."""
    legs = [
        stay(name, n * 6, "k1", agent_name=agent, is_resolved=n == 2)
        for n, (name, agent) in enumerate([("a", "mari"), ("b", "jaan"), ("c", "kati")])
    ]
    tell(engine, {"calls": legs, "contact_links": [leg("b", "a", 6), leg("c", "b", 12)]})
    names = ("askable_contacts", "flagged_contacts", "resolved_first_contacts", "followed_contacts")
    assert counts(engine, *names, "survey_count") == (1, 1, 1, 1, 0)
    answers(engine, survey("s1", 30, call_id="a", csat_score=5), survey("s2", 40, call_id="b", nps_score=9))
    told = ("survey_count", "unplaced_survey_count", "csat_count", "nps_count")
    assert counts(engine, *names, *told) == (1, 1, 1, 1, 1, 0, 1, 1)
    found = contacts(engine, of_name="csat_count").select(
        "contact_id", "agent_name", "csat_score", "nps_score"
    )
    assert found.rows() == [("c", "kati", 5.0, 9.0)]


def test_a_survey_of_a_contact_whose_leg_came_after_midnight_counts_on_one_day(engine: sa.Engine) -> None:
    legs = [stay("a", 16 * 60 - 5, "k1"), stay("b", 16 * 60 + 1, "k1")]  # the day ends 16 hours after T0
    tell(engine, {"calls": legs, "contact_links": [leg("b", "a", 16 * 60 + 1)]})
    answers(engine, survey("s1", 16 * 60 + 30, call_id="a", csat_score=5))
    names = ("askable_contacts", "survey_count", "unplaced_survey_count", "csat_count")
    assert counts(engine, *names) == (0, 0, 0, 0)
    next_day = {"window_start": DAY["window_end"], "window_end": DAY["window_end"] + timedelta(days=1)}
    assert counts(engine, *names, **next_day) == (1, 1, 0, 1)


def test_a_ticket_that_the_customer_wrote_is_a_further_contact_one_about_the_call_is_none(
    engine: sa.Engine,
) -> None:
    tell(engine, {"calls": [stay("a", 0, "k1"), stay("b", 0, "k2")]}, name="pbx")
    tickets = [
        {"ticket_id": "t1", "created_at": at(60), "customer_key": "k1"},
        {"ticket_id": "t2", "created_at": at(60), "customer_key": "k2", "call_id": "b"},
    ]
    events = [
        {
            "ticket_id": ticket,
            "occurred_at": at(60),
            "event_number": n,
            "event_name": event,
            "value_text": value,
        }
        for ticket in ("t1", "t2")
        for n, (event, value) in enumerate([("created", None), ("group", "sales")])
    ]
    tell(engine, {"tickets": tickets}, {"ticket_events": events}, name="desk")
    assert counts(engine, *FCR) == (2, 1, 0)


def test_flagged_resolution_counts_who_was_told_of_only(engine: sa.Engine) -> None:
    flags = (True, False, None, True)
    tell(engine, {"calls": [stay(f"c{n}", n * 10, is_resolved=flag) for n, flag in enumerate(flags)]})
    answers(
        engine, survey("s1", 60, call_id="c0", csat_score=3, is_resolved=False)
    )  # the customer knows better
    row = one(engine)
    assert (row["flagged_contacts"], row["resolved_first_contacts"]) == (3, 1)
    assert row["fcr_flagged_ratio"] == 1 / 3


@pytest.mark.parametrize(
    ("night", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)], ids=["spring", "autumn"]
)
def test_a_local_day_is_one_row_on_both_nights_of_the_clock_change(
    engine: sa.Engine, night: date, hours: int
) -> None:
    begin = datetime(2026, night.month, night.day, tzinfo=UTC) - timedelta(hours=2 if hours == 23 else 3)
    end = begin + timedelta(hours=hours)
    rows = [
        stay(f"c{n}", (instant - T0).total_seconds() / 60)
        for n, instant in enumerate((begin - timedelta(seconds=1), begin, end - timedelta(seconds=1), end))
    ]
    tell(engine, {"calls": rows})
    day = timedelta(days=1)
    window = {"window_start": begin - day, "window_end": end + day, "as_of": end + 40 * day}
    with warehouse.connected(engine) as connection:
        days = voice_queries.voice_days(connection, **window)
    assert days.select("day_date", "askable_contacts").rows() == [
        (night - timedelta(days=1), 1), (night, 2), (night + timedelta(days=1), 1)
    ]  # fmt: skip


def test_the_spread_of_the_scores_shows_those_that_nobody_gave(engine: sa.Engine) -> None:
    answers(
        engine,
        *(survey(f"s{n}", n, csat_score=score, nps_score=10) for n, score in enumerate((5, 5, 4.5, 1))),
    )
    with warehouse.connected(engine) as connection:
        found = voice_queries.voice_scores(connection, **DAY)
    spread = {
        (row["scale_name"], row["step_score"]): row["score_count"] for row in found.iter_rows(named=True)
    }
    assert [spread["csat", step] for step in range(1, 6)] == [1, 0, 0, 1, 2]
    assert [spread["nps", step] for step in range(11)] == [0] * 10 + [4]


def test_a_contact_belongs_to_the_team_of_its_agent_on_that_day(engine: sa.Engine) -> None:
    tell(engine, {"calls": [stay("c1", 0), stay("c2", 1440)]})
    with engine.begin() as connection:
        connection.execute(sa.text("insert into warehouse.teams (team_name) values ('Old'), ('New')"))
        connection.execute(
            sa.text(
                "insert into warehouse.team_members (team_id, agent_id, started_date, ended_date) "
                "select t.team_id, a.agent_id, "
                "case team_name when 'Old' then date '2026-01-01' else date '2026-03-03' end, "
                "case team_name when 'Old' then date '2026-03-03' end from warehouse.teams as t, warehouse.agents as a"
            )
        )
    answers(
        engine, survey("s1", 30, call_id="c1", csat_score=5), survey("s2", 1500, call_id="c2", csat_score=1)
    )
    both = {**DAY, "window_end": DAY["window_end"] + timedelta(days=1)}
    with warehouse.connected(engine) as connection:
        teams = voice_queries.voice_groups(connection, **both, by_name="team")
    assert teams.select("of_name", "csat_count", "csat_ratio").rows() == [("New", 1, 0.0), ("Old", 1, 1.0)]
    assert counts(engine, "csat_count", **both, team_id=1) == (1,)


def test_business_hours_leave_out_what_came_while_the_queue_was_closed(engine: sa.Engine) -> None:
    tell(engine, {"calls": [stay("c1", 0), stay("c2", 600)]})  # 10:00 and 20:00 in Tallinn, a Monday
    with engine.begin() as connection:
        connection.execute(
            sa.text("insert into warehouse.schedules values ('Office', 'Europe/Tallinn', true, null)")
        )
        connection.execute(
            sa.text("insert into warehouse.business_hours values ('Office', 0, 32400, 61200)")
        )  # 9:00-17:00
    assert counts(engine, "askable_contacts") == (2,)
    assert counts(engine, "askable_contacts", is_business_hours=True) == (1,)


KEYS = st.sampled_from(["k1", "k2", None])
DRAWN = st.lists(
    st.tuples(
        st.integers(0, 5 * 1440), KEYS, st.sampled_from(["sales", "billing"]), st.sampled_from(["mari", "jaan"]),
        st.booleans(), st.none() | st.integers(1, 5), st.none() | st.integers(0, 10),
    ),
    max_size=9,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=DRAWN)
def test_every_list_is_as_long_as_its_number_and_parts_make_the_whole(
    engine: sa.Engine, drawn: list[Any]
) -> None:
    with engine.begin() as connection:
        for table in ("calls", "surveys", "queue_intervals", "agent_intervals"):
            connection.execute(sa.text(f"delete from warehouse.{table}"))  # noqa: S608 - names of this list
    calls, told = [], []
    for n, (minute, key, queue, agent, is_answered, csat, nps) in enumerate(drawn):
        kind = stay if is_answered else lost
        calls.append(
            kind(f"c{n}", minute, key, queue_name=queue, **({"agent_name": agent} if is_answered else {}))
        )
        if csat or nps is not None:
            told.append(survey(f"s{n}", minute + 10, call_id=f"c{n}", csat_score=csat, nps_score=nps))
    if calls:
        tell(engine, {"calls": calls})
    if told:
        answers(engine, *told)
    whole = {**DAY, "window_end": DAY["window_start"] + timedelta(days=6)}
    totals = one(engine, **whole)
    for name in COLUMNS:
        assert contacts(engine, **whole, of_name=name).height == totals[name], name
    days = [
        one(engine, window_start=start, window_end=start + timedelta(days=1))
        for start in (DAY["window_start"] + timedelta(days=n) for n in range(6))
    ]
    assert {name: sum(day[name] for day in days) for name in COLUMNS} == {
        name: totals[name] for name in COLUMNS
    }
    with warehouse.connected(engine) as connection:
        for by in ("queue", "agent", "channel", "team", "topic"):
            parts = voice_queries.voice_groups(connection, **whole, by_name=by)
            assert {n: parts[n].sum() for n in COLUMNS} == {n: totals[n] for n in COLUMNS}, by


def test_a_number_that_is_not_counted_here_is_refused_with_those_that_are(engine: sa.Engine) -> None:
    with pytest.raises(
        WarehouseError, match="'abandoned_calls' is no count of contacts; expected one of askable_contacts"
    ):
        contacts(engine, of_name="abandoned_calls")
    with pytest.raises(WarehouseError, match="cannot be narrowed by priority_name"):
        one(engine, priority_name="high")


LOW = {"is_due": True}


def test_comments_are_found_by_word_and_score(engine: sa.Engine) -> None:
    tell(engine, {"calls": [stay(f"c{n}", n * 10) for n in range(3)]})
    said = [(1, "Nobody could HELP me"), (5, "helped at once"), (3, "")]
    answers(
        engine,
        *(
            survey(f"s{n}", n * 10 + 30, call_id=f"c{n}", csat_score=s, comment_text=x)
            for n, (s, x) in enumerate(said)
        ),
    )
    assert contacts(engine, has_words=True).height == 2
    assert contacts(engine, search_text="help").height == 2
    assert contacts(engine, search_text="%").height == 0  # a sign is a sign
    assert contacts(engine, search_text="help", score_name="low")["contact_id"].to_list() == ["c0"]


def test_a_low_score_is_due_until_somebody_has_followed_it_up_and_again_when_that_is_taken_back(
    engine: sa.Engine,
) -> None:
    tell(engine, {"calls": [stay("c1", 0), stay("c2", 10)]})
    answers(
        engine, survey("s1", 30, call_id="c1", csat_score=2), survey("s2", 31, call_id="c2", csat_score=3)
    )
    assert contacts(engine, **LOW)["contact_id"].to_list() == ["c1"]
    place = {"kind_name": "call", "source_name": "records", "contact_id": "c1"}

    def mark(*, is_done: bool, comment_text: str | None = None) -> bool:
        with warehouse.connected(engine) as connection:
            return voice_desk.mark(
                connection,
                **place,
                is_done=is_done,
                comment_text=comment_text,
                viewer_name="liis",
                now=at(90),
            )

    assert mark(is_done=True, comment_text="Called back; refund on its way.")
    assert not mark(is_done=True, comment_text="again")  # two people at once: the first one stands
    assert contacts(engine, **LOW).height == 0
    kept = contacts(engine).filter(pl.col("contact_id") == "c1").row(0, named=True)
    assert (kept["is_followed_up"], kept["followed_up_by_name"], kept["followed_up_at"], kept["follow_up_text"]) == (
        True, "liis", at(90), "Called back; refund on its way."
    )  # fmt: skip
    assert mark(is_done=False)
    assert contacts(engine, **LOW)["contact_id"].to_list() == ["c1"]
    assert ask(engine, "select count(*) from warehouse.follow_ups") == [(2,)]  # nothing is overwritten
