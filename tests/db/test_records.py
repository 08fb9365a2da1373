"""Records that are told again, refused, moved and linked, on a real Postgres: whatever the source, one truth."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.calls import call_queries
from dashboard.contacts import contact_queries
from etl import load
from etl.backfill import backfill
from etl.config import Settings, SiteSettings
from etl.merge import merge_batch
from etl.shapes import FACTS
from etl.sources import PIECE_BYTES, ROW_SCHEMA, Batch, Reader, Site, SourceSettings
from sql import warehouse

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
Row = dict[str, Any]


class Told(Reader):
    """A source that tells the given records in batches of one fact each; its place is how many it has told."""

    def __init__(self, batches: list[Batch]) -> None:
        self.batches = batches

    def read(
        self, position_text: str, carry_text: str, *, now: datetime, piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:  # fmt: skip
        yield from self.batches[int(position_text or 0) :]

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """What is told now of the rows that were refused; their raw text is what `batch` gave them."""
        [told] = self.batches
        assert told.rows is not None
        rows = told.rows.filter(pl.col("raw_text").is_in(raw_texts))
        facts = {name: frame.join(rows, on="seq", how="semi") for name, frame in told.facts.items()}
        return replace(told, rows=rows, facts=facts, read_rows=rows.height), frozenset()


class Teller(SourceSettings):
    kind: Literal["told"] = "told"
    told: ClassVar[list[Batch]] = []

    def reader(self, site: Site, secret: bytes) -> Reader:
        return Told(self.told)

    def origin_text(self) -> str:
        return "told"


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def batch(place: int, **facts: list[Row]) -> Batch:
    """A batch of records, one row of the source per `seq` named in its facts (a fact without one has its own)."""
    numbers = itertools.count()
    frames = {}
    for name, rows in facts.items():
        shape = FACTS[name]
        rows = [{"version_number": 0, "seq": next(numbers), **row} for row in rows]
        types = {
            column: shape.columns.get(column, pl.String)
            for column in dict.fromkeys(c for row in rows for c in row)
        }
        frames[name] = pl.DataFrame(rows, schema=types)
    seqs = sorted({seq for frame in frames.values() for seq in frame["seq"]})
    rows_frame = pl.DataFrame(
        [(seq, f"file:{seq + 1}", json.dumps({"row": seq})) for seq in seqs], schema=ROW_SCHEMA, orient="row"
    )
    return Batch(facts=frames, rows=rows_frame, read_rows=len(seqs), position_text=str(place), carry_text="")


def tell(engine: sa.Engine, *batches: dict[str, list[Row]], name: str = "records") -> load.RunSummary:
    source = Teller(name=name, every_seconds=60)
    settings = Settings.model_construct(
        site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(source,)
    )
    load.reset_cursor(engine, name)
    reader = Told([batch(place, **facts) for place, facts in enumerate(batches, start=1)])
    return load.run_source(engine, settings, source, now=lambda: NOW, readers=load.Readers({name: reader}))


def ask(engine: sa.Engine, text: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def call(call_id: str = "c1", **changes: Any) -> Row:
    return {
        "call_id": call_id,
        "queue_name": "sales",
        "agent_name": "mari",
        "offered_at": at(0),
        "answered_at": at(1),
        "ended_at": at(5),
        "outcome_name": "answered",
        "wait_seconds": 60,
        "talk_seconds": 240,
        **changes,
    }


STAYS = (
    "select call_id, stay_number, queue_name, agent_name, offered_at, outcome_name from warehouse.calls "
    "join warehouse.queues using (queue_id) left join warehouse.agents using (agent_id) order by 1, 2"
)
INTERVALS = (
    "select queue_name, interval_start_at, offered_calls from warehouse.queue_intervals "
    "join warehouse.queues using (queue_id) where offered_calls > 0 order by 1, 2"
)
HANDLED = (
    "select agent_name, interval_start_at, handled_calls from warehouse.agent_intervals "
    "join warehouse.agents using (agent_id) where handled_calls > 0 order by 1, 2"
)


def test_a_record_told_again_moves_its_stay_with_every_rollup(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(version_number=1)]})
    moved = call(
        version_number=2,
        queue_name="billing",
        agent_name="jaan",
        offered_at=at(20),
        answered_at=at(21),
        ended_at=at(25),
    )
    done = tell(engine, {"calls": [moved]})
    assert (done.read_rows, done.loaded_rows, done.unchanged_rows) == (1, 1, 0)
    assert ask(engine, STAYS) == [("c1", 1, "billing", "jaan", at(20), "answered")]
    assert ask(engine, INTERVALS) == [("billing", at(15), 1)]
    assert ask(engine, HANDLED) == [("jaan", at(15), 1)]


def test_an_older_version_changes_nothing_wherever_it_lies(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(version_number=2, queue_name="billing", offered_at=at(0.5))]})
    done = tell(engine, {"calls": [call(version_number=1)]})
    assert (done.read_rows, done.loaded_rows, done.unchanged_rows) == (1, 0, 1)
    assert ask(engine, STAYS) == [("c1", 1, "billing", "mari", at(0.5), "answered")]
    assert ask(engine, INTERVALS) == [("billing", at(0), 1)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_arrival_does_not_matter(engine: sa.Engine, order: tuple[int, ...]) -> None:
    versions = [
        call(version_number=1, outcome_name="in_progress", ended_at=None),
        call(version_number=2),
        call(version_number=3, queue_name="billing", offered_at=at(16), answered_at=at(17), ended_at=at(18)),
    ]
    tell(engine, *({"calls": [versions[number]]} for number in order))
    assert ask(engine, STAYS) == [("c1", 1, "billing", "mari", at(16), "answered")]
    assert ask(engine, INTERVALS) == [("billing", at(15), 1)]
    assert ask(engine, HANDLED) == [("mari", at(15), 1)]


def test_the_newest_of_one_batch_wins_and_each_row_counts_once(engine: sa.Engine) -> None:
    rows = [call(version_number=number, talk_seconds=number) for number in (3, 1, 2)]
    done = tell(engine, {"calls": rows})
    assert (done.read_rows, done.loaded_rows, done.unchanged_rows) == (3, 1, 2)
    assert ask(engine, "select talk_seconds from warehouse.calls") == [(3,)]


def test_a_stay_that_the_record_no_longer_has_is_removed(engine: sa.Engine) -> None:
    first, second = (
        call(version_number=1),
        call(version_number=1, stay_number=2, queue_name="billing", offered_at=at(6)),
    )
    second |= {"answered_at": at(7), "ended_at": at(8)}
    tell(engine, {"calls": [first, second]})
    assert len(ask(engine, STAYS)) == 2
    tell(engine, {"calls": [{**first, "version_number": 2}]})
    assert ask(engine, STAYS) == [("c1", 1, "sales", "mari", at(0), "answered")]


def test_telling_the_same_twice_changes_nothing(engine: sa.Engine) -> None:
    facts = {
        "calls": [call(), call("c2", offered_at=at(2), answered_at=at(3))],
        "tickets": [{"ticket_id": "7", "created_at": at(0)}],
        "ticket_events": [
            event("7", 0, "created", value_text="new"),
            event("7", 9, "reply", actor_name="agent"),
        ],
        "surveys": [{"survey_id": "s", "answered_at": at(0), "csat_score": 4.0}],
        "costs": [
            {"cost_id": "k", "started_at": at(0), "ended_at": at(9), "cost_name": "rent", "amount": 1.005}
        ],
    }
    first = tell(engine, facts)
    assert (first.read_rows, first.loaded_rows) == (7, 7)
    second = tell(engine, facts)
    assert (second.read_rows, second.loaded_rows, second.unchanged_rows) == (7, 0, 7)


def test_a_record_with_one_bad_fact_is_refused_whole_and_the_others_are_loaded(engine: sa.Engine) -> None:
    bad = call("bad", seq=1, ended_at=at(-1))
    done = tell(
        engine,
        {
            "calls": [call("good", seq=0), bad],
            "surveys": [
                {"survey_id": "of the good one", "answered_at": at(0), "csat_score": 5.0, "seq": 0},
                {"survey_id": "of the bad one", "answered_at": at(0), "csat_score": 5.0, "seq": 1},
            ],
        },
    )
    assert (done.read_rows, done.loaded_rows, done.rejected_rows, done.unchanged_rows) == (2, 1, 1, 0)
    assert ask(engine, "select survey_id from warehouse.surveys") == [("of the good one",)]
    assert ask(engine, "select place_text, reason_text, raw_text from ops.rejects") == [
        ("file:2", "calls: ended_at is before answered_at", '{"row": 1}')
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"outcome_name": "waiting"}, "the outcome is waiting and ended_at is given"),
        ({"outcome_name": "lost"}, "outcome_name is 'lost'; expected one of"),
        ({"csat_score": 9.0}, "csat_score is 9.0; expected 1"),
        ({"revenue_amount": float("nan")}, "revenue_amount is NaN; expected"),
        ({"talk_seconds": -1}, "talk_seconds is negative"),
        ({"offered_at": datetime(1969, 1, 1, tzinfo=UTC)}, "offered_at is outside the years"),
        ({"call_id": "a\x00b"}, "call_id holds a NUL byte"),
        ({"direction_name": "sideways"}, "direction_name is 'sideways'"),
    ],
)
def test_every_kind_of_bad_value_is_refused_with_its_reason(
    engine: sa.Engine, changes: Row, reason: str
) -> None:
    done = tell(engine, {"calls": [call(**changes), call("good")]})
    assert (done.loaded_rows, done.rejected_rows) == (1, 1)
    [(told,)] = ask(engine, "select reason_text from ops.rejects")
    assert reason in told


def test_names_told_later_replace_bare_keys_but_not_what_people_chose(engine: sa.Engine) -> None:
    def named(facts: dict[str, list[Row]], **names: str) -> Batch:
        made = batch(1, **facts)
        frame = pl.DataFrame(
            [("queue", key, name) for key, name in names.items()],
            schema=dict.fromkeys(("kind_name", "source_key", "display_name"), pl.String),
            orient="row",
        )
        return Batch(**{**made.__dict__, "names": frame})

    source = Teller(name="records", every_seconds=60)
    settings = Settings.model_construct(
        site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(source,)
    )

    def told(made: Batch) -> list[tuple[Any, ...]]:
        load.reset_cursor(engine, "records")
        load.run_source(
            engine, settings, source, now=lambda: NOW, readers=load.Readers({"records": Told([made])})
        )
        return ask(engine, "select queue_name from warehouse.queues order by queue_id")

    facts = {"calls": [call(queue_name="guid-1"), call("c2", queue_name="guid-2")]}
    assert told(named(facts, **{"guid-1": "Sales"})) == [("Sales",), ("guid-2",)]
    assert told(named(facts, **{"guid-1": "Sold", "guid-2": "Sales"})) == [("Sales",), ("Sales",)]
    with engine.begin() as connection:
        connection.execute(
            sa.text("update warehouse.queues set queue_name = 'Ours' where queue_name = 'Sales'")
        )
    assert told(named(facts, **{"guid-1": "Sales", "guid-2": "Sales"})) == [("Ours",), ("Ours",)]
    assert ask(engine, "select count(*) from warehouse.queue_keys") == [(2,)]


def event(ticket_id: str, minutes: float, event_name: str, **more: Any) -> Row:
    return {
        "ticket_id": ticket_id,
        "occurred_at": at(minutes),
        "event_number": 0,
        "event_name": event_name,
        **more,
    }


def test_tickets_are_made_of_their_events_and_counted_in_their_day(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "ticket_events": [
                event("7", 0, "created", value_text="new", actor_name="requester"),
                event("7", 0, "group", value_text="Support", event_number=1),
                event("7", 10, "reply", actor_name="agent", agent_name="mari"),
                event("7", 30, "status", value_text="solved", actor_name="agent", agent_name="mari"),
            ]
        },
    )
    assert ask(
        engine,
        "select created_at, status_name, group_name, first_reply_seconds, full_resolution_seconds, resolved_at "
        "from warehouse.tickets",
    ) == [(at(0), "solved", "Support", 600, 1800, at(30))]
    assert ask(
        engine,
        "select day_date::text, group_name, created_tickets, first_replied_tickets, first_reply_seconds, solved_tickets, "
        "resolved_tickets, full_resolution_seconds, reopened_tickets from warehouse.ticket_days",
    ) == [("2026-03-02", "Support", 1, 1, 600, 1, 1, 1800, 0)]


def test_a_reopened_ticket_is_counted_on_the_day_of_its_solving_in_any_order(engine: sa.Engine) -> None:
    day = 24 * 60
    events = [
        event("7", 0, "created", value_text="new"),
        event("7", 30, "status", value_text="solved"),
        event("7", 2 * day, "status", value_text="open"),
        event("7", 3 * day, "status", value_text="solved"),
        event("8", 5, "created", value_text="new"),
        event("8", 40, "status", value_text="solved"),
        event("8", 8 * day, "status", value_text="open"),
    ]
    days = (
        "select day_date::text, solved_tickets, resolved_tickets, reopened_tickets, reopened_in_7_days_tickets "
        "from warehouse.ticket_days order by 1"
    )
    tell(engine, *({"ticket_events": [one]} for one in reversed(events)))
    # on the 2nd both were solved, and both came back: one after two days, one after almost eight
    expected = [("2026-03-02", 2, 0, 2, 1), ("2026-03-05", 1, 1, 0, 0)]
    assert ask(engine, days) == expected
    tell(engine, {"ticket_events": events})
    assert ask(engine, days) == expected


def test_what_the_source_says_of_a_ticket_wins_over_what_its_events_suggest(engine: sa.Engine) -> None:
    tell(engine, {"ticket_events": [event("7", 10, "reply", actor_name="agent")]})
    tell(engine, {"tickets": [{"ticket_id": "7", "created_at": at(0), "channel_name": "email"}]})
    assert ask(engine, "select created_at, channel_name, first_reply_seconds from warehouse.tickets") == [
        (at(0), "email", 600)
    ]


def test_a_ticket_moved_to_another_group_leaves_its_old_group_s_day(engine: sa.Engine) -> None:
    tell(engine, {"ticket_events": [event("7", 0, "created"), event("7", 1, "group", value_text="A")]})
    tell(engine, {"ticket_events": [event("7", 2, "group", value_text="B")]})
    assert ask(engine, "select group_name, created_tickets from warehouse.ticket_days") == [("B", 1)]


CALLBACK = {
    "outcome_name": "callback",
    "answered_at": None,
    "agent_name": None,
    "customer_key": "k",
    "ended_at": at(2),
}
KEPT = {
    "customer_key": "k",
    "offered_at": at(30),
    "answered_at": at(31),
    "ended_at": at(35),
    "direction_name": "outbound",
}


@pytest.mark.parametrize("callback_first", [True, False])
def test_the_call_that_keeps_a_promise_is_linked_to_it_in_either_order(
    engine: sa.Engine, callback_first: bool
) -> None:
    asked, kept = call("asked", **CALLBACK), call("kept", **KEPT)
    later = call("later", **{**KEPT, "offered_at": at(90), "answered_at": at(91), "ended_at": at(95)})
    stranger = call("other", **{**KEPT, "customer_key": "another"})
    first, second = (
        ([asked], [kept, later, stranger]) if callback_first else ([kept, later, stranger], [asked])
    )
    tell(engine, {"calls": first}, {"calls": second})
    links = "select contact_id, linked_contact_id, link_name from warehouse.contact_links"
    assert ask(engine, links) == [("kept", "asked", "callback")]
    with warehouse.connected(engine) as connection:
        journey = contact_queries.contact_journey(connection, contact_id="kept")
    assert journey["record_id"].to_list() == ["asked", "kept"]


@pytest.mark.parametrize(
    ("direction_name", "days", "links"),
    [("outbound", 1, 1), ("outbound", 7, 0), ("inbound", 0, 1), ("inbound", 1, 0)],
)
def test_our_own_call_keeps_a_promise_within_seven_days_the_customers_within_one(
    engine: sa.Engine, direction_name: str, days: int, links: int
) -> None:
    begin = 1440 * days + 3
    late = {**KEPT, "offered_at": at(begin), "answered_at": at(begin + 1), "ended_at": at(begin + 2)}
    late["direction_name"] = direction_name
    tell(engine, {"calls": [call("asked", **CALLBACK), call("late", **late)]})
    assert ask(engine, "select count(*) from warehouse.contact_links") == [(links,)]


def test_a_journey_holds_the_ticket_that_was_made_from_the_call(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "calls": [call("c1", customer_key="k")],
            "tickets": [{"ticket_id": "7", "created_at": at(4), "call_id": "c1", "customer_key": "k"}],
        },
    )
    with warehouse.connected(engine) as connection:
        assert contact_queries.contact_journey(connection, contact_id="c1")["kind_name"].to_list() == [
            "call",
            "ticket",
        ]
        assert contact_queries.customer_contacts(connection, customer_key="k")["record_id"].to_list() == [
            "7",
            "c1",
        ]


def test_states_told_as_records_leave_the_others_alone(engine: sa.Engine) -> None:
    def state(start: float, end: float | None, name: str) -> Row:
        return {
            "agent_name": "mari", "started_at": at(start), "ended_at": None if end is None else at(end), "state_name": name
        }  # fmt: skip

    tell(engine, {"agent_states": [state(0, 10, "available"), state(20, 30, "paused")]})
    tell(engine, {"agent_states": [state(10, 20, "on_contact"), state(30, 40, "available")]})
    assert ask(engine, "select state_name from warehouse.agent_states order by started_at") == [
        ("available",), ("on_contact",), ("paused",), ("available",)
    ]  # fmt: skip


def test_an_outbound_call_is_no_offer_to_its_queue_but_is_its_agent_s_work(engine: sa.Engine) -> None:
    tell(
        engine,
        {"calls": [call("in"), call("out", direction_name="outbound", offered_at=at(2), answered_at=at(3))]},
    )
    assert ask(engine, INTERVALS) == [("sales", at(0), 1)]
    assert ask(engine, HANDLED) == [("mari", at(0), 1)]
    assert ask(engine, "select outbound_calls from warehouse.agent_intervals where outbound_calls > 0") == [
        (1,)
    ]
    with warehouse.connected(engine) as connection:
        live = call_queries.live_queues(connection, as_of=at(10))
        totals = call_queries.queue_totals(connection, window_start=at(0), window_end=at(15))
    assert live["offered_calls"].to_list() == totals["offered_calls"].to_list() == [1]


def test_backfill_makes_tickets_and_their_days_again_from_the_events(engine: sa.Engine) -> None:
    tell(
        engine,
        {
            "ticket_events": [
                event("7", 0, "created"),
                event("7", 10, "reply", actor_name="agent"),
                event("7", 30, "status", value_text="solved"),
            ]
        },
    )
    tables = {
        "tickets": "select to_jsonb(t) from warehouse.tickets as t order by ticket_id",
        "days": "select to_jsonb(d) from warehouse.ticket_days as d order by day_date, group_name",
    }
    before = {name: ask(engine, text) for name, text in tables.items()}
    with engine.begin() as connection:
        connection.execute(
            sa.text("update warehouse.tickets set first_reply_seconds = 1, status_name = 'open'")
        )
        connection.execute(sa.text("update warehouse.ticket_days set created_tickets = 9"))
        connection.execute(
            sa.text(
                "insert into warehouse.ticket_days select (jsonb_populate_record(d, "
                "jsonb_build_object('day_date', '2026-05-01'))).* from warehouse.ticket_days as d"
            )
        )
    assert {name: ask(engine, text) for name, text in tables.items()} != before
    backfill(engine)
    assert {name: ask(engine, text) for name, text in tables.items()} == before


def test_a_replay_takes_what_is_right_now_and_leaves_the_rest_refused_once(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = call("a", seq=0), call("b", seq=1)
    tell(engine, {"calls": [{**right, "ended_at": at(-1)}, {**wrong, "ended_at": at(-1)}]})
    assert ask(engine, "select count(*) from ops.rejects where replayed_at is null") == [(2,)]
    monkeypatch.setattr(Teller, "told", [batch(1, calls=[right, {**wrong, "talk_seconds": -5}])])
    source = Teller(name="records", every_seconds=60)
    settings = Settings.model_construct(
        site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(source,)
    )
    done = load.replay_rejects(engine, settings, "records", now=lambda: NOW)
    assert (done.read_rows, done.loaded_rows) == (1, 1)
    assert [row[0] for row in ask(engine, STAYS)] == ["a"]
    assert ask(engine, "select place_text from ops.rejects where replayed_at is null") == [("file:2",)]
    again = load.replay_rejects(engine, settings, "records", now=lambda: NOW)
    assert again.loaded_rows == 0
    assert ask(engine, "select count(*) from ops.rejects") == [(2,)]


def test_a_poison_row_keeps_no_other_from_being_replayed(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [call(name, seq=seq) for seq, name in enumerate(("a", "b" * 20_000, "c", "d", "e"))]
    tell(engine, {"calls": [{**one, "ended_at": at(-1)} for one in calls]})
    monkeypatch.setattr(Teller, "told", [batch(1, calls=calls)])
    source = Teller(name="records", every_seconds=60)
    settings = Settings.model_construct(
        site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(source,)
    )
    done = load.replay_rejects(engine, settings, "records", now=lambda: NOW)
    assert (done.read_rows, done.loaded_rows) == (4, 4)
    assert [row[0] for row in ask(engine, STAYS)] == ["a", "c", "d", "e"]
    assert ask(engine, "select place_text from ops.rejects where replayed_at is null") == [("file:2",)]


def test_of_two_versions_in_one_batch_only_the_newer_one_stands(engine: sa.Engine) -> None:
    older = [
        call(version_number=1, seq=0),
        call(version_number=1, seq=0, stay_number=2, offered_at=at(6), answered_at=at(7), ended_at=at(8)),
    ]
    newer = call(
        version_number=2, seq=1, queue_name="billing", offered_at=at(20), answered_at=at(21), ended_at=at(25)
    )
    done = tell(engine, {"calls": [*older, newer]})
    assert (done.read_rows, done.loaded_rows, done.unchanged_rows) == (2, 1, 1)
    assert ask(engine, STAYS) == [("c1", 1, "billing", "mari", at(20), "answered")]
    assert ask(engine, INTERVALS) == [("billing", at(15), 1)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"answered_at": None}, "the outcome is answered and answered_at is missing"),
        ({"outcome_name": "abandoned"}, "the outcome is abandoned and answered_at is given"),
        ({"outcome_name": "waiting", "ended_at": None}, "the outcome is waiting and answered_at is given"),
        ({"outcome_name": "in_progress", "ended_at": None, "answered_at": None}, "answered_at is missing"),
        ({"talk_seconds": 2**31 - 1}, "talk_seconds is more than"),
        ({"queue_name": " "}, "queue_name is empty"),
        ({"queue_name": "sa\x00les"}, "holds a NUL byte"),
        ({"agent_name": "m" * 10_000}, "agent_name is empty, too long"),
    ],
)
def test_what_would_break_the_sums_or_the_names_is_refused(
    engine: sa.Engine, changes: Row, reason: str
) -> None:
    done = tell(engine, {"calls": [call(**changes), call("good")]})
    assert (done.loaded_rows, done.rejected_rows) == (1, 1)
    [(told,)] = ask(engine, "select reason_text from ops.rejects")
    assert reason in told
    assert ask(engine, "select queue_name from warehouse.queues") == [("sales",)]
    assert ask(engine, "select agent_name from warehouse.agents") == [("mari",)]


def test_two_sources_that_load_at_once_see_each_other_in_the_rollups(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call("a")]}, name="one")
    tell(engine, {"calls": [call("b", agent_name="maria")]}, name="two")
    with engine.begin() as connection:  # one agent in two systems, one queue of both
        connection.execute(
            sa.text("update warehouse.agent_keys set agent_id = (select min(agent_id) from warehouse.agents)")
        )
        connection.execute(
            sa.text("update warehouse.queue_keys set queue_id = (select min(queue_id) from warehouse.queues)")
        )
    started, ended = threading.Event(), threading.Event()

    def late() -> None:
        started.set()
        tell(
            engine,
            {"calls": [call("d", agent_name="maria", offered_at=at(1), answered_at=at(2))]},
            name="two",
        )
        ended.set()

    source = Teller(name="one", every_seconds=60)
    settings = Settings.model_construct(
        site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(source,)
    )
    thread = threading.Thread(target=late)
    with warehouse.connected(engine) as connection:
        made = batch(1, calls=[call("c", offered_at=at(1), answered_at=at(2))])
        merge_batch(connection, settings, source, made, run_id=1, now=lambda: NOW)
        thread.start()
        started.wait()
        assert not ended.wait(1.0), "the second waits for the first"
    thread.join()
    handled = ask(engine, HANDLED)
    backfill(engine)
    assert ask(engine, HANDLED) == handled


def test_a_fault_of_the_program_stands_in_the_ledger(engine: sa.Engine) -> None:
    class Broken(Told):
        def read(self, *_: Any, **__: Any) -> Iterator[Batch]:
            raise KeyError("+37251000001")

    source = Teller(name="records", every_seconds=60)
    settings = Settings.model_construct(
        site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(source,)
    )
    with pytest.raises(KeyError):
        load.run_source(
            engine, settings, source, now=lambda: NOW, readers=load.Readers({"records": Broken([])})
        )
    [(told,)] = ask(engine, "select error_text from ops.runs where outcome_name = 'failed'")
    assert "KeyError" in told
    assert "51000001" not in told


def test_a_wait_that_a_record_does_not_tell_lasts_to_the_answer_or_to_leaving(engine: sa.Engine) -> None:
    left = {"outcome_name": "abandoned", "answered_at": None, "agent_name": None, "wait_seconds": None}
    lost = {**left, "outcome_name": "interrupted"}
    tell(engine, {"calls": [call("a", wait_seconds=None), call("b", **left), call("c", **lost)]})
    waits = ask(engine, "select call_id, wait_seconds from warehouse.calls order by 1")
    assert waits == [("a", 60), ("b", 300), ("c", None)]
    assert ask(engine, INTERVALS) == [("sales", at(0), 3)]
