"""The proof of the rollups: it finds the very figure that was changed, repairs that alone, and changes nothing else."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from etl.prove import Proof, prove
from sql import warehouse
from tests.db.test_records import at, call, event, tell

TABLES = (
    "queue_intervals",
    "agent_intervals",
    "tickets",
    "ticket_targets",
    "ticket_days",
    "calls",
    "agent_states",
)
POLICY = (
    "insert into warehouse.ticket_policies (policy_name, target_name, target_seconds, is_business, valid_from_at) "
    "values ('Answer soon', 'first_reply', 300, false, '2026-01-01')"
)
# table, change by hand, of whom, where, column, as it stands, as the facts say
CHANGES = [
    (
        "queue_intervals",
        "update warehouse.queue_intervals set offered_calls = 7 where interval_start_at = '2026-03-02 08:00Z'",
        "sales",
        "2026-03-02 08:00Z",
        "offered_calls",
        "7",
        "2",
    ),
    (
        "queue_intervals",
        "update warehouse.queue_intervals set answered_wait_histogram_calls[2] = 4 "
        "where interval_start_at = '2026-03-02 08:00Z'",
        "sales",
        "2026-03-02 08:00Z",
        "answered_wait_histogram_calls",
        "[0, 4, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]",
        "[0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]",
    ),
    (
        "agent_intervals",
        "update warehouse.agent_intervals set talk_seconds = talk_seconds + 1 where interval_start_at = '2026-03-02 08:00Z'",
        "mari",
        "2026-03-02 08:00Z",
        "talk_seconds",
        "481",
        "480",
    ),
    (
        "tickets",
        "update warehouse.tickets set first_reply_seconds = 1",
        "records",
        "ticket 7",
        "first_reply_seconds",
        "1",
        "600",
    ),
    (
        "tickets",
        "update warehouse.tickets set status_name = 'open'",
        "records",
        "ticket 7",
        "status_name",
        "open",
        "solved",
    ),
    (
        "ticket_targets",
        "update warehouse.ticket_targets set met_at = null",
        "records",
        "ticket 7, promise first_reply of 2026-03-02 08:00:00Z",
        "met_at",
        None,
        "2026-03-02T08:10:00+00:00",
    ),
    (
        "ticket_days",
        "update warehouse.ticket_days set created_tickets = 9",
        "(no group)",
        "2026-03-02",
        "created_tickets",
        "9",
        "1",
    ),
]


@pytest.fixture
def floor(engine: sa.Engine) -> sa.Engine:
    """Two calls of mari, her states, and a ticket under a promise of five minutes that is answered after ten."""
    with engine.begin() as connection:
        connection.execute(sa.text(POLICY))
    tell(
        engine,
        {
            "calls": [call("c1"), call("c2", offered_at=at(2), answered_at=at(3), ended_at=at(7))],
            "agent_states": [
                {"agent_name": "mari", "started_at": at(0), "ended_at": at(7), "state_name": "on_contact"},
                {"agent_name": "mari", "started_at": at(7), "ended_at": at(40), "state_name": "available"},
            ],
            "ticket_events": [
                event("7", 0, "created"),
                event("7", 10, "reply", actor_name="agent"),
                event("7", 30, "status", value_text="solved"),
            ],
        },
    )
    return engine


def contents(engine: sa.Engine, *, with_places: bool = False) -> dict[str, list[str]]:
    """Every row as text; with_places also where it lies: a row that was written anew lies elsewhere."""
    found = {}
    with engine.begin() as connection:
        for table in TABLES:
            place = sa.literal_column("ctid::text") if with_places else sa.literal("")
            row = sa.select(place, sa.literal_column("t::text")).select_from(
                sa.table(table, schema="warehouse").alias("t")
            )
            found[table] = sorted(" ".join(each) for each in connection.execute(row))
    return found


def change(engine: sa.Engine, text: str) -> int:
    with engine.begin() as connection:
        return connection.execute(sa.text(text)).rowcount


def found(proof: Proof) -> list[tuple[Any, ...]]:
    return [
        (f.table_name, f.of_name, f.place_text, f.column_name, f.kept_text, f.counted_text)
        for f in proof.figures
    ]


def test_what_the_loads_kept_is_proven_and_the_proof_writes_nothing(floor: sa.Engine) -> None:
    before = contents(floor, with_places=True)
    proof = prove(floor)
    assert proof.is_proven, proof
    # one queue interval, three agent intervals (08:00, 08:15, 08:30), one ticket, one promise, one day
    assert proof.compared_rows == {
        "queue_intervals": 1, "agent_intervals": 3, "tickets": 1, "ticket_targets": 1, "ticket_days": 1,
    }  # fmt: skip
    assert contents(floor, with_places=True) == before


def test_an_empty_warehouse_is_proven(engine: sa.Engine) -> None:
    assert prove(engine).is_proven


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(("table", "by_hand", "of", "place", "column", "kept", "counted"), CHANGES)
def test_a_figure_changed_by_hand_is_named_exactly_and_repaired_alone(
    floor: sa.Engine,
    table: str,
    by_hand: str,
    of: str,
    place: str,
    column: str,
    kept: str | None,
    counted: str,
) -> None:
    right, lying = contents(floor), contents(floor, with_places=True)
    assert change(floor, by_hand) == 1
    changed = contents(floor, with_places=True)
    wanted = [(table, of, place, column, kept, counted)]

    proof = prove(floor)
    assert found(proof) == wanted
    assert {name: rows for name, rows in proof.differing_rows.items() if rows} == {table: 1}
    assert contents(floor, with_places=True) == changed, "a proof changes nothing"

    repair = prove(floor, is_repair=True)
    assert found(repair) == wanted
    assert contents(floor) == right
    others = {name: rows for name, rows in contents(floor, with_places=True).items() if name != table}
    assert others == {name: rows for name, rows in lying.items() if name != table}, (
        "only what differs is written"
    )
    assert prove(floor).is_proven


def test_rows_that_are_missing_or_too_many_are_named_and_repaired(floor: sa.Engine) -> None:
    right = contents(floor)
    change(floor, "delete from warehouse.queue_intervals")
    change(
        floor,
        "insert into warehouse.agent_intervals select (jsonb_populate_record(i, "
        "jsonb_build_object('interval_start_at', '2026-03-02T12:00:00Z'))).* from warehouse.agent_intervals as i "
        "where interval_start_at = '2026-03-02 08:00Z'",
    )
    change(floor, "delete from warehouse.ticket_targets")
    change(
        floor,
        "insert into warehouse.ticket_days select (jsonb_populate_record(d, "
        "jsonb_build_object('day_date', '2026-05-01'))).* from warehouse.ticket_days as d",
    )
    assert found(prove(floor, is_repair=True)) == [
        ("agent_intervals", "mari", "2026-03-02 12:00Z", "(the whole row)", "a row", "no row"),
        ("queue_intervals", "sales", "2026-03-02 08:00Z", "(the whole row)", "no row", "a row"),
        ("ticket_targets", "records", "ticket 7, promise first_reply of 2026-03-02 08:00:00Z", "(the whole row)",
         "no row", "a row"),
        ("ticket_days", "(no group)", "2026-05-01", "(the whole row)", "a row", "no row"),
    ]  # fmt: skip
    assert contents(floor) == right


def test_a_window_leaves_the_rest_alone(floor: sa.Engine) -> None:
    change(floor, "update warehouse.queue_intervals set offered_calls = 7")
    day = datetime(2026, 3, 2, tzinfo=UTC)
    assert prove(floor, window_start=day + timedelta(days=1)).is_proven
    assert prove(floor, window_end=day + timedelta(hours=8)).is_proven
    assert not prove(
        floor, window_start=day + timedelta(hours=8), window_end=day + timedelta(hours=9)
    ).is_proven


def test_no_more_than_twenty_figures_are_named_but_all_are_counted(floor: sa.Engine) -> None:
    minutes = [60.0 * hour for hour in range(1, 16)]
    tell(
        floor,
        {
            "calls": [
                call(f"d{place}", offered_at=at(m), answered_at=at(m + 1), ended_at=at(m + 5))
                for place, m in enumerate(minutes)
            ]
        },
        name="others",
    )
    rows = change(floor, "update warehouse.queue_intervals set offered_calls = 9, answered_calls = 9")
    proof = prove(floor)
    assert rows == 16
    assert proof.differing_rows["queue_intervals"] == rows
    assert len(proof.figures) == 20


def test_a_load_that_commits_in_the_middle_is_no_difference(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof sees one state of the warehouse from its first question to its last."""
    execute, has_loaded = warehouse.execute, threading.Event()

    def with_a_load_between(connection: sa.Connection, name: str, **params: object) -> int:
        done = execute(connection, name, **params)
        if name == "rollups/dirty_from_rollups" and not has_loaded.is_set():
            has_loaded.set()
            tell(
                floor,
                {"calls": [call("late", offered_at=at(3), answered_at=at(4), ended_at=at(6))]},
                name="b",
            )
        return done

    monkeypatch.setattr(warehouse, "execute", with_a_load_between)
    proof = prove(floor)
    assert has_loaded.is_set()
    assert proof.is_proven, proof
    assert prove(floor).is_proven


def test_a_repair_beside_a_load_leaves_what_the_facts_say(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load whose figures are as they stand already writes none, so that only waiting for it keeps them right."""
    late = call("late", offered_at=at(3), answered_at=at(4), ended_at=at(6))
    tell(floor, {"calls": [late]}, name="b")
    change(floor, "delete from warehouse.calls where call_id = 'late'")  # its figures stay: a row too much
    execute, loads = warehouse.execute, list[threading.Thread]()

    def with_a_load_beside(connection: sa.Connection, name: str, **params: object) -> int:
        done = execute(connection, name, **params)
        if name == "prove/queue_intervals" and params["is_kept"] and len(loads) < 2:
            again = {"calls": [late | {"version_number": 2 + len(loads)}]}
            loads.append(threading.Thread(target=tell, args=(floor, again), kwargs={"name": "b"}))
            if len(loads) == 2:  # at the first counting only what is wrong is looked for
                loads[1].start()
                loads[1].join(0.5)
        return done

    monkeypatch.setattr(warehouse, "execute", with_a_load_beside)
    assert not prove(floor, is_repair=True).is_proven
    loads[1].join()
    assert prove(floor).is_proven
