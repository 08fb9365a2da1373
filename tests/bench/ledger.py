"""Measures how long the ledger of the game takes over ten days of a warehouse with more than four million contacts.

In: an empty migrated warehouse. Out: a first reconciliation of ten days, one of which nothing changed, one after late facts.
The rule it guards: ten days are brought to the ledger within 4 s, and a repeat costs half a second at the most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from etl.game import reconcile, sums
from sql import warehouse
from tests.bench.walls import Note

AGENTS, DAYS, CALLS_A_DAY = 200, 366, 58
LAST_DAY = date(2026, 11, 22)
FIRST_DAY = LAST_DAY - timedelta(days=9)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIRST_SECONDS, AGAIN_SECONDS = 4.0, 0.5
PEOPLE = (
    "insert into warehouse.sites (site_name, time_zone_name) values ('bench', 'Europe/Prague')",
    "insert into warehouse.teams (team_name) select 'team ' || n from generate_series(1, 20) as n",
    "insert into warehouse.agents (agent_name, team_id, site_name) "
    "select 'agent ' || n, 1 + n % 20, 'bench' from generate_series(1, :agents) as n",
    "insert into warehouse.queues (source_name, queue_name, time_zone_name) "
    "select 'pbx', 'queue ' || n, 'Europe/Prague' from generate_series(1, 20) as n",
    "select warehouse.create_months(array(select cast(:last as date) - n from generate_series(0, :days) as n))",
)
CALLS = """
insert into warehouse.calls (
    offered_at, answered_at, ended_at, version_number, run_id, queue_id, agent_id, stay_number, wait_seconds, talk_seconds,
    hold_seconds, wrap_up_seconds, source_name, call_id, contact_id, channel_name, direction_name, outcome_name,
    ended_by_name, customer_key, topic_name, is_resolved
)
select
    o.at, o.at + interval '10 seconds', o.at + make_interval(secs => 70 + o.chance % 400), 1, 1,
    1 + (a * 3 + o.chance % 3) % 20, a, 1, 10,
    60 + o.chance % 400, o.chance % 20, o.chance % 40, 'pbx', concat(d, '.', a, '.', n), concat(d, '.', a, '.', n), 'call',
    'inbound', 'answered', case when o.chance % 9 = 0 then 'agent' else 'caller' end, md5((o.chance % 900000)::text),
    't' || o.chance % 3, o.chance % 4 > 0
from
    generate_series(cast(:from_day as integer), cast(:until_day as integer)) as d,
    generate_series(1, cast(:agents as integer)) as a,
    generate_series(1, cast(:calls as integer)) as n,
    lateral (
        select
            cast(:last as date) - d + interval '7 hours' + make_interval(secs => n * 28000 / :calls) as at,
            abs(hashint4(d * 1000003 + a * 1009 + n)) as chance
    ) as o
"""
OTHERS = (
    "insert into warehouse.surveys (answered_at, version_number, run_id, csat_score, nps_score, source_name, survey_id, "
    "call_id) "
    "select ended_at, 1, 1, 1 + abs(hashtext(call_id)) % 5, abs(hashtext(call_id)) % 11, 's', call_id, call_id "
    "from warehouse.calls where offered_at > cast(:last as date) - 40 and abs(hashtext(call_id)) % 7 = 0",
    "insert into warehouse.agent_intervals (interval_start_at, agent_id, handled_calls, transferred_calls, talk_seconds, "
    "hold_seconds, wrap_up_seconds, on_contact_seconds, wrapping_up_seconds, available_seconds, paused_seconds, "
    "signed_in_seconds) "
    "select cast(:last as date) - d + interval '7 hours' + n * interval '15 minutes', a, 2, 0, 500, 20, 40, 520, 40, "
    "300, 40, 900 "
    "from generate_series(0, 39) as d, generate_series(1, :agents) as a, generate_series(0, 31) as n",
)


def figures(engine: sa.Engine, note: Note) -> None:
    """Fills the warehouse, and measures a first reconciliation, one after late facts, and a repeat."""
    told = {"agents": AGENTS, "days": DAYS, "last": LAST_DAY, "calls": CALLS_A_DAY}
    with engine.begin() as connection:
        for text in PEOPLE:
            connection.execute(sa.text(text), told)
    for from_day in range(0, DAYS, 30):
        with engine.begin() as connection:
            connection.execute(sa.text("set local statement_timeout = 0"))
            spell = {"from_day": from_day, "until_day": min(from_day + 29, DAYS - 1)}
            connection.execute(sa.text(CALLS), {**told, **spell})
    with engine.begin() as connection:
        connection.execute(sa.text("set local statement_timeout = 0"))
        for text in OTHERS:
            connection.execute(sa.text(text), told)
        [rows] = connection.execute(sa.text("select count(*) from warehouse.calls")).one()
        connection.execute(sa.text("analyze"))
    reconcile.publish(engine, now=NOW - timedelta(days=30))
    # The three weeks before, of which rules over weeks and lifetimes count something, are there already, as on any
    # other day.
    sums.refresh(
        engine, first_date=FIRST_DAY - timedelta(days=21), last_date=FIRST_DAY - timedelta(days=1), now=NOW
    )
    with engine.begin() as connection:
        connection.execute(sa.text("analyze game.day_sums"))

    def bring() -> reconcile.Reconciled:
        return reconcile.reconcile(engine, first_date=FIRST_DAY, last_date=LAST_DAY, now=NOW)

    first, seconds = _timed(bring)
    name = f"Ledger: ten days of {AGENTS} agents in {rows:,} contacts, {first.added_entries:,} entries"
    note(name, f"{seconds:.2f} s", f"{FIRST_SECONDS:g} s", is_met=seconds <= FIRST_SECONDS)
    _, seconds = _timed(bring)
    note(
        "Ledger: the same ten days again",
        f"{seconds:.2f} s",
        f"{AGAIN_SECONDS:g} s",
        is_met=seconds <= AGAIN_SECONDS,
    )
    with warehouse.connected(engine) as connection:
        connection.execute(
            sa.text(
                "update warehouse.calls set is_resolved = not is_resolved where offered_at > :at and agent_id < 20"
            ),
            {"at": NOW - timedelta(days=2)},
        )
    late, seconds = _timed(bring)
    name = f"Ledger: after a day's late facts, {late.added_entries:,} added and {late.reversed_entries:,} reversed"
    note(name, f"{seconds:.2f} s", f"{FIRST_SECONDS:g} s", is_met=seconds <= FIRST_SECONDS)


def _timed(work: Callable[[], reconcile.Reconciled]) -> tuple[reconcile.Reconciled, float]:
    began = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began
