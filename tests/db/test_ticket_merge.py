"""Tickets in the warehouse are what their events say, in whatever batches and order, and by however many loads, they come.

Minutes count from 10:00 in Tallinn on Monday, 2 March 2026.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import strategies as some

from etl import load
from etl.backfill import backfill
from etl.config import Settings, SiteSettings
from etl.merge import merge_facts
from etl.on_request.key_moves import recount
from etl.shapes import TICKET_EVENTS
from etl.sources import Batch, Timetables
from etl.tickets import ticket_merge
from sql import warehouse
from tests.db.test_records import NOW, Row, Told, ask, at, batch, event, tell
from tests.db.test_records import Teller as TellerSettings
from tests.laws import law

DAY = 24 * 60
MOMENT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 1 March in UTC, 2 March in Tallinn
STANDING = "select ticket_id, status_name, is_deleted, is_told_deleted from warehouse.tickets order by 1"
PROMISES = "select ticket_id, target_name from warehouse.ticket_targets order by 1, 2"
DAYS = (
    "select day_date::text, created_tickets, resolved_tickets, solved_tickets, reopened_tickets from warehouse.ticket_days "
    "order by 1"
)
OPEN_RECOUNTS = "select reason_text from ops.recounts where done_at is null order by recount_id"


def change(engine: sa.Engine, *texts: str) -> None:
    with engine.begin() as connection:
        for text in texts:
            connection.execute(sa.text(text))


def promise(engine: sa.Engine, *target_names: str) -> None:
    """Promises each of these within ten minutes, at any priority."""
    text = (
        "insert into warehouse.ticket_policies (policy_name, target_name, target_seconds, is_business, valid_from_at) "
        "values (:name, :name, 600, false, '2020-01-01')"
    )
    with engine.begin() as connection:
        connection.execute(sa.text(text), [{"name": name} for name in target_names])


# ---- deleted


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_later_status_brings_a_deleted_ticket_back_in_however_many_batches(
    engine: sa.Engine, cut: int
) -> None:
    story = [
        event("7", 0, "created"),
        event("7", 5, "deleted"),
        event("7", 9, "status", value_text="open"),
    ]
    tell(engine, *({"ticket_events": part} for part in (story[:cut], story[cut:]) if part))
    assert ask(engine, STANDING) == [("7", "open", False, False)]


def test_a_ticket_that_its_source_calls_deleted_stays_so_until_it_says_otherwise(engine: sa.Engine) -> None:
    def ticket(version_number: int, is_deleted: bool) -> Row:
        return {
            "ticket_id": "7", "created_at": at(0), "version_number": version_number, "is_deleted": is_deleted,
        }  # fmt: skip

    tell(engine, {"tickets": [ticket(1, True)]})
    tell(engine, {"ticket_events": [event("7", 9, "status", value_text="open")]})
    assert ask(engine, STANDING) == [("7", "open", True, True)]
    assert ask(engine, DAYS) == []
    tell(engine, {"tickets": [ticket(2, False)]})
    assert ask(engine, STANDING) == [("7", "open", False, False)]
    assert ask(engine, DAYS) == [("2026-03-02", 1, 0, 0, 0)]


def test_a_ticket_with_the_event_of_its_deletion_told_twice_is_unchanged(engine: sa.Engine) -> None:
    facts = {
        "tickets": [{"ticket_id": "7", "created_at": at(0), "seq": 0}],
        "ticket_events": [event("7", 0, "created", seq=0), event("7", 5, "deleted", seq=1)],
    }
    assert tell(engine, facts).loaded_rows == 2
    second = tell(engine, facts)
    assert (second.loaded_rows, second.unchanged_rows) == (0, 2)
    assert ask(engine, STANDING) == [("7", "new", True, False)]


# ---- promises


@pytest.mark.parametrize("word", ["reply", "request"])
def test_the_first_word_that_a_source_tells_of_promises_a_reply_to_all_its_tickets(
    engine: sa.Engine, word: str
) -> None:
    promise(engine, "first_reply")
    silent = [
        event("1", 0, "created"),
        event("3", 0, "created"),
        event("3", 4, "status", value_text="solved"),
    ]
    tell(
        engine,
        {"ticket_events": silent},
        {"ticket_events": [event("2", 0, "created"), event("2", 5, word, actor_name="agent")]},
    )
    assert ask(engine, PROMISES) == [(ticket, "first_reply") for ticket in "123"]
    # ticket 3 was solved after 4 of the 10 minutes: its promise is withdrawn and falls due on no day
    assert ask(engine, "select due_targets_tickets from warehouse.ticket_days") == [(2,)]


def test_a_source_without_words_promises_no_reply_whatever_another_one_tells(engine: sa.Engine) -> None:
    promise(engine, "first_reply", "next_reply", "resolution")
    tell(engine, {"ticket_events": [event("1", 0, "created"), event("1", 1, "note")]}, name="silent")
    tell(engine, {"ticket_events": [event("1", 0, "created"), event("1", 1, "request")]}, name="talkative")
    by_source = "select source_name, array_agg(target_name order by target_name) from warehouse.ticket_targets group by 1"
    assert dict(ask(engine, by_source)) == {
        "silent": ["resolution"],
        "talkative": ["first_reply", "resolution"],
    }


def test_a_word_that_was_none_takes_the_promise_of_a_reply_back(engine: sa.Engine) -> None:
    promise(engine, "first_reply")
    replied = event("2", DAY, "reply", version_number=1)
    tell(engine, {"ticket_events": [event("1", 0, "created"), event("2", 0, "created"), replied]})
    assert ask(engine, PROMISES) == [("1", "first_reply"), ("2", "first_reply")]
    tell(engine, {"ticket_events": [event("2", DAY, "note", version_number=2)]})
    assert ask(engine, PROMISES) == []
    assert ask(engine, "select sum(due_targets_tickets) from warehouse.ticket_days") == [(0,)]


def test_the_tickets_of_a_source_are_counted_again_with_its_first_word_only(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[list[str]] = []
    real = ticket_merge.settle_tickets

    def settle_tickets(connection: sa.Connection, ticket_ids: list[str], *, source_name: str) -> None:
        counted.append(ticket_ids)
        real(connection, ticket_ids, source_name=source_name)

    promise(engine, "first_reply")
    monkeypatch.setattr(ticket_merge, "settle_tickets", settle_tickets)
    words = [("1", 0, "created"), ("2", 1, "reply"), ("3", 2, "reply"), ("1", 3, "request")]
    tell(engine, *({"ticket_events": [event(*word)]} for word in words))
    assert counted == [["1"], ["2", "1"], ["3"], ["1"]]


def test_of_very_many_tickets_the_solved_ones_get_their_promise_with_the_recount(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(engine, "first_reply")
    monkeypatch.setattr(ticket_merge, "MOST_TICKETS", 2)
    born = [event(ticket, 0, "created") for ticket in "1234"]
    tell(engine, {"ticket_events": [*born, event("3", 4, "status", value_text="solved")]})
    tell(engine, {"ticket_events": [event("4", 5, "reply", actor_name="agent")]})
    assert ask(engine, PROMISES) == [(ticket, "first_reply") for ticket in "124"]
    assert ask(engine, OPEN_RECOUNTS) == [("first replies of records",)]
    recount(engine, now=lambda: NOW)
    assert ask(engine, PROMISES) == [(ticket, "first_reply") for ticket in "1234"]


# ---- order and batches


EVENTS = [
    *(
        ("status", name)
        for name in ("open", "pending", "solved", "solved", "closed", "archived", "needs_rework")
    ),
    *(("deleted", None), ("deleted", None), ("reply", None), ("request", None), ("created", None)),
    *(("priority", "high"), ("group", "Support")),
]
TABLES = {
    "tickets": "select to_jsonb(t) - 'run_id' from warehouse.tickets as t order by ticket_id",
    "promises": "select to_jsonb(g) from warehouse.ticket_targets as g order by ticket_id, target_name, applied_at",
    "days": "select to_jsonb(d) from warehouse.ticket_days as d order by day_date, group_name",
}


@some.composite
def told_in_parts(draw: some.DrawFn) -> tuple[list[Row], list[list[Row]]]:
    """Some records of three tickets in the order of time, and the same ones in any order in some batches."""
    minutes = some.sampled_from([-2 * DAY, -30, 0, 1, 14 * 60 - 1, 14 * 60, DAY, 3 * DAY, 9 * DAY])
    happening = some.tuples(some.sampled_from("123"), minutes, some.sampled_from(EVENTS))
    happenings = draw(some.lists(happening, min_size=6, max_size=14))
    rows = [
        {**event(ticket, minute, name), "value_text": value, "event_number": number, "actor_name": "agent"}
        for number, (ticket, minute, (name, value)) in enumerate(happenings)
    ]
    for ticket in sorted(draw(some.sets(some.sampled_from("123")))):
        rows.append({"ticket_id": ticket, "created_at": at(0), "is_deleted": draw(some.booleans())})
    shuffled = draw(some.permutations(rows))
    cuts = sorted(draw(some.lists(some.integers(1, len(rows) - 1), min_size=1, max_size=3)))
    edges = [0, *cuts, len(rows)]
    return rows, [shuffled[start:end] for start, end in pairwise(edges) if start < end]


def facts(rows: list[Row]) -> dict[str, list[Row]]:
    by_kind = {"tickets": [row for row in rows if "created_at" in row]}
    by_kind["ticket_events"] = [row for row in rows if "created_at" not in row]
    return {name: told for name, told in by_kind.items() if told}


@law(8, long=500, allows=[HealthCheck.function_scoped_fixture])  # half a second each
@given(story=told_in_parts())
def test_tickets_promises_and_days_do_not_depend_on_order_or_batches(
    engine: sa.Engine, story: tuple[list[Row], list[list[Row]]]
) -> None:
    rows, parts = story
    change(
        engine,
        "truncate warehouse.tickets, warehouse.ticket_events, warehouse.ticket_targets, warehouse.ticket_days, "
        "warehouse.ticket_sources, warehouse.ticket_policies",
    )
    promise(engine, "first_reply", "next_reply", "resolution")
    tell(engine, *(facts(part) for part in parts))
    in_parts = {name: ask(engine, text) for name, text in TABLES.items()}
    change(
        engine,
        "truncate warehouse.tickets, warehouse.ticket_events, warehouse.ticket_targets, warehouse.ticket_days",
    )
    change(engine, "truncate warehouse.ticket_sources")
    tell(engine, facts(rows))
    assert in_parts == {name: ask(engine, text) for name, text in TABLES.items()}
    backfill(engine)
    assert in_parts == {name: ask(engine, text) for name, text in TABLES.items()}


# ---- days


def test_a_solving_told_of_the_time_before_the_creation_counts_at_the_creation(engine: sa.Engine) -> None:
    early = [event("7", -DAY, "status", value_text="solved"), event("8", -DAY, "status", value_text="solved")]
    back = event("8", DAY, "status", value_text="open")
    born = [{"ticket_id": ticket, "created_at": at(0)} for ticket in "78"]
    tell(engine, {"tickets": born, "ticket_events": [*early, back]})
    # both were born solved on the 2nd; ticket 8 came back on the 3rd and is not solved now
    assert ask(engine, DAYS) == [("2026-03-02", 2, 1, 2, 1)]
    with warehouse.connected(engine) as connection:
        window = {"a": at(0), "b": at(DAY)}
        found = connection.execute(
            sa.text(
                "select ticket_id, solved_at, reopened_at from warehouse.ticket_solvings(:a, :b) order by 1"
            ),
            window,
        ).all()
    assert [tuple(row) for row in found] == [("7", at(0), None), ("8", at(0), at(DAY))]


def test_a_status_of_no_known_kind_opens_no_ticket_again(engine: sa.Engine) -> None:
    story = [("7", 0, "created", None), ("7", 5, "status", "solved"), ("7", 6, "status", "archived")]
    tell(engine, {"ticket_events": [event(*line[:3], value_text=line[3]) for line in story]})
    assert ask(engine, DAYS) == [("2026-03-02", 1, 1, 1, 0)]
    assert ask(engine, "select reopen_count from warehouse.tickets") == [(0,)]


def test_a_ticket_that_comes_back_through_an_unknown_status_comes_back_once(engine: sa.Engine) -> None:
    statuses = [(5, "solved"), (6, "archived"), (7, "open"), (8, "archived"), (9, "closed"), (DAY, "open")]
    told = [
        event("7", 0, "created"),
        *(event("7", when, "status", value_text=name) for when, name in statuses),
    ]
    tell(engine, {"ticket_events": told})
    assert ask(engine, DAYS) == [("2026-03-02", 1, 0, 1, 1)]  # a ticket once a day, though solved twice
    assert ask(engine, "select reopen_count from warehouse.tickets") == [(2,)]


def put(connection: sa.Connection, source_name: str, events: list[Row]) -> None:
    """Merges events of tickets as a load does, in the connection's transaction."""
    frame = pl.DataFrame(events, schema_overrides=dict(TICKET_EVENTS.columns)).with_columns(
        version_number=pl.lit(0, pl.Int64), seq=pl.lit(0, pl.Int64), agent_id=pl.lit(None, pl.Int32),
        actor_name=pl.lit(None, pl.String), value_text=pl.lit(None, pl.String),
    )  # fmt: skip
    run = {"source_name": source_name, "run_id": 1}
    told = [(TICKET_EVENTS, frame)]
    connection.exec_driver_sql(warehouse.statement("merge/stage_tickets"))
    ticket_merge.note_days(connection, told, source_name=source_name)
    merge_facts(connection, frame, TICKET_EVENTS, run=run)
    ticket_merge.settle(connection, told, run=run)


def beside(engine: sa.Engine, work: Callable[[sa.Connection], None]) -> tuple[threading.Thread, list[str]]:
    """Work in another transaction, begun now; and what went wrong in it."""
    faults: list[str] = []

    def run() -> None:
        try:
            with warehouse.connected(engine) as connection:
                work(connection)
        except warehouse.WarehouseError as error:
            faults.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    return thread, faults


def wait_for_a_lock(engine: sa.Engine, thread: threading.Thread) -> bool:
    for _ in range(100):
        if ask(engine, "select count(*) from pg_locks where not granted") == [(1,)] or not thread.is_alive():
            return thread.is_alive()
        time.sleep(0.05)
    return False


def test_two_help_desks_that_load_at_once_both_count_in_the_day(engine: sa.Engine) -> None:
    tell(engine, {"ticket_events": [event("0", -3 * DAY, "created")]})  # the site is known
    with warehouse.connected(engine) as first:
        put(first, "desk", [event("1", 0, "created"), event("2", DAY, "created")])
        thread, faults = beside(
            engine, lambda second: put(second, "shop", [event("1", 1, "created"), event("2", DAY, "created")])
        )
        assert wait_for_a_lock(engine, thread)
    thread.join()
    assert faults == []
    days = "select day_date::text, created_tickets from warehouse.ticket_days where day_date >= '2026-03-02' order by 1"
    assert ask(engine, days) == [("2026-03-02", 2), ("2026-03-03", 2)]


def test_tickets_are_not_counted_anew_while_their_source_tells_of_them(engine: sa.Engine) -> None:
    tell(engine, {"ticket_events": [event("1", 0, "created")]}, name="desk")
    with warehouse.connected(engine) as first:
        put(first, "desk", [event("1", 9, "reply")])
        thread, faults = beside(
            engine, lambda second: ticket_merge.settle_tickets(second, ["1"], source_name="desk")
        )
        assert wait_for_a_lock(engine, thread)
    thread.join()
    assert faults == []
    assert ask(engine, "select reply_count from warehouse.tickets") == [(1,)]


# ---- recounts


class Office(Told):
    """A source that tells its timetables too."""

    def __init__(self, batches: list[Batch], timetables: Timetables | None) -> None:
        super().__init__(batches)
        self.timetables = timetables

    def schedules(self) -> Timetables | None:
        return self.timetables


def load_with(
    engine: sa.Engine,
    *events: Row,
    time_zone: str = "UTC",
    timetables: Timetables | None = None,
    site_name: str = "Here",
) -> None:
    source = TellerSettings(name="desk", every_seconds=60)
    settings = Settings.model_construct(
        site=SiteSettings(name=site_name, time_zone=time_zone), sources=(source,)
    )
    load.reset_cursor(engine, "desk")
    told = [batch(1, ticket_events=list(events))] if events else []
    readers = load.Readers({"desk": Office(told, timetables)})
    load.run_source(engine, settings, source, now=lambda: NOW, readers=readers)


def test_another_time_zone_of_the_site_moves_the_past_to_its_days(engine: sa.Engine) -> None:
    born = {**event("7", 0, "created"), "occurred_at": MOMENT}
    load_with(engine, born, time_zone="Europe/Tallinn")
    assert ask(engine, DAYS) == [("2026-03-02", 1, 0, 0, 0)]
    load_with(engine, born, time_zone="Europe/Tallinn")
    load_with(engine, born, time_zone="Europe/Tallinn", site_name="There")
    assert ask(engine, OPEN_RECOUNTS) == []  # neither the first zone, nor the same one, nor another name
    load_with(engine, time_zone="UTC", site_name="There")
    load_with(engine, time_zone="UTC", site_name="There")
    assert ask(engine, OPEN_RECOUNTS) == [("time zone of the site",)]
    assert recount(engine, now=lambda: NOW) == 1
    assert ask(engine, DAYS) == [("2026-03-01", 1, 0, 0, 0)]
    assert ask(engine, OPEN_RECOUNTS) == []


def office(
    *, zone: str = "UTC", closes: int = 17, opens: int = 9, holidays: tuple[tuple[date, str], ...] = ()
) -> Timetables:
    """A timetable that is open on Mondays."""
    return Timetables(
        schedules=pl.DataFrame({"schedule_name": ["office"], "time_zone_name": [zone]}),
        business_hours=pl.DataFrame(
            {
                "schedule_name": ["office"],
                "weekday_number": [0],
                "opens_seconds": [opens * 3600],
                "closes_seconds": [closes * 3600],
            }
        ),
        holidays=pl.DataFrame(
            {
                "schedule_name": ["office"] * len(holidays),
                "first_date": [first for first, _ in holidays],
                "last_date": [first for first, _ in holidays],
                "holiday_name": [name for _, name in holidays],
            },
            schema={
                "schedule_name": pl.String,
                "first_date": pl.Date,
                "last_date": pl.Date,
                "holiday_name": pl.String,
            },
        ),
    )


SECONDS = "select first_reply_business_seconds from warehouse.tickets"
SOLVED = [
    event("7", 0, "created"),
    event("7", 120, "reply", actor_name="agent"),
]  # 8:00 to 10:00 UTC on a Monday


@pytest.mark.parametrize(
    ("timetables", "hours"),
    [
        (office(opens=8), 2),
        (office(closes=10, opens=9), 1),
        (office(zone="Europe/Tallinn"), 2),  # open from 7:00 UTC
        (office(holidays=((date(2026, 3, 2), "Holiday"),)), 0),
    ],
)
def test_a_source_s_changed_timetable_reaches_the_tickets_of_the_past(
    engine: sa.Engine, timetables: Timetables, hours: int
) -> None:
    load_with(engine, *SOLVED, timetables=office())
    load_with(engine, timetables=office())
    assert ask(engine, SECONDS) == [(1 * 3600,)]  # from 9:00 to 10:00
    assert (
        ask(engine, OPEN_RECOUNTS) == []
    )  # what is told for the first time, before any ticket, and told again
    load_with(engine, timetables=timetables)
    assert ask(engine, OPEN_RECOUNTS) == [("timetables of desk",)]
    assert recount(engine, now=lambda: NOW) == 1
    assert ask(engine, SECONDS) == [(hours * 3600,)]
    load_with(engine, timetables=office())
    assert recount(engine, now=lambda: NOW) == 1
    assert ask(engine, SECONDS) == [(1 * 3600,)]


def test_another_name_of_a_holiday_counts_nothing_anew(engine: sa.Engine) -> None:
    load_with(engine, *SOLVED, timetables=office(holidays=((date(2026, 3, 2), "Holiday"),)))
    load_with(engine, timetables=office(holidays=((date(2026, 3, 2), "Püha"),)))
    assert ask(engine, "select holiday_name from warehouse.holidays") == [("Püha",)]
    assert ask(engine, OPEN_RECOUNTS) == []
