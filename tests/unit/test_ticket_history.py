"""A ticket's measures from its events: statuses, turns of the conversation, the hands it went through, and odd endings."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import LoadError
from etl.tickets.ticket_history import MEASURES, histories
from tests.laws import law
from tests.ticket_stories import DAY, MIN, SCHEDULES, H, at, frames


def measured(story: str, default: str | None = "office") -> pl.DataFrame:
    return histories(*frames(story), schedules=SCHEDULES, default_schedule_name=default).measures


def measure(story: str, *names: str, default: str | None = "office") -> Any:
    """One measure of the story's ticket, or several as a tuple."""
    row = measured(story, default).select(names).row(0)
    return row if len(names) > 1 else row[0]


ORDINARY = """
    12.08:00  created   email
    12.08:00  priority  high
    12.08:00  group     Billing
    12.08:00  request
    12.09:30  agent     7
    12.09:30  status    open
    12.09:40  note      7
    12.10:00  reply     7
    12.10:00  status    pending
    13.09:00  request
    13.09:00  status    open
    13.10:00  agent     8
    13.12:00  status    on_hold
    13.15:00  status    open
    13.16:00  reply     8
    13.16:00  status    solved
    17.16:00  status    closed
    17.17:00  csat      4
"""


def test_an_ordinary_ticket_has_the_measures_worked_out_by_hand() -> None:
    row = measured(ORDINARY).row(0, named=True)
    expected = {
        "status_name": "closed",
        "status_since_at": at("17.16:00"),
        "is_deleted": False,
        "schedule_name": "office",
        "priority_name": "high",
        "group_name": "Billing",
        "channel_name": "email",
        "agent_id": 8,
        "first_agent_id": 7,
        "first_reply_at": at("12.10:00"),
        "first_resolved_at": at("13.16:00"),
        "last_resolved_at": at("13.16:00"),
        "resolved_at": at("13.16:00"),
        "closed_at": at("17.16:00"),
        "owes_reply_since_at": None,
        "last_event_at": at("17.17:00"),
        "csat_score": 4.0,
        "first_reply_seconds": 2 * H,
        "first_reply_business_seconds": 1 * H,  # from 09:00
        "total_reply_seconds": 2 * H + 7 * H,
        "total_reply_business_seconds": 1 * H + 7 * H,
        "first_resolution_seconds": DAY + 8 * H,
        "first_resolution_business_seconds": 8 * H + 7 * H,
        "full_resolution_seconds": DAY + 8 * H,
        "full_resolution_business_seconds": 15 * H,
        "requester_wait_seconds": 2 * H + 7 * H,  # new and open, then open, on hold, open
        "requester_wait_business_seconds": 1 * H + 7 * H,
        "agent_wait_seconds": 23 * H,
        "agent_wait_business_seconds": 7 * H,  # 10:00 to 17:00, then nothing before 09:00
        "on_hold_seconds": 3 * H,
        "on_hold_business_seconds": 3 * H,
        "agent_work_seconds": 2 * H + 4 * H,
        "agent_work_business_seconds": 1 * H + 4 * H,
        "new_status_seconds": 90 * MIN,
        "new_status_business_seconds": 30 * MIN,
        "open_status_seconds": 30 * MIN + 4 * H,
        "open_status_business_seconds": 30 * MIN + 4 * H,
        "solve_seconds": DAY + 8 * H,
        "solve_business_seconds": 15 * H,
        "unassigned_seconds": 90 * MIN,
        "unassigned_business_seconds": 30 * MIN,
        "first_assignment_to_resolution_seconds": DAY + 6 * H + 30 * MIN,
        "first_assignment_to_resolution_business_seconds": 14 * H + 30 * MIN,
        "last_assignment_to_resolution_seconds": 6 * H,
        "last_assignment_to_resolution_business_seconds": 6 * H,
        "reply_count": 2,
        "agent_comment_count": 3,
        "public_agent_comment_count": 2,
        "requester_comment_count": 2,
        "public_comment_count": 4,
        "internal_comment_count": 1,
        "handoff_count": 2,
        "assignee_count": 2,
        "assignee_station_count": 2,
        "group_station_count": 1,
        "resolution_count": 1,
        "reopen_count": 0,
        "reopen_in_7_days_count": 0,
        "is_one_touch": False,
        "is_two_touch": True,
        "is_multi_touch": False,
        "ticket_id": "a",
        "created_at": at("12.08:00"),
    }
    assert row == expected


@pytest.mark.parametrize(
    ("statuses", "expected", "since"),
    [
        ("", "new", "12.08:00"),
        ("09 open", "open", "12.09:00"),
        ("09 open, 10 open", "open", "12.09:00"),  # told again
        ("09 open, 10 solved", "solved", "12.10:00"),
        ("09 open, 10 solved, 11 closed", "closed", "12.11:00"),
        ("09 solved, 10 open", "needs_rework", "12.10:00"),
        ("09 solved, 10 new, 11 open", "needs_rework", "12.10:00"),
        ("09 closed, 10 open", "needs_rework", "12.10:00"),
        ("09 solved, 10 open, 11 pending", "pending", "12.11:00"),
        ("09 solved, 10 open, 11 on_hold", "on_hold", "12.11:00"),
        ("09 solved, 10 open, 11 pending, 12 open", "open", "12.12:00"),
        ("09 solved, 10 open, 11 solved", "solved", "12.11:00"),
        ("09 solved, 10 open, 11 solved, 12 open", "needs_rework", "12.12:00"),
        ("09 solved, 10 pending, 11 open", "open", "12.11:00"),
        ("09 needs_rework, 10 open", "needs_rework", "12.09:00"),  # the source's own word
        ("09 open, 10 nonsense", "open", "12.09:00"),
    ],
)
def test_the_status_now(statuses: str, expected: str, since: str) -> None:
    lines = "".join(
        f"12.{part.split()[0]}:00 status {part.split()[1]}\n" for part in statuses.split(", ") if part
    )
    assert measure(f"12.08:00 created\n{lines}", "status_name", "status_since_at") == (expected, at(since))


@pytest.mark.parametrize(
    ("statuses", "resolutions", "reopens", "soon", "resolved"),
    [
        ("12 solved", 1, 0, 0, "12"),
        ("12 solved, 13 closed", 1, 0, 0, "12"),  # closing is no second resolution
        ("12 solved, 13 solved", 1, 0, 0, "12"),
        ("12 closed", 1, 0, 0, "12"),  # closed without having been solved
        ("12 solved, 13 open", 1, 1, 1, None),
        ("12 solved, 13 pending", 1, 1, 1, None),
        ("12 solved, 19 open", 1, 1, 1, None),  # seven days later to the second
        ("12 solved, 20 open", 1, 1, 0, None),
        ("12 solved, 15 closed, 20 open", 1, 1, 0, None),  # 8 days after the solving, 5 after the closing
        ("12 solved, 13 open, 14 solved, 22 open, 23 solved", 3, 2, 1, "23"),
        ("12 solved, 13 open, 13 needs_rework, 14 solved", 2, 1, 1, "14"),  # one reopening, told twice
        ("12 solved, 13 needs_rework, 14 closed", 2, 1, 1, "14"),
        ("12 needs_rework, 14 solved", 1, 1, 0, "14"),  # when it was solved before is not known
    ],
)
def test_resolutions_and_reopenings(
    statuses: str, resolutions: int, reopens: int, soon: int, resolved: str | None
) -> None:
    lines = "".join(f"{part.split()[0]}.09:00 status {part.split()[1]}\n" for part in statuses.split(", "))
    names = ("resolution_count", "reopen_count", "reopen_in_7_days_count", "resolved_at")
    expected = (resolutions, reopens, soon, resolved and at(f"{resolved}.09:00"))
    assert measure(f"12.08:00 created\n{lines}", *names) == expected


def test_seven_days_and_a_second_after_its_solving_a_reopening_counts_as_late() -> None:
    story = "12.08:00 created\n12.09:00 status solved\n19.09:00:{} status open"
    assert measure(story.format("00"), "reopen_in_7_days_count") == 1
    assert measure(story.format("01"), "reopen_in_7_days_count") == 0


def test_a_reopened_ticket_has_no_full_resolution_but_keeps_the_first() -> None:
    story = "12.08:00 created\n12.10:00 status solved\n12.11:00 status open"
    names = ("first_resolution_seconds", "first_resolution_business_seconds", "full_resolution_seconds")
    assert measure(story, *names, "first_assignment_to_resolution_seconds") == (2 * H, 1 * H, None, None)
    assert measure(story, "last_resolved_at", "resolved_at", "closed_at") == (at("12.10:00"), None, None)
    assert measure(story, "is_one_touch", "is_two_touch", "is_multi_touch") == (None, None, None)


def test_rework_counts_as_open_time_and_solved_time_counts_nowhere() -> None:
    story = "12.08:00 created\n12.09:00 status solved\n12.12:00 status open\n12.14:00 status solved"
    names = ("open_status_seconds", "agent_work_seconds", "requester_wait_seconds", "solve_seconds")
    assert measure(story, *names) == (2 * H, 3 * H, 3 * H, 3 * H)


@pytest.mark.parametrize(
    ("words", "first", "total", "replies", "owes"),
    [
        ("", None, None, 0, None),
        ("08 request", None, None, 0, "08"),
        ("08 request, 09 reply 7", 1, 1, 1, None),
        ("08 request, 09 reply 7, 10 reply 7", 1, 1, 2, None),
        ("08 request, 09 request, 11 reply 7", 3, 3, 1, None),  # asked twice, waited once
        ("08 request, 09 reply 7, 10 request, 12 request, 13 reply 8", 1, 1 + 3, 2, None),
        ("08 request, 09 reply 7, 10 request, 12 request", 1, 1, 1, "10"),  # the oldest unanswered word
        ("08 request, 09 note 7, 10 reply 7", 2, 2, 1, None),
        ("08 request, 09 note 7", None, None, 0, "08"),
        ("08 request, 09 reply system, 10 reply 7", 2, 2, 1, None),  # an automatic answer is none
        ("10 reply 7", 2, 2, 1, None),  # the source does not deliver the opening words
        ("08 reply 7", None, None, 0, None),  # opened by an agent
        ("08 reply 7, 09 reply 7", 1, 1, 1, None),
        ("08 reply 7, 09 request, 11 reply 7", 3, 3, 1, None),
        ("08 reply 7, 09 request", None, None, 0, "09"),
        ("08 request, 08 reply 7", 0, 0, 1, None),  # at once, but after the requester's word
    ],
)
def test_turns_of_the_conversation(
    words: str, first: int | None, total: int | None, replies: int, owes: str | None
) -> None:
    lines = "".join(f"12.{part.replace(' ', ':00 ', 1)}\n" for part in words.split(", ") if part)
    names = ("first_reply_seconds", "total_reply_seconds", "reply_count", "owes_reply_since_at")
    hours = tuple(None if hour is None else hour * H for hour in (first, total))
    expected = (*hours, replies, owes and at(f"12.{owes}:00"))
    assert measure(f"12.08:00 created\n{lines}", *names) == expected


def test_an_agents_first_word_some_seconds_after_the_creation_still_opens_the_ticket() -> None:
    assert measure("12.08:00 created\n12.08:00:05 reply 7", "first_reply_at") is None
    assert measure("12.08:00 created\n12.08:00:06 reply 7", "first_reply_at") == at("12.08:00:06")


@pytest.mark.parametrize("ending", ["status solved", "status closed", "deleted"])
def test_nobody_owes_an_answer_on_a_ticket_that_is_over(ending: str) -> None:
    assert measure(f"12.08:00 created\n12.08:00 request\n12.09:00 {ending}", "owes_reply_since_at") is None


@pytest.mark.parametrize(
    ("touches", "expected"),
    [
        (0, (False, False, False)),
        (1, (True, False, False)),
        (2, (False, True, False)),
        (3, (False, False, True)),
    ],
)
def test_touches_are_public_comments_of_agents(touches: int, expected: tuple[bool, bool, bool]) -> None:
    comments = "".join(f"12.09:0{minute} reply 7\n12.09:0{minute} note 7\n" for minute in range(touches))
    story = f"12.08:00 created\n12.08:00 request\n12.08:30 reply system\n{comments}12.10:00 status solved"
    assert measure(story, "is_one_touch", "is_two_touch", "is_multi_touch") == expected
    assert measure(story.removesuffix("12.10:00 status solved"), "is_one_touch") is None


def test_what_the_system_writes_is_no_agents_comment() -> None:
    story = "12.08:00 created\n12.08:01 reply system\n12.08:02 note system\n12.08:03 note 7"
    names = (
        "agent_comment_count",
        "public_agent_comment_count",
        "public_comment_count",
        "internal_comment_count",
    )
    assert measure(story, *names) == (1, 0, 1, 2)


def test_assignments_stations_and_time_without_an_agent() -> None:
    story = """
        12.08:00 created
        12.09:00 agent 7
        12.10:00 agent 7
        12.11:00 agent
        12.13:00 agent 8
        12.14:00 agent 7
        12.15:00 status solved
        12.16:00 agent
        12.18:00 status closed
    """
    names = ("agent_id", "first_agent_id", "assignee_count", "assignee_station_count", "unassigned_seconds")
    # 08:00 to 09:00 and 11:00 to 13:00; once it is solved, nobody need have it
    assert measure(story, *names) == (None, 7, 2, 3, 1 * H + 2 * H)
    names = ("first_assignment_to_resolution_seconds", "last_assignment_to_resolution_seconds")
    assert measure(story, *names) == (6 * H, 1 * H)


def test_an_assignment_after_the_resolution_is_none_on_the_way_to_it() -> None:
    late = "12.08:00 created\n12.09:00 status solved\n12.10:00 agent 7"
    assert measure(late, "first_assignment_to_resolution_seconds", "first_agent_id") == (None, 7)
    same = "12.08:00 created\n12.09:00 status solved\n12.09:00 agent 7"
    assert measure(same, "last_assignment_to_resolution_seconds") == 0


def test_groups_of_a_ticket_without_any_are_unknown_not_none() -> None:
    assert measure("12.08:00 created", "group_name", "group_station_count", "assignee_station_count") == (
        None,
        None,
        0,
    )
    story = "12.08:00 created\n12.08:00 group A\n12.09:00 group B\n12.10:00 group B\n12.11:00 group A"
    assert measure(story, "group_name", "group_station_count") == ("A", 3)


@pytest.mark.parametrize(
    ("told", "score"), [("5", 5.0), ("1", 1.0), ("0", None), ("6", None), ("offered", None)]
)
def test_only_a_score_from_1_to_5_is_one(told: str, score: float | None) -> None:
    assert measure(f"12.08:00 created\n12.09:00 csat 3\n12.10:00 csat {told}", "csat_score") == score


def test_durations_run_to_the_last_event_and_no_further() -> None:
    open_ticket = "12.08:00 created\n12.09:00 status open\n12.11:30 note 7"
    assert measure(open_ticket, "open_status_seconds", "last_event_at") == (2 * H + 30 * MIN, at("12.11:30"))


def test_deleted_time_counts_nowhere_and_a_recovered_ticket_goes_on() -> None:
    story = "12.08:00 created\n12.09:00 status open\n12.10:00 deleted\n12.15:00 status pending\n12.16:00 status open"
    names = ("is_deleted", "status_name", "open_status_seconds", "agent_wait_seconds", "solve_seconds")
    assert measure(story, *names) == (False, "open", 1 * H, 1 * H, 3 * H)
    merged = "12.08:00 created\n12.09:00 status solved\n12.10:00 deleted\n12.11:00 note system"
    assert measure(merged, "is_deleted", "status_name", "resolution_count") == (True, "solved", 1)


def test_what_happened_before_the_creation_counts_as_at_the_creation() -> None:
    story = "12.08:00 created\n12.07:59 agent 7\n12.06:00 status open\n12.07:00 request\n12.09:00 reply 7"
    names = ("unassigned_seconds", "new_status_seconds", "open_status_seconds", "first_reply_seconds")
    assert measure(story, *names, "status_since_at") == (0, 0, 1 * H, 1 * H, at("12.08:00"))
    assert measure("12.08:00 created\n12.07:00 request", "owes_reply_since_at") == at("12.08:00")


def test_a_ticket_without_any_event_is_new_since_its_creation() -> None:
    names = ("status_name", "status_since_at", "last_event_at", "solve_seconds", "solve_business_seconds")
    assert measure("12.08:00 created", *names) == ("new", at("12.08:00"), at("12.08:00"), 0, 0)
    assert measure("12.08:00 created chat", "channel_name", "requester_comment_count") == ("chat", 0)
    assert measure("12.08:00 created chat\n12.09:00 channel call", "channel_name") == "call"


def test_no_tickets_at_all_give_the_same_columns() -> None:
    nothing = measured("")
    assert (nothing.columns, len(nothing)) == (list(MEASURES), 0)
    assert nothing.schema == measured(ORDINARY).schema


def test_events_of_other_tickets_are_not_looked_at() -> None:
    tickets, events = frames("12.08:00 created\n12.09:00 reply 7\n12.08:00 created\n12.10:00 reply 7")
    only = histories(tickets.head(1), events, schedules=SCHEDULES).measures
    assert only.select("ticket_id", "first_reply_at").rows() == [("a", at("12.09:00"))]


def test_without_a_timetable_business_time_is_unknown() -> None:
    story = "12.08:00 created\n12.10:00 reply 7\n12.11:00 status solved"
    names = [name for name in MEASURES if name.endswith("_business_seconds")]
    assert set(measured(story, None).select(names).row(0)) == {None}
    assert measure(story, "first_reply_seconds", "full_resolution_seconds", default=None) == (2 * H, 3 * H)


def test_business_time_follows_the_timetable_in_force() -> None:
    # early is open from 06:00 to 10:00, office from 09:00 to 17:00
    story = "12.05:00 created\n12.05:00 schedule early\n12.08:00 schedule office\n12.11:00 reply 7\n12.11:00 status solved"
    names = ("first_reply_business_seconds", "full_resolution_business_seconds", "schedule_name")
    assert measure(story, *names, default=None) == (2 * H + 2 * H, 2 * H + 2 * H, "office")
    lost = story.replace("schedule office", "schedule vanished")
    assert measure(lost, *names) == (None, None, "vanished")
    for instant in ("12.07:00", "12.08:00"):  # before it is lost, and at that instant
        answered = lost.replace("12.11:00 reply", f"{instant} reply")
        hours = int(instant[3:5]) - 6
        assert measure(answered, "first_reply_business_seconds") == hours * H


@pytest.mark.parametrize(
    ("broken", "word"),
    [
        (lambda t, e: (t.drop("channel_name"), e), "frame of tickets has no column channel_name"),
        (lambda t, e: (t, e.drop("actor_name")), "frame of ticket events has no column actor_name"),
        (lambda t, e: (pl.concat([t, t]), e), "hold one twice"),
        (lambda t, e: (t.with_columns(created_at=None), e), "without ticket_id or created_at"),
        (lambda t, e: (t, e.with_columns(occurred_at=pl.lit("noon"))), "ticket events has .* expected"),
    ],
)
def test_a_broken_frame_is_refused_with_what_was_expected(broken: Any, word: str) -> None:
    with pytest.raises(LoadError, match=word):
        histories(*broken(*frames(ORDINARY)), schedules=SCHEDULES)


def test_an_unknown_default_timetable_is_refused() -> None:
    with pytest.raises(LoadError, match="default schedule is 'night'; expected one of"):
        measured(ORDINARY, "night")


NAMES = st.sampled_from(
    [
        *(
            ("status", word)
            for word in ("new", "open", "pending", "on_hold", "solved", "closed", "needs_rework")
        ),
        *(("agent", who) for who in ("7", "8", "")),
        *(("priority", word) for word in ("high", "low")),
        *((word, "7") for word in ("reply", "note")),
        *(
            ("request", ""),
            ("deleted", ""),
            ("schedule", "early"),
            ("group", "A"),
            ("csat", "5"),
            ("reply", "system"),
        ),
    ]
)
STORIES = st.lists(st.tuples(st.integers(-300, 20_000), NAMES), max_size=25).map(
    lambda rows: (
        "12.08:00 created\n"
        + "".join(
            f"{12 + (480 + m) // 1440}.{(480 + m) % 1440 // 60}:{m % 60} {name} {value}\n"
            for m, (name, value) in rows
        )
    )
)


@law(60)
@given(STORIES, st.randoms(use_true_random=False))
def test_no_story_raises_or_gives_a_negative_figure_and_the_order_of_arrival_does_not_matter(
    story: str, random: Any
) -> None:
    tickets, events = frames(story)
    whole = histories(tickets, events, schedules=SCHEDULES, default_schedule_name="office").measures
    order = list(range(len(events)))
    random.shuffle(order)
    again = histories(tickets, events[order], schedules=SCHEDULES, default_schedule_name="office").measures
    assert whole.equals(again)
    figures = whole.select(pl.col("^.*_(seconds|count)$")).row(0)
    assert all(figure is None or figure >= 0 for figure in figures)
    row = whole.row(0, named=True)
    assert row["solve_seconds"] == row["requester_wait_seconds"] + row["agent_wait_seconds"]
    assert row["agent_work_seconds"] == row["new_status_seconds"] + row["open_status_seconds"]
    for name in ("first_reply", "first_resolution", "full_resolution", "solve", "unassigned", "total_reply"):
        calendar, business = row[f"{name}_seconds"], row[f"{name}_business_seconds"]
        assert (calendar is None and business is None) or 0 <= business <= calendar
    assert row["resolution_count"] - row["reopen_count"] in (*range(-25, 1), 1)
    assert (row["resolved_at"] is not None) == (row["status_name"] in ("solved", "closed"))
