"""Keys that a person gave to another agent or queue: every fact follows, every rollup is right, nothing breaks."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.calls import call_queries
from etl import LoadError
from etl.backfill import backfill
from etl.on_request.key_moves import move_keys
from sql import warehouse
from tests.db.test_records import NOW, Row, ask, at, call, tell

AGENT_FACTS = ("calls", "agent_states", "queue_members", "tickets", "ticket_events", "surveys", "quality_reviews",
               "shifts", "costs", "revenues", "recordings", "attempts")  # fmt: skip
STATE_SECONDS = (
    "select agent_name, sum(on_contact_seconds)::int, sum(wrapping_up_seconds)::int, sum(available_seconds)::int, "
    "sum(paused_seconds)::int, sum(signed_in_seconds)::int "
    "from warehouse.agent_intervals join warehouse.agents using (agent_id) group by agent_name order by 1"
)


def state(name: str, start: float, end: float | None, agent: str = "mari", **more: Any) -> Row:
    return {
        "agent_name": agent,
        "started_at": at(start),
        "ended_at": None if end is None else at(end),
        "state_name": name,
        **more,
    }


def keys(engine: sa.Engine, kind: str) -> dict[tuple[str, str], int]:
    """The number of the agent or queue by source and key."""
    query = {"agent": "select source_name, source_key, agent_id from warehouse.agent_keys",
             "queue": "select source_name, source_key, queue_id from warehouse.queue_keys"}[kind]  # fmt: skip
    return {(source, key): int(number) for source, key, number in ask(engine, query)}


def agent(engine: sa.Engine, source: str, key: str = "mari") -> int:
    return keys(engine, "agent")[source, key]


def queue(engine: sa.Engine, source: str, key: str = "sales") -> int:
    return keys(engine, "queue")[source, key]


def give(
    engine: sa.Engine, kind: str, source: str, from_id: int, to_id: int, *, key: str, has_past: bool = True
) -> None:
    """What the page does: the key changes its owner and the move is asked for, in one transaction."""
    with engine.begin() as connection:
        changed = {
            "agent": "update warehouse.agent_keys set agent_id = :to_id where source_name = :source and source_key = :key",
            "queue": "update warehouse.queue_keys set queue_id = :to_id where source_name = :source and source_key = :key",
        }
        connection.execute(sa.text(changed[kind]), {"to_id": to_id, "source": source, "key": key})
        connection.execute(
            sa.text(
                "insert into ops.key_moves (asked_at, kind_name, source_name, source_key, from_id, to_id, has_past) "
                "values (:at, :kind, :source, :key, :from_id, :to_id, :has_past)"
            ),
            {
                "at": NOW,
                "kind": kind,
                "source": source,
                "key": key,
                "from_id": from_id,
                "to_id": to_id,
                "has_past": has_past,
            },
        )


def join_agents(
    engine: sa.Engine, source: str = "web", into: str = "pbx", key: str = "mari"
) -> tuple[int, int]:
    """Gives the key of one source to the agent of the other; their numbers: (from, to)."""
    from_id, to_id = agent(engine, source, key), agent(engine, into)
    give(engine, "agent", source, from_id, to_id, key=key)
    assert move_keys(engine, now=lambda: NOW) == 1
    return from_id, to_id


def every_fact(agent_name: str) -> dict[str, list[Row]]:
    """One row of every kind of fact that names an agent."""
    span = {"started_at": at(0), "ended_at": at(60)}
    return {
        "calls": [call(agent_name=agent_name)],
        "agent_states": [state("on_contact", 1, 5, agent_name), state("available", 5, None, agent_name)],
        "ticket_events": [
            {"ticket_id": "t1", "occurred_at": at(0), "event_number": 0, "event_name": "created",
             "actor_name": "requester", "agent_name": None, "value_text": None},
            {"ticket_id": "t1", "occurred_at": at(2), "event_number": 0, "event_name": "agent",
             "actor_name": "agent", "agent_name": agent_name, "value_text": None},
        ],
        "surveys": [{"survey_id": "s1", "answered_at": at(9), "agent_name": agent_name, "csat_score": 5.0}],
        "quality_reviews": [{"review_id": "r1", "reviewed_at": at(9), "agent_name": agent_name, "total_score": 90.0}],
        "shifts": [{"shift_id": "h1", **span, "agent_name": agent_name, "activity_name": "work"}],
        "costs": [{"cost_id": "k1", **span, "agent_name": agent_name, "cost_name": "wage", "amount": 10.0}],
        "revenues": [{"revenue_id": "e1", "earned_at": at(5), "agent_name": agent_name, "amount": 10.0}],
        "recordings": [{"recording_id": "a1", "started_at": at(1), "agent_name": agent_name, "call_id": "p1",
                        "url_text": "https://recordings.example.com/a1"}],
        "attempts": [{"attempt_id": "d1", "attempted_at": at(6), "agent_name": agent_name, "campaign_name": "renewals",
                      "outcome_name": "connected", "sale_amount": 9.5}],
    }  # fmt: skip


def owners(engine: sa.Engine) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for table in AGENT_FACTS:
        rows = sa.select(sa.column("agent_id")).distinct().select_from(sa.table(table, schema="warehouse"))
        with engine.connect() as connection:
            numbers = connection.execute(rows.where(sa.column("agent_id").is_not(None))).scalars()
            found[table] = list(numbers)
    return found


def tell_every_fact(engine: sa.Engine) -> None:
    tell(engine, every_fact("mari"), name="web")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.queue_members (queue_id, agent_id, started_at, version_number, run_id, source_name) "
                "select queue_id, agent_id, :at, 1, 1, 'web' from warehouse.calls"
            ),
            {"at": at(0)},
        )
    tell(engine, {"calls": [call("p1", offered_at=at(30), answered_at=at(31), ended_at=at(35))]}, name="pbx")


def test_every_kind_of_fact_follows_its_key_and_comes_back(engine: sa.Engine) -> None:
    tell_every_fact(engine)
    web, pbx = agent(engine, "web"), agent(engine, "pbx")
    before = owners(engine)
    assert [found for found in before.values() if web not in found] == []
    from_id, to_id = join_agents(engine)
    assert owners(engine) == {table: [pbx] for table in AGENT_FACTS}
    give(engine, "agent", "web", to_id, from_id, key="mari")
    assert move_keys(engine, now=lambda: NOW) == 1
    assert owners(engine) == before
    done = ask(engine, "select done_at, moved_rows, error_text from ops.key_moves order by move_id")
    # stay + 2 states + membership + ticket + its 1 event of an agent
    # + survey + review + shift + cost + revenue + recording + attempt
    assert done == [(NOW, 1 + 2 + 1 + 1 + 1 + 7, None)] * 2


def test_the_table_of_facts_is_whole(engine: sa.Engine) -> None:
    found = ask(
        engine,
        "select distinct c.table_name from information_schema.columns as c "
        "join information_schema.columns as s using (table_schema, table_name) "
        "join pg_class as p on p.relname = c.table_name and not p.relispartition and p.relkind in ('r', 'p') "
        "where c.table_schema = 'warehouse' and c.column_name = 'agent_id' and s.column_name = 'source_name'",
    )
    own = {
        "reviews",
        "review_sample_contacts",
        "coaching_notes",
    }  # what people write here of a source's contact: it moves too
    assert {row[0] for row in found} == {
        *AGENT_FACTS,
        "agent_keys",
        *own,
    }  # a new table of facts must be moved too


def test_what_was_written_here_about_a_contact_follows_its_agent(engine: sa.Engine) -> None:
    tell_every_fact(engine)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.coaching_notes "
                "(note_id, save_number, saved_at, agent_id, source_name, contact_id, viewer_name) "
                "values (1, 1, :at, :agent_id, 'web', 'c1', 'x'), (2, 1, :at, :agent_id, 'pbx', 'c1', 'x')"
            ),
            {"at": at(0), "agent_id": agent(engine, "web")},
        )
    from_id, to_id = join_agents(engine)
    assert ask(engine, "select note_id, agent_id from warehouse.coaching_notes order by 1") == [
        (1, to_id),
        (2, from_id),
    ]


def test_the_rollups_are_those_of_one_agent(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call()], "agent_states": [state("on_contact", 1, 5), state("available", 5, 20)]},
         name="web")  # fmt: skip
    tell(engine, {"calls": [call("p1", offered_at=at(30), answered_at=at(31), ended_at=at(35))]}, name="pbx")
    from_id, to_id = join_agents(engine)
    intervals = (
        "select agent_id, interval_start_at, handled_calls, signed_in_seconds from warehouse.agent_intervals"
    )
    assert ask(engine, f"{intervals} order by 2") == [
        (to_id, at(0), 1, (15 - 1) * 60),
        (to_id, at(15), 0, (20 - 15) * 60),
        (to_id, at(30), 1, 0),
    ]
    told = ask(engine, "select * from warehouse.agent_intervals order by 1, 2")
    backfill(engine)
    assert ask(engine, "select * from warehouse.agent_intervals order by 1, 2") == told
    assert from_id not in {row[1] for row in told}


def test_what_is_told_after_the_move_belongs_to_the_new_agent(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(version_number=1)]}, name="web")
    tell(engine, {"calls": [call("p1")]}, name="pbx")
    _, to_id = join_agents(engine)
    again = {
        "calls": [
            call(version_number=2, talk_seconds=200),
            call("c2", offered_at=at(9), answered_at=at(10), ended_at=at(11)),
        ]
    }
    tell(engine, again, name="web")
    assert ask(engine, "select call_id, agent_id from warehouse.calls order by 1") == [
        ("c1", to_id), ("c2", to_id), ("p1", to_id),
    ]  # fmt: skip
    assert ask(engine, "select sum(handled_calls), sum(talk_seconds) from warehouse.agent_intervals") == [
        (3, 200 + 240 + 240)
    ]


def test_without_its_past_only_the_key_moves(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(), call("c2", agent_name="m.kask")]}, name="web")
    tell(engine, {"calls": [call("p1")]}, name="pbx")
    web, pbx = agent(engine, "web"), agent(engine, "pbx")
    give(engine, "agent", "web", web, pbx, key="mari", has_past=False)
    assert move_keys(engine, now=lambda: NOW) == 1
    assert ask(engine, "select agent_id from warehouse.calls where call_id = 'c1'") == [(web,)]
    assert ask(engine, "select moved_rows from ops.key_moves") == [(0,)]


@pytest.mark.parametrize(
    ("versions", "kept"),
    [((1, 2), "wrap_up"), ((2, 1), "on_contact"), ((1, 1), "wrap_up")],
    ids=["the target's is newer", "the moved one is newer", "equal: the target's stays"],
)
def test_the_same_state_known_twice_stands_once(
    engine: sa.Engine, versions: tuple[int, int], kept: str
) -> None:
    states = [
        state("on_contact", 0, 30, "mari", version_number=versions[0]),
        state("wrap_up", 0, 5, "m.kask", version_number=versions[1]),
    ]
    tell(engine, {"agent_states": states}, name="web")
    give(engine, "agent", "web", agent(engine, "web"), agent(engine, "web", "m.kask"), key="mari")
    assert move_keys(engine, now=lambda: NOW) == 1
    assert ask(engine, "select agent_id, state_name from warehouse.agent_states") == [
        (agent(engine, "web", "m.kask"), kept)
    ]
    seconds = {"wrap_up": 5 * 60, "on_contact": 30 * 60}[kept]
    assert ask(engine, "select sum(signed_in_seconds) from warehouse.agent_intervals") == [(seconds,)]


def test_a_membership_known_twice_stands_once_with_the_longer_end(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(), call("c2", agent_name="m.kask")]}, name="web")
    old, new, sales = agent(engine, "web"), agent(engine, "web", "m.kask"), queue(engine, "web")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.queue_members (queue_id, agent_id, started_at, ended_at, version_number, run_id, "
                "source_name) values (:q, :old, :at, null, 1, 1, 'web'), (:q, :new, :at, :end, 1, 1, 'web')"
            ),
            {"q": sales, "old": old, "new": new, "at": at(0), "end": at(9)},
        )
    give(engine, "agent", "web", old, new, key="mari")
    assert move_keys(engine, now=lambda: NOW) == 1
    assert ask(engine, "select agent_id, ended_at from warehouse.queue_members") == [(new, None)]


def test_two_names_of_one_person_hand_no_ticket_over(engine: sa.Engine) -> None:
    given = [
        {"ticket_id": "t1", "occurred_at": at(minute), "event_number": 0, "event_name": name, "actor_name": "agent",
         "agent_name": who, "value_text": None}
        for minute, name, who in ((0, "created", None), (1, "agent", "mari"), (2, "agent", "m.kask"))
    ]  # fmt: skip
    tell(engine, {"ticket_events": given}, name="web")
    counts = "select assignee_count, handoff_count from warehouse.tickets"
    before = ask(engine, counts)
    give(engine, "agent", "web", agent(engine, "web"), agent(engine, "web", "m.kask"), key="mari")
    move_keys(engine, now=lambda: NOW)
    after = ask(engine, counts)
    assert before[0][0] == 2
    assert after[0][0] == 1
    assert ask(engine, "select agent_id = first_agent_id from warehouse.tickets") == [(True,)]


def test_a_queue_of_two_systems_is_one_queue(engine: sa.Engine) -> None:
    tell(
        engine,
        {"calls": [call(), call("c2", offered_at=at(16), answered_at=at(17), ended_at=at(18))]},
        name="web",
    )
    tell(engine, {"calls": [call("p1", offered_at=at(3), answered_at=None, ended_at=at(4), agent_name=None,
                                 outcome_name="abandoned", talk_seconds=None)]}, name="pbx")  # fmt: skip
    old, new = queue(engine, "web"), queue(engine, "pbx")
    give(engine, "queue", "web", old, new, key="sales")
    assert move_keys(engine, now=lambda: NOW) == 1
    offered = "select queue_id, interval_start_at, offered_calls, answered_calls from warehouse.queue_intervals order by 2"
    assert ask(engine, offered) == [(new, at(0), 2, 1), (new, at(15), 1, 1)]
    give(engine, "queue", "web", new, old, key="sales")
    move_keys(engine, now=lambda: NOW)
    assert ask(engine, offered.replace("order by 2", "order by 2, 3, 4")) == [
        (new, at(0), 1, 0), (old, at(0), 1, 1), (old, at(15), 1, 1),
    ]  # fmt: skip


def test_the_same_stay_known_in_both_queues_stands_once(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(version_number=1), call(queue_name="sales-2", version_number=2, talk_seconds=7)]},
         name="web")  # fmt: skip
    assert ask(engine, "select count(*) from warehouse.calls") in ([(1,)], [(2,)])
    with engine.begin() as connection:  # told of both queues, whatever the load makes of it
        connection.execute(sa.text("delete from warehouse.calls"))
        for number, key in enumerate(("sales", "sales-2"), start=1):
            connection.execute(
                sa.text(
                    "insert into warehouse.calls (offered_at, answered_at, ended_at, version_number, run_id, queue_id, "
                    "agent_id, stay_number, wait_seconds, talk_seconds, source_name, call_id, contact_id, channel_name, "
                    "direction_name, outcome_name) values (:at, :at, :end, :version, 1, :queue, :agent, 1, 0, :talk, "
                    "'web', 'c1', 'c1', 'call', 'inbound', 'answered')"
                ),
                {
                    "at": at(0),
                    "end": at(5),
                    "version": number,
                    "queue": queue(engine, "web", key),
                    "agent": agent(engine, "web"),
                    "talk": number,
                },
            )
    give(engine, "queue", "web", queue(engine, "web"), queue(engine, "web", "sales-2"), key="sales")
    assert move_keys(engine, now=lambda: NOW) == 1
    assert ask(engine, "select queue_id, talk_seconds from warehouse.calls") == [
        (queue(engine, "web", "sales-2"), 2)
    ]
    assert ask(engine, "select sum(offered_calls) from warehouse.queue_intervals") == [(1,)]
    assert ask(engine, "select sum(handled_calls) from warehouse.agent_intervals") == [(1,)]


def test_a_move_waits_for_the_load_that_still_knows_the_old_owner(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call()]}, name="web")
    tell(engine, {"calls": [call("p1")]}, name="pbx")
    web, pbx = agent(engine, "web"), agent(engine, "pbx")
    give(engine, "agent", "web", web, pbx, key="mari")
    loading = engine.connect()
    warehouse.one_row(loading, "merge/facts_lock", source_name="web")
    moving = threading.Thread(target=move_keys, args=(engine,), kwargs={"now": lambda: NOW})
    moving.start()
    moving.join(0.5)
    assert moving.is_alive()  # it waits
    loading.execute(sa.text("update warehouse.calls set call_id = 'late' where call_id = 'c1'"))
    loading.commit()
    loading.close()
    moving.join(10)
    assert not moving.is_alive()
    assert ask(engine, "select distinct agent_id from warehouse.calls") == [(pbx,)]


def test_a_move_that_cannot_be_is_noted_and_the_next_one_is_done(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call()]}, name="web")
    tell(engine, {"calls": [call("p1")]}, name="pbx")
    web, pbx = agent(engine, "web"), agent(engine, "pbx")
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"alter table warehouse.calls add check (agent_id <> {pbx} or call_id <> 'c1')")
        )
    give(engine, "agent", "web", web, pbx, key="mari")
    give(engine, "agent", "pbx", pbx, web, key="mari")
    assert move_keys(engine, now=lambda: NOW) == 1
    told = ask(engine, "select done_at is null, error_text ~ '23514' from ops.key_moves order by move_id")
    assert told == [(True, True), (False, None)]
    assert move_keys(engine, now=lambda: NOW) == 0


def test_a_warehouse_that_is_away_is_said(engine: sa.Engine) -> None:
    gone = warehouse.open_engine("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(LoadError, match="does not answer"):
        move_keys(gone, now=lambda: NOW)


def two_sources(engine: sa.Engine, pbx: list[Row], web: list[Row]) -> int:
    tell(engine, {"agent_states": pbx}, name="pbx")
    tell(engine, {"agent_states": web}, name="web")
    return join_agents(engine)[1]


def test_an_agent_of_two_systems_is_in_one_state_at_a_time(engine: sa.Engine) -> None:
    #   minute     0    5    10   15   20   25   30
    #   pbx        available------on contact wrap_up paused---
    #   web             on contact---------- ringing available
    two_sources(
        engine,
        [
            state("available", 0, 12),
            state("on_contact", 12, 18),
            state("wrap_up", 18, 22),
            state("paused", 22, 40),
        ],
        [state("on_contact", 5, 20), state("ringing", 20, 26), state("available", 26, 50)],
    )
    on_contact = 20 - 5  # both together, once
    wrap_up = 22 - 20  # the rest of it
    ringing = 26 - 22  # before paused
    paused = 40 - 26  # before available
    available = 5 + (50 - 40)
    minutes = (on_contact, wrap_up, available + ringing, paused, 50)
    assert ask(engine, STATE_SECONDS) == [("mari", *(60 * each for each in minutes))]
    assert ask(engine, "select max(signed_in_seconds) from warehouse.agent_intervals") == [(900,)]
    told = ask(engine, "select * from warehouse.agent_intervals order by 1, 2")
    backfill(engine)
    assert ask(engine, "select * from warehouse.agent_intervals order by 1, 2") == told


def test_a_long_state_of_one_system_reaches_into_a_late_interval(engine: sa.Engine) -> None:
    two_sources(engine, [state("paused", 0, 400)], [state("available", 0, 350)])
    tell(engine, {"agent_states": [state("on_contact", 350, 360)]}, name="web")
    # on contact 10, the other 390 of 400 paused
    assert ask(engine, STATE_SECONDS) == [("mari", 600, 0, 0, 390 * 60, 400 * 60)]


def test_states_of_a_system_without_the_other_are_as_before(engine: sa.Engine) -> None:
    tell(engine, {"agent_states": [state("available", 0, 12), state("on_contact", 12, 18)]}, name="pbx")
    tell(engine, {"calls": [call()]}, name="web")
    join_agents(engine)
    assert ask(engine, STATE_SECONDS) == [("mari", 360, 0, 720, 0, 18 * 60)]


@pytest.mark.parametrize(
    ("minute", "seen"),
    [
        (1, "available"),
        (6, "on_contact"),  # web's, though pbx told later things before
        (13, "on_contact"),
        (19, "on_contact"),
        (21, "wrap_up"),
        (23, "ringing"),
        (30, "paused"),
        (45, "available"),
        (55, None),
    ],
)
def test_the_live_floor_shows_the_weightiest_state(
    engine: sa.Engine, minute: float, seen: str | None
) -> None:
    two_sources(
        engine,
        [state("available", 0, 12), state("on_contact", 12, 18), state("wrap_up", 18, 22), state("paused", 22, 40),
         state("signed_out", 40, None)],
        [state("on_contact", 5, 20), state("ringing", 20, 26), state("available", 26, 50), state("signed_out", 50, None)],
    )  # fmt: skip
    with warehouse.connected(engine) as connection:
        live = call_queries.live_agents(connection, as_of=at(minute))
    assert live["state_name"].to_list() == ([] if seen is None else [seen])


def test_an_agent_of_two_systems_counts_once_in_each_queue_and_once_in_the_total(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(), call("c9", queue_name="help")],
                  "agent_states": [state("available", 0, None)]}, name="pbx")  # fmt: skip
    tell(engine, {"agent_states": [state("on_contact", 2, None)]}, name="web")
    _, mari = join_agents(engine)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.queue_members (queue_id, agent_id, started_at, version_number, run_id, source_name) "
                "select queue_id, :agent, :at, 1, 1, 'pbx' from warehouse.queues"
            ),
            {"agent": mari, "at": at(0)},
        )
    with warehouse.connected(engine) as connection:
        queues = call_queries.live_queues(connection, as_of=at(3))
        totals = call_queries.live_totals(connection, as_of=at(3))
    counts = ("available_agents", "on_contact_agents")
    assert queues.select(counts).rows() == [(0, 1), (0, 1)]
    assert totals.select(counts).rows() == [(0, 1)]


def test_two_loads_of_one_shared_agent_do_not_overwrite_each_other(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call()]}, name="web")
    tell(engine, {"calls": [call("p1")]}, name="pbx")
    _, mari = join_agents(engine)
    dirty = "insert into dirty_agent_intervals values (:agent, :at)"
    held = engine.connect()
    held.exec_driver_sql(warehouse.statement("merge/stage"))
    held.execute(sa.text(dirty), {"agent": mari, "at": at(0)})
    warehouse.one_row(held, "rollups/lock_shared")
    passed = threading.Event()

    def second() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(warehouse.statement("merge/stage"))
            connection.execute(sa.text(dirty), {"agent": mari, "at": at(0)})
            warehouse.one_row(connection, "rollups/lock_shared")
            passed.set()

    waiting = threading.Thread(target=second)
    waiting.start()
    assert not passed.wait(0.3)
    held.rollback()
    held.close()
    assert passed.wait(10)
    waiting.join(10)


def test_the_week_of_a_shared_agent_adds_up_to_the_length_of_what_is_covered(engine: sa.Engine) -> None:
    begin = datetime(2026, 3, 2, 8, tzinfo=UTC)
    names = ("available", "on_contact", "wrap_up", "paused", "ringing")
    pbx = [state(names[n % 5], n * 7, n * 7 + 7) for n in range(400)]
    web = [state(names[(n * 3) % 5], 1000 + n * 11, 1000 + n * 11 + 11) for n in range(300)]
    two_sources(engine, pbx, web)
    covered = timedelta(minutes=max(400 * 7, 1000 + 300 * 11))  # pbx from 0 to 2800, web from 1000 to 4300
    [row] = ask(engine, STATE_SECONDS)
    assert row[5] == covered.total_seconds()
    assert sum(row[1:5]) == row[5]
    assert begin == at(0)
