"""What was promised for a ticket: frozen when given, due by the right clock, and missed when it is open and overdue."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import LoadError
from etl.tickets.ticket_history import histories, outcome
from etl.tickets.ticket_targets import NO_POLICIES
from tests.laws import law
from tests.ticket_stories import SCHEDULES, H, at, frames, many


def policies(*rows: str) -> pl.DataFrame:
    """From rows of 'policy priority target hours clock from until': '*' is any priority, '-' no end."""
    table = []
    for row in rows:
        policy, priority, target, hours, clock, *valid = row.split()
        start, end = valid or ("1.00:00", "-")
        table.append(
            {
                "policy_name": policy,
                "priority_name": None if priority == "*" else priority,
                "target_name": target,
                "target_seconds": round(float(hours) * H),
                "is_business": clock == "business",
                "valid_from_at": at(start),
                "valid_until_at": None if end == "-" else at(end),
            }
        )
    return pl.DataFrame(table, schema=NO_POLICIES.schema)


def promised(story: str, *rules: str, default: str | None = "office") -> pl.DataFrame:
    tickets, events = frames(story)
    return histories(
        tickets, events, schedules=SCHEDULES, default_schedule_name=default, policies=policies(*rules)
    ).targets


def short(instant: datetime | None) -> str | None:
    """An instant as the stories write it."""
    if instant is None:
        return None
    return f"{(instant - datetime(2026, 1, 1, tzinfo=UTC)).days + 1}.{instant:%H:%M}"


def drawn(targets: pl.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return [
        tuple(short(value) if isinstance(value, datetime) else value for value in row)
        for row in targets.select(names).rows()
    ]


def outcomes(targets: pl.DataFrame, as_of: str) -> list[str | None]:
    return outcome(targets, at(as_of)).to_list()


REPLY = "gold * first_reply 4 calendar"
DUE = ("applied_at", "due_at", "met_at", "ended_at")


def test_one_row_has_everything_about_a_promise() -> None:
    targets = promised(
        "12.08:00 created\n12.08:00 request\n12.10:00 reply 7", "gold * first_reply 4 business"
    )
    assert targets.rows(named=True) == [
        {
            "ticket_id": "a",
            "target_name": "first_reply",
            "applied_at": at("12.08:00"),
            "target_seconds": 4 * H,
            "is_business": True,
            "due_at": at("12.13:00"),  # four hours from the opening at 09:00
            "met_at": at("12.10:00"),
            "ended_at": at("12.10:00"),
            "policy_name": "gold",
        }
    ]


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("", [("12.08:00", "12.12:00", None, None)]),
        ("12.08:00 request", [("12.08:00", "12.12:00", None, None)]),
        ("12.08:00 request\n12.09:00 reply 7", [("12.08:00", "12.12:00", "12.09:00", "12.09:00")]),
        ("12.09:00 reply 7", [("12.08:00", "12.12:00", "12.09:00", "12.09:00")]),
        ("12.08:00 request\n12.09:00 status solved", [("12.08:00", "12.12:00", None, "12.09:00")]),
        ("12.08:00 request\n12.09:00 deleted", [("12.08:00", "12.12:00", None, "12.09:00")]),
        (
            "12.08:00 request\n12.09:00 status solved\n12.10:00 status open",
            [("12.08:00", "12.12:00", None, None)],
        ),
        ("12.08:00 reply 7", []),  # opened by an agent: nobody waits
        ("12.08:00 reply 7\n12.09:30 request", [("12.09:30", "12.13:30", None, None)]),
        (
            "12.08:00 reply 7\n12.09:30 request\n12.10:00 reply 7",
            [("12.09:30", "12.13:30", "12.10:00", "12.10:00")],
        ),
    ],
)
def test_a_first_reply(story: str, expected: list[tuple[str | None, ...]]) -> None:
    assert drawn(promised(f"12.08:00 created\n{story}", REPLY), *DUE) == expected


def test_each_word_after_a_reply_is_owed_the_next_one_from_the_oldest_unanswered() -> None:
    story = """
        12.08:00 created
        12.08:00 request
        12.09:00 reply 7
        12.10:00 request
        12.11:00 request
        12.12:00 reply 7
        12.13:00 reply 7
        12.14:00 request
        12.15:00 note 7
    """
    targets = promised(story, "gold * next_reply 1 calendar")
    assert drawn(targets, *DUE) == [
        ("12.10:00", "12.11:00", "12.12:00", "12.12:00"),
        ("12.14:00", "12.15:00", None, None),
    ]
    assert outcomes(targets, "12.14:30") == ["missed", "running"]
    assert outcomes(targets, "12.15:01") == ["missed", "missed"]


RESOLUTION = "gold * resolution 6 calendar"
WAIT = "gold * requester_wait 6 calendar"


@pytest.mark.parametrize(
    ("rule", "statuses", "due", "met"),
    [
        (RESOLUTION, "", "12.14:00", None),
        (RESOLUTION, "12.09:00 pending", "12.14:00", None),  # waiting for the requester counts
        (RESOLUTION, "12.10:00 solved", "12.14:00", "12.10:00"),
        (RESOLUTION, "12.10:00 solved, 16.10:00 closed", "12.14:00", "12.10:00"),
        (RESOLUTION, "12.10:00 solved, 13.10:00 open", "13.14:00", None),  # four of six hours were left
        (RESOLUTION, "12.10:00 solved, 13.10:00 open, 13.11:00 solved", "13.14:00", "13.11:00"),
        (RESOLUTION, "12.20:00 solved", "12.14:00", "12.20:00"),
        (RESOLUTION, "12.15:00 solved, 13.10:00 open", "12.14:00", None),  # late before it came back
        (WAIT, "", "12.14:00", None),
        (WAIT, "12.09:00 on_hold", "12.14:00", None),
        (WAIT, "12.10:00 pending", None, None),  # the clock stands still
        (WAIT, "12.10:00 pending, 13.10:00 open", "13.14:00", None),
        (WAIT, "12.15:00 pending", "12.14:00", None),  # overdue before it stood still
        (WAIT, "12.14:00 pending", "12.14:00", None),  # used up to the second
        (WAIT, "12.10:00 pending, 13.10:00 solved", "13.14:00", "13.10:00"),
        (WAIT, "12.10:00 deleted", "12.14:00", None),
    ],
)
def test_resolution_and_requester_wait_run_only_while_they_should(
    rule: str, statuses: str, due: str | None, met: str | None
) -> None:
    parts = [part.split() for part in statuses.split(", ") if part]
    lines = [f"{when} {'deleted' if word == 'deleted' else f'status {word}'}" for when, word in parts]
    targets = promised("\n".join(["12.08:00 created", *lines]), rule)
    assert drawn(targets, "due_at", "met_at") == [(due, met)]


def test_business_promises_run_in_the_opening_hours_of_the_timetable_in_force() -> None:
    story = "16.16:00 created\n16.16:00 status open\n19.09:30 status pending\n19.15:00 status open"
    # Friday 16:00 to 17:00, Monday 09:00 to 09:30, from 15:00 again: 4 h are used up at 17:00 + 0:30 on Tuesday
    assert drawn(promised(story, "gold * requester_wait 4 business"), "due_at") == [("20.09:30",)]
    early = story.replace("19.15:00 status open", "19.12:00 schedule early\n19.15:00 status open")  # to 10:00
    assert drawn(promised(early, "gold * requester_wait 4 business"), "due_at") == [("20.08:30",)]


def test_business_time_that_is_used_up_at_closing_is_due_then_and_what_comes_in_the_night_is_late() -> None:
    story = "11.12:00 created\n12.17:00:01 reply 7"  # from Sunday; eight hours on Monday
    targets = promised(story, "gold * first_reply 8 business")
    assert (drawn(targets, "due_at"), outcomes(targets, "13.00:00")) == ([("12.17:00",)], ["missed"])
    assert outcomes(
        promised(story.replace("17:00:01", "17:00"), "gold * first_reply 8 business"), "13.00:00"
    ) == ["met"]


@pytest.mark.parametrize("default", [None, "office"])
def test_a_business_promise_without_a_known_timetable_never_falls_due(default: str | None) -> None:
    story = "12.08:00 created\n12.08:00 schedule vanished" if default else "12.08:00 created"
    targets = promised(story, "gold * first_reply 4 business", REPLY.replace("gold", "iron"), default=default)
    assert drawn(targets, "due_at", "policy_name") == [(None, "gold")]
    assert outcomes(targets, "31.00:00") == ["running"]


def test_a_business_promise_in_a_timetable_that_never_opens_never_falls_due() -> None:
    targets = promised("12.08:00 created\n12.08:00 schedule never", "gold * first_reply 4 business")
    assert (drawn(targets, "due_at"), outcomes(targets, "31.00:00")) == ([(None,)], ["running"])


def test_a_word_on_a_ticket_that_stays_solved_is_no_running_promise() -> None:
    story = "12.08:00 created\n12.08:30 reply 7\n12.09:00 status solved\n12.10:00 request"
    targets = promised(story, "gold * next_reply 1 calendar")
    assert drawn(targets, *DUE) == [("12.10:00", "12.11:00", None, "12.10:00")]
    assert outcomes(targets, "12.12:00") == ["withdrawn"]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (("any * first_reply 4 calendar", "high high first_reply 1 calendar"), [("high", H)]),
        (("any * first_reply 4 calendar", "low low first_reply 1 calendar"), [("any", 4 * H)]),
        (("low low first_reply 1 calendar",), []),
        (
            ("old * first_reply 4 calendar 1.00:00 -", "new * first_reply 2 calendar 11.00:00 -"),
            [("new", 2 * H)],
        ),
        (("old * first_reply 4 calendar 1.00:00 12.08:01",), [("old", 4 * H)]),
        (("old * first_reply 4 calendar 1.00:00 12.08:00",), []),  # ended at that very instant
        (("new * first_reply 4 calendar 12.08:00 -",), [("new", 4 * H)]),
        (("new * first_reply 4 calendar 12.08:01 -",), []),
        (("other * resolution 4 calendar 1.00:00 -",), []),
    ],
)
def test_the_policy_valid_when_it_was_given_and_closest_to_the_priority(
    rules: tuple[str, ...], expected: list[tuple[str, int]]
) -> None:
    targets = promised("12.08:00 created\n12.08:00 priority high", *rules)
    assert (
        drawn(targets.filter(pl.col("target_name") == "first_reply"), "policy_name", "target_seconds")
        == expected
    )


def test_a_later_change_of_the_policy_does_not_touch_what_was_promised() -> None:
    story = "12.08:00 created\n12.08:00 request"
    before = promised(story, REPLY)
    changed = ("gold * first_reply 4 calendar 1.00:00 12.09:00", "gold * first_reply 1 calendar 12.09:00 -")
    assert promised(story, *changed).equals(before)
    later = promised(story.replace("12.", "13."), *changed)
    assert drawn(later, "target_seconds", "due_at") == [
        (H, "13.09:00")
    ]  # the control: a ticket of the next day


PRIORITIES = (
    "gold high first_reply 2 calendar",
    "gold low first_reply 8 calendar",
    "gold urgent first_reply 0.5 calendar",
)


def test_a_change_of_priority_ends_the_promise_and_gives_another_from_the_same_start() -> None:
    story = "12.08:00 created\n12.08:00 priority low\n12.09:00 priority high\n12.11:00 reply 7"
    targets = promised(story, *PRIORITIES)
    assert drawn(targets, "target_seconds", *DUE) == [
        (8 * H, "12.08:00", "12.16:00", None, "12.09:00"),
        (2 * H, "12.09:00", "12.10:00", "12.11:00", "12.11:00"),
    ]
    assert outcomes(targets, "12.08:30") == ["running", None]
    assert outcomes(targets, "12.12:00") == ["withdrawn", "missed"]


def test_a_promise_that_was_missed_stays_missed_when_the_priority_is_lowered() -> None:
    story = "12.08:00 created\n12.08:00 priority high\n12.11:00 priority low\n12.12:00 reply 7"
    targets = promised(story, *PRIORITIES)
    assert drawn(targets, "due_at", "ended_at") == [("12.10:00", "12.11:00"), ("12.16:00", "12.12:00")]
    assert outcomes(targets, "12.13:00") == ["missed", "met"]


def test_a_raised_priority_may_be_overdue_when_it_is_given() -> None:
    story = "12.08:00 created\n12.08:00 priority high\n12.09:00 priority urgent"
    targets = promised(story, *PRIORITIES)
    assert drawn(targets, *DUE)[1] == ("12.09:00", "12.08:30", None, None)
    assert outcomes(targets, "12.09:01") == ["withdrawn", "missed"]


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("12.09:00 priority high", [("12.09:00", None)]),  # none until the ticket has a priority
        ("12.08:00 priority high\n12.09:00 priority normal", [("12.08:00", "12.09:00")]),  # no policy for it
        ("12.08:00 priority high\n12.09:00 priority high", [("12.08:00", None)]),  # told again
        (
            "12.08:00 priority high\n12.09:00 reply 7\n12.10:00 priority low",
            [("12.08:00", "12.09:00")],
        ),  # too late
        ("12.08:00 priority high\n12.09:00 reply 7\n12.09:00 priority low", [("12.08:00", "12.09:00")]),
        ("12.08:00 priority low\n12.08:00 priority high", [("12.08:00", None)]),
        ("12.07:00 priority high", [("12.08:00", None)]),
    ],
)
def test_when_promises_begin_and_end_with_the_priority(
    story: str, expected: list[tuple[str, str | None]]
) -> None:
    assert drawn(promised(f"12.08:00 created\n{story}", *PRIORITIES), "applied_at", "ended_at") == expected


def target(name: str, hours: float, **more: Any) -> str:
    return "target " + json.dumps(
        {"target_name": name, "target_seconds": round(hours * H), "is_business": False, **more}
    )


def test_a_target_that_the_source_applied_itself_stands_instead_of_a_policy() -> None:
    story = f"12.08:00 created\n12.08:00 request\n12.08:00 {target('first_reply', 1)}\n12.10:00 reply 7"
    targets = promised(story, REPLY, RESOLUTION)
    assert drawn(targets, "target_name", "target_seconds", "due_at", "met_at", "policy_name") == [
        ("first_reply", H, "12.09:00", "12.10:00", None),
        ("resolution", 6 * H, "12.14:00", None, "gold"),
    ]


def test_a_target_that_the_source_replaced_ends_and_the_new_one_counts_from_the_same_start() -> None:
    story = f"""
        12.08:00 created
        12.08:00 {target("resolution", 8)}
        12.09:00 {target("resolution", 3, is_business=True, policy_name="VIP")}
        12.10:00 {target("resolution", 3, is_business=True, policy_name="VIP")}
    """
    assert drawn(promised(story), "policy_name", "is_business", *DUE) == [
        (None, False, "12.08:00", "12.16:00", None, "12.09:00"),
        ("VIP", True, "12.09:00", "12.12:00", None, None),  # 09:00 to 12:00
    ]


def test_a_target_of_a_ticket_that_is_solved_as_it_is_created_counts() -> None:
    story = f"12.08:00 created\n12.08:00 {target('resolution', 1)}\n12.08:00 status solved\n12.09:00 status closed"
    assert drawn(promised(story), *DUE) == [("12.08:00", "12.09:00", "12.08:00", "12.08:00")]


@pytest.mark.parametrize(
    "told",
    [
        "target {broken",
        "target",
        "target []",
        target("first_reply", 0),
        target("first_reply", -1),
        target("agent_work", 1),
        target("next_reply", 1),  # nobody waits for a next reply
        'target {"target_name": "first_reply", "target_seconds": "soon"}',
        'target {"target_name": "first_reply", "target_seconds": 1e12}',
    ],
)
def test_a_target_that_cannot_be_read_or_fits_nothing_is_left_out(told: str) -> None:
    story = f"12.08:00 created\n12.08:00 request\n12.08:30 {told}"
    assert promised(story).rows() == []
    assert drawn(promised(story, REPLY), "policy_name") == [("gold",)]  # the site's own promise stands


@pytest.mark.parametrize(
    ("applied", "due", "met", "ended", "as_of", "expected"),
    [
        ("08", "12", None, None, "07:59", None),  # not yet given
        ("08", "12", None, None, "08:00", "running"),
        ("08", "12", None, None, "12:00", "running"),  # to the very instant
        ("08", "12", None, None, "12:01", "missed"),  # open and overdue
        ("08", "12", "10", "10", "09:00", "running"),  # as it was then
        ("08", "12", "10", "10", "10:00", "met"),
        ("08", "12", "10", "10", "18:00", "met"),
        ("08", "12", "12", "12", "18:00", "met"),  # at the instant when it is due
        ("08", "12", "13", "13", "12:30", "missed"),
        ("08", "12", "13", "13", "18:00", "missed"),
        ("08", "12", None, "10", "09:00", "running"),
        ("08", "12", None, "10", "10:00", "withdrawn"),
        ("08", "12", None, "10", "18:00", "withdrawn"),
        ("08", "12", None, "13", "18:00", "missed"),  # overdue before it was ended
        ("08", None, None, None, "18:00", "running"),
        ("08", None, "10", "10", "18:00", "met"),
        ("08", None, None, "10", "18:00", "withdrawn"),
    ],
)
def test_the_outcome_at_an_instant(
    applied: str, due: str | None, met: str | None, ended: str | None, as_of: str, expected: str | None
) -> None:
    row = dict(zip(DUE, (hour and at(f"12.{hour}:00") for hour in (applied, due, met, ended)), strict=True))
    kinds = dict.fromkeys(DUE, pl.Datetime("us", "UTC"))
    assert outcomes(pl.DataFrame([row], schema=kinds), f"12.{as_of}") == [expected]


def test_an_outcome_is_not_asked_for_without_a_time_zone() -> None:
    with pytest.raises(LoadError, match="expected an instant with a time zone"):
        outcome(promised("12.08:00 created", REPLY), at("12.08:00").replace(tzinfo=None))


def test_without_policies_and_targets_nothing_is_promised() -> None:
    nothing, something = promised("12.08:00 created"), promised("12.08:00 created", REPLY)
    assert (len(nothing), nothing.schema) == (0, something.schema)
    assert promised("", REPLY).schema == something.schema
    assert histories(*frames("12.08:00 created")).targets.schema == something.schema


def test_promises_of_many_tickets_do_not_run_into_each_other() -> None:
    alone = "12.08:00 created\n12.09:00 status open\n12.10:00 status pending"
    together = f"{alone}\n12.12:00 created\n{alone}\n14.08:00 created\n14.20:00 note 7"
    rules = (REPLY, RESOLUTION, WAIT, "gold * next_reply 1 business")
    targets = promised(together, *rules)
    drop = pl.exclude("ticket_id")
    for ticket_id in ("a", "c"):
        assert (
            targets.filter(pl.col("ticket_id") == ticket_id)
            .select(drop)
            .equals(promised(alone, *rules).select(drop))
        )


WORDS = ["request", "reply 7", "reply system", "deleted", target("resolution", 2), target("next_reply", 1)]
WORDS += [f"status {word}" for word in ("new", "open", "pending", "on_hold", "solved", "closed")]
WORDS += ["priority high", "priority low", "priority urgent", "schedule early", "schedule vanished"]
RULES = [
    *PRIORITIES,
    *(f"silver {priority} {name} {hours} {clock}" for priority, name, hours, clock in (
        ("*", "next_reply", 2, "business"), ("*", "resolution", 9, "business"), ("high", "resolution", 5, "calendar"),
        ("*", "requester_wait", 6, "business"), ("urgent", "requester_wait", 1, "calendar"),
    )),
]  # fmt: skip


@law(60)
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.sampled_from(WORDS)), max_size=20),
    st.randoms(use_true_random=False),
)
def test_every_promise_is_whole_whatever_happens_and_in_whatever_order_it_is_told(
    rows: list[tuple[int, str]], random: Any
) -> None:
    lines = (f"{12 + (480 + m) // 1440}.{(480 + m) % 1440 // 60}:{m % 60} {event}" for m, event in rows)
    tickets, events = frames("\n".join(["12.08:00 created", *lines]))
    shuffled = list(range(len(events)))
    random.shuffle(shuffled)
    rules = {"schedules": SCHEDULES, "default_schedule_name": "office", "policies": policies(*RULES)}
    history = histories(tickets, events, **rules)  # type: ignore[arg-type]
    assert history.targets.equals(histories(tickets, events[shuffled], **rules).targets)  # type: ignore[arg-type]
    row = history.measures.row(0, named=True)
    keys = history.targets.select("ticket_id", "target_name", "applied_at")
    assert not keys.is_duplicated().any()
    for promise in history.targets.iter_rows(named=True):
        assert promise["met_at"] is None or promise["met_at"] == promise["ended_at"]
        assert promise["ended_at"] is None or promise["applied_at"] <= promise["ended_at"]
        if promise["target_name"] == "resolution" and promise["met_at"]:
            assert promise["met_at"] == row["resolved_at"]
        if not promise["is_business"] and promise["due_at"]:
            assert promise["due_at"] >= row["created_at"] + timedelta(seconds=promise["target_seconds"])
    words = {"met", "missed", "withdrawn"} | (set() if row["resolved_at"] else {"running"})
    assert set(outcome(history.targets, at("60.00:00"))) <= words


def test_the_instant_when_it_is_due_and_the_time_measured_tell_the_same() -> None:
    """Two ways to one answer over 400 tickets: is due_at before the end, and are the measured seconds over the target?"""
    rules = policies("gold * requester_wait 99.5 business", "gold * first_reply 6.5 business")
    history = histories(
        *many(400, 3_000), schedules=SCHEDULES, default_schedule_name="office", policies=rules
    )
    joined = history.targets.join(history.measures, on="ticket_id", how="left", maintain_order="left")
    for name in ("requester_wait", "first_reply"):
        promise = joined.filter(pl.col("target_name") == name)
        if name == "first_reply":
            promise = promise.filter(pl.col("met_at").is_not_null())
        until = pl.coalesce("met_at", "last_event_at")
        is_late, is_over = promise.select(
            late=(pl.col("due_at") < until).fill_null(False),
            over=pl.col(f"{name}_business_seconds") > pl.col("target_seconds"),
        )
        assert is_late.to_list() == is_over.to_list()
        assert 10 < is_late.sum() < len(promise) - 10


def test_ten_thousand_tickets_with_a_hundred_thousand_events_take_seconds_not_minutes() -> None:
    rules = [f"gold * {name} 4 business" for name in ("first_reply", "next_reply", "requester_wait")]
    tickets, events = many(10_000, 100_000)
    begin = time.perf_counter()
    history = histories(
        tickets,
        events,
        schedules=SCHEDULES,
        default_schedule_name="office",
        policies=policies(*rules, RESOLUTION),
    )
    seconds = time.perf_counter() - begin
    assert (len(history.measures), len(history.targets) > 30_000) == (10_000, True)
    assert seconds < 10, f"took {seconds:.1f} s; expected less than 2 s on an idle machine"
