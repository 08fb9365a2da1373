"""The demo's organisation on a real Postgres: one agent for the two systems, entered once, changed by nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from etl.config import load_settings
from etl.load import run_source
from etl.simulation.floor_log import write_floor
from etl.simulation.floor_organisation import organise
from etl.simulation.floor_plan import AGENTS
from etl.simulation.floor_settings import write_demo_settings
from etl.simulation.floor_shifts import FILE_NAME, write_shifts

BEGIN, UNTIL = datetime(2026, 11, 15, 12, tzinfo=UTC), datetime(2026, 11, 18, 12, tzinfo=UTC)
LEAST_ROWS = {
    "pbx": 1000, "helpdesk": 1000, "surveys": 100, "listeners": 5, "rota": 300, "recorder": 200, "menus": 300,
    "dialler": 200,
}  # fmt: skip
TABLES = (
    "teams",
    "agents",
    "agent_keys",
    "team_members",
    "schedules",
    "business_hours",
    "holidays",
    "ticket_policies",
)


def ask(engine: sa.Engine, text: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def test_the_demo_s_two_systems_know_the_same_agents_calls_and_customers(
    engine: sa.Engine, tmp_path: Path
) -> None:
    settings = load_settings(write_demo_settings(tmp_path))
    write_floor(tmp_path / "queue_log", seed=7, days=3, until=UNTIL)
    zone = ZoneInfo(settings.site.time_zone)
    write_shifts(tmp_path / FILE_NAME, first=BEGIN.date(), last=UNTIL.date(), zone=zone, seed=7)
    organise(engine, settings, begins_at=BEGIN)
    for source in settings.sources:
        summary = run_source(engine, settings, source, now=lambda: UNTIL)
        assert summary.rejected_rows == 0
        assert summary.read_rows > LEAST_ROWS[source.name]
    assert ask(engine, "select count(*) from warehouse.agents") == [(len(AGENTS),)]
    assert ask(engine, "select count(*) from warehouse.agents where team_id is null") == [(0,)]
    [(linked, same_agent, same_customer)] = ask(
        engine,
        "select count(*), count(*) filter (where t.first_agent_id = c.agent_id), "
        "count(*) filter (where t.customer_key is not distinct from c.customer_key) "
        "from warehouse.tickets as t inner join warehouse.calls as c on t.call_id = c.call_id "
        "where c.outcome_name = 'answered' and c.transfer_kind_name is null",
    )
    assert linked == same_agent == same_customer
    assert linked > 50  # type: ignore[operator]
    [(targets, met)] = ask(engine, "select count(*), count(met_at) from warehouse.ticket_targets")
    assert 0 < met < targets  # type: ignore[operator]


def test_entering_it_again_leaves_alone_what_somebody_changed(engine: sa.Engine, tmp_path: Path) -> None:
    settings = load_settings(write_demo_settings(tmp_path))
    organise(engine, settings, begins_at=BEGIN)
    with engine.begin() as connection:
        connection.execute(
            sa.text("update warehouse.agents set team_id = (select min(team_id) from warehouse.teams)")
        )
        connection.execute(sa.text("update warehouse.ticket_policies set target_seconds = 60"))
        connection.execute(sa.text("delete from warehouse.holidays where first_date > '2026-12-31'"))
    before = {table: sorted(ask(engine, f"select t::text from warehouse.{table} as t")) for table in TABLES}  # noqa: S608
    organise(engine, settings, begins_at=BEGIN)
    after = {table: sorted(ask(engine, f"select t::text from warehouse.{table} as t")) for table in TABLES}  # noqa: S608
    assert after == before
    assert all(before.values())
